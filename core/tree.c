/* SPDX-License-Identifier: MIT
 *
 * tree.c - an AVL tree over free pebbles (Adelson-Velsky and Landis 1962): a search tree by the
 * order of tree.h in which the heights of the two sides of a node differ by at most one.
 *
 * A node holds the largest payload and the height on either side and a copy of its own size, so
 * that a search and most changes read one node a level, no sibling and no header: on a large
 * heap each of them is a cache miss.
 *
 * Most changes need no search: the rest of a split pebble takes the place of the whole in the
 * order by address, and a freed pebble takes that of the free neighbour it absorbs. Such a
 * change costs the way up until a side's largest stays as it was.
 *
 * Costs: find, insert, remove O(log n), at most 1.44 log2 n levels.
 */
#include "core/tree.h"

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
    bool by_size, is_alone; /* its bucket's order; the heap has no other bucket */
};

static struct key key_of(const struct pv_heap *heap, uint64_t parent, uint64_t size,
                         uint64_t addr)
{
    return (struct key){.parent = parent,
                        .size = size,
                        .addr = addr,
                        .by_size = is_best_fit(pv_bucket_at(parent)),
                        .is_alone = heap->n_buckets == 1};
}

/* Whether it stands before b. Buckets do not overlap, so by address is
 * also bucket by bucket. */
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

/* Rotates a node above its parent; the order stays. The caller updates what the grandparent
 * knows of this side. */
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

/* Rotates up the side that is higher by two. Returns the node that takes this one's place;
 * NULL: damage. */
static struct pv_pebble *rebalance(struct pv_heap *heap, struct pv_pebble *at)
{
    struct node *n = node(at);
    unsigned high = n->height[RIGHT] > n->height[LEFT];
    struct pv_pebble *top = n->child[high];
    if (!pv_tree_is_whole(heap, top)) {
        return NULL;
    }
    if (node(top)->height[high] < node(top)->height[!high]) {
        top = node(top)->child[!high];
        if (!pv_tree_is_whole(heap, top)) {
            return NULL;
        }
        rotate_up(heap, top);
        n->height[high] = height_of(top);
    }
    rotate_up(heap, top);
    return top;
}

