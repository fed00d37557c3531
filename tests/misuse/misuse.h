/* SPDX-License-Identifier: MIT
 *
 * misuse.h - the 24 ways to misuse a heap, each a small function on a heap with or without
 * guards. What they do is wrong on purpose; all of it stays inside the heap's own region, so
 * that the program that runs them is sound C all the same.
 */
#ifndef PV_TESTS_MISUSE_H
#define PV_TESTS_MISUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/guard.h"
#include "core/pages.h"

enum { PLACE_PAGES = 256, PLACE_FAULTS = 16, PLACE_QUEUE = 16 };

/* A heap in a region of its own, and the faults that it told. */
struct place {
    unsigned char *start, *map;
    struct pv_region region;
    struct pv_heap heap;
    struct pv_guard guard;
    struct pv_listener listener;
    bool guarded;
    enum pv_fault faults[PLACE_FAULTS];
    char tags[PLACE_FAULTS]
             [PV_NAME_BYTES]; /* of the pebbles concerned; "" when none is known */
    size_t n_faults;
    /* Three blocks that lie side by side, of 40, 40 and 1000 bytes: a misuse is done to the
     * middle one. A misuse that frees one sets it to NULL. */
    unsigned char *before, *victim, *behind;
};

void *place_take(struct place *place, uint64_t size, const char *name);
void *place_resize(struct place *place, void *ptr, uint64_t size);
void place_give(struct place *place, void *ptr);

struct misuse {
    const char *name;
    void (*commit)(struct place *place);
    enum pv_fault bare;    /* the first fault that the heap alone tells; NONE: it cannot know */
    enum pv_fault guarded; /* the first one with guards */
    bool damages; /* headers of the catalog are written over, and the walk must see it */
};

enum { N_MISUSES = 24 };
extern const struct misuse misuses[N_MISUSES];

#endif
