/* SPDX-License-Identifier: MIT
 *
 * known.h - files that people take for traces, and what is to be done with them. Internal to
 * traces/.
 */
#ifndef PV_KNOWN_H
#define PV_KNOWN_H

#include <stddef.h>

/* What a file that begins with these bytes is, and what to do: one clean sentence without a full
 * stop. NULL: it is none of these. Never for a file that a reader takes. */
const char *pv_known_find(const unsigned char *head, size_t n);

#endif
