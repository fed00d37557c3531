/* SPDX-License-Identifier: MIT
 *
 * engine_bucket.c - drives core/heap.h on pages of its own and speaks in target addresses.
 *
 * The extent is kept from the heap's events in O(1) each: of a bucket only the change
 * at its last used pebble matters, and since no two free pebbles are neighbours, that pebble is
 * the last one or the last but one of the list.
 *
 * Payloads are never touched here, so that blocks cost the pages in which their headers lie. Of
 * a large heap of large blocks the pages in which only absorbed headers lie are given back, or
 * in the end each page would have held one. Where blocks are small each page holds some, and
 * pages come in large pieces instead.
 */
#include "replay/engine_bucket.h"

#include <stdlib.h>

#include "core/own.h"
#include "core/status.h"
#include "inspect/walk.h"
#include "replay/space.h"

enum {
    DEFAULT_BUCKET_BYTES = 64 * 1024,
    LARGE_PAGES = 4096, /* a heap of so many gives pages back */
    DENSE_BLOCKS =
        2, /* for a page, in the mean, at the moment with most: then blocks are small */
    ABSORBED_MOST = 1024,
    MAGIC_STEP = 16, /* headers lie on multiples of this */
};

struct pv_engine {
    const struct pv_engine_type *type;
    struct pv_space *space;
    struct pv_heap heap;
    struct pv_listener listener;
    struct pv_engine_listener told; /* who is told of buckets */
    uint64_t bias;
    uint64_t extent; /* sum over buckets: end of the last used pebble less the start */
    uint64_t n_used, most_used; /* blocks */
    struct pv_refusal refusal;
    uintptr_t absorbed[ABSORBED_MOST]; /* pages in which a header was absorbed */
    size_t n_absorbed;
};

static bool pebble_used(const struct pv_pebble *pebble)
{
    return pebble->lflags & PV_PEBBLE_USED;
}

static bool is_last_used(const struct pv_pebble *pebble)
{
    const struct pv_pebble *next = pv_pebble_at(pebble->next);
    return !next || (!pebble_used(next) && !next->next);
}

static uint64_t end_of(const struct pv_pebble *pebble)
{
    return (uint64_t)(uintptr_t)(pebble + 1) + pebble->size;
}

/* The bytes from the end of the used pebble before this one (or the bucket's start) to the end
 * of this one. */
static uint64_t reach(const struct pv_pebble *pebble)
{
    const struct pv_pebble *prev = pv_pebble_at(pebble->prev);
    if (prev && !pebble_used(prev)) {
        prev = pv_pebble_at(prev->prev);
    }
    return end_of(pebble) - (prev ? end_of(prev) : pebble->parent);
}

static void count_extent(struct pv_engine *engine, const struct pv_event *event)
{
    if (event->kind == PV_EVENT_ALLOC && is_last_used(event->pebble)) {
        engine->extent += reach(event->pebble);
    } else if (event->kind == PV_EVENT_FREE && is_last_used(event->pebble)) {
        engine->extent -= reach(event->pebble);
    } else if (event->kind == PV_EVENT_RESIZE && is_last_used(event->pebble)) {
        engine->extent += event->pebble->size - event->old_size;
    }
}

static void count_used(struct pv_engine *engine, const struct pv_event *event)
{
    engine->n_used += event->kind == PV_EVENT_ALLOC;
    engine->n_used -= event->kind == PV_EVENT_FREE;
    engine->most_used = engine->n_used > engine->most_used ? engine->n_used : engine->most_used;
}

static bool is_large(const struct pv_engine *engine)
{
    return engine->heap.n_pages >= LARGE_PAGES;
}

static bool is_dense(const struct pv_engine *engine)
{
    return engine->heap.n_pages <= engine->most_used / DENSE_BLOCKS;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t one = *(const uintptr_t *)a, other = *(const uintptr_t *)b;
    return (one > other) - (one < other);
}

/* Whether no header, and nothing that the index keeps behind one, lies in a page. An absorbed
 * header has no magic, and nobody else writes here. What a call in progress absorbs has its
 * magic still, so that its node stays until the heap has done with it. */
