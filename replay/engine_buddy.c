/* SPDX-License-Identifier: MIT
 *
 * engine_buddy.c - drives core/buddy.h on one chunk and speaks in target addresses.
 *
 * The first chunk is the smallest page << n that holds the first bucket's bytes. When a request
 * finds no room, the chunk doubles, as often as it takes and no more often: it goes on where it
 * ended, its old tree becomes that of the low half, and every block stays at its address.
 *
 *   before   |################################|
 *   after    |################################|................................|
 *            base                             base + (page << depth)
 *
 * For that the tree, the side index and the names lie outside the chunk: of 2^depth pages the
 * whole chunk is the program's. The chunk is one run of pages of a space (space.h), never given
 * back; nobody reads or writes it.
 *
 * An aligned request is one of the least power whose places all lie right: a block of page << p
 * lies at a multiple of its size, so its address has p zero bits and those of the page. Memory
 * below 4 GiB and physical memory are not served: those requests are refused.
 */
#include "replay/engine_buddy.h"

#include "core/buddy.h"
#include "core/own.h"
#include "core/status.h"
#include "inspect/rules.h"
#include "replay/space.h"

enum { FIRST_BYTES = 64 * 1024 };

struct pv_engine {
    struct pv_space *space;
    struct pv_pages pages;
    struct pv_buddy buddy;
    struct pv_engine_listener told;
    uint64_t bias;
    uint64_t limit_bytes; /* 0: none */
    uint64_t held_pages;  /* of the space */
    uint64_t extent;      /* pv_buddy_extent, while it is known: a walk of the tree's depth */
    bool knows_extent;
    enum pv_buddy_end end;
    bool out_of_memory;
};

static uint64_t page_of(const struct pv_engine_options *options)
{
    return options->page_bytes ? options->page_bytes : PV_BUDDY_PAGE_BYTES;
}

static uint64_t managed(const struct pv_engine *engine)
{
    return engine->buddy.page << engine->buddy.depth;
}

static uint64_t space_pages(uint64_t bytes)
{
    return bytes / PV_PAGE_BYTES + (bytes % PV_PAGE_BYTES != 0);
}

static uint64_t base_of(const struct pv_engine *engine)
{
    return (uint64_t)(uintptr_t)engine->buddy.chunk + engine->bias;
}

static void tell_chunk(const struct pv_engine *engine, uint64_t pages_before)
{
    struct pv_bucket_change change = {.addr = base_of(engine),
                                      .first = base_of(engine),
                                      .pages_before = pages_before,
                                      .pages_after = UINT64_C(1) << engine->buddy.depth};
    engine->told.bucket(engine->told.ctx, &change);
}

/* ---- tables beside the chunk ---- */

/* Reserves address space; only the parts around blocks become memory. */
struct tables {
    uint64_t n_pages;
    unsigned char *tree, *index;
    const char **names;
};

static void free_tables(const struct tables *tables)
{
    uint64_t n_pages = tables->n_pages;
    pv_space_zeros_free(tables->tree, pv_buddy_tree_bytes(n_pages));
    pv_space_zeros_free(tables->index, pv_buddy_index_bytes(n_pages));
    pv_space_zeros_free(tables->names, n_pages * sizeof *tables->names);
}

static bool make_tables(struct tables *tables, uint64_t n_pages)
{
    tables->n_pages = n_pages;
    tables->tree = pv_space_zeros(pv_buddy_tree_bytes(n_pages));
    tables->index = pv_space_zeros(pv_buddy_index_bytes(n_pages));
    tables->names = pv_space_zeros(n_pages * sizeof *tables->names);
    if (tables->tree && tables->index && tables->names) {
        return true;
    }
    free_tables(tables);
    return false;
}

static struct tables tables_of(const struct pv_engine *engine)
{
    return (struct tables){.n_pages = UINT64_C(1) << engine->buddy.depth,
                           .tree = engine->buddy.tree,
                           .index = engine->buddy.index,
                           .names = engine->buddy.names};
}

/* ---- open and close ---- */

static void buddy_close(struct pv_engine *engine)
{
    if (engine) {
        struct tables tables = tables_of(engine);
        free_tables(&tables);
        pv_space_close(engine->space);
        pv_own_free(engine);
    }
}

