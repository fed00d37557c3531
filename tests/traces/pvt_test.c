/* SPDX-License-Identifier: MIT
 *
 * pvt_test.c - the native format: what goes in comes out, and damage is told in events and
 * bytes.
 */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/heap.h"
#include "core/status.h"
#include "traces/writer.h"

enum { N_FRAMES = 5, N_SOME = 900 };

static const char *const frames[N_FRAMES] = {"main", "f", "g/h", "operator new", "\u00fc"};
static const char *const names[] = {"a", "net/tcp", "", "b", "\u00e9t\u00e9"};
static const struct pv_trace_header header = {
    .program = "ls -l", .clock = "us", .format = "", .packing = ""};

static struct pv_trace_event event_at(uint64_t number)
{
    uint64_t state = number;
    uint64_t roll = dice(&state);
    struct pv_trace_event event = {
        .op = (enum pv_op)(roll % PV_N_OPS),
        .id = {.kind = PV_ID_NUMBER, .number = roll % 3 ? number / 2 : dice(&state) % 100},
        .count = 1,
        .name = "",
        .has_t = roll >> 8 & 1,
        .has_thread = roll >> 9 & 1,
        .has_addr = roll >> 10 & 1,
        .has_old_addr = roll >> 11 & 1,
        .has_name = roll >> 12 & 1,
    };
    if (roll >> 13 & 1 && event.op != PV_OP_MARK) {
        event.id = (struct pv_id){.kind = PV_ID_TEXT, .text = "block", .n = 5};
    }
    if (event.op == PV_OP_MARK || (event.op == PV_OP_FREE && number % 7 == 0)) {
        event.id = (struct pv_id){.kind = PV_ID_NULL};
    }
    if (event.op < PV_OP_FREE) {
        event.size = roll >> 14 & 1 ? roll >> 40 : 64;
        event.size = number % 97 == 0 ? INT64_MAX : event.size;
    }
    event.count = event.op == PV_OP_CALLOC ? roll >> 50 : 1;
    event.align = event.op == PV_OP_ALIGNED ? roll >> 20 : 0;
    event.flags = number % 13 ? 0 : PV_FLAG_PHYSICAL | PV_FLAG_CLEAR;
    event.has_name = event.has_name || event.op == PV_OP_MARK;
    event.name = event.has_name ? names[roll >> 16 & 3] : "";
    event.t = event.has_t ? number * 1000 + roll % 5000 : 0;
    event.thread = event.has_thread ? roll >> 17 & 3 : 0;
    event.addr = event.has_addr ? (number % 5 ? 0x55550000 + 16 * (roll >> 58) : roll) : 0;
    event.old_addr = event.has_old_addr ? 0x55550000 + 16 * (roll >> 58) : 0;
    if (roll >> 18 & 1) {
        event.n_stack = 1 + (uint32_t)(roll >> 19 & 1);
        event.stack = frames + roll % (N_FRAMES - 1);
    }
    return event;
}

static struct bytes written(uint64_t n_events)
{
    struct pv_writer *writer;
    scratch_make();
    assert_int_equal(pv_writer_open(&writer, scratch_path("x.pvt"), NULL, &header), 0);
    for (uint64_t i = 0; i < n_events; ++i) {
        struct pv_trace_event event = event_at(i);
        if (pv_writer_put(writer, &event) < 0) {
            fail_msg("%s", pv_writer_error(writer));
        }
    }
    assert_int_equal(pv_writer_finish(writer), 0);
    pv_writer_close(writer);
    struct bytes bytes = bytes_of_file(scratch_path("x.pvt"));
    assert_int_equal(scratch_remove(), 1);
    return bytes;
}

/* Reads on; checks each event. Answers how it ended. */
static int read_on(struct pv_reader *reader, uint64_t *ret_n)
{
    struct pv_trace_event event;
    int status;
    for (*ret_n = 0; (status = pv_reader_next(reader, &event)) == 0; ++*ret_n) {
        struct pv_trace_event wanted = event_at(*ret_n);
        assert_same_event(&event, &wanted);
    }
    assert_int_equal(pv_reader_next(reader, &event), status);
    return status;
}

