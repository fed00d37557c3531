/* SPDX-License-Identifier: MIT
 *
 * space.c - the one file that maps memory. Pages are given lowest place first; the list of runs
 * in use is kept sorted, so a request is linear in the number of buckets.
 */
#include "replay/space.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/own.h"
#include "core/status.h"
#include "replay/engine.h"

/* One TiB of addresses; where this process has a limit on them, a part of what it has, for
 * there may be several heaps beside all else. */
static const uint64_t reserve_most = UINT64_C(1) << 40;
static const uint64_t reserve_least = UINT64_C(1) << 20;
static const uint64_t limit_parts = 8;

/* Smaller blocks of zeros come from our own memory. */
static const uint64_t zeros_least = UINT64_C(1) << 20;

/* The size of a large page, which the system gives at once where it is asked to. */
enum { LARGE_PAGES = (2 << 20) / PV_PAGE_BYTES };

struct run {
    uint64_t page, n;
    bool hole;
};

struct pv_space {
    unsigned char *start; /* on a boundary of PV_ALIGN_MAX, as the target's base is */
    uint64_t n_pages;
    void *reserved;
    size_t reserved_bytes;
    uint64_t base;    /* the target's address of start */
    struct run *runs; /* in use, by page; the holes of a machine are runs that stay */
    size_t n_runs, cap_runs;
    bool is_large;           /* runs grow in pieces of LARGE_PAGES */
    uint64_t ready, n_ready; /* pages behind the last such run that are made real already */
    bool is_short;           /* the system gave fewer addresses than a heap may have */
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

/* Finds the lowest free place of n_pages within pages `from` to `end`. Returns the index of the
 * run behind it and sets the page; SIZE_MAX: none. */
static size_t find_place(const struct pv_space *space, uint64_t from, uint64_t end,
                         uint64_t n_pages, uint64_t *ret_page)
{
    uint64_t page = from;
    size_t at = 0;
    for (; at < space->n_runs; at++) {
        const struct run *run = &space->runs[at];
        if (run->page >= page && run->page - page >= n_pages) {
            break;
        }
        page = run->page + run->n > page ? run->page + run->n : page;
    }
    *ret_page = page;
    return page <= end && n_pages <= end - page ? at : SIZE_MAX;
}

/* Searches the highest zone first: above 4 GiB, above 16 MiB, above 1 MiB, anywhere. */
static size_t find_zone(const struct pv_space *space, uint32_t flags, uint64_t n_pages,
                        uint64_t *ret_page)
{
    static const uint64_t zones[] = {UINT64_C(1) << 32, UINT64_C(1) << 24, UINT64_C(1) << 20,
                                     0};
    uint64_t limit = pv_flags_limit(flags);
    uint64_t end = space->n_pages;
    if (limit) {
        uint64_t bytes = limit > space->base ? limit - space->base : 0;
        end = bytes / PV_PAGE_BYTES < end ? bytes / PV_PAGE_BYTES : end;
    }
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < sizeof zones / sizeof *zones && at == SIZE_MAX; i++) {
        uint64_t from = zones[i] > space->base ? (zones[i] - space->base) / PV_PAGE_BYTES : 0;
        at = find_place(space, from, end, n_pages, ret_page);
    }
    return at;
}

static int insert_run(struct pv_space *space, size_t at, struct run run)
{
    struct run *runs =
        pv_own_room(space->runs, space->n_runs, &space->cap_runs, sizeof *space->runs);
    if (!runs) {
        return PV_ENOMEM;
    }
    memmove(runs + at + 1, runs + at, (space->n_runs - at) * sizeof *runs);
    runs[at] = run;
    space->runs = runs;
    space->n_runs++;
    return PV_OK;
}

/* A refusal then comes from this system and not from the heap. The end of a machine's memory
 * and a limit of the request are not of this kind. */
static bool is_too_short(const struct pv_space *space, uint64_t n_pages, uint32_t flags)
{
    return space->is_short && n_pages <= reserve_most / PV_PAGE_BYTES && space->base != 0 &&
           pv_flags_limit(flags) == 0;
}

