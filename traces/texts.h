/* SPDX-License-Identifier: MIT
 *
 * texts.h - numbers different byte strings, from 0 in the order in which they came. Internal to
 * traces/. Costs the bytes themselves and about 40 bytes for each string.
 */
#ifndef PV_TEXTS_H
#define PV_TEXTS_H

#include <stddef.h>
#include <stdint.h>

struct pv_texts;

/* The most that a table holds; a trace with more is refused. */
enum { PV_TEXTS_MAX = 1 << 24, PV_TEXTS_BYTES = 1 << 30 };

struct pv_texts *pv_texts_open(void);        /* NULL: no memory */
void pv_texts_close(struct pv_texts *texts); /* takes NULL */

/* 0: *ret_number is the string's number, old or new. PV_ENOMEM, PV_ELIMIT. */
int pv_texts_number(struct pv_texts *texts, const void *bytes, size_t n, uint32_t *ret_number);

/* Gives a string the next number. When it has a number already, it keeps that one too.
 * PV_ENOMEM, PV_ELIMIT. */
int pv_texts_add(struct pv_texts *texts, const void *bytes, size_t n);

uint32_t pv_texts_count(const struct pv_texts *texts);

/* Borrowed, with a NUL behind it. */
const char *pv_texts_get(const struct pv_texts *texts, uint32_t number, size_t *ret_n);

#endif
