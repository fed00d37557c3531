/* SPDX-License-Identifier: MIT
 *
 * help_lines.c - rows of keys, and what the map and the figures mean, broken into lines at
 * blanks. O(words) each time: it is made when somebody looks.
 */
#include "viz/tui/help_lines.h"

#include <stdio.h>
#include <string.h>

enum { MARGIN = 2, WIDTH = 76, FRAME = 4 };

/* What is no key. */
static const struct {
    const char *group, *name, *text;
} notes[] = {
    {"The map", "",
     "A cell is a range of bytes. Its colour or letter is the tag that holds the most of it, "
     "its density how much is used. The selected pebble is reversed, with the letter of its "
     "tag. Close up, headers show as well. By age, bright, or 0, is new and dark, or 8, is "
     "old."},
    {"Figures", "live", "bytes that the program asked for and has not freed"},
    {"Figures", "held", "bytes of all buckets: live, free, headers, rounding"},
    {"Figures", "fragmentation",
     "1 - largest free pebble / all free bytes: 0 is one hole, near 1 is many small ones"},
    {"Figures", "findings", "laws of the catalog that do not hold at this moment"},
    {"Figures", "faults", "the program's mistakes in the whole trace"},
};

struct list {
    struct pv_help_line *lines;
    size_t n;
    int width;
    const char *group;
};

static void add(struct list *list, bool heading, const char *key, const char *text, size_t n)
{
    if (list->n == PV_HELP_MOST_LINES) {
        return;
    }
    if (list->lines) {
        struct pv_help_line *line = &list->lines[list->n];
        line->heading = heading;
        snprintf(line->key, sizeof line->key, "%s", key);
        snprintf(line->text, sizeof line->text, "%.*s", (int)n, text);
    }
    list->n++;
}

/* A heading where another group begins; then the text, a line as long as words fit. */
static void put(struct list *list, const char *group, const char *key, const char *text)
{
    if (!list->group || strcmp(list->group, group) != 0) {
        list->group = group;
        add(list, true, group, "", 0);
    }
    do {
        size_t n = pv_width_fit(text, list->width);
        add(list, false, key, text, n);
        text += n;
        text += strspn(text, " ");
        key = "";
    } while (*text);
}

size_t pv_help_lines(int width, struct pv_help_line *ret_lines)
{
    struct list list = {.lines = ret_lines, .width = width};

    for (size_t i = 0; i < pv_n_key_rows; i++) {
        const struct pv_key_row *row = &pv_key_rows[i];
        char names[PV_ROW_NAMES], also[PV_ROW_NAMES], text[2 * PV_HELP_TEXT];
        bool more = *pv_key_row_names(also, row->also) != '\0';
        snprintf(text, sizeof text, "%s%s%s%s", row->what, more ? " (also " : "", also,
                 more ? ")" : "");
        put(&list, row->group, row->name ? row->name : pv_key_row_names(names, row->keys),
            text);
    }
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        put(&list, notes[i].group, notes[i].name, notes[i].text);
    }
    return list.n;
}

int pv_help_columns(int columns)
{
    int box = columns - 2 * MARGIN;
    return box > WIDTH ? WIDTH : box;
}

int pv_help_width(int columns)
{
    return pv_help_columns(columns) - PV_HELP_KEYS - 2;
}

int pv_help_height(int columns, int lines)
{
    int n = (int)pv_help_lines(pv_help_width(columns), NULL);
    return n < lines - FRAME ? n : lines - FRAME;
}

size_t pv_help_most(int columns, int lines)
{
    return pv_help_lines(pv_help_width(columns), NULL) - (size_t)pv_help_height(columns, lines);
}
