/* SPDX-License-Identifier: MIT
 *
 * log_held.c - without keeping: one moment that can be shown again. Placements that lived then
 * and ended since are kept in a list, and the buckets are copied before the first change.
 */
#include <assert.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "replay/log.h"

void pv_log_hold(struct pv_log *log)
{
    assert(!log->keep);
    while (log->n_gone) {
        pv_store_forget(&log->store, log->gone[--log->n_gone]);
    }
    log->holding = true;
    log->held_event = log->end.at;
    log->buckets_changed = false;
}

bool pv_log_is_held(const struct pv_log *log, uint32_t index)
{
    return log->holding && (int64_t)log->store.live[index].from <= log->held_event;
}

int pv_log_save_gone(struct pv_log *log, uint32_t index)
{
    uint32_t *gone = pv_own_room(log->gone, log->n_gone, &log->cap_gone, sizeof *gone);
    if (!gone) {
        return PV_ENOMEM;
    }
    log->gone = gone;
    gone[log->n_gone++] = index;
    return PV_OK;
}

int pv_log_save_buckets(struct pv_log *log)
{
    if (!log->holding || log->buckets_changed) {
        return PV_OK;
    }
    const struct pv_state *end = &log->end;
    if (log->cap_held_buckets < end->n_buckets) {
        void *room =
            pv_own_resize(log->held_buckets, end->cap_buckets, sizeof *log->held_buckets);
        if (!room) {
            return PV_ENOMEM;
        }
        log->held_buckets = room;
        log->cap_held_buckets = end->cap_buckets;
    }
    if (end->n_buckets) {
        memcpy(log->held_buckets, end->buckets, end->n_buckets * sizeof *end->buckets);
    }
    log->n_held_buckets = end->n_buckets;
    log->buckets_changed = true;
    return PV_OK;
}

/* Shows or hides the blocks that came since. */
static void turn_new(struct pv_log *log, void (*turn)(struct pv_state *cursor, uint32_t index))
{
    for (size_t i = 0; i < log->store.n; i++) {
        uint32_t index = (uint32_t)i;
        if (pv_store_until(&log->store, index) == STORE_NONE && !pv_log_is_held(log, index)) {
            turn(&log->end, index);
        }
    }
}

static void turn_gone(struct pv_log *log, void (*turn)(struct pv_state *cursor, uint32_t index))
{
    for (size_t i = 0; i < log->n_gone; i++) {
        turn(&log->end, log->gone[i]);
    }
}

static void swap_buckets(struct pv_log *log)
{
    if (log->buckets_changed) {
        struct pv_state *end = &log->end;
        struct pv_state_bucket *buckets = end->buckets;
        size_t n = end->n_buckets, cap = end->cap_buckets;
        end->buckets = log->held_buckets;
        end->n_buckets = log->n_held_buckets;
        end->cap_buckets = log->cap_held_buckets;
        log->held_buckets = buckets;
        log->n_held_buckets = n;
        log->cap_held_buckets = cap;
    }
}

void pv_log_show_held(struct pv_log *log)
{
    struct pv_moment moment = log->end.moment;
    turn_new(log, pv_state_hide);
    turn_gone(log, pv_state_show);
    swap_buckets(log);
    log->end.moment = moment;
}

void pv_log_show_end(struct pv_log *log)
{
    struct pv_moment moment = log->end.moment;
    turn_gone(log, pv_state_hide);
    turn_new(log, pv_state_show);
    swap_buckets(log);
    log->end.moment = moment;
}
