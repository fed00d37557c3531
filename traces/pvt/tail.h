/* SPDX-License-Identifier: MIT
 *
 * tail.h - what a writer must know of a native trace to append to it: the texts and stacks,
 * where the blocks are, and where the sound part ends. Internal to traces/.
 */
#ifndef PV_PVT_TAIL_H
#define PV_PVT_TAIL_H

#include <stdbool.h>

#include "traces/reader.h"
#include "traces/stream.h"
#include "traces/texts.h"

struct pv_pvt_block_at {
    uint64_t offset;
    uint32_t n_events;
};

struct pv_pvt_tail {
    struct pv_texts *texts, *stacks; /* as the file numbers them; frames are uint32_t */
    struct pv_pvt_block_at *blocks;
    size_t n_blocks, cap_blocks;
    uint64_t n_events;
    const char *clock;
    uint64_t end;   /* where the sound part ends */
    uint64_t n_cut; /* bytes behind it: a section that is not complete */
};

/* Reads a trace into a zeroed tail, which needs pv_pvt_tail_fini in any case. Checks all
 * sections, and each index against the blocks before it; does not unpack blocks. PV_EFORMAT
 * with the place: it is no native trace, or sound sections follow a damaged one; PV_EIO,
 * PV_ENOMEM. */
int pv_pvt_tail_read(struct pv_pvt_tail *tail, struct pv_stream *stream,
                     struct pv_place *place);

/* Adds a block that the writer has written. PV_ENOMEM. */
int pv_pvt_tail_add(struct pv_pvt_tail *tail, uint64_t offset, uint32_t n_events);

void pv_pvt_tail_fini(struct pv_pvt_tail *tail);

#endif
