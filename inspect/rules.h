/* SPDX-License-Identifier: MIT
 *
 * rules.h - the one checker: applies the laws of laws.h, and lists them.
 *
 * One cause should be one finding: where a size is unlawful (P3, P4) its consequences for the
 * tiling (P7) are not told again, and nothing is concluded across a place where a list broke.
 */
#ifndef PV_RULES_H
#define PV_RULES_H

#include "inspect/snapshot.h"

struct pv_rule {
    const char *id;      /* "B7" */
    const char *title;   /* one line: the law in words */
    const char *section; /* of the specification */
};

/* By `enum pv_law`. */
extern const struct pv_rule pv_rules[PV_N_LAWS];

/* Applies every rule that can be judged on the rows and appends to the findings, bucket by
 * bucket in list order. Which laws are judged depends on the source: all for memory and log,
 * but that a walk has already told where a list breaks (B1, B5, B6, P1, P5, M1); for a catalog
 * file not those about magic, parent, previous and next. O(n log n) in buckets, O(n) in
 * pebbles. Of a buddy's chunk B7, P3, P4, P7 and P8 are judged. PV_ENOMEM. */
int pv_rules_apply(struct pv_snapshot *snapshot);

/* Sets the suspect of each finding about a header: the used pebble that ends where the header
 * begins, for what overruns it overwrites this header first. Where that pebble is itself the
 * subject of a finding, the overrun came from in front of it. pv_rules_apply calls it; who adds
 * findings later calls it again. O(n) in pebbles if there are findings. PV_ENOMEM. */
int pv_rules_suspect(struct pv_snapshot *snapshot);

#endif
