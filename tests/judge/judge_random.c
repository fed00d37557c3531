/* SPDX-License-Identifier: MIT
 *
 * judge_random.c - the heap of core/ against the naive list: the same random calls, the same
 * answers, address for address; the whole catalog and the laws at every step at first and at
 * every thousandth later. All fits, mixed in one heap too, both growths, alignments, kinds on a machine with little
 * memory and a hole in it, limits, pages that are refused.
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
#include "replay/engine.h"
#include "replay/space.h"
#include "tests/judge/naive.h"
#include "tests/support/random.h"

enum {
    MACHINE_MIB = 24,
    SLOTS = 400,
    LATER = 1000,
    CHANGE_ONE_IN = 100,
};

static uint64_t n_ops = 250000, n_steps = 5000;

struct config {
    const char *name;
    enum pv_fit fit;
    bool new_buckets, machine;
    uint64_t limit_pages;
    unsigned refuse_one_in; /* page requests; 0: none is refused */
    uint64_t seed;
    bool mixed, changes; /* a method for each bucket; methods and limit change now and then */
};

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

static void *refusing_get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct refuser *refuser = ctx;
    return refuse(refuser) ? NULL : refuser->under.get(refuser->under.ctx, n_pages, flags);
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
        assert_int_equal((uintptr_t)bucket + heap->config.bias, nb->addr);
        assert_int_equal(bucket->first + heap->config.bias, nb->first->addr);
        assert_int_equal(bucket->lflags, nb->best ? PV_BUCKET_BEST_FIT : 0);
        assert_int_equal(bucket->size, nb->pages);
        uint64_t largest = 0;
        const struct pv_pebble *pebble = pv_pebble_at(bucket->first);
        while (pebble->prev) {
            pebble = pv_pebble_at(pebble->prev);
        }
        for (const struct naive_pebble *np = nb->pebbles; np; np = np->next) {
            assert_non_null(pebble);
            assert_int_equal((uintptr_t)pebble + heap->config.bias, np->addr);
            assert_int_equal(pebble->sflags & PV_KIND, nb->kind);
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

static void check_laws(const struct pv_heap *heap, struct pv_space *space, struct pv_tags *tags)
{
    struct pv_walk walk = {.memory = pv_space_memory(space),
                           .layout = &pv_layout_fysos,
                           .root = (uintptr_t)heap->first + heap->config.bias,
                           .bias = heap->config.bias};
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

/* Flags of every sort; some contradict each other, some a small machine cannot serve. */
static uint32_t random_flags(uint64_t *state)
{
    static const uint32_t sorts[] = {0,
                                     PV_FLAG_VIRTUAL,
                                     PV_FLAG_PHYSICAL,
                                     PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG,
                                     PV_FLAG_PHYSICAL | PV_FLAG_LOW16MEG,
                                     PV_FLAG_LOW16MEG,
                                     PV_FLAG_HARDWARE32,
                                     PV_FLAG_HARDWARE64,
                                     PV_FLAG_PERSISTENT,
                                     PV_FLAG_PHYSICAL | PV_FLAG_PERSISTENT,
                                     PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL};
    return sorts[random_next(state) % (sizeof sorts / sizeof *sorts)];
}

static uint64_t target(const struct pv_heap *heap, const void *ptr)
{
    return ptr ? (uintptr_t)ptr + heap->config.bias : 0;
}

/* A method for each bucket; every second or so is searched by best fit. */
static enum naive_fit naive_mixed(uint64_t n_pages, uint32_t flags)
{
    return (n_pages + (flags & PV_FLAG_PHYSICAL ? 1 : 0)) % 2 ? NAIVE_BEST : NAIVE_FIRST;
}

static enum pv_fit mixed(void *ctx, uint64_t n_pages, uint32_t flags)
{
    (void)ctx;
    return naive_mixed(n_pages, flags) == NAIVE_BEST ? PV_FIT_BEST : PV_FIT_FIRST;
}

static enum naive_fit naive_of(enum pv_fit fit)
{
    return fit == PV_FIT_BEST ? NAIVE_BEST : fit == PV_FIT_RECENT ? NAIVE_RECENT : NAIVE_FIRST;
}

/* The method of a block's bucket, or of all, and the limit, become others. */
static void one_change(struct pv_heap *heap, struct naive *naive, const void *at,
                       uint64_t *state)
{
    static const enum pv_fit fits[] = {PV_FIT_FIRST, PV_FIT_BEST, PV_FIT_RECENT};
    enum pv_fit fit = fits[random_next(state) % 3];
    bool is_of_all = random_next(state) % 50 == 0;
    if (is_of_all) {
        at = NULL;
    }
    if ((at || is_of_all) && pv_heap_set_fit(heap, at, fit)) {
        naive_set_fit(naive, target(heap, at), naive_of(fit));
    }
    naive->limit_pages = 80 + random_next(state) % 80;
    pv_heap_set_limit(heap, naive->limit_pages);
}

/* One random call on both sides, with the same arguments; the answers must agree. */
static void one_call(const struct config *config, struct pv_heap *heap, struct naive *naive,
                     void **slots, uint64_t *state)
{
    void **slot = &slots[random_next(state) % SLOTS];
    uint64_t size = random_size(state);
    uint64_t choice = random_next(state) % 100;
    if (*slot && choice < 70) {
        naive_free(naive, target(heap, *slot));
        assert_int_equal(pv_heap_free(heap, *slot), PV_FAULT_NONE);
        *slot = NULL;
    } else if (*slot || choice < 2) {
        uint64_t wanted = naive_realloc(naive, target(heap, *slot), size);
        void *to = pv_heap_realloc(heap, *slot, size);
        assert_int_equal(target(heap, to), wanted);
        *slot = to ? to : *slot;
    } else {
        struct pv_request request = {.size = size, .name = "judge"};
        request.flags = config->machine ? random_flags(state) : 0;
        request.flags |= choice >= 90 ? PV_FLAG_ALIGNED : 0;
        request.alignment = 1u << (random_next(state) % 22);
        *slot = pv_heap_alloc(heap, &request);
        assert_int_equal(target(heap, *slot),
                         naive_alloc(naive, size, request.flags, request.alignment));
    }
}

static void run(const struct config *config)
{
    void *slots[SLOTS] = {0};
    struct pv_machine machine;
    struct pv_space *space;
    struct pv_tags *tags;
    assert_int_equal(pv_machine_pc(&machine, MACHINE_MIB << 20), 0);
    assert_int_equal(pv_space_open(&space, config->machine ? &machine : NULL), 0);
    assert_int_equal(pv_tags_open(&tags), 0);

    struct refuser for_heap = {.state = config->seed + 1, .under = pv_space_pages(space)};
    struct refuser for_naive = for_heap;
    struct pv_heap_config heap_config = {
        .pages = {.ctx = &for_heap,
                  .get = refusing_get,
                  .grow = refusing_grow,
                  .put = refusing_put},
        .first_pages = 16,
        .growth = config->new_buckets ? PV_GROWTH_NEW_BUCKET : PV_GROWTH_IN_PLACE,
        .fit = config->fit,
        .fit_of = config->mixed ? mixed : NULL,
        .limit_pages = config->limit_pages,
        .bias = pv_space_bias(space),
    };
    struct pv_heap heap;
    assert_true(pv_heap_init(&heap, &heap_config));
    struct naive naive = {
        .fit = naive_of(config->fit),
        .fit_of = config->mixed ? naive_mixed : NULL,
        .new_buckets = config->new_buckets,
        .limit_pages = config->limit_pages,
        .base = config->machine ? 0 : PV_TARGET_BASE,
        .space_pages = config->machine ? MACHINE_MIB << 8 : UINT64_C(1) << 28,
        .physical = config->machine,
        .hole_from = 640 << 10,
        .hole_to = 1 << 20,
        .refuse = refuse,
        .refuse_ctx = &for_naive,
    };
    naive_init(&naive, 16);
    for_heap.one_in = for_naive.one_in = config->refuse_one_in;

    uint64_t state = config->seed, most_visited = 0;
    for (uint64_t i = 0; i < n_ops; i++) {
        uint64_t visited = heap.n_visited;
        one_call(config, &heap, &naive, slots, &state);
        visited = heap.n_visited - visited;
        if (config->changes && random_next(&state) % CHANGE_ONE_IN == 0) {
            one_change(&heap, &naive, slots[random_next(&state) % SLOTS], &state);
        }
        most_visited = visited > most_visited ? visited : most_visited;
        if (i < n_steps || i % LATER == 0) {
            compare_catalogs(&heap, &naive);
            check_laws(&heap, space, tags);
        }
    }
    print_message("%-32s %llu operations; tree nodes visited: %.1f each, %llu at most\n",
                  config->name, (unsigned long long)n_ops,
                  (double)heap.n_visited / (double)n_ops, (unsigned long long)most_visited);
    pv_heap_fini(&heap);
    naive_fini(&naive);
    pv_tags_close(tags);
    pv_space_close(space);
}

static const struct config configs[] = {
    {"first fit, in place", PV_FIT_FIRST, false, false, 0, 0, 11, false, false},
    {"first fit, new buckets", PV_FIT_FIRST, true, false, 0, 0, 22, false, false},
    {"best fit, in place", PV_FIT_BEST, false, false, 0, 0, 33, false, false},
    {"best fit, new buckets", PV_FIT_BEST, true, false, 0, 0, 44, false, false},
    {"recent fit, in place", PV_FIT_RECENT, false, false, 0, 0, 55, false, false},
    {"recent fit, new buckets", PV_FIT_RECENT, true, false, 0, 0, 66, false, false},
    {"first fit, in place, machine", PV_FIT_FIRST, false, true, 0, 0, 77, false, false},
    {"best fit, new buckets, machine", PV_FIT_BEST, true, true, 0, 0, 88, false, false},
    {"recent fit, in place, machine", PV_FIT_RECENT, false, true, 900, 5, 99, false, false},
    {"first fit, in place, limit", PV_FIT_FIRST, false, false, 100, 0, 110, false, false},
    {"best fit, in place, refusals", PV_FIT_BEST, false, false, 200, 2, 121, false, false},
    {"recent fit, new buckets, limit", PV_FIT_RECENT, true, false, 100, 4, 132, false, false},
    {"first and best, new buckets", PV_FIT_FIRST, true, false, 0, 0, 143, true, false},
    {"recent and best, machine", PV_FIT_RECENT, true, true, 0, 0, 154, true, false},
    {"methods and limits that change", PV_FIT_FIRST, true, true, 100, 0, 165, true, true},
};

/* The n-th page request fails, and in a second run all after it, for n = 1, 2, 3 … until a run
 * asks for fewer: the heap keeps its laws after every call, and serves again afterwards. */
static uint64_t run_failing(uint64_t fail_at, bool sticky, enum pv_fit fit,
                            enum pv_growth growth)
{
    enum { CALLS = 300 };
    struct pv_space *space;
    struct pv_tags *tags;
    assert_int_equal(pv_space_open(&space, NULL), 0);
    assert_int_equal(pv_tags_open(&tags), 0);
    struct pv_failing failing = {
        .under = pv_space_pages(space), .fail_at = fail_at, .sticky = sticky};
    struct pv_heap_config config = {.pages = pv_failing_pages(&failing),
                                    .first_pages = 16,
                                    .fit = fit,
                                    .growth = growth,
                                    .bias = pv_space_bias(space)};
    struct pv_heap heap;
    void *slots[SLOTS] = {0};
    uint64_t state = 7;
    bool began = pv_heap_init(&heap, &config);
    assert_int_equal(began, fail_at != 1);
    for (size_t i = 0; began && i < CALLS; i++) {
        void **slot = &slots[random_next(&state) % SLOTS];
        uint64_t size = random_size(&state);
        if (*slot && random_next(&state) % 3) {
            assert_int_equal(pv_heap_free(&heap, *slot), PV_FAULT_NONE);
            *slot = NULL;
        } else {
            void *to = pv_heap_realloc(&heap, *slot, size);
            *slot = to ? to : *slot;
        }
        check_laws(&heap, space, tags);
    }
    if (began) {
        assert_non_null(pv_heap_malloc(&heap, 64, "again"));
    }
    pv_heap_fini(&heap);
    pv_tags_close(tags);
    pv_space_close(space);
    return failing.n_calls;
}

static void test_page_requests(void **state)
{
    (void)state;
    uint64_t n_runs = 0;
    for (int growth = PV_GROWTH_IN_PLACE; growth <= PV_GROWTH_NEW_BUCKET; growth++) {
        for (int fit = PV_FIT_FIRST; fit <= PV_FIT_RECENT; fit++) {
            for (int sticky = 0; sticky < 2; sticky++) {
                uint64_t n = 1;
                while (run_failing(n, sticky, fit, growth) >= n) {
                    n++;
                }
                n_runs += n;
                assert_true(n > 5 || sticky);
            }
        }
    }
    print_message("%llu runs in which a page request failed\n", (unsigned long long)n_runs);
}

static void test_config(void **state)
{
    run(*state);
}

int main(int argc, char **argv)
{
    enum { N = sizeof configs / sizeof *configs };
    struct CMUnitTest tests[N + 1];
    n_ops = argc > 1 ? strtoull(argv[1], NULL, 10) : n_ops;
    n_steps = argc > 2 ? strtoull(argv[2], NULL, 10) : n_steps;
    for (size_t i = 0; i < N; i++) {
        tests[i] = (struct CMUnitTest){.name = configs[i].name,
                                       .test_func = test_config,
                                       .initial_state = (void *)(uintptr_t)&configs[i]};
    }
    tests[N] = (struct CMUnitTest)cmocka_unit_test(test_page_requests);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
