/* SPDX-License-Identifier: MIT
 *
 * judge_buddy.c - the laws that hold of a buddy's chunk: B7, P3, P4, P7 and P8, as layout.h
 * reads them for it. One pass over the rows. A row that is unlawful by itself is not judged
 * beside its neighbours.
 */
#include <inttypes.h>

#include "core/status.h"
#include "inspect/judge.h"

struct chunk {
    struct pv_snapshot *snapshot;
    size_t bucket;
    uint64_t addr, bytes;
    uint64_t expected; /* offset at which the next row should begin */
    uint64_t largest;
    size_t free_before; /* the row before, when it is free and lawful, or SIZE_MAX */
};

static int find(struct chunk *chunk, enum pv_law law, size_t row, const char *text)
{
    const struct pv_pebble_row *pebble = &chunk->snapshot->pebbles[row];
    return pv_snapshot_add_finding(chunk->snapshot, law, chunk->bucket, row, pebble->addr,
                                   "the block at 0x%" PRIx64 " of %" PRIu64 " bytes %s",
                                   pebble->addr, pebble->size, text);
}

static bool is_half(const struct chunk *chunk, uint64_t offset, uint64_t size)
{
    uint64_t page = chunk->snapshot->page_bytes, n = size / page;
    return size && size % page == 0 && !(n & (n - 1)) && offset % size == 0;
}

static int judge_row(struct chunk *chunk, size_t index)
{
    const struct pv_pebble_row *row = &chunk->snapshot->pebbles[index];
    uint64_t offset = row->addr - chunk->addr;
    size_t before = chunk->free_before;
    chunk->free_before = SIZE_MAX;
    if (row->addr < chunk->addr || offset > chunk->bytes || row->size > chunk->bytes - offset) {
        return find(chunk, PV_LAW_P4, index, "does not lie within its chunk");
    }
    bool joins = offset == chunk->expected;
    chunk->expected = offset + row->size;
    if (!joins) {
        return find(chunk, PV_LAW_P7, index, "does not begin where the one before ends");
    }
    if (!is_half(chunk, offset, row->size)) {
        return find(chunk, PV_LAW_P3, index,
                    "is no page times a power of two at a multiple of its size");
    }
    if (pv_pebble_row_used(row)) {
        return PV_OK;
    }
    chunk->largest = row->size > chunk->largest ? row->size : chunk->largest;
    chunk->free_before = index;
    return before != SIZE_MAX && row[-1].size == row->size && offset / row->size % 2
               ? find(chunk, PV_LAW_P8, index, "is free, and so is its buddy before it")
               : 0;
}

int pv_judge_buddy(struct pv_snapshot *snapshot)
{
    int status = PV_OK;
    for (size_t i = 0; i < snapshot->n_buckets && !status; i++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[i];
        struct chunk chunk = {.snapshot = snapshot,
                              .bucket = i,
                              .addr = bucket->addr,
                              .bytes = bucket->n_pages * snapshot->page_bytes,
                              .free_before = SIZE_MAX};
        for (size_t j = 0; j < bucket->n_pebbles && !status; j++) {
            status = judge_row(&chunk, bucket->first_pebble + j);
        }
        if (!status && chunk.expected != chunk.bytes) {
            status = pv_snapshot_add_finding(snapshot, PV_LAW_P7, i, SIZE_MAX, bucket->addr,
                                             "the blocks end %" PRIu64
                                             " bytes into a chunk of %" PRIu64,
                                             chunk.expected, chunk.bytes);
        }
        if (!status && chunk.largest != bucket->largest) {
            status = pv_snapshot_add_finding(snapshot, PV_LAW_B7, i, SIZE_MAX, bucket->addr,
                                             "the largest free block has %" PRIu64
                                             " bytes, not %" PRIu64,
                                             chunk.largest, bucket->largest);
        }
    }
    return status;
}
