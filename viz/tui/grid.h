/* SPDX-License-Identifier: MIT
 *
 * grid.h - a rectangle of cells: what every view draws on, and nothing that a terminal is.
 *
 * A cell holds one glyph of display width 1 or 2 and a style. Text is laid out by the width
 * table in grid_width.c, not by the locale, so that a picture is the same on every machine. A
 * combining character joins the cell before it; a wide one takes two cells and is replaced by
 * a blank when only one of them is left. Everything is clipped: no call can draw outside.
 */
#ifndef PV_GRID_H
#define PV_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PV_GLYPH_BYTES = 16 };

enum pv_attribute {
    PV_BOLD = 1 << 0,
    PV_DIM = 1 << 1,
    PV_REVERSE = 1 << 2,
    PV_UNDERLINE = 1 << 3,
};

/* Colours are numbers of the terminal's palette; -1 is its default. */
struct pv_style {
    int16_t fg, bg;
    uint16_t attributes;
};

struct pv_cell {
    char glyph[PV_GLYPH_BYTES]; /* UTF-8; "" is the right half of a wide glyph */
    struct pv_style style;
    uint8_t width; /* 1, 2, or 0 for a right half */
};

struct pv_grid {
    int columns, lines;
    bool ascii; /* each character beyond ASCII is drawn as '?' */
    struct pv_cell *cells;
};

/* Part of a grid, its left upper corner and its extent. */
struct pv_area {
    int column, line, columns, lines;
};

/* Makes a grid of blanks. PV_ENOMEM; PV_EINVAL for less than 1x1. */
int pv_grid_init(struct pv_grid *grid, int columns, int lines, bool ascii);
void pv_grid_fini(struct pv_grid *grid); /* takes a zeroed grid */

/* The cell there, or NULL outside. */
struct pv_cell *pv_grid_cell(const struct pv_grid *grid, int column, int line);

void pv_grid_fill(struct pv_grid *grid, struct pv_area area, const char *glyph,
                  struct pv_style style);

/* Changes the style only. */
void pv_grid_paint(struct pv_grid *grid, struct pv_area area, struct pv_style style);

/* Draws text from `column` on, at most `columns` cells of it; text that does not fit ends with
 * an ellipsis ('~' in ASCII). Returns the cells used. */
int pv_grid_text(struct pv_grid *grid, int column, int line, int columns, struct pv_style style,
                 const char *text);
int pv_grid_print(struct pv_grid *grid, int column, int line, int columns,
                  struct pv_style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The same, but what does not fit is left out at the front: the end of a
 * tag's path says most. */
int pv_grid_text_tail(struct pv_grid *grid, int column, int line, int columns,
                      struct pv_style style, const char *text);

/* As pv_grid_text, ending at the right edge of the `columns`. */
int pv_grid_text_right(struct pv_grid *grid, int column, int line, int columns,
                       struct pv_style style, const char *text);

/* Writes the grid as text, a line break after each line, blanks at line ends left out.
 * PV_EIO when the stream refuses. */
int pv_grid_write(const struct pv_grid *grid, FILE *out);

/* ---- grid_width.c ---- */

/* Cells that a character takes: 0 for a combining one, 2 for East Asian wide
 * and emoji, else 1. */
int pv_width_character(uint32_t character);

/* Cells that a text takes. */
int pv_width_text(const char *text);

/* Bytes of a text's first line when it is broken at blanks to so many columns; a word longer
 * than that is cut. Not 0, but for an empty text. */
size_t pv_width_fit(const char *text, int columns);

/* Decodes one character of clean UTF-8 and moves *text on; U+FFFD for a bad byte;
 * 0 at the end. */
uint32_t pv_width_next(const char **text);

#endif
