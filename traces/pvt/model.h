/* SPDX-License-Identifier: MIT
 *
 * model.h - the model from which the reader and the writer of the native format both guess the
 * next event. Internal to traces/.
 *
 * An event is a shape (which fields there are, and how each is stored) and the numbers that the
 * model could not guess. Both sides feed the same events to the same model in the same order,
 * so that a right guess costs only its bits in the shape. The model only makes files smaller:
 * where it guesses wrong, the writer stores the value. A block begins with an empty model.
 *
 * Costs 33 KiB, and 24 bytes for each event of the largest block so far.
 */
#ifndef PV_PVT_MODEL_H
#define PV_PVT_MODEL_H

#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/event.h"
#include "traces/pvt/layout.h"

enum { PV_PVT_MODEL_NAMES = 2048, PV_PVT_MODEL_CLASSES = 256 };

struct pv_pvt_name {
    uint64_t size;  /* the last request under this name */
    uint32_t next;  /* the name that came after it last */
    uint32_t stack; /* the stack that came with it last */
};

struct pv_pvt_freed {
    uint64_t addr;
    uint32_t below; /* number + 1 of the next one on the stack */
};

/* Names with the same number modulo PV_PVT_MODEL_NAMES share a row; that only makes guesses
 * worse. */
struct pv_pvt_model {
    struct pv_pvt_freed *freed; /* no event adds more than one entry to this or to `blocks` */
    uint64_t *blocks; /* in the same memory behind `freed`; for the ids from first_id on */
    uint32_t cap;     /* of both */

    /* everything from here on is zeroed at the beginning of a block */
    uint32_t n_blocks, n_freed;
    uint32_t name;
    uint64_t last_id; /* the newest id */
    uint64_t near_id; /* the id freed or resized last */
    uint64_t first_id;
    uint64_t t, thread;
    uint64_t behind;                    /* the end of the block that was allocated last */
    uint32_t top[PV_PVT_MODEL_CLASSES]; /* by size class: number + 1 of the place freed last */
    struct pv_pvt_name names[PV_PVT_MODEL_NAMES];
};

/* Begins a block of up to n_events. PV_ENOMEM: the model is as it was. */
static inline int pv_pvt_model_begin(struct pv_pvt_model *model, uint32_t n_events)
{
    if (n_events > model->cap) {
        size_t bytes = sizeof *model->blocks + sizeof *model->freed;
        struct pv_pvt_freed *both = pv_own_resize(NULL, n_events, bytes);
        if (!both) {
            return PV_ENOMEM;
        }
        pv_own_free(model->freed);
        model->freed = both;
        model->blocks = (uint64_t *)(both + n_events);
        model->cap = n_events;
    }
    size_t kept = offsetof(struct pv_pvt_model, n_blocks);
    memset((char *)model + kept, 0, sizeof *model - kept);
    return PV_OK;
}

static inline void pv_pvt_model_fini(struct pv_pvt_model *model)
{
    pv_own_free(model->freed);
}

static inline struct pv_pvt_name *pv_pvt_model_name(struct pv_pvt_model *model, uint32_t name)
{
    return &model->names[name % PV_PVT_MODEL_NAMES];
}

/* The row of an id of the run, or NULL. A row is 0 or the block's place, addr << 8 | class. */
static inline uint64_t *pv_pvt_model_block(const struct pv_pvt_model *model, uint64_t id)
{
    uint64_t at = id - model->first_id;
    return at < model->n_blocks ? &model->blocks[at] : NULL;
}

/* What an allocation of this size takes in common allocators: a multiple of 16, with 8 bytes of
 * overhead, at least 32. */
static inline uint64_t pv_pvt_model_room(uint64_t bytes)
{
    uint64_t room = (bytes + 8 + 15) & ~UINT64_C(15);
    return room < 32 ? 32 : room;
}

