/* SPDX-License-Identifier: MIT
 *
 * known.h - files that people mistake for traces, and what to do with them. Internal to
 * traces/.
 */
#ifndef PV_KNOWN_H
#define PV_KNOWN_H

#include <stddef.h>

/* Says what a file that begins with these bytes is, and what to do with it: one clean sentence
 * without a full stop. NULL: none of these. For files that no reader can read. */
const char *pv_known_find(const unsigned char *head, size_t n);

#endif
