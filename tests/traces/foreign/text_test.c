/* SPDX-License-Identifier: MIT
 *
 * text_test.c - the text formats of other tools: what each call becomes, what is wrong where.
 */
#include "tests/traces/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/support/random.h"

static const struct {
    const char *format, *text, *events;
} sound[] = {
    {"rep", "20000\n2\n4\n1\na 0 512\na 1 128\nr 0 640\nf 0\n", "m0:512 m1:128 r0:640 f0"},
    {"rep", "1\r\n3\r\n99\r\n5000\r\n\r\na 2 8\r\nf -1\r\nr 7 9\r\nr 7 0\r\nw 2 8\r\nf 2",
     "m2:8 f- m7:9 r7:0 f2"},
    {"rep", "0\r1\r1\r1\ra 0 84000000000000000\rf 0\rf 0\r", "m0:84000000000000000 f0 f0"},
    {"script", "# begins\n\na 0 10  # ten\nr 1 3\nf 0\n", "m0:10 m1:3 f0"},
    {"valgrind",
     "==7== Memcheck\n--7-- malloc(10) = 0x10\n--7-- realloc(0x0,9)malloc(9) = 0x20\n"
     "--7-- _Znwm(3) = 0x30\n--7-- _ZdlPv(0x30)\n--7-- calloc(2,3) = 0x40\n"
     "--7-- memalign(al 64, size 5) = 0x80\n--7-- realloc(0x10,0)free(0x10) = 0x0\n"
     "--7-- free(0x0)\n--7-- malloc(1) = 0x0\nhello\n--7-- free(0x99)\n",
     "m1:10 m2:9 m3:3 f3 c4:2x3 a5:5/64 r1:0 f- f6"},
    {"ltrace",
     "getenv(\"A\") = nil\napp->malloc(48) = 0x56\n[pid 9] calloc(8, 1) = 0x66\n"
     "puts(\"x\") = 2\nposix_memalign(0x7f, 64, 256, 5) = 0\nrealloc(0x56, 5) = 0x56\n"
     "free(0x66) = <void>\nfree(nil) = <void>\n+++ exited (status 0) +++\n",
     "m1:48 c2:8x1@9 r1:5 f2 f-"},
    {"mtrace",
     "= Start\n@ ./a b:(main+0x1d)[0x11d4] + 0x50 0x64\n+ 0x60 0x8\n@ x < 0x50\n"
     "@ x > 0x70 0x80\n@ x ! 0x70 0x9\n- 0x60\n- 0x60\n= End\n",
     "m1:100'./a b:(main+0x1d)[0x11d4] m2:8 r1:128'x f2 f2"},
    {"android",
     "3: malloc 0x10 8 100 120\n4: calloc 0x20 2 3\n3: memalign 0x40 64 5\n"
     "4: realloc 0x30 0x10 9\n4: realloc 0x50 0x0 1\n3: free 0x30 200 210\n3: free 0x0\n"
     "3: thread_done 0x0\n",
     "m1:8@3!100 c2:2x3@4 a3:5/64@3 r1:9@4 m4:1@4 f1@3!200 f-@3"},
    {"logalloc",
     "18545 18546 malloc(32)=0x10\n18545 7 realloc(0x10,84)=0x20\n18545 7 free(0x20)\n"
     "18545 7 jemalloc_stats()\n18545 7 posix_memalign(64,8)=0x30\n",
     "m1:32@18546 r1:84@7 f1@7 a2:8/64@7"},
    {"logalloc", "5 malloc(32)=#1\n5 calloc(4,8)=#2\n5 realloc(#2,84)=#3\n5 free(#1)\n",
     "m1:32 c2:4x8 r2:84 f1"},
    {"wee_alloc", "Alloc(10),\nAlloc(20),\nFree(0),\nAlloc(3)\nFree(1),\n",
     "m0:10 m1:20 f0 m2:3 f1"},
    {"heaptrack",
     "# from here\nv 10400 3\nX app -x\nI 1000 5\ns 3 app\ns 1 f\ni ab 1 2\nt 1 0\na 10 1\n+ "
     "0\n"
     "a 20 0\n+ 1\nc 1f\n+ 0\n- 0\n+ 0\n- 0\n- 0\n- 0\n- 1\nR 9\nA\nS leak:x\n",
     "m1:16!0'f m2:32!0 m3:16!31'f f3!31 m4:16!31'f f4!31 f1!31 f2!31"},
    /* Raw; what is freed and was not allocated before is left out, but not a second free. */
    {"heaptrack",
     "v 10400 3\nx 6 /a/app\nX app\n- 9\nm 1 -\nm 1 x 1000 0 10 20 10\nt 1004 0\n+ 8 1 50\n"
     "- 60\nc 2\n+ 9 0 50\n- 50\n- 50\n- 50\n",
     "m1:8!0'app+0x4 f1!2 m2:9!2 f2!2 f2!2"},
    /* Before file version 3 a text has no length, before 1 a block has its pointer. */
    {"heaptrack", "v 10200 2\ns a b\ns f g\ni 5 1 2 1 7\nt 1 0\na 4 1\n+ 0\n- 0\n",
     "m1:4!0'f g f1!0"},
    {"heaptrack", "v 10100\nX app\ns app\ns f\ni 5 1 2\nt 1 0\n+ 4 1 ff\n- ff\n",
     "m1:4!0'f f1!0"},
    {"heaptrack", "v 10200 1\nx /b c/app\nX app\nm x 0 8 8\nt 9 0\n+ 4 1 ff\n",
     "m1:4!0'app+0x9"},
    /* Logged before the free that made room for it: it waits for that free. */
    {"android", "1: malloc 0x10 8\n2: malloc 0x10 9\n1: free 0x10\n2: free 0x10\n",
     "m1:8@1 f1@1 m2:9@2 f2@2"},
    /* A free that never comes is put in, before the next one or at the end. */
    {"android", "1: malloc 0x10 8\n1: malloc 0x10 9\n1: malloc 0x10 7\n",
     "m1:8@1 f1@1 m2:9@1 f2@1 m3:7@1"},
    /* A resize onto a live address waits too, and what waits for its old place with it. */
    {"android",
     "1: malloc 0x10 1\n2: malloc 0x20 2\n1: realloc 0x20 0x10 3\n2: malloc 0x10 4\n"
     "2: free 0x20\n",
     "m1:1@1 m2:2@2 f2@2 r1:3@1 m3:4@2"},
    /* Each resized to where the other is. */
    {"android",
     "1: malloc 0x10 1\n2: malloc 0x20 2\n1: realloc 0x20 0x10 3\n2: realloc 0x10 0x20 4\n",
     "m1:1@1 m2:2@2 f2@1 r1:3@1 r1:4@2"},
};

