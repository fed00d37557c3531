/* SPDX-License-Identifier: MIT
 *
 * workload_test.c - malloc-bench, glibc's workloads and bytehound's export: what each call
 * becomes, what is wrong where.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

/* Files that foreign/workloads.py wrote. */
static const struct {
    const char *name, *format, *packing, *clock, *events;
} files[] = {
    {"malloc-bench", "malloc-bench", "gzip", "",
     "m1:100 c2:4x25 r1:5000 a3:256/64 f2 m4:24 r4:20 f- m5:7 f1 f3 f4"},
    {"wl", "wl", "", "",
     "m1:100@1 a2:512/128@3 c3:1x100@1 f2@3 a4:256/64@2 r1:5000@1 a5:10/4096@3 a6:24/4096@2 "
     "f4@1 r5:0@3 r6:20@2 f-@1 f-@3 f3@2 f1@2 m7:77@2"},
    {"bytehound", "bytehound", "", "us",
     "m0:100!1000 m1:100!1010 r0:5000!1020 f1 m1:24!1030 f0"},
    {"older-bytehound", "bytehound", "", "us",
     "m0:100!1000 m1:100!1010 r0:5000!1020 f1 m1:24!1030 f0"},
};

enum { N_FILES = sizeof files / sizeof files[0], BENCH = 0, WL = 1, HOUND = 2, OLDER = 3 };

/* Bytes with NULs among them, and how many there are. */
#define BYTES(text) (text), sizeof(text) - 1

/* Numbers of bytehound's. */
#define N0        "\0\0\0\0\0\0\0\0"
#define N(digits) digits "\0\0\0\0\0\0\0"

static const struct {
    const char *from; /* NULL: by the content */
    const char *bytes;
    size_t n;
    const char *events;
} sound[] = {
    /* Two ids, the call's fields in any order, an id used again. */
    {NULL, BYTES("\n\6\n\4\x10\3\b\5\n\4\x12\2\b\5\n\6\n\4\b\5\x10\1"), "m1:3 f1 m2:1"},
    /* A call without fields: malloc(0) that failed, free(NULL). */
    {NULL, BYTES("\n\2\n\0\n\2\x12\0"), "f-"},
    /* Lines without a call, or with one that is not known. */
    {"malloc-bench", BYTES("\n\0\n\2*\0\n\2\x12\0"), "f-"},
    /* Fields that are not known: a number, 8 bytes, bytes, 4 bytes; around, in the line and in
     * the call; and a known one of another kind. */
    {"malloc-bench",
     BYTES("\x18\xff\1\x19"
           "12345678"
           "\x1a\3abc\x1d"
           "1234"
           "\n\x24(\1)12345678*\1x-1234\n\x0f\b\0\x10\7\xa0\1\1\xaa\1\2ab\x12\1z"),
     "m1:7"},
    /* Of two calls on a line the last one counts; of two fields too. */
    {"malloc-bench", BYTES("\n\x0e\x12\2\b\1\n\4\b\1\x10\2\n\2\x10\4"), "m1:4"},
    /* The longest number, the largest id. */
    {"malloc-bench", BYTES("\n\x0f\n\r\b\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1\x10\1"), "m1:1"},
    /* Freed twice, never allocated; a resize to nothing that stays where it is. */
    {"malloc-bench", BYTES("\n\4\n\2\b\0\n\4\x12\2\b\0\n\4\x12\2\b\0\n\4\x12\2\b\7"),
     "m1:0 f1 f1 f2"},
    {"malloc-bench", BYTES("\n\6\n\4\b\0\x10\1\n\6\x1a\4\b\0\x10\0\n\4\x12\2\b\0"),
     "m1:1 f1 m2:0 f2"},
    {"malloc-bench", BYTES("\x10\4"), ""},
    {"malloc-bench", BYTES(""), ""},
    /* No threads; nothing in one. */
    {NULL, BYTES("\b\1\t\0\n\0\1"), ""},
    {NULL, BYTES("\b\1\t\0\n\1\v\t\1\1"), ""},
    /* Nothing between, numbers with zeros in front, a list in another order. */
    {"wl", BYTES("\0\n\1\0\v\n\b\x80\2\1\2\x80\1\x81\0\0\5\1\0\1"), "m1:128@1 f1@1"},
    /* An empty slot, a full one, also for a resize; slot 0. */
    {NULL,
     BYTES("\b\3\t\0\n\1\v\t\1"
           "\5\1\2\1\6\3\1\7\2\2\1\4\2\1\x08\4\3\1\5\4\0\3\0\2\0\4\5\0\1"),
     "f-@1 m1:6@1 f1@1 c2:1x7@1 m3:1@1 f3@1 r2:8@1 m4:5@1 r4:0@1 f-@1"},
    /* Three that wait for one sync go on in the order in which they came, behind the giver. */
    {NULL,
     BYTES("\b\5\t\1\n\4\v\x0f\v\x14\v\x19\v\x1e\1"
           "\7\1\5\0\1\7\1\5\0\1\7\1\5\0\1\5\0\6\1\5\0\5\0\1"),
     "f-@4 f-@4 f-@1 f-@2 f-@3 f-@4"},
    /* A sync that is given twice, and before it is waited for. */
    {NULL,
     BYTES("\b\5\t\1\n\2\v\v\v\x10\1"
           "\5\0\7\1\1\6\1\6\1\5\0\1"),
     "f-@1 f-@2"},
    /* Operations counted with those that were filtered; slots used again. */
    {"bytehound", BYTES(N("\2") N("\x63") N("\1") N0 N("\3") N("\4") N("\2") N0 N("\3") N0),
     "m0:4!3 f0"},
    {NULL, BYTES(N("\1") N("\1") N0 N("\3") N("\4") N0 "what follows"), "m0:4!3"},
    {"bytehound", BYTES(N0 N0), ""},
    /* A resize of a slot that is empty. */
    {NULL, BYTES(N("\1") N("\3") N0 N("\3") N("\4") N0), "m0:4!3"},
};

