/* SPDX-License-Identifier: MIT
 *
 * text_test.c - what pv_text_clean lets through, what it replaces, and where it stops.
 *
 * The judge of validity is a second decoder, written from the definition of UTF-8 in the other
 * direction: every code point is encoded here and must come back, everything else must not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"
#include "tests/support/random.h"

#define FFFD "\xEF\xBF\xBD"

static void expect_clean(const char *in, size_t n, const char *wanted)
{
    char out[256];
    size_t length = pv_text_clean(out, sizeof out, in, n);
    assert_string_equal(out, wanted);
    assert_int_equal(length, strlen(wanted));
}

#define EXPECT_CLEAN(in, wanted) expect_clean(in, sizeof in - 1, wanted)

static size_t put(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 + code / 64);
        out[1] = (char)(0x80 + code % 64);
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 + code / 4096);
        out[1] = (char)(0x80 + code / 64 % 64);
        out[2] = (char)(0x80 + code % 64);
        return 3;
    }
    out[0] = (char)(0xF0 + code / 262144);
    out[1] = (char)(0x80 + code / 4096 % 64);
    out[2] = (char)(0x80 + code / 64 % 64);
    out[3] = (char)(0x80 + code % 64);
    return 4;
}

static bool is_one_of_the_hidden(uint32_t c)
{
    return (c >= 0x80 && c <= 0x9F) || c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F ||
           c == 0x1160 || c == 0x17B4 || c == 0x17B5 || (c >= 0x180B && c <= 0x180F) ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0x2800 || c == 0x3164 ||
           (c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF ||
           c == 0xFFA0 || (c >= 0xFFF0 && c <= 0xFFFB) || c % 0x10000 >= 0xFFFE ||
           (c >= 0x1BCA0 && c <= 0x1BCA3) || (c >= 0x1D173 && c <= 0x1D17A) ||
           (c >= 0xE0000 && c <= 0xE0FFF);
}

static void test_plain_text_is_kept(void **state)
{
    (void)state;
    EXPECT_CLEAN("", "");
    EXPECT_CLEAN("net/tcp/skb", "net/tcp/skb");
    EXPECT_CLEAN("Gr\xC3\xB6\xC3\x9F"
                 "e \xE2\x82\xAC \xF0\x9F\x98\x80",
                 "Gr\xC3\xB6\xC3\x9F"
                 "e \xE2\x82\xAC \xF0\x9F\x98\x80");
    EXPECT_CLEAN("\"<&>\\{|}'", "\"<&>\\{|}'"); /* escaping is the writer's */
}

static void test_controls_become_pictures(void **state)
{
    (void)state;
    EXPECT_CLEAN("a\x1B[31mb", "a\xE2\x90\x9B[31mb");
    EXPECT_CLEAN("\n\t\r", "\xE2\x90\x8A\xE2\x90\x89\xE2\x90\x8D");
    EXPECT_CLEAN("a\0b", "a\xE2\x90\x80"
                         "b");
    EXPECT_CLEAN("\x7F", "\xE2\x90\xA1");
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF) {
            continue;
        }
        char in[4], wanted[8], out[8];
        size_t n = put(in, code);
        uint32_t expected = code < 0x20                  ? 0x2400 + code
                            : code == 0x7F               ? 0x2421
                            : is_one_of_the_hidden(code) ? 0xFFFD
                                                         : code;
        size_t n_wanted = put(wanted, expected);
        size_t n_out = pv_text_clean(out, sizeof out, in, n);
        if (n_out != n_wanted || memcmp(out, wanted, n_out) != 0 || out[n_out] != '\0') {
            fail_msg("U+%04X comes out wrong", (unsigned)code);
        }
    }
}

