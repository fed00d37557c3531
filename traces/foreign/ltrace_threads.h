/* SPDX-License-Identifier: MIT
 *
 * ltrace_threads.h - what ltrace's threads are in the middle of: calls for memory that have
 * begun and not ended, innermost last; and which process each belongs to. Internal to
 * traces/foreign/.
 */
#ifndef PV_LTRACE_THREADS_H
#define PV_LTRACE_THREADS_H

#include "traces/foreign/printed.h"

enum { PV_LTRACE_DEPTH = 8, PV_LTRACE_NAME = 48, PV_LTRACE_THREADS_MAX = 4096 };

struct pv_ltrace_frame {
    struct pv_printed printed; /* its name is below */
    size_t n_name;
    char name[PV_LTRACE_NAME];
    uint64_t freed;   /* the address that this call frees; 0: none */
    bool is_doubtful; /* a free that has not been put yet */
    bool is_unseen;   /* it resizes what no call had answered when it began */
    bool is_inside;   /* free@libc.so.6: nobody knows who calls it, perhaps the library */
    uint32_t n_inner; /* calls for memory inside it */
};

struct pv_ltrace_thread {
    uint64_t tid;
    struct pv_account_process *process; /* NULL: it has no row */
    bool is_over;                       /* the log has told its end */
    bool is_doubted;                    /* it may have been a process */
    size_t n_frames;
    struct pv_ltrace_frame frames[PV_LTRACE_DEPTH];
    struct pv_call *held; /* frees that wait for what the thread does next */
    size_t n_held, cap_held;
};

struct pv_ltrace_threads {
    struct pv_ltrace_thread *threads;
    size_t n, cap, last;
    struct pv_account_process *creator; /* of the threads that come */
    size_t n_children;                  /* processes that a fork has answered */
    uint64_t children[PV_ACCOUNT_PROCESSES];
};

void pv_ltrace_threads_fini(struct pv_ltrace_threads *threads);

/* The thread, made when it is new: in a process of its own when it is a fork's answer, or
 * `forked`. NULL: no memory, or (*ret_full) too many. */
struct pv_ltrace_thread *pv_ltrace_thread(struct pv_ltrace_threads *threads,
                                          struct pv_account *account, uint64_t tid, bool forked,
                                          bool *ret_full);

/* The thread of this number is a process, or will be. */
void pv_ltrace_expect_child(struct pv_ltrace_threads *threads, struct pv_account *account,
                            uint64_t pid);

/* Have all threads of this process ended? What comes then is another run. */
bool pv_ltrace_is_over(const struct pv_ltrace_threads *threads,
                       const struct pv_account_process *process);

/* A child of the thread's process has ended: is that a number that was taken for a thread, and
 * has ended since? Once for each. */
bool pv_ltrace_doubt_thread(struct pv_ltrace_threads *threads,
                            const struct pv_ltrace_thread *parent);

/* The thread's process has begun another program. */
void pv_ltrace_exec(struct pv_ltrace_threads *threads, struct pv_account *account,
                    struct pv_ltrace_thread *thread);

/* A call begins, whose name the caller fills in. *ret_dropped: the outermost has no room any
 * more and is forgotten. */
struct pv_ltrace_frame *pv_ltrace_push(struct pv_ltrace_thread *thread,
                                       const struct pv_printed *printed, bool *ret_dropped);

/* The number of the innermost call of this name; false: none of it has begun. */
bool pv_ltrace_find_frame(const struct pv_ltrace_thread *thread, struct pv_cursor name,
                          size_t *ret_number);

/* Does another thread resize the block at this address now? */
bool pv_ltrace_is_resized(const struct pv_ltrace_threads *threads,
                          const struct pv_ltrace_thread *but, uint64_t addr);

/* Counts a call for memory inside all calls that the thread is in. true: one of these frees
 * this very address. */
bool pv_ltrace_count_inner(struct pv_ltrace_thread *thread, uint64_t addr);

#endif
