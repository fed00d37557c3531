/* SPDX-License-Identifier: MIT
 *
 * progress.c - the line is drawn over itself with a carriage return. Time left is what is left
 * of the bytes, at the rate so far.
 */
#include "viz/cli/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "viz/text/units.h"

enum {
    PROGRESS_BYTES = 200,
    QUIET_MS = 500,
    REDRAW_MS = 100,
    STEPS = 1024,
    MS_OF_SECOND = 1000
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * MS_OF_SECOND + (uint64_t)now.tv_nsec / 1000000;
}

void pv_progress_begin(struct pv_progress *progress, const char *what)
{
    *progress = (struct pv_progress){
        .wanted = isatty(STDERR_FILENO), .until_look = STEPS, .what = what};
    if (progress->wanted) {
        progress->began = now_ms();
    }
}

static int columns(void)
{
    struct winsize size = {0};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void pv_progress_draw(struct pv_progress *progress, uint64_t done, uint64_t total,
                      uint64_t events)
{
    progress->until_look = STEPS;
    uint64_t now = now_ms();
    uint64_t passed = now - progress->began;
    if (passed < QUIET_MS || now - progress->drawn < REDRAW_MS) {
        return;
    }
    progress->drawn = now;
    progress->shown = true;
    char count[PV_UNIT_TEXT];
    char rate[PV_UNIT_TEXT];
    pv_units_count(count, events);
    pv_units_count(rate, events * MS_OF_SECOND / passed);
    char line[PROGRESS_BYTES];
    int n =
        snprintf(line, sizeof line, "%s: %s events, %s a second", progress->what, count, rate);
    if (total && done && done <= total) {
        double left = (double)passed * (double)(total - done) / (double)done / MS_OF_SECOND;
        size_t used = n < (int)sizeof line ? (size_t)n : sizeof line - 1;
        snprintf(line + used, sizeof line - used, ", %.0f %%, %.0f s left",
                 100.0 * (double)done / (double)total, left);
    }
    /* A line that wraps would not be overwritten: the last column stays free. */
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
    fflush(stderr);
}

void pv_progress_end(struct pv_progress *progress)
{
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        progress->shown = false;
    }
}
