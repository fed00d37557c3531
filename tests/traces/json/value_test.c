/* SPDX-License-Identifier: MIT
 *
 * value_test.c - the door to the JSON library: each of its known traps, places, and the emitter.
 */
#include "tests/traces/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "tests/traces/json/same.h"
#include "traces/json/scan.h"
#include "traces/json/value.h"

static struct pv_json *parse(const char *text)
{
    struct pv_json *value = NULL;
    struct pv_place place;
    if (json_parse(&value, text, strlen(text), &place) < 0) {
        fail_msg("%s: %s", text, place.text);
    }
    return value;
}

struct bad {
    const char *text;
    size_t n; /* 0: strlen */
    uint64_t line, column;
    const char *why;
};

static void refuse(const struct bad *bad)
{
    struct pv_json *value = NULL;
    struct pv_place place;
    size_t n = bad->n ? bad->n : strlen(bad->text);
    int status = json_parse(&value, bad->text, n, &place);
    if (status != PV_EFORMAT || strcmp(place.text, bad->why) != 0 || place.line != bad->line ||
        place.column != bad->column) {
        fail_msg("%s: status %d, %d:%d %s, not %d:%d %s", bad->text, status, (int)place.line,
                 (int)place.column, place.text, (int)bad->line, (int)bad->column, bad->why);
    }
    assert_null(value);
}

#define VALUE   "a value is expected here"
#define KEY     "a key in double quotes is expected here"
#define NUMBER  "this is no number of JSON"
#define CONTROL "a control character stands in a text without an escape"
#define LONE    "half of a surrogate pair stands alone"
#define UTF8    "a text is not valid UTF-8"
#define ENDS    "the text ends inside a value"
#define BEYOND  "a whole number does not fit in 64 bits"
#define AFTER   "something follows the value"
#define ESCAPE  "JSON knows no such escape in a text"

/* Trap 1: what JSON_TOKENER_STRICT lets through, and what it does not. */
static void trap_1_lax_syntax(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {"{'a':1}", 0, 1, 2, KEY},
        {"['a']", 0, 1, 2, VALUE},
        {"NaN", 0, 1, 1, VALUE},
        {"[nan]", 0, 1, 2, VALUE},
        {"[Infinity]", 0, 1, 2, VALUE},
        {"[-Infinity]", 0, 1, 2, NUMBER},
        {"[1.]", 0, 1, 2, NUMBER},
        {"[.5]", 0, 1, 2, VALUE},
        {"[1e]", 0, 1, 2, NUMBER},
        {"[1e+]", 0, 1, 2, NUMBER},
        {"[+1]", 0, 1, 2, VALUE},
        {"[-]", 0, 1, 2, NUMBER},
        {"[01]", 0, 1, 2, NUMBER},
        {"[1x]", 0, 1, 2, NUMBER},
        {"[0x10]", 0, 1, 2, NUMBER},
        {"[\"a\tb\"]", 0, 1, 4, CONTROL},
        {"[\"a\nb\"]", 0, 1, 4, "the line ends inside a text"},
        {"[\"\\ud800\"]", 0, 1, 3, LONE},
        {"[\"\\udc00\"]", 0, 1, 3, LONE},
        {"[\"\\udc00\\udc00\"]", 0, 1, 3, LONE},
        {"[\"\\ud800x\"]", 0, 1, 3, LONE},
        {"[\"\\ud800\\n\"]", 0, 1, 3, LONE},
        {"[\"\\ud800\\u0041\"]", 0, 1, 3, LONE},
        {"[\"\\u12g4\"]", 0, 1, 3, "\\u wants four hexadecimal digits"},
        {"[\"\\x41\"]", 0, 1, 3, ESCAPE},
        {"[TRUE]", 0, 1, 2, VALUE},
        {"[truth]", 0, 1, 2, VALUE},
        {"[1,]", 0, 1, 4, VALUE},
        {"{\"a\":1,}", 0, 1, 8, KEY},
        {"{\"a\" 1}", 0, 1, 6, "a colon is expected after a key"},
        {"{\"a\":1 \"b\":2}", 0, 1, 8, "a comma or } is expected here"},
        {"[1 2]", 0, 1, 4, "a comma or ] is expected here"},
        {"[1}", 0, 1, 3, "a comma or ] is expected here"},
        {"[1, /* no */ 2]", 0, 1, 5, VALUE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        refuse(&table[i]);
    }
}

