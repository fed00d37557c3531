/* SPDX-License-Identifier: MIT
 *
 * buddy_random.c - the buddy allocator with its index, without it, and a naive model that knows
 * only which pages are whose: the same random calls, the same answers, and after every call the
 * same bits of the tree. Low and high ends mixed and alone, every page size, bad frees, wrong
 * lengths, tree inside and outside, doubling.
 *
 * buddy_random [OPERATIONS]: of each of the configurations. Prints what was compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buddy.h"
#include "tests/support/random.h"

enum { SLOTS = 48, PAGES_MAX = 1024, INDEX_EVERY = 64, FREE = 0, RESERVED = -1 };

static uint64_t n_ops = 50000;

struct config {
    uint64_t page, n_pages, used;
    unsigned low_of_100; /* how many calls of a hundred are for the low end */
    bool doubles;        /* begins with an eighth of the pages and the tree outside */
};

/* ---- the naive model ---- */

struct naive {
    uint64_t n_pages;
    int owner[PAGES_MAX]; /* FREE, RESERVED or the number of a block */
    uint64_t reserved;    /* pages */
    int last;
};

struct range {
    uint64_t from, n; /* pages; n is 0: none */
};

static bool all_free(const struct naive *naive, struct range range)
{
    for (uint64_t i = range.from; i < range.from + range.n; i++) {
        if (naive->owner[i] != FREE) {
            return false;
        }
    }
    return true;
}

/* Depth first from one end, a node before its halves; cut down to n pages at that end. */
static struct range naive_find(const struct naive *naive, struct range node, uint64_t n,
                               bool low)
{
    if (node.n < n) {
        return (struct range){0, 0};
    }
    if (all_free(naive, node)) {
        return (struct range){low ? node.from : node.from + node.n - n, n};
    }
    struct range halves[2] = {{node.from, node.n / 2}, {node.from + node.n / 2, node.n / 2}};
    struct range found = naive_find(naive, halves[!low], n, low);
    return found.n || node.n == 1 ? found : naive_find(naive, halves[low], n, low);
}

static void naive_fill(struct naive *naive, struct range range, int owner)
{
    for (uint64_t i = range.from; i < range.from + range.n; i++) {
        naive->owner[i] = owner;
    }
}

static struct range naive_alloc(struct naive *naive, uint64_t n, bool low)
{
    struct range found = {0, 0};
    if (n <= naive->n_pages) {
        found = naive_find(naive, (struct range){0, naive->n_pages}, n, low);
    }
    naive_fill(naive, found, ++naive->last);
    return found;
}

static struct range naive_block(const struct naive *naive, uint64_t page)
{
    struct range range = {page, 0};
    int owner = naive->owner[page];
    while (range.from && naive->owner[range.from - 1] == owner) {
        range.from--;
    }
    while (range.from + range.n < naive->n_pages &&
           naive->owner[range.from + range.n] == owner) {
        range.n++;
    }
    return range;
}

/* The bit of each node from its definition: it is 1 when some page of it is in a block, but 0
 * below a block. What is reserved is cut into blocks of its own. */
static void naive_tree(const struct naive *naive, unsigned char *tree, struct range node,
                       uint64_t bit)
{
    if (all_free(naive, node)) {
        return;
    }
    tree[bit / 8] |= (unsigned char)(1 << (bit % 8));
    int owner = naive->owner[node.from];
    bool one_block = owner != FREE && naive_block(naive, node.from).n == node.n &&
                     naive_block(naive, node.from).from == node.from;
    bool reserved = owner == RESERVED && node.from + node.n <= naive->reserved;
    if (node.n > 1 && !one_block && !reserved) {
        naive_tree(naive, tree, (struct range){node.from, node.n / 2}, 2 * bit + 1);
        naive_tree(naive, tree, (struct range){node.from + node.n / 2, node.n / 2},
                   2 * bit + 2);
    }
}

static uint64_t naive_round(uint64_t size, uint64_t page)
{
    uint64_t n = 1;
    while (n * page < size) {
        n *= 2;
    }
    return n;
}

/* ---- the scene: three allocators side by side ---- */

struct counter {
    int64_t n_free, free_bytes;
    uint64_t n_faults, n_blocks;
};

struct side {
    struct pv_buddy buddy;
    struct pv_buddy_listener listener;
    struct counter counter;
    unsigned char *chunk, *tree, *index;
};

