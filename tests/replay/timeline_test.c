/* SPDX-License-Identifier: MIT
 *
 * timeline_test.c - the log against the walk at every event, forward, backward and at random;
 * the program's mistakes; failed requests; marks; running without a log; out of memory.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"
#include "replay/timeline.h"
#include "tests/replay/same.h"
#include "tests/support/random.h"

enum { N_IDS = 300 };

static struct pv_id number(uint64_t n)
{
    return (struct pv_id){.kind = PV_ID_NUMBER, .number = n};
}

static struct pv_trace_event call(enum pv_op op, uint64_t id, uint64_t size)
{
    return (struct pv_trace_event){
        .op = op, .id = number(id), .size = size, .count = 1, .name = ""};
}

static uint32_t random_flags(uint64_t *state)
{
    static const uint32_t sorts[] = {0,
                                     PV_FLAG_PHYSICAL,
                                     PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG,
                                     PV_FLAG_HARDWARE32,
                                     PV_FLAG_PERSISTENT,
                                     PV_FLAG_PHYSICAL | PV_FLAG_PERSISTENT};
    return sorts[random_next(state) % (sizeof sorts / sizeof *sorts)];
}

/* Calls of every kind, mistakes among them. */
static struct pv_trace_event random_event(uint64_t *state, bool *live, bool with_flags)
{
    static const char *const names[] = {"", "alpha", "beta/gamma", "delta"};
    uint64_t id = random_next(state) % N_IDS;
    uint64_t dice = random_next(state) % 100;
    struct pv_trace_event event = call(PV_OP_MALLOC, id, random_next(state) % 3000);
    event.name = names[random_next(state) % 4];
    event.flags = with_flags ? random_flags(state) : 0;
    if (live[id] ? dice < 60 : dice >= 97) {
        event.op = PV_OP_FREE;
        live[id] = false;
    } else if (live[id] && dice < 95) {
        event.op = PV_OP_REALLOC;
        live[id] = event.size > 0;
    } else if (dice == 50) {
        event.op = PV_OP_MARK;
    } else {
        event.op = dice < 10 ? PV_OP_CALLOC : dice < 20 ? PV_OP_ALIGNED : PV_OP_MALLOC;
        event.align = event.op == PV_OP_ALIGNED ? UINT64_C(1) << (random_next(state) % 14) : 0;
        event.count = event.op == PV_OP_CALLOC ? 3 : 1;
        live[id] = true;
    }
    return event;
}

/* A name such as "buddy 24 high" says the page and the end as well. */
static struct pv_timeline *open_with(const char *engine, enum pv_growth growth, uint64_t limit,
                                     const struct pv_machine *machine, bool keep)
{
    bool buddy = strncmp(engine, "buddy", 5) == 0;
    struct pv_timeline_options options = {
        .engine = pv_engine_find(buddy ? "buddy" : engine, NULL),
        .heap = {.first_bucket_bytes = 4096,
                 .growth = growth,
                 .limit_bytes = limit,
                 .machine = machine},
        .keep_log = keep,
    };
    if (buddy) {
        options.heap.page_bytes = strtoull(engine + 5, NULL, 10);
        options.heap.high = strstr(engine, "high");
    }
    struct pv_timeline *timeline;
    assert_int_equal(pv_timeline_open(&timeline, &options), PV_OK);
    return timeline;
}

static struct pv_snapshot *from_log(struct pv_timeline *timeline)
{
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_timeline_snapshot(timeline, &snapshot), PV_OK);
    return snapshot;
}

/* Holds the present moment at first, then now and then, in stretches close and wide. */
static int64_t hold_some(struct pv_timeline *timeline, int64_t held, uint64_t *dice)
{
    uint64_t apart = pv_timeline_last(timeline) % 500 < 250 ? 4 : 120;
    if (held < PV_START || random_next(dice) % apart == 0) {
        pv_timeline_hold(timeline);
        return pv_timeline_last(timeline);
    }
    return held;
}

