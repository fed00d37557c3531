/* SPDX-License-Identifier: MIT
 *
 * buddy_test.c - what buddy.h promises, sentence by sentence, on heaps small enough to draw.
 * The differential over random calls is tests/buddy/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/buddy.h"

enum { CHUNK = 1 << 16, LOG = 64 };

static unsigned char memory[CHUNK], index_memory[CHUNK], second[CHUNK];

static struct pv_buddy open_with(uint64_t total, uint64_t used, uint64_t page, bool with_index)
{
    struct pv_buddy buddy;
    memset(memory, 0xAA, sizeof memory);
    memset(index_memory, 0xAA, sizeof index_memory);
    assert_true(pv_buddy_init(
        &buddy, &(struct pv_buddy_config){.chunk = memory,
                                          .total_bytes = total,
                                          .used_bytes = used,
                                          .page_bytes = page,
                                          .index = with_index ? index_memory : NULL}));
    return buddy;
}

/* The same with the tree elsewhere: nothing is reserved. */
static struct pv_buddy open_bare(uint64_t n_pages, uint64_t page)
{
    static unsigned char tree[CHUNK];
    struct pv_buddy buddy;
    assert_true(pv_buddy_init(&buddy, &(struct pv_buddy_config){.chunk = memory,
                                                                .total_bytes = n_pages * page,
                                                                .page_bytes = page,
                                                                .index = index_memory,
                                                                .tree = tree}));
    return buddy;
}

static int64_t offset_of(const void *ptr)
{
    return ptr ? (const unsigned char *)ptr - memory : -1;
}

static int64_t alloc(struct pv_buddy *buddy, uint64_t size, enum pv_buddy_end end)
{
    return offset_of(pv_buddy_alloc(buddy, &size, end));
}

/* ---- init ---- */

static void test_depth(void **state)
{
    (void)state;
    static const struct {
        uint64_t total, page;
        unsigned depth;
    } cases[] = {{64, 64, 0},   {127, 64, 0},    {128, 64, 1},     {1, 1, 0},     {1023, 1, 9},
                 {1024, 1, 10}, {24 * 9, 24, 3}, {36 * 16, 36, 4}, {65535, 7, 13}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pv_buddy buddy = open_with(cases[i].total, 0, cases[i].page, false);
        assert_int_equal(buddy.depth, cases[i].depth);
        assert_int_equal(buddy.page, cases[i].page);
        assert_true(buddy.page << buddy.depth <= cases[i].total);
        assert_true(buddy.page << (buddy.depth + 1) > cases[i].total);
        assert_int_equal(pv_buddy_pages(cases[i].total, cases[i].page), UINT64_C(1)
                                                                            << buddy.depth);
    }
}

static bool can_init(uint64_t total, uint64_t used, uint64_t page)
{
    struct pv_buddy buddy;
    return pv_buddy_init(&buddy, &(struct pv_buddy_config){.chunk = memory,
                                                           .total_bytes = total,
                                                           .used_bytes = used,
                                                           .page_bytes = page});
}

static void test_init_fails(void **state)
{
    (void)state;
    assert_false(can_init(63, 0, 64));
    assert_true(can_init(64, 0, 64));
    assert_false(can_init(64, 0, 0));
    assert_true(can_init(64, 63, 64)); /* and one byte of tree */
    assert_false(can_init(64, 64, 64));
    assert_false(can_init(127, 64, 64));       /* 127 bytes, but 64 are managed */
    assert_true(can_init(1024, 1024 - 4, 64)); /* 16 pages, 4 bytes of tree */
    assert_false(can_init(1024, 1024 - 3, 64));
    assert_false(can_init(1024, UINT64_MAX, 64));
}

static void test_tree_size(void **state)
{
    (void)state;
    static const uint64_t wanted[] = {1, 1, 1, 2, 4, 8, 16, 32};
    for (unsigned depth = 0; depth < 8; depth++) {
        assert_int_equal(pv_buddy_tree_bytes(UINT64_C(1) << depth), wanted[depth]);
    }
}

