/* SPDX-License-Identifier: MIT
 *
 * heap.c - buckets and pebbles: requests, splitting, merging, growth, release.
 *
 * Keeps the laws of inspect/layout.h after every call. What is free is in the index (index.h);
 * every change to a free pebble here goes with a change there, and ends in settle(), which
 * makes the bucket's Largest true again.
 *
 * Costs: a request is O(b + log n), b the buckets in front of the one that serves it and n the
 * free pebbles; a free is O(log n) and, without free neighbours, one insertion. Finding out
 * what is wrong with a pointer that is no pebble's is O(pebbles of its bucket).
 *
 * Longer than other files because a kernel takes it whole: this and index.c are all there is.
 */
#include "core/heap.h"

#include "core/index.h"

enum {
    BUCKET_BYTES = sizeof(struct pv_bucket),
    PEBBLE_BYTES = sizeof(struct pv_pebble),
    SPLIT_MIN =
        PEBBLE_BYTES + PV_UNIT_BYTES, /* 20.3.4: what a rest must hold to be split off */
    CACHE_SHIFT = 16,                 /* addresses of 64 KiB share a place in the cache */
    ADDR_STEP = 16,                   /* every payload address is a multiple of this */
};

/* Beyond this no sum of sizes below can overflow. */
#define SIZE_LIMIT (UINT64_C(1) << 62)

/* The two that a kernel must have; the compiler needs them anyway. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);

static uint64_t addr_of(const void *at)
{
    return (uint64_t)(uintptr_t)at;
}

static uint64_t bucket_end(const struct pv_bucket *bucket)
{
    return addr_of(bucket) + bucket->size * PV_PAGE_BYTES;
}

static uint64_t pebble_end(const struct pv_pebble *pebble)
{
    return addr_of(pebble) + PEBBLE_BYTES + pebble->size;
}

static unsigned kind_index(uint32_t flags)
{
    return (flags & PV_FLAG_PHYSICAL ? 1 : 0) + (flags & PV_FLAG_PERSISTENT ? 2 : 0);
}

static uint32_t kind_of(const struct pv_bucket *bucket)
{
    return pv_pebble_at(bucket->first)->sflags & PV_KIND;
}

static bool is_free(const struct pv_pebble *pebble)
{
    return pebble && !(pebble->lflags & PV_PEBBLE_USED);
}

static uint64_t pages_for(uint64_t bytes)
{
    return bytes / PV_PAGE_BYTES + (bytes % PV_PAGE_BYTES != 0);
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) / step * step;
}

/* ---- events ---- */

void pv_heap_listen(struct pv_heap *heap, struct pv_listener *listener)
{
    struct pv_listener **link = &heap->listeners;
    while (*link) {
        link = &(*link)->next;
    }
    listener->next = NULL;
    *link = listener;
}

static void tell(struct pv_heap *heap, const struct pv_event *event)
{
    for (struct pv_listener *l = heap->listeners; l; l = l->next) {
        l->event(l->ctx, event);
    }
}

static void tell_pebble(struct pv_heap *heap, enum pv_event_kind kind, struct pv_pebble *pebble,
                        struct pv_pebble *other)
{
    if (heap->listeners) {
        tell(heap, &(struct pv_event){.kind = kind,
                                      .bucket = pv_bucket_at(pebble->parent),
                                      .pebble = pebble,
                                      .other = other});
    }
}

static void tell_size(struct pv_heap *heap, enum pv_event_kind kind, struct pv_pebble *pebble,
                      uint64_t old_size, uint64_t requested)
{
    if (heap->listeners) {
        tell(heap, &(struct pv_event){.kind = kind,
                                      .bucket = pv_bucket_at(pebble->parent),
                                      .pebble = pebble,
                                      .old_size = old_size,
                                      .requested = requested});
    }
}

