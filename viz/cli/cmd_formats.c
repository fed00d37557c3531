/* SPDX-License-Identifier: MIT
 *
 * cmd_formats.c - `pebbleviz formats`: what is read and written, in the order of the probes.
 */

#include "traces/json/value.h"
#include "traces/reader.h"
#include "viz/cli/options.h"
#include "viz/cli/say.h"
#include "viz/text/wrap.h"

enum { WIDTH = 78, LIMITS_COLUMN = 28 };

static const char *direction(const struct pv_format_about *about)
{
    return about->reads && about->writes ? "in, out" : about->reads ? "in" : "out";
}

static void as_text(FILE *out)
{
    struct pv_format_about about;
    fprintf(out, "%-16s %-8s %s\n", "format", "", "what it is");
    for (size_t i = 0; pv_format_list(i, &about); ++i) {
        fprintf(out, "%-16s %-8s %s\n", about.name, direction(&about), about.about);
        if (*about.limits) {
            fprintf(out, "%*s", LIMITS_COLUMN, "");
            pv_wrap(out, about.limits, LIMITS_COLUMN, LIMITS_COLUMN, WIDTH);
        }
    }
}

static void as_json(FILE *file)
{
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    struct pv_format_about about;
    pv_json_begin(&out, '{');
    pv_json_key(&out, "format");
    pv_json_put_text(&out, "pebbleviz-formats");
    pv_json_key(&out, "version");
    pv_json_put_integer(&out, 1);
    pv_json_key(&out, "formats");
    pv_json_begin(&out, '[');
    for (size_t i = 0; pv_format_list(i, &about); ++i) {
        pv_json_newline(&out, 1);
        pv_json_begin(&out, '{');
        pv_json_key(&out, "name");
        pv_json_put_text(&out, about.name);
        pv_json_key(&out, "about");
        pv_json_put_text(&out, about.about);
        pv_json_key(&out, "reads");
        pv_json_put_bool(&out, about.reads);
        pv_json_key(&out, "writes");
        pv_json_put_bool(&out, about.writes);
        pv_json_key(&out, "limits");
        pv_json_put_text(&out, about.limits);
        pv_json_end(&out, '}');
    }
    pv_json_end(&out, ']');
    pv_json_end(&out, '}');
    pv_json_newline(&out, 0);
}

int pv_cmd_formats(const struct pv_args *args)
{
    if (pv_args_has(args, PV_OPTION_JSON)) {
        as_json(stdout);
    } else {
        as_text(stdout);
    }
    return PV_EXIT_FINE;
}