/* 8 pages of 16, 40 bytes used and 2 of tree: 3 pages are reserved, a pair and one.
 *   0: split; 1: split, 2 free; 3: allocated, 4: split; 9 (page 2): allocated. */
static void test_bits(void **state)
{
    (void)state;
    for (int with_index = 0; with_index < 2; with_index++) {
        struct pv_buddy buddy = open_with(8 * 16, 40, 16, with_index);
        assert_ptr_equal(buddy.tree, memory + 40);
        assert_int_equal(memory[40], 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4);
        assert_int_equal(memory[41], 1 << (9 - 8));
        assert_int_equal(memory[39], 0xAA);
        assert_int_equal(memory[42], 0xAA);
        assert_int_equal(buddy.n_free, 2);
        assert_int_equal(buddy.free_bytes, 5 * 16);
        assert_int_equal(pv_buddy_largest(&buddy), 4 * 16);
        /* the single page before the larger free half, though both would do */
        assert_int_equal(alloc(&buddy, 1, PV_BUDDY_LOW), 3 * 16);
        assert_int_equal(memory[41], 3 << (9 - 8));
        assert_int_equal(alloc(&buddy, 17, PV_BUDDY_LOW), 4 * 16);
        assert_int_equal(memory[40], 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5);
        assert_int_equal(alloc(&buddy, 5, PV_BUDDY_HIGH), 7 * 16);
        assert_int_equal(memory[40], 0x7F);
        assert_int_equal(memory[41], 3 << (9 - 8) | 1 << (14 - 8));
    }
}

/* Used bytes and tree in descending powers, 4 and 2 and 1 of 7 pages. */
static void test_reserved(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_with(16 * 64, 6 * 64 + 50, 64, true);
    uint64_t size;
    assert_int_equal(buddy.n_reserved, 7);
    assert_ptr_equal(pv_buddy_start(&buddy, memory + 100, &size), memory);
    assert_int_equal(size, 4 * 64);
    assert_ptr_equal(pv_buddy_start(&buddy, memory + 5 * 64, &size), memory + 4 * 64);
    assert_int_equal(size, 2 * 64);
    assert_ptr_equal(pv_buddy_start(&buddy, memory + 7 * 64 - 1, &size), memory + 6 * 64);
    assert_int_equal(size, 64);
    assert_int_equal(pv_buddy_free(&buddy, memory, 64), PV_BUDDY_FAULT_RESERVED);
    assert_int_equal(pv_buddy_size(&buddy, memory), 4 * 64);
}

/* ---- alloc ---- */

/* The lowest or highest place that is large enough, not the smallest. */
static void test_order(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(16, 16);
    assert_int_equal(alloc(&buddy, 8 * 16, PV_BUDDY_LOW), 0);
    assert_int_equal(alloc(&buddy, 16, PV_BUDDY_LOW), 8 * 16);
    assert_int_equal(alloc(&buddy, 16, PV_BUDDY_HIGH), 15 * 16);
    assert_int_equal(pv_buddy_free(&buddy, memory, 8 * 16), 0);
    /* free: 0-7, 9, 10-11, 12-13, 14 */
    assert_int_equal(buddy.n_free, 5);
    assert_int_equal(alloc(&buddy, 16, PV_BUDDY_LOW), 0);
    assert_int_equal(alloc(&buddy, 32, PV_BUDDY_HIGH), 12 * 16);
    assert_int_equal(alloc(&buddy, 16, PV_BUDDY_HIGH), 14 * 16);
    assert_int_equal(alloc(&buddy, 4 * 16, PV_BUDDY_HIGH), 4 * 16);
}

