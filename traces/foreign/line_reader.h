/* SPDX-License-Identifier: MIT
 *
 * line_reader.h - a log of one call a line, given by what its lines look like (pattern.h).
 * line_formats.c has those that go by a name. Internal to traces/.
 */
#ifndef PV_LINE_READER_H
#define PV_LINE_READER_H

#include "traces/grammar.h"

enum { PV_LINE_HEADS = 4, PV_LINE_TAILS = 32 };

/* The first head that a line begins with is taken off, and the rest is held to one tail after
 * the other. A tail without an address says nothing; {left} counts a call as left out; a line
 * that no tail fits is counted. */
struct pv_line_format {
    struct pv_grammar grammar;        /* the first member: grammar.h hands it on */
    const char *heads[PV_LINE_HEADS]; /* none: a line is its tail */
    const char *tails[PV_LINE_TAILS];
};

/* Is a line of the head a call of this format? */
bool pv_line_probe(const struct pv_line_format *format, const unsigned char *head, size_t n);

/* As the open of struct pv_format. The patterns of the header, if it has some, are tails too:
 * one a line. PV_EINVAL with the place's text: one of them is wrong. */
int pv_line_open(const struct pv_line_format *format, void **ret_state,
                 struct pv_stream *stream, struct pv_trace_header *header,
                 struct pv_place *place);

/* The grammar's line, and what memory it wants. */
int pv_line_read(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call);
enum { PV_LINE_OWN_BYTES = 32 * 1024 };

#endif
