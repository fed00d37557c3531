/* SPDX-License-Identifier: MIT
 *
 * grammar.h - describes another tool's text format, in which every line is a call, means
 * nothing, or is an error. grammar.c makes a reader of it. Internal to traces/.
 */
#ifndef PV_GRAMMAR_H
#define PV_GRAMMAR_H

#include "traces/calls.h"
#include "traces/format.h"
#include "traces/functions.h"
#include "traces/lines.h"
#include "traces/texts.h"

struct pv_grammar;

/* A cache from the bytes of a name to the cleaned name: most calls come from few places. */
enum { PV_GRAMMAR_SEEN = 256, PV_GRAMMAR_SEEN_BYTES = 118 };
struct pv_grammar_seen {
    const char *name; /* one of the texts */
    uint16_t n;       /* of the bytes; 0: the slot is empty */
    char bytes[PV_GRAMMAR_SEEN_BYTES];
};

struct pv_text_trace {
    const struct pv_grammar *grammar;
    struct pv_lines lines;
    struct pv_calls *calls;
    struct pv_texts *texts; /* names live here */
    uint64_t counts[4];     /* the grammar's own */
    uint64_t old;           /* the grammar's own: the address that the next line is about */
    void *own;              /* the grammar's own, zeroed; see own_bytes */
    struct pv_trace_header *header;
    struct pv_account *account;
    struct pv_call blank; /* what each call begins as */
    struct pv_grammar_seen seen[PV_GRAMMAR_SEEN];
    int ended;
};

struct pv_grammar {
    const char *name;
    const char *clock;
    bool by_number;             /* calls.h */
    bool in_order, begins_late; /* calls.h; may be changed by pv_grammar_rules */
    size_t own_bytes;           /* how much memory of its own the grammar needs */

    /* 0: *call is set. 1: the line means nothing. PV_EFORMAT by pv_lines_blame. *call comes
     * zeroed but for count, which is 1. */
    int (*line)(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call);

    /* Called after the last line; may be NULL. May put calls. Negative: it failed. */
    int (*end)(struct pv_text_trace *trace);

    /* Frees what `own` holds; may be NULL. */
    void (*close)(void *own);
};

/* For a line that holds more than one call: puts one now. As pv_calls_put; PV_EFORMAT. */
int pv_grammar_put(struct pv_text_trace *trace, const struct pv_call *call);

/* Sets the rules that hold from now on. */
void pv_grammar_rules(struct pv_text_trace *trace, bool in_order, bool begins_late);

int pv_grammar_open(const struct pv_grammar *grammar, void **ret_state,
                    struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place);
int pv_grammar_next(void *state, struct pv_trace_event *ret_event);
void pv_grammar_close(void *state); /* takes NULL */

/* Makes a foreign text the call's name; does nothing when it is empty. PV_ENOMEM, PV_ELIMIT. */
int pv_grammar_name(struct pv_text_trace *trace, struct pv_cursor text, struct pv_call *call);

/* For probes: is the head text, and is `look` true for any whole line of it? */
/* Whether a line says that others are missing behind it: "[snip]", "...", "[LOST 12 EVENTS]",
 * "Tracer discarded 12 events". If so, it is counted, and a call that is not there may have
 * returned any address. */
bool pv_grammar_take_gap(struct pv_text_trace *trace, struct pv_cursor line);

bool pv_grammar_probe_any(const unsigned char *head, size_t n,
                          bool (*look)(struct pv_cursor line));

/* For probes: is `look` true for a whole line of the head, with `skip` true for every line
 * before it? `skip` NULL: only the first line that is not blank counts. */
bool pv_grammar_probe(const unsigned char *head, size_t n, bool (*look)(struct pv_cursor line),
                      bool (*skip)(struct pv_cursor line));

#endif
