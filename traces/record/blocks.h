/* SPDX-License-Identifier: MIT
 *
 * blocks.h - a hash table from a number to a number: the block at an address.
 *
 * An entry that was taken out is remembered until the table is rebuilt, so that a second free
 * of an address can mostly be distinguished from a free of an address that never was a block.
 * O(1); memory depends on the entries that are in the table, not on all that ever were.
 */
#ifndef PV_BLOCKS_H
#define PV_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"

struct pv_block_entry {
    uint64_t key; /* 0: an empty slot */
    uint64_t id;
    bool live;
};

struct pv_blocks {
    struct pv_block_entry *entries;
    size_t n_places; /* a power of two, or 0 */
    size_t n_taken;  /* slots that are not empty */
    size_t n_live;
    struct pv_hash_key secret; /* kept as long as there are entries */
};

/* A zeroed struct is an empty table. */
void pv_blocks_fini(struct pv_blocks *blocks);

/* The entry for a key (not 0), live or not, or NULL. Valid until the next put. */
struct pv_block_entry *pv_blocks_find(const struct pv_blocks *blocks, uint64_t key);

/* Puts a live entry in, over what was there. PV_ENOMEM: nothing changed. */
int pv_blocks_put(struct pv_blocks *blocks, uint64_t key, uint64_t id);

/* Takes a live entry out. */
void pv_blocks_take(struct pv_blocks *blocks, struct pv_block_entry *entry);

#endif
