/* SPDX-License-Identifier: MIT
 *
 * malloc_bench.c - malloc-bench's traces: a protobuf message, packed with gzip.
 *
 *   Tracefile  1 TraceLine, again and again; 2 max_simultaneous_allocs
 *   TraceLine  one of  1 malloc  {1 result, 2 size, 3 alignment}
 *                      2 free    {1 input, 2 size hint, 3 alignment hint}
 *                      3 realloc {1 result, 2 input, 3 size}
 *                      4 calloc  {1 result, 2 count, 3 size}
 *
 * All fields are uint64. A missing input is NULL, a missing result means that the call failed.
 * Ids are reused after a free; 0 is a valid one. Unknown fields are skipped. Lines are read one
 * by one; only what calls.h needs is kept.
 */
#include "core/own.h"
#include "core/status.h"
#include "traces/bytes.h"
#include "traces/calls.h"
#include "traces/format.h"

enum wire { WIRE_NUMBER = 0, WIRE_8_BYTES = 1, WIRE_BYTES = 2, WIRE_4_BYTES = 5 };

enum { LINES = 1 }; /* the field of Tracefile */
enum { MALLOC = 1, FREE = 2, REALLOC = 3, CALLOC = 4, N_CALLS = CALLOC + 1 };
enum { N_FIELDS = 4, VARINT_BYTES = 10 };

struct bench {
    struct pv_bytes bytes;
    struct pv_calls *calls;
    uint64_t begin; /* of the current line */
    int ended;
};

/* One call as in the file. */
struct line {
    unsigned call; /* 0: none, or an unknown one */
    bool has[N_FIELDS];
    uint64_t value[N_FIELDS];
};

struct field {
    uint64_t offset; /* of its tag */
    unsigned number, wire;
    uint64_t n; /* the number; for WIRE_BYTES the length; else the bytes to skip */
};

static int cut_off(struct bench *bench)
{
    return pv_bytes_blame(&bench->bytes, bench->begin,
                          "the file is cut off within what begins here");
}

static int take(struct bench *bench, uint64_t end, unsigned char *out, uint64_t n)
{
    struct pv_bytes *bytes = &bench->bytes;
    if (n > end - bytes->offset) {
        return pv_bytes_blame(bytes, bytes->offset,
                              "this goes beyond the message it is part of");
    }
    int status = pv_bytes_take(bytes, out, n);
    return status == 1 ? cut_off(bench) : status;
}

static int take_number(struct bench *bench, uint64_t end, uint64_t *ret)
{
    uint64_t begin = bench->bytes.offset;
    uint64_t number = 0;
    for (unsigned i = 0; i < VARINT_BYTES; ++i) {
        unsigned char byte = 0;
        int status = take(bench, end, &byte, 1);
        if (status) {
            return status;
        }
        if (i == VARINT_BYTES - 1 && byte > 1) {
            break;
        }
        number |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *ret = number;
            return PV_OK;
        }
    }
    return pv_bytes_blame(&bench->bytes, begin, "a number is beyond 2^64-1");
}

/* Takes a tag, and the number or the length that follows it. */
static int take_field(struct bench *bench, uint64_t end, struct field *ret)
{
    uint64_t tag;
    *ret = (struct field){.offset = bench->bytes.offset};
    int status = take_number(bench, end, &tag);
    if (status) {
        return status;
    }
    ret->wire = tag & 7;
    ret->number = (unsigned)(tag >> 3);
    if (tag > UINT32_MAX || !ret->number) {
        return pv_bytes_blame(&bench->bytes, ret->offset, "no field begins like this");
    }
    switch (ret->wire) {
    case WIRE_NUMBER:
    case WIRE_BYTES:
        return take_number(bench, end, &ret->n);
    case WIRE_8_BYTES:
    case WIRE_4_BYTES:
        ret->n = ret->wire == WIRE_8_BYTES ? 8 : 4;
        return PV_OK;
    default:
        return pv_bytes_blame(&bench->bytes, ret->offset,
                              "a field of this kind is not understood");
    }
}

/* Finds where the field's bytes end; on a failure, reports that they go beyond the message. */
static int enter(struct bench *bench, uint64_t end, const struct field *field,
                 uint64_t *ret_end)
{
    *ret_end = end;
    if (field->n > end - bench->bytes.offset) {
        return end == UINT64_MAX ? cut_off(bench)
                                 : pv_bytes_blame(&bench->bytes, field->offset,
                                                  "this goes beyond the message it is part of");
    }
    *ret_end = bench->bytes.offset + field->n;
    return PV_OK;
}

static int pass(struct bench *bench, uint64_t end, const struct field *field)
{
    if (field->wire == WIRE_NUMBER) {
        return PV_OK;
    }
    int status = enter(bench, end, field, &end);
    return status ? status : take(bench, end, NULL, field->n);
}

static int read_call(struct bench *bench, uint64_t end, struct line *line)
{
    while (bench->bytes.offset < end) {
        struct field field;
        int status = take_field(bench, end, &field);
        if (status == PV_OK && field.number < N_FIELDS && field.wire == WIRE_NUMBER) {
            line->has[field.number] = true;
            line->value[field.number] = field.n;
        } else if (status == PV_OK) {
            status = pass(bench, end, &field);
        }
        if (status) {
            return status;
        }
    }
    return PV_OK;
}

