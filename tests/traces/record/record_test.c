/* SPDX-License-Identifier: MIT
 *
 * record_test.c - real programs are recorded through the preload library, and the traces hold
 * exactly the calls that were made. The environment names the library and the target.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/status.h"
#include "tests/support/scratch.h"
#include "tests/traces/record/target.h"
#include "traces/reader.h"
#include "traces/record/record.h"
#include "traces/signals.h"

enum { EVENTS_MAX = 60000, NAME_MAX_BYTES = 64 };

struct row {
    struct pv_trace_event event;
    char name[NAME_MAX_BYTES];
};

struct fixture {
    char trace[500];
    struct pv_record_result result;
    struct pv_record_options options;
    struct row *rows;
    size_t n;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    scratch_make();
    snprintf(fixture->trace, sizeof fixture->trace, "%s", scratch_path("t.json.zst"));
    fixture->rows = calloc(EVENTS_MAX, sizeof *fixture->rows);
    fixture->options.path = fixture->trace;
    fixture->options.depth = PV_RECORD_DEPTH;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    scratch_remove();
    free(fixture->rows);
    free(fixture);
    return 0;
}

static void read_trace(struct fixture *fixture)
{
    struct pv_reader *reader = NULL;
    assert_int_equal(pv_reader_open(&reader, fixture->trace, NULL), 0);
    struct pv_trace_event event;
    int status;
    fixture->n = 0;
    while ((status = pv_reader_next(reader, &event)) == 0) {
        assert_true(fixture->n < EVENTS_MAX);
        struct row *row = &fixture->rows[fixture->n++];
        row->event = event;
        snprintf(row->name, sizeof row->name, "%s", event.name);
    }
    assert_int_equal(status, 1);
    pv_reader_close(reader);
    assert_int_equal(fixture->n, fixture->result.n_events);
}

static int record(struct fixture *fixture, const char *mode)
{
    char *argv[] = {getenv("PV_TEST_TARGET"), (char *)(uintptr_t)mode, NULL};
    assert_non_null(argv[0]);
    int status = pv_record_run(&fixture->options, argv, &fixture->result);
    if (status == 0) {
        read_trace(fixture);
        assert_int_equal(fixture->result.n_lost, 0);
        assert_int_equal(fixture->result.n_foreign, 0);
    }
    return status;
}

static size_t find_size(const struct fixture *fixture, uint64_t size)
{
    for (size_t i = 0; i < fixture->n; i++) {
        if (fixture->rows[i].event.size == size) {
            return i;
        }
    }
    fail_msg("no event of %d bytes", (int)size);
    return 0;
}

/* ---- what make_things does, its first id being 0 ---- */

struct expected {
    enum pv_op op;
    uint64_t id, size, count, align;
};

static const struct expected calls[] = {
    {PV_OP_MALLOC, 0, MARK_BYTES, 1, 0},
    {PV_OP_MALLOC, 1, 100, 1, 0},
    {PV_OP_CALLOC, 2, 24, 7, 0},
    {PV_OP_REALLOC, 1, 5000, 1, 0},
    {PV_OP_REALLOC, 1, 50, 1, 0},
    {PV_OP_MALLOC, 3, 33, 1, 0},
    {PV_OP_ALIGNED, 4, 1000, 1, 256},
    {PV_OP_ALIGNED, 5, 640, 1, 64},
    {PV_OP_ALIGNED, 6, 10, 1, 4096},
    {PV_OP_ALIGNED, 7, 20, 1, 4096},
    {PV_OP_ALIGNED, 8, 8192, 1, 4096},
    {PV_OP_REALLOC, 3, 400, 1, 0},
    {PV_OP_MALLOC, 9, 0, 1, 0},
    {PV_OP_REALLOC, 1, 0, 1, 0},
    {PV_OP_FREE, 9, 0, 1, 0},
    {PV_OP_FREE, 8, 0, 1, 0},
    {PV_OP_FREE, 7, 0, 1, 0},
    {PV_OP_FREE, 6, 0, 1, 0},
    {PV_OP_FREE, 5, 0, 1, 0},
    {PV_OP_FREE, 4, 0, 1, 0},
    {PV_OP_FREE, 3, 0, 1, 0},
    {PV_OP_FREE, 2, 0, 1, 0},
    {PV_OP_MALLOC, 10, LEFT_BYTES, 1, 0},
    {PV_OP_FREE, 0, 0, 1, 0},
};

enum { N_CALLS = sizeof calls / sizeof calls[0] };

