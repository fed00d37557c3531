/* SPDX-License-Identifier: MIT
 *
 * preload.c - the hooks of the C library's memory functions: each writes a record to the spool
 * and calls the real function.
 *
 * The order of records makes a trace replayable. The record of an allocation is written after
 * the real call, that of a free before it, so that no other thread can get the address in
 * between; a realloc has a record before and one after. errno stays the program's.
 *
 * A hook takes no lock and allocates nothing, so a call from a signal handler that interrupts a
 * hook is recorded like any other, with fewer of its callers.
 *
 * Cost: about 20 ns for a free, 40 ns for an allocation whose callers are those of the one
 * before.
 */
#include "traces/record/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define HOOK  __attribute__((visibility("default")))
#define FRAME __builtin_frame_address(0)

HOOK void *malloc(size_t size);
HOOK void free(void *block);
HOOK void *calloc(size_t count, size_t size);
HOOK void *realloc(void *block, size_t size);
HOOK void *reallocarray(void *block, size_t count, size_t size);
HOOK int posix_memalign(void **ret_block, size_t align, size_t size);
HOOK void *aligned_alloc(size_t align, size_t size);
HOOK void *memalign(size_t align, size_t size);
HOOK void *valloc(size_t size);
HOOK void *pvalloc(size_t size);
HOOK size_t malloc_usable_size(void *block);

static struct {
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    size_t (*malloc_usable_size)(void *);
    _Atomic bool ready;
} real;

PV_THREAD_LOCAL bool resolving;

/* Memory for C libraries that allocate inside dlsym(3), before the real allocator is known. */
enum { BOOT_BYTES = 64 * 1024, BOOT_ALIGN = 16 };
static _Alignas(BOOT_ALIGN) unsigned char boot[BOOT_BYTES];
static _Atomic size_t boot_used;

static bool is_boot(const void *block)
{
    uintptr_t at = (uintptr_t)block;
    return at >= (uintptr_t)boot && at < (uintptr_t)boot + BOOT_BYTES;
}

/* Each block is preceded by its size. The memory is zero, and never freed. */
static void *boot_alloc(size_t size)
{
    if (size > BOOT_BYTES) {
        return NULL;
    }
    size_t whole = (size + 2 * BOOT_ALIGN - 1) & ~(size_t)(BOOT_ALIGN - 1);
    size_t at = atomic_fetch_add(&boot_used, whole);
    if (at > BOOT_BYTES - whole) {
        return NULL;
    }
    memcpy(boot + at, &size, sizeof size);
    return boot + at + BOOT_ALIGN;
}

static size_t boot_size(const void *block)
{
    size_t size;
    memcpy(&size, (const unsigned char *)block - BOOT_ALIGN, sizeof size);
    return size;
}

static void find(void *ret_function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(ret_function, &found, sizeof found);
}

/* True when the real functions can be called. If two threads look them up at once, both find
 * the same. */
static bool resolve(void)
{
    if (atomic_load_explicit(&real.ready, memory_order_acquire)) {
        return true;
    }
    if (resolving) {
        return false;
    }
    resolving = true;
    find(&real.malloc, "malloc");
    find(&real.free, "free");
    find(&real.calloc, "calloc");
    find(&real.realloc, "realloc");
    find(&real.posix_memalign, "posix_memalign");
    find(&real.aligned_alloc, "aligned_alloc");
    find(&real.memalign, "memalign");
    find(&real.valloc, "valloc");
    find(&real.pvalloc, "pvalloc");
    find(&real.malloc_usable_size, "malloc_usable_size");
    atomic_store_explicit(&real.ready, true, memory_order_release);
    resolving = false;
    return true;
}

/* ---- recording ---- */

struct told {
    enum pv_spool_kind kind;
    unsigned shift;
    const void *block;
    uint64_t size;
    void *hook;    /* NULL: no stack is wanted */
    uint32_t node; /* out */
};

PV_THREAD_LOCAL const void *last_made, *last_freed;

static inline uint32_t node_of(void *hook)
{
    return pv_preload_depth() == PV_SPOOL_NO_STACKS ? 0 : pv_preload_walk(hook);
}

static void find_node(void *ctx)
{
    struct told *told = ctx;
    told->node = node_of(told->hook);
}

static void tell(void *ctx)
{
    const struct told *told = ctx;
    uint32_t node = told->hook ? node_of(told->hook) : 0;
    pv_preload_tell(told->kind, told->shift, node, (uintptr_t)told->block, told->size);
}

static __attribute__((noinline)) void tell_elsewhere(struct told told)
{
    pv_preload_elsewhere(tell, &told);
}

/* Records a new block; NULL is a failed request, of which nothing is recorded. `hook` is the
 * frame of the function that the program called. */
static inline void made(enum pv_spool_kind kind, const void *block, unsigned shift,
                        uint64_t size, void *hook)
{
    if (!block || !pv_preload_recording()) {
        return;
    }
    last_made = block;
    if (pv_preload_is_small(hook)) {
        tell_elsewhere((struct told){kind, shift, block, size, hook, 0});
    } else {
        pv_preload_tell(kind, shift, node_of(hook), (uintptr_t)block, size);
    }
}

