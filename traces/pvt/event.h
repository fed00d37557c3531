/* SPDX-License-Identifier: MIT
 *
 * event.h - takes an event out of a block of a native trace. Only for reader.c; a header, so
 * that an event costs one call. Internal to traces/.
 *
 * Mispredicted branches cost the most time here. So most shapes have a piece of code of their
 * own, in which everything that the shape says is constant: one jump per event, and no branch
 * on the length of a number.
 */
#ifndef PV_PVT_EVENT_H
#define PV_PVT_EVENT_H

#include "traces/pvt/block.h"

#define ALWAYS static inline __attribute__((always_inline))
#define NEVER  static __attribute__((noinline))

enum { ID_BYTES_MAX = 3 * PV_EVENT_ID_MAX };

/* ---- one event; each bool function returns whether what the event refers to exists ---- */

static inline uint64_t take(struct pv_pvt_block *block, enum pv_pvt_column number)
{
    return pv_take_varint(&block->at[number]);
}

NEVER bool take_text_id(struct pv_pvt_block *block, struct pv_id *ret)
{
    const struct pv_pvt_tables *tables = block->tables;
    uint64_t said = take(block, PV_COL_ID);
    if (said >= tables->n_texts || tables->texts[said].n > ID_BYTES_MAX) {
        return false;
    }
    ret->text = tables->texts[said].bytes;
    ret->n = tables->texts[said].n;
    return true;
}

ALWAYS uint64_t take_number(struct pv_pvt_block *block, uint32_t how)
{
    const struct pv_pvt_model *model = &block->model;
    switch (how) {
    case PV_SAY_ID_NEXT:
        return model->last_id + 1;
    case PV_SAY_ID_BACK:
        return model->last_id - take(block, PV_COL_BACK);
    case PV_SAY_ID_NEAR:
        return model->near_id + pv_unzigzag(take(block, PV_COL_ID));
    default:
        return take(block, PV_COL_ID);
    }
}

ALWAYS bool take_name(struct pv_pvt_block *block, uint32_t how, struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &block->model;
    struct pv_pvt_name *before = pv_pvt_model_name(model, model->name);
    uint64_t name = how == PV_SAY_NAME_FULL ? take(block, PV_COL_NAME) : before->next;
    if (name >= block->tables->n_texts) {
        return false;
    }
    before->next = model->name = (uint32_t)name;
    event->name = block->tables->texts[name].bytes;
    event->named = (uint32_t)name + 1;
    return true;
}

ALWAYS bool take_size(struct pv_pvt_block *block, uint32_t how, bool has_name,
                      struct pv_trace_event *event)
{
    struct pv_pvt_name *row = pv_pvt_model_row(&block->model, has_name);
    if (how == PV_SAY_SIZE_FULL) {
        row->size = take(block, PV_COL_SIZE);
    }
    event->size = row->size;
    return event->size <= INT64_MAX;
}

ALWAYS void take_moment(struct pv_pvt_block *block, uint32_t bits, struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &block->model;
    if (bits & PV_TIME_MASK) {
        uint64_t delta = *block->at[PV_COL_TIME_LOW]++;
        delta |= pv_take_small(&block->at[PV_COL_TIME_HIGH]) << 8;
        model->t += bits & PV_SAY_TIME_UP << PV_TIME_SHIFT ? delta : -delta;
        event->t = model->t;
    }
    if (bits & PV_THREAD_MASK) {
        if (bits & PV_SAY_THREAD_FULL << PV_THREAD_SHIFT) {
            model->thread = take(block, PV_COL_THREAD);
        }
        event->thread = model->thread;
    }
}

ALWAYS bool take_addr(struct pv_pvt_block *block, uint32_t how, uint64_t room,
                      struct pv_trace_event *event)
{
    const struct pv_pvt_model *model = &block->model;
    const uint64_t *row;
    switch (how) {
    case PV_SAY_ADDR_BLOCK:
        row = pv_pvt_model_block(model, event->id.number);
        event->addr = row ? *row >> 8 : 0;
        return row && *row;
    case PV_SAY_ADDR_FREED:
        return pv_pvt_model_top(model, pv_pvt_model_class(room), &event->addr);
    case PV_SAY_ADDR_BEHIND:
        event->addr = model->behind;
        return true;
    case PV_SAY_ADDR_DELTA16:
        event->addr = model->behind + 16 * pv_unzigzag(take(block, PV_COL_ADDR));
        return true;
    default:
        event->addr = model->behind + pv_unzigzag(take(block, PV_COL_ADDR));
        return true;
    }
}

