/* SPDX-License-Identifier: MIT
 *
 * view_status.c - the lines around the panes: title, what the event at the cursor did, the
 * figures of the moment, the keys. O(log faults).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "replay/metrics.h"
#include "viz/tui/key_rows.h"
#include "viz/tui/view.h"

enum {
    LINE_BYTES = 512,
    PROMPT_COLUMNS = 76, /* from here on, what may be typed is told */
};

/* A line that is written piece by piece, from the left. */
struct pen {
    const struct pv_model *model;
    struct pv_grid *grid;
    int column, line, end;
};

static void ink(struct pen *pen, enum pv_role role, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void ink(struct pen *pen, enum pv_role role, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pen->column += pv_grid_text(pen->grid, pen->column, pen->line, pen->end - pen->column,
                                pv_theme_style(&pen->model->theme, role), text);
}

static void write_tag(struct pen *pen, uint32_t tag)
{
    const char *text = pv_model_tag_text(pen->model, tag);

    pen->column +=
        pv_grid_text(pen->grid, pen->column, pen->line, pen->end - pen->column,
                     pv_theme_tag(&pen->model->theme, text), *text ? text : "(no name)");
}

/* "reading 43 %, 2 s left   " */
static void write_reading(char *text, size_t cap, const struct pv_model_reading *reading,
                          bool wide)
{
    char rate[PV_UNIT_TEXT];

    text[0] = '\0';
    if (!reading->on) {
        return;
    }
    int n = snprintf(text, cap, "reading");
    if (reading->share >= 0) {
        n += snprintf(text + n, cap - (size_t)n, " %.0f %%, %.0f s left", 100 * reading->share,
                      reading->seconds);
    }
    if (wide) {
        n += snprintf(text + n, cap - (size_t)n, ", %s events a second",
                      pv_units_count(rate, reading->rate));
    }
    snprintf(text + n, cap - (size_t)n, "   ");
}

void pv_view_title(const struct pv_model *model, struct pv_grid *grid, int line)
{
    struct pv_style style = pv_theme_style(&model->theme, PV_ROLE_TITLE);
    char right[256], reading[128], event[PV_UNIT_TEXT], last[PV_UNIT_TEXT];

    pv_grid_fill(grid, (struct pv_area){0, line, grid->columns, 1}, " ", style);
    write_reading(reading, sizeof reading, &model->reading, grid->columns >= 120);
    if (model->cursor == PV_START) {
        snprintf(right, sizeof right, "%sstart of %s", reading,
                 pv_units_of(last, (uint64_t)(model->last + 1), "event"));
    } else {
        snprintf(right, sizeof right, "%sevent %s of %s  %3.0f%%", reading,
                 pv_units_count(event, (uint64_t)model->cursor),
                 pv_units_count(last, (uint64_t)model->last),
                 100.0 * (double)(model->cursor + 1) / (double)(model->last + 1));
    }
    int width = pv_width_text(right);
    if (width > grid->columns - 2) { /* the event alone, or what there is room for */
        if (model->cursor != PV_START) {
            snprintf(right, sizeof right, "%s", pv_units_count(event, (uint64_t)model->cursor));
        }
        width = pv_width_text(right);
        width = width < grid->columns - 2 ? width : grid->columns - 2;
    }
    pv_grid_text(grid, grid->columns - width - 1, line, width, style, right);
    if (grid->columns - width > 4) {
        pv_grid_print(grid, 1, line, grid->columns - width - 4, style, "pebbleviz  %s  %s",
                      model->title, pv_timeline_engine(model->timeline)->name);
    }
}

/* ---- the event ---- */

static const struct pv_mistake_row *mistake_at(const struct pv_model *model)
{
    size_t n, low = 0;
    const struct pv_mistake_row *rows = pv_timeline_mistakes(model->timeline, &n);

    while (low < n) {
        size_t middle = low + (n - low) / 2;
        if (rows[middle].event < model->cursor) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    /* n is now its index, if it is there at all. */
    size_t all;
    rows = pv_timeline_mistakes(model->timeline, &all);
    return n < all && rows[n].event == model->cursor ? &rows[n] : NULL;
}

static void write_failed(struct pen *pen)
{
    const struct pv_model *model = pen->model;
    char asked[PV_UNIT_TEXT], free[PV_UNIT_TEXT], largest[PV_UNIT_TEXT];

    ink(pen, PV_ROLE_FAULT, "%s %s %s failed: ", pv_op_name(model->step.op),
        pv_units_bytes(asked, model->step.failed_bytes),
        pv_tags_text(pv_timeline_tags(model->timeline), model->step.failed_tag));
    ink(pen, PV_ROLE_TEXT, "%s free, the largest hole %s",
        pv_units_bytes(free, model->snapshot->totals.free_bytes),
        pv_units_bytes(largest, model->snapshot->totals.largest_free_bytes));
    size_t n;
    const struct pv_refused_row *rows = pv_timeline_refused(model->timeline, &n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].event == model->cursor) {
            ink(pen, PV_ROLE_FAULT, ": %s", pv_why_name(rows[i].refusal.why));
        }
    }
}

