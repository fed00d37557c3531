/* SPDX-License-Identifier: MIT
 *
 * view_screen.c - all views together: the screen. Where the panes lie is model_layout.c.
 */
#include "core/status.h"
#include "viz/tui/view.h"

static void draw_wall(const struct pv_model *model, struct pv_grid *grid)
{
    struct pv_area map = model->panes[PV_PANE_MAP];
    bool side = model->panes[PV_PANE_TAGS].columns || model->panes[PV_PANE_LIST].columns ||
                model->panes[PV_PANE_DETAIL].columns;

    if (map.columns && side) {
        pv_grid_fill(grid,
                     (struct pv_area){map.column + map.columns, map.line - 1, 1, map.lines + 1},
                     pv_theme_glyph(&model->theme, PV_GLYPH_WALL),
                     pv_theme_style(&model->theme, PV_ROLE_PANE));
    }
}

static void draw_too_small(const struct pv_model *model, struct pv_grid *grid)
{
    struct pv_style style = pv_theme_style(&model->theme, PV_ROLE_STRONG);
    int line = grid->lines > 1 ? grid->lines / 2 - 1 : 0;

    pv_grid_print(grid, 0, line, grid->columns, style, "%dx%d needed", PV_SCREEN_MIN_COLUMNS,
                  PV_SCREEN_MIN_LINES);
    pv_grid_print(grid, 0, line + 1, grid->columns, style, "this is %dx%d", grid->columns,
                  grid->lines);
}

static int draw_panes(const struct pv_model *model, struct pv_grid *grid)
{
    int status = pv_view_map(model, grid);

    if (status) {
        return status;
    }
    draw_wall(model, grid);
    pv_view_tags(model, grid);
    pv_view_list(model, grid);
    pv_view_detail(model, grid);
    pv_view_graph(model, grid);
    return PV_OK;
}

int pv_view_draw(const struct pv_model *model, struct pv_grid *grid)
{
    if (pv_model_too_small(model)) {
        draw_too_small(model, grid);
        return PV_OK;
    }
    if (model->sheet.kind != PV_SHEET_NONE) {
        pv_view_sheet(model, grid);
    } else {
        int status = draw_panes(model, grid);
        if (status) {
            return status;
        }
    }
    pv_view_title(model, grid, 0);
    bool asks = model->prompt != PV_PROMPT_NONE || model->message[0];
    if (pv_model_foot(model) > 1) {
        pv_view_event(model, grid, grid->lines - 3);
        pv_view_status(model, grid, grid->lines - 2);
        pv_view_hints(model, grid, grid->lines - 1);
    } else if (asks || model->playing || model->searching) {
        pv_view_hints(model, grid, grid->lines - 1);
    } else {
        pv_view_event(model, grid, grid->lines - 1);
    }
    if (model->help) {
        pv_view_help(model, grid);
    }
    return PV_OK;
}
