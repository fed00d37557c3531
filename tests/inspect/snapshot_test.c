/* SPDX-License-Identifier: MIT
 *
 * snapshot_test.c - rows, sums, findings, and which pebble holds an address.
 */
#include "image.h"

#include <string.h>

#include "core/status.h"
#include "tests/support/own_failing.h"

static struct pv_tags *tags;

static struct pv_snapshot *open_snapshot(void)
{
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_tags_open(&tags), 0);
    assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, &pv_layout_fysos, tags), 0);
    return snapshot;
}

static void close_snapshot(struct pv_snapshot *snapshot)
{
    pv_snapshot_close(snapshot);
    pv_tags_close(tags);
}

static void add_bucket(struct pv_snapshot *snapshot, uint64_t addr, uint64_t n_pages)
{
    struct pv_bucket_row *row = pv_snapshot_add_bucket(snapshot);
    assert_non_null(row);
    row->addr = addr;
    row->n_pages = n_pages;
}

static void add_pebble(struct pv_snapshot *snapshot, uint64_t addr, uint64_t size, bool used,
                       uint64_t requested)
{
    struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
    assert_non_null(row);
    row->addr = addr;
    row->size = size;
    row->lflags = used;
    row->requested = requested;
}

static void test_an_empty_one(void **state)
{
    (void)state;
    struct pv_snapshot *snapshot = open_snapshot();
    assert_int_equal(snapshot->source, PV_SNAPSHOT_LOG);
    assert_int_equal(snapshot->bucket_bytes, 48);
    assert_int_equal(snapshot->pebble_bytes, pv_layout_fysos.pebble_bytes);
    assert_int_equal(snapshot->page_bytes, 4096);
    assert_ptr_equal(snapshot->tags, tags);
    pv_snapshot_count(snapshot);
    static const struct pv_totals nothing = {0};
    assert_memory_equal(&snapshot->totals, &nothing, sizeof nothing);
    assert_true(pv_snapshot_find(snapshot, 0) == SIZE_MAX);
    close_snapshot(snapshot);
    pv_snapshot_close(NULL);
}

static void test_rows_and_sums(void **state)
{
    (void)state;
    struct pv_snapshot *snapshot = open_snapshot();
    add_bucket(snapshot, 0x10000, 3);
    add_pebble(snapshot, 0x10030, 128, true, 100);
    add_pebble(snapshot, 0x10100, 64, true, PV_UNKNOWN);
    add_pebble(snapshot, 0x10190, 640, false, PV_UNKNOWN);
    add_bucket(snapshot, 0x20000, 1);
    add_pebble(snapshot, 0x20030, 320, false, PV_UNKNOWN);
    add_pebble(snapshot, 0x201C0, 64, true, 0);
    assert_int_equal(snapshot->buckets[0].first_pebble, 0);
    assert_int_equal(snapshot->buckets[0].n_pebbles, 3);
    assert_int_equal(snapshot->buckets[1].first_pebble, 3);
    assert_int_equal(snapshot->buckets[1].n_pebbles, 2);
    assert_int_equal(snapshot->pebbles[2].bucket, 0);
    assert_int_equal(snapshot->pebbles[3].bucket, 1);
    pv_snapshot_count(snapshot);
    const struct pv_totals *totals = &snapshot->totals;
    assert_int_equal(totals->n_buckets, 2);
    assert_int_equal(totals->n_used, 3);
    assert_int_equal(totals->n_free, 2);
    assert_int_equal(totals->requested_bytes, 100 + 64 + 0);
    assert_int_equal(totals->used_bytes, 128 + 64 + 64);
    assert_int_equal(totals->free_bytes, 640 + 320);
    assert_int_equal(totals->largest_free_bytes, 640);
    assert_int_equal(totals->header_bytes, 2 * 48 + 5 * pv_layout_fysos.pebble_bytes);
    assert_int_equal(totals->heap_bytes, 4 * 4096);
    close_snapshot(snapshot);
}

static void test_sums_that_do_not_fit(void **state)
{
    (void)state;
    struct pv_snapshot *snapshot = open_snapshot();
    add_bucket(snapshot, 0, UINT64_MAX);
    add_bucket(snapshot, 0, 1);
    add_pebble(snapshot, 0, UINT64_MAX - 1, true, PV_UNKNOWN);
    add_pebble(snapshot, 0, UINT64_MAX - 1, true, PV_UNKNOWN);
    add_pebble(snapshot, 0, UINT64_MAX, false, PV_UNKNOWN);
    add_pebble(snapshot, 0, 64, false, PV_UNKNOWN);
    pv_snapshot_count(snapshot);
    assert_true(snapshot->totals.heap_bytes == UINT64_MAX);
    assert_true(snapshot->totals.used_bytes == UINT64_MAX);
    assert_true(snapshot->totals.requested_bytes == UINT64_MAX);
    assert_true(snapshot->totals.free_bytes == UINT64_MAX);
    assert_true(snapshot->totals.largest_free_bytes == UINT64_MAX);
    close_snapshot(snapshot);
}

/* Every address of a range of rows, against the plain search. */
static void expect_find(const struct pv_snapshot *snapshot, uint64_t from, uint64_t to)
{
    for (uint64_t addr = from; addr <= to; addr++) {
        size_t wanted = SIZE_MAX;
        for (size_t i = 0; i < snapshot->n_pebbles && wanted == SIZE_MAX; i++) {
            const struct pv_pebble_row *row = &snapshot->pebbles[i];
            if (addr >= row->addr && addr < row->addr + snapshot->pebble_bytes + row->size) {
                wanted = i;
            }
        }
        if (pv_snapshot_find(snapshot, addr) != wanted) {
            fail_msg("address 0x%llx", (unsigned long long)addr);
        }
    }
}

