/* SPDX-License-Identifier: MIT
 *
 * rules.c - the one checker: a law, a function.
 *
 * A function looks at one bucket or one pebble of the scene that is set for it, at its two
 * neighbours at most, and tells what it finds; none keeps a state. What two laws would both say
 * about one cause only one says: see rules.h. Sums with foreign numbers are checked.
 *
 * Cost: about ten short calls a pebble; B3 sorts the buckets.
 */
#include "inspect/rules.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"

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

enum {
    KINDS = PV_FLAG_VIRTUAL | PV_FLAG_PHYSICAL,
    ATTRIBUTES = KINDS | PV_FLAG_CLEAR | PV_FLAG_LOW1MEG | PV_FLAG_LOW16MEG | PV_FLAG_LOW4GIG |
                 PV_FLAG_ALIGNED | PV_FLAG_PERSISTENT,
};

/* What a rule looks at. Pebble rules see all of it, bucket rules the first four fields. */
struct scene {
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

static const struct pv_bucket_row *bucket_of(const struct scene *scene)
{
    return &scene->snapshot->buckets[scene->bucket];
}

static uint64_t end_of(const struct scene *scene, const struct pv_pebble_row *row)
{
    uint64_t end;
    if (__builtin_add_overflow(row->addr, scene->snapshot->pebble_bytes, &end) ||
        __builtin_add_overflow(end, row->size, &end)) {
        return 0;
    }
    return end;
}

#define TELL_BUCKET(scene, law, ...)                                                           \
    pv_snapshot_add_finding((scene)->snapshot, law, (scene)->bucket, SIZE_MAX,                 \
                            bucket_of(scene)->addr, __VA_ARGS__)
#define TELL_PEBBLE(scene, law, ...)                                                           \
    pv_snapshot_add_finding((scene)->snapshot, law, (scene)->bucket, (scene)->pebble,          \
                            (scene)->row->addr, __VA_ARGS__)

/* ---- buckets ---- */

static int judge_b1(const struct scene *scene)
{
    const struct pv_bucket_row *row = bucket_of(scene);
    if (row->magic == PV_BUCKET_MAGIC) {
        return PV_OK;
    }
    return TELL_BUCKET(scene, PV_LAW_B1,
                       "The bucket at " HEX " begins with " HEX " instead of 0x%" PRIx32
                       ", though its pebbles name it: its magic was overwritten.",
                       row->addr, row->magic, PV_BUCKET_MAGIC);
}

static int judge_b2(const struct scene *scene)
{
    const struct pv_bucket_row *row = bucket_of(scene);
    if ((row->lflags & ~(uint64_t)PV_BUCKET_BEST_FIT) == 0) {
        return PV_OK;
    }
    return TELL_BUCKET(scene, PV_LAW_B2,
                       "The bucket at " HEX " has local flags " HEX
                       ", but bits other than 0 mean nothing: the field was overwritten.",
                       row->addr, row->lflags);
}

/* The part of B3 that one bucket shows; find_overlaps has the rest. */
static int judge_b3(const struct scene *scene)
{
    const struct pv_bucket_row *row = bucket_of(scene);
    if (scene->bucket_end != 0) {
        return PV_OK;
    }
    return TELL_BUCKET(
        scene, PV_LAW_B3,
        "The bucket at " HEX " claims %" PRIu64 " pages, %s: where it ends is not known.",
        row->addr, row->n_pages,
        row->n_pages == 0 ? "but has at least one" : "more than fit into the address space");
}

static int judge_b4(const struct scene *scene)
{
    const struct pv_bucket_row *row = bucket_of(scene);
    uint64_t before = scene->bucket > 0 ? row[-1].addr : 0;
    int rc = PV_OK;
    if (row->prev != before && before == 0) {
        rc = TELL_BUCKET(scene, PV_LAW_B4,
                         "Previous of the bucket at " HEX " is " HEX
                         ", but the list begins with this bucket: the link was overwritten.",
                         row->addr, row->prev);
    } else if (row->prev != before) {
        rc = TELL_BUCKET(scene, PV_LAW_B4,
                         "Previous of the bucket at " HEX " is " HEX
                         ", but the list comes from " HEX ": one of the two links was "
                         "overwritten.",
                         row->addr, row->prev, before);
    }
    if (rc < 0) {
        return rc;
    }
    /* A walk has followed Next to its end, or told where it broke. */
    bool last = scene->bucket + 1 == scene->snapshot->n_buckets;
    uint64_t after = last ? 0 : row[1].addr;
    if (scene->snapshot->source == PV_SNAPSHOT_MEMORY || row->next == after) {
        return PV_OK;
    }
    return TELL_BUCKET(scene, PV_LAW_B4,
                       "Next of the bucket at " HEX " is " HEX ", but " HEX
                       " follows it in the list.",
                       row->addr, row->next, after);
}

/* A walk has told itself, for it knows what First led to. */
static int judge_b6(const struct scene *scene)
{
    const struct pv_bucket_row *row = bucket_of(scene);
    if (scene->snapshot->source == PV_SNAPSHOT_MEMORY) {
        return PV_OK;
    }
    if (row->n_pebbles == 0) {
        return TELL_BUCKET(scene, PV_LAW_B6,
                           "The bucket at " HEX " has no pebble, but must have at least one.",
                           row->addr);
    }
    uint64_t first = scene->snapshot->pebbles[row->first_pebble].addr;
    if (scene->snapshot->source == PV_SNAPSHOT_FILE || row->first == first) {
        return PV_OK;
    }
    return TELL_BUCKET(scene, PV_LAW_B6,
                       "First of the bucket at " HEX " is " HEX
                       ", but its first pebble stands at " HEX ".",
                       row->addr, row->first, first);
}

static int judge_b7(const struct scene *scene)
{
    const struct pv_snapshot *snapshot = scene->snapshot;
    const struct pv_bucket_row *row = bucket_of(scene);
    uint64_t largest = 0;
    size_t where = SIZE_MAX;
    bool sure = true; /* no free pebble is lost in a gap or has an unlawful size */
    for (size_t i = row->first_pebble; i < row->first_pebble + row->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (pv_pebble_row_used(pebble)) {
            continue;
        }
        uint64_t end = end_of(scene, pebble);
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
        return TELL_BUCKET(scene, PV_LAW_B7,
                           "Largest of the bucket at " HEX " is %" PRIu64
                           ", but no pebble of it is free.",
                           row->addr, row->largest);
    }
    return TELL_BUCKET(scene, PV_LAW_B7,
                       "Largest of the bucket at " HEX " is %" PRIu64
                       ", but its largest free pebble, at " HEX ", has %" PRIu64 " bytes.",
                       row->addr, row->largest, snapshot->pebbles[where].addr, largest);
}

/* ---- pebbles ---- */

static int judge_p1(const struct scene *scene)
{
    if (scene->row->magic == PV_PEBBLE_MAGIC) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P1,
                       "The pebble at " HEX " begins with 0x%" PRIx32 " instead of 0x%" PRIx32
                       ", though all else fits: its magic was overwritten.",
                       scene->row->addr, scene->row->magic, PV_PEBBLE_MAGIC);
}

