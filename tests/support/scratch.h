/* SPDX-License-Identifier: MIT
 *
 * scratch.h - a folder for a test's files. One at a time, with a space in its name.
 */
#ifndef PV_TESTS_SUPPORT_SCRATCH_H
#define PV_TESTS_SUPPORT_SCRATCH_H

/* A new folder in $TMPDIR or /tmp, in a static buffer. */
const char *scratch_make(void);

/* The path of `name` in it, in another static buffer. */
const char *scratch_path(const char *name);

/* Removes the folder and the files in it; how many there were. */
int scratch_remove(void);

#endif
