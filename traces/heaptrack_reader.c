/* SPDX-License-Identifier: MIT
 *
 * heaptrack_reader.c - heaptrack's files, interpreted (file versions 0 to 3) and raw. A record
 * is a line, its first byte says which; numbers are hexadecimal, those of tables count from 1
 * and 0 is nothing, but for k, which counts from 0. From file version 3 on a text has its
 * length before it.
 *
 *   v VERSION FILEVERSION        first
 *   X command line
 *   c MS                         it is so late
 *   I, R, S, A, #                say nothing here; an empty line neither
 *
 * interpreted:
 *   s [LENGTH] TEXT              the next text
 *   i ADDRESS MODULE [FUNCTION [FILE LINE [FUNCTION FILE LINE]…]]      innermost first
 *   t INSTRUCTION CALLER         the next call stack
 *   a SIZE STACK                 the next kind k of block
 *   + k                          a block of this kind is allocated
 *   - k                          one of them is freed
 *
 * raw; + and - also in interpreted files before file version 1:
 *   x [LENGTH] PATH              the program
 *   m [LENGTH] PATH BASE [BEGIN LENGTH]…    a module; the path x: the program's; -: none is
 * left t ADDRESS CALLER
 *   + SIZE STACK POINTER
 *   - POINTER
 *
 * A resize is a free and an allocation. Blocks with a pointer go through calls.c; of blocks of
 * a kind the newest is freed first, see heaptrack_blocks.h. A free of
 * what is not known was allocated before the recording, and is left out.
 */
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/calls.h"
#include "traces/format.h"
#include "traces/grammar.h"
#include "traces/heaptrack_blocks.h"
#include "traces/heaptrack_stacks.h"
#include "traces/lines.h"

enum { FILE_VERSION_MAX = 3, FILE_VERSION_SIZED = 3, VERSION_MIN = 0x10000 };

enum file_kind { KIND_UNKNOWN, KIND_INTERPRETED, KIND_RAW };

enum naming { NAMING_UNKNOWN, BY_KIND, BY_POINTER };

struct heaptrack {
    struct pv_lines lines;
    struct pv_trace_header *header;
    struct pv_ht_stacks *stacks;
    struct pv_ht_blocks *blocks;
    struct pv_calls *calls;
    bool has_version;
    uint64_t file_version;
    char *program; /* NULL: not told yet, the same for the path */
    char *path;
    enum file_kind kind;
    enum naming naming;
    uint64_t t;
    const char *piece; /* where the number taken last begins */
    bool has_line;     /* `line` came after the header and is to be taken */
    struct pv_cursor line;
    int ended;
    const char *frames[PV_EVENT_STACK_MAX]; /* of the event given last */
};

/* ---- pieces ---- */

static int blame(struct heaptrack *reader, const char *at, const char *text)
{
    return pv_lines_blame(&reader->lines, at, text);
}

/* What the tables answered to the number taken last. */
static int judge(struct heaptrack *reader, int status, const char *missing)
{
    switch (status) {
    case PV_EINVAL:
        return blame(reader, reader->piece, missing);
    case PV_EFORMAT:
        return blame(reader, reader->piece, "a call stack is called from an earlier one");
    case PV_ELIMIT:
        return blame(reader, NULL, "there is more of this than is understood");
    default:
        return status;
    }
}

static int take_number(struct heaptrack *reader, struct pv_cursor *line, uint64_t *ret)
{
    pv_cursor_blanks(line);
    reader->piece = line->at;
    return pv_cursor_hex(line, ret)
               ? PV_OK
               : blame(reader, line->at, "a hexadecimal number is expected here");
}

static int take_numbers(struct heaptrack *reader, struct pv_cursor *line, uint64_t *numbers,
                        size_t n)
{
    int status = PV_OK;
    for (size_t i = 0; i < n && !status; ++i) {
        status = take_number(reader, line, &numbers[i]);
    }
    return status;
}

static bool has_more(struct pv_cursor *line)
{
    pv_cursor_blanks(line);
    return !pv_cursor_done(line);
}

static int take_size(struct heaptrack *reader, struct pv_cursor *line, uint64_t *ret)
{
    int status = take_number(reader, line, ret);
    return !status && *ret > INT64_MAX ? blame(reader, reader->piece, "a size is beyond 2^63-1")
                                       : status;
}

