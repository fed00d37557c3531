/* SPDX-License-Identifier: MIT
 *
 * preload_pebble.h - what the parts of libpebble-malloc.so share: the Bucket/Pebble heap as a
 * process's malloc.
 *
 *   hooks (preload_pebble.c)  ->  one heap, one lock, large blocks (preload_pebble_heap.c)
 *                                 who called (preload_pebble_site.c)
 *
 * Environment variables, read at the first request:
 *   PEBBLE_FIT=first|best|recent   the heap's method, first fit otherwise
 *   PEBBLE_GUARD=1                 guards around every block (core/guard.h)
 *   PEBBLE_ABORT=1                 the first fault ends the program by SIGABRT
 *
 * A fault is reported in one line on standard error: what it is, the block, who requested it
 * and who caused the fault.
 */
#ifndef PV_PRELOAD_PEBBLE_H
#define PV_PRELOAD_PEBBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PV_SITE_BYTES = 32, PV_PEBBLE_ALIGN = 16 };

/* `out`: the function and offset of a return address, or the module and offset; "" as long as
 * ld.so has not initialised the program. Keeps errno. */
void pv_site_name(const void *site, char out[PV_SITE_BYTES]);

/* Called from a constructor: from now on names can be looked up. */
void pv_site_begin(void);

/* `align` is a power of two. `zeroed`: clears the block. NULL: no memory. */
void *pv_pebble_alloc(size_t size, size_t align, bool zeroed, const void *site);

/* ptr is not NULL. NULL: no memory, and nothing has changed. */
void *pv_pebble_realloc(void *ptr, size_t size, const void *site);

/* `size`: the size that the caller says it requested, or PV_PEBBLE_ANY. */
void pv_pebble_free(void *ptr, size_t size, const void *site);

#define PV_PEBBLE_ANY SIZE_MAX

size_t pv_pebble_usable(void *ptr);

/* Called around a fork, so that no other thread changes the heap while it is copied. */
void pv_pebble_lock(void);
void pv_pebble_unlock(void);

/* At the program's end: checks all guards, and writes how many faults there were, if any. */
void pv_pebble_end(void);

#endif
