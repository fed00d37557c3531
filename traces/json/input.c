/* SPDX-License-Identifier: MIT
 *
 * input.c - a window that moves over the stream.
 *
 *   buffer                                                    cap
 *   +-----------+-------+------------------------------------+
 *   | given out | value | read                |              |
 *   +-----------+-------+---------------------+--------------+
 *           value.begin scan.at               n
 *
 * A value is scanned, and given out where it lies. The window moves only when the next value is
 * asked for and is not complete, so a value stays valid until then.
 */
#include "traces/json/input.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/json/scan.h"

enum { WINDOW_BYTES = 128 * 1024 };

/* Where a value lies in the window, and on which line it begins. */
struct place {
    size_t begin, end;
    uint64_t line, line_start;
};

/* What is expected before the next element. In JSON Lines a line end comes before the first one
 * too. */
enum before { BEFORE_FIRST, BEFORE_COMMA, BEFORE_ELEMENT };

struct pv_json_input {
    struct pv_stream *stream;
    struct pv_place *place;
    int status;
    struct pv_place failure; /* the place of that failure */

    char *buffer;
    size_t n, cap;
    bool ended; /* the stream has ended */
    struct pv_json_scan scan;

    struct place value; /* the value being scanned; after that, the one given out */
    bool is_begun;      /* being scanned */
    enum before before;
    bool closed; /* the list's ] has been taken */
};

int pv_json_input_open(struct pv_json_input **ret_input, struct pv_stream *stream,
                       struct pv_place *place)
{
    struct pv_json_input *input = pv_own_calloc(1, sizeof *input);
    if (!input) {
        return PV_ENOMEM;
    }
    input->stream = stream;
    input->place = place;
    input->buffer = pv_own_calloc(WINDOW_BYTES, 1);
    input->cap = WINDOW_BYTES;
    if (!input->buffer) {
        pv_json_input_close(input);
        return PV_ENOMEM;
    }
    *ret_input = input;
    return PV_OK;
}

void pv_json_input_close(struct pv_json_input *input)
{
    if (input) {
        pv_own_free(input->buffer);
        pv_own_free(input);
    }
}

/* ---- failures ---- */

static void set_place(struct pv_json_input *input, size_t at, uint64_t line,
                      uint64_t line_start)
{
    uint64_t byte = input->scan.base + at;
    input->place->line = line;
    input->place->column = byte - line_start + 1;
    input->place->byte = byte;
    input->place->text[0] = '\0';
}

static int fail(struct pv_json_input *input, int status, const char *text)
{
    snprintf(input->place->text, sizeof input->place->text, "%s", text);
    input->failure = *input->place;
    input->status = status;
    return status;
}

static int fail_again(struct pv_json_input *input)
{
    *input->place = input->failure;
    return input->status;
}

static int fail_at_scan(struct pv_json_input *input, int status, const char *text)
{
    const struct pv_json_scan *scan = &input->scan;
    set_place(input, scan->at, scan->n_lines + 1, scan->line_start);
    return fail(input, status, text);
}

int pv_json_input_blame_here(struct pv_json_input *input, const char *text)
{
    return input->status < 0 ? fail_again(input) : fail_at_scan(input, PV_EFORMAT, text);
}

int pv_json_input_blame(struct pv_json_input *input, const char *at, const char *text)
{
    const struct place *value = &input->value;
    size_t wrong = at ? (size_t)(at - input->buffer) : value->begin;
    uint64_t line = value->line;
    uint64_t line_start = value->line_start;
    for (size_t i = value->begin; i < wrong; ++i) {
        if (input->buffer[i] == '\n') {
            ++line;
            line_start = input->scan.base + i + 1;
        }
    }
    set_place(input, wrong, line, line_start);
    return fail(input, PV_EFORMAT, text);
}

/* ---- the window ---- */

static void move_window(struct pv_json_input *input)
{
    size_t n = input->is_begun ? input->value.begin : input->scan.at;
    memmove(input->buffer, input->buffer + n, input->n - n);
    input->n -= n;
    input->scan.at -= n;
    input->scan.base += n;
    input->value.begin -= input->is_begun ? n : 0;
}

