/* SPDX-License-Identifier: MIT
 *
 * view_map.c - the heap by address: every cell stands for a range of bytes.
 *
 *   100000000 ██▓▓░░··██████≡█···    density: used bytes of the cell's bytes, headers of used
 *   100014000 ···◆···········▏       pebbles with them; colour: the tag with the most bytes
 *
 * What a cell shows, the first that holds: a finding; a block that the event at the cursor made
 * or ended; with cells no larger than two headers, mostly header; used bytes; free. The
 * selected pebble's cells are reversed and show its tag's letter. While a search lasts, what is
 * not in it is grey, a stroke a cell.
 *
 * One pass over the pebbles of the visible buckets, in any order: O(pebbles + cells). A cell's
 * leading tag is exact where pebbles stand in address order; in a sick heap where they do not,
 * it may be the leading tag of a part.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/tui/view.h"

enum { ROOM_LINES = 4 };

/* STARTS: a used pebble begins in the cell. LAST: one that fills several cells ends in it; of a
 * buddy a free half too, so that the borders of the halves are seen. */
enum { SELECTED = 1, MADE = 2, ENDED = 4, FINDING = 8, STARTS = 16, LAST = 32 };

struct cell {
    uint64_t used, free, header; /* bytes; a used pebble's header is in both of the outer two */
    uint64_t match;              /* used bytes that are in the search; all, without one */
    uint64_t lead;               /* bytes of the leading tag */
    uint64_t born;               /* of the pebble that holds most of the cell */
    uint64_t most;
    uint32_t tag; /* the leading one */
    unsigned flags;
};

struct map {
    const struct pv_model *model;
    uint64_t from, until;  /* visible cells */
    uint64_t start, first; /* of the present bucket: its address and its first cell */
    struct cell *cells;
    uint64_t *tag_bytes; /* of each tag in tag_cell */
    uint64_t *tag_cell;
    size_t n_tags;
};

enum part { PART_BUCKET, PART_HEADER, PART_PAYLOAD };

static void add_tag(struct map *map, struct cell *cell, uint64_t at, uint32_t tag,
                    uint64_t bytes)
{
    if (tag >= map->n_tags) {
        return;
    }
    if (map->tag_cell[tag] != at + 1) {
        map->tag_cell[tag] = at + 1;
        map->tag_bytes[tag] = 0;
    }
    map->tag_bytes[tag] += bytes;
    if (map->tag_bytes[tag] > cell->lead) {
        cell->lead = map->tag_bytes[tag];
        cell->tag = tag;
    }
}

static void add_part(struct map *map, struct cell *cell, uint64_t at, enum part part,
                     const struct pv_pebble_row *pebble, uint64_t bytes)
{
    bool used = pebble && pv_pebble_row_used(pebble);

    if (part != PART_PAYLOAD) {
        cell->header += bytes;
    }
    if (used) {
        cell->used += bytes;
        bool match = !map->model->searching ||
                     (pebble->tag < map->model->cap_match && map->model->match[pebble->tag]);
        if (match) {
            cell->match += bytes;
            add_tag(map, cell, at, pebble->tag, bytes);
        }
        if (bytes > cell->most) {
            cell->most = bytes;
            cell->born = pebble->born;
        }
    } else if (part == PART_PAYLOAD) {
        cell->free += bytes;
    }
}

/* Adds the bytes from start up to end to the cells of the present bucket that they lie in, and
 * flags to the first and the last of these. One division: this runs twice a pebble. */
static void add(struct map *map, uint64_t start, uint64_t end, enum part part,
                const struct pv_pebble_row *pebble, unsigned first_flags, unsigned last_flags)
{
    uint64_t size = map->model->map.cell_bytes;

    if (end <= start) {
        return;
    }
    uint64_t cell = (start - map->start) / size;
    uint64_t low = map->start + cell * size;
    cell += map->first;
    if (cell >= map->from && cell < map->until) {
        map->cells[cell - map->from].flags |= first_flags;
    }
    if (cell < map->from) {
        low += (map->from - cell) * size;
        cell = map->from;
    }
    for (; low < end && cell < map->until; cell++, low += size) {
        uint64_t from = low < start ? start : low;
        uint64_t to = end - low > size ? low + size : end;
        add_part(map, &map->cells[cell - map->from], cell, part, pebble, to - from);
        if (to == end) {
            map->cells[cell - map->from].flags |= last_flags;
        }
    }
}