static void test_calls_are_exact(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(record(fixture, "calls"), 0);
    assert_int_equal(fixture->result.exit_code, 7);
    size_t at = find_size(fixture, MARK_BYTES);
    uint64_t first = fixture->rows[at].event.id.number, last_t = 0;
    assert_true(at + N_CALLS <= fixture->n);
    for (size_t i = 0; i < N_CALLS; i++) {
        const struct row *row = &fixture->rows[at + i];
        assert_int_equal(row->event.op, calls[i].op);
        assert_int_equal(row->event.id.kind, PV_ID_NUMBER);
        assert_int_equal(row->event.id.number - first, calls[i].id);
        assert_int_equal(row->event.size, calls[i].size);
        assert_int_equal(row->event.count, calls[i].count);
        assert_int_equal(row->event.align, calls[i].align);
        assert_true(row->event.has_t && row->event.t >= last_t);
        last_t = row->event.t;
        assert_int_equal(row->event.thread, 1);
        assert_int_equal(row->event.has_addr, calls[i].op != PV_OP_REALLOC || calls[i].size);
        if (row->event.op == PV_OP_ALIGNED) {
            assert_int_equal(row->event.addr % calls[i].align, 0);
        }
        if (row->event.op != PV_OP_FREE && row->event.op != PV_OP_REALLOC) {
            assert_string_equal(row->name, "target/make_things");
        }
    }
}

static void test_keys_can_be_left_out(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.no_times = fixture->options.no_threads = true;
    fixture->options.no_addresses = fixture->options.no_names = true;
    assert_int_equal(record(fixture, "calls"), 0);
    for (size_t i = 0; i < fixture->n; i++) {
        const struct pv_trace_event *event = &fixture->rows[i].event;
        assert_false(event->has_t || event->has_thread || event->has_addr || event->has_name);
    }
}

/* Of main, run_mode and make_things the inner two. */
static void test_stacks_have_their_depth(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned depth = 0; depth <= 2; depth++) {
        fixture->options.depth = depth;
        assert_int_equal(record(fixture, "calls"), 0);
        const struct row *row = &fixture->rows[find_size(fixture, MARK_BYTES)];
        assert_int_equal(row->event.n_stack, depth);
        assert_string_equal(row->name, "target/make_things");
    }
}

static void test_output_is_untouched(void **state)
{
    struct fixture *fixture = *state;
    char text[32] = "", path[128];
    snprintf(path, sizeof path, "%s", scratch_path("out"));
    int out = open(path, O_RDWR | O_CREAT | O_EXCL, 0600), saved = dup(1);
    assert_true(out >= 0 && saved >= 0);
    assert_int_equal(dup2(out, 1), 1);
    int status = record(fixture, "calls");
    assert_int_equal(dup2(saved, 1), 1);
    ssize_t n = pread(out, text, sizeof text - 1, 0);
    close(saved);
    close(out);
    unlink(path);
    assert_int_equal(status, 0);
    assert_int_equal(n, (int)strlen("calls made\n"));
    assert_string_equal(text, "calls made\n");
}

/* No block is made twice, freed twice or resized when it is not live. */
static void check_sound(const struct fixture *fixture, uint64_t *ret_live)
{
    unsigned char *live = calloc(EVENTS_MAX + 1, 1);
    uint64_t n_live = 0;
    for (size_t i = 0; i < fixture->n; i++) {
        const struct pv_trace_event *event = &fixture->rows[i].event;
        assert_true(event->id.number <= EVENTS_MAX);
        unsigned char *one = &live[event->id.number];
        bool makes = event->op != PV_OP_FREE && event->op != PV_OP_REALLOC;
        assert_int_equal(*one, !makes);
        *one = event->op != PV_OP_FREE;
        n_live += makes;
        n_live -= event->op == PV_OP_FREE;
    }
    free(live);
    *ret_live = n_live;
}

static void test_threads_lose_nothing(void **state)
{
    struct fixture *fixture = *state;
    uint64_t n_made = 0, n_resized = 0, seen = 0, live;
    assert_int_equal(record(fixture, "threads"), 0);
    for (size_t i = 0; i < fixture->n; i++) {
        const struct pv_trace_event *event = &fixture->rows[i].event;
        n_made += event->op == PV_OP_MALLOC && event->size == THREAD_BYTES;
        n_resized += event->op == PV_OP_REALLOC && event->size == THREAD_BYTES * 20;
        if (event->size == THREAD_BYTES) {
            assert_true(event->thread < 64);
            seen |= UINT64_C(1) << event->thread;
        }
    }
    assert_int_equal(n_made, N_THREADS * CHURN);
    assert_int_equal(n_resized, N_THREADS * CHURN / 3);
    assert_int_equal(__builtin_popcountll(seen), N_THREADS);
    check_sound(fixture, &live);
    assert_true(live < N_THREADS * 4);
}

