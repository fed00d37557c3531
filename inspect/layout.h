/* SPDX-License-Identifier: MIT
 *
 * layout.h - where the fields of a bucket and a pebble lie, as data. What a sound catalog keeps
 * is in laws.h.
 *
 * A snapshot from a catalog file knows fewer fields than one from memory; a law about a field
 * that is not known is not judged.
 */
#ifndef PV_LAYOUT_H
#define PV_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* A field: its offset in the header and its width in bytes, at most 8 but for the name; 0 when
 * the layout has none, and then no law about it is judged. */
struct pv_field {
    uint8_t offset, width;
};

/* What sort of heap it is: what its rows mean and which laws are about it. */
enum pv_catalog_kind {
    PV_CATALOG_PEBBLES, /* a list of buckets, each a list of pebbles: the laws of laws.h */
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
