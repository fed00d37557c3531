/* SPDX-License-Identifier: MIT
 *
 * diff.c - two snapshots, matched by sorting.
 *
 * Each side's used pebbles become entries with a key; both lists are sorted by it and merged.
 * First the key is the block (id and birth), for the entries that know it; what is left over is
 * matched by place (address, size, tag), but never two entries that both know their block, for
 * then they are known to be different. Equal keys, which only sick snapshots have, are matched
 * in the order of rows. All orders are total, so the result is the same on every run.
 */
#include "inspect/diff.h"

#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

struct entry {
    uint64_t key[3];
    size_t pebble;
    bool by_block; /* knows its block */
    bool matched;
};

struct side {
    const struct pv_snapshot *snapshot;
    uint32_t *tags; /* the snapshot's tag to a number in `names`; UINT32_MAX: not yet met */
    struct entry *entries;
    size_t n;
};

struct work {
    struct side a, b;
    struct pv_tags *names; /* the tags of both */
    struct pv_diff_tag *tags;
    size_t n_tags, cap_tags, cap_rows;
    struct pv_diff *diff;
};

static uint64_t bytes_of(const struct pv_pebble_row *row)
{
    return row->requested == PV_UNKNOWN ? row->size : row->requested;
}

/* The row of sums for a pebble's tag, made when it is met first. NULL: out of memory. */
static struct pv_diff_tag *tag_row(struct work *work, struct side *side,
                                   const struct pv_pebble_row *row)
{
    const struct pv_tags *own = side->snapshot->tags;
    const char *text = pv_tags_text(own, row->tag);
    uint32_t tag = row->tag < pv_tags_count(own) ? row->tag : 0;
    if (side->tags[tag] == UINT32_MAX) {
        uint32_t name;
        if (pv_tags_add(work->names, text, &name) < 0) {
            return NULL;
        }
        while (work->n_tags <= name) {
            struct pv_diff_tag *grown =
                pv_own_room(work->tags, work->n_tags, &work->cap_tags, sizeof *grown);
            if (!grown) {
                return NULL;
            }
            work->tags = grown;
            work->tags[work->n_tags++] = (struct pv_diff_tag){0};
        }
        work->tags[name].text = text;
        side->tags[tag] = name;
    }
    return &work->tags[side->tags[tag]];
}

static uint32_t name_of(const struct side *side, const struct pv_pebble_row *row)
{
    return side->tags[row->tag < pv_tags_count(side->snapshot->tags) ? row->tag : 0];
}

/* Lists the used pebbles of one side and adds them to their tags' sums. */
static int list_side(struct work *work, struct side *side, const struct pv_snapshot *snapshot)
{
    side->snapshot = snapshot;
    uint32_t n_tags = pv_tags_count(snapshot->tags);
    side->tags = pv_own_calloc(n_tags, sizeof *side->tags);
    side->entries = pv_own_calloc(snapshot->n_pebbles, sizeof *side->entries);
    if (!side->tags || !side->entries) {
        return PV_ENOMEM;
    }
    memset(side->tags, 0xFF, n_tags * sizeof *side->tags);
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        if (!pv_pebble_row_used(row)) {
            continue;
        }
        struct pv_diff_tag *tag = tag_row(work, side, row);
        if (!tag) {
            return PV_ENOMEM;
        }
        bool in_a = side == &work->a;
        *(in_a ? &tag->a_blocks : &tag->b_blocks) += 1;
        *(in_a ? &tag->a_bytes : &tag->b_bytes) += bytes_of(row);
        bool by_block = row->born != PV_UNKNOWN;
        side->entries[side->n++] = (struct entry){.pebble = i, .by_block = by_block};
    }
    return PV_OK;
}

static int by_key(const void *left_ptr, const void *right_ptr)
{
    const struct entry *left = left_ptr, *right = right_ptr;
    for (size_t i = 0; i < 3; i++) {
        if (left->key[i] != right->key[i]) {
            return left->key[i] < right->key[i] ? -1 : 1;
        }
    }
    return left->pebble < right->pebble ? -1 : left->pebble > right->pebble;
}

