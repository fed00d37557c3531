/* SPDX-License-Identifier: MIT
 *
 * layout_test.c - the specification's tables, field by field, and how fields are read.
 */
#include "image.h"

#include <string.h>

static void expect_field(struct pv_field field, unsigned offset, unsigned width)
{
    assert_int_equal(field.offset, offset);
    assert_int_equal(field.width, width);
}

/* Written out from Tables 20.3.2.1 and 20.3.3.1, not from the struct. */
static void test_fields_are_those_of_the_tables(void **state)
{
    (void)state;
    const struct pv_layout *layout = &pv_layout_fysos;
    assert_int_equal(layout->bucket_bytes, 48);
    assert_int_equal(layout->pebble_bytes, PV_NAMES ? 80 : 48);
    assert_int_equal(layout->page_bytes, 4096);
    assert_false(layout->big_endian);
    expect_field(layout->bucket.magic, 0, 4);
    expect_field(layout->bucket.lflags, 4, 4);
    expect_field(layout->bucket.size, 8, 8);
    expect_field(layout->bucket.largest, 16, 8);
    expect_field(layout->bucket.prev, 24, 8);
    expect_field(layout->bucket.next, 32, 8);
    expect_field(layout->bucket.first, 40, 8);
    expect_field(layout->pebble.magic, 0, 4);
    expect_field(layout->pebble.lflags, 4, 4);
    expect_field(layout->pebble.sflags, 8, 4);
    expect_field(layout->pebble.alignment, 12, 4);
    expect_field(layout->pebble.size, 16, 8);
    unsigned behind = PV_NAMES ? 56 : 24; /* 20.3.3.6: the name may be left out */
    expect_field(layout->pebble.name, PV_NAMES ? 24 : 0, behind - 24);
    expect_field(layout->pebble.parent, behind, 8);
    expect_field(layout->pebble.prev, behind + 8, 8);
    expect_field(layout->pebble.next, behind + 16, 8);
}

static void test_fields_of_every_width(void **state)
{
    (void)state;
    unsigned char header[16];
    for (unsigned i = 0; i < sizeof header; i++) {
        header[i] = (unsigned char)(0xA0 + i);
    }
    struct pv_layout little = {.big_endian = false}, big = {.big_endian = true};
    for (unsigned offset = 0; offset < 8; offset++) {
        for (unsigned width = 0; width <= 8; width++) {
            struct pv_field field = {(uint8_t)offset, (uint8_t)width};
            uint64_t up = 0, down = 0;
            for (unsigned i = 0; i < width; i++) {
                up |= (uint64_t)header[offset + i] << 8 * i;
                down |= (uint64_t)header[offset + i] << 8 * (width - 1 - i);
            }
            assert_true(pv_layout_get(&little, field, header) == up);
            assert_true(pv_layout_get(&big, field, header) == down);
        }
    }
}

/* The magics as bytes in memory: what 20.3.2.1 and 20.3.3.1 call little-endian. */
static void test_magic_bytes(void **state)
{
    (void)state;
    assert_int_equal(pv_layout_get(&pv_layout_fysos, pv_layout_fysos.bucket.magic,
                                   (const unsigned char *)"KCUB"),
                     PV_BUCKET_MAGIC);
    assert_int_equal(pv_layout_get(&pv_layout_fysos, pv_layout_fysos.pebble.magic,
                                   (const unsigned char *)"KCOR"),
                     PV_PEBBLE_MAGIC);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_those_of_the_tables),
        cmocka_unit_test(test_fields_of_every_width),
        cmocka_unit_test(test_magic_bytes),
    };
    return cmocka_run_group_tests_name("inspect/layout", tests, NULL, NULL);
}
