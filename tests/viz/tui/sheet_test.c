/* SPDX-License-Identifier: MIT
 *
 * sheet_test.c - the answers that take the panes' place: each figure against one that is counted
 * here another way, and the screens against goldens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/heap.h"
#include "core/status.h"
#include "tests/viz/tui/golden.h"
#include "tests/viz/tui/story.h"
#include "viz/tui/screen.h"
#include "viz/tui/view.h"

enum { PROGRAM_EVENTS = 6000 };

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

static void golden(const char *name, struct story *story, int64_t at, int columns, int lines,
                   const char *keys)
{
    struct pv_tui_options options = {.title = "story.json", .at = at};
    const char *bad = NULL;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    assert_int_equal(pv_tui_screen(story->timeline, &options, columns, lines, keys, out, &bad),
                     0);
    fclose(out);
    bool same = golden_check(name, GOLDEN_FRAME, text);
    free(text);
    assert_true(same);
}

/* ---- why larger ---- */

static void assert_adds_up(struct story *story, int64_t at)
{
    struct pv_model model = open_model(story, at);
    uint64_t all = 0, free_bytes = 0;

    press(&model, "w");
    assert_int_equal(model.sheet.kind, PV_SHEET_LARGER);
    assert_int_equal(model.sheet.n, 7);
    for (size_t i = 0; i < model.sheet.n; i++) {
        all += model.sheet.items[i].bytes;
        free_bytes += i >= 4 ? model.sheet.items[i].bytes : 0;
    }
    assert_int_equal(all, model.snapshot->totals.heap_bytes);
    assert_int_equal(free_bytes, model.snapshot->totals.free_bytes);
    assert_int_equal(model.sheet.items[0].bytes, model.now.live_bytes);
    assert_int_equal(model.cursor, pv_timeline_cursor(story->timeline));
    pv_model_fini(&model);
}

static void larger_adds_up(void **state)
{
    struct story buckets, buddy;

    (void)state;
    story_open(&buckets, 0, true);
    for (uint64_t i = 0; i < 40; i++) {
        story_malloc(&buckets, i, 30000 + 1000 * i, "bulk/a");
    }
    for (uint64_t i = 0; i < 40; i += 3) {
        story_free(&buckets, i);
    }
    story_small_buddy(&buddy);
    for (int64_t at = PV_START; at < small.n; at++) {
        assert_adds_up(&small, at);
        assert_adds_up(&buddy, at);
    }
    for (int64_t at = PV_START; at < buckets.n; at++) {
        assert_adds_up(&buckets, at);
    }
    for (int64_t at = 0; at < PROGRAM_EVENTS; at += 500) {
        assert_adds_up(&program, at);
    }
    story_close(&buckets);
    story_close(&buddy);
}

/* Sixteen pages at first; what came later and is free whole pages long at the end is told. */
static void growth_is_told(void **state)
{
    struct story story;

    (void)state;
    story_open(&story, 0, false);
    story_malloc(&story, 1, 1000, "keep");
    story_malloc(&story, 2, 200000, "big");
    story_free(&story, 2);
    struct pv_model model = open_model(&story, 1);
    press(&model, "w");
    assert_in_range(model.sheet.items[6].bytes, 0, 4095);
    press(&model, "]ww");
    uint64_t held = model.snapshot->totals.heap_bytes;
    assert_true(held > 200000);
    assert_int_equal(model.sheet.items[6].bytes, held - 65536);
    assert_int_equal(model.sheet.items[4].bytes, 0);
    /* What is most is chosen, and Enter goes to when most was held. */
    assert_int_equal(model.sheet.row, 6);
    press(&model, "<Enter>");
    assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
    assert_int_equal(model.cursor, 1);
    pv_model_fini(&model);
    story_close(&story);
}

/* ---- holes ---- */

