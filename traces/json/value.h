/* SPDX-License-Identifier: MIT
 *
 * value.h - the only access to the JSON library: parses values, and writes them.
 *
 * In: scan.h checks all text against RFC 8259 before it reaches the library (which alone is
 * laxer: single quotes, NaN, raw controls, saturated integers, silent truncation). So these are
 * refused everywhere: nesting deeper than 32 levels, a whole number that does not fit in 64
 * bits, U+0000 in a key. Of duplicate keys the last one wins. Streams of any length are read
 * with input.h, which accepts the same language and builds nothing. Out: text is written by
 * this code, so that all files have the same escapes.
 */
#ifndef PV_JSON_H
#define PV_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "traces/reader.h"

struct pv_json; /* a parsed value; owned by the caller that parsed it */
struct pv_json_span;

enum pv_json_kind {
    PV_JSON_NULL,
    PV_JSON_BOOL,
    PV_JSON_INTEGER, /* 0 to 2^64-1, exact; any other number is PV_JSON_NUMBER */
    PV_JSON_NUMBER,
    PV_JSON_TEXT,
    PV_JSON_ARRAY,
    PV_JSON_OBJECT
};

/* Checks a document in memory, below 2 GiB; its value is for span.h and for pv_json_build.
 * PV_EFORMAT with the place. */
int pv_json_check(struct pv_json_span *ret_span, const char *bytes, size_t n,
                  struct pv_place *ret_place);

/* Builds a value of a checked document, in 15 to 30 times the size of its text. `wanted` (ended
 * by NULL): the value is an object and only these members are built, in bounded memory;
 * PV_ELIMIT when they have `most` bytes of text or more. NULL: all of it, whatever `most` is.
 * PV_ENOMEM. */
int pv_json_build(struct pv_json **ret_value, const struct pv_json_span *span,
                  const char *const *wanted, size_t most);
void pv_json_free(struct pv_json *value);

enum pv_json_kind pv_json_kind(const struct pv_json *value);

/* Borrowed; NULL when there is no such key, or the value is no object. */
const struct pv_json *pv_json_member(const struct pv_json *object, const char *key);

/* Borrowed; NULL beyond the end, or when the value is no array. */
const struct pv_json *pv_json_element(const struct pv_json *array, size_t index);
size_t pv_json_length(const struct pv_json *array);

uint64_t pv_json_integer(const struct pv_json *value); /* 0 unless INTEGER */

bool pv_json_bool(const struct pv_json *value); /* false unless BOOL */
const char *pv_json_text(const struct pv_json *value,
                         size_t *ret_n); /* NULL unless TEXT; raw */

/* Takes "0x" and 1 to 16 hexadecimal digits, nothing else. false: it is something else. */
bool pv_json_address(const struct pv_json *value, uint64_t *ret_addr);

/* ---- out ---- */

/* Writes JSON text with one value a line where the caller asks for it. Output goes to a
 * function, so that a file, a packed stream or a buffer can be behind it. At most 63 levels. */
struct pv_json_out {
    int (*write)(void *ctx, const char *bytes, size_t n); /* 0 or a negative status */
    void *ctx;
    bool compact; /* no blanks after commas and colons */
    int status;   /* the first failure; nothing is written after it */
    unsigned depth;
    uint64_t has_element; /* bit per depth: a comma is due */
    bool after_key;
    bool line_due;   /* pv_json_newline was called */
    unsigned indent; /* for that */
};

void pv_json_begin(struct pv_json_out *out, char bracket); /* '{' or '[' */
void pv_json_end(struct pv_json_out *out, char bracket);   /* '}' or ']' */
void pv_json_key(struct pv_json_out *out, const char *key);
void pv_json_put_integer(struct pv_json_out *out, uint64_t value);
/* The shortest text that reads back the same, always with a point or an exponent; null when not
 * finite. */
void pv_json_put_real(struct pv_json_out *out, double value);
void pv_json_put_bool(struct pv_json_out *out, bool value);
/* Writes a text with the escapes of JSON; a byte that is not UTF-8 becomes U+FFFD. */
void pv_json_put_text(struct pv_json_out *out, const char *text);
void pv_json_put_address(struct pv_json_out *out, uint64_t addr); /* "0x…" */
void pv_json_put_null(struct pv_json_out *out);
/* Puts a line break and `indent` blanks before the next key, element or closing bracket; at
 * depth 0 it writes the line break at once, without blanks, to end a line of JSON Lines. */
void pv_json_newline(struct pv_json_out *out, unsigned indent);

/* A ready-made `write` for a FILE. */
int pv_json_to_file(void *ctx, const char *bytes, size_t n);

#endif
