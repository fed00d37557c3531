/* SPDX-License-Identifier: MIT
 *
 * pvt.h - what the reader and the writer of the native format share: the numbers of
 * traces/FORMATS.md and the model that guesses the next event. Internal to traces/.
 *
 * An event is a shape (which fields there are and how each is said) and what the shape could
 * not guess. Both sides keep the same model and tell it the same events in the same order, so a
 * guess that holds costs nothing but its place in the shape. The model is a means to small
 * files: whatever it guesses, the writer says the truth. A block begins with an empty model.
 */
#ifndef PV_PVT_H
#define PV_PVT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "traces/event.h"

enum {
    PV_PVT_VERSION = 1,
    PV_PVT_MAGIC_BYTES = 8,
    PV_PVT_HEAD_BYTES = 20,
    PV_PVT_BLOCK_EVENTS = 64 * 1024,
    PV_PVT_SHAPES = 256,
    PV_PVT_COLUMN_BYTES = 1024 * 1024,       /* unpacked, and more is refused */
    PV_PVT_PAYLOAD_BYTES = 16 * 1024 * 1024, /* of one section */
    PV_PVT_VARINT_BYTES = 10,
};

extern const unsigned char pv_pvt_magic[PV_PVT_MAGIC_BYTES];

/* By number; ended by NULL. */
extern const char *const pv_pvt_clocks[];

/* The kinds of sections. */
enum {
    PV_PVT_HEADER = 'H',
    PV_PVT_TEXTS = 'T',
    PV_PVT_STACKS = 'S',
    PV_PVT_BLOCK = 'B',
    PV_PVT_INDEX = 'X'
};

enum pv_pvt_column {
    PV_COL_SHAPES, /* the table of shapes, then the number of one for each event */
    PV_COL_BACK,
    PV_COL_ID,
    PV_COL_SIZE,
    PV_COL_MISC, /* count, align, flags */
    PV_COL_NAME,
    PV_COL_TIME_LOW,
    PV_COL_TIME_HIGH,
    PV_COL_THREAD,
    PV_COL_ADDR,
    PV_COL_OLD_ADDR,
    PV_COL_STACK,
    PV_N_COLS
};

/* A shape, field by field: the first bit and how many. */
enum {
    PV_OP_SHIFT = 0,      /* 3 */
    PV_ID_SHIFT = 3,      /* 3 */
    PV_SIZE_SHIFT = 6,    /* 2 */
    PV_NAME_SHIFT = 8,    /* 2 */
    PV_TIME_SHIFT = 10,   /* 2 */
    PV_THREAD_SHIFT = 12, /* 2 */
    PV_ADDR_SHIFT = 14,   /* 3 */
    PV_OLD_SHIFT = 17,    /* 2 */
    PV_FLAGS_SHIFT = 19,  /* 1 */
    PV_STACK_SHIFT = 20,  /* 2 */
    PV_SHAPE_BITS = 22,
};

enum {
    PV_SAY_ID_NULL,
    PV_SAY_ID_NEXT,
    PV_SAY_ID_BACK,
    PV_SAY_ID_NEAR,
    PV_SAY_ID_FULL,
    PV_SAY_ID_TEXT,
    PV_N_SAY_ID
};
enum { PV_SAY_SIZE_NONE, PV_SAY_SIZE_SAME, PV_SAY_SIZE_FULL, PV_N_SAY_SIZE };
enum { PV_SAY_NAME_NONE, PV_SAY_NAME_NEXT, PV_SAY_NAME_FULL, PV_N_SAY_NAME };
enum { PV_SAY_TIME_NONE, PV_SAY_TIME_UP, PV_SAY_TIME_DOWN, PV_N_SAY_TIME };
enum { PV_SAY_THREAD_NONE, PV_SAY_THREAD_SAME, PV_SAY_THREAD_FULL, PV_N_SAY_THREAD };
enum {
    PV_SAY_ADDR_NONE,
    PV_SAY_ADDR_BLOCK,
    PV_SAY_ADDR_FREED,
    PV_SAY_ADDR_BEHIND,
    PV_SAY_ADDR_DELTA16,
    PV_SAY_ADDR_DELTA,
    PV_N_SAY_ADDR
};
enum { PV_SAY_OLD_NONE, PV_SAY_OLD_BLOCK, PV_SAY_OLD_FULL, PV_N_SAY_OLD };
enum { PV_SAY_STACK_NONE, PV_SAY_STACK_SAME, PV_SAY_STACK_FULL, PV_N_SAY_STACK };

enum { PV_MODEL_NAMES = 2048, PV_MODEL_CLASSES = 256 };

#define PV_MODEL_NO_NAME UINT32_MAX

struct pv_pvt_name {
    uint64_t size;  /* last asked for under this name */
    uint32_t next;  /* the name that came after it */
    uint32_t stack; /* with it */
};

struct pv_pvt_freed {
    uint64_t addr;
    uint32_t below; /* number + 1 */
};

