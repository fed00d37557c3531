/* SPDX-License-Identifier: MIT
 *
 * same.h - the two ways to look at JSON, the library's tree and the text where it stands,
 * say the same.
 */
#ifndef PV_TEST_JSON_SAME_H
#define PV_TEST_JSON_SAME_H

#include <stdbool.h>
#include <stddef.h>

/* Parses n bytes and compares when they are a sound value; *ret_sound tells whether. false: the
 * two differ, or the library refuses what the scan has found sound. */
bool json_same_text(const char *bytes, size_t n, bool *ret_sound);

#endif
