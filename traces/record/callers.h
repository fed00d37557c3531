/* SPDX-License-Identifier: MIT
 *
 * callers.h - finds a tag for a call stack: the name of the function that wanted the memory.
 *
 * The innermost frame is hardly ever that function: it is in the C library, or is a wrapper
 * such as xmalloc. The tag is "module/function" of the innermost function that is neither.
 * Where a stripped module has no name for it, the next outer function of the same module that
 * has a name is used; where none has, "module+0xSTART" of the function, which is the same in
 * every run, as it counts from the module's beginning. A nameless function through
 * which many different functions call the allocator is taken for a wrapper too.
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
}; /* the most frames of a stack that are given out */

/* `executable` is the program's own file, which the spool calls "". Stacks are given out with
 * at most `depth` frames. Files that cannot be read are added to `unread`. */
int pv_callers_open(struct pv_callers **ret_callers, const char *executable, unsigned depth,
                    struct pv_unread *unread);
void pv_callers_close(struct pv_callers *callers); /* takes NULL */

/* Takes a record of kind FRAME, NODE or MODULE; ignores invalid ones. PV_ENOMEM. */
int pv_callers_add(struct pv_callers *callers, const struct pv_spool_record *record);

/* Notes that a node has asked for memory. Call it before its tag is asked for: nameless
 * wrappers are found by who calls whom, and the earlier the better. PV_ENOMEM. */
int pv_callers_note(struct pv_callers *callers, uint32_t id);

struct pv_caller {
    const char *tag;          /* clean; "" when unknown */
    const char *const *stack; /* clean, innermost first */
    uint32_t n_stack;
    uint32_t key; /* from 1, the same only for the same tag and stack; 0: unknown */
};

/* Finds tag and stack of a node; borrowed. The tag can get better as more nodes are noted.
 * PV_ENOMEM. */
int pv_callers_find(struct pv_callers *callers, uint32_t id, struct pv_caller *ret_caller);

/* Does a function only pass requests on? By a table in callers_names.c. */
bool pv_caller_is_wrapper(const char *name);

/* Is a module the C library or another run-time library below the program? */
bool pv_caller_is_runtime(const char *path);

/* A module's short name: "libsqlite3.so.0.8.6" is "sqlite3", "python3.11" is "python".
 * cap at least 1. */
void pv_caller_module(const char *path, char *out, unsigned cap);

enum { PV_CALLER_SYMBOL = 1024 }; /* the most bytes of a symbol or of a function's name */

/* A function's name as people write it: without a version, ".part.0" or ".cold"; a C++ symbol
 * is made readable as in names.h. */
void pv_caller_function(const char *symbol, char *out, unsigned cap);

#endif
