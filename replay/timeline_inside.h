/* SPDX-License-Identifier: MIT
 *
 * timeline_inside.h - what a timeline is made of. Internal to replay/.
 */
#ifndef PV_TIMELINE_INSIDE_H
#define PV_TIMELINE_INSIDE_H

#include "replay/ledger.h"
#include "replay/log.h"
#include "replay/timeline.h"

struct pv_timeline {
    const struct pv_engine_type *type;
    struct pv_engine *engine;
    struct pv_tags *tags;
    struct pv_ledger *ledger; /* for pv_timeline_apply alone */
    struct pv_deeds *deeds;
    uint32_t *blocks; /* by slot: a placement; STORE_NONE: the engine had no room for it */
    size_t n_blocks;
    struct pv_timeline_tag {
        const char *text; /* the ledger's */
        uint32_t tag;     /* ours; STORE_NONE: no block has it yet */
    } * names;            /* by the ledger's number */
    size_t n_names, cap_names;
    struct pv_log log;
    struct pv_state cursor; /* with the log: the reader's */
    struct pv_stats stats;
    struct pv_wish {
        uint32_t tag; /* the ledger's number */
        uint32_t flags, alignment;
    } * wishes; /* by slot, of those without a block */
    size_t n_wishes;
    struct pv_refused_row *refused;
    size_t n_refused, cap_refused;
    struct pv_mistake_row *mistakes;
    size_t n_mistakes, cap_mistakes;
    uint64_t n_by_kind[PV_N_MISTAKES]; /* all, also those that are not kept */
    struct pv_mark_row *marks;         /* the names are ours */
    size_t n_marks, cap_marks;
    int listener_status; /* the first failure while the engine told of a bucket */
};

#endif
