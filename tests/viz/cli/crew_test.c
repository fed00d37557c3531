/* SPDX-License-Identifier: MIT
 *
 * crew_test.c - timelines run in threads come to what each comes to alone, and a failure of one
 * ends the work of all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/cli/crew.h"

enum { N_EVENTS = 60000, N_IDS = 5000, ENGINES = 4, STEP = 500, BAD = 77 };

struct watch {
    struct pv_timeline **timelines;
    size_t fails; /* the timeline that does, PV_ENGINES_MAX: none */
    int64_t n_moments[ENGINES];
    int64_t last[ENGINES];
    int n_ends[ENGINES]; /* calls behind the last batch */
    size_t fails_at_end; /* the timeline that does then */
};

static int after(void *ctx, size_t timeline, unsigned moments)
{
    struct watch *watch = ctx;
    watch->n_moments[timeline] += moments == 1;
    watch->last[timeline] = pv_timeline_last(watch->timelines[timeline]);
    return timeline == watch->fails && watch->last[timeline] > N_EVENTS / 2 ? BAD : PV_OK;
}

static int at_end(void *ctx, size_t timeline)
{
    struct watch *watch = ctx;
    watch->n_ends[timeline]++;
    assert_int_equal(pv_timeline_last(watch->timelines[timeline]), N_EVENTS - 1);
    return timeline + 1 == watch->fails_at_end ? BAD : PV_OK;
}

static struct pv_trace_event event_of(uint64_t i)
{
    static const char *const names[] = {"parse", "print",
                                        "a name of more than 31 bytes, and on"};
    uint64_t random = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (struct pv_trace_event){
        .op = random >> 62 == 0   ? PV_OP_FREE
              : random >> 62 == 1 ? PV_OP_REALLOC
                                  : PV_OP_MALLOC,
        .id = {.kind = PV_ID_NUMBER, .number = (random >> 20) % N_IDS},
        .size = (random >> 8) % 3000,
        .count = 1,
        .name = names[i % 3],
    };
}

static struct pv_timeline *open_timeline(size_t engine)
{
    struct pv_timeline *timeline = NULL;
    const struct pv_timeline_options options = {.engine = pv_engine_types()[engine]};
    assert_int_equal(pv_timeline_open(&timeline, &options), PV_OK);
    return timeline;
}

/* Gives all events to a crew, in batches of which every STEP-th event ends one. */
static int work(struct watch *watch, struct pv_timeline **timelines)
{
    const struct pv_crew_work work = {.timelines = timelines,
                                      .n = ENGINES,
                                      .hold_peaks = true,
                                      .after = after,
                                      .last = at_end,
                                      .ctx = watch};
    struct pv_ledger *ledger = pv_own_calloc(1, sizeof *ledger);
    struct pv_crew *crew = NULL;
    assert_non_null(ledger);
    assert_int_equal(pv_ledger_init(ledger), PV_OK);
    assert_int_equal(pv_crew_open(&crew, &work), PV_OK);
    struct pv_crew_batch *batch = pv_crew_next(crew);
    for (uint64_t i = 0; batch && i < N_EVENTS; i++) {
        struct pv_trace_event event = event_of(i);
        assert_int_equal(pv_ledger_add(ledger, &event, &batch->deeds), PV_OK);
        batch->moments = i > N_EVENTS / 4 && i % STEP == 0;
        if (batch->deeds.n == PV_DEEDS_MAX || batch->moments || i == N_EVENTS - 1) {
            pv_crew_give(crew);
            batch = pv_crew_next(crew);
        }
    }
    int status = pv_crew_end(crew);
    pv_crew_close(crew);
    pv_ledger_fini(ledger);
    pv_own_free(ledger);
    return status;
}

