/* SPDX-License-Identifier: MIT
 *
 * pattern.c - a pattern is a list of parts, which are matched one after the other. Where one
 * does not match, the newest part that takes any text takes one byte more. Parts before that
 * one need no second try: they took the shortest text that fits.
 */
#include "traces/foreign/pattern.h"

#include <ctype.h>
#include <string.h>

enum {
    ANY_NUMBER_BYTES = 24, /* of a number; longer ones do not match */
    FRACTION_DIGITS = 9,
    MS_NS = 1000000,
    US_NS = 1000
};

#define BIT(field) (UINT32_C(1) << (field))
#define SECOND_NS  UINT64_C(1000000000)
#define REPEATABLE (BIT(PV_FIELD_NUMBER) | BIT(PV_FIELD_ANY))
#define TIMES      (BIT(PV_FIELD_TIME) | BIT(PV_FIELD_NS) | BIT(PV_FIELD_US) | BIT(PV_FIELD_MS))
#define ANSWERS    (BIT(PV_FIELD_ADDR) | BIT(PV_FIELD_PFN))
#define SIZES      (BIT(PV_FIELD_SIZE) | BIT(PV_FIELD_ORDER))
#define FREES      (BIT(PV_FIELD_FREE) | BIT(PV_FIELD_PREVIOUS))
#define ADDRESSES  (BIT(PV_FIELD_ADDR) | BIT(PV_FIELD_FREE) | BIT(PV_FIELD_OLD))

static const char *const field_names[PV_N_FIELDS] = {
    [PV_FIELD_ADDR] = "addr", [PV_FIELD_FREE] = "free",     [PV_FIELD_OLD] = "old",
    [PV_FIELD_SIZE] = "size", [PV_FIELD_COUNT] = "count",   [PV_FIELD_ALIGN] = "align",
    [PV_FIELD_PFN] = "pfn",   [PV_FIELD_ORDER] = "order",   [PV_FIELD_PREVIOUS] = "previous",
    [PV_FIELD_OP] = "op",     [PV_FIELD_THREAD] = "thread", [PV_FIELD_PROCESS] = "process",
    [PV_FIELD_TIME] = "time", [PV_FIELD_NS] = "ns",         [PV_FIELD_US] = "us",
    [PV_FIELD_MS] = "ms",     [PV_FIELD_NAME] = "name",     [PV_FIELD_LEFT] = "left",
    [PV_FIELD_NUMBER] = "#",  [PV_FIELD_ANY] = "*",
};

/* ---- compiling a pattern ---- */

static bool takes_any(const struct pv_pattern_part *part)
{
    return part->kind == PV_PART_FIELD &&
           (part->field == PV_FIELD_ANY || part->field == PV_FIELD_NAME ||
            part->field == PV_FIELD_LEFT);
}

static bool find_field(struct pv_cursor name, enum pv_pattern_field *ret)
{
    size_t n = (size_t)(name.end - name.at);
    for (unsigned i = 0; i < PV_N_FIELDS; ++i) {
        if (strlen(field_names[i]) == n && memcmp(field_names[i], name.at, n) == 0) {
            *ret = (enum pv_pattern_field)i;
            return true;
        }
    }
    return false;
}

/* The operation that the fields imply. */
static enum pv_op op_of(uint32_t fields)
{
    if (fields & (BIT(PV_FIELD_OP) | BIT(PV_FIELD_LEFT))) {
        return PV_OP_MARK;
    }
    if (fields & FREES) {
        return PV_OP_FREE;
    }
    if (fields & BIT(PV_FIELD_OLD)) {
        return PV_OP_REALLOC;
    }
    if (!(fields & SIZES)) {
        return fields & ANSWERS ? PV_OP_FREE : PV_OP_MARK;
    }
    return fields & BIT(PV_FIELD_COUNT)   ? PV_OP_CALLOC
           : fields & BIT(PV_FIELD_ALIGN) ? PV_OP_ALIGNED
                                          : PV_OP_MALLOC;
}

