/* SPDX-License-Identifier: MIT
 *
 * judge_random.c - the heap of core/ against the naive list: the same random calls, the same
 * answers, address for address; the whole catalog and the laws at every step at first and at
 * every thousandth later. Both fits, both growths, alignments, a limit, pages that are refused.
 *
 * judge_random [OPERATIONS [STEPS]]: of each of the configurations; the laws and the whole
 * catalog at each of the first STEPS. Prints what was compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/heap.h"
#include "core/pages.h"
#include "inspect/walk.h"
#include "tests/judge/naive.h"

enum {
    REGION_PAGES = 8192,
    SLOTS = 400,
    LATER = 1000,
};

static uint64_t n_ops = 250000, n_steps = 5000;

struct config {
    const char *name;
    bool best_fit, new_buckets;
    uint64_t limit_pages;
    unsigned refuse_one_in; /* page requests; 0: none is refused */
    uint64_t seed;
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Refuses the same page requests on both sides: each has a generator of its own. */
struct refuser {
    uint64_t state;
    unsigned one_in;
    struct pv_pages under;
};

static bool refuse(void *ctx)
{
    struct refuser *refuser = ctx;
    return refuser->one_in && random_next(&refuser->state) % refuser->one_in == 0;
}

static void *refusing_get(void *ctx, uint64_t n_pages)
{
    struct refuser *refuser = ctx;
    return refuse(refuser) ? NULL : refuser->under.get(refuser->under.ctx, n_pages);
}

static bool refusing_grow(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    struct refuser *refuser = ctx;
    return !refuse(refuser) && refuser->under.grow(refuser->under.ctx, start, n_pages, n_more);
}

static void refusing_put(void *ctx, void *start, uint64_t n_pages)
{
    struct refuser *refuser = ctx;
    refuser->under.put(refuser->under.ctx, start, n_pages);
}

static void compare_catalogs(const struct pv_heap *heap, const struct naive *naive)
{
    const struct pv_bucket *bucket = heap->first;
    for (const struct naive_bucket *nb = naive->buckets; nb; nb = nb->next) {
        assert_non_null(bucket);
        assert_int_equal((uintptr_t)bucket, nb->addr);
        assert_int_equal(bucket->size, nb->pages);
        uint64_t largest = 0;
        const struct pv_pebble *pebble = pv_pebble_at(bucket->first);
        for (const struct naive_pebble *np = nb->pebbles; np; np = np->next) {
            assert_non_null(pebble);
            assert_int_equal((uintptr_t)pebble, np->addr);
            assert_int_equal(pebble->size, np->size);
            assert_int_equal(pebble->lflags, np->used);
            largest = !np->used && np->size > largest ? np->size : largest;
            pebble = pv_pebble_at(pebble->next);
        }
        assert_null(pebble);
        assert_int_equal(bucket->largest, largest);
        bucket = pv_bucket_at(bucket->next);
    }
    assert_null(bucket);
}

static void check_laws(const struct pv_heap *heap, struct pv_bytes_memory *bytes,
                       struct pv_tags *tags)
{
    struct pv_walk walk = {.memory = pv_bytes_memory(bytes),
                           .layout = &pv_layout_fysos,
                           .root = (uintptr_t)heap->first};
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_walk(&walk, tags, &snapshot), 0);
    if (snapshot->n_findings) {
        fail_msg("law broken: %s", snapshot->findings[0].text);
    }
    assert_int_equal(snapshot->totals.n_free, heap->n_free);
    assert_int_equal(snapshot->totals.free_bytes, heap->free_bytes);
    pv_snapshot_close(snapshot);
}

static uint64_t random_size(uint64_t *state)
{
    uint64_t kind = random_next(state) % 100;
    uint64_t most = kind < 60 ? 256 : kind < 90 ? 3000 : kind < 99 ? 40000 : 400000;
    return random_next(state) % most;
}