static const struct {
    const char *from, *text;
    uint64_t line, column, byte;
    const char *message;
} wrong[] = {
    {"rep", "1 2\n3 4 5\na 0 1\n", 2, 5, 8, "the header is four numbers, on one line or more"},
    {"rep", "1\n2\n3\n4\na 0\n", 5, 4, 11, "a size is expected here"},
    {"rep", "1\r\n2\r\n3\r\n4\r\na x 3\r\n", 5, 3, 14, "an id is expected here"},
    {"rep", "1\n2\n3\n4\nq 1\n", 5, 1, 8, "an operation is a, r, f or w"},
    {"rep", "1\n2\n3\n4\nf 1 2\n", 5, 5, 12, "something follows the operation"},
    {"rep", "1\n2\n3\n4\na 0 18446744073709551616\n", 5, 5, 12, "a size is expected here"},
    {"rep", "1\n2\n3\n4\na 0 9223372036854775808\n", 5, 1, 8, "a size is beyond 2^63-1"},
    {"script", "a 0 1\nf\n", 2, 2, 7, "an id is expected here"},
    {"mtrace", "= Start\n@ a + 5 0x1\n", 2, 7, 14, "an address is expected here"},
    {"mtrace", "= Start\n@ a + 0x5\n", 2, 10, 17, "a size is expected here"},
    {"mtrace", "= Start\nzz\n", 2, 1, 8, "an operation is +, -, <, > or !"},
    {"android", "x\n", 1, 1, 0, "a thread and a colon are expected"},
    {"android", "1: sbrk 0x1\n", 1, 4, 3, "this call is not known"},
    {"android", "1: malloc 1 2\n", 1, 11, 10, "an address is expected here"},
    {"android", "1: malloc 0x1\n", 1, 14, 13, "a number is expected here"},
    {"android", "1: realloc 0x1 2 3\n", 1, 16, 15, "an address is expected here"},
    {"android", "1: free 0x1 2\n", 1, 14, 13, "two times are expected here, or none"},
    {"android", "1: free 0x1 2 3 4\n", 1, 17, 16, "something follows the call"},
    {"logalloc", "1 2 fork()\n", 1, 5, 4, "this call is not known"},
    {"logalloc", "malloc(1)\n", 1, 1, 0, "a process and a thread are expected"},
    {"logalloc", "1 2 free(#1) x\n", 1, 14, 13, "something follows the call"},
    {"wee_alloc", "Alloc(1),\nGrow(2)\n", 2, 1, 10, "an operation is Alloc or Free"},
    {"wee_alloc", "Alloc(),\n", 1, 7, 6, "a number is expected here"},
    {"wee_alloc", "Alloc(1\n", 1, 8, 7, "a ) and a comma end an operation"},
    {"heaptrack", "X app\nv 10400 3\n", 1, 1, 0, "a heaptrack file begins with its version"},
    {"heaptrack", "v 10400 4\n", 1, 9, 8,
     "a newer heaptrack wrote this: file versions up to 3 are understood; record it with heaptrack "
     "1.5, or with pebbleviz record"},
    {"heaptrack", "v 10400 3\nv 10400 3\n", 2, 1, 10, "a second recording begins here"},
    {"heaptrack", "v 10400 3\nX a\nX b\n", 3, 1, 14, "a second recording begins here"},
    {"heaptrack", "v 10400 3\nx 1 a\nx 1 b\n", 3, 1, 16, "a second recording begins here"},
    {"heaptrack", "v 10400 3\nq 1\n", 2, 1, 10, "this record is not known"},
    {"heaptrack", "v 10400 3\nt1 0\n", 2, 1, 10, "this record is not known"},
    {"heaptrack", "v 10400 3\nc x\n", 2, 3, 12, "a hexadecimal number is expected here"},
    {"heaptrack", "v 10400 3\nc 10000000000000000\n", 2, 3, 12,
     "a hexadecimal number is expected here"},
    {"heaptrack", "v 10400 3\nc 1 2\n", 2, 5, 14, "something follows the record"},
    {"heaptrack", "v 10400 3\ns 4 abc\n", 2, 3, 12, "the text is not as long as is said here"},
    {"heaptrack", "v 10400 3\ns ffffffffffffffff a\n", 2, 3, 12,
     "the text is not as long as is said here"},
    {"heaptrack", "v 10400 3\ns 2 abc\n", 2, 3, 12, "the text is not as long as is said here"},
    {"heaptrack", "v 10400 3\ns 2 ab c\n", 2, 8, 17, "something follows the record"},
    {"heaptrack", "v 10400 3\nm 4 a.so 0\nm 5 a.so 0\n", 3, 3, 23,
     "the text is not as long as is said here"},
    {"heaptrack", "v 10400 3\ni 1 1\n", 2, 5, 14, "there is no text of this number"},
    {"heaptrack", "v 10400 3\ni 1 0 1\n", 2, 7, 16, "there is no text of this number"},
    {"heaptrack", "v 10400 3\ni 1 0 0 1\n", 2, 10, 19, "a hexadecimal number is expected here"},
    {"heaptrack", "v 10400 3\ni 1 0\nt 2 0\n", 3, 3, 18,
     "there is no instruction of this number"},
    {"heaptrack", "v 10400 3\nt 0 1\n", 2, 5, 14, "a call stack is called from an earlier one"},
    {"heaptrack", "v 10400 3\nm 1 -\nt 5 1\n", 3, 5, 20,
     "a call stack is called from an earlier one"},
    {"heaptrack", "v 10400 3\na 1 1\n", 2, 5, 14, "there is no call stack of this number"},
    {"heaptrack", "v 10400 3\na 8000000000000000 0\n", 2, 3, 12, "a size is beyond 2^63-1"},
    {"heaptrack", "v 10400 3\n+ 0\n", 2, 3, 12, "there is no kind of block of this number"},
    {"heaptrack", "v 10400 3\na 1 0\n+ 0\n- 1\n", 4, 3, 22,
     "there is no kind of block of this number"},
    {"heaptrack", "v 10400 3\na 1 0\n+ 0\n+ 1 0 5\n", 4, 3, 22,
     "there is no kind of block of this number"},
    {"heaptrack", "v 10400 3\na 1 0\n+ 0 0 5\n+ 0\n", 4, 4, 27,
     "a hexadecimal number is expected here"},
    {"heaptrack", "v 10400 3\n+ 1 1 5\n", 2, 5, 14, "there is no call stack of this number"},
    {"heaptrack", "v 10400 3\n+ 8000000000000000 0 5\n", 2, 3, 12, "a size is beyond 2^63-1"},
    {"heaptrack", "v 10400 3\nm 1 -\n+ 1\n", 3, 4, 19, "a hexadecimal number is expected here"},
    {"heaptrack", "v 10400 3\nm 1 -\ns 1 a\n", 3, 1, 16,
     "this record is not one of a raw file"},
    {"heaptrack", "v 10400 3\nt 5 0\ns 1 a\n", 3, 1, 16,
     "this record is not one of a raw file"},
    {"heaptrack", "v 10400 3\ns 1 a\nm 1 -\n", 3, 1, 16,
     "this record is not one of an interpreted file"},
    {"heaptrack", "v 10400 3\nm 1 a ffffffffffffffff 1 0\n", 2, 26, 35,
     "a module ends beyond 2^64"},
    {"heaptrack", "v 10400 3\nm 1 a 0 1\n", 2, 10, 19, "a hexadecimal number is expected here"},
    {"heaptrack", "v 10400 2\nm  5 0 1\n", 2, 3, 12, "a text is expected here"},
};

