/* SPDX-License-Identifier: MIT
 *
 * say.c - stores events, with one function for each field: a value that the model (model.h)
 * guesses costs nothing, any other goes into the field's column; the bits that say how each
 * field is stored make up the event's shape. FORMATS.md describes the bytes.
 */
#include "traces/pvt/say.h"

enum {
    EVENT_BYTES = 2 * PV_PVT_VARINT_BYTES, /* of one event in one column, at most */
    ROOM_EVENTS = 64                       /* room is made for this many events at once */
};

/* The shape's number in this block, which has room for one more. */
static unsigned char find_shape(struct pv_pvt_say *say, uint32_t shape)
{
    uint32_t at = shape * UINT32_C(2654435761) >> 22;
    while (say->shape_slots[at]) {
        unsigned number = say->shape_slots[at] - 1u;
        if (say->shapes[number] == shape) {
            return (unsigned char)number;
        }
        at = (at + 1) % PV_SAY_SLOTS;
    }
    say->shapes[say->n_shapes++] = shape;
    say->shape_slots[at] = (uint16_t)say->n_shapes;
    return (unsigned char)(say->n_shapes - 1);
}

/* ---- an event, field by field: values go to the columns, the way they are stored to the shape
 * ---- */

static uint32_t say_id(struct pv_pvt_say *say, const struct pv_trace_event *event,
                       uint32_t text)
{
    struct pv_pvt_model *model = &say->model;
    if (event->op == PV_OP_MARK || event->id.kind == PV_ID_NULL) {
        return PV_SAY_ID_NULL;
    }
    if (event->id.kind == PV_ID_TEXT) {
        pv_put_varint(&say->columns[PV_COL_ID], text);
        return PV_SAY_ID_TEXT;
    }
    uint64_t id = event->id.number;
    uint64_t back = model->last_id - id;
    uint64_t near = pv_zigzag(id - model->near_id);
    if (id == model->last_id + 1) {
        return PV_SAY_ID_NEXT;
    }
    if (back < id && (back <= near || back < 0x80)) {
        pv_put_varint(&say->columns[PV_COL_BACK], back);
        return PV_SAY_ID_BACK;
    }
    if (near < id) {
        pv_put_varint(&say->columns[PV_COL_ID], near);
        return PV_SAY_ID_NEAR;
    }
    pv_put_varint(&say->columns[PV_COL_ID], id);
    return PV_SAY_ID_FULL;
}

static uint32_t say_name(struct pv_pvt_say *say, bool has_name, uint32_t name)
{
    struct pv_pvt_model *model = &say->model;
    if (!has_name) {
        return PV_SAY_NAME_NONE;
    }
    struct pv_pvt_name *before = pv_pvt_model_name(model, model->name);
    bool guessed = before->next == name;
    before->next = name;
    model->name = name;
    if (guessed) {
        return PV_SAY_NAME_NEXT;
    }
    pv_put_varint(&say->columns[PV_COL_NAME], name);
    return PV_SAY_NAME_FULL;
}

static uint32_t say_size(struct pv_pvt_say *say, const struct pv_trace_event *event)
{
    struct pv_pvt_name *row = pv_pvt_model_row(&say->model, event->has_name);
    if (event->op == PV_OP_FREE || event->op == PV_OP_MARK) {
        return PV_SAY_SIZE_NONE;
    }
    if (row->size == event->size) {
        return PV_SAY_SIZE_SAME;
    }
    row->size = event->size;
    pv_put_varint(&say->columns[PV_COL_SIZE], event->size);
    return PV_SAY_SIZE_FULL;
}

static uint32_t say_time(struct pv_pvt_say *say, const struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &say->model;
    if (!event->has_t) {
        return PV_SAY_TIME_NONE;
    }
    bool up = event->t >= model->t;
    uint64_t delta = up ? event->t - model->t : model->t - event->t;
    model->t = event->t;
    struct pv_pvt_bytes *low = &say->columns[PV_COL_TIME_LOW];
    low->bytes[low->n++] = (unsigned char)delta;
    pv_put_varint(&say->columns[PV_COL_TIME_HIGH], delta >> 8);
    return up ? PV_SAY_TIME_UP : PV_SAY_TIME_DOWN;
}

static uint32_t say_thread(struct pv_pvt_say *say, const struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &say->model;
    if (!event->has_thread) {
        return PV_SAY_THREAD_NONE;
    }
    if (event->thread == model->thread) {
        return PV_SAY_THREAD_SAME;
    }
    model->thread = event->thread;
    pv_put_varint(&say->columns[PV_COL_THREAD], event->thread);
    return PV_SAY_THREAD_FULL;
}

static uint32_t say_addr(struct pv_pvt_say *say, const struct pv_trace_event *event,
                         uint64_t room)
{
    struct pv_pvt_model *model = &say->model;
    if (!event->has_addr) {
        return PV_SAY_ADDR_NONE;
    }
    const uint64_t *row =
        event->id.kind == PV_ID_NUMBER && event->op >= PV_OP_REALLOC && event->op != PV_OP_MARK
            ? pv_pvt_model_block(model, event->id.number)
            : NULL;
    if (row && *row && *row >> 8 == event->addr) {
        return PV_SAY_ADDR_BLOCK;
    }
    uint64_t top;
    if (event->op <= PV_OP_REALLOC && event->id.kind == PV_ID_NUMBER &&
        pv_pvt_model_top(model, pv_pvt_model_class(room), &top) && top == event->addr) {
        return PV_SAY_ADDR_FREED;
    }
    uint64_t delta = event->addr - model->behind;
    if (!delta) {
        return PV_SAY_ADDR_BEHIND;
    }
    if (delta % 16 == 0) {
        pv_put_varint(&say->columns[PV_COL_ADDR], pv_zigzag((uint64_t)((int64_t)delta / 16)));
        return PV_SAY_ADDR_DELTA16;
    }
    pv_put_varint(&say->columns[PV_COL_ADDR], pv_zigzag(delta));
    return PV_SAY_ADDR_DELTA;
}

