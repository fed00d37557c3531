/* SPDX-License-Identifier: MIT
 *
 * value.h - the one door to the JSON library: values in, values out.
 *
 * In: whatever reaches the library has been held to RFC 8259 by scan.h before (the library
 * alone is laxer: single quotes, NaN, raw controls, saturated integers, silent truncation). So
 * these are refused wherever they stand: nesting deeper than 32 levels, a whole number that
 * does not fit in 64 bits, U+0000 in a key. Of duplicate keys the last one wins. Streams of any
 * length are read with input.h, which takes the same language and builds nothing.
 * Out: text is built here so that no file has escapes of its own.
 */
#ifndef PV_JSON_H
#define PV_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "traces/reader.h"

struct pv_json; /* a parsed value; owned by whoever parsed it */
struct pv_json_span;

enum pv_json_kind {
    PV_JSON_NULL,
    PV_JSON_BOOL,
    PV_JSON_INTEGER, /* 0 to 2^64-1, exact; anything else that is a number is PV_JSON_NUMBER */
    PV_JSON_NUMBER,
    PV_JSON_TEXT,
    PV_JSON_ARRAY,
    PV_JSON_OBJECT
};

/* Where the value of a document in memory, below 2 GiB, stands: for span.h, and for pv_json_build.
 * PV_EFORMAT with the place. */
int pv_json_check(struct pv_json_span *ret_span, const char *bytes, size_t n,
                  struct pv_place *ret_place);

/* Builds a value of a checked document, in 15 to 30 times its text. `wanted` (NULL at its end): it
 * is an object, and these members alone are built, in bounded memory; PV_ELIMIT when they have
 * `most` bytes of text or more. NULL: all of it, whatever `most` says. PV_ENOMEM. */
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

/* "0x" and 1 to 16 hexadecimal digits, nothing else. false: not that. */
bool pv_json_address(const struct pv_json *value, uint64_t *ret_addr);

/* ---- out ---- */

/* A writer of JSON text with one value a line where the caller says so. Output goes to a
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
/* The shortest that reads back, always with a point or an exponent; not finite: null. */
void pv_json_put_real(struct pv_json_out *out, double value);
void pv_json_put_bool(struct pv_json_out *out, bool value);
/* Escaped as JSON wants it; a byte that is not UTF-8 becomes U+FFFD. */
void pv_json_put_text(struct pv_json_out *out, const char *text);
void pv_json_put_address(struct pv_json_out *out, uint64_t addr); /* "0x…" */
void pv_json_put_null(struct pv_json_out *out);
/* A line break and `indent` blanks before the next key, element or closing bracket; at depth 0
 * at once and without the blanks, as the end of a line of JSON Lines. */
void pv_json_newline(struct pv_json_out *out, unsigned indent);

/* Ready-made sink: a FILE. */
int pv_json_to_file(void *ctx, const char *bytes, size_t n);

#endif