static void add_bucket(struct map *map, size_t index)
{
    const struct pv_snapshot *snapshot = map->model->snapshot;
    const struct pv_bucket_row *bucket = &snapshot->buckets[index];
    uint64_t end = bucket->addr + bucket->n_pages * snapshot->page_bytes;

    bool buddy = snapshot->kind == PV_CATALOG_BUDDY;

    map->start = bucket->addr;
    map->first = map->model->map.first[index];
    add(map, bucket->addr, bucket->addr + snapshot->bucket_bytes, PART_BUCKET, NULL, 0, 0);
    for (size_t i = 0; i < bucket->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[bucket->first_pebble + i];
        uint64_t payload = pebble->addr + snapshot->pebble_bytes;
        if (pebble->addr < bucket->addr || payload > end) {
            continue; /* a damaged row; its finding stands in the list */
        }
        uint64_t stop = pebble->size > end - payload ? end : payload + pebble->size;
        bool used = pv_pebble_row_used(pebble);
        bool large = stop - pebble->addr >= 2 * map->model->map.cell_bytes;
        unsigned starts = used ? STARTS : 0;
        add(map, pebble->addr, payload, PART_HEADER, pebble, starts, 0);
        add(map, payload, stop, PART_PAYLOAD, pebble, buddy ? starts : 0,
            (used || buddy) && large ? LAST : 0);
    }
}

/* Sets flags on the cells of a block, or on its first cell only. */
static void flag(struct map *map, uint64_t addr, uint64_t bytes, unsigned flags,
                 bool first_only)
{
    const struct pv_snapshot *snapshot = map->model->snapshot;

    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[i];
        uint64_t end = bucket->addr + bucket->n_pages * snapshot->page_bytes;
        if (addr < bucket->addr || addr >= end) {
            continue;
        }
        uint64_t cell = pv_map_cell(map->model, i, addr);
        uint64_t last =
            first_only || bytes == 0 ? cell : pv_map_cell(map->model, i, addr + bytes - 1);
        cell = cell < map->from ? map->from : cell;
        for (; cell <= last && cell < map->until; cell++) {
            map->cells[cell - map->from].flags |= flags;
        }
        return;
    }
}

static void flag_cells(struct map *map)
{
    const struct pv_model *model = map->model;
    const struct pv_snapshot *snapshot = model->snapshot;
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (pebble) {
        flag(map, pebble->addr, snapshot->pebble_bytes + pebble->size, SELECTED, false);
    }
    if (model->step.ended) {
        flag(map, model->step.ended->addr, 1, ENDED, true);
    }
    if (model->step.made) {
        flag(map, model->step.made->addr, 1, MADE, true);
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        flag(map, snapshot->findings[i].addr, 1, FINDING, true);
    }
}

/* By the square root of the age's share of the trace: what is new is told apart finely, and
 * the old layers of a heap still differ. */
static int age_step(const struct pv_model *model, uint64_t born)
{
    uint64_t age = (uint64_t)model->cursor >= born ? (uint64_t)model->cursor - born : 0;
    uint64_t trace = (uint64_t)model->last + 1, all = PV_THEME_AGES * PV_THEME_AGES;
    uint64_t step = 0;

    while (step + 1 < PV_THEME_AGES && age * all >= (step + 1) * (step + 1) * trace) {
        step++;
    }
    return (int)step;
}

static const char *density(const struct pv_theme *theme, uint64_t part, uint64_t whole)
{
    uint64_t quarters = whole ? (part * 4 + whole - 1) / whole : 0;

    quarters = quarters < 1 ? 1 : quarters > 4 ? 4 : quarters;
    return pv_theme_glyph(theme, (enum pv_glyph)((uint64_t)PV_GLYPH_USED_1 + quarters - 1));
}

/* The look of used bytes. */
static void used_look(const struct map *map, const struct cell *cell, char *glyph,
                      struct pv_style *style)
{
    const struct pv_model *model = map->model;
    const struct pv_theme *theme = &model->theme;
    const char *tag = pv_model_tag_text(model, cell->tag);
    uint64_t whole = cell->used + cell->free;

