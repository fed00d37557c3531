/* SPDX-License-Identifier: MIT
 *
 * judge_pebble.c - the laws of a pebble, a law a function.
 *
 * A function looks at one pebble and its two neighbours in the list, and keeps no state. Where
 * two laws would report one cause, only one of them does: see rules.h. Sums with foreign
 * numbers are checked.
 */
#include "inspect/judge.h"

#include <inttypes.h>

#include "core/heap.h"
#include "core/status.h"

#define HEX "0x%" PRIx64

enum {
    KINDS = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL,
    ATTRIBUTES = KINDS | PV_FLAG_CLEAR | PV_FLAG_LOW1MEG | PV_FLAG_LOW16MEG | PV_FLAG_LOW4GIG |
                 PV_FLAG_ALIGNED | PV_FLAG_PERSISTENT,
};

int pv_judge_p1(const struct pv_scene *scene)
{
    if (scene->row->magic == PV_PEBBLE_MAGIC) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P1,
                          "The pebble at " HEX " begins with 0x%" PRIx32
                          " instead of 0x%" PRIx32
                          ", though all else fits: its magic was overwritten.",
                          scene->row->addr, scene->row->magic, PV_PEBBLE_MAGIC);
}

int pv_judge_p2(const struct pv_scene *scene)
{
    if ((scene->row->lflags & ~PV_PEBBLE_USED) == 0) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P2,
                          "The pebble at " HEX " has local flags 0x%" PRIx32
                          ", but bits other than 0 mean nothing: the field was overwritten.",
                          scene->row->addr, scene->row->lflags);
}

static bool is_sized(const struct pv_pebble_row *row)
{
    return row->size >= PV_UNIT_BYTES && row->size % PV_LAYOUT_STEP == 0;
}

int pv_judge_p3(const struct pv_scene *scene)
{
    if (is_sized(scene->row)) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P3,
                          "The pebble at " HEX " has a payload of %" PRIu64
                          " bytes, which is %s: the field was overwritten.",
                          scene->row->addr, scene->row->size,
                          scene->row->size < PV_UNIT_BYTES ? "less than 64"
                                                           : "no multiple of 16");
}

static bool is_contained(const struct pv_scene *scene)
{
    return scene->bucket_end == 0 ||
           (scene->end != 0 && scene->end <= scene->bucket_end &&
            scene->row->addr >= pv_scene_bucket(scene)->addr &&
            scene->row->addr - pv_scene_bucket(scene)->addr >= scene->snapshot->bucket_bytes);
}

int pv_judge_p4(const struct pv_scene *scene)
{
    if (is_contained(scene)) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P4,
                          "The pebble at " HEX " with %" PRIu64
                          " payload bytes does not lie within its bucket, " HEX " to " HEX ".",
                          scene->row->addr, scene->row->size, pv_scene_bucket(scene)->addr,
                          scene->bucket_end);
}

/* Whether Previous must name the row before this one. Across a break this is known only where
 * nothing was lost. */
static bool knows_before(const struct pv_scene *scene)
{
    if (!scene->broken_before) {
        return true;
    }
    return scene->before ? pv_scene_end(scene, scene->before) == scene->row->addr
                         : scene->row->addr - pv_scene_bucket(scene)->addr ==
                               scene->snapshot->bucket_bytes;
}

int pv_judge_p5(const struct pv_scene *scene)
{
    uint64_t before = scene->before ? scene->before->addr : 0;
    uint64_t after = scene->after ? scene->after->addr : 0;
    bool wrong = scene->row->prev != before && knows_before(scene);
    int status = PV_OK;
    if (wrong && before == 0) {
        status =
            PV_TELL_PEBBLE(scene, PV_LAW_P5,
                           "Previous of the pebble at " HEX " is " HEX
                           ", but the list begins with this pebble: the link was overwritten.",
                           scene->row->addr, scene->row->prev);
    } else if (wrong) {
        status = PV_TELL_PEBBLE(scene, PV_LAW_P5,
                                "Previous of the pebble at " HEX " is " HEX
                                ", but the list comes from " HEX ": one of the two links was "
                                "overwritten.",
                                scene->row->addr, scene->row->prev, before);
    }
    if (status < 0) {
        return status;
    }
    if (scene->row->next == after || scene->broken_after) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P5,
                          "Next of the pebble at " HEX " is " HEX ", but " HEX
                          " follows it in the list.",
                          scene->row->addr, scene->row->next, after);
}

