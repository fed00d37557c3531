/* SPDX-License-Identifier: MIT
 *
 * map.c - the heap as a picture: a line holds a power of two of bytes, a line of pixels below
 * it the next ones. Buckets follow one another by address, each on a line of its own while
 * there are few.
 *
 *   100000000 |hhTTTTTTTThUUUUUU........hTTTTTT|
 *   100010000 |hTTTTTT......                   |
 *
 * Bytes are added up for each pixel and each class (free, header, other, a coloured tag); the
 * class with the most of them has the pixel, and pixels of a class that stand side by side
 * become one piece of a path. So the file is bounded by the picture, not by the heap: a piece
 * is some ten bytes, and there are at most LINES_MAX * COLUMNS.
 * A row that lies outside of its bucket, in the catalog of a sick heap, is cut at the bucket.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "viz/export/documents.h"
#include "viz/export/palette.h"
#include "viz/text/tally.h"
#include "viz/text/units.h"

enum {
    COLUMNS = 960, /* pixels a line */
    LINES_MAX = 128,
    OWN_LINES_MAX = 32, /* buckets that begin a line each */
    LINE_HEIGHT = 9,
    LEFT = 96, /* room for addresses */
    MARGIN = 12,
    HEAD = 46,
    LEGEND_ROW = 18,
    LEGEND_COLUMNS = 3,
    LABELS = 6,        /* of holes, and as many of blocks */
    LABEL_PIXELS = 90, /* a run that has room for one */
    TAG_BYTES = 28,
    LABEL_BYTES = 12,
};

enum { FREE, HEADER, OTHER, FIRST_TAG, N_CLASSES = FIRST_TAG + PV_COLOURS };

static const char header_fill[] = "#6B6B6B";

struct bucket {
    uint64_t addr, bytes;
    uint64_t at; /* its place in the picture, in bytes from the picture's beginning */
    size_t row;
};

struct label {
    uint64_t from, to; /* in the picture */
    size_t pebble;
};

struct map {
    const struct pv_snapshot *snapshot;
    FILE *out;
    struct bucket *buckets; /* by address */
    size_t n_buckets;
    uint64_t line_bytes;
    size_t n_lines;
    uint64_t *weight;               /* a pixel, a class */
    struct pv_tally ranked;         /* by bytes */
    struct label labels[2][LABELS]; /* used, free: by size, largest first */
    size_t n_labels[2];
};

/* ---- where addresses lie ---- */

static int by_addr(const void *a, const void *b)
{
    const struct bucket *x = a;
    const struct bucket *y = b;
    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Lines for all buckets with so many bytes a line; more than LINES_MAX when they are too many
 * or do not end. Sets where each bucket lies. */
static uint64_t lay(struct map *map, uint64_t line_bytes)
{
    bool own = map->n_buckets <= OWN_LINES_MAX;
    uint64_t at = 0;
    for (size_t i = 0; i < map->n_buckets; i++) {
        struct bucket *bucket = &map->buckets[i];
        bucket->at = at;
        uint64_t room = own ? line_bytes - 1 : 0;
        if (__builtin_add_overflow(at, bucket->bytes, &at) ||
            __builtin_add_overflow(at, room, &at)) {
            return UINT64_MAX;
        }
        at -= own ? at % line_bytes : 0;
    }
    return at / line_bytes + (at % line_bytes != 0);
}

static int place(struct map *map)
{
    const struct pv_snapshot *snapshot = map->snapshot;
    map->buckets = pv_own_calloc(snapshot->n_buckets, sizeof *map->buckets);
    if (!map->buckets) {
        return PV_ENOMEM;
    }
    /* Halves of what 64 bits hold: a sick heap's sizes may add up to more. */
    uint64_t most = (UINT64_MAX >> 1) / (snapshot->n_buckets ? snapshot->n_buckets : 1);
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *row = &snapshot->buckets[i];
        uint64_t bytes = 0;
        if (__builtin_mul_overflow(row->n_pages, snapshot->page_bytes, &bytes) ||
            bytes > most) {
            bytes = most;
        }
        map->buckets[i] = (struct bucket){.addr = row->addr, .bytes = bytes, .row = i};
    }
    map->n_buckets = snapshot->n_buckets;
    if (map->n_buckets) {
        qsort(map->buckets, map->n_buckets, sizeof *map->buckets, by_addr);
    }
    map->line_bytes = 4096;
    while (lay(map, map->line_bytes) > LINES_MAX && map->line_bytes < UINT64_C(1) << 62) {
        map->line_bytes *= 2;
    }
    map->n_lines = (size_t)lay(map, map->line_bytes);
    map->weight = pv_own_calloc(map->n_lines * COLUMNS + 1, sizeof *map->weight * N_CLASSES);
    return map->weight ? PV_OK : PV_ENOMEM;
}