static void run(const char *engine, enum pv_growth growth, uint64_t limit,
                const struct pv_machine *machine)
{
    enum { N = 2000, SEEKS = 1000 };
    struct pv_timeline *timeline = open_with(engine, growth, limit, machine, true);
    struct pv_timeline *bare = open_with(engine, growth, limit, machine, false);
    struct pv_snapshot **walked = calloc(N + 1, sizeof(struct pv_snapshot *));
    struct pv_moment *moments = calloc(N + 1, sizeof *moments);
    bool live[N_IDS] = {0};
    uint64_t state = 42 + limit, dice = 7 + limit;
    int64_t held = PV_START - 1;
    assert_non_null(walked);
    assert_non_null(moments);
    for (int64_t e = PV_START; e < N; e++) {
        if (e >= 0) {
            struct pv_trace_event event = random_event(&state, live, machine);
            assert_int_equal(pv_timeline_apply(timeline, &event), PV_OK);
            assert_int_equal(pv_timeline_apply(bare, &event), PV_OK);
        }
        assert_int_equal(pv_timeline_walk(timeline, &walked[e + 1]), PV_OK);
        assert_int_equal(walked[e + 1]->n_findings, 0);
        moments[e + 1] = pv_timeline_stats(timeline)->now;
        struct pv_snapshot *snapshot = from_log(timeline);
        assert_same_catalog(walked[e + 1], snapshot);
        pv_snapshot_close(snapshot);
        assert_int_equal(pv_timeline_walk(bare, &snapshot), PV_OK);
        assert_same_catalog(walked[e + 1], snapshot);
        pv_snapshot_close(snapshot);
        assert_memory_equal(&pv_timeline_stats(timeline)->now, &pv_timeline_stats(bare)->now,
                            sizeof(struct pv_moment));
        held = hold_some(bare, held, &dice);
        if (e % 8 == 0) {
            assert_int_equal(pv_timeline_snapshot_held(bare, &snapshot), PV_OK);
            assert_same_catalog(walked[held + 1], snapshot);
            pv_snapshot_close(snapshot);
            snapshot = from_log(bare);
            assert_same_catalog(walked[e + 1], snapshot);
            pv_snapshot_close(snapshot);
        }
    }
    assert_true(pv_timeline_stats(timeline)->n_faults > 10);
    assert_true(limit ? pv_timeline_stats(timeline)->n_failed > 5
                      : machine || pv_timeline_stats(timeline)->n_failed == 0);
    for (size_t i = 0; i < SEEKS; i++) {
        int64_t to = (int64_t)(random_next(&state) % (N + 3)) - 2;
        int64_t near = pv_timeline_cursor(timeline) + (int64_t)(random_next(&state) % 3) - 1;
        to = i % 2 ? near : to;
        assert_int_equal(pv_timeline_seek(timeline, to), PV_OK);
        to = to < PV_START ? PV_START : to >= N ? N - 1 : to;
        assert_int_equal(pv_timeline_cursor(timeline), to);
        struct pv_snapshot *snapshot = from_log(timeline);
        assert_same_catalog(walked[to + 1], snapshot);
        struct pv_moment moment = pv_timeline_moment(timeline);
        moment.free_bytes = snapshot->totals.free_bytes;
        moment.free_blocks = snapshot->totals.n_free;
        moment.largest_free_bytes = snapshot->totals.largest_free_bytes;
        assert_memory_equal(&moment, &moments[to + 1], sizeof moment);
        pv_snapshot_close(snapshot);
    }
    for (int64_t e = PV_START; e < N; e++) {
        pv_snapshot_close(walked[e + 1]);
    }
    free(walked);
    free(moments);
    pv_timeline_close(timeline);
    pv_timeline_close(bare);
}

static void test_log_is_walk(void **state)
{
    (void)state;
    run("first-fit", PV_GROWTH_IN_PLACE, 0, NULL);
    run("best-fit", PV_GROWTH_IN_PLACE, 0, NULL);
    run("first-fit", PV_GROWTH_NEW_BUCKET, 0, NULL);
    run("best-fit", PV_GROWTH_NEW_BUCKET, 0, NULL);
    run("recent-fit", PV_GROWTH_IN_PLACE, 0, NULL);
    run("recent-fit", PV_GROWTH_NEW_BUCKET, 200 * 1024, NULL);
    struct pv_machine machine;
    assert_int_equal(pv_machine_pc(&machine, 8 << 20), PV_OK);
    run("first-fit", PV_GROWTH_IN_PLACE, 0, &machine);
    run("best-fit", PV_GROWTH_NEW_BUCKET, 0, &machine);
    run("recent-fit", PV_GROWTH_NEW_BUCKET, 0, &machine);
    run("first-fit", PV_GROWTH_IN_PLACE, 300 * 1024, NULL);
    run("best-fit", PV_GROWTH_NEW_BUCKET, 300 * 1024, NULL);
}

