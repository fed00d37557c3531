/* SPDX-License-Identifier: MIT
 *
 * state.c - slots in tiles that come into being when a block first lies there, the list of
 * buckets, and the running counts. Which events to do and undo is log_seek.c's affair.
 */
#include "replay/state.h"

#include <assert.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

void pv_state_init(struct pv_state *cursor, const struct pv_store *store,
                   const struct pv_engine_shape *shape, uint64_t header_bytes)
{
    *cursor = (struct pv_state){
        .store = store,
        .shape = *shape,
        .header_bytes = header_bytes,
        .at = PV_START,
        .moment.event = PV_START,
    };
}

void pv_state_fini(struct pv_state *cursor)
{
    for (size_t i = 0; i < cursor->n_tiles; i++) {
        pv_own_free(cursor->tiles[i]);
    }
    pv_own_free(cursor->tiles);
    pv_own_free(cursor->buckets);
    *cursor = (struct pv_state){0};
}

/* ---- the slots ---- */

static uint64_t slot_of(const struct pv_state *cursor, uint64_t addr)
{
    return (addr - cursor->store->base) >> cursor->shape.apart;
}

int pv_state_reach(struct pv_state *cursor, uint64_t addr)
{
    uint64_t tile = slot_of(cursor, addr) / STATE_TILE_SLOTS;
    if (tile >= cursor->n_tiles) {
        size_t n = tile < 2 * cursor->n_tiles ? 2 * cursor->n_tiles : tile + 1;
        uint32_t **tiles = pv_own_resize(cursor->tiles, n, sizeof *tiles);
        if (!tiles) {
            return PV_ENOMEM;
        }
        memset(tiles + cursor->n_tiles, 0, (n - cursor->n_tiles) * sizeof *tiles);
        cursor->tiles = tiles;
        cursor->n_tiles = n;
    }
    if (!cursor->tiles[tile]) {
        cursor->tiles[tile] = pv_own_calloc(STATE_TILE_SLOTS, sizeof **cursor->tiles);
    }
    return cursor->tiles[tile] ? PV_OK : PV_ENOMEM;
}

/* Its tile is there. */
static void put_slot(struct pv_state *cursor, uint64_t addr, uint32_t before, uint32_t after)
{
    uint64_t slot = slot_of(cursor, addr);
    uint32_t *held = &cursor->tiles[slot / STATE_TILE_SLOTS][slot % STATE_TILE_SLOTS];
    assert(*held == before);
    *held = after;
    (void)before;
}

void pv_state_put(struct pv_state *cursor, uint32_t index)
{
    put_slot(cursor, pv_store_addr(cursor->store, index), 0, index + 1);
}

void pv_state_show(struct pv_state *cursor, uint32_t index)
{
    struct pv_store_extent block = pv_store_extent(cursor->store, index);
    if (cursor->laid) {
        put_slot(cursor, block.addr, 0, index + 1);
    }
    cursor->moment.live_bytes += block.requested;
    cursor->moment.live_blocks++;
    cursor->moment.payload_bytes += block.size;
    cursor->moment.block_bytes += block.size + cursor->header_bytes;
}

void pv_state_hide(struct pv_state *cursor, uint32_t index)
{
    struct pv_store_extent block = pv_store_extent(cursor->store, index);
    if (cursor->laid) {
        put_slot(cursor, block.addr, index + 1, 0);
    }
    cursor->moment.live_bytes -= block.requested;
    cursor->moment.live_blocks--;
    cursor->moment.payload_bytes -= block.size;
    cursor->moment.block_bytes -= block.size + cursor->header_bytes;
}

void pv_state_clear(struct pv_state *cursor)
{
    for (size_t i = 0; i < cursor->n_tiles; i++) {
        if (cursor->tiles[i]) {
            memset(cursor->tiles[i], 0, STATE_TILE_SLOTS * sizeof **cursor->tiles);
        }
    }
    cursor->moment.live_bytes = cursor->moment.live_blocks = 0;
    cursor->moment.payload_bytes = cursor->moment.block_bytes = 0;
}

uint32_t pv_state_find(const struct pv_state *cursor, uint64_t addr)
{
    uint64_t slot = slot_of(cursor, addr);
    const uint32_t *tile = slot / STATE_TILE_SLOTS < cursor->n_tiles
                               ? cursor->tiles[slot / STATE_TILE_SLOTS]
                               : NULL;
    uint32_t held = tile ? tile[slot % STATE_TILE_SLOTS] : 0;
    return held && pv_store_addr(cursor->store, held - 1) == addr ? held - 1 : STORE_NONE;
}

