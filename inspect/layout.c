/* SPDX-License-Identifier: MIT
 *
 * layout.c - the specification's layout as data, and how a field is read.
 */
#include "inspect/layout.h"

#include <stddef.h>
#include <string.h>

#include "core/heap.h"

#define FIELD(type, member)                                                                    \
    {                                                                                          \
        .offset = offsetof(type, member), .width = sizeof(((const type *)0)->member)           \
    }

const struct pv_layout pv_layout_fysos = {
    .name = "fysos",
    .big_endian = false,
    .page_bytes = PV_PAGE_BYTES,
    .bucket_bytes = sizeof(struct pv_bucket),
    .pebble_bytes = sizeof(struct pv_pebble),
    .bucket =
        {
            .magic = FIELD(struct pv_bucket, magic),
            .lflags = FIELD(struct pv_bucket, lflags),
            .size = FIELD(struct pv_bucket, size),
            .largest = FIELD(struct pv_bucket, largest),
            .prev = FIELD(struct pv_bucket, prev),
            .next = FIELD(struct pv_bucket, next),
            .first = FIELD(struct pv_bucket, first),
        },
    .pebble =
        {
            .magic = FIELD(struct pv_pebble, magic),
            .lflags = FIELD(struct pv_pebble, lflags),
            .sflags = FIELD(struct pv_pebble, sflags),
            .alignment = FIELD(struct pv_pebble, alignment),
            .size = FIELD(struct pv_pebble, size),
#ifndef PV_WITHOUT_NAMES
            .name = FIELD(struct pv_pebble, name),
#endif
            .parent = FIELD(struct pv_pebble, parent),
            .prev = FIELD(struct pv_pebble, prev),
            .next = FIELD(struct pv_pebble, next),
        },
};

const struct pv_layout pv_layout_buddy = {
    .name = "buddy",
    .kind = PV_CATALOG_BUDDY,
    .page_bytes = 1,
};

uint64_t pv_layout_get(const struct pv_layout *layout, struct pv_field field,
                       const unsigned char *header)
{
    uint64_t value = 0;
    const unsigned char *bytes = header + field.offset;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (!layout->big_endian && field.width <= sizeof value) {
        /* One load instead of eight shifts: this is the walk's hot path. */
        switch (field.width) {
        case 8:
            memcpy(&value, bytes, 8);
            return value;
        case 4:
            memcpy(&value, bytes, 4);
            return value;
        default:
            break;
        }
    }
#endif
    for (unsigned i = 0; i < field.width; i++) {
        unsigned from = layout->big_endian ? i : field.width - 1U - i;
        value = value << 8 | bytes[from];
    }
    return value;
}
