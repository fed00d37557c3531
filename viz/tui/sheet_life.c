/* SPDX-License-Identifier: MIT
 *
 * sheet_life.c - sheets about the lives of blocks: those that nobody frees, and all that an
 * address ever held. O(events) once, or each time that one is opened.
 */
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/text/units.h"
#include "viz/tui/model.h"

/* ---- leaks ---- */

/* The births of blocks that live after the last event, in order: blocks are named by theirs. */
static int find_lasting(struct pv_model *model)
{
    struct pv_lasting *lasting = &model->lasting;

    if (lasting->known) {
        return PV_OK;
    }
    for (int64_t event = 0; event <= model->last; event++) {
        struct pv_placement made;
        if (!pv_timeline_made(model->timeline, event, &made) || made.until != UINT32_MAX) {
            continue;
        }
        uint32_t *room = pv_own_room(lasting->born, lasting->n, &lasting->cap, sizeof *room);
        if (!room) {
            lasting->n = 0;
            return PV_ENOMEM;
        }
        lasting->born = room;
        lasting->born[lasting->n++] = made.born_block;
    }
    lasting->known = true;
    return PV_OK;
}

static int by_birth(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static int make_lasting(struct pv_model *model)
{
    bool known = model->lasting.known;
    int status = find_lasting(model);

    /* A block that moved stands at its move, but with its birth. */
    if (!status && !known && model->lasting.n) {
        qsort(model->lasting.born, model->lasting.n, sizeof *model->lasting.born, by_birth);
    }
    return status;
}

static bool lasts(const struct pv_model *model, const struct pv_pebble_row *pebble)
{
    uint32_t born = (uint32_t)pebble->born;

    return pv_pebble_row_used(pebble) && pebble->born != PV_UNKNOWN && model->lasting.n &&
           bsearch(&born, model->lasting.born, model->lasting.n, sizeof born, by_birth);
}

static uint64_t asked(const struct pv_pebble_row *pebble)
{
    return pebble->requested == PV_UNKNOWN ? pebble->size : pebble->requested;
}

/* Items are by tag until those without a block are taken out. */
static int add_tags(struct pv_model *model)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    struct pv_sheet *sheet = &model->sheet;
    uint32_t n_tags = pv_tags_count(pv_timeline_tags(model->timeline));

    for (uint32_t tag = 0; tag < n_tags; tag++) {
        struct pv_sheet_item *item = pv_sheet_add(model);
        if (!item) {
            return PV_ENOMEM;
        }
        item->tag = tag;
    }
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (!lasts(model, pebble) || pebble->tag >= n_tags) {
            continue;
        }
        struct pv_sheet_item *item = &sheet->items[pebble->tag];
        item->bytes += asked(pebble);
        item->count++;
        if (item->event == PV_START || (int64_t)pebble->born < item->event) {
            item->event = (int64_t)pebble->born;
        }
        item->until = (int64_t)pebble->born > item->until ? (int64_t)pebble->born : item->until;
    }
    size_t n = 0;
    for (size_t i = 0; i < sheet->n; i++) {
        if (sheet->items[i].count) {
            sheet->items[n++] = sheet->items[i];
        }
    }
    sheet->n = n;
    pv_sheet_sort(model);
    return PV_OK;
}

static int make_leaks(struct pv_model *model)
{
    char blocks[PV_UNIT_TEXT], bytes[PV_UNIT_TEXT], tags[PV_UNIT_TEXT], live[PV_UNIT_TEXT];
    uint64_t n = 0, sum = 0;
    int status = make_lasting(model);

    status = status ? status : add_tags(model);
    for (size_t i = 0; i < model->sheet.n; i++) {
        n += model->sheet.items[i].count;
        sum += model->sheet.items[i].bytes;
    }
    if (model->sheet.n == 0) {
        pv_sheet_say(model, "Every block that lives at this event is freed before the trace "
                            "ends.");
        return status;
    }
    pv_sheet_say(
        model,
        "Not freed before the trace ends: %s of the %s that live now, %s in all, with %s. "
        "What the program keeps on purpose is among them.",
        pv_units_count(blocks, n), pv_units_of(live, model->now.live_blocks, "block"),
        pv_units_bytes(bytes, sum), pv_units_of(tags, model->sheet.n, "tag"));
    return status;
}

static uint32_t text_until(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    (void)model;
    if (item->until == PV_START) {
        strcpy(out, "-");
    } else {
        pv_units_count(out, (uint64_t)item->until);
    }
    return PV_NO_TAG;
}

static int enter_tag(struct pv_model *model, const struct pv_sheet_item *item)
{
    model->sheet.tag = item->tag;
    return pv_sheet_open(model, PV_SHEET_LEAKED);
}

const struct pv_sheet_type pv_sheet_leaks = {
    .title = "Who leaks? Blocks that are never freed",
    .enter = "its blocks",
    .columns = {{"bytes", 9, 0, true, pv_sheet_text_bytes},
                {"blocks", 9, 0, true, pv_sheet_text_count},
                {"first born", 11, 50, true, pv_sheet_text_event},
                {"last born", 11, 64, true, text_until},
                {"tag", PV_SHEET_REST, 0, false, pv_sheet_text_tag}},
    .make = make_leaks,
    .enter_row = enter_tag,
};

