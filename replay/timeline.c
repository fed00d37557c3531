/* SPDX-License-Identifier: MIT
 *
 * timeline.c - runs a trace through an engine: slots to blocks, statistics, the placement log.
 *
 * What an event comes to, mistakes of the program included, the ledger has decided. Reading the
 * log back is timeline_read.c.
 */
#include "replay/timeline.h"

#include <assert.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "replay/timeline_inside.h"

static void on_bucket(void *ctx, const struct pv_bucket_change *change)
{
    struct pv_timeline *timeline = ctx;
    int status = pv_log_bucket(&timeline->log, change);
    timeline->listener_status = timeline->listener_status ? timeline->listener_status : status;
}

/* ---- marks and mistakes ---- */

static int add_mark(struct pv_timeline *timeline, const char *name)
{
    timeline->stats.n_marks++;
    if (!timeline->log.keep) {
        return PV_OK;
    }
    struct pv_mark_row *rows = pv_own_room(timeline->marks, timeline->n_marks,
                                           &timeline->cap_marks, sizeof *timeline->marks);
    if (!rows) {
        return PV_ENOMEM;
    }
    timeline->marks = rows;
    char *copy = pv_own_text(name, strlen(name));
    if (!copy) {
        return PV_ENOMEM;
    }
    rows[timeline->n_marks++] =
        (struct pv_mark_row){.event = timeline->log.end.at, .name = copy};
    return PV_OK;
}

static int add_mistake(struct pv_timeline *timeline, const struct pv_deed *deed)
{
    timeline->stats.n_faults++;
    timeline->n_by_kind[deed->mistake]++;
    pv_log_flag(&timeline->log, LOG_MISTAKE);
    if (timeline->n_mistakes == PV_MISTAKES_MAX) {
        return PV_OK;
    }
    struct pv_mistake_row *rows =
        pv_own_room(timeline->mistakes, timeline->n_mistakes, &timeline->cap_mistakes,
                    sizeof *timeline->mistakes);
    if (!rows) {
        return PV_ENOMEM;
    }
    timeline->mistakes = rows;
    rows[timeline->n_mistakes++] = (struct pv_mistake_row){
        .event = timeline->log.end.at, .kind = (enum pv_mistake)deed->mistake, .id = deed->id};
    return PV_OK;
}

/* ---- tags and slots ---- */

static int learn_tags(struct pv_timeline *timeline, const struct pv_deeds *deeds)
{
    for (size_t i = 0; i < deeds->n_tags; i++) {
        struct pv_timeline_tag *names = pv_own_room(timeline->names, timeline->n_names,
                                                    &timeline->cap_names, sizeof *names);
        if (!names) {
            return PV_ENOMEM;
        }
        timeline->names = names;
        names[timeline->n_names++] =
            (struct pv_timeline_tag){.text = deeds->tags[i], .tag = STORE_NONE};
    }
    return PV_OK;
}

/* The number of the tag in the timeline's own tags, which hold only tags that a block had. */
static int find_tag(struct pv_timeline *timeline, uint32_t number, uint32_t *ret_tag)
{
    struct pv_timeline_tag *name = &timeline->names[number];
    int status =
        name->tag == STORE_NONE ? pv_tags_add(timeline->tags, name->text, &name->tag) : PV_OK;
    *ret_tag = name->tag;
    return status;
}

/* Room for the blocks of all slots that the deeds have. */
static int reach_slots(struct pv_timeline *timeline, const struct pv_deeds *deeds)
{
    size_t wanted = 0;
    for (size_t i = 0; i < deeds->n; i++) {
        wanted = deeds->rows[i].slot >= wanted ? (size_t)deeds->rows[i].slot + 1 : wanted;
    }
    if (wanted <= timeline->n_blocks) {
        return PV_OK;
    }
    size_t n = wanted < 2 * timeline->n_blocks ? 2 * timeline->n_blocks : wanted;
    uint32_t *blocks = pv_own_resize(timeline->blocks, n, sizeof *blocks);
    if (!blocks) {
        return PV_ENOMEM;
    }
    memset(blocks + timeline->n_blocks, 0xff, (n - timeline->n_blocks) * sizeof *blocks);
    timeline->blocks = blocks;
    timeline->n_blocks = n;
    return PV_OK;
}

