/* SPDX-License-Identifier: MIT
 *
 * model_select.c - the selection: an address, the pebble that holds it, and the tag that follows
 * it. It stands below the tables, the map and the moves, and calls none of them.
 * O(log pebbles) for an address in a pebble, O(buckets) for one in none.
 */
#include "viz/tui/model.h"

const char *pv_model_tag_text(const struct pv_model *model, uint32_t tag)
{
    return pv_tags_text(pv_timeline_tags(model->timeline), tag);
}

const struct pv_pebble_row *pv_model_pebble(const struct pv_model *model)
{
    return model->selected == PV_NONE ? NULL : &model->snapshot->pebbles[model->selected];
}

/* An address in no pebble (in a bucket's header, or in pages that were given back) selects the
 * nearest pebble: in a heap with pebbles, one is always selected. */
void pv_model_settle(struct pv_model *model)
{
    const struct pv_snapshot *snapshot = model->snapshot;

    model->selected = PV_NONE;
    if (snapshot->n_pebbles == 0) {
        return;
    }
    model->selected = pv_snapshot_find(snapshot, model->addr);
    if (model->selected == PV_NONE) {
        size_t nearest = 0;
        for (size_t i = 0; i < snapshot->n_buckets; i++) {
            const struct pv_bucket_row *bucket = &snapshot->buckets[i];
            if (bucket->n_pebbles && bucket->addr <= model->addr &&
                bucket->addr >= snapshot->buckets[snapshot->pebbles[nearest].bucket].addr) {
                nearest = bucket->first_pebble;
                if (model->addr >= bucket->addr + bucket->n_pages * snapshot->page_bytes) {
                    nearest += bucket->n_pebbles - 1;
                }
            }
        }
        model->selected = nearest;
        model->addr = snapshot->pebbles[nearest].addr;
    }
}

void pv_model_take_tag(struct pv_model *model)
{
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (pebble && pv_pebble_row_used(pebble) && !model->searching &&
        model->focus != PV_PANE_TAGS) {
        model->tag = pebble->tag;
    }
}

void pv_model_select(struct pv_model *model, uint64_t addr)
{
    model->addr = addr;
    model->follow = false;
    pv_model_settle(model);
    pv_model_take_tag(model);
}