static void *space_get(void *ctx, uint64_t n_pages, uint32_t flags)
{
    struct pv_space *space = ctx;
    uint64_t page;
    size_t at = find_zone(space, flags, n_pages, &page);
    bool has_physical = space->base == 0;
    if (at == SIZE_MAX || ((flags & PV_FLAG_PHYSICAL) && !has_physical)) {
        space->out_of_memory |= at == SIZE_MAX && is_too_short(space, n_pages, flags);
        return NULL;
    }
    if (insert_run(space, at, (struct run){.page = page, .n = n_pages})) {
        space->out_of_memory = true;
        return NULL;
    }
    if (!make_real(space, page, n_pages)) {
        space->n_runs--;
        memmove(space->runs + at, space->runs + at + 1,
                (space->n_runs - at) * sizeof *space->runs);
        return NULL;
    }
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

void pv_space_take_large(struct pv_space *space, bool large)
{
    space->is_large = large;
}

/* Backs the pages that a run grows by, from `end` on, and those that follow up to a whole large
 * page. */
static bool make_more_real(struct pv_space *space, uint64_t end, uint64_t n_more,
                           uint64_t limit)
{
    if (end == space->ready && n_more <= space->n_ready) {
        space->ready += n_more;
        space->n_ready -= n_more;
        return true;
    }
    space->n_ready = 0;
    uint64_t to = (end + n_more + LARGE_PAGES - 1) / LARGE_PAGES * LARGE_PAGES;
    if (!space->is_large || to > limit || !make_real(space, end, to - end)) {
        return make_real(space, end, n_more);
    }
    /* Only advice: without it, pages are backed one by one. */
    (void)madvise(space->start + end * PV_PAGE_BYTES, (to - end) * PV_PAGE_BYTES,
                  MADV_HUGEPAGE);
    space->ready = end + n_more;
    space->n_ready = to - space->ready;
    return true;
}

static bool space_grow(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    struct pv_space *space = ctx;
    uint64_t end = page_of(space, start) + n_pages;
    size_t at = find_run(space, end - 1);
    uint64_t limit = at + 1 < space->n_runs ? space->runs[at + 1].page : space->n_pages;
    if (n_more > limit - end || !make_more_real(space, end, n_more, limit)) {
        return false;
    }
    space->runs[at].n += n_more;
    return true;
}

static void make_unreal(struct pv_space *space, void *start, uint64_t n_pages)
{
    space->n_ready = 0;
    /* Both calls can only fail for a range that is not ours. */
    (void)madvise(start, n_pages * PV_PAGE_BYTES, MADV_DONTNEED);
    (void)mprotect(start, n_pages * PV_PAGE_BYTES, PROT_NONE);
}

static void space_shrink(void *ctx, void *start, uint64_t n_pages, uint64_t n_less)
{
    struct pv_space *space = ctx;
    uint64_t kept = n_pages - n_less;
    space->runs[find_run(space, page_of(space, start))].n = kept;
    make_unreal(space, (unsigned char *)start + kept * PV_PAGE_BYTES, n_less);
}

static void space_put(void *ctx, void *start, uint64_t n_pages)
{
    struct pv_space *space = ctx;
    size_t at = find_run(space, page_of(space, start));
    make_unreal(space, start, n_pages);
    space->n_runs--;
    memmove(space->runs + at, space->runs + at + 1, (space->n_runs - at) * sizeof *space->runs);
}

bool pv_space_can_clear(const struct pv_space *space, const void *page)
{
    size_t at = find_run(space, page_of(space, page));
    return at < space->n_runs && !space->runs[at].hole &&
           space->runs[at].page < page_of(space, page);
}

void pv_space_clear(void *pages, uint64_t bytes)
{
    if (bytes) {
        (void)madvise(pages, bytes, MADV_DONTNEED);
    }
}

static int space_read(void *ctx, uint64_t addr, void *buf, size_t n)
{
    const struct pv_space *space = ctx;
    uint64_t offset = addr - space->base;
    if (addr < space->base || offset / PV_PAGE_BYTES >= space->n_pages) {
        return PV_EFAULT;
    }
    size_t at = find_run(space, offset / PV_PAGE_BYTES);
    if (at == space->n_runs || space->runs[at].hole) {
        return PV_EFAULT;
    }
    uint64_t end = (space->runs[at].page + space->runs[at].n) * PV_PAGE_BYTES;
    if (n > end - offset) {
        return PV_EFAULT;
    }
    memcpy(buf, space->start + offset, n);
    return PV_OK;
}

static uint64_t reserve_first(void)
{
    struct rlimit limit;
    uint64_t part = reserve_most;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        part = limit.rlim_cur / limit_parts / PV_PAGE_BYTES * PV_PAGE_BYTES;
    }
    return part < reserve_most ? part : reserve_most;
}

