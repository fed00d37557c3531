/* SPDX-License-Identifier: MIT
 *
 * pvt_writer.c - the native format out: FORMATS.md byte by byte, pvt.h for the model.
 *
 *   event -> shape + columns (64 Ki events) -> zstd, each column for itself -> section
 *
 * Costs about 2 MiB for the model and the columns, and the different texts and stacks.
 */
#include "core/own.h"
#include "core/status.h"
#include "traces/pack.h"
#include "traces/pvt_model.h"
#include "traces/sink.h"
#include "traces/texts.h"

enum {
    DEFINITIONS_BYTES = 256 * 1024,        /* then they are written */
    EVENT_BYTES = 2 * PV_PVT_VARINT_BYTES, /* of one event in one column at most */
    SHAPE_SLOTS = 1024,
    ONE_BYTE = 0x80,
};

struct column {
    unsigned char *bytes;
    size_t n, cap;
};

struct block_at {
    uint64_t offset;
    uint32_t n_events;
};

struct pvt_writer {
    struct pv_sink_out *out;
    struct pv_zstd *zstd;
    struct pv_pvt_model model;
    uint64_t offset;
    uint64_t n_total;

    uint32_t n_events;
    uint32_t shapes[PV_PVT_SHAPES];
    uint32_t n_shapes;
    uint16_t shape_slots[SHAPE_SLOTS]; /* number + 1 */
    struct column columns[PV_N_COLS];
    struct column section, definitions;

    struct pv_texts *texts, *stacks;
    uint32_t n_texts, n_stacks; /* that are written */

    struct block_at *blocks;
    size_t n_blocks, cap_blocks;
};

const unsigned char pv_pvt_magic[PV_PVT_MAGIC_BYTES] = {0x89, 'P',  'V',  'T',
                                                        '\r', '\n', 0x1a, '\n'};

const char *const pv_pvt_clocks[] = {"", "ns", "us", "ms", "instructions", NULL};

/* ---- bytes ---- */

static int grow(struct column *column, size_t n)
{
    if (n <= column->cap - column->n) {
        return PV_OK;
    }
    size_t cap = 2 * (column->n + n) + 64;
    unsigned char *bytes = pv_own_resize(column->bytes, cap, 1);
    if (!bytes) {
        return PV_ENOMEM;
    }
    column->bytes = bytes;
    column->cap = cap;
    return PV_OK;
}

/* Into room that was made before. */
static void put_varint(struct column *column, uint64_t value)
{
    while (value >= ONE_BYTE) {
        column->bytes[column->n++] = (unsigned char)(value | ONE_BYTE);
        value >>= 7;
    }
    column->bytes[column->n++] = (unsigned char)value;
}

static void put_bytes(struct column *column, const void *bytes, size_t n)
{
    if (n) {
        memcpy(column->bytes + column->n, bytes, n);
    }
    column->n += n;
}

/* Lengths and bytes, packed where that makes it shorter. */
static int put_piece(struct pvt_writer *writer, const struct column *piece)
{
    struct column *section = &writer->section;
    if (grow(section, piece->n + 3 * PV_PVT_VARINT_BYTES) < 0) {
        return PV_ENOMEM;
    }
    put_varint(section, piece->n);
    unsigned char *room = section->bytes + section->n + PV_PVT_VARINT_BYTES;
    size_t n = piece->n > 1
                   ? pv_zstd_pack(writer->zstd, room, piece->n - 1, piece->bytes, piece->n)
                   : 0;
    put_varint(section, n);
    if (n) {
        memmove(section->bytes + section->n, room, n);
        section->n += n;
    } else {
        put_bytes(section, piece->bytes, piece->n);
    }
    return PV_OK;
}

static int begin_section(struct pvt_writer *writer)
{
    writer->section.n = 0;
    int status = grow(&writer->section, PV_PVT_HEAD_BYTES);
    writer->section.n = PV_PVT_HEAD_BYTES;
    return status;
}

static int end_section(struct pvt_writer *writer, char kind, uint32_t n_items)
{
    unsigned char *head = writer->section.bytes;
    size_t n = writer->section.n - PV_PVT_HEAD_BYTES;
    memcpy(head, "PVT", 3);
    head[3] = (unsigned char)kind;
    pv_put_u32(head + 4, (uint32_t)n);
    pv_put_u32(head + 8, n_items);
    pv_put_u32(head + 12, pv_crc32(0, head + PV_PVT_HEAD_BYTES, n));
    pv_put_u32(head + 16, pv_crc32(0, head, 16));
    writer->offset += writer->section.n;
    return writer->out->write(writer->out->ctx, (const char *)head, writer->section.n);
}