/* With its length before it, or else to the next blank; or to the end. */
static int take_text(struct heaptrack *reader, struct pv_cursor *line, bool to_end,
                     struct pv_cursor *ret)
{
    if (reader->file_version < FILE_VERSION_SIZED) {
        *ret = *line;
        line->at = to_end ? line->end : line->at;
        return to_end || pv_cursor_text(line, ret)
                   ? PV_OK
                   : blame(reader, line->at, "a text is expected here");
    }
    uint64_t n;
    int status = take_number(reader, line, &n);
    if (status) {
        return status;
    }
    bool parted = pv_cursor_byte(line, ' ');
    if (n > (size_t)(line->end - line->at) || (n && !parted)) {
        return blame(reader, reader->piece, "the text is shorter than is said here");
    }
    *ret = (struct pv_cursor){.at = line->at, .end = line->at + n};
    line->at += n;
    return PV_OK;
}

static int keep(struct heaptrack *reader, struct pv_cursor text, char **ret)
{
    char clean[PV_EVENT_NAME_MAX + 1];
    size_t n = pv_text_clean(clean, sizeof clean, text.at, (size_t)(text.end - text.at));
    if (*ret) {
        return blame(reader, NULL, "a second recording begins here");
    }
    *ret = pv_own_text(clean, n);
    return *ret ? PV_OK : PV_ENOMEM;
}

/* ---- records of both kinds; each 0 when it has made an event, 1 when it has not ---- */

static int take_version(struct heaptrack *reader, struct pv_cursor *line,
                        struct pv_trace_event *event)
{
    (void)event;
    uint64_t version;
    if (reader->has_version) {
        return blame(reader, NULL, "a second recording begins here");
    }
    int status = take_number(reader, line, &version);
    if (!status && has_more(line)) {
        status = take_number(reader, line, &reader->file_version);
    }
    if (!status && reader->file_version > FILE_VERSION_MAX) {
        return blame(reader, reader->piece, "file versions up to 3 are understood");
    }
    reader->has_version = true;
    return status ? status : 1;
}

static int take_program(struct heaptrack *reader, struct pv_cursor *line,
                        struct pv_trace_event *event)
{
    (void)event;
    int status = keep(reader, *line, &reader->program);
    line->at = line->end;
    if (!status) {
        reader->header->program = reader->program;
    }
    return status ? status : 1;
}

static int take_time(struct heaptrack *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    (void)event;
    int status = take_number(reader, line, &reader->t);
    return status ? status : 1;
}

static int take_trace(struct heaptrack *reader, struct pv_cursor *line,
                      struct pv_trace_event *event)
{
    (void)event;
    uint64_t at;
    uint64_t caller;
    int status = take_number(reader, line, &at);
    const char *piece = reader->piece;
    status = status ? status : take_number(reader, line, &caller);
    if (status) {
        return status;
    }
    if (reader->kind == KIND_UNKNOWN && at) {
        reader->kind = KIND_RAW; /* an interpreted file would have said an instruction before */
    }
    status = reader->kind == KIND_RAW ? pv_ht_raw_trace_add(reader->stacks, at, caller)
                                      : pv_ht_trace_add(reader->stacks, at, caller);
    reader->piece = status == PV_EINVAL ? piece : reader->piece;
    status = judge(reader, status, "there is no instruction of this number");
    return status ? status : 1;
}

/* ---- interpreted ---- */

static int take_string(struct heaptrack *reader, struct pv_cursor *line,
                       struct pv_trace_event *event)
{
    (void)event;
    struct pv_cursor text;
    int status = take_text(reader, line, true, &text);
    status = status ? status : judge(reader, pv_ht_text_add(reader->stacks, text), "");
    return status ? status : 1;
}

static int take_frame(struct heaptrack *reader, struct pv_cursor *line)
{
    uint64_t function, place[2];
    int status = take_number(reader, line, &function);
    status = status ? status
                    : judge(reader, pv_ht_frame_add(reader->stacks, function),
                            "there is no text of this number");
    /* the file and the line in it, which stay unused */
    return status || !has_more(line) ? status : take_numbers(reader, line, place, 2);
}

