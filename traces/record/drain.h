/* SPDX-License-Identifier: MIT
 *
 * drain.h - takes records out of a spool while the program runs, and writes them as a trace.
 */
#ifndef PV_RECORD_DRAIN_H
#define PV_RECORD_DRAIN_H

#include "traces/record/record.h"
#include "traces/record/spool.h"

struct pv_drain;

/* What a drain needs besides the spool's contents. */
struct pv_drain_about {
    void *spool;         /* PV_SPOOL_BYTES, mapped shared; stays the caller's */
    const char *program; /* for the trace's header, clean */
    /* The program's own file, for its symbols; used when /proc no longer says it. */
    const char *executable;
};

/* *ret_result outlives the drain, which fills in n_events, n_lost, n_foreign, n_children,
 * n_child_calls, text and hint as they become known. PV_ENOMEM. */
int pv_drain_open(struct pv_drain **ret_drain, const struct pv_drain_about *about,
                  const struct pv_record_options *options, struct pv_record_result *ret_result);
void pv_drain_close(struct pv_drain *drain); /* takes NULL; without a finish nothing is kept */

/* Makes the trace file and checks that it can be written. PV_EIO, PV_EINVAL, PV_ENOMEM, with a
 * text in the result. */
int pv_drain_begin(struct pv_drain *drain, const char *path);

/* Takes out the records that are there, and makes room. `last`: nobody writes any more. A
 * record that was claimed and not written is waited for, for two seconds in all, across calls;
 * after that, or with `last`, it is lost. *ret_n: records taken. A failure of the trace
 * (PV_ENOMEM too) is kept for pv_drain_finish: the program must not wait because a disk is
 * full. */
void pv_drain_take(struct pv_drain *drain, bool last, uint64_t *ret_n);

/* Ends the trace. 0: done; 1: no events, nothing written; PV_EIO, PV_EINVAL, PV_ENOMEM: the
 * trace is incomplete; what could be written of it is kept, and the text says so. Memory
 * depends on the live blocks and the distinct call stacks, not on the number of events. */
int pv_drain_finish(struct pv_drain *drain);

#endif
