/* SPDX-License-Identifier: MIT
 *
 * bytehound.c - reads what bytehound's export-replay writes: numbers of 64 bits in the byte
 * order of the exporting machine; only little-endian is read.
 *
 *   newer    slots, records, 0
 *   older    slots, operations, records
 *   record   kind, slot, time, size: 1 allocated, 2 freed (size 0), 3 resized
 *            4, frame, 0, 0: a frame in; 5, 0, 0, 0: a frame out        (newer)
 *
 * The file does not say which form it has: it is the one in which all records at the beginning
 * of the file are sound. Slots are reused after a free. Times are in microseconds; a free has
 * the time at which its block was allocated, so that time is left out. Frames have numbers and
 * no names, and are left out too. Costs one buffer and what calls.h costs.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/bytes.h"
#include "traces/calls.h"
#include "traces/format.h"

enum kind { END, ALLOCATED, FREED, RESIZED, FRAME_IN, FRAME_OUT };

enum { NUMBER = 8, RECORD = 4 * NUMBER, HEAD = 4096, SLOTS_SHIFT = 40, WHY = 100 };

struct record {
    uint64_t kind, slot, time, size;
};

struct hound {
    struct pv_bytes bytes;
    struct pv_calls *calls;
    uint64_t n_slots;
    bool older;
    int ended;
};

static uint64_t number_at(const unsigned char *from)
{
    uint64_t number = 0;
    for (int i = NUMBER - 1; i >= 0; --i) {
        number = number << 8 | from[i];
    }
    return number;
}

static struct record record_at(const unsigned char *from)
{
    return (struct record){.kind = number_at(from),
                           .slot = number_at(from + NUMBER),
                           .time = number_at(from + 2 * NUMBER),
                           .size = number_at(from + 3 * NUMBER)};
}

static bool is_sound(const struct record *record, bool older, uint64_t n_slots, char *ret_why)
{
    bool call = record->kind >= ALLOCATED && record->kind <= RESIZED;
    bool frame = record->kind == FRAME_IN || record->kind == FRAME_OUT;
    *ret_why = '\0';
    if (!call && (older || !frame)) {
        snprintf(ret_why, WHY, "no record has the kind %" PRIu64, record->kind);
    } else if (call && record->slot >= n_slots) {
        snprintf(ret_why, WHY, "slot %" PRIu64 " is not among the %" PRIu64 " of this file",
                 record->slot, n_slots);
    } else if ((frame || record->kind == FREED) && record->size) {
        snprintf(ret_why, WHY, "a record of kind %" PRIu64 " has no size", record->kind);
    } else if (record->size > INT64_MAX) {
        snprintf(ret_why, WHY, "a size is beyond 2^63-1");
    }
    return !*ret_why;
}

/* Is there at least one whole record at the beginning, and are all sound in this form? */
static bool fits(const unsigned char *head, size_t n, bool older)
{
    size_t begin = older ? 2 * NUMBER : NUMBER;
    size_t at = begin;
    uint64_t n_slots = n >= NUMBER ? number_at(head) : 0;
    char why[WHY];
    if (!n_slots || n_slots >> SLOTS_SHIFT) {
        return false;
    }
    for (; at + RECORD <= n; at += RECORD) {
        struct record record = record_at(head + at);
        if (record.kind == END && !older) {
            break;
        }
        if (!is_sound(&record, older, n_slots, why)) {
            return false;
        }
    }
    return at > begin;
}

static bool hound_probe(const unsigned char *head, size_t n)
{
    return fits(head, n, false) || fits(head, n, true);
}

static int cut_off(struct hound *hound, uint64_t offset, int status)
{
    return status == 1 ? pv_bytes_blame(&hound->bytes, offset,
                                        "the file is cut off within what begins here")
                       : status;
}

/* Turns a record into a call; 1: there are no more. */
static int read_record(struct hound *hound)
{
    struct pv_bytes *bytes = &hound->bytes;
    uint64_t begin = bytes->offset;
    unsigned char raw[RECORD];
    char why[WHY];
    int status = hound->older ? pv_bytes_more(bytes) : PV_OK;
    if (status) {
        return status;
    }
    status = pv_bytes_take(bytes, raw, NUMBER);
    if (status == PV_OK && !hound->older && number_at(raw) == END) {
        status = pv_bytes_more(bytes);
        return status ? status
                      : pv_bytes_blame(bytes, bytes->offset, "something follows the end mark");
    }
    status = status ? status : pv_bytes_take(bytes, raw + NUMBER, RECORD - NUMBER);
    if (status) {
        return cut_off(hound, begin, status);
    }
    struct record record = record_at(raw);
    if (!is_sound(&record, hound->older, hound->n_slots, why)) {
        return pv_bytes_blame(bytes, begin, why);
    }
    *bytes->place = (struct pv_place){.byte = begin};
    if (record.kind > RESIZED) {
        return PV_OK;
    }
    static const enum pv_op ops[] = {
        [ALLOCATED] = PV_OP_MALLOC, [FREED] = PV_OP_FREE, [RESIZED] = PV_OP_REALLOC};
    struct pv_call call = {.op = ops[record.kind],
                           .addr = record.slot,
                           .size = record.size,
                           .count = 1,
                           .has_t = record.kind != FREED,
                           .t = record.kind != FREED ? record.time : 0};
    return pv_calls_put(hound->calls, &call);
}

static int hound_next(void *state, struct pv_trace_event *ret_event)
{
    struct hound *hound = state;
    while (!pv_calls_next(hound->calls, ret_event)) {
        int status = read_record(hound);
        if (status) {
            return status;
        }
    }
    return PV_OK;
}

static int hound_open(void **ret_state, struct pv_stream *stream,
                      struct pv_trace_header *header, struct pv_place *place)
{
    struct hound *hound = pv_own_calloc(1, sizeof *hound);
    *ret_state = hound;
    if (!hound) {
        return PV_ENOMEM;
    }
    header->format = pv_format_bytehound.name;
    header->clock = "us";
    hound->calls = pv_calls_open(PV_CALLS_BY_NUMBER);
    int status = hound->calls ? pv_bytes_open(&hound->bytes, stream, place) : PV_ENOMEM;
    const unsigned char *head;
    size_t n;
    if (status) {
        return status;
    }
    status = pv_stream_peek(stream, HEAD, &head, &n);
    if (status) {
        pv_bytes_blame(&hound->bytes, 0, pv_stream_error(stream));
        return status;
    }
    bool shows = n >= 2 * NUMBER + RECORD; /* a whole record in either form */
    hound->older =
        !fits(head, n, false) &&
        (shows ? fits(head, n, true) : n >= 2 * NUMBER && number_at(head + NUMBER) > FRAME_OUT);
    unsigned char begin[2 * NUMBER];
    status = pv_bytes_take(&hound->bytes, begin, hound->older ? 2 * NUMBER : NUMBER);
    hound->n_slots = status ? 0 : number_at(begin);
    return cut_off(hound, 0, status);
}

static void hound_close(void *state)
{
    struct hound *hound = state;
    if (hound) {
        pv_bytes_close(&hound->bytes);
        pv_calls_close(hound->calls);
        pv_own_free(hound);
    }
}

const struct pv_format pv_format_bytehound = {
    .name = "bytehound",
    .about = "bytehound export-replay",
    .limits =
        "written on little-endian machines; no threads, no call stacks (its frames have no "
        "names), no times of frees (it writes that of the allocation)",
    .is_binary = true,
    .probe = hound_probe,
    .open = hound_open,
    .next = hound_next,
    .close = hound_close};
