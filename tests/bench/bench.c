/* SPDX-License-Identifier: MIT
 *
 * bench.c - what an operation costs, beside others, in one run.
 *
 * bench TRACE...: for each trace nanoseconds an operation of this heap (first fit, best fit),
 * of the naive list (on its first events), of the C library's malloc, and of mimalloc and
 * jemalloc when their libraries are there; then what share of a replay is spent on decoding, in
 * the heap, and on counting. The contenders take turns, ROUNDS times; medians are printed.
 * Payloads are touched by nobody: calloc counts as malloc.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/heap.h"
#include "core/own.h"
#include "replay/ids.h"
#include "replay/space.h"
#include "replay/timeline.h"
#include "tests/judge/naive.h"
#include "traces/reader.h"

enum { ROUNDS = 7, NAIVE_EVENTS = 200000, FIRST_PAGES = 16 };

/* A call with its block's number in an array of pointers. */
struct call {
    enum pv_op op;
    uint32_t block, align;
    uint64_t size;
};

struct calls {
    struct call *rows;
    size_t n, cap, n_blocks;
};

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- the trace as calls ---- */

static void add_call(struct calls *calls, struct call call)
{
    calls->rows = pv_own_room(calls->rows, calls->n, &calls->cap, sizeof(*calls->rows));
    if (!calls->rows) {
        die("out of memory");
    }
    calls->rows[calls->n++] = call;
}

