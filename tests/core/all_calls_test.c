/* SPDX-License-Identifier: MIT
 *
 * all_calls_test.c - 20.3.8: each function of heap.h and guard.h, but init and fini, from four
 * threads at once, on a heap and on one below a guard. The calls are made of the headers
 * (calls.py). What it proves it proves under ThreadSanitizer (tsan.sh); here, that the heaps are
 * whole afterwards.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/guard.h"
#include "core/pages.h"

enum {
    N_THREADS = 4,
    N_CALLS = 4000, /* a thread */
    N_BLOCKS = 30,  /* a thread and sort */
    N_LISTENERS = 4,
    N_PAGES = 1024,
};

enum sort { PLAIN, GUARDED, N_SORTS };

struct shared {
    struct pv_heap heap, below; /* the second is the guard's */
    struct pv_guard guard;
};

struct thread {
    struct shared *shared;
    uint64_t random;
    struct pv_request request;
    void *blocks[N_SORTS][N_BLOCKS];
    struct pv_listener listeners[N_LISTENERS];
    size_t n_listeners;
    uint64_t n_told;
    uintptr_t sum; /* of answers, so that they are asked for */
};

static uint64_t random_next(struct thread *t)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random >> 8;
}

static uint64_t random_size(struct thread *t)
{
    return random_next(t) % (random_next(t) % 16 ? 500 : 20000);
}

static uint32_t random_flags(struct thread *t)
{
    static const uint32_t sorts[] = {0,
                                     PV_FLAG_PHYSICAL,
                                     PV_FLAG_CLEAR,
                                     PV_FLAG_ALIGNED,
                                     PV_FLAG_PERSISTENT,
                                     PV_FLAG_LOW1MEG,
                                     UINT32_C(1) << 20};
    return sorts[random_next(t) % (sizeof sorts / sizeof *sorts)];
}

static const struct pv_request *random_request(struct thread *t)
{
    t->request = (struct pv_request){.size = random_size(t),
                                     .flags = random_flags(t),
                                     .alignment = 64u << random_next(t) % 4,
                                     .name = "request"};
    return &t->request;
}

static struct pv_heap *any_heap(struct thread *t)
{
    return random_next(t) % 2 ? &t->shared->heap : &t->shared->below;
}

/* One of the thread's blocks, or NULL, is the caller's then. */
static void *take_block(struct thread *t, enum sort sort)
{
    void **slot = &t->blocks[sort][random_next(t) % N_BLOCKS], *block = *slot;
    *slot = NULL;
    return block;
}

static void give_block(struct thread *t, enum sort sort, void *block)
{
    if (sort == GUARDED) {
        pv_guard_free(&t->shared->guard, block);
    } else {
        assert_int_equal(pv_heap_free(&t->shared->heap, block), PV_FAULT_NONE);
    }
}

static void put_block(struct thread *t, enum sort sort, void *block)
{
    for (size_t i = 0; i < N_BLOCKS; i++) {
        if (!t->blocks[sort][i]) {
            t->blocks[sort][i] = block;
            return;
        }
    }
    give_block(t, sort, block);
}

static const void *peek(struct thread *t)
{
    return t->blocks[random_next(t) % N_SORTS][random_next(t) % N_BLOCKS];
}

static void count(void *ctx, const struct pv_event *event)
{
    (void)event;
    __atomic_fetch_add((uint64_t *)ctx, 1, __ATOMIC_RELAXED);
}

/* NULL: the thread has no more. */
static struct pv_listener *new_listener(struct thread *t)
{
    if (t->n_listeners == N_LISTENERS) {
        return NULL;
    }
    struct pv_listener *listener = &t->listeners[t->n_listeners++];
    *listener = (struct pv_listener){.event = count, .ctx = &t->n_told};
    return listener;
}

#include "tests/core/all_calls.h"

enum { N_FUNCTIONS = sizeof calls / sizeof *calls };

static void *work(void *ctx)
{
    struct thread *t = ctx;
    for (unsigned i = 0; i < N_CALLS; i++) {
        calls[random_next(t) % N_FUNCTIONS].call(t);
    }
    for (size_t i = 0; i < N_BLOCKS; i++) {
        give_block(t, PLAIN, t->blocks[PLAIN][i]);
        give_block(t, GUARDED, t->blocks[GUARDED][i]);
    }
    return NULL;
}

static void heap_begin(struct pv_heap *heap, struct pv_region *region, unsigned char *map,
                       bool locks)
{
    unsigned char *start = aligned_alloc(PV_PAGE_BYTES, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(start);
    assert_true(pv_region_init(region, start, N_PAGES, map));
    assert_true(pv_heap_init(heap, &(struct pv_heap_config){.pages = pv_region_pages(region),
                                                            .lock = {.spins = locks},
                                                            .growth = PV_GROWTH_NEW_BUCKET,
                                                            .first_pages = 4}));
}

/* Nothing is used, and what the heap counts is what is there. */
static void heap_end(struct pv_heap *heap, struct pv_region *region)
{
    uint64_t n_free = 0, free_bytes = 0;
    for (const struct pv_bucket *b = heap->first; b; b = pv_bucket_at(b->next)) {
        const struct pv_pebble *pebble = pv_pebble_at(b->first);
        assert_int_equal(pebble->lflags, 0);
        assert_int_equal(pebble->prev | pebble->next, 0);
        assert_int_equal(pebble->size, b->largest);
        n_free++;
        free_bytes += pebble->size;
    }
    assert_int_equal(n_free, heap->n_free);
    assert_int_equal(free_bytes, heap->free_bytes);
    assert_int_equal(heap->n_damaged, 0);
    pv_heap_fini(heap);
    free(region->start);
}

static void run(bool locks)
{
    static struct shared shared;
    static struct thread threads[N_THREADS];
    static unsigned char maps[N_SORTS][N_PAGES];
    struct pv_region regions[N_SORTS];
    pthread_t ids[N_THREADS];
    heap_begin(&shared.heap, &regions[PLAIN], maps[PLAIN], locks);
    heap_begin(&shared.below, &regions[GUARDED], maps[GUARDED], locks);
    struct pv_guard_config guards = {.fill_on_alloc = true,
                                     .fill_on_free = true,
                                     .canary = true,
                                     .checksum = true,
                                     .queue_size = 16,
                                     .secret = 1,
                                     .lock = {.spins = locks}};
    assert_true(pv_guard_init(&shared.guard, &shared.below, &guards));
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] =
            (struct thread){.shared = &shared, .random = UINT64_C(88172645463325252) + i * 977};
        assert_int_equal(pthread_create(&ids[i], NULL, work, &threads[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_true(threads[i].n_told > 0 && threads[i].sum);
    }
    pv_guard_fini(&shared.guard);
    heap_end(&shared.heap, &regions[PLAIN]);
    heap_end(&shared.below, &regions[GUARDED]);
}

static void test_all_calls(void **state)
{
    (void)state;
    run(true);
    print_message("%d functions from %d threads\n", (int)N_FUNCTIONS, (int)N_THREADS);
}

/* For ThreadSanitizer, which must refuse it. */
static void test_no_lock(void **state)
{
    (void)state;
    run(false);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest wrong[] = {cmocka_unit_test(test_no_lock)};
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_calls)};
    bool unlocked = argc > 1 && strcmp(argv[1], "no-lock") == 0;
    return unlocked ? cmocka_run_group_tests(wrong, NULL, NULL)
                    : cmocka_run_group_tests(tests, NULL, NULL);
}
