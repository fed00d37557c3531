/* SPDX-License-Identifier: MIT
 *
 * view_sheet.c - the open sheet, in place of the panes: its sentences, the heads of its columns
 * and the rows that are seen. O(visible rows).
 */
#include <string.h>

#include "viz/tui/view.h"

enum { MARGIN = 1, POINTER = 2 };

/* The columns that have no width of their own share what is left. */
static int width_of(const struct pv_sheet_type *type, int columns, size_t which)
{
    int rest = columns - POINTER, n_rest = 0;

    if (type->columns[which].width != PV_SHEET_REST) {
        return type->columns[which].width;
    }
    for (size_t i = 0; i < PV_SHEET_COLUMNS && type->columns[i].title; i++) {
        if (columns < type->columns[i].from) {
            continue;
        }
        n_rest += type->columns[i].width == PV_SHEET_REST;
        rest -= type->columns[i].width + 1;
    }
    return rest > 0 ? rest / n_rest : 0;
}

static void draw_tag(const struct pv_model *model, struct pv_grid *grid, struct pv_area area,
                     uint32_t tag, bool chosen)
{
    const char *text = pv_model_tag_text(model, tag);
    struct pv_style style = pv_theme_tag(&model->theme, text);
    char letter[2] = {pv_theme_letter(text), '\0'};

    style.attributes |= chosen ? PV_REVERSE : 0;
    pv_grid_text(grid, area.column, area.line, 1, style, letter);
    pv_grid_text_tail(grid, area.column + 2, area.line, area.columns - 2, style,
                      *text ? text : "(no name)");
}

static void draw_row(const struct pv_model *model, struct pv_grid *grid, struct pv_area line,
                     const struct pv_sheet_item *item, bool chosen)
{
    const struct pv_sheet_type *type = pv_sheet_type_of(model->sheet.kind);
    const struct pv_theme *theme = &model->theme;
    struct pv_style style = pv_theme_style(theme, PV_ROLE_TEXT);
    int column = line.column + POINTER;

    if (chosen) {
        style.attributes |= PV_REVERSE;
        pv_grid_fill(grid, line, " ", style);
        pv_grid_text(grid, line.column, line.line, 1, style,
                     pv_theme_glyph(theme, PV_GLYPH_POINTER));
    }
    for (size_t i = 0; i < PV_SHEET_COLUMNS && type->columns[i].title; i++) {
        const struct pv_sheet_column *at = &type->columns[i];
        char text[PV_SHEET_TEXT];
        if (line.columns < at->from) {
            continue;
        }
        int width = width_of(type, line.columns, i);
        uint32_t tag = at->text(model, item, text);
        if (tag != PV_NO_TAG) {
            draw_tag(model, grid, (struct pv_area){column, line.line, width, 1}, tag, chosen);
        } else {
            (at->right ? pv_grid_text_right : pv_grid_text)(grid, column, line.line, width,
                                                            style, text);
        }
        column += width + 1;
    }
}

static void draw_heads(const struct pv_model *model, struct pv_grid *grid, struct pv_area line)
{
    const struct pv_sheet_type *type = pv_sheet_type_of(model->sheet.kind);
    struct pv_style quiet = pv_theme_style(&model->theme, PV_ROLE_QUIET);
    int column = line.column + POINTER;

    for (size_t i = 0; i < PV_SHEET_COLUMNS && type->columns[i].title; i++) {
        const struct pv_sheet_column *at = &type->columns[i];
        if (line.columns >= at->from) {
            int width = width_of(type, line.columns, i);
            (at->right ? pv_grid_text_right : pv_grid_text)(grid, column, line.line, width,
                                                            quiet, at->title);
            column += width + 1;
        }
    }
}

static void draw_notes(const struct pv_model *model, struct pv_grid *grid, struct pv_area area)
{
    const struct pv_sheet *sheet = &model->sheet;
    struct pv_style style = pv_theme_style(&model->theme, PV_ROLE_TEXT);
    int line = 0, most = pv_sheet_note_lines(model), width = area.columns - 2 * MARGIN;

    for (size_t i = 0; i < sheet->n_notes; i++) {
        const char *text = sheet->notes[i];
        while (*text && line < most) {
            size_t n = pv_width_fit(text, width);
            pv_grid_print(grid, area.column + MARGIN, area.line + line++, width, style, "%.*s",
                          (int)n, text);
            text += n;
            text += strspn(text, " ");
        }
    }
}

void pv_view_sheet(const struct pv_model *model, struct pv_grid *grid)
{
    const struct pv_sheet *sheet = &model->sheet;
    const struct pv_sheet_type *type = pv_sheet_type_of(sheet->kind);
    struct pv_area area = model->body;
    char right[64], row[PV_UNIT_TEXT], all[PV_UNIT_TEXT];

    right[0] = '\0';
    if (sheet->n) {
        snprintf(right, sizeof right, "%s of %s", pv_units_count(row, sheet->row + 1),
                 pv_units_count(all, sheet->n));
    }
    pv_grid_fill(grid, (struct pv_area){area.column, area.line, area.columns, area.lines}, " ",
                 pv_theme_style(&model->theme, PV_ROLE_TEXT));
    pv_view_title_line(model, grid, area, type->title, sheet->n ? right : NULL, true);
    draw_notes(model, grid, area);
    if (sheet->n == 0) {
        return;
    }
    int line = pv_sheet_note_lines(model), height = pv_sheet_height(model);
    draw_heads(model, grid, (struct pv_area){area.column, area.line + line, area.columns, 1});
    for (int i = 0; i < height && sheet->top + (size_t)i < sheet->n; i++) {
        size_t at = sheet->top + (size_t)i;
        draw_row(model, grid,
                 (struct pv_area){area.column, area.line + line + 1 + i, area.columns, 1},
                 &sheet->items[at], at == sheet->row);
    }
}
