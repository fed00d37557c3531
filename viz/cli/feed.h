/* SPDX-License-Identifier: MIT
 *
 * feed.h - a trace's events for a command: the reader, with progress on the terminal and with
 * its failures said and turned into exit codes.
 */
#ifndef PV_FEED_H
#define PV_FEED_H

#include "traces/reader.h"
#include "viz/cli/progress.h"
#include "viz/cli/say.h"

struct pv_feed {
    struct pv_reader *reader;
    struct pv_progress progress;
    uint64_t n_events; /* given out */
    /* what a damaged trace means when its good part is of no use; or NULL */
    const char *unused;
    bool is_silent;          /* the caller tells the account (traces/account.h) itself */
    int status;              /* of the reader */
    int code;                /* once there are no more: an exit code, 0 for a good end */
    char path[PV_PATH_TEXT]; /* clean */
};

/* 0 or an exit code whose reason was said; pv_feed_close is due in both cases. */
int pv_feed_open(struct pv_feed *feed, const char *path, const struct pv_reader_wish *wish);

/* false: there are no more; feed->code says whether the trace ended well (0), held nothing
 * (3), is damaged here (4) or could not be read on (5). That has been said, and what of the
 * trace was left out or guessed. */
bool pv_feed_next(struct pv_feed *feed, struct pv_trace_event *ret_event);

/* The two halves of pv_feed_next: the first takes an event and says nothing; the second says
 * what there is to say when there are no more. */
bool pv_feed_take(struct pv_feed *feed, struct pv_trace_event *ret_event);
void pv_feed_end(struct pv_feed *feed);

/* Says what is wrong with the event given last, and where. */
void pv_feed_complain(struct pv_feed *feed, const char *text);

void pv_feed_close(struct pv_feed *feed);

#endif
