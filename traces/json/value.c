/* SPDX-License-Identifier: MIT
 *
 * value.c - holds values with json-c. The only file that includes it.
 *
 * The library's own parser (0.16) is not used: where it has no memory for a member it silently
 * leaves the member out, or dereferences NULL. Its constructors report that. So span.h walks
 * the text, which scan.c has found sound, and each value is made and added by a call whose
 * result is checked. That the parser is lax and loses places does not matter then either.
 *
 * A struct pv_json is a json_object by another name; null, for which json-c uses a NULL
 * pointer, is the address of json_null here.
 */
#include "traces/json/value.h"

#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/json/scan.h"
#include "traces/json/span.h"

struct pv_json {
    char unused;
};

static const struct pv_json json_null;

enum { CHARACTER_MAX = 4 }; /* pv_json_span_bytes wants room for one character more */

static const struct pv_json *from_library(const struct json_object *object)
{
    return object ? (const void *)object : &json_null;
}

static struct json_object *to_library(const struct pv_json *value)
{
    return value == &json_null ? NULL : (struct json_object *)(uintptr_t)value;
}

static int set_place(struct pv_place *place, const struct pv_json_scan *scan, const char *text)
{
    *place = (struct pv_place){.line = scan->n_lines + 1,
                               .column = scan->base + scan->at - scan->line_start + 1,
                               .byte = scan->base + scan->at};
    snprintf(place->text, sizeof place->text, "%s", text);
    return PV_EFORMAT;
}

static int build(struct json_object **ret_object, const struct pv_json_span *span);

static int status_of(const struct json_object *object)
{
    return object ? PV_OK : PV_ENOMEM;
}

/* The bytes that a text stands for, with a NUL, in memory of their own. An escape is never
 * shorter than its character, so they fit. */
static char *text_bytes(const struct pv_json_span *span, size_t *ret_n)
{
    size_t cap = (size_t)(span->end - span->at) + CHARACTER_MAX;
    char *bytes = pv_own_calloc(cap, 1);
    if (bytes) {
        *ret_n = pv_json_span_bytes(span, bytes, cap - 1);
    }
    return bytes;
}

static int build_text(struct json_object **ret_object, const struct pv_json_span *span)
{
    size_t n;
    char *bytes = text_bytes(span, &n);
    *ret_object = bytes ? json_object_new_string_len(bytes, (int)n) : NULL;
    pv_own_free(bytes);
    return status_of(*ret_object);
}

static int build_list(struct json_object **ret_object, const struct pv_json_span *span)
{
    struct json_object *list = json_object_new_array();
    struct pv_json_span rest = pv_json_span_inside(span), element;
    int status = status_of(list);
    while (status == PV_OK && pv_json_span_next(&rest, &element)) {
        struct json_object *value;
        status = build(&value, &element);
        if (status == PV_OK && json_object_array_add(list, value) < 0) {
            json_object_put(value);
            status = PV_ENOMEM;
        }
    }
    if (status) {
        json_object_put(list);
    } else {
        *ret_object = list;
    }
    return status;
}

static int build_member(struct json_object *object, const struct pv_json_span *name,
                        const struct pv_json_span *span)
{
    size_t n;
    struct json_object *value = NULL;
    char *key = text_bytes(name, &n);
    int status = key ? build(&value, span) : PV_ENOMEM;
    if (status == PV_OK && json_object_object_add(object, key, value) < 0) {
        json_object_put(value);
        status = PV_ENOMEM;
    }
    pv_own_free(key);
    return status;
}

/* `wanted` NULL: all members are. */
static bool is_wanted(const struct pv_json_span *name, const char *const *wanted)
{
    bool is = !wanted;
    for (; !is && *wanted; ++wanted) {
        is = pv_json_span_is(name, *wanted);
    }
    return is;
}

static int build_object(struct json_object **ret_object, const struct pv_json_span *span,
                        const char *const *wanted, size_t most)
{
    struct json_object *object = json_object_new_object();
    struct pv_json_span rest = pv_json_span_inside(span), name, value;
    int status = status_of(object);
    while (status == PV_OK && pv_json_span_next(&rest, &name) &&
           pv_json_span_next(&rest, &value)) {
        if (is_wanted(&name, wanted)) {
            size_t n = (size_t)(value.end - value.at);
            most -= n < most ? n : most;
            status = most ? build_member(object, &name, &value) : PV_ELIMIT;
        }
    }
    if (status) {
        json_object_put(object);
    } else {
        *ret_object = object;
    }
    return status;
}

