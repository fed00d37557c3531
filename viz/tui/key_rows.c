/* SPDX-License-Identifier: MIT
 *
 * key_rows.c - the table of keys and what each does.
 *
 * A handler that only moves in time leaves the snapshot stale; one that needs to know what is
 * selected refreshes first. So keys held down cost their seeks and one picture.
 */
#include "viz/tui/key_rows.h"

#include <string.h>

#include "core/status.h"

/* ---- time ---- */

/* The count that was typed before the key; 1 without. */
static int times(const struct pv_model *model)
{
    return model->count ? (int)model->count : 1;
}

static int step(struct pv_model *model, uint32_t key)
{
    pv_model_move(model, key == '[' ? -times(model) : times(model));
    return PV_OK;
}

static int page_events(struct pv_model *model, uint32_t key)
{
    pv_model_move(model,
                  (key == 'b' ? -times(model) : times(model)) * pv_model_page_events(model));
    return PV_OK;
}

static int to_end(struct pv_model *model, uint32_t key)
{
    int64_t to = key == 'G' && model->count ? (int64_t)model->count
                 : key == PV_KEY_HOME       ? PV_START
                                            : model->last;

    pv_model_move(model, to - model->cursor);
    return PV_OK;
}

static int to_peak(struct pv_model *model, uint32_t key)
{
    (void)key;
    pv_model_move(model, pv_timeline_stats(model->timeline)->peak_live.event - model->cursor);
    return PV_OK;
}

static int ask_place(struct pv_model *model, uint32_t key)
{
    (void)key;
    pv_prompt_open(model, PV_PROMPT_GO);
    return PV_OK;
}

static int trouble(struct pv_model *model, uint32_t key)
{
    pv_jump_trouble(model, key != ',');
    return PV_OK;
}

static int mark(struct pv_model *model, uint32_t key)
{
    pv_jump_mark(model, key == 't');
    return PV_OK;
}

static int of_tag(struct pv_model *model, uint32_t key)
{
    int status = pv_model_refresh(model);

    if (!status) {
        pv_jump_tag(model, key == 'O' ? PV_START : model->cursor, key != '{');
    }
    return status;
}

static int touch(struct pv_model *model, uint32_t key)
{
    int status = pv_model_refresh(model);

    if (!status) {
        pv_jump_touch(model, key == ')');
    }
    return status;
}

static int birth(struct pv_model *model, uint32_t key)
{
    int status = pv_model_refresh(model);

    (void)key;
    if (!status) {
        pv_jump_birth(model);
    }
    return status;
}

static int trail(struct pv_model *model, uint32_t key)
{
    pv_trail_walk(model, key == 'u');
    return PV_OK;
}

static int digit(struct pv_model *model, uint32_t key)
{
    enum { COUNT_MAX = 999999999 };

    if (key == '0' && !model->count) {
        pv_model_say(model, "a count begins with 1 to 9");
        return PV_OK;
    }
    if (model->count <= COUNT_MAX / 10) {
        model->count = model->count * 10 + (key - '0');
    }
    pv_model_say(model, "%u times the next key", (unsigned)model->count);
    return PV_OK;
}

static int play(struct pv_model *model, uint32_t key)
{
    (void)key;
    model->playing = !model->playing;
    model->carry = 0;
    if (model->playing && model->cursor >= model->last) {
        pv_model_go(model, PV_START);
    }
    return PV_OK;
}

static int change_speed(struct pv_model *model, uint32_t key)
{
    double speed = model->speed * (key == '<' ? 0.5 : 2);

    model->speed = speed < 1 ? 1 : speed > 1e9 ? 1e9 : speed;
    pv_model_say(model, "%.0f events a second", model->speed);
    return PV_OK;
}

/* ---- the heap ---- */

static int up_down(struct pv_model *model, uint32_t key)
{
    return pv_model_scroll(model, model->focus,
                           key == PV_KEY_UP || key == 'k' ? -times(model) : times(model));
}

static int left_right(struct pv_model *model, uint32_t key)
{
    return pv_model_across(model,
                           key == PV_KEY_LEFT || key == 'h' ? -times(model) : times(model));
}

static int page(struct pv_model *model, uint32_t key)
{
    return pv_model_page(model, key == PV_KEY_PAGE_UP || key == PV_KEY_CONTROL_U ? -1 : 1);
}

