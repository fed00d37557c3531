/* SPDX-License-Identifier: MIT
 *
 * rules_test.c - for each law, images that break it and no other, found by it at the right
 * address; sound images with no finding; and the same laws on snapshots from a log or a file.
 */
#include "image.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pv_pebble *pebble(struct image *image, size_t bucket, size_t i)
{
    return image_pebble(image, image_addr(image, bucket, i));
}

/* ---- one damage each; the address where it must be found is returned ---- */

static uint64_t b1_magic(struct image *image)
{
    image_bucket(image, image->buckets[1])->magic ^= 0x100;
    return image->buckets[1];
}

static uint64_t b1_link_into_a_payload(struct image *image)
{
    uint64_t target = image_addr(image, 1, 5) + IMAGE_HEADER;
    image_bucket(image, image->buckets[1])->next = target;
    return target;
}

static uint64_t b1_root(struct image *image)
{
    memset(image->bytes, 'A', sizeof(struct pv_bucket));
    return image->base;
}

static uint64_t b2_flags(struct image *image)
{
    image_bucket(image, image->buckets[0])->lflags |= 2;
    return image->buckets[0];
}

static uint64_t b3_no_page(struct image *image)
{
    image_bucket(image, image->buckets[1])->size = 0;
    return image->buckets[1];
}

static uint64_t b3_beyond_everything(struct image *image)
{
    image_bucket(image, image->buckets[1])->size = UINT64_C(1) << 60;
    return image->buckets[1];
}

/* Bucket 1 and its last pebble, which is free, spread over bucket 2. */
static uint64_t b3_overlap(struct image *image)
{
    struct pv_bucket *bucket = image_bucket(image, image->buckets[1]);
    bucket->size += 2;
    pebble(image, 1, 6)->size += 2 * (uint64_t)PV_PAGE_BYTES;
    bucket->largest = pebble(image, 1, 6)->size;
    return image->buckets[2];
}

static uint64_t b4_first_has_previous(struct image *image)
{
    image_bucket(image, image->buckets[0])->prev = image->buckets[1];
    return image->buckets[0];
}

static uint64_t b4_previous(struct image *image)
{
    image_bucket(image, image->buckets[2])->prev = image->buckets[0];
    return image->buckets[2];
}

static uint64_t b5_loop(struct image *image)
{
    image_bucket(image, image->buckets[2])->next = image->buckets[1];
    return image->buckets[1];
}

static uint64_t b6_zero(struct image *image)
{
    image_bucket(image, image->buckets[1])->first = 0;
    return image->buckets[1];
}

static uint64_t b6_outside(struct image *image)
{
    image_bucket(image, image->buckets[1])->first = image_addr(image, 0, 0);
    return image->buckets[1];
}

static uint64_t b6_misaligned(struct image *image)
{
    image_bucket(image, image->buckets[1])->first += 1;
    return image->buckets[1];
}

static uint64_t b6_payload(struct image *image)
{
    image_bucket(image, image->buckets[1])->first += 96;
    return image->buckets[1];
}

static uint64_t b7_too_large(struct image *image)
{
    image_bucket(image, image->buckets[0])->largest += 64;
    return image->buckets[0];
}

static uint64_t b7_too_small(struct image *image)
{
    image_bucket(image, image->buckets[1])->largest = 0;
    return image->buckets[1];
}

static uint64_t p1_magic(struct image *image)
{
    pebble(image, 0, 3)->magic ^= UINT32_C(0x80000000);
    return image_addr(image, 0, 3);
}

static uint64_t p1_smashed(struct image *image)
{
    memset(pebble(image, 0, 3), 'A', IMAGE_HEADER);
    return image_addr(image, 0, 3);
}

static uint64_t p1_smashed_first(struct image *image)
{
    memset(pebble(image, 0, 0), 0, IMAGE_HEADER);
    return image_addr(image, 0, 0);
}

static uint64_t p1_smashed_last(struct image *image)
{
    memset(pebble(image, 0, 8), 0xFF, IMAGE_HEADER);
    return image_addr(image, 0, 8);
}

