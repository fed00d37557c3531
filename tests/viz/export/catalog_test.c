/* SPDX-License-Identifier: MIT
 *
 * catalog_test.c - a catalog file read back, and every cut and every changed byte of it: an
 * answer with a reason, never a crash (the sanitisers watch).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/export/catalog.h"
#include "viz/export/documents.h"
#include "viz/text/buffer.h"

static const char text[] =
    "{\"format\": \"pebbleviz-catalog\", \"version\": 1,\n"
    " \"source\": {\"trace\": \"a.json\", \"event\": 7, \"engine\": \"best-fit\"},\n"
    " \"buckets\": [{\"address\": \"0x1000\", \"pages\": 1, \"fit\": \"best\", \"largest\": "
    "3760,\n"
    "  \"flags\": [], \"pebbles\": [\n"
    "   {\"address\": \"0x1030\", \"size\": 64, \"state\": \"used\", \"requested\": 10,\n"
    "    \"alignment\": 64, \"flags\": [\"VIRTUAL\", \"bit14\"], \"name\": \"a\\u001bb\", "
    "\"id\": 3,"
    " \"born\": 2},\n"
    "   {\"address\": \"0x10c0\", \"size\": 3824, \"state\": \"free\"}]}]}";

static void reads_every_field(void **state)
{
    (void)state;
    struct pv_catalog catalog;
    struct pv_place place;
    assert_int_equal(pv_catalog_open_bytes(&catalog, text, sizeof text - 1, &place), PV_OK);
    const struct pv_snapshot *snapshot = catalog.snapshot;
    assert_int_equal(snapshot->source, PV_SNAPSHOT_FILE);
    assert_string_equal(catalog.trace, "a.json");
    assert_string_equal(catalog.engine, "best-fit");
    assert_int_equal(catalog.event, 7);
    assert_int_equal(snapshot->n_buckets, 1);
    assert_int_equal(snapshot->n_pebbles, 2);
    assert_int_equal(snapshot->buckets[0].addr, 0x1000);
    assert_int_equal(snapshot->buckets[0].lflags, 1);
    assert_int_equal(snapshot->pebbles[0].size, 64);
    assert_int_equal(snapshot->pebbles[0].requested, 10);
    assert_int_equal(snapshot->pebbles[0].id, 3);
    assert_int_equal(snapshot->pebbles[0].born, 2);
    assert_int_equal(snapshot->pebbles[0].sflags, 1 | 1 << 14);
    assert_string_equal(pv_tags_text(snapshot->tags, snapshot->pebbles[0].tag), "a\xE2\x90\x9B"
                                                                                "b");
    assert_true(pv_pebble_row_used(&snapshot->pebbles[0]));
    assert_false(pv_pebble_row_used(&snapshot->pebbles[1]));
    assert_true(snapshot->pebbles[1].requested == PV_UNKNOWN);
    assert_int_equal(snapshot->totals.free_bytes, 3824);
    /* Largest is a lie of 64 bytes. */
    assert_true(snapshot->n_findings > 0);
    pv_catalog_close(&catalog);
}

/* ESC in the trace's name, the engine's and a finding's sentence becomes a sign that can be seen. */
static void foreign_text_is_cleaned(void **state)
{
    (void)state;
    static const char hostile[] =
        "{\"format\": \"pebbleviz-catalog\", \"version\": 1,\n"
        " \"source\": {\"trace\": \"t\\u001b\", \"event\": 7, \"engine\": \"e\\u001b\"},\n"
        " \"buckets\": [{\"address\": \"0x1000\", \"pages\": 1, \"fit\": \"first\", \"largest\": "
        "3968, \"flags\": [], \"pebbles\": [\n"
        "   {\"address\": \"0x1030\", \"size\": 3968, \"state\": \"free\"}]}],\n"
        " \"findings\": [{\"rule\": \"P1\", \"address\": \"0x1030\", \"text\": "
        "\"f\\u001b\"}]}";
    struct pv_catalog catalog;
    struct pv_place place;
    assert_int_equal(pv_catalog_open_bytes(&catalog, hostile, sizeof hostile - 1, &place),
                     PV_OK);
    assert_string_equal(catalog.trace, "t\xE2\x90\x9B");
    assert_string_equal(catalog.engine, "e\xE2\x90\x9B");
    assert_int_equal(catalog.snapshot->n_findings, 1);
    assert_string_equal(catalog.snapshot->findings[0].text, "f\xE2\x90\x9B");
    pv_catalog_close(&catalog);
}

