/* SPDX-License-Identifier: MIT
 *
 * pebble.c - one bucket's list of pebbles: splitting (20.3.4), merging (20.3.5), First and
 * Largest, and telling listeners. Internal to the heap, see inside.h.
 */
#include "core/index.h"
#include "core/inside.h"

_Static_assert(sizeof(struct pv_bucket) == 48, "Table 20.3.2.1");
_Static_assert(sizeof(struct pv_pebble) == 48 + PV_NAMES * PV_NAME_BYTES, "Table 20.3.3.1");
_Static_assert(PV_UNIT_BYTES >= 64 && (PV_UNIT_BYTES & (PV_UNIT_BYTES - 1)) == 0,
               "a node fits the least payload, and rounding is a mask");
_Static_assert(PV_GROW_PAGES_MIN >= 1, "growth gives a page");

void pv_tell(struct pv_heap *heap, const struct pv_event *event)
{
    for (struct pv_listener *l = heap->listeners; l; l = l->next) {
        l->event(l->ctx, event);
    }
}

void pv_tell_pebble(struct pv_heap *heap, enum pv_event_kind kind, struct pv_pebble *pebble,
                    struct pv_pebble *other)
{
    if (heap->listeners) {
        pv_tell(heap, &(struct pv_event){.kind = kind,
                                         .bucket = pv_bucket_at(pebble->parent),
                                         .pebble = pebble,
                                         .other = other});
    }
}

void pv_tell_size(struct pv_heap *heap, enum pv_event_kind kind, struct pv_pebble *pebble,
                  uint64_t old_size, uint64_t requested)
{
    if (heap->listeners) {
        pv_tell(heap, &(struct pv_event){.kind = kind,
                                         .bucket = pv_bucket_at(pebble->parent),
                                         .pebble = pebble,
                                         .old_size = old_size,
                                         .requested = requested});
    }
}

void pv_tell_bucket(struct pv_heap *heap, enum pv_event_kind kind, struct pv_bucket *bucket,
                    uint64_t n_pages)
{
    pv_tell(heap, &(struct pv_event){.kind = kind, .bucket = bucket, .n_pages = n_pages});
}

struct pv_pebble *pv_pebble_make_free(uint64_t addr, struct pv_bucket *bucket, uint64_t size,
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

void pv_pebble_link(struct pv_heap *heap, struct pv_pebble *at, struct pv_pebble *added)
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

void pv_bucket_set_first(struct pv_heap *heap, struct pv_bucket *bucket,
                         struct pv_pebble *pebble)
{
    if (bucket->first != addr_of(pebble)) {
        bucket->first = addr_of(pebble);
        pv_tell_pebble(heap, PV_EVENT_BUCKET_FIRST, pebble, NULL);
    }
}

void pv_pebble_absorb(struct pv_heap *heap, struct pv_pebble *at, struct pv_pebble *gone)
{
    pv_tell_pebble(heap, PV_EVENT_MERGE, at, gone);
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
        pv_bucket_set_first(heap, pv_bucket_at(at->parent), at);
    }
}

void pv_bucket_settle(struct pv_heap *heap, struct pv_bucket *bucket)
{
    bucket->largest = pv_index_largest(heap, bucket);
}

struct pv_pebble *pv_pebble_split(struct pv_heap *heap, struct pv_pebble *pebble, uint64_t size)
{
    uint64_t rest = pebble->size - size - PEBBLE_BYTES;
    struct pv_bucket *bucket = pv_bucket_at(pebble->parent);
    uint32_t kind = pebble->sflags & PV_KIND;
    pebble->size = size;
    struct pv_pebble *upper = pv_pebble_make_free(pebble_end(pebble), bucket, rest, kind);
    pv_pebble_link(heap, pebble, upper);
    pv_tell_pebble(heap, PV_EVENT_SPLIT, pebble, upper);
    return upper;
}
