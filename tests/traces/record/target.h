/* SPDX-License-Identifier: MIT
 *
 * target.h - the numbers that the recorded program and the test of its trace share.
 */
#ifndef PV_TEST_RECORD_TARGET_H
#define PV_TEST_RECORD_TARGET_H

enum {
    MARK_BYTES = 12345, /* the first block of make_things, freed last */
    LEFT_BYTES = 54321, /* never freed */
    THREAD_BYTES = 77,
    CHILD_BYTES = 4242,
    PARENT_BYTES = 4243,
    SECOND_BYTES = 7171, /* in what the program becomes */
    N_THREADS = 4,
    CHURN = 3000
};

void make_things(void);

#endif
