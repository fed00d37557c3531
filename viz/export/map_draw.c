/* SPDX-License-Identifier: MIT
 *
 * map_draw.c - a map on a canvas: its head, the addresses of its lines, its pixels as boxes, the
 * labels of the largest blocks and holes, the legend.
 */
#include <inttypes.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"
#include "viz/export/canvas.h"
#include "viz/export/documents.h"
#include "viz/export/map.h"
#include "viz/export/worker.h"
#include "viz/text/units.h"

enum {
    LINE_HEIGHT = 9,
    LEFT = 96, /* room for addresses */
    MARGIN = 12,
    HEAD = 46,
    LEGEND_ROW = 18,
    LEGEND_COLUMNS = 3,
    LABEL_PIXELS = 90, /* a run that has room for one */
    TITLE_BYTES = PV_MAP_COLUMNS / 8,
    TAG_BYTES = 28,
    LABEL_BYTES = 12,
    TEXT_BYTES = 512,
};

static const char header_fill[] = "#6B6B6B";

struct drawing {
    const struct pv_map *map;
    struct pv_canvas canvas;
};

static const char *fill_of(unsigned class)
{
    return class == PV_MAP_FREE     ? "#FFFFFF"
           : class == PV_MAP_HEADER ? header_fill
           : class == PV_MAP_OTHER  ? pv_palette_other.fill
                                    : pv_palette[class - PV_MAP_FIRST_TAG].fill;
}

static int top_of(size_t line)
{
    return HEAD + (int)line * LINE_HEIGHT;
}

static void draw_text(struct drawing *drawing, enum pv_canvas_style style, int x, int y,
                      const char *text)
{
    drawing->canvas.type->text(&drawing->canvas, style, x, y, text);
}

/* At most `most` bytes, with an ellipsis for what was cut. buf has TITLE_BYTES + 4. */
static const char *cut(char *buf, const char *text, size_t most)
{
    size_t n = strlen(text);
    size_t kept = n > most ? pv_text_prefix(text, n, most - 1) : n;
    memcpy(buf, text, kept);
    memcpy(buf + kept, kept < n ? "\xE2\x80\xA6" : "", kept < n ? 4 : 1);
    return buf;
}

static void draw_class(struct drawing *drawing, unsigned class)
{
    const struct pv_map *map = drawing->map;
    struct pv_canvas *canvas = &drawing->canvas;
    canvas->type->fill(canvas, fill_of(class));
    for (size_t line = 0; line < map->n_lines; line++) {
        size_t begin = line * PV_MAP_COLUMNS;
        for (size_t x = 0; x < PV_MAP_COLUMNS;) {
            size_t n = 0;
            while (x + n < PV_MAP_COLUMNS && pv_map_class(map, begin + x + n) == class) {
                n++;
            }
            if (n) {
                canvas->type->box(canvas, LEFT + (int)x, top_of(line), (int)n, LINE_HEIGHT - 1);
            }
            x += n ? n : 1;
        }
    }
    canvas->type->filled(canvas);
}

/* On the first line that has room for it, or nowhere. */
static void draw_label(struct drawing *drawing, const struct pv_map_label *label)
{
    const struct pv_map *map = drawing->map;
    const struct pv_pebble_row *row = &map->snapshot->pebbles[label->pebble];
    uint64_t from = pv_map_pixel(map, label->from);
    uint64_t to = pv_map_pixel(map, label->to - 1) + 1;
    uint64_t end = (from / PV_MAP_COLUMNS + 1) * PV_MAP_COLUMNS;
    if (end - from < LABEL_PIXELS && to > end) {
        from = end;
        end += PV_MAP_COLUMNS;
    }
    uint64_t n = (to < end ? to : end) - from;
    if (to <= from || n < LABEL_PIXELS) {
        return;
    }
    char text[TEXT_BYTES];
    char tag[TITLE_BYTES + 4];
    char bytes[PV_UNIT_TEXT];
    bool used = pv_pebble_row_used(row);
    pv_units_bytes(bytes, row->size);
    if (used) {
        cut(tag, pv_tags_short(map->snapshot->tags, row->tag), LABEL_BYTES);
        snprintf(text, sizeof text, "%s %s", tag, bytes);
    } else {
        snprintf(text, sizeof text, "%s free", bytes);
    }
    draw_text(drawing, used ? PV_CANVAS_USED : PV_CANVAS_FREE,
              LEFT + (int)(from % PV_MAP_COLUMNS + n / 2),
              top_of((size_t)(from / PV_MAP_COLUMNS)) + LINE_HEIGHT - 2, text);
}

static void draw_addresses(struct drawing *drawing)
{
    const struct pv_map *map = drawing->map;
    for (size_t i = 0; i < map->n_buckets; i++) {
        const struct pv_map_bucket *bucket = &map->buckets[i];
        uint64_t next = i + 1 < map->n_buckets ? map->buckets[i + 1].at
                                               : (uint64_t)map->n_lines * map->line_bytes;
        for (uint64_t line = (bucket->at + map->line_bytes - 1) / map->line_bytes;
             line * map->line_bytes < next && line < map->n_lines; line++) {
            char text[TEXT_BYTES];
            snprintf(text, sizeof text, "%" PRIx64,
                     bucket->addr + (line * map->line_bytes - bucket->at));
            draw_text(drawing, PV_CANVAS_ADDRESS, LEFT - 6,
                      top_of((size_t)line) + LINE_HEIGHT - 2, text);
        }
    }
}

