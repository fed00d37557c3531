/* SPDX-License-Identifier: MIT
 *
 * preload_new.c - the hooks of C++'s operators new and delete.
 *
 * Mostly they call malloc and free, whose hooks record the call. Allocators with operators of
 * their own, as jemalloc and tcmalloc, call no function that has a hook: then it is recorded
 * here. The address of the block shows whether a hook has recorded it, so that no call is
 * recorded twice.
 *
 * Exceptions pass through their frames.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "traces/record/preload.h"

#define HOOK  __attribute__((visibility("default")))
#define FRAME __builtin_frame_address(0)

static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"};

/* RTLD_NEXT does not find a library that a C program has loaded with dlopen: it is looked up by
 * name. */
static void *find(_Atomic(void *) *cache, const char *name)
{
    void *found = atomic_load_explicit(cache, memory_order_acquire);
    if (found) {
        return found;
    }
    found = dlsym(RTLD_NEXT, name);
    for (size_t i = 0; !found && i < sizeof libraries / sizeof libraries[0]; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        found = library ? dlsym(library, name) : NULL;
    }
    atomic_store_explicit(cache, found, memory_order_release);
    return found;
}

/* For a process without a C++ library. */
static void *make_plain(size_t align, size_t size, bool throws)
{
    void *block =
        align ? aligned_alloc(align, (size + align - 1) / align * align) : malloc(size);
    if (!block && throws) {
        abort();
    }
    return block;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): these are lists of parameters */
#define NEW(name, throws, params, size, align, args)                                           \
    HOOK void *name params;                                                                    \
    void *name params                                                                          \
    {                                                                                          \
        static _Atomic(void *) cache;                                                          \
        void *(*real)params, *found = find(&cache, #name);                                     \
        if (!found) {                                                                          \
            return make_plain(align, size, throws);                                            \
        }                                                                                      \
        memcpy(&real, &found, sizeof real);                                                    \
        pv_preload_forget_told();                                                              \
        void *block = real args;                                                               \
        pv_preload_made_once(block, align, size, FRAME);                                       \
        return block;                                                                          \
    }

#define DELETE(name, params, args)                                                             \
    HOOK void name params;                                                                     \
    void name params                                                                           \
    {                                                                                          \
        static _Atomic(void *) cache;                                                          \
        void(*real) params, *found = find(&cache, #name);                                      \
        if (!found) {                                                                          \
            free(block);                                                                       \
            return;                                                                            \
        }                                                                                      \
        memcpy(&real, &found, sizeof real);                                                    \
        pv_preload_freed_once(block);                                                          \
        real args;                                                                             \
        pv_preload_forget_told();                                                              \
    }

/* NOLINTEND(bugprone-macro-parentheses) */

/* The mangled names: n new, d delete, a for arrays; m a size, St11align_val_t an alignment,
 * RKSt9nothrow_t std::nothrow. */
NEW(_Znwm, true, (size_t size), size, 0, (size))
NEW(_Znam, true, (size_t size), size, 0, (size))
NEW(_ZnwmRKSt9nothrow_t, false, (size_t size, const void *nothrow), size, 0, (size, nothrow))
NEW(_ZnamRKSt9nothrow_t, false, (size_t size, const void *nothrow), size, 0, (size, nothrow))
NEW(_ZnwmSt11align_val_t, true, (size_t size, size_t align), size, align, (size, align))
NEW(_ZnamSt11align_val_t, true, (size_t size, size_t align), size, align, (size, align))
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, false, (size_t size, size_t align, const void *nothrow),
    size, align, (size, align, nothrow))
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, false, (size_t size, size_t align, const void *nothrow),
    size, align, (size, align, nothrow))

DELETE(_ZdlPv, (void *block), (block))
DELETE(_ZdaPv, (void *block), (block))
DELETE(_ZdlPvm, (void *block, size_t size), (block, size))
DELETE(_ZdaPvm, (void *block, size_t size), (block, size))
DELETE(_ZdlPvRKSt9nothrow_t, (void *block, const void *nothrow), (block, nothrow))
DELETE(_ZdaPvRKSt9nothrow_t, (void *block, const void *nothrow), (block, nothrow))
DELETE(_ZdlPvSt11align_val_t, (void *block, size_t align), (block, align))
DELETE(_ZdaPvSt11align_val_t, (void *block, size_t align), (block, align))
DELETE(_ZdlPvmSt11align_val_t, (void *block, size_t size, size_t align), (block, size, align))
DELETE(_ZdaPvmSt11align_val_t, (void *block, size_t size, size_t align), (block, size, align))
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t align, const void *nothrow),
       (block, align, nothrow))
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t align, const void *nothrow),
       (block, align, nothrow))
