/* SPDX-License-Identifier: MIT
 *
 * wrap.h - prose on a page of a fixed width. Counts bytes: our own sentences are ASCII.
 */
#ifndef PV_WRAP_H
#define PV_WRAP_H

#include <stdio.h>

/* Prints words from `column` on (the line holds that many columns already), breaks lines before
 * `width`, indents later ones to `indent`, and ends the last. */
void pv_wrap(FILE *out, const char *text, unsigned column, unsigned indent, unsigned width);

#endif
