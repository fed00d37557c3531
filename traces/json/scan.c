/* SPDX-License-Identifier: MIT
 *
 * scan.c - one pass over a value's bytes. A small state machine knows what may come next. A
 * text that is cut can be resumed in its middle; numbers and literals, which are short, are
 * scanned anew. About 1 ns a byte.
 */
#include "traces/json/scan.h"

#include <string.h>

enum state {
    ANY_VALUE, /* the beginning, and after a colon */
    FIRST_KEY, /* after { */
    NEXT_KEY,  /* after a comma in an object */
    COLON,
    FIRST_ELEMENT, /* after [ */
    NEXT_ELEMENT,  /* after a comma in an array */
    AFTER_VALUE,
    IN_TEXT
};

/* The result of scanning a token: it is complete, cut by the end of the input, or wrong. */
enum token { WHOLE, CUT, WRONG };

struct cursor {
    struct pv_json_scan *scan;
    const unsigned char *text;
    size_t n;
    bool last;
};

static enum token wrong(struct pv_json_scan *scan, const char *error)
{
    scan->error = error;
    return WRONG;
}

int pv_utf8_length(const unsigned char *text, size_t n)
{
    unsigned char c = text[0];
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte, RFC 3629 */
    int length;
    if (c < 0x80) {
        return 1;
    } else if (c >= 0xc2 && c <= 0xdf) {
        length = 2;
    } else if (c >= 0xe0 && c <= 0xef) {
        length = 3;
        low = c == 0xe0 ? 0xa0 : low;
        high = c == 0xed ? 0x9f : high;
    } else if (c >= 0xf0 && c <= 0xf4) {
        length = 4;
        low = c == 0xf0 ? 0x90 : low;
        high = c == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    for (int i = 1; i < length; ++i) {
        if ((size_t)i >= n) {
            return -1;
        }
        if (text[i] < low || text[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

int pv_hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

bool pv_json_scan_address(const char *text, size_t n, uint64_t *ret_addr)
{
    if (n < 3 || n > 18 || text[0] != '0' || text[1] != 'x') {
        return false;
    }
    uint64_t addr = 0;
    for (size_t i = 2; i < n; ++i) {
        int digit = pv_hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        addr = addr << 4 | (unsigned)digit;
    }
    *ret_addr = addr;
    return true;
}

/* Scans \uXXXX at p: WHOLE with its value, CUT or WRONG. */
static enum token scan_unit(struct pv_json_scan *scan, const unsigned char *p, size_t n,
                            unsigned *ret_unit)
{
    unsigned unit = 0;
    for (size_t i = 2; i < 6; ++i) {
        if (i >= n) {
            return CUT;
        }
        int digit = pv_hex_digit((char)p[i]);
        if (digit < 0) {
            return wrong(scan, "\\u wants four hexadecimal digits");
        }
        unit = unit << 4 | (unsigned)digit;
    }
    *ret_unit = unit;
    return WHOLE;
}

/* Scans an escape at p; *ret_length is its length when WHOLE. */
static enum token scan_escape(struct pv_json_scan *scan, const unsigned char *p, size_t n,
                              size_t *ret_length)
{
    if (n < 2) {
        return CUT;
    }
    if (p[1] != 'u') {
        *ret_length = 2;
        return p[1] && strchr("\"\\/bfnrt", p[1])
                   ? WHOLE
                   : wrong(scan, "JSON knows no such escape in a text");
    }
    unsigned unit;
    enum token token = scan_unit(scan, p, n, &unit);
    if (token != WHOLE) {
        return token;
    }
    *ret_length = 6;
    if (!unit && scan->key) {
        return wrong(scan, "a key holds the character U+0000");
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return WHOLE;
    }
    static const char lone[] = "half of a surrogate pair stands alone";
    if (unit >= 0xdc00 || (n > 6 && p[6] != '\\') || (n > 7 && p[7] != 'u')) {
        return wrong(scan, lone);
    }
    if (n < 8) {
        return CUT;
    }
    token = scan_unit(scan, p + 6, n - 6, &unit);
    if (token == WHOLE && (unit < 0xdc00 || unit > 0xdfff)) {
        return wrong(scan, lone);
    }
    *ret_length = 12;
    return token;
}

/* Passes over plain text eight bytes at a time, up to a quote, a backslash, a control character
 * or a byte that is not ASCII, or up to a few bytes before. (Only the first mark of a word is
 * exact; a borrow may have set those behind it.) */
static size_t skip_plain(const struct cursor *c, size_t at)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    while (c->n - at >= sizeof ones) {
        uint64_t word;
        memcpy(&word, c->text + at, sizeof word);
        uint64_t quote = (word ^ ones * '"') - ones;
        uint64_t backslash = (word ^ ones * '\\') - ones;
        uint64_t marks = (word | (word - ones * ' ') | quote | backslash) & ones * 0x80;
        if (marks) {
            return at + pv_bytes_before(marks);
        }
        at += sizeof word;
    }
    return at;
}

/* Scans the inside of a text and its closing quote. `at` moves over all that is complete. */
static enum token scan_text(struct cursor *c)
{
    struct pv_json_scan *scan = c->scan;
    size_t at = scan->at;
    for (;;) {
        at = skip_plain(c, at);
        while (at < c->n && c->text[at] >= 0x20 && c->text[at] < 0x80 && c->text[at] != '"' &&
               c->text[at] != '\\') {
            ++at;
        }
        scan->at = at;
        if (at == c->n) {
            return CUT;
        }
        const unsigned char *p = c->text + at;
        if (*p == '"') {
            ++scan->at;
            return WHOLE;
        }
        if (*p == '\\') {
            size_t length;
            enum token token = scan_escape(scan, p, c->n - at, &length);
            if (token != WHOLE) {
                return token;
            }
            at += length;
        } else if (*p < 0x20) {
            return wrong(scan, *p == '\n'
                                   ? "the line ends inside a text"
                                   : "a control character stands in a text without an escape");
        } else {
            int length = pv_utf8_length(p, c->n - at);
            if (length < 0) {
                return CUT;
            }
            if (!length) {
                return wrong(scan, "a text is not valid UTF-8");
            }
            at += (size_t)length;
        }
    }
}

/* Is the whole number of n digits, without a leading zero, beyond the limit? */
static bool is_beyond(const unsigned char *digits, size_t n, bool negative)
{
    const char *greatest = negative ? "9223372036854775808" : "18446744073709551615";
    size_t n_greatest = strlen(greatest);
    return n > n_greatest || (n == n_greatest && memcmp(digits, greatest, n) > 0);
}

static const char no_number[] = "this is no number of JSON";

/* Takes at least one digit from *at on; *at becomes one past the last. */
static enum token scan_digits(struct cursor *c, size_t *at)
{
    size_t from = *at;
    size_t end = from;
    while (end < c->n && c->text[end] >= '0' && c->text[end] <= '9') {
        ++end;
    }
    *at = end;
    if (end == from) {
        return end == c->n ? CUT : wrong(c->scan, no_number);
    }
    return WHOLE;
}

static bool ends_number(unsigned char byte)
{
    return byte == ',' || byte == '}' || byte == ']' || byte == ' ' || byte == '\t' ||
           byte == '\r' || byte == '\n';
}

/* Scans the number from *end on; *end becomes one past it, or where the input was cut. */
static enum token scan_number_at(struct cursor *c, size_t *end)
{
    bool negative = c->text[*end] == '-';
    bool whole = true;
    size_t first = *end += negative;
    enum token token = scan_digits(c, end);
    size_t n_digits = *end - first;
    if (token == WHOLE && c->text[first] == '0' && n_digits > 1) {
        return wrong(c->scan, no_number);
    }
    if (token == WHOLE && *end < c->n && c->text[*end] == '.') {
        whole = false;
        ++*end;
        token = scan_digits(c, end);
    }
    if (token == WHOLE && *end < c->n && (c->text[*end] | 0x20) == 'e') {
        whole = false;
        ++*end;
        *end += *end < c->n && (c->text[*end] == '+' || c->text[*end] == '-');
        token = scan_digits(c, end);
    }
    if (token != WHOLE) {
        return token;
    }
    if (*end == c->n) {
        token = c->last ? WHOLE : CUT;
    } else if (!ends_number(c->text[*end])) {
        return wrong(c->scan, no_number);
    }
    if (whole && token == WHOLE && is_beyond(c->text + first, n_digits, negative)) {
        return wrong(c->scan, "a whole number does not fit in 64 bits");
    }
    return token;
}

static enum token scan_number(struct cursor *c)
{
    size_t end = c->scan->at;
    enum token token = scan_number_at(c, &end);
    if (end - c->scan->at > PV_JSON_NUMBER_MAX) {
        return wrong(c->scan, "a number has more than 1024 characters");
    }
    if (token == WHOLE) {
        c->scan->at = end;
    }
    return token;
}

static enum token scan_word(struct cursor *c, const char *word)
{
    size_t n_word = strlen(word);
    size_t n_here = c->n - c->scan->at;
    size_t n = n_here < n_word ? n_here : n_word;
    if (memcmp(c->text + c->scan->at, word, n) != 0) {
        return wrong(c->scan, "a value is expected here");
    }
    if (n < n_word) {
        return CUT;
    }
    c->scan->at += n;
    return WHOLE;
}

static enum token open_bracket(struct pv_json_scan *scan, bool object)
{
    if (scan->depth == PV_JSON_DEPTH_MAX) {
        return wrong(scan, "the nesting is deeper than 32 levels");
    }
    uint32_t bit = UINT32_C(1) << scan->depth;
    scan->in_object = object ? scan->in_object | bit : scan->in_object & ~bit;
    ++scan->depth;
    ++scan->at;
    scan->state = object ? FIRST_KEY : FIRST_ELEMENT;
    return WHOLE;
}

static void close_bracket(struct pv_json_scan *scan)
{
    --scan->depth;
    ++scan->at;
    scan->state = AFTER_VALUE;
}

/* Goes on inside a text. Takes the colon behind a key too, when it is there. */
static enum token go_on_text(struct cursor *c)
{
    struct pv_json_scan *scan = c->scan;
    enum token token = scan_text(c);
    if (token != WHOLE) {
        return token;
    }
    scan->state = scan->key ? COLON : AFTER_VALUE;
    if (scan->key && scan->at < c->n && c->text[scan->at] == ':') {
        ++scan->at;
        scan->state = ANY_VALUE;
    }
    return WHOLE;
}

static enum token begin_text(struct cursor *c, bool key)
{
    ++c->scan->at;
    c->scan->key = key;
    c->scan->state = IN_TEXT;
    return go_on_text(c);
}

static enum token scan_value(struct cursor *c)
{
    struct pv_json_scan *scan = c->scan;
    enum token token;
    switch (c->text[scan->at]) {
    case '{':
        return open_bracket(scan, true);
    case '[':
        return open_bracket(scan, false);
    case '"':
        return begin_text(c, false);
    case 't':
        token = scan_word(c, "true");
        break;
    case 'f':
        token = scan_word(c, "false");
        break;
    case 'n':
        token = scan_word(c, "null");
        break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        token = scan_number(c);
        break;
    default:
        return wrong(scan, "a value is expected here");
    }
    if (token == WHOLE) {
        scan->state = AFTER_VALUE;
    }
    return token;
}

static enum token scan_after_value(struct cursor *c)
{
    struct pv_json_scan *scan = c->scan;
    bool object = scan->in_object >> (scan->depth - 1) & 1;
    unsigned char byte = c->text[scan->at];
    if (byte == ',') {
        ++scan->at;
        scan->state = object ? NEXT_KEY : NEXT_ELEMENT;
        return WHOLE;
    }
    if (byte != (object ? '}' : ']')) {
        return wrong(scan, object ? "a comma or } is expected here"
                                  : "a comma or ] is expected here");
    }
    close_bracket(scan);
    return WHOLE;
}

static enum token scan_token(struct cursor *c)
{
    struct pv_json_scan *scan = c->scan;
    unsigned char byte = c->text[scan->at];
    switch ((enum state)scan->state) {
    case FIRST_KEY:
        if (byte == '}') {
            close_bracket(scan);
            return WHOLE;
        }
        __attribute__((fallthrough));
    case NEXT_KEY:
        return byte == '"' ? begin_text(c, true)
                           : wrong(scan, "a key in double quotes is expected here");
    case COLON:
        if (byte != ':') {
            return wrong(scan, "a colon is expected after a key");
        }
        ++scan->at;
        scan->state = ANY_VALUE;
        return WHOLE;
    case FIRST_ELEMENT:
        if (byte == ']') {
            close_bracket(scan);
            return WHOLE;
        }
        return scan_value(c);
    case IN_TEXT:
        return go_on_text(c);
    case AFTER_VALUE:
        return scan_after_value(c);
    case ANY_VALUE:
    case NEXT_ELEMENT:
        break;
    }
    return scan_value(c);
}

void pv_json_scan_blanks(struct pv_json_scan *scan, const char *text, size_t n)
{
    size_t at = scan->at;
    for (; at < n; ++at) {
        if (text[at] == '\n') {
            ++scan->n_lines;
            scan->line_start = scan->base + at + 1;
        } else if (text[at] != ' ' && text[at] != '\t' && text[at] != '\r') {
            break;
        }
    }
    scan->at = at;
}

enum pv_scan_answer pv_json_scan(struct pv_json_scan *scan, const char *text, size_t n,
                                 bool last)
{
    struct cursor c = {scan, (const unsigned char *)text, n, last};
    for (;;) {
        if (scan->state == AFTER_VALUE && !scan->depth) {
            scan->state = ANY_VALUE;
            return PV_SCAN_DONE;
        }
        if (scan->state != IN_TEXT && scan->at < n && c.text[scan->at] <= ' ') {
            struct pv_json_scan before = *scan;
            pv_json_scan_blanks(scan, text, n);
            if (scan->one_line && scan->n_lines > before.n_lines) {
                *scan = before; /* the place is on the line that ended too early */
                scan->error = "the line ends inside a value";
                return PV_SCAN_BAD;
            }
        }
        if (scan->at == n) {
            return PV_SCAN_MORE;
        }
        enum token token = scan_token(&c);
        if (token != WHOLE) {
            return token == CUT ? PV_SCAN_MORE : PV_SCAN_BAD;
        }
    }
}
