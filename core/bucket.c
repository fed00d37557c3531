/* SPDX-License-Identifier: MIT
 *
 * bucket.c - buckets: the shape of a request, where there is room for it, and how buckets are
 * added and removed. Internal to the heap, see inside.h; growth is grow.c.
 *
 * Costs: finding room is O(log n) for each bucket that could satisfy the request.
 */
#include "core/index.h"
#include "core/inside.h"

void *memset(void *to, int byte, size_t n);

static inline uint64_t payload_for(uint64_t size)
{
    return round_up(size + !size, PV_UNIT_BYTES);
}

bool pv_shape_of(const struct pv_request *request, struct pv_shape *ret_shape)
{
    uint32_t kinds = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL, flags = request->flags;
    if (!flags && request->size <= SIZE_LIMIT) { /* nearly every request */
        *ret_shape =
            (struct pv_shape){.size = payload_for(request->size), .sflags = PV_FLAG_VIRTUAL};
        return true;
    }
    if ((flags & PV_FLAG_ANYWHERE) || !(flags & kinds)) {
        flags = (flags & ~(uint32_t)PV_FLAG_ANYWHERE) | PV_FLAG_VIRTUAL;
    }
    if (request->size > SIZE_LIMIT || (flags & ~PV_FLAGS) || (flags & kinds) == kinds) {
        return false;
    }
    ret_shape->size = payload_for(request->size);
    ret_shape->alignment = 0;
    ret_shape->below = pv_flags_limit(flags);
    ret_shape->sflags = flags;
    ret_shape->rank = flags & PV_FLAG_LOW1MEG    ? 3
                      : flags & PV_FLAG_LOW16MEG ? 2
                      : flags & PV_FLAG_LOW4GIG  ? 1
                                                 : 0;
    if (flags & PV_FLAG_ALIGNED) {
        if (request->alignment > PV_ALIGN_MAX) {
            return false;
        }
        ret_shape->alignment = PV_ALIGN_MIN;
        while (ret_shape->alignment < request->alignment) {
            ret_shape->alignment *= 2;
        }
    }
    return true;
}

uint64_t pv_shape_payload(const struct pv_shape *shape, uint64_t start)
{
    if (!shape->alignment || is_on(start, shape->alignment)) {
        return start;
    }
    return round_up(start + SPLIT_MIN, shape->alignment);
}

bool pv_shape_is_low(const struct pv_heap *heap, uint64_t end, uint64_t below)
{
    return !below || end + heap->config.bias <= below;
}

static bool fits(const struct pv_heap *heap, const struct pv_shape *shape,
                 const struct pv_pebble *pebble)
{
    uint64_t end = pv_shape_payload(shape, addr_of(pebble + 1)) + shape->size;
    return end <= pebble_end(pebble) && pv_shape_is_low(heap, end, shape->below);
}

/* ---- buckets ---- */

uint64_t pv_shape_first_moves(const struct pv_shape *shape, uint64_t start)
{
    uint64_t gap = shape->alignment ? round_up(start, shape->alignment) - start : 0;
    return gap < SPLIT_MIN ? gap : 0;
}

/* Where the first pebble lies in a new bucket that is made for a request. */
static uint64_t first_in(const struct pv_bucket *bucket, const struct pv_shape *shape)
{
    uint64_t first = addr_of(bucket) + BUCKET_BYTES;
    return first + pv_shape_first_moves(shape, first + PEBBLE_BYTES);
}

struct pv_bucket *pv_bucket_kept(const struct pv_heap *heap, const struct pv_shape *shape)
{
    return shape->rank < PV_HEAP_LIMITS ? heap->kept[shape->rank] : NULL;
}

/* Puts a bucket into the list, behind those of its rank and before the next higher. */
static void enlist(struct pv_heap *heap, struct pv_bucket *bucket, unsigned rank)
{
    struct pv_bucket *next = rank < PV_HEAP_LIMITS ? heap->kept[rank] : NULL;
    struct pv_bucket *prev = next ? pv_bucket_at(next->prev) : heap->last;
    bucket->prev = addr_of(prev);
    bucket->next = addr_of(next);
    if (prev) {
        prev->next = addr_of(bucket);
    } else {
        heap->first = bucket;
    }
    if (next) {
        next->prev = addr_of(bucket);
    } else {
        heap->last = bucket;
    }
    for (unsigned i = 0; i < rank; i++) {
        if (heap->kept[i] == next) {
            heap->kept[i] = bucket;
        }
    }
}

static enum pv_fit fit_for(const struct pv_heap *heap, uint64_t n_pages,
                           const struct pv_shape *shape)
{
    const struct pv_heap_config *config = &heap->config;
    return config->fit_of ? config->fit_of(config->fit_ctx, n_pages, shape->sflags)
                          : config->fit;
}