/* Of two equal keys the last one wins: said in json/value.h. */
static void trap_1_duplicate_keys(void **state)
{
    (void)state;
    struct pv_json *value = parse("{\"a\": 1, \"a\": 2}");
    assert_int_equal(pv_json_integer(pv_json_member(value, "a")), 2);
    pv_json_free(value);
}

static void trap_2_two_documents(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {"{} {}", 0, 1, 4, AFTER},
        {"{}\n\n[]", 0, 3, 1, AFTER},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        refuse(&table[i]);
    }
}

static void trap_3_utf8(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {"[\"\x80\"]", 0, 1, 3, UTF8},             /* a lone continuation */
        {"[\"\xc0\xaf\"]", 0, 1, 3, UTF8},         /* overlong */
        {"[\"\xe0\x80\xaf\"]", 0, 1, 3, UTF8},     /* overlong */
        {"[\"\xed\xa0\x80\"]", 0, 1, 3, UTF8},     /* a surrogate */
        {"[\"\xf4\x90\x80\x80\"]", 0, 1, 3, UTF8}, /* beyond U+10FFFF */
        {"[\"ab\xc3\"]", 0, 1, 5, UTF8},           /* cut off by the quote */
        {"{\"\xff\":1}", 0, 1, 3, UTF8},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        refuse(&table[i]);
    }
    size_t n;
    struct pv_json *value = parse("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\ud83d\\ude00\"");
    assert_string_equal(pv_json_text(value, &n),
                        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
    assert_int_equal(n, 13);
    pv_json_free(value);
}

static void trap_4_top_level_scalars_and_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum pv_json_kind kind;
    } table[] = {
        {"12", PV_JSON_INTEGER}, {"null", PV_JSON_NULL},     {" true ", PV_JSON_BOOL},
        {"\"\"", PV_JSON_TEXT},  {"-1.5e3", PV_JSON_NUMBER}, {"[]", PV_JSON_ARRAY},
        {"{}", PV_JSON_OBJECT},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        struct pv_json *value = parse(table[i].text);
        assert_non_null(value);
        assert_int_equal(pv_json_kind(value), table[i].kind);
        pv_json_free(value);
    }
    static const struct bad cut[] = {
        {"", 0, 1, 1, "there is no value"},
        {" \n ", 0, 2, 2, "there is no value"},
        {"{", 0, 1, 2, ENDS},
        {"[1,\n2", 0, 2, 2, ENDS},
        {"\"ab", 0, 1, 4, ENDS},
        {"\"\\", 0, 1, 3, ENDS},
        {"\"\\u12", 0, 1, 6, ENDS},
        {"\"\\ud800\\u", 0, 1, 10, ENDS},
        {"tru", 0, 1, 4, ENDS},
        {"-", 0, 1, 2, ENDS},
        {"1.", 0, 1, 3, ENDS},
        {"{\"a\"", 0, 1, 5, ENDS},
    };
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; ++i) {
        refuse(&cut[i]);
    }
}

static void trap_6_numbers(void **state)
{
    (void)state;
    static const struct bad beyond[] = {
        {"18446744073709551616", 0, 1, 1, BEYOND},
        {"[0, 99999999999999999999999]", 0, 1, 5, BEYOND},
        {"-9223372036854775809", 0, 1, 1, BEYOND},
    };
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; ++i) {
        refuse(&beyond[i]);
    }
    static const struct {
        const char *text;
        enum pv_json_kind kind;
        uint64_t integer;
    } table[] = {
        {"0", PV_JSON_INTEGER, 0},
        {"9007199254740993", PV_JSON_INTEGER, UINT64_C(9007199254740993)},
        {"9223372036854775807", PV_JSON_INTEGER, INT64_MAX},
        {"9223372036854775808", PV_JSON_INTEGER, UINT64_C(9223372036854775808)},
        {"18446744073709551615", PV_JSON_INTEGER, UINT64_MAX},
        {"-1", PV_JSON_NUMBER, 0},
        {"-9223372036854775808", PV_JSON_NUMBER, 0},
        {"3.9", PV_JSON_NUMBER, 0},
        {"3.0", PV_JSON_NUMBER, 0},
        {"1e2", PV_JSON_NUMBER, 0},
        {"1E400", PV_JSON_NUMBER, 0},
        {"\"12\"", PV_JSON_TEXT, 0},
        {"true", PV_JSON_BOOL, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        struct pv_json *value = parse(table[i].text);
        assert_int_equal(pv_json_kind(value), table[i].kind);
        assert_true(pv_json_integer(value) == table[i].integer);
        pv_json_free(value);
    }
}

