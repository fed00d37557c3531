/* SPDX-License-Identifier: MIT
 *
 * stream_test.c - unpacking: what is good comes out first, what is not is named.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "traces/stream.h"

enum { N_PLAIN = 700000 };

static unsigned char plain[N_PLAIN];

/* Text that packs to about half, so that all three buffers are passed more than once. */
static int make_plain(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < N_PLAIN; ++i) {
        plain[i] = (unsigned char)('a' + random_next(&seed) % 16);
    }
    return 0;
}

/* All that comes out, in reads of `cap` bytes; *ret_status is how it ended: 0 or negative. */
static struct bytes read_all(struct pv_stream *stream, size_t cap, int *ret_status)
{
    struct bytes all = {0};
    unsigned char *some = malloc(cap);
    assert_non_null(some);
    size_t n = 1;
    bytes_add(&all, NULL, 0);
    while ((*ret_status = pv_stream_read(stream, some, cap, &n)) == 0 && n) {
        assert_true(n <= cap);
        bytes_add(&all, some, n);
    }
    free(some);
    return all;
}

static struct bytes unpack(const struct bytes *packed, size_t n, size_t cap, int *ret_status,
                           char error[200])
{
    struct pv_stream *stream;
    assert_int_equal(pv_stream_open_bytes(&stream, packed->bytes, n), 0);
    struct bytes all = read_all(stream, cap, ret_status);
    snprintf(error, 200, "%s", pv_stream_error(stream));
    size_t more;
    char byte;
    assert_int_equal(pv_stream_read(stream, &byte, 1, &more), *ret_status);
    pv_stream_close(stream);
    return all;
}

static const struct pv_packing *const all_packings[] = {NULL, &pv_packing_gzip,
                                                        &pv_packing_zstd, &pv_packing_xz};

enum { N_PACKINGS = sizeof all_packings / sizeof all_packings[0] };

static void whole_streams_come_out(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 3, 4096, 65536, N_PLAIN};
    static const size_t caps[] = {1000, 65536, 1 << 20};
    char error[200];
    int status;
    for (size_t p = 0; p < N_PACKINGS; ++p) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; ++s) {
            struct bytes packed = bytes_packed(all_packings[p], plain, sizes[s]);
            for (size_t c = 0; c < sizeof caps / sizeof caps[0]; ++c) {
                struct bytes all = unpack(&packed, packed.n, caps[c], &status, error);
                assert_int_equal(status, 0);
                assert_string_equal(error, "");
                assert_int_equal(all.n, sizes[s]);
                assert_memory_equal(all.bytes, plain, sizes[s]);
                free(all.bytes);
            }
            free(packed.bytes);
        }
    }
}

static void members_and_frames_follow_each_other(void **state)
{
    (void)state;
    char error[200];
    int status;
    for (size_t p = 1; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, 1000);
        struct bytes none = bytes_packed(all_packings[p], plain, 0);
        struct bytes rest = bytes_packed(all_packings[p], plain + 1000, N_PLAIN - 1000);
        bytes_add(&packed, none.bytes, none.n);
        bytes_add(&packed, rest.bytes, rest.n);
        static const size_t caps[] = {1, 1000, 1 << 20};
        for (size_t c = 0; c < sizeof caps / sizeof caps[0]; ++c) {
            struct bytes all = unpack(&packed, packed.n, caps[c], &status, error);
            assert_int_equal(status, 0);
            assert_int_equal(all.n, N_PLAIN);
            assert_memory_equal(all.bytes, plain, N_PLAIN);
            free(all.bytes);
        }
        free(packed.bytes);
        free(none.bytes);
        free(rest.bytes);
    }
}

static void zstd_may_begin_with_a_skippable_frame(void **state)
{
    (void)state;
    struct bytes packed = {0};
    bytes_add(&packed, "\x52\x2a\x4d\x18\x03\0\0\0abc", 11);
    struct bytes frame = bytes_packed(&pv_packing_zstd, "hello", 5);
    bytes_add(&packed, frame.bytes, frame.n);
    char error[200];
    int status;
    struct bytes all = unpack(&packed, packed.n, 100, &status, error);
    assert_int_equal(status, 0);
    assert_int_equal(all.n, 5);
    assert_memory_equal(all.bytes, "hello", 5);
    free(all.bytes);
    free(frame.bytes);
    free(packed.bytes);
}

