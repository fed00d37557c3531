/* SPDX-License-Identifier: MIT
 *
 * record.h - runs a program and makes a trace of its memory calls.
 *
 * The program is started with libpebbleviz-preload.so (preload.c) in front of its own
 * allocator. That library writes the calls to a spool, which is turned into a trace while the
 * program runs. When the program calls exec, recording goes on; children made by fork are
 * counted, and a program that they exec runs without the library. Standard input, output and
 * error stay the program's. Signals that ask this process to end are passed on to the program,
 * and its trace is finished.
 *
 * It cannot record static and setuid programs, and allocators that never call malloc.
 */
#ifndef PV_RECORD_H
#define PV_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PV_RECORD_PATH = 4096,
    PV_RECORD_TEXT = 512,
    PV_RECORD_DEPTH = 32,
    PV_RECORD_DEPTH_MAX = 128
};

struct pv_record_options {
    /* Where to write, packed as the name's ending says (writer.h). NULL: PROGRAM.PID.pvt in the
     * working directory. "-" is refused: standard output is the program's. */
    const char *path;
    /* The preload library. NULL: $PEBBLEVIZ_PRELOAD, else where this executable was built or
     * its installation has it. */
    const char *library;
    bool no_times, no_threads, no_addresses, no_names; /* fields left out of the events */
    unsigned depth; /* frames of a call stack; 0: no stack, and a tag from the caller alone */
};

/* Files whose functions have no names because they could not be read. */
struct pv_unread {
    uint64_t n;
    char first[PV_RECORD_TEXT]; /* the first of them and the reason; clean */
};

struct pv_record_result {
    /* The program's exit code; 128 + n when signal n ended it. Valid on 0 and 1, and on a
     * failure when `ended` is set. */
    int exit_code;
    bool ended; /* the program ran and has ended */
    long pid;
    bool attached;       /* the library was loaded into the program */
    bool kept;           /* on a failure: the part of the trace that could be written is kept */
    uint64_t n_events;   /* written to the trace; on a failure those that can be read back */
    uint64_t n_lost;     /* calls that are not in it: no room in the ring or on
                               the disk, or their thread never ended them */
    uint64_t n_foreign;  /* frees of unknown blocks, left out; resizes of blocks not live */
    uint64_t n_execs;    /* successful execs, after which recording went on */
    uint64_t n_children; /* forked processes, which are not recorded */
    uint64_t n_child_calls; /* calls made by them before they called exec */
    uint64_t n_running; /* of them, still running at the end: their calls are counted no more */
    char next[PV_RECORD_TEXT]; /* the program started by exec that was not recorded; clean */
    int next_error;            /* errno: why it was not, if known */
    struct pv_unread unread;
    char path[PV_RECORD_PATH]; /* of the trace, clean */
    /* On anything but 0: a clean sentence on what failed. On 0: "", or what was lost, why. */
    char text[PV_RECORD_TEXT];
    char hint[PV_RECORD_TEXT]; /* what to do about it, or ""; "" when a part is kept */
};

/* Runs argv[0] (searched in PATH) with the arguments argv, ended by NULL, waits for its end and
 * writes the trace. 0: the trace is there. 1: the program ran, but made no events (exit 3;
 * nothing is written). PV_ELIMIT: it could not be recorded for want of memory or another
 * resource (exit 5). PV_EINVAL: the program cannot be started, or `path` is "-" (exit 2).
 * PV_ENOTSUP: the preload library is not found (exit 5). PV_EIO: the spool or the trace cannot
 * be written (exit 5; the program may have run). PV_ENOMEM. ret_result is always filled. */
int pv_record_run(const struct pv_record_options *options, char *const argv[],
                  struct pv_record_result *ret_result);

#endif