NEVER bool take_old(struct pv_pvt_block *block, uint32_t how, struct pv_trace_event *event)
{
    const struct pv_pvt_model *model = &block->model;
    if (how == PV_SAY_OLD_FULL) {
        event->old_addr = model->behind + pv_unzigzag(take(block, PV_COL_OLD_ADDR));
        return true;
    }
    const uint64_t *row = pv_pvt_model_block(model, event->id.number);
    event->old_addr = row ? *row >> 8 : 0;
    return row && *row;
}

NEVER bool take_stack(struct pv_pvt_block *block, uint32_t how, struct pv_trace_event *event)
{
    const struct pv_pvt_tables *tables = block->tables;
    struct pv_pvt_name *row = pv_pvt_model_row(&block->model, event->has_name);
    uint64_t stack = how == PV_SAY_STACK_FULL ? take(block, PV_COL_STACK) : row->stack;
    if (stack >= tables->n_stacks) {
        return false;
    }
    row->stack = (uint32_t)stack;
    event->stack = tables->frames + tables->stacks[stack].first;
    event->n_stack = tables->stacks[stack].n;
    return true;
}

NEVER bool take_misc(struct pv_pvt_block *block, uint32_t bits, struct pv_trace_event *event)
{
    if (event->op == PV_OP_CALLOC) {
        event->count = take(block, PV_COL_MISC);
    } else if (event->op == PV_OP_ALIGNED) {
        event->align = take(block, PV_COL_MISC);
    }
    if (bits & PV_FLAGS_MASK) {
        event->flags = (uint32_t)take(block, PV_COL_MISC);
        return pv_trace_event_is_sayable(event);
    }
    return true;
}

/* ---- the ways; fields are taken in the order in which the writer's model learns them: name,
 * size, time, thread, address, stack ---- */

ALWAYS bool take_new(struct pv_pvt_block *block, uint32_t bits, uint32_t name, uint32_t size,
                     uint32_t addr, struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &block->model;
    uint64_t id = model->last_id + 1;
    event->id.number = id;
    bool sound = !name || take_name(block, name, event);
    sound &= take_size(block, size, name, event);
    take_moment(block, bits, event);
    uint64_t place = 0;
    if (addr) {
        uint64_t room = pv_pvt_model_room(event->size);
        if (!take_addr(block, addr, room, event)) {
            return false;
        }
        place = pv_pvt_model_place(model, event->addr, room, addr == PV_SAY_ADDR_FREED);
    }
    pv_pvt_model_add_number(model, id, place);
    return sound;
}

ALWAYS bool take_gone(struct pv_pvt_block *block, uint32_t bits, uint32_t id, uint32_t addr,
                      struct pv_trace_event *event)
{
    struct pv_pvt_model *model = &block->model;
    uint64_t number = take_number(block, id);
    event->id.number = number;
    model->near_id = number;
    take_moment(block, bits, event);
    if (!addr) {
        return true;
    }
    uint64_t *row = pv_pvt_model_block(model, number);
    uint64_t place = row ? *row : 0;
    if (addr == PV_SAY_ADDR_BLOCK) {
        event->addr = place >> 8;
        if (!place) {
            return false;
        }
    } else {
        take_addr(block, addr, 0, event);
    }
    if (row) {
        pv_pvt_model_release(model, place);
        *row = 0;
    }
    return true;
}

