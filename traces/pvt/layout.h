/* SPDX-License-Identifier: MIT
 *
 * layout.h - what the reader and the writer of the native format share: the numbers of
 * traces/FORMATS.md. Internal to traces/.
 *
 *   pvt_reader                the whole        pvt_writer  the whole, new or behind an old one
 *   pvt_input                 sections         pvt_output  sections
 *   pvt_tables                texts, stacks    pvt_tail    what an old one holds already
 *   pvt_block, pvt_event      events out       pvt_say     events in
 *   pvt_piece                 bytes, numbers
 *   pvt_model                 what both sides guess the next event from
 */
#ifndef PV_PVT_H
#define PV_PVT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PV_PVT_VERSION = 1,
    PV_PVT_MAGIC_BYTES = 8,
    PV_PVT_HEAD_BYTES = 20,
    PV_PVT_BLOCK_EVENTS = 64 * 1024,
    PV_PVT_SHAPES = 256,
    PV_PVT_COLUMN_BYTES = 1024 * 1024,       /* unpacked; a longer one is refused */
    PV_PVT_PAYLOAD_BYTES = 16 * 1024 * 1024, /* of one section */
    PV_PVT_VARINT_BYTES = 10,
    PV_PVT_PADDING = 16, /* zeros behind the bytes from which numbers are taken */
};

extern const unsigned char pv_pvt_magic[PV_PVT_MAGIC_BYTES];

/* The clocks by number; ended by NULL. */
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
    PV_COL_SHAPES, /* the table of shapes, then one byte per event: its shape's number */
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

/* The fields of a shape: the first bit, and (behind it) the number of bits. */
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
    PV_SIZE_MASK = 3 << PV_SIZE_SHIFT,
    PV_NAME_MASK = 3 << PV_NAME_SHIFT,
    PV_TIME_MASK = 3 << PV_TIME_SHIFT,
    PV_THREAD_MASK = 3 << PV_THREAD_SHIFT,
    PV_ADDR_MASK = 7 << PV_ADDR_SHIFT,
    PV_OLD_MASK = 3 << PV_OLD_SHIFT,
    PV_FLAGS_MASK = 1 << PV_FLAGS_SHIFT,
    PV_STACK_MASK = 3 << PV_STACK_SHIFT,
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

static inline uint32_t pv_shape_field(uint32_t shape, int shift, int n_bits)
{
    return shape >> shift & ((1u << n_bits) - 1);
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