    *style = pv_theme_tag(theme, tag);
    if (cell->lead * 5 < cell->match) {
        *style = pv_theme_style(theme, PV_ROLE_MIXED);
    }
    strcpy(glyph, density(theme, cell->used, whole));
    if (model->searching) {
        *style = cell->match ? *style : pv_theme_style(theme, PV_ROLE_FREE);
        strcpy(glyph, cell->match ? density(theme, cell->match, whole)
                                  : pv_theme_glyph(theme, PV_GLYPH_OTHER));
        return;
    }
    bool letter =
        model->paint == PV_PAINT_LETTER && cell->used * 2 >= whole && (cell->flags & STARTS);
    if (model->paint == PV_PAINT_AGE && cell->born != PV_UNKNOWN) {
        int step = age_step(model, cell->born);
        *style = pv_theme_age(theme, step);
        if (theme->level == PV_LEVEL_MONO) {
            glyph[0] = (char)('0' + step);
            glyph[1] = '\0';
            return;
        }
    }
    if (letter || (cell->flags & SELECTED)) {
        glyph[0] = pv_theme_letter(tag);
        glyph[1] = '\0';
    } else if ((cell->flags & LAST) && cell->used * 8 >= whole * 7) {
        strcpy(glyph, pv_theme_glyph(theme, PV_GLYPH_USED_LAST));
    }
}

static void look(const struct map *map, const struct cell *cell, char *glyph,
                 struct pv_style *style)
{
    const struct pv_theme *theme = &map->model->theme;
    uint64_t small = 2 * (uint64_t)map->model->snapshot->pebble_bytes;

    if (cell->flags & FINDING) {
        strcpy(glyph, pv_theme_glyph(theme, PV_GLYPH_FINDING));
        *style = pv_theme_style(theme, PV_ROLE_FAULT);
    } else if (cell->flags & (MADE | ENDED)) {
        strcpy(glyph,
               pv_theme_glyph(theme, cell->flags & MADE ? PV_GLYPH_MADE : PV_GLYPH_ENDED));
        *style = pv_theme_style(theme, PV_ROLE_CHANGED);
    } else if (map->model->map.cell_bytes <= small &&
               cell->header * 2 > map->model->map.cell_bytes) {
        strcpy(glyph, pv_theme_glyph(theme, PV_GLYPH_HEADER));
        *style = pv_theme_style(theme, PV_ROLE_HEADER);
    } else if (cell->used) {
        used_look(map, cell, glyph, style);
    } else {
        bool border = cell->flags & LAST;
        strcpy(glyph, pv_theme_glyph(theme, border ? PV_GLYPH_WALL : PV_GLYPH_FREE));
        *style = pv_theme_style(theme, PV_ROLE_FREE);
    }
    if (cell->flags & SELECTED) {
        style->attributes |= PV_REVERSE | PV_BOLD;
    }
}

static void draw_label(const struct map *map, struct pv_grid *grid, struct pv_area area,
                       int line)
{
    const struct pv_model *model = map->model;
    uint64_t columns = (uint64_t)model->map.columns;
    uint64_t cell = map->from + (uint64_t)line * columns;
    size_t bucket = pv_map_bucket(model, cell);

    if (bucket == PV_NONE) {
        bucket = pv_map_bucket(model, cell + 1);
        cell++;
    }
    if (bucket == PV_NONE) {
        return;
    }
    const struct pv_pebble_row *pebble = pv_model_pebble(model);
    bool here = pebble && pv_map_cell(model, pebble->bucket, model->addr) / columns ==
                              map->from / columns + (uint64_t)line;
    pv_grid_print(grid, area.column, area.line + line, model->map.label,
                  pv_theme_style(&model->theme, here ? PV_ROLE_STRONG : PV_ROLE_QUIET), "%llx",
                  (unsigned long long)pv_map_addr(model, bucket, cell));
}