static int judge_p2(const struct scene *scene)
{
    if ((scene->row->lflags & ~PV_PEBBLE_USED) == 0) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P2,
                       "The pebble at " HEX " has local flags 0x%" PRIx32
                       ", but bits other than 0 mean nothing: the field was overwritten.",
                       scene->row->addr, scene->row->lflags);
}

static bool is_sized(const struct pv_pebble_row *row)
{
    return row->size >= PV_UNIT_BYTES && row->size % PV_LAYOUT_STEP == 0;
}

static int judge_p3(const struct scene *scene)
{
    if (is_sized(scene->row)) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P3,
                       "The pebble at " HEX " has a payload of %" PRIu64
                       " bytes, which is %s: the field was overwritten.",
                       scene->row->addr, scene->row->size,
                       scene->row->size < PV_UNIT_BYTES ? "less than 64" : "no multiple of 16");
}

static bool is_contained(const struct scene *scene)
{
    return scene->bucket_end == 0 ||
           (scene->end != 0 && scene->end <= scene->bucket_end &&
            scene->row->addr >= bucket_of(scene)->addr &&
            scene->row->addr - bucket_of(scene)->addr >= scene->snapshot->bucket_bytes);
}

static int judge_p4(const struct scene *scene)
{
    if (is_contained(scene)) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P4,
                       "The pebble at " HEX " with %" PRIu64
                       " payload bytes does not lie within its bucket, " HEX " to " HEX ".",
                       scene->row->addr, scene->row->size, bucket_of(scene)->addr,
                       scene->bucket_end);
}

/* Whether what stands before the row is what its Previous must name. Across a break that can be
 * said only where nothing was lost. */
