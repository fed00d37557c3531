/* SPDX-License-Identifier: MIT
 *
 * say.c - messages on stderr and the end of standard output. Needs no memory of ours, so that
 * it can say that there is none.
 */
#include "viz/cli/say.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/status.h"
#include "core/text.h"

enum { LINE_BYTES = 2048 };

static void line(const char *tail, const char *format, va_list list)
{
    char raw[LINE_BYTES];
    char clean[2 * LINE_BYTES];
    int n = vsnprintf(raw, sizeof raw, format, list);
    if (n < 0) {
        return;
    }
    size_t length = (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1;
    pv_text_clean(clean, sizeof clean, raw, length);
    fprintf(stderr, "pebbleviz: %s%s\n", clean, tail);
}

void pv_say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    line("", format, list);
    va_end(list);
}

int pv_say_no_memory(void)
{
    pv_say("out of memory");
    return PV_EXIT_RESOURCES;
}

int pv_say_usage(const char *command, const char *format, ...)
{
    char tail[128];
    snprintf(tail, sizeof tail, "; see 'pebbleviz help%s%s'", command ? " " : "",
             command ? command : "");
    va_list list;
    va_start(list, format);
    line(tail, format, list);
    va_end(list);
    return PV_EXIT_USAGE;
}

int pv_exit_of(int status)
{
    switch (status) {
    case PV_OK:
        return PV_EXIT_FINE;
    case PV_EFORMAT:
    case PV_EFAULT:
    case PV_ENOFILE:
        return PV_EXIT_DAMAGED;
    case PV_EINVAL:
    case PV_ENOTSUP:
        return PV_EXIT_USAGE;
    default:
        return PV_EXIT_RESOURCES;
    }
}

const char *pv_path_text(char *buf, const char *path)
{
    if (strcmp(path, "-") == 0) {
        path = "(standard input)";
    }
    pv_text_clean(buf, PV_PATH_TEXT, path, strlen(path));
    return buf;
}

bool pv_pipe_closed(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    return poll(&entry, 1, 0) == 1 && (entry.revents & POLLERR);
}

int pv_say_written(FILE *out, int code)
{
    bool failed = ferror(out);
    errno = 0;
    failed = fflush(out) != 0 || failed;
    if (!failed || code == PV_EXIT_RESOURCES) {
        return code; /* all is well, or it has been said */
    }
    int why = errno;
    if (why == EPIPE || pv_pipe_closed(fileno(out))) {
        return code;
    }
    pv_say("cannot write to standard output%s%s", why ? ": " : "", why ? strerror(why) : "");
    return PV_EXIT_RESOURCES;
}
