/* SPDX-License-Identifier: MIT
 *
 * bucket.c - buckets: what a request comes to, where there is room for it, growth and release.
 * Internal to the heap, see inside.h.
 *
 * Costs: finding room is O(log n) for each bucket that could satisfy the request.
 */
#include "core/index.h"
#include "core/inside.h"

bool pv_shape_of(const struct pv_request *request, struct pv_shape *ret_shape)
{
    uint32_t kinds = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL;
    uint32_t flags = request->flags & kinds ? request->flags : request->flags | PV_FLAG_VIRTUAL;
    if (request->size > SIZE_LIMIT || (flags & kinds) == kinds) {
        return false;
    }
    ret_shape->size = round_up(request->size ? request->size : 1, PV_UNIT_BYTES);
    ret_shape->alignment = 0;
    ret_shape->below = pv_flags_limit(flags);
    ret_shape->sflags = flags;
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
    if (!shape->alignment && !shape->below) {
        return true; /* its size has been seen to */
    }
    uint64_t end = pv_shape_payload(shape, addr_of(pebble + 1)) + shape->size;
    return end <= pebble_end(pebble) && pv_shape_is_low(heap, end, shape->below);
}

/* ---- buckets ---- */

/* In a new bucket the first pebble moves up to an alignment if the gap is too small for a free
 * pebble (20.3.6, the second way): by how much. */
static uint64_t first_moves(const struct pv_shape *shape, uint64_t start)
{
    uint64_t gap = shape->alignment ? round_up(start, shape->alignment) - start : 0;
    return gap < SPLIT_MIN ? gap : 0;
}

struct pv_bucket *pv_bucket_add(struct pv_heap *heap, uint64_t n_pages,
                                const struct pv_shape *shape)
{
    uint32_t flags = shape->sflags & (PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG |
                                      PV_FLAG_LOW16MEG | PV_FLAG_LOW4GIG);
    struct pv_bucket *bucket = heap->config.pages.get(heap->config.pages.ctx, n_pages, flags);
    if (!bucket) {
        return NULL;
    }
    uint64_t first = addr_of(bucket) + BUCKET_BYTES;
    first += first_moves(shape, first + PEBBLE_BYTES);
    *bucket = (struct pv_bucket){
        .magic = PV_BUCKET_MAGIC,
        .lflags = heap->config.fit == PV_FIT_BEST ? PV_BUCKET_BEST_FIT : 0,
        .size = n_pages,
        .prev = addr_of(heap->last),
        .first = first,
    };
    uint32_t kind = shape->sflags & PV_KIND;
    uint64_t size = bucket_end(bucket) - first - PEBBLE_BYTES;
    struct pv_pebble *pebble = pv_pebble_make_free(first, bucket, size, kind);
    if (heap->last) {
        heap->last->next = addr_of(bucket);
    } else {
        heap->first = bucket;
    }
    heap->last = bucket;
    heap->ends[kind_index(kind)].bucket = bucket;
    heap->ends[kind_index(kind)].tail = pebble;
    heap->n_buckets++;
    heap->n_pages += n_pages;
    pv_index_insert(heap, pebble);
    pv_bucket_settle(heap, bucket);
    pv_tell_bucket(heap, PV_EVENT_BUCKET_ADD, bucket, 0);
    return bucket;
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
    pv_bucket_at(bucket->prev)->next = bucket->next;
    if (bucket->next) {
        pv_bucket_at(bucket->next)->prev = bucket->prev;
    } else {
        heap->last = pv_bucket_at(bucket->prev);
    }
    heap->n_buckets--;
    heap->n_pages -= bucket->size;
    bucket->magic = 0;
    heap->config.pages.put(heap->config.pages.ctx, bucket, bucket->size);
}

static struct pv_bucket *last_of_kind(struct pv_heap *heap, uint32_t kind)
{
    struct pv_bucket *bucket = heap->ends[kind_index(kind)].bucket;
    if (!bucket) {
        bucket = heap->last;
        while (bucket && kind_of(bucket) != kind) {
            bucket = pv_bucket_at(bucket->prev);
        }
        heap->ends[kind_index(kind)].bucket = bucket;
    }
    return bucket;
}

static struct pv_pebble *last_pebble(const struct pv_bucket *bucket)
{
    struct pv_pebble *pebble = pv_pebble_at(bucket->first);
    while (pebble->next) {
        pebble = pv_pebble_at(pebble->next);
    }
    return pebble;
}

/* ---- finding room ---- */

/* From a candidate on, in the order of the bucket's fit, the first that fits. */
static struct pv_pebble *fitting(struct pv_heap *heap, const struct pv_bucket *bucket,
                                 struct pv_pebble *pebble, const struct pv_shape *shape)
{
    while (pebble && !fits(heap, shape, pebble)) {
        pebble = pv_index_find_next(heap, bucket, pebble, shape->size);
    }
    return pebble;
}

