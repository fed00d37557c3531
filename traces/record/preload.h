/* SPDX-License-Identifier: MIT
 *
 * preload.h - what the parts of libpebbleviz-preload.so share. Nothing here is for the rest of
 * pebbleviz. Only this library has mutable globals, because the program around it passes it no
 * state.
 *
 * All functions may be called from a signal handler that interrupted one of them: they take no
 * locks and allocate nothing.
 */
#ifndef PV_PRELOAD_H
#define PV_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/record/spool.h"

/* A thread's own variable that can be reached without an allocation. */
#define PV_THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))

/* ---- preload_spool.c ---- */

/* Is this call to be recorded? The first call finds the spool, and removes our variables from
 * the environment; in a child of the recorded process it only counts the call and returns
 * false. Keeps errno. */
bool pv_preload_recording(void);

/* Records a call by this thread at this moment. When the ring is full it waits for `pebbleviz
 * record` for a bounded time; calls lost after that are counted. Keeps errno. */
void pv_preload_tell(enum pv_spool_kind kind, unsigned shift, uint32_t node, uint64_t a,
                     uint64_t b);

/* Writes a definition; `time` is its third word. False: no room. */
bool pv_preload_define(enum pv_spool_kind kind, uint32_t subject, uint32_t part, uint64_t a,
                       uint64_t b, uint64_t time);

/* Writes a text in as many records as it needs. False: no room. */
bool pv_preload_define_text(enum pv_spool_kind kind, uint32_t subject, const char *text);

/* The depth of call stacks to record, see the spool's header. */
uint64_t pv_preload_depth(void);

/* This thread's number: not 0, and unique as long as there are fewer than a million threads. */
uint32_t pv_preload_thread(void);

/* Counts a process that was not made by fork(3). */
void pv_preload_count_child(void);

/* The same from within a child that shares our memory (vfork); counts it only once. */
void pv_preload_count_self(void);

/* "LD_PRELOAD=…" and "PEBBLEVIZ_SPOOL=…" as they were at the start, without other libraries;
 * NULL outside of the recorded process. */
const char *const *pv_preload_names(void);

/* Stores why the program after exec will not be recorded, as an errno; 0: nothing known. */
void pv_preload_failed(int error);

/* From now on reads no time and makes no system call, because the kernel would kill the
 * program. */
void pv_preload_shut_in(void);

/* ---- preload.c ---- */

/* Records a block that this thread has made, unless a hook has recorded it since
 * pv_preload_forget_told. NULL is no block; `align` 0: the usual. */
void pv_preload_made_once(const void *block, size_t align, size_t size, void *hook);

/* Records a block that this thread is about to free; hooks do not record its free again before
 * pv_preload_forget_told. */
void pv_preload_freed_once(const void *block);
void pv_preload_forget_told(void);

/* ---- preload_small.c ---- */

/* Is a frame on the stack of a signal handler that is too small for the recording? */
bool pv_preload_is_small(const void *frame);

/* Calls a function on a stack of this library; on the current one when all are in use. */
void pv_preload_elsewhere(void (*act)(void *), void *ctx);

/* ---- preload_stack.c: the numbers of modules, frames and call stacks ---- */

/* Makes the tables; false: no memory. */
bool pv_preload_stack_init(void);

/* The id of a frame, from 1; 0: the table is full, or the frame is in this library. *ret_rule
 * is the unwind rule for its caller, see preload_frame.h. */
uint32_t pv_preload_frame(uintptr_t pc, uint64_t *ret_rule);

/* The id of a frame called from a node (0: no caller known); a new one is written to the spool.
 * 0: none could be made. */
uint32_t pv_preload_node(uint32_t caller, uint32_t frame);

/* ---- preload_walk.c ---- */

/* The node of the current call stack, or 0 when it is not known. `hook` is the frame address of
 * the function that the program called. */
uint32_t pv_preload_walk(void *hook);

#endif
