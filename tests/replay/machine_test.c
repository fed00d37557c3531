/* SPDX-License-Identifier: MIT
 *
 * machine_test.c - descriptions of physical memory, and pages out of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"
#include "replay/machine.h"
#include "replay/space.h"

static void test_pc(void **state)
{
    (void)state;
    struct pv_machine machine;
    assert_int_equal(pv_machine_pc(&machine, (2 << 20) - 1), PV_EINVAL);
    assert_int_equal(pv_machine_pc(&machine, UINT64_MAX), PV_EINVAL);
    assert_int_equal(pv_machine_pc(&machine, UINT64_C(5) << 30), PV_OK);
    static const struct pv_machine_range wanted[] = {
        {1, 159}, {256, 786432 - 256}, {1048576, 524288}};
    assert_int_equal(machine.n_ranges, 3);
    assert_memory_equal(machine.ranges, wanted, sizeof wanted);
}

static void test_descriptions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        size_t line;
        const char *what;
    } cases[] = {
        {"0 640K\n1M 15M # most of it\n\n  # nothing\n0x1000000 0x1000\r\n", PV_OK, 0, NULL},
        {"0 640K", PV_OK, 0, NULL},
        {"", PV_EFORMAT, 1, "there is no range of memory"},
        {"0 4096", PV_EFORMAT, 2, "there is no range of memory"},
        {"1M 1M\n1M 1M\n", PV_EFORMAT, 2, "ranges ascend and do not overlap"},
        {"1M 100\n", PV_EFORMAT, 1, "a range begins and ends on pages of 4096 bytes"},
        {"1M 0\n", PV_EFORMAT, 1, "a range begins and ends on pages of 4096 bytes"},
        {"1M\n", PV_EFORMAT, 1, "a line is START LENGTH, such as 1M 15M"},
        {"1M -1\n", PV_EFORMAT, 1, "a line is START LENGTH, such as 1M 15M"},
        {"1M 99999999999999999999\n", PV_EFORMAT, 1, "a line is START LENGTH, such as 1M 15M"},
        {"1M 1M 1M\n", PV_EFORMAT, 1, "there is more than START LENGTH on the line"},
        {"511G 2G\n", PV_EFORMAT, 1, "memory ends at 512 GiB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pv_machine machine;
        size_t line;
        const char *what = NULL;
        assert_int_equal(
            pv_machine_parse(&machine, cases[i].text, strlen(cases[i].text), &line, &what),
            cases[i].status);
        if (cases[i].what) {
            assert_int_equal(line, cases[i].line);
            assert_string_equal(what, cases[i].what);
        } else {
            assert_int_equal(machine.ranges[0].page, 1);
        }
    }
    char many[65 * 16] = "";
    for (unsigned i = 0; i < 65; i++) {
        snprintf(many + strlen(many), sizeof many - strlen(many), "%uM 4K\n", i + 1);
    }
    struct pv_machine machine;
    size_t line;
    const char *what;
    assert_int_equal(pv_machine_parse(&machine, many, strlen(many), &line, &what), PV_EFORMAT);
    assert_int_equal(line, 65);
}

static uint64_t get(struct pv_space *space, uint64_t n_pages, uint32_t flags)
{
    struct pv_pages pages = pv_space_pages(space);
    void *start = pages.get(pages.ctx, n_pages, flags);
    return start ? ((uint64_t)(uintptr_t)start + pv_space_bias(space)) / PV_PAGE_BYTES : 0;
}

/* The highest zone that has room, the lowest place in it; holes and limits are kept. */
static void test_zones(void **state)
{
    (void)state;
    struct pv_machine machine;
    struct pv_space *space;
    assert_int_equal(pv_machine_pc(&machine, 20 << 20), PV_OK);
    assert_int_equal(pv_space_open(&space, &machine), PV_OK);
    assert_int_equal(get(space, 16, PV_FLAG_VIRTUAL), 4096);
    assert_int_equal(get(space, 16, PV_FLAG_PHYSICAL), 4112);
    assert_int_equal(get(space, 1024, PV_FLAG_PHYSICAL), 256);
    assert_int_equal(get(space, 16, PV_FLAG_PHYSICAL | PV_FLAG_LOW16MEG), 1280);
    assert_int_equal(get(space, 150, PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG), 1);
    assert_int_equal(get(space, 10, PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG), 0);
    assert_int_equal(get(space, 9, PV_FLAG_PHYSICAL | PV_FLAG_LOW1MEG), 151);
    assert_int_equal(get(space, 6000, PV_FLAG_VIRTUAL), 0);
    assert_false(pv_space_out_of_memory(space));
    /* A hole is not memory, and page 0 is none. */
    struct pv_memory memory = pv_space_memory(space);
    unsigned char byte;
    assert_int_equal(memory.read(memory.ctx, 4096 * UINT64_C(4096), &byte, 1), PV_OK);
    assert_int_equal(memory.read(memory.ctx, 0xA0000, &byte, 1), PV_EFAULT);
    assert_int_equal(memory.read(memory.ctx, 0, &byte, 1), PV_EFAULT);
    assert_int_equal(memory.read(memory.ctx, UINT64_MAX, &byte, 1), PV_EFAULT);
    pv_space_close(space);
    /* Without a machine there is no physical memory. */
    assert_int_equal(pv_space_open(&space, NULL), PV_OK);
    assert_int_equal(get(space, 1, PV_FLAG_PHYSICAL), 0);
    assert_int_equal(get(space, 1, PV_FLAG_LOW4GIG), 0);
    assert_int_equal(get(space, 1, PV_FLAG_VIRTUAL), 0x100000);
    pv_space_close(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pc),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
