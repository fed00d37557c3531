/* SPDX-License-Identifier: MIT
 *
 * buddy.c - see buddy.h; K. C. Knowlton, "A fast storage allocator", CACM 8(10), 1965.
 *
 * Nodes are numbered from 1 here (the tree's bit i is node i + 1), so that the halves of k are
 * 2k and 2k+1, the buddy of k is k ^ 1, and level l is 1 << l to (2 << l) - 1.
 *
 * A node's byte in the index says how many powers its own is above the largest free one at or
 * below it: 0 is a free node, power + 1 one without any. Below a free node every byte is 0; so
 * are those below a block, but for its halves and quarters, which have nothing free. So neither
 * a split nor a merge has to touch what lies below, a search may take three levels in a step,
 * and of a large chunk only the bytes around its blocks are ever written.
 *
 * One file, though a long one: a kernel takes it and its header, and nothing else.
 */
#include "core/buddy.h"

#include <stddef.h>

/* The compiler asks for them in freestanding programs too. */
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

static unsigned log2_of(uint64_t n)
{
    return 63 - (unsigned)__builtin_clzll(n);
}

static bool bit(const struct pv_buddy *buddy, uint64_t node)
{
    return buddy->tree[(node - 1) / 8] >> ((node - 1) % 8) & 1;
}

static void set_bit(unsigned char *tree, uint64_t node)
{
    tree[(node - 1) / 8] |= (unsigned char)(1u << ((node - 1) % 8));
}

static void clear_bit(unsigned char *tree, uint64_t node)
{
    tree[(node - 1) / 8] &= (unsigned char)~(1u << ((node - 1) % 8));
}

static unsigned level_of(uint64_t node)
{
    return log2_of(node);
}

static unsigned power_of(const struct pv_buddy *buddy, uint64_t node)
{
    return buddy->depth - level_of(node);
}

/* Its bit is 1. */
static bool is_block(const struct pv_buddy *buddy, uint64_t node)
{
    return node >> buddy->depth || (!bit(buddy, 2 * node) && !bit(buddy, 2 * node + 1));
}

static uint64_t first_page(const struct pv_buddy *buddy, uint64_t node)
{
    return (node << power_of(buddy, node)) - (UINT64_C(1) << buddy->depth);
}

static void *place_of(const struct pv_buddy *buddy, uint64_t node)
{
    return buddy->chunk + first_page(buddy, node) * buddy->page;
}

static uint64_t bytes_of(const struct pv_buddy *buddy, uint64_t node)
{
    return buddy->page << power_of(buddy, node);
}

/* The power of two pages that a request takes, or more than depth: too large. */
static unsigned power_for(const struct pv_buddy *buddy, uint64_t size)
{
    if (size <= buddy->page) {
        return 0;
    }
    if (size > buddy->page << buddy->depth) {
        return buddy->depth + 1;
    }
    uint64_t last =
        buddy->page_shift >= 0 ? (size - 1) >> buddy->page_shift : (size - 1) / buddy->page;
    return log2_of(last) + 1;
}

/* ---- events ---- */

static void tell_all(const struct pv_buddy *buddy, const struct pv_buddy_event *event)
{
    for (struct pv_buddy_listener *l = buddy->listeners; l; l = l->next) {
        l->event(l->ctx, event);
    }
}

static inline void tell(const struct pv_buddy *buddy, enum pv_buddy_event_kind kind,
                        uint64_t node, uint64_t requested)
{
    if (!buddy->listeners) {
        return;
    }
    bool halves = kind == PV_BUDDY_EVENT_SPLIT || kind == PV_BUDDY_EVENT_MERGE;
    tell_all(buddy,
             &(struct pv_buddy_event){.kind = kind,
                                      .ptr = place_of(buddy, node),
                                      .other = halves ? place_of(buddy, 2 * node + 1) : NULL,
                                      .size = bytes_of(buddy, node),
                                      .requested = requested});
}

/* From a free node down to the block that was cut out of it. */
static void tell_splits(const struct pv_buddy *buddy, uint64_t top, uint64_t node)
{
    for (unsigned up = level_of(node) - level_of(top); buddy->listeners && up; up--) {
        tell(buddy, PV_BUDDY_EVENT_SPLIT, node >> up, 0);
    }
}

