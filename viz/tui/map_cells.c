/* SPDX-License-Identifier: MIT
 *
 * map_cells.c - the bytes of each visible cell, counted.
 *
 * One pass over the pebbles of the visible buckets, in any order: O(pebbles + cells). A cell's
 * leading tag is exact where pebbles stand in address order; in a sick heap where they do not,
 * it may be the leading tag of a part.
 */
#include "viz/tui/map_cells.h"

#include "core/own.h"
#include "core/status.h"

enum part { PART_BUCKET, PART_HEADER, PART_PAYLOAD, PART_WENT };

static void add_tag(struct pv_map_cells *map, struct pv_map_tally *cell, uint64_t at,
                    uint32_t tag, uint64_t bytes)
{
    if (tag >= map->n_tags) {
        return;
    }
    if (map->tag_cell[tag] != at + 1) {
        map->tag_cell[tag] = at + 1;
        map->tag_bytes[tag] = 0;
    }
    map->tag_bytes[tag] += bytes;
    if (map->tag_bytes[tag] > cell->lead) {
        cell->lead = map->tag_bytes[tag];
        cell->tag = tag;
    }
}

static void add_part(struct pv_map_cells *map, struct pv_map_tally *cell, uint64_t at,
                     enum part part, const struct pv_pebble_row *pebble, uint64_t bytes)
{
    bool used = pebble && pv_pebble_row_used(pebble);

    if (part == PART_WENT) {
        cell->went += bytes;
        return;
    }
    if (part != PART_PAYLOAD) {
        cell->header += bytes;
    }
    if (used) {
        cell->used += bytes;
        cell->came += map->came ? bytes : 0;
        bool match = !map->model->searching ||
                     (pebble->tag < map->model->cap_match && map->model->match[pebble->tag]);
        if (match) {
            cell->match += bytes;
            add_tag(map, cell, at, pebble->tag, bytes);
        }
        if (bytes > cell->most) {
            cell->most = bytes;
            cell->born = pebble->born;
        }
    } else if (part == PART_PAYLOAD) {
        cell->free += bytes;
    }
}

/* Adds the bytes from start up to end to the cells of the present bucket that they lie in, and
 * flags to the first and the last of these. One division: this runs twice a pebble. */
static void add(struct pv_map_cells *map, uint64_t start, uint64_t end, enum part part,
                const struct pv_pebble_row *pebble, unsigned first_flags, unsigned last_flags)
{
    uint64_t size = map->model->map.cell_bytes;

    if (end <= start) {
        return;
    }
    uint64_t cell = (start - map->start) / size;
    uint64_t low = map->start + cell * size;
    cell += map->first;
    if (cell >= map->from && cell < map->until) {
        map->cells[cell - map->from].flags |= first_flags;
    }
    if (cell < map->from) {
        low += (map->from - cell) * size;
        cell = map->from;
    }
    for (; low < end && cell < map->until; cell++, low += size) {
        uint64_t from = low < start ? start : low;
        uint64_t to = end - low > size ? low + size : end;
        add_part(map, &map->cells[cell - map->from], cell, part, pebble, to - from);
        if (to == end) {
            map->cells[cell - map->from].flags |= last_flags;
        }
    }
}

static void add_bucket(struct pv_map_cells *map, size_t index)
{
    const struct pv_snapshot *snapshot = map->model->snapshot;
    const struct pv_bucket_row *bucket = &snapshot->buckets[index];
    uint64_t end = bucket->addr + bucket->n_pages * snapshot->page_bytes;

    bool buddy = snapshot->kind == PV_CATALOG_BUDDY;

    map->start = bucket->addr;
    map->first = map->model->map.first[index];
    add(map, bucket->addr, bucket->addr + snapshot->bucket_bytes, PART_BUCKET, NULL, 0, 0);
    for (size_t i = 0; i < bucket->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[bucket->first_pebble + i];
        uint64_t payload = pebble->addr + snapshot->pebble_bytes;
        if (pebble->addr < bucket->addr || payload > end) {
            continue; /* a damaged row; its finding stands in the list */
        }
        uint64_t stop = pebble->size > end - payload ? end : payload + pebble->size;
        bool used = pv_pebble_row_used(pebble);
        bool large = stop - pebble->addr >= 2 * map->model->map.cell_bytes;
        unsigned starts = used ? PV_CELL_STARTS : 0;
        map->came = used && map->model->reference.on &&
                    pv_compare_pebble(map->model, pebble) != PV_COMPARED_SAME;
        add(map, pebble->addr, payload, PART_HEADER, pebble, starts, 0);
        add(map, payload, stop, PART_PAYLOAD, pebble, buddy ? starts : 0,
            (used || buddy) && large ? PV_CELL_LAST : 0);
    }
}

