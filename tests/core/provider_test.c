/* SPDX-License-Identifier: MIT
 *
 * provider_test.c - what is not believed of whoever gives the pages: a region or a run of pages
 * that does not begin on a page is refused, with a fault, and goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/heap.h"
#include "core/pages.h"

enum { N_PAGES = 64, ALL = N_PAGES * PV_PAGE_BYTES };

/* A region whose runs are told `off` bytes behind where they begin. */
struct fixture {
    unsigned char *start;
    unsigned char map[N_PAGES];
    struct pv_region region;
    struct pv_pages under;
    unsigned off;
    unsigned n_got, n_put;
    struct pv_heap heap;
    struct pv_listener listener;
    unsigned n_faults, n_refused;
    enum pv_fault fault;
    const void *fault_at;
};

static void *shifted(struct fixture *f, void *run)
{
    f->n_got += run != NULL;
    return run ? (unsigned char *)run + f->off : NULL;
}

static void *get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct fixture *f = ctx;
    return shifted(f, f->under.get(f->under.ctx, n_pages, flags));
}

static void *get_aligned(void *ctx, uint64_t n_pages, uint32_t flags, uint64_t alignment)
{
    struct fixture *f = ctx;
    return shifted(f, f->under.get_aligned(f->under.ctx, n_pages, flags, alignment));
}

static void put(void *ctx, void *start, uint64_t n_pages)
{
    struct fixture *f = ctx;
    f->n_put++;
    unsigned char *run = start;
    f->under.put(f->under.ctx, run - f->off, n_pages);
}

static void listen(void *ctx, const struct pv_event *event)
{
    struct fixture *f = ctx;
    f->n_refused += event->kind == PV_EVENT_REFUSED;
    if (event->kind == PV_EVENT_FAULT) {
        f->n_faults++;
        f->fault = event->fault;
        f->fault_at = event->ptr;
    }
}

static void begin(struct fixture *f, unsigned off)
{
    *f = (struct fixture){.off = off};
    f->start = aligned_alloc(PV_PAGE_BYTES, ALL);
    assert_non_null(f->start);
    assert_true(pv_region_init(&f->region, f->start, N_PAGES, f->map));
    f->under = pv_region_pages(&f->region);
}

static bool begin_heap(struct fixture *f)
{
    struct pv_heap_config config = {
        .first_pages = 1,
        .pages = {.ctx = f, .get = get, .get_aligned = get_aligned, .put = put}};
    return pv_heap_init(&f->heap, &config);
}

static unsigned pages_taken(const struct fixture *f)
{
    unsigned n = 0;
    for (unsigned i = 0; i < N_PAGES; i++) {
        n += f->map[i];
    }
    return n;
}

static const unsigned offs[] = {1, 8, 16, 64, 2048, PV_PAGE_BYTES - 1};
enum { N_OFFS = sizeof offs / sizeof *offs };

static void test_region(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    for (unsigned i = 0; i < N_OFFS; i++) {
        struct pv_region region;
        assert_false(pv_region_init(&region, f.start + offs[i], N_PAGES - 1, f.map));
        struct pv_heap heap; /* of a region that was not begun */
        assert_false(
            pv_heap_init(&heap, &(struct pv_heap_config){.pages = pv_region_pages(&region),
                                                         .first_pages = 1}));
    }
    struct pv_region region;
    assert_false(pv_region_init(&region, NULL, 1, f.map));
    assert_false(pv_region_init(&region, f.start, UINT64_MAX / PV_PAGE_BYTES, f.map));
    assert_true(pv_region_init(&region, f.start, N_PAGES, f.map));
    free(f.start);
}

static void test_the_first_run(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_OFFS; i++) {
        struct fixture f;
        begin(&f, offs[i]);
        assert_false(begin_heap(&f));
        assert_true(f.n_got > 0);
        assert_int_equal(f.n_got, f.n_put);
        assert_int_equal(pages_taken(&f), 0);
        free(f.start);
    }
}

/* A request that the heap cannot serve without the run, which then is refused. */
static void expect_refused(struct fixture *f, const struct pv_request *request)
{
    f->n_faults = f->n_refused = 0;
    f->fault_at = NULL;
    assert_null(pv_heap_alloc(&f->heap, request));
    assert_true(f->n_faults > 0);
    assert_int_equal(f->fault, PV_FAULT_BAD_PAGES);
    assert_int_equal((uintptr_t)f->fault_at % PV_PAGE_BYTES, f->off);
    assert_int_equal(f->n_refused, 1);
    assert_int_equal(pages_taken(f), 1);
}

static void test_later_runs(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_OFFS; i++) {
        struct fixture f;
        begin(&f, 0);
        assert_true(begin_heap(&f));
        f.listener = (struct pv_listener){.event = listen, .ctx = &f};
        pv_heap_listen(&f.heap, &f.listener);
        f.off = offs[i];
        expect_refused(&f, &(struct pv_request){.size = 2 * (size_t)PV_PAGE_BYTES});
        expect_refused(
            &f, &(struct pv_request){.size = 64, .flags = PV_FLAG_ALIGNED, .alignment = 16384});
        void *small = pv_heap_malloc(&f.heap, 100, "small"); /* the heap goes on */
        assert_non_null(small);
        assert_null(pv_heap_realloc(&f.heap, small, 2 * (size_t)PV_PAGE_BYTES));
        f.off = 0;
        assert_non_null(pv_heap_realloc(&f.heap, small, 2 * (size_t)PV_PAGE_BYTES));
        pv_heap_fini(&f.heap);
        assert_int_equal(pages_taken(&f), 0);
        assert_int_equal(f.n_got, f.n_put);
        free(f.start);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_the_first_run),
        cmocka_unit_test(test_later_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
