/* SPDX-License-Identifier: MIT
 *
 * key_rows.h - the keys of the screen, a row each. A key does something because a row says so:
 * what it does, the list of `?`, the line of hints, `pebbleviz help keys` and the manual page are
 * made of these rows and of nothing else.
 */
#ifndef PV_KEY_ROWS_H
#define PV_KEY_ROWS_H

#include "viz/tui/model.h"

/* Who has the keys. */
enum pv_keys_where {
    PV_KEYS_PANES,
    PV_KEYS_SHEET,
    PV_KEYS_HELP,
    PV_KEYS_PROMPT,
    PV_KEYS_ANYWHERE
};

enum { PV_ROW_KEYS = 10, PV_ROW_NAMES = PV_ROW_KEYS * PV_KEY_NAME };

struct pv_key_row {
    enum pv_keys_where where;
    const char *group;          /* the heading that it stands under */
    uint32_t keys[PV_ROW_KEYS]; /* 0 ends them */
    uint32_t also[PV_ROW_KEYS]; /* do the same as one of `keys`; shown in brackets */
    const char *name;           /* shown in place of the keys, or where no key does it */
    /* 0, PV_MODEL_QUIT or PV_ENOMEM. Which of the row's keys it was is `key`. */
    int (*act)(struct pv_model *model, uint32_t key);
    const char *what;
    bool jumps;   /* u goes back to where it began */
    bool counts;  /* it makes the count of the next key */
    bool repeats; /* a count repeats it; otherwise `act` looks at the count itself */
    /* The word in the line of hints, in the order of `rank`, from 1; and those that stand there
     * first while playing, or while a search is on. */
    const char *hint;
    unsigned rank;
    const char *playing, *searching;
};

extern const struct pv_key_row pv_key_rows[];
extern const size_t pv_n_key_rows;

/* The row whose key it is where keys go to `where`, or NULL. */
const struct pv_key_row *pv_key_row_of(enum pv_keys_where where, uint32_t key);

/* "Home End": the names of a row's keys; buf has PV_ROW_NAMES bytes. Returns buf. */
const char *pv_key_row_names(char *buf, const uint32_t *keys);

#endif
