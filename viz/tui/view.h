/* SPDX-License-Identifier: MIT
 *
 * view.h - the views: pure functions from the model to a grid of cells.
 *
 * Each draws one pane into its area of the grid; pv_view_draw draws them all. The model must be
 * refreshed. They know no terminal, no clock and no file, and change nothing but the grid.
 */
#ifndef PV_VIEW_H
#define PV_VIEW_H

#include "viz/text/units.h"
#include "viz/tui/model.h"

/* The whole screen, or the sentence that it is too small. PV_ENOMEM. */
int pv_view_draw(const struct pv_model *model, struct pv_grid *grid);

/* O(pebbles of the visible buckets + visible cells). PV_ENOMEM. */
int pv_view_map(const struct pv_model *model, struct pv_grid *grid);
void pv_view_list(const struct pv_model *model, struct pv_grid *grid);
void pv_view_detail(const struct pv_model *model, struct pv_grid *grid);
void pv_view_tags(const struct pv_model *model, struct pv_grid *grid);
void pv_view_graph(const struct pv_model *model, struct pv_grid *grid);
void pv_view_title(const struct pv_model *model, struct pv_grid *grid, int line);
void pv_view_event(const struct pv_model *model, struct pv_grid *grid, int line);
void pv_view_status(const struct pv_model *model, struct pv_grid *grid, int line);
void pv_view_hints(const struct pv_model *model, struct pv_grid *grid, int line);
void pv_view_help(const struct pv_model *model, struct pv_grid *grid);

/* What is asked, in place of the panes. */
void pv_view_sheet(const struct pv_model *model, struct pv_grid *grid);

/* view_pane.c: the title line above an area, with a rule to its right end, that of a pane which
 * has the keys or another; `right` may be NULL and is left out where there is no room. */
void pv_view_title_line(const struct pv_model *model, struct pv_grid *grid, struct pv_area area,
                        const char *title, const char *right, bool focus);
void pv_view_pane_title(const struct pv_model *model, struct pv_grid *grid, enum pv_pane pane,
                        const char *title, const char *right);

#endif