/* Neither the fork nor what it becomes is recorded, and it sees a clean environment. */
static void test_children_are_not_recorded(void **state)
{
    struct fixture *fixture = *state;
    setenv("PV_TEST_KEPT", "1", 1);
    assert_int_equal(record(fixture, "children"), 0);
    assert_int_equal(fixture->result.exit_code, 0);
    find_size(fixture, PARENT_BYTES);
    for (size_t i = 0; i < fixture->n; i++) {
        assert_int_not_equal(fixture->rows[i].event.size, CHILD_BYTES);
    }
    assert_int_equal(fixture->result.n_children, 1);
    assert_true(fixture->result.n_child_calls >= CHURN);
}

/* After an exec that fails and one that does not; the program sees nothing of us. */
static void test_exec_is_recorded_on(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(record(fixture, "exec"), 0);
    assert_int_equal(fixture->result.exit_code, 5);
    assert_int_equal(fixture->result.n_execs, 1);
    assert_string_equal(fixture->result.next, "");
    size_t first = find_size(fixture, MARK_BYTES), second = find_size(fixture, SECOND_BYTES);
    uint64_t id = fixture->rows[first].event.id.number;
    bool freed = false, marked = false;
    for (size_t i = first + 1; i < second; i++) {
        const struct pv_trace_event *event = &fixture->rows[i].event;
        freed = freed || (event->op == PV_OP_FREE && event->id.number == id);
        marked = marked || event->op == PV_OP_MARK;
    }
    assert_true(freed && marked);
    assert_string_equal(fixture->rows[second].name, "target/run_mode");
}

/* Who asks the recorder to end asks the program, and gets the trace. */
static void test_signals_are_passed_on(void **state)
{
    struct fixture *fixture = *state;
    int ends[2], status;
    char text[8] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char *argv[] = {getenv("PV_TEST_TARGET"), (char *)(uintptr_t) "wait", NULL};
        dup2(ends[1], 1);
        pv_signals_begin();
        status = pv_record_run(&fixture->options, argv, &fixture->result);
        _exit(status == 0 ? fixture->result.exit_code : 99);
    }
    assert_int_equal(read(ends[0], text, sizeof text - 1), (int)sizeof text - 1);
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    close(ends[1]);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
    struct pv_reader *reader = NULL;
    struct pv_trace_event event;
    bool found = false;
    assert_int_equal(pv_reader_open(&reader, fixture->trace, NULL), 0);
    while (pv_reader_next(reader, &event) == 0) {
        found = found || event.size == MARK_BYTES;
    }
    pv_reader_close(reader);
    assert_true(found);
}

static void test_death_keeps_the_trace(void **state)
{
    struct fixture *fixture = *state;
    uint64_t n_made = 0;
    assert_int_equal(record(fixture, "abort"), 0);
    assert_int_equal(fixture->result.exit_code, 128 + 6);
    find_size(fixture, MARK_BYTES);
    assert_int_equal(record(fixture, "kill"), 0);
    assert_int_equal(fixture->result.exit_code, 128 + 9);
    for (size_t i = 0; i < fixture->n; i++) {
        n_made += fixture->rows[i].event.size == THREAD_BYTES;
    }
    assert_int_equal(n_made, CHURN);
}

static void test_what_cannot_be_recorded(void **state)
{
    struct fixture *fixture = *state;
    struct pv_record_result *result = &fixture->result;
    char *absent[] = {"/nowhere/pv-no-such-program", NULL}, *none[] = {NULL};
    char *silent[] = {"/bin/true", NULL};
    assert_int_equal(pv_record_run(&fixture->options, absent, result), PV_EINVAL);
    assert_false(result->ended);
    assert_string_equal(
        result->text,
        "/nowhere/pv-no-such-program cannot be started: No such file or directory");
    assert_int_equal(pv_record_run(&fixture->options, none, result), PV_EINVAL);
    assert_int_equal(pv_record_run(&fixture->options, silent, result), 1);
    assert_int_equal(result->exit_code, 0);
    assert_true(result->ended && result->hint[0]);
    assert_int_not_equal(access(fixture->trace, F_OK), 0);

    struct pv_record_options options = {.path = "-"};
    assert_int_equal(pv_record_run(&options, silent, result), PV_EINVAL);
    static const char *const bad[] = {"/nowhere/t.json", "/tmp", "/dev/full"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char ran[500];
        char *touch[] = {(char *)(uintptr_t) "touch", ran, NULL};
        snprintf(ran, sizeof ran, "%s", scratch_path("ran"));
        options.path = bad[i];
        assert_int_equal(pv_record_run(&options, touch, result), PV_EIO);
        assert_false(result->ended);
        assert_int_not_equal(access(ran, F_OK), 0);
    }
    options.path = fixture->trace;
    options.library = "/nowhere/lib.so";
    assert_int_equal(pv_record_run(&options, silent, result), PV_ENOTSUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls_are_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_can_be_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stacks_have_their_depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output_is_untouched, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_lose_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_children_are_not_recorded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exec_is_recorded_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals_are_passed_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_death_keeps_the_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_recorded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