/* ---- deeds ---- */

/* The request was refused. */
static int fail(struct pv_timeline *timeline, uint64_t bytes, uint32_t tag)
{
    struct pv_stats *stats = &timeline->stats;
    stats->n_failed++;
    if (__builtin_add_overflow(stats->failed_bytes, bytes, &stats->failed_bytes)) {
        stats->failed_bytes = UINT64_MAX;
    }
    if (timeline->n_refused < PV_REFUSED_MAX) {
        struct pv_refused_row *rows =
            pv_own_room(timeline->refused, timeline->n_refused, &timeline->cap_refused,
                        sizeof *timeline->refused);
        if (!rows) {
            return PV_ENOMEM;
        }
        timeline->refused = rows;
        rows[timeline->n_refused++] = (struct pv_refused_row){
            .event = timeline->log.end.at,
            .bytes = bytes,
            .tag = tag,
            .refusal = timeline->type->refusal(timeline->engine, bytes)};
    }
    return pv_log_failed(&timeline->log, bytes, tag);
}

/* What a slot's refused request asked for besides its size: a realloc of it, which can say none
 * of that, means the same block. There is room for each slot once something was refused. */
static int keep_wish(struct pv_timeline *timeline, const struct pv_deed *deed)
{
    if (timeline->n_wishes < timeline->n_blocks) {
        struct pv_wish *wishes =
            pv_own_resize(timeline->wishes, timeline->n_blocks, sizeof *wishes);
        if (!wishes) {
            return PV_ENOMEM;
        }
        timeline->wishes = wishes;
        timeline->n_wishes = timeline->n_blocks;
    }
    timeline->wishes[deed->slot] =
        (struct pv_wish){.tag = deed->tag, .flags = deed->flags, .alignment = deed->alignment};
    return PV_OK;
}

static int alloc_block(struct pv_timeline *timeline, const struct pv_deed *deed)
{
    uint32_t tag = 0;
    timeline->blocks[deed->slot] = STORE_NONE;
    int status = find_tag(timeline, deed->tag, &tag);
    if (status) {
        return status;
    }
    struct pv_request request = {
        .size = deed->bytes,
        .flags = deed->flags,
        .alignment = deed->alignment,
        .name = pv_tags_short(timeline->tags, tag),
    };
    struct pv_place_of_block place;
    status = timeline->type->alloc(timeline->engine, &request, &place);
    if (status) {
        status = status < 0 ? status : keep_wish(timeline, deed);
        return status ? status : fail(timeline, deed->bytes, tag);
    }
    struct pv_placement placement = {
        .addr = place.addr,
        .size = place.size,
        .requested = deed->bytes,
        .id = deed->id,
        .born_block = (uint32_t)timeline->log.end.at,
        .tag = tag,
        .sflags = place.sflags,
        .alignment = place.alignment,
    };
    return pv_log_made(&timeline->log, &placement, &timeline->blocks[deed->slot]);
}

static int free_block(struct pv_timeline *timeline, const struct pv_deed *deed)
{
    uint32_t block = timeline->blocks[deed->slot];
    if (block == STORE_NONE) {
        return PV_OK;
    }
    timeline->type->free(timeline->engine, pv_store_addr(&timeline->log.store, block));
    return pv_log_ended(&timeline->log, block);
}

static int resize_block(struct pv_timeline *timeline, const struct pv_deed *deed)
{
    uint32_t block = timeline->blocks[deed->slot];
    if (block == STORE_NONE) {
        assert(deed->slot < timeline->n_wishes); /* its request was refused */
        struct pv_deed again = *deed;
        again.tag = timeline->wishes[deed->slot].tag;
        again.flags = timeline->wishes[deed->slot].flags;
        again.alignment = timeline->wishes[deed->slot].alignment;
        return alloc_block(timeline, &again);
    }
    struct pv_placement placement;
    pv_log_get(&timeline->log, block, &placement);
    struct pv_place_of_block place;
    int status = timeline->type->resize(timeline->engine, placement.addr, deed->bytes, &place);
    if (status) {
        return status < 0 ? status : fail(timeline, deed->bytes, placement.tag);
    }
    placement.addr = place.addr;
    placement.size = place.size;
    placement.requested = deed->bytes;
    status = pv_log_ended(&timeline->log, block);
    return status ? status
                  : pv_log_made(&timeline->log, &placement, &timeline->blocks[deed->slot]);
}

