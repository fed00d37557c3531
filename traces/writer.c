/* SPDX-License-Identifier: MIT
 *
 * writer.c - trace.json version 1, a document with one event a line or JSON Lines.
 *
 *   event -> json_out -> plain (64 KiB) -> packing -> packed (64 KiB) -> save
 *
 * Constant memory: the two buffers and what the packing needs.
 */
#include "traces/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/json.h"
#include "traces/pack.h"
#include "traces/save.h"

enum { BUFFER_BYTES = 64 * 1024 };

struct pv_writer {
    struct pv_save *save;
    const struct pv_packing *packing; /* NULL: plain */
    void *packer;
    bool lines;
    struct pv_json_out out;
    char *plain;
    size_t n_plain;
    unsigned char *packed; /* NULL: plain */
    int status;
    char error[200];
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

static int choose(struct pv_writer *writer, const char *path, const char *to)
{
    size_t n = strlen(path);
    for (size_t i = 0; pv_packings[i]; ++i) {
        if (ends_with(path, n, pv_packings[i]->ending)) {
            writer->packing = pv_packings[i];
            n -= strlen(pv_packings[i]->ending);
            break;
        }
    }
    if (!to) {
        writer->lines = ends_with(path, n, ".jsonl");
        return PV_OK;
    }
    writer->lines = strcmp(to, "jsonl") == 0;
    if (!writer->lines && strcmp(to, "json") != 0) {
        return fail(writer, PV_EINVAL, "a trace can be written as json or jsonl only");
    }
    return PV_OK;
}

static int open_parts(struct pv_writer *writer, const char *path)
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
    int status = pv_save_open(&writer->save, path);
    return status < 0 ? fail(writer, status,
                             writer->save ? pv_save_error(writer->save) : "out of memory")
                      : PV_OK;
}

static void put_header(struct pv_writer *writer, const struct pv_trace_header *header)
{
    struct pv_json_out *out = &writer->out;
    pv_json_begin(out, '{');
    pv_json_key(out, "format");
    pv_json_put_text(out, "pebbleviz-trace");
    pv_json_key(out, "version");
    pv_json_put_integer(out, 1);
    if (header->program[0]) {
        pv_json_key(out, "program");
        pv_json_put_text(out, header->program);
    }
    if (header->clock[0]) {
        pv_json_key(out, "clock");
        pv_json_put_text(out, header->clock);
    }
    if (writer->lines) {
        pv_json_end(out, '}');
        pv_json_newline(out, 0);
    } else {
        pv_json_newline(out, 1);
        pv_json_key(out, "events");
        pv_json_begin(out, '[');
    }
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
        status = open_parts(writer, path);
    }
    if (status == PV_OK) {
        writer->out =
            (struct pv_json_out){.write = write_plain, .ctx = writer, .compact = writer->lines};
        put_header(writer, header);
        status = writer->status;
    }
    return status;
}

/* ---- events ---- */

static void put_id(struct pv_json_out *out, const struct pv_id *id)
{
    pv_json_key(out, "id");
    switch (id->kind) {
    case PV_ID_NULL:
        pv_json_put_null(out);
        break;
    case PV_ID_NUMBER:
        pv_json_put_integer(out, id->number);
        break;
    case PV_ID_TEXT:
        pv_json_put_text(out, id->text);
        break;
    }
}

static void put_member(struct pv_json_out *out, bool has, const char *key, uint64_t value)
{
    if (has) {
        pv_json_key(out, key);
        pv_json_put_integer(out, value);
    }
}

static void put_address(struct pv_json_out *out, bool has, const char *key, uint64_t addr)
{
    if (has) {
        pv_json_key(out, key);
        pv_json_put_address(out, addr);
    }
}

static void put_flags(struct pv_json_out *out, uint32_t flags)
{
    if (!flags) {
        return;
    }
    pv_json_key(out, "flags");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < PV_N_FLAG_NAMES; ++i) {
        if ((flags & pv_flag_names[i].flags) == pv_flag_names[i].flags) {
            pv_json_put_text(out, pv_flag_names[i].name);
            flags &= ~pv_flag_names[i].flags;
        }
    }
    pv_json_end(out, ']');
}

/* The bits that no flag name covers. */
static uint32_t nameless_flags(uint32_t flags)
{
    for (size_t i = 0; i < PV_N_FLAG_NAMES; ++i) {
        if ((flags & pv_flag_names[i].flags) == pv_flag_names[i].flags) {
            flags &= ~pv_flag_names[i].flags;
        }
    }
    return flags;
}

static void put_event(struct pv_json_out *out, const struct pv_trace_event *event)
{
    enum pv_op op = event->op;
    pv_json_begin(out, '{');
    pv_json_key(out, "op");
    pv_json_put_text(out, pv_op_name(op));
    if (op != PV_OP_MARK) {
        put_id(out, &event->id);
    }
    put_member(out, op == PV_OP_CALLOC, "count", event->count);
    put_member(out, op != PV_OP_FREE && op != PV_OP_MARK, "size", event->size);
    put_member(out, op == PV_OP_ALIGNED, "align", event->align);
    put_flags(out, event->flags);
    if (event->has_name) {
        pv_json_key(out, "name");
        pv_json_put_text(out, event->name);
    }
    put_member(out, event->has_t, "t", event->t);
    put_member(out, event->has_thread, "thread", event->thread);
    put_address(out, event->has_addr, "addr", event->addr);
    put_address(out, event->has_old_addr, "old_addr", event->old_addr);
    pv_json_end(out, '}');
}

static bool can_be_said(const struct pv_trace_event *event)
{
    bool wants_id = event->op <= PV_OP_ALIGNED;
    return pv_op_name(event->op) && event->size <= INT64_MAX && !nameless_flags(event->flags) &&
           !(wants_id && event->id.kind == PV_ID_NULL) &&
           !(event->op == PV_OP_MARK && !event->has_name);
}

int pv_writer_put(struct pv_writer *writer, const struct pv_trace_event *event)
{
    if (writer->status) {
        return writer->status;
    }
    if (!can_be_said(event)) {
        return fail(writer, PV_EINVAL, "an event holds what trace.json cannot say");
    }
    if (!writer->lines) {
        pv_json_newline(&writer->out, 2);
    }
    put_event(&writer->out, event);
    if (writer->lines) {
        pv_json_newline(&writer->out, 0);
    }
    return writer->status;
}

int pv_writer_finish(struct pv_writer *writer)
{
    if (writer->status) {
        return writer->status;
    }
    if (!writer->lines) {
        pv_json_end(&writer->out, ']');
        pv_json_end(&writer->out, '}');
        pv_json_newline(&writer->out, 0);
    }
    if (!writer->status) {
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
    pv_save_close(writer->save);
    pv_own_free(writer->plain);
    pv_own_free(writer->packed);
    pv_own_free(writer);
}

const char *pv_writer_error(const struct pv_writer *writer)
{
    return writer->error;
}