enum { N_SOUND = sizeof sound / sizeof sound[0], N_WRONG = sizeof wrong / sizeof wrong[0] };

static void calls_become_events(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_SOUND; ++i) {
        struct pv_reader *reader;
        const char *text = sound[i].text;
        if (read_spelled(text, strlen(text), NULL, events, &reader) != 1) {
            fail_msg("%s: %s", text, pv_reader_place(reader)->text);
        }
        assert_string_equal(events, sound[i].events);
        assert_string_equal(pv_reader_header(reader)->format, sound[i].format);
        pv_reader_close(reader);
    }
}

/* A file of one line without an end of the line is a file. */
static void a_line_needs_no_end(void **state)
{
    (void)state;
    static const struct {
        const char *format, *text, *events;
    } lines[] = {
        {"valgrind", "--7-- malloc(10) = 0x10", "m1:10"},
        {"android", "3: malloc 0x10 8", "m1:8@3"},
        {"wee_alloc", "Alloc(7),", "m0:7"},
    };
    char events[SPELL_BYTES];
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; ++i) {
        struct pv_reader *reader;
        assert_int_equal(
            read_spelled(lines[i].text, strlen(lines[i].text), NULL, events, &reader), 1);
        assert_string_equal(events, lines[i].events);
        assert_string_equal(pv_reader_header(reader)->format, lines[i].format);
        pv_reader_close(reader);
    }
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_WRONG; ++i) {
        struct pv_reader *reader;
        const char *text = wrong[i].text;
        assert_int_equal(read_spelled(text, strlen(text), wrong[i].from, events, &reader),
                         PV_EFORMAT);
        const struct pv_place *place = pv_reader_place(reader);
        assert_string_equal(place->text, wrong[i].message);
        assert_int_equal(place->line, wrong[i].line);
        assert_int_equal(place->column, wrong[i].column);
        assert_int_equal(place->byte, wrong[i].byte);
        pv_reader_close(reader);
    }
}