/* ---- painting ---- */

/* The pixel that holds a byte, and the byte at which a pixel begins. */
static uint64_t pixel_of(const struct map *map, uint64_t at)
{
    uint64_t line = at / map->line_bytes;
    uint64_t rest = at % map->line_bytes;
    return line * COLUMNS + (uint64_t)((__uint128_t)rest * COLUMNS / map->line_bytes);
}

static uint64_t pixel_begin(const struct map *map, uint64_t pixel)
{
    uint64_t rest = pixel % COLUMNS;
    __uint128_t bytes = (__uint128_t)rest * map->line_bytes;
    return pixel / COLUMNS * map->line_bytes + (uint64_t)((bytes + COLUMNS - 1) / COLUMNS);
}

static void paint(struct map *map, uint64_t from, uint64_t to, unsigned class)
{
    uint64_t end = (uint64_t)map->n_lines * COLUMNS;
    for (uint64_t pixel = pixel_of(map, from); from < to && pixel < end; pixel++) {
        uint64_t next = pixel_begin(map, pixel + 1);
        uint64_t until = next < to ? next : to;
        map->weight[pixel * N_CLASSES + class] += until > from ? until - from : 0;
        from = until > from ? until : from;
    }
}

static unsigned class_of(const struct map *map, const struct pv_pebble_row *row)
{
    if (!pv_pebble_row_used(row)) {
        return FREE;
    }
    for (unsigned i = 0; i < map->ranked.n && i < PV_COLOURS; i++) {
        if (map->ranked.rows[i].tag == row->tag) {
            return FIRST_TAG + i;
        }
    }
    return OTHER;
}

/* Keeps the largest of a kind; of equals the first. */
static void offer(struct map *map, uint64_t from, uint64_t to, size_t pebble)
{
    unsigned kind = !pv_pebble_row_used(&map->snapshot->pebbles[pebble]);
    struct label *labels = map->labels[kind];
    size_t at = map->n_labels[kind];
    while (at && labels[at - 1].to - labels[at - 1].from < to - from) {
        at--;
    }
    if (at == LABELS) {
        return;
    }
    size_t n = map->n_labels[kind] < LABELS ? map->n_labels[kind]++ : LABELS - 1;
    memmove(labels + at + 1, labels + at, (n - at) * sizeof *labels);
    labels[at] = (struct label){.from = from, .to = to, .pebble = pebble};
}

/* A part of a bucket, cut at its end. false: nothing of it lies in there. */
static bool inside(const struct bucket *bucket, uint64_t addr, uint64_t bytes,
                   uint64_t *ret_from, uint64_t *ret_to)
{
    if (addr < bucket->addr || addr - bucket->addr >= bucket->bytes) {
        return false;
    }
    uint64_t offset = addr - bucket->addr;
    uint64_t room = bucket->bytes - offset;
    *ret_from = bucket->at + offset;
    *ret_to = *ret_from + (bytes < room ? bytes : room);
    return true;
}

static void paint_bucket(struct map *map, const struct bucket *bucket)
{
    const struct pv_snapshot *snapshot = map->snapshot;
    const struct pv_bucket_row *row = &snapshot->buckets[bucket->row];
    uint64_t from;
    uint64_t to;
    if (inside(bucket, bucket->addr, snapshot->bucket_bytes, &from, &to)) {
        paint(map, from, to, HEADER);
    }
    for (size_t i = row->first_pebble; i < row->first_pebble + row->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (inside(bucket, pebble->addr, snapshot->pebble_bytes, &from, &to)) {
            paint(map, from, to, HEADER);
        }
        if (pebble->addr <= UINT64_MAX - snapshot->pebble_bytes &&
            inside(bucket, pebble->addr + snapshot->pebble_bytes, pebble->size, &from, &to)) {
            paint(map, from, to, class_of(map, pebble));
            offer(map, from, to, i);
        }
    }
}

/* ---- writing ---- */

