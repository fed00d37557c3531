/* SPDX-License-Identifier: MIT
 *
 * figure_rows.h - the figures of an engine, a row each: the text and the JSON of the report are
 * made of these rows and of nothing else. Private to viz/report.
 */
#ifndef PV_FIGURE_ROWS_H
#define PV_FIGURE_ROWS_H

#include "viz/report/figures.h"

/* A figure's unit says how it is written, and how engines are compared. */
enum pv_figure_unit {
    PV_FIGURE_BYTES, /* 1.25 KiB; differs by percent of the first engine's */
    PV_FIGURE_PART,  /* bytes that are a part of the heap: their share stands beside them */
    PV_FIGURE_COUNT, /* 1,234; differs by percent */
    PV_FIGURE_SHARE, /* 12.3 %, a fraction in the JSON; differs by percentage points */
    PV_FIGURE_INDEX  /* 1.25; differs by percent */
};

/* Where it stands: the table of the text, and the object of the JSON. */
enum pv_figure_place {
    PV_FIGURE_OVER_TIME,     /* "The heap over the whole trace"; the engine's own object */
    PV_FIGURE_FRAGMENTATION, /* the same table; `fragmentation` */
    PV_FIGURE_BYTES_AT,      /* "where the heap's bytes are"; `at` */
    PV_FIGURE_HOLES_AT       /* "The holes at that moment"; `at` */
};

struct pv_figure {
    enum pv_figure_place place;
    const char *key;   /* in the JSON */
    const char *label; /* in the text; NULL: in the JSON only */
    enum pv_figure_unit unit;
    /* One of the two is set; whole numbers are exact up to 2^64 - 1. */
    uint64_t (*whole)(const struct pv_report_engine *engine);
    double (*real)(const struct pv_report_engine *engine);
    /* What it means and what to do about it; NULL: nothing. Each must be true of every engine it
     * is said of: the first of all, the second where one is a Bucket/Pebble heap, the third
     * where one is a buddy. */
    const char *sentence, *of_pebbles, *of_buddy;
    bool unless_zero; /* left out of the text where it is 0 for all engines */
};

/* In the order of the text. */
extern const struct pv_figure pv_figures[];
extern const size_t pv_n_figures;

/* The figure as a number to compare by. */
double pv_figure_value(const struct pv_figure *figure, const struct pv_report_engine *engine);

#endif
