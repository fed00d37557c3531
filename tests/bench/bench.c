/* SPDX-License-Identifier: MIT
 *
 * bench.c - what an operation costs, beside others, in one run.
 *
 * bench TRACE...: for each trace nanoseconds a call of this heap, of the C library's malloc, of
 * mimalloc and jemalloc when their libraries are there, and of the naive list on the first
 * calls; what share of a replay is spent on decoding, in the heap, and on counting; then, once,
 * what a call costs as the heap grows. Contenders take turns, ROUNDS times; medians are
 * printed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/own.h"
#include "replay/ids.h"
#include "replay/timeline.h"
#include "tests/bench/contend.h"
#include "tests/support/random.h"
#include "traces/reader.h"

enum { ROUNDS = 7, NAIVE_CALLS = 200000, SEARCH_CALLS = 20000, CONTENDERS_MAX = 8 };

/* ---- the trace as calls ---- */

static void add_call(struct calls *calls, struct call call)
{
    calls->rows = pv_own_room(calls->rows, calls->n, &calls->cap, sizeof *calls->rows);
    if (!calls->rows) {
        die("out of memory");
    }
    calls->rows[calls->n++] = call;
}

static void take_event(struct calls *calls, struct pv_ids *ids,
                       const struct pv_trace_event *event)
{
    uint32_t block = 0;
    bool live =
        event->id.kind != PV_ID_NULL && pv_ids_find(ids, &event->id, &block) == PV_ID_LIVE;
    struct call call = {
        .op = event->op, .size = pv_trace_event_bytes(event), .align = (uint32_t)event->align};
    if (event->op == PV_OP_FREE || (event->op == PV_OP_REALLOC && live)) {
        if (!live) {
            return;
        }
        call.block = block;
        if (event->op == PV_OP_FREE || !event->size) {
            call.op = PV_OP_FREE;
            pv_ids_drop(ids, &event->id);
        }
        add_call(calls, call);
    } else if (event->op != PV_OP_MARK) {
        call.op = call.op == PV_OP_ALIGNED ? PV_OP_ALIGNED : PV_OP_MALLOC;
        call.block = (uint32_t)calls->n_blocks++;
        add_call(calls, call);
        if (event->id.kind != PV_ID_NULL && pv_ids_put(ids, &event->id, call.block)) {
            die("out of memory");
        }
    }
}

static struct pv_reader *open_trace(const char *path)
{
    struct pv_reader *reader;
    if (pv_reader_open(&reader, path, NULL)) {
        die(pv_reader_place(reader)->text);
    }
    return reader;
}

/* What each free gives back. */
static void know_sizes(struct calls *calls)
{
    uint64_t *sizes = pv_own_calloc(calls->n_blocks + 1, sizeof *sizes);
    for (size_t i = 0; i < calls->n; i++) {
        struct call *call = &calls->rows[i];
        if (!sizes) {
            die("out of memory");
        }
        if (call->op == PV_OP_FREE) {
            call->size = sizes[call->block];
        } else if (call->op == PV_OP_ALIGNED) {
            call->size = (call->size + call->align - 1) / call->align * call->align;
        }
        sizes[call->block] = call->size;
    }
    pv_own_free(sizes);
}

static struct calls load(const char *path)
{
    struct calls calls = {0};
    struct pv_ids ids = {0};
    struct pv_trace_event event;
    struct pv_reader *reader = open_trace(path);
    while (pv_reader_next(reader, &event) == 0) {
        take_event(&calls, &ids, &event);
    }
    pv_reader_close(reader);
    pv_ids_fini(&ids);
    know_sizes(&calls);
    return calls;
}

/* ---- contenders on a trace ---- */

static const struct contender first_fit = {
    .name = "first fit", .sort = THIS_HEAP, .fit = PV_FIT_FIRST};
static const struct contender buddy = {.name = "buddy", .sort = BUDDY};
static const struct contender buddy_search = {.name = "buddy, search", .sort = BUDDY_SEARCH};
static const struct contender naive_list = {.name = "naive list", .sort = NAIVE_LIST};