/* Passes upward that the side of its parent on which a node hangs has a new largest payload. */
static void tell_upward(struct pv_heap *heap, const struct pv_pebble *pebble)
{
    uint64_t max = max_of(pebble);
    struct pv_pebble *up = node(pebble)->up;
    for (; up && pv_tree_is_whole(heap, up); up = node(up)->up) {
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

/* Balances a node whose sides have new heights, and the nodes above it. */
static void balance_upward(struct pv_heap *heap, struct pv_pebble *at)
{
    while (at && pv_tree_is_whole(heap, at)) {
        int lean = node(at)->height[RIGHT] - node(at)->height[LEFT];
        if (lean > 1 || lean < -1) {
            at = rebalance(heap, at);
            if (!at) {
                return;
            }
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

/* The side of a node on which a waiting pebble belongs. */
static unsigned side_for(const struct pv_heap *heap, const struct pv_waiting *waiting,
                         const struct pv_pebble *up)
{
    struct key key =
        key_of(heap, waiting->parent, waiting->size, (uint64_t)(uintptr_t)waiting->pebble);
    return !is_before(&key, up);
}

/* Takes a waiting pebble one level down from *up towards its place; the node that it passes
 * learns its size. false: it has arrived. */
static bool descend(struct pv_heap *heap, const struct pv_waiting *waiting,
                    struct pv_pebble **up)
{
    if (!pv_tree_is_whole(heap, *up)) {
        return false;
    }
    unsigned side = side_for(heap, waiting, *up);
    struct node *above = node(*up);
    if (above->max[side] < waiting->size) {
        above->max[side] = waiting->size;
    }
    if (!above->child[side]) {
        return false;
    }
    *up = above->child[side];
    __builtin_prefetch(&node(*up)->height);
    heap->n_visited++;
    return true;
}

/* Inserts a waiting pebble where it arrived. Rotations since then can only have moved its
 * place below that node. If another pebble has taken that place, the search begins again at
 * the root. */
static void hang_waiting(struct pv_heap *heap, const struct pv_waiting *first,
                         const struct pv_waiting *waiting)
{
    struct pv_pebble *up = waiting->up;
    for (const struct pv_waiting *other = first; other < waiting; other++) {
        if (other->up == waiting->up) {
            up = heap->tree;
        }
    }
    while (descend(heap, waiting, &up)) {
    }
    unsigned side = side_for(heap, waiting, up);
    *node(waiting->pebble) = (struct node){.mark = NODE_MARK, .size = waiting->size, .up = up};
    node(up)->child[side] = waiting->pebble;
    node(up)->height[side] = 1;
    if (!node(up)->height[!side]) {
        balance_upward(heap, up);
    }
}

void pv_tree_insert_waiting(struct pv_heap *heap)
{
    struct pv_waiting *first = heap->waiting, *end = first + heap->n_waiting;
    if (!heap->tree) {
        heap->tree = first->pebble;
        *node(first->pebble) = (struct node){.mark = NODE_MARK, .size = first->size};
        first++;
    }
    for (struct pv_waiting *waiting = first; waiting < end; waiting++) {
        waiting->up = heap->tree;
    }
    /* All waiting pebbles go down side by side, one level at a time. */
    bool deeper = true;
    while (deeper) {
        deeper = false;
        for (struct pv_waiting *waiting = first; waiting < end; waiting++) {
            deeper |= descend(heap, waiting, &waiting->up);
        }
    }
    for (struct pv_waiting *waiting = first; waiting < end; waiting++) {
        hang_waiting(heap, first, waiting);
    }
    heap->n_waiting = 0;
    heap->waiting_largest = 0;
}

/* Replaces a node by its only child, or by nothing. Returns the parent, or NULL. */
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

void pv_tree_remove(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct node *n = node(pebble);
    struct pv_pebble *changed;
    if (!pv_tree_is_whole(heap, pebble)) {
        return;
    }
    if (n->child[LEFT] && n->child[RIGHT]) {
        /* The next node in order has no left side; it replaces this node. */
        struct pv_pebble *next = n->child[RIGHT];
        while (pv_tree_is_whole(heap, next) && node(next)->child[LEFT]) {
            heap->n_visited++;
            next = node(next)->child[LEFT];
        }
        if (heap->damaged) {
            return;
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
        struct pv_pebble *inner = next;
        for (; inner && pv_tree_is_whole(heap, inner); inner = node(inner)->child[!side]) {
            heap->n_visited++;
            next = inner;
        }
        return next;
    }
    struct pv_pebble *up = node(at)->up;
    while (up && pv_tree_is_whole(heap, up) && node(up)->child[side] == at) {
        heap->n_visited++;
        at = up;
        up = node(at)->up;
    }
    return up;
}

bool pv_tree_keeps_place(struct pv_heap *heap, struct pv_pebble *from,
                         const struct pv_pebble *to)
{
    if (!is_best_fit(pv_bucket_at(to->parent))) {
        return true;
    }
    struct key key = key_of(heap, to->parent, to->size, (uint64_t)(uintptr_t)to);
    struct pv_pebble *next = beside(heap, from, RIGHT);
    if (next && !is_before(&key, next)) {
        return false;
    }
    struct pv_pebble *prev = beside(heap, from, LEFT);
    return !prev || !is_before(&key, prev);
}

void pv_tree_replace(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to)
{
    if (!pv_tree_is_whole(heap, from)) {
        return;
    }
    node(to)->size = to->size;
    if (from != to) {
        put_in_place(heap, from, to);
    }
    tell_upward(heap, to);
}

/* The first node of a subtree with size >= need, or NULL. */
static struct pv_pebble *leftmost(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    while (pv_tree_is_whole(heap, at)) {
        const struct node *n = node(at);
        heap->n_visited++;
        if (n->max[LEFT] >= need) {
            at = n->child[LEFT];
        } else if (n->size >= need) {
            return at;
        } else if (n->max[RIGHT] >= need) {
            at = n->child[RIGHT];
        } else {
            return NULL;
        }
    }
    return NULL;
}

/* The first node behind `at` with size >= need, or NULL. */
static struct pv_pebble *after(struct pv_heap *heap, struct pv_pebble *at, uint64_t need)
{
    while (pv_tree_is_whole(heap, at)) {
        if (node(at)->max[RIGHT] >= need) {
            return leftmost(heap, node(at)->child[RIGHT], need);
        }
        struct pv_pebble *up = node(at)->up;
        while (up && pv_tree_is_whole(heap, up) && node(up)->child[RIGHT] == at) {
            heap->n_visited++;
            at = up;
            up = node(at)->up;
        }
        if (!up || node(up)->size >= need) {
            return up;
        }
        at = up;
    }
    return NULL;
}

/* The first node at or behind a key, or NULL. */
static struct pv_pebble *lower_bound(struct pv_heap *heap, uint64_t parent, uint64_t size,
                                     uint64_t addr)
{
    struct key key = key_of(heap, parent, size, addr);
    struct pv_pebble *found = NULL;
    for (struct pv_pebble *at = heap->tree; at && pv_tree_is_whole(heap, at);) {
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

/* The first node at or behind addr with size >= need, or NULL. Not for an address in a bucket of
 * best fit. */
static struct pv_pebble *first_behind(struct pv_heap *heap, uint64_t addr, uint64_t need)
{
    struct pv_pebble *last = NULL; /* at or behind addr, and it or its right side will do */
    struct pv_pebble *at = heap->tree;
    while (at && pv_tree_is_whole(heap, at)) {
        const struct node *n = node(at);
        bool is_behind = (uint64_t)(uintptr_t)at >= addr;
        heap->n_visited++;
        if (is_behind && (n->size >= need || n->max[RIGHT] >= need)) {
            last = at;
        }
        at = n->max[!is_behind] >= need ? n->child[!is_behind] : NULL;
    }
    return !last || node(last)->size >= need ? last
                                             : leftmost(heap, node(last)->child[RIGHT], need);
}

struct pv_pebble *pv_tree_find(struct pv_heap *heap, const struct pv_bucket *bucket,
                               uint64_t addr, uint64_t need)
{
    uint64_t parent = (uint64_t)(uintptr_t)bucket;
    if (!heap->tree) {
        return NULL;
    }
    if (is_best_fit(bucket)) {
        return if_within(lower_bound(heap, parent, need, addr), bucket);
    }
    if (addr <= parent && heap->n_buckets == 1) {
        return leftmost(heap, heap->tree, need);
    }
    return if_within(first_behind(heap, addr, need), bucket);
}

struct pv_pebble *pv_tree_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                    struct pv_pebble *pebble, uint64_t need)
{
    return if_within(after(heap, pebble, need), bucket);
}

/* The greatest size on one side of the bucket's topmost node, as far as the bucket reaches. */
static uint64_t side_largest(struct pv_heap *heap, struct pv_pebble *at, uint64_t parent,
                             bool leftward)
{
    uint64_t largest = 0;
    while (at && pv_tree_is_whole(heap, at)) {
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

uint64_t pv_tree_largest_of(struct pv_heap *heap, const struct pv_bucket *bucket)
{
    uint64_t parent = (uint64_t)(uintptr_t)bucket;
    struct pv_pebble *top = heap->tree;
    while (top && pv_tree_is_whole(heap, top) && top->parent != parent) {
        heap->n_visited++;
        top = parent < top->parent ? node(top)->child[LEFT] : node(top)->child[RIGHT];
    }
    if (!top || heap->damaged) {
        return 0;
    }
    uint64_t left = side_largest(heap, node(top)->child[LEFT], parent, true);
    uint64_t right = side_largest(heap, node(top)->child[RIGHT], parent, false);
    uint64_t largest = left > right ? left : right;
    return node(top)->size > largest ? node(top)->size : largest;
}

uint64_t pv_tree_largest(const struct pv_heap *heap)
{
    return max_of(heap->tree);
}