static int add_deed(struct pv_timeline *timeline, const struct pv_deeds *deeds,
                    const struct pv_deed *deed)
{
    int status = deed->mistake == PV_NO_MISTAKE ? PV_OK : add_mistake(timeline, deed);
    if (status) {
        return status;
    }
    switch (deed->kind) {
    case PV_DEED_ALLOC:
        return alloc_block(timeline, deed);
    case PV_DEED_FREE:
        return free_block(timeline, deed);
    case PV_DEED_RESIZE:
        return resize_block(timeline, deed);
    default:
        return deed->op == PV_OP_MARK ? add_mark(timeline, deeds->marks[deed->tag]) : PV_OK;
    }
}

static void count_op(struct pv_stats *stats, uint8_t op)
{
    stats->n_events++;
    stats->n_allocs += op <= PV_OP_ALIGNED;
    stats->n_reallocs += op == PV_OP_REALLOC;
    stats->n_frees += op == PV_OP_FREE;
}

/* Counts the present moment. */
static void count(struct pv_timeline *timeline)
{
    struct pv_moment *now = &timeline->log.end.moment;
    uint64_t extent;
    timeline->type->figures(timeline->engine, &now->free_bytes, &now->free_blocks,
                            &now->largest_free_bytes, &extent);
    if (extent > timeline->stats.high_water_bytes) {
        timeline->stats.high_water_bytes = extent;
    }
    pv_stats_add(&timeline->stats, now);
}

static int run_one(struct pv_timeline *timeline, const struct pv_deeds *deeds,
                   const struct pv_deed *deed)
{
    int status = pv_log_begin(&timeline->log, (enum pv_op)deed->op);
    if (!status) {
        count_op(&timeline->stats, deed->op);
        status = add_deed(timeline, deeds, deed);
    }
    if (!status) {
        status = timeline->listener_status;
    }
    if (!status) {
        count(timeline);
        status = pv_log_finish(&timeline->log);
    }
    return status;
}

/* What a deed will touch is prefetched some deeds earlier, step by step, each step when the one
 * before has arrived: the slot, the placement, the block's header, its neighbours. */
enum { SEE_SLOT = 20, SEE_PLACEMENT = 15, SEE_HEADER = 10, SEE_NEIGHBOURS = 5 };

/* The deed that is so many places further on, if it is about a block. NULL: none. */
static const struct pv_deed *deed_ahead(const struct pv_deeds *deeds, size_t at)
{
    bool there = at < deeds->n && (deeds->rows[at].kind == PV_DEED_FREE ||
                                   deeds->rows[at].kind == PV_DEED_RESIZE);
    return there ? &deeds->rows[at] : NULL;
}

/* Prefetches the memory of its block, unless it has none or the slot has another block now. */
static void see_block(const struct pv_timeline *timeline, const struct pv_deed *deed,
                      bool again)
{
    uint32_t block = deed ? timeline->blocks[deed->slot] : STORE_NONE;
    const struct pv_store *store = &timeline->log.store;
    if (block != STORE_NONE && pv_store_until(store, block) == STORE_NONE) {
        timeline->type->soon(timeline->engine, pv_store_addr(store, block), again);
    }
}

static void look_ahead(const struct pv_timeline *timeline, const struct pv_deeds *deeds,
                       size_t now)
{
    const struct pv_deed *deed = deed_ahead(deeds, now + SEE_SLOT);
    if (deed) {
        __builtin_prefetch(&timeline->blocks[deed->slot]);
    }
    deed = deed_ahead(deeds, now + SEE_PLACEMENT);
    if (deed && timeline->blocks[deed->slot] != STORE_NONE) {
        pv_store_prefetch(&timeline->log.store, timeline->blocks[deed->slot]);
    }
    see_block(timeline, deed_ahead(deeds, now + SEE_HEADER), false);
    see_block(timeline, deed_ahead(deeds, now + SEE_NEIGHBOURS), true);
}