/* Free halves out of the log are those of the tree. */
static void test_log_is_tree(void **state)
{
    (void)state;
    run("buddy", PV_GROWTH_IN_PLACE, 0, NULL);
    run("buddy 1", PV_GROWTH_IN_PLACE, 0, NULL);
    run("buddy 16 high", PV_GROWTH_IN_PLACE, 0, NULL);
    run("buddy 24", PV_GROWTH_IN_PLACE, 300 * 1024, NULL);
    run("buddy 36 high", PV_GROWTH_IN_PLACE, 0, NULL);
    run("buddy 64 high", PV_GROWTH_IN_PLACE, 300 * 1024, NULL);
    run("buddy 4096", PV_GROWTH_IN_PLACE, 600 * 1024, NULL);
}

/* Long enough that checkpoints are taken, thinned out and used; a seek is proved by the sum
 * over the live blocks that a plain count over the events gives. */
static void test_checkpoints(void **state)
{
    (void)state;
    enum { N = 700000, IDS = 5000 };
    struct pv_timeline *timeline = open_with("first-fit", PV_GROWTH_IN_PLACE, 0, NULL, true);
    static uint64_t sizes[IDS], live_at[N + 1];
    uint64_t random = 7, sum = 0;
    for (size_t e = 0; e < N; e++) {
        uint64_t id = random_next(&random) % IDS, size = 1 + random_next(&random) % 500;
        struct pv_trace_event event = call(sizes[id] ? PV_OP_FREE : PV_OP_MALLOC, id, size);
        sum = sizes[id] ? sum - sizes[id] : sum + size;
        sizes[id] = sizes[id] ? 0 : size;
        assert_int_equal(pv_timeline_apply(timeline, &event), PV_OK);
        live_at[e + 1] = sum;
    }
    for (size_t i = 0; i < 60; i++) {
        int64_t to = (int64_t)(random_next(&random) % (N + 1)) - 1;
        assert_int_equal(pv_timeline_seek(timeline, to), PV_OK);
        assert_int_equal(pv_timeline_moment(timeline).live_bytes, live_at[to + 1]);
        struct pv_snapshot *snapshot = from_log(timeline);
        assert_int_equal(snapshot->totals.requested_bytes, live_at[to + 1]);
        pv_snapshot_close(snapshot);
    }
    pv_timeline_close(timeline);
}

static void apply(struct pv_timeline *timeline, struct pv_trace_event event)
{
    assert_int_equal(pv_timeline_apply(timeline, &event), PV_OK);
}

static void test_mistakes(void **state)
{
    (void)state;
    struct pv_timeline *timeline = open_with("first-fit", PV_GROWTH_IN_PLACE, 0, NULL, true);
    apply(timeline, call(PV_OP_MALLOC, 1, 100));  /* 0 */
    apply(timeline, call(PV_OP_FREE, 1, 0));      /* 1 */
    apply(timeline, call(PV_OP_FREE, 1, 0));      /* 2: double free */
    apply(timeline, call(PV_OP_FREE, 2, 0));      /* 3: never was */
    apply(timeline, call(PV_OP_MALLOC, 3, 100));  /* 4 */
    apply(timeline, call(PV_OP_MALLOC, 3, 200));  /* 5: live; the first is leaked */
    apply(timeline, call(PV_OP_REALLOC, 1, 300)); /* 6: of a freed one */
    struct pv_trace_event null = {.op = PV_OP_FREE, .id.kind = PV_ID_NULL, .name = ""};
    apply(timeline, null); /* 7: does nothing */
    null.op = PV_OP_REALLOC;
    null.size = 50;
    apply(timeline, null); /* 8: a malloc */
    static const struct {
        int64_t event;
        enum pv_mistake kind;
    } wanted[] = {{2, PV_MISTAKE_DOUBLE_FREE},
                  {3, PV_MISTAKE_UNKNOWN_FREE},
                  {5, PV_MISTAKE_LIVE_ALLOC},
                  {6, PV_MISTAKE_REALLOC_FREED}};
    size_t n;
    const struct pv_mistake_row *rows = pv_timeline_mistakes(timeline, &n);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].event, wanted[i].event);
        assert_int_equal(rows[i].kind, wanted[i].kind);
        assert_true(pv_timeline_step(timeline, rows[i].event).mistake);
    }
    const struct pv_stats *stats = pv_timeline_stats(timeline);
    assert_int_equal(stats->n_faults, 4);
    assert_int_equal(stats->now.live_bytes, 100 + 200 + 300 + 50);
    assert_int_equal(stats->now.live_blocks, 4);
    pv_timeline_close(timeline);
}

