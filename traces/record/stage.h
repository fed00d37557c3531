/* SPDX-License-Identifier: MIT
 *
 * stage.h - makes what a recording needs: the library, the spool, the environment. All of it is
 * removed afterwards, also when a signal ends the process.
 */
#ifndef PV_RECORD_STAGE_H
#define PV_RECORD_STAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PV_LIBRARY     "libpebbleviz-preload.so"
#define PV_LIBRARY_ENV "PEBBLEVIZ_PRELOAD"

struct pv_stage {
    char directory[PATH_MAX / 2]; /* "" until it is made */
    char spool[PATH_MAX];
    char library[PATH_MAX];
    char **environment; /* for the program; the array and its first two entries are owned */
    void *map;          /* of the spool, PV_SPOOL_BYTES; NULL: none */
    int notes[3];       /* signals.h */
};

/* `wanted`: the library, or NULL for $PEBBLEVIZ_PRELOAD, else where this executable was built,
 * if it still lies there, or was to be installed. False: it is not there; errno says why, and
 * *out is where it was looked for. cap: PATH_MAX. */
bool pv_stage_find_library(const char *wanted, char *out, size_t cap);

/* The file that execvp would run, for its symbols; "" when there is none. */
void pv_stage_find_executable(const char *program, char *out, size_t cap);

/* Makes all of it. `depth` of call stacks as in the spool's header. PV_EIO (errno), PV_ENOMEM;
 * pv_stage_clear must be called in any case. */
int pv_stage_make(struct pv_stage *stage, const char *library, uint64_t depth);

/* Takes a zeroed stage. */
void pv_stage_clear(struct pv_stage *stage);

#endif
