/* SPDX-License-Identifier: MIT
 *
 * cmd_info.c - `pebbleviz info`.
 */
#include "core/status.h"
#include "viz/cli/load.h"
#include "viz/report/info.h"

enum { TOP = 10 };

/* The options that ask for a replay. */
static const enum pv_option_key of_a_heap[] = {
    PV_OPTION_ENGINE,  PV_OPTION_BUCKET_SIZE, PV_OPTION_GROWTH, PV_OPTION_HEAP_LIMIT,
    PV_OPTION_MACHINE, PV_OPTION_PAGE,        PV_OPTION_LOW,    PV_OPTION_HIGH};

static bool wants_replay(const struct pv_args *args)
{
    bool wanted = false;
    for (size_t i = 0; i < sizeof of_a_heap / sizeof *of_a_heap; i++) {
        wanted |= pv_args_has(args, of_a_heap[i]);
    }
    return wanted;
}

static int add(void *ctx, const struct pv_trace_event *event, const struct pv_place *place)
{
    return pv_info_add(ctx, event, place);
}

static int say_status(const char *path, int status)
{
    if (status == PV_ELIMIT) {
        pv_say("%s: more events, or more different tags, than can be counted", path);
        return pv_exit_of(status);
    }
    return pv_say_no_memory();
}

/* A script gets its JSON for a trace without events too: it says what was left out. pv_feed_end
 * has told people. */
static void print(const struct pv_info *info, uint64_t top, const struct pv_args *args)
{
    size_t shown = top < SIZE_MAX ? (size_t)top : SIZE_MAX;
    if (pv_args_has(args, PV_OPTION_JSON)) {
        pv_info_json(info, shown, stdout);
    } else if (info->n_events) {
        pv_info_text(info, shown, stdout);
    }
}

/* The reading alone. */
static int count(struct pv_feed *feed, struct pv_info *info)
{
    struct pv_trace_event event;
    int status = pv_info_begin(info, feed->path, feed->reader);
    while (!status && pv_feed_next(feed, &event)) {
        status = pv_info_add(info, &event, pv_reader_place(feed->reader));
    }
    pv_progress_end(&feed->progress);
    if (!status && feed->code == PV_EXIT_DAMAGED && feed->n_events) {
        info->damaged = true;
    } else if (!status && feed->code && feed->code != PV_EXIT_NOTHING) {
        return feed->code;
    }
    status = status ? status : pv_info_end(info);
    return status ? say_status(feed->path, status) : PV_EXIT_FINE;
}

static int info_alone(const struct pv_args *args, uint64_t top)
{
    struct pv_feed feed;
    struct pv_reader_wish wish = pv_args_reading(args);
    struct pv_info info = {.path = NULL};
    int code = pv_feed_open(&feed, args->operands[0], &wish);
    if (!code) {
        feed.is_silent = true;
        code = count(&feed, &info);
    }
    if (!code) {
        print(&info, top, args);
        code = feed.code;
    }
    pv_info_free(&info);
    pv_feed_close(&feed);
    return code;
}

/* Counts what goes by while the engines replay it. */
static int count_beside(struct pv_load *load, struct pv_info *info)
{
    int status = pv_info_begin(info, load->path, load->feed.reader);
    if (status) {
        return say_status(load->path, status);
    }
    while (pv_load_more(load)) {
    }
    int code = pv_load_finish(load);
    if (code && code != PV_EXIT_NOTHING) {
        return code;
    }
    info->damaged = load->code == PV_EXIT_DAMAGED;
    status = pv_info_end(info);
    return status ? say_status(load->path, status) : PV_EXIT_FINE;
}

static int info_with_replay(const struct pv_args *args, uint64_t top)
{
    struct pv_replay_options options;
    int code = pv_args_replay(args, PV_ENGINES_MAX, &options);
    if (code) {
        return code;
    }
    struct pv_load load;
    struct pv_info info = {.path = NULL};
    struct pv_load_wish wish = {.is_silent = true, .watch = add, .watch_ctx = &info};
    code = pv_load_begin(&load, args->operands[0], &options, &wish);
    if (!code) {
        code = count_beside(&load, &info);
    }
    if (!code) {
        struct pv_info_replay replays[PV_ENGINES_MAX];
        for (size_t i = 0; i < load.n; i++) {
            replays[i] = (struct pv_info_replay){.engine = options.engines[i]->name,
                                                 .timeline = load.timelines[i]};
        }
        info.replays = replays;
        info.n_replays = load.n;
        print(&info, top, args);
        code = load.feed.code;
    }
    pv_info_free(&info);
    pv_load_close(&load);
    return code;
}

int pv_cmd_info(const struct pv_args *args)
{
    uint64_t top = TOP;
    int code = pv_args_count(args, PV_OPTION_TOP, TOP, &top);
    if (code) {
        return code;
    }
    return wants_replay(args) ? info_with_replay(args, top) : info_alone(args, top);
}
