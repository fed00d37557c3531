/* SPDX-License-Identifier: MIT
 *
 * out.c - writes JSON text piece by piece, through a function. It allocates nothing and does
 * not depend on the locale.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "traces/json/scan.h"
#include "traces/json/value.h"

enum { DEPTH_MAX = 63 };

static void put(struct pv_json_out *out, const char *bytes, size_t n)
{
    if (!out->status && n) {
        out->status = out->write(out->ctx, bytes, n);
    }
}

static void put_line(struct pv_json_out *out)
{
    static const char blanks[] = "\n                                ";
    out->line_due = false;
    unsigned n = out->indent;
    put(out, blanks, 1);
    for (; n > sizeof blanks - 2; n -= sizeof blanks - 2) {
        put(out, blanks + 1, sizeof blanks - 2);
    }
    put(out, blanks + 1, n);
}

/* Writes what must stand between the last thing written and the next key or value. */
static void before(struct pv_json_out *out)
{
    uint64_t bit = UINT64_C(1) << out->depth;
    if (out->after_key) {
        out->after_key = false;
        return;
    }
    if (out->depth && out->has_element & bit) {
        put(out, ", ", out->compact || out->line_due ? 1 : 2);
    }
    out->has_element |= bit;
    if (out->line_due) {
        put_line(out);
    }
}

void pv_json_begin(struct pv_json_out *out, char bracket)
{
    assert(out->depth < DEPTH_MAX);
    before(out);
    put(out, &bracket, 1);
    ++out->depth;
    out->has_element &= ~(UINT64_C(1) << out->depth);
}

void pv_json_end(struct pv_json_out *out, char bracket)
{
    assert(out->depth && !out->after_key);
    if (out->line_due) {
        put_line(out);
    }
    --out->depth;
    put(out, &bracket, 1);
}

static void put_quoted(struct pv_json_out *out, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    const char *from = text;
    const char *end = text + strlen(text);
    put(out, "\"", 1);
    while (text < end) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            ++text;
            continue;
        }
        int length = pv_utf8_length((const unsigned char *)text, (size_t)(end - text));
        if (length > 1) {
            text += length;
            continue;
        }
        put(out, from, (size_t)(text - from));
        if (length < 1) {
            put(out, "\xef\xbf\xbd", 3);
        } else if (c < 0x20) {
            const char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            put(out, escape, sizeof escape);
        } else {
            const char escape[] = {'\\', (char)c};
            put(out, escape, sizeof escape);
        }
        from = ++text;
    }
    put(out, from, (size_t)(text - from));
    put(out, "\"", 1);
}

void pv_json_key(struct pv_json_out *out, const char *key)
{
    assert(out->depth && !out->after_key);
    before(out);
    put_quoted(out, key);
    put(out, ": ", out->compact ? 1 : 2);
    out->after_key = true;
}

void pv_json_put_integer(struct pv_json_out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    before(out);
    put(out, digits + at, sizeof digits - at);
}

void pv_json_put_real(struct pv_json_out *out, double value)
{
    if (!isfinite(value)) {
        pv_json_put_null(out);
        return;
    }
    char text[40];
    for (int precision = 1; precision <= 17; ++precision) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    /* A locale may have a decimal point of its own, of more than one byte too. */
    char clean[48];
    size_t n = 0;
    bool real = false;
    for (const char *p = text; *p; ++p) {
        if (strchr("+-0123456789e", *p)) {
            clean[n++] = *p;
            real = real || *p == 'e';
        } else if (!n || clean[n - 1] != '.') {
            clean[n++] = '.';
            real = true;
        }
    }
    before(out);
    put(out, clean, n);
    put(out, ".0", real ? 0 : 2);
}

void pv_json_put_bool(struct pv_json_out *out, bool value)
{
    before(out);
    put(out, value ? "true" : "false", value ? 4 : 5);
}

void pv_json_put_text(struct pv_json_out *out, const char *text)
{
    before(out);
    put_quoted(out, text);
}

void pv_json_put_address(struct pv_json_out *out, uint64_t addr)
{
    static const char hex[] = "0123456789abcdef";
    char text[20];
    size_t at = sizeof text;
    text[--at] = '"';
    do {
        text[--at] = hex[addr & 15];
        addr >>= 4;
    } while (addr);
    text[--at] = 'x';
    text[--at] = '0';
    text[--at] = '"';
    before(out);
    put(out, text + at, sizeof text - at);
}

void pv_json_put_null(struct pv_json_out *out)
{
    before(out);
    put(out, "null", 4);
}

void pv_json_newline(struct pv_json_out *out, unsigned indent)
{
    out->indent = indent;
    out->line_due = out->depth > 0;
    if (!out->depth) {
        put(out, "\n", 1);
    }
}

int pv_json_to_file(void *ctx, const char *bytes, size_t n)
{
    return fwrite(bytes, 1, n, ctx) == n ? PV_OK : PV_EIO;
}
