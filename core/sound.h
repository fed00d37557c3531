/* SPDX-License-Identifier: MIT
 *
 * sound.h - walks over a heap whose headers a program may have overwritten: what the heap and its
 * guard share. Internal to core/.
 */
#ifndef PV_SOUND_H
#define PV_SOUND_H

#include "core/heap.h"

/* Marks functions that run only where something is damaged, and keeps them out of the hot
 * path. */
#define PV_COLD __attribute__((cold, noinline))
/* Marks functions that few requests need: those pay for a call, the others pay nothing. */
#define PV_RARE __attribute__((noinline))

static inline uint64_t addr_of(const void *at)
{
    return (uint64_t)(uintptr_t)at;
}

static inline uint64_t bucket_end(const struct pv_bucket *bucket)
{
    return addr_of(bucket) + bucket->size * PV_PAGE_BYTES;
}

/* Takes the bucket behind `bucket` (NULL: the first one) out of the list, because it is
 * damaged. Returns the bucket that then stands there. */
PV_COLD struct pv_bucket *pv_sound_cut(struct pv_heap *heap, struct pv_bucket *bucket);

/* Whether a bucket's header can be one that the heap wrote, judged from the header alone. */
static inline bool pv_bucket_is_whole(const struct pv_heap *heap,
                                      const struct pv_bucket *bucket)
{
    return bucket->magic == PV_BUCKET_MAGIC && bucket->lflags <= PV_BUCKET_BEST_FIT &&
           bucket->size - 1 < heap->n_pages &&
           bucket->first - addr_of(bucket) <
               bucket->size * PV_PAGE_BYTES - sizeof(struct pv_pebble);
}

/* Goes through the buckets in list order, and takes out those whose headers are damaged. */
static inline struct pv_bucket *pv_bucket_first(struct pv_heap *heap)
{
    struct pv_bucket *first = heap->first;
    return !first || pv_bucket_is_whole(heap, first) ? first : pv_sound_cut(heap, NULL);
}

static inline struct pv_bucket *pv_bucket_after(struct pv_heap *heap, struct pv_bucket *bucket)
{
    struct pv_bucket *next = pv_bucket_at(bucket->next);
    return !next || (pv_bucket_is_whole(heap, next) && next->prev == addr_of(bucket))
               ? next
               : pv_sound_cut(heap, bucket);
}

/* The one door (door.c): the used pebble whose payload begins at ptr, or NULL, the fault, and the pebble concerned
 * where one is known. */
struct pv_pebble *pv_door_look_up(struct pv_heap *heap, const void *ptr,
                                  enum pv_fault *ret_fault,
                                  const struct pv_pebble **ret_concerned);

/* Whether a header stands at addr in the bucket whose size, parent and next agree. */
bool pv_sound_header(const struct pv_bucket *bucket, uint64_t addr);

/* The first such header at or behind addr, or NULL: a search. */
struct pv_pebble *pv_sound_from(const struct pv_bucket *bucket, uint64_t addr);

/* The used pebble in front of a damaged address, or NULL. A walk. */
PV_COLD const struct pv_pebble *pv_sound_suspect(struct pv_heap *heap, uint64_t addr);

/* Builds the index anew from the headers that are sound. */
void pv_sound_index(struct pv_heap *heap);

/* Something was found damaged (heap->damaged): tells it and builds the index anew from the
 * headers that are sound. */
PV_COLD void pv_sound_mend(struct pv_heap *heap);

#endif
