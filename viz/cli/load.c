/* SPDX-License-Identifier: MIT
 *
 * load.c - see load.h. One reading feeds all engines, so that standard input serves too. Events
 * become deeds here, in batches that end where a moment is wanted; the crew runs them.
 */
#include "viz/cli/load.h"

#include <string.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "viz/cli/crew.h"
#include "viz/cli/feed.h"
#include "viz/text/units.h"

static int say_status(const char *path, int status)
{
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    if (status == PV_ELIMIT) {
        pv_say("%s: more than 4294967294 events cannot be kept", path);
    } else {
        pv_say("%s: the replay failed", path);
    }
    return pv_exit_of(status);
}

static int open_timelines(struct pv_load *load, const struct pv_replay_options *options,
                          bool keep_log)
{
    for (size_t i = 0; i < options->n_engines; i++) {
        struct pv_timeline_options one = {
            .engine = options->engines[i], .heap = options->heap, .keep_log = keep_log};
        int status = pv_timeline_open(&load->timelines[i], &one);
        if (status == PV_EINVAL) {
            pv_say(
                "the heap cannot begin: --bucket-size does not fit --heap-limit or --machine");
            return PV_EXIT_USAGE;
        }
        if (status) {
            return say_status(load->path, status);
        }
        load->n++;
    }
    return PV_EXIT_FINE;
}

/* ---- moments in passing ---- */

static int no_moment(const struct pv_load *load, const char *name)
{
    pv_say("%s: there is no moment '%s'; events are 0 to %lld, and there are start, end, peak "
           "and mark:NAME",
           load->path, name, (long long)pv_timeline_last(load->timelines[0]));
    return PV_EXIT_USAGE;
}

/* A name of no moment is reported later, when it is known how many events there are. */
static void want(struct pv_load_wanted *wanted, const struct pv_load_wish *wish)
{
    *wanted = (struct pv_load_wanted){.n = wish->n_moments};
    for (size_t i = 0; i < wanted->n; i++) {
        const char *text = wish->moments[i] ? wish->moments[i] : "peak";
        if (pv_moment_parse(text, &wanted->names[i])) {
            wanted->names[i] =
                (struct pv_moment_name){.kind = PV_MOMENT_EVENT, .event = INT64_MAX};
        }
        wanted->peak |= wanted->names[i].kind == PV_MOMENT_PEAK;
    }
}

static int take(struct pv_load *load, size_t moment, size_t engine, bool held)
{
    struct pv_timeline *timeline = load->timelines[engine];
    struct pv_snapshot **to = &load->taken[moment][engine];
    if (engine == 0) {
        load->events[moment] =
            held ? pv_timeline_stats(timeline)->peak_live.event : pv_timeline_last(timeline);
    }
    return held ? pv_timeline_snapshot_held(timeline, to) : pv_timeline_snapshot(timeline, to);
}

static bool is_now(const struct pv_moment_name *name, int64_t now,
                   const struct pv_trace_event *event)
{
    switch (name->kind) {
    case PV_MOMENT_START:
        return !event;
    case PV_MOMENT_MARK:
        return event && event->op == PV_OP_MARK && strcmp(event->name, name->mark) == 0;
    case PV_MOMENT_EVENT:
        return name->event == now;
    default:
        return false;
    }
}

/* The wanted moments that come right after this event (NULL: before the first), and that have
 * not been seen yet. */
static unsigned moments_now(struct pv_load_wanted *wanted, int64_t now,
                            const struct pv_trace_event *event)
{
    unsigned moments = 0;
    for (size_t i = 0; i < wanted->n; i++) {
        if (!(wanted->seen >> i & 1) && is_now(&wanted->names[i], now, event)) {
            moments |= 1U << i;
        }
    }
    wanted->seen |= moments;
    return moments;
}

/* In the engine's thread: takes the moments that are known only when there are no more
 * events. */