static int grow_window(struct pv_json_input *input)
{
    if (input->cap >= PV_JSON_VALUE_MAX) {
        set_place(input, input->value.begin, input->value.line, input->value.line_start);
        return fail(input, PV_EFORMAT, "a value is longer than 16 MiB");
    }
    char *buffer = pv_own_resize(input->buffer, input->cap * 2, 1);
    if (!buffer) {
        return fail_at_scan(input, PV_ENOMEM, "out of memory");
    }
    input->buffer = buffer;
    input->cap *= 2;
    return PV_OK;
}

/* Reads at least one more byte, or sets `ended`. Values given out before become invalid. */
static int refill(struct pv_json_input *input)
{
    move_window(input);
    if (input->n == input->cap) {
        int status = grow_window(input);
        if (status < 0) {
            return status;
        }
    }
    size_t n;
    int status =
        pv_stream_read(input->stream, input->buffer + input->n, input->cap - input->n, &n);
    if (status < 0) {
        input->scan.at = input->n;
        return fail_at_scan(input, status, pv_stream_error(input->stream));
    }
    input->ended = n == 0;
    input->n += n;
    return PV_OK;
}

/* Skips blanks. 0: there is a byte at scan.at. 1: the stream has ended. */
static int skip_blanks(struct pv_json_input *input)
{
    for (;;) {
        pv_json_scan_blanks(&input->scan, input->buffer, input->n);
        if (input->scan.at < input->n) {
            return 0;
        }
        if (input->ended) {
            return 1;
        }
        int status = refill(input);
        if (status < 0) {
            return status;
        }
    }
}

static void begin_value(struct pv_json_input *input)
{
    const struct pv_json_scan *scan = &input->scan;
    input->value = (struct place){
        .begin = scan->at, .line = scan->n_lines + 1, .line_start = scan->line_start};
    input->is_begun = true;
}

/* Scans what is in the window. 0: the value is complete. 1: it needs more bytes. */
static int scan_here(struct pv_json_input *input)
{
    struct pv_json_scan *scan = &input->scan;
    enum pv_scan_answer answer = pv_json_scan(scan, input->buffer, input->n, input->ended);
    if (answer == PV_SCAN_BAD) {
        return fail_at_scan(input, PV_EFORMAT, scan->error);
    }
    if (answer == PV_SCAN_MORE) {
        if (!input->ended) {
            return 1;
        }
        scan->at = input->n;
        return fail_at_scan(input, PV_EFORMAT, "the file ends inside a value");
    }
    input->value.end = scan->at;
    input->is_begun = false;
    return 0;
}

static int give(struct pv_json_input *input, struct pv_json_span *ret_value)
{
    const struct place *value = &input->value;
    set_place(input, value->begin, value->line, value->line_start);
    *ret_value = (struct pv_json_span){.at = input->buffer + value->begin,
                                       .end = input->buffer + value->end};
    return PV_OK;
}

/* ---- byte by byte and value by value ---- */

int pv_json_input_peek(struct pv_json_input *input, char *ret_byte)
{
    if (input->status < 0) {
        return fail_again(input);
    }
    int status = skip_blanks(input);
    if (status == 0) {
        *ret_byte = input->buffer[input->scan.at];
    }
    return status;
}

void pv_json_input_take(struct pv_json_input *input)
{
    ++input->scan.at;
}

static int begin_next(struct pv_json_input *input)
{
    char byte;
    int status = pv_json_input_peek(input, &byte);
    if (status > 0) {
        status = fail_at_scan(input, PV_EFORMAT, "the file ends where a value is expected");
    }
    if (status == 0) {
        begin_value(input);
    }
    return status;
}

int pv_json_input_value(struct pv_json_input *input, struct pv_json_span *ret_value)
{
    int status = begin_next(input);
    while (status == PV_OK && (status = scan_here(input)) > 0) {
        status = refill(input);
    }
    return status < 0 ? status : give(input, ret_value);
}

