/* SPDX-License-Identifier: MIT
 *
 * live.h - what a trace's program holds, counted without a heap: the live blocks, the peak, and
 * the calls that are mistakes.
 *
 * A request counts as refused where no heap could serve it; an empty one is asked when a
 * request is very large or has flags, and never otherwise. Cost: O(1) an event. Memory: that of
 * a ledger and 12 bytes a slot.
 */
#ifndef PV_LIVE_H
#define PV_LIVE_H

#include "replay/engine.h"
#include "replay/ledger.h"
#include "replay/stats.h"

struct pv_live {
    struct pv_ledger ledger;
    struct pv_deeds deeds; /* of the event that was added last */
    uint64_t *bytes;       /* by slot: requested; PV_UNKNOWN: no block */
    uint32_t *tags;        /* by slot: the ledger's */
    size_t n_slots;
    struct pv_engine *empty; /* once it was needed */
    int64_t event;           /* the last; -1: none */
    uint64_t bytes_now, blocks_now;
    uint64_t peak_bytes, peak_blocks; /* the first moment at which most bytes are live */
    int64_t peak_event;
    uint64_t n_faults, n_by_kind[PV_N_MISTAKES];
    uint64_t n_failed, failed_bytes; /* as in struct pv_stats */
};

int pv_live_init(struct pv_live *live); /* PV_ENOMEM; pv_live_fini is due */
void pv_live_fini(struct pv_live *live);

/* Counts the next event. PV_ENOMEM; PV_ELIMIT as pv_timeline_apply. *ret_deed is the event's
 * deed, valid until the next call. */
int pv_live_add(struct pv_live *live, const struct pv_trace_event *event,
                const struct pv_deed **ret_deed);

#endif
