/* SPDX-License-Identifier: MIT
 *
 * support.h - what the tests of traces/ share.
 */
#ifndef PV_TESTS_TRACES_SUPPORT_H
#define PV_TESTS_TRACES_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/own_failing.h"
#include "tests/support/random.h"
#include "tests/support/scratch.h"
#include "traces/pack.h"
#include "traces/reader.h"

/* Bytes that grow; zeroed to begin with, free `bytes` with free(). */
struct bytes {
    unsigned char *bytes;
    size_t n, cap;
};

void bytes_add(struct bytes *bytes, const void *more, size_t n);

/* n zeroed bytes, never NULL; free them with free(). */
char *room(size_t n);

/* The bytes packed; NULL packing: a copy. */
struct bytes bytes_packed(const struct pv_packing *packing, const void *plain, size_t n);

/* A file's bytes; fails the test when it cannot be read. */
struct bytes bytes_of_file(const char *path);

/* Are the events the same in every field that means something? */
void assert_same_event(const struct pv_trace_event *a, const struct pv_trace_event *b);

enum { SPELL_BYTES = 8192 };

/* Reads bytes to their end and writes each event in a few letters, m1:100 c2:4x25 a3:256/64
 * r1:5000 f2 f-, with @thread !time 'name, into `out` of SPELL_BYTES. How the reading ended;
 * *ret_reader is to be closed. */
int read_spelled(const char *bytes, size_t n, const char *from, char *out,
                 struct pv_reader **ret_reader);

#endif
