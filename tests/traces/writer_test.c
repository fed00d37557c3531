/* SPDX-License-Identifier: MIT
 *
 * writer_test.c - what is written is what is read back, in every form and packing; and what is
 * not finished is not there.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/heap.h"
#include "core/status.h"
#include "traces/writer.h"

static const struct pv_trace_header header = {
    .program = "sqlite3 \"x\" \\ \xc3\xa9", .clock = "us", .format = "", .packing = ""};

static int begin(void **state)
{
    (void)state;
    scratch_make();
    return 0;
}

static int end(void **state)
{
    (void)state;
    return scratch_remove() < 0;
}

/* A random event that uses every field its operation may have. Its texts are in `texts`. */
static struct pv_trace_event random_event(uint64_t *seed, char texts[2][40])
{
    static const char *const pieces[] = {"net/", "\"", "\\", "\xe2\x90\x9b", "<&>", "a b", "~"};
    for (int t = 0; t < 2; ++t) {
        texts[t][0] = '\0';
        for (uint64_t i = random_next(seed) % 5; i; --i) {
            strcat(texts[t], pieces[random_next(seed) % 7]);
        }
    }
    uint64_t bits = random_next(seed);
    struct pv_trace_event event = {
        .op = (enum pv_op)(random_next(seed) % PV_N_OPS), .count = 1, .name = ""};
    if (event.op != PV_OP_MARK) {
        uint64_t kind =
            event.op < PV_OP_REALLOC ? 1 + random_next(seed) % 2 : random_next(seed) % 3;
        if (kind == 1) {
            event.id =
                (struct pv_id){.kind = PV_ID_NUMBER, .number = random_next(seed) >> bits % 64};
        } else if (kind == 2) {
            event.id = (struct pv_id){
                .kind = PV_ID_TEXT, .text = texts[0], .n = (uint32_t)strlen(texts[0])};
        }
        event.size = event.op == PV_OP_FREE ? 0 : random_next(seed) >> (1 + bits % 63);
    }
    event.count = event.op == PV_OP_CALLOC ? random_next(seed) >> bits % 64 : 1;
    event.align = event.op == PV_OP_ALIGNED ? UINT64_C(1) << bits % 64 : 0;
    event.has_name = event.op == PV_OP_MARK || bits & 1;
    event.name = event.has_name ? texts[1] : "";
    for (size_t i = 0; i < PV_N_FLAG_NAMES; ++i) {
        event.flags |= bits >> (8 + i) & 1 ? pv_flag_names[i].flags : 0;
    }
    event.flags = bits & 2 ? event.flags : 0;
    event.has_t = bits & 4;
    event.has_thread = bits & 8;
    event.has_addr = bits & 16;
    event.has_old_addr = bits & 32;
    event.t = random_next(seed) >> bits % 61;
    event.thread = random_next(seed) >> bits % 59;
    event.addr = random_next(seed) >> bits % 53;
    event.old_addr = random_next(seed);
    return event;
}

