/* SPDX-License-Identifier: MIT
 *
 * log.c - an event has an operation and a step: which placement it made and which it ended. A
 * step forward shows the one and hides the other, a step back the opposite. Changes of buckets
 * stand in an array of their own and are done or undone up to the event. The slots of log.h
 * are kept in tiles that come into being when a block first lies there.
 */
#include "replay/log.h"

#include <assert.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

void pv_log_init(struct pv_log *log, bool keep, const struct pv_engine_shape *shape,
                 uint64_t header_bytes, uint64_t base)
{
    *log = (struct pv_log){
        .keep = keep,
        .laid = keep,
        .free_placement = LOG_NONE,
        .at = PV_START,
        .moment.event = PV_START,
        .checkpoint_every = LOG_CHECKPOINT_FIRST,
        .shape = *shape,
        .header_bytes = header_bytes,
        .base = base,
    };
}

void pv_log_fini(struct pv_log *log)
{
    for (size_t i = 0; i < log->n_tiles; i++) {
        pv_own_free(log->tiles[i]);
    }
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        pv_own_free(log->checkpoints[i].live);
    }
    pv_own_free(log->tiles);
    pv_own_free(log->ops);
    pv_own_free(log->steps);
    pv_own_free(log->placements);
    pv_own_free(log->changes);
    pv_own_free(log->failures);
    pv_own_free(log->buckets);
    pv_own_free(log->held_buckets);
    pv_own_free(log->gone);
    *log = (struct pv_log){0};
}

/* ---- the slots ---- */

static uint64_t slot_of(const struct pv_log *log, uint64_t addr)
{
    return (addr - log->base) >> log->shape.apart;
}

static int make_tile(struct pv_log *log, uint64_t addr)
{
    uint64_t tile = slot_of(log, addr) / LOG_TILE_SLOTS;
    if (tile >= log->n_tiles) {
        size_t n = tile < 2 * log->n_tiles ? 2 * log->n_tiles : tile + 1;
        uint32_t **tiles = pv_own_resize(log->tiles, n, sizeof *tiles);
        if (!tiles) {
            return PV_ENOMEM;
        }
        memset(tiles + log->n_tiles, 0, (n - log->n_tiles) * sizeof *tiles);
        log->tiles = tiles;
        log->n_tiles = n;
    }
    if (!log->tiles[tile]) {
        log->tiles[tile] = pv_own_calloc(LOG_TILE_SLOTS, sizeof **log->tiles);
    }
    return log->tiles[tile] ? PV_OK : PV_ENOMEM;
}

/* Its tile was made when the placement was. */
static uint32_t *slot_at(const struct pv_log *log, uint64_t addr)
{
    uint64_t slot = slot_of(log, addr);
    return &log->tiles[slot / LOG_TILE_SLOTS][slot % LOG_TILE_SLOTS];
}

static void put_slot(struct pv_log *log, uint32_t index, uint32_t before, uint32_t after)
{
    uint32_t *slot = slot_at(log, log->placements[index].addr);
    assert(*slot == before);
    *slot = after;
    (void)before;
}

static void show(struct pv_log *log, uint32_t index)
{
    const struct pv_placement *placement = &log->placements[index];
    if (log->laid) {
        put_slot(log, index, 0, index + 1);
    }
    log->moment.live_bytes += placement->requested;
    log->moment.live_blocks++;
    log->moment.payload_bytes += placement->size;
    log->moment.block_bytes += placement->size + log->header_bytes;
}

static void hide(struct pv_log *log, uint32_t index)
{
    const struct pv_placement *placement = &log->placements[index];
    if (log->laid) {
        put_slot(log, index, index + 1, 0);
    }
    log->moment.live_bytes -= placement->requested;
    log->moment.live_blocks--;
    log->moment.payload_bytes -= placement->size;
    log->moment.block_bytes -= placement->size + log->header_bytes;
}

