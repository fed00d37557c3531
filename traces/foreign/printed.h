/* SPDX-License-Identifier: MIT
 *
 * printed.h - a call as a programmer would write it, calloc(4, 25) = 0x4A420F0, which is how
 * Valgrind, ltrace and Mozilla's logalloc print it. Internal to traces/foreign/.
 */
#ifndef PV_PRINTED_H
#define PV_PRINTED_H

#include "traces/grammar.h"

enum { PV_PRINTED_ARGUMENTS = 3 };

struct pv_printed {
    enum pv_call_form form;
    struct pv_cursor name;
    unsigned n; /* arguments that stand there; values of the first few */
    uint64_t arguments[PV_PRINTED_ARGUMENTS];
    bool is_number[PV_PRINTED_ARGUMENTS]; /* else it cannot be read */
    bool has_text, text_is_whole;         /* the first argument is a text */
    uint64_t text_n;                      /* of so many bytes, that are shown */
};

enum pv_printed_end {
    PV_PRINTED_NONE, /* no call for memory stands here; nothing is taken */
    PV_PRINTED_WHOLE,
    PV_PRINTED_OPEN /* the arguments break off; the cursor is where they do */
};

enum pv_printed_end pv_printed_take(struct pv_cursor *cursor, struct pv_printed *ret);

/* "= 0x10" with blanks before it. `is_number` false: what stands there is none. */
struct pv_printed_result {
    bool is_number;
    uint64_t value;
};

bool pv_printed_take_result(struct pv_cursor *cursor, struct pv_printed_result *ret);

/* A number, an address, a slot (#3), -1, or one of the words for nothing. */
bool pv_printed_take_value(struct pv_cursor *cursor, uint64_t *ret);

/* Fills in all but the result and, of a free, what is freed as the address. false: an argument
 * is missing or cannot be read, or the size is not told. *ret_guessed: the size is the least,
 * or the most, that it can be. */
bool pv_printed_fill(const struct pv_printed *printed, struct pv_call *call, bool *ret_guessed);

#endif
