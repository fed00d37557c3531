/* SPDX-License-Identifier: MIT
 *
 * reader_test.c - trace.json in: what is read, and what each kind of damage is called.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/heap.h"
#include "core/status.h"

#define HEAD  "{\"format\":\"pebbleviz-trace\",\"version\":1}\n"
#define DOC   "{\"format\":\"pebbleviz-trace\",\"version\":1,\"events\":["
#define AHEAD "{\"op\":\"free\",\"id\":1}\n"

static const char document[] =
    "{\"format\": \"pebbleviz-trace\", \"version\": 1, \"program\": \"sqlite3 :memory:\",\n"
    " \"clock\": \"ns\", \"frames\": [\"a\", \"b\"], \"future\": {\"x\": [1, 2.5, null]},\n"
    " \"events\": [\n"
    "  {\"op\": \"malloc\", \"id\": 1, \"size\": 100, \"name\": \"openDatabase\", \"t\": "
    "1200,\n"
    "   \"thread\": 1, \"addr\": \"0x55d0c0de0010\", \"stack\": [0, \"main\"]},\n"
    "  {\"op\": \"calloc\", \"id\": 2, \"count\": 4, \"size\": 16},\n"
    "  {\"op\": \"aligned\", \"id\": \"three\", \"size\": 4096, \"align\": 4096,\n"
    "   \"flags\": [\"PHYSICAL\", \"LOW16MEG\"]},\n"
    "  {\"new\": [], \"size\": 200, \"id\": 1, \"old_addr\": \"0x10\", \"op\": \"realloc\"},\n"
    "  {\"op\": \"realloc\", \"id\": null, \"size\": 0},\n"
    "  {\"op\": \"free\", \"id\": null},\n"
    "  {\"op\": \"mark\", \"name\": \"request 7 done\"}]}\n";

enum { N_DOCUMENT = 7 };

static const struct pv_trace_event wanted[N_DOCUMENT] = {
    {.op = PV_OP_MALLOC,
     .id = {.kind = PV_ID_NUMBER, .number = 1},
     .size = 100,
     .count = 1,
     .name = "openDatabase",
     .has_name = true,
     .has_t = true,
     .t = 1200,
     .has_thread = true,
     .thread = 1,
     .has_addr = true,
     .addr = UINT64_C(0x55d0c0de0010),
     .stack = (const char *const[]){"a", "main"},
     .n_stack = 2},
    {.op = PV_OP_CALLOC,
     .id = {.kind = PV_ID_NUMBER, .number = 2},
     .size = 16,
     .count = 4,
     .name = ""},
    {.op = PV_OP_ALIGNED,
     .id = {.kind = PV_ID_TEXT, .text = "three", .n = 5},
     .size = 4096,
     .count = 1,
     .align = 4096,
     .flags = PV_FLAG_PHYSICAL | PV_FLAG_LOW16MEG,
     .name = ""},
    {.op = PV_OP_REALLOC,
     .id = {.kind = PV_ID_NUMBER, .number = 1},
     .size = 200,
     .count = 1,
     .name = "",
     .has_old_addr = true,
     .old_addr = 16},
    {.op = PV_OP_REALLOC, .count = 1, .name = ""},
    {.op = PV_OP_FREE, .count = 1, .name = ""},
    {.op = PV_OP_MARK, .count = 1, .name = "request 7 done", .has_name = true},
};

static struct pv_reader *open_text(const char *text)
{
    struct pv_reader *reader;
    if (pv_reader_open_bytes(&reader, text, strlen(text), NULL) < 0) {
        fail_msg("%s", pv_reader_place(reader)->text);
    }
    return reader;
}

static void document_is_read(void **state)
{
    (void)state;
    struct pv_reader *reader = open_text(document);
    const struct pv_trace_header *header = pv_reader_header(reader);
    assert_string_equal(header->program, "sqlite3 :memory:");
    assert_string_equal(header->clock, "ns");
    assert_string_equal(header->format, "json");
    assert_string_equal(header->packing, "");
    struct pv_trace_event event;
    for (size_t i = 0; i < N_DOCUMENT; ++i) {
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_same_event(&event, &wanted[i]);
        if (i == 1) {
            const struct pv_place *place = pv_reader_place(reader);
            assert_int_equal(place->line, 6);
            assert_int_equal(place->column, 3);
            assert_int_equal(place->byte, strstr(document, "{\"op\": \"calloc\"") - document);
            assert_string_equal(place->text, "");
        }
    }
    assert_int_equal(pv_reader_next(reader, &event), 1);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    uint64_t total;
    assert_int_equal(pv_reader_bytes_read(reader, &total), sizeof document - 1);
    assert_int_equal(total, sizeof document - 1);
    pv_reader_close(reader);
}

static void header_keys_may_stand_behind_the_events(void **state)
{
    (void)state;
    struct pv_reader *reader = open_text(
        "{\"clock\":\"us\",\"events\":[{\"op\":\"free\",\"id\":1} , "
        "{\"op\":\"free\",\"id\":2}],\"x\":{\"events\":[]},"
        "\"program\":\"p\\u001b[31m\",\"version\":1,\"format\":\"pebbleviz-trace\"} \n");
    struct pv_trace_event event;
    assert_string_equal(pv_reader_header(reader)->clock, "us");
    assert_string_equal(pv_reader_header(reader)->program, "");
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(event.id.number, 2);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    assert_string_equal(pv_reader_header(reader)->program, "p\xe2\x90\x9b[31m");
    pv_reader_close(reader);
}

static void lines_are_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        HEAD "{\"op\":\"free\",\"id\":1}\n{\"op\":\"free\",\"id\":2}\n",
        HEAD "{\"op\":\"free\",\"id\":1}\n{\"op\":\"free\",\"id\":2}",
        "\n" HEAD
        "\n\n  {\"op\":\"free\",\"id\":1} \r\n \r\n\t{\"op\":\"free\",\"id\":2}\r\n\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        struct pv_reader *reader = open_text(texts[i]);
        struct pv_trace_event event;
        assert_string_equal(pv_reader_header(reader)->format, "jsonl");
        for (uint64_t id = 1; id <= 2; ++id) {
            assert_int_equal(pv_reader_next(reader, &event), 0);
            assert_int_equal(event.id.number, id);
        }
        assert_int_equal(pv_reader_next(reader, &event), 1);
        pv_reader_close(reader);
    }
}

static void no_events_is_an_end_at_once(void **state)
{
    (void)state;
    static const char *const texts[] = {HEAD, DOC "]}", DOC " \n ] , \"x\" : 1 } "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        struct pv_reader *reader = open_text(texts[i]);
        struct pv_trace_event event;
        assert_int_equal(pv_reader_next(reader, &event), 1);
        pv_reader_close(reader);
    }
}

static void format_may_be_named(void **state)
{
    (void)state;
    struct pv_reader *reader;
    assert_int_equal(pv_reader_open_bytes(&reader, HEAD, sizeof HEAD - 1, "jsonl"), 0);
    pv_reader_close(reader);
    assert_int_equal(pv_reader_open_bytes(&reader, HEAD, sizeof HEAD - 1, "json"), 0);
    pv_reader_close(reader);
    assert_int_equal(pv_reader_open_bytes(&reader, HEAD, sizeof HEAD - 1, "yaml"), PV_EINVAL);
    assert_string_equal(pv_reader_place(reader)->text, "there is no trace format of this name");
    struct pv_trace_event event;
    assert_int_equal(pv_reader_next(reader, &event), PV_EINVAL);
    pv_reader_close(reader);
}

static void flags_are_mapped(void **state)
{
    (void)state;
    static const struct {
        const char *names;
        uint32_t flags;
    } table[] = {
        {"", 0},
        {"\"VIRTUAL\",\"CLEAR\"", PV_FLAG_VIRTUAL | PV_FLAG_CLEAR},
        {"\"PHYSICAL\",\"LOW1MEG\"", PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG},
        {"\"LOW4GIG\",\"PERSISTENT\"", PV_FLAG_LOW4GIG | PV_FLAG_PERSISTENT},
        {"\"HARDWARE32\"", PV_FLAG_LOW4GIG | PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED},
        {"\"HARDWARE64\"", PV_FLAG_PHYSICAL | PV_FLAG_ALIGNED},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        char text[300];
        snprintf(text, sizeof text,
                 HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":1,\"flags\":[%s]}", table[i].names);
        struct pv_reader *reader = open_text(text);
        struct pv_trace_event event;
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_int_equal(event.flags, table[i].flags);
        pv_reader_close(reader);
    }
}

static void numbers_reach_their_bounds(void **state)
{
    (void)state;
    struct pv_reader *reader = open_text(
        HEAD "{\"op\":\"calloc\",\"id\":18446744073709551615,\"size\":9223372036854775807,"
             "\"count\":18446744073709551615,\"t\":18446744073709551615,\"thread\":0,"
             "\"addr\":\"0xffffffffffffffff\"}");
    struct pv_trace_event event;
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_true(event.id.number == UINT64_MAX);
    assert_true(event.size == INT64_MAX);
    assert_true(event.count == UINT64_MAX);
    assert_true(event.t == UINT64_MAX);
    assert_true(event.addr == UINT64_MAX);
    assert_true(pv_trace_event_bytes(&event) == UINT64_MAX);
    pv_reader_close(reader);
}

static void texts_are_clean(void **state)
{
    (void)state;
    struct pv_reader *reader = open_text(
        HEAD
        "{\"op\":\"malloc\",\"id\":\"\\u001b]\\u0000\",\"size\":1,\"name\":\"a\\u001b[2J\\n"
        "\\u202e\xc3\xa9\"}\n{\"op\":\"mark\",\"name\":\"</svg>\"}");
    struct pv_trace_event event;
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_string_equal(event.name, "a\xe2\x90\x9b[2J\xe2\x90\x8a\xef\xbf\xbd\xc3\xa9");
    assert_string_equal(event.id.text, "\xe2\x90\x9b]\xe2\x90\x80");
    assert_int_equal(event.id.n, 7);
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_string_equal(event.name, "</svg>");
    pv_reader_close(reader);
}

/* before, n times c, after; to be freed. */
static char *long_text(const char *before, char c, size_t n, const char *after)
{
    size_t n_before = strlen(before), n_after = strlen(after);
    char *text = room(n_before + n + n_after + 1);
    memcpy(text, before, n_before);
    memset(text + n_before, c, n);
    memcpy(text + n_before + n, after, n_after);
    return text;
}

