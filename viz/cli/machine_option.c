/* SPDX-License-Identifier: MIT
 *
 * machine_option.c - what reads as a size is one; everything else is opened as a file and
 * given to replay/machine.c, whose complaint is said with the file's line.
 */
#include "viz/cli/machine_option.h"

#include <stdio.h>

#include "core/status.h"
#include "viz/cli/say.h"
#include "viz/text/units.h"

enum { FILE_MAX = 64 * 1024 };

static int of_file(const char *path, struct pv_machine *ret_machine)
{
    char text[FILE_MAX + 1];
    FILE *file = fopen(path, "rb");
    if (!file) {
        pv_say("%s: this is neither a size such as 64M nor a file that can be read", path);
        return PV_EXIT_USAGE;
    }
    size_t n = fread(text, 1, sizeof(text), file);
    int failed = ferror(file);
    fclose(file);
    if (failed || n > FILE_MAX) {
        pv_say("%s: %s", path,
               failed ? "cannot be read" : "a machine's description has at most 64 KiB");
        return PV_EXIT_DAMAGED;
    }
    size_t line;
    const char *what;
    if (pv_machine_parse(ret_machine, text, n, &line, &what)) {
        pv_say("%s:%zu:1: %s", path, line, what);
        return PV_EXIT_DAMAGED;
    }
    return PV_EXIT_FINE;
}

int pv_machine_option(const char *command, const char *text, struct pv_machine *ret_machine)
{
    uint64_t bytes;
    if (!pv_units_parse(text, &bytes)) {
        return of_file(text, ret_machine);
    }
    if (pv_machine_pc(ret_machine, bytes)) {
        return pv_say_usage(command, "--machine is from 2M to 511G, not '%s'", text);
    }
    return PV_EXIT_FINE;
}
