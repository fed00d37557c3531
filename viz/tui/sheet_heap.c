/* SPDX-License-Identifier: MIT
 *
 * sheet_heap.c - sheets of the heap at the cursor: what it holds besides what was asked for, and
 * its holes with who made them and who holds them open.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "replay/metrics.h"
#include "viz/text/units.h"
#include "viz/tui/model.h"

/* ---- why is the heap larger than what is used? ---- */

enum part { LIVE, ROUNDING, LEFT_OVER, HEADERS, HOLES, FREE_END, NOT_GIVEN_BACK, N_PARTS };

static const struct {
    const char *name, *next;
} parts[N_PARTS] = {
    [LIVE] = {"live: what was asked for", "Enter: by tag; L: what is never freed"},
    [ROUNDING] = {"rounding up of requests", "Enter: the pebbles, `asked` beside `size`"},
    [LEFT_OVER] = {"left over, too little to split off", "Enter: the pebbles by size"},
    [HEADERS] = {"headers of pebbles and buckets", "many small blocks: Enter: by tag"},
    [HOLES] = {"free, between used pebbles", "Enter: the holes and who made them"},
    [FREE_END] = {"free, at the ends of buckets", "Enter: the holes"},
    [NOT_GIVEN_BACK] = {"free pages of growth, not given back",
                        "Enter: the event at which most was held"},
};

/* The heap as it began; all else was added by growth. */
static int find_start(struct pv_model *model)
{
    struct pv_snapshot *snapshot;

    if (model->start.known) {
        return PV_OK;
    }
    int status = pv_timeline_seek(model->timeline, PV_START);
    status = status ? status : pv_timeline_snapshot(model->timeline, &snapshot);
    if (status) {
        return status;
    }
    if (snapshot->n_buckets) {
        model->start.addr = snapshot->buckets[0].addr;
        model->start.bytes = snapshot->buckets[0].n_pages * snapshot->page_bytes;
    }
    model->start.known = true;
    pv_snapshot_close(snapshot);
    return pv_timeline_seek(model->timeline, model->cursor);
}

/* Free payload at the end of a bucket, and how much of it is whole pages that growth added. */
static uint64_t free_end(const struct pv_model *model, const struct pv_bucket_row *bucket,
                         uint64_t *ret_grown)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    uint64_t end = bucket->addr + bucket->n_pages * snapshot->page_bytes;
    uint64_t begun = bucket->addr == model->start.addr ? bucket->addr + model->start.bytes : 0;
    uint64_t bytes = 0, from = end;

    for (size_t i = bucket->n_pebbles; i-- > 0;) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[bucket->first_pebble + i];
        if (pv_pebble_row_used(pebble)) {
            break;
        }
        bytes += pebble->size;
        from = pebble->addr + snapshot->pebble_bytes;
    }
    from = from < begun ? begun : from;
    uint64_t pages = from < end ? (end - from) / snapshot->page_bytes : 0;
    uint64_t grown = pages * snapshot->page_bytes;
    *ret_grown = grown < bytes ? grown : bytes;
    return bytes;
}

static int add_part(struct pv_model *model, enum part part, uint64_t bytes)
{
    struct pv_sheet_item *item = pv_sheet_add(model);

    if (!item) {
        return PV_ENOMEM;
    }
    item->what = part;
    item->bytes = bytes;
    item->count = model->snapshot->totals.heap_bytes;
    return PV_OK;
}