struct pv_bucket *pv_bucket_make(struct pv_heap *heap, void *start, uint64_t n_pages,
                                 const struct pv_shape *shape)
{
    struct pv_bucket *bucket = start;
    uint64_t first = first_in(bucket, shape);
    *bucket = (struct pv_bucket){
        .magic = PV_BUCKET_MAGIC,
        .lflags = fit_for(heap, n_pages, shape) == PV_FIT_BEST ? PV_BUCKET_BEST_FIT : 0,
        .size = n_pages,
        .first = first,
    };
    /* The pages may hold headers from earlier use, which a search for headers (sound.c) would
     * believe. */
    memset(bucket + 1, 0, (size_t)(first - addr_of(bucket + 1)));
    uint32_t kind = shape->sflags & PV_KIND;
    uint64_t size = bucket_end(bucket) - first - PEBBLE_BYTES;
    struct pv_pebble *pebble = pv_pebble_make_free(first, bucket, size, kind);
    enlist(heap, bucket, shape->rank);
    if (!shape->rank) {
        heap->ends[kind_index(kind)].bucket = bucket;
        heap->ends[kind_index(kind)].tail = pebble;
    }
    heap->n_buckets++;
    heap->n_pages += n_pages;
    pv_index_insert(heap, pebble);
    pv_bucket_settle(heap, bucket);
    pv_tell_bucket(heap, PV_EVENT_BUCKET_ADD, bucket, 0);
    return bucket;
}

bool pv_bucket_would_serve(const struct pv_heap *heap, const void *start, uint64_t n_pages,
                           const struct pv_shape *shape)
{
    uint64_t payload = first_in(start, shape) + PEBBLE_BYTES;
    uint64_t end = pv_shape_payload(shape, payload) + shape->size;
    return end <= addr_of(start) + n_pages * PV_PAGE_BYTES &&
           pv_shape_is_low(heap, end, shape->below);
}

void pv_bucket_remove(struct pv_heap *heap, struct pv_bucket *bucket)
{
    unsigned kind = kind_index(kind_of(bucket));
    pv_tell_bucket(heap, PV_EVENT_BUCKET_REMOVE, bucket, 0);
    for (size_t i = 0; i < PV_HEAP_CACHE; i++) {
        if (heap->cache[i] == bucket) {
            heap->cache[i] = NULL;
        }
    }
    if (heap->ends[kind].bucket == bucket) {
        heap->ends[kind].bucket = NULL;
        heap->ends[kind].tail = NULL;
    }
    for (unsigned i = 0; i < PV_HEAP_LIMITS; i++) {
        if (heap->kept[i] == bucket) {
            heap->kept[i] = pv_bucket_at(bucket->next);
        }
    }
    pv_bucket_at(bucket->prev)->next = bucket->next;
    if (bucket->next) {
        pv_bucket_at(bucket->next)->prev = bucket->prev;
    } else {
        heap->last = pv_bucket_at(bucket->prev);
    }
    heap->n_buckets--;
    heap->n_pages -= bucket->size;
    pv_pebble_at(bucket->first)->magic = 0;
    bucket->magic = 0;
    heap->config.pages.put(heap->config.pages.ctx, bucket, bucket->size);
}

struct pv_pebble *pv_bucket_tail(struct pv_heap *heap, const struct pv_bucket *bucket)
{
    struct pv_pebble *pebble = pv_pebble_at(bucket->first);
    while (pv_sound_header(bucket, addr_of(pebble))) {
        if (!pebble->next) {
            return pebble;
        }
        pebble = pv_pebble_at(pebble->next);
    }
    heap->damaged = pebble;
    return NULL;
}

/* ---- finding room ---- */

/* The first from a candidate on, in the order of the bucket's fit, that lies where the request
 * may lie. */
static PV_RARE struct pv_pebble *lying_right(struct pv_heap *heap,
                                             const struct pv_bucket *bucket,
                                             struct pv_pebble *pebble,
                                             const struct pv_shape *shape)
{
    while (pebble && !fits(heap, shape, pebble)) {
        pebble = pv_index_find_next(heap, bucket, pebble, shape->size);
    }
    return pebble;
}

/* The same for a request that may lie anywhere: the candidate's size is checked already. */
static inline struct pv_pebble *fitting(struct pv_heap *heap, const struct pv_bucket *bucket,
                                        struct pv_pebble *pebble, const struct pv_shape *shape)
{
    bool anywhere = !shape->alignment && !shape->below;
    return anywhere ? pebble : lying_right(heap, bucket, pebble, shape);
}

/* Whether a free pebble that was found is still as the index knows it. */
static bool is_sound(struct pv_heap *heap, const struct pv_bucket *bucket,
                     const struct pv_pebble *pebble)
{
    uint64_t next = pebble->next ? pebble->next : bucket_end(bucket);
    if (((pebble->magic ^ PV_PEBBLE_MAGIC) | pebble->lflags) == 0 &&
        pebble->parent == addr_of(bucket) && pebble_end(pebble) == next) {
        return true;
    }
    heap->damaged = pebble;
    return false;
}

static struct pv_pebble *find_in(struct pv_heap *heap, const struct pv_bucket *bucket,
                                 const struct pv_shape *shape)
{
    if (is_recent_fit(heap, bucket)) {
        struct pv_pebble *from = pv_pebble_at(bucket->first);
        if (!is_free(from) || from->size < shape->size) {
            from = pv_index_find_from(heap, bucket, bucket->first, shape->size);
        }
        from = fitting(heap, bucket, from, shape);
        if (from) {
            return from;
        }
    }
    return fitting(heap, bucket, pv_index_find(heap, bucket, shape->size), shape);
}

