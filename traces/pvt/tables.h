/* SPDX-License-Identifier: MIT
 *
 * tables.h - the texts and stacks of a native trace, by number, for who reads events.
 * Internal to traces/. Costs the different texts and stacks.
 */
#ifndef PV_PVT_TABLES_H
#define PV_PVT_TABLES_H

#include "traces/pvt/piece.h"

struct pv_pvt_text {
    const char *bytes; /* clean */
    uint32_t n;
};

struct pv_pvt_stack {
    size_t first; /* of the frames */
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

/* The items of a section of texts, or of stacks. PV_EFORMAT: what it holds cannot be; some may
 * have been added. PV_ENOMEM. */
int pv_pvt_tables_texts(struct pv_pvt_tables *tables, struct pv_pvt_piece *piece,
                        uint32_t n_items);
int pv_pvt_tables_stacks(struct pv_pvt_tables *tables, struct pv_pvt_piece *piece,
                         uint32_t n_items);

void pv_pvt_tables_fini(struct pv_pvt_tables *tables);

#endif
