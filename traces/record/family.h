/* SPDX-License-Identifier: MIT
 *
 * family.h - which processes still have a spool mapped.
 */
#ifndef PV_RECORD_FAMILY_H
#define PV_RECORD_FAMILY_H

#include <stdint.h>

/* How many other processes than this one have mapped the file, by /proc, of those that this user
 * may look at; a thousandth of a second for some 30 processes. */
uint64_t pv_family_count(const char *path);

#endif