static void random_events_come_back(void **state)
{
    (void)state;
    enum { N_EVENTS = 20000 };
    static const struct {
        const char *name, *to, *form, *packing;
    } table[] = {
        {"a.json", NULL, "json", ""},
        {"a.jsonl", NULL, "jsonl", ""},
        {"a.json.gz", NULL, "json", "gzip"},
        {"a.jsonl.gz", NULL, "jsonl", "gzip"},
        {"a.json.zst", NULL, "json", "zstd"},
        {"a.jsonl.zst", NULL, "jsonl", "zstd"},
        {"a", NULL, "json", ""},
        {"b.zst", NULL, "json", "zstd"},
        {"b.json", "jsonl", "jsonl", ""},
        {"b.jsonl.gz", "json", "json", "gzip"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        const char *path = scratch_path(table[i].name);
        struct pv_writer *writer;
        struct pv_trace_event event, read;
        char texts[2][40];
        assert_int_equal(pv_writer_open(&writer, path, table[i].to, &header), 0);
        uint64_t seed = i;
        for (int n = 0; n < N_EVENTS; ++n) {
            event = random_event(&seed, texts);
            assert_int_equal(pv_writer_put(writer, &event), 0);
        }
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(pv_writer_finish(writer), 0);
        pv_writer_close(writer);

        struct pv_reader *reader;
        assert_int_equal(pv_reader_open(&reader, path, NULL), 0);
        assert_string_equal(pv_reader_header(reader)->program, header.program);
        assert_string_equal(pv_reader_header(reader)->clock, header.clock);
        assert_string_equal(pv_reader_header(reader)->format, table[i].form);
        assert_string_equal(pv_reader_header(reader)->packing, table[i].packing);
        seed = i;
        for (int n = 0; n < N_EVENTS; ++n) {
            event = random_event(&seed, texts);
            assert_int_equal(pv_reader_next(reader, &read), 0);
            assert_same_event(&event, &read);
        }
        assert_int_equal(pv_reader_next(reader, &read), 1);
        pv_reader_close(reader);
    }
}

static const struct pv_trace_event three[] = {
    {.op = PV_OP_MALLOC,
     .id = {.kind = PV_ID_NUMBER, .number = 1},
     .size = 100,
     .count = 1,
     .name = "x",
     .has_name = true,
     .flags = PV_FLAG_HARDWARE32 | PV_FLAG_CLEAR,
     .has_addr = true,
     .addr = 0xbeef},
    {.op = PV_OP_FREE, .count = 1, .name = ""},
    {.op = PV_OP_MARK, .count = 1, .name = "done", .has_name = true, .has_t = true, .t = 9},
};

static void write_three(const char *path)
{
    static const struct pv_trace_header none = {
        .program = "", .clock = "", .format = "", .packing = ""};
    struct pv_writer *writer;
    assert_int_equal(pv_writer_open(&writer, path, NULL, &none), 0);
    for (size_t i = 0; i < 3; ++i) {
        assert_int_equal(pv_writer_put(writer, &three[i]), 0);
    }
    assert_int_equal(pv_writer_finish(writer), 0);
    pv_writer_close(writer);
}

static void text_is_exactly_this(void **state)
{
    (void)state;
    write_three(scratch_path("c.json"));
    struct bytes text = bytes_of_file(scratch_path("c.json"));
    text.bytes[text.n] = '\0';
    assert_string_equal(
        (char *)text.bytes,
        "{\"format\": \"pebbleviz-trace\", \"version\": 1,\n \"events\": [\n"
        "  {\"op\": \"malloc\", \"id\": 1, \"size\": 100, \"flags\": [\"HARDWARE32\", "
        "\"CLEAR\"], \"name\": \"x\", \"addr\": \"0xbeef\"},\n"
        "  {\"op\": \"free\", \"id\": null},\n"
        "  {\"op\": \"mark\", \"name\": \"done\", \"t\": 9}]}\n");
    free(text.bytes);
    write_three(scratch_path("c.jsonl"));
    text = bytes_of_file(scratch_path("c.jsonl"));
    text.bytes[text.n] = '\0';
    assert_string_equal((char *)text.bytes,
                        "{\"format\":\"pebbleviz-trace\",\"version\":1}\n"
                        "{\"op\":\"malloc\",\"id\":1,\"size\":100,\"flags\":[\"HARDWARE32\","
                        "\"CLEAR\"],\"name\":\"x\",\"addr\":\"0xbeef\"}\n"
                        "{\"op\":\"free\",\"id\":null}\n"
                        "{\"op\":\"mark\",\"name\":\"done\",\"t\":9}\n");
    free(text.bytes);
}

/* The same events make the same bytes, packed too: no times, no names in them. */
static void packed_twice_is_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"d.json.gz", "d.json.zst"};
    for (size_t i = 0; i < 2; ++i) {
        write_three(scratch_path(names[i]));
        struct bytes first = bytes_of_file(scratch_path(names[i]));
        write_three(scratch_path(names[i]));
        struct bytes second = bytes_of_file(scratch_path(names[i]));
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.bytes, second.bytes, first.n);
        free(first.bytes);
        free(second.bytes);
    }
}

