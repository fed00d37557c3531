/* SPDX-License-Identifier: MIT
 *
 * model_mouse.c - what a click and the wheel do in each pane, and which event a column of the
 * graph stands for.
 */
#include "core/status.h"
#include "viz/tui/model.h"

enum { WHEEL = 3 };

static bool inside(struct pv_area area, const struct pv_mouse *mouse)
{
    /* The title line belongs to the pane. */
    return mouse->column >= area.column && mouse->column < area.column + area.columns &&
           mouse->line >= area.line - 1 && mouse->line < area.line + area.lines;
}

static void click(struct pv_model *model, enum pv_pane pane, int column, int line)
{
    size_t row = line > 0 ? (size_t)line - 1 : 0; /* one line of the tables is their head */

    switch (pane) {
    case PV_PANE_MAP:
        pv_map_click(model, column, line);
        break;
    case PV_PANE_LIST:
        row += model->list_top;
        if (line > 0 && row < model->snapshot->n_pebbles) {
            size_t pebble = pv_model_row_pebble(model, row);
            pv_model_select(model, model->snapshot->pebbles[pebble].addr);
        }
        break;
    case PV_PANE_TAGS:
        row += model->tags_top;
        if (line > 0 && row < model->n_tags) {
            model->tag = model->tags[row].tag;
        }
        break;
    case PV_PANE_GRAPH:
        if (column >= PV_GRAPH_LABEL) {
            model->playing = false;
            pv_model_go(model, pv_graph_event(model, column - PV_GRAPH_LABEL,
                                              model->panes[pane].columns - PV_GRAPH_LABEL));
        }
        break;
    default:
        break;
    }
}

/* A click chooses a row; the wheel moves through them. */
static void click_sheet(struct pv_model *model, const struct pv_mouse *mouse)
{
    if (mouse->kind != PV_MOUSE_CLICK) {
        pv_sheet_move(model, mouse->kind == PV_MOUSE_WHEEL_UP ? -WHEEL : WHEEL);
        return;
    }
    int line = mouse->line - model->body.line - pv_sheet_note_lines(model) - 1;
    if (line >= 0 && line < pv_sheet_height(model)) {
        pv_sheet_move(model, (int64_t)model->sheet.top + line - (int64_t)model->sheet.row);
    }
}

int pv_model_mouse(struct pv_model *model, const struct pv_mouse *mouse)
{
    model->message[0] = '\0';
    if (model->help) {
        model->help = false;
        return PV_OK;
    }
    int status = pv_model_refresh(model);
    if (status == 0 && model->sheet.kind != PV_SHEET_NONE) {
        click_sheet(model, mouse);
        return PV_OK;
    }
    for (int i = 0; status == 0 && i < PV_N_PANES; i++) {
        struct pv_area area = model->panes[i];
        if (area.columns == 0 || !inside(area, mouse)) {
            continue;
        }
        if (mouse->kind != PV_MOUSE_CLICK) {
            return pv_model_scroll(model, (enum pv_pane)i,
                                   mouse->kind == PV_MOUSE_WHEEL_UP ? -WHEEL : WHEEL);
        }
        if (mouse->line >= area.line) {
            click(model, (enum pv_pane)i, mouse->column - area.column, mouse->line - area.line);
        }
        pv_model_focus(model, (enum pv_pane)i);
        return PV_OK;
    }
    return status;
}

int64_t pv_graph_event(const struct pv_model *model, int column, int columns)
{
    int64_t n = model->last + 1;

    if (columns < 1 || n < 1) {
        return PV_START;
    }
    int64_t event = (int64_t)column * n / columns;
    return event < n ? event : n - 1;
}

int pv_graph_column(const struct pv_model *model, int64_t event, int columns)
{
    int64_t n = model->last + 1;

    if (event < 0 || n < 1 || columns < 1) {
        return 0;
    }
    /* The last column that begins at this event or before it. */
    int64_t column = ((event + 1) * columns + n - 1) / n - 1;
    return (int)(column < columns ? column : columns - 1);
}
