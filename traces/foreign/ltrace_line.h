/* SPDX-License-Identifier: MIT
 *
 * ltrace_line.h - the pieces of a line of ltrace that are not the call itself. Internal to
 * traces/foreign/.
 */
#ifndef PV_LTRACE_LINE_H
#define PV_LTRACE_LINE_H

#include "traces/foreign/printed.h"

/* What stands before a call:
 *
 *   [pid 7]  or  7        the thread (-f)
 *   14:10:36  14:10:36.130338  1782133300.642578  0.000123      the time (-t -tt -ttt -r)
 *   [0x403db8]            where the call stands (-i)
 *   app->                 what calls (-l, -x) */
struct pv_ltrace_origin {
    bool has_thread;
    uint64_t thread;
    enum { PV_LTRACE_NO_TIME, PV_LTRACE_OF_DAY, PV_LTRACE_SECONDS } time;
    uint64_t us;           /* as it stands there */
    struct pv_cursor site; /* 0x403db8; empty when there is none */
};

/* Takes it; there may be nothing. */
void pv_ltrace_take_origin(struct pv_cursor *line, struct pv_ltrace_origin *ret);

/* Times as they stand on lines become times since the first. Zeroed to begin with. */
struct pv_ltrace_clock {
    bool has_first, is_relative;
    uint64_t first, last, sum;
};

uint64_t pv_ltrace_clock_at(struct pv_ltrace_clock *clock, const struct pv_ltrace_origin *at);

/* <... malloc resumed> : the name, and the cursor behind it. */
bool pv_ltrace_take_resumed(struct pv_cursor *line, struct pv_cursor *ret_name);

/* The result at the end of a line, which <0.000123> may follow; the number of "= 12" or
 * "= 0x10". false: the line does not end in one. */
bool pv_ltrace_last_result(struct pv_cursor line, struct pv_printed_result *ret);

/* A call that stands behind text which the program printed: true, and the cursor there, when a
 * call for memory with its result, or the first half of one, ends the line. */
bool pv_ltrace_find_call(struct pv_cursor *line);

/* The same where the text sticks to the name, so that nobody knows which function was called:
 * *ret_name is the known one at its end. */
bool pv_ltrace_find_glued(struct pv_cursor line, struct pv_cursor *ret_name);

#endif