/* From a block that was freed up to the node that it became part of. */
static void tell_merges(const struct pv_buddy *buddy, uint64_t node, uint64_t top)
{
    while (buddy->listeners && node != top) {
        node /= 2;
        tell(buddy, PV_BUDDY_EVENT_MERGE, node, 0);
    }
}

static enum pv_buddy_fault fault(const struct pv_buddy *buddy, enum pv_buddy_fault kind,
                                 const void *ptr, uint64_t requested, uint64_t size)
{
    if (kind) {
        tell_all(buddy, &(struct pv_buddy_event){.kind = PV_BUDDY_EVENT_FAULT,
                                                 .fault = kind,
                                                 .ptr = ptr,
                                                 .size = size,
                                                 .requested = requested});
    }
    return kind;
}

/* ---- the index ---- */

/* What the byte of a node is, given those of its halves. */
static unsigned char joined(unsigned char low, unsigned char high)
{
    return (unsigned char)((low < high ? low : high) + ((low | high) != 0));
}

/* Sets a node's byte and those above as far as they change. */
static void note(unsigned char *index, uint64_t node, unsigned char byte)
{
    index[node] = byte;
    while (node > 1) {
        byte = joined(byte, index[node ^ 1]);
        node /= 2;
        if (index[node] == byte) {
            return;
        }
        index[node] = byte;
    }
}

/* ---- a node taken and given back ---- */

/* Marks the halves and quarters of a block as having nothing free, for searches that take three
 * levels in a step. */
static void note_block(unsigned char *index, uint64_t node, unsigned power, bool taken)
{
    if (power >= 1) {
        index[2 * node] = index[2 * node + 1] = (unsigned char)(taken ? power : 0);
    }
    if (power >= 2) {
        memset(index + 4 * node, (int)(taken ? power - 1 : 0), 4);
    }
}

/* Takes a part out of a free node, or all of it: on the way to it each half that is not on the
 * way becomes a free node. Returns the free node that it was. */
static uint64_t take(struct pv_buddy *buddy, uint64_t node)
{
    unsigned char *index = buddy->index;
    unsigned power = power_of(buddy, node);
    unsigned char byte = (unsigned char)(power + 1);
    buddy->free_bytes -= buddy->page << power;
    buddy->n_free--;
    set_bit(buddy->tree, node);
    if (index) {
        note_block(index, node, power, true);
    }
    while (node > 1 && !bit(buddy, node / 2)) {
        if (index) {
            index[node] = byte;
        }
        node /= 2;
        set_bit(buddy->tree, node);
        byte = 1; /* the half that is not on the way */
        buddy->n_free++;
    }
    if (index) {
        note(index, node, byte);
    }
    return node;
}

/* Returns the free node that it is part of now. */
static uint64_t give_back(struct pv_buddy *buddy, uint64_t node)
{
    uint64_t top = node;
    buddy->n_free++;
    clear_bit(buddy->tree, top);
    while (top > 1 && !bit(buddy, top ^ 1)) {
        top /= 2;
        clear_bit(buddy->tree, top);
        buddy->n_free--;
    }
    buddy->free_bytes += bytes_of(buddy, node);
    if (buddy->index) {
        note_block(buddy->index, node, power_of(buddy, node), false);
        note(buddy->index, node, 0);
    }
    return top;
}

/* ---- searching ---- */

/* Depth first, a node before its halves; 0: none. */
static uint64_t search(struct pv_buddy *buddy, unsigned power, enum pv_buddy_end end)
{
    unsigned last_level = buddy->depth - power;
    uint64_t near = end == PV_BUDDY_LOW ? 0 : 1;
    uint64_t node = 1;
    for (;;) {
        buddy->n_visited++;
        if (!bit(buddy, node)) {
            return node;
        }
        if (level_of(node) < last_level && !is_block(buddy, node)) {
            node = 2 * node + near;
            continue;
        }
        while (node > 1 && (node & 1) != near) {
            node /= 2;
        }
        if (node == 1) {
            return 0;
        }
        node ^= 1;
    }
}

/* Eight bytes of the index, the first in the lowest bits. */
static uint64_t load_eight(const unsigned char *at)
{
    uint64_t eight;
    __builtin_memcpy(&eight, at, sizeof eight);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    eight = __builtin_bswap64(eight);
#endif
    return eight;
}

