/* SPDX-License-Identifier: MIT
 *
 * pack_zip.c - reads a zip archive of one file from its beginning on, so that it can come from
 * a pipe.
 *
 *   member  = head (30 bytes), name, extra, data, [descriptor]
 *   archive = member*, central directory
 *
 * Folders, and what macOS puts beside a file (__MACOSX/), are passed over. A second file is an
 * error, because it is not known which of the two is meant. The data's CRC is checked.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/pack.h"

enum {
    HEAD_BYTES = 30,
    AT_FLAGS = 6,
    AT_METHOD = 8,
    AT_CRC = 14,
    AT_PACKED = 18,
    AT_NAME_BYTES = 26,
    AT_EXTRA_BYTES = 28,
    SIGNATURE = 4,
    DESCRIPTOR_MOST = 24,
    FLAG_SECRET = 1,
    FLAG_DESCRIPTOR = 8, /* CRC and sizes follow the data */
    STORED = 0,
    DEFLATED = 8,
    NAME_BYTES = 16,
    UNUSED_BYTES = 4096
};

enum stage { IN_HEAD, IN_NAME, IN_EXTRA, IN_DATA, BEHIND_DATA, AT_END };

struct zip {
    enum stage stage;
    unsigned char head[HEAD_BYTES]; /* also used for the descriptor */
    size_t n_head;
    size_t n_left;         /* bytes of the name and the extra field */
    uint64_t n_data;       /* bytes of stored data that are left */
    char name[NAME_BYTES]; /* the first bytes of the name */
    size_t n_name;
    char last;   /* the last byte of the name */
    bool unused; /* this member is passed over */
    bool given;  /* a file was unpacked */
    uint32_t crc;
    struct pv_inflate *inflate;
};

