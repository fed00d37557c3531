/* SPDX-License-Identifier: MIT
 *
 * printed.h - reads a call in the form calloc(4, 25) = 0x4A420F0, as Valgrind, ltrace and
 * Mozilla's logalloc print it. Internal to traces/foreign/.
 */
#ifndef PV_PRINTED_H
#define PV_PRINTED_H

#include "traces/grammar.h"

enum { PV_PRINTED_ARGUMENTS = 3 };

struct pv_printed {
    enum pv_call_form form;
    struct pv_cursor name;
    unsigned n; /* number of arguments; the values are those of the first few */
    uint64_t arguments[PV_PRINTED_ARGUMENTS];
    bool is_number[PV_PRINTED_ARGUMENTS]; /* false: it cannot be read as a number */
    bool has_text, text_is_whole;         /* the first argument is a text, shown whole or cut */
    uint64_t text_n;                      /* its length, as far as it is shown */
};

enum pv_printed_end {
    PV_PRINTED_NONE, /* no call for memory is here; nothing is taken */
    PV_PRINTED_WHOLE,
    PV_PRINTED_OPEN /* the arguments are broken off at the cursor */
};

enum pv_printed_end pv_printed_take(struct pv_cursor *cursor, struct pv_printed *ret);

/* "= 0x10" with blanks before it. `is_number` false: it is no number. */
struct pv_printed_result {
    bool is_number;
    uint64_t value;
};

bool pv_printed_take_result(struct pv_cursor *cursor, struct pv_printed_result *ret);

/* Takes a number, an address, a slot (#3), -1, or one of the words for NULL. */
bool pv_printed_take_value(struct pv_cursor *cursor, uint64_t *ret);

/* Fills in everything but the result (for a free, its address too). false: an argument is
 * missing or unreadable, or the size is unknown. *ret_guessed: the size is only a lower or an
 * upper bound. */
bool pv_printed_fill(const struct pv_printed *printed, struct pv_call *call, bool *ret_guessed);

#endif
