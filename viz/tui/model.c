/* SPDX-License-Identifier: MIT
 *
 * model.c - the model's life and its moment in time: what a refresh makes, and in which order.
 *
 * Costs: a move in time is the timeline's seek; a refresh is O(live pebbles) for the snapshot,
 * the tags and the selection, and O(n log n) more only when the list is sorted.
 */
#include "viz/tui/model.h"

#include <stdarg.h>

#include "core/own.h"
#include "core/status.h"
#include "inspect/rules.h"

enum { PLAY_SECONDS = 20, TROUBLES_MAX = 1000000 };

void pv_model_say(struct pv_model *model, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(model->message, sizeof model->message, format, arguments);
    va_end(arguments);
}

/* Looks through the events that are new, so that failures and faults can be shown and jumped to
 * at once. */
static int find_troubles(struct pv_model *model)
{
    int64_t event = pv_timeline_trouble(model->timeline, model->looked);
    for (; event != PV_START && model->n_troubles < TROUBLES_MAX;
         event = pv_timeline_trouble(model->timeline, event + 1)) {
        int64_t *room =
            pv_own_room(model->troubles, model->n_troubles, &model->cap_troubles, sizeof *room);
        if (!room) {
            return PV_ENOMEM;
        }
        model->troubles = room;
        model->troubles[model->n_troubles++] = event;
    }
    model->looked = model->last + 1;
    return PV_OK;
}

int pv_model_init(struct pv_model *model, struct pv_timeline *timeline, const char *title,
                  int64_t at, struct pv_theme theme, int columns, int lines)
{
    *model = (struct pv_model){
        .timeline = timeline,
        .title = title ? title : "",
        .theme = theme,
        .last = pv_timeline_last(timeline),
        .stale = true,
        .selected = PV_NONE,
        .follow = true,
        .side = PV_PANE_TAGS,
        .paint = theme.level == PV_LEVEL_MONO ? PV_PAINT_LETTER : PV_PAINT_TAG,
    };
    model->speed = (double)(model->last + 1) / PLAY_SECONDS;
    if (model->speed < 1) {
        model->speed = 1;
    }
    pv_model_go(model, at);
    pv_model_resize(model, columns, lines);
    return find_troubles(model);
}

int pv_model_grown(struct pv_model *model)
{
    int64_t before = model->last;
    model->last = pv_timeline_last(model->timeline);
    model->lasting.known = false; /* more may have been freed */
    model->lasting.n = 0;
    if (model->last > before && before >= 0) {
        model->speed *= (double)(model->last + 1) / (double)(before + 1);
    }
    if (model->cursor == before || !model->reading.on) {
        model->stale = true;
        pv_model_go(model, model->cursor == before ? model->last : model->cursor);
    }
    return find_troubles(model);
}

void pv_model_fini(struct pv_model *model)
{
    pv_snapshot_close(model->snapshot);
    pv_own_free(model->troubles);
    pv_own_free(model->map.first);
    pv_own_free(model->map.order);
    pv_own_free(model->order);
    pv_own_free(model->tags);
    pv_own_free(model->match);
    pv_own_free(model->lasting.born);
    pv_sheet_fini(&model->sheet);
    pv_compare_end(model);
    pv_engines_stop(model);
    *model = (struct pv_model){0};
}

void pv_model_resize(struct pv_model *model, int columns, int lines)
{
    model->columns = columns;
    model->lines = lines;
    model->help &= columns >= PV_HELP_MIN_COLUMNS && lines >= PV_HELP_MIN_LINES;
    pv_model_layout(model);
}

void pv_model_go(struct pv_model *model, int64_t event)
{
    if (event < PV_START) {
        event = PV_START;
    }
    if (event > model->last) {
        event = model->last;
    }
    if (event != model->cursor || !model->snapshot) {
        model->cursor = event;
        model->stale = true;
    }
}

/* The row stays visible, a quarter of the pane kept around it where there is room. */
static size_t scroll(size_t top, size_t row, size_t n, int lines)
{
    size_t height = lines > 0 ? (size_t)lines : 1;
    size_t margin = height / 4;

    if (row < top + margin) {
        top = row > margin ? row - margin : 0;
    }
    if (row + margin >= top + height) {
        top = row + margin - height + 1;
    }
    size_t most = n > height ? n - height : 0;
    return top < most ? top : most;
}

static void scroll_panes(struct pv_model *model)
{
    if (model->selected != PV_NONE) {
        /* One line of the list is its head. */
        model->list_top =
            scroll(model->list_top, pv_model_pebble_row(model, model->selected),
                   model->snapshot->n_pebbles, model->panes[PV_PANE_LIST].lines - 1);
    }
    if (model->focus != PV_PANE_TAGS) {
        model->tags_top = 0; /* the largest come first */
        return;
    }
    size_t row = pv_model_tag_row(model);
    model->tags_top = scroll(model->tags_top, row == PV_NONE ? model->tags_top : row,
                             model->n_tags, model->panes[PV_PANE_TAGS].lines - 1);
}

/* Makes the snapshot of the cursor's moment. */
static int picture(struct pv_model *model)
{
    struct pv_snapshot *snapshot;
    int status;

    model->step = (struct pv_step){0};
    model->before = (struct pv_moment){0};
    if (model->cursor >= 0) {
        status = pv_timeline_seek(model->timeline, model->cursor - 1);
        if (status) {
            return status;
        }
        model->before = pv_timeline_moment(model->timeline);
        model->step = pv_timeline_step(model->timeline, model->cursor);
    }
    status = pv_timeline_seek(model->timeline, model->cursor);
    if (status) {
        return status;
    }
    model->now = pv_timeline_moment(model->timeline);
    status = pv_timeline_snapshot(model->timeline, &snapshot);
    if (status) {
        return status;
    }
    status = pv_rules_apply(snapshot);
    if (status) {
        pv_snapshot_close(snapshot);
        return status;
    }
    pv_snapshot_close(model->snapshot);
    model->snapshot = snapshot;
    model->selected = PV_NONE;
    model->stale = false;
    if (model->follow) {
        model->addr = model->step.has_made    ? model->step.made.addr
                      : model->step.has_ended ? model->step.ended.addr
                                              : model->addr;
    }
    status = pv_rows_tags(model);
    return status ? status : pv_rows_sort(model);
}

int pv_model_refresh(struct pv_model *model)
{
    bool stale = model->stale;

    if (stale) {
        int status = picture(model);
        if (status) {
            return status;
        }
    } else if (model->sort != PV_SORT_ADDRESS && model->cap_order == 0) {
        int status = pv_rows_sort(model);
        if (status) {
            return status;
        }
    }
    pv_model_settle(model);
    if (stale) {
        pv_model_take_tag(model);
    }
    pv_model_layout(model);
    int status = pv_map_shape_make(model);
    if (status) {
        return status;
    }
    pv_map_scroll(model, false);
    scroll_panes(model);
    return stale && model->sheet.kind != PV_SHEET_NONE ? pv_sheet_make(model) : PV_OK;
}

void pv_model_tick(struct pv_model *model, double milliseconds)
{
    if (!model->playing) {
        return;
    }
    double events = model->carry + model->speed * milliseconds / 1000;
    if (events > (double)(model->last - model->cursor)) {
        pv_model_go(model, model->last);
        model->playing = false;
        model->carry = 0;
        return;
    }
    pv_model_go(model, model->cursor + (int64_t)events);
    model->carry = events - (double)(int64_t)events;
}
