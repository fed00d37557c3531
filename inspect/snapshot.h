/* SPDX-License-Identifier: MIT
 *
 * snapshot.h - the immutable picture of a catalog: bucket rows, pebble rows, findings.
 *
 * A sick heap is a successful snapshot with findings. It comes from a walk over a memory
 * (walk.h), from the placement log of a replay (replay/timeline.h) or from a catalog file; what
 * follows is the same for all.
 */
#ifndef PV_SNAPSHOT_H
#define PV_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/laws.h"
#include "inspect/layout.h"
#include "inspect/tags.h"

#define PV_UNKNOWN UINT64_MAX /* requested, id, born: not known */

/* Buckets in list order. */
struct pv_bucket_row {
    uint64_t addr;
    uint64_t n_pages;
    uint64_t largest; /* as the header claims */
    uint64_t lflags;
    uint64_t first;      /* as the header claims: address of the first pebble */
    uint64_t prev, next; /* as the header claims */
    size_t first_pebble; /* index of its first row in pebbles */
    size_t n_pebbles;    /* rows that follow one another */
    uint64_t magic;
};

/* Pebbles in list order, bucket after bucket. */
struct pv_pebble_row {
    uint64_t addr; /* of the header; the payload follows it */
    uint64_t size; /* payload bytes */
    uint64_t requested;
    uint64_t id;   /* the trace's number for the block; PV_UNKNOWN when it has none or a text */
    uint64_t born; /* the event that allocated it */
    uint64_t parent, prev, next;
    uint32_t bucket; /* index in buckets */
    uint32_t tag;
    uint32_t sflags;
    uint32_t alignment;
    uint32_t lflags; /* bit 0: used */
    uint32_t magic;
};

enum { PV_FINDING_TEXT = 256 };

/* What a law found wrong. */
struct pv_finding {
    enum pv_law law;
    uint64_t addr;              /* of the header concerned */
    size_t bucket;              /* index, or SIZE_MAX */
    size_t pebble;              /* index, or SIZE_MAX */
    size_t suspect;             /* index of the pebble that may have overrun, or SIZE_MAX */
    uint32_t tag;               /* of the pebble, 0 when there is none */
    char text[PV_FINDING_TEXT]; /* one clean sentence with the evidence */
};

/* A place where a pebble list was broken and the walk left it. Bytes from `from` up to `to` are
 * not known; none are lost when the two are equal. The rules judge no neighbours across it. */
struct pv_break {
    size_t bucket;
    size_t pebble; /* index of the row that follows; one past the bucket's last: none does */
    uint64_t from, to;
};

struct pv_totals {
    uint64_t n_buckets, n_used, n_free;
    uint64_t requested_bytes; /* of the used pebbles; where unknown, their size */
    uint64_t used_bytes;      /* payloads */
    uint64_t header_bytes;    /* bucket and pebble headers */
    uint64_t free_bytes;      /* payloads */
    uint64_t largest_free_bytes;
    uint64_t heap_bytes; /* all pages */
};

/* Which fields the rows hold. */
enum pv_snapshot_source {
    PV_SNAPSHOT_MEMORY, /* every header field is as read */
    PV_SNAPSHOT_LOG,    /* computed: header fields are what a lawful heap has */
    PV_SNAPSHOT_FILE    /* a catalog file: no magic, parent, prev, next */
};

struct pv_snapshot {
    enum pv_snapshot_source source;
    enum pv_catalog_kind kind;
    uint16_t bucket_bytes, pebble_bytes; /* header sizes */
    uint32_t page_bytes; /* of a buddy: set by the code that makes the snapshot */
    size_t n_buckets, n_pebbles, n_findings, n_breaks;
    struct pv_bucket_row *buckets;
    struct pv_pebble_row *pebbles;
    struct pv_finding *findings;
    struct pv_break *breaks;  /* in the order of rows; none but after a walk */
    uint64_t n_findings_more; /* found, but beyond the bound on findings kept */
    struct pv_totals totals;
    const struct pv_tags *tags; /* borrowed: outlives the snapshot */
    bool buckets_ordered;       /* by address; pv_snapshot_count finds out */
    bool pebbles_ordered;       /* in each bucket; pv_snapshot_count finds out */
    size_t cap_buckets, cap_pebbles, cap_findings, cap_breaks;
};

static inline bool pv_pebble_row_used(const struct pv_pebble_row *row)
{
    return row->lflags & 1;
}

/* ---- for who makes snapshots ---- */

/* An empty snapshot; the layout gives the sizes of headers and pages and is not kept. */
int pv_snapshot_open(struct pv_snapshot **ret_snapshot, enum pv_snapshot_source source,
                     const struct pv_layout *layout, const struct pv_tags *tags);
void pv_snapshot_close(struct pv_snapshot *snapshot); /* takes NULL */

/* Adds a zeroed row (of a pebble to the last bucket added, which must be there; its n_pebbles
 * is counted and the row's bucket set). The pointer dies with the next add. NULL: out of
 * memory. */
struct pv_bucket_row *pv_snapshot_add_bucket(struct pv_snapshot *snapshot);
struct pv_pebble_row *pv_snapshot_add_pebble(struct pv_snapshot *snapshot);

/* Adds a finding; beyond PV_FINDINGS_MAX it is only counted. Texts among the arguments must be
 * clean. PV_ENOMEM. */
enum { PV_FINDINGS_MAX = 1000 };
int pv_snapshot_add_finding(struct pv_snapshot *snapshot, enum pv_law law, size_t bucket,
                            size_t pebble, uint64_t addr, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Notes that the list of the last bucket was broken before the row that is added next.
 * PV_ENOMEM. */
int pv_snapshot_add_break(struct pv_snapshot *snapshot, uint64_t from, uint64_t to);

/* Computes the totals from the rows, and whether these stand in address order. To be called
 * when all rows are there. Sums that do not fit (of a sick heap) stay at UINT64_MAX. */
void pv_snapshot_count(struct pv_snapshot *snapshot);

/* ---- for who reads them ---- */

/* Index of the pebble whose header or payload holds addr, or SIZE_MAX; the first in list order
 * where sick pebbles overlap and are out of order. O(log n) where buckets and their pebbles are
 * in address order, O(n) otherwise. */
size_t pv_snapshot_find(const struct pv_snapshot *snapshot, uint64_t addr);

#endif