static void write_trouble(struct pen *pen)
{
    const struct pv_model *model = pen->model;
    const struct pv_mistake_row *mistake = mistake_at(model);

    if (model->step.failed) {
        write_failed(pen);
        return;
    }
    ink(pen, PV_ROLE_FAULT, "the program's mistake: %s",
        mistake ? pv_mistake_name(mistake->kind) : "a bad id");
    if (mistake && mistake->id != PV_UNKNOWN) {
        ink(pen, PV_ROLE_FAULT, " of #%llu", (unsigned long long)mistake->id);
    }
    ink(pen, PV_ROLE_TEXT, "  ");
}

static void write_made(struct pen *pen, const struct pv_placement *made)
{
    const struct pv_model *model = pen->model;
    const struct pv_snapshot *snapshot = model->snapshot;
    size_t at = pv_snapshot_find(snapshot, made->addr);
    char bytes[PV_UNIT_TEXT];

    ink(pen, PV_ROLE_STRONG, " %s 0x%llx", pv_theme_glyph(&model->theme, PV_GLYPH_ARROW),
        (unsigned long long)made->addr);
    bool buddy = snapshot->kind == PV_CATALOG_BUDDY;
    ink(pen, PV_ROLE_TEXT, "  %s %llu", buddy ? "granted" : "payload",
        (unsigned long long)made->size);
    if (model->now.held_bytes > model->before.held_bytes && model->cursor > 0) {
        ink(pen, PV_ROLE_TEXT, ", the heap grew by %s",
            pv_units_bytes(bytes, model->now.held_bytes - model->before.held_bytes));
    }
    /* No two free pebbles stand side by side, but for a buddy's halves, so a free one behind a
     * block that was just made is what was split off. */
    if (!buddy && at != PV_NONE && at + 1 < snapshot->n_pebbles) {
        const struct pv_pebble_row *rest = &snapshot->pebbles[at + 1];
        if (!pv_pebble_row_used(rest) && rest->bucket == snapshot->pebbles[at].bucket) {
            ink(pen, PV_ROLE_QUIET, ", %s free behind it", pv_units_bytes(bytes, rest->size));
        } else {
            ink(pen, PV_ROLE_QUIET, ", fills its hole");
        }
    }
}

static void write_ended(struct pen *pen, const struct pv_placement *ended)
{
    const struct pv_model *model = pen->model;
    const struct pv_snapshot *snapshot = model->snapshot;
    size_t at = pv_snapshot_find(snapshot, ended->addr);
    char bytes[PV_UNIT_TEXT];

    ink(pen, PV_ROLE_STRONG, " 0x%llx", (unsigned long long)ended->addr);
    ink(pen, PV_ROLE_TEXT, "  %s %llu, lived %lld events",
        snapshot->kind == PV_CATALOG_BUDDY ? "granted" : "payload",
        (unsigned long long)ended->size, (long long)(model->cursor - ended->born_block));
    if (at != PV_NONE && !pv_pebble_row_used(&snapshot->pebbles[at]) &&
        snapshot->pebbles[at].size > ended->size) {
        ink(pen, PV_ROLE_QUIET, ", merged into %s free",
            pv_units_bytes(bytes, snapshot->pebbles[at].size));
    } else if (at == PV_NONE) {
        ink(pen, PV_ROLE_QUIET, ", its bucket was given back");
    }
}

static void write_step(struct pen *pen)
{
    const struct pv_step *step = &pen->model->step;
    const struct pv_placement *block = step->has_made ? &step->made : &step->ended;

    if (!step->has_made && !step->has_ended) {
        return;
    }
    ink(pen, PV_ROLE_STRONG, "%s", pv_op_name(step->op));
    if (step->has_made && step->made.requested != PV_UNKNOWN) {
        ink(pen, PV_ROLE_STRONG, " %llu", (unsigned long long)step->made.requested);
    }
    ink(pen, PV_ROLE_TEXT, " ");
    write_tag(pen, block->tag);
    if (block->id != PV_UNKNOWN) {
        ink(pen, PV_ROLE_QUIET, " #%llu", (unsigned long long)block->id);
    }
    if (step->has_made && step->has_ended) {
        if (step->made.addr == step->ended.addr) {
            ink(pen, PV_ROLE_TEXT, "  in place, payload was %llu",
                (unsigned long long)step->ended.size);
        } else {
            ink(pen, PV_ROLE_TEXT, "  moved from 0x%llx", (unsigned long long)step->ended.addr);
        }
    }
    if (step->has_made) {
        write_made(pen, &step->made);
    } else {
        write_ended(pen, &step->ended);
    }
}