static bool is_left(uintptr_t page)
{
    uintptr_t from = page - sizeof(struct pv_pebble) - PV_UNIT_BYTES + MAGIC_STEP;
    for (uintptr_t at = from; at < page + PV_PAGE_BYTES; at += MAGIC_STEP) {
        if (pv_pebble_at(at)->magic == PV_PEBBLE_MAGIC) {
            return false;
        }
    }
    return true;
}

static void clear_absorbed(struct pv_engine *engine)
{
    qsort(engine->absorbed, engine->n_absorbed, sizeof engine->absorbed[0], by_address);
    uintptr_t from = 0, to = 0; /* pages that lie side by side go together */
    for (size_t i = 0; i < engine->n_absorbed; i++) {
        uintptr_t page = engine->absorbed[i];
        bool is_new = !i || page != engine->absorbed[i - 1];
        if (!is_new || !pv_space_can_clear(engine->space, (void *)page) || !is_left(page)) {
            continue;
        }
        if (page != to) {
            pv_space_clear((void *)from, to - from);
            from = page;
        }
        to = page + PV_PAGE_BYTES;
    }
    pv_space_clear((void *)from, to - from);
    engine->n_absorbed = 0;
}

/* The header and the node behind it may lie on two pages. */
static void note_absorbed(struct pv_engine *engine, const struct pv_pebble *gone)
{
    const uintptr_t page_bits = ~(uintptr_t)(PV_PAGE_BYTES - 1);
    uintptr_t first = (uintptr_t)gone & page_bits;
    uintptr_t last = ((uintptr_t)(gone + 1) + PV_UNIT_BYTES - 1) & page_bits;
    if (engine->n_absorbed + 2 > ABSORBED_MOST) {
        clear_absorbed(engine);
    }
    engine->absorbed[engine->n_absorbed++] = first;
    if (last != first) {
        engine->absorbed[engine->n_absorbed++] = last;
    }
}

static void on_event(void *ctx, const struct pv_event *event)
{
    struct pv_engine *engine = ctx;
    struct pv_bucket_change change = {0};
    switch (event->kind) {
    case PV_EVENT_BUCKET_ADD:
        change.before = event->bucket->next ? event->bucket->next + engine->bias : 0;
        change.pages_after = event->bucket->size;
        break;
    case PV_EVENT_BUCKET_GROW:
        change.pages_before = event->n_pages;
        change.pages_after = event->bucket->size;
        pv_space_take_large(engine->space, is_large(engine) && is_dense(engine));
        break;
    case PV_EVENT_BUCKET_FIRST:
        change.pages_before = change.pages_after = event->bucket->size;
        break;
    case PV_EVENT_BUCKET_SHRINK:
        change.pages_before = event->n_pages;
        change.pages_after = event->bucket->size;
        break;
    case PV_EVENT_BUCKET_REMOVE:
        change.pages_before = event->bucket->size;
        break;
    case PV_EVENT_MERGE:
        if (is_large(engine) && !is_dense(engine)) {
            note_absorbed(engine, event->other);
        }
        return;
    case PV_EVENT_REFUSED:
        engine->refusal = (struct pv_refusal){
            .why = event->why, .free_bytes = event->free_bytes, .largest = event->largest};
        return;
    default:
        count_used(engine, event);
        count_extent(engine, event);
        return;
    }
    change.addr = (uint64_t)(uintptr_t)event->bucket + engine->bias;
    change.first = event->bucket->first + engine->bias;
    change.kind = pv_pebble_at(event->bucket->first)->sflags & PV_KIND;
    engine->told.bucket(engine->told.ctx, &change);
}

/* The whole pages in a hole, without those of its header and node. */
static void clear_hole(struct pv_pebble *hole)
{
    const uintptr_t page_bits = ~(uintptr_t)(PV_PAGE_BYTES - 1);
    uintptr_t from = ((uintptr_t)(hole + 1) + PV_UNIT_BYTES + PV_PAGE_BYTES - 1) & page_bits;
    uintptr_t to = ((uintptr_t)(hole + 1) + hole->size) & page_bits;
    if (from < to) {
        pv_space_clear((void *)from, to - from);
    }
}

