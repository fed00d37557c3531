/* SPDX-License-Identifier: MIT
 *
 * model_keys.c - what each key does. The list for users is view_help.c.
 *
 * A handler that only moves in time leaves the snapshot stale; one that needs to know what is
 * selected refreshes first. So keys held down cost their seeks and one picture.
 */
#include <string.h>

#include "core/status.h"
#include "viz/tui/model.h"

enum { CONTROL_C = 3, CONTROL_D = 4, CONTROL_U = 21, SHARES = 100 };

static int64_t page_events(const struct pv_model *model)
{
    int64_t page = (model->last + 1) / SHARES;
    return page > 1 ? page : 1;
}

void pv_model_move(struct pv_model *model, int64_t by)
{
    model->playing = false;
    pv_model_go(model, model->cursor + by);
}

/* ---- panes ---- */

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
    int result = pv_model_refresh(model);

    if (result) {
        return result;
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
        pv_model_move(model, -by * page_events(model));
        break;
    }
    return 0;
}

static int move_across(struct pv_model *model, int by)
{
    if (model->focus == PV_PANE_MAP) {
        int result = pv_model_refresh(model);
        if (!result) {
            pv_map_move(model, by, 0);
        }
        return result;
    }
    if (model->focus == PV_PANE_GRAPH) {
        int columns = model->panes[PV_PANE_GRAPH].columns - PV_GRAPH_LABEL;
        int64_t events = columns > 0 ? (model->last + 1) / columns : 0;
        pv_model_move(model, by * (events > 1 ? events : 1));
        return 0;
    }
    pv_model_move(model, by);
    return 0;
}

static int move_page(struct pv_model *model, int sign)
{
    int lines = model->panes[model->focus].lines;
    return pv_model_scroll(model, model->focus, sign * (lines > 2 ? lines - 2 : 1));
}

/* Choosing among the tags begins with the largest. */
static int cycle_focus(struct pv_model *model, int by)
{
    int result = pv_model_refresh(model);

    if (result) {
        return result;
    }
    pv_model_focus(model, (enum pv_pane)(((int)model->focus + by + PV_N_PANES) % PV_N_PANES));
    pv_model_take_tag(model);
    if (model->focus == PV_PANE_TAGS && !model->searching && model->n_tags) {
        model->tag = model->tags[0].tag;
    }
    return 0;
}

static int zoom(struct pv_model *model, int by)
{
    int result = pv_model_refresh(model);

    if (result) {
        return result;
    }
    model->zoom = model->zoom + by < 0 ? 0 : model->zoom + by;
    result = pv_map_shape_make(model);
    pv_map_scroll(model, true);
    return result;
}

static int enter(struct pv_model *model)
{
    if (model->focus == PV_PANE_TAGS) {
        int result = pv_model_refresh(model);
        return result ? result : pv_search_tag(model, model->tag);
    }
    model->follow = !model->follow;
    model->stale = true;
    pv_model_say(model, model->follow ? "the selection follows the event"
                                      : "the selection stays where it is");
    return 0;
}

static void change_speed(struct pv_model *model, double factor)
{
    double speed = model->speed * factor;

    model->speed = speed < 1 ? 1 : speed > 1e9 ? 1e9 : speed;
    pv_model_say(model, "%.0f events a second", model->speed);
}

static void play(struct pv_model *model)
{
    model->playing = !model->playing;
    model->carry = 0;
    if (model->playing && model->cursor >= model->last) {
        pv_model_go(model, PV_START);
    }
}

/* ---- tables of keys ---- */

static bool time_key(struct pv_model *model, uint32_t key)
{
    switch (key) {
    case '[':
        pv_model_move(model, -1);
        return true;
    case ']':
        pv_model_move(model, 1);
        return true;
    case 'b':
        pv_model_move(model, -page_events(model));
        return true;
    case 'f':
        pv_model_move(model, page_events(model));
        return true;
    case PV_KEY_HOME:
        pv_model_move(model, PV_START - model->cursor);
        return true;
    case PV_KEY_END:
    case 'G':
        pv_model_move(model, model->last - model->cursor);
        return true;
    case 'p':
        pv_model_move(model,
                      pv_timeline_stats(model->timeline)->peak_live.event - model->cursor);
        return true;
    case 'e':
    case 'F':
        pv_jump_trouble(model, true);
        return true;
    case 'E':
        pv_jump_trouble(model, false);
        return true;
    case 'm':
        pv_jump_mark(model, true);
        return true;
    case 'M':
        pv_jump_mark(model, false);
        return true;
    case PV_KEY_SPACE:
        play(model);
        return true;
    case '<':
        change_speed(model, 0.5);
        return true;
    case '>':
        change_speed(model, 2);
        return true;
    default:
        return false;
    }
}