struct slot {
    uint64_t offset, size, requested;
    unsigned char pattern;
    bool live;
};

struct scene {
    const struct config *config;
    struct side sides[2]; /* with the index, without */
    struct naive naive;
    struct slot slots[SLOTS];
    uint64_t random;
};

/* What the events say must come to what the allocator counts. */
static void on_event(void *ctx, const struct pv_buddy_event *event)
{
    struct counter *counter = ctx;
    counter->n_free +=
        event->kind == PV_BUDDY_EVENT_SPLIT || event->kind == PV_BUDDY_EVENT_FREE;
    counter->n_free -=
        event->kind == PV_BUDDY_EVENT_MERGE || event->kind == PV_BUDDY_EVENT_ALLOC;
    counter->n_faults += event->kind == PV_BUDDY_EVENT_FAULT;
    if (event->kind == PV_BUDDY_EVENT_ALLOC) {
        counter->free_bytes -= (int64_t)event->size;
        counter->n_blocks++;
    } else if (event->kind == PV_BUDDY_EVENT_FREE) {
        counter->free_bytes += (int64_t)event->size;
        counter->n_blocks--;
    } else if (event->kind == PV_BUDDY_EVENT_SPLIT || event->kind == PV_BUDDY_EVENT_MERGE) {
        assert_ptr_equal((const char *)event->ptr + event->size / 2, event->other);
    }
}

static void side_open(struct side *side, const struct config *config, bool with_index)
{
    uint64_t n = config->doubles ? config->n_pages / 8 : config->n_pages;
    side->chunk = malloc(config->page * config->n_pages);
    side->index = with_index ? malloc(pv_buddy_index_bytes(n)) : NULL;
    side->tree = config->doubles ? malloc(pv_buddy_tree_bytes(n)) : NULL;
    struct pv_buddy_config with = {.chunk = side->chunk,
                                   .total_bytes = config->page * n + config->page / 2,
                                   .used_bytes = config->used,
                                   .page_bytes = config->page,
                                   .index = side->index,
                                   .tree = side->tree};
    assert_true(pv_buddy_init(&side->buddy, &with));
    assert_int_equal(UINT64_C(1) << side->buddy.depth, n);
    side->counter = (struct counter){.n_free = (int64_t)side->buddy.n_free,
                                     .free_bytes = (int64_t)side->buddy.free_bytes};
    side->listener = (struct pv_buddy_listener){.event = on_event, .ctx = &side->counter};
    pv_buddy_listen(&side->buddy, &side->listener);
}

static void side_double(struct side *side)
{
    uint64_t n = UINT64_C(2) << side->buddy.depth;
    unsigned char *tree = malloc(pv_buddy_tree_bytes(n));
    unsigned char *index = side->index ? malloc(pv_buddy_index_bytes(n)) : NULL;
    uint64_t n_free = side->buddy.n_free, free_bytes = side->buddy.free_bytes;
    pv_buddy_double(&side->buddy, tree, index, NULL);
    side->counter.n_free += (int64_t)(side->buddy.n_free - n_free);
    side->counter.free_bytes += (int64_t)(side->buddy.free_bytes - free_bytes);
    free(side->tree);
    free(side->index);
    side->tree = tree;
    side->index = index;
}

/* ---- comparing ---- */

/* The byte of a node from its definition. Below what is free all is as if free; below a block
 * too, but for its halves and quarters: `inside` counts from 2 down. */
static unsigned check_index(const struct pv_buddy *buddy, uint64_t node, unsigned power,
                            unsigned inside)
{
    const unsigned char *tree = buddy->tree;
    bool set = tree[(node - 1) / 8] >> ((node - 1) % 8) & 1;
    bool low_set = power && (tree[(2 * node - 1) / 8] >> ((2 * node - 1) % 8) & 1);
    bool high_set = power && (tree[2 * node / 8] >> (2 * node % 8) & 1);
    bool split = set && (low_set || high_set);
    unsigned most = set || inside ? 0 : power + 1;
    unsigned next = set && !split ? 2 : inside ? inside - 1 : 0;
    if (power) {
        unsigned low = check_index(buddy, 2 * node, power - 1, next);
        unsigned high = check_index(buddy, 2 * node + 1, power - 1, next);
        most = !split ? most : low > high ? low : high;
    }
    assert_int_equal(buddy->index[node], power + 1 - most);
    return most;
}

