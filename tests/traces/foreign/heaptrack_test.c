/* SPDX-License-Identifier: MIT
 *
 * heaptrack_test.c - heaptrack's files: call stacks, modules, the command line, which block a
 * free is about. text_test.c has what each record becomes and what is wrong where.
 */
#include "tests/traces/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

enum { TEXT_BYTES = 4096, N_EVENTS_MAX = 40 };

/* An event that outlives its reader. */
struct kept {
    enum pv_op op;
    uint64_t id, size, t, addr;
    uint32_t n_stack;
    char name[100];
    char stack[600]; /* innermost first, with blanks between */
};

static void keep(struct kept *kept, const struct pv_trace_event *event)
{
    *kept = (struct kept){.op = event->op,
                          .id = event->id.number,
                          .size = event->size,
                          .t = event->t,
                          .addr = event->addr,
                          .n_stack = event->n_stack};
    assert_int_equal(event->id.kind, PV_ID_NUMBER);
    assert_true(event->has_t);
    assert_int_equal(event->has_name, event->name[0] != '\0');
    assert_false(event->has_thread);
    snprintf(kept->name, sizeof kept->name, "%s", event->name);
    for (uint32_t i = 0; i < event->n_stack; ++i) {
        size_t n = strlen(kept->stack);
        snprintf(kept->stack + n, sizeof kept->stack - n, "%s%s", n ? " " : "",
                 event->stack[i]);
    }
}

/* How many events there are; all of a file that is sound. */
static size_t read_bytes(const void *bytes, size_t n, struct kept kept[N_EVENTS_MAX])
{
    struct pv_reader *reader;
    struct pv_trace_event event;
    size_t n_events = 0;
    int status = pv_reader_open_bytes(&reader, bytes, n, NULL);
    while (status == 0 && (status = pv_reader_next(reader, &event)) == 0) {
        assert_in_range(n_events, 0, N_EVENTS_MAX - 1);
        keep(&kept[n_events++], &event);
    }
    if (status != 1) {
        fail_msg("%s", pv_reader_place(reader)->text);
    }
    pv_reader_close(reader);
    return n_events;
}

static size_t read_text(const char *text, struct kept kept[N_EVENTS_MAX])
{
    return read_bytes(text, strlen(text), kept);
}

static void the_program_is_known_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *text, *program;
    } files[] = {
        {"v 10400 3\nx 6 /a/app\nX ./app -x \033\n", "./app -x \xe2\x90\x9b"},
        {"v 10400 3\n\n# c\nX \nI 1000 5\n", ""},
        {"v 10400 3\nX\n", ""},
        {"v 10400 3\ns 1 a\nX late\n", ""},
        {"v 10400 3\n", ""},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        struct pv_reader *reader;
        assert_int_equal(
            pv_reader_open_bytes(&reader, files[i].text, strlen(files[i].text), NULL), 0);
        assert_string_equal(pv_reader_header(reader)->program, files[i].program);
        assert_string_equal(pv_reader_header(reader)->clock, "ms");
        assert_string_equal(pv_reader_header(reader)->format, "heaptrack");
        pv_reader_close(reader);
    }
}

static void stacks_are_innermost_first(void **state)
{
    (void)state;
    struct kept events[N_EVENTS_MAX];
    static const char text[] = "v 10400 3\nX app\n"
                               "s b /lib/lib.so\ns 1b operator new(unsigned long)\n"
                               "s 4 main\ns 5 inner\ns 5 outer\ns 0 \n"
                               "i 100 1 2\n"           /* 1: operator new */
                               "i 200 1 4 1 7 5 1 8\n" /* 2: inner, put into outer */
                               "i 300 0 3\n"           /* 3: main */
                               "i 4a0 1\n"             /* 4: no name */
                               "i 5b0 0 0 1 2 4 1 2\n" /* 5: only what it was put into */
                               "i 6c0 0 6\n"           /* 6: an empty name, no module */
                               "t 3 0\nt 2 1\nt 1 2\n" /* 3: new inner outer main */
                               "t 0 2\nt 4 4\n" /* 5: lib.so, nothing, inner outer main */
                               "t 5 0\nt 6 6\nt 0 0\n" /* 7: 0x6c0 inner; 8: nothing */
                               "a 1 3\na 2 5\na 3 7\na 4 8\na 5 0\n"
                               "+ 0\n+ 1\n+ 2\n+ 3\n+ 4\n";
    assert_int_equal(read_text(text, events), 5);
    assert_string_equal(events[0].stack, "operator new(unsigned long) inner outer main");
    assert_string_equal(events[0].name, "inner");
    assert_string_equal(events[1].stack, "lib.so@0x4a0 inner outer main");
    assert_string_equal(events[1].name, "lib.so@0x4a0");
    assert_string_equal(events[2].stack, "0x6c0 inner");
    assert_int_equal(events[3].n_stack, 0);
    assert_string_equal(events[3].name, "");
    assert_int_equal(events[4].n_stack, 0);
    assert_int_equal(events[4].size, 5);
}