/* A name of any length is taken and cut; an id is never cut. */
static void long_texts(void **state)
{
    (void)state;
    struct pv_trace_event event;
    char *text = long_text(HEAD "{\"op\":\"mark\",\"name\":\"", 'x', 65536, "\"}");
    struct pv_reader *reader = open_text(text);
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(strlen(event.name), PV_EVENT_NAME_MAX);
    pv_reader_close(reader);
    free(text);
    for (size_t n = PV_EVENT_ID_MAX; n <= PV_EVENT_ID_MAX + 1; ++n) {
        text = long_text(HEAD "{\"op\":\"free\",\"id\":\"", '\x7f', n, "\"}");
        reader = open_text(text);
        int status = pv_reader_next(reader, &event);
        assert_int_equal(status, n == PV_EVENT_ID_MAX ? 0 : PV_EFORMAT);
        assert_true(status < 0 || event.id.n == 3 * PV_EVENT_ID_MAX);
        pv_reader_close(reader);
        free(text);
    }
}

enum { LONG = 20 * 1024 * 1024, MIDDLE = 1024 * 1024 };

/* Longer than any value may be, in an unknown member: passed over in constant memory. */
static void long_values_are_passed_over(void **state)
{
    (void)state;
    char *text = long_text("{\"strange\":[\"", 'y', LONG,
                           "\"],\"format\":\"pebbleviz-trace\",\"version\":1,\"events\":["
                           "{\"op\":\"free\",\"id\":7}]}");
    struct pv_reader *reader = open_text(text);
    struct pv_trace_event event;
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(event.id.number, 7);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(text);
}

