/* SPDX-License-Identifier: MIT
 *
 * drain_test.c - spools written by hand become the traces that they must: interleaved threads,
 * calls that the library never saw, records torn by a death, nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/status.h"
#include "tests/traces/support.h"
#include "traces/reader.h"
#include "traces/record/drain.h"
#include "traces/record/spool.h"

enum { RECORDS_MAX = 64, TEXT_BYTES = 1024 };

struct fixture {
    char trace[500];
    struct pv_spool_header *header;
    struct pv_spool_record *records;
    size_t n;
    size_t n_claimed; /* 0: all */
    struct pv_record_options options;
    struct pv_record_result result;
    char text[TEXT_BYTES]; /* the trace, one word an event */
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make();
    snprintf(fixture->trace, sizeof fixture->trace, "%s", scratch_path("t.json"));
    fixture->header = calloc(PV_SPOOL_BYTES, 1);
    assert_non_null(fixture->header);
    fixture->records =
        (struct pv_spool_record *)((char *)fixture->header + PV_SPOOL_HEADER_BYTES);
    fixture->options.depth = 8;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    scratch_remove();
    free(fixture->header);
    free(fixture);
    return 0;
}

/* `extra`: the count, or log2 of the alignment. */
static void add(struct fixture *fixture, enum pv_spool_kind kind, uint32_t thread,
                uint64_t addr, uint64_t size, uint64_t extra)
{
    assert_true(fixture->n < RECORDS_MAX);
    struct pv_spool_head head = {.kind = kind, .lap = pv_spool_lap(fixture->n), .part = thread};
    struct pv_spool_record *record = &fixture->records[fixture->n++];
    head.shift = kind == PV_SPOOL_ALIGNED ? (unsigned)extra : 0;
    record->head = kind ? pv_spool_pack(head) : 0;
    record->a = addr;
    record->b = kind == PV_SPOOL_CALLOC ? extra << 32 | size : size;
}

/* "m1:100" is a malloc of id 1, "r1:200" a realloc, "f1" a free. */
static void read_back(struct fixture *fixture)
{
    static const char letters[] = "mcarfk";
    struct pv_reader *reader = NULL;
    struct pv_trace_event event;
    size_t n = 0;
    assert_int_equal(pv_reader_open(&reader, fixture->trace, NULL), 0);
    while (pv_reader_next(reader, &event) == 0) {
        n += (size_t)snprintf(fixture->text + n, sizeof fixture->text - n, "%s%c%d",
                              n ? " " : "", letters[event.op], (int)event.id.number);
        if (event.op != PV_OP_FREE) {
            n += (size_t)snprintf(fixture->text + n, sizeof fixture->text - n, ":%d",
                                  (int)event.size);
        }
        assert_true(n < sizeof fixture->text);
    }
    pv_reader_close(reader);
}

static int drain(struct fixture *fixture)
{
    struct pv_drain *drain = NULL;
    struct pv_drain_about about = {
        .spool = fixture->header, .program = "test", .executable = "/nowhere/bin/tool"};
    uint64_t n;
    fixture->header->n_claimed = fixture->n_claimed ? fixture->n_claimed : fixture->n;
    int status = pv_drain_open(&drain, &about, &fixture->options, &fixture->result);
    status = status ? status : pv_drain_begin(drain, fixture->trace);
    if (!status) {
        pv_drain_take(drain, true, &n);
        status = pv_drain_finish(drain);
    }
    pv_drain_close(drain);
    own_fail_at(0, 0); /* reading it back is no part of a sweep */
    if (status == 0) {
        read_back(fixture);
    }
    return status;
}

static void test_ids_ascend_and_return(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_CALLOC, 1, 0x200, 20, 2);
    add(fixture, PV_SPOOL_FREE, 1, 0x100, 0, 0);
    add(fixture, PV_SPOOL_ALIGNED, 1, 0x100, 30, 6);
    add(fixture, PV_SPOOL_FREE, 1, 0x200, 0, 0);
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 c2:20 f1 a3:30 f2");
    assert_int_equal(fixture->result.n_events, 5);
}

/* Thread 2 gets the address that thread 1's realloc has left, before that has returned. */
static void test_resizes_interleave(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x100, 99, 0);
    add(fixture, PV_SPOOL_MALLOC, 2, 0x100, 20, 0);
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x300, 99, 0);
    add(fixture, PV_SPOOL_FREE, 2, 0x100, 0, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0x300, 0, 0);
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 m2:20 r1:99 f2 f1");
}

