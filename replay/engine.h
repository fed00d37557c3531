/* SPDX-License-Identifier: MIT
 *
 * engine.h - the interface that all allocators share and that a replay drives.
 *
 * An engine serves requests for target addresses. Every address that goes in or comes out is
 * the target's: the first bucket of a replayed heap begins at PV_TARGET_BASE on every machine
 * that it is replayed on; with a model of the target's own memory (machine.h), where that has
 * room.
 */
#ifndef PV_ENGINE_H
#define PV_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/heap.h"
#include "inspect/snapshot.h"
#include "replay/machine.h"

#define PV_TARGET_BASE UINT64_C(0x100000000)

enum { PV_ENGINES_MAX = 8 }; /* that one replay drives */

struct pv_engine_options {
    uint64_t first_bucket_bytes; /* rounded up to pages; 0: 64 KiB */
    enum pv_growth growth;
    uint64_t limit_bytes;             /* of all buckets, rounded down to pages; 0: none */
    uint64_t page_bytes;              /* buddy: the smallest block; 0: 64 */
    bool high;                        /* buddy: places are taken from the high end */
    const struct pv_machine *machine; /* whose memory the pages are; NULL: any, above 4 GiB */
};

/* A placement: where a block lies, as the engine decided. */
struct pv_place_of_block {
    uint64_t addr; /* of the header */
    uint64_t size; /* payload bytes */
    uint32_t sflags, alignment;
};

/* A bucket that was added, grew, shrank or was removed, or whose First moved. In the order in
 * which it happened. */
struct pv_bucket_change {
    uint64_t addr;
    uint64_t first;        /* address of the pebble that First points to afterwards */
    uint32_t kind;         /* PV_KIND of its pebbles */
    uint64_t before;       /* of one that came: the bucket behind it in the list; 0: none */
    uint64_t pages_before; /* 0: it came */
    uint64_t pages_after;  /* 0: it went */
};

/* Called during apply; never calls back into the engine. */
struct pv_engine_listener {
    void (*bucket)(void *ctx, const struct pv_bucket_change *change);
    void *ctx;
};

/* Why the last refused request was refused, and what was free of its kind then. */
struct pv_refusal {
    enum pv_why why;
    uint64_t free_bytes, largest;
};

struct pv_engine; /* each type has its own */

/* What the log must know about the addresses that an engine gives out. */
struct pv_engine_shape {
    uint64_t page_bytes; /* the unit of buckets' sizes */
    unsigned apart;      /* two blocks begin at least 1 << apart bytes apart */
};

struct pv_engine_type {
    const char *name; /* as on the command line: "first-fit" */
    const char *about;
    uint64_t header_bytes;        /* of a block */
    uint64_t bucket_header_bytes; /* of a bucket */
    uint64_t bucket_lflags;       /* local flags of every bucket it makes */
    /* Of its catalog. The kind says how gaps become holes: a pebble each, or the largest
     * possible buddies. */
    const struct pv_layout *layout;

    void (*shape)(const struct pv_engine_options *options, struct pv_engine_shape *ret_shape);

    int (*open)(struct pv_engine **ret_engine, const struct pv_engine_options *options,
                const struct pv_engine_listener *listener);
    void (*close)(struct pv_engine *engine);

    /* The request's name lives as long as the engine. 0: *ret_place says where the block is.
     * PV_ENOMEM is this process out of memory. 1: the engine has no room for it (the limit, or
     * a request that it cannot serve). */
    int (*alloc)(struct pv_engine *engine, const struct pv_request *request,
                 struct pv_place_of_block *ret_place);
    /* addr is that of a used block's header. 0, 1 (no room; the block is as it was). */
    int (*resize)(struct pv_engine *engine, uint64_t addr, uint64_t size,
                  struct pv_place_of_block *ret_place);
    void (*free)(struct pv_engine *engine, uint64_t addr);
    /* Prefetches a used block that will be freed or resized soon. Called twice, some time
     * apart: the second call reaches its neighbours. Changes nothing. May be NULL. */
    void (*soon)(const struct pv_engine *engine, uint64_t addr, bool again);
    /* Gives memory of this process back that holds nothing of value, so that other things can
     * have it. O(blocks). May be NULL. */
    void (*rest)(struct pv_engine *engine);
    /* Of the last alloc or resize that returned 1, which asked for so many bytes. */
    struct pv_refusal (*refusal)(struct pv_engine *engine, uint64_t bytes);

    /* A snapshot of the live heap, made by the walk. */
    int (*walk)(struct pv_engine *engine, struct pv_tags *tags,
                struct pv_snapshot **ret_snapshot);

    /* O(1) figures: free payload bytes, free blocks, the largest free block; and the sum over
     * all buckets of the end of the last used block less the bucket's start. */
    void (*figures)(struct pv_engine *engine, uint64_t *ret_free_bytes,
                    uint64_t *ret_free_blocks, uint64_t *ret_largest, uint64_t *ret_extent);
};

/* NULL when there is no engine of that name. *ret_planned (may be NULL) is set when the name is
 * one that a later version will have. */
const struct pv_engine_type *pv_engine_find(const char *name, bool *ret_planned);

/* All engines there are, NULL at the end. */
const struct pv_engine_type *const *pv_engine_types(void);

#endif
