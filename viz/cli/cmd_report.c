/* SPDX-License-Identifier: MIT
 *
 * cmd_report.c - `pebbleviz report`.
 */
#include "core/own.h"
#include "viz/cli/target.h"
#include "viz/report/figures.h"

enum { TOP = 10 };

static int print(const struct pv_load *load, const struct pv_replay_options *options,
                 const char *moment, uint64_t top, const struct pv_args *args)
{
    struct pv_report_subject subject = {.path = load->path,
                                        .program = load->program,
                                        .format = load->format,
                                        .packing = load->packing,
                                        .clock = load->clock,
                                        .damaged = load->code == PV_EXIT_DAMAGED,
                                        .heap = &options->heap,
                                        .moment = moment,
                                        .event = load->events[0],
                                        .n_engines = load->n};
    for (size_t i = 0; i < load->n; i++) {
        subject.runs[i] = (struct pv_report_run){.timeline = load->timelines[i],
                                                 .snapshot = load->taken[0][i],
                                                 .seconds = load->seconds[i]};
    }
    struct pv_report report;
    int code = 0;
    if (pv_report_init(&report, &subject)) {
        code = pv_say_no_memory();
    } else {
        report.top = top < SIZE_MAX ? (size_t)top : SIZE_MAX;
        report.with_tags = pv_args_has(args, PV_OPTION_TOP);
        report.with_seconds = !pv_args_has(args, PV_OPTION_NO_TIMING);
        if (pv_args_has(args, PV_OPTION_JSON)) {
            pv_report_json(&report, stdout);
        } else {
            pv_report_text(&report, stdout);
        }
        code = load->code;
    }
    pv_report_fini(&report);
    return code;
}

int pv_cmd_report(const struct pv_args *args)
{
    struct pv_replay_options options;
    uint64_t top = TOP;
    int code = pv_args_replay(args, PV_ENGINES_MAX, &options);
    if (!code) {
        code = pv_args_count(args, PV_OPTION_TOP, TOP, &top);
    }
    char *path = NULL;
    const char *moment = NULL;
    if (!code && pv_target_split(args->operands[0], &path, &moment)) {
        code = pv_say_no_memory();
    }
    if (code) {
        return code;
    }
    struct pv_load load;
    struct pv_load_wish wish = {.timed = !pv_args_has(args, PV_OPTION_NO_TIMING),
                                .n_moments = 1,
                                .moments = {moment ? moment : args->value[PV_OPTION_AT]}};
    code = pv_load_open(&load, path, &options, &wish);
    if (!code) {
        code = print(&load, &options, wish.moments[0], top, args);
    }
    pv_load_close(&load);
    pv_own_free(path);
    return code;
}
