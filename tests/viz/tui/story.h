/* SPDX-License-Identifier: MIT
 *
 * story.h - small traces for the tests of the screen, made in memory.
 */
#ifndef PV_TEST_STORY_H
#define PV_TEST_STORY_H

#include "replay/timeline.h"

struct story {
    struct pv_timeline *timeline;
    int64_t n; /* events so far */
};

/* A heap of the first-fit engine; `limit` bytes at most, 0: no limit; `buckets`: it grows by
 * new buckets. */
void story_open(struct story *story, uint64_t limit, bool buckets);
void story_close(struct story *story);

void story_malloc(struct story *story, uint64_t id, uint64_t size, const char *name);
void story_realloc(struct story *story, uint64_t id, uint64_t size);
void story_free(struct story *story, uint64_t id);
void story_mark(struct story *story, const char *name);

/* Twenty events in which everything happens once: splits, merges, a realloc in place and one
 * that moves, a double free, a request that fails, two marks, tags with wide, combining and
 * hostile characters. */
void story_small(struct story *story);

/* The same events in a heap of the engine buddy. */
void story_small_buddy(struct story *story);

/* `n` events of a made-up program with six tags, lasting structures and short-lived noise; the
 * same every time. */
void story_program(struct story *story, uint64_t n);

#endif
