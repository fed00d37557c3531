/* SPDX-License-Identifier: MIT
 *
 * theme_test.c - can the colours be told apart by everybody, and the states without colour?
 *
 * Distances are Euclidean in CIE Lab (D65) of the xterm palette's colours, as seen with normal
 * sight and with protanopia, deuteranopia and tritanopia after Machado, Oliveira and Fernandes
 * (2009), severity 1.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "viz/tui/theme.h"

static const double least = 9;

static const double sights[4][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};

static double linear(int value)
{
    double c = value / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double cube_root(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static void lab_of(int color, const double sight[3][3], double *lab)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int rgb[3];
    double seen[3];

    assert_in_range(color, 16, 255);
    if (color < 232) {
        int at = color - 16;
        rgb[0] = levels[at / 36];
        rgb[1] = levels[at / 6 % 6];
        rgb[2] = levels[at % 6];
    } else {
        rgb[0] = rgb[1] = rgb[2] = 8 + 10 * (color - 232);
    }
    for (int i = 0; i < 3; i++) {
        seen[i] = sight[i][0] * linear(rgb[0]) + sight[i][1] * linear(rgb[1]) +
                  sight[i][2] * linear(rgb[2]);
        seen[i] = seen[i] < 0 ? 0 : seen[i] > 1 ? 1 : seen[i];
    }
    double x = 0.4124564 * seen[0] + 0.3575761 * seen[1] + 0.1804375 * seen[2];
    double y = 0.2126729 * seen[0] + 0.7151522 * seen[1] + 0.0721750 * seen[2];
    double z = 0.0193339 * seen[0] + 0.1191920 * seen[1] + 0.9503041 * seen[2];
    lab[0] = 116 * cube_root(y) - 16;
    lab[1] = 500 * (cube_root(x / 0.95047) - cube_root(y));
    lab[2] = 200 * (cube_root(y) - cube_root(z / 1.08883));
}

static double distance(int a, int b, int sight)
{
    double first[3], second[3], sum = 0;

    lab_of(a, sights[sight], first);
    lab_of(b, sights[sight], second);
    for (int i = 0; i < 3; i++) {
        sum += (first[i] - second[i]) * (first[i] - second[i]);
    }
    return sqrt(sum);
}

/* A tag for each colour of the theme, found by trying names. */
static int tag_colors(const struct pv_theme *theme, int *colors)
{
    int n = 0;

    for (int i = 0; i < 1000; i++) {
        char tag[16];
        bool known = false;
        snprintf(tag, sizeof tag, "tag%d", i);
        int color = pv_theme_tag(theme, tag).fg;
        for (int j = 0; j < n; j++) {
            known |= colors[j] == color;
        }
        if (!known) {
            assert_true(n < PV_THEME_TAGS);
            colors[n++] = color;
        }
    }
    return n;
}

static void colors_differ(void **state)
{
    static const enum pv_role roles[] = {PV_ROLE_FREE, PV_ROLE_HEADER, PV_ROLE_MIXED,
                                         PV_ROLE_FAULT, PV_ROLE_CHANGED};
    struct pv_theme theme = {.level = PV_LEVEL_256};
    int colors[PV_THEME_TAGS + 8], n = tag_colors(&theme, colors);
    double smallest = 1000;

    (void)state;
    assert_int_equal(n, PV_THEME_TAGS);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        colors[n++] = pv_theme_style(&theme, roles[i]).fg;
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            for (int sight = 0; sight < 4; sight++) {
                double d = distance(colors[i], colors[j], sight);
                if (d < least) {
                    fail_msg("colours %d and %d, sight %d: %.1f", colors[i], colors[j], sight,
                             d);
                }
                smallest = d < smallest ? d : smallest;
            }
        }
    }
    print_message("smallest distance %.2f\n", smallest);
}

/* The measure itself: a red and a green of one lightness are far apart, but not for all. */
static void measure_works(void **state)
{
    (void)state;
    assert_true(distance(34, 160, 0) > 100);
    assert_true(distance(34, 160, 2) < 12);
    assert_true(distance(214, 214, 1) == 0);
}