static const char *judge(const struct pv_pattern *pattern)
{
    uint32_t fields = pattern->fields;
    bool allocates = pattern->op != PV_OP_FREE && pattern->op != PV_OP_MARK;
    if ((fields & TIMES) & ((fields & TIMES) - 1)) {
        return "a line has one time";
    }
    if (fields & BIT(PV_FIELD_OP) && !(fields & (ANSWERS | FREES))) {
        return "{op} wants an {addr}";
    }
    if (allocates && !(fields & ANSWERS)) {
        return "an allocation wants an {addr}";
    }
    return allocates && !(fields & SIZES) ? "an allocation wants a {size}" : NULL;
}

/* Does the text before end with 0x? Then the field has hexadecimal digits only. */
static bool follows_0x(const struct pv_pattern *pattern)
{
    const struct pv_pattern_part *last =
        pattern->n_parts ? &pattern->parts[pattern->n_parts - 1] : NULL;
    if (!last || last->kind != PV_PART_TEXT || last->n < 2) {
        return false;
    }
    const char *end = pattern->text + last->at + last->n;
    return end[-2] == '0' && (end[-1] == 'x' || end[-1] == 'X');
}

/* Reads {field}, after its brace. */
static const char *read_field(struct pv_pattern *pattern, struct pv_cursor *text)
{
    const char *end = memchr(text->at, '}', (size_t)(text->end - text->at));
    enum pv_pattern_field field;
    if (!end) {
        return "a { wants a }; a brace itself is {{";
    }
    struct pv_cursor name = {.at = text->at, .end = end};
    bool based = end - text->at > 2 && end[-2] == ':' && (end[-1] == 'x' || end[-1] == 'd');
    name.end -= based ? 2 : 0;
    if (!find_field(name, &field)) {
        return "there is no field of this name";
    }
    if (pattern->fields & BIT(field) & ~REPEATABLE) {
        return "this field stands twice";
    }
    bool is_address = BIT(field) & ADDRESSES;
    if (based && !is_address) {
        return "only an address may have :x or :d";
    }
    bool after_0x = is_address && follows_0x(pattern);
    pattern->fields |= BIT(field);
    pattern->parts[pattern->n_parts++] = (struct pv_pattern_part){
        .kind = PV_PART_FIELD,
        .field = field,
        .base = after_0x ? PV_BASE_HEX
                : !based ? PV_BASE_BY_LOOKS
                         : (name.end[1] == 'd' ? PV_BASE_DECIMAL : PV_BASE_HEX)};
    text->at = end + 1;
    return NULL;
}

static void read_text(struct pv_pattern *pattern, char byte, size_t *n_text)
{
    struct pv_pattern_part *last =
        pattern->n_parts ? &pattern->parts[pattern->n_parts - 1] : NULL;
    if (!last || last->kind != PV_PART_TEXT) {
        last = &pattern->parts[pattern->n_parts++];
        *last = (struct pv_pattern_part){.kind = PV_PART_TEXT, .at = (uint8_t)*n_text};
    }
    pattern->text[(*n_text)++] = byte;
    last->n++;
}

const char *pv_pattern_read(struct pv_pattern *ret_pattern, struct pv_cursor text, bool alone,
                            size_t *ret_at)
{
    const char *begin = text.at;
    const char *wrong = NULL;
    size_t n_text = 0;
    *ret_pattern = (struct pv_pattern){.n_parts = 0};
    pv_cursor_blanks(&text);
    while (!wrong && !pv_cursor_done(&text)) {
        *ret_at = (size_t)(text.at - begin);
        if (ret_pattern->n_parts == PV_PATTERN_PARTS || n_text == PV_PATTERN_BYTES) {
            return "the pattern is too long";
        }
        const char *at = text.at;
        pv_cursor_blanks(&text);
        if (text.at > at) {
            ret_pattern->parts[ret_pattern->n_parts++] =
                (struct pv_pattern_part){.kind = PV_PART_BLANKS};
        } else if (!pv_cursor_word(&text, "{{") && pv_cursor_byte(&text, '{')) {
            wrong = read_field(ret_pattern, &text);
        } else {
            read_text(ret_pattern, *at, &n_text);
            text.at = text.at > at ? text.at : at + 1;
        }
    }
    ret_pattern->op = op_of(ret_pattern->fields);
    return wrong || !alone ? wrong : judge(ret_pattern);
}

/* ---- matching a line ---- */

