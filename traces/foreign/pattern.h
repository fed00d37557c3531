/* SPDX-License-Identifier: MIT
 *
 * pattern.h - what a line looks like that somebody's own code printed, and what of it is what:
 *
 *   M {addr} {size} {name}
 *
 * Letters stand for themselves, a blank for one or more blanks or tabs, {{ for a brace. Internal
 * to traces/.
 */
#ifndef PV_PATTERN_H
#define PV_PATTERN_H

#include "traces/event.h"
#include "traces/lines.h"

enum pv_pattern_field {
    PV_FIELD_ADDR,     /* what a call answered; without a size: what is freed */
    PV_FIELD_FREE,     /* the address that is freed */
    PV_FIELD_OLD,      /* the address that is resized */
    PV_FIELD_SIZE,     /* bytes */
    PV_FIELD_COUNT,    /* so many times the size */
    PV_FIELD_ALIGN,    /* bytes */
    PV_FIELD_PFN,      /* number of a page of 4096 bytes: an address */
    PV_FIELD_ORDER,    /* 2^order pages: a size */
    PV_FIELD_PREVIOUS, /* no text: this line frees what the line before allocated */
    PV_FIELD_OP,       /* a word: malloc, free, realloc, … */
    PV_FIELD_THREAD,   /* a number */
    PV_FIELD_PROCESS,  /* a number */
    PV_FIELD_TIME,     /* seconds with a fraction; M:S, H:M:S */
    PV_FIELD_NS,       /* numbers */
    PV_FIELD_US,
    PV_FIELD_MS,
    PV_FIELD_NAME,   /* any text, up to what comes next */
    PV_FIELD_LEFT,   /* the same: the name of a call that is left out and counted */
    PV_FIELD_NUMBER, /* {#}: any number, not used */
    PV_FIELD_ANY,    /* {*}: any text, or none, not used */
    PV_N_FIELDS
};

/* How an address without 0x is read. By its looks, as one reads a log whose beginning one has
 * seen: as a hexadecimal number, unless pv_pattern_values.decimal is set. */
enum pv_pattern_base { PV_BASE_BY_LOOKS, PV_BASE_DECIMAL, PV_BASE_HEX };

enum { PV_PATTERN_PARTS = 40, PV_PATTERN_BYTES = 240 };

struct pv_pattern {
    enum pv_op op;   /* what its line is; PV_OP_MARK: nothing, or {op} says it */
    uint32_t fields; /* bit per enum pv_pattern_field */
    size_t n_parts;
    struct pv_pattern_part {
        enum { PV_PART_TEXT, PV_PART_BLANKS, PV_PART_FIELD } kind;
        uint8_t at, n; /* a text's place */
        uint8_t base;  /* enum pv_pattern_base, of an address: {addr:d}, {addr:x} */
        enum pv_pattern_field field;
    } parts[PV_PATTERN_PARTS];
    char text[PV_PATTERN_BYTES];
};

/* What a line that matched holds. */
struct pv_pattern_values {
    uint32_t has; /* bit per enum pv_pattern_field */
    bool decimal; /* set by the caller: addresses are, whose base the pattern does not say */
    enum pv_op op;
    enum pv_pattern_base looks[PV_N_FIELDS]; /* of the addresses that `has` has */
    uint64_t numbers[PV_N_FIELDS];           /* times are nanoseconds */
    struct pv_cursor name, left;             /* borrowed from the line */
};

/* NULL, or what is wrong with the pattern; *ret_at is how far into it. With `alone` the pattern
 * must say all that its call needs. */
const char *pv_pattern_read(struct pv_pattern *ret_pattern, struct pv_cursor text, bool alone,
                            size_t *ret_at);

/* Does the line begin like this? Takes what it matched. With `whole` nothing but blanks may
 * follow. Adds to *values. At most the line's length times the pattern's steps. */
bool pv_pattern_match(const struct pv_pattern *pattern, struct pv_cursor *line, bool whole,
                      struct pv_pattern_values *values);

/* A word for an operation at the cursor, as people write it: malloc, alloc, a, M, +, free, …;
 * takes it. */
bool pv_pattern_op(struct pv_cursor *cursor, enum pv_op *ret_op);

/* Which base do the digits at the cursor speak for? BY_LOOKS: none, or they begin with 0x. */
enum pv_pattern_base pv_pattern_looks(struct pv_cursor cursor);

/* An address, with 0x or a word for none, or in this base, of which BY_LOOKS is hexadecimal;
 * letters behind a decimal one are no address. A size, decimal or with 0x; a time in
 * seconds, M:S or H:M:S, as nanoseconds; and a time in units of `scale` nanoseconds, at most
 * 1,000,000, which may have a fraction. */
bool pv_pattern_address(struct pv_cursor *cursor, enum pv_pattern_base base, uint64_t *ret);
bool pv_pattern_number(struct pv_cursor *cursor, uint64_t *ret);
bool pv_pattern_time(struct pv_cursor *cursor, uint64_t *ret);
bool pv_pattern_scaled(struct pv_cursor *cursor, uint64_t scale, uint64_t *ret);

static inline bool pv_pattern_has(const struct pv_pattern_values *values,
                                  enum pv_pattern_field field)
{
    return values->has >> field & 1;
}

#endif
