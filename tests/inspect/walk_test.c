/* SPDX-License-Identifier: MIT
 *
 * walk_test.c - what the walk reads of sound heaps, how it goes on in sick ones, and that it
 * ends on any bytes within its bounds.
 */
#include "image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/support/own_failing.h"

/* A memory that counts what is asked of it. */
struct meter {
    struct pv_memory under;
    uint64_t n_reads, n_bytes, n_refused;
};

static int read_metered(void *ctx, uint64_t addr, void *buf, size_t n)
{
    struct meter *meter = ctx;
    meter->n_reads++;
    int status = meter->under.read(meter->under.ctx, addr, buf, n);
    meter->n_bytes += status == 0 ? n : 0;
    meter->n_refused += status != 0;
    return status;
}

struct case_of_walk {
    struct pv_bytes_memory bytes;
    struct meter meter;
    struct pv_walk walk;
    struct pv_tags *tags;
    struct pv_snapshot *snapshot;
};

static void start(struct case_of_walk *c, const void *bytes, uint64_t n, uint64_t base)
{
    *c = (struct case_of_walk){.bytes = {bytes, n, base}};
    c->meter.under = pv_bytes_memory(&c->bytes);
    c->walk = (struct pv_walk){
        .memory = {read_metered, &c->meter}, .layout = &pv_layout_fysos, .root = base};
    assert_int_equal(pv_tags_open(&c->tags), 0);
}

static void finish(struct case_of_walk *c)
{
    pv_snapshot_close(c->snapshot);
    pv_tags_close(c->tags);
}

static void test_every_field_of_a_sound_heap(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(snapshot->source, PV_SNAPSHOT_MEMORY);
    assert_int_equal(snapshot->n_findings + snapshot->n_breaks, 0);
    assert_int_equal(snapshot->n_buckets, 3);
    assert_int_equal(snapshot->n_pebbles, image.n_pebbles);
    for (size_t i = 0; i < 3; i++) {
        const struct pv_bucket_row *row = &snapshot->buckets[i];
        const struct pv_bucket *bucket = image_bucket(&image, image.buckets[i]);
        assert_true(row->addr == image.buckets[i]);
        assert_true(row->magic == bucket->magic && row->lflags == bucket->lflags);
        assert_true(row->n_pages == bucket->size && row->largest == bucket->largest);
        assert_true(row->prev == bucket->prev && row->next == bucket->next);
        assert_true(row->first == bucket->first);
        assert_int_equal(row->first_pebble, image.first[i]);
        assert_int_equal(row->n_pebbles, image.first[i + 1] - image.first[i]);
        for (size_t j = 0; j < row->n_pebbles; j++) {
            const struct pv_pebble_row *pebble = &snapshot->pebbles[row->first_pebble + j];
            const struct pv_pebble *header = image_pebble(&image, image_addr(&image, i, j));
            assert_true(pebble->addr == image_addr(&image, i, j));
            assert_int_equal(pebble->bucket, i);
            assert_true(pebble->magic == header->magic && pebble->lflags == header->lflags);
            assert_true(pebble->sflags == header->sflags);
            assert_true(pebble->alignment == header->alignment);
            assert_true(pebble->size == header->size && pebble->parent == header->parent);
            assert_true(pebble->prev == header->prev && pebble->next == header->next);
            assert_string_equal(pv_tags_text(snapshot->tags, pebble->tag),
                                pv_pebble_name(header));
            assert_true(pebble->requested == PV_UNKNOWN && pebble->id == PV_UNKNOWN &&
                        pebble->born == PV_UNKNOWN);
        }
    }
    assert_int_equal(snapshot->totals.n_buckets, 3);
    assert_int_equal(snapshot->totals.n_used, 8);
    assert_int_equal(snapshot->totals.n_free, 9);
    assert_int_equal(snapshot->totals.used_bytes, 128 + 192 + 64 + 64 + 256 + 64 + 512 + 1024);
    assert_int_equal(snapshot->totals.heap_bytes, 8 * 4096);
    assert_int_equal(snapshot->totals.header_bytes, 3 * 48 + 17 * IMAGE_HEADER);
    assert_int_equal(snapshot->totals.used_bytes + snapshot->totals.free_bytes +
                         snapshot->totals.header_bytes,
                     snapshot->totals.heap_bytes);
    image_done(snapshot);
    image_close(&image);
}

