/* SPDX-License-Identifier: MIT
 *
 * failing_own.h - an own.c whose n-th request is refused, and which knows what is not freed.
 */
#ifndef PV_TEST_FAILING_OWN_H
#define PV_TEST_FAILING_OWN_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th request from now on (1 is the next) fails, with `sticky` all after it as well.
 * 0: none. Counts from 0 again. */
void failing_own_at(size_t n, bool sticky);

size_t failing_own_requests(void); /* since failing_own_at */
size_t failing_own_live(void);     /* blocks not freed */

#endif
