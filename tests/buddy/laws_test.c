/* SPDX-License-Identifier: MIT
 *
 * laws_test.c - a buddy's chunk that breaks a law is found out, by the law that it breaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inspect/rules.h"

enum { PAGE = 24, PAGES = 8, ROWS_MAX = 6 };

struct row {
    uint64_t page, n;
    bool used;
};

static const struct {
    const char *what;
    struct row rows[ROWS_MAX];
    uint64_t largest;
    bool lawful;
    enum pv_law law;
} cases[] = {
    {"sound", {{0, 1, true}, {1, 1, false}, {2, 2, false}, {4, 4, true}}, 2, true, 0},
    {"free neighbours that are no buddies",
     {{0, 2, true}, {2, 2, false}, {4, 4, false}},
     4,
     true,
     0},
    {"largest", {{0, 4, true}, {4, 4, false}}, 2, false, PV_LAW_B7},
    {"no power of two", {{0, 3, true}, {3, 1, true}, {4, 4, true}}, 0, false, PV_LAW_P3},
    {"not at its multiple",
     {{0, 1, true}, {1, 2, true}, {3, 1, true}, {4, 4, true}},
     0,
     false,
     PV_LAW_P3},
    {"outside", {{0, 8, true}, {8, 1, true}}, 0, false, PV_LAW_P4},
    {"gap", {{0, 2, true}, {4, 4, true}}, 0, false, PV_LAW_P7},
    {"overlap", {{0, 4, true}, {2, 2, true}, {4, 4, true}}, 0, false, PV_LAW_P7},
    {"ends early", {{0, 4, true}}, 0, false, PV_LAW_P7},
    {"free buddies", {{0, 4, true}, {4, 2, false}, {6, 2, false}}, 2, false, PV_LAW_P8},
};

static void test_laws(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pv_tags *tags;
        struct pv_snapshot *snapshot;
        assert_int_equal(pv_tags_open(&tags), 0);
        assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, &pv_layout_buddy, tags),
                         0);
        snapshot->page_bytes = PAGE;
        struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
        bucket->addr = 0x1000;
        bucket->n_pages = PAGES;
        bucket->largest = cases[i].largest * PAGE;
        for (size_t j = 0; j < ROWS_MAX && cases[i].rows[j].n; j++) {
            struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
            row->addr = 0x1000 + cases[i].rows[j].page * PAGE;
            row->size = cases[i].rows[j].n * PAGE;
            row->lflags = cases[i].rows[j].used;
        }
        pv_snapshot_count(snapshot);
        assert_int_equal(pv_rules_apply(snapshot), 0);
        if (cases[i].lawful != (snapshot->n_findings == 0) ||
            (!cases[i].lawful && snapshot->findings[0].law != cases[i].law)) {
            fail_msg("%s: %zu findings, %s", cases[i].what, snapshot->n_findings,
                     snapshot->n_findings ? snapshot->findings[0].text : "");
        }
        pv_snapshot_close(snapshot);
        pv_tags_close(tags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_laws)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
