/* SPDX-License-Identifier: MIT
 *
 * model_map.c - the map's geometry: which address lies in which cell.
 *
 * Cell sizes are 16, 32, 48, then four an octave (64, 80, 96, 112, 128, 160, ...), so that the
 * heap fills at least four fifths of the pane. The default is the smallest at which the heap
 * fits at its largest extent over the whole trace: while one moves in time the picture stands
 * still and the heap grows in it. Each zoom step is an octave. O(buckets) for each size tried.
 */
#include "viz/tui/model.h"

#include <stdlib.h>

#include "core/own.h"
#include "core/status.h"

enum { STEPS_OCTAVE = 4, STEPS_SMALL = 3, STEP_MAX = 4 * 52 };

uint64_t pv_map_step_bytes(int step)
{
    if (step < STEPS_SMALL) {
        return (uint64_t)(step + 1) * 16;
    }
    step -= STEPS_SMALL;
    return (uint64_t)(STEPS_OCTAVE + step % STEPS_OCTAVE) << (4 + step / STEPS_OCTAVE);
}

static uint64_t bucket_bytes(const struct pv_model *model, size_t bucket)
{
    return model->snapshot->buckets[bucket].n_pages * model->snapshot->page_bytes;
}

static uint64_t cells_of(uint64_t bytes, uint64_t cell_bytes)
{
    return bytes ? (bytes - 1) / cell_bytes + 1 : 1;
}

uint64_t pv_map_bucket_cells(const struct pv_model *model, size_t bucket)
{
    return cells_of(bucket_bytes(model, bucket), model->map.cell_bytes);
}

/* Lines that the heap takes; the last bucket is taken to be `more` bytes longer. */
static uint64_t lines_at(const struct pv_model *model, uint64_t cell_bytes, bool rows,
                         uint64_t more)
{
    uint64_t columns = (uint64_t)model->map.columns;
    uint64_t lines = 0, cells = 0;
    size_t n = model->snapshot->n_buckets;

    for (size_t i = 0; i < n; i++) {
        uint64_t bytes = bucket_bytes(model, i) + (i + 1 == n ? more : 0);
        uint64_t take = cells_of(bytes, cell_bytes);
        lines += (take + columns - 1) / columns;
        cells += take + (i + 1 < n);
    }
    return rows ? lines : (cells + columns - 1) / columns;
}

static int fit_step(const struct pv_model *model, bool rows, uint64_t more)
{
    int step = 0;

    while (step < STEP_MAX &&
           lines_at(model, pv_map_step_bytes(step), rows, more) > (uint64_t)model->map.lines) {
        step++;
    }
    return step;
}

static int hex_digits(uint64_t value)
{
    int n = 1;

    while (value >>= 4) {
        n++;
    }
    return n;
}

/* Of a buddy, lines and cells hold a power of two bytes, so that with a page that is one, too,
 * halves stand in halves of a line, in whole lines and in halves of all lines. */
static int power_of_two_step(int step)
{
    while (step < STEP_MAX && (pv_map_step_bytes(step) & (pv_map_step_bytes(step) - 1))) {
        step++;
    }
    return step;
}

static int power_of_two_columns(int columns)
{
    int power = 1;

    while (power <= columns / 2) {
        power *= 2;
    }
    return power;
}

static int by_address(const void *a, const void *b, void *ctx)
{
    const struct pv_bucket_row *buckets = ctx;
    uint64_t x = buckets[*(const size_t *)a].addr, y = buckets[*(const size_t *)b].addr;
    return (x > y) - (x < y);
}

/* Room for the buckets in `first` and `order`, and the order. */
static int order_buckets(struct pv_model *model)
{
    struct pv_map_shape *map = &model->map;
    size_t n = model->snapshot->n_buckets;

    if (n > map->cap_first) {
        uint64_t *first = pv_own_resize(map->first, n, sizeof *first);
        map->first = first ? first : map->first;
        size_t *order = pv_own_resize(map->order, n, sizeof *order);
        map->order = order ? order : map->order;
        if (!first || !order) {
            return PV_ENOMEM;
        }
        map->cap_first = n;
    }
    for (size_t i = 0; i < n; i++) {
        map->order[i] = i;
    }
    if (n > 1) {
        qsort_r(map->order, n, sizeof *map->order, by_address, model->snapshot->buckets);
    }
    return PV_OK;
}

