/* SPDX-License-Identifier: MIT
 *
 * ltrace_threads.c - see ltrace_threads.h. Threads are few: they are kept in an array, and the
 * search begins with the thread of the line before.
 */
#include "traces/foreign/ltrace_threads.h"

#include <string.h>

#include "core/own.h"

void pv_ltrace_threads_fini(struct pv_ltrace_threads *threads)
{
    for (size_t i = 0; i < threads->n; ++i) {
        pv_own_free(threads->threads[i].held);
    }
    pv_own_free(threads->threads);
}

/* A log without process numbers is of process 1. */
static uint64_t pid_of(uint64_t tid)
{
    return tid ? tid : 1;
}

static bool is_child(const struct pv_ltrace_threads *threads, uint64_t tid)
{
    for (size_t i = 0; i < threads->n_children && i < PV_ACCOUNT_PROCESSES; ++i) {
        if (threads->children[i] == tid) {
            return true;
        }
    }
    return false;
}

static struct pv_ltrace_thread *find(struct pv_ltrace_threads *threads, uint64_t tid)
{
    for (size_t i = 0; i < threads->n; ++i) {
        if (threads->threads[i].tid == tid) {
            return &threads->threads[i];
        }
    }
    return NULL;
}

/* The log showed a thread before it showed that this is the child of a fork. */
static void become_process(struct pv_account *account, struct pv_ltrace_thread *thread)
{
    if (!thread->process || thread->process->pid != pid_of(thread->tid)) {
        thread->process = pv_account_process(account, pid_of(thread->tid));
        thread->n_frames = 0;
    }
}

bool pv_ltrace_is_over(const struct pv_ltrace_threads *threads,
                       const struct pv_account_process *process)
{
    for (size_t i = 0; i < threads->n; ++i) {
        if (threads->threads[i].process == process && !threads->threads[i].is_over) {
            return false;
        }
    }
    return true;
}

bool pv_ltrace_doubt_thread(struct pv_ltrace_threads *threads,
                            const struct pv_ltrace_thread *parent)
{
    for (size_t i = threads->n; i-- > 0;) {
        struct pv_ltrace_thread *thread = &threads->threads[i];
        if (thread != parent && thread->is_over && !thread->is_doubted && thread->process &&
            thread->process == parent->process) {
            thread->is_doubted = true;
            return true;
        }
    }
    return false;
}

struct pv_ltrace_thread *pv_ltrace_thread(struct pv_ltrace_threads *threads,
                                          struct pv_account *account, uint64_t tid, bool forked,
                                          bool *ret_full)
{
    *ret_full = false;
    if (threads->last < threads->n && threads->threads[threads->last].tid == tid && !forked) {
        return &threads->threads[threads->last];
    }
    struct pv_ltrace_thread *known = find(threads, tid);
    if (known) {
        threads->last = (size_t)(known - threads->threads);
        if (forked) {
            become_process(account, known);
        }
        return known;
    }
    *ret_full = threads->n == PV_LTRACE_THREADS_MAX;
    struct pv_ltrace_thread *all =
        *ret_full ? NULL
                  : pv_own_room(threads->threads, threads->n, &threads->cap, sizeof *all);
    if (!all) {
        return NULL;
    }
    threads->threads = all;
    threads->last = threads->n;
    bool another = pv_ltrace_is_over(threads, threads->creator);
    struct pv_ltrace_thread *thread = &all[threads->n++];
    thread->tid = tid;
    thread->n_frames = 0;
    thread->is_over = thread->is_doubted = false;
    thread->held = NULL;
    thread->n_held = thread->cap_held = 0;
    bool own = another || forked || is_child(threads, tid);
    thread->process = own ? pv_account_process(account, pid_of(tid)) : threads->creator;
    threads->creator = another ? thread->process : threads->creator;
    return thread;
}

void pv_ltrace_expect_child(struct pv_ltrace_threads *threads, struct pv_account *account,
                            uint64_t pid)
{
    struct pv_ltrace_thread *known = find(threads, pid);
    if (known) {
        become_process(account, known);
        return;
    }
    threads->children[threads->n_children++ % PV_ACCOUNT_PROCESSES] = pid;
}

void pv_ltrace_exec(struct pv_ltrace_threads *threads, struct pv_account *account,
                    struct pv_ltrace_thread *thread)
{
    struct pv_account_process *before = thread->process;
    bool own = before && before->pid == pid_of(thread->tid);
    if (own && !before->n_calls) {
        thread->n_frames = 0;
        return; /* the log has no calls of the program before */
    }
    struct pv_account_process *now = own ? pv_account_new_part(account, before->pid)
                                         : pv_account_process(account, pid_of(thread->tid));
    for (size_t i = 0; own && i < threads->n; ++i) {
        struct pv_ltrace_thread *other = &threads->threads[i];
        if (other->process == before) {
            other->process = now;
            other->n_frames = 0;
        }
    }
    thread->process = now;
    thread->n_frames = 0;
    threads->creator = threads->creator == before && own ? now : threads->creator;
}

struct pv_ltrace_frame *pv_ltrace_push(struct pv_ltrace_thread *thread,
                                       const struct pv_printed *printed, bool *ret_dropped)
{
    *ret_dropped = thread->n_frames == PV_LTRACE_DEPTH;
    if (*ret_dropped) {
        memmove(thread->frames, thread->frames + 1,
                (PV_LTRACE_DEPTH - 1) * sizeof thread->frames[0]);
        thread->n_frames--;
    }
    struct pv_ltrace_frame *frame = &thread->frames[thread->n_frames++];
    frame->printed = *printed;
    frame->n_name = 0;
    frame->is_doubtful = frame->is_inside = frame->is_unseen = false;
    frame->printed.name = (struct pv_cursor){.at = NULL};
    frame->freed = 0;
    frame->n_inner = 0;
    return frame;
}

bool pv_ltrace_find_frame(const struct pv_ltrace_thread *thread, struct pv_cursor name,
                          size_t *ret_number)
{
    size_t n = (size_t)(name.end - name.at);
    n = n < PV_LTRACE_NAME ? n : PV_LTRACE_NAME;
    for (size_t i = thread->n_frames; i-- > 0;) {
        const struct pv_ltrace_frame *frame = &thread->frames[i];
        if (frame->n_name == n && memcmp(frame->name, name.at, n) == 0) {
            *ret_number = i;
            return true;
        }
    }
    return false;
}

bool pv_ltrace_is_resized(const struct pv_ltrace_threads *threads,
                          const struct pv_ltrace_thread *but, uint64_t addr)
{
    for (size_t i = 0; i < threads->n; ++i) {
        const struct pv_ltrace_thread *thread = &threads->threads[i];
        for (size_t j = 0; thread != but && j < thread->n_frames; ++j) {
            const struct pv_printed *printed = &thread->frames[j].printed;
            if (pv_function_op(printed->form) == PV_OP_REALLOC && printed->n &&
                printed->arguments[0] == addr) {
                return true;
            }
        }
    }
    return false;
}

bool pv_ltrace_count_inner(struct pv_ltrace_thread *thread, uint64_t addr)
{
    bool is = false;
    for (size_t i = 0; i < thread->n_frames; ++i) {
        thread->frames[i].n_inner++;
        is |= addr && thread->frames[i].freed == addr;
    }
    return is;
}