/* First may point into the middle (20.3.2.6): no pebble is lost, and no law is broken. */
static void test_first_in_the_middle(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    for (size_t j = image.first[0]; j < image.first[1]; j++) {
        image_bucket(&image, image.buckets[0])->first = image_addr(&image, 0, j);
        struct pv_snapshot *snapshot = image_walk(&image);
        assert_int_equal(snapshot->n_findings + snapshot->n_breaks, 0);
        assert_int_equal(snapshot->n_pebbles, image.n_pebbles);
        assert_true(snapshot->pebbles[0].addr == image_addr(&image, 0, 0));
        assert_true(snapshot->buckets[0].first == image_addr(&image, 0, j));
        image_done(snapshot);
    }
    image_close(&image);
}

static void test_the_memory_is_not_written(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    image_pebble(&image, image_addr(&image, 0, 3))->next = 12345;
    unsigned char *copy = malloc(image.n);
    assert_non_null(copy);
    memcpy(copy, image.bytes, image.n);
    image_done(image_walk(&image));
    assert_memory_equal(copy, image.bytes, image.n);
    free(copy);
    image_close(&image);
}

/* The same image, whose pointers were written for another place. */
static void test_bias(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    static const uint64_t bases[] = {0x1000, UINT64_C(0x7F0000000000), UINT64_MAX - 0xFFFFF};
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        struct case_of_walk c;
        start(&c, image.bytes, image.n, bases[i]);
        c.walk.bias = bases[i] - IMAGE_BASE;
        assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
        assert_int_equal(c.snapshot->n_findings, 0);
        assert_int_equal(c.snapshot->n_pebbles, image.n_pebbles);
        for (size_t j = 0; j < image.n_pebbles; j++) {
            assert_true(c.snapshot->pebbles[j].addr == image.pebbles[j] + c.walk.bias);
        }
        assert_true(c.snapshot->buckets[1].prev == bases[i]);
        assert_true(c.snapshot->buckets[0].prev == 0 && c.snapshot->buckets[2].next == 0);
        finish(&c);
    }
    image_close(&image);
}

/* A layout of another machine: big-endian, no name (20.3.3.6), 32-bit sizes and pointers. */
static void put(unsigned char *header, struct pv_field field, uint64_t value)
{
    for (unsigned i = 0; i < field.width; i++) {
        header[field.offset + field.width - 1 - i] = (unsigned char)(value >> 8 * i);
    }
}

static void test_another_layout(void **state)
{
    (void)state;
    static const struct pv_layout layout = {
        .name = "big",
        .big_endian = true,
        .page_bytes = 512,
        .bucket_bytes = 28,
        .pebble_bytes = 32,
        .bucket = {{0, 4}, {4, 4}, {8, 4}, {12, 4}, {16, 4}, {20, 4}, {24, 4}},
        .pebble = {.magic = {0, 4},
                   .lflags = {4, 4},
                   .sflags = {8, 4},
                   .size = {12, 4},
                   .parent = {16, 4},
                   .prev = {20, 4},
                   .next = {24, 4}},
    };
    unsigned char image[1024] = {0};
    put(image, layout.bucket.magic, PV_BUCKET_MAGIC);
    put(image, layout.bucket.size, 2);
    put(image, layout.bucket.first, 0x8020);
    uint64_t rest = 1024 - 32 - 32 - 64 - 32;
    put(image, layout.bucket.largest, rest);
    unsigned char *one = image + 32, *two = image + 32 + 32 + 64;
    put(one, layout.pebble.magic, PV_PEBBLE_MAGIC);
    put(one, layout.pebble.lflags, 1);
    put(one, layout.pebble.size, 64);
    put(one, layout.pebble.parent, 0x8000);
    put(one, layout.pebble.next, 0x8080);
    put(two, layout.pebble.magic, PV_PEBBLE_MAGIC);
    put(two, layout.pebble.size, rest);
    put(two, layout.pebble.parent, 0x8000);
    put(two, layout.pebble.prev, 0x8020);
    struct case_of_walk c;
    start(&c, image, sizeof image, 0x8000);
    c.walk.layout = &layout;
    assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
    assert_int_equal(c.snapshot->n_findings, 0);
    assert_int_equal(c.snapshot->n_pebbles, 2);
    assert_int_equal(c.snapshot->pebbles[0].size, 64);
    assert_int_equal(c.snapshot->pebbles[0].tag, 0);
    assert_int_equal(c.snapshot->totals.free_bytes, rest);
    assert_int_equal(c.snapshot->totals.header_bytes, 28 + 2 * 32);
    finish(&c);
    put(two, layout.pebble.magic, 0);
    start(&c, image, sizeof image, 0x8000);
    c.walk.layout = &layout;
    assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
    assert_int_equal(c.snapshot->n_findings, 1);
    assert_int_equal(c.snapshot->findings[0].law, PV_LAW_P1);
    finish(&c);
}

