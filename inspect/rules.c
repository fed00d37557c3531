/* SPDX-License-Identifier: MIT
 *
 * rules.c - the one checker: the order in which the laws of laws.h are applied. The functions
 * behind them are in judge_bucket.c, judge_pebble.c and judge_buddy.c.
 *
 * Cost: ten short calls a pebble; B3 sorts the buckets.
 */
#include "inspect/rules.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/own.h"
#include "core/status.h"
#include "inspect/judge.h"

#define HEX "0x%" PRIx64

#define NOTHING(...)
#define LISTED(law, judge, evidence, section, title) {#law, title, section},
#define LISTED_WALK(law, section, title)             {#law, title, section},
const struct pv_rule pv_rules[PV_N_LAWS] = {PV_LAWS(LISTED, LISTED, LISTED_WALK)};

/* A law that has a judge. */
struct judged {
    int (*judge)(const struct pv_scene *scene);
    enum { ROWS, HEADERS } evidence;
};

#define JUDGED(law, judge, evidence, section, title) {judge, evidence},
static const struct judged of_buckets[] = {PV_LAWS(JUDGED, NOTHING, NOTHING)};
static const struct judged of_pebbles[] = {PV_LAWS(NOTHING, JUDGED, NOTHING)};

/* Applies one table to the scene. */
static int judge(const struct pv_scene *scene, const struct judged *laws, size_t n)
{
    bool file = scene->snapshot->source == PV_SNAPSHOT_FILE;
    for (size_t i = 0; i < n; i++) {
        if (!file || laws[i].evidence == ROWS) {
            int status = laws[i].judge(scene);
            if (status < 0) {
                return status;
            }
        }
    }
    return PV_OK;
}

/* The end of a bucket's pages, 0 where the size is unlawful. */
static uint64_t bucket_end(const struct pv_snapshot *snapshot, const struct pv_bucket_row *row)
{
    uint64_t bytes, end;
    if (row->n_pages == 0 ||
        __builtin_mul_overflow(row->n_pages, snapshot->page_bytes, &bytes) ||
        __builtin_add_overflow(row->addr, bytes, &end)) {
        return 0;
    }
    return end;
}

/* Whether the walk's break number at_break is the one before the row `pebble` of a bucket. */
static bool is_break(const struct pv_snapshot *snapshot, size_t at_break, size_t bucket,
                     size_t pebble)
{
    return at_break < snapshot->n_breaks && snapshot->breaks[at_break].bucket == bucket &&
           snapshot->breaks[at_break].pebble == pebble;
}

/* *at_break is the first break of this bucket or a later one, and is moved on. */
static int judge_bucket(struct pv_snapshot *snapshot, size_t bucket, size_t *at_break)
{
    struct pv_scene scene = {.snapshot = snapshot, .bucket = bucket, .at_break = *at_break};
    const struct pv_bucket_row *row = pv_scene_bucket(&scene);
    scene.bucket_end = bucket_end(snapshot, row);
    int status = judge(&scene, of_buckets, sizeof of_buckets / sizeof *of_buckets);
    if (status < 0) {
        return status;
    }
    size_t end = row->first_pebble + row->n_pebbles;
    for (size_t i = row->first_pebble; i < end; i++) {
        scene.pebble = i;
        scene.row = &snapshot->pebbles[i];
        scene.before = i > row->first_pebble ? scene.row - 1 : NULL;
        scene.after = i + 1 < end ? scene.row + 1 : NULL;
        scene.end = pv_scene_end(&scene, scene.row);
        scene.broken_before = is_break(snapshot, *at_break, bucket, i);
        *at_break += scene.broken_before;
        scene.broken_after = is_break(snapshot, *at_break, bucket, i + 1);
        status = judge(&scene, of_pebbles, sizeof of_pebbles / sizeof *of_pebbles);
        if (status < 0) {
            return status;
        }
    }
    while (*at_break < snapshot->n_breaks && snapshot->breaks[*at_break].bucket <= bucket) {
        (*at_break)++;
    }
    return PV_OK;
}

struct extent {
    uint64_t from, to;
    size_t bucket;
};

static int by_place(const void *a, const void *b)
{
    const struct extent *left = a, *right = b;
    if (left->from != right->from) {
        return left->from < right->from ? -1 : 1;
    }
    return left->bucket < right->bucket ? -1 : left->bucket > right->bucket;
}

/* The part of B3 that takes all buckets: in address order, each must begin where those below it
 * have ended. */
static int find_overlaps(struct pv_snapshot *snapshot)
{
    struct extent *extents = pv_own_calloc(snapshot->n_buckets, sizeof *extents);
    if (!extents) {
        return PV_ENOMEM;
    }
    size_t n = 0;
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *row = &snapshot->buckets[i];
        uint64_t end = bucket_end(snapshot, row);
        extents[n++] = (struct extent){row->addr, end != 0 ? end : row->addr, i};
    }
    qsort(extents, n, sizeof *extents, by_place);
    int status = PV_OK;
    size_t widest = 0; /* of those below, the one that ends last */
    for (size_t i = 1; i < n && status == 0; i++) {
        if (extents[i].from < extents[widest].to) {
            status = pv_snapshot_add_finding(
                snapshot, PV_LAW_B3, extents[i].bucket, SIZE_MAX, extents[i].from,
                "The bucket at " HEX " begins within the bucket at " HEX ", which ends at " HEX
                ": the size of one was overwritten.",
                extents[i].from, extents[widest].from, extents[widest].to);
        }
        if (extents[i].to > extents[widest].to) {
            widest = i;
        }
    }
    pv_own_free(extents);
    return status;
}

int pv_rules_apply(struct pv_snapshot *snapshot)
{
    if (snapshot->kind == PV_CATALOG_BUDDY) {
        return pv_judge_buddy(snapshot);
    }
    int status = find_overlaps(snapshot);
    size_t at_break = 0;
    for (size_t i = 0; i < snapshot->n_buckets && status == 0; i++) {
        status = judge_bucket(snapshot, i, &at_break);
    }
    return status ? status : pv_rules_suspect(snapshot);
}