static size_t find_contenders(struct contender *contenders)
{
    size_t n = 0;
    contenders[n++] = (struct contender){.name = "C library malloc",
                                         .sort = LIBRARY,
                                         .malloc = malloc,
                                         .free = free,
                                         .realloc = realloc,
                                         .aligned = aligned_alloc};
    contenders[n++] = first_fit;
    contenders[n++] = (struct contender){.name = "best fit", .fit = PV_FIT_BEST};
    contenders[n++] = (struct contender){.name = "recent fit", .fit = PV_FIT_RECENT};
    contenders[n++] = buddy;
    n += contender_library(&contenders[n], "mimalloc", "libmimalloc.so.2", "mi_");
    n += contender_library(&contenders[n], "jemalloc", "libjemalloc.so.2", "");
    return n;
}

static void bench_calls(const struct calls *calls)
{
    struct contender contenders[CONTENDERS_MAX];
    size_t n = find_contenders(contenders);
    double ns[CONTENDERS_MAX][ROUNDS], head_ns[ROUNDS];
    struct calls head = *calls;
    head.n = calls->n < NAIVE_CALLS ? calls->n : NAIVE_CALLS;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n; i++) {
            ns[i][round] = contend(&contenders[i], calls, 0, false).ns;
        }
        head_ns[round] = contend(&first_fit, &head, 0, false).ns;
    }
    double base = median(ns[0], ROUNDS);
    for (size_t i = 0; i < n; i++) {
        double m = i ? median(ns[i], ROUNDS) : base;
        printf("  %-18s %8.1f ns %6.2f x", contenders[i].name, m, m / base);
        if (contenders[i].sort == THIS_HEAP) {
            struct figures figures = contend(&contenders[i], calls, 0, true);
            printf("   tree nodes visited: %.1f a call, %llu at most", figures.visited,
                   (unsigned long long)figures.most_visited);
        }
        printf("\n");
    }
    head.n = calls->n < SEARCH_CALLS ? calls->n : SEARCH_CALLS;
    struct figures with = contend(&buddy, &head, 0, false);
    struct figures without = contend(&buddy_search, &head, 0, false);
    printf(
        "  first %zu calls: buddy without its index %.1f ns (%.0f nodes), with %.1f ns (%.1f): "
        "%.0f times\n",
        head.n, without.ns, without.visited, with.ns, with.visited, without.ns / with.ns);
    head.n = calls->n < NAIVE_CALLS ? calls->n : NAIVE_CALLS;
    double naive_ns = contend(&naive_list, &head, 0, false).ns;
    double head_median = median(head_ns, ROUNDS);
    printf("  first %zu calls: naive list %.1f ns, first fit %.1f ns: %.0f times\n", head.n,
           naive_ns, head_median, naive_ns / head_median);
}

/* ---- shares of a replay ---- */

/* Reads the whole trace; with a timeline, replays it too. */
static double run_replay(const char *path, struct pv_timeline *timeline)
{
    double start = now_ns();
    struct pv_trace_event event;
    struct pv_reader *reader = open_trace(path);
    while (pv_reader_next(reader, &event) == 0) {
        if (timeline && pv_timeline_apply(timeline, &event)) {
            die("cannot replay");
        }
    }
    pv_reader_close(reader);
    return now_ns() - start;
}

static void bench_shares(const char *path, const struct calls *calls)
{
    double decode[ROUNDS], total[ROUNDS], heap[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        struct pv_timeline_options options = {.engine = pv_engine_find("first-fit", NULL),
                                              .keep_log = true};
        struct pv_timeline *timeline;
        if (pv_timeline_open(&timeline, &options)) {
            die("out of memory");
        }
        decode[round] = run_replay(path, NULL);
        total[round] = run_replay(path, timeline);
        heap[round] = contend(&first_fit, calls, 0, false).ns * (double)calls->n;
        pv_timeline_close(timeline);
    }
    double all = median(total, ROUNDS), d = median(decode, ROUNDS), h = median(heap, ROUNDS);
    printf(
        "  a replay takes %.0f ns an event: decoding %.0f %%, heap %.0f %%, ids, counting and "
        "log %.0f %%\n",
        all / (double)calls->n, 100 * d / all, 100 * h / all, 100 * (all - d - h) / all);
}