static void take_event(struct calls *calls, struct pv_ids *ids,
                       const struct pv_trace_event *event)
{
    struct pv_id_entry *entry =
        event->id.kind == PV_ID_NULL ? NULL : pv_ids_find(ids, &event->id);
    bool live = entry && entry->state == PV_ID_LIVE;
    struct call call = {
        .op = event->op, .size = pv_trace_event_bytes(event), .align = (uint32_t)event->align};
    if (event->op == PV_OP_FREE || (event->op == PV_OP_REALLOC && live)) {
        if (!live) {
            return;
        }
        call.block = entry->block;
        if (event->op == PV_OP_FREE || !event->size) {
            call.op = PV_OP_FREE;
            pv_ids_drop(ids, entry);
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
    return calls;
}

/* ---- contenders ---- */

/* A malloc as four functions. */
struct library {
    const char *name;
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*realloc)(void *, size_t);
    void *(*aligned)(size_t, size_t);
};

static double run_library(const struct library *library, const struct calls *calls,
                          void **blocks)
{
    double start = now_ns();
    for (size_t i = 0; i < calls->n; i++) {
        const struct call *call = &calls->rows[i];
        void **block = &blocks[call->block];
        switch (call->op) {
        case PV_OP_MALLOC:
            *block = library->malloc(call->size);
            break;
        case PV_OP_ALIGNED:
            *block = library->aligned(call->align, (call->size + call->align - 1) /
                                                       call->align * call->align);
            break;
        case PV_OP_REALLOC:
            *block = library->realloc(*block, call->size);
            break;
        default:
            library->free(*block);
            *block = NULL;
        }
    }
    double spent = now_ns() - start;
    for (size_t i = 0; i < calls->n_blocks; i++) {
        library->free(blocks[i]);
        blocks[i] = NULL;
    }
    return spent;
}

static double run_heap(enum pv_fit fit, const struct calls *calls, void **blocks,
                       double *ret_visited)
{
    struct pv_space *space;
    struct pv_heap heap;
    if (pv_space_open(&space)) {
        die("out of memory");
    }
    struct pv_heap_config config = {.pages = pv_space_pages(space),
                                    .first_pages = FIRST_PAGES,
                                    .fit = fit,
                                    .ignore_payloads = true};
    if (!pv_heap_init(&heap, &config)) {
        die("out of memory");
    }
    double start = now_ns();
    for (size_t i = 0; i < calls->n; i++) {
        const struct call *call = &calls->rows[i];
        void **block = &blocks[call->block];
        switch (call->op) {
        case PV_OP_MALLOC:
            *block = pv_heap_malloc(&heap, call->size, "bench");
            break;
        case PV_OP_ALIGNED:
            *block = pv_heap_alloc(&heap, &(struct pv_request){.size = call->size,
                                                               .flags = PV_FLAG_ALIGNED,
                                                               .alignment = call->align});
            break;
        case PV_OP_REALLOC:
            *block = pv_heap_realloc(&heap, *block, call->size);
            break;
        default:
            pv_heap_free(&heap, *block);
        }
    }
    double spent = now_ns() - start;
    *ret_visited = (double)heap.n_visited / (double)calls->n;
    pv_heap_fini(&heap);
    pv_space_close(space);
    return spent;
}

static double run_naive(const struct calls *calls, uint64_t *blocks)
{
    struct naive naive = {.base = PV_TARGET_BASE, .space_pages = UINT64_C(1) << 28};
    naive_init(&naive, FIRST_PAGES);
    size_t n = calls->n < NAIVE_EVENTS ? calls->n : NAIVE_EVENTS;
    double start = now_ns();
    for (size_t i = 0; i < n; i++) {
        const struct call *call = &calls->rows[i];
        uint64_t *block = &blocks[call->block];
        if (call->op == PV_OP_FREE) {
            naive_free(&naive, *block);
        } else if (call->op == PV_OP_REALLOC) {
            *block = naive_realloc(&naive, *block, call->size);
        } else {
            *block = naive_alloc(&naive, call->size,
                                 call->op == PV_OP_ALIGNED ? PV_FLAG_ALIGNED : 0, call->align);
        }
    }
    double spent = now_ns() - start;
    naive_fini(&naive);
    return spent / (double)n;
}

/* ---- figures ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), by_value);
    return values[n / 2];
}

static bool load_library(struct library *library, const char *name, const char *file,
                         const char *prefix)
{
    char symbol[64];
    static const char *const functions[] = {"malloc", "free", "realloc", "aligned_alloc"};
    void *found[4];
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; handle && i < 4; i++) {
        snprintf(symbol, sizeof(symbol), "%s%s", prefix, functions[i]);
        found[i] = dlsym(handle, symbol);
        handle = found[i] ? handle : NULL;
    }
    if (!handle) {
        return false;
    }
    library->name = name;
    memcpy(&library->malloc, &found[0], sizeof(void *));
    memcpy(&library->free, &found[1], sizeof(void *));
    memcpy(&library->realloc, &found[2], sizeof(void *));
    memcpy(&library->aligned, &found[3], sizeof(void *));
    return true;
}

static void print_row(const char *name, double ns, double base)
{
    printf("  %-24s %9.1f ns   %7.2f x\n", name, ns, ns / base);
}

static void bench_operations(const struct calls *calls, const struct calls *head)
{
    struct library libraries[3] = {{"C library malloc", malloc, free, realloc, aligned_alloc}};
    size_t n_libraries = 1;
    n_libraries += load_library(&libraries[n_libraries], "mimalloc", "libmimalloc.so.2", "mi_");
    n_libraries += load_library(&libraries[n_libraries], "jemalloc", "libjemalloc.so.2", "");
    void **blocks = calloc(calls->n_blocks + 1, sizeof(void *));
    uint64_t *addrs = calloc(calls->n_blocks + 1, sizeof(*addrs));
    if (!blocks || !addrs) {
        die("out of memory");
    }
    double library_ns[3][ROUNDS], fit_ns[2][ROUNDS], head_ns[ROUNDS];
    double visited[2], unused, naive_ns = run_naive(head, addrs);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n_libraries; i++) {
            library_ns[i][round] = run_library(&libraries[i], calls, blocks) / (double)calls->n;
        }
        for (int best = 0; best < 2; best++) {
            fit_ns[best][round] =
                run_heap(best, calls, blocks, &visited[best]) / (double)calls->n;
            memset(blocks, 0, calls->n_blocks * sizeof(*blocks));
        }
        head_ns[round] = run_heap(false, head, blocks, &unused) / (double)head->n;
        memset(blocks, 0, calls->n_blocks * sizeof(*blocks));
    }
    double base = median(library_ns[0], ROUNDS);
    print_row("first fit", median(fit_ns[0], ROUNDS), base);
    print_row("best fit", median(fit_ns[1], ROUNDS), base);
    for (size_t i = 0; i < n_libraries; i++) {
        print_row(libraries[i].name, median(library_ns[i], ROUNDS), base);
    }
    double head_median = median(head_ns, ROUNDS);
    printf("  first %zu calls: naive list %.1f ns, first fit %.1f ns: %.1f x\n", head->n,
           naive_ns, head_median, naive_ns / head_median);
    printf("  tree nodes visited a call: first fit %.1f, best fit %.1f\n", visited[0],
           visited[1]);
    free(blocks);
    free(addrs);
}

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
    double decode[ROUNDS], total[ROUNDS], heap[ROUNDS], visited;
    void **blocks = calloc(calls->n_blocks + 1, sizeof(void *));
    if (!blocks) {
        die("out of memory");
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        struct pv_timeline_options options = {.engine = pv_engine_find("first-fit", NULL),
                                              .keep_log = true};
        struct pv_timeline *timeline;
        if (pv_timeline_open(&timeline, &options)) {
            die("out of memory");
        }
        decode[round] = run_replay(path, NULL);
        total[round] = run_replay(path, timeline);
        heap[round] = run_heap(false, calls, blocks, &visited);
        memset(blocks, 0, calls->n_blocks * sizeof(*blocks));
        pv_timeline_close(timeline);
    }
    double all = median(total, ROUNDS);
    double d = median(decode, ROUNDS), h = median(heap, ROUNDS);
    printf(
        "  a replay takes %.0f ns an event: decoding %.0f %%, heap %.0f %%, ids, counting and "
        "log %.0f %%\n",
        all / (double)calls->n, 100 * d / all, 100 * h / all, 100 * (all - d - h) / all);
    free(blocks);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench TRACE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        struct calls calls = load(argv[i]);
        struct calls head = calls;
        head.n = calls.n < NAIVE_EVENTS ? calls.n : NAIVE_EVENTS;
        printf("%s: %zu calls, medians of %d rounds\n", argv[i], calls.n, ROUNDS);
        bench_operations(&calls, &head);
        bench_shares(argv[i], &calls);
        pv_own_free(calls.rows);
    }
    return 0;
}
