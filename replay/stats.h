/* SPDX-License-Identifier: MIT
 *
 * stats.h - what a replay counts while it runs: constant memory, O(1) an event.
 *
 * At event t: L requested live bytes, B live bytes with headers and rounding, H heap bytes
 * held, F free payload bytes. Event -1 is the start.
 */
#ifndef PV_STATS_H
#define PV_STATS_H

#include <stddef.h>
#include <stdint.h>

enum { PV_SERIES_MAX = 2048 };

/* The graph of the whole trace: each column stands for `events_per_column` events and keeps the
 * greatest value in it. When all columns are full, pairs are joined. */
struct pv_series {
    uint64_t events_per_column; /* 1 << shift */
    unsigned shift;
    size_t n_columns;
    struct pv_series_column {
        uint64_t live; /* L */
        uint64_t held; /* H */
        uint64_t free; /* F */
    } columns[PV_SERIES_MAX];
};

struct pv_moment {
    int64_t event;
    uint64_t live_bytes; /* L */
    uint64_t live_blocks;
    uint64_t block_bytes;   /* B: payloads and headers of used blocks */
    uint64_t payload_bytes; /* of used blocks */
    uint64_t held_bytes;    /* H */
    uint64_t n_buckets;
    uint64_t free_bytes; /* F */
    uint64_t free_blocks;
    uint64_t largest_free_bytes;
};

struct pv_stats {
    uint64_t n_events, n_allocs, n_frees, n_reallocs, n_marks;
    uint64_t n_faults;          /* the program's mistakes */
    uint64_t n_failed;          /* requests that the engine had no room for */
    uint64_t failed_bytes;      /* what they asked for; UINT64_MAX: that or more */
    struct pv_moment now;       /* as it was when the caller last put it here */
    struct pv_moment peak_live; /* the first moment at which L is largest */
    struct pv_moment
        peak_held; /* the first moment at which H is largest and, if any is, L not 0 */
    uint64_t peak_live_blocks; /* the most blocks live at once, at any moment */
    uint64_t peak_block_bytes; /* max B */
    uint64_t high_water_bytes; /* the largest extent (engine.h) after any event */
    /* After any event, and the first after which it was so little. */
    uint64_t least_free_bytes, least_largest_bytes; /* the largest hole, at its smallest */
    int64_t least_free_event, least_largest_event;
    double sum_live, sum_held; /* over events, for the weighted mean */
    struct pv_series series;
};

/* Counts the moment after the next event, or the start (event -1), which comes first. Counts of
 * operations are the caller's. */
void pv_stats_add(struct pv_stats *stats, const struct pv_moment *now);

#endif
