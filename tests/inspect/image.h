/* SPDX-License-Identifier: MIT
 *
 * image.h - heap images laid out by hand, for the tests of inspect/: buckets and pebbles in a
 * byte buffer, sound when made, and every field within reach to be damaged.
 *
 * This is not the allocator: it shares the header structs with it and nothing else, so that a
 * mistake of the one does not hide in the other.
 */
#ifndef PV_TEST_IMAGE_H
#define PV_TEST_IMAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cmocka.h needs these. */
#include <setjmp.h>

#include <cmocka.h>

#include "core/heap.h"
#include "inspect/rules.h"
#include "inspect/walk.h"

#define IMAGE_BASE UINT64_C(0x100000000)

enum { IMAGE_HEADER = sizeof(struct pv_pebble), IMAGE_BUCKETS = 64 };

/* A pebble to lay out. size 0, of the last: all that is left of the bucket. */
struct image_pebble {
    uint64_t size;
    bool used;
    const char *name;
    uint32_t sflags;    /* 0: VIRTUAL */
    uint32_t alignment; /* 0: 64 */
};

struct image {
    unsigned char *bytes;
    uint64_t n, base;
    uint64_t n_pages_used;
    size_t n_buckets;
    uint64_t buckets[IMAGE_BUCKETS]; /* addresses */
    size_t first[IMAGE_BUCKETS + 1]; /* of each bucket's pebbles in `pebbles` */
    uint64_t *pebbles;               /* addresses, in list order */
    size_t n_pebbles;
};

void image_open(struct image *image, uint64_t base, uint64_t n_pages);
void image_close(struct image *image);

/* Lays a bucket of n_pages out behind those there are and links it to the list's end. */
void image_add(struct image *image, uint64_t n_pages, const struct image_pebble *pebbles,
               size_t n);

/* Three buckets, with most of what a sound heap can have. */
void image_open_sample(struct image *image);

/* Random buckets and pebbles, at most n_buckets. */
void image_open_random(struct image *image, uint64_t seed, unsigned n_buckets);

struct pv_bucket *image_bucket(const struct image *image, uint64_t addr);
struct pv_pebble *image_pebble(const struct image *image, uint64_t addr);

/* The first n bytes of a pebble's name field, where it has one. */
void image_name(struct pv_pebble *pebble, const char *name, size_t n);

/* The i-th pebble of a bucket. */
uint64_t image_addr(const struct image *image, size_t bucket, size_t i);

/* Walks from base. What it gives is closed by image_done. */
struct pv_snapshot *image_walk(const struct image *image);
void image_done(struct pv_snapshot *snapshot);

#endif
