/* SPDX-License-Identifier: MIT
 *
 * save.h - writes a file that appears whole or not at all: under another name beside its final
 * one, renamed when it is complete. The trace writer and every export use it. An old file can
 * be extended in the same way: as a whole or not at all.
 */
#ifndef PV_SAVE_H
#define PV_SAVE_H

#include <stdint.h>
#include <stdio.h>

struct pv_save;

/* Begins a file. "-" is standard output (nothing is renamed). PV_EIO, PV_ENOMEM; on failure
 * *ret_save is set whenever there was memory for it, for pv_save_error. A path that is no
 * regular file (a pipe, /dev/null) is written directly. Until the file is complete, only its
 * owner can read it, and a signal that ends the process removes it (signals.h); then it gets
 * the owner and the mode of the file that it replaces, or the mode that the umask allows. */
int pv_save_open(struct pv_save **ret_save, const char *path);

/* The same, but only the owner may read a new file: for files that tell more of a program than
 * other users may know. */
int pv_save_open_private(struct pv_save **ret_save, const char *path);

/* Opens an existing regular file to write behind its end, and locks it against other writers of
 * this kind. The file is unchanged until pv_save_cut. PV_EINVAL: it is no regular file; PV_EIO,
 * PV_ENOMEM. */
int pv_save_open_old(struct pv_save **ret_save, const char *path);

/* Cuts the file to its first n bytes, to which it returns unless it is finished. PV_EIO. */
int pv_save_cut(struct pv_save *save, uint64_t n);

/* Borrowed; write with stdio. */
FILE *pv_save_file(struct pv_save *save);

/* Flushes, checks for errors, renames. PV_EIO: the file of the final name is as it was before;
 * an old file is as it was after the cut. */
int pv_save_finish(struct pv_save *save);

/* After a failure: ends the writing. Returns the path of what could be written, to look at it
 * before it is kept; NULL: there is no such file. Borrowed. */
const char *pv_save_unfinished(struct pv_save *save);

/* Gives the written file its final name, whole or not; also after a failure. PV_EIO. */
int pv_save_keep(struct pv_save *save);

/* Without pv_save_finish before, removes the unfinished file or what was added to an old one.
 * Takes NULL. */
void pv_save_close(struct pv_save *save);

const char *pv_save_error(const struct pv_save *save);

#endif
