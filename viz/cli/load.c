/* SPDX-License-Identifier: MIT
 *
 * load.c - see load.h. One reading feeds all engines, so that standard input serves too.
 */
#include "viz/cli/load.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/status.h"
#include "core/text.h"
#include "viz/cli/feed.h"
#include "viz/text/units.h"

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

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
    return 0;
}

/* ---- moments in passing ---- */

/* The moments that are waited for while the trace goes by. */
struct wanted {
    size_t n;
    struct pv_moment_name names[PV_LOAD_MOMENTS];
    bool peak; /* one of them is the peak */
};

static int no_moment(const struct pv_load *load, const char *name)
{
    pv_say("%s: there is no moment '%s'; events are 0 to %lld, and there are start, end, peak "
           "and mark:NAME",
           load->path, name, (long long)pv_timeline_last(load->timelines[0]));
    return PV_EXIT_USAGE;
}

/* A name that is none is complained of when it is known how many events there are. */
static void want(struct wanted *wanted, const struct pv_load_wish *wish)
{
    *wanted = (struct wanted){.n = wish->n_moments};
    for (size_t i = 0; i < wanted->n; i++) {
        const char *text = wish->moments[i] ? wish->moments[i] : "peak";
        if (pv_moment_parse(text, &wanted->names[i])) {
            wanted->names[i] =
                (struct pv_moment_name){.kind = PV_MOMENT_EVENT, .event = INT64_MAX};
        }
        wanted->peak |= wanted->names[i].kind == PV_MOMENT_PEAK;
    }
}

static int take(struct pv_load *load, size_t moment, bool held)
{
    for (size_t i = 0; i < load->n; i++) {
        struct pv_snapshot **to = &load->taken[moment][i];
        int status = held ? pv_timeline_snapshot_held(load->timelines[i], to)
                          : pv_timeline_snapshot(load->timelines[i], to);
        if (status) {
            return status;
        }
    }
    load->events[moment] = held ? pv_timeline_stats(load->timelines[0])->peak_live.event
                                : pv_timeline_last(load->timelines[0]);
    return 0;
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

/* After an event, or with NULL before the first. All engines hold the first one's peak. */
static int pass(struct pv_load *load, const struct wanted *wanted,
                const struct pv_trace_event *event)
{
    int64_t now = pv_timeline_last(load->timelines[0]);
    if (wanted->peak && pv_timeline_stats(load->timelines[0])->peak_live.event == now) {
        for (size_t i = 0; i < load->n; i++) {
            pv_timeline_hold(load->timelines[i]);
        }
    }
    int status = 0;
    for (size_t i = 0; !status && i < wanted->n; i++) {
        if (!load->taken[i][0] && is_now(&wanted->names[i], now, event)) {
            status = take(load, i, false);
        }
    }
    return status;
}

static int take_last(struct pv_load *load, const struct wanted *wanted,
                     const struct pv_load_wish *wish)
{
    for (size_t i = 0; i < wanted->n; i++) {
        enum pv_moment_kind kind = wanted->names[i].kind;
        if (kind == PV_MOMENT_PEAK || kind == PV_MOMENT_END) {
            int status = take(load, i, kind == PV_MOMENT_PEAK);
            if (status) {
                return say_status(load->path, status);
            }
        } else if (!load->taken[i][0]) {
            return no_moment(load, wish->moments[i]);
        }
    }
    return 0;
}

/* ---- reading ---- */

static int apply(struct pv_load *load, const struct pv_trace_event *event, bool timed)
{
    double before = timed ? now_seconds() : 0;
    for (size_t i = 0; i < load->n; i++) {
        int status = pv_timeline_apply(load->timelines[i], event);
        if (status) {
            return status;
        }
        if (timed) {
            double after = now_seconds();
            load->seconds[i] += after - before;
            before = after;
        }
    }
    return 0;
}

/* A log that would not fit in memory is found out before the system ends us. */
static bool log_is_too_large(const struct pv_load *load)
{
    enum { EVERY = 1 << 16 };
    if ((pv_timeline_last(load->timelines[0]) + 1) % EVERY) {
        return false;
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < load->n; i++) {
        bytes += pv_timeline_log_bytes(load->timelines[i]);
    }
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

static int read_all(struct pv_load *load, struct pv_feed *feed, const struct pv_load_wish *wish)
{
    struct wanted wanted;
    want(&wanted, wish);
    struct pv_trace_event event;
    int status = pass(load, &wanted, NULL);
    while (!status && pv_feed_next(feed, &event)) {
        status = apply(load, &event, wish->timed);
        status = status ? status : pass(load, &wanted, &event);
        if (!status && wish->keep_log && log_is_too_large(load)) {
            pv_progress_end(&feed->progress);
            return say_too_large(load);
        }
    }
    if (status) {
        pv_progress_end(&feed->progress);
        return say_status(load->path, status);
    }
    const struct pv_trace_header *header = pv_reader_header(feed->reader);
    copy_text(load->program, sizeof(load->program), header->program);
    copy_text(load->format, sizeof(load->format), header->format);
    copy_text(load->packing, sizeof(load->packing), header->packing);
    copy_text(load->clock, sizeof(load->clock), header->clock);
    load->n_events = feed->n_events;
    load->code = feed->code;
    bool some = feed->code == PV_EXIT_DAMAGED && feed->n_events;
    return feed->code && !some ? feed->code : take_last(load, &wanted, wish);
}

int pv_load_open(struct pv_load *load, const char *path,
                 const struct pv_replay_options *options, const struct pv_load_wish *wish)
{
    *load = (struct pv_load){.n = 0};
    struct pv_feed feed;
    int code = pv_feed_open(&feed, path, &options->reading);
    memcpy(load->path, feed.path, sizeof(load->path));
    if (!code) {
        code = open_timelines(load, options, wish->keep_log);
    }
    if (!code) {
        code = read_all(load, &feed, wish);
    }
    pv_feed_close(&feed);
    return code;
}

void pv_load_close(struct pv_load *load)
{
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
    return status ? no_moment(load, name) : 0;
}
