/* SPDX-License-Identifier: MIT
 *
 * index.h - finds the free pebble that a walk over the list would find, in O(log n).
 *
 *   first and recent fit: the first in the bucket by address, or from an address on, with
 *                         size >= need;
 *   best fit:             the smallest with size >= need, of equals the first by address;
 *   Largest:              the greatest size in the bucket.
 *
 * What it needs lies in the payloads of the free pebbles, which are at least 64 bytes, and in
 * struct pv_heap; there is nothing else beside the buckets. Internal to core/.
 */
#ifndef PV_INDEX_H
#define PV_INDEX_H

#include "core/heap.h"

/* How a bucket is searched: bit 0 is its own (20.3.2.2.1). */
static inline bool is_best_fit(const struct pv_bucket *bucket)
{
    return bucket->lflags & PV_BUCKET_BEST_FIT;
}

/* Forgets everything. */
void pv_index_clear(struct pv_heap *heap);

/* A pebble that became free; its size and parent are set. */
void pv_index_insert(struct pv_heap *heap, struct pv_pebble *pebble);

/* A pebble that is no longer free, or is about to be absorbed. Its node must be whole; its
 * header is not read. */
void pv_index_remove(struct pv_heap *heap, struct pv_pebble *pebble);

/* `to`, with its size and parent set, takes the place of `from`, which it overlaps or touches:
 * no other free pebble lies between them, so that the order by address stays. from's node must
 * be whole; the two may be the same pebble, whose size changed. */
void pv_index_replace(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to);

/* The pebble that the bucket's fit chooses among those of at least `need` bytes, or NULL. */
struct pv_pebble *pv_index_find(struct pv_heap *heap, const struct pv_bucket *bucket,
                                uint64_t need);

/* The same of those at or behind addr. In a bucket of best fit addr parts only those of exactly
 * `need` bytes; larger ones count wherever they lie. */
struct pv_pebble *pv_index_find_from(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     uint64_t addr, uint64_t need);

/* The one that it would choose next if `pebble` does not fit the request. */
struct pv_pebble *pv_index_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     struct pv_pebble *pebble, uint64_t need);

/* For the door, which trusts nothing: what a free pebble's node says is above it, NULL:
 * nothing; and whether the index knows its size and leads to it: the node there does, or, when
 * up is NULL, the heap. Reads the two nodes only. */
const struct pv_pebble *pv_index_up(const struct pv_pebble *pebble);
bool pv_index_leads(const struct pv_heap *heap, const struct pv_pebble *up,
                    const struct pv_pebble *pebble);

/* The largest free payload in the bucket, 0 when none is free. */
uint64_t pv_index_largest(struct pv_heap *heap, const struct pv_bucket *bucket);

/* The same of all buckets; O(1). */
uint64_t pv_index_largest_of_all(const struct pv_heap *heap);

#endif
