/* SPDX-License-Identifier: MIT
 *
 * model_keys.c - what each key and each click does. The list for users is view_help.c.
 *
 * A handler that only moves in time leaves the snapshot stale; one that needs to know what is
 * selected refreshes first. So keys held down cost their seeks and one picture.
 */
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "viz/model.h"

enum { CONTROL_C = 3, CONTROL_D = 4, CONTROL_U = 21, WHEEL = 3, SHARES = 100 };

static int64_t page_events(const struct pv_model *model)
{
    int64_t page = (model->last + 1) / SHARES;
    return page > 1 ? page : 1;
}

static void move_time(struct pv_model *model, int64_t by)
{
    model->playing = false;
    pv_model_go(model, model->cursor + by);
}

/* ---- jumps ---- */

static void go_trouble(struct pv_model *model, bool forward)
{
    size_t i = 0;

    while (i < model->n_troubles && model->troubles[i] < model->cursor + (forward ? 1 : 0)) {
        i++;
    }
    if (forward ? i == model->n_troubles : i == 0) {
        pv_model_say(model,
                     model->n_troubles ? "no fault or failure %s this event"
                                       : "this trace has no faults and no failures",
                     forward ? "after" : "before");
        return;
    }
    model->playing = false;
    pv_model_go(model, model->troubles[forward ? i : i - 1]);
}

static void go_mark(struct pv_model *model, bool forward)
{
    size_t n, i = 0;
    const struct pv_mark_row *marks = pv_timeline_marks(model->timeline, &n);

    while (i < n && marks[i].event < model->cursor + (forward ? 1 : 0)) {
        i++;
    }
    if (forward ? i == n : i == 0) {
        pv_model_say(model, n ? "no mark %s this event" : "this trace has no marks",
                     forward ? "after" : "before");
        return;
    }
    const struct pv_mark_row *mark = &marks[forward ? i : i - 1];
    model->playing = false;
    pv_model_go(model, mark->event);
    pv_model_say(model, "mark: %s", mark->name);
}

static void go_tag(struct pv_model *model, int64_t from, bool forward)
{
    int64_t event = pv_timeline_find_tag(model->timeline, model->tag, from, forward);
    const char *tag = pv_model_tag_text(model, model->tag);

    if (event == PV_START) {
        pv_model_say(model, "no allocation of %s %s this event", *tag ? tag : "(no name)",
                     forward ? "after" : "before");
        return;
    }
    model->playing = false;
    model->follow = true;
    pv_model_go(model, event);
}

static void go_birth(struct pv_model *model)
{
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (model->focus == PV_PANE_TAGS) {
        go_tag(model, PV_START, true);
    } else if (!pebble || !pv_pebble_row_used(pebble) || pebble->born == PV_UNKNOWN) {
        pv_model_say(model, "a free pebble has no birth: select a used one");
    } else {
        model->playing = false;
        model->follow = true;
        pv_model_go(model, (int64_t)pebble->born);
    }
}

/* ---- prompts ---- */

static int go_typed(struct pv_model *model)
{
    const char *text = model->typed;
    int64_t event;

    if (!*text) {
        return 0;
    }
    if (strncmp(text, "0x", 2) == 0) {
        int result = pv_model_refresh(model);
        if (!result) {
            pv_model_select(model, strtoull(text, NULL, 16));
        }
        return result;
    }
    if (*text == '+' || (*text == '-' && text[1])) {
        move_time(model, strtoll(text, NULL, 10));
        return 0;
    }
    if (pv_timeline_moment_named(model->timeline, text, &event)) {
        pv_model_say(
            model, "no such moment: %s (a number, +N, -N, start, end, peak, mark:NAME or 0x…)",
            text);
        return 0;
    }
    model->playing = false;
    pv_model_go(model, event);
    return 0;
}

static void type(struct pv_model *model, uint32_t key)
{
    char bytes[4];
    size_t n = 0;

    if (key < 0x80) {
        bytes[n++] = (char)key;
    } else if (key < 0x800) {
        bytes[n++] = (char)(0xC0 | key >> 6);
        bytes[n++] = (char)(0x80 | (key & 0x3F));
    } else if (key < 0x10000) {
        bytes[n++] = (char)(0xE0 | key >> 12);
        bytes[n++] = (char)(0x80 | (key >> 6 & 0x3F));
        bytes[n++] = (char)(0x80 | (key & 0x3F));
    } else {
        bytes[n++] = (char)(0xF0 | key >> 18);
        bytes[n++] = (char)(0x80 | (key >> 12 & 0x3F));
        bytes[n++] = (char)(0x80 | (key >> 6 & 0x3F));
        bytes[n++] = (char)(0x80 | (key & 0x3F));
    }
    if (model->n_typed + n < sizeof model->typed) {
        memcpy(model->typed + model->n_typed, bytes, n);
        model->n_typed += n;
        model->typed[model->n_typed] = '\0';
    }
}

