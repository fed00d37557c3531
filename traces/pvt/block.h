/* SPDX-License-Identifier: MIT
 *
 * block.h - the events of a block of a native trace, one by one. Internal to traces/.
 */
#ifndef PV_PVT_BLOCK_H
#define PV_PVT_BLOCK_H

#include "traces/pvt/model.h"
#include "traces/pvt/tables.h"

/* The ways to take an event: a malloc of the next id, by its name, size and address; a free of
 * an id, by id and address; both without flags and the like; PV_WAY_OTHER for all else. */
#define PV_WAY_OTHER 0
#define PV_WAY_NEW(name, size, addr)                                                           \
    (1 + ((name)*PV_N_SAY_SIZE + (size)) * PV_N_SAY_ADDR + (addr))
#define PV_WAY_GONE(id, addr) (PV_WAY_NEW(PV_N_SAY_NAME, 0, 0) + (id)*PV_N_SAY_ADDR + (addr))

/* A shape, and an event with the fields that are the same in all events of this shape. */
struct pv_pvt_shape {
    uint32_t bits;
    uint32_t way; /* which piece of code takes an event of it */
    struct pv_trace_event event;
};

struct pv_pvt_block {
    uint32_t n, n_left;                 /* events */
    const unsigned char *at[PV_N_COLS]; /* the next byte of each column */
    const struct pv_pvt_tables *tables;
    struct pv_zstd *zstd;
    struct pv_pvt_model model;
    struct pv_pvt_shape *shapes; /* PV_PVT_SHAPES */
    struct pv_pvt_piece table, columns[PV_N_COLS];
};

/* Unpacks a section of n_items events. Before the first time all but zstd and tables is zero.
 * PV_EFORMAT: the section is invalid, and n_left is 0; PV_ENOMEM. */
int pv_pvt_block_begin(struct pv_pvt_block *block, struct pv_pvt_piece payload,
                       uint32_t n_items);

void pv_pvt_block_fini(struct pv_pvt_block *block);

#endif
