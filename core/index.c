/* SPDX-License-Identifier: MIT
 *
 * index.c - an AVL tree over the free pebbles (Adelson-Velsky and Landis 1962): a search tree
 * by the order of index.h in which the heights of the two sides of a node differ by at most
 * one. A node in the payload of a free pebble:
 *
 *   pebble header | child[2] | max[2] | size | up | height[2] | ...
 *
 * A node holds the largest payload and the height on either side and a copy of its own size, so
 * that a search and most changes read one node a level, no sibling and no header: on a large
 * heap each of them is a cache miss.
 *
 * Most changes need no search: the rest of a split pebble takes the place of the whole in the
 * order by address, and a freed pebble takes that of the free neighbour it absorbs. Such a
 * change costs the way up until a side's largest stays as it was.
 *
 * Costs: find, insert, remove O(log n), at most 1.44 log2 n levels, 0 bytes beside the buckets.
 */
#include "core/index.h"

enum { LEFT, RIGHT };

struct node {
    struct pv_pebble *child[2];
    uint64_t max[2]; /* the largest payloads on either side; 0: nothing there */
    uint64_t size;   /* the pebble's, as it entered */
    struct pv_pebble *up;
    uint8_t height[2];
};

_Static_assert(sizeof(struct node) <= PV_UNIT_BYTES, "a node fits the least payload");

static struct node *node(const struct pv_pebble *pebble)
{
    return (struct node *)(uintptr_t)(pebble + 1);
}

static uint64_t max_of(const struct pv_pebble *pebble)
{
    if (!pebble) {
        return 0;
    }
    const struct node *n = node(pebble);
    uint64_t below = n->max[LEFT] > n->max[RIGHT] ? n->max[LEFT] : n->max[RIGHT];
    return n->size > below ? n->size : below;
}

static uint8_t height_of(const struct pv_pebble *pebble)
{
    if (!pebble) {
        return 0;
    }
    const struct node *n = node(pebble);
    return 1 + (n->height[LEFT] > n->height[RIGHT] ? n->height[LEFT] : n->height[RIGHT]);
}

/* On which side of its parent a node hangs. */
static unsigned side_of(const struct pv_pebble *up, const struct pv_pebble *pebble)
{
    return node(up)->child[RIGHT] == pebble;
}

/* Where a pebble stands in the order. */
struct key {
    uint64_t parent, size, addr;
    bool by_size, is_alone; /* the heap's order; its one bucket */
};

static struct key key_of(const struct pv_heap *heap, uint64_t parent, uint64_t size,
                         uint64_t addr)
{
    return (struct key){.parent = parent,
                        .size = size,
                        .addr = addr,
                        .by_size = heap->config.fit == PV_FIT_BEST,
                        .is_alone = heap->n_buckets == 1};
}

/* Whether it stands before b. Buckets do not overlap, so by address is also bucket by bucket.
 */
static bool is_before(const struct key *key, const struct pv_pebble *b)
{
    if (key->by_size && key->size != node(b)->size &&
        (key->is_alone || key->parent == b->parent)) {
        return key->size < node(b)->size;
    }
    return key->addr < (uint64_t)(uintptr_t)b;
}

/* Makes what pointed down to `from`, whose parent node is `up`, point to `to`. */
static void hang(struct pv_heap *heap, struct pv_pebble *up, struct pv_pebble *from,
                 struct pv_pebble *to)
{
    if (up) {
        node(up)->child[side_of(up, from)] = to;
    } else {
        heap->tree = to;
    }
    if (to) {
        node(to)->up = up;
    }
}

/* Lifts a node above its parent, order kept. What the parent's own parent knows of this side is
 * left to the caller. */
static void rotate_up(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *parent = n->up;
    struct node *p = node(parent);
    unsigned side = side_of(parent, pebble);
    struct pv_pebble *inner = n->child[!side];
    heap->n_visited++;
    hang(heap, p->up, parent, pebble);
    p->child[side] = inner;
    p->max[side] = n->max[!side];
    p->height[side] = n->height[!side];
    p->up = pebble;
    if (inner) {
        node(inner)->up = parent;
    }
    n->child[!side] = parent;
    n->max[!side] = max_of(parent);
    n->height[!side] = height_of(parent);
}

