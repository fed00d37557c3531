/* SPDX-License-Identifier: MIT
 *
 * cmd_view.c - `pebbleviz view`: the trace with its log, and the screen. The screen appears
 * when the moment to begin at has been read, and the rest is read between its pictures. A pipe
 * may give nothing for a long time, in which keys would wait; so a pipe is read to its end
 * first.
 */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/cli/engines.h"
#include "viz/cli/load.h"
#include "viz/cli/target.h"
#include "viz/tui/screen.h"

enum { SCREEN_COLUMNS_MAX = 1000, SCREEN_LINES_MAX = 500 };

/* A trace that takes no longer is read before the screen comes. */
enum { FIRST_SCREEN_MS = 150 };

struct view {
    struct pv_load load;
    const char *moment; /* as --at names it; NULL: the peak */
    bool all_read;      /* pv_load_finish is due */
    bool finished;      /* and was called */
    struct pv_cli_engines engines;
};

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

/* ---- reading between pictures ---- */

static bool more(void *ctx)
{
    struct view *view = ctx;
    view->all_read = !pv_load_more(&view->load);
    return !view->all_read;
}

static void settle(void *ctx)
{
    struct view *view = ctx;
    pv_load_settle(&view->load);
}

static uint64_t bytes(void *ctx, uint64_t *ret_total)
{
    const struct view *view = ctx;
    return pv_reader_bytes_read(view->load.feed.reader, ret_total);
}

static const char *moment_name(const struct view *view)
{
    return view->moment ? view->moment : "peak";
}

static int64_t end(void *ctx, const char **ret_trouble)
{
    struct view *view = ctx;
    struct pv_timeline *timeline = view->load.timelines[0];
    int64_t event = pv_timeline_last(timeline);
    (void)pv_timeline_moment_named(timeline, moment_name(view), &event);
    *ret_trouble = pv_load_trouble(&view->load);
    return event;
}

/* Whether the screen can begin at the moment that was asked for. Until all is read, the peak
 * and the end are those of what has been read; a name of no moment is found out at the end. */
static bool is_there(const struct view *view)
{
    struct pv_timeline *timeline = view->load.timelines[0];
    int64_t event;
    return pv_timeline_last(timeline) >= 0 &&
           pv_timeline_moment_named(timeline, moment_name(view), &event) == PV_OK;
}

static double ms_since(const struct timespec *began)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) * 1e3 +
           (double)(now.tv_nsec - began->tv_nsec) * 1e-6;
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Reads until the screen can come, or everything when there is none to come. */
static void read_first(struct view *view, bool for_screen)
{
    enum { BATCHES = 32 };
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (uint64_t i = 1; more(view); i++) {
        if (for_screen && i % BATCHES == 0 && ms_since(&began) >= FIRST_SCREEN_MS) {
            settle(view);
            if (is_there(view)) {
                return;
            }
        }
    }
}

static int finish(struct view *view)
{
    if (!view->all_read || view->finished) {
        return PV_EXIT_FINE; /* left before the end: the rest was not asked for */
    }
    view->finished = true;
    return pv_load_finish(&view->load);
}

/* ---- the screen ---- */

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
        pv_say("the terminal failed: %s", strerror(errno));
    }
    return pv_exit_of(status);
}

static int show(struct view *view, const struct pv_args *args, int columns, int lines)
{
    struct pv_load *load = &view->load;
    const struct pv_tui_reading reading = {
        .more = more, .settle = settle, .bytes = bytes, .end = end, .ctx = view};
    const struct pv_engines_source engines = pv_cli_engines_source(&view->engines);
    struct pv_tui_options tui = {
        .title = load->path,
        .engines = &engines,
        .no_color = !pv_args_color(args),
        .ascii =
            pv_args_has(args, PV_OPTION_ASCII) || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
    };
    /* A screen as text is the same everywhere, whatever the locale. */
    if (columns) {
        tui.ascii = pv_args_has(args, PV_OPTION_ASCII);
    }
    int code = pv_load_moment(load, view->moment, &tui.at);
    if (!code && columns) {
        code = draw_once(load, &tui, args, columns, lines);
    } else if (!code) {
        tui.reading = view->all_read ? NULL : &reading;
        pv_load_quiet(load);
        code = run_tui(load, &tui);
    }
    int read = finish(view);
    code = code ? code : read;
    return code ? code : load->code;
}

static int view_trace(struct view *view, const char *path,
                      const struct pv_replay_options *options, const struct pv_args *args,
                      int columns, int lines)
{
    struct pv_load_wish wish = {.keep_log = true};
    int code = pv_load_begin(&view->load, path, options, &wish);
    if (!code) {
        read_first(view, columns == 0 && is_file(path));
        code = finish(view);
    }
    return code ? code : show(view, args, columns, lines);
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
    struct view view = {.moment = moment ? moment : args->value[PV_OPTION_AT],
                        .engines = {.path = path, .options = options}};
    code = view_trace(&view, path, &options, args, columns, lines);
    pv_load_close(&view.load);
    pv_own_free(path);
    return code;
}
