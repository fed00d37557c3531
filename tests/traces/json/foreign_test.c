/* SPDX-License-Identifier: MIT
 *
 * foreign_test.c - heap_history_viewer's JSON and PyTorch's memory snapshots.
 */
#include "tests/traces/support.h"

#include <stdlib.h>
#include <string.h>

#include "core/status.h"

#define TORCH(events) "{\"segments\": [{\"a\": [1]}],\n\"device_traces\": [" events "]}"
#define VIEW_ALLOC    "{\"type\":\"alloc\",\"tag\":\"x y\",\"address\":16,\"size\":24}"
#define VIEW_FREE     "{\"type\":\"free\",\"address\":\"0x10\"}"

static const struct {
    const char *format, *text, *events;
    uint64_t n_calls, n_frees, n_processes; /* left out */
} sound[] = {
    {"heap-history", "[" VIEW_ALLOC "," VIEW_FREE "]\n", "m1:24'x y f1", 0, 0, 0},
    {"heap-history",
     " [\n" VIEW_ALLOC ",\n{\"type\":\"event\",\"tag\":\"here\",\"color\":\"#FF0000\"},\n"
     "{\"type\":\"filterrange\",\"low\":1,\"high\":2},{\"type\":\"rangefree\",\"low\":1,"
     "\"high\":99},{\"type\":\"free\",\"address\":99}," VIEW_ALLOC "]",
     "m1:24'x y m-:0'here f1 m2:24'x y", 1, 1, 0},
    {"pytorch",
     TORCH("[{\"action\":\"segment_alloc\",\"addr\":1,\"size\":9,\"stream\":0},"
           "{\"action\":\"alloc\",\"addr\":4096,\"size\":512,\"time_us\":7,\"frames\":[{"
           "\"filename\":\"a.py\",\"name\":\"forward\"},{\"name\":\"main\"}]},"
           "{\"action\":\"free_requested\",\"addr\":4096,\"size\":512},"
           "{\"action\":\"free_completed\",\"addr\":4096,\"size\":512,\"time_us\":9},"
           "{\"action\":\"free_completed\",\"addr\":77,\"size\":512,\"time_us\":9}]"),
     "m1:512!7'forward f1!9", 1, 1, 0},
    {"pytorch",
     TORCH("[], [{\"action\":\"alloc\",\"addr\":1,\"size\":2}],"
           "[{\"action\":\"alloc\",\"addr\":1,\"size\":3},{\"action\":\"free_completed\","
           "\"addr\":1}]"),
     "m1:2", 0, 0, 2},
    {"pytorch", "{\"device_traces\":[[{\"action\":\"alloc\",\"addr\":1,\"size\":2}]],\"x\":[",
     "m1:2", 0, 0, 0},
    {"pytorch", TORCH(""), "", 0, 0, 0},
    {"pytorch", "{\"segments\":[]}", "", 0, 0, 0},
};

static const struct {
    const char *text;
    uint64_t line, column;
    const char *message;
} wrong[] = {
    {"[" VIEW_ALLOC ",{\"type\":\"alloc\",\"address\":1}]", 1, 54,
     "an allocation wants an address and a size, whole numbers"},
    {"[" VIEW_ALLOC ",{\"type\":\"free\"}]", 1, 54, "a free wants an address, a whole number"},
    {"[" VIEW_ALLOC ",\n7]", 2, 1, "an event is an object"},
    {"[" VIEW_ALLOC ",\n{\"address\":1}]", 2, 1, "the event does not say what it is"},
    {"[" VIEW_ALLOC "] x", 1, 55, "something follows the end of the list"},
    {"[{\"type\":\"alloc\",\"address\":1,\"size\":9223372036854775808}]", 1, 2,
     "a size is beyond 2^63-1"},
    {"{\"segments\":[],\"device_traces\":{}}", 1, 32, "\"device_traces\" must be a list"},
    {"{\"segments\":[],\"device_traces\":[{}]}", 1, 33, "a device's list is expected here"},
    {"{\"segments\":[],7}", 1, 16, "a key is expected here"},
    {"{\"segments\":[] \"a\"}", 1, 16, "a comma or } is expected here"},
};

static void foreign_json_becomes_events(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; ++i) {
        struct pv_reader *reader;
        const char *text = sound[i].text;
        if (read_spelled(text, strlen(text), NULL, events, &reader) != 1) {
            fail_msg("%s: %s", text, pv_reader_place(reader)->text);
        }
        assert_string_equal(pv_reader_header(reader)->format, sound[i].format);
        assert_string_equal(events, sound[i].events);
        const struct pv_account *account = pv_reader_account(reader);
        assert_int_equal(pv_account_count(account, PV_LEFT_CALLS), sound[i].n_calls);
        assert_int_equal(pv_account_count(account, PV_LEFT_FREES), sound[i].n_frees);
        assert_int_equal(pv_account_count(account, PV_LEFT_PROCESS), sound[i].n_processes);
        pv_reader_close(reader);
    }
}

static void wrong_json_has_its_place(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        struct pv_reader *reader;
        const char *text = wrong[i].text;
        int status = read_spelled(text, strlen(text), NULL, events, &reader);
        const struct pv_place *place = pv_reader_place(reader);
        if (status != PV_EFORMAT || place->line != wrong[i].line ||
            place->column != wrong[i].column || strcmp(place->text, wrong[i].message) != 0) {
            fail_msg("%s: status %d, %d:%d %s", text, status, (int)place->line,
                     (int)place->column, place->text);
        }
        pv_reader_close(reader);
    }
}

/* Cut at every byte, or with one changed: an error or an end, and no more events than before. */
static void foreign_json_may_be_damaged(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; ++i) {
        size_t n = strlen(sound[i].text);
        for (size_t k = 1; k < 2 * n; ++k) {
            char *text = room(n);
            memcpy(text, sound[i].text, n);
            text[k / 2] ^= k % 2 ? 0x11 : 0;
            struct pv_reader *reader;
            int status =
                read_spelled(text, k % 2 ? n : k / 2, sound[i].format, events, &reader);
            assert_true(status == 1 || status == PV_EFORMAT);
            assert_true(status == 1 || *pv_reader_place(reader)->text);
            pv_reader_close(reader);
            free(text);
        }
    }
}

/* The n-th request for memory fails. */
static void memory_may_run_out(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; ++i) {
        int failed = 1;
        for (uint64_t n = 1; failed; ++n) {
            struct pv_reader *reader;
            own_fail_at(n, 0);
            int status =
                read_spelled(sound[i].text, strlen(sound[i].text), NULL, events, &reader);
            failed = own_has_failed();
            own_fail_at(0, 0);
            assert_int_equal(status, failed ? PV_ENOMEM : 1);
            pv_reader_close(reader);
        }
        assert_string_equal(events, sound[i].events);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_json_becomes_events),
        cmocka_unit_test(wrong_json_has_its_place),
        cmocka_unit_test(foreign_json_may_be_damaged),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
