/* SPDX-License-Identifier: MIT
 *
 * compare.h - another moment beside the one at the cursor: the reference. While there is one, the
 * map, the tags, the list and the line of figures show what differs from it.
 */
#ifndef PV_TUI_COMPARE_H
#define PV_TUI_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/snapshot.h"
#include "replay/stats.h"

struct pv_model;

struct pv_reference {
    bool on;
    int64_t event;
    struct pv_snapshot *snapshot;
    struct pv_moment moment;
    uint32_t *born; /* of the used pebbles, in order: which blocks lived then */
    size_t n_born;
};

/* Of a pebble that is used at the cursor, seen from the reference. */
enum pv_compared {
    PV_COMPARED_SAME,
    PV_COMPARED_CAME, /* its block did not live then */
    PV_COMPARED_MOVED,
    PV_COMPARED_RESIZED /* at its place, of another size */
};

/* Makes the moment at the cursor the reference; if it is the reference already, ends comparing.
 * PV_ENOMEM. */
int pv_compare_toggle(struct pv_model *model);
void pv_compare_end(struct pv_model *model);

/* O(log n) each. The second: of a pebble of the reference, whether its block is at the same place
 * at the cursor. */
enum pv_compared pv_compare_pebble(const struct pv_model *model,
                                   const struct pv_pebble_row *pebble);
bool pv_compare_stays(const struct pv_model *model, const struct pv_pebble_row *pebble);

#endif
