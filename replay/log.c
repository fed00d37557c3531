/* SPDX-License-Identifier: MIT
 *
 * log.c - writing the log: an event's byte, the placement it made, the one it ended, the buckets
 * it changed; and the end's cursor, which goes along.
 */
#include "replay/log.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"

void pv_log_init(struct pv_log *log, bool keep, const struct pv_engine_shape *shape,
                 uint64_t header_bytes, uint64_t base)
{
    *log = (struct pv_log){
        .keep = keep,
        .checkpoint_every = LOG_CHECKPOINT_FIRST,
    };
    pv_store_init(&log->store, keep, base);
    pv_state_init(&log->end, &log->store, shape, header_bytes);
}

void pv_log_fini(struct pv_log *log)
{
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        pv_own_free(log->checkpoints[i].live);
    }
    pv_own_free(log->ops);
    pv_own_free(log->ranks);
    pv_own_free(log->births);
    pv_own_free(log->ended);
    pv_own_free(log->changes);
    pv_own_free(log->failures);
    pv_own_free(log->held_buckets);
    pv_own_free(log->gone);
    pv_state_fini(&log->end);
    pv_store_fini(&log->store);
    *log = (struct pv_log){0};
}

static int add_event(struct pv_log *log, enum pv_op op)
{
    uint8_t *ops = pv_own_room(log->ops, log->n_events, &log->cap_ops, sizeof *ops);
    if (!ops) {
        return PV_ENOMEM;
    }
    log->ops = ops;
    if (log->n_events % LOG_BLOCK == 0) {
        struct pv_log_rank *ranks =
            pv_own_room(log->ranks, log->n_ranks, &log->cap_ranks, sizeof *ranks);
        if (!ranks) {
            return PV_ENOMEM;
        }
        log->ranks = ranks;
        ranks[log->n_ranks++] = (struct pv_log_rank){.made = (uint32_t)log->store.n,
                                                     .ended = (uint32_t)log->n_ended};
    }
    ops[log->n_events] = (uint8_t)op;
    return PV_OK;
}

int pv_log_begin(struct pv_log *log, enum pv_op op)
{
    if (log->n_events >= STORE_NONE - 1) {
        return PV_ELIMIT;
    }
    if (log->keep && add_event(log, op)) {
        return PV_ENOMEM;
    }
    log->n_events++;
    log->end.at++;
    log->end.moment.event = log->end.at;
    return PV_OK;
}

/* The next placement begins a block: remembers which event makes it. */
static int add_birth(struct pv_log *log)
{
    uint32_t *births =
        pv_own_room(log->births, log->n_births, &log->cap_births, sizeof *births);
    if (!births) {
        return PV_ENOMEM;
    }
    log->births = births;
    births[log->n_births++] = (uint32_t)log->end.at;
    return PV_OK;
}

int pv_log_made(struct pv_log *log, const struct pv_placement *placement, uint32_t *ret_index)
{
    if (log->end.laid && pv_state_reach(&log->end, placement->addr)) {
        return PV_ENOMEM;
    }
    if (log->keep && log->store.n == log->n_births * LOG_BLOCK && add_birth(log)) {
        return PV_ENOMEM;
    }
    if (pv_store_add(&log->store, placement, (uint32_t)log->end.at, ret_index)) {
        return PV_ENOMEM;
    }
    pv_log_flag(log, LOG_MADE);
    pv_state_show(&log->end, *ret_index);
    return PV_OK;
}

static int keep_ended(struct pv_log *log, uint32_t index)
{
    uint32_t *ended = pv_own_room(log->ended, log->n_ended, &log->cap_ended, sizeof *ended);
    if (!ended) {
        return PV_ENOMEM;
    }
    log->ended = ended;
    ended[log->n_ended++] = index;
    pv_log_flag(log, LOG_ENDED);
    return PV_OK;
}

int pv_log_ended(struct pv_log *log, uint32_t index)
{
    pv_state_hide(&log->end, index);
    pv_store_end(&log->store, index, (uint32_t)log->end.at);
    if (log->keep) {
        return keep_ended(log, index);
    }
    if (pv_log_is_held(log, index)) {
        return pv_log_save_gone(log, index);
    }
    pv_store_forget(&log->store, index);
    return PV_OK;
}

void pv_log_flag(struct pv_log *log, uint8_t flag)
{
    if (log->keep) {
        log->ops[log->end.at] |= flag;
    }
}

int pv_log_failed(struct pv_log *log, uint64_t bytes, uint32_t tag)
{
    if (!log->keep) {
        return PV_OK;
    }
    pv_log_flag(log, LOG_FAILED);
    struct pv_log_failure *failures =
        pv_own_room(log->failures, log->n_failures, &log->cap_failures, sizeof *failures);
    if (!failures) {
        return PV_ENOMEM;
    }
    log->failures = failures;
    failures[log->n_failures++] =
        (struct pv_log_failure){.event = log->end.at, .bytes = bytes, .tag = tag};
    return PV_OK;
}

int pv_log_bucket(struct pv_log *log, const struct pv_bucket_change *what)
{
    if (pv_log_save_buckets(log) || pv_state_bucket_room(&log->end, log->end.n_buckets)) {
        return PV_ENOMEM;
    }
    struct pv_state_change change = {.event_next = (uint32_t)log->n_events};
    pv_state_place(&log->end, what, &change);
    if (log->keep) {
        struct pv_state_change *changes =
            pv_own_room(log->changes, log->n_changes, &log->cap_changes, sizeof *changes);
        if (!changes) {
            return PV_ENOMEM;
        }
        log->changes = changes;
        changes[log->n_changes++] = change;
    }
    pv_state_redo(&log->end, &change);
    log->most_buckets =
        log->end.n_buckets > log->most_buckets ? log->end.n_buckets : log->most_buckets;
    return PV_OK;
}

int pv_log_finish(struct pv_log *log)
{
    bool due = log->keep && (log->end.at + 1) % log->checkpoint_every == 0;
    return due ? pv_log_checkpoint(log) : PV_OK;
}

static int reach_all(struct pv_log *log)
{
    int status = PV_OK;
    for (size_t i = 0; !status && i < log->store.n; i++) {
        if (pv_store_until(&log->store, (uint32_t)i) == STORE_NONE) {
            status = pv_state_reach(&log->end, pv_store_addr(&log->store, (uint32_t)i));
        }
    }
    return status;
}

int pv_log_lay(struct pv_log *log)
{
    if (log->end.laid) {
        return PV_OK;
    }
    if (reach_all(log)) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < log->store.n; i++) {
        if (pv_store_until(&log->store, (uint32_t)i) == STORE_NONE) {
            pv_state_put(&log->end, (uint32_t)i);
        }
    }
    log->end.laid = true;
    return PV_OK;
}