static struct pv_pebble *find_in(struct pv_heap *heap, const struct pv_bucket *bucket,
                                 const struct pv_shape *shape)
{
    if (heap->config.fit == PV_FIT_RECENT) {
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

struct pv_pebble *pv_bucket_find(struct pv_heap *heap, const struct pv_shape *shape)
{
    for (struct pv_bucket *bucket = heap->first; bucket; bucket = pv_bucket_at(bucket->next)) {
        if (bucket->largest < shape->size || kind_of(bucket) != (shape->sflags & PV_KIND)) {
            continue;
        }
        struct pv_pebble *pebble = find_in(heap, bucket, shape);
        if (pebble) {
            return pebble;
        }
    }
    return NULL;
}

/* Pages to add for `bytes` more, within the heap's limit; 0: it does not allow that many. */
static uint64_t pages_to_add(const struct pv_heap *heap, uint64_t bytes)
{
    uint64_t least = pages_for(bytes);
    uint64_t wanted = least > PV_GROW_PAGES_MIN ? least : PV_GROW_PAGES_MIN;
    if (!heap->config.limit_pages) {
        return wanted;
    }
    uint64_t left = heap->config.limit_pages - heap->n_pages;
    if (left < least) {
        return 0;
    }
    return left < wanted ? left : wanted;
}

/* The last bucket of the kind in place: its last free pebble, or a new one behind the last,
 * that satisfies the request. */
static struct pv_pebble *grow_in_place(struct pv_heap *heap, const struct pv_shape *shape)
{
    const struct pv_pages *pages = &heap->config.pages;
    uint32_t kind = shape->sflags & PV_KIND;
    struct pv_bucket *bucket = last_of_kind(heap, kind);
    if (!bucket || !pages->grow) {
        return NULL;
    }
    struct pv_pebble **ends_tail = &heap->ends[kind_index(kind)].tail;
    struct pv_pebble *tail = *ends_tail ? *ends_tail : last_pebble(bucket);
    *ends_tail = tail;
    uint64_t end = bucket_end(bucket);
    uint64_t start = (is_free(tail) ? addr_of(tail) : end) + PEBBLE_BYTES;
    uint64_t wanted = pv_shape_payload(shape, start) + shape->size;
    uint64_t n_pages = bucket->size;
    uint64_t n_more = pv_shape_is_low(heap, wanted, shape->below) && wanted > end
                          ? pages_to_add(heap, wanted - end)
                          : 0;
    if (!n_more || !pages->grow(pages->ctx, bucket, n_pages, n_more)) {
        return NULL;
    }
    bucket->size += n_more;
    heap->n_pages += n_more;
    if (is_free(tail)) {
        tail->size += n_more * PV_PAGE_BYTES;
        pv_index_replace(heap, tail, tail);
    } else {
        struct pv_pebble *added =
            pv_pebble_make_free(end, bucket, n_more * PV_PAGE_BYTES - PEBBLE_BYTES, kind);
        pv_pebble_link(heap, tail, added);
        tail = added;
        pv_index_insert(heap, tail);
    }
    pv_bucket_settle(heap, bucket);
    pv_tell_bucket(heap, PV_EVENT_BUCKET_GROW, bucket, n_pages);
    return tail;
}

static struct pv_pebble *grow_by_bucket(struct pv_heap *heap, const struct pv_shape *shape)
{
    /* A bucket begins on a page, so the distance to an aligned payload is known before it is
     * there only up to the alignment beyond a page. */
    uint64_t start = BUCKET_BYTES + PEBBLE_BYTES;
    start += first_moves(shape, start);
    uint64_t most = pv_shape_payload(shape, start) + shape->size;
    if (shape->alignment > PV_PAGE_BYTES) {
        most += shape->alignment;
    }
    uint64_t n_pages = pages_to_add(heap, most);
    struct pv_bucket *bucket = n_pages ? pv_bucket_add(heap, n_pages, shape) : NULL;
    return bucket ? pv_pebble_at(bucket->first) : NULL;
}

struct pv_pebble *pv_bucket_grow(struct pv_heap *heap, const struct pv_shape *shape)
{
    struct pv_pebble *pebble = NULL;
    if (heap->config.growth == PV_GROWTH_IN_PLACE) {
        pebble = grow_in_place(heap, shape);
    }
    return pebble ? pebble : grow_by_bucket(heap, shape);
}

/* What of a bucket's last pebble, if it is free, is whole pages at the bucket's end. */
uint64_t pv_bucket_trim(struct pv_heap *heap, struct pv_bucket *bucket)
{
    struct pv_pebble *tail = last_pebble(bucket);
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
