/* SPDX-License-Identifier: MIT
 *
 * text.c - foreign text, cleaned once, at the door.
 *
 * One pass, a character at a time: decode strictly, replace what must not reach an output, copy
 * the rest as it is. Cleaning clean text changes nothing, so a text may pass the door twice.
 * It is not an escaper: quotes, '<' and '\' are left to the writer of each format.
 *
 * Cost: a few comparisons a byte, no memory.
 */
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    REPLACEMENT = 0xFFFD,
    CONTROL_PICTURES = 0x2400, /* U+2400 + c pictures the control c */
    DELETE = 0x7F,
    DELETE_PICTURE = 0x2421,
    MAX_CODE_POINT = 0x10FFFF,
};

/* Length of the valid character at `in`, or 0 when its first byte begins none. The ranges of
 * the second byte exclude overlong forms, surrogates and what is beyond U+10FFFF (Unicode,
 * Table 3-7). */
static size_t decode(const unsigned char *in, size_t n, uint32_t *ret_code)
{
    unsigned char lead = in[0];
    if (lead < 0x80) {
        *ret_code = lead;
        return 1;
    }
    size_t length;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
    } else {
        return 0;
    }
    if (n < length) {
        return 0;
    }
    uint32_t code = lead & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((in[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (in[i] & 0x3FU);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > MAX_CODE_POINT || (code >= 0xD800 && code <= 0xDFFF)) {
        return 0;
    }
    *ret_code = code;
    return length;
}

/* Characters that are valid but change how what stands around them looks, or show nothing. */
static bool is_hidden(uint32_t code)
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {
        {0x80, 0x9F},       /* C1 controls */
        {0xAD, 0xAD},       /* soft hyphen */
        {0x34F, 0x34F},     /* combining grapheme joiner */
        {0x61C, 0x61C},     /* Arabic letter mark */
        {0x115F, 0x1160},   /* Hangul fillers */
        {0x17B4, 0x17B5},   /* Khmer inherent vowels */
        {0x180B, 0x180F},   /* Mongolian selectors and vowel separator */
        {0x200B, 0x200F},   /* zero width; left-to-right and right-to-left marks */
        {0x2028, 0x202E},   /* line and paragraph separators; embeddings and overrides */
        {0x2060, 0x206F},   /* word joiner, invisible operators, isolates, old controls */
        {0x2800, 0x2800},   /* Braille blank */
        {0x3164, 0x3164},   /* Hangul filler */
        {0xFDD0, 0xFDEF},   /* non-characters */
        {0xFE00, 0xFE0F},   /* variation selectors */
        {0xFEFF, 0xFEFF},   /* byte order mark */
        {0xFFA0, 0xFFA0},   /* half-width Hangul filler */
        {0xFFF0, 0xFFFB},   /* unassigned and ignorable; annotation marks */
        {0x1BCA0, 0x1BCA3}, /* shorthand controls */
        {0x1D173, 0x1D17A}, /* musical controls */
        {0xE0000, 0xE0FFF}, /* tags, more variation selectors: all ignorable */
    };
    if ((code & 0xFFFE) == 0xFFFE) { /* the last two of every plane: non-characters */
        return true;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code >= ranges[i].from && code <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

static uint32_t clean(uint32_t code)
{
    if (code < 0x20) {
        return CONTROL_PICTURES + code;
    }
    if (code == DELETE) {
        return DELETE_PICTURE;
    }
    return code >= 0x80 && is_hidden(code) ? REPLACEMENT : code;
}

static size_t encode(unsigned char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (unsigned char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (unsigned char)((0xF00U >> length & 0xFF) | code);
    return length;
}

size_t pv_text_clean(char *out, size_t cap, const char *in, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)in;
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        uint32_t code;
        size_t taken = decode(bytes + i, n - i, &code);
        if (taken == 0) {
            code = REPLACEMENT;
            taken = 1;
        }
        unsigned char character[4];
        size_t length = encode(character, clean(code));
        if (length >= cap - used) {
            break;
        }
        for (size_t j = 0; j < length; j++) {
            out[used + j] = (char)character[j];
        }
        used += length;
        i += taken;
    }
    out[used] = '\0';
    return used;
}

size_t pv_text_prefix(const char *text, size_t n, size_t max)
{
    if (n <= max) {
        return n;
    }
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80) {
        max--;
    }
    return max;
}
