/* SPDX-License-Identifier: MIT
 *
 * sheet_changes.c - what differs between the reference moment and the one at the cursor, by tag.
 */
#include <stdlib.h>

#include "core/status.h"
#include "inspect/diff.h"
#include "viz/text/units.h"
#include "viz/tui/model.h"

/* Blocks and bytes of a kind of change. */
static void say_kind(struct pv_model *model, const struct pv_diff *diff)
{
    char n[PV_N_CHANGES][PV_UNIT_TEXT], bytes[PV_N_CHANGES][PV_UNIT_TEXT];

    for (int i = 0; i < PV_N_CHANGES; i++) {
        pv_units_count(n[i], diff->blocks[i]);
        pv_units_bytes(bytes[i], diff->bytes[i]);
    }
    pv_sheet_say(
        model,
        "Blocks that came: %s with %s; went: %s with %s; moved: %s with %s; resized: %s "
        "with %s.",
        n[PV_CAME], bytes[PV_CAME], n[PV_WENT], bytes[PV_WENT], n[PV_MOVED], bytes[PV_MOVED],
        n[PV_RESIZED], bytes[PV_RESIZED]);
}

static int add_tag(struct pv_model *model, const struct pv_diff_tag *tag)
{
    uint64_t changed = 0;
    uint32_t number;

    for (int i = 0; i < PV_N_CHANGES; i++) {
        changed += tag->blocks[i];
    }
    if (!changed) {
        return PV_OK;
    }
    struct pv_sheet_item *item = pv_sheet_add(model);
    int status =
        item ? pv_tags_add(pv_timeline_tags_mutable(model->timeline), tag->text, &number)
             : PV_ENOMEM;
    if (status) {
        return status;
    }
    item->tag = number;
    item->bytes = tag->b_bytes;
    item->addr = tag->a_bytes;
    item->count = tag->blocks[PV_CAME];
    item->until = (int64_t)tag->blocks[PV_WENT];
    item->event = (int64_t)(tag->blocks[PV_MOVED] + tag->blocks[PV_RESIZED]);
    return PV_OK;
}

static int make_changes(struct pv_model *model)
{
    const struct pv_reference *reference = &model->reference;
    char event[PV_UNIT_TEXT], live[PV_UNIT_TEXT], held[PV_UNIT_TEXT];
    struct pv_diff *diff;

    if (!reference->on) {
        pv_sheet_say(model,
                     "There is no moment to compare with yet: go to one and press x, then "
                     "go on; X shows what changed.");
        return PV_OK;
    }
    int status = pv_diff_open(&diff, reference->snapshot, model->snapshot);
    if (status) {
        return status;
    }
    if (reference->event == PV_START) {
        snprintf(event, sizeof event, "the start");
    } else {
        snprintf(event, sizeof event, "event %lld", (long long)reference->event);
    }
    pv_sheet_say(model, "From %s to here: %s live, %s held.", event,
                 pv_units_change(live, reference->moment.live_bytes, model->now.live_bytes),
                 pv_units_change(held, reference->moment.held_bytes, model->now.held_bytes));
    say_kind(model, diff);
    for (size_t i = 0; i < diff->n_tags && !status; i++) {
        status = add_tag(model, &diff->tags[i]);
    }
    pv_diff_close(diff);
    return status;
}

static uint32_t text_change(const struct pv_model *model, const struct pv_sheet_item *item,
                            char *out)
{
    (void)model;
    pv_units_change(out, item->addr, item->bytes);
    return PV_NO_TAG;
}

static uint32_t text_went(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    (void)model;
    pv_units_count(out, (uint64_t)item->until);
    return PV_NO_TAG;
}

static uint32_t text_moved(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    (void)model;
    pv_units_count(out, (uint64_t)item->event);
    return PV_NO_TAG;
}

static int enter_tag(struct pv_model *model, const struct pv_sheet_item *item)
{
    pv_sheet_close(model);
    return pv_search_tag(model, item->tag);
}

const struct pv_sheet_type pv_sheet_changes = {
    .title = "What changed since the moment of x?",
    .enter = "show this tag only",
    .columns = {{"change", 11, 0, true, text_change},
                {"bytes now", 9, 60, true, pv_sheet_text_bytes},
                {"came", 8, 0, true, pv_sheet_text_count},
                {"went", 8, 0, true, text_went},
                {"moved", 8, 70, true, text_moved},
                {"tag", PV_SHEET_REST, 0, false, pv_sheet_text_tag}},
    .make = make_changes,
    .enter_row = enter_tag,
};