/* One side is higher by two: lifts it. What stands in the node's place then. */
static struct pv_pebble *rebalance(struct pv_heap *heap, struct pv_pebble *at)
{
    struct node *n = node(at);
    unsigned high = n->height[RIGHT] > n->height[LEFT];
    struct pv_pebble *top = n->child[high];
    if (node(top)->height[high] < node(top)->height[!high]) {
        top = node(top)->child[!high];
        rotate_up(heap, top);
        n->height[high] = height_of(top);
    }
    rotate_up(heap, top);
    return top;
}

/* The side of its parent on which a node hangs has a new largest: tells it upward. */
static void tell_upward(struct pv_heap *heap, const struct pv_pebble *pebble)
{
    uint64_t max = max_of(pebble);
    for (struct pv_pebble *up = node(pebble)->up; up; up = node(up)->up) {
        uint64_t *side = &node(up)->max[side_of(up, pebble)];
        heap->n_visited++;
        if (*side == max) {
            return;
        }
        *side = max;
        max = max_of(up);
        pebble = up;
    }
}

/* A node's sides have new heights: balances it and what is above it. */
static void balance_upward(struct pv_heap *heap, struct pv_pebble *at)
{
    for (;;) {
        int lean = node(at)->height[RIGHT] - node(at)->height[LEFT];
        if (lean > 1 || lean < -1) {
            at = rebalance(heap, at);
        }
        struct pv_pebble *up = node(at)->up;
        if (!up) {
            return;
        }
        uint8_t height = height_of(at), *side = &node(up)->height[side_of(up, at)];
        heap->n_visited++;
        if (*side == height) {
            return;
        }
        *side = height;
        at = up;
    }
}

void pv_index_insert(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    uint64_t size = pebble->size;
    struct key key = key_of(heap, pebble->parent, size, (uint64_t)(uintptr_t)pebble);
    struct pv_pebble *up = NULL, *at = heap->tree;
    unsigned side = LEFT;
    while (at) {
        struct node *above = node(at);
        side = !is_before(&key, at);
        if (above->max[side] < size) {
            above->max[side] = size;
        }
        up = at;
        at = above->child[side];
        heap->n_visited++;
    }
    *n = (struct node){.size = size, .up = up};
    heap->n_free++;
    heap->free_bytes += size;
    if (!up) {
        heap->tree = pebble;
        return;
    }
    node(up)->child[side] = pebble;
    node(up)->height[side] = 1;
    if (!node(up)->height[!side]) {
        balance_upward(heap, up);
    }
}

/* Hangs a node's only child, or nothing, in its place. The parent, or NULL. */
static struct pv_pebble *unhang(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *up = n->up;
    struct pv_pebble *only = n->child[LEFT] ? n->child[LEFT] : n->child[RIGHT];
    if (up) {
        unsigned side = side_of(up, pebble);
        node(up)->max[side] = max_of(only);
        node(up)->height[side] = height_of(only);
    }
    hang(heap, up, pebble, only);
    return up;
}

/* Puts a node that is in no tree in the place of one that is. */
static void put_in_place(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to)
{
    struct node *n = node(to);
    uint64_t size = n->size;
    *n = *node(from);
    n->size = size;
    hang(heap, n->up, from, to);
    if (n->child[LEFT]) {
        node(n->child[LEFT])->up = to;
    }
    if (n->child[RIGHT]) {
        node(n->child[RIGHT])->up = to;
    }
}

void pv_index_remove(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *changed;
    heap->n_free--;
    heap->free_bytes -= n->size;
    if (n->child[LEFT] && n->child[RIGHT]) {
        /* The next node in order has no left side; it comes here in its stead. */
        struct pv_pebble *next = n->child[RIGHT];
        while (node(next)->child[LEFT]) {
            heap->n_visited++;
            next = node(next)->child[LEFT];
        }
        changed = unhang(heap, next);
        put_in_place(heap, pebble, next);
        if (changed == pebble) {
            changed = next;
        } else {
            tell_upward(heap, changed);
        }
        tell_upward(heap, next);
    } else {
        changed = unhang(heap, pebble);
        if (changed) {
            tell_upward(heap, changed);
        }
    }
    if (changed) {
        balance_upward(heap, changed);
    }
}