/* An event that is longer than the window, and one that is longer than is allowed. */
static void long_events(void **state)
{
    (void)state;
    char *text = long_text(HEAD "{\"x\":\"", 'z', MIDDLE,
                           "\",\"op\":\"free\",\"id\":8}\n{\"op\":\"free\",\"id\":9}\n");
    struct pv_reader *reader = open_text(text);
    struct pv_trace_event event;
    for (uint64_t id = 8; id <= 9; ++id) {
        assert_int_equal(pv_reader_next(reader, &event), 0);
        assert_int_equal(event.id.number, id);
    }
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(text);

    text = long_text(HEAD AHEAD "{\"x\":\"", 'z', LONG, "");
    reader = open_text(text);
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(pv_reader_next(reader, &event), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "a value is longer than 16 MiB");
    assert_int_equal(pv_reader_place(reader)->line, 3);
    assert_int_equal(pv_reader_place(reader)->column, 1);
    pv_reader_close(reader);
    free(text);
}

/* ---- bad input ---- */

struct bad {
    const char *bytes;
    size_t n; /* 0: strlen */
    int n_events;
    uint64_t line, column;
    const char *why;
};

static void refuse(const struct bad *bad)
{
    struct pv_reader *reader;
    struct pv_trace_event event;
    size_t n = bad->n ? bad->n : strlen(bad->bytes);
    int status = pv_reader_open_bytes(&reader, bad->bytes, n, NULL);
    int n_events = 0;
    while (status == 0) {
        status = pv_reader_next(reader, &event);
        n_events += status == 0;
    }
    const struct pv_place *place = pv_reader_place(reader);
    if (status != PV_EFORMAT || n_events != bad->n_events || place->line != bad->line ||
        place->column != bad->column || strcmp(place->text, bad->why) != 0) {
        fail_msg("%s\nafter %d events status %d, %d:%d %s\nwanted after %d events %d:%d %s",
                 bad->bytes, n_events, status, (int)place->line, (int)place->column,
                 place->text, bad->n_events, (int)bad->line, (int)bad->column, bad->why);
    }
    struct pv_place first = *place;
    assert_int_equal(pv_reader_next(reader, &event), PV_EFORMAT);
    assert_memory_equal(&first, pv_reader_place(reader), sizeof first);
    pv_reader_close(reader);
}

