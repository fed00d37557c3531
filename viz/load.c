/* SPDX-License-Identifier: MIT
 *
 * load.c - see load.h. One reading feeds all engines, so that standard input serves too.
 */
#include "viz/load.h"

#include <string.h>
#include <time.h>

#include "core/status.h"
#include "core/text.h"
#include "viz/feed.h"

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

static void copy_text(char *to, size_t cap, const char *from)
{
    pv_text_clean(to, cap, from, strlen(from));
}

static int read_all(struct pv_load *load, struct pv_feed *feed, bool timed)
{
    const struct pv_trace_header *header = pv_reader_header(feed->reader);
    copy_text(load->program, sizeof(load->program), header->program);
    copy_text(load->format, sizeof(load->format), header->format);
    copy_text(load->packing, sizeof(load->packing), header->packing);
    copy_text(load->clock, sizeof(load->clock), header->clock);
    struct pv_trace_event event;
    while (pv_feed_next(feed, &event)) {
        int status = apply(load, &event, timed);
        if (status) {
            pv_progress_end(&feed->progress);
            return say_status(load->path, status);
        }
    }
    load->n_events = feed->n_events;
    load->code = feed->code;
    bool some = feed->code == PV_EXIT_DAMAGED && feed->n_events;
    return some ? 0 : feed->code;
}

int pv_load_open(struct pv_load *load, const char *path,
                 const struct pv_replay_options *options, bool keep_log, bool timed)
{
    *load = (struct pv_load){.n = 0};
    struct pv_feed feed;
    int code = pv_feed_open(&feed, path, NULL);
    memcpy(load->path, feed.path, sizeof(load->path));
    if (!code) {
        code = open_timelines(load, options, keep_log);
    }
    if (!code) {
        code = read_all(load, &feed, timed);
    }
    pv_feed_close(&feed);
    return code;
}

void pv_load_close(struct pv_load *load)
{
    for (size_t i = 0; i < load->n; i++) {
        pv_timeline_close(load->timelines[i]);
    }
    load->n = 0;
}

int pv_load_moment(const struct pv_load *load, const char *text, int64_t *ret_event)
{
    const char *name = text ? text : "peak";
    if (pv_timeline_moment_named(load->timelines[0], name, ret_event) == 0) {
        return 0;
    }
    pv_say("%s: there is no moment '%s'; events are 0 to %lld, and there are start, end, peak "
           "and mark:NAME",
           load->path, name, (long long)pv_timeline_last(load->timelines[0]));
    return PV_EXIT_USAGE;
}

int pv_load_snapshot(struct pv_load *load, size_t i, int64_t event,
                     struct pv_snapshot **ret_snapshot)
{
    int status = pv_timeline_seek(load->timelines[i], event);
    if (!status) {
        status = pv_timeline_snapshot(load->timelines[i], ret_snapshot);
    }
    return status ? say_status(load->path, status) : 0;
}
