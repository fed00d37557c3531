/* SPDX-License-Identifier: MIT
 *
 * drawing.h - what the files of the DOT export share. dot.c draws a heap and tree.c a buddy's
 * chunk; both stand on boxes.c, which draws a pebble and a run of pebbles, and on caption.c, which
 * escapes text, chooses colours and writes the caption with its legend.
 */
#ifndef PV_EXPORT_INSIDE_H
#define PV_EXPORT_INSIDE_H

#include "viz/export/documents.h"
#include "viz/export/palette.h"
#include "viz/export/pick.h"
#include "viz/text/tally.h"

struct pv_drawing {
    const struct pv_snapshot *snapshot;
    const struct pv_source *source;
    struct pv_pick pick;
    struct pv_tally all;        /* by tag */
    struct pv_tally shown;      /* of the pebbles with a box, ranked: the first have colours */
    struct pv_pick_item *items; /* of the bucket being drawn */
    size_t n_items, cap_items;
    FILE *out;
};

/* The one place where text is made fit for an HTML-like label. */
void pv_dot_escaped(FILE *out, const char *text);

/* A tag as it stands in a box: cut to fit, "no tag" when it is empty. */
void pv_dot_tag(FILE *out, const char *tag);

const struct pv_colour *pv_dot_colour(const struct pv_drawing *drawing, uint32_t tag);

/* What the pebbles of a run hold together. */
struct pv_dot_sums {
    uint64_t used, free, bytes;
};
struct pv_dot_sums pv_dot_sum(const struct pv_snapshot *snapshot, struct pv_pick_item item);

/* boxes.c: the box of a pebble, and of a run of pebbles: nodes named p and the first's index. */
void pv_dot_pebble(const struct pv_drawing *drawing, size_t index);
void pv_dot_run(const struct pv_drawing *drawing, struct pv_pick_item item);

/* tree.c: the whole graph of a buddy's chunk. */
void pv_dot_tree(const struct pv_drawing *drawing);

/* Rows of a table: the trace, the moment, the totals, findings, the legend of colours. */
void pv_dot_caption(const struct pv_drawing *drawing);

#endif
