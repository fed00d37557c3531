/* SPDX-License-Identifier: MIT
 *
 * refusals.c - a request is refused only if there is no place for it. Random requests of all
 * kinds and alignments in tight heaps, in a region with holes, with limits in the middle of it;
 * whenever the heap says no, all lawful placements are searched: every free pebble, every
 * bucket with the pages behind it, every run of pages that the provider would give, and for a
 * block that is resized its own place and its neighbours'. What is given is looked at too: its
 * place, its bytes, the laws; and what pv_heap_largest_of promises is asked for.
 *
 * refusals [REQUESTS [SEED]]. Prints how many were refused.
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
#include "tests/support/random.h"

enum {
    HEADER = sizeof(struct pv_pebble),
    BUCKET_HEADER = sizeof(struct pv_bucket),
    PAGE = PV_PAGE_BYTES,
    PAD_LEAST = HEADER + PV_UNIT_BYTES,
    PAGES_MOST = 700,
    SLOTS = 60,
    LOOK_EVERY = 64,
};

static uint64_t n_requests_wanted = 400000, seed = 1;

struct block {
    unsigned char *at;
    uint64_t size;
    uint32_t flags, alignment;
    unsigned char mark;
};

/* A tight heap, and what is known of it. */
struct arena {
    unsigned char *memory; /* of PAGES_MOST pages, on 1 MiB */
    unsigned char map[PAGES_MOST];
    struct pv_region region;
    bool denies; /* no pages at all now */
    struct pv_heap heap;
    struct block blocks[SLOTS];
    struct pv_tags *tags;
    uint64_t state, n_requests, n_refused, n_slid, n_promises;
};

/* ---- the provider: a region that can be told to deny ---- */

static struct pv_pages under(struct arena *arena)
{
    return pv_region_pages(&arena->region);
}

static void *get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct arena *arena = ctx;
    return arena->denies ? NULL : under(arena).get(&arena->region, n_pages, flags);
}

static void *get_aligned(void *ctx, uint64_t n_pages, uint32_t flags, uint64_t alignment)
{
    struct arena *arena = ctx;
    return arena->denies ? NULL
                         : under(arena).get_aligned(&arena->region, n_pages, flags, alignment);
}

static bool grow(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    struct arena *arena = ctx;
    return !arena->denies && under(arena).grow(&arena->region, start, n_pages, n_more);
}

static void shrink(void *ctx, void *start, uint64_t n_pages, uint64_t n_less)
{
    struct arena *arena = ctx;
    under(arena).shrink(&arena->region, start, n_pages, n_less);
}

static void put(void *ctx, void *start, uint64_t n_pages)
{
    struct arena *arena = ctx;
    under(arena).put(&arena->region, start, n_pages);
}

/* ---- the search ---- */

struct wish {
    uint64_t size, alignment, below; /* size rounded up; alignment 1: none */
    uint32_t kind;
};

static struct wish wish_of(uint64_t size, uint32_t flags, uint32_t alignment)
{
    struct wish wish = {.size = (size + !size + 63) / 64 * 64,
                        .alignment = 1,
                        .below = pv_flags_limit(flags),
                        .kind = flags & (PV_FLAG_PHYSICAL | PV_FLAG_PERSISTENT)};
    if (flags & PV_FLAG_ALIGNED) {
        for (wish.alignment = 64; wish.alignment < alignment; wish.alignment *= 2) {
        }
    }
    return wish;
}

static bool is_low(const struct arena *arena, uint64_t end, uint64_t below)
{
    return !below || end + arena->heap.config.bias <= below;
}

/* Whether it can lie between two addresses, with a pad of `pad` bytes at least in front if it
 * does not begin at the first of them. */
static bool can_lie(const struct arena *arena, const struct wish *wish, uint64_t from,
                    uint64_t to, uint64_t pad)
{
    uint64_t at = from;
    while (at % wish->alignment || (at > from && at - from < pad)) {
        at += at % wish->alignment ? wish->alignment - at % wish->alignment : wish->alignment;
    }
    return at + wish->size <= to && is_low(arena, at + wish->size, wish->below);
}

static uint32_t kind_of(const struct pv_bucket *bucket)
{
    return pv_pebble_at(bucket->first)->sflags & (PV_FLAG_PHYSICAL | PV_FLAG_PERSISTENT);
}