static int chunk_start(struct pv_engine *engine, const struct pv_engine_options *options)
{
    uint64_t page = page_of(options), bytes = page;
    uint64_t first = options->first_bucket_bytes ? options->first_bucket_bytes : FIRST_BYTES;
    if (page > PV_BUDDY_PAGE_MOST || first > (UINT64_C(1) << 48)) {
        return PV_EINVAL;
    }
    while (bytes < first) {
        bytes *= 2;
    }
    if (options->limit_bytes && options->limit_bytes < bytes) {
        return PV_EINVAL;
    }
    struct tables tables;
    if (!make_tables(&tables, bytes / page)) {
        return PV_ENOMEM;
    }
    engine->held_pages = space_pages(bytes);
    void *chunk = engine->pages.get(engine->pages.ctx, engine->held_pages, PV_FLAG_VIRTUAL);
    if (!chunk) {
        free_tables(&tables);
        return PV_ENOMEM;
    }
    struct pv_buddy_config config = {.chunk = chunk,
                                     .total_bytes = bytes,
                                     .page_bytes = page,
                                     .index = tables.index,
                                     .tree = tables.tree,
                                     .names = tables.names,
                                     .zeroed = true,
                                     .ignore_payloads = true};
    (void)pv_buddy_init(&engine->buddy, &config); /* a whole chunk of at least one page */
    tell_chunk(engine, 0);
    return PV_OK;
}

static int buddy_open(struct pv_engine **ret_engine, const struct pv_engine_options *options,
                      const struct pv_engine_listener *listener)
{
    if (options->machine) {
        return PV_ENOTSUP; /* its memory has holes, and a chunk that doubles has none */
    }
    struct pv_engine *engine = pv_own_calloc(1, sizeof *engine);
    if (!engine) {
        return PV_ENOMEM;
    }
    engine->told = *listener;
    engine->limit_bytes = options->limit_bytes;
    engine->end = options->high ? PV_BUDDY_HIGH : PV_BUDDY_LOW;
    int status = pv_space_open(&engine->space, NULL);
    if (!status) {
        engine->bias = pv_space_bias(engine->space);
        engine->pages = pv_space_pages(engine->space);
        status = chunk_start(engine, options);
    }
    if (status) {
        buddy_close(engine);
        return status;
    }
    *ret_engine = engine;
    return PV_OK;
}

/* ---- growing ---- */

/* Bytes of the smallest chunk, of at least twice the present, in which a block of `size` finds
 * room for sure; with `empty` nothing else is in it. UINT64_MAX: there is none. */
static uint64_t chunk_for(const struct pv_engine *engine, uint64_t size, bool empty)
{
    uint64_t bytes = managed(engine), block = engine->buddy.page;
    if (size > (uint64_t)INT64_MAX / 4) {
        return UINT64_MAX;
    }
    while (block < size) {
        block *= 2;
    }
    bytes *= 2;
    while (empty ? bytes < block : bytes / 2 < block) {
        bytes *= 2;
    }
    return bytes;
}

static bool double_once(struct pv_engine *engine)
{
    struct tables tables, old = tables_of(engine);
    uint64_t n_pages = UINT64_C(1) << engine->buddy.depth;
    if (!make_tables(&tables, 2 * n_pages)) {
        engine->out_of_memory = true;
        return false;
    }
    pv_buddy_double(&engine->buddy, tables.tree, tables.index, tables.names);
    free_tables(&old);
    tell_chunk(engine, n_pages);
    return true;
}

/* Makes room for a block that found none. false: the limit, the space or our memory does not
 * allow it; in the last case the chunk may have grown all the same. */
static bool grow(struct pv_engine *engine, uint64_t size, bool empty)
{
    uint64_t bytes = chunk_for(engine, size, empty);
    if (bytes == UINT64_MAX || (engine->limit_bytes && bytes > engine->limit_bytes)) {
        return false;
    }
    uint64_t more = space_pages(bytes) - engine->held_pages;
    if (more &&
        !engine->pages.grow(engine->pages.ctx, engine->buddy.chunk, engine->held_pages, more)) {
        return false;
    }
    engine->held_pages += more;
    bool done = true;
    while (done && managed(engine) < bytes) {
        done = double_once(engine);
    }
    return done;
}

/* ---- requests ---- */

