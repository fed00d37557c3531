/* SPDX-License-Identifier: MIT
 *
 * map.c - the heap as a picture: a line holds a power of two of bytes, a line of pixels below
 * it the next ones. Buckets follow one another by address, each on a line of its own while
 * there are few.
 *
 *   100000000 |hhTTTTTTTThUUUUUU........hTTTTTT|
 *   100010000 |hTTTTTT......                   |
 *
 * Bytes are added up for each pixel and each class (free, header, other, a coloured tag); the
 * class with the most of them has the pixel, and pixels of a class that stand side by side
 * become one box. So the file is bounded by the picture, not by the heap: there are at most
 * PV_MAP_LINES_MAX * PV_MAP_COLUMNS boxes.
 * A row that lies outside of its bucket, in the catalog of a sick heap, is cut at the bucket.
 */
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/export/map.h"

enum { OWN_LINES_MAX = 32 /* buckets that begin a line each */ };

/* ---- where addresses lie ---- */

static int by_addr(const void *a, const void *b)
{
    const struct pv_map_bucket *x = a;
    const struct pv_map_bucket *y = b;
    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Lines for all buckets with so many bytes a line; more than PV_MAP_LINES_MAX when they are too many
 * or do not end. Sets where each bucket lies. */
static uint64_t lay(struct pv_map *map, uint64_t line_bytes)
{
    bool own = map->n_buckets <= OWN_LINES_MAX;
    uint64_t at = 0;
    for (size_t i = 0; i < map->n_buckets; i++) {
        struct pv_map_bucket *bucket = &map->buckets[i];
        bucket->at = at;
        uint64_t room = own ? line_bytes - 1 : 0;
        if (__builtin_add_overflow(at, bucket->bytes, &at) ||
            __builtin_add_overflow(at, room, &at)) {
            return UINT64_MAX;
        }
        at -= own ? at % line_bytes : 0;
    }
    return at / line_bytes + (at % line_bytes != 0);
}

static int place(struct pv_map *map)
{
    const struct pv_snapshot *snapshot = map->snapshot;
    map->buckets = pv_own_calloc(snapshot->n_buckets, sizeof *map->buckets);
    if (!map->buckets) {
        return PV_ENOMEM;
    }
    /* Half of the 64-bit range: a sick heap's sizes may add up to more. */
    uint64_t most = (UINT64_MAX >> 1) / (snapshot->n_buckets ? snapshot->n_buckets : 1);
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *row = &snapshot->buckets[i];
        uint64_t bytes = 0;
        if (__builtin_mul_overflow(row->n_pages, snapshot->page_bytes, &bytes) ||
            bytes > most) {
            bytes = most;
        }
        map->buckets[i] = (struct pv_map_bucket){.addr = row->addr, .bytes = bytes, .row = i};
    }
    map->n_buckets = snapshot->n_buckets;
    if (map->n_buckets) {
        qsort(map->buckets, map->n_buckets, sizeof *map->buckets, by_addr);
    }
    map->line_bytes = 4096;
    while (lay(map, map->line_bytes) > PV_MAP_LINES_MAX && map->line_bytes < UINT64_C(1)
                                                                                 << 62) {
        map->line_bytes *= 2;
    }
    map->n_lines = (size_t)lay(map, map->line_bytes);
    map->weight =
        pv_own_calloc(map->n_lines * PV_MAP_COLUMNS + 1, sizeof *map->weight * PV_MAP_CLASSES);
    return map->weight ? PV_OK : PV_ENOMEM;
}

/* ---- painting ---- */

uint64_t pv_map_pixel(const struct pv_map *map, uint64_t at)
{
    uint64_t line = at / map->line_bytes;
    uint64_t rest = at % map->line_bytes;
    return line * PV_MAP_COLUMNS +
           (uint64_t)((__uint128_t)rest * PV_MAP_COLUMNS / map->line_bytes);
}

/* The first byte of a pixel. */
static uint64_t pixel_begin(const struct pv_map *map, uint64_t pixel)
{
    uint64_t rest = pixel % PV_MAP_COLUMNS;
    __uint128_t bytes = (__uint128_t)rest * map->line_bytes;
    return pixel / PV_MAP_COLUMNS * map->line_bytes +
           (uint64_t)((bytes + PV_MAP_COLUMNS - 1) / PV_MAP_COLUMNS);
}

