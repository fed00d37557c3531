/* SPDX-License-Identifier: MIT
 *
 * tables.h - the texts and stacks of a native trace by number, for its reader. Internal to
 * traces/. Costs the texts and stacks.
 */
#ifndef PV_PVT_TABLES_H
#define PV_PVT_TABLES_H

#include "traces/pvt/piece.h"

struct pv_pvt_text {
    const char *bytes; /* clean */
    uint32_t n;
};

struct pv_pvt_stack {
    size_t first; /* index of the first frame */
    uint32_t n;
};

struct pv_pvt_chunk;

struct pv_pvt_tables {
    struct pv_pvt_text *texts;
    size_t n_texts, cap_texts;
    struct pv_pvt_stack *stacks;
    size_t n_stacks, cap_stacks;
    const char **frames;
    size_t n_frames, cap_frames;
    struct pv_pvt_chunk *chunks;
};

/* Adds the items of a section of texts, or of stacks. PV_EFORMAT: the section is invalid; some
 * items may have been added. PV_ENOMEM. */
int pv_pvt_tables_texts(struct pv_pvt_tables *tables, struct pv_pvt_piece *piece,
                        uint32_t n_items);
int pv_pvt_tables_stacks(struct pv_pvt_tables *tables, struct pv_pvt_piece *piece,
                         uint32_t n_items);

void pv_pvt_tables_fini(struct pv_pvt_tables *tables);

#endif
