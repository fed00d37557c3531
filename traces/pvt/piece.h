/* SPDX-License-Identifier: MIT
 *
 * piece.h - the smallest part of a native trace: bytes, packed where that makes them shorter,
 * in which numbers are stored. Internal to traces/.
 */
#ifndef PV_PVT_PIECE_H
#define PV_PVT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traces/pack.h"
#include "traces/pvt/layout.h"

/* A piece being read, from `at` to `end`. PV_PVT_PADDING bytes follow the end, so that a number
 * that is cut off can be taken first and noticed afterwards. */
struct pv_pvt_piece {
    const unsigned char *at, *end;
    unsigned char *bytes;
    size_t cap;
};

/* Takes a number of unpredictable length, up to four bytes without a branch on the length.
 * Takes at most ten bytes. */
static inline __attribute__((always_inline)) uint64_t pv_take_varint(const unsigned char **at)
{
    uint32_t four = pv_get_u32(*at);
    uint32_t ends = ~four & UINT32_C(0x80808080);
    if (ends) {
        *at += ((unsigned)__builtin_ctz(ends) >> 3) + 1;
        four &= ends ^ (ends - 1);
        /* join seven bits of eight each, then fourteen of sixteen */
        four = (four & UINT32_C(0x007f007f)) | (four & UINT32_C(0x7f007f00)) >> 1;
        return (four & UINT32_C(0x3fff)) | (four & UINT32_C(0x3fff0000)) >> 2;
    }
    uint64_t value = 0;
    unsigned char byte;
    unsigned shift = 0;
    do {
        byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte >= 0x80 && shift < 7 * PV_PVT_VARINT_BYTES);
    return value;
}

/* Takes a number that is nearly always one byte long. */
static inline __attribute__((always_inline)) uint64_t pv_take_small(const unsigned char **at)
{
    return **at < 0x80 ? *(*at)++ : pv_take_varint(at);
}

/* Takes a number. false: no whole number is left. */
static inline bool pv_piece_take(struct pv_pvt_piece *piece, uint64_t *ret_value)
{
    if (piece->at >= piece->end) {
        return false;
    }
    *ret_value = pv_take_varint(&piece->at);
    return piece->at <= piece->end;
}

/* Unpacks the next piece of a section's payload. PV_EFORMAT: it is invalid. PV_ENOMEM. */
int pv_piece_unpack(struct pv_pvt_piece *piece, struct pv_pvt_piece *payload,
                    struct pv_zstd *zstd);

void pv_piece_fini(struct pv_pvt_piece *piece);

#endif
