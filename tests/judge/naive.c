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
    struct naive_pebble *pebble = calloc(1, sizeof *pebble);
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

static unsigned rank_of(uint32_t flags)
{
    return flags & LOW1 ? 3 : flags & LOW16 ? 2 : flags & LOW4G ? 1 : 0;
}

/* Whether a bucket serves the request; `kept`: those that are kept for lower limits. */
static bool is_for(const struct naive_bucket *bucket, const struct wish *wish, bool kept)
{
    return bucket->kind == wish->kind && kept == (bucket->rank > rank_of(wish->flags));
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

static struct naive_bucket *new_bucket(struct naive *naive, uint64_t pages,
                                       const struct wish *wish)
{
    uint64_t addr = refused(naive) ? 0 : zoned_place(naive, wish->flags, pages);
    if (!addr) {
        return NULL;
    }
    uint64_t gap = small_gap(addr + BUCKET_HEADER + HEADER, wish->alignment);
    struct naive_pebble whole = {.addr = addr + BUCKET_HEADER + gap,
                                 .size = pages * PAGE - BUCKET_HEADER - gap - HEADER};
    if (!fit(&whole, wish)) {
        return NULL;
    }
    struct naive_bucket *bucket = calloc(1, sizeof *bucket);
    if (!bucket) {
        abort();
    }
    bucket->addr = addr;
    bucket->pages = pages;
    bucket->kind = wish->kind;
    bucket->best =
        (naive->fit_of ? naive->fit_of(pages, wish->flags) : naive->fit) == NAIVE_BEST;
    bucket->pebbles = new_pebble(bucket, addr + BUCKET_HEADER + gap,
                                 pages * PAGE - BUCKET_HEADER - gap - HEADER);
    bucket->first = bucket->pebbles;
    bucket->rank = rank_of(wish->flags);
    struct naive_bucket **link = &naive->buckets;
    while (*link && (*link)->rank <= bucket->rank) {
        bucket->prev = *link;
        link = &(*link)->next;
    }
    bucket->next = *link;
    if (bucket->next) {
        bucket->next->prev = bucket;
    }
    *link = bucket;
    return bucket;
}

static bool serves(const struct naive_pebble *pebble, const struct wish *wish)
{
    return !pebble->used && fit(pebble, wish);
}

static struct naive_pebble *choose(const struct naive *naive, const struct naive_bucket *bucket,
                                   const struct wish *wish)
{
    struct naive_pebble *best = NULL;
    if (naive->fit == NAIVE_RECENT && !bucket->best) {
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
        if (!bucket->best) {
            return p;
        }
        if (!best || p->size < best->size) {
            best = p;
        }
    }
    return best;
}

/* At least LEAST_PAGES, or with `tight` just enough; 0: the limit forbids it. */
static uint64_t pages_to_add(const struct naive *naive, uint64_t bytes, bool tight)
{
    uint64_t least = (bytes + PAGE - 1) / PAGE;
    uint64_t pages = least < LEAST_PAGES && !tight ? LEAST_PAGES : least;
    if (naive->limit_pages) {
        uint64_t held = total_pages(naive);
        uint64_t left = held < naive->limit_pages ? naive->limit_pages - held : 0;
        if (least > left) {
            return 0;
        }
        pages = pages > left ? left : pages;
    }
    return pages;
}

static struct naive_pebble *last_of(const struct naive_bucket *bucket)
{
    struct naive_pebble *last = bucket->pebbles;
    while (last->next) {
        last = last->next;
    }
    return last;
}

static uint64_t end_of(const struct naive_bucket *bucket)
{
    return bucket->addr + bucket->pages * PAGE;
}

/* Pages behind a bucket, in its last free pebble or a new one, which is the answer. */
static struct naive_pebble *lengthen(struct naive *naive, struct naive_bucket *bucket,
                                     uint64_t bytes, bool tight)
{
    struct naive_pebble *last = last_of(bucket);
    uint64_t end = end_of(bucket), pages = pages_to_add(naive, bytes, tight);
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

static struct naive_pebble *grow_one(struct naive *naive, struct naive_bucket *bucket,
                                     const struct wish *wish, bool tight)
{
    struct naive_pebble *last = last_of(bucket);
    uint64_t end = end_of(bucket);
    struct naive_pebble imagined = {.addr = last->used ? end : last->addr,
                                    .size = UINT64_MAX / 4};
    uint64_t payload = fit(&imagined, wish);
    if (!payload || payload + wish->size <= end) {
        return NULL;
    }
    return lengthen(naive, bucket, payload + wish->size - end, tight);
}

static struct naive_bucket *last_bucket(const struct naive *naive, const struct wish *wish)
{
    struct naive_bucket *bucket = NULL;
    for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
        bucket = is_for(b, wish, false) ? b : bucket;
    }
    return bucket;
}

/* Every bucket of the kind in place, from the last. */
static struct naive_pebble *grow_some(struct naive *naive, const struct wish *wish, bool kept)
{
    struct naive_bucket *bucket = naive->buckets;
    while (bucket->next) {
        bucket = bucket->next;
    }
    for (; bucket; bucket = bucket->prev) {
        struct naive_pebble *pebble =
            is_for(bucket, wish, kept) ? grow_one(naive, bucket, wish, true) : NULL;
        if (pebble) {
            return pebble;
        }
    }
    return NULL;
}

/* What a bucket takes that begins on the alignment. */
static uint64_t bytes_of_bucket(const struct wish *wish)
{
    struct wish anywhere = *wish;
    anywhere.below = 0;
    uint64_t gap = small_gap(BUCKET_HEADER + HEADER, wish->alignment);
    struct naive_pebble imagined = {.addr = BUCKET_HEADER + gap, .size = UINT64_MAX / 4};
    return fit(&imagined, &anywhere) + wish->size;
}

static struct naive_pebble *grow_new(struct naive *naive, const struct wish *wish, bool tight)
{
    uint64_t pages = pages_to_add(naive, bytes_of_bucket(wish), tight);
    struct naive_bucket *bucket = pages ? new_bucket(naive, pages, wish) : NULL;
    return bucket ? bucket->pebbles : NULL;
}

/* Fewer pages, which serve only where the bucket lies right: one more after the other. */
static struct naive_pebble *grow_by_luck(struct naive *naive, const struct wish *wish)
{
    uint64_t enough = (bytes_of_bucket(wish) + PAGE - 1) / PAGE;
    uint64_t n = (wish->size + PAGE - 1) / PAGE + 1;
    struct naive_bucket *bucket = NULL;
    for (; wish->alignment > PAGE && n < enough && !bucket; n++) {
        bucket = pages_to_add(naive, n * PAGE, true) ? new_bucket(naive, n, wish) : NULL;
    }
    return bucket ? bucket->pebbles : NULL;
}

/* What of the catalog serves as it is. */
static struct naive_pebble *search(const struct naive *naive, const struct wish *wish,
                                   bool kept)
{
    struct naive_pebble *pebble = NULL;
    for (struct naive_bucket *b = naive->buckets; b && !pebble; b = b->next) {
        pebble = is_for(b, wish, kept) ? choose(naive, b, wish) : NULL;
    }
    return pebble;
}

static struct naive_pebble *grow(struct naive *naive, const struct wish *wish)
{
    struct naive_bucket *last = last_bucket(naive, wish);
    struct naive_pebble *pebble =
        last && !naive->new_buckets ? grow_one(naive, last, wish, false) : NULL;
    pebble = pebble ? pebble : grow_new(naive, wish, false);
    pebble = pebble ? pebble : grow_some(naive, wish, false);
    pebble = pebble ? pebble : grow_new(naive, wish, true);
    pebble = pebble ? pebble : grow_by_luck(naive, wish);
    pebble = pebble ? pebble : search(naive, wish, true);
    return pebble ? pebble : grow_some(naive, wish, true);
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

/* false: it cannot be asked for. */
static bool wish_for(uint64_t size, uint32_t flags, uint64_t alignment, struct wish *ret_wish)
{
    bool both = (flags & VIRTUAL) && (flags & PHYSICAL);
    if (both || size > UINT64_C(1) << 62) {
        return false;
    }
    *ret_wish = (struct wish){.size = rounded(size), .flags = flags, .below = limit_of(flags)};
    ret_wish->kind = (flags & PHYSICAL ? PHYSICAL : VIRTUAL) | (flags & PERSISTENT);
    if (flags & ALIGNED) {
        if (alignment > 1 << 20) {
            return false;
        }
        ret_wish->alignment = 64;
        while (ret_wish->alignment < alignment) {
            ret_wish->alignment *= 2;
        }
    }
    return true;
}

/* A free pebble in which it fits becomes the block. */
static uint64_t give(struct naive *naive, struct naive_pebble *pebble, const struct wish *wish)
{
    uint64_t payload = fit(pebble, wish);
    if (payload != pebble->addr + HEADER) {
        pebble = cut(pebble, payload - HEADER - (pebble->addr + HEADER));
    }
    if (pebble->size >= wish->size + HEADER + UNIT) {
        cut(pebble, wish->size);
    }
    set_used(naive, pebble);
    pebble->flags = wish->flags;
    pebble->alignment = wish->alignment;
    return payload;
}

uint64_t naive_alloc(struct naive *naive, uint64_t size, uint32_t flags, uint64_t alignment)
{
    struct wish wish;
    if (!wish_for(size, flags, alignment, &wish)) {
        return 0;
    }
    struct naive_pebble *pebble = search(naive, &wish, false);
    pebble = pebble ? pebble : grow(naive, &wish);
    return pebble ? give(naive, pebble, &wish) : 0;
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
    if (pebble && naive->fit == NAIVE_RECENT && !pebble->bucket->best) {
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

/* What is more than asked for is free. */
static void shorten(struct naive *naive, struct naive_pebble *pebble, uint64_t size)
{
    if (pebble->size >= size + HEADER + UNIT) {
        tidy(naive, cut(pebble, size));
    }
}

static void swallow_enough(struct naive_pebble *pebble, uint64_t size)
{
    struct naive_pebble *next = pebble->next;
    if (next && !next->used && pebble->size + HEADER + next->size >= size) {
        swallow_next(pebble);
    }
}

/* The last block, or the last but for a free pebble, gets pages behind it. */
static bool extend(struct naive *naive, struct naive_pebble *pebble, uint64_t size, bool tight)
{
    uint64_t end = pebble->addr + HEADER + size, now = end_of(pebble->bucket);
    struct naive_pebble *next = pebble->next;
    if ((next && (next->used || next->next)) || end <= now ||
        !lengthen(naive, pebble->bucket, end - now, tight)) {
        return false;
    }
    swallow_next(pebble);
    shorten(naive, pebble, size);
    return true;
}

/* The block goes down into the free pebble in front of it, over its own place. */
static uint64_t slide(struct naive *naive, struct naive_pebble *pebble, const struct wish *wish)
{
    struct naive_pebble *prev = pebble->prev, *next = pebble->next;
    if (!prev || prev->used) {
        return 0;
    }
    struct naive_pebble imagined = {.addr = prev->addr, .size = UINT64_MAX / 4};
    uint64_t payload = fit(&imagined, wish);
    if (!payload || payload >= pebble->addr + HEADER) {
        return 0;
    }
    struct naive_pebble *last = next && !next->used ? next : pebble;
    uint64_t end = last->addr + HEADER + last->size;
    if (payload + wish->size > end &&
        (last->next || !lengthen(naive, pebble->bucket, payload + wish->size - end, true))) {
        return 0;
    }
    set_free(naive, pebble);
    if (pebble->next && !pebble->next->used) {
        swallow_next(pebble);
    }
    swallow_next(prev);
    return give(naive, prev, wish);
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
    struct wish wish;
    if (!wish_for(size, pebble->flags, pebble->alignment, &wish)) {
        return 0;
    }
    /* What the block has is enough, also where it is not whole units. */
    uint64_t kept = size <= pebble->size && wish.size > pebble->size ? pebble->size : wish.size;
    bool low = !wish.below || payload + kept <= wish.below;
    if (low && kept > pebble->size) {
        swallow_enough(pebble, kept);
    }
    if (low && kept <= pebble->size) {
        shorten(naive, pebble, kept);
        return payload;
    }
    struct naive_pebble *to = search(naive, &wish, false);
    if (!to && low && !naive->new_buckets && extend(naive, pebble, wish.size, false)) {
        return payload;
    }
    to = to ? to : grow(naive, &wish);
    if (to) {
        uint64_t moved = give(naive, to, &wish);
        release(naive, pebble);
        return moved;
    }
    return low && extend(naive, pebble, wish.size, true) ? payload
                                                         : slide(naive, pebble, &wish);
}

void naive_set_fit(struct naive *naive, uint64_t addr, enum naive_fit fit)
{
    if (!addr) {
        naive->fit = fit;
        naive->fit_of = NULL;
    }
    for (struct naive_bucket *b = naive->buckets; b; b = b->next) {
        if (!addr || (addr >= b->addr && addr < end_of(b))) {
            b->best = fit == NAIVE_BEST;
        }
        if (naive->fit != NAIVE_RECENT) {
            b->first = b->pebbles;
        }
    }
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