/* ---- texts and stacks ---- */

static int flush_one(struct pvt_writer *writer, const struct pv_texts *table, char kind,
                     uint32_t *n_written)
{
    struct column *piece = &writer->definitions;
    uint32_t n_all = pv_texts_count(table);
    while (*n_written < n_all) {
        piece->n = 0;
        uint32_t first = *n_written;
        for (; *n_written < n_all && piece->n < DEFINITIONS_BYTES; ++*n_written) {
            size_t n;
            const char *bytes = pv_texts_get(table, *n_written, &n);
            if (grow(piece, PV_PVT_VARINT_BYTES + 2 * n) < 0) {
                return PV_ENOMEM;
            }
            if (kind == PV_PVT_TEXTS) {
                put_varint(piece, n);
                put_bytes(piece, bytes, n);
                continue;
            }
            put_varint(piece, n / sizeof(uint32_t));
            for (size_t i = 0; i < n; i += sizeof(uint32_t)) {
                uint32_t frame;
                memcpy(&frame, bytes + i, sizeof frame);
                put_varint(piece, frame);
            }
        }
        int status = begin_section(writer);
        status = status ? status : put_piece(writer, piece);
        status = status ? status : end_section(writer, kind, *n_written - first);
        if (status) {
            return status;
        }
    }
    return PV_OK;
}

static int flush_definitions(struct pvt_writer *writer)
{
    int status = flush_one(writer, writer->texts, PV_PVT_TEXTS, &writer->n_texts);
    return status ? status
                  : flush_one(writer, writer->stacks, PV_PVT_STACKS, &writer->n_stacks);
}

/* ---- a block ---- */

static int begin_block(struct pvt_writer *writer)
{
    writer->n_events = 0;
    writer->n_shapes = 0;
    memset(writer->shape_slots, 0, sizeof writer->shape_slots);
    for (int i = 0; i < PV_N_COLS; ++i) {
        writer->columns[i].n = 0;
    }
    return pv_model_begin(&writer->model, PV_PVT_BLOCK_EVENTS);
}

static int note_block(struct pvt_writer *writer)
{
    struct block_at *blocks =
        pv_own_room(writer->blocks, writer->n_blocks, &writer->cap_blocks, sizeof *blocks);
    if (!blocks) {
        return PV_ENOMEM;
    }
    writer->blocks = blocks;
    blocks[writer->n_blocks++] =
        (struct block_at){.offset = writer->offset, .n_events = writer->n_events};
    return PV_OK;
}

static int flush_block(struct pvt_writer *writer)
{
    if (!writer->n_events) {
        return PV_OK;
    }
    int status = flush_definitions(writer);
    status = status ? status : note_block(writer);
    status = status ? status : begin_section(writer);
    struct column *table = &writer->definitions;
    table->n = 0;
    status = status ? status : grow(table, (writer->n_shapes + 1) * PV_PVT_VARINT_BYTES);
    if (status) {
        return status;
    }
    put_varint(table, writer->n_shapes);
    for (uint32_t i = 0; i < writer->n_shapes; ++i) {
        put_varint(table, writer->shapes[i]);
    }
    status = put_piece(writer, table);
    for (int i = 0; status == PV_OK && i < PV_N_COLS; ++i) {
        status = put_piece(writer, &writer->columns[i]);
    }
    status = status ? status : end_section(writer, PV_PVT_BLOCK, writer->n_events);
    return status ? status : begin_block(writer);
}

/* The shape's number in this block, or -1 when the block has no room for another. */
static int find_shape(struct pvt_writer *writer, uint32_t shape)
{
    uint32_t at = shape * UINT32_C(2654435761) >> 22;
    while (writer->shape_slots[at]) {
        int number = writer->shape_slots[at] - 1;
        if (writer->shapes[number] == shape) {
            return number;
        }
        at = (at + 1) % SHAPE_SLOTS;
    }
    if (writer->n_shapes == PV_PVT_SHAPES) {
        return -1;
    }
    writer->shapes[writer->n_shapes++] = shape;
    writer->shape_slots[at] = (uint16_t)writer->n_shapes;
    return (int)writer->n_shapes - 1;
}

