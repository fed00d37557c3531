/* SPDX-License-Identifier: MIT
 *
 * naive.c - see naive.h. Slow on purpose, and plain: each rule is written where it is used.
 */
#include "tests/judge/naive.h"

#include <stdlib.h>

enum { HEADER = 80, BUCKET_HEADER = 48, PAGE = 4096, UNIT = 64, LEAST_PAGES = 16 };
enum { VIRTUAL = 1, PHYSICAL = 2, LOW = 8 | 16 | 32, ALIGNED = 128 };

static struct naive_pebble *new_pebble(struct naive_bucket *bucket, uint64_t addr,
                                       uint64_t size)
{
    struct naive_pebble *pebble = calloc(1, sizeof(*pebble));
    if (!pebble) {
        abort();
    }
    pebble->addr = addr;
    pebble->size = size;
    pebble->bucket = bucket;
    return pebble;
}

/* Puts a pebble behind another in the list. */
static struct naive_pebble *insert_after(struct naive_pebble *at, struct naive_pebble *pebble)
{
    pebble->prev = at;
    pebble->next = at->next;
    if (at->next) {
        at->next->prev = pebble;
    }
    at->next = pebble;
    return pebble;
}

/* The next pebble goes, its room and header become the first one's. */
static void swallow_next(struct naive_pebble *pebble)
{
    struct naive_pebble *next = pebble->next;
    pebble->size += HEADER + next->size;
    pebble->next = next->next;
    if (next->next) {
        next->next->prev = pebble;
    }
    free(next);
}

/* ---- used pebbles by payload ---- */

static struct naive_pebble **chain_of(const struct naive *naive, uint64_t payload)
{
    return &naive->used[(payload / 16 * UINT64_C(0x9E3779B97F4A7C15)) >> 48];
}

static struct naive_pebble **find(const struct naive *naive, uint64_t payload)
{
    struct naive_pebble **link = chain_of(naive, payload);
    while (*link && (*link)->addr + HEADER != payload) {
        link = &(*link)->chain;
    }
    return link;
}

static void set_used(struct naive *naive, struct naive_pebble *pebble)
{
    struct naive_pebble **link = chain_of(naive, pebble->addr + HEADER);
    pebble->used = true;
    pebble->chain = *link;
    *link = pebble;
}

static void set_free(struct naive *naive, struct naive_pebble *pebble)
{
    struct naive_pebble **link = find(naive, pebble->addr + HEADER);
    pebble->used = false;
    *link = pebble->chain;
}

/* ---- buckets ---- */

static uint64_t total_pages(const struct naive *naive)
{
    uint64_t total = 0;
    for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
        total += b->pages;
    }
    return total;
}

static bool place_is_free(const struct naive *naive, uint64_t addr, uint64_t pages)
{
    if (addr + pages * PAGE > naive->base + naive->space_pages * PAGE) {
        return false;
    }
    for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
        if (addr < b->addr + b->pages * PAGE && b->addr < addr + pages * PAGE) {
            return false;
        }
    }
    return true;
}

static bool refused(struct naive *naive)
{
    return naive->refuse && naive->refuse(naive->refuse_ctx);
}

/* The lowest place for so many pages, or 0. */
static uint64_t lowest_place(const struct naive *naive, uint64_t pages)
{
    uint64_t addr = naive->base;
    for (bool moved = true; moved;) {
        moved = false;
        for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
            if (addr < b->addr + b->pages * PAGE && b->addr < addr + pages * PAGE) {
                addr = b->addr + b->pages * PAGE;
                moved = true;
            }
        }
    }
    return place_is_free(naive, addr, pages) ? addr : 0;
}

