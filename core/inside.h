/* SPDX-License-Identifier: MIT
 *
 * inside.h - what the files of the heap share. Internal to core/: a kernel takes these files
 * together, or as one (amalgamate).
 */
#ifndef PV_INSIDE_H
#define PV_INSIDE_H

#include "core/heap.h"
#include "core/index.h"
#include "core/sound.h"

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

static inline uint64_t pebble_end(const struct pv_pebble *pebble)
{
    return addr_of(pebble) + PEBBLE_BYTES + pebble->size;
}

static inline unsigned kind_index(uint32_t flags)
{
    return (flags & PV_FLAG_PHYSICAL ? 1 : 0) + (flags & PV_FLAG_PERSISTENT ? 2 : 0);
}

static inline uint32_t kind_of(const struct pv_bucket *bucket)
{
    return pv_pebble_at(bucket->first)->sflags & PV_KIND;
}

/* Whether the bucket's pebbles are of this kind. Reads the header of its First; a bucket whose
 * First is damaged is of no kind. */
static inline bool is_of_kind(struct pv_heap *heap, const struct pv_bucket *bucket,
                              uint32_t kind)
{
    const struct pv_pebble *first = pv_pebble_at(bucket->first);
    if (__builtin_expect(first->magic != PV_PEBBLE_MAGIC, 0)) {
        heap->damaged = first;
        return false;
    }
    return (first->sflags & PV_KIND) == kind;
}

/* Whether a bucket's First moves, and a search begins there. */
static inline bool is_recent_fit(const struct pv_heap *heap, const struct pv_bucket *bucket)
{
    return heap->config.fit == PV_FIT_RECENT && !is_best_fit(bucket);
}

static inline bool is_free(const struct pv_pebble *pebble)
{
    return pebble && !(pebble->lflags & PV_PEBBLE_USED);
}

static inline uint64_t pages_for(uint64_t bytes)
{
    return bytes / PV_PAGE_BYTES + (bytes % PV_PAGE_BYTES != 0);
}

/* To a power of two: no division, which a 32-bit kernel would need a library for. */
static inline uint64_t round_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) & ~(step - 1);
}

static inline bool is_on(uint64_t value, uint64_t step)
{
    return (value & (step - 1)) == 0;
}

/* ---- pebble.c ---- */

void pv_tell(struct pv_heap *heap, const struct pv_event *event);
void pv_tell_pebble(struct pv_heap *heap, enum pv_event_kind kind, struct pv_pebble *pebble,
                    struct pv_pebble *other);
void pv_tell_size(struct pv_heap *heap, enum pv_event_kind kind, struct pv_pebble *pebble,
                  uint64_t old_size, uint64_t requested);
void pv_tell_bucket(struct pv_heap *heap, enum pv_event_kind kind, struct pv_bucket *bucket,
                    uint64_t n_pages);

/* Writes a free pebble's header over whatever is there. */
struct pv_pebble *pv_pebble_make_free(uint64_t addr, struct pv_bucket *bucket, uint64_t size,
                                      uint32_t kind);

void pv_pebble_link(struct pv_heap *heap, struct pv_pebble *at, struct pv_pebble *added);

/* 20.3.5: takes the second of two neighbours out of the list. The dead header loses its magic,
 * so that nothing takes it for a pebble again. */
void pv_pebble_absorb(struct pv_heap *heap, struct pv_pebble *at, struct pv_pebble *gone);

/* Cuts a pebble that has room to spare; the new upper one is free, linked, not yet indexed. */
struct pv_pebble *pv_pebble_split(struct pv_heap *heap, struct pv_pebble *pebble,
                                  uint64_t size);

/* 20.3.2.6 */
void pv_bucket_set_first(struct pv_heap *heap, struct pv_bucket *bucket,
                         struct pv_pebble *pebble);

/* 20.3.2.4, after any change to a bucket's free pebbles. */
void pv_bucket_settle(struct pv_heap *heap, struct pv_bucket *bucket);

/* ---- bucket.c ---- */