static int after_last(void *ctx, size_t engine)
{
    struct pv_load *load = ctx;
    int status = PV_OK;
    for (size_t i = 0; i < load->wanted.n && !status; i++) {
        enum pv_moment_kind kind = load->wanted.names[i].kind;
        if (kind == PV_MOMENT_PEAK || kind == PV_MOMENT_END) {
            status = take(load, i, engine, kind == PV_MOMENT_PEAK);
        }
    }
    return status;
}

static int miss_none(const struct pv_load *load)
{
    for (size_t i = 0; i < load->wanted.n; i++) {
        if (!load->taken[i][0]) {
            return no_moment(load, load->wish.moments[i]);
        }
    }
    return PV_EXIT_FINE;
}

/* ---- reading ---- */

/* Finds out that a log will not fit in memory, before the system kills the process. */
static bool log_is_too_large(const struct pv_load *load, size_t engine)
{
    enum { EVERY = 1 << 16 };
    if ((pv_timeline_last(load->timelines[engine]) + 1) % EVERY) {
        return false;
    }
    uint64_t bytes = load->n * pv_timeline_log_bytes(load->timelines[engine]);
    long n_pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    return n_pages > 0 && page_bytes > 0 &&
           bytes / 2 > (uint64_t)n_pages / 4 * (uint64_t)page_bytes;
}

static int say_too_large(const struct pv_load *load)
{
    char events[PV_UNIT_TEXT];
    pv_say(
        "%s: to go back and forth, %s events and more take over half of this machine's memory; "
        "report, info, check, diff and export --at EVENT do without",
        load->path, pv_units_count(events, pv_timeline_stats(load->timelines[0])->n_events));
    return PV_EXIT_RESOURCES;
}

static void copy_text(char *to, size_t cap, const char *from)
{
    pv_text_clean(to, cap, from, strlen(from));
}

/* What a batch may end with, besides a status. */
enum { TOO_LARGE = 1 };

/* In the engine's thread, after a batch. */
static int after_batch(void *ctx, size_t engine, unsigned moments)
{
    struct pv_load *load = ctx;
    int status = PV_OK;
    for (size_t i = 0; i < PV_LOAD_MOMENTS && !status; i++) {
        status = moments >> i & 1 ? take(load, i, engine, false) : PV_OK;
    }
    return status ? status : log_is_too_large(load, engine) ? TOO_LARGE : PV_OK;
}

/* The start is a moment too. */
static int pass_start(struct pv_load *load)
{
    unsigned moments = moments_now(&load->wanted, PV_START, NULL);
    int status = PV_OK;
    for (size_t i = 0; i < load->n && !status; i++) {
        if (load->wanted.peak) {
            pv_timeline_hold(load->timelines[i]);
        }
        status = after_batch(load, i, moments);
    }
    return status;
}

static int open_crew(struct pv_load *load)
{
    const struct pv_crew_work work = {.timelines = load->timelines,
                                      .seconds = load->wish.timed ? load->seconds : NULL,
                                      .n = load->n,
                                      .hold_peaks = load->wanted.peak,
                                      .after = after_batch,
                                      .last = after_last,
                                      .ctx = load};
    load->ledger = pv_own_calloc(1, sizeof *load->ledger);
    int status = load->ledger ? pv_ledger_init(load->ledger) : PV_ENOMEM;
    status = status ? status : pass_start(load);
    return status ? status : pv_crew_open(&load->crew, &work);
}

int pv_load_begin(struct pv_load *load, const char *path,
                  const struct pv_replay_options *options, const struct pv_load_wish *wish)
{
    *load = (struct pv_load){.wish = *wish};
    want(&load->wanted, wish);
    int code = pv_feed_open(&load->feed, path, &options->reading);
    memcpy(load->path, load->feed.path, sizeof load->path);
    load->feed.is_silent = wish->is_silent;
    code = code ? code : open_timelines(load, options, wish->keep_log);
    if (code) {
        return code;
    }
    int status = open_crew(load);
    return status ? say_status(load->path, status) : PV_EXIT_FINE;
}

