/* SPDX-License-Identifier: MIT
 *
 * model_rows.c - the rows of the tables: what each tag holds, largest first, and the order of
 * the pebbles. O(pebbles) for the sums, O(n log n) for an order that is not by address.
 */
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/tui/model.h"

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Compared with another moment: what changed most comes first. */
static int compare_changes(const void *left, const void *right)
{
    const struct pv_tag_row *a = left, *b = right;
    uint64_t x = difference(a->bytes, a->then_bytes), y = difference(b->bytes, b->then_bytes);

    if (x != y) {
        return x > y ? -1 : 1;
    }
    x = difference(a->blocks, a->then_blocks), y = difference(b->blocks, b->then_blocks);
    if (x != y) {
        return x > y ? -1 : 1;
    }
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static int compare_tags(const void *left, const void *right)
{
    const struct pv_tag_row *a = left, *b = right;

    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    if (a->blocks != b->blocks) {
        return a->blocks > b->blocks ? -1 : 1;
    }
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static uint64_t asked(const struct pv_pebble_row *pebble)
{
    return pebble->requested == PV_UNKNOWN ? pebble->size : pebble->requested;
}

static void count_then(struct pv_model *model, size_t n_tags)
{
    const struct pv_snapshot *then = model->reference.snapshot;

    for (size_t i = 0; i < then->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &then->pebbles[i];
        if (pv_pebble_row_used(pebble) && pebble->tag < n_tags) {
            model->tags[pebble->tag].then_blocks++;
            model->tags[pebble->tag].then_bytes += asked(pebble);
        }
    }
}

int pv_rows_tags(struct pv_model *model)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    size_t n = pv_tags_count(pv_timeline_tags(model->timeline));

    if (n > model->cap_tags) {
        struct pv_tag_row *rows = pv_own_resize(model->tags, n, sizeof *rows);
        if (!rows) {
            return PV_ENOMEM;
        }
        model->tags = rows;
        model->cap_tags = n;
    }
    for (size_t i = 0; i < n; i++) {
        model->tags[i] = (struct pv_tag_row){.tag = (uint32_t)i};
    }
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (pv_pebble_row_used(pebble) && pebble->tag < n) {
            model->tags[pebble->tag].blocks++;
            model->tags[pebble->tag].bytes += asked(pebble);
        }
    }
    if (model->reference.on) {
        count_then(model, n);
    }
    model->n_tags = 0;
    for (size_t i = 0; i < n; i++) {
        if (model->tags[i].blocks || model->tags[i].then_blocks) {
            model->tags[model->n_tags++] = model->tags[i];
        }
    }
    qsort(model->tags, model->n_tags, sizeof *model->tags,
          model->reference.on ? compare_changes : compare_tags);
    return PV_OK;
}

static int compare_pebbles(const void *left, const void *right, void *context)
{
    const struct pv_model *model = context;
    uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
    const struct pv_pebble_row *a = &model->snapshot->pebbles[i];
    const struct pv_pebble_row *b = &model->snapshot->pebbles[j];
    int order = 0;

    switch (model->sort) {
    case PV_SORT_SIZE:
        order = a->size > b->size ? -1 : a->size < b->size;
        break;
    case PV_SORT_AGE:
        order = a->born < b->born ? -1 : a->born > b->born;
        break;
    case PV_SORT_TAG:
        order = pv_pebble_row_used(b) - pv_pebble_row_used(a);
        if (order == 0 && a->tag != b->tag) {
            order = strcmp(pv_model_tag_text(model, a->tag), pv_model_tag_text(model, b->tag));
        }
        break;
    default:
        break;
    }
    return order ? order : i < j ? -1 : i > j;
}

int pv_rows_sort(struct pv_model *model)
{
    size_t n = model->snapshot->n_pebbles;

    if (model->sort == PV_SORT_ADDRESS) {
        return PV_OK;
    }
    if (n > model->cap_order) {
        uint32_t *order = pv_own_resize(model->order, n, sizeof *order);
        if (!order) {
            return PV_ENOMEM;
        }
        model->order = order;
        model->cap_order = n;
    }
    for (size_t i = 0; i < n; i++) {
        model->order[i] = (uint32_t)i;
    }
    if (n) {
        qsort_r(model->order, n, sizeof *model->order, compare_pebbles, model);
    }
    return PV_OK;
}

size_t pv_model_row_pebble(const struct pv_model *model, size_t row)
{
    return model->sort == PV_SORT_ADDRESS ? row : model->order[row];
}

size_t pv_model_pebble_row(const struct pv_model *model, size_t pebble)
{
    if (model->sort == PV_SORT_ADDRESS) {
        return pebble;
    }
    size_t row = 0;
    while (row + 1 < model->snapshot->n_pebbles && model->order[row] != pebble) {
        row++;
    }
    return row;
}

size_t pv_model_tag_row(const struct pv_model *model)
{
    for (size_t i = 0; i < model->n_tags; i++) {
        if (model->tags[i].tag == model->tag) {
            return i;
        }
    }
    return PV_NONE;
}
