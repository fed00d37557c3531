/* SPDX-License-Identifier: MIT
 *
 * ids.h - from the names that a trace gives its blocks to the blocks.
 *
 * Numbers are dense in nearly all traces: the n-th allocation has the number n. They index an
 * array of pages, and no hash is needed:
 *
 *   number     0..255       256..511     512..767
 *   pages      [known live] [known -   ] [known live]     known: a bit for each that was seen
 *                     |                          |
 *   blocks            [256 blocks]               [256 blocks]   only where one is live
 *
 * Numbers that are wild, so that pages would be mostly empty, and texts go into a hash table
 * over the live ones. What was freed is remembered, so that freeing it again is told from
 * freeing what never was: in a page for good, at a bit each; in the table until it outnumbers
 * both the live ones there and 65,536. Memory: 3 bytes an event at most for the pages, 128 a
 * live block, else what the table costs. Deterministic, though the table's hash has a key that
 * differs from run to run.
 */
#ifndef PV_IDS_H
#define PV_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"
#include "traces/event.h"

enum pv_id_state { PV_ID_UNKNOWN, PV_ID_LIVE, PV_ID_FREED };

enum { PV_IDS_PAGE = 256, PV_IDS_WORDS = PV_IDS_PAGE / 64 };

struct pv_id_page {
    uint32_t *blocks; /* block + 1, 0: not live; NULL: none is */
    uint64_t known[PV_IDS_WORDS];
    uint32_t n_live;
};

struct pv_id_entry {
    uint64_t number; /* or the hash of the text */
    char *text;      /* NULL: the id is a number */
    uint32_t block;  /* the caller's, with PV_ID_LIVE */
    uint8_t state;   /* enum pv_id_state */
};

struct pv_ids {
    struct pv_id_page *pages;
    size_t n_pages;
    size_t n_filled; /* pages with blocks, and of those that were given back */
    uint32_t **spare;
    size_t n_spare, cap_spare;
    uint64_t n_puts;

    struct pv_id_entry *entries; /* the hash table */
    size_t cap;                  /* a power of two, or 0 */
    size_t n_wild, n_freed;      /* live and freed ones in it */
    struct pv_hash_key key;      /* as long as there are entries */

    size_t n_live; /* all */
};

void pv_ids_fini(struct pv_ids *ids); /* takes a zeroed one */

/* What is known of an id; *ret_block is set when it is live. */
enum pv_id_state pv_ids_find(const struct pv_ids *ids, const struct pv_id *id,
                             uint32_t *ret_block);

/* Makes the id live and stand for `block`, which is less than UINT32_MAX. PV_ENOMEM. */
int pv_ids_put(struct pv_ids *ids, const struct pv_id *id, uint32_t block);

/* The block of a live id is gone. */
void pv_ids_drop(struct pv_ids *ids, const struct pv_id *id);

#endif
