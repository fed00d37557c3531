/* SPDX-License-Identifier: MIT
 *
 * lines.c - see lines.h. A line is looked for in the buffer; when its end is not there, what
 * there is moves to the front and more is read behind it.
 */
#include "traces/lines.h"

#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

enum { BUFFER_BYTES = 2 * PV_LINE_MAX };

int pv_lines_open(struct pv_lines *lines, struct pv_stream *stream, struct pv_place *place)
{
    *lines = (struct pv_lines){.stream = stream, .place = place};
    lines->buffer = pv_own_calloc(BUFFER_BYTES, 1);
    return lines->buffer ? PV_OK : PV_ENOMEM;
}

void pv_lines_close(struct pv_lines *lines)
{
    pv_own_free(lines->buffer);
    lines->buffer = NULL;
}

int pv_lines_blame(struct pv_lines *lines, const char *at, const char *text)
{
    uint64_t column = at && at >= lines->line ? (uint64_t)(at - lines->line) : 0;
    *lines->place = (struct pv_place){
        .line = lines->number, .column = column + 1, .byte = lines->offset + column};
    snprintf(lines->place->text, sizeof lines->place->text, "%s", text);
    return PV_EFORMAT;
}

static void fill(struct pv_lines *lines)
{
    memmove(lines->buffer, lines->buffer + lines->at, lines->n);
    lines->at = 0;
    size_t n = 0;
    lines->status =
        pv_stream_read(lines->stream, lines->buffer + lines->n, BUFFER_BYTES - lines->n, &n);
    lines->ended = lines->status < 0 || n == 0;
    lines->n += lines->status < 0 ? 0 : n;
}

/* The length of the line that begins at `at`; false: its end is not here. */
static bool find_end(const struct pv_lines *lines, size_t *ret_n)
{
    const char *from = lines->buffer + lines->at;
    const char *lf = memchr(from, '\n', lines->n);
    size_t n = lf ? (size_t)(lf - from) : lines->n;
    const char *cr = n ? memchr(from, '\r', n) : NULL;
    *ret_n = cr ? (size_t)(cr - from) : n;
    return lf || cr;
}

static void pass(struct pv_lines *lines, size_t n)
{
    lines->at += n;
    lines->n -= n;
    lines->n_taken += n;
}

static int fail_by_stream(struct pv_lines *lines)
{
    int status = lines->status;
    ++lines->number;
    lines->offset = lines->n_taken + lines->n;
    pv_lines_blame(lines, NULL, pv_stream_error(lines->stream));
    return status;
}

int pv_lines_next(struct pv_lines *lines, struct pv_cursor *ret_line)
{
    size_t n = 0;
    if (!lines->n && !lines->ended) {
        fill(lines);
    }
    if (lines->after_cr && lines->n) {
        pass(lines, lines->buffer[lines->at] == '\n');
        lines->after_cr = false;
    }
    bool found;
    while (!(found = find_end(lines, &n)) && !lines->ended && lines->n < PV_LINE_MAX) {
        fill(lines);
    }
    if (!found && lines->ended && lines->status < 0) {
        return fail_by_stream(lines);
    }
    if (!found && !lines->n) {
        return 1;
    }
    ++lines->number;
    lines->offset = lines->n_taken;
    lines->line = lines->buffer + lines->at;
    lines->cut = !found;
    if (n >= PV_LINE_MAX) {
        return pv_lines_blame(lines, NULL, "this line is longer than 65535 bytes");
    }
    *lines->place =
        (struct pv_place){.line = lines->number, .column = 1, .byte = lines->offset};
    *ret_line = (struct pv_cursor){.at = lines->line, .end = lines->line + n};
    if (found) {
        lines->after_cr = lines->line[n] == '\r';
        ++n;
    }
    pass(lines, n);
    return PV_OK;
}

void pv_cursor_blanks(struct pv_cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        ++cursor->at;
    }
}

bool pv_cursor_byte(struct pv_cursor *cursor, char byte)
{
    bool is = cursor->at < cursor->end && *cursor->at == byte;
    cursor->at += is;
    return is;
}

bool pv_cursor_word(struct pv_cursor *cursor, const char *word)
{
    size_t n = strlen(word);
    bool is = n <= (size_t)(cursor->end - cursor->at) && memcmp(cursor->at, word, n) == 0;
    cursor->at += is ? n : 0;
    return is;
}

bool pv_cursor_decimal(struct pv_cursor *cursor, uint64_t *ret)
{
    const char *at = cursor->at;
    uint64_t value = 0;
    for (; at < cursor->end && *at >= '0' && *at <= '9'; ++at) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = 10 * value + digit;
    }
    if (at == cursor->at) {
        return false;
    }
    cursor->at = at;
    *ret = value;
    return true;
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool pv_cursor_hex(struct pv_cursor *cursor, uint64_t *ret)
{
    const char *at = cursor->at;
    uint64_t value = 0;
    for (; at < cursor->end && hex_digit(*at) >= 0; ++at) {
        if (value >> 60) {
            return false;
        }
        value = value << 4 | (uint64_t)hex_digit(*at);
    }
    if (at == cursor->at) {
        return false;
    }
    cursor->at = at;
    *ret = value;
    return true;
}

bool pv_cursor_address(struct pv_cursor *cursor, uint64_t *ret)
{
    struct pv_cursor tried = *cursor;
    if ((pv_cursor_word(&tried, "0x") || pv_cursor_word(&tried, "0X")) &&
        pv_cursor_hex(&tried, ret)) {
        *cursor = tried;
        return true;
    }
    return false;
}

bool pv_cursor_text(struct pv_cursor *cursor, struct pv_cursor *ret)
{
    *ret = *cursor;
    while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t') {
        ++cursor->at;
    }
    ret->end = cursor->at;
    return ret->end > ret->at;
}
