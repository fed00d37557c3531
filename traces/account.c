/* SPDX-License-Identifier: MIT
 *
 * account.c - see account.h. Rows and processes are few, so they are searched one by one,
 * processes from the newest.
 */
#include "traces/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "traces/names.h"

/* The key of a count, for programs, and the sentence for people: what stands before and behind
 * the number and the name. The noun has two forms: one, many. */
static const struct {
    const char *key, *before, *one, *many, *of, *behind;
} kinds[PV_N_ACCOUNT_KINDS] = {
    [PV_LEFT_CALLS] = {"left-calls", "left out", "call", "calls", " of ",
                       ": what it does with memory is not known"},
    [PV_LEFT_HIDDEN] = {"left-hidden", "left out", "call", "calls", " of ",
                        ": the log does not show where its memory lies, or how much it is"},
    [PV_LEFT_HALVES] = {"left-halves", "left out", "call", "calls", " of ",
                        ", of which the log holds one half"},
    [PV_LEFT_GARBLED] = {"left-garbled", "left out", "call", "calls", " of ",
                         " whose arguments or result cannot be read"},
    [PV_LEFT_FREES] = {"left-frees", "left out", "free", "frees", "",
                       " of memory that no call in the log has given"},
    [PV_LEFT_CACHED] = {"left-cached", "left out", "free", "frees", "",
                        " by which the C library empties the cache of a thread that ends"},
    [PV_LEFT_RESIZES] = {"left-resizes", "guessed", "resize", "resizes", "",
                         " of memory that no call in the log has given: taken as allocations"},
    [PV_LEFT_FAILED] = {"failed-calls", "left out", "call", "calls", " of ",
                        " that failed in the program"},
    [PV_LEFT_PROCESS] = {"left-process", "left out", "call", "calls", "",
                         " of other processes; --process N takes another, info lists them"},
    [PV_LEFT_MIXED] = {"left-mixed", "left out", "line", "lines", "",
                       ": from here on a second process wrote into the same file"},
    [PV_LEFT_LINES] = {"left-lines", "left out", "line", "lines", "",
                       " that cannot be read as a call"},
    [PV_PUT_FREES] =
        {"put-frees", "put in", "free", "frees", "",
         " that the log does not show: memory was given again at the same address"},
    [PV_GUESSED_SIZES] = {"guessed-sizes", "guessed", "size of a block", "sizes of blocks",
                          " from ", ""},
    [PV_MOVED_CALLS] = {"moved-calls", "put later", "call", "calls", "",
                        ": its address was in use, and the free stands further down, as it may "
                        "when threads take turns"},
    [PV_GUESSED_THREADS] = {"guessed-threads", "guessed", "thread", "threads", "",
                            " that may be processes, for their ends came with SIGCHLD: faults "
                            "and leaks may be another program's; record with fork shown"},
    [PV_DIED_IN_CALLS] = {"died-in-calls", "the program ended in", "call", "calls", " of ", ""},
};

const char *pv_account_key(enum pv_account_kind kind)
{
    return kinds[kind].key;
}

void pv_account_text(const struct pv_account_row *row, char *text, size_t cap)
{
    const char *of = *row->name ? kinds[row->kind].of : "";
    snprintf(text, cap, "%s: %" PRIu64 " %s%s%s%s", kinds[row->kind].before, row->n,
             row->n == 1 ? kinds[row->kind].one : kinds[row->kind].many, of, row->name,
             kinds[row->kind].behind);
}

static struct pv_account_row *find_row(struct pv_account *account, enum pv_account_kind kind,
                                       const char *name)
{
    struct pv_account_row *of_kind = NULL;
    for (size_t i = 0; i < account->n_rows; ++i) {
        struct pv_account_row *row = &account->rows[i];
        if (row->kind == kind) {
            of_kind = row;
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    /* Leave one row free for each kind that has none yet. */
    if (account->n_rows + (of_kind ? (size_t)PV_N_ACCOUNT_KINDS : 0) >= PV_ACCOUNT_ROWS) {
        if (!of_kind) {
            return &account->rows[PV_ACCOUNT_ROWS - 1];
        }
        snprintf(of_kind->name, sizeof of_kind->name, "other functions");
        return of_kind;
    }
    struct pv_account_row *row = &account->rows[account->n_rows++];
    *row = (struct pv_account_row){.kind = kind};
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

void pv_account_add(struct pv_account *account, enum pv_account_kind kind, const char *name,
                    size_t n_name, uint64_t n)
{
    char clean[PV_ACCOUNT_TEXT] = "";
    if (name) {
        pv_text_clean(clean, sizeof clean, name, n_name);
        if (pv_name_may_be_mangled(clean)) {
            pv_name_readable(clean, sizeof clean, name, n_name, NULL);
        }
    }
    struct pv_account_row *row = find_row(account, kind, clean);
    row->n = row->n > UINT64_MAX - n ? UINT64_MAX : row->n + n;
}

uint64_t pv_account_count(const struct pv_account *account, enum pv_account_kind kind)
{
    uint64_t n = 0;
    for (size_t i = 0; i < account->n_rows; ++i) {
        n += account->rows[i].kind == kind ? account->rows[i].n : 0;
    }
    return n;
}

static struct pv_account_process *add_process(struct pv_account *account, uint64_t pid,
                                              uint32_t part)
{
    if (account->n_processes == PV_ACCOUNT_PROCESSES) {
        return NULL;
    }
    struct pv_account_process *process = &account->processes[account->n_processes++];
    *process = (struct pv_account_process){.pid = pid, .part = part};
    return process;
}

static struct pv_account_process *newest(struct pv_account *account, uint64_t pid)
{
    for (size_t i = account->n_processes; i-- > 0;) {
        if (account->processes[i].pid == pid) {
            return &account->processes[i];
        }
    }
    return NULL;
}

struct pv_account_process *pv_account_process(struct pv_account *account, uint64_t pid)
{
    struct pv_account_process *process = newest(account, pid);
    return process ? process : add_process(account, pid, 1);
}

struct pv_account_process *pv_account_new_part(struct pv_account *account, uint64_t pid)
{
    const struct pv_account_process *process = newest(account, pid);
    return add_process(account, pid, process ? process->part + 1 : 1);
}

const struct pv_account_process *pv_account_taken(const struct pv_account *account)
{
    for (size_t i = 0; i < account->n_processes; ++i) {
        if (account->processes[i].is_taken) {
            return &account->processes[i];
        }
    }
    return NULL;
}

void pv_account_set_program(struct pv_account_process *process, const char *text, size_t n)
{
    pv_text_clean(process->program, sizeof process->program, text, n);
}

bool pv_account_may_take(struct pv_account *account, struct pv_account_process *process)
{
    if (process) {
        process->n_calls++;
        bool wished = account->has_wish ? process->pid == account->wished_pid &&
                                              process->part == account->wished_part
                                        : !pv_account_taken(account);
        if (wished) {
            process->is_taken = true;
            return true;
        }
    }
    pv_account_add(account, PV_LEFT_PROCESS, NULL, 0, 1);
    return false;
}
