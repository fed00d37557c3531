/* SPDX-License-Identifier: MIT
 *
 * recognition_test.c - logs are recognised as people have them: with a mark, a prompt or tens of
 * kilobytes of other lines before the first call; and what is no trace is called what it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/traces/support.h"
#include "traces/format.h"

#define TEXT(text) text, sizeof text - 1

/* ---- what is no trace ---- */

static const struct {
    const char *bytes;
    size_t n;
    const char *is; /* how the sentence begins */
} others[] = {
    {TEXT("BZh91AY&SY"), "this is packed with bzip2: bunzip2 -c FILE | pebbleviz -"},
    {TEXT("7z\xbc\xaf\x27\x1c\0\4"), "this is a 7-Zip archive"},
    {TEXT("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "this is a PNG picture, no trace"},
    {TEXT("%PDF-1.7\n"), "this is a PDF document"},
    {TEXT("\x17\x08\x44tracing6"), "this is a recording of trace-cmd"},
    {TEXT("PERFILE2\x68\0"), "this is a recording of perf"},
    {TEXT("\xc1\x1f\xfc\xc1\0\0"), "this is a part of an LTTng trace"},
    {TEXT("{\"dhatFileVersion\":2,\"mode\":\"heap\"}"), "this is a report of DHAT"},
    {TEXT("{\"traceEvents\":[]}"), "this is a trace for Chrome"},
    {TEXT("desc: --massif-out-file=x\ncmd: ./a\n"), "this is a report of Massif"},
    {TEXT("heap profile:     1:   16 [     1:   16] @ heapprofile\n"),
     "this is a heap profile of gperftools"},
    {TEXT("==7== Memcheck, a memory error detector\n==7== \n"),
     "this is a log of Valgrind, and its first 128 KiB have no call: run it with "
     "--trace-malloc=yes, or read it with --from valgrind if calls follow"},
    {TEXT("\xff\xfe-\0-\0"), "this is text in UTF-16, as Windows writes it"},
    {TEXT("\xfe\xff\0-\0-"), "this is text in UTF-16, as Windows writes it"},
    {TEXT("m\0a\0l\0l\0o\0c\0(\0001\0"),
     "this is text in UTF-16 without its mark: iconv -f UTF-16LE"},
    {TEXT("\0m\0a\0l\0l\0o\0c\0(\0001"),
     "this is text in UTF-16 without its mark: iconv -f UTF-16BE"},
    {TEXT("\x7f"
          "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0"),
     "this is a program or library, no trace"},
    {TEXT("\x7f"
          "ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\x3e\0"),
     "this is a core file"},
    {TEXT("\x7f"
          "ELF\1\2\1\0\0\0\0\0\0\0\0\0\0\4\0\x08"),
     "this is a core file"},
    {TEXT("\x80\x04\x95\x10\0\0"), "this is a Python pickle"},
    {TEXT("<!DOCTYPE html><html>"), "this is a web page"},
    {TEXT("v 10600 4\nX app\n"), "a newer heaptrack wrote this: file versions up to 3"},
};

static void others_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i) {
        struct pv_reader *reader;
        int status = pv_reader_open_bytes(&reader, others[i].bytes, others[i].n, NULL);
        const char *text = pv_reader_place(reader)->text;
        if (status != PV_EFORMAT || strncmp(text, others[i].is, strlen(others[i].is)) != 0) {
            fail_msg("%s: status %d, %s", others[i].is, status, text);
        }
        pv_reader_close(reader);
    }
}

/* A tar archive is told by what stands behind the first name. */
static void tar_is_named(void **state)
{
    (void)state;
    char block[512] = "a.log";
    memcpy(block + 257, "ustar", 5);
    struct pv_reader *reader;
    assert_int_equal(pv_reader_open_bytes(&reader, block, sizeof block, NULL), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text,
                        "this is a tar archive: tar -xOf FILE MEMBER | pebbleviz -");
    pv_reader_close(reader);
}

/* Cut anywhere, or with one byte changed, they are still no trace and still no crash. */
static void others_are_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i) {
        for (size_t n = 0; n < others[i].n; ++n) {
            char *bytes = room(n);
            memcpy(bytes, others[i].bytes, n);
            struct pv_reader *reader;
            struct pv_trace_event event;
            int status = pv_reader_open_bytes(&reader, bytes, n, NULL);
            status = status ? status : pv_reader_next(reader, &event);
            assert_true(status == PV_EFORMAT || status == 1);
            pv_reader_close(reader);
            free(bytes);
        }
    }
}

/* ---- what stands before a log ---- */

static const struct {
    const char *format, *text;
    const char *spelled; /* support.h */
} logs[] = {
    {"rep", "1 2 3 4\na 0 100\nf 0\n", "m0:100 f0"},
    {"rep", "1 2\n3 4\na 0 100\nf 0\n", "m0:100 f0"},
    {"rep", "2\n3\n4\na 0 100\nf 0\n", "m0:100 f0"}, /* the first line is missing */
    {"script", "# x\na 0 100\nf 0\n", "m0:100 f0"},
    {"mtrace", "= Start\n@ ./a:[0x1] + 0x10 0x20\n@ ./a:[0x2] - 0x10\n", "m1:32'./a:[0x1] f1"},
    {"mtrace", "@ ./a:[0x1] + 0x10 0x20\n@ ./a:[0x2] - 0x10\n= End\n", "m1:32'./a:[0x1] f1"},
    {"mtrace", "+ 0x10 0x20\n- 0x10\n", "m1:32 f1"},
    {"valgrind", "--7-- malloc(32) = 0x10\n--7-- free(0x10)\n", "m1:32 f1"},
    {"heaptrack", "v 10400 3\ns 1 f\ni 5 0 1\nt 1 0\na 4 1\n+ 0\n- 0\n", NULL},
    {"json",
     "{\"format\":\"pebbleviz-trace\",\"version\":1,\"events\":[{\"op\":\"malloc\",\"id\":1,"
     "\"size\":5}]}",
     "m1:5"},
};

