/* SPDX-License-Identifier: MIT
 *
 * metrics.c - the formulas of metrics.h.
 */
#include "replay/metrics.h"

#include "core/heap.h"

static double ratio(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : 0;
}

static double excess(double a, double b)
{
    return b > 0 ? a / b - 1 : 0;
}

double pv_metric_external(uint64_t largest_free_bytes, uint64_t free_bytes)
{
    return free_bytes ? 1 - ratio(largest_free_bytes, free_bytes) : 0;
}

double pv_metric_internal(uint64_t block_bytes, uint64_t live_bytes)
{
    return block_bytes ? ((double)block_bytes - (double)live_bytes) / (double)block_bytes : 0;
}

double pv_metric_peak_utilisation(const struct pv_stats *stats)
{
    return ratio(stats->peak_live.live_bytes, stats->peak_held.held_bytes);
}

double pv_metric_peak_over_peak(const struct pv_stats *stats)
{
    return excess((double)stats->peak_held.held_bytes, (double)stats->peak_live.live_bytes);
}

double pv_metric_at_peak_live(const struct pv_stats *stats)
{
    return excess((double)stats->peak_live.held_bytes, (double)stats->peak_live.live_bytes);
}

double pv_metric_at_peak_held(const struct pv_stats *stats)
{
    return excess((double)stats->peak_held.held_bytes, (double)stats->peak_held.live_bytes);
}

double pv_metric_mean(const struct pv_stats *stats)
{
    return excess(stats->sum_held, stats->sum_live);
}

double pv_metric_policy(const struct pv_stats *stats)
{
    return excess((double)stats->peak_held.held_bytes, (double)stats->peak_block_bytes);
}

/* Counts the free pebbles, the bytes of those smaller than s, and the bytes of whole pieces of
 * s in the others. */
struct free_counts {
    uint64_t n, bytes, smaller, pieces;
};

static struct free_counts count_free(const struct pv_snapshot *snapshot, uint64_t s)
{
    struct free_counts counts = {0};
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        if (pv_pebble_row_used(row)) {
            continue;
        }
        counts.n++;
        counts.bytes += row->size;
        if (row->size < s) {
            counts.smaller += row->size;
        } else if (s) {
            counts.pieces += row->size / s * s;
        }
    }
    return counts;
}

double pv_metric_unusable(const struct pv_snapshot *snapshot, uint64_t s)
{
    struct free_counts counts = count_free(snapshot, s);
    return counts.bytes ? ratio(counts.smaller, counts.bytes) : 1;
}

double pv_metric_fragmentation_index(const struct pv_snapshot *snapshot, uint64_t s)
{
    struct free_counts counts = count_free(snapshot, s);
    if (counts.bytes > counts.smaller) {
        return -1;
    }
    if (!counts.n || !s) {
        return 0;
    }
    return 1 - (1 + (double)counts.bytes / (double)s) / (double)counts.n;
}

double pv_metric_availability(const struct pv_snapshot *snapshot, uint64_t s)
{
    struct free_counts counts = count_free(snapshot, s);
    return ratio(counts.pieces, counts.bytes);
}

double pv_metric_fifty_percent(const struct pv_snapshot *snapshot)
{
    return snapshot->totals.n_used
               ? 2 * (double)snapshot->totals.n_free / (double)snapshot->totals.n_used
               : 0;
}

struct pv_split pv_metric_split(const struct pv_snapshot *snapshot)
{
    struct pv_split split = {
        .heap_bytes = snapshot->totals.heap_bytes,
        .header_bytes = snapshot->totals.header_bytes,
        .free_bytes = snapshot->totals.free_bytes,
    };
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        if (!pv_pebble_row_used(row)) {
            continue;
        }
        uint64_t requested = row->requested == PV_UNKNOWN ? row->size : row->requested;
        requested = requested < row->size ? requested : row->size;
        if (snapshot->kind == PV_CATALOG_BUDDY) {
            split.requested_bytes += requested;
            split.rounding_bytes += row->size - requested;
            continue;
        }
        uint64_t units = (requested + PV_UNIT_BYTES - 1) / PV_UNIT_BYTES;
        uint64_t rounded = (units ? units : 1) * PV_UNIT_BYTES;
        rounded = rounded < row->size ? rounded : row->size;
        split.requested_bytes += requested;
        split.rounding_bytes += rounded - requested;
        split.remainder_bytes += row->size - rounded;
    }
    return split;
}
