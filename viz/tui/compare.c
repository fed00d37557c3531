/* SPDX-License-Identifier: MIT
 *
 * compare.c - the reference moment and what differs from it. A block is known by its birth, so it
 * is the same one wherever it lies.
 */
#include "viz/tui/compare.h"

#include <stdlib.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/tui/model.h"

static int by_birth(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

void pv_compare_end(struct pv_model *model)
{
    pv_snapshot_close(model->reference.snapshot);
    pv_own_free(model->reference.born);
    model->reference = (struct pv_reference){0};
}

/* The births, and an own snapshot, because the model's changes. */
static int take(struct pv_model *model)
{
    struct pv_reference *reference = &model->reference;
    int status = pv_timeline_snapshot(model->timeline, &reference->snapshot);

    if (status) {
        return status;
    }
    const struct pv_snapshot *snapshot = reference->snapshot;
    reference->born = pv_own_calloc(snapshot->n_pebbles + 1, sizeof *reference->born);
    if (!reference->born) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (pv_pebble_row_used(pebble)) {
            reference->born[reference->n_born++] = (uint32_t)pebble->born;
        }
    }
    qsort(reference->born, reference->n_born, sizeof *reference->born, by_birth);
    reference->event = model->cursor;
    reference->moment = model->now;
    reference->on = true;
    return PV_OK;
}

int pv_compare_toggle(struct pv_model *model)
{
    bool again = model->reference.on && model->reference.event == model->cursor;
    int status = pv_model_refresh(model);

    if (status) {
        return status;
    }
    pv_compare_end(model);
    model->stale = true; /* the rows of the tags have changed */
    if (again) {
        pv_model_say(model, "no longer compared with another moment");
        return PV_OK;
    }
    status = take(model);
    if (status) {
        pv_compare_end(model);
        return status;
    }
    pv_model_say(model,
                 "what differs from here shows from now on, wherever you go; X lists it");
    return PV_OK;
}

enum pv_compared pv_compare_pebble(const struct pv_model *model,
                                   const struct pv_pebble_row *pebble)
{
    const struct pv_reference *reference = &model->reference;
    uint32_t born = (uint32_t)pebble->born;

    if (!bsearch(&born, reference->born, reference->n_born, sizeof born, by_birth)) {
        return PV_COMPARED_CAME;
    }
    size_t at = pv_snapshot_find(reference->snapshot, pebble->addr);
    const struct pv_pebble_row *then = at == PV_NONE ? NULL : &reference->snapshot->pebbles[at];
    if (!then || then->addr != pebble->addr || then->born != pebble->born) {
        return PV_COMPARED_MOVED;
    }
    return then->size == pebble->size && then->requested == pebble->requested
               ? PV_COMPARED_SAME
               : PV_COMPARED_RESIZED;
}

bool pv_compare_stays(const struct pv_model *model, const struct pv_pebble_row *pebble)
{
    size_t at = pv_snapshot_find(model->snapshot, pebble->addr);
    const struct pv_pebble_row *now = at == PV_NONE ? NULL : &model->snapshot->pebbles[at];

    return now && now->addr == pebble->addr && now->born == pebble->born;
}
