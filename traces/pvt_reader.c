/* SPDX-License-Identifier: MIT
 *
 * pvt_reader.c - the native format in: FORMATS.md byte by byte, pvt.h for the model.
 *
 * A block is unpacked column by column, then its events are made one by one as they are asked
 * for. Nothing of the file is believed: a column that ends early gives zeros and is told at the
 * end of the event, a guess that the model cannot make is damage.
 *
 * Costs about 2 MiB for the model and the columns, and the different texts and stacks.
 */
#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/format.h"
#include "traces/pack.h"
#include "traces/pvt.h"
#include "traces/pvt_input.h"

enum {
    PADDING = 16, /* zeros behind a column, so that a number cut off ends */
    TEXTS_MAX = 1 << 24,
    FRAMES_MAX = 1 << 26,
    ID_BYTES_MAX = 3 * PV_EVENT_ID_MAX,
};

struct column {
    const unsigned char *at, *end;
    unsigned char *bytes;
    size_t cap;
};

struct text {
    const char *bytes;
    uint32_t n;
};

struct stack {
    size_t first;
    uint32_t n;
};

struct chunk {
    struct chunk *next;
    char bytes[];
};

struct pvt_reader {
    struct pv_pvt_input input;
    struct pv_zstd *zstd;
    struct pv_pvt_model *model;

    struct column columns[PV_N_COLS];
    uint32_t shapes[PV_PVT_SHAPES];
    uint32_t n_shapes;
    uint32_t n_left;     /* events of the block */
    uint64_t n_given;    /* events of all blocks before it, and of its own */
    bool bad;            /* the event read a number that is not there */
    struct column piece; /* of definitions */

    struct text *texts;
    size_t n_texts, cap_texts;
    struct stack *stacks;
    size_t n_stacks, cap_stacks;
    const char **frames;
    size_t n_frames, cap_frames;
    struct chunk *chunks;
    char program[PV_EVENT_NAME_MAX + 1];
};

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 4 && memcmp(head, pv_pvt_magic, 4) == 0;
}

/* ---- numbers and pieces ---- */