static void test_same_as_alone(void **state)
{
    (void)state;
    struct pv_timeline *timelines[ENGINES];
    struct watch watch = {.timelines = timelines, .fails = PV_ENGINES_MAX};
    for (size_t k = 0; k < ENGINES; k++) {
        timelines[k] = open_timeline(k);
    }
    assert_int_equal(work(&watch, timelines), PV_OK);
    for (size_t k = 0; k < ENGINES; k++) {
        struct pv_timeline *alone = open_timeline(k);
        for (uint64_t i = 0; i < N_EVENTS; i++) {
            struct pv_trace_event event = event_of(i);
            assert_int_equal(pv_timeline_apply(alone, &event), PV_OK);
            if (pv_timeline_stats(alone)->peak_live.event == (int64_t)i) {
                pv_timeline_hold(alone);
            }
        }
        assert_int_equal(watch.n_ends[k], 1);
        assert_int_equal(watch.n_moments[k], (N_EVENTS - N_EVENTS / 4 - 1) / STEP);
        assert_memory_equal(pv_timeline_stats(alone), pv_timeline_stats(timelines[k]),
                            sizeof(struct pv_stats));
        struct pv_snapshot *one = NULL, *other = NULL;
        assert_int_equal(pv_timeline_snapshot_held(alone, &one), PV_OK);
        assert_int_equal(pv_timeline_snapshot_held(timelines[k], &other), PV_OK);
        assert_int_equal(one->n_pebbles, other->n_pebbles);
        assert_memory_equal(one->pebbles, other->pebbles,
                            one->n_pebbles * sizeof *one->pebbles);
        pv_snapshot_close(one);
        pv_snapshot_close(other);
        pv_timeline_close(alone);
        pv_timeline_close(timelines[k]);
    }
}

/* What was given is in all timelines when the crew is settled, and it works on afterwards. */
static void test_settle(void **state)
{
    (void)state;
    struct pv_timeline *timelines[ENGINES];
    struct watch watch = {.timelines = timelines, .fails = PV_ENGINES_MAX};
    for (size_t k = 0; k < ENGINES; k++) {
        timelines[k] = open_timeline(k);
    }
    const struct pv_crew_work work = {
        .timelines = timelines, .n = ENGINES, .after = after, .ctx = &watch};
    struct pv_ledger *ledger = pv_own_calloc(1, sizeof *ledger);
    struct pv_crew *crew = NULL;
    assert_non_null(ledger);
    assert_int_equal(pv_ledger_init(ledger), PV_OK);
    assert_int_equal(pv_crew_open(&crew, &work), PV_OK);
    for (uint64_t i = 0, batches = 0; i < N_EVENTS; batches++) {
        struct pv_crew_batch *batch = pv_crew_next(crew);
        assert_non_null(batch);
        for (; i < N_EVENTS && batch->deeds.n < PV_DEEDS_MAX; i++) {
            struct pv_trace_event event = event_of(i);
            assert_int_equal(pv_ledger_add(ledger, &event, &batch->deeds), PV_OK);
        }
        pv_crew_give(crew);
        if (batches % 3 == 2) {
            pv_crew_settle(crew);
            for (size_t k = 0; k < ENGINES; k++) {
                assert_int_equal(pv_timeline_last(timelines[k]), (int64_t)i - 1);
            }
        }
    }
    assert_int_equal(pv_crew_end(crew), PV_OK);
    pv_crew_close(crew);
    pv_ledger_fini(ledger);
    pv_own_free(ledger);
    for (size_t k = 0; k < ENGINES; k++) {
        assert_int_equal(pv_timeline_last(timelines[k]), N_EVENTS - 1);
        pv_timeline_close(timelines[k]);
    }
}

static void test_failure(void **state)
{
    (void)state;
    for (size_t bad = 0; bad < ENGINES; bad++) {
        struct pv_timeline *timelines[ENGINES];
        struct watch watch = {.timelines = timelines, .fails = bad};
        for (size_t k = 0; k < ENGINES; k++) {
            timelines[k] = open_timeline(k);
        }
        assert_int_equal(work(&watch, timelines), BAD);
        assert_true(watch.last[bad] < N_EVENTS - 1);
        for (size_t k = 0; k < ENGINES; k++) {
            assert_true(k != bad || !watch.n_ends[k]);
            pv_timeline_close(timelines[k]);
        }
    }
}

static void test_failure_at_end(void **state)
{
    (void)state;
    for (size_t bad = 0; bad < ENGINES; bad++) {
        struct pv_timeline *timelines[ENGINES];
        struct watch watch = {
            .timelines = timelines, .fails = PV_ENGINES_MAX, .fails_at_end = bad + 1};
        for (size_t k = 0; k < ENGINES; k++) {
            timelines[k] = open_timeline(k);
        }
        assert_int_equal(work(&watch, timelines), BAD);
        assert_int_equal(watch.n_ends[bad], 1);
        for (size_t k = 0; k < ENGINES; k++) {
            pv_timeline_close(timelines[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_alone),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_failure_at_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
