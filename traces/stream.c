/* SPDX-License-Identifier: MIT
 *
 * stream.c - a file's bytes go through `raw` (64 KiB) and the unpacker straight into the buffer
 * of the caller; bytes that a peek has read wait in `head`. No buffer grows with the input.
 */
#include "traces/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/pack.h"

enum { RAW_BYTES = 64 * 1024, MAGIC_BYTES = 4, INTERRUPTED_MAX = 1000 };

struct pv_stream {
    int fd; /* -1: none, the bytes are in memory */
    bool owns_fd;
    uint64_t n_read; /* raw bytes read from the file */
    uint64_t n_total;

    /* Raw bytes that are not used yet; of a file, they lie in `buffer`. */
    unsigned char *buffer;
    const unsigned char *raw;
    size_t n_raw;
    bool raw_ended;

    const struct pv_packing *packing;
    void *unpacker;
    bool whole; /* no member or frame is open */
    bool full;  /* the last step filled the output: the unpacker may hold more */

    unsigned char head[PV_STREAM_HEAD];
    size_t head_at, n_head;

    int status;
    char error[160];
};

static int fail(struct pv_stream *stream, int status, const char *what, const char *why)
{
    snprintf(stream->error, sizeof stream->error, "%s: %s", what, why);
    stream->status = status;
    return status;
}

int pv_stream_open_fd(const char *path, int flags)
{
    int fd, tries = 0;
    do {
        fd = open(path, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR && ++tries < INTERRUPTED_MAX);
    return fd;
}

ssize_t pv_stream_read_fd(int fd, void *out, size_t cap)
{
    ssize_t n;
    int tries = 0;
    do {
        n = read(fd, out, cap);
    } while (n < 0 && errno == EINTR && ++tries < INTERRUPTED_MAX);
    return n;
}

int pv_stream_refusal(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO: /* a socket, a device without its hardware */
        return PV_ENOFILE;
    case ENOMEM:
        return PV_ENOMEM;
    default:
        return PV_EIO;
    }
}

/* Reads more of the file behind the raw bytes that are here. Sets raw_ended at the end. */
static int fill_raw(struct pv_stream *stream)
{
    if (stream->fd < 0) {
        stream->raw_ended = true;
        return PV_OK;
    }
    if (stream->n_raw) {
        memmove(stream->buffer, stream->raw, stream->n_raw);
    }
    stream->raw = stream->buffer;
    ssize_t n = pv_stream_read_fd(stream->fd, stream->buffer + stream->n_raw,
                                  RAW_BYTES - stream->n_raw);
    if (n < 0) {
        return fail(stream, pv_stream_refusal(errno), "cannot read", strerror(errno));
    }
    stream->raw_ended = n == 0;
    stream->n_raw += (size_t)n;
    stream->n_read += (uint64_t)n;
    return PV_OK;
}

static int find_packing(struct pv_stream *stream)
{
    while (stream->n_raw < MAGIC_BYTES && !stream->raw_ended) {
        int status = fill_raw(stream);
        if (status < 0) {
            return status;
        }
    }
    for (size_t i = 0; pv_packings[i]; ++i) {
        if (pv_packings[i]->probe(stream->raw, stream->n_raw)) {
            stream->packing = pv_packings[i];
            stream->unpacker = stream->packing->unpack_open();
            if (!stream->unpacker) {
                return fail(stream, PV_ENOMEM, "cannot unpack", "out of memory");
            }
            break;
        }
    }
    return PV_OK;
}