static int pane(struct pv_model *model, uint32_t key)
{
    return pv_model_cycle(model, key == PV_KEY_TAB ? 1 : -1);
}

static int zoom(struct pv_model *model, uint32_t key)
{
    int by = key == '-' ? -1 : 1;
    int status = pv_model_refresh(model);

    if (status) {
        return status;
    }
    model->zoom = model->zoom + by < 0 ? 0 : model->zoom + by;
    status = pv_map_shape_make(model);
    pv_map_scroll(model, true);
    return status;
}

static int enter(struct pv_model *model, uint32_t key)
{
    (void)key;
    if (model->focus == PV_PANE_TAGS) {
        int status = pv_model_refresh(model);
        return status ? status : pv_search_tag(model, model->tag);
    }
    model->follow = !model->follow;
    model->stale = true;
    pv_model_say(model, model->follow ? "the selection follows the event"
                                      : "the selection stays where it is");
    return PV_OK;
}

static int scale(struct pv_model *model, uint32_t key)
{
    (void)key;
    model->fit_now = !model->fit_now;
    pv_model_say(model, model->fit_now ? "scale: the heap as it is now"
                                       : "scale: the heap at its largest");
    return PV_OK;
}

static int paint(struct pv_model *model, uint32_t key)
{
    static const char *const paints[] = {"tags", "tags' letters", "ages"};

    (void)key;
    model->paint = (enum pv_paint)((model->paint + 1) % PV_N_PAINTS);
    pv_model_say(model, "the map shows %s", paints[model->paint]);
    return PV_OK;
}

static int sort(struct pv_model *model, uint32_t key)
{
    static const char *const sorts[] = {"address", "size", "age", "tag"};

    (void)key;
    model->sort = (enum pv_sort)((model->sort + 1) % PV_N_SORTS);
    model->stale = true;
    pv_model_say(model, "the list is sorted by %s", sorts[model->sort]);
    return PV_OK;
}

static int ask_tag(struct pv_model *model, uint32_t key)
{
    (void)key;
    pv_prompt_open(model, PV_PROMPT_SEARCH);
    return PV_OK;
}

static int found(struct pv_model *model, uint32_t key)
{
    return pv_search_next(model, key == 'n');
}

static int end_search(struct pv_model *model, uint32_t key)
{
    (void)key;
    pv_search_end(model);
    return PV_OK;
}

static int help(struct pv_model *model, uint32_t key)
{
    (void)key;
    if (model->columns < PV_HELP_MIN_COLUMNS || model->lines < PV_HELP_MIN_LINES) {
        pv_model_say(model, "needs %dx%d: 'pebbleviz help keys'", PV_HELP_MIN_COLUMNS,
                     PV_HELP_MIN_LINES);
        return PV_OK;
    }
    model->help = true;
    model->help_top = 0;
    return PV_OK;
}

static int leave(struct pv_model *model, uint32_t key)
{
    (void)model;
    (void)key;
    return PV_MODEL_QUIT;
}

/* ---- questions ---- */

static int ask(struct pv_model *model, uint32_t key)
{
    static const struct {
        uint32_t key;
        enum pv_sheet_kind kind;
    } sheets[] = {
        {'w', PV_SHEET_LARGER},  {'L', PV_SHEET_LEAKS},   {'F', PV_SHEET_HOLES},
        {'A', PV_SHEET_ADDRESS}, {'X', PV_SHEET_CHANGES},
    };

    model->sheet.addr = model->addr;
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        if (sheets[i].key == key) {
            return pv_sheet_toggle(model, sheets[i].kind);
        }
    }
    return PV_OK;
}

static int ask_engines(struct pv_model *model, uint32_t key)
{
    (void)key;
    return pv_engines_ask(model);
}

static int compare(struct pv_model *model, uint32_t key)
{
    (void)key;
    return pv_compare_toggle(model);
}

static int sheet_rows(struct pv_model *model, uint32_t key)
{
    int64_t page = pv_sheet_height(model) > 2 ? pv_sheet_height(model) - 1 : 1;
    int64_t by = key == PV_KEY_UP || key == 'k'                     ? -1
                 : key == PV_KEY_DOWN || key == 'j'                 ? 1
                 : key == PV_KEY_PAGE_UP || key == PV_KEY_CONTROL_U ? -page
                                                                    : page;

    pv_sheet_move(model, by * times(model));
    return PV_OK;
}

