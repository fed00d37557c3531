/* SPDX-License-Identifier: MIT
 *
 * lock_test.c - 20.3.8: one heap, many threads, under the heap's own spinlock, under a mutex
 * through the seam, and below a guard that has a lock of its own. Each thread marks its blocks
 * and looks whether the marks last; at the end there is one free pebble again. Built a second
 * time with ThreadSanitizer (tests/core/tsan.sh).
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
#include "tests/support/random.h"

enum {
    N_THREADS = 8,
    N_OPERATIONS = 50000,
    N_GUARDED = 10000, /* operations with guards, which cost more */
    N_BLOCKS = 40,
    N_PAGES = 2048,
    SIZE_MAX_ASKED = 600,
};

struct shared {
    struct pv_heap heap;
    struct pv_guard guard;
    bool guarded;
    uint64_t n_allocs, n_frees, n_faults; /* counted by a listener, under the heap's lock */
};

struct worker {
    struct shared *shared;
    uint64_t random;
    unsigned char mark;
    struct {
        unsigned char *at;
        size_t size;
    } blocks[N_BLOCKS];
    uint64_t n_wrong; /* blocks whose marks another thread changed, refusals, faults */
};

static void count(void *ctx, const struct pv_event *event)
{
    struct shared *shared = ctx;
    shared->n_allocs += event->kind == PV_EVENT_ALLOC;
    shared->n_frees += event->kind == PV_EVENT_FREE;
    shared->n_faults += event->kind == PV_EVENT_FAULT;
}

static void verify(struct worker *worker, size_t i, size_t n)
{
    const unsigned char *at = worker->blocks[i].at;
    worker->n_wrong += at[0] != worker->mark || memcmp(at, at + 1, n - 1) != 0;
}

static void take(struct worker *worker, size_t i, size_t size)
{
    struct shared *shared = worker->shared;
    struct pv_request request = {.size = size, .name = "thread"};
    if (size % 8 == 0) {
        request.flags = PV_FLAG_ALIGNED;
        request.alignment = 256;
    }
    worker->blocks[i].at = shared->guarded ? pv_guard_alloc(&shared->guard, &request)
                                           : pv_heap_alloc(&shared->heap, &request);
    worker->blocks[i].size = size;
    if (!worker->blocks[i].at) {
        worker->n_wrong++;
        return;
    }
    memset(worker->blocks[i].at, worker->mark, size);
}

static void resize(struct worker *worker, size_t i, size_t size)
{
    struct shared *shared = worker->shared;
    size_t kept = size < worker->blocks[i].size ? size : worker->blocks[i].size;
    unsigned char *to = shared->guarded
                            ? pv_guard_realloc(&shared->guard, worker->blocks[i].at, size)
                            : pv_heap_realloc(&shared->heap, worker->blocks[i].at, size);
    if (!to) {
        worker->n_wrong++;
        return;
    }
    worker->blocks[i].at = to;
    verify(worker, i, kept);
    memset(to, worker->mark, size);
    worker->blocks[i].size = size;
}

static void give(struct worker *worker, size_t i)
{
    struct shared *shared = worker->shared;
    verify(worker, i, worker->blocks[i].size);
    enum pv_fault fault = shared->guarded ? pv_guard_free(&shared->guard, worker->blocks[i].at)
                                          : pv_heap_free(&shared->heap, worker->blocks[i].at);
    worker->n_wrong += fault != PV_FAULT_NONE;
    worker->blocks[i].at = NULL;
}

static void *work(void *ctx)
{
    struct worker *worker = ctx;
    unsigned n_operations = worker->shared->guarded ? N_GUARDED : N_OPERATIONS;
    for (unsigned n = 0; n < n_operations; n++) {
        uint64_t r = random_next(&worker->random);
        size_t i = r % N_BLOCKS, size = 1 + (r >> 16) % SIZE_MAX_ASKED;
        if (!worker->blocks[i].at) {
            take(worker, i, size);
        } else if ((r >> 40) % 4 == 0) {
            resize(worker, i, size);
        } else {
            give(worker, i);
        }
    }
    for (size_t i = 0; i < N_BLOCKS; i++) {
        if (worker->blocks[i].at) {
            give(worker, i);
        }
    }
    return NULL;
}

