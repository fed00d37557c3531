/* SPDX-License-Identifier: MIT
 *
 * same.h - asserts that two snapshots show the same catalog, field by field.
 */
#ifndef PV_TESTS_SAME_H
#define PV_TESTS_SAME_H

#include "inspect/snapshot.h"

/* All but the source. */
static inline void assert_same_catalog(const struct pv_snapshot *a, const struct pv_snapshot *b)
{
    assert_int_equal(a->n_buckets, b->n_buckets);
    assert_int_equal(a->n_pebbles, b->n_pebbles);
    for (size_t i = 0; i < a->n_buckets; i++) {
        assert_memory_equal(&a->buckets[i], &b->buckets[i], sizeof a->buckets[i]);
    }
    for (size_t i = 0; i < a->n_pebbles; i++) {
        struct pv_pebble_row row = a->pebbles[i];
        row.tag = b->pebbles[i].tag;
        assert_memory_equal(&row, &b->pebbles[i], sizeof row);
        assert_string_equal(pv_tags_text(a->tags, a->pebbles[i].tag),
                            pv_tags_text(b->tags, b->pebbles[i].tag));
    }
    assert_memory_equal(&a->totals, &b->totals, sizeof a->totals);
}

#endif