static bool is_free(const struct pv_pebble *pebble)
{
    return pebble && !(pebble->lflags & PV_PEBBLE_USED);
}

static uint64_t payload_of(const struct pv_pebble *pebble)
{
    return (uintptr_t)(pebble + 1);
}

static uint64_t end_of(const struct pv_pebble *pebble)
{
    return payload_of(pebble) + pebble->size;
}

static uint64_t bucket_end(const struct pv_bucket *bucket)
{
    return (uintptr_t)bucket + bucket->size * PAGE;
}

static const struct pv_pebble *head_of(const struct pv_bucket *bucket)
{
    const struct pv_pebble *pebble = pv_pebble_at(bucket->first);
    while (pebble->prev) {
        pebble = pv_pebble_at(pebble->prev);
    }
    return pebble;
}

static uint64_t pages_left(const struct arena *arena)
{
    uint64_t limit = arena->heap.config.limit_pages;
    return !limit ? PAGES_MOST : limit > arena->heap.n_pages ? limit - arena->heap.n_pages : 0;
}

/* Bytes that the provider would add behind an address. */
static uint64_t bytes_behind(const struct arena *arena, uint64_t end)
{
    uint64_t page = (end - (uintptr_t)arena->region.start) / PAGE, n = 0;
    while (arena->heap.config.pages.grow && page + n < arena->region.n_pages &&
           !arena->map[page + n] && n < pages_left(arena)) {
        n++;
    }
    return n * PAGE;
}

static bool can_lie_in_bucket(const struct arena *arena, const struct pv_bucket *bucket,
                              const struct wish *wish)
{
    const struct pv_pebble *last = NULL;
    for (const struct pv_pebble *p = head_of(bucket); p; p = pv_pebble_at(p->next)) {
        last = p;
        if (is_free(p) && can_lie(arena, wish, payload_of(p), end_of(p), PAD_LEAST)) {
            return true;
        }
    }
    uint64_t end = bucket_end(bucket), behind = bytes_behind(arena, end);
    return behind && can_lie(arena, wish, is_free(last) ? payload_of(last) : end + HEADER,
                             end + behind, PAD_LEAST);
}

static bool pages_are_free(const struct arena *arena, uint64_t page, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (arena->map[page + i]) {
            return false;
        }
    }
    return true;
}

/* Whether a bucket of n pages there would do: its first pebble may lie anywhere in it. */
static bool would_do(const struct arena *arena, uint64_t page, uint64_t n,
                     const struct wish *wish)
{
    uint64_t from = (uintptr_t)arena->region.start + page * PAGE;
    return can_lie(arena, wish, from + BUCKET_HEADER + HEADER, from + n * PAGE, 1);
}

/* Every number of pages at the lowest place, which is what the provider gives; and, where it
 * can be asked for an alignment, anywhere. */
static bool can_lie_in_new(const struct arena *arena, const struct wish *wish)
{
    bool anywhere = arena->heap.config.pages.get_aligned && wish->alignment > PAGE;
    uint64_t all = arena->region.n_pages, left = pages_left(arena);
    for (uint64_t n = 1; n <= all && n <= left; n++) {
        for (uint64_t page = 0; page + n <= all; page++) {
            uint64_t end = (uintptr_t)arena->region.start + (page + n) * PAGE;
            if (!is_low(arena, end, wish->below)) {
                break;
            }
            if (pages_are_free(arena, page, n)) {
                if (would_do(arena, page, n, wish)) {
                    return true;
                }
                if (!anywhere) {
                    break;
                }
            }
        }
    }
    return false;
}

static bool has_place(const struct arena *arena, const struct wish *wish)
{
    const struct pv_bucket *bucket = arena->heap.first;
    for (; bucket; bucket = pv_bucket_at(bucket->next)) {
        if (kind_of(bucket) == wish->kind && can_lie_in_bucket(arena, bucket, wish)) {
            return true;
        }
    }
    return can_lie_in_new(arena, wish);
}

