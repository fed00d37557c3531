/* SPDX-License-Identifier: MIT
 *
 * ltrace_calls.h - calls for memory as they begin and end in ltrace's log, and what becomes of
 * them. Internal to traces/foreign/.
 *
 * A call is shown when it begins and again when it has ended. A free counts as it begins and an
 * allocation as it ends: so the events are in the order of what happened. Of calls inside one
 * another, operator new and its malloc, one is the allocation: the inner.
 */
#ifndef PV_LTRACE_CALLS_H
#define PV_LTRACE_CALLS_H

#include "traces/foreign/ltrace_line.h"
#include "traces/foreign/ltrace_threads.h"

struct pv_ltrace {
    struct pv_ltrace_threads threads;
    struct pv_ltrace_clock clock;
    size_t open; /* number + 1 of the thread whose newest call the program's text broke off */
    bool is_signalled; /* a thread got a signal by which programs die */
    bool is_open_free; /* a free that has not been put yet, for want of its end */
};

/* The functions below may put calls. `call` has the time, the thread and the name that its line
 * tells. Negative: it could not. */

/* A call that stands on one line, `rest` being what follows its arguments. */
int pv_ltrace_whole(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_printed *printed, struct pv_cursor rest,
                    struct pv_call *call);

/* A call whose line breaks off, at `rest`: by ltrace or by the program's text. */
int pv_ltrace_begin(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_printed *printed, struct pv_cursor rest,
                    struct pv_call *call);

/* A call ends that has begun further up: "<... name resumed>" has been taken from the line. */
int pv_ltrace_resume(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                     struct pv_cursor line, struct pv_cursor name, struct pv_call *call);

/* The call that the program's text broke off has this result, or (NULL) goes on. */
int pv_ltrace_close_open(struct pv_text_trace *trace, struct pv_call *call,
                         const struct pv_printed_result *result);

/* The thread has ended, by a signal that tells of a mistake (`dies`) or otherwise: so have the
 * calls that it was in. */
int pv_ltrace_leave(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    struct pv_call *call, bool dies);

#endif
