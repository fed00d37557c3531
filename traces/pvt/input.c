/* SPDX-License-Identifier: MIT
 *
 * input.c - reads sections. The head has a checksum and so has the payload, so that a damaged
 * payload does not hide where the next section begins.
 */
#include "traces/pvt/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/pack.h"
#include "traces/pvt/layout.h"

enum {
    SCAN_BYTES = 64 * 1024,
    PAYLOAD_STEP = 64 * 1024,
    KIND = 3,
    LENGTH = 4,
    ITEMS = 8,
    PAYLOAD_SUM = 12,
    HEAD_SUM = 16
};

static int fail(struct pv_pvt_input *input, int status, uint64_t offset, const char *text)
{
    *input->place = (struct pv_place){.byte = offset};
    snprintf(input->place->text, sizeof input->place->text, "%s", text);
    return status;
}

/* Reads up to n bytes; fewer at the end of the file, or where its packing is damaged. */
static int take(struct pv_pvt_input *input, unsigned char *out, size_t n, size_t *ret_n)
{
    *ret_n = 0;
    while (*ret_n < n) {
        size_t some = 0;
        int status = pv_stream_read(input->stream, out + *ret_n, n - *ret_n, &some);
        if (status == PV_EIO || status == PV_ENOMEM) {
            return fail(input, status, input->offset, pv_stream_error(input->stream));
        }
        if (status < 0 || !some) {
            break;
        }
        *ret_n += some;
        input->offset += some;
    }
    return PV_OK;
}

int pv_pvt_input_begin(struct pv_pvt_input *input, bool *ret_sound)
{
    unsigned char magic[PV_PVT_MAGIC_BYTES] = {0};
    size_t n;
    int status = take(input, magic, sizeof magic, &n);
    *ret_sound = memcmp(magic, pv_pvt_magic, sizeof magic) == 0;
    return status;
}

bool pv_pvt_input_begins(const unsigned char *head, size_t n)
{
    size_t n_magic = n < PV_PVT_MAGIC_BYTES ? n : PV_PVT_MAGIC_BYTES;
    return (n && memcmp(head, pv_pvt_magic, n_magic) == 0) ||
           (n >= PV_PVT_MAGIC_BYTES + PV_PVT_HEAD_BYTES &&
            pv_get_u32(head + n_magic + HEAD_SUM) == pv_crc32(0, head + n_magic, HEAD_SUM) &&
            memcmp(head + n_magic, "PVTH", KIND + 1) == 0);
}

/* A fuzzer cannot guess checksums; its build skips them, so that the code behind them is tested
 * too. */
static bool sum_holds(const unsigned char *sum, const unsigned char *bytes, size_t n)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)sum, (void)bytes, (void)n;
    return true;
#else
    return pv_get_u32(sum) == pv_crc32(0, bytes, n);
#endif
}

static bool head_is_sound(const unsigned char *head)
{
    return memcmp(head, "PVT", KIND) == 0 && sum_holds(head + HEAD_SUM, head, HEAD_SUM) &&
           pv_get_u32(head + LENGTH) <= PV_PVT_PAYLOAD_BYTES;
}

/* Reads in steps: a damaged length costs no memory for bytes that are not in the file. */
static int take_payload(struct pv_pvt_input *input, size_t n, size_t *ret_n)
{
    for (*ret_n = 0;;) {
        size_t wanted = PAYLOAD_STEP + 2 * *ret_n;
        wanted = wanted < n ? wanted : n;
        if (!input->payload || wanted > input->cap) {
            unsigned char *payload = pv_own_resize(input->payload, wanted + PV_PVT_PADDING, 1);
            if (!payload) {
                return PV_ENOMEM;
            }
            input->payload = payload;
            input->cap = wanted;
        }
        size_t some;
        int status = take(input, input->payload + *ret_n, wanted - *ret_n, &some);
        *ret_n += some;
        if (status < 0 || *ret_n < wanted || *ret_n == n) {
            memset(input->payload + *ret_n, 0, PV_PVT_PADDING);
            return status;
        }
    }
}

int pv_pvt_input_next(struct pv_pvt_input *input, const char **ret_why)
{
    unsigned char head[PV_PVT_HEAD_BYTES];
    struct pv_pvt_section *section = &input->section;
    *section = (struct pv_pvt_section){.offset = input->offset};
    size_t n;
    int status = take(input, head, sizeof head, &n);
    if (status < 0) {
        return status;
    }
    *ret_why = pv_stream_error(input->stream);
    if (n == 0 && !**ret_why) {
        return 1;
    }
    if (n < sizeof head || !head_is_sound(head)) {
        if (!**ret_why) {
            *ret_why = n < sizeof head ? "it is cut off" : "its head is damaged";
        }
        return PV_EFORMAT;
    }
    section->kind = (char)head[KIND];
    section->n = pv_get_u32(head + LENGTH);
    section->n_items = pv_get_u32(head + ITEMS);
    status = take_payload(input, section->n, &n);
    section->payload = input->payload;
    if (status < 0) {
        return status;
    }
    if (n < section->n) {
        *ret_why = pv_stream_error(input->stream);
        *ret_why = **ret_why ? *ret_why : "it is cut off";
        return PV_EFORMAT;
    }
    if (!sum_holds(head + PAYLOAD_SUM, input->payload, n)) {
        *ret_why = "its checksum differs";
        return PV_EFORMAT;
    }
    return PV_OK;
}

