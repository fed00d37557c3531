/* SPDX-License-Identifier: MIT
 *
 * bytes.c - copies from the stream's buffer and refills it when it is used up. The offset of
 * each byte is counted, so that a failure can name it.
 */
#include "traces/bytes.h"

#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

enum { BUFFER_BYTES = 64 * 1024 };

int pv_bytes_open(struct pv_bytes *bytes, struct pv_stream *stream, struct pv_place *place)
{
    *bytes = (struct pv_bytes){.stream = stream, .place = place};
    bytes->buffer = pv_own_calloc(BUFFER_BYTES, 1);
    return bytes->buffer ? PV_OK : PV_ENOMEM;
}

void pv_bytes_close(struct pv_bytes *bytes)
{
    pv_own_free(bytes->buffer);
    bytes->buffer = NULL;
}

int pv_bytes_blame(struct pv_bytes *bytes, uint64_t offset, const char *text)
{
    *bytes->place = (struct pv_place){.byte = offset};
    snprintf(bytes->place->text, sizeof bytes->place->text, "%s", text);
    return PV_EFORMAT;
}

static void fill(struct pv_bytes *bytes)
{
    size_t n = 0;
    bytes->status = pv_stream_read(bytes->stream, bytes->buffer, BUFFER_BYTES, &n);
    bytes->ended = bytes->status < 0 || n == 0;
    bytes->at = 0;
    bytes->n = bytes->status < 0 ? 0 : n;
}

int pv_bytes_more(struct pv_bytes *bytes)
{
    if (bytes->at == bytes->n && !bytes->ended) {
        fill(bytes);
    }
    if (bytes->at < bytes->n) {
        return PV_OK;
    }
    if (bytes->status < 0) {
        pv_bytes_blame(bytes, bytes->offset, pv_stream_error(bytes->stream));
        return bytes->status;
    }
    return 1;
}

int pv_bytes_take(struct pv_bytes *bytes, unsigned char *out, uint64_t n)
{
    while (n) {
        int status = pv_bytes_more(bytes);
        if (status) {
            return status;
        }
        uint64_t here = bytes->n - bytes->at;
        here = here < n ? here : n;
        if (out) {
            memcpy(out, bytes->buffer + bytes->at, (size_t)here);
            out += here;
        }
        bytes->at += (size_t)here;
        bytes->offset += here;
        n -= here;
    }
    return PV_OK;
}
