/* SPDX-License-Identifier: MIT
 *
 * heaptrack.h - what heaptrack.c and heaptrack_tables.c share: a file being read, and
 * the records that build up its tables. Internal to traces/.
 */
#ifndef PV_HEAPTRACK_H
#define PV_HEAPTRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/calls.h"
#include "traces/foreign/heaptrack_blocks.h"
#include "traces/foreign/heaptrack_stacks.h"
#include "traces/lines.h"

enum pv_ht_form { PV_HT_ANY, PV_HT_INTERPRETED, PV_HT_RAW };

enum pv_ht_naming { PV_HT_UNNAMED, PV_HT_BY_KIND, PV_HT_BY_POINTER };

struct pv_ht_file {
    struct pv_lines lines;
    struct pv_trace_header *header;
    struct pv_ht_stacks *stacks;
    struct pv_ht_blocks *blocks;
    struct pv_calls *calls;
    bool has_version;
    uint64_t file_version;
    char *program; /* NULL: not told yet, the same for the path */
    char *path;
    enum pv_ht_form form;
    enum pv_ht_naming naming;
    uint64_t t;
    const char *piece; /* where the number taken last begins */
    bool has_line;     /* `line` came after the header and is to be taken */
    struct pv_cursor line;
    int ended;
    const char *frames[PV_EVENT_STACK_MAX]; /* of the event given last */
};

/* ---- pieces ---- */

/* A failure at a byte of the line, or at its beginning for NULL. PV_EFORMAT. */
int pv_ht_blame(struct pv_ht_file *reader, const char *at, const char *text);

/* A hexadecimal number behind blanks; one that can be a size; the number of a call stack that
 * is there. PV_EFORMAT. */
int pv_ht_take_number(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *ret);
int pv_ht_take_size(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *ret);
int pv_ht_take_stack(struct pv_ht_file *reader, struct pv_cursor *line, uint32_t *ret);

/* Passes blanks; does something follow? */
bool pv_ht_has_more(struct pv_cursor *line);

/* What a table answered to the number taken last: PV_EINVAL becomes a failure with the text
 * `missing`, PV_EFORMAT and PV_ELIMIT with their own. */
int pv_ht_judge(struct pv_ht_file *reader, int status, const char *missing);

/* A clean copy of what a file says once. PV_EFORMAT when it is there already, PV_ENOMEM. */
int pv_ht_keep(struct pv_ht_file *reader, struct pv_cursor text, char **ret);

/* ---- records: what stands behind the letter; 1, for they make no event, or a failure ---- */

int pv_ht_take_trace(struct pv_ht_file *reader, struct pv_cursor *line,
                     struct pv_trace_event *event);
int pv_ht_take_string(struct pv_ht_file *reader, struct pv_cursor *line,
                      struct pv_trace_event *event);
int pv_ht_take_instruction(struct pv_ht_file *reader, struct pv_cursor *line,
                           struct pv_trace_event *event);
int pv_ht_take_kind(struct pv_ht_file *reader, struct pv_cursor *line,
                    struct pv_trace_event *event);
int pv_ht_take_path(struct pv_ht_file *reader, struct pv_cursor *line,
                    struct pv_trace_event *event);
int pv_ht_take_module(struct pv_ht_file *reader, struct pv_cursor *line,
                      struct pv_trace_event *event);

#endif