static struct naive_bucket *new_bucket(struct naive *naive, uint64_t pages)
{
    uint64_t addr = refused(naive) ? 0 : lowest_place(naive, pages);
    if (!addr) {
        return NULL;
    }
    struct naive_bucket *bucket = calloc(1, sizeof(*bucket));
    if (!bucket) {
        abort();
    }
    bucket->addr = addr;
    bucket->pages = pages;
    bucket->pebbles =
        new_pebble(bucket, addr + BUCKET_HEADER, pages * PAGE - BUCKET_HEADER - HEADER);
    struct naive_bucket **link = &naive->buckets;
    while (*link) {
        bucket->prev = *link;
        link = &(*link)->next;
    }
    *link = bucket;
    return bucket;
}

/* The payload address in a free pebble, or 0 if the request does not fit into it. */
static uint64_t fit(const struct naive_pebble *pebble, uint64_t size, uint64_t alignment)
{
    uint64_t at = pebble->addr + HEADER;
    uint64_t end = at + pebble->size;
    if (alignment && at % alignment) {
        do {
            at = (at / alignment + 1) * alignment;
        } while (at - (pebble->addr + HEADER) < HEADER + UNIT);
    }
    return at + size <= end ? at : 0;
}

static struct naive_pebble *choose(const struct naive *naive, const struct naive_bucket *bucket,
                                   uint64_t size, uint64_t alignment)
{
    struct naive_pebble *best = NULL;
    for (struct naive_pebble *p = bucket->pebbles; p; p = p->next) {
        if (p->used || !fit(p, size, alignment)) {
            continue;
        }
        if (!naive->best_fit) {
            return p;
        }
        if (!best || p->size < best->size) {
            best = p;
        }
    }
    return best;
}

static uint64_t pages_to_add(const struct naive *naive, uint64_t bytes)
{
    uint64_t least = (bytes + PAGE - 1) / PAGE;
    uint64_t pages = least < LEAST_PAGES ? LEAST_PAGES : least;
    if (naive->limit_pages) {
        uint64_t left = naive->limit_pages - total_pages(naive);
        if (least > left) {
            return 0;
        }
        pages = pages > left ? left : pages;
    }
    return pages;
}

static struct naive_pebble *grow_last(struct naive *naive, uint64_t size, uint64_t alignment)
{
    struct naive_bucket *bucket = naive->buckets;
    while (bucket->next) {
        bucket = bucket->next;
    }
    struct naive_pebble *last = bucket->pebbles;
    while (last->next) {
        last = last->next;
    }
    uint64_t end = bucket->addr + bucket->pages * PAGE;
    struct naive_pebble imagined = {.addr = last->used ? end : last->addr,
                                    .size = UINT64_MAX / 4};
    uint64_t payload = fit(&imagined, size, alignment);
    uint64_t pages = pages_to_add(naive, payload + size - end);
    if (!pages || refused(naive) || !place_is_free(naive, end, pages)) {
        return NULL;
    }
    bucket->pages += pages;
    if (last->used) {
        return insert_after(last, new_pebble(bucket, end, pages * PAGE - HEADER));
    }
    last->size += pages * PAGE;
    return last;
}

static struct naive_pebble *grow(struct naive *naive, uint64_t size, uint64_t alignment)
{
    if (!naive->new_buckets) {
        struct naive_pebble *pebble = grow_last(naive, size, alignment);
        if (pebble) {
            return pebble;
        }
    }
    struct naive_pebble imagined = {.addr = BUCKET_HEADER, .size = UINT64_MAX / 4};
    uint64_t bytes = fit(&imagined, size, alignment) + size;
    bytes += alignment > PAGE ? alignment : 0;
    uint64_t pages = pages_to_add(naive, bytes);
    struct naive_bucket *bucket = pages ? new_bucket(naive, pages) : NULL;
    return bucket ? bucket->pebbles : NULL;
}

/* Cuts a pebble after `size` bytes; the upper part is free. */
static struct naive_pebble *cut(struct naive_pebble *pebble, uint64_t size)
{
    struct naive_pebble *upper =
        new_pebble(pebble->bucket, pebble->addr + HEADER + size, pebble->size - size - HEADER);
    pebble->size = size;
    return insert_after(pebble, upper);
}