/* Names that fall together share a row; the guess is then worse and nothing else. */
struct pv_pvt_model {
    uint64_t last_id; /* the newest number */
    uint64_t near_id; /* the number freed or resized last */
    uint64_t first_id;
    uint64_t t, thread;
    uint64_t behind; /* where the block that was allocated last ends */
    uint32_t name;
    uint32_t n_blocks; /* the numbers first_id and following */
    uint32_t n_freed;
    uint32_t top[PV_MODEL_CLASSES]; /* by size: number + 1 of what was freed last */
    struct pv_pvt_name names[PV_MODEL_NAMES];
    uint64_t blocks[PV_PVT_BLOCK_EVENTS]; /* addr << 8 | class */
    struct pv_pvt_freed freed[PV_PVT_BLOCK_EVENTS];
};

static inline void pv_model_begin(struct pv_pvt_model *model)
{
    memset(model, 0, offsetof(struct pv_pvt_model, blocks));
}

static inline struct pv_pvt_name *pv_model_name(struct pv_pvt_model *model, uint32_t name)
{
    return &model->names[name % PV_MODEL_NAMES];
}

/* The row of a block whose address is known, or NULL. */
static inline uint64_t *pv_model_block(struct pv_pvt_model *model, uint64_t id)
{
    uint64_t at = id - model->first_id;
    return at < model->n_blocks ? &model->blocks[at] : NULL;
}

/* What an allocation of so many bytes takes in the usual allocators: 16 bytes steps with 8 of
 * their own, 32 at least. */
static inline uint64_t pv_model_room(uint64_t bytes)
{
    uint64_t room = (bytes + 8 + 15) & ~UINT64_C(15);
    return room < 32 ? 32 : room;
}

static inline uint32_t pv_model_class(uint64_t room)
{
    uint64_t class = room / 16;
    return class < PV_MODEL_CLASSES ? (uint32_t) class : PV_MODEL_CLASSES - 1;
}

static inline bool pv_model_top(const struct pv_pvt_model *model, uint32_t class,
                                uint64_t *ret_addr)
{
    uint32_t top = model->top[class];
    if (!top) {
        return false;
    }
    *ret_addr = model->freed[top - 1].addr;
    return true;
}

/* A block's place is free again. */
static inline void pv_model_release(struct pv_pvt_model *model, uint64_t row)
{
    if (row && model->n_freed < PV_PVT_BLOCK_EVENTS) {
        uint32_t class = row & 0xff;
        model->freed[model->n_freed] =
            (struct pv_pvt_freed){.addr = row >> 8, .below = model->top[class]};
        model->top[class] = ++model->n_freed;
    }
}

/* A place was given out; `freed`: by the guess that it is what was freed last. */
static inline uint64_t pv_model_place(struct pv_pvt_model *model, uint64_t addr, uint64_t room,
                                      uint32_t class, bool freed)
{
    if (freed) {
        model->top[class] = model->freed[model->top[class] - 1].below;
    }
    model->behind = addr + room;
    return addr << 8 | class;
}

/* The row of the names that an event belongs to: that of its own name, or the last row. */
static inline struct pv_pvt_name *pv_model_row(struct pv_pvt_model *model,
                                               const struct pv_trace_event *event)
{
    return &model->names[event->has_name ? model->name % PV_MODEL_NAMES : PV_MODEL_NAMES - 1];
}

static inline void pv_model_new_id(struct pv_pvt_model *model, uint64_t id)
{
    if (id != model->last_id + 1 || !model->n_blocks) {
        model->first_id = id;
        model->n_blocks = 0;
    }
    model->last_id = id;
    model->blocks[model->n_blocks++] = 0;
}

/* After an event: ids and addresses. `freed`: its address was guessed as what was freed last.
 */
static inline void pv_model_add(struct pv_pvt_model *model, const struct pv_trace_event *event,
                                uint64_t room, bool freed)
{
    if (event->id.kind != PV_ID_NUMBER || event->op == PV_OP_MARK) {
        return;
    }
    uint64_t id = event->id.number;
    if (event->op <= PV_OP_ALIGNED) {
        pv_model_new_id(model, id);
    } else {
        model->near_id = id;
    }
    if (!event->has_addr) {
        return;
    }
    uint64_t *row = pv_model_block(model, id);
    bool gone = event->op == PV_OP_FREE;
    if (row && (gone || *row >> 8 != event->addr)) {
        pv_model_release(model, *row);
        *row = 0;
    }
    if (!gone) {
        uint64_t placed = pv_model_place(model, event->addr, room, pv_model_class(room), freed);
        if (row) {
            *row = placed;
        }
    }
}

/* ---- numbers ---- */

static inline uint64_t pv_zigzag(uint64_t delta)
{
    return delta << 1 ^ (uint64_t) - (int64_t)(delta >> 63);
}

static inline uint64_t pv_unzigzag(uint64_t coded)
{
    return coded >> 1 ^ (uint64_t) - (int64_t)(coded & 1);
}

static inline void pv_put_u32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; ++i) {
        to[i] = (unsigned char)(value >> 8 * i);
    }
}

static inline uint32_t pv_get_u32(const unsigned char *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

#endif
