/* SPDX-License-Identifier: MIT
 *
 * writer.c - writes the native format, as FORMATS.md describes it.
 *
 *   event -> shape + columns (say.c, 64 Ki events) -> zstd, each column for itself -> section
 *
 * A writer that appends to an old trace first reads its texts, stacks and blocks (tail.c);
 * after that there is no difference.
 *
 * Costs about 2 MiB for the columns and the model, the texts and stacks, and 16 bytes for each
 * block.
 */
#include "core/own.h"
#include "core/status.h"
#include "traces/pvt/say.h"
#include "traces/pvt/tail.h"

enum { DEFINITIONS_BYTES = 256 * 1024 /* of texts or stacks in one section */ };

enum { CALLERS_FIRST = 1024 };

/* The text numbers and the stack number for an event's `caller`. */
struct caller {
    bool known;
    uint32_t name, stack;
};

struct pvt_writer {
    struct pv_pvt_output output;
    struct pv_pvt_say say;
    struct pv_pvt_tail tail;
    struct pv_pvt_bytes definitions;
    uint32_t n_texts, n_stacks; /* how many are written */
    struct caller *callers;     /* by number */
    size_t n_callers;
};

/* ---- texts and stacks ---- */

static int put_definition(struct pv_pvt_bytes *piece, char kind, const char *bytes, size_t n)
{
    if (pv_pvt_bytes_grow(piece, PV_PVT_VARINT_BYTES + 2 * n) < 0) {
        return PV_ENOMEM;
    }
    if (kind == PV_PVT_TEXTS) {
        pv_put_varint(piece, n);
        pv_put_bytes(piece, bytes, n);
        return PV_OK;
    }
    pv_put_varint(piece, n / sizeof(uint32_t));
    for (size_t i = 0; i < n; i += sizeof(uint32_t)) {
        uint32_t frame;
        memcpy(&frame, bytes + i, sizeof frame);
        pv_put_varint(piece, frame);
    }
    return PV_OK;
}

static int flush_table(struct pvt_writer *writer, const struct pv_texts *table, char kind,
                       uint32_t *n_written)
{
    struct pv_pvt_bytes *piece = &writer->definitions;
    uint32_t n_all = pv_texts_count(table);
    int status = PV_OK;
    while (status == PV_OK && *n_written < n_all) {
        piece->n = 0;
        uint32_t first = *n_written;
        for (; !status && *n_written < n_all && piece->n < DEFINITIONS_BYTES; ++*n_written) {
            size_t n;
            const char *bytes = pv_texts_get(table, *n_written, &n);
            status = put_definition(piece, kind, bytes, n);
        }
        status = status ? status : pv_pvt_output_begin(&writer->output);
        status = status ? status : pv_pvt_output_piece(&writer->output, piece);
        status = status ? status : pv_pvt_output_end(&writer->output, kind, *n_written - first);
    }
    return status;
}

/* ---- a block ---- */

static int flush_block(struct pvt_writer *writer)
{
    if (!writer->say.n_events) {
        return PV_OK;
    }
    struct pv_pvt_tail *tail = &writer->tail;
    int status = flush_table(writer, tail->texts, PV_PVT_TEXTS, &writer->n_texts);
    status =
        status ? status : flush_table(writer, tail->stacks, PV_PVT_STACKS, &writer->n_stacks);
    status =
        status ? status : pv_pvt_tail_add(tail, writer->output.offset, writer->say.n_events);
    status = status ? status : pv_pvt_say_end(&writer->say, &writer->output);
    return status ? status : pv_pvt_say_begin(&writer->say);
}

static int number_stack(struct pvt_writer *writer, const struct pv_trace_event *event,
                        uint32_t *ret_number)
{
    uint32_t frames[PV_EVENT_STACK_MAX];
    uint32_t n = event->n_stack < PV_EVENT_STACK_MAX ? event->n_stack : PV_EVENT_STACK_MAX;
    for (uint32_t i = 0; i < n; ++i) {
        int status = pv_texts_number(writer->tail.texts, event->stack[i],
                                     strlen(event->stack[i]), &frames[i]);
        if (status) {
            return status;
        }
    }
    return pv_texts_number(writer->tail.stacks, frames, n * sizeof frames[0], ret_number);
}

static int number_name(struct pvt_writer *writer, const struct pv_trace_event *event,
                       struct pv_pvt_numbers *ret)
{
    int status = event->has_name ? pv_texts_number(writer->tail.texts, event->name,
                                                   strlen(event->name), &ret->name)
                                 : PV_OK;
    return !status && event->n_stack ? number_stack(writer, event, &ret->stack) : status;
}

/* A caller's name and stack are looked up only once. */
static int number_caller(struct pvt_writer *writer, const struct pv_trace_event *event,
                         struct pv_pvt_numbers *ret)
{
    if (event->caller >= writer->n_callers) {
        size_t n = writer->n_callers ? writer->n_callers : CALLERS_FIRST;
        while (n <= event->caller) {
            n *= 2;
        }
        struct caller *rows = pv_own_resize(writer->callers, n, sizeof *rows);
        if (!rows) {
            return PV_ENOMEM;
        }
        memset(rows + writer->n_callers, 0, (n - writer->n_callers) * sizeof *rows);
        writer->callers = rows;
        writer->n_callers = n;
    }
    struct caller *row = &writer->callers[event->caller];
    int status = row->known ? PV_OK : number_name(writer, event, ret);
    if (!status && !row->known) {
        *row = (struct caller){.known = true, .name = ret->name, .stack = ret->stack};
    }
    ret->name = row->name;
    ret->stack = row->stack;
    return status;
}