static bool knows_before(const struct scene *scene)
{
    if (!scene->broken_before) {
        return true;
    }
    return scene->before
               ? end_of(scene, scene->before) == scene->row->addr
               : scene->row->addr - bucket_of(scene)->addr == scene->snapshot->bucket_bytes;
}

static int judge_p5(const struct scene *scene)
{
    uint64_t before = scene->before ? scene->before->addr : 0;
    uint64_t after = scene->after ? scene->after->addr : 0;
    bool wrong = scene->row->prev != before && knows_before(scene);
    int rc = PV_OK;
    if (wrong && before == 0) {
        rc = TELL_PEBBLE(scene, PV_LAW_P5,
                         "Previous of the pebble at " HEX " is " HEX
                         ", but the list begins with this pebble: the link was overwritten.",
                         scene->row->addr, scene->row->prev);
    } else if (wrong) {
        rc = TELL_PEBBLE(scene, PV_LAW_P5,
                         "Previous of the pebble at " HEX " is " HEX
                         ", but the list comes from " HEX ": one of the two links was "
                         "overwritten.",
                         scene->row->addr, scene->row->prev, before);
    }
    if (rc < 0) {
        return rc;
    }
    if (scene->row->next == after || scene->broken_after) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P5,
                       "Next of the pebble at " HEX " is " HEX ", but " HEX
                       " follows it in the list.",
                       scene->row->addr, scene->row->next, after);
}

static int judge_p6(const struct scene *scene)
{
    if (scene->row->parent == bucket_of(scene)->addr) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P6,
                       "Parent of the pebble at " HEX " is " HEX
                       ", but it stands in the list of the bucket at " HEX ".",
                       scene->row->addr, scene->row->parent, bucket_of(scene)->addr);
}

static int judge_p7(const struct scene *scene)
{
    if (scene->broken_after || !is_sized(scene->row) || !is_contained(scene)) {
        return PV_OK;
    }
    if (!scene->after) {
        if (scene->bucket_end == 0 || scene->end == scene->bucket_end) {
            return PV_OK;
        }
        return TELL_PEBBLE(
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
        return TELL_PEBBLE(scene, PV_LAW_P7,
                           "The pebble at " HEX " is followed by the one at " HEX
                           ", which stands below it: the list is not in address order.",
                           scene->row->addr, after);
    }
    bool gap = after > scene->end;
    return TELL_PEBBLE(scene, PV_LAW_P7,
                       "The pebble at " HEX " ends at " HEX ", but the next one begins at " HEX
                       ": %" PRIu64 " bytes %s.",
                       scene->row->addr, scene->end, after,
                       gap ? after - scene->end : scene->end - after,
                       gap ? "belong to no pebble" : "belong to both");
}

static bool is_physical(const struct pv_pebble_row *row)
{
    return row->sflags & PV_FLAG_PHYSICAL;
}

static int judge_p8(const struct scene *scene)
{
    if (pv_pebble_row_used(scene->row) || !scene->before || pv_pebble_row_used(scene->before) ||
        is_physical(scene->row) != is_physical(scene->before) ||
        end_of(scene, scene->before) != scene->row->addr) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P8,
                       "The free pebble at " HEX " follows the free pebble at " HEX
                       ": the two should have been merged.",
                       scene->row->addr, scene->before->addr);
}

static int judge_p9(const struct scene *scene)
{
    uint64_t alignment = scene->row->alignment;
    if (alignment < PV_ALIGN_MIN || alignment > PV_ALIGN_MAX ||
        (alignment & (alignment - 1)) != 0) {
        return TELL_PEBBLE(scene, PV_LAW_P9,
                           "The pebble at " HEX " has alignment %" PRIu64
                           ", which is no power of two from 64 to 1048576.",
                           scene->row->addr, alignment);
    }
    uint64_t payload = scene->row->addr + scene->snapshot->pebble_bytes;
    if (!pv_pebble_row_used(scene->row) || !(scene->row->sflags & PV_FLAG_ALIGNED) ||
        payload % alignment == 0) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P9,
                       "The payload at " HEX " of the pebble at " HEX
                       " is promised an alignment of %" PRIu64 ", but is off by %" PRIu64 ".",
                       payload, scene->row->addr, alignment, payload % alignment);
}

