/* SPDX-License-Identifier: MIT
 *
 * wl_input.h - reads a workload file of glibc's malloc: its list of threads, and the operations
 * of each. Internal to traces/.
 *
 *   number   seven bits a byte, the highest first, the high bit set in all but the last byte
 *   file     from byte 0: 8 slots n, 9 syncs n, 10 threads n, 11 thread at byte n, 1 done
 *   thread   2 malloc slot size, 3 calloc slot size, 4 realloc slot old size, 5 free slot,
 *            6 give sync n, 7 wait for sync n, 12 memalign slot align size, 13 valloc slot
 *            size, 14 pvalloc slot size, 15 posix_memalign slot align size, 1 done; 0 nothing
 *
 * Threads begin at byte offsets of the file, so it is held whole, up to 1 GiB.
 */
#ifndef PV_WL_INPUT_H
#define PV_WL_INPUT_H

#include "traces/reader.h"
#include "traces/stream.h"

enum pv_wl_op {
    PV_WL_NOTHING,
    PV_WL_DONE,
    PV_WL_MALLOC,
    PV_WL_CALLOC,
    PV_WL_REALLOC,
    PV_WL_FREE,
    PV_WL_GIVE,
    PV_WL_WAIT,
    PV_WL_SLOTS,
    PV_WL_SYNCS,
    PV_WL_THREADS,
    PV_WL_THREAD,
    PV_WL_MEMALIGN,
    PV_WL_VALLOC,
    PV_WL_PVALLOC,
    PV_WL_POSIX_MEMALIGN,
    PV_WL_N_OPS
};

enum { PV_WL_NUMBERS = 3, PV_WL_BYTES_MAX = 1 << 30, PV_WL_THREADS_MAX = 1 << 16 };

struct pv_wl_thread {
    size_t begin, end; /* of its operations; `end` is where the next thread begins */
    size_t at;         /* offset of its next operation */
    uint32_t number;   /* from 1, in the order of the list */
    uint32_t next;     /* for the caller */
    bool waits;        /* for the caller */
};

struct pv_wl_step {
    enum pv_wl_op op;
    uint64_t number[PV_WL_NUMBERS];
    size_t begin;
};

struct pv_wl_input {
    unsigned char *bytes;
    size_t n, cap;
    uint64_t n_slots, n_syncs;
    struct pv_wl_thread *threads; /* by number */
    size_t n_threads, cap_threads;
    struct pv_place damage; /* the first damage */
    int status;             /* its status; 0: no damage so far */
};

/* Reads the file and its list of threads, into a zeroed input. PV_ENOMEM; any other failure is
 * stored as the damage. Damage in the packing counts as the end of the file. */
int pv_wl_input_open(struct pv_wl_input *input, struct pv_stream *stream);
void pv_wl_input_close(struct pv_wl_input *input); /* takes a zeroed one */

/* Decodes the thread's next operation. PV_EFORMAT, with the damage set. */
int pv_wl_input_step(struct pv_wl_input *input, struct pv_wl_thread *thread,
                     struct pv_wl_step *ret);

/* Sets the damage at a byte, unless there is one already. PV_EFORMAT. */
__attribute__((format(printf, 3, 4))) int pv_wl_input_damage(struct pv_wl_input *input,
                                                             size_t at, const char *text, ...);

/* How many numbers follow an operation. */
unsigned pv_wl_numbers(enum pv_wl_op op);

/* Does a workload begin here, as trace2wl writes its list: slots, syncs, threads, then a thread
 * or the end? */
bool pv_wl_input_probe(const unsigned char *head, size_t n);

#endif
