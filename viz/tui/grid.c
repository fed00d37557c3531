/* SPDX-License-Identifier: MIT
 *
 * grid.c - cells, clipped text and the grid as text. See grid.h for the rules of layout.
 *
 * A control character never gets into a cell: foreign text was cleaned at the door
 * (core/text.h) and what slips through becomes '?' here. Costs O(cells drawn).
 */
#include "viz/tui/grid.h"

#include <stdarg.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

enum { PRINT_BYTES = 1024 };

static void set_glyph(struct pv_cell *cell, const char *glyph, size_t n, int width)
{
    if (n >= PV_GLYPH_BYTES) {
        n = PV_GLYPH_BYTES - 1;
    }
    memcpy(cell->glyph, glyph, n);
    memset(cell->glyph + n, 0, PV_GLYPH_BYTES - n);
    cell->width = (uint8_t)width;
}

int pv_grid_init(struct pv_grid *grid, int columns, int lines, bool ascii)
{
    *grid = (struct pv_grid){.ascii = ascii};
    if (columns < 1 || lines < 1) {
        return PV_EINVAL;
    }
    grid->cells = pv_own_calloc((size_t)columns * (size_t)lines, sizeof *grid->cells);
    if (!grid->cells) {
        return PV_ENOMEM;
    }
    grid->columns = columns;
    grid->lines = lines;
    pv_grid_fill(grid, (struct pv_area){.columns = columns, .lines = lines}, " ",
                 (struct pv_style){.fg = -1, .bg = -1});
    return PV_OK;
}

void pv_grid_fini(struct pv_grid *grid)
{
    pv_own_free(grid->cells);
    *grid = (struct pv_grid){0};
}

struct pv_cell *pv_grid_cell(const struct pv_grid *grid, int column, int line)
{
    if (column < 0 || line < 0 || column >= grid->columns || line >= grid->lines) {
        return NULL;
    }
    return &grid->cells[(size_t)line * (size_t)grid->columns + (size_t)column];
}

/* Half of a wide glyph cannot stand alone: drawing over one half blanks the other. */
static void part_wide(struct pv_grid *grid, int column, int line)
{
    struct pv_cell *cell = pv_grid_cell(grid, column, line);

    if (cell && cell->width == 0) {
        struct pv_cell *left = pv_grid_cell(grid, column - 1, line);
        if (left) {
            set_glyph(left, " ", 1, 1);
        }
    } else if (cell && cell->width == 2) {
        struct pv_cell *right = pv_grid_cell(grid, column + 1, line);
        if (right) {
            set_glyph(right, " ", 1, 1);
        }
    }
}

static void put(struct pv_grid *grid, int column, int line, const char *glyph, size_t n,
                int width, struct pv_style style)
{
    for (int i = 0; i < width; i++) {
        part_wide(grid, column + i, line);
        struct pv_cell *cell = pv_grid_cell(grid, column + i, line);
        if (cell) {
            set_glyph(cell, i ? "" : glyph, i ? 0 : n, i ? 0 : width);
            cell->style = style;
        }
    }
}

void pv_grid_fill(struct pv_grid *grid, struct pv_area area, const char *glyph,
                  struct pv_style style)
{
    for (int line = area.line; line < area.line + area.lines; line++) {
        for (int column = area.column; column < area.column + area.columns; column++) {
            put(grid, column, line, glyph, strlen(glyph), 1, style);
        }
    }
}

void pv_grid_paint(struct pv_grid *grid, struct pv_area area, struct pv_style style)
{
    for (int line = area.line; line < area.line + area.lines; line++) {
        for (int column = area.column; column < area.column + area.columns; column++) {
            struct pv_cell *cell = pv_grid_cell(grid, column, line);
            if (cell) {
                cell->style = style;
            }
        }
    }
}

/* Joins a combining character to the cell before it, where there is room in the glyph. */
static void combine(struct pv_grid *grid, int column, int line, const char *bytes, size_t n)
{
    struct pv_cell *cell = pv_grid_cell(grid, column, line);

    if (cell && cell->width == 0) {
        cell = pv_grid_cell(grid, column - 1, line);
    }
    if (cell && !grid->ascii) {
        size_t have = strlen(cell->glyph);
        if (have && have + n < PV_GLYPH_BYTES) {
            memcpy(cell->glyph + have, bytes, n);
            cell->glyph[have + n] = '\0';
        }
    }
}

int pv_grid_text(struct pv_grid *grid, int column, int line, int columns, struct pv_style style,
                 const char *text)
{
    int used = 0;

    if (column + columns > grid->columns) {
        columns = grid->columns - column;
    }
    if (columns <= 0) {
        return 0;
    }
    bool cut = pv_width_text(text) > columns;
    int limit = cut ? columns - 1 : columns;
    for (;;) {
        const char *start = text;
        uint32_t character = pv_width_next(&text);
        if (!character) {
            return used;
        }
        int width = pv_width_character(character);
        if (width == 0) {
            if (used) {
                combine(grid, column + used - 1, line, start, (size_t)(text - start));
            }
            continue;
        }
        if (used + width > limit) {
            break;
        }
        if (character < 0x20 || character == 0x7F || (grid->ascii && character > 0x7E)) {
            for (int i = 0; i < width; i++) {
                put(grid, column + used + i, line, "?", 1, 1, style);
            }
        } else {
            put(grid, column + used, line, start, (size_t)(text - start), width, style);
        }
        used += width;
    }
    while (used < limit) {
        put(grid, column + used++, line, " ", 1, 1, style);
    }
    if (cut) {
        const char *ellipsis = grid->ascii ? "~" : "…";
        put(grid, column + used++, line, ellipsis, strlen(ellipsis), 1, style);
    }
    return used;
}

int pv_grid_print(struct pv_grid *grid, int column, int line, int columns,
                  struct pv_style style, const char *format, ...)
{
    char text[PRINT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return n < 0 ? 0 : pv_grid_text(grid, column, line, columns, style, text);
}

int pv_grid_text_tail(struct pv_grid *grid, int column, int line, int columns,
                      struct pv_style style, const char *text)
{
    int width = pv_width_text(text);

    if (width <= columns || columns < 2) {
        return pv_grid_text(grid, column, line, columns, style, text);
    }
    while (width > columns - 1) {
        width -= pv_width_character(pv_width_next(&text));
    }
    int used = pv_grid_text(grid, column, line, 1, style, grid->ascii ? "~" : "…");
    return used + pv_grid_text(grid, column + 1, line, columns - 1, style, text);
}

int pv_grid_text_right(struct pv_grid *grid, int column, int line, int columns,
                       struct pv_style style, const char *text)
{
    int width = pv_width_text(text);

    if (width < columns) {
        column += columns - width;
        columns = width;
    }
    return pv_grid_text(grid, column, line, columns, style, text);
}

int pv_grid_write(const struct pv_grid *grid, FILE *out)
{
    for (int line = 0; line < grid->lines; line++) {
        int last = grid->columns - 1;
        while (last >= 0 && strcmp(pv_grid_cell(grid, last, line)->glyph, " ") == 0) {
            last--;
        }
        for (int column = 0; column <= last; column++) {
            fputs(pv_grid_cell(grid, column, line)->glyph, out);
        }
        fputc('\n', out);
    }
    return ferror(out) ? PV_EIO : PV_OK;
}
