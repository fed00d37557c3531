/* SPDX-License-Identifier: MIT
 *
 * worker.h - what a foreign library makes of hostile or huge input is made by a child process
 * with limits on time (60 s) and memory (2 GiB): a library that hangs, or dies when memory is
 * short, does not take us along.
 */
#ifndef PV_EXPORT_WORKER_H
#define PV_EXPORT_WORKER_H

#include <stdbool.h>
#include <stdio.h>

struct pv_worker {
    const char *name; /* of the library, as a sentence begins: "Graphviz" */
    const char *task; /* what it could not do: "lay the graph out" */
    /* In the child. false: it failed. */
    bool (*work)(void *ctx, FILE *out);
    void *ctx;
};

/* What the work has written is appended to `out`. PV_ELIMIT: the child failed, hit a limit or
 * died, or wrote nothing; PV_EIO: no pipe or no process: *ret_text says so. PV_EIO without a
 * text: `out` has an error. */
int pv_worker_run(const struct pv_worker *worker, FILE *out, char *ret_text, size_t text_cap);

#endif
