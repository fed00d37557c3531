/* SPDX-License-Identifier: MIT
 *
 * preload_stack.c - who asks: the call stack, once each, as numbers.
 *
 * Frames are walked by the unwinder of libgcc, which since glibc 2.35 finds its tables without
 * a lock. Three tables, open addressing, claimed by compare-and-swap and never emptied:
 * modules, frames, stacks. A place in a table is the id, so nobody waits for anybody to hand
 * one out; who claims a place writes its definition to the spool. Names are not looked up here:
 * the reader of the spool does that from the files, with all the time it wants.
 *
 * Limit: a module that is unloaded and another loaded at the same addresses keeps the first's
 * frames.
 */
#include "traces/record/preload.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

enum { PROBES = 64 };

static _Atomic uint64_t *stacks, *frames, *modules;
static uintptr_t own_start, own_end; /* this library's code */

struct walk {
    uintptr_t pcs[PV_SPOOL_STACK_FRAMES];
    uintptr_t starts[PV_SPOOL_STACK_FRAMES];
    unsigned n;
};

static void *table(size_t n)
{
    void *at = mmap(NULL, n * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

bool pv_preload_stack_init(void)
{
    struct dl_find_object self;
    if (_dl_find_object((void *)(uintptr_t)&pv_preload_stack_init, &self) == 0) {
        own_start = (uintptr_t)self.dlfo_map_start;
        own_end = (uintptr_t)self.dlfo_map_end;
    }
    stacks = table(PV_SPOOL_N_STACKS);
    frames = table(PV_SPOOL_N_FRAMES);
    modules = table(PV_SPOOL_N_MODULES);
    return stacks && frames && modules;
}

/* The finisher of splitmix64; never 0, which marks an empty place. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
}

/* The id of a key; 0 when its neighbourhood is full. n is a power of two. */
static uint32_t place(_Atomic uint64_t *in, uint32_t n, uint64_t key, bool *ret_new)
{
    *ret_new = false;
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t at = (uint32_t)(key + i) & (n - 1);
        uint64_t seen = atomic_load_explicit(&in[at], memory_order_relaxed);
        if (!seen && atomic_compare_exchange_strong(&in[at], &seen, key)) {
            *ret_new = true;
            return at + 1;
        }
        if (seen == key) {
            return at + 1;
        }
    }
    return 0;
}

static void define_module(uint32_t id, const char *path)
{
    size_t n = strnlen(path, PV_SPOOL_PATH - 1);
    uint16_t part = 0;
    for (size_t at = 0; at == 0 || at < n; at += PV_SPOOL_TEXT_A_RECORD) {
        struct pv_spool_record *record = pv_preload_claim();
        if (!record) {
            return;
        }
        size_t left = n - at;
        record->part = part++;
        record->module.id = id;
        memcpy(record->module.text, path + at,
               left < PV_SPOOL_TEXT_A_RECORD ? left : PV_SPOOL_TEXT_A_RECORD);
        pv_preload_commit(record, PV_SPOOL_MODULE);
    }
}

static uint32_t module_of(uintptr_t pc, uintptr_t *ret_base)
{
    struct dl_find_object found;
    *ret_base = 0;
    if (_dl_find_object((void *)pc, &found) != 0 || !found.dlfo_link_map) {
        return 0;
    }
    const char *path = found.dlfo_link_map->l_name;
    path = path ? path : "";
    *ret_base = found.dlfo_link_map->l_addr;
    uint64_t key = *ret_base;
    for (const char *c = path; *c; c++) {
        key = mix(key + (unsigned char)*c);
    }
    bool is_new;
    uint32_t id = place(modules, PV_SPOOL_N_MODULES, mix(key), &is_new);
    if (is_new) {
        define_module(id, path);
    }
    return id;
}

static uint32_t frame_of(uintptr_t pc, uintptr_t start)
{
    bool is_new;
    uint32_t id = place(frames, PV_SPOOL_N_FRAMES, mix(pc), &is_new);
    if (!is_new) {
        return id;
    }
    uintptr_t base;
    uint32_t module = module_of(pc, &base);
    struct pv_spool_record *record = pv_preload_claim();
    if (record) {
        record->frame.pc = pc - base;
        record->frame.start = start ? start - base : 0;
        record->frame.module = module;
        record->frame.id = id;
        pv_preload_commit(record, PV_SPOOL_FRAME);
    }
    return id;
}

static void define_stack(uint32_t id, const struct walk *walk)
{
    uint16_t part = 0;
    for (unsigned at = 0; at < walk->n;) {
        uint32_t ids[PV_SPOOL_FRAMES_A_RECORD];
        unsigned n = 0;
        while (n < PV_SPOOL_FRAMES_A_RECORD && at < walk->n) {
            ids[n++] = frame_of(walk->pcs[at], walk->starts[at]);
            at++;
        }
        struct pv_spool_record *record = pv_preload_claim();
        if (!record) {
            return;
        }
        record->part = part++;
        record->n = (uint8_t)n;
        record->stack.id = id;
        memcpy(record->stack.frames, ids, n * sizeof ids[0]);
        pv_preload_commit(record, PV_SPOOL_STACK);
    }
}

/* A return address points behind its call, perhaps into the next function: less one. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *ctx)
{
    struct walk *walk = ctx;
    int before = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &before);
    if (!pc || walk->n == PV_SPOOL_STACK_FRAMES) {
        return _URC_END_OF_STACK;
    }
    if (!(pc >= own_start && pc < own_end)) {
        walk->pcs[walk->n] = before ? pc : pc - 1;
        walk->starts[walk->n++] = _Unwind_GetRegionStart(context);
    }
    return _URC_NO_REASON;
}

uint32_t pv_preload_stack(void)
{
    struct walk walk;
    walk.n = 0;
    _Unwind_Backtrace(step, &walk);
    if (!walk.n) {
        return 0;
    }
    uint64_t key = walk.n;
    for (unsigned i = 0; i < walk.n; i++) {
        key = mix(key ^ walk.pcs[i]) + i;
    }
    bool is_new;
    uint32_t id = place(stacks, PV_SPOOL_N_STACKS, mix(key), &is_new);
    if (is_new) {
        define_stack(id, &walk);
    }
    return id;
}
