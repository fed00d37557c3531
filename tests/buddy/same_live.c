/* SPDX-License-Identifier: MIT
 *
 * same_live.c - a trace leaves the same blocks alive under the buddy and under the bucket heap,
 * by its low and its high end and with pages of any size: the same ids, sizes and tags after
 * every STEP-th event and at the end, and the same live bytes after every event. The buddy's
 * log is its tree there, and no law is broken.
 *
 * same_live EVENTS TRACE...: of each trace so many events at most. Prints what was compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/timeline.h"
#include "tests/replay/same.h"
#include "traces/reader.h"

enum { STEP = 20000, N_SIDES = 5 };

static uint64_t most;

struct block {
    uint64_t id, requested, born;
    const char *tag;
};

static int by_birth(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    return (x->born > y->born) - (x->born < y->born);
}

/* Of the live heap, by birth. */
static struct block *live(struct pv_timeline *timeline, size_t *ret_n)
{
    struct pv_snapshot *walked, *logged;
    assert_int_equal(pv_timeline_walk(timeline, &walked), 0);
    assert_int_equal(pv_timeline_snapshot(timeline, &logged), 0);
    assert_same_catalog(walked, logged);
    assert_int_equal(walked->n_findings, 0);
    struct block *blocks = calloc(walked->n_pebbles + 1, sizeof *blocks);
    assert_non_null(blocks);
    *ret_n = 0;
    for (size_t i = 0; i < walked->n_pebbles; i++) {
        const struct pv_pebble_row *row = &walked->pebbles[i];
        if (pv_pebble_row_used(row)) {
            assert_true(row->size >= row->requested);
            blocks[(*ret_n)++] = (struct block){row->id, row->requested, row->born,
                                                pv_tags_text(walked->tags, row->tag)};
        }
    }
    qsort(blocks, *ret_n, sizeof *blocks, by_birth);
    pv_snapshot_close(walked);
    pv_snapshot_close(logged);
    return blocks;
}

static size_t compare(struct pv_timeline **timelines)
{
    size_t n[2];
    struct block *first = live(timelines[0], &n[0]);
    for (size_t i = 1; i < N_SIDES; i++) {
        struct block *other = live(timelines[i], &n[1]);
        assert_int_equal(n[0], n[1]);
        for (size_t j = 0; j < n[0]; j++) {
            assert_int_equal(first[j].id, other[j].id);
            assert_int_equal(first[j].requested, other[j].requested);
            assert_int_equal(first[j].born, other[j].born);
            assert_string_equal(first[j].tag, other[j].tag);
        }
        free(other);
    }
    free(first);
    return n[0];
}

static void test_trace(void **state)
{
    static const struct pv_engine_options heaps[N_SIDES] = {
        {0}, {0}, {.high = true}, {.page_bytes = 24}, {.page_bytes = 4096, .high = true}};
    struct pv_timeline *timelines[N_SIDES];
    struct pv_reader *reader;
    struct pv_trace_event event;
    for (size_t i = 0; i < N_SIDES; i++) {
        struct pv_timeline_options options = {
            .engine = pv_engine_find(i ? "buddy" : "first-fit", NULL),
            .heap = heaps[i],
            .keep_log = true};
        assert_int_equal(pv_timeline_open(&timelines[i], &options), 0);
    }
    assert_int_equal(pv_reader_open(&reader, *state, NULL), 0);
    uint64_t n_events = 0, n_compared = 0;
    while (n_events < most && pv_reader_next(reader, &event) == 0) {
        for (size_t i = 0; i < N_SIDES; i++) {
            assert_int_equal(pv_timeline_apply(timelines[i], &event), 0);
            struct pv_moment now = pv_timeline_stats(timelines[i])->now;
            struct pv_moment first = pv_timeline_stats(timelines[0])->now;
            assert_int_equal(now.live_bytes, first.live_bytes);
            assert_int_equal(now.live_blocks, first.live_blocks);
            assert_int_equal(now.held_bytes,
                             i ? now.block_bytes + now.free_bytes : now.held_bytes);
        }
        n_compared += ++n_events % STEP ? 0 : compare(timelines);
    }
    n_compared += compare(timelines);
    for (size_t i = 0; i < N_SIDES; i++) {
        assert_int_equal(pv_timeline_stats(timelines[i])->n_failed, 0);
        pv_timeline_close(timelines[i]);
    }
    pv_reader_close(reader);
    print_message("%s: %llu events, %llu blocks compared\n", (const char *)*state,
                  (unsigned long long)n_events, (unsigned long long)n_compared);
}

int main(int argc, char **argv)
{
    enum { TRACES_MAX = 16 };
    struct CMUnitTest tests[TRACES_MAX];
    size_t n = 0;
    most = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    for (; n + 2 < (size_t)argc && n < TRACES_MAX; n++) {
        tests[n] = (struct CMUnitTest){
            .name = argv[n + 2], .test_func = test_trace, .initial_state = argv[n + 2]};
    }
    return _cmocka_run_group_tests("same live", tests, n, NULL, NULL);
}