/* The bucket of this moment that holds addr, or PV_NONE. */
static size_t bucket_at(const struct pv_model *model, uint64_t addr)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    size_t low = 0, high = snapshot->n_buckets;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->buckets[model->map.order[middle]].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return PV_NONE;
    }
    const struct pv_bucket_row *bucket = &snapshot->buckets[model->map.order[low - 1]];
    return addr - bucket->addr < bucket->n_pages * snapshot->page_bytes
               ? model->map.order[low - 1]
               : PV_NONE;
}

/* Marks where blocks of the reference moment lay that are gone; blocks of a bucket that is gone
 * are not on this map. O(pebbles then * log of those now). */
static void add_gone(struct pv_map_cells *map)
{
    const struct pv_model *model = map->model;
    const struct pv_snapshot *then = model->reference.snapshot;

    for (size_t i = 0; i < then->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &then->pebbles[i];
        size_t at = pv_pebble_row_used(pebble) ? bucket_at(model, pebble->addr) : PV_NONE;
        if (at == PV_NONE || pv_compare_stays(model, pebble)) {
            continue;
        }
        const struct pv_bucket_row *bucket = &model->snapshot->buckets[at];
        uint64_t end = bucket->addr + bucket->n_pages * model->snapshot->page_bytes;
        uint64_t stop = pebble->addr + then->pebble_bytes + pebble->size;
        map->start = bucket->addr;
        map->first = model->map.first[at];
        add(map, pebble->addr, stop < end ? stop : end, PART_WENT, pebble, 0, 0);
    }
}

/* Sets flags on the cells of a block, or on its first cell only. */
static void flag(struct pv_map_cells *map, uint64_t addr, uint64_t bytes, unsigned flags,
                 bool first_only)
{
    const struct pv_snapshot *snapshot = map->model->snapshot;

    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[i];
        uint64_t end = bucket->addr + bucket->n_pages * snapshot->page_bytes;
        if (addr < bucket->addr || addr >= end) {
            continue;
        }
        uint64_t cell = pv_map_cell(map->model, i, addr);
        uint64_t last =
            first_only || bytes == 0 ? cell : pv_map_cell(map->model, i, addr + bytes - 1);
        cell = cell < map->from ? map->from : cell;
        for (; cell <= last && cell < map->until; cell++) {
            map->cells[cell - map->from].flags |= flags;
        }
        return;
    }
}

static void flag_cells(struct pv_map_cells *map)
{
    const struct pv_model *model = map->model;
    const struct pv_snapshot *snapshot = model->snapshot;
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (pebble) {
        flag(map, pebble->addr, snapshot->pebble_bytes + pebble->size, PV_CELL_SELECTED, false);
    }
    if (model->step.has_ended) {
        flag(map, model->step.ended.addr, 1, PV_CELL_ENDED, true);
    }
    if (model->step.has_made) {
        flag(map, model->step.made.addr, 1, PV_CELL_MADE, true);
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        flag(map, snapshot->findings[i].addr, 1, PV_CELL_FINDING, true);
    }
}

int pv_map_cells_init(struct pv_map_cells *map, const struct pv_model *model)
{
    size_t n_cells = (size_t)model->map.columns * (size_t)model->map.lines;
    size_t n_tags = pv_tags_count(pv_timeline_tags(model->timeline));

    *map = (struct pv_map_cells){
        .model = model,
        .from = model->map.top * (uint64_t)model->map.columns,
        .n_tags = n_tags,
    };
    map->until = map->from + n_cells;
    map->cells = pv_own_calloc(n_cells, sizeof *map->cells);
    map->tag_bytes = pv_own_calloc(n_tags, sizeof *map->tag_bytes);
    map->tag_cell = pv_own_calloc(n_tags, sizeof *map->tag_cell);
    return map->cells && map->tag_bytes && map->tag_cell ? PV_OK : PV_ENOMEM;
}

void pv_map_cells_fini(struct pv_map_cells *map)
{
    pv_own_free(map->cells);
    pv_own_free(map->tag_bytes);
    pv_own_free(map->tag_cell);
}

void pv_map_cells_count(struct pv_map_cells *map)
{
    const struct pv_model *model = map->model;

    for (size_t i = 0; i < model->snapshot->n_buckets; i++) {
        uint64_t first = model->map.first[i];
        if (first < map->until && first + pv_map_bucket_cells(model, i) > map->from) {
            add_bucket(map, i);
        }
    }
    if (model->reference.on) {
        add_gone(map);
    }
    flag_cells(map);
}