/* However this was built: 80 bytes, or 48 when the totals say so. */
static void headers_are_as_long_as_the_file_says(void **state)
{
    (void)state;
    static const struct {
        const char *totals, *second;
        int pebble_bytes;
        bool sound;
    } rows[] = {
        {"", "0x10c0\", \"size\": 3824", 80, true},
        {"\"totals\": {\"header_bytes\": 208},", "0x10c0\", \"size\": 3824", 80, true},
        {"\"totals\": {\"header_bytes\": 144},", "0x10a0\", \"size\": 3888", 48, true},
        {"\"totals\": {\"header_bytes\": 208},", "0x10a0\", \"size\": 3888", 80, false},
        {"\"totals\": {\"header_bytes\": 145},", "0x10c0\", \"size\": 3824", 80, true},
        {"\"totals\": {\"header_bytes\": \"144\"},", "0x10c0\", \"size\": 3824", 80, true},
        {"\"totals\": 144,", "0x10c0\", \"size\": 3824", 80, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[1024];
        int n = snprintf(bytes, sizeof bytes,
                         "{\"format\": \"pebbleviz-catalog\", \"version\": 1, %s\n"
                         " \"buckets\": [{\"address\": \"0x1000\", \"pages\": 1, \"fit\": "
                         "\"first\", \"largest\": %s, \"flags\": [], \"pebbles\": [\n"
                         " {\"address\": \"0x1030\", \"size\": 64, \"state\": \"used\"},\n"
                         " {\"address\": \"%s, \"state\": \"free\"}]}]}",
                         rows[i].totals, strrchr(rows[i].second, ' '), rows[i].second);
        assert_in_range(n, 1, sizeof bytes - 1);
        struct pv_catalog catalog;
        struct pv_place place;
        assert_int_equal(pv_catalog_open_bytes(&catalog, bytes, (size_t)n, &place), PV_OK);
        assert_int_equal(catalog.snapshot->pebble_bytes, rows[i].pebble_bytes);
        assert_int_equal(catalog.snapshot->n_findings == 0, rows[i].sound);
        pv_catalog_close(&catalog);
    }
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct pv_catalog catalog;
        struct pv_place place;
        assert_int_equal(pv_catalog_open_bytes(&catalog, text, n, &place), PV_EFORMAT);
        assert_true(*place.text);
        pv_catalog_close(&catalog);
    }
}

/* What is read is drawn and written too: an export must stand whatever a catalog says. */
static void every_changed_byte_is_survived(void **state)
{
    (void)state;
    static const char values[] = {'\0', '"', '9', '{', ']', 'e', '-', '\xFF'};
    char bytes[sizeof text];
    size_t n_read = 0;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        for (size_t j = 0; j < sizeof values; j++) {
            struct pv_catalog catalog;
            struct pv_place place;
            memcpy(bytes, text, sizeof text);
            bytes[i] = values[j];
            int status = pv_catalog_open_bytes(&catalog, bytes, sizeof bytes - 1, &place);
            assert_true(status == PV_OK || status == PV_EFORMAT);
            if (status == PV_OK) {
                struct pv_source source = {.trace = catalog.trace, .event = catalog.event};
                struct pv_buffer buffer;
                assert_int_equal(pv_buffer_begin(&buffer), PV_OK);
                assert_int_equal(pv_export_dot(catalog.snapshot, &source, false, buffer.file),
                                 0);
                assert_int_equal(pv_export_json(catalog.snapshot, &source, buffer.file), 0);
                assert_int_equal(pv_buffer_end(&buffer), PV_OK);
                pv_buffer_free(&buffer);
                n_read++;
            }
            pv_catalog_close(&catalog);
        }
    }
    assert_true(n_read > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(foreign_text_is_cleaned),
        cmocka_unit_test(headers_are_as_long_as_the_file_says),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(every_changed_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