/* Whether a block's own place and what is free beside it would do. */
static bool has_own_place(const struct arena *arena, const struct pv_pebble *pebble,
                          const struct wish *wish)
{
    const struct pv_pebble *prev = pv_pebble_at(pebble->prev);
    const struct pv_pebble *next = pv_pebble_at(pebble->next);
    uint64_t end = is_free(next) ? end_of(next) : end_of(pebble);
    if (end == bucket_end(pv_bucket_at(pebble->parent))) {
        end += bytes_behind(arena, end);
    }
    uint64_t at = payload_of(pebble);
    return (at + wish->size <= end && is_low(arena, at + wish->size, wish->below)) ||
           (is_free(prev) && can_lie(arena, wish, payload_of(prev), end, PAD_LEAST));
}

/* ---- looking ---- */

static int read_memory(void *ctx, uint64_t addr, void *buf, size_t n)
{
    const struct arena *arena = ctx;
    uint64_t from = (uintptr_t)arena->region.start, all = arena->region.n_pages * PAGE;
    if (addr < from || addr - from > all || n > all - (addr - from)) {
        return -1;
    }
    memcpy(buf, (const void *)(uintptr_t)addr, n);
    return 0;
}

static void check_laws(struct arena *arena)
{
    struct pv_walk walk = {.memory = {.read = read_memory, .ctx = arena},
                           .layout = &pv_layout_fysos,
                           .root = (uintptr_t)arena->heap.first};
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_walk(&walk, arena->tags, &snapshot), 0);
    if (snapshot->n_findings) {
        fail_msg("law broken: %s", snapshot->findings[0].text);
    }
    assert_int_equal(snapshot->totals.n_free, arena->heap.n_free);
    assert_int_equal(snapshot->totals.free_bytes, arena->heap.free_bytes);
    uint64_t held = 0, mapped = 0;
    for (const struct pv_bucket *b = arena->heap.first; b; b = pv_bucket_at(b->next)) {
        held += b->size;
    }
    for (uint64_t i = 0; i < arena->region.n_pages; i++) {
        mapped += arena->map[i] == 1;
    }
    assert_int_equal(held, arena->heap.n_pages);
    assert_int_equal(held, mapped);
    pv_snapshot_close(snapshot);
}

/* What is said to be the most can be had without a page more, and not a byte more than it. */
static void check_promise(struct arena *arena)
{
    static const uint32_t sorts[] = {0, PV_FLAG_PHYSICAL, PV_FLAG_PERSISTENT, PV_FLAG_LOW1MEG,
                                     PV_FLAG_PHYSICAL | PV_FLAG_LOW16MEG};
    struct pv_request request = {
        .flags = sorts[random_below(&arena->state, sizeof sorts / sizeof *sorts)]};
    request.size = pv_heap_largest_of(&arena->heap, request.flags);
    arena->denies = true;
    if (request.size) {
        void *all = pv_heap_alloc(&arena->heap, &request);
        assert_non_null(all);
        assert_int_equal(pv_heap_free(&arena->heap, all), PV_FAULT_NONE);
        arena->n_promises++;
    }
    request.size++;
    assert_null(pv_heap_alloc(&arena->heap, &request));
    arena->denies = false;
}

static bool keeps(const struct block *block, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (block->at[i] != block->mark) {
            return false;
        }
    }
    return true;
}

/* A block was given: it lies where it was asked to, and is ours to write. */
static void take(struct arena *arena, struct block *block)
{
    uint64_t at = (uintptr_t)block->at;
    const struct pv_pebble *pebble = (const struct pv_pebble *)(const void *)block->at - 1;
    struct wish wish = wish_of(block->size, block->flags, block->alignment);
    assert_int_equal(at % wish.alignment, 0);
    /* A resize to what the block has leaves it as it is, also where that is no whole units. */
    assert_true(pebble->size >= block->size);
    uint64_t taken = pebble->size < wish.size ? pebble->size : wish.size;
    assert_true(is_low(arena, at + taken, wish.below));
    assert_int_equal(kind_of(pv_bucket_at(pebble->parent)), wish.kind);
    block->mark = (unsigned char)random_next(&arena->state);
    memset(block->at, block->mark, block->size);
}

/* ---- the calls ---- */

static uint64_t random_size(struct arena *arena)
{
    uint64_t sort = random_below(&arena->state, 100);
    uint64_t all = arena->region.n_pages * PAGE;
    return random_below(&arena->state, sort < 40   ? 300
                                       : sort < 80 ? 6000
                                       : sort < 97 ? all / 4
                                                   : all);
}

