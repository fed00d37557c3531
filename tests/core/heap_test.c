/* SPDX-License-Identifier: MIT
 *
 * heap_test.c - what the specification and core/heap.h promise, one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heap_fixture.h"

static uint64_t offset(const struct fixture *f, const void *ptr)
{
    return (uint64_t)((const unsigned char *)ptr - f->start);
}

static void test_layout(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct pv_bucket, size), 8);
    assert_int_equal(offsetof(struct pv_bucket, largest), 16);
    assert_int_equal(offsetof(struct pv_bucket, first), 40);
    assert_int_equal(offsetof(struct pv_pebble, sflags), 8);
    assert_int_equal(offsetof(struct pv_pebble, size), 16);
#ifndef PV_WITHOUT_NAMES
    assert_int_equal(offsetof(struct pv_pebble, name), 24);
#endif
    assert_int_equal(BUCKET, 48);
    assert_int_equal(PEBBLE, PV_NAMES ? 80 : 48);
    assert_int_equal(offsetof(struct pv_pebble, parent), PEBBLE - 24);
    assert_int_equal(offsetof(struct pv_pebble, next), PEBBLE - 8);
    struct fixture *f = begin((struct pv_heap_config){0});
    assert_memory_equal(f->start, "KCUB", 4);
    assert_memory_equal(f->start + 48, "KCOR", 4);
    assert_int_equal(f->heap.first->largest, 16 * 4096 - BUCKET - PEBBLE);
    end(f);
}

/* A catalog of two blocks: 100 and 200 bytes in a bucket of 64 KiB. */
static void test_lower_part_is_given(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    void *a = pv_heap_malloc(&f->heap, 100, "openDatabase");
    void *b = pv_heap_malloc(&f->heap, 200, NULL);
    assert_int_equal(offset(f, a), BUCKET + PEBBLE);
    assert_int_equal(pebble_of(a)->size, 128);
    assert_int_equal(offset(f, b), BUCKET + PEBBLE + 128 + PEBBLE);
    assert_int_equal(pebble_of(b)->size, 256);
    assert_string_equal(pv_pebble_name(pebble_of(a)), PV_NAMES ? "openDatabase" : "");
    assert_int_equal(pebble_of(a)->sflags, PV_FLAG_VIRTUAL);
    assert_int_equal(f->heap.first->largest, 65536 - BUCKET - 3 * PEBBLE - 128 - 256);
    assert_int_equal(f->n_events, 4);
    assert_int_equal(f->events[0].kind, PV_EVENT_SPLIT);
    assert_int_equal(f->events[1].kind, PV_EVENT_ALLOC);
    assert_int_equal(f->events[1].requested, 100);
    end(f);
}

/* 20.3.4: split only when the rest holds a header and 64 bytes. */
static void test_split_bound(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    char *hole = pv_heap_malloc(&f->heap, 1024, NULL);
    void *wall = pv_heap_malloc(&f->heap, 64, NULL);
    assert_non_null(wall);
    static const struct {
        uint64_t asked, got;
    } cases[] = {{1024, 1024}, {897, 1024}, {833, PEBBLE + 64 > 128 ? 1024 : 896}, {832, 832}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(pv_heap_free(&f->heap, hole), PV_FAULT_NONE);
        hole = pv_heap_malloc(&f->heap, cases[i].asked, NULL);
        assert_int_equal(pebble_of(hole)->size, cases[i].got);
    }
    end(f);
}

/* A name longer than the field is cut at 31 bytes; the name is gone when the pebble is free. */
static void test_names(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    void *a = pv_heap_malloc(&f->heap, 1, "0123456789012345678901234567890123456789");
    const char *cut = PV_NAMES ? "0123456789012345678901234567890" : "";
    assert_string_equal(pv_pebble_name(pebble_of(a)), cut);
    void *wall = pv_heap_malloc(&f->heap, 1, "w");
    assert_non_null(wall);
    void *b = pv_heap_realloc(&f->heap, a, 5000);
    assert_ptr_not_equal(a, b);
    assert_string_equal(pv_pebble_name(pebble_of(b)), cut);
    assert_string_equal(pv_pebble_name(pebble_of(a)), "");
    end(f);
}

