/* SPDX-License-Identifier: MIT
 *
 * header.h - what the bytes of one header say, and whether they look sound. Private to
 * inspect/.
 *
 * The one place where foreign bytes become numbers. Pointers are target addresses from here on.
 */
#ifndef PV_HEADER_H
#define PV_HEADER_H

#include "inspect/cache.h"
#include "inspect/snapshot.h"
#include "inspect/walk.h"

enum { PV_HEADER_NAMES = 1024, PV_HEADER_NAME_MAX = 64 };

/* The state that headers are read with. */
struct pv_header_reader {
    const struct pv_walk *walk;
    struct pv_cache cache;
    struct pv_tags *tags;
    uint64_t named; /* the header read last, whose raw name is `name`; it ends with zeros */
    unsigned char name[PV_HEADER_NAME_MAX];
    /* Raw names lately seen and their tags: most pebbles are named like one before them. */
    struct {
        unsigned char raw[PV_HEADER_NAME_MAX];
        uint32_t tag;
        bool filled;
    } names[PV_HEADER_NAMES];
};

/* Where a bucket's pebbles may stand: what lies from `from` up to `to`. */
struct pv_home {
    uint64_t addr;
    uint64_t from, to;
};

/* Fields of the bucket header at addr; counts are left as they are. 0, or PV_EFAULT. */
int pv_header_bucket(struct pv_header_reader *reader, uint64_t addr,
                     struct pv_bucket_row *ret_row);

/* Fields of the pebble header at addr but for its tag; parent where the layout has none: the
 * home's. 0, or PV_EFAULT. */
int pv_header_pebble(struct pv_header_reader *reader, const struct pv_home *home, uint64_t addr,
                     struct pv_pebble_row *ret_row);

/* The tag of a pebble whose header could be read. PV_ENOMEM, PV_ELIMIT. */
int pv_header_tag(struct pv_header_reader *reader, const struct pv_home *home, uint64_t addr,
                  uint32_t *ret_tag);

/* Whether a pebble may stand at addr at all: in the home, at a multiple of PV_LAYOUT_STEP from
 * the bucket, with room for its header. */
bool pv_header_fits(const struct pv_header_reader *reader, const struct pv_home *home,
                    uint64_t addr);

/* The end of a pebble whose size is lawful (P3, P4) in its home; 0 where it is not. */
uint64_t pv_header_end(const struct pv_header_reader *reader, const struct pv_home *home,
                       const struct pv_pebble_row *row);

/* Whether everything but the magic looks like a pebble of this home: flags, size, parent. */
bool pv_header_likely(const struct pv_header_reader *reader, const struct pv_home *home,
                      const struct pv_pebble_row *row);

/* Whether the list confirms it too: it ends its bucket, or Next is where it ends and the pebble
 * there names it as Previous. A header left over from a merge fails this. */
bool pv_header_confirmed(struct pv_header_reader *reader, const struct pv_home *home,
                         const struct pv_pebble_row *row);

#endif
