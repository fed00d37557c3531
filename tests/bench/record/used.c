/* SPDX-License-Identifier: MIT
 *
 * used.c - a library that says at a program's end how much processor time it used and how much
 * memory it held: a line "NAME SECONDS KIB" in the file that PV_BENCH_USED names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

__attribute__((destructor)) static void say_used(void)
{
    const char *path = getenv("PV_BENCH_USED");
    struct rusage used;
    char line[256];
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || getrusage(RUSAGE_SELF, &used) != 0) {
        return;
    }
    double seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    int n = snprintf(line, sizeof line, "%s %.6f %ld\n", program_invocation_short_name, seconds,
                     used.ru_maxrss);
    if (write(fd, line, (size_t)n) != n) {
        _exit(99);
    }
    close(fd);
}
