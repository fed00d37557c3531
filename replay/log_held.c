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

static int put(struct pv_state *state, uint32_t index)
{
    int status = pv_state_reach(state, pv_store_addr(state->store, index));
    if (!status) {
        pv_state_put(state, index);
    }
    return status;
}

int pv_log_held(const struct pv_log *log, struct pv_state *ret_state)
{
    const struct pv_store *store = &log->store;
    const struct pv_state *end = &log->end;
    pv_state_init(ret_state, store, &end->shape, end->header_bytes);
    int status = pv_state_bucket_room(ret_state, log->buckets_changed ? log->n_held_buckets
                                                                      : end->n_buckets);
    for (size_t i = 0; i < store->n && !status; i++) {
        uint32_t index = (uint32_t)i;
        if (pv_store_until(store, index) == STORE_NONE && pv_log_is_held(log, index)) {
            status = put(ret_state, index);
        }
    }
    for (size_t i = 0; i < log->n_gone && !status; i++) {
        status = put(ret_state, log->gone[i]);
    }
    if (status) {
        pv_state_fini(ret_state);
        return status;
    }
    ret_state->n_buckets = log->buckets_changed ? log->n_held_buckets : end->n_buckets;
    memcpy(ret_state->buckets, log->buckets_changed ? log->held_buckets : end->buckets,
           ret_state->n_buckets * sizeof *ret_state->buckets);
    return PV_OK;
}
