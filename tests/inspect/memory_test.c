/* SPDX-License-Identifier: MIT
 *
 * memory_test.c - all or nothing, at every edge.
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "core/status.h"

static void test_bytes_at_every_edge(void **state)
{
    (void)state;
    unsigned char *content = malloc(16); /* the sanitizer guards its ends */
    assert_non_null(content);
    for (unsigned i = 0; i < 16; i++) {
        content[i] = (unsigned char)(i + 1);
    }
    static const uint64_t bases[] = {0, 1, 0x1000, UINT64_MAX - 15};
    for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++) {
        struct pv_bytes_memory bytes = {content, 16, bases[b]};
        struct pv_memory memory = pv_bytes_memory(&bytes);
        for (uint64_t offset = 0; offset <= 20; offset++) {
            for (size_t n = 1; n <= 20; n++) {
                unsigned char buf[20] = {0};
                uint64_t addr = bases[b] + offset; /* may wrap around for the last base */
                bool inside = offset + n <= 16;
                int status = memory.read(memory.ctx, addr, buf, n);
                assert_int_equal(status, inside ? 0 : PV_EFAULT);
                assert_true(!inside || memcmp(buf, content + offset, n) == 0);
            }
        }
        if (bases[b] > 0) {
            unsigned char buf[4];
            assert_int_equal(memory.read(memory.ctx, bases[b] - 1, buf, 2), PV_EFAULT);
        }
        unsigned char all[16];
        assert_int_equal(memory.read(memory.ctx, bases[b], all, 16), 0);
        assert_int_equal(memory.read(memory.ctx, bases[b], all, SIZE_MAX), PV_EFAULT);
    }
    free(content);
}

static void test_self_knows_only_its_ranges(void **state)
{
    (void)state;
    unsigned char *content = calloc(1, 64);
    assert_non_null(content);
    for (unsigned i = 0; i < 64; i++) {
        content[i] = (unsigned char)i;
    }
    uint64_t at = (uint64_t)(uintptr_t)content;
    /* Out of order; [0,16) and [16,32) meet; [40,48) stands alone. */
    const struct pv_self_range ranges[] = {{at + 40, 8}, {at + 16, 16}, {at, 16}};
    struct pv_self_memory self = {ranges, 3};
    struct pv_memory memory = pv_self_memory(&self);
    for (unsigned from = 0; from < 64; from++) {
        for (unsigned n = 1; from + n <= 64; n++) {
            unsigned char buf[64];
            bool inside = from + n <= 32 || (from >= 40 && from + n <= 48);
            int status = memory.read(memory.ctx, at + from, buf, n);
            assert_int_equal(status, inside ? 0 : PV_EFAULT);
            assert_true(!inside || memcmp(buf, content + from, n) == 0);
        }
    }
    unsigned char buf[4];
    assert_int_equal(memory.read(memory.ctx, 0, buf, 1), PV_EFAULT);
    assert_int_equal(memory.read(memory.ctx, UINT64_MAX, buf, 4), PV_EFAULT);
    struct pv_self_memory nothing = {NULL, 0};
    memory = pv_self_memory(&nothing);
    assert_int_equal(memory.read(memory.ctx, at, buf, 1), PV_EFAULT);
    free(content);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_at_every_edge),
        cmocka_unit_test(test_self_knows_only_its_ranges),
    };
    return cmocka_run_group_tests_name("inspect/memory", tests, NULL, NULL);
}
