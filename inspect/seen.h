/* SPDX-License-Identifier: MIT
 *
 * seen.h - a set of addresses, to know a loop. Private to inspect/.
 */
#ifndef PV_SEEN_H
#define PV_SEEN_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed is the empty set. Address UINT64_MAX cannot be a member and is never found. */
struct pv_seen {
    uint64_t *slots; /* address + 1; 0: empty */
    size_t n, n_slots;
};

/* 0: added. 1: was there already. PV_ENOMEM. */
int pv_seen_add(struct pv_seen *seen, uint64_t addr);

/* Leaves the empty set. */
void pv_seen_fini(struct pv_seen *seen);

#endif
