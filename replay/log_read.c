/* SPDX-License-Identifier: MIT
 *
 * log_read.c - reading the log without moving in it: counts of flagged events, eight bytes at a
 * time, give the number of what an event made or ended, and the other way round.
 */
#include <assert.h>
#include <string.h>

#include "replay/log.h"

/* A flag in each of eight events' bytes. */
#define EIGHT(flag) ((flag)*UINT64_C(0x0101010101010101))

enum { WORD = 8 };

static uint64_t word_at(const struct pv_log *log, size_t event)
{
    uint64_t word;
    memcpy(&word, log->ops + event, sizeof word);
    return word;
}

struct pv_log_rank pv_log_rank(const struct pv_log *log, int64_t event)
{
    size_t at = (size_t)event, i = at / LOG_BLOCK * LOG_BLOCK;
    struct pv_log_rank rank = log->ranks[at / LOG_BLOCK];
    for (; i + WORD <= at; i += WORD) {
        uint64_t word = word_at(log, i);
        rank.made += (uint32_t)__builtin_popcountll(word & EIGHT(LOG_MADE));
        rank.ended += (uint32_t)__builtin_popcountll(word & EIGHT(LOG_ENDED));
    }
    for (; i < at; i++) {
        rank.made += (log->ops[i] & LOG_MADE) != 0;
        rank.ended += (log->ops[i] & LOG_ENDED) != 0;
    }
    return rank;
}

/* The event that made a placement. */
static uint32_t event_of(const struct pv_log *log, uint32_t index)
{
    size_t event = log->births[index / LOG_BLOCK];
    uint32_t left = index % LOG_BLOCK; /* events that made one, to pass by */
    while (event + WORD <= log->n_events) {
        uint32_t n = (uint32_t)__builtin_popcountll(word_at(log, event) & EIGHT(LOG_MADE));
        if (n > left) {
            break;
        }
        left -= n;
        event += WORD;
    }
    for (;; event++) {
        assert(event < log->n_events);
        if (log->ops[event] & LOG_MADE && left-- == 0) {
            return (uint32_t)event;
        }
    }
}

void pv_log_get(const struct pv_log *log, uint32_t index, struct pv_placement *ret_placement)
{
    uint32_t from = log->keep ? event_of(log, index) : 0;
    pv_store_get(&log->store, index, from, ret_placement);
}

bool pv_log_get_made(const struct pv_log *log, int64_t event,
                     struct pv_placement *ret_placement)
{
    if (!(log->ops[event] & LOG_MADE)) {
        return false;
    }
    pv_store_get(&log->store, pv_log_rank(log, event).made, (uint32_t)event, ret_placement);
    return true;
}

bool pv_log_get_ended(const struct pv_log *log, int64_t event,
                      struct pv_placement *ret_placement)
{
    if (!(log->ops[event] & LOG_ENDED)) {
        return false;
    }
    pv_log_get(log, log->ended[pv_log_rank(log, event).ended], ret_placement);
    return true;
}

const struct pv_log_failure *pv_log_failure(const struct pv_log *log, int64_t event)
{
    size_t low = 0, high = log->n_failures;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->failures[middle].event < event) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low < log->n_failures && log->failures[low].event == event);
    return &log->failures[low];
}

uint64_t pv_log_bytes(const struct pv_log *log)
{
    if (!log->keep) {
        return 0;
    }
    uint64_t bytes = pv_store_bytes(&log->store) + log->n_events * sizeof *log->ops +
                     log->n_ranks * sizeof *log->ranks + log->n_births * sizeof *log->births +
                     log->n_ended * sizeof *log->ended +
                     log->n_failures * sizeof *log->failures +
                     log->n_changes * sizeof *log->changes;
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        bytes += log->checkpoints[i].n_bytes;
    }
    return bytes;
}
