/* SPDX-License-Identifier: MIT
 *
 * model_keys.c - a key goes to the row that has it (key_rows.c): one of the help, of the
 * question or of a sheet while these are open, else one of the panes.
 */
#include "core/status.h"
#include "viz/tui/help_lines.h"
#include "viz/tui/key_rows.h"

static int help_key(struct pv_model *model, const struct pv_key_row *row, uint32_t key)
{
    if (!row) {
        model->help = false;
        return PV_OK;
    }
    int status = row->act(model, key);
    size_t most = pv_help_most(model->columns, model->lines);
    model->help_top = model->help_top < most ? model->help_top : most;
    return status;
}

/* A count repeats keys that find the next of something, until there is none. */
static int act(struct pv_model *model, const struct pv_key_row *row, uint32_t key)
{
    int64_t from = model->cursor;
    uint32_t n = row->repeats && model->count ? model->count : 1;
    int status = PV_OK;

    for (uint32_t i = 0; i < n && !status && !model->message[0]; i++) {
        status = row->act(model, key);
    }
    if (row->jumps && model->cursor != from) {
        pv_trail_note(model, from);
    }
    return status;
}

int pv_model_key(struct pv_model *model, uint32_t key)
{
    enum pv_keys_where where = model->help                       ? PV_KEYS_HELP
                               : model->prompt != PV_PROMPT_NONE ? PV_KEYS_PROMPT
                               : model->sheet.kind               ? PV_KEYS_SHEET
                                                                 : PV_KEYS_PANES;
    const struct pv_key_row *row = pv_key_row_of(where, key);

    /* Keys that a sheet does not use go to the panes behind it, so that one still moves in
     * time. */
    if (!row && where == PV_KEYS_SHEET) {
        row = pv_key_row_of(PV_KEYS_PANES, key);
    }

    model->message[0] = '\0';
    if (where == PV_KEYS_HELP) {
        return help_key(model, row, key);
    }
    if (row) {
        int status = act(model, row, key);
        model->count = row->counts ? model->count : 0;
        return status;
    }
    model->count = 0;
    if (where == PV_KEYS_PROMPT) {
        pv_prompt_type(model, key);
    } else {
        pv_model_say(model, "this key does nothing: ? lists those that do");
    }
    return PV_OK;
}