#define REFUSE_ALL(table)                                                                      \
    for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); ++i) {                          \
        refuse(&(table)[i]);                                                                   \
    }

static void not_a_trace(void **state)
{
    (void)state;
    struct pv_reader *reader;
    assert_int_equal(pv_reader_open_bytes(&reader, NULL, 0, NULL), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "the file is empty");
    pv_reader_close(reader);
    assert_int_equal(pv_reader_open_bytes(&reader, "", 0, "json"), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text, "the file is empty");
    pv_reader_close(reader);
    static const struct bad table[] = {
        {" \n\t \r\n", 0, 0, 0, 0, "the file holds only blanks"},
        {"\x7f"
         "ELF\2\1\1",
         0, 0, 1, 1, "this is no trace: it begins with the byte 0x7F"},
        {"\0\0\0\0\0", 5, 0, 1, 1, "this is no trace: it begins with the byte 0x00"},
        {"\n  hello", 0, 0, 2, 3,
         "this is no trace: it begins with the character h; `pebbleviz formats` lists what is read, --pattern reads a log of your own"},
        {"[1]", 0, 0, 1, 1,
         "this is no trace: it begins with the character [; `pebbleviz formats` lists what is read, --pattern reads a log of your own"},
        {"{}", 0, 0, 1, 1, "this is no pebbleviz trace: its header has no \"format\""},
        {"{\"version\":1}", 0, 0, 1, 1,
         "this is no pebbleviz trace: its header has no \"format\""},
        {"{\"format\":\"pebbleviz-trace\"}", 0, 0, 1, 1,
         "this is no pebbleviz trace: its header has no \"version\""},
        {"{\"op\":\"free\",\"id\":1}\n", 0, 0, 1, 1,
         "this is no pebbleviz trace: its header has no \"format\"; put "
         "{\"format\":\"pebbleviz-trace\",\"version\":1} before its events"},
        {"{\"event\":\"free\",\"ptr\":1}\n", 0, 0, 1, 1,
         "this is no pebbleviz trace: its header has no \"format\"; one call a line is read with "
         "--pattern, such as --pattern '{*}\"op\":\"{op}\"{*}\"addr\":{addr},\"size\":{size}{*}'"},
        {"{\"events\":[{\"op\":\"free\",\"id\":1}]}", 0, 1, 1, 1,
         "this is no pebbleviz trace: its header has no \"format\""},
        {"{\"format\":\"pebbleviz-catalog\",\"version\":1}", 0, 0, 1, 11,
         "the format is \"pebbleviz-catalog\", not \"pebbleviz-trace\""},
        {"{\"format\":\"\\u001b[2J\"}", 0, 0, 1, 11,
         "the format is \"\xe2\x90\x9b[2J\", not \"pebbleviz-trace\""},
        {"{\"format\":1}", 0, 0, 1, 11, "\"format\" must be a text"},
        {"{\"format\":\"pebbleviz-trace\",\n \"version\":2}", 0, 0, 2, 12,
         "only version 1 of the trace format is known here"},
        {"{\"version\":\"1\"}", 0, 0, 1, 12, "\"version\" must be a whole number"},
        {"{\"version\":1.0}", 0, 0, 1, 12, "\"version\" must be a whole number"},
        {"{\"clock\":\"days\"}", 0, 0, 1, 10, "\"clock\" must be ns, us, ms or instructions"},
        {"{\"clock\":7}", 0, 0, 1, 10, "\"clock\" must be ns, us, ms or instructions"},
        {"{\"program\":[]}", 0, 0, 1, 12, "\"program\" must be a text"},
        {"{\"events\":{}}", 0, 0, 1, 11, "\"events\" must be a list"},
        {"{\"events\":", 0, 0, 1, 11, "the file ends inside the header"},
        {"{\"format\":\"pebbl", 0, 0, 1, 17, "the file ends inside a value"},
        {"{\"format\" \"x\"}", 0, 0, 1, 11, "a colon is expected after a key"},
        {"{\"a\":1 \"b\":2}", 0, 0, 1, 8, "a comma or } is expected here"},
        {"{\"a\":1,}", 0, 0, 1, 8, "a key in double quotes is expected here"},
        {"{'format':1}", 0, 0, 1, 2, "a key in double quotes is expected here"},
        {"{", 0, 0, 1, 2, "the file ends inside the header"},
        {"{\"x\":{\"y\":[}", 0, 0, 1, 12, "a value is expected here"},
        {"{\"x\":[1", 0, 0, 1, 8, "the file ends inside a value"},
        {"{\"x\":", 0, 0, 1, 6, "the file ends where a value is expected"},
    };
    REFUSE_ALL(table)
}

