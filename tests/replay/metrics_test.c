/* SPDX-License-Identifier: MIT
 *
 * metrics_test.c - each formula against a number worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/heap.h"
#include "replay/metrics.h"

static const float tiny = 1e-6f;

static void expect(double value, double wanted)
{
    assert_float_equal((float)value, (float)wanted, tiny);
}

/* Free payloads of 64, 64, 128 and 1024; used ones of 100 asked in 128, 1 asked in 192 (128 of
 * it too small to split off). */
static struct pv_snapshot *make(struct pv_tags **ret_tags)
{
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_tags_open(ret_tags), 0);
    assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, &pv_layout_fysos, *ret_tags),
                     0);
    struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
    assert_non_null(bucket);
    bucket->addr = 0x100000000;
    bucket->n_pages = 1;
    static const struct {
        uint64_t size, requested;
        bool used;
    } rows[] = {{64, 0, false}, {128, 100, true}, {64, 0, false},
                {192, 1, true}, {128, 0, false},  {1024, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
        assert_non_null(row);
        row->size = rows[i].size;
        row->requested = rows[i].used ? rows[i].requested : PV_UNKNOWN;
        row->lflags = rows[i].used;
    }
    pv_snapshot_count(snapshot);
    return snapshot;
}

static void test_of_snapshots(void **state)
{
    (void)state;
    struct pv_tags *tags;
    struct pv_snapshot *snapshot = make(&tags);
    assert_int_equal(snapshot->totals.free_bytes, 1280);
    assert_int_equal(snapshot->totals.largest_free_bytes, 1024);
    expect(pv_metric_external(1024, 1280), 0.2);
    expect(pv_metric_external(0, 0), 0);
    expect(pv_metric_unusable(snapshot, 128), 0.1);
    expect(pv_metric_unusable(snapshot, 4096), 1);
    expect(pv_metric_availability(snapshot, 128), 0.9);
    expect(pv_metric_availability(snapshot, 1000), 1000.0 / 1280);
    expect(pv_metric_availability(snapshot, 2000), 0);
    expect(pv_metric_fragmentation_index(snapshot, 1024), -1);
    expect(pv_metric_fragmentation_index(snapshot, 1280), 1 - 2.0 / 4);
    expect(pv_metric_fifty_percent(snapshot), 4);
    struct pv_split split = pv_metric_split(snapshot);
    assert_int_equal(split.requested_bytes, 101);
    assert_int_equal(split.rounding_bytes, 28 + 63);
    assert_int_equal(split.remainder_bytes, 128);
    assert_int_equal(split.header_bytes, 48 + 6 * (uint64_t)sizeof(struct pv_pebble));
    assert_int_equal(split.free_bytes, 1280);
    /* a request of nothing gets a unit: all of that is rounding */
    struct pv_pebble_row *nothing = pv_snapshot_add_pebble(snapshot);
    assert_non_null(nothing);
    nothing->size = 192;
    nothing->lflags = 1;
    split = pv_metric_split(snapshot);
    assert_int_equal(split.requested_bytes, 101);
    assert_int_equal(split.rounding_bytes, 28 + 63 + 64);
    assert_int_equal(split.remainder_bytes, 128 + 128);
    pv_snapshot_close(snapshot);
    pv_tags_close(tags);
}

static void test_of_stats(void **state)
{
    (void)state;
    static struct pv_stats stats;
    static const struct {
        uint64_t live, held, block, free, largest;
    } moments[] = {{0, 1000, 0, 5, 5},
                   {500, 1000, 700, 300, 200},
                   {800, 1600, 1000, 70, 60},
                   {400, 2000, 500, 700, 50},
                   {800, 2000, 1250, 70, 50}};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        struct pv_moment moment = {.event = (int64_t)i - 1,
                                   .live_bytes = moments[i].live,
                                   .held_bytes = moments[i].held,
                                   .block_bytes = moments[i].block,
                                   .free_bytes = moments[i].free,
                                   .largest_free_bytes = moments[i].largest};
        pv_stats_add(&stats, &moment);
    }
    assert_int_equal(stats.peak_live.event, 1);
    assert_int_equal(stats.peak_held.event, 2);
    assert_int_equal(stats.least_free_bytes, 70);
    assert_int_equal(stats.least_free_event, 1);
    assert_int_equal(stats.least_largest_bytes, 50);
    assert_int_equal(stats.least_largest_event, 2);
    expect(pv_metric_peak_over_peak(&stats), 2000.0 / 800 - 1);
    expect(pv_metric_at_peak_live(&stats), 1600.0 / 800 - 1);
    expect(pv_metric_at_peak_held(&stats), 2000.0 / 400 - 1);
    expect(pv_metric_mean(&stats), 6600.0 / 2500 - 1);
    expect(pv_metric_policy(&stats), 2000.0 / 1250 - 1);
    expect(pv_metric_peak_utilisation(&stats), 0.4);
    expect(pv_metric_internal(1000, 800), 0.2);
    expect(pv_metric_internal(0, 0), 0);
}

/* The series keeps the greatest value of every stretch, whatever its length. */
/* A heap that never grows is at its largest from the start, where L is 0 and H / L nothing. */
static void test_of_a_heap_that_never_grows(void **state)
{
    (void)state;
    static struct pv_stats stats;
    stats = (struct pv_stats){.n_events = 0};
    struct pv_moment moment = {.event = -1, .held_bytes = 65536};
    pv_stats_add(&stats, &moment);
    expect(pv_metric_at_peak_held(&stats), 0);
    moment.event = 0; /* a mark */
    pv_stats_add(&stats, &moment);
    for (unsigned i = 1; i < 4; i++) {
        moment.event = i;
        moment.live_bytes = i * 500;
        pv_stats_add(&stats, &moment);
    }
    assert_int_equal(stats.peak_held.event, 1);
    expect(pv_metric_at_peak_held(&stats), 65536.0 / 500 - 1);
}

static void test_series(void **state)
{
    (void)state;
    enum { N = 100003, SPIKE = 77777 };
    static struct pv_stats stats;
    for (int64_t e = -1; e < N; e++) {
        struct pv_moment moment = {.event = e,
                                   .live_bytes = e == SPIKE ? 1000000 : (uint64_t)(e + 1),
                                   .held_bytes = 5,
                                   .free_bytes = (uint64_t)(N - e)};
        pv_stats_add(&stats, &moment);
    }
    const struct pv_series *series = &stats.series;
    assert_int_equal(series->events_per_column, 64);
    assert_int_equal(series->n_columns, (N + 63) / 64);
    for (size_t i = 0; i < series->n_columns; i++) {
        uint64_t last = (i + 1) * 64 < N ? (i + 1) * 64 : N;
        assert_int_equal(series->columns[i].live, i == SPIKE / 64 ? 1000000 : last);
        assert_int_equal(series->columns[i].free, N - i * 64);
        assert_int_equal(series->columns[i].held, 5);
    }
    assert_int_equal(stats.peak_live.event, SPIKE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_snapshots),
        cmocka_unit_test(test_of_stats),
        cmocka_unit_test(test_of_a_heap_that_never_grows),
        cmocka_unit_test(test_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
