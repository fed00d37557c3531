/* SPDX-License-Identifier: MIT
 *
 * tags.h - each different tag once, with a number. Tag 0 is "", no name.
 *
 * Numbers are given in the order of first appearance, so the same input gives the same numbers
 * everywhere. Adding and looking up cost one hash of the text. Texts never move.
 *
 * A pebble has 31 bytes for its name. Each tag has a short form that fits and that no other
 * tag here has, so that whoever reads a heap in memory finds the whole tag again.
 */
#ifndef PV_TAGS_H
#define PV_TAGS_H

#include <stddef.h>
#include <stdint.h>

struct pv_tags;

int pv_tags_open(struct pv_tags **ret_tags); /* PV_ENOMEM */
void pv_tags_close(struct pv_tags *tags);    /* takes NULL */

enum { PV_TAG_MAX = 4095 }; /* bytes of a tag */

/* The number of the tag, added if new. `text` is clean (core/text.h); of it the first PV_TAG_MAX
 * bytes, not cut inside a character, are the tag. PV_ENOMEM, PV_ELIMIT beyond 2^32-1 tags. */
int pv_tags_add(struct pv_tags *tags, const char *text, uint32_t *ret_tag);

/* The number of the tag whose short form this is, of which the first 31 bytes count; there being
 * none, of a tag of this text. As pv_tags_add. */
int pv_tags_add_short(struct pv_tags *tags, const char *text, uint32_t *ret_tag);

/* The form that a pebble's name field can hold; "" for no such tag. */
const char *pv_tags_short(const struct pv_tags *tags, uint32_t tag);

const char *pv_tags_text(const struct pv_tags *tags, uint32_t tag); /* "" for no such tag */
uint32_t pv_tags_count(const struct pv_tags *tags);                 /* at least 1 */

#endif
