/* SPDX-License-Identifier: MIT
 *
 * contend.c - for each contender fork, run the calls in the child, and send the figures back
 * through a pipe. The table of blocks is fetched ahead, so that its misses are nobody's.
 */
#include "tests/bench/contend.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/buddy.h"
#include "core/pages.h"
#include "replay/engine.h"
#include "tests/judge/naive.h"

enum {
    FIRST_PAGES = 16,
    REGION_PAGES = 1 << 21,
    BUDDY_PAGE = 64,
    BUDDY_FIRST = 1 << 20,
    FETCHED_AHEAD = 16
};

void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

/* Where call i finds and leaves its pointer. The array of pointers is ours and no contender's:
 * what a later call needs of it is fetched ahead, so that it costs the same whatever the number
 * of blocks. */
static void **slot_of(const struct calls *calls, void **blocks, size_t i)
{
    size_t later = i + FETCHED_AHEAD < calls->n ? i + FETCHED_AHEAD : i;
    __builtin_prefetch(&blocks[calls->rows[later].block], 1);
    return &blocks[calls->rows[i].block];
}

/* ---- this heap ---- */

static void heap_call(struct pv_heap *heap, const struct call *call, void **block)
{
    switch (call->op) {
    case PV_OP_MALLOC:
        *block = pv_heap_malloc(heap, call->size, "bench");
        break;
    case PV_OP_ALIGNED:
        *block = pv_heap_alloc(heap, &(struct pv_request){.size = call->size,
                                                          .flags = PV_FLAG_ALIGNED,
                                                          .alignment = call->align});
        break;
    case PV_OP_REALLOC:
        *block = pv_heap_realloc(heap, *block, call->size);
        break;
    default:
        pv_heap_free(heap, *block);
    }
}

static void run_heap(const struct contender *contender, const struct calls *calls, size_t from,
                     void **blocks, bool watch, struct figures *ret_figures)
{
    static unsigned char map[REGION_PAGES];
    struct pv_heap heap;
    struct pv_region region;
    void *pages = mmap(NULL, (size_t)REGION_PAGES * PV_PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) {
        die("out of memory");
    }
    if (contender->large_pages) {
        madvise(pages, (size_t)REGION_PAGES * PV_PAGE_BYTES, MADV_HUGEPAGE);
    }
    pv_region_init(&region, pages, REGION_PAGES, map);
    struct pv_heap_config config = {.pages = pv_region_pages(&region),
                                    .first_pages = FIRST_PAGES,
                                    .fit = contender->fit,
                                    .ignore_payloads = true};
    if (!pv_heap_init(&heap, &config)) {
        die("out of memory");
    }
    for (size_t i = 0; i < from; i++) {
        heap_call(&heap, &calls->rows[i], slot_of(calls, blocks, i));
    }
    uint64_t visited = heap.n_visited;
    double start = now_ns();
    for (size_t i = from; i < calls->n; i++) {
        uint64_t before = heap.n_visited;
        heap_call(&heap, &calls->rows[i], slot_of(calls, blocks, i));
        if (watch && heap.n_visited - before > ret_figures->most_visited) {
            ret_figures->most_visited = heap.n_visited - before;
        }
    }
    ret_figures->ns = (now_ns() - start) / (double)(calls->n - from);
    ret_figures->visited = (double)(heap.n_visited - visited) / (double)(calls->n - from);
}

/* ---- the buddy ---- */

static void buddy_call(struct pv_buddy *buddy, const struct call *call, void **block)
{
    uint64_t size = call->size;
    switch (call->op) {
    case PV_OP_FREE:
        pv_buddy_free(buddy, *block, size);
        return;
    case PV_OP_REALLOC:
        *block = pv_buddy_realloc(buddy, *block, &size, PV_BUDDY_LOW);
        return;
    default:
        *block = pv_buddy_alloc(buddy, &size, PV_BUDDY_LOW);
    }
}

/* false: the chunk is too small for these calls. */
static bool run_buddy(const struct calls *calls, size_t from, uint64_t bytes, bool with_index,
                      void **blocks, struct figures *ret_figures)
{
    struct pv_buddy buddy;
    uint64_t index_bytes = pv_buddy_index_bytes(bytes / BUDDY_PAGE);
    unsigned char *memory = mmap(NULL, bytes + index_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        die("out of memory");
    }
    struct pv_buddy_config config = {.chunk = memory,
                                     .total_bytes = bytes,
                                     .page_bytes = BUDDY_PAGE,
                                     .index = with_index ? memory + bytes : NULL,
                                     .ignore_payloads = true};
    memset(blocks, 0, calls->n_blocks * sizeof *blocks);
    if (!pv_buddy_init(&buddy, &config)) {
        die("no buddy");
    }
    bool fits = true;
    double start = now_ns();
    uint64_t visited = 0;
    for (size_t i = 0; i < calls->n && fits; i++) {
        if (i == from) {
            start = now_ns();
            visited = buddy.n_visited;
        }
        void **block = slot_of(calls, blocks, i);
        buddy_call(&buddy, &calls->rows[i], block);
        fits = *block;
    }
    ret_figures->ns = (now_ns() - start) / (double)(calls->n - from);
    ret_figures->visited = (double)(buddy.n_visited - visited) / (double)(calls->n - from);
    munmap(memory, bytes + index_bytes);
    return fits;
}

