/* SPDX-License-Identifier: MIT
 *
 * sink.c - writes trace.json version 1: a document with one event a line, or JSON Lines.
 */
#include "traces/sink.h"
#include "core/own.h"
#include "core/status.h"
#include "traces/json/value.h"

struct json_sink {
    struct pv_json_out out;
    bool lines;
};

static void put_header(struct json_sink *sink, const struct pv_trace_header *header)
{
    struct pv_json_out *out = &sink->out;
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
    if (sink->lines) {
        pv_json_end(out, '}');
        pv_json_newline(out, 0);
    } else {
        pv_json_newline(out, 1);
        pv_json_key(out, "events");
        pv_json_begin(out, '[');
    }
}

static int open(void **ret_state, struct pv_sink_out *out, const struct pv_trace_header *header,
                bool lines)
{
    struct json_sink *sink = pv_own_calloc(1, sizeof *sink);
    *ret_state = sink;
    if (!sink) {
        return PV_ENOMEM;
    }
    sink->lines = lines;
    sink->out = (struct pv_json_out){.write = out->write, .ctx = out->ctx, .compact = lines};
    put_header(sink, header);
    return sink->out.status;
}

static int open_document(void **ret_state, struct pv_sink_out *out,
                         const struct pv_trace_header *header)
{
    return open(ret_state, out, header, false);
}

static int open_lines(void **ret_state, struct pv_sink_out *out,
                      const struct pv_trace_header *header)
{
    return open(ret_state, out, header, true);
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

static void put_stack(struct pv_json_out *out, const struct pv_trace_event *event)
{
    if (!event->n_stack) {
        return;
    }
    pv_json_key(out, "stack");
    pv_json_begin(out, '[');
    for (uint32_t i = 0; i < event->n_stack; ++i) {
        pv_json_put_text(out, event->stack[i]);
    }
    pv_json_end(out, ']');
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
    put_stack(out, event);
    pv_json_end(out, '}');
}

static int put(void *state, const struct pv_trace_event *event)
{
    struct json_sink *sink = state;
    if (!sink->lines) {
        pv_json_newline(&sink->out, 2);
    }
    put_event(&sink->out, event);
    if (sink->lines) {
        pv_json_newline(&sink->out, 0);
    }
    return sink->out.status;
}

static int finish(void *state)
{
    struct json_sink *sink = state;
    if (!sink->lines) {
        pv_json_end(&sink->out, ']');
        pv_json_end(&sink->out, '}');
        pv_json_newline(&sink->out, 0);
    }
    return sink->out.status;
}

const struct pv_sink pv_sink_json = {
    .ending = ".json",
    .open = open_document,
    .put = put,
    .finish = finish,
    .close = pv_own_free,
};

const struct pv_sink pv_sink_jsonl = {
    .ending = ".jsonl",
    .open = open_lines,
    .put = put,
    .finish = finish,
    .close = pv_own_free,
};
