/* SPDX-License-Identifier: MIT
 *
 * model_test.c - keys and clicks against the model: time, selection, search, panes, play; then
 * random keys at random sizes, and out of memory at every request.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/heap.h"
#include "core/status.h"
#include "tests/support/own_failing.h"
#include "tests/support/random.h"
#include "tests/viz/tui/story.h"
#include "viz/tui/help_lines.h"
#include "viz/tui/view.h"

enum { PROGRAM_EVENTS = 6000, RANDOM_KEYS = 6000 };

static struct story small, program;
static const struct pv_theme theme = {.level = PV_LEVEL_256};

static struct pv_model open_model(struct story *story, int64_t at)
{
    struct pv_model model;

    assert_int_equal(pv_model_init(&model, story->timeline, "t", at, theme, 120, 40), 0);
    assert_int_equal(pv_model_refresh(&model), 0);
    return model;
}

static void press(struct pv_model *model, const char *keys)
{
    uint32_t key;

    while (pv_keys_next(&keys, &key) == 0) {
        assert_int_equal(pv_model_key(model, key), 0);
    }
    assert_int_equal(pv_model_refresh(model), 0);
}

static const char *selected_tag(const struct pv_model *model)
{
    assert_non_null(pv_model_pebble(model));
    return pv_model_tag_text(model, pv_model_pebble(model)->tag);
}

static void keys_have_names(void **state)
{
    const char *keys = "a<Right><<Esc>é<1>\n", *at = keys;
    const uint32_t expected[] = {'a', PV_KEY_RIGHT, '<', PV_KEY_ESCAPE, 0xE9,
                                 '<', '1',          '>', PV_KEY_ENTER};
    uint32_t key;

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(pv_keys_next(&at, &key), 0);
        assert_int_equal(key, expected[i]);
    }
    assert_int_equal(pv_keys_next(&at, &key), 1);
    at = "<Nope>";
    assert_int_equal(pv_keys_next(&at, &key), PV_EINVAL);
    assert_string_equal(at, "<Nope>");
}

static void time_moves(void **state)
{
    struct pv_model model = open_model(&program, 0);

    (void)state;
    press(&model, "]]]");
    assert_int_equal(model.cursor, 3);
    press(&model, "[");
    assert_int_equal(model.cursor, 2);
    press(&model, "f");
    assert_int_equal(model.cursor, 2 + PROGRAM_EVENTS / 100);
    press(&model, "b[[[");
    assert_int_equal(model.cursor, PV_START);
    assert_int_equal(model.now.live_blocks, 0);
    press(&model, "[b");
    assert_int_equal(model.cursor, PV_START);
    press(&model, "<End>");
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    press(&model, "]f");
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    press(&model, "p");
    assert_int_equal(model.cursor, pv_timeline_stats(program.timeline)->peak_live.event);
    assert_int_equal(model.now.live_bytes,
                     pv_timeline_stats(program.timeline)->peak_live.live_bytes);
    press(&model, "<Home>");
    assert_int_equal(model.cursor, PV_START);
    pv_model_fini(&model);
}

static void prompt_goes(void **state)
{
    struct pv_model model = open_model(&small, 0);

    (void)state;
    press(&model, "g12<Enter>");
    assert_int_equal(model.cursor, 12);
    press(&model, "g+3<Enter>");
    assert_int_equal(model.cursor, 15);
    press(&model, "g-5<Enter>");
    assert_int_equal(model.cursor, 10);
    press(&model, "gmark:loaded<Enter>");
    assert_int_equal(model.cursor, 3);
    press(&model, "gpeak<Enter>");
    assert_int_equal(model.cursor, pv_timeline_stats(small.timeline)->peak_live.event);
    press(&model, "g9<BS>end<Enter>");
    assert_int_equal(model.cursor, 19);
    press(&model, "g5<Esc>");
    assert_int_equal(model.cursor, 19);
    press(&model, "gnonsense<Enter>");
    assert_int_equal(model.cursor, 19);
    assert_non_null(strstr(model.message, "nonsense"));
    press(&model, "g50%<Enter>");
    assert_int_equal(model.cursor, 10);
    press(&model, "g0,012<Enter>");
    assert_int_equal(model.cursor, 12);
    press(&model, "g100%<Enter>");
    assert_int_equal(model.cursor, 19);
    /* What is nothing leads nowhere, and says so. */
    static const char *const nothing[] = {"+x",   "-",    "+",      "1,2",   "1,0000",
                                          "101%", "x%",   "%",      "1e1%",  "0x",
                                          "0xzz", "0x1g", "mark:x", "12345", "999,999,999"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        uint64_t selected = model.addr;
        press(&model, "g");
        press(&model, nothing[i]);
        press(&model, "<Enter>");
        assert_int_equal(model.cursor, 19);
        assert_int_equal(model.addr, selected);
        assert_non_null(strstr(model.message, nothing[i]));
    }
    press(&model, "g0x1<Enter>");
    assert_non_null(strstr(model.message, "no pebble holds 0x1"));
    uint64_t addr = model.snapshot->pebbles[model.snapshot->n_pebbles - 1].addr;
    char keys[40];
    assert_true(pv_model_pebble(&model)->addr != addr);
    snprintf(keys, sizeof keys, "g0x%" PRIx64 "<Enter>", addr + 16);
    press(&model, keys);
    assert_int_equal(pv_model_pebble(&model)->addr, addr);
    /* q in a prompt is a letter. */
    press(&model, "gqq<Enter>");
    assert_non_null(strstr(model.message, "qq"));
    pv_model_fini(&model);
}

