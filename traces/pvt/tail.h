/* SPDX-License-Identifier: MIT
 *
 * tail.h - what who goes on writing a native trace has to know of it: its texts and stacks,
 * where its blocks are, and where what is good of it ends. Internal to traces/.
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
    uint64_t end;   /* of what is good */
    uint64_t n_cut; /* bytes behind it, of a section that is not whole */
};

/* Into a zeroed tail, to be ended in any case. Checks all sections, and each index against the
 * blocks before it; looks into no block. PV_EFORMAT with the place: it is no native trace, or
 * it is damaged where sound sections follow; PV_EIO, PV_ENOMEM. */
int pv_pvt_tail_read(struct pv_pvt_tail *tail, struct pv_stream *stream,
                     struct pv_place *place);

/* Adds a block that was written. PV_ENOMEM. */
int pv_pvt_tail_add(struct pv_pvt_tail *tail, uint64_t offset, uint32_t n_events);

void pv_pvt_tail_fini(struct pv_pvt_tail *tail);

#endif