/* ---- an event, field by field: what is said goes to the column, how into the shape ---- */

static uint32_t say_id(struct pvt_writer *writer, const struct pv_trace_event *event,
                       uint32_t text)
{
    struct pv_pvt_model *model = &writer->model;
    if (event->op == PV_OP_MARK || event->id.kind == PV_ID_NULL) {
        return PV_SAY_ID_NULL;
    }
    if (event->id.kind == PV_ID_TEXT) {
        put_varint(&writer->columns[PV_COL_ID], text);
        return PV_SAY_ID_TEXT;
    }
    uint64_t id = event->id.number;
    uint64_t back = model->last_id - id;
    uint64_t near = pv_zigzag(id - model->near_id);
    if (id == model->last_id + 1) {
        return PV_SAY_ID_NEXT;
    }
    if (back < id && (back <= near || back < ONE_BYTE)) {
        put_varint(&writer->columns[PV_COL_BACK], back);
        return PV_SAY_ID_BACK;
    }
    if (near < id) {
        put_varint(&writer->columns[PV_COL_ID], near);
        return PV_SAY_ID_NEAR;
    }
    put_varint(&writer->columns[PV_COL_ID], id);
    return PV_SAY_ID_FULL;
}

static uint32_t say_name(struct pvt_writer *writer, bool has_name, uint32_t name)
{
    struct pv_pvt_model *model = &writer->model;
    if (!has_name) {
        return PV_SAY_NAME_NONE;
    }
    struct pv_pvt_name *before = pv_model_name(model, model->name);
    bool guessed = before->next == name;
    before->next = name;
    model->name = name;
    if (guessed) {
        return PV_SAY_NAME_NEXT;
    }
    put_varint(&writer->columns[PV_COL_NAME], name);
    return PV_SAY_NAME_FULL;
}

static uint32_t say_size(struct pvt_writer *writer, const struct pv_trace_event *event)
{
    struct pv_pvt_name *row = pv_model_row(&writer->model, event->has_name);
    if (event->op == PV_OP_FREE || event->op == PV_OP_MARK) {
        return PV_SAY_SIZE_NONE;
    }
    if (row->size == event->size) {
        return PV_SAY_SIZE_SAME;
    }
    row->size = event->size;
    put_varint(&writer->columns[PV_COL_SIZE], event->size);
    return PV_SAY_SIZE_FULL;
}

static uint32_t say_time(struct pvt_writer *writer, const struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &writer->model;
    if (!event->has_t) {
        return PV_SAY_TIME_NONE;
    }
    bool up = event->t >= model->t;
    uint64_t delta = up ? event->t - model->t : model->t - event->t;
    model->t = event->t;
    struct column *low = &writer->columns[PV_COL_TIME_LOW];
    low->bytes[low->n++] = (unsigned char)delta;
    put_varint(&writer->columns[PV_COL_TIME_HIGH], delta >> 8);
    return up ? PV_SAY_TIME_UP : PV_SAY_TIME_DOWN;
}

static uint32_t say_thread(struct pvt_writer *writer, const struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &writer->model;
    if (!event->has_thread) {
        return PV_SAY_THREAD_NONE;
    }
    if (event->thread == model->thread) {
        return PV_SAY_THREAD_SAME;
    }
    model->thread = event->thread;
    put_varint(&writer->columns[PV_COL_THREAD], event->thread);
    return PV_SAY_THREAD_FULL;
}

static uint32_t say_addr(struct pvt_writer *writer, const struct pv_trace_event *event,
                         uint64_t room)
{
    struct pv_pvt_model *model = &writer->model;
    if (!event->has_addr) {
        return PV_SAY_ADDR_NONE;
    }
    const uint64_t *row = event->id.kind == PV_ID_NUMBER && event->op >= PV_OP_REALLOC
                              ? pv_model_block(model, event->id.number)
                              : NULL;
    if (row && *row && *row >> 8 == event->addr) {
        return PV_SAY_ADDR_BLOCK;
    }
    uint64_t top;
    if (event->op <= PV_OP_REALLOC && event->id.kind == PV_ID_NUMBER &&
        pv_model_top(model, pv_model_class(room), &top) && top == event->addr) {
        return PV_SAY_ADDR_FREED;
    }
    uint64_t delta = event->addr - model->behind;
    if (!delta) {
        return PV_SAY_ADDR_BEHIND;
    }
    if (delta % 16 == 0) {
        put_varint(&writer->columns[PV_COL_ADDR], pv_zigzag((uint64_t)((int64_t)delta / 16)));
        return PV_SAY_ADDR_DELTA16;
    }
    put_varint(&writer->columns[PV_COL_ADDR], pv_zigzag(delta));
    return PV_SAY_ADDR_DELTA;
}

