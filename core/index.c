/* SPDX-License-Identifier: MIT
 *
 * index.c - the free pebbles in two parts: a tree (tree.h), and the few that came last, which
 * wait in struct pv_heap until there are PV_HEAP_WAITING of them and go into the tree together.
 *
 * On a large heap nearly every level on the way to a place in the tree is a cache miss, and
 * each must come before the next is known. Many ways at once overlap: at a million live blocks
 * an insertion takes a sixth of the time. Those that wait are found by a look at all of them;
 * many are used again, or merged, before they ever come into the tree.
 *
 * The node of a waiting pebble holds its size and its slot; its other fields mean nothing.
 *
 * Costs: find, insert, remove O(log n); of PV_HEAP_WAITING insertions one bears the work of
 * all.
 */
#include "core/index.h"

#include "core/tree.h"

static void wait_in(struct pv_heap *heap, uint32_t slot, struct pv_pebble *pebble,
                    uint64_t size, uint64_t parent)
{
    struct node *n = node(pebble);
    struct pv_waiting *waiting = &heap->waiting[slot];
    waiting->pebble = pebble;
    waiting->size = size;
    waiting->parent = parent;
    n->mark = NODE_MARK;
    n->waits = true;
    n->slot = (uint8_t)slot;
    n->size = size;
    n->up = NULL;
    if (size > heap->waiting_largest) {
        heap->waiting_largest = size;
    }
}

/* A waiting pebble of this size has left. */
static void forget(struct pv_heap *heap, uint64_t size)
{
    if (size < heap->waiting_largest) {
        return;
    }
    uint64_t largest = 0;
    for (uint32_t i = 0; i < heap->n_waiting; i++) {
        uint64_t other = heap->waiting[i].size;
        largest = other > largest ? other : largest;
    }
    heap->waiting_largest = largest;
}

/* Fills the slot of a waiting pebble that has left with the last one. */
static void unwait(struct pv_heap *heap, const struct pv_pebble *pebble)
{
    uint32_t slot = node(pebble)->slot;
    uint64_t size = heap->waiting[slot].size;
    heap->n_waiting--;
    if (slot != heap->n_waiting) {
        const struct pv_waiting *last = &heap->waiting[heap->n_waiting];
        wait_in(heap, slot, last->pebble, last->size, last->parent);
    }
    forget(heap, size);
}

static void take_in(struct pv_heap *heap, struct pv_pebble *pebble)
{
    if (heap->n_waiting == PV_HEAP_WAITING) {
        pv_tree_insert_waiting(heap);
    }
    wait_in(heap, heap->n_waiting++, pebble, pebble->size, pebble->parent);
}

void pv_index_insert(struct pv_heap *heap, struct pv_pebble *pebble)
{
    heap->n_free++;
    heap->free_bytes += pebble->size;
    take_in(heap, pebble);
}

void pv_index_remove(struct pv_heap *heap, struct pv_pebble *pebble)
{
    if (!pv_tree_is_whole(heap, pebble)) {
        return;
    }
    heap->n_free--;
    heap->free_bytes -= node(pebble)->size;
    if (node(pebble)->waits) {
        unwait(heap, pebble);
    } else {
        pv_tree_remove(heap, pebble);
    }
}

void pv_index_replace(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to)
{
    if (!pv_tree_is_whole(heap, from)) {
        return;
    }
    heap->free_bytes += to->size - node(from)->size;
    if (node(from)->waits) {
        uint64_t size = node(from)->size;
        wait_in(heap, node(from)->slot, to, to->size, to->parent);
        forget(heap, size);
    } else if (pv_tree_keeps_place(heap, from, to)) {
        pv_tree_replace(heap, from, to);
    } else {
        pv_tree_remove(heap, from);
        take_in(heap, to);
    }
}

/* Of `found` (or NULL) and the waiting pebbles, the one that the bucket's fit prefers among
 * those at or behind addr with at least `need` bytes. No branch depends on the waiting ones: it
 * would be mispredicted. */
static struct pv_pebble *first_of(const struct pv_heap *heap, const struct pv_bucket *bucket,
                                  struct pv_pebble *found, uint64_t addr, uint64_t need)
{
    uint64_t parent = (uint64_t)(uintptr_t)bucket, first = (uint64_t)(uintptr_t)found - 1;
    for (uint32_t i = 0; i < heap->n_waiting; i++) {
        const struct pv_waiting *waiting = &heap->waiting[i];
        uint64_t at = (uint64_t)(uintptr_t)waiting->pebble;
        bool does = (waiting->size >= need) & (at >= addr) & (waiting->parent == parent);
        at = does ? at - 1 : UINT64_MAX;
        first = at < first ? at : first;
    }
    return pv_pebble_at(first + 1); /* nothing is the greatest of all, NULL */
}

