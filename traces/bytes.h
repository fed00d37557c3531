/* SPDX-License-Identifier: MIT
 *
 * bytes.h - reads a stream byte by byte or piece by piece, for binary formats. Internal to
 * traces/.
 * Costs one buffer of 64 KiB.
 */
#ifndef PV_BYTES_H
#define PV_BYTES_H

#include "traces/reader.h"
#include "traces/stream.h"

struct pv_bytes {
    struct pv_stream *stream;
    struct pv_place *place;
    unsigned char *buffer;
    size_t at, n;    /* bytes that are here and not yet taken: buffer[at] to buffer[n - 1] */
    uint64_t offset; /* of buffer[at] in the unpacked stream */
    int status;      /* the stream's failure, reported when the bytes before it are taken */
    bool ended;
};

/* PV_ENOMEM. */
int pv_bytes_open(struct pv_bytes *bytes, struct pv_stream *stream, struct pv_place *place);
void pv_bytes_close(struct pv_bytes *bytes); /* takes a zeroed one */

/* 0: there is a byte. 1: the stream ends here. The stream's PV_EFORMAT, PV_EIO or PV_ENOMEM,
 * with the place. */
int pv_bytes_more(struct pv_bytes *bytes);

/* Takes n bytes, into `out` unless that is NULL. 0: done. 1: the stream ended before; the bytes
 * that were left are taken. Else as pv_bytes_more. */
int pv_bytes_take(struct pv_bytes *bytes, unsigned char *out, uint64_t n);

/* Sets the caller's failure at an offset. PV_EFORMAT. */
int pv_bytes_blame(struct pv_bytes *bytes, uint64_t offset, const char *text);

#endif
