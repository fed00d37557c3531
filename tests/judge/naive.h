/* SPDX-License-Identifier: MIT
 *
 * naive.h - the judge: the Bucket/Pebble heap as a plain list, written from the specification
 * and the rules of core/heap.h without looking at how heap.c does it. It keeps no memory, only
 * numbers; every search for room is a walk over all pebbles, free or not.
 */
#ifndef PV_NAIVE_H
#define PV_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

struct naive_pebble {
    uint64_t addr, size; /* of the header; of the payload */
    bool used;
    uint32_t flags;
    uint64_t alignment;                       /* 0: none was asked for */
    struct naive_pebble *prev, *next, *chain; /* chain: of the table of payloads */
    struct naive_bucket *bucket;
};

struct naive_bucket {
    uint64_t addr, pages;
    unsigned rank;              /* 0; got for a limit of 4 GiB: 1, 16 MiB: 2, 1 MiB: 3 */
    uint32_t kind;              /* VIRTUAL or PHYSICAL, PERSISTENT or not */
    bool best;                  /* its own method: best fit */
    struct naive_pebble *first; /* where a search of recent fit begins */
    struct naive_pebble *pebbles;
    struct naive_bucket *prev, *next;
};

enum { NAIVE_TABLE = 1 << 16 };

enum naive_fit { NAIVE_FIRST, NAIVE_BEST, NAIVE_RECENT };

struct naive {
    enum naive_fit fit;
    /* Of each new bucket, where it is set; not BEST: recent fit if `fit` is, else first fit. */
    enum naive_fit (*fit_of)(uint64_t pages, uint32_t flags);
    bool new_buckets;
    uint64_t limit_pages; /* 0: none */
    uint64_t base, space_pages;
    bool physical;               /* base is 0 and there is a machine: */
    uint64_t hole_from, hole_to; /* with a hole in its memory, and none at page 0 */
    struct naive_bucket *buckets;
    struct naive_pebble **used; /* by payload address, so that free need not search */
    /* Asked before every get or grow of pages, as a failing provider is; NULL: all succeed. */
    bool (*refuse)(void *ctx);
    void *refuse_ctx;
};

void naive_init(struct naive *naive, uint64_t first_pages);
void naive_fini(struct naive *naive);

/* Payload addresses; 0: refused. */
uint64_t naive_alloc(struct naive *naive, uint64_t size, uint32_t flags, uint64_t alignment);
uint64_t naive_realloc(struct naive *naive, uint64_t payload, uint64_t size);
/* Of the bucket that holds the address; 0: of all, and of those to come. */
void naive_set_fit(struct naive *naive, uint64_t addr, enum naive_fit fit);

void naive_free(struct naive *naive, uint64_t payload);

#endif
