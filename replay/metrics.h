/* SPDX-License-Identifier: MIT
 *
 * metrics.h - figures out of statistics and snapshots. Pure functions; each says its formula
 * and its source. L, B, H, F as in stats.h; f_i the free payload sizes, n_free their number.
 */
#ifndef PV_METRICS_H
#define PV_METRICS_H

#include "inspect/snapshot.h"
#include "replay/stats.h"

/* 1 - max f_i / F, 0 when F = 0. 0 is one hole; blind to the size that is asked for. */
double pv_metric_external(uint64_t largest_free_bytes, uint64_t free_bytes);

/* (B - L) / B, 0 when B = 0: the price of the format. Randell 1969. */
double pv_metric_internal(uint64_t block_bytes, uint64_t live_bytes);

/* max L / max H, 0 when H = 0. CS:APP malloc lab. */
double pv_metric_peak_utilisation(const struct pv_stats *stats);

/* Johnstone and Wilson 1998, measures 4, 2, 3 and (weighted by L) 1; 0 where L is 0. */
double pv_metric_peak_over_peak(const struct pv_stats *stats); /* max H / max L - 1 */
double pv_metric_at_peak_live(const struct pv_stats *stats); /* H / L - 1 where L is largest */
double pv_metric_at_peak_held(const struct pv_stats *stats); /* H / L - 1 where H is largest */
double pv_metric_mean(const struct pv_stats *stats);         /* sum H / sum L - 1 */
double pv_metric_policy(const struct pv_stats *stats);       /* max H / max B - 1 */

/* The share of free memory that is of no use to a request of s bytes: sum(f_i < s) / F, 1 when
 * F = 0. Linux mm/vmstat.c; Gorman. */
double pv_metric_unusable(const struct pv_snapshot *snapshot, uint64_t s);

/* Why a request of s bytes fails: -1 some f_i >= s (it does not); 0 when n_free = 0; else
 * 1 - (1 + F / s) / n_free: towards 0 for lack of memory, towards 1 because of fragmentation.
 * Linux mm/vmstat.c. */
double pv_metric_fragmentation_index(const struct pv_snapshot *snapshot, uint64_t s);

/* How much of the free memory can be had in pieces of s bytes: sum(floor(f_i / s) * s) / F, 0
 * when F = 0. Linux; Redpanda. */
double pv_metric_availability(const struct pv_snapshot *snapshot, uint64_t s);

/* Free blocks over half the used ones: 1 is Knuth's fifty-percent rule with p = 1 (2.5). */
double pv_metric_fifty_percent(const struct pv_snapshot *snapshot);

/* Where the bytes of the heap go at a moment; they add up to heap_bytes. */
struct pv_split {
    uint64_t heap_bytes;
    uint64_t requested_bytes;
    uint64_t rounding_bytes;  /* to 64, and up to the least payload; of a buddy, to 2^n pages */
    uint64_t remainder_bytes; /* left in a block because the rest was too small to split off */
    uint64_t header_bytes;    /* of used and free pebbles and of buckets */
    uint64_t free_bytes;
};

/* Blocks whose requested size is unknown count as filled. */
struct pv_split pv_metric_split(const struct pv_snapshot *snapshot);

#endif