static int take_instruction(struct heaptrack *reader, struct pv_cursor *line,
                            struct pv_trace_event *event)
{
    (void)event;
    uint64_t address, module;
    int status = take_number(reader, line, &address);
    status = status ? status : take_number(reader, line, &module);
    const char *piece = reader->piece;
    status = status ? status : judge(reader, pv_ht_instruction_begin(reader->stacks), "");
    while (!status && has_more(line)) {
        status = take_frame(reader, line);
    }
    if (status) {
        return status;
    }
    reader->piece = piece;
    status = judge(reader, pv_ht_instruction_end(reader->stacks, address, module),
                   "there is no text of this number");
    return status ? status : 1;
}

/* The number of a call stack. */
static int take_stack(struct heaptrack *reader, struct pv_cursor *line, uint32_t *ret)
{
    uint64_t trace;
    int status = take_number(reader, line, &trace);
    if (!status && !pv_ht_stacks_know(reader->stacks, trace)) {
        return blame(reader, reader->piece, "there is no call stack of this number");
    }
    *ret = status ? 0 : (uint32_t)trace;
    return status;
}

static int take_kind(struct heaptrack *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    (void)event;
    uint64_t size;
    uint32_t trace;
    int status = take_size(reader, line, &size);
    status = status ? status : take_stack(reader, line, &trace);
    status = status ? status : judge(reader, pv_ht_kind_add(reader->blocks, size, trace), "");
    return status ? status : 1;
}

/* ---- raw ---- */

static int take_path(struct heaptrack *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    (void)event;
    struct pv_cursor text;
    int status = take_text(reader, line, true, &text);
    status = status ? status : keep(reader, text, &reader->path);
    return status ? status : 1;
}

static bool is_text(struct pv_cursor text, const char *wanted)
{
    return pv_cursor_word(&text, wanted) && pv_cursor_done(&text);
}

/* What a module occupies, from its first byte to its last: between its parts is no other. */
static int take_extent(struct heaptrack *reader, struct pv_cursor *line, uint64_t base,
                       uint64_t *ret_first, uint64_t *ret_end)
{
    *ret_first = UINT64_MAX;
    *ret_end = 0;
    while (has_more(line)) {
        uint64_t part[2];
        uint64_t first;
        uint64_t end;
        int status = take_numbers(reader, line, part, 2);
        if (status) {
            return status;
        }
        if (__builtin_add_overflow(base, part[0], &first) ||
            __builtin_add_overflow(first, part[1], &end)) {
            return blame(reader, reader->piece, "a module ends beyond 2^64");
        }
        *ret_first = first < *ret_first ? first : *ret_first;
        *ret_end = end > *ret_end ? end : *ret_end;
    }
    return PV_OK;
}

static int take_module(struct heaptrack *reader, struct pv_cursor *line,
                       struct pv_trace_event *event)
{
    (void)event;
    struct pv_cursor path;
    uint64_t base, first, end;
    int status = take_text(reader, line, false, &path);
    if (!status && is_text(path, "-")) {
        pv_ht_modules_clear(reader->stacks);
        return 1;
    }
    status = status ? status : take_number(reader, line, &base);
    status = status ? status : take_extent(reader, line, base, &first, &end);
    if (status || first >= end) {
        return status ? status : 1;
    }
    if (is_text(path, "x") && reader->path) {
        path =
            (struct pv_cursor){.at = reader->path, .end = reader->path + strlen(reader->path)};
    }
    status = judge(reader, pv_ht_module_add(reader->stacks, path, base, first, end), "");
    return status ? status : 1;
}

/* ---- blocks ---- */

/* All blocks of a file are named in one way. */
static int set_naming(struct heaptrack *reader, enum naming naming)
{
    if (reader->naming && reader->naming != naming) {
        return blame(reader, NULL,
                     naming == BY_KIND ? "blocks before this one had a pointer"
                                       : "blocks before this one had no pointer");
    }
    reader->naming = naming;
    return PV_OK;
}

static struct pv_trace_event event_of(const struct heaptrack *reader, enum pv_op op)
{
    return (struct pv_trace_event){.op = op,
                                   .id = {.kind = PV_ID_NUMBER},
                                   .count = 1,
                                   .name = "",
                                   .has_t = true,
                                   .t = reader->t};
}

