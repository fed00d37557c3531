/* SPDX-License-Identifier: MIT
 *
 * ltrace_calls.h - follows calls for memory from their beginning to their end in ltrace's log,
 * and turns them into calls of calls.h. Internal to traces/foreign/.
 *
 * ltrace shows a call when it begins and again when it ends. A free takes effect when it
 * begins, an allocation when it ends: so the events are in the order of what happened. Of
 * nested calls, as operator new and its malloc, only the inner one counts as the allocation.
 */
#ifndef PV_LTRACE_CALLS_H
#define PV_LTRACE_CALLS_H

#include "traces/foreign/ltrace_line.h"
#include "traces/foreign/ltrace_threads.h"

struct pv_ltrace {
    struct pv_ltrace_threads threads;
    struct pv_ltrace_clock clock;
    size_t open;       /* number + 1 of the thread whose newest call other output broke off */
    bool is_signalled; /* a thread got a signal that ends a program at fault */
    bool is_open_free; /* that call is a free; it is put when it ends */
};

/* The functions below may put calls. `call` has the time, the thread and the name from the
 * line. They return a negative status on failure. */

/* A whole call on one line; `rest` is what follows its arguments. */
int pv_ltrace_whole(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_printed *printed, struct pv_cursor rest,
                    struct pv_call *call);

/* A call whose line is broken off at `rest`, by ltrace or by the program's output. */
int pv_ltrace_begin(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_printed *printed, struct pv_cursor rest,
                    struct pv_call *call);

/* The end of a call that began on an earlier line: "<... name resumed>" has been taken from the
 * line. */
int pv_ltrace_resume(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                     struct pv_cursor line, struct pv_cursor name, struct pv_call *call);

/* The call that the program's output broke off has this result, or (NULL) is not finished. */
int pv_ltrace_close_open(struct pv_text_trace *trace, struct pv_call *call,
                         const struct pv_printed_result *result);

/* The thread has ended, and so have its open calls. `dies`: a signal ended it that shows a
 * mistake. */
int pv_ltrace_leave(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    struct pv_call *call, bool dies);

#endif