/* ---- as the heap grows ---- */

/* n_live blocks, then a million calls that free one of them and put another in its place, sizes
 * of the same mix. */
static struct calls steady(size_t n_live)
{
    enum { TURNS = 500000 };
    struct calls calls = {.n_blocks = n_live};
    uint64_t state = 1;
    for (size_t i = 0; i < n_live; i++) {
        add_call(&calls, (struct call){.op = PV_OP_MALLOC,
                                       .block = (uint32_t)i,
                                       .size = 1 + random_next(&state) % 1000});
    }
    for (size_t i = 0; i < TURNS; i++) {
        uint32_t block = (uint32_t)(random_next(&state) % n_live);
        uint64_t size = 1 + random_next(&state) % 1000;
        add_call(&calls, (struct call){.op = PV_OP_FREE, .block = block});
        add_call(&calls, (struct call){.op = PV_OP_MALLOC, .block = block, .size = size});
    }
    know_sizes(&calls);
    return calls;
}

static const size_t growth_n_live[] = {1000, 10000, 100000, 1000000};

enum { SIZES = sizeof growth_n_live / sizeof *growth_n_live, GROWTH_ROUNDS = 5 };

/* In each round all sizes after another, as the machine's speed changes by the minute. */
static void bench_growth_of(const struct contender *contender, const struct calls calls[SIZES])
{
    double ns[SIZES][GROWTH_ROUNDS], ratio[GROWTH_ROUNDS];
    for (size_t round = 0; round < GROWTH_ROUNDS; round++) {
        for (size_t j = 0; j < SIZES; j++) {
            ns[j][round] = contend(contender, &calls[j], growth_n_live[j], false).ns;
        }
        ratio[round] = ns[SIZES - 1][round] / ns[0][round];
    }
    printf("  %-18s", contender->name);
    for (size_t j = 0; j < SIZES; j++) {
        struct figures figures = contend(contender, &calls[j], growth_n_live[j], true);
        printf(" %8zu: %5.0f (%.0f, %llu)", growth_n_live[j], median(ns[j], GROWTH_ROUNDS),
               figures.visited, (unsigned long long)figures.most_visited);
    }
    double middle = median(ratio, GROWTH_ROUNDS); /* sorts them */
    printf("  %.1f x (%.1f to %.1f)\n", middle, ratio[0], ratio[GROWTH_ROUNDS - 1]);
}

static void bench_growth(void)
{
    struct contender contenders[CONTENDERS_MAX];
    struct calls calls[SIZES];
    size_t n = find_contenders(contenders);
    contenders[n] = first_fit;
    contenders[n].name = "first fit, 2 MiB";
    contenders[n++].large_pages = true;
    for (size_t j = 0; j < SIZES; j++) {
        calls[j] = steady(growth_n_live[j]);
    }
    printf("as the heap grows: ns a call (tree nodes: each, at most) with so many live blocks; "
           "the most against the fewest, median of %d rounds (least to most)\n",
           GROWTH_ROUNDS);
    for (size_t i = 0; i < n; i++) {
        bench_growth_of(&contenders[i], calls);
        fflush(stdout);
    }
    for (size_t j = 0; j < SIZES; j++) {
        pv_own_free(calls[j].rows);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench TRACE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        struct calls calls = load(argv[i]);
        printf("%s: %zu calls, medians of %d rounds\n", argv[i], calls.n, ROUNDS);
        bench_calls(&calls);
        bench_shares(argv[i], &calls);
        fflush(stdout);
        pv_own_free(calls.rows);
    }
    bench_growth();
    return 0;
}
