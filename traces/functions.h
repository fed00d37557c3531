/* SPDX-License-Identifier: MIT
 *
 * functions.h - the functions that give memory, resize it and take it back: those of C, POSIX
 * and GNU, and the operators of C++, mangled or as people write them. One table serves all logs
 * that name the functions called. Internal to traces/.
 */
#ifndef PV_FUNCTIONS_H
#define PV_FUNCTIONS_H

#include "traces/calls.h"
#include "traces/lines.h"

/* Which argument is what. */
enum pv_call_form {
    PV_FORM_NONE,
    PV_FORM_SIZE,           /* (size) */
    PV_FORM_COUNT_SIZE,     /* (count, size) */
    PV_FORM_OLD_SIZE,       /* (old, size) */
    PV_FORM_OLD_COUNT_SIZE, /* (old, count, size) */
    PV_FORM_ALIGN_SIZE,     /* (align, size) */
    PV_FORM_SIZE_ALIGN,     /* (size, align): C++17 */
    PV_FORM_OUT_ALIGN,      /* (where to put it, align, size), or only (align, size) */
    PV_FORM_OLD,            /* (old, …) */
    PV_FORM_TEXT,           /* (text): gives a copy of it */
    PV_FORM_TEXT_SIZE,      /* (text, at most so many characters) */
    PV_FORM_IF_NULL_2,      /* gives memory of unknown size if the second argument is null */
    PV_FORM_IF_NULL_1,      /* the same for the first argument */
    PV_FORM_HIDDEN,         /* puts what it gives where an argument points to */
    PV_FORM_LOOKS           /* none of these, but its name speaks of memory */
};

/* The form of the function at the cursor. Takes the name up to its "(": name, name@library,
 * operator new[](unsigned long). *ret_name is the name alone. PV_FORM_NONE, with nothing taken:
 * there is no name with a "(" behind it, or the function has nothing to do with memory. */
enum pv_call_form pv_function_take(struct pv_cursor *cursor, struct pv_cursor *ret_name);

/* The form of a name alone. */
enum pv_call_form pv_function_form(const char *name, size_t n);

/* The operation of a form; PV_OP_MARK when the form has none. */
enum pv_op pv_function_op(enum pv_call_form form);

/* How many arguments the form needs at least. */
unsigned pv_function_n_arguments(enum pv_call_form form);

#endif
