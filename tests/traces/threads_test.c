/* SPDX-License-Identifier: MIT
 *
 * threads_test.c - logs of several threads in which a free stands behind the allocation that
 * got its memory: made from a true order at random, read back, and held to the true order's
 * blocks.
 */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "traces/calls.h"
#include "traces/reader.h"

enum { N_PLACES = 40, N_OPS = 3000, LATE_MOST = 60, ROUNDS = 40, LINE = 96 };

struct op {
    enum pv_op op;
    unsigned place, to; /* to: of a resize that moves */
    uint64_t size;
    double when; /* in the log */
};

struct truth {
    struct op ops[N_OPS];
    size_t n_late;
    uint64_t n_live, live_bytes;
};

static bool takes(const struct op *op, unsigned place)
{
    return (op->op == PV_OP_MALLOC && op->place == place) ||
           (op->op == PV_OP_REALLOC && op->to == place && op->to != op->place);
}

static bool ends(const struct op *op, unsigned place)
{
    return op->op != PV_OP_MALLOC && op->place == place;
}

/* A free may come as late as before the next end of a block at its place, unless a resize goes
 * there: then what is logged of the resize's old place could not be told apart. */
static void delay(struct truth *truth, size_t at, uint64_t *seed)
{
    struct op *late = &truth->ops[at];
    double limit = (double)at + (double)(random_next(seed) % LATE_MOST);
    bool passed = false;
    for (size_t i = at + 1; i < N_OPS && (double)i <= limit; ++i) {
        const struct op *op = &truth->ops[i];
        if (ends(op, late->place) || (op->op == PV_OP_REALLOC && takes(op, late->place))) {
            limit = (double)i - 1;
        }
        passed |= takes(op, late->place) && (double)i <= limit;
    }
    late->when = limit + 0.5;
    truth->n_late += passed;
}

static void make_truth(struct truth *truth, uint64_t *seed)
{
    uint64_t sizes[N_PLACES] = {0};
    *truth = (struct truth){.n_late = 0};
    for (size_t i = 0; i < N_OPS; ++i) {
        struct op *op = &truth->ops[i];
        op->place = op->to = (unsigned)(random_next(seed) % N_PLACES);
        op->when = (double)i;
        uint64_t size = 1 + random_next(seed) % 5000;
        if (!sizes[op->place]) {
            op->op = PV_OP_MALLOC;
        } else if (random_next(seed) % 4) {
            op->op = PV_OP_FREE;
            size = 0;
        } else {
            op->op = PV_OP_REALLOC;
            unsigned to = (unsigned)(random_next(seed) % N_PLACES);
            op->to = sizes[to] ? op->place : to;
        }
        op->size = size;
        sizes[op->place] = 0;
        sizes[op->to] = size;
    }
    for (size_t i = 0; i < N_OPS; ++i) {
        if (truth->ops[i].op == PV_OP_FREE) {
            delay(truth, i, seed);
        }
    }
    for (size_t i = 0; i < N_PLACES; ++i) {
        truth->n_live += sizes[i] != 0;
        truth->live_bytes += sizes[i];
    }
}

static int by_log(const void *a, const void *b)
{
    const struct op *x = a, *y = b;
    return x->when < y->when ? -1 : x->when > y->when;
}

static uint64_t address(unsigned place)
{
    return UINT64_C(0x7f0000001000) + place * UINT64_C(64);
}

static size_t write_log(const struct truth *truth, char *text)
{
    static struct op ops[N_OPS];
    memcpy(ops, truth->ops, sizeof ops);
    qsort(ops, N_OPS, sizeof *ops, by_log);
    size_t n = 0;
    for (size_t i = 0; i < N_OPS; ++i) {
        const struct op *op = &ops[i];
        if (op->op == PV_OP_MALLOC) {
            n += (size_t)sprintf(text + n, "1: malloc 0x%" PRIx64 " %" PRIu64 "\n",
                                 address(op->place), op->size);
        } else if (op->op == PV_OP_FREE) {
            n += (size_t)sprintf(text + n, "2: free 0x%" PRIx64 "\n", address(op->place));
        } else {
            n += (size_t)sprintf(text + n,
                                 "3: realloc 0x%" PRIx64 " 0x%" PRIx64 " %" PRIu64 "\n",
                                 address(op->to), address(op->place), op->size);
        }
    }
    return n;
}