static int number_all(struct pvt_writer *writer, const struct pv_trace_event *event,
                      struct pv_pvt_numbers *ret)
{
    int status = PV_OK;
    if (event->id.kind == PV_ID_TEXT && event->op != PV_OP_MARK) {
        status = pv_texts_number(writer->tail.texts, event->id.text, event->id.n, &ret->id);
    }
    if (status) {
        return status;
    }
    return event->caller ? number_caller(writer, event, ret) : number_name(writer, event, ret);
}

static int put(void *state, const struct pv_trace_event *event)
{
    struct pvt_writer *writer = state;
    struct pv_pvt_numbers numbers = {0};
    int status = number_all(writer, event, &numbers);
    if (!status && pv_pvt_say_is_full(&writer->say)) {
        status = flush_block(writer);
    }
    return status ? status : pv_pvt_say_event(&writer->say, event, &numbers);
}

/* ---- the whole ---- */

static uint64_t clock_number(const char *clock)
{
    uint64_t number = 0;
    while (pv_pvt_clocks[number] && strcmp(pv_pvt_clocks[number], clock) != 0) {
        ++number;
    }
    return pv_pvt_clocks[number] ? number : 0;
}

static int put_header(struct pv_pvt_output *output, const struct pv_trace_header *header)
{
    int status =
        output->out->write(output->out->ctx, (const char *)pv_pvt_magic, sizeof pv_pvt_magic);
    output->offset = sizeof pv_pvt_magic;
    status = status ? status : pv_pvt_output_begin(output);
    size_t n = strlen(header->program);
    status = status ? status : pv_pvt_bytes_grow(&output->section, n + 3 * PV_PVT_VARINT_BYTES);
    if (status) {
        return status;
    }
    pv_put_varint(&output->section, PV_PVT_VERSION);
    pv_put_varint(&output->section, clock_number(header->clock));
    pv_put_varint(&output->section, n);
    pv_put_bytes(&output->section, header->program, n);
    return pv_pvt_output_end(output, PV_PVT_HEADER, 0);
}

static struct pvt_writer *make(void **ret_state, struct pv_sink_out *out)
{
    struct pvt_writer *writer = pv_own_calloc(1, sizeof *writer);
    *ret_state = writer;
    if (!writer) {
        return NULL;
    }
    writer->output.out = out;
    writer->output.zstd = pv_zstd_open();
    return writer->output.zstd && pv_pvt_say_begin(&writer->say) == PV_OK ? writer : NULL;
}

static int open(void **ret_state, struct pv_sink_out *out, const struct pv_trace_header *header)
{
    struct pvt_writer *writer = make(ret_state, out);
    if (!writer) {
        return PV_ENOMEM;
    }
    writer->tail.texts = pv_texts_open();
    writer->tail.stacks = pv_texts_open();
    return writer->tail.texts && writer->tail.stacks ? put_header(&writer->output, header)
                                                     : PV_ENOMEM;
}

static int append(void **ret_state, struct pv_sink_out *out,
                  const struct pv_trace_header *header, struct pv_stream *stream,
                  struct pv_place *place, struct pv_writer_kept *ret_kept)
{
    struct pvt_writer *writer = make(ret_state, out);
    if (!writer) {
        return PV_ENOMEM;
    }
    struct pv_pvt_tail *tail = &writer->tail;
    int status = pv_pvt_tail_read(tail, stream, place);
    if (!status && strcmp(tail->clock, header->clock) != 0) {
        out->error = "its times are counted by another clock";
        status = PV_EINVAL;
    }
    if (status) {
        return status;
    }
    writer->n_texts = pv_texts_count(tail->texts);
    writer->n_stacks = pv_texts_count(tail->stacks);
    writer->output.offset = tail->end;
    *ret_kept = (struct pv_writer_kept){
        .n_events = tail->n_events, .n_bytes = tail->end, .n_cut_bytes = tail->n_cut};
    return PV_OK;
}

static int finish(void *state)
{
    struct pvt_writer *writer = state;
    struct pv_pvt_bytes *section = &writer->output.section;
    const struct pv_pvt_tail *tail = &writer->tail;
    int status = flush_block(writer);
    status = status ? status : pv_pvt_output_begin(&writer->output);
    status = status
                 ? status
                 : pv_pvt_bytes_grow(section, (2 * tail->n_blocks + 4) * PV_PVT_VARINT_BYTES);
    if (status) {
        return status;
    }
    uint64_t offset = writer->output.offset, before = 0;
    pv_put_varint(section, tail->n_events);
    pv_put_varint(section, tail->n_blocks);
    for (size_t i = 0; i < tail->n_blocks; ++i) {
        pv_put_varint(section, tail->blocks[i].offset - before);
        pv_put_varint(section, tail->blocks[i].n_events);
        before = tail->blocks[i].offset;
    }
    for (int i = 0; i < 8; ++i) { /* offset of the index, at the end of the file */
        section->bytes[section->n++] = (unsigned char)(offset >> 8 * i);
    }
    return pv_pvt_output_end(&writer->output, PV_PVT_INDEX, (uint32_t)tail->n_blocks);
}

static void close(void *state)
{
    struct pvt_writer *writer = state;
    if (!writer) {
        return;
    }
    pv_pvt_say_fini(&writer->say);
    pv_pvt_tail_fini(&writer->tail);
    pv_own_free(writer->output.section.bytes);
    pv_own_free(writer->definitions.bytes);
    pv_own_free(writer->callers);
    pv_zstd_close(writer->output.zstd);
    pv_own_free(writer);
}

const struct pv_sink pv_sink_pvt = {
    .ending = ".pvt",
    .open = open,
    .append = append,
    .put = put,
    .finish = finish,
    .close = close,
};
