/* SPDX-License-Identifier: MIT
 *
 * state.h - the heap at one moment, as the log has it. Internal to replay/.
 *
 * Which blocks live, where, and the list of buckets. The one who writes the log has a cursor at
 * its end; whoever reads has one of his own. Blocks stand in an array of slots over the address
 * space. The engine says how far apart two blocks begin at least; a slot is not longer, so that
 * it holds at most one, and a scan over the slots gives the used blocks in address order. Headers
 * of pebbles, for instance, are at least 144 bytes apart, and a slot has 128:
 *
 *   addresses   base        base+128     base+256     base+384
 *   blocks      [hdr payload...........][hdr payload....
 *   slots       | 7          | 0          | 9          | 0         placement 6, placement 8
 *
 * Memory: 4 bytes a slot of heap that ever held a block, in tiles; none until it is laid.
 */
#ifndef PV_STATE_H
#define PV_STATE_H

#include "replay/store.h"

enum { STATE_TILE_SLOTS = 4096 }; /* that come into being together */

/* A bucket as it is. */
struct pv_state_bucket {
    uint64_t addr, n_pages;
    uint64_t head;  /* of the list of pebbles: where First pointed when the bucket came */
    uint64_t first; /* where it points now */
    uint32_t kind;
};

/* What an event did to a bucket; it can be done and undone. */
struct pv_state_change {
    uint32_t event_next;   /* the event it belongs to, plus 1: 0 is the start */
    uint32_t index;        /* in the list of buckets */
    uint64_t head;         /* of a bucket that came */
    uint64_t first_before; /* of one that was there */
    struct pv_bucket_change what;
};

struct pv_state {
    const struct pv_store *store;
    struct pv_engine_shape shape;
    uint64_t header_bytes;
    int64_t at;
    size_t n_made, n_ended; /* placements, up to there; the reader's */
    bool laid;              /* the slots are kept */
    uint32_t **tiles;       /* placement + 1, or 0 */
    size_t n_tiles;
    struct pv_state_bucket *buckets; /* in list order */
    size_t n_buckets, cap_buckets;
    size_t n_changes_done;
    struct pv_moment moment;
};

void pv_state_init(struct pv_state *cursor, const struct pv_store *store,
                   const struct pv_engine_shape *shape, uint64_t header_bytes);
void pv_state_fini(struct pv_state *cursor);

/* Room for the slots at an address, which pv_state_show wants once it is laid. PV_ENOMEM. */
int pv_state_reach(struct pv_state *cursor, uint64_t addr);

/* Marks a placement as live, or as ended. */
void pv_state_show(struct pv_state *cursor, uint32_t index);
void pv_state_hide(struct pv_state *cursor, uint32_t index);

/* The same without counting: the slot alone. */
void pv_state_put(struct pv_state *cursor, uint32_t index);

/* No block lives. */
void pv_state_clear(struct pv_state *cursor);

/* Room for so many buckets, and one more. PV_ENOMEM. */
int pv_state_bucket_room(struct pv_state *cursor, size_t n);

/* Where in the list a bucket change belongs that the engine tells of. The list is as it was
 * before the change. */
void pv_state_place(const struct pv_state *cursor, const struct pv_bucket_change *what,
                    struct pv_state_change *ret_change);
void pv_state_redo(struct pv_state *cursor, const struct pv_state_change *change);
void pv_state_undo(struct pv_state *cursor, const struct pv_state_change *change);

/* The placement whose header is at addr, or STORE_NONE. */
uint32_t pv_state_find(const struct pv_state *cursor, uint64_t addr);

/* The next block at or behind *addr and before end, or STORE_NONE; *addr moves to its header.
 * O(slots between). */
uint32_t pv_state_next(const struct pv_state *cursor, uint64_t *addr, uint64_t end);

#endif
