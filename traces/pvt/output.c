/* SPDX-License-Identifier: MIT
 *
 * output.c - a section grows in memory piece by piece; when it is complete its checksums are
 * computed and put into its head, and it is written in one go.
 */
#include "traces/pvt/output.h"

#include "core/own.h"
#include "core/status.h"

int pv_pvt_bytes_grow(struct pv_pvt_bytes *bytes, size_t n)
{
    if (n <= bytes->cap - bytes->n) {
        return PV_OK;
    }
    size_t cap = 2 * (bytes->n + n) + 64;
    unsigned char *moved = pv_own_resize(bytes->bytes, cap, 1);
    if (!moved) {
        return PV_ENOMEM;
    }
    bytes->bytes = moved;
    bytes->cap = cap;
    return PV_OK;
}

/* Adds a piece: its lengths and its bytes, packed where that makes it shorter. */
int pv_pvt_output_piece(struct pv_pvt_output *output, const struct pv_pvt_bytes *piece)
{
    struct pv_pvt_bytes *section = &output->section;
    if (pv_pvt_bytes_grow(section, piece->n + 3 * PV_PVT_VARINT_BYTES) < 0) {
        return PV_ENOMEM;
    }
    pv_put_varint(section, piece->n);
    unsigned char *room = section->bytes + section->n + PV_PVT_VARINT_BYTES;
    size_t n = piece->n > 1
                   ? pv_zstd_pack(output->zstd, room, piece->n - 1, piece->bytes, piece->n)
                   : 0;
    pv_put_varint(section, n);
    if (n) {
        memmove(section->bytes + section->n, room, n);
        section->n += n;
    } else {
        pv_put_bytes(section, piece->bytes, piece->n);
    }
    return PV_OK;
}

int pv_pvt_output_begin(struct pv_pvt_output *output)
{
    output->section.n = 0;
    int status = pv_pvt_bytes_grow(&output->section, PV_PVT_HEAD_BYTES);
    output->section.n = PV_PVT_HEAD_BYTES;
    return status;
}

int pv_pvt_output_end(struct pv_pvt_output *output, char kind, uint32_t n_items)
{
    unsigned char *head = output->section.bytes;
    size_t n = output->section.n - PV_PVT_HEAD_BYTES;
    memcpy(head, "PVT", 3);
    head[3] = (unsigned char)kind;
    pv_put_u32(head + 4, (uint32_t)n);
    pv_put_u32(head + 8, n_items);
    pv_put_u32(head + 12, pv_crc32(0, head + PV_PVT_HEAD_BYTES, n));
    pv_put_u32(head + 16, pv_crc32(0, head, 16));
    output->offset += output->section.n;
    return output->out->write(output->out->ctx, (const char *)head, output->section.n);
}