static int make_larger(struct pv_model *model)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    uint64_t bytes[N_PARTS] = {0};
    char held[PV_UNIT_TEXT], live[PV_UNIT_TEXT], percent[PV_UNIT_TEXT];

    int status = find_start(model);
    if (status) {
        return status;
    }
    struct pv_split split = pv_metric_split(snapshot);
    bytes[LIVE] = split.requested_bytes;
    bytes[ROUNDING] = split.rounding_bytes;
    bytes[LEFT_OVER] = split.remainder_bytes;
    bytes[HEADERS] = split.header_bytes;
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        uint64_t grown;
        bytes[FREE_END] += free_end(model, &snapshot->buckets[i], &grown);
        bytes[FREE_END] -= grown;
        bytes[NOT_GIVEN_BACK] += grown;
    }
    bytes[HOLES] = split.free_bytes - bytes[FREE_END] - bytes[NOT_GIVEN_BACK];
    uint64_t more = split.heap_bytes - split.requested_bytes;
    pv_sheet_say(model, "The heap holds %s; the program uses %s of it, %s.",
                 pv_units_bytes(held, split.heap_bytes),
                 pv_units_bytes(live, split.requested_bytes),
                 pv_units_percent(percent, split.heap_bytes ? (double)split.requested_bytes /
                                                                  (double)split.heap_bytes
                                                            : 0));
    enum part most = ROUNDING;
    for (int i = ROUNDING; i < N_PARTS; i++) {
        most = bytes[i] > bytes[most] ? (enum part)i : most;
    }
    if (more) {
        pv_sheet_say(model, "Most of the other %s is: %s, %s.", pv_units_bytes(held, more),
                     parts[most].name, pv_units_bytes(live, bytes[most]));
    }
    for (int i = 0; i < N_PARTS && !status; i++) {
        status = add_part(model, (enum part)i, bytes[i]);
    }
    model->sheet.row = model->sheet.fresh ? (size_t)most : model->sheet.row;
    return status;
}

static uint32_t text_part(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    (void)model;
    strcpy(out, parts[item->what].name);
    return PV_NO_TAG;
}

static uint32_t text_share(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    (void)model;
    pv_units_percent(out, item->count ? (double)item->bytes / (double)item->count : 0);
    return PV_NO_TAG;
}

static uint32_t text_next(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    (void)model;
    strcpy(out, parts[item->what].next);
    return PV_NO_TAG;
}

static int show_list(struct pv_model *model, enum pv_sort sort)
{
    model->sort = sort;
    model->stale = true;
    pv_model_focus(model, PV_PANE_LIST);
    return PV_OK;
}

static int enter_larger(struct pv_model *model, const struct pv_sheet_item *item)
{
    if (item->what == HOLES || item->what == FREE_END) {
        return pv_sheet_open(model, PV_SHEET_HOLES);
    }
    pv_sheet_close(model);
    if (item->what == ROUNDING || item->what == LEFT_OVER) {
        return show_list(model, item->what == ROUNDING ? model->sort : PV_SORT_SIZE);
    }
    if (item->what == NOT_GIVEN_BACK) {
        int64_t event = pv_timeline_stats(model->timeline)->peak_held.event;
        pv_model_move(model, event - model->cursor);
        return PV_OK;
    }
    pv_model_focus(model, PV_PANE_TAGS);
    return PV_OK;
}

const struct pv_sheet_type pv_sheet_larger = {
    .title = "Why is the heap larger than what is used?",
    .enter = "where to look",
    .columns = {{"bytes go to", 37, 0, false, text_part},
                {"bytes", 9, 0, true, pv_sheet_text_bytes},
                {"share", 7, 0, true, text_share},
                {"where to look next", PV_SHEET_REST, 76, false, text_next}},
    .make = make_larger,
    .enter_row = enter_larger,
};

/* ---- the holes ---- */

/* Holes that nobody was found for yet. */
struct search {
    uint32_t *item; /* by pebble, of a hole: its item */
    uint32_t *next; /* by pebble: itself while it is searched for, else one behind it */
    size_t n_missing;
};

/* The first hole at or behind a pebble that is still searched for. Paths are halved. */
static size_t next_missing(struct search *search, size_t at)
{
    while (search->next[at] != at) {
        search->next[at] = search->next[search->next[at]];
        at = search->next[at];
    }
    return at;
}

/* Finds the block that was last in each hole: goes back from the cursor through the ends of
 * blocks. O(events back to the oldest hole, times log of pebbles). */
static void find_makers(struct pv_model *model, struct search *search)
{
    const struct pv_snapshot *snapshot = model->snapshot;

    for (int64_t event = model->cursor; event >= 0 && search->n_missing; event--) {
        struct pv_placement ended;
        bool some = pv_timeline_ended(model->timeline, event, &ended);
        size_t at = some ? pv_snapshot_find(snapshot, ended.addr) : PV_NONE;
        if (at == PV_NONE) {
            continue;
        }
        uint64_t end = ended.addr + snapshot->pebble_bytes + ended.size;
        uint32_t bucket = snapshot->pebbles[at].bucket;
        at = next_missing(search, at);
        while (at < snapshot->n_pebbles && snapshot->pebbles[at].bucket == bucket &&
               snapshot->pebbles[at].addr < end) {
            struct pv_sheet_item *item = &model->sheet.items[search->item[at]];
            item->event = event;
            item->tag = ended.tag;
            search->n_missing--;
            search->next[at] = (uint32_t)at + 1;
            at = next_missing(search, at);
        }
    }
}