/* When a line has several calls the last one counts, as in protobuf. */
static int read_line(struct bench *bench, uint64_t end, struct line *line)
{
    while (bench->bytes.offset < end) {
        struct field field;
        uint64_t call_end;
        int status = take_field(bench, end, &field);
        if (status == PV_OK && field.number < N_CALLS && field.wire == WIRE_BYTES) {
            if (line->call != field.number) {
                *line = (struct line){.call = field.number};
            }
            status = enter(bench, end, &field, &call_end);
            status = status ? status : read_call(bench, call_end, line);
        } else if (status == PV_OK) {
            status = pass(bench, end, &field);
        }
        if (status) {
            return status;
        }
    }
    return PV_OK;
}

/* Turns ids from 0 into slots from 1; slot 0 is NULL. */
static uint64_t slot_of(const struct line *line, unsigned field)
{
    return line->has[field] ? line->value[field] + 1 : 0;
}

/* Turns a line into a call. 1: it has none. */
static int call_of(struct bench *bench, const struct line *line, struct pv_call *call)
{
    const uint64_t *value = line->value;
    *call = (struct pv_call){.addr = slot_of(line, 1), .count = 1};
    switch (line->call) {
    case MALLOC:
        call->op = value[3] ? PV_OP_ALIGNED : PV_OP_MALLOC;
        call->align = value[3];
        call->size = value[2];
        break;
    case FREE:
        call->op = PV_OP_FREE;
        call->is_null = !call->addr;
        break;
    case REALLOC:
        call->op = PV_OP_REALLOC;
        call->old = slot_of(line, 2);
        call->size = value[3];
        break;
    case CALLOC:
        call->op = PV_OP_CALLOC;
        call->count = value[2];
        call->size = value[3];
        break;
    default:
        return 1;
    }
    if ((line->has[1] && !call->addr) ||
        (line->call == REALLOC && line->has[2] && !call->old)) {
        return pv_bytes_blame(&bench->bytes, bench->begin, "an id is beyond 2^64-2");
    }
    return call->size <= INT64_MAX
               ? PV_OK
               : pv_bytes_blame(&bench->bytes, bench->begin, "a size is beyond 2^63-1");
}

/* Reads a line into the calls. 1: there are no more. */
static int read_next(struct bench *bench)
{
    struct pv_bytes *bytes = &bench->bytes;
    struct field field;
    uint64_t end;
    bench->begin = bytes->offset;
    int status = pv_bytes_more(bytes);
    status = status ? status : take_field(bench, UINT64_MAX, &field);
    if (status) {
        return status;
    }
    if (field.number != LINES || field.wire != WIRE_BYTES) {
        return pass(bench, UINT64_MAX, &field);
    }
    struct line line = {0};
    struct pv_call call;
    status = enter(bench, UINT64_MAX, &field, &end);
    status = status ? status : read_line(bench, end, &line);
    status = status ? status : call_of(bench, &line, &call);
    if (status) {
        return status == 1 ? PV_OK : status;
    }
    *bytes->place = (struct pv_place){.byte = bench->begin};
    return pv_calls_put(bench->calls, &call);
}

static int bench_next(void *state, struct pv_trace_event *ret_event)
{
    struct bench *bench = state;
    while (!pv_calls_next(bench->calls, ret_event)) {
        if (bench->ended) {
            return bench->ended;
        }
        int status = read_next(bench);
        if (status) {
            bench->ended = status;
            status = status == PV_ENOMEM ? status : pv_calls_end(bench->calls);
            bench->ended = status ? status : bench->ended;
        }
    }
    return PV_OK;
}

static int bench_open(void **ret_state, struct pv_stream *stream,
                      struct pv_trace_header *header, struct pv_place *place)
{
    struct bench *bench = pv_own_calloc(1, sizeof *bench);
    *ret_state = bench;
    if (!bench) {
        return PV_ENOMEM;
    }
    header->format = pv_format_malloc_bench.name;
    bench->calls = pv_calls_open(PV_CALLS_BY_SLOT);
    return bench->calls ? pv_bytes_open(&bench->bytes, stream, place) : PV_ENOMEM;
}

static void bench_close(void *state)
{
    struct bench *bench = state;
    if (bench) {
        pv_bytes_close(&bench->bytes);
        pv_calls_close(bench->calls);
        pv_own_free(bench);
    }
}

/* Is the first line a single call of numbers only? No text file begins so. */
static bool bench_probe(const unsigned char *head, size_t n)
{
    enum { TAG_LINE = LINES << 3 | WIRE_BYTES, AT_CALL = 2, AT_FIELDS = 4 };
    if (n < AT_FIELDS || head[0] != TAG_LINE || head[1] > INT8_MAX || head[1] < 2 ||
        (head[AT_CALL] & 7) != WIRE_BYTES || head[AT_CALL] >> 3 < MALLOC ||
        head[AT_CALL] >> 3 >= N_CALLS || head[AT_CALL + 1] != head[1] - 2 ||
        n < (size_t)AT_FIELDS + head[AT_CALL + 1]) {
        return false;
    }
    size_t at = AT_FIELDS;
    size_t end = AT_FIELDS + head[AT_CALL + 1];
    while (at < end) {
        if ((head[at] & 7) != WIRE_NUMBER || head[at] >> 3 < 1 || head[at] >> 3 >= N_FIELDS) {
            return false;
        }
        size_t begin = ++at;
        while (at < end && head[at] > INT8_MAX) {
            ++at;
        }
        if (at == end || at - begin >= VARINT_BYTES) {
            return false;
        }
        ++at;
    }
    return true;
}

const struct pv_format pv_format_malloc_bench = {
    .name = "malloc-bench",
    .about = "malloc-bench trace (protobuf)",
    .limits = "no threads, no times; size and alignment hints of a free are not told",
    .is_binary = true,
    .probe = bench_probe,
    .open = bench_open,
    .next = bench_next,
    .close = bench_close};