static void bad_events(void **state)
{
    (void)state;
    static const char whole[] =
        "\"id\" must be a whole number from 0 to 2^64-1, or a text of at "
        "most 1024 bytes";
    static const char size[] = "\"size\" must be a whole number from 0 to 2^63-1";
    static const char beyond[] = "a whole number does not fit in 64 bits";
    static const struct bad table[] = {
        {HEAD "12", 0, 0, 2, 1, "an event must be an object"},
        {HEAD "[]", 0, 0, 2, 1, "an event must be an object"},
        {HEAD "null", 0, 0, 2, 1, "an event must be an object"},
        {HEAD "{}", 0, 0, 2, 1, "an event wants the key \"op\""},
        {HEAD AHEAD "{\"op\":\"mallok\"}", 0, 1, 3, 7, "there is no operation \"mallok\""},
        {HEAD "{\"op\":\"\\u001b\"}", 0, 0, 2, 7, "there is no operation \"\xe2\x90\x9b\""},
        {HEAD "{\"op\":\"malloc\\u0000\"}", 0, 0, 2, 7,
         "there is no operation \"malloc\xe2\x90\x80\""},
        {HEAD "{\"op\":1}", 0, 0, 2, 7, "\"op\" must be a text"},
        {HEAD "{\"\\u006fp\":1}", 0, 0, 2, 12, "\"op\" must be a text"},
        {HEAD "{\"op\":1,\"op\":2}", 0, 0, 2, 7, "\"op\" must be a text"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"\\u0069d\":1}", 0, 0, 2, 31,
         "an event has the key \"id\" twice"},
        {HEAD "{\"op\":\"malloc\",\"id\":1}", 0, 0, 2, 1, "malloc wants the key \"size\""},
        {HEAD "{\"op\":\"malloc\",\"size\":1}", 0, 0, 2, 1, "malloc wants the key \"id\""},
        {HEAD "{\"op\":\"calloc\",\"id\":1,\"size\":1}", 0, 0, 2, 1,
         "calloc wants the key \"count\""},
        {HEAD "{\"op\":\"aligned\",\"id\":1,\"size\":1}", 0, 0, 2, 1,
         "aligned wants the key \"align\""},
        {HEAD "{\"op\":\"realloc\",\"id\":1}", 0, 0, 2, 1, "realloc wants the key \"size\""},
        {HEAD "{\"op\":\"free\"}", 0, 0, 2, 1, "free wants the key \"id\""},
        {HEAD "{\"op\":\"mark\"}", 0, 0, 2, 1, "mark wants the key \"name\""},
        {HEAD "{\"op\":\"malloc\",\"id\":null,\"size\":1}", 0, 0, 2, 21,
         "the id of malloc must not be null"},
        {HEAD "{\"op\":\"free\",\"id\":-1}", 0, 0, 2, 19, whole},
        {HEAD "{\"op\":\"free\",\"id\":1.5}", 0, 0, 2, 19, whole},
        {HEAD "{\"op\":\"free\",\"id\":true}", 0, 0, 2, 19, whole},
        {HEAD "{\"op\":\"free\",\"id\":{}}", 0, 0, 2, 19, whole},
        {HEAD "{\"op\":\"free\",\"id\":18446744073709551616}", 0, 0, 2, 19, beyond},
        {HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":-1}", 0, 0, 2, 30, size},
        {HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":9223372036854775808}", 0, 0, 2, 30, size},
        {HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":\"1\"}", 0, 0, 2, 30, size},
        {HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":1e3}", 0, 0, 2, 30, size},
        {HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":NaN}", 0, 0, 2, 30,
         "a value is expected here"},
        {HEAD "{\"op\":\"malloc\",\"id\":1,\"size\":null}", 0, 0, 2, 30, size},
        {DOC "\n{\"op\":\"calloc\",\n\"id\":1,\n \"count\":[], \"size\":1}]}", 0, 0, 4, 10,
         "\"count\" must be a whole number from 0 to 2^64-1"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"align\":\"x\"}", 0, 0, 2, 29,
         "\"align\" must be a whole number from 0 to 2^64-1"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"t\":-5}", 0, 0, 2, 25,
         "\"t\" must be a whole number from 0 to 2^64-1"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"thread\":\"main\"}", 0, 0, 2, 30,
         "\"thread\" must be a whole number from 0 to 2^64-1"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"name\":5}", 0, 0, 2, 28, "\"name\" must be a text"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"addr\":4096}", 0, 0, 2, 28,
         "\"addr\" must be an address such as \"0x7f10\""},
        {HEAD "{\"op\":\"free\",\"id\":1,\"old_addr\":\"7f10\"}", 0, 0, 2, 32,
         "\"old_addr\" must be an address such as \"0x7f10\""},
        {HEAD "{\"op\":\"free\",\"id\":1,\"flags\":\"CLEAR\"}", 0, 0, 2, 29,
         "\"flags\" must be a list of flag names"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"flags\":[1]}", 0, 0, 2, 29,
         "\"flags\" must be a list of flag names"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"flags\":[\"CLEAR\",\"WARM\"]}", 0, 0, 2, 29,
         "there is no flag \"WARM\""},
        {HEAD "{\"op\":\"free\",\"id\":1,\"stack\":\"main\"}", 0, 0, 2, 29,
         "\"stack\" must be a list of texts or frame numbers"},
        {HEAD "{\"op\":\"free\",\"id\":1,\"stack\":[null]}", 0, 0, 2, 29,
         "\"stack\" must be a list of texts or frame numbers"},
    };
    REFUSE_ALL(table)
}

