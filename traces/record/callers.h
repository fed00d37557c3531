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

#include "traces/record/spool.h"

struct pv_callers;

/* `executable` is the program's own file, which the spool calls "". */
int pv_callers_open(struct pv_callers **ret_callers, const char *executable);
void pv_callers_close(struct pv_callers *callers); /* takes NULL */

/* Takes in one record of the kinds FRAME, STACK and MODULE; ignores any that make no sense.
 * PV_ENOMEM. */
int pv_callers_add(struct pv_callers *callers, const struct pv_spool_record *record);

/* After the last add: reads the symbols and chooses a tag for each stack. PV_ENOMEM. */
int pv_callers_resolve(struct pv_callers *callers);

/* Clean, borrowed; "" when it is not known. */
const char *pv_callers_tag(const struct pv_callers *callers, uint32_t stack);

/* Whether a function only passes requests on; a data table in callers_names.c. */
bool pv_caller_is_wrapper(const char *name);

/* Whether a module is the C library or another run-time below the program. */
bool pv_caller_is_runtime(const char *path);

/* A module's short name: "libsqlite3.so.0.8.6" is "sqlite3", "python3.11" is "python".
 * cap at least 1. */
void pv_caller_module(const char *path, char *out, unsigned cap);

/* A function's name as people say it: without a version, ".part.0" or ".cold", and of a mangled
 * C++ name the qualified name alone, where that is simple. */
void pv_caller_function(const char *symbol, char *out, unsigned cap);

#endif
