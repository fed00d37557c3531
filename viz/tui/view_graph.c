/* SPDX-License-Identifier: MIT
 *
 * view_graph.c - the whole trace at a glance: live, held and free bytes over the events.
 *
 *   12.5 MiB |        ....          from below: live bytes (solid), headers and rounding
 *            |   ..::::####::       (hatched), free payload (dotted) up to what is held
 *          0 |########^#######!##   the last line: the present moment, marks, faults
 *
 * Each column shows the greatest values of its events, so the three of a column may come from
 * different events; free is drawn down from held as far as there is room above live.
 * O(columns of the series + cells).
 */
#include <string.h>

#include "viz/tui/view.h"

enum { EIGHTHS = 8 };

struct sample {
    uint64_t live, held, free;
};

struct graph {
    const struct pv_model *model;
    struct pv_area plot; /* without axis and ticks */
    uint64_t most;
    int now; /* column */
};

/* The greatest values among the events of a column. */
static struct sample sample_at(const struct graph *graph, int column)
{
    const struct pv_series *series = &pv_timeline_stats(graph->model->timeline)->series;
    struct sample sample = {0};

    if (series->n_columns == 0) {
        return sample;
    }
    uint64_t width = (uint64_t)graph->plot.columns;
    uint64_t n = (uint64_t)(graph->model->last + 1);
    uint64_t each = series->events_per_column ? series->events_per_column : 1;
    size_t from = (size_t)((uint64_t)column * n / width / each);
    size_t to = (size_t)(((uint64_t)(column + 1) * n + width - 1) / width / each);
    for (size_t i = from; (i < to || i == from) && i < series->n_columns; i++) {
        const struct pv_series_column *at = &series->columns[i];
        sample.live = at->live > sample.live ? at->live : sample.live;
        sample.held = at->held > sample.held ? at->held : sample.held;
        sample.free = at->free > sample.free ? at->free : sample.free;
    }
    return sample;
}

static int eighths_of(const struct graph *graph, uint64_t bytes)
{
    double share = graph->most ? (double)bytes / (double)graph->most : 0;
    return (int)(share * graph->plot.lines * EIGHTHS + 0.5);
}

/* How many of the eighths from low up to low + 8 lie between from and until. */
static int part(int low, int from, int until)
{
    from = from < low ? low : from;
    until = until > low + EIGHTHS ? low + EIGHTHS : until;
    return until > from ? until - from : 0;
}

/* A cell shows what most of its held part is. The heap's edge is drawn in eighths where live
 * bytes reach it, else it is rounded; the last line shows what little there is. */
static const char *cell_look(const struct pv_theme *theme, int low, int live, int used,
                             int held, struct pv_style *style)
{
    int of_live = part(low, 0, live), of_used = part(low, live, used);
    int of_free = part(low, used, held), all = of_live + of_used + of_free;

    if (all == 0 || (all < EIGHTHS / 2 && low > 0 && of_live == 0)) {
        *style = pv_theme_style(theme, PV_ROLE_TEXT);
        return " ";
    }
    if (of_live >= of_used && of_live >= of_free) {
        *style = pv_theme_style(theme, PV_ROLE_LIVE);
        return pv_theme_bar(theme, all);
    }
    if (of_used >= of_free) {
        *style = pv_theme_style(theme, PV_ROLE_OVERHEAD);
        return pv_theme_glyph(theme, PV_GLYPH_OVERHEAD);
    }
    *style = pv_theme_style(theme, PV_ROLE_FREE);
    return pv_theme_glyph(theme, PV_GLYPH_FREE);
}

static void draw_column(const struct graph *graph, struct pv_grid *grid, int column)
{
    const struct pv_theme *theme = &graph->model->theme;
    struct sample sample = sample_at(graph, column);
    int live = eighths_of(graph, sample.live), held = eighths_of(graph, sample.held);
    int used = held - eighths_of(graph, sample.free);

    used = used < live ? live : used;
    for (int line = 0; line < graph->plot.lines; line++) {
        int low = (graph->plot.lines - 1 - line) * EIGHTHS;
        struct pv_style style;
        const char *glyph = cell_look(theme, low, live, used, held, &style);
        if (column == graph->now) {
            glyph = pv_theme_glyph(theme, PV_GLYPH_WALL);
            style = pv_theme_style(theme, PV_ROLE_NOW);
        }
        pv_grid_fill(
            grid, (struct pv_area){graph->plot.column + column, graph->plot.line + line, 1, 1},
            glyph, style);
    }
}