/* The last event that ended a block which had a byte of the hole. */
static int64_t maker_of(const struct pv_model *model, const struct pv_pebble_row *hole)
{
    for (int64_t event = model->cursor; event >= 0; event--) {
        struct pv_placement ended;
        bool some = pv_timeline_ended(model->timeline, event, &ended);
        uint64_t end = hole->addr + model->snapshot->pebble_bytes + hole->size;
        if (some && ended.addr < end &&
            ended.addr + model->snapshot->pebble_bytes + ended.size > hole->addr) {
            return event;
        }
    }
    return PV_START;
}

static void holes_have_makers(void **state)
{
    (void)state;
    for (int64_t at = 3; at < PROGRAM_EVENTS; at += 399) {
        struct pv_model model = open_model(&program, at);
        uint64_t last = UINT64_MAX;
        press(&model, "F");
        assert_int_equal(model.sheet.n, model.snapshot->totals.n_free);
        for (size_t i = 0; i < model.sheet.n; i++) {
            const struct pv_sheet_item *item = &model.sheet.items[i];
            const struct pv_pebble_row *hole = &model.snapshot->pebbles[item->pebble];
            assert_false(pv_pebble_row_used(hole));
            assert_int_equal(item->bytes, hole->size);
            assert_in_range(item->bytes, 0, last);
            last = item->bytes;
            assert_int_equal(item->event, maker_of(&model, hole));
            if (item->event != PV_START) {
                assert_int_equal(item->tag,
                                 pv_timeline_step(model.timeline, item->event).ended.tag);
            }
        }
        uint64_t addr = model.sheet.items[model.sheet.n - 1].addr;
        press(&model, "<End><Enter>");
        assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
        assert_int_equal(pv_model_pebble(&model)->addr, addr);
        pv_model_fini(&model);
    }
}

/* ---- leaks ---- */

static void leaks_are_never_freed(void **state)
{
    struct pv_model model = open_model(&program, 2500), end = open_model(&program, 2500);
    uint64_t blocks = 0;

    (void)state;
    press(&end, "<End>");
    press(&model, "L");
    for (size_t i = 0; i < model.sheet.n; i++) {
        const struct pv_sheet_item *item = &model.sheet.items[i];
        uint64_t n = 0, bytes = 0;
        for (size_t k = 0; k < end.snapshot->n_pebbles; k++) {
            const struct pv_pebble_row *pebble = &end.snapshot->pebbles[k];
            if (pv_pebble_row_used(pebble) && pebble->born <= 2500 &&
                pebble->tag == item->tag) {
                n++;
                bytes += pebble->requested;
            }
        }
        assert_int_equal(item->count, n);
        assert_int_equal(item->bytes, bytes);
        blocks += n;
    }
    assert_true(blocks > 10 && blocks < model.now.live_blocks);
    uint32_t tag = model.sheet.items[1].tag;
    uint64_t n = model.sheet.items[1].count;
    press(&model, "<Down><Enter>");
    assert_int_equal(model.sheet.kind, PV_SHEET_LEAKED);
    assert_int_equal(model.sheet.n, n);
    int64_t born = model.sheet.items[0].event;
    press(&model, "<Enter>");
    assert_int_equal(model.cursor, born);
    assert_int_equal(pv_model_pebble(&model)->tag, tag);
    pv_model_fini(&model);
    pv_model_fini(&end);
}

/* A block that was moved and never freed is one, with its birth. */
static void moved_blocks_leak_too(void **state)
{
    struct pv_model model = open_model(&small, 5);

    (void)state;
    press(&model, "L");
    bool found = false;
    for (size_t i = 0; i < model.sheet.n; i++) {
        found |= strcmp(pv_model_tag_text(&model, model.sheet.items[i].tag), "net/socket") == 0;
    }
    assert_true(found);
    /* At the start there is nothing that leaks: a sentence says so. */
    press(&model, "<Esc>g0<Enter>[L");
    assert_int_equal(model.sheet.n, 0);
    assert_int_equal(model.sheet.n_notes, 1);
    pv_model_fini(&model);
}

