/* SPDX-License-Identifier: MIT
 *
 * signals.h - nothing is left behind: unfinished files go, the terminal is given back and a
 * child is told, whatever signal ends this process.
 *
 * A signal handler sees nothing but global variables, so this is the one place of the program
 * that has some. Without pv_signals_begin (a library's user, a test) nothing is caught, and all
 * the rest does what it says about children and waiting.
 */
#ifndef PV_SIGNALS_H
#define PV_SIGNALS_H

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

/* SIGPIPE and SIGXFSZ are ignored, so that they are errors of a write; SIGCHLD is the default,
 * so that children can be waited for. Every other signal that would end us is caught, unless we
 * were started with it ignored: it cleans up and then ends us as it would have. A second call
 * does nothing. */
void pv_signals_begin(void);

/* A file, or a folder that the files noted after it will have left empty, that is to go if a
 * signal ends us. The text stays the caller's, and unchanged, until it is dropped. Gives what
 * pv_signals_drop takes; -1, which it takes too, when too many are noted. */
int pv_signals_note(const char *path);
void pv_signals_drop(int note);

/* Between the two no signal comes through: for making a file and noting it. */
void pv_signals_hold(sigset_t *ret_before);
void pv_signals_release(const sigset_t *before);

/* What gives a terminal back that was taken: what is written to it, and its modes. */
struct pv_signals_terminal {
    int fd;
    const char *bytes;
    size_t n;
    struct termios modes;
};

/* The terminal is given back if a signal ends us, also where it takes no more output: what it
 * has not shown yet is thrown away. The struct stays the caller's, and unchanged, until another
 * takes its place. NULL: nothing any more. */
void pv_signals_terminal(const struct pv_signals_terminal *terminal);

/* Gives it back now. What it has not shown yet is thrown away, and nothing is waited for. */
void pv_signals_give_back(const struct pv_signals_terminal *terminal);

enum pv_child {
    PV_CHILD_WORKER, /* a copy of us: dies with us, and of what ends it */
    /* is about to become another program: finds all signals as we found them; those that ask us
     * to end are handed on to it until it has ended, except those from the terminal, which it
     * gets itself */
    PV_CHILD_PROGRAM
};

/* As fork. What is noted stays the parent's. */
pid_t pv_signals_fork(enum pv_child kind);

/* Waits for a child's end. PV_EIO (errno): it cannot be known. ret_usage may be NULL. */
int pv_signals_wait(pid_t child, int *ret_status, struct rusage *ret_usage);

#endif
