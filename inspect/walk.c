/* SPDX-License-Identifier: MIT
 *
 * walk.c - a catalog read out of a memory: the bucket list, then the pebbles of each (list.c).
 *
 * Knowing all buckets before any pebble gives each its home: from its header to its end or,
 * where buckets overlap, to where the next begins. Homes are disjoint, so no pebble is met from
 * two buckets, and a loop of pebbles stays in one home.
 */
#include "inspect/walk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "inspect/rules.h"
#include "inspect/seen.h"
#include "inspect/walker.h"

#define HEX "0x%" PRIx64

/* ---- buckets ---- */

/* The address behind a bucket's pages; 0 where the size is unlawful. */
static uint64_t end_of_pages(const struct pv_walker *walker, const struct pv_bucket_row *row)
{
    uint64_t bytes, end;
    if (row->n_pages == 0 ||
        __builtin_mul_overflow(row->n_pages, walker->walk->layout->page_bytes, &bytes) ||
        __builtin_add_overflow(row->addr, bytes, &end)) {
        return 0;
    }
    return end;
}

static struct pv_home home_of(const struct pv_walker *walker, const struct pv_bucket_row *row)
{
    uint64_t end = end_of_pages(walker, row);
    uint64_t header = walker->walk->layout->bucket_bytes;
    header += (PV_LAYOUT_STEP - header % PV_LAYOUT_STEP) % PV_LAYOUT_STEP;
    return (struct pv_home){
        .addr = row->addr,
        .from = row->addr <= UINT64_MAX - header ? row->addr + header : UINT64_MAX,
        .to = end != 0 ? end : UINT64_MAX,
    };
}

/* A bucket whose magic alone is damaged is still a bucket: its First leads to a pebble that
 * names it as Parent. */
static bool is_bucket(struct pv_walker *walker, const struct pv_bucket_row *row)
{
    if (row->magic == PV_BUCKET_MAGIC) {
        return true;
    }
    struct pv_home home = home_of(walker, row);
    struct pv_pebble_row first;
    return row->lflags <= PV_BUCKET_BEST_FIT && end_of_pages(walker, row) != 0 &&
           pv_header_fits(&walker->reader, &home, row->first) &&
           pv_header_pebble(&walker->reader, &home, row->first, &first) == 0 &&
           first.magic == PV_PEBBLE_MAGIC && first.parent == row->addr;
}

/* Reports why the bucket list does not go on at addr. */
static int tell_bucket(struct pv_walker *walker, enum pv_law law, uint64_t addr,
                       const char *what)
{
    if (walker->n_heads == 0) {
        return pv_snapshot_add_finding(walker->snapshot, law, SIZE_MAX, SIZE_MAX, addr,
                                       "No heap begins at " HEX ", %s.", addr, what);
    }
    size_t last = walker->n_heads - 1;
    return pv_snapshot_add_finding(walker->snapshot, law, last, SIZE_MAX, addr,
                                   "The bucket list breaks: Next of the bucket at " HEX
                                   " leads to " HEX ", %s; buckets beyond are not known.",
                                   walker->heads[last].row.addr, addr, what);
}

static int read_buckets(struct pv_walker *walker, struct pv_seen *seen)
{
    uint64_t at = walker->walk->root;
    do {
        int status = pv_seen_add(seen, at);
        if (status < 0) {
            return status;
        }
        if (status == 1) {
            return tell_bucket(walker, PV_LAW_B5, at,
                               "which the list has passed: it is a loop");
        }
        if (walker->n_left == 0) {
            return tell_bucket(walker, PV_LAW_B5, at, "beyond the bound on rows");
        }
        struct pv_head head;
        if (pv_header_bucket(&walker->reader, at, &head.row) < 0) {
            return tell_bucket(walker, PV_LAW_M1, at, "which cannot be read");
        }
        if (!is_bucket(walker, &head.row)) {
            char what[64];
            snprintf(what, sizeof what, "where no bucket begins (magic " HEX ")",
                     head.row.magic);
            return tell_bucket(walker, PV_LAW_B1, at, what);
        }
        head.home = home_of(walker, &head.row);
        struct pv_head *grown = pv_own_room(walker->heads, walker->n_heads, &walker->cap_heads,
                                            sizeof *walker->heads);
        if (!grown) {
            return PV_ENOMEM;
        }
        walker->heads = grown;
        walker->heads[walker->n_heads++] = head;
        walker->n_left--;
        at = head.row.next;
    } while (at != 0);
    return PV_OK;
}