static void what_cannot_be_said_is_refused(void **state)
{
    (void)state;
    const struct pv_trace_event table[] = {
        {.op = PV_OP_MALLOC, .count = 1, .name = "", .size = 1},
        {.op = PV_OP_FREE, .count = 1, .name = "", .flags = PV_FLAG_ALIGNED},
        {.op = PV_OP_FREE, .count = 1, .name = "", .flags = 1u << 30},
        {.op = PV_OP_REALLOC, .count = 1, .name = "", .size = UINT64_C(1) << 63},
        {.op = PV_OP_MARK, .count = 1, .name = ""},
        {.op = (enum pv_op)PV_N_OPS, .count = 1, .name = ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        struct pv_writer *writer;
        assert_int_equal(pv_writer_open(&writer, scratch_path("e.json"), NULL, &header), 0);
        assert_int_equal(pv_writer_put(writer, &three[1]), 0);
        assert_int_equal(pv_writer_put(writer, &table[i]), PV_EINVAL);
        assert_int_equal(pv_writer_put(writer, &three[1]), PV_EINVAL);
        assert_int_equal(pv_writer_finish(writer), PV_EINVAL);
        assert_string_equal(pv_writer_error(writer),
                            "an event holds what trace.json cannot say");
        pv_writer_close(writer);
        assert_int_equal(access(scratch_path("e.json"), F_OK), -1);
    }
    struct pv_writer *writer;
    assert_int_equal(pv_writer_open(&writer, scratch_path("e.json"), "yaml", &header),
                     PV_EINVAL);
    assert_string_equal(pv_writer_error(writer),
                        "a trace can be written as json, jsonl, pvt or rep only");
    pv_writer_close(writer);
    pv_writer_close(NULL);
}

/* A full disk, seen only when the buffers go out. */
static void full_device(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) < 0) {
        return; /* a chroot without devices */
    }
    struct pv_writer *writer;
    assert_int_equal(pv_writer_open(&writer, "/dev/full", "jsonl", &header), 0);
    int status = 0;
    for (int i = 0; i < 10000 && status == 0; ++i) {
        status = pv_writer_put(writer, &three[0]);
    }
    assert_int_equal(status, PV_EIO);
    assert_int_equal(pv_writer_finish(writer), PV_EIO);
    assert_string_equal(pv_writer_error(writer), "cannot write: No space left on device");
    pv_writer_close(writer);
    assert_int_equal(pv_writer_open(&writer, "/dev/full", "json", &header), 0);
    assert_int_equal(pv_writer_put(writer, &three[0]), 0);
    assert_int_equal(pv_writer_finish(writer), PV_EIO);
    assert_string_equal(pv_writer_error(writer), "cannot write: No space left on device");
    pv_writer_close(writer);
}

static void out_of_memory_anywhere(void **state)
{
    (void)state;
    static const char *const names[] = {"f.json", "f.jsonl.gz", "f.json.zst"};
    for (size_t i = 0; i < 3; ++i) {
        int failed = 1;
        const char *path = scratch_path(names[i]);
        for (uint64_t n = 1; failed; ++n) {
            own_fail_at(n, 0);
            struct pv_writer *writer;
            int status = pv_writer_open(&writer, path, NULL, &header);
            if (status == 0) {
                status = pv_writer_put(writer, &three[0]);
            }
            if (status == 0) {
                status = pv_writer_finish(writer);
            }
            failed = own_has_failed();
            assert_int_equal(status, failed ? PV_ENOMEM : 0);
            assert_true(!writer || !failed || strstr(pv_writer_error(writer), "memory"));
            pv_writer_close(writer);
            assert_int_equal(own_n_live(), 0);
            assert_int_equal(access(path, F_OK), failed ? -1 : 0);
        }
        own_fail_at(0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_events_come_back, begin, end),
        cmocka_unit_test_setup_teardown(text_is_exactly_this, begin, end),
        cmocka_unit_test_setup_teardown(packed_twice_is_the_same, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_said_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(full_device, begin, end),
        cmocka_unit_test_setup_teardown(out_of_memory_anywhere, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
