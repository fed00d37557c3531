/* SPDX-License-Identifier: MIT
 *
 * log_test.c - the packed log gives back what was put in: placements whose numbers fit their
 * fields, just fit and do not; what each event made and ended; and the live blocks at any moment,
 * against plain arrays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"
#include "replay/log.h"
#include "tests/support/random.h"

enum { BASE = 1 << 20, HEADER = 80, SLOT = 256 };

static const struct pv_engine_shape shape = {.page_bytes = 4096, .apart = 7};

/* Sizes about the borders of a field. */
static uint64_t wild(uint64_t *random)
{
    static const uint64_t borders[] = {0, 1, 255, UINT16_MAX, UINT32_MAX, UINT64_C(1) << 40};
    uint64_t border = borders[random_next(random) % (sizeof borders / sizeof *borders)];
    return border + random_next(random) % 3 - (border ? 1 : 0);
}

static struct pv_placement random_placement(uint64_t *random, uint64_t addr, uint32_t event)
{
    bool plain = random_next(random) % 4;
    uint64_t requested = plain ? random_next(random) % 5000 : wild(random);
    return (struct pv_placement){
        .addr = addr,
        .size = requested + (plain ? random_next(random) % 300 : wild(random)),
        .requested = requested,
        .id = random_next(random) % 8   ? random_next(random) % 100000
              : random_next(random) % 2 ? PV_UNKNOWN
                                        : wild(random),
        .born_block = random_next(random) % 4 ? event : event / 2,
        .tag = (uint32_t)(random_next(random) % 300),
        .sflags = (uint32_t)(random_next(random) % 5 * 7),
        .alignment = 64U << random_next(random) % 4,
    };
}

static void assert_placement(const struct pv_placement *got, const struct pv_placement *wanted)
{
    assert_int_equal(got->addr, wanted->addr);
    assert_int_equal(got->size, wanted->size);
    assert_int_equal(got->requested, wanted->requested);
    assert_int_equal(got->id, wanted->id);
    assert_int_equal(got->born_block, wanted->born_block);
    assert_int_equal(got->until, wanted->until);
    assert_int_equal(got->tag, wanted->tag);
    assert_int_equal(got->sflags, wanted->sflags);
    assert_int_equal(got->alignment, wanted->alignment);
}

enum { N_EVENTS = 150000, N_BLOCKS = 700 };

struct told {
    struct pv_placement made[N_EVENTS], ended[N_EVENTS];
    bool has_made[N_EVENTS], has_ended[N_EVENTS];
    struct pv_moment moments[N_EVENTS];
};

/* One event, of a block or of none. Blocks lie apart by number; some addresses are odd. */
static void write_event(struct pv_log *log, struct told *told, uint32_t *blocks,
                        uint32_t *made_at, uint32_t event, uint64_t *random)
{
    size_t block = random_next(random) % N_BLOCKS;
    uint64_t dice = random_next(random) % 8;
    assert_int_equal(pv_log_begin(log, PV_OP_MALLOC), PV_OK);
    if (blocks[block] != STORE_NONE && dice < 6) {
        assert_int_equal(pv_log_ended(log, blocks[block]), PV_OK);
        told->made[made_at[block]].until = event;
        told->ended[event] = told->made[made_at[block]];
        told->has_ended[event] = true;
        blocks[block] = STORE_NONE;
    }
    if (blocks[block] == STORE_NONE && (!told->has_ended[event] || dice == 0) && dice != 7) {
        uint64_t addr = BASE + block * SLOT + (random_next(random) % 9 ? 0 : 1 + dice);
        told->made[event] = random_placement(random, addr, event);
        assert_int_equal(pv_log_made(log, &told->made[event], &blocks[block]), PV_OK);
        told->made[event].until = UINT32_MAX;
        told->has_made[event] = true;
        made_at[block] = event;
    }
    assert_int_equal(pv_log_finish(log), PV_OK);
    told->moments[event] = log->end.moment;
}

