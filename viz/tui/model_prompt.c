/* SPDX-License-Identifier: MIT
 *
 * model_prompt.c - the line that asks where to go or what to search for. What is typed is text
 * without controls and has a bound.
 */
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "viz/tui/model.h"

static bool is_in(const struct pv_model *model, uint64_t addr)
{
    const struct pv_pebble_row *pebble = pv_model_pebble(model);
    return pebble && addr >= pebble->addr &&
           addr - pebble->addr < model->snapshot->pebble_bytes + pebble->size;
}

/* 0x and hexadecimal digits: selects the pebble there. */
static int go_address(struct pv_model *model)
{
    const char *digits = model->typed + 2;
    size_t n = strlen(digits);

    if (!n || n > 16 || digits[strspn(digits, "0123456789abcdefABCDEF")]) {
        pv_model_say(model, "%s is no address: 0x and up to 16 hexadecimal digits",
                     model->typed);
        return PV_OK;
    }
    int status = pv_model_refresh(model);
    if (!status) {
        uint64_t addr = strtoull(digits, NULL, 16);
        pv_model_select(model, addr);
        if (!is_in(model, addr)) {
            pv_model_say(model, "no pebble holds %s: the nearest one is selected",
                         model->typed);
        }
    }
    return status;
}

/* Finds the event that a text names; false: it names none. 37% is the event with so much of the
 * trace before it. */
static bool event_of(const struct pv_model *model, const char *text, int64_t *ret_event)
{
    int64_t number;
    size_t n = strlen(text);
    bool is_signed = *text == '+' || *text == '-';
    if (n > 1 && text[n - 1] == '%') {
        char *end;
        double percent = strtod(text, &end);
        *ret_event = (int64_t)(percent / 100 * (double)(model->last + 1));
        return end == text + n - 1 && strspn(text, "0123456789.") == n - 1 && percent <= 100;
    }
    if (is_signed && pv_event_parse(text + 1, &number) == PV_OK) {
        *ret_event = model->cursor + (*text == '-' ? -number : number);
        return true;
    }
    return pv_timeline_moment_named(model->timeline, text, ret_event) == PV_OK;
}

static int go_typed(struct pv_model *model)
{
    int64_t event, number;

    if (!*model->typed) {
        return PV_OK;
    }
    if (strncmp(model->typed, "0x", 2) == 0) {
        return go_address(model);
    }
    if (event_of(model, model->typed, &event)) {
        model->playing = false;
        pv_model_go(model, event);
    } else if (pv_event_parse(model->typed, &number) == PV_OK) {
        pv_model_say(model, "there is no event %s: the last one is %lld", model->typed,
                     (long long)model->last);
    } else {
        pv_model_say(model, "no moment '%s': N, +N, -N, N%%, start, end, peak, mark:NAME, 0x…",
                     model->typed);
    }
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