/* A request that was refused is no block, and freeing it is no mistake. */
static void test_failed(void **state)
{
    (void)state;
    struct pv_timeline *timeline =
        open_with("first-fit", PV_GROWTH_IN_PLACE, 64 * 1024, NULL, true);
    apply(timeline, call(PV_OP_MALLOC, 1, 1 << 20));
    apply(timeline, call(PV_OP_FREE, 1, 0));
    apply(timeline, call(PV_OP_MALLOC, 2, 100));
    apply(timeline, call(PV_OP_REALLOC, 2, INT64_MAX));
    struct pv_trace_event overflow = call(PV_OP_CALLOC, 3, UINT64_C(1) << 62);
    overflow.count = 16;
    apply(timeline, overflow);
    apply(timeline, call(PV_OP_REALLOC, 3, 64));
    const struct pv_stats *stats = pv_timeline_stats(timeline);
    assert_int_equal(stats->n_failed, 3);
    assert_int_equal(stats->n_faults, 0);
    assert_int_equal(stats->now.live_bytes, 164);
    assert_true(pv_timeline_step(timeline, 0).failed);
    assert_true(pv_timeline_step(timeline, 3).failed);
    assert_int_equal(pv_timeline_step(timeline, 0).failed_bytes, 1 << 20);
    assert_int_equal(pv_timeline_step(timeline, 3).failed_bytes, INT64_MAX);
    assert_int_equal(pv_timeline_step(timeline, 4).failed_bytes, UINT64_MAX);
    assert_false(pv_timeline_step(timeline, 3).has_made);
    pv_timeline_close(timeline);
}

static void test_moments(void **state)
{
    (void)state;
    struct pv_timeline *timeline = open_with("first-fit", PV_GROWTH_IN_PLACE, 0, NULL, true);
    struct pv_trace_event mark = {.op = PV_OP_MARK, .name = "half way"};
    struct pv_trace_event named = call(PV_OP_MALLOC, 2, 300);
    named.name = "net/tcp/a very long tag that is cut";
    apply(timeline, call(PV_OP_MALLOC, 1, 100)); /* 0 */
    apply(timeline, mark);                       /* 1 */
    apply(timeline, named);                      /* 2: peak */
    apply(timeline, call(PV_OP_FREE, 1, 0));     /* 3 */
    static const struct {
        const char *text;
        int status;
        int64_t event;
    } cases[] = {{"start", PV_OK, -1},
                 {"end", PV_OK, 3},
                 {"peak", PV_OK, 2},
                 {"mark:half way", PV_OK, 1},
                 {"3", PV_OK, 3},
                 {"4", PV_EINVAL, 0},
                 {"mark:other", PV_EINVAL, 0},
                 {"", PV_EINVAL, 0},
                 {"-1", PV_EINVAL, 0},
                 {"2x", PV_EINVAL, 0},
                 {"99999999999999999999", PV_EINVAL, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t event = 0;
        assert_int_equal(pv_timeline_moment_named(timeline, cases[i].text, &event),
                         cases[i].status);
        assert_int_equal(event, cases[i].event);
    }
    uint32_t tag = pv_timeline_step(timeline, 2).made.tag;
    assert_string_equal(pv_tags_text(pv_timeline_tags(timeline), tag),
                        "net/tcp/a very long tag that is cut");
    assert_int_equal(pv_timeline_find_tag(timeline, tag, PV_START, true), 2);
    assert_int_equal(pv_timeline_find_tag(timeline, tag, 3, false), 2);
    assert_int_equal(pv_timeline_find_tag(timeline, tag, 2, true), PV_START);
    assert_int_equal(pv_timeline_find_tag(timeline, tag, 2, false), PV_START);
    size_t n;
    assert_string_equal(pv_timeline_marks(timeline, &n)[0].name, "half way");
    assert_int_equal(n, 1);
    /* The same trace goes on after one has been elsewhere in it. */
    assert_int_equal(pv_timeline_seek(timeline, 0), PV_OK);
    apply(timeline, call(PV_OP_FREE, 2, 0));
    assert_int_equal(pv_timeline_cursor(timeline), 4);
    assert_int_equal(pv_timeline_moment(timeline).live_blocks, 0);
    pv_timeline_close(timeline);
}

/* The row of a block. */
static const struct pv_pebble_row *row_of(const struct pv_snapshot *snapshot, uint64_t id)
{
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        if (snapshot->pebbles[i].id == id && pv_pebble_row_used(&snapshot->pebbles[i])) {
            return &snapshot->pebbles[i];
        }
    }
    fail_msg("block %" PRIu64 " is not there", id);
    return NULL;
}

