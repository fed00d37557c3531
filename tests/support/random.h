/* SPDX-License-Identifier: MIT
 *
 * random.h - the one generator of the tests: splitmix64. The same seed gives the same numbers on
 * every machine, and any seed will do, 0 too.
 */
#ifndef PV_TESTS_SUPPORT_RANDOM_H
#define PV_TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to n - 1; n is not 0. */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
    return random_next(state) % n;
}

#endif