static int judge_p10(const struct scene *scene)
{
    uint32_t sflags = scene->row->sflags;
    const char *wrong = NULL;
    if ((sflags & ~(uint32_t)ATTRIBUTES) != 0) {
        wrong = "with bits that name no attribute";
    } else if ((sflags & KINDS) == KINDS) {
        wrong = "both VIRTUAL and PHYSICAL";
    } else if (!pv_pebble_row_used(scene->row) && (sflags & ~(uint32_t)KINDS) != 0) {
        wrong = "a request's attributes, though it is free";
    }
    if (!wrong) {
        return PV_OK;
    }
    return TELL_PEBBLE(scene, PV_LAW_P10,
                       "The pebble at " HEX " has sent flags 0x%" PRIx32 ", %s.",
                       scene->row->addr, sflags, wrong);
}

/* ---- all ---- */

enum { FILES_TOO = 1 }; /* a catalog file knows what the rule asks for */

/* B5 and M1 have no function: rows that are there have been read, and come to an end. */
static const struct judge {
    int (*bucket)(const struct scene *scene);
    int (*pebble)(const struct scene *scene);
    unsigned flags;
} judges[PV_N_LAWS] = {
    [PV_LAW_B1] = {.bucket = judge_b1},
    [PV_LAW_B2] = {.bucket = judge_b2, .flags = FILES_TOO},
    [PV_LAW_B3] = {.bucket = judge_b3, .flags = FILES_TOO},
    [PV_LAW_B4] = {.bucket = judge_b4},
    [PV_LAW_B6] = {.bucket = judge_b6, .flags = FILES_TOO},
    [PV_LAW_B7] = {.bucket = judge_b7, .flags = FILES_TOO},
    [PV_LAW_P1] = {.pebble = judge_p1},
    [PV_LAW_P2] = {.pebble = judge_p2, .flags = FILES_TOO},
    [PV_LAW_P3] = {.pebble = judge_p3, .flags = FILES_TOO},
    [PV_LAW_P4] = {.pebble = judge_p4, .flags = FILES_TOO},
    [PV_LAW_P5] = {.pebble = judge_p5},
    [PV_LAW_P6] = {.pebble = judge_p6},
    [PV_LAW_P7] = {.pebble = judge_p7, .flags = FILES_TOO},
    [PV_LAW_P8] = {.pebble = judge_p8, .flags = FILES_TOO},
    [PV_LAW_P9] = {.pebble = judge_p9, .flags = FILES_TOO},
    [PV_LAW_P10] = {.pebble = judge_p10, .flags = FILES_TOO},
};

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

static int judge_pebble(const struct scene *scene)
{
    bool file = scene->snapshot->source == PV_SNAPSHOT_FILE;
    for (size_t law = PV_LAW_P1; law <= PV_LAW_P10; law++) {
        if (judges[law].pebble && (!file || judges[law].flags & FILES_TOO)) {
            int rc = judges[law].pebble(scene);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return PV_OK;
}

/* *at_break is the first break of this bucket or a later one, and is moved on. */
static int judge_bucket(struct pv_snapshot *snapshot, size_t bucket, size_t *at_break)
{
    struct scene scene = {.snapshot = snapshot, .bucket = bucket, .at_break = *at_break};
    const struct pv_bucket_row *row = bucket_of(&scene);
    scene.bucket_end = bucket_end(snapshot, row);
    bool file = snapshot->source == PV_SNAPSHOT_FILE;
    for (size_t law = 0; law < PV_N_LAWS; law++) {
        if (judges[law].bucket && (!file || judges[law].flags & FILES_TOO)) {
            int rc = judges[law].bucket(&scene);
            if (rc < 0) {
                return rc;
            }
        }
    }
    size_t end = row->first_pebble + row->n_pebbles;
    for (size_t i = row->first_pebble; i < end; i++) {
        scene.pebble = i;
        scene.row = &snapshot->pebbles[i];
        scene.before = i > row->first_pebble ? scene.row - 1 : NULL;
        scene.after = i + 1 < end ? scene.row + 1 : NULL;
        scene.end = end_of(&scene, scene.row);
        const struct pv_break *next = snapshot->breaks + *at_break;
        scene.broken_before =
            *at_break < snapshot->n_breaks && next->bucket == bucket && next->pebble == i;
        *at_break += scene.broken_before;
        next += scene.broken_before;
        scene.broken_after =
            *at_break < snapshot->n_breaks && next->bucket == bucket && next->pebble == i + 1;
        int rc = judge_pebble(&scene);
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
    int rc = find_overlaps(snapshot);
    size_t at_break = 0;
    for (size_t i = 0; i < snapshot->n_buckets && rc == 0; i++) {
        rc = judge_bucket(snapshot, i, &at_break);
    }
    return rc;
}