static int refused(const struct pv_engine *engine)
{
    return engine->out_of_memory || pv_space_out_of_memory(engine->space) ? PV_ENOMEM : 1;
}

static void say_place(const struct pv_engine *engine, const void *ptr, uint64_t size,
                      struct pv_place_of_block *ret_place)
{
    *ret_place = (struct pv_place_of_block){
        .addr = (uint64_t)(uintptr_t)ptr + engine->bias,
        .size = size,
    };
}

/* The end of the last block moves when a block is placed behind it, or when the last block is
 * freed. */
static void extent_came(struct pv_engine *engine, const void *ptr, uint64_t size)
{
    uint64_t end = (uint64_t)((const unsigned char *)ptr - engine->buddy.chunk) + size;
    if (engine->knows_extent && end > engine->extent) {
        engine->extent = end;
    }
}

static void extent_went(struct pv_engine *engine, const void *ptr, uint64_t size)
{
    uint64_t end = (uint64_t)((const unsigned char *)ptr - engine->buddy.chunk) + size;
    engine->knows_extent &= end != engine->extent;
}

/* The bytes to ask for, so that the place is aligned too; UINT64_MAX: it cannot be. */
static uint64_t aligned_size(const struct pv_engine *engine, const struct pv_request *request)
{
    const uint32_t never =
        PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG | PV_FLAG_LOW16MEG | PV_FLAG_LOW4GIG;
    uint64_t size = engine->buddy.page;
    if (request->flags & never) {
        return UINT64_MAX;
    }
    if (!(request->flags & PV_FLAG_ALIGNED)) {
        return request->size;
    }
    if (request->alignment < 1 || request->alignment > PV_ALIGN_MAX) {
        return UINT64_MAX;
    }
    for (uint64_t zeros = size & -size; zeros < request->alignment; zeros *= 2) {
        size *= 2;
    }
    return size > request->size ? size : request->size;
}

static int buddy_alloc(struct pv_engine *engine, const struct pv_request *request,
                       struct pv_place_of_block *ret_place)
{
    uint64_t wanted = aligned_size(engine, request), size = wanted;
    void *ptr = pv_buddy_alloc(&engine->buddy, &size, engine->end);
    if (!ptr && grow(engine, wanted, engine->buddy.free_bytes == managed(engine))) {
        size = wanted;
        ptr = pv_buddy_alloc(&engine->buddy, &size, engine->end);
    }
    if (!ptr) {
        return refused(engine);
    }
    extent_came(engine, ptr, size);
    pv_buddy_set_name(&engine->buddy, ptr, request->name);
    say_place(engine, ptr, size, ret_place);
    return PV_OK;
}

static void *pointer_at(const struct pv_engine *engine, uint64_t addr)
{
    return (void *)(uintptr_t)(addr - engine->bias);
}

static int buddy_resize(struct pv_engine *engine, uint64_t addr, uint64_t size,
                        struct pv_place_of_block *ret_place)
{
    void *old = pointer_at(engine, addr);
    uint64_t held = pv_buddy_size(&engine->buddy, old), granted = size;
    void *ptr = pv_buddy_realloc(&engine->buddy, old, &granted, engine->end);
    bool alone = engine->buddy.free_bytes + held == managed(engine);
    if (!ptr && grow(engine, size, alone)) {
        granted = size;
        ptr = pv_buddy_realloc(&engine->buddy, old, &granted, engine->end);
    }
    if (!ptr) {
        return refused(engine);
    }
    extent_went(engine, old, held);
    extent_came(engine, ptr, granted);
    say_place(engine, ptr, granted, ret_place);
    return PV_OK;
}

static void buddy_free(struct pv_engine *engine, uint64_t addr)
{
    void *ptr = pointer_at(engine, addr);
    uint64_t size = pv_buddy_size(&engine->buddy, ptr);
    extent_went(engine, ptr, size);
    (void)pv_buddy_free(&engine->buddy, ptr, size);
}

/* ---- looking ---- */

struct walk {
    const struct pv_engine *engine;
    struct pv_tags *tags;
    struct pv_snapshot *snapshot;
    int status;
};

