/* SPDX-License-Identifier: MIT
 *
 * target.h - what a command looks at: one moment of a trace, or a catalog file, as a snapshot.
 */
#ifndef PV_TARGET_H
#define PV_TARGET_H

#include "viz/cli/load.h"
#include "viz/export/catalog.h"
#include "viz/export/documents.h"

struct pv_target {
    char *path;         /* without the moment */
    const char *moment; /* "peak" in TRACE@peak, in path's storage; NULL: none */
    bool is_catalog;
    struct pv_load load;
    struct pv_catalog catalog;
    struct pv_snapshot *taken;          /* of the load; ours */
    const struct pv_snapshot *snapshot; /* borrowed: of the catalog or taken */
    struct pv_source source;
    char title[PV_PATH_TEXT + 64]; /* clean: path, moment */
    int code;                      /* PV_EXIT_DAMAGED: it is what was good of a damaged input */
};

/* Cuts FILE@EVENT: a file whose whole name exists wins, then the longest existing FILE, then
 * the last '@' that a moment's name follows. *ret_path is the caller's to free; *ret_moment
 * points into it, NULL when there is none. PV_ENOMEM. */
int pv_target_split(const char *text, char **ret_path, const char **ret_moment);

/* Whether a file is a catalog. 0 or an exit code whose reason was said. */
int pv_target_look(const char *path, bool *ret_is_catalog);

/* The snapshot of a catalog file, or of the trace's moment: text's own @EVENT, else `at`, else
 * the peak. `other`, unless NULL, names the same trace once more, for pv_target_other. 0 or an
 * exit code whose reason was said; pv_target_close is due in both cases. */
int pv_target_open(struct pv_target *target, const char *text, const char *other,
                   const char *at, const struct pv_replay_options *options);

/* The other moment of a trace (no catalog) that was opened with it; once, and the loaded target
 * outlives it. */
int pv_target_other(struct pv_target *target, struct pv_target *loaded, const char *text,
                    size_t engine);

void pv_target_close(struct pv_target *target);

#endif