/* Frames of a raw file are told by the modules of the time. */
static void modules_come_and_go(void **state)
{
    (void)state;
    struct kept events[N_EVENTS_MAX];
    static const char text[] = "v 10400 3\nx 8 /usr/app\nX app\nm 1 -\n"
                               "m 9 /lib/b.so 8000 100 10 200 10\n"
                               "m 1 x 1000 0 800 900 100\n"
                               "m 9 /lib/a.so 4000 0 10\n"
                               "m 4 none 0\n"
                               "t 1000 0\nt 19ff 1\nt 1a00 2\nt 8100 3\nt 80ff 4\nt 8150 5\n"
                               "t 4010 6\nt fff 7\n"
                               "+ 1 8 10\n"
                               "m 1 -\nm 9 /lib/c.so 1000 0 800\n"
                               "t 1004 1\n"
                               "+ 2 9 20\n";
    assert_int_equal(read_text(text, events), 2);
    assert_string_equal(events[0].stack, "0xfff 0x4010 b.so+0x150 0x80ff b.so+0x100 0x1a00 "
                                         "app+0x9ff app+0x0");
    assert_string_equal(events[1].stack, "c.so+0x4 app+0x0");
    assert_int_equal(events[1].addr, 0x20);
}

/* The newest of the kind goes first; a kind of which none is left has nothing to free. */
static void blocks_without_identity_go_newest_first(void **state)
{
    (void)state;
    struct kept events[N_EVENTS_MAX];
    static const char text[] = "v 10400 3\na 1 0\na 2 0\n"
                               "+ 0\n+ 1\n+ 0\n- 0\n+ 1\n- 1\n- 0\n- 0\n+ 0\n- 1\n- 1\n- 0\n";
    static const struct {
        enum pv_op op;
        uint64_t id;
    } wanted[] = {
        {PV_OP_MALLOC, 1}, {PV_OP_MALLOC, 2}, {PV_OP_MALLOC, 3}, {PV_OP_FREE, 3},
        {PV_OP_MALLOC, 4}, {PV_OP_FREE, 4},   {PV_OP_FREE, 1},   {PV_OP_MALLOC, 5},
        {PV_OP_FREE, 2},   {PV_OP_FREE, 5},
    };
    enum { N_WANTED = sizeof wanted / sizeof wanted[0] };
    assert_int_equal(read_text(text, events), N_WANTED);
    for (size_t i = 0; i < N_WANTED; ++i) {
        assert_int_equal(events[i].op, wanted[i].op);
        assert_int_equal(events[i].id, wanted[i].id);
    }
}

/* Frames beyond the most that an event has are left off at the outer end, and so is what stands
 * behind a long chain of call stacks without frames. */
static void a_stack_has_a_longest_length(void **state)
{
    (void)state;
    enum { DEEP = 1000 };
    for (int named = 0; named < 2; ++named) {
        struct bytes text = {0};
        char line[64];
        static const char head[] = "v 10400 3\ns 1 f\ni 1 0 1 1 1 1 1 1\n";
        bytes_add(&text, head, strlen(head));
        for (int i = 0; i < DEEP; ++i) {
            bytes_add(
                &text, line,
                (size_t)snprintf(line, sizeof line, "t %d %x\n", named || !i, (unsigned)i));
        }
        bytes_add(&text, line,
                  (size_t)snprintf(line, sizeof line, "a 1 %x\n+ 0\n", (unsigned)DEEP));
        struct kept events[N_EVENTS_MAX];
        assert_int_equal(read_bytes(text.bytes, text.n, events), 1);
        assert_int_equal(events[0].n_stack, named ? PV_EVENT_STACK_MAX : 0);
        free(text.bytes);
    }
}

