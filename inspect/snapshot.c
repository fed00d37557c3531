/* SPDX-License-Identifier: MIT
 *
 * snapshot.c - the picture of a catalog: three growing arrays and their sums. The code that
 * makes a snapshot fills in the rows; nothing here judges them.
 */
#include "inspect/snapshot.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"

int pv_snapshot_open(struct pv_snapshot **ret_snapshot, enum pv_snapshot_source source,
                     const struct pv_layout *layout, const struct pv_tags *tags)
{
    struct pv_snapshot *snapshot = pv_own_calloc(1, sizeof *snapshot);
    if (!snapshot) {
        return PV_ENOMEM;
    }
    snapshot->source = source;
    snapshot->kind = layout->kind;
    snapshot->bucket_bytes = layout->bucket_bytes;
    snapshot->pebble_bytes = layout->pebble_bytes;
    snapshot->page_bytes = layout->page_bytes;
    snapshot->tags = tags;
    *ret_snapshot = snapshot;
    return PV_OK;
}

void pv_snapshot_close(struct pv_snapshot *snapshot)
{
    if (!snapshot) {
        return;
    }
    pv_own_free(snapshot->buckets);
    pv_own_free(snapshot->pebbles);
    pv_own_free(snapshot->findings);
    pv_own_free(snapshot->breaks);
    pv_own_free(snapshot);
}

struct pv_bucket_row *pv_snapshot_add_bucket(struct pv_snapshot *snapshot)
{
    if (snapshot->n_buckets >= UINT32_MAX) { /* pebble rows number their bucket in 32 bits */
        return NULL;
    }
    struct pv_bucket_row *grown = pv_own_room(snapshot->buckets, snapshot->n_buckets,
                                              &snapshot->cap_buckets, sizeof *grown);
    if (!grown) {
        return NULL;
    }
    snapshot->buckets = grown;
    struct pv_bucket_row *row = &grown[snapshot->n_buckets++];
    *row = (struct pv_bucket_row){.first_pebble = snapshot->n_pebbles};
    return row;
}

struct pv_pebble_row *pv_snapshot_add_pebble(struct pv_snapshot *snapshot)
{
    assert(snapshot->n_buckets > 0);
    struct pv_pebble_row *grown = pv_own_room(snapshot->pebbles, snapshot->n_pebbles,
                                              &snapshot->cap_pebbles, sizeof *grown);
    if (!grown) {
        return NULL;
    }
    snapshot->pebbles = grown;
    struct pv_pebble_row *row = &grown[snapshot->n_pebbles++];
    snapshot->buckets[snapshot->n_buckets - 1].n_pebbles++;
    *row = (struct pv_pebble_row){.bucket = (uint32_t)(snapshot->n_buckets - 1)};
    return row;
}

int pv_snapshot_add_finding(struct pv_snapshot *snapshot, enum pv_law law, size_t bucket,
                            size_t pebble, uint64_t addr, const char *format, ...)
{
    if (snapshot->n_findings >= PV_FINDINGS_MAX) {
        snapshot->n_findings_more++;
        return PV_OK;
    }
    struct pv_finding *grown = pv_own_room(snapshot->findings, snapshot->n_findings,
                                           &snapshot->cap_findings, sizeof *grown);
    if (!grown) {
        return PV_ENOMEM;
    }
    snapshot->findings = grown;
    struct pv_finding *finding = &grown[snapshot->n_findings++];
    *finding = (struct pv_finding){
        .law = law, .addr = addr, .bucket = bucket, .pebble = pebble, .suspect = SIZE_MAX};
    if (pebble < snapshot->n_pebbles) {
        finding->tag = snapshot->pebbles[pebble].tag;
    }
    char text[2 * PV_FINDING_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t n = pv_text_prefix(text, strlen(text), PV_FINDING_TEXT - 1);
    memcpy(finding->text, text, n);
    finding->text[n] = '\0';
    return PV_OK;
}

int pv_snapshot_add_break(struct pv_snapshot *snapshot, uint64_t from, uint64_t to)
{
    assert(snapshot->n_buckets > 0);
    struct pv_break *grown =
        pv_own_room(snapshot->breaks, snapshot->n_breaks, &snapshot->cap_breaks, sizeof *grown);
    if (!grown) {
        return PV_ENOMEM;
    }
    snapshot->breaks = grown;
    grown[snapshot->n_breaks++] = (struct pv_break){
        .bucket = snapshot->n_buckets - 1,
        .pebble = snapshot->n_pebbles,
        .from = from,
        .to = to,
    };
    return PV_OK;
}

/* Sums of a sick heap may not fit; a sum that stays at the end of the range shows that. */
static void add(uint64_t *sum, uint64_t more)
{
    if (__builtin_add_overflow(*sum, more, sum)) {
        *sum = UINT64_MAX;
    }
}

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

void pv_snapshot_count(struct pv_snapshot *snapshot)
{
    struct pv_totals totals = {.n_buckets = snapshot->n_buckets};
    snapshot->buckets_ordered = true;
    snapshot->pebbles_ordered = true;
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *row = &snapshot->buckets[i];
        add(&totals.heap_bytes, times(row->n_pages, snapshot->page_bytes));
        if (i > 0 && row[-1].addr >= row->addr) {
            snapshot->buckets_ordered = false;
        }
    }
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        if (i > 0 && row[-1].bucket == row->bucket && row[-1].addr >= row->addr) {
            snapshot->pebbles_ordered = false;
        }
        if (pv_pebble_row_used(row)) {
            totals.n_used++;
            add(&totals.used_bytes, row->size);
            add(&totals.requested_bytes,
                row->requested == PV_UNKNOWN ? row->size : row->requested);
        } else {
            totals.n_free++;
            add(&totals.free_bytes, row->size);
            if (row->size > totals.largest_free_bytes) {
                totals.largest_free_bytes = row->size;
            }
        }
    }
    totals.header_bytes = times(snapshot->n_buckets, snapshot->bucket_bytes);
    add(&totals.header_bytes, times(snapshot->n_pebbles, snapshot->pebble_bytes));
    snapshot->totals = totals;
}

static bool holds(const struct pv_snapshot *snapshot, const struct pv_pebble_row *row,
                  uint64_t addr)
{
    /* Two comparisons, so that no sum of foreign numbers is needed. */
    return addr >= row->addr && (addr - row->addr < snapshot->pebble_bytes ||
                                 addr - row->addr - snapshot->pebble_bytes < row->size);
}

/* The last bucket that begins at or below addr, where buckets are in order. */
static size_t find_bucket(const struct pv_snapshot *snapshot, uint64_t addr)
{
    size_t low = 0, high = snapshot->n_buckets;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->buckets[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 ? low - 1 : SIZE_MAX;
}

static size_t find_pebble(const struct pv_snapshot *snapshot, size_t bucket, uint64_t addr)
{
    size_t low = snapshot->buckets[bucket].first_pebble;
    size_t high = low + snapshot->buckets[bucket].n_pebbles;
    size_t begin = low;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->pebbles[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low > begin && holds(snapshot, &snapshot->pebbles[low - 1], addr);
    return found ? low - 1 : SIZE_MAX;
}

size_t pv_snapshot_find(const struct pv_snapshot *snapshot, uint64_t addr)
{
    if (snapshot->buckets_ordered && snapshot->pebbles_ordered) {
        size_t bucket = find_bucket(snapshot, addr);
        return bucket == SIZE_MAX ? SIZE_MAX : find_pebble(snapshot, bucket, addr);
    }
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        if (holds(snapshot, &snapshot->pebbles[i], addr)) {
            return i;
        }
    }
    return SIZE_MAX;
}
