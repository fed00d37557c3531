/* SPDX-License-Identifier: MIT
 *
 * preload.h - the parts of libpebbleviz-preload.so among themselves. Nothing here is for the
 * rest of pebbleviz; the library is the one place that has mutable globals, because the
 * program that it lives in knows nothing of it.
 */
#ifndef PV_PRELOAD_H
#define PV_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/record/spool.h"

/* Storage of a thread that needs no allocation to be reached. */
#define PV_THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))

/* Finds the spool that the environment names, maps it, takes our names out of the environment.
 * Called until it has had an answer, which it remembers. Leaves errno alone. */
void pv_preload_attach(void);

/* True in the recorded process while there is a spool; false in its children. */
bool pv_preload_recording(void);

/* A new record to be filled in, or NULL when there is no room (counted). */
struct pv_spool_record *pv_preload_claim(void);

/* Fills in what all records have and makes the record valid. */
void pv_preload_commit(struct pv_spool_record *record, enum pv_spool_kind kind);

/* Whether call stacks are wanted. */
bool pv_preload_wants_stacks(void);

/* The id of the present call stack, written to the spool when it is new; 0 when it cannot be
 * known. Locks nothing, allocates nothing. */
uint32_t pv_preload_stack(void);

/* Room for the tables of stacks; false: no memory. */
bool pv_preload_stack_init(void);

#endif