static void paint(struct pv_map *map, uint64_t from, uint64_t to, unsigned class)
{
    uint64_t end = (uint64_t)map->n_lines * PV_MAP_COLUMNS;
    for (uint64_t pixel = pv_map_pixel(map, from); from < to && pixel < end; pixel++) {
        uint64_t next = pixel_begin(map, pixel + 1);
        uint64_t until = next < to ? next : to;
        map->weight[pixel * PV_MAP_CLASSES + class] += until > from ? until - from : 0;
        from = until > from ? until : from;
    }
}

static unsigned class_of(const struct pv_map *map, const struct pv_pebble_row *row)
{
    if (!pv_pebble_row_used(row)) {
        return PV_MAP_FREE;
    }
    for (unsigned i = 0; i < map->ranked.n && i < PV_COLOURS; i++) {
        if (map->ranked.rows[i].tag == row->tag) {
            return PV_MAP_FIRST_TAG + i;
        }
    }
    return PV_MAP_OTHER;
}

/* Keeps the largest of a kind; of equals the first. */
static void offer(struct pv_map *map, uint64_t from, uint64_t to, size_t pebble)
{
    unsigned kind = !pv_pebble_row_used(&map->snapshot->pebbles[pebble]);
    struct pv_map_label *labels = map->labels[kind];
    size_t at = map->n_labels[kind];
    while (at && labels[at - 1].to - labels[at - 1].from < to - from) {
        at--;
    }
    if (at == PV_MAP_LABELS) {
        return;
    }
    size_t n = map->n_labels[kind] < PV_MAP_LABELS ? map->n_labels[kind]++ : PV_MAP_LABELS - 1;
    memmove(labels + at + 1, labels + at, (n - at) * sizeof *labels);
    labels[at] = (struct pv_map_label){.from = from, .to = to, .pebble = pebble};
}

/* A part of a bucket, cut at its end. false: nothing of it lies in there. */
static bool inside(const struct pv_map_bucket *bucket, uint64_t addr, uint64_t bytes,
                   uint64_t *ret_from, uint64_t *ret_to)
{
    if (addr < bucket->addr || addr - bucket->addr >= bucket->bytes) {
        return false;
    }
    uint64_t offset = addr - bucket->addr;
    uint64_t room = bucket->bytes - offset;
    *ret_from = bucket->at + offset;
    *ret_to = *ret_from + (bytes < room ? bytes : room);
    return true;
}

static void paint_bucket(struct pv_map *map, const struct pv_map_bucket *bucket)
{
    const struct pv_snapshot *snapshot = map->snapshot;
    const struct pv_bucket_row *row = &snapshot->buckets[bucket->row];
    uint64_t from;
    uint64_t to;
    if (inside(bucket, bucket->addr, snapshot->bucket_bytes, &from, &to)) {
        paint(map, from, to, PV_MAP_HEADER);
    }
    for (size_t i = row->first_pebble; i < row->first_pebble + row->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (inside(bucket, pebble->addr, snapshot->pebble_bytes, &from, &to)) {
            paint(map, from, to, PV_MAP_HEADER);
        }
        if (pebble->addr <= UINT64_MAX - snapshot->pebble_bytes &&
            inside(bucket, pebble->addr + snapshot->pebble_bytes, pebble->size, &from, &to)) {
            paint(map, from, to, class_of(map, pebble));
            offer(map, from, to, i);
        }
    }
}

int pv_map_init(struct pv_map *map, const struct pv_snapshot *snapshot)
{
    *map = (struct pv_map){.snapshot = snapshot};
    int status = pv_tally_snapshot(&map->ranked, snapshot);
    status = status ? status : place(map);
    if (status) {
        return status;
    }
    pv_tally_rank(&map->ranked, snapshot->tags);
    for (size_t i = 0; i < map->n_buckets; i++) {
        paint_bucket(map, &map->buckets[i]);
    }
    return PV_OK;
}

void pv_map_fini(struct pv_map *map)
{
    pv_tally_fini(&map->ranked);
    pv_own_free(map->buckets);
    pv_own_free(map->weight);
}

unsigned pv_map_class(const struct pv_map *map, size_t pixel)
{
    const uint64_t *weight = map->weight + pixel * PV_MAP_CLASSES;
    unsigned best = PV_MAP_CLASSES;
    for (unsigned class = 0; class < PV_MAP_CLASSES; class ++) {
        if (weight[class] && (best == PV_MAP_CLASSES || weight[class] > weight[best])) {
            best = class;
        }
    }
    return best;
}
