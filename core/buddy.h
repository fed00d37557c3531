/* SPDX-License-Identifier: MIT
 *
 * buddy.h - a stand-alone buddy allocator for one chunk of memory, after analloc.
 *
 * The chunk is a binary tree of halves; the leaves are pages of any size. Of its bytes
 * page << depth are managed, depth being the largest n with page << n <= total.
 *
 *   level 0   |                         0                         |   power 3: 8 pages
 *   level 1   |            1            |            2            |   power 2
 *   level 2   |     3      |     4      |     5      |     6      |   power 1
 *   level 3   |  7  |  8   |  9  |  10  |  11 |  12  |  13 |  14  |   power 0: a page
 *             chunk                                                chunk + (page << depth)
 *
 * The tree has one bit a node in heap order (children of i: 2i+1 and 2i+2); bit i is bit i % 8
 * of byte i / 8. 1: the node is allocated or split; an allocated node has two zero children. So
 * a bit is 1 exactly when the node holds an allocated block or is one, and the set of blocks
 * determines every bit. The tree lies in the chunk right behind the bytes that were used
 * already, and these and the tree are blocks themselves, at the low end, in descending powers.
 *
 * Decisions, so that every run gives the same pointers everywhere:
 * - a request is rounded up to page * 2^n; one of 0 bytes is one of a page;
 * - the free node taken is the first that is large enough in a depth-first search that begins
 *   at the low or the high end, a node before its halves: the lowest, or highest, place, not
 *   the smallest node. It is split down, each time keeping the low, or high, half;
 * - buddies that are free are merged at once;
 * - what is reserved at init cannot be freed or resized: the tree would go with it.
 *
 * Cost: without an index a search may visit every node that is not below a block; all else is
 * O(depth). With an index (one byte a node: how large a free one is at or below it) everything
 * is O(depth), and the results are the same. Freestanding; not locked; two files are all.
 */
#ifndef PV_BUDDY_H
#define PV_BUDDY_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pv_buddy_end { PV_BUDDY_LOW, PV_BUDDY_HIGH };

enum pv_buddy_fault {
    PV_BUDDY_FAULT_NONE,
    PV_BUDDY_FAULT_NOT_ALLOCATED, /* the pointer is in free memory: freed, or never had */
    PV_BUDDY_FAULT_OUTSIDE,       /* not in the managed bytes of the chunk */
    PV_BUDDY_FAULT_INTERIOR,      /* in a block, but not where it begins */
    PV_BUDDY_FAULT_RESERVED,      /* the bytes used before, or the tree */
    PV_BUDDY_FAULT_WRONG_LENGTH,  /* a block begins there, of another size: it is freed whole */
    PV_BUDDY_N_FAULTS
};

enum pv_buddy_event_kind {
    PV_BUDDY_EVENT_ALLOC,  /* ptr, size, requested */
    PV_BUDDY_EVENT_FREE,   /* ptr, size */
    PV_BUDDY_EVENT_RESIZE, /* ptr, size: the same block for another number of bytes requested */
    PV_BUDDY_EVENT_SPLIT,  /* ptr, size: the node that was split; other: its high half */
    PV_BUDDY_EVENT_MERGE,  /* ptr, size: the node that it became; other: its high half */
    PV_BUDDY_EVENT_DOUBLE, /* ptr, size: the whole chunk as it is now */
    PV_BUDDY_EVENT_FAULT   /* fault; ptr as the caller gave it; size of its block or 0 */
};

struct pv_buddy_event {
    enum pv_buddy_event_kind kind;
    enum pv_buddy_fault fault;
    const void *ptr;
    const void *other;
    uint64_t size;      /* bytes granted */
    uint64_t requested; /* ALLOC, RESIZE, FAULT: bytes that the caller named */
};

/* Called for every event, in the order of registration, when the operation is done. A realloc
 * that moves gives FREE, MERGE..., SPLIT..., ALLOC. It must not call the allocator. Storage is
 * the caller's. */
struct pv_buddy_listener {
    void (*event)(void *ctx, const struct pv_buddy_event *event);
    void *ctx;
    struct pv_buddy_listener *next; /* the allocator's */
};

struct pv_buddy_config {
    void *chunk;
    uint64_t total_bytes;
    uint64_t used_bytes; /* at the chunk's beginning, by the caller */
    uint64_t page_bytes; /* at least 1 */
    /* All below may be NULL. */
    void *index;        /* pv_buddy_index_bytes() of the caller's memory: no search */
    void *tree;         /* pv_buddy_tree_bytes() elsewhere, so that the chunk can be doubled */
    const char **names; /* pv_buddy_pages() pointers: the side table of tags */
    /* The tables given here and to pv_buddy_double hold zeros already. Only the entries around
     * blocks are ever written, so that of memory that is backed on first touch little is
     * backed. */
    bool zeroed;
    /* For a replay: payloads are never read, so a realloc that moves copies nothing. */
    bool ignore_payloads;
};

