/* SPDX-License-Identifier: MIT
 *
 * damage_test.c - what the heap makes of wrong pointers and of headers that a program overwrote:
 * which fault it tells, and that it goes on without what is damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "heap_fixture.h"

static void expect_fault(struct fixture *f, void *ptr, enum pv_fault fault)
{
    f->n_events = 0;
    assert_int_equal(pv_heap_free(&f->heap, ptr), fault);
    assert_int_equal(f->n_events, 1);
    assert_int_equal(f->events[0].kind, PV_EVENT_FAULT);
    assert_int_equal(f->events[0].fault, fault);
    assert_ptr_equal(f->events[0].ptr, ptr);
    assert_string_not_equal(pv_fault_name(fault), "?");
}

static void test_faults(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    unsigned char *a = pv_heap_malloc(&f->heap, 200, NULL);
    unsigned char *b = pv_heap_malloc(&f->heap, 200, NULL);
    unsigned char *c = pv_heap_malloc(&f->heap, 200, NULL);
    int local = 0;
    assert_int_equal(pv_heap_free(&f->heap, NULL), PV_FAULT_NONE);
    expect_fault(f, &local, PV_FAULT_FOREIGN_POINTER);
    expect_fault(f, (void *)(uintptr_t)64, PV_FAULT_FOREIGN_POINTER);
    expect_fault(f, (void *)UINTPTR_MAX, PV_FAULT_FOREIGN_POINTER);
    expect_fault(f, a + 16, PV_FAULT_INTERIOR);
    expect_fault(f, a + 1, PV_FAULT_INTERIOR);
    expect_fault(f, f->start, PV_FAULT_INTERIOR);
    assert_int_equal(pv_heap_free(&f->heap, a), PV_FAULT_NONE);
    expect_fault(f, a, PV_FAULT_DOUBLE_FREE);
    memset(b + 256, 'x', 16);
    expect_fault(f, b, PV_FAULT_OVERRUN);
    expect_fault(f, c, PV_FAULT_BAD_HEADER);
    f->n_events = 0;
    assert_null(pv_heap_realloc(&f->heap, c, 10));
    assert_int_equal(f->events[0].kind, PV_EVENT_FAULT);
    assert_non_null(pv_heap_malloc(&f->heap, 64, NULL));
    end(f);
}

/* One field of a header is wrong, and no other. */
static void test_fields(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.growth = PV_GROWTH_NEW_BUCKET});
    unsigned char *a = pv_heap_malloc(&f->heap, 200, NULL);
    unsigned char *b = pv_heap_malloc(&f->heap, 200, NULL);
    unsigned char *far = pv_heap_malloc(&f->heap, 100000, NULL);
    struct pv_pebble *first = (struct pv_pebble *)(void *)a - 1;
    struct pv_pebble *second = (struct pv_pebble *)(void *)b - 1;
    uint64_t parent = first->parent, prev = second->prev;
    const uint64_t wrong[] = {0, parent + 16, pebble_of(far)->parent};
    assert_true(wrong[2] != parent);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        first->parent = wrong[i];
        expect_fault(f, a, PV_FAULT_BAD_PARENT);
        first->parent = parent;
        second->prev = wrong[i];
        expect_fault(f, a, PV_FAULT_OVERRUN);
        second->prev = prev;
    }
    assert_int_equal(pv_heap_free(&f->heap, a), PV_FAULT_NONE);
    assert_int_equal(pv_heap_free(&f->heap, b), PV_FAULT_NONE);
    end(f);
}

/* A provider whose pages cannot be read any more after they were given back. */
static void put_away(void *ctx, void *start, uint64_t n_pages)
{
    struct fixture *f = ctx;
    f->failing.under.put(f->failing.under.ctx, start, n_pages);
    assert_int_equal(mprotect(start, n_pages * PV_PAGE_BYTES, PROT_NONE), 0);
}

static void *get_from(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct fixture *f = ctx;
    return f->failing.under.get(f->failing.under.ctx, n_pages, flags);
}

/* A bucket that was given back is looked at no more. */
static void test_gone_bucket(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.growth = PV_GROWTH_NEW_BUCKET});
    f->heap.config.pages = (struct pv_pages){.ctx = f, .get = get_from, .put = put_away};
    unsigned char *a = pv_heap_malloc(&f->heap, 100000, NULL);
    assert_int_equal(f->heap.n_buckets, 2);
    assert_ptr_equal(pv_heap_pebble(&f->heap, a, NULL), pebble_of(a));
    assert_int_equal(pv_heap_free(&f->heap, a), PV_FAULT_NONE);
    assert_int_equal(f->heap.n_buckets, 1);
    expect_fault(f, a, PV_FAULT_FOREIGN_POINTER);
    f->heap.config.pages = pv_failing_pages(&f->failing);
    size_t n_bytes = (size_t)N_PAGES * PV_PAGE_BYTES;
    assert_int_equal(mprotect(f->start, n_bytes, PROT_READ | PROT_WRITE), 0);
    end(f);
}

