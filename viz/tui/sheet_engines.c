/* SPDX-License-Identifier: MIT
 *
 * sheet_engines.c - the sheet of what each engine would hold at the moment it was asked of. A
 * replay takes long on a long trace: it goes on in steps between the pictures, and the sheet
 * says how far it is.
 */
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "viz/text/units.h"
#include "viz/tui/model.h"

void pv_engines_stop(struct pv_model *model)
{
    if (model->engines.source) {
        model->engines.source->stop(model->engines.source->ctx);
    }
    model->engines.working = false;
}

int pv_engines_ask(struct pv_model *model)
{
    struct pv_engines *engines = &model->engines;

    if (model->sheet.kind == PV_SHEET_ENGINES) {
        pv_sheet_close(model);
        return PV_OK;
    }
    if (model->reading.on) {
        pv_model_say(model, "the trace is still being read: ask again when it is");
        return PV_OK;
    }
    if (!engines->n_rows || engines->event != model->cursor) {
        pv_engines_stop(model);
        engines->n_rows = 0;
        engines->n = 0;
        engines->event = model->cursor;
        int status = engines->source
                         ? engines->source->begin(engines->source->ctx, model->cursor)
                         : PV_ENOTSUP;
        if (status == PV_ENOTSUP) {
            pv_model_say(model, "the trace cannot be read a second time: it is no file");
            return PV_OK;
        }
        if (status) {
            return status;
        }
        engines->working = true;
    }
    return pv_sheet_open(model, PV_SHEET_ENGINES);
}

int pv_engines_work(struct pv_model *model)
{
    struct pv_engines *engines = &model->engines;

    if (engines->source->more(engines->source->ctx, &engines->n)) {
        return PV_OK;
    }
    engines->working = false;
    engines->n_rows = engines->source->take(engines->source->ctx, engines->rows);
    return model->sheet.kind == PV_SHEET_ENGINES ? pv_sheet_make(model) : PV_OK;
}

/* ---- the sheet ---- */

static void say_moment(struct pv_model *model)
{
    char event[PV_UNIT_TEXT];

    if (model->engines.event == model->cursor) {
        return;
    }
    if (model->engines.event == PV_START) {
        pv_sheet_say(model, "This is of the start; E twice asks of the present event.");
    } else {
        pv_sheet_say(model, "This is of event %s; E twice asks of the present one.",
                     pv_units_count(event, (uint64_t)model->engines.event));
    }
}

static void say_progress(struct pv_model *model)
{
    char n[PV_UNIT_TEXT], all[PV_UNIT_TEXT];

    pv_sheet_say(model, "The trace is replayed through all engines: %s of %s.",
                 pv_units_count(n, model->engines.n),
                 pv_units_of(all, (uint64_t)(model->engines.event + 1), "event"));
}

static const struct pv_engine_row *row_of(const struct pv_model *model, const char *name)
{
    for (size_t i = 0; i < model->engines.n_rows; i++) {
        if (strcmp(model->engines.rows[i].name, name) == 0) {
            return &model->engines.rows[i];
        }
    }
    return NULL;
}

/* An engine that refused requests holds less because of that, and is no answer. */
static void say_best(struct pv_model *model)
{
    const char *ours = pv_timeline_engine(model->timeline)->name;
    const struct pv_engine_row *here = row_of(model, ours), *best = here;
    char less[PV_UNIT_TEXT], percent[PV_UNIT_TEXT];

    if (!here) {
        return;
    }
    for (size_t i = 0; i < model->engines.n_rows; i++) {
        const struct pv_engine_row *row = &model->engines.rows[i];
        bool serves = row->n_failed <= here->n_failed;
        best = serves && row->held < best->held ? row : best;
    }
    if (best == here) {
        pv_sheet_say(model,
                     "No engine that serves as much would hold less than %s, the one "
                     "shown here.",
                     ours);
        return;
    }
    pv_sheet_say(
        model, "%s would hold %s less than %s, the one shown here: %s.", best->name,
        pv_units_bytes(less, here->held - best->held), ours,
        pv_units_percent(percent, (double)(here->held - best->held) / (double)here->held));
}

static int make_engines(struct pv_model *model)
{
    struct pv_engines *engines = &model->engines;

    say_moment(model);
    if (engines->working) {
        say_progress(model);
        return PV_OK;
    }
    if (!engines->n_rows) {
        pv_sheet_say(model, "The replay failed: the trace has changed, or memory is short.");
        return PV_OK;
    }
    say_best(model);
    for (size_t i = 0; i < engines->n_rows; i++) {
        struct pv_sheet_item *item = pv_sheet_add(model);
        if (!item) {
            return PV_ENOMEM;
        }
        item->what = (uint32_t)i;
    }
    return PV_OK;
}

static const struct pv_engine_row *engine_of(const struct pv_model *model,
                                             const struct pv_sheet_item *item)
{
    return &model->engines.rows[item->what];
}

static uint32_t text_name(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    snprintf(out, PV_SHEET_TEXT, "%s", engine_of(model, item)->name);
    return PV_NO_TAG;
}

static uint32_t text_held(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    pv_units_bytes(out, engine_of(model, item)->held);
    return PV_NO_TAG;
}

/* Live bytes of what is held: all else is overhead. */
static uint32_t text_used(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    const struct pv_engine_row *row = engine_of(model, item);

    pv_units_percent(out, row->held ? (double)row->live / (double)row->held : 0);
    return PV_NO_TAG;
}

static uint32_t text_free(const struct pv_model *model, const struct pv_sheet_item *item,
                          char *out)
{
    pv_units_bytes(out, engine_of(model, item)->free);
    return PV_NO_TAG;
}

static uint32_t text_holes(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    pv_units_count(out, engine_of(model, item)->n_free);
    return PV_NO_TAG;
}

static uint32_t text_largest(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out)
{
    pv_units_bytes(out, engine_of(model, item)->largest);
    return PV_NO_TAG;
}

static uint32_t text_failed(const struct pv_model *model, const struct pv_sheet_item *item,
                            char *out)
{
    pv_units_count(out, engine_of(model, item)->n_failed);
    return PV_NO_TAG;
}

static int enter_engine(struct pv_model *model, const struct pv_sheet_item *item)
{
    pv_model_say(model, "leave, and then: pebbleviz view --engine %s %s",
                 engine_of(model, item)->name, model->title);
    return PV_OK;
}

const struct pv_sheet_type pv_sheet_engines = {
    .title = "Would another engine do better?",
    .enter = "says how to see it",
    .columns = {{"engine", 12, 0, false, text_name},
                {"held", 10, 0, true, text_held},
                {"live", 7, 0, true, text_used},
                {"free", 10, 45, true, text_free},
                {"holes", 9, 56, true, text_holes},
                {"largest", 10, 67, true, text_largest},
                {"failed", 8, 76, true, text_failed}},
    .make = make_engines,
    .enter_row = enter_engine,
};