/* Keys that need to know what is selected now. 1: not one of them. */
static int selection_key(struct pv_model *model, uint32_t key)
{
    if (key == 0 || key >= 0x80 || !strchr("{}oBO", (int)key)) {
        return 1;
    }
    int result = pv_model_refresh(model);
    if (result) {
        return result;
    }
    switch (key) {
    case '{':
        pv_jump_tag(model, model->cursor, false);
        break;
    case '}':
        pv_jump_tag(model, model->cursor, true);
        break;
    case 'O':
        pv_jump_tag(model, PV_START, true);
        break;
    default:
        pv_jump_birth(model);
        break;
    }
    return 0;
}

/* 1: not one of them. */
static int pane_key(struct pv_model *model, uint32_t key)
{
    switch (key) {
    case PV_KEY_UP:
    case 'k':
        return pv_model_scroll(model, model->focus, -1);
    case PV_KEY_DOWN:
    case 'j':
        return pv_model_scroll(model, model->focus, 1);
    case PV_KEY_LEFT:
    case 'h':
        return move_across(model, -1);
    case PV_KEY_RIGHT:
    case 'l':
        return move_across(model, 1);
    case PV_KEY_PAGE_UP:
    case CONTROL_U:
        return move_page(model, -1);
    case PV_KEY_PAGE_DOWN:
    case CONTROL_D:
        return move_page(model, 1);
    case PV_KEY_TAB:
        return cycle_focus(model, 1);
    case PV_KEY_BACK_TAB:
        return cycle_focus(model, -1);
    case '+':
    case '=':
        return zoom(model, 1);
    case '-':
        return zoom(model, -1);
    case PV_KEY_ENTER:
        return enter(model);
    default:
        return 1;
    }
}

static void view_key(struct pv_model *model, uint32_t key)
{
    static const char *const paints[] = {"tags", "tags' letters", "ages"};
    static const char *const sorts[] = {"address", "size", "age", "tag"};

    switch (key) {
    case 'c':
        model->paint = (enum pv_paint)((model->paint + 1) % PV_N_PAINTS);
        pv_model_say(model, "the map shows %s", paints[model->paint]);
        break;
    case 's':
        model->sort = (enum pv_sort)((model->sort + 1) % PV_N_SORTS);
        model->stale = true;
        pv_model_say(model, "the list is sorted by %s", sorts[model->sort]);
        break;
    case 'z':
        model->fit_now = !model->fit_now;
        pv_model_say(model, model->fit_now ? "scale: the heap as it is now"
                                           : "scale: the heap at its largest");
        break;
    case 'g':
    case ':':
        pv_prompt_open(model, PV_PROMPT_GO);
        break;
    case '/':
        pv_prompt_open(model, PV_PROMPT_SEARCH);
        break;
    case '?':
    case PV_KEY_F1:
        model->help = true;
        model->help_top = 0;
        break;
    case PV_KEY_ESCAPE:
        pv_search_end(model);
        break;
    default:
        pv_model_say(model, "this key does nothing: ? lists those that do");
        break;
    }
}

static void help_key(struct pv_model *model, uint32_t key)
{
    int page = model->lines - 5, by;

    switch (key) {
    case PV_KEY_DOWN:
    case 'j':
        by = 1;
        break;
    case PV_KEY_UP:
    case 'k':
        by = -1;
        break;
    case PV_KEY_PAGE_DOWN:
    case PV_KEY_SPACE:
        by = page;
        break;
    case PV_KEY_PAGE_UP:
        by = -page;
        break;
    default:
        model->help = false;
        return;
    }
    model->help_top = clamp((int64_t)model->help_top + by, PV_HELP_LINES - (model->lines - 4));
}

int pv_model_key(struct pv_model *model, uint32_t key)
{
    model->message[0] = '\0';
    if (key == CONTROL_C) {
        return PV_MODEL_QUIT;
    }
    if (model->help) {
        help_key(model, key);
        return 0;
    }
    if (model->prompt != PV_PROMPT_NONE) {
        return pv_prompt_key(model, key);
    }
    if (key == 'q') {
        return PV_MODEL_QUIT;
    }
    if (time_key(model, key)) {
        return 0;
    }
    int result = pane_key(model, key);
    if (result == 1) {
        result = selection_key(model, key);
    }
    if (result == 1 && (key == 'n' || key == 'N')) {
        result = pv_search_next(model, key == 'n');
    }
    if (result == 1) {
        view_key(model, key);
        result = 0;
    }
    return result;
}
