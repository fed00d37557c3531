/* SPDX-License-Identifier: MIT
 *
 * heap_fixture.h - a heap in a region of 2 MiB, and the events that it told.
 */
#ifndef PV_TESTS_HEAP_FIXTURE_H
#define PV_TESTS_HEAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/heap.h"
#include "core/pages.h"

enum {
    N_PAGES = 512,
    N_EVENTS = 64,
    BUCKET = sizeof(struct pv_bucket),
    PEBBLE = sizeof(struct pv_pebble), /* 80, or 48 without names */
};

struct fixture {
    unsigned char *start;
    unsigned char map[N_PAGES];
    struct pv_region region;
    struct pv_failing failing;
    struct pv_heap heap;
    struct pv_listener listener;
    struct pv_event events[N_EVENTS];
    size_t n_events;
};

static inline void remember(void *ctx, const struct pv_event *event)
{
    struct fixture *f = ctx;
    if (f->n_events < N_EVENTS) {
        f->events[f->n_events++] = *event;
    }
}

static inline struct fixture *begin(struct pv_heap_config config)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->start = aligned_alloc(1 << 20, (size_t)N_PAGES * PV_PAGE_BYTES);
    assert_non_null(f->start);
    pv_region_init(&f->region, f->start, N_PAGES, f->map);
    f->failing.under = pv_region_pages(&f->region);
    config.pages = pv_failing_pages(&f->failing);
    config.first_pages = config.first_pages ? config.first_pages : 16;
    assert_true(pv_heap_init(&f->heap, &config));
    f->listener = (struct pv_listener){.event = remember, .ctx = f};
    pv_heap_listen(&f->heap, &f->listener);
    return f;
}

static inline void end(struct fixture *f)
{
    pv_heap_fini(&f->heap);
    free(f->start);
    free(f);
}

static inline const struct pv_pebble *pebble_of(const void *payload)
{
    return (const struct pv_pebble *)payload - 1;
}

#endif