static int take_alloc(struct heaptrack *reader, struct pv_cursor *line,
                      struct pv_trace_event *event)
{
    uint64_t number;
    struct pv_call call = {.op = PV_OP_MALLOC, .count = 1, .has_t = true, .t = reader->t};
    struct pv_cursor size = *line;
    int status = take_number(reader, line, &number);
    bool by_kind = !status && !has_more(line);
    status = status ? status : set_naming(reader, by_kind ? BY_KIND : BY_POINTER);
    if (!status && by_kind) {
        *event = event_of(reader, PV_OP_MALLOC);
        return judge(reader,
                     pv_ht_block_new(reader->blocks, number, &event->id.number, &event->size,
                                     &event->n_stack),
                     "there is no kind of block of this number");
    }
    status = status ? status : take_size(reader, &size, &call.size);
    status = status ? status : take_stack(reader, line, &call.n_stack);
    status = status ? status : take_number(reader, line, &call.addr);
    status = status ? status : pv_calls_put(reader->calls, &call);
    return status ? status : 1;
}

static int take_free(struct heaptrack *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    uint64_t number;
    struct pv_call call = {
        .op = PV_OP_FREE, .count = 1, .if_known = true, .has_t = true, .t = reader->t};
    int status = take_number(reader, line, &number);
    if (status || reader->naming == NAMING_UNKNOWN) {
        return status ? status : 1;
    }
    if (reader->naming == BY_KIND) {
        *event = event_of(reader, PV_OP_FREE);
        return judge(reader, pv_ht_block_free(reader->blocks, number, &event->id.number),
                     "there is no kind of block of this number");
    }
    call.addr = number;
    status = pv_calls_put(reader->calls, &call);
    return status ? status : 1;
}

/* ---- lines ---- */

static const struct record {
    char letter;
    enum file_kind kind; /* unknown: of both */
    int (*take)(struct heaptrack *reader, struct pv_cursor *line, struct pv_trace_event *event);
} records[] = {
    {'+', KIND_UNKNOWN, take_alloc},      {'-', KIND_UNKNOWN, take_free},
    {'t', KIND_UNKNOWN, take_trace},      {'c', KIND_UNKNOWN, take_time},
    {'a', KIND_INTERPRETED, take_kind},   {'i', KIND_INTERPRETED, take_instruction},
    {'s', KIND_INTERPRETED, take_string}, {'m', KIND_RAW, take_module},
    {'x', KIND_RAW, take_path},           {'v', KIND_UNKNOWN, take_version},
    {'X', KIND_UNKNOWN, take_program},
};

static const struct record *find_record(char letter)
{
    for (size_t i = 0; i < sizeof records / sizeof records[0]; ++i) {
        if (records[i].letter == letter) {
            return &records[i];
        }
    }
    return NULL;
}

static bool says_nothing(struct pv_cursor line)
{
    return pv_cursor_done(&line) || memchr("#IRSA", *line.at, 5);
}

/* 0: *ret_event is one. 1: the line has made none, or the calls have it. */
static int take_line(struct heaptrack *reader, struct pv_cursor line,
                     struct pv_trace_event *ret_event)
{
    if (says_nothing(line)) {
        return 1;
    }
    const struct record *record = find_record(*line.at);
    const char *letter = line.at++;
    if (!record || (!pv_cursor_byte(&line, ' ') && !pv_cursor_done(&line))) {
        return blame(reader, letter, "this record is not known");
    }
    if (!reader->has_version && *letter != 'v') {
        return blame(reader, letter, "a heaptrack file begins with its version");
    }
    if (record->kind && reader->kind && record->kind != reader->kind) {
        return blame(reader, letter,
                     reader->kind == KIND_RAW
                         ? "this record is not one of a raw file"
                         : "this record is not one of an interpreted file");
    }
    reader->kind = record->kind ? record->kind : reader->kind;
    int status = record->take(reader, &line, ret_event);
    return status >= 0 && has_more(&line)
               ? blame(reader, line.at, "something follows the record")
               : status;
}

/* ---- the format ---- */

static bool looks_heaptrack(struct pv_cursor line)
{
    uint64_t version, file_version;
    if (!pv_cursor_word(&line, "v ") || !pv_cursor_hex(&line, &version)) {
        return false;
    }
    if (pv_cursor_byte(&line, ' ') && !pv_cursor_hex(&line, &file_version)) {
        return false;
    }
    return version >= VERSION_MIN && pv_cursor_done(&line);
}