/* Called before the model learns the block's new place. */
static uint32_t say_old(struct pv_pvt_say *say, const struct pv_trace_event *event)
{
    if (!event->has_old_addr) {
        return PV_SAY_OLD_NONE;
    }
    const uint64_t *row = event->id.kind == PV_ID_NUMBER && event->op != PV_OP_MARK
                              ? pv_pvt_model_block(&say->model, event->id.number)
                              : NULL;
    if (row && *row && *row >> 8 == event->old_addr) {
        return PV_SAY_OLD_BLOCK;
    }
    pv_put_varint(&say->columns[PV_COL_OLD_ADDR],
                  pv_zigzag(event->old_addr - say->model.behind));
    return PV_SAY_OLD_FULL;
}

static uint32_t say_stack(struct pv_pvt_say *say, const struct pv_trace_event *event,
                          uint32_t stack)
{
    if (!event->n_stack) {
        return PV_SAY_STACK_NONE;
    }
    struct pv_pvt_name *row = pv_pvt_model_row(&say->model, event->has_name);
    if (row->stack == stack) {
        return PV_SAY_STACK_SAME;
    }
    row->stack = stack;
    pv_put_varint(&say->columns[PV_COL_STACK], stack);
    return PV_SAY_STACK_FULL;
}

static void say_misc(struct pv_pvt_say *say, const struct pv_trace_event *event)
{
    struct pv_pvt_bytes *column = &say->columns[PV_COL_MISC];
    if (event->op == PV_OP_CALLOC) {
        pv_put_varint(column, event->count);
    } else if (event->op == PV_OP_ALIGNED) {
        pv_put_varint(column, event->align);
    }
    if (event->flags) {
        pv_put_varint(column, event->flags);
    }
}

/* ---- a block ---- */

int pv_pvt_say_begin(struct pv_pvt_say *say)
{
    say->n_events = 0;
    say->n_shapes = 0;
    memset(say->shape_slots, 0, sizeof say->shape_slots);
    for (int i = 0; i < PV_N_COLS; ++i) {
        say->columns[i].n = 0;
    }
    return pv_pvt_model_begin(&say->model, PV_PVT_BLOCK_EVENTS);
}

bool pv_pvt_say_is_full(const struct pv_pvt_say *say)
{
    return say->n_events == PV_PVT_BLOCK_EVENTS || say->n_shapes == PV_PVT_SHAPES;
}

static int make_room(struct pv_pvt_say *say)
{
    for (int i = 0; i < PV_N_COLS; ++i) {
        if (pv_pvt_bytes_grow(&say->columns[i], (size_t)ROOM_EVENTS * EVENT_BYTES) < 0) {
            return PV_ENOMEM;
        }
    }
    return PV_OK;
}

int pv_pvt_say_event(struct pv_pvt_say *say, const struct pv_trace_event *event,
                     const struct pv_pvt_numbers *numbers)
{
    if (say->n_events % ROOM_EVENTS == 0 && make_room(say)) {
        return PV_ENOMEM;
    }
    uint64_t room = pv_pvt_model_room(pv_trace_event_bytes(event));
    uint32_t shape = (uint32_t)event->op << PV_OP_SHIFT;
    shape |= say_id(say, event, numbers->id) << PV_ID_SHIFT;
    shape |= say_name(say, event->has_name, numbers->name) << PV_NAME_SHIFT;
    shape |= say_size(say, event) << PV_SIZE_SHIFT;
    say_misc(say, event);
    shape |= (uint32_t)(event->flags != 0) << PV_FLAGS_SHIFT;
    shape |= say_time(say, event) << PV_TIME_SHIFT;
    shape |= say_thread(say, event) << PV_THREAD_SHIFT;
    uint32_t addr = say_addr(say, event, room);
    shape |= addr << PV_ADDR_SHIFT;
    shape |= say_old(say, event) << PV_OLD_SHIFT;
    shape |= say_stack(say, event, numbers->stack) << PV_STACK_SHIFT;
    pv_pvt_model_add(&say->model, event, room, addr == PV_SAY_ADDR_FREED);
    struct pv_pvt_bytes *shapes = &say->columns[PV_COL_SHAPES];
    shapes->bytes[shapes->n++] = find_shape(say, shape);
    say->n_events++;
    return PV_OK;
}

int pv_pvt_say_end(struct pv_pvt_say *say, struct pv_pvt_output *output)
{
    struct pv_pvt_bytes *table = &say->table;
    table->n = 0;
    if (pv_pvt_bytes_grow(table, (say->n_shapes + 1) * PV_PVT_VARINT_BYTES) < 0) {
        return PV_ENOMEM;
    }
    pv_put_varint(table, say->n_shapes);
    for (uint32_t i = 0; i < say->n_shapes; ++i) {
        pv_put_varint(table, say->shapes[i]);
    }
    int status = pv_pvt_output_begin(output);
    status = status ? status : pv_pvt_output_piece(output, table);
    for (int i = 0; status == PV_OK && i < PV_N_COLS; ++i) {
        status = pv_pvt_output_piece(output, &say->columns[i]);
    }
    return status ? status : pv_pvt_output_end(output, PV_PVT_BLOCK, say->n_events);
}

void pv_pvt_say_fini(struct pv_pvt_say *say)
{
    for (int i = 0; i < PV_N_COLS; ++i) {
        pv_own_free(say->columns[i].bytes);
    }
    pv_own_free(say->table.bytes);
    pv_pvt_model_fini(&say->model);
}
