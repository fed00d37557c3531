/* SPDX-License-Identifier: MIT
 *
 * timeline.h - a replayed trace, and any moment of it.
 *
 * The policy runs once, event by event, and every placement is logged. Going to a moment after
 * that applies the log forward or backward and never runs the policy again; going back costs
 * what going forward costs. Event numbers are the trace's, from 0; the state at event e is the
 * state after it; PV_START (-1) is the state before the first.
 */
#ifndef PV_TIMELINE_H
#define PV_TIMELINE_H

#include "replay/engine.h"
#include "replay/ledger.h"
#include "replay/stats.h"
#include "traces/event.h"

#define PV_START INT64_C(-1)

struct pv_timeline;

struct pv_timeline_options {
    const struct pv_engine_type *engine;
    struct pv_engine_options heap;
    /* false: only the running heap and its statistics; no seek, but one moment can be held. Memory
     * then depends on what lives, not on how many events there were: at most a page a live
     * block, since headers stand where the heap has them, and never more than the heap holds. */
    bool keep_log;
};

/* A program's mistake, at its event. Kept up to PV_MISTAKES_MAX; all are
 * counted in the stats. */
enum { PV_MISTAKES_MAX = 100000 };
struct pv_mistake_row {
    int64_t event;
    enum pv_mistake kind;
    uint64_t id; /* PV_UNKNOWN: the id is a text */
};

/* A request that found no room. Kept up to PV_REFUSED_MAX, the first ones; all are counted in the
 * stats. */
enum { PV_REFUSED_MAX = 1000 };
struct pv_refused_row {
    int64_t event;
    uint64_t bytes;
    uint32_t tag;
    struct pv_refusal refusal;
};

struct pv_mark_row {
    int64_t event;
    const char *name; /* clean */
};

/* One block's life at one place; a realloc that moves or resizes begins another. */
struct pv_placement {
    uint64_t addr; /* of the header */
    uint64_t size;
    uint64_t requested;
    uint64_t id;         /* PV_UNKNOWN: the id is a text */
    uint32_t born_block; /* event of the malloc that made the block */
    uint32_t until;      /* it lives up to there; UINT32_MAX: to the end */
    uint32_t tag;
    uint32_t sflags, alignment;
};

/* What one event did. */
struct pv_step {
    enum pv_op op;
    bool failed; /* the engine had no room for failed_bytes, asked for by failed_tag */
    bool mistake;
    uint64_t failed_bytes;
    uint32_t failed_tag;
    bool has_made, has_ended;
    struct pv_placement made, ended;
};

int pv_timeline_open(struct pv_timeline **ret_timeline,
                     const struct pv_timeline_options *options);
void pv_timeline_close(struct pv_timeline *timeline); /* takes NULL */

/* Runs the next event through the engine. PV_ENOMEM; PV_ELIMIT beyond 2^32-2 events. The cursor
 * is at the last event afterwards. */
int pv_timeline_apply(struct pv_timeline *timeline, const struct pv_trace_event *event);

/* The same for deeds that a ledger made: all that it made, in order, and nothing else is applied
 * to this timeline. With the log the cursor stays where it is. With hold_peaks each moment at which more is live than ever before is held,
 * and *ret_held, if one was, is the last. Otherwise that moment is held in passing which
 * *ret_held names, if it is among these. */
int pv_timeline_run(struct pv_timeline *timeline, const struct pv_deeds *deeds, bool hold_peaks,
                    int64_t *ret_held);

const struct pv_stats *pv_timeline_stats(const struct pv_timeline *timeline);
const struct pv_tags *pv_timeline_tags(const struct pv_timeline *timeline);
struct pv_tags *pv_timeline_tags_mutable(struct pv_timeline *timeline);
const struct pv_engine_type *pv_timeline_engine(const struct pv_timeline *timeline);
int64_t
pv_timeline_last(const struct pv_timeline *timeline); /* the last event; PV_START: none */

