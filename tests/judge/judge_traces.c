/* SPDX-License-Identifier: MIT
 *
 * judge_traces.c - a recorded trace through the engines and the naive list at once: the same
 * addresses at every event, all fits, both growths; and at random moments the walk, its laws,
 * and the log's snapshot held equal to it.
 *
 * judge_traces TRACE MOMENTS [EVENTS]: how many moments a run; only the first events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replay/timeline.h"
#include "tests/judge/naive.h"
#include "tests/replay/same.h"
#include "tests/support/random.h"
#include "traces/reader.h"

enum { HEADER = sizeof(struct pv_pebble), FIRST_PAGES = 16, MOMENTS_MAX = 1000 };

static const char *trace_path;
static size_t n_moments;
static uint64_t n_events_most;

struct config {
    const char *name, *engine;
    enum naive_fit fit;
    enum pv_growth growth;
};

static uint64_t count_events(void)
{
    struct pv_reader *reader;
    struct pv_trace_event event;
    uint64_t n = 0;
    assert_int_equal(pv_reader_open(&reader, trace_path, NULL), 0);
    while (n < n_events_most && pv_reader_next(reader, &event) == 0) {
        n++;
    }
    pv_reader_close(reader);
    return n;
}

/* Does to the naive list what the event did to the engine; the placements must agree. */
static void judge(struct naive *naive, const struct pv_step *step)
{
    assert_false(step->failed);
    uint64_t ended = step->has_ended ? step->ended.addr + HEADER : 0;
    if (step->has_made && step->has_ended) {
        assert_int_equal(naive_realloc(naive, ended, step->made.requested),
                         step->made.addr + HEADER);
    } else if (step->has_made) {
        assert_int_equal(
            naive_alloc(naive, step->made.requested, step->made.sflags, step->made.alignment),
            step->made.addr + HEADER);
    } else if (step->has_ended) {
        naive_free(naive, ended);
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void run(void **state)
{
    const struct config *config = *state;
    struct pv_timeline_options options = {
        .engine = pv_engine_find(config->engine, NULL),
        .heap = {.growth = config->growth},
        .keep_log = true,
    };
    static uint64_t moments[MOMENTS_MAX];
    static struct pv_snapshot *walked[MOMENTS_MAX];
    uint64_t n_events = count_events(), random = 5 + n_events;
    assert_true(n_events > 0);
    for (size_t i = 0; i < n_moments; i++) {
        moments[i] = i ? random_next(&random) % n_events : n_events - 1;
    }
    qsort(moments, n_moments, sizeof *moments, by_number);

    struct naive naive = {.fit = config->fit,
                          .new_buckets = config->growth == PV_GROWTH_NEW_BUCKET,
                          .base = PV_TARGET_BASE,
                          .space_pages = UINT64_C(1) << 28};
    naive_init(&naive, FIRST_PAGES);
    struct pv_timeline *timeline;
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_timeline_open(&timeline, &options), 0);
    assert_int_equal(pv_reader_open(&reader, trace_path, NULL), 0);
    size_t m = 0;
    for (uint64_t e = 0; e < n_events; e++) {
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_int_equal(pv_timeline_apply(timeline, &event), 0);
        struct pv_step step = pv_timeline_step(timeline, (int64_t)e);
        judge(&naive, &step);
        for (; m < n_moments && moments[m] == e; m++) {
            assert_int_equal(pv_timeline_walk(timeline, &walked[m]), 0);
            assert_int_equal(walked[m]->n_findings, 0);
        }
    }
    for (m = n_moments; m-- > 0;) {
        struct pv_snapshot *snapshot;
        assert_int_equal(pv_timeline_seek(timeline, (int64_t)moments[m]), 0);
        assert_int_equal(pv_timeline_snapshot(timeline, &snapshot), 0);
        assert_same_catalog(walked[m], snapshot);
        pv_snapshot_close(snapshot);
        pv_snapshot_close(walked[m]);
    }
    print_message("%s: %llu events, no difference; %zu moments, walk and log equal\n",
                  config->name, (unsigned long long)n_events, n_moments);
    pv_reader_close(reader);
    pv_timeline_close(timeline);
    naive_fini(&naive);
}

static const struct config configs[] = {
    {"first fit, in place", "first-fit", NAIVE_FIRST, PV_GROWTH_IN_PLACE},
    {"first fit, new buckets", "first-fit", NAIVE_FIRST, PV_GROWTH_NEW_BUCKET},
    {"best fit, in place", "best-fit", NAIVE_BEST, PV_GROWTH_IN_PLACE},
    {"best fit, new buckets", "best-fit", NAIVE_BEST, PV_GROWTH_NEW_BUCKET},
    {"recent fit, in place", "recent-fit", NAIVE_RECENT, PV_GROWTH_IN_PLACE},
    {"recent fit, new buckets", "recent-fit", NAIVE_RECENT, PV_GROWTH_NEW_BUCKET},
};

int main(int argc, char **argv)
{
    enum { N = sizeof configs / sizeof *configs };
    struct CMUnitTest tests[N];
    if (argc < 3) {
        return 2;
    }
    trace_path = argv[1];
    n_moments = strtoull(argv[2], NULL, 10) % MOMENTS_MAX;
    n_events_most = argc > 3 ? strtoull(argv[3], NULL, 10) : UINT64_MAX;
    for (size_t i = 0; i < N; i++) {
        tests[i] = (struct CMUnitTest){.name = configs[i].name,
                                       .test_func = run,
                                       .initial_state = (void *)(uintptr_t)&configs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