bool pv_load_more(struct pv_load *load)
{
    struct pv_crew_batch *batch = pv_crew_next(load->crew);
    struct pv_trace_event event;
    load->stopped = !batch;
    bool more = batch;
    while (more && batch->deeds.n < PV_DEEDS_MAX && !batch->moments) {
        more = pv_feed_take(&load->feed, &event);
        if (!more) {
            break;
        }
        load->status = pv_ledger_add(load->ledger, &event, &batch->deeds);
        if (load->wish.watch && !load->status) {
            load->status = load->wish.watch(load->wish.watch_ctx, &event,
                                            pv_reader_place(load->feed.reader));
        }
        more = !load->status;
        batch->moments = moments_now(&load->wanted, (int64_t)load->feed.n_events - 1, &event);
    }
    if (batch && !load->status && batch->deeds.n) {
        pv_crew_give(load->crew);
    }
    return more;
}

void pv_load_settle(struct pv_load *load)
{
    pv_crew_settle(load->crew);
}

void pv_load_quiet(struct pv_load *load)
{
    pv_progress_end(&load->feed.progress);
    load->feed.progress.wanted = false;
}

const char *pv_load_trouble(struct pv_load *load)
{
    if (load->stopped || load->status) {
        copy_text(load->trouble, sizeof load->trouble, "what follows does not fit into memory");
    } else if (load->feed.status < 0) {
        copy_text(load->trouble, sizeof load->trouble,
                  pv_reader_place(load->feed.reader)->text);
    } else {
        return NULL;
    }
    return load->trouble;
}

int pv_load_finish(struct pv_load *load)
{
    struct pv_feed *feed = &load->feed;
    int failed = pv_crew_end(load->crew);
    int status = failed ? failed : load->status;
    if (status) {
        pv_progress_end(&feed->progress);
        return status == TOO_LARGE ? say_too_large(load) : say_status(load->path, status);
    }
    pv_feed_end(feed);
    const struct pv_trace_header *header = pv_reader_header(feed->reader);
    copy_text(load->program, sizeof load->program, header->program);
    copy_text(load->format, sizeof load->format, header->format);
    copy_text(load->packing, sizeof load->packing, header->packing);
    copy_text(load->clock, sizeof load->clock, header->clock);
    load->n_events = feed->n_events;
    load->code = feed->code;
    bool some = feed->code == PV_EXIT_DAMAGED && feed->n_events;
    return feed->code && !some ? feed->code : miss_none(load);
}

/* What the reading needed. */
static void close_reading(struct pv_load *load)
{
    pv_crew_close(load->crew);
    load->crew = NULL;
    if (load->ledger) {
        pv_ledger_fini(load->ledger);
    }
    pv_own_free(load->ledger);
    load->ledger = NULL;
    pv_feed_close(&load->feed);
}

int pv_load_open(struct pv_load *load, const char *path,
                 const struct pv_replay_options *options, const struct pv_load_wish *wish)
{
    int code = pv_load_begin(load, path, options, wish);
    if (!code) {
        while (pv_load_more(load)) {
        }
        code = pv_load_finish(load);
    }
    close_reading(load);
    return code;
}

void pv_load_close(struct pv_load *load)
{
    close_reading(load);
    for (size_t i = 0; i < load->n; i++) {
        for (size_t j = 0; j < PV_LOAD_MOMENTS; j++) {
            pv_snapshot_close(load->taken[j][i]);
            load->taken[j][i] = NULL;
        }
        pv_timeline_close(load->timelines[i]);
    }
    load->n = 0;
}

int pv_load_moment(const struct pv_load *load, const char *text, int64_t *ret_event)
{
    const char *name = text ? text : "peak";
    int status = pv_timeline_moment_named(load->timelines[0], name, ret_event);
    return status ? no_moment(load, name) : PV_EXIT_FINE;
}