/* One random call on both sides, with the same arguments; the answers must agree. */
static void one_call(struct pv_heap *heap, struct naive *naive, void **slots, uint64_t *state)
{
    void **slot = &slots[random_next(state) % SLOTS];
    uint64_t size = random_size(state);
    uint64_t choice = random_next(state) % 100;
    if (*slot && choice < 70) {
        assert_int_equal(pv_heap_free(heap, *slot), PV_FAULT_NONE);
        naive_free(naive, (uintptr_t)*slot);
        *slot = NULL;
    } else if (*slot || choice < 2) {
        void *to = pv_heap_realloc(heap, *slot, size);
        assert_int_equal((uintptr_t)to, naive_realloc(naive, (uintptr_t)*slot, size));
        *slot = to ? to : *slot;
    } else {
        struct pv_request request = {.size = size, .name = "judge"};
        if (choice >= 90) {
            request.flags = PV_FLAG_ALIGNED;
            request.alignment = 1u << (random_next(state) % 22);
        }
        *slot = pv_heap_alloc(heap, &request);
        assert_int_equal((uintptr_t)*slot,
                         naive_alloc(naive, size, request.flags, request.alignment));
    }
}

static void run(const struct config *config)
{
    size_t bytes_n = (size_t)REGION_PAGES * PV_PAGE_BYTES;
    unsigned char *start = aligned_alloc(1 << 20, bytes_n);
    unsigned char *map = malloc(REGION_PAGES);
    void *slots[SLOTS] = {0};
    struct pv_region region;
    assert_non_null(start);
    assert_non_null(map);
    pv_region_init(&region, start, REGION_PAGES, map);
    struct pv_bytes_memory bytes = {.bytes = start, .n = bytes_n, .base = (uintptr_t)start};
    struct pv_tags *tags;
    assert_int_equal(pv_tags_open(&tags), 0);

    struct refuser for_heap = {.state = config->seed + 1, .under = pv_region_pages(&region)};
    struct refuser for_naive = for_heap;
    struct pv_heap_config heap_config = {
        .pages = {.ctx = &for_heap,
                  .get = refusing_get,
                  .grow = refusing_grow,
                  .put = refusing_put},
        .first_pages = 16,
        .growth = config->new_buckets ? PV_GROWTH_NEW_BUCKET : PV_GROWTH_IN_PLACE,
        .best_fit = config->best_fit,
        .limit_pages = config->limit_pages,
    };
    struct pv_heap heap;
    assert_int_equal(pv_heap_init(&heap, &heap_config), 0);
    struct naive naive = {.best_fit = config->best_fit,
                          .new_buckets = config->new_buckets,
                          .limit_pages = config->limit_pages,
                          .base = (uintptr_t)start,
                          .space_pages = REGION_PAGES,
                          .refuse = refuse,
                          .refuse_ctx = &for_naive};
    naive_init(&naive, 16);
    for_heap.one_in = for_naive.one_in = config->refuse_one_in;

    uint64_t state = config->seed;
    for (uint64_t i = 0; i < n_ops; i++) {
        one_call(&heap, &naive, slots, &state);
        if (i < n_steps || i % LATER == 0) {
            compare_catalogs(&heap, &naive);
            check_laws(&heap, &bytes, tags);
        }
    }
    print_message("%-34s %llu operations, %llu tree nodes visited an operation\n", config->name,
                  (unsigned long long)n_ops, (unsigned long long)(heap.n_visited / n_ops));
    pv_heap_fini(&heap);
    naive_fini(&naive);
    pv_tags_close(tags);
    free(map);
    free(start);
}

static const struct config configs[] = {
    {"first fit, in place", false, false, 0, 0, 11},
    {"first fit, new buckets", false, true, 0, 0, 22},
    {"best fit, in place", true, false, 0, 0, 33},
    {"best fit, new buckets", true, true, 0, 0, 44},
    {"first fit, in place, limit", false, false, 100, 0, 55},
    {"best fit, new buckets, limit", true, true, 100, 0, 66},
    {"first fit, in place, refusals", false, false, 0, 3, 77},
    {"best fit, in place, refusals", true, false, 200, 2, 88},
};

static void test_config(void **state)
{
    run(*state);
}

int main(int argc, char **argv)
{
    enum { N = sizeof(configs) / sizeof(*configs) };
    struct CMUnitTest tests[N];
    n_ops = argc > 1 ? strtoull(argv[1], NULL, 10) : n_ops;
    n_steps = argc > 2 ? strtoull(argv[2], NULL, 10) : n_steps;
    for (size_t i = 0; i < N; i++) {
        tests[i] = (struct CMUnitTest){.name = configs[i].name,
                                       .test_func = test_config,
                                       .initial_state = (void *)(uintptr_t)&configs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