static int make_leaked(struct pv_model *model)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    char n[PV_UNIT_TEXT], name[PV_SHEET_NAME];
    int status = make_lasting(model);

    for (size_t i = 0; i < snapshot->n_pebbles && !status; i++) {
        const struct pv_pebble_row *pebble = &snapshot->pebbles[i];
        if (pebble->tag != model->sheet.tag || !lasts(model, pebble)) {
            continue;
        }
        struct pv_sheet_item *item = pv_sheet_add(model);
        if (!item) {
            return PV_ENOMEM;
        }
        item->addr = pebble->addr;
        item->bytes = asked(pebble);
        item->event = (int64_t)pebble->born;
        item->count = pebble->id;
        item->tag = pebble->tag;
    }
    pv_sheet_sort(model);
    pv_sheet_say(model, "Blocks of %s that live now and are never freed: %s.",
                 pv_sheet_name(model, model->sheet.tag, name),
                 pv_units_count(n, model->sheet.n));
    return status;
}

static uint32_t text_id(const struct pv_model *model, const struct pv_sheet_item *item,
                        char *out)
{
    (void)model;
    if (item->count == PV_UNKNOWN) {
        strcpy(out, "-");
    } else {
        snprintf(out, PV_SHEET_TEXT, "%llu", (unsigned long long)item->count);
    }
    return PV_NO_TAG;
}

/* Where a block was born, with it selected. */
static int enter_birth(struct pv_model *model, const struct pv_sheet_item *item)
{
    pv_sheet_close(model);
    model->follow = true;
    pv_model_move(model, item->event - model->cursor);
    return PV_OK;
}

const struct pv_sheet_type pv_sheet_leaked = {
    .title = "Who leaks? The blocks of one tag",
    .enter = "its birth",
    .columns = {{"bytes", 9, 0, true, pv_sheet_text_bytes},
                {"born", 11, 0, true, pv_sheet_text_event},
                {"address", 16, 0, false, pv_sheet_text_addr},
                {"id", 12, 50, true, text_id},
                {"tag", PV_SHEET_REST, 64, false, pv_sheet_text_tag}},
    .make = make_leaked,
    .enter_row = enter_birth,
};

/* ---- the history of an address ---- */

static bool covers(const struct pv_model *model, const struct pv_placement *place,
                   uint64_t addr)
{
    return addr >= place->addr &&
           addr - place->addr < model->snapshot->pebble_bytes + place->size;
}

int64_t pv_life_touch(const struct pv_model *model, uint64_t addr, int64_t from, bool forward)
{
    int64_t by = forward ? 1 : -1;

    for (int64_t event = from + by; event >= 0 && event <= model->last; event += by) {
        struct pv_placement place;
        if ((pv_timeline_made(model->timeline, event, &place) && covers(model, &place, addr)) ||
            (pv_timeline_ended(model->timeline, event, &place) &&
             covers(model, &place, addr))) {
            return event;
        }
    }
    return PV_START;
}

static int make_address(struct pv_model *model)
{
    struct pv_sheet *sheet = &model->sheet;
    char n[PV_UNIT_TEXT];
    size_t now = PV_NONE;

    for (int64_t event = 0; event <= model->last; event++) {
        struct pv_placement made;
        if (!pv_timeline_made(model->timeline, event, &made) ||
            !covers(model, &made, sheet->addr)) {
            continue;
        }
        struct pv_sheet_item *item = pv_sheet_add(model);
        if (!item) {
            return PV_ENOMEM;
        }
        item->addr = made.addr;
        item->bytes = made.requested == PV_UNKNOWN ? made.size : made.requested;
        item->event = event;
        item->until = made.until == UINT32_MAX ? PV_START : (int64_t)made.until;
        item->count = made.id;
        item->tag = made.tag;
        now = event <= model->cursor ? sheet->n - 1 : now;
    }
    pv_sheet_say(
        model,
        "Blocks that held the address 0x%llx in the whole trace: %s. Each was there from "
        "its event to the one that ended it.",
        (unsigned long long)sheet->addr, pv_units_count(n, sheet->n));
    if (sheet->fresh && now != PV_NONE) {
        sheet->row = now; /* it begins with the one of this moment */
    }
    return PV_OK;
}

static uint32_t text_end(const struct pv_model *model, const struct pv_sheet_item *item,
                         char *out)
{
    if (item->until == PV_START) {
        strcpy(out, "never");
        return PV_NO_TAG;
    }
    return text_until(model, item, out);
}

static uint32_t text_lived(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    int64_t end = item->until == PV_START ? model->last + 1 : item->until;

    pv_units_count(out, (uint64_t)(end - item->event));
    return PV_NO_TAG;
}

const struct pv_sheet_type pv_sheet_address = {
    .title = "History of an address",
    .enter = "its birth",
    .columns = {{"from", 11, 0, true, pv_sheet_text_event},
                {"ended at", 11, 0, true, text_end},
                {"events", 11, 60, true, text_lived},
                {"asked", 9, 0, true, pv_sheet_text_bytes},
                {"block at", 12, 76, false, pv_sheet_text_addr},
                {"id", 9, 90, true, text_id},
                {"tag", PV_SHEET_REST, 0, false, pv_sheet_text_tag}},
    .make = make_address,
    .enter_row = enter_birth,
};
