/* SPDX-License-Identifier: MIT
 *
 * grow.c - more pages for a request that no free pebble serves: a bucket grows in place, or a
 * new one comes. Internal to the heap, see inside.h.
 *
 * First the preferred way (the last bucket of the kind in place where that is wanted, else a
 * new bucket), by PV_GROW_PAGES_MIN at least. What the provider or the limit then refuses is
 * tried again with what the request needs and no more: every bucket of the kind in place, a new
 * bucket, and for an alignment of more than a page a smaller one that serves only where it
 * happens to lie right; and last, what is kept for lower limits. So a request is refused only if no lawful place exists that the
 * provider would give.
 *
 * Costs: growth is O(1) beside the provider's; a refusal asks the provider about each bucket of
 * the kind, for which their lists are walked.
 */
#include "core/index.h"
#include "core/inside.h"

/* Pages for `bytes` more, within the heap's limit; 0: it does not allow that many. */
static uint64_t pages_to_add(const struct pv_heap *heap, uint64_t bytes,
                             enum pv_growing growing)
{
    uint64_t least = pages_for(bytes), limit = heap->config.limit_pages;
    uint64_t left = !limit ? UINT64_MAX : limit > heap->n_pages ? limit - heap->n_pages : 0;
    uint64_t wanted =
        growing == GROW_PREFERRED && least < PV_GROW_PAGES_MIN ? PV_GROW_PAGES_MIN : least;
    if (left < least) {
        return 0;
    }
    return left < wanted ? left : wanted;
}

bool pv_grow_is_allowed(const struct pv_heap *heap, uint64_t bytes)
{
    return pages_to_add(heap, bytes, GROW_LEAST) != 0;
}

bool pv_grow_bucket(struct pv_heap *heap, struct pv_bucket *bucket, struct pv_pebble *tail,
                    uint64_t bytes, enum pv_growing growing)
{
    const struct pv_pages *pages = &heap->config.pages;
    uint64_t n_pages = bucket->size, end = bucket_end(bucket);
    uint64_t n_more = pages_to_add(heap, bytes, growing);
    if (!n_more || !pages->grow || !pages->grow(pages->ctx, bucket, n_pages, n_more)) {
        return false;
    }
    bucket->size += n_more;
    heap->n_pages += n_more;
    if (is_free(tail)) {
        tail->size += n_more * PV_PAGE_BYTES;
        pv_index_replace(heap, tail, tail);
    } else {
        uint64_t size = n_more * PV_PAGE_BYTES - PEBBLE_BYTES;
        struct pv_pebble *added =
            pv_pebble_make_free(end, bucket, size, tail->sflags & PV_KIND);
        pv_pebble_link(heap, tail, added);
        pv_index_insert(heap, added);
    }
    pv_bucket_settle(heap, bucket);
    pv_tell_bucket(heap, PV_EVENT_BUCKET_GROW, bucket, n_pages);
    return true;
}

/* The bucket in place, until the request fits at its end. */
static struct pv_pebble *grow_in_place(struct pv_heap *heap, struct pv_bucket *bucket,
                                       struct pv_pebble *tail, const struct pv_shape *shape,
                                       enum pv_growing growing)
{
    uint64_t end = bucket_end(bucket);
    uint64_t start = (is_free(tail) ? addr_of(tail) : end) + PEBBLE_BYTES;
    uint64_t wanted = pv_shape_payload(shape, start) + shape->size;
    if (wanted <= end || !pv_shape_is_low(heap, wanted, shape->below) ||
        !pv_grow_bucket(heap, bucket, tail, wanted - end, growing)) {
        return NULL;
    }
    return is_free(tail) ? tail : pv_pebble_at(tail->next);
}

/* The last bucket of the kind before `end` (NULL: of all), or NULL. */
static struct pv_bucket *last_before(struct pv_heap *heap, const struct pv_bucket *end,
                                     uint32_t kind)
{
    struct pv_bucket *bucket = end ? pv_bucket_at(end->prev) : heap->last;
    while (bucket && !is_of_kind(heap, bucket, kind)) {
        bucket = pv_bucket_at(bucket->prev);
    }
    return bucket;
}

/* The last bucket of the kind that serves the request freely. */
static struct pv_pebble *grow_last(struct pv_heap *heap, const struct pv_shape *shape)
{
    uint32_t kind = shape->sflags & PV_KIND;
    struct pv_bucket **last = &heap->ends[kind_index(kind)].bucket;
    struct pv_pebble **tail = &heap->ends[kind_index(kind)].tail;
    if (!*last) {
        *last = last_before(heap, heap->kept[0], kind);
    }
    struct pv_bucket *bucket =
        shape->rank ? last_before(heap, pv_bucket_kept(heap, shape), kind) : *last;
    if (!bucket || !heap->config.pages.grow) {
        return NULL;
    }
    if (bucket != *last) {
        struct pv_pebble *its_tail = pv_bucket_tail(heap, bucket);
        return its_tail ? grow_in_place(heap, bucket, its_tail, shape, GROW_PREFERRED) : NULL;
    }
    if (!*tail || !pv_sound_header(bucket, addr_of(*tail))) {
        *tail = pv_bucket_tail(heap, bucket);
    }
    return *tail ? grow_in_place(heap, bucket, *tail, shape, GROW_PREFERRED) : NULL;
}