static void states_differ_by_glyph(void **state)
{
    static const enum pv_glyph glyphs[] = {
        PV_GLYPH_USED_1, PV_GLYPH_USED_2, PV_GLYPH_USED_3, PV_GLYPH_USED_4, PV_GLYPH_FREE,
        PV_GLYPH_OTHER,  PV_GLYPH_HEADER, PV_GLYPH_MADE,   PV_GLYPH_ENDED,  PV_GLYPH_FINDING};
    size_t n = sizeof glyphs / sizeof *glyphs;

    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        struct pv_theme theme = {.ascii = ascii};
        for (size_t i = 0; i < n; i++) {
            const char *glyph = pv_theme_glyph(&theme, glyphs[i]);
            assert_int_equal(pv_width_text(glyph), 1);
            assert_string_not_equal(glyph, " "); /* not held */
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(glyph, pv_theme_glyph(&theme, glyphs[j]));
            }
        }
    }
}

static void ascii_is_ascii(void **state)
{
    struct pv_theme theme = {.ascii = true};

    (void)state;
    for (int i = 0; i < PV_N_GLYPHS; i++) {
        for (const char *at = pv_theme_glyph(&theme, (enum pv_glyph)i); *at; at++) {
            assert_in_range(*at, 0x20, 0x7E);
        }
    }
    for (int i = -1; i < 12; i++) {
        assert_in_range(*pv_theme_bar(&theme, i), 0x20, 0x7E);
        assert_in_range(*pv_theme_bar_across(&theme, i), 0x20, 0x7E);
    }
}

static void levels_step_down(void **state)
{
    (void)state;
    for (int level = PV_LEVEL_MONO; level <= PV_LEVEL_256; level++) {
        struct pv_theme theme = {.level = (enum pv_level)level};
        int most = level == PV_LEVEL_MONO ? -1
                   : level == PV_LEVEL_8  ? 7
                   : level == PV_LEVEL_16 ? 15
                                          : 255;
        for (int i = 0; i < PV_N_ROLES; i++) {
            struct pv_style style = pv_theme_style(&theme, (enum pv_role)i);
            assert_in_range(style.fg + 1, 0, most + 1);
            assert_int_equal(style.bg, -1);
        }
        for (int i = 0; i < 100; i++) {
            char tag[16];
            snprintf(tag, sizeof tag, "%d", i);
            assert_in_range(pv_theme_tag(&theme, tag).fg + 1, 0, most + 1);
            assert_in_range(pv_theme_age(&theme, i - 1).fg + 1, 0, most + 1);
        }
    }
}

/* Written down, so that a change of the hash is seen: people learn these. */
static void tags_keep_their_looks(void **state)
{
    struct pv_theme theme = {.level = PV_LEVEL_256};

    (void)state;
    assert_int_equal(pv_theme_tag(&theme, "openDatabase").fg, 99);
    assert_int_equal(pv_theme_tag(&theme, "net/tcp/skb").fg, 107);
    assert_int_equal(pv_theme_letter("openDatabase"), 'a');
    assert_int_equal(pv_theme_letter("net/tcp/skb"), 'f');
    assert_int_equal(pv_theme_letter(""), '-');
}

/* Of many tags, each letter gets about its share. */
static void letters_are_drawn_evenly(void **state)
{
    int n[128] = {0};

    (void)state;
    for (int i = 0; i < 5200; i++) {
        char tag[32];
        snprintf(tag, sizeof tag, "python/_PyObject_%d", i);
        n[(unsigned char)pv_theme_letter(tag)]++;
    }
    for (int c = 'A'; c <= 'z'; c++) {
        assert_in_range(n[c], c > 'Z' && c < 'a' ? 0 : 50, c > 'Z' && c < 'a' ? 0 : 170);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colors_differ),
        cmocka_unit_test(measure_works),
        cmocka_unit_test(states_differ_by_glyph),
        cmocka_unit_test(ascii_is_ascii),
        cmocka_unit_test(levels_step_down),
        cmocka_unit_test(tags_keep_their_looks),
        cmocka_unit_test(letters_are_drawn_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
