/* SPDX-License-Identifier: MIT
 *
 * map_cells.h - what lies in each visible cell of the map, and how a cell looks.
 */
#ifndef PV_TUI_MAP_CELLS_H
#define PV_TUI_MAP_CELLS_H

#include "viz/tui/model.h"

/* PV_CELL_STARTS: a used pebble begins in the cell. PV_CELL_LAST: one that fills several cells ends in it; of a
 * buddy a free half too, so that the borders of the halves are seen. */
enum {
    PV_CELL_SELECTED = 1,
    PV_CELL_MADE = 2,
    PV_CELL_ENDED = 4,
    PV_CELL_FINDING = 8,
    PV_CELL_STARTS = 16,
    PV_CELL_LAST = 32
};

struct pv_map_tally {
    uint64_t used, free, header; /* bytes; a used pebble's header is in both of the outer two */
    uint64_t match;              /* used bytes that are in the search; all, without one */
    uint64_t came,
        went;      /* compared: used bytes of blocks that came or moved here; bytes of those
                            that lay here and do not any more */
    uint64_t lead; /* bytes of the leading tag */
    uint64_t born; /* of the pebble that holds most of the cell */
    uint64_t most;
    uint32_t tag; /* the leading one */
    unsigned flags;
};

struct pv_map_cells {
    const struct pv_model *model;
    uint64_t from, until;  /* visible cells */
    uint64_t start, first; /* of the present bucket: its address and its first cell */
    bool came;             /* compared: the pebble that is being added came */
    struct pv_map_tally *cells;
    uint64_t *tag_bytes; /* of each tag in tag_cell */
    uint64_t *tag_cell;
    size_t n_tags;
};

/* Room for the cells that the model's map shows, all empty. PV_ENOMEM; pv_map_cells_fini is due in
 * both cases. */
int pv_map_cells_init(struct pv_map_cells *map, const struct pv_model *model);
void pv_map_cells_fini(struct pv_map_cells *map);

/* Adds what the visible buckets hold, and marks the cells that are drawn in a special way. */
void pv_map_cells_count(struct pv_map_cells *map);

/* map_look.c: a cell's glyph (PV_GLYPH_BYTES) and style. */
void pv_map_cell_look(const struct pv_map_cells *map, const struct pv_map_tally *cell,
                      char *glyph, struct pv_style *style);

#endif