bool pv_pattern_op(struct pv_cursor *cursor, enum pv_op *ret_op)
{
    static const struct {
        const char *word;
        enum pv_op op;
    } words[] = {
        {"malloc", PV_OP_MALLOC},    {"alloc", PV_OP_MALLOC},
        {"allocate", PV_OP_MALLOC},  {"allocation", PV_OP_MALLOC},
        {"new", PV_OP_MALLOC},       {"m", PV_OP_MALLOC},
        {"a", PV_OP_MALLOC},         {"calloc", PV_OP_CALLOC},
        {"c", PV_OP_CALLOC},         {"realloc", PV_OP_REALLOC},
        {"resize", PV_OP_REALLOC},   {"reallocate", PV_OP_REALLOC},
        {"r", PV_OP_REALLOC},        {"free", PV_OP_FREE},
        {"f", PV_OP_FREE},           {"d", PV_OP_FREE},
        {"delete", PV_OP_FREE},      {"dealloc", PV_OP_FREE},
        {"deallocate", PV_OP_FREE},  {"release", PV_OP_FREE},
        {"aligned", PV_OP_ALIGNED},  {"aligned_alloc", PV_OP_ALIGNED},
        {"memalign", PV_OP_ALIGNED}, {"posix_memalign", PV_OP_ALIGNED},
        {"kmalloc", PV_OP_MALLOC},   {"kzalloc", PV_OP_MALLOC},
        {"kfree", PV_OP_FREE},       {"vmalloc", PV_OP_MALLOC},
        {"vfree", PV_OP_FREE},       {"pvportmalloc", PV_OP_MALLOC},
        {"vportfree", PV_OP_FREE},
    };
    if (cursor->at < cursor->end && (*cursor->at == '+' || *cursor->at == '-')) {
        *ret_op = *cursor->at++ == '+' ? PV_OP_MALLOC : PV_OP_FREE;
        return true;
    }
    char word[16];
    size_t n = 0;
    const char *at = cursor->at;
    for (; at < cursor->end && n < sizeof word - 1; ++at) {
        char byte = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
        if (byte != '_' && (byte < 'a' || byte > 'z')) {
            break;
        }
        word[n++] = byte;
    }
    word[n] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i) {
        if (strcmp(words[i].word, word) == 0) {
            *ret_op = words[i].op;
            cursor->at = at;
            pv_cursor_word(cursor, "[]"); /* new[], delete[] */
            return true;
        }
    }
    return false;
}

/* Bounds the cursor, so that a line of many digits is not scanned to its end at each byte. */
static struct pv_cursor bounded(const struct pv_cursor *cursor)
{
    struct pv_cursor part = *cursor;
    if (part.end - part.at > ANY_NUMBER_BYTES) {
        part.end = part.at + ANY_NUMBER_BYTES;
    }
    return part;
}

static bool take(struct pv_cursor *cursor, const struct pv_cursor *part)
{
    cursor->at = part->at;
    return true;
}

enum pv_pattern_base pv_pattern_looks(struct pv_cursor cursor)
{
    const char *at = cursor.at;
    uint64_t value;
    bool letters = false;
    if (pv_cursor_address(&cursor, &value)) {
        return PV_BASE_BY_LOOKS;
    }
    for (; at < cursor.end && isxdigit((unsigned char)*at); ++at) {
        letters |= *at > '9';
    }
    bool padded = at - cursor.at > 1 && *cursor.at == '0';
    return at == cursor.at     ? PV_BASE_BY_LOOKS
           : letters || padded ? PV_BASE_HEX
                               : PV_BASE_DECIMAL;
}

/* Takes a decimal number, unless it is the beginning of a hexadecimal one. */
static bool take_decimal(struct pv_cursor *cursor, uint64_t *ret)
{
    return pv_cursor_decimal(cursor, ret) &&
           (pv_cursor_done(cursor) || !isxdigit((unsigned char)*cursor->at));
}

bool pv_pattern_address(struct pv_cursor *cursor, enum pv_pattern_base base, uint64_t *ret)
{
    static const char *const nothing[] = {"(nil)", "nil", "(null)", "null", "NULL", "<nil>"};
    struct pv_cursor part = bounded(cursor);
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; ++i) {
        if (pv_cursor_word(&part, nothing[i])) {
            *ret = 0;
            return take(cursor, &part);
        }
    }
    bool is = pv_cursor_address(&part, ret) ||
              (base == PV_BASE_DECIMAL ? take_decimal(&part, ret) : pv_cursor_hex(&part, ret));
    return is && take(cursor, &part);
}

