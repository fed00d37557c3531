/* SPDX-License-Identifier: MIT
 *
 * guard_test.c - what core/guard.h promises beyond the list of misuses (tests/misuse): contents
 * and alignment are kept, every guard can be left out, the queue is first in first out, a check
 * finds each fault once and goes on, refusals break nothing.
 */
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

enum { N_PAGES = 512, N_FAULTS = 64, N_BLOCKS = 100, N_STEPS = 20000 };

static const struct pv_guard_config all_on = {
    .fill_on_alloc = true,
    .fill_on_free = true,
    .canary = true,
    .checksum = true,
    .queue_size = 4,
    .secret = 42,
};

struct fixture {
    unsigned char *start;
    unsigned char map[N_PAGES];
    struct pv_region region;
    struct pv_failing failing;
    struct pv_heap heap;
    struct pv_guard guard;
    struct pv_listener listener;
    struct pv_event faults[N_FAULTS];
    size_t n_faults;
};

static void remember(void *ctx, const struct pv_event *event)
{
    struct fixture *f = ctx;
    assert_int_equal(event->kind, PV_EVENT_FAULT);
    if (f->n_faults < N_FAULTS) {
        f->faults[f->n_faults++] = *event;
    }
}

static struct fixture *begin(struct pv_guard_config guards)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->start = aligned_alloc(1 << 20, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(f->start);
    pv_region_init(&f->region, f->start, N_PAGES, f->map);
    f->failing.under = pv_region_pages(&f->region);
    struct pv_heap_config config = {.pages = pv_failing_pages(&f->failing), .first_pages = 16};
    assert_true(pv_heap_init(&f->heap, &config));
    assert_true(pv_guard_init(&f->guard, &f->heap, &guards));
    f->listener = (struct pv_listener){.event = remember, .ctx = f};
    pv_guard_listen(&f->guard, &f->listener);
    return f;
}

static void end(struct fixture *f)
{
    pv_guard_fini(&f->guard);
    pv_heap_fini(&f->heap);
    free(f->start);
    free(f);
}

static void expect_fault(struct fixture *f, enum pv_fault fault, const void *ptr)
{
    assert_int_equal(f->n_faults, 1);
    assert_string_equal(pv_guard_fault_name(f->faults[0].fault), pv_guard_fault_name(fault));
    assert_ptr_equal(f->faults[0].ptr, ptr);
    f->n_faults = 0;
}

/* Random calls against what the program wrote, every guard in every combination. */
static void random_steps(struct fixture *f, uint64_t state)
{
    struct {
        unsigned char *at;
        size_t size;
        uint32_t alignment;
    } blocks[N_BLOCKS] = {0};
    for (unsigned n = 0; n < N_STEPS; n++) {
        uint64_t random = random_next(&state);
        size_t i = random % N_BLOCKS, size = (random >> 16) % 400;
        unsigned char mark = (unsigned char)i;
        for (size_t k = 0; k < blocks[i].size; k++) {
            assert_int_equal(blocks[i].at[k], mark);
        }
        if (!blocks[i].at) {
            blocks[i].alignment = (random >> 32) % 4 ? 0 : 64U << (random >> 36) % 4;
            struct pv_request request = {
                .size = size,
                .flags = blocks[i].alignment ? PV_FLAG_ALIGNED : 0,
                .alignment = blocks[i].alignment,
            };
            blocks[i].at = pv_guard_alloc(&f->guard, &request);
        } else if ((random >> 40) % 3 == 0) {
            size_t kept = size < blocks[i].size ? size : blocks[i].size;
            blocks[i].at = pv_guard_realloc(&f->guard, blocks[i].at, size);
            for (size_t k = 0; k < kept; k++) {
                assert_int_equal(blocks[i].at[k], mark);
            }
        } else {
            assert_int_equal(pv_guard_free_sized(&f->guard, blocks[i].at, blocks[i].size), 0);
            blocks[i].at = NULL;
            blocks[i].size = 0;
            continue;
        }
        assert_non_null(blocks[i].at);
        if (blocks[i].alignment) {
            assert_int_equal((uintptr_t)blocks[i].at % blocks[i].alignment, 0);
        }
        blocks[i].size = size;
        memset(blocks[i].at, mark, size);
    }
    assert_int_equal(pv_guard_check(&f->guard), 0);
    for (size_t i = 0; i < N_BLOCKS; i++) {
        pv_guard_free(&f->guard, blocks[i].at);
    }
}