int pv_map_shape_make(struct pv_model *model)
{
    struct pv_map_shape *map = &model->map;
    const struct pv_snapshot *snapshot = model->snapshot;
    struct pv_area area = model->panes[PV_PANE_MAP];
    uint64_t highest = 0, peak = pv_timeline_stats(model->timeline)->peak_held.held_bytes;

    int status = order_buckets(model);
    if (status) {
        return status;
    }
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        uint64_t end = snapshot->buckets[i].addr + bucket_bytes(model, i);
        highest = end > highest ? end : highest;
    }
    map->label = hex_digits(highest) + 1;
    map->columns = area.columns - map->label > 1 ? area.columns - map->label : 1;
    map->lines = area.lines > 0 ? area.lines : 1;
    bool buddy = snapshot->kind == PV_CATALOG_BUDDY;
    map->columns = buddy ? power_of_two_columns(map->columns) : map->columns;

    uint64_t held = snapshot->totals.heap_bytes;
    uint64_t more = model->fit_now || peak < held ? 0 : peak - held;
    int by_rows = fit_step(model, true, more);
    int flowing = fit_step(model, false, more);
    map->rows = by_rows <= flowing + STEPS_OCTAVE / 2;
    map->fit = map->rows ? by_rows : flowing;
    map->fit = buddy ? power_of_two_step(map->fit) : map->fit;

    while (model->zoom > 0 && map->fit - (model->zoom - 1) * STEPS_OCTAVE <= 0) {
        model->zoom--;
    }
    int step = map->fit - model->zoom * STEPS_OCTAVE;
    map->cell_bytes = pv_map_step_bytes(step > 0 ? step : 0);

    uint64_t cell = 0, columns = (uint64_t)map->columns;
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        map->first[map->order[i]] = cell;
        cell += pv_map_bucket_cells(model, map->order[i]);
        cell = map->rows ? (cell + columns - 1) / columns * columns : cell + 1;
    }
    map->n_lines = (cell + columns - 1) / columns;
    return PV_OK;
}

uint64_t pv_map_cell(const struct pv_model *model, size_t bucket, uint64_t addr)
{
    uint64_t start = model->snapshot->buckets[bucket].addr;
    uint64_t n = pv_map_bucket_cells(model, bucket);
    uint64_t cell = addr < start ? 0 : (addr - start) / model->map.cell_bytes;

    return model->map.first[bucket] + (cell < n ? cell : n - 1);
}

size_t pv_map_bucket(const struct pv_model *model, uint64_t cell)
{
    size_t low = 0, high = model->snapshot->n_buckets;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->map.first[model->map.order[middle]] <= cell) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t bucket = low > 0 ? model->map.order[low - 1] : PV_NONE;
    if (low == 0 || cell - model->map.first[bucket] >= pv_map_bucket_cells(model, bucket)) {
        return PV_NONE;
    }
    return bucket;
}

uint64_t pv_map_addr(const struct pv_model *model, size_t bucket, uint64_t cell)
{
    return model->snapshot->buckets[bucket].addr +
           (cell - model->map.first[bucket]) * model->map.cell_bytes;
}

void pv_map_scroll(struct pv_model *model, bool centre)
{
    struct pv_map_shape *map = &model->map;
    uint64_t lines = (uint64_t)map->lines;
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (pebble) {
        uint64_t line =
            pv_map_cell(model, pebble->bucket, model->addr) / (uint64_t)map->columns;
        if (centre) {
            map->top = line > lines / 2 ? line - lines / 2 : 0;
        } else if (line < map->top) {
            map->top = line;
        } else if (line >= map->top + lines) {
            map->top = line - lines + 1;
        }
    }
    uint64_t most = map->n_lines > lines ? map->n_lines - lines : 0;
    if (map->top > most) {
        map->top = most;
    }
}

