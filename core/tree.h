/* SPDX-License-Identifier: MIT
 *
 * tree.h - the balanced tree of a heap's index. Its order is bucket by bucket (by address);
 * within a bucket it is the order in which its method prefers pebbles: first and recent fit by
 * address, best fit by size, then address. Each node knows the largest payloads below it.
 *
 * A node lies in the payload of the free pebble that it stands for; there is nothing beside
 * them but the root in struct pv_heap. Internal to index.c.
 */
#ifndef PV_TREE_H
#define PV_TREE_H

#include "core/index.h"

enum { LEFT, RIGHT };

/* Stands at the front of every node, where an overrun of the block before it or a write to
 * freed memory hits first. Pointers of a node without it are not followed. */
#define NODE_MARK UINT32_C(0x9E0DE5F4)

struct node {
    uint32_t mark;
    uint8_t height[2];
    uint8_t waits, slot; /* in pv_heap.waiting and not in the tree; where */
    struct pv_pebble *child[2];
    uint64_t max[2]; /* the largest payloads on either side; 0: nothing there */
    uint64_t size;   /* the pebble's, as it entered */
    struct pv_pebble *up;
};

_Static_assert(sizeof(struct node) <= PV_UNIT_BYTES, "a node fits the least payload");

static inline struct node *node(const struct pv_pebble *pebble)
{
    return (struct node *)(uintptr_t)(pebble + 1);
}

/* Whether its node is what the index wrote; if not, the heap is to be mended (sound.c). */
static inline bool pv_tree_is_whole(struct pv_heap *heap, const struct pv_pebble *pebble)
{
    if (__builtin_expect(node(pebble)->mark == NODE_MARK, 1)) {
        return true;
    }
    heap->damaged = pebble;
    return false;
}

/* Each of these stops at the first damaged node. Its answer and the tree are then invalid until
 * the heap is mended. */

/* Puts the pebbles that wait, one at least, into the tree. */
void pv_tree_insert_waiting(struct pv_heap *heap);

/* Takes a node out. Its pebble's header is not read. */
void pv_tree_remove(struct pv_heap *heap, struct pv_pebble *pebble);

/* Whether `to`, with its size and parent set, stands in the order where the node `from` does;
 * no other free pebble lies between the two. */
bool pv_tree_keeps_place(struct pv_heap *heap, struct pv_pebble *from,
                         const struct pv_pebble *to);

/* `to` takes the place of `from`; the two may be the same pebble, whose size changed. */
void pv_tree_replace(struct pv_heap *heap, struct pv_pebble *from, struct pv_pebble *to);

/* The first node of the bucket at or behind addr (best fit: at or behind size `need`, then
 * addr) with at least `need` bytes, or NULL. */
struct pv_pebble *pv_tree_find(struct pv_heap *heap, const struct pv_bucket *bucket,
                               uint64_t addr, uint64_t need);

/* The next node of the bucket behind one of its nodes with at least `need` bytes, or NULL. */
struct pv_pebble *pv_tree_find_next(struct pv_heap *heap, const struct pv_bucket *bucket,
                                    struct pv_pebble *pebble, uint64_t need);

/* The largest size in the bucket; in the whole tree. 0: there is none. */
uint64_t pv_tree_largest_of(struct pv_heap *heap, const struct pv_bucket *bucket);
uint64_t pv_tree_largest(const struct pv_heap *heap);

#endif