static uint64_t rounded(uint64_t size)
{
    return size ? (size + UNIT - 1) / UNIT * UNIT : UNIT;
}

uint64_t naive_alloc(struct naive *naive, uint64_t size, uint32_t flags, uint64_t alignment)
{
    bool both = (flags & VIRTUAL) && (flags & PHYSICAL);
    if (both || (flags & (PHYSICAL | LOW)) || size > UINT64_C(1) << 62) {
        return 0;
    }
    uint64_t wanted = 0;
    if (flags & ALIGNED) {
        if (alignment > 1 << 20) {
            return 0;
        }
        wanted = 64;
        while (wanted < alignment) {
            wanted *= 2;
        }
    }
    size = rounded(size);
    struct naive_pebble *pebble = NULL;
    for (struct naive_bucket *b = naive->buckets; b && !pebble; b = b->next) {
        pebble = choose(naive, b, size, wanted);
    }
    pebble = pebble ? pebble : grow(naive, size, wanted);
    if (!pebble) {
        return 0;
    }
    uint64_t payload = fit(pebble, size, wanted);
    if (payload != pebble->addr + HEADER) {
        pebble = cut(pebble, payload - HEADER - (pebble->addr + HEADER));
    }
    if (pebble->size >= size + HEADER + UNIT) {
        cut(pebble, size);
    }
    set_used(naive, pebble);
    pebble->flags = flags;
    pebble->alignment = wanted;
    return payload;
}

/* Joins a free pebble with its free neighbours; drops an emptied bucket but the first. */
static void tidy(struct naive *naive, struct naive_pebble *pebble)
{
    if (pebble->next && !pebble->next->used) {
        swallow_next(pebble);
    }
    if (pebble->prev && !pebble->prev->used) {
        pebble = pebble->prev;
        swallow_next(pebble);
    }
    struct naive_bucket *bucket = pebble->bucket;
    if (bucket != naive->buckets && !pebble->prev && !pebble->next) {
        bucket->prev->next = bucket->next;
        if (bucket->next) {
            bucket->next->prev = bucket->prev;
        }
        free(pebble);
        free(bucket);
    }
}

void naive_free(struct naive *naive, uint64_t payload)
{
    struct naive_pebble *pebble = *find(naive, payload);
    if (pebble) {
        set_free(naive, pebble);
        tidy(naive, pebble);
    }
}

uint64_t naive_realloc(struct naive *naive, uint64_t payload, uint64_t size)
{
    if (!payload) {
        return naive_alloc(naive, size, 0, 0);
    }
    struct naive_pebble *pebble = *find(naive, payload);
    if (!pebble || size > UINT64_C(1) << 62) {
        return 0;
    }
    uint64_t wanted = rounded(size);
    struct naive_pebble *next = pebble->next;
    if (wanted > pebble->size && next && !next->used &&
        pebble->size + HEADER + next->size >= wanted) {
        swallow_next(pebble);
    }
    if (wanted <= pebble->size) {
        if (pebble->size >= wanted + HEADER + UNIT) {
            tidy(naive, cut(pebble, wanted));
        }
        return payload;
    }
    uint64_t to = naive_alloc(naive, size, pebble->flags, pebble->alignment);
    if (to) {
        set_free(naive, pebble);
        tidy(naive, pebble);
    }
    return to;
}

void naive_init(struct naive *naive, uint64_t first_pages)
{
    naive->buckets = NULL;
    naive->used = calloc(NAIVE_TABLE, sizeof(struct naive_pebble *));
    if (!naive->used) {
        abort();
    }
    new_bucket(naive, first_pages);
}

void naive_fini(struct naive *naive)
{
    while (naive->buckets) {
        struct naive_bucket *bucket = naive->buckets;
        naive->buckets = bucket->next;
        while (bucket->pebbles) {
            struct naive_pebble *next = bucket->pebbles->next;
            free(bucket->pebbles);
            bucket->pebbles = next;
        }
        free(bucket);
    }
    free(naive->used);
}