static void counts_and_the_way_back(void **state)
{
    struct pv_model model = open_model(&program, 0);

    (void)state;
    press(&model, "10]");
    assert_int_equal(model.cursor, 10);
    press(&model, "]3[");
    assert_int_equal(model.cursor, 8);
    press(&model, "2f");
    assert_int_equal(model.cursor, 8 + 2 * (PROGRAM_EVENTS / 100));
    press(&model, "12<Esc>]");
    assert_int_equal(model.cursor, 9 + 2 * (PROGRAM_EVENTS / 100));
    press(&model, "0");
    assert_non_null(strstr(model.message, "begins with 1 to 9"));
    press(&model, "99999999999999]");
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    press(&model, "40G");
    assert_int_equal(model.cursor, 40);
    /* A jump is gone back over, a step is not. */
    press(&model, "p]g77<Enter>G");
    int64_t peak = pv_timeline_stats(program.timeline)->peak_live.event;
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    press(&model, "u");
    assert_int_equal(model.cursor, 77);
    press(&model, "u");
    assert_int_equal(model.cursor, peak + 1);
    press(&model, "u");
    assert_int_equal(model.cursor, 40);
    press(&model, "3U");
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    press(&model, "U");
    assert_non_null(strstr(model.message, "no jump"));
    press(&model, "2u5Gu");
    assert_int_equal(model.cursor, peak + 1);
    press(&model, "UU"); /* what was forth is forgotten */
    assert_int_equal(model.cursor, 5);
    press(&model, "99u");
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    press(&model, "u");
    assert_non_null(strstr(model.message, "no jump"));
    /* As many allocations of a tag as are typed, in one jump. */
    press(&model, "<Home>o3}");
    int64_t third = model.cursor;
    press(&model, "u}}}");
    assert_int_equal(model.cursor, third);
    for (int i = 0; i < 3 * PV_TRAIL; i++) {
        press(&model, "pG");
    }
    press(&model, "999u");
    assert_int_equal(model.cursor,
                     PROGRAM_EVENTS - 1); /* the oldest of PV_TRAIL, an even number */
    assert_non_null(strstr(model.message, "no jump"));
    pv_model_fini(&model);
}

static void prompt_is_bounded(void **state)
{
    struct pv_model model = open_model(&small, 0);

    (void)state;
    press(&model, "/");
    for (int i = 0; i < 300; i++) {
        press(&model, i % 2 ? "x" : "窓");
    }
    assert_in_range(strlen(model.typed), 1, PV_PROMPT_BYTES - 1);
    for (int i = 0; i < 300; i++) {
        press(&model, "<BS>");
    }
    assert_string_equal(model.typed, "");
    assert_int_equal(pv_model_key(&model, 0x1B), 0);
    pv_model_fini(&model);
}