static uint64_t p2_flags(struct image *image)
{
    pebble(image, 1, 5)->lflags |= UINT32_C(0x80000000);
    return image_addr(image, 1, 5);
}

static uint64_t p3_odd(struct image *image)
{
    pebble(image, 0, 2)->size += 8;
    return image_addr(image, 0, 2);
}

static uint64_t p3_zero(struct image *image)
{
    pebble(image, 0, 2)->size = 0;
    return image_addr(image, 0, 2);
}

static uint64_t p4_huge(struct image *image)
{
    pebble(image, 0, 2)->size = UINT64_C(0xFFFFFFFFFFFFFFC0);
    return image_addr(image, 0, 2);
}

static uint64_t p4_too_large(struct image *image)
{
    pebble(image, 0, 7)->size += 2 * (uint64_t)PV_PAGE_BYTES;
    return image_addr(image, 0, 7);
}

static uint64_t p5_previous(struct image *image)
{
    pebble(image, 0, 5)->prev = image_addr(image, 0, 3);
    return image_addr(image, 0, 5);
}

static uint64_t p5_first_has_previous(struct image *image)
{
    pebble(image, 0, 0)->prev = image_addr(image, 0, 1);
    return image_addr(image, 0, 0);
}

static uint64_t p5_next_ends_early(struct image *image)
{
    pebble(image, 0, 3)->next = 0;
    return image_addr(image, 0, 3);
}

static uint64_t p5_next_outside(struct image *image)
{
    pebble(image, 0, 3)->next = image_addr(image, 1, 0);
    return image_addr(image, 0, 3);
}

static uint64_t p5_next_wild(struct image *image)
{
    pebble(image, 0, 3)->next = UINT64_MAX;
    return image_addr(image, 0, 3);
}

static uint64_t p5_next_misaligned(struct image *image)
{
    pebble(image, 0, 3)->next += 4;
    return image_addr(image, 0, 3);
}

static uint64_t p5_next_into_a_payload(struct image *image)
{
    pebble(image, 0, 3)->next += 16;
    return image_addr(image, 0, 3);
}

static uint64_t p5_next_passes_by(struct image *image)
{
    pebble(image, 0, 3)->next = image_addr(image, 0, 6);
    return image_addr(image, 0, 3);
}

static uint64_t p5_loop(struct image *image)
{
    pebble(image, 0, 6)->next = image_addr(image, 0, 2);
    return image_addr(image, 0, 6);
}

static uint64_t p5_loop_on_itself(struct image *image)
{
    pebble(image, 0, 6)->next = image_addr(image, 0, 6);
    return image_addr(image, 0, 6);
}

static uint64_t p5_loop_of_the_last(struct image *image)
{
    pebble(image, 0, 8)->next = image_addr(image, 0, 0);
    return image_addr(image, 0, 8);
}

static uint64_t p6_parent(struct image *image)
{
    pebble(image, 1, 2)->parent = image->buckets[0];
    return image_addr(image, 1, 2);
}

static uint64_t p7_lost_pebble(struct image *image)
{
    pebble(image, 0, 2)->next = image_addr(image, 0, 4);
    pebble(image, 0, 4)->prev = image_addr(image, 0, 2);
    return image_addr(image, 0, 2);
}

static uint64_t p7_grown(struct image *image)
{
    pebble(image, 0, 2)->size += 64;
    return image_addr(image, 0, 2);
}

static uint64_t p7_shrunk(struct image *image)
{
    pebble(image, 0, 2)->size -= 64;
    return image_addr(image, 0, 2);
}

static uint64_t p7_short_last(struct image *image)
{
    pebble(image, 2, 0)->size -= 64;
    image_bucket(image, image->buckets[2])->largest -= 64;
    return image_addr(image, 2, 0);
}

