/* SPDX-License-Identifier: MIT
 *
 * model_move.c - by events, rows, cells and panes: what keys and the mouse move. O(1), but where
 * the list is sorted: O(pebbles) to find the selected row.
 */
#include "core/status.h"
#include "viz/tui/model.h"

enum { SHARES = 100 };

int64_t pv_model_page_events(const struct pv_model *model)
{
    int64_t page = (model->last + 1) / SHARES;
    return page > 1 ? page : 1;
}

void pv_model_move(struct pv_model *model, int64_t by)
{
    model->playing = false;
    pv_model_go(model, model->cursor + by);
}

void pv_model_focus(struct pv_model *model, enum pv_pane pane)
{
    model->focus = pane;
    if (pane == PV_PANE_TAGS || pane == PV_PANE_LIST || pane == PV_PANE_DETAIL) {
        model->side = pane;
    }
    pv_model_layout(model);
}

static void move_list(struct pv_model *model, int64_t by)
{
    size_t n = model->snapshot->n_pebbles;

    if (model->selected == PV_NONE) {
        return;
    }
    int64_t row = (int64_t)pv_model_pebble_row(model, model->selected) + by;
    row = row < 0 ? 0 : row >= (int64_t)n ? (int64_t)n - 1 : row;
    size_t pebble = pv_model_row_pebble(model, (size_t)row);
    pv_model_select(model, model->snapshot->pebbles[pebble].addr);
}

static void move_tags(struct pv_model *model, int64_t by)
{
    if (model->n_tags == 0) {
        return;
    }
    size_t at = pv_model_tag_row(model);
    int64_t row = at == PV_NONE ? 0 : (int64_t)at + by;
    row = row < 0 ? 0 : row >= (int64_t)model->n_tags ? (int64_t)model->n_tags - 1 : row;
    model->tag = model->tags[row].tag;
}

static size_t clamp(int64_t top, int most)
{
    return top < 0 || most < 0 ? 0 : top > most ? (size_t)most : (size_t)top;
}

/* Up and down in the pane that has the keys. */
int pv_model_scroll(struct pv_model *model, enum pv_pane pane, int by)
{
    int status = pv_model_refresh(model);

    if (status) {
        return status;
    }
    switch (pane) {
    case PV_PANE_MAP:
        pv_map_move(model, 0, by);
        break;
    case PV_PANE_LIST:
        move_list(model, by);
        break;
    case PV_PANE_TAGS:
        move_tags(model, by);
        break;
    case PV_PANE_DETAIL:
        model->detail_top = clamp((int64_t)model->detail_top + by,
                                  PV_DETAIL_ROWS - model->panes[PV_PANE_DETAIL].lines);
        break;
    default:
        pv_model_move(model, -by * pv_model_page_events(model));
        break;
    }
    return PV_OK;
}

int pv_model_across(struct pv_model *model, int by)
{
    if (model->focus == PV_PANE_MAP) {
        int status = pv_model_refresh(model);
        if (!status) {
            pv_map_move(model, by, 0);
        }
        return status;
    }
    if (model->focus == PV_PANE_GRAPH) {
        int columns = model->panes[PV_PANE_GRAPH].columns - PV_GRAPH_LABEL;
        int64_t events = columns > 0 ? (model->last + 1) / columns : 0;
        pv_model_move(model, by * (events > 1 ? events : 1));
        return PV_OK;
    }
    pv_model_move(model, by);
    return PV_OK;
}

int pv_model_page(struct pv_model *model, int sign)
{
    int lines = model->panes[model->focus].lines;
    return pv_model_scroll(model, model->focus, sign * (lines > 2 ? lines - 2 : 1));
}

/* Choosing among the tags begins with the largest. */
int pv_model_cycle(struct pv_model *model, int by)
{
    int status = pv_model_refresh(model);

    if (status) {
        return status;
    }
    pv_model_focus(model, (enum pv_pane)(((int)model->focus + by + PV_N_PANES) % PV_N_PANES));
    pv_model_take_tag(model);
    if (model->focus == PV_PANE_TAGS && !model->searching && model->n_tags) {
        model->tag = model->tags[0].tag;
    }
    return PV_OK;
}