static void trap_6_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t addr;
    } table[] = {
        {"\"0x0\"", true, 0},
        {"\"0x55d0c0DE0010\"", true, UINT64_C(0x55d0c0de0010)},
        {"\"0xffffffffffffffff\"", true, UINT64_MAX},
        {"\"0x10000000000000000\"", false, 0},
        {"\"0x\"", false, 0},
        {"\"x7f\"", false, 0},
        {"\"7f\"", false, 0},
        {"\"0X7f\"", false, 0},
        {"\"0x7g\"", false, 0},
        {"\"0x 7\"", false, 0},
        {"\"0x7\\u0000\"", false, 0},
        {"127", false, 0},
        {"null", false, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        struct pv_json *value = parse(table[i].text);
        uint64_t addr = 0;
        assert_int_equal(pv_json_address(value, &addr), table[i].good);
        assert_true(addr == table[i].addr);
        pv_json_free(value);
    }
}

/* Trap 7: 32 levels, no more, however deep the text goes. */
static void trap_7_depth(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    char *text = room(2 * DEEP);
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    struct pv_json *value = NULL;
    struct pv_place place;
    assert_int_equal(json_parse(&value, text + DEEP - 32, 64, &place), 0);
    pv_json_free(value);
    for (size_t depth = 33; depth <= DEEP; depth = depth == 33 ? DEEP : DEEP + 1) {
        assert_int_equal(json_parse(&value, text + DEEP - depth, 2 * depth, &place),
                         PV_EFORMAT);
        assert_string_equal(place.text, "the nesting is deeper than 32 levels");
        assert_int_equal(place.column, 33);
    }
    free(text);
}

static void trap_8_places(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {"{\n \"a\": 1,\r\n  \"b\": x}", 0, 3, 8, VALUE},
        {"\n\n\n   !", 0, 4, 4, VALUE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        refuse(&table[i]);
    }
}

static void trap_9_nul(void **state)
{
    (void)state;
    static const struct bad table[] = {
        {"[1]\0", 4, 1, 4, AFTER},
        {"[1\0]", 4, 1, 2, NUMBER},
        {"\0", 1, 1, 1, VALUE},
        {"[\"a\0b\"]", 7, 1, 4, CONTROL},
        {"[\0]", 3, 1, 2, VALUE},
        {"{\"op\\u0000x\":1}", 0, 1, 5, "a key holds the character U+0000"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        refuse(&table[i]);
    }
    size_t n;
    struct pv_json *value = parse("\"a\\u0000b\"");
    assert_memory_equal(pv_json_text(value, &n), "a\0b", 4);
    assert_int_equal(n, 3);
    pv_json_free(value);
}

static void long_number_is_refused(void **state)
{
    (void)state;
    char text[PV_JSON_NUMBER_MAX + 8] = "0.";
    memset(text + 2, '1', PV_JSON_NUMBER_MAX);
    struct bad bad = {text, PV_JSON_NUMBER_MAX + 2, 1, 1,
                      "a number has more than 1024 characters"};
    refuse(&bad);
    struct pv_json *value = NULL;
    struct pv_place place;
    assert_int_equal(json_parse(&value, text, PV_JSON_NUMBER_MAX, &place), 0);
    pv_json_free(value);
}

static void values_are_found(void **state)
{
    (void)state;
    struct pv_json *value = parse("{\"a\": {\"b\": [true, false, null]}, \"c\": \"x\"}");
    const struct pv_json *b = pv_json_member(pv_json_member(value, "a"), "b");
    assert_int_equal(pv_json_length(b), 3);
    assert_true(pv_json_bool(pv_json_element(b, 0)));
    assert_false(pv_json_bool(pv_json_element(b, 1)));
    assert_non_null(pv_json_element(b, 2));
    assert_int_equal(pv_json_kind(pv_json_element(b, 2)), PV_JSON_NULL);
    assert_null(pv_json_element(b, 3));
    assert_null(pv_json_member(value, "d"));
    assert_null(pv_json_member(b, "a"));
    assert_null(pv_json_element(value, 0));
    assert_int_equal(pv_json_length(value), 0);
    size_t n;
    assert_null(pv_json_text(b, &n));
    pv_json_free(value);
}

/* The scan cut in two at every byte says what the scan in one says. */
static void scan_resumes_anywhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\\u0041\\ud83d\\ude00\xc3\xa9\":[-1.5e+3,true,null,\"\\n\"],\"b\":{\"c\":[]}} ",
        "[18446744073709551615,\"\xf0\x9f\x98\x80\",false,{}] ",
        "[\"\\ud800\\u0041\"]",
        "[\"\xed\xa0\x80\"]",
        "{\"a\":01}",
        "[1.5.]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        size_t n = strlen(texts[i]);
        struct pv_json_scan whole = {0};
        enum pv_scan_answer wanted = pv_json_scan(&whole, texts[i], n, true);
        for (size_t cut = 0; cut <= n; ++cut) {
            struct pv_json_scan scan = {0};
            enum pv_scan_answer answer = pv_json_scan(&scan, texts[i], cut, false);
            if (answer == PV_SCAN_MORE) {
                answer = pv_json_scan(&scan, texts[i], n, true);
            }
            assert_int_equal(answer, wanted);
            assert_int_equal(scan.at, whole.at);
        }
    }
}