static void bucket_rest(struct pv_engine *engine)
{
    if (!is_large(engine)) {
        return;
    }
    clear_absorbed(engine);
    struct pv_bucket *bucket = engine->heap.first;
    for (; bucket; bucket = pv_bucket_at(bucket->next)) {
        struct pv_pebble *pebble = pv_pebble_at(bucket->first);
        while (pebble->prev) {
            pebble = pv_pebble_at(pebble->prev);
        }
        for (; pebble; pebble = pv_pebble_at(pebble->next)) {
            if (!pebble_used(pebble)) {
                clear_hole(pebble);
            }
        }
    }
}

static void bucket_close(struct pv_engine *engine)
{
    if (engine) {
        pv_heap_fini(&engine->heap);
        pv_space_close(engine->space);
        pv_own_free(engine);
    }
}

static int heap_start(struct pv_engine *engine, const struct pv_engine_options *options)
{
    uint64_t first = options->first_bucket_bytes ? options->first_bucket_bytes
                                                 : (uint64_t)DEFAULT_BUCKET_BYTES;
    struct pv_heap_config config = {
        .pages = pv_space_pages(engine->space),
        .first_pages = first / PV_PAGE_BYTES + (first % PV_PAGE_BYTES != 0),
        .growth = options->growth,
        .fit = engine->type == &pv_engine_best_fit     ? PV_FIT_BEST
               : engine->type == &pv_engine_recent_fit ? PV_FIT_RECENT
                                                       : PV_FIT_FIRST,
        .ignore_payloads = true,
        .limit_pages = options->limit_bytes / PV_PAGE_BYTES,
        .bias = engine->bias,
    };
    if (options->limit_bytes && config.limit_pages < config.first_pages) {
        return PV_EINVAL;
    }
    if (!pv_heap_init(&engine->heap, &config)) {
        bool full = options->machine && !pv_space_out_of_memory(engine->space);
        return full ? PV_EINVAL : PV_ENOMEM;
    }
    engine->told.bucket(engine->told.ctx,
                        &(struct pv_bucket_change){
                            .addr = (uint64_t)(uintptr_t)engine->heap.first + engine->bias,
                            .first = engine->heap.first->first + engine->bias,
                            .kind = PV_FLAG_VIRTUAL,
                            .pages_after = config.first_pages});
    engine->listener = (struct pv_listener){.event = on_event, .ctx = engine};
    pv_heap_listen(&engine->heap, &engine->listener);
    return PV_OK;
}

static int open_as(const struct pv_engine_type *type, struct pv_engine **ret_engine,
                   const struct pv_engine_options *options,
                   const struct pv_engine_listener *listener)
{
    struct pv_engine *engine = pv_own_calloc(1, sizeof *engine);
    if (!engine) {
        return PV_ENOMEM;
    }
    engine->type = type;
    engine->told = *listener;
    int status = pv_space_open(&engine->space, options->machine);
    if (!status) {
        engine->bias = pv_space_bias(engine->space);
        status = heap_start(engine, options);
    }
    if (status) {
        bucket_close(engine);
        return status;
    }
    *ret_engine = engine;
    return PV_OK;
}

static int first_fit_open(struct pv_engine **ret_engine,
                          const struct pv_engine_options *options,
                          const struct pv_engine_listener *listener)
{
    return open_as(&pv_engine_first_fit, ret_engine, options, listener);
}

static int recent_fit_open(struct pv_engine **ret_engine,
                           const struct pv_engine_options *options,
                           const struct pv_engine_listener *listener)
{
    return open_as(&pv_engine_recent_fit, ret_engine, options, listener);
}

static int best_fit_open(struct pv_engine **ret_engine, const struct pv_engine_options *options,
                         const struct pv_engine_listener *listener)
{
    return open_as(&pv_engine_best_fit, ret_engine, options, listener);
}

/* Turns a payload of this process, or NULL, into the result of alloc and resize. If the system
 * refused pages, the heap may have chosen another place than it would have otherwise: such a
 * result is not used. */
static int place(const struct pv_engine *engine, const void *payload,
                 struct pv_place_of_block *ret_place)
{
    if (pv_space_out_of_memory(engine->space)) {
        return PV_ENOMEM;
    }
    if (!payload) {
        return 1;
    }
    const struct pv_pebble *pebble = (const struct pv_pebble *)payload - 1;
    *ret_place = (struct pv_place_of_block){
        .addr = (uint64_t)(uintptr_t)pebble + engine->bias,
        .size = pebble->size,
        .sflags = pebble->sflags,
        .alignment = pebble->alignment,
    };
    return PV_OK;
}