static void test_sizes(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(16, 24);
    static const uint64_t asked[] = {0, 1, 24, 25, 48, 49, 97, 192};
    static const uint64_t granted[] = {24, 24, 24, 48, 48, 96, 192, 192};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        uint64_t size = asked[i];
        void *ptr = pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW);
        assert_int_equal(size, granted[i]);
        assert_int_equal(pv_buddy_size(&buddy, ptr), granted[i]);
        assert_int_equal(pv_buddy_free(&buddy, ptr, asked[i]), 0);
        assert_int_equal(buddy.n_free, 1);
    }
    static const uint64_t too_large[] = {16 * 24 + 1, UINT64_MAX, UINT64_C(1) << 63};
    for (size_t i = 0; i < 3; i++) {
        uint64_t size = too_large[i];
        assert_null(pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW));
        assert_int_equal(size, 0);
    }
    uint64_t all = 16 * 24, one = 1;
    assert_ptr_equal(pv_buddy_alloc(&buddy, &all, PV_BUDDY_HIGH), memory);
    assert_null(pv_buddy_alloc(&buddy, &one, PV_BUDDY_LOW));
    assert_int_equal(one, 0);
    assert_int_equal(pv_buddy_largest(&buddy), 0);
    assert_int_equal(pv_buddy_extent(&buddy), all);
}

/* ---- events ---- */

struct log {
    struct pv_buddy_event events[LOG];
    size_t n;
};

static void keep(void *ctx, const struct pv_buddy_event *event)
{
    struct log *log = ctx;
    assert_true(log->n < LOG);
    log->events[log->n++] = *event;
}

static void expect(const struct log *log, size_t i, enum pv_buddy_event_kind kind,
                   int64_t offset, uint64_t size)
{
    assert_true(i < log->n);
    assert_int_equal(log->events[i].kind, kind);
    assert_int_equal(offset_of(log->events[i].ptr), offset);
    assert_int_equal(log->events[i].size, size);
}

static void test_events(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(4, 16);
    struct log log = {.n = 0}, other = {.n = 0};
    struct pv_buddy_listener one = {.event = keep, .ctx = &log};
    struct pv_buddy_listener two = {.event = keep, .ctx = &other};
    pv_buddy_listen(&buddy, &one);
    pv_buddy_listen(&buddy, &two);
    uint64_t size = 10;
    void *ptr = pv_buddy_alloc(&buddy, &size, PV_BUDDY_HIGH);
    expect(&log, 0, PV_BUDDY_EVENT_SPLIT, 0, 64);
    expect(&log, 1, PV_BUDDY_EVENT_SPLIT, 32, 32);
    assert_int_equal(offset_of(log.events[1].other), 48);
    expect(&log, 2, PV_BUDDY_EVENT_ALLOC, 48, 16);
    assert_int_equal(log.events[2].requested, 10);
    size = 12;
    assert_ptr_equal(pv_buddy_realloc(&buddy, ptr, &size, PV_BUDDY_HIGH), ptr);
    expect(&log, 3, PV_BUDDY_EVENT_RESIZE, 48, 16);
    assert_int_equal(log.events[3].requested, 12);
    size = 20;
    ptr = pv_buddy_realloc(&buddy, ptr, &size, PV_BUDDY_LOW);
    assert_ptr_equal(ptr, memory);
    assert_int_equal(size, 32);
    expect(&log, 4, PV_BUDDY_EVENT_FREE, 48, 16);
    expect(&log, 5, PV_BUDDY_EVENT_MERGE, 32, 32);
    expect(&log, 6, PV_BUDDY_EVENT_MERGE, 0, 64);
    expect(&log, 7, PV_BUDDY_EVENT_SPLIT, 0, 64);
    expect(&log, 8, PV_BUDDY_EVENT_ALLOC, 0, 32);
    assert_int_equal(pv_buddy_free(&buddy, ptr, 64), PV_BUDDY_FAULT_WRONG_LENGTH);
    expect(&log, 9, PV_BUDDY_EVENT_FAULT, 0, 32);
    assert_int_equal(log.events[9].fault, PV_BUDDY_FAULT_WRONG_LENGTH);
    assert_int_equal(log.events[9].requested, 64);
    expect(&log, 10, PV_BUDDY_EVENT_FREE, 0, 32);
    expect(&log, 11, PV_BUDDY_EVENT_MERGE, 0, 64);
    assert_int_equal(log.n, 12);
    assert_int_equal(other.n, 12);
}