int pv_timeline_run(struct pv_timeline *timeline, const struct pv_deeds *deeds, bool hold_peaks,
                    int64_t *ret_held)
{
    int status = learn_tags(timeline, deeds);
    status = status ? status : reach_slots(timeline, deeds);
    for (size_t i = 0; i < deeds->n && !status; i++) {
        if (timeline->type->soon) {
            look_ahead(timeline, deeds, i);
        }
        status = run_one(timeline, deeds, &deeds->rows[i]);
        int64_t now = timeline->log.end.at;
        if (hold_peaks ? timeline->stats.peak_live.event == now : *ret_held == now) {
            pv_log_hold(&timeline->log);
            *ret_held = now;
        }
    }
    timeline->stats.now = timeline->log.end.moment;
    return status;
}

static int open_ledger(struct pv_timeline *timeline)
{
    timeline->deeds = pv_own_calloc(1, sizeof *timeline->deeds);
    struct pv_ledger *ledger =
        timeline->deeds ? pv_own_calloc(1, sizeof *timeline->ledger) : NULL;
    timeline->ledger = ledger;
    return ledger ? pv_ledger_init(ledger) : PV_ENOMEM;
}

int pv_timeline_apply(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    int status = timeline->ledger ? PV_OK : open_ledger(timeline);
    int64_t none = PV_START - 1;
    if (!status) {
        pv_deeds_clear(timeline->deeds);
        status = pv_ledger_add(timeline->ledger, event, timeline->deeds);
    }
    status = status ? status : pv_timeline_run(timeline, timeline->deeds, false, &none);
    return status || !timeline->log.keep
               ? status
               : pv_log_seek(&timeline->log, &timeline->cursor, timeline->log.end.at);
}

void pv_timeline_hold(struct pv_timeline *timeline)
{
    pv_log_hold(&timeline->log);
}

int pv_timeline_open(struct pv_timeline **ret_timeline,
                     const struct pv_timeline_options *options)
{
    struct pv_timeline *timeline = pv_own_calloc(1, sizeof *timeline);
    if (!timeline) {
        return PV_ENOMEM;
    }
    timeline->type = options->engine;
    struct pv_engine_shape shape;
    timeline->type->shape(&options->heap, &shape);
    pv_log_init(&timeline->log, options->keep_log, &shape, timeline->type->header_bytes,
                options->heap.machine ? 0 : PV_TARGET_BASE);
    pv_state_init(&timeline->cursor, &timeline->log.store, &shape,
                  timeline->type->header_bytes);
    timeline->cursor.laid = true;
    int status = pv_tags_open(&timeline->tags);
    if (!status) {
        struct pv_engine_listener listener = {.bucket = on_bucket, .ctx = timeline};
        status = timeline->type->open(&timeline->engine, &options->heap, &listener);
    }
    if (!status) {
        status = timeline->listener_status;
    }
    if (status) {
        pv_timeline_close(timeline);
        return status;
    }
    count(timeline);
    timeline->stats.now = timeline->log.end.moment;
    if (options->keep_log && pv_log_seek(&timeline->log, &timeline->cursor, PV_START)) {
        pv_timeline_close(timeline);
        return PV_ENOMEM;
    }
    *ret_timeline = timeline;
    return PV_OK;
}

void pv_timeline_close(struct pv_timeline *timeline)
{
    if (!timeline) {
        return;
    }
    if (timeline->engine) {
        timeline->type->close(timeline->engine);
    }
    for (size_t i = 0; i < timeline->n_marks; i++) {
        pv_own_free((char *)(uintptr_t)timeline->marks[i].name);
    }
    pv_own_free(timeline->marks);
    pv_own_free(timeline->mistakes);
    pv_own_free(timeline->refused);
    pv_own_free(timeline->wishes);
    if (timeline->deeds) {
        pv_deeds_fini(timeline->deeds);
    }
    if (timeline->ledger) {
        pv_ledger_fini(timeline->ledger);
    }
    pv_own_free(timeline->deeds);
    pv_own_free(timeline->ledger);
    pv_own_free(timeline->blocks);
    pv_own_free(timeline->names);
    pv_tags_close(timeline->tags);
    pv_state_fini(&timeline->cursor);
    pv_log_fini(&timeline->log);
    pv_own_free(timeline);
}
