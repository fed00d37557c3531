/* SPDX-License-Identifier: MIT
 *
 * names_test.c - C++ symbols in names become what people write, the same from each tool; what
 * could be beyond all bounds stays as it is.
 */
#include "tests/traces/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "traces/demangle.h"
#include "traces/names.h"

static const struct {
    const char *name, *readable;
} names[] = {
    {"_ZN4shop4Cart3putERKNS_4ItemEi", "shop::Cart::put(shop::Item const&, int)"},
    {"_ZnwmSt11align_val_t", "operator new(unsigned long, std::align_val_t)"},
    {"@ ./app:(_ZN4CartD1Ev+0x10)[0x4011a7]", "@ ./app:(Cart::~Cart()+0x10)[0x4011a7]"},
    {"app/_Z4loadPKc", "app/load(char const*)"},
    {"_Z4loadPKc.part.0", "load(char const*) [clone .part.0]"},
    {"_Z4loadPKc@@APP_1.2", "load(char const*)@@APP_1.2"},
    {"_Z1av;_Z1bv", "a();b()"},
    {"_ZNSt6vectorISsSaISsEE9push_backERKSs",
     "std::vector<std::string, std::allocator<std::string> >::push_back(std::string const&)"},
    {"_ZN1AcvT_IPKcEEv", "A::operator char const*<char const*>()"},
    {"_ZN5boxed4mainEv.llvm.123", "boxed::main() [clone .llvm.123]"},
    /* No symbols, though they look like them. */
    {"_Z", "_Z"},
    {"_ZN999999999999x", "_ZN999999999999x"},
    {"my_Z1av", "my_Z1av"},
    {"_Z3fo\xc3\xa4v", "_Z3fo\xc3\xa4v"},
    {"parse", "parse"},
    {"", ""},
};

static void symbols_become_readable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        char out[PV_EVENT_NAME_MAX + 1];
        size_t n = strlen(names[i].readable);
        assert_int_equal(
            pv_name_readable(out, sizeof out, names[i].name, strlen(names[i].name), NULL), n);
        assert_string_equal(out, names[i].readable);
        for (size_t cap = 1; cap <= n; ++cap) {
            char *cut = room(cap);
            size_t n_cut =
                pv_name_readable(cut, cap, names[i].name, strlen(names[i].name), NULL);
            assert_true(n_cut < cap && cut[n_cut] == '\0');
            assert_memory_equal(cut, names[i].readable, n_cut);
            free(cut);
        }
    }
}

/* f(T, T, …) in which each argument's type is a pair of the one before: 2^n in 5 bytes each. */
static void what_has_no_bound_stays(void **state)
{
    (void)state;
    struct bytes symbol = {0};
    char out[64];
    size_t n;
    bytes_add(&symbol, "_Z1f1PIiiE", 10);
    for (unsigned i = 0; i < 90; ++i) {
        char text[16];
        char last[8] = "S_";
        if (i) {
            snprintf(last, sizeof last, "S%c_",
                     i <= 10 ? (int)('0' + i - 1) : 'A' + (int)(i % 26));
        }
        int length = snprintf(text, sizeof text, "S_I%s%sE", last, last);
        bytes_add(&symbol, text, (size_t)length);
    }
    bytes_add(&symbol, "", 1);
    assert_true(symbol.n <= PV_SYMBOL_MAX);
    assert_false(pv_demangle((const char *)symbol.bytes, out, sizeof out, &n));
    free(symbol.bytes);
    /* longer than is taken apart */
    char *long_name = room(PV_SYMBOL_MAX + 2);
    memset(long_name, 'x', PV_SYMBOL_MAX + 1);
    snprintf(long_name, PV_SYMBOL_MAX, "_Z1000");
    long_name[6] = 'x';
    assert_false(pv_demangle(long_name, out, sizeof out, &n));
    free(long_name);
    /* and the longest */
    char sound[PV_SYMBOL_MAX + 1];
    memset(sound, 'x', sizeof sound);
    memcpy(sound, "_Z1016", 6);
    memcpy(sound + sizeof sound - 2, "v", 2);
    assert_true(pv_demangle(sound, out, sizeof out, &n));
    assert_int_equal(n, 1016 + 2);
    assert_int_equal(strlen(out), sizeof out - 1);
}

