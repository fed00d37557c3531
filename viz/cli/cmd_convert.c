/* SPDX-License-Identifier: MIT
 *
 * cmd_convert.c - `pebbleviz convert`: every event from one file into another, in constant
 * memory. The new file appears when the last event was good, or when what was good is wanted.
 */
#include <string.h>

#include "core/status.h"
#include "traces/writer.h"
#include "viz/cli/feed.h"
#include "viz/cli/options.h"

static int say_writer(const struct pv_writer *writer, const char *path, int status)
{
    if (status == PV_ENOMEM || !writer) {
        return pv_say_no_memory();
    }
    char text[PV_PATH_TEXT];
    bool standard = strcmp(path, "-") == 0;
    if (standard && pv_pipe_closed(1)) {
        return PV_EXIT_FINE;
    }
    pv_say("%s: %s", standard ? "(standard output)" : pv_path_text(text, path),
           pv_writer_error(writer));
    return status == PV_EINVAL ? PV_EXIT_USAGE : PV_EXIT_RESOURCES;
}

static int copy(struct pv_feed *feed, struct pv_writer *writer, const char *path, bool partial)
{
    struct pv_trace_event event;
    while (pv_feed_next(feed, &event)) {
        int status = pv_writer_put(writer, &event);
        if (status) {
            pv_progress_end(&feed->progress);
            return say_writer(writer, path, status);
        }
    }
    if (feed->code && !(partial && feed->code == PV_EXIT_DAMAGED && feed->n_events)) {
        return feed->code;
    }
    int status = pv_writer_finish(writer);
    return status ? say_writer(writer, path, status) : feed->code;
}

int pv_cmd_convert(const struct pv_args *args)
{
    const char *to = args->operands[1];
    if (!args->value[PV_OPTION_TO] && strcmp(to, "-") != 0 && !pv_writer_knows(to)) {
        return pv_say_usage(
            "convert",
            "convert wants --to json, jsonl, pvt or rep: the name '%s' does not "
            "end with one of them",
            to);
    }
    struct pv_feed feed;
    struct pv_reader_wish wish = pv_args_reading(args);
    int code = pv_feed_open(&feed, args->operands[0], &wish);
    if (!code) {
        bool partial = pv_args_has(args, PV_OPTION_PARTIAL);
        if (!partial) {
            feed.unused = "a damaged trace is not converted, nothing was written";
        }
        struct pv_writer *writer = NULL;
        int status = pv_writer_open(&writer, to, args->value[PV_OPTION_TO],
                                    pv_reader_header(feed.reader));
        code = status ? say_writer(writer, to, status) : copy(&feed, writer, to, partial);
        pv_writer_close(writer);
    }
    pv_feed_close(&feed);
    return code;
}