/* 20.3.5: neighbours merge, the absorbed header is no header any more, Largest is true. */
static void test_merge(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    uint64_t all = f->heap.first->largest;
    void *p[4];
    for (size_t i = 0; i < 4; i++) {
        p[i] = pv_heap_malloc(&f->heap, 64, NULL);
    }
    pv_heap_free(&f->heap, p[0]);
    pv_heap_free(&f->heap, p[2]);
    f->n_events = 0;
    pv_heap_free(&f->heap, p[1]);
    assert_int_equal(f->n_events, 3);
    assert_int_equal(f->events[0].kind, PV_EVENT_FREE);
    assert_int_equal(f->events[1].kind, PV_EVENT_MERGE);
    assert_int_equal(f->events[2].kind, PV_EVENT_MERGE);
    assert_int_equal(pebble_of(p[0])->size, 3 * 64 + 2 * PEBBLE);
    assert_int_equal(pebble_of(p[1])->magic, 0);
    assert_int_equal(pebble_of(p[2])->magic, 0);
    pv_heap_free(&f->heap, p[3]);
    assert_int_equal(f->heap.first->largest, all);
    assert_int_equal(f->heap.n_free, 1);
    end(f);
}

/* Largest counts free pebbles only, and best fit takes the smallest, of equals the lowest. */
static void test_best_fit(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.fit = PV_FIT_BEST});
    static const uint64_t sizes[] = {512, 64, 256, 64, 256, 64, 384, 64};
    void *p[8];
    for (size_t i = 0; i < 8; i++) {
        p[i] = pv_heap_malloc(&f->heap, sizes[i], NULL);
    }
    for (size_t i = 0; i < 8; i += 2) {
        pv_heap_free(&f->heap, p[i]);
    }
    assert_ptr_equal(pv_heap_malloc(&f->heap, 200, NULL), p[2]);
    assert_ptr_equal(pv_heap_malloc(&f->heap, 200, NULL), p[4]);
    assert_ptr_equal(pv_heap_malloc(&f->heap, 200, NULL), p[6]);
    assert_int_equal(f->heap.first->lflags, PV_BUCKET_BEST_FIT);
    end(f);
}

/* "by whole pages, at least 16 of them, by just enough": the last free pebble satisfies it. */
static void test_growth_in_place(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.first_pages = 1});
    void *small = pv_heap_malloc(&f->heap, 64, NULL);
    assert_non_null(pv_heap_malloc(&f->heap, 5000, NULL));
    assert_int_equal(f->heap.first->size, 17);
    uint64_t free_now = f->heap.first->largest;
    assert_non_null(pv_heap_malloc(&f->heap, free_now + 100 * 4096, NULL));
    /* The size is rounded up, over the last page's end if it was not a multiple of 64. */
    uint64_t n_more = 100 + (free_now % PV_UNIT_BYTES != 0);
    assert_int_equal(f->heap.first->size, 17 + n_more);
    assert_int_equal(f->heap.n_buckets, 1);
    assert_int_equal(offset(f, small), BUCKET + PEBBLE);
    end(f);
}

/* A new bucket when in place is not wanted; emptied it goes, but never the first. */
static void test_new_bucket(void **state)
{
    (void)state;
    struct fixture *f =
        begin((struct pv_heap_config){.first_pages = 1, .growth = PV_GROWTH_NEW_BUCKET});
    void *a = pv_heap_malloc(&f->heap, 3000, NULL);
    void *b = pv_heap_malloc(&f->heap, 3000, NULL);
    assert_int_equal(f->heap.n_buckets, 2);
    assert_int_equal(f->heap.last->size, PV_GROW_PAGES_MIN);
    assert_int_equal(f->heap.last->prev, (uintptr_t)f->heap.first);
    f->n_events = 0;
    pv_heap_free(&f->heap, b);
    assert_int_equal(f->heap.n_buckets, 1);
    assert_int_equal(f->events[f->n_events - 1].kind, PV_EVENT_BUCKET_REMOVE);
    pv_heap_free(&f->heap, a);
    assert_int_equal(f->heap.n_buckets, 1);
    assert_int_equal(f->heap.first->next, 0);
    end(f);
}

