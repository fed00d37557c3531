/* SPDX-License-Identifier: MIT
 *
 * rules.h - the one checker: a table of rules with the ids of the laws in layout.h.
 */
#ifndef PV_RULES_H
#define PV_RULES_H

#include "inspect/snapshot.h"

struct pv_rule {
    enum pv_law law;
    const char *id;      /* "B7" */
    const char *title;   /* one line: the law in words */
    const char *section; /* of the specification */
};

/* PV_N_LAWS rules, in the order of the laws. */
extern const struct pv_rule pv_rules[PV_N_LAWS];

/* Applies every rule that can be judged on the rows alone (the walk adds B1, B5, P1 and M1
 * itself where a list breaks) and appends to the findings. PV_ENOMEM. */
int pv_rules_apply(struct pv_snapshot *snapshot);

#endif
