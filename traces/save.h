/* SPDX-License-Identifier: MIT
 *
 * save.h - a file that appears whole or not at all: written beside its final name, renamed when
 * done. Used by the trace writer and by every export. Or an old file that grows as a whole or
 * not at all.
 */
#ifndef PV_SAVE_H
#define PV_SAVE_H

#include <stdint.h>
#include <stdio.h>

struct pv_save;

/* "-" is standard output (nothing is renamed). PV_EIO, PV_ENOMEM; on failure *ret_save is set
 * whenever there was memory for it, for pv_save_error. A path that is no regular file (a pipe,
 * /dev/null) is written directly. Until it is whole, only its owner can read it, and a signal
 * that ends us removes it (signals.h); then it has the owner and the mode of what it replaces,
 * or the mode that the umask leaves. */
int pv_save_open(struct pv_save **ret_save, const char *path);

/* The same; a file that was not there before is its owner's alone: for what tells more of a
 * program than its user may know. */
int pv_save_open_private(struct pv_save **ret_save, const char *path);

/* A regular file that is there, to be written behind its end; nobody else can open it so until
 * it is closed. It is not changed before pv_save_cut. PV_EINVAL: it is no regular file; PV_EIO,
 * PV_ENOMEM. */
int pv_save_open_old(struct pv_save **ret_save, const char *path);

/* Leaves the first n bytes of it: what it goes back to unless it is finished. PV_EIO. */
int pv_save_cut(struct pv_save *save, uint64_t n);

/* Borrowed; write with stdio. */
FILE *pv_save_file(struct pv_save *save);

/* Flushes, checks for errors, renames. PV_EIO: the final name is as it was before, or an old
 * file as it was cut. */
int pv_save_finish(struct pv_save *save);

/* After a failure: ends the writing. Where the bytes are that could be written, to look at them
 * before they are kept; NULL: there is no such file. Borrowed. */
const char *pv_save_unfinished(struct pv_save *save);

/* Gives what is written its final name, whole or not, after a failure too. PV_EIO. */
int pv_save_keep(struct pv_save *save);

/* Without a finish before, removes or takes back what was begun. Takes NULL. */
void pv_save_close(struct pv_save *save);

const char *pv_save_error(const struct pv_save *save);

#endif