/* ---- where it stands ---- */

/* What the library makes of a text and what is read off it are the same. */
static void spans_say_what_the_library_says(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        " -0 ",
        "-1",
        "18446744073709551615",
        "-9223372036854775808",
        "1.0",
        "-0.0",
        "1e5",
        "true",
        "[false,null]",
        "[ ]",
        "{ }",
        "[[],{},[{}],\"]\",\"\\\"]\"]",
        "\"\"",
        "\"plain\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0000\\u001f\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\udbff\\udfff\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xe2\x80\xae \xf3\xa0\x81\x81\"",
        "\"ends in a backslash \\\\\"",
        "[\"0x7f\",\"0x\",\"0xffffffffffffffff\",\"0xFfffffffffffffff0\",\"\\u0030x1\"]",
        "\"\\u0030\\u00781111111111111111\"",
        "{\"a\":1,\"b\" : {\"a\":[2,{}]} ,\n\"a\":\"last\",\"\\u0061b\":3,\"ab\":4,\"\":5}",
    };
    bool sound;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        if (!json_same_text(texts[i], strlen(texts[i]), &sound) || !sound) {
            fail_msg("%s", texts[i]);
        }
    }
}

/* Texts around the longest clean one, plain, of wide characters, and escaped. */
static void long_texts_are_cut_alike(void **state)
{
    (void)state;
    static const char *const pieces[] = {"x", "\xf3\xa0\x81\x81", "\\ud83d\\ude00", "\\n",
                                         "\\/"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; ++i) {
        for (size_t n = 4090; n <= 4100; ++n) {
            struct bytes text = {0};
            bool sound;
            bytes_add(&text, "\"", 1);
            for (size_t k = 0; k < n; ++k) {
                bytes_add(&text, pieces[i], strlen(pieces[i]));
            }
            bytes_add(&text, "\"", 1);
            assert_true(json_same_text((const char *)text.bytes, text.n, &sound));
            assert_true(sound);
            free(text.bytes);
        }
    }
}

/* ---- out ---- */

static int to_bytes(void *ctx, const char *bytes, size_t n)
{
    bytes_add(ctx, bytes, n);
    return 0;
}

