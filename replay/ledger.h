/* SPDX-License-Identifier: MIT
 *
 * ledger.h - what a trace's events mean, the same for every engine: which block, in which slot,
 * and whether the event is a mistake of the program.
 *
 * Slots are small numbers that are given out again after a free, the last one first, so that an
 * engine keeps its blocks in arrays. The ledger takes events and makes deeds of them, many at a
 * time; several timelines run the same deeds (timeline.h), in threads of their own if need be.
 *
 * Cost: O(1) an event. Memory: that of ids.h and 4 bytes a slot.
 */
#ifndef PV_LEDGER_H
#define PV_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "inspect/tags.h"
#include "replay/ids.h"
#include "traces/event.h"

enum pv_mistake {
    PV_MISTAKE_DOUBLE_FREE,  /* free of an id that was freed */
    PV_MISTAKE_UNKNOWN_FREE, /* free or realloc of an id that was never allocated */
    PV_MISTAKE_LIVE_ALLOC,   /* a second malloc of a live id: the first block is leaked */
    PV_MISTAKE_REALLOC_FREED /* realloc of an id that was freed */
};

enum { PV_N_MISTAKES = PV_MISTAKE_REALLOC_FREED + 1, PV_NO_MISTAKE = PV_N_MISTAKES };

/* A word for each mistake: "double-free". */
const char *pv_mistake_name(enum pv_mistake mistake);

enum pv_deed_kind {
    PV_DEED_NONE,   /* nothing: a mistake, a mark, a free of null */
    PV_DEED_ALLOC,  /* a new block in the slot; a block that is there already is leaked */
    PV_DEED_RESIZE, /* of the slot's block; an engine that had no room for it: PV_DEED_ALLOC */
    PV_DEED_FREE
};

struct pv_deed {
    uint64_t bytes; /* requested, with PV_DEED_ALLOC and PV_DEED_RESIZE */
    uint64_t id;    /* the trace's number; PV_UNKNOWN: a text, or none */
    uint32_t slot;
    uint32_t tag; /* of the request, in the ledger's tags; of a mark: its number in the deeds */
    uint32_t flags, alignment;
    uint8_t op;      /* enum pv_op */
    uint8_t kind;    /* enum pv_deed_kind */
    uint8_t mistake; /* enum pv_mistake, or PV_NO_MISTAKE */
};

enum { PV_DEEDS_MAX = 2048 };

/* Deeds one behind the other, with what they mention. */
struct pv_deeds {
    size_t n;
    struct pv_deed rows[PV_DEEDS_MAX];
    const char **tags; /* that appeared first here, by number; live as long as the ledger */
    size_t n_tags, cap_tags;
    char **marks; /* the names, ours */
    size_t n_marks, cap_marks;
};

void pv_deeds_clear(struct pv_deeds *deeds);
void pv_deeds_fini(struct pv_deeds *deeds); /* takes a zeroed one */

enum { PV_LEDGER_NAMES = 256, PV_LEDGER_NAME_BYTES = 32 };

struct pv_ledger {
    struct pv_ids ids;    /* to slots */
    struct pv_tags *tags; /* of all requests */
    uint32_t n_slots;     /* that were ever given out */
    uint32_t *free_slots; /* a stack */
    size_t n_free, cap_free;
    size_t n_tags_told;
    /* Where the reader numbers its names: tag + 1 by that number, 0: not seen yet. */
    uint32_t *by_number;
    size_t n_numbers;
    /* Otherwise: how recently seen names begin, so that they need no hash. Longer names are
     * compared with the tag itself. */
    struct pv_ledger_name {
        char begin[PV_LEDGER_NAME_BYTES];
        uint32_t tag;
    } names[PV_LEDGER_NAMES];
};

int pv_ledger_init(struct pv_ledger *ledger); /* PV_ENOMEM; pv_ledger_fini is due */
void pv_ledger_fini(struct pv_ledger *ledger);

/* The number of a name in the ledger's tags. PV_ENOMEM, PV_ELIMIT. */
int pv_ledger_tag(struct pv_ledger *ledger, const char *name, uint32_t *ret_tag);

/* Adds the deed of the event; the caller has made sure that there is room. PV_ENOMEM,
 * PV_ELIMIT. */
int pv_ledger_add(struct pv_ledger *ledger, const struct pv_trace_event *event,
                  struct pv_deeds *deeds);

#endif
