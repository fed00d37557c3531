/* SPDX-License-Identifier: MIT
 *
 * index.c - a treap over the free pebbles (Seidel and Aragon, "Randomized search trees", 1996):
 * a search tree by the order of index.h that is a heap by random priorities, so that its depth
 * is O(log n) whatever the program does. A node in the payload of a free pebble:
 *
 *   pebble header | left | right | up | left_max | right_max | size | priority | ...
 *
 * A node holds the largest payload on either side and a copy of its own, so that a search reads
 * one node a level and no header: on a large heap each of them is a cache miss.
 *
 * Most changes need no search: the rest of a split pebble takes the place of the whole in the
 * order by address, and a freed pebble takes that of the free neighbour it absorbs. Such a
 * change costs the way up until a side's largest stays as it was.
 *
 * Costs: find, insert, remove O(log n) expected, 0 bytes beside the buckets.
 */
#include "core/index.h"

struct node {
    struct pv_pebble *left, *right, *up;
    uint64_t left_max, right_max; /* the largest payloads below; 0: nothing there */
    uint64_t size;                /* the pebble's, as it entered */
    uint64_t priority;
};

_Static_assert(sizeof(struct node) <= PV_UNIT_BYTES, "a node fits the least payload");

static struct node *node(struct pv_pebble *pebble)
{
    return (struct node *)(void *)(pebble + 1);
}

static uint64_t max_of(struct pv_pebble *pebble)
{
    if (!pebble) {
        return 0;
    }
    const struct node *n = node(pebble);
    uint64_t below = n->left_max > n->right_max ? n->left_max : n->right_max;
    return n->size > below ? n->size : below;
}

