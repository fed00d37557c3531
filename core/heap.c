/* SPDX-License-Identifier: MIT
 *
 * heap.c - the heap's calls: requests, release, resizing, a heap's life.
 *
 * Keeps the laws of inspect/layout.h after every call. What is free is in the index (index.h);
 * every change to a free pebble goes with a change there, and ends in pv_bucket_settle, which
 * makes the bucket's Largest true again.
 *
 * Costs: a request is O(b + log n), b the buckets in front of the one that serves it and n the
 * free pebbles; a free is O(log n) and, without free neighbours, one insertion.
 */
#include "core/heap.h"

#include "core/index.h"
#include "core/inside.h"
#include "core/spin.h"

/* The two that a kernel must have; the compiler needs them anyway. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);

void pv_heap_listen(struct pv_heap *heap, struct pv_listener *listener)
{
    struct pv_listener **link = &heap->listeners;
    while (*link) {
        link = &(*link)->next;
    }
    listener->next = NULL;
    *link = listener;
}

/* ---- the lock, 20.3.8 ---- */

static void enter(struct pv_heap *heap)
{
    pv_lock_enter(&heap->config.lock, PV_SPINLOCK_OF(heap));
}

static void leave(struct pv_heap *heap)
{
    pv_lock_leave(&heap->config.lock, PV_SPINLOCK_OF(heap));
}

/* ---- taking and giving back ---- */

#ifdef PV_WITHOUT_NAMES
static void set_name(struct pv_pebble *pebble, const char *name)
{
    (void)pebble;
    (void)name;
}
#else
static void set_name(struct pv_pebble *pebble, const char *name)
{
    __builtin_memset(pebble->name, 0, PV_NAME_BYTES);
    for (size_t n = 0; name && n < PV_NAME_BYTES - 1 && name[n]; n++) {
        pebble->name[n] = name[n];
    }
}
#endif

/* Turns a free pebble that fits into the used one that was asked for: cuts a pad off in front
 * for an alignment, and the rest off behind. */
static struct pv_pebble *take(struct pv_heap *heap, struct pv_pebble *pebble,
                              const struct pv_shape *shape)
{
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    uint64_t pad = pv_shape_payload(shape, addr_of(pebble + 1)) - addr_of(pebble + 1);
    uint64_t size = pebble->size;
    if (pad) {
        struct pv_pebble *upper = pv_pebble_split(heap, pebble, pad - PEBBLE_BYTES);
        pv_index_replace(heap, pebble, pebble);
        if (upper->size - shape->size >= SPLIT_MIN) {
            pv_index_insert(heap, pv_pebble_split(heap, upper, shape->size));
        }
        pebble = upper;
    } else if (size - shape->size >= SPLIT_MIN) {
        struct pv_pebble *rest = pv_pebble_split(heap, pebble, shape->size);
        pv_index_replace(heap, pebble, rest);
    } else {
        pv_index_remove(heap, pebble);
    }
    pebble->lflags = PV_PEBBLE_USED;
    pebble->sflags = shape->sflags;
    pebble->alignment = shape->alignment ? (uint32_t)shape->alignment : PV_ALIGN_MIN;
    pv_bucket_settle(heap, bucket);
    return pebble;
}

static void *alloc(struct pv_heap *heap, const struct pv_request *request)
{
    struct pv_shape shape;
    if (!pv_shape_of(request, &shape)) {
        return NULL;
    }
    struct pv_pebble *pebble = pv_bucket_find(heap, &shape);
    if (!pebble) {
        pebble = pv_bucket_grow(heap, &shape);
    }
    if (!pebble) {
        return NULL;
    }
    pebble = take(heap, pebble, &shape);
    set_name(pebble, request->name);
    pv_tell_size(heap, PV_EVENT_ALLOC, pebble, 0, request->size);
    if ((shape.sflags & PV_FLAG_CLEAR) && !heap->config.ignore_payloads) {
        memset(pebble + 1, 0, pebble->size);
    }
    return pebble + 1;
}

void *pv_heap_alloc(struct pv_heap *heap, const struct pv_request *request)
{
    enter(heap);
    void *ptr = alloc(heap, request);
    leave(heap);
    return ptr;
}

