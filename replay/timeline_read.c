/* SPDX-License-Identifier: MIT
 *
 * timeline_read.c - reading a timeline back: moments, snapshots, steps, searches.
 *
 * A catalog out of the log: the used blocks and the buckets' bounds determine it, because free
 * neighbours are always merged. What lies between two used pebbles is one free pebble, or
 * nothing; between two blocks of a buddy, halves as large as they can be: each has a power of
 * two pages and lies at a multiple of its own size.
 */
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "replay/timeline_inside.h"

const struct pv_stats *pv_timeline_stats(const struct pv_timeline *timeline)
{
    return &timeline->stats;
}

const struct pv_tags *pv_timeline_tags(const struct pv_timeline *timeline)
{
    return timeline->tags;
}

struct pv_tags *pv_timeline_tags_mutable(struct pv_timeline *timeline)
{
    return timeline->tags;
}

const struct pv_engine_type *pv_timeline_engine(const struct pv_timeline *timeline)
{
    return timeline->type;
}

int64_t pv_timeline_last(const struct pv_timeline *timeline)
{
    return (int64_t)timeline->log.n_events - 1;
}

/* The state to read from: without the log there is only the end. */
static const struct pv_state *where(const struct pv_timeline *timeline)
{
    return timeline->log.keep ? &timeline->cursor : &timeline->log.end;
}

int64_t pv_timeline_cursor(const struct pv_timeline *timeline)
{
    return where(timeline)->at;
}

struct pv_moment pv_timeline_moment(const struct pv_timeline *timeline)
{
    struct pv_moment moment = where(timeline)->moment;
    moment.free_bytes = moment.free_blocks = moment.largest_free_bytes = 0;
    return moment;
}

int pv_timeline_seek(struct pv_timeline *timeline, int64_t event)
{
    int64_t last = pv_timeline_last(timeline);
    event = event < PV_START ? PV_START : event > last ? last : event;
    return pv_log_seek(&timeline->log, &timeline->cursor, event);
}

/* ---- snapshots ---- */

static void know(struct pv_pebble_row *row, const struct pv_placement *placement)
{
    row->requested = placement->requested;
    row->id = placement->id;
    row->born = placement->born_block;
}

int pv_timeline_walk(struct pv_timeline *timeline, struct pv_snapshot **ret_snapshot)
{
    struct pv_snapshot *snapshot;
    int status = pv_log_lay(&timeline->log);
    status =
        status ? status : timeline->type->walk(timeline->engine, timeline->tags, &snapshot);
    if (status) {
        return status;
    }
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        struct pv_pebble_row *row = &snapshot->pebbles[i];
        uint32_t index =
            pv_pebble_row_used(row) ? pv_state_find(&timeline->log.end, row->addr) : STORE_NONE;
        if (index != STORE_NONE) {
            struct pv_placement placement;
            pv_log_get(&timeline->log, index, &placement);
            know(row, &placement);
            if (timeline->type->layout->pebble.name.width == 0) {
                row->tag = placement.tag;
            }
        }
    }
    pv_snapshot_count(snapshot);
    *ret_snapshot = snapshot;
    return PV_OK;
}

/* Adds a row behind those that are there and links it to the one before. */
static struct pv_pebble_row *add_pebble(struct pv_snapshot *snapshot, uint64_t addr,
                                        uint64_t size)
{
    struct pv_pebble_row *row = pv_snapshot_add_pebble(snapshot);
    if (!row) {
        return NULL;
    }
    const struct pv_bucket_row *bucket = &snapshot->buckets[snapshot->n_buckets - 1];
    *row = (struct pv_pebble_row){
        .addr = addr,
        .size = size,
        .requested = PV_UNKNOWN,
        .id = PV_UNKNOWN,
        .born = PV_UNKNOWN,
        .parent = bucket->addr,
        .bucket = (uint32_t)(snapshot->n_buckets - 1),
    };
    if (snapshot->kind == PV_CATALOG_BUDDY) {
        return row;
    }
    row->alignment = PV_ALIGN_MIN;
    row->magic = PV_PEBBLE_MAGIC;
    if (snapshot->n_pebbles - 1 > bucket->first_pebble) {
        row[-1].next = addr;
        row->prev = row[-1].addr;
    }
    return row;
}

/* The largest half of a buddy's chunk that begins at a page and does not pass the end. */
static uint64_t half_at(uint64_t page, uint64_t end)
{
    uint64_t n = UINT64_C(1) << (63 - __builtin_clzll(end - page));
    uint64_t lowest = page & -page;
    return lowest && lowest < n ? lowest : n;
}

/* The payload of the hole that begins at addr, in a gap that ends at `end`. */
static uint64_t hole_size(const struct pv_snapshot *snapshot, uint64_t addr, uint64_t end)
{
    uint64_t start = snapshot->buckets[snapshot->n_buckets - 1].addr;
    uint64_t page = snapshot->page_bytes;
    return snapshot->kind == PV_CATALOG_BUDDY
               ? half_at((addr - start) / page, (end - start) / page) * page
               : end - addr - snapshot->pebble_bytes;
}

