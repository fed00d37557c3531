/* SPDX-License-Identifier: MIT
 *
 * refused_test.c - a refusal is an event: what was asked for, by whom, what is free of that kind,
 * and why it was not enough.
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
    N_PAGES = 8,
    HEADER = sizeof(struct pv_pebble),
    WHOLE = N_PAGES * PV_PAGE_BYTES - sizeof(struct pv_bucket) - HEADER,
    PIECE = 1024,
};

struct fixture {
    unsigned char *start;
    unsigned char map[N_PAGES];
    struct pv_region region;
    struct pv_heap heap;
    struct pv_listener listener;
    struct pv_event last;
    unsigned n_refused;
    char name[PV_NAME_BYTES + 1];
};

static void listen(void *ctx, const struct pv_event *event)
{
    struct fixture *f = ctx;
    if (event->kind == PV_EVENT_REFUSED) {
        f->last = *event;
        f->n_refused++;
        strncpy(f->name, event->name ? event->name : "", PV_NAME_BYTES);
    }
}

static struct fixture *begin(uint64_t first_pages, uint64_t limit_pages)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->start = aligned_alloc(PV_PAGE_BYTES, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(f->start);
    assert_true(pv_region_init(&f->region, f->start, N_PAGES, f->map));
    assert_true(
        pv_heap_init(&f->heap, &(struct pv_heap_config){.pages = pv_region_pages(&f->region),
                                                        .first_pages = first_pages,
                                                        .limit_pages = limit_pages,
                                                        .bias = UINT64_C(1) << 32}));
    f->listener = (struct pv_listener){.event = listen, .ctx = f};
    pv_heap_listen(&f->heap, &f->listener);
    return f;
}

static void end(struct fixture *f)
{
    pv_heap_fini(&f->heap);
    free(f->start);
    free(f);
}

static void expect(const struct fixture *f, unsigned n, enum pv_why why, uint64_t requested)
{
    assert_int_equal(f->n_refused, n);
    assert_int_equal(f->last.why, why);
    assert_int_equal(f->last.requested, requested);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct fixture *f = begin(N_PAGES, 0);
    assert_null(pv_heap_malloc(&f->heap, WHOLE + 1000, "large"));
    expect(f, 1, PV_WHY_NO_MEMORY, WHOLE + 1000);
    assert_int_equal(f->last.free_bytes, WHOLE);
    assert_int_equal(f->last.largest, WHOLE / 64 * 64);
    assert_string_equal(f->name, "large");
    assert_non_null(pv_heap_malloc(&f->heap, 100, "small"));
    assert_int_equal(f->n_refused, 1);

    /* Of another kind nothing is free. */
    assert_null(
        pv_heap_alloc(&f->heap, &(struct pv_request){.size = 64, .flags = PV_FLAG_PHYSICAL}));
    expect(f, 2, PV_WHY_NO_MEMORY, 64);
    assert_int_equal(f->last.flags, PV_FLAG_PHYSICAL);
    assert_int_equal(f->last.free_bytes, 0);
    assert_int_equal(f->last.largest, 0);
    end(f);
}

static void test_limit(void **state)
{
    (void)state;
    struct fixture *f = begin(1, 4);
    assert_null(pv_heap_malloc(&f->heap, 5 * PV_PAGE_BYTES, NULL));
    expect(f, 1, PV_WHY_LIMIT, 5 * PV_PAGE_BYTES);
    end(f);
}

/* Every second block is freed: more than enough bytes, in pieces. */
static void test_fragmentation(void **state)
{
    (void)state;
    struct fixture *f = begin(N_PAGES, 0);
    void *blocks[WHOLE / (PIECE + HEADER) + 1];
    size_t n = 0;
    while ((blocks[n] = pv_heap_malloc(&f->heap, PIECE, NULL))) {
        n++;
    }
    assert_int_equal(f->n_refused, 1);
    for (size_t i = 0; i < n; i += 2) {
        pv_heap_free(&f->heap, blocks[i]);
    }
    assert_null(pv_heap_malloc(&f->heap, 3 * PIECE, NULL));
    expect(f, 2, PV_WHY_FRAGMENTATION, 3 * PIECE);
    assert_int_equal(f->last.free_bytes, f->heap.free_bytes);
    assert_in_range(f->last.largest, PIECE, 3 * PIECE - 1);

    /* A block that is resized is refused by its name, and stays. */
    assert_null(pv_heap_realloc(&f->heap, blocks[1], 5 * PIECE));
    expect(f, 3, PV_WHY_FRAGMENTATION, 5 * PIECE);
    assert_ptr_equal(f->last.pebble, (struct pv_pebble *)blocks[1] - 1);
    end(f);
}

static void test_range(void **state)
{
    (void)state;
    struct fixture *f = begin(N_PAGES, 0);
    struct pv_request contradicts = {.size = 64, .flags = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL};
    struct pv_request aligned = {
        .size = 64, .flags = PV_FLAG_ALIGNED, .alignment = 2 * PV_ALIGN_MAX};
    assert_null(pv_heap_alloc(&f->heap, &contradicts));
    expect(f, 1, PV_WHY_RANGE, 64);
    assert_null(pv_heap_alloc(&f->heap, &aligned));
    expect(f, 2, PV_WHY_RANGE, 64);
    assert_null(pv_heap_calloc(&f->heap, UINT64_MAX, 16, "product"));
    expect(f, 3, PV_WHY_RANGE, UINT64_MAX);
    assert_string_equal(f->name, "product");
    void *at = pv_heap_malloc(&f->heap, 64, "block");
    assert_null(pv_heap_realloc(&f->heap, at, UINT64_MAX));
    expect(f, 4, PV_WHY_RANGE, UINT64_MAX);
    assert_string_equal(f->name, PV_NAMES ? "block" : "");

    /* What is free above a limit is no room below it. */
    struct pv_request low = {.size = 64, .flags = PV_FLAG_LOW4GIG};
    assert_null(pv_heap_alloc(&f->heap, &low));
    expect(f, 5, PV_WHY_NO_MEMORY, 64);
    assert_int_equal(f->last.free_bytes, 0);
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_fragmentation),
        cmocka_unit_test(test_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