static unsigned u16(const unsigned char *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static uint32_t u32(const unsigned char *at)
{
    return u16(at) | (uint32_t)u16(at + 2) << 16;
}

static bool is_signature(const unsigned char *at, unsigned char third, unsigned char fourth)
{
    return at[0] == 'P' && at[1] == 'K' && at[2] == third && at[3] == fourth;
}

static bool probe(const unsigned char *head, size_t n)
{
    return n >= SIGNATURE && (is_signature(head, 3, 4) || is_signature(head, 5, 6));
}

static void unpack_close(void *state)
{
    struct zip *zip = state;
    if (zip) {
        pv_inflate_close(zip->inflate);
        pv_own_free(zip);
    }
}

static void *unpack_open(void)
{
    struct zip *zip = pv_own_calloc(1, sizeof *zip);
    if (zip) {
        zip->inflate = pv_inflate_open();
    }
    if (!zip || !zip->inflate) {
        unpack_close(zip);
        return NULL;
    }
    return zip;
}

/* Adds to the head until it has n bytes. */
static bool gather(struct zip *zip, struct pv_pack_io *io, size_t n)
{
    size_t some = n - zip->n_head < io->n_in ? n - zip->n_head : io->n_in;
    memcpy(zip->head + zip->n_head, io->in, some);
    zip->n_head += some;
    io->in += some;
    io->n_in -= some;
    return zip->n_head == n;
}

/* Takes a signature and the member's head that follows it. */
static int take_head(struct zip *zip, struct pv_pack_io *io, const char **ret_why)
{
    if (zip->n_head < SIGNATURE && !gather(zip, io, SIGNATURE)) {
        return PV_OK;
    }
    if (is_signature(zip->head, 1, 2) || is_signature(zip->head, 5, 6) ||
        is_signature(zip->head, 6, 6)) {
        zip->stage = AT_END;
        return PV_OK;
    }
    if (!is_signature(zip->head, 3, 4)) {
        *ret_why = "a member or the list of members is expected here";
        return PV_EFORMAT;
    }
    if (gather(zip, io, HEAD_BYTES)) {
        zip->stage = IN_NAME;
        zip->n_left = u16(zip->head + AT_NAME_BYTES);
        zip->n_name = 0;
        zip->last = '\0';
    }
    return PV_OK;
}

static bool pass(struct zip *zip, struct pv_pack_io *io)
{
    size_t some = zip->n_left < io->n_in ? zip->n_left : io->n_in;
    io->in += some;
    io->n_in -= some;
    zip->n_left -= some;
    return zip->n_left == 0;
}

static void take_name(struct zip *zip, struct pv_pack_io *io)
{
    size_t n = zip->n_left < io->n_in ? zip->n_left : io->n_in;
    size_t room = sizeof zip->name - zip->n_name;
    size_t kept = n < room ? n : room;
    memcpy(zip->name + zip->n_name, io->in, kept);
    zip->n_name += kept;
    zip->last = n ? (char)io->in[n - 1] : zip->last;
    if (pass(zip, io)) {
        zip->stage = IN_EXTRA;
        zip->n_left = u16(zip->head + AT_EXTRA_BYTES);
    }
}

/* Before the data of a member: can it be unpacked, and is it wanted? */
static int judge(struct zip *zip, const char **ret_why)
{
    static const char beside[] = "__MACOSX/";
    unsigned flags = u16(zip->head + AT_FLAGS);
    unsigned method = u16(zip->head + AT_METHOD);
    zip->unused = zip->last == '/' || (zip->n_name >= sizeof beside - 1 &&
                                       memcmp(zip->name, beside, sizeof beside - 1) == 0);
    zip->n_data = u32(zip->head + AT_PACKED);
    zip->crc = pv_crc32(0, NULL, 0);
    *ret_why = !zip->unused && zip->given ? "it holds more than one file: unzip it and open one"
               : flags & FLAG_SECRET      ? "it wants a password: unzip it"
               : method != STORED && method != DEFLATED
                   ? "it is packed in a way that is not understood: unzip it"
               : method == STORED && (flags & FLAG_DESCRIPTOR || zip->n_data == UINT32_MAX)
                   ? "how long its file is stands behind it: unzip it"
                   : NULL;
    zip->given |= !zip->unused;
    return *ret_why ? PV_EINVAL : PV_OK;
}

/* One step: unpacks data into the caller's room. */
static int unpack_data(struct zip *zip, struct pv_pack_io *io, bool *ret_ended,
                       const char **ret_why)
{
    unsigned char *begin = io->out;
    int status = PV_OK;
    if (u16(zip->head + AT_METHOD) == DEFLATED) {
        status = pv_inflate_step(zip->inflate, io, ret_ended, ret_why);
    } else {
        size_t n = io->n_in < io->n_out ? io->n_in : io->n_out;
        n = n < zip->n_data ? n : (size_t)zip->n_data;
        memcpy(io->out, io->in, n);
        io->in += n;
        io->n_in -= n;
        io->out += n;
        io->n_out -= n;
        zip->n_data -= n;
        *ret_ended = !zip->n_data;
    }
    zip->crc = pv_crc32(zip->crc, begin, (size_t)(io->out - begin));
    return status;
}

static int check_crc(const struct zip *zip, uint32_t crc, const char **ret_why)
{
    *ret_why = "its checksum is another one";
    return crc == zip->crc ? PV_OK : PV_EFORMAT;
}

static int take_data(struct zip *zip, struct pv_pack_io *io, const char **ret_why)
{
    unsigned char unused[UNUSED_BYTES];
    struct pv_pack_io aside = {
        .in = io->in, .n_in = io->n_in, .out = unused, .n_out = sizeof unused};
    bool ended = false;
    int status = unpack_data(zip, zip->unused ? &aside : io, &ended, ret_why);
    if (zip->unused) {
        io->in = aside.in;
        io->n_in = aside.n_in;
    }
    if (status || !ended) {
        return status;
    }
    bool behind = u16(zip->head + AT_FLAGS) & FLAG_DESCRIPTOR;
    zip->stage = behind ? BEHIND_DATA : IN_HEAD;
    uint32_t crc = u32(zip->head + AT_CRC);
    zip->n_head = 0;
    return behind ? PV_OK : check_crc(zip, crc, ret_why);
}

/* Takes the descriptor. It may have a signature or not, and sizes of 4 or of 8 bytes: only what
 * follows it shows which. */
static int take_descriptor(struct zip *zip, struct pv_pack_io *io, const char **ret_why)
{
    enum { LEAST = 12 };
    while (gather(zip, io, zip->n_head + 1)) {
        const unsigned char *next = zip->head + zip->n_head - SIGNATURE;
        if (zip->n_head >= LEAST + SIGNATURE &&
            (is_signature(next, 1, 2) || is_signature(next, 3, 4))) {
            uint32_t crc = u32(zip->head + (is_signature(zip->head, 7, 8) ? SIGNATURE : 0));
            memmove(zip->head, next, SIGNATURE);
            zip->n_head = SIGNATURE;
            zip->stage = IN_HEAD;
            return check_crc(zip, crc, ret_why);
        }
        if (zip->n_head == DESCRIPTOR_MOST + SIGNATURE) {
            *ret_why = "what stands behind the file is too long";
            return PV_EFORMAT;
        }
    }
    return PV_OK;
}

static int take_some(struct zip *zip, struct pv_pack_io *io, const char **ret_why)
{
    int status = PV_OK;
    switch (zip->stage) {
    case IN_HEAD:
        return take_head(zip, io, ret_why);
    case IN_NAME:
        take_name(zip, io);
        return PV_OK;
    case IN_EXTRA:
        if (pass(zip, io)) {
            status = judge(zip, ret_why);
            pv_inflate_again(zip->inflate);
            zip->stage = IN_DATA;
        }
        return status;
    case IN_DATA:
        return take_data(zip, io, ret_why);
    case BEHIND_DATA:
        return take_descriptor(zip, io, ret_why);
    default: /* the central directory only repeats the members' heads */
        io->in += io->n_in;
        io->n_in = 0;
        return PV_OK;
    }
}

static int unpack_step(void *state, struct pv_pack_io *io, bool *ret_whole,
                       const char **ret_why)
{
    struct zip *zip = state;
    for (;;) {
        enum stage stage = zip->stage;
        size_t n_in = io->n_in, n_out = io->n_out;
        int status = take_some(zip, io, ret_why);
        if (status) {
            return status;
        }
        if (stage == zip->stage && n_in == io->n_in && n_out == io->n_out) {
            break;
        }
    }
    *ret_whole = zip->stage == AT_END;
    return PV_OK;
}

const struct pv_packing pv_packing_zip = {
    .name = "zip",
    .ending = ".zip",
    .probe = probe,
    .unpack_open = unpack_open,
    .unpack = unpack_step,
    .unpack_close = unpack_close,
};
