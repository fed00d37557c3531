/* SPDX-License-Identifier: MIT
 *
 * log_seek.c - moving a reader's cursor: step by step either way, or first to a checkpoint. A
 * checkpoint is the list of the placements that live then, in the order in which they were made.
 * The one after it has those of them that still live and those made since that do.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "replay/log.h"

/* ---- checkpoints ---- */

static void thin_out(struct pv_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        if (i % 2) {
            log->checkpoints[kept++] = log->checkpoints[i];
        } else {
            pv_own_free(log->checkpoints[i].live);
        }
    }
    log->n_checkpoints = kept;
    log->checkpoint_every *= 2;
}

enum { DISTANCE_BITS = 7, DISTANCE_MORE = 1 << DISTANCE_BITS, DISTANCE_BYTES = 5 };

/* The numbers of a checkpoint, one after the other. */
struct live {
    const uint8_t *bytes;
    size_t left;
    uint32_t next;
};

static uint32_t take_live(struct live *live)
{
    uint32_t distance = 0;
    unsigned shift = 0;
    for (; *live->bytes & DISTANCE_MORE; shift += DISTANCE_BITS) {
        distance |= (uint32_t)(*live->bytes++ & (DISTANCE_MORE - 1)) << shift;
    }
    distance |= (uint32_t)*live->bytes++ << shift;
    uint32_t index = live->next + distance;
    live->next = index + 1;
    live->left--;
    return index;
}

static void add_live(struct pv_log_checkpoint *checkpoint, uint32_t index, uint32_t *next)
{
    uint32_t distance = index - *next;
    for (; distance >= DISTANCE_MORE; distance >>= DISTANCE_BITS) {
        checkpoint->live[checkpoint->n_bytes++] =
            (uint8_t)(distance % DISTANCE_MORE | DISTANCE_MORE);
    }
    checkpoint->live[checkpoint->n_bytes++] = (uint8_t)distance;
    checkpoint->n_live++;
    *next = index + 1;
}

/* All distances together are at most the number of placements: one that takes n bytes more than
 * one is at least 2^(7n). */
static size_t most_bytes(const struct pv_log *log)
{
    size_t n_live = log->end.moment.live_blocks;
    size_t long_ones = log->store.n / DISTANCE_MORE;
    return n_live + (DISTANCE_BYTES - 1) * (long_ones < n_live ? long_ones : n_live);
}

static void gather(const struct pv_log *log, struct pv_log_checkpoint *checkpoint)
{
    const struct pv_log_checkpoint *last =
        log->n_checkpoints ? &log->checkpoints[log->n_checkpoints - 1] : NULL;
    struct live before = {.bytes = last ? last->live : NULL, .left = last ? last->n_live : 0};
    uint32_t next = 0;
    while (before.left) {
        uint32_t index = take_live(&before);
        if (pv_store_until(&log->store, index) == STORE_NONE) {
            add_live(checkpoint, index, &next);
        }
    }
    for (size_t i = last ? last->n_made : 0; i < log->store.n; i++) {
        if (pv_store_until(&log->store, (uint32_t)i) == STORE_NONE) {
            add_live(checkpoint, (uint32_t)i, &next);
        }
    }
}

int pv_log_checkpoint(struct pv_log *log)
{
    if (log->n_checkpoints == LOG_CHECKPOINTS) {
        thin_out(log);
        if ((log->end.at + 1) % log->checkpoint_every) {
            return PV_OK;
        }
    }
    struct pv_log_checkpoint checkpoint = {
        .event = log->end.at, .n_made = log->store.n, .n_ended = log->n_ended};
    checkpoint.live = pv_own_calloc(most_bytes(log), 1);
    if (!checkpoint.live) {
        return PV_ENOMEM;
    }
    gather(log, &checkpoint);
    uint8_t *fitting = pv_own_resize(checkpoint.live, checkpoint.n_bytes, 1);
    checkpoint.live = fitting ? fitting : checkpoint.live;
    log->checkpoints[log->n_checkpoints++] = checkpoint;
    return PV_OK;
}

/* ---- seeking ---- */

static void undo_changes(const struct pv_log *log, struct pv_state *cursor, int64_t event)
{
    while (cursor->n_changes_done &&
           (int64_t)log->changes[cursor->n_changes_done - 1].event_next - 1 > event) {
        pv_state_undo(cursor, &log->changes[--cursor->n_changes_done]);
    }
}

