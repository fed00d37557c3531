/* SPDX-License-Identifier: MIT
 *
 * view_tags.c - who holds the heap at this moment: live bytes and blocks by tag, largest first.
 * O(visible rows); the sums are the model's.
 */
#include <stdio.h>

#include "viz/tui/view.h"

enum {
    BAR = 8,
    BYTES = 9,
    SHARE = 5,
    BLOCKS = 8,
    CHANGE = 10,
    BLOCKS_FROM = 48,
    BAR_FROM = 42
};

static void draw_bar(const struct pv_model *model, struct pv_grid *grid, int column, int line,
                     uint64_t part, uint64_t whole, struct pv_style style)
{
    int eighths = whole ? (int)((double)part / (double)whole * BAR * 8 + 0.5) : 0;

    for (int i = 0; i < BAR && (eighths > 0 || i == 0); i++, eighths -= 8) {
        pv_grid_text(grid, column + i, line, 1, style,
                     pv_theme_bar_across(&model->theme, eighths > 8 ? 8 : eighths));
    }
}

/* What a tag has more or less than at the moment that is compared with. Returns the column behind
 * it. */
static int draw_change(struct pv_grid *grid, struct pv_area line, const struct pv_tag_row *row,
                       struct pv_style text)
{
    char figure[PV_UNIT_TEXT];
    int column = line.column;

    pv_grid_text_right(grid, column, line.line, CHANGE, text,
                       pv_units_change(figure, row->then_bytes, row->bytes));
    column += CHANGE;
    if (line.columns >= BAR_FROM) {
        snprintf(figure, sizeof figure, "%+lld",
                 (long long)((int64_t)row->blocks - (int64_t)row->then_blocks));
        pv_grid_text_right(grid, column, line.line, BLOCKS, text, figure);
        column += BLOCKS;
    }
    return column;
}

static void draw_row(const struct pv_model *model, struct pv_grid *grid, struct pv_area line,
                     const struct pv_tag_row *row)
{
    const struct pv_theme *theme = &model->theme;
    const char *tag = pv_model_tag_text(model, row->tag);
    struct pv_style color = pv_theme_tag(theme, tag), bar = color;
    struct pv_style text = pv_theme_style(theme, PV_ROLE_TEXT);
    char figure[PV_UNIT_TEXT], letter[2] = {pv_theme_letter(tag), '\0'};
    int column = line.column + 2, end = line.column + line.columns;
    uint64_t all = model->snapshot->totals.requested_bytes;

    if (row->tag == model->tag) {
        color.attributes |= PV_REVERSE;
        text.attributes |= PV_REVERSE;
        pv_grid_fill(grid, line, " ", text);
        pv_grid_text(grid, line.column, line.line, 1, text,
                     pv_theme_glyph(theme, PV_GLYPH_POINTER));
    }
    pv_grid_text(grid, column, line.line, 1, color, letter);
    column += 2;
    if (model->reference.on) {
        column =
            draw_change(grid, (struct pv_area){column, line.line, line.columns, 1}, row, text);
        pv_grid_text_tail(grid, column + 1, line.line, end - column - 1, color,
                          *tag ? tag : "(no name)");
        return;
    }
    if (line.columns >= BAR_FROM) {
        draw_bar(model, grid, column, line.line, row->bytes, model->tags[0].bytes, bar);
        column += BAR + 1;
    }
    pv_grid_text_right(grid, column, line.line, BYTES, text,
                       pv_units_bytes(figure, row->bytes));
    column += BYTES;
    snprintf(figure, sizeof figure, "%.0f%%",
             all ? 100.0 * (double)row->bytes / (double)all : 0.0);
    pv_grid_text_right(grid, column, line.line, SHARE, text, figure);
    column += SHARE;
    if (line.columns >= BLOCKS_FROM) {
        pv_grid_text_right(grid, column, line.line, BLOCKS, text,
                           pv_units_count(figure, row->blocks));
        column += BLOCKS;
    }
    pv_grid_text_tail(grid, column + 1, line.line, end - column - 1, color,
                      *tag ? tag : "(no name)");
}

static void draw_heads(const struct pv_model *model, struct pv_grid *grid, struct pv_area area)
{
    struct pv_style quiet = pv_theme_style(&model->theme, PV_ROLE_QUIET);
    int column = area.column + 4;

    if (model->reference.on) {
        pv_grid_text_right(grid, column, area.line, CHANGE, quiet, "bytes +/-");
        column += CHANGE;
        if (area.columns >= BAR_FROM) {
            pv_grid_text_right(grid, column, area.line, BLOCKS, quiet, "blocks");
            column += BLOCKS;
        }
        pv_grid_text(grid, column + 1, area.line, area.column + area.columns - column - 1,
                     quiet, "tag");
        return;
    }
    if (area.columns >= BAR_FROM) {
        column += BAR + 1;
    }
    pv_grid_text_right(grid, column, area.line, BYTES, quiet, "bytes");
    column += BYTES + SHARE;
    if (area.columns >= BLOCKS_FROM) {
        pv_grid_text_right(grid, column, area.line, BLOCKS, quiet, "blocks");
        column += BLOCKS;
    }
    pv_grid_text(grid, column + 1, area.line, area.column + area.columns - column - 1, quiet,
                 "tag");
}

void pv_view_tags(const struct pv_model *model, struct pv_grid *grid)
{
    struct pv_area area = model->panes[PV_PANE_TAGS];
    char title[64], count[PV_UNIT_TEXT];

    if (area.columns == 0) {
        return;
    }
    snprintf(title, sizeof title,
             model->reference.on ? "Tags  %s, what changed most" : "Tags  %s live",
             pv_units_count(count, model->n_tags));
    pv_view_pane_title(model, grid, PV_PANE_TAGS, title, "Enter shows one, o its first event");
    draw_heads(model, grid, area);
    for (int line = 1; line < area.lines; line++) {
        size_t row = model->tags_top + (size_t)line - 1;
        if (row >= model->n_tags) {
            break;
        }
        draw_row(model, grid, (struct pv_area){area.column, area.line + line, area.columns, 1},
                 &model->tags[row]);
    }
}