/* What was given of a text that is cut is what the whole begins with. */
static void a_cut_at_every_byte(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_SOUND; ++i) {
        for (size_t cut = 0; cut <= strlen(sound[i].text); ++cut) {
            char *copy = room(cut ? cut : 1);
            memcpy(copy, sound[i].text, cut);
            struct pv_reader *reader;
            int status = read_spelled(copy, cut, sound[i].format, events, &reader);
            assert_true(status == 1 || status == PV_EFORMAT);
            assert_true(status == 1 || pv_reader_place(reader)->text[0]);
            assert_true(pv_reader_place(reader)->byte <= cut);
            pv_reader_close(reader);
            free(copy);
        }
    }
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_SOUND; ++i) {
        bool failed = true;
        for (uint64_t nth = 1; failed; ++nth) {
            struct pv_reader *reader;
            own_fail_at(nth, 0);
            int status =
                read_spelled(sound[i].text, strlen(sound[i].text), NULL, events, &reader);
            failed = own_has_failed();
            own_fail_at(0, 0);
            assert_int_equal(status, failed ? PV_ENOMEM : 1);
            pv_reader_close(reader);
            assert_int_equal(own_n_live(), 0);
        }
    }
}

static void a_line_has_a_longest_length(void **state)
{
    (void)state;
    enum { LONG = 70000 };
    char events[SPELL_BYTES];
    char *text = room(LONG + 20);
    memcpy(text, "# ", 2);
    memset(text + 2, 'x', LONG);
    struct pv_reader *reader;
    assert_int_equal(read_spelled(text, LONG, "script", events, &reader), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "this line is longer than 65535 bytes");
    pv_reader_close(reader);
    enum { FITS = 65535 };
    memcpy(text + FITS, "\na 1 2\n", 7);
    assert_int_equal(read_spelled(text, FITS + 7, "script", events, &reader), 1);
    assert_string_equal(events, "m1:2");
    pv_reader_close(reader);
    free(text);
}

