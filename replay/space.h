/* SPDX-License-Identifier: MIT
 *
 * space.h - a target's address space for a replayed heap: pages from the operating system.
 *
 * A long stretch of addresses is reserved once; pages in it become real when a heap gets them.
 * The target sees the stretch at PV_TARGET_BASE, or with a machine at 0, wherever it lies in
 * this process.
 */
#ifndef PV_SPACE_H
#define PV_SPACE_H

#include "core/heap.h"
#include "inspect/memory.h"
#include "replay/machine.h"

struct pv_space;

/* With a machine the pages are those of its memory; NULL: any, above 4 GiB. PV_ENOMEM. */
int pv_space_open(struct pv_space **ret_space, const struct pv_machine *machine);
void pv_space_close(struct pv_space *space); /* takes NULL */

/* Sets whether growing runs are backed in pieces of 2 MiB, for a heap that will write to nearly
 * all of its pages. Off at first. */
void pv_space_take_large(struct pv_space *space, bool large);

/* The lowest place that is free and long enough, of the highest zone that the flags allow. */
struct pv_pages pv_space_pages(struct pv_space *space);

/* The backed pages, at the target's addresses. */
struct pv_memory pv_space_memory(struct pv_space *space);

/* Whether a page is backed and not the first of its run; and a call that gives the memory of
 * such pages back. They read as zeros until they are written again. */
bool pv_space_can_clear(const struct pv_space *space, const void *page);
void pv_space_clear(void *pages, uint64_t bytes);

/* Zeros that become memory where they are written, given back with
 * pv_space_zeros_free and the same number of bytes. NULL: there is no room for them. */
void *pv_space_zeros(uint64_t bytes);
void pv_space_zeros_free(void *zeros, uint64_t bytes); /* takes NULL */

/* The number to add to an address of this process to get the target's address, modulo 2^64. */
uint64_t pv_space_bias(const struct pv_space *space);

/* Whether a request for pages failed because this process had no memory, rather than because
 * the reserved stretch was full. */
bool pv_space_out_of_memory(const struct pv_space *space);

#endif