static void faults_and_marks(void **state)
{
    struct pv_model model = open_model(&small, 0);

    (void)state;
    press(&model, "e");
    assert_int_equal(model.cursor, 11);
    assert_true(model.step.mistake);
    press(&model, ".");
    assert_int_equal(model.cursor, 12);
    assert_true(model.step.failed);
    press(&model, "e");
    assert_int_equal(model.cursor, 12);
    assert_non_null(strstr(model.message, "after"));
    press(&model, ",");
    assert_int_equal(model.cursor, 11);
    press(&model, ",");
    assert_non_null(strstr(model.message, "before"));
    press(&model, "T");
    assert_int_equal(model.cursor, 3);
    press(&model, "t");
    assert_int_equal(model.cursor, 15);
    pv_model_fini(&model);
}

/* The timeline grows below the model, as it does while a trace is read. */
static void grows_while_read(void **state)
{
    struct story story;
    (void)state;
    story_open(&story, 0, false);
    story_malloc(&story, 1, 100, "net/socket");
    story_malloc(&story, 2, 200, "net/socket");
    struct pv_model model = open_model(&story, 1);
    model.reading.on = true;
    press(&model, "L");
    assert_int_equal(pv_model_refresh(&model), 0);
    assert_int_equal(model.lasting.n, 2);

    story_free(&story, 2);
    story_free(&story, 2); /* a mistake */
    assert_int_equal(pv_model_grown(&model), 0);
    assert_int_equal(pv_model_refresh(&model), 0);
    assert_int_equal(model.last, 3);
    assert_int_equal(model.cursor, 3); /* it was at the end, and stays there */
    assert_int_equal(model.snapshot->n_pebbles, 2);
    assert_int_equal(model.n_troubles, 1);
    assert_int_equal(model.troubles[0], 3);
    assert_int_equal(model.lasting.n, 1); /* 2 was freed */

    pv_model_go(&model, 1);
    story_free(&story, 1);
    story_free(&story, 1);
    model.reading.on = false;
    assert_int_equal(pv_model_grown(&model), 0);
    assert_int_equal(pv_model_refresh(&model), 0);
    assert_int_equal(model.last, 5);
    assert_int_equal(model.cursor, 1); /* somebody went there */
    assert_int_equal(model.n_troubles, 2);
    assert_int_equal(model.lasting.n, 0);
    pv_model_fini(&model);
    story_close(&story);
}

static void selection_follows(void **state)
{
    struct pv_model model = open_model(&small, 0);

    (void)state;
    /* Payloads of 128, 5056 and 64 bytes, one behind the other. */
    uint64_t header = sizeof(struct pv_pebble), one = 0x100000030, two = one + header + 128;
    assert_int_equal(pv_model_pebble(&model)->addr, one);
    press(&model, "]");
    assert_int_equal(pv_model_pebble(&model)->addr, two);
    press(&model, "<Enter>]");
    assert_int_equal(pv_model_pebble(&model)->addr, two);
    press(&model, "<Enter>");
    assert_int_equal(pv_model_pebble(&model)->addr, two + header + 5056);
    /* What is at the address when its block goes: the free pebble. */
    press(&model, "g6<Enter>");
    assert_false(pv_pebble_row_used(pv_model_pebble(&model)));
    pv_model_fini(&model);
}

/* An address in no bucket selects what lies nearest below it: the last pebble of that bucket. */
static void selection_behind_a_bucket(void **state)
{
    struct story story;

    (void)state;
    story_open(&story, 0, true);
    for (uint64_t id = 0; id < 4; id++) {
        story_malloc(&story, id, 100000, "far/apart");
    }
    struct pv_model model = open_model(&story, 3);
    const struct pv_snapshot *snapshot = model.snapshot;
    assert_true(snapshot->n_buckets > 1);
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[i];
        uint64_t end = bucket->addr + bucket->n_pages * snapshot->page_bytes;
        size_t last = bucket->first_pebble + bucket->n_pebbles - 1;
        if (i + 1 == snapshot->n_buckets || snapshot->buckets[i + 1].addr > end) {
            pv_model_select(&model, end);
            assert_int_equal(model.selected, last);
        }
        pv_model_select(&model, bucket->addr);
        assert_int_equal(model.selected, bucket->first_pebble);
    }
    pv_model_fini(&model);
    story_close(&story);
}