/* A neighbour whose header wrongly says free, whatever lies in its payload, is a fault: nothing
 * merges with it, and the heap goes on. */
static void test_false_neighbours(void **state)
{
    (void)state;
    for (unsigned fill = 0; fill < 256; fill += 51) {
        struct fixture *f = begin((struct pv_heap_config){0});
        unsigned char *p[5];
        for (size_t i = 0; i < 5; i++) {
            p[i] = pv_heap_malloc(&f->heap, 200, NULL);
            memset(p[i], (int)fill, 200);
        }
        struct pv_pebble *middle = (struct pv_pebble *)(void *)p[2] - 1;
        middle->lflags = 0;
        expect_fault(f, p[1], PV_FAULT_OVERRUN);
        expect_fault(f, p[3], PV_FAULT_BAD_NEIGHBOUR);
        middle->size += 64;
        expect_fault(f, p[1], PV_FAULT_OVERRUN);
        middle->size -= 64;
        middle->lflags = PV_PEBBLE_USED;
        for (size_t i = 0; i < 5; i++) {
            assert_int_equal(pv_heap_free(&f->heap, p[i]), PV_FAULT_NONE);
        }
        assert_int_equal(f->heap.n_free, 1);
        end(f);
    }
}

/* A free pebble whose magic was overwritten: counted once, told, and used no more. */
static void test_damage_is_counted(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    void *a = pv_heap_malloc(&f->heap, 200, NULL);
    void *wall = pv_heap_malloc(&f->heap, 200, NULL);
    assert_non_null(wall);
    assert_int_equal(pv_heap_free(&f->heap, a), PV_FAULT_NONE);
    ((struct pv_pebble *)a - 1)->magic = 0;
    void *b = pv_heap_malloc(&f->heap, 200, NULL);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    assert_int_equal(f->heap.n_damaged, 1);
    assert_non_null(pv_heap_malloc(&f->heap, 200, NULL));
    assert_int_equal(f->heap.n_damaged, 1);
    end(f);
}

/* The last bucket's header was overwritten: the bucket is lost for good. It does not grow, and
 * where its header looks sound again, nothing of it is taken back. */
static void test_lost_bucket(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){.first_pages = 1});
    const struct pv_pages *pages = &f->failing.under;
    assert_non_null(pages->get(pages->ctx, 1, PV_FLAG_VIRTUAL)); /* the first cannot grow */
    unsigned char *lost = pv_heap_malloc(&f->heap, 5000, NULL);
    assert_int_equal(f->heap.n_buckets, 2);
    assert_ptr_equal(pv_heap_pebble(&f->heap, lost, NULL), pebble_of(lost));
    struct pv_bucket *bucket = f->heap.last;
    bucket->magic = 0;
    unsigned char *next = pv_heap_malloc(&f->heap, 20000, NULL);
    assert_non_null(next);
    assert_int_equal(f->heap.n_damaged, 1);
    assert_true(pebble_of(next)->parent != (uint64_t)(uintptr_t)bucket);
    assert_int_equal(pv_heap_free(&f->heap, next), PV_FAULT_NONE);
    bucket->magic = PV_BUCKET_MAGIC;
    expect_fault(f, lost, PV_FAULT_FOREIGN_POINTER);
    end(f);
}

/* A block runs over the header behind it: the block in front of the damage is suspected, neither
 * the one behind nor one that is free. */
static void test_suspect(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_heap_config){0});
    unsigned char *p[4];
    for (size_t i = 0; i < 4; i++) {
        p[i] = pv_heap_malloc(&f->heap, 200, NULL);
    }
    memset(p[1] + 256, 'x', 16);
    expect_fault(f, p[2], PV_FAULT_BAD_HEADER);
    assert_ptr_equal(f->events[0].suspect, pebble_of(p[1]));
    expect_fault(f, p[3], PV_FAULT_BAD_NEIGHBOUR);
    assert_ptr_equal(f->events[0].suspect, pebble_of(p[1]));
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_gone_bucket),
        cmocka_unit_test(test_false_neighbours),
        cmocka_unit_test(test_damage_is_counted),
        cmocka_unit_test(test_lost_bucket),
        cmocka_unit_test(test_suspect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
