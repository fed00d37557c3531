/* SPDX-License-Identifier: MIT
 *
 * huge_test.c - sizes up to 2^64 and more bytes than any machine has, through every engine:
 * what has a place in a TiB of addresses gets it, the rest is refused and counted, and none of
 * it costs memory, nor do headers that are gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/status.h"
#include "replay/timeline.h"
#include "tests/replay/same.h"
#include "tests/support/random.h"

#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

/* Sanitizers have much of their own. What was the most is never less again: the test of small
 * numbers comes first. */
enum { GROWTH_MOST_KIB = 192 * 1024 };

static long rss_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static struct pv_timeline *open_with(const struct pv_engine_type *engine, bool keep)
{
    struct pv_timeline_options options = {.engine = engine, .keep_log = keep};
    struct pv_timeline *timeline;
    assert_int_equal(pv_timeline_open(&timeline, &options), PV_OK);
    return timeline;
}

static void call(struct pv_timeline *timeline, enum pv_op op, uint64_t id, uint64_t size)
{
    struct pv_trace_event event = {.op = op,
                                   .id = {.kind = PV_ID_NUMBER, .number = id},
                                   .size = size,
                                   .count = 1,
                                   .name = "huge"};
    assert_int_equal(pv_timeline_apply(timeline, &event), PV_OK);
}

static void same_both_ways(struct pv_timeline *timeline)
{
    struct pv_snapshot *walked, *logged;
    assert_int_equal(pv_timeline_walk(timeline, &walked), PV_OK);
    assert_int_equal(pv_timeline_snapshot(timeline, &logged), PV_OK);
    assert_int_equal(walked->n_findings, 0);
    assert_same_catalog(walked, logged);
    pv_snapshot_close(walked);
    pv_snapshot_close(logged);
}

/* 10^17 bytes, as published traces have them: nothing of it is placed, all of it is counted. */
static void test_refused(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {UINT64_C(100000000000000000), TIB << 20, INT64_MAX,
                                     2 * TIB};
    for (size_t k = 0; pv_engine_types()[k]; k++) {
        struct pv_timeline *timeline = open_with(pv_engine_types()[k], k % 2);
        uint64_t sum = 0;
        for (uint64_t i = 0; i < 4; i++) {
            call(timeline, PV_OP_MALLOC, i, sizes[i]);
            sum = sum > UINT64_MAX - sizes[i] ? UINT64_MAX : sum + sizes[i];
        }
        call(timeline, PV_OP_MALLOC, 4, 100);
        call(timeline, PV_OP_REALLOC, 4, TIB << 20); /* stays as it was */
        call(timeline, PV_OP_REALLOC, 0, 50);        /* has a place now */
        for (uint64_t i = 0; i < 4; i++) {
            call(timeline, PV_OP_FREE, i, 0);
        }
        const struct pv_stats *stats = pv_timeline_stats(timeline);
        assert_int_equal(stats->n_failed, 5);
        assert_true(stats->failed_bytes == sum + (TIB << 20));
        assert_int_equal(stats->n_faults, 0);
        assert_int_equal(stats->now.live_bytes, 100);
        assert_int_equal(stats->peak_live.live_bytes, 150);
        same_both_ways(timeline);
        pv_timeline_close(timeline);
    }
}

/* The sum of what is refused stays at the end of its range. */
static void test_refused_sum(void **state)
{
    (void)state;
    struct pv_timeline *timeline = open_with(pv_engine_types()[0], false);
    for (uint64_t i = 0; i < 3; i++) {
        call(timeline, PV_OP_MALLOC, i, INT64_MAX);
    }
    assert_true(pv_timeline_stats(timeline)->failed_bytes == UINT64_MAX);
    pv_timeline_close(timeline);
}

