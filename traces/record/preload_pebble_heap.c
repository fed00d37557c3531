/* SPDX-License-Identifier: MIT
 *
 * preload_pebble_heap.c - one heap for all threads of a process, under one lock.
 *
 * The heap's first bucket lies in a range of addresses that is reserved once, and grows there
 * in place. Requests of LARGE_BYTES and more, and alignments that a pebble cannot have, get
 * pages of their own, which are unmapped by a free; a table lists them, so that no pointer is
 * followed before it is known to be ours.
 *
 * Faults are noted under the lock and written after it is released, since looking up names
 * takes ld.so's lock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/guard.h"
#include "core/heap.h"
#include "traces/record/preload_pebble.h"

enum {
    LARGE_BYTES = 256 * 1024,
    FIRST_PAGES = 256,
    RESERVE_SHIFT_MAX = 40, /* log2 of the bytes reserved */
    RESERVE_SHIFT_MIN = 22,
    NOTES_MAX = 16,
    LINE_BYTES = 512,
    LARGE_FIRST = 1024,
    QUEUE_SIZE = 128
};

struct large {
    uintptr_t addr; /* 0: free */
    size_t size;    /* the request */
    uintptr_t start;
    size_t bytes; /* of the mapping */
    char site[PV_SITE_BYTES];
};

struct note {
    enum pv_fault fault;
    const void *ptr;
    uint64_t requested;
    char site[PV_SITE_BYTES]; /* who requested the block, or "" */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_ready, has_guard, aborts;
static struct pv_heap heap;
static struct pv_guard guard;
static struct pv_listener listener;
static unsigned char *region; /* NULL: nothing is reserved */
static uint64_t region_pages;
static bool region_taken;
static struct large *larges;
static size_t n_large_places, n_larges;
static struct note notes[NOTES_MAX];
static unsigned n_notes;
static uint64_t n_faults;

/* ---- pages ---- */

static void *map_pages(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* Reserves as many addresses as possible, but at most a quarter of RLIMIT_AS. */
static void reserve(void)
{
    struct rlimit limit;
    size_t most = (size_t)1 << RESERVE_SHIFT_MAX;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur / 4 < most) {
        most = (size_t)limit.rlim_cur / 4;
    }
    for (int shift = RESERVE_SHIFT_MAX; shift >= RESERVE_SHIFT_MIN && !region; shift--) {
        size_t bytes = (size_t)1 << shift;
        region = bytes <= most ? map_pages(bytes) : NULL;
        region_pages = bytes / PV_PAGE_BYTES;
    }
}

static void *get_pages(void *ctx, uint64_t n_pages, uint32_t flags)
{
    (void)ctx;
    (void)flags;
    if (region && !region_taken && n_pages <= region_pages) {
        region_taken = true;
        return region;
    }
    return n_pages < SIZE_MAX / PV_PAGE_BYTES ? map_pages((size_t)n_pages * PV_PAGE_BYTES)
                                              : NULL;
}

static bool grow_pages(void *ctx, void *start, uint64_t n_pages, uint64_t n_more)
{
    (void)ctx;
    return start == region && n_more <= region_pages - n_pages;
}

static void put_pages(void *ctx, void *start, uint64_t n_pages)
{
    (void)ctx;
    if (start == region) {
        region_taken = false;
        madvise(start, (size_t)n_pages * PV_PAGE_BYTES, MADV_DONTNEED);
    } else {
        munmap(start, (size_t)n_pages * PV_PAGE_BYTES);
    }
}

/* ---- faults ---- */

static void on_event(void *ctx, const struct pv_event *event)
{
    (void)ctx;
    if (event->kind != PV_EVENT_FAULT) {
        return;
    }
    n_faults++;
    if (n_notes < NOTES_MAX) {
        struct note *note = &notes[n_notes++];
        *note = (struct note){
            .fault = event->fault, .ptr = event->ptr, .requested = event->requested};
        if (event->pebble) {
            memcpy(note->site, pv_pebble_name(event->pebble), PV_NAME_BYTES - 1);
        }
    }
}

static size_t append(char *line, size_t n, const char *text)
{
    while (*text && n < LINE_BYTES - 1) {
        unsigned char byte = (unsigned char)*text++;
        line[n++] = byte < ' ' || byte > '~' ? '?' : (char)byte;
    }
    return n;
}

static size_t append_number(char *line, size_t n, uint64_t number, unsigned base)
{
    char digits[64];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    return append(line, n, digits + at);
}

static void write_line(char *line, size_t n)
{
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        return; /* standard error is not open */
    }
}

static void say(const struct note *note, const char *caller)
{
    char line[LINE_BYTES + 1];
    size_t n = append(line, 0, "pebble-malloc: ");
    n = append(line, n, pv_guard_fault_name(note->fault));
    if (note->ptr) {
        n = append(line, n, ": 0x");
        n = append_number(line, n, (uintptr_t)note->ptr, 16);
    }
    if (note->requested) {
        n = append(line, n, ", ");
        n = append_number(line, n, note->requested, 10);
        n = append(line, n, " bytes");
    }
    if (note->site[0]) {
        n = append(line, n, ", asked for in ");
        n = append(line, n, note->site);
    }
    if (*caller) {
        n = append(line, n, ", found in ");
        n = append(line, n, caller);
    }
    write_line(line, n);
}

