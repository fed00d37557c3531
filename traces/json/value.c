/* SPDX-License-Identifier: MIT
 *
 * value.c - values through json-c. The only file that includes it. It is handed nothing that
 * scan.c has not found sound, so that its lax corners and its loss of places do not
 * matter.
 *
 * A struct pv_json is a json_object by another name; null, which is a NULL pointer there, is
 * the address of json_null here.
 */
#include "traces/json/value.h"

#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "core/status.h"
#include "traces/json/scan.h"

struct pv_json {
    char unused;
};

static const struct pv_json json_null;

/* json-c counts the list as a level, and one for a scalar in it. */
enum { TOKENER_DEPTH = PV_JSON_DEPTH_MAX + 3 };

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

/* The text is known to be one sound value. It goes in as the only element of a list, so that a
 * number has an end. */
static int parse_sound(struct pv_json **ret_value, const char *bytes, size_t n)
{
    struct json_tokener *tokener = json_tokener_new_ex(TOKENER_DEPTH);
    if (!tokener) {
        return PV_ENOMEM;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    json_tokener_parse_ex(tokener, "[", 1);
    json_tokener_parse_ex(tokener, bytes, (int)n);
    bool taken = json_tokener_get_error(tokener) == json_tokener_continue;
    struct json_object *list = taken ? json_tokener_parse_ex(tokener, "]", 1) : NULL;
    json_tokener_free(tokener);
    if (!list) {
        return PV_EFORMAT;
    }
    struct json_object *value = json_object_array_get_idx(list, 0);
    *ret_value = (struct pv_json *)(uintptr_t)from_library(json_object_get(value));
    json_object_put(list);
    return PV_OK;
}

int pv_json_parse(struct pv_json **ret_value, const char *bytes, size_t n,
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
    switch (pv_json_scan(&scan, bytes, n, true)) {
    case PV_SCAN_BAD:
        return set_place(ret_place, &scan, scan.error);
    case PV_SCAN_MORE:
        scan.at = n;
        return set_place(ret_place, &scan, "the text ends inside a value");
    case PV_SCAN_DONE:
        break;
    }
    pv_json_scan_blanks(&scan, bytes, n);
    if (scan.at < n) {
        return set_place(ret_place, &scan, "something follows the value");
    }
    int status = parse_sound(ret_value, bytes, n);
    return status == PV_EFORMAT
               ? set_place(ret_place, &scan, "the JSON library refuses the document")
               : status;
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
        /* json-c says 0 for the unsigned value of a negative number, and INT64_MAX for the
         * signed value of one beyond that, so the signed one tells. */
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
