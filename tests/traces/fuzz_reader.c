/* SPDX-License-Identifier: MIT
 *
 * fuzz_reader.c - any bytes at all into the reader; what it says must hold together. A target
 * for libFuzzer (clang -fsanitize=fuzzer); fuzz_replay.c runs the kept inputs without it. With
 * -DPV_FUZZ_FROM='"rep"' all bytes are taken for that format.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "traces/reader.h"

#ifndef PV_FUZZ_FROM
#define PV_FUZZ_FROM NULL
#endif

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void look_at(const struct pv_trace_event *event)
{
    expect(pv_op_name(event->op) != NULL);
    expect(event->size <= INT64_MAX);
    expect(strlen(event->name) <= PV_EVENT_NAME_MAX);
    expect(pv_trace_event_is_sayable(event));
    for (uint32_t i = 0; i < event->n_stack; ++i) {
        expect(strlen(event->stack[i]) <= PV_EVENT_NAME_MAX);
    }
    expect(event->id.kind != PV_ID_TEXT || strlen(event->id.text) == event->id.n);
    for (const char *p = event->name; *p; ++p) {
        expect((unsigned char)*p >= ' ' && *p != 0x7f);
    }
}

/* A packed input may hold megabytes, which a fuzzer seeks out; unpacking is `any`'s business,
 * and that of the one format that is packed by itself. */
static bool is_left_to_others(const uint8_t *bytes, size_t n)
{
    static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd},
                         skipped[] = {0x2a, 0x4d, 0x18}, /* a zstd frame of 0x50 to 0x5f */
        xz[] = {0xfd, 0x37, 0x7a, 0x58}, zip[] = {'P', 'K'};
    const char *from = PV_FUZZ_FROM;
    if (!from || strcmp(from, "malloc-bench") == 0 || n < sizeof zstd) {
        return false;
    }
    return memcmp(bytes, gzip, sizeof gzip) == 0 || memcmp(bytes, zstd, sizeof zstd) == 0 ||
           memcmp(bytes, xz, sizeof xz) == 0 || memcmp(bytes, zip, sizeof zip) == 0 ||
           (bytes[0] >> 4 == 5 && memcmp(bytes + 1, skipped, sizeof skipped) == 0);
}

/* Of the user's own lines, the first of the input is the pattern. */
static const char *with_pattern(char *room, size_t cap, const uint8_t **bytes, size_t *n)
{
    const char *from = PV_FUZZ_FROM;
    if (!from || strcmp(from, "lines") != 0) {
        return from;
    }
    size_t length = 0;
    while (length < *n && (*bytes)[length] != '\n' && length + sizeof "lines:" < cap) {
        ++length;
    }
    memcpy(room, "lines:", strlen("lines:"));
    memcpy(room + strlen("lines:"), *bytes, length);
    room[strlen("lines:") + length] = '\0';
    for (char *at = room; *at; ++at) {
        *at = (char)(*at == '\t' ? '\n' : *at); /* so that there may be several */
    }
    *bytes += length;
    *n -= length;
    return room;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (is_left_to_others(bytes, n)) {
        return 0;
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    uint64_t n_events = 0, at = 0;
    char room[512];
    const char *from = with_pattern(room, sizeof room, &bytes, &n);
    int status = pv_reader_open_bytes(&reader, bytes, n, from);
    /* The threads of a workload stand one behind the other and take turns. */
    bool ordered = status || strcmp(pv_reader_header(reader)->format, "wl") != 0;
    while (status == 0) {
        status = pv_reader_next(reader, &event);
        const struct pv_place *place = pv_reader_place(reader);
        if (status == 0) {
            look_at(&event);
            expect(!n_events || !ordered ||
                   place->byte >= at); /* a line, a block may hold several */
            at = place->byte;
            ++n_events;
        }
    }
    const struct pv_place *place = pv_reader_place(reader);
    expect(status == 1 || status == PV_EFORMAT || (from == room && status == PV_EINVAL));
    expect(status == 1 || place->text[0]);
    expect(pv_reader_next(reader, &event) == status);
    pv_reader_close(reader);
    return 0;
}