/* The scan has bounded the depth. *ret_object is NULL for null, and set only on PV_OK. */
static int build(struct json_object **ret_object, const struct pv_json_span *span)
{
    struct json_object *object = NULL;
    uint64_t integer = 0;
    switch (pv_json_span_kind(span)) {
    case PV_JSON_NULL:
        *ret_object = NULL;
        return PV_OK;
    case PV_JSON_ARRAY:
        return build_list(ret_object, span);
    case PV_JSON_OBJECT:
        return build_object(ret_object, span, NULL, SIZE_MAX);
    case PV_JSON_TEXT:
        return build_text(ret_object, span);
    case PV_JSON_BOOL:
        object = json_object_new_boolean(*span->at == 't');
        break;
    case PV_JSON_INTEGER:
        pv_json_span_integer(span, &integer);
        object = json_object_new_uint64(integer);
        break;
    case PV_JSON_NUMBER:
        object = json_object_new_double(0); /* value.h says only that it is one, not which */
        break;
    }
    *ret_object = object;
    return status_of(object);
}

int pv_json_build(struct pv_json **ret_value, const struct pv_json_span *span,
                  const char *const *wanted, size_t most)
{
    struct json_object *object = NULL;
    int status = wanted ? build_object(&object, span, wanted, most) : build(&object, span);
    if (status == PV_OK) {
        *ret_value = (struct pv_json *)(uintptr_t)from_library(object);
    }
    return status;
}

int pv_json_check(struct pv_json_span *ret_span, const char *bytes, size_t n,
                  struct pv_place *ret_place)
{
    struct pv_json_scan scan = {0};
    pv_json_scan_blanks(&scan, bytes, n);
    if (scan.at == n) {
        return set_place(ret_place, &scan, "there is no value");
    }
    if (n > INT_MAX) {
        return set_place(ret_place, &scan, "the document is larger than 2 GiB");
    }
    struct pv_json_span span = {.at = (char *)(uintptr_t)bytes + scan.at}; /* only read */
    switch (pv_json_scan(&scan, bytes, n, true)) {
    case PV_SCAN_BAD:
        return set_place(ret_place, &scan, scan.error);
    case PV_SCAN_MORE:
        scan.at = n;
        return set_place(ret_place, &scan, "the text ends inside a value");
    case PV_SCAN_DONE:
        break;
    }
    span.end = span.at + (scan.at - (size_t)(span.at - bytes));
    pv_json_scan_blanks(&scan, bytes, n);
    if (scan.at < n) {
        return set_place(ret_place, &scan, "something follows the value");
    }
    *ret_span = span;
    return PV_OK;
}

void pv_json_free(struct pv_json *value)
{
    if (value) {
        json_object_put(to_library(value));
    }
}

enum pv_json_kind pv_json_kind(const struct pv_json *value)
{
    switch (json_object_get_type(to_library(value))) {
    case json_type_boolean:
        return PV_JSON_BOOL;
    case json_type_double:
        return PV_JSON_NUMBER;
    case json_type_int:
        /* json-c returns 0 for the unsigned value of a negative number, and INT64_MAX for the
         * signed value of a larger one, so the signed value decides. */
        return json_object_get_int64(to_library(value)) < 0 ? PV_JSON_NUMBER : PV_JSON_INTEGER;
    case json_type_string:
        return PV_JSON_TEXT;
    case json_type_array:
        return PV_JSON_ARRAY;
    case json_type_object:
        return PV_JSON_OBJECT;
    case json_type_null:
        break;
    }
    return PV_JSON_NULL;
}

const struct pv_json *pv_json_member(const struct pv_json *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(to_library(object), key, &value)) {
        return NULL;
    }
    return from_library(value);
}

const struct pv_json *pv_json_element(const struct pv_json *array, size_t index)
{
    if (index >= pv_json_length(array)) {
        return NULL;
    }
    return from_library(json_object_array_get_idx(to_library(array), index));
}

size_t pv_json_length(const struct pv_json *array)
{
    struct json_object *object = to_library(array);
    return json_object_is_type(object, json_type_array) ? json_object_array_length(object) : 0;
}

uint64_t pv_json_integer(const struct pv_json *value)
{
    return pv_json_kind(value) == PV_JSON_INTEGER ? json_object_get_uint64(to_library(value))
                                                  : 0;
}

bool pv_json_bool(const struct pv_json *value)
{
    return pv_json_kind(value) == PV_JSON_BOOL && json_object_get_boolean(to_library(value));
}

const char *pv_json_text(const struct pv_json *value, size_t *ret_n)
{
    struct json_object *object = to_library(value);
    if (!json_object_is_type(object, json_type_string)) {
        return NULL;
    }
    *ret_n = (size_t)json_object_get_string_len(object);
    return json_object_get_string(object);
}

bool pv_json_address(const struct pv_json *value, uint64_t *ret_addr)
{
    size_t n;
    const char *text = pv_json_text(value, &n);
    return text && pv_json_scan_address(text, n, ret_addr);
}
