/* SPDX-License-Identifier: MIT
 *
 * cmd_export.c - `pebbleviz export`: one moment as a document, whole or not at all.
 */
#include <string.h>
#include <unistd.h>

#include "core/status.h"
#include "traces/save.h"
#include "viz/cli/target.h"
#include "viz/text/buffer.h"

enum format { JSON, DOT, SVG, PNG, MAP_SVG, MAP_PNG, N_FORMATS };

static const char *const format_names[N_FORMATS] = {"json", "dot",     "svg",
                                                    "png",  "map-svg", "map-png"};

static int find_format(const struct pv_args *args, enum format *ret_format)
{
    const char *text = args->value[PV_OPTION_FORMAT];
    const char *output = args->value[PV_OPTION_OUTPUT];
    const char *ending = output ? strrchr(output, '.') : NULL;
    for (unsigned i = 0; !text && ending && i < N_FORMATS; i++) {
        if (strcmp(ending + 1, format_names[i]) == 0) {
            *ret_format = i;
            return 0;
        }
    }
    if (!text) {
        return pv_say_usage("export",
                            "export wants --format json, dot, svg, png, map-svg or map-png");
    }
    for (unsigned i = 0; i < N_FORMATS; i++) {
        if (strcmp(text, format_names[i]) == 0) {
            *ret_format = i;
            return 0;
        }
    }
    return pv_say_usage("export",
                        "--format is json, dot, svg, png, map-svg or map-png, not '%s'", text);
}

/* Through DOT in memory and a child process. */
static int picture(const struct pv_target *target, const char *format, bool full, FILE *out,
                   const char **ret_hint, char *text, size_t cap)
{
    struct pv_buffer dot;
    int status = pv_buffer_begin(&dot);
    if (!status) {
        status = pv_export_dot(target->snapshot, &target->source, full, dot.file);
    }
    int ended = pv_buffer_end(&dot);
    if (ended) {
        status = PV_ENOMEM;
    }
    if (!status) {
        status = pv_export_layout(dot.bytes, dot.n, format, out, text, cap);
        *ret_hint = status != PV_ELIMIT ? ""
                    : full ? "; leave out --full, or take --format dot and lay it out yourself"
                           : "; --format dot gives the graph to lay out yourself";
    }
    pv_buffer_free(&dot);
    return status;
}

static int say_failed(const struct pv_save *save, int status, const char *path,
                      const char *text, const char *hint)
{
    char shown[PV_PATH_TEXT];
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    bool standard = strcmp(path, "-") == 0;
    if (standard && pv_pipe_closed(1)) {
        return PV_EXIT_FINE;
    }
    const char *name = standard ? "(standard output)" : pv_path_text(shown, path);
    if (*text) {
        pv_say("%s: %s%s", name, text, hint);
    } else {
        pv_say("%s: %s", name, save ? pv_save_error(save) : "cannot be written");
    }
    return PV_EXIT_RESOURCES;
}

static int write_out(const struct pv_target *target, enum format format, bool full,
                     const char *path)
{
    struct pv_save *save = NULL;
    char text[160] = "";
    const char *hint = "";
    int status = pv_save_open(&save, path);
    if (!status) {
        FILE *out = pv_save_file(save);
        if (format == JSON) {
            status = pv_export_json(target->snapshot, &target->source, out);
        } else if (format == DOT) {
            status = pv_export_dot(target->snapshot, &target->source, full, out);
        } else if (format == MAP_SVG || format == MAP_PNG) {
            status = pv_export_map(target->snapshot, &target->source,
                                   format == MAP_PNG ? PV_MAP_PNG : PV_MAP_SVG, out, text,
                                   sizeof text);
        } else {
            status = picture(target, format_names[format], full, out, &hint, text, sizeof text);
        }
        if (!status || (status == PV_EIO && !*text)) {
            int finished = pv_save_finish(save);
            status = status ? status : finished;
        }
    }
    int code = status ? say_failed(save, status, path, text, hint) : 0;
    pv_save_close(save);
    return code;
}

int pv_cmd_export(const struct pv_args *args)
{
    struct pv_replay_options options;
    enum format format = JSON;
    int code = find_format(args, &format);
    if (!code) {
        code = pv_args_replay(args, 1, &options);
    }
    if (code) {
        return code;
    }
    const char *path = args->value[PV_OPTION_OUTPUT] ? args->value[PV_OPTION_OUTPUT] : "-";
    if ((format == PNG || format == MAP_PNG) && strcmp(path, "-") == 0 &&
        isatty(STDOUT_FILENO)) {
        return pv_say_usage("export", "a png is nothing for a terminal, name a file with -o");
    }
    struct pv_target target;
    code =
        pv_target_open(&target, args->operands[0], NULL, args->value[PV_OPTION_AT], &options);
    if (!code) {
        code = write_out(&target, format, pv_args_has(args, PV_OPTION_FULL), path);
        code = code ? code : target.code;
    }
    pv_target_close(&target);
    return code;
}