bool pv_pattern_number(struct pv_cursor *cursor, uint64_t *ret)
{
    struct pv_cursor part = bounded(cursor);
    return (pv_cursor_address(&part, ret) || pv_cursor_decimal(&part, ret)) &&
           take(cursor, &part);
}

static uint64_t take_fraction(struct pv_cursor *cursor)
{
    uint64_t ns = 0;
    unsigned n = 0;
    struct pv_cursor part = bounded(cursor);
    for (; part.at < part.end && *part.at >= '0' && *part.at <= '9'; ++part.at, ++n) {
        ns = n < FRACTION_DIGITS ? 10 * ns + (uint64_t)(*part.at - '0') : ns;
    }
    for (; n < FRACTION_DIGITS; ++n) {
        ns *= 10;
    }
    cursor->at = part.at;
    return ns;
}

bool pv_pattern_time(struct pv_cursor *cursor, uint64_t *ret)
{
    enum { SIXTY = 60, COLONS = 2 };
    struct pv_cursor part = *cursor;
    struct pv_cursor piece = bounded(&part);
    uint64_t seconds;
    if (!pv_cursor_decimal(&piece, &seconds)) {
        return false;
    }
    part.at = piece.at;
    for (unsigned i = 0; i < COLONS; ++i) {
        struct pv_cursor next = part;
        uint64_t more;
        if (!pv_cursor_byte(&next, ':')) {
            break;
        }
        piece = bounded(&next);
        if (!pv_cursor_decimal(&piece, &more) || more >= SIXTY) {
            break;
        }
        if (seconds > UINT64_MAX / SIXTY - 1) {
            return false;
        }
        seconds = SIXTY * seconds + more;
        part.at = piece.at;
    }
    if (seconds > UINT64_MAX / SECOND_NS - 1) {
        return false;
    }
    uint64_t ns = 0;
    struct pv_cursor fraction = part;
    if ((pv_cursor_byte(&fraction, '.') || pv_cursor_byte(&fraction, ',')) &&
        fraction.at < fraction.end && *fraction.at >= '0' && *fraction.at <= '9') {
        ns = take_fraction(&fraction);
        part.at = fraction.at;
    }
    *ret = seconds * SECOND_NS + ns;
    return take(cursor, &part);
}

bool pv_pattern_scaled(struct pv_cursor *cursor, uint64_t scale, uint64_t *ret)
{
    struct pv_cursor part = bounded(cursor);
    if (!pv_cursor_decimal(&part, ret) || *ret > UINT64_MAX / scale - 1) {
        return false;
    }
    *ret *= scale;
    struct pv_cursor fraction = part;
    if (pv_cursor_byte(&fraction, '.') && fraction.at < fraction.end && *fraction.at >= '0' &&
        *fraction.at <= '9') {
        *ret += take_fraction(&fraction) * scale / SECOND_NS;
        part.at = fraction.at;
    }
    return take(cursor, &part);
}

static bool take_field(const struct pv_pattern_part *part, struct pv_cursor *line,
                       struct pv_pattern_values *values)
{
    enum pv_pattern_field field = part->field;
    enum pv_pattern_base base = part->base        ? part->base
                                : values->decimal ? PV_BASE_DECIMAL
                                                  : PV_BASE_HEX;
    enum { PAGE = 4096, ORDER_MOST = 50 };
    uint64_t *number = &values->numbers[field];
    switch (field) {
    case PV_FIELD_ADDR:
    case PV_FIELD_FREE:
    case PV_FIELD_OLD:
        values->looks[field] = part->base ? PV_BASE_BY_LOOKS : pv_pattern_looks(*line);
        return pv_pattern_address(line, base, number);
    case PV_FIELD_OP:
        return pv_pattern_op(line, &values->op);
    case PV_FIELD_TIME:
        return pv_pattern_time(line, number);
    case PV_FIELD_NS:
        return pv_pattern_scaled(line, 1, number);
    case PV_FIELD_US:
        return pv_pattern_scaled(line, US_NS, number);
    case PV_FIELD_MS:
        return pv_pattern_scaled(line, MS_NS, number);
    case PV_FIELD_PREVIOUS:
        return true;
    case PV_FIELD_PFN:
        if (!pv_pattern_number(line, number) || *number > UINT64_MAX / PAGE) {
            return false;
        }
        *number *= PAGE;
        return true;
    case PV_FIELD_ORDER:
        if (!pv_pattern_number(line, number) || *number > ORDER_MOST) {
            return false;
        }
        *number = (uint64_t)PAGE << *number;
        return true;
    default:
        return pv_pattern_number(line, number);
    }
}

