/* SPDX-License-Identifier: MIT
 *
 * tally.h - blocks and bytes a tag, and the largest of them.
 */
#ifndef PV_TALLY_H
#define PV_TALLY_H

#include "inspect/snapshot.h"

struct pv_tally_row {
    const char *text; /* of the tags it was ranked with */
    uint64_t blocks, bytes;
    uint32_t tag;
};

struct pv_tally {
    struct pv_tally_row *rows; /* by tag until ranked */
    size_t n, cap;
};

/* PV_ENOMEM. */
int pv_tally_add(struct pv_tally *tally, uint32_t tag, uint64_t bytes);

/* Counts the used pebbles of a snapshot: requested bytes where known, else the payload. */
int pv_tally_snapshot(struct pv_tally *tally, const struct pv_snapshot *snapshot);

/* Drops tags without blocks, then orders by bytes, largest first; of equals by blocks, then by
 * text. */
void pv_tally_rank(struct pv_tally *tally, const struct pv_tags *tags);

void pv_tally_fini(struct pv_tally *tally);

#endif
