/* SPDX-License-Identifier: MIT
 *
 * overrun_test.c - a used block overruns by 1 to 300 bytes into what lies behind it: a used
 * pebble, a free pebble with its node of the index, the end of its bucket, the header of the
 * bucket behind; then the program mallocs, reallocs, frees, trims or checks. Guards on: no
 * crash, and the block that overran is named. Guards off: no crash, whatever is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/guard.h"
#include "core/pages.h"

enum { N_PAGES = 64, LONGEST = 300 };
enum victim { USED, FREE, BUCKET_END, NEXT_BUCKET, N_VICTIMS };
enum call { MALLOC, REALLOC, RELEASE, TRIM, CHECK, N_CALLS };

struct scene {
    struct pv_heap heap;
    struct pv_guard guard;
    bool guarded, named;
    unsigned n_faults;
    unsigned char *culprit, *behind, *elsewhere;
    uint64_t size;
};

static void on_event(void *ctx, const struct pv_event *event)
{
    struct scene *scene = ctx;
    if (event->kind == PV_EVENT_FAULT && scene->culprit) {
        const struct pv_pebble *culprit = (struct pv_pebble *)(void *)scene->culprit - 1;
        scene->n_faults++;
        scene->named |= event->pebble == culprit || event->suspect == culprit;
    }
}

static void *get(struct scene *scene, uint64_t size, const char *name)
{
    return scene->guarded ? pv_guard_malloc(&scene->guard, size, name)
                          : pv_heap_malloc(&scene->heap, size, name);
}

static void give(struct scene *scene, void *ptr)
{
    if (scene->guarded) {
        pv_guard_free(&scene->guard, ptr);
    } else {
        pv_heap_free(&scene->heap, ptr);
    }
}

static void *resize(struct scene *scene, void *ptr, uint64_t size)
{
    return scene->guarded ? pv_guard_realloc(&scene->guard, ptr, size)
                          : pv_heap_realloc(&scene->heap, ptr, size);
}

/* The culprit, and the victim right behind it. */
static void set(struct scene *scene, enum victim victim)
{
    bool at_end = victim == BUCKET_END || victim == NEXT_BUCKET;
    uint64_t room = PV_PAGE_BYTES - sizeof(struct pv_bucket) - sizeof(struct pv_pebble);
    scene->size = (at_end ? room : 192) - (scene->guarded ? 25 : 0);
    scene->culprit = get(scene, scene->size, "culprit");
    scene->behind = victim == BUCKET_END ? NULL : get(scene, 100, "behind");
    scene->elsewhere = get(scene, 100, "elsewhere");
    void *free_too = get(scene, 600, "free too");
    assert_non_null(get(scene, 100, "last"));
    give(scene, free_too);
    if (victim == FREE) {
        give(scene, scene->behind);
        /* More than wait outside the tree. */
        void *blocks[2 * PV_HEAP_WAITING];
        for (size_t i = 0; i < 2 * PV_HEAP_WAITING; i++) {
            blocks[i] = get(scene, 100 + 64 * (i % 5), "many");
            assert_non_null(get(scene, 10, "between"));
        }
        for (size_t i = 0; i < 2 * PV_HEAP_WAITING; i++) {
            give(scene, blocks[i]);
        }
    }
}

static void go_on(struct scene *scene, enum victim victim, enum call call)
{
    void *ptr = victim == USED || victim == NEXT_BUCKET ? scene->behind : scene->culprit;
    switch (call) {
    case MALLOC:
        for (uint64_t size = 1; size < 2000; size += 200) {
            get(scene, size, "new");
        }
        break;
    case REALLOC:
        resize(scene, ptr, 700);
        resize(scene, scene->elsewhere, 700);
        break;
    case RELEASE:
        give(scene, ptr);
        give(scene, scene->elsewhere);
        break;
    case TRIM:
        pv_heap_trim(&scene->heap);
        break;
    default:
        break;
    }
    if (scene->guarded && !scene->named) {
        assert_true(pv_guard_check(&scene->guard) > 0);
    }
    void *after = get(scene, 50, "after");
    if (after) {
        give(scene, after);
    }
}

static void overrun(unsigned length, enum victim victim, enum call call, bool guarded)
{
    static _Alignas(PV_PAGE_BYTES) unsigned char pages[N_PAGES * PV_PAGE_BYTES];
    static unsigned char map[N_PAGES];
    static struct scene scene;
    struct pv_region region;
    pv_region_init(&region, pages, N_PAGES, map);
    scene = (struct scene){.guarded = guarded};
    const struct pv_heap_config config = {.pages = pv_region_pages(&region),
                                          .first_pages =
                                              victim == USED || victim == FREE ? 16 : 1,
                                          .growth = PV_GROWTH_NEW_BUCKET};
    const struct pv_guard_config guards = {.canary = true,
                                           .checksum = true,
                                           .fill_on_alloc = true,
                                           .fill_on_free = true,
                                           .secret = 7};
    struct pv_listener for_heap = {.event = on_event, .ctx = &scene};
    struct pv_listener for_guard = for_heap;
    assert_true(pv_heap_init(&scene.heap, &config));
    if (guarded) {
        assert_true(pv_guard_init(&scene.guard, &scene.heap, &guards));
        pv_guard_listen(&scene.guard, &for_guard);
    } else {
        pv_heap_listen(&scene.heap, &for_heap);
    }
    set(&scene, victim);
    assert_int_equal(scene.n_faults, 0);
    memset(scene.culprit + scene.size, 0x41, length);
    go_on(&scene, victim, call);
    if (guarded && !scene.named) {
        print_message("%u bytes, victim %d, call %d: not named\n", length, victim, call);
        fail();
    }
    if (guarded) {
        pv_guard_fini(&scene.guard);
    }
    pv_heap_fini(&scene.heap);
}

static void run(bool guarded)
{
    for (unsigned length = 1; length <= LONGEST; length++) {
        for (int victim = 0; victim < N_VICTIMS; victim++) {
            for (int call = 0; call < N_CALLS; call++) {
                overrun(length, (enum victim)victim, (enum call)call, guarded);
            }
        }
    }
}

static void test_guarded(void **state)
{
    (void)state;
    run(true);
}

static void test_bare(void **state)
{
    (void)state;
    run(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guarded),
        cmocka_unit_test(test_bare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