static uint32_t random_flags(struct arena *arena)
{
    static const uint32_t sorts[] = {0,
                                     0,
                                     0,
                                     PV_FLAG_VIRTUAL,
                                     PV_FLAG_PHYSICAL,
                                     PV_FLAG_LOW1MEG,
                                     PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG,
                                     PV_FLAG_LOW16MEG,
                                     PV_FLAG_PERSISTENT,
                                     PV_FLAG_PHYSICAL | PV_FLAG_LOW16MEG | PV_FLAG_PERSISTENT};
    uint32_t flags = sorts[random_below(&arena->state, sizeof sorts / sizeof *sorts)];
    return random_below(&arena->state, 3) ? flags : flags | PV_FLAG_ALIGNED;
}

struct account {
    uint64_t n_pages, n_buckets, n_free, free_bytes;
};

static struct account account_of(const struct pv_heap *heap)
{
    return (struct account){heap->n_pages, heap->n_buckets, heap->n_free, heap->free_bytes};
}

static void refused(struct arena *arena, struct account before, bool had_place,
                    const struct wish *wish)
{
    struct account after = account_of(&arena->heap);
    assert_memory_equal(&before, &after, sizeof before);
    if (had_place) {
        fail_msg("seed %llu, request %llu: %llu bytes, kind %u, alignment %llu, below %llu: "
                 "refused with a place",
                 (unsigned long long)seed, (unsigned long long)arena->n_requests,
                 (unsigned long long)wish->size, wish->kind,
                 (unsigned long long)wish->alignment, (unsigned long long)wish->below);
    }
    arena->n_refused++;
}

static void request(struct arena *arena, struct block *block)
{
    struct account before = account_of(&arena->heap);
    struct block made = {.size = random_size(arena),
                         .flags = random_flags(arena),
                         .alignment = 1u << random_below(&arena->state, 21)};
    if (made.alignment > 4096 && arena->region.n_pages < 100) {
        made.alignment >>= random_below(&arena->state, 8);
    }
    made.at = pv_heap_alloc(&arena->heap, &(struct pv_request){.size = made.size,
                                                               .flags = made.flags,
                                                               .alignment = made.alignment,
                                                               .name = "refusals"});
    if (made.at) {
        take(arena, &made);
        *block = made;
    } else {
        struct wish wish = wish_of(made.size, made.flags, made.alignment);
        refused(arena, before, has_place(arena, &wish), &wish);
    }
}

static void resize(struct arena *arena, struct block *block)
{
    struct account before = account_of(&arena->heap);
    uint64_t size = random_size(arena), old_size = block->size;
    unsigned char *to = pv_heap_realloc(&arena->heap, block->at, size);
    if (!to) {
        const struct pv_pebble *pebble = (const struct pv_pebble *)(const void *)block->at - 1;
        struct wish wish = wish_of(size, block->flags, block->alignment);
        assert_true(keeps(block, old_size));
        refused(arena, before, has_own_place(arena, pebble, &wish) || has_place(arena, &wish),
                &wish);
        return;
    }
    arena->n_slid += to < block->at && (uint64_t)(block->at - to) < old_size;
    block->at = to;
    block->size = size;
    assert_true(keeps(block, size < old_size ? size : old_size));
    take(arena, block);
}

static void call(struct arena *arena)
{
    struct block *block = &arena->blocks[random_below(&arena->state, SLOTS)];
    uint64_t choice = random_below(&arena->state, 100);
    if (block->at && choice < 55) {
        assert_true(keeps(block, block->size));
        assert_int_equal(pv_heap_free(&arena->heap, block->at), PV_FAULT_NONE);
        block->at = NULL;
        return;
    }
    arena->n_requests++;
    if (block->at) {
        resize(arena, block);
    } else {
        request(arena, block);
    }
}

/* ---- a heap's life ---- */

static enum pv_fit any_fit(void *ctx, uint64_t n_pages, uint32_t flags)
{
    (void)n_pages;
    (void)flags;
    struct arena *arena = ctx;
    return random_below(&arena->state, 2) ? PV_FIT_BEST : PV_FIT_FIRST;
}

