/* SPDX-License-Identifier: MIT
 *
 * preload.c - the C library's calls for memory, told to a spool and passed on.
 *
 * Order is what makes a trace replayable. A block's record is written after the real call has
 * made it and before the real call that frees it, so that no other thread can get its address
 * in between; a realloc has a record on either side. errno is the program's throughout.
 *
 * Inside a hook nothing is locked and nothing allocated. A call that comes while this thread is
 * in a hook (from a signal handler, or from the unwinder) is passed on and not recorded.
 *
 * Cost: about 50 ns for a free; an allocation is dominated by the walk up its call stack, 1 to
 * 3 microseconds.
 */
#include "traces/record/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define HOOK __attribute__((visibility("default")))

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

PV_THREAD_LOCAL bool busy;
PV_THREAD_LOCAL bool resolving;

/* Some C libraries allocate inside dlsym(3), before there is an allocator to pass on to. */
enum { BOOT_BYTES = 64 * 1024, BOOT_ALIGN = 16 };
static _Alignas(BOOT_ALIGN) unsigned char boot[BOOT_BYTES];
static _Atomic size_t boot_used;

static bool is_boot(const void *block)
{
    uintptr_t at = (uintptr_t)block;
    return at >= (uintptr_t)boot && at < (uintptr_t)boot + BOOT_BYTES;
}

/* Each block is preceded by its size. Never given back, always zeroed. */
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

/* True when the real functions can be called. Two threads may both look them up: they find the
 * same. */
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

/* True: this call is to be recorded, and leave() follows. */
static bool enter(int *ret_errno)
{
    if (busy) {
        return false;
    }
    *ret_errno = errno;
    busy = true;
    pv_preload_attach();
    if (pv_preload_recording()) {
        return true;
    }
    busy = false;
    errno = *ret_errno;
    return false;
}

static void leave(int saved_errno)
{
    busy = false;
    errno = saved_errno;
}

static void put_call(enum pv_spool_kind kind, const void *block, uint64_t size, uint64_t extra,
                     uint32_t stack)
{
    struct pv_spool_record *record = pv_preload_claim();
    if (record) {
        record->call.addr = (uintptr_t)block;
        record->call.size = size;
        record->call.extra = extra;
        record->call.stack = stack;
        pv_preload_commit(record, kind);
    }
}

/* A request that was refused made no block: there is nothing to tell. */
static void made(enum pv_spool_kind kind, const void *block, uint64_t size, uint64_t extra)
{
    int saved;
    if (block && enter(&saved)) {
        put_call(kind, block, size, extra, pv_preload_wants_stacks() ? pv_preload_stack() : 0);
        leave(saved);
    }
}

static void *resized(void *block, size_t size)
{
    int saved;
    bool told = enter(&saved);
    if (told) {
        put_call(PV_SPOOL_REALLOC_BEGIN, block, size, 0, 0);
        leave(saved);
    }
    void *moved = real.realloc(block, size);
    if (told && enter(&saved)) {
        put_call(PV_SPOOL_REALLOC_END, moved, size, (uintptr_t)block, 0);
        leave(saved);
    }
    return moved;
}

void *malloc(size_t size)
{
    if (!resolve()) {
        return boot_alloc(size);
    }
    void *block = real.malloc(size);
    made(PV_SPOOL_MALLOC, block, size, 0);
    return block;
}

void free(void *block)
{
    int saved;
    if (!block || is_boot(block) || !resolve()) {
        return;
    }
    if (enter(&saved)) {
        put_call(PV_SPOOL_FREE, block, 0, 0, 0);
        leave(saved);
    }
    real.free(block);
}

void *calloc(size_t count, size_t size)
{
    if (!resolve()) {
        return size && count > BOOT_BYTES / size ? NULL : boot_alloc(count * size);
    }
    void *block = real.calloc(count, size);
    made(PV_SPOOL_CALLOC, block, size, count);
    return block;
}

void *realloc(void *block, size_t size)
{
    if (!block) {
        return malloc(size);
    }
    if (is_boot(block)) {
        void *copy = malloc(size);
        if (copy) {
            memcpy(copy, block, boot_size(block) < size ? boot_size(block) : size);
        }
        return copy;
    }
    return resolve() ? resized(block, size) : NULL;
}

void *reallocarray(void *block, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, count * size);
}

int posix_memalign(void **ret_block, size_t align, size_t size)
{
    if (!resolve()) {
        return ENOMEM;
    }
    int status = real.posix_memalign(ret_block, align, size);
    if (!status) {
        made(PV_SPOOL_ALIGNED, *ret_block, size, align);
    }
    return status;
}

void *aligned_alloc(size_t align, size_t size)
{
    void *block = resolve() ? real.aligned_alloc(align, size) : NULL;
    made(PV_SPOOL_ALIGNED, block, size, align);
    return block;
}

void *memalign(size_t align, size_t size)
{
    void *block = resolve() ? real.memalign(align, size) : NULL;
    made(PV_SPOOL_ALIGNED, block, size, align);
    return block;
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *valloc(size_t size)
{
    void *block = resolve() ? real.valloc(size) : NULL;
    made(PV_SPOOL_ALIGNED, block, size, page_bytes());
    return block;
}

/* Rounds the request itself up to whole pages. */
void *pvalloc(size_t size)
{
    void *block = resolve() ? real.pvalloc(size) : NULL;
    size_t page = page_bytes();
    made(PV_SPOOL_ALIGNED, block, (size + page - 1) / page * page, page);
    return block;
}

size_t malloc_usable_size(void *block)
{
    if (block && is_boot(block)) {
        return boot_size(block);
    }
    return block && resolve() ? real.malloc_usable_size(block) : 0;
}

/* A program that makes no call of its own still takes the library out of the environment. */
__attribute__((constructor)) static void attach_at_start(void)
{
    busy = true;
    resolve();
    pv_preload_attach();
    busy = false;
}
