/* SPDX-License-Identifier: MIT
 *
 * callers.h - from a call stack to a tag: the name of the function that wanted the memory.
 *
 * The innermost frame is hardly ever that: it is the C library, or a wrapper such as xmalloc.
 * The tag is "module/function" of the innermost function that is neither. Where a stripped
 * module gives no name, the next outer function of the same module that has one stands for it,
 * and where none has, "module+0xSTART" of the function: the same in every run, as it counts
 * from the module's beginning. A nameless function that calls the allocator on behalf of many
 * others is taken for a wrapper too.
 */
#ifndef PV_CALLERS_H
#define PV_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/record/record.h"
#include "traces/record/spool.h"

struct pv_callers;

enum {
    PV_CALLERS_DEPTH = PV_RECORD_DEPTH_MAX
}; /* frames of a stack that are given out at most */

/* `executable` is the program's own file, which the spool calls "". Stacks are given out with
 * `depth` frames at most. `unread` is added to whenever a file turns out so. */
int pv_callers_open(struct pv_callers **ret_callers, const char *executable, unsigned depth,
                    struct pv_unread *unread);
void pv_callers_close(struct pv_callers *callers); /* takes NULL */

/* Takes in one record of the kinds FRAME, NODE and MODULE; ignores any that make no sense.
 * PV_ENOMEM. */
int pv_callers_add(struct pv_callers *callers, const struct pv_spool_record *record);

/* A node has asked for memory. To be told before its tag is asked for: who calls whom is looked
 * at to find nameless wrappers, the sooner the better. PV_ENOMEM. */
int pv_callers_note(struct pv_callers *callers, uint32_t id);

struct pv_caller {
    const char *tag;          /* clean; "" when it is not known */
    const char *const *stack; /* clean, innermost first */
    uint32_t n_stack;
    uint32_t key; /* the same for the same tag and stack, from 1; 0: not known */
};

/* What is known of a node; borrowed. A tag can become better as more is noted. PV_ENOMEM. */
int pv_callers_find(struct pv_callers *callers, uint32_t id, struct pv_caller *ret_caller);

/* Whether a function only passes requests on; a data table in callers_names.c. */
bool pv_caller_is_wrapper(const char *name);

/* Whether a module is the C library or another run-time below the program. */
bool pv_caller_is_runtime(const char *path);

/* A module's short name: "libsqlite3.so.0.8.6" is "sqlite3", "python3.11" is "python".
 * cap at least 1. */
void pv_caller_module(const char *path, char *out, unsigned cap);

enum { PV_CALLER_SYMBOL = 1024 }; /* bytes of a symbol and of a function's name, at most */

/* A function's name as people write it: without a version, ".part.0" or ".cold", and a C++
 * symbol as in names.h. */
void pv_caller_function(const char *symbol, char *out, unsigned cap);

#endif