static void test_resize_answers(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x100, 99, 0); /* refused */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0, 99, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x100, 0, 0); /* a block of nothing */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x200, 0, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x200, 0, 0); /* freed */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0, 0, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x900, 7, 0); /* from before the recording */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x900, 7, 0);
    add(fixture, PV_SPOOL_REALLOC_END, 3, 0x400, 7, 0); /* an end without a beginning */
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 f1 m2:0 r2:0 m3:7");
    assert_int_equal(fixture->result.n_foreign, 1);
}

static void test_frees_unseen_and_double(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_FREE, 1, 0x900, 0, 0);
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 11, 0); /* its free was never seen */
    add(fixture, PV_SPOOL_FREE, 1, 0x100, 0, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0x100, 0, 0); /* the program's mistake */
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 f1 m2:11 f2 f2");
    assert_int_equal(fixture->result.n_foreign, 1);
}

static void test_torn_and_senseless_records(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_NONE, 0, 0, 0, 0);
    for (unsigned kind = PV_SPOOL_MODULE; kind < 1u << PV_SPOOL_KIND_BITS; kind++) {
        for (int ones = 0; ones < 2 && kind != PV_SPOOL_IMAGE; ones++) {
            uint32_t all = ones ? UINT32_MAX >> (32 - PV_SPOOL_SUBJECT_BITS) : 0;
            add(fixture, (enum pv_spool_kind)kind, UINT32_MAX >> (32 - PV_SPOOL_PART_BITS),
                UINT64_MAX, UINT64_MAX, 0);
            fixture->records[fixture->n - 1].head |= (uint64_t)all
                                                     << (64 - PV_SPOOL_SUBJECT_BITS);
        }
    }
    add(fixture, PV_SPOOL_MALLOC, 1, 0, 10, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0, 0, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, UINT32_MAX >> 12, 0, 0, 0);
    add(fixture, PV_SPOOL_REALLOC_END, UINT32_MAX >> 12, 0, 1, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0x100, 0, 0);
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 f1");
    assert_int_equal(fixture->result.n_lost, 1);
}

/* A number of claims that cannot be: what is written is taken, the rest is lost. */
static void test_scribbled_claims(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    fixture->n_claimed = SIZE_MAX;
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10");
    assert_int_equal(fixture->result.n_lost, PV_SPOOL_RECORDS - 1);
}

/* It becomes another program: what it held is gone, and that one's names are its own. */
static void test_another_image(void **state)
{
    struct fixture *fixture = *state;
    static const char path[24] = "/bin/next";
    uint64_t words[3];
    memcpy(words, path, sizeof words);
    add(fixture, PV_SPOOL_IMAGE, 0, 0, 0, 0);
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_MALLOC, 1, 0x200, 20, 0);
    add(fixture, PV_SPOOL_EXEC, 0, words[0], words[1], 0);
    fixture->records[fixture->n - 1].time = words[2];
    add(fixture, PV_SPOOL_IMAGE, 0, 0, 0, 0);
    add(fixture, PV_SPOOL_MALLOC, 2, 0x100, 30, 0);
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 m2:20 f1 f2 k0:0 m3:30");
    assert_int_equal(fixture->result.n_execs, 1);
    assert_string_equal(fixture->result.next, "");
    assert_true(fixture->result.attached);
}

/* It becomes a program in which the library does not begin. */
static void test_an_image_that_never_comes(void **state)
{
    struct fixture *fixture = *state;
    static const char path[24] = "/bin/static";
    uint64_t words[3];
    memcpy(words, path, sizeof words);
    add(fixture, PV_SPOOL_IMAGE, 0, 0, 0, 0);
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_EXEC, 0, words[0], words[1], 0);
    add(fixture, PV_SPOOL_EXEC_FAILED, 0, 0, 0, 0);
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->result.next, "");
    add(fixture, PV_SPOOL_EXEC, 0, words[0], words[1], 0);
    assert_int_equal(drain(fixture), 0);
    assert_string_equal(fixture->result.next, "/bin/static");
}

