/* SPDX-License-Identifier: MIT
 *
 * output.h - builds sections of a native trace and writes them. Internal to traces/.
 */
#ifndef PV_PVT_OUTPUT_H
#define PV_PVT_OUTPUT_H

#include <string.h>

#include "traces/pack.h"
#include "traces/pvt/layout.h"
#include "traces/sink.h"

/* A growing array of bytes. */
struct pv_pvt_bytes {
    unsigned char *bytes;
    size_t n, cap;
};

struct pv_pvt_output {
    struct pv_sink_out *out;
    struct pv_zstd *zstd;
    uint64_t offset; /* where the next section begins */
    struct pv_pvt_bytes section;
};

/* Makes room for n more bytes. PV_ENOMEM. */
int pv_pvt_bytes_grow(struct pv_pvt_bytes *bytes, size_t n);

/* Appends a number; pv_pvt_bytes_grow must have made the room. */
static inline void pv_put_varint(struct pv_pvt_bytes *bytes, uint64_t value)
{
    while (value >= 0x80) {
        bytes->bytes[bytes->n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    bytes->bytes[bytes->n++] = (unsigned char)value;
}

static inline void pv_put_bytes(struct pv_pvt_bytes *bytes, const void *from, size_t n)
{
    if (n) {
        memcpy(bytes->bytes + bytes->n, from, n);
    }
    bytes->n += n;
}

/* A section: begin, fill (with pieces, or bytes into `section`), end. PV_ENOMEM, and what the
 * sink's write returns. */
int pv_pvt_output_begin(struct pv_pvt_output *output);
int pv_pvt_output_piece(struct pv_pvt_output *output, const struct pv_pvt_bytes *piece);
int pv_pvt_output_end(struct pv_pvt_output *output, char kind, uint32_t n_items);

#endif