static void all_fields_come_back(void **state)
{
    (void)state;
    enum { N = 150000 };
    struct bytes bytes = written(N);
    struct pv_reader *reader;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), 0);
    assert_string_equal(pv_reader_header(reader)->program, "ls -l");
    assert_string_equal(pv_reader_header(reader)->clock, "us");
    assert_string_equal(pv_reader_header(reader)->format, "pvt");
    uint64_t n;
    assert_int_equal(read_on(reader, &n), 1);
    assert_int_equal(n, N);
    pv_reader_close(reader);
    free(bytes.bytes);
}

static void a_trace_of_nothing_is_written(void **state)
{
    (void)state;
    struct bytes bytes = written(0);
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, "pvt"), 0);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(bytes.bytes);
}

/* Offsets at which sections begin, and the end. */
static size_t sections_of(const struct bytes *bytes, size_t *ret_offsets, size_t max)
{
    size_t n = 0;
    for (size_t at = 8; at < bytes->n && n < max; ++n) {
        ret_offsets[n] = at;
        assert_memory_equal(bytes->bytes + at, "PVT", 3);
        const unsigned char *head = bytes->bytes + at;
        at += 20 + ((size_t)head[4] | (size_t)head[5] << 8 | (size_t)head[6] << 16);
    }
    return n;
}

static bool is_boundary(const struct bytes *bytes, size_t at)
{
    size_t offsets[400];
    size_t n = sections_of(bytes, offsets, 400);
    for (size_t i = 1; i < n; ++i) {
        if (offsets[i] == at) {
            return true;
        }
    }
    return false;
}

static void a_cut_keeps_what_is_good(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    for (size_t cut = 8; cut < bytes.n; ++cut) {
        unsigned char *copy = malloc(cut);
        assert_non_null(copy);
        memcpy(copy, bytes.bytes, cut);
        struct pv_reader *reader;
        uint64_t n = 0;
        int status = pv_reader_open_bytes(&reader, copy, cut, NULL);
        status = status ? status : read_on(reader, &n);
        if (is_boundary(&bytes, cut)) { /* as a recorder that was killed leaves it */
            assert_int_equal(status, 1);
        } else {
            assert_int_equal(status, PV_EFORMAT);
            const char *text = pv_reader_place(reader)->text;
            assert_non_null(strstr(text, "the section here cannot be used, it "));
            assert_non_null(strstr(text, " lost"));
            assert_true(pv_reader_place(reader)->byte <= cut);
        }
        pv_reader_close(reader);
        free(copy);
    }
    free(bytes.bytes);
}

static void a_flipped_bit_is_found_and_the_loss_is_told(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    size_t offsets[400];
    size_t n_sections = sections_of(&bytes, offsets, 400);
    size_t index = offsets[n_sections - 1];
    for (size_t at = 8; at < bytes.n; ++at) {
        unsigned bit = 1u << at % 8;
        bytes.bytes[at] ^= (unsigned char)bit;
        struct pv_reader *reader;
        uint64_t n = 0;
        int status = pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL);
        status = status ? status : read_on(reader, &n);
        assert_int_equal(status, PV_EFORMAT);
        const struct pv_place *place = pv_reader_place(reader);
        char lost[80];
        snprintf(lost, sizeof lost, "%s%" PRIu64 " events in %" PRIu64 " bytes are lost",
                 at < index ? "" : "at least ", N_SOME - n, bytes.n - place->byte);
        if (!strstr(place->text, lost)) {
            fail_msg("byte %zu: %s, not %s", at, place->text, lost);
        }
        assert_true(place->byte <= at);
        pv_reader_close(reader);
        bytes.bytes[at] ^= (unsigned char)bit;
    }
    free(bytes.bytes);
}

static void damage_is_told_in_words(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    size_t offsets[400];
    size_t n_sections = sections_of(&bytes, offsets, 400);
    size_t block = 0;
    while (bytes.bytes[offsets[block] + 3] != 'B') {
        ++block;
    }
    assert_true(block < n_sections);
    bytes.bytes[offsets[block] + 30] ^= 1;
    struct pv_reader *reader;
    uint64_t n;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), 0);
    assert_int_equal(read_on(reader, &n), PV_EFORMAT);
    char text[160];
    snprintf(text, sizeof text,
             "the section here cannot be used, its checksum differs; %d events in %zu bytes "
             "are lost",
             N_SOME, bytes.n - offsets[block]);
    assert_string_equal(pv_reader_place(reader)->text, text);
    assert_int_equal(pv_reader_place(reader)->byte, offsets[block]);
    pv_reader_close(reader);

    bytes.bytes[5] ^= 1;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), PV_EFORMAT);
    assert_string_equal(pv_reader_place(reader)->text,
                        "a native trace begins with other bytes");
    pv_reader_close(reader);
    free(bytes.bytes);
}

