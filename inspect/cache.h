/* SPDX-License-Identifier: MIT
 *
 * cache.h - a few lately read pieces of a memory, so that a walk asks once for a page and not
 * once for each header. Private to inspect/.
 */
#ifndef PV_CACHE_H
#define PV_CACHE_H

#include <stdbool.h>

#include "inspect/memory.h"

enum { PV_CACHE_PIECE = 4096, PV_CACHE_PIECES = 8 };

/* Zeroed but for `memory` is a cache with nothing in it. */
struct pv_cache {
    struct pv_memory memory;
    uint64_t last; /* the piece looked at last */
    struct {
        uint64_t addr;
        bool filled;
        unsigned char bytes[PV_CACHE_PIECE];
    } pieces[PV_CACHE_PIECES];
};

/* The n bytes at addr, in the cache or in `scratch` (of n bytes), until the next call; NULL
 * when they cannot be read. */
const unsigned char *pv_cache_view(struct pv_cache *cache, uint64_t addr, size_t n,
                                   unsigned char *scratch);

#endif