static void tell_bucket(struct pv_heap *heap, enum pv_event_kind kind, struct pv_bucket *bucket,
                        uint64_t n_pages)
{
    tell(heap, &(struct pv_event){.kind = kind, .bucket = bucket, .n_pages = n_pages});
}

/* ---- the lock, 20.3.8 ---- */

static void enter(struct pv_heap *heap)
{
    const struct pv_lock *lock = &heap->config.lock;
    if (lock->lock) {
        lock->lock(lock->ctx);
    } else if (lock->spins) {
        while (atomic_flag_test_and_set_explicit(&heap->spinlock, memory_order_acquire)) {
        }
    }
}

static void leave(struct pv_heap *heap)
{
    const struct pv_lock *lock = &heap->config.lock;
    if (lock->unlock) {
        lock->unlock(lock->ctx);
    } else if (lock->spins) {
        atomic_flag_clear_explicit(&heap->spinlock, memory_order_release);
    }
}

/* ---- pebbles ---- */

/* Writes a free pebble's header over whatever is there. */
static struct pv_pebble *make_free(uint64_t addr, struct pv_bucket *bucket, uint64_t size,
                                   uint32_t kind)
{
    struct pv_pebble *pebble = pv_pebble_at(addr);
    *pebble = (struct pv_pebble){
        .magic = PV_PEBBLE_MAGIC,
        .sflags = kind,
        .alignment = PV_ALIGN_MIN,
        .size = size,
        .parent = addr_of(bucket),
    };
    return pebble;
}

static void link_behind(struct pv_heap *heap, struct pv_pebble *at, struct pv_pebble *added)
{
    added->prev = addr_of(at);
    added->next = at->next;
    if (at->next) {
        pv_pebble_at(at->next)->prev = addr_of(added);
    }
    at->next = addr_of(added);
    if (heap->ends[kind_index(at->sflags)].tail == at) {
        heap->ends[kind_index(at->sflags)].tail = added;
    }
}

/* 20.3.2.6 */
static void set_first(struct pv_heap *heap, struct pv_bucket *bucket, struct pv_pebble *pebble)
{
    if (bucket->first != addr_of(pebble)) {
        bucket->first = addr_of(pebble);
        tell_pebble(heap, PV_EVENT_BUCKET_FIRST, pebble, NULL);
    }
}

/* 20.3.5: takes the second of two neighbours out of the list. The dead header loses its magic,
 * so that nothing takes it for a pebble again. */
static void absorb(struct pv_heap *heap, struct pv_pebble *at, struct pv_pebble *gone)
{
    tell_pebble(heap, PV_EVENT_MERGE, at, gone);
    at->size += PEBBLE_BYTES + gone->size;
    at->next = gone->next;
    if (gone->next) {
        pv_pebble_at(gone->next)->prev = addr_of(at);
    }
    if (heap->ends[kind_index(at->sflags)].tail == gone) {
        heap->ends[kind_index(at->sflags)].tail = at;
    }
    gone->magic = 0;
    if (pv_bucket_at(at->parent)->first == addr_of(gone)) {
        set_first(heap, pv_bucket_at(at->parent), at);
    }
}

/* 20.3.2.4, after any change to a bucket's free pebbles. */
static void settle(struct pv_heap *heap, struct pv_bucket *bucket)
{
    bucket->largest = pv_index_largest(heap, bucket);
}

/* Cuts a pebble that has room to spare; the new upper one is free, linked, not yet indexed. */
static struct pv_pebble *split(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    uint64_t rest = pebble->size - size - PEBBLE_BYTES;
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    uint32_t kind = pebble->sflags & PV_KIND;
    pebble->size = size;
    struct pv_pebble *upper = make_free(pebble_end(pebble), bucket, rest, kind);
    link_behind(heap, pebble, upper);
    tell_pebble(heap, PV_EVENT_SPLIT, pebble, upper);
    return upper;
}

/* ---- the shape of a request ---- */

