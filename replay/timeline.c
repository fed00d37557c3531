/* SPDX-License-Identifier: MIT
 *
 * timeline.c - runs a trace through an engine: ids to blocks, statistics, the placement log.
 *
 * What a trace's event comes to, mistakes of the program included, is decided here and nowhere
 * else. Reading the log back is timeline_read.c.
 */
#include "replay/timeline.h"

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
                                           &timeline->cap_marks, sizeof(*timeline->marks));
    if (!rows) {
        return PV_ENOMEM;
    }
    timeline->marks = rows;
    size_t n = 0;
    while (name[n]) {
        n++;
    }
    char *copy = pv_own_text(name, n);
    if (!copy) {
        return PV_ENOMEM;
    }
    rows[timeline->n_marks++] = (struct pv_mark_row){.event = timeline->log.at, .name = copy};
    return PV_OK;
}

static int add_mistake(struct pv_timeline *timeline, enum pv_mistake kind,
                       const struct pv_id *id)
{
    timeline->stats.n_faults++;
    timeline->n_by_kind[kind]++;
    pv_log_flag(&timeline->log, LOG_MISTAKE);
    if (timeline->n_mistakes == PV_MISTAKES_MAX) {
        return PV_OK;
    }
    struct pv_mistake_row *rows =
        pv_own_room(timeline->mistakes, timeline->n_mistakes, &timeline->cap_mistakes,
                    sizeof(*timeline->mistakes));
    if (!rows) {
        return PV_ENOMEM;
    }
    timeline->mistakes = rows;
    rows[timeline->n_mistakes++] =
        (struct pv_mistake_row){.event = timeline->log.at,
                                .kind = kind,
                                .id = id->kind == PV_ID_NUMBER ? id->number : PV_UNKNOWN};
    return PV_OK;
}

/* ---- events ---- */

static void add_failed(struct pv_timeline *timeline, uint64_t bytes)
{
    struct pv_stats *stats = &timeline->stats;
    stats->n_failed++;
    if (__builtin_add_overflow(stats->failed_bytes, bytes, &stats->failed_bytes)) {
        stats->failed_bytes = UINT64_MAX;
    }
}

/* The request was refused: the id lives all the same, with no block behind it, so that its free
 * is no mistake. */
static int fail(struct pv_timeline *timeline, const struct pv_id *id, uint64_t bytes,
                uint32_t tag)
{
    add_failed(timeline, bytes);
    int status = pv_log_failed(&timeline->log, bytes, tag);
    return status || id->kind == PV_ID_NULL ? status : pv_ids_put(&timeline->ids, id, LOG_NONE);
}

static int put_block(struct pv_timeline *timeline, const struct pv_id *id,
                     const struct pv_placement *placement)
{
    uint32_t index;
    int status = pv_log_made(&timeline->log, placement, &index);
    if (!status && id->kind != PV_ID_NULL) {
        status = pv_ids_put(&timeline->ids, id, index);
    }
    return status;
}

static int alloc_block(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    uint64_t bytes = pv_trace_event_bytes(event);
    uint32_t tag = 0;
    int status = pv_tags_add(timeline->tags, event->name, &tag);
    if (status) {
        return status;
    }
    struct pv_request request = {
        .size = bytes,
        .flags = event->flags,
        .alignment = event->align > UINT32_MAX ? UINT32_MAX : (uint32_t)event->align,
        .name = pv_tags_short(timeline->tags, tag),
    };
    if (event->op == PV_OP_CALLOC) {
        request.flags |= PV_FLAG_CLEAR;
    }
    if (event->align) {
        request.flags |= PV_FLAG_ALIGNED;
    }
    struct pv_place_of_block place;
    status = timeline->type->alloc(timeline->engine, &request, &place);
    if (status) {
        return status < 0 ? status : fail(timeline, &event->id, bytes, tag);
    }
    struct pv_placement placement = {
        .addr = place.addr,
        .size = place.size,
        .requested = bytes,
        .id = event->id.kind == PV_ID_NUMBER ? event->id.number : PV_UNKNOWN,
        .born_block = (uint32_t)timeline->log.at,
        .tag = tag,
        .sflags = place.sflags,
        .alignment = place.alignment,
    };
    return put_block(timeline, &event->id, &placement);
}

static int apply_alloc(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    timeline->stats.n_allocs++;
    const struct pv_id_entry *entry = pv_ids_find(&timeline->ids, &event->id);
    if (entry && entry->state == PV_ID_LIVE) {
        int status = add_mistake(timeline, PV_MISTAKE_LIVE_ALLOC, &event->id);
        if (status) {
            return status;
        }
    }
    return alloc_block(timeline, event);
}