/* Skips the blanks that printf puts before a number with a width. */
static void pass_padding(enum pv_pattern_field field, struct pv_cursor *line)
{
    struct pv_cursor part = bounded(line);
    pv_cursor_blanks(&part);
    if (field != PV_FIELD_PREVIOUS) {
        line->at = part.at;
    }
}

static bool take_part(const struct pv_pattern *pattern, const struct pv_pattern_part *part,
                      struct pv_cursor *line, struct pv_pattern_values *values)
{
    if (part->kind == PV_PART_BLANKS) {
        const char *at = line->at;
        pv_cursor_blanks(line);
        return line->at > at;
    }
    if (part->kind == PV_PART_FIELD) {
        pass_padding(part->field, line);
        bool is = take_field(part, line, values);
        values->has |= is ? BIT(part->field) : 0;
        return is;
    }
    bool is = part->n <= line->end - line->at &&
              memcmp(line->at, pattern->text + part->at, part->n) == 0;
    line->at += is ? part->n : 0;
    return is;
}

/* The newest part that takes any text, for backtracking. */
struct any {
    const struct pv_pattern_part *part; /* NULL: none so far */
    const char *at, *end;               /* what it takes at present */
    uint32_t has;                       /* fields found before it */
};

/* Lets it take one byte more, or as many as the next part needs to begin. */
static bool widen(const struct pv_pattern *pattern, struct any *any, const char *end)
{
    if (!any->part || any->end == end) {
        return false;
    }
    ++any->end;
    const struct pv_pattern_part *next = any->part + 1;
    if (next < pattern->parts + pattern->n_parts && next->kind == PV_PART_TEXT) {
        any->end = any->end < end
                       ? memchr(any->end, pattern->text[next->at], (size_t)(end - any->end))
                       : NULL;
    }
    return any->end;
}

static void keep(const struct any *any, struct pv_pattern_values *values)
{
    struct pv_cursor text = {.at = any->at, .end = any->end};
    while (text.end > text.at && (text.end[-1] == ' ' || text.end[-1] == '\t')) {
        --text.end;
    }
    if (any->part->field == PV_FIELD_NAME) {
        values->name = text;
    } else if (any->part->field == PV_FIELD_LEFT) {
        values->left = text;
    }
    values->has = any->has | BIT(any->part->field);
}

bool pv_pattern_match(const struct pv_pattern *pattern, struct pv_cursor *line, bool whole,
                      struct pv_pattern_values *values)
{
    const struct pv_pattern_part *part = pattern->parts;
    const struct pv_pattern_part *end = part + pattern->n_parts;
    struct pv_cursor at = *line;
    struct any any = {.part = NULL};
    for (;;) {
        bool fits = part < end;
        if (fits && takes_any(part)) {
            any = (struct any){.part = part, .at = at.at, .end = at.at, .has = values->has};
            if (part + 1 == end && whole) {
                any.end = at.end; /* nothing follows: it takes the rest of the line */
            }
            keep(&any, values);
            at.at = any.end;
            ++part;
            continue;
        }
        if (fits) {
            fits = take_part(pattern, part, &at, values);
            ++part;
        } else {
            struct pv_cursor rest = at;
            pv_cursor_blanks(&rest);
            if (!whole || pv_cursor_done(&rest)) {
                break;
            }
        }
        if (!fits) {
            if (!widen(pattern, &any, line->end)) {
                return false;
            }
            keep(&any, values);
            at.at = any.end;
            part = any.part + 1;
        }
    }
    *line = at;
    return true;
}