/* In the smallest chunk of 2^n bytes that will do; found with the index. */
static void run_buddy_that_fits(const struct calls *calls, size_t from, bool with_index,
                                struct figures *ret_figures)
{
    void **blocks = calloc(calls->n_blocks + 1, sizeof *blocks);
    uint64_t bytes = BUDDY_FIRST;
    if (!blocks) {
        die("out of memory");
    }
    while (!run_buddy(calls, from, bytes, true, blocks, ret_figures)) {
        bytes *= 2;
    }
    if (!with_index) {
        run_buddy(calls, from, bytes, false, blocks, ret_figures);
    }
    free(blocks);
}

/* ---- the others ---- */

static void library_call(const struct contender *library, const struct call *call, void **block)
{
    switch (call->op) {
    case PV_OP_MALLOC:
        *block = library->malloc(call->size);
        break;
    case PV_OP_ALIGNED:
        *block = library->aligned(call->align,
                                  (call->size + call->align - 1) / call->align * call->align);
        break;
    case PV_OP_REALLOC:
        *block = library->realloc(*block, call->size);
        break;
    default:
        library->free(*block);
    }
}

static void run_library(const struct contender *library, const struct calls *calls, size_t from,
                        void **blocks, struct figures *ret_figures)
{
    for (size_t i = 0; i < from; i++) {
        library_call(library, &calls->rows[i], slot_of(calls, blocks, i));
    }
    double start = now_ns();
    for (size_t i = from; i < calls->n; i++) {
        library_call(library, &calls->rows[i], slot_of(calls, blocks, i));
    }
    ret_figures->ns = (now_ns() - start) / (double)(calls->n - from);
}

static void run_naive(const struct calls *calls, uint64_t *blocks, struct figures *ret_figures)
{
    struct naive naive = {.base = PV_TARGET_BASE, .space_pages = UINT64_C(1) << 28};
    naive_init(&naive, FIRST_PAGES);
    double start = now_ns();
    for (size_t i = 0; i < calls->n; i++) {
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
    ret_figures->ns = (now_ns() - start) / (double)calls->n;
}

static struct figures run(const struct contender *contender, const struct calls *calls,
                          size_t from, bool watch)
{
    struct figures figures = {0};
    void *blocks = calloc(calls->n_blocks + 1, sizeof(uint64_t));
    if (!blocks) {
        die("out of memory");
    }
    if (contender->sort == THIS_HEAP) {
        run_heap(contender, calls, from, blocks, watch, &figures);
    } else if (contender->sort == BUDDY || contender->sort == BUDDY_SEARCH) {
        run_buddy_that_fits(calls, from, contender->sort == BUDDY, &figures);
    } else if (contender->sort == NAIVE_LIST) {
        run_naive(calls, blocks, &figures);
    } else {
        run_library(contender, calls, from, blocks, &figures);
    }
    return figures;
}

struct figures contend(const struct contender *contender, const struct calls *calls,
                       size_t from, bool watch)
{
    int pipes[2];
    struct figures figures;
    if (pipe(pipes)) {
        die("no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        figures = run(contender, calls, from, watch);
        _exit(write(pipes[1], &figures, sizeof figures) != sizeof figures);
    }
    close(pipes[1]);
    if (child < 0 || read(pipes[0], &figures, sizeof figures) != sizeof figures) {
        die("a run failed");
    }
    close(pipes[0]);
    waitpid(child, NULL, 0);
    return figures;
}

bool contender_library(struct contender *contender, const char *name, const char *file,
                       const char *prefix)
{
    static const char *const functions[] = {"malloc", "free", "realloc", "aligned_alloc"};
    char symbol[64];
    void *found[4];
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; handle && i < 4; i++) {
        snprintf(symbol, sizeof symbol, "%s%s", prefix, functions[i]);
        found[i] = dlsym(handle, symbol);
        handle = found[i] ? handle : NULL;
    }
    if (!handle) {
        return false;
    }
    *contender = (struct contender){.name = name, .sort = LIBRARY};
    memcpy(&contender->malloc, &found[0], sizeof(void *));
    memcpy(&contender->free, &found[1], sizeof(void *));
    memcpy(&contender->realloc, &found[2], sizeof(void *));
    memcpy(&contender->aligned, &found[3], sizeof(void *));
    return true;
}
