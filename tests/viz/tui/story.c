/* SPDX-License-Identifier: MIT
 *
 * story.c - small traces for the tests of the screen. See story.h.
 */
#include "tests/viz/tui/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"

enum { NAME_BYTES = 256, IDS = 4096 };

void story_open(struct story *story, uint64_t limit, bool buckets)
{
    struct pv_timeline_options options = {
        .engine = pv_engine_find("first-fit", NULL),
        .heap = {.limit_bytes = limit,
                 .growth = buckets ? PV_GROWTH_NEW_BUCKET : PV_GROWTH_IN_PLACE},
        .keep_log = true,
    };

    story->n = 0;
    assert_int_equal(pv_timeline_open(&story->timeline, &options), 0);
}

void story_close(struct story *story)
{
    pv_timeline_close(story->timeline);
    story->timeline = NULL;
}

static void apply(struct story *story, enum pv_op op, uint64_t id, uint64_t size,
                  const char *name)
{
    char clean[NAME_BYTES];

    pv_text_clean(clean, sizeof clean, name, strlen(name));
    struct pv_trace_event event = {
        .op = op,
        .id = {.kind = PV_ID_NUMBER, .number = id},
        .size = size,
        .count = 1,
        .name = clean,
        .has_name = *name != '\0',
    };
    assert_int_equal(pv_timeline_apply(story->timeline, &event), 0);
    story->n++;
}

void story_malloc(struct story *story, uint64_t id, uint64_t size, const char *name)
{
    apply(story, PV_OP_MALLOC, id, size, name);
}

void story_realloc(struct story *story, uint64_t id, uint64_t size)
{
    apply(story, PV_OP_REALLOC, id, size, "");
}

void story_free(struct story *story, uint64_t id)
{
    apply(story, PV_OP_FREE, id, 0, "");
}

void story_mark(struct story *story, const char *name)
{
    apply(story, PV_OP_MARK, 0, 0, name);
}

static void small_events(struct story *story)
{
    story_malloc(story, 1, 100, "net/socket");      /* 0 */
    story_malloc(story, 2, 5000, "net/buffer");     /* 1 */
    story_malloc(story, 3, 64, "ui/窓/ウィンドウ"); /* 2 */
    story_mark(story, "loaded");                    /* 3 */
    story_malloc(story, 4, 3000, "cafe\xCC\x81/e\xCC\x81\xCC\x80\xCC\x82toile");
    story_malloc(story, 5, 20000, "db/page");            /* 5 */
    story_free(story, 2);                                /* 6 */
    story_malloc(story, 6, 700, "\x1B[31mred\x1B[0m\t"); /* 7 */
    story_realloc(story, 6, 900);                        /* 8: in place */
    story_realloc(story, 1, 9000);                       /* 9: moves */
    story_free(story, 4);                                /* 10: merges */
    story_free(story, 4);                                /* 11: a mistake */
    story_malloc(story, 7, 1 << 20, "db/huge");          /* 12: fails */
    story_malloc(story, 8, 30000, "db/page");            /* 13: the heap grows */
    story_malloc(story, 9, 1000, "");                    /* 14: no name */
    story_mark(story, "request\xE2\x80\xAE done");       /* 15 */
    story_malloc(story, 10, 40, "net/socket");           /* 16 */
    story_free(story, 5);                                /* 17 */
    story_malloc(story, 11, 6000, "net/buffer");         /* 18 */
    story_free(story, 3);                                /* 19 */
}

void story_small(struct story *story)
{
    story_open(story, 128 << 10, false);
    small_events(story);
}

void story_small_buddy(struct story *story)
{
    struct pv_timeline_options options = {.engine = pv_engine_find("buddy", NULL),
                                          .heap = {.limit_bytes = 128 << 10},
                                          .keep_log = true};

    story->n = 0;
    assert_int_equal(pv_timeline_open(&story->timeline, &options), 0);
    small_events(story);
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void story_program(struct story *story, uint64_t n)
{
    static const char *const names[] = {"parse/token", "parse/tree", "db/page",
                                        "net/buffer",  "log/line",   "cache/entry"};
    static const uint64_t sizes[] = {48, 160, 4096, 1500, 90, 700};
    uint64_t state = 88172645463325252, live[IDS] = {0};

    story_open(story, 0, false);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t dice = next(&state) % 100, tag = i * 6 / (n + 1) / 2 + next(&state) % 4;
        uint64_t slot = next(&state) % (dice < 70 ? 64 : IDS);
        if (live[slot]) {
            story_free(story, live[slot] - 1);
            live[slot] = 0;
        } else {
            live[slot] = i + 1;
            story_malloc(story, i, sizes[tag] + next(&state) % sizes[tag], names[tag]);
        }
    }
}