static void draw_cells(const struct map *map, struct pv_grid *grid, struct pv_area area)
{
    const struct pv_model *model = map->model;
    struct pv_style quiet = pv_theme_style(&model->theme, PV_ROLE_QUIET);

    for (int line = 0; line < model->map.lines; line++) {
        draw_label(map, grid, area, line);
        size_t bucket = PV_NONE;
        for (int column = 0; column < model->map.columns; column++) {
            uint64_t at =
                map->from + (uint64_t)line * (uint64_t)model->map.columns + (uint64_t)column;
            size_t before = bucket;
            bucket = pv_map_bucket(model, at);
            struct pv_area one = {area.column + model->map.label + column, area.line + line, 1,
                                  1};
            if (bucket == PV_NONE) {
                if (before != PV_NONE) {
                    pv_grid_fill(grid, one, pv_theme_glyph(&model->theme, PV_GLYPH_END), quiet);
                }
                continue;
            }
            char glyph[PV_GLYPH_BYTES];
            struct pv_style style;
            look(map, &map->cells[at - map->from], glyph, &style);
            pv_grid_fill(grid, one, glyph, style);
        }
    }
}

static void draw_title(const struct pv_model *model, struct pv_grid *grid)
{
    static const char *const paints[] = {"tags", "letters", "ages"};
    const struct pv_theme *theme = &model->theme;
    char title[128], legend[128], cell[PV_UNIT_TEXT];

    snprintf(title, sizeof title, "Map  a cell is %s  %s%s",
             pv_units_bytes(cell, model->map.cell_bytes), paints[model->paint],
             model->zoom        ? "  zoomed"
             : model->searching ? "  search"
                                : "");
    snprintf(legend, sizeof legend, "%s%s%s%s used  %s free  %s made  %s ended",
             pv_theme_glyph(theme, PV_GLYPH_USED_1), pv_theme_glyph(theme, PV_GLYPH_USED_2),
             pv_theme_glyph(theme, PV_GLYPH_USED_3), pv_theme_glyph(theme, PV_GLYPH_USED_4),
             pv_theme_glyph(theme, PV_GLYPH_FREE), pv_theme_glyph(theme, PV_GLYPH_MADE),
             pv_theme_glyph(theme, PV_GLYPH_ENDED));
    pv_view_pane_title(model, grid, PV_PANE_MAP, title, legend);
}

/* Below the heap there is room for what it becomes: say so, or it looks like an error. */
static void draw_room(const struct pv_model *model, struct pv_grid *grid, struct pv_area area)
{
    uint64_t used = model->map.n_lines - model->map.top;
    int free_lines = used < (uint64_t)area.lines ? area.lines - (int)used : 0;

    if (free_lines >= ROOM_LINES && !model->fit_now) {
        pv_grid_text(grid, area.column + model->map.label, area.line + (int)used + 1,
                     model->map.columns, pv_theme_style(&model->theme, PV_ROLE_QUIET),
                     "room for later; z scales to now");
    }
}

int pv_view_map(const struct pv_model *model, struct pv_grid *grid)
{
    struct pv_area area = model->panes[PV_PANE_MAP];
    size_t n_cells = (size_t)model->map.columns * (size_t)model->map.lines;
    size_t n_tags = pv_tags_count(pv_timeline_tags(model->timeline));
    struct map map = {
        .model = model,
        .from = model->map.top * (uint64_t)model->map.columns,
        .n_tags = n_tags,
    };
    int status = PV_ENOMEM;

    if (area.columns == 0) {
        return PV_OK;
    }
    draw_title(model, grid);
    map.until = map.from + n_cells;
    map.cells = pv_own_calloc(n_cells, sizeof *map.cells);
    map.tag_bytes = pv_own_calloc(n_tags, sizeof *map.tag_bytes);
    map.tag_cell = pv_own_calloc(n_tags, sizeof *map.tag_cell);
    if (map.cells && map.tag_bytes && map.tag_cell) {
        for (size_t i = 0; i < model->snapshot->n_buckets; i++) {
            uint64_t first = model->map.first[i];
            if (first < map.until && first + pv_map_bucket_cells(model, i) > map.from) {
                add_bucket(&map, i);
            }
        }
        flag_cells(&map);
        draw_cells(&map, grid, area);
        draw_room(model, grid, area);
        status = 0;
    }
    pv_own_free(map.cells);
    pv_own_free(map.tag_bytes);
    pv_own_free(map.tag_cell);
    return status;
}