struct seen {
    const struct naive *naive;
    uint64_t page, end, n_free, free_bytes, largest;
};

static bool check_node(void *ctx, const struct pv_buddy_node *node)
{
    struct seen *seen = ctx;
    assert_int_equal(node->offset, seen->end);
    assert_int_equal(node->size, seen->page << node->power);
    seen->end += node->size;
    bool used = seen->naive->owner[node->offset / seen->page] != FREE;
    assert_int_equal(node->used, used);
    seen->n_free += !used;
    seen->free_bytes += used ? 0 : node->size;
    seen->largest = !used && node->size > seen->largest ? node->size : seen->largest;
    return true;
}

static void compare(struct scene *scene, bool whole)
{
    unsigned char tree[PAGES_MAX / 4] = {0};
    struct pv_buddy *buddy = &scene->sides[0].buddy;
    size_t n = (size_t)pv_buddy_tree_bytes(scene->naive.n_pages);
    naive_tree(&scene->naive, tree, (struct range){0, scene->naive.n_pages}, 0);
    for (size_t i = 0; i < 2; i++) {
        buddy = &scene->sides[i].buddy;
        assert_memory_equal(buddy->tree, tree, n);
        assert_int_equal(buddy->n_free, scene->sides[i].counter.n_free);
        assert_int_equal(buddy->free_bytes, scene->sides[i].counter.free_bytes);
        if (whole) {
            struct seen seen = {.naive = &scene->naive, .page = buddy->page};
            pv_buddy_visit(buddy, check_node, &seen);
            assert_int_equal(seen.end, buddy->page << buddy->depth);
            assert_int_equal(seen.n_free, buddy->n_free);
            assert_int_equal(seen.free_bytes, buddy->free_bytes);
            assert_int_equal(pv_buddy_largest(buddy), seen.largest);
        }
    }
    if (whole) {
        check_index(&scene->sides[0].buddy, 1, scene->sides[0].buddy.depth, 0);
        uint64_t end = 0;
        for (uint64_t i = 0; i < scene->naive.n_pages; i++) {
            end = scene->naive.owner[i] != FREE ? (i + 1) * scene->config->page : end;
        }
        assert_int_equal(pv_buddy_extent(&scene->sides[0].buddy), end);
    }
}

static void compare_answer(const struct side *side, const void *ptr, uint64_t size,
                           struct range wanted, uint64_t page)
{
    assert_int_equal(size, wanted.n * page);
    assert_ptr_equal(ptr, wanted.n ? side->chunk + wanted.from * page : NULL);
}

/* The contents are the first bytes, up to 16, and the last one that was requested. */
static void write_pattern(struct scene *scene, const struct slot *slot)
{
    for (size_t i = 0; i < 2; i++) {
        unsigned char *at = scene->sides[i].chunk + slot->offset;
        memset(at, slot->pattern, slot->requested < 16 ? slot->requested : 16);
        if (slot->requested) {
            at[slot->requested - 1] = slot->pattern;
        }
    }
}

static void check_pattern(struct scene *scene, const struct slot *slot, uint64_t n)
{
    for (size_t i = 0; i < 2; i++) {
        const unsigned char *at = scene->sides[i].chunk + slot->offset;
        for (uint64_t j = 0; j < n && j < 16; j++) {
            assert_int_equal(at[j], slot->pattern);
        }
        if (n && n == slot->requested) {
            assert_int_equal(at[n - 1], slot->pattern);
        }
    }
}

/* ---- calls ---- */

static uint64_t random_size(struct scene *scene)
{
    uint64_t kind = random_next(&scene->random) % 100;
    uint64_t pages = kind < 70 ? 2 : kind < 90 ? 8 : kind < 98 ? 40 : scene->naive.n_pages + 2;
    return random_next(&scene->random) % (pages * scene->config->page + 1);
}