static int sheet_end(struct pv_model *model, uint32_t key)
{
    pv_sheet_move(model,
                  key == PV_KEY_HOME ? -(int64_t)model->sheet.n : (int64_t)model->sheet.n);
    return PV_OK;
}

static int sheet_enter(struct pv_model *model, uint32_t key)
{
    (void)key;
    return pv_sheet_enter(model);
}

static int sheet_close(struct pv_model *model, uint32_t key)
{
    (void)key;
    pv_sheet_close(model);
    return PV_OK;
}

/* ---- over the panes: the help and the line that asks ---- */

/* Scrolling down is bounded by help_key, which knows how many lines there are. */
static int scroll_help(struct pv_model *model, uint32_t key)
{
    bool back = key == PV_KEY_UP || key == 'k' || key == PV_KEY_PAGE_UP;
    bool by_page = key == PV_KEY_PAGE_UP || key == PV_KEY_PAGE_DOWN || key == PV_KEY_SPACE;
    size_t by = by_page && model->lines > 6 ? (size_t)model->lines - 5 : 1;

    if (!back) {
        model->help_top += by;
    } else {
        model->help_top -= by < model->help_top ? by : model->help_top;
    }
    return PV_OK;
}

static int take_typed(struct pv_model *model, uint32_t key)
{
    (void)key;
    return pv_prompt_take(model);
}

static int end_prompt(struct pv_model *model, uint32_t key)
{
    (void)key;
    model->prompt = PV_PROMPT_NONE;
    return PV_OK;
}

static int erase(struct pv_model *model, uint32_t key)
{
    pv_prompt_erase(model, key == PV_KEY_CONTROL_U);
    return PV_OK;
}

