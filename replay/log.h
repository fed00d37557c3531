/* SPDX-License-Identifier: MIT
 *
 * log.h - the placement log. Internal to replay/; timeline.h is its face.
 *
 * What every event did to the blocks (made one, ended one) and to the buckets. The log is its
 * own inverse: going back over an event ends what it made and makes what it ended. It only
 * grows; where one is in it is the cursor's affair, and each reader has a cursor of his own.
 *
 * An event is a byte: its operation, and whether it made or ended a placement. Placements are
 * numbered in the order in which they were made, so that the one that an event made is a count of
 * those made before, which is kept for each BLOCK events; those that ended stand in a list in the
 * order of their ends.
 *
 *   ops      M     M     M E   E     .     M          made, ended
 *   made     0     1     2                 3          n-th M: not stored
 *   ended                0     1                      list: 0, 1
 *
 * Costs: a step is O(1) either way; a seek costs the distance to the cursor or to the nearest
 * checkpoint, whichever is nearer. Memory: a byte an event, 28 a placement (store.h), 4 more when
 * it has ended. Without keeping, only live placements; of one moment that is held, also those
 * that were live then; and no slots until somebody looks (pv_log_lay).
 */
#ifndef PV_LOG_H
#define PV_LOG_H

#include "replay/state.h"

enum {
    LOG_BLOCK = 64,                 /* events, or placements, with one count */
    LOG_CHECKPOINTS = 16,           /* when full, every other one is dropped (Massif's rule) */
    LOG_CHECKPOINT_FIRST = 1 << 14, /* events between checkpoints, at first */
};

/* Of an event's byte. */
enum {
    LOG_OP_MASK = 0x0F,
    LOG_FAILED = 0x10,
    LOG_MISTAKE = 0x20,
    LOG_MADE = 0x40,
    LOG_ENDED = 0x80,
};

/* Placements made and ended before an event. */
struct pv_log_rank {
    uint32_t made, ended;
};

/* A request that the engine had no room for. */
struct pv_log_failure {
    int64_t event;
    uint64_t bytes;
    uint32_t tag;
};

struct pv_log_checkpoint {
    int64_t event;
    size_t n_made, n_ended, n_live, n_bytes;
    uint8_t *live; /* their numbers, each as its distance from the last, 7 bits a byte */
};

struct pv_log {
    bool keep;
    struct pv_store store;
    size_t n_events;
    struct pv_state end; /* the writer's: always at the last event */
    size_t most_buckets; /* that were there at once */

    uint8_t *ops;
    size_t cap_ops;
    struct pv_log_rank *ranks; /* at the start of each block of events */
    size_t n_ranks, cap_ranks;
    uint32_t *births; /* of each block of placements: the event that made the first */
    size_t n_births, cap_births;
    uint32_t *ended; /* placements, in the order of their ends */
    size_t n_ended, cap_ended;
    struct pv_log_failure *failures; /* by event */
    size_t n_failures, cap_failures;
    struct pv_state_change *changes;
    size_t n_changes, cap_changes;
    struct pv_log_checkpoint checkpoints[LOG_CHECKPOINTS];
    size_t n_checkpoints;
    int64_t checkpoint_every;

    /* Without keeping: the moment that is held. */
    bool holding;
    int64_t held_event;
    uint32_t *gone; /* placements that ended since */
    size_t n_gone, cap_gone;
    struct pv_state_bucket *held_buckets; /* as they were, once one has changed since */
    size_t n_held_buckets, cap_held_buckets;
    bool buckets_changed;
};

/* base: no block lies below it. */
void pv_log_init(struct pv_log *log, bool keep, const struct pv_engine_shape *shape,
                 uint64_t header_bytes, uint64_t base);
void pv_log_fini(struct pv_log *log);

/* ---- writing, at the end ---- */

/* Begins the next event. PV_ENOMEM, PV_ELIMIT. */
int pv_log_begin(struct pv_log *log, enum pv_op op);

/* Within an event, at most one of each, the end first. Sets the placement's `until`. */
int pv_log_ended(struct pv_log *log, uint32_t index); /* PV_ENOMEM */
int pv_log_made(struct pv_log *log, const struct pv_placement *placement, uint32_t *ret_index);
void pv_log_flag(struct pv_log *log, uint8_t flag);
int pv_log_failed(struct pv_log *log, uint64_t bytes, uint32_t tag);
int pv_log_bucket(struct pv_log *log, const struct pv_bucket_change *what);

/* Ends the event: takes a checkpoint when one is due. */
int pv_log_finish(struct pv_log *log);

/* Keeps the slots of the end from now on. To be called before they are read. O(placements) the
 * first time. PV_ENOMEM. */
int pv_log_lay(struct pv_log *log);

/* ---- log_held.c: without keeping, one moment ---- */

/* Holds the moment at the end, and no other. */
void pv_log_hold(struct pv_log *log);

/* To be called when a block of the held moment has ended, and before a bucket changes.
 * PV_ENOMEM. */
bool pv_log_is_held(const struct pv_log *log, uint32_t index);
int pv_log_save_gone(struct pv_log *log, uint32_t index);
int pv_log_save_buckets(struct pv_log *log);

/* The slots and buckets of the held moment; the running counts are not made. PV_ENOMEM;
 * pv_state_fini is due when it is PV_OK. */
int pv_log_held(const struct pv_log *log, struct pv_state *ret_state);

/* ---- log_read.c: with keeping ---- */

/* The placements made and ended before an event. O(1). */
struct pv_log_rank pv_log_rank(const struct pv_log *log, int64_t event);

/* A placement, whole; also without keeping. */
void pv_log_get(const struct pv_log *log, uint32_t index, struct pv_placement *ret_placement);

/* The placement that an event made, or ended; false: none. */
bool pv_log_get_made(const struct pv_log *log, int64_t event,
                     struct pv_placement *ret_placement);
bool pv_log_get_ended(const struct pv_log *log, int64_t event,
                      struct pv_placement *ret_placement);

/* The failure at an event that has LOG_FAILED. */
const struct pv_log_failure *pv_log_failure(const struct pv_log *log, int64_t event);

/* Bytes used with keeping. */
uint64_t pv_log_bytes(const struct pv_log *log);

/* ---- log_seek.c: with keeping ---- */

/* A checkpoint of the end. PV_ENOMEM. */
int pv_log_checkpoint(struct pv_log *log);

/* A reader's cursor, one of log's. PV_ENOMEM: the cursor is at PV_START, or has not moved. */
int pv_log_seek(const struct pv_log *log, struct pv_state *cursor, int64_t event);

#endif