/* The same for best fit, which goes by size, and by address among equals. */
static struct pv_pebble *smallest_of(const struct pv_heap *heap, const struct pv_bucket *bucket,
                                     struct pv_pebble *found, uint64_t addr, uint64_t need)
{
    uint64_t parent = (uint64_t)(uintptr_t)bucket;
    for (uint32_t i = 0; i < heap->n_waiting; i++) {
        const struct pv_waiting *waiting = &heap->waiting[i];
        uint64_t at = (uint64_t)(uintptr_t)waiting->pebble, size = waiting->size;
        bool does = waiting->parent == parent && (size > need || (size == need && at >= addr));
        if (does && (!found || size < node(found)->size ||
                     (size == node(found)->size && waiting->pebble < found))) {
            found = waiting->pebble;
        }
    }
    return found;
}

static struct pv_pebble *preferred(const struct pv_heap *heap, const struct pv_bucket *bucket,
                                   struct pv_pebble *found, uint64_t addr, uint64_t need)
{
    if (heap->waiting_largest < need) {
        return found;
    }
    return is_best_fit(bucket) ? smallest_of(heap, bucket, found, addr, need)
                               : first_of(heap, bucket, found, addr, need);
}

struct pv_pebble *pv_index_find_from(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     uint64_t addr, uint64_t need)
{
    return preferred(heap, bucket, pv_tree_find(heap, bucket, addr, need), addr, need);
}

struct pv_pebble *pv_index_find(struct pv_heap *heap, const struct pv_bucket *bucket,
                                uint64_t need)
{
    if (bucket->largest < need) {
        return NULL;
    }
    return pv_index_find_from(heap, bucket, (uint64_t)(uintptr_t)bucket, need);
}

struct pv_pebble *pv_index_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                     struct pv_pebble *pebble, uint64_t need)
{
    uint64_t behind = (uint64_t)(uintptr_t)pebble + 1;
    if (!pv_tree_is_whole(heap, pebble)) {
        return NULL;
    }
    if (is_best_fit(bucket)) {
        need = node(pebble)->size;
    }
    struct pv_pebble *found = node(pebble)->waits
                                  ? pv_tree_find(heap, bucket, behind, need)
                                  : pv_tree_find_next(heap, bucket, pebble, need);
    return preferred(heap, bucket, found, behind, need);
}

uint64_t pv_index_largest(struct pv_heap *heap, const struct pv_bucket *bucket)
{
    if (heap->n_buckets == 1) {
        return pv_index_largest_of_all(heap);
    }
    uint64_t largest = pv_tree_largest_of(heap, bucket);
    for (uint32_t i = 0; i < heap->n_waiting; i++) {
        bool is_in = heap->waiting[i].parent == (uint64_t)(uintptr_t)bucket;
        uint64_t size = is_in ? heap->waiting[i].size : 0;
        largest = size > largest ? size : largest;
    }
    return largest;
}

uint64_t pv_index_largest_of_all(const struct pv_heap *heap)
{
    uint64_t largest = pv_tree_largest(heap);
    return heap->waiting_largest > largest ? heap->waiting_largest : largest;
}

const struct pv_pebble *pv_index_up(const struct pv_pebble *pebble)
{
    return node(pebble)->up;
}

bool pv_index_leads(const struct pv_heap *heap, const struct pv_pebble *up,
                    const struct pv_pebble *pebble)
{
    const struct node *n = node(pebble);
    if (n->mark != NODE_MARK || n->size != pebble->size) {
        return false;
    }
    if (n->waits) {
        return n->slot < heap->n_waiting && heap->waiting[n->slot].pebble == pebble;
    }
    return up ? node(up)->child[LEFT] == pebble || node(up)->child[RIGHT] == pebble
              : heap->tree == pebble;
}

void pv_index_clear(struct pv_heap *heap)
{
    heap->tree = NULL;
    heap->n_waiting = 0;
    heap->waiting_largest = 0;
    heap->n_free = 0;
    heap->free_bytes = 0;
}
