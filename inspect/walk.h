/* SPDX-License-Identifier: MIT
 *
 * walk.h - a catalog read out of a memory: the one way to look at a live heap.
 */
#ifndef PV_WALK_H
#define PV_WALK_H

#include "inspect/memory.h"
#include "inspect/snapshot.h"

struct pv_walk {
    struct pv_memory memory;
    const struct pv_layout *layout;
    uint64_t root; /* target address of the first bucket */
    /* Added to each pointer read from a header to make it a target address: 0 but for a
     * replayed heap, whose pages lie elsewhere in this process than the target has them. A zero
     * pointer stays zero. */
    uint64_t bias;
    uint64_t max_pebbles; /* bound on rows; 0: 2^26 */
};

/* Walks, applies every rule (rules.h) and counts the totals. Tags are added to `tags`. Follows
 * First and Next only; what cannot be read or does not end is a finding. When the list breaks,
 * it goes on at the next place in the bucket where a sound header begins, and says so.
 * PV_ENOMEM; damage is never an error. */
int pv_walk(const struct pv_walk *walk, struct pv_tags *tags,
            struct pv_snapshot **ret_snapshot);

#endif
