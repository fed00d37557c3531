/* SPDX-License-Identifier: MIT
 *
 * heaptrack_blocks.h - gives ids to blocks for which the file has only a kind: a size and a
 * call stack. A free of a kind frees its newest live block. Internal to traces/. Costs 16 bytes
 * for each kind, and 16 for each of the most blocks live at one time.
 */
#ifndef PV_HEAPTRACK_BLOCKS_H
#define PV_HEAPTRACK_BLOCKS_H

#include <stdint.h>

struct pv_ht_blocks;

struct pv_ht_blocks *pv_ht_blocks_open(void);         /* NULL: no memory */
void pv_ht_blocks_close(struct pv_ht_blocks *blocks); /* takes NULL */

/* Adds the next kind; they count from 0. PV_ENOMEM. */
int pv_ht_kind_add(struct pv_ht_blocks *blocks, uint64_t size, uint32_t trace);

/* Adds a block of the kind, with the next id from 1. PV_EINVAL: there is no such kind;
 * PV_ENOMEM, PV_ELIMIT. */
int pv_ht_block_new(struct pv_ht_blocks *blocks, uint64_t kind, uint64_t *ret_id,
                    uint64_t *ret_size, uint32_t *ret_trace);

/* Frees a block of the kind. 1: none is live. PV_EINVAL: there is no such kind. */
int pv_ht_block_free(struct pv_ht_blocks *blocks, uint64_t kind, uint64_t *ret_id);

#endif
