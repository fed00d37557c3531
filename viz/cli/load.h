/* SPDX-License-Identifier: MIT
 *
 * load.h - a trace read once and replayed through one engine or several: for some moments,
 * whose catalogs are taken in passing, in memory of what lives then; or with its log, for a
 * view that goes anywhere, in memory of the events. pv_load_open reads all of it; a view begins
 * and reads on between its pictures:
 *
 *   pv_load_begin   (pv_load_more … pv_load_settle: what was read may be looked at) …
 *   pv_load_finish  pv_load_close
 */
#ifndef PV_LOAD_H
#define PV_LOAD_H

#include "replay/timeline.h"
#include "viz/cli/feed.h"
#include "viz/cli/options.h"
#include "viz/cli/say.h"

enum { PV_PROGRAM_TEXT = 256, PV_LOAD_MOMENTS = 2 };

/* Called with each event as it is read, and its place in the trace. A status other than PV_OK
 * ends the reading. */
typedef int pv_load_watch(void *ctx, const struct pv_trace_event *event,
                          const struct pv_place *place);

/* What is wanted of the trace. */
struct pv_load_wish {
    bool keep_log;
    bool is_silent; /* the caller tells the account (traces/account.h) itself */
    bool timed;
    size_t n_moments;                     /* without the log */
    const char *moments[PV_LOAD_MOMENTS]; /* as --at names them; NULL: the peak */
    pv_load_watch *watch;                 /* or NULL */
    void *watch_ctx;
};

/* The moments that are taken while the trace is read. */
struct pv_load_wanted {
    size_t n;
    struct pv_moment_name names[PV_LOAD_MOMENTS];
    bool peak;     /* one of them is the peak */
    unsigned seen; /* a bit for each that was in passing */
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

    /* While it is read. */
    struct pv_load_wish wish;
    struct pv_feed feed;
    struct pv_load_wanted wanted;
    struct pv_ledger *ledger;
    struct pv_crew *crew;
    int status;   /* that ended the reading early */
    bool stopped; /* an engine has failed */
    char trouble[PV_PROGRAM_TEXT];
};

/* 0 or an exit code whose reason was said. pv_load_close is due in both cases. */
int pv_load_open(struct pv_load *load, const char *path,
                 const struct pv_replay_options *options, const struct pv_load_wish *wish);

/* The steps of it. Begin: as pv_load_open, but that nothing is read yet. */
int pv_load_begin(struct pv_load *load, const char *path,
                  const struct pv_replay_options *options, const struct pv_load_wish *wish);

/* Reads the events of one batch. false: there are no more, or the reading has failed. The
 * timelines are not to be looked at until they are settled. */
bool pv_load_more(struct pv_load *load);
void pv_load_settle(struct pv_load *load);

/* Shows no more progress: the terminal belongs to the screen now. */
void pv_load_quiet(struct pv_load *load);

/* Why the reading ended before the trace did, in clean words; NULL: it did not. */
const char *pv_load_trouble(struct pv_load *load);

/* Ends the reading, also before its end: says how it went, which pv_load_open gives back. */
int pv_load_finish(struct pv_load *load);

void pv_load_close(struct pv_load *load);

/* With the log: the event of a moment as --at names it; NULL is the
 * peak. 0 or PV_EXIT_USAGE. */
int pv_load_moment(const struct pv_load *load, const char *text, int64_t *ret_event);

#endif