uint32_t pv_log_at(const struct pv_log *log, uint64_t addr)
{
    uint64_t slot = slot_of(log, addr);
    const uint32_t *tile =
        slot / LOG_TILE_SLOTS < log->n_tiles ? log->tiles[slot / LOG_TILE_SLOTS] : NULL;
    uint32_t held = tile ? tile[slot % LOG_TILE_SLOTS] : 0;
    return held && log->placements[held - 1].addr == addr ? held - 1 : LOG_NONE;
}

uint32_t pv_log_next(const struct pv_log *log, uint64_t *addr, uint64_t end)
{
    uint64_t slot = slot_of(log, *addr);
    uint64_t n_slots = (uint64_t)log->n_tiles * LOG_TILE_SLOTS;
    uint64_t last = slot_of(log, end - 1) < n_slots ? slot_of(log, end - 1) + 1 : n_slots;
    while (slot < last) {
        const uint32_t *tile = log->tiles[slot / LOG_TILE_SLOTS];
        if (!tile) {
            slot = (slot / LOG_TILE_SLOTS + 1) * LOG_TILE_SLOTS;
            continue;
        }
        uint32_t held = tile[slot % LOG_TILE_SLOTS];
        uint64_t found = held ? log->placements[held - 1].addr : 0;
        if (held && found >= *addr && found < end) {
            *addr = found;
            return held - 1;
        }
        slot++;
    }
    return LOG_NONE;
}

/* ---- buckets ---- */

static size_t bucket_index(const struct pv_log *log, uint64_t addr)
{
    size_t i = log->n_buckets;
    while (i && log->buckets[i - 1].addr != addr) {
        i--;
    }
    assert(i);
    return i - 1;
}

static void insert_bucket(struct pv_log *log, size_t index, const struct pv_log_bucket *bucket)
{
    memmove(log->buckets + index + 1, log->buckets + index,
            (log->n_buckets - index) * sizeof *log->buckets);
    log->buckets[index] = *bucket;
    log->n_buckets++;
}

static void remove_bucket(struct pv_log *log, size_t index)
{
    log->n_buckets--;
    memmove(log->buckets + index, log->buckets + index + 1,
            (log->n_buckets - index) * sizeof *log->buckets);
}

/* Puts a bucket of the list from pages `before` to `after`. Room for one more was made when the
 * bucket was added for the first time, and the list is never longer than it was then. */
static void change_bucket(struct pv_log *log, const struct pv_log_bucket_change *change,
                          uint64_t before, uint64_t after, uint64_t first)
{
    if (!before) {
        struct pv_log_bucket bucket = {.addr = change->what.addr,
                                       .n_pages = after,
                                       .head = change->head,
                                       .first = first,
                                       .kind = change->what.kind};
        insert_bucket(log, change->index, &bucket);
    } else if (!after) {
        remove_bucket(log, change->index);
    } else {
        log->buckets[change->index].n_pages = after;
        log->buckets[change->index].first = first;
    }
    log->moment.held_bytes += (after - before) * log->shape.page_bytes;
    log->moment.n_buckets = log->n_buckets;
}

static void redo(struct pv_log *log, const struct pv_log_bucket_change *change)
{
    change_bucket(log, change, change->what.pages_before, change->what.pages_after,
                  change->what.first);
}

static void undo(struct pv_log *log, const struct pv_log_bucket_change *change)
{
    change_bucket(log, change, change->what.pages_after, change->what.pages_before,
                  change->first_before);
}

/* The first change after the moment that is held. */
static int save_buckets(struct pv_log *log)
{
    if (!log->holding || log->buckets_changed) {
        return PV_OK;
    }
    if (log->cap_held_buckets < log->n_buckets) {
        void *room =
            pv_own_resize(log->held_buckets, log->cap_buckets, sizeof *log->held_buckets);
        if (!room) {
            return PV_ENOMEM;
        }
        log->held_buckets = room;
        log->cap_held_buckets = log->cap_buckets;
    }
    if (log->n_buckets) {
        memcpy(log->held_buckets, log->buckets, log->n_buckets * sizeof *log->buckets);
    }
    log->n_held_buckets = log->n_buckets;
    log->buckets_changed = true;
    return PV_OK;
}

