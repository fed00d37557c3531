/* SPDX-License-Identifier: MIT
 *
 * tag_cut.h - a long tag in the 31 bytes that a pebble has for its name. Internal to inspect/.
 */
#ifndef PV_TAG_CUT_H
#define PV_TAG_CUT_H

#include <stddef.h>

#include "core/heap.h"

/* Cuts where people lose least, and no further than needed: first the directories, then the
 * address in brackets, the file before the function, a function's arguments, and at last the
 * beginning, for which ".." stands. `text` is clean UTF-8 of n bytes; nothing is cut inside a
 * character. The number of bytes, at most PV_NAME_BYTES - 1; a NUL follows them. */
size_t pv_tag_cut(const char *text, size_t n, char ret[PV_NAME_BYTES]);

/* The same text with a number at its end, for texts that would be alike otherwise: "name~7". */
size_t pv_tag_number(char text[PV_NAME_BYTES], size_t n, unsigned number);

#endif
