/* SPDX-License-Identifier: MIT
 *
 * same.h - the two ways to look at JSON, the library's tree and the text where it stands,
 * say the same.
 */
#ifndef PV_TEST_JSON_SAME_H
#define PV_TEST_JSON_SAME_H

#include <stdbool.h>
#include <stddef.h>

#include "traces/json/value.h"

/* The library's tree of a whole text; pv_json_free is due. What pv_json_check and pv_json_build
 * say. */
int json_parse(struct pv_json **ret_value, const char *bytes, size_t n,
               struct pv_place *ret_place);

/* Parses n bytes and compares when they are a sound value; *ret_sound tells whether. false: the
 * two differ, or the library refuses what the scan has found sound. */
bool json_same_text(const char *bytes, size_t n, bool *ret_sound);

#endif
