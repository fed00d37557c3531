// SPDX-License-Identifier: MIT
//
// use.cc - the public headers in C++: a heap, a guard and a buddy allocator at work, and each
// function of the headers linked (compilers.sh writes functions.inc). Leaves with 0 when all holds.
#include "pebblebuddy.h"
#include "pebbleguard.h"
#include "pebbleheap.h"

namespace
{

void (*const functions[])() = {
#include "functions.inc"
};

alignas(4096) unsigned char pages[64 * 4096];
unsigned char map[64];
unsigned n_faults;

void on_event(void *, const pv_event *event)
{
    n_faults += event->kind == PV_EVENT_FAULT && event->fault == PV_GUARD_OVERFLOW;
}

bool heap_works(pv_heap *heap)
{
    static pv_region region;
    pv_heap_config config = {};
    if (pv_region_init(&region, pages + 1, 64, map) || !pv_region_init(&region, pages, 64, map)) {
        return false;
    }
    config.pages = pv_region_pages(&region);
    config.first_pages = 16;
    config.lock.spins = true;
    if (!pv_heap_init(heap, &config)) {
        return false;
    }
    pv_request request = {};
    request.size = 100;
    request.flags = PV_FLAG_ALIGNED | PV_FLAG_CLEAR;
    request.alignment = 1024;
    void *at = pv_heap_alloc(heap, &request);
    return at && reinterpret_cast<uintptr_t>(at) % 1024 == 0 &&
           pv_heap_free(heap, at) == PV_FAULT_NONE &&
           pv_heap_free(heap, at) == PV_FAULT_DOUBLE_FREE;
}

bool guard_works(pv_heap *heap)
{
    static pv_guard guard;
    pv_guard_config config = {};
    pv_listener listener = {};
    config.canary = config.checksum = true;
    listener.event = on_event;
    if (!pv_guard_init(&guard, heap, &config)) {
        return false;
    }
    pv_guard_listen(&guard, &listener);
    unsigned char *at = static_cast<unsigned char *>(pv_guard_malloc(&guard, 10, "c++"));
    at[10] ^= 1;
    return pv_guard_free(&guard, at) == PV_GUARD_OVERFLOW && n_faults == 1 &&
           pv_guard_fini(&guard) == 1;
}

bool buddy_works()
{
    pv_buddy buddy;
    pv_buddy_config config = {};
    config.chunk = pages;
    config.total_bytes = sizeof(pages);
    config.page_bytes = 4096;
    uint64_t size = 5000;
    return pv_buddy_init(&buddy, &config) && pv_buddy_alloc(&buddy, &size, PV_BUDDY_LOW) &&
           size == 8192;
}

} // namespace

int main()
{
    static pv_heap heap;
    for (void (*function)() : functions) {
        if (!function) {
            return 1;
        }
    }
    bool works = heap_works(&heap) && guard_works(&heap);
    pv_heap_fini(&heap);
    return works && buddy_works() ? 0 : 1;
}
