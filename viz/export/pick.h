/* SPDX-License-Identifier: MIT
 *
 * pick.h - which of many pebbles and buckets a picture shows by themselves, and which
 * stand together as "... 812 more". Deterministic.
 */
#ifndef PV_EXPORT_PICK_H
#define PV_EXPORT_PICK_H

#include "inspect/snapshot.h"

/* One box of a picture: a pebble (n 1), or a run of n pebbles that follow one another. */
struct pv_pick_item {
    size_t first, n;
};

struct pv_pick {
    bool all;
    unsigned char *shown_pebbles; /* one a pebble; NULL with all */
    unsigned char *shown_buckets;
};

/* Everything when `all`, or when there are at most `bound` pebbles; else the first and last
 * pebble of each shown bucket, those with findings, and the largest used and free ones.
 * PV_ENOMEM; pv_pick_fini is due in both cases. */
int pv_pick_init(struct pv_pick *pick, const struct pv_snapshot *snapshot, size_t bound,
                 bool all);
void pv_pick_fini(struct pv_pick *pick);

bool pv_pick_bucket(const struct pv_pick *pick, size_t bucket);
bool pv_pick_pebble(const struct pv_pick *pick, size_t pebble);

/* The item that begins at pebble `from`, before pebble `end`. */
struct pv_pick_item pv_pick_next(const struct pv_pick *pick, size_t from, size_t end);

#endif