static bool skips_heaptrack(struct pv_cursor line)
{
    return *line.at == '#';
}

static bool probe_heaptrack(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_heaptrack, skips_heaptrack);
}

/* Up to the command line, or what stands behind it. */
static int read_header(struct heaptrack *reader)
{
    struct pv_trace_event event;
    while (!reader->program) {
        int status = pv_lines_next(&reader->lines, &reader->line);
        if (status) {
            reader->ended = status;
            return status < 0 ? status : PV_OK;
        }
        reader->has_line = !says_nothing(reader->line) && !memchr("vxX", *reader->line.at, 3);
        if (reader->has_line) {
            return PV_OK;
        }
        status = take_line(reader, reader->line, &event);
        if (status < 0) {
            return status;
        }
    }
    return PV_OK;
}

static int open_heaptrack(void **ret_state, struct pv_stream *stream,
                          struct pv_trace_header *header, struct pv_place *place)
{
    struct heaptrack *reader = pv_own_calloc(1, sizeof *reader);
    *ret_state = reader;
    if (!reader) {
        return PV_ENOMEM;
    }
    header->format = "heaptrack";
    header->clock = "ms";
    reader->header = header;
    reader->stacks = pv_ht_stacks_open();
    reader->blocks = pv_ht_blocks_open();
    reader->calls = pv_calls_open(false);
    if (!reader->stacks || !reader->blocks || !reader->calls) {
        return PV_ENOMEM;
    }
    int status = pv_lines_open(&reader->lines, stream, place);
    return status ? status : read_header(reader);
}

static void close_heaptrack(void *state)
{
    struct heaptrack *reader = state;
    if (reader) {
        pv_lines_close(&reader->lines);
        pv_ht_stacks_close(reader->stacks);
        pv_ht_blocks_close(reader->blocks);
        pv_calls_close(reader->calls);
        pv_own_free(reader->program);
        pv_own_free(reader->path);
        pv_own_free(reader);
    }
}

/* The number of the event's call stack becomes its frames, the innermost that asked for memory
 * itself its name. */
static void give_stack(struct heaptrack *reader, struct pv_trace_event *event)
{
    event->n_stack = pv_ht_stack_get(reader->stacks, event->n_stack, reader->frames);
    event->stack = event->n_stack ? reader->frames : NULL;
    for (uint32_t i = 0; i < event->n_stack && !event->has_name; ++i) {
        if (strncmp(reader->frames[i], "operator new", strlen("operator new")) != 0) {
            event->name = reader->frames[i];
            event->has_name = true;
        }
    }
}

/* As take_line; the end, too, is an answer below 0 or in `ended`. */
static int advance(struct heaptrack *reader, struct pv_trace_event *ret_event)
{
    int status = PV_OK;
    if (!reader->has_line) {
        status = pv_lines_next(&reader->lines, &reader->line);
    }
    reader->has_line = false;
    reader->ended = status;
    if (!status) {
        status = take_line(reader, reader->line, ret_event);
        reader->ended = status < 0 ? status : 0;
    }
    if (reader->ended && reader->ended != PV_ENOMEM && pv_calls_end(reader->calls) < 0) {
        reader->ended = PV_ENOMEM;
    }
    return reader->ended ? 1 : status;
}

static int next_heaptrack(void *state, struct pv_trace_event *ret_event)
{
    struct heaptrack *reader = state;
    bool given = pv_calls_next(reader->calls, ret_event);
    while (!given && !reader->ended) {
        given = advance(reader, ret_event) == 0 || pv_calls_next(reader->calls, ret_event);
    }
    if (given) {
        give_stack(reader, ret_event);
    }
    return given ? PV_OK : reader->ended;
}

const struct pv_format pv_format_heaptrack = {
    .name = "heaptrack",
    .about = "heaptrack, raw or interpreted",
    .limits = "every allocation stands as a malloc; no threads; an interpreted file does not "
              "say which block is freed: the newest of the same size and call stack is taken",
    .probe = probe_heaptrack,
    .open = open_heaptrack,
    .next = next_heaptrack,
    .close = close_heaptrack};