/* The list has 3 before 2, and all links agree. */
static uint64_t p7_order(struct image *image)
{
    uint64_t one = image_addr(image, 0, 1), two = image_addr(image, 0, 2);
    uint64_t three = image_addr(image, 0, 3), four = image_addr(image, 0, 4);
    image_pebble(image, one)->next = three;
    image_pebble(image, three)->prev = one;
    image_pebble(image, three)->next = two;
    image_pebble(image, two)->prev = three;
    image_pebble(image, two)->next = four;
    image_pebble(image, four)->prev = two;
    return one;
}

static uint64_t p8_not_merged(struct image *image)
{
    pebble(image, 0, 2)->lflags = 0;
    return image_addr(image, 0, 2);
}

static uint64_t p8_no_kind_is_virtual(struct image *image)
{
    pebble(image, 0, 2)->lflags = 0;
    pebble(image, 0, 2)->sflags = 0;
    return image_addr(image, 0, 2);
}

static uint64_t p9_no_power(struct image *image)
{
    pebble(image, 0, 2)->sflags |= PV_FLAG_ALIGNED;
    pebble(image, 0, 2)->alignment = 96;
    return image_addr(image, 0, 2);
}

static uint64_t p9_too_small(struct image *image)
{
    pebble(image, 0, 2)->sflags |= PV_FLAG_ALIGNED;
    pebble(image, 0, 2)->alignment = 0;
    return image_addr(image, 0, 2);
}

static uint64_t p9_too_large(struct image *image)
{
    pebble(image, 0, 2)->sflags |= PV_FLAG_ALIGNED;
    pebble(image, 0, 2)->alignment = 1 << 21;
    return image_addr(image, 0, 2);
}

static uint64_t p9_not_kept(struct image *image)
{
    pebble(image, 1, 2)->alignment = 1024;
    return image_addr(image, 1, 2);
}

static uint64_t p10_both_kinds(struct image *image)
{
    pebble(image, 0, 2)->sflags = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL;
    return image_addr(image, 0, 2);
}

static uint64_t p10_unknown_attribute(struct image *image)
{
    pebble(image, 0, 2)->sflags |= 1 << 6;
    return image_addr(image, 0, 2);
}

static uint64_t p10_free_with_request(struct image *image)
{
    pebble(image, 0, 1)->sflags |= PV_FLAG_CLEAR;
    return image_addr(image, 0, 1);
}

static uint64_t m1_truncated(struct image *image)
{
    uint64_t last = image_addr(image, 2, 0);
    image->n = last - image->base + 16;
    return last;
}

static uint64_t m1_bucket_beyond(struct image *image)
{
    image_bucket(image, image->buckets[2])->next = image->base + image->n;
    return image->base + image->n;
}

static uint64_t m1_root(struct image *image)
{
    image->n = 20;
    return image->base;
}

static const struct damage {
    enum pv_law law;
    uint64_t (*inflict)(struct image *image);
    const char *name;
} damages[] = {
#define DAMAGE(law, name)                                                                      \
    {                                                                                          \
        PV_LAW_##law, name, #name                                                              \
    }
    DAMAGE(B1, b1_magic),
    DAMAGE(B1, b1_link_into_a_payload),
    DAMAGE(B1, b1_root),
    DAMAGE(B2, b2_flags),
    DAMAGE(B3, b3_no_page),
    DAMAGE(B3, b3_beyond_everything),
    DAMAGE(B3, b3_overlap),
    DAMAGE(B4, b4_first_has_previous),
    DAMAGE(B4, b4_previous),
    DAMAGE(B5, b5_loop),
    DAMAGE(B6, b6_zero),
    DAMAGE(B6, b6_outside),
    DAMAGE(B6, b6_misaligned),
    DAMAGE(B6, b6_payload),
    DAMAGE(B7, b7_too_large),
    DAMAGE(B7, b7_too_small),
    DAMAGE(P1, p1_magic),
    DAMAGE(P1, p1_smashed),
    DAMAGE(P1, p1_smashed_first),
    DAMAGE(P1, p1_smashed_last),
    DAMAGE(P2, p2_flags),
    DAMAGE(P3, p3_odd),
    DAMAGE(P3, p3_zero),
    DAMAGE(P4, p4_huge),
    DAMAGE(P4, p4_too_large),
    DAMAGE(P5, p5_previous),
    DAMAGE(P5, p5_first_has_previous),
    DAMAGE(P5, p5_next_ends_early),
    DAMAGE(P5, p5_next_outside),
    DAMAGE(P5, p5_next_wild),
    DAMAGE(P5, p5_next_misaligned),
    DAMAGE(P5, p5_next_into_a_payload),
    DAMAGE(P5, p5_next_passes_by),
    DAMAGE(P5, p5_loop),
    DAMAGE(P5, p5_loop_on_itself),
    DAMAGE(P5, p5_loop_of_the_last),
    DAMAGE(P6, p6_parent),
    DAMAGE(P7, p7_lost_pebble),
    DAMAGE(P7, p7_grown),
    DAMAGE(P7, p7_shrunk),
    DAMAGE(P7, p7_short_last),
    DAMAGE(P7, p7_order),
    DAMAGE(P8, p8_not_merged),
    DAMAGE(P8, p8_no_kind_is_virtual),
    DAMAGE(P9, p9_no_power),
    DAMAGE(P9, p9_too_small),
    DAMAGE(P9, p9_too_large),
    DAMAGE(P9, p9_not_kept),
    DAMAGE(P10, p10_both_kinds),
    DAMAGE(P10, p10_unknown_attribute),
    DAMAGE(P10, p10_free_with_request),
    DAMAGE(M1, m1_truncated),
    DAMAGE(M1, m1_bucket_beyond),
    DAMAGE(M1, m1_root),
#undef DAMAGE
};