/* Many lines, so that the buffer is filled again and again, and many addresses. */
static void a_long_log(void **state)
{
    (void)state;
    enum { N = 60000 };
    struct bytes text = {0};
    for (int i = 0; i < 2 * N; ++i) {
        char line[64];
        int n = i < N ? snprintf(line, sizeof line, "1: malloc 0x%x %d\r\n", 16 * (i + 1), i)
                      : snprintf(line, sizeof line, "1: free 0x%x\r\n", 16 * (i - N + 1));
        bytes_add(&text, line, (size_t)n);
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, text.bytes, text.n, NULL), 0);
    for (uint64_t i = 0; i < 2 * N; ++i) {
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_int_equal(event.op, i < N ? PV_OP_MALLOC : PV_OP_FREE);
        assert_true(event.id.number == i % N + 1);
        assert_int_equal(pv_reader_place(reader)->line, i + 1);
    }
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(text.bytes);
}

/* Numbers that are dense, that are wild, and that were wild until the dense ones came up to
 * them: a resize of one that is live is a resize, else it allocates. */
static void numbers_are_live_or_not(void **state)
{
    (void)state;
    enum { ROUNDS = 40000, N_DENSE = 100, N_WILD = 64, N = N_DENSE + N_WILD };
    struct bytes text = {0};
    static bool live[N];
    static bool wanted[ROUNDS];
    uint64_t seed = 1;
    bytes_add(&text, "0\n0\n0\n0\n", 8);
    for (int i = 0; i < ROUNDS; ++i) {
        uint64_t random = random_next(&seed);
        unsigned which = (unsigned)(random >> 8) % N;
        uint64_t number = which < N_DENSE ? which : UINT64_C(1) << (which - N_DENSE);
        which = which < N_DENSE || number >= N_DENSE ? which : (unsigned)number;
        bool frees = random >> 60 < 6;
        char line[64];
        int n = snprintf(line, sizeof line, frees ? "f %" PRIu64 "\n" : "r %" PRIu64 " 8\n",
                         number);
        bytes_add(&text, line, (size_t)n);
        wanted[i] = live[which];
        live[which] = !frees;
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, text.bytes, text.n, NULL), 0);
    for (int i = 0; i < ROUNDS; ++i) {
        assert_int_equal(pv_reader_next(reader, &event), 0);
        if (event.op != PV_OP_FREE) {
            assert_int_equal(event.op, wanted[i] ? PV_OP_REALLOC : PV_OP_MALLOC);
        }
    }
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(text.bytes);
}

