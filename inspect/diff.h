/* SPDX-License-Identifier: MIT
 *
 * diff.h - what came, went, stayed and moved between two snapshots.
 *
 * Used pebbles are matched by block where both snapshots know id and birth (two moments of one
 * trace, or the same moment under two engines), else by address, size and name.
 */
#ifndef PV_DIFF_H
#define PV_DIFF_H

#include "inspect/snapshot.h"

enum pv_change { PV_CAME, PV_WENT, PV_MOVED, PV_RESIZED };

enum { PV_N_CHANGES = PV_RESIZED + 1 };

struct pv_diff_row {
    enum pv_change change;
    size_t a, b; /* pebble indices; SIZE_MAX where it is not */
};

struct pv_diff_tag {
    const char *text; /* borrowed from the snapshots' tags */
    uint64_t blocks[PV_N_CHANGES];
    uint64_t bytes[PV_N_CHANGES]; /* requested where known, else payload */
    uint64_t a_bytes, b_bytes, a_blocks, b_blocks;
};

struct pv_diff {
    const struct pv_snapshot *a, *b; /* borrowed */
    size_t n_rows, n_tags;
    struct pv_diff_row *rows; /* by change, then by address in the side it stands in */
    struct pv_diff_tag
        *tags; /* by the absolute difference in bytes, largest first; then text */
    uint64_t blocks[PV_N_CHANGES], bytes[PV_N_CHANGES];
    uint64_t n_same;
};

int pv_diff_open(struct pv_diff **ret_diff, const struct pv_snapshot *a,
                 const struct pv_snapshot *b); /* PV_ENOMEM */
void pv_diff_close(struct pv_diff *diff);      /* takes NULL */

/* Whether anything came, went, moved or was resized, or the free space differs. */
bool pv_diff_differs(const struct pv_diff *diff);

#endif
