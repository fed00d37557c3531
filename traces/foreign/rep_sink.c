/* SPDX-License-Identifier: MIT
 *
 * rep_sink.c - writes the malloc lab's .rep. Its header holds counts, so the lines wait in a
 * temporary file until the end. Names, times, threads, addresses, alignments, flags, marks and
 * stacks are left out, because the format has no fields for them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/sink.h"

enum { LINE_BYTES = 64, COPY_BYTES = 16 * 1024 };

struct rep_sink {
    struct pv_sink_out *out;
    FILE *lines;
    uint64_t n_ids, n_ops;
};

static int open(void **ret_state, struct pv_sink_out *out, const struct pv_trace_header *header)
{
    (void)header;
    struct rep_sink *sink = pv_own_calloc(1, sizeof *sink);
    *ret_state = sink;
    if (!sink) {
        return PV_ENOMEM;
    }
    sink->out = out;
    sink->lines = tmpfile();
    if (!sink->lines) {
        out->error = "cannot make a temporary file";
        return PV_EIO;
    }
    return PV_OK;
}

static int refuse(struct rep_sink *sink, const char *text)
{
    sink->out->error = text;
    return PV_EINVAL;
}

static int put(void *state, const struct pv_trace_event *event)
{
    struct rep_sink *sink = state;
    const struct pv_id *id = &event->id;
    uint64_t bytes = pv_trace_event_bytes(event);
    if (event->op == PV_OP_MARK) {
        return PV_OK;
    }
    if (id->kind == PV_ID_TEXT || (id->kind == PV_ID_NUMBER && id->number > INT32_MAX)) {
        return refuse(sink, "rep has no word for an id that is a text or beyond 2^31-1");
    }
    if (id->kind == PV_ID_NULL && event->op == PV_OP_REALLOC) {
        return refuse(sink, "rep has no word for a realloc of null");
    }
    if (bytes > INT64_MAX) {
        return refuse(sink, "rep has no word for a size beyond 2^63-1");
    }
    int n;
    if (event->op == PV_OP_FREE) {
        n = id->kind == PV_ID_NULL ? fprintf(sink->lines, "f -1\n")
                                   : fprintf(sink->lines, "f %" PRIu64 "\n", id->number);
    } else {
        n = fprintf(sink->lines, "%c %" PRIu64 " %" PRIu64 "\n",
                    event->op == PV_OP_REALLOC ? 'r' : 'a', id->number, bytes);
    }
    if (n < 0) {
        sink->out->error = "cannot write to a temporary file";
        return PV_EIO;
    }
    sink->n_ops++;
    if (id->kind == PV_ID_NUMBER && id->number >= sink->n_ids) {
        sink->n_ids = id->number + 1;
    }
    return PV_OK;
}

static int finish(void *state)
{
    struct rep_sink *sink = state;
    char bytes[COPY_BYTES];
    size_t n = (size_t)snprintf(bytes, LINE_BYTES, "0\n%" PRIu64 "\n%" PRIu64 "\n1\n",
                                sink->n_ids, sink->n_ops);
    bool failed = fseek(sink->lines, 0, SEEK_SET) != 0;
    while (!failed && n) {
        int status = sink->out->write(sink->out->ctx, bytes, n);
        if (status) {
            return status;
        }
        n = fread(bytes, 1, sizeof bytes, sink->lines);
    }
    if (failed || ferror(sink->lines)) {
        sink->out->error = "cannot read a temporary file";
        return PV_EIO;
    }
    return PV_OK;
}

static void close(void *state)
{
    struct rep_sink *sink = state;
    if (sink) {
        if (sink->lines) {
            fclose(sink->lines);
        }
        pv_own_free(sink);
    }
}

const struct pv_sink pv_sink_rep = {
    .ending = ".rep",
    .open = open,
    .put = put,
    .finish = finish,
    .close = close,
};
