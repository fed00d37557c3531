/* SPDX-License-Identifier: MIT
 *
 * failing_own.c - stands in for core/own.c: request PV_FAIL_AT fails (1 is the first; not set
 * or 0: none), and with PV_FAIL_STICKY=1 all after it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/own.h"

static bool refused(void)
{
    static uint64_t n;
    const char *at = getenv("PV_FAIL_AT");
    const char *sticky = getenv("PV_FAIL_STICKY");
    uint64_t wanted = at ? strtoull(at, NULL, 10) : 0;
    n++;
    return wanted && (n == wanted || (n > wanted && sticky && *sticky == '1'));
}

void *pv_own_calloc(size_t n, size_t bytes)
{
    return refused() ? NULL : calloc(n ? n : 1, bytes ? bytes : 1);
}

void *pv_own_resize(void *old, size_t n, size_t bytes)
{
    if (refused() || (bytes && n > SIZE_MAX / bytes)) {
        return NULL;
    }
    size_t all = n * bytes;
    return realloc(old, all ? all : 1);
}

void pv_own_free(void *block)
{
    free(block);
}

char *pv_own_text(const char *text, size_t n)
{
    char *copy = n < SIZE_MAX ? pv_own_calloc(n + 1, 1) : NULL;
    if (copy && n) {
        memcpy(copy, text, n);
    }
    return copy;
}

void *pv_own_room(void *array, size_t n, size_t *cap, size_t bytes)
{
    if (n < *cap) {
        return array;
    }
    size_t wanted = *cap ? *cap * 2 : 16;
    void *grown = pv_own_resize(array, wanted, bytes);
    if (grown) {
        *cap = wanted;
    }
    return grown;
}
