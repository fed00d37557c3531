/* SPDX-License-Identifier: MIT
 *
 * figures_test.c - what every engine keeps of its heap from event to event (free bytes, free
 * blocks, the largest, the extent) is what a walk of the heap counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/status.h"
#include "replay/engine.h"
#include "tests/support/random.h"

enum { N_BLOCKS = 120, N_STEPS = 4000 };

static void on_bucket(void *ctx, const struct pv_bucket_change *change)
{
    (void)ctx;
    (void)change;
}

struct figures {
    uint64_t free_bytes, free_blocks, largest, extent;
};

static struct figures walked(const struct pv_engine_type *type, struct pv_engine *engine,
                             struct pv_tags *tags)
{
    struct figures all = {0};
    struct pv_snapshot *snapshot;
    assert_int_equal(type->walk(engine, tags, &snapshot), PV_OK);
    for (size_t b = 0; b < snapshot->n_buckets; b++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[b];
        uint64_t extent = 0;
        for (size_t i = 0; i < bucket->n_pebbles; i++) {
            const struct pv_pebble_row *row = &snapshot->pebbles[bucket->first_pebble + i];
            if (pv_pebble_row_used(row)) {
                extent = row->addr + snapshot->pebble_bytes + row->size - bucket->addr;
                continue;
            }
            all.free_bytes += row->size;
            all.free_blocks++;
            all.largest = row->size > all.largest ? row->size : all.largest;
        }
        all.extent += extent;
    }
    pv_snapshot_close(snapshot);
    return all;
}

static void run(const struct pv_engine_type *type, const struct pv_engine_options *options,
                uint64_t most)
{
    const struct pv_engine_listener listener = {.bucket = on_bucket};
    struct pv_engine *engine;
    struct pv_tags *tags;
    uint64_t blocks[N_BLOCKS] = {0}, random = most;
    assert_int_equal(pv_tags_open(&tags), PV_OK);
    assert_int_equal(type->open(&engine, options, &listener), PV_OK);
    for (int step = 0; step < N_STEPS; step++) {
        uint64_t *block = &blocks[random_below(&random, N_BLOCKS)];
        uint64_t size = 1 + random_below(&random, most);
        struct pv_place_of_block place = {0};
        if (!*block) {
            const struct pv_request request = {
                .size = size, .flags = PV_FLAG_VIRTUAL, .name = "block"};
            *block = type->alloc(engine, &request, &place) ? 0 : place.addr;
        } else if (random_below(&random, 4) == 0) {
            *block = type->resize(engine, *block, size, &place) ? *block : place.addr;
        } else {
            type->free(engine, *block);
            *block = 0;
        }
        struct figures kept;
        type->figures(engine, &kept.free_bytes, &kept.free_blocks, &kept.largest, &kept.extent);
        struct figures counted = walked(type, engine, tags);
        assert_memory_equal(&kept, &counted, sizeof kept);
    }
    type->close(engine);
    pv_tags_close(tags);
}

static void test_figures(void **state)
{
    (void)state;
    for (const struct pv_engine_type *const *type = pv_engine_types(); *type; type++) {
        run(*type, &(struct pv_engine_options){.first_bucket_bytes = 4096}, 300);
        run(*type, &(struct pv_engine_options){.first_bucket_bytes = 65536, .high = true},
            5000);
        run(*type, &(struct pv_engine_options){.limit_bytes = 256 * 1024}, 9000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
