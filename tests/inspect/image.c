/* SPDX-License-Identifier: MIT
 *
 * image.c - heap images laid out by hand; see image.h.
 */
#include "image.h"
#include "tests/support/random.h"

#include <stdlib.h>
#include <string.h>

void image_open(struct image *image, uint64_t base, uint64_t n_pages)
{
    *image = (struct image){.n = n_pages * PV_PAGE_BYTES, .base = base};
    image->bytes = calloc(n_pages, PV_PAGE_BYTES);
    image->pebbles = calloc(image->n / IMAGE_HEADER + 1, sizeof *image->pebbles);
    assert_non_null(image->bytes);
    assert_non_null(image->pebbles);
}

void image_close(struct image *image)
{
    free(image->bytes);
    free(image->pebbles);
}

struct pv_bucket *image_bucket(const struct image *image, uint64_t addr)
{
    assert_true(addr >= image->base && addr - image->base + 48 <= image->n);
    return (struct pv_bucket *)(void *)(image->bytes + (addr - image->base));
}

struct pv_pebble *image_pebble(const struct image *image, uint64_t addr)
{
    assert_true(addr >= image->base && addr - image->base + IMAGE_HEADER <= image->n);
    return (struct pv_pebble *)(void *)(image->bytes + (addr - image->base));
}

void image_name(struct pv_pebble *pebble, const char *name, size_t n)
{
#ifdef PV_WITHOUT_NAMES
    (void)pebble, (void)name, (void)n;
#else
    memcpy(pebble->name, name, n);
#endif
}

uint64_t image_addr(const struct image *image, size_t bucket, size_t i)
{
    assert_true(bucket < image->n_buckets);
    assert_true(image->first[bucket] + i < image->first[bucket + 1]);
    return image->pebbles[image->first[bucket] + i];
}

void image_add(struct image *image, uint64_t n_pages, const struct image_pebble *pebbles,
               size_t n)
{
    assert_true(image->n_buckets < IMAGE_BUCKETS && n > 0);
    assert_true((image->n_pages_used + n_pages) * PV_PAGE_BYTES <= image->n);
    uint64_t addr = image->base + image->n_pages_used * PV_PAGE_BYTES;
    uint64_t end = addr + n_pages * PV_PAGE_BYTES;
    image->n_pages_used += n_pages;
    struct pv_bucket *bucket = image_bucket(image, addr);
    *bucket = (struct pv_bucket){
        .magic = PV_BUCKET_MAGIC, .size = n_pages, .first = addr + sizeof *bucket};
    if (image->n_buckets > 0) {
        bucket->prev = image->buckets[image->n_buckets - 1];
        image_bucket(image, bucket->prev)->next = addr;
    }
    uint64_t at = bucket->first, prev = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t size = pebbles[i].size ? pebbles[i].size : end - at - IMAGE_HEADER;
        struct pv_pebble *pebble = image_pebble(image, at);
        *pebble = (struct pv_pebble){
            .magic = PV_PEBBLE_MAGIC,
            .lflags = pebbles[i].used,
            .sflags = pebbles[i].sflags ? pebbles[i].sflags : (uint32_t)PV_FLAG_VIRTUAL,
            .alignment = pebbles[i].alignment ? pebbles[i].alignment : (uint32_t)PV_ALIGN_MIN,
            .size = size,
            .parent = addr,
            .prev = prev,
            .next = i + 1 < n ? at + IMAGE_HEADER + size : 0,
        };
        if (pebbles[i].name) {
            image_name(pebble, pebbles[i].name, strnlen(pebbles[i].name, PV_NAME_BYTES - 1));
        }
        if (!pebbles[i].used && size > bucket->largest) {
            bucket->largest = size;
        }
        image->pebbles[image->n_pebbles++] = at;
        prev = at;
        at += IMAGE_HEADER + size;
    }
    assert_int_equal(at, end);
    image->buckets[image->n_buckets++] = addr;
    image->first[image->n_buckets] = image->n_pebbles;
}