/* ---- the history of an address ---- */

static bool holds(const struct pv_model *model, const struct pv_placement *place, uint64_t addr)
{
    return place->addr <= addr &&
           addr < place->addr + model->snapshot->pebble_bytes + place->size;
}

static void history_is_whole(void **state)
{
    struct pv_model model = open_model(&program, 3000);
    uint64_t addr = model.addr;
    size_t n = 0;

    (void)state;
    press(&model, "A");
    for (int64_t event = 0; event <= model.last; event++) {
        struct pv_step step = pv_timeline_step(model.timeline, event);
        if (step.has_made && holds(&model, &step.made, addr)) {
            assert_true(n < model.sheet.n);
            assert_int_equal(model.sheet.items[n].event, event);
            n++;
        }
    }
    assert_int_equal(n, model.sheet.n);
    assert_true(n > 3);
    assert_true(model.sheet.items[model.sheet.row].event <= 3000);
    press(&model, "A");
    assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
    /* By events: there and back again, and an end on both sides. */
    int64_t begin = model.cursor;
    press(&model, ")");
    assert_true(model.cursor > begin);
    assert_int_equal(model.addr, addr);
    int64_t there = model.cursor;
    press(&model, "(");
    assert_int_equal(model.cursor, begin);
    press(&model, ")");
    assert_int_equal(model.cursor, there);
    for (int i = 0; i < PROGRAM_EVENTS && !model.message[0]; i++) {
        assert_int_equal(pv_model_key(&model, '('), 0);
    }
    assert_non_null(strstr(model.message, "before"));
    pv_model_fini(&model);
}

/* ---- comparing ---- */

static const struct pv_pebble_row *find_block(const struct pv_snapshot *snapshot, uint64_t born)
{
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        if (pv_pebble_row_used(&snapshot->pebbles[i]) && snapshot->pebbles[i].born == born) {
            return &snapshot->pebbles[i];
        }
    }
    return NULL;
}

static void assert_compared(const struct pv_model *model)
{
    const struct pv_snapshot *then = model->reference.snapshot, *now = model->snapshot;
    int64_t bytes = 0, blocks = 0;

    for (size_t i = 0; i < now->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &now->pebbles[i];
        if (!pv_pebble_row_used(pebble)) {
            continue;
        }
        const struct pv_pebble_row *old = find_block(then, pebble->born);
        enum pv_compared expected =
            !old                        ? PV_COMPARED_CAME
            : old->addr != pebble->addr ? PV_COMPARED_MOVED
            : old->size == pebble->size && old->requested == pebble->requested
                ? PV_COMPARED_SAME
                : PV_COMPARED_RESIZED;
        assert_int_equal(pv_compare_pebble(model, pebble), expected);
    }
    for (size_t i = 0; i < then->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &then->pebbles[i];
        const struct pv_pebble_row *old =
            pv_pebble_row_used(pebble) ? find_block(now, pebble->born) : NULL;
        if (pv_pebble_row_used(pebble)) {
            assert_int_equal(pv_compare_stays(model, pebble), old && old->addr == pebble->addr);
        }
    }
    for (size_t i = 0; i < model->n_tags; i++) {
        bytes += (int64_t)model->tags[i].bytes - (int64_t)model->tags[i].then_bytes;
        blocks += (int64_t)model->tags[i].blocks - (int64_t)model->tags[i].then_blocks;
    }
    assert_int_equal(bytes, (int64_t)model->now.live_bytes -
                                (int64_t)model->reference.moment.live_bytes);
    assert_int_equal(blocks, (int64_t)model->now.live_blocks -
                                 (int64_t)model->reference.moment.live_blocks);
}

