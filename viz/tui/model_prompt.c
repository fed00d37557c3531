/* SPDX-License-Identifier: MIT
 *
 * model_prompt.c - the line that asks where to go or what to search for. What is typed is text
 * without controls and has a bound.
 */
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "viz/tui/model.h"

static int go_typed(struct pv_model *model)
{
    const char *text = model->typed;
    int64_t event;

    if (!*text) {
        return PV_OK;
    }
    if (strncmp(text, "0x", 2) == 0) {
        int status = pv_model_refresh(model);
        if (!status) {
            pv_model_select(model, strtoull(text, NULL, 16));
        }
        return status;
    }
    if (*text == '+' || (*text == '-' && text[1])) {
        pv_model_move(model, strtoll(text, NULL, 10));
        return PV_OK;
    }
    if (pv_timeline_moment_named(model->timeline, text, &event)) {
        pv_model_say(
            model, "no such moment: %s (a number, +N, -N, start, end, peak, mark:NAME or 0x…)",
            text);
        return PV_OK;
    }
    model->playing = false;
    pv_model_go(model, event);
    return PV_OK;
}

void pv_prompt_type(struct pv_model *model, uint32_t key)
{
    char bytes[4];
    size_t n = 0;

    /* Controls, C1 included, are no text. */
    if (key < 0x20 || key >= PV_KEY_LEFT || (key >= 0x7F && key < 0xA0)) {
        return;
    }
    if (key < 0x80) {
        bytes[n++] = (char)key;
    } else if (key < 0x800) {
        bytes[n++] = (char)(0xC0 | key >> 6);
        bytes[n++] = (char)(0x80 | (key & 0x3F));
    } else if (key < 0x10000) {
        bytes[n++] = (char)(0xE0 | key >> 12);
        bytes[n++] = (char)(0x80 | (key >> 6 & 0x3F));
        bytes[n++] = (char)(0x80 | (key & 0x3F));
    } else {
        bytes[n++] = (char)(0xF0 | key >> 18);
        bytes[n++] = (char)(0x80 | (key >> 12 & 0x3F));
        bytes[n++] = (char)(0x80 | (key >> 6 & 0x3F));
        bytes[n++] = (char)(0x80 | (key & 0x3F));
    }
    if (model->n_typed + n < sizeof model->typed) {
        memcpy(model->typed + model->n_typed, bytes, n);
        model->n_typed += n;
        model->typed[model->n_typed] = '\0';
    }
}

int pv_prompt_take(struct pv_model *model)
{
    enum pv_prompt prompt = model->prompt;

    model->prompt = PV_PROMPT_NONE;
    if (prompt == PV_PROMPT_GO) {
        return go_typed(model);
    }
    int status = pv_model_refresh(model);
    return status ? status : pv_search_begin(model, model->typed);
}

void pv_prompt_erase(struct pv_model *model, bool all)
{
    while (!all && model->n_typed && (model->typed[model->n_typed - 1] & 0xC0) == 0x80) {
        model->n_typed--;
    }
    model->n_typed = all || model->n_typed == 0 ? 0 : model->n_typed - 1;
    model->typed[model->n_typed] = '\0';
}

void pv_prompt_open(struct pv_model *model, enum pv_prompt which)
{
    model->prompt = which;
    model->n_typed = 0;
    model->typed[0] = '\0';
}
