/* SPDX-License-Identifier: MIT
 *
 * ltrace_line.h - takes the pieces of a line of ltrace around the call itself. Internal to
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
    uint64_t us;           /* as printed */
    struct pv_cursor site; /* 0x403db8; empty when there is none */
};

/* Takes what stands before a call, if anything. */
void pv_ltrace_take_origin(struct pv_cursor *line, struct pv_ltrace_origin *ret);

/* Turns the times on the lines into times since the first. Zeroed at the beginning. */
struct pv_ltrace_clock {
    bool has_first, is_relative;
    uint64_t first, last, sum;
};

uint64_t pv_ltrace_clock_at(struct pv_ltrace_clock *clock, const struct pv_ltrace_origin *at);

/* Takes "<... malloc resumed>": the name, and the cursor moves behind it. */
bool pv_ltrace_take_resumed(struct pv_cursor *line, struct pv_cursor *ret_name);

/* The result at the end of a line, as "= 12" or "= 0x10"; <0.000123> may follow it. false: the
 * line does not end in one. */
bool pv_ltrace_last_result(struct pv_cursor line, struct pv_printed_result *ret);

/* Behind other text: moves the line to a call that is still open at its end, "app->free(0x1000" and
 * what the program printed. */
bool pv_ltrace_find_open(struct pv_cursor *line);

/* Behind other text: moves the line to "+++ exited (status 0) +++", "--- SIGABRT (Aborted) ---"
 * or "--- Called exec() ---" with which it ends. */
bool pv_ltrace_find_remark(struct pv_cursor *line);

/* Finds a call behind text that the program printed: true, with the cursor moved there, when
 * the line ends with a call for memory and its result, or with the first half of one. */
bool pv_ltrace_find_call(struct pv_cursor *line);

/* The same where the text is stuck to the name, so that the function is not certain: *ret_name
 * is the known name at its end. */
bool pv_ltrace_find_glued(struct pv_cursor line, struct pv_cursor *ret_name);

#endif