uint32_t pv_state_next(const struct pv_state *cursor, uint64_t *addr, uint64_t end)
{
    uint64_t slot = slot_of(cursor, *addr);
    uint64_t n_slots = (uint64_t)cursor->n_tiles * STATE_TILE_SLOTS;
    uint64_t last = slot_of(cursor, end - 1) < n_slots ? slot_of(cursor, end - 1) + 1 : n_slots;
    while (slot < last) {
        const uint32_t *tile = cursor->tiles[slot / STATE_TILE_SLOTS];
        if (!tile) {
            slot = (slot / STATE_TILE_SLOTS + 1) * STATE_TILE_SLOTS;
            continue;
        }
        uint32_t held = tile[slot % STATE_TILE_SLOTS];
        uint64_t found = held ? pv_store_addr(cursor->store, held - 1) : 0;
        if (held && found >= *addr && found < end) {
            *addr = found;
            return held - 1;
        }
        slot++;
    }
    return STORE_NONE;
}

/* ---- buckets ---- */

int pv_state_bucket_room(struct pv_state *cursor, size_t n)
{
    if (n < cursor->cap_buckets) {
        return PV_OK;
    }
    size_t cap = 2 * n + 16;
    struct pv_state_bucket *buckets = pv_own_resize(cursor->buckets, cap, sizeof *buckets);
    if (!buckets) {
        return PV_ENOMEM;
    }
    cursor->buckets = buckets;
    cursor->cap_buckets = cap;
    return PV_OK;
}

static size_t bucket_index(const struct pv_state *cursor, uint64_t addr)
{
    size_t i = cursor->n_buckets;
    while (i && cursor->buckets[i - 1].addr != addr) {
        i--;
    }
    assert(i);
    return i - 1;
}

void pv_state_place(const struct pv_state *cursor, const struct pv_bucket_change *what,
                    struct pv_state_change *ret_change)
{
    ret_change->index = (uint32_t)cursor->n_buckets;
    ret_change->head = what->first;
    ret_change->first_before = 0;
    ret_change->what = *what;
    if (what->pages_before) {
        size_t index = bucket_index(cursor, what->addr);
        ret_change->index = (uint32_t)index;
        ret_change->head = cursor->buckets[index].head;
        ret_change->first_before = cursor->buckets[index].first;
    } else if (what->before) {
        ret_change->index = (uint32_t)bucket_index(cursor, what->before);
    }
}

static void insert(struct pv_state *cursor, size_t index, const struct pv_state_bucket *bucket)
{
    assert(cursor->n_buckets < cursor->cap_buckets);
    memmove(cursor->buckets + index + 1, cursor->buckets + index,
            (cursor->n_buckets - index) * sizeof *cursor->buckets);
    cursor->buckets[index] = *bucket;
    cursor->n_buckets++;
}

static void take_out(struct pv_state *cursor, size_t index)
{
    cursor->n_buckets--;
    memmove(cursor->buckets + index, cursor->buckets + index + 1,
            (cursor->n_buckets - index) * sizeof *cursor->buckets);
}

/* Changes the pages of a bucket in the list from `before` to `after`. */
static void change_bucket(struct pv_state *cursor, const struct pv_state_change *change,
                          uint64_t before, uint64_t after, uint64_t first)
{
    if (!before) {
        struct pv_state_bucket bucket = {.addr = change->what.addr,
                                         .n_pages = after,
                                         .head = change->head,
                                         .first = first,
                                         .kind = change->what.kind};
        insert(cursor, change->index, &bucket);
    } else if (!after) {
        take_out(cursor, change->index);
    } else {
        cursor->buckets[change->index].n_pages = after;
        cursor->buckets[change->index].first = first;
    }
    cursor->moment.held_bytes += (after - before) * cursor->shape.page_bytes;
    cursor->moment.n_buckets = cursor->n_buckets;
}

void pv_state_redo(struct pv_state *cursor, const struct pv_state_change *change)
{
    change_bucket(cursor, change, change->what.pages_before, change->what.pages_after,
                  change->what.first);
}

void pv_state_undo(struct pv_state *cursor, const struct pv_state_change *change)
{
    change_bucket(cursor, change, change->what.pages_after, change->what.pages_before,
                  change->first_before);
}