static void test_every_combination(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 32; bits += bits < 28 ? 3 : 1) {
        struct fixture *f = begin((struct pv_guard_config){
            .fill_on_alloc = bits & 1,
            .fill_on_free = bits & 2,
            .canary = bits & 4,
            .checksum = bits & 8,
            .queue_size = bits & 16 ? PV_GUARD_QUEUE_MAX : 0,
        });
        random_steps(f, bits + 1);
        assert_int_equal(pv_guard_fini(&f->guard), 0);
        assert_int_equal(f->heap.n_free, 1);
        end(f);
    }
}

static void test_fills(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *a = pv_guard_malloc(&f->guard, 100, "a");
    unsigned char *c = pv_guard_calloc(&f->guard, 10, 10, "c");
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(a[i], 0xA5);
        assert_int_equal(c[i], 0);
    }
    memset(c, 1, 100);
    c = pv_guard_realloc(&f->guard, c, 102);
    assert_int_equal(c[99], 1);
    assert_int_equal(c[100], 0);
    assert_int_equal(c[101], 0);
    c = pv_guard_realloc(&f->guard, c, 1000);
    assert_int_equal(c[99], 1);
    assert_int_equal(c[999], 0);
    pv_guard_free(&f->guard, a);
    assert_int_equal(a[0], 0xF5);
    assert_int_equal(a[99], 0xF5);
    pv_guard_free(&f->guard, c);
    assert_int_equal(f->n_faults, 0);
    end(f);
}

/* One byte behind, whatever the size: the end of a string that is too long by one, too. */
static void test_overflow_at_every_size(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    for (size_t size = 0; size < 300; size++) {
        unsigned char *a = pv_guard_malloc(&f->guard, size, "a");
        a[size] = 0;
        assert_int_equal(pv_guard_check(&f->guard), 1);
        expect_fault(f, PV_GUARD_OVERFLOW, a);
        assert_int_equal(pv_guard_free(&f->guard, a), PV_GUARD_OVERFLOW);
        assert_int_equal(f->faults[0].requested, size);
        expect_fault(f, PV_GUARD_OVERFLOW, a);
        assert_int_equal(pv_guard_check(&f->guard), 0);
    }
    end(f);
}

/* Every byte of the trailer is guarded, as is every byte of the header that stays the same. */
static void test_every_guarded_byte(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *before = pv_guard_malloc(&f->guard, 10, "before");
    unsigned char *a = pv_guard_malloc(&f->guard, 40, "a");
    unsigned char *header = a - sizeof(struct pv_pebble);
    const struct pv_pebble *pebble = (const struct pv_pebble *)(const void *)header;
    assert_non_null(before);
    for (size_t i = 40; i < pebble->size; i++) {
        a[i] ^= 1;
        assert_int_equal(pv_guard_check(&f->guard), 1);
        expect_fault(f, PV_GUARD_OVERFLOW, a);
        a[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof *pebble; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bool state_bit = i == offsetof(struct pv_pebble, lflags) && bit == 0;
            header[i] ^= (unsigned char)(1U << bit);
            f->n_faults = 0;
            assert_int_not_equal(pv_guard_free(&f->guard, a), PV_FAULT_NONE);
            assert_true(f->n_faults == 1);
            assert_true(state_bit || pv_guard_check(&f->guard) > 0);
            header[i] ^= (unsigned char)(1U << bit);
        }
    }
    assert_int_equal(pv_guard_check(&f->guard), 0);
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_NONE);
    end(f);
}

/* The oldest block leaves first, and only then the heap has it back. */
/* Nothing is refused for the sake of blocks that wait in the queue, or of the old block. */
static void test_queue_before_refusal(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    f->failing.fail_at = f->failing.n_calls + 1;
    f->failing.sticky = true;
    for (size_t i = 0; i < 1000; i++) {
        void *a = pv_guard_malloc(&f->guard, 10000, "a");
        assert_non_null(a);
        assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_NONE);
    }
    unsigned char *a = pv_guard_calloc(&f->guard, 1, 30000, "a");
    a[29999] = 7;
    a = pv_guard_realloc(&f->guard, a, 60000);
    assert_non_null(a);
    for (size_t i = 0; i < 60000; i++) {
        assert_int_equal(a[i], i == 29999 ? 7 : 0);
    }
    assert_int_equal(pv_guard_check(&f->guard), 0);
    assert_null(pv_guard_realloc(&f->guard, a, 70000));
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_NONE);
    end(f);
}

