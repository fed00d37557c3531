/* SPDX-License-Identifier: MIT
 *
 * heaptrack.c - heaptrack's files, interpreted (file versions 0 to 3) and raw. A record is a
 * line, and its first byte says which; numbers are hexadecimal, those of tables count from 1
 * and 0 means none, except for k, which counts from 0. From file version 3 on a text is
 * preceded by its length.
 *
 *   v VERSION FILEVERSION        first
 *   X command line
 *   c MS                         the time now
 *   I, R, S, A, #, empty line    ignored
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
 *   m [LENGTH] PATH BASE [BEGIN LENGTH]…    a module; PATH x: the program; -: none is left
 *   t ADDRESS CALLER
 *   + SIZE STACK POINTER
 *   - POINTER
 *
 * A resize is a free and an allocation. Blocks with a pointer go through calls.c; among blocks
 * of a kind the newest is freed first, see heaptrack_blocks.h. A free of an unknown block was
 * allocated before the recording, and is left out.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/foreign/heaptrack.h"
#include "traces/format.h"
#include "traces/grammar.h"

enum { FILE_VERSION_MAX = 3, VERSION_MIN = 0x10000 };

/* ---- records; each returns 0 when it has made an event, 1 when it has not ---- */

static int take_version(struct pv_ht_file *reader, struct pv_cursor *line,
                        struct pv_trace_event *event)
{
    (void)event;
    uint64_t version;
    if (reader->has_version) {
        return pv_ht_blame(reader, NULL, "a second recording begins here");
    }
    int status = pv_ht_take_number(reader, line, &version);
    if (!status && pv_ht_has_more(line)) {
        status = pv_ht_take_number(reader, line, &reader->file_version);
    }
    if (!status && reader->file_version > FILE_VERSION_MAX) {
        return pv_ht_blame(
            reader, reader->piece,
            "a newer heaptrack wrote this: file versions up to 3 are understood; record "
            "it with heaptrack 1.5, or with pebbleviz record");
    }
    reader->has_version = true;
    return status ? status : 1;
}

static int take_program(struct pv_ht_file *reader, struct pv_cursor *line,
                        struct pv_trace_event *event)
{
    (void)event;
    int status = pv_ht_keep(reader, *line, &reader->program);
    line->at = line->end;
    if (!status) {
        reader->header->program = reader->program;
    }
    return status ? status : 1;
}

static int take_time(struct pv_ht_file *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    (void)event;
    int status = pv_ht_take_number(reader, line, &reader->t);
    return status ? status : 1;
}

/* ---- blocks ---- */

static struct pv_trace_event event_of(const struct pv_ht_file *reader, enum pv_op op)
{
    return (struct pv_trace_event){.op = op,
                                   .id = {.kind = PV_ID_NUMBER},
                                   .count = 1,
                                   .name = "",
                                   .has_t = true,
                                   .t = reader->t};
}

static int take_alloc(struct pv_ht_file *reader, struct pv_cursor *line,
                      struct pv_trace_event *event)
{
    uint64_t number;
    struct pv_call call = {.op = PV_OP_MALLOC, .count = 1, .has_t = true, .t = reader->t};
    struct pv_cursor size = *line;
    int status = pv_ht_take_number(reader, line, &number);
    if (!reader->naming) {
        bool by_kind = !pv_ht_has_more(line) && reader->form != PV_HT_RAW;
        reader->naming = by_kind ? PV_HT_BY_KIND : PV_HT_BY_POINTER;
    }
    if (!status && reader->naming == PV_HT_BY_KIND) {
        *event = event_of(reader, PV_OP_MALLOC);
        return pv_ht_judge(reader,
                           pv_ht_block_new(reader->blocks, number, &event->id.number,
                                           &event->size, &event->n_stack),
                           "there is no kind of block of this number");
    }
    status = status ? status : pv_ht_take_size(reader, &size, &call.size);
    status = status ? status : pv_ht_take_stack(reader, line, &call.n_stack);
    status = status ? status : pv_ht_take_number(reader, line, &call.addr);
    status = status ? status : pv_calls_put(reader->calls, &call);
    return status ? status : 1;
}

