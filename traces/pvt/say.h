/* SPDX-License-Identifier: MIT
 *
 * say.h - packs events into a block of a native trace: of each event its shape, and in columns
 * the values that the model cannot guess. Internal to traces/. Costs about 2 MiB.
 */
#ifndef PV_PVT_SAY_H
#define PV_PVT_SAY_H

#include "traces/pvt/model.h"
#include "traces/pvt/output.h"

enum { PV_SAY_SLOTS = 1024 };

struct pv_pvt_say {
    uint32_t n_events;
    uint32_t n_shapes;
    uint32_t shapes[PV_PVT_SHAPES];
    uint16_t shape_slots[PV_SAY_SLOTS]; /* number + 1 */
    struct pv_pvt_bytes columns[PV_N_COLS], table;
    struct pv_pvt_model model;
};

/* The numbers of an event's texts and of its stack. */
struct pv_pvt_numbers {
    uint32_t id, name, stack;
};

/* Begins a block; before the first time everything is zero. PV_ENOMEM. */
int pv_pvt_say_begin(struct pv_pvt_say *say);

/* There may be no room for the shape of one more event: the block has to end. */
bool pv_pvt_say_is_full(const struct pv_pvt_say *say);

/* Adds an event; not when the block is full. PV_ENOMEM: it was not added. */
int pv_pvt_say_event(struct pv_pvt_say *say, const struct pv_trace_event *event,
                     const struct pv_pvt_numbers *numbers);

/* Writes the block. PV_ENOMEM, and what the output's write returns. */
int pv_pvt_say_end(struct pv_pvt_say *say, struct pv_pvt_output *output);

void pv_pvt_say_fini(struct pv_pvt_say *say);

#endif
