/* SPDX-License-Identifier: MIT
 *
 * map_look.c - what a cell shows, the first that holds: a finding; a block that the event at the
 * cursor made or ended; with cells no larger than two headers, mostly header; used bytes; free.
 * The selected pebble's cells are reversed and show its tag's letter. While a search lasts, what
 * is not in it is grey, a stroke a cell.
 */
#include <string.h>

#include "viz/tui/map_cells.h"

/* Ages by the square root of their share of the trace: new blocks are told apart finely, and
 * old layers of a heap still differ. */
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
static void used_look(const struct pv_map_cells *map, const struct pv_map_tally *cell,
                      char *glyph, struct pv_style *style)
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
    bool letter = model->paint == PV_PAINT_LETTER && cell->used * 2 >= whole &&
                  (cell->flags & PV_CELL_STARTS);
    if (model->paint == PV_PAINT_AGE && cell->born != PV_UNKNOWN) {
        int step = age_step(model, cell->born);
        *style = pv_theme_age(theme, step);
        if (theme->level == PV_LEVEL_MONO) {
            glyph[0] = (char)('0' + step);
            glyph[1] = '\0';
            return;
        }
    }
    if (letter || (cell->flags & PV_CELL_SELECTED)) {
        glyph[0] = pv_theme_letter(tag);
        glyph[1] = '\0';
    } else if ((cell->flags & PV_CELL_LAST) && cell->used * 8 >= whole * 7) {
        strcpy(glyph, pv_theme_glyph(theme, PV_GLYPH_USED_LAST));
    }
}

/* Compared with another moment: blocks that came, places of blocks that went, and the rest in
 * grey. */
static void compared_look(const struct pv_map_cells *map, const struct pv_map_tally *cell,
                          char *glyph, struct pv_style *style)
{
    const struct pv_theme *theme = &map->model->theme;
    enum pv_glyph at = PV_GLYPH_FREE;
    enum pv_role role = PV_ROLE_FREE;

    if (cell->came && cell->came >= cell->went) {
        at = PV_GLYPH_CAME;
        role = PV_ROLE_CAME;
    } else if (cell->went) {
        at = PV_GLYPH_WENT;
        role = PV_ROLE_WENT;
    } else if (cell->used) {
        at = PV_GLYPH_USED_1;
    }
    strcpy(glyph, pv_theme_glyph(theme, at));
    *style = pv_theme_style(theme, role);
}

void pv_map_cell_look(const struct pv_map_cells *map, const struct pv_map_tally *cell,
                      char *glyph, struct pv_style *style)
{
    const struct pv_theme *theme = &map->model->theme;
    uint64_t small = 2 * (uint64_t)map->model->snapshot->pebble_bytes;

    if (cell->flags & PV_CELL_FINDING) {
        strcpy(glyph, pv_theme_glyph(theme, PV_GLYPH_FINDING));
        *style = pv_theme_style(theme, PV_ROLE_FAULT);
    } else if (map->model->reference.on) {
        compared_look(map, cell, glyph, style);
    } else if (cell->flags & (PV_CELL_MADE | PV_CELL_ENDED)) {
        strcpy(glyph, pv_theme_glyph(theme, cell->flags & PV_CELL_MADE ? PV_GLYPH_MADE
                                                                       : PV_GLYPH_ENDED));
        *style = pv_theme_style(theme, PV_ROLE_CHANGED);
    } else if (map->model->map.cell_bytes <= small &&
               cell->header * 2 > map->model->map.cell_bytes) {
        strcpy(glyph, pv_theme_glyph(theme, PV_GLYPH_HEADER));
        *style = pv_theme_style(theme, PV_ROLE_HEADER);
    } else if (cell->used) {
        used_look(map, cell, glyph, style);
    } else {
        bool border = cell->flags & PV_CELL_LAST;
        strcpy(glyph, pv_theme_glyph(theme, border ? PV_GLYPH_WALL : PV_GLYPH_FREE));
        *style = pv_theme_style(theme, PV_ROLE_FREE);
    }
    if (cell->flags & PV_CELL_SELECTED) {
        style->attributes |= PV_REVERSE | PV_BOLD;
    }
}