enum { N_DAMAGES = sizeof damages / sizeof damages[0] };

static void print_findings(const struct pv_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        const struct pv_finding *finding = &snapshot->findings[i];
        print_message("  %s 0x%" PRIx64 ": %s\n", pv_rules[finding->law].id, finding->addr,
                      finding->text);
    }
}

/* A whole sentence: not cut off, and with the address. */
static void expect_sentence(const struct pv_finding *finding)
{
    char addr[32];
    snprintf(addr, sizeof addr, "0x%" PRIx64, finding->addr);
    size_t n = strlen(finding->text);
    assert_true(n > 20 && n < PV_FINDING_TEXT - 1);
    assert_int_equal(finding->text[n - 1], '.');
    assert_non_null(strstr(finding->text, addr));
}

static void expect_only(const struct pv_snapshot *snapshot, enum pv_law law, uint64_t addr,
                        const char *name)
{
    bool right = snapshot->n_findings > 0 && snapshot->findings[0].addr == addr;
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        right = right && snapshot->findings[i].law == law;
    }
    if (!right) {
        print_message("%s: wanted %s at 0x%" PRIx64 " only, but found\n", name,
                      pv_rules[law].id, addr);
        print_findings(snapshot);
        fail();
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        expect_sentence(&snapshot->findings[i]);
    }
}

static void test_each_law_finds_what_breaks_it(void **state)
{
    (void)state;
    bool broken[PV_N_LAWS] = {false};
    for (size_t i = 0; i < N_DAMAGES; i++) {
        struct image image;
        image_open_sample(&image);
        uint64_t addr = damages[i].inflict(&image);
        struct pv_snapshot *snapshot = image_walk(&image);
        expect_only(snapshot, damages[i].law, addr, damages[i].name);
        broken[damages[i].law] = true;
        image_done(snapshot);
        image_close(&image);
    }
    for (size_t law = 0; law < PV_N_LAWS; law++) {
        assert_true(broken[law]);
    }
}

/* One cause, one finding: all but those that lose or reorder a part of the list. */
static void test_one_cause_is_one_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_DAMAGES; i++) {
        bool several = damages[i].inflict == p7_order || damages[i].inflict == m1_truncated;
        struct image image;
        image_open_sample(&image);
        damages[i].inflict(&image);
        struct pv_snapshot *snapshot = image_walk(&image);
        if (snapshot->n_findings != 1 && !several) {
            print_message("%s:\n", damages[i].name);
            print_findings(snapshot);
            fail();
        }
        image_done(snapshot);
        image_close(&image);
    }
}

