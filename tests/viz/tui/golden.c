/* SPDX-License-Identifier: MIT
 *
 * golden.c - texts held against files. See golden.h.
 */
#include "tests/viz/tui/golden.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/heap.h"

enum { PATH_BYTES = 1024, FILE_BYTES = 1 << 20 };

static FILE *file_of(const char *name, const char *mode)
{
    char path[PATH_BYTES];

    assert_true(snprintf(path, sizeof path, "%s/%s.txt", PV_GOLDENS, name) < PATH_BYTES);
    return fopen(path, mode);
}

static void say_difference(const char *name, const char *expected, const char *text)
{
    int line = 1;

    for (;;) {
        size_t a = strcspn(expected, "\n"), b = strcspn(text, "\n");
        if (a != b || memcmp(expected, text, a) != 0) {
            print_message("%s:%d differs\n  golden: %.*s\n  now:    %.*s\n", name, line, (int)a,
                          expected, (int)b, text);
            return;
        }
        if (!expected[a] || !text[b]) {
            print_message("%s:%d: one of the two ends here\n", name, line);
            return;
        }
        expected += a + 1;
        text += b + 1;
        line++;
    }
}

/* A number is what begins with a digit, hexadecimal digits and fractions with it. */
static void blank_numbers(char *text)
{
    char *to = text;

    while (*text) {
        if (isdigit((unsigned char)*text)) {
            while (isalnum((unsigned char)*text) || *text == '.') {
                text++;
            }
            *to++ = '#';
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

static void empty_inner_lines(char *text)
{
    char *to = strchr(text, '\n');

    for (char *line = to; line && line[1]; line = strchr(line + 1, '\n')) {
        char *end = strchr(line + 1, '\n');
        bool last = !end || !end[1];
        *to++ = '\n';
        if (last) {
            memmove(to, line + 1, strlen(line + 1) + 1);
            return;
        }
    }
}

static void keep_part(char *text, enum golden_part part)
{
    if (part == GOLDEN_WORDS) {
        blank_numbers(text);
    } else if (part == GOLDEN_FRAME) {
        empty_inner_lines(text);
    }
}

bool golden_same(const char *name, enum golden_part part, const char *text)
{
    FILE *file = file_of(name, "rb");

    if (!file) {
        print_message("%s: no such golden; PV_UPDATE_GOLDENS=1 makes it\n", name);
        return false;
    }
    char *expected = calloc(FILE_BYTES, 1), *now = strdup(text);
    assert_non_null(expected);
    assert_non_null(now);
    size_t n = fread(expected, 1, FILE_BYTES - 1, file);
    expected[n] = '\0';
    fclose(file);
    keep_part(expected, part);
    keep_part(now, part);
    bool same = strcmp(expected, now) == 0;
    if (!same) {
        say_difference(name, expected, now);
    }
    free(expected);
    free(now);
    return same;
}

bool golden_check(const char *name, enum golden_part part, const char *text)
{
    const char *update = getenv("PV_UPDATE_GOLDENS");

    if (PV_NAMES && update && strcmp(update, "1") == 0) {
        FILE *file = file_of(name, "wb");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        return true;
    }
    return golden_same(name, PV_NAMES ? GOLDEN_ALL : part, text);
}