static void emitter_writes(void **state)
{
    (void)state;
    struct bytes text = {0};
    struct pv_json_out out = {.write = to_bytes, .ctx = &text};
    pv_json_begin(&out, '{');
    pv_json_key(&out, "a");
    pv_json_put_integer(&out, UINT64_MAX);
    pv_json_key(&out, "b");
    pv_json_begin(&out, '[');
    pv_json_newline(&out, 3);
    pv_json_put_bool(&out, true);
    pv_json_put_null(&out);
    pv_json_newline(&out, 1);
    pv_json_put_address(&out, UINT64_C(0x55d0c0de0010));
    pv_json_newline(&out, 0);
    pv_json_end(&out, ']');
    pv_json_key(&out, "q\"");
    pv_json_begin(&out, '{');
    pv_json_end(&out, '}');
    pv_json_key(&out, "c");
    pv_json_put_text(&out, "\"\\/\x01\n\x7f\xc3\xa9\xff<");
    pv_json_end(&out, '}');
    pv_json_newline(&out, 0);
    bytes_add(&text, "", 1);
    assert_int_equal(out.status, 0);
    assert_string_equal((char *)text.bytes,
                        "{\"a\": 18446744073709551615, \"b\": [\n   true, null,\n "
                        "\"0x55d0c0de0010\"\n], \"q\\\"\": {}, "
                        "\"c\": \"\\\"\\\\/\\u0001\\u000a\x7f\xc3\xa9\xef\xbf\xbd<\"}\n");
    struct pv_json *value = parse((char *)text.bytes);
    pv_json_free(value);
    free(text.bytes);
}

static void emitter_writes_compact(void **state)
{
    (void)state;
    struct bytes text = {0};
    struct pv_json_out out = {.write = to_bytes, .ctx = &text, .compact = true};
    for (int i = 0; i < 2; ++i) {
        pv_json_begin(&out, '{');
        pv_json_key(&out, "a");
        pv_json_begin(&out, '[');
        pv_json_put_integer(&out, 0);
        pv_json_put_integer(&out, 10);
        pv_json_end(&out, ']');
        pv_json_key(&out, "b");
        pv_json_put_integer(&out, 1);
        pv_json_end(&out, '}');
        pv_json_newline(&out, 5);
    }
    bytes_add(&text, "", 1);
    assert_string_equal((char *)text.bytes, "{\"a\":[0,10],\"b\":1}\n{\"a\":[0,10],\"b\":1}\n");
    free(text.bytes);
}

static void reals_read_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } table[] = {
        {0.0, "0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {1e300, "1e+300"},
        {1.0 / 3, "0.3333333333333333"},
        {123456789.0, "123456789.0"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
        {5e-324, "5e-324"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; ++i) {
        struct bytes text = {0};
        struct pv_json_out out = {.write = to_bytes, .ctx = &text};
        pv_json_put_real(&out, table[i].value);
        bytes_add(&text, "", 1);
        assert_string_equal((char *)text.bytes, table[i].text);
        free(text.bytes);
    }
    uint64_t seed = 7;
    for (int i = 0; i < 20000; ++i) {
        uint64_t bits = random_next(&seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        struct bytes text = {0};
        struct pv_json_out out = {.write = to_bytes, .ctx = &text};
        pv_json_put_real(&out, value);
        bytes_add(&text, "", 1);
        if (isfinite(value)) {
            assert_true(strtod((char *)text.bytes, NULL) == value);
        }
        free(text.bytes);
    }
}

static int refuse_third(void *ctx, const char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    int *n_calls = ctx;
    return ++*n_calls == 3 ? PV_EIO : PV_OK;
}

static void emitter_stops_at_the_first_failure(void **state)
{
    (void)state;
    int n_calls = 0;
    struct pv_json_out out = {.write = refuse_third, .ctx = &n_calls};
    pv_json_begin(&out, '[');
    for (uint64_t i = 0; i < 10; ++i) {
        pv_json_put_integer(&out, i);
    }
    assert_int_equal(out.status, PV_EIO);
    assert_int_equal(n_calls, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_1_lax_syntax),
        cmocka_unit_test(trap_1_duplicate_keys),
        cmocka_unit_test(trap_2_two_documents),
        cmocka_unit_test(trap_3_utf8),
        cmocka_unit_test(trap_4_top_level_scalars_and_the_end),
        cmocka_unit_test(trap_6_numbers),
        cmocka_unit_test(trap_6_addresses),
        cmocka_unit_test(trap_7_depth),
        cmocka_unit_test(trap_8_places),
        cmocka_unit_test(trap_9_nul),
        cmocka_unit_test(long_number_is_refused),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(scan_resumes_anywhere),
        cmocka_unit_test(spans_say_what_the_library_says),
        cmocka_unit_test(long_texts_are_cut_alike),
        cmocka_unit_test(emitter_writes),
        cmocka_unit_test(emitter_writes_compact),
        cmocka_unit_test(reals_read_back),
        cmocka_unit_test(emitter_stops_at_the_first_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