static int reserve(struct pv_space *space)
{
    space->reserved = MAP_FAILED;
    for (uint64_t n = reserve_first(); n >= reserve_least && space->reserved == MAP_FAILED;
         n /= 2) {
        space->n_pages = n / PV_PAGE_BYTES;
        space->is_short = n < reserve_most;
        space->reserved_bytes = n + PV_ALIGN_MAX;
        space->reserved = mmap(NULL, space->reserved_bytes, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (space->reserved == MAP_FAILED) {
        return PV_ENOMEM;
    }
    space->start = space->reserved;
    space->start += -(uintptr_t)space->reserved % PV_ALIGN_MAX;
    return PV_OK;
}

/* The stretch ends where the machine's memory does; what is not memory below is
 * a run in use. */
static int furnish(struct pv_space *space, const struct pv_machine *machine)
{
    uint64_t page = 0;
    for (size_t i = 0; i < machine->n_ranges; i++) {
        const struct pv_machine_range *range = &machine->ranges[i];
        struct run hole = {.page = page, .n = range->page - page, .hole = true};
        if (hole.n && insert_run(space, space->n_runs, hole)) {
            return PV_ENOMEM;
        }
        page = range->page + range->n_pages;
    }
    if (page > space->n_pages) {
        return PV_ENOMEM;
    }
    space->n_pages = page;
    return PV_OK;
}

int pv_space_open(struct pv_space **ret_space, const struct pv_machine *machine)
{
    struct pv_space *space = pv_own_calloc(1, sizeof *space);
    if (!space) {
        return PV_ENOMEM;
    }
    space->base = machine ? 0 : PV_TARGET_BASE;
    int status = reserve(space);
    if (status) {
        pv_own_free(space);
        return status;
    }
    status = machine ? furnish(space, machine) : PV_OK;
    if (status) {
        pv_space_close(space);
        return status;
    }
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
    return (struct pv_pages){.ctx = space,
                             .get = space_get,
                             .grow = space_grow,
                             .shrink = space_shrink,
                             .put = space_put};
}

struct pv_memory pv_space_memory(struct pv_space *space)
{
    return (struct pv_memory){.read = space_read, .ctx = space};
}

/* In small pages, or one byte would cost two megabytes. */
void *pv_space_zeros(uint64_t bytes)
{
    if (bytes < zeros_least) {
        return pv_own_calloc((size_t)bytes, 1);
    }
    void *zeros = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zeros == MAP_FAILED) {
        return NULL;
    }
    (void)madvise(zeros, (size_t)bytes, MADV_NOHUGEPAGE);
    return zeros;
}

void pv_space_zeros_free(void *zeros, uint64_t bytes)
{
    if (bytes < zeros_least) {
        pv_own_free(zeros);
    } else if (zeros) {
        (void)munmap(zeros, (size_t)bytes);
    }
}

uint64_t pv_space_bias(const struct pv_space *space)
{
    return space->base - (uint64_t)(uintptr_t)space->start;
}

bool pv_space_out_of_memory(const struct pv_space *space)
{
    return space->out_of_memory;
}
