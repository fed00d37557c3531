/* SPDX-License-Identifier: MIT
 *
 * stats.c - the moments and the graph that statistics keep: O(1) an event, columns joined in
 * pairs when all are full.
 */
#include "replay/stats.h"

#include <stdbool.h>

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct pv_series_column join(const struct pv_series_column *a,
                                    const struct pv_series_column *b)
{
    return (struct pv_series_column){
        .live = greater(a->live, b->live),
        .held = greater(a->held, b->held),
        .free = greater(a->free, b->free),
    };
}

static void series_add(struct pv_series *series, uint64_t event, const struct pv_moment *moment)
{
    if (!series->events_per_column) {
        series->events_per_column = 1;
    }
    if (event >> series->shift >= PV_SERIES_MAX) {
        series->n_columns /= 2;
        for (size_t i = 0; i < series->n_columns; i++) {
            series->columns[i] = join(&series->columns[2 * i], &series->columns[2 * i + 1]);
        }
        series->events_per_column *= 2;
        series->shift++;
    }
    struct pv_series_column value = {
        .live = moment->live_bytes, .held = moment->held_bytes, .free = moment->free_bytes};
    size_t column = (size_t)(event >> series->shift);
    if (column == series->n_columns) {
        series->columns[series->n_columns++] = value;
    } else {
        series->columns[column] = join(&series->columns[column], &value);
    }
}

static void keep_least(uint64_t value, int64_t event, uint64_t *least, int64_t *at)
{
    if (event == 0 || value < *least) {
        *least = value;
        *at = event;
    }
}

void pv_stats_add(struct pv_stats *stats, const struct pv_moment *now)
{
    if (now->event >= 0) {
        stats->sum_live += (double)now->live_bytes;
        stats->sum_held += (double)now->held_bytes;
        series_add(&stats->series, (uint64_t)now->event, now);
        keep_least(now->free_bytes, now->event, &stats->least_free_bytes,
                   &stats->least_free_event);
        keep_least(now->largest_free_bytes, now->event, &stats->least_largest_bytes,
                   &stats->least_largest_event);
    }
    if (now->live_bytes > stats->peak_live.live_bytes || now->event < 0) {
        stats->peak_live = *now;
    }
    /* A heap that never outgrows what it began with is at its largest before anything is live,
     * where H / L has no value: the first moment that has one stands for it. */
    bool valueless =
        !stats->peak_held.live_bytes && now->held_bytes == stats->peak_held.held_bytes;
    if (now->held_bytes > stats->peak_held.held_bytes || now->event < 0 || valueless) {
        stats->peak_held = *now;
    }
    stats->peak_live_blocks = greater(stats->peak_live_blocks, now->live_blocks);
    stats->peak_block_bytes = greater(stats->peak_block_bytes, now->block_bytes);
}
