/* SPDX-License-Identifier: MIT
 *
 * cmd_report.c - `pebbleviz report`.
 */
#include "core/own.h"
#include "viz/report.h"
#include "viz/target.h"

enum { TOP = 10 };

static int print(struct pv_load *load, const struct pv_replay_options *options,
                 const char *moment, uint64_t top, const struct pv_args *args)
{
    struct pv_report report;
    int code = pv_report_init(&report, load, options, moment);
    if (!code) {
        report.top = top < SIZE_MAX ? (size_t)top : SIZE_MAX;
        report.with_tags = pv_args_has(args, PV_KEY_TOP);
        report.with_seconds = !pv_args_has(args, PV_KEY_NO_TIMING);
        if (pv_args_has(args, PV_KEY_JSON)) {
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
        code = pv_args_count(args, PV_KEY_TOP, TOP, &top);
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
    struct pv_load_wish wish = {.timed = !pv_args_has(args, PV_KEY_NO_TIMING),
                                .n_moments = 1,
                                .moments = {moment ? moment : args->value[PV_KEY_AT]}};
    code = pv_load_open(&load, path, &options, &wish);
    if (!code) {
        code = print(&load, &options, wish.moments[0], top, args);
    }
    pv_load_close(&load);
    pv_own_free(path);
    return code;
}