static const char *const before[] = {
    "",
    "\xef\xbb\xbf",
    "\n\n",
    "$ cat log\n",
    "me@host:~/work$ ltrace -e malloc ./a -x 1\n",
    "[root@host a]# cat log\n",
    "\xef\xbb\xbf```text\n$ cat log\n\n",
    "Script started on 2026-11-26 00:00:00+00:00 [TERM=\"xterm\"]\r\n% cat log\r\n",
};

/* Lines of these that are told as left out: blank ones are not. */
static const unsigned n_said[] = {0, 0, 0, 1, 1, 1, 2, 2};

static struct bytes joined(const char *first, const char *second, bool cr)
{
    struct bytes all = {0};
    bytes_add(&all, first, strlen(first));
    for (const char *at = second; *at; ++at) {
        bytes_add(&all, cr && *at == '\n' ? "\r\n" : at, cr && *at == '\n' ? 2 : 1);
    }
    return all;
}

static void what_stands_before_is_skipped(void **state)
{
    (void)state;
    char plain[SPELL_BYTES], spelled[SPELL_BYTES];
    for (size_t l = 0; l < sizeof logs / sizeof logs[0]; ++l) {
        for (size_t b = 0; b < 2 * sizeof before / sizeof before[0]; ++b) {
            struct pv_reader *reader;
            struct bytes all = joined(before[b / 2], logs[l].text, b % 2);
            int status = read_spelled((const char *)all.bytes, all.n, NULL, spelled, &reader);
            if (status != 1 || strcmp(pv_reader_header(reader)->format, logs[l].format) != 0) {
                fail_msg("%s: status %d, %s, %s", all.bytes, status,
                         pv_reader_header(reader)->format, pv_reader_place(reader)->text);
            }
            /* Valgrind's reader passes over a program's own words, also before the first call. */
            if (strcmp(logs[l].format, "valgrind") != 0) {
                assert_int_equal(pv_account_count(pv_reader_account(reader), PV_LEFT_LINES),
                                 n_said[b / 2]);
            }
            pv_reader_close(reader);
            if (b == 0) {
                strcpy(plain, spelled);
                assert_true(!logs[l].spelled || strcmp(spelled, logs[l].spelled) == 0);
            }
            assert_string_equal(spelled, plain);
            free(all.bytes);
        }
    }
}

/* A place counts from the file's first byte, whatever was skipped. */
static void places_are_of_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t line, column, byte;
    } table[] = {
        {"a 0 1\nf x\n", 2, 3, 8},
        {"$ cat log\na 0 1\nf x\n", 3, 3, 18},
        {"\xef\xbb\xbf"
         "a 0 1\nf x\n",
         2, 3, 11},
        {"\r\n\r\n$ cat log\r\na 0 1\r\nf x\r\n", 5, 3, 24},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        char spelled[SPELL_BYTES];
        struct pv_reader *reader;
        assert_int_equal(
            read_spelled(table[i].text, strlen(table[i].text), NULL, spelled, &reader),
            PV_EFORMAT);
        const struct pv_place *place = pv_reader_place(reader);
        assert_string_equal(place->text, "an id is expected here");
        assert_int_equal(place->line, table[i].line);
        assert_int_equal(place->column, table[i].column);
        assert_int_equal(place->byte, table[i].byte);
        pv_reader_close(reader);
    }
}

/* A hundred kilobytes of other lines. */
static void calls_begin_late(void **state)
{
    (void)state;
    struct bytes all = {0};
    while (all.n < 100 * 1000) {
        bytes_add(&all, TEXT("--7-- REDIR: 0x4a (libc.so.6:strlen) redirected to 0x48\n"));
    }
    bytes_add(&all, TEXT("--7-- malloc(32) = 0x10\n--7-- free(0x10)\n"));
    char spelled[SPELL_BYTES];
    struct pv_reader *reader;
    assert_int_equal(read_spelled((char *)all.bytes, all.n, NULL, spelled, &reader), 1);
    assert_string_equal(spelled, "m1:32 f1");
    pv_reader_close(reader);
    free(all.bytes);
}

/* Lines that only look like what logs are posted with make no log. */
static void nothing_is_made_up(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\xef\xbb\xbf",       "\xef\xbb\xbf\n", "$ cat log\n", "$ cat log",   "```\n```\n",
        "1 2 3 4 5\na 0 1\n", "1\n2\nx\n",      "1 2 x\n",     "hello $ a\n", "- 0x\n",
        "@ a + b\n",          "# a\n# b\n",     "> \n",        "a b\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        char spelled[SPELL_BYTES];
        struct pv_reader *reader;
        int status = read_spelled(texts[i], strlen(texts[i]), NULL, spelled, &reader);
        if (status != PV_EFORMAT || *spelled) {
            fail_msg("%s: status %d, %s", texts[i], status, spelled);
        }
        pv_reader_close(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_are_named),
        cmocka_unit_test(tar_is_named),
        cmocka_unit_test(others_are_damaged),
        cmocka_unit_test(what_stands_before_is_skipped),
        cmocka_unit_test(places_are_of_the_file),
        cmocka_unit_test(calls_begin_late),
        cmocka_unit_test(nothing_is_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