void *pv_heap_malloc(struct pv_heap *heap, uint64_t size, const char *name)
{
    return pv_heap_alloc(heap, &(struct pv_request){.size = size, .name = name});
}

/* false: it overflows. Where no instruction multiplies 64 bits it is done by additions, so that
 * a small machine needs no library. */
static bool product_of(uint64_t a, uint64_t b, uint64_t *ret_product)
{
#if UINTPTR_MAX > UINT32_MAX
    return !__builtin_mul_overflow(a, b, ret_product);
#else
    uint64_t product = 0;
    for (; b; b >>= 1) {
        if ((b & 1) && __builtin_add_overflow(product, a, &product)) {
            return false;
        }
        if (b > 1 && a >> 63) {
            return false;
        }
        a <<= 1;
    }
    *ret_product = product;
    return true;
#endif
}

void *pv_heap_calloc(struct pv_heap *heap, uint64_t count, uint64_t size, const char *name)
{
    uint64_t bytes;
    if (!product_of(count, size, &bytes)) {
        return NULL;
    }
    return pv_heap_alloc(
        heap, &(struct pv_request){.size = bytes, .flags = PV_FLAG_CLEAR, .name = name});
}

/* A used pebble becomes free and one with its free neighbours. */
static void give_back(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    struct pv_pebble *prev = pv_pebble_at(pebble->prev);
    struct pv_pebble *next = pv_pebble_at(pebble->next);

    pv_tell_pebble(heap, PV_EVENT_FREE, pebble, NULL);
    pebble->lflags = 0;
    pebble->sflags &= PV_KIND;
    pebble->alignment = PV_ALIGN_MIN;
    set_name(pebble, NULL);

    if (is_free(prev) && is_free(next)) {
        pv_index_remove(heap, next);
    }
    if (is_free(prev)) {
        if (is_free(next)) {
            pv_pebble_absorb(heap, pebble, next);
        }
        pv_pebble_absorb(heap, prev, pebble);
        pv_index_replace(heap, prev, prev);
        pebble = prev;
    } else if (is_free(next)) {
        pv_pebble_absorb(heap, pebble, next);
        pv_index_replace(heap, next, pebble);
    } else {
        pv_index_insert(heap, pebble);
    }
    bool persistent = pebble->sflags & PV_FLAG_PERSISTENT;
    if (bucket != heap->first && !pebble->prev && !pebble->next && !persistent) {
        pv_index_remove(heap, pebble);
        pv_bucket_remove(heap, bucket);
        return;
    }
    pv_bucket_settle(heap, bucket);
    if (heap->config.fit == PV_FIT_RECENT) {
        pv_bucket_set_first(heap, bucket, pebble);
    }
}

const struct pv_pebble *pv_heap_pebble(struct pv_heap *heap, const void *ptr,
                                       enum pv_fault *ret_fault)
{
    enum pv_fault fault;
    const struct pv_pebble *concerned;
    enter(heap);
    const struct pv_pebble *pebble = pv_door_look_up(heap, ptr, &fault, &concerned);
    leave(heap);
    if (ret_fault) {
        *ret_fault = fault;
    }
    return pebble;
}

/* The same for free and realloc, which report what is wrong. */
static struct pv_pebble *pebble_given(struct pv_heap *heap, void *ptr, enum pv_fault *ret_fault)
{
    const struct pv_pebble *concerned;
    struct pv_pebble *pebble = pv_door_look_up(heap, ptr, ret_fault, &concerned);
    if (!pebble) {
        pv_tell(heap, &(struct pv_event){.kind = PV_EVENT_FAULT,
                                         .fault = *ret_fault,
                                         .ptr = ptr,
                                         .pebble = concerned});
    }
    return pebble;
}

enum pv_fault pv_heap_free(struct pv_heap *heap, void *ptr)
{
    enum pv_fault fault = PV_FAULT_NONE;
    enter(heap);
    struct pv_pebble *pebble = ptr ? pebble_given(heap, ptr, &fault) : NULL;
    if (pebble) {
        give_back(heap, pebble);
    }
    leave(heap);
    return fault;
}

/* ---- realloc ---- */

