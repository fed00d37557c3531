/* SPDX-License-Identifier: MIT
 *
 * index.h - finds the free pebble that a walk over the list would find, in O(log n).
 *
 * One balanced tree for all free pebbles of a heap. Its order is bucket by bucket (by address);
 * within a bucket it is the order in which the heap's fit prefers pebbles: first and recent fit
 * by address, best fit by size, then address. Each node knows the largest payloads below it. So
 *
 *   first fit: the first node of the bucket with size >= need;
 *   best fit:  the first node of the bucket at or behind (need, 0);
 *   Largest:   the greatest size in the bucket's stretch of the tree.
 *
 * The nodes lie in the payloads of the free pebbles, which are at least 64 bytes; there is
 * nothing beside them but the root in struct pv_heap. Internal to core/.
 */
#ifndef PV_INDEX_H
#define PV_INDEX_H

#include "core/heap.h"

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

/* The first of at least `need` bytes in the bucket, by address, at or behind addr, or NULL. Not
 * for a bucket of best fit. */
struct pv_pebble *pv_index_find_from(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     uint64_t addr, uint64_t need);

/* The one that it would choose next if `pebble` did not do. */
struct pv_pebble *pv_index_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     struct pv_pebble *pebble, uint64_t need);

/* For the door, which trusts nothing: what a free pebble's node says is above it, NULL:
 * nothing; and whether the node there, or the root when up is NULL, leads down to it and knows
 * its size. Reads the two nodes only. */
const struct pv_pebble *pv_index_up(const struct pv_pebble *pebble);
bool pv_index_leads(const struct pv_heap *heap, const struct pv_pebble *up,
                    const struct pv_pebble *pebble);

/* The largest free payload in the bucket, 0 when none is free. */
uint64_t pv_index_largest(struct pv_heap *heap, const struct pv_bucket *bucket);

#endif