static void redo_changes(const struct pv_log *log, struct pv_state *cursor, int64_t event)
{
    while (cursor->n_changes_done < log->n_changes &&
           (int64_t)log->changes[cursor->n_changes_done].event_next - 1 <= event) {
        pv_state_redo(cursor, &log->changes[cursor->n_changes_done++]);
    }
}

static int show(struct pv_state *cursor, uint32_t index)
{
    if (pv_state_reach(cursor, pv_store_addr(cursor->store, index))) {
        return PV_ENOMEM;
    }
    pv_state_show(cursor, index);
    return PV_OK;
}

static int restore(struct pv_state *cursor, const struct pv_log_checkpoint *checkpoint)
{
    pv_state_clear(cursor);
    cursor->at = PV_START;
    cursor->n_made = cursor->n_ended = 0;
    int status = PV_OK;
    if (checkpoint) {
        struct live live = {.bytes = checkpoint->live, .left = checkpoint->n_live};
        while (live.left && !status) {
            status = show(cursor, take_live(&live));
        }
        cursor->at = checkpoint->event;
        cursor->n_made = checkpoint->n_made;
        cursor->n_ended = checkpoint->n_ended;
    }
    return status;
}

static uint64_t distance(int64_t a, int64_t b)
{
    return (uint64_t)(a < b ? b - a : a - b);
}

/* Jumps to a checkpoint, or the start, when going on from there is cheaper. */
static int jump(const struct pv_log *log, struct pv_state *cursor, int64_t event)
{
    uint64_t clearing = (uint64_t)cursor->n_tiles * (STATE_TILE_SLOTS / 64);
    uint64_t best = distance(cursor->at, event);
    const struct pv_log_checkpoint *to = NULL;
    bool found = false;
    if (distance(PV_START, event) + clearing < best) {
        best = distance(PV_START, event) + clearing;
        found = true;
    }
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        const struct pv_log_checkpoint *checkpoint = &log->checkpoints[i];
        uint64_t cost = distance(checkpoint->event, event) + clearing + checkpoint->n_live;
        if (cost < best) {
            best = cost;
            to = checkpoint;
            found = true;
        }
    }
    return found ? restore(cursor, to) : PV_OK;
}

/* Placements that ended lie anywhere: they are asked for some ends before. */
enum { SEE_ENDED = 12 };

static int step_forward(const struct pv_log *log, struct pv_state *cursor)
{
    uint8_t op = log->ops[cursor->at + 1];
    if (op & LOG_MADE) {
        uint64_t addr = pv_store_addr(cursor->store, (uint32_t)cursor->n_made);
        if (pv_state_reach(cursor, addr)) {
            return PV_ENOMEM;
        }
    }
    cursor->at++;
    if (op & LOG_ENDED) {
        if (cursor->n_ended + SEE_ENDED < log->n_ended) {
            pv_store_prefetch(cursor->store, log->ended[cursor->n_ended + SEE_ENDED]);
        }
        pv_state_hide(cursor, log->ended[cursor->n_ended++]);
    }
    if (op & LOG_MADE) {
        pv_state_show(cursor, (uint32_t)cursor->n_made++);
    }
    return PV_OK;
}

static int step_back(const struct pv_log *log, struct pv_state *cursor)
{
    uint8_t op = log->ops[cursor->at];
    if (op & LOG_ENDED) {
        uint64_t addr = pv_store_addr(cursor->store, log->ended[cursor->n_ended - 1]);
        if (pv_state_reach(cursor, addr)) {
            return PV_ENOMEM;
        }
    }
    cursor->at--;
    if (op & LOG_MADE) {
        pv_state_hide(cursor, (uint32_t)--cursor->n_made);
    }
    if (op & LOG_ENDED) {
        if (cursor->n_ended > SEE_ENDED) {
            pv_store_prefetch(cursor->store, log->ended[cursor->n_ended - 1 - SEE_ENDED]);
        }
        pv_state_show(cursor, log->ended[--cursor->n_ended]);
    }
    return PV_OK;
}

int pv_log_seek(const struct pv_log *log, struct pv_state *cursor, int64_t event)
{
    if (pv_state_bucket_room(cursor, log->most_buckets)) {
        return PV_ENOMEM; /* without it no change of buckets could be redone */
    }
    int status = jump(log, cursor, event);
    while (!status && cursor->at < event) {
        status = step_forward(log, cursor);
    }
    while (!status && cursor->at > event) {
        status = step_back(log, cursor);
    }
    if (status) {
        (void)restore(cursor, NULL);
        event = PV_START;
    }
    undo_changes(log, cursor, event);
    redo_changes(log, cursor, event);
    cursor->moment.event = event;
    return status;
}