static const char *fill_of(unsigned class)
{
    return class == FREE     ? "#FFFFFF"
           : class == HEADER ? header_fill
           : class == OTHER  ? pv_palette_other.fill
                             : pv_palette[class - FIRST_TAG].fill;
}

static int top_of(size_t line)
{
    return HEAD + (int)line * LINE_HEIGHT;
}

/* The class with most bytes in a pixel, or N_CLASSES where there is no heap. */
static unsigned winner(const struct map *map, size_t pixel)
{
    const uint64_t *weight = map->weight + pixel * N_CLASSES;
    unsigned best = N_CLASSES;
    for (unsigned class = 0; class < N_CLASSES; class ++) {
        if (weight[class] && (best == N_CLASSES || weight[class] > weight[best])) {
            best = class;
        }
    }
    return best;
}

static void write_class(const struct map *map, unsigned class)
{
    fprintf(map->out, "<path fill=\"%s\" d=\"", fill_of(class));
    for (size_t line = 0; line < map->n_lines; line++) {
        for (size_t x = 0; x < COLUMNS;) {
            size_t n = 0;
            while (x + n < COLUMNS && winner(map, line * COLUMNS + x + n) == class) {
                n++;
            }
            if (n) {
                fprintf(map->out, "M%zu %dh%zuv%dh-%zuz", LEFT + x, top_of(line), n,
                        LINE_HEIGHT - 1, n);
            }
            x += n ? n : 1;
        }
    }
    fputs("\"/>\n", map->out);
}

static void write_text(FILE *out, const char *text, size_t most)
{
    size_t n = strlen(text);
    size_t kept = n > most ? pv_text_prefix(text, n, most - 1) : n;
    for (size_t i = 0; i < kept; i++) {
        pv_markup_put(out, text[i]);
    }
    if (kept < n) {
        fputs("\xE2\x80\xA6", out);
    }
}

/* On the first line that has room for it, or nowhere. */
static void write_label(const struct map *map, const struct label *label)
{
    const struct pv_pebble_row *row = &map->snapshot->pebbles[label->pebble];
    bool used = pv_pebble_row_used(row);
    uint64_t from = pixel_of(map, label->from);
    uint64_t to = pixel_of(map, label->to - 1) + 1;
    uint64_t end = (from / COLUMNS + 1) * COLUMNS;
    if (end - from < LABEL_PIXELS && to > end) {
        from = end;
        end += COLUMNS;
    }
    uint64_t n = (to < end ? to : end) - from;
    if (to <= from || n < LABEL_PIXELS) {
        return;
    }
    char bytes[PV_UNIT_TEXT];
    fprintf(map->out, "<text x=\"%" PRIu64 "\" y=\"%d\" class=\"%s\">",
            LEFT + from % COLUMNS + n / 2, top_of((size_t)(from / COLUMNS)) + LINE_HEIGHT - 2,
            used ? "u" : "f");
    if (used) {
        write_text(map->out, pv_tags_text(map->snapshot->tags, row->tag), LABEL_BYTES);
        fputc(' ', map->out);
    }
    fprintf(map->out, "%s%s</text>\n", pv_units_bytes(bytes, row->size), used ? "" : " free");
}

static void write_addresses(const struct map *map)
{
    for (size_t i = 0; i < map->n_buckets; i++) {
        const struct bucket *bucket = &map->buckets[i];
        uint64_t next = i + 1 < map->n_buckets ? map->buckets[i + 1].at
                                               : (uint64_t)map->n_lines * map->line_bytes;
        for (uint64_t line = (bucket->at + map->line_bytes - 1) / map->line_bytes;
             line * map->line_bytes < next && line < map->n_lines; line++) {
            fprintf(map->out, "<text x=\"%d\" y=\"%d\" class=\"a\">%" PRIx64 "</text>\n",
                    LEFT - 6, top_of((size_t)line) + LINE_HEIGHT - 2,
                    bucket->addr + (line * map->line_bytes - bucket->at));
        }
    }
}

static void write_swatch(const struct map *map, unsigned place, const char *fill)
{
    int x = LEFT + (int)(place % LEGEND_COLUMNS) * (COLUMNS / LEGEND_COLUMNS);
    int y = top_of(map->n_lines) + MARGIN + (int)(place / LEGEND_COLUMNS) * LEGEND_ROW;
    fprintf(map->out,
            "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\" "
            "stroke=\"#666666\"/><text x=\"%d\" y=\"%d\" class=\"l\">",
            x, y, fill, x + 18, y + 10);
}