/* Before the model learns where the block is now. */
static uint32_t say_old(struct pvt_writer *writer, const struct pv_trace_event *event)
{
    if (!event->has_old_addr) {
        return PV_SAY_OLD_NONE;
    }
    const uint64_t *row = event->id.kind == PV_ID_NUMBER
                              ? pv_model_block(&writer->model, event->id.number)
                              : NULL;
    if (row && *row && *row >> 8 == event->old_addr) {
        return PV_SAY_OLD_BLOCK;
    }
    put_varint(&writer->columns[PV_COL_OLD_ADDR],
               pv_zigzag(event->old_addr - writer->model.behind));
    return PV_SAY_OLD_FULL;
}

static uint32_t say_stack(struct pvt_writer *writer, const struct pv_trace_event *event,
                          uint32_t stack)
{
    if (!event->n_stack) {
        return PV_SAY_STACK_NONE;
    }
    struct pv_pvt_name *row = pv_model_row(&writer->model, event->has_name);
    if (row->stack == stack) {
        return PV_SAY_STACK_SAME;
    }
    row->stack = stack;
    put_varint(&writer->columns[PV_COL_STACK], stack);
    return PV_SAY_STACK_FULL;
}

static void say_misc(struct pvt_writer *writer, const struct pv_trace_event *event)
{
    struct column *column = &writer->columns[PV_COL_MISC];
    if (event->op == PV_OP_CALLOC) {
        put_varint(column, event->count);
    } else if (event->op == PV_OP_ALIGNED) {
        put_varint(column, event->align);
    }
    if (event->flags) {
        put_varint(column, event->flags);
    }
}

/* ---- the whole ---- */

struct numbers {
    uint32_t id, name, stack;
};

static int number_stack(struct pvt_writer *writer, const struct pv_trace_event *event,
                        uint32_t *ret_number)
{
    uint32_t frames[PV_EVENT_STACK_MAX];
    uint32_t n = event->n_stack < PV_EVENT_STACK_MAX ? event->n_stack : PV_EVENT_STACK_MAX;
    for (uint32_t i = 0; i < n; ++i) {
        int status = pv_texts_number(writer->texts, event->stack[i], strlen(event->stack[i]),
                                     &frames[i]);
        if (status) {
            return status;
        }
    }
    return pv_texts_number(writer->stacks, frames, n * sizeof frames[0], ret_number);
}

static int number_all(struct pvt_writer *writer, const struct pv_trace_event *event,
                      struct numbers *ret)
{
    int status = PV_OK;
    if (event->id.kind == PV_ID_TEXT && event->op != PV_OP_MARK) {
        status = pv_texts_number(writer->texts, event->id.text, event->id.n, &ret->id);
    }
    if (!status && event->has_name) {
        status = pv_texts_number(writer->texts, event->name, strlen(event->name), &ret->name);
    }
    return !status && event->n_stack ? number_stack(writer, event, &ret->stack) : status;
}

static int put(void *state, const struct pv_trace_event *event)
{
    struct pvt_writer *writer = state;
    struct numbers numbers = {0};
    int status = number_all(writer, event, &numbers);
    /* One more shape may be wanted than there is room for; so the block ends before that. */
    if (!status &&
        (writer->n_events == PV_PVT_BLOCK_EVENTS || writer->n_shapes == PV_PVT_SHAPES)) {
        status = flush_block(writer);
    }
    for (int i = 0; status == PV_OK && i < PV_N_COLS; ++i) {
        status = grow(&writer->columns[i], EVENT_BYTES);
    }
    if (status) {
        return status;
    }
    uint64_t room = pv_model_room(pv_trace_event_bytes(event));
    uint32_t shape = (uint32_t)event->op << PV_OP_SHIFT;
    shape |= say_id(writer, event, numbers.id) << PV_ID_SHIFT;
    shape |= say_name(writer, event->has_name, numbers.name) << PV_NAME_SHIFT;
    shape |= say_size(writer, event) << PV_SIZE_SHIFT;
    say_misc(writer, event);
    shape |= (uint32_t)(event->flags != 0) << PV_FLAGS_SHIFT;
    shape |= say_time(writer, event) << PV_TIME_SHIFT;
    shape |= say_thread(writer, event) << PV_THREAD_SHIFT;
    uint32_t addr = say_addr(writer, event, room);
    shape |= addr << PV_ADDR_SHIFT;
    shape |= say_old(writer, event) << PV_OLD_SHIFT;
    shape |= say_stack(writer, event, numbers.stack) << PV_STACK_SHIFT;
    pv_model_add(&writer->model, event, room, addr == PV_SAY_ADDR_FREED);
    struct column *shapes = &writer->columns[PV_COL_SHAPES];
    shapes->bytes[shapes->n++] = (unsigned char)find_shape(writer, shape);
    writer->n_events++;
    writer->n_total++;
    return PV_OK;
}