/* 20.3.4 and 20.3.6: three pebbles out of one; the pads stay free for others. */
static void test_alignment(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    for (uint32_t alignment = 1; alignment <= PV_ALIGN_MAX; alignment *= 2) {
        struct pv_request request = {
            .size = 100, .flags = PV_FLAG_ALIGNED, .alignment = alignment, .name = "aligned"};
        void *a = pv_heap_alloc(&f->heap, &request);
        assert_non_null(a);
        uint64_t kept = alignment < PV_ALIGN_MIN ? PV_ALIGN_MIN : alignment;
        assert_int_equal((uintptr_t)a % kept, 0);
        assert_int_equal(pebble_of(a)->alignment, kept);
        void *b = pv_heap_realloc(&f->heap, a, 3000);
        assert_non_null(b);
        assert_int_equal((uintptr_t)b % kept, 0);
        pv_heap_free(&f->heap, b);
        assert_int_equal(f->heap.n_free, 1);
    }
    struct pv_request odd = {.size = 1, .flags = PV_FLAG_ALIGNED, .alignment = 3000};
    void *rounded_up = pv_heap_alloc(&f->heap, &odd);
    assert_int_equal((uintptr_t)rounded_up % 4096, 0);
    odd.alignment = PV_ALIGN_MAX + 1;
    assert_null(pv_heap_alloc(&f->heap, &odd));
    end(f);
}

static void test_refused_requests(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.limit_pages = 32});
    struct pv_request both = {.size = 1, .flags = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL};
    assert_null(pv_heap_alloc(&f->heap, &both));
    assert_null(pv_heap_malloc(&f->heap, UINT64_MAX, NULL));
    assert_null(pv_heap_malloc(&f->heap, INT64_MAX, NULL));
    assert_null(pv_heap_calloc(&f->heap, UINT64_MAX / 8, 9, NULL));
    assert_null(pv_heap_malloc(&f->heap, 32 * 4096, NULL));
    assert_non_null(pv_heap_malloc(&f->heap, 32 * 4096 - 128, NULL));
    assert_int_equal(f->heap.n_pages, 32);
    struct pv_heap empty;
    assert_false(pv_heap_init(&empty, &(struct pv_heap_config){0}));
    pv_heap_fini(&empty);
    end(f);
}

/* In place when it fits, giving the tail back; into the next; else away, contents and all. */
static void test_resizing(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    unsigned char *a = pv_heap_malloc(&f->heap, 1000, "a");
    memset(a, 7, 1000);
    assert_ptr_equal(pv_heap_realloc(&f->heap, a, 1024), a);
    assert_ptr_equal(pv_heap_realloc(&f->heap, a, 100), a);
    assert_int_equal(pebble_of(a)->size, 128);
    assert_ptr_equal(pv_heap_realloc(&f->heap, a, 2000), a);
    assert_int_equal(pebble_of(a)->size, 2048);
    void *wall = pv_heap_malloc(&f->heap, 1, NULL);
    unsigned char *b = pv_heap_realloc(&f->heap, a, 4000);
    assert_ptr_not_equal(a, b);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(b[i], 7);
    }
    assert_int_equal(pv_heap_free(&f->heap, wall), PV_FAULT_NONE);

    /* A move that fails leaves the block as it was. */
    void *wall2 = pv_heap_malloc(&f->heap, 1, NULL);
    assert_non_null(wall2);
    f->failing.fail_at = f->failing.n_calls + 1;
    f->failing.sticky = true;
    assert_null(pv_heap_realloc(&f->heap, b, 40 * 4096));
    assert_int_equal(b[50], 7);
    assert_int_equal(pebble_of(b)->lflags, PV_PEBBLE_USED);
    end(f);
}