int pv_stream_open(struct pv_stream **ret_stream, const char *path)
{
    struct pv_stream *stream = pv_own_calloc(1, sizeof *stream);
    *ret_stream = stream;
    if (!stream) {
        return PV_ENOMEM;
    }
    stream->fd = -1;
    stream->buffer = pv_own_calloc(RAW_BYTES, 1);
    if (!stream->buffer) {
        return fail(stream, PV_ENOMEM, "cannot open", "out of memory");
    }
    stream->raw = stream->buffer;
    if (strcmp(path, "-") == 0) {
        stream->fd = STDIN_FILENO;
    } else {
        stream->fd = pv_stream_open_fd(path, 0);
        if (stream->fd < 0) {
            return fail(stream, pv_stream_refusal(errno), "cannot open", strerror(errno));
        }
        stream->owns_fd = true;
    }
    struct stat about;
    if (fstat(stream->fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        stream->n_total = (uint64_t)about.st_size;
    }
    return find_packing(stream);
}

int pv_stream_open_bytes(struct pv_stream **ret_stream, const void *bytes, size_t n)
{
    struct pv_stream *stream = pv_own_calloc(1, sizeof *stream);
    *ret_stream = stream;
    if (!stream) {
        return PV_ENOMEM;
    }
    stream->fd = -1;
    stream->raw = n ? bytes : (const void *)"";
    stream->n_raw = n;
    stream->n_read = n;
    stream->n_total = n;
    stream->raw_ended = true;
    return find_packing(stream);
}

void pv_stream_close(struct pv_stream *stream)
{
    if (!stream) {
        return;
    }
    if (stream->unpacker) {
        stream->packing->unpack_close(stream->unpacker);
    }
    if (stream->owns_fd) {
        close(stream->fd);
    }
    pv_own_free(stream->buffer);
    pv_own_free(stream);
}

static int read_plain(struct pv_stream *stream, void *out, size_t cap, size_t *ret_n)
{
    if (!stream->n_raw && !stream->raw_ended) {
        int status = fill_raw(stream);
        if (status < 0) {
            return status;
        }
    }
    size_t n = stream->n_raw < cap ? stream->n_raw : cap;
    if (n) {
        memcpy(out, stream->raw, n);
    }
    stream->raw += n;
    stream->n_raw -= n;
    *ret_n = n;
    return PV_OK;
}

static int damaged(struct pv_stream *stream, const char *why, bool is_sound)
{
    char what[80];
    snprintf(what, sizeof what, "the %s packing is %s at byte %" PRIu64 " of the file",
             stream->packing->name, is_sound ? "not read on" : "damaged",
             stream->n_read - stream->n_raw);
    return fail(stream, PV_EFORMAT, what, why);
}

/* Each round uses up input, makes output, or is the last one. */
static int read_packed(struct pv_stream *stream, void *out, size_t cap, size_t *ret_n)
{
    for (;;) {
        if (!stream->n_raw && !stream->raw_ended && (stream->whole || !stream->full)) {
            int status = fill_raw(stream);
            if (status < 0) {
                return status;
            }
        }
        if (!stream->n_raw && stream->raw_ended && stream->whole) {
            *ret_n = 0;
            return PV_OK;
        }
        struct pv_pack_io io = {
            .in = stream->raw, .n_in = stream->n_raw, .out = out, .n_out = cap};
        const char *why = NULL;
        int status = stream->packing->unpack(stream->unpacker, &io, &stream->whole, &why);
        bool moved = io.n_in < stream->n_raw || io.n_out < cap;
        stream->raw = io.in;
        stream->n_raw = io.n_in;
        stream->full = io.n_out == 0;
        if (status == PV_ENOMEM) {
            status = fail(stream, status, "cannot unpack", "out of memory");
        } else if (status < 0) {
            status = damaged(stream, why, status == PV_EINVAL);
        } else if (!moved && (stream->n_raw || stream->raw_ended)) {
            status = damaged(stream,
                             stream->n_raw ? "nothing can be made of it" : "it is cut off here",
                             false);
        }
        if (io.n_out < cap) { /* bytes unpacked before a failure go out first */
            *ret_n = cap - io.n_out;
            return PV_OK;
        }
        if (status < 0) {
            return status;
        }
    }
}

static int read_unpacked(struct pv_stream *stream, void *out, size_t cap, size_t *ret_n)
{
    if (stream->status < 0) {
        return stream->status;
    }
    return stream->packing ? read_packed(stream, out, cap, ret_n)
                           : read_plain(stream, out, cap, ret_n);
}

int pv_stream_read(struct pv_stream *stream, void *out, size_t cap, size_t *ret_n)
{
    size_t n_head = stream->n_head - stream->head_at;
    if (!n_head) {
        return read_unpacked(stream, out, cap, ret_n);
    }
    *ret_n = n_head < cap ? n_head : cap;
    memcpy(out, stream->head + stream->head_at, *ret_n);
    stream->head_at += *ret_n;
    return PV_OK;
}

int pv_stream_peek(struct pv_stream *stream, size_t wanted, const unsigned char **ret_bytes,
                   size_t *ret_n)
{
    if (wanted > sizeof stream->head) {
        wanted = sizeof stream->head;
    }
    while (stream->n_head < wanted) {
        size_t n;
        int status = read_unpacked(stream, stream->head + stream->n_head,
                                   sizeof stream->head - stream->n_head, &n);
        if (status < 0 && status != PV_EFORMAT) {
            return status;
        }
        if (status < 0 || !n) {
            break; /* a later read will report the failure */
        }
        stream->n_head += n;
    }
    *ret_bytes = stream->head + stream->head_at;
    *ret_n = stream->n_head - stream->head_at;
    return PV_OK;
}

void pv_stream_skip(struct pv_stream *stream, size_t n)
{
    stream->head_at += n;
}

const char *pv_stream_packing(const struct pv_stream *stream)
{
    return stream->packing ? stream->packing->name : "";
}

const char *pv_stream_error(const struct pv_stream *stream)
{
    return stream->error;
}

uint64_t pv_stream_bytes_read(const struct pv_stream *stream, uint64_t *ret_total)
{
    *ret_total = stream->n_total;
    return stream->n_read - stream->n_raw;
}
