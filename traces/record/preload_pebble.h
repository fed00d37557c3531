/* SPDX-License-Identifier: MIT
 *
 * preload_pebble.h - the parts of libpebble-malloc.so among themselves: the Bucket/Pebble heap
 * as a process's malloc.
 *
 *   hooks (preload_pebble.c)  ->  one heap, one lock, large blocks (preload_pebble_heap.c)
 *                                 who called (preload_pebble_site.c)
 *
 * What the environment says when the first block is asked for:
 *   PEBBLE_FIT=first|best|recent   the heap's method, first fit otherwise
 *   PEBBLE_GUARD=1                 guards around every block (core/guard.h)
 *   PEBBLE_ABORT=1                 the first fault ends the program by SIGABRT
 *
 * A fault is one line on standard error: what it is, the block, who asked for it and who is at
 * fault.
 */
#ifndef PV_PRELOAD_PEBBLE_H
#define PV_PRELOAD_PEBBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PV_SITE_BYTES = 32, PV_PEBBLE_ALIGN = 16 };

/* `out`: the function that a return address lies in and how far, or the module and how far; ""
 * as long as ld.so has not made the program ready. Leaves errno alone. */
void pv_site_name(const void *site, char out[PV_SITE_BYTES]);

/* From a constructor: names can be looked up from now on. */
void pv_site_begin(void);

/* `align` is a power of two. NULL: no memory. Zeroed if wanted. */
void *pv_pebble_alloc(size_t size, size_t align, bool zeroed, const void *site);

/* NULL: no memory, and nothing has changed. ptr is not NULL. */
void *pv_pebble_realloc(void *ptr, size_t size, const void *site);

/* `size`: what the caller says that it asked for, or PV_PEBBLE_ANY. */
void pv_pebble_free(void *ptr, size_t size, const void *site);

#define PV_PEBBLE_ANY SIZE_MAX

size_t pv_pebble_usable(void *ptr);

/* Around a fork, so that no other thread is in the heap while it is copied. */
void pv_pebble_lock(void);
void pv_pebble_unlock(void);

/* At the program's end: what guards still find. Writes how many faults there were, if any. */
void pv_pebble_end(void);

#endif
