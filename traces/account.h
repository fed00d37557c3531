/* SPDX-License-Identifier: MIT
 *
 * account.h - what a reader left out, put in or guessed, counted by kind and name, and the
 * processes of a log. The readers of formats fill it in; it is shown to people and to programs.
 *
 * It is bounded: when the rows run out, the last row of each kind counts all further names.
 */
#ifndef PV_TRACE_ACCOUNT_H
#define PV_TRACE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pv_account_kind {
    PV_LEFT_CALLS,   /* calls of a function whose name speaks of memory and that is not known */
    PV_LEFT_HIDDEN,  /* calls that give memory, but do not show where or how much */
    PV_LEFT_HALVES,  /* calls whose beginning or end is not in the log */
    PV_LEFT_GARBLED, /* calls of a known function whose arguments cannot be read */
    PV_LEFT_FREES,   /* frees of addresses that no call in the log has returned */
    PV_LEFT_CACHED,  /* the C library's frees of its thread cache when a thread ends */
    PV_LEFT_RESIZES, /* resizes of addresses that no call has returned: read as allocations */
    PV_LEFT_FAILED,  /* calls that returned no memory */
    PV_LEFT_PROCESS, /* calls of processes that are not read */
    PV_LEFT_MIXED,   /* lines after a second process began to write into the same file */
    PV_LEFT_LINES,   /* lines that are neither a call nor a known text */
    PV_PUT_FREES,    /* frees put in because a live address was allocated again */
    PV_GUESSED_SIZES,   /* sizes of blocks */
    PV_MOVED_CALLS,     /* calls moved behind a later free of their address */
    PV_GUESSED_THREADS, /* numbers that were taken for threads, and ended as processes do */
    PV_DIED_IN_CALLS,   /* calls in which the program ended */
    PV_N_ACCOUNT_KINDS
};

enum { PV_ACCOUNT_ROWS = 64, PV_ACCOUNT_TEXT = 64, PV_ACCOUNT_PROCESSES = 256 };

struct pv_account_row {
    enum pv_account_kind kind;
    uint64_t n;
    char name[PV_ACCOUNT_TEXT]; /* the function's; "" for kinds that have none */
};

/* A program in a log. A program started in the same process by exec is the next part. */
struct pv_account_process {
    uint64_t pid; /* 1, 2, … for logs without process numbers */
    uint32_t part;
    bool is_taken;
    bool is_whole;    /* its beginning is in the log */
    uint64_t n_calls; /* calls for memory */
    char program[PV_ACCOUNT_TEXT];
};

struct pv_account {
    bool has_wish; /* read this process; else the first one that has a call */
    uint64_t wished_pid;
    uint32_t wished_part; /* from 1 */

    size_t n_rows;
    struct pv_account_row rows[PV_ACCOUNT_ROWS];
    size_t n_processes;
    struct pv_account_process processes[PV_ACCOUNT_PROCESSES];
};

/* The name of a kind for programs, such as "left-calls"; never NULL for a valid kind. */
const char *pv_account_key(enum pv_account_kind kind);

/* "left out: 17 calls of xyz, which …": one sentence without a full stop, cut at cap. */
void pv_account_text(const struct pv_account_row *row, char *text, size_t cap);

/* Counts n more. `name` is foreign text of n_name bytes; NULL for none. */
void pv_account_add(struct pv_account *account, enum pv_account_kind kind, const char *name,
                    size_t n_name, uint64_t n);

uint64_t pv_account_count(const struct pv_account *account, enum pv_account_kind kind);

/* The newest part of a process, made if there is none. NULL: there is no more room, and the
 * caller leaves the process out. */
struct pv_account_process *pv_account_process(struct pv_account *account, uint64_t pid);

/* The next part of a process. NULL as above. */
struct pv_account_process *pv_account_new_part(struct pv_account *account, uint64_t pid);

/* Sets the name of a process's program; `text` is foreign and is cleaned here. */
void pv_account_set_program(struct pv_account_process *process, const char *text, size_t n);

/* As pv_account_takes, for a process that is not yet known to be the one that is read. */
bool pv_account_may_take(struct pv_account *account, struct pv_account_process *process);

/* Counts a call of this process. false: the process is not the one that is read. Inline,
 * because it is called for every call. */
static inline bool pv_account_takes(struct pv_account *account,
                                    struct pv_account_process *process)
{
    if (process && process->is_taken) {
        process->n_calls++;
        return true;
    }
    return pv_account_may_take(account, process);
}

/* The process that is read; NULL: none yet. */
const struct pv_account_process *pv_account_taken(const struct pv_account *account);

#endif
