/* SPDX-License-Identifier: MIT
 *
 * pvt_test.c - the native format: what goes in comes out, and damage is told in events and
 * bytes.
 */
#include "tests/traces/support.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/heap.h"
#include "core/status.h"
#include "traces/writer.h"

enum { N_FRAMES = 5, N_FEW = 60, N_SOME = 900, N_BLOCKS = 5000 };

static const char *const frames[N_FRAMES] = {"main", "f", "g/h", "operator new", "\u00fc"};
static const char *const names[] = {"a", "net/tcp", "", "b", "\u00e9t\u00e9"};
static const struct pv_trace_header header = {
    .program = "ls -l", .clock = "us", .format = "", .packing = ""};

static struct pv_trace_event event_at(uint64_t number)
{
    uint64_t state = number;
    uint64_t roll = random_next(&state);
    struct pv_trace_event event = {
        .op = (enum pv_op)(roll % PV_N_OPS),
        .id = {.kind = PV_ID_NUMBER,
               .number = roll % 3 ? number / 2 : random_next(&state) % 100},
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

/* Events with the same number have the same name, and each name has a number. */
static void names_are_numbered(void **state)
{
    (void)state;
    enum { N = 20000, N_NUMBERS = 1000 };
    static char seen[N_NUMBERS][PV_EVENT_NAME_MAX + 1];
    struct bytes bytes = written(N);
    struct pv_reader *reader;
    struct pv_trace_event event;
    uint64_t n_named = 0;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), 0);
    while (pv_reader_next(reader, &event) == 0) {
        assert_true(event.named || !*event.name);
        if (event.named) {
            assert_in_range(event.named, 1, N_NUMBERS - 1);
            char *name = seen[event.named];
            snprintf(name, *name ? 0 : sizeof seen[0], "%s", event.name);
            assert_string_equal(name, event.name);
            n_named++;
        }
    }
    assert_true(n_named > N / 10);
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

/* Reads bytes that are damaged: what it gives is true, and how it ends is told. */
static int read_damaged(const unsigned char *bytes, size_t n, uint64_t *ret_n,
                        struct pv_place *ret_place)
{
    struct pv_reader *reader;
    *ret_n = 0;
    int status = pv_reader_open_bytes(&reader, bytes, n, NULL);
    status = status ? status : read_on(reader, ret_n);
    *ret_place = *pv_reader_place(reader);
    pv_reader_close(reader);
    return status;
}

static void a_cut_keeps_what_is_good(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    size_t offsets[400];
    size_t n_sections = sections_of(&bytes, offsets, 400), n_whole = 0;
    uint64_t n_most = 0;
    for (size_t cut = 0; cut < bytes.n; ++cut) {
        /* of its own, so that a sanitizer sees a read behind it */
        unsigned char *copy = (unsigned char *)room(cut ? cut : 1);
        struct pv_place place;
        uint64_t n;
        memcpy(copy, bytes.bytes, cut);
        assert_int_equal(read_damaged(copy, cut, &n, &place), PV_EFORMAT);
        assert_true(n >= n_most);
        n_most = n;
        while (n_whole < n_sections && offsets[n_whole] < cut) {
            ++n_whole;
        }
        char lost[120];
        if (n_whole > 1 && n_whole < n_sections && offsets[n_whole] == cut) {
            assert_string_equal(place.text,
                                "the trace ends here without its index: it is being written, "
                                "or its writer was stopped; of what is here 0 events in 0 "
                                "bytes are lost");
            assert_int_equal(place.byte, cut);
            free(copy);
            continue;
        }
        snprintf(lost, sizeof lost, " in %" PRIu64 " bytes are lost", cut - place.byte);
        if (cut && !strstr(place.text, lost)) {
            fail_msg("cut at %zu: %s", cut, place.text);
        }
        free(copy);
    }
    assert_int_equal(n_most, N_SOME);
    free(bytes.bytes);
}

/* Every bit: nothing false is given out, and all that is missing is told. */
static void a_flipped_bit_is_found_and_the_loss_is_told(void **state)
{
    (void)state;
    struct bytes bytes = written(N_FEW);
    size_t offsets[400];
    size_t index = offsets[sections_of(&bytes, offsets, 400) - 1];
    for (size_t bit = 0; bit < 8 * bytes.n; ++bit) {
        size_t at = bit / 8;
        struct pv_place place;
        uint64_t n;
        bytes.bytes[at] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(read_damaged(bytes.bytes, bytes.n, &n, &place), PV_EFORMAT);
        bytes.bytes[at] ^= (unsigned char)(1u << bit % 8);
        char lost[80];
        if (at < 8) {
            assert_int_equal(n, N_FEW);
            assert_string_equal(place.text, "the file begins with other bytes than a native "
                                            "trace; 0 events in 8 bytes are lost");
            continue;
        }
        snprintf(lost, sizeof lost, "; %s%" PRIu64 " events in %" PRIu64 " bytes are lost",
                 at < index ? "" : "at least ", N_FEW - n, bytes.n - place.byte);
        if (!strstr(place.text, lost)) {
            fail_msg("bit %zu: %s, not %s", bit, place.text, lost);
        }
        assert_true(place.byte <= at);
    }
    free(bytes.bytes);
}

static void put_file(const char *path, const unsigned char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* A whole section that is gone leaves no bad checksum. */
static void a_section_that_is_gone_is_missed(void **state)
{
    (void)state;
    struct bytes bytes = written(N_BLOCKS);
    size_t offsets[400];
    size_t n_sections = sections_of(&bytes, offsets, 400);
    assert_int_equal(bytes.bytes[offsets[n_sections - 2] + 3], 'B');
    struct bytes less = {0};
    bytes_add(&less, bytes.bytes, offsets[n_sections - 2]);
    size_t index = less.n;
    bytes_add(&less, bytes.bytes + offsets[n_sections - 1], bytes.n - offsets[n_sections - 1]);
    struct pv_place place;
    uint64_t n;
    assert_int_equal(read_damaged(less.bytes, less.n, &n, &place), PV_EFORMAT);
    assert_true(n > 0 && n < N_BLOCKS);
    assert_int_equal(place.byte, index);
    assert_non_null(strstr(place.text, "the index tells of other events than stand before it"));
    scratch_make();
    put_file(scratch_path("x.pvt"), less.bytes, less.n);
    struct pv_writer *writer;
    struct pv_writer_kept kept;
    assert_int_equal(pv_writer_append(&writer, scratch_path("x.pvt"), &header, &kept),
                     PV_EFORMAT);
    pv_writer_close(writer);
    assert_int_equal(scratch_remove(), 1);
    free(less.bytes);
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
    free(bytes.bytes);
}

/* ---- going on ---- */

/* Puts events first to n_end - 1 behind the file's. */
static int append(const char *path, uint64_t n_end, struct pv_writer_kept *kept, bool finish)
{
    struct pv_writer *writer;
    int status = pv_writer_append(&writer, path, &header, kept);
    for (uint64_t i = kept->n_events; status == 0 && i < n_end; ++i) {
        struct pv_trace_event event = event_at(i);
        status = pv_writer_put(writer, &event);
    }
    if (!status && finish) {
        status = pv_writer_finish(writer);
    }
    pv_writer_close(writer);
    return status;
}

static void assert_file_holds(const char *path, uint64_t n_events)
{
    struct bytes bytes = bytes_of_file(path);
    struct pv_reader *reader;
    uint64_t n;
    assert_int_equal(pv_reader_open_bytes(&reader, bytes.bytes, bytes.n, NULL), 0);
    int status = read_on(reader, &n);
    if (status != 1) {
        fail_msg("%s", pv_reader_place(reader)->text);
    }
    assert_int_equal(n, n_events);
    pv_reader_close(reader);
    free(bytes.bytes);
}

static void a_whole_trace_grows(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    scratch_make();
    put_file(scratch_path("x.pvt"), bytes.bytes, bytes.n);
    struct pv_writer_kept kept = {0};
    for (uint64_t n = 1; n <= 3; ++n) {
        assert_int_equal(append(scratch_path("x.pvt"), (n + 1) * N_SOME, &kept, true), 0);
        assert_int_equal(kept.n_events, n * N_SOME);
        assert_int_equal(kept.n_cut_bytes, 0);
        assert_file_holds(scratch_path("x.pvt"), (n + 1) * N_SOME);
    }
    struct bytes grown = bytes_of_file(scratch_path("x.pvt"));
    assert_memory_equal(grown.bytes, bytes.bytes, bytes.n);
    /* texts and stacks are said once: one section of texts in all */
    size_t offsets[400], n_texts = 0;
    for (size_t i = sections_of(&grown, offsets, 400); i-- > 0;) {
        n_texts += grown.bytes[offsets[i] + 3] == 'T';
    }
    assert_int_equal(n_texts, 1);
    assert_int_equal(scratch_remove(), 1);
    free(grown.bytes);
    free(bytes.bytes);
}

/* Cut at every byte, as a writer that was killed leaves it. */
static void a_cut_trace_grows_from_what_is_good(void **state)
{
    (void)state;
    struct bytes bytes = written(N_FEW);
    size_t offsets[400];
    size_t n_sections = sections_of(&bytes, offsets, 400);
    scratch_make();
    for (size_t cut = 0; cut < bytes.n; ++cut) {
        struct pv_writer_kept kept = {0};
        put_file(scratch_path("x.pvt"), bytes.bytes, cut);
        int status = append(scratch_path("x.pvt"), 0, &kept, true); /* nothing but the index */
        if (cut < offsets[1]) { /* not even a header: it stays as it is */
            assert_int_equal(status, PV_EFORMAT);
            struct bytes same = bytes_of_file(scratch_path("x.pvt"));
            assert_int_equal(same.n, cut);
            free(same.bytes);
            continue;
        }
        assert_int_equal(status, 0);
        size_t whole = n_sections - 1;
        while (offsets[whole] > cut) {
            --whole;
        }
        assert_int_equal(kept.n_bytes, offsets[whole]);
        assert_int_equal(kept.n_cut_bytes, cut - offsets[whole]);
        assert_int_equal(kept.n_events, offsets[whole] == offsets[n_sections - 1] ? N_FEW : 0);
        assert_file_holds(scratch_path("x.pvt"), kept.n_events);
        assert_int_equal(append(scratch_path("x.pvt"), N_FEW + 10, &kept, true), 0);
        assert_file_holds(scratch_path("x.pvt"), N_FEW + 10);
    }
    assert_int_equal(scratch_remove(), 1);
    free(bytes.bytes);
}

static void a_damaged_trace_is_left_alone(void **state)
{
    (void)state;
    struct bytes bytes = written(N_FEW);
    size_t offsets[400];
    size_t index = offsets[sections_of(&bytes, offsets, 400) - 1];
    scratch_make();
    for (size_t at = 0; at < bytes.n; ++at) {
        struct pv_writer_kept kept = {0};
        bytes.bytes[at] ^= (unsigned char)(1u << at % 8);
        put_file(scratch_path("x.pvt"), bytes.bytes, bytes.n);
        int status = append(scratch_path("x.pvt"), N_FEW + 10, &kept, true);
        if (at < index) {
            assert_int_equal(status, PV_EFORMAT);
            struct bytes same = bytes_of_file(scratch_path("x.pvt"));
            assert_int_equal(same.n, bytes.n);
            assert_memory_equal(same.bytes, bytes.bytes, bytes.n);
            free(same.bytes);
        } else { /* only the index is bad: it is made again */
            assert_int_equal(status, 0);
            assert_int_equal(kept.n_events, N_FEW);
            assert_int_equal(kept.n_cut_bytes, bytes.n - index);
            assert_file_holds(scratch_path("x.pvt"), N_FEW + 10);
        }
        bytes.bytes[at] ^= (unsigned char)(1u << at % 8);
    }
    assert_int_equal(scratch_remove(), 1);
    free(bytes.bytes);
}

static void assert_unchanged(const char *path, const struct bytes *bytes)
{
    struct bytes now = bytes_of_file(path);
    assert_int_equal(now.n, bytes->n);
    assert_memory_equal(now.bytes, bytes->bytes, bytes->n);
    free(now.bytes);
}

static void what_was_not_finished_goes_again(void **state)
{
    (void)state;
    struct bytes bytes = written(N_SOME);
    scratch_make();
    const char *path = scratch_path("x.pvt");
    put_file(path, bytes.bytes, bytes.n);
    struct pv_writer_kept kept = {0};
    assert_int_equal(append(path, 200000, &kept, false), 0);
    assert_unchanged(path, &bytes);

    /* no room for it, in the middle of a block */
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = bytes.n + 100000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = append(path, 200000, &kept, true);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, PV_EIO);
    assert_unchanged(path, &bytes);

    for (uint64_t nth = 1, failed = 1; failed; ++nth) {
        put_file(path, bytes.bytes, bytes.n);
        kept = (struct pv_writer_kept){0};
        own_fail_at(nth, 0);
        status = append(path, N_SOME + 100, &kept, true);
        failed = (uint64_t)own_has_failed();
        own_fail_at(0, 0);
        assert_int_equal(status, failed ? PV_ENOMEM : 0);
        assert_int_equal(own_n_live(), 0);
        if (failed) {
            assert_unchanged(path, &bytes);
        }
    }
    assert_file_holds(path, N_SOME + 100);
    assert_int_equal(scratch_remove(), 1);
    free(bytes.bytes);
}

static void assert_refused(const char *path, const struct pv_trace_header *with, int wanted,
                           const char *text)
{
    struct pv_writer *writer;
    struct pv_writer_kept kept;
    assert_int_equal(pv_writer_append(&writer, path, with, &kept), wanted);
    assert_string_equal(pv_writer_error(writer), text);
    pv_writer_close(writer);
}

static void what_cannot_grow_is_refused_in_words(void **state)
{
    (void)state;
    struct bytes bytes = written(N_FEW);
    scratch_make();
    const char *path = scratch_path("x.pvt");
    struct pv_trace_header other = header;
    other.clock = "ns";
    put_file(path, bytes.bytes, bytes.n);
    assert_refused(path, &other, PV_EINVAL, "its times are counted by another clock");
    struct pv_writer *writer;
    struct pv_writer_kept kept;
    assert_int_equal(pv_writer_append(&writer, path, &header, &kept), 0);
    assert_refused(path, &header, PV_EIO, "somebody else is writing to it");
    pv_writer_close(writer);
    assert_refused("/dev/null", &header, PV_EINVAL, "this is no regular file");
    assert_refused("/nowhere/x.pvt", &header, PV_EIO,
                   "cannot write: No such file or directory");
    put_file(path, (const unsigned char *)"{}", 2);
    assert_refused(path, &header, PV_EFORMAT,
                   "byte 0: the section here cannot be used, the file begins with other bytes; "
                   "at least 0 events in 2 bytes are lost");
    struct bytes packed = bytes_packed(&pv_packing_gzip, bytes.bytes, bytes.n);
    put_file(path, packed.bytes, packed.n);
    assert_refused(path, &header, PV_EINVAL, "nothing can be put behind a packed trace");
    assert_int_equal(scratch_remove(), 1);
    free(packed.bytes);
    free(bytes.bytes);
}

/* Makes a section's checksums right. */
static void set_sums(unsigned char *section, size_t n)
{
    uint32_t payload_sum = pv_crc32(0, section + 20, n);
    for (int i = 0; i < 4; ++i) {
        section[12 + i] = (unsigned char)(payload_sum >> 8 * i);
    }
    uint32_t head_sum = pv_crc32(0, section, 16);
    for (int i = 0; i < 4; ++i) {
        section[16 + i] = (unsigned char)(head_sum >> 8 * i);
    }
}

static uint64_t number_at(const unsigned char *bytes, size_t *at)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        number |= (uint64_t)(bytes[*at] & 0x7f) << shift;
        if (bytes[(*at)++] < 0x80) {
            return number;
        }
    }
}

