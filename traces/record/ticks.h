/* SPDX-License-Identifier: MIT
 *
 * ticks.h - nanoseconds out of the processor's counter, which the recorded program reads
 * because asking for the time costs it more.
 *
 * The counter is held against the clock at the beginning and now and then; times between are on
 * the straight line, exact to the time that one look takes.
 */
#ifndef PV_TICKS_H
#define PV_TICKS_H

#include <stdbool.h>
#include <stdint.h>

struct pv_ticks {
    bool is_counter; /* false: ticks are nanoseconds of the monotonic clock */
    uint64_t ticks0, ns0;
    double ns_a_tick;
};

/* Whether the counter of this machine runs evenly, on all processors and at all loads. */
bool pv_ticks_are_good(void);

void pv_ticks_begin(struct pv_ticks *ticks, bool is_counter);

/* Measures the counter's speed anew, over all the time since the beginning. */
void pv_ticks_look(struct pv_ticks *ticks);

/* Since the beginning; 0 for what was before it. */
uint64_t pv_ticks_ns(const struct pv_ticks *ticks, uint64_t at);

#endif