static void test_small_payload(void **state)
{
    (void)state;
    struct image image;
    image_open(&image, IMAGE_BASE, 1);
    image_add(&image, 1,
              (struct image_pebble[]){
                  {.size = 64, .used = true}, {.size = 48, .used = true}, {.size = 0}},
              3);
    struct pv_snapshot *snapshot = image_walk(&image);
    expect_only(snapshot, PV_LAW_P3, image_addr(&image, 0, 1), "size 48 that tiles");
    image_done(snapshot);
    image_close(&image);
}

/* A free pebble may be lost, but Largest must not be less than one that is there. */
static void test_largest_beside_a_hole(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 2; variant++) {
        struct image image;
        image_open_sample(&image);
        memset(pebble(&image, 0, 6), 'A', IMAGE_HEADER);
        struct pv_bucket *bucket = image_bucket(&image, image.buckets[0]);
        bucket->largest = variant == 0 ? bucket->largest + 64 : 64;
        struct pv_snapshot *snapshot = image_walk(&image);
        assert_int_equal(snapshot->n_findings, variant == 0 ? 1 : 2);
        assert_int_equal(snapshot->findings[0].law, PV_LAW_P1);
        assert_true(variant == 0 || snapshot->findings[1].law == PV_LAW_B7);
        image_done(snapshot);
        image_close(&image);
    }
}

/* The first bucket reaches over the second, which is small, into the third. */
static void test_overlaps_of_three(void **state)
{
    (void)state;
    static const uint64_t addrs[] = {0x10000, 0x11000, 0x13000, 0x18000};
    static const uint64_t pages[] = {4, 1, 1, 1};
    struct pv_tags *tags;
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_tags_open(&tags), 0);
    assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_FILE, &pv_layout_fysos, tags), 0);
    for (size_t i = 0; i < 4; i++) {
        struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
        assert_non_null(bucket);
        bucket->addr = addrs[i];
        bucket->n_pages = pages[i];
        struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
        assert_non_null(row);
        row->addr = addrs[i] + 48;
        row->size = pages[i] * 4096 - 48 - IMAGE_HEADER;
        row->alignment = 64;
        row->lflags = 1;
    }
    assert_int_equal(pv_rules_apply(snapshot), 0);
    assert_int_equal(snapshot->n_findings, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(snapshot->findings[i].law, PV_LAW_B3);
        assert_int_equal(snapshot->findings[i].addr, addrs[i + 1]);
    }
    pv_snapshot_close(snapshot);
    pv_tags_close(tags);
}

static void test_sound_images_have_no_finding(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    struct pv_snapshot *snapshot = image_walk(&image);
    print_findings(snapshot);
    assert_int_equal(snapshot->n_findings, 0);
    image_done(snapshot);
    image_close(&image);
    for (uint64_t seed = 0; seed < 2000; seed++) {
        image_open_random(&image, seed, 3);
        snapshot = image_walk(&image);
        if (snapshot->n_findings != 0 || snapshot->n_pebbles != image.n_pebbles) {
            print_message("seed %" PRIu64 ":\n", seed);
            print_findings(snapshot);
            fail();
        }
        image_done(snapshot);
        image_close(&image);
    }
}

static void test_the_table(void **state)
{
    (void)state;
    for (size_t law = 0; law < PV_N_LAWS; law++) {
        const char *id = pv_rules[law].id;
        assert_true(id[0] >= 'A' && id[0] <= 'Z' && atoi(id + 1) > 0);
        assert_true(strlen(pv_rules[law].title) > 10);
        assert_true(strncmp(pv_rules[law].section, "20.", 3) == 0);
        for (size_t other = 0; other < law; other++) {
            assert_string_not_equal(id, pv_rules[other].id);
            assert_string_not_equal(pv_rules[law].title, pv_rules[other].title);
        }
    }
    /* What scripts rely on. */
    assert_string_equal(pv_rules[PV_LAW_B7].id, "B7");
    assert_string_equal(pv_rules[PV_LAW_P10].id, "P10");
}

/* ---- other sources ---- */