static void write_mark(struct pen *pen)
{
    size_t n;
    const struct pv_mark_row *marks = pv_timeline_marks(pen->model->timeline, &n);

    ink(pen, PV_ROLE_MARK, "mark");
    for (size_t i = 0; i < n; i++) {
        if (marks[i].event == pen->model->cursor) {
            ink(pen, PV_ROLE_MARK, " %s", marks[i].name);
        }
    }
}

void pv_view_event(const struct pv_model *model, struct pv_grid *grid, int line)
{
    struct pen pen = {model, grid, 1, line, grid->columns - 1};
    const struct pv_step *step = &model->step;

    if (model->last < 0) {
        ink(&pen, PV_ROLE_TEXT, "This trace has no events.");
    } else if (model->cursor == PV_START) {
        ink(&pen, PV_ROLE_TEXT, "Before the first event: the heap as it was made.");
    } else {
        ink(&pen, PV_ROLE_QUIET, "%lld: ", (long long)model->cursor);
        if (step->failed || step->mistake) {
            write_trouble(&pen);
        }
        if (step->op == PV_OP_MARK) {
            write_mark(&pen);
        } else if (step->has_made || step->has_ended) {
            write_step(&pen);
        } else if (!step->failed && !step->mistake) {
            ink(&pen, PV_ROLE_TEXT, "%s that changed nothing", pv_op_name(step->op));
        }
    }
}

/* ---- the moment ---- */

/* A figure is shown whole or not at all; an ellipsis shows that some are missing. */
static void write_figure(struct pen *pen, const char *name, const char *value)
{
    const char *gap = pen->column > 1 ? "  " : "";

    if (pen->column + pv_width_text(gap) + pv_width_text(name) + 1 + pv_width_text(value) >
        pen->end) {
        ink(pen, PV_ROLE_QUIET, pen->grid->ascii ? "  ~" : "  …");
        pen->end = pen->column;
        return;
    }
    ink(pen, PV_ROLE_QUIET, "%s%s ", gap, name);
    ink(pen, PV_ROLE_STRONG, "%s", value);
}

/* Against the moment that is compared with. */
static void write_changes(struct pen *pen)
{
    const struct pv_model *model = pen->model;
    const struct pv_reference *reference = &model->reference;
    const struct pv_totals *now = &model->snapshot->totals,
                           *then = &reference->snapshot->totals;
    char text[64];

    ink(pen, PV_ROLE_CHANGED, "since event %lld", (long long)reference->event);
    write_figure(pen, "live",
                 pv_units_change(text, reference->moment.live_bytes, model->now.live_bytes));
    snprintf(
        text, sizeof text, "%+lld",
        (long long)((int64_t)model->now.live_blocks - (int64_t)reference->moment.live_blocks));
    write_figure(pen, "blocks", text);
    write_figure(pen, "held", pv_units_change(text, then->heap_bytes, now->heap_bytes));
    write_figure(pen, "free", pv_units_change(text, then->free_bytes, now->free_bytes));
    snprintf(text, sizeof text, "%+lld",
             (long long)((int64_t)now->n_free - (int64_t)then->n_free));
    write_figure(pen, "holes", text);
    write_figure(pen, "largest hole",
                 pv_units_change(text, then->largest_free_bytes, now->largest_free_bytes));
}

