/* SPDX-License-Identifier: MIT
 *
 * boxes.c - the boxes that the graph of a heap (dot.c) and the tree of a chunk (tree.c) are made
 * of: a pebble with its tag, size and place, and a run of pebbles with its sums.
 */
#include <inttypes.h>
#include <string.h>

#include "viz/export/drawing.h"
#include "viz/text/units.h"

enum { EXACT_BYTES = 100000 };

static bool is_sick(const struct pv_drawing *drawing, size_t pebble)
{
    for (size_t i = 0; i < drawing->snapshot->n_findings; i++) {
        if (drawing->snapshot->findings[i].pebble == pebble) {
            return true;
        }
    }
    return false;
}

/* To the byte where that fits in a box. */
static const char *size_text(char *buf, uint64_t bytes, const char *unit)
{
    if (bytes >= EXACT_BYTES) {
        return pv_units_bytes(buf, bytes);
    }
    pv_units_count(buf, bytes);
    strcat(buf, unit);
    return buf;
}

void pv_dot_pebble(const struct pv_drawing *drawing, size_t index)
{
    const struct pv_pebble_row *row = &drawing->snapshot->pebbles[index];
    const struct pv_bucket_row *bucket = &drawing->snapshot->buckets[row->bucket];
    FILE *out = drawing->out;
    bool used = pv_pebble_row_used(row);
    char size[PV_UNIT_TEXT];
    fprintf(out, "    p%zu [label=<", index);
    if (used) {
        const char *tag = pv_tags_short(drawing->snapshot->tags, row->tag);
        fputs(*tag ? "<b>" : "<i>", out);
        pv_dot_tag(out, tag);
        fputs(*tag ? "</b>" : "</i>", out);
    } else {
        fputs("free", out);
    }
    fprintf(out, "<br/>%s", size_text(size, row->size, " B"));
    if (used && row->requested != PV_UNKNOWN && row->requested != row->size) {
        fprintf(out, " (%s asked)", size_text(size, row->requested, ""));
    }
    fprintf(out, "<br/><font point-size=\"7\">+0x%" PRIx64 "</font>>",
            row->addr - bucket->addr);
    if (used) {
        const struct pv_colour *colour = pv_dot_colour(drawing, row->tag);
        fprintf(out, ", fillcolor=\"%s\", color=\"%s\"", colour->fill, colour->line);
    } else {
        fputs(", style=\"filled,dashed\"", out);
    }
    fputs(is_sick(drawing, index) ? ", color=\"#D00000\", penwidth=3];\n" : "];\n", out);
}

struct pv_dot_sums pv_dot_sum(const struct pv_snapshot *snapshot, struct pv_pick_item item)
{
    struct pv_dot_sums run = {0};
    for (size_t i = item.first; i < item.first + item.n; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        run.used += pv_pebble_row_used(row);
        run.free += !pv_pebble_row_used(row);
        run.bytes += row->size;
    }
    return run;
}

void pv_dot_run(const struct pv_drawing *drawing, struct pv_pick_item item)
{
    struct pv_dot_sums run = pv_dot_sum(drawing->snapshot, item);
    char more[PV_UNIT_TEXT];
    char used[PV_UNIT_TEXT];
    char free_ones[PV_UNIT_TEXT];
    char bytes[PV_UNIT_TEXT];
    fprintf(drawing->out,
            "    p%zu [label=<\xE2\x80\xA6 %s more<br/>%s used, %s free<br/>%s>, "
            "fillcolor=\"#F2F2F2\", peripheries=2];\n",
            item.first, pv_units_count(more, item.n), pv_units_count(used, run.used),
            pv_units_count(free_ones, run.free), pv_units_bytes(bytes, run.bytes));
}