/* The rows of a sound walk as another source would give them. */
static struct pv_snapshot *copy_as(const struct pv_snapshot *from,
                                   enum pv_snapshot_source source)
{
    struct pv_snapshot *copy;
    assert_int_equal(pv_snapshot_open(&copy, source, &pv_layout_fysos, from->tags), 0);
    for (size_t i = 0; i < from->n_buckets; i++) {
        struct pv_bucket_row *bucket = pv_snapshot_add_bucket(copy);
        assert_non_null(bucket);
        size_t first = bucket->first_pebble;
        *bucket = from->buckets[i];
        bucket->n_pebbles = 0;
        bucket->first_pebble = first;
        if (source == PV_SNAPSHOT_FILE) {
            bucket->magic = bucket->prev = bucket->next = bucket->first = 0;
        }
        for (size_t j = 0; j < from->buckets[i].n_pebbles; j++) {
            struct pv_pebble_row *row = pv_snapshot_add_pebble(copy);
            assert_non_null(row);
            *row = from->pebbles[from->buckets[i].first_pebble + j];
            if (source == PV_SNAPSHOT_FILE) {
                row->magic = 0;
                row->parent = row->prev = row->next = 0;
            }
        }
    }
    return copy;
}

/* What the walk of a damaged image says of its rows, without the walk's own findings. */
static void judge_copy(const struct damage *damage, enum pv_snapshot_source source,
                       size_t *ret_n, struct pv_finding *ret_first)
{
    struct image image;
    *ret_first = (struct pv_finding){0};
    image_open_sample(&image);
    if (damage) {
        damage->inflict(&image);
    }
    struct pv_snapshot *snapshot = image_walk(&image);
    struct pv_snapshot *copy = copy_as(snapshot, source);
    assert_int_equal(pv_rules_apply(copy), 0);
    *ret_n = copy->n_findings;
    if (copy->n_findings > 0) {
        *ret_first = copy->findings[0];
    }
    pv_snapshot_close(copy);
    image_done(snapshot);
    image_close(&image);
}

/* ---- who may have overrun ---- */

/* The suspect of the finding at an address; SIZE_MAX: it has none. */
static size_t suspect_at(const struct pv_snapshot *snapshot, uint64_t addr)
{
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        if (snapshot->findings[i].addr == addr) {
            return snapshot->findings[i].suspect;
        }
    }
    fail_msg("there is no finding at 0x%" PRIx64, addr);
    return SIZE_MAX;
}

/* Two adjacent buckets: "culprit", "victim", "behind", a free one, "last" | "other". */
static void open_row(struct image *image)
{
    static const struct image_pebble first[] = {{.size = 64, .used = true, .name = "culprit"},
                                                {.size = 64, .used = true, .name = "victim"},
                                                {.size = 64, .used = true, .name = "behind"},
                                                {.size = 128, .used = false},
                                                {.size = 0, .used = true, .name = "last"}};
    static const struct image_pebble second[] = {{.size = 64, .used = true, .name = "other"},
                                                 {.size = 0, .used = false}};
    image_open(image, IMAGE_BASE, 2);
    image_add(image, 1, first, 5);
    image_add(image, 1, second, 2);
}

/* Damages one header as a catalog file or a memory shows it, and expects the index of the
 * suspect at that header. */
static void expect_suspect(enum pv_snapshot_source source, size_t victim, size_t suspect)
{
    struct image image;
    open_row(&image);
    struct pv_snapshot *sound = image_walk(&image);
    struct pv_snapshot *copy = copy_as(sound, source);
    copy->pebbles[victim].lflags |= 0x41414140;
    assert_int_equal(pv_rules_apply(copy), 0);
    assert_int_equal(suspect_at(copy, copy->pebbles[victim].addr), suspect);
    pv_snapshot_close(copy);
    image_done(sound);
    image_close(&image);
}

