/* SPDX-License-Identifier: MIT
 *
 * index.c - an AVL tree over the free pebbles (Adelson-Velsky and Landis 1962): a search tree
 * by the order of index.h in which the heights of the two sides of a node differ by at most
 * one. A node in the payload of a free pebble:
 *
 *   pebble header | left | right | up | left_max | right_max | size | heights | ...
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

struct node {
    struct pv_pebble *left, *right, *up;
    uint64_t left_max, right_max; /* the largest payloads below; 0: nothing there */
    uint64_t size;                /* the pebble's, as it entered */
    uint8_t left_height, right_height;
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

static uint8_t height_of(struct pv_pebble *pebble)
{
    if (!pebble) {
        return 0;
    }
    const struct node *n = node(pebble);
    return 1 + (n->left_height > n->right_height ? n->left_height : n->right_height);
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

/* Lifts a node above its parent, order kept. What the parent's own parent knows of this side is
 * left to the caller. */
static void rotate_up(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *parent = n->up;
    struct node *p = node(parent);
    struct pv_pebble *inner;
    heap->n_visited++;
    hang(heap, p->up, parent, pebble);
    if (p->left == pebble) {
        inner = p->left = n->right;
        p->left_max = n->right_max;
        p->left_height = n->right_height;
        n->right = parent;
        n->right_max = max_of(parent);
        n->right_height = height_of(parent);
    } else {
        inner = p->right = n->left;
        p->right_max = n->left_max;
        p->right_height = n->left_height;
        n->left = parent;
        n->left_max = max_of(parent);
        n->left_height = height_of(parent);
    }
    if (inner) {
        node(inner)->up = parent;
    }
    p->up = pebble;
}

/* Makes the sides of a node differ by at most one again; what stands in its place then. */
static struct pv_pebble *rebalance(struct pv_heap *heap, struct pv_pebble *at)
{
    struct node *n = node(at);
    struct pv_pebble *top = at;
    if (n->left_height > n->right_height + 1) {
        top = n->left;
        if (node(top)->left_height < node(top)->right_height) {
            top = node(top)->right;
            rotate_up(heap, top);
            n->left_height = height_of(top);
        }
        rotate_up(heap, top);
    } else if (n->right_height > n->left_height + 1) {
        top = n->right;
        if (node(top)->right_height < node(top)->left_height) {
            top = node(top)->left;
            rotate_up(heap, top);
            n->right_height = height_of(top);
        }
        rotate_up(heap, top);
    }
    return top;
}

/* A node's sides have new heights: balances it and what is above it. */
static void balance_upward(struct pv_heap *heap, struct pv_pebble *pebble)
{
    for (;;) {
        pebble = rebalance(heap, pebble);
        struct pv_pebble *up = node(pebble)->up;
        if (!up) {
            return;
        }
        uint8_t *side =
            node(up)->left == pebble ? &node(up)->left_height : &node(up)->right_height;
        uint8_t height = height_of(pebble);
        heap->n_visited++;
        if (*side == height) {
            return;
        }
        *side = height;
        pebble = up;
    }
}

void pv_index_insert(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    uint64_t size = pebble->size, addr = (uint64_t)(uintptr_t)pebble;
    *n = (struct node){.size = size};
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
    balance_upward(heap, pebble);
}

/* Hangs a node's only child, or nothing, in its place. The parent, or NULL. */
static struct pv_pebble *unhang(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *up = n->up;
    struct pv_pebble *only = n->left ? n->left : n->right;
    if (up && node(up)->left == pebble) {
        node(up)->left_max = max_of(only);
        node(up)->left_height = height_of(only);
    } else if (up) {
        node(up)->right_max = max_of(only);
        node(up)->right_height = height_of(only);
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
    if (n->left) {
        node(n->left)->up = to;
    }
    if (n->right) {
        node(n->right)->up = to;
    }
}

void pv_index_remove(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *changed;
    heap->n_free--;
    heap->free_bytes -= n->size;
    if (n->left && n->right) {
        /* The next node in order has no left side; it comes here in its stead. */
        struct pv_pebble *next = n->right;
        while (node(next)->left) {
            heap->n_visited++;
            next = node(next)->left;
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

/* The node before or behind one in order, or NULL. */
static struct pv_pebble *beside(struct pv_heap *heap, struct pv_pebble *at, bool behind)
{
    struct pv_pebble *next = behind ? node(at)->right : node(at)->left;
    if (next) {
        for (struct pv_pebble *inner = next; inner;
             inner = behind ? node(inner)->left : node(inner)->right) {
            heap->n_visited++;
            next = inner;
        }
        return next;
    }
    struct pv_pebble *up = node(at)->up;
    while (up && (behind ? node(up)->right : node(up)->left) == at) {
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
    uint64_t addr = (uint64_t)(uintptr_t)to;
    struct pv_pebble *next = beside(heap, from, true);
    if (next && !key_before(heap, to->parent, to->size, addr, next)) {
        return false;
    }
    struct pv_pebble *prev = beside(heap, from, false);
    return !prev || !key_before(heap, to->parent, to->size, addr, prev);
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
    return above->left == pebble || above->right == pebble;
}