/* Checksums that hold, and a number that does not end: nothing of the block is given out. */
static void a_column_must_hold_its_numbers(void **state)
{
    (void)state;
    struct bytes bytes = written(N_FEW);
    size_t offsets[400], block = 0, n_tried = 0;
    size_t n_sections = sections_of(&bytes, offsets, 400);
    while (bytes.bytes[offsets[block] + 3] != 'B') {
        ++block;
    }
    assert_true(block + 1 < n_sections);
    unsigned char *section = bytes.bytes + offsets[block];
    size_t n = offsets[block + 1] - offsets[block];
    size_t at = 20;
    for (int piece = 0; at < n; ++piece) {
        uint64_t n_plain = number_at(section, &at), n_packed = number_at(section, &at);
        at += n_packed ? n_packed : n_plain;
        bool has_numbers = piece > 1 && piece != 7; /* the table, shapes, times' low bytes */
        if (!has_numbers || n_packed || !n_plain) {
            continue;
        }
        ++n_tried;
        section[at - 1] ^= 0x80;
        set_sums(section, n - 20);
        struct pv_place place;
        uint64_t n_given;
        assert_int_equal(read_damaged(bytes.bytes, bytes.n, &n_given, &place), PV_EFORMAT);
        assert_int_equal(n_given, 0);
        assert_non_null(strstr(place.text, "what it holds cannot be; 60 events in "));
        section[at - 1] ^= 0x80;
    }
    assert_true(n_tried >= 3);
    free(bytes.bytes);
}