static int compare_keys(const struct entry *left, const struct entry *right)
{
    return memcmp(left->key, right->key, sizeof left->key) == 0 ? 0
           : by_key(left, right) < 0                            ? -1
                                                                : 1;
}

static struct pv_diff_tag *sums_of(struct work *work, const struct side *side, size_t pebble)
{
    return &work->tags[name_of(side, &side->snapshot->pebbles[pebble])];
}

static int add_row(struct work *work, enum pv_change change, size_t a, size_t b)
{
    struct pv_diff *diff = work->diff;
    struct pv_diff_row *grown =
        pv_own_room(diff->rows, diff->n_rows, &work->cap_rows, sizeof *grown);
    if (!grown) {
        return PV_ENOMEM;
    }
    diff->rows = grown;
    diff->rows[diff->n_rows++] = (struct pv_diff_row){change, a, b};
    struct side *side = change == PV_WENT ? &work->a : &work->b;
    size_t pebble = change == PV_WENT ? a : b;
    struct pv_diff_tag *tag = sums_of(work, side, pebble);
    uint64_t bytes = bytes_of(&side->snapshot->pebbles[pebble]);
    tag->blocks[change]++;
    tag->bytes[change] += bytes;
    diff->blocks[change]++;
    diff->bytes[change] += bytes;
    return PV_OK;
}

static int match(struct work *work, struct entry *left, struct entry *right)
{
    const struct pv_pebble_row *a = &work->diff->a->pebbles[left->pebble];
    const struct pv_pebble_row *b = &work->diff->b->pebbles[right->pebble];
    left->matched = right->matched = true;
    bool asked = a->requested != PV_UNKNOWN && b->requested != PV_UNKNOWN;
    if (a->addr != b->addr) {
        return add_row(work, PV_MOVED, left->pebble, right->pebble);
    }
    if (a->size != b->size || (asked && a->requested != b->requested)) {
        return add_row(work, PV_RESIZED, left->pebble, right->pebble);
    }
    work->diff->n_same++;
    return PV_OK;
}

static void key_side(struct side *side, bool by_block)
{
    for (size_t i = 0; i < side->n; i++) {
        struct entry *entry = &side->entries[i];
        const struct pv_pebble_row *row = &side->snapshot->pebbles[entry->pebble];
        entry->key[0] = by_block ? row->born : row->addr;
        entry->key[1] = by_block ? row->id : row->size;
        entry->key[2] = by_block ? 0 : name_of(side, row);
    }
    qsort(side->entries, side->n, sizeof *side->entries, by_key);
}

static int match_by(struct work *work, bool by_block)
{
    key_side(&work->a, by_block);
    key_side(&work->b, by_block);
    size_t i = 0, j = 0;
    while (i < work->a.n && j < work->b.n) {
        struct entry *a = &work->a.entries[i], *b = &work->b.entries[j];
        /* Skips entries that take no part. */
        if (a->matched || (by_block && !a->by_block)) {
            i++;
            continue;
        }
        if (b->matched || (by_block && !b->by_block)) {
            j++;
            continue;
        }
        int order = compare_keys(a, b);
        if (order == 0 && (by_block || !(a->by_block && b->by_block))) {
            int status = match(work, a, b);
            if (status < 0) {
                return status;
            }
        }
        i += order <= 0;
        j += order >= 0;
    }
    return PV_OK;
}

static int list_rest(struct work *work)
{
    int status = PV_OK;
    for (size_t i = 0; i < work->a.n && status == 0; i++) {
        if (!work->a.entries[i].matched) {
            status = add_row(work, PV_WENT, work->a.entries[i].pebble, SIZE_MAX);
        }
    }
    for (size_t i = 0; i < work->b.n && status == 0; i++) {
        if (!work->b.entries[i].matched) {
            status = add_row(work, PV_CAME, SIZE_MAX, work->b.entries[i].pebble);
        }
    }
    return status;
}

/* A row with its sort key, so that comparing needs nothing else. */
struct ordered_row {
    uint64_t addr;
    struct pv_diff_row row;
};

