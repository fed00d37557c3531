/* SPDX-License-Identifier: MIT
 *
 * tally.c - rows are indexed by tag while blocks are added, so that adding is O(1); ranking
 * drops the empty ones and sorts, after which the index is no longer the tag.
 */
#include "viz/text/tally.h"

#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

int pv_tally_add(struct pv_tally *tally, uint32_t tag, uint64_t bytes)
{
    while (tag >= tally->n) {
        struct pv_tally_row *rows =
            pv_own_room(tally->rows, tally->n, &tally->cap, sizeof *rows);
        if (!rows) {
            return PV_ENOMEM;
        }
        tally->rows = rows;
        rows[tally->n] = (struct pv_tally_row){.tag = (uint32_t)tally->n};
        tally->n++;
    }
    struct pv_tally_row *row = &tally->rows[tag];
    row->blocks++;
    if (__builtin_add_overflow(row->bytes, bytes, &row->bytes)) {
        row->bytes = UINT64_MAX;
    }
    return PV_OK;
}

int pv_tally_snapshot(struct pv_tally *tally, const struct pv_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        if (pv_pebble_row_used(row)) {
            uint64_t bytes = row->requested == PV_UNKNOWN ? row->size : row->requested;
            int status = pv_tally_add(tally, row->tag, bytes);
            if (status) {
                return status;
            }
        }
    }
    return PV_OK;
}

static int by_bytes(const void *a, const void *b)
{
    const struct pv_tally_row *x = a;
    const struct pv_tally_row *y = b;
    if (x->bytes != y->bytes) {
        return x->bytes < y->bytes ? 1 : -1;
    }
    if (x->blocks != y->blocks) {
        return x->blocks < y->blocks ? 1 : -1;
    }
    return strcmp(x->text, y->text);
}

void pv_tally_rank(struct pv_tally *tally, const struct pv_tags *tags)
{
    size_t n = 0;
    for (size_t i = 0; i < tally->n; i++) {
        if (tally->rows[i].blocks) {
            tally->rows[n] = tally->rows[i];
            tally->rows[n].text = pv_tags_text(tags, tally->rows[n].tag);
            n++;
        }
    }
    tally->n = n;
    if (n) {
        qsort(tally->rows, n, sizeof *tally->rows, by_bytes);
    }
}

void pv_tally_fini(struct pv_tally *tally)
{
    pv_own_free(tally->rows);
    *tally = (struct pv_tally){.n = 0};
}