/* What a request comes to. */
struct shape {
    uint64_t size;      /* payload, rounded up */
    uint64_t alignment; /* 0: none asked for */
    uint64_t below;     /* where the payload must end; 0: anywhere */
    uint32_t sflags;
};

static bool shape_of(const struct pv_request *request, struct shape *ret_shape)
{
    uint32_t kinds = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL;
    uint32_t flags = request->flags & kinds ? request->flags : request->flags | PV_FLAG_VIRTUAL;
    if (request->size > SIZE_LIMIT || (flags & kinds) == kinds) {
        return false;
    }
    *ret_shape = (struct shape){.sflags = flags, .below = pv_flags_limit(flags)};
    ret_shape->size = round_up(request->size ? request->size : 1, PV_UNIT_BYTES);
    if (flags & PV_FLAG_ALIGNED) {
        if (request->alignment > PV_ALIGN_MAX) {
            return false;
        }
        ret_shape->alignment = PV_ALIGN_MIN;
        while (ret_shape->alignment < request->alignment) {
            ret_shape->alignment *= 2;
        }
    }
    return true;
}

/* Where in free space whose payload begins at `start` the request's payload goes: start itself,
 * or for an alignment the next boundary that leaves room for a free pebble before it (20.3.4).
 */
static uint64_t payload_for(const struct shape *shape, uint64_t start)
{
    if (!shape->alignment || start % shape->alignment == 0) {
        return start;
    }
    return round_up(start + SPLIT_MIN, shape->alignment);
}

static bool is_low(const struct pv_heap *heap, uint64_t end, uint64_t below)
{
    return !below || end + heap->config.bias <= below;
}

static bool fits(const struct pv_heap *heap, const struct shape *shape,
                 const struct pv_pebble *pebble)
{
    uint64_t end = payload_for(shape, addr_of(pebble + 1)) + shape->size;
    return end <= pebble_end(pebble) && is_low(heap, end, shape->below);
}

/* ---- buckets ---- */

/* In a new bucket the first pebble moves up to an alignment if the gap is too small for a free
 * pebble (20.3.6, the second way): by how much. */
static uint64_t first_moves(const struct shape *shape, uint64_t start)
{
    uint64_t gap = shape->alignment ? round_up(start, shape->alignment) - start : 0;
    return gap < SPLIT_MIN ? gap : 0;
}

static struct pv_bucket *add_bucket(struct pv_heap *heap, uint64_t n_pages,
                                    const struct shape *shape)
{
    uint32_t flags = shape->sflags & (PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG |
                                      PV_FLAG_LOW16MEG | PV_FLAG_LOW4GIG);
    struct pv_bucket *bucket = heap->config.pages.get(heap->config.pages.ctx, n_pages, flags);
    if (!bucket) {
        return NULL;
    }
    uint64_t first = addr_of(bucket) + BUCKET_BYTES;
    first += first_moves(shape, first + PEBBLE_BYTES);
    *bucket = (struct pv_bucket){
        .magic = PV_BUCKET_MAGIC,
        .lflags = heap->config.fit == PV_FIT_BEST ? PV_BUCKET_BEST_FIT : 0,
        .size = n_pages,
        .prev = addr_of(heap->last),
        .first = first,
    };
    uint32_t kind = shape->sflags & PV_KIND;
    uint64_t size = bucket_end(bucket) - first - PEBBLE_BYTES;
    struct pv_pebble *pebble = make_free(first, bucket, size, kind);
    if (heap->last) {
        heap->last->next = addr_of(bucket);
    } else {
        heap->first = bucket;
    }
    heap->last = bucket;
    heap->ends[kind_index(kind)].bucket = bucket;
    heap->ends[kind_index(kind)].tail = pebble;
    heap->n_buckets++;
    heap->n_pages += n_pages;
    pv_index_insert(heap, pebble);
    settle(heap, bucket);
    tell_bucket(heap, PV_EVENT_BUCKET_ADD, bucket, 0);
    return bucket;
}

