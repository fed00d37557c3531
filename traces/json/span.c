/* SPDX-License-Identifier: MIT
 *
 * span.c - see span.h. The text is known to be sound, so parsing is short: a number ends at the
 * first byte that cannot belong to one, a text at its first quote without a backslash, and
 * brackets match.
 */
#include "traces/json/span.h"

#include <assert.h>
#include <string.h>

#include "core/text.h"
#include "traces/event.h"
#include "traces/json/scan.h"

enum {
    /* So many bytes of a text always fill the longest clean one: cleaning drops at most one
     * byte of a character of four. */
    ROOM = 2 * (PV_EVENT_NAME_MAX + 1),
    CHARACTER_MAX = 4
};

/* ---- walking ---- */

/* One past the text's closing quote; `at` is behind the opening quote. */
static char *end_of_text(char *at, char *end)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    for (;;) {
        while ((size_t)(end - at) >= sizeof ones) {
            uint64_t word;
            memcpy(&word, at, sizeof word);
            uint64_t quote = word ^ ones * '"';
            uint64_t backslash = word ^ ones * '\\';
            uint64_t marks =
                (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & ones * 0x80;
            if (marks) {
                at += pv_bytes_before(marks);
                break;
            }
            at += sizeof word;
        }
        while (at < end && *at != '"' && *at != '\\') {
            ++at;
        }
        if (at == end || *at == '"') {
            return at + (at < end);
        }
        at += end - at > 1 ? 2 : 1;
    }
}

static char *end_of_brackets(char *at, char *end)
{
    unsigned depth = 0;
    while (at < end) {
        char byte = *at++;
        if (byte == '"') {
            at = end_of_text(at, end);
        } else if (byte == '{' || byte == '[') {
            ++depth;
        } else if ((byte == '}' || byte == ']') && --depth == 0) {
            break;
        }
    }
    return at;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static char *end_of_value(char *at, char *end)
{
    if (*at == '"') {
        return end_of_text(at + 1, end);
    }
    if (*at == '{' || *at == '[') {
        return end_of_brackets(at, end);
    }
    while (at < end && *at >= '0' && *at <= '9') { /* mostly the whole number */
        ++at;
    }
    while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_blank(*at)) {
        ++at;
    }
    return at;
}

bool pv_json_span_next(struct pv_json_span *rest, struct pv_json_span *ret_value)
{
    char *at = rest->at;
    while (at < rest->end && (*at == ',' || *at == ':' || is_blank(*at))) {
        ++at;
    }
    if (at == rest->end || *at == '}' || *at == ']') {
        return false;
    }
    ret_value->at = at;
    ret_value->end = rest->at = end_of_value(at, rest->end);
    return true;
}

/* ---- values that are no texts ---- */

enum pv_json_kind pv_json_span_kind(const struct pv_json_span *value)
{
    uint64_t integer;
    switch (*value->at) {
    case '{':
        return PV_JSON_OBJECT;
    case '[':
        return PV_JSON_ARRAY;
    case '"':
        return PV_JSON_TEXT;
    case 't':
    case 'f':
        return PV_JSON_BOOL;
    case 'n':
        return PV_JSON_NULL;
    default:
        return pv_json_span_integer(value, &integer) ? PV_JSON_INTEGER : PV_JSON_NUMBER;
    }
}

bool pv_json_span_member(const struct pv_json_span *object, const char *key,
                         struct pv_json_span *ret_value)
{
    if (pv_json_span_kind(object) != PV_JSON_OBJECT) {
        return false;
    }
    struct pv_json_span rest = pv_json_span_inside(object), name, value;
    bool found = false;
    while (pv_json_span_next(&rest, &name) && pv_json_span_next(&rest, &value)) {
        if (pv_json_span_is(&name, key)) {
            *ret_value = value;
            found = true;
        }
    }
    return found;
}

