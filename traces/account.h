/* SPDX-License-Identifier: MIT
 *
 * account.h - what a reading left out, put in or guessed, counted by kind and name, and the
 * processes that a log holds. Readers of formats fill it in; people and programs are told.
 *
 * Bounded: when there are more names than rows, the last row of a kind stands for all others.
 */
#ifndef PV_TRACE_ACCOUNT_H
#define PV_TRACE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pv_account_kind {
    PV_LEFT_CALLS,    /* of a function that looks like one for memory and is not known */
    PV_LEFT_HIDDEN,   /* that give memory and do not show where, or how much */
    PV_LEFT_HALVES,   /* whose other half is not in the log */
    PV_LEFT_GARBLED,  /* of a known function, with arguments that cannot be read */
    PV_LEFT_FREES,    /* of addresses that no call in the log has answered */
    PV_LEFT_CACHED,   /* frees of blocks that were free: the C library's at a thread's end */
    PV_LEFT_RESIZES,  /* of blocks that no call in the log has answered: read as allocations */
    PV_LEFT_FAILED,   /* that answered no memory */
    PV_LEFT_PROCESS,  /* of processes that were not taken */
    PV_LEFT_MIXED,    /* lines from where a second process wrote into the same file */
    PV_LEFT_LINES,    /* that are no call and no known text */
    PV_PUT_FREES,     /* put in: a block was given again at an address that was live */
    PV_GUESSED_SIZES, /* of blocks */
    PV_MOVED_CALLS,   /* put behind a later free of their address */
    PV_GUESSED_THREADS, /* numbers that were taken for threads, and ended as processes do */
    PV_DIED_IN_CALLS,   /* the program ended in this call */
    PV_N_ACCOUNT_KINDS
};

enum { PV_ACCOUNT_ROWS = 64, PV_ACCOUNT_TEXT = 64, PV_ACCOUNT_PROCESSES = 256 };

struct pv_account_row {
    enum pv_account_kind kind;
    uint64_t n;
    char name[PV_ACCOUNT_TEXT]; /* of the function; "" for kinds that have none */
};

/* A program in a log. One that is started in the same process by exec is the next part. */
struct pv_account_process {
    uint64_t pid; /* of logs that do not say it: 1, 2, … */
    uint32_t part;
    bool is_taken;
    bool is_whole;    /* its beginning is in the log */
    uint64_t n_calls; /* calls for memory */
    char program[PV_ACCOUNT_TEXT];
};

struct pv_account {
    bool has_wish; /* this process is to be taken; else the first with a call */
    uint64_t wished_pid;
    uint32_t wished_part; /* from 1 */

    size_t n_rows;
    struct pv_account_row rows[PV_ACCOUNT_ROWS];
    size_t n_processes;
    struct pv_account_process processes[PV_ACCOUNT_PROCESSES];
};

/* "left-calls" and the like, for programs; never NULL for a kind. */
const char *pv_account_key(enum pv_account_kind kind);

/* "left out: 17 calls of xyz, which …": one sentence without a full stop, cut at cap. */
void pv_account_text(const struct pv_account_row *row, char *text, size_t cap);

/* Counts n more. `name` is foreign text of n_name bytes; NULL for none. */
void pv_account_add(struct pv_account *account, enum pv_account_kind kind, const char *name,
                    size_t n_name, uint64_t n);

uint64_t pv_account_count(const struct pv_account *account, enum pv_account_kind kind);

/* The newest part of a process, made when there is none; NULL: there is no more room, and the
 * caller leaves the process out. */
struct pv_account_process *pv_account_process(struct pv_account *account, uint64_t pid);

/* The next part of a process. NULL as above. */
struct pv_account_process *pv_account_new_part(struct pv_account *account, uint64_t pid);

/* Foreign text. */
void pv_account_set_program(struct pv_account_process *process, const char *text, size_t n);

/* The same of a process that is not known to be taken. */
bool pv_account_may_take(struct pv_account *account, struct pv_account_process *process);

/* A call of this process: counts it. false: it is of a process that is not taken. Here, because
 * it is asked of each call. */
static inline bool pv_account_takes(struct pv_account *account,
                                    struct pv_account_process *process)
{
    if (process && process->is_taken) {
        process->n_calls++;
        return true;
    }
    return pv_account_may_take(account, process);
}

/* The process that is taken; NULL: none yet. */
const struct pv_account_process *pv_account_taken(const struct pv_account *account);

#endif