/* The bucket's one pebble is free and not in the index any more. */
static void remove_bucket(struct pv_heap *heap, struct pv_bucket *bucket)
{
    unsigned kind = kind_index(kind_of(bucket));
    tell_bucket(heap, PV_EVENT_BUCKET_REMOVE, bucket, 0);
    for (size_t i = 0; i < PV_HEAP_CACHE; i++) {
        if (heap->cache[i] == bucket) {
            heap->cache[i] = NULL;
        }
    }
    if (heap->ends[kind].bucket == bucket) {
        heap->ends[kind].bucket = NULL;
        heap->ends[kind].tail = NULL;
    }
    pv_bucket_at(bucket->prev)->next = bucket->next;
    if (bucket->next) {
        pv_bucket_at(bucket->next)->prev = bucket->prev;
    } else {
        heap->last = pv_bucket_at(bucket->prev);
    }
    heap->n_buckets--;
    heap->n_pages -= bucket->size;
    bucket->magic = 0;
    heap->config.pages.put(heap->config.pages.ctx, bucket, bucket->size);
}

static struct pv_bucket *last_of_kind(struct pv_heap *heap, uint32_t kind)
{
    struct pv_bucket *bucket = heap->ends[kind_index(kind)].bucket;
    if (!bucket) {
        bucket = heap->last;
        while (bucket && kind_of(bucket) != kind) {
            bucket = pv_bucket_at(bucket->prev);
        }
        heap->ends[kind_index(kind)].bucket = bucket;
    }
    return bucket;
}

static struct pv_pebble *last_pebble(const struct pv_bucket *bucket)
{
    struct pv_pebble *pebble = pv_pebble_at(bucket->first);
    while (pebble->next) {
        pebble = pv_pebble_at(pebble->next);
    }
    return pebble;
}

/* ---- finding room ---- */

/* From a candidate on, in the order of the bucket's fit, the first that fits. */
static struct pv_pebble *fitting(struct pv_heap *heap, const struct pv_bucket *bucket,
                                 struct pv_pebble *pebble, const struct shape *shape)
{
    while (pebble && !fits(heap, shape, pebble)) {
        pebble = pv_index_find_next(heap, bucket, pebble, shape->size);
    }
    return pebble;
}

static struct pv_pebble *find_in(struct pv_heap *heap, const struct pv_bucket *bucket,
                                 const struct shape *shape)
{
    if (heap->config.fit == PV_FIT_RECENT) {
        struct pv_pebble *from = pv_index_find_from(heap, bucket, bucket->first, shape->size);
        from = fitting(heap, bucket, from, shape);
        if (from) {
            return from;
        }
    }
    return fitting(heap, bucket, pv_index_find(heap, bucket, shape->size), shape);
}

static struct pv_pebble *find(struct pv_heap *heap, const struct shape *shape)
{
    for (struct pv_bucket *bucket = heap->first; bucket; bucket = pv_bucket_at(bucket->next)) {
        if (bucket->largest < shape->size || kind_of(bucket) != (shape->sflags & PV_KIND)) {
            continue;
        }
        struct pv_pebble *pebble = find_in(heap, bucket, shape);
        if (pebble) {
            return pebble;
        }
    }
    return NULL;
}

/* Pages to add for `bytes` more, within the heap's limit; 0: it does not allow that many. */
static uint64_t pages_to_add(const struct pv_heap *heap, uint64_t bytes)
{
    uint64_t least = pages_for(bytes);
    uint64_t wanted = least > PV_GROW_PAGES_MIN ? least : PV_GROW_PAGES_MIN;
    if (!heap->config.limit_pages) {
        return wanted;
    }
    uint64_t left = heap->config.limit_pages - heap->n_pages;
    if (left < least) {
        return 0;
    }
    return left < wanted ? left : wanted;
}

/* The last bucket of the kind in place: its last free pebble, or a new one behind the last,
 * that satisfies the request. */
