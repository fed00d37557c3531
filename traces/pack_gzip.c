/* SPDX-License-Identifier: MIT
 *
 * pack_gzip.c - gzip in both directions, and unpacking of raw deflate data. The only file that
 * includes zlib, which gets its memory (48 KiB to unpack, 260 KiB to pack) from own.h.
 */
#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/pack.h"

enum {
    GZIP_BITS = 15 + 16, /* for zlib: the largest window, with a gzip header */
    DEFLATE_BITS = -15,  /* for zlib: raw deflate, without a header */
    GZIP_LEVEL = 6,
    GZIP_MEMORY = 8, /* zlib's default */
};

struct unpack {
    z_stream z;
    bool ended; /* a member has ended; what follows must be another one */
};

static void *take(void *unused, uInt n, uInt bytes)
{
    (void)unused;
    return pv_own_calloc(n, bytes);
}

static void give(void *unused, void *block)
{
    (void)unused;
    pv_own_free(block);
}

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

/* sync_in gives the caller's buffers to zlib; `sync_out` takes over how far zlib moved in them.
 * zlib counts in uInt, so a step may do less than it was given. */
static void sync_in(z_stream *z, const struct pv_pack_io *io)
{
    z->next_in = (z_const Bytef *)(uintptr_t)io->in;
    z->avail_in = io->n_in < UINT_MAX ? (uInt)io->n_in : UINT_MAX;
    z->next_out = io->out;
    z->avail_out = io->n_out < UINT_MAX ? (uInt)io->n_out : UINT_MAX;
}

static void sync_out(const z_stream *z, struct pv_pack_io *io)
{
    io->n_in -= (size_t)(z->next_in - io->in);
    io->in = z->next_in;
    io->n_out -= (size_t)(z->next_out - io->out);
    io->out = z->next_out;
}

static struct unpack *open_for(int bits)
{
    struct unpack *unpack = pv_own_calloc(1, sizeof *unpack);
    if (!unpack) {
        return NULL;
    }
    unpack->z.zalloc = take;
    unpack->z.zfree = give;
    if (inflateInit2(&unpack->z, bits) != Z_OK) {
        pv_own_free(unpack);
        return NULL;
    }
    return unpack;
}

static void *unpack_open(void)
{
    return open_for(GZIP_BITS);
}

static int step(struct unpack *unpack, struct pv_pack_io *io, bool *ret_ended,
                const char **ret_why)
{
    z_stream *z = &unpack->z;
    sync_in(z, io);
    int answer = inflate(z, Z_NO_FLUSH);
    sync_out(z, io);
    switch (answer) {
    case Z_STREAM_END:
        unpack->ended = true;
        break;
    case Z_OK:
    case Z_BUF_ERROR: /* no progress was possible; the caller sees that */
        break;
    case Z_MEM_ERROR:
        return PV_ENOMEM;
    default:
        *ret_why = z->msg ? z->msg : "it needs a dictionary";
        return PV_EFORMAT;
    }
    *ret_ended = unpack->ended;
    return PV_OK;
}

static int unpack_step(void *state, struct pv_pack_io *io, bool *ret_whole,
                       const char **ret_why)
{
    struct unpack *unpack = state;
    if (unpack->ended && io->n_in) {
        inflateReset(&unpack->z);
        unpack->ended = false;
    }
    return step(unpack, io, ret_whole, ret_why);
}

static void unpack_close(void *state)
{
    struct unpack *unpack = state;
    if (unpack) {
        inflateEnd(&unpack->z);
        pv_own_free(unpack);
    }
}

static void *pack_open(void)
{
    z_stream *z = pv_own_calloc(1, sizeof *z);
    if (!z) {
        return NULL;
    }
    z->zalloc = take;
    z->zfree = give;
    if (deflateInit2(z, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, GZIP_MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        pv_own_free(z);
        return NULL;
    }
    return z;
}

static int pack_step(void *state, struct pv_pack_io *io, bool finish, bool *ret_done)
{
    z_stream *z = state;
    sync_in(z, io);
    int answer = deflate(z, finish ? Z_FINISH : Z_NO_FLUSH);
    sync_out(z, io);
    *ret_done = answer == Z_STREAM_END;
    return PV_OK;
}

static void pack_close(void *state)
{
    if (state) {
        deflateEnd(state);
        pv_own_free(state);
    }
}

const struct pv_packing pv_packing_gzip = {
    .name = "gzip",
    .ending = ".gz",
    .probe = probe,
    .unpack_open = unpack_open,
    .unpack = unpack_step,
    .unpack_close = unpack_close,
    .pack_open = pack_open,
    .pack = pack_step,
    .pack_close = pack_close,
};

/* ---- bare deflated data ---- */

struct pv_inflate {
    struct unpack unpack;
};

struct pv_inflate *pv_inflate_open(void)
{
    return (struct pv_inflate *)open_for(DEFLATE_BITS);
}

void pv_inflate_again(struct pv_inflate *inflate)
{
    inflateReset(&inflate->unpack.z);
    inflate->unpack.ended = false;
}

int pv_inflate_step(struct pv_inflate *inflate, struct pv_pack_io *io, bool *ret_ended,
                    const char **ret_why)
{
    return step(&inflate->unpack, io, ret_ended, ret_why);
}

void pv_inflate_close(struct pv_inflate *inflate)
{
    unpack_close(inflate);
}

uint32_t pv_crc32(uint32_t crc, const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}
