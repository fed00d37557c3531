/* SPDX-License-Identifier: MIT
 *
 * judge_bucket.c - the laws of a bucket, a law a function.
 *
 * A function looks at one bucket, at most at its neighbours in the list and at its pebbles, and
 * keeps no state. That buckets overlap (the rest of B3) takes all of them: see rules.c. B5 has
 * no function: a list that is there has come to an end.
 */
#include "inspect/judge.h"

#include <inttypes.h>

#include "core/heap.h"
#include "core/status.h"

#define HEX "0x%" PRIx64

int pv_judge_b1(const struct pv_scene *scene)
{
    const struct pv_bucket_row *row = pv_scene_bucket(scene);
    if (row->magic == PV_BUCKET_MAGIC) {
        return PV_OK;
    }
    return PV_TELL_BUCKET(scene, PV_LAW_B1,
                          "The bucket at " HEX " begins with " HEX " instead of 0x%" PRIx32
                          ", though its pebbles name it: its magic was overwritten.",
                          row->addr, row->magic, PV_BUCKET_MAGIC);
}

int pv_judge_b2(const struct pv_scene *scene)
{
    const struct pv_bucket_row *row = pv_scene_bucket(scene);
    if ((row->lflags & ~(uint64_t)PV_BUCKET_BEST_FIT) == 0) {
        return PV_OK;
    }
    return PV_TELL_BUCKET(scene, PV_LAW_B2,
                          "The bucket at " HEX " has local flags " HEX
                          ", but bits other than 0 mean nothing: the field was overwritten.",
                          row->addr, row->lflags);
}

/* The part of B3 that one bucket shows; find_overlaps has the rest. */
int pv_judge_b3(const struct pv_scene *scene)
{
    const struct pv_bucket_row *row = pv_scene_bucket(scene);
    if (scene->bucket_end != 0) {
        return PV_OK;
    }
    return PV_TELL_BUCKET(
        scene, PV_LAW_B3,
        "The bucket at " HEX " claims %" PRIu64 " pages, %s: where it ends is not known.",
        row->addr, row->n_pages,
        row->n_pages == 0 ? "but has at least one" : "more than fit into the address space");
}

int pv_judge_b4(const struct pv_scene *scene)
{
    const struct pv_bucket_row *row = pv_scene_bucket(scene);
    uint64_t before = scene->bucket > 0 ? row[-1].addr : 0;
    int status = PV_OK;
    if (row->prev != before && before == 0) {
        status =
            PV_TELL_BUCKET(scene, PV_LAW_B4,
                           "Previous of the bucket at " HEX " is " HEX
                           ", but the list begins with this bucket: the link was overwritten.",
                           row->addr, row->prev);
    } else if (row->prev != before) {
        status = PV_TELL_BUCKET(scene, PV_LAW_B4,
                                "Previous of the bucket at " HEX " is " HEX
                                ", but the list comes from " HEX ": one of the two links was "
                                "overwritten.",
                                row->addr, row->prev, before);
    }
    if (status < 0) {
        return status;
    }
    /* A walk has followed Next to its end, or has reported where it broke. */
    bool last = scene->bucket + 1 == scene->snapshot->n_buckets;
    uint64_t after = last ? 0 : row[1].addr;
    if (scene->snapshot->source == PV_SNAPSHOT_MEMORY || row->next == after) {
        return PV_OK;
    }
    return PV_TELL_BUCKET(scene, PV_LAW_B4,
                          "Next of the bucket at " HEX " is " HEX ", but " HEX
                          " follows it in the list.",
                          row->addr, row->next, after);
}

/* A walk has reported this itself, because it knows what First led to. */
int pv_judge_b6(const struct pv_scene *scene)
{
    const struct pv_bucket_row *row = pv_scene_bucket(scene);
    if (scene->snapshot->source == PV_SNAPSHOT_MEMORY) {
        return PV_OK;
    }
    if (row->n_pebbles == 0) {
        return PV_TELL_BUCKET(
            scene, PV_LAW_B6,
            "The bucket at " HEX " has no pebble, but must have at least one.", row->addr);
    }
    if (scene->snapshot->source == PV_SNAPSHOT_FILE) {
        return PV_OK;
    }
    for (size_t i = 0; i < row->n_pebbles; i++) {
        if (scene->snapshot->pebbles[row->first_pebble + i].addr == row->first) {
            return PV_OK;
        }
    }
    return PV_TELL_BUCKET(scene, PV_LAW_B6,
                          "First of the bucket at " HEX " is " HEX
                          ", where none of its pebbles stands.",
                          row->addr, row->first);
}

int pv_judge_b7(const struct pv_scene *scene)
{
    const struct pv_snapshot *snapshot = scene->snapshot;
    const struct pv_bucket_row *row = pv_scene_bucket(scene);
    uint64_t largest = 0;
    size_t where = SIZE_MAX;
    bool sure = true; /* no free pebble is lost in a gap or has an unlawful size */
    for (size_t i = row->first_pebble; i < row->first_pebble + row->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (pv_pebble_row_used(pebble)) {
            continue;
        }
        uint64_t end = pv_scene_end(scene, pebble);
        if (pebble->size % PV_LAYOUT_STEP != 0 || pebble->size < PV_UNIT_BYTES || end == 0 ||
            (scene->bucket_end != 0 && end > scene->bucket_end)) {
            sure = false;
        } else if (pebble->size > largest) {
            largest = pebble->size;
            where = i;
        }
    }
    for (size_t i = scene->at_break;
         i < snapshot->n_breaks && snapshot->breaks[i].bucket == scene->bucket; i++) {
        sure = sure && snapshot->breaks[i].from == snapshot->breaks[i].to;
    }
    if (row->largest == largest || (!sure && row->largest > largest)) {
        return PV_OK;
    }
    if (where == SIZE_MAX) {
        return PV_TELL_BUCKET(scene, PV_LAW_B7,
                              "Largest of the bucket at " HEX " is %" PRIu64
                              ", but no pebble of it is free.",
                              row->addr, row->largest);
    }
    return PV_TELL_BUCKET(scene, PV_LAW_B7,
                          "Largest of the bucket at " HEX " is %" PRIu64
                          ", but its largest free pebble, at " HEX ", has %" PRIu64 " bytes.",
                          row->addr, row->largest, snapshot->pebbles[where].addr, largest);
}