/* ---- faults ---- */

static void test_bad_frees(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(16, 36);
    struct log log = {.n = 0};
    struct pv_buddy_listener listener = {.event = keep, .ctx = &log};
    uint64_t size = 36 * 2;
    unsigned char *ptr = pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW);
    unsigned char before[8], *freed = ptr + size;
    memcpy(before, buddy.tree, sizeof before);
    pv_buddy_listen(&buddy, &listener);
    const struct {
        void *ptr;
        enum pv_buddy_fault fault;
    } cases[] = {
        {freed, PV_BUDDY_FAULT_NOT_ALLOCATED}, /* never had */
        {ptr + 1, PV_BUDDY_FAULT_INTERIOR},
        {ptr + 36, PV_BUDDY_FAULT_INTERIOR}, /* a page's beginning, not the block's */
        {memory + 16 * 36, PV_BUDDY_FAULT_OUTSIDE},
        {(void *)(uintptr_t)1, PV_BUDDY_FAULT_OUTSIDE},
        {(void *)UINTPTR_MAX, PV_BUDDY_FAULT_OUTSIDE},
    };
    enum { N = sizeof cases / sizeof *cases };
    for (size_t i = 0; i < N; i++) {
        for (uint64_t length = 0; length < 200; length += 36) {
            log.n = 0;
            assert_int_equal(pv_buddy_free(&buddy, cases[i].ptr, length), cases[i].fault);
            assert_int_equal(log.n, 1);
            assert_int_equal(log.events[0].fault, cases[i].fault);
            assert_ptr_equal(log.events[0].ptr, cases[i].ptr);
            assert_memory_equal(buddy.tree, before, sizeof before);
        }
    }
    log.n = 0;
    assert_int_equal(pv_buddy_free(&buddy, NULL, 36), PV_BUDDY_FAULT_NONE);
    assert_int_equal(pv_buddy_free(&buddy, ptr, 37), PV_BUDDY_FAULT_NONE);
    assert_int_equal(pv_buddy_free(&buddy, ptr, 37), PV_BUDDY_FAULT_NOT_ALLOCATED);
    assert_int_equal(buddy.n_free, 1);
    for (unsigned kind = 0; kind < PV_BUDDY_N_FAULTS; kind++) {
        assert_true(strlen(pv_buddy_fault_name(kind)) > 3);
    }
}

/* A wrong length, shorter or longer: told, and the block is freed whole. */
static void test_wrong_length(void **state)
{
    (void)state;
    for (uint64_t length = 0; length <= 20 * 16; length += 8) {
        struct pv_buddy buddy = open_bare(16, 16);
        uint64_t size = 4 * 16;
        void *ptr = pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW);
        bool right = length > 32 && length <= 64;
        assert_int_equal(pv_buddy_free(&buddy, ptr, length),
                         right ? PV_BUDDY_FAULT_NONE : PV_BUDDY_FAULT_WRONG_LENGTH);
        assert_int_equal(buddy.free_bytes, 16 * 16);
        assert_int_equal(buddy.n_free, 1);
    }
}

/* ---- realloc ---- */

static void fill(unsigned char *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        at[i] = (unsigned char)(i * 7 + 1);
    }
}

static void check_filled(const unsigned char *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(at[i], (unsigned char)(i * 7 + 1));
    }
}