static void list_and_sort(void **state)
{
    struct pv_model model = open_model(&program, 3000);

    (void)state;
    press(&model, "<Tab><Tab><Down>");
    assert_int_equal(model.focus, PV_PANE_LIST);
    size_t at = model.selected;
    press(&model, "<Down>jk<Up><Down>");
    assert_int_equal(model.selected, at + 1);
    press(&model, "s");
    for (size_t i = 1; i < model.snapshot->n_pebbles; i++) {
        assert_true(model.snapshot->pebbles[model.order[i - 1]].size >=
                    model.snapshot->pebbles[model.order[i]].size);
    }
    assert_int_equal(model.selected, at + 1);
    press(&model, "s");
    size_t row = pv_model_pebble_row(&model, model.selected);
    press(&model, "<Down>");
    assert_int_equal(pv_model_pebble_row(&model, model.selected), row + 1);
    press(&model, "<PgUp><PgUp><PgUp><PgUp><PgUp><PgDn>ss");
    assert_int_equal(model.sort, PV_SORT_ADDRESS);
    pv_model_fini(&model);
}

/* Finds the largest tag, shows it, and steps back to its first allocation. */
static void largest_tag_to_its_birth(void **state)
{
    struct pv_model model = open_model(&program, 0);

    (void)state;
    press(&model, "p<Tab><PgUp><PgUp>");
    assert_int_equal(model.focus, PV_PANE_TAGS);
    assert_int_equal(model.tag, model.tags[0].tag);
    assert_string_equal(pv_model_tag_text(&model, model.tag), "db/page");
    press(&model, "<Enter>");
    assert_true(model.searching);
    assert_string_equal(selected_tag(&model), "db/page");
    press(&model, "o");
    assert_string_equal(selected_tag(&model), "db/page");
    assert_int_equal(model.cursor,
                     pv_timeline_find_tag(program.timeline, model.tag, PV_START, true));
    assert_int_equal(model.tags[pv_model_tag_row(&model)].blocks, 1);
    int64_t first = model.cursor;
    press(&model, "}");
    assert_true(model.cursor > first);
    assert_string_equal(pv_model_tag_text(&model, model.step.made.tag), "db/page");
    press(&model, "{");
    assert_int_equal(model.cursor, first);
    press(&model, "{");
    assert_int_equal(model.cursor, first);
    pv_model_fini(&model);
}

static void birth_of_a_pebble(void **state)
{
    struct pv_model model = open_model(&program, 5000);

    (void)state;
    press(&model, "<Tab><Tab><PgUp>");
    while (!pv_pebble_row_used(pv_model_pebble(&model))) {
        press(&model, "<Down>");
    }
    uint64_t born = pv_model_pebble(&model)->born, addr = pv_model_pebble(&model)->addr;
    press(&model, "o");
    assert_int_equal(model.cursor, born);
    assert_int_equal(pv_model_pebble(&model)->addr, addr);
    pv_model_fini(&model);
}

static void search_walks(void **state)
{
    struct pv_model model = open_model(&program, 4000);

    (void)state;
    press(&model, "/DB/<Enter>");
    assert_string_equal(selected_tag(&model), "db/page");
    size_t row = pv_model_tag_row(&model);
    uint64_t n = model.tags[row].blocks, first = model.addr;
    assert_true(n > 2);
    for (uint64_t i = 0; i < n; i++) {
        press(&model, "n");
        assert_string_equal(selected_tag(&model), "db/page");
        assert_true(i + 1 == n || model.addr != first);
    }
    assert_int_equal(model.addr, first);
    press(&model, "nN");
    assert_int_equal(model.addr, first);
    press(&model, "<Esc>");
    assert_false(model.searching);
    press(&model, "/no such tag<Enter>");
    assert_false(model.searching);
    assert_non_null(strstr(model.message, "no such tag"));
    pv_model_fini(&model);
}

/* Not live at this moment: the search goes on in time. */
static void search_goes_in_time(void **state)
{
    struct pv_model model = open_model(&small, 0);

    (void)state;
    press(&model, "/huge<Enter>");
    assert_int_equal(model.cursor, 0); /* its only request failed */
    press(&model, "/page<Enter>");
    assert_int_equal(model.cursor, 5);
    assert_string_equal(selected_tag(&model), "db/page");
    press(&model, "<End>/cafe<Enter>");
    assert_int_equal(model.cursor, 4);
    pv_model_fini(&model);
}

