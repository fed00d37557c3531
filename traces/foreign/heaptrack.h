/* SPDX-License-Identifier: MIT
 *
 * heaptrack.h - shared by heaptrack.c and heaptrack_tables.c: the state of a file being read,
 * and the records that fill its tables. Internal to traces/.
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
    char *program; /* NULL until a record gives it, as is the path */
    char *path;
    enum pv_ht_form form;
    enum pv_ht_naming naming;
    uint64_t t;
    const char *piece; /* where the number taken last begins */
    bool has_line;     /* `line` was read behind the header and is next */
    struct pv_cursor line;
    int ended;
    const char *frames[PV_EVENT_STACK_MAX]; /* frames of the event given last */
};

/* ---- pieces ---- */

/* Reports a failure at a byte of the line, or at its beginning for NULL. PV_EFORMAT. */
int pv_ht_blame(struct pv_ht_file *reader, const char *at, const char *text);

/* Takes a hexadecimal number behind blanks; _size: one that can be a size; _stack: the number
 * of an existing call stack. PV_EFORMAT. */
int pv_ht_take_number(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *ret);
int pv_ht_take_size(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *ret);
int pv_ht_take_stack(struct pv_ht_file *reader, struct pv_cursor *line, uint32_t *ret);

/* Skips blanks; does anything follow? */
bool pv_ht_has_more(struct pv_cursor *line);

/* Reports the status that a table returned for the number taken last: PV_EINVAL becomes a
 * failure with the text `missing`, PV_EFORMAT and PV_ELIMIT have texts of their own. */
int pv_ht_judge(struct pv_ht_file *reader, int status, const char *missing);

/* Keeps a clean copy of a text that a file may give only once. PV_EFORMAT when there is one
 * already, PV_ENOMEM. */
int pv_ht_keep(struct pv_ht_file *reader, struct pv_cursor text, char **ret);

/* ---- records: each takes what follows the letter; returns 1 (no event) or a failure ---- */

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
