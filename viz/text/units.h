/* SPDX-License-Identifier: MIT
 *
 * units.h - numbers as people read them. Pure; the caller's buffers of PV_UNIT_TEXT bytes.
 */
#ifndef PV_UNITS_H
#define PV_UNITS_H

#include <stdbool.h>
#include <stdint.h>

enum { PV_UNIT_TEXT = 40 };

/* "96 B", "1.50 KiB", "31.2 MiB", "312 GiB": three figures, rounded. Returns buf. */
const char *pv_units_bytes(char *buf, uint64_t bytes);

/* "+96 B", "-1.50 KiB", "0 B". Returns buf. */
const char *pv_units_change(char *buf, uint64_t before, uint64_t after);

/* "512,345". Returns buf. */
const char *pv_units_count(char *buf, uint64_t n);

/* The count with its noun: "1 block", "2,000 blocks", "3 processes". The noun is ours, in the
 * singular, of at most 13 bytes, an s included. Returns buf. */
const char *pv_units_of(char *buf, uint64_t n, const char *noun);

/* "12.3 %". Returns buf. */
const char *pv_units_percent(char *buf, double share);

/* "64K", "4M", "1G", "1234": false when it is none, or does not fit. */
bool pv_units_parse(const char *text, uint64_t *ret_bytes);

/* Decimal digits only. */
bool pv_units_parse_count(const char *text, uint64_t *ret_n);

#endif