/* Finds the part: at each level the nearer half that has room. Below a free node both halves
 * have room, so that the path through it ends in the part that is kept. The bytes of the
 * eight nodes three levels below a node lie side by side: a step is three levels, but for
 * the first. */
static uint64_t descend(struct pv_buddy *buddy, unsigned power, enum pv_buddy_end end)
{
    const unsigned char *index = buddy->index;
    unsigned n_levels = buddy->depth - power;
    uint64_t node = 1;
    if (index[node] > n_levels) {
        return 0;
    }
    for (; n_levels % 3; n_levels--) {
        node = end == PV_BUDDY_LOW ? 2 * node + (index[2 * node] >= n_levels)
                                   : 2 * node + (index[2 * node + 1] < n_levels);
        buddy->n_visited++;
    }
    /* The top bit of each difference: the byte is at most the levels that are left then. Bytes
     * are at most 65, so no byte borrows from the next. */
    const uint64_t each = UINT64_C(0x0101010101010101), tops = each << 7;
    while (n_levels) {
        n_levels -= 3;
        uint64_t room = (each * (128 + n_levels) - load_eight(index + 8 * node)) & tops;
        unsigned at = end == PV_BUDDY_LOW ? (unsigned)__builtin_ctzll(room)
                                          : 63 - (unsigned)__builtin_clzll(room);
        node = 8 * node + at / 8;
        buddy->n_visited++;
    }
    return node;
}

/* The node that is taken, or 0. */
static uint64_t choose(struct pv_buddy *buddy, unsigned power, enum pv_buddy_end end)
{
    if (power > buddy->depth) {
        return 0;
    }
    if (buddy->index) {
        return descend(buddy, power, end);
    }
    uint64_t node = search(buddy, power, end);
    if (node) {
        unsigned down = power_of(buddy, node) - power;
        node <<= down;
        node += end == PV_BUDDY_HIGH ? (UINT64_C(1) << down) - 1 : 0;
    }
    return node;
}

/* ---- from a pointer to a node ---- */

/* The page that a pointer is in; false: outside. *ret_first: it is the page's first byte. */
static bool page_at(const struct pv_buddy *buddy, const void *ptr, uint64_t *ret_page,
                    bool *ret_first)
{
    uint64_t offset = (uint64_t)((uintptr_t)ptr - (uintptr_t)buddy->chunk);
    if ((uintptr_t)ptr < (uintptr_t)buddy->chunk || offset >= buddy->page << buddy->depth) {
        return false;
    }
    if (buddy->page_shift >= 0) {
        *ret_page = offset >> buddy->page_shift;
        *ret_first = (*ret_page << buddy->page_shift) == offset;
    } else {
        *ret_page = offset / buddy->page;
        *ret_first = *ret_page * buddy->page == offset;
    }
    return true;
}

/* The block that holds a page, or 0: going up, the first node whose bit is 1 either is it or
 * was split, with the page in its free half. */
static uint64_t block_of(const struct pv_buddy *buddy, uint64_t page)
{
    uint64_t node = (UINT64_C(1) << buddy->depth) + page;
    while (node && !bit(buddy, node)) {
        node /= 2;
    }
    return node && is_block(buddy, node) ? node : 0;
}

/* The block that begins at ptr and may be freed, or 0 with the reason. `power` is a guess that
 * saves the way up. */
static uint64_t block_at(const struct pv_buddy *buddy, const void *ptr, unsigned power,
                         enum pv_buddy_fault *ret_fault)
{
    uint64_t page = 0;
    bool first = false;
    *ret_fault = PV_BUDDY_FAULT_NONE;
    if (!page_at(buddy, ptr, &page, &first)) {
        *ret_fault = PV_BUDDY_FAULT_OUTSIDE;
        return 0;
    }
    if (page < buddy->n_reserved) {
        *ret_fault = PV_BUDDY_FAULT_RESERVED;
        return 0;
    }
    if (first && power <= buddy->depth && !(page & ((UINT64_C(1) << power) - 1))) {
        uint64_t node = ((UINT64_C(1) << buddy->depth) + page) >> power;
        if (bit(buddy, node) && is_block(buddy, node)) {
            return node;
        }
    }
    uint64_t node = block_of(buddy, page);
    if (!node) {
        *ret_fault = PV_BUDDY_FAULT_NOT_ALLOCATED;
    } else if (!first || first_page(buddy, node) != page) {
        *ret_fault = PV_BUDDY_FAULT_INTERIOR;
        return 0;
    }
    return node;
}

