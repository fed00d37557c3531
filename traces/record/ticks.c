/* SPDX-License-Identifier: MIT
 *
 * ticks.c - reads the time stamp counter of x86-64; on other processors the clock.
 */
#include "traces/record/ticks.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static uint64_t counter(void)
{
#ifdef __x86_64__
    return __rdtsc();
#else
    return clock_ns();
#endif
}

bool pv_ticks_are_good(void)
{
#ifdef __x86_64__
    char line[8192];
    bool constant = false, nonstop = false;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && !(constant && nonstop) && fgets(line, sizeof line, file)) {
        if (strncmp(line, "flags", 5) == 0) {
            constant = strstr(line, " constant_tsc") != NULL;
            nonstop = strstr(line, " nonstop_tsc") != NULL;
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return constant && nonstop;
#else
    return false;
#endif
}

/* Reads counter and clock three times, and returns the pair that was read most closely
 * together. */
static void look(uint64_t *ret_ticks, uint64_t *ret_ns)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        uint64_t before = counter(), ns = clock_ns(), after = counter();
        if (after - before < best) {
            best = after - before;
            *ret_ticks = before + (after - before) / 2;
            *ret_ns = ns;
        }
    }
}

void pv_ticks_begin(struct pv_ticks *ticks, bool is_counter)
{
    *ticks = (struct pv_ticks){.is_counter = is_counter, .ns_a_tick = 1};
    if (is_counter) {
        look(&ticks->ticks0, &ticks->ns0);
    } else {
        ticks->ticks0 = ticks->ns0 = clock_ns();
    }
}

void pv_ticks_look(struct pv_ticks *ticks)
{
    uint64_t at = 0, ns = 0;
    if (!ticks->is_counter) {
        return;
    }
    look(&at, &ns);
    if (at > ticks->ticks0 && ns > ticks->ns0) {
        ticks->ns_a_tick = (double)(ns - ticks->ns0) / (double)(at - ticks->ticks0);
    }
}

uint64_t pv_ticks_ns(const struct pv_ticks *ticks, uint64_t at)
{
    if (at <= ticks->ticks0) {
        return 0;
    }
    double ns = (double)(at - ticks->ticks0) * ticks->ns_a_tick;
    return ns < 9e18 ? (uint64_t)ns : INT64_MAX;
}
