/* SPDX-License-Identifier: MIT
 *
 * limits_test.c - what of a request must last: the mark that it stays below, its kind, its bytes
 * cleared; what is asked of the provider of pages; and what runs under the lock. The regions are
 * given addresses by a bias, so that a mark lies in the middle of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/heap.h"
#include "core/pages.h"

enum {
    N_PAGES = 128,
    MARK_PAGES = 32, /* of the region, below the mark */
    MARK = MARK_PAGES * PV_PAGE_BYTES,
    ONE_MEG = 1 << 20, /* Table 20.2.1 */
    BUCKET = sizeof(struct pv_bucket),
    PEBBLE = sizeof(struct pv_pebble),
};

/* A region, a provider over it that remembers what it was asked, and a lock that counts. */
struct fixture {
    unsigned char *start;
    unsigned char map[N_PAGES];
    struct pv_region region;
    struct pv_pages under;
    uint32_t flags; /* of the last call of get */
    unsigned n_locked, n_unlocked;
    struct pv_heap heap;
};

static void *get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct fixture *f = ctx;
    f->flags = flags;
    return f->under.get(f->under.ctx, n_pages, flags);
}

static void put(void *ctx, void *start, uint64_t n_pages)
{
    struct fixture *f = ctx;
    f->under.put(f->under.ctx, start, n_pages);
}

static void shrink(void *ctx, void *start, uint64_t n_pages, uint64_t n_less)
{
    struct fixture *f = ctx;
    assert_int_equal(f->n_locked, f->n_unlocked + 1);
    f->under.shrink(f->under.ctx, start, n_pages, n_less);
}

static void lock(void *ctx)
{
    struct fixture *f = ctx;
    assert_int_equal(f->n_locked++, f->n_unlocked);
}

static void unlock(void *ctx)
{
    struct fixture *f = ctx;
    assert_int_equal(f->n_locked, ++f->n_unlocked);
}

/* The region begins at the address `at`, as the marks see it. */
static struct fixture *open_region(uint64_t at)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->start = aligned_alloc(PV_PAGE_BYTES, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(f->start);
    memset(f->start, 0xEE, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_true(pv_region_init(&f->region, f->start, N_PAGES, f->map));
    f->region.bias = at - (uint64_t)(uintptr_t)f->start;
    f->under = pv_region_pages(&f->region);
    return f;
}

static struct fixture *begin(uint64_t at, uint64_t first_pages)
{
    struct fixture *f = open_region(at);
    struct pv_heap_config config = {
        .pages = {.ctx = f, .get = get, .put = put, .shrink = shrink},
        .lock = {.ctx = f, .lock = lock, .unlock = unlock},
        .first_pages = first_pages,
        .bias = f->region.bias,
    };
    assert_true(pv_heap_init(&f->heap, &config));
    return f;
}

static void end(struct fixture *f)
{
    pv_heap_fini(&f->heap);
    free(f->start);
    free(f);
}

static const struct pv_pebble *pebble_of(const void *payload)
{
    return (const struct pv_pebble *)payload - 1;
}

/* Up to the mark and not a unit beyond it, when it is asked for and when it grows. */
static void test_marks(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG - MARK, 2 * MARK_PAGES);
    uint64_t most = (MARK - BUCKET - PEBBLE) / PV_UNIT_BYTES * PV_UNIT_BYTES;
    struct pv_request low = {.size = most, .flags = PV_FLAG_LOW1MEG};
    void *a = pv_heap_alloc(&f->heap, &low);
    assert_non_null(a);
    pv_heap_free(&f->heap, a);
    low.size = most + 1;
    assert_null(pv_heap_alloc(&f->heap, &low));
    low.size = 1000;
    a = pv_heap_alloc(&f->heap, &low);
    assert_null(pv_heap_realloc(&f->heap, a, most + 1));
    assert_int_equal(pebble_of(a)->size, 1024);
    assert_ptr_equal(pv_heap_realloc(&f->heap, a, most), a);
    assert_null(pv_heap_realloc(&f->heap, a, most + 1));
    assert_int_equal(pebble_of(a)->size, most);
    end(f);
}

/* A bucket that ends at the mark does not grow for a block that may not lie beyond it. */
static void test_no_growth_over_a_mark(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG - MARK, MARK_PAGES);
    f->heap.config.pages.grow = f->under.grow;
    f->heap.config.pages.ctx = f->under.ctx;
    f->heap.config.pages.get = f->under.get;
    f->heap.config.pages.put = f->under.put;
    struct pv_request low = {.size = 1000, .flags = PV_FLAG_LOW1MEG};
    void *a = pv_heap_alloc(&f->heap, &low);
    assert_null(pv_heap_realloc(&f->heap, a, MARK));
    assert_int_equal(f->heap.n_pages, MARK_PAGES);
    end(f);
}

