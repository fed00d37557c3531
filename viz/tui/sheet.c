/* SPDX-License-Identifier: MIT
 *
 * sheet.c - the life of a sheet: opened, made of a moment, moved in, left. See sheet.h.
 */
#include "viz/tui/sheet.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "viz/text/units.h"
#include "viz/tui/model.h"

static const struct pv_sheet_type *const types[PV_N_SHEETS] = {
    [PV_SHEET_LARGER] = &pv_sheet_larger,   [PV_SHEET_LEAKS] = &pv_sheet_leaks,
    [PV_SHEET_LEAKED] = &pv_sheet_leaked,   [PV_SHEET_HOLES] = &pv_sheet_holes,
    [PV_SHEET_ADDRESS] = &pv_sheet_address, [PV_SHEET_CHANGES] = &pv_sheet_changes,
    [PV_SHEET_ENGINES] = &pv_sheet_engines,
};

const struct pv_sheet_type *pv_sheet_type_of(enum pv_sheet_kind kind)
{
    return types[kind];
}

void pv_sheet_fini(struct pv_sheet *sheet)
{
    pv_own_free(sheet->items);
    *sheet = (struct pv_sheet){0};
}

void pv_sheet_close(struct pv_model *model)
{
    model->sheet.kind = PV_SHEET_NONE;
}

static void scroll(struct pv_model *model)
{
    struct pv_sheet *sheet = &model->sheet;
    int lines = pv_sheet_height(model);
    size_t height = lines > 1 ? (size_t)lines : 1;

    sheet->row = sheet->row < sheet->n ? sheet->row : sheet->n ? sheet->n - 1 : 0;
    sheet->top = sheet->top < sheet->row ? sheet->top : sheet->row;
    if (sheet->row >= sheet->top + height) {
        sheet->top = sheet->row - height + 1;
    }
}

int pv_sheet_make(struct pv_model *model)
{
    struct pv_sheet *sheet = &model->sheet;

    sheet->n = 0;
    sheet->n_notes = 0;
    int status = types[sheet->kind]->make(model);
    scroll(model);
    return status;
}

int pv_sheet_open(struct pv_model *model, enum pv_sheet_kind kind)
{
    int status = pv_model_refresh(model);

    if (status) {
        return status;
    }
    model->playing = false;
    model->sheet.kind = kind;
    model->sheet.row = 0;
    model->sheet.top = 0;
    model->sheet.fresh = true;
    status = pv_sheet_make(model);
    model->sheet.fresh = false;
    return status;
}

int pv_sheet_toggle(struct pv_model *model, enum pv_sheet_kind kind)
{
    if (model->sheet.kind == kind) {
        pv_sheet_close(model);
        return PV_OK;
    }
    return pv_sheet_open(model, kind);
}

void pv_sheet_move(struct pv_model *model, int64_t by)
{
    int64_t n = (int64_t)model->sheet.n, row = (int64_t)model->sheet.row + by;

    row = row >= n ? n - 1 : row;
    model->sheet.row = row > 0 ? (size_t)row : 0;
    scroll(model);
}

int pv_sheet_enter(struct pv_model *model)
{
    const struct pv_sheet *sheet = &model->sheet;
    int status = pv_model_refresh(model);

    if (status || sheet->row >= sheet->n) {
        return status;
    }
    struct pv_sheet_item item = sheet->items[sheet->row];
    return types[sheet->kind]->enter_row(model, &item);
}

int pv_sheet_note_lines(const struct pv_model *model)
{
    int lines = 0, width = model->body.columns - 2;

    for (size_t i = 0; i < model->sheet.n_notes; i++) {
        const char *text = model->sheet.notes[i];
        for (; *text; lines++) {
            text += pv_width_fit(text, width);
            text += strspn(text, " ");
        }
    }
    /* Half of the sheet is the table's. */
    int most = model->body.lines / 2;
    return lines < most ? lines : most;
}

int pv_sheet_height(const struct pv_model *model)
{
    return model->body.lines - pv_sheet_note_lines(model) - 1; /* the head of the columns */
}

void pv_sheet_say(struct pv_model *model, const char *format, ...)
{
    struct pv_sheet *sheet = &model->sheet;
    va_list arguments;

    if (sheet->n_notes == PV_SHEET_NOTES) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(sheet->notes[sheet->n_notes++], PV_SHEET_NOTE, format, arguments);
    va_end(arguments);
}

struct pv_sheet_item *pv_sheet_add(struct pv_model *model)
{
    struct pv_sheet *sheet = &model->sheet;
    struct pv_sheet_item *items =
        pv_own_room(sheet->items, sheet->n, &sheet->cap, sizeof *sheet->items);

    if (!items) {
        return NULL;
    }
    sheet->items = items;
    sheet->items[sheet->n] = (struct pv_sheet_item){
        .event = PV_START, .until = PV_START, .tag = PV_NO_TAG, .pebble = PV_NONE};
    return &sheet->items[sheet->n++];
}

static int by_bytes(const void *left, const void *right)
{
    const struct pv_sheet_item *a = left, *b = right;

    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    if (a->addr != b->addr) {
        return a->addr < b->addr ? -1 : 1;
    }
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

void pv_sheet_sort(struct pv_model *model)
{
    if (model->sheet.n) {
        qsort(model->sheet.items, model->sheet.n, sizeof *model->sheet.items, by_bytes);
    }
}

uint32_t pv_sheet_text_addr(const struct pv_model *model, const struct pv_sheet_item *item,
                            char *out)
{
    (void)model;
    snprintf(out, PV_SHEET_TEXT, "%llx", (unsigned long long)item->addr);
    return PV_NO_TAG;
}

uint32_t pv_sheet_text_bytes(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out)
{
    (void)model;
    pv_units_bytes(out, item->bytes);
    return PV_NO_TAG;
}

uint32_t pv_sheet_text_count(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out)
{
    (void)model;
    pv_units_count(out, item->count);
    return PV_NO_TAG;
}

uint32_t pv_sheet_text_event(const struct pv_model *model, const struct pv_sheet_item *item,
                             char *out)
{
    (void)model;
    if (item->event == PV_START) {
        strcpy(out, "-");
    } else {
        pv_units_count(out, (uint64_t)item->event);
    }
    return PV_NO_TAG;
}

uint32_t pv_sheet_text_tag(const struct pv_model *model, const struct pv_sheet_item *item,
                           char *out)
{
    (void)model;
    strcpy(out, "-");
    return item->tag;
}

const char *pv_sheet_name(const struct pv_model *model, uint32_t tag, char *buf)
{
    const char *text = pv_model_tag_text(model, tag);
    size_t n = strlen(text), keep = PV_SHEET_NAME - 4;

    if (n <= keep) {
        snprintf(buf, PV_SHEET_NAME, "%s", *text ? text : "(no name)");
        return buf;
    }
    text += n - keep;
    while ((*text & 0xC0) == 0x80) {
        text++;
    }
    snprintf(buf, PV_SHEET_NAME, "\xE2\x80\xA6%s", text);
    return buf;
}