/* Sections without items and without bytes: found by fuzzing. */
static void empty_sections_are_no_lack_of_memory(void **state)
{
    (void)state;
    struct bytes bytes = written(0);
    unsigned char section[22] = {'P', 'V', 'T', 'T', 2}; /* and a piece of nothing */
    set_sums(section, 2);
    struct bytes more = {0};
    size_t offsets[4];
    assert_int_equal(sections_of(&bytes, offsets, 4), 2);
    bytes_add(&more, bytes.bytes, offsets[1]);
    bytes_add(&more, section, sizeof section);
    bytes_add(&more, bytes.bytes + offsets[1], bytes.n - offsets[1]);
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, more.bytes, more.n, NULL), 0);
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    free(more.bytes);
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
        cmocka_unit_test(names_are_numbered),
        cmocka_unit_test(a_trace_of_nothing_is_written),
        cmocka_unit_test(a_cut_keeps_what_is_good),
        cmocka_unit_test(a_flipped_bit_is_found_and_the_loss_is_told),
        cmocka_unit_test(damage_is_told_in_words),
        cmocka_unit_test(a_section_that_is_gone_is_missed),
        cmocka_unit_test(a_whole_trace_grows),
        cmocka_unit_test(a_cut_trace_grows_from_what_is_good),
        cmocka_unit_test(a_damaged_trace_is_left_alone),
        cmocka_unit_test(what_was_not_finished_goes_again),
        cmocka_unit_test(what_cannot_grow_is_refused_in_words),
        cmocka_unit_test(a_column_must_hold_its_numbers),
        cmocka_unit_test(empty_sections_are_no_lack_of_memory),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
