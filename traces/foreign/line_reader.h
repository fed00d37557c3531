/* SPDX-License-Identifier: MIT
 *
 * line_reader.h - reads a log of one call a line, described by patterns of its lines
 * (pattern.h). line_formats.c has the formats with names. Internal to traces/.
 */
#ifndef PV_LINE_READER_H
#define PV_LINE_READER_H

#include "traces/grammar.h"

enum { PV_LINE_HEADS = 4, PV_LINE_TAILS = 32 };

/* The first head that matches the beginning of a line is taken off, and the rest is matched
 * against the tails in order. A tail without an address says that the line means nothing;
 * {left} counts the call as left out; a line that matches no tail is counted. */
struct pv_line_format {
    struct pv_grammar grammar;        /* first: line_reader.c casts it to this struct */
    const char *heads[PV_LINE_HEADS]; /* none: the whole line is the tail */
    const char *tails[PV_LINE_TAILS];
};

/* Is any line of the head a call of this format? */
bool pv_line_probe(const struct pv_line_format *format, const unsigned char *head, size_t n);

/* As open of struct pv_format. The patterns of the header, one a line, are tails too. PV_EINVAL
 * with the place's text: one of them is wrong. */
int pv_line_open(const struct pv_line_format *format, void **ret_state,
                 struct pv_stream *stream, struct pv_trace_header *header,
                 struct pv_place *place);

/* The `line` function of the grammar. */
int pv_line_read(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call);
enum { PV_LINE_OWN_BYTES = 32 * 1024 };

#endif
