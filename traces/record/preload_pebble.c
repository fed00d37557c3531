/* SPDX-License-Identifier: MIT
 *
 * preload_pebble.c - all functions of C and C++ that make and free blocks, as hooks in front of
 * one heap. The return address of a hook identifies its caller.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "traces/record/preload_pebble.h"

#define HOOK __attribute__((visibility("default")))
#define SITE __builtin_return_address(0)

HOOK void *malloc(size_t size);
HOOK void free(void *ptr);
HOOK void cfree(void *ptr);
HOOK void *calloc(size_t count, size_t size);
HOOK void *realloc(void *ptr, size_t size);
HOOK void *reallocarray(void *ptr, size_t count, size_t size);
HOOK int posix_memalign(void **ret_ptr, size_t align, size_t size);
HOOK void *aligned_alloc(size_t align, size_t size);
HOOK void *memalign(size_t align, size_t size);
HOOK void *valloc(size_t size);
HOOK void *pvalloc(size_t size);
HOOK size_t malloc_usable_size(void *ptr);
HOOK void free_sized(void *ptr, size_t size);
HOOK void free_aligned_sized(void *ptr, size_t align, size_t size);

void *malloc(size_t size)
{
    return pv_pebble_alloc(size, PV_PEBBLE_ALIGN, false, SITE);
}

void free(void *ptr)
{
    pv_pebble_free(ptr, PV_PEBBLE_ANY, SITE);
}

void cfree(void *ptr)
{
    pv_pebble_free(ptr, PV_PEBBLE_ANY, SITE);
}

void free_sized(void *ptr, size_t size)
{
    pv_pebble_free(ptr, size, SITE);
}

void free_aligned_sized(void *ptr, size_t align, size_t size)
{
    (void)align;
    pv_pebble_free(ptr, size, SITE);
}

static bool product(size_t count, size_t size, size_t *ret_product)
{
    if (__builtin_mul_overflow(count, size, ret_product)) {
        errno = ENOMEM;
        return false;
    }
    return true;
}

void *calloc(size_t count, size_t size)
{
    size_t whole;
    return product(count, size, &whole) ? pv_pebble_alloc(whole, PV_PEBBLE_ALIGN, true, SITE)
                                        : NULL;
}

/* As in the C library, a resize to 0 bytes frees. */
static void *resize(void *ptr, size_t size, const void *site)
{
    if (!ptr) {
        return pv_pebble_alloc(size, PV_PEBBLE_ALIGN, false, site);
    }
    if (!size) {
        pv_pebble_free(ptr, PV_PEBBLE_ANY, site);
        return NULL;
    }
    return pv_pebble_realloc(ptr, size, site);
}

void *realloc(void *ptr, size_t size)
{
    return resize(ptr, size, SITE);
}

void *reallocarray(void *ptr, size_t count, size_t size)
{
    size_t whole;
    return product(count, size, &whole) ? resize(ptr, whole, SITE) : NULL;
}

static bool is_power(size_t align)
{
    return align && !(align & (align - 1));
}

int posix_memalign(void **ret_ptr, size_t align, size_t size)
{
    if (!is_power(align) || align % sizeof(void *)) {
        return EINVAL;
    }
    int saved = errno;
    void *ptr = pv_pebble_alloc(size, align, false, SITE);
    errno = saved;
    if (!ptr) {
        return ENOMEM;
    }
    *ret_ptr = ptr;
    return 0;
}

/* As in the C library, an alignment that is no power of two is rounded up to one. */
static void *aligned(size_t align, size_t size, const void *site)
{
    size_t power = PV_PEBBLE_ALIGN;
    while (power < align && power <= SIZE_MAX / 4) {
        power *= 2;
    }
    if (power < align) {
        errno = EINVAL;
        return NULL;
    }
    return pv_pebble_alloc(size, power, false, site);
}

void *aligned_alloc(size_t align, size_t size)
{
    return aligned(align, size, SITE);
}

