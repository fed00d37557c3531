/* SPDX-License-Identifier: MIT
 *
 * grid_test.c - cells: clipping, display width, wide and combining characters, text output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"
#include "viz/tui/grid.h"

static const struct pv_style plain = {.fg = -1, .bg = -1};

static struct pv_grid grid_of(int columns, int lines, bool ascii)
{
    struct pv_grid grid;

    assert_int_equal(pv_grid_init(&grid, columns, lines, ascii), 0);
    return grid;
}

static void assert_text(const struct pv_grid *grid, const char *expected)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    assert_int_equal(pv_grid_write(grid, out), 0);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(pv_width_character('a'), 1);
    assert_int_equal(pv_width_character(0xE9), 1);
    assert_int_equal(pv_width_character(0x2588), 1); /* full block */
    assert_int_equal(pv_width_character(0x4E00), 2);
    assert_int_equal(pv_width_character(0xAC00), 2);
    assert_int_equal(pv_width_character(0x1F600), 2);
    assert_int_equal(pv_width_character(0x0301), 0);
    assert_int_equal(pv_width_character(0x20D0), 0);
    assert_int_equal(pv_width_character(0x10FFFF), 1);
    assert_int_equal(pv_width_text("ab窓e\xCC\x81"), 5);
}

static void decoding(void **state)
{
    const char *text = "\xF0\x9F\x98\x80\xC0\xE4\xB8";

    (void)state;
    assert_int_equal(pv_width_next(&text), 0x1F600);
    assert_int_equal(pv_width_next(&text), 0xFFFD);
    assert_int_equal(pv_width_next(&text), 0xFFFD);
    assert_int_equal(pv_width_next(&text), 0xFFFD);
    assert_int_equal(pv_width_next(&text), 0);
}

static void text_is_clipped(void **state)
{
    struct pv_grid grid = grid_of(8, 3, false);

    (void)state;
    assert_int_equal(pv_grid_text(&grid, 0, 0, 20, plain, "0123456789"), 8);
    assert_int_equal(pv_grid_text(&grid, 2, 1, 4, plain, "0123456789"), 4);
    assert_int_equal(pv_grid_text(&grid, 6, 2, 4, plain, "ab"), 2);
    assert_int_equal(pv_grid_text(&grid, 8, 2, 4, plain, "ab"), 0);
    assert_int_equal(pv_grid_text(&grid, 0, 9, 4, plain, "ab"), 2);
    assert_text(&grid, "0123456…\n  012…\n      ab\n");
    pv_grid_fini(&grid);
}

static void tail_and_right(void **state)
{
    struct pv_grid grid = grid_of(8, 3, false);

    (void)state;
    pv_grid_text_tail(&grid, 0, 0, 6, plain, "a/long/name");
    pv_grid_text_right(&grid, 0, 1, 8, plain, "42");
    pv_grid_text_tail(&grid, 0, 2, 6, plain, "窓窓窓窓");
    assert_text(&grid, "…/name\n      42\n…窓窓\n");
    pv_grid_fini(&grid);
}

static void wide_characters(void **state)
{
    struct pv_grid grid = grid_of(6, 4, false);

    (void)state;
    /* The second does not fit before the ellipsis: a blank keeps the layout. */
    assert_int_equal(pv_grid_text(&grid, 0, 0, 4, plain, "窓窓窓"), 4);
    pv_grid_text(&grid, 0, 1, 6, plain, "窓窓窓");
    pv_grid_text(&grid, 1, 1, 2, plain, "xy"); /* over the right and left halves */
    pv_grid_text(&grid, 0, 2, 6, plain, "a窓b");
    assert_text(&grid, "窓 …\n xy 窓\na窓b\n\n");
    assert_int_equal(pv_grid_cell(&grid, 1, 2)->width, 2);
    assert_int_equal(pv_grid_cell(&grid, 2, 2)->width, 0);
    assert_int_equal(pv_grid_cell(&grid, 3, 2)->width, 1);
    pv_grid_fini(&grid);
}

static void combining_characters(void **state)
{
    struct pv_grid grid = grid_of(6, 2, false);
    char many[64] = "e";

    (void)state;
    for (int i = 0; i < 20; i++) {
        strcat(many, "\xCC\x81");
    }
    assert_int_equal(pv_grid_text(&grid, 0, 0, 6, plain, many), 1);
    assert_true(strlen(pv_grid_cell(&grid, 0, 0)->glyph) < PV_GLYPH_BYTES);
    assert_string_equal(pv_grid_cell(&grid, 1, 0)->glyph, " ");
    /* One without a base is left out. */
    assert_int_equal(pv_grid_text(&grid, 0, 1, 6, plain, "\xCC\x81x"), 1);
    assert_string_equal(pv_grid_cell(&grid, 0, 1)->glyph, "x");
    pv_grid_fini(&grid);
}

static void ascii_and_controls(void **state)
{
    struct pv_grid grid = grid_of(12, 2, true);

    (void)state;
    pv_grid_text(&grid, 0, 0, 12, plain, "e\xCC\x81 窓 é");
    pv_grid_text(&grid, 0, 1, 12, plain, "\x1B[0m\x7F\t0123456789");
    assert_text(&grid, "e ?? ?\n?[0m??01234~\n");
    pv_grid_fini(&grid);
}

static void fill_and_paint(void **state)
{
    struct pv_grid grid = grid_of(4, 2, false);
    struct pv_style red = {.fg = 1, .bg = 2, .attributes = PV_BOLD};

    (void)state;
    pv_grid_fill(&grid, (struct pv_area){-1, -1, 3, 2}, "#", red);
    pv_grid_paint(&grid, (struct pv_area){3, 1, 5, 5}, red);
    assert_text(&grid, "##\n\n");
    assert_int_equal(pv_grid_cell(&grid, 1, 0)->style.fg, 1);
    assert_int_equal(pv_grid_cell(&grid, 2, 0)->style.fg, -1);
    assert_int_equal(pv_grid_cell(&grid, 3, 1)->style.bg, 2);
    assert_null(pv_grid_cell(&grid, 4, 0));
    assert_null(pv_grid_cell(&grid, 0, -1));
    pv_grid_fini(&grid);
}

static void no_grid(void **state)
{
    struct pv_grid grid;

    (void)state;
    assert_int_equal(pv_grid_init(&grid, 0, 5, false), PV_EINVAL);
    pv_grid_fini(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(decoding),
        cmocka_unit_test(text_is_clipped),
        cmocka_unit_test(tail_and_right),
        cmocka_unit_test(wide_characters),
        cmocka_unit_test(combining_characters),
        cmocka_unit_test(ascii_and_controls),
        cmocka_unit_test(fill_and_paint),
        cmocka_unit_test(no_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
