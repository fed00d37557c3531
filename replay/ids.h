/* SPDX-License-Identifier: MIT
 *
 * ids.h - from the names that a trace gives its blocks to the blocks.
 *
 * A hash table over the live blocks. Ids that were freed are remembered too, so that freeing
 * one again is told from freeing one that never was; when they outnumber both the live ones and
 * 65,536 they are forgotten, so the memory is that of the live blocks. Deterministic,
 * though its hash has a key that differs from run to run.
 */
#ifndef PV_IDS_H
#define PV_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"
#include "traces/event.h"

enum pv_id_state { PV_ID_UNKNOWN, PV_ID_LIVE, PV_ID_FREED };

struct pv_id_entry {
    uint64_t number; /* or the hash of the text */
    char *text;      /* NULL: the id is a number */
    uint32_t block;  /* the caller's, with PV_ID_LIVE */
    uint8_t state;   /* enum pv_id_state */
};

struct pv_ids {
    struct pv_id_entry *entries;
    size_t cap; /* a power of two, or 0 */
    size_t n_live, n_freed;
    struct pv_hash_key key; /* as long as there are entries */
};

void pv_ids_fini(struct pv_ids *ids); /* takes a zeroed one */

/* What is known of an id, or NULL when nothing is. Dies with the next put. */
struct pv_id_entry *pv_ids_find(const struct pv_ids *ids, const struct pv_id *id);

/* Makes the id live and stand for `block`. PV_ENOMEM. */
int pv_ids_put(struct pv_ids *ids, const struct pv_id *id, uint32_t block);

/* The entry's block is gone. */
void pv_ids_drop(struct pv_ids *ids, struct pv_id_entry *entry);

#endif
