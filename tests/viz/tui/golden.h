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

/* Whether text is what the file holds. Prints the first line that differs. */
bool golden_same(const char *name, const char *text);

/* As golden_same, or writes the file when asked to. */
bool golden_check(const char *name, const char *text);

#endif