/* A block whose first request was refused keeps what that asked for: a realloc tells its size
 * only, and it may be refused as well. A block that takes the place in the table later does not. */
static void test_failed_keeps_its_request(void **state)
{
    (void)state;
    struct pv_timeline *timeline =
        open_with("first-fit", PV_GROWTH_IN_PLACE, 64 * 1024, NULL, true);
    struct pv_trace_event wish = call(PV_OP_ALIGNED, 1, 1 << 20);
    wish.name = "wish";
    wish.align = 1024;
    wish.flags = PV_FLAG_PERSISTENT;
    apply(timeline, wish);
    struct pv_trace_event small = call(PV_OP_MALLOC, 2, 100);
    small.name = "small";
    apply(timeline, small);
    apply(timeline, call(PV_OP_REALLOC, 1, 1 << 19));
    apply(timeline, call(PV_OP_REALLOC, 1, 200));
    assert_int_equal(pv_timeline_seek(timeline, 3), PV_OK);
    struct pv_snapshot *snapshot = from_log(timeline);
    const struct pv_pebble_row *row = row_of(snapshot, 1);
    assert_string_equal(pv_tags_text(snapshot->tags, row->tag), "wish");
    assert_int_equal(row->alignment, 1024);
    assert_int_equal(row->sflags & (PV_FLAG_ALIGNED | PV_FLAG_PERSISTENT),
                     PV_FLAG_ALIGNED | PV_FLAG_PERSISTENT);
    assert_int_equal((row->addr + sizeof(struct pv_pebble)) % 1024, 0);
    assert_int_equal(row->requested, 200);
    pv_snapshot_close(snapshot);

    size_t n;
    const struct pv_refused_row *rows = pv_timeline_refused(timeline, &n);
    assert_int_equal(n, 2);
    assert_string_equal(pv_tags_text(pv_timeline_tags(timeline), rows[1].tag), "wish");

    apply(timeline, wish); /* refused again, and given up */
    apply(timeline, call(PV_OP_FREE, 1, 0));
    apply(timeline, call(PV_OP_MALLOC, 3, 1 << 20));
    apply(timeline, call(PV_OP_REALLOC, 3, 300));
    assert_int_equal(pv_timeline_seek(timeline, 7), PV_OK);
    snapshot = from_log(timeline);
    row = row_of(snapshot, 3);
    assert_string_equal(pv_tags_text(snapshot->tags, row->tag), "");
    assert_int_equal(row->sflags & (PV_FLAG_ALIGNED | PV_FLAG_PERSISTENT), 0);
    pv_snapshot_close(snapshot);
    pv_timeline_close(timeline);
}

/* What was refused, why, and what was free; only the first are kept. */
static void test_refused(void **state)
{
    (void)state;
    enum { LIMIT = 65536, TOO_MUCH = 40000 };
    static const char *const engines[] = {"first-fit", "buddy"};
    for (size_t i = 0; i < 2; i++) {
        struct pv_timeline *timeline =
            open_with(engines[i], PV_GROWTH_IN_PLACE, LIMIT, NULL, false);
        struct pv_trace_event named = call(PV_OP_MALLOC, 1, 2 * LIMIT);
        named.name = "too much";
        apply(timeline, named);
        apply(timeline, call(PV_OP_MALLOC, 2, 4000));
        apply(timeline, call(PV_OP_REALLOC, 2, INT64_MAX));
        apply(timeline, call(PV_OP_MALLOC, 3, 20000));
        apply(timeline, call(PV_OP_MALLOC, 4, 4000));
        apply(timeline, call(PV_OP_FREE, 3, 0));
        apply(timeline, call(PV_OP_MALLOC, 5, TOO_MUCH));
        size_t n;
        const struct pv_refused_row *rows = pv_timeline_refused(timeline, &n);
        const struct pv_stats *stats = pv_timeline_stats(timeline);
        assert_int_equal(n, 3);
        assert_int_equal(rows[0].event, 0);
        assert_int_equal(rows[0].bytes, 2 * LIMIT);
        assert_int_equal(rows[0].refusal.why, PV_WHY_LIMIT);
        assert_string_equal(pv_tags_text(pv_timeline_tags(timeline), rows[0].tag), "too much");
        assert_int_equal(rows[1].event, 2);
        assert_int_equal(rows[1].refusal.why, PV_WHY_RANGE);
        assert_int_equal(rows[2].event, 6);
        assert_int_equal(rows[2].refusal.why, PV_WHY_FRAGMENTATION);
        assert_int_equal(rows[2].refusal.free_bytes, stats->now.free_bytes);
        assert_true(rows[2].refusal.largest < TOO_MUCH);
        for (uint64_t id = 0; id < PV_REFUSED_MAX; id++) {
            apply(timeline, call(PV_OP_MALLOC, 10 + id, TOO_MUCH));
        }
        pv_timeline_refused(timeline, &n);
        assert_int_equal(n, PV_REFUSED_MAX);
        assert_int_equal(stats->n_failed, PV_REFUSED_MAX + 3);
        pv_timeline_close(timeline);
    }
}

