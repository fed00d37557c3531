/* SPDX-License-Identifier: MIT
 *
 * callers_test.c - the names of modules and functions, the table of blocks, the symbols of a
 * file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/support/random.h"
#include "traces/record/blocks.h"
#include "traces/record/callers.h"
#include "traces/record/symbols.h"

static void test_modules_are_short(void **state)
{
    static const char *const names[][2] = {
        {"/usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6", "sqlite3"},
        {"/usr/bin/python3.11", "python"},
        {"/usr/lib/libglib-2.0.so.0.7400.6", "glib"},
        {"/lib/_json.cpython-311-x86_64-linux-gnu.so", "_json"},
        {"/lib/x86_64-linux-gnu/libc.so.6", "libc"},
        {"cc1", "cc1"},
        {"/bin/git", "git"},
        {"/opt/lib", "lib"},
        {"/opt/1.2", "1.2"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char out[64];
        pv_caller_module(names[i][0], out, sizeof out);
        assert_string_equal(out, names[i][1]);
    }
    char one[1];
    pv_caller_module("/bin/git", one, sizeof one);
    assert_string_equal(one, "");
}

static void test_functions_are_plain(void **state)
{
    static const char *const names[][2] = {
        {"sqlite3_open", "sqlite3_open"},
        {"walk.constprop.0.isra.0", "walk"},
        {"main.cold", "main"},
        {"memcpy@@GLIBC_2.14", "memcpy"},
        {"_ZN4llvm5Value4nameEv", "llvm::Value::name"},
        {"_ZNK3abc1xEi", "abc::x"},
        {"_Z7releasev", "release"},
        {"_ZL4helpi", "help"},
        {"_ZNSt6vectorIiE4pushEi", "_ZNSt6vectorIiE4pushEi"},
        {"_ZN999999999999x", "_ZN999999999999x"},
        {"_Z", "_Z"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char out[64];
        pv_caller_function(names[i][0], out, sizeof out);
        assert_string_equal(out, names[i][1]);
    }
}

static void test_wrappers_and_runtimes(void **state)
{
    (void)state;
    assert_true(pv_caller_is_wrapper("xmalloc"));
    assert_true(pv_caller_is_wrapper("PyMem_RawMalloc"));
    assert_true(pv_caller_is_wrapper("_Znwm"));
    assert_false(pv_caller_is_wrapper("main"));
    assert_false(pv_caller_is_wrapper("malloc_trimmer"));
    assert_true(pv_caller_is_runtime("/lib/x86_64-linux-gnu/libc.so.6"));
    assert_true(pv_caller_is_runtime("/lib64/ld-linux-x86-64.so.2"));
    assert_false(pv_caller_is_runtime("/usr/lib/libcairo.so.2"));
    assert_false(pv_caller_is_runtime("/usr/bin/git"));
}

/* ---- a stack becomes a tag ---- */

static void define(struct pv_callers *callers, uint32_t module, const char *path)
{
    struct pv_spool_record record = {.kind = PV_SPOOL_MODULE, .module = {.id = module}};
    assert_true(strlen(path) < sizeof record.module.text);
    memcpy(record.module.text, path, strlen(path));
    assert_int_equal(pv_callers_add(callers, &record), 0);
}

static void define_frame(struct pv_callers *callers, uint32_t id, uint32_t module,
                         uint64_t start)
{
    struct pv_spool_record record = {
        .kind = PV_SPOOL_FRAME,
        .frame = {.id = id, .module = module, .start = start, .pc = start + 4}};
    assert_int_equal(pv_callers_add(callers, &record), 0);
}

static void define_stack(struct pv_callers *callers, uint32_t id, uint32_t inner,
                         uint32_t outer)
{
    struct pv_spool_record record = {
        .kind = PV_SPOOL_STACK, .n = 2, .stack = {.id = id, .frames = {inner, outer}}};
    assert_int_equal(pv_callers_add(callers, &record), 0);
}

/* Nine functions that call one: it is a wrapper. One that calls one: it is not. */
static void test_nameless_wrappers(void **state)
{
    struct pv_callers *callers = NULL;
    (void)state;
    assert_int_equal(pv_callers_open(&callers, "/nowhere/tool"), 0);
    define(callers, 1, "");
    define_frame(callers, 1, 1, 0x1000);
    for (uint32_t i = 0; i < 9; i++) {
        define_frame(callers, 10 + i, 1, 0x2000 + i * 0x100);
        define_stack(callers, 1 + i, 1, 10 + i);
    }
    define_stack(callers, 50, 10, 11);
    assert_int_equal(pv_callers_resolve(callers), 0);
    assert_string_equal(pv_callers_tag(callers, 1), "tool+0x2000");
    assert_string_equal(pv_callers_tag(callers, 9), "tool+0x2800");
    assert_string_equal(pv_callers_tag(callers, 50), "tool+0x2000");
    assert_string_equal(pv_callers_tag(callers, 0), "");
    assert_string_equal(pv_callers_tag(callers, 49), "");
    assert_string_equal(pv_callers_tag(callers, UINT32_MAX), "");
    pv_callers_close(callers);
}

__attribute__((noinline)) void pv_test_symbol(void);
void pv_test_symbol(void)
{
}

static void test_symbols_of_a_file(void **state)
{
    struct pv_symbols *symbols = NULL;
    (void)state;
    assert_int_equal(pv_symbols_open(&symbols, "/proc/self/exe"), 0);
    assert_null(pv_symbols_find(symbols, 0));
    assert_null(pv_symbols_find(symbols, UINT64_MAX));
    size_t n_found = 0;
    for (uint64_t addr = 0; addr < 1 << 24 && !n_found; addr++) {
        const char *name = pv_symbols_find(symbols, addr);
        n_found += name && strcmp(name, "pv_test_symbol") == 0;
    }
    assert_int_equal(n_found, 1);
    pv_symbols_close(symbols);
    assert_int_equal(pv_symbols_open(&symbols, "/nowhere/x"), PV_EIO);
    assert_int_equal(pv_symbols_open(&symbols, "/tmp"), PV_EIO);
    assert_int_equal(pv_symbols_open(&symbols, "/etc/passwd"), PV_EFORMAT);
}

static void test_blocks_against_an_array(void **state)
{
    enum { KEYS = 4000, STEPS = 200000 };
    struct pv_blocks blocks = {0};
    uint64_t *expected = calloc(KEYS, sizeof *expected), random = 1;
    (void)state;
    for (uint64_t i = 1; i <= STEPS; i++) {
        uint64_t x = random_next(&random);
        size_t at = (size_t)(x >> 33) % KEYS;
        uint64_t key = (at + 1) * 16;
        struct pv_block_entry *entry = pv_blocks_find(&blocks, key);
        assert_int_equal(entry && entry->live ? entry->id : 0, expected[at]);
        if (x >> 62) {
            assert_int_equal(pv_blocks_put(&blocks, key, i), 0);
            expected[at] = i;
        } else if (entry && entry->live) {
            pv_blocks_take(&blocks, entry);
            expected[at] = 0;
        }
    }
    pv_blocks_fini(&blocks);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules_are_short),
        cmocka_unit_test(test_functions_are_plain),
        cmocka_unit_test(test_wrappers_and_runtimes),
        cmocka_unit_test(test_nameless_wrappers),
        cmocka_unit_test(test_symbols_of_a_file),
        cmocka_unit_test(test_blocks_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
