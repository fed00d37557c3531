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
        {"_ZN4llvm5Value4nameEv", "llvm::Value::name()"},
        {"_ZNK3abc1xEi", "abc::x(int) const"},
        {"_Z7releasev", "release()"},
        {"_ZL4helpi", "help(int)"},
        {"_ZNSt6vectorIiE4pushEi", "std::vector<int>::push(int)"},
        {"_ZN4Cart4sortEv.part.0", "Cart::sort()"},
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

static void add(struct pv_callers *callers, enum pv_spool_kind kind, uint32_t id, uint64_t a,
                uint64_t b)
{
    struct pv_spool_record record = {
        .head = pv_spool_pack((struct pv_spool_head){.kind = kind, .subject = id}),
        .a = a,
        .b = b};
    assert_int_equal(pv_callers_add(callers, &record), 0);
}

static void define_frame(struct pv_callers *callers, uint32_t id, uint32_t module,
                         uint64_t start)
{
    add(callers, PV_SPOOL_FRAME, id, start + 4, (uint64_t)module << 32 | 5);
}

static void define_node(struct pv_callers *callers, uint32_t id, uint32_t frame,
                        uint32_t caller)
{
    add(callers, PV_SPOOL_NODE, id, (uint64_t)frame << 32 | caller, 0);
}

static const char *tag_of(struct pv_callers *callers, uint32_t node)
{
    struct pv_caller caller;
    assert_int_equal(pv_callers_find(callers, node, &caller), 0);
    return caller.tag;
}

/* Nine functions that call one: it is a wrapper. One that calls one: it is not. */
static void test_nameless_wrappers(void **state)
{
    struct pv_callers *callers = NULL;
    struct pv_unread unread = {0};
    struct pv_caller early, late;
    (void)state;
    assert_int_equal(pv_callers_open(&callers, "/nowhere/tool", 8, &unread), 0);
    add(callers, PV_SPOOL_MODULE, 1, 0, 0);
    define_frame(callers, 1, 1, 0x1000);
    for (uint32_t i = 0; i < 9; i++) {
        define_frame(callers, 10 + i, 1, 0x2000 + i * 0x100);
        define_node(callers, 100 + i, 10 + i, 0);
        define_node(callers, 1 + i, 1, 100 + i);
        assert_int_equal(pv_callers_note(callers, 1 + i), 0);
        if (i == 0) {
            assert_int_equal(pv_callers_find(callers, 1, &early), 0);
            assert_string_equal(early.tag, "tool+0x1000");
        }
    }
    define_node(callers, 50, 10, 101);
    assert_int_equal(pv_callers_note(callers, 50), 0);
    assert_int_equal(pv_callers_find(callers, 1, &late), 0);
    assert_string_equal(late.tag, "tool+0x2000");
    assert_int_not_equal(late.key, early.key);
    assert_string_equal(tag_of(callers, 9), "tool+0x2800");
    assert_string_equal(tag_of(callers, 50), "tool+0x2000");
    assert_string_equal(tag_of(callers, 0), "");
    assert_string_equal(tag_of(callers, 49), "");
    assert_string_equal(tag_of(callers, UINT32_MAX), "");
    assert_int_equal(unread.n, 1);
    assert_string_equal(unread.first, "/nowhere/tool: No such file or directory");
    pv_callers_close(callers);
}

/* Innermost first, no deeper than asked for; a chain that bites its tail ends. */
static void test_stacks_unfold(void **state)
{
    struct pv_callers *callers = NULL;
    struct pv_unread unread = {0};
    struct pv_caller caller;
    (void)state;
    assert_int_equal(pv_callers_open(&callers, "/nowhere/tool", 3, &unread), 0);
    add(callers, PV_SPOOL_MODULE, 1, 0, 0);
    for (uint32_t i = 1; i <= 5; i++) {
        define_frame(callers, i, 1, i * 0x1000);
        define_node(callers, i, i, i - 1);
    }
    define_node(callers, 20, 1, 21);
    define_node(callers, 21, 2, 20);
    assert_int_equal(pv_callers_find(callers, 2, &caller), 0);
    assert_int_equal(caller.n_stack, 2);
    assert_string_equal(caller.stack[0], "tool+0x2004");
    assert_string_equal(caller.stack[1], "tool+0x1004");
    assert_int_equal(pv_callers_find(callers, 5, &caller), 0);
    assert_int_equal(caller.n_stack, 3);
    assert_string_equal(caller.stack[2], "tool+0x3004");
    assert_int_equal(pv_callers_note(callers, 20), 0);
    assert_int_equal(pv_callers_find(callers, 20, &caller), 0);
    assert_int_equal(caller.n_stack, 3);
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
        cmocka_unit_test(test_stacks_unfold),
        cmocka_unit_test(test_symbols_of_a_file),
        cmocka_unit_test(test_blocks_against_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