/* xorshift64* (Vigna 2016): the same heap makes the same tree on every machine. */
static uint64_t next_priority(struct pv_heap *heap)
{
    uint64_t x = heap->random ? heap->random : UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    heap->random = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

/* Whether a pebble of bucket `parent` with this size and address stands before b. Buckets do
 * not overlap, so by address is also bucket by bucket. */
static bool key_before(const struct pv_heap *heap, uint64_t parent, uint64_t size,
                       uint64_t addr, struct pv_pebble *b)
{
    if (heap->config.fit == PV_FIT_BEST && size != node(b)->size &&
        (heap->n_buckets == 1 || parent == b->parent)) {
        return size < node(b)->size;
    }
    return addr < (uint64_t)(uintptr_t)b;
}

/* The side of its parent on which a node hangs has a new largest: tells it upward. */
static void tell_upward(struct pv_heap *heap, struct pv_pebble *pebble)
{
    for (struct pv_pebble *up = node(pebble)->up; up; up = node(pebble)->up) {
        uint64_t *side = node(up)->left == pebble ? &node(up)->left_max : &node(up)->right_max;
        uint64_t max = max_of(pebble);
        heap->n_visited++;
        if (*side == max) {
            return;
        }
        *side = max;
        pebble = up;
    }
}

/* Makes what pointed down to `from`, whose parent node is `up`, point to `to`. */
static void hang(struct pv_heap *heap, struct pv_pebble *up, struct pv_pebble *from,
                 struct pv_pebble *to)
{
    if (!up) {
        heap->tree = to;
    } else if (node(up)->left == from) {
        node(up)->left = to;
    } else {
        node(up)->right = to;
    }
    if (to) {
        node(to)->up = up;
    }
}

/* Lifts a node above its parent, order kept. */
static void rotate_up(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *parent = n->up;
    struct node *p = node(parent);
    struct pv_pebble *inner;
    hang(heap, p->up, parent, pebble);
    if (p->left == pebble) {
        inner = p->left = n->right;
        p->left_max = n->right_max;
        n->right = parent;
        n->right_max = max_of(parent);
    } else {
        inner = p->right = n->left;
        p->right_max = n->left_max;
        n->left = parent;
        n->left_max = max_of(parent);
    }
    if (inner) {
        node(inner)->up = parent;
    }
    p->up = pebble;
}

void pv_index_insert(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    uint64_t size = pebble->size, addr = (uint64_t)(uintptr_t)pebble;
    *n = (struct node){.size = size, .priority = next_priority(heap)};
    heap->n_free++;
    heap->free_bytes += size;

    struct pv_pebble **link = &heap->tree;
    while (*link) {
        struct node *at = node(*link);
        bool before = key_before(heap, pebble->parent, size, addr, *link);
        uint64_t *side = before ? &at->left_max : &at->right_max;
        heap->n_visited++;
        n->up = *link;
        *side = *side < size ? size : *side;
        link = before ? &at->left : &at->right;
    }
    *link = pebble;
    while (n->up && node(n->up)->priority < n->priority) {
        heap->n_visited++;
        rotate_up(heap, pebble);
    }
}

void pv_index_remove(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    heap->n_free--;
    heap->free_bytes -= n->size;
    while (n->left && n->right) {
        heap->n_visited++;
        bool left = node(n->left)->priority > node(n->right)->priority;
        rotate_up(heap, left ? n->left : n->right);
    }
    struct pv_pebble *up = n->up;
    struct pv_pebble *only = n->left ? n->left : n->right;
    hang(heap, up, pebble, only);
    if (only) {
        tell_upward(heap, only);
    } else if (up) {
        struct node *u = node(up);
        u->left_max = u->left ? u->left_max : 0;
        u->right_max = u->right ? u->right_max : 0;
        tell_upward(heap, up);
    }
}

void pv_index_replace(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to)
{
    if (heap->config.fit == PV_FIT_BEST) {
        pv_index_remove(heap, from);
        pv_index_insert(heap, to);
        return;
    }
    struct node *n = node(to);
    if (from != to) {
        *n = *node(from);
        hang(heap, n->up, from, to);
        if (n->left) {
            node(n->left)->up = to;
        }
        if (n->right) {
            node(n->right)->up = to;
        }
    }
    heap->free_bytes += to->size - n->size;
    n->size = to->size;
    tell_upward(heap, to);
}

/* The first node of a subtree with size >= need; there is one. */
static struct pv_pebble *leftmost(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    for (;;) {
        const struct node *n = node(at);
        heap->n_visited++;
        if (n->left_max >= need) {
            at = n->left;
        } else if (n->size >= need) {
            return at;
        } else {
            at = n->right;
        }
    }
}

/* The first node behind `at` with size >= need, or NULL. */
static struct pv_pebble *after(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    for (;;) {
        if (node(at)->right_max >= need) {
            return leftmost(heap, node(at)->right, need);
        }
        struct pv_pebble *up = node(at)->up;
        while (up && node(up)->right == at) {
            heap->n_visited++;
            at = up;
            up = node(at)->up;
        }
        if (!up || node(up)->size >= need) {
            return up;
        }
        at = up;
    }
}

/* The first node at or behind a key, or NULL. */
static struct pv_pebble *lower_bound(struct pv_heap *heap, uint64_t parent, uint64_t size,
                                     uint64_t addr)
{
    struct pv_pebble *found = NULL;
    for (struct pv_pebble *at = heap->tree; at;) {
        heap->n_visited++;
        if ((uint64_t)(uintptr_t)at == addr || key_before(heap, parent, size, addr, at)) {
            found = at;
            at = node(at)->left;
        } else {
            at = node(at)->right;
        }
    }
    return found;
}

static struct pv_pebble *if_within(struct pv_pebble *pebble, const struct pv_bucket *bucket)
{
    return pebble && pebble->parent == (uint64_t)(uintptr_t)bucket ? pebble : NULL;
}

struct pv_pebble *pv_index_find_from(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     uint64_t addr, uint64_t need)
{
    struct pv_pebble *from = lower_bound(heap, (uint64_t)(uintptr_t)bucket, 0, addr);
    if (from && node(from)->size < need) {
        from = after(heap, from, need);
    }
    return if_within(from, bucket);
}

struct pv_pebble *pv_index_find(struct pv_heap *heap, const struct pv_bucket *bucket,
                                uint64_t need)
{
    uint64_t parent = (uint64_t)(uintptr_t)bucket;
    if (bucket->largest < need) {
        return NULL;
    }
    if (bucket->lflags & PV_BUCKET_BEST_FIT) {
        return if_within(lower_bound(heap, parent, need, parent), bucket);
    }
    if (heap->n_buckets == 1) {
        return leftmost(heap, heap->tree, need);
    }
    return pv_index_find_from(heap, bucket, parent, need);
}

struct pv_pebble *pv_index_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     struct pv_pebble *pebble, uint64_t need)
{
    return if_within(after(heap, pebble, need), bucket);
}

/* The greatest size on one side of the bucket's topmost node, as far as the bucket reaches. */
static uint64_t side_largest(struct pv_heap *heap, struct pv_pebble *at, uint64_t parent,
                             bool leftward)
{
    uint64_t largest = 0;
    while (at) {
        const struct node *n = node(at);
        heap->n_visited++;
        if (at->parent == parent) {
            uint64_t inner = leftward ? n->right_max : n->left_max;
            largest = inner > largest ? inner : largest;
            largest = n->size > largest ? n->size : largest;
            at = leftward ? n->left : n->right;
        } else {
            at = leftward ? n->right : n->left;
        }
    }
    return largest;
}

uint64_t pv_index_largest(struct pv_heap *heap, const struct pv_bucket *bucket)
{
    if (heap->n_buckets == 1) {
        return max_of(heap->tree);
    }
    uint64_t parent = (uint64_t)(uintptr_t)bucket;
    struct pv_pebble *top = heap->tree;
    while (top && top->parent != parent) {
        heap->n_visited++;
        top = parent < top->parent ? node(top)->left : node(top)->right;
    }
    if (!top) {
        return 0;
    }
    uint64_t left = side_largest(heap, node(top)->left, parent, true);
    uint64_t right = side_largest(heap, node(top)->right, parent, false);
    uint64_t largest = left > right ? left : right;
    return node(top)->size > largest ? node(top)->size : largest;
}

uint64_t pv_heap_largest(const struct pv_heap *heap)
{
    return max_of(heap->tree);
}
