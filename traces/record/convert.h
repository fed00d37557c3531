/* SPDX-License-Identifier: MIT
 *
 * convert.h - a spool becomes a trace.
 */
#ifndef PV_RECORD_CONVERT_H
#define PV_RECORD_CONVERT_H

#include "traces/record/record.h"

/* What a conversion needs to know beside the spool. */
struct pv_convert {
    int fd;                 /* of the spool; not closed */
    const char *program;    /* for the trace's header, clean */
    const char *executable; /* the program's own file, for its symbols */
    const char *path;       /* of the trace */
};

/* Writes the trace and fills in n_events, n_lost, n_foreign, text and hint. 0; 1: no events,
 * nothing written; PV_EFORMAT: the spool is damaged; PV_EIO, PV_EINVAL, PV_ENOMEM. Memory
 * depends on the live blocks and the distinct call stacks, not on the number of events. */
int pv_convert_spool(const struct pv_convert *convert, const struct pv_record_options *options,
                     struct pv_record_result *ret_result);

#endif
