/* SPDX-License-Identifier: MIT
 *
 * format.h - a trace format: a constant of this struct, in a file of its own, entered in the
 * table below. Internal to traces/.
 */
#ifndef PV_FORMAT_H
#define PV_FORMAT_H

#include <stdbool.h>

#include "traces/reader.h"
#include "traces/stream.h"

struct pv_sink;

struct pv_format {
    const char *name;   /* what --from calls it */
    const char *about;  /* whose format it is, in a few words */
    const char *limits; /* what of it is not read or not known; "" */
    bool has_pattern;   /* --from may be NAME:PATTERN */
    bool is_binary;     /* holds bytes of any value, not characters */

    const struct pv_sink *sink; /* how it is written; NULL: it can only be read */

    /* Do the file's first bytes look like this format? n is at most PV_STREAM_HEAD and may be
     * less than the file has: then it may be called again with more. NULL: the format is never
     * recognised by content. */
    bool (*probe)(const unsigned char *head, size_t n);

    /* Reads the header. The stream, the header and the place stay the caller's and outlive the
     * state. The header may be completed later; its texts belong to the state. Every failure,
     * here and in next, is described in the place. On failure *ret_state is set or NULL. */
    int (*open)(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                struct pv_place *place);

    /* As pv_reader_next; not called again once it returned anything but 0. Sets the place. */
    int (*next)(void *state, struct pv_trace_event *ret_event);

    void (*close)(void *state); /* takes NULL */
};

/* ---- the one table. A new format needs a line here, its own file and its name in the build
 * file. The formats are probed in this order (those that look for a call on any line come
 * last); the list that people see and the fuzzer use the same order. ---- */

/* The format NAME is the constant pv_format_NAME that its file defines. */
#define PV_FORMATS(FORMAT)                                                                     \
    FORMAT(pvt)                                                                                \
    FORMAT(pytorch)                                                                            \
    FORMAT(heap_history)                                                                       \
    FORMAT(json)                                                                               \
    FORMAT(rep)                                                                                \
    FORMAT(script)                                                                             \
    FORMAT(mtrace)                                                                             \
    FORMAT(android)                                                                            \
    FORMAT(logalloc)                                                                           \
    FORMAT(wee_alloc)                                                                          \
    FORMAT(heaptrack)                                                                          \
    FORMAT(malloc_bench)                                                                       \
    FORMAT(wl)                                                                                 \
    FORMAT(bytehound)                                                                          \
    FORMAT(ftrace)                                                                             \
    FORMAT(ftrace_pages)                                                                       \
    FORMAT(lttng)                                                                              \
    FORMAT(jemalloc_utrace)                                                                    \
    FORMAT(mbed)                                                                               \
    FORMAT(esp_heap)                                                                           \
    FORMAT(freertos)                                                                           \
    FORMAT(zephyr)                                                                             \
    FORMAT(csv)                                                                                \
    FORMAT(valgrind)                                                                           \
    FORMAT(ltrace)                                                                             \
    FORMAT(lines)                                                                              \
    FORMAT(jsonl)

#define PV_FORMAT_DECLARE(name) extern const struct pv_format pv_format_##name;
PV_FORMATS(PV_FORMAT_DECLARE)
#undef PV_FORMAT_DECLARE

extern const struct pv_format *const pv_formats[];
extern const size_t pv_n_formats;

/* The format with this name of n bytes; NULL: there is none. */
const struct pv_format *pv_format_find(const char *name, size_t n);

#endif