int pv_log_bucket(struct pv_log *log, const struct pv_bucket_change *what)
{
    if (save_buckets(log)) {
        return PV_ENOMEM;
    }
    void *room =
        pv_own_room(log->buckets, log->n_buckets, &log->cap_buckets, sizeof *log->buckets);
    if (!room) {
        return PV_ENOMEM;
    }
    log->buckets = room;
    struct pv_log_bucket_change change = {.event_next = (uint32_t)log->n_events,
                                          .index = (uint32_t)log->n_buckets,
                                          .head = what->first,
                                          .what = *what};
    if (what->pages_before) {
        change.index = (uint32_t)bucket_index(log, what->addr);
        change.head = log->buckets[change.index].head;
        change.first_before = log->buckets[change.index].first;
    } else if (what->before) {
        change.index = (uint32_t)bucket_index(log, what->before);
    }
    if (log->keep) {
        room =
            pv_own_room(log->changes, log->n_changes, &log->cap_changes, sizeof *log->changes);
        if (!room) {
            return PV_ENOMEM;
        }
        log->changes = room;
        log->changes[log->n_changes++] = change;
        log->n_changes_done = log->n_changes;
    }
    redo(log, &change);
    return PV_OK;
}

/* Brings the buckets to the state after `event`. */
static void seek_buckets(struct pv_log *log, int64_t event)
{
    while (log->n_changes_done < log->n_changes &&
           (int64_t)log->changes[log->n_changes_done].event_next - 1 <= event) {
        redo(log, &log->changes[log->n_changes_done++]);
    }
    while (log->n_changes_done &&
           (int64_t)log->changes[log->n_changes_done - 1].event_next - 1 > event) {
        undo(log, &log->changes[--log->n_changes_done]);
    }
}

/* ---- writing ---- */

int pv_log_begin(struct pv_log *log, enum pv_op op)
{
    if (log->n_events >= LOG_NONE - 1) {
        return PV_ELIMIT;
    }
    if (log->keep) {
        void *ops = pv_own_room(log->ops, log->n_events, &log->cap_ops, sizeof *log->ops);
        log->ops = ops ? ops : log->ops;
        void *steps =
            pv_own_room(log->steps, log->n_events, &log->cap_steps, sizeof *log->steps);
        log->steps = steps ? steps : log->steps;
        if (!ops || !steps) {
            return PV_ENOMEM;
        }
        log->ops[log->n_events] = (uint8_t)op;
        log->steps[log->n_events] = (struct pv_log_step){.made = LOG_NONE, .ended = LOG_NONE};
    }
    log->n_events++;
    log->at++;
    log->moment.event = log->at;
    return PV_OK;
}

int pv_log_made(struct pv_log *log, const struct pv_placement *placement, uint32_t *ret_index)
{
    if (log->laid && make_tile(log, placement->addr)) {
        return PV_ENOMEM;
    }
    uint32_t index = log->free_placement;
    if (index != LOG_NONE) {
        log->free_placement = log->placements[index].from;
        if (log->free_placement != LOG_NONE) {
            __builtin_prefetch(&log->placements[log->free_placement], 1);
        }
    } else {
        void *room = pv_own_room(log->placements, log->n_placements, &log->cap_placements,
                                 sizeof *log->placements);
        if (!room) {
            return PV_ENOMEM;
        }
        log->placements = room;
        index = (uint32_t)log->n_placements++;
    }
    log->placements[index] = *placement;
    log->placements[index].from = (uint32_t)log->at;
    log->placements[index].until = LOG_NONE;
    if (log->keep) {
        log->steps[log->at].made = index;
    }
    show(log, index);
    *ret_index = index;
    return PV_OK;
}

static void forget(struct pv_log *log, uint32_t index)
{
    log->placements[index].from = log->free_placement;
    log->free_placement = index;
}