static void map_moves(void **state)
{
    struct pv_model model = open_model(&program, 4000);
    uint64_t before;

    (void)state;
    press(&model, "g0x100000030<Enter>");
    for (int i = 0; i < 200; i++) {
        before = model.addr;
        press(&model, "<Right>");
        assert_true(model.addr > before);
    }
    for (int i = 0; i < 200; i++) {
        before = model.addr;
        press(&model, "<Left>");
        assert_true(model.addr < before || model.selected == 0);
    }
    size_t row = model.selected;
    press(&model, "<Down><Down>");
    assert_true(model.selected > row);
    press(&model, "<Up><Up><Up>");
    assert_int_equal(model.selected, 0);
    for (int i = 0; i < 100; i++) {
        press(&model, "j");
    }
    assert_int_equal(model.selected, model.snapshot->n_pebbles - 1);
    pv_model_fini(&model);
}

/* Every cell size, and every cell of the pane, maps to an address and back. */
static void map_is_true(void **state)
{
    struct pv_model model = open_model(&program, 4000);

    (void)state;
    for (int step = 1; step < 60; step++) {
        assert_true(pv_map_step_bytes(step) > pv_map_step_bytes(step - 1));
        assert_int_equal(pv_map_step_bytes(step) % 16, 0);
    }
    assert_int_equal(model.map.top, 0);
    assert_true(model.map.n_lines <= (uint64_t)model.map.lines);
    for (int zoom = 0; zoom < 12; zoom++) {
        uint64_t cells = pv_map_bucket_cells(&model, 0);
        assert_true(cells * model.map.cell_bytes >= model.snapshot->totals.heap_bytes);
        for (uint64_t cell = 0; cell < cells; cell += 1 + cells / 500) {
            uint64_t addr = pv_map_addr(&model, 0, cell);
            assert_int_equal(pv_map_bucket(&model, cell), 0);
            assert_int_equal(pv_map_cell(&model, 0, addr), cell);
        }
        assert_true(pv_map_bucket(&model, cells) == PV_NONE);
        press(&model, "+");
        uint64_t line = pv_map_cell(&model, 0, model.addr) / (uint64_t)model.map.columns;
        assert_in_range(line, model.map.top, model.map.top + (uint64_t)model.map.lines - 1);
    }
    assert_int_equal(model.map.cell_bytes, 16);
    press(&model, "------------");
    assert_int_equal(model.zoom, 0);
    pv_model_fini(&model);
}

static void graph_is_true(void **state)
{
    struct pv_model many = open_model(&program, 0), few = open_model(&small, 0);

    (void)state;
    for (int column = 0; column < 111; column++) {
        assert_int_equal(pv_graph_column(&many, pv_graph_event(&many, column, 111), 111),
                         column);
    }
    for (int64_t event = 0; event < small.n; event++) {
        int column = pv_graph_column(&few, event, 111);
        assert_int_equal(pv_graph_event(&few, column, 111), event);
    }
    assert_int_equal(pv_graph_column(&few, PV_START, 111), 0);
    pv_model_fini(&many);
    pv_model_fini(&few);
}

static void click(struct pv_model *model, enum pv_mouse_kind kind, int column, int line)
{
    struct pv_mouse mouse = {kind, column, line};

    assert_int_equal(pv_model_mouse(model, &mouse), 0);
    assert_int_equal(pv_model_refresh(model), 0);
}

