/* SPDX-License-Identifier: MIT
 *
 * log.h - the placement log and a cursor in it. Internal to replay/; timeline.h is its face.
 *
 * What every event did to the blocks (made one, ended one) and to the buckets. The log is its
 * own inverse: going back over an event ends what it made and makes what it ended. The cursor's
 * state is an array of slots over the address space. The engine says how far apart two blocks
 * begin at least; a slot is not longer, so that it holds at most one, and a scan over the slots
 * gives the used blocks in address order. Headers of pebbles, for instance, are at least 144
 * bytes apart, and a slot has 128:
 *
 *   addresses   base        base+128     base+256     base+384
 *   blocks      [hdr payload...........][hdr payload....
 *   slots       | 7          | 0          | 9          | 0         placement 6, placement 8
 *
 * Costs: a step is O(1) either way; a seek costs the distance to the cursor or to the nearest
 * checkpoint, whichever is nearer. Memory: 9 bytes an event, 56 a placement, 4 a slot of heap
 * that ever held a block. Without keeping, only live placements; of one moment that is held,
 * also those that were live then; and no slots until somebody looks (pv_log_lay).
 */
#ifndef PV_LOG_H
#define PV_LOG_H

#include "replay/timeline.h"

enum {
    LOG_TILE_SLOTS = 4096,          /* slots that come into being together */
    LOG_CHECKPOINTS = 32,           /* when full, every other one is dropped (Massif's rule) */
    LOG_CHECKPOINT_FIRST = 1 << 14, /* events between checkpoints, at first */
};

#define LOG_NONE UINT32_MAX

struct pv_log_step {
    uint32_t made, ended; /* placements, LOG_NONE */
};

/* A request that the engine had no room for. */
struct pv_log_failure {
    int64_t event;
    uint64_t bytes;
    uint32_t tag;
};

struct pv_log_bucket_change {
    uint32_t event_next;   /* the event it belongs to, plus 1: 0 is the start */
    uint32_t index;        /* in the list of buckets */
    uint64_t head;         /* of a bucket that came */
    uint64_t first_before; /* of one that was there */
    struct pv_bucket_change what;
};

struct pv_log_bucket {
    uint64_t addr, n_pages;
    uint64_t head;  /* of the list of pebbles: where First pointed when the bucket came */
    uint64_t first; /* where it points now */
    uint32_t kind;
};

struct pv_checkpoint {
    int64_t event;
    uint32_t *live; /* placements, in address order */
    size_t n_live;
};

struct pv_log {
    bool keep;
    uint8_t *ops; /* an event: enum pv_op, LOG_FAILED, LOG_MISTAKE */
    struct pv_log_step *steps;
    size_t n_events, cap_ops, cap_steps;
    struct pv_placement *placements;
    size_t n_placements, cap_placements;
    uint32_t free_placement; /* without keeping: a list of ended ones, by their `from` */
    struct pv_log_failure *failures; /* by event */
    size_t n_failures, cap_failures;
    struct pv_log_bucket_change *changes;
    size_t n_changes, cap_changes;

    /* the cursor */
    int64_t at;
    bool laid; /* the slots are kept; from the start, or without keeping since pv_log_lay */
    uint32_t **tiles; /* placement + 1, or 0 */
    size_t n_tiles;
    struct pv_log_bucket *buckets; /* in list order */
    size_t n_buckets, cap_buckets;
    size_t n_changes_done;
    struct pv_moment moment;

    struct pv_checkpoint checkpoints[LOG_CHECKPOINTS];
    size_t n_checkpoints;
    int64_t checkpoint_every;
    struct pv_engine_shape shape;
    uint64_t header_bytes;
    uint64_t base;

    /* without keeping: the moment that is held */
    bool holding;
    int64_t held_event;
    uint32_t *gone; /* placements that ended since */
    size_t n_gone, cap_gone;
    struct pv_log_bucket *held_buckets; /* as they were, once one has changed since */
    size_t n_held_buckets, cap_held_buckets;
    bool buckets_changed;
};

enum { LOG_OP_MASK = 0x0F, LOG_FAILED = 0x10, LOG_MISTAKE = 0x20 };

/* base: no block lies below it. */
void pv_log_init(struct pv_log *log, bool keep, const struct pv_engine_shape *shape,
                 uint64_t header_bytes, uint64_t base);
void pv_log_fini(struct pv_log *log);

/* ---- writing, at the end; the cursor must be there ---- */

/* Begins the next event. PV_ENOMEM, PV_ELIMIT. */
int pv_log_begin(struct pv_log *log, enum pv_op op);

/* Within an event, at most one of each. The placement's from and until are set here. */
int pv_log_made(struct pv_log *log, const struct pv_placement *placement, uint32_t *ret_index);
int pv_log_ended(struct pv_log *log, uint32_t index); /* PV_ENOMEM */
void pv_log_flag(struct pv_log *log, uint8_t flag);
int pv_log_failed(struct pv_log *log, uint64_t bytes, uint32_t tag);
int pv_log_bucket(struct pv_log *log, const struct pv_bucket_change *what);

/* Ends the event: takes a checkpoint when one is due. */
int pv_log_finish(struct pv_log *log);

/* ---- without keeping: one moment ---- */

/* Holds the moment at the end, and no other. */
void pv_log_hold(struct pv_log *log);

/* Keeps the slots from now on: before reading them. O(placements) the first time. PV_ENOMEM. */
int pv_log_lay(struct pv_log *log);

/* Puts the slots and the buckets to the held moment, and back: nothing is written between. The
 * running counts stay those of the end. */
void pv_log_show_held(struct pv_log *log);
void pv_log_show_end(struct pv_log *log);

/* ---- reading ---- */

int pv_log_seek(struct pv_log *log, int64_t event);

/* What failed at an event that is flagged so. */
const struct pv_log_failure *pv_log_failure(const struct pv_log *log, int64_t event);

/* The placement whose header is at addr at the cursor, or LOG_NONE. */
uint32_t pv_log_at(const struct pv_log *log, uint64_t addr);

/* The next block at the cursor at or behind *addr and before end, or LOG_NONE; *addr moves to
 * its header. O(slots between). */
uint32_t pv_log_next(const struct pv_log *log, uint64_t *addr, uint64_t end);

#endif
