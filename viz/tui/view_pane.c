/* SPDX-License-Identifier: MIT
 *
 * view_pane.c - what every pane and sheet is drawn with: its title line. It stands below the panes, as
 * view_screen.c stands above them.
 */
#include "viz/tui/view.h"

void pv_view_title_line(const struct pv_model *model, struct pv_grid *grid, struct pv_area area,
                        const char *title, const char *right, bool focus)
{
    const struct pv_theme *theme = &model->theme;
    struct pv_style style = pv_theme_style(theme, PV_ROLE_PANE);
    int line = area.line - 1;

    pv_grid_fill(grid, (struct pv_area){area.column, line, area.columns, 1},
                 pv_theme_glyph(theme, PV_GLYPH_RULE), style);
    if (focus) {
        style = pv_theme_style(theme, PV_ROLE_FOCUS);
    }
    int used = pv_grid_print(grid, area.column, line, area.columns - 1, style, "%s%s ",
                             focus ? pv_theme_glyph(theme, PV_GLYPH_POINTER) : " ", title);
    if (right) {
        int width = pv_width_text(right) + 2;
        if (used + width + 1 <= area.columns) {
            pv_grid_print(grid, area.column + area.columns - width - 1, line, width,
                          pv_theme_style(theme, PV_ROLE_QUIET), " %s ", right);
        }
    }
}

void pv_view_pane_title(const struct pv_model *model, struct pv_grid *grid, enum pv_pane pane,
                        const char *title, const char *right)
{
    pv_view_title_line(model, grid, model->panes[pane], title, right, model->focus == pane);
}
