/* SPDX-License-Identifier: MIT
 *
 * pattern.h - describes a line that somebody's own code printed, and the meaning of its parts:
 *
 *   M {addr} {size} {name}
 *
 * Letters stand for themselves, a blank for one or more blanks or tabs, {{ for a brace.
 * Internal to traces/.
 */
#ifndef PV_PATTERN_H
#define PV_PATTERN_H

#include "traces/event.h"
#include "traces/lines.h"

enum pv_pattern_field {
    PV_FIELD_ADDR,     /* the address that a call returned; without a size: the one freed */
    PV_FIELD_FREE,     /* the address that is freed */
    PV_FIELD_OLD,      /* the address that is resized */
    PV_FIELD_SIZE,     /* bytes */
    PV_FIELD_COUNT,    /* a factor of the size */
    PV_FIELD_ALIGN,    /* bytes */
    PV_FIELD_PFN,      /* number of a page of 4096 bytes; gives the address */
    PV_FIELD_ORDER,    /* 2^order pages; gives the size */
    PV_FIELD_PREVIOUS, /* no text: this line frees what the line before allocated */
    PV_FIELD_OP,       /* a word: malloc, free, realloc, … */
    PV_FIELD_THREAD,   /* a number */
    PV_FIELD_PROCESS,  /* a number */
    PV_FIELD_TIME,     /* seconds with a fraction; M:S, H:M:S */
    PV_FIELD_NS,       /* numbers */
    PV_FIELD_US,
    PV_FIELD_MS,
    PV_FIELD_NAME,   /* any text, up to what follows */
    PV_FIELD_LEFT,   /* the same: the name of a call that is left out and counted */
    PV_FIELD_NUMBER, /* {#}: any number, not used */
    PV_FIELD_ANY,    /* {*}: any text, or none, not used */
    PV_N_FIELDS
};

/* How an address without 0x is read. By its looks: as hexadecimal, unless the caller has set
 * pv_pattern_values.decimal after a look at the beginning of the log. */
enum pv_pattern_base { PV_BASE_BY_LOOKS, PV_BASE_DECIMAL, PV_BASE_HEX };

enum { PV_PATTERN_PARTS = 40, PV_PATTERN_BYTES = 240 };

struct pv_pattern {
    enum pv_op op;   /* the line's operation; PV_OP_MARK: none, or {op} gives it */
    uint32_t fields; /* one bit for each enum pv_pattern_field */
    size_t n_parts;
    struct pv_pattern_part {
        enum { PV_PART_TEXT, PV_PART_BLANKS, PV_PART_FIELD } kind;
        uint8_t at, n; /* of a text: position and length */
        uint8_t base;  /* of an address: enum pv_pattern_base; {addr:d}, {addr:x} */
        enum pv_pattern_field field;
    } parts[PV_PATTERN_PARTS];
    char text[PV_PATTERN_BYTES];
};

/* The values that a matching line holds. */
struct pv_pattern_values {
    uint32_t has; /* one bit for each enum pv_pattern_field */
    bool decimal; /* set by the caller: addresses without a base in the pattern are decimal */
    enum pv_op op;
    enum pv_pattern_base looks[PV_N_FIELDS]; /* of the addresses in `has` */
    uint64_t numbers[PV_N_FIELDS];           /* times are in nanoseconds */
    struct pv_cursor name, left;             /* borrowed from the line */
};

/* Compiles a pattern. Returns NULL, or what is wrong with it; *ret_at is how far into the
 * pattern. With `alone` the pattern must hold everything that its call needs. */
const char *pv_pattern_read(struct pv_pattern *ret_pattern, struct pv_cursor text, bool alone,
                            size_t *ret_at);

/* Does the line begin with the pattern? Takes what matched and adds to *values. With `whole`
 * only blanks may follow. Costs at most the line's length times the number of parts. */
bool pv_pattern_match(const struct pv_pattern *pattern, struct pv_cursor *line, bool whole,
                      struct pv_pattern_values *values);

/* Takes a word for an operation at the cursor, as people write it: malloc, alloc, a, M, +,
 * free, … */
bool pv_pattern_op(struct pv_cursor *cursor, enum pv_op *ret_op);

/* Which base do the digits at the cursor look like? BY_LOOKS: neither, or they have 0x. */
enum pv_pattern_base pv_pattern_looks(struct pv_cursor cursor);

/* Each takes a value. _address: with 0x, a word for NULL, or digits in this base (BY_LOOKS is
 * hexadecimal); letters behind a decimal one make it none. A size, decimal or with 0x. A time
 * in seconds, M:S or H:M:S, as nanoseconds; and a time in units of `scale` nanoseconds, at most
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
