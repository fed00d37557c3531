/* SPDX-License-Identifier: MIT
 *
 * pick.c - see pick.h. O(pebbles), for the lists of the largest are short.
 */
#include "viz/export/pick.h"

#include "core/own.h"
#include "core/status.h"

enum {
    LARGEST_USED = 48,
    LARGEST_FREE = 24,
    BUCKETS_BY_SIZE = 16, /* so many of the largest used pebbles have their bucket shown */
    BUCKETS_ALL = 20,     /* so many buckets are all shown */
    RUN_MIN = 3,          /* fewer pebbles are shown by themselves */
};

/* The indices of the largest pebbles of one state, the largest first; of equals the first. */
struct largest {
    size_t index[LARGEST_USED];
    size_t n, cap;
};

static void offer(struct largest *largest, const struct pv_snapshot *snapshot, size_t i)
{
    uint64_t size = snapshot->pebbles[i].size;
    size_t at = largest->n;
    while (at && snapshot->pebbles[largest->index[at - 1]].size < size) {
        at--;
    }
    if (at == largest->cap) {
        return;
    }
    if (largest->n < largest->cap) {
        largest->n++;
    }
    for (size_t j = largest->n - 1; j > at; j--) {
        largest->index[j] = largest->index[j - 1];
    }
    largest->index[at] = i;
}

static void show_pebble(struct pv_pick *pick, const struct pv_snapshot *snapshot, size_t i)
{
    pick->shown_pebbles[i] = 1;
    pick->shown_buckets[snapshot->pebbles[i].bucket] = 1;
}

static void choose(struct pv_pick *pick, const struct pv_snapshot *snapshot)
{
    struct largest used = {.cap = LARGEST_USED};
    struct largest free_ones = {.cap = LARGEST_FREE};
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        offer(pv_pebble_row_used(&snapshot->pebbles[i]) ? &used : &free_ones, snapshot, i);
    }
    for (size_t i = 0; i < used.n; i++) {
        pick->shown_pebbles[used.index[i]] = 1;
        if (i < BUCKETS_BY_SIZE) {
            show_pebble(pick, snapshot, used.index[i]);
        }
    }
    for (size_t i = 0; i < free_ones.n; i++) {
        pick->shown_pebbles[free_ones.index[i]] = 1;
    }
    if (free_ones.n) {
        show_pebble(pick, snapshot, free_ones.index[0]);
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        if (snapshot->findings[i].pebble < snapshot->n_pebbles) {
            show_pebble(pick, snapshot, snapshot->findings[i].pebble);
        }
    }
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        const struct pv_bucket_row *bucket = &snapshot->buckets[i];
        if (i == 0 || i + 1 == snapshot->n_buckets || snapshot->n_buckets <= BUCKETS_ALL) {
            pick->shown_buckets[i] = 1;
        }
        if (bucket->n_pebbles) {
            pick->shown_pebbles[bucket->first_pebble] = 1;
            pick->shown_pebbles[bucket->first_pebble + bucket->n_pebbles - 1] = 1;
        }
    }
}

int pv_pick_init(struct pv_pick *pick, const struct pv_snapshot *snapshot, size_t bound,
                 bool all)
{
    *pick = (struct pv_pick){.all = all || snapshot->n_pebbles <= bound};
    if (pick->all) {
        return PV_OK;
    }
    pick->shown_pebbles = pv_own_calloc(snapshot->n_pebbles, 1);
    pick->shown_buckets = pv_own_calloc(snapshot->n_buckets, 1);
    if (!pick->shown_pebbles || !pick->shown_buckets) {
        return PV_ENOMEM;
    }
    choose(pick, snapshot);
    return PV_OK;
}

void pv_pick_fini(struct pv_pick *pick)
{
    pv_own_free(pick->shown_pebbles);
    pv_own_free(pick->shown_buckets);
    *pick = (struct pv_pick){.all = false};
}

bool pv_pick_bucket(const struct pv_pick *pick, size_t bucket)
{
    return pick->all || pick->shown_buckets[bucket];
}

bool pv_pick_pebble(const struct pv_pick *pick, size_t pebble)
{
    return pick->all || pick->shown_pebbles[pebble];
}

struct pv_pick_item pv_pick_next(const struct pv_pick *pick, size_t from, size_t end)
{
    size_t n = 0;
    while (!pick->all && from + n < end && !pick->shown_pebbles[from + n]) {
        n++;
    }
    return (struct pv_pick_item){.first = from, .n = n < RUN_MIN ? 1 : n};
}