/* All live blocks there, by address, against those that the arrays say. */
static void assert_live(const struct pv_log *log, const struct pv_state *state,
                        const struct told *told)
{
    uint64_t addr = BASE, n = 0;
    uint32_t index;
    while ((index = pv_state_next(state, &addr, BASE + (N_BLOCKS + 1) * SLOT)) != STORE_NONE) {
        struct pv_placement got;
        pv_log_get(log, index, &got);
        assert_int_equal(got.addr, addr);
        assert_true((int64_t)got.until > state->at);
        addr++;
        n++;
    }
    assert_int_equal(n, told->moments[state->at].live_blocks);
}

static void test_log_is_what_was_told(void **state)
{
    (void)state;
    static struct pv_log log;
    struct told *told = calloc(1, sizeof *told);
    uint32_t blocks[N_BLOCKS], made_at[N_BLOCKS] = {0};
    uint64_t random = 11;
    assert_non_null(told);
    memset(blocks, 0xff, sizeof blocks);
    pv_log_init(&log, true, &shape, HEADER, BASE);
    for (uint32_t event = 0; event < N_EVENTS; event++) {
        write_event(&log, told, blocks, made_at, event, &random);
    }
    for (uint32_t event = 0; event < N_EVENTS; event++) {
        struct pv_placement got;
        assert_int_equal(pv_log_get_made(&log, event, &got), told->has_made[event]);
        if (told->has_made[event]) {
            assert_placement(&got, &told->made[event]);
        }
        assert_int_equal(pv_log_get_ended(&log, event, &got), told->has_ended[event]);
        if (told->has_ended[event]) {
            assert_placement(&got, &told->ended[event]);
        }
    }
    /* Two readers of one log, each in a place of its own. */
    struct pv_state readers[2];
    for (size_t i = 0; i < 2; i++) {
        pv_state_init(&readers[i], &log.store, &shape, HEADER);
        readers[i].laid = true;
    }
    for (size_t i = 0; i < 300; i++) {
        struct pv_state *reader = &readers[random_next(&random) % 2];
        int64_t near = reader->at + (int64_t)(random_next(&random) % 90) - 45;
        int64_t to = i % 3 ? (int64_t)(random_next(&random) % N_EVENTS) : near;
        to = to < 0 ? 0 : to >= N_EVENTS ? N_EVENTS - 1 : to;
        assert_int_equal(pv_log_seek(&log, reader, to), PV_OK);
        assert_memory_equal(&reader->moment, &told->moments[to], sizeof reader->moment);
        assert_live(&log, reader, told);
    }
    pv_state_fini(&readers[0]);
    pv_state_fini(&readers[1]);
    pv_log_fini(&log);
    free(told);
}

/* What the head of log.h promises, of a trace of blocks that come and go. */
static void test_bytes(void **state)
{
    (void)state;
    enum { N = 200000, LIVE = 1000 };
    static struct pv_log log;
    static uint32_t blocks[LIVE];
    pv_log_init(&log, true, &shape, HEADER, BASE);
    for (uint32_t event = 0; event < N; event++) {
        uint32_t block = event / 2 % LIVE;
        bool frees = event % 2 && event > 2 * LIVE;
        struct pv_placement placement = {.addr = BASE + (uint64_t)event % (2 * LIVE) * SLOT,
                                         .size = 64,
                                         .requested = 50,
                                         .id = event,
                                         .born_block = event,
                                         .tag = event % 40};
        assert_int_equal(pv_log_begin(&log, PV_OP_FREE), PV_OK);
        if (frees) {
            assert_int_equal(pv_log_ended(&log, blocks[block]), PV_OK);
        } else if (event % 2 == 0) {
            assert_int_equal(pv_log_made(&log, &placement, &blocks[block]), PV_OK);
        }
        assert_int_equal(pv_log_finish(&log), PV_OK);
    }
    assert_in_range(pv_log_bytes(&log) / N, 8, 16);
    pv_log_fini(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_is_what_was_told),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
