/* SPDX-License-Identifier: MIT
 *
 * near.h - which of several words somebody meant who mistyped one.
 */
#ifndef PV_NEAR_H
#define PV_NEAR_H

/* Longer words are near to none. */
enum { PV_NEAR_WORD = 32 };

/* Keeps in *best the candidate that is nearest to what was typed, if it is near at all, and in
 * *least how far it is. Begin with PV_NEAR_WORD and NULL. */
void pv_near_consider(const char *typed, const char *candidate, unsigned *least,
                      const char **best);

#endif
