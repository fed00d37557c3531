/* SPDX-License-Identifier: MIT
 *
 * overrun_scene.c - a heap with a block that is about to overrun, and what the program then does.
 */
#include "overrun_scene.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/random.h"

enum { N_PAGES = 160, N_AFTER = 24 };

void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void on_event(void *ctx, const struct pv_event *event)
{
    struct scene *scene = ctx;
    if (event->kind == PV_EVENT_FAULT && scene->culprit_pebble) {
        scene->told = true;
        scene->named |=
            event->pebble == scene->culprit_pebble || event->suspect == scene->culprit_pebble;
        scene->second_named |= event->pebble == scene->second_pebble;
    }
}

static void *get(struct scene *scene, uint64_t size, const char *name)
{
    return scene->variant->guarded ? pv_guard_malloc(&scene->guard, size, name)
                                   : pv_heap_malloc(&scene->heap, size, name);
}

static void give(struct scene *scene, void *ptr)
{
    if (scene->variant->guarded) {
        pv_guard_free(&scene->guard, ptr);
    } else {
        pv_heap_free(&scene->heap, ptr);
    }
}

static void *resize(struct scene *scene, void *ptr, uint64_t size)
{
    return scene->variant->guarded ? pv_guard_realloc(&scene->guard, ptr, size)
                                   : pv_heap_realloc(&scene->heap, ptr, size);
}

static void open_heap(struct scene *scene, enum victim victim)
{
    static _Alignas(PV_PAGE_BYTES) unsigned char pages[N_PAGES * PV_PAGE_BYTES];
    static unsigned char map[N_PAGES];
    static struct pv_listener for_heap, for_guard;
    for_heap = for_guard = (struct pv_listener){.event = on_event, .ctx = scene};
    bool is_small = victim == BUCKET_END || victim == NEXT_BUCKET;
    memset(pages, 0x5A, sizeof pages);
    must(pv_region_init(&scene->region, pages, N_PAGES, map));
    const struct pv_heap_config config = {.pages = pv_region_pages(&scene->region),
                                          .first_pages = is_small ? 1 : 16,
                                          .fit = scene->variant->fit,
                                          .growth = PV_GROWTH_NEW_BUCKET};
    must(pv_heap_init(&scene->heap, &config));
    if (victim == BUCKET_END) {
        scene->stranger = config.pages.get(config.pages.ctx, 1, PV_FLAG_VIRTUAL);
        must(scene->stranger == pages + PV_PAGE_BYTES);
    }
    if (scene->variant->guarded) {
        must(pv_guard_init(&scene->guard, &scene->heap, &scene->variant->guards));
        pv_guard_listen(&scene->guard, &for_guard);
    } else {
        pv_heap_listen(&scene->heap, &for_heap);
    }
}

/* More free pebbles than wait outside the index's tree. */
static void fill_tree(struct scene *scene)
{
    void *blocks[2 * PV_HEAP_WAITING];
    for (size_t i = 0; i < 2 * PV_HEAP_WAITING; i++) {
        blocks[i] = get(scene, 100 + 64 * (i % 5), "many");
        must(get(scene, 10, "between") != NULL);
    }
    for (size_t i = 0; i < 2 * PV_HEAP_WAITING; i++) {
        give(scene, blocks[i]);
    }
}

/* The block that will overrun, the victim right behind it, and others: one in a bucket of its own
 * is overrun too, by a byte. */
static void set(struct scene *scene, enum victim victim)
{
    bool at_end = victim == BUCKET_END || victim == NEXT_BUCKET;
    uint64_t room = PV_PAGE_BYTES - sizeof(struct pv_bucket) - sizeof(struct pv_pebble);
    scene->size = (at_end ? room : 192) - (scene->variant->guarded ? 25 : 0);
    scene->culprit = get(scene, scene->size, "culprit");
    scene->behind = victim == BUCKET_END ? NULL : get(scene, 100, "behind");
    scene->elsewhere = get(scene, 100, "elsewhere");
    void *free_too = get(scene, 600, "free too");
    must(get(scene, 100, "last") != NULL);
    give(scene, free_too);
    if (victim == FREE) {
        give(scene, scene->behind);
        scene->behind = NULL;
        fill_tree(scene);
    }
    uint64_t second_size = 20 * PV_PAGE_BYTES - 300;
    scene->second = get(scene, second_size, "second");
    must(scene->second != NULL);
    if (scene->variant->guards.canary) {
        scene->second[second_size] ^= 0x40;
    }
}

