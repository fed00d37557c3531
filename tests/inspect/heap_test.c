/* SPDX-License-Identifier: MIT
 *
 * heap_test.c - the real allocator and the walk, held against each other: what the one makes
 * the other finds sound, and what is then overwritten is found.
 */
#include "image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/pages.h"
#include "tests/support/random.h"

enum { N_PAGES = 2048, N_BLOCKS = 400 };

struct real {
    unsigned char *room, *map;
    struct pv_region region;
    struct pv_heap heap;
    void *blocks[N_BLOCKS];
    uint64_t random;
};

static void real_open(struct real *real, enum pv_growth growth, bool best_fit, uint64_t seed)
{
    *real = (struct real){.random = seed};
    real->room = aligned_alloc(1 << 20, (size_t)N_PAGES * PV_PAGE_BYTES);
    real->map = calloc(N_PAGES, 1);
    assert_non_null(real->room);
    assert_non_null(real->map);
    memset(real->room, 0xA5, (size_t)N_PAGES * PV_PAGE_BYTES);
    pv_region_init(&real->region, real->room, N_PAGES, real->map);
    struct pv_heap_config config = {
        .pages = pv_region_pages(&real->region),
        .first_pages = 4,
        .growth = growth,
        .fit = best_fit ? PV_FIT_BEST : PV_FIT_FIRST,
    };
    assert_true(pv_heap_init(&real->heap, &config));
}

static void real_close(struct real *real)
{
    pv_heap_fini(&real->heap);
    free(real->room);
    free(real->map);
}

static void step(struct real *real)
{
    static const char *const names[] = {"net/tcp", "fs", "log", NULL};
    uint64_t r = random_next(&real->random);
    void **block = &real->blocks[r % N_BLOCKS];
    uint64_t size = (r >> 16) % ((r >> 12) % 8 == 0 ? 20000 : 700);
    if (!*block) {
        struct pv_request request = {.size = size, .name = names[(r >> 40) % 4]};
        if ((r >> 44) % 8 == 0) {
            request.flags = PV_FLAG_ALIGNED;
            request.alignment = 1U << (r >> 48) % 14;
        }
        *block = pv_heap_alloc(&real->heap, &request);
    } else if ((r >> 50) % 3 == 0) {
        void *moved = pv_heap_realloc(&real->heap, *block, size);
        *block = moved ? moved : *block;
    } else {
        assert_int_equal(pv_heap_free(&real->heap, *block), PV_FAULT_NONE);
        *block = NULL;
    }
}

static struct pv_snapshot *real_walk(const struct real *real, struct pv_tags *tags)
{
    const struct pv_self_range range = {(uintptr_t)real->room,
                                        (uint64_t)N_PAGES * PV_PAGE_BYTES};
    struct pv_self_memory self = {&range, 1};
    struct pv_walk walk = {
        .memory = pv_self_memory(&self),
        .layout = &pv_layout_fysos,
        .root = (uintptr_t)real->heap.first,
    };
    struct pv_snapshot *snapshot;
    assert_int_equal(pv_walk(&walk, tags, &snapshot), 0);
    return snapshot;
}

/* Every block is a used row, and every used row a block. */
static void expect_same(const struct real *real, const struct pv_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        print_message("%s: %s\n", pv_rules[snapshot->findings[i].law].id,
                      snapshot->findings[i].text);
    }
    assert_int_equal(snapshot->n_findings, 0);
    assert_int_equal(snapshot->n_buckets, real->heap.n_buckets);
    assert_int_equal(snapshot->totals.heap_bytes, real->heap.n_pages * PV_PAGE_BYTES);
    size_t n_blocks = 0;
    for (size_t i = 0; i < N_BLOCKS; i++) {
        if (!real->blocks[i]) {
            continue;
        }
        n_blocks++;
        uint64_t addr = (uintptr_t)real->blocks[i] - sizeof(struct pv_pebble);
        size_t at = pv_snapshot_find(snapshot, addr);
        assert_true(at < snapshot->n_pebbles);
        assert_true(snapshot->pebbles[at].addr == addr);
        assert_true(pv_pebble_row_used(&snapshot->pebbles[at]));
    }
    assert_int_equal(snapshot->totals.n_used, n_blocks);
}

