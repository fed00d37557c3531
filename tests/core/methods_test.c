/* SPDX-License-Identifier: MIT
 *
 * methods_test.c - what belongs to a bucket or can be changed while a heap lives: the method by
 * which each bucket is searched (20.3.2.2.1), and how many pages a heap may have (20.3).
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

enum { N_PAGES = 128, LARGE = 20000 };

struct fixture {
    unsigned char *start;
    unsigned char map[N_PAGES];
    struct pv_region region;
    struct pv_heap heap;
    struct pv_listener listener;
    unsigned n_fits, n_firsts; /* events */
    const struct pv_bucket *bucket;
};

static void listen(void *ctx, const struct pv_event *event)
{
    struct fixture *f = ctx;
    f->n_fits += event->kind == PV_EVENT_BUCKET_FIT;
    f->n_firsts += event->kind == PV_EVENT_BUCKET_FIRST;
    f->bucket = event->kind == PV_EVENT_BUCKET_FIT ? event->bucket : f->bucket;
}

static struct fixture *begin(struct pv_heap_config config)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->start = aligned_alloc(PV_PAGE_BYTES, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(f->start);
    assert_true(pv_region_init(&f->region, f->start, N_PAGES, f->map));
    config.pages = pv_region_pages(&f->region);
    config.first_pages = 2;
    config.growth = PV_GROWTH_NEW_BUCKET;
    assert_true(pv_heap_init(&f->heap, &config));
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

/* The config's function: large buckets and those of physical memory by best fit. */
static enum pv_fit by_size(void *ctx, uint64_t n_pages, uint32_t flags)
{
    unsigned *n_asked = ctx;
    ++*n_asked;
    return n_pages > 2 || (flags & PV_FLAG_PHYSICAL) ? PV_FIT_BEST : PV_FIT_FIRST;
}

/* In a bucket: holes of 512 and of 256 bytes, in this order, each behind a block. */
static void make_holes(struct pv_heap *heap, uint32_t flags, void *ret_holes[2])
{
    static const uint64_t sizes[] = {64, 512, 64, 256, 64};
    void *blocks[5];
    for (size_t i = 0; i < 5; i++) {
        blocks[i] = pv_heap_alloc(
            heap, &(struct pv_request){.size = sizes[i], .flags = flags, .name = "hole"});
        assert_non_null(blocks[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        ret_holes[i] = blocks[1 + 2 * i];
        assert_int_equal(pv_heap_free(heap, ret_holes[i]), PV_FAULT_NONE);
    }
}

static void test_each_by_its_own(void **state)
{
    (void)state;
    unsigned n_asked = 0;
    struct fixture *f = begin((struct pv_heap_config){.fit_of = by_size, .fit_ctx = &n_asked});
    void *plain[2], *physical[2];
    make_holes(&f->heap, 0, plain);
    make_holes(&f->heap, PV_FLAG_PHYSICAL, physical);
    assert_int_equal(f->heap.n_buckets, 2);
    assert_int_equal(n_asked, 2);
    assert_int_equal(f->heap.first->lflags, 0);
    assert_int_equal(f->heap.last->lflags, PV_BUCKET_BEST_FIT);
    struct pv_request request = {.size = 200};
    assert_ptr_equal(pv_heap_alloc(&f->heap, &request), plain[0]);
    request.flags = PV_FLAG_PHYSICAL;
    assert_ptr_equal(pv_heap_alloc(&f->heap, &request), physical[1]);
    end(f);
}

static void test_a_call_changes_one(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    void *plain[2], *physical[2];
    make_holes(&f->heap, 0, plain);
    make_holes(&f->heap, PV_FLAG_PHYSICAL, physical);
    assert_true(pv_heap_set_fit(&f->heap, physical[0], PV_FIT_BEST));
    assert_int_equal(f->n_fits, 1);
    assert_ptr_equal(f->bucket, f->heap.last);
    assert_int_equal(f->heap.first->lflags, 0);
    assert_int_equal(f->heap.last->lflags, PV_BUCKET_BEST_FIT);
    struct pv_request request = {.size = 200};
    assert_ptr_equal(pv_heap_alloc(&f->heap, &request), plain[0]);
    request.flags = PV_FLAG_PHYSICAL;
    assert_ptr_equal(pv_heap_alloc(&f->heap, &request), physical[1]);
    assert_int_equal(pv_heap_free(&f->heap, physical[1]), PV_FAULT_NONE);

    assert_true(pv_heap_set_fit(&f->heap, f->heap.last, PV_FIT_FIRST));
    assert_ptr_equal(pv_heap_alloc(&f->heap, &request), physical[0]);
    assert_int_equal(f->n_fits, 2);

    /* Nothing but BEST or not can stand in one bucket, and no bucket is elsewhere. */
    assert_false(pv_heap_set_fit(&f->heap, physical[0], PV_FIT_RECENT));
    assert_false(pv_heap_set_fit(&f->heap, f, PV_FIT_BEST));
    assert_int_equal(f->n_fits, 2);
    end(f);
}

/* Recent fit begins behind what was freed last; first fit, once it is set, at the head again. */
static void test_a_call_changes_all(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.fit = PV_FIT_RECENT});
    void *holes[2], *large;
    uint64_t head = f->heap.first->first;
    make_holes(&f->heap, 0, holes);
    assert_int_not_equal(f->heap.first->first, head);
    assert_true(pv_heap_set_fit(&f->heap, NULL, PV_FIT_FIRST));
    assert_int_equal(f->heap.first->first, head);
    assert_ptr_equal(pv_heap_malloc(&f->heap, 200, NULL), holes[0]);

    assert_true(pv_heap_set_fit(&f->heap, NULL, PV_FIT_BEST));
    large = pv_heap_malloc(&f->heap, LARGE, NULL);
    assert_non_null(large);
    assert_int_equal(f->heap.first->lflags, PV_BUCKET_BEST_FIT);
    assert_int_equal(f->heap.last->lflags, PV_BUCKET_BEST_FIT);
    assert_false(pv_heap_set_fit(&f->heap, large, PV_FIT_RECENT));

    assert_true(pv_heap_set_fit(&f->heap, NULL, PV_FIT_RECENT));
    f->n_firsts = 0;
    assert_int_equal(pv_heap_free(&f->heap, holes[0]), PV_FAULT_NONE);
    assert_int_equal(f->n_firsts, 1);
    assert_false(pv_heap_set_fit(&f->heap, large, PV_FIT_FIRST));
    assert_true(pv_heap_set_fit(&f->heap, large, PV_FIT_BEST));
    assert_int_equal(f->heap.first->lflags, 0);
    assert_int_equal(f->heap.last->lflags, PV_BUCKET_BEST_FIT);
    end(f);
}

/* 20.3: "may set an initial limit, resizing as needed". */
static void test_limit(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.limit_pages = 4});
    assert_null(pv_heap_malloc(&f->heap, LARGE, NULL));
    pv_heap_set_limit(&f->heap, 8);
    void *large = pv_heap_malloc(&f->heap, LARGE, NULL);
    assert_non_null(large);
    pv_heap_set_limit(&f->heap, 1); /* less than it has */
    assert_null(pv_heap_malloc(&f->heap, LARGE, NULL));
    assert_non_null(pv_heap_malloc(&f->heap, 64, NULL));
    assert_int_equal(pv_heap_free(&f->heap, large), PV_FAULT_NONE);
    assert_null(pv_heap_malloc(&f->heap, LARGE, NULL));
    pv_heap_set_limit(&f->heap, 0);
    assert_non_null(pv_heap_malloc(&f->heap, LARGE, NULL));
    end(f);
}

