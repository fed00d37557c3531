/* SPDX-License-Identifier: MIT
 *
 * walker.h - a walk in the middle of its work: what walk.c and list.c share. Private to
 * inspect/.
 */
#ifndef PV_WALKER_H
#define PV_WALKER_H

#include "inspect/header.h"
#include "inspect/scan.h"

/* A bucket as its header has it, and its home. */
struct pv_head {
    struct pv_bucket_row row;
    struct pv_home home;
};

struct pv_walker {
    const struct pv_walk *walk;
    struct pv_header_reader reader;
    struct pv_scan_budget budget;
    struct pv_snapshot *snapshot;
    struct pv_head *heads;
    size_t n_heads, cap_heads;
    uint64_t n_left; /* rows that may still be added */
};

/* Follows the list that begins at `first` and adds its pebbles to the snapshot's last bucket,
 * which is number `bucket`; tells where it breaks. PV_ENOMEM. */
int pv_list_follow(struct pv_walker *walker, const struct pv_home *home, size_t bucket,
                   uint64_t first);

#endif