/* Growth by what is needed where the preferred growth fails: the pages left, or the limit. */
static void test_growth_by_what_is_needed(void **state)
{
    (void)state;
    for (int growth = PV_GROWTH_IN_PLACE; growth <= PV_GROWTH_NEW_BUCKET; growth++) {
        struct fixture *f = begin((struct pv_heap_config){.growth = (enum pv_growth)growth});
        memset(f->map + 20, 1, N_PAGES - 20);
        assert_non_null(pv_heap_malloc(&f->heap, f->heap.first->largest, NULL));
        assert_non_null(pv_heap_malloc(&f->heap, 100, "four pages are left"));
        assert_non_null(pv_heap_malloc(&f->heap, 3 * 4096, "and now in place"));
        assert_null(pv_heap_malloc(&f->heap, 4096, "none is left"));
        end(f);
    }
}

/* The fewest pages that always do; where they are refused, the fewest that would do. */
static void test_pages_for_alignment(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    for (uint32_t alignment = 8192; alignment <= PV_ALIGN_MAX; alignment *= 2) {
        struct pv_request request = {
            .size = 64, .flags = PV_FLAG_ALIGNED | PV_FLAG_PHYSICAL, .alignment = alignment};
        void *a = pv_heap_alloc(&f->heap, &request);
        assert_non_null(a);
        uint64_t least = alignment / 4096 + 1;
        assert_int_equal(f->heap.last->size, least < 16 ? 16 : least);
        pv_heap_free(&f->heap, a);
    }
    /* Two pages, of which the second begins on 1 MiB, and nothing else. */
    memset(f->map + 16, 1, N_PAGES - 16);
    memset(f->map + 255, 0, 2);
    for (int asked = 0; asked < 2; asked++) {
        struct pv_request request = {
            .size = 4096, .flags = PV_FLAG_ALIGNED | PV_FLAG_PHYSICAL, .alignment = 1 << 20};
        void *a = pv_heap_alloc(&f->heap, &request);
        assert_int_equal(offset(f, a), 1 << 20);
        assert_int_equal(f->heap.last->size, 2);
        pv_heap_free(&f->heap, a);
        f->heap.config.pages.get_aligned = NULL; /* then by chance */
    }
    end(f);
}

/* The last block of a bucket grows with it; a block slides down when nothing else is left. */
static void test_resizing_at_the_end(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    memset(f->map + 24, 1, N_PAGES - 24);
    void *a = pv_heap_malloc(&f->heap, 24000, "a");
    unsigned char *p = pv_heap_malloc(&f->heap, 40000, "last");
    memset(p, 7, 40000);
    assert_ptr_equal(pv_heap_realloc(&f->heap, p, 50000), p);
    assert_int_equal(f->heap.first->size, 19);
    assert_null(pv_heap_realloc(&f->heap, p, 80000));
    pv_heap_free(&f->heap, a);
    unsigned char *q = pv_heap_realloc(&f->heap, p, 80000);
    assert_ptr_equal(q, a);
    for (size_t i = 0; i < 40000; i++) {
        assert_int_equal(q[i], 7);
    }
    assert_string_equal(pv_pebble_name(pebble_of(q)), PV_NAMES ? "last" : "");
    assert_null(pv_heap_realloc(&f->heap, q, 24 * 4096));
    pv_heap_free(&f->heap, q);
    assert_int_equal(f->heap.n_free, 1);
    end(f);
}

/* What can be asked for is a multiple of 64, and each kind has its own. */
/* What the specification does not know is a fault of its own; the author's bit 6 is VIRTUAL. */
static void test_flags(void **state)
{
    (void)state;
    static const uint32_t unknown[] = {0x200, 0x80000000u, 0xfffff000u, 0x248};
    struct fixture *f = begin((struct pv_heap_config){0});
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        f->n_events = 0;
        assert_null(
            pv_heap_alloc(&f->heap, &(struct pv_request){.size = 64, .flags = unknown[i]}));
        assert_int_equal(f->n_events, 2);
        assert_int_equal(f->events[0].fault, PV_FAULT_UNKNOWN_FLAGS);
        assert_int_equal(f->events[1].kind, PV_EVENT_REFUSED);
    }
    void *a =
        pv_heap_alloc(&f->heap, &(struct pv_request){.size = 64, .flags = PV_FLAG_ANYWHERE});
    assert_int_equal(pebble_of(a)->sflags, PV_FLAG_VIRTUAL);
    assert_null(pv_heap_alloc(
        &f->heap,
        &(struct pv_request){.size = 64, .flags = PV_FLAG_ANYWHERE | PV_FLAG_PHYSICAL}));
    end(f);
}