static struct pv_pebble *grow_in_place(struct pv_heap *heap, const struct shape *shape)
{
    const struct pv_pages *pages = &heap->config.pages;
    uint32_t kind = shape->sflags & PV_KIND;
    struct pv_bucket *bucket = last_of_kind(heap, kind);
    if (!bucket || !pages->grow) {
        return NULL;
    }
    struct pv_pebble **ends_tail = &heap->ends[kind_index(kind)].tail;
    struct pv_pebble *tail = *ends_tail ? *ends_tail : last_pebble(bucket);
    *ends_tail = tail;
    uint64_t end = bucket_end(bucket);
    uint64_t start = (is_free(tail) ? addr_of(tail) : end) + PEBBLE_BYTES;
    uint64_t wanted = payload_for(shape, start) + shape->size;
    uint64_t n_pages = bucket->size;
    uint64_t n_more = is_low(heap, wanted, shape->below) && wanted > end
                          ? pages_to_add(heap, wanted - end)
                          : 0;
    if (!n_more || !pages->grow(pages->ctx, bucket, n_pages, n_more)) {
        return NULL;
    }
    bucket->size += n_more;
    heap->n_pages += n_more;
    if (is_free(tail)) {
        tail->size += n_more * PV_PAGE_BYTES;
        pv_index_replace(heap, tail, tail);
    } else {
        struct pv_pebble *added =
            make_free(end, bucket, n_more * PV_PAGE_BYTES - PEBBLE_BYTES, kind);
        link_behind(heap, tail, added);
        tail = added;
        pv_index_insert(heap, tail);
    }
    settle(heap, bucket);
    tell_bucket(heap, PV_EVENT_BUCKET_GROW, bucket, n_pages);
    return tail;
}

static struct pv_pebble *grow_by_bucket(struct pv_heap *heap, const struct shape *shape)
{
    /* A bucket begins on a page, so the distance to an aligned payload is known before it is
     * there only up to the alignment beyond a page. */
    uint64_t start = BUCKET_BYTES + PEBBLE_BYTES;
    start += first_moves(shape, start);
    uint64_t most = payload_for(shape, start) + shape->size;
    if (shape->alignment > PV_PAGE_BYTES) {
        most += shape->alignment;
    }
    uint64_t n_pages = pages_to_add(heap, most);
    struct pv_bucket *bucket = n_pages ? add_bucket(heap, n_pages, shape) : NULL;
    return bucket ? pv_pebble_at(bucket->first) : NULL;
}

static struct pv_pebble *grow(struct pv_heap *heap, const struct shape *shape)
{
    struct pv_pebble *pebble = NULL;
    if (heap->config.growth == PV_GROWTH_IN_PLACE) {
        pebble = grow_in_place(heap, shape);
    }
    return pebble ? pebble : grow_by_bucket(heap, shape);
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
    size_t n = 0;
    for (; name && n < PV_NAME_BYTES - 1 && name[n]; n++) {
        pebble->name[n] = name[n];
    }
    memset(pebble->name + n, 0, PV_NAME_BYTES - n);
}
#endif

/* Turns a free pebble that fits into the used one that was asked for: cuts a pad off in front
 * for an alignment, and the rest off behind. */
static struct pv_pebble *take(struct pv_heap *heap, struct pv_pebble *pebble,
                              const struct shape *shape)
{
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    uint64_t pad = payload_for(shape, addr_of(pebble + 1)) - addr_of(pebble + 1);
    uint64_t size = pebble->size;
    if (pad) {
        struct pv_pebble *upper = split(heap, pebble, pad - PEBBLE_BYTES);
        pv_index_replace(heap, pebble, pebble);
        if (upper->size - shape->size >= SPLIT_MIN) {
            pv_index_insert(heap, split(heap, upper, shape->size));
        }
        pebble = upper;
    } else if (size - shape->size >= SPLIT_MIN) {
        struct pv_pebble *rest = split(heap, pebble, shape->size);
        pv_index_replace(heap, pebble, rest);
    } else {
        pv_index_remove(heap, pebble);
    }
    pebble->lflags = PV_PEBBLE_USED;
    pebble->sflags = shape->sflags;
    pebble->alignment = shape->alignment ? (uint32_t)shape->alignment : PV_ALIGN_MIN;
    settle(heap, bucket);
    return pebble;
}

