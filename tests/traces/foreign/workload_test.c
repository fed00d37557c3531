/* SPDX-License-Identifier: MIT
 *
 * workload_test.c - malloc-bench, glibc's workloads and bytehound's export: what each call
 * becomes, what is wrong where.
 */
#include "tests/traces/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "traces/stream.h"

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
#define BYTES(text) (text), sizeof text - 1

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
           "\n\x29(\1)12345678*\1x-1234\n\x14\r1234\b\0\x10\7\xa0\1\1\xaa\1\2ab\x12\1z"),
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
    /* The threads stand in another order than the list has. */
    {NULL, BYTES("\b\1\t\0\n\3\v\x13\v\r\v\x10\1\5\0\1\5\0\1\2\1\3\1"), "m1:3@1 f-@2 f-@3"},
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
    {NULL, BYTES(N("\1") N("\1") N0 N("\3") N("\4") N0), "m0:4!3"},
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
    {"bytehound", BYTES(N("\1") N("\6") "\1\0"), 16,
     "the file is cut off within what begins here", ""},
    {"bytehound", BYTES("\1\0"), 0, "the file is cut off within what begins here", ""},
    {"bytehound", BYTES(N("\1") N("\1") N0 N("\3") N("\4")), 40,
     "the file is cut off within what begins here", "m0:4!3"},
    {"bytehound", BYTES(N("\1") N("\1") N("\1") N0 N("\3") N("\4") N("\2") N0), 48,
     "the file is cut off within what begins here", "m0:4!3"},
    {NULL, BYTES(N("\1") N("\1") N0 N("\3") N("\4") N0 "more"), 48,
     "something follows the end mark", "m0:4!3"},
    {"bytehound", BYTES(N("\1") N("\6") N0 N0 N0 N0), 8, "no record has the kind 6", ""},
    {"bytehound", BYTES(N("\1") N("\1") N("\2") N("\3") N("\4")), 8,
     "slot 2 is not among the 1 of this file", ""},
    {"bytehound", BYTES(N("\1") N("\t") N("\1") N0 N("\3") N("\4") N("\4") N0 N0 N0), 8,
     "no record has the kind 9", ""},
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
    snprintf(path, sizeof path, "%s/calls.%s", folder ? folder : "tests/traces/foreign/files",
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

/* ---- sweeps ---- */

/* The bytes of a file, unpacked. */
static struct bytes plain_bytes(size_t i)
{
    struct bytes packed = file_bytes(i);
    struct bytes plain = {0};
    struct pv_stream *stream;
    char some[100];
    size_t n = 1;
    assert_int_equal(pv_stream_open_bytes(&stream, packed.bytes, packed.n), 0);
    while (n) {
        assert_int_equal(pv_stream_read(stream, some, sizeof some, &n), 0);
        bytes_add(&plain, some, n);
    }
    pv_stream_close(stream);
    free(packed.bytes);
    return plain;
}

/* The operations of one thread, without ids, as "m:100 f ". */
static void spell_thread(char *out, const char *events, char thread)
{
    char copy[SPELL_BYTES];
    snprintf(copy, sizeof copy, "%s", events);
    out[0] = '\0';
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        char *at = strchr(word, '@');
        if (at && at[1] == thread) {
            char *size = strchr(word, ':');
            *at = '\0';
            size_t n = strlen(out);
            snprintf(out + n, SPELL_BYTES - n, "%c%s ", *word, size ? size : "");
        }
    }
}

static void assert_begins_so(size_t i, const char *events)
{
    if (i != WL) {
        assert_memory_equal(events, files[i].events, strlen(events));
        return;
    }
    for (char thread = '1'; thread <= '3'; ++thread) {
        char part[SPELL_BYTES];
        char whole[SPELL_BYTES];
        spell_thread(part, events, thread);
        spell_thread(whole, files[i].events, thread);
        assert_memory_equal(part, whole, strlen(part));
    }
}

/* What was given of a file that is cut is what the whole begins with; of threads, each its own.
 * A cut between two calls cannot be seen where the file does not say how many there are. */
static void a_cut_at_every_byte(void **state)
{
    (void)state;
    static const int unseen[N_FILES] = {[BENCH] = 15, [WL] = 0, [HOUND] = 0, [OLDER] = 6};
    for (size_t i = 0; i < N_FILES; ++i) {
        struct bytes plain = plain_bytes(i);
        int n_unseen = 0;
        for (size_t cut = 0; cut < plain.n; ++cut) {
            char events[SPELL_BYTES];
            char *copy = room(cut ? cut : 1);
            memcpy(copy, plain.bytes, cut);
            struct pv_reader *reader;
            int status = read_spelled(copy, cut, files[i].format, events, &reader);
            const struct pv_place *place = pv_reader_place(reader);
            assert_true(status == 1 || status == PV_EFORMAT);
            n_unseen += status == 1;
            if (status != 1) {
                assert_memory_equal(place->text, "the file is cut off ", 20);
            }
            assert_true(place->byte <= cut);
            assert_begins_so(i, events);
            pv_reader_close(reader);
            free(copy);
        }
        assert_int_equal(n_unseen, unseen[i]);
        free(plain.bytes);
    }
}