/* 600 GiB live, in blocks of a GiB and of 100 bytes, take no more memory than small ones. */
static void test_addresses_not_memory(void **state)
{
    (void)state;
    enum { N = 600 };
    for (size_t k = 0; pv_engine_types()[k]; k++) {
        long before = rss_kib();
        struct pv_timeline *timeline = open_with(pv_engine_types()[k], true);
        for (uint64_t i = 0; i < N; i++) {
            call(timeline, PV_OP_MALLOC, 2 * i, GIB / 2 + i);
            call(timeline, PV_OP_MALLOC, 2 * i + 1, 100);
        }
        same_both_ways(timeline);
        for (uint64_t i = 0; i < N; i += 3) {
            call(timeline, PV_OP_FREE, 2 * i, 0);
            call(timeline, PV_OP_REALLOC, 2 * i + 1, 5000);
        }
        same_both_ways(timeline);
        const struct pv_stats *stats = pv_timeline_stats(timeline);
        assert_int_equal(stats->n_failed, 0);
        assert_true(stats->peak_live.live_bytes > N * (GIB / 2));
        assert_int_equal(pv_timeline_seek(timeline, stats->peak_live.event), PV_OK);
        struct pv_snapshot *snapshot;
        assert_int_equal(pv_timeline_snapshot(timeline, &snapshot), PV_OK);
        assert_true(snapshot->totals.requested_bytes == stats->peak_live.live_bytes);
        pv_snapshot_close(snapshot);
        pv_timeline_close(timeline);
        assert_in_range(rss_kib() - before, 0, GROWTH_MOST_KIB);
    }
}

/* Blocks of up to 256 KiB that come and go cost the pages of the live headers, however many
 * there have been. */
static void test_constant_memory(void **state)
{
    (void)state;
    enum { N_LIVE = 4000, N_CALLS = 240000, SETTLED = 60000, GROWTH_LEAST_KIB = 8 * 1024 };
    static const char *const names[] = {"first-fit", "best-fit", "recent-fit"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct pv_timeline *timeline = open_with(pv_engine_find(names[k], NULL), false);
        uint64_t seed = 1;
        long settled = 0;
        for (uint64_t i = 0; i < N_CALLS; i++) {
            uint64_t random = random_next(&seed);
            uint64_t id = random >> 20 & 0xffff;
            call(timeline, PV_OP_REALLOC, id % N_LIVE, 1 + (random >> 40) % (256 * 1024));
            settled = i == SETTLED ? rss_kib() : settled;
        }
        long grown = rss_kib() - settled;
        struct pv_snapshot *walked;
        assert_int_equal(pv_timeline_walk(timeline, &walked), PV_OK);
        assert_int_equal(walked->n_findings, 0);
        pv_snapshot_close(walked);
        pv_timeline_close(timeline);
        assert_in_range(grown < 0 ? 0 : grown, 0, GROWTH_LEAST_KIB);
    }
}

/* Pages of this process that are memory now. */
static long now_kib(void)
{
    long n_pages = 0, n_resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &n_pages, &n_resident), 2);
    fclose(file);
    return n_resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Small blocks fill their pages; once they are gone, a snapshot comes after what they took has
 * been given back. The heap is whole afterwards. */
static void test_holes_are_given_back(void **state)
{
    (void)state;
    enum { N = 500000, HEADERS_KIB = N / 1024 * 144 };
    static const char *const names[] = {"first-fit", "best-fit", "recent-fit"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct pv_timeline *timeline = open_with(pv_engine_find(names[k], NULL), false);
        for (uint64_t i = 0; i < N; i++) {
            call(timeline, PV_OP_MALLOC, i, 64);
        }
        for (uint64_t i = 0; i < N; i++) {
            if (i % 10000) {
                call(timeline, PV_OP_FREE, i, 0);
            }
        }
        pv_timeline_hold(timeline);
        long before = now_kib();
        struct pv_snapshot *snapshot = NULL;
        assert_int_equal(pv_timeline_snapshot_held(timeline, &snapshot), PV_OK);
        assert_in_range(before - now_kib(), HEADERS_KIB / 2, 2 * HEADERS_KIB);
        pv_snapshot_close(snapshot);
        for (uint64_t i = 0; i < 1000; i++) {
            call(timeline, PV_OP_MALLOC, i % 10000 ? i : N + i, 64 * i);
        }
        struct pv_snapshot *walked;
        assert_int_equal(pv_timeline_walk(timeline, &walked), PV_OK);
        assert_int_equal(walked->n_findings, 0);
        pv_snapshot_close(walked);
        pv_timeline_close(timeline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_memory),
        cmocka_unit_test(test_holes_are_given_back),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_sum),
        cmocka_unit_test(test_addresses_not_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