/* ---- names ---- */

static const char **name_slot(const struct pv_buddy *buddy, uint64_t node)
{
    return &buddy->names[first_page(buddy, node)];
}

void pv_buddy_set_name(struct pv_buddy *buddy, const void *ptr, const char *name)
{
    enum pv_buddy_fault why;
    uint64_t node = buddy->names ? block_at(buddy, ptr, 0, &why) : 0;
    if (node) {
        *name_slot(buddy, node) = name;
    }
}

const char *pv_buddy_name(const struct pv_buddy *buddy, const void *ptr)
{
    enum pv_buddy_fault why;
    uint64_t node = buddy->names ? block_at(buddy, ptr, 0, &why) : 0;
    const char *name = node ? *name_slot(buddy, node) : NULL;
    return name ? name : "";
}

/* ---- init ---- */

uint64_t pv_buddy_pages(uint64_t total_bytes, uint64_t page_bytes)
{
    if (!page_bytes || total_bytes < page_bytes) {
        return 0;
    }
    return UINT64_C(1) << log2_of(total_bytes / page_bytes);
}

uint64_t pv_buddy_tree_bytes(uint64_t n_pages)
{
    return n_pages < 8 ? 1 : n_pages / 4;
}

uint64_t pv_buddy_index_bytes(uint64_t n_pages)
{
    return 2 * n_pages;
}

/* The first pages of a chunk that is all free, the largest power first. */
static void reserve(struct pv_buddy *buddy)
{
    uint64_t page = 0;
    while (page < buddy->n_reserved) {
        unsigned power = log2_of(buddy->n_reserved - page);
        (void)take(buddy, ((UINT64_C(1) << buddy->depth) + page) >> power);
        page += UINT64_C(1) << power;
    }
}

static void clear_tables(void *index, const char **names, uint64_t n_pages)
{
    if (index) {
        memset(index, 0, (size_t)pv_buddy_index_bytes(n_pages));
    }
    for (uint64_t i = 0; names && i < n_pages; i++) {
        names[i] = NULL;
    }
}

bool pv_buddy_init(struct pv_buddy *buddy, const struct pv_buddy_config *config)
{
    uint64_t n_pages = pv_buddy_pages(config->total_bytes, config->page_bytes);
    if (!n_pages) {
        return false;
    }
    uint64_t managed = config->page_bytes * n_pages;
    uint64_t tree_bytes = pv_buddy_tree_bytes(n_pages);
    uint64_t inside = config->tree ? 0 : tree_bytes;
    if (config->used_bytes > managed || inside > managed - config->used_bytes ||
        !config->chunk || managed - 1 > UINTPTR_MAX - (uintptr_t)config->chunk) {
        return false;
    }
    uint64_t reserved = config->used_bytes + inside;
    unsigned char *chunk = config->chunk;
    bool power_of_two = !(config->page_bytes & (config->page_bytes - 1));
    *buddy = (struct pv_buddy){
        .chunk = chunk,
        .tree = config->tree ? config->tree : chunk + config->used_bytes,
        .index = config->index,
        .names = config->names,
        .page = config->page_bytes,
        .depth = log2_of(n_pages),
        .page_shift = power_of_two ? (int)log2_of(config->page_bytes) : -1,
        .ignore_payloads = config->ignore_payloads,
        .zeroed = config->zeroed,
        .n_reserved = reserved / config->page_bytes + (reserved % config->page_bytes != 0),
        .n_free = 1,
        .free_bytes = managed,
    };
    if (!config->zeroed || !config->tree) {
        memset(buddy->tree, 0, (size_t)tree_bytes);
    }
    if (!config->zeroed) {
        clear_tables(buddy->index, buddy->names, n_pages);
    }
    reserve(buddy);
    return true;
}

void pv_buddy_listen(struct pv_buddy *buddy, struct pv_buddy_listener *listener)
{
    struct pv_buddy_listener **last = &buddy->listeners;
    while (*last) {
        last = &(*last)->next;
    }
    listener->next = NULL;
    *last = listener;
}

/* ---- the operations ---- */