/* Tags with a colour, the others, headers, holes. */
static void write_legend(const struct map *map)
{
    const struct pv_totals *totals = &map->snapshot->totals;
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
        write_swatch(map, place++, pv_palette[i].fill);
        write_text(map->out, *row->text ? row->text : "no tag", TAG_BYTES);
        fprintf(map->out, ": %s in %s</text>\n", pv_units_bytes(a, row->bytes),
                pv_units_count(b, row->blocks));
    }
    if (others) {
        write_swatch(map, place++, pv_palette_other.fill);
        fprintf(map->out, "%s blocks of %s other tags</text>\n", pv_units_count(a, others),
                pv_units_count(b, map->ranked.n - PV_COLOURS));
    }
    write_swatch(map, place++, header_fill);
    fprintf(map->out, "headers: %s</text>\n", pv_units_bytes(a, totals->header_bytes));
    write_swatch(map, place++, fill_of(FREE));
    fprintf(map->out, "free: %s in %s</text>\n", pv_units_bytes(a, totals->free_bytes),
            pv_units_count(b, totals->n_free));
}

static void write_head(const struct map *map, const struct pv_source *source)
{
    const struct pv_totals *totals = &map->snapshot->totals;
    FILE *out = map->out;
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    unsigned entries = PV_COLOURS + 3;
    int rows = (int)((entries + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS);
    int height = top_of(map->n_lines) + 2 * MARGIN + rows * LEGEND_ROW;
    int width = LEFT + COLUMNS + MARGIN;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"Helvetica,sans-serif\">\n"
            "<style>.a{font:8px monospace;text-anchor:end;fill:#555}"
            ".u,.f{font-size:8px;text-anchor:middle}.f{fill:#777}.l{font-size:11px}</style>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#F4F4F4\"/>\n"
            "<text x=\"%d\" y=\"18\" font-size=\"13\" font-weight=\"bold\">",
            width, height, width, height, width, height, LEFT);
    write_text(out, source->trace ? source->trace : "catalog", COLUMNS / 8);
    fprintf(out, "</text>\n<text x=\"%d\" y=\"35\" font-size=\"11\">", LEFT);
    if (source->event >= 0) {
        fprintf(out, "after event %s", pv_units_count(a, (uint64_t)source->event));
    } else {
        fputs("before the first event", out);
    }
    if (source->engine && *source->engine) {
        fputs(", ", out);
        write_text(out, source->engine, TAG_BYTES);
    }
    fprintf(out, ": %s requested in %s blocks", pv_units_bytes(a, totals->requested_bytes),
            pv_units_count(b, totals->n_used));
    fprintf(out, ", of a heap of %s; a line is %s", pv_units_bytes(a, totals->heap_bytes),
            pv_units_bytes(b, map->line_bytes));
    if (map->snapshot->n_findings) {
        fprintf(out, "; %zu findings, see pebbleviz check", map->snapshot->n_findings);
    }
    fputs("</text>\n", out);
}

static int draw(struct map *map)
{
    int status = pv_tally_snapshot(&map->ranked, map->snapshot);
    status = status ? status : place(map);
    if (status) {
        return status;
    }
    pv_tally_rank(&map->ranked, map->snapshot->tags);
    for (size_t i = 0; i < map->n_buckets; i++) {
        paint_bucket(map, &map->buckets[i]);
    }
    return PV_OK;
}

int pv_export_map(const struct pv_snapshot *snapshot, const struct pv_source *source, FILE *out)
{
    struct map map = {.snapshot = snapshot, .out = out};
    int status = draw(&map);
    if (status == PV_OK) {
        write_head(&map, source);
        write_addresses(&map);
        for (unsigned class = 0; class < N_CLASSES; class ++) {
            write_class(&map, class);
        }
        for (unsigned kind = 0; kind < 2; kind++) {
            for (size_t i = 0; i < map.n_labels[kind]; i++) {
                write_label(&map, &map.labels[kind][i]);
            }
        }
        write_legend(&map);
        fputs("</svg>\n", out);
    }
    pv_tally_fini(&map.ranked);
    pv_own_free(map.buckets);
    pv_own_free(map.weight);
    return status ? status : ferror(out) ? PV_EIO : PV_OK;
}