static int free_entry(struct pv_timeline *timeline, struct pv_id_entry *entry)
{
    int status = PV_OK;
    if (entry->block != LOG_NONE) {
        timeline->type->free(timeline->engine, timeline->log.placements[entry->block].addr);
        status = pv_log_ended(&timeline->log, entry->block);
    }
    pv_ids_drop(&timeline->ids, entry);
    return status;
}

static int apply_free(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    timeline->stats.n_frees++;
    if (event->id.kind == PV_ID_NULL) {
        return PV_OK;
    }
    struct pv_id_entry *entry = pv_ids_find(&timeline->ids, &event->id);
    if (!entry || entry->state != PV_ID_LIVE) {
        return add_mistake(timeline, entry ? PV_MISTAKE_DOUBLE_FREE : PV_MISTAKE_UNKNOWN_FREE,
                           &event->id);
    }
    return free_entry(timeline, entry);
}

static int resize_block(struct pv_timeline *timeline, const struct pv_trace_event *event,
                        uint32_t block)
{
    struct pv_placement placement = timeline->log.placements[block];
    struct pv_place_of_block place;
    int status = timeline->type->resize(timeline->engine, placement.addr, event->size, &place);
    if (status > 0) {
        add_failed(timeline, event->size);
        return pv_log_failed(&timeline->log, event->size, placement.tag);
    }
    if (status) {
        return status;
    }
    placement.addr = place.addr;
    placement.size = place.size;
    placement.requested = event->size;
    status = pv_log_ended(&timeline->log, block);
    return status ? status : put_block(timeline, &event->id, &placement);
}

static int apply_realloc(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    timeline->stats.n_reallocs++;
    struct pv_id_entry *entry =
        event->id.kind == PV_ID_NULL ? NULL : pv_ids_find(&timeline->ids, &event->id);
    bool live = entry && entry->state == PV_ID_LIVE;
    if (!live && event->id.kind != PV_ID_NULL) {
        int status = add_mistake(
            timeline, entry ? PV_MISTAKE_REALLOC_FREED : PV_MISTAKE_UNKNOWN_FREE, &event->id);
        if (status || !event->size) {
            return status;
        }
    }
    if (live && !event->size) {
        return free_entry(timeline, entry);
    }
    if (!live || entry->block == LOG_NONE) {
        return alloc_block(timeline, event);
    }
    return resize_block(timeline, event, entry->block);
}

static int dispatch(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    switch (event->op) {
    case PV_OP_MALLOC:
    case PV_OP_CALLOC:
    case PV_OP_ALIGNED:
        return apply_alloc(timeline, event);
    case PV_OP_REALLOC:
        return apply_realloc(timeline, event);
    case PV_OP_FREE:
        return apply_free(timeline, event);
    case PV_OP_MARK:
        return add_mark(timeline, event->name);
    }
    return PV_EINVAL;
}

/* Takes in the moment as it is now. */
static void count(struct pv_timeline *timeline)
{
    struct pv_moment now = timeline->log.moment;
    timeline->type->free_space(timeline->engine, &now.free_bytes, &now.free_blocks,
                               &now.largest_free_bytes);
    uint64_t extent = timeline->type->extent(timeline->engine);
    if (extent > timeline->stats.high_water_bytes) {
        timeline->stats.high_water_bytes = extent;
    }
    pv_stats_add(&timeline->stats, &now);
}

int pv_timeline_apply(struct pv_timeline *timeline, const struct pv_trace_event *event)
{
    if (timeline->log.keep && timeline->log.at != pv_timeline_last(timeline)) {
        int status = pv_log_seek(&timeline->log, pv_timeline_last(timeline));
        if (status) {
            return status;
        }
    }
    int status = pv_log_begin(&timeline->log, event->op);
    if (!status) {
        timeline->stats.n_events++;
        status = dispatch(timeline, event);
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

void pv_timeline_hold(struct pv_timeline *timeline)
{
    pv_log_hold(&timeline->log);
}

int pv_timeline_open(struct pv_timeline **ret_timeline,
                     const struct pv_timeline_options *options)
{
    struct pv_timeline *timeline = pv_own_calloc(1, sizeof(*timeline));
    if (!timeline) {
        return PV_ENOMEM;
    }
    timeline->type = options->engine;
    struct pv_engine_shape shape;
    timeline->type->shape(&options->heap, &shape);
    pv_log_init(&timeline->log, options->keep_log, &shape, timeline->type->header_bytes,
                options->heap.machine ? 0 : PV_TARGET_BASE);
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
    pv_ids_fini(&timeline->ids);
    pv_tags_close(timeline->tags);
    pv_log_fini(&timeline->log);
    pv_own_free(timeline);
}