void *pv_buddy_alloc(struct pv_buddy *buddy, uint64_t *size, enum pv_buddy_end end)
{
    uint64_t requested = *size;
    unsigned power = power_for(buddy, requested);
    uint64_t node = choose(buddy, power, end);
    if (!node) {
        *size = 0;
        return NULL;
    }
    uint64_t top = take(buddy, node);
    tell_splits(buddy, top, node);
    tell(buddy, PV_BUDDY_EVENT_ALLOC, node, requested);
    *size = buddy->page << power;
    return place_of(buddy, node);
}

enum pv_buddy_fault pv_buddy_free(struct pv_buddy *buddy, void *ptr, uint64_t size)
{
    enum pv_buddy_fault kind;
    if (!ptr) {
        return PV_BUDDY_FAULT_NONE;
    }
    unsigned power = power_for(buddy, size);
    uint64_t node = block_at(buddy, ptr, power, &kind);
    if (!node) {
        uint64_t held = 0;
        (void)pv_buddy_start(buddy, ptr, &held);
        return fault(buddy, kind, ptr, size, held);
    }
    kind = power_of(buddy, node) == power ? PV_BUDDY_FAULT_NONE : PV_BUDDY_FAULT_WRONG_LENGTH;
    (void)fault(buddy, kind, ptr, size, bytes_of(buddy, node));
    if (buddy->names) {
        *name_slot(buddy, node) = NULL;
    }
    uint64_t top = give_back(buddy, node);
    tell(buddy, PV_BUDDY_EVENT_FREE, node, 0);
    tell_merges(buddy, node, top);
    return kind;
}

static void move_contents(struct pv_buddy *buddy, uint64_t from, uint64_t to)
{
    uint64_t was = bytes_of(buddy, from), is = bytes_of(buddy, to);
    if (!buddy->ignore_payloads) {
        memmove(place_of(buddy, to), place_of(buddy, from), (size_t)(was < is ? was : is));
    }
    if (buddy->names && from != to) {
        const char *name = *name_slot(buddy, from);
        *name_slot(buddy, from) = NULL;
        *name_slot(buddy, to) = name;
    }
}

void *pv_buddy_realloc(struct pv_buddy *buddy, void *ptr, uint64_t *size, enum pv_buddy_end end)
{
    if (!ptr) {
        return pv_buddy_alloc(buddy, size, end);
    }
    enum pv_buddy_fault kind;
    uint64_t requested = *size;
    unsigned power = power_for(buddy, requested);
    uint64_t old = block_at(buddy, ptr, power, &kind);
    *size = 0;
    if (!old) {
        uint64_t held = 0;
        (void)pv_buddy_start(buddy, ptr, &held);
        (void)fault(buddy, kind, ptr, requested, held);
        return NULL;
    }
    if (power_of(buddy, old) == power) {
        tell(buddy, PV_BUDDY_EVENT_RESIZE, old, requested);
        *size = buddy->page << power;
        return ptr;
    }
    uint64_t merged = give_back(buddy, old);
    uint64_t node = choose(buddy, power, end);
    if (!node) {
        (void)take(buddy, old); /* the blocks determine the tree: it is what it was */
        return NULL;
    }
    uint64_t top = take(buddy, node);
    move_contents(buddy, old, node);
    tell(buddy, PV_BUDDY_EVENT_FREE, old, 0);
    tell_merges(buddy, old, merged);
    tell_splits(buddy, top, node);
    tell(buddy, PV_BUDDY_EVENT_ALLOC, node, requested);
    *size = buddy->page << power;
    return place_of(buddy, node);
}

/* ---- looking ---- */

uint64_t pv_buddy_size(const struct pv_buddy *buddy, const void *ptr)
{
    uint64_t size;
    return pv_buddy_start(buddy, ptr, &size) == ptr ? size : 0;
}

void *pv_buddy_start(const struct pv_buddy *buddy, const void *ptr, uint64_t *ret_size)
{
    uint64_t page = 0;
    bool first;
    uint64_t node = page_at(buddy, ptr, &page, &first) ? block_of(buddy, page) : 0;
    *ret_size = node ? bytes_of(buddy, node) : 0;
    return node ? place_of(buddy, node) : NULL;
}

/* The node behind the last of a subtree, in the order of a depth-first walk; 0: none. */
static uint64_t behind(uint64_t node)
{
    while (node & 1) {
        node /= 2;
    }
    return node ? node + 1 : 0;
}

