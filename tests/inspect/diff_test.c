/* SPDX-License-Identifier: MIT
 *
 * diff_test.c - what came, went, moved, was resized, and stayed, in snapshots made by hand.
 */
#include "image.h"

#include <inttypes.h>
#include <string.h>

#include "core/status.h"
#include "inspect/diff.h"
#include "tests/support/own_failing.h"
#include "tests/support/random.h"

/* One side: a bucket, and pebbles as they are added. */
struct side {
    struct pv_tags *tags;
    struct pv_snapshot *snapshot;
};

static void open_side(struct side *side)
{
    assert_int_equal(pv_tags_open(&side->tags), 0);
    assert_int_equal(
        pv_snapshot_open(&side->snapshot, PV_SNAPSHOT_LOG, &pv_layout_fysos, side->tags), 0);
    assert_non_null(pv_snapshot_add_bucket(side->snapshot));
}

static void close_side(struct side *side)
{
    pv_snapshot_close(side->snapshot);
    pv_tags_close(side->tags);
}

static void add(struct side *side, uint64_t addr, uint64_t size, const char *tag, uint64_t id,
                uint64_t born)
{
    uint32_t number;
    assert_int_equal(pv_tags_add(side->tags, tag, &number), 0);
    struct pv_pebble_row *row = pv_snapshot_add_pebble(side->snapshot);
    assert_non_null(row);
    row->addr = addr;
    row->size = size;
    row->requested = born == PV_UNKNOWN ? PV_UNKNOWN : size - 4;
    row->lflags = 1;
    row->tag = number;
    row->id = id;
    row->born = born;
}

static void add_free(struct side *side, uint64_t addr, uint64_t size)
{
    add(side, addr, size, "", PV_UNKNOWN, PV_UNKNOWN);
    side->snapshot->pebbles[side->snapshot->n_pebbles - 1].lflags = 0;
}

static struct pv_diff *diff_of(struct side *a, struct side *b)
{
    struct pv_diff *diff;
    pv_snapshot_count(a->snapshot);
    pv_snapshot_count(b->snapshot);
    assert_int_equal(pv_diff_open(&diff, a->snapshot, b->snapshot), 0);
    return diff;
}

static void expect_row(const struct pv_diff *diff, size_t i, enum pv_change change, size_t a,
                       size_t b)
{
    assert_true(i < diff->n_rows);
    assert_int_equal(diff->rows[i].change, change);
    assert_true(diff->rows[i].a == a && diff->rows[i].b == b);
}

