/* SPDX-License-Identifier: MIT
 *
 * store.h - the placements of a replay, by number. Internal to replay/.
 *
 * With keeping, all of them, in the order of their events and packed into 24 bytes: what the rows
 * of a trace have in common (tag, flags, alignment) is a number of a small table of kinds, and
 * what does not fit into its field stands whole in a table beside:
 *
 *   addr      0: behind base, in units of GRAIN    | STORE_WIDE: `addr` is the row's number among
 *   requested 4                                    |   those that stand whole
 *   over      8: how much larger the payload is
 *   kind     12
 *   id       16
 *   until    20
 *
 * The event that made a placement is not in it: the log knows it from the number. That of the
 * malloc is the same, but for a block that realloc moved or resized, of which a table tells.
 *
 * Without keeping, those that live, or lived at the moment that is held, and a number is given
 * out again when it is forgotten.
 */
#ifndef PV_STORE_H
#define PV_STORE_H

#include "replay/timeline.h"

#define STORE_NONE UINT32_MAX /* no placement; also: no end */

enum { STORE_GRAIN_SHIFT = 4 };

#define STORE_WIDE UINT32_MAX

struct pv_store_row {
    uint32_t addr, requested, over, kind, id, until;
};

/* Without keeping. */
struct pv_store_live {
    struct pv_placement what;
    uint32_t from; /* the event that made it; of a forgotten one: the next forgotten */
};

struct pv_store_kind {
    uint32_t tag, sflags, alignment;
    bool moved; /* the block is older: see `births` */
};

struct pv_store_birth {
    uint32_t index, event;
};

struct pv_store {
    bool keep;
    uint64_t base;
    size_t n; /* placements */

    struct pv_store_live *live;
    size_t cap_live;
    uint32_t forgotten; /* a list, by their `from` */

    struct pv_store_row *rows;
    size_t cap_rows;
    struct pv_placement *wide;
    size_t n_wide, cap_wide;
    struct pv_store_kind *kinds;
    size_t n_kinds, cap_kinds;
    uint32_t *kind_of; /* hash table: kind + 1, or 0 */
    size_t n_kind_of;  /* a power of two */
    uint32_t last_kind;
    struct pv_store_birth *births; /* by index */
    size_t n_births, cap_births;
};

/* base: no block lies below it. */
void pv_store_init(struct pv_store *store, bool keep, uint64_t base);
void pv_store_fini(struct pv_store *store);

/* Adds one that event `from` made; its until is set here. PV_ENOMEM. */
int pv_store_add(struct pv_store *store, const struct pv_placement *placement, uint32_t from,
                 uint32_t *ret_index);
void pv_store_end(struct pv_store *store, uint32_t index, uint32_t event);

/* Without keeping: the number is free. */
void pv_store_forget(struct pv_store *store, uint32_t index);

/* `from` is the event that made it, which only matters with keeping. */
void pv_store_get(const struct pv_store *store, uint32_t index, uint32_t from,
                  struct pv_placement *ret_placement);

/* Bytes used with keeping. */
uint64_t pv_store_bytes(const struct pv_store *store);

/* The part of a placement that counting needs. */
struct pv_store_extent {
    uint64_t addr, size, requested;
};

static inline struct pv_store_extent pv_store_extent(const struct pv_store *store,
                                                     uint32_t index)
{
    const struct pv_placement *whole = NULL;
    if (!store->keep) {
        whole = &store->live[index].what;
    } else if (store->rows[index].kind == STORE_WIDE) {
        whole = &store->wide[store->rows[index].addr];
    }
    if (whole) {
        return (struct pv_store_extent){whole->addr, whole->size, whole->requested};
    }
    const struct pv_store_row *row = &store->rows[index];
    return (struct pv_store_extent){
        .addr = store->base + ((uint64_t)row->addr << STORE_GRAIN_SHIFT),
        .size = (uint64_t)row->requested + row->over,
        .requested = row->requested,
    };
}

static inline uint64_t pv_store_addr(const struct pv_store *store, uint32_t index)
{
    return pv_store_extent(store, index).addr;
}

/* The event that ended it, STORE_NONE while it lives. */
static inline uint32_t pv_store_until(const struct pv_store *store, uint32_t index)
{
    return store->keep ? store->rows[index].until : store->live[index].what.until;
}

static inline void pv_store_prefetch(const struct pv_store *store, uint32_t index)
{
    if (store->keep) {
        __builtin_prefetch(&store->rows[index], 1);
    } else {
        __builtin_prefetch(&store->live[index], 1);
    }
}

#endif
