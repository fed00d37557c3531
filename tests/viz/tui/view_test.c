/* SPDX-License-Identifier: MIT
 *
 * view_test.c - screens as text, held against goldens: both stories, the sizes people have, the
 * panes, the moods (search, help, prompt, zoom, ages, ASCII), and views on heaps that are sick,
 * empty or in many buckets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"
#include "tests/viz/tui/golden.h"
#include "tests/viz/tui/story.h"
#include "viz/tui/screen.h"
#include "viz/tui/view.h"

enum { PROGRAM_EVENTS = 6000 };

struct fixture {
    struct story small, program;
};

static struct fixture fixture;

static char *screen(struct story *story, int64_t at, bool ascii, int columns, int lines,
                    const char *keys)
{
    struct pv_tui_options options = {.title = "story.json", .at = at, .ascii = ascii};
    const char *bad = NULL;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    assert_int_equal(pv_tui_screen(story->timeline, &options, columns, lines, keys, out, &bad),
                     0);
    fclose(out);
    return text;
}

static void hold(const char *name, enum golden_part part, struct story *story, int64_t at,
                 int columns, int lines, const char *keys)
{
    char *text = screen(story, at, false, columns, lines, keys);
    bool same = golden_check(name, part, text);

    free(text);
    assert_true(same);
}

/* A screen that shows where things lie. */
static void golden(const char *name, struct story *story, int64_t at, int columns, int lines,
                   const char *keys)
{
    hold(name, GOLDEN_FRAME, story, at, columns, lines, keys);
}

static void sizes(void **state)
{
    (void)state;
    golden("program-60x16", &fixture.program, 4000, 60, 16, NULL);
    golden("program-80x24", &fixture.program, 4000, 80, 24, NULL);
    golden("program-120x40", &fixture.program, 4000, 120, 40, NULL);
    golden("program-200x60", &fixture.program, 4000, 200, 60, NULL);
    golden("program-end", &fixture.program, 0, 120, 40, "<End>");
    hold("too-small", GOLDEN_ALL, &fixture.program, 0, 30, 8, NULL);
}

static void panes(void **state)
{
    (void)state;
    golden("small", &fixture.program, 4000, 40, 12, NULL);
    golden("small-tags", &fixture.program, 4000, 40, 12, "<Tab>");
    golden("smallest", &fixture.program, 4000, 20, 5, NULL);
    golden("smallest-help", &fixture.program, 4000, 20, 5, "?");
    golden("smallest-why", &fixture.program, 4000, 30, 10, "w");
    golden("narrow-tags", &fixture.program, 3000, 80, 24, "<Tab>");
    golden("narrow-list", &fixture.program, 3000, 80, 24, "<Tab><Tab>");
    golden("narrow-detail", &fixture.program, 3000, 80, 24, "<Tab><Tab><Tab>");
    golden("one-pane-list", &fixture.program, 3000, 60, 16, "<Tab><Tab>");
    golden("list-by-size", &fixture.program, 3000, 120, 40, "<Tab><Tab>s<PgDn>");
    golden("detail-scrolled", &fixture.small, 13, 80, 24, "<BTab><BTab><Down><Down><Down>");
}

/* 81 events and 9 looks: ages of 1, 4, 9… events are the first of theirs. */
static void borders_of_ages(void **state)
{
    struct story story;

    (void)state;
    if (!PV_NAMES) {
        return; /* smaller headers: the border lies in another cell than the golden's */
    }
    story_open(&story, 0, false);
    for (uint64_t id = 0; id < 81; id++) {
        story_malloc(&story, id, 3000, "one/a/page");
    }
    hold("ages-border", GOLDEN_ALL, &story, 80, 80, 24, "c");
    story_close(&story);
}

