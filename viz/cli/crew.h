/* SPDX-License-Identifier: MIT
 *
 * crew.h - runs engines side by side: each timeline has a thread of its own and runs what the
 * caller has decoded, while the caller goes on decoding.
 *
 *   caller: decode, ledger --> ring of batches --> first timeline --> the other timelines
 *
 * The first goes ahead of the others, for all hold its peak. A trace that fits into one batch
 * is run by the caller itself; so is all, one timeline after the other, where there are no
 * threads. The result does not depend on the threads.
 */
#ifndef PV_CREW_H
#define PV_CREW_H

#include "replay/timeline.h"

struct pv_crew_batch {
    struct pv_deeds deeds;
    int64_t held;     /* the moment that the others hold */
    unsigned moments; /* that are now, after the batch: a bit each, for `after` */
};

struct pv_crew_work {
    struct pv_timeline **timelines;
    double *seconds; /* by timeline: what its batches took of a processor; NULL: not asked */
    size_t n;
    bool hold_peaks; /* of the first timeline */
    /* In the timeline's thread, after each batch; 0, or the status that ends the work. */
    int (*after)(void *ctx, size_t timeline, unsigned moments);
    /* In the timeline's thread, behind the last batch of work that has not failed; a status as
     * above. NULL: there is nothing to do. */
    int (*last)(void *ctx, size_t timeline);
    void *ctx;
};

struct pv_crew;

int pv_crew_open(struct pv_crew **ret_crew, const struct pv_crew_work *work); /* PV_ENOMEM */
void pv_crew_close(struct pv_crew *crew); /* waits for the threads; takes NULL */

/* The batch to be filled next, empty. Waits for room. NULL: the work has failed. */
struct pv_crew_batch *pv_crew_next(struct pv_crew *crew);

/* The batch is filled. */
void pv_crew_give(struct pv_crew *crew);

/* Waits until all batches that were given are done, or the work has failed. No thread touches a
 * timeline then until the next batch is given: the caller may read them. */
void pv_crew_settle(struct pv_crew *crew);

/* No more batches come: settles, and ends the threads. 0, or the first failure of the first
 * timeline that failed. */
int pv_crew_end(struct pv_crew *crew);

#endif
