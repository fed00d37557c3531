/* SPDX-License-Identifier: MIT
 *
 * help_lines.h - the list of keys and the words of the map, as lines of a width. Screen and
 * command line print these.
 */
#ifndef PV_HELP_LINES_H
#define PV_HELP_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "viz/tui/key_rows.h"

enum { PV_HELP_MOST_LINES = 160, PV_HELP_TEXT = 128 };

struct pv_help_line {
    bool heading;
    char key[PV_ROW_NAMES];  /* or the heading; empty where a text goes on */
    char text[PV_HELP_TEXT]; /* at most `width` columns */
};

/* The lines, texts wrapped to `width` columns (20 to 100). Returns how many, at most
 * PV_HELP_MOST_LINES; ret_lines may be NULL. */
size_t pv_help_lines(int width, struct pv_help_line *ret_lines);

/* On a screen: the columns of the box, of the keys and of the texts in it, the lines it has, and
 * how far it can be scrolled. */
enum { PV_HELP_KEYS = 16 };
int pv_help_columns(int columns);
int pv_help_width(int columns);
int pv_help_height(int columns, int lines);
size_t pv_help_most(int columns, int lines);

#endif