/* A limit holds in the slack of a block, and a cleared block's slack is zero when it is used. */
static void test_attributes_in_realloc(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    unsigned char *z = pv_heap_calloc(&f->heap, 1, 1000, "z");
    memset(z, 7, 1000);
    assert_ptr_equal(pv_heap_realloc(&f->heap, z, 900), z);
    assert_ptr_equal(pv_heap_realloc(&f->heap, z, 1000), z);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(z[i], i < 900 ? 7 : 0);
    }
    pv_heap_free(&f->heap, z);
    void *hole = pv_heap_malloc(&f->heap, 192, NULL);
    assert_non_null(pv_heap_malloc(&f->heap, 64, "wall"));
    pv_heap_free(&f->heap, hole);
    f->heap.config.bias = f->region.bias =
        (UINT64_C(1) << 20) - (uintptr_t)f->start - BUCKET - PEBBLE - 64;
    unsigned char *low =
        pv_heap_alloc(&f->heap, &(struct pv_request){.size = 64, .flags = PV_FLAG_LOW1MEG});
    assert_ptr_equal(low, hole);
    if (pebble_of(low)->size >= 128) {
        assert_null(pv_heap_realloc(&f->heap, low, 128));
    }
    end(f);
}

/* What was got for a limit serves others only when nothing else can. */
static void test_low_buckets_are_kept(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.first_pages = 1});
    f->heap.config.bias = f->region.bias =
        (UINT64_C(1) << 20) - (uintptr_t)f->start - (uint64_t)32 * PV_PAGE_BYTES;
    assert_non_null(pv_heap_malloc(&f->heap, pv_heap_largest(&f->heap), "fills"));
    f->heap.config.growth = PV_GROWTH_NEW_BUCKET;
    struct pv_request request = {.size = 64, .flags = PV_FLAG_LOW1MEG};
    assert_true(offset(f, pv_heap_alloc(&f->heap, &request)) >= 17 * 4096 ||
                f->heap.n_buckets == 2);
    const struct pv_bucket *kept = f->heap.last;
    size_t n_plain = 0;
    char *plain;
    while ((plain = pv_heap_malloc(&f->heap, 3000, "plain")) != NULL &&
           pebble_of(plain)->parent != (uintptr_t)kept) {
        assert_ptr_equal(f->heap.last, kept);
        n_plain++;
    }
    assert_true(n_plain > 400); /* all other pages are taken first */
    assert_non_null(plain);
    end(f);
}

static void test_largest(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.first_pages = 1});
    assert_non_null(pv_heap_malloc(&f->heap, f->heap.first->largest, NULL));
    pv_heap_free(&f->heap, pv_heap_malloc(&f->heap, 100, NULL));
    uint64_t largest = pv_heap_largest(&f->heap);
    assert_int_equal(largest % 64, 0);
    assert_true(largest < pv_heap_largest_pebble(&f->heap));
    struct pv_request physical = {.size = 64, .flags = PV_FLAG_PHYSICAL};
    assert_int_equal(pv_heap_largest_of(&f->heap, PV_FLAG_PHYSICAL), 0);
    assert_non_null(pv_heap_alloc(&f->heap, &physical));
    f->failing.fail_at = f->failing.n_calls + 1;
    f->failing.sticky = true;
    assert_non_null(pv_heap_malloc(&f->heap, largest, NULL));
    assert_int_equal(pv_heap_largest(&f->heap), 0);
    assert_null(pv_heap_malloc(&f->heap, 64, NULL));
    physical.size = pv_heap_largest_of(&f->heap, PV_FLAG_PHYSICAL);
    assert_non_null(pv_heap_alloc(&f->heap, &physical));
    end(f);
}