static struct pv_pebble *find(struct pv_heap *heap, const struct pv_shape *shape, bool kept)
{
    struct pv_bucket *end = pv_bucket_kept(heap, shape);
    struct pv_bucket *bucket = kept ? end : pv_bucket_first(heap);
    end = kept ? NULL : end;
    for (; bucket && bucket != end; bucket = pv_bucket_after(heap, bucket)) {
        if (bucket->largest < shape->size ||
            !is_of_kind(heap, bucket, shape->sflags & PV_KIND)) {
            continue;
        }
        struct pv_pebble *pebble = find_in(heap, bucket, shape);
        if (pebble) {
            return is_sound(heap, bucket, pebble) ? pebble : NULL;
        }
    }
    return NULL;
}

struct pv_pebble *pv_bucket_find(struct pv_heap *heap, const struct pv_shape *shape, bool kept)
{
    for (;;) {
        struct pv_pebble *pebble = find(heap, shape, kept);
        if (__builtin_expect(heap->damaged == NULL, 1)) {
            return pebble;
        }
        pv_sound_mend(heap);
    }
}

struct pv_room {
    uint64_t largest, free_bytes;
};

/* How much of a free pebble's payload lies below a limit; limit 0: all of it. */
static uint64_t bytes_below(const struct pv_heap *heap, const struct pv_pebble *pebble,
                            uint64_t below)
{
    uint64_t payload = addr_of(pebble + 1) + heap->config.bias;
    return !below || payload + pebble->size <= below ? pebble->size
           : payload >= below                        ? 0
                                                     : below - payload;
}

/* The free bytes of a bucket below a limit: a walk. */
static void add_room(struct pv_heap *heap, const struct pv_bucket *bucket, uint64_t below,
                     struct pv_room *room)
{
    const struct pv_pebble *pebble = pv_pebble_at(bucket->first);
    while (pv_sound_header(bucket, addr_of(pebble)) && pebble->prev) {
        pebble = pv_pebble_at(pebble->prev);
    }
    for (; pebble; pebble = pv_pebble_at(pebble->next)) {
        if (!pv_sound_header(bucket, addr_of(pebble))) {
            heap->damaged = pebble;
            return;
        }
        uint64_t bytes = is_free(pebble) ? bytes_below(heap, pebble, below) : 0;
        room->free_bytes += bytes;
        room->largest = bytes > room->largest ? bytes : room->largest;
    }
}

uint64_t pv_bucket_largest_for(struct pv_heap *heap, const struct pv_shape *shape)
{
    struct pv_room room = {0};
    struct pv_bucket *bucket = pv_bucket_first(heap);
    for (; bucket; bucket = pv_bucket_after(heap, bucket)) {
        if (bucket->largest <= room.largest ||
            !is_of_kind(heap, bucket, shape->sflags & PV_KIND)) {
            continue;
        }
        if (shape->below) {
            add_room(heap, bucket, shape->below, &room);
        } else {
            room.largest = bucket->largest;
        }
    }
    return room.largest & ~(uint64_t)(PV_UNIT_BYTES - 1);
}

uint64_t pv_bucket_free_for(struct pv_heap *heap, const struct pv_shape *shape)
{
    struct pv_room room = {0};
    struct pv_bucket *bucket = pv_bucket_first(heap);
    bool all = !shape->below;
    for (; bucket && all; bucket = pv_bucket_after(heap, bucket)) {
        all = is_of_kind(heap, bucket, shape->sflags & PV_KIND);
    }
    if (all) {
        return heap->free_bytes;
    }
    for (bucket = pv_bucket_first(heap); bucket; bucket = pv_bucket_after(heap, bucket)) {
        if (bucket->largest && is_of_kind(heap, bucket, shape->sflags & PV_KIND)) {
            add_room(heap, bucket, shape->below, &room);
        }
    }
    return room.free_bytes;
}

/* The whole pages at a bucket's end that lie in its last pebble, if that is free. */
uint64_t pv_bucket_trim(struct pv_heap *heap, struct pv_bucket *bucket)
{
    struct pv_pebble *tail = pv_bucket_tail(heap, bucket);
    uint64_t n_pages = bucket->size;
    uint64_t n_less = is_free(tail) ? (tail->size - PV_UNIT_BYTES) / PV_PAGE_BYTES : 0;
    if (n_less) {
        tail->size -= n_less * PV_PAGE_BYTES;
        pv_index_replace(heap, tail, tail);
        bucket->size -= n_less;
        heap->n_pages -= n_less;
        pv_bucket_settle(heap, bucket);
        pv_tell_bucket(heap, PV_EVENT_BUCKET_SHRINK, bucket, n_pages);
        heap->config.pages.shrink(heap->config.pages.ctx, bucket, n_pages, n_less);
    }
    return n_less;
}
