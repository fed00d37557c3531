/* SPDX-License-Identifier: MIT
 *
 * pack_xz.c - xz in both directions. The only file that includes liblzma, which gets its memory
 * from own.h: to unpack as much as the file's dictionary needs (up to 128 MiB are allowed; xz
 * -9 needs 65), to pack 3 MiB.
 */
#include <lzma.h>
#include <stdint.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/pack.h"

enum { XZ_LEVEL = 1, XZ_MEMORY = 128 << 20 };

struct unpack {
    lzma_stream z;
    bool ended; /* a stream has ended; what follows is padding of zeros or another one */
};

static void *take(void *unused, size_t n, size_t bytes)
{
    (void)unused;
    return pv_own_calloc(n, bytes);
}

static void give(void *unused, void *block)
{
    (void)unused;
    pv_own_free(block);
}

static const lzma_allocator own = {.alloc = take, .free = give};

static bool probe(const unsigned char *head, size_t n)
{
    return n >= 4 && memcmp(head, "\xfd\x37\x7a\x58", 4) == 0;
}

static lzma_ret step(lzma_stream *z, struct pv_pack_io *io, lzma_action action)
{
    z->next_in = io->in;
    z->avail_in = io->n_in;
    z->next_out = io->out;
    z->avail_out = io->n_out;
    lzma_ret answer = lzma_code(z, action);
    io->in = z->next_in;
    io->n_in = z->avail_in;
    io->out = z->next_out;
    io->n_out = z->avail_out;
    return answer;
}

static bool begin(struct unpack *unpack)
{
    unpack->ended = false;
    return lzma_stream_decoder(&unpack->z, XZ_MEMORY, 0) == LZMA_OK;
}

static void unpack_close(void *state)
{
    struct unpack *unpack = state;
    if (unpack) {
        lzma_end(&unpack->z);
        pv_own_free(unpack);
    }
}

static void *unpack_open(void)
{
    struct unpack *unpack = pv_own_calloc(1, sizeof *unpack);
    if (unpack) {
        unpack->z = (lzma_stream)LZMA_STREAM_INIT;
        unpack->z.allocator = &own;
    }
    if (!unpack || !begin(unpack)) {
        unpack_close(unpack);
        return NULL;
    }
    return unpack;
}

static int unpack_step(void *state, struct pv_pack_io *io, bool *ret_whole,
                       const char **ret_why)
{
    struct unpack *unpack = state;
    while (unpack->ended && io->n_in && !*io->in) {
        ++io->in;
        --io->n_in;
    }
    if (unpack->ended && io->n_in && !begin(unpack)) {
        return PV_ENOMEM;
    }
    if (!unpack->ended) {
        switch (step(&unpack->z, io, LZMA_RUN)) {
        case LZMA_STREAM_END:
            unpack->ended = true;
            break;
        case LZMA_OK:
        case LZMA_BUF_ERROR: /* no progress was possible; the caller sees that */
            break;
        case LZMA_MEM_ERROR:
            return PV_ENOMEM;
        case LZMA_MEMLIMIT_ERROR:
            *ret_why = "its dictionary is larger than 128 MiB";
            return PV_EFORMAT;
        case LZMA_FORMAT_ERROR:
            *ret_why = "no xz stream begins here";
            return PV_EFORMAT;
        case LZMA_OPTIONS_ERROR:
            *ret_why = "it is packed in a way that this liblzma does not know";
            return PV_EFORMAT;
        default:
            *ret_why = "its bytes, or a checksum of them, are wrong";
            return PV_EFORMAT;
        }
    }
    *ret_whole = unpack->ended;
    return PV_OK;
}

static void pack_close(void *state)
{
    if (state) {
        lzma_end(state);
        pv_own_free(state);
    }
}

static void *pack_open(void)
{
    lzma_stream *z = pv_own_calloc(1, sizeof *z);
    if (!z) {
        return NULL;
    }
    *z = (lzma_stream)LZMA_STREAM_INIT;
    z->allocator = &own;
    if (lzma_easy_encoder(z, XZ_LEVEL, LZMA_CHECK_CRC32) != LZMA_OK) {
        pack_close(z);
        return NULL;
    }
    return z;
}

static int pack_step(void *state, struct pv_pack_io *io, bool finish, bool *ret_done)
{
    lzma_ret answer = step(state, io, finish ? LZMA_FINISH : LZMA_RUN);
    *ret_done = answer == LZMA_STREAM_END;
    return answer == LZMA_MEM_ERROR ? PV_ENOMEM : PV_OK;
}

const struct pv_packing pv_packing_xz = {
    .name = "xz",
    .ending = ".xz",
    .probe = probe,
    .unpack_open = unpack_open,
    .unpack = unpack_step,
    .unpack_close = unpack_close,
    .pack_open = pack_open,
    .pack = pack_step,
    .pack_close = pack_close,
};