static void *payload_at(const struct pv_engine *engine, uint64_t addr)
{
    return pv_pebble_payload(pv_pebble_at(addr - engine->bias));
}

static int bucket_alloc(struct pv_engine *engine, const struct pv_request *request,
                        struct pv_place_of_block *ret_place)
{
    return place(engine, pv_heap_alloc(&engine->heap, request), ret_place);
}

static int bucket_resize(struct pv_engine *engine, uint64_t addr, uint64_t size,
                         struct pv_place_of_block *ret_place)
{
    void *payload = payload_at(engine, addr);
    return place(engine, pv_heap_realloc(&engine->heap, payload, size), ret_place);
}

static void bucket_free(struct pv_engine *engine, uint64_t addr)
{
    pv_heap_free(&engine->heap, payload_at(engine, addr));
}

/* The first call prefetches the header, the second those before and behind it. */
static void bucket_soon(const struct pv_engine *engine, uint64_t addr, bool again)
{
    const struct pv_pebble *pebble = pv_pebble_at(addr - engine->bias);
    if (again) {
        __builtin_prefetch(pv_pebble_at(pebble->prev), 1);
        __builtin_prefetch(pv_pebble_at(pebble->next), 1);
        __builtin_prefetch((const char *)pv_pebble_at(pebble->next) + 64, 1);
    } else {
        __builtin_prefetch(pebble, 1);
        __builtin_prefetch((const char *)pebble + 64, 1);
    }
}

static struct pv_refusal bucket_refusal(struct pv_engine *engine, uint64_t bytes)
{
    (void)bytes;
    return engine->refusal;
}

static int bucket_walk(struct pv_engine *engine, struct pv_tags *tags,
                       struct pv_snapshot **ret_snapshot)
{
    const struct pv_walk walk = {
        .memory = pv_space_memory(engine->space),
        .layout = &pv_layout_fysos,
        .root = (uint64_t)(uintptr_t)engine->heap.first + engine->bias,
        .bias = engine->bias,
    };
    return pv_walk(&walk, tags, ret_snapshot);
}

static void bucket_figures(struct pv_engine *engine, uint64_t *ret_free_bytes,
                           uint64_t *ret_free_blocks, uint64_t *ret_largest,
                           uint64_t *ret_extent)
{
    *ret_free_bytes = engine->heap.free_bytes;
    *ret_free_blocks = engine->heap.n_free;
    *ret_largest = pv_heap_largest_pebble(&engine->heap);
    *ret_extent = engine->extent;
}

/* Two headers and the smallest payload: blocks begin 144 bytes apart, without names 112. */
static void bucket_shape(const struct pv_engine_options *options,
                         struct pv_engine_shape *ret_shape)
{
    (void)options;
    *ret_shape =
        (struct pv_engine_shape){.page_bytes = PV_PAGE_BYTES, .apart = PV_NAMES ? 7 : 6};
}

#define BUCKET_ENGINE                                                                          \
    .header_bytes = sizeof(struct pv_pebble), .bucket_header_bytes = sizeof(struct pv_bucket), \
    .layout = &pv_layout_fysos, .shape = bucket_shape, .soon = bucket_soon,                    \
    .rest = bucket_rest, .close = bucket_close, .alloc = bucket_alloc,                         \
    .resize = bucket_resize, .free = bucket_free, .refusal = bucket_refusal,                   \
    .walk = bucket_walk, .figures = bucket_figures

const struct pv_engine_type pv_engine_first_fit = {
    .name = "first-fit",
    .about = "the first free pebble in list order that is large enough",
    .open = first_fit_open,
    BUCKET_ENGINE,
};

const struct pv_engine_type pv_engine_best_fit = {
    .name = "best-fit",
    .about = "the smallest free pebble that is large enough, of equals the first",
    .bucket_lflags = PV_BUCKET_BEST_FIT,
    .open = best_fit_open,
    BUCKET_ENGINE,
};

const struct pv_engine_type pv_engine_recent_fit = {
    .name = "recent-fit",
    .about = "the first large enough from where memory was freed last, and around",
    .open = recent_fit_open,
    BUCKET_ENGINE,
};
