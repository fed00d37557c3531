/* SPDX-License-Identifier: MIT
 *
 * format.h - a trace format that can be read: a constant of this struct, in a file of its own,
 * named in the list in reader.c. Internal to traces/.
 */
#ifndef PV_FORMAT_H
#define PV_FORMAT_H

#include <stdbool.h>

#include "traces/reader.h"
#include "traces/stream.h"

struct pv_format {
    const char *name;   /* what --from calls it */
    const char *about;  /* whose it is, in a few words */
    const char *limits; /* what of it is not understood or not told; "" */

    /* Do the file's first bytes look like this format? n is at most PV_STREAM_HEAD, and may be
     * less though the file is longer: then more may be shown later. */
    bool (*probe)(const unsigned char *head, size_t n);

    /* Reads the header. All three stay the caller's and outlive the state. The header may be
     * completed later, and its texts are the state's. Any failure, here and in next, is told in
     * the place. On failure *ret_state is set or still NULL. */
    int (*open)(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                struct pv_place *place);

    /* As pv_reader_next; is not called again after it did not answer 0. Sets the place. */
    int (*next)(void *state, struct pv_trace_event *ret_event);

    void (*close)(void *state); /* takes NULL */
};

extern const struct pv_format pv_format_json, pv_format_pvt, pv_format_rep, pv_format_script,
    pv_format_valgrind, pv_format_ltrace, pv_format_logalloc, pv_format_mtrace,
    pv_format_android, pv_format_heaptrack, pv_format_wee, pv_format_malloc_bench, pv_format_wl,
    pv_format_bytehound;

#endif
