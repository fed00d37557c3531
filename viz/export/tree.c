/* SPDX-License-Identifier: MIT
 *
 * tree.c - a buddy's chunk as a tree for `dot`: a circle is a node that was split, with
 * its low half to the left, a box a block or a free half.
 *
 *              (128 KiB)
 *              /       \
 *        (64 KiB)     [free 64 KiB]
 *         /    \
 *   [32 KiB]  [32 KiB]
 *
 * Splits are found from the rows alone, by halving the chunk until a row is left, so that a
 * sick catalog from a file is drawn too: bounded by the rows and by 64 levels. A half in which
 * nothing is to be shown by itself is one box with a count.
 */
#include <inttypes.h>

#include "viz/export/drawing.h"
#include "viz/text/units.h"

struct half {
    uint64_t addr, size;
    size_t from, end; /* its rows */
};

static bool any_shown(const struct pv_drawing *drawing, struct half half)
{
    for (size_t i = half.from; i < half.end; i++) {
        if (pv_pick_pebble(&drawing->pick, i)) {
            return true;
        }
    }
    return false;
}

/* The beginning of an edge from the node above, if there is one. */
static bool begin_edge(const struct pv_drawing *drawing, struct half up)
{
    if (up.size) {
        fprintf(drawing->out, "    s%" PRIx64 "_%" PRIu64 " -> ", up.addr, up.size);
    }
    return up.size;
}

/* A box for each row: one, unless the catalog is sick. */
static void draw_rows(const struct pv_drawing *drawing, struct half up, struct half half)
{
    for (size_t i = half.from; i < half.end; i++) {
        pv_dot_pebble(drawing, i);
        if (begin_edge(drawing, up)) {
            fprintf(drawing->out, "p%zu;\n", i);
        }
    }
}

static void draw_half(const struct pv_drawing *drawing, struct half up, struct half half)
{
    const struct pv_pebble_row *rows = drawing->snapshot->pebbles;
    char size[PV_UNIT_TEXT];
    if (half.from == half.end) {
        return;
    }
    if (half.end - half.from == 1 || half.size <= drawing->snapshot->page_bytes) {
        draw_rows(drawing, up, half);
        return;
    }
    if (!any_shown(drawing, half)) {
        pv_dot_run(drawing, (struct pv_pick_item){half.from, half.end - half.from});
        if (begin_edge(drawing, up)) {
            fprintf(drawing->out, "p%zu;\n", half.from);
        }
        return;
    }
    fprintf(drawing->out,
            "    s%" PRIx64 "_%" PRIu64 " [label=<%s>, shape=ellipse, width=0.5, height=0.3, "
            "fillcolor=\"#333333\", fontcolor=\"#FFFFFF\"];\n",
            half.addr, half.size, pv_units_bytes(size, half.size));
    if (begin_edge(drawing, up)) {
        fprintf(drawing->out, "s%" PRIx64 "_%" PRIu64 ";\n", half.addr, half.size);
    }
    struct half low = {half.addr, half.size / 2, half.from, half.from};
    while (low.end < half.end && rows[low.end].addr - half.addr < low.size) {
        low.end++;
    }
    struct half high = {half.addr + low.size, low.size, low.end, half.end};
    draw_half(drawing, half, low);
    draw_half(drawing, half, high);
}

void pv_dot_tree(const struct pv_drawing *drawing)
{
    FILE *out = drawing->out;
    const struct pv_snapshot *snapshot = drawing->snapshot;
    fputs(
        "digraph catalog {\n"
        "  graph [rankdir=TB, ordering=out, fontname=\"Helvetica\", fontsize=10, nodesep=0.1, "
        "ranksep=0.25, pad=0.2, labelloc=b, labeljust=l, label=<<table border=\"0\" "
        "cellborder=\"0\" cellspacing=\"1\">",
        out);
    pv_dot_caption(drawing);
    fputs(
        "<tr><td align=\"left\">Dark: a node that was split, its low half to the left. A box: "
        "a block, or a free half, with its place in the chunk.</td></tr></table>>];\n"
        "  node [fontname=\"Helvetica\", fontsize=9, shape=box, style=filled, "
        "fillcolor=\"#FFFFFF\", color=\"#666666\", margin=\"0.05,0.03\", width=0.6, "
        "height=0.4, penwidth=0.9];\n"
        "  edge [arrowhead=none, penwidth=0.7, color=\"#222222\"];\n",
        out);
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[i];
        draw_half(drawing, (struct half){0},
                  (struct half){bucket->addr, bucket->n_pages * snapshot->page_bytes,
                                bucket->first_pebble,
                                bucket->first_pebble + bucket->n_pebbles});
    }
    fputs("}\n", out);
}