static void call_alloc(struct scene *scene, struct slot *slot, uint64_t size, bool low)
{
    uint64_t page = scene->config->page;
    struct range wanted = naive_alloc(&scene->naive, naive_round(size, page), low);
    for (size_t i = 0; i < 2; i++) {
        uint64_t granted = size;
        void *ptr = pv_buddy_alloc(&scene->sides[i].buddy, &granted,
                                   low ? PV_BUDDY_LOW : PV_BUDDY_HIGH);
        compare_answer(&scene->sides[i], ptr, granted, wanted, page);
    }
    if (wanted.n) {
        *slot = (struct slot){.offset = wanted.from * page,
                              .size = wanted.n * page,
                              .requested = size,
                              .pattern = (unsigned char)random_next(&scene->random),
                              .live = true};
        write_pattern(scene, slot);
    }
}

/* The length is as asked, as granted, or wrong. */
static void call_free(struct scene *scene, struct slot *slot)
{
    uint64_t page = scene->config->page, dice = random_next(&scene->random) % 20;
    uint64_t length = dice == 0 ? slot->size * 2 : dice < 10 ? slot->size : slot->requested;
    check_pattern(scene, slot, slot->requested);
    for (size_t i = 0; i < 2; i++) {
        struct side *side = &scene->sides[i];
        uint64_t n_faults = side->counter.n_faults;
        assert_int_equal(pv_buddy_free(&side->buddy, side->chunk + slot->offset, length),
                         dice ? PV_BUDDY_FAULT_NONE : PV_BUDDY_FAULT_WRONG_LENGTH);
        assert_int_equal(side->counter.n_faults, n_faults + !dice);
    }
    naive_fill(&scene->naive, (struct range){slot->offset / page, slot->size / page}, FREE);
    slot->live = false;
}

static void call_realloc(struct scene *scene, struct slot *slot, uint64_t size, bool low)
{
    uint64_t page = scene->config->page;
    struct range old = {slot->offset / page, slot->size / page}, wanted = old;
    int owner = scene->naive.owner[old.from];
    if (naive_round(size, page) != old.n) {
        naive_fill(&scene->naive, old, FREE);
        wanted = naive_alloc(&scene->naive, naive_round(size, page), low);
        naive_fill(&scene->naive, wanted.n ? wanted : old,
                   wanted.n ? scene->naive.last : owner);
    }
    for (size_t i = 0; i < 2; i++) {
        struct side *side = &scene->sides[i];
        uint64_t granted = size;
        void *ptr = pv_buddy_realloc(&side->buddy, side->chunk + slot->offset, &granted,
                                     low ? PV_BUDDY_LOW : PV_BUDDY_HIGH);
        compare_answer(side, ptr, granted, wanted, page);
    }
    if (!wanted.n) {
        check_pattern(scene, slot, slot->requested);
        return;
    }
    uint64_t kept = slot->requested < size ? slot->requested : size;
    slot->offset = wanted.from * page;
    slot->size = wanted.n * page;
    check_pattern(scene, slot, kept);
    slot->requested = size;
    write_pattern(scene, slot);
}

static enum pv_buddy_fault naive_fault(const struct naive *naive, uint64_t page,
                                       uint64_t offset)
{
    if (offset >= naive->n_pages * page) {
        return PV_BUDDY_FAULT_OUTSIDE;
    }
    if (offset / page < naive->reserved) {
        return PV_BUDDY_FAULT_RESERVED;
    }
    if (naive->owner[offset / page] == FREE) {
        return PV_BUDDY_FAULT_NOT_ALLOCATED;
    }
    return naive_block(naive, offset / page).from * page == offset ? PV_BUDDY_FAULT_NONE
                                                                   : PV_BUDDY_FAULT_INTERIOR;
}

/* A pointer anywhere, mostly in the chunk: what it points into, and when that is no block, a
 * free and a realloc that do nothing. */