/* What a request comes to. */
struct pv_shape {
    uint64_t size;      /* payload, rounded up */
    uint64_t alignment; /* 0: none asked for */
    uint64_t below;     /* where the payload must end; 0: anywhere */
    uint32_t sflags;
    unsigned rank; /* of its limit: 0 none, to PV_HEAP_LIMITS for the lowest */
};

/* false: the request cannot be served by any heap. */
bool pv_shape_of(const struct pv_request *request, struct pv_shape *ret_shape);

/* Where in free space whose payload begins at `start` the request's payload goes: start itself,
 * or for an alignment the next boundary that leaves room for a free
 * pebble before it (20.3.4). */
uint64_t pv_shape_payload(const struct pv_shape *shape, uint64_t start);

/* Whether a payload that ends at `end` keeps the limit; 0: there is none. */
bool pv_shape_is_low(const struct pv_heap *heap, uint64_t end, uint64_t below);

/* In a new bucket the first pebble, whose payload would begin at `start`, moves up to an
 * alignment if the gap is too small for a free pebble (20.3.6, the second way): by how much. */
uint64_t pv_shape_first_moves(const struct pv_shape *shape, uint64_t start);

/* Whether a bucket of these pages would serve the request. */
bool pv_bucket_would_serve(const struct pv_heap *heap, const void *start, uint64_t n_pages,
                           const struct pv_shape *shape);

/* Makes these pages a bucket, with one free pebble, placed for the request. */
struct pv_bucket *pv_bucket_make(struct pv_heap *heap, void *start, uint64_t n_pages,
                                 const struct pv_shape *shape);

/* The bucket's one pebble is free and not in the index any more. */
void pv_bucket_remove(struct pv_heap *heap, struct pv_bucket *bucket);

/* The first bucket in the list that is kept for lower limits than the request's, or NULL: where
 * those that serve it freely end. */
struct pv_bucket *pv_bucket_kept(const struct pv_heap *heap, const struct pv_shape *shape);

/* The free pebble that serves the request, or NULL, in the buckets that serve it freely, or in
 * those `kept` for lower limits. What is found damaged on the way is mended first. */
struct pv_pebble *pv_bucket_find(struct pv_heap *heap, const struct pv_shape *shape, bool kept);

/* Of the request's kind, below its limit: the most that can be asked for. O(buckets); with a limit
 * O(pebbles). */
uint64_t pv_bucket_largest_for(struct pv_heap *heap, const struct pv_shape *shape);

/* And the free bytes. O(buckets); with a limit, or where there are other kinds, O(pebbles). */
uint64_t pv_bucket_free_for(struct pv_heap *heap, const struct pv_shape *shape);

/* The last pebble of its list; a walk. NULL: a header is damaged. */
struct pv_pebble *pv_bucket_tail(struct pv_heap *heap, const struct pv_bucket *bucket);

/* Gives back the whole pages at the bucket's end that are free; how many. */
uint64_t pv_bucket_trim(struct pv_heap *heap, struct pv_bucket *bucket);

/* ---- grow.c ---- */

/* How a heap grows: the preferred way, by PV_GROW_PAGES_MIN at least; or, before a request is
 * refused, by what is needed. */
enum pv_growing { GROW_PREFERRED, GROW_LEAST };

/* Whether the heap's limit allows pages for so many bytes. */
bool pv_grow_is_allowed(const struct pv_heap *heap, uint64_t bytes);

/* A new bucket of so many pages that serves the request, or NULL. */
struct pv_bucket *pv_grow_new(struct pv_heap *heap, uint64_t n_pages,
                              const struct pv_shape *shape);

/* A free pebble that serves a request, or NULL: neither the provider nor
 * the limit allows it. */
struct pv_pebble *pv_grow(struct pv_heap *heap, const struct pv_shape *shape);

/* The bucket grows in place by at least `bytes`, into its last free pebble or a new one behind
 * its last, `tail`. false: it cannot. */
bool pv_grow_bucket(struct pv_heap *heap, struct pv_bucket *bucket, struct pv_pebble *tail,
                    uint64_t bytes, enum pv_growing growing);

#endif
