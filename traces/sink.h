/* SPDX-License-Identifier: MIT
 *
 * sink.h - how a trace format is written: a constant of this struct, to which the format's
 * constant (format.h) points. Internal to traces/.
 */
#ifndef PV_SINK_H
#define PV_SINK_H

#include "traces/event.h"
#include "traces/reader.h"
#include "traces/stream.h"
#include "traces/writer.h"

/* Where a format's bytes go. */
struct pv_sink_out {
    int (*write)(void *ctx, const char *bytes, size_t n); /* 0 or a negative status */
    void *ctx;
    const char *error; /* set by a format: why it cannot write an event (PV_EINVAL); constant */
};

struct pv_sink {
    const char *ending; /* ".json" */

    /* Writes the header. *out outlives the state. On failure *ret_state is set or NULL. */
    int (*open)(void **ret_state, struct pv_sink_out *out,
                const struct pv_trace_header *header);
    /* As open, but goes on behind the trace that `stream` holds: new bytes follow its first
     * ret_kept->n_bytes. Writes nothing yet. PV_EFORMAT with the place; PV_EINVAL with
     * out->error. NULL: the format cannot be extended. */
    int (*append)(void **ret_state, struct pv_sink_out *out,
                  const struct pv_trace_header *header, struct pv_stream *stream,
                  struct pv_place *place, struct pv_writer_kept *ret_kept);
    int (*put)(void *state, const struct pv_trace_event *event);
    int (*finish)(void *state);
    void (*close)(void *state); /* takes NULL */
};

/* The sinks that are not in the same file as their format. */
extern const struct pv_sink pv_sink_json, pv_sink_jsonl, pv_sink_pvt, pv_sink_rep;

#endif