static const struct {
    const char *from, *bytes;
    size_t n;
    uint64_t byte;
    const char *message, *events;
} wrong[] = {
    {"malloc-bench", BYTES("\n\2\x12\0\n\5\n\3\b\1"), 4,
     "the file is cut off within what begins here", "f-"},
    {"malloc-bench", BYTES("\n\2\x12\0\x1a\xff\xff\xff\xff\7x"), 4,
     "the file is cut off within what begins here", "f-"},
    {"malloc-bench", BYTES("\n\2\x12\0\x08"), 4, "the file is cut off within what begins here",
     "f-"},
    {"malloc-bench", BYTES("\n\2\x12\1\b\1"), 2, "this goes beyond the message it is part of",
     ""},
    {"malloc-bench", BYTES("\n\3\x12\1\b\1"), 5, "this goes beyond the message it is part of",
     ""},
    {"malloc-bench", BYTES("\n\5\n\3\x22\2a"), 4, "this goes beyond the message it is part of",
     ""},
    {"malloc-bench", BYTES("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), 0,
     "the file is cut off within what begins here", ""},
    {"malloc-bench", BYTES("\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), 0,
     "the file is cut off within what begins here", ""},
    {"malloc-bench", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"), 1,
     "a number is beyond 2^64-1", ""},
    {"malloc-bench", BYTES("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"), 1,
     "a number is beyond 2^64-1", ""},
    {"malloc-bench", BYTES("\n\2\x12\0\0"), 4, "no field begins like this", "f-"},
    {"malloc-bench", BYTES("\x82\x80\x80\x80\x10"), 0, "no field begins like this", ""},
    {"malloc-bench", BYTES("\n\2\x12\0\x1b\x1c"), 4, "a field of this kind is not understood",
     "f-"},
    {"malloc-bench", BYTES("\x0f"), 0, "a field of this kind is not understood", ""},
    {"malloc-bench", BYTES("\n\x0d\n\v\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"), 0,
     "a size is beyond 2^63-1", ""},
    {"malloc-bench", BYTES("\n\x0d\n\v\b\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), 0,
     "an id is beyond 2^64-2", ""},
    {"malloc-bench", BYTES("\n\x0d\x1a\v\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), 0,
     "an id is beyond 2^64-2", ""},
    {"wl", BYTES("\b\1\2\1\1"), 2, "there is no operation 2 in the list of threads", ""},
    {"wl", BYTES("\b\1\t\0\n\0"), 6, "the file is cut off in the list of threads", ""},
    {"wl", BYTES(""), 0, "the file is cut off in the list of threads", ""},
    {"wl", BYTES("\b\1\t\7\n\0\1"), 2, "7 syncs do not fit into this file", ""},
    {"wl", BYTES("\b\x82\x80\x80\x80\x80\x80\x80\x80\x80\0\1"), 0, "a number is beyond 2^64-1",
     ""},
    {"wl", BYTES("\v\2\1\1"), 2, "thread 1 begins in the list of threads", ""},
    {"wl", BYTES("\v\5\v\5\1\1"), 5, "two threads begin here", ""},
    {"wl", BYTES("\v\5\v\7\1\5\0\1"), 7, "thread 1 runs into another one", "f-@1"},
    {"wl", BYTES("\v\x12\v\5\1\5\0\1"), 8, "the file is cut off in thread 1", "f-@2"},
    {"wl", BYTES("\v\3\1\5\0\5"), 5, "the file is cut off in thread 1", "f-@1"},
    {"wl", BYTES("\v\3\1\5\0\x10"), 5, "there is no operation 16 in a thread", "f-@1"},
    {"wl", BYTES("\v\3\1\5\0\b\1"), 5, "there is no operation 8 in a thread", "f-@1"},
    {"wl", BYTES("\v\3\1\5\1\1"), 3, "slot 1 is not among the 0 of this file", ""},
    {"wl", BYTES("\b\2\v\5\1\4\1\3\1\1"), 5, "slot 3 is not among the 2 of this file", ""},
    {"wl", BYTES("\v\3\1\6\1\1"), 3, "sync 1 is not among the 0 of this file", ""},
    {"wl", BYTES("\b\2\v\5\1\2\1\x81\x80\x80\x80\x80\x80\x80\x80\x80\0\1"), 5,
     "a size is beyond 2^63-1", ""},
    /* Each waits for the other. */
    {"wl", BYTES("\t\2\v\7\v\x0e\1\5\0\7\2\6\1\1\7\1\6\2\5\0\1"), 9,
     "thread 1 waits for sync 2, which nobody gives", "f-@1"},
    /* The damaged one stops, the other goes on. */
    {"wl", BYTES("\v\5\v\x09\1\5\0c\1\5\0\5\0\1"), 7, "there is no operation 99 in a thread",
     "f-@1 f-@2 f-@2"},
    {"bytehound", BYTES(N("\1")), 8, "the file is cut off within what begins here", ""},
    {"bytehound", BYTES("\1\0"), 0, "the file is cut off within what begins here", ""},
    {"bytehound", BYTES(N("\1") N("\1") N0 N("\3") N("\4")), 40,
     "the file is cut off within what begins here", "m0:4!3"},
    {"bytehound", BYTES(N("\1") N("\1") N("\1") N0 N("\3") N("\4") N("\2") N0), 48,
     "the file is cut off within what begins here", "m0:4!3"},
    {"bytehound", BYTES(N("\1") N("\6") N0 N0 N0), 8, "no record has the kind 6", ""},
    {"bytehound", BYTES(N("\1") N("\1") N("\2") N("\3") N("\4")), 8,
     "slot 2 is not among the 1 of this file", ""},
    {"bytehound", BYTES(N("\1") N("\2") N0 N("\3") N("\4")), 8,
     "a record of kind 2 has no size", ""},
    {"bytehound", BYTES(N("\1") N("\4") N0 N0 N("\1")), 8, "a record of kind 4 has no size",
     ""},
    {"bytehound", BYTES(N("\1") N("\1") N0 N0 "\0\0\0\0\0\0\0\x80"), 8,
     "a size is beyond 2^63-1", ""},
};

enum { N_SOUND = sizeof sound / sizeof sound[0], N_WRONG = sizeof wrong / sizeof wrong[0] };

static struct bytes file_bytes(size_t i)
{
    char path[1000];
    const char *folder = getenv("PV_FOREIGN");
    snprintf(path, sizeof path, "%s/calls.%s", folder ? folder : "tests/traces/foreign",
             files[i].name);
    return bytes_of_file(path);
}

static void files_become_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILES; ++i) {
        char events[SPELL_BYTES];
        struct bytes bytes = file_bytes(i);
        struct pv_reader *reader;
        assert_int_equal(
            read_spelled((const char *)bytes.bytes, bytes.n, NULL, events, &reader), 1);
        assert_string_equal(events, files[i].events);
        const struct pv_trace_header *header = pv_reader_header(reader);
        assert_string_equal(header->format, files[i].format);
        assert_string_equal(header->packing, files[i].packing);
        assert_string_equal(header->clock, files[i].clock);
        pv_reader_close(reader);
        free(bytes.bytes);
    }
}

static void calls_become_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SOUND; ++i) {
        char events[SPELL_BYTES];
        struct pv_reader *reader;
        if (read_spelled(sound[i].bytes, sound[i].n, sound[i].from, events, &reader) != 1) {
            fail_msg("%zu: %s", i, pv_reader_place(reader)->text);
        }
        assert_string_equal(events, sound[i].events);
        pv_reader_close(reader);
    }
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WRONG; ++i) {
        char events[SPELL_BYTES];
        struct pv_reader *reader;
        assert_int_equal(
            read_spelled(wrong[i].bytes, wrong[i].n, wrong[i].from, events, &reader),
            PV_EFORMAT);
        const struct pv_place *place = pv_reader_place(reader);
        assert_string_equal(place->text, wrong[i].message);
        assert_int_equal(place->line, 0);
        assert_int_equal(place->byte, wrong[i].byte);
        assert_string_equal(events, wrong[i].events);
        pv_reader_close(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_become_events),
        cmocka_unit_test(calls_become_events),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
