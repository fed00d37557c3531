/* SPDX-License-Identifier: MIT
 *
 * lines.h - reads a stream line by line, and a line piece by piece. Internal to traces/. Lines
 * end with LF, CR LF or CR. Costs one buffer of 128 KiB.
 */
#ifndef PV_LINES_H
#define PV_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "traces/reader.h"
#include "traces/stream.h"

enum { PV_LINE_MAX = 64 * 1024 }; /* bytes of a line; longer ones are refused */

/* What is left of a line. */
struct pv_cursor {
    const char *at, *end;
};

struct pv_lines {
    struct pv_stream *stream;
    struct pv_place *place;
    char *buffer;
    size_t at, n; /* the bytes that are here and not yet given out */
    bool ended;
    bool after_cr;    /* an LF that comes now belongs to the line before */
    int status;       /* the stream's failure, reported after the lines before it */
    uint64_t number;  /* of the line given last, from 1 */
    uint64_t offset;  /* of its first byte */
    uint64_t n_taken; /* bytes up to `at` */
    const char *line; /* its text */
};

/* PV_ENOMEM. */
int pv_lines_open(struct pv_lines *lines, struct pv_stream *stream, struct pv_place *place);
void pv_lines_close(struct pv_lines *lines); /* takes a zeroed one */

/* 0: the next line, borrowed until the next call, without its end; the place is set to it.
 * 1: there are no more. PV_EFORMAT, PV_EIO, PV_ENOMEM with the place. */
int pv_lines_next(struct pv_lines *lines, struct pv_cursor *ret_line);

/* Copies a text without the sequences that colour a terminal: ESC [ parameters letter. `to` has
 * room for it, or is where it is. Returns the bytes that are left. */
size_t pv_text_uncolour(char *to, const char *text, size_t n);

/* Takes them out of the line given last. */
static inline void pv_lines_uncolour(struct pv_lines *lines, struct pv_cursor *line)
{
    size_t n = (size_t)(line->end - line->at);
    if (n && memchr(line->at, '\033', n)) {
        char *text = lines->buffer + (line->at - lines->buffer);
        line->end = line->at + pv_text_uncolour(text, text, n);
    }
}

/* Sets the caller's failure, at a byte of the line given last (NULL: at its beginning).
 * PV_EFORMAT. */
int pv_lines_blame(struct pv_lines *lines, const char *at, const char *text);

/* ---- pieces: each returns false, and takes nothing, when something else is there. They are
 * inline because a line consists of little else: a call would cost more than its work. ---- */

/* Skips blanks and tabs, if there are any. */
static inline void pv_cursor_blanks(struct pv_cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        ++cursor->at;
    }
}

static inline bool pv_cursor_byte(struct pv_cursor *cursor, char byte)
{
    bool is = cursor->at < cursor->end && *cursor->at == byte;
    cursor->at += is;
    return is;
}

/* Skips what a quotation in a mail puts in front of a line: "> ", ">> ", blanks. */
static inline void pv_cursor_quotation(struct pv_cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == '>') {
        ++cursor->at;
        pv_cursor_blanks(cursor);
    }
}

/* Takes a word that the rest begins with; more may follow it. */
static inline bool pv_cursor_word(struct pv_cursor *cursor, const char *word)
{
    size_t n = strlen(word);
    bool is = n <= (size_t)(cursor->end - cursor->at) && memcmp(cursor->at, word, n) == 0;
    cursor->at += is ? n : 0;
    return is;
}

/* Takes a decimal number that fits in 64 bits. */
static inline bool pv_cursor_decimal(struct pv_cursor *cursor, uint64_t *ret)
{
    const char *at = cursor->at;
    uint64_t value = 0;
    for (; at < cursor->end && *at >= '0' && *at <= '9'; ++at) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > UINT64_MAX / 10 || 10 * value > UINT64_MAX - digit) {
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

bool pv_cursor_hex(struct pv_cursor *cursor, uint64_t *ret);     /* without 0x */
bool pv_cursor_address(struct pv_cursor *cursor, uint64_t *ret); /* 0x and digits */
/* Takes the text up to a blank or the end; false when it is empty. */
bool pv_cursor_text(struct pv_cursor *cursor, struct pv_cursor *ret);

/* Takes the next whole line of a text with one byte of its line end. false: there is none. */
bool pv_cursor_line(struct pv_cursor *rest, struct pv_cursor *ret);

static inline bool pv_cursor_done(const struct pv_cursor *cursor)
{
    return cursor->at == cursor->end;
}

#endif