static void test_find(void **state)
{
    (void)state;
    struct pv_snapshot *snapshot = open_snapshot();
    add_bucket(snapshot, 0x1000, 1);
    add_pebble(snapshot, 0x1030, 64, true, PV_UNKNOWN);
    add_pebble(snapshot, 0x1100, 128, false, PV_UNKNOWN); /* a gap before it */
    add_bucket(snapshot, 0x2000, 1);
    add_bucket(snapshot, 0x3000, 1);
    add_pebble(snapshot, 0x3030, 64, true, PV_UNKNOWN);
    pv_snapshot_count(snapshot);
    assert_true(snapshot->buckets_ordered && snapshot->pebbles_ordered);
    expect_find(snapshot, 0xF00, 0x3200);
    assert_true(pv_snapshot_find(snapshot, 0) == SIZE_MAX);
    assert_true(pv_snapshot_find(snapshot, UINT64_MAX) == SIZE_MAX);
    add_pebble(snapshot, 0x3000, 16, true, PV_UNKNOWN);
    pv_snapshot_count(snapshot);
    assert_true(snapshot->buckets_ordered && !snapshot->pebbles_ordered);
    expect_find(snapshot, 0xF00, 0x3200);
    add_bucket(snapshot, 0x800, 1);
    add_pebble(snapshot, 0x830, 64, true, PV_UNKNOWN);
    pv_snapshot_count(snapshot);
    assert_false(snapshot->buckets_ordered);
    expect_find(snapshot, 0x700, 0x3200);
    close_snapshot(snapshot);
}

static void test_findings(void **state)
{
    (void)state;
    struct pv_snapshot *snapshot = open_snapshot();
    uint32_t tag;
    assert_int_equal(pv_tags_add(tags, "net", &tag), 0);
    add_bucket(snapshot, 0x1000, 1);
    add_pebble(snapshot, 0x1030, 64, true, PV_UNKNOWN);
    snapshot->pebbles[0].tag = tag;
    assert_int_equal(pv_snapshot_add_finding(snapshot, PV_LAW_P3, 0, 0, 0x1030, "size %d", 7),
                     0);
    assert_int_equal(
        pv_snapshot_add_finding(snapshot, PV_LAW_B7, 0, SIZE_MAX, 0x1000, "%s", "x"), 0);
    assert_int_equal(snapshot->n_findings, 2);
    assert_int_equal(snapshot->findings[0].law, PV_LAW_P3);
    assert_int_equal(snapshot->findings[0].addr, 0x1030);
    assert_int_equal(snapshot->findings[0].tag, tag);
    assert_string_equal(snapshot->findings[0].text, "size 7");
    assert_true(snapshot->findings[1].pebble == SIZE_MAX);
    assert_int_equal(snapshot->findings[1].tag, 0);
    /* Longer than there is room for: cut between two characters. */
    char longer[600];
    for (size_t i = 0; i + 3 < sizeof longer; i += 3) {
        memcpy(longer + i, "\xE2\x82\xAC", 3);
    }
    longer[sizeof longer - 3] = '\0';
    assert_int_equal(pv_snapshot_add_finding(snapshot, PV_LAW_P1, 0, SIZE_MAX, 0, "%s", longer),
                     0);
    assert_int_equal(strlen(snapshot->findings[2].text), (PV_FINDING_TEXT - 1) / 3 * 3);
    for (unsigned i = 3; i < PV_FINDINGS_MAX + 5; i++) {
        assert_int_equal(pv_snapshot_add_finding(snapshot, PV_LAW_P1, 0, SIZE_MAX, i, "%u", i),
                         0);
    }
    assert_int_equal(snapshot->n_findings, PV_FINDINGS_MAX);
    assert_int_equal(snapshot->n_findings_more, 5);
    assert_string_equal(snapshot->findings[PV_FINDINGS_MAX - 1].text, "999");
    close_snapshot(snapshot);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct pv_snapshot *snapshot = NULL;
    assert_int_equal(pv_tags_open(&tags), 0);
    own_fail_at(1, false);
    assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, &pv_layout_fysos, tags),
                     PV_ENOMEM);
    assert_null(snapshot);
    assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, &pv_layout_fysos, tags), 0);
    own_fail_at(1, false);
    assert_null(pv_snapshot_add_bucket(snapshot));
    assert_int_equal(snapshot->n_buckets, 0);
    add_bucket(snapshot, 0x1000, 1);
    own_fail_at(1, false);
    assert_null(pv_snapshot_add_pebble(snapshot));
    assert_int_equal(snapshot->n_pebbles, 0);
    assert_int_equal(snapshot->buckets[0].n_pebbles, 0);
    own_fail_at(1, false);
    assert_int_equal(pv_snapshot_add_finding(snapshot, PV_LAW_P1, 0, 0, 0, "x"), PV_ENOMEM);
    assert_int_equal(snapshot->n_findings, 0);
    own_fail_at(1, false);
    assert_int_equal(pv_snapshot_add_break(snapshot, 0, 0), PV_ENOMEM);
    assert_int_equal(snapshot->n_breaks, 0);
    own_fail_at(0, false);
    close_snapshot(snapshot);
    assert_int_equal(own_n_live(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_one),
        cmocka_unit_test(test_rows_and_sums),
        cmocka_unit_test(test_sums_that_do_not_fit),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("inspect/snapshot", tests, NULL, NULL);
}
