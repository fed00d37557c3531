/* SPDX-License-Identifier: MIT
 *
 * say.h - what the command line tells people on stderr, and the exit codes.
 *
 * Every message is one line, "pebbleviz: ...", made of clean text: what comes from a file, a
 * path or the command line passes through pv_text_clean on its way here.
 */
#ifndef PV_SAY_H
#define PV_SAY_H

#include <stdbool.h>
#include <stdio.h>

enum pv_exit {
    PV_EXIT_FINE = 0,
    PV_EXIT_FOUND = 1,    /* a broken law, a difference */
    PV_EXIT_USAGE = 2,    /* the command line is wrong */
    PV_EXIT_NOTHING = 3,  /* no events */
    PV_EXIT_DAMAGED = 4,  /* the input is damaged; what was good was used */
    PV_EXIT_RESOURCES = 5 /* memory, disk or a bound */
};

enum { PV_PATH_TEXT = 512 };

/* One line on stderr; control characters and invalid UTF-8 in it are cleaned. */
void pv_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says "out of memory" and gives PV_EXIT_RESOURCES. */
int pv_say_no_memory(void);

/* A usage error: the line, with where to read on. Gives PV_EXIT_USAGE.
 * `command` may be NULL. */
int pv_say_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit code for a negative status (status.h); 0 for 0. */
int pv_exit_of(int status);

/* A path as it may be shown, in the caller's buffer of PV_PATH_TEXT bytes; "-" is "(standard
 * input)". Returns buf. */
const char *pv_path_text(char *buf, const char *path);

/* Checks that what was written to `out` has arrived, and returns `code`; also where the reader
 * of the pipe has gone. Otherwise says what failed and returns PV_EXIT_RESOURCES. */
int pv_say_written(FILE *out, int code);

/* Whether the other end of a pipe or socket behind the descriptor is gone. */
bool pv_pipe_closed(int fd);

#endif