static void test_queue(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *blocks[6];
    for (size_t i = 0; i < 6; i++) {
        blocks[i] = pv_guard_malloc(&f->guard, 40, "queued");
    }
    for (size_t i = 0; i < 4; i++) {
        pv_guard_free(&f->guard, blocks[i]);
    }
    blocks[1][3] = 0;
    assert_int_equal(pv_guard_check(&f->guard), 1);
    expect_fault(f, PV_GUARD_WRITE_AFTER_FREE, blocks[1]);
    assert_int_equal(pv_guard_free(&f->guard, blocks[0]), PV_FAULT_DOUBLE_FREE);
    expect_fault(f, PV_FAULT_DOUBLE_FREE, blocks[0]);
    pv_guard_free(&f->guard, blocks[4]);
    assert_int_equal(f->n_faults, 0);
    assert_int_equal(pv_guard_free(&f->guard, blocks[0]), PV_FAULT_DOUBLE_FREE);
    expect_fault(f, PV_FAULT_DOUBLE_FREE, blocks[0]);
    pv_guard_free(&f->guard, blocks[5]);
    expect_fault(f, PV_GUARD_WRITE_AFTER_FREE, blocks[1]);
    assert_string_equal(pv_guard_fault_name(PV_GUARD_WRITE_AFTER_FREE), "write-after-free");
    assert_ptr_equal(pv_guard_malloc(&f->guard, 40, NULL), blocks[0]);
    end(f);
}

/* A queued block's trailer and header are watched as its bytes are. */
static void test_damage_in_the_queue(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *a = pv_guard_malloc(&f->guard, 40, "a");
    unsigned char *b = pv_guard_malloc(&f->guard, 40, "b");
    struct pv_pebble *pebble = (struct pv_pebble *)(void *)a - 1;
    pv_guard_free(&f->guard, a);
    pv_guard_free(&f->guard, b);
    a[pebble->size - 1] ^= 1;
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_DOUBLE_FREE);
    expect_fault(f, PV_FAULT_DOUBLE_FREE, a);
    ((struct pv_pebble *)(void *)b - 1)->alignment = 4096;
    assert_int_equal(pv_guard_fini(&f->guard), 3);
    assert_int_equal(f->faults[0].fault, PV_GUARD_WRITE_AFTER_FREE);
    assert_ptr_equal(f->faults[0].ptr, a);
    assert_int_equal(f->faults[1].fault, PV_GUARD_BAD_CHECKSUM);
    assert_ptr_equal(f->faults[1].ptr, b);
    end(f);
}

/* Written and with another header: it does not go back to the heap. */
static void test_queued_header_changed(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *a = pv_guard_malloc(&f->guard, 40, "a");
    struct pv_pebble *pebble = (struct pv_pebble *)(void *)a - 1;
    pv_guard_free(&f->guard, a);
    a[0] = 1;
    pebble->sflags = PV_FLAG_PHYSICAL;
    assert_int_equal(pv_guard_fini(&f->guard), 1);
    expect_fault(f, PV_GUARD_WRITE_AFTER_FREE, a);
    assert_int_equal(pebble->lflags, PV_PEBBLE_USED);
    end(f);
}

/* The heap merges with free neighbours, so these must be what they say. */
static void test_neighbours(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_guard_config){.checksum = true});
    unsigned char *blocks[5];
    for (size_t i = 0; i < 5; i++) {
        blocks[i] = pv_guard_malloc(&f->guard, 40, "n");
    }
    struct pv_pebble *middle = (struct pv_pebble *)(void *)blocks[2] - 1;
    middle->lflags = 0;
    /* The block itself, and what both neighbours say of the one beside them. */
    assert_int_equal(pv_guard_check(&f->guard), 3);
    assert_int_equal(f->faults[0].fault, PV_FAULT_OVERRUN);
    assert_int_equal(f->faults[1].fault, PV_GUARD_BAD_CHECKSUM);
    assert_int_equal(f->faults[2].fault, PV_FAULT_BAD_NEIGHBOUR);
    assert_ptr_equal(f->faults[1].ptr, blocks[2]);
    f->n_faults = 0;
    assert_int_equal(pv_guard_free(&f->guard, blocks[1]), PV_FAULT_OVERRUN);
    expect_fault(f, PV_FAULT_OVERRUN, blocks[1]);
    assert_int_equal(pv_guard_free(&f->guard, blocks[3]), PV_FAULT_BAD_NEIGHBOUR);
    expect_fault(f, PV_FAULT_BAD_NEIGHBOUR, blocks[3]);
    middle->size += 64;
    assert_int_equal(pv_guard_free(&f->guard, blocks[1]), PV_FAULT_OVERRUN);
    expect_fault(f, PV_FAULT_OVERRUN, blocks[1]);
    middle->size -= 64;
    middle->lflags = PV_PEBBLE_USED;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(pv_guard_free(&f->guard, blocks[i]), PV_FAULT_NONE);
    }
    assert_int_equal(f->heap.n_free, 1);
    end(f);
}