/* clang-format off */
const struct pv_key_row pv_key_rows[] = {
    {PV_KEYS_PANES, "Time", .keys = {'[', ']'}, .act = step, .rank = 3, .hint = "step",
     .what = "one event back, forward"},
    {PV_KEYS_PANES, "Time", .keys = {'b', 'f'}, .act = page_events, .rank = 4, .hint = "page",
     .what = "a hundredth of the trace back, forward"},
    {PV_KEYS_PANES, "Time", .keys = {PV_KEY_HOME, PV_KEY_END}, .also = {'G'}, .act = to_end, .jumps = true,
     .what = "before the first event, the last event; 500G goes to event 500"},
    {PV_KEYS_PANES, "Time", .keys = {'p'}, .act = to_peak, .jumps = true, .rank = 5, .hint = "peak",
     .what = "the peak: the first event with the most live bytes"},
    {PV_KEYS_PANES, "Time", .keys = {'g'}, .also = {':'}, .act = ask_place, .rank = 6, .hint = "go",
     .what = "go to: number, +N, -N, N%, start, end, peak, mark:NAME, or 0x and an address, which selects"},
    {PV_KEYS_PANES, "Time", .keys = {'{', '}'}, .act = of_tag, .jumps = true, .repeats = true, .rank = 16, .hint = "by tag",
     .what = "the previous, next allocation of the current tag"},
    {PV_KEYS_PANES, "Time", .keys = {'o'}, .also = {'B'}, .act = birth, .jumps = true, .rank = 17, .hint = "birth",
     .what = "where the selected pebble was born; in the tags, the first allocation of the tag"},
    {PV_KEYS_PANES, "Time", .keys = {'O'}, .act = of_tag, .jumps = true,
     .what = "the first allocation of the current tag"},
    {PV_KEYS_PANES, "Time", .keys = {'(', ')'}, .act = touch, .jumps = true, .repeats = true, .rank = 19, .hint = "at address",
     .what = "the previous, next event that made or ended a block at the selected address"},
    {PV_KEYS_PANES, "Time", .keys = {',', '.'}, .also = {'e'}, .act = trouble, .jumps = true, .repeats = true, .rank = 18,
     .hint = "faults", .what = "the previous, next fault or failed request"},
    {PV_KEYS_PANES, "Time", .keys = {'t', 'T'}, .act = mark, .jumps = true, .rank = 23, .hint = "marks",
     .what = "the next, previous mark of the trace"},
    {PV_KEYS_PANES, "Time", .keys = {'u', 'U'}, .act = trail, .repeats = true,
     .what = "back to where the last jump began, and forth again"},
    {PV_KEYS_PANES, "Time", .keys = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'},
     .name = "0 ... 9", .act = digit, .counts = true,
     .what = "a count for the next key: 10] goes ten events forward, 3} to the third allocation"},
    {PV_KEYS_PANES, "Time", .keys = {PV_KEY_SPACE}, .act = play, .rank = 15, .hint = "play",
     .playing = "stop", .what = "play or stop"},
    {PV_KEYS_PANES, "Time", .keys = {'<', '>'}, .act = change_speed, .playing = "speed",
     .what = "play slower, faster"},
    {PV_KEYS_PANES, "Questions", .keys = {'w'}, .act = ask, .rank = 7, .hint = "why larger",
     .what = "why is the heap larger than what is used? Live, rounding, headers, free, with shares"},
    {PV_KEYS_PANES, "Questions", .keys = {'L'}, .act = ask, .rank = 8, .hint = "leaks",
     .what = "who leaks? Blocks that are never freed, by tag; Enter shows a tag's"},
    {PV_KEYS_PANES, "Questions", .keys = {'F'}, .act = ask, .rank = 9, .hint = "holes",
     .what = "the free pebbles, largest first: who made each and who stands beside it"},
    {PV_KEYS_PANES, "Questions", .keys = {'A'}, .act = ask, .rank = 10, .hint = "history",
     .what = "what happened at the selected address: every block that ever held it"},
    {PV_KEYS_PANES, "Questions", .keys = {'x'}, .act = compare, .rank = 11, .hint = "compare",
     .what = "compare with this moment from now on: map, tags, list and figures show what differs; "
             "again at it: no longer"},
    {PV_KEYS_PANES, "Questions", .keys = {'X'}, .act = ask,
     .what = "what changed since the moment of x, by tag"},
    {PV_KEYS_PANES, "Questions", .keys = {'E'}, .act = ask_engines,
     .what = "would another engine do better? The trace is replayed through each up to this moment"},
    {PV_KEYS_SHEET, "An answer", .keys = {PV_KEY_ENTER}, .act = sheet_enter, .jumps = true, .rank = 24,
     .hint = "go there", .what = "go to what the row is about"},
    {PV_KEYS_SHEET, "An answer", .keys = {PV_KEY_ESCAPE, 'q'}, .act = sheet_close, .rank = 25,
     .hint = "close", .what = "close it; the key that opened it does so too"},
    {PV_KEYS_SHEET, "An answer", .keys = {PV_KEY_UP, PV_KEY_DOWN}, .also = {'k', 'j'},
     .act = sheet_rows, .rank = 26, .hint = "rows",
     .what = "by rows; keys of time go on working, and the answer is of the new moment"},
    {PV_KEYS_SHEET, "An answer", .keys = {PV_KEY_PAGE_UP, PV_KEY_PAGE_DOWN},
     .also = {PV_KEY_CONTROL_U, PV_KEY_CONTROL_D}, .act = sheet_rows, .what = "by pages"},
    {PV_KEYS_SHEET, "An answer", .keys = {PV_KEY_HOME, PV_KEY_END}, .act = sheet_end,
     .what = "the first, the last row"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_UP, PV_KEY_DOWN}, .also = {'k', 'j'}, .act = up_down,
     .what = "the map: by lines; other panes: by rows; the graph: by hundredths of the trace"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_LEFT, PV_KEY_RIGHT}, .also = {'h', 'l'},
     .act = left_right, .what = "the map: by cells; the graph: by columns; other panes: by events"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_PAGE_UP, PV_KEY_PAGE_DOWN},
     .also = {PV_KEY_CONTROL_U, PV_KEY_CONTROL_D}, .act = page, .what = "a pane's height"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_TAB}, .act = pane, .rank = 13, .hint = "pane",
     .what = "the next pane: map, tags, pebbles, selected, graph"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_BACK_TAB}, .act = pane, .what = "the previous pane"},
    {PV_KEYS_PANES, "The heap", .keys = {'+', '-'}, .also = {'='}, .act = zoom, .rank = 14,
     .hint = "zoom", .what = "zoom in, out around the selection"},
    {PV_KEYS_PANES, "The heap", .keys = {'z'}, .act = scale, .rank = 22, .hint = "scale",
     .what = "scale to the heap now, or at its largest"},
    {PV_KEYS_PANES, "The heap", .keys = {'c'}, .act = paint, .rank = 20, .hint = "colours",
     .what = "the map shows tags by colour, by letter, or ages"},
    {PV_KEYS_PANES, "The heap", .keys = {'s'}, .act = sort, .rank = 21, .hint = "sort",
     .what = "sort the pebbles by address, size, age or tag"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_ENTER}, .act = enter, .rank = 27, .hint = "follow",
     .what = "follow the event, or stay; in the tags: show one only"},
    {PV_KEYS_PANES, "The heap", .keys = {'/'}, .act = ask_tag, .rank = 12, .hint = "search",
     .what = "search for tags that hold a text"},
    {PV_KEYS_PANES, "The heap", .keys = {'n', 'N'}, .act = found, .searching = "next, previous",
     .what = "the next, previous pebble of a tag that was found"},
    {PV_KEYS_PANES, "The heap", .keys = {PV_KEY_ESCAPE}, .act = end_search,
     .searching = "end search", .what = "end the search"},
    {PV_KEYS_PANES, "The heap", .name = "mouse",
     .what = "a click selects, in the graph a moment; the wheel scrolls"},
    {PV_KEYS_PANES, "The heap", .keys = {'?'}, .also = {PV_KEY_F1}, .act = help, .rank = 1,
     .hint = "help", .what = "this list"},
    {PV_KEYS_PANES, "The heap", .keys = {'q'}, .act = leave, .rank = 2, .hint = "leave",
     .what = "leave"},
    {PV_KEYS_ANYWHERE, "The heap", .keys = {PV_KEY_CONTROL_C}, .act = leave,
     .what = "leave, from this list and from a question too"},
    {PV_KEYS_HELP, "This list", .keys = {PV_KEY_UP, PV_KEY_DOWN}, .also = {'k', 'j'},
     .act = scroll_help, .what = "by lines; a key that is not named here closes the list"},
    {PV_KEYS_HELP, "This list", .keys = {PV_KEY_PAGE_UP, PV_KEY_PAGE_DOWN}, .also = {PV_KEY_SPACE},
     .act = scroll_help, .what = "by pages"},
    {PV_KEYS_PROMPT, "A question (g and /)", .keys = {PV_KEY_ENTER}, .act = take_typed, .jumps = true,
     .what = "take what was typed"},
    {PV_KEYS_PROMPT, "A question (g and /)", .keys = {PV_KEY_ESCAPE}, .act = end_prompt,
     .what = "take nothing"},
    {PV_KEYS_PROMPT, "A question (g and /)", .keys = {PV_KEY_BACKSPACE}, .act = erase,
     .what = "erase a character"},
    {PV_KEYS_PROMPT, "A question (g and /)", .keys = {PV_KEY_CONTROL_U}, .act = erase,
     .what = "erase all"},
};
/* clang-format on */

const size_t pv_n_key_rows = sizeof pv_key_rows / sizeof *pv_key_rows;

static bool holds(const uint32_t *keys, uint32_t key)
{
    for (size_t i = 0; i < PV_ROW_KEYS && keys[i]; i++) {
        if (keys[i] == key) {
            return true;
        }
    }
    return false;
}

const struct pv_key_row *pv_key_row_of(enum pv_keys_where where, uint32_t key)
{
    for (size_t i = 0; key && i < pv_n_key_rows; i++) {
        const struct pv_key_row *row = &pv_key_rows[i];
        if ((row->where == where || row->where == PV_KEYS_ANYWHERE) &&
            (holds(row->keys, key) || holds(row->also, key))) {
            return row;
        }
    }
    return NULL;
}

const char *pv_key_row_names(char *buf, const uint32_t *keys)
{
    size_t n = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < PV_ROW_KEYS && keys[i]; i++) {
        char name[PV_KEY_NAME];
        n += (size_t)snprintf(buf + n, PV_ROW_NAMES - n, "%s%s", i ? " " : "",
                              pv_key_name(name, keys[i]));
    }
    return buf;
}