static int take_free(struct pv_ht_file *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    uint64_t number;
    struct pv_call call = {
        .op = PV_OP_FREE, .count = 1, .if_known = true, .has_t = true, .t = reader->t};
    int status = pv_ht_take_number(reader, line, &number);
    if (status || reader->naming == PV_HT_UNNAMED) {
        return status ? status : 1;
    }
    if (reader->naming == PV_HT_BY_KIND) {
        *event = event_of(reader, PV_OP_FREE);
        return pv_ht_judge(reader, pv_ht_block_free(reader->blocks, number, &event->id.number),
                           "there is no kind of block of this number");
    }
    call.addr = number;
    status = pv_calls_put(reader->calls, &call);
    return status ? status : 1;
}

/* ---- lines ---- */

static const struct record {
    char letter;
    enum pv_ht_form form; /* PV_HT_ANY: in both forms */
    int (*take)(struct pv_ht_file *reader, struct pv_cursor *line,
                struct pv_trace_event *event);
} records[] = {
    {'+', PV_HT_ANY, take_alloc},
    {'-', PV_HT_ANY, take_free},
    {'t', PV_HT_ANY, pv_ht_take_trace},
    {'c', PV_HT_ANY, take_time},
    {'a', PV_HT_INTERPRETED, pv_ht_take_kind},
    {'i', PV_HT_INTERPRETED, pv_ht_take_instruction},
    {'s', PV_HT_INTERPRETED, pv_ht_take_string},
    {'m', PV_HT_RAW, pv_ht_take_module},
    {'x', PV_HT_RAW, pv_ht_take_path},
    {'v', PV_HT_ANY, take_version},
    {'X', PV_HT_ANY, take_program},
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

/* 0: *ret_event is set. 1: the line gave no event, or only a call. */
static int take_line(struct pv_ht_file *reader, struct pv_cursor line,
                     struct pv_trace_event *ret_event)
{
    if (says_nothing(line)) {
        return 1;
    }
    const struct record *record = find_record(*line.at);
    const char *letter = line.at++;
    if (!record || (!pv_cursor_byte(&line, ' ') && !pv_cursor_done(&line))) {
        return pv_ht_blame(reader, letter, "this record is not known");
    }
    if (!reader->has_version && *letter != 'v') {
        return pv_ht_blame(reader, letter, "a heaptrack file begins with its version");
    }
    if (record->form && reader->form && record->form != reader->form) {
        return pv_ht_blame(reader, letter,
                           reader->form == PV_HT_RAW
                               ? "this record is not one of a raw file"
                               : "this record is not one of an interpreted file");
    }
    reader->form = record->form ? record->form : reader->form;
    int status = record->take(reader, &line, ret_event);
    return status >= 0 && pv_ht_has_more(&line)
               ? pv_ht_blame(reader, line.at, "something follows the record")
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

/* Reads up to the command line, or to the first record that belongs to no header. */
static int read_header(struct pv_ht_file *reader)
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
    struct pv_ht_file *reader = pv_own_calloc(1, sizeof *reader);
    *ret_state = reader;
    if (!reader) {
        return PV_ENOMEM;
    }
    header->format = "heaptrack";
    header->clock = "ms";
    reader->header = header;
    reader->stacks = pv_ht_stacks_open();
    reader->blocks = pv_ht_blocks_open();
    reader->calls = pv_calls_open(PV_CALLS_BY_ADDRESS);
    if (!reader->stacks || !reader->blocks || !reader->calls) {
        return PV_ENOMEM;
    }
    int status = pv_lines_open(&reader->lines, stream, place);
    return status ? status : read_header(reader);
}

static void close_heaptrack(void *state)
{
    struct pv_ht_file *reader = state;
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

/* Replaces the number of the event's call stack by its frames. Its name is the innermost frame
 * that is not operator new. */
static void give_stack(struct pv_ht_file *reader, struct pv_trace_event *event)
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

/* As take_line for the next line; at the end of the file, or on a failure, sets `ended` and
 * returns 1. */
static int advance(struct pv_ht_file *reader, struct pv_trace_event *ret_event)
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
    struct pv_ht_file *reader = state;
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
