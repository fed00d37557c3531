/* SPDX-License-Identifier: MIT
 *
 * ticks.h - converts the processor's time stamp counter to nanoseconds. The recorded program
 * reads the counter, because asking for the time costs it more.
 *
 * The counter is compared with the clock at the beginning and now and then; times in between
 * are interpolated linearly, as exact as one comparison is.
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

/* Does the counter of this machine run evenly, on all processors and at all loads? */
bool pv_ticks_are_good(void);

void pv_ticks_begin(struct pv_ticks *ticks, bool is_counter);

/* Measures the counter's rate again, over all the time since the beginning. */
void pv_ticks_look(struct pv_ticks *ticks);

/* Nanoseconds since the beginning; 0 for earlier times. */
uint64_t pv_ticks_ns(const struct pv_ticks *ticks, uint64_t at);

#endif