void pv_buddy_visit(const struct pv_buddy *buddy,
                    bool (*visit)(void *ctx, const struct pv_buddy_node *node), void *ctx)
{
    uint64_t node = 1;
    for (;;) {
        bool used = bit(buddy, node);
        if (used && !is_block(buddy, node)) {
            node *= 2;
            continue;
        }
        struct pv_buddy_node seen = {.offset = first_page(buddy, node) * buddy->page,
                                     .size = bytes_of(buddy, node),
                                     .power = power_of(buddy, node),
                                     .used = used};
        if (!visit(ctx, &seen)) {
            return;
        }
        node = behind(node);
        if (!node) { /* it was the root, or the last of every level */
            return;
        }
    }
}

static bool see_largest(void *ctx, const struct pv_buddy_node *node)
{
    uint64_t *largest = ctx;
    *largest = !node->used && node->size > *largest ? node->size : *largest;
    return true;
}

uint64_t pv_buddy_largest(const struct pv_buddy *buddy)
{
    uint64_t largest = 0;
    if (buddy->index) {
        uint64_t whole = buddy->page << buddy->depth;
        return buddy->index[1] <= buddy->depth ? whole >> buddy->index[1] : 0;
    }
    pv_buddy_visit(buddy, see_largest, &largest);
    return largest;
}

uint64_t pv_buddy_extent(const struct pv_buddy *buddy)
{
    uint64_t node = 1;
    if (!bit(buddy, node)) {
        return 0;
    }
    while (!is_block(buddy, node)) {
        node = 2 * node + bit(buddy, 2 * node + 1);
    }
    return first_page(buddy, node) * buddy->page + bytes_of(buddy, node);
}

/* ---- doubling ---- */

/* Node k of level l is node k + (1 << l) of the low half. What is free is zeros in all tables,
 * so only what is split or a block is looked at. */
static void copy_low_half(const struct pv_buddy *old, struct pv_buddy *to)
{
    uint64_t node = bit(old, 1) ? 1 : 0;
    while (node) {
        if (!bit(old, node)) {
            node = behind(node);
            continue;
        }
        uint64_t now = node + (UINT64_C(1) << level_of(node));
        set_bit(to->tree, now);
        if (to->index) {
            to->index[now] = old->index[node];
        }
        if (!is_block(old, node)) {
            node *= 2;
            continue;
        }
        if (to->index) {
            note_block(to->index, now, power_of(old, node), true);
        }
        if (to->names) {
            to->names[first_page(old, node)] = *name_slot(old, node);
        }
        node = behind(node);
    }
}

void pv_buddy_double(struct pv_buddy *buddy, void *tree, void *index, const char **names)
{
    uint64_t n_pages = UINT64_C(2) << buddy->depth;
    struct pv_buddy old = *buddy;
    buddy->tree = tree;
    buddy->index = index;
    buddy->names = names;
    if (!buddy->zeroed) {
        memset(tree, 0, (size_t)pv_buddy_tree_bytes(n_pages));
        clear_tables(index, names, n_pages);
    }
    copy_low_half(&old, buddy);
    if (bit(&old, 1)) {
        set_bit(buddy->tree, 1);
        buddy->n_free++;
        if (index) {
            buddy->index[1] = joined(buddy->index[2], buddy->index[3]);
        }
    }
    buddy->free_bytes += buddy->page << buddy->depth;
    buddy->depth++;
    tell(buddy, PV_BUDDY_EVENT_DOUBLE, 1, 0);
}

const char *pv_buddy_fault_name(enum pv_buddy_fault kind)
{
    static const char *const names[PV_BUDDY_N_FAULTS] = {
        [PV_BUDDY_FAULT_NONE] = "none",
        [PV_BUDDY_FAULT_NOT_ALLOCATED] = "not-allocated",
        [PV_BUDDY_FAULT_OUTSIDE] = "outside",
        [PV_BUDDY_FAULT_INTERIOR] = "interior",
        [PV_BUDDY_FAULT_RESERVED] = "reserved",
        [PV_BUDDY_FAULT_WRONG_LENGTH] = "wrong-length",
    };
    return (unsigned)kind < PV_BUDDY_N_FAULTS ? names[kind] : "?";
}
