/* SPDX-License-Identifier: MIT
 *
 * cache.c - pieces of a memory, direct-mapped.
 *
 * A whole piece is read only when the view before lay in the same piece or the one below: where
 * headers stand close together one read serves many, and where large payloads lie between them
 * one header is all that is worth reading. What straddles two pieces, or lies in a piece that
 * cannot be read whole (at the end of an image), is read by itself.
 */
#include "inspect/cache.h"

static bool fill(struct pv_cache *cache, size_t slot, uint64_t piece)
{
    cache->pieces[slot].addr = piece;
    cache->pieces[slot].filled =
        cache->memory.read(cache->memory.ctx, piece, cache->pieces[slot].bytes,
                           PV_CACHE_PIECE) == 0;
    return cache->pieces[slot].filled;
}

const unsigned char *pv_cache_view(struct pv_cache *cache, uint64_t addr, size_t n,
                                   unsigned char *scratch)
{
    uint64_t offset = addr % PV_CACHE_PIECE;
    uint64_t piece = addr - offset;
    if (n <= PV_CACHE_PIECE - offset) {
        size_t slot = piece / PV_CACHE_PIECE % PV_CACHE_PIECES;
        bool there = cache->pieces[slot].filled && cache->pieces[slot].addr == piece;
        bool near = piece - cache->last <= PV_CACHE_PIECE;
        cache->last = piece;
        if (there || (near && fill(cache, slot, piece))) {
            return cache->pieces[slot].bytes + offset;
        }
    }
    return cache->memory.read(cache->memory.ctx, addr, scratch, n) == 0 ? scratch : NULL;
}
