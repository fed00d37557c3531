/* SPDX-License-Identifier: MIT
 *
 * judge.h - what the functions behind the laws look at, and how they report. Private to
 * inspect/.
 */
#ifndef PV_JUDGE_H
#define PV_JUDGE_H

#include "inspect/snapshot.h"

/* What a rule looks at. Pebble rules see all of it, bucket rules the first four fields. */
struct pv_scene {
    struct pv_snapshot *snapshot;
    size_t bucket;
    uint64_t bucket_end; /* 0: the size is unlawful, B3 says so */
    size_t at_break;     /* the first break of this bucket or a later one */
    size_t pebble;
    const struct pv_pebble_row *row;
    const struct pv_pebble_row *before; /* in this bucket; NULL: the row is its first */
    const struct pv_pebble_row *after;  /* in this bucket; NULL: the row is its last */
    bool broken_before, broken_after;   /* the walk has told that the list breaks there */
    uint64_t end;                       /* of the payload; 0: it does not fit in 64 bits */
};

static inline const struct pv_bucket_row *pv_scene_bucket(const struct pv_scene *scene)
{
    return &scene->snapshot->buckets[scene->bucket];
}

static inline uint64_t pv_scene_end(const struct pv_scene *scene,
                                    const struct pv_pebble_row *row)
{
    uint64_t end;
    if (__builtin_add_overflow(row->addr, scene->snapshot->pebble_bytes, &end) ||
        __builtin_add_overflow(end, row->size, &end)) {
        return 0;
    }
    return end;
}

#define PV_TELL_BUCKET(scene, law, ...)                                                        \
    pv_snapshot_add_finding((scene)->snapshot, law, (scene)->bucket, SIZE_MAX,                 \
                            pv_scene_bucket(scene)->addr, __VA_ARGS__)
#define PV_TELL_PEBBLE(scene, law, ...)                                                        \
    pv_snapshot_add_finding((scene)->snapshot, law, (scene)->bucket, (scene)->pebble,          \
                            (scene)->row->addr, __VA_ARGS__)

/* The judges that the table names. Each looks at the scene, tells what breaks its law, and
 * keeps no state. PV_ENOMEM. */
#define PV_JUDGE(id, judge, ...) int judge(const struct pv_scene *scene);
#define PV_NO_JUDGE(...)
PV_LAWS(PV_JUDGE, PV_JUDGE, PV_NO_JUDGE)
#undef PV_JUDGE
#undef PV_NO_JUDGE

/* Applies all laws that hold for a buddy's chunks. PV_ENOMEM. */
int pv_judge_buddy(struct pv_snapshot *snapshot);

#endif