int pv_judge_p6(const struct pv_scene *scene)
{
    if (scene->row->parent == pv_scene_bucket(scene)->addr) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P6,
                          "Parent of the pebble at " HEX " is " HEX
                          ", but it stands in the list of the bucket at " HEX ".",
                          scene->row->addr, scene->row->parent, pv_scene_bucket(scene)->addr);
}

int pv_judge_p7(const struct pv_scene *scene)
{
    if (scene->broken_after || !is_sized(scene->row) || !is_contained(scene)) {
        return PV_OK;
    }
    if (!scene->after) {
        if (scene->bucket_end == 0 || scene->end == scene->bucket_end) {
            return PV_OK;
        }
        return PV_TELL_PEBBLE(
            scene, PV_LAW_P7,
            "The last pebble, at " HEX ", ends at " HEX ", but its bucket ends at " HEX
            ": %" PRIu64 " bytes belong to no pebble.",
            scene->row->addr, scene->end, scene->bucket_end, scene->bucket_end - scene->end);
    }
    uint64_t after = scene->after->addr;
    if (scene->end == after) {
        return PV_OK;
    }
    if (after <= scene->row->addr) {
        return PV_TELL_PEBBLE(scene, PV_LAW_P7,
                              "The pebble at " HEX " is followed by the one at " HEX
                              ", which stands below it: the list is not in address order.",
                              scene->row->addr, after);
    }
    bool gap = after > scene->end;
    return PV_TELL_PEBBLE(scene, PV_LAW_P7,
                          "The pebble at " HEX " ends at " HEX
                          ", but the next one begins at " HEX ": %" PRIu64 " bytes %s.",
                          scene->row->addr, scene->end, after,
                          gap ? after - scene->end : scene->end - after,
                          gap ? "belong to no pebble" : "belong to both");
}

static bool is_physical(const struct pv_pebble_row *row)
{
    return row->sflags & PV_FLAG_PHYSICAL;
}

int pv_judge_p8(const struct pv_scene *scene)
{
    if (pv_pebble_row_used(scene->row) || !scene->before || pv_pebble_row_used(scene->before) ||
        is_physical(scene->row) != is_physical(scene->before) ||
        pv_scene_end(scene, scene->before) != scene->row->addr) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P8,
                          "The free pebble at " HEX " follows the free pebble at " HEX
                          ": the two should have been merged.",
                          scene->row->addr, scene->before->addr);
}

int pv_judge_p9(const struct pv_scene *scene)
{
    uint64_t alignment = scene->row->alignment;
    if (!pv_pebble_row_used(scene->row) || !(scene->row->sflags & PV_FLAG_ALIGNED)) {
        return PV_OK;
    }
    if (alignment < PV_ALIGN_MIN || alignment > PV_ALIGN_MAX ||
        (alignment & (alignment - 1)) != 0) {
        return PV_TELL_PEBBLE(scene, PV_LAW_P9,
                              "The pebble at " HEX " has alignment %" PRIu64
                              ", which is no power of two from 64 to 1048576.",
                              scene->row->addr, alignment);
    }
    uint64_t payload = scene->row->addr + scene->snapshot->pebble_bytes;
    if (payload % alignment == 0) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P9,
                          "The payload at " HEX " of the pebble at " HEX
                          " is promised an alignment of %" PRIu64 ", but is off by %" PRIu64
                          ".",
                          payload, scene->row->addr, alignment, payload % alignment);
}

int pv_judge_p10(const struct pv_scene *scene)
{
    uint32_t sflags = scene->row->sflags;
    const char *wrong = NULL;
    if ((sflags & ~(uint32_t)ATTRIBUTES) != 0) {
        wrong = "with bits that name no attribute";
    } else if ((sflags & KINDS) == KINDS) {
        wrong = "both VIRTUAL and PHYSICAL";
    } else if (!pv_pebble_row_used(scene->row) && (sflags & ~PV_KIND) != 0) {
        wrong = "a request's attributes, though it is free";
    }
    if (!wrong) {
        return PV_OK;
    }
    return PV_TELL_PEBBLE(scene, PV_LAW_P10,
                          "The pebble at " HEX " has sent flags 0x%" PRIx32 ", %s.",
                          scene->row->addr, sflags, wrong);
}