int pv_pvt_input_header(struct pv_pvt_input *input, char *program, size_t cap,
                        const char **ret_clock, const char **ret_why)
{
    int status = pv_pvt_input_next(input, ret_why);
    if (status < 0) {
        return status;
    }
    if (status > 0 || input->section.kind != PV_PVT_HEADER) {
        *ret_why = status > 0 ? "it is cut off" : "it is not the header";
        return PV_EFORMAT;
    }
    struct pv_pvt_piece payload = pv_pvt_input_payload(&input->section);
    uint64_t version = 0, clock, n;
    if (pv_piece_take(&payload, &version) && version != PV_PVT_VERSION) {
        *ret_why = "only version 1 of the format is known here";
        return PV_EFORMAT;
    }
    size_t n_clocks = 0;
    while (pv_pvt_clocks[n_clocks]) {
        ++n_clocks;
    }
    if (!version || !pv_piece_take(&payload, &clock) || clock >= n_clocks ||
        !pv_piece_take(&payload, &n) || n != (size_t)(payload.end - payload.at)) {
        *ret_why = "the header cannot be";
        return PV_EFORMAT;
    }
    pv_text_clean(program, cap, (const char *)payload.at, (size_t)n);
    *ret_clock = pv_pvt_clocks[clock];
    return PV_OK;
}

/* ---- the rest of a damaged file ---- */

struct scan {
    unsigned char *bytes;
    size_t at, n;
    uint64_t n_events; /* the sum of what later blocks' heads say */
    uint64_t n_total;  /* what the index says; 0: there is none */
};

/* Makes at least n bytes available from `at` on, unless the file ends before. */
static int fill(struct pv_pvt_input *input, struct scan *scan, size_t n)
{
    if (scan->n - scan->at >= n) {
        return PV_OK;
    }
    memmove(scan->bytes, scan->bytes + scan->at, scan->n - scan->at);
    scan->n -= scan->at;
    scan->at = 0;
    size_t more = 0;
    int status = take(input, scan->bytes + scan->n, SCAN_BYTES - scan->n, &more);
    scan->n += more;
    return status;
}

/* The number of all events, with which an index begins. */
static uint64_t total_of(const unsigned char *bytes, size_t n)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n && i < PV_PVT_VARINT_BYTES - 1; ++i) {
        total |= (uint64_t)(bytes[i] & 0x7f) << 7 * i;
        if (bytes[i] < 0x80) {
            return total;
        }
    }
    return 0;
}

static int look_at_head(struct pv_pvt_input *input, struct scan *scan)
{
    const unsigned char *head = scan->bytes + scan->at;
    size_t n = pv_get_u32(head + LENGTH);
    if (head[KIND] == PV_PVT_BLOCK) {
        scan->n_events += pv_get_u32(head + ITEMS);
    }
    if (head[KIND] == PV_PVT_INDEX && n <= SCAN_BYTES - PV_PVT_HEAD_BYTES) {
        int status = fill(input, scan, n + PV_PVT_HEAD_BYTES);
        head = scan->bytes + scan->at;
        const unsigned char *payload = head + PV_PVT_HEAD_BYTES;
        if (status == PV_OK && scan->n - scan->at >= n + PV_PVT_HEAD_BYTES &&
            sum_holds(head + PAYLOAD_SUM, payload, n)) {
            scan->n_total = total_of(payload, n);
        }
        return status;
    }
    return PV_OK;
}

static int scan_rest(struct pv_pvt_input *input, struct scan *scan)
{
    for (;;) {
        int status = fill(input, scan, PV_PVT_HEAD_BYTES);
        if (status < 0 || scan->n - scan->at < PV_PVT_HEAD_BYTES) {
            return status;
        }
        const unsigned char *from = scan->bytes + scan->at;
        const unsigned char *found =
            memchr(from, 'P', scan->n - scan->at - PV_PVT_HEAD_BYTES + 1);
        if (!found) {
            scan->at = scan->n - PV_PVT_HEAD_BYTES + 1;
            continue;
        }
        scan->at += (size_t)(found - from);
        if (head_is_sound(found)) {
            input->more_is_sound = true;
            status = look_at_head(input, scan);
            if (status < 0) {
                return status;
            }
        }
        scan->at++;
    }
}

int pv_pvt_input_damaged(struct pv_pvt_input *input, uint64_t offset, const char *why,
                         uint64_t n_given, uint64_t n_here)
{
    char what[120];
    char lost[64] = "";
    snprintf(what, sizeof what, "%s", why);
    struct scan scan = {.bytes = pv_own_resize(NULL, SCAN_BYTES, 1)};
    if (!scan.bytes) {
        return PV_ENOMEM;
    }
    int status = scan_rest(input, &scan);
    pv_own_free(scan.bytes);
    if (status < 0) {
        return status;
    }
    bool exact = scan.n_total >= n_given && scan.n_total;
    uint64_t n_lost = exact ? scan.n_total - n_given : n_here + scan.n_events;
    snprintf(lost, sizeof lost, "%s%" PRIu64 " event%s in %" PRIu64 " bytes %s lost",
             exact ? "" : "at least ", n_lost, n_lost == 1 ? "" : "s", input->offset - offset,
             n_lost == 1 ? "is" : "are");
    *input->place = (struct pv_place){.byte = offset};
    snprintf(input->place->text, sizeof input->place->text,
             "the section here cannot be used, %s; %s", what, lost);
    return PV_EFORMAT;
}

void pv_pvt_input_fini(struct pv_pvt_input *input)
{
    pv_own_free(input->payload);
}
