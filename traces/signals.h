/* SPDX-License-Identifier: MIT
 *
 * signals.h - cleans up when a signal ends this process: unfinished files are removed, the
 * terminal is restored and a child gets the signal.
 *
 * A signal handler can only use global variables, so this is the one place of the program that
 * has some. Without pv_signals_begin (when a library's user or a test did not call it) no
 * signal is caught; forking and waiting work all the same.
 */
#ifndef PV_SIGNALS_H
#define PV_SIGNALS_H

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

/* Ignores SIGPIPE and SIGXFSZ, so that they become errors of a write; sets SIGCHLD to the
 * default, so that children can be waited for. Catches every other signal that would end the
 * process, unless it was ignored when the process started: the handler cleans up and then ends
 * the process by that signal. A second call does nothing. */
void pv_signals_begin(void);

/* Notes a file to remove if a signal ends the process, or a folder, which is empty once the
 * files noted after it are removed. The text stays the caller's and must not change until it is
 * dropped. Returns a number for pv_signals_drop; -1, which that takes too, when too many are
 * noted. */
int pv_signals_note(const char *path);
void pv_signals_drop(int note);

/* No signal is delivered between hold and release: for making a file and noting it. */
void pv_signals_hold(sigset_t *ret_before);
void pv_signals_release(const sigset_t *before);

/* How to restore a terminal: what to write to it, and its modes. */
struct pv_signals_terminal {
    int fd;
    const char *bytes;
    size_t n;
    struct termios modes;
};

/* Restores the terminal if a signal ends the process, also when it takes no more output: output
 * that it has not shown yet is discarded. The struct stays the caller's and must not change
 * until another takes its place. NULL: nothing to restore any more. */
void pv_signals_terminal(const struct pv_signals_terminal *terminal);

/* Restores it now, without waiting. Output that it has not shown yet is discarded. */
void pv_signals_give_back(const struct pv_signals_terminal *terminal);

enum pv_child {
    PV_CHILD_WORKER, /* a copy of this process: dies with it; signals have their default */
    /* a child that will exec: it gets the signal actions that this process was started with;
     * signals that ask this process to end are passed on to it until it has ended, except those
     * from the terminal, which reach it anyway */
    PV_CHILD_PROGRAM
};

/* As fork. The child has none of the notes. */
pid_t pv_signals_fork(enum pv_child kind);

/* Waits for a child's end. PV_EIO (errno): waiting failed. ret_usage may be NULL. */
int pv_signals_wait(pid_t child, int *ret_status, struct rusage *ret_usage);

#endif