void *memalign(size_t align, size_t size)
{
    return aligned(align, size, SITE);
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *valloc(size_t size)
{
    return aligned(page_bytes(), size, SITE);
}

void *pvalloc(size_t size)
{
    size_t page = page_bytes();
    if (size > SIZE_MAX - page) {
        errno = ENOMEM;
        return NULL;
    }
    return aligned(page, (size + page - 1) / page * page, SITE);
}

size_t malloc_usable_size(void *ptr)
{
    return pv_pebble_usable(ptr);
}

/* ---- C++, by mangled names ---- */

/* Out of memory: calls operator new of the C++ library, which calls the new-handler or throws;
 * it asks malloc for the memory. */
static void *lack_memory(const char *name, size_t size)
{
    void *(*next)(size_t);
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(&next, &found, sizeof next);
    return next ? next(size) : NULL;
}

static void *lack_aligned(const char *name, size_t size, size_t align)
{
    void *(*next)(size_t, size_t);
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(&next, &found, sizeof next);
    return next ? next(size, align) : NULL;
}

#define NEW(name)                                                                              \
    HOOK void *name(size_t size);                                                              \
    void *name(size_t size)                                                                    \
    {                                                                                          \
        void *ptr = pv_pebble_alloc(size, PV_PEBBLE_ALIGN, false, SITE);                       \
        return ptr ? ptr : lack_memory(#name, size);                                           \
    }
#define NEW_NOTHROW(name)                                                                      \
    HOOK void *name(size_t size, const void *nothrow);                                         \
    void *name(size_t size, const void *nothrow)                                               \
    {                                                                                          \
        (void)nothrow;                                                                         \
        return pv_pebble_alloc(size, PV_PEBBLE_ALIGN, false, SITE);                            \
    }
#define NEW_ALIGNED(name)                                                                      \
    HOOK void *name(size_t size, size_t align);                                                \
    void *name(size_t size, size_t align)                                                      \
    {                                                                                          \
        void *ptr = aligned(align, size, SITE);                                                \
        return ptr ? ptr : lack_aligned(#name, size, align);                                   \
    }
#define NEW_ALIGNED_NOTHROW(name)                                                              \
    HOOK void *name(size_t size, size_t align, const void *nothrow);                           \
    void *name(size_t size, size_t align, const void *nothrow)                                 \
    {                                                                                          \
        (void)nothrow;                                                                         \
        return aligned(align, size, SITE);                                                     \
    }
#define DELETE(name)                                                                           \
    HOOK void name(void *ptr);                                                                 \
    void name(void *ptr)                                                                       \
    {                                                                                          \
        pv_pebble_free(ptr, PV_PEBBLE_ANY, SITE);                                              \
    }
#define DELETE_SIZED(name)                                                                     \
    HOOK void name(void *ptr, size_t size);                                                    \
    void name(void *ptr, size_t size)                                                          \
    {                                                                                          \
        pv_pebble_free(ptr, size, SITE);                                                       \
    }
#define DELETE_WITH(name)                                                                      \
    HOOK void name(void *ptr, size_t unused);                                                  \
    void name(void *ptr, size_t unused)                                                        \
    {                                                                                          \
        (void)unused; /* an alignment, or std::nothrow */                                      \
        pv_pebble_free(ptr, PV_PEBBLE_ANY, SITE);                                              \
    }
#define DELETE_SIZED_WITH(name)                                                                \
    HOOK void name(void *ptr, size_t size, size_t align);                                      \
    void name(void *ptr, size_t size, size_t align)                                            \
    {                                                                                          \
        (void)align;                                                                           \
        pv_pebble_free(ptr, size, SITE);                                                       \
    }

NEW(_Znwm)
NEW(_Znam)
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
NEW_NOTHROW(_ZnamRKSt9nothrow_t)
NEW_ALIGNED(_ZnwmSt11align_val_t)
NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE_SIZED(_ZdlPvm)
DELETE_SIZED(_ZdaPvm)
DELETE_WITH(_ZdlPvSt11align_val_t)
DELETE_WITH(_ZdaPvSt11align_val_t)
DELETE_WITH(_ZdlPvRKSt9nothrow_t)
DELETE_WITH(_ZdaPvRKSt9nothrow_t)
DELETE_SIZED_WITH(_ZdlPvmSt11align_val_t)
DELETE_SIZED_WITH(_ZdaPvmSt11align_val_t)

/* ---- the process ---- */

/* Runs when ld.so has initialised this library and those that it needs. */
__attribute__((constructor)) static void begin(void)
{
    pthread_atfork(pv_pebble_lock, pv_pebble_unlock, pv_pebble_unlock);
    pv_site_begin();
}

__attribute__((destructor)) static void end(void)
{
    pv_pebble_end();
}