/* The tail of a used pebble, if it can be split off, becomes free and one with what follows. */
static void trim(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    if (pebble->size - size < SPLIT_MIN) {
        return;
    }
    struct pv_pebble *rest = pv_pebble_split(heap, pebble, size);
    struct pv_pebble *next = pv_pebble_at(rest->next);
    if (is_free(next)) {
        pv_pebble_absorb(heap, rest, next);
        pv_index_replace(heap, next, rest);
    } else {
        pv_index_insert(heap, rest);
    }
    pv_bucket_settle(heap, pv_bucket_at(pebble->parent));
}

static bool grow_into_next(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    struct pv_pebble *next = pv_pebble_at(pebble->next);
    uint64_t end = addr_of(pebble + 1) + size;
    if (!is_free(next) || pebble_end(next) < end ||
        !pv_shape_is_low(heap, end, pv_flags_limit(pebble->sflags))) {
        return false;
    }
    pv_index_remove(heap, next);
    pv_pebble_absorb(heap, pebble, next);
    if (pebble->size - size >= SPLIT_MIN) {
        pv_index_insert(heap, pv_pebble_split(heap, pebble, size));
    }
    pv_bucket_settle(heap, pv_bucket_at(pebble->parent));
    return true;
}

static void *move(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    char name[PV_NAME_BYTES + 1] = {0};
    memcpy(name, pv_pebble_name(pebble), PV_NAMES * PV_NAME_BYTES);
    void *to = alloc(heap, &(struct pv_request){.size = size,
                                                .flags = pebble->sflags,
                                                .alignment = pebble->alignment,
                                                .name = name});
    if (to) {
        if (!heap->config.ignore_payloads) {
            memcpy(to, pebble + 1, pebble->size);
        }
        give_back(heap, pebble);
    }
    return to;
}

static void *resize(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    uint64_t rounded = round_up(size ? size : 1, PV_UNIT_BYTES);
    uint64_t old_size = pebble->size;
    if (rounded <= old_size) {
        trim(heap, pebble, rounded);
    } else if (!grow_into_next(heap, pebble, rounded)) {
        return move(heap, pebble, size);
    }
    if ((pebble->sflags & PV_FLAG_CLEAR) && pebble->size > old_size &&
        !heap->config.ignore_payloads) {
        memset((unsigned char *)(pebble + 1) + old_size, 0, pebble->size - old_size);
    }
    pv_tell_size(heap, PV_EVENT_RESIZE, pebble, old_size, size);
    return pebble + 1;
}

void *pv_heap_realloc(struct pv_heap *heap, void *ptr, uint64_t size)
{
    if (!ptr) {
        return pv_heap_malloc(heap, size, NULL);
    }
    enum pv_fault fault;
    enter(heap);
    struct pv_pebble *pebble = pebble_given(heap, ptr, &fault);
    void *to = pebble && size <= SIZE_LIMIT ? resize(heap, pebble, size) : NULL;
    leave(heap);
    return to;
}

/* ---- a heap's life ---- */

bool pv_heap_init(struct pv_heap *heap, const struct pv_heap_config *config)
{
    static const struct pv_shape plain = {.sflags = PV_FLAG_VIRTUAL};
    *heap = (struct pv_heap){.config = *config};
    if (!config->first_pages || config->first_pages > SIZE_LIMIT / PV_PAGE_BYTES ||
        (config->limit_pages && config->first_pages > config->limit_pages)) {
        return false;
    }
    return pv_bucket_add(heap, config->first_pages, &plain) != NULL;
}

void pv_heap_fini(struct pv_heap *heap)
{
    struct pv_bucket *bucket = heap->first;
    while (bucket) {
        struct pv_bucket *next = pv_bucket_at(bucket->next);
        heap->config.pages.put(heap->config.pages.ctx, bucket, bucket->size);
        bucket = next;
    }
    *heap = (struct pv_heap){0};
}

uint64_t pv_heap_trim(struct pv_heap *heap)
{
    uint64_t n_less = 0;
    enter(heap);
    struct pv_bucket *bucket = heap->config.pages.shrink ? heap->first : NULL;
    for (; bucket; bucket = pv_bucket_at(bucket->next)) {
        n_less += pv_bucket_trim(heap, bucket);
    }
    leave(heap);
    return n_less;
}