static inline uint32_t pv_pvt_model_class(uint64_t room)
{
    uint64_t class = room / 16;
    return class < PV_PVT_MODEL_CLASSES ? (uint32_t) class : PV_PVT_MODEL_CLASSES - 1;
}

static inline bool pv_pvt_model_top(const struct pv_pvt_model *model, uint32_t class,
                                    uint64_t *ret_addr)
{
    uint32_t top = model->top[class];
    if (!top) {
        return false;
    }
    *ret_addr = model->freed[top - 1].addr;
    return true;
}

/* A block's place becomes free again. */
static inline void pv_pvt_model_release(struct pv_pvt_model *model, uint64_t row)
{
    if (row) {
        uint32_t class = row & 0xff;
        model->freed[model->n_freed] =
            (struct pv_pvt_freed){.addr = row >> 8, .below = model->top[class]};
        model->top[class] = ++model->n_freed;
    }
}

/* A block gets this place, which is returned as a row; `freed`: the model had guessed the place
 * of this class freed last. */
static inline uint64_t pv_pvt_model_place(struct pv_pvt_model *model, uint64_t addr,
                                          uint64_t room, bool freed)
{
    uint32_t class = pv_pvt_model_class(room);
    if (freed) {
        model->top[class] = model->freed[model->top[class] - 1].below;
    }
    model->behind = addr + room;
    return addr << 8 | class;
}

/* The row of names for an event: that of its own name, or the last row. */
static inline struct pv_pvt_name *pv_pvt_model_row(struct pv_pvt_model *model, bool has_name)
{
    return &model->names[has_name ? model->name % PV_PVT_MODEL_NAMES : PV_PVT_MODEL_NAMES - 1];
}

/* ---- after an event with a number: ids and places. `freed`: its address was guessed as the
 * place freed last ---- */

/* `place`: the id's row, or 0. */
static inline void pv_pvt_model_add_number(struct pv_pvt_model *model, uint64_t id,
                                           uint64_t place)
{
    if (id != model->last_id + 1 || !model->n_blocks) {
        model->first_id = id;
        model->n_blocks = 0;
    }
    model->last_id = id;
    model->blocks[model->n_blocks++] = place;
}

static inline void pv_pvt_model_add_new(struct pv_pvt_model *model,
                                        const struct pv_trace_event *event, uint64_t room,
                                        bool freed)
{
    uint64_t place = event->has_addr ? pv_pvt_model_place(model, event->addr, room, freed) : 0;
    pv_pvt_model_add_number(model, event->id.number, place);
}

static inline void pv_pvt_model_add_resized(struct pv_pvt_model *model,
                                            const struct pv_trace_event *event, uint64_t room,
                                            bool freed)
{
    model->near_id = event->id.number;
    if (!event->has_addr) {
        return;
    }
    uint64_t *row = pv_pvt_model_block(model, event->id.number);
    if (row && *row >> 8 != event->addr) {
        pv_pvt_model_release(model, *row);
    }
    uint64_t placed = pv_pvt_model_place(model, event->addr, room, freed);
    if (row) {
        *row = placed;
    }
}

static inline void pv_pvt_model_add_gone(struct pv_pvt_model *model,
                                         const struct pv_trace_event *event)
{
    model->near_id = event->id.number;
    uint64_t *row = event->has_addr ? pv_pvt_model_block(model, event->id.number) : NULL;
    if (row) {
        pv_pvt_model_release(model, *row);
        *row = 0;
    }
}

static inline void pv_pvt_model_add(struct pv_pvt_model *model,
                                    const struct pv_trace_event *event, uint64_t room,
                                    bool freed)
{
    if (event->id.kind != PV_ID_NUMBER || event->op == PV_OP_MARK) {
        return;
    }
    if (event->op <= PV_OP_ALIGNED) {
        pv_pvt_model_add_new(model, event, room, freed);
    } else if (event->op == PV_OP_FREE) {
        pv_pvt_model_add_gone(model, event);
    } else {
        pv_pvt_model_add_resized(model, event, room, freed);
    }
}

#endif