static int by_address(const void *a, const void *b)
{
    uint64_t left = (*(struct pv_head *const *)a)->row.addr;
    uint64_t right = (*(struct pv_head *const *)b)->row.addr;
    return left < right ? -1 : left > right;
}

/* Ends each home where the next bucket begins. */
static int part_homes(struct pv_walker *walker)
{
    struct pv_head **sorted = pv_own_calloc(walker->n_heads, sizeof *sorted);
    if (!sorted) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < walker->n_heads; i++) {
        sorted[i] = &walker->heads[i];
    }
    qsort(sorted, walker->n_heads, sizeof *sorted, by_address);
    for (size_t i = 1; i < walker->n_heads; i++) {
        if (sorted[i - 1]->home.to > sorted[i]->row.addr) {
            sorted[i - 1]->home.to = sorted[i]->row.addr;
        }
    }
    pv_own_free(sorted);
    return PV_OK;
}

/* ---- all ---- */

static int read_pebbles(struct pv_walker *walker)
{
    for (size_t i = 0; i < walker->n_heads; i++) {
        const struct pv_head *head = &walker->heads[i];
        struct pv_bucket_row *row = pv_snapshot_add_bucket(walker->snapshot);
        if (!row) {
            return PV_ENOMEM;
        }
        size_t first_pebble = row->first_pebble;
        *row = head->row;
        row->first_pebble = first_pebble;
        int status = pv_list_follow(walker, &head->home, i, head->row.first);
        if (status < 0) {
            return status;
        }
    }
    return PV_OK;
}

static int walk_all(struct pv_walker *walker)
{
    struct pv_seen seen = {0};
    int status = read_buckets(walker, &seen);
    pv_seen_fini(&seen);
    if (status == 0) {
        status = part_homes(walker);
    }
    if (status == 0) {
        status = read_pebbles(walker);
    }
    if (status == 0) {
        status = pv_rules_apply(walker->snapshot);
    }
    return status;
}

int pv_walk(const struct pv_walk *walk, struct pv_tags *tags, struct pv_snapshot **ret_snapshot)
{
    assert(walk->layout->bucket_bytes <= PV_LAYOUT_BUCKET_MAX &&
           walk->layout->pebble_bytes <= PV_LAYOUT_PEBBLE_MAX);
    struct pv_walker *walker = pv_own_calloc(1, sizeof *walker);
    if (!walker) {
        return PV_ENOMEM;
    }
    walker->walk = walk;
    walker->reader.walk = walk;
    walker->reader.cache.memory = walk->memory;
    walker->reader.tags = tags;
    walker->budget = (struct pv_scan_budget){PV_WALK_SCAN_BYTES, PV_WALK_SCAN_REFUSALS};
    walker->n_left = walk->max_pebbles ? walk->max_pebbles : PV_WALK_ROWS_MAX;
    struct pv_snapshot *snapshot = NULL;
    int status = pv_snapshot_open(&snapshot, PV_SNAPSHOT_MEMORY, walk->layout, tags);
    if (status == 0) {
        walker->snapshot = snapshot;
        status = walk_all(walker);
    }
    if (status == 0) {
        pv_snapshot_count(snapshot);
        *ret_snapshot = snapshot;
    } else {
        pv_snapshot_close(snapshot);
    }
    pv_own_free(walker->heads);
    pv_own_free(walker);
    return status;
}
