/* SPDX-License-Identifier: MIT
 *
 * model_jump.c - to where something happened: a fault, a mark, an allocation of a tag, the
 * birth of the selected pebble, and back to where a jump began. Each says so when there is no
 * such place. O(faults) or O(marks), and the timeline's own cost to find a tag.
 */
#include <string.h>

#include "viz/tui/model.h"

void pv_jump_trouble(struct pv_model *model, bool forward)
{
    size_t i = 0;

    while (i < model->n_troubles && model->troubles[i] < model->cursor + (forward ? 1 : 0)) {
        i++;
    }
    if (forward ? i == model->n_troubles : i == 0) {
        pv_model_say(model,
                     model->n_troubles ? "no fault or failure %s this event"
                                       : "this trace has no faults and no failures",
                     forward ? "after" : "before");
        return;
    }
    model->playing = false;
    pv_model_go(model, model->troubles[forward ? i : i - 1]);
}

void pv_jump_mark(struct pv_model *model, bool forward)
{
    size_t n, i = 0;
    const struct pv_mark_row *marks = pv_timeline_marks(model->timeline, &n);

    while (i < n && marks[i].event < model->cursor + (forward ? 1 : 0)) {
        i++;
    }
    if (forward ? i == n : i == 0) {
        pv_model_say(model, n ? "no mark %s this event" : "this trace has no marks",
                     forward ? "after" : "before");
        return;
    }
    const struct pv_mark_row *mark = &marks[forward ? i : i - 1];
    model->playing = false;
    pv_model_go(model, mark->event);
    pv_model_say(model, "mark: %s", mark->name);
}

void pv_jump_tag(struct pv_model *model, int64_t from, bool forward)
{
    int64_t event = pv_timeline_find_tag(model->timeline, model->tag, from, forward);
    const char *tag = pv_model_tag_text(model, model->tag);

    if (event == PV_START) {
        pv_model_say(model, "no allocation of %s %s this event", *tag ? tag : "(no name)",
                     forward ? "after" : "before");
        return;
    }
    model->playing = false;
    model->follow = true;
    pv_model_go(model, event);
}

void pv_jump_touch(struct pv_model *model, bool forward)
{
    int64_t event = pv_life_touch(model, model->addr, model->cursor, forward);

    if (event == PV_START) {
        pv_model_say(model, "no event %s this one touches the address 0x%llx",
                     forward ? "after" : "before", (unsigned long long)model->addr);
        return;
    }
    model->playing = false;
    model->follow = false; /* the address stays, whoever holds it */
    pv_model_go(model, event);
}

void pv_jump_birth(struct pv_model *model)
{
    const struct pv_pebble_row *pebble = pv_model_pebble(model);

    if (model->focus == PV_PANE_TAGS) {
        pv_jump_tag(model, PV_START, true);
    } else if (!pebble || !pv_pebble_row_used(pebble) || pebble->born == PV_UNKNOWN) {
        pv_model_say(model, "a free pebble has no birth: select a used one");
    } else {
        model->playing = false;
        model->follow = true;
        pv_model_go(model, (int64_t)pebble->born);
    }
}

/* The oldest is forgotten where there is no room. */
static void push(int64_t *events, size_t *n, int64_t event)
{
    if (*n == PV_TRAIL) {
        memmove(events, events + 1, (PV_TRAIL - 1) * sizeof *events);
        --*n;
    }
    events[(*n)++] = event;
}

void pv_trail_note(struct pv_model *model, int64_t from)
{
    push(model->trail.back, &model->trail.n_back, from);
    model->trail.n_forth = 0;
}

void pv_trail_walk(struct pv_model *model, bool back)
{
    struct pv_trail *trail = &model->trail;
    size_t *n_from = back ? &trail->n_back : &trail->n_forth;

    if (*n_from == 0) {
        pv_model_say(model,
                     back ? "no jump to go back over" : "no jump that was gone back over");
        return;
    }
    if (back) {
        push(trail->forth, &trail->n_forth, model->cursor);
    } else {
        push(trail->back, &trail->n_back, model->cursor);
    }
    model->playing = false;
    pv_model_go(model, (back ? trail->back : trail->forth)[--*n_from]);
}