/* The last page that the limit allows is given, and no page after it. */
static void test_last_page(void **state)
{
    (void)state;
    struct fixture *f = open_region(ONE_MEG);
    struct pv_heap_config config = {.pages = f->under, .first_pages = 2, .limit_pages = 3};
    assert_true(pv_heap_init(&f->heap, &config));
    assert_non_null(pv_heap_malloc(&f->heap, 2 * PV_PAGE_BYTES - BUCKET - PEBBLE, NULL));
    assert_non_null(pv_heap_malloc(&f->heap, PV_PAGE_BYTES - 512, NULL));
    assert_int_equal(f->heap.n_pages, 3);
    assert_null(pv_heap_malloc(&f->heap, 1000, NULL));
    assert_int_equal(f->heap.n_pages, 3);
    end(f);
}

/* Pages that do not begin on a page are given back, and told. */
static void *get_crooked(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct fixture *f = ctx;
    return (unsigned char *)f->under.get(f->under.ctx, n_pages, flags) + 64;
}

static void test_crooked_pages(void **state)
{
    (void)state;
    struct fixture *f = open_region(ONE_MEG);
    struct pv_heap_config config = {.pages = {.ctx = f, .get = get_crooked, .put = put},
                                    .first_pages = 2};
    assert_false(pv_heap_init(&f->heap, &config));
    for (size_t i = 0; i < N_PAGES; i++) {
        assert_int_equal(f->map[i], 0);
    }
    free(f->start);
    free(f);
}

/* The provider is told what the pages are for: the kind and the marks, and nothing else. */
static void test_flags_of_pages(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG, 1);
    assert_int_equal(f->flags, PV_FLAG_VIRTUAL);
    struct pv_request request = {.size = 64, .flags = PV_FLAG_PHYSICAL | PV_FLAG_CLEAR};
    assert_non_null(pv_heap_alloc(&f->heap, &request));
    assert_int_equal(f->flags, PV_FLAG_PHYSICAL);
    request = (struct pv_request){.size = 100000, .flags = PV_FLAG_HARDWARE32};
    assert_non_null(pv_heap_alloc(&f->heap, &request));
    assert_int_equal(f->flags, PV_FLAG_PHYSICAL | PV_FLAG_LOW4GIG);
    request = (struct pv_request){.size = 64, .flags = PV_FLAG_HARDWARE64, .alignment = 4096};
    void *a = pv_heap_alloc(&f->heap, &request);
    assert_int_equal((uintptr_t)a % 4096, 0);
    assert_int_equal(f->flags & PV_FLAG_PHYSICAL, PV_FLAG_PHYSICAL);
    end(f);
}

static void expect_clear(const unsigned char *at, size_t from)
{
    for (size_t i = from; i < pebble_of(at)->size; i++) {
        assert_int_equal(at[i], 0);
    }
}

/* Cleared is the whole payload, its rounding too, and what is added to it wherever it goes. */
static void test_cleared(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG, 16);
    unsigned char *a = pv_heap_calloc(&f->heap, 100, 1, NULL);
    expect_clear(a, 0);
    assert_int_equal(pebble_of(a)->size, 128);
    void *wall = pv_heap_malloc(&f->heap, 1, NULL);
    assert_non_null(wall);
    memset(a, 7, 128);
    assert_ptr_equal(pv_heap_realloc(&f->heap, a, 70), a);
    expect_clear(a, 70);
    memset(a, 7, 128);
    unsigned char *b = pv_heap_realloc(&f->heap, a, 1000);
    assert_ptr_not_equal(a, b);
    assert_int_equal(b[99], 7);
    expect_clear(b, 128);
    assert_true(pebble_of(b)->sflags & PV_FLAG_CLEAR);
    memset(b, 7, 1024);
    assert_ptr_equal(pv_heap_realloc(&f->heap, b, 3000), b);
    expect_clear(b, 1024);
    end(f);
}

