/* SPDX-License-Identifier: MIT
 *
 * map.h - a heap laid out in lines of pixels. map.c says which pixel shows what, map_draw.c draws
 * it on a canvas.
 */
#ifndef PV_EXPORT_MAP_H
#define PV_EXPORT_MAP_H

#include "inspect/snapshot.h"
#include "viz/export/palette.h"
#include "viz/text/tally.h"

enum {
    PV_MAP_COLUMNS = 960, /* pixels a line */
    PV_MAP_LINES_MAX = 128,
    PV_MAP_LABELS = 6, /* of holes, and as many of blocks */
};

/* What a pixel shows; PV_MAP_CLASSES: there is no heap. */
enum {
    PV_MAP_FREE,
    PV_MAP_HEADER,
    PV_MAP_OTHER,
    PV_MAP_FIRST_TAG,
    PV_MAP_CLASSES = PV_MAP_FIRST_TAG + PV_COLOURS
};

struct pv_map_bucket {
    uint64_t addr, bytes;
    uint64_t at; /* its place in the picture, in bytes from the picture's beginning */
    size_t row;
};

struct pv_map_label {
    uint64_t from, to; /* in the picture */
    size_t pebble;
};

struct pv_map {
    const struct pv_snapshot *snapshot;
    struct pv_map_bucket *buckets; /* by address */
    size_t n_buckets;
    uint64_t line_bytes;
    size_t n_lines;
    uint64_t *weight;                             /* a pixel, a class */
    struct pv_tally ranked;                       /* by bytes */
    struct pv_map_label labels[2][PV_MAP_LABELS]; /* used, free: by size, largest first */
    size_t n_labels[2];
};

/* PV_ENOMEM. Finish it in any case. The snapshot must outlive it. */
int pv_map_init(struct pv_map *map, const struct pv_snapshot *snapshot);
void pv_map_fini(struct pv_map *map);

/* The pixel that holds a byte of the picture, counted line by line. */
uint64_t pv_map_pixel(const struct pv_map *map, uint64_t at);

/* The class that has most bytes in a pixel. */
unsigned pv_map_class(const struct pv_map *map, size_t pixel);

#endif
