/* SPDX-License-Identifier: MIT
 *
 * naive.c - see naive.h. Slow on purpose, and plain: each rule is written where it is used.
 */
#include "tests/judge/naive.h"

#include "core/heap.h"

#include <stdlib.h>

enum {
    HEADER = sizeof(struct pv_pebble),
    BUCKET_HEADER = 48,
    PAGE = 4096,
    UNIT = 64,
    LEAST_PAGES = 16
};
enum {
    VIRTUAL = 1,
    PHYSICAL = 2,
    LOW1 = 8,
    LOW16 = 16,
    LOW4G = 32,
    ALIGNED = 128,
    PERSISTENT = 256
};

/* What is asked for. */
struct wish {
    uint64_t size, alignment, below;
    uint32_t flags, kind;
};

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
    if (pebble->bucket->first == next) {
        pebble->bucket->first = pebble;
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

static uint64_t limit_of(uint32_t flags)
{
    if (flags & LOW1) {
        return UINT64_C(1) << 20;
    }
    if (flags & LOW16) {
        return UINT64_C(1) << 24;
    }
    return flags & LOW4G ? UINT64_C(1) << 32 : 0;
}

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
    uint64_t end = addr + pages * PAGE;
    if (end > naive->base + naive->space_pages * PAGE) {
        return false;
    }
    if (naive->physical && (addr < PAGE || (addr < naive->hole_to && naive->hole_from < end))) {
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

/* The lowest place for so many pages at or above `from`, below a limit, or 0. */
static uint64_t lowest_place(const struct naive *naive, uint64_t from, uint64_t limit,
                             uint64_t pages)
{
    uint64_t addr = from > naive->base ? from : naive->base;
    for (bool moved = true; moved;) {
        moved = false;
        if (naive->physical && addr < PAGE) {
            addr = PAGE;
        }
        if (naive->physical && addr < naive->hole_to &&
            naive->hole_from < addr + pages * PAGE) {
            addr = naive->hole_to;
        }
        for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
            if (addr < b->addr + b->pages * PAGE && b->addr < addr + pages * PAGE) {
                addr = b->addr + b->pages * PAGE;
                moved = true;
            }
        }
    }
    bool low = !limit || addr + pages * PAGE <= limit;
    return low && place_is_free(naive, addr, pages) ? addr : 0;
}

/* The highest of the zones that has a place. */
static uint64_t zoned_place(const struct naive *naive, uint32_t flags, uint64_t pages)
{
    static const uint64_t zones[] = {UINT64_C(1) << 32, 1 << 24, 1 << 20, 0};
    uint64_t addr = 0;
    if ((flags & PHYSICAL) && !naive->physical) {
        return 0;
    }
    for (int i = 0; i < 4 && !addr; i++) {
        addr = lowest_place(naive, zones[i], limit_of(flags), pages);
    }
    return addr;
}

/* The gap to the alignment in front of a new bucket's first pebble, if it is too small for a
 * pebble of its own. */
static uint64_t small_gap(uint64_t start, uint64_t alignment)
{
    uint64_t gap = alignment && start % alignment ? alignment - start % alignment : 0;
    return gap < HEADER + UNIT ? gap : 0;
}

static struct naive_bucket *new_bucket(struct naive *naive, uint64_t pages,
                                       const struct wish *wish)
{
    uint64_t addr = refused(naive) ? 0 : zoned_place(naive, wish->flags, pages);
    if (!addr) {
        return NULL;
    }
    struct naive_bucket *bucket = calloc(1, sizeof(*bucket));
    if (!bucket) {
        abort();
    }
    bucket->addr = addr;
    bucket->pages = pages;
    bucket->kind = wish->kind;
    uint64_t gap = small_gap(addr + BUCKET_HEADER + HEADER, wish->alignment);
    bucket->pebbles = new_pebble(bucket, addr + BUCKET_HEADER + gap,
                                 pages * PAGE - BUCKET_HEADER - gap - HEADER);
    bucket->first = bucket->pebbles;
    struct naive_bucket **link = &naive->buckets;
    while (*link) {
        bucket->prev = *link;
        link = &(*link)->next;
    }
    *link = bucket;
    return bucket;
}

/* The payload address in a free pebble, or 0 if the request does not fit into it. */
static uint64_t fit(const struct naive_pebble *pebble, const struct wish *wish)
{
    uint64_t at = pebble->addr + HEADER;
    uint64_t end = at + pebble->size;
    if (wish->alignment && at % wish->alignment) {
        do {
            at = (at / wish->alignment + 1) * wish->alignment;
        } while (at - (pebble->addr + HEADER) < HEADER + UNIT);
    }
    bool low = !wish->below || at + wish->size <= wish->below;
    return low && at + wish->size <= end ? at : 0;
}

static bool serves(const struct naive_pebble *pebble, const struct wish *wish)
{
    return !pebble->used && fit(pebble, wish);
}

static struct naive_pebble *choose(const struct naive *naive, const struct naive_bucket *bucket,
                                   const struct wish *wish)
{
    struct naive_pebble *best = NULL;
    if (naive->fit == NAIVE_RECENT) {
        for (struct naive_pebble *p = bucket->first; p; p = p->next) {
            if (serves(p, wish)) {
                return p;
            }
        }
    }
    for (struct naive_pebble *p = bucket->pebbles; p; p = p->next) {
        if (!serves(p, wish)) {
            continue;
        }
        if (naive->fit != NAIVE_BEST) {
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

static struct naive_pebble *grow_last(struct naive *naive, const struct wish *wish)
{
    struct naive_bucket *bucket = NULL;
    for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
        bucket = b->kind == wish->kind ? b : bucket;
    }
    if (!bucket) {
        return NULL;
    }
    struct naive_pebble *last = bucket->pebbles;
    while (last->next) {
        last = last->next;
    }
    uint64_t end = bucket->addr + bucket->pages * PAGE;
    struct naive_pebble imagined = {.addr = last->used ? end : last->addr,
                                    .size = UINT64_MAX / 4};
    uint64_t payload = fit(&imagined, wish);
    if (!payload || payload + wish->size <= end) {
        return NULL;
    }
    uint64_t pages = pages_to_add(naive, payload + wish->size - end);
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

static struct naive_pebble *grow(struct naive *naive, const struct wish *wish)
{
    if (!naive->new_buckets) {
        struct naive_pebble *pebble = grow_last(naive, wish);
        if (pebble) {
            return pebble;
        }
    }
    struct wish anywhere = *wish;
    anywhere.below = 0;
    uint64_t gap = small_gap(BUCKET_HEADER + HEADER, wish->alignment);
    struct naive_pebble imagined = {.addr = BUCKET_HEADER + gap, .size = UINT64_MAX / 4};
    uint64_t bytes = fit(&imagined, &anywhere) + wish->size;
    bytes += wish->alignment > PAGE ? wish->alignment : 0;
    uint64_t pages = pages_to_add(naive, bytes);
    struct naive_bucket *bucket = pages ? new_bucket(naive, pages, wish) : NULL;
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
    if (both || size > UINT64_C(1) << 62) {
        return 0;
    }
    struct wish wish = {.size = rounded(size), .flags = flags, .below = limit_of(flags)};
    wish.kind = (flags & PHYSICAL ? PHYSICAL : VIRTUAL) | (flags & PERSISTENT);
    if (flags & ALIGNED) {
        if (alignment > 1 << 20) {
            return 0;
        }
        wish.alignment = 64;
        while (wish.alignment < alignment) {
            wish.alignment *= 2;
        }
    }
    struct naive_pebble *pebble = NULL;
    for (struct naive_bucket *b = naive->buckets; b && !pebble; b = b->next) {
        pebble = b->kind == wish.kind ? choose(naive, b, &wish) : NULL;
    }
    pebble = pebble ? pebble : grow(naive, &wish);
    if (!pebble) {
        return 0;
    }
    uint64_t payload = fit(pebble, &wish);
    if (payload != pebble->addr + HEADER) {
        pebble = cut(pebble, payload - HEADER - (pebble->addr + HEADER));
    }
    if (pebble->size >= wish.size + HEADER + UNIT) {
        cut(pebble, wish.size);
    }
    set_used(naive, pebble);
    pebble->flags = flags;
    pebble->alignment = wish.alignment;
    return payload;
}

/* Joins a free pebble with its free neighbours; drops an emptied bucket but the first. */
static struct naive_pebble *tidy(struct naive *naive, struct naive_pebble *pebble)
{
    if (pebble->next && !pebble->next->used) {
        swallow_next(pebble);
    }
    if (pebble->prev && !pebble->prev->used) {
        pebble = pebble->prev;
        swallow_next(pebble);
    }
    struct naive_bucket *bucket = pebble->bucket;
    if (bucket != naive->buckets && !pebble->prev && !pebble->next &&
        !(bucket->kind & PERSISTENT)) {
        bucket->prev->next = bucket->next;
        if (bucket->next) {
            bucket->next->prev = bucket->prev;
        }
        free(pebble);
        free(bucket);
        return NULL;
    }
    return pebble;
}

static void release(struct naive *naive, struct naive_pebble *pebble)
{
    set_free(naive, pebble);
    pebble = tidy(naive, pebble);
    if (pebble && naive->fit == NAIVE_RECENT) {
        pebble->bucket->first = pebble;
    }
}

void naive_free(struct naive *naive, uint64_t payload)
{
    struct naive_pebble *pebble = *find(naive, payload);
    if (pebble) {
        release(naive, pebble);
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
        pebble->size + HEADER + next->size >= wanted &&
        (!limit_of(pebble->flags) ||
         pebble->addr + HEADER + wanted <= limit_of(pebble->flags))) {
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
        release(naive, pebble);
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
    new_bucket(naive, first_pages, &(struct wish){.flags = VIRTUAL, .kind = VIRTUAL});
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