static void *alloc(struct pv_heap *heap, const struct pv_request *request)
{
    struct shape shape;
    if (!shape_of(request, &shape)) {
        return NULL;
    }
    struct pv_pebble *pebble = find(heap, &shape);
    if (!pebble) {
        pebble = grow(heap, &shape);
    }
    if (!pebble) {
        return NULL;
    }
    pebble = take(heap, pebble, &shape);
    set_name(pebble, request->name);
    tell_size(heap, PV_EVENT_ALLOC, pebble, 0, request->size);
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

void *pv_heap_calloc(struct pv_heap *heap, uint64_t count, uint64_t size, const char *name)
{
    if (size && count > SIZE_LIMIT / size) {
        return NULL;
    }
    return pv_heap_alloc(
        heap, &(struct pv_request){.size = count * size, .flags = PV_FLAG_CLEAR, .name = name});
}

/* A used pebble becomes free and one with its free neighbours. */
static void give_back(struct pv_heap *heap, struct pv_pebble *pebble)
{
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    struct pv_pebble *prev = pv_pebble_at(pebble->prev);
    struct pv_pebble *next = pv_pebble_at(pebble->next);

    tell_pebble(heap, PV_EVENT_FREE, pebble, NULL);
    pebble->lflags = 0;
    pebble->sflags &= PV_KIND;
    pebble->alignment = PV_ALIGN_MIN;
    set_name(pebble, NULL);

    if (is_free(prev) && is_free(next)) {
        pv_index_remove(heap, next);
    }
    if (is_free(prev)) {
        if (is_free(next)) {
            absorb(heap, pebble, next);
        }
        absorb(heap, prev, pebble);
        pv_index_replace(heap, prev, prev);
        pebble = prev;
    } else if (is_free(next)) {
        absorb(heap, pebble, next);
        pv_index_replace(heap, next, pebble);
    } else {
        pv_index_insert(heap, pebble);
    }
    bool persistent = pebble->sflags & PV_FLAG_PERSISTENT;
    if (bucket != heap->first && !pebble->prev && !pebble->next && !persistent) {
        pv_index_remove(heap, pebble);
        remove_bucket(heap, bucket);
        return;
    }
    settle(heap, bucket);
    if (heap->config.fit == PV_FIT_RECENT) {
        set_first(heap, bucket, pebble);
    }
}

/* ---- the door ---- */

static bool holds(const struct pv_bucket *bucket, uint64_t addr)
{
    return bucket && addr >= addr_of(bucket) && addr < bucket_end(bucket);
}

static struct pv_bucket *bucket_of(struct pv_heap *heap, uint64_t addr)
{
    struct pv_bucket **cached = &heap->cache[(addr >> CACHE_SHIFT) % PV_HEAP_CACHE];
    if (holds(*cached, addr)) {
        return *cached;
    }
    for (struct pv_bucket *bucket = heap->first; bucket; bucket = pv_bucket_at(bucket->next)) {
        if (holds(bucket, addr)) {
            *cached = bucket;
            return bucket;
        }
    }
    return NULL;
}

/* Whether a pebble's header can stand at addr in the bucket. */
static bool may_be_pebble(const struct pv_bucket *bucket, uint64_t addr)
{
    return addr % ADDR_STEP == 0 && addr >= addr_of(bucket) + BUCKET_BYTES &&
           addr <= bucket_end(bucket) - PEBBLE_BYTES - PV_UNIT_BYTES &&
           pv_pebble_at(addr)->magic == PV_PEBBLE_MAGIC;
}

/* What is wrong with a header whose magic is right, from what it and its neighbours say. */
static enum pv_fault fault_of(const struct pv_heap *heap, const struct pv_bucket *bucket,
                              const struct pv_pebble *pebble)
{
    uint64_t next = pebble->next, prev = pebble->prev;
    if (pebble->parent != addr_of(bucket)) {
        return PV_FAULT_BAD_PARENT;
    }
    if ((pebble->lflags & ~PV_PEBBLE_USED) ||
        pebble->size > bucket_end(bucket) - addr_of(pebble + 1) ||
        pebble_end(pebble) != (next ? next : bucket_end(bucket))) {
        return PV_FAULT_BAD_HEADER;
    }
    if (is_free(pebble)) {
        return PV_FAULT_DOUBLE_FREE;
    }
    if (next && (!may_be_pebble(bucket, next) || pv_pebble_at(next)->prev != addr_of(pebble))) {
        return PV_FAULT_OVERRUN;
    }
    if (!prev) {
        bool head = heap->config.fit == PV_FIT_RECENT || bucket->first == addr_of(pebble);
        return head ? PV_FAULT_NONE : PV_FAULT_BAD_HEADER;
    }
    if (!may_be_pebble(bucket, prev) || pebble_end(pv_pebble_at(prev)) != addr_of(pebble)) {
        return PV_FAULT_BAD_NEIGHBOUR;
    }
    return PV_FAULT_NONE;
}

/* What an address is that no sound header stands before: walks the bucket's list as far as it
 * is sound. The pebble that holds the address is set where there is one. */
static enum pv_fault diagnose(const struct pv_bucket *bucket, uint64_t payload,
                              const struct pv_pebble **ret_pebble)
{
    uint64_t at = bucket->first;
    while (may_be_pebble(bucket, at) && pv_pebble_at(at)->prev && pv_pebble_at(at)->prev < at) {
        at = pv_pebble_at(at)->prev;
    }
    while (may_be_pebble(bucket, at)) {
        const struct pv_pebble *pebble = pv_pebble_at(at);
        if (pebble->size > bucket_end(bucket) - addr_of(pebble + 1)) {
            break;
        }
        if (payload >= at && payload < pebble_end(pebble)) {
            *ret_pebble = pebble;
            return is_free(pebble) ? PV_FAULT_DOUBLE_FREE : PV_FAULT_INTERIOR;
        }
        at = pebble_end(pebble);
    }
    return at + PEBBLE_BYTES == payload ? PV_FAULT_BAD_HEADER : PV_FAULT_INTERIOR;
}

/* The one door: the used pebble whose payload begins at ptr, or NULL, the fault, and the pebble
 * concerned where one is known. */
static struct pv_pebble *look_up(struct pv_heap *heap, const void *ptr,
                                 enum pv_fault *ret_fault,
                                 const struct pv_pebble **ret_concerned)
{
    uint64_t payload = addr_of(ptr);
    const struct pv_bucket *bucket = bucket_of(heap, payload);
    *ret_concerned = NULL;
    if (!bucket) {
        *ret_fault = PV_FAULT_FOREIGN_POINTER;
    } else if (!may_be_pebble(bucket, payload - PEBBLE_BYTES)) {
        *ret_fault = diagnose(bucket, payload, ret_concerned);
    } else {
        *ret_concerned = pv_pebble_at(payload - PEBBLE_BYTES);
        *ret_fault = fault_of(heap, bucket, *ret_concerned);
    }
    return *ret_fault ? NULL : pv_pebble_at(payload - PEBBLE_BYTES);
}

const struct pv_pebble *pv_heap_pebble(struct pv_heap *heap, const void *ptr,
                                       enum pv_fault *ret_fault)
{
    enum pv_fault fault;
    const struct pv_pebble *concerned;
    enter(heap);
    const struct pv_pebble *pebble = look_up(heap, ptr, &fault, &concerned);
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
    struct pv_pebble *pebble = look_up(heap, ptr, ret_fault, &concerned);
    if (!pebble) {
        tell(heap,
             &(struct pv_event){
                 .kind = PV_EVENT_FAULT, .fault = *ret_fault, .ptr = ptr, .pebble = concerned});
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
    struct pv_pebble *rest = split(heap, pebble, size);
    struct pv_pebble *next = pv_pebble_at(rest->next);
    if (is_free(next)) {
        absorb(heap, rest, next);
        pv_index_replace(heap, next, rest);
    } else {
        pv_index_insert(heap, rest);
    }
    settle(heap, pv_bucket_at(pebble->parent));
}

static bool grow_into_next(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    struct pv_pebble *next = pv_pebble_at(pebble->next);
    uint64_t end = addr_of(pebble + 1) + size;
    if (!is_free(next) || pebble_end(next) < end ||
        !is_low(heap, end, pv_flags_limit(pebble->sflags))) {
        return false;
    }
    pv_index_remove(heap, next);
    absorb(heap, pebble, next);
    if (pebble->size - size >= SPLIT_MIN) {
        pv_index_insert(heap, split(heap, pebble, size));
    }
    settle(heap, pv_bucket_at(pebble->parent));
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
    tell_size(heap, PV_EVENT_RESIZE, pebble, old_size, size);
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
    static const struct shape plain = {.sflags = PV_FLAG_VIRTUAL};
    *heap = (struct pv_heap){.config = *config};
    atomic_flag_clear(&heap->spinlock);
    if (!config->first_pages || config->first_pages > SIZE_LIMIT / PV_PAGE_BYTES ||
        (config->limit_pages && config->first_pages > config->limit_pages)) {
        return false;
    }
    return add_bucket(heap, config->first_pages, &plain) != NULL;
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

/* What of a bucket's last pebble, if it is free, is whole pages at the bucket's end. */
static uint64_t trim_bucket(struct pv_heap *heap, struct pv_bucket *bucket)
{
    struct pv_pebble *tail = last_pebble(bucket);
    uint64_t n_pages = bucket->size;
    uint64_t n_less = is_free(tail) ? (tail->size - PV_UNIT_BYTES) / PV_PAGE_BYTES : 0;
    if (n_less) {
        tail->size -= n_less * PV_PAGE_BYTES;
        pv_index_replace(heap, tail, tail);
        bucket->size -= n_less;
        heap->n_pages -= n_less;
        settle(heap, bucket);
        tell_bucket(heap, PV_EVENT_BUCKET_SHRINK, bucket, n_pages);
        heap->config.pages.shrink(heap->config.pages.ctx, bucket, n_pages, n_less);
    }
    return n_less;
}

uint64_t pv_heap_trim(struct pv_heap *heap)
{
    uint64_t n_less = 0;
    enter(heap);
    struct pv_bucket *bucket = heap->config.pages.shrink ? heap->first : NULL;
    for (; bucket; bucket = pv_bucket_at(bucket->next)) {
        n_less += trim_bucket(heap, bucket);
    }
    leave(heap);
    return n_less;
}

const char *pv_fault_name(enum pv_fault fault)
{
    static const char *const names[PV_N_FAULTS] = {
        [PV_FAULT_NONE] = "none",
        [PV_FAULT_DOUBLE_FREE] = "double-free",
        [PV_FAULT_FOREIGN_POINTER] = "foreign-pointer",
        [PV_FAULT_INTERIOR] = "interior-pointer",
        [PV_FAULT_BAD_HEADER] = "bad-header",
        [PV_FAULT_BAD_PARENT] = "bad-parent",
        [PV_FAULT_OVERRUN] = "overrun",
        [PV_FAULT_BAD_NEIGHBOUR] = "bad-neighbour",
    };
    return (unsigned)fault < PV_N_FAULTS ? names[fault] : "?";
}
