/* SPDX-License-Identifier: MIT
 *
 * dot.c - the catalog as a graph for `dot`, made to be printed in a document.
 *
 *   +- bucket 1 of 1 ------------------------------------------+
 *   | [bucket] -> [pebble] <-> [pebble] <-> [free] <-> [pebble]|   rows in list order,
 *   |          ..>[pebble] <-> ...                             |   read like a text
 *   +----------------------------------------------------------+
 *
 * `dot` runs from left to right; the ranks are the columns. It stacks what is declared later
 * above what is declared earlier, so buckets and rows are declared from the last to the first.
 * Edges that close a row take no part in the ranking. One edge a statement, because its parser
 * cannot take long chains; labels are HTML-like, in which text is escaped in one place.
 */
#include <inttypes.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "viz/export/drawing.h"
#include "viz/text/units.h"

enum {
    ROW_MIN = 6,
    ROW_ALONE = 8, /* so many boxes stand in one row */
};

/* ---- a bucket ---- */

static void draw_header(const struct pv_drawing *drawing, size_t index)
{
    const struct pv_bucket_row *bucket = &drawing->snapshot->buckets[index];
    char pages[PV_UNIT_TEXT];
    char largest[PV_UNIT_TEXT];
    fprintf(drawing->out,
            "    b%zu [shape=plain, style=\"\", label=<<table border=\"0\" cellborder=\"1\" "
            "cellspacing=\"0\" cellpadding=\"4\" color=\"#333333\">"
            "<tr><td bgcolor=\"#333333\"><font color=\"#FFFFFF\"><b>bucket</b></font></td></tr>"
            "<tr><td bgcolor=\"#FFFFFF\">0x%" PRIx64 "</td></tr>"
            "<tr><td bgcolor=\"#FFFFFF\">%s</td></tr>"
            "<tr><td bgcolor=\"#FFFFFF\">%s fit</td></tr>"
            "<tr><td bgcolor=\"#FFFFFF\">largest %s</td></tr></table>>];\n",
            index, bucket->addr, pv_units_of(pages, bucket->n_pages, "page"),
            bucket->lflags & PV_BUCKET_BEST_FIT ? "best" : "first",
            pv_units_bytes(largest, bucket->largest));
}

static int list_items(struct pv_drawing *drawing, const struct pv_bucket_row *bucket)
{
    size_t end = bucket->first_pebble + bucket->n_pebbles;
    drawing->n_items = 0;
    for (size_t at = bucket->first_pebble; at < end;) {
        struct pv_pick_item *items =
            pv_own_room(drawing->items, drawing->n_items, &drawing->cap_items, sizeof *items);
        if (!items) {
            return PV_ENOMEM;
        }
        drawing->items = items;
        items[drawing->n_items] = pv_pick_next(&drawing->pick, at, end);
        at += items[drawing->n_items++].n;
    }
    return PV_OK;
}

/* A page is wider than high, a box too: about as many columns as rows, and the last row full
 * as far as can be. */
static size_t columns_for(size_t n)
{
    size_t columns = ROW_MIN;
    if (n <= ROW_ALONE) {
        return n ? n : 1;
    }
    while (columns * columns < n) {
        columns++;
    }
    size_t n_rows = (n + columns - 1) / columns;
    return (n + n_rows - 1) / n_rows;
}

static void draw_edges(const struct pv_drawing *drawing, size_t bucket, size_t columns)
{
    FILE *out = drawing->out;
    const struct pv_pick_item *items = drawing->items;
    for (size_t i = 0; i < drawing->n_items; i += columns) {
        fprintf(out, "    b%zu -> p%zu [dir=back, style=dashed, color=\"#888888\"];\n", bucket,
                items[i].first);
    }
    if (drawing->n_items) {
        fprintf(out, "    b%zu -> p%zu [constraint=false, penwidth=1.2];\n", bucket,
                items[0].first);
    }
    for (size_t i = 0; i + 1 < drawing->n_items; i++) {
        bool same_row = (i + 1) % columns;
        fprintf(out, "    p%zu -> p%zu [%s];\n", items[i].first, items[i + 1].first,
                same_row ? "weight=4" : "constraint=false");
        fprintf(out, "    p%zu -> p%zu [constraint=false, color=\"#9A9A9A\"];\n",
                items[i + 1].first, items[i].first);
    }
}

static int draw_bucket(struct pv_drawing *drawing, size_t index)
{
    const struct pv_bucket_row *bucket = &drawing->snapshot->buckets[index];
    FILE *out = drawing->out;
    int status = list_items(drawing, bucket);
    if (status) {
        return status;
    }
    struct pv_dot_sums run = pv_dot_sum(
        drawing->snapshot, (struct pv_pick_item){bucket->first_pebble, bucket->n_pebbles});
    char used[PV_UNIT_TEXT];
    char free_ones[PV_UNIT_TEXT];
    fprintf(out,
            "  subgraph cluster_%zu {\n    graph [style=rounded, color=\"#777777\", margin=12, "
            "labelloc=t, labeljust=%c, label=<bucket %zu of %zu: %s used, %s free>];\n",
            index, drawing->snapshot->n_buckets == 1 ? 'l' : 'r', index + 1,
            drawing->snapshot->n_buckets, pv_units_count(used, run.used),
            pv_units_count(free_ones, run.free));
    draw_header(drawing, index);
    size_t columns = columns_for(drawing->n_items);
    size_t n_rows = (drawing->n_items + columns - 1) / columns;
    for (size_t row = n_rows; row-- > 0;) {
        for (size_t i = row * columns; i < (row + 1) * columns && i < drawing->n_items; i++) {
            if (drawing->items[i].n == 1) {
                pv_dot_pebble(drawing, drawing->items[i].first);
            } else {
                pv_dot_run(drawing, drawing->items[i]);
            }
        }
    }
    draw_edges(drawing, index, columns);
    fputs("  }\n", out);
    return PV_OK;
}