static void test_the_suspect_stands_in_front(void **state)
{
    (void)state;
    for (enum pv_snapshot_source source = PV_SNAPSHOT_LOG; source <= PV_SNAPSHOT_FILE;
         source++) {
        expect_suspect(source, 0, SIZE_MAX); /* nothing lies in front of the heap */
        expect_suspect(source, 1, 0);
        expect_suspect(source, 2, 1);
        expect_suspect(source, 4, SIZE_MAX); /* in front is a free one */
        expect_suspect(source, 5, 4);        /* over the next bucket's header */
    }
}

/* Who was itself overrun is no suspect: the block in front of all the damage is. */
static void test_the_suspect_is_sound(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {64, 0x4141414141414141, 80};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct image image;
        open_row(&image);
        struct pv_snapshot *sound = image_walk(&image);
        struct pv_snapshot *copy = copy_as(sound, PV_SNAPSHOT_FILE);
        for (size_t at = 1; at <= 2; at++) {
            copy->pebbles[at].lflags = 0x41414141;
            copy->pebbles[at].size = sizes[i];
        }
        assert_int_equal(pv_rules_apply(copy), 0);
        assert_int_equal(suspect_at(copy, copy->pebbles[1].addr), 0);
        assert_int_equal(suspect_at(copy, copy->pebbles[2].addr), 0);
        pv_snapshot_close(copy);
        image_done(sound);
        image_close(&image);
    }
}

/* In a memory: letters over the header behind, over the next bucket's header. */
static void test_the_suspect_in_a_memory(void **state)
{
    (void)state;
    struct image image;
    open_row(&image);
    memset(pebble(&image, 0, 1), 'A', 16);
    image_bucket(&image, image.buckets[1])->magic ^= 0x100;
    uint64_t victim = image_addr(&image, 0, 1);
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(suspect_at(snapshot, victim), 0);
    size_t last = suspect_at(snapshot, image.buckets[1]);
    assert_true(last < snapshot->n_pebbles);
    assert_int_equal(snapshot->pebbles[last].addr, image_addr(&image, 0, 4));
    image_done(snapshot);
    image_close(&image);
}

static const struct damage *damage_named(uint64_t (*inflict)(struct image *image))
{
    for (size_t i = 0; i < N_DAMAGES; i++) {
        if (damages[i].inflict == inflict) {
            return &damages[i];
        }
    }
    fail();
    return NULL;
}

static void test_a_log_is_judged_by_all_laws(void **state)
{
    (void)state;
    size_t n;
    struct pv_finding first;
    judge_copy(NULL, PV_SNAPSHOT_LOG, &n, &first);
    assert_int_equal(n, 0);
    static uint64_t (*const inflicts[])(struct image *) = {
        b1_magic,     b2_flags,  b3_no_page, b3_overlap,    b4_previous, b6_outside,
        b7_too_large, p1_magic,  p2_flags,   p3_odd,        p4_huge,     p5_previous,
        p5_loop,      p6_parent, p7_grown,   p8_not_merged, p9_no_power, p10_both_kinds};
    for (size_t i = 0; i < sizeof inflicts / sizeof inflicts[0]; i++) {
        const struct damage *damage = damage_named(inflicts[i]);
        judge_copy(damage, PV_SNAPSHOT_LOG, &n, &first);
        if (n != 1 || first.law != damage->law) {
            print_message("%s: %zu findings\n", damage->name, n);
            fail();
        }
    }
    /* A bucket list that goes on behind its last row. */
    judge_copy(damage_named(m1_bucket_beyond), PV_SNAPSHOT_LOG, &n, &first);
    assert_int_equal(n, 1);
    assert_int_equal(first.law, PV_LAW_B4);
}

static void test_a_file_is_judged_by_what_it_knows(void **state)
{
    (void)state;
    size_t n;
    struct pv_finding first;
    judge_copy(NULL, PV_SNAPSHOT_FILE, &n, &first);
    assert_int_equal(n, 0);
    static uint64_t (*const known[])(struct image *) = {
        b2_flags, b3_no_page, b3_overlap,    b7_too_large, p2_flags,      p3_odd,
        p4_huge,  p7_grown,   p8_not_merged, p9_no_power,  p10_both_kinds};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct damage *damage = damage_named(known[i]);
        judge_copy(damage, PV_SNAPSHOT_FILE, &n, &first);
        assert_int_equal(n, 1);
        assert_int_equal(first.law, damage->law);
    }
    static uint64_t (*const unknown[])(struct image *) = {
        b1_magic, b4_previous, b6_outside, p1_magic, p5_previous, p5_loop, p6_parent};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        judge_copy(damage_named(unknown[i]), PV_SNAPSHOT_FILE, &n, &first);
        assert_int_equal(n, 0);
    }
}