static int add_free(struct pv_snapshot *snapshot, uint64_t addr, uint64_t end, uint32_t kind)
{
    while (addr < end) {
        uint64_t size = hole_size(snapshot, addr, end);
        struct pv_pebble_row *row = add_pebble(snapshot, addr, size);
        if (!row) {
            return PV_ENOMEM;
        }
        row->sflags = kind;
        struct pv_bucket_row *bucket = &snapshot->buckets[snapshot->n_buckets - 1];
        bucket->largest = size > bucket->largest ? size : bucket->largest;
        addr += snapshot->pebble_bytes + size;
    }
    return PV_OK;
}

static int add_pebbles(const struct pv_timeline *timeline, const struct pv_state *cursor,
                       struct pv_snapshot *snapshot, const struct pv_state_bucket *at)
{
    uint64_t end = at->addr + at->n_pages * snapshot->page_bytes;
    uint64_t done = at->head, addr = at->head;
    for (;;) {
        uint32_t index = pv_state_next(cursor, &addr, end);
        if (index == STORE_NONE) {
            return add_free(snapshot, done, end, at->kind);
        }
        struct pv_placement placement;
        pv_log_get(&timeline->log, index, &placement);
        if (add_free(snapshot, done, addr, at->kind)) {
            return PV_ENOMEM;
        }
        struct pv_pebble_row *row = add_pebble(snapshot, addr, placement.size);
        if (!row) {
            return PV_ENOMEM;
        }
        know(row, &placement);
        row->lflags = PV_PEBBLE_USED;
        row->tag = placement.tag;
        row->sflags = placement.sflags;
        row->alignment = placement.alignment;
        addr += snapshot->pebble_bytes + placement.size;
        done = addr;
    }
}

static int add_bucket(const struct pv_timeline *timeline, const struct pv_state *cursor,
                      struct pv_snapshot *snapshot, const struct pv_state_bucket *at)
{
    struct pv_bucket_row *bucket = pv_snapshot_add_bucket(snapshot);
    if (!bucket) {
        return PV_ENOMEM;
    }
    bucket->addr = at->addr;
    bucket->n_pages = at->n_pages;
    bucket->magic = snapshot->kind == PV_CATALOG_BUDDY ? 0 : PV_BUCKET_MAGIC;
    bucket->lflags = timeline->type->bucket_lflags;
    bucket->first = at->first;
    bucket->first_pebble = snapshot->n_pebbles;
    if (snapshot->n_buckets > 1) {
        bucket[-1].next = at->addr;
        bucket->prev = bucket[-1].addr;
    }
    return add_pebbles(timeline, cursor, snapshot, at);
}

static int snapshot_of(const struct pv_timeline *timeline, const struct pv_state *cursor,
                       struct pv_snapshot **ret_snapshot)
{
    struct pv_snapshot *snapshot;
    int status =
        pv_snapshot_open(&snapshot, PV_SNAPSHOT_LOG, timeline->type->layout, timeline->tags);
    if (status) {
        return status;
    }
    snapshot->page_bytes = (uint32_t)cursor->shape.page_bytes;
    for (size_t i = 0; i < cursor->n_buckets && !status; i++) {
        status = add_bucket(timeline, cursor, snapshot, &cursor->buckets[i]);
    }
    if (status) {
        pv_snapshot_close(snapshot);
        return status;
    }
    pv_snapshot_count(snapshot);
    *ret_snapshot = snapshot;
    return PV_OK;
}

int pv_timeline_snapshot(struct pv_timeline *timeline, struct pv_snapshot **ret_snapshot)
{
    int status = timeline->log.keep ? PV_OK : pv_log_lay(&timeline->log);
    return status ? status : snapshot_of(timeline, where(timeline), ret_snapshot);
}

int pv_timeline_snapshot_held(struct pv_timeline *timeline, struct pv_snapshot **ret_snapshot)
{
    if (timeline->type->rest) {
        timeline->type->rest(timeline->engine);
    }
    struct pv_state held;
    int status = pv_log_held(&timeline->log, &held);
    if (!status) {
        status = snapshot_of(timeline, &held, ret_snapshot);
        pv_state_fini(&held);
    }
    return status;
}

uint64_t pv_timeline_log_bytes(const struct pv_timeline *timeline)
{
    return pv_log_bytes(&timeline->log);
}

/* ---- events ---- */

bool pv_timeline_made(const struct pv_timeline *timeline, int64_t event,
                      struct pv_placement *ret_placement)
{
    return pv_log_get_made(&timeline->log, event, ret_placement);
}

bool pv_timeline_ended(const struct pv_timeline *timeline, int64_t event,
                       struct pv_placement *ret_placement)
{
    return pv_log_get_ended(&timeline->log, event, ret_placement);
}

