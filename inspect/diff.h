/* SPDX-License-Identifier: MIT
 *
 * diff.h - what came, went, stayed and moved between two snapshots.
 *
 * Used pebbles are matched by block where both know their id and birth (two moments of one
 * trace, or the same moment under two engines; a birth alone will do where the id is a text),
 * else by address, size and name. Free pebbles are not matched: only their sums are compared.
 * O(n log n).
 */
#ifndef PV_DIFF_H
#define PV_DIFF_H

#include "inspect/snapshot.h"

enum pv_change {
    PV_CAME,   /* used in b only */
    PV_WENT,   /* used in a only */
    PV_MOVED,  /* in both, at different addresses; its size may differ as well */
    PV_RESIZED /* in both at one address, with different payload or requested bytes */
};

enum { PV_N_CHANGES = PV_RESIZED + 1 };

struct pv_diff_row {
    enum pv_change change;
    size_t a, b; /* pebble indices; SIZE_MAX where it is not */
};

/* A tag that used pebbles of a or b have. */
struct pv_diff_tag {
    const char *text; /* borrowed from the snapshots' tags */
    uint64_t blocks[PV_N_CHANGES];
    /* Requested where known, else payload; of what went as in a, of all else as in b. */
    uint64_t bytes[PV_N_CHANGES];
    uint64_t a_bytes, b_bytes, a_blocks, b_blocks;
};

struct pv_diff {
    const struct pv_snapshot *a, *b; /* borrowed */
    size_t n_rows, n_tags;
    struct pv_diff_row *rows; /* by change, then by address in the side it stands in */
    struct pv_diff_tag
        *tags; /* by the absolute difference in bytes, largest first; then text */
    uint64_t blocks[PV_N_CHANGES], bytes[PV_N_CHANGES];
    uint64_t n_same; /* pebbles at one address with one size in both */
};

/* a and b are counted (pv_snapshot_count) and outlive the difference. */
int pv_diff_open(struct pv_diff **ret_diff, const struct pv_snapshot *a,
                 const struct pv_snapshot *b); /* PV_ENOMEM */
void pv_diff_close(struct pv_diff *diff);      /* takes NULL */

/* Whether anything came, went, moved or was resized, or the free space differs. */
bool pv_diff_differs(const struct pv_diff *diff);

#endif