static void test_an_empty_bucket(void **state)
{
    (void)state;
    static const enum pv_snapshot_source sources[] = {PV_SNAPSHOT_LOG, PV_SNAPSHOT_FILE};
    for (size_t i = 0; i < 2; i++) {
        struct pv_tags *tags;
        struct pv_snapshot *snapshot;
        assert_int_equal(pv_tags_open(&tags), 0);
        assert_int_equal(pv_snapshot_open(&snapshot, sources[i], &pv_layout_fysos, tags), 0);
        assert_int_equal(pv_rules_apply(snapshot), 0);
        assert_int_equal(snapshot->n_findings, 0);
        struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
        assert_non_null(bucket);
        bucket->addr = 0x1000;
        bucket->n_pages = 1;
        bucket->magic = PV_BUCKET_MAGIC;
        assert_int_equal(pv_rules_apply(snapshot), 0);
        expect_only(snapshot, PV_LAW_B6, 0x1000, "a bucket without pebbles");
        pv_snapshot_close(snapshot);
        pv_tags_close(tags);
    }
}

/* Rows of a file may hold any number. */
static void test_extreme_rows(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,
                                      1,
                                      48,
                                      64,
                                      UINT64_MAX - IMAGE_HEADER + 1,
                                      UINT64_MAX - IMAGE_HEADER,
                                      UINT64_MAX / 2,
                                      UINT64_MAX};
    enum { N = sizeof values / sizeof values[0] };
    struct pv_tags *tags;
    assert_int_equal(pv_tags_open(&tags), 0);
    for (size_t i = 0; i < N * N * N; i++) {
        struct pv_snapshot *snapshot;
        assert_int_equal(pv_snapshot_open(&snapshot, PV_SNAPSHOT_FILE, &pv_layout_fysos, tags),
                         0);
        for (size_t j = 0; j < 2; j++) {
            struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
            assert_non_null(bucket);
            bucket->addr = values[i % N];
            bucket->n_pages = values[i / N % N];
            for (size_t k = 0; k < 2; k++) {
                struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
                assert_non_null(row);
                row->addr = values[(i / N / N + j + k) % N];
                row->size = values[(i + k) % N];
                row->alignment = 64;
                row->lflags = k == 0;
                row->sflags = PV_FLAG_ALIGNED;
            }
        }
        assert_int_equal(pv_rules_apply(snapshot), 0);
        assert_true(snapshot->n_findings > 0);
        pv_snapshot_count(snapshot);
        pv_snapshot_find(snapshot, values[i % N]);
        pv_snapshot_close(snapshot);
    }
    pv_tags_close(tags);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_each_law_finds_what_breaks_it),
        cmocka_unit_test(test_one_cause_is_one_finding),
        cmocka_unit_test(test_small_payload),
        cmocka_unit_test(test_largest_beside_a_hole),
        cmocka_unit_test(test_overlaps_of_three),
        cmocka_unit_test(test_sound_images_have_no_finding),
        cmocka_unit_test(test_a_log_is_judged_by_all_laws),
        cmocka_unit_test(test_a_file_is_judged_by_what_it_knows),
        cmocka_unit_test(test_an_empty_bucket),
        cmocka_unit_test(test_extreme_rows),
        cmocka_unit_test(test_the_suspect_stands_in_front),
        cmocka_unit_test(test_the_suspect_is_sound),
        cmocka_unit_test(test_the_suspect_in_a_memory),
    };
    return cmocka_run_group_tests_name("inspect/rules", tests, NULL, NULL);
}