static void test_a_real_heap_is_sound(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 4; variant++) {
        struct real real;
        real_open(&real, variant & 1 ? PV_GROWTH_NEW_BUCKET : PV_GROWTH_IN_PLACE, variant & 2,
                  variant);
        size_t n_buckets = 0;
        for (unsigned i = 0; i < 6000; i++) {
            step(&real);
            if (i % 40 == 0) {
                struct pv_tags *tags;
                assert_int_equal(pv_tags_open(&tags), 0);
                struct pv_snapshot *snapshot = real_walk(&real, tags);
                expect_same(&real, snapshot);
                n_buckets = snapshot->n_buckets > n_buckets ? snapshot->n_buckets : n_buckets;
                pv_snapshot_close(snapshot);
                pv_tags_close(tags);
            }
        }
        assert_true(variant & 1 ? n_buckets > 2 : n_buckets == 1);
        real_close(&real);
    }
}

/* Fields in which any other value breaks a law. */
static bool is_guarded(size_t offset)
{
    return offset < 4 || (offset > 4 && offset < 8) || (offset >= 16 && offset < 24) ||
           offset >= offsetof(struct pv_pebble, parent);
}

static void test_an_overwritten_byte_is_found(void **state)
{
    (void)state;
    struct real real;
    real_open(&real, PV_GROWTH_NEW_BUCKET, false, 99);
    for (unsigned i = 0; i < 100; i++) {
        step(&real);
    }
    struct pv_tags *tags;
    assert_int_equal(pv_tags_open(&tags), 0);
    struct pv_snapshot *sound = real_walk(&real, tags);
    assert_int_equal(sound->n_findings, 0);
    size_t n_drills = 0, n_found = 0;
    for (size_t i = 0; i < sound->n_pebbles; i++) {
        unsigned char *header = (void *)(uintptr_t)sound->pebbles[i].addr;
        for (size_t offset = 0; offset < sizeof(struct pv_pebble); offset++) {
            unsigned char bit = (unsigned char)(1U << (i + offset) % 8);
            header[offset] ^= bit;
            struct pv_snapshot *snapshot = real_walk(&real, tags);
            header[offset] ^= bit;
            n_drills++;
            n_found += snapshot->n_findings > 0;
            if (is_guarded(offset) && snapshot->n_findings == 0) {
                fail_msg("offset %zu of the pebble at 0x%" PRIx64, offset,
                         sound->pebbles[i].addr);
            }
            pv_snapshot_close(snapshot);
        }
    }
    print_message("one byte of a real header: %zu of %zu found (%d of %zu bytes are a name)\n",
                  n_found, n_drills, PV_NAMES * PV_NAME_BYTES, sizeof(struct pv_pebble));
    for (size_t b = 0; b < sound->n_buckets; b++) {
        unsigned char *header = (void *)(uintptr_t)sound->buckets[b].addr;
        for (size_t offset = 0; offset < sizeof(struct pv_bucket); offset++) {
            unsigned char bit = offset == 4 ? 2 : (unsigned char)(1U << offset % 8);
            header[offset] ^= bit;
            struct pv_snapshot *snapshot = real_walk(&real, tags);
            header[offset] ^= bit;
            assert_true(snapshot->n_findings > 0);
            pv_snapshot_close(snapshot);
        }
    }
    pv_snapshot_close(sound);
    pv_tags_close(tags);
    real_close(&real);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_real_heap_is_sound),
        cmocka_unit_test(test_an_overwritten_byte_is_found),
    };
    return cmocka_run_group_tests_name("inspect/heap", tests, NULL, NULL);
}
