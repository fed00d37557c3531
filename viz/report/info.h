/* SPDX-License-Identifier: MIT
 *
 * info.h - what a trace holds, counted in one pass in memory of the live blocks (and of the
 * different tags and threads).
 */
#ifndef PV_INFO_H
#define PV_INFO_H

#include <stdio.h>

#include "replay/live.h"
#include "replay/timeline.h"
#include "traces/reader.h"
#include "viz/text/emit.h"
#include "viz/text/tally.h"

enum { PV_INFO_FIRST = 5 };

/* What is wrong with the program, or with its clock: how often, and where first. */
struct pv_info_places {
    uint64_t n;
    struct pv_info_place {
        int64_t event;
        uint64_t line, column, byte; /* in the trace, as in struct pv_place */
    } first[PV_INFO_FIRST];
};

/* 2^47 bytes are all that a process on x86-64 and most other machines can address: a trace with
 * such a request was made by a mistake, or read as another format. */
enum { PV_DOUBT_BITS = 47 };

enum { PV_INFO_SIZES = 65, PV_INFO_THREADS_MAX = 65536 };

/* A heap that was replayed beside the counting, for what it refused. */
struct pv_info_replay {
    const char *engine;
    const struct pv_timeline *timeline; /* borrowed */
};

struct pv_info {
    const char *path; /* clean, borrowed */
    const struct pv_trace_header *header;
    const struct pv_account *account; /* what the reader left out or guessed */
    struct pv_live who;               /* is live, and what are mistakes */
    uint64_t n_events;
    uint64_t ops[PV_N_OPS];
    uint64_t ids[3]; /* by the kind in struct pv_id: events with null, a number, a text */
    /* Requests (malloc, calloc, aligned, realloc to more than 0). sizes[0] is size 0, sizes[k]
     * those from 2^(k-1) to 2^k - 1. */
    uint64_t n_requests, request_bytes;
    uint64_t sizes[PV_INFO_SIZES], size_bytes[PV_INFO_SIZES];
    struct pv_tally allocated; /* by tag, ranked after pv_info_end */
    struct pv_tally live;      /* at the end, ranked */
    uint64_t *threads;         /* sorted */
    size_t n_threads, cap_threads;
    uint64_t thread; /* of the event before, once there are some */
    bool has_times;
    uint64_t t_first, t_last, t_before;
    struct pv_info_places backward; /* events whose time is before that of the one before */
    struct pv_info_places mistakes[PV_N_MISTAKES];
    bool damaged;
    const struct pv_info_replay *replays; /* those that were asked for; borrowed */
    size_t n_replays;
};

/* What the reader has is borrowed. PV_ENOMEM. */
int pv_info_begin(struct pv_info *info, const char *path, const struct pv_reader *reader);
/* The place is that of the event in its file. */
int pv_info_add(struct pv_info *info, const struct pv_trace_event *event,
                const struct pv_place *place);
int pv_info_end(struct pv_info *info);
void pv_info_free(struct pv_info *info);

void pv_info_text(const struct pv_info *info, size_t top, FILE *out);
void pv_info_json(const struct pv_info *info, size_t top, FILE *file);

/* info_account.c: the part of both about what was left out and which processes there are. */
void pv_info_text_account(const struct pv_account *account, FILE *out);
void pv_info_json_account(struct pv_json_out *out, const struct pv_account *account);

#endif