static int by_change(const void *left_ptr, const void *right_ptr)
{
    const struct ordered_row *left = left_ptr, *right = right_ptr;
    if (left->row.change != right->row.change) {
        return left->row.change < right->row.change ? -1 : 1;
    }
    if (left->addr != right->addr) {
        return left->addr < right->addr ? -1 : 1;
    }
    size_t a = left->row.change == PV_WENT ? left->row.a : left->row.b;
    size_t b = right->row.change == PV_WENT ? right->row.a : right->row.b;
    return a < b ? -1 : a > b;
}

static int order_rows(struct pv_diff *diff)
{
    struct ordered_row *ordered = pv_own_calloc(diff->n_rows, sizeof *ordered);
    if (!ordered) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < diff->n_rows; i++) {
        const struct pv_diff_row *row = &diff->rows[i];
        ordered[i].row = *row;
        ordered[i].addr = row->change == PV_WENT ? diff->a->pebbles[row->a].addr
                                                 : diff->b->pebbles[row->b].addr;
    }
    qsort(ordered, diff->n_rows, sizeof *ordered, by_change);
    for (size_t i = 0; i < diff->n_rows; i++) {
        diff->rows[i] = ordered[i].row;
    }
    pv_own_free(ordered);
    return PV_OK;
}

static int by_difference(const void *left_ptr, const void *right_ptr)
{
    const struct pv_diff_tag *left = left_ptr, *right = right_ptr;
    uint64_t a = left->a_bytes > left->b_bytes ? left->a_bytes - left->b_bytes
                                               : left->b_bytes - left->a_bytes;
    uint64_t b = right->a_bytes > right->b_bytes ? right->a_bytes - right->b_bytes
                                                 : right->b_bytes - right->a_bytes;
    return a != b ? (a > b ? -1 : 1) : strcmp(left->text, right->text);
}

/* Hands the tags over; those that no used pebble has (the table's first, "") are left out. */
static void order_tags(struct work *work)
{
    struct pv_diff *diff = work->diff;
    for (size_t i = 0; i < work->n_tags; i++) {
        if (work->tags[i].a_blocks + work->tags[i].b_blocks > 0) {
            work->tags[diff->n_tags++] = work->tags[i];
        }
    }
    if (diff->n_tags > 0) {
        qsort(work->tags, diff->n_tags, sizeof *work->tags, by_difference);
    }
    diff->tags = work->tags;
    work->tags = NULL;
}

static int compare(struct work *work)
{
    int status = pv_tags_open(&work->names);
    if (status == 0) {
        status = list_side(work, &work->a, work->diff->a);
    }
    if (status == 0) {
        status = list_side(work, &work->b, work->diff->b);
    }
    if (status == 0) {
        status = match_by(work, true);
    }
    if (status == 0) {
        status = match_by(work, false);
    }
    if (status == 0) {
        status = list_rest(work);
    }
    if (status == 0) {
        status = order_rows(work->diff);
    }
    if (status == 0) {
        order_tags(work);
    }
    return status;
}

int pv_diff_open(struct pv_diff **ret_diff, const struct pv_snapshot *a,
                 const struct pv_snapshot *b)
{
    struct work work = {.diff = pv_own_calloc(1, sizeof *work.diff)};
    if (!work.diff) {
        return PV_ENOMEM;
    }
    work.diff->a = a;
    work.diff->b = b;
    int status = compare(&work);
    pv_tags_close(work.names);
    pv_own_free(work.tags);
    pv_own_free(work.a.tags);
    pv_own_free(work.a.entries);
    pv_own_free(work.b.tags);
    pv_own_free(work.b.entries);
    if (status == 0) {
        *ret_diff = work.diff;
    } else {
        pv_diff_close(work.diff);
    }
    return status;
}

void pv_diff_close(struct pv_diff *diff)
{
    if (!diff) {
        return;
    }
    pv_own_free(diff->rows);
    pv_own_free(diff->tags);
    pv_own_free(diff);
}

bool pv_diff_differs(const struct pv_diff *diff)
{
    const struct pv_totals *a = &diff->a->totals, *b = &diff->b->totals;
    return diff->n_rows > 0 || a->n_free != b->n_free || a->free_bytes != b->free_bytes ||
           a->largest_free_bytes != b->largest_free_bytes || a->n_buckets != b->n_buckets ||
           a->heap_bytes != b->heap_bytes;
}
