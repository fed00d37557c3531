/* SPDX-License-Identifier: MIT
 *
 * failing.c - a library for LD_PRELOAD: request PV_FAIL_AT for memory fails, whoever makes it
 * (1 is the first after loading; 0: none), and with PV_FAIL_STICKY=1 all after it. Children
 * that are copies count on; a program that is not PV_FAIL_EXE is left alone.
 *
 * The file PV_FAIL_COUNT holds the count, so that it is known whatever ends the process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Those behind us: the C library's, or the sanitizer's. */
static void *(*next_malloc)(size_t bytes);
static void *(*next_calloc)(size_t n, size_t bytes);
static void *(*next_realloc)(void *old, size_t bytes);
static void *(*next_memalign)(size_t alignment, size_t bytes);

static _Atomic uint64_t *count; /* NULL: nothing fails */
static uint64_t at;
static bool sticky;

__attribute__((constructor)) static void begin(void)
{
    char own[PATH_MAX];
    const char *file = getenv("PV_FAIL_COUNT"), *exe = getenv("PV_FAIL_EXE");
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (!file || !exe || n <= 0 || (size_t)n != strlen(exe) ||
        memcmp(own, exe, (size_t)n) != 0) {
        return;
    }
    const char *text = getenv("PV_FAIL_AT");
    at = text ? strtoull(text, NULL, 10) : 0;
    text = getenv("PV_FAIL_STICKY");
    sticky = text && *text == '1';
    int fd = open(file, O_RDWR | O_CLOEXEC);
    void *shared = fd < 0
                       ? MAP_FAILED
                       : mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    count = shared == MAP_FAILED ? NULL : shared;
}

/* Before our constructor others' run, one thread only. */
static void find_next(void)
{
    *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next_memalign = dlsym(RTLD_NEXT, "memalign");
}

static bool refused(void)
{
    if (!next_memalign) {
        find_next();
    }
    if (!count) {
        return false;
    }
    uint64_t n = atomic_fetch_add(count, 1) + 1;
    if (!at || n < at || (n > at && !sticky)) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes)
{
    return refused() ? NULL : next_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    return refused() ? NULL : next_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
    return refused() ? NULL : next_realloc(old, bytes);
}

void *reallocarray(void *old, size_t n, size_t bytes)
{
    size_t all;
    if (__builtin_mul_overflow(n, bytes, &all) || refused()) {
        errno = ENOMEM;
        return NULL;
    }
    return next_realloc(old, all);
}

void *memalign(size_t alignment, size_t bytes)
{
    return refused() ? NULL : next_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **ret_block, size_t alignment, size_t bytes)
{
    void *block = memalign(alignment, bytes);
    if (!block) {
        return ENOMEM;
    }
    *ret_block = block;
    return 0;
}