static void compares_with_a_moment(void **state)
{
    struct pv_model model = open_model(&program, 2000), of_small = open_model(&small, 8);

    (void)state;
    press(&model, "x");
    assert_true(model.reference.on);
    assert_compared(&model);
    /* From a later moment and from an earlier one. */
    press(&model, "g2600<Enter>");
    assert_compared(&model);
    press(&model, "g300<Enter>");
    assert_compared(&model);
    press(&model, "X");
    uint64_t went = 0;
    for (size_t i = 0; i < model.sheet.n; i++) {
        went += (uint64_t)model.sheet.items[i].until;
    }
    assert_true(went > 0);
    /* Nothing went between the start and any moment. */
    press(&model, "X<Home>xg2600<Enter>");
    assert_compared(&model);
    assert_int_equal(model.reference.n_born, 0);
    press(&model, "gstart<Enter>x");
    assert_false(model.reference.on);
    /* One moves, one is resized in its place. */
    press(&of_small, "g7<Enter>xg9<Enter>");
    assert_compared(&of_small);
    const struct pv_snapshot *now = of_small.snapshot;
    assert_int_equal(pv_compare_pebble(&of_small, find_block(now, 0)), PV_COMPARED_MOVED);
    assert_int_equal(pv_compare_pebble(&of_small, find_block(now, 7)), PV_COMPARED_RESIZED);
    pv_model_fini(&model);
    pv_model_fini(&of_small);
}

/* ---- moving in and out ---- */

static void sheets_are_left(void **state)
{
    struct pv_model model = open_model(&program, 3000);

    (void)state;
    press(&model, "Fq");
    assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
    press(&model, "F<Esc>");
    assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
    /* Time goes on behind it, and it is of the new moment. */
    press(&model, "F<End>");
    assert_int_equal(model.sheet.row, model.sheet.n - 1);
    press(&model, "]]]]");
    assert_int_equal(model.cursor, 3004);
    assert_int_equal(model.sheet.n, model.snapshot->totals.n_free);
    press(&model, "G");
    assert_int_equal(model.cursor, PROGRAM_EVENTS - 1);
    assert_in_range(model.sheet.row, 0, model.sheet.n - 1);
    struct pv_mouse mouse = {PV_MOUSE_CLICK, 5,
                             model.body.line + pv_sheet_note_lines(&model) + 1};
    press(&model, "<Home>");
    assert_int_equal(pv_model_mouse(&model, &mouse), 0);
    assert_int_equal(model.sheet.row, 0);
    mouse.line += 2;
    assert_int_equal(pv_model_mouse(&model, &mouse), 0);
    assert_int_equal(model.sheet.row, 2);
    pv_model_fini(&model);
}

