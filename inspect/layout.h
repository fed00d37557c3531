/* SPDX-License-Identifier: MIT
 *
 * layout.h - where the fields of a bucket and a pebble lie, as data; and the laws that a sound
 * catalog keeps, written down once, here.
 *
 *   law  what holds                                                             section
 *   B1   a bucket begins with the magic 'BUCK'                                  20.3.2.1
 *   B2   of a bucket's local flags only bit 0 may be set                        20.3.2.2
 *   B3   a bucket has at least one page and does not overlap another            20.3.2
 *   B4   Previous and Next of the bucket list agree; the first has no Previous  20.3.2.5
 *   B5   the bucket list ends (no loop, at most the bound given)                20.3.2.5
 *   B6   First points to a pebble of this bucket, any one: it has at least one  20.3.2.6
 *   B7   Largest is the payload size of the largest free pebble, 0 when none is 20.3.2.4
 *   P1   a pebble begins with the magic 'ROCK'                                  20.3.3.1
 *   P2   of a pebble's local flags only bit 0 may be set                        20.3.3.2
 *   P3   a payload has at least 64 bytes and a multiple of 16                   20.3.3.5
 *   P4   header and payload lie within the bucket's pages                       20.3.3.8
 *   P5   Previous and Next of the pebble list agree; the first has no Previous, 20.3.3.8
 *        the last no Next; the list stays in its bucket and ends
 *   P6   Parent points to the pebble's bucket                                   20.3.3.7
 *   P7   pebbles stand in address order and tile the bucket from the first one  20.3.4
 *        to its end, without gap or overlap
 *   P8   no two free neighbours are of one kind                                 20.3.5
 *   P9   an alignment is a power of two from 64 to 1 MiB, and the payload of an 20.3.3.4
 *        ALIGNED pebble keeps it
 *   P10  a pebble carries attributes of Table 20.2.1 only, and not VIRTUAL and  20.2
 *        PHYSICAL at once; a free one none but its kind (20.3.5, core/heap.h)
 *   M1   the memory that a list leads to can be read
 *
 * P3 asks for a multiple of 16 where 20.3.3.5 asks for one of 64, because both of its
 * neighbours forbid 64: a header has 80 bytes (48 without a name), so the rest of a split
 * pebble (20.3.4), when the pebbles tile their bucket, is off by 16 for every header before it,
 * and a pebble moved for an alignment (20.3.6) leaves odd neighbours that stay when it is gone.
 * All of these are multiples of 16. What is given out by a split is a multiple of 64 still;
 * which pebble that was cannot be seen later.
 *
 * A pebble without a kind counts as VIRTUAL. A snapshot from a catalog file knows fewer fields
 * than one from memory; a law about a field that is not known is not judged.
 */
#ifndef PV_LAYOUT_H
#define PV_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

enum pv_law {
    PV_LAW_B1,
    PV_LAW_B2,
    PV_LAW_B3,
    PV_LAW_B4,
    PV_LAW_B5,
    PV_LAW_B6,
    PV_LAW_B7,
    PV_LAW_P1,
    PV_LAW_P2,
    PV_LAW_P3,
    PV_LAW_P4,
    PV_LAW_P5,
    PV_LAW_P6,
    PV_LAW_P7,
    PV_LAW_P8,
    PV_LAW_P9,
    PV_LAW_P10,
    PV_LAW_M1,
    PV_N_LAWS
};

/* A field: its offset in the header and its width in bytes, at most 8 but for the name; 0 when
 * the layout has none, and then no law about it is judged. */
struct pv_field {
    uint8_t offset, width;
};

/* What sort of heap it is: what its rows mean and which laws are about it. */
enum pv_catalog_kind {
    PV_CATALOG_PEBBLES, /* a list of buckets, each a list of pebbles: the laws above */
    /* One chunk of 2^n pages, shown as a bucket; its blocks and its free halves, as large as
     * they can be, stand as pebbles without headers; fields of headers are 0. Of the laws P4
     * and P7 hold as they stand, B7 of what its tree says is the largest; P3 means that a size
     * is a page times a power of two and its place a multiple of the size, P8 that of two
     * buddies one is in use. The others are about headers. */
    PV_CATALOG_BUDDY
};

struct pv_layout {
    const char *name;
    enum pv_catalog_kind kind;
    bool big_endian;
    uint32_t page_bytes;
    uint16_t bucket_bytes, pebble_bytes; /* of the headers */
    struct {
        struct pv_field magic, lflags, size, largest, prev, next, first;
    } bucket;
    struct {
        struct pv_field magic, lflags, sflags, alignment, size, name, parent, prev, next;
    } pebble;
};

enum {
    PV_LAYOUT_STEP = 16,        /* pebbles stand at multiples of it from their bucket; see P3 */
    PV_LAYOUT_BUCKET_MAX = 128, /* bytes: no layout's headers are longer */
    PV_LAYOUT_PEBBLE_MAX = 256,
};

/* The specification's layout: Tables 20.3.2.1 and 20.3.3.1, little-endian, 64-bit; built
 * without names, one without that field. */
extern const struct pv_layout pv_layout_fysos;

/* A buddy's chunk: no headers and no fields. The page is that of each snapshot. */
extern const struct pv_layout pv_layout_buddy;

/* The value of a field of up to 8 bytes in a header read from the target; 0 for a field that
 * the layout has not. */
uint64_t pv_layout_get(const struct pv_layout *layout, struct pv_field field,
                       const unsigned char *header);

#endif