static void test_calloc_clears(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    unsigned char *dirty = pv_heap_malloc(&f->heap, 640, NULL);
    memset(dirty, 0xFF, 640);
    pv_heap_free(&f->heap, dirty);
    unsigned char *clean = pv_heap_calloc(&f->heap, 64, 10, NULL);
    assert_ptr_equal(clean, dirty);
    for (size_t i = 0; i < 640; i++) {
        assert_int_equal(clean[i], 0);
    }
    memset(clean, 0xFF, 640);
    assert_ptr_equal(pv_heap_realloc(&f->heap, clean, 1280), clean);
    for (size_t i = 640; i < 1280; i++) {
        assert_int_equal(clean[i], 0);
    }
    end(f);
}

/* Products beyond 64 bits, of which a remainder would be a small request. */
static void test_calloc_overflow(void **state)
{
    (void)state;
    static const uint64_t factors[][2] = {
        {UINT64_C(1) << 32, UINT64_C(1) << 32},
        {(UINT64_C(1) << 63) + 1, 2},
        {3, UINT64_MAX / 3 + 2},
        {UINT64_MAX, UINT64_MAX},
    };
    struct fixture *f = begin((struct pv_heap_config){0});
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        assert_null(pv_heap_calloc(&f->heap, factors[i][0], factors[i][1], NULL));
        assert_null(pv_heap_calloc(&f->heap, factors[i][1], factors[i][0], NULL));
    }
    assert_int_equal(f->n_events, 8);
    for (size_t i = 0; i < f->n_events; i++) {
        assert_int_equal(f->events[i].kind, PV_EVENT_REFUSED);
        assert_int_equal(f->events[i].why, PV_WHY_RANGE);
    }
    end(f);
}

/* Whole free pages at the end go back, never what is in use, and the heap grows again. */
static void test_trim(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    void *kept = pv_heap_malloc(&f->heap, 100, "kept");
    void *large = pv_heap_malloc(&f->heap, 100 * 4096, "large");
    assert_int_equal(f->heap.first->size, 101);
    assert_int_equal(pv_heap_trim(&f->heap), 0);
    pv_heap_free(&f->heap, large);
    f->n_events = 0;
    assert_int_equal(pv_heap_trim(&f->heap), 100);
    assert_int_equal(f->events[0].kind, PV_EVENT_BUCKET_SHRINK);
    assert_int_equal(f->events[0].n_pages, 101);
    assert_int_equal(f->heap.first->size, 1);
    assert_int_equal(f->heap.n_pages, 1);
    assert_int_equal(f->heap.first->largest, 4096 - 48 - 2 * PEBBLE - 128);
    assert_int_equal(pv_heap_trim(&f->heap), 0);
    assert_int_equal(pebble_of(kept)->lflags, PV_PEBBLE_USED);
    assert_non_null(pv_heap_malloc(&f->heap, 100 * 4096, "again"));
    end(f);
}

/* Every page request fails once: the call is refused or served otherwise, nothing breaks. */
static void test_page_failures(void **state)
{
    (void)state;
    for (uint64_t n = 2; n < 6; n++) {
        struct fixture *f = begin((struct pv_heap_config){0});
        f->failing.fail_at = n;
        f->failing.sticky = n % 2;
        size_t n_given = 0;
        for (size_t i = 0; i < 40; i++) {
            n_given += pv_heap_malloc(&f->heap, 9000, NULL) != NULL;
        }
        assert_true(n % 2 ? n_given < 40 : n_given == 40);
        end(f);
    }
    struct pv_failing failing = {.fail_at = 1};
    struct pv_heap heap;
    struct pv_heap_config config = {.pages = pv_failing_pages(&failing), .first_pages = 1};
    assert_false(pv_heap_init(&heap, &config));
    pv_heap_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_lower_part_is_given),
        cmocka_unit_test(test_split_bound),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_best_fit),
        cmocka_unit_test(test_growth_in_place),
        cmocka_unit_test(test_new_bucket),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_resizing),
        cmocka_unit_test(test_growth_by_what_is_needed),
        cmocka_unit_test(test_pages_for_alignment),
        cmocka_unit_test(test_resizing_at_the_end),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_attributes_in_realloc),
        cmocka_unit_test(test_low_buckets_are_kept),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_calloc_clears),
        cmocka_unit_test(test_calloc_overflow),
        cmocka_unit_test(test_page_failures),
        cmocka_unit_test(test_trim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