static void modules_have_a_bound(void **state)
{
    (void)state;
    enum { BOUND = 4096 };
    struct bytes text = {0};
    char line[64];
    bytes_add(&text, "v 10400 3\n", 10);
    for (unsigned round = 0; round < 2; ++round) {
        bytes_add(&text, "m 1 -\n", 6);
        for (unsigned i = 0; i < BOUND + round; ++i) { /* downwards: each goes to the front */
            bytes_add(&text, line,
                      (size_t)snprintf(line, sizeof line, "m 1 a %x 0 1\n", BOUND - i));
        }
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, text.bytes, text.n, NULL), 0);
    assert_int_equal(pv_reader_next(reader, &event), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text,
                        "there is more of this than is understood");
    assert_int_equal(pv_reader_place(reader)->line, 2 * BOUND + 4);
    pv_reader_close(reader);
    free(text.bytes);
}

/* What waits for a free is given out, also before a line that is wrong. */
static void what_waits_comes_before_a_failure(void **state)
{
    (void)state;
    static const char text[] = "v 10400 3\n+ 1 0 10\n+ 2 0 10\nq\n";
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, text, strlen(text), NULL), 0);
    static const enum pv_op ops[] = {PV_OP_MALLOC, PV_OP_FREE, PV_OP_MALLOC};
    for (size_t i = 0; i < 3; ++i) {
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_int_equal(event.op, ops[i]);
    }
    assert_int_equal(event.size, 2);
    assert_int_equal(pv_reader_next(reader, &event), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "this record is not known");
    assert_int_equal(pv_reader_place(reader)->line, 4);
    pv_reader_close(reader);
}

/* foreign/make.sh says how they were made of foreign/calls.c. The first block is the C++
 * library's, and a resize is a free and an allocation. */
static void files_of_the_real_tool(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first, *second, *stack;
    } files[] = {
        {"heaptrack", "libstdc++.so.6@0x", "main",
         "main __libc_start_call_main __libc_start_main_impl _start"},
        {"heaptrack_raw", "libstdc++.so.6+0x", "calls+0x", NULL},
    };
    static const struct {
        enum pv_op op;
        uint64_t id, size;
    } wanted[] = {
        {PV_OP_MALLOC, 1, 72704}, {PV_OP_MALLOC, 2, 100},  {PV_OP_MALLOC, 3, 100},
        {PV_OP_FREE, 2, 0},       {PV_OP_MALLOC, 4, 5000}, {PV_OP_MALLOC, 5, 256},
        {PV_OP_MALLOC, 6, 512},   {PV_OP_FREE, 3, 0},      {PV_OP_MALLOC, 7, 24},
        {PV_OP_FREE, 7, 0},       {PV_OP_MALLOC, 8, 20},   {PV_OP_FREE, 4, 0},
        {PV_OP_FREE, 5, 0},       {PV_OP_MALLOC, 9, 77},   {PV_OP_FREE, 6, 0},
        {PV_OP_FREE, 8, 0},       {PV_OP_FREE, 1, 0},
    };
    enum { N_WANTED = sizeof wanted / sizeof wanted[0] };
    const char *folder = getenv("PV_FOREIGN");
    if (!folder) {
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        char path[TEXT_BYTES];
        struct kept events[N_EVENTS_MAX];
        snprintf(path, sizeof path, "%s/calls.%s", folder, files[i].name);
        struct bytes bytes = bytes_of_file(path);
        assert_int_equal(read_bytes(bytes.bytes, bytes.n, events), N_WANTED);
        for (size_t k = 0; k < N_WANTED; ++k) {
            assert_int_equal(events[k].op, wanted[k].op);
            assert_int_equal(events[k].id, wanted[k].id);
            assert_int_equal(events[k].size, wanted[k].size);
            assert_int_equal(events[k].addr != 0, i == 1);
        }
        assert_memory_equal(events[0].name, files[i].first, strlen(files[i].first));
        assert_memory_equal(events[1].name, files[i].second, strlen(files[i].second));
        assert_int_equal(events[1].n_stack, 4);
        if (files[i].stack) {
            assert_string_equal(events[1].stack, files[i].stack);
        }
        free(bytes.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_is_known_at_once),
        cmocka_unit_test(stacks_are_innermost_first),
        cmocka_unit_test(modules_come_and_go),
        cmocka_unit_test(blocks_without_identity_go_newest_first),
        cmocka_unit_test(a_stack_has_a_longest_length),
        cmocka_unit_test(modules_have_a_bound),
        cmocka_unit_test(what_waits_comes_before_a_failure),
        cmocka_unit_test(files_of_the_real_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
