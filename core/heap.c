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

/* The two library functions that a kernel must have; the compiler needs them anyway. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);

/* ---- the lock, 20.3.8 ---- */

static void enter(struct pv_heap *heap)
{
    pv_lock_enter(&heap->config.lock, PV_SPINLOCK_OF(heap));
}

static void leave(struct pv_heap *heap)
{
    if (__builtin_expect(heap->damaged != NULL, 0)) {
        pv_sound_mend(heap);
    }
    pv_lock_leave(&heap->config.lock, PV_SPINLOCK_OF(heap));
}

void pv_heap_listen(struct pv_heap *heap, struct pv_listener *listener)
{
    enter(heap);
    struct pv_listener **link = &heap->listeners;
    while (*link) {
        link = &(*link)->next;
    }
    listener->next = NULL;
    *link = listener;
    leave(heap);
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

static void set_used(struct pv_pebble *pebble, const struct pv_shape *shape)
{
    pebble->lflags = PV_PEBBLE_USED;
    pebble->sflags = shape->sflags;
    pebble->alignment = shape->alignment ? (uint32_t)shape->alignment : PV_ALIGN_MIN;
}

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
    set_used(pebble, shape);
    pv_bucket_settle(heap, bucket);
    return pebble;
}

/* Clears the payload from an offset on, in a block that was requested with CLEAR. */
static void clear(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t from)
{
    if ((pebble->sflags & PV_FLAG_CLEAR) && !heap->config.ignore_payloads) {
        memset((unsigned char *)(pebble + 1) + from, 0, pebble->size - from);
    }
}

/* A free pebble that serves the request becomes the block. */
static void *hand_out(struct pv_heap *heap, struct pv_pebble *pebble,
                      const struct pv_shape *shape, const struct pv_request *request)
{
    pebble = take(heap, pebble, shape);
    set_name(pebble, request->name);
    pv_tell_size(heap, PV_EVENT_ALLOC, pebble, 0, request->size);
    clear(heap, pebble, 0);
    return pebble + 1;
}

/* Tells that a request is refused; shape NULL: no heap could serve it. */
static PV_COLD void tell_refused(struct pv_heap *heap, const struct pv_request *request,
                                 const struct pv_shape *shape, const struct pv_pebble *pebble)
{
    if (!heap->listeners) {
        return;
    }
    struct pv_event event = {.kind = PV_EVENT_REFUSED,
                             .pebble = pebble,
                             .requested = request->size,
                             .why = PV_WHY_RANGE,
                             .flags = request->flags,
                             .name = request->name};
    if (shape) {
        event.largest = pv_bucket_largest_for(heap, shape);
        event.free_bytes = pv_bucket_free_for(heap, shape);
        event.why = event.free_bytes >= shape->size         ? PV_WHY_FRAGMENTATION
                    : pv_grow_is_allowed(heap, shape->size) ? PV_WHY_NO_MEMORY
                                                            : PV_WHY_LIMIT;
    }
    pv_tell(heap, &event);
}

static void *alloc(struct pv_heap *heap, const struct pv_request *request)
{
    struct pv_shape shape;
    if (!pv_shape_of(request, &shape)) {
        if (request->flags & ~PV_FLAGS) {
            pv_tell(heap, &(struct pv_event){.kind = PV_EVENT_FAULT,
                                             .fault = PV_FAULT_UNKNOWN_FLAGS,
                                             .requested = request->size});
        }
        tell_refused(heap, request, NULL, NULL);
        return NULL;
    }
    struct pv_pebble *pebble = pv_bucket_find(heap, &shape, false);
    if (!pebble) {
        pebble = pv_grow(heap, &shape);
    }
    if (!pebble) {
        tell_refused(heap, request, &shape, NULL);
        return NULL;
    }
    return hand_out(heap, pebble, &shape, request);
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
        bytes = UINT64_MAX; /* more than any heap has: refused, and told so */
    }
    return pv_heap_alloc(
        heap, &(struct pv_request){.size = bytes, .flags = PV_FLAG_CLEAR, .name = name});
}