/* The node before (LEFT) or behind (RIGHT) one in order, or NULL. */
static struct pv_pebble *beside(struct pv_heap *heap, struct pv_pebble *at, unsigned side)
{
    struct pv_pebble *next = node(at)->child[side];
    if (next) {
        for (struct pv_pebble *inner = next; inner; inner = node(inner)->child[!side]) {
            heap->n_visited++;
            next = inner;
        }
        return next;
    }
    struct pv_pebble *up = node(at)->up;
    while (up && node(up)->child[side] == at) {
        heap->n_visited++;
        at = up;
        up = node(at)->up;
    }
    return up;
}

/* Whether `to` stands where `from` does in the order by size. */
static bool keeps_place(struct pv_heap *heap, struct pv_pebble *from,
                        const struct pv_pebble *to)
{
    struct key key = key_of(heap, to->parent, to->size, (uint64_t)(uintptr_t)to);
    struct pv_pebble *next = beside(heap, from, RIGHT);
    if (next && !is_before(&key, next)) {
        return false;
    }
    struct pv_pebble *prev = beside(heap, from, LEFT);
    return !prev || !is_before(&key, prev);
}

void pv_index_replace(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to)
{
    if (heap->config.fit == PV_FIT_BEST && !keeps_place(heap, from, to)) {
        pv_index_remove(heap, from);
        pv_index_insert(heap, to);
        return;
    }
    uint64_t size = node(from)->size;
    node(to)->size = to->size;
    if (from != to) {
        put_in_place(heap, from, to);
    }
    heap->free_bytes += to->size - size;
    tell_upward(heap, to);
}

/* The first node of a subtree with size >= need; there is one. */
static struct pv_pebble *leftmost(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    for (;;) {
        const struct node *n = node(at);
        heap->n_visited++;
        if (n->max[LEFT] >= need) {
            at = n->child[LEFT];
        } else if (n->size >= need) {
            return at;
        } else {
            at = n->child[RIGHT];
        }
    }
}

/* The first node behind `at` with size >= need, or NULL. */
static struct pv_pebble *after(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    for (;;) {
        if (node(at)->max[RIGHT] >= need) {
            return leftmost(heap, node(at)->child[RIGHT], need);
        }
        struct pv_pebble *up = node(at)->up;
        while (up && node(up)->child[RIGHT] == at) {
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
    struct key key = key_of(heap, parent, size, addr);
    struct pv_pebble *found = NULL;
    for (struct pv_pebble *at = heap->tree; at;) {
        heap->n_visited++;
        if ((uint64_t)(uintptr_t)at == addr || is_before(&key, at)) {
            found = at;
            at = node(at)->child[LEFT];
        } else {
            at = node(at)->child[RIGHT];
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
            uint64_t inner = leftward ? n->max[RIGHT] : n->max[LEFT];
            largest = inner > largest ? inner : largest;
            largest = n->size > largest ? n->size : largest;
            at = leftward ? n->child[LEFT] : n->child[RIGHT];
        } else {
            at = leftward ? n->child[RIGHT] : n->child[LEFT];
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
        top = parent < top->parent ? node(top)->child[LEFT] : node(top)->child[RIGHT];
    }
    if (!top) {
        return 0;
    }
    uint64_t left = side_largest(heap, node(top)->child[LEFT], parent, true);
    uint64_t right = side_largest(heap, node(top)->child[RIGHT], parent, false);
    uint64_t largest = left > right ? left : right;
    return node(top)->size > largest ? node(top)->size : largest;
}

uint64_t pv_heap_largest(const struct pv_heap *heap)
{
    return max_of(heap->tree);
}

const struct pv_pebble *pv_index_up(const struct pv_pebble *pebble)
{
    return ((const struct node *)(const void *)(pebble + 1))->up;
}

bool pv_index_leads(const struct pv_heap *heap, const struct pv_pebble *up,
                    const struct pv_pebble *pebble)
{
    const struct node *n = (const struct node *)(const void *)(pebble + 1);
    if (n->size != pebble->size) {
        return false;
    }
    if (!up) {
        return heap->tree == pebble;
    }
    const struct node *above = (const struct node *)(const void *)(up + 1);
    return above->child[LEFT] == pebble || above->child[RIGHT] == pebble;
}