/* Cut anywhere: a prefix comes out, then the reason; the longer the input the longer it is. */
static void cut_streams_give_their_prefix(void **state)
{
    (void)state;
    char error[200], wanted[200];
    int status;
    for (size_t p = 1; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, N_PLAIN);
        size_t n_before = 0;
        size_t near_end = packed.n - 16;
        for (size_t n = 4, step; n < packed.n; n += step) {
            step = n < 32 || n >= near_end ? 1 : 16001;
            step = n < near_end && n + step > near_end ? near_end - n : step;
            struct bytes all = unpack(&packed, n, 10000, &status, error);
            assert_int_equal(status, PV_EFORMAT);
            snprintf(wanted, sizeof wanted,
                     "the %s packing is damaged at byte %zu of the file: it is cut off here",
                     all_packings[p]->name, n);
            assert_string_equal(error, wanted);
            assert_true(all.n >= n_before && all.n <= N_PLAIN);
            assert_memory_equal(all.bytes, plain, all.n);
            n_before = all.n;
            free(all.bytes);
        }
        /* All but the last bytes, which only prove the rest, came out at last. */
        assert_int_equal(n_before, N_PLAIN);
        free(packed.bytes);
    }
}

/* A byte in the middle changed: what was packed before it comes out, as does the reason. */
static void damaged_streams_give_their_prefix(void **state)
{
    (void)state;
    char error[200];
    int status;
    for (size_t p = 1; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, N_PLAIN);
        for (size_t tenth = 1; tenth < 10; ++tenth) {
            size_t at = packed.n * tenth / 10;
            packed.bytes[at] ^= 0x55;
            struct bytes all = unpack(&packed, packed.n, 10000, &status, error);
            packed.bytes[at] ^= 0x55;
            assert_int_equal(status, PV_EFORMAT);
            assert_non_null(strstr(error, " packing is damaged at byte "));
            size_t n_good = 0;
            while (n_good < all.n && all.bytes[n_good] == plain[n_good]) {
                ++n_good;
            }
            /* zstd knows nothing smaller than its block of 128 KiB. */
            size_t n_least = N_PLAIN / 10 * (tenth - 1);
            n_least = p == 2 ? (n_least / 131072) * 131072 : n_least;
            assert_true(n_good >= n_least);
            free(all.bytes);
        }
        free(packed.bytes);
    }
}

static void wrong_checksums_are_seen(void **state)
{
    (void)state;
    char error[200];
    int status;
    for (size_t p = 1; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, 1000);
        packed.bytes[packed.n - (p == 1 ? 5 : 1)] ^= 1; /* gzip's length comes after its CRC */
        struct bytes all = unpack(&packed, packed.n, 10000, &status, error);
        assert_int_equal(status, PV_EFORMAT);
        assert_int_equal(all.n, 1000);
        assert_memory_equal(all.bytes, plain, 1000);
        assert_non_null(strstr(error, p == 1 ? "incorrect data check" : "checksum"));
        free(all.bytes);
        free(packed.bytes);
    }
}

static void bytes_after_the_packing_are_seen(void **state)
{
    (void)state;
    char error[200];
    int status;
    for (size_t p = 1; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, 1000);
        bytes_add(&packed, "tail", 4);
        struct bytes all = unpack(&packed, packed.n, 10000, &status, error);
        assert_int_equal(status, PV_EFORMAT);
        assert_int_equal(all.n, 1000);
        free(all.bytes);
        free(packed.bytes);
    }
}

/* A frame that would have us hold 1 GiB. */
static void huge_windows_are_refused(void **state)
{
    (void)state;
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 1, 0, 0};
    struct bytes packed = {0};
    bytes_add(&packed, frame, sizeof frame);
    char error[200];
    int status;
    struct bytes all = unpack(&packed, packed.n, 100, &status, error);
    assert_int_equal(status, PV_EFORMAT);
    assert_int_equal(all.n, 0);
    assert_non_null(strstr(error, "its window is larger than 128 MiB"));
    free(all.bytes);
    free(packed.bytes);
}

