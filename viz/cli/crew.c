/* SPDX-License-Identifier: MIT
 *
 * crew.c - a ring of batches with one lock. Batch k stands in place k modulo the ring's length;
 * how many each has done says who may take what: the caller fills a place when all are done with
 * what it held, the first timeline takes what is filled, the others what the first has done. A
 * caller that found the ring full goes on when half of it is free, and nobody is woken for less:
 * to wake a thread costs as much as a hundred events.
 */
#include "viz/cli/crew.h"

#include <pthread.h>
#include <time.h>

#include "core/own.h"
#include "core/status.h"

/* The longer, the further the engines may get out of step, and the less they wait for one another:
 * with 16 four engines took 13 % more time on two processors. 11 MiB. */
enum { RING = 128 };

struct worker {
    struct pv_crew *crew;
    size_t number;
    pthread_t thread;
};

struct pv_crew {
    struct pv_crew_work work;
    pthread_mutex_t lock; /* of all fields from here to the ring */
    pthread_cond_t more;  /* a timeline may find a batch, or the end */
    pthread_cond_t
        room; /* half of the ring is free, or the first has done all, or one failed */
    uint64_t n_given, n_done[PV_ENGINES_MAX];
    int status[PV_ENGINES_MAX];
    bool failed; /* one of them has a status */
    bool ended;  /* no more batches come */

    struct pv_crew_batch ring[RING];
    bool filling; /* pv_crew_next gave out a batch */
    size_t n_threads;
    bool threadless; /* no thread can be had */
    struct worker workers[PV_ENGINES_MAX];
};

static double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One timeline, one batch. */
static int run(struct pv_crew *crew, size_t number, struct pv_crew_batch *batch)
{
    struct pv_crew_work *work = &crew->work;
    double before = work->seconds ? thread_seconds() : 0;
    int64_t held = batch->held; /* the first writes it, and the others only read it */
    int status = pv_timeline_run(work->timelines[number], &batch->deeds,
                                 work->hold_peaks && number == 0, &held);
    if (number == 0) {
        batch->held = held;
    }
    if (work->seconds) {
        work->seconds[number] += thread_seconds() - before;
    }
    return status ? status : work->after(work->ctx, number, batch->moments);
}

/* One timeline, behind its last batch. */
static void run_last(struct pv_crew *crew, size_t number)
{
    pthread_mutex_lock(&crew->lock);
    bool wanted = crew->work.last && !crew->failed;
    pthread_mutex_unlock(&crew->lock);
    int status = wanted ? crew->work.last(crew->work.ctx, number) : PV_OK;
    if (status) {
        pthread_mutex_lock(&crew->lock);
        crew->status[number] = status;
        crew->failed = true;
        pthread_mutex_unlock(&crew->lock);
    }
}

/* The lock is held. The number of batches that this worker may take. */
static uint64_t n_ready(const struct pv_crew *crew, size_t number)
{
    return number == 0 ? crew->n_given : crew->n_done[0];
}

static uint64_t n_done_by_all(const struct pv_crew *crew)
{
    uint64_t least = crew->n_given;
    for (size_t i = 0; i < crew->work.n; i++) {
        least = crew->n_done[i] < least ? crew->n_done[i] : least;
    }
    return least;
}

/* The lock is held. A timeline has done its next batch. */
static void finish(struct pv_crew *crew, size_t number, int status)
{
    crew->status[number] = status;
    crew->failed |= status != PV_OK;
    crew->n_done[number]++;
    if (number == 0 || crew->failed) {
        pthread_cond_broadcast(&crew->more);
    }
    bool all = number == 0 && crew->n_done[0] == crew->n_given;
    if (all || crew->failed || crew->n_given - n_done_by_all(crew) <= RING / 2) {
        pthread_cond_signal(&crew->room);
    }
}

static void *work(void *ctx)
{
    struct worker *self = ctx;
    struct pv_crew *crew = self->crew;
    uint64_t *n_done = &crew->n_done[self->number];
    pthread_mutex_lock(&crew->lock);
    while (!crew->failed) {
        if (*n_done == n_ready(crew, self->number)) {
            if (crew->ended && *n_done == crew->n_given) {
                break;
            }
            pthread_cond_wait(&crew->more, &crew->lock);
            continue;
        }
        struct pv_crew_batch *batch = &crew->ring[*n_done % RING];
        pthread_mutex_unlock(&crew->lock);
        int status = run(crew, self->number, batch);
        pthread_mutex_lock(&crew->lock);
        finish(crew, self->number, status);
    }
    pthread_mutex_unlock(&crew->lock);
    run_last(crew, self->number);
    return NULL;
}

