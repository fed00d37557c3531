/* SPDX-License-Identifier: MIT
 *
 * pvt_piece.h - the smallest part of a native trace: bytes, packed where that makes them
 * shorter, with numbers in them. Internal to traces/.
 */
#ifndef PV_PVT_PIECE_H
#define PV_PVT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/pack.h"
#include "traces/pvt.h"

/* What is read: from `at` to `end`. Behind the end there are PV_PVT_PADDING bytes more, so that
 * a number that is cut off is found out after it was taken. */
struct pv_pvt_piece {
    const unsigned char *at, *end;
    unsigned char *bytes;
    size_t cap;
};

static inline uint64_t pv_get_u64(const unsigned char *from)
{
    return (uint64_t)pv_get_u32(from + 4) << 32 | pv_get_u32(from);
}

/* Takes a number whose length nobody can guess, without a branch on it up to eight bytes. Of
 * more than ten the rest stays. */
static inline __attribute__((always_inline)) uint64_t pv_take_varint(const unsigned char **at)
{
    const unsigned char *from = *at;
    uint64_t eight = pv_get_u64(from);
    uint64_t ends = ~eight & UINT64_C(0x8080808080808080);
    uint64_t more = 0;
    if (ends) {
        *at += ((unsigned)__builtin_ctzll(ends) >> 3) + 1;
        eight &= ends ^ (ends - 1);
    } else {
        more = (uint64_t)(from[8] & 0x7f) << 56 | (uint64_t)(from[8] >> 7 & from[9]) << 63;
        *at += 9 + (from[8] >> 7);
    }
    /* seven of eight bits, then fourteen of sixteen, then 28 of 32 */
    eight =
        (eight & UINT64_C(0x007f007f007f007f)) | (eight & UINT64_C(0x7f007f007f007f00)) >> 1;
    eight =
        (eight & UINT64_C(0x00003fff00003fff)) | (eight & UINT64_C(0x3fff00003fff0000)) >> 2;
    eight = (eight & UINT64_C(0x0fffffff)) | (eight & UINT64_C(0x0fffffff00000000)) >> 4;
    return eight | more;
}

/* Takes a number that has nearly always one byte. */
static inline __attribute__((always_inline)) uint64_t pv_take_small(const unsigned char **at)
{
    return **at < 0x80 ? *(*at)++ : pv_take_varint(at);
}

/* false: there is no whole number any more. */
static inline bool pv_piece_take(struct pv_pvt_piece *piece, uint64_t *ret_value)
{
    if (piece->at >= piece->end) {
        return false;
    }
    *ret_value = pv_take_varint(&piece->at);
    return piece->at <= piece->end;
}

/* Unpacks the next piece of a section's payload. PV_EFORMAT: it cannot be. PV_ENOMEM. */
int pv_piece_unpack(struct pv_pvt_piece *piece, struct pv_pvt_piece *payload,
                    struct pv_zstd *zstd);

void pv_piece_fini(struct pv_pvt_piece *piece);

#endif
