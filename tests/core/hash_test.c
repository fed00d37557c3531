/* SPDX-License-Identifier: MIT
 *
 * hash_test.c - the keyed hash against values that another implementation gave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/hash.h"

/* The hash of the bytes 1, 2, … n with a key of zeros, as CPython 3.11 computes it. */
static const struct {
    size_t n;
    uint64_t hash;
} known[] = {
    {1, UINT64_C(0x44bc103b1f8540ed)},  {7, UINT64_C(0xb1cd85cc334196fa)},
    {8, UINT64_C(0x884ccc87cb0e5fb0)},  {9, UINT64_C(0x027ed508fe95acb3)},
    {15, UINT64_C(0x75e46d4257851550)}, {16, UINT64_C(0xe05d12a0a4b2d063)},
    {31, UINT64_C(0x47670cb24a35602f)},
};

static void test_known_values(void **state)
{
    (void)state;
    const struct pv_hash_key key = {0};
    unsigned char bytes[32];
    for (size_t i = 0; i < sizeof bytes; ++i) {
        bytes[i] = (unsigned char)(i + 1);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
        assert_true(pv_hash_bytes(&key, bytes, known[i].n) == known[i].hash);
    }
}

static void test_number_is_its_bytes(void **state)
{
    (void)state;
    const struct pv_hash_key key = {.a = 1, .b = 2}, other = {.a = 1, .b = 3};
    const unsigned char bytes[] = {8, 7, 6, 5, 4, 3, 2, 1};
    uint64_t number = UINT64_C(0x0102030405060708);
    assert_true(pv_hash_number(&key, number) == pv_hash_bytes(&key, bytes, sizeof bytes));
    assert_true(pv_hash_number(&key, number) != pv_hash_number(&other, number));
}

/* Both halves of the key are in it: the value is from the definition, written in Python. */
static void test_with_a_key(void **state)
{
    (void)state;
    const struct pv_hash_key key = {.a = UINT64_C(0x0706050403020100),
                                    .b = UINT64_C(0x0f0e0d0c0b0a0908)};
    const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    assert_true(pv_hash_bytes(&key, bytes, sizeof bytes) == UINT64_C(0x8828491389474877));
}

static void test_a_process_has_one_key(void **state)
{
    (void)state;
    struct pv_hash_key first = pv_hash_key(), second = pv_hash_key();
    assert_true(first.a == second.a && first.b == second.b);
    assert_true(first.a || first.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_number_is_its_bytes),
        cmocka_unit_test(test_with_a_key),
        cmocka_unit_test(test_a_process_has_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