static void draw_entry(struct drawing *drawing, unsigned place, const char *fill,
                       const char *text)
{
    int x = LEFT + (int)(place % LEGEND_COLUMNS) * (PV_MAP_COLUMNS / LEGEND_COLUMNS);
    int y = top_of(drawing->map->n_lines) + MARGIN + (int)(place / LEGEND_COLUMNS) * LEGEND_ROW;
    drawing->canvas.type->swatch(&drawing->canvas, x, y, fill);
    draw_text(drawing, PV_CANVAS_LEGEND, x + 18, y + 10, text);
}

/* Tags with a colour, the others, headers, holes. */
static void draw_legend(struct drawing *drawing)
{
    const struct pv_map *map = drawing->map;
    const struct pv_totals *totals = &map->snapshot->totals;
    char text[TEXT_BYTES];
    char tag[TITLE_BYTES + 4];
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    unsigned place = 0;
    uint64_t others = 0;
    for (size_t i = 0; i < map->ranked.n; i++) {
        const struct pv_tally_row *row = &map->ranked.rows[i];
        if (i >= PV_COLOURS) {
            others += row->blocks;
            continue;
        }
        snprintf(text, sizeof text, "%s: %s in %s",
                 cut(tag, *row->text ? pv_tags_short(map->snapshot->tags, row->tag) : "no tag",
                     TAG_BYTES),
                 pv_units_bytes(a, row->bytes), pv_units_count(b, row->blocks));
        draw_entry(drawing, place++, pv_palette[i].fill, text);
    }
    if (others) {
        snprintf(text, sizeof text, "%s of %s", pv_units_of(a, others, "block"),
                 pv_units_of(b, map->ranked.n - PV_COLOURS, "other tag"));
        draw_entry(drawing, place++, pv_palette_other.fill, text);
    }
    snprintf(text, sizeof text, "headers: %s", pv_units_bytes(a, totals->header_bytes));
    draw_entry(drawing, place++, header_fill, text);
    snprintf(text, sizeof text, "free: %s in %s", pv_units_bytes(a, totals->free_bytes),
             pv_units_count(b, totals->n_free));
    draw_entry(drawing, place, fill_of(PV_MAP_FREE), text);
}

/* What the picture shows: the trace, the moment, the engine, the totals. */
static void draw_head(struct drawing *drawing, const struct pv_source *source)
{
    const struct pv_snapshot *snapshot = drawing->map->snapshot;
    const struct pv_totals *totals = &snapshot->totals;
    char text[TEXT_BYTES];
    char name[TITLE_BYTES + 4];
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    char c[PV_UNIT_TEXT];
    char d[PV_UNIT_TEXT];
    draw_text(drawing, PV_CANVAS_TITLE, LEFT, 18,
              cut(name, source->trace ? source->trace : "catalog", TITLE_BYTES));
    char moment[PV_UNIT_TEXT + 16] = "before the first event";
    if (source->event >= 0) {
        snprintf(moment, sizeof moment, "after event %s",
                 pv_units_count(a, (uint64_t)source->event));
    }
    char findings[64] = "";
    if (snapshot->n_findings) {
        snprintf(findings, sizeof findings, "; %s, see pebbleviz check",
                 pv_units_of(a, snapshot->n_findings, "finding"));
    }
    bool engine = source->engine && *source->engine;
    snprintf(text, sizeof text, "%s%s%s: %s requested in %s, of a heap of %s; a line is %s%s",
             moment, engine ? ", " : "", engine ? cut(name, source->engine, TAG_BYTES) : "",
             pv_units_bytes(a, totals->requested_bytes),
             pv_units_of(b, totals->n_used, "block"), pv_units_bytes(c, totals->heap_bytes),
             pv_units_bytes(d, drawing->map->line_bytes), findings);
    draw_text(drawing, PV_CANVAS_LINE, LEFT, 35, text);
}

static void draw(struct drawing *drawing, const struct pv_source *source)
{
    const struct pv_map *map = drawing->map;
    draw_head(drawing, source);
    draw_addresses(drawing);
    for (unsigned class = 0; class < PV_MAP_CLASSES; class ++) {
        draw_class(drawing, class);
    }
    for (unsigned kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < map->n_labels[kind]; i++) {
            draw_label(drawing, &map->labels[kind][i]);
        }
    }
    draw_legend(drawing);
}

/* On a canvas of this type. */
static int draw_on(const struct pv_canvas_type *type, const struct pv_map *map,
                   const struct pv_source *source, FILE *out)
{
    enum { ENTRIES = PV_COLOURS + 3, ROWS = (ENTRIES + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS };
    struct drawing drawing = {.map = map, .canvas = {.type = type, .out = out}};
    int status = type->begin(&drawing.canvas, LEFT + PV_MAP_COLUMNS + MARGIN,
                             top_of(map->n_lines) + 2 * MARGIN + ROWS * LEGEND_ROW);
    if (status == PV_OK) {
        draw(&drawing, source);
    }
    int ended = type->end(&drawing.canvas);
    return status ? status : ended;
}

struct picture {
    const struct pv_map *map;
    const struct pv_source *source;
};

static bool draw_png(void *ctx, FILE *out)
{
    const struct picture *picture = ctx;
    return draw_on(&pv_canvas_png, picture->map, picture->source, out) == PV_OK;
}

int pv_export_map(const struct pv_snapshot *snapshot, const struct pv_source *source,
                  enum pv_map_form form, FILE *out, char *ret_text, size_t text_cap)
{
    struct pv_map map;
    int status = pv_map_init(&map, snapshot);
    if (status == PV_OK && form == PV_MAP_SVG) {
        status = draw_on(&pv_canvas_svg, &map, source, out);
    } else if (status == PV_OK) {
        struct picture picture = {.map = &map, .source = source};
        struct pv_worker worker = {
            .name = "cairo", .task = "draw the map", .work = draw_png, .ctx = &picture};
        status = pv_worker_run(&worker, out, ret_text, text_cap);
    }
    pv_map_fini(&map);
    return status;
}
