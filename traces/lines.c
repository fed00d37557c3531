/* SPDX-License-Identifier: MIT
 *
 * lines.c - see lines.h. The end of a line is searched in the buffer; when it is not there, the
 * bytes of the line move to the front and more are read behind them.
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

/* The length of the line that begins at `at`; false: its end is not in the buffer. Searches
 * eight bytes at a time for LF and CR in one pass, so files with CR alone are no slower. */
static bool find_end(const struct pv_lines *lines, size_t *ret_n)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    const char *from = lines->buffer + lines->at;
    size_t n = 0;
    for (; lines->n - n >= sizeof ones; n += sizeof ones) {
        uint64_t word;
        memcpy(&word, from + n, sizeof word);
        uint64_t lf = word ^ ones * '\n';
        uint64_t cr = word ^ ones * '\r';
        if ((((lf - ones) & ~lf) | ((cr - ones) & ~cr)) & ones * 0x80) {
            break;
        }
    }
    while (n < lines->n && from[n] != '\n' && from[n] != '\r') {
        ++n;
    }
    *ret_n = n;
    return n < lines->n;
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
    if (n >= PV_LINE_MAX) {
        return pv_lines_blame(lines, NULL, "this line is longer than 65535 bytes");
    }
    struct pv_place *place = lines->place; /* set field by field: its text is long */
    place->line = lines->number;
    place->column = 1;
    place->byte = lines->offset;
    place->text[0] = '\0';
    *ret_line = (struct pv_cursor){.at = lines->line, .end = lines->line + n};
    if (found) {
        lines->after_cr = lines->line[n] == '\r';
        ++n;
    }
    pass(lines, n);
    return PV_OK;
}

size_t pv_text_uncolour(char *to, const char *text, size_t n)
{
    size_t n_to = 0;
    for (size_t i = 0; i < n; ++i) {
        if (text[i] == '\033' && i + 1 < n && text[i + 1] == '[') {
            i += 2;
            while (i < n && text[i] >= ' ' && text[i] <= '?') {
                ++i;
            }
        } else {
            to[n_to++] = text[i];
        }
    }
    return n_to;
}

bool pv_cursor_line(struct pv_cursor *rest, struct pv_cursor *ret)
{
    *ret = (struct pv_cursor){.at = rest->at, .end = rest->at};
    while (ret->end < rest->end && *ret->end != '\n' && *ret->end != '\r') {
        ++ret->end;
    }
    if (ret->end == rest->end) {
        return false;
    }
    rest->at = ret->end + 1;
    return true;
}

/* The value of a hexadecimal digit plus 1; 0: no such digit. */
static const unsigned char hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
    ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
    ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool pv_cursor_hex(struct pv_cursor *cursor, uint64_t *ret)
{
    const char *at = cursor->at;
    uint64_t value = 0;
    for (unsigned digit; at < cursor->end && (digit = hex_digits[(unsigned char)*at]); ++at) {
        if (value >> 60) {
            return false;
        }
        value = value << 4 | (digit - 1);
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