/* The high-water mark, kept in O(1), against a scan of the snapshot after every event. */
static void test_high_water(void **state)
{
    (void)state;
    struct pv_timeline *timeline = open_with("best-fit", PV_GROWTH_NEW_BUCKET, 0, NULL, true);
    bool live[N_IDS] = {0};
    uint64_t random = 99, high = 0;
    for (size_t e = 0; e < 5000; e++) {
        struct pv_trace_event event = random_event(&random, live, false);
        apply(timeline, event);
        struct pv_snapshot *snapshot = from_log(timeline);
        uint64_t sum = 0;
        for (size_t i = 0; i < snapshot->n_buckets; i++) {
            const struct pv_bucket_row *bucket = &snapshot->buckets[i];
            uint64_t extent = 0;
            for (size_t j = 0; j < bucket->n_pebbles; j++) {
                const struct pv_pebble_row *row = &snapshot->pebbles[bucket->first_pebble + j];
                extent = pv_pebble_row_used(row)
                             ? row->addr + sizeof(struct pv_pebble) + row->size - bucket->addr
                             : extent;
            }
            sum += extent;
        }
        high = sum > high ? sum : high;
        assert_int_equal(pv_timeline_stats(timeline)->high_water_bytes, high);
        pv_snapshot_close(snapshot);
    }
    pv_timeline_close(timeline);
}

/* Names that a reader numbers and names that it does not are the same tags; a number that is not
 * dense is as good as none. */
static void test_numbered_names(void **state)
{
    (void)state;
    static const struct {
        uint32_t named;
        const char *name;
        uint32_t tag;
    } rows[] = {{0, "a", 1}, {5, "b", 2}, {1, "a", 1},          {5, "b", 2},
                {1, "a", 1}, {0, "b", 2}, {UINT32_MAX, "c", 3}, {UINT32_MAX, "c", 3},
                {0, "c", 3}, {7, "", 0},  {7, "", 0},           {1, "a", 1}};
    enum { N = sizeof rows / sizeof rows[0] };
    struct pv_ledger *ledger = calloc(1, sizeof *ledger);
    struct pv_deeds *deeds = calloc(1, sizeof *deeds);
    assert_int_equal(pv_ledger_init(ledger), PV_OK);
    for (uint64_t i = 0; i < N; i++) {
        struct pv_trace_event event = call(PV_OP_MALLOC, i, 1);
        event.name = rows[i].name;
        event.named = rows[i].named;
        assert_int_equal(pv_ledger_add(ledger, &event, deeds), PV_OK);
        assert_int_equal(deeds->rows[i].tag, rows[i].tag);
    }
    assert_int_equal(deeds->n_tags, 4);
    pv_deeds_fini(deeds);
    pv_ledger_fini(ledger);
    free(deeds);
    free(ledger);
}

static void test_engines(void **state)
{
    (void)state;
    bool planned;
    assert_non_null(pv_engine_find("best-fit", &planned));
    assert_false(planned);
    assert_non_null(pv_engine_find("buddy", &planned));
    assert_false(planned);
    assert_null(pv_engine_find("recorded", &planned));
    assert_true(planned);
    assert_null(pv_engine_find("worst-fit", &planned));
    assert_false(planned);
    struct pv_timeline_options options = {.engine = pv_engine_find("first-fit", NULL),
                                          .heap = {.limit_bytes = 100}};
    struct pv_timeline *timeline;
    assert_int_equal(pv_timeline_open(&timeline, &options), PV_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_is_walk),
        cmocka_unit_test(test_log_is_tree),
        cmocka_unit_test(test_checkpoints),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_high_water),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failed_keeps_its_request),
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_numbered_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
