/* SPDX-License-Identifier: MIT
 *
 * own.h - the one door to the memory that pebbleviz itself uses.
 *
 * Everything above core/ that needs memory asks here and nowhere else, so that a test can link
 * an own.c that fails on the n-th request and see that every path ends in exit code 5. The
 * allocators of core/ do not use it: they live on the pages that they are given.
 */
#ifndef PV_OWN_H
#define PV_OWN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n zeroed elements of `bytes` each; NULL when there is no memory or n * bytes overflows.
 * A request of nothing gives a pointer that may be freed. */
void *pv_own_calloc(size_t n, size_t bytes);

/* Like realloc(3) for n elements of `bytes`; new room is not cleared.
 * NULL: `old` is unchanged. */
void *pv_own_resize(void *old, size_t n, size_t bytes);

/* Takes NULL. */
void pv_own_free(void *block);

/* A copy of `n` bytes of text with a final NUL; NULL when there is no memory. */
char *pv_own_text(const char *text, size_t n);

/* Makes room for one more element in a growing array: when n == *cap, doubles *cap (from 16).
 * Returns the array (moved perhaps), or NULL with the old one unchanged. */
void *pv_own_room(void *array, size_t n, size_t *cap, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