static void broken_texts(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {HEAD AHEAD "{\"op\":\"fr", 0, 1, 3, 10, "the file ends inside a value"},
        {HEAD AHEAD "{\"op\":\"free\",", 0, 1, 3, 14, "the file ends inside a value"},
        {HEAD AHEAD "{\"op\":\"free\",\n" AHEAD, 0, 1, 3, 14, "the line ends inside a value"},
        {HEAD AHEAD "{\"op\":\"fr\n" AHEAD, 0, 1, 3, 10, "the line ends inside a text"},
        {HEAD "{\"op\":\"free\",\"id\":1} " AHEAD, 0, 1, 2, 22,
         "a line holds more than one value"},
        {HEAD "{\"op\":\"free\",\"id\":1},\n" AHEAD, 0, 1, 2, 21,
         "a line holds more than one value"},
        {"{\"format\":\"pebbleviz-trace\",\"version\":1}" AHEAD, 0, 0, 1, 41,
         "a line holds more than one value"},
        {DOC, 0, 0, 1, 51, "the file ends inside a list"},
        {DOC AHEAD, 0, 1, 2, 1, "the file ends inside a list"},
        {DOC AHEAD ",", 0, 1, 2, 2, "the file ends inside a list"},
        {DOC AHEAD ",]}", 0, 1, 2, 2, "a value is expected here"},
        {DOC AHEAD AHEAD "]}", 0, 1, 2, 1, "a comma or ] is expected here"},
        {DOC AHEAD "]", 0, 1, 2, 2, "the file ends inside the header"},
        {DOC AHEAD "]}x", 0, 1, 2, 3, "something follows the end of the document"},
        {DOC AHEAD "],\"events\":[]}", 0, 1, 2, 3, "there are events already"},
        {DOC AHEAD "] \"x\":1}", 0, 1, 2, 3, "a comma or } is expected here"},
        {DOC AHEAD "],\"version\":2}", 0, 1, 2, 13,
         "only version 1 of the trace format is known here"},
        {HEAD AHEAD "\0", sizeof HEAD + sizeof AHEAD - 1, 1, 3, 1, "a value is expected here"},
        {HEAD "{\"op\":\"mark\",\"name\":\"\xff\"}", 0, 0, 2, 22, "a text is not valid UTF-8"},
        {HEAD "{\"op\":\"mark\",\"name\":\"a\tb\"}", 0, 0, 2, 23,
         "a control character stands in a text without an escape"},
        {HEAD "{\"op\":\"mark\",\"name\":\"\\udc00\"}", 0, 0, 2, 22,
         "half of a surrogate pair stands alone"},
        {HEAD "{'op':'free','id':1}", 0, 0, 2, 2, "a key in double quotes is expected here"},
        {HEAD "{\"op\\u0000\":\"free\",\"id\":1}", 0, 0, 2, 5,
         "a key holds the character U+0000"},
        {HEAD "nul", 0, 0, 2, 4, "the file ends inside a value"},
    };
    REFUSE_ALL(table)
}

