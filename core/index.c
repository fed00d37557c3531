/* SPDX-License-Identifier: MIT
 *
 * index.c - a treap over the free pebbles (Seidel and Aragon, "Randomized search trees", 1996):
 * a search tree by the order of index.h that is a heap by random priorities, so that its depth
 * is O(log n) whatever the program does. A node in the payload of a free pebble:
 *
 *   pebble header (80)  | left | right | up | max | priority | ...
 *
 * Most changes need no search: the rest of a split pebble takes the place of the whole in the
 * order by address, and a freed pebble takes that of the free neighbour it absorbs. Such a
 * change costs the way up until a node's max stays as it was.
 *
 * Costs: find, insert, remove O(log n) expected, 0 bytes beside the buckets.
 */
#include "core/index.h"

struct node {
    struct pv_pebble *left, *right, *up;
    uint64_t max; /* the largest payload in this subtree */
    uint64_t priority;
};

_Static_assert(sizeof(struct node) <= PV_UNIT_BYTES, "a node fits the least payload");

static struct node *node(struct pv_pebble *pebble)
{
    return (struct node *)(void *)(pebble + 1);
}

static uint64_t max_of(struct pv_pebble *pebble)
{
    return pebble ? node(pebble)->max : 0;
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

/* Whether a pebble of bucket `parent` with this size and address stands before b. */
static bool key_before(uint64_t parent, uint64_t size, uint64_t addr, const struct pv_pebble *b)
{
    if (parent == b->parent && (pv_bucket_at(parent)->lflags & PV_BUCKET_BEST_FIT) &&
        size != b->size) {
        return size < b->size;
    }
    return addr < (uint64_t)(uintptr_t)b;
}

/* Sets max from the children; whether it changed. */
static bool refresh(struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    uint64_t max = pebble->size;
    uint64_t left = max_of(n->left), right = max_of(n->right);
    max = left > max ? left : max;
    max = right > max ? right : max;
    bool changed = max != n->max;
    n->max = max;
    return changed;
}

static void refresh_upward(struct pv_heap *heap, struct pv_pebble *pebble)
{
    while (pebble && refresh(pebble)) {
        heap->n_visited++;
        pebble = node(pebble)->up;
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
    hang(heap, p->up, parent, pebble);
    if (p->left == pebble) {
        p->left = n->right;
        if (n->right) {
            node(n->right)->up = parent;
        }
        n->right = parent;
    } else {
        p->right = n->left;
        if (n->left) {
            node(n->left)->up = parent;
        }
        n->left = parent;
    }
    p->up = pebble;
    refresh(parent);
    refresh(pebble);
}

void pv_index_insert(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    *n = (struct node){.max = pebble->size, .priority = next_priority(heap)};
    heap->n_free++;
    heap->free_bytes += pebble->size;

    struct pv_pebble **link = &heap->tree;
    while (*link) {
        struct pv_pebble *at = *link;
        heap->n_visited++;
        n->up = at;
        if (node(at)->max < pebble->size) {
            node(at)->max = pebble->size;
        }
        bool before = key_before(pebble->parent, pebble->size, (uint64_t)(uintptr_t)pebble, at);
        link = before ? &node(at)->left : &node(at)->right;
    }
    *link = pebble;
    while (n->up && node(n->up)->priority < n->priority) {
        rotate_up(heap, pebble);
    }
}

void pv_index_remove(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    heap->n_free--;
    heap->free_bytes -= pebble->size;
    while (n->left && n->right) {
        heap->n_visited++;
        bool left = node(n->left)->priority > node(n->right)->priority;
        rotate_up(heap, left ? n->left : n->right);
    }
    struct pv_pebble *up = n->up;
    hang(heap, up, pebble, n->left ? n->left : n->right);
    refresh_upward(heap, up);
}

void pv_index_replace(struct pv_heap *heap, struct pv_pebble *from, uint64_t from_size,
                      struct pv_pebble *to)
{
    if (pv_bucket_at(to->parent)->lflags & PV_BUCKET_BEST_FIT) {
        /* The order is by size: take it out as it was, put it in as it is. */
        uint64_t size = from->size;
        from->size = from_size;
        pv_index_remove(heap, from);
        from->size = size;
        pv_index_insert(heap, to);
        return;
    }
    if (from != to) {
        *node(to) = *node(from);
        hang(heap, node(to)->up, from, to);
        if (node(to)->left) {
            node(node(to)->left)->up = to;
        }
        if (node(to)->right) {
            node(node(to)->right)->up = to;
        }
    }
    heap->free_bytes += to->size - from_size;
    refresh_upward(heap, to);
}

/* The first node of a subtree with size >= need; there is one. */
static struct pv_pebble *leftmost(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    for (;;) {
        struct node *n = node(at);
        heap->n_visited++;
        if (max_of(n->left) >= need) {
            at = n->left;
        } else if (at->size >= need) {
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
        if (max_of(node(at)->right) >= need) {
            return leftmost(heap, node(at)->right, need);
        }
        struct pv_pebble *up = node(at)->up;
        while (up && node(up)->right == at) {
            heap->n_visited++;
            at = up;
            up = node(at)->up;
        }
        if (!up || up->size >= need) {
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
        if ((uint64_t)(uintptr_t)at == addr || key_before(parent, size, addr, at)) {
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

struct pv_pebble *pv_index_find(struct pv_heap *heap, const struct pv_bucket *bucket,
                                uint64_t need)
{
    if (bucket->largest < need) {
        return NULL;
    }
    uint64_t parent = (uint64_t)(uintptr_t)bucket;
    if (bucket->lflags & PV_BUCKET_BEST_FIT) {
        return if_within(lower_bound(heap, parent, need, parent), bucket);
    }
    if (heap->n_buckets == 1) {
        return leftmost(heap, heap->tree, need);
    }
    struct pv_pebble *first = lower_bound(heap, parent, 0, parent);
    if (first && first->size < need) {
        first = after(heap, first, need);
    }
    return if_within(first, bucket);
}

struct pv_pebble *pv_index_find_from(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     uint64_t addr, uint64_t need)
{
    struct pv_pebble *from = lower_bound(heap, (uint64_t)(uintptr_t)bucket, 0, addr);
    if (from && from->size < need) {
        from = after(heap, from, need);
    }
    return if_within(from, bucket);
}

struct pv_pebble *pv_index_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     struct pv_pebble *pebble, uint64_t need)
{
    return if_within(after(heap, pebble, need), bucket);
}

/* The greatest size on one side of `at`, as far as the bucket reaches. */
static uint64_t side_largest(struct pv_heap *heap, struct pv_pebble *at, uint64_t parent,
                             bool leftward)
{
    uint64_t largest = 0;
    while (at) {
        struct node *n = node(at);
        struct pv_pebble *inner = leftward ? n->right : n->left;
        heap->n_visited++;
        if (at->parent == parent) {
            uint64_t below = max_of(inner);
            largest = below > largest ? below : largest;
            largest = at->size > largest ? at->size : largest;
            at = leftward ? n->left : n->right;
        } else {
            at = inner;
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
    struct pv_pebble *fork = heap->tree;
    while (fork && fork->parent != parent) {
        heap->n_visited++;
        fork = parent < fork->parent ? node(fork)->left : node(fork)->right;
    }
    if (!fork) {
        return 0;
    }
    uint64_t left = side_largest(heap, node(fork)->left, parent, true);
    uint64_t right = side_largest(heap, node(fork)->right, parent, false);
    uint64_t largest = left > right ? left : right;
    return fork->size > largest ? fork->size : largest;
}

uint64_t pv_heap_largest(const struct pv_heap *heap)
{
    return max_of(heap->tree);
}
