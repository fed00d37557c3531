/* SPDX-License-Identifier: MIT
 *
 * golden.h - a text held against a file under goldens/, byte for byte.
 *
 * With PV_UPDATE_GOLDENS=1 in the environment the file is written instead; look at the
 * difference before it is committed.
 */
#ifndef PV_TEST_GOLDEN_H
#define PV_TEST_GOLDEN_H

#include <stdbool.h>

/* The goldens are of 80-byte headers. Without names a header is shorter, other addresses and
 * sizes follow, and only a part of some texts must be as it was; with names all of each. */
enum golden_part {
    GOLDEN_ALL,   /* no header's size shows */
    GOLDEN_WORDS, /* all but numbers */
    GOLDEN_FRAME  /* a screen's first line, its last, and how many there are */
};

/* Whether that part of text is what the file holds. Prints the first line that differs. */
bool golden_same(const char *name, enum golden_part part, const char *text);

/* As golden_same, with names GOLDEN_ALL whatever the part; or writes the file when asked to. */
bool golden_check(const char *name, enum golden_part part, const char *text);

#endif
