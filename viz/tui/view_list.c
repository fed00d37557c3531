/* SPDX-License-Identifier: MIT
 *
 * view_list.c - the pebbles around the selection, a row each. The columns are data: a title, a
 * width, the pane width from which they show, and what they say of a row. O(visible rows).
 */
#include <stdio.h>
#include <string.h>

#include "viz/tui/view.h"

/* Widths that depend: what the other columns leave, and what the highest address takes. */
enum { TEXT_BYTES = 64, WIDTH_REST = 0, WIDTH_ADDRESS = -1 };

struct column {
    const char *title;
    int width;
    int from; /* shown in panes of at least so many columns */
    bool right;
    void (*text)(const struct pv_model *model, const struct pv_pebble_row *row, char *out);
};

static void number(char *out, uint64_t value)
{
    if (value == PV_UNKNOWN) {
        strcpy(out, "-");
    } else {
        snprintf(out, TEXT_BYTES, "%llu", (unsigned long long)value);
    }
}

static void address(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    (void)model;
    snprintf(out, TEXT_BYTES, "%llx", (unsigned long long)row->addr);
}

static void offset(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    number(out, row->addr - model->snapshot->buckets[row->bucket].addr);
}

static void size(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    (void)model;
    number(out, row->size);
}

static void requested(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    (void)model;
    number(out, pv_pebble_row_used(row) ? row->requested : PV_UNKNOWN);
}

static void state(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    static const char *const compared[] = {[PV_COMPARED_SAME] = "used",
                                           [PV_COMPARED_CAME] = "came",
                                           [PV_COMPARED_MOVED] = "moved",
                                           [PV_COMPARED_RESIZED] = "sized"};

    if (!pv_pebble_row_used(row)) {
        strcpy(out, "free");
    } else {
        strcpy(out, model->reference.on ? compared[pv_compare_pebble(model, row)] : "used");
    }
}

static void tag(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    const char *text = pv_model_tag_text(model, row->tag);

    snprintf(out, TEXT_BYTES, "%s", !pv_pebble_row_used(row) ? "" : *text ? text : "(no name)");
}

static void id(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    (void)model;
    number(out, pv_pebble_row_used(row) ? row->id : PV_UNKNOWN);
}

static void age(const struct pv_model *model, const struct pv_pebble_row *row, char *out)
{
    bool known = pv_pebble_row_used(row) && row->born != PV_UNKNOWN;
    number(out, known ? (uint64_t)model->cursor - row->born : PV_UNKNOWN);
}

static const struct column columns[] = {
    {"address", WIDTH_ADDRESS, 0, false, address},
    {"offset", 10, 98, true, offset},
    {"size", 8, 0, true, size},
    {"asked", 8, 64, true, requested},
    {"state", 5, 56, false, state},
    {"tag", WIDTH_REST, 0, false, tag},
    {"id", 9, 78, true, id},
    {"age", 8, 48, true, age},
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

static int width_of(const struct pv_model *model, const struct column *column, int pane)
{
    int rest = pane - 2;

    if (column->width == WIDTH_ADDRESS) {
        return model->map.label - 1;
    }
    if (column->width != WIDTH_REST) {
        return column->width;
    }
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (columns[i].width != WIDTH_REST && pane >= columns[i].from) {
            rest -= width_of(model, &columns[i], pane) + 1;
        }
    }
    return rest;
}

static struct pv_style row_style(const struct pv_model *model, const struct pv_pebble_row *row,
                                 bool is_tag)
{
    const struct pv_theme *theme = &model->theme;
    bool other = model->searching && !(pv_pebble_row_used(row) && row->tag < model->cap_match &&
                                       model->match[row->tag]);

    if (!pv_pebble_row_used(row) || other) {
        return pv_theme_style(theme, PV_ROLE_FREE);
    }
    return is_tag ? pv_theme_tag(theme, pv_model_tag_text(model, row->tag))
                  : pv_theme_style(theme, PV_ROLE_TEXT);
}

static void draw_tag(const struct pv_model *model, struct pv_grid *grid, struct pv_area area,
                     struct pv_style style, const struct pv_pebble_row *row)
{
    char letter[2] = {pv_theme_letter(pv_model_tag_text(model, row->tag)), '\0'};
    char text[TEXT_BYTES];

    if (pv_pebble_row_used(row)) {
        tag(model, row, text);
        pv_grid_text(grid, area.column, area.line, 1, style, letter);
        pv_grid_text_tail(grid, area.column + 2, area.line, area.columns - 2, style, text);
    }
}

static void draw_row(const struct pv_model *model, struct pv_grid *grid, struct pv_area line,
                     size_t index)
{
    const struct pv_pebble_row *row = &model->snapshot->pebbles[index];
    const struct pv_theme *theme = &model->theme;
    bool selected = index == model->selected;
    int column = line.column + 2;

    if (selected) {
        pv_grid_fill(grid, line, " ",
                     (struct pv_style){.fg = -1, .bg = -1, .attributes = PV_REVERSE});
    }
    pv_grid_text(grid, line.column, line.line, 1, pv_theme_style(theme, PV_ROLE_TEXT),
                 selected ? pv_theme_glyph(theme, PV_GLYPH_POINTER) : " ");
    for (size_t i = 0; i < N_COLUMNS; i++) {
        char text[TEXT_BYTES];
        if (line.columns < columns[i].from) {
            continue;
        }
        struct pv_style style = row_style(model, row, columns[i].width == WIDTH_REST);
        if (selected) {
            style.attributes |= PV_REVERSE;
        }
        int width = width_of(model, &columns[i], line.columns);
        columns[i].text(model, row, text);
        if (columns[i].width == WIDTH_REST) {
            draw_tag(model, grid, (struct pv_area){column, line.line, width, 1}, style, row);
        } else {
            (columns[i].right ? pv_grid_text_right : pv_grid_text)(grid, column, line.line,
                                                                   width, style, text);
        }
        column += width + 1;
    }
}

void pv_view_list(const struct pv_model *model, struct pv_grid *grid)
{
    static const char *const sorts[] = {"by address", "by size", "by age", "by tag"};
    struct pv_area area = model->panes[PV_PANE_LIST];
    struct pv_style quiet = pv_theme_style(&model->theme, PV_ROLE_QUIET);
    char title[64], count[PV_UNIT_TEXT];
    int column = area.column + 2;

    if (area.columns == 0) {
        return;
    }
    snprintf(title, sizeof title, "%s  %s",
             model->snapshot->kind == PV_CATALOG_BUDDY ? "Blocks" : "Pebbles",
             pv_units_count(count, model->snapshot->n_pebbles));
    pv_view_pane_title(model, grid, PV_PANE_LIST, title, sorts[model->sort]);
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (area.columns >= columns[i].from) {
            int width = width_of(model, &columns[i], area.columns);
            (columns[i].right ? pv_grid_text_right : pv_grid_text)(
                grid, column, area.line, width, quiet, columns[i].title);
            column += width + 1;
        }
    }
    for (int line = 1; line < area.lines; line++) {
        size_t row = model->list_top + (size_t)line - 1;
        if (row >= model->snapshot->n_pebbles) {
            break;
        }
        draw_row(model, grid, (struct pv_area){area.column, area.line + line, area.columns, 1},
                 pv_model_row_pebble(model, row));
    }
}