static void peek_takes_nothing(void **state)
{
    (void)state;
    for (size_t p = 0; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, N_PLAIN);
        struct pv_stream *stream;
        assert_int_equal(pv_stream_open_bytes(&stream, packed.bytes, packed.n), 0);
        assert_string_equal(pv_stream_packing(stream), p ? all_packings[p]->name : "");
        const unsigned char *head;
        size_t n;
        static const size_t wanted[] = {1, 4, PV_STREAM_HEAD, 2 * PV_STREAM_HEAD};
        for (size_t i = 0; i < 4; ++i) {
            assert_int_equal(pv_stream_peek(stream, wanted[i], &head, &n), 0);
            assert_true(n >= (wanted[i] < PV_STREAM_HEAD ? wanted[i] : PV_STREAM_HEAD));
            assert_memory_equal(head, plain, n);
        }
        int status;
        struct bytes all = read_all(stream, 3000, &status);
        assert_int_equal(status, 0);
        assert_int_equal(all.n, N_PLAIN);
        assert_memory_equal(all.bytes, plain, N_PLAIN);
        free(all.bytes);
        pv_stream_close(stream);
        free(packed.bytes);
    }
}

static void files_are_read_and_counted(void **state)
{
    (void)state;
    scratch_make();
    for (size_t p = 0; p < N_PACKINGS; ++p) {
        struct bytes packed = bytes_packed(all_packings[p], plain, N_PLAIN);
        const char *path = scratch_path("stream");
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(packed.bytes, 1, packed.n, file), packed.n);
        fclose(file);
        struct pv_stream *stream;
        assert_int_equal(pv_stream_open(&stream, path), 0);
        uint64_t total;
        assert_int_equal(pv_stream_bytes_read(stream, &total), 0);
        assert_int_equal(total, packed.n);
        int status;
        struct bytes all = read_all(stream, 100000, &status);
        assert_int_equal(status, 0);
        assert_int_equal(all.n, N_PLAIN);
        assert_memory_equal(all.bytes, plain, N_PLAIN);
        assert_int_equal(pv_stream_bytes_read(stream, &total), packed.n);
        free(all.bytes);
        pv_stream_close(stream);
        free(packed.bytes);
    }
    assert_int_equal(scratch_remove(), 1);
}

/* ---- zip ---- */

/* A member: its head, name and data, and behind it, unless `before`, its CRC and sizes. */
static void add_member(struct bytes *zip, const char *name, const void *text, size_t n,
                       bool deflated, bool before)
{
    enum { GZIP_HEAD = 10, GZIP_TAIL = 8 };
    struct bytes gzip = bytes_packed(&pv_packing_gzip, text, n);
    size_t n_packed = deflated ? gzip.n - GZIP_HEAD - GZIP_TAIL : n;
    const unsigned char *crc = gzip.bytes + gzip.n - GZIP_TAIL;
    unsigned char head[30] = {'P', 'K', 3, 4, 20, 0, before ? 0 : 8, 0, deflated ? 8 : 0};
    unsigned char numbers[12] = {crc[0], crc[1], crc[2], crc[3]};
    for (int i = 0; i < 4; ++i) {
        numbers[4 + i] = (unsigned char)(n_packed >> 8 * i);
        numbers[8 + i] = (unsigned char)(n >> 8 * i);
    }
    memcpy(head + 14, numbers, before ? sizeof numbers : 0);
    head[26] = (unsigned char)strlen(name);
    head[28] = 5;
    bytes_add(zip, head, sizeof head);
    bytes_add(zip, name, strlen(name));
    bytes_add(zip, "extra", 5);
    bytes_add(zip, deflated ? gzip.bytes + GZIP_HEAD : text, n_packed);
    if (!before) {
        bytes_add(zip, "PK\7\10", deflated ? 4 : 0);
        bytes_add(zip, numbers, sizeof numbers);
    }
    free(gzip.bytes);
}

static void end_zip(struct bytes *zip)
{
    bytes_add(zip, "PK\1\2 the list", 13);
}

static void the_file_of_a_zip_comes_out(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4096, N_PLAIN};
    for (size_t i = 0; i < 4 * sizeof sizes / sizeof sizes[0]; ++i) {
        bool deflated = i % 2, before = i / 2 % 2 || !deflated;
        struct bytes zip = {0};
        add_member(&zip, "logs/", "", 0, false, true);
        add_member(&zip, "logs/app.log", plain, sizes[i / 4], deflated, before);
        add_member(&zip, "__MACOSX/logs/._app.log", plain, 9999, deflated, before);
        end_zip(&zip);
        for (size_t cap = 1000; cap <= 1 << 20; cap <<= 5) {
            char error[200];
            int status;
            struct bytes all = unpack(&zip, zip.n, cap, &status, error);
            assert_string_equal(error, "");
            assert_int_equal(status, 0);
            assert_int_equal(all.n, sizes[i / 4]);
            assert_memory_equal(all.bytes, plain, all.n);
            free(all.bytes);
        }
        free(zip.bytes);
    }
}

