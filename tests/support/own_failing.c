/* SPDX-License-Identifier: MIT
 *
 * own_failing.c - core/own.h for tests: counts requests, refuses the one that it was told to
 * refuse, and counts what is live.
 */
#include "tests/support/own_failing.h"

#include <stdlib.h>
#include <string.h>

#include "core/own.h"

enum { ONE_BY_ONE = 16 };

static uint64_t fail_at, n_requests;
static bool told, is_sticky, has_failed;
static int64_t n_live;

void own_fail_at(uint64_t n, bool sticky)
{
    told = true;
    fail_at = n;
    is_sticky = sticky;
    n_requests = 0;
    has_failed = false;
}

bool own_has_failed(void)
{
    return has_failed;
}

uint64_t own_n_requests(void)
{
    return n_requests;
}

int64_t own_n_live(void)
{
    return n_live;
}

static void ask_environment(void)
{
    const char *at = getenv("PV_FAIL_AT");
    const char *sticky = getenv("PV_FAIL_STICKY");
    own_fail_at(at ? strtoull(at, NULL, 10) : 0, sticky && *sticky == '1');
}

static bool refuses(void)
{
    if (!told) {
        ask_environment();
    }
    n_requests++;
    bool refused = fail_at && (n_requests == fail_at || (is_sticky && n_requests > fail_at));
    has_failed |= refused;
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
    size_t total = n * bytes;
    void *block = realloc(old, total ? total : 1);
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

/* The first elements come one by one: each is a request, and a block that moves. */
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