/* Without any fill or canary a queued block is still known. */
static void test_bare_queue(void **state)
{
    (void)state;
    struct fixture *f = begin((struct pv_guard_config){.queue_size = 2});
    void *a = pv_guard_malloc(&f->guard, 40, "a");
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_NONE);
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_DOUBLE_FREE);
    assert_null(pv_guard_realloc(&f->guard, a, 10));
    assert_int_equal(f->faults[1].fault, PV_GUARD_REALLOC_FREED);
    end(f);
}

/* Of a bucket whose only header is gone. */
static void test_nothing_left(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    pv_pebble_at(f->heap.first->first)->magic = 0;
    assert_int_equal(pv_guard_check(&f->guard), 1);
    assert_int_equal(f->faults[0].fault, PV_FAULT_BAD_HEADER);
    end(f);
}

/* A fault of the pointer changes nothing; a smashed header does not stop a check. */
static void test_damage_in_the_middle(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *blocks[8];
    for (size_t i = 0; i < 8; i++) {
        blocks[i] = pv_guard_malloc(&f->guard, 200, "block");
    }
    memset(blocks[2] - sizeof(struct pv_pebble), 'x', sizeof(struct pv_pebble));
    blocks[6][200] ^= 1;
    assert_int_equal(pv_guard_check(&f->guard), 3);
    assert_int_equal(f->faults[0].fault, PV_FAULT_OVERRUN);
    assert_ptr_equal(f->faults[0].ptr, blocks[1]);
    assert_int_equal(f->faults[1].fault, PV_FAULT_BAD_NEIGHBOUR);
    assert_ptr_equal(f->faults[1].ptr, blocks[3]);
    assert_int_equal(f->faults[2].fault, PV_GUARD_OVERFLOW);
    assert_ptr_equal(f->faults[2].ptr, blocks[6]);
    f->n_faults = 0;
    assert_int_equal(pv_guard_free(&f->guard, blocks[4]), PV_FAULT_NONE);
    assert_non_null(pv_guard_malloc(&f->guard, 3000, "still"));
    assert_int_equal(f->n_faults, 0);
    assert_null(pv_guard_realloc(&f->guard, blocks[2], 10));
    assert_int_equal(f->n_faults, 1);
    end(f);
}

/* Random damage anywhere but in bytes that a caller owns is found, and does not break what
 * follows. `at` are blocks side by side, of which some lie in the queue. */
static void damage_once(struct fixture *f, uint64_t state)
{
    enum { N_SIDE_BY_SIDE = 40 };
    unsigned char *at[N_SIDE_BY_SIDE], *last = NULL;
    size_t sizes[N_SIDE_BY_SIDE];
    for (size_t i = 0; i < N_SIDE_BY_SIDE; i++) {
        sizes[i] = random_next(&state) % 300;
        last = at[i] = pv_guard_malloc(&f->guard, sizes[i], "side by side");
    }
    for (size_t i = 0; i < 4; i++) {
        size_t freed = random_next(&state) % (N_SIDE_BY_SIDE - 1);
        if (at[freed]) {
            pv_guard_free(&f->guard, at[freed]);
            at[freed] = NULL;
        }
    }
    size_t room = (size_t)(last - f->start) - sizeof(struct pv_bucket);
    unsigned char *hit = f->start + sizeof(struct pv_bucket) + random_next(&state) % room;
    size_t n = random_next(&state) % 2 ? 1 : 1 + random_next(&state) % 64;
    n = hit + n > last ? (size_t)(last - hit) : n;
    bool owned = false;
    for (size_t i = 0; i < N_SIDE_BY_SIDE; i++) {
        owned = owned || (at[i] && hit < at[i] + sizes[i] && hit + n > at[i]);
    }
    for (size_t i = 0; i < n; i++) {
        hit[i] ^= (unsigned char)(1U << random_next(&state) % 8);
    }
    assert_true(owned || pv_guard_check(&f->guard) > 0);
    for (size_t i = 0; i < N_SIDE_BY_SIDE; i++) {
        pv_guard_free(&f->guard, at[i]);
    }
    for (size_t i = 0; i < N_SIDE_BY_SIDE; i++) {
        void *after = pv_guard_malloc(&f->guard, sizes[i], "after");
        assert_non_null(after);
        assert_int_equal(pv_guard_free(&f->guard, after), PV_FAULT_NONE);
    }
}

