/* SPDX-License-Identifier: MIT
 *
 * failing_own.c - core/own.h for tests: every request is counted and one may fail. It stands
 * where core/own.c stands, so that a test that links it sweeps every path of "out of memory".
 */
#include "failing_own.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/own.h"

enum { ONE_BY_ONE = 64 };

static size_t n_requests, fail_at, n_live;
static bool fail_sticky;

void failing_own_at(size_t n, bool sticky)
{
    n_requests = 0;
    fail_at = n;
    fail_sticky = sticky;
}

size_t failing_own_requests(void)
{
    return n_requests;
}

size_t failing_own_live(void)
{
    return n_live;
}

static bool refused(void)
{
    n_requests++;
    return fail_at != 0 && (n_requests == fail_at || (fail_sticky && n_requests > fail_at));
}

void *pv_own_calloc(size_t n, size_t bytes)
{
    void *block = refused() ? NULL : calloc(n ? n : 1, bytes ? bytes : 1);
    n_live += block != NULL;
    return block;
}

void *pv_own_resize(void *old, size_t n, size_t bytes)
{
    if (refused() || (bytes && n > SIZE_MAX / bytes)) {
        return NULL;
    }
    void *block = realloc(old, n > 0 && bytes > 0 ? n * bytes : 1);
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
    char *copy = pv_own_calloc(n + 1, 1);
    if (copy) {
        memcpy(copy, text, n);
    }
    return copy;
}

/* Grows a small array one element at a time: every growth is a request, and a block that moves.
 */
void *pv_own_room(void *array, size_t n, size_t *cap, size_t bytes)
{
    if (n < *cap) {
        return array;
    }
    size_t wanted = *cap < ONE_BY_ONE ? *cap + 1 : *cap * 2;
    void *grown = pv_own_resize(array, wanted, bytes);
    if (grown) {
        *cap = wanted;
    }
    return grown;
}