static void pictures(void **state)
{
    (void)state;
    golden("sheet-larger", &program, 4000, 80, 24, "w");
    golden("sheet-larger-60", &program, 4000, 60, 16, "w");
    golden("sheet-leaks", &program, 4000, 80, 24, "L");
    golden("sheet-leaked", &program, 4000, 80, 24, "L<Down><Enter><PgDn>");
    golden("sheet-holes", &program, 4000, 80, 24, "F");
    golden("sheet-holes-200", &program, 4000, 200, 60, "F");
    golden("sheet-address", &program, 4000, 100, 24, "A");
    golden("compared", &program, 2000, 120, 40, "xg2600<Enter>");
    golden("compared-80", &program, 2600, 80, 24, "xg2000<Enter><Tab><Tab>");
    golden("sheet-changes", &program, 2000, 80, 24, "xg2600<Enter>X");
    golden("sheet-no-changes", &program, 2000, 80, 24, "X");
    golden("sheet-hostile", &small, 18, 80, 24, "L");
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

/* ---- would another engine do better? ---- */

/* A replay of four steps, as cmd_view.c would do it. */
struct replay {
    int status; /* of begin */
    bool fails; /* at the end */
    int n_steps, n_stops;
    int64_t event; /* asked for */
};

static int begin_replay(void *ctx, int64_t event)
{
    struct replay *replay = ctx;

    replay->event = event;
    replay->n_steps = 0;
    return replay->status;
}

static bool step_replay(void *ctx, uint64_t *ret_n)
{
    struct replay *replay = ctx;

    *ret_n = (uint64_t)++replay->n_steps * 10;
    return replay->n_steps < 4;
}

static size_t take_replay(void *ctx, struct pv_engine_row *ret_rows)
{
    const struct replay *replay = ctx;

    if (replay->fails) {
        return 0;
    }
    ret_rows[0] = (struct pv_engine_row){.name = "first-fit", .held = 4096, .live = 1024};
    /* It holds least because it has refused something. */
    ret_rows[1] = (struct pv_engine_row){.name = "best-fit", .held = 1024, .n_failed = 1};
    ret_rows[2] = (struct pv_engine_row){.name = "buddy", .held = 3072, .live = 1024};
    return 3;
}

static void stop_replay(void *ctx)
{
    ((struct replay *)ctx)->n_stops++;
}

static void other_engines(void **state)
{
    struct replay replay = {0};
    const struct pv_engines_source source = {begin_replay, step_replay, take_replay,
                                             stop_replay, &replay};
    struct pv_model model = open_model(&small, 12);

    (void)state;
    press(&model, "E");
    assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
    assert_non_null(strstr(model.message, "no file"));
    model.engines.source = &source;
    replay.status = PV_ENOTSUP;
    press(&model, "E");
    assert_int_equal(model.sheet.kind, PV_SHEET_NONE);
    replay.status = PV_ENOMEM;
    assert_int_equal(pv_model_key(&model, 'E'), PV_ENOMEM);
    assert_false(model.engines.working);
    replay.status = PV_OK;
    model.reading.on = true;
    press(&model, "E");
    assert_non_null(strstr(model.message, "still being read"));
    model.reading.on = false;
    press(&model, "E");
    assert_int_equal(model.sheet.kind, PV_SHEET_ENGINES);
    assert_int_equal(replay.event, 12);
    assert_true(model.engines.working);
    assert_int_equal(pv_engines_work(&model), 0);
    assert_int_equal(pv_sheet_make(&model), 0);
    assert_non_null(strstr(model.sheet.notes[0], "10 of 13 events"));
    assert_int_equal(model.sheet.n, 0);
    while (model.engines.working) {
        assert_int_equal(pv_engines_work(&model), 0);
    }
    assert_int_equal(replay.n_steps, 4);
    assert_int_equal(model.sheet.n, 3);
    assert_string_equal(model.sheet.notes[0], "buddy would hold 1.00 KiB less than first-fit, "
                                              "the one shown here: 25.0 %.");
    /* Another moment: the rows stay, and say of which they are, until they are asked for anew. */
    press(&model, "]");
    assert_non_null(strstr(model.sheet.notes[0], "of event 12"));
    assert_int_equal(model.sheet.n, 3);
    press(&model, "EE");
    assert_int_equal(replay.event, 13);
    assert_true(model.engines.working);
    assert_int_equal(model.sheet.n, 0);
    /* One that still goes on is given up for the next. */
    int n_stops = replay.n_stops;
    press(&model, "[EE");
    assert_int_equal(replay.n_stops, n_stops + 1);
    assert_int_equal(replay.event, 12);
    replay.fails = true;
    while (model.engines.working) {
        assert_int_equal(pv_engines_work(&model), 0);
    }
    assert_non_null(strstr(model.sheet.notes[0], "failed"));
    assert_int_equal(model.sheet.n, 0);
    n_stops = replay.n_stops;
    pv_model_fini(&model);
    assert_int_equal(replay.n_stops, n_stops + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(larger_adds_up),         cmocka_unit_test(growth_is_told),
        cmocka_unit_test(holes_have_makers),      cmocka_unit_test(leaks_are_never_freed),
        cmocka_unit_test(moved_blocks_leak_too),  cmocka_unit_test(history_is_whole),
        cmocka_unit_test(compares_with_a_moment), cmocka_unit_test(other_engines),
        cmocka_unit_test(sheets_are_left),        cmocka_unit_test(pictures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
