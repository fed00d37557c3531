/* SPDX-License-Identifier: MIT
 *
 * ltrace_threads.h - the threads of ltrace's log: the process of each, and its calls for memory
 * that have begun and not ended, innermost last. Internal to traces/foreign/.
 */
#ifndef PV_LTRACE_THREADS_H
#define PV_LTRACE_THREADS_H

#include "traces/foreign/printed.h"

enum { PV_LTRACE_DEPTH = 8, PV_LTRACE_NAME = 48, PV_LTRACE_THREADS_MAX = 4096 };

struct pv_ltrace_frame {
    struct pv_printed printed; /* its name is copied below */
    size_t n_name;
    char name[PV_LTRACE_NAME];
    uint64_t freed;   /* the address freed by this call; 0: none */
    bool is_doubtful; /* a free that was not put yet */
    bool is_unseen;   /* a resize of an address that no call had returned when it began */
    bool is_inside;   /* called as free@libc.so.6, perhaps by the library itself */
    uint32_t n_inner; /* number of calls for memory inside it */
};

struct pv_ltrace_thread {
    uint64_t tid;
    struct pv_account_process *process; /* NULL: there was no room for one */
    bool is_over;                       /* the log has shown its end */
    bool is_doubted;                    /* counted as a possible process */
    size_t n_frames;
    struct pv_ltrace_frame frames[PV_LTRACE_DEPTH];
    struct pv_call *held; /* frees held back until the next call of the thread */
    size_t n_held, cap_held;
};

struct pv_ltrace_threads {
    struct pv_ltrace_thread *threads;
    size_t n, cap, last;
    struct pv_account_process *creator; /* process of the next new thread */
    size_t n_children;                  /* processes that a fork has returned */
    uint64_t children[PV_ACCOUNT_PROCESSES];
};

void pv_ltrace_threads_fini(struct pv_ltrace_threads *threads);

/* Finds or makes a thread. A new one gets a process of its own when a fork returned its number,
 * or `forked`. NULL: no memory, or (*ret_full) too many threads. */
struct pv_ltrace_thread *pv_ltrace_thread(struct pv_ltrace_threads *threads,
                                          struct pv_account *account, uint64_t tid, bool forked,
                                          bool *ret_full);

/* The number is that of a process, now or when it appears. */
void pv_ltrace_expect_child(struct pv_ltrace_threads *threads, struct pv_account *account,
                            uint64_t pid);

/* Have all threads of this process ended? What follows is another run. */
bool pv_ltrace_is_over(const struct pv_ltrace_threads *threads,
                       const struct pv_account_process *process);

/* A child of the thread's process has ended (SIGCHLD): was there a number that was taken for a
 * thread and has ended since? Each is found once. */
bool pv_ltrace_doubt_thread(struct pv_ltrace_threads *threads,
                            const struct pv_ltrace_thread *parent);

/* The thread's process has called exec. */
void pv_ltrace_exec(struct pv_ltrace_threads *threads, struct pv_account *account,
                    struct pv_ltrace_thread *thread);

/* Begins a call; the caller fills in its name. *ret_dropped: there was no room, and the
 * outermost call was dropped. */
struct pv_ltrace_frame *pv_ltrace_push(struct pv_ltrace_thread *thread,
                                       const struct pv_printed *printed, bool *ret_dropped);

/* Finds the innermost open call of this name; false: there is none. */
bool pv_ltrace_find_frame(const struct pv_ltrace_thread *thread, struct pv_cursor name,
                          size_t *ret_number);

/* Is another thread inside a resize of the block at this address? */
bool pv_ltrace_is_resized(const struct pv_ltrace_threads *threads,
                          const struct pv_ltrace_thread *but, uint64_t addr);

/* Counts a call for memory inside all open calls of the thread. true: one of those calls frees
 * this very address. */
bool pv_ltrace_count_inner(struct pv_ltrace_thread *thread, uint64_t addr);

#endif