int64_t pv_timeline_trouble(const struct pv_timeline *timeline, int64_t event)
{
    const struct pv_log *log = &timeline->log;
    for (size_t e = (size_t)event; e < log->n_events; e++) {
        if (log->ops[e] & (LOG_FAILED | LOG_MISTAKE)) {
            return (int64_t)e;
        }
    }
    return PV_START;
}

struct pv_step pv_timeline_step(const struct pv_timeline *timeline, int64_t event)
{
    const struct pv_log *log = &timeline->log;
    uint8_t op = log->ops[event];
    struct pv_step step = {
        .op = (enum pv_op)(op & LOG_OP_MASK),
        .failed = op & LOG_FAILED,
        .mistake = op & LOG_MISTAKE,
    };
    step.has_made = pv_log_get_made(log, event, &step.made);
    step.has_ended = pv_log_get_ended(log, event, &step.ended);
    if (step.failed) {
        const struct pv_log_failure *failure = pv_log_failure(log, event);
        step.failed_bytes = failure->bytes;
        step.failed_tag = failure->tag;
    }
    return step;
}

const struct pv_refused_row *pv_timeline_refused(const struct pv_timeline *timeline,
                                                 size_t *ret_n)
{
    *ret_n = timeline->n_refused;
    return timeline->refused;
}

const struct pv_mistake_row *pv_timeline_mistakes(const struct pv_timeline *timeline,
                                                  size_t *ret_n)
{
    *ret_n = timeline->n_mistakes;
    return timeline->mistakes;
}

uint64_t pv_timeline_mistake_count(const struct pv_timeline *timeline, enum pv_mistake kind)
{
    return timeline->n_by_kind[kind];
}

const struct pv_mark_row *pv_timeline_marks(const struct pv_timeline *timeline, size_t *ret_n)
{
    *ret_n = timeline->n_marks;
    return timeline->marks;
}

int64_t pv_timeline_find_tag(const struct pv_timeline *timeline, uint32_t tag, int64_t event,
                             bool forward)
{
    struct pv_placement made;
    for (int64_t e = event + (forward ? 1 : -1); e >= 0 && e <= pv_timeline_last(timeline);
         e += forward ? 1 : -1) {
        if (pv_log_get_made(&timeline->log, e, &made) && made.tag == tag &&
            made.born_block == e) {
            return e;
        }
    }
    return PV_START;
}

static int mark_named(const struct pv_timeline *timeline, const char *name, int64_t *ret_event)
{
    for (size_t i = 0; i < timeline->n_marks; i++) {
        if (strcmp(timeline->marks[i].name, name) == 0) {
            *ret_event = timeline->marks[i].event;
            return PV_OK;
        }
    }
    return PV_EINVAL;
}

int pv_event_parse(const char *text, int64_t *ret_event)
{
    size_t n = strspn(text, "0123456789"), n_digits = n;
    int64_t event = 0;
    if (!n || n > 18 || (text[n] == ',' && n > 3)) {
        return PV_EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        event = event * 10 + (text[i] - '0');
    }
    for (text += n; *text == ','; text += 4) {
        if (strspn(text + 1, "0123456789") != 3 || (n_digits += 3) > 18) {
            return PV_EINVAL;
        }
        event = event * 1000 + strtoll(text + 1, NULL, 10);
    }
    if (*text) {
        return PV_EINVAL;
    }
    *ret_event = event;
    return PV_OK;
}

int pv_moment_parse(const char *text, struct pv_moment_name *ret_name)
{
    static const char mark[] = "mark:";
    struct pv_moment_name name = {.kind = PV_MOMENT_EVENT};
    if (strcmp(text, "start") == 0) {
        name.kind = PV_MOMENT_START;
    } else if (strcmp(text, "end") == 0) {
        name.kind = PV_MOMENT_END;
    } else if (strcmp(text, "peak") == 0) {
        name.kind = PV_MOMENT_PEAK;
    } else if (strncmp(text, mark, sizeof mark - 1) == 0) {
        name.kind = PV_MOMENT_MARK;
        name.mark = text + sizeof mark - 1;
    } else if (pv_event_parse(text, &name.event)) {
        return PV_EINVAL;
    }
    *ret_name = name;
    return PV_OK;
}

int pv_timeline_moment_named(const struct pv_timeline *timeline, const char *text,
                             int64_t *ret_event)
{
    struct pv_moment_name name;
    int64_t last = pv_timeline_last(timeline);
    int status = pv_moment_parse(text, &name);
    if (status) {
        return status;
    }
    switch (name.kind) {
    case PV_MOMENT_START:
        *ret_event = PV_START;
        return PV_OK;
    case PV_MOMENT_END:
        *ret_event = last;
        return PV_OK;
    case PV_MOMENT_PEAK:
        *ret_event = timeline->stats.peak_live.event;
        return PV_OK;
    case PV_MOMENT_MARK:
        return mark_named(timeline, name.mark, ret_event);
    case PV_MOMENT_EVENT:
        if (name.event > last) {
            return PV_EINVAL;
        }
        *ret_event = name.event;
        return PV_OK;
    }
    return PV_EINVAL;
}