static void test_random_damage(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 3000; n++) {
        struct fixture *f = begin(all_on);
        damage_once(f, n);
        end(f);
    }
}

static void test_claims(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    struct pv_request request = {.size = 10, .flags = PV_FLAG_ALIGNED, .alignment = 100};
    void *a = pv_guard_alloc(&f->guard, &request);
    assert_int_equal(pv_guard_free_aligned_sized(&f->guard, a, 128, 10), PV_FAULT_NONE);
    a = pv_guard_alloc(&f->guard, &request);
    assert_int_equal(pv_guard_free_aligned_sized(&f->guard, a, 64, 10),
                     PV_GUARD_ALIGN_MISMATCH);
    expect_fault(f, PV_GUARD_ALIGN_MISMATCH, a);
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_DOUBLE_FREE);
    assert_int_equal(pv_guard_free_sized(&f->guard, NULL, 10), PV_FAULT_NONE);
    f->n_faults = 0;
    a = pv_guard_alloc(&f->guard, &request);
    assert_int_equal(pv_guard_free_aligned_sized(&f->guard, a, UINT32_MAX, 10),
                     PV_GUARD_ALIGN_MISMATCH);
    end(f);
}

static void test_refusals(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    unsigned char *a = pv_guard_malloc(&f->guard, 50, "a");
    memset(a, 9, 50);
    f->failing.fail_at = 1;
    f->failing.sticky = true;
    assert_null(pv_guard_realloc(&f->guard, a, 1 << 20));
    assert_null(pv_guard_malloc(&f->guard, 1 << 20, NULL));
    assert_int_equal(f->n_faults, 0);
    assert_int_equal(a[49], 9);
    assert_int_equal(pv_guard_check(&f->guard), 0);
    assert_null(pv_guard_calloc(&f->guard, UINT64_MAX / 2, 3, NULL));
    expect_fault(f, PV_GUARD_HUGE_REQUEST, NULL);
    assert_null(pv_guard_realloc(&f->guard, a, UINT64_MAX));
    expect_fault(f, PV_GUARD_HUGE_REQUEST, a);
    assert_int_equal(pv_guard_free(&f->guard, a), PV_FAULT_NONE);

    struct pv_guard none;
    struct pv_guard_config too_long = {.queue_size = PV_GUARD_QUEUE_MAX + 1};
    assert_false(pv_guard_init(&none, &f->heap, &too_long));
    assert_int_equal(pv_guard_fini(&none), 0);
    f->heap.config.ignore_payloads = true;
    assert_false(pv_guard_init(&none, &f->heap, &all_on));
    end(f);
}

static void test_leaks(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    void *kept = pv_guard_malloc(&f->guard, 77, "kept");
    pv_guard_free(&f->guard, pv_guard_malloc(&f->guard, 5, "gone"));
    assert_int_equal(pv_guard_fini(&f->guard), 1);
    assert_string_equal(pv_pebble_name(f->faults[0].pebble), PV_NAMES ? "kept" : "");
    assert_int_equal(f->faults[0].requested, 77);
    expect_fault(f, PV_GUARD_LEAK, kept);
    end(f);
}

static void test_every_fault_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PV_GUARD_N_FAULTS; i++) {
        assert_string_not_equal(pv_guard_fault_name((enum pv_fault)i), "?");
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(pv_guard_fault_name((enum pv_fault)i),
                                    pv_guard_fault_name((enum pv_fault)k));
        }
    }
    assert_string_equal(pv_guard_fault_name((enum pv_fault)PV_GUARD_N_FAULTS), "?");
}

/* The commonest overflow is one zero byte too far: no canary is zero. */
static void test_no_canary_is_zero(void **state)
{
    (void)state;
    struct fixture *f = begin(all_on);
    for (size_t i = 0; i < 1000; i++) {
        unsigned char *a = pv_guard_malloc(&f->guard, 1 + i % 60, NULL);
        assert_non_null(a);
        assert_int_not_equal(a[1 + i % 60], 0);
    }
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination),
        cmocka_unit_test(test_fills),
        cmocka_unit_test(test_overflow_at_every_size),
        cmocka_unit_test(test_every_guarded_byte),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_before_refusal),
        cmocka_unit_test(test_damage_in_the_queue),
        cmocka_unit_test(test_queued_header_changed),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_bare_queue),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_damage_in_the_middle),
        cmocka_unit_test(test_random_damage),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_leaks),
        cmocka_unit_test(test_every_fault_has_a_name),
        cmocka_unit_test(test_no_canary_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
