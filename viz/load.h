/* SPDX-License-Identifier: MIT
 *
 * load.h - a trace read once and replayed through one engine or several.
 */
#ifndef PV_LOAD_H
#define PV_LOAD_H

#include "replay/timeline.h"
#include "viz/options.h"
#include "viz/say.h"

enum { PV_PROGRAM_TEXT = 256 };

struct pv_load {
    struct pv_timeline *timelines[PV_ENGINES_MAX];
    double seconds[PV_ENGINES_MAX]; /* spent in each engine; 0 unless timed */
    size_t n;
    uint64_t n_events;
    int code; /* 0, or PV_EXIT_DAMAGED when this is what was good of a damaged trace */
    char path[PV_PATH_TEXT]; /* clean */
    char program[PV_PROGRAM_TEXT];
    char format[16], packing[16], clock[16];
};

/* 0 or an exit code whose reason was said. pv_load_close is due in both cases. */
int pv_load_open(struct pv_load *load, const char *path,
                 const struct pv_replay_options *options, bool keep_log, bool timed);

void pv_load_close(struct pv_load *load);

/* The event of a moment as --at names it, in the first timeline; NULL is the peak. 0 or
 * PV_EXIT_USAGE. */
int pv_load_moment(const struct pv_load *load, const char *text, int64_t *ret_event);

/* The catalog after an event under the i-th engine. 0 or an exit code whose reason was said. */
int pv_load_snapshot(struct pv_load *load, size_t i, int64_t event,
                     struct pv_snapshot **ret_snapshot);

#endif
