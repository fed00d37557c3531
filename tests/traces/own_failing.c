/* SPDX-License-Identifier: MIT
 *
 * own_failing.c - core/own.c for tests: fails at the n-th request and counts what is live.
 * Linked as an object it takes the place of the library's own.c.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "support.h"

static uint64_t fail_at, n_requests;
static int fails_on, failed;
static int64_t n_live;

void own_fail_at(uint64_t n, int sticky)
{
    fail_at = n;
    fails_on = sticky;
    n_requests = 0;
    failed = 0;
}

int own_has_failed(void)
{
    return failed;
}

int64_t own_n_live(void)
{
    return n_live;
}

static int refuses(void)
{
    ++n_requests;
    int refused = fail_at && (fails_on ? n_requests >= fail_at : n_requests == fail_at);
    failed |= refused;
    return refused;
}

void *pv_own_calloc(size_t n, size_t bytes)
{
    void *block = refuses() ? NULL : calloc(n ? n : 1, bytes ? bytes : 1);
    n_live += block != NULL;
    return block;
}

void *pv_own_resize(void *old, size_t n, size_t bytes)
{
    if (refuses() || (bytes && n > SIZE_MAX / bytes)) {
        return NULL;
    }
    size_t wanted = n * bytes;
    void *block = realloc(old, wanted ? wanted : 1);
    n_live += block && !old;
    return block;
}

void pv_own_free(void *block)
{
    n_live -= block != NULL;
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
    *cap = grown ? wanted : *cap;
    return grown;
}
