/* SPDX-License-Identifier: MIT
 *
 * span.h - reads values of JSON where they lie, in text that scan.h has found sound. Internal
 * to traces/.
 *
 * The scan has looked at every byte of a stream once, so nothing is checked again here and
 * nothing is built: a value is a pointer to its first byte and one past its last, and is parsed
 * when it is asked for. What value.h says of values holds for these too. Not for text that has
 * not been scanned.
 */
#ifndef PV_JSON_SPAN_H
#define PV_JSON_SPAN_H

#include "traces/json/value.h"

struct pv_json_span {
    char *at, *end;
};

enum pv_json_kind pv_json_span_kind(const struct pv_json_span *value);

/* Walks a list, or an object as key, value, key, value: begin with what pv_json_span_inside
 * returns. false: there are no more. */
static inline struct pv_json_span pv_json_span_inside(const struct pv_json_span *value)
{
    return (struct pv_json_span){.at = value->at + 1, .end = value->end};
}

bool pv_json_span_next(struct pv_json_span *rest, struct pv_json_span *ret_value);

/* The value of a key of an object, the last one when the key is there twice. false: there is no
 * such key, or the value is no object. */
bool pv_json_span_member(const struct pv_json_span *object, const char *key,
                         struct pv_json_span *ret_value);

bool pv_json_span_integer(const struct pv_json_span *value, uint64_t *ret_integer);
bool pv_json_span_address(const struct pv_json_span *value, uint64_t *ret_addr);

/* Is the value this text? `text` is ASCII, has no backslash and is not empty. */
bool pv_json_span_is_text(const struct pv_json_span *value, const char *text);

/* The same, quicker: mostly the first byte shows that it is not. */
static inline bool pv_json_span_is(const struct pv_json_span *value, const char *text)
{
    return *value->at == '"' && (value->at[1] == text[0] || value->at[1] == '\\') &&
           pv_json_span_is_text(value, text);
}

/* The bytes that a text stands for, as many whole characters as fit. */
size_t pv_json_span_bytes(const struct pv_json_span *text, char *out, size_t cap);

/* The same made clean (core/text.h), with a NUL; cap at most PV_EVENT_NAME_MAX + 1. */
size_t pv_json_span_clean(const struct pv_json_span *text, char *out, size_t cap);

/* The same, borrowed from the JSON text when it is clean there and shorter than cap: its
 * closing quote becomes the NUL, so walk past the text first. Else it is in `room`. */
const char *pv_json_span_borrow(const struct pv_json_span *text, char *room, size_t cap,
                                size_t *ret_n);

#endif