/* Buckets from `from` on that are not shown, as one box. */
static void draw_bucket_run(const struct pv_drawing *drawing, size_t from, size_t end)
{
    const struct pv_bucket_row *first = &drawing->snapshot->buckets[from];
    const struct pv_bucket_row *last = &drawing->snapshot->buckets[end - 1];
    size_t n_pebbles = last->first_pebble + last->n_pebbles - first->first_pebble;
    struct pv_dot_sums run =
        pv_dot_sum(drawing->snapshot, (struct pv_pick_item){first->first_pebble, n_pebbles});
    char more[PV_UNIT_TEXT];
    char used[PV_UNIT_TEXT];
    char free_ones[PV_UNIT_TEXT];
    char bytes[PV_UNIT_TEXT];
    fprintf(drawing->out,
            "  b%zu [label=<\xE2\x80\xA6 %s more buckets<br/>%s used, %s free<br/>%s>, "
            "fillcolor=\"#F2F2F2\", peripheries=2];\n",
            from, pv_units_count(more, end - from), pv_units_count(used, run.used),
            pv_units_count(free_ones, run.free), pv_units_bytes(bytes, run.bytes));
}

/* The first bucket of the box that ends with bucket `last`. */
static size_t box_begin(const struct pv_drawing *drawing, size_t last)
{
    size_t from = last;
    while (!pv_pick_bucket(&drawing->pick, last) && from &&
           !pv_pick_bucket(&drawing->pick, from - 1)) {
        from--;
    }
    return from;
}

static int draw_buckets(struct pv_drawing *drawing)
{
    for (size_t end = drawing->snapshot->n_buckets; end;) {
        size_t from = box_begin(drawing, end - 1);
        if (pv_pick_bucket(&drawing->pick, from)) {
            int status = draw_bucket(drawing, from);
            if (status) {
                return status;
            }
        } else {
            draw_bucket_run(drawing, from, end);
        }
        if (from) {
            size_t before = box_begin(drawing, from - 1);
            fprintf(drawing->out,
                    "  b%zu:sw -> b%zu:nw [constraint=false, penwidth=1.2];\n"
                    "  b%zu:ne -> b%zu:se [constraint=false, color=\"#9A9A9A\"];\n",
                    before, from, from, before);
        }
        end = from;
    }
    return PV_OK;
}

static void begin(const struct pv_drawing *drawing)
{
    FILE *out = drawing->out;
    fputs("digraph catalog {\n"
          "  graph [rankdir=LR, fontname=\"Helvetica\", fontsize=10, nodesep=0.2, ranksep=0.3, "
          "pad=0.2, labelloc=b, labeljust=l, label=<<table border=\"0\" cellborder=\"0\" "
          "cellspacing=\"1\">",
          out);
    pv_dot_caption(drawing);
    fputs("<tr><td align=\"left\">Black arrows: first and next; grey: "
          "previous; dashed: parent, drawn for the first pebble of each row. Offsets are those "
          "of the headers in their bucket.</td></tr></table>>];\n"
          "  node [fontname=\"Helvetica\", fontsize=9, shape=box, style=filled, "
          "fillcolor=\"#FFFFFF\", color=\"#666666\", margin=\"0.08,0.04\", width=1.2, "
          "height=0.5, penwidth=0.9];\n"
          "  edge [arrowsize=0.5, penwidth=0.7, color=\"#222222\"];\n",
          out);
}

/* Blocks and bytes by tag: of all pebbles, for the legend's figures, and of those that are
 * drawn by themselves, to choose who gets a colour. */
static int count_tags(struct pv_drawing *drawing)
{
    const struct pv_snapshot *snapshot = drawing->snapshot;
    int status = pv_tally_snapshot(&drawing->all, snapshot);
    for (size_t i = 0; !status && i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        if (pv_pebble_row_used(row) && pv_pick_bucket(&drawing->pick, row->bucket) &&
            pv_pick_pebble(&drawing->pick, i)) {
            uint64_t bytes = row->requested == PV_UNKNOWN ? row->size : row->requested;
            status = pv_tally_add(&drawing->shown, row->tag, bytes);
        }
    }
    pv_tally_rank(&drawing->shown, snapshot->tags);
    return status;
}

int pv_export_dot(const struct pv_snapshot *snapshot, const struct pv_source *source, bool full,
                  FILE *out)
{
    struct pv_drawing drawing = {.snapshot = snapshot, .source = source, .out = out};
    int status = pv_pick_init(&drawing.pick, snapshot, PV_DOT_PEBBLES, full);
    if (!status) {
        status = count_tags(&drawing);
    }
    if (!status && snapshot->kind == PV_CATALOG_BUDDY) {
        pv_dot_tree(&drawing);
    } else if (!status) {
        begin(&drawing);
        status = draw_buckets(&drawing);
        fputs("}\n", out);
    }
    pv_pick_fini(&drawing.pick);
    pv_tally_fini(&drawing.all);
    pv_tally_fini(&drawing.shown);
    pv_own_free(drawing.items);
    return status ? status : ferror(out) ? PV_EIO : PV_OK;
}