static void test_foreign_names_are_cleaned(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    static const char endless[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    image_name(image_pebble(&image, image_addr(&image, 0, 0)), "\x1B[2J\xFF</svg>", 11);
    image_name(image_pebble(&image, image_addr(&image, 0, 2)), endless, PV_NAME_BYTES);
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_string_equal(pv_tags_text(snapshot->tags, snapshot->pebbles[0].tag),
                        PV_NAMES ? "\xE2\x90\x9B[2J\xEF\xBF\xBD</svg>" : "");
    assert_string_equal(pv_tags_text(snapshot->tags, snapshot->pebbles[2].tag),
                        PV_NAMES ? endless + 1 : "");
    image_done(snapshot);
    image_close(&image);
}

/* ---- sick heaps ---- */

/* Any one pebble's header smashed, with anything: all the others are still there. */
static void test_goes_on_behind_a_smashed_header(void **state)
{
    (void)state;
    static const unsigned char fills[] = {0x00, 0xFF, 'A'};
    struct image image;
    image_open_sample(&image);
    for (size_t i = 0; i < image.n_pebbles; i++) {
        for (size_t f = 0; f < sizeof fills; f++) {
            struct pv_pebble saved = *image_pebble(&image, image.pebbles[i]);
            memset(image_pebble(&image, image.pebbles[i]), fills[f], IMAGE_HEADER);
            struct pv_snapshot *snapshot = image_walk(&image);
            assert_int_equal(snapshot->n_findings, 1);
            assert_int_equal(snapshot->n_breaks, 1);
            assert_int_equal(snapshot->n_pebbles, image.n_pebbles - 1);
            const struct pv_break *gap = &snapshot->breaks[0];
            assert_true(gap->from == image.pebbles[i]);
            assert_true(gap->to - gap->from == IMAGE_HEADER + saved.size);
            for (size_t j = 0; j < snapshot->n_pebbles; j++) {
                assert_true(snapshot->pebbles[j].addr == image.pebbles[j + (j >= i)]);
            }
            image_done(snapshot);
            *image_pebble(&image, image.pebbles[i]) = saved;
        }
    }
    image_close(&image);
}

/* Two holes in one bucket, and one in another. */
static void test_goes_on_more_than_once(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    memset(image_pebble(&image, image_addr(&image, 0, 1)), 1, IMAGE_HEADER);
    memset(image_pebble(&image, image_addr(&image, 0, 5)), 2, IMAGE_HEADER);
    memset(image_pebble(&image, image_addr(&image, 1, 0)), 3, IMAGE_HEADER);
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(snapshot->n_findings, 3);
    assert_int_equal(snapshot->n_breaks, 3);
    assert_int_equal(snapshot->n_pebbles, image.n_pebbles - 3);
    assert_int_equal(snapshot->breaks[0].pebble, 1);
    assert_int_equal(snapshot->breaks[1].pebble, 4);
    assert_int_equal(snapshot->breaks[2].bucket, 1);
    assert_int_equal(snapshot->breaks[2].pebble, 7);
    image_done(snapshot);
    image_close(&image);
}

/* A merged pebble's old header, left in the payload of the one that took it
 * in, is no pebble. */
static void test_is_not_led_astray_by_old_headers(void **state)
{
    (void)state;
    struct image image;
    image_open(&image, IMAGE_BASE, 1);
    image_add(&image, 1,
              (struct image_pebble[]){{.size = 64, .used = true},
                                      {.size = 64},
                                      {.size = 128, .used = true},
                                      {.size = 64, .used = true},
                                      {.size = 0}},
              5);
    /* 2 is freed and taken in by 1; its header stays where it was. */
    struct pv_pebble *one = image_pebble(&image, image_addr(&image, 0, 1));
    struct pv_pebble *two = image_pebble(&image, image_addr(&image, 0, 2));
    two->lflags = 0;
    one->size += two->size + IMAGE_HEADER;
    one->next = image_addr(&image, 0, 3);
    image_pebble(&image, one->next)->prev = image_addr(&image, 0, 1);
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(snapshot->n_findings, 0);
    assert_int_equal(snapshot->n_pebbles, 4);
    image_done(snapshot);
    memset(one, 'A', IMAGE_HEADER);
    snapshot = image_walk(&image);
    assert_int_equal(snapshot->n_findings, 1);
    assert_int_equal(snapshot->n_pebbles, 3);
    assert_true(snapshot->pebbles[1].addr == image_addr(&image, 0, 3));
    image_done(snapshot);
    image_close(&image);
}

/* Two links in a row are damaged: the second pebble is found, though nothing confirms it. */
static void test_two_damaged_links_in_a_row(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    image_pebble(&image, image_addr(&image, 0, 3))->next = 1;
    image_pebble(&image, image_addr(&image, 0, 4))->next = 2;
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(snapshot->n_findings, 2);
    assert_int_equal(snapshot->n_pebbles, image.n_pebbles);
    image_done(snapshot);
    image_close(&image);
}

/* A size that leads out of the bucket is not believed when the link is damaged as well. */
static void test_size_and_link_damaged(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    image_pebble(&image, image_addr(&image, 0, 3))->next = 1;
    image_pebble(&image, image_addr(&image, 0, 3))->size = 1 << 20;
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(snapshot->n_findings, 2);
    assert_int_equal(snapshot->n_pebbles, image.n_pebbles);
    image_done(snapshot);
    image_close(&image);
}

/* What stands right behind a pebble is its neighbour only when it says so. */
static void test_a_link_against_a_stranger(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    uint64_t far = image_addr(&image, 0, 5);
    image_pebble(&image, image_addr(&image, 0, 3))->next = far;
    image_pebble(&image, image_addr(&image, 0, 4))->prev = 0x123450;
    struct pv_snapshot *snapshot = image_walk(&image);
    assert_int_equal(snapshot->n_pebbles, image.n_pebbles - 1);
    assert_true(snapshot->pebbles[4].addr == far);
    assert_int_equal(snapshot->n_breaks, 0);
    image_done(snapshot);
    image_close(&image);
}

/* Payloads that look like headers, but of another bucket, or where none can stand. */
static void test_forgeries_in_a_payload(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    uint64_t holder = image_addr(&image, 1, 5), end = image.buckets[2];
    for (unsigned variant = 0; variant < 3; variant++) {
        struct pv_pebble saved = *image_pebble(&image, holder);
        uint64_t at = holder + IMAGE_HEADER + 64 + (variant == 1 ? 8 : 0);
        struct pv_pebble forgery = {
            .magic = PV_PEBBLE_MAGIC,
            .lflags = 1,
            .alignment = 64,
            .size = end - at - IMAGE_HEADER,
            .parent = variant == 0 ? image.buckets[0] : image.buckets[1],
            .prev = holder,
        };
        memcpy(image_pebble(&image, at), &forgery, sizeof forgery);
        if (variant == 1) {
            image_pebble(&image, holder)->next = at;
        } else {
            memset(image_pebble(&image, holder), 'A', IMAGE_HEADER);
        }
        struct pv_snapshot *snapshot = image_walk(&image);
        bool taken = pv_snapshot_find(snapshot, at) < snapshot->n_pebbles &&
                     snapshot->pebbles[pv_snapshot_find(snapshot, at)].addr == at;
        /* The last is perfect: a documented limit. */
        assert_int_equal(taken, variant == 2);
        image_done(snapshot);
        *image_pebble(&image, holder) = saved;
        memset(image_pebble(&image, at), 0, IMAGE_HEADER);
    }
    image_close(&image);
}

static void test_every_truncation(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    for (uint64_t n = 0; n < image.n; n += 8) {
        unsigned char *cut = malloc(n ? n : 1); /* the sanitizer guards its end */
        assert_non_null(cut);
        memcpy(cut, image.bytes, n);
        struct case_of_walk c;
        start(&c, cut, n, image.base);
        assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
        /* A free payload at the very end may be missing: nothing of a header is. */
        uint64_t last = image_addr(&image, 2, 0) + IMAGE_HEADER - image.base;
        assert_int_equal(c.snapshot->n_findings == 0, n >= last);
        size_t whole = 0;
        for (size_t i = 0; i < image.n_pebbles; i++) {
            whole += image.pebbles[i] + IMAGE_HEADER - image.base <= n;
        }
        assert_int_equal(c.snapshot->n_pebbles, whole);
        finish(&c);
        free(cut);
    }
    image_close(&image);
}

static void test_bound_on_rows(void **state)
{
    (void)state;
    struct image image;
    image_open_sample(&image);
    size_t n_rows = image.n_pebbles + image.n_buckets;
    for (size_t bound = 1; bound <= n_rows + 1; bound++) {
        struct case_of_walk c;
        start(&c, image.bytes, image.n, image.base);
        c.walk.max_pebbles = bound;
        assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
        size_t rows = c.snapshot->n_pebbles + c.snapshot->n_buckets;
        assert_int_equal(rows, bound < n_rows ? bound : n_rows);
        assert_int_equal(c.snapshot->n_findings == 0, bound >= n_rows);
        finish(&c);
    }
    image_close(&image);
}

/* ---- hostile heaps: what is read stays in proportion to what is there ---- */

static void expect_linear(const struct case_of_walk *c, uint64_t n)
{
    uint64_t rows = c->snapshot->n_buckets + c->snapshot->n_pebbles;
    assert_true(rows <= n / 4);
    /* Each place is read by the list, by two searches, and as a neighbour; PAGE for each is
     * the worst. */
    if (c->meter.n_bytes > 64 * n + 65536 || c->meter.n_reads > 2 * n + 4096) {
        fail_msg("%" PRIu64 " bytes in %" PRIu64 " reads for %" PRIu64 " bytes of image",
                 c->meter.n_bytes, c->meter.n_reads, n);
    }
}

/* Headers that look sound at every 16th byte, each with a Next that breaks. */
static void test_a_wall_of_headers(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    unsigned char *bytes = calloc(1, N);
    assert_non_null(bytes);
    struct pv_bucket bucket = {
        .magic = PV_BUCKET_MAGIC, .size = N / 4096, .first = IMAGE_BASE + 48};
    for (unsigned variant = 0; variant < 6; variant++) {
        unsigned step = variant < 3 ? IMAGE_HEADER : 16;
        memset(bytes, 0, N);
        memcpy(bytes, &bucket, sizeof bucket);
        for (uint64_t at = 48; at + IMAGE_HEADER <= N; at += step) {
            static const uint64_t nexts[] = {1, UINT64_MAX, IMAGE_BASE + 48};
            struct pv_pebble pebble = {
                .magic = PV_PEBBLE_MAGIC,
                .size = 64,
                .alignment = 64,
                .parent = IMAGE_BASE,
                .next = nexts[variant % 3],
            };
            /* Overlapping headers: of each only the first fields stay. */
            memcpy(bytes + at, &pebble, sizeof pebble);
        }
        struct case_of_walk c;
        start(&c, bytes, N, IMAGE_BASE);
        assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
        assert_true(c.snapshot->n_findings > 0);
        assert_true(c.snapshot->n_findings <= PV_FINDINGS_MAX);
        expect_linear(&c, N);
        finish(&c);
    }
    free(bytes);
}

/* Thousands of buckets that all claim the whole image and the same pebbles. */
static void test_a_wall_of_buckets(void **state)
{
    (void)state;
    enum { N = 1 << 20, STEP = 64 };
    unsigned char *bytes = calloc(1, N);
    assert_non_null(bytes);
    for (unsigned variant = 0; variant < 2; variant++) {
        for (uint64_t at = 0; at < N; at += STEP) {
            bool last = at + STEP >= N;
            /* Forward, or to and fro. */
            uint64_t next = variant == 0 ? at + STEP : (at ^ (N / 2)) + (at >= N / 2) * STEP;
            struct pv_bucket bucket = {
                .magic = PV_BUCKET_MAGIC,
                .size = UINT64_MAX / 8192,
                .first = IMAGE_BASE + N / 2 + 128,
                .next = last ? 0 : IMAGE_BASE + next,
            };
            memcpy(bytes + at, &bucket, sizeof bucket);
        }
        struct case_of_walk c;
        start(&c, bytes, N, IMAGE_BASE);
        assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
        assert_true(c.snapshot->n_buckets > N / STEP / 2);
        assert_true(c.snapshot->n_findings_more > 0);
        expect_linear(&c, N);
        finish(&c);
    }
    free(bytes);
}

/* A list that jumps to and fro through all its pebbles: each link back asks the set. */
static void test_a_list_out_of_order(void **state)
{
    (void)state;
    enum { N_PEBBLES = 4000, EACH = IMAGE_HEADER + 64 };
    const uint64_t n = 48 + (uint64_t)N_PEBBLES * EACH;
    const uint64_t n_pages = (n + 4095) / 4096;
    unsigned char *bytes = calloc(n_pages, 4096);
    assert_non_null(bytes);
    struct pv_bucket bucket = {.magic = PV_BUCKET_MAGIC, .size = n_pages};
    uint64_t before = 0;
    for (unsigned i = 0; i <= N_PEBBLES; i++) {
        unsigned place = i % 2 ? N_PEBBLES - 1 - i / 2 : i / 2;
        uint64_t addr = IMAGE_BASE + 48 + (uint64_t)place * EACH;
        if (i == N_PEBBLES) {
            addr = bucket.first; /* and at its end it is a loop */
        }
        if (before == 0) {
            bucket.first = addr;
        } else {
            struct pv_pebble *last = (void *)(bytes + (before - IMAGE_BASE));
            last->next = addr;
        }
        if (i < N_PEBBLES) {
            struct pv_pebble *pebble = (void *)(bytes + (addr - IMAGE_BASE));
            *pebble = (struct pv_pebble){.magic = PV_PEBBLE_MAGIC,
                                         .lflags = 1,
                                         .sflags = 1,
                                         .alignment = 64,
                                         .size = 64,
                                         .parent = IMAGE_BASE,
                                         .prev = before};
        }
        before = addr;
    }
    memcpy(bytes, &bucket, sizeof bucket);
    struct case_of_walk c;
    start(&c, bytes, n_pages * 4096, IMAGE_BASE);
    assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
    assert_int_equal(c.snapshot->n_pebbles, N_PEBBLES);
    assert_int_equal(c.snapshot->n_breaks, 1);
    assert_false(c.snapshot->pebbles_ordered);
    expect_linear(&c, n_pages * 4096);
    finish(&c);
    free(bytes);
}

/* A bucket that claims far more than there is: what is searched is bounded. */
static void test_a_bucket_of_unreadable_pages(void **state)
{
    (void)state;
    struct pv_bucket bucket = {.magic = PV_BUCKET_MAGIC, .size = UINT64_C(1) << 50, .first = 8};
    struct case_of_walk c;
    start(&c, &bucket, sizeof bucket, IMAGE_BASE);
    assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
    assert_int_equal(c.snapshot->n_findings, 1);
    assert_int_equal(c.snapshot->findings[0].law, PV_LAW_B6);
    assert_true(c.meter.n_refused < 20000);
    finish(&c);
}

/* ---- cost on sound heaps ---- */

static void test_reads_pages_and_not_headers(void **state)
{
    (void)state;
    enum { N_PEBBLES = 5000 };
    struct image_pebble *pebbles = calloc(N_PEBBLES, sizeof *pebbles);
    assert_non_null(pebbles);
    for (size_t i = 0; i + 1 < N_PEBBLES; i++) {
        pebbles[i] = (struct image_pebble){.size = 64, .used = true, .name = "x"};
    }
    const uint64_t n_pages = N_PEBBLES * (IMAGE_HEADER + 64) / 4096 + 2;
    struct image image;
    image_open(&image, IMAGE_BASE, n_pages);
    image_add(&image, n_pages, pebbles, N_PEBBLES);
    struct case_of_walk c;
    start(&c, image.bytes, image.n, image.base);
    assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
    assert_int_equal(c.snapshot->n_findings, 0);
    assert_int_equal(c.snapshot->n_pebbles, N_PEBBLES);
    /* A read for each page, and some for headers that lie across two. */
    assert_true(c.meter.n_reads < 2 * n_pages + 16);
    finish(&c);
    image_close(&image);
    free(pebbles);
}

static void test_large_payloads_are_not_read(void **state)
{
    (void)state;
    enum { N_PEBBLES = 50 };
    struct image_pebble pebbles[N_PEBBLES] = {{0}};
    for (size_t i = 0; i + 1 < N_PEBBLES; i++) {
        pebbles[i] = (struct image_pebble){.size = 16384, .used = true};
    }
    const uint64_t n_pages = N_PEBBLES * 5;
    struct image image;
    image_open(&image, IMAGE_BASE, n_pages);
    image_add(&image, n_pages, pebbles, N_PEBBLES);
    struct case_of_walk c;
    start(&c, image.bytes, image.n, image.base);
    assert_int_equal(pv_walk(&c.walk, c.tags, &c.snapshot), 0);
    assert_int_equal(c.snapshot->n_findings, 0);
    assert_true(c.meter.n_bytes < N_PEBBLES * 3 * IMAGE_HEADER + 4 * 4096);
    finish(&c);
    image_close(&image);
}

/* ---- out of memory ---- */

static void test_out_of_memory(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 4; variant++) {
        struct image image;
        image_open_sample(&image);
        if (variant >= 2) { /* findings, breaks, and a set for a loop */
            image_pebble(&image, image_addr(&image, 0, 6))->next = image_addr(&image, 0, 2);
            image_pebble(&image, image_addr(&image, 1, 3))->size = 1;
            memset(image_pebble(&image, image_addr(&image, 1, 1)), 7, IMAGE_HEADER);
        }
        size_t n = 0;
        int status;
        do {
            struct case_of_walk c;
            start(&c, image.bytes, image.n, image.base);
            int64_t live = own_n_live();
            own_fail_at(++n, variant % 2);
            status = pv_walk(&c.walk, c.tags, &c.snapshot);
            own_fail_at(0, false);
            if (status != 0) {
                assert_int_equal(status, PV_ENOMEM);
                assert_null(c.snapshot);
                assert_true(own_n_live() <= live + 16); /* tags may have grown */
            } else {
                assert_int_equal(c.snapshot->n_findings > 0, variant >= 2);
            }
            finish(&c);
            assert_int_equal(own_n_live(), 0);
        } while (status != 0);
        assert_true(n > 20);
        image_close(&image);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_of_a_sound_heap),
        cmocka_unit_test(test_first_in_the_middle),
        cmocka_unit_test(test_the_memory_is_not_written),
        cmocka_unit_test(test_bias),
        cmocka_unit_test(test_another_layout),
        cmocka_unit_test(test_foreign_names_are_cleaned),
        cmocka_unit_test(test_goes_on_behind_a_smashed_header),
        cmocka_unit_test(test_goes_on_more_than_once),
        cmocka_unit_test(test_is_not_led_astray_by_old_headers),
        cmocka_unit_test(test_two_damaged_links_in_a_row),
        cmocka_unit_test(test_size_and_link_damaged),
        cmocka_unit_test(test_a_link_against_a_stranger),
        cmocka_unit_test(test_forgeries_in_a_payload),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_bound_on_rows),
        cmocka_unit_test(test_a_wall_of_headers),
        cmocka_unit_test(test_a_wall_of_buckets),
        cmocka_unit_test(test_a_list_out_of_order),
        cmocka_unit_test(test_a_bucket_of_unreadable_pages),
        cmocka_unit_test(test_reads_pages_and_not_headers),
        cmocka_unit_test(test_large_payloads_are_not_read),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("inspect/walk", tests, NULL, NULL);
}