static int prompt_key(struct pv_model *model, uint32_t key)
{
    enum pv_prompt prompt = model->prompt;

    switch (key) {
    case PV_KEY_ESCAPE:
        model->prompt = PV_PROMPT_NONE;
        return 0;
    case PV_KEY_ENTER: {
        model->prompt = PV_PROMPT_NONE;
        if (prompt == PV_PROMPT_GO) {
            return go_typed(model);
        }
        int result = pv_model_refresh(model);
        return result ? result : pv_search_begin(model, model->typed);
    }
    case PV_KEY_BACKSPACE:
        while (model->n_typed && (model->typed[model->n_typed - 1] & 0xC0) == 0x80) {
            model->n_typed--;
        }
        model->n_typed -= model->n_typed > 0;
        model->typed[model->n_typed] = '\0';
        return 0;
    case CONTROL_U:
        model->n_typed = 0;
        model->typed[0] = '\0';
        return 0;
    default:
        /* Controls, C1 included, are no text. */
        if (key >= 0x20 && key < PV_KEY_LEFT && !(key >= 0x7F && key < 0xA0)) {
            type(model, key);
        }
        return 0;
    }
}

static void prompt(struct pv_model *model, enum pv_prompt which)
{
    model->prompt = which;
    model->n_typed = 0;
    model->typed[0] = '\0';
}

/* ---- panes ---- */

static void set_focus(struct pv_model *model, enum pv_pane pane)
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

/* Up and down in the pane that has the keys. */
static int move_vertically(struct pv_model *model, enum pv_pane pane, int by)
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
        if (by < 0 && model->detail_top < (size_t)-by) {
            model->detail_top = 0;
        } else {
            model->detail_top += (size_t)(int64_t)by;
        }
        break;
    default:
        move_time(model, -by * page_events(model));
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
        move_time(model, by * (events > 1 ? events : 1));
        return 0;
    }
    move_time(model, by);
    return 0;
}

static int move_page(struct pv_model *model, int sign)
{
    int lines = model->panes[model->focus].lines;
    return move_vertically(model, model->focus, sign * (lines > 2 ? lines - 2 : 1));
}

/* Choosing among the tags begins with the largest. */
static int cycle_focus(struct pv_model *model, int by)
{
    int result = pv_model_refresh(model);

    if (result) {
        return result;
    }
    set_focus(model, (enum pv_pane)(((int)model->focus + by + PV_N_PANES) % PV_N_PANES));
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
        move_time(model, -1);
        return true;
    case ']':
        move_time(model, 1);
        return true;
    case 'b':
        move_time(model, -page_events(model));
        return true;
    case 'f':
        move_time(model, page_events(model));
        return true;
    case PV_KEY_HOME:
        move_time(model, PV_START - model->cursor);
        return true;
    case PV_KEY_END:
    case 'G':
        move_time(model, model->last - model->cursor);
        return true;
    case 'p':
        move_time(model, pv_timeline_stats(model->timeline)->peak_live.event - model->cursor);
        return true;
    case 'e':
    case 'F':
        go_trouble(model, true);
        return true;
    case 'E':
        go_trouble(model, false);
        return true;
    case 'm':
        go_mark(model, true);
        return true;
    case 'M':
        go_mark(model, false);
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
        go_tag(model, model->cursor, false);
        break;
    case '}':
        go_tag(model, model->cursor, true);
        break;
    case 'O':
        go_tag(model, PV_START, true);
        break;
    default:
        go_birth(model);
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
        return move_vertically(model, model->focus, -1);
    case PV_KEY_DOWN:
    case 'j':
        return move_vertically(model, model->focus, 1);
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
        prompt(model, PV_PROMPT_GO);
        break;
    case '/':
        prompt(model, PV_PROMPT_SEARCH);
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

static int help_key(struct pv_model *model, uint32_t key)
{
    switch (key) {
    case PV_KEY_DOWN:
    case 'j':
        model->help_top++;
        return 0;
    case PV_KEY_UP:
    case 'k':
        model->help_top -= model->help_top > 0;
        return 0;
    case PV_KEY_PAGE_DOWN:
    case PV_KEY_SPACE:
        model->help_top += 10;
        return 0;
    case PV_KEY_PAGE_UP:
        model->help_top -= model->help_top < 10 ? model->help_top : 10;
        return 0;
    default:
        model->help = false;
        return 0;
    }
}

int pv_model_key(struct pv_model *model, uint32_t key)
{
    model->message[0] = '\0';
    if (key == CONTROL_C) {
        return PV_MODEL_QUIT;
    }
    if (model->help) {
        return help_key(model, key);
    }
    if (model->prompt != PV_PROMPT_NONE) {
        return prompt_key(model, key);
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

/* ---- mouse ---- */

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

int pv_model_mouse(struct pv_model *model, const struct pv_mouse *mouse)
{
    model->message[0] = '\0';
    if (model->help) {
        model->help = false;
        return 0;
    }
    int result = pv_model_refresh(model);
    for (int i = 0; result == 0 && i < PV_N_PANES; i++) {
        struct pv_area area = model->panes[i];
        if (area.columns == 0 || !inside(area, mouse)) {
            continue;
        }
        if (mouse->kind != PV_MOUSE_CLICK) {
            return move_vertically(model, (enum pv_pane)i,
                                   mouse->kind == PV_MOUSE_WHEEL_UP ? -WHEEL : WHEEL);
        }
        if (mouse->line >= area.line) {
            click(model, (enum pv_pane)i, mouse->column - area.column, mouse->line - area.line);
        }
        set_focus(model, (enum pv_pane)i);
        return 0;
    }
    return result;
}

/* ---- the graph's columns ---- */

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
