/* SPDX-License-Identifier: MIT
 *
 * overrun_scene.h - a heap with a block that is about to overrun, and what the program then does.
 */
#ifndef PV_OVERRUN_SCENE_H
#define PV_OVERRUN_SCENE_H

#include "core/guard.h"
#include "core/pages.h"

enum { LONGEST = 300 };

/* What lies behind the block that overruns. */
enum victim { USED, FREE, BUCKET_END, NEXT_BUCKET, N_VICTIMS };
/* What the program does next, and to which block: the one that overran, the one behind it (where
 * there is one), or first one that has nothing to do with it and then both. */
enum call {
    MALLOC,
    REALLOC_CULPRIT,
    REALLOC_BEHIND,
    REALLOC_ALL,
    FREE_CULPRIT,
    FREE_BEHIND,
    FREE_ALL,
    TRIM,
    CHECK,
    N_CALLS
};
/* The bytes that are written. MAGICS and HEADER look like what stands in a heap. */
enum bytes { LETTERS, ZEROS, ONES, NOISE, MAGICS, HEADER, N_BYTES };

/* How the heap and its guard are configured. */
struct variant {
    bool guarded;
    enum pv_fit fit;
    struct pv_guard_config guards;
};

struct scene {
    const struct variant *variant;
    struct pv_heap heap;
    struct pv_guard guard;
    struct pv_region region;
    const struct pv_pebble *culprit_pebble, *second_pebble;
    bool named, second_named, told;
    unsigned char *culprit, *behind, *elsewhere, *second, *stranger;
    uint64_t size;
};

/* In a child process: what cmocka asserts would go on as its parent. */
void must(bool holds);

/* A heap with the block that will overrun, the victim right behind it, and others: one in a bucket
 * of its own is overrun too, by a byte. */
void scene_begin(struct scene *scene, const struct variant *variant, enum victim victim);

/* Writes that many bytes over what lies behind the block. Whether one changed that a guard looks
 * at: of the canary, if there is one, or of what lies behind it. */
bool scene_overrun(struct scene *scene, enum bytes bytes, unsigned length);

/* The call, and a check of everything if there is a guard. */
void scene_go_on(struct scene *scene, enum call call);

/* The program lives on: blocks of all sizes, written to the last byte, and given back. Whether
 * two of them, or one and a block that was live before, share a byte. */
bool scene_live_on(struct scene *scene);

void scene_end(struct scene *scene);

#endif