/* ---- the lock ---- */

void pv_pebble_lock(void)
{
    pthread_mutex_lock(&mutex);
}

void pv_pebble_unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

/* Unlocks, and reports the faults that were noted. */
static void leave(const void *site)
{
    struct note told[NOTES_MAX];
    unsigned n = n_notes;
    if (!n) {
        pv_pebble_unlock();
        return;
    }
    int saved = errno;
    memcpy(told, notes, n * sizeof told[0]);
    n_notes = 0;
    pv_pebble_unlock();
    char caller[PV_SITE_BYTES] = "";
    if (site) {
        pv_site_name(site, caller);
    }
    for (unsigned i = 0; i < n; i++) {
        say(&told[i], caller);
    }
    if (aborts) {
        abort();
    }
    errno = saved;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0;
}

static enum pv_fit wanted_fit(void)
{
    const char *fit = getenv("PEBBLE_FIT");
    if (fit && strcmp(fit, "best") == 0) {
        return PV_FIT_BEST;
    }
    return fit && strcmp(fit, "recent") == 0 ? PV_FIT_RECENT : PV_FIT_FIRST;
}

static bool begin(void)
{
    struct pv_guard_config config = {.fill_on_alloc = true,
                                     .fill_on_free = true,
                                     .canary = true,
                                     .checksum = true,
                                     .queue_size = QUEUE_SIZE};
    reserve();
    struct pv_heap_config heap_config = {
        .pages = {.get = get_pages, .grow = grow_pages, .put = put_pages},
        .first_pages = FIRST_PAGES,
        .growth = PV_GROWTH_IN_PLACE,
        .fit = wanted_fit()};
    if (!pv_heap_init(&heap, &heap_config)) {
        return false;
    }
    aborts = is_set("PEBBLE_ABORT");
    listener.event = on_event;
    if (is_set("PEBBLE_GUARD")) {
        if (getrandom(&config.secret, sizeof config.secret, GRND_NONBLOCK) < 0) {
            config.secret = (uintptr_t)&config ^ (uintptr_t)region;
        }
        has_guard = pv_guard_init(&guard, &heap, &config);
    }
    if (has_guard) {
        pv_guard_listen(&guard, &listener);
    } else {
        pv_heap_listen(&heap, &listener);
    }
    is_ready = true;
    return true;
}

/* Locks the heap, and makes it first if needed. False: no memory for a heap; not locked. */
static bool enter(void)
{
    pv_pebble_lock();
    if (is_ready || begin()) {
        return true;
    }
    pv_pebble_unlock();
    return false;
}

/* ---- large blocks ---- */

static struct large *large_place(struct large *rows, size_t n_places, uintptr_t addr)
{
    size_t at = (size_t)(addr / PV_PAGE_BYTES * UINT64_C(0x9E3779B97F4A7C15) >> 20);
    for (at %= n_places; rows[at].addr && rows[at].addr != addr; at = (at + 1) % n_places) {
    }
    return &rows[at];
}

static struct large *find_large(const void *ptr)
{
    if (!n_larges || (uintptr_t)ptr % PV_PAGE_BYTES) {
        return NULL;
    }
    struct large *place = large_place(larges, n_large_places, (uintptr_t)ptr);
    return place->addr ? place : NULL;
}

static bool widen_larges(void)
{
    if (2 * (n_larges + 1) <= n_large_places) {
        return true;
    }
    size_t n = n_large_places ? 2 * n_large_places : LARGE_FIRST;
    struct large *rows = map_pages(n * sizeof *rows);
    if (!rows) {
        return false;
    }
    for (size_t i = 0; i < n_large_places; i++) {
        if (larges[i].addr) {
            *large_place(rows, n, larges[i].addr) = larges[i];
        }
    }
    if (larges) {
        munmap(larges, n_large_places * sizeof *larges);
    }
    larges = rows;
    n_large_places = n;
    return true;
}

/* Removes an entry of the table (linear probing): entries behind it that may belong into its
 * slot are inserted again. */
static void forget_large(struct large *gone)
{
    size_t at = (size_t)(gone - larges);
    gone->addr = 0;
    n_larges--;
    for (at = (at + 1) % n_large_places; larges[at].addr; at = (at + 1) % n_large_places) {
        struct large moved = larges[at];
        larges[at].addr = 0;
        *large_place(larges, n_large_places, moved.addr) = moved;
    }
}

