/* SPDX-License-Identifier: MIT
 *
 * preload.h - the parts of libpebbleviz-preload.so among themselves. Nothing here is for the
 * rest of pebbleviz; the library is the one place that has mutable globals, because the
 * program that it lives in knows nothing of it.
 *
 * All of it may be called from a signal handler that has interrupted it: nothing is locked, and
 * nothing allocated.
 */
#ifndef PV_PRELOAD_H
#define PV_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/record/spool.h"

/* Storage of a thread that needs no allocation to be reached. */
#define PV_THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))

/* ---- preload_spool.c ---- */

/* Whether this call is to be told. Finds the spool when it is first asked, and takes our names
 * out of the environment; a child of the recorded process counts its call and answers false.
 * Leaves errno alone. */
bool pv_preload_recording(void);

/* Tells of a call by this thread, at this moment. When the ring is full it waits for
 * `pebbleviz record` for a bounded time; what is lost then is counted. Leaves errno alone. */
void pv_preload_tell(enum pv_spool_kind kind, unsigned shift, uint32_t node, uint64_t a,
                     uint64_t b);

/* A definition; `time` is a third word of it. False: no room. */
bool pv_preload_define(enum pv_spool_kind kind, uint32_t subject, uint32_t part, uint64_t a,
                       uint64_t b, uint64_t time);

/* A text in as many records as it takes. False: no room. */
bool pv_preload_define_text(enum pv_spool_kind kind, uint32_t subject, const char *text);

/* How deep call stacks are wanted, see the spool's header. */
uint64_t pv_preload_depth(void);

/* Not 0, and no other thread's as long as there are fewer than a million. */
uint32_t pv_preload_thread(void);

/* A process is made by other means than fork(3). */
void pv_preload_count_child(void);

/* The same, from within a child that shares our memory; the first time that it says so. */
void pv_preload_count_self(void);

/* "LD_PRELOAD=…" and "PEBBLEVIZ_SPOOL=…" as they were when we began, without other libraries;
 * NULL unless this is the recorded process. */
const char *const *pv_preload_names(void);

/* Why the program that this one becomes will not be recorded, an errno; 0: nothing known. */
void pv_preload_failed(int error);

/* From now on no time is looked at and no system call made: the kernel would end the program. */
void pv_preload_shut_in(void);

/* ---- preload.c ---- */

/* A block was made by this thread: told of, unless it was since pv_preload_forget_told. NULL is
 * none; `align` 0: the usual. */
void pv_preload_made_once(const void *block, size_t align, size_t size, void *hook);

/* A block is about to be freed by this thread: told of now, and by no free of it before
 * pv_preload_forget_told. */
void pv_preload_freed_once(const void *block);
void pv_preload_forget_told(void);

/* ---- preload_small.c ---- */

/* Whether a frame is on a signal handler's stack that has no room for us. */
bool pv_preload_is_small(const void *frame);

/* Calls a function on a stack of ours; on the present one when all are in use. */
void pv_preload_elsewhere(void (*act)(void *), void *ctx);

/* ---- preload_stack.c: the numbers of modules, frames and call stacks ---- */

/* Room for the tables; false: no memory. */
bool pv_preload_stack_init(void);

/* The id of a frame, from 1; 0: the table is full, or the frame is this library's own. The rule of its caller, see
 * preload_frame.h, is where the id points. */
uint32_t pv_preload_frame(uintptr_t pc, uint64_t *ret_rule);

/* The id of a frame called from a node (0: from nowhere); written to the spool when new. 0 when
 * it cannot be had. */
uint32_t pv_preload_node(uint32_t caller, uint32_t frame);

/* ---- preload_walk.c ---- */

/* The node of the present call stack, 0 when it cannot be known. `hook` is the frame address of
 * a function that the program has called. */
uint32_t pv_preload_walk(void *hook);

#endif
