/* SPDX-License-Identifier: MIT
 *
 * blocks.c - open addressing with linear probing, at most three quarters full.
 *
 * Addresses within one KiB are neighbours in the table, because blocks that are made and freed
 * one after the other mostly are near each other: with a million live blocks, each entry that
 * is looked at elsewhere is a cache miss.
 */
#include "traces/record/blocks.h"

#include "core/own.h"
#include "core/status.h"

enum { FIRST_PLACES = 1024 };

void pv_blocks_fini(struct pv_blocks *blocks)
{
    pv_own_free(blocks->entries);
    *blocks = (struct pv_blocks){0};
}

enum { STEP_BITS = 4, NEAR_BITS = 6 }; /* addresses are multiples of 16 */

static size_t first_place(const struct pv_blocks *blocks, uint64_t key)
{
    uint64_t far = key >> (STEP_BITS + NEAR_BITS) << STEP_BITS | (key & ((1 << STEP_BITS) - 1));
    uint64_t near = key >> STEP_BITS & ((1 << NEAR_BITS) - 1);
    return (size_t)(pv_hash_number(&blocks->secret, far) + near) & (blocks->n_places - 1);
}

static size_t place_of(const struct pv_blocks *blocks, uint64_t key)
{
    size_t at = first_place(blocks, key);
    while (blocks->entries[at].key && blocks->entries[at].key != key) {
        at = (at + 1) & (blocks->n_places - 1);
    }
    return at;
}

struct pv_block_entry *pv_blocks_find(const struct pv_blocks *blocks, uint64_t key)
{
    if (!blocks->n_places) {
        return NULL;
    }
    struct pv_block_entry *entry = &blocks->entries[place_of(blocks, key)];
    return entry->key ? entry : NULL;
}

/* Copies only live entries: entries that were taken out are forgotten here. */
static int make_room(struct pv_blocks *blocks)
{
    if (blocks->n_places && blocks->n_taken < blocks->n_places / 4 * 3) {
        return PV_OK;
    }
    struct pv_blocks wider = {.n_places = blocks->n_places ? blocks->n_places : FIRST_PLACES,
                              .secret = pv_hash_key()};
    while (blocks->n_live >= wider.n_places / 2) {
        wider.n_places *= 2;
    }
    wider.entries = pv_own_calloc(wider.n_places, sizeof wider.entries[0]);
    if (!wider.entries) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < blocks->n_places; i++) {
        if (blocks->entries[i].live) {
            wider.entries[place_of(&wider, blocks->entries[i].key)] = blocks->entries[i];
            wider.n_taken++;
        }
    }
    wider.n_live = wider.n_taken;
    pv_blocks_fini(blocks);
    *blocks = wider;
    return PV_OK;
}

int pv_blocks_put(struct pv_blocks *blocks, uint64_t key, uint64_t id)
{
    int status = make_room(blocks);
    if (status) {
        return status;
    }
    struct pv_block_entry *entry = &blocks->entries[place_of(blocks, key)];
    blocks->n_taken += !entry->key;
    blocks->n_live += !entry->live;
    *entry = (struct pv_block_entry){.key = key, .id = id, .live = true};
    return PV_OK;
}

void pv_blocks_take(struct pv_blocks *blocks, struct pv_block_entry *entry)
{
    blocks->n_live--;
    entry->live = false;
}