/* No event is lost or put in, none is about a block that is not live or allocates one that is,
 * and at the end so many blocks and bytes are live as in truth. */
static void read_back(const struct truth *truth, const char *text, size_t n)
{
    static uint64_t sizes[N_OPS + 1];
    memset(sizes, 0, sizeof sizes);
    struct pv_reader *reader;
    struct pv_trace_event event;
    uint64_t n_events = 0, n_live = 0, live_bytes = 0;
    assert_int_equal(pv_reader_open_bytes(&reader, text, n, "android"), 0);
    while (pv_reader_next(reader, &event) == 0) {
        assert_int_equal(event.id.kind, PV_ID_NUMBER);
        assert_in_range(event.id.number, 1, N_OPS);
        uint64_t *size = &sizes[event.id.number];
        assert_int_equal(*size != 0, event.op != PV_OP_MALLOC);
        n_live += event.op == PV_OP_MALLOC;
        n_live -= event.op == PV_OP_FREE;
        live_bytes += event.size - *size;
        *size = event.size;
        n_events++;
    }
    assert_int_equal(pv_reader_next(reader, &event), 1);
    pv_reader_close(reader);
    assert_int_equal(n_events, N_OPS);
    assert_int_equal(n_live, truth->n_live);
    assert_int_equal(live_bytes, truth->live_bytes);
}

static void late_frees(void **state)
{
    (void)state;
    uint64_t seed = 11;
    size_t n_late = 0;
    struct truth *truth = malloc(sizeof *truth);
    assert_non_null(truth);
    char *text = room(N_OPS * LINE);
    for (size_t i = 0; i < ROUNDS; ++i) {
        make_truth(truth, &seed);
        read_back(truth, text, write_log(truth, text));
        n_late += truth->n_late;
    }
    assert_true(n_late > ROUNDS * 100);
    free(text);
    free(truth);
}

/* An allocation at addr while another is live there, then the free of the first, and of it. */
static void wait_once(struct pv_calls *calls, uint64_t addr, uint64_t *n_events)
{
    static const enum pv_op ops[] = {PV_OP_MALLOC, PV_OP_MALLOC, PV_OP_FREE, PV_OP_FREE};
    struct pv_trace_event event;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; ++i) {
        struct pv_call call = {.op = ops[i], .addr = addr, .size = 8, .count = 1};
        assert_int_equal(pv_calls_put(calls, &call), PV_OK);
    }
    while (pv_calls_next(calls, &event)) {
        assert_int_equal(event.op, *n_events % 2 ? PV_OP_FREE : PV_OP_MALLOC);
        assert_int_equal(event.id.number, *n_events / 2 + 2);
        ++*n_events;
    }
}

/* One that waits for ever holds no room for those that waited after it and went on. */
static void waiting_takes_no_more_room(void **state)
{
    (void)state;
    struct pv_calls *calls = pv_calls_open(PV_CALLS_BY_ADDRESS);
    struct pv_call for_ever = {.op = PV_OP_MALLOC, .addr = 0x10, .size = 8, .count = 1};
    struct pv_trace_event event;
    uint64_t n_events = 0;
    assert_non_null(calls);
    assert_int_equal(pv_calls_put(calls, &for_ever), PV_OK);
    assert_int_equal(pv_calls_put(calls, &for_ever), PV_OK);
    assert_true(pv_calls_next(calls, &event));
    assert_false(pv_calls_next(calls, &event));
    for (unsigned i = 0; i < 1000; ++i) {
        wait_once(calls, 0x100 + i % 7, &n_events);
    }
    own_fail_at(1, 1); /* from now on there is no memory */
    for (unsigned i = 0; i < 10000; ++i) {
        wait_once(calls, 0x100 + i % 7, &n_events);
    }
    own_fail_at(0, 0);
    assert_int_equal(pv_calls_end(calls), PV_OK);
    assert_true(pv_calls_next(calls, &event));
    assert_true(event.op == PV_OP_FREE && event.id.number == 1);
    assert_true(pv_calls_next(calls, &event));
    assert_true(event.op == PV_OP_MALLOC && event.addr == 0x10);
    assert_false(pv_calls_next(calls, &event));
    pv_calls_close(calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_frees),
        cmocka_unit_test(waiting_takes_no_more_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