static void test_invalid_bytes_are_replaced_one_by_one(void **state)
{
    (void)state;
    EXPECT_CLEAN("\x80", FFFD);                   /* continuation alone */
    EXPECT_CLEAN("\xC0\x80", FFFD FFFD);          /* overlong NUL */
    EXPECT_CLEAN("\xC1\xBF", FFFD FFFD);          /* overlong */
    EXPECT_CLEAN("\xE0\x9F\xBF", FFFD FFFD FFFD); /* overlong */
    EXPECT_CLEAN("\xF0\x8F\xBF\xBF", FFFD FFFD FFFD FFFD);
    EXPECT_CLEAN("\xED\xA0\x80", FFFD FFFD FFFD);          /* surrogate */
    EXPECT_CLEAN("\xED\xBF\xBF", FFFD FFFD FFFD);          /* surrogate */
    EXPECT_CLEAN("\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD); /* beyond U+10FFFF */
    EXPECT_CLEAN("\xF5\xFE\xFF", FFFD FFFD FFFD);
    EXPECT_CLEAN("\xE2\x82", FFFD FFFD);      /* cut off at the end */
    EXPECT_CLEAN("\xE2\x82(", FFFD FFFD "("); /* cut off in the middle */
    EXPECT_CLEAN("\xE2\xE2\x82\xAC", FFFD "\xE2\x82\xAC");
    EXPECT_CLEAN("\xF0\x9F\x98", FFFD FFFD FFFD);
}

static void test_bytes_after_the_end_are_not_read(void **state)
{
    (void)state;
    char *in = malloc(2); /* the sanitizer guards its end */
    assert_non_null(in);
    memcpy(in, "\xE2\x82", 2);
    expect_clean(in, 2, FFFD FFFD);
    expect_clean(in, 0, "");
    free(in);
}

static void test_never_cut_inside_a_character(void **state)
{
    (void)state;
    static const char in[] = "a\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80z";
    static const size_t ends[] = {0, 1, 3, 6, 10, 11};
    for (size_t cap = 1; cap <= 16; cap++) {
        char *out = malloc(cap); /* the sanitizer guards its end */
        assert_non_null(out);
        size_t wanted = 0;
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            if (ends[i] < cap) {
                wanted = ends[i];
            }
        }
        assert_int_equal(pv_text_clean(out, cap, in, sizeof in - 1), wanted);
        assert_memory_equal(out, in, wanted);
        assert_int_equal(out[wanted], '\0');
        free(out);
    }
}

/* What follows a character that does not fit is not put in its place. */
static void test_stops_at_the_first_that_does_not_fit(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(pv_text_clean(out, sizeof out, "ab\x1Bz", 4), 2);
    assert_string_equal(out, "ab");
}

static void test_random_bytes_come_out_clean(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char in[40], once[160], twice[160];
        size_t n = 0;
        size_t wanted = random_below(&seed, 32);
        for (; n < wanted; n++) {
            uint64_t random = random_next(&seed);
            /* lead and continuation bytes more often than by chance */
            static const unsigned char bases[] = {0x00, 0x80, 0xC0, 0xE0,
                                                  0xEF, 0xF0, 0xF4, 0xED};
            in[n] = (char)(bases[random & 7] + (random >> 8 & 63));
        }
        size_t length = pv_text_clean(once, sizeof once, in, n);
        assert_true(length <= 3 * n + n);
        assert_int_equal(strlen(once), length);
        for (size_t i = 0; i < length; i++) {
            assert_true((unsigned char)once[i] >= 0x20 && once[i] != 0x7F);
        }
        assert_int_equal(pv_text_clean(twice, sizeof twice, once, length), length);
        assert_memory_equal(once, twice, length + 1);
    }
}

static void test_prefix(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80z";
    static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t max = 0; max < sizeof wanted / sizeof wanted[0]; max++) {
        assert_int_equal(pv_text_prefix(text, sizeof text - 1, max), wanted[max]);
    }
    assert_int_equal(pv_text_prefix("", 0, 31), 0);
    assert_int_equal(pv_text_prefix("0123456789012345678901234567890", 31, 31), 31);
    assert_int_equal(pv_text_prefix("0123456789012345678901234567890x", 32, 31), 31);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_is_kept),
        cmocka_unit_test(test_controls_become_pictures),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_invalid_bytes_are_replaced_one_by_one),
        cmocka_unit_test(test_bytes_after_the_end_are_not_read),
        cmocka_unit_test(test_never_cut_inside_a_character),
        cmocka_unit_test(test_stops_at_the_first_that_does_not_fit),
        cmocka_unit_test(test_random_bytes_come_out_clean),
        cmocka_unit_test(test_prefix),
    };
    return cmocka_run_group_tests_name("core/text", tests, NULL, NULL);
}