int pv_crew_open(struct pv_crew **ret_crew, const struct pv_crew_work *work)
{
    struct pv_crew *crew = pv_own_calloc(1, sizeof *crew);
    if (!crew) {
        return PV_ENOMEM;
    }
    crew->work = *work;
    if (pthread_mutex_init(&crew->lock, NULL)) {
        pv_own_free(crew);
        return PV_ENOMEM;
    }
    if (pthread_cond_init(&crew->more, NULL)) {
        pthread_mutex_destroy(&crew->lock);
        pv_own_free(crew);
        return PV_ENOMEM;
    }
    if (pthread_cond_init(&crew->room, NULL)) {
        pthread_cond_destroy(&crew->more);
        pthread_mutex_destroy(&crew->lock);
        pv_own_free(crew);
        return PV_ENOMEM;
    }
    *ret_crew = crew;
    return PV_OK;
}

struct pv_crew_batch *pv_crew_next(struct pv_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    bool full = crew->n_given - n_done_by_all(crew) == RING;
    while (full && !crew->failed && crew->n_given - n_done_by_all(crew) > RING / 2) {
        pthread_cond_wait(&crew->room, &crew->lock);
    }
    bool failed = crew->failed;
    struct pv_crew_batch *batch = &crew->ring[crew->n_given % RING];
    pthread_mutex_unlock(&crew->lock);
    if (failed) {
        return NULL;
    }
    if (!crew->filling) {
        pv_deeds_clear(&batch->deeds);
        batch->held = PV_START - 1;
        batch->moments = 0;
    }
    crew->filling = true;
    return batch;
}

/* Starts the threads. If one cannot be started, those that were go on, and end with the
 * work. */
static void start(struct pv_crew *crew)
{
    for (size_t i = 0; i < crew->work.n && !crew->threadless; i++) {
        crew->workers[i] = (struct worker){.crew = crew, .number = i};
        crew->threadless =
            pthread_create(&crew->workers[i].thread, NULL, work, &crew->workers[i]) != 0;
        crew->n_threads += !crew->threadless;
    }
}

/* The caller runs the batches of the timelines that have no thread. */
static void run_here(struct pv_crew *crew, size_t first)
{
    struct pv_crew_batch *batch = &crew->ring[(crew->n_given - 1) % RING];
    for (size_t i = first; i < crew->work.n; i++) {
        int status = run(crew, i, batch);
        pthread_mutex_lock(&crew->lock);
        finish(crew, i, status);
        pthread_mutex_unlock(&crew->lock);
        if (status) {
            return;
        }
    }
}

/* Where some threads could be had and others not, the caller waits for the first timeline, whose
 * thread came first, and then does the others' work. */
static bool wait_first(struct pv_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (!crew->failed && crew->n_done[0] < crew->n_given) {
        pthread_cond_wait(&crew->room, &crew->lock);
    }
    bool failed = crew->failed;
    pthread_mutex_unlock(&crew->lock);
    return !failed;
}

void pv_crew_give(struct pv_crew *crew)
{
    bool full = crew->ring[crew->n_given % RING].deeds.n == PV_DEEDS_MAX;
    if (!crew->n_threads && !crew->threadless && full) {
        start(crew);
    }
    pthread_mutex_lock(&crew->lock);
    crew->n_given++;
    crew->filling = false;
    pthread_cond_broadcast(&crew->more);
    pthread_mutex_unlock(&crew->lock);
    if (crew->n_threads < crew->work.n && (!crew->n_threads || wait_first(crew))) {
        run_here(crew, crew->n_threads);
    }
}

void pv_crew_settle(struct pv_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (!crew->failed && n_done_by_all(crew) < crew->n_given) {
        pthread_cond_wait(&crew->room, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}

int pv_crew_end(struct pv_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    bool first_call = !crew->ended;
    crew->ended = true;
    pthread_cond_broadcast(&crew->more);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = crew->n_threads; first_call && i < crew->work.n; i++) {
        run_last(crew, i);
    }
    while (crew->n_threads) {
        pthread_join(crew->workers[--crew->n_threads].thread, NULL);
    }
    for (size_t i = 0; i < crew->work.n; i++) {
        if (crew->status[i]) {
            return crew->status[i];
        }
    }
    return PV_OK;
}

void pv_crew_close(struct pv_crew *crew)
{
    if (!crew) {
        return;
    }
    (void)pv_crew_end(crew);
    for (size_t i = 0; i < RING; i++) {
        pv_deeds_fini(&crew->ring[i].deeds);
    }
    pthread_cond_destroy(&crew->room);
    pthread_cond_destroy(&crew->more);
    pthread_mutex_destroy(&crew->lock);
    pv_own_free(crew);
}
