/* SPDX-License-Identifier: MIT
 *
 * heaptrack_blocks.h - blocks that have no identity in the file, only a kind: size and call
 * stack. Each gets one; of the live ones of a kind the newest is freed first. Internal to
 * traces/. Costs 16 bytes a kind and 16 for each block of those that were live at a time.
 */
#ifndef PV_HEAPTRACK_BLOCKS_H
#define PV_HEAPTRACK_BLOCKS_H

#include <stdint.h>

struct pv_ht_blocks;

struct pv_ht_blocks *pv_ht_blocks_open(void);         /* NULL: no memory */
void pv_ht_blocks_close(struct pv_ht_blocks *blocks); /* takes NULL */

/* The next kind, from 0. PV_ENOMEM. */
int pv_ht_kind_add(struct pv_ht_blocks *blocks, uint64_t size, uint32_t trace);

/* A block of the kind, with the next id from 1. PV_EINVAL: there is no such kind; PV_ENOMEM,
 * PV_ELIMIT. */
int pv_ht_block_new(struct pv_ht_blocks *blocks, uint64_t kind, uint64_t *ret_id,
                    uint64_t *ret_size, uint32_t *ret_trace);

/* 1: none of the kind is live. PV_EINVAL. */
int pv_ht_block_free(struct pv_ht_blocks *blocks, uint64_t kind, uint64_t *ret_id);

#endif