/* Selects what lies at a cell, or before it where no bucket is. */
static void select_cell(struct pv_model *model, uint64_t cell)
{
    size_t bucket = pv_map_bucket(model, cell);

    if (bucket == PV_NONE) {
        size_t n = model->snapshot->n_buckets;
        size_t at = 0;
        while (at + 1 < n && model->map.first[model->map.order[at + 1]] <= cell) {
            at++;
        }
        if (at >= n) {
            return;
        }
        bucket = model->map.order[at];
        cell = model->map.first[bucket] + pv_map_bucket_cells(model, bucket) - 1;
    }
    uint64_t addr = pv_map_addr(model, bucket, cell);
    uint64_t first = model->snapshot->buckets[bucket].addr + model->snapshot->bucket_bytes;
    pv_model_select(model, addr < first ? first : addr);
}

/* The bucket before or behind another by address, or PV_NONE. */
static size_t beside(const struct pv_model *model, size_t bucket, bool behind)
{
    size_t at = 0;
    while (model->map.order[at] != bucket) {
        at++;
    }
    if (behind ? at + 1 >= model->snapshot->n_buckets : at == 0) {
        return PV_NONE;
    }
    return model->map.order[behind ? at + 1 : at - 1];
}

/* By cells: at least to the next cell and at least to the next pebble, so that small pebbles
 * are stepped over a cell at a time and large ones in one go. */
static void move_across(struct pv_model *model, const struct pv_pebble_row *pebble, bool right)
{
    const struct pv_bucket_row *bucket = &model->snapshot->buckets[pebble->bucket];
    uint64_t cell = pv_map_cell(model, pebble->bucket, model->addr);
    uint64_t start = pv_map_addr(model, pebble->bucket, cell);
    uint64_t first = bucket->addr + model->snapshot->bucket_bytes;
    uint64_t end = bucket->addr + bucket_bytes(model, pebble->bucket);

    if (right) {
        uint64_t next = pebble->addr + model->snapshot->pebble_bytes + pebble->size;
        uint64_t to = start + model->map.cell_bytes;
        to = next > to ? next : to;
        if (to < end) {
            pv_model_select(model, to);
        } else if (beside(model, pebble->bucket, true) != PV_NONE) {
            select_cell(model, model->map.first[beside(model, pebble->bucket, true)]);
        }
    } else {
        uint64_t to = (pebble->addr < start ? pebble->addr : start) - 1;
        if (to >= first && to < end) {
            pv_model_select(model, to);
        } else if (pebble->addr > first) {
            pv_model_select(model, first);
        } else if (beside(model, pebble->bucket, false) != PV_NONE) {
            size_t before = beside(model, pebble->bucket, false);
            select_cell(model,
                        model->map.first[before] + pv_map_bucket_cells(model, before) - 1);
        }
    }
}

/* By lines: the same column as many lines on as it takes to leave the pebble. */
static void move_down(struct pv_model *model, const struct pv_pebble_row *pebble, int lines)
{
    uint64_t columns = (uint64_t)model->map.columns;
    uint64_t last = model->map.n_lines * columns - 1;
    uint64_t cell = pv_map_cell(model, pebble->bucket, model->addr);
    uint64_t end = pebble->addr + model->snapshot->pebble_bytes + pebble->size - 1;

    if (lines > 0) {
        uint64_t to = cell + (uint64_t)lines * columns;
        uint64_t out = pv_map_cell(model, pebble->bucket, end);
        if (to <= out) {
            to += ((out - to) / columns + 1) * columns;
        }
        select_cell(model, to < last ? to : last);
    } else {
        uint64_t by = (uint64_t)-lines * columns;
        uint64_t out = pv_map_cell(model, pebble->bucket, pebble->addr);
        uint64_t to = cell > by ? cell - by : 0;
        if (to > out) {
            uint64_t more = ((to - out) / columns + 1) * columns;
            to = to > more ? to - more : 0;
        }
        select_cell(model, to);
    }
}

void pv_map_move(struct pv_model *model, int cells, int lines)
{
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (!pebble) {
        return;
    }
    if (lines) {
        move_down(model, pebble, lines);
    } else {
        move_across(model, pebble, cells > 0);
    }
}

void pv_map_click(struct pv_model *model, int column, int line)
{
    const struct pv_map_shape *map = &model->map;

    if (column < map->label) {
        column = map->label;
    }
    select_cell(model, (map->top + (uint64_t)line) * (uint64_t)map->columns +
                           (uint64_t)(column - map->label));
}
