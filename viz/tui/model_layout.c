/* SPDX-License-Identifier: MIT
 *
 * model_layout.c - where the panes lie, from the screen's extent.
 *
 *   title                                      wide: all panes; the right column is stacked
 *   map                | tags                  narrow: the right column shows the one of the
 *                      | list                  three that has, or had, the keys
 *                      | detail                below 76 columns: one pane at a time
 *   graph
 *   event, status, hints
 *
 * Below 60 columns or 16 lines the graph goes, below 12 lines all but one line of the foot.
 *
 * Each pane has a title line above it, which is not part of its area.
 */
#include "viz/tui/model.h"

enum {
    NARROW = 76,          /* below: one pane at a time */
    STACKED_COLUMNS = 96, /* from here on, and from STACKED_LINES on, all panes show */
    STACKED_LINES = 30,
    FOOT = 3,           /* event, status, hints */
    FOOT_LINES = 12,    /* from here on all three */
    GRAPH_COLUMNS = 60, /* from here on, and from GRAPH_LINES on, there is a graph */
    GRAPH_LINES = 16,
    DETAIL_LINES = 13,
    DETAIL_ROWS = 20, /* with which every field shows */
};

bool pv_model_too_small(const struct pv_model *model)
{
    return model->columns < PV_SCREEN_MIN_COLUMNS || model->lines < PV_SCREEN_MIN_LINES;
}

int pv_model_foot(const struct pv_model *model)
{
    return model->lines < FOOT_LINES ? 1 : FOOT;
}

/* Without its title. */
static int graph_lines(const struct pv_model *model)
{
    if (model->lines < 20) {
        return 3;
    }
    if (model->lines < STACKED_LINES) {
        return 4;
    }
    int lines = model->lines / 6;
    return lines > 12 ? 12 : lines;
}

static void set(struct pv_model *model, enum pv_pane pane, int column, int line, int columns,
                int lines)
{
    /* The first line is the pane's title. */
    model->panes[pane] = (struct pv_area){column, line + 1, columns, lines - 1};
}

void pv_model_layout(struct pv_model *model)
{
    for (int i = 0; i < PV_N_PANES; i++) {
        model->panes[i] = (struct pv_area){0};
    }
    model->body = (struct pv_area){0};
    if (pv_model_too_small(model)) {
        return;
    }
    int foot = pv_model_foot(model);
    model->body = (struct pv_area){0, 2, model->columns, model->lines - foot - 2};
    bool has_graph = model->columns >= GRAPH_COLUMNS && model->lines >= GRAPH_LINES;
    int graph = has_graph ? graph_lines(model) + 1 : 0;
    int body = model->lines - 1 - foot - graph;
    int line = 1;

    if (has_graph) {
        set(model, PV_PANE_GRAPH, 0, line + body, model->columns, graph);
    }
    enum pv_pane side = model->focus == PV_PANE_MAP || model->focus == PV_PANE_GRAPH
                            ? model->side
                            : model->focus;
    if (model->columns < NARROW) {
        enum pv_pane shown = model->focus == PV_PANE_GRAPH ? PV_PANE_MAP : model->focus;
        set(model, shown, 0, line, model->columns, body);
        return;
    }
    int left = model->columns * 58 / 100;
    int right = model->columns - left - 1;

    set(model, PV_PANE_MAP, 0, line, left, body);
    if (model->columns < STACKED_COLUMNS || model->lines < STACKED_LINES) {
        set(model, side, left + 1, line, right, body);
        return;
    }
    /* The pane that has the keys takes half of the column, the other two share the rest. */
    int detail = body > 3 * DETAIL_LINES ? DETAIL_LINES : body * 2 / 5;
    int tags = (body - detail) / 2;
    if (model->focus == PV_PANE_DETAIL) {
        detail = body > 2 * DETAIL_ROWS ? DETAIL_ROWS : body / 2;
        tags = (body - detail) / 2;
    } else if (model->focus == PV_PANE_TAGS) {
        tags = body / 2;
        detail = (body - tags) / 2;
    } else if (model->focus == PV_PANE_LIST) {
        detail = body / 4;
        tags = body / 4;
    }
    set(model, PV_PANE_TAGS, left + 1, line, right, tags);
    set(model, PV_PANE_LIST, left + 1, line + tags, right, body - detail - tags);
    set(model, PV_PANE_DETAIL, left + 1, line + body - detail, right, detail);
}
