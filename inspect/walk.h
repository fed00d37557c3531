/* SPDX-License-Identifier: MIT
 *
 * walk.h - a catalog read out of a memory: the one way to look at a live heap.
 *
 * All that is needed for a heap of this process that begins at `start` and has n bytes:
 *
 *     struct pv_self_range range = {(uintptr_t)start, n};
 *     struct pv_self_memory self = {&range, 1};
 *     struct pv_walk walk = {.memory = pv_self_memory(&self), .layout = &pv_layout_fysos,
 *                            .root = (uintptr_t)start};
 *     struct pv_tags *tags;
 *     struct pv_snapshot *snapshot;
 *     if (pv_tags_open(&tags) == 0 && pv_walk(&walk, tags, &snapshot) == 0) {
 *         ... snapshot->pebbles, snapshot->findings ...
 *     }
 *
 * The heap must not change meanwhile; when it does, the walk still ends, with findings.
 *
 * Cost: about a thousand instructions a pebble, rules included, and 88 bytes of memory. On
 * hostile bytes it is bounded by max_pebbles, by the bytes that can be read, and by
 * PV_WALK_SCAN_BYTES and PV_WALK_SCAN_REFUSALS for what is searched after a list broke.
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
    uint64_t max_pebbles; /* bound on rows, of buckets and pebbles together; 0: 2^26 */
};

#define PV_WALK_ROWS_MAX   (UINT64_C(1) << 26)
#define PV_WALK_SCAN_BYTES (UINT64_C(1) << 30) /* searched for headers in one walk */
enum { PV_WALK_SCAN_REFUSALS = 1024 };         /* unreadable pages passed by in one walk */

/* Walks, applies every rule (rules.h) and counts the totals. Tags are added to `tags`. Follows
 * First and Next only; what cannot be read or does not end is a finding. When a pebble list
 * breaks, it goes on at the next place in the bucket where a sound header begins, and says so
 * (pv_snapshot.breaks). A pebble is never taken for one of two buckets: where buckets overlap,
 * the one below ends, for the walk, where the next begins. A broken bucket list ends.
 * PV_ENOMEM; damage is never an error. */
int pv_walk(const struct pv_walk *walk, struct pv_tags *tags,
            struct pv_snapshot **ret_snapshot);

#endif