/* The live heap at the end of what was applied, by the walk, with requested, id and born filled
 * in, and the tags where headers have no name. Needs no log. */
int pv_timeline_walk(struct pv_timeline *timeline, struct pv_snapshot **ret_snapshot);

/* Without the log: holds the moment that the cursor is at, and forgets the one held before, so
 * that its catalog can be had later. O(1) amortised. Memory: that of the blocks live then. */
void pv_timeline_hold(struct pv_timeline *timeline);

/* The catalog at the held moment. O(blocks). Only after a hold. */
int pv_timeline_snapshot_held(struct pv_timeline *timeline, struct pv_snapshot **ret_snapshot);

/* A moment as `--at` names it. */
struct pv_moment_name {
    enum pv_moment_kind {
        PV_MOMENT_START,
        PV_MOMENT_END,
        PV_MOMENT_PEAK,
        PV_MOMENT_MARK, /* the first mark of this name */
        PV_MOMENT_EVENT
    } kind;
    const char *mark; /* borrowed from the text */
    int64_t event;
};

/* A number of at most 18 digits, whose thousands may be parted by commas, as they are printed.
 * PV_EINVAL: it is none. */
int pv_event_parse(const char *text, int64_t *ret_event);

/* "start", "end", "peak", "mark:NAME" or an event number. PV_EINVAL: none of them. */
int pv_moment_parse(const char *text, struct pv_moment_name *ret_name);

/* Bytes of the log so far; 0 without. */
uint64_t pv_timeline_log_bytes(const struct pv_timeline *timeline);

/* ---- with the log, but for the first two ---- */

int64_t pv_timeline_cursor(const struct pv_timeline *timeline);

/* The catalog at the cursor, from the log or the live placements: the same snapshot that a walk
 * there would give, but for its source. O(live pebbles). */
int pv_timeline_snapshot(struct pv_timeline *timeline, struct pv_snapshot **ret_snapshot);

/* Clamped to PV_START .. last. */
int pv_timeline_seek(struct pv_timeline *timeline, int64_t event); /* PV_ENOMEM */

/* The running counts at the cursor; O(1). The three about free space are 0 here: take them from
 * a snapshot. */
struct pv_moment pv_timeline_moment(const struct pv_timeline *timeline);

/* What event e did (0 <= e <= last), and each of its halves for those who look at many events:
 * false, it made, or ended, no placement. O(1). */
struct pv_step pv_timeline_step(const struct pv_timeline *timeline, int64_t event);
bool pv_timeline_made(const struct pv_timeline *timeline, int64_t event,
                      struct pv_placement *ret_placement);
bool pv_timeline_ended(const struct pv_timeline *timeline, int64_t event,
                       struct pv_placement *ret_placement);

/* The first event at or behind `event` that failed or was the program's mistake; PV_START: none. */
int64_t pv_timeline_trouble(const struct pv_timeline *timeline, int64_t event);

/* In the order of events. */
const struct pv_mistake_row *pv_timeline_mistakes(const struct pv_timeline *timeline,
                                                  size_t *ret_n);
/* Needs no log. */
const struct pv_refused_row *pv_timeline_refused(const struct pv_timeline *timeline,
                                                 size_t *ret_n);
/* The number of all of a kind, also of those that are not kept. */
uint64_t pv_timeline_mistake_count(const struct pv_timeline *timeline, enum pv_mistake kind);
const struct pv_mark_row *pv_timeline_marks(const struct pv_timeline *timeline, size_t *ret_n);

/* The next event after `event` (forward) or before it that made a block with this tag;
 * PV_START when there is none. */
int64_t pv_timeline_find_tag(const struct pv_timeline *timeline, uint32_t tag, int64_t event,
                             bool forward);

/* As pv_moment_parse. 0 with *ret_event; PV_EINVAL: no such moment. */
int pv_timeline_moment_named(const struct pv_timeline *timeline, const char *text,
                             int64_t *ret_event);

#endif
