/* SPDX-License-Identifier: MIT
 *
 * buffer.c - fopencookie(3) with a writer that appends to an array of ours, so that its memory
 * counts and can fail as all of ours can.
 */
#include "viz/text/buffer.h"

#include <string.h>
#include <sys/types.h>

#include "core/own.h"
#include "core/status.h"

static ssize_t keep(void *cookie, const char *bytes, size_t n)
{
    struct pv_buffer *buffer = cookie;
    size_t wanted = buffer->cap ? buffer->cap : BUFSIZ;
    while (wanted - buffer->n <= n) {
        wanted *= 2;
    }
    if (wanted != buffer->cap) {
        char *grown = pv_own_resize(buffer->bytes, wanted, 1);
        if (!grown) {
            buffer->no_memory = true;
            return 0;
        }
        buffer->bytes = grown;
        buffer->cap = wanted;
    }
    memcpy(buffer->bytes + buffer->n, bytes, n);
    buffer->n += n;
    buffer->bytes[buffer->n] = '\0';
    return (ssize_t)n;
}

int pv_buffer_begin(struct pv_buffer *buffer)
{
    *buffer = (struct pv_buffer){.n = 0};
    buffer->file = fopencookie(buffer, "w", (cookie_io_functions_t){.write = keep});
    return buffer->file ? PV_OK : PV_ENOMEM;
}

int pv_buffer_end(struct pv_buffer *buffer)
{
    FILE *file = buffer->file;
    buffer->file = NULL;
    bool failed = !file || fclose(file) != 0 || buffer->no_memory || !buffer->bytes;
    return failed ? PV_ENOMEM : PV_OK;
}

void pv_buffer_free(struct pv_buffer *buffer)
{
    if (buffer->file) {
        fclose(buffer->file);
    }
    pv_own_free(buffer->bytes);
    *buffer = (struct pv_buffer){.n = 0};
}