int pv_json_input_skip(struct pv_json_input *input)
{
    int status = begin_next(input);
    if (status < 0) {
        return status;
    }
    struct pv_json_scan *scan = &input->scan;
    input->is_begun = false; /* what was scanned may leave the window */
    for (;;) {
        switch (pv_json_scan(scan, input->buffer, input->n, input->ended)) {
        case PV_SCAN_DONE:
            return PV_OK;
        case PV_SCAN_BAD:
            return fail_at_scan(input, PV_EFORMAT, scan->error);
        case PV_SCAN_MORE:
            break;
        }
        if (input->ended) {
            scan->at = input->n;
            return fail_at_scan(input, PV_EFORMAT, "the file ends inside a value");
        }
        status = refill(input);
        if (status < 0) {
            return status;
        }
    }
}

/* ---- elements ---- */

/* Passes over the line end or the comma that must follow an element. 0: passed. ENDS: no more
 * elements. UNSEEN: it has not been read yet. */
enum { ENDS = 1, UNSEEN = 2 };

static int pass_line_end(struct pv_json_input *input)
{
    struct pv_json_scan *scan = &input->scan;
    uint64_t n_lines = scan->n_lines;
    pv_json_scan_blanks(scan, input->buffer, input->n);
    if (scan->n_lines == n_lines && scan->at < input->n) {
        return fail_at_scan(input, PV_EFORMAT, "a line holds more than one value");
    }
    if (scan->n_lines == n_lines) {
        return input->ended ? ENDS : UNSEEN;
    }
    return PV_OK;
}

static int pass_comma(struct pv_json_input *input)
{
    struct pv_json_scan *scan = &input->scan;
    pv_json_scan_blanks(scan, input->buffer, input->n);
    if (scan->at == input->n) {
        return input->ended ? fail_at_scan(input, PV_EFORMAT, "the file ends inside a list")
                            : UNSEEN;
    }
    char byte = input->buffer[scan->at];
    if (byte != ',' && byte != ']') {
        return fail_at_scan(input, PV_EFORMAT, "a comma or ] is expected here");
    }
    ++scan->at;
    input->closed = byte == ']';
    return input->closed ? ENDS : PV_OK;
}

static int pass_to_element(struct pv_json_input *input, enum pv_json_form form)
{
    struct pv_json_scan *scan = &input->scan;
    if (input->before == BEFORE_COMMA ||
        (input->before == BEFORE_FIRST && form == PV_JSON_LINES)) {
        int status = form == PV_JSON_LINES ? pass_line_end(input) : pass_comma(input);
        if (status != PV_OK) {
            return status;
        }
        input->before = BEFORE_ELEMENT;
    }
    pv_json_scan_blanks(scan, input->buffer, input->n);
    if (scan->at == input->n && !input->ended) {
        return UNSEEN;
    }
    if (scan->at == input->n) {
        return form == PV_JSON_LINES
                   ? ENDS
                   : fail_at_scan(input, PV_EFORMAT, "the file ends inside a list");
    }
    if (form == PV_JSON_LIST && input->before == BEFORE_FIRST &&
        input->buffer[scan->at] == ']') {
        ++scan->at;
        input->closed = true;
        return ENDS;
    }
    begin_value(input);
    return PV_OK;
}

/* Scans as much of the element as has been read: 0, ENDS, UNSEEN or a failure. */
static int scan_element(struct pv_json_input *input, enum pv_json_form form)
{
    int status = input->is_begun ? PV_OK : pass_to_element(input, form);
    if (status == PV_OK) {
        status = scan_here(input);
        status = status > 0 ? UNSEEN : status;
    }
    return status;
}

void pv_json_input_list(struct pv_json_input *input)
{
    input->before = BEFORE_FIRST;
    input->closed = false;
}

int pv_json_input_element(struct pv_json_input *input, enum pv_json_form form,
                          struct pv_json_span *ret_value)
{
    if (input->status < 0) {
        return fail_again(input);
    }
    if (input->closed) {
        return ENDS;
    }
    input->scan.one_line = form == PV_JSON_LINES;
    int status;
    while ((status = scan_element(input, form)) == UNSEEN) {
        status = refill(input);
        if (status < 0) {
            return status;
        }
    }
    if (status == PV_OK) {
        input->before = BEFORE_COMMA;
        give(input, ret_value);
    }
    return status;
}
