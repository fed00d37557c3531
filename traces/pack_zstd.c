/* SPDX-License-Identifier: MIT
 *
 * pack_zstd.c - zstd in both directions. The only file that includes libzstd, which gets its
 * memory from the C library: to unpack about the frame's window, at most 2^WINDOW_LOG_MAX
 * bytes, to pack about 2 MiB.
 */
#include <stdint.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/pack.h"

enum {
    WINDOW_LOG_MAX = 27, /* 128 MiB */
    ZSTD_LEVEL = 3,
};

struct unpack {
    ZSTD_DCtx *z;
    size_t wanted; /* input bytes up to the end of the current block; 0: a frame has ended */
};

static bool probe(const unsigned char *head, size_t n)
{
    if (n < 4) {
        return false;
    }
    uint32_t magic = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 |
                     (uint32_t)head[3] << 24;
    return magic == ZSTD_MAGICNUMBER ||
           (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static void unpack_close(void *state)
{
    struct unpack *unpack = state;
    if (unpack) {
        ZSTD_freeDCtx(unpack->z);
        pv_own_free(unpack);
    }
}

static void *unpack_open(void)
{
    struct unpack *unpack = pv_own_calloc(1, sizeof *unpack);
    if (!unpack) {
        return NULL;
    }
    unpack->z = ZSTD_createDCtx();
    if (!unpack->z ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unpack->z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        unpack_close(unpack);
        return NULL;
    }
    return unpack;
}

/* When a call of libzstd ends in an error, the output of that call is lost. So it is never
 * given input beyond the end of one block, and the blocks before a damaged one are kept. */
static int unpack_step(void *state, struct pv_pack_io *io, bool *ret_whole,
                       const char **ret_why)
{
    struct unpack *unpack = state;
    if (!unpack->wanted) {
        unpack->wanted = 1;
    }
    size_t n_in = io->n_in < unpack->wanted ? io->n_in : unpack->wanted;
    ZSTD_inBuffer in = {.src = io->in, .size = n_in};
    ZSTD_outBuffer out = {.dst = io->out, .size = io->n_out};
    size_t answer = ZSTD_decompressStream(unpack->z, &out, &in);
    if (ZSTD_isError(answer)) {
        ZSTD_ErrorCode code = ZSTD_getErrorCode(answer);
        if (code == ZSTD_error_memory_allocation) {
            return PV_ENOMEM;
        }
        *ret_why = code == ZSTD_error_frameParameter_windowTooLarge
                       ? "its window is larger than 128 MiB"
                       : ZSTD_getErrorString(code);
        return PV_EFORMAT;
    }
    io->in += in.pos;
    io->n_in -= in.pos;
    io->out += out.pos;
    io->n_out -= out.pos;
    unpack->wanted = answer;
    *ret_whole = answer == 0;
    return PV_OK;
}

static void *pack_open(void)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (z && (ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, ZSTD_LEVEL)) ||
              ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)))) {
        ZSTD_freeCCtx(z);
        z = NULL;
    }
    return z;
}

static int pack_step(void *state, struct pv_pack_io *io, bool finish, bool *ret_done)
{
    ZSTD_inBuffer in = {.src = io->in, .size = io->n_in};
    ZSTD_outBuffer out = {.dst = io->out, .size = io->n_out};
    size_t answer =
        ZSTD_compressStream2(state, &out, &in, finish ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(answer)) {
        return PV_ENOMEM; /* with valid parameters nothing else can fail */
    }
    io->in += in.pos;
    io->n_in -= in.pos;
    io->out += out.pos;
    io->n_out -= out.pos;
    *ret_done = finish && answer == 0;
    return PV_OK;
}

static void pack_close(void *state)
{
    ZSTD_freeCCtx(state);
}

const struct pv_packing pv_packing_zstd = {
    .name = "zstd",
    .ending = ".zst",
    .probe = probe,
    .unpack_open = unpack_open,
    .unpack = unpack_step,
    .unpack_close = unpack_close,
    .pack_open = pack_open,
    .pack = pack_step,
    .pack_close = pack_close,
};

/* ---- whole pieces ---- */

enum { PIECE_LEVEL = 1 };

struct pv_zstd {
    ZSTD_CCtx *packer; /* made on first use */
    /* Made at once: unpacking a whole piece then needs no more memory, so that a failure can
     * only be the piece's fault. */
    ZSTD_DCtx *unpacker;
};

struct pv_zstd *pv_zstd_open(void)
{
    struct pv_zstd *zstd = pv_own_calloc(1, sizeof *zstd);
    if (zstd && !(zstd->unpacker = ZSTD_createDCtx())) {
        pv_own_free(zstd);
        return NULL;
    }
    return zstd;
}

void pv_zstd_close(struct pv_zstd *zstd)
{
    if (zstd) {
        ZSTD_freeCCtx(zstd->packer);
        ZSTD_freeDCtx(zstd->unpacker);
        pv_own_free(zstd);
    }
}

size_t pv_zstd_pack(struct pv_zstd *zstd, void *out, size_t cap, const void *in, size_t n)
{
    if (!zstd->packer) {
        zstd->packer = ZSTD_createCCtx();
    }
    size_t answer =
        zstd->packer ? ZSTD_compressCCtx(zstd->packer, out, cap, in, n, PIECE_LEVEL) : 0;
    return ZSTD_isError(answer) ? 0 : answer;
}

bool pv_zstd_holds(const void *in, size_t n, size_t n_out)
{
    unsigned long long said = ZSTD_getFrameContentSize(in, n);
    return said == n_out || said == ZSTD_CONTENTSIZE_UNKNOWN;
}

bool pv_zstd_unpack(struct pv_zstd *zstd, void *out, size_t n_out, const void *in, size_t n)
{
    return ZSTD_decompressDCtx(zstd->unpacker, out, n_out, in, n) == n_out;
}
