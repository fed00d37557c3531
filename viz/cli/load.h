/* SPDX-License-Identifier: MIT
 *
 * load.h - a trace read once and replayed through one engine or several: for some moments,
 * whose catalogs are taken in passing, in memory of what lives then; or with its log, for a
 * view that goes anywhere, in memory of the events.
 */
#ifndef PV_LOAD_H
#define PV_LOAD_H

#include "replay/timeline.h"
#include "viz/cli/options.h"
#include "viz/cli/say.h"

enum { PV_PROGRAM_TEXT = 256, PV_LOAD_MOMENTS = 2 };

/* What is wanted of the trace. */
struct pv_load_wish {
    bool keep_log;
    bool timed;
    size_t n_moments;                     /* without the log */
    const char *moments[PV_LOAD_MOMENTS]; /* as --at names them; NULL: the peak */
};

struct pv_load {
    struct pv_timeline *timelines[PV_ENGINES_MAX];
    double seconds[PV_ENGINES_MAX]; /* spent in each engine; 0 unless timed */
    size_t n;
    uint64_t n_events;
    int code; /* 0, or PV_EXIT_DAMAGED when this is what was good of a damaged trace */
    char path[PV_PATH_TEXT]; /* clean */
    char program[PV_PROGRAM_TEXT];
    char format[16], packing[16], clock[16];

    /* By moment and engine; whoever takes one puts NULL there. */
    struct pv_snapshot *taken[PV_LOAD_MOMENTS][PV_ENGINES_MAX];
    int64_t events[PV_LOAD_MOMENTS]; /* which events they are */
};

/* 0 or an exit code whose reason was said. pv_load_close is due in both cases. */
int pv_load_open(struct pv_load *load, const char *path,
                 const struct pv_replay_options *options, const struct pv_load_wish *wish);

void pv_load_close(struct pv_load *load);

/* With the log: the event of a moment as --at names it; NULL is the
 * peak. 0 or PV_EXIT_USAGE. */
int pv_load_moment(const struct pv_load *load, const char *text, int64_t *ret_event);

#endif
