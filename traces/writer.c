/* SPDX-License-Identifier: MIT
 *
 * writer.c - passes events through a sink and a packing into a file.
 *
 *   event -> sink -> plain (64 KiB) -> packing -> packed (64 KiB) -> save
 *
 * Costs the two buffers and what the sink and the packing need.
 */
#include "traces/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/format.h"
#include "traces/pack.h"
#include "traces/save.h"
#include "traces/sink.h"

enum { BUFFER_BYTES = 64 * 1024 };

struct pv_writer {
    struct pv_save *save;
    const struct pv_packing *packing; /* NULL: plain */
    void *packer;
    const struct pv_sink *sink;
    void *state;
    struct pv_sink_out out;
    char *plain;
    size_t n_plain;
    unsigned char *packed; /* NULL: plain */
    int status;
    char error[240];
};

static int fail(struct pv_writer *writer, int status, const char *text)
{
    snprintf(writer->error, sizeof writer->error, "%s", text);
    writer->status = status;
    return status;
}

/* ---- bytes ---- */

static int write_file(struct pv_writer *writer, const void *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, pv_save_file(writer->save)) == n) {
        return PV_OK;
    }
    char text[200];
    snprintf(text, sizeof text, "cannot write: %s", strerror(errno));
    return fail(writer, PV_EIO, text);
}

static int flush_plain(struct pv_writer *writer, bool finish)
{
    struct pv_pack_io io = {.in = (const unsigned char *)writer->plain,
                            .n_in = writer->n_plain};
    int status = PV_OK;
    writer->n_plain = 0;
    if (!writer->packing) {
        return write_file(writer, io.in, io.n_in);
    }
    bool done = false;
    while (status == PV_OK && (io.n_in || (finish && !done))) {
        io.out = writer->packed;
        io.n_out = BUFFER_BYTES;
        status = writer->packing->pack(writer->packer, &io, finish, &done);
        if (status < 0) {
            return fail(writer, status, "out of memory");
        }
        status = write_file(writer, writer->packed, BUFFER_BYTES - io.n_out);
    }
    return status;
}

static int write_plain(void *ctx, const char *bytes, size_t n)
{
    struct pv_writer *writer = ctx;
    while (n > BUFFER_BYTES - writer->n_plain) {
        size_t n_fits = BUFFER_BYTES - writer->n_plain;
        memcpy(writer->plain + writer->n_plain, bytes, n_fits);
        writer->n_plain += n_fits;
        bytes += n_fits;
        n -= n_fits;
        int status = flush_plain(writer, false);
        if (status < 0) {
            return status;
        }
    }
    memcpy(writer->plain + writer->n_plain, bytes, n);
    writer->n_plain += n;
    return PV_OK;
}

/* ---- opening ---- */

static bool ends_with(const char *text, size_t n, const char *ending)
{
    size_t n_ending = strlen(ending);
    return n >= n_ending && memcmp(text + n - n_ending, ending, n_ending) == 0;
}

/* The packing for a name's ending, or NULL; *ret_n: the name's length without that ending. */
static const struct pv_packing *packing_of(const char *path, size_t *ret_n)
{
    *ret_n = strlen(path);
    for (size_t i = 0; pv_packings[i]; ++i) {
        if (pv_packings[i]->pack_open && ends_with(path, *ret_n, pv_packings[i]->ending)) {
            *ret_n -= strlen(pv_packings[i]->ending);
            return pv_packings[i];
        }
    }
    return NULL;
}

/* The sink for a format's name, or for the ending of a file name of n bytes; NULL: none. */
static const struct pv_sink *find_sink(const char *to, const char *path, size_t n)
{
    for (size_t i = 0; i < pv_n_formats; ++i) {
        const struct pv_sink *sink = pv_formats[i]->sink;
        if (sink &&
            (to ? strcmp(to, pv_formats[i]->name) == 0 : ends_with(path, n, sink->ending))) {
            return sink;
        }
    }
    return NULL;
}

bool pv_writer_knows(const char *path)
{
    size_t n;
    packing_of(path, &n);
    return find_sink(NULL, path, n);
}

static int choose(struct pv_writer *writer, const char *path, const char *to)
{
    size_t n;
    writer->packing = packing_of(path, &n);
    writer->sink = find_sink(to, path, n);
    writer->sink = writer->sink || to ? writer->sink : &pv_sink_json;
    return writer->sink ? PV_OK
                        : fail(writer, PV_EINVAL,
                               "a trace can be written as json, jsonl, pvt or rep only");
}

static int open_parts(struct pv_writer *writer, const char *path, bool is_private)
{
    writer->plain = pv_own_calloc(BUFFER_BYTES, 1);
    if (!writer->plain) {
        return fail(writer, PV_ENOMEM, "out of memory");
    }
    if (writer->packing) {
        writer->packed = pv_own_calloc(BUFFER_BYTES, 1);
        writer->packer = writer->packed ? writer->packing->pack_open() : NULL;
        if (!writer->packer) {
            return fail(writer, PV_ENOMEM, "out of memory");
        }
    }
    int status = (is_private ? pv_save_open_private : pv_save_open)(&writer->save, path);
    return status < 0 ? fail(writer, status,
                             writer->save ? pv_save_error(writer->save) : "out of memory")
                      : PV_OK;
}