bool scene_overrun(struct scene *scene, enum bytes bytes, unsigned length)
{
    static unsigned char before[LONGEST], source[LONGEST];
    unsigned char *at = scene->culprit + scene->size;
    uint64_t room = scene->culprit_pebble->size - 24;
    uint64_t noise = length;
    for (unsigned i = 0; i < LONGEST; i++) {
        uint64_t random = random_next(&noise);
        uint64_t magic = i / 8 % 2 ? PV_PEBBLE_MAGIC : PV_BUCKET_MAGIC;
        const unsigned char of_kind[N_BYTES] = {
            [LETTERS] = 'A',
            [ZEROS] = 0,
            [ONES] = 0xFF,
            [NOISE] = (unsigned char)random,
            [MAGICS] = (unsigned char)(magic >> i % 4 * 8),
            [HEADER] = ((const unsigned char *)scene->culprit_pebble)[i % 256],
        };
        source[i] = of_kind[bytes];
    }
    memcpy(before, at, length);
    memcpy(at, source, length);
    for (unsigned i = 0; i < length; i++) {
        bool is_sealed = scene->variant->guards.canary || scene->size + i >= room;
        if (scene->variant->guarded && is_sealed && before[i] != source[i]) {
            return true;
        }
    }
    return false;
}

void scene_go_on(struct scene *scene, enum call call)
{
    bool elsewhere_too = call == REALLOC_ALL || call == FREE_ALL;
    bool culprit = elsewhere_too || call == REALLOC_CULPRIT || call == FREE_CULPRIT;
    bool behind = elsewhere_too || call == REALLOC_BEHIND || call == FREE_BEHIND;
    void *const blocks[] = {elsewhere_too ? scene->elsewhere : NULL,
                            culprit ? scene->culprit : NULL, behind ? scene->behind : NULL};
    for (size_t i = 0; i < 3; i++) {
        if (blocks[i] && call < FREE_CULPRIT) {
            resize(scene, blocks[i], 700);
        } else if (blocks[i]) {
            give(scene, blocks[i]);
        }
    }
    for (uint64_t size = 1; call == MALLOC && size < 2000; size += 200) {
        get(scene, size, "new");
    }
    if (call == TRIM) {
        pv_heap_trim(&scene->heap);
    }
    if (scene->variant->guarded) {
        pv_guard_check(&scene->guard);
    } else if (call == CHECK) {
        pv_heap_pebble(&scene->heap, scene->culprit, NULL);
        pv_heap_pebble(&scene->heap, scene->behind, NULL);
        pv_heap_pebble(&scene->heap, scene->elsewhere, NULL);
    }
}

bool scene_live_on(struct scene *scene)
{
    unsigned char *blocks[N_AFTER];
    bool overlap = false;
    memset(scene->second, 0xC3, 8);
    for (unsigned i = 0; i < N_AFTER; i++) {
        uint64_t size = 20 + 90 * (uint64_t)i;
        blocks[i] = get(scene, size, "after");
        if (blocks[i]) {
            memset(blocks[i], (int)i, size);
        }
    }
    for (unsigned i = 0; i < N_AFTER; i++) {
        for (uint64_t at = 0; blocks[i] && at < 20 + 90 * (uint64_t)i; at++) {
            overlap |= blocks[i][at] != i;
        }
    }
    for (unsigned i = 0; i < N_AFTER; i++) {
        give(scene, blocks[i]);
    }
    for (unsigned i = LONGEST; scene->stranger && i < PV_PAGE_BYTES; i++) {
        overlap |= scene->stranger[i] != 0x5A;
    }
    return overlap || scene->second[0] != 0xC3 || scene->second[7] != 0xC3;
}

void scene_begin(struct scene *scene, const struct variant *variant, enum victim victim)
{
    *scene = (struct scene){.variant = variant};
    open_heap(scene, victim);
    set(scene, victim);
    scene->culprit_pebble = (struct pv_pebble *)(void *)scene->culprit - 1;
    scene->second_pebble = (struct pv_pebble *)(void *)scene->second - 1;
}

void scene_end(struct scene *scene)
{
    if (scene->variant->guarded) {
        pv_guard_fini(&scene->guard);
    }
    pv_heap_fini(&scene->heap);
}