/* One function as several tools tell it. */
static void every_reader_says_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *events;
    } logs[] = {
        {"= Start\n@ a:(_Z4loadi+0x1)[0x9] + 0x10 0x8\n@ a:(load(int)+0x1)[0x9] + 0x20 0x8\n",
         NULL, "m1:8'a:(load(int)+0x1)[0x9] m2:8'a:(load(int)+0x1)[0x9]"},
        {"v 10400 2\nX a\ns a\ns _Z4loadi\ns load(int)\ns _Znwm\ni 1 1 4\ni 2 1 2\ni 3 1 3\n"
         "t 2 0\nt 1 1\nt 3 0\nt 1 3\na 8 2\na 8 4\n+ 0\n+ 1\n",
         NULL, "m1:8!0'load(int) m2:8!0'load(int)"},
        {"op,addr,size,name\nmalloc,0x10,8,_Z4loadi\nmalloc,0x20,8,load(int)\n", NULL,
         "m1:8'load(int) m2:8'load(int)"},
        {"M 0x10 8 _Z4loadi\nM 0x20 8 load(int)\n", "lines:M {addr} {size} {name}",
         "m1:8'load(int) m2:8'load(int)"},
        {"{\"format\":\"pebbleviz-trace\",\"version\":1}\n"
         "{\"op\":\"malloc\",\"id\":1,\"size\":8,\"name\":\"_Z4loadi\"}\n"
         "{\"op\":\"malloc\",\"id\":2,\"size\":8,\"name\":\"load(int)\"}\n",
         NULL, "m1:8'load(int) m2:8'load(int)"},
        {"[{\"type\":\"alloc\",\"tag\":\"_Z4loadi\",\"address\":16,\"size\":8}]", NULL,
         "m1:8'load(int)"},
    };
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; ++i) {
        char events[SPELL_BYTES];
        struct pv_reader *reader;
        int status =
            read_spelled(logs[i].text, strlen(logs[i].text), logs[i].from, events, &reader);
        assert_string_equal(events, logs[i].events);
        assert_int_equal(status, 1);
        pv_reader_close(reader);
    }
}

static void no_memory_is_told(void **state)
{
    (void)state;
    static const char text[] = "M 0x10 8 _Z4loadi\nM 0x20 8 _Z5storev\n";
    bool failed = true;
    for (uint64_t nth = 1; failed; ++nth) {
        char events[SPELL_BYTES];
        struct pv_reader *reader;
        own_fail_at(nth, 0);
        int status =
            read_spelled(text, strlen(text), "lines:M {addr} {size} {name}", events, &reader);
        failed = own_has_failed();
        own_fail_at(0, 0);
        assert_int_equal(status, failed ? PV_ENOMEM : 1);
        pv_reader_close(reader);
        assert_int_equal(own_n_live(), 0);
    }
}

/* Names that come again cost nothing, and live as long as their table. */
static void names_are_kept(void **state)
{
    (void)state;
    struct pv_names *table = pv_names_open();
    const char *first, *again, *same;
    assert_int_equal(pv_names_find(table, "_Z4loadi", &first), PV_OK);
    assert_int_equal(pv_names_find(table, "load(int)", &same), PV_OK);
    for (unsigned i = 0; i < 5000; ++i) {
        char symbol[32], text[32];
        snprintf(text, sizeof text, "f%05u()", i);
        snprintf(symbol, sizeof symbol, "_Z6f%05uv", i);
        assert_int_equal(pv_names_find(table, symbol, &again), PV_OK);
        assert_string_equal(again, text);
    }
    uint64_t n = own_n_requests();
    assert_int_equal(pv_names_find(table, "_Z4loadi", &again), PV_OK);
    assert_int_equal(own_n_requests(), n);
    assert_ptr_equal(first, again);
    assert_ptr_equal(first, same);
    assert_string_equal(first, "load(int)");
    pv_names_close(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_become_readable),
        cmocka_unit_test(what_has_no_bound_stays),
        cmocka_unit_test(every_reader_says_the_same),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(names_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