static void mouse_selects(void **state)
{
    struct pv_model model = open_model(&program, 4000);
    struct pv_area map = model.panes[PV_PANE_MAP], list = model.panes[PV_PANE_LIST];
    struct pv_area tags = model.panes[PV_PANE_TAGS], graph = model.panes[PV_PANE_GRAPH];

    (void)state;
    click(&model, PV_MOUSE_CLICK, map.column + model.map.label + 5, map.line + 2);
    assert_int_equal(model.focus, PV_PANE_MAP);
    uint64_t cell = (model.map.top + 2) * (uint64_t)model.map.columns + 5;
    assert_int_equal(model.addr, pv_map_addr(&model, 0, cell));
    click(&model, PV_MOUSE_CLICK, list.column + 4, list.line + 1);
    assert_int_equal(model.focus, PV_PANE_LIST);
    size_t row = model.selected;
    click(&model, PV_MOUSE_WHEEL_DOWN, list.column + 4, list.line + 1);
    assert_int_equal(model.selected, row + 3);
    click(&model, PV_MOUSE_CLICK, tags.column + 4, tags.line + 2);
    assert_int_equal(model.tag, model.tags[1].tag);
    click(&model, PV_MOUSE_CLICK, graph.column + PV_GRAPH_LABEL + 10, graph.line);
    assert_int_equal(model.cursor, pv_graph_event(&model, 10, graph.columns - PV_GRAPH_LABEL));
    /* Outside of all panes, and far away. */
    click(&model, PV_MOUSE_CLICK, 0, 0);
    click(&model, PV_MOUSE_CLICK, 5000, 5000);
    click(&model, PV_MOUSE_WHEEL_UP, -1, -1);
    pv_model_fini(&model);
}

static void play_passes_time(void **state)
{
    struct pv_model model = open_model(&program, PV_START);

    (void)state;
    pv_model_tick(&model, 1000);
    assert_int_equal(model.cursor, PV_START);
    press(&model, "<Space>");
    assert_true(model.playing);
    double speed = model.speed;
    pv_model_tick(&model, 1000);
    assert_int_equal(model.cursor, PV_START + (int64_t)speed);
    press(&model, ">");
    assert_true(model.speed == 2 * speed);
    press(&model, "<<");
    assert_true(model.speed == speed / 2);
    /* Slow play moves in the end. */
    model.speed = 1;
    int64_t cursor = model.cursor;
    for (int i = 0; i < 31; i++) {
        pv_model_tick(&model, 33);
    }
    assert_int_equal(model.cursor, cursor + 1);
    model.speed = 1e9;
    pv_model_tick(&model, 33);
    assert_int_equal(model.cursor, model.last);
    assert_false(model.playing);
    press(&model, "<Space>");
    assert_int_equal(model.cursor, PV_START);
    press(&model, "]");
    assert_false(model.playing);
    pv_model_fini(&model);
}

/* The list, all of it, on a screen of the least width. */
static bool is_listed(const struct pv_key_row *row)
{
    struct pv_help_line lines[PV_HELP_MOST_LINES];
    char names[PV_ROW_NAMES];
    size_t n = pv_help_lines(pv_help_width(PV_HELP_MIN_COLUMNS), lines);

    assert_true(n < PV_HELP_MOST_LINES);
    pv_key_row_names(names, row->keys);
    for (size_t i = 0; i < n; i++) {
        size_t words = strlen(lines[i].text), what = strlen(row->what);
        if (!lines[i].heading && strcmp(lines[i].key, row->name ? row->name : names) == 0 &&
            words && strncmp(lines[i].text, row->what, words < what ? words : what) == 0) {
            return true;
        }
    }
    return false;
}

/* A row has a key or a name, words, and something to do; it is in the list; its ranks are a
 * count; no key stands in two rows that are asked together, or without a name of its own. */
static void each_key_is_told(void **state)
{
    bool ranks[64] = {false};
    unsigned most = 0, n_ranks = 0;

    (void)state;
    for (size_t i = 0; i < pv_n_key_rows; i++) {
        const struct pv_key_row *row = &pv_key_rows[i];
        assert_true(row->what && *row->what && row->group);
        assert_true(row->keys[0] ? row->act != NULL : row->name && !row->act);
        assert_true(!row->rank == !row->hint && row->rank < 64 && !ranks[row->rank]);
        ranks[row->rank] = row->rank != 0;
        most = row->rank > most ? row->rank : most;
        n_ranks += row->rank != 0;
        assert_true(is_listed(row));
        for (size_t k = 0; k < 2 * PV_ROW_KEYS; k++) {
            uint32_t key = k < PV_ROW_KEYS ? row->keys[k] : row->also[k - PV_ROW_KEYS];
            if (!key) {
                continue;
            }
            char name[PV_KEY_NAME], typed[PV_KEY_NAME + 2];
            assert_string_not_equal(key == '?' ? "" : pv_key_name(name, key), "?");
            pv_key_name(name, key);
            snprintf(typed, sizeof typed, name[1] ? "<%s>" : "%s", name);
            const char *text = typed;
            uint32_t read;
            assert_int_equal(pv_keys_next(&text, &read), 0);
            assert_int_equal(read, key);
            if (row->where != PV_KEYS_ANYWHERE) {
                assert_ptr_equal(pv_key_row_of(row->where, key), row);
            } else {
                for (int where = 0; where < PV_KEYS_ANYWHERE; where++) {
                    assert_ptr_equal(pv_key_row_of((enum pv_keys_where)where, key), row);
                }
            }
        }
    }
    assert_int_equal(most, n_ranks);
}

