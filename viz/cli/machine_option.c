/* SPDX-License-Identifier: MIT
 *
 * machine_option.c - what reads as a size is one; everything else is opened as a file and
 * given to replay/machine.c, whose complaint is said with the file's line.
 */
#include "viz/cli/machine_option.h"

#include "core/status.h"
#include "traces/stream.h"
#include "viz/cli/say.h"
#include "viz/text/units.h"

enum { FILE_MAX = 64 * 1024 };

static int refused(const char *path, int status, const struct pv_stream *stream)
{
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    if (status == PV_ENOFILE) {
        pv_say("%s: this is neither a size such as 64M nor a file that can be read", path);
        return PV_EXIT_USAGE;
    }
    pv_say("%s: %s", path, pv_stream_error(stream));
    return pv_exit_of(status);
}

static int of_file(const char *path, struct pv_machine *ret_machine)
{
    char text[FILE_MAX + 1];
    struct pv_stream *stream;
    size_t n = 0, more = 1;
    int status = pv_stream_open(&stream, path);
    while (!status && more && n < sizeof text) {
        status = pv_stream_read(stream, text + n, sizeof text - n, &more);
        n += status ? 0 : more;
    }
    int code = status ? refused(path, status, stream) : PV_EXIT_FINE;
    pv_stream_close(stream);
    if (code) {
        return code;
    }
    if (n > FILE_MAX) {
        pv_say("%s: a machine's description has at most 64 KiB", path);
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
