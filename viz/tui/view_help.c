/* SPDX-License-Identifier: MIT
 *
 * view_help.c - the list of keys, over the panes. It scrolls where it does not fit.
 */
#include "viz/tui/help_lines.h"
#include "viz/tui/view.h"

void pv_view_help(const struct pv_model *model, struct pv_grid *grid)
{
    const struct pv_theme *theme = &model->theme;
    struct pv_style text = pv_theme_style(theme, PV_ROLE_TEXT);
    struct pv_style title = pv_theme_style(theme, PV_ROLE_TITLE);
    struct pv_help_line lines[PV_HELP_MOST_LINES];
    int width = pv_help_columns(grid->columns);
    int height = pv_help_height(grid->columns, grid->lines);
    size_t most = pv_help_most(grid->columns, grid->lines);
    size_t top = model->help_top < most ? model->help_top : most;
    int column = (grid->columns - width) / 2, line = (grid->lines - height - 2) / 2;

    pv_help_lines(pv_help_width(grid->columns), lines);
    pv_grid_fill(grid, (struct pv_area){column, line, width, height + 2}, " ", text);
    pv_grid_fill(grid, (struct pv_area){column, line, width, 1}, " ", title);
    pv_grid_text(grid, column + 1, line, width - 2, title,
                 most ? "Keys (down scrolls, another key closes)" : "Keys (any key closes)");
    for (int i = 0; i < height; i++) {
        const struct pv_help_line *at = &lines[top + (size_t)i];
        int y = line + 1 + i;
        if (at->heading) {
            pv_grid_text(grid, column + 1, y, width - 2, pv_theme_style(theme, PV_ROLE_FOCUS),
                         at->key);
            continue;
        }
        pv_grid_text(grid, column + 2, y, PV_HELP_KEYS - 1, pv_theme_style(theme, PV_ROLE_KEY),
                     at->key);
        pv_grid_text(grid, column + 1 + PV_HELP_KEYS, y, width - PV_HELP_KEYS - 2, text,
                     at->text);
    }
    pv_grid_fill(grid, (struct pv_area){column, line + height + 1, width, 1}, " ", title);
}