/* What no row has does nothing, and what a row has does not say that it does nothing. */
static void only_rows_do_something(void **state)
{
    (void)state;
    for (uint32_t key = 1; key < 0x110020; key = key == 0x7F ? 0x10FFFF : key + 1) {
        struct pv_model model = open_model(&small, 5);
        int answer = pv_model_key(&model, key);
        bool nothing = strstr(model.message, "does nothing") != NULL;
        assert_int_equal(nothing, pv_key_row_of(PV_KEYS_PANES, key) == NULL);
        assert_int_equal(answer == PV_MODEL_QUIT, key == 'q' || key == PV_KEY_CONTROL_C);
        pv_model_fini(&model);
    }
}

static void keys_that_mean_nothing(void **state)
{
    struct pv_model model = open_model(&small, 5);

    (void)state;
    for (uint32_t key = 0x110000; key < 0x110100; key++) {
        assert_int_equal(pv_model_key(&model, key), 0);
        model.help = false;
    }
    assert_int_equal(pv_model_key(&model, 'Z'), 0);
    assert_non_null(strstr(model.message, "does nothing"));
    assert_int_equal(pv_model_key(&model, 0), 0);
    assert_int_equal(pv_model_key(&model, 'q'), PV_MODEL_QUIT);
    assert_int_equal(pv_model_key(&model, 3), PV_MODEL_QUIT);
    pv_model_fini(&model);
}

static void draw(struct pv_model *model)
{
    struct pv_grid grid;

    assert_int_equal(pv_model_refresh(model), 0);
    assert_int_equal(pv_grid_init(&grid, model->columns, model->lines, false), 0);
    assert_int_equal(pv_view_draw(model, &grid), 0);
    pv_grid_fini(&grid);
}

static void random_keys(void **state)
{
    static const char *const keys[] = {
        "[",           "]",          "b",         "f",          "p",           "<Home>",
        "<End>",       "<Up>",       "<Down>",    "<Left>",     "<Right>",     "<Tab>",
        "<BTab>",      "<PgUp>",     "<PgDn>",    "<Enter>",    "<Esc>",       "{",
        "}",           "o",          "O",         "e",          ",",           "t",
        "T",           "+",          "-",         "z",          "c",           "s",
        "n",           "N",          "?",         "/db<Enter>", "/<Enter>",    "<Space>",
        "<",           ">",          "x",         "X",          "窓",          "g77<Enter>",
        "gend<Enter>", "g-3<Enter>", "/e<Enter>", "/窓<Enter>", "g0x1<Enter>", "k",
        "l",           "w",          "L",         "F",          "A",           "(",
        ")",           "u",          "U",         "4",          "G",           "g50%<Enter>"};
    struct story *const stories[] = {&small, &program};
    uint64_t seed = 1;

    (void)state;
    for (int story = 0; story < 2; story++) {
        struct pv_model model = open_model(stories[story], 10);
        for (int i = 0; i < RANDOM_KEYS; i++) {
            uint64_t dice = random_next(&seed) % 100;
            if (dice == 0) {
                pv_model_resize(&model, (int)(random_next(&seed) % 210) + 1,
                                (int)(random_next(&seed) % 70) + 1);
            } else if (dice < 8) {
                struct pv_mouse mouse = {(enum pv_mouse_kind)(random_next(&seed) % 3),
                                         (int)(random_next(&seed) % 210),
                                         (int)(random_next(&seed) % 70)};
                assert_int_equal(pv_model_mouse(&model, &mouse), 0);
            } else if (dice < 12) {
                pv_model_tick(&model, 33);
            } else {
                const char *text = keys[random_next(&seed) % (sizeof keys / sizeof *keys)];
                uint32_t key;
                while (pv_keys_next(&text, &key) == 0) {
                    assert_int_equal(pv_model_key(&model, key), 0);
                }
            }
            if (i % 8 == 0) {
                draw(&model);
            }
            assert_in_range(model.cursor + 1, 0, (uint64_t)(model.last + 1));
        }
        pv_model_fini(&model);
    }
}