/* The caller's storage, in the chunk's used bytes if that is wanted. page << depth bytes are
 * managed. The fields are the allocator's own, for others to read. */
struct pv_buddy {
    unsigned char *chunk;
    unsigned char *tree;
    unsigned char *index;
    const char **names;
    uint64_t page;
    unsigned depth;
    int page_shift; /* page is 1 << page_shift; -1: no power of two */
    bool ignore_payloads, zeroed;
    uint64_t n_reserved; /* pages at the low end */
    uint64_t n_free;     /* free nodes that are not below a free node */
    uint64_t free_bytes;
    uint64_t n_visited; /* nodes looked at to find room, ever */
    struct pv_buddy_listener *listeners;
};

/* How many pages a chunk of so many bytes has: 1 << depth; 0 when total < page or page is 0. */
uint64_t pv_buddy_pages(uint64_t total_bytes, uint64_t page_bytes);

/* Bytes of the tree and of the side index for so many pages, a power of two. */
uint64_t pv_buddy_tree_bytes(uint64_t n_pages);
uint64_t pv_buddy_index_bytes(uint64_t n_pages);

/* false: total < page, what is managed is smaller than what is used plus the tree, or the chunk
 * begins at address 0, where a block could not be told from NULL, or ends beyond the last. */
bool pv_buddy_init(struct pv_buddy *buddy, const struct pv_buddy_config *config);

void pv_buddy_listen(struct pv_buddy *buddy, struct pv_buddy_listener *listener);

/* *size: bytes wanted; then bytes granted, or 0 with NULL: no room. */
void *pv_buddy_alloc(struct pv_buddy *buddy, uint64_t *size, enum pv_buddy_end end);

/* size: as it was asked for, or as it was granted. NULL does nothing. A fault is told as an
 * event; after any but WRONG_LENGTH nothing has changed. */
enum pv_buddy_fault pv_buddy_free(struct pv_buddy *buddy, void *ptr, uint64_t size);

/* The same pointer when the power does not change; else the block is freed and placed anew and
 * its contents move (the places may overlap). *size as for alloc. NULL with *size 0: no room or
 * a fault, and the block is as it was. ptr NULL: alloc. */
void *pv_buddy_realloc(struct pv_buddy *buddy, void *ptr, uint64_t *size,
                       enum pv_buddy_end end);

/* The size granted to the block that begins at ptr, 0 when none does. Any pointer will do. */
uint64_t pv_buddy_size(const struct pv_buddy *buddy, const void *ptr);

/* Where the block begins that ptr points into, with its size, or NULL and 0. */
void *pv_buddy_start(const struct pv_buddy *buddy, const void *ptr, uint64_t *ret_size);

/* The tag of a block, kept as a pointer. It moves with the block and goes with it. Without a
 * table, or where no block begins at ptr, setting does nothing and getting gives "". */
void pv_buddy_set_name(struct pv_buddy *buddy, const void *ptr, const char *name);
const char *pv_buddy_name(const struct pv_buddy *buddy, const void *ptr);

/* Bytes of the largest free node, 0: none. O(1) with an index, else a search. */
uint64_t pv_buddy_largest(const struct pv_buddy *buddy);

/* Where the last block ends, from the chunk's beginning. O(depth). */
uint64_t pv_buddy_extent(const struct pv_buddy *buddy);

/* Calls back for every block and every largest free node, by address, until a call returns
 * false. */
struct pv_buddy_node {
    uint64_t offset, size;
    unsigned power; /* size is page << power */
    bool used;
};

void pv_buddy_visit(const struct pv_buddy *buddy,
                    bool (*visit)(void *ctx, const struct pv_buddy_node *node), void *ctx);

/* The bytes managed become twice as many: the chunk goes on where it ended, its tree becomes
 * that of the low half, and every block stays where it is. Only with a tree of the caller's.
 * What is given takes the place of the old, which it must not overlap, and has the size for
 * twice the pages; index and names as at init: NULL exactly if they were. O(depth) a block, and
 * O(nodes) unless the tables are zeros already. */
void pv_buddy_double(struct pv_buddy *buddy, void *tree, void *index, const char **names);

/* One word for a fault: "wrong-length". */
const char *pv_buddy_fault_name(enum pv_buddy_fault kind);

#ifdef __cplusplus
}
#endif

#endif
