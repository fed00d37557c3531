/* SPDX-License-Identifier: MIT
 *
 * store.c - packs placements and gives them back whole. A row is packed only if what comes out
 * of it again is what went in; else it stands in the table of the wide ones.
 */
#include "replay/store.h"

#include <assert.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

enum { KINDS_FIRST = 64 };

void pv_store_init(struct pv_store *store, bool keep, uint64_t base)
{
    *store = (struct pv_store){
        .keep = keep, .base = base, .forgotten = STORE_NONE, .last_kind = STORE_NONE};
}

void pv_store_fini(struct pv_store *store)
{
    pv_own_free(store->live);
    pv_own_free(store->rows);
    pv_own_free(store->wide);
    pv_own_free(store->kinds);
    pv_own_free(store->kind_of);
    pv_own_free(store->births);
    *store = (struct pv_store){0};
}

uint64_t pv_store_bytes(const struct pv_store *store)
{
    return store->keep ? store->n * sizeof *store->rows + store->n_wide * sizeof *store->wide +
                             store->n_births * sizeof *store->births +
                             store->n_kinds * sizeof *store->kinds +
                             store->n_kind_of * sizeof *store->kind_of
                       : 0;
}

/* ---- kinds ---- */

static size_t spread(const struct pv_store_kind *kind, size_t n)
{
    uint64_t mixed = ((uint64_t)kind->tag << 1 | kind->moved) * UINT64_C(0x9E3779B97F4A7C15);
    mixed ^= (((uint64_t)kind->sflags << 32) | kind->alignment) * UINT64_C(0xD1B54A32D192ED03);
    return (size_t)((mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (n - 1);
}

static bool same_kind(const struct pv_store_kind *a, const struct pv_store_kind *b)
{
    return a->tag == b->tag && a->sflags == b->sflags && a->alignment == b->alignment &&
           a->moved == b->moved;
}

/* Where the kind stands in the hash table, or would be inserted. */
static uint32_t *kind_place(const struct pv_store *store, const struct pv_store_kind *kind)
{
    size_t at = spread(kind, store->n_kind_of);
    while (store->kind_of[at] && !same_kind(&store->kinds[store->kind_of[at] - 1], kind)) {
        at = (at + 1) & (store->n_kind_of - 1);
    }
    return &store->kind_of[at];
}

/* The table is at most half full. */
static int widen_kinds(struct pv_store *store)
{
    if (2 * (store->n_kinds + 1) <= store->n_kind_of) {
        return PV_OK;
    }
    size_t n = store->n_kind_of ? 2 * store->n_kind_of : KINDS_FIRST;
    uint32_t *table = pv_own_calloc(n, sizeof *table);
    if (!table) {
        return PV_ENOMEM;
    }
    pv_own_free(store->kind_of);
    store->kind_of = table;
    store->n_kind_of = n;
    for (size_t i = 0; i < store->n_kinds; i++) {
        *kind_place(store, &store->kinds[i]) = (uint32_t)i + 1;
    }
    return PV_OK;
}

static int find_kind(struct pv_store *store, const struct pv_store_kind *kind,
                     uint32_t *ret_kind)
{
    if (store->last_kind != STORE_NONE && same_kind(&store->kinds[store->last_kind], kind)) {
        *ret_kind = store->last_kind;
        return PV_OK;
    }
    if (widen_kinds(store)) {
        return PV_ENOMEM;
    }
    uint32_t *place = kind_place(store, kind);
    if (!*place) {
        struct pv_store_kind *kinds =
            pv_own_room(store->kinds, store->n_kinds, &store->cap_kinds, sizeof *kinds);
        if (!kinds) {
            return PV_ENOMEM;
        }
        store->kinds = kinds;
        kinds[store->n_kinds++] = *kind;
        *place = (uint32_t)store->n_kinds;
    }
    *ret_kind = store->last_kind = *place - 1;
    return PV_OK;
}

/* ---- packing ---- */

/* Whether the numbers fit into a row, which then holds them. */
static bool pack(const struct pv_store *store, const struct pv_placement *placement,
                 struct pv_store_row *row)
{
    uint64_t behind = placement->addr - store->base;
    uint64_t over = placement->size - placement->requested;
    row->addr = (uint32_t)(behind >> STORE_GRAIN_SHIFT);
    row->requested = (uint32_t)placement->requested;
    row->over = (uint32_t)over;
    row->id = placement->id == PV_UNKNOWN ? UINT32_MAX : (uint32_t)placement->id;
    bool id_fits = placement->id == PV_UNKNOWN || placement->id < UINT32_MAX;
    return (uint64_t)row->addr << STORE_GRAIN_SHIFT == behind &&
           placement->requested == row->requested && over == row->over && id_fits;
}

static int add_wide(struct pv_store *store, const struct pv_placement *placement,
                    struct pv_store_row *row)
{
    struct pv_placement *wide =
        pv_own_room(store->wide, store->n_wide, &store->cap_wide, sizeof *wide);
    if (!wide) {
        return PV_ENOMEM;
    }
    store->wide = wide;
    row->kind = STORE_WIDE;
    row->addr = (uint32_t)store->n_wide;
    wide[store->n_wide++] = *placement;
    return PV_OK;
}

static int add_birth(struct pv_store *store, uint32_t event)
{
    struct pv_store_birth *births =
        pv_own_room(store->births, store->n_births, &store->cap_births, sizeof *births);
    if (!births) {
        return PV_ENOMEM;
    }
    store->births = births;
    births[store->n_births++] =
        (struct pv_store_birth){.index = (uint32_t)store->n, .event = event};
    return PV_OK;
}

static int add_row(struct pv_store *store, const struct pv_placement *placement, uint32_t from)
{
    struct pv_store_row *rows =
        pv_own_room(store->rows, store->n, &store->cap_rows, sizeof *rows);
    if (!rows) {
        return PV_ENOMEM;
    }
    store->rows = rows;
    struct pv_store_row row = {.until = STORE_NONE};
    int status;
    if (pack(store, placement, &row)) {
        const struct pv_store_kind kind = {.tag = placement->tag,
                                           .sflags = placement->sflags,
                                           .alignment = placement->alignment,
                                           .moved = placement->born_block != from};
        status = find_kind(store, &kind, &row.kind);
        if (!status && kind.moved) {
            status = add_birth(store, placement->born_block);
        }
    } else {
        status = add_wide(store, placement, &row);
    }
    rows[store->n] = row;
    return status;
}

static int add_live(struct pv_store *store, const struct pv_placement *placement, uint32_t from,
                    uint32_t *ret_index)
{
    uint32_t index = store->forgotten;
    if (index != STORE_NONE) {
        store->forgotten = store->live[index].from;
        if (store->forgotten != STORE_NONE) {
            __builtin_prefetch(&store->live[store->forgotten], 1);
        }
    } else {
        void *room = pv_own_room(store->live, store->n, &store->cap_live, sizeof *store->live);
        if (!room) {
            return PV_ENOMEM;
        }
        store->live = room;
        index = (uint32_t)store->n++;
    }
    store->live[index].what = *placement;
    store->live[index].what.until = STORE_NONE;
    store->live[index].from = from;
    *ret_index = index;
    return PV_OK;
}

int pv_store_add(struct pv_store *store, const struct pv_placement *placement, uint32_t from,
                 uint32_t *ret_index)
{
    if (!store->keep) {
        return add_live(store, placement, from, ret_index);
    }
    int status = add_row(store, placement, from);
    if (!status) {
        *ret_index = (uint32_t)store->n++;
    }
    return status;
}

void pv_store_end(struct pv_store *store, uint32_t index, uint32_t event)
{
    if (store->keep) {
        store->rows[index].until = event;
    } else {
        store->live[index].what.until = event;
    }
}

void pv_store_forget(struct pv_store *store, uint32_t index)
{
    assert(!store->keep);
    store->live[index].from = store->forgotten;
    store->forgotten = index;
}

/* ---- unpacking ---- */

static uint32_t birth_of(const struct pv_store *store, uint32_t index)
{
    size_t low = 0, high = store->n_births;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (store->births[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low < store->n_births && store->births[low].index == index);
    return store->births[low].event;
}

void pv_store_get(const struct pv_store *store, uint32_t index, uint32_t from,
                  struct pv_placement *ret_placement)
{
    if (!store->keep) {
        *ret_placement = store->live[index].what;
        return;
    }
    const struct pv_store_row *row = &store->rows[index];
    if (row->kind == STORE_WIDE) {
        *ret_placement = store->wide[row->addr];
        ret_placement->until = row->until;
        return;
    }
    const struct pv_store_kind *kind = &store->kinds[row->kind];
    struct pv_store_extent extent = pv_store_extent(store, index);
    *ret_placement = (struct pv_placement){
        .addr = extent.addr,
        .size = extent.size,
        .requested = extent.requested,
        .id = row->id == UINT32_MAX ? PV_UNKNOWN : row->id,
        .born_block = kind->moved ? birth_of(store, index) : from,
        .until = row->until,
        .tag = kind->tag,
        .sflags = kind->sflags,
        .alignment = kind->alignment,
    };
}
