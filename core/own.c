/* SPDX-License-Identifier: MIT
 *
 * own.c - our own memory from the C library. The only file in core/ that is not freestanding,
 * and not one of those that a kernel takes: it is a library of its own (see core/meson.build).
 */
#include "core/own.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

void *pv_own_calloc(size_t n, size_t bytes)
{
    return calloc(n ? n : 1, bytes ? bytes : 1);
}

void *pv_own_resize(void *old, size_t n, size_t bytes)
{
    if (bytes && n > SIZE_MAX / bytes) {
        return NULL;
    }
    size_t total = n * bytes;
    return realloc(old, total ? total : 1);
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
    size_t wanted = *cap ? *cap * 2 : FIRST_ROOM;
    void *grown = wanted > *cap ? pv_own_resize(array, wanted, bytes) : NULL;
    if (grown) {
        *cap = wanted;
    }
    return grown;
}