void pv_view_status(const struct pv_model *model, struct pv_grid *grid, int line)
{
    struct pen pen = {model, grid, 1, line, grid->columns - 1};
    const struct pv_totals *totals = &model->snapshot->totals;
    const struct pv_stats *stats = pv_timeline_stats(model->timeline);
    char text[64], count[PV_UNIT_TEXT];
    bool wide = grid->columns >= 100;

    if (model->reference.on) {
        write_changes(&pen);
        return;
    }
    write_figure(&pen, "live", pv_units_bytes(text, model->now.live_bytes));
    if (wide && model->cursor >= 0 && model->now.live_bytes != model->before.live_bytes) {
        ink(&pen, PV_ROLE_QUIET, " (%s)",
            pv_units_change(text, model->before.live_bytes, model->now.live_bytes));
    }
    if (grid->columns >= 110) {
        write_figure(&pen, "blocks", pv_units_count(count, model->now.live_blocks));
    }
    write_figure(&pen, "held", pv_units_bytes(text, totals->heap_bytes));
    write_figure(&pen, "free", pv_units_bytes(text, totals->free_bytes));
    write_figure(&pen, grid->columns >= 130 ? "fragmentation" : "frag",
                 pv_units_percent(
                     text, pv_metric_external(totals->largest_free_bytes, totals->free_bytes)));
    snprintf(text, sizeof text, "%zu",
             model->snapshot->n_findings + (size_t)model->snapshot->n_findings_more);
    write_figure(&pen, "findings", text);
    snprintf(text, sizeof text, "%llu", (unsigned long long)stats->n_faults);
    write_figure(&pen, "faults", text);
    if (stats->n_failed) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)stats->n_failed);
        write_figure(&pen, "failed", text);
    }
    if (totals->n_buckets > 1) {
        write_figure(&pen, "buckets", pv_units_count(count, totals->n_buckets));
    }
}

/* ---- the keys, or what has been asked or said ---- */

static void write_key(struct pen *pen, const struct pv_key_row *row, const char *what)
{
    char keys[PV_ROW_NAMES];

    pv_key_row_names(keys, row->keys);
    /* A hint is shown whole or not at all. */
    if (pen->column + pv_width_text(keys) + pv_width_text(what) + 1 > pen->end) {
        pen->end = pen->column;
        return;
    }
    ink(pen, PV_ROLE_KEY, "%s", keys);
    ink(pen, PV_ROLE_QUIET, " %s  ", what);
}

/* Enter does what the sheet says. */
static const char *hint_of(const struct pv_model *model, const struct pv_key_row *row)
{
    bool enter = row->where == PV_KEYS_SHEET && row->keys[0] == PV_KEY_ENTER;

    return enter ? pv_sheet_type_of(model->sheet.kind)->enter : row->hint;
}

/* The hints by their ranks, as far as there is room. */
static void write_hints(struct pen *pen)
{
    enum pv_keys_where where =
        pen->model->sheet.kind == PV_SHEET_NONE ? PV_KEYS_PANES : PV_KEYS_SHEET;

    for (unsigned rank = 1; rank <= pv_n_key_rows; rank++) {
        for (size_t i = 0; i < pv_n_key_rows; i++) {
            if (pv_key_rows[i].rank == rank && pv_key_rows[i].where == where) {
                write_key(pen, &pv_key_rows[i], hint_of(pen->model, &pv_key_rows[i]));
            }
        }
    }
}

void pv_view_hints(const struct pv_model *model, struct pv_grid *grid, int line)
{
    struct pen pen = {model, grid, 1, line, grid->columns - 1};

    if (model->prompt != PV_PROMPT_NONE) {
        const bool wide = grid->columns >= PROMPT_COLUMNS;
        ink(&pen, PV_ROLE_KEY, "%s ",
            !wide ? model->prompt == PV_PROMPT_GO ? "go to:" : "search:"
            : model->prompt == PV_PROMPT_GO
                ? "go to (number, +N, -N, N%, start, end, peak, mark:NAME, 0x address):"
                : "search for a tag that holds:");
        ink(&pen, PV_ROLE_STRONG, "%s", model->typed);
        ink(&pen, PV_ROLE_NOW, " ");
        return;
    }
    if (model->message[0]) {
        ink(&pen, PV_ROLE_STRONG, "%s", model->message);
        return;
    }
    if (model->playing) {
        char speed[PV_UNIT_TEXT];
        ink(&pen, PV_ROLE_CHANGED, "%s %s a second  ",
            pv_theme_glyph(&model->theme, PV_GLYPH_PLAY),
            pv_units_of(speed, (uint64_t)model->speed, "event"));
        for (size_t i = 0; i < pv_n_key_rows; i++) {
            if (pv_key_rows[i].playing) {
                write_key(&pen, &pv_key_rows[i], pv_key_rows[i].playing);
            }
        }
    }
    if (model->searching) {
        ink(&pen, PV_ROLE_CHANGED, "/%s  ", model->search);
        for (size_t i = 0; i < pv_n_key_rows; i++) {
            if (pv_key_rows[i].searching) {
                write_key(&pen, &pv_key_rows[i], pv_key_rows[i].searching);
            }
        }
    }
    write_hints(&pen);
}