static bool is_held(const struct pv_log *log, const struct pv_placement *placement)
{
    return log->holding && (int64_t)placement->from <= log->held_event;
}

int pv_log_ended(struct pv_log *log, uint32_t index)
{
    hide(log, index);
    log->placements[index].until = (uint32_t)log->at;
    if (log->keep) {
        log->steps[log->at].ended = index;
    } else if (is_held(log, &log->placements[index])) {
        void *room = pv_own_room(log->gone, log->n_gone, &log->cap_gone, sizeof *log->gone);
        if (!room) {
            return PV_ENOMEM;
        }
        log->gone = room;
        log->gone[log->n_gone++] = index;
    } else {
        forget(log, index);
    }
    return PV_OK;
}

void pv_log_flag(struct pv_log *log, uint8_t flag)
{
    if (log->keep) {
        log->ops[log->at] |= flag;
    }
}

int pv_log_failed(struct pv_log *log, uint64_t bytes, uint32_t tag)
{
    if (!log->keep) {
        return PV_OK;
    }
    log->ops[log->at] |= LOG_FAILED;
    struct pv_log_failure *failures =
        pv_own_room(log->failures, log->n_failures, &log->cap_failures, sizeof *failures);
    if (!failures) {
        return PV_ENOMEM;
    }
    log->failures = failures;
    failures[log->n_failures++] =
        (struct pv_log_failure){.event = log->at, .bytes = bytes, .tag = tag};
    return PV_OK;
}

const struct pv_log_failure *pv_log_failure(const struct pv_log *log, int64_t event)
{
    size_t low = 0, high = log->n_failures;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->failures[middle].event < event) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low < log->n_failures && log->failures[low].event == event);
    return &log->failures[low];
}

/* ---- the moment that is held ---- */

void pv_log_hold(struct pv_log *log)
{
    assert(!log->keep);
    while (log->n_gone) {
        forget(log, log->gone[--log->n_gone]);
    }
    log->holding = true;
    log->held_event = log->at;
    log->buckets_changed = false;
}

int pv_log_lay(struct pv_log *log)
{
    int status = PV_OK;
    for (size_t i = 0; !log->laid && !status && i < log->n_placements; i++) {
        if (log->placements[i].until == LOG_NONE) {
            status = make_tile(log, log->placements[i].addr);
        }
    }
    for (size_t i = 0; !log->laid && !status && i < log->n_gone; i++) {
        status = make_tile(log, log->placements[log->gone[i]].addr);
    }
    for (size_t i = 0; !log->laid && !status && i < log->n_placements; i++) {
        if (log->placements[i].until == LOG_NONE) {
            put_slot(log, (uint32_t)i, 0, (uint32_t)i + 1);
        }
    }
    log->laid |= !status;
    return status;
}

/* Shows or hides the blocks that came since. */
static void turn_new(struct pv_log *log, void (*turn)(struct pv_log *log, uint32_t index))
{
    for (size_t i = 0; i < log->n_placements; i++) {
        const struct pv_placement *placement = &log->placements[i];
        if (placement->until == LOG_NONE && !is_held(log, placement)) {
            turn(log, (uint32_t)i);
        }
    }
}

static void turn_gone(struct pv_log *log, void (*turn)(struct pv_log *log, uint32_t index))
{
    for (size_t i = 0; i < log->n_gone; i++) {
        turn(log, log->gone[i]);
    }
}

static void swap_buckets(struct pv_log *log)
{
    if (log->buckets_changed) {
        struct pv_log_bucket *buckets = log->buckets;
        size_t n = log->n_buckets, cap = log->cap_buckets;
        log->buckets = log->held_buckets;
        log->n_buckets = log->n_held_buckets;
        log->cap_buckets = log->cap_held_buckets;
        log->held_buckets = buckets;
        log->n_held_buckets = n;
        log->cap_held_buckets = cap;
    }
}