static void moods(void **state)
{
    (void)state;
    golden("search", &fixture.program, 4000, 120, 40, "/db/<Enter>n");
    golden("zoomed", &fixture.program, 4000, 120, 40, "++++");
    golden("close-up", &fixture.small, 10, 120, 40, "++++++++++++");
    golden("ages", &fixture.program, 4000, 80, 24, "c");
    golden("density", &fixture.program, 4000, 80, 24, "cc");
    golden("scale-now", &fixture.program, 300, 80, 24, "z");
    golden("help", &fixture.program, 4000, 120, 40, "?");
    golden("help-80x24", &fixture.program, 4000, 80, 24, "?");
    golden("help-end", &fixture.program, 4000, 80, 24, "?<PgDn><PgDn><PgDn>");
    golden("prompt", &fixture.program, 4000, 80, 24, "g12");
    golden("message", &fixture.program, 4000, 80, 24, "gnowhere<Enter>");
    golden("playing", &fixture.program, 100, 80, 24, "<Space>>>");
}

/* Every event of the small story, so that each kind of event line is seen. */
static void events(void **state)
{
    char *all = calloc(1 << 20, 1);

    (void)state;
    assert_non_null(all);
    for (int64_t event = PV_START; event < fixture.small.n; event++) {
        char *text = screen(&fixture.small, event, false, 120, 30, NULL);
        char *line = text;
        for (int i = 0; i < 27; i++) {
            line = strchr(line, '\n') + 1;
        }
        strncat(all, line, (size_t)(strchr(strchr(line, '\n') + 1, '\n') + 1 - line));
        free(text);
    }
    bool same = golden_check("events", GOLDEN_WORDS, all);
    free(all);
    assert_true(same);
}

static void hostile_tags(void **state)
{
    (void)state;
    golden("hostile-tags", &fixture.small, 18, 120, 40, "<Tab>");
    char *text = screen(&fixture.small, 18, false, 120, 40, NULL);
    assert_null(strchr(text, '\x1B'));
    assert_null(strstr(text, "\xE2\x80\xAE"));
    free(text);
}

static void ascii(void **state)
{
    char *text = screen(&fixture.small, 18, true, 120, 40, NULL);

    (void)state;
    for (const char *at = text; *at; at++) {
        assert_true(*at == '\n' || (*at >= 0x20 && *at < 0x7F));
    }
    bool same = golden_check("ascii", GOLDEN_FRAME, text);
    free(text);
    assert_true(same);
}

static void many_buckets(void **state)
{
    struct story story;

    (void)state;
    story_open(&story, 0, true);
    for (uint64_t i = 0; i < 40; i++) {
        story_malloc(&story, i, 30000 + 1000 * i, i % 3 ? "bulk/a" : "bulk/b");
    }
    golden("buckets-rows", &story, 3, 120, 40, "z");
    golden("buckets-flowing", &story, 39, 120, 40, NULL);
    story_close(&story);
}

static void nothing(void **state)
{
    struct story story;

    (void)state;
    story_open(&story, 0, false);
    golden("no-events", &story, 0, 80, 24,
           "]][[pbfG<Home>}{oOe,tTn<Space>++-/x<Enter>g0<Enter>()wFAL<Esc>");
    story_close(&story);
}

/* A heap that is not what it should be: the views show what there is. */
static void sick_heap(void **state)
{
    struct pv_theme theme = {0};
    struct pv_model model;
    struct pv_grid grid;

    (void)state;
    assert_int_equal(pv_model_init(&model, fixture.small.timeline, "sick", 18, theme, 120, 40),
                     0);
    assert_int_equal(pv_model_refresh(&model), 0);
    struct pv_snapshot *snapshot = model.snapshot;
    struct pv_pebble_row *pebbles = snapshot->pebbles;
    assert_true(snapshot->n_pebbles > 4);
    /* Two rows change places, one claims a huge size, one lies outside, a magic is gone. */
    struct pv_pebble_row row = pebbles[0];
    pebbles[0] = pebbles[3];
    pebbles[3] = row;
    pebbles[1].size = UINT64_MAX - 100;
    pebbles[2].addr = 16;
    pebbles[4].magic = 0x12345678;
    assert_int_equal(pv_snapshot_add_finding(snapshot, PV_LAW_P1, 0, 4, pebbles[4].addr,
                                             "the magic is %x", 0x12345678),
                     0);
    model.selected = 4;
    assert_int_equal(pv_grid_init(&grid, 120, 40, false), 0);
    assert_int_equal(pv_view_draw(&model, &grid), 0);
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(pv_grid_write(&grid, out), 0);
    fclose(out);
    bool same = golden_check("sick", GOLDEN_FRAME, text);
    free(text);
    pv_grid_fini(&grid);
    pv_model_fini(&model);
    assert_true(same);
}