/* In the packing. */
static void a_packed_cut_at_every_byte(void **state)
{
    (void)state;
    static const struct pv_packing *const packings[] = {&pv_packing_gzip, &pv_packing_zstd};
    for (size_t i = 0; i < 2 * N_FILES; ++i) {
        struct bytes plain = plain_bytes(i / 2);
        struct bytes packed = bytes_packed(packings[i % 2], plain.bytes, plain.n);
        for (size_t cut = 0; cut < packed.n; ++cut) {
            char events[SPELL_BYTES];
            struct pv_reader *reader;
            char *copy = room(cut ? cut : 1);
            memcpy(copy, packed.bytes, cut);
            int status = read_spelled(copy, cut, files[i / 2].format, events, &reader);
            assert_true(status == PV_EFORMAT || cut < 4); /* no packing is known by less */
            assert_true(status == 1 || pv_reader_place(reader)->text[0]);
            assert_begins_so(i / 2, events);
            if (packings[i % 2] == &pv_packing_gzip && cut == packed.n - 1) {
                assert_string_equal(events, files[i / 2].events); /* all but the checksum */
            }
            pv_reader_close(reader);
            free(copy);
        }
        free(packed.bytes);
        free(plain.bytes);
    }
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILES; ++i) {
        struct bytes bytes = file_bytes(i);
        bool failed = true;
        for (uint64_t nth = 1; failed; ++nth) {
            char events[SPELL_BYTES];
            struct pv_reader *reader;
            own_fail_at(nth, 0);
            int status =
                read_spelled((const char *)bytes.bytes, bytes.n, NULL, events, &reader);
            failed = own_has_failed();
            own_fail_at(0, 0);
            assert_int_equal(status, failed ? PV_ENOMEM : 1);
            assert_begins_so(i, events);
            pv_reader_close(reader);
            assert_int_equal(own_n_live(), 0);
        }
        free(bytes.bytes);
    }
}

/* ---- large files ---- */

static void add_varint(struct bytes *bytes, uint64_t number)
{
    unsigned char byte = (unsigned char)(number & 0x7f);
    for (; number > 0x7f; byte = (unsigned char)(number & 0x7f)) {
        byte |= 0x80;
        bytes_add(bytes, &byte, 1);
        number >>= 7;
    }
    bytes_add(bytes, &byte, 1);
}

/* Many lines with one of 200,000 bytes of something unknown among them: the same memory. */
static void many_lines_and_a_long_one(void **state)
{
    (void)state;
    enum { N = 60000, LONG = 200000 };
    struct bytes bytes = {0};
    size_t last = 0;
    for (uint64_t i = 0; i < N; ++i) {
        struct bytes call = {0};
        last = bytes.n;
        bytes_add(&call, "\b", 1);
        add_varint(&call, i % 7);
        bytes_add(&call, i % 2 ? "" : "\x10", i % 2 ? 0 : 1);
        if (i % 2 == 0) {
            add_varint(&call, i);
        }
        bytes_add(&bytes, "\n", 1);
        add_varint(&bytes, call.n + 2);
        bytes_add(&bytes, i % 2 ? "\x12" : "\n", 1);
        add_varint(&bytes, call.n);
        bytes_add(&bytes, call.bytes, call.n);
        free(call.bytes);
        if (i == N / 2) {
            char *zeros = room(LONG);
            bytes_add(&bytes, "\n", 1);
            add_varint(&bytes, LONG + 4);
            bytes_add(&bytes, "\x7a", 1);
            add_varint(&bytes, LONG);
            bytes_add(&bytes, zeros, LONG);
            free(zeros);
        }
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), 0);
    uint64_t n_allocated = 0;
    for (; pv_reader_next(reader, &event) == 0; n_allocated += event.op == PV_OP_MALLOC) {
        assert_false(event.has_addr);
    }
    assert_string_equal(pv_reader_place(reader)->text, "");
    assert_true(pv_reader_place(reader)->byte == last);
    assert_true(n_allocated > N / 4);
    assert_true(own_n_live() < 12);
    pv_reader_close(reader);
    free(bytes.bytes);
}

static void add_number(struct bytes *bytes, uint64_t number)
{
    unsigned char digits[10];
    size_t n = sizeof digits;
    digits[--n] = number & 0x7f;
    while (number >>= 7) {
        digits[--n] = (unsigned char)(number | 0x80);
    }
    bytes_add(bytes, digits + n, sizeof digits - n);
}

