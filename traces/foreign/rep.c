/* SPDX-License-Identifier: MIT
 *
 * rep.c - reads the malloc lab's .rep, and .script, which is the same without a header and with
 * comments.
 *
 *   rep    = four numbers, one a line or all on one, then ops
 *   op     = "a" id size | "r" id size | "f" id | "w" id size
 *
 * The header's meaning differs between years and its counts are often wrong, so it is read and
 * not used. `f -1` frees NULL; `r` of an id that is not live allocates; `r id 0` frees; `w`
 * (MIT) writes to a block and is ignored.
 */
#include <string.h>

#include "core/status.h"
#include "traces/grammar.h"
#include "traces/sink.h"

enum { HEADER_NUMBERS = 4 };

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool at_end(struct pv_cursor *line)
{
    pv_cursor_blanks(line);
    return pv_cursor_done(line);
}

static int read_op(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    struct pv_lines *lines = &trace->lines;
    const char *begin = line.at;
    char letter = line.at < line.end ? *line.at++ : '\0';
    if (letter != 'a' && letter != 'r' && letter != 'f' && letter != 'w') {
        return pv_lines_blame(lines, begin, "an operation is a, r, f or w");
    }
    pv_cursor_blanks(&line);
    call->is_null = letter == 'f' && pv_cursor_word(&line, "-1");
    if (!call->is_null && !pv_cursor_decimal(&line, &call->addr)) {
        return pv_lines_blame(lines, line.at, "an id is expected here");
    }
    pv_cursor_blanks(&line);
    if (letter != 'f' && !pv_cursor_decimal(&line, &call->size)) {
        return pv_lines_blame(lines, line.at, "a size is expected here");
    }
    if (!at_end(&line)) {
        return pv_lines_blame(lines, line.at, "something follows the operation");
    }
    call->op = letter == 'f' ? PV_OP_FREE : letter == 'r' ? PV_OP_REALLOC : PV_OP_MALLOC;
    return letter == 'w' ? 1 : PV_OK;
}

/* Reads the numbers of the header on this line. */
static int read_header(struct pv_text_trace *trace, struct pv_cursor line)
{
    for (; !at_end(&line); ++trace->counts[0]) {
        uint64_t number;
        if (trace->counts[0] == HEADER_NUMBERS || !pv_cursor_decimal(&line, &number)) {
            return pv_lines_blame(&trace->lines, line.at,
                                  "the header is four numbers, on one line or more");
        }
    }
    return 1;
}

static int read_rep(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    pv_cursor_blanks(&line);
    if (pv_cursor_done(&line)) {
        return 1;
    }
    if (trace->counts[0] < HEADER_NUMBERS && line.at < line.end && is_digit(*line.at)) {
        return read_header(trace, line);
    }
    trace->counts[0] = HEADER_NUMBERS;
    return read_op(trace, line, call);
}

static int read_script(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    const char *comment = memchr(line.at, '#', (size_t)(line.end - line.at));
    line.end = comment ? comment : line.end;
    pv_cursor_blanks(&line);
    return pv_cursor_done(&line) ? 1 : read_op(trace, line, call);
}

static bool is_op(struct pv_cursor line)
{
    uint64_t number;
    bool letter = pv_cursor_word(&line, "a ") || pv_cursor_word(&line, "r ") ||
                  pv_cursor_word(&line, "f ");
    pv_cursor_blanks(&line);
    return letter && (pv_cursor_decimal(&line, &number) || pv_cursor_word(&line, "-1"));
}

static bool is_comment(struct pv_cursor line)
{
    return line.at < line.end && *line.at == '#';
}

/* Is the head at most four numbers, up to the first operation or to its end? */
static bool probe_rep(const unsigned char *head, size_t n)
{
    struct pv_cursor all = {.at = (const char *)head, .end = (const char *)head + n};
    unsigned n_numbers = 0;
    uint64_t number;
    while (all.at < all.end) {
        if (memchr(" \t\r\n", *all.at, 4)) {
            ++all.at;
        } else if (pv_cursor_decimal(&all, &number)) {
            ++n_numbers;
        } else {
            break;
        }
    }
    bool ends = all.at == all.end && n && head[n - 1] == '\n';
    return n_numbers && n_numbers <= HEADER_NUMBERS &&
           (ends || is_op(all) || pv_cursor_word(&all, "w "));
}

static bool probe_script(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, is_op, is_comment);
}

static const struct pv_grammar rep = {
    .name = "rep", .clock = "", .by_number = true, .line = read_rep};
static const struct pv_grammar script = {
    .name = "script", .clock = "", .by_number = true, .line = read_script};

static int open_rep(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place)
{
    return pv_grammar_open(&rep, ret_state, stream, header, place);
}

static int open_script(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&script, ret_state, stream, header, place);
}

const struct pv_format pv_format_rep = {
    .name = "rep",
    .about = "CS:APP malloc lab trace",
    .limits = "the header and its counts are not believed; written without names, times, "
              "threads, addresses, stacks, alignments and marks",
    .sink = &pv_sink_rep,
    .probe = probe_rep,
    .open = open_rep,
    .next = pv_grammar_next,
    .close = pv_grammar_close};

const struct pv_format pv_format_script = {.name = "script",
                                           .about = "CS107 heap allocator script",
                                           .limits = "only its operations, no expectations",
                                           .probe = probe_script,
                                           .open = open_script,
                                           .next = pv_grammar_next,
                                           .close = pv_grammar_close};
