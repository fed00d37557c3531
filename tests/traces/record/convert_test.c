/* SPDX-License-Identifier: MIT
 *
 * convert_test.c - spools written by hand become the traces that they must: interleaved
 * threads, calls that the library never saw, records torn by a death, nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/status.h"
#include "tests/traces/support.h"
#include "traces/reader.h"
#include "traces/record/convert.h"
#include "traces/record/spool.h"

enum { RECORDS_MAX = 64, TEXT_BYTES = 1024 };

struct fixture {
    char spool[500], trace[500];
    struct pv_spool_header header;
    struct pv_spool_record records[RECORDS_MAX];
    size_t n;
    struct pv_record_options options;
    struct pv_record_result result;
    char text[TEXT_BYTES]; /* the trace, one word an event */
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make();
    snprintf(fixture->spool, sizeof fixture->spool, "%s", scratch_path("spool"));
    snprintf(fixture->trace, sizeof fixture->trace, "%s", scratch_path("t.json"));
    fixture->header.magic = PV_SPOOL_MAGIC;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    scratch_remove();
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, enum pv_spool_kind kind, uint32_t thread,
                uint64_t addr, uint64_t size, uint64_t extra)
{
    assert_true(fixture->n < RECORDS_MAX);
    struct pv_spool_record *record = &fixture->records[fixture->n++];
    record->kind = (uint8_t)kind;
    record->thread = thread;
    record->call.addr = addr;
    record->call.size = size;
    record->call.extra = extra;
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

static int convert(struct fixture *fixture)
{
    static const char zeros[PV_SPOOL_HEADER_BYTES];
    int fd = open(fixture->spool, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    if (!fixture->header.n_claimed) {
        fixture->header.n_claimed = fixture->n;
    }
    size_t bytes = fixture->n * sizeof fixture->records[0];
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, 0), sizeof zeros);
    assert_int_equal(pwrite(fd, &fixture->header, sizeof fixture->header, 0),
                     sizeof fixture->header);
    assert_int_equal(pwrite(fd, fixture->records, bytes, sizeof zeros), bytes);
    struct pv_convert about = {
        .fd = fd, .program = "test", .executable = "/nowhere/bin/tool", .path = fixture->trace};
    int status = pv_convert_spool(&about, &fixture->options, &fixture->result);
    own_fail_at(0, 0); /* reading it back is no part of a sweep */
    close(fd);
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
    add(fixture, PV_SPOOL_ALIGNED, 1, 0x100, 30, 64);
    add(fixture, PV_SPOOL_FREE, 1, 0x200, 0, 0);
    assert_int_equal(convert(fixture), 0);
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
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x300, 99, 0x100);
    add(fixture, PV_SPOOL_FREE, 2, 0x100, 0, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0x300, 0, 0);
    assert_int_equal(convert(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 m2:20 r1:99 f2 f1");
}

static void test_resize_answers(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x100, 99, 0); /* refused */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0, 99, 0x100);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x100, 0, 0); /* a block of nothing */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x200, 0, 0x100);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x200, 0, 0); /* freed */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0, 0, 0x200);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, 1, 0x900, 7, 0); /* from before the recording */
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x900, 7, 0x900);
    add(fixture, PV_SPOOL_REALLOC_END, 3, 0x400, 7, 0x900); /* an end without a beginning */
    assert_int_equal(convert(fixture), 0);
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
    assert_int_equal(convert(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 f1 m2:11 f2 f2");
    assert_int_equal(fixture->result.n_foreign, 1);
}

static void test_torn_and_senseless_records(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    add(fixture, PV_SPOOL_NONE, 0, 0, 0, 0);
    for (int kind = PV_SPOOL_FRAME; kind < 256; kind += kind < PV_SPOOL_MODULE ? 1 : 31) {
        add(fixture, (enum pv_spool_kind)kind, 1, UINT64_MAX, UINT64_MAX, UINT64_MAX);
        memset(&fixture->records[fixture->n - 1].n, 0xff, 3);
        memset(&fixture->records[fixture->n - 1].stack, 0xff, 32);
    }
    add(fixture, PV_SPOOL_MALLOC, 1, 0, 10, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0, 0, 0);
    add(fixture, PV_SPOOL_REALLOC_BEGIN, UINT32_MAX, 0, 0, 0);
    add(fixture, PV_SPOOL_REALLOC_END, UINT32_MAX, 0, 1, 0);
    add(fixture, PV_SPOOL_FREE, 1, 0x100, 0, 0);
    fixture->header.n_claimed = UINT64_MAX;
    assert_int_equal(convert(fixture), 0);
    assert_string_equal(fixture->text, "m1:10 f1");
    assert_int_equal(fixture->result.n_lost, 1);
}

static void test_full_disk_is_told(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, PV_SPOOL_MALLOC, 1, 0x100, 10, 0);
    fixture->header.stop_errno = ENOSPC;
    fixture->header.n_lost = 12;
    assert_int_equal(convert(fixture), 0);
    assert_int_equal(fixture->result.n_lost, 12);
    assert_string_equal(
        fixture->result.text,
        "recording stopped after 1 events, 12 were lost: No space left on device");
    assert_true(fixture->result.hint[0] != 0);

    fixture->result = (struct pv_record_result){0};
    fixture->records[0].kind = PV_SPOOL_NONE; /* not even one */
    assert_int_equal(convert(fixture), PV_EIO);
    assert_true(fixture->result.text[0] != 0);
}

static void test_nothing_and_damage(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(convert(fixture), 1);
    add(fixture, PV_SPOOL_FREE, 1, 0x900, 0, 0);
    assert_int_equal(convert(fixture), 1);
    assert_int_not_equal(access(fixture->trace, F_OK), 0);
    fixture->header.magic = 0;
    assert_int_equal(convert(fixture), PV_EFORMAT);
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
    add(fixture, PV_SPOOL_REALLOC_END, 1, 0x200, 20, 0x100);
    for (uint16_t kind = PV_SPOOL_FRAME; kind <= PV_SPOOL_MODULE; kind++) {
        struct pv_spool_record *record = &fixture->records[fixture->n++];
        *record = (struct pv_spool_record){.kind = (uint8_t)kind};
        if (kind == PV_SPOOL_FRAME) {
            record->frame.id = record->frame.module = 1;
        } else if (kind == PV_SPOOL_STACK) {
            record->n = 1;
            record->stack.id = record->stack.frames[0] = 1;
        } else {
            record->module.id = 1;
            memcpy(record->module.text, "/proc/self/exe", 14);
        }
    }
    while (status == PV_ENOMEM) {
        assert_true(++n < 100);
        own_fail_at(n, 0);
        status = convert(fixture);
        assert_int_equal(own_n_live(), n_live);
        assert_int_equal(access(fixture->trace, F_OK) == 0, status == 0);
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
        cmocka_unit_test_setup_teardown(test_full_disk_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_and_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