static inline void freed(const void *block, const void *frame)
{
    if (!pv_preload_recording()) {
        return;
    }
    if (pv_preload_is_small(frame)) {
        tell_elsewhere((struct told){.kind = PV_SPOOL_FREE, .block = block});
    } else {
        pv_preload_tell(PV_SPOOL_FREE, 0, 0, (uintptr_t)block, 0);
    }
}

/* The C library rounds an alignment that is no power of two up to one. */
static unsigned shift_of(size_t align)
{
    unsigned shift = 0;
    while (shift < sizeof align * CHAR_BIT - 1 && (size_t)1 << shift < align) {
        shift++;
    }
    return shift;
}

static void made_aligned(const void *block, size_t align, size_t size, void *hook)
{
    made(PV_SPOOL_ALIGNED, block, shift_of(align), size, hook);
}

static void *make(size_t size, void *hook)
{
    if (!resolve()) {
        return boot_alloc(size);
    }
    void *block = real.malloc(size);
    made(PV_SPOOL_MALLOC, block, 0, size, hook);
    return block;
}

static void *resize_boot(void *block, size_t size, void *hook)
{
    void *copy = make(size, hook);
    if (copy) {
        memcpy(copy, block, boot_size(block) < size ? boot_size(block) : size);
    }
    return copy;
}

static uint32_t stack_of(void *hook)
{
    struct told told = {.hook = hook};
    if (pv_preload_is_small(hook)) {
        pv_preload_elsewhere(find_node, &told);
    } else {
        find_node(&told);
    }
    return told.node;
}

static void *resize(void *block, size_t size, void *hook)
{
    if (!block) {
        return make(size, hook);
    }
    if (is_boot(block)) {
        return resize_boot(block, size, hook);
    }
    if (!resolve()) {
        return NULL;
    }
    bool told = pv_preload_recording();
    uint32_t node = 0;
    if (told) {
        node = stack_of(hook);
        pv_preload_tell(PV_SPOOL_REALLOC_BEGIN, 0, 0, (uintptr_t)block, size);
    }
    void *moved = real.realloc(block, size);
    if (told) {
        last_made = moved;
        pv_preload_tell(PV_SPOOL_REALLOC_END, 0, node, (uintptr_t)moved, size);
    }
    return moved;
}

void *malloc(size_t size)
{
    return make(size, FRAME);
}

void free(void *block)
{
    if (!block || is_boot(block) || !resolve()) {
        return;
    }
    if (block != last_freed) {
        freed(block, FRAME);
    }
    last_freed = NULL;
    real.free(block);
}

void *calloc(size_t count, size_t size)
{
    if (!resolve()) {
        return size && count > BOOT_BYTES / size ? NULL : boot_alloc(count * size);
    }
    void *block = real.calloc(count, size);
    if (count <= UINT32_MAX && size <= UINT32_MAX) {
        made(PV_SPOOL_CALLOC, block, 0, (uint64_t)count << 32 | size, FRAME);
    } else { /* count or size too large for half a word: recorded as a malloc */
        made(PV_SPOOL_MALLOC, block, 0, (uint64_t)(count * size), FRAME);
    }
    return block;
}

void *realloc(void *block, size_t size)
{
    return resize(block, size, FRAME);
}

void *reallocarray(void *block, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(block, count * size, FRAME);
}

int posix_memalign(void **ret_block, size_t align, size_t size)
{
    if (!resolve()) {
        return ENOMEM;
    }
    int status = real.posix_memalign(ret_block, align, size);
    if (!status) {
        made_aligned(*ret_block, align, size, FRAME);
    }
    return status;
}

void *aligned_alloc(size_t align, size_t size)
{
    void *block = resolve() ? real.aligned_alloc(align, size) : NULL;
    made_aligned(block, align, size, FRAME);
    return block;
}

void *memalign(size_t align, size_t size)
{
    void *block = resolve() ? real.memalign(align, size) : NULL;
    made_aligned(block, align, size, FRAME);
    return block;
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *valloc(size_t size)
{
    void *block = resolve() ? real.valloc(size) : NULL;
    made_aligned(block, page_bytes(), size, FRAME);
    return block;
}

/* Rounds the size up to whole pages, as pvalloc does itself. */
void *pvalloc(size_t size)
{
    void *block = resolve() ? real.pvalloc(size) : NULL;
    size_t page = page_bytes();
    made_aligned(block, page, (size + page - 1) / page * page, FRAME);
    return block;
}

size_t malloc_usable_size(void *block)
{
    if (block && is_boot(block)) {
        return boot_size(block);
    }
    return block && resolve() ? real.malloc_usable_size(block) : 0;
}

/* ---- for preload_new.c ---- */

void pv_preload_forget_told(void)
{
    last_made = NULL;
    last_freed = NULL;
}

void pv_preload_made_once(const void *block, size_t align, size_t size, void *hook)
{
    if (block == last_made) {
        return;
    }
    if (align) {
        made_aligned(block, align, size, hook);
    } else {
        made(PV_SPOOL_MALLOC, block, 0, size, hook);
    }
}

void pv_preload_freed_once(const void *block)
{
    if (block && !is_boot(block)) {
        freed(block, FRAME);
        last_freed = block;
    }
}

/* For a program that never calls a hook: the environment is cleaned all the same. */
__attribute__((constructor)) static void attach_at_start(void)
{
    resolve();
    pv_preload_recording();
}
