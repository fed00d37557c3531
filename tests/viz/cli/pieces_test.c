/* SPDX-License-Identifier: MIT
 *
 * pieces_test.c - the small pure pieces of the command line: units, tallies, which boxes a
 * picture shows, where FILE@EVENT is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/own.h"
#include "inspect/layout.h"
#include "viz/cli/target.h"
#include "viz/export/pick.h"
#include "viz/text/tally.h"
#include "viz/text/units.h"

static void sizes_are_written(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {10234, "9.99 KiB"}, /* 9.994 */
        {10235, "10.0 KiB"}, /* 9.9951 */
        {54016, "52.8 KiB"}, /* 52.75: half is rounded up */
        {54015, "52.7 KiB"},
        {102348, "99.9 KiB"}, /* 99.949 */
        {102349, "100 KiB"},  /* 99.950, and the tenth has no room */
        {1048063, "1023 KiB"},
        {1048064, "1.00 MiB"}, /* 1023.5 KiB */
        {UINT64_C(1) << 20, "1.00 MiB"},
        {UINT64_C(3450000), "3.29 MiB"},
        {(UINT64_C(1) << 50) * 171 + (UINT64_C(1) << 49), "172 PiB"},
        {(UINT64_C(1) << 60) / 1000 * 1234, "1.23 EiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    char buf[PV_UNIT_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(pv_units_bytes(buf, rows[i].bytes), rows[i].text);
    }
    assert_string_equal(pv_units_change(buf, 5, 5), "0 B");
    assert_string_equal(pv_units_change(buf, 5, 1541), "+1.50 KiB");
    assert_string_equal(pv_units_change(buf, 1541, 5), "-1.50 KiB");
    assert_string_equal(pv_units_count(buf, 0), "0");
    assert_string_equal(pv_units_count(buf, 999), "999");
    assert_string_equal(pv_units_count(buf, 1000), "1,000");
    assert_string_equal(pv_units_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(pv_units_of(buf, 0, "block"), "0 blocks");
    assert_string_equal(pv_units_of(buf, 1, "block"), "1 block");
    assert_string_equal(pv_units_of(buf, 1000, "block"), "1,000 blocks");
    assert_string_equal(pv_units_of(buf, 1, "process"), "1 process");
    assert_string_equal(pv_units_of(buf, 2, "process"), "2 processes");
    assert_string_equal(pv_units_of(buf, UINT64_MAX, "other block"),
                        "18,446,744,073,709,551,615 other blocks");
    assert_string_equal(pv_units_percent(buf, 0.1234), "12.3 %");
}

static void sizes_are_read(void **state)
{
    (void)state;
    uint64_t n = 0;
    assert_true(pv_units_parse("64K", &n));
    assert_int_equal(n, 65536);
    assert_true(pv_units_parse("3G", &n));
    assert_int_equal(n, UINT64_C(3) << 30);
    assert_true(pv_units_parse("18446744073709551615", &n));
    assert_true(n == UINT64_MAX);
    static const char *const bad[] = {"",
                                      "K",
                                      "-1",
                                      "1T",
                                      "1KK",
                                      " 1",
                                      "1 ",
                                      "0x10",
                                      "1.5K",
                                      "18446744073709551616",
                                      "17179869184G"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(pv_units_parse(bad[i], &n));
    }
}

static struct pv_snapshot *many(struct pv_tags *tags, size_t n)
{
    struct pv_snapshot *snapshot = NULL;
    assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, &pv_layout_fysos, tags), 0);
    struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
    assert_non_null(bucket);
    bucket->addr = 0x1000;
    for (size_t i = 0; i < n; i++) {
        struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
        assert_non_null(row);
        row->addr = 0x1030 + i * 144;
        row->size = i == 700 ? 6400 : 64;
        row->requested = PV_UNKNOWN;
        row->lflags = i % 10 != 0;
        row->tag = (uint32_t)(i % 3);
    }
    pv_snapshot_count(snapshot);
    return snapshot;
}

static void tags_are_ranked(void **state)
{
    (void)state;
    struct pv_tags *tags = NULL;
    uint32_t tag = 0;
    assert_int_equal(pv_tags_open(&tags), 0);
    assert_int_equal(pv_tags_add(tags, "b", &tag), 0);
    assert_int_equal(pv_tags_add(tags, "a", &tag), 0);
    struct pv_tally tally = {0};
    assert_int_equal(pv_tally_add(&tally, 2, 10), 0);
    assert_int_equal(pv_tally_add(&tally, 1, 10), 0);
    assert_int_equal(pv_tally_add(&tally, 1, UINT64_MAX), 0);
    pv_tally_rank(&tally, tags);
    assert_int_equal(tally.n, 2);
    assert_string_equal(tally.rows[0].text, "b");
    assert_true(tally.rows[0].bytes == UINT64_MAX);
    assert_int_equal(tally.rows[0].blocks, 2);
    assert_string_equal(tally.rows[1].text, "a");
    pv_tally_fini(&tally);
    pv_tags_close(tags);
}

/* However the pebbles are picked, each is in one box, and the boxes are in order. */
static void boxes_cover_all(void **state)
{
    (void)state;
    struct pv_tags *tags = NULL;
    assert_int_equal(pv_tags_open(&tags), 0);
    static const size_t counts[] = {0, 1, 2, 500, 501, 2000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct pv_snapshot *snapshot = many(tags, counts[i]);
        struct pv_pick pick;
        assert_int_equal(pv_pick_init(&pick, snapshot, 500, false), 0);
        size_t at = 0;
        size_t n_boxes = 0;
        bool largest_alone = false;
        while (at < counts[i]) {
            struct pv_pick_item item = pv_pick_next(&pick, at, counts[i]);
            assert_int_equal(item.first, at);
            assert_true(item.n >= 1 && at + item.n <= counts[i]);
            largest_alone = largest_alone || (item.first == 700 && item.n == 1);
            at += item.n;
            n_boxes++;
        }
        if (counts[i] <= 500) {
            assert_int_equal(n_boxes, counts[i]);
        } else {
            assert_true(n_boxes < 250);
        }
        assert_true(counts[i] <= 700 || largest_alone);
        pv_pick_fini(&pick);
        pv_snapshot_close(snapshot);
    }
    pv_tags_close(tags);
}

static void moments_are_cut_off(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path, *moment;
    } rows[] = {
        {"-@7", "-", "7"},
        {"-", "-", NULL},
        {"/@start", "/", "start"},
        {"no/such@file@mark:a@b", "no/such@file", "mark:a@b"},
        {"no/such@5", "no/such", "5"},
        {"no/such@host.json", "no/such@host.json", NULL},
        {"no/such@", "no/such@", NULL},
        {"@5", "@5", NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = NULL;
        const char *moment = NULL;
        assert_int_equal(pv_target_split(rows[i].text, &path, &moment), 0);
        assert_string_equal(path, rows[i].path);
        if (rows[i].moment) {
            assert_non_null(moment);
            assert_string_equal(moment, rows[i].moment);
        } else {
            assert_null(moment);
        }
        pv_own_free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_written),   cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(tags_are_ranked),     cmocka_unit_test(boxes_cover_all),
        cmocka_unit_test(moments_are_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