static void test_by_block(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    add(&a, 0x1000, 64, "stays", 1, 0);
    add(&a, 0x2000, 64, "moves", 2, 1);
    add(&a, 0x3000, 64, "goes", 3, 2);
    add(&a, 0x4000, 64, "grows", 4, 3);
    add(&a, 0x5000, 64, "again", 5, 4); /* its id is used again for another block */
    add_free(&a, 0x6000, 640);
    add(&b, 0x9000, 128, "comes", 7, 9);
    add(&b, 0x8000, 64, "moves", 2, 1);
    add(&b, 0x5000, 64, "again", 5, 8);
    add(&b, 0x4000, 128, "grows", 4, 3);
    add(&b, 0x1000, 64, "stays", 1, 0);
    add(&b, 0x2000, 64, "comes", 8, 10);
    struct pv_diff *diff = diff_of(&a, &b);
    assert_ptr_equal(diff->a, a.snapshot);
    assert_ptr_equal(diff->b, b.snapshot);
    assert_int_equal(diff->n_same, 1);
    assert_int_equal(diff->n_rows, 7);
    expect_row(diff, 0, PV_CAME, SIZE_MAX, 5); /* by address */
    expect_row(diff, 1, PV_CAME, SIZE_MAX, 2);
    expect_row(diff, 2, PV_CAME, SIZE_MAX, 0);
    expect_row(diff, 3, PV_WENT, 2, SIZE_MAX);
    expect_row(diff, 4, PV_WENT, 4, SIZE_MAX);
    expect_row(diff, 5, PV_MOVED, 1, 1);
    expect_row(diff, 6, PV_RESIZED, 3, 3);
    assert_int_equal(diff->blocks[PV_CAME], 3);
    assert_int_equal(diff->bytes[PV_CAME], 124 + 60 + 60); /* requested */
    assert_int_equal(diff->blocks[PV_WENT], 2);
    assert_int_equal(diff->bytes[PV_WENT], 120);
    assert_int_equal(diff->bytes[PV_MOVED], 60);
    assert_int_equal(diff->bytes[PV_RESIZED], 124); /* as in b */
    assert_true(pv_diff_differs(diff));
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

static void test_tags_are_summed_by_text(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    add(&a, 0x1000, 64, "x", 1, 0);
    add(&a, 0x2000, 64, "y", 2, 1);
    add(&a, 0x3000, 64, "same", 3, 2);
    add(&b, 0x3000, 64, "same", 3, 2); /* other numbers for the same tags */
    add(&b, 0x4000, 1024, "z", 4, 5);
    add(&b, 0x5000, 64, "y", 5, 6);
    add(&b, 0x6000, 64, "w", 6, 7);
    struct pv_diff *diff = diff_of(&a, &b);
    /* By difference, then by text: z 1020, w and x 60, same and y 0. */
    static const char *const texts[] = {"z", "w", "x", "same", "y"};
    assert_int_equal(diff->n_tags, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(diff->tags[i].text, texts[i]);
    }
    const struct pv_diff_tag *z = &diff->tags[0], *x = &diff->tags[2], *y = &diff->tags[4];
    assert_int_equal(z->blocks[PV_CAME], 1);
    assert_int_equal(z->bytes[PV_CAME], 1020);
    assert_int_equal(z->a_blocks + z->a_bytes, 0);
    assert_int_equal(z->b_bytes, 1020);
    assert_int_equal(x->blocks[PV_WENT], 1);
    assert_int_equal(x->a_bytes, 60);
    assert_int_equal(x->b_blocks, 0);
    assert_int_equal(y->blocks[PV_CAME], 1);
    assert_int_equal(y->blocks[PV_WENT], 1);
    assert_int_equal(y->a_blocks, 1);
    assert_int_equal(y->b_blocks, 1);
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

static void test_by_place_where_blocks_are_not_known(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    add(&a, 0x1000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
    add(&a, 0x2000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
    add(&a, 0x3000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
    add(&a, 0x4000, 64, "t", 9, 9); /* known on one side only */
    add(&a, 0x5000, 64, "t", 10, 10);
    add(&b, 0x1000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
    add(&b, 0x2000, 64, "u", PV_UNKNOWN, PV_UNKNOWN);  /* another name: another block */
    add(&b, 0x3000, 128, "t", PV_UNKNOWN, PV_UNKNOWN); /* another size: another block */
    add(&b, 0x4000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
    add(&b, 0x5000, 64, "t", 10, 11); /* known on both: another block in its place */
    struct pv_diff *diff = diff_of(&a, &b);
    assert_int_equal(diff->n_same, 2);
    assert_int_equal(diff->n_rows, 6);
    for (size_t i = 0; i < 3; i++) {
        static const size_t indices[] = {1, 2, 4};
        expect_row(diff, i, PV_CAME, SIZE_MAX, indices[i]);
        expect_row(diff, i + 3, PV_WENT, indices[i], SIZE_MAX);
    }
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

static void test_resized_where_requests_are_not_known(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    add(&a, 0x1000, 64, "t", 1, 1);
    add(&b, 0x1000, 128, "t", 1, 1);
    a.snapshot->pebbles[0].requested = b.snapshot->pebbles[0].requested = PV_UNKNOWN;
    struct pv_diff *diff = diff_of(&a, &b);
    assert_int_equal(diff->n_rows, 1);
    expect_row(diff, 0, PV_RESIZED, 0, 0);
    assert_int_equal(diff->bytes[PV_RESIZED], 128);
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

/* Another request in the same payload is a difference, whether the block is known or its place. */
static void test_resized_within_the_rounding(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    for (uint64_t born = 1; born <= 2; born++) {
        add(&a, 0x1000 * born, 128, "t", born, born);
        add(&b, 0x1000 * born, 128, "t", born, born);
    }
    a.snapshot->pebbles[0].requested = 100;
    b.snapshot->pebbles[0].requested = 120;
    struct pv_diff *diff = diff_of(&a, &b);
    assert_int_equal(diff->n_rows, 1);
    expect_row(diff, 0, PV_RESIZED, 0, 0);
    assert_int_equal(diff->bytes[PV_RESIZED], 120);
    assert_int_equal(diff->n_same, 1);
    assert_true(pv_diff_differs(diff));
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

/* An id that is a text is not in the rows; the birth says which block it is. */
static void test_by_birth_where_ids_are_texts(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    add(&a, 0x1000, 64, "t", PV_UNKNOWN, 5);
    add(&b, 0x2000, 64, "t", PV_UNKNOWN, 5);
    struct pv_diff *diff = diff_of(&a, &b);
    assert_int_equal(diff->n_rows, 1);
    expect_row(diff, 0, PV_MOVED, 0, 0);
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

static void test_equal_snapshots(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    struct pv_snapshot *snapshot = image_walk(&image);
    struct pv_diff *diff;
    assert_int_equal(pv_diff_open(&diff, snapshot, snapshot), 0);
    assert_int_equal(diff->n_rows, 0);
    assert_int_equal(diff->n_same, snapshot->totals.n_used);
    assert_false(pv_diff_differs(diff));
    pv_diff_close(diff);
    image_done(snapshot);
    image_close(&image);
    pv_diff_close(NULL);
}

static void test_only_free_space_differs(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    add(&a, 0x1000, 64, "t", 1, 1);
    add(&b, 0x1000, 64, "t", 1, 1);
    struct pv_diff *diff = diff_of(&a, &b);
    assert_false(pv_diff_differs(diff));
    pv_diff_close(diff);
    add_free(&b, 0x2000, 64);
    diff = diff_of(&a, &b);
    assert_int_equal(diff->n_rows, 0);
    assert_true(pv_diff_differs(diff));
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

/* Sick snapshots may hold one pebble more than once: each is matched once. */
static void test_equal_rows(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    for (unsigned i = 0; i < 3; i++) {
        add(&a, 0x1000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
        add(&a, 0x2000, 64, "u", 1, 1);
        add(&b, 0x3000, 64, "u", 1, 1);
        if (i < 2) {
            add(&b, 0x1000, 64, "t", PV_UNKNOWN, PV_UNKNOWN);
        }
    }
    struct pv_diff *diff = diff_of(&a, &b);
    assert_int_equal(diff->n_same, 2);
    assert_int_equal(diff->blocks[PV_WENT], 1);
    assert_int_equal(diff->blocks[PV_MOVED], 3);
    assert_int_equal(diff->n_rows, 4);
    expect_row(diff, 0, PV_WENT, 4, SIZE_MAX);
    pv_diff_close(diff);
    close_side(&a);
    close_side(&b);
}

/* Against the plain method: for each pebble of a, search all of b. */
static void test_random_against_plain_search(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t random = seed;
        struct side a, b;
        open_side(&a);
        open_side(&b);
        static const char *const names[] = {"x", "y", ""};
        for (uint64_t born = 0; born < 60; born++) {
            uint64_t r = random_next(&random);
            uint64_t addr = 0x1000 + born * 0x100, size = 64 * (1 + r % 3);
            if (r >> 8 & 1) {
                add(&a, addr, size, names[r % 3], born, born);
            }
            if (r >> 9 & 1) {
                uint64_t other = (r >> 10 & 3) == 0 ? 0x10000 : 0;
                uint64_t more = (r >> 12 & 3) == 0 ? 64 : 0;
                add(&b, addr + other, size + more, names[r % 3], born, born);
            }
        }
        uint64_t counts[PV_N_CHANGES] = {0}, n_same = 0, n_matched = 0;
        for (size_t i = 0; i < a.snapshot->n_pebbles; i++) {
            const struct pv_pebble_row *left = &a.snapshot->pebbles[i], *right = NULL;
            for (size_t j = 0; j < b.snapshot->n_pebbles; j++) {
                if (b.snapshot->pebbles[j].born == left->born) {
                    right = &b.snapshot->pebbles[j];
                }
            }
            n_matched += right != NULL;
            if (!right) {
                counts[PV_WENT]++;
            } else if (right->addr != left->addr) {
                counts[PV_MOVED]++;
            } else if (right->size != left->size) {
                counts[PV_RESIZED]++;
            } else {
                n_same++;
            }
        }
        counts[PV_CAME] = b.snapshot->n_pebbles - n_matched;
        struct pv_diff *diff = diff_of(&a, &b);
        assert_true(diff->n_same == n_same);
        assert_memory_equal(diff->blocks, counts, sizeof counts);
        uint64_t by_tag[PV_N_CHANGES] = {0};
        for (size_t i = 0; i < diff->n_tags; i++) {
            for (size_t c = 0; c < PV_N_CHANGES; c++) {
                by_tag[c] += diff->tags[i].blocks[c];
            }
        }
        assert_memory_equal(by_tag, counts, sizeof counts);
        pv_diff_close(diff);
        close_side(&a);
        close_side(&b);
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct side a, b;
    open_side(&a);
    open_side(&b);
    for (unsigned i = 0; i < 10; i++) {
        add(&a, 0x1000 * (i + 1), 64, i % 2 ? "x" : "y", i, i);
        add(&b, 0x1000 * (i + 2), 64, i % 2 ? "x" : "z", i + 2, i + 2);
    }
    pv_snapshot_count(a.snapshot);
    pv_snapshot_count(b.snapshot);
    int64_t live = own_n_live();
    for (unsigned sticky = 0; sticky < 2; sticky++) {
        size_t n = 0;
        int status;
        do {
            struct pv_diff *diff = NULL;
            own_fail_at(++n, sticky);
            status = pv_diff_open(&diff, a.snapshot, b.snapshot);
            own_fail_at(0, false);
            assert_true(status == 0 || (status == PV_ENOMEM && !diff));
            pv_diff_close(diff);
            assert_int_equal(own_n_live(), live);
        } while (status != 0);
        assert_true(n > 15);
    }
    close_side(&a);
    close_side(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_block),
        cmocka_unit_test(test_tags_are_summed_by_text),
        cmocka_unit_test(test_by_place_where_blocks_are_not_known),
        cmocka_unit_test(test_resized_where_requests_are_not_known),
        cmocka_unit_test(test_resized_within_the_rounding),
        cmocka_unit_test(test_by_birth_where_ids_are_texts),
        cmocka_unit_test(test_equal_snapshots),
        cmocka_unit_test(test_only_free_space_differs),
        cmocka_unit_test(test_equal_rows),
        cmocka_unit_test(test_random_against_plain_search),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("inspect/diff", tests, NULL, NULL);
}