/* The harness can fail: a changed picture, a cut one and a missing file are all noticed. */
static void goldens_can_fail(void **state)
{
    static const enum golden_part parts[] = {GOLDEN_ALL, GOLDEN_WORDS, GOLDEN_FRAME};
    struct story story;

    (void)state;
    story_small_buddy(&story);
    char *drawn = screen(&story, 10, false, 80, 24, "<BTab><BTab>");
    char *text = strdup(drawn);
    assert_non_null(text);
    free(drawn);
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(golden_same("buddy-detail", parts[i], text));
        assert_false(golden_same("there-is-no-such-golden", parts[i], text));
        size_t middle = (size_t)(strstr(text, "state") - text);
        text[middle] ^= 1;
        assert_int_equal(golden_same("buddy-detail", parts[i], text), parts[i] == GOLDEN_FRAME);
        text[middle] ^= 1;
        text[1] ^= 1;
        assert_false(golden_same("buddy-detail", parts[i], text));
        text[1] ^= 1;
        text[n - 1] = '\0';
        assert_false(golden_same("buddy-detail", parts[i], text));
        text[n - 1] = '\n';
        char *line = strchr(text, '\n'), *rest = strchr(line + 1, '\n');
        size_t n_rest = strlen(rest) + 1;
        char *saved = strdup(line);
        assert_non_null(saved);
        memmove(line, rest, n_rest); /* a line is gone */
        assert_false(golden_same("buddy-detail", parts[i], text));
        memcpy(line, saved, strlen(saved) + 1);
        free(saved);
    }
    free(text);
    story_close(&story);
}

static void bad_keys(void **state)
{
    struct pv_tui_options options = {.title = "x"};
    const char *keys = "]]<Rigth>", *bad = NULL;

    (void)state;
    assert_int_equal(
        pv_tui_screen(fixture.small.timeline, &options, 80, 24, keys, stdout, &bad), PV_EINVAL);
    assert_ptr_equal(bad, keys + 2);
}

/* Leaving ends the keys; the screen is drawn all the same. */
static void quit_ends_keys(void **state)
{
    char *text = screen(&fixture.small, 3, false, 80, 24, "]q]]]<Rigth>");

    (void)state;
    assert_non_null(strstr(text, "event 4 of 19"));
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    story_small(&fixture.small);
    story_program(&fixture.program, PROGRAM_EVENTS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    story_close(&fixture.small);
    story_close(&fixture.program);
    return 0;
}

/* No field of a header is shown, and the borders of halves are. */
static void buddy(void **state)
{
    (void)state;
    struct story story;

    story_small_buddy(&story);
    hold("buddy-small", GOLDEN_ALL, &story, 13, 120, 40, NULL);
    hold("buddy-detail", GOLDEN_ALL, &story, 10, 80, 24, "<BTab><BTab>");
    char *text = screen(&story, 13, true, 120, 40, NULL);
    static const char *const not_there[] = {"magic",   "alignment", "parent",
                                            "payload", "ROCK",      "header)"};
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++) {
        assert_null(strstr(text, not_there[i]));
    }
    free(text);
    story_close(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buddy),        cmocka_unit_test(sizes),
        cmocka_unit_test(panes),        cmocka_unit_test(borders_of_ages),
        cmocka_unit_test(moods),        cmocka_unit_test(events),
        cmocka_unit_test(hostile_tags), cmocka_unit_test(ascii),
        cmocka_unit_test(many_buckets), cmocka_unit_test(nothing),
        cmocka_unit_test(sick_heap),    cmocka_unit_test(goldens_can_fail),
        cmocka_unit_test(bad_keys),     cmocka_unit_test(quit_ends_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
