/* SPDX-License-Identifier: MIT
 *
 * tags.h - each different tag once, with a number. Tag 0 is "", no name.
 *
 * Numbers are given in the order of first appearance, so the same input gives the same numbers
 * everywhere. Adding and looking up cost one hash of at most 31 bytes. Texts never move.
 */
#ifndef PV_TAGS_H
#define PV_TAGS_H

#include <stddef.h>
#include <stdint.h>

struct pv_tags;

int pv_tags_open(struct pv_tags **ret_tags); /* PV_ENOMEM */
void pv_tags_close(struct pv_tags *tags);    /* takes NULL */

/* The number of the tag, added if new. `text` is clean (core/text.h); of it the first 31 bytes,
 * not cut inside a character, are the tag. PV_ENOMEM, PV_ELIMIT beyond 2^32-1 tags. */
int pv_tags_add(struct pv_tags *tags, const char *text, uint32_t *ret_tag);

const char *pv_tags_text(const struct pv_tags *tags, uint32_t tag); /* "" for no such tag */
uint32_t pv_tags_count(const struct pv_tags *tags);                 /* at least 1 */

#endif