static void draw_axis(const struct graph *graph, struct pv_grid *grid)
{
    struct pv_style quiet = pv_theme_style(&graph->model->theme, PV_ROLE_QUIET);
    char text[PV_UNIT_TEXT];
    int column = graph->plot.column - PV_GRAPH_LABEL;

    for (int line = 0; line < graph->plot.lines; line++) {
        bool middle = line == graph->plot.lines / 2 && graph->plot.lines >= 5;
        if (line == 0 || middle) {
            double share = (double)(graph->plot.lines - line) / graph->plot.lines;
            pv_units_bytes(text, (uint64_t)(share * (double)graph->most));
            pv_grid_text_right(grid, column, graph->plot.line + line, PV_GRAPH_LABEL - 1, quiet,
                               text);
        } else if (line == graph->plot.lines - 1) {
            pv_grid_text_right(grid, column, graph->plot.line + line, PV_GRAPH_LABEL - 1, quiet,
                               "0");
        }
    }
}

static void draw_ticks(const struct graph *graph, struct pv_grid *grid)
{
    const struct pv_model *model = graph->model;
    const struct pv_theme *theme = &model->theme;
    int line = graph->plot.line + graph->plot.lines, width = graph->plot.columns;
    char text[PV_UNIT_TEXT];
    size_t n_marks;
    const struct pv_mark_row *marks = pv_timeline_marks(model->timeline, &n_marks);

    pv_grid_text(grid, graph->plot.column, line, width, pv_theme_style(theme, PV_ROLE_QUIET),
                 "0");
    pv_units_count(text, (uint64_t)(model->last > 0 ? model->last : 0));
    if (graph->now < width - (int)strlen(text)) {
        pv_grid_text_right(grid, graph->plot.column, line, width,
                           pv_theme_style(theme, PV_ROLE_QUIET), text);
    }
    for (size_t i = 0; i < n_marks; i++) {
        pv_grid_text(grid, graph->plot.column + pv_graph_column(model, marks[i].event, width),
                     line, 1, pv_theme_style(theme, PV_ROLE_MARK),
                     pv_theme_glyph(theme, PV_GLYPH_TICK_MARK));
    }
    for (size_t i = 0; i < model->n_troubles; i++) {
        pv_grid_text(grid,
                     graph->plot.column + pv_graph_column(model, model->troubles[i], width),
                     line, 1, pv_theme_style(theme, PV_ROLE_FAULT),
                     pv_theme_glyph(theme, PV_GLYPH_TICK_FAULT));
    }
    if (model->reference.on) {
        pv_grid_text(grid,
                     graph->plot.column + pv_graph_column(model, model->reference.event, width),
                     line, 1, pv_theme_style(theme, PV_ROLE_CAME), "x");
    }
    pv_grid_text(grid, graph->plot.column + graph->now, line, 1,
                 pv_theme_style(theme, PV_ROLE_STRONG), pv_theme_glyph(theme, PV_GLYPH_NOW));
}

void pv_view_graph(const struct pv_model *model, struct pv_grid *grid)
{
    struct pv_area area = model->panes[PV_PANE_GRAPH];
    const struct pv_stats *stats = pv_timeline_stats(model->timeline);
    const struct pv_theme *theme = &model->theme;
    char title[128], legend[128], live[PV_UNIT_TEXT], held[PV_UNIT_TEXT];

    if (area.columns <= PV_GRAPH_LABEL || area.lines < 2) {
        return;
    }
    struct graph graph = {
        .model = model,
        .plot = {area.column + PV_GRAPH_LABEL, area.line, area.columns - PV_GRAPH_LABEL,
                 area.lines - 1},
        .most = stats->peak_held.held_bytes,
    };
    graph.now = pv_graph_column(model, model->cursor, graph.plot.columns);
    snprintf(title, sizeof title, "Whole trace  peak %s live, %s held",
             pv_units_bytes(live, stats->peak_live.live_bytes),
             pv_units_bytes(held, stats->peak_held.held_bytes));
    snprintf(legend, sizeof legend, "%s live  %s headers, rounding  %s free",
             pv_theme_bar(theme, EIGHTHS), pv_theme_glyph(theme, PV_GLYPH_OVERHEAD),
             pv_theme_glyph(theme, PV_GLYPH_FREE));
    pv_view_pane_title(model, grid, PV_PANE_GRAPH, title, legend);
    draw_axis(&graph, grid);
    for (int column = 0; column < graph.plot.columns; column++) {
        draw_column(&graph, grid, column);
    }
    draw_ticks(&graph, grid);
}
