/* SPDX-License-Identifier: MIT
 *
 * wl.c - glibc's malloc workloads (wl_input.h), which trace2wl makes of a recording and
 * trace_run replays. Slot 0 is NULL; the other slots behave as in trace_run: a free of an empty
 * one frees NULL, an allocation into a full one frees the block that was there.
 *
 * The file orders two threads only where one gives a sync for which the other waits. Here
 * threads take turns of one call each, in the order of the file's list; a thread that waits
 * leaves the turns and comes back as the last one when its sync is given. A damaged thread
 * stops; the others run as far as they can, then the damage is reported.
 *
 * Costs the file, four bytes for each sync and what calls.h costs.
 */
#include <inttypes.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/calls.h"
#include "traces/foreign/wl_input.h"
#include "traces/format.h"

enum { PAGE = 4096 };

#define GIVEN UINT32_MAX /* of a sync; else 0, or the thread that came last to wait */

struct wl {
    struct pv_wl_input input;
    uint32_t first, last; /* thread numbers at both ends of the queue */
    uint32_t *syncs;
    struct pv_calls *calls;
    struct pv_place *place;
};

static void enqueue(struct wl *wl, uint32_t thread)
{
    wl->input.threads[thread - 1].next = 0;
    if (wl->last) {
        wl->input.threads[wl->last - 1].next = thread;
    } else {
        wl->first = thread;
    }
    wl->last = thread;
}

/* Gives a sync: the threads that wait for it join the queue in the order in which they came to
 * wait. */
static void give(struct wl *wl, uint32_t *sync)
{
    uint32_t waiting = *sync == GIVEN ? 0 : *sync;
    uint32_t turned = 0;
    *sync = GIVEN;
    while (waiting) {
        struct pv_wl_thread *thread = &wl->input.threads[waiting - 1];
        uint32_t next = thread->next;
        thread->next = turned;
        turned = waiting;
        waiting = next;
    }
    while (turned) {
        uint32_t next = wl->input.threads[turned - 1].next;
        wl->input.threads[turned - 1].waits = false;
        enqueue(wl, turned);
        turned = next;
    }
}

static int put_free(struct wl *wl, uint64_t slot, struct pv_call call)
{
    call.op = PV_OP_FREE;
    call.addr = slot;
    call.is_null = !pv_calls_is_live(wl->calls, slot);
    return pv_calls_put(wl->calls, &call);
}

static int put_call(struct wl *wl, const struct pv_wl_thread *thread,
                    const struct pv_wl_step *step)
{
    static const enum pv_op ops[PV_WL_N_OPS] = {
        [PV_WL_CALLOC] = PV_OP_CALLOC,    [PV_WL_REALLOC] = PV_OP_REALLOC,
        [PV_WL_MEMALIGN] = PV_OP_ALIGNED, [PV_WL_POSIX_MEMALIGN] = PV_OP_ALIGNED,
        [PV_WL_VALLOC] = PV_OP_ALIGNED,   [PV_WL_PVALLOC] = PV_OP_ALIGNED};
    const uint64_t *number = step->number;
    struct pv_call call = {
        .op = ops[step->op], .count = 1, .has_thread = true, .thread = thread->number};
    for (unsigned i = 0; i < (step->op == PV_WL_REALLOC ? 2 : 1); ++i) {
        if (number[i] > wl->input.n_slots) {
            return pv_wl_input_damage(&wl->input, step->begin,
                                      "slot %" PRIu64 " is not among the %" PRIu64
                                      " of this file",
                                      number[i], wl->input.n_slots);
        }
    }
    *wl->place = (struct pv_place){.byte = step->begin};
    if (step->op == PV_WL_FREE) {
        return put_free(wl, number[0], call);
    }
    call.size = number[pv_wl_numbers(step->op) - 1];
    if (call.size > INT64_MAX) {
        return pv_wl_input_damage(&wl->input, step->begin, "a size is beyond 2^63-1");
    }
    call.addr = number[0];
    call.old = step->op == PV_WL_REALLOC ? number[1] : 0;
    call.align = call.op != PV_OP_ALIGNED ? 0 : pv_wl_numbers(step->op) > 2 ? number[1] : PAGE;
    bool full = call.addr != call.old && pv_calls_is_live(wl->calls, call.addr);
    int status = full ? put_free(wl, call.addr, call) : PV_OK;
    if (call.old && !call.size && pv_calls_is_live(wl->calls, call.old)) {
        call.addr = 0; /* as in glibc, realloc(p, 0) frees */
    }
    return status ? status : pv_calls_put(wl->calls, &call);
}