/* An item a hole. */
static int add_holes(struct pv_model *model, struct search *search)
{
    const struct pv_snapshot *snapshot = model->snapshot;

    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        search->next[i] = (uint32_t)i + pv_pebble_row_used(pebble);
        if (pv_pebble_row_used(pebble)) {
            continue;
        }
        search->item[i] = (uint32_t)model->sheet.n;
        struct pv_sheet_item *item = pv_sheet_add(model);
        if (!item) {
            return PV_ENOMEM;
        }
        item->addr = pebble->addr;
        item->bytes = pebble->size;
        item->pebble = i;
    }
    search->next[snapshot->n_pebbles] = (uint32_t)snapshot->n_pebbles;
    search->n_missing = model->sheet.n;
    return PV_OK;
}

static int make_holes(struct pv_model *model)
{
    const struct pv_totals *totals = &model->snapshot->totals;
    char total[PV_UNIT_TEXT], largest[PV_UNIT_TEXT], n[PV_UNIT_TEXT], percent[PV_UNIT_TEXT];
    struct search search = {
        .item = pv_own_calloc(model->snapshot->n_pebbles + 1, sizeof *search.item),
        .next = pv_own_calloc(model->snapshot->n_pebbles + 1, sizeof *search.next)};
    int status = search.item && search.next ? add_holes(model, &search) : PV_ENOMEM;

    if (!status) {
        find_makers(model, &search);
    }
    pv_own_free(search.item);
    pv_own_free(search.next);
    if (status) {
        return status;
    }
    pv_sheet_sort(model);
    pv_sheet_say(model,
                 "Holes: %s, %s free in all; the largest has %s. External "
                 "fragmentation: %s.",
                 pv_units_count(n, model->sheet.n), pv_units_bytes(total, totals->free_bytes),
                 pv_units_bytes(largest, totals->largest_free_bytes),
                 pv_units_percent(percent, pv_metric_external(totals->largest_free_bytes,
                                                              totals->free_bytes)));
    return PV_OK;
}

/* The pebble beside a hole, in its bucket. */
static uint32_t beside(const struct pv_model *model, const struct pv_sheet_item *item, int by,
                       char *out)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    const struct pv_bucket_row *bucket =
        &snapshot->buckets[snapshot->pebbles[item->pebble].bucket];
    size_t in_bucket = item->pebble - bucket->first_pebble;

    if (by < 0 ? in_bucket == 0 : in_bucket + 1 == bucket->n_pebbles) {
        strcpy(out, by < 0 ? "(begin of the bucket)" : "(end of the bucket)");
        return PV_NO_TAG;
    }
    const struct pv_pebble_row *pebble =
        &snapshot->pebbles[by < 0 ? item->pebble - 1 : item->pebble + 1];
    if (!pv_pebble_row_used(pebble)) {
        strcpy(out, "(free)");
        return PV_NO_TAG;
    }
    return pebble->tag;
}

static uint32_t text_before(const struct pv_model *model, const struct pv_sheet_item *item,
                            char *out)
{
    return beside(model, item, -1, out);
}

static uint32_t text_after(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    return beside(model, item, 1, out);
}

static uint32_t text_maker(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    (void)model;
    strcpy(out, "(never used)");
    return item->tag;
}

static int enter_place(struct pv_model *model, const struct pv_sheet_item *item)
{
    pv_sheet_close(model);
    pv_model_select(model, item->addr);
    pv_model_focus(model, PV_PANE_MAP);
    return PV_OK;
}

const struct pv_sheet_type pv_sheet_holes = {
    .title = "Holes: who made them, who holds them open",
    .enter = "show it on the map",
    .columns = {{"bytes", 9, 0, true, pv_sheet_text_bytes},
                {"address", 12, 0, false, pv_sheet_text_addr},
                {"freed at", 11, 64, true, pv_sheet_text_event},
                {"last held", PV_SHEET_REST, 0, false, text_maker},
                {"before it", PV_SHEET_REST, 50, false, text_before},
                {"behind it", PV_SHEET_REST, 50, false, text_after}},
    .make = make_holes,
    .enter_row = enter_place,
};
