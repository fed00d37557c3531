/* SPDX-License-Identifier: MIT
 *
 * input.h - cuts a stream of JSON of any length into values. Internal to traces/.
 *
 * The caller walks the outermost brackets itself, by byte and by value. The elements of a long
 * array, or the lines of JSON Lines, are given to it where they lie: no tree is built. Memory:
 * 128 KiB, and more when a value is longer.
 *
 * Every failure (PV_EFORMAT, PV_EIO, PV_ENOMEM) sets the place given to open, and every later
 * call returns it again. Columns count bytes.
 */
#ifndef PV_JSON_INPUT_H
#define PV_JSON_INPUT_H

#include "traces/json/span.h"
#include "traces/stream.h"

enum { PV_JSON_VALUE_MAX = 16 * 1024 * 1024 }; /* bytes of one value */

struct pv_json_input;

/* The stream and the place stay the caller's. */
int pv_json_input_open(struct pv_json_input **ret_input, struct pv_stream *stream,
                       struct pv_place *place);
void pv_json_input_close(struct pv_json_input *input); /* takes NULL */

/* Skips blanks. 0: *ret_byte is the next byte. 1: the stream has ended. */
int pv_json_input_peek(struct pv_json_input *input, char *ret_byte);

/* Takes the byte that pv_json_input_peek gave. */
void pv_json_input_take(struct pv_json_input *input);

/* The next value. Borrowed until the next call of any of these. */
int pv_json_input_value(struct pv_json_input *input, struct pv_json_span *ret_value);

/* Passes over the next value, which may be longer than PV_JSON_VALUE_MAX. */
int pv_json_input_skip(struct pv_json_input *input);

enum pv_json_form {
    PV_JSON_LIST, /* elements separated by commas, up to ], which is taken */
    PV_JSON_LINES /* one value a line, up to the end of the stream */
};

/* The next element; 1: there are no more. It never waits for bytes behind the element. Use only
 * this function, with one form, from the first element to the last. Borrowed until the next
 * call. */
int pv_json_input_element(struct pv_json_input *input, enum pv_json_form form,
                          struct pv_json_span *ret_value);

/* Begins a further list, behind its [: the next element is its first. */
void pv_json_input_list(struct pv_json_input *input);

/* Sets the caller's failure: `text` says what is wrong with the value or element given last, or
 * with the part of it that begins `at`, if that is not NULL. PV_EFORMAT. */
int pv_json_input_blame(struct pv_json_input *input, const char *at, const char *text);

/* The same for the next byte of the input. */
int pv_json_input_blame_here(struct pv_json_input *input, const char *text);

#endif