static void call_anywhere(struct scene *scene)
{
    uint64_t page = scene->config->page, bytes = page * scene->naive.n_pages;
    uint64_t offset = random_next(&scene->random) % (bytes + bytes / 8);
    offset -= random_next(&scene->random) % 2 ? offset % page : 0;
    enum pv_buddy_fault wanted = naive_fault(&scene->naive, page, offset);
    for (size_t i = 0; i < 2; i++) {
        struct side *side = &scene->sides[i];
        unsigned char *ptr = side->chunk + offset;
        uint64_t size = page, held = 0, n_faults = side->counter.n_faults;
        void *start = pv_buddy_start(&side->buddy, ptr, &held);
        if (wanted == PV_BUDDY_FAULT_NONE || wanted == PV_BUDDY_FAULT_INTERIOR) {
            struct range block = naive_block(&scene->naive, offset / page);
            compare_answer(side, start, held, block, page);
            assert_int_equal(pv_buddy_size(&side->buddy, ptr),
                             wanted == PV_BUDDY_FAULT_NONE ? held : 0);
        } else if (wanted != PV_BUDDY_FAULT_RESERVED) {
            assert_null(start);
            assert_int_equal(held, 0);
        }
        if (wanted != PV_BUDDY_FAULT_NONE) {
            assert_int_equal(pv_buddy_free(&side->buddy, ptr, size), wanted);
            assert_null(pv_buddy_realloc(&side->buddy, ptr, &size, PV_BUDDY_LOW));
            assert_int_equal(size, 0);
            assert_int_equal(side->counter.n_faults, n_faults + 2);
        }
    }
}

static void one_call(struct scene *scene)
{
    struct slot *slot = &scene->slots[random_next(&scene->random) % SLOTS];
    uint64_t size = random_size(scene);
    uint64_t choice = random_next(&scene->random) % 100;
    bool low = random_next(&scene->random) % 100 < scene->config->low_of_100;
    if (choice < 3) {
        call_anywhere(scene);
    } else if (!slot->live) {
        call_alloc(scene, slot, size, low);
    } else if (choice < 65) {
        call_free(scene, slot);
    } else {
        call_realloc(scene, slot, size, low);
    }
}

static void run(const struct config *config)
{
    struct scene scene = {.config = config, .random = config->page * 77 + config->low_of_100};
    side_open(&scene.sides[0], config, true);
    side_open(&scene.sides[1], config, false);
    uint64_t n = UINT64_C(1) << scene.sides[0].buddy.depth;
    uint64_t inside = config->doubles ? 0 : pv_buddy_tree_bytes(n);
    scene.naive.n_pages = n;
    scene.naive.reserved = (config->used + inside + config->page - 1) / config->page;
    naive_fill(&scene.naive, (struct range){0, scene.naive.reserved}, RESERVED);
    compare(&scene, true);
    for (uint64_t i = 0; i < n_ops; i++) {
        one_call(&scene);
        if (config->doubles && scene.naive.n_pages < config->n_pages && i % 5000 == 4999) {
            side_double(&scene.sides[0]);
            side_double(&scene.sides[1]);
            scene.naive.n_pages *= 2;
        }
        compare(&scene, i % INDEX_EVERY == 0 || i < 2000);
    }
    print_message("page %4u, %4u pages, %3u%% low%s: %llu operations; nodes visited: %.1f each "
                  "with the index, %.1f without\n",
                  (unsigned)config->page, (unsigned)config->n_pages, config->low_of_100,
                  config->doubles ? ", doubling" : "", (unsigned long long)n_ops,
                  (double)scene.sides[0].buddy.n_visited / (double)n_ops,
                  (double)scene.sides[1].buddy.n_visited / (double)n_ops);
    for (size_t i = 0; i < 2; i++) {
        free(scene.sides[i].chunk);
        free(scene.sides[i].tree);
        free(scene.sides[i].index);
    }
}

static const struct config configs[] = {
    {1, 512, 0, 100, false},  {1, 256, 37, 50, false},   {16, 128, 0, 100, false},
    {16, 64, 100, 0, false},  {24, 128, 5, 100, false},  {24, 64, 0, 0, false},
    {24, 64, 0, 50, true},    {36, 128, 0, 100, false},  {36, 64, 200, 50, false},
    {36, 256, 0, 0, true},    {4096, 64, 0, 100, false}, {4096, 128, 9000, 0, false},
    {4096, 128, 0, 50, true}, {16, 4, 0, 50, false},     {36, 1024, 0, 50, true},
    {4096, 2, 0, 100, false},
};

static void test_config(void **state)
{
    run(*state);
}

int main(int argc, char **argv)
{
    enum { N = sizeof configs / sizeof *configs };
    struct CMUnitTest tests[N];
    n_ops = argc > 1 ? strtoull(argv[1], NULL, 10) : n_ops;
    for (size_t i = 0; i < N; i++) {
        tests[i] = (struct CMUnitTest){.name = "configuration",
                                       .test_func = test_config,
                                       .initial_state = (void *)(uintptr_t)&configs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
