/* SPDX-License-Identifier: MIT
 *
 * sound.c - what becomes of a heap whose headers or free payloads a program has overwritten.
 *
 * An overrun hits the first bytes of what lies behind first, and these are a magic: of a
 * pebble's header, of a free pebble's node in the index, of a bucket's header. All three are
 * looked at before anything behind them is followed. Where one is wrong the operation stops,
 * heap->damaged says where, and pv_sound_mend() builds the index anew from the headers that are
 * sound: what is damaged is used no more, all else goes on. A bucket whose header is damaged
 * is taken out of the list; its pages are lost.
 *
 * Costs: nothing here runs on a sound heap.
 */
#include "core/index.h"
#include "core/inside.h"

bool pv_sound_header(const struct pv_bucket *bucket, uint64_t addr)
{
    uint64_t end = bucket_end(bucket);
    if (!is_on(addr, ADDR_STEP) || addr < addr_of(bucket) + BUCKET_BYTES ||
        addr > end - SPLIT_MIN) {
        return false;
    }
    const struct pv_pebble *pebble = pv_pebble_at(addr);
    uint64_t payload = addr + PEBBLE_BYTES;
    return pebble->magic == PV_PEBBLE_MAGIC && !(pebble->lflags & ~PV_PEBBLE_USED) &&
           pebble->parent == addr_of(bucket) && pebble->size >= 64 &&
           pebble->size <= end - payload &&
           payload + pebble->size == (pebble->next ? pebble->next : end);
}

struct pv_pebble *pv_sound_from(const struct pv_bucket *bucket, uint64_t addr)
{
    while (addr < bucket_end(bucket) && !pv_sound_header(bucket, addr)) {
        addr += ADDR_STEP;
    }
    return addr < bucket_end(bucket) ? pv_pebble_at(addr) : NULL;
}

struct pv_bucket *pv_sound_cut(struct pv_heap *heap, struct pv_bucket *bucket)
{
    struct pv_bucket *bad = bucket ? pv_bucket_at(bucket->next) : heap->first;
    struct pv_bucket *next = NULL, *at = heap->last;
    /* Walks the list from its other end, as far as it is sound. */
    for (uint64_t n = heap->n_buckets;
         n && at && at != bad && at != bucket && pv_bucket_is_whole(heap, at); n--) {
        next = at;
        at = pv_bucket_at(at->prev);
    }
    if (bucket) {
        bucket->next = addr_of(next);
    } else {
        heap->first = next;
    }
    if (next) {
        next->prev = addr_of(bucket);
    } else {
        heap->last = bucket;
    }
    for (unsigned i = 0; i < PV_HEAP_LIMITS; i++) {
        at = heap->first;
        while (at && at != heap->kept[i]) {
            at = pv_bucket_at(at->next);
        }
        heap->kept[i] = heap->kept[i] && !at ? next : heap->kept[i];
    }
    heap->damaged = bad;
    return next;
}

/* Also for an address where a bucket begins that is not in the list any more. */
const struct pv_pebble *pv_sound_suspect(struct pv_heap *heap, uint64_t addr)
{
    struct pv_bucket *bucket = pv_bucket_first(heap);
    while (bucket && (addr <= addr_of(bucket) || addr > bucket_end(bucket))) {
        bucket = pv_bucket_after(heap, bucket);
    }
    const struct pv_pebble *found = NULL;
    const struct pv_pebble *at =
        bucket ? pv_sound_from(bucket, addr_of(bucket) + BUCKET_BYTES) : NULL;
    while (at && addr_of(at) < addr) {
        found = at;
        at = pv_sound_from(bucket, pebble_end(at));
    }
    return found && !is_free(found) ? found : NULL;
}

static void forget_places(struct pv_heap *heap)
{
    for (size_t i = 0; i < PV_HEAP_CACHE; i++) {
        heap->cache[i] = NULL;
    }
    for (size_t i = 0; i < PV_HEAP_KINDS; i++) {
        heap->ends[i].bucket = NULL;
        heap->ends[i].tail = NULL;
    }
}

/* A bucket's First, where it is damaged, becomes the first pebble that is sound. false: none
 * is. */
static bool set_first(struct pv_bucket *bucket)
{
    if (pv_sound_header(bucket, bucket->first)) {
        return true;
    }
    const struct pv_pebble *head = pv_sound_from(bucket, addr_of(bucket) + BUCKET_BYTES);
    if (head) {
        bucket->first = addr_of(head);
    }
    return head != NULL;
}

void pv_sound_index(struct pv_heap *heap)
{
    pv_index_clear(heap);
    forget_places(heap);
    heap->n_buckets = 0;
    struct pv_bucket *bucket = pv_bucket_first(heap);
    for (; bucket; bucket = pv_bucket_after(heap, bucket)) {
        if (!set_first(bucket)) {
            bucket->magic = 0; /* nothing in it is sound: it is taken out below */
        }
    }
    for (bucket = pv_bucket_first(heap); bucket; bucket = pv_bucket_after(heap, bucket)) {
        heap->n_buckets++;
    }
    for (bucket = heap->first; bucket; bucket = pv_bucket_at(bucket->next)) {
        struct pv_pebble *at = pv_sound_from(bucket, addr_of(bucket) + BUCKET_BYTES);
        for (; at; at = pv_sound_from(bucket, pebble_end(at))) {
            if (is_free(at)) {
                pv_index_insert(heap, at);
            }
        }
    }
    for (bucket = heap->first; bucket; bucket = pv_bucket_at(bucket->next)) {
        pv_bucket_settle(heap, bucket);
    }
}

/* Whether it lies in one of the buckets that are in the list. */
static bool is_listed(struct pv_heap *heap, uint64_t addr)
{
    struct pv_bucket *bucket = pv_bucket_first(heap);
    while (bucket && (addr <= addr_of(bucket) || addr >= bucket_end(bucket))) {
        bucket = pv_bucket_after(heap, bucket);
    }
    return bucket != NULL;
}

void pv_sound_mend(struct pv_heap *heap)
{
    while (heap->damaged) {
        uint64_t at = addr_of(heap->damaged);
        heap->damaged = NULL;
        pv_sound_index(heap);
        heap->n_damaged++;
        heap->suspect = pv_sound_suspect(heap, at);
        bool in_bucket = is_listed(heap, at);
        heap->damage = in_bucket ? PV_FAULT_BAD_FREE : PV_FAULT_BAD_BUCKET;
        pv_tell(heap,
                &(struct pv_event){.kind = PV_EVENT_FAULT,
                                   .fault = heap->damage,
                                   .ptr = pv_pebble_at(at + (in_bucket ? PEBBLE_BYTES : 0)),
                                   .pebble = heap->suspect,
                                   .suspect = heap->suspect});
    }
}