static inline uint64_t take_varint(struct column *column)
{
    const unsigned char *at = column->at;
    uint64_t value = *at++;
    if (value < 0x80) {
        column->at = at;
        return value;
    }
    value &= 0x7f;
    for (unsigned shift = 7; shift < 64; shift += 7) {
        uint64_t byte = *at++;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    column->at = at;
    return value;
}

/* The next number, or 0 with `bad` behind the end. */
static inline uint64_t take(struct pvt_reader *reader, enum pv_pvt_column number)
{
    struct column *column = &reader->columns[number];
    if (column->at >= column->end) {
        reader->bad = true;
        return 0;
    }
    return take_varint(column);
}

/* Unpacks the next piece of a payload. false: it is damaged. */
static int take_piece(struct pvt_reader *reader, struct column *payload, struct column *piece)
{
    if (payload->at >= payload->end) {
        return PV_EFORMAT;
    }
    uint64_t n = take_varint(payload);
    if (payload->at >= payload->end && n) {
        return PV_EFORMAT;
    }
    uint64_t n_packed = payload->at < payload->end ? take_varint(payload) : 0;
    size_t left = payload->at <= payload->end ? (size_t)(payload->end - payload->at) : 0;
    if (n > PV_PVT_COLUMN_BYTES || (n_packed ? n_packed : n) > left ||
        payload->at > payload->end) {
        return PV_EFORMAT;
    }
    if (n + PADDING > piece->cap) {
        unsigned char *bytes = pv_own_resize(piece->bytes, (size_t)n + PADDING, 1);
        if (!bytes) {
            return PV_ENOMEM;
        }
        piece->bytes = bytes;
        piece->cap = (size_t)n + PADDING;
    }
    if (n_packed) {
        if (!pv_zstd_unpack(reader->zstd, piece->bytes, (size_t)n, payload->at,
                            (size_t)n_packed)) {
            return PV_EFORMAT;
        }
    } else if (n) {
        memcpy(piece->bytes, payload->at, (size_t)n);
    }
    payload->at += n_packed ? n_packed : n;
    memset(piece->bytes + n, 0, PADDING);
    piece->at = piece->bytes;
    piece->end = piece->bytes + n;
    return PV_OK;
}

/* ---- definitions ---- */

static void *more_room(void *array, size_t n, size_t more, size_t *cap, size_t bytes)
{
    if (array && n + more <= *cap) {
        return array;
    }
    size_t wanted = n + more > 2 * *cap ? n + more : 2 * *cap + 1;
    void *moved = pv_own_resize(array, wanted, bytes);
    *cap = moved ? wanted : *cap;
    return moved;
}

static int take_texts(struct pvt_reader *reader, struct column *piece, uint32_t n_items)
{
    size_t n_piece = (size_t)(piece->end - piece->at);
    if (n_items > n_piece || n_items > TEXTS_MAX - reader->n_texts) {
        return PV_EFORMAT;
    }
    struct text *texts =
        more_room(reader->texts, reader->n_texts, n_items, &reader->cap_texts, sizeof *texts);
    size_t cap = 3 * n_piece + n_items + 1;
    struct chunk *chunk = pv_own_calloc(1, sizeof *chunk + cap);
    if (texts) {
        reader->texts = texts;
    }
    if (!texts || !chunk) {
        pv_own_free(chunk);
        return PV_ENOMEM;
    }
    chunk->next = reader->chunks;
    reader->chunks = chunk;
    char *to = chunk->bytes;
    for (uint32_t i = 0; i < n_items; ++i) {
        uint64_t n = piece->at < piece->end ? take_varint(piece) : UINT64_MAX;
        if (piece->at > piece->end || n > (size_t)(piece->end - piece->at)) {
            return PV_EFORMAT;
        }
        size_t n_clean = pv_text_clean(
            to, PV_EVENT_NAME_MAX + 1 < 3 * n + 1 ? PV_EVENT_NAME_MAX + 1 : 3 * (size_t)n + 1,
            (const char *)piece->at, (size_t)n);
        texts[reader->n_texts++] = (struct text){.bytes = to, .n = (uint32_t)n_clean};
        to += n_clean + 1;
        piece->at += n;
    }
    return piece->at == piece->end ? PV_OK : PV_EFORMAT;
}

static int take_stacks(struct pvt_reader *reader, struct column *piece, uint32_t n_items)
{
    size_t n_piece = (size_t)(piece->end - piece->at);
    if (n_items > n_piece || n_items > TEXTS_MAX - reader->n_stacks ||
        n_piece > FRAMES_MAX - reader->n_frames) {
        return PV_EFORMAT;
    }
    struct stack *stacks = more_room(reader->stacks, reader->n_stacks, n_items,
                                     &reader->cap_stacks, sizeof *stacks);
    if (!stacks) {
        return PV_ENOMEM;
    }
    reader->stacks = stacks;
    const char **frames = more_room(reader->frames, reader->n_frames, n_piece,
                                    &reader->cap_frames, sizeof *frames);
    if (!frames) {
        return PV_ENOMEM;
    }
    reader->frames = frames;
    for (uint32_t i = 0; i < n_items; ++i) {
        uint64_t n = piece->at < piece->end ? take_varint(piece) : 0;
        if (!n || n > PV_EVENT_STACK_MAX) {
            return PV_EFORMAT;
        }
        stacks[reader->n_stacks] = (struct stack){.first = reader->n_frames, .n = (uint32_t)n};
        for (uint64_t k = 0; k < n; ++k) {
            uint64_t text = piece->at < piece->end ? take_varint(piece) : UINT64_MAX;
            if (text >= reader->n_texts) {
                return PV_EFORMAT;
            }
            frames[reader->n_frames++] = reader->texts[text].bytes;
        }
        reader->n_stacks++;
    }
    return piece->at == piece->end ? PV_OK : PV_EFORMAT;
}

static int take_definitions(struct pvt_reader *reader)
{
    const struct pv_pvt_section *section = &reader->input.section;
    struct column payload = {.at = section->payload, .end = section->payload + section->n};
    int status = take_piece(reader, &payload, &reader->piece);
    if (status < 0) {
        return status;
    }
    return section->kind == PV_PVT_TEXTS
               ? take_texts(reader, &reader->piece, section->n_items)
               : take_stacks(reader, &reader->piece, section->n_items);
}

/* ---- a block ---- */

static uint32_t field(uint32_t shape, int shift, int n_bits)
{
    return shape >> shift & ((1u << n_bits) - 1);
}

static bool shape_is_sound(uint64_t shape)
{
    uint32_t s = (uint32_t)shape;
    uint32_t op = field(s, PV_OP_SHIFT, 3), id = field(s, PV_ID_SHIFT, 3);
    bool sizeless = op == PV_OP_FREE || op == PV_OP_MARK;
    return shape >> PV_SHAPE_BITS == 0 && op < PV_N_OPS && id < PV_N_SAY_ID &&
           field(s, PV_SIZE_SHIFT, 2) < PV_N_SAY_SIZE &&
           field(s, PV_NAME_SHIFT, 2) < PV_N_SAY_NAME &&
           field(s, PV_TIME_SHIFT, 2) < PV_N_SAY_TIME &&
           field(s, PV_THREAD_SHIFT, 2) < PV_N_SAY_THREAD &&
           field(s, PV_ADDR_SHIFT, 3) < PV_N_SAY_ADDR &&
           field(s, PV_OLD_SHIFT, 2) < PV_N_SAY_OLD &&
           field(s, PV_STACK_SHIFT, 2) < PV_N_SAY_STACK &&
           sizeless == (field(s, PV_SIZE_SHIFT, 2) == PV_SAY_SIZE_NONE) &&
           (op > PV_OP_ALIGNED || id != PV_SAY_ID_NULL) &&
           (op != PV_OP_MARK ||
            (id == PV_SAY_ID_NULL && field(s, PV_NAME_SHIFT, 2) != PV_SAY_NAME_NONE));
}

static int begin_block(struct pvt_reader *reader)
{
    const struct pv_pvt_section *section = &reader->input.section;
    struct column payload = {.at = section->payload, .end = section->payload + section->n};
    struct column *table = &reader->piece;
    int status = take_piece(reader, &payload, table);
    for (int i = 0; status == PV_OK && i < PV_N_COLS; ++i) {
        status = take_piece(reader, &payload, &reader->columns[i]);
    }
    if (status < 0) {
        return status;
    }
    uint64_t n_shapes = table->at < table->end ? take_varint(table) : 0;
    if (payload.at != payload.end || n_shapes > PV_PVT_SHAPES ||
        section->n_items > PV_PVT_BLOCK_EVENTS) {
        return PV_EFORMAT;
    }
    for (uint64_t i = 0; i < n_shapes; ++i) {
        uint64_t shape = table->at < table->end ? take_varint(table) : UINT64_MAX;
        if (!shape_is_sound(shape)) {
            return PV_EFORMAT;
        }
        reader->shapes[i] = (uint32_t)shape;
    }
    const struct column *shapes = &reader->columns[PV_COL_SHAPES];
    if (table->at != table->end || (size_t)(shapes->end - shapes->at) != section->n_items) {
        return PV_EFORMAT;
    }
    reader->n_shapes = (uint32_t)n_shapes;
    reader->n_left = section->n_items;
    pv_model_begin(reader->model);
    return PV_OK;
}

/* ---- an event ---- */

static inline void take_id(struct pvt_reader *reader, uint32_t how, struct pv_id *ret)
{
    const struct pv_pvt_model *model = reader->model;
    uint64_t said;
    ret->kind = PV_ID_NUMBER;
    switch (how) {
    case PV_SAY_ID_NEXT:
        ret->number = model->last_id + 1;
        break;
    case PV_SAY_ID_BACK:
        ret->number = model->last_id - take(reader, PV_COL_BACK);
        break;
    case PV_SAY_ID_NEAR:
        ret->number = model->near_id + pv_unzigzag(take(reader, PV_COL_ID));
        break;
    case PV_SAY_ID_FULL:
        ret->number = take(reader, PV_COL_ID);
        break;
    case PV_SAY_ID_TEXT:
        said = take(reader, PV_COL_ID);
        if (said >= reader->n_texts || reader->texts[said].n > ID_BYTES_MAX) {
            reader->bad = true;
            break;
        }
        ret->kind = PV_ID_TEXT;
        ret->text = reader->texts[said].bytes;
        ret->n = reader->texts[said].n;
        break;
    default:
        ret->kind = PV_ID_NULL;
    }
}

static inline void take_name(struct pvt_reader *reader, uint32_t how,
                             struct pv_trace_event *event)
{
    struct pv_pvt_model *model = reader->model;
    struct pv_pvt_name *before = pv_model_name(model, model->name);
    uint64_t name = before->next;
    if (how == PV_SAY_NAME_FULL) {
        name = take(reader, PV_COL_NAME);
    }
    if (name >= reader->n_texts) {
        reader->bad = true;
        return;
    }
    before->next = model->name = (uint32_t)name;
    event->name = reader->texts[name].bytes;
    event->has_name = true;
}

static inline void take_time(struct pvt_reader *reader, uint32_t how,
                             struct pv_trace_event *event)
{
    struct pv_pvt_model *model = reader->model;
    struct column *low = &reader->columns[PV_COL_TIME_LOW];
    if (low->at >= low->end) {
        reader->bad = true;
        return;
    }
    uint64_t delta = *low->at++;
    delta |= take(reader, PV_COL_TIME_HIGH) << 8;
    model->t += how == PV_SAY_TIME_UP ? delta : -delta;
    event->has_t = true;
    event->t = model->t;
}

static inline void take_addr(struct pvt_reader *reader, uint32_t how, uint64_t room,
                             struct pv_trace_event *event)
{
    struct pv_pvt_model *model = reader->model;
    event->has_addr = true;
    const uint64_t *row;
    switch (how) {
    case PV_SAY_ADDR_BLOCK:
        row = event->op >= PV_OP_REALLOC ? pv_model_block(model, event->id.number) : NULL;
        reader->bad |= !row || !*row;
        event->addr = row ? *row >> 8 : 0;
        break;
    case PV_SAY_ADDR_FREED:
        reader->bad |= event->op > PV_OP_REALLOC || event->id.kind != PV_ID_NUMBER ||
                       !pv_model_top(model, pv_model_class(room), &event->addr);
        break;
    case PV_SAY_ADDR_BEHIND:
        event->addr = model->behind;
        break;
    case PV_SAY_ADDR_DELTA16:
        event->addr = model->behind + 16 * pv_unzigzag(take(reader, PV_COL_ADDR));
        break;
    default:
        event->addr = model->behind + pv_unzigzag(take(reader, PV_COL_ADDR));
    }
}

static void take_old(struct pvt_reader *reader, uint32_t how, struct pv_trace_event *event)
{
    event->has_old_addr = true;
    if (how == PV_SAY_OLD_FULL) {
        event->old_addr = reader->model->behind + pv_unzigzag(take(reader, PV_COL_OLD_ADDR));
        return;
    }
    const uint64_t *row =
        event->id.kind == PV_ID_NUMBER ? pv_model_block(reader->model, event->id.number) : NULL;
    reader->bad |= !row || !*row;
    event->old_addr = row ? *row >> 8 : 0;
}

static void take_stack(struct pvt_reader *reader, uint32_t how, struct pv_trace_event *event)
{
    struct pv_pvt_name *row = pv_model_row(reader->model, event);
    uint64_t stack = row->stack;
    if (how == PV_SAY_STACK_FULL) {
        stack = take(reader, PV_COL_STACK);
    }
    if (stack >= reader->n_stacks) {
        reader->bad = true;
        return;
    }
    row->stack = (uint32_t)stack;
    event->stack = reader->frames + reader->stacks[stack].first;
    event->n_stack = reader->stacks[stack].n;
}

static void take_misc(struct pvt_reader *reader, bool flags, struct pv_trace_event *event)
{
    if (event->op == PV_OP_CALLOC) {
        event->count = take(reader, PV_COL_MISC);
    } else if (event->op == PV_OP_ALIGNED) {
        event->align = take(reader, PV_COL_MISC);
    }
    if (flags) {
        event->flags = (uint32_t)take(reader, PV_COL_MISC);
        reader->bad |= !pv_trace_event_is_sayable(event);
    }
}

/* In the order in which the writer learns: name, size, time, thread, address, stack. */
static inline void take_event(struct pvt_reader *reader, uint32_t shape,
                              struct pv_trace_event *event)
{
    struct pv_pvt_model *model = reader->model;
    event->op = (enum pv_op)field(shape, PV_OP_SHIFT, 3);
    take_id(reader, field(shape, PV_ID_SHIFT, 3), &event->id);
    uint32_t how = field(shape, PV_NAME_SHIFT, 2);
    if (how) {
        take_name(reader, how, event);
    }
    how = field(shape, PV_SIZE_SHIFT, 2);
    if (how) {
        struct pv_pvt_name *row = pv_model_row(model, event);
        if (how == PV_SAY_SIZE_FULL) {
            row->size = take(reader, PV_COL_SIZE);
            reader->bad |= row->size > INT64_MAX;
        }
        event->size = row->size;
    }
    if (event->op == PV_OP_CALLOC || event->op == PV_OP_ALIGNED ||
        field(shape, PV_FLAGS_SHIFT, 1)) {
        take_misc(reader, field(shape, PV_FLAGS_SHIFT, 1), event);
    }
    how = field(shape, PV_TIME_SHIFT, 2);
    if (how) {
        take_time(reader, how, event);
    }
    how = field(shape, PV_THREAD_SHIFT, 2);
    if (how) {
        if (how == PV_SAY_THREAD_FULL) {
            model->thread = take(reader, PV_COL_THREAD);
        }
        event->has_thread = true;
        event->thread = model->thread;
    }
    uint64_t room = 0;
    uint32_t addr = field(shape, PV_ADDR_SHIFT, 3);
    if (addr) {
        room = pv_model_room(pv_trace_event_bytes(event));
        take_addr(reader, addr, room, event);
    }
    how = field(shape, PV_OLD_SHIFT, 2);
    if (how) {
        take_old(reader, how, event);
    }
    how = field(shape, PV_STACK_SHIFT, 2);
    if (how) {
        take_stack(reader, how, event);
    }
    if (!reader->bad) {
        pv_model_add(model, event, room, addr == PV_SAY_ADDR_FREED);
    }
}

static bool block_is_used_up(const struct pvt_reader *reader)
{
    for (int i = 0; i < PV_N_COLS; ++i) {
        if (reader->columns[i].at != reader->columns[i].end) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

static int damaged(struct pvt_reader *reader, int status, const char *why)
{
    const struct pv_pvt_section *section = &reader->input.section;
    uint64_t n_here = reader->n_left                  ? reader->n_left
                      : section->kind == PV_PVT_BLOCK ? section->n_items
                                                      : 0;
    return status == PV_EFORMAT ? pv_pvt_input_damaged(&reader->input, section->offset, why,
                                                       reader->n_given, n_here)
                                : status;
}

static int take_header(struct pvt_reader *reader, struct pv_trace_header *header)
{
    const char *why = "";
    int status = pv_pvt_input_next(&reader->input, &why);
    if (status < 0) {
        return damaged(reader, status, why);
    }
    const struct pv_pvt_section *section = &reader->input.section;
    unsigned char room[3 * PV_PVT_VARINT_BYTES + PV_EVENT_NAME_MAX * 3 + PADDING] = {0};
    if (status > 0 || section->kind != PV_PVT_HEADER || section->n > sizeof room - PADDING) {
        return damaged(reader, PV_EFORMAT, "it is not the header");
    }
    if (section->n) {
        memcpy(room, section->payload, section->n);
    }
    struct column column = {.at = room, .end = room + section->n};
    if (take_varint(&column) != PV_PVT_VERSION) {
        return damaged(reader, PV_EFORMAT, "only version 1 of the format is known here");
    }
    uint64_t clock = take_varint(&column);
    uint64_t n = take_varint(&column);
    size_t n_clocks = 0;
    while (pv_pvt_clocks[n_clocks]) {
        ++n_clocks;
    }
    if (clock >= n_clocks || column.at > column.end || n != (size_t)(column.end - column.at)) {
        return damaged(reader, PV_EFORMAT, "the header cannot be");
    }
    pv_text_clean(reader->program, sizeof reader->program, (const char *)column.at, (size_t)n);
    header->clock = pv_pvt_clocks[clock];
    header->program = reader->program;
    header->format = "pvt";
    return PV_OK;
}

static int open(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                struct pv_place *place)
{
    struct pvt_reader *reader = pv_own_calloc(1, sizeof *reader);
    *ret_state = reader;
    if (!reader) {
        return PV_ENOMEM;
    }
    reader->input.stream = stream;
    reader->input.place = place;
    reader->model = pv_own_calloc(1, sizeof *reader->model);
    reader->zstd = pv_zstd_open();
    if (!reader->model || !reader->zstd) {
        return PV_ENOMEM;
    }
    int status = pv_pvt_input_begin(&reader->input);
    return status ? status : take_header(reader, header);
}

/* Sections up to the next block that holds events. */
static int find_block(struct pvt_reader *reader)
{
    while (!reader->n_left) {
        const char *why = "what it holds cannot be";
        int status = pv_pvt_input_next(&reader->input, &why);
        if (status) {
            return status > 0 ? 1 : damaged(reader, status, why);
        }
        why = "what it holds cannot be";
        switch (reader->input.section.kind) {
        case PV_PVT_TEXTS:
        case PV_PVT_STACKS:
            status = take_definitions(reader);
            break;
        case PV_PVT_BLOCK:
            status = begin_block(reader);
            break;
        default: /* an index, or what a later version adds */
            break;
        }
        if (status < 0) {
            return damaged(reader, status, why);
        }
    }
    return PV_OK;
}

/* Field by field: to the compiler the whole is a block to be cleared by a slow instruction. */
static inline void blank(struct pv_trace_event *event)
{
    event->id.text = NULL;
    event->id.number = 0;
    event->id.n = 0;
    event->size = 0;
    event->count = 1;
    event->align = 0;
    event->flags = 0;
    event->name = "";
    event->has_t = event->has_thread = event->has_addr = event->has_old_addr = false;
    event->has_name = false;
    event->t = event->thread = event->addr = event->old_addr = 0;
    event->stack = NULL;
    event->n_stack = 0;
}

static int next(void *state, struct pv_trace_event *ret_event)
{
    struct pvt_reader *reader = state;
    if (!reader->n_left) {
        int status = find_block(reader);
        if (status) {
            return status;
        }
        *reader->input.place = (struct pv_place){.byte = reader->input.section.offset};
    }
    uint8_t number = *reader->columns[PV_COL_SHAPES].at++;
    blank(ret_event);
    if (number < reader->n_shapes) {
        take_event(reader, reader->shapes[number], ret_event);
    } else {
        reader->bad = true;
    }
    if (reader->bad || (reader->n_left == 1 && !block_is_used_up(reader))) {
        return damaged(reader, PV_EFORMAT, "what it holds cannot be");
    }
    reader->n_left--;
    reader->n_given++;
    return PV_OK;
}

static void close(void *state)
{
    struct pvt_reader *reader = state;
    if (!reader) {
        return;
    }
    for (int i = 0; i < PV_N_COLS; ++i) {
        pv_own_free(reader->columns[i].bytes);
    }
    while (reader->chunks) {
        struct chunk *next = reader->chunks->next;
        pv_own_free(reader->chunks);
        reader->chunks = next;
    }
    pv_own_free(reader->piece.bytes);
    pv_own_free(reader->texts);
    pv_own_free(reader->stacks);
    pv_own_free(reader->frames);
    pv_own_free(reader->model);
    pv_zstd_close(reader->zstd);
    pv_pvt_input_fini(&reader->input);
    pv_own_free(reader);
}

const struct pv_format pv_format_pvt = {
    .name = "pvt",
    .about = "the native binary format",
    .limits = "",
    .probe = probe,
    .open = open,
    .next = next,
    .close = close,
};