static void test_what_the_program_counted(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    fixture->header->n_lost = 12;
    fixture->header->n_children = 3;
    fixture->header->n_child_calls = 40;
    assert_int_equal(drain(fixture), 0);
    assert_int_equal(fixture->result.n_lost, 12);
    assert_int_equal(fixture->result.n_children, 3);
    assert_int_equal(fixture->result.n_child_calls, 40);
}

/* More records than the ring holds, in pieces; room is made as they are taken. */
static void test_laps(void **state)
{
    enum { PIECE = 1000, ROUNDS = 3 * PV_SPOOL_RECORDS / PIECE };
    struct fixture *fixture = *state;
    struct pv_drain *drain = NULL;
    struct pv_drain_about about = {
        .spool = fixture->header, .program = "test", .executable = "/nowhere/bin/tool"};
    uint64_t i = 0, n;
    snprintf(fixture->trace, sizeof fixture->trace, "%s", scratch_path("t.pvt"));
    assert_int_equal(pv_drain_open(&drain, &about, &fixture->options, &fixture->result), 0);
    assert_int_equal(pv_drain_begin(drain, fixture->trace), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int k = 0; k < PIECE; k++, i++) {
            struct pv_spool_head head = {.kind = i % 2 ? PV_SPOOL_FREE : PV_SPOOL_MALLOC,
                                         .part = 1,
                                         .lap = pv_spool_lap(i)};
            struct pv_spool_record *record = &fixture->records[i % PV_SPOOL_RECORDS];
            record->a = 0x1000;
            record->head = pv_spool_pack(head);
        }
        fixture->header->n_claimed = i;
        pv_drain_take(drain, false, &n);
        assert_int_equal(n, PIECE);
        assert_int_equal(fixture->header->limit, i + PV_SPOOL_RECORDS);
    }
    fixture->header->n_claimed = i + 1; /* claimed and not written yet */
    pv_drain_take(drain, false, &n);
    assert_int_equal(n, 0);
    assert_int_equal(fixture->header->n_skipped, 0);
    pv_drain_take(drain, true, &n);
    assert_int_equal(pv_drain_finish(drain), 0);
    pv_drain_close(drain);
    assert_int_equal(fixture->result.n_events, i);
    assert_int_equal(fixture->result.n_lost, 1);
}

static void test_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(drain(fixture), 1);
    add(fixture, PV_SPOOL_FREE, 1, 0x900, 0, 0);
    assert_int_equal(drain(fixture), 1);
    assert_int_not_equal(access(fixture->trace, F_OK), 0);
}

/* One request refused, each in turn: nothing is left behind, neither memory nor a file. */
static void test_no_memory(void **state)
{
    struct fixture *fixture = *state;
    int64_t n_live = own_n_live();
    int status = PV_ENOMEM;
    uint64_t n = 0;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x100, 20, 0);
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x200, 20, 0);
    static const char path[24] = "/proc/self/exe";
    uint64_t words[3];
    memcpy(words, path, sizeof words);
    const uint64_t definitions[][3] = {{PV_SPOOL_MODULE, words[0], words[1]},
                                       {PV_SPOOL_FRAME, 0x1004, UINT64_C(1) << 32 | 5},
                                       {PV_SPOOL_NODE, UINT64_C(1) << 32, 0},
                                       {PV_SPOOL_MALLOC, 0x300, 30},
                                       {PV_SPOOL_IMAGE, 0, 0},
                                       {PV_SPOOL_IMAGE, 0, 0}};
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++) {
        add(fixture, (enum pv_spool_kind)definitions[i][0],
            definitions[i][0] == PV_SPOOL_MALLOC, definitions[i][1], definitions[i][2], 0);
        fixture->records[fixture->n - 1].head |= UINT64_C(1) << (64 - PV_SPOOL_SUBJECT_BITS);
    }
    while (status == PV_ENOMEM) {
        assert_true(++n < 200);
        own_fail_at(n, 0);
        unlink(fixture->trace);
        fixture->result = (struct pv_record_result){0};
        status = drain(fixture);
        assert_int_equal(own_n_live(), n_live);
        assert_int_equal(access(fixture->trace, F_OK) == 0,
                         status == 0 || fixture->result.kept);
    }
    assert_int_equal(status, 0);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ids_ascend_and_return, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resizes_interleave, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resize_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frees_unseen_and_double, setup, teardown),
        cmocka_unit_test_setup_teardown(test_torn_and_senseless_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scribbled_claims, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_image, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_image_that_never_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_program_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_laps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
