/* SPDX-License-Identifier: MIT
 *
 * granted.c - see granted.h. The program's malloc stands in front of the C library's, which it
 * calls; only a refusal inside pv_granted takes another way. What is asked outside goes on to the
 * C library as a jump, so that who records the calls of this program sees the caller.
 */
#include "viz/text/granted.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/status.h"

static _Thread_local jmp_buf *way_out; /* NULL: outside */
static int exit_code;                  /* 0: requests outside may be refused */

int pv_granted(void (*work)(void *ctx), void *ctx)
{
    jmp_buf here, *const outer = way_out;
    if (setjmp(here)) {
        way_out = outer;
        return PV_ENOMEM;
    }
    way_out = &here;
    work(ctx);
    way_out = outer;
    return PV_OK;
}

void pv_granted_or_exit(int code)
{
    exit_code = code;
}

/* clang's sanitizers are part of the executable, and their malloc is found by no dlsym: there,
 * nothing is refused. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                     \
    __has_feature(memory_sanitizer)
#define PV_MALLOC_IS_THE_SANITIZERS 1
#endif
#endif

#if !defined(PV_MALLOC_IS_THE_SANITIZERS)

static void *(*next_malloc)(size_t bytes);
static void *(*next_calloc)(size_t n, size_t bytes);
static void *(*next_realloc)(void *old, size_t bytes);
static void *(*next_memalign)(size_t alignment, size_t bytes);

/* The first request is made before main, by one thread. */
static void find_next(void)
{
    *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next_memalign = dlsym(RTLD_NEXT, "memalign");
}

static bool is_watched(void)
{
    return way_out || exit_code;
}

/* Returns the block, or leaves by longjmp or exit; a request for 0 bytes may give NULL. */
static void *granted(void *block, size_t bytes)
{
    if (!block && bytes) {
        if (!way_out) {
            _exit(exit_code);
        }
        longjmp(*way_out, 1);
    }
    return block;
}

void *malloc(size_t bytes)
{
    if (!next_memalign) {
        find_next();
    }
    return is_watched() ? granted(next_malloc(bytes), bytes) : next_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    if (!next_memalign) {
        find_next();
    }
    return is_watched() ? granted(next_calloc(n, bytes), n && bytes) : next_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
    if (!next_memalign) {
        find_next();
    }
    return is_watched() ? granted(next_realloc(old, bytes), bytes) : next_realloc(old, bytes);
}

void *reallocarray(void *old, size_t n, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(n, bytes, &total)) {
        errno = ENOMEM;
        return is_watched() ? granted(NULL, 1) : NULL;
    }
    return realloc(old, total);
}

void *memalign(size_t alignment, size_t bytes)
{
    if (!next_memalign) {
        find_next();
    }
    return is_watched() ? granted(next_memalign(alignment, bytes), bytes)
                        : next_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **ret_block, size_t alignment, size_t bytes)
{
    if (alignment < sizeof(void *) || alignment & (alignment - 1)) {
        return EINVAL;
    }
    void *block = memalign(alignment, bytes);
    if (!block) {
        return ENOMEM;
    }
    *ret_block = block;
    return 0;
}

#endif
