/* SPDX-License-Identifier: MIT
 *
 * space.c - the one file that maps memory. Pages are given lowest place first; the list of runs
 * in use is kept sorted, so a request is linear in the number of buckets.
 */
#include "replay/space.h"

#include <string.h>
#include <sys/mman.h>

#include "core/own.h"
#include "core/status.h"
#include "replay/engine.h"

/* One TiB of addresses, or less where the system has a limit on them. */
static const uint64_t reserve_most = UINT64_C(1) << 40;
static const uint64_t reserve_least = UINT64_C(1) << 30;

struct run {
    uint64_t page, n;
};

struct pv_space {
    unsigned char *start; /* on a boundary of PV_ALIGN_MAX, as the target's base is */
    uint64_t n_pages;
    void *reserved;
    size_t reserved_bytes;
    struct run *runs; /* in use, by page */
    size_t n_runs, cap_runs;
    bool out_of_memory;
};

static uint64_t page_of(const struct pv_space *space, const void *start)
{
    return (uint64_t)((const unsigned char *)start - space->start) / PV_PAGE_BYTES;
}

static bool make_real(struct pv_space *space, uint64_t page, uint64_t n)
{
    int failed = mprotect(space->start + page * PV_PAGE_BYTES, n * PV_PAGE_BYTES,
                          PROT_READ | PROT_WRITE);
    space->out_of_memory |= failed != 0;
    return !failed;
}

static void *space_get(void *ctx, uint64_t n_pages)
{
    struct pv_space *space = ctx;
    if (n_pages > space->n_pages) {
        return NULL;
    }
    uint64_t page = 0;
    size_t at = 0;
    while (at < space->n_runs && space->runs[at].page - page < n_pages) {
        page = space->runs[at].page + space->runs[at].n;
        at++;
    }
    if (page > space->n_pages - n_pages) {
        return NULL;
    }
    struct run *runs =
        pv_own_room(space->runs, space->n_runs, &space->cap_runs, sizeof(*space->runs));
    if (!runs) {
        space->out_of_memory = true;
        return NULL;
    }
    space->runs = runs;
    if (!make_real(space, page, n_pages)) {
        return NULL;
    }
    memmove(runs + at + 1, runs + at, (space->n_runs - at) * sizeof(*runs));
    runs[at] = (struct run){.page = page, .n = n_pages};
    space->n_runs++;
    return space->start + page * PV_PAGE_BYTES;
}

/* Index of the run that holds the page, or n_runs. */
static size_t find_run(const struct pv_space *space, uint64_t page)
{
    size_t low = 0, high = space->n_runs;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (space->runs[mid].page + space->runs[mid].n <= page) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < space->n_runs && space->runs[low].page <= page ? low : space->n_runs;
}

static bool space_grow(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    struct pv_space *space = ctx;
    uint64_t end = page_of(space, start) + n_pages;
    size_t at = find_run(space, end - 1);
    uint64_t limit = at + 1 < space->n_runs ? space->runs[at + 1].page : space->n_pages;
    if (n_more > limit - end || !make_real(space, end, n_more)) {
        return false;
    }
    space->runs[at].n += n_more;
    return true;
}

static void space_put(void *ctx, void *start, uint64_t n_pages)
{
    struct pv_space *space = ctx;
    size_t at = find_run(space, page_of(space, start));
    /* Both can only fail for a range that is not ours. */
    (void)madvise(start, n_pages * PV_PAGE_BYTES, MADV_DONTNEED);
    (void)mprotect(start, n_pages * PV_PAGE_BYTES, PROT_NONE);
    space->n_runs--;
    memmove(space->runs + at, space->runs + at + 1,
            (space->n_runs - at) * sizeof(*space->runs));
}

static int space_read(void *ctx, uint64_t addr, void *buf, size_t n)
{
    const struct pv_space *space = ctx;
    uint64_t offset = addr - PV_TARGET_BASE;
    if (addr < PV_TARGET_BASE || offset / PV_PAGE_BYTES >= space->n_pages) {
        return PV_EFAULT;
    }
    size_t at = find_run(space, offset / PV_PAGE_BYTES);
    if (at == space->n_runs) {
        return PV_EFAULT;
    }
    uint64_t end = (space->runs[at].page + space->runs[at].n) * PV_PAGE_BYTES;
    if (n > end - offset) {
        return PV_EFAULT;
    }
    memcpy(buf, space->start + offset, n);
    return PV_OK;
}

int pv_space_open(struct pv_space **ret_space)
{
    struct pv_space *space = pv_own_calloc(1, sizeof(*space));
    if (!space) {
        return PV_ENOMEM;
    }
    space->reserved = MAP_FAILED;
    for (uint64_t n = reserve_most; n >= reserve_least && space->reserved == MAP_FAILED;
         n /= 2) {
        space->n_pages = n / PV_PAGE_BYTES;
        space->reserved_bytes = n + PV_ALIGN_MAX;
        space->reserved = mmap(NULL, space->reserved_bytes, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (space->reserved == MAP_FAILED) {
        pv_own_free(space);
        return PV_ENOMEM;
    }
    space->start = space->reserved;
    space->start += -(uintptr_t)space->reserved % PV_ALIGN_MAX;
    *ret_space = space;
    return PV_OK;
}

void pv_space_close(struct pv_space *space)
{
    if (space) {
        (void)munmap(space->reserved, space->reserved_bytes);
        pv_own_free(space->runs);
        pv_own_free(space);
    }
}

struct pv_pages pv_space_pages(struct pv_space *space)
{
    return (struct pv_pages){
        .ctx = space, .get = space_get, .grow = space_grow, .put = space_put};
}

struct pv_memory pv_space_memory(struct pv_space *space)
{
    return (struct pv_memory){.read = space_read, .ctx = space};
}

uint64_t pv_space_bias(const struct pv_space *space)
{
    return PV_TARGET_BASE - (uint64_t)(uintptr_t)space->start;
}

bool pv_space_out_of_memory(const struct pv_space *space)
{
    return space->out_of_memory;
}