/* Any bucket of the kind from one on, the last one first. */
static struct pv_pebble *grow_any(struct pv_heap *heap, const struct pv_shape *shape,
                                  const struct pv_bucket *from, const struct pv_bucket *end)
{
    bool can = heap->config.pages.grow && pages_to_add(heap, 1, GROW_LEAST) && from != end;
    struct pv_bucket *bucket = !can ? NULL : end ? pv_bucket_at(end->prev) : heap->last;
    struct pv_pebble *pebble = NULL;
    while (bucket && !pebble) {
        if (!pv_bucket_is_whole(heap, bucket)) {
            heap->damaged = bucket;
            return NULL;
        }
        if (is_of_kind(heap, bucket, shape->sflags & PV_KIND)) {
            struct pv_pebble *tail = pv_bucket_tail(heap, bucket);
            pebble = tail ? grow_in_place(heap, bucket, tail, shape, GROW_LEAST) : NULL;
        }
        bucket = bucket == from ? NULL : pv_bucket_at(bucket->prev);
    }
    return pebble;
}

/* ---- new buckets ---- */

/* What the provider is told of a request. */
static uint32_t flags_for_pages(const struct pv_shape *shape)
{
    return shape->sflags & (PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG |
                            PV_FLAG_LOW16MEG | PV_FLAG_LOW4GIG);
}

/* Makes a bucket of the pages that the provider gave (NULL: none), and gives them back if the
 * request does not fit. */
static struct pv_bucket *keep(struct pv_heap *heap, void *start, uint64_t n_pages,
                              const struct pv_shape *shape)
{
    if (start && !is_on(addr_of(start), PV_PAGE_BYTES)) {
        pv_tell(heap, &(struct pv_event){
                          .kind = PV_EVENT_FAULT, .fault = PV_FAULT_BAD_PAGES, .ptr = start});
        heap->config.pages.put(heap->config.pages.ctx, start, n_pages);
        return NULL;
    }
    if (start && !pv_bucket_would_serve(heap, start, n_pages, shape)) {
        heap->config.pages.put(heap->config.pages.ctx, start, n_pages);
        start = NULL;
    }
    return start ? pv_bucket_make(heap, start, n_pages, shape) : NULL;
}

struct pv_bucket *pv_grow_new(struct pv_heap *heap, uint64_t n_pages,
                              const struct pv_shape *shape)
{
    const struct pv_pages *pages = &heap->config.pages;
    return keep(heap, pages->get(pages->ctx, n_pages, flags_for_pages(shape)), n_pages, shape);
}

/* Bytes that a new bucket needs to serve the request wherever it begins. It begins on a page,
 * so the next multiple of a larger alignment is at most that alignment away. */
static uint64_t bytes_anywhere(const struct pv_shape *shape)
{
    uint64_t start = BUCKET_BYTES + PEBBLE_BYTES;
    start += pv_shape_first_moves(shape, start);
    return pv_shape_payload(shape, start) + shape->size;
}

static struct pv_bucket *new_anywhere(struct pv_heap *heap, const struct pv_shape *shape,
                                      enum pv_growing growing)
{
    uint64_t n_pages = pages_to_add(heap, bytes_anywhere(shape), growing);
    return n_pages ? pv_grow_new(heap, n_pages, shape) : NULL;
}

/* For an alignment beyond a page: fewer pages serve where the aligned payload begins on the
 * second of them, or soon after. */
static struct pv_bucket *new_where_it_lies_right(struct pv_heap *heap,
                                                 const struct pv_shape *shape)
{
    const struct pv_pages *pages = &heap->config.pages;
    uint64_t least = pages_for(PV_PAGE_BYTES + shape->size);
    uint64_t enough = pages_for(bytes_anywhere(shape));
    struct pv_bucket *bucket = NULL;
    if (shape->alignment <= PV_PAGE_BYTES ||
        !pages_to_add(heap, least * PV_PAGE_BYTES, GROW_LEAST)) {
        return NULL;
    }
    if (pages->get_aligned) {
        void *start =
            pages->get_aligned(pages->ctx, least, flags_for_pages(shape), shape->alignment);
        return keep(heap, start, least, shape);
    }
    for (uint64_t n = least; n < enough && !bucket; n++) {
        uint64_t n_pages = pages_to_add(heap, n * PV_PAGE_BYTES, GROW_LEAST);
        bucket = n_pages ? pv_grow_new(heap, n_pages, shape) : NULL;
    }
    return bucket;
}

struct pv_pebble *pv_grow(struct pv_heap *heap, const struct pv_shape *shape)
{
    struct pv_bucket *kept = pv_bucket_kept(heap, shape);
    struct pv_pebble *pebble =
        heap->config.growth == PV_GROWTH_IN_PLACE ? grow_last(heap, shape) : NULL;
    struct pv_bucket *bucket = pebble ? NULL : new_anywhere(heap, shape, GROW_PREFERRED);
    if (!pebble && !bucket) {
        pebble = grow_any(heap, shape, heap->first, kept);
    }
    if (!pebble && !bucket) {
        bucket = new_anywhere(heap, shape, GROW_LEAST);
    }
    if (!pebble && !bucket) {
        bucket = new_where_it_lies_right(heap, shape);
    }
    if (!pebble && !bucket && kept) {
        pebble = pv_bucket_find(heap, shape, true);
        pebble = pebble ? pebble : grow_any(heap, shape, kept, NULL);
    }
    return bucket ? pv_pebble_at(bucket->first) : pebble;
}