/* Pages that come again may hold headers of an earlier life in front of a first pebble that was
 * moved for an alignment: nothing that looks for headers may believe them. */
static void test_old_headers(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    struct pv_request request = {.size = 64, .flags = PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED};
    for (uint32_t alignment = 64; alignment <= 256; alignment *= 2) {
        struct pv_bucket *bucket;
        request.flags = PV_FLAG_PHYSICAL;
        void *before = pv_heap_alloc(&f->heap, &request);
        bucket = f->heap.last;
        struct pv_pebble stale = *pv_pebble_at(bucket->first);
        assert_int_equal(pv_heap_free(&f->heap, before), PV_FAULT_NONE);
        assert_int_equal(f->heap.n_buckets, 1);
        memcpy(bucket + 1, &stale, sizeof stale);
        request.flags = PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED;
        request.alignment = alignment;
        void *at = pv_heap_alloc(&f->heap, &request);
        assert_ptr_equal(f->heap.last, bucket);
        uint64_t largest = bucket->largest, n_free = f->heap.n_free;
        assert_true(pv_heap_set_fit(&f->heap, bucket, PV_FIT_BEST));
        assert_int_equal(bucket->largest, largest);
        assert_int_equal(f->heap.n_free, n_free);
        assert_int_equal(pv_heap_free(&f->heap, at), PV_FAULT_NONE);
    }
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_by_its_own),    cmocka_unit_test(test_a_call_changes_one),
        cmocka_unit_test(test_a_call_changes_all), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_old_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