void image_open_sample(struct image *image)
{
    image_open(image, IMAGE_BASE, 8);
    image_add(image, 2,
              (struct image_pebble[]){
                  {.size = 128, .used = true, .name = "init"},
                  {.size = 64},
                  {.size = 192, .used = true, .name = "net/tcp"},
                  {.size = 64, .used = true, .name = "net/tcp"},
                  {.size = 320},
                  {.size = 64, .used = true, .name = "log"},
                  {.size = 640},
                  {.size = 256, .used = true, .name = "fs"},
                  {.size = 0},
              },
              9);
    /* A payload moved to a boundary of 256: its neighbours have odd sizes. */
    image_add(image, 4,
              (struct image_pebble[]){
                  {.size = 64, .used = true, .name = "dma"},
                  {.size = 400 - 3 * IMAGE_HEADER, .sflags = PV_FLAG_PHYSICAL},
                  {.size = 512,
                   .used = true,
                   .name = "ring",
                   .sflags = PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED | PV_FLAG_LOW16MEG,
                   .alignment = 256},
                  {.size = 64, .sflags = PV_FLAG_PHYSICAL},
                  {.size = 64}, /* two free neighbours, but of two kinds */
                  {.size = 1024, .used = true},
                  {.size = 0},
              },
              7);
    image_add(image, 2, (struct image_pebble[]){{.size = 0}}, 1);
}

void image_open_random(struct image *image, uint64_t seed, unsigned n_buckets)
{
    static const char *const names[] = {"init", "net/tcp/skb", "fs", "a", NULL};
    uint64_t state = seed;
    unsigned n = 1 + (unsigned)(random_next(&state) % n_buckets);
    image_open(image, IMAGE_BASE, (uint64_t)n * 4);
    for (unsigned i = 0; i < n; i++) {
        struct image_pebble pebbles[64];
        uint64_t n_pages = 1 + random_next(&state) % 4;
        uint64_t left = n_pages * PV_PAGE_BYTES - sizeof(struct pv_bucket);
        size_t n_pebbles = 0;
        bool was_free = false;
        while (n_pebbles < 63 && left >= 2 * (IMAGE_HEADER + 64)) {
            uint64_t r = random_next(&state);
            uint64_t size = 64 * (1 + r % 8);
            if (size + 2 * IMAGE_HEADER + 64 > left) {
                break;
            }
            bool used = was_free || (r >> 8) % 3 != 0;
            pebbles[n_pebbles++] = (struct image_pebble){
                .size = size,
                .used = used,
                .name = used ? names[(r >> 16) % 5] : NULL,
                .sflags = used && (r >> 24) % 4 == 0 ? PV_FLAG_PHYSICAL | PV_FLAG_CLEAR
                                                     : PV_FLAG_VIRTUAL,
            };
            was_free = !used;
            left -= IMAGE_HEADER + size;
        }
        pebbles[n_pebbles++] = (struct image_pebble){.used = was_free, .name = NULL};
        image_add(image, n_pages, pebbles, n_pebbles);
    }
}

static struct pv_tags *tags_of_walk;

struct pv_snapshot *image_walk(const struct image *image)
{
    struct pv_bytes_memory bytes = {image->bytes, image->n, image->base};
    struct pv_walk walk = {
        .memory = pv_bytes_memory(&bytes),
        .layout = &pv_layout_fysos,
        .root = image->base,
    };
    struct pv_snapshot *snapshot;
    assert_null(tags_of_walk);
    assert_int_equal(pv_tags_open(&tags_of_walk), 0);
    assert_int_equal(pv_walk(&walk, tags_of_walk, &snapshot), 0);
    return snapshot;
}

void image_done(struct pv_snapshot *snapshot)
{
    pv_snapshot_close(snapshot);
    pv_tags_close(tags_of_walk);
    tags_of_walk = NULL;
}