static bool add_row(void *ctx, const struct pv_buddy_node *node)
{
    struct walk *walk = ctx;
    const struct pv_buddy *buddy = &walk->engine->buddy;
    struct pv_bucket_row *bucket = &walk->snapshot->buckets[0];
    struct pv_pebble_row *row = pv_snapshot_add_pebble(walk->snapshot);
    if (!row) {
        walk->status = PV_ENOMEM;
        return false;
    }
    *row = (struct pv_pebble_row){.addr = bucket->addr + node->offset,
                                  .size = node->size,
                                  .requested = PV_UNKNOWN,
                                  .id = PV_UNKNOWN,
                                  .born = PV_UNKNOWN,
                                  .parent = bucket->addr,
                                  .lflags = node->used};
    if (node->used) {
        const char *name = pv_buddy_name(buddy, buddy->chunk + node->offset);
        walk->status = pv_tags_add_short(walk->tags, name, &row->tag);
    } else if (node->size > bucket->largest) {
        bucket->largest = node->size;
    }
    return !walk->status;
}

static int buddy_walk(struct pv_engine *engine, struct pv_tags *tags,
                      struct pv_snapshot **ret_snapshot)
{
    struct walk walk = {.engine = engine, .tags = tags};
    int status = pv_snapshot_open(&walk.snapshot, PV_SNAPSHOT_MEMORY, &pv_layout_buddy, tags);
    if (status) {
        return status;
    }
    walk.snapshot->page_bytes = (uint32_t)engine->buddy.page;
    struct pv_bucket_row *bucket = pv_snapshot_add_bucket(walk.snapshot);
    if (bucket) {
        bucket->addr = bucket->first = base_of(engine);
        bucket->n_pages = UINT64_C(1) << engine->buddy.depth;
        pv_buddy_visit(&engine->buddy, add_row, &walk);
    }
    if (bucket && !walk.status) {
        walk.status = pv_rules_apply(walk.snapshot);
    }
    if (!bucket || walk.status) {
        pv_snapshot_close(walk.snapshot);
        return PV_ENOMEM;
    }
    pv_snapshot_count(walk.snapshot);
    *ret_snapshot = walk.snapshot;
    return PV_OK;
}

/* Only the limit, the space or our memory keeps the chunk from doubling. A request that fits
 * and is still not served has flags that no chunk serves. */
static struct pv_refusal buddy_refusal(struct pv_engine *engine, uint64_t bytes)
{
    struct pv_refusal refusal = {.free_bytes = engine->buddy.free_bytes,
                                 .largest = pv_buddy_largest(&engine->buddy)};
    refusal.why = bytes <= refusal.largest || bytes > UINT64_MAX / 4 ? PV_WHY_RANGE
                  : bytes <= refusal.free_bytes                      ? PV_WHY_FRAGMENTATION
                  : engine->limit_bytes                              ? PV_WHY_LIMIT
                                                                     : PV_WHY_NO_MEMORY;
    return refusal;
}

static void buddy_figures(struct pv_engine *engine, uint64_t *ret_free_bytes,
                          uint64_t *ret_free_blocks, uint64_t *ret_largest,
                          uint64_t *ret_extent)
{
    *ret_free_bytes = engine->buddy.free_bytes;
    *ret_free_blocks = engine->buddy.n_free;
    *ret_largest = pv_buddy_largest(&engine->buddy);
    if (!engine->knows_extent) {
        engine->extent = pv_buddy_extent(&engine->buddy);
        engine->knows_extent = true;
    }
    *ret_extent = engine->extent;
}

/* Blocks lie at multiples of the page from the chunk's start. */
static void buddy_shape(const struct pv_engine_options *options,
                        struct pv_engine_shape *ret_shape)
{
    uint64_t page = page_of(options);
    *ret_shape = (struct pv_engine_shape){.page_bytes = page};
    while (page >> ret_shape->apart > 1) {
        ret_shape->apart++;
    }
}

const struct pv_engine_type pv_engine_buddy = {
    .name = "buddy",
    .about = "halves of halves: blocks of a page times a power of two",
    .layout = &pv_layout_buddy,
    .shape = buddy_shape,
    .open = buddy_open,
    .close = buddy_close,
    .alloc = buddy_alloc,
    .resize = buddy_resize,
    .free = buddy_free,
    .refusal = buddy_refusal,
    .walk = buddy_walk,
    .figures = buddy_figures,
};
