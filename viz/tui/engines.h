/* SPDX-License-Identifier: MIT
 *
 * engines.h - what other engines would hold at one moment: the trace is replayed anew, step by
 * step, while the screen stands. Who shows a trace offers this where the trace can be read twice.
 */
#ifndef PV_TUI_ENGINES_H
#define PV_TUI_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PV_ENGINE_ROWS = 8 };

/* An engine's heap at the moment. */
struct pv_engine_row {
    const char *name;       /* a literal */
    uint64_t held;          /* bytes of all buckets */
    uint64_t live;          /* requested bytes of the blocks that it had room for */
    uint64_t free, largest; /* payload bytes: of all free pebbles, of the largest */
    uint64_t n_free;        /* free pebbles */
    uint64_t n_failed;      /* requests that it had no room for, up to the moment */
};

struct pv_engines_source {
    /* Begins to replay the trace up to an event, PV_START for none. PV_ENOTSUP: the trace cannot
     * be read again. PV_ENOMEM. */
    int (*begin)(void *ctx, int64_t event);
    /* Replays some thousand events more; *ret_n: so many so far. false: it has ended. */
    bool (*more)(void *ctx, uint64_t *ret_n);
    /* After its end: fills a row for each engine, and gives up what was begun. Returns the rows;
     * 0: the trace could not be read to the moment, or memory is short. */
    size_t (*take)(void *ctx, struct pv_engine_row *ret_rows);
    /* Gives up what was begun, if anything was. */
    void (*stop)(void *ctx);
    void *ctx;
};

/* In the model. */
struct pv_engines {
    const struct pv_engines_source *source; /* borrowed; NULL: none */
    bool working;
    int64_t event; /* that the rows are of, or are made for */
    uint64_t n;    /* events replayed so far */
    struct pv_engine_row rows[PV_ENGINE_ROWS];
    size_t n_rows;
};

struct pv_model;

/* The key: asks for the present moment and opens the sheet, or closes it. PV_ENOMEM. */
int pv_engines_ask(struct pv_model *model);

/* While `working`: one step, and the sheet anew when it was the last. PV_ENOMEM. */
int pv_engines_work(struct pv_model *model);

/* Gives up what is still going on. */
void pv_engines_stop(struct pv_model *model);

#endif
