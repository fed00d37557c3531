/* SPDX-License-Identifier: MIT
 *
 * report.h - the figures of a replayed trace, gathered once, printed twice: as text for people
 * and as JSON for programs. INTERFACES of the JSON: man page, REPORT.
 */
#ifndef PV_REPORT_H
#define PV_REPORT_H

#include <stdio.h>

#include "replay/metrics.h"
#include "viz/load.h"
#include "viz/tally.h"

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

struct pv_report {
    const struct pv_load *load;
    const struct pv_replay_options *options;
    const char *moment; /* as --at named it, NULL: the peak */
    int64_t event;
    size_t n_engines;
    struct pv_report_engine engines[PV_ENGINES_MAX];
    struct pv_tally tags; /* all at the moment, ranked */
    size_t top;           /* how many of them to list */
    bool with_tags;       /* --top was given: they are in the JSON too */
    bool with_seconds;
};

/* Takes the figures at the load's first moment, whose name is said. 0 or an exit code whose
 * reason was said; pv_report_fini is due in both cases. */
int pv_report_init(struct pv_report *report, struct pv_load *load,
                   const struct pv_replay_options *options, const char *moment);
void pv_report_fini(struct pv_report *report);

void pv_report_text(const struct pv_report *report, FILE *out);
void pv_report_json(const struct pv_report *report, FILE *out);

#endif
