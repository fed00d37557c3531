/* SPDX-License-Identifier: MIT
 *
 * progress.h - how far a long reading is: one line on a terminal's stderr that comes after half
 * a second, is redrawn ten times a second and is gone at the end. Nothing when stderr is no
 * terminal. Costs a counter an event and a look at the clock every thousand.
 */
#ifndef PV_PROGRESS_H
#define PV_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct pv_progress {
    bool wanted, shown;
    uint64_t until_look;   /* steps before the clock is looked at again */
    uint64_t began, drawn; /* milliseconds */
    const char *what;
};

void pv_progress_begin(struct pv_progress *progress, const char *what);

/* True now and then: pv_progress_draw is due to be asked. */
static inline bool pv_progress_due(struct pv_progress *progress)
{
    return progress->wanted && progress->until_look-- == 0;
}

/* done of total (0: not known) bytes, and the events so far. */
void pv_progress_draw(struct pv_progress *progress, uint64_t done, uint64_t total,
                      uint64_t events);

void pv_progress_end(struct pv_progress *progress);

#endif