/* Frees a used pebble and merges it with its free neighbours. */
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
    if (is_recent_fit(heap, bucket)) {
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

/* The block that has probably overrun into the header that a fault of the door is about. */
static const struct pv_pebble *suspect_of(struct pv_heap *heap, enum pv_fault fault,
                                          const void *ptr, const struct pv_pebble *concerned)
{
    switch (fault) {
    case PV_FAULT_OVERRUN:
        return concerned;
    case PV_FAULT_BAD_HEADER:
    case PV_FAULT_BAD_PARENT:
        return pv_sound_suspect(heap, addr_of(ptr) - PEBBLE_BYTES);
    case PV_FAULT_BAD_NEIGHBOUR:
        return pv_sound_suspect(heap, concerned->prev);
    default:
        return NULL;
    }
}

static PV_COLD void tell_fault(struct pv_heap *heap, enum pv_fault fault, const void *ptr,
                               const struct pv_pebble *concerned)
{
    pv_tell(heap, &(struct pv_event){.kind = PV_EVENT_FAULT,
                                     .fault = fault,
                                     .ptr = ptr,
                                     .pebble = concerned,
                                     .suspect = suspect_of(heap, fault, ptr, concerned)});
}

/* The same for free and realloc, which report what is wrong. */
static inline struct pv_pebble *pebble_given(struct pv_heap *heap, void *ptr,
                                             enum pv_fault *ret_fault)
{
    const struct pv_pebble *concerned;
    struct pv_pebble *pebble = pv_door_look_up(heap, ptr, ret_fault, &concerned);
    if (!pebble) {
        tell_fault(heap, *ret_fault, ptr, concerned);
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

/* Splits off the tail of a used pebble, if it is large enough, and merges it with what
 * follows. */
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

/* The last block of a bucket: the bucket grows, and the block into what came. */
static bool extend(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size,
                   enum pv_growing growing)
{
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    struct pv_pebble *next = pv_pebble_at(pebble->next);
    uint64_t end = addr_of(pebble + 1) + size;
    if ((next && (!is_free(next) || next->next)) || end <= bucket_end(bucket) ||
        !pv_shape_is_low(heap, end, pv_flags_limit(pebble->sflags))) {
        return false;
    }
    return pv_grow_bucket(heap, bucket, next ? next : pebble, end - bucket_end(bucket),
                          growing) &&
           grow_into_next(heap, pebble, size);
}

/* The request that resizing a block amounts to. */
struct wish {
    struct pv_request request;
    struct pv_shape shape;
    char name[PV_NAME_BYTES + 1];
};

static bool wish_of(const struct pv_pebble *pebble, uint64_t size, struct wish *ret_wish)
{
    *ret_wish = (struct wish){
        .request = {.size = size, .flags = pebble->sflags, .alignment = pebble->alignment}};
    memcpy(ret_wish->name, pv_pebble_name(pebble), PV_NAMES * PV_NAME_BYTES);
    return pv_shape_of(&ret_wish->request, &ret_wish->shape);
}

/* Moves a block, contents and name, to a free pebble elsewhere. */
static void *move(struct pv_heap *heap, struct pv_pebble *pebble, struct pv_pebble *to,
                  struct wish *wish)
{
    wish->request.name = wish->name;
    void *payload = hand_out(heap, to, &wish->shape, &wish->request);
    uint64_t room = ((struct pv_pebble *)payload - 1)->size;
    if (!heap->config.ignore_payloads) {
        memcpy(payload, pebble + 1, pebble->size < room ? pebble->size : room);
    }
    give_back(heap, pebble);
    return payload;
}

/* Copies bytes to a lower address; the two places may overlap. */
static void copy_down(unsigned char *to, const unsigned char *from, uint64_t n)
{
    uint64_t step = (uint64_t)(from - to);
    for (uint64_t done = 0; done < n; done += step) {
        memcpy(to + done, from + done, n - done < step ? n - done : step);
    }
}

/* The payload of a block that slides down into the free pebble in front of it, or NULL: it
 * cannot, or gains nothing. The bucket grows when that is what is missing. */
static unsigned char *place_below(struct pv_heap *heap, struct pv_pebble *pebble,
                                  const struct pv_shape *shape)
{
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    struct pv_pebble *prev = pv_pebble_at(pebble->prev), *next = pv_pebble_at(pebble->next);
    if (!is_free(prev)) {
        return NULL;
    }
    uint64_t payload = pv_shape_payload(shape, addr_of(prev + 1));
    uint64_t end = payload + shape->size, bound = pebble_end(is_free(next) ? next : pebble);
    if (payload >= addr_of(pebble + 1) || !pv_shape_is_low(heap, end, shape->below)) {
        return NULL;
    }
    if (end > bound && (bound != bucket_end(bucket) ||
                        !pv_grow_bucket(heap, bucket, is_free(next) ? next : pebble,
                                        end - bound, GROW_LEAST))) {
        return NULL;
    }
    return (unsigned char *)(uintptr_t)payload;
}

/* A block moves down, over its own old place. */
static void *slide(struct pv_heap *heap, struct pv_pebble *pebble, struct wish *wish)
{
    unsigned char *to = place_below(heap, pebble, &wish->shape);
    if (!to) {
        return NULL;
    }
    struct pv_pebble *at = pv_pebble_at(pebble->prev), *next = pv_pebble_at(pebble->next);
    const unsigned char *from = pv_pebble_payload(pebble);
    uint64_t old_size = pebble->size, pad = (uint64_t)(to - (unsigned char *)(at + 1));
    pv_tell_pebble(heap, PV_EVENT_FREE, pebble, NULL);
    pebble->lflags = 0;
    pv_index_remove(heap, at);
    if (is_free(next)) {
        pv_index_remove(heap, next);
        pv_pebble_absorb(heap, pebble, next);
    }
    pv_pebble_absorb(heap, at, pebble);
    if (!heap->config.ignore_payloads) {
        copy_down(to, from, old_size < wish->shape.size ? old_size : wish->shape.size);
    }
    if (pad) {
        struct pv_pebble *upper = pv_pebble_split(heap, at, pad - PEBBLE_BYTES);
        pv_index_insert(heap, at);
        at = upper;
    }
    if (at->size - wish->shape.size >= SPLIT_MIN) {
        pv_index_insert(heap, pv_pebble_split(heap, at, wish->shape.size));
    }
    set_used(at, &wish->shape);
    set_name(at, wish->name);
    pv_bucket_settle(heap, pv_bucket_at(at->parent));
    pv_tell_size(heap, PV_EVENT_ALLOC, at, 0, wish->request.size);
    return at + 1;
}

/* Finds room for a block that cannot stay as it is: a free pebble, more pages behind it, more
 * pages elsewhere; and, before it is refused, its own place with what is free before it and the
 * pages behind. */
static void *make_room(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    struct wish wish;
    if (!wish_of(pebble, size, &wish)) {
        return NULL;
    }
    uint64_t rounded = wish.shape.size;
    struct pv_pebble *to = pv_bucket_find(heap, &wish.shape, false);
    if (to) {
        return move(heap, pebble, to, &wish);
    }
    if (heap->config.growth == PV_GROWTH_IN_PLACE &&
        extend(heap, pebble, rounded, GROW_PREFERRED)) {
        return pebble + 1;
    }
    to = pv_grow(heap, &wish.shape);
    if (to) {
        return move(heap, pebble, to, &wish);
    }
    if (extend(heap, pebble, rounded, GROW_LEAST)) {
        return pebble + 1;
    }
    void *payload = slide(heap, pebble, &wish);
    if (!payload) {
        wish.request.name = wish.name;
        tell_refused(heap, &wish.request, &wish.shape, pebble);
    }
    return payload;
}

static void *resize(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    uint64_t rounded = round_up(size ? size : 1, PV_UNIT_BYTES);
    uint64_t old_size = pebble->size;
    if (size <= old_size && rounded > old_size) {
        rounded = old_size; /* after merges no multiple of the unit, yet large enough */
    }
    uint64_t end = addr_of(pebble + 1) + rounded;
    void *payload = pebble + 1;
    bool fits =
        rounded <= old_size && pv_shape_is_low(heap, end, pv_flags_limit(pebble->sflags));
    if (fits) {
        trim(heap, pebble, rounded);
    } else if (rounded <= old_size || !grow_into_next(heap, pebble, rounded)) {
        payload = make_room(heap, pebble, size);
    }
    if (!payload) {
        return NULL;
    }
    struct pv_pebble *now = (struct pv_pebble *)payload - 1;
    clear(heap, now, size < old_size ? size : old_size);
    if (now == pebble) {
        pv_tell_size(heap, PV_EVENT_RESIZE, pebble, old_size, size);
    }
    return payload;
}

void *pv_heap_realloc(struct pv_heap *heap, void *ptr, uint64_t size)
{
    if (!ptr) {
        return pv_heap_malloc(heap, size, NULL);
    }
    enum pv_fault fault;
    enter(heap);
    struct pv_pebble *pebble = pebble_given(heap, ptr, &fault);
    void *to = NULL;
    if (pebble && size <= SIZE_LIMIT) {
        to = resize(heap, pebble, size);
    } else if (pebble) {
        struct wish wish;
        wish_of(pebble, size, &wish);
        wish.request.name = wish.name;
        tell_refused(heap, &wish.request, NULL, pebble);
    }
    leave(heap);
    return to;
}

/* ---- what can be changed while it lives ---- */

/* false: a bucket's one bit cannot express it. */
static bool can_be_one_buckets(const struct pv_heap *heap, enum pv_fit fit)
{
    bool recent = heap->config.fit == PV_FIT_RECENT;
    return fit == PV_FIT_BEST || recent == (fit == PV_FIT_RECENT);
}

static void set_method(struct pv_heap *heap, struct pv_bucket *bucket, enum pv_fit fit)
{
    uint32_t lflags = fit == PV_FIT_BEST ? PV_BUCKET_BEST_FIT : 0;
    struct pv_pebble *head = pv_sound_from(bucket, addr_of(bucket) + BUCKET_BYTES);
    if (heap->config.fit != PV_FIT_RECENT && head) {
        pv_bucket_set_first(heap, bucket, head);
    }
    if (bucket->lflags != lflags) {
        bucket->lflags = lflags;
        pv_tell_bucket(heap, PV_EVENT_BUCKET_FIT, bucket, 0);
    }
}

bool pv_heap_set_fit(struct pv_heap *heap, const void *at, enum pv_fit fit)
{
    bool found = false;
    enter(heap);
    if (!at) {
        heap->config.fit = fit;
        heap->config.fit_of = NULL;
    }
    struct pv_bucket *bucket = can_be_one_buckets(heap, fit) ? pv_bucket_first(heap) : NULL;
    for (; bucket; bucket = pv_bucket_after(heap, bucket)) {
        if (!at || (addr_of(at) >= addr_of(bucket) && addr_of(at) < bucket_end(bucket))) {
            set_method(heap, bucket, fit);
            found = true;
        }
    }
    if (found) {
        pv_sound_index(heap);
    }
    leave(heap);
    return found;
}

void pv_heap_set_limit(struct pv_heap *heap, uint64_t limit_pages)
{
    enter(heap);
    heap->config.limit_pages = limit_pages;
    leave(heap);
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
    return pv_grow_new(heap, config->first_pages, &plain) != NULL;
}

void pv_heap_fini(struct pv_heap *heap)
{
    struct pv_bucket *bucket = pv_bucket_first(heap);
    while (bucket) {
        struct pv_bucket *next = pv_bucket_after(heap, bucket);
        heap->config.pages.put(heap->config.pages.ctx, bucket, bucket->size);
        bucket = next;
    }
    *heap = (struct pv_heap){0};
}

/* ---- what can be asked for ---- */

uint64_t pv_heap_largest_of(struct pv_heap *heap, uint32_t flags)
{
    struct pv_shape shape;
    if (!pv_shape_of(&(struct pv_request){.flags = flags}, &shape)) {
        return 0;
    }
    enter(heap);
    uint64_t largest = pv_bucket_largest_for(heap, &shape);
    leave(heap);
    return largest;
}

uint64_t pv_heap_largest(struct pv_heap *heap)
{
    return pv_heap_largest_of(heap, PV_FLAG_VIRTUAL);
}

uint64_t pv_heap_largest_pebble(struct pv_heap *heap)
{
    enter(heap);
    uint64_t largest = pv_index_largest_of_all(heap);
    leave(heap);
    return largest;
}

uint64_t pv_heap_trim(struct pv_heap *heap)
{
    uint64_t n_less = 0;
    enter(heap);
    struct pv_bucket *bucket = heap->config.pages.shrink ? pv_bucket_first(heap) : NULL;
    for (; bucket; bucket = pv_bucket_after(heap, bucket)) {
        n_less += pv_bucket_trim(heap, bucket);
    }
    leave(heap);
    return n_less;
}
