/* SPDX-License-Identifier: MIT
 *
 * tags_test.c - a number for each different tag, in the order of appearance.
 */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/support/own_failing.h"

static void test_tag_zero_is_no_name(void **state)
{
    (void)state;
    struct pv_tags *tags;
    uint32_t tag = 99;
    assert_int_equal(pv_tags_open(&tags), 0);
    assert_int_equal(pv_tags_count(tags), 1);
    assert_string_equal(pv_tags_text(tags, 0), "");
    assert_int_equal(pv_tags_add(tags, "", &tag), 0);
    assert_int_equal(tag, 0);
    assert_string_equal(pv_tags_text(tags, 1), "");
    assert_string_equal(pv_tags_text(tags, UINT32_MAX), "");
    pv_tags_close(tags);
    pv_tags_close(NULL);
}

static void test_numbers_count_appearances(void **state)
{
    (void)state;
    struct pv_tags *tags;
    assert_int_equal(pv_tags_open(&tags), 0);
    static const char *const texts[] = {"b", "a", "net/tcp", "b", "a ", "", "net/tcp", "B"};
    static const uint32_t wanted[] = {1, 2, 3, 1, 4, 0, 3, 5};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        uint32_t tag;
        assert_int_equal(pv_tags_add(tags, texts[i], &tag), 0);
        assert_int_equal(tag, wanted[i]);
        assert_string_equal(pv_tags_text(tags, tag), texts[i]);
    }
    assert_int_equal(pv_tags_count(tags), 6);
    pv_tags_close(tags);
}

/* Long tags stay whole; their short forms fit a pebble, differ, and lead back. */
static void test_short_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *short_form;
    } cases[] = {
        {"0123456789012345678901234567890", "0123456789012345678901234567890"},
        {"0123456789012345678901234567890xyz", "..56789012345678901234567890xyz"},
        {"/home/user/code/project/build/app:(parse+0x10)[0x4011a7]",
         "app:(parse+0x10)[0x4011a7]"},
        {"/home/user/code/project/build/app:(load+0x20)[0x4012b7]",
         "app:(load+0x20)[0x4012b7]"},
        {"/home/user/build/application:(parse+0x10)[0x4011a7]", "application:(parse+0x10)"},
        {"/usr/bin/application:(reload_configuration+0x1c)[0x55d0c0de]",
         "reload_configuration+0x1c"},
        {"/opt/other/application:(reload_configuration+0x1c)[0x7700c0de]",
         "reload_configuration+0x1c~7"},
        {"cc1/ix86_vectorization_cost_of_all(int, char const*)",
         "ix86_vectorization_cost_of_all"},
        {"shop::Cart<shop::Item>::put(shop::Item const&, int)", "shop::Cart<shop::Item>::put"},
        {"shop::Compare::operator()(shop::Item const&)", "shop::Compare::operator()"},
        {"reload_configuration+0x1c", "reload_configuration+0x1c~11"},
        {"/a/long/way/to/a/directory/that/ends/", "..way/to/a/directory/that/ends/"},
        /* Byte 3 of the end would cut a euro sign. */
        {"a price \xE2\x82\xAC of it is a number of \xE2\x82\xAC\xE2\x82\xAC",
         ".. of it is a number of \xE2\x82\xAC\xE2\x82\xAC"},
    };
    struct pv_tags *tags;
    assert_int_equal(pv_tags_open(&tags), 0);
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t tag, again;
        assert_int_equal(pv_tags_add(tags, cases[i].text, &tag), 0);
        assert_int_equal(tag, i + 1);
        assert_string_equal(pv_tags_text(tags, tag), cases[i].text);
        assert_string_equal(pv_tags_short(tags, tag), cases[i].short_form);
        assert_true(strlen(pv_tags_short(tags, tag)) < PV_NAME_BYTES);
        assert_int_equal(pv_tags_add_short(tags, pv_tags_short(tags, tag), &again), 0);
        assert_int_equal(again, tag);
    }
    uint32_t tag;
    assert_int_equal(pv_tags_add_short(tags, "of a heap in memory", &tag), 0);
    assert_string_equal(pv_tags_text(tags, tag), "of a heap in memory");
    pv_tags_close(tags);
}

static void test_many_tags_and_texts_that_stay(void **state)
{
    (void)state;
    enum { N = 50000 };
    struct pv_tags *tags;
    assert_int_equal(pv_tags_open(&tags), 0);
    const char **kept = calloc(N, sizeof *kept);
    assert_non_null(kept);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < N; i++) {
            char text[32];
            uint32_t tag;
            snprintf(text, sizeof text, "tag/%u", i);
            assert_int_equal(pv_tags_add(tags, text, &tag), 0);
            assert_int_equal(tag, i + 1);
            if (round == 0) {
                kept[i] = pv_tags_text(tags, tag);
            }
            assert_ptr_equal(pv_tags_text(tags, tag), kept[i]);
            assert_string_equal(kept[i], text);
        }
    }
    assert_int_equal(pv_tags_count(tags), N + 1);
    free(kept);
    pv_tags_close(tags);
}

/* Each request refused once: PV_ENOMEM, the tags there were are there still, and the same call
 * succeeds afterwards. */
static void test_out_of_memory(void **state)
{
    (void)state;
    size_t n = 1;
    for (;; n++) {
        struct pv_tags *tags = NULL;
        own_fail_at(n, false);
        int status = pv_tags_open(&tags);
        if (status < 0) {
            assert_int_equal(status, PV_ENOMEM);
            assert_int_equal(own_n_live(), 0);
            continue;
        }
        unsigned n_refused = 0;
        for (unsigned i = 1; i <= 200; i++) {
            char text[32];
            uint32_t tag;
            snprintf(text, sizeof text, "tag/%u", i);
            status = pv_tags_add(tags, text, &tag);
            if (status < 0) {
                n_refused++;
                assert_int_equal(status, PV_ENOMEM);
                assert_int_equal(pv_tags_count(tags), i);
                assert_int_equal(pv_tags_add(tags, text, &tag), 0);
            }
            assert_int_equal(tag, i);
        }
        bool done = own_n_requests() < n;
        assert_int_equal(n_refused, done ? 0 : 1);
        pv_tags_close(tags);
        assert_int_equal(own_n_live(), 0);
        if (done) {
            break;
        }
    }
    assert_true(n > 16);
    own_fail_at(0, false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tag_zero_is_no_name),
        cmocka_unit_test(test_numbers_count_appearances),
        cmocka_unit_test(test_short_forms),
        cmocka_unit_test(test_many_tags_and_texts_that_stay),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("inspect/tags", tests, NULL, NULL);
}
