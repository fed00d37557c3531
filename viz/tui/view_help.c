/* SPDX-License-Identifier: MIT
 *
 * view_help.c - the list of keys, over the panes. It scrolls where it does not fit.
 */
#include <string.h>

#include "viz/tui/view.h"

enum { KEYS = 16, MARGIN = 2, WIDTH = 76 };

static const struct {
    const char *key, *what; /* what NULL: a heading */
} lines[] = {
    {"Time", NULL},
    {"[ ]", "one event back, forward"},
    {"b f", "a hundredth of the trace back, forward"},
    {"Home End", "before the first event, the last event (also G)"},
    {"p", "the peak: the first event with the most live bytes"},
    {"g", "go to: number, +N, -N, start, end, peak, mark:NAME,"},
    {"", "or 0x and an address, which selects (also :)"},
    {"{ }", "the previous, next allocation of the current tag"},
    {"o", "where the selected pebble was born (also B); in the"},
    {"", "tags, the first allocation of the tag"},
    {"O", "the first allocation of the current tag"},
    {"e E", "the next, previous fault or failed request (also F)"},
    {"m M", "the next, previous mark"},
    {"Space < >", "play or stop, slower, faster"},
    {"The heap", NULL},
    {"arrows h j k l", "the map: by cells and lines; other panes: by rows,"},
    {"", "left and right by events"},
    {"PgUp PgDn", "a pane's height (also Ctrl-U, Ctrl-D)"},
    {"Tab", "the next pane: map, tags, pebbles, selected, graph"},
    {"+ -", "zoom in and out around the selection"},
    {"z", "scale to the heap now, or at its largest"},
    {"c", "the map shows tags by colour, by letter, or ages"},
    {"s", "sort the pebbles by address, size, age or tag"},
    {"Enter", "follow the event, or stay; in the tags: show one only"},
    {"/ n N", "search by tag, next, previous; Esc ends the search"},
    {"mouse", "a click selects, in the graph a moment; wheel scrolls"},
    {"q", "leave (also Ctrl-C)"},
    {"The map", NULL},
    {"", "A cell is a range of bytes. Its colour or letter is the"},
    {"", "tag that holds the most of it, its density how much is"},
    {"", "used. The selected pebble is reversed, with the letter"},
    {"", "of its tag. Close up, headers show as well. By age,"},
    {"", "bright, or 0, is new and dark, or 8, is old."},
    {"Figures", NULL},
    {"live", "bytes that the program asked for and has not freed"},
    {"held", "bytes of all buckets: live, free, headers, rounding"},
    {"fragmentation", "1 - largest free pebble / all free bytes"},
    {"", "0 is one hole, near 1 is many small ones"},
    {"findings", "laws of the catalog that do not hold at this moment"},
    {"faults", "the program's mistakes in the whole trace"},
};

_Static_assert(sizeof lines / sizeof *lines == PV_HELP_LINES, "the model scrolls by it");

void pv_view_help(const struct pv_model *model, struct pv_grid *grid)
{
    const struct pv_theme *theme = &model->theme;
    struct pv_style text = pv_theme_style(theme, PV_ROLE_TEXT);
    int n = (int)(sizeof lines / sizeof *lines), height = grid->lines - 4;
    int width = grid->columns - 2 * MARGIN;

    if (width > WIDTH) {
        width = WIDTH;
    }
    if (height > n) {
        height = n;
    }
    int most = n - height;
    int top = model->help_top < (size_t)most ? (int)model->help_top : most;
    int column = (grid->columns - width) / 2, line = (grid->lines - height - 2) / 2;
    struct pv_style title = pv_theme_style(theme, PV_ROLE_TITLE);

    pv_grid_fill(grid, (struct pv_area){column, line, width, height + 2}, " ", text);
    pv_grid_fill(grid, (struct pv_area){column, line, width, 1}, " ", title);
    pv_grid_text(grid, column + 1, line, width - 2, title,
                 most ? "Keys (down scrolls, another key closes)" : "Keys (any key closes)");
    for (int i = 0; i < height; i++) {
        const char *key = lines[top + i].key, *what = lines[top + i].what;
        int at = line + 1 + i;
        if (!what) {
            pv_grid_text(grid, column + 1, at, width - 2, pv_theme_style(theme, PV_ROLE_FOCUS),
                         key);
            continue;
        }
        pv_grid_text(grid, column + 2, at, KEYS - 1, pv_theme_style(theme, PV_ROLE_KEY), key);
        pv_grid_text(grid, column + 1 + KEYS, at, width - KEYS - 2, text, what);
    }
    pv_grid_fill(grid, (struct pv_area){column, line + height + 1, width, 1}, " ", title);
}
