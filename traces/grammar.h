/* SPDX-License-Identifier: MIT
 *
 * grammar.h - a text format of other tools, of which every line is a call, is nothing, or is
 * wrong. grammar.c makes a reader of it. Internal to traces/.
 */
#ifndef PV_GRAMMAR_H
#define PV_GRAMMAR_H

#include "traces/calls.h"
#include "traces/format.h"
#include "traces/lines.h"
#include "traces/texts.h"

struct pv_grammar;

struct pv_text_trace {
    const struct pv_grammar *grammar;
    struct pv_lines lines;
    struct pv_calls *calls;
    struct pv_texts *texts; /* names live here */
    uint64_t counts[4];     /* the grammar's own */
    uint64_t old;           /* the grammar's own: the block that the next line is about */
    struct pv_call blank;   /* what each call begins as */
    int ended;
};

struct pv_grammar {
    const char *name;
    const char *clock;
    bool by_number; /* calls.h */

    /* 0: *call is one. 1: the line says nothing. PV_EFORMAT by pv_lines_blame. *call is zeroed
     * but for count 1. */
    int (*line)(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call);
};

int pv_grammar_open(const struct pv_grammar *grammar, void **ret_state,
                    struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place);
int pv_grammar_next(void *state, struct pv_trace_event *ret_event);
void pv_grammar_close(void *state); /* takes NULL */

/* A foreign text as the call's name; nothing when it is empty. PV_ENOMEM, PV_ELIMIT. */
int pv_grammar_name(struct pv_text_trace *trace, struct pv_cursor text, struct pv_call *call);

/* For probes: is `look` true of one of the whole lines at the file's beginning, after none that
 * `skip` is false of? `skip` NULL: of the first line that is not blank. */
bool pv_grammar_probe(const unsigned char *head, size_t n, bool (*look)(struct pv_cursor line),
                      bool (*skip)(struct pv_cursor line));

/* What a call is called: malloc, calloc, realloc, memalign, …, free and the C++ operators as
 * linkers write them. */
enum pv_call_form {
    PV_FORM_NONE,
    PV_FORM_SIZE,       /* (size) */
    PV_FORM_COUNT_SIZE, /* (count, size) */
    PV_FORM_OLD_SIZE,   /* (old, size) */
    PV_FORM_ALIGN_SIZE, /* (align, size) */
    PV_FORM_OUT_ALIGN,  /* (where to put it, align, size) */
    PV_FORM_OLD         /* (old) */
};

enum pv_call_form pv_call_form(const char *name, size_t n);

/* A name that such calls have, at the cursor; takes it. */
enum pv_call_form pv_call_form_take(struct pv_cursor *cursor);

/* Fills in the operation that goes with a form. */
void pv_call_set_op(struct pv_call *call, enum pv_call_form form);

#endif
