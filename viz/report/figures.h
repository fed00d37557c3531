/* SPDX-License-Identifier: MIT
 *
 * figures.h - the figures of a replayed trace, gathered once, printed twice: as text for people
 * and as JSON for programs.
 */
#ifndef PV_REPORT_H
#define PV_REPORT_H

#include <stdio.h>

#include "replay/metrics.h"
#include "replay/timeline.h"
#include "viz/text/tally.h"

enum { PV_N_REPORT_SIZES = 6 };

/* The sizes for which the report says how available memory is. */
extern const uint64_t pv_report_sizes[PV_N_REPORT_SIZES];

struct pv_report_engine {
    const struct pv_engine_type *type;
    const struct pv_stats *stats;
    struct pv_totals totals; /* at the moment */
    struct pv_split split;
    double external, internal, fifty_percent;
    double availability[PV_N_REPORT_SIZES];
    double seconds;
};

/* What is reported on. All is borrowed and outlives the report. */
struct pv_report_subject {
    const char *path, *program, *format, *packing, *clock; /* clean */
    bool damaged;
    const struct pv_engine_options *heap;
    const char *moment; /* as --at named it, NULL: the peak */
    int64_t event;      /* that moment's */
    size_t n_engines;
    struct pv_report_run {
        const struct pv_timeline *timeline; /* at the trace's end */
        const struct pv_snapshot *snapshot; /* at the moment */
        double seconds;
    } runs[PV_ENGINES_MAX];
};

struct pv_report {
    const struct pv_report_subject *subject;
    size_t n_engines;
    struct pv_report_engine engines[PV_ENGINES_MAX];
    struct pv_tally tags; /* all at the moment, ranked */
    size_t top;           /* how many of them to list */
    bool with_tags;       /* --top was given: they are in the JSON too */
    bool with_seconds;
};

/* Takes the figures. PV_ENOMEM; pv_report_fini is due in both cases. */
int pv_report_init(struct pv_report *report, const struct pv_report_subject *subject);
void pv_report_fini(struct pv_report *report);

void pv_report_text(const struct pv_report *report, FILE *out);
void pv_report_json(const struct pv_report *report, FILE *file);

#endif
