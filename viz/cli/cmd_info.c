/* SPDX-License-Identifier: MIT
 *
 * cmd_info.c - `pebbleviz info`.
 */
#include "core/status.h"
#include "viz/cli/feed.h"
#include "viz/cli/options.h"
#include "viz/report/info.h"

enum { TOP = 10 };

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
    } else if (!status && feed->code) {
        return feed->code;
    }
    if (!status) {
        status = pv_info_end(info);
    }
    if (status == PV_ELIMIT) {
        pv_say("%s: more events, or more different tags, than can be counted", feed->path);
    } else if (status) {
        return pv_say_no_memory();
    }
    return pv_exit_of(status);
}

int pv_cmd_info(const struct pv_args *args)
{
    uint64_t top = TOP;
    int code = pv_args_count(args, PV_OPTION_TOP, TOP, &top);
    if (code) {
        return code;
    }
    struct pv_feed feed;
    struct pv_reader_wish wish = pv_args_reading(args);
    struct pv_info info = {.path = NULL};
    code = pv_feed_open(&feed, args->operands[0], &wish);
    if (!code) {
        feed.is_silent = true;
        code = count(&feed, &info);
    }
    if (!code) {
        size_t shown = top < SIZE_MAX ? (size_t)top : SIZE_MAX;
        if (pv_args_has(args, PV_OPTION_JSON)) {
            pv_info_json(&info, shown, stdout);
        } else {
            pv_info_text(&info, shown, stdout);
        }
        code = feed.code;
    }
    pv_info_free(&info);
    pv_feed_close(&feed);
    return code;
}
