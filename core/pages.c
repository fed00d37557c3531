/* SPDX-License-Identifier: MIT
 *
 * pages.c - page providers without a system under them. Searching a region is linear in its
 * pages: it is for tests and for a kernel's first minutes, where it holds one bucket or few.
 */
#include "core/pages.h"

static bool all_free(const unsigned char *map, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (map[i]) {
            return false;
        }
    }
    return true;
}

static void mark(unsigned char *map, uint64_t n, unsigned char value)
{
    for (uint64_t i = 0; i < n; i++) {
        map[i] = value;
    }
}

static uint64_t page_index(const struct pv_region *region, const void *start)
{
    return (uint64_t)((const unsigned char *)start - region->start) / PV_PAGE_BYTES;
}

/* The lowest place whose address and `ahead` bytes are a multiple of `step`. */
static void *get_on(struct pv_region *region, uint64_t n_pages, uint32_t flags, uint64_t step,
                    uint64_t ahead)
{
    uint64_t limit = pv_flags_limit(flags);
    for (uint64_t i = 0; n_pages <= region->n_pages && i <= region->n_pages - n_pages; i++) {
        uint64_t start = (uint64_t)(uintptr_t)region->start + i * PV_PAGE_BYTES;
        if (limit && start + n_pages * PV_PAGE_BYTES + region->bias > limit) {
            return NULL;
        }
        if (((start + ahead) & (step - 1)) == 0 && all_free(region->map + i, n_pages)) {
            mark(region->map + i, n_pages, 1);
            return region->start + i * PV_PAGE_BYTES;
        }
    }
    return NULL;
}

static void *region_get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    return get_on(ctx, n_pages, flags, 1, 0);
}

static void *region_get_aligned(void *ctx, uint64_t n_pages, uint32_t flags, uint64_t alignment)
{
    return get_on(ctx, n_pages, flags, alignment, PV_PAGE_BYTES);
}

static bool region_grow(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    struct pv_region *region = ctx;
    uint64_t end = page_index(region, start) + n_pages;
    if (n_more > region->n_pages - end || !all_free(region->map + end, n_more)) {
        return false;
    }
    mark(region->map + end, n_more, 1);
    return true;
}

static void region_shrink(void *ctx, void *start, uint64_t n_pages, uint64_t n_less)
{
    struct pv_region *region = ctx;
    mark(region->map + page_index(region, start) + n_pages - n_less, n_less, 0);
}

static void region_put(void *ctx, void *start, uint64_t n_pages)
{
    struct pv_region *region = ctx;
    mark(region->map + page_index(region, start), n_pages, 0);
}

bool pv_region_init(struct pv_region *region, void *start, uint64_t n_pages, unsigned char *map)
{
    uintptr_t at = (uintptr_t)start;
    if (!at || at & (PV_PAGE_BYTES - 1) || n_pages > (UINTPTR_MAX - at) / PV_PAGE_BYTES) {
        *region = (struct pv_region){0};
        return false;
    }
    *region = (struct pv_region){.start = start, .n_pages = n_pages, .map = map};
    mark(map, n_pages, 0);
    return true;
}

struct pv_pages pv_region_pages(struct pv_region *region)
{
    return (struct pv_pages){.ctx = region,
                             .get = region_get,
                             .grow = region_grow,
                             .shrink = region_shrink,
                             .put = region_put,
                             .get_aligned = region_get_aligned};
}

static bool fails_now(struct pv_failing *failing)
{
    failing->n_calls++;
    return failing->fail_at && (failing->n_calls == failing->fail_at ||
                                (failing->sticky && failing->n_calls > failing->fail_at));
}

static void *failing_get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct pv_failing *failing = ctx;
    return fails_now(failing) ? NULL : failing->under.get(failing->under.ctx, n_pages, flags);
}

static void *failing_get_aligned(void *ctx, uint64_t n_pages, uint32_t flags,
                                 uint64_t alignment)
{
    struct pv_failing *failing = ctx;
    const struct pv_pages *under = &failing->under;
    return fails_now(failing) ? NULL
                              : under->get_aligned(under->ctx, n_pages, flags, alignment);
}

static bool failing_grow(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    struct pv_failing *failing = ctx;
    return !fails_now(failing) && failing->under.grow &&
           failing->under.grow(failing->under.ctx, start, n_pages, n_more);
}

static void failing_shrink(void *ctx, void *start, uint64_t n_pages, uint64_t n_less)
{
    struct pv_failing *failing = ctx;
    failing->under.shrink(failing->under.ctx, start, n_pages, n_less);
}

static void failing_put(void *ctx, void *start, uint64_t n_pages)
{
    struct pv_failing *failing = ctx;
    failing->under.put(failing->under.ctx, start, n_pages);
}

struct pv_pages pv_failing_pages(struct pv_failing *failing)
{
    return (struct pv_pages){.ctx = failing,
                             .get = failing_get,
                             .grow = failing_grow,
                             .shrink = failing->under.shrink ? failing_shrink : NULL,
                             .put = failing_put,
                             .get_aligned =
                                 failing->under.get_aligned ? failing_get_aligned : NULL};
}
