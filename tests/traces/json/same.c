/* SPDX-License-Identifier: MIT
 *
 * same.c - goes through a tree of json/value.h and the spans of json/span.h side by side.
 */
#include "tests/traces/json/same.h"

#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"
#include "traces/event.h"
#include "traces/json/scan.h"
#include "traces/json/span.h"

/* The bytes of a text; free. */
static char *bytes_of(const struct pv_json_span *text, size_t *ret_n)
{
    size_t cap = (size_t)(text->end - text->at) + 4;
    char *bytes = calloc(cap + 1, 1);
    if (!bytes) {
        abort();
    }
    *ret_n = pv_json_span_bytes(text, bytes, cap);
    return bytes;
}

/* Spoils the text: it is borrowed at last. */
static bool same_text(const struct pv_json *value, const struct pv_json_span *span)
{
    size_t n, n_tree, n_clean;
    uint64_t addr = 0, addr_tree = 0;
    char room[PV_EVENT_NAME_MAX + 1], clean[sizeof room], wanted[sizeof room];
    const char *tree = pv_json_text(value, &n_tree);
    char *bytes = bytes_of(span, &n);
    bool same = n == n_tree && memcmp(bytes, tree, n) == 0;
    bool is_name = n > 0;
    for (size_t i = 0; i < n; ++i) {
        is_name = is_name && bytes[i] > 0 && bytes[i] != '\\';
    }
    same = same && (!is_name || pv_json_span_is(span, bytes));
    same = same && pv_json_span_address(span, &addr) == pv_json_address(value, &addr_tree);
    same = same && addr == addr_tree;
    for (size_t cap = 1; cap <= sizeof room; cap = cap < 64 ? cap + 1 : 8 * cap) {
        n = pv_text_clean(wanted, cap, tree, n_tree);
        n_clean = pv_json_span_clean(span, clean, cap);
        same = same && n == n_clean && strcmp(clean, wanted) == 0;
    }
    n = pv_text_clean(wanted, sizeof wanted, tree, n_tree);
    const char *borrowed = pv_json_span_borrow(span, room, sizeof room, &n_clean);
    same = same && n == n_clean && strlen(borrowed) == n && strcmp(borrowed, wanted) == 0;
    free(bytes);
    return same;
}

static bool same_value(const struct pv_json *value, const struct pv_json_span *span);

static bool same_list(const struct pv_json *list, const struct pv_json_span *span)
{
    struct pv_json_span rest = pv_json_span_inside(span);
    struct pv_json_span element;
    size_t n = 0;
    while (pv_json_span_next(&rest, &element)) {
        const struct pv_json *wanted = pv_json_element(list, n++);
        if (!wanted || !same_value(wanted, &element)) {
            return false;
        }
    }
    return n == pv_json_length(list);
}

static bool comes_again(struct pv_json_span rest, const char *key, size_t n_key)
{
    struct pv_json_span name, value;
    bool again = false;
    while (!again && pv_json_span_next(&rest, &name) && pv_json_span_next(&rest, &value)) {
        size_t n;
        char *bytes = bytes_of(&name, &n);
        again = n == n_key && memcmp(bytes, key, n) == 0;
        free(bytes);
    }
    return again;
}

static bool same_object(const struct pv_json *object, const struct pv_json_span *span)
{
    struct pv_json_span rest = pv_json_span_inside(span);
    struct pv_json_span name, value;
    bool same = true;
    while (same && pv_json_span_next(&rest, &name)) {
        size_t n;
        char *key = bytes_of(&name, &n);
        const struct pv_json *wanted = pv_json_member(object, key);
        same = pv_json_span_next(&rest, &value) && wanted &&
               (comes_again(rest, key, n) || same_value(wanted, &value));
        free(key);
    }
    return same;
}

static bool same_value(const struct pv_json *value, const struct pv_json_span *span)
{
    uint64_t integer;
    enum pv_json_kind kind = pv_json_kind(value);
    if (kind != pv_json_span_kind(span) ||
        (kind == PV_JSON_INTEGER) != pv_json_span_integer(span, &integer)) {
        return false;
    }
    switch (kind) {
    case PV_JSON_INTEGER:
        return integer == pv_json_integer(value);
    case PV_JSON_BOOL:
        return (*span->at == 't') == pv_json_bool(value);
    case PV_JSON_TEXT:
        return same_text(value, span);
    case PV_JSON_ARRAY:
        return same_list(value, span);
    case PV_JSON_OBJECT:
        return same_object(value, span);
    default:
        return true;
    }
}

int json_parse(struct pv_json **ret_value, const char *bytes, size_t n,
               struct pv_place *ret_place)
{
    struct pv_json_span span;
    int status = pv_json_check(&span, bytes, n, ret_place);
    return status ? status : pv_json_build(ret_value, &span, NULL, 0);
}

bool json_same_text(const char *bytes, size_t n, bool *ret_sound)
{
    struct pv_json *value = NULL;
    struct pv_place place;
    struct pv_json_scan scan = {0};
    int status = json_parse(&value, bytes, n, &place);
    *ret_sound = status == PV_OK;
    if (status < 0) {
        return status == PV_EFORMAT;
    }
    char *copy = malloc(n);
    if (!copy) {
        abort();
    }
    memcpy(copy, bytes, n);
    pv_json_scan_blanks(&scan, copy, n);
    struct pv_json_span span = {.at = copy + scan.at};
    pv_json_scan(&scan, copy, n, true);
    span.end = copy + scan.at;
    bool same = same_value(value, &span);
    free(copy);
    pv_json_free(value);
    return same;
}
