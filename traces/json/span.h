/* SPDX-License-Identifier: MIT
 *
 * span.h - values of JSON where they stand, in text that scan.h has found sound.
 * Internal to traces/.
 *
 * The scan looks at every byte of a stream once. So nothing here is checked a second time and
 * nothing is built: a value is its first byte and one past its last, and what it says is read
 * off. What value.h says of values goes for these too. Not for text that has not been scanned.
 */
#ifndef PV_JSON_SPAN_H
#define PV_JSON_SPAN_H

#include "traces/json/value.h"

struct pv_json_span {
    char *at, *end;
};

enum pv_json_kind pv_json_span_kind(const struct pv_json_span *value);

/* Goes through a list, or an object as key, value, key, value: begin with what stands inside.
 * false: there are no more. */
static inline struct pv_json_span pv_json_span_inside(const struct pv_json_span *value)
{
    return (struct pv_json_span){.at = value->at + 1, .end = value->end};
}

bool pv_json_span_next(struct pv_json_span *rest, struct pv_json_span *ret_value);

/* The value of a key of an object, the last one where it stands twice. false: it has no such key,
 * or the value is no object. */
bool pv_json_span_member(const struct pv_json_span *object, const char *key,
                         struct pv_json_span *ret_value);

bool pv_json_span_integer(const struct pv_json_span *value, uint64_t *ret_integer);
bool pv_json_span_address(const struct pv_json_span *value, uint64_t *ret_addr);

/* Is the text this one, of ASCII, without a backslash and not empty? */
bool pv_json_span_is_text(const struct pv_json_span *value, const char *text);

/* Is the value this text? Mostly the first byte tells that it is not. */
static inline bool pv_json_span_is(const struct pv_json_span *value, const char *text)
{
    return *value->at == '"' && (value->at[1] == text[0] || value->at[1] == '\\') &&
           pv_json_span_is_text(value, text);
}

/* The bytes that a text stands for, as many whole characters of them as there is room for. */
size_t pv_json_span_bytes(const struct pv_json_span *text, char *out, size_t cap);

/* The same made clean (core/text.h), with a NUL; cap at most PV_EVENT_NAME_MAX + 1. */
size_t pv_json_span_clean(const struct pv_json_span *text, char *out, size_t cap);

/* The same, borrowed from where it stands when it is clean there and shorter than cap: its
 * closing quote becomes the NUL, so go through the text first. Else it is in `room`. */
const char *pv_json_span_borrow(const struct pv_json_span *text, char *room, size_t cap,
                                size_t *ret_n);

#endif