void pv_log_show_held(struct pv_log *log)
{
    struct pv_moment moment = log->moment;
    turn_new(log, hide);
    turn_gone(log, show);
    swap_buckets(log);
    log->moment = moment;
}

void pv_log_show_end(struct pv_log *log)
{
    struct pv_moment moment = log->moment;
    turn_gone(log, hide);
    turn_new(log, show);
    swap_buckets(log);
    log->moment = moment;
}

/* ---- checkpoints ---- */

static void thin_out(struct pv_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        if (i % 2) {
            log->checkpoints[kept++] = log->checkpoints[i];
        } else {
            pv_own_free(log->checkpoints[i].live);
        }
    }
    log->n_checkpoints = kept;
    log->checkpoint_every *= 2;
}

int pv_log_finish(struct pv_log *log)
{
    if (!log->keep || (log->at + 1) % log->checkpoint_every) {
        return PV_OK;
    }
    if (log->n_checkpoints == LOG_CHECKPOINTS) {
        thin_out(log);
        if ((log->at + 1) % log->checkpoint_every) {
            return PV_OK;
        }
    }
    struct pv_checkpoint checkpoint = {.event = log->at};
    checkpoint.live = pv_own_calloc(log->moment.live_blocks, sizeof *checkpoint.live);
    if (!checkpoint.live) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < log->n_tiles; i++) {
        for (size_t j = 0; log->tiles[i] && j < LOG_TILE_SLOTS; j++) {
            if (log->tiles[i][j]) {
                checkpoint.live[checkpoint.n_live++] = log->tiles[i][j] - 1;
            }
        }
    }
    log->checkpoints[log->n_checkpoints++] = checkpoint;
    return PV_OK;
}

static void restore(struct pv_log *log, const struct pv_checkpoint *checkpoint)
{
    for (size_t i = 0; i < log->n_tiles; i++) {
        if (log->tiles[i]) {
            memset(log->tiles[i], 0, LOG_TILE_SLOTS * sizeof **log->tiles);
        }
    }
    log->moment.live_bytes = log->moment.live_blocks = 0;
    log->moment.payload_bytes = log->moment.block_bytes = 0;
    for (size_t i = 0; checkpoint && i < checkpoint->n_live; i++) {
        show(log, checkpoint->live[i]);
    }
    log->at = checkpoint ? checkpoint->event : PV_START;
}

static uint64_t distance(int64_t a, int64_t b)
{
    return (uint64_t)(a < b ? b - a : a - b);
}

/* Jumps to a checkpoint, or the start, when going on from there is cheaper. */
static void jump(struct pv_log *log, int64_t event)
{
    uint64_t clearing = (uint64_t)log->n_tiles * (LOG_TILE_SLOTS / 64);
    uint64_t best = distance(log->at, event);
    const struct pv_checkpoint *to = NULL;
    bool found = false;
    if (distance(PV_START, event) + clearing < best) {
        best = distance(PV_START, event) + clearing;
        found = true;
    }
    for (size_t i = 0; i < log->n_checkpoints; i++) {
        const struct pv_checkpoint *checkpoint = &log->checkpoints[i];
        uint64_t cost = distance(checkpoint->event, event) + clearing + checkpoint->n_live;
        if (cost < best) {
            best = cost;
            to = checkpoint;
            found = true;
        }
    }
    if (found) {
        restore(log, to);
    }
}

int pv_log_seek(struct pv_log *log, int64_t event)
{
    jump(log, event);
    while (log->at < event) {
        const struct pv_log_step *step = &log->steps[++log->at];
        if (step->ended != LOG_NONE) {
            hide(log, step->ended);
        }
        if (step->made != LOG_NONE) {
            show(log, step->made);
        }
    }
    while (log->at > event) {
        const struct pv_log_step *step = &log->steps[log->at--];
        if (step->made != LOG_NONE) {
            hide(log, step->made);
        }
        if (step->ended != LOG_NONE) {
            show(log, step->ended);
        }
    }
    seek_buckets(log, event);
    log->moment.event = event;
    return PV_OK;
}
