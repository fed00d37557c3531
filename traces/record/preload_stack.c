/* SPDX-License-Identifier: MIT
 *
 * preload_stack.c - gives numbers to modules, frames and call stacks, each only once.
 *
 * A call stack is a node of a tree: a frame, and the node of its caller; stacks share their
 * common outer part. Three hash tables with open addressing; slots are claimed by
 * compare-and-swap and never freed. The slot's number is the id, so that no thread waits for
 * another. A thread that finds an id not yet marked as defined writes its definition before
 * using it: some are defined twice, none too late. Names are not looked up here: the reader of
 * the spool does that later from the files.
 *
 * A table is a row of levels, each four times as large as the one before. A key goes into the
 * first level that has room for it, so that small programs touch few pages.
 *
 * Limit: when a module is unloaded and another loaded at the same addresses, the frames keep
 * the first module.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "traces/record/preload.h"
#include "traces/record/preload_frame.h"

enum { PROBES = 16, LEVEL_SHIFT = 2 };

/* Keys are smaller than this bit, which marks an entry as defined. */
#define DEFINED (UINT64_C(1) << 63)

struct table {
    _Atomic uint64_t *keys;
    _Atomic uint64_t *values; /* NULL: no table */
    unsigned first;           /* log2 of the number of slots in the first level */
    unsigned n_levels;
};

static struct table nodes = {.first = PV_SPOOL_NODES_FIRST, .n_levels = PV_SPOOL_NODES_LEVELS};
static struct table frames = {.first = PV_SPOOL_FRAMES_FIRST,
                              .n_levels = PV_SPOOL_FRAMES_LEVELS};
static struct table modules = {.first = 12, .n_levels = 1};

_Static_assert(PV_SPOOL_N_MODULES == 1 << 12, "one level");
_Static_assert(PV_SPOOL_N_NODES < 1 << PV_SPOOL_SUBJECT_BITS, "ids fit");

/* This library's own code; its frames are left out. */
static uintptr_t own_start, own_end;

bool pv_preload_stack_init(void)
{
    struct dl_find_object self;
    if (_dl_find_object((void *)(uintptr_t)&pv_preload_stack_init, &self) == 0) {
        own_start = (uintptr_t)self.dlfo_map_start;
        own_end = (uintptr_t)self.dlfo_map_end;
    }
    size_t n = PV_SPOOL_N_NODES + 2 * PV_SPOOL_N_FRAMES + PV_SPOOL_N_MODULES;
    _Atomic uint64_t *at = mmap(NULL, n * sizeof *at, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if ((void *)at == MAP_FAILED) {
        return false;
    }
    nodes.keys = at;
    frames.keys = at + PV_SPOOL_N_NODES;
    frames.values = frames.keys + PV_SPOOL_N_FRAMES;
    modules.keys = frames.values + PV_SPOOL_N_FRAMES;
    /* ld.so binds functions that libgcc calls at their first call, which needs 3 KiB of stack:
     * do it now, not in a signal handler. */
    (void)pv_unwind_of((uintptr_t)&pv_preload_stack_init);
    return true;
}

/* The last step of splitmix64. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* The slot of a key, which is not 0; NULL: no room. The id is the slot's number, from 1. */
static _Atomic uint64_t *place(const struct table *table, uint64_t key, uint32_t *ret_id)
{
    _Atomic uint64_t *keys = table->keys;
    uint64_t hash = mix(key);
    for (unsigned level = 0; level < table->n_levels; level++) {
        size_t n = (size_t)1 << (table->first + LEVEL_SHIFT * level);
        for (unsigned i = 0; i < PROBES; i++) {
            _Atomic uint64_t *at = &keys[(hash + i) & (n - 1)];
            uint64_t seen = atomic_load_explicit(at, memory_order_relaxed);
            if ((!seen && atomic_compare_exchange_strong(at, &seen, key)) ||
                (seen & ~DEFINED) == key) {
                *ret_id = (uint32_t)(at - table->keys) + 1;
                return at;
            }
        }
        keys += n;
    }
    return NULL;
}

static bool is_defined(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_acquire) & DEFINED;
}

static void set_defined(_Atomic uint64_t *at)
{
    atomic_fetch_or_explicit(at, DEFINED, memory_order_release);
}

/* The module of a place in the code; 0: none. */
static uint32_t module_of(uintptr_t pc, uintptr_t *ret_base)
{
    *ret_base = 0;
    const struct link_map *map = NULL;
    struct dl_find_object found;
    if (_dl_find_object((void *)pc, &found) == 0) {
        map = found.dlfo_link_map;
    }
    if (!map) {
        return 0;
    }
    const char *path = map->l_name ? map->l_name : "";
    *ret_base = map->l_addr;
    uint64_t key = map->l_addr;
    for (const char *c = path; *c; c++) {
        key = mix(key + (unsigned char)*c);
    }
    uint32_t id;
    _Atomic uint64_t *at = place(&modules, (mix(key) & ~DEFINED) | 1, &id);
    if (!at) {
        return 0;
    }
    if (!is_defined(at) && pv_preload_define_text(PV_SPOOL_MODULE, id, path)) {
        set_defined(at);
    }
    return id;
}

uint32_t pv_preload_frame(uintptr_t pc, uint64_t *ret_rule)
{
    uint32_t id;
    bool is_ours = pc >= own_start && pc < own_end;
    _Atomic uint64_t *at = is_ours ? NULL : place(&frames, pc & ~DEFINED, &id);
    if (!at) {
        *ret_rule = pv_unwind_pack(pv_unwind_of(pc));
        return 0;
    }
    _Atomic uint64_t *value = &frames.values[id - 1];
    *ret_rule = atomic_load_explicit(value, memory_order_relaxed);
    if (*ret_rule == PV_UNWIND_UNKNOWN) {
        *ret_rule = pv_unwind_pack(pv_unwind_of(pc));
        atomic_store_explicit(value, *ret_rule, memory_order_relaxed);
    }
    if (!is_defined(at)) {
        uintptr_t base, start = pv_unwind_start(pc);
        uint64_t module = module_of(pc, &base);
        uint64_t into = start && pc - start < UINT32_MAX ? pc - start + 1 : 0;
        if (pv_preload_define(PV_SPOOL_FRAME, id, 0, pc - base, into | module << 32, 0)) {
            set_defined(at);
        }
    }
    return id;
}

uint32_t pv_preload_node(uint32_t caller, uint32_t frame)
{
    uint32_t id;
    if (!frame) {
        return caller; /* leave out one frame rather than the whole stack */
    }
    _Atomic uint64_t *at = place(&nodes, (uint64_t)frame << 32 | caller, &id);
    if (!at) {
        return caller;
    }
    if (!is_defined(at) &&
        pv_preload_define(PV_SPOOL_NODE, id, 0, (uint64_t)frame << 32 | caller, 0, 0)) {
        set_defined(at);
    }
    return id;
}