/* Takes over the status that a sink returned, and sets a text for it unless there is one. */
static int settle(struct pv_writer *writer, int status)
{
    if (!status || writer->status) {
        return writer->status;
    }
    const char *text = status == PV_ENOMEM ? "out of memory" : writer->out.error;
    return fail(writer, status, text ? text : "the format has no room for so many texts");
}

int pv_writer_open(struct pv_writer **ret_writer, const char *path, const char *to,
                   const struct pv_trace_header *header)
{
    struct pv_writer *writer = pv_own_calloc(1, sizeof *writer);
    *ret_writer = writer;
    if (!writer) {
        return PV_ENOMEM;
    }
    int status = choose(writer, path, to);
    if (status == PV_OK) {
        status = open_parts(writer, path, header->is_private);
    }
    if (status == PV_OK) {
        writer->out = (struct pv_sink_out){.write = write_plain, .ctx = writer};
        status = settle(writer, writer->sink->open(&writer->state, &writer->out, header));
    }
    return status;
}

/* Called after the stream was opened. */
static int append(struct pv_writer *writer, struct pv_stream *stream,
                  const struct pv_trace_header *header, struct pv_writer_kept *ret_kept)
{
    struct pv_place place = {0};
    if (*pv_stream_packing(stream)) {
        return fail(writer, PV_EINVAL, "nothing can be put behind a packed trace");
    }
    writer->sink = &pv_sink_pvt;
    writer->out = (struct pv_sink_out){.write = write_plain, .ctx = writer};
    int status =
        writer->sink->append(&writer->state, &writer->out, header, stream, &place, ret_kept);
    if (status && place.text[0]) {
        char text[sizeof place.text + 32];
        snprintf(text, sizeof text, "byte %" PRIu64 ": %s", place.byte, place.text);
        return fail(writer, status, text);
    }
    status = settle(writer, status);
    if (!status && pv_save_cut(writer->save, ret_kept->n_bytes) < 0) {
        return fail(writer, PV_EIO, pv_save_error(writer->save));
    }
    return status;
}

int pv_writer_append(struct pv_writer **ret_writer, const char *path,
                     const struct pv_trace_header *header, struct pv_writer_kept *ret_kept)
{
    struct pv_writer *writer = pv_own_calloc(1, sizeof *writer);
    *ret_writer = writer;
    if (!writer) {
        return PV_ENOMEM;
    }
    writer->plain = pv_own_calloc(BUFFER_BYTES, 1);
    int status = writer->plain ? pv_save_open_old(&writer->save, path) : PV_ENOMEM;
    if (status < 0) {
        return fail(writer, status,
                    writer->save ? pv_save_error(writer->save) : "out of memory");
    }
    struct pv_stream *stream;
    status = pv_stream_open(&stream, path);
    status = status < 0
                 ? fail(writer, status, stream ? pv_stream_error(stream) : "out of memory")
                 : append(writer, stream, header, ret_kept);
    pv_stream_close(stream);
    return status;
}

int pv_writer_put(struct pv_writer *writer, const struct pv_trace_event *event)
{
    if (writer->status) {
        return writer->status;
    }
    if (!pv_trace_event_is_sayable(event)) {
        return fail(writer, PV_EINVAL, "an event holds what trace.json cannot say");
    }
    return settle(writer, writer->sink->put(writer->state, event));
}

int pv_writer_flush(struct pv_writer *writer)
{
    int status = writer->status ? writer->status : flush_plain(writer, false);
    if (!status && fflush(pv_save_file(writer->save)) != 0) {
        char text[200];
        snprintf(text, sizeof text, "cannot write: %s", strerror(errno));
        return fail(writer, PV_EIO, text);
    }
    return status;
}

const char *pv_writer_unfinished(struct pv_writer *writer)
{
    return writer->save ? pv_save_unfinished(writer->save) : NULL;
}

int pv_writer_keep(struct pv_writer *writer)
{
    return writer->save ? pv_save_keep(writer->save) : PV_EIO;
}

int pv_writer_finish(struct pv_writer *writer)
{
    if (writer->status) {
        return writer->status;
    }
    if (settle(writer, writer->sink->finish(writer->state)) == PV_OK) {
        flush_plain(writer, true);
    }
    if (!writer->status && pv_save_finish(writer->save) < 0) {
        fail(writer, PV_EIO, pv_save_error(writer->save));
    }
    return writer->status;
}

void pv_writer_close(struct pv_writer *writer)
{
    if (!writer) {
        return;
    }
    if (writer->packer) {
        writer->packing->pack_close(writer->packer);
    }
    if (writer->sink) {
        writer->sink->close(writer->state);
    }
    pv_save_close(writer->save);
    pv_own_free(writer->plain);
    pv_own_free(writer->packed);
    pv_own_free(writer);
}

const char *pv_writer_error(const struct pv_writer *writer)
{
    return writer->error;
}