/* With guards the page behind the block is inaccessible. */
static void *alloc_large(size_t size, size_t align, const char *name)
{
    size_t page = PV_PAGE_BYTES, behind = has_guard ? page : 0;
    size_t extra = (align > page ? align : 0) + behind + page;
    if (size > PTRDIFF_MAX - extra || align > PTRDIFF_MAX / 4 || !widen_larges()) {
        return NULL;
    }
    size_t whole = (size + page - 1) / page * page, bytes = whole + extra - page;
    unsigned char *start = map_pages(bytes ? bytes : page);
    if (!start) {
        return NULL;
    }
    uintptr_t addr = (uintptr_t)start;
    addr = align > page ? (addr + align - 1) & ~(uintptr_t)(align - 1) : addr;
    if (behind) {
        mprotect((void *)(addr + whole), behind, PROT_NONE);
    }
    struct large *place = large_place(larges, n_large_places, addr);
    *place = (struct large){
        .addr = addr, .size = size, .start = (uintptr_t)start, .bytes = bytes ? bytes : page};
    memcpy(place->site, name, PV_SITE_BYTES);
    n_larges++;
    return (void *)addr;
}

static void free_large(struct large *large)
{
    struct large gone = *large;
    forget_large(large);
    munmap((void *)gone.start, gone.bytes);
}

/* ---- blocks ---- */

static void *alloc_pebble(size_t size, size_t align, bool zeroed, const char *name)
{
    struct pv_request request = {.size = size,
                                 .flags = PV_FLAG_VIRTUAL | (zeroed ? PV_FLAG_CLEAR : 0),
                                 .name = *name ? name : NULL};
    if (align > PV_PEBBLE_ALIGN) {
        request.flags |= PV_FLAG_ALIGNED;
        request.alignment = (uint32_t)align;
    }
    return has_guard ? pv_guard_alloc(&guard, &request) : pv_heap_alloc(&heap, &request);
}

void *pv_pebble_alloc(size_t size, size_t align, bool zeroed, const void *site)
{
    char name[PV_SITE_BYTES];
    pv_site_name(site, name);
    void *ptr = NULL;
    if (size <= PTRDIFF_MAX && enter()) {
        ptr = size >= LARGE_BYTES || align > PV_ALIGN_MAX
                  ? alloc_large(size, align, name)
                  : alloc_pebble(size, align, zeroed, name);
        leave(site);
    }
    if (!ptr) {
        errno = ENOMEM;
    }
    return ptr;
}

static size_t usable(void *ptr)
{
    const struct large *large = find_large(ptr);
    if (large) {
        return large->size;
    }
    if (has_guard) {
        return (size_t)pv_guard_requested(&guard, ptr);
    }
    enum pv_fault fault;
    const struct pv_pebble *pebble = pv_heap_pebble(&heap, ptr, &fault);
    return pebble ? (size_t)pebble->size : 0;
}

size_t pv_pebble_usable(void *ptr)
{
    size_t size = 0;
    if (ptr && enter()) {
        size = usable(ptr);
        leave(NULL);
    }
    return size;
}

/* Moves a block between a pebble and pages, or between pages: allocates, copies, frees. */
static void *move(void *ptr, size_t old_size, size_t size, const void *site)
{
    void *moved = pv_pebble_alloc(size, PV_PEBBLE_ALIGN, false, site);
    if (moved) {
        memcpy(moved, ptr, old_size < size ? old_size : size);
        pv_pebble_free(ptr, PV_PEBBLE_ANY, site);
    }
    return moved;
}

void *pv_pebble_realloc(void *ptr, size_t size, const void *site)
{
    void *moved = NULL;
    if (!enter()) {
        errno = ENOMEM;
        return NULL;
    }
    bool is_large = find_large(ptr) != NULL;
    size_t old_size = usable(ptr);
    if (is_large || (size >= LARGE_BYTES && old_size)) {
        leave(site);
        return move(ptr, old_size, size, site);
    }
    moved = has_guard ? pv_guard_realloc(&guard, ptr, size) : pv_heap_realloc(&heap, ptr, size);
    leave(site);
    if (!moved) {
        errno = ENOMEM;
    }
    return moved;
}

void pv_pebble_free(void *ptr, size_t size, const void *site)
{
    int saved = errno;
    if (!ptr || !enter()) {
        return;
    }
    struct large *large = find_large(ptr);
    if (large) {
        free_large(large);
    } else if (!has_guard) {
        pv_heap_free(&heap, ptr);
    } else if (size == PV_PEBBLE_ANY) {
        pv_guard_free(&guard, ptr);
    } else {
        pv_guard_free_sized(&guard, ptr, size);
    }
    leave(site);
    errno = saved;
}

void pv_pebble_end(void)
{
    char line[LINE_BYTES + 1];
    if (!enter()) {
        return;
    }
    if (has_guard) {
        pv_guard_check(&guard);
    }
    uint64_t n = n_faults;
    leave(NULL);
    if (n) {
        size_t at = append(line, 0, "pebble-malloc: ");
        at = append_number(line, at, n, 10);
        write_line(line, append(line, at, n == 1 ? " fault" : " faults"));
    }
}