static bool take_other(struct pv_pvt_block *block, uint32_t bits, struct pv_trace_event *event)
{
    bool sound = true;
    uint32_t name = pv_shape_field(bits, PV_NAME_SHIFT, 2),
             size = pv_shape_field(bits, PV_SIZE_SHIFT, 2);
    uint32_t addr = pv_shape_field(bits, PV_ADDR_SHIFT, 3);
    if (event->id.kind == PV_ID_NUMBER) {
        event->id.number = take_number(block, pv_shape_field(bits, PV_ID_SHIFT, 3));
    } else if (event->id.kind == PV_ID_TEXT) {
        sound = take_text_id(block, &event->id);
    }
    if (name) {
        sound &= take_name(block, name, event);
    }
    if (size) {
        sound &= take_size(block, size, name, event);
    }
    sound &= take_misc(block, bits, event);
    take_moment(block, bits, event);
    uint64_t room = pv_pvt_model_room(pv_trace_event_bytes(event));
    if (addr) {
        sound &= take_addr(block, addr, room, event);
    }
    if (bits & PV_OLD_MASK) {
        sound &= take_old(block, pv_shape_field(bits, PV_OLD_SHIFT, 2), event);
    }
    if (bits & PV_STACK_MASK) {
        sound &= take_stack(block, pv_shape_field(bits, PV_STACK_SHIFT, 2), event);
    }
    if (sound) {
        pv_pvt_model_add(&block->model, event, room, addr == PV_SAY_ADDR_FREED);
    }
    return sound;
}

#define CASE_NEW(name, size, addr)                                                             \
    case PV_WAY_NEW(name, size, addr):                                                         \
        return take_new(block, bits, name, size, addr, ret_event);
#define CASES_NEW(name, size)                                                                  \
    CASE_NEW(name, size, PV_SAY_ADDR_NONE)                                                     \
    CASE_NEW(name, size, PV_SAY_ADDR_FREED)                                                    \
    CASE_NEW(name, size, PV_SAY_ADDR_BEHIND)                                                   \
    CASE_NEW(name, size, PV_SAY_ADDR_DELTA16)                                                  \
    CASE_NEW(name, size, PV_SAY_ADDR_DELTA)
#define CASE_GONE(id, addr)                                                                    \
    case PV_WAY_GONE(id, addr):                                                                \
        return take_gone(block, bits, id, addr, ret_event);
#define CASES_GONE(id)                                                                         \
    CASE_GONE(id, PV_SAY_ADDR_NONE)                                                            \
    CASE_GONE(id, PV_SAY_ADDR_BLOCK)                                                           \
    CASE_GONE(id, PV_SAY_ADDR_BEHIND)                                                          \
    CASE_GONE(id, PV_SAY_ADDR_DELTA16)                                                         \
    CASE_GONE(id, PV_SAY_ADDR_DELTA)

/* Takes the next of the block's n_left events; the caller counts them. false: call
 * pv_pvt_event_take_odd. It calls no function, so that it need not save registers. */
ALWAYS bool pv_pvt_event_take(struct pv_pvt_block *block, struct pv_trace_event *ret_event)
{
    const struct pv_pvt_shape *shape = &block->shapes[*block->at[PV_COL_SHAPES]++];
    uint32_t bits = shape->bits;
    *ret_event = shape->event;
    switch (shape->way) {
        CASES_NEW(PV_SAY_NAME_NONE, PV_SAY_SIZE_SAME)
        CASES_NEW(PV_SAY_NAME_NONE, PV_SAY_SIZE_FULL)
        CASES_NEW(PV_SAY_NAME_NEXT, PV_SAY_SIZE_SAME)
        CASES_NEW(PV_SAY_NAME_NEXT, PV_SAY_SIZE_FULL)
        CASES_NEW(PV_SAY_NAME_FULL, PV_SAY_SIZE_SAME)
        CASES_NEW(PV_SAY_NAME_FULL, PV_SAY_SIZE_FULL)
        CASES_GONE(PV_SAY_ID_BACK)
        CASES_GONE(PV_SAY_ID_NEAR)
        CASES_GONE(PV_SAY_ID_FULL)
    default:
        return false;
    }
}

/* Takes the same event when its shape has no code of its own. false: what it refers to does not
 * exist, and the block cannot be used any more. */
NEVER bool pv_pvt_event_take_odd(struct pv_pvt_block *block, struct pv_trace_event *ret_event)
{
    const struct pv_pvt_shape *shape = &block->shapes[block->at[PV_COL_SHAPES][-1]];
    return shape->way == PV_WAY_OTHER && take_other(block, shape->bits, ret_event);
}

#undef ALWAYS
#undef NEVER

#endif