bool pv_json_span_integer(const struct pv_json_span *value, uint64_t *ret_integer)
{
    bool negative = *value->at == '-';
    const char *at = value->at + negative;
    uint64_t integer = 0;
    for (; at < value->end && *at >= '0' && *at <= '9'; ++at) {
        integer = 10 * integer + (uint64_t)(*at - '0'); /* fits: the scan has checked it */
    }
    if (at != value->end || (negative && integer)) { /* -0 counts as 0 */
        return false;
    }
    *ret_integer = integer;
    return true;
}

bool pv_json_span_address(const struct pv_json_span *value, uint64_t *ret_addr)
{
    char room[32]; /* longer than any address */
    if (*value->at != '"') {
        return false;
    }
    const char *text = value->at + 1;
    size_t n = (size_t)(value->end - value->at) - 2;
    if (memchr(text, '\\', n)) {
        n = pv_json_span_bytes(value, room, sizeof room);
        text = room;
    }
    return pv_json_scan_address(text, n, ret_addr);
}

/* ---- texts ---- */

/* The value of the four digits of \uXXXX. */
static unsigned unit(const char *at)
{
    unsigned value = 0;
    for (int i = 2; i < 6; ++i) {
        value = value << 4 | (unsigned)pv_hex_digit(at[i]);
    }
    return value;
}

/* The character of the escape at *at, which moves behind it. A pair of surrogates is one
 * character. */
static unsigned take_escape(const char **at)
{
    static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
    const char *escape = *at;
    if (escape[1] != 'u') {
        const char *letter = strchr(letters, escape[1]);
        *at += 2;
        return (unsigned char)(letter ? controls[letter - letters] : escape[1]);
    }
    unsigned code = unit(escape);
    *at += 6;
    if (code < 0xd800 || code > 0xdfff) {
        return code;
    }
    *at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (unit(escape + 6) - 0xdc00);
}

static size_t put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; --i) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)((0xf00 >> n & 0xff) | code);
    return n;
}

size_t pv_json_span_bytes(const struct pv_json_span *text, char *out, size_t cap)
{
    const char *at = text->at + 1;
    const char *end = text->end - 1;
    size_t n = 0;
    while (at < end && cap - n >= CHARACTER_MAX) {
        if (*at == '\\') {
            n += put_utf8(out + n, take_escape(&at));
        } else {
            do { /* skip the rest of the character too */
                out[n++] = *at++;
            } while (at < end && ((unsigned char)*at & 0xc0) == 0x80);
        }
    }
    return n;
}

bool pv_json_span_is_text(const struct pv_json_span *value, const char *text)
{
    const char *at = value->at + 1;
    const char *end = value->end - 1;
    for (; at < end && *text; ++text) {
        if (*at == *text) {
            ++at;
        } else if (*at != '\\' || take_escape(&at) != (unsigned char)*text) {
            return false;
        }
    }
    return at == end && !*text;
}

size_t pv_json_span_clean(const struct pv_json_span *text, char *out, size_t cap)
{
    char bytes[ROOM];
    assert(cap <= PV_EVENT_NAME_MAX + 1);
    size_t n = (size_t)(text->end - text->at) - 2;
    if (!memchr(text->at + 1, '\\', n)) {
        return pv_text_clean(out, cap, text->at + 1, n);
    }
    return pv_text_clean(out, cap, bytes, pv_json_span_bytes(text, bytes, sizeof bytes));
}

const char *pv_json_span_borrow(const struct pv_json_span *text, char *room, size_t cap,
                                size_t *ret_n)
{
    char *begin = text->at + 1;
    char *end = text->end - 1;
    char *at = begin;
    while (at < end && *at >= ' ' && *at <= '~' && *at != '\\') {
        ++at;
    }
    if (at == end && (size_t)(end - begin) < cap) {
        *end = '\0';
        *ret_n = (size_t)(end - begin);
        return begin;
    }
    *ret_n = pv_json_span_clean(text, room, cap);
    return room;
}
