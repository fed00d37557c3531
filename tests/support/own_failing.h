/* SPDX-License-Identifier: MIT
 *
 * own_failing.h - the one core/own.c of the tests whose n-th request is refused, and which knows
 * what was not freed. A test that links own_failing.c has it in place of the library's.
 *
 * An executable that calls nothing of this obeys the environment: request PV_FAIL_AT fails (1 is
 * the first), and with PV_FAIL_STICKY=1 all after it.
 */
#ifndef PV_TESTS_SUPPORT_OWN_FAILING_H
#define PV_TESTS_SUPPORT_OWN_FAILING_H

#include <stdbool.h>
#include <stdint.h>

/* The n-th request from now on (1 is the next) fails, with `sticky` all after it as well; 0:
 * none. Counts from 0 again. */
void own_fail_at(uint64_t n, bool sticky);

/* Since own_fail_at: has a request failed, and how many were there? */
bool own_has_failed(void);
uint64_t own_n_requests(void);

/* Blocks that were given out and not freed. */
int64_t own_n_live(void);

#endif