/* A heap's methods and its limit may change while it lives. */
static void change(struct arena *arena)
{
    const struct block *block = &arena->blocks[random_below(&arena->state, SLOTS)];
    if (block->at) {
        pv_heap_set_fit(&arena->heap, block->at, (enum pv_fit)random_below(&arena->state, 3));
    }
    if (arena->heap.config.limit_pages) {
        pv_heap_set_limit(&arena->heap, 4 + random_below(&arena->state, arena->region.n_pages));
    }
}

static bool begin(struct arena *arena)
{
    uint64_t sort = random_below(&arena->state, 100);
    uint64_t n_pages = 2 + random_below(&arena->state, sort < 90 ? 40 : sort < 99 ? 90 : 600);
    uint64_t start = random_below(&arena->state, PAGES_MOST - n_pages);
    pv_region_init(&arena->region, arena->memory + start * PAGE, n_pages, arena->map);
    uint64_t n_holes =
        random_below(&arena->state, 3) ? 0 : random_below(&arena->state, n_pages / 4 + 1);
    for (uint64_t i = 0; i < n_holes; i++) {
        arena->map[random_below(&arena->state, n_pages)] = 2;
    }
    /* A limit somewhere in the region, mostly on a page. */
    uint64_t inside = random_below(&arena->state, n_pages + 1) * PAGE;
    uint64_t limit =
        UINT64_C(1) << (random_below(&arena->state, 2) && inside < 1 << 20 ? 20 : 24);
    inside -=
        inside && !random_below(&arena->state, 4) ? 64 * random_below(&arena->state, 64) : 0;
    arena->region.bias = limit - ((uintptr_t)arena->region.start + inside);
    struct pv_heap_config config = {
        .pages = {.ctx = arena, .get = get, .put = put},
        .first_pages = 1 + random_below(&arena->state, 4),
        .growth = random_below(&arena->state, 2) ? PV_GROWTH_IN_PLACE : PV_GROWTH_NEW_BUCKET,
        .fit = (enum pv_fit)random_below(&arena->state, 3),
        .fit_of = random_below(&arena->state, 2) ? any_fit : NULL,
        .fit_ctx = arena,
        .limit_pages =
            random_below(&arena->state, 2) ? 0 : 4 + random_below(&arena->state, n_pages),
        .bias = arena->region.bias,
    };
    if (random_below(&arena->state, 4)) {
        config.pages.grow = grow;
        config.pages.shrink = shrink;
    }
    if (random_below(&arena->state, 2)) {
        config.pages.get_aligned = get_aligned;
    }
    memset(arena->blocks, 0, sizeof arena->blocks);
    arena->denies = false;
    return pv_heap_init(&arena->heap, &config);
}

static void live(struct arena *arena)
{
    uint64_t n_calls = 20 + random_below(&arena->state, 600);
    for (uint64_t i = 0; i < n_calls; i++) {
        call(arena);
        if (i % LOOK_EVERY == 0) {
            check_laws(arena);
            check_promise(arena);
        }
        if (!random_below(&arena->state, 200)) {
            pv_heap_trim(&arena->heap);
            change(arena);
        }
    }
    check_laws(arena);
}

static void test_refusals(void **state)
{
    (void)state;
    struct arena *arena = calloc(1, sizeof *arena);
    assert_non_null(arena);
    arena->memory = aligned_alloc(PV_ALIGN_MAX, (size_t)4 << 20);
    assert_non_null(arena->memory);
    assert_int_equal(pv_tags_open(&arena->tags), 0);
    arena->state = seed;
    while (arena->n_requests < n_requests_wanted) {
        if (begin(arena)) {
            live(arena);
        }
        pv_heap_fini(&arena->heap);
    }
    print_message("%llu requests, %llu refused, each without a place; %llu blocks slid down; "
                  "%llu times the largest was asked for\n",
                  (unsigned long long)arena->n_requests, (unsigned long long)arena->n_refused,
                  (unsigned long long)arena->n_slid, (unsigned long long)arena->n_promises);
    assert_true(arena->n_refused > arena->n_requests / 100 && arena->n_slid > 0);
    pv_tags_close(arena->tags);
    free(arena->memory);
    free(arena);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals)};
    n_requests_wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : n_requests_wanted;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