/* Pages 2 and 3 grow to 0 to 3 where 0 and 1 are free: the places overlap. */
static void test_realloc_overlap(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(8, 16);
    uint64_t size = 32;
    unsigned char *low = pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW);
    unsigned char *ptr = pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW);
    assert_int_equal(offset_of(ptr), 32);
    pv_buddy_free(&buddy, low, 32);
    fill(ptr, 32);
    size = 50;
    ptr = pv_buddy_realloc(&buddy, ptr, &size, PV_BUDDY_LOW);
    assert_int_equal(offset_of(ptr), 0);
    assert_int_equal(size, 64);
    check_filled(ptr, 32);
    /* and shrinks to the high end of the chunk, then to the high end of itself */
    size = 32;
    ptr = pv_buddy_realloc(&buddy, ptr, &size, PV_BUDDY_HIGH);
    assert_int_equal(offset_of(ptr), 96);
    check_filled(ptr, 32);
    size = 16;
    ptr = pv_buddy_realloc(&buddy, ptr, &size, PV_BUDDY_HIGH);
    assert_int_equal(offset_of(ptr), 112);
    check_filled(ptr, 16);
    assert_int_equal(buddy.free_bytes, 7 * 16);
}

static void test_realloc_no_room(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(8, 16);
    struct log log = {.n = 0};
    struct pv_buddy_listener listener = {.event = keep, .ctx = &log};
    uint64_t size = 32;
    unsigned char *first = pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW);
    (void)alloc(&buddy, 16, PV_BUDDY_HIGH);
    fill(first, 32);
    unsigned char tree[4];
    static unsigned char bytes[32];
    memcpy(tree, buddy.tree, sizeof tree);
    memcpy(bytes, buddy.index, sizeof bytes);
    pv_buddy_listen(&buddy, &listener);
    static const uint64_t sizes[] = {65, 129, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        size = sizes[i];
        assert_null(pv_buddy_realloc(&buddy, first, &size, PV_BUDDY_LOW));
        assert_int_equal(size, 0);
        check_filled(first, 32);
        assert_memory_equal(buddy.tree, tree, 4);
        assert_memory_equal(buddy.index, bytes, 16);
        assert_int_equal(buddy.free_bytes, 5 * 16);
    }
    assert_int_equal(log.n, 0);
    size = 16;
    assert_non_null(pv_buddy_realloc(&buddy, NULL, &size, PV_BUDDY_LOW));
    size = 16;
    assert_null(pv_buddy_realloc(&buddy, first + 16, &size, PV_BUDDY_LOW));
    assert_int_equal(size, 0);
    assert_int_equal(log.events[log.n - 1].fault, PV_BUDDY_FAULT_INTERIOR);
}

/* The first block of a chunk at address 0 would be NULL; a chunk must end within the addresses. */
static void test_where_a_chunk_cannot_lie(void **state)
{
    (void)state;
    struct pv_buddy buddy;
    struct pv_buddy_config config = {.chunk = NULL,
                                     .total_bytes = CHUNK,
                                     .page_bytes = 64,
                                     .tree = second,
                                     .index = index_memory,
                                     .ignore_payloads = true};
    assert_false(pv_buddy_init(&buddy, &config));
    config.chunk = (void *)(UINTPTR_MAX - CHUNK + 2);
    assert_false(pv_buddy_init(&buddy, &config));
    config.chunk = (void *)(UINTPTR_MAX - CHUNK + 1); /* to the very last byte */
    assert_true(pv_buddy_init(&buddy, &config));
    config.chunk = memory;
    assert_true(pv_buddy_init(&buddy, &config));
}

/* ---- names, struct in the chunk, doubling ---- */

static void test_names(void **state)
{
    (void)state;
    const char *names[8];
    struct pv_buddy buddy;
    assert_true(pv_buddy_init(&buddy, &(struct pv_buddy_config){.chunk = memory,
                                                                .total_bytes = 8 * 16,
                                                                .page_bytes = 16,
                                                                .tree = second,
                                                                .names = names}));
    uint64_t size = 32;
    void *ptr = pv_buddy_alloc(&buddy, &size, PV_BUDDY_HIGH);
    assert_string_equal(pv_buddy_name(&buddy, ptr), "");
    pv_buddy_set_name(&buddy, ptr, "inode");
    assert_string_equal(pv_buddy_name(&buddy, ptr), "inode");
    pv_buddy_set_name(&buddy, (char *)ptr + 16, "not a block");
    assert_string_equal(pv_buddy_name(&buddy, (char *)ptr + 16), "");
    size = 40;
    ptr = pv_buddy_realloc(&buddy, ptr, &size, PV_BUDDY_LOW);
    assert_int_equal(offset_of(ptr), 0);
    assert_string_equal(pv_buddy_name(&buddy, ptr), "inode");
    pv_buddy_free(&buddy, ptr, 40);
    assert_string_equal(pv_buddy_name(&buddy, ptr), "");
    size = 40;
    assert_string_equal(pv_buddy_name(&buddy, pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW)), "");
}