static void test_first_pages(void **state)
{
    (void)state;
    struct fixture *f = open_region(ONE_MEG);
    struct pv_heap heap;
    struct pv_heap_config config = {.pages = f->under, .first_pages = 11, .limit_pages = 10};
    assert_false(pv_heap_init(&heap, &config));
    config.limit_pages = 11;
    assert_true(pv_heap_init(&heap, &config));
    pv_heap_fini(&heap);
    free(f->start);
    free(f);
}

/* Each call takes the lock once and leaves it. */
static void test_each_call_locks(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG, 16);
    unsigned n = 0;
    assert_int_equal(f->n_locked, n);
    void *a = pv_heap_malloc(&f->heap, 64, NULL);
    assert_int_equal(f->n_locked, ++n);
    assert_ptr_equal(pv_heap_pebble(&f->heap, a, NULL), pebble_of(a));
    assert_int_equal(f->n_locked, ++n);
    a = pv_heap_realloc(&f->heap, a, 640);
    assert_int_equal(f->n_locked, ++n);
    assert_int_equal(pv_heap_free(&f->heap, a), PV_FAULT_NONE);
    assert_int_equal(f->n_locked, ++n);
    assert_true(pv_heap_trim(&f->heap) > 0);
    assert_int_equal(f->n_locked, ++n);
    assert_int_equal(f->n_unlocked, n);
    end(f);
}

/* A tail of whole pages keeps one: a free pebble has a payload. */
static void test_trim_leaves_a_payload(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG, 16);
    unsigned n = 2; /* pebbles, the tail too, whose headers make whole units */
    while ((BUCKET + n * PEBBLE) % PV_UNIT_BYTES) {
        n++;
    }
    uint64_t left = PV_PAGE_BYTES - BUCKET - n * PEBBLE;
    for (; n > 2; n--, left -= PV_UNIT_BYTES) {
        assert_non_null(pv_heap_malloc(&f->heap, PV_UNIT_BYTES, NULL));
    }
    assert_non_null(pv_heap_malloc(&f->heap, left, NULL));
    assert_int_equal(f->heap.first->largest, 15 * PV_PAGE_BYTES);
    assert_int_equal(pv_heap_trim(&f->heap), 14);
    assert_int_equal(f->heap.first->largest, PV_PAGE_BYTES);
    assert_int_equal(f->heap.first->size, 2);
    assert_int_equal(pv_heap_trim(&f->heap), 0);
    end(f);
}

static void test_trim_without_shrink(void **state)
{
    (void)state;
    struct fixture *f = begin(ONE_MEG, 16);
    f->heap.config.pages.shrink = NULL;
    assert_int_equal(pv_heap_trim(&f->heap), 0);
    assert_int_equal(f->heap.first->size, 16);
    end(f);
}

/* The region by itself: marks, and every page that is given back can be had again. */
static void test_region(void **state)
{
    (void)state;
    struct fixture *f = open_region(ONE_MEG - MARK);
    struct pv_pages *pages = &f->under;
    uint32_t low = PV_FLAG_VIRTUAL | PV_FLAG_LOW1MEG;
    unsigned char *a = pages->get(pages->ctx, MARK_PAGES, low);
    assert_ptr_equal(a, f->start);
    assert_null(pages->get(pages->ctx, 1, low));
    unsigned char *b = pages->get(pages->ctx, 1, PV_FLAG_VIRTUAL);
    assert_ptr_equal(b, f->start + MARK);
    pages->put(pages->ctx, b, 1);
    pages->shrink(pages->ctx, a, MARK_PAGES, 3);
    assert_ptr_equal(pages->get(pages->ctx, 3, low), f->start + MARK - 3 * PV_PAGE_BYTES);
    pages->put(pages->ctx, a, MARK_PAGES);
    for (size_t i = 0; i < N_PAGES; i++) {
        assert_int_equal(f->map[i], 0);
    }
    assert_null(pages->get(pages->ctx, MARK_PAGES + 1, low));
    assert_ptr_equal(pages->get(pages->ctx, N_PAGES, PV_FLAG_VIRTUAL), f->start);
    free(f->start);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_no_growth_over_a_mark),
        cmocka_unit_test(test_last_page),
        cmocka_unit_test(test_crooked_pages),
        cmocka_unit_test(test_flags_of_pages),
        cmocka_unit_test(test_cleared),
        cmocka_unit_test(test_first_pages),
        cmocka_unit_test(test_each_call_locks),
        cmocka_unit_test(test_trim_leaves_a_payload),
        cmocka_unit_test(test_trim_without_shrink),
        cmocka_unit_test(test_region),
    };
    return cmocka_run_group_tests_name("core/limits", tests, NULL, NULL);
}
