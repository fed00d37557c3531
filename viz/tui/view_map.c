/* SPDX-License-Identifier: MIT
 *
 * view_map.c - the heap by address: every cell stands for a range of bytes.
 *
 *   100000000 ██▓▓░░··██████≡█···    density: used bytes of the cell's bytes, headers of used
 *   100014000 ···◆···········▏       pebbles with them; colour: the tag with the most bytes
 *
 * map_cells.c counts what lies in each, map_look.c says how that looks.
 */
#include <string.h>

#include "core/status.h"
#include "viz/tui/map_cells.h"
#include "viz/tui/view.h"

enum { ROOM_LINES = 4 };

static void draw_label(const struct pv_map_cells *map, struct pv_grid *grid,
                       struct pv_area area, int line)
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

static void draw_cells(const struct pv_map_cells *map, struct pv_grid *grid,
                       struct pv_area area)
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
            pv_map_cell_look(map, &map->cells[at - map->from], glyph, &style);
            pv_grid_fill(grid, one, glyph, style);
        }
    }
}

static void draw_title(const struct pv_model *model, struct pv_grid *grid)
{
    static const char *const paints[] = {"tags", "letters", "ages"};
    const struct pv_theme *theme = &model->theme;
    char title[128], legend[128], cell[PV_UNIT_TEXT];

    if (model->reference.on) {
        snprintf(title, sizeof title, "Map  compared with event %lld",
                 (long long)model->reference.event);
        snprintf(legend, sizeof legend, "%s came  %s went  %s stayed",
                 pv_theme_glyph(theme, PV_GLYPH_CAME), pv_theme_glyph(theme, PV_GLYPH_WENT),
                 pv_theme_glyph(theme, PV_GLYPH_USED_1));
        pv_view_pane_title(model, grid, PV_PANE_MAP, title, legend);
        return;
    }
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

/* Says what the empty room below the heap is for, which looks like an error otherwise. */
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
    struct pv_map_cells map;

    if (area.columns == 0) {
        return PV_OK;
    }
    draw_title(model, grid);
    int status = pv_map_cells_init(&map, model);
    if (!status) {
        pv_map_cells_count(&map);
        draw_cells(&map, grid, area);
        draw_room(model, grid, area);
    }
    pv_map_cells_fini(&map);
    return status;
}
