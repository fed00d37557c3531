/* SPDX-License-Identifier: MIT
 *
 * caption.c - text, colours and the caption of a picture. See drawing.h.
 */
#include <inttypes.h>
#include <string.h>

#include "core/heap.h"
#include "core/text.h"
#include "inspect/rules.h"
#include "viz/export/drawing.h"
#include "viz/text/units.h"

enum {
    NAME_BYTES = 24, /* of a tag in a box */
    PATH_BYTES = 90,
    LEGEND_COLUMNS = 4,
    FINDINGS_SHOWN = 8,
};

/* Text inside an HTML-like label. A backslash would begin an escape of DOT's even there. */
void pv_dot_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\') {
            fputc('\\', out);
        }
        pv_markup_put(out, *text);
    }
}

static void shortened(FILE *out, const char *text, size_t max)
{
    char buf[PV_NAME_BYTES + PATH_BYTES];
    size_t n = strlen(text);
    if (n <= max) {
        pv_dot_escaped(out, text);
        return;
    }
    n = pv_text_prefix(text, n, max - 1);
    memcpy(buf, text, n);
    buf[n] = '\0';
    pv_dot_escaped(out, buf);
    fputs("\xE2\x80\xA6", out); /* the ellipsis, U+2026 */
}

void pv_dot_tag(FILE *out, const char *tag)
{
    shortened(out, *tag ? tag : "no tag", NAME_BYTES);
}

/* The end of a path says more than its beginning. */
static void path_end(FILE *out, const char *path)
{
    size_t n = strlen(path);
    if (n > PATH_BYTES) {
        path += n - PATH_BYTES;
        while (((unsigned char)*path & 0xC0) == 0x80) {
            path++;
        }
        fputs("\xE2\x80\xA6", out);
    }
    pv_dot_escaped(out, path);
}

const struct pv_colour *pv_dot_colour(const struct pv_drawing *drawing, uint32_t tag)
{
    for (size_t i = 0; i < drawing->shown.n && i < PV_COLOURS; i++) {
        if (drawing->shown.rows[i].tag == tag) {
            return &pv_palette[i];
        }
    }
    return &pv_palette_other;
}

static void moment(const struct pv_drawing *drawing)
{
    FILE *out = drawing->out;
    const struct pv_totals *totals = &drawing->snapshot->totals;
    const struct pv_source *source = drawing->source;
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    fputs("<tr><td align=\"left\"><font point-size=\"13\"><b>", out);
    path_end(out, source->trace ? source->trace : "catalog");
    fputs("</b></font></td></tr><tr><td align=\"left\">", out);
    if (source->event >= 0) {
        fprintf(out, "after event %s", pv_units_count(a, (uint64_t)source->event));
    } else {
        fputs("before the first event", out);
    }
    if (source->engine && *source->engine) {
        fputs(", ", out);
        shortened(out, source->engine, NAME_BYTES);
    }
    fprintf(out, ": %s requested in %s", pv_units_bytes(a, totals->requested_bytes),
            pv_units_of(b, totals->n_used,
                        drawing->snapshot->kind == PV_CATALOG_BUDDY ? "block" : "pebble"));
    fprintf(out, ", %s free in %s, of a heap of ", pv_units_bytes(a, totals->free_bytes),
            pv_units_count(b, totals->n_free));
    if (drawing->snapshot->kind == PV_CATALOG_BUDDY) {
        fprintf(out, "%s in pages of %s</td></tr>", pv_units_bytes(a, totals->heap_bytes),
                pv_units_bytes(b, drawing->snapshot->page_bytes));
        return;
    }
    fprintf(out, "%s in %s</td></tr>", pv_units_bytes(a, totals->heap_bytes),
            pv_units_of(b, totals->n_buckets, "bucket"));
}

static void swatch(FILE *out, const char *fill, const char *line, const char *style)
{
    fprintf(out,
            "<td border=\"1\" bgcolor=\"%s\" color=\"%s\" style=\"%s\" width=\"20\"></td>"
            "<td align=\"left\">",
            fill, line, style);
}

static void legend_tags(const struct pv_drawing *drawing)
{
    FILE *out = drawing->out;
    size_t n = drawing->shown.n < PV_COLOURS ? drawing->shown.n : PV_COLOURS;
    char bytes[PV_UNIT_TEXT];
    char blocks[PV_UNIT_TEXT];
    for (size_t i = 0; i <= n; i++) {
        if (i && i % LEGEND_COLUMNS == 0) {
            fputs("</tr><tr>", out);
        }
        if (i == n) {
            swatch(out, "#FFFFFF", "#666666", "dashed");
            fputs("free</td>", out);
            break;
        }
        const struct pv_tally_row *row = &drawing->all.rows[drawing->shown.rows[i].tag];
        const char *tag = pv_tags_short(drawing->snapshot->tags, row->tag);
        swatch(out, pv_palette[i].fill, pv_palette[i].line, "solid");
        pv_dot_tag(out, tag);
        fprintf(out, ": %s in %s</td>", pv_units_bytes(bytes, row->bytes),
                pv_units_count(blocks, row->blocks));
    }
    size_t n_others = 0;
    for (size_t i = 0; i < drawing->all.n; i++) {
        n_others += drawing->all.rows[i].blocks != 0;
    }
    n_others -= n;
    if (n_others) {
        if ((n + 1) % LEGEND_COLUMNS == 0) {
            fputs("</tr><tr>", out);
        }
        swatch(out, pv_palette_other.fill, pv_palette_other.line, "solid");
        fprintf(out, "%s</td>", pv_units_of(blocks, n_others, "other tag"));
    }
}

static void findings(const struct pv_drawing *drawing)
{
    FILE *out = drawing->out;
    for (size_t i = 0; i < drawing->snapshot->n_findings && i < FINDINGS_SHOWN; i++) {
        const struct pv_finding *finding = &drawing->snapshot->findings[i];
        fprintf(out, "<tr><td align=\"left\"><font color=\"#D00000\"><b>%s</b> 0x%" PRIx64 ": ",
                pv_rules[finding->law].id, finding->addr);
        pv_dot_escaped(out, finding->text);
        fputs("</font></td></tr>", out);
    }
    if (drawing->snapshot->n_findings > FINDINGS_SHOWN) {
        fprintf(out, "<tr><td align=\"left\">and %zu more findings</td></tr>",
                drawing->snapshot->n_findings - FINDINGS_SHOWN);
    }
}

void pv_dot_caption(const struct pv_drawing *drawing)
{
    FILE *out = drawing->out;
    moment(drawing);
    findings(drawing);
    fputs("<tr><td align=\"left\"><table border=\"0\" cellborder=\"0\" cellspacing=\"3\"><tr>",
          out);
    legend_tags(drawing);
    fputs("</tr></table></td></tr>", out);
}