/* Every extent of the screen with each pane, each answer, the help and a question. */
static void every_extent(void **state)
{
    static const char *const keys[] = {"",       "<Tab>",    "<Tab>",  "<Tab>",
                                       "<Tab>",  "w",        "<Esc>L", "<Esc>F",
                                       "<Esc>A", "<Esc>x]X", "<Esc>?", "zg12"};

    (void)state;
    for (int columns = 1; columns <= 100; columns += columns < 24 ? 1 : 5) {
        for (int lines = 1; lines <= 40; lines += lines < 18 ? 1 : 5) {
            struct pv_model model = open_model(&small, 10);
            for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
                pv_model_resize(&model, 100, 40);
                press(&model, keys[i]);
                pv_model_resize(&model, columns, lines);
                draw(&model);
                press(&model, "<Down>");
                draw(&model);
            }
            pv_model_fini(&model);
        }
    }
}

/* Every request of ours refused, one after the other: PV_ENOMEM, no crash, nothing kept. */
static void out_of_memory(void **state)
{
    size_t refused = 0;

    (void)state;
    for (size_t n = 1;; n++) {
        struct pv_model model;
        struct pv_grid grid = {0};
        const char *keys = "s]/db<Enter>n+<End><Tab><Enter>wFAL<Enter><Esc>x[[[[X<Esc>";
        uint32_t key;
        int64_t live = own_n_live();
        own_fail_at(n, false);
        int status = pv_model_init(&model, program.timeline, "t", 500, theme, 120, 40);
        status = status ? status : pv_model_refresh(&model);
        while (status == 0 && pv_keys_next(&keys, &key) == 0) {
            status = pv_model_key(&model, key);
            status = status ? status : pv_model_refresh(&model);
        }
        status = status ? status : pv_grid_init(&grid, 120, 40, false);
        status = status ? status : pv_view_draw(&model, &grid);
        uint64_t requests = own_n_requests();
        own_fail_at(0, false);
        pv_grid_fini(&grid);
        pv_model_fini(&model);
        assert_int_equal(own_n_live(), live);
        if (requests < n) {
            assert_int_equal(status, 0);
            break;
        }
        assert_int_equal(status, PV_ENOMEM);
        refused++;
    }
    assert_true(refused > 20);
    print_message("%zu requests refused\n", refused);
}

static int set_up(void **state)
{
    (void)state;
    story_small(&small);
    story_program(&program, PROGRAM_EVENTS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    story_close(&small);
    story_close(&program);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_names),
        cmocka_unit_test(time_moves),
        cmocka_unit_test(prompt_goes),
        cmocka_unit_test(counts_and_the_way_back),
        cmocka_unit_test(prompt_is_bounded),
        cmocka_unit_test(faults_and_marks),
        cmocka_unit_test(grows_while_read),
        cmocka_unit_test(selection_follows),
        cmocka_unit_test(selection_behind_a_bucket),
        cmocka_unit_test(list_and_sort),
        cmocka_unit_test(largest_tag_to_its_birth),
        cmocka_unit_test(birth_of_a_pebble),
        cmocka_unit_test(search_walks),
        cmocka_unit_test(search_goes_in_time),
        cmocka_unit_test(map_moves),
        cmocka_unit_test(map_is_true),
        cmocka_unit_test(graph_is_true),
        cmocka_unit_test(mouse_selects),
        cmocka_unit_test(play_passes_time),
        cmocka_unit_test(each_key_is_told),
        cmocka_unit_test(only_rows_do_something),
        cmocka_unit_test(keys_that_mean_nothing),
        cmocka_unit_test(random_keys),
        cmocka_unit_test(every_extent),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