/* Files that the real tools made of foreign/calls.c; make.sh there says how. */
static void files_of_real_tools(void **state)
{
    (void)state;
    static const struct {
        const char *name, *events;
    } files[] = {
        {"valgrind", "m1:100 c2:4x25 r1:5000 a3:256/64 a4:512/128 f2 m5:24 r5:20 f1 f3 m6:77 "
                     "f4 f5"},
        {"ltrace", "m1:100 c2:4x25 r1:5000 a3:512/128 f2 m4:24 r4:20 f1 m5:77 f3 f4"},
        {"mtrace", NULL},
    };
    const char *folder = getenv("PV_FOREIGN");
    if (!folder) {
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        char path[1000];
        char events[SPELL_BYTES];
        snprintf(path, sizeof path, "%s/calls.%s", folder, files[i].name);
        struct bytes bytes = bytes_of_file(path);
        struct pv_reader *reader;
        assert_int_equal(
            read_spelled((const char *)bytes.bytes, bytes.n, NULL, events, &reader), 1);
        assert_string_equal(pv_reader_header(reader)->format, files[i].name);
        if (files[i].events) {
            assert_string_equal(events, files[i].events);
        } else {
            assert_non_null(strstr(events, "m1:100'./calls:["));
            assert_non_null(strstr(events, "r1:5000'./calls:["));
        }
        pv_reader_close(reader);
        free(bytes.bytes);
    }
}

/* What packs the bytes ends without its sum: the place is the end of what could be read. */
static void a_broken_stream_is_blamed_at_its_end(void **state)
{
    (void)state;
    static const char text[] = "0\n0\n0\n0\na 0 100\na 1 25";
    struct bytes packed = bytes_packed(&pv_packing_gzip, text, sizeof text - 1);
    struct pv_reader *reader;
    char events[SPELL_BYTES];
    assert_int_equal(
        read_spelled((const char *)packed.bytes, packed.n - 8, "rep", events, &reader),
        PV_EFORMAT);
    assert_string_equal(events, "m0:100");
    assert_int_equal(pv_reader_place(reader)->line, 6);
    assert_int_equal(pv_reader_place(reader)->byte, sizeof text - 1);
    pv_reader_close(reader);
    free(packed.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_become_events),
        cmocka_unit_test(a_line_needs_no_end),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(a_cut_at_every_byte),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
        cmocka_unit_test(a_line_has_a_longest_length),
        cmocka_unit_test(a_long_log),
        cmocka_unit_test(numbers_are_live_or_not),
        cmocka_unit_test(files_of_real_tools),
        cmocka_unit_test(a_broken_stream_is_blamed_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