static void deep_nesting(void **state)
{
    (void)state;
    char *text = long_text(HEAD AHEAD "{\"x\":", '[', 100000, "");
    struct bad bad = {text, 0, 1, 3, 37, "the nesting is deeper than 32 levels"};
    refuse(&bad);
    free(text);
}

static void missing_file(void **state)
{
    (void)state;
    struct pv_reader *reader;
    assert_int_equal(pv_reader_open(&reader, "/nonexistent/trace.json", NULL), PV_ENOFILE);
    assert_string_equal(pv_reader_place(reader)->text,
                        "cannot open: No such file or directory");
    assert_string_equal(pv_reader_header(reader)->format, "");
    pv_reader_close(reader);
    assert_int_equal(pv_reader_open(&reader, "/", NULL), PV_ENOFILE);
    assert_string_equal(pv_reader_place(reader)->text, "cannot read: Is a directory");
    pv_reader_close(reader);
    pv_reader_close(NULL);
}

/* ---- sweeps ---- */

/* Reads all; the events must be the first of `wanted`, which repeats. */
static int read_prefix(const unsigned char *bytes, size_t n, int *ret_n_events)
{
    struct pv_reader *reader;
    struct pv_trace_event event;
    *ret_n_events = 0;
    int status = pv_reader_open_bytes(&reader, bytes, n, NULL);
    while (status == 0) {
        status = pv_reader_next(reader, &event);
        if (status == 0) {
            assert_same_event(&event, &wanted[*ret_n_events % N_DOCUMENT]);
            ++*ret_n_events;
        }
    }
    if (status < 0) {
        assert_true(pv_reader_place(reader)->text[0]);
    }
    pv_reader_close(reader);
    return status;
}

static const struct pv_packing *const all_packings[] = {NULL, &pv_packing_gzip,
                                                        &pv_packing_zstd};

static void cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t p = 0; p < 3; ++p) {
        struct bytes all = bytes_packed(all_packings[p], document, sizeof document - 1);
        /* The last byte of the plain form is a line break that nothing depends on. */
        size_t n_whole = p == 0 ? all.n - 1 : all.n;
        int n_before = 0;
        for (size_t n = 0; n <= all.n; ++n) {
            unsigned char *cut = malloc(n ? n : 1); /* so that reading beyond is seen */
            assert_non_null(cut);
            memcpy(cut, all.bytes, n);
            int n_events;
            int status = read_prefix(cut, n, &n_events);
            assert_int_equal(status, n >= n_whole ? 1 : PV_EFORMAT);
            assert_true(n_events >= n_before && n_events <= N_DOCUMENT);
            n_before = n_events;
            free(cut);
        }
        assert_int_equal(n_before, N_DOCUMENT);
        free(all.bytes);
    }
}

