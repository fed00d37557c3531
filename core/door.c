/* SPDX-License-Identifier: MIT
 *
 * door.c - the one door from a pointer that a caller gives to a pebble, and what is wrong with
 * a pointer that is no pebble's. Reads only inside the heap's own buckets, whatever the
 * pointer.
 *
 * Costs: O(1) for a sound pointer whose bucket was used lately, else O(buckets); a diagnosis
 * walks the bucket's list.
 */
#include "core/index.h"
#include "core/inside.h"

static bool holds(const struct pv_heap *heap, const struct pv_bucket *bucket, uint64_t addr)
{
    return bucket && pv_bucket_is_whole(heap, bucket) && addr >= addr_of(bucket) &&
           addr < bucket_end(bucket);
}

static struct pv_bucket **cached_for(struct pv_heap *heap, uint64_t addr)
{
    return &heap->cache[(addr >> CACHE_SHIFT) % PV_HEAP_CACHE];
}

static PV_RARE struct pv_bucket *search(struct pv_heap *heap, uint64_t addr)
{
    struct pv_bucket *bucket = pv_bucket_first(heap);
    for (; bucket; bucket = pv_bucket_after(heap, bucket)) {
        if (holds(heap, bucket, addr)) {
            *cached_for(heap, addr) = bucket;
            return bucket;
        }
    }
    return NULL;
}

static inline struct pv_bucket *bucket_of(struct pv_heap *heap, uint64_t addr)
{
    struct pv_bucket *cached = *cached_for(heap, addr);
    return holds(heap, cached, addr) ? cached : search(heap, addr);
}

/* Whether there is room for a pebble at addr in the bucket. */
static bool can_stand(const struct pv_bucket *bucket, uint64_t addr)
{
    uint64_t place = addr - addr_of(bucket) - BUCKET_BYTES; /* of those before it: too large */
    return is_on(addr, ADDR_STEP) &&
           place <= bucket->size * PV_PAGE_BYTES - BUCKET_BYTES - PEBBLE_BYTES - PV_UNIT_BYTES;
}

/* The same, and a header that begins like one. */
static bool may_be_pebble(const struct pv_bucket *bucket, uint64_t addr)
{
    return can_stand(bucket, addr) && pv_pebble_at(addr)->magic == PV_PEBBLE_MAGIC;
}

/* Whether the pebble's own account of where it lies can be true. */
static bool is_placed(const struct pv_bucket *bucket, const struct pv_pebble *pebble)
{
    uint64_t next = pebble->next;
    return !(pebble->lflags & ~PV_PEBBLE_USED) &&
           pebble->size <= bucket_end(bucket) - addr_of(pebble + 1) &&
           pebble_end(pebble) == (next ? next : bucket_end(bucket));
}

/* Whether a pebble that says it is free hangs in the index: merging will rely on it. Follows no
 * link that leads out of the heap, and reads no other header: each is a cache miss. */
static bool is_indexed(struct pv_heap *heap, const struct pv_pebble *pebble)
{
    const struct pv_pebble *up = pv_index_up(pebble);
    const struct pv_bucket *bucket = up ? bucket_of(heap, addr_of(up)) : NULL;
    return (!up || (bucket && can_stand(bucket, addr_of(up)))) &&
           pv_index_leads(heap, up, pebble);
}

/* Whether a header that says it is free is one that merging can rely on. */
static PV_RARE bool may_merge(struct pv_heap *heap, const struct pv_bucket *bucket,
                              const struct pv_pebble *pebble)
{
    return pebble->parent == addr_of(bucket) && is_placed(bucket, pebble) &&
           is_indexed(heap, pebble);
}

/* A neighbour that a release may read and, if it is free, merge with. */
static inline bool is_sound_neighbour(struct pv_heap *heap, const struct pv_bucket *bucket,
                                      uint64_t addr)
{
    if (!may_be_pebble(bucket, addr)) {
        return false;
    }
    const struct pv_pebble *pebble = pv_pebble_at(addr);
    return !is_free(pebble) || may_merge(heap, bucket, pebble);
}

/* What is wrong with a header whose magic is right, from what it and its neighbours say. */
static enum pv_fault fault_of(struct pv_heap *heap, const struct pv_bucket *bucket,
                              const struct pv_pebble *pebble)
{
    uint64_t next = pebble->next, prev = pebble->prev;
    if (pebble->parent != addr_of(bucket)) {
        return PV_FAULT_BAD_PARENT;
    }
    if (!is_placed(bucket, pebble)) {
        return PV_FAULT_BAD_HEADER;
    }
    if (is_free(pebble)) {
        return PV_FAULT_DOUBLE_FREE;
    }
    if (next && (!is_sound_neighbour(heap, bucket, next) ||
                 pv_pebble_at(next)->prev != addr_of(pebble))) {
        return PV_FAULT_OVERRUN;
    }
    if (!prev) {
        bool head = heap->config.fit == PV_FIT_RECENT || bucket->first == addr_of(pebble);
        return head ? PV_FAULT_NONE : PV_FAULT_BAD_HEADER;
    }
    if (!is_sound_neighbour(heap, bucket, prev) ||
        pebble_end(pv_pebble_at(prev)) != addr_of(pebble)) {
        return PV_FAULT_BAD_NEIGHBOUR;
    }
    return PV_FAULT_NONE;
}

/* Diagnoses an address that has no sound header in front of it: walks the bucket's list as far
 * as it is sound. Sets the pebble that holds the address, where there is one. */
static PV_COLD enum pv_fault diagnose(const struct pv_bucket *bucket, uint64_t payload,
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
struct pv_pebble *pv_door_look_up(struct pv_heap *heap, const void *ptr,
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
        [PV_FAULT_UNKNOWN_FLAGS] = "unknown-flags",
        [PV_FAULT_BAD_FREE] = "bad-free",
        [PV_FAULT_BAD_BUCKET] = "bad-bucket",
        [PV_FAULT_BAD_PAGES] = "bad-pages",
    };
    return (unsigned)fault < PV_N_FAULTS ? names[fault] : "?";
}

const char *pv_why_name(enum pv_why why)
{
    static const char *const names[PV_N_WHYS] = {
        [PV_WHY_NO_MEMORY] = "no memory",
        [PV_WHY_FRAGMENTATION] = "fragmentation",
        [PV_WHY_LIMIT] = "limit",
        [PV_WHY_RANGE] = "range",
    };
    return (unsigned)why < PV_N_WHYS ? names[why] : "?";
}