/* `at` is changed to `byte`, and the error ends with `why`. */
static void refuse_zip(struct bytes zip, size_t at, int byte, size_t n_out, const char *why)
{
    char error[200];
    int status;
    unsigned char old = zip.bytes[at];
    zip.bytes[at] = (unsigned char)byte;
    struct bytes all = unpack(&zip, zip.n, 10000, &status, error);
    zip.bytes[at] = old;
    assert_int_equal(status, PV_EFORMAT);
    assert_int_equal(all.n, n_out);
    if (strlen(error) < strlen(why) || strcmp(error + strlen(error) - strlen(why), why) != 0) {
        fail_msg("%s, not %s", error, why);
    }
    free(all.bytes);
}

static void zips_that_are_not_read_say_why(void **state)
{
    (void)state;
    enum { FLAGS = 6, METHOD = 8, CRC = 14, PACKED = 18 };
    struct bytes zip = {0};
    add_member(&zip, "a", plain, 5000, true, true);
    size_t second = zip.n;
    add_member(&zip, "b", plain, 5000, true, true);
    end_zip(&zip);
    refuse_zip(zip, 4, 20, 5000, "it holds more than one file: unzip it and open one");
    refuse_zip(zip, FLAGS, 1, 0, "it wants a password: unzip it");
    refuse_zip(zip, METHOD, 93, 0, "it is packed in a way that is not understood: unzip it");
    refuse_zip(zip, CRC, zip.bytes[CRC] ^ 1, 5000, "its checksum is another one");
    refuse_zip(zip, second, 'Q', 5000, "a member or the list of members is expected here");
    free(zip.bytes);
    zip = (struct bytes){0};
    add_member(&zip, "a", plain, 50, false, true);
    end_zip(&zip);
    refuse_zip(zip, FLAGS, 8, 0, "how long its file is stands behind it: unzip it");
    refuse_zip(zip, zip.n - 13, 'X', 50, "a member or the list of members is expected here");
    free(zip.bytes);
}

/* Cut anywhere before its list a zip gives a prefix and the reason; with any byte changed it is
 * an error or another archive, never more than was packed in it twice. */
static void zips_may_be_damaged(void **state)
{
    (void)state;
    struct bytes zip = {0};
    add_member(&zip, "a", plain, 700, true, false);
    size_t end = zip.n;
    end_zip(&zip);
    for (size_t n = 4; n < end + 4; ++n) {
        char error[200];
        int status;
        struct bytes all = unpack(&zip, n, 10000, &status, error);
        assert_int_equal(status, PV_EFORMAT);
        assert_non_null(strstr(error, "it is cut off here"));
        assert_true(all.n <= 700);
        assert_memory_equal(all.bytes, plain, all.n);
        free(all.bytes);
    }
    for (size_t i = 4; i < zip.n; ++i) {
        char error[200];
        int status;
        zip.bytes[i] ^= 0x15;
        struct bytes all = unpack(&zip, zip.n, 10000, &status, error);
        assert_true(status == 0 || status == PV_EFORMAT);
        zip.bytes[i] ^= 0x15;
        free(all.bytes);
    }
    free(zip.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_of_a_zip_comes_out),
        cmocka_unit_test(zips_that_are_not_read_say_why),
        cmocka_unit_test(zips_may_be_damaged),
        cmocka_unit_test(whole_streams_come_out),
        cmocka_unit_test(members_and_frames_follow_each_other),
        cmocka_unit_test(zstd_may_begin_with_a_skippable_frame),
        cmocka_unit_test(cut_streams_give_their_prefix),
        cmocka_unit_test(damaged_streams_give_their_prefix),
        cmocka_unit_test(wrong_checksums_are_seen),
        cmocka_unit_test(bytes_after_the_packing_are_seen),
        cmocka_unit_test(huge_windows_are_refused),
        cmocka_unit_test(peek_takes_nothing),
        cmocka_unit_test(files_are_read_and_counted),
    };
    return cmocka_run_group_tests(tests, make_plain, NULL);
}
