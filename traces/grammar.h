/* SPDX-License-Identifier: MIT
 *
 * grammar.h - a text format of other tools, of which every line is a call, is nothing, or is
 * wrong. grammar.c makes a reader of it. Internal to traces/.
 */
#ifndef PV_GRAMMAR_H
#define PV_GRAMMAR_H

#include "traces/calls.h"
#include "traces/format.h"
#include "traces/functions.h"
#include "traces/lines.h"
#include "traces/texts.h"

struct pv_grammar;

/* A name as it stood in the log, and what it is: most calls come from few places. */
enum { PV_GRAMMAR_SEEN = 256, PV_GRAMMAR_SEEN_BYTES = 118 };
struct pv_grammar_seen {
    const char *name; /* one of the texts */
    uint16_t n;       /* of the bytes; 0: none */
    char bytes[PV_GRAMMAR_SEEN_BYTES];
};

struct pv_text_trace {
    const struct pv_grammar *grammar;
    struct pv_lines lines;
    struct pv_calls *calls;
    struct pv_texts *texts; /* names live here */
    uint64_t counts[4];     /* the grammar's own */
    uint64_t old;           /* the grammar's own: the block that the next line is about */
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
    size_t own_bytes;           /* of the memory that the grammar wants for itself */

    /* 0: *call is one. 1: the line says nothing. PV_EFORMAT by pv_lines_blame. *call is zeroed
     * but for count 1. */
    int (*line)(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call);

    /* After the last line, or NULL. May put calls. Negative: it could not. */
    int (*end)(struct pv_text_trace *trace);

    /* Gives back what `own` holds, or NULL. */
    void (*close)(void *own);
};

/* For a line that holds more than one call: puts one at once. As pv_calls_put; PV_EFORMAT. */
int pv_grammar_put(struct pv_text_trace *trace, const struct pv_call *call);

/* What is to hold from now on. */
void pv_grammar_rules(struct pv_text_trace *trace, bool in_order, bool begins_late);

int pv_grammar_open(const struct pv_grammar *grammar, void **ret_state,
                    struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place);
int pv_grammar_next(void *state, struct pv_trace_event *ret_event);
void pv_grammar_close(void *state); /* takes NULL */

/* A foreign text as the call's name; nothing when it is empty. PV_ENOMEM, PV_ELIMIT. */
int pv_grammar_name(struct pv_text_trace *trace, struct pv_cursor text, struct pv_call *call);

/* For probes: is `look` true of any whole line at the file's beginning, which is text? */
bool pv_grammar_probe_any(const unsigned char *head, size_t n,
                          bool (*look)(struct pv_cursor line));

/* For probes: is `look` true of one of the whole lines at the file's beginning, after none that
 * `skip` is false of? `skip` NULL: of the first line that is not blank. */
bool pv_grammar_probe(const unsigned char *head, size_t n, bool (*look)(struct pv_cursor line),
                      bool (*skip)(struct pv_cursor line));

#endif
