/* SPDX-License-Identifier: MIT
 *
 * rules.c - the one checker: the table of laws, and the order in which they are applied. The
 * functions behind them are in judge_bucket.c, judge_pebble.c and judge_buddy.c.
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

const struct pv_rule pv_rules[PV_N_LAWS] = {
    [PV_LAW_B1] = {PV_LAW_B1, "B1", "a bucket begins with the magic 'BUCK'", "20.3.2.1"},
    [PV_LAW_B2] = {PV_LAW_B2, "B2", "of a bucket's local flags only bit 0 may be set",
                   "20.3.2.2"},
    [PV_LAW_B3] = {PV_LAW_B3, "B3",
                   "a bucket has at least one page and does not overlap another", "20.3.2"},
    [PV_LAW_B4] = {PV_LAW_B4, "B4",
                   "Previous and Next of the bucket list agree; the first has no Previous",
                   "20.3.2.5"},
    [PV_LAW_B5] = {PV_LAW_B5, "B5", "the bucket list ends", "20.3.2.5"},
    [PV_LAW_B6] = {PV_LAW_B6, "B6", "First points to a pebble of this bucket", "20.3.2.6"},
    [PV_LAW_B7] = {PV_LAW_B7, "B7",
                   "Largest is the payload size of the largest free pebble, 0 when none is",
                   "20.3.2.4"},
    [PV_LAW_P1] = {PV_LAW_P1, "P1", "a pebble begins with the magic 'ROCK'", "20.3.3.1"},
    [PV_LAW_P2] = {PV_LAW_P2, "P2", "of a pebble's local flags only bit 0 may be set",
                   "20.3.3.2"},
    [PV_LAW_P3] = {PV_LAW_P3, "P3", "a payload has at least 64 bytes and a multiple of 16",
                   "20.3.3.5"},
    [PV_LAW_P4] = {PV_LAW_P4, "P4", "header and payload lie within the bucket's pages",
                   "20.3.3.8"},
    [PV_LAW_P5] = {PV_LAW_P5, "P5",
                   "Previous and Next of the pebble list agree, and the list stays in its "
                   "bucket and ends",
                   "20.3.3.8"},
    [PV_LAW_P6] = {PV_LAW_P6, "P6", "Parent points to the pebble's bucket", "20.3.3.7"},
    [PV_LAW_P7] = {PV_LAW_P7, "P7",
                   "pebbles stand in address order and tile the bucket to its end", "20.3.4"},
    [PV_LAW_P8] = {PV_LAW_P8, "P8", "no two free neighbours are of one kind", "20.3.5"},
    [PV_LAW_P9] = {PV_LAW_P9, "P9",
                   "an alignment is a power of two from 64 to 1 MiB, and an ALIGNED payload "
                   "keeps it",
                   "20.3.3.4"},
    [PV_LAW_P10] = {PV_LAW_P10, "P10",
                    "a pebble carries known attributes, not VIRTUAL and PHYSICAL at once, and "
                    "a free one only its kind",
                    "20.2"},
    [PV_LAW_M1] = {PV_LAW_M1, "M1", "the memory that a list leads to can be read", "20.3.1"},
};

/* Whether a catalog file knows the fields that a law asks for. */
static const bool is_known_to_files[PV_N_LAWS] = {
    [PV_LAW_B2] = true, [PV_LAW_B3] = true, [PV_LAW_B6] = true,  [PV_LAW_B7] = true,
    [PV_LAW_P2] = true, [PV_LAW_P3] = true, [PV_LAW_P4] = true,  [PV_LAW_P7] = true,
    [PV_LAW_P8] = true, [PV_LAW_P9] = true, [PV_LAW_P10] = true,
};

/* Applies one table to the scene. */
static int judge(const struct pv_scene *scene,
                 int (*const judges[PV_N_LAWS])(const struct pv_scene *scene), enum pv_law from,
                 enum pv_law to)
{
    bool file = scene->snapshot->source == PV_SNAPSHOT_FILE;
    for (size_t law = from; law <= to; law++) {
        if (judges[law] && (!file || is_known_to_files[law])) {
            int rc = judges[law](scene);
            if (rc < 0) {
                return rc;
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
    int rc = judge(&scene, pv_bucket_judges, PV_LAW_B1, PV_LAW_B7);
    if (rc < 0) {
        return rc;
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
        rc = judge(&scene, pv_pebble_judges, PV_LAW_P1, PV_LAW_P10);
        if (rc < 0) {
            return rc;
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
    struct extent *extents = pv_own_calloc(snapshot->n_buckets, sizeof(*extents));
    if (!extents) {
        return PV_ENOMEM;
    }
    size_t n = 0;
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *row = &snapshot->buckets[i];
        uint64_t end = bucket_end(snapshot, row);
        extents[n++] = (struct extent){row->addr, end != 0 ? end : row->addr, i};
    }
    qsort(extents, n, sizeof(*extents), by_place);
    int rc = PV_OK;
    size_t widest = 0; /* of those below, the one that ends last */
    for (size_t i = 1; i < n && rc == 0; i++) {
        if (extents[i].from < extents[widest].to) {
            rc = pv_snapshot_add_finding(
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
    return rc;
}

int pv_rules_apply(struct pv_snapshot *snapshot)
{
    if (snapshot->kind == PV_CATALOG_BUDDY) {
        return pv_judge_buddy(snapshot);
    }
    int rc = find_overlaps(snapshot);
    size_t at_break = 0;
    for (size_t i = 0; i < snapshot->n_buckets && rc == 0; i++) {
        rc = judge_bucket(snapshot, i, &at_break);
    }
    return rc;
}