/* JSON Lines: a cut at the end of a line cannot be seen, any other is. */
static void lines_cut_at_every_byte(void **state)
{
    (void)state;
    static const char text[] = HEAD AHEAD "{\"op\":\"mark\",\"name\":\"\xc3\xa9\"}\n" AHEAD;
    for (size_t p = 0; p < 3; ++p) {
        struct bytes all = bytes_packed(all_packings[p], text, sizeof text - 1);
        for (size_t n = 0; n <= all.n; ++n) {
            struct pv_reader *reader;
            struct pv_trace_event event;
            int status = pv_reader_open_bytes(&reader, all.bytes, n, NULL);
            while (status == 0) {
                status = pv_reader_next(reader, &event);
            }
            bool at_line = p == 0 && n && (text[n - 1] == '\n' || text[n] == '\n');
            assert_int_equal(status, n == all.n || at_line ? 1 : PV_EFORMAT);
            pv_reader_close(reader);
        }
        free(all.bytes);
    }
}

static void every_bit_flipped(void **state)
{
    (void)state;
    for (size_t p = 0; p < 3; ++p) {
        struct bytes all = bytes_packed(all_packings[p], document, sizeof document - 1);
        for (size_t bit = 0; bit < all.n * 8; ++bit) {
            all.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            struct pv_reader *reader;
            struct pv_trace_event event;
            int status = pv_reader_open_bytes(&reader, all.bytes, all.n, NULL);
            int n = 0;
            while (status == 0) {
                status = pv_reader_next(reader, &event);
                n += status == 0;
                if (p > 0 && status == 0 && n <= N_DOCUMENT && all_packings[p]) {
                    assert_non_null(event.name);
                }
            }
            assert_true(status == 1 || status == PV_EFORMAT);
            pv_reader_close(reader);
            all.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        free(all.bytes);
    }
}

static void out_of_memory_anywhere(void **state)
{
    (void)state;
    char path[300];
    scratch_make();
    snprintf(path, sizeof path, "%s", scratch_path("trace"));
    for (size_t p = 0; p < 3; ++p) {
        struct bytes all = bytes_packed(all_packings[p], document, sizeof document - 1);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(all.bytes, 1, all.n, file), all.n);
        fclose(file);
        for (int sticky = 0; sticky < 2; ++sticky) {
            int failed = 1;
            for (uint64_t n = 1; failed; ++n) {
                own_fail_at(n, sticky);
                struct pv_reader *reader;
                struct pv_trace_event event;
                int status = pv_reader_open(&reader, path, NULL);
                while (status == 0) {
                    status = pv_reader_next(reader, &event);
                }
                failed = own_has_failed();
                assert_int_equal(status, failed ? PV_ENOMEM : 1);
                assert_true(!reader || !failed ||
                            strstr(pv_reader_place(reader)->text, "memory"));
                pv_reader_close(reader);
                assert_int_equal(own_n_live(), 0);
            }
            own_fail_at(0, 0);
        }
        free(all.bytes);
    }
    assert_int_equal(scratch_remove(), 1);
}

/* A pipe that has given only a part: what is whole is given out without waiting for more. */
static void a_pipe_is_read_as_it_comes(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDIN_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    static const char first[] = HEAD AHEAD "{\"op\":\"fr";
    static const char second[] = "ee\",\"id\":2}";
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(write(ends[1], first, sizeof first - 1), sizeof first - 1);
    assert_int_equal(pv_reader_open(&reader, "-", NULL), 0);
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(event.id.number, 1);
    assert_int_equal(write(ends[1], second, sizeof second - 1), sizeof second - 1);
    assert_int_equal(pv_reader_next(reader, &event), 0);
    assert_int_equal(event.id.number, 2);
    close(ends[1]);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    uint64_t total;
    assert_int_equal(pv_reader_bytes_read(reader, &total), sizeof first + sizeof second - 2);
    assert_int_equal(total, 0);
    pv_reader_close(reader);
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(document_is_read),
        cmocka_unit_test(header_keys_may_stand_behind_the_events),
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(no_events_is_an_end_at_once),
        cmocka_unit_test(format_may_be_named),
        cmocka_unit_test(flags_are_mapped),
        cmocka_unit_test(numbers_reach_their_bounds),
        cmocka_unit_test(texts_are_clean),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(long_values_are_passed_over),
        cmocka_unit_test(long_events),
        cmocka_unit_test(not_a_trace),
        cmocka_unit_test(bad_events),
        cmocka_unit_test(broken_texts),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(missing_file),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(lines_cut_at_every_byte),
        cmocka_unit_test(every_bit_flipped),
        cmocka_unit_test(out_of_memory_anywhere),
        cmocka_unit_test(a_pipe_is_read_as_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