/* The struct may lie in the chunk, among the bytes used. */
static void test_struct_inside(void **state)
{
    (void)state;
    _Alignas(struct pv_buddy) static unsigned char chunk[4096];
    struct pv_buddy *buddy = (struct pv_buddy *)(void *)chunk;
    assert_true(pv_buddy_init(buddy, &(struct pv_buddy_config){.chunk = chunk,
                                                               .total_bytes = sizeof chunk,
                                                               .used_bytes = sizeof *buddy,
                                                               .page_bytes = 16}));
    uint64_t n = 0, size = 16;
    while (pv_buddy_alloc(buddy, &size, PV_BUDDY_LOW)) {
        n++;
    }
    uint64_t reserved = sizeof *buddy + pv_buddy_tree_bytes(256);
    assert_int_equal(n, 256 - (reserved + 15) / 16);
}

static void test_double(void **state)
{
    (void)state;
    static unsigned char trees[2][CHUNK], indices[2][CHUNK];
    struct pv_buddy buddy;
    struct pv_buddy_config config = {.chunk = memory,
                                     .total_bytes = 2 * 16,
                                     .page_bytes = 16,
                                     .tree = trees[0],
                                     .index = indices[0]};
    assert_true(pv_buddy_init(&buddy, &config));
    pv_buddy_double(&buddy, trees[1], indices[1], NULL); /* nothing allocated: one free node */
    assert_int_equal(buddy.n_free, 1);
    assert_int_equal(pv_buddy_largest(&buddy), 64);
    assert_int_equal(alloc(&buddy, 64, PV_BUDDY_LOW), 0);
    pv_buddy_double(&buddy, trees[0], indices[0], NULL);
    assert_int_equal(trees[0][0], 1 << 0 | 1 << 1); /* the low half is allocated */
    assert_int_equal(trees[0][1], 0);
    assert_int_equal(buddy.n_free, 1);
    assert_int_equal(buddy.free_bytes, 64);
    assert_int_equal(alloc(&buddy, 1, PV_BUDDY_HIGH), 7 * 16);
    assert_int_equal(pv_buddy_size(&buddy, memory), 64);
    assert_int_equal(pv_buddy_free(&buddy, memory, 64), 0);
    assert_int_equal(pv_buddy_free(&buddy, memory + 7 * 16, 1), 0);
    assert_int_equal(buddy.n_free, 1);
    assert_int_equal(trees[0][0], 0);
    assert_int_equal(pv_buddy_extent(&buddy), 0);
}

static bool count_three(void *ctx, const struct pv_buddy_node *node)
{
    int *n = ctx;
    (void)node;
    return ++*n < 3;
}

static void test_visit_stops(void **state)
{
    (void)state;
    struct pv_buddy buddy = open_bare(16, 16);
    (void)alloc(&buddy, 16, PV_BUDDY_LOW);
    int n = 0;
    pv_buddy_visit(&buddy, count_three, &n);
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_init_fails),
        cmocka_unit_test(test_tree_size),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_bad_frees),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_realloc_overlap),
        cmocka_unit_test(test_realloc_no_room),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_struct_inside),
        cmocka_unit_test(test_double),
        cmocka_unit_test(test_visit_stops),
        cmocka_unit_test(test_where_a_chunk_cannot_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
