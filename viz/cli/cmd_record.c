/* SPDX-License-Identifier: MIT
 *
 * cmd_record.c - `pebbleviz record`: the recorder's words for people, the program's exit code.
 */
#include <string.h>

#include "core/status.h"
#include "traces/record/record.h"
#include "traces/writer.h"
#include "viz/cli/options.h"
#include "viz/cli/say.h"
#include "viz/text/units.h"

static void tell(const struct pv_record_result *result)
{
    char count[PV_UNIT_TEXT], calls[PV_UNIT_TEXT], running[PV_UNIT_TEXT + 64] = "";
    if (result->n_foreign) {
        pv_say(
            "left out: %s of a free or resize of a block whose allocation was not seen (made "
            "before the recording began, or past the C library's functions)",
            pv_units_of(count, result->n_foreign, "call"));
    }
    if (result->n_lost) {
        pv_say("lost: %s, for which there was no room or whose thread left in them",
               pv_units_of(count, result->n_lost, "call"));
    }
    if (result->n_running) {
        snprintf(running, sizeof running, "; still running, uncounted from now on: %s",
                 pv_units_count(count, result->n_running));
    }
    if (result->n_children) {
        pv_say(
            "not recorded: %s, which made %s until now or until they became other programs%s",
            pv_units_of(count, result->n_children, "child process"),
            pv_units_of(calls, result->n_child_calls, "call"), running);
    }
    if (result->unread.n) {
        pv_say("not named: functions of files that cannot be read, %s of them; the first is %s",
               pv_units_count(count, result->unread.n), result->unread.first);
    }
    if (*result->next && result->next_error) {
        pv_say("not recorded: %s, which the program became: %s", result->next,
               strerror(result->next_error));
    } else if (*result->next) {
        pv_say("not recorded: %s, which the program became; static and setuid programs cannot "
               "be, nor any behind a chroot or as another user",
               result->next);
    }
    if (*result->text && result->kept) {
        pv_say("%s; %s events of it are kept in %s", result->text,
               pv_units_count(count, result->n_events), result->path);
    } else if (*result->text) {
        pv_say("%s%s%s", result->text, *result->hint ? "; " : "", result->hint);
    }
}

int pv_cmd_record(const struct pv_args *args)
{
    struct pv_record_options options = {
        .path = args->value[PV_OPTION_OUTPUT],
        .no_times = pv_args_has(args, PV_OPTION_NO_TIMES),
        .no_threads = pv_args_has(args, PV_OPTION_NO_THREADS),
        .no_addresses = pv_args_has(args, PV_OPTION_NO_ADDRESSES),
        .no_names = pv_args_has(args, PV_OPTION_NO_NAMES),
    };
    if (options.path && strcmp(options.path, "-") != 0 && !pv_writer_knows(options.path)) {
        return pv_say_usage("record",
                            "record writes json, jsonl, pvt or rep: the name '%s' does not end "
                            "with one of them",
                            options.path);
    }
    struct pv_record_result result;
    uint64_t depth;
    int code = pv_args_count(args, PV_OPTION_DEPTH, PV_RECORD_DEPTH, &depth);
    if (code) {
        return code;
    }
    if (depth > PV_RECORD_DEPTH_MAX) {
        pv_say("--depth: at most %d frames", PV_RECORD_DEPTH_MAX);
        return PV_EXIT_USAGE;
    }
    options.depth = (unsigned)depth;
    int status = pv_record_run(&options, args->operands, &result);
    if (status == PV_ENOMEM && !result.ended) {
        return pv_say_no_memory();
    }
    tell(&result);
    if (status == 0) {
        char count[PV_UNIT_TEXT];
        pv_say("%s in %s; to look at it: pebbleviz %s",
               pv_units_of(count, result.n_events, "event"), result.path, result.path);
    }
    if (status == 0) {
        return result.exit_code;
    }
    if (status == 1) {
        return PV_EXIT_NOTHING;
    }
    return status == PV_EINVAL ? PV_EXIT_USAGE : PV_EXIT_RESOURCES;
}
