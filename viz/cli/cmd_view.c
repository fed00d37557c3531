/* SPDX-License-Identifier: MIT
 *
 * cmd_view.c - `pebbleviz view`: the trace with its log, then the screen.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/cli/load.h"
#include "viz/cli/target.h"
#include "viz/tui/screen.h"

enum { SCREEN_COLUMNS_MAX = 1000, SCREEN_LINES_MAX = 500 };

/* "120x40" */
static int screen_size(const char *text, int *ret_columns, int *ret_lines)
{
    char *end = NULL;
    long columns = text[0] >= '0' && text[0] <= '9' ? strtol(text, &end, 10) : 0;
    long lines =
        end && *end == 'x' && end[1] >= '0' && end[1] <= '9' ? strtol(end + 1, &end, 10) : 0;
    if (!end || *end || columns < 1 || columns > SCREEN_COLUMNS_MAX || lines < 1 ||
        lines > SCREEN_LINES_MAX) {
        return pv_say_usage("view", "--screen wants COLSxLINES, at most %dx%d, not '%s'",
                            SCREEN_COLUMNS_MAX, SCREEN_LINES_MAX, text);
    }
    *ret_columns = (int)columns;
    *ret_lines = (int)lines;
    return 0;
}

static int check_color(const struct pv_args *args)
{
    const char *when = args->value[PV_OPTION_COLOR];
    if (when && strcmp(when, "auto") != 0 && strcmp(when, "always") != 0 &&
        strcmp(when, "never") != 0) {
        return pv_say_usage("view", "--color is auto, always or never, not '%s'", when);
    }
    return 0;
}

static int draw_once(struct pv_load *load, const struct pv_tui_options *tui,
                     const struct pv_args *args, int columns, int lines)
{
    const char *bad = NULL;
    int status = pv_tui_screen(load->timelines[0], tui, columns, lines,
                               args->value[PV_OPTION_KEYS], stdout, &bad);
    if (status == PV_EINVAL) {
        return pv_say_usage("view", "--keys: there is no key %.20s", bad ? bad : "");
    }
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    return status && status != PV_EIO ? pv_exit_of(status) : 0;
}

static int run_tui(struct pv_load *load, const struct pv_tui_options *tui)
{
    const char *message = NULL;
    int status = pv_tui_run(load->timelines[0], tui, &message);
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    if (status == PV_ENOTSUP) {
        pv_say("%s", message ? message : "this is no terminal; --screen 100x30 draws text");
    } else if (status) {
        pv_say("the terminal failed");
    }
    return pv_exit_of(status);
}

static int show(struct pv_load *load, const char *at, const struct pv_args *args, int columns,
                int lines)
{
    struct pv_tui_options tui = {
        .title = load->path,
        .no_color = !pv_args_color(args),
        .ascii =
            pv_args_has(args, PV_OPTION_ASCII) || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
    };
    /* A screen as text is the same everywhere, whatever the locale. */
    if (columns) {
        tui.ascii = pv_args_has(args, PV_OPTION_ASCII);
    }
    int code = pv_load_moment(load, at, &tui.at);
    if (!code) {
        code = columns ? draw_once(load, &tui, args, columns, lines) : run_tui(load, &tui);
    }
    return code ? code : load->code;
}

int pv_cmd_view(const struct pv_args *args)
{
    struct pv_replay_options options;
    int columns = 0;
    int lines = 0;
    int code = pv_args_replay(args, 1, &options);
    if (!code) {
        code = check_color(args);
    }
    if (!code && pv_args_has(args, PV_OPTION_SCREEN)) {
        code = screen_size(args->value[PV_OPTION_SCREEN], &columns, &lines);
    } else if (!code && pv_args_has(args, PV_OPTION_KEYS)) {
        code = pv_say_usage("view", "--keys goes with --screen");
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
    struct pv_load_wish wish = {.keep_log = true};
    code = pv_load_open(&load, path, &options, &wish);
    if (!code) {
        code = show(&load, moment ? moment : args->value[PV_OPTION_AT], args, columns, lines);
    }
    pv_load_close(&load);
    pv_own_free(path);
    return code;
}
