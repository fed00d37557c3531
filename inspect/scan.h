/* SPDX-License-Identifier: MIT
 *
 * scan.h - where, after a list broke, the next pebble of the bucket is. Private to inspect/.
 */
#ifndef PV_SCAN_H
#define PV_SCAN_H

#include "inspect/header.h"

/* Bounds what is searched, over the whole walk. */
struct pv_scan_budget {
    uint64_t bytes;
    unsigned refusals;
};

/* What searching one bucket has shown so far. */
struct pv_scan {
    bool none_confirmed; /* no confirmed header stands beyond what was searched */
};

/* Finds the first header at or above `from` that looks sound and that the list confirms; where
 * there is none in the bucket, the first that looks sound. Returns 0 with its row, or 1:
 * nothing more in this bucket, or the budget is spent. */
int pv_scan_next(struct pv_scan *scan, struct pv_header_reader *reader,
                 struct pv_scan_budget *budget, const struct pv_home *home, uint64_t from,
                 struct pv_pebble_row *ret_row);

#endif
