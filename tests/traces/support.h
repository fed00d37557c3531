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

/* A new folder in $TMPDIR or /tmp, in a static buffer; `scratch_path` a name in it, in another.
 * `scratch_remove` removes the folder and the files in it and answers how many there were. */
const char *scratch_make(void);
const char *scratch_path(const char *name);
int scratch_remove(void);

/* Are the events the same in every field that means something? */
void assert_same_event(const struct pv_trace_event *a, const struct pv_trace_event *b);

enum { SPELL_BYTES = 8192 };

/* Reads bytes to their end and writes each event in a few letters, m1:100 c2:4x25 a3:256/64
 * r1:5000 f2 f-, with @thread !time 'name, into `out` of SPELL_BYTES. How the reading ended;
 * *ret_reader is to be closed. */
int read_spelled(const char *bytes, size_t n, const char *from, char *out,
                 struct pv_reader **ret_reader);

/* A repeatable stream of numbers: splitmix64. */
uint64_t dice(uint64_t *state);

/* own_failing.c: the n-th request from now on fails (1 is the next), and with sticky all after
 * it; 0: none. */
void own_fail_at(uint64_t n, int sticky);
/* Did it come to that request? */
int own_has_failed(void);
/* Blocks that were requested and not freed. */
int64_t own_n_live(void);

#endif