static uint64_t clock_number(const char *clock)
{
    uint64_t number = 0;
    while (pv_pvt_clocks[number] && strcmp(pv_pvt_clocks[number], clock) != 0) {
        ++number;
    }
    return pv_pvt_clocks[number] ? number : 0;
}

static int put_header(struct pvt_writer *writer, const struct pv_trace_header *header)
{
    int status =
        writer->out->write(writer->out->ctx, (const char *)pv_pvt_magic, sizeof pv_pvt_magic);
    writer->offset = sizeof pv_pvt_magic;
    status = status ? status : begin_section(writer);
    size_t n = strlen(header->program);
    status = status ? status : grow(&writer->section, n + 3 * PV_PVT_VARINT_BYTES);
    if (status) {
        return status;
    }
    put_varint(&writer->section, PV_PVT_VERSION);
    put_varint(&writer->section, clock_number(header->clock));
    put_varint(&writer->section, n);
    put_bytes(&writer->section, header->program, n);
    return end_section(writer, PV_PVT_HEADER, 0);
}

static int open(void **ret_state, struct pv_sink_out *out, const struct pv_trace_header *header)
{
    struct pvt_writer *writer = pv_own_calloc(1, sizeof *writer);
    *ret_state = writer;
    if (!writer) {
        return PV_ENOMEM;
    }
    writer->out = out;
    writer->zstd = pv_zstd_open();
    writer->texts = pv_texts_open();
    writer->stacks = pv_texts_open();
    if (!writer->zstd || !writer->texts || !writer->stacks) {
        return PV_ENOMEM;
    }
    int status = begin_block(writer);
    return status ? status : put_header(writer, header);
}

static int finish(void *state)
{
    struct pvt_writer *writer = state;
    int status = flush_block(writer);
    status = status ? status : begin_section(writer);
    status = status ? status
                    : grow(&writer->section, (2 * writer->n_blocks + 4) * PV_PVT_VARINT_BYTES);
    if (status) {
        return status;
    }
    struct column *section = &writer->section;
    uint64_t offset = writer->offset, before = 0;
    put_varint(section, writer->n_total);
    put_varint(section, writer->n_blocks);
    for (size_t i = 0; i < writer->n_blocks; ++i) {
        put_varint(section, writer->blocks[i].offset - before);
        put_varint(section, writer->blocks[i].n_events);
        before = writer->blocks[i].offset;
    }
    for (int i = 0; i < 8; ++i) { /* where the index is, from the end of the file */
        section->bytes[section->n++] = (unsigned char)(offset >> 8 * i);
    }
    return end_section(writer, PV_PVT_INDEX, (uint32_t)writer->n_blocks);
}

static void close(void *state)
{
    struct pvt_writer *writer = state;
    if (!writer) {
        return;
    }
    for (int i = 0; i < PV_N_COLS; ++i) {
        pv_own_free(writer->columns[i].bytes);
    }
    pv_own_free(writer->section.bytes);
    pv_own_free(writer->definitions.bytes);
    pv_own_free(writer->blocks);
    pv_model_fini(&writer->model);
    pv_zstd_close(writer->zstd);
    pv_texts_close(writer->texts);
    pv_texts_close(writer->stacks);
    pv_own_free(writer);
}

const struct pv_sink pv_sink_pvt = {
    .name = "pvt",
    .ending = ".pvt",
    .open = open,
    .put = put,
    .finish = finish,
    .close = close,
};