/* Makes `whole` the list of threads that begin where it ended before and have one byte more
 * each; is it as long as it was? */
static bool add_list(struct bytes *whole, const struct bytes *threads, unsigned n_threads,
                     uint64_t n_syncs)
{
    size_t was = whole->n;
    size_t begin = was;
    whole->n = 0;
    bytes_add(whole, "\b", 1);
    add_number(whole, n_threads);
    bytes_add(whole, "\t", 1);
    add_number(whole, n_syncs);
    bytes_add(whole, "\n", 1);
    add_number(whole, n_threads);
    for (unsigned i = 0; i < n_threads; ++i) {
        bytes_add(whole, "\v", 1);
        add_number(whole, begin);
        begin += threads[i].n + 1;
    }
    bytes_add(whole, "\1", 1);
    return whole->n == was;
}

/* Threads that hand on to the next in a ring, far longer than what is read at once. */
static void a_ring_of_threads(void **state)
{
    (void)state;
    enum { THREADS = 300, ROUNDS = 100 };
    struct bytes threads[THREADS] = {{0}};
    uint64_t sync = 0;
    for (unsigned round = 0; round < ROUNDS; ++round) {
        for (unsigned i = 0; i < THREADS; ++i) {
            struct bytes *next = &threads[(i + 1) % THREADS];
            bytes_add(&threads[i], "\2", 1);
            add_number(&threads[i], i + 1);
            add_number(&threads[i], round);
            bytes_add(&threads[i], "\6", 1);
            add_number(&threads[i], ++sync);
            bytes_add(next, "\7", 1);
            add_number(next, sync);
        }
    }
    struct bytes whole = {0};
    while (!add_list(&whole, threads, THREADS, sync)) {
        /* until it is as long as it says */
    }
    for (unsigned i = 0; i < THREADS; ++i) {
        bytes_add(&threads[i], "\1", 1);
        bytes_add(&whole, threads[i].bytes, threads[i].n);
        free(threads[i].bytes);
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, whole.bytes, whole.n, NULL), 0);
    for (uint64_t i = 0; i < THREADS * ROUNDS; ++i) {
        if (i >= THREADS) { /* what the last round left in the slot is freed */
            assert_int_equal(pv_reader_next(reader, &event), 0);
            assert_int_equal(event.op, PV_OP_FREE);
            assert_int_equal(event.thread, i % THREADS + 1);
        }
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_int_equal(event.op, PV_OP_MALLOC);
        assert_int_equal(event.thread, i % THREADS + 1);
        assert_int_equal(event.size, i / THREADS);
    }
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(whole.bytes);
}

static void there_are_only_so_many_threads(void **state)
{
    (void)state;
    enum { MOST = 65536 };
    char events[SPELL_BYTES];
    struct bytes bytes = {0};
    struct pv_reader *reader;
    for (unsigned i = 0; i < MOST; ++i) {
        bytes_add(&bytes, "\v", 1);
        add_number(&bytes, 10 * MOST);
    }
    bytes_add(&bytes, "\1", 1);
    assert_int_equal(read_spelled((const char *)bytes.bytes, bytes.n, "wl", events, &reader),
                     PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "the file is cut off in thread 1");
    pv_reader_close(reader);
    bytes.bytes[--bytes.n] = 0xb;
    uint64_t byte = bytes.n++;
    add_number(&bytes, 10 * MOST);
    assert_int_equal(read_spelled((const char *)bytes.bytes, bytes.n, "wl", events, &reader),
                     PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "there are more than 65536 threads");
    assert_int_equal(pv_reader_place(reader)->byte, byte);
    pv_reader_close(reader);
    free(bytes.bytes);
}

/* Lines that begin with what the binary formats begin with. */
static void texts_are_not_taken_for_them(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *format;
    } texts[] = {
        {BYTES("\n\n\n\na 0 8\nf 0\n"), "script"},
        {BYTES("\n\r\n1: malloc 0x10 8\n"), "android"},
        {BYTES("\n \nAlloc(3),\n"), "wee_alloc"},
        {BYTES("\n\t\n1\n2\n3\n4\n"), "rep"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        char events[SPELL_BYTES];
        struct pv_reader *reader;
        assert_int_equal(read_spelled(texts[i].bytes, texts[i].n, NULL, events, &reader), 1);
        assert_string_equal(pv_reader_header(reader)->format, texts[i].format);
        pv_reader_close(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_become_events),
        cmocka_unit_test(calls_become_events),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(a_cut_at_every_byte),
        cmocka_unit_test(a_packed_cut_at_every_byte),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
        cmocka_unit_test(many_lines_and_a_long_one),
        cmocka_unit_test(a_ring_of_threads),
        cmocka_unit_test(there_are_only_so_many_threads),
        cmocka_unit_test(texts_are_not_taken_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
