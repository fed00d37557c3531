/* SPDX-License-Identifier: MIT
 *
 * pages.h - two page providers that need no system: a fixed region, and one that says no.
 * The one that asks the operating system is replay/space.h.
 */
#ifndef PV_PAGES_H
#define PV_PAGES_H

#include "core/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pages from one region of memory, lowest place first. Keeps a byte a page in `map`, both the
 * caller's: map has n_pages bytes. */
struct pv_region {
    unsigned char *start;
    uint64_t n_pages;
    unsigned char *map;
    uint64_t bias; /* added to a pointer to get the address that PV_FLAG_LOW… speak of; 0 */
};

/* false: start is NULL or not page-aligned, or the region goes beyond the address space; it
 * then has no page to give. */
bool pv_region_init(struct pv_region *region, void *start, uint64_t n_pages,
                    unsigned char *map);

struct pv_pages pv_region_pages(struct pv_region *region);

/* Another provider that fails on demand: the n-th call of get, grow or get_aligned (1 is the
 * first) fails, and with `sticky` all after it. fail_at 0: never. */
struct pv_failing {
    struct pv_pages under;
    uint64_t n_calls;
    uint64_t fail_at;
    bool sticky;
};

struct pv_pages pv_failing_pages(struct pv_failing *failing);

#ifdef __cplusplus
}
#endif

#endif