/* Runs the thread up to its next call, and puts it into the queue again. 1: it waits or is
 * done. */
static int take_turn(struct wl *wl, uint32_t index)
{
    struct pv_wl_thread *thread = &wl->input.threads[index - 1];
    struct pv_wl_step step;
    for (;;) {
        int status = pv_wl_input_step(&wl->input, thread, &step);
        if (status || step.op == PV_WL_DONE) {
            return status ? status : 1;
        }
        if (step.op == PV_WL_NOTHING) {
            continue;
        }
        if (step.op != PV_WL_GIVE && step.op != PV_WL_WAIT) {
            status = put_call(wl, thread, &step);
            if (!status) {
                enqueue(wl, index);
            }
            return status;
        }
        if (step.number[0] > wl->input.n_syncs) {
            return pv_wl_input_damage(&wl->input, step.begin,
                                      "sync %" PRIu64 " is not among the %" PRIu64
                                      " of this file",
                                      step.number[0], wl->input.n_syncs);
        }
        uint32_t *sync = &wl->syncs[step.number[0]];
        if (step.op == PV_WL_GIVE) {
            give(wl, sync);
        } else if (*sync != GIVEN) {
            thread->waits = true;
            thread->at = step.begin;
            thread->next = *sync;
            *sync = index;
            return 1;
        }
    }
}

/* The queue is empty: all threads are done, are damaged, or wait for a sync that is never
 * given. */
static int finish(struct wl *wl)
{
    for (size_t i = 0; i < wl->input.n_threads && !wl->input.status; ++i) {
        struct pv_wl_thread *thread = &wl->input.threads[i];
        struct pv_wl_step step;
        if (thread->waits && pv_wl_input_step(&wl->input, thread, &step) == PV_OK) {
            pv_wl_input_damage(&wl->input, step.begin,
                               "thread %" PRIu32 " waits for sync %" PRIu64
                               ", which nobody gives",
                               thread->number, step.number[0]);
        }
    }
    if (wl->input.status) {
        *wl->place = wl->input.damage;
    }
    return wl->input.status ? wl->input.status : 1;
}

static int wl_next(void *state, struct pv_trace_event *ret_event)
{
    struct wl *wl = state;
    while (!pv_calls_next(wl->calls, ret_event)) {
        uint32_t index = wl->first;
        if (!index) {
            return finish(wl);
        }
        wl->first = wl->input.threads[index - 1].next;
        wl->last = wl->first ? wl->last : 0;
        int status = take_turn(wl, index);
        if (status == PV_ENOMEM) {
            return status;
        }
    }
    return PV_OK;
}

static int wl_open(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                   struct pv_place *place)
{
    struct wl *wl = pv_own_calloc(1, sizeof *wl);
    *ret_state = wl;
    if (!wl) {
        return PV_ENOMEM;
    }
    header->format = pv_format_wl.name;
    wl->place = place;
    wl->calls = pv_calls_open(PV_CALLS_BY_SLOT);
    int status = wl->calls ? pv_wl_input_open(&wl->input, stream) : PV_ENOMEM;
    if (status) {
        *place = wl->input.damage;
        return status == PV_ENOMEM ? status : wl->input.status;
    }
    wl->syncs = pv_own_calloc((size_t)wl->input.n_syncs + 1, sizeof *wl->syncs);
    if (!wl->syncs) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < wl->input.n_threads; ++i) {
        enqueue(wl, wl->input.threads[i].number);
    }
    return PV_OK;
}

static void wl_close(void *state)
{
    struct wl *wl = state;
    if (wl) {
        pv_wl_input_close(&wl->input);
        pv_own_free(wl->syncs);
        pv_calls_close(wl->calls);
        pv_own_free(wl);
    }
}

const struct pv_format pv_format_wl = {
    .name = "wl",
    .about = "glibc malloc workload (trace2wl)",
    .limits =
        "the order between threads is known by its syncs only, else they take turns; up to "
        "1 GiB; no times; valloc and pvalloc are aligned to 4096",
    .is_binary = true,
    .probe = pv_wl_input_probe,
    .open = wl_open,
    .next = wl_next,
    .close = wl_close};
