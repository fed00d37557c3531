/* SPDX-License-Identifier: MIT
 *
 * piece.c - a piece is two lengths, unpacked and packed (0: not packed), and the bytes.
 * PV_PVT_PADDING zeros follow the unpacked bytes, so that a number that is cut off ends there.
 */
#include "traces/pvt/piece.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"

static int make_room(struct pv_pvt_piece *piece, size_t n)
{
    if (n + PV_PVT_PADDING <= piece->cap) {
        return PV_OK;
    }
    unsigned char *bytes = pv_own_resize(piece->bytes, n + PV_PVT_PADDING, 1);
    if (!bytes) {
        return PV_ENOMEM;
    }
    piece->bytes = bytes;
    piece->cap = n + PV_PVT_PADDING;
    return PV_OK;
}

int pv_piece_unpack(struct pv_pvt_piece *piece, struct pv_pvt_piece *payload,
                    struct pv_zstd *zstd)
{
    uint64_t n, n_packed;
    if (!pv_piece_take(payload, &n) || !pv_piece_take(payload, &n_packed)) {
        return PV_EFORMAT;
    }
    uint64_t n_here = n_packed ? n_packed : n;
    if (n > PV_PVT_COLUMN_BYTES || n_here > (size_t)(payload->end - payload->at) ||
        (n_packed && !pv_zstd_holds(payload->at, (size_t)n_packed, (size_t)n))) {
        return PV_EFORMAT;
    }
    if (make_room(piece, (size_t)n) < 0) {
        return PV_ENOMEM;
    }
    if (n_packed) {
        if (!pv_zstd_unpack(zstd, piece->bytes, (size_t)n, payload->at, (size_t)n_packed)) {
            return PV_EFORMAT;
        }
    } else if (n) {
        memcpy(piece->bytes, payload->at, (size_t)n);
    }
    payload->at += n_here;
    memset(piece->bytes + n, 0, PV_PVT_PADDING);
    piece->at = piece->bytes;
    piece->end = piece->bytes + n;
    return PV_OK;
}

void pv_piece_fini(struct pv_pvt_piece *piece)
{
    pv_own_free(piece->bytes);
}