/* All threads at once on a heap with this lock; with guards, too, where `guards` is given. */
static void run(struct pv_lock lock, enum pv_fit fit, const struct pv_guard_config *guards)
{
    static struct worker workers[N_THREADS];
    static unsigned char map[N_PAGES];
    pthread_t threads[N_THREADS];
    struct shared shared = {.guarded = guards != NULL};
    struct pv_region region;
    unsigned char *start = aligned_alloc(PV_PAGE_BYTES, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(start);
    pv_region_init(&region, start, N_PAGES, map);
    struct pv_heap_config config = {
        .pages = pv_region_pages(&region), .lock = lock, .first_pages = 16, .fit = fit};
    assert_true(pv_heap_init(&shared.heap, &config));
    if (guards) {
        assert_true(pv_guard_init(&shared.guard, &shared.heap, guards));
    }
    struct pv_listener listener = {.event = count, .ctx = &shared};
    pv_heap_listen(&shared.heap, &listener);
    for (size_t i = 0; i < N_THREADS; i++) {
        workers[i] = (struct worker){.shared = &shared,
                                     .random = UINT64_C(88172645463325252) + i * 977,
                                     .mark = (unsigned char)(0x11 * (i + 1))};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    uint64_t n_wrong = 0;
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        n_wrong += workers[i].n_wrong;
    }
    if (guards) {
        assert_int_equal(pv_guard_fini(&shared.guard), 0);
    }
    assert_int_equal(n_wrong, 0);
    assert_int_equal(shared.n_faults, 0);
    assert_int_equal(shared.n_allocs, shared.n_frees);
    assert_true(shared.n_allocs >
                (uint64_t)N_THREADS * (guards ? N_GUARDED : N_OPERATIONS) / 3);
    assert_int_equal(shared.heap.n_buckets, 1);
    assert_int_equal(shared.heap.n_free, 1);
    const struct pv_pebble *only = pv_pebble_at(shared.heap.first->first);
    assert_int_equal(only->lflags, 0);
    assert_int_equal(only->next, 0);
    assert_int_equal(only->size, shared.heap.first->largest);
    pv_heap_fini(&shared.heap);
    free(start);
}

static void lock_mutex(void *ctx)
{
    pthread_mutex_lock(ctx);
}

static void unlock_mutex(void *ctx)
{
    pthread_mutex_unlock(ctx);
}

static void test_spinlock(void **state)
{
    (void)state;
    run((struct pv_lock){.spins = true}, PV_FIT_FIRST, NULL);
}

static void test_mutex(void **state)
{
    (void)state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    run((struct pv_lock){.ctx = &mutex, .lock = lock_mutex, .unlock = unlock_mutex},
        PV_FIT_BEST, NULL);
    assert_int_equal(pthread_mutex_destroy(&mutex), 0);
}

static void test_guards(void **state)
{
    (void)state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct pv_guard_config guards = {
        .fill_on_alloc = true,
        .fill_on_free = true,
        .canary = true,
        .checksum = true,
        .queue_size = PV_GUARD_QUEUE_MAX,
        .secret = 1,
        .lock = {.ctx = &mutex, .lock = lock_mutex, .unlock = unlock_mutex},
    };
    run((struct pv_lock){.spins = true}, PV_FIT_RECENT, &guards);
    assert_int_equal(pthread_mutex_destroy(&mutex), 0);
}

/* For ThreadSanitizer, which must refuse it. */
static void test_no_lock(void **state)
{
    (void)state;
    run((struct pv_lock){0}, PV_FIT_FIRST, NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "no-lock") == 0) {
        const struct CMUnitTest wrong[] = {cmocka_unit_test(test_no_lock)};
        return cmocka_run_group_tests(wrong, NULL, NULL);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spinlock),
        cmocka_unit_test(test_mutex),
        cmocka_unit_test(test_guards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
