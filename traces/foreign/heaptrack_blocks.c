/* SPDX-License-Identifier: MIT
 *
 * heaptrack_blocks.c - see heaptrack_blocks.h. One array holds the blocks of all kinds: the
 * live blocks of each kind are a list, the newest first, and the free entries are a list too.
 */
#include "traces/foreign/heaptrack_blocks.h"

#include <stddef.h>

#include "core/own.h"
#include "core/status.h"

struct kind {
    uint64_t size;
    uint32_t trace;
    uint32_t newest; /* number of its array entry, plus 1; 0: none is live */
};

struct block {
    uint64_t id;
    uint32_t older; /* the next entry of the list, also plus 1 */
};

struct pv_ht_blocks {
    struct kind *kinds;
    size_t n_kinds, cap_kinds;
    struct block *array;
    size_t n_array, cap_array;
    uint32_t unused;
    uint64_t last_id;
};

struct pv_ht_blocks *pv_ht_blocks_open(void)
{
    return pv_own_calloc(1, sizeof(struct pv_ht_blocks));
}

void pv_ht_blocks_close(struct pv_ht_blocks *blocks)
{
    if (blocks) {
        pv_own_free(blocks->kinds);
        pv_own_free(blocks->array);
        pv_own_free(blocks);
    }
}

int pv_ht_kind_add(struct pv_ht_blocks *blocks, uint64_t size, uint32_t trace)
{
    struct kind *kinds =
        pv_own_room(blocks->kinds, blocks->n_kinds, &blocks->cap_kinds, sizeof *kinds);
    if (!kinds) {
        return PV_ENOMEM;
    }
    blocks->kinds = kinds;
    kinds[blocks->n_kinds++] = (struct kind){.size = size, .trace = trace};
    return PV_OK;
}

/* Finds a free entry of the array; its number plus 1. */
static int find_place(struct pv_ht_blocks *blocks, uint32_t *ret_number)
{
    if (blocks->unused) {
        *ret_number = blocks->unused;
        blocks->unused = blocks->array[blocks->unused - 1].older;
        return PV_OK;
    }
    if (blocks->n_array == UINT32_MAX) {
        return PV_ELIMIT;
    }
    struct block *array =
        pv_own_room(blocks->array, blocks->n_array, &blocks->cap_array, sizeof *array);
    if (!array) {
        return PV_ENOMEM;
    }
    blocks->array = array;
    *ret_number = (uint32_t)++blocks->n_array;
    return PV_OK;
}

int pv_ht_block_new(struct pv_ht_blocks *blocks, uint64_t kind, uint64_t *ret_id,
                    uint64_t *ret_size, uint32_t *ret_trace)
{
    if (kind >= blocks->n_kinds) {
        return PV_EINVAL;
    }
    uint32_t number;
    int status = find_place(blocks, &number);
    if (status) {
        return status;
    }
    struct kind *its = &blocks->kinds[kind];
    blocks->array[number - 1] = (struct block){.id = ++blocks->last_id, .older = its->newest};
    its->newest = number;
    *ret_id = blocks->last_id;
    *ret_size = its->size;
    *ret_trace = its->trace;
    return PV_OK;
}

int pv_ht_block_free(struct pv_ht_blocks *blocks, uint64_t kind, uint64_t *ret_id)
{
    if (kind >= blocks->n_kinds) {
        return PV_EINVAL;
    }
    struct kind *its = &blocks->kinds[kind];
    uint32_t number = its->newest;
    if (!number) {
        return 1;
    }
    struct block *block = &blocks->array[number - 1];
    *ret_id = block->id;
    its->newest = block->older;
    block->older = blocks->unused;
    blocks->unused = number;
    return PV_OK;
}