/* Blocks may be appended behind an index, with an index of their own. */
static void an_index_in_the_middle_is_passed_over(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    size_t offsets[400];
    size_t n_sections = sections_of(&bytes, offsets, 400);
    size_t index = offsets[n_sections - 1];
    struct bytes twice = {0};
    size_t second = 0;
    while (bytes.bytes[offsets[second] + 3] != 'B') {
        ++second;
    }
    bytes_add(&twice, bytes.bytes, bytes.n);
    bytes_add(&twice, bytes.bytes + offsets[second], index - offsets[second]);
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, twice.bytes, twice.n, NULL), 0);
    uint64_t n = 0;
    while (pv_reader_next(reader, &event) == 0) {
        struct pv_trace_event wanted = event_at(n++ % N_SOME);
        assert_same_event(&event, &wanted);
    }
    assert_int_equal(n, 2 * N_SOME);
    pv_reader_close(reader);
    free(twice.bytes);
    free(bytes.bytes);
}

/* Sections without items and without bytes: found by fuzzing. */
static void empty_sections_are_no_lack_of_memory(void **state)
{
    (void)state;
    struct bytes bytes = written(0);
    unsigned char section[22] = {'P', 'V', 'T', 'T', 2}; /* and a piece of nothing */
    uint32_t payload_sum = pv_crc32(0, section + 20, 2);
    for (int i = 0; i < 4; ++i) {
        section[12 + i] = (unsigned char)(payload_sum >> 8 * i);
    }
    uint32_t head_sum = pv_crc32(0, section, 16);
    for (int i = 0; i < 4; ++i) {
        section[16 + i] = (unsigned char)(head_sum >> 8 * i);
    }
    bytes_add(&bytes, section, sizeof section);
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), 0);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(bytes.bytes);
}

static int write_some(const char *path)
{
    struct pv_writer *writer;
    int status = pv_writer_open(&writer, path, NULL, &header);
    for (uint64_t i = 0; status == 0 && i < 100; ++i) {
        struct pv_trace_event event = event_at(i);
        status = pv_writer_put(writer, &event);
    }
    status = status ? status : pv_writer_finish(writer);
    pv_writer_close(writer);
    return status;
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    struct bytes bytes = written(100);
    scratch_make();
    const char *path = scratch_path("x.pvt");
    bool failed = true;
    for (uint64_t nth = 1; failed; ++nth) {
        for (int sticky = 0; sticky < 2; ++sticky) {
            own_fail_at(nth, sticky);
            int status = write_some(path);
            failed = own_has_failed();
            own_fail_at(0, 0);
            assert_int_equal(status, failed ? PV_ENOMEM : 0);
            assert_int_equal(own_n_live(), 0);
        }
    }
    failed = true;
    for (uint64_t nth = 1; failed; ++nth) {
        struct pv_reader *reader;
        uint64_t n = 0;
        own_fail_at(nth, 0);
        int status = pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL);
        status = status ? status : read_on(reader, &n);
        failed = own_has_failed();
        own_fail_at(0, 0);
        assert_int_equal(status, failed ? PV_ENOMEM : 1);
        pv_reader_close(reader);
        assert_int_equal(own_n_live(), 0);
    }
    assert_int_equal(scratch_remove(), 1);
    free(bytes.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields_come_back),
        cmocka_unit_test(a_trace_of_nothing_is_written),
        cmocka_unit_test(a_cut_keeps_what_is_good),
        cmocka_unit_test(a_flipped_bit_is_found_and_the_loss_is_told),
        cmocka_unit_test(damage_is_told_in_words),
        cmocka_unit_test(an_index_in_the_middle_is_passed_over),
        cmocka_unit_test(empty_sections_are_no_lack_of_memory),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
