/* SPDX-License-Identifier: MIT
 *
 * ledger.c - ids to slots, and the rules of what is a mistake. Nobody else knows them.
 */
#include "replay/ledger.h"

#include <string.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "inspect/snapshot.h"

const char *pv_mistake_name(enum pv_mistake mistake)
{
    static const char *const names[PV_N_MISTAKES] = {
        [PV_MISTAKE_DOUBLE_FREE] = "double-free",
        [PV_MISTAKE_UNKNOWN_FREE] = "unknown-id",
        [PV_MISTAKE_LIVE_ALLOC] = "id-already-live",
        [PV_MISTAKE_REALLOC_FREED] = "realloc-of-freed",
    };
    return (unsigned)mistake < PV_N_MISTAKES ? names[mistake] : "?";
}

enum { NUMBERS_MAX = 1 << 22 };

/* ---- deeds ---- */

void pv_deeds_clear(struct pv_deeds *deeds)
{
    while (deeds->n_marks) {
        pv_own_free(deeds->marks[--deeds->n_marks]);
    }
    deeds->n = deeds->n_tags = 0;
}

void pv_deeds_fini(struct pv_deeds *deeds)
{
    pv_deeds_clear(deeds);
    pv_own_free(deeds->marks);
    pv_own_free(deeds->tags);
    deeds->marks = NULL;
    deeds->tags = NULL;
    deeds->cap_marks = deeds->cap_tags = 0;
}

static int add_mark(struct pv_deeds *deeds, const char *name, struct pv_deed *deed)
{
    char **marks =
        pv_own_room(deeds->marks, deeds->n_marks, &deeds->cap_marks, sizeof *deeds->marks);
    if (!marks) {
        return PV_ENOMEM;
    }
    deeds->marks = marks;
    marks[deeds->n_marks] = pv_own_text(name, strlen(name));
    if (!marks[deeds->n_marks]) {
        return PV_ENOMEM;
    }
    deed->tag = (uint32_t)deeds->n_marks++;
    return PV_OK;
}

/* ---- the ledger ---- */

int pv_ledger_init(struct pv_ledger *ledger)
{
    *ledger = (struct pv_ledger){.n_slots = 0};
    return pv_tags_open(&ledger->tags);
}

void pv_ledger_fini(struct pv_ledger *ledger)
{
    pv_ids_fini(&ledger->ids);
    pv_tags_close(ledger->tags);
    pv_own_free(ledger->free_slots);
    pv_own_free(ledger->by_number);
    *ledger = (struct pv_ledger){.n_slots = 0};
}

static int take_slot(struct pv_ledger *ledger, uint32_t *ret_slot)
{
    if (ledger->n_free) {
        *ret_slot = ledger->free_slots[--ledger->n_free];
        return PV_OK;
    }
    if (ledger->n_slots == UINT32_MAX - 1) {
        return PV_ELIMIT;
    }
    *ret_slot = ledger->n_slots++;
    return PV_OK;
}

static int give_slot(struct pv_ledger *ledger, uint32_t slot)
{
    uint32_t *slots = pv_own_room(ledger->free_slots, ledger->n_free, &ledger->cap_free,
                                  sizeof *ledger->free_slots);
    if (!slots) {
        return PV_ENOMEM;
    }
    ledger->free_slots = slots;
    slots[ledger->n_free++] = slot;
    return PV_OK;
}

/* The row in which a name is remembered, and the part of the name that is kept. */
static struct pv_ledger_name *row_of(struct pv_ledger *ledger, const char *name,
                                     char *ret_begin)
{
    const uint64_t spread = UINT64_C(0x9E3779B97F4A7C15);
    memset(ret_begin, 0, PV_LEDGER_NAME_BYTES);
    memcpy(ret_begin, name, strnlen(name, PV_LEDGER_NAME_BYTES));
    uint64_t words[PV_LEDGER_NAME_BYTES / sizeof(uint64_t)];
    memcpy(words, ret_begin, sizeof words);
    uint64_t mixed = (words[0] ^ words[1] * 3 ^ words[2] * 5 ^ words[3] * 7) * spread;
    return &ledger->names[mixed >> 56];
}

int pv_ledger_tag(struct pv_ledger *ledger, const char *name, uint32_t *ret_tag)
{
    if (!*name) {
        *ret_tag = 0;
        return PV_OK;
    }
    char begin[PV_LEDGER_NAME_BYTES];
    struct pv_ledger_name *row = row_of(ledger, name, begin);
    bool is_whole = begin[sizeof begin - 1] == '\0';
    if (memcmp(row->begin, begin, sizeof begin) == 0 &&
        (is_whole || strcmp(pv_tags_text(ledger->tags, row->tag), name) == 0)) {
        *ret_tag = row->tag;
        return PV_OK;
    }
    int status = pv_tags_add(ledger->tags, name, ret_tag);
    if (!status) {
        memcpy(row->begin, begin, sizeof begin);
        row->tag = *ret_tag;
    }
    return status;
}

/* Where the tag of a name's number is stored. NULL: there is no memory, or the number is not
 * one that the reader gave. */
static uint32_t *numbered(struct pv_ledger *ledger, uint32_t number)
{
    if (number >= ledger->n_numbers && number < NUMBERS_MAX) {
        size_t n = number < 2 * ledger->n_numbers ? 2 * ledger->n_numbers : (size_t)number + 1;
        uint32_t *rows = pv_own_resize(ledger->by_number, n, sizeof *rows);
        if (!rows) {
            return NULL;
        }
        memset(rows + ledger->n_numbers, 0, (n - ledger->n_numbers) * sizeof *rows);
        ledger->by_number = rows;
        ledger->n_numbers = n;
    }
    return number < ledger->n_numbers ? &ledger->by_number[number] : NULL;
}

static int tag_of(struct pv_ledger *ledger, const struct pv_trace_event *event,
                  uint32_t *ret_tag)
{
    uint32_t *row = event->named ? numbered(ledger, event->named) : NULL;
    if (row && *row) {
        *ret_tag = *row - 1;
        return PV_OK;
    }
    int status = pv_ledger_tag(ledger, event->name, ret_tag);
    if (row && !status) {
        *row = *ret_tag + 1;
    }
    return status;
}

/* Adds the tags that are new since the last call to the deeds. */
static int tell_tags(struct pv_ledger *ledger, struct pv_deeds *deeds)
{
    while (ledger->n_tags_told < pv_tags_count(ledger->tags)) {
        const char **tags =
            pv_own_room(deeds->tags, deeds->n_tags, &deeds->cap_tags, sizeof *deeds->tags);
        if (!tags) {
            return PV_ENOMEM;
        }
        deeds->tags = tags;
        tags[deeds->n_tags++] = pv_tags_text(ledger->tags, (uint32_t)ledger->n_tags_told++);
    }
    return PV_OK;
}

/* ---- events ---- */

static int request(struct pv_ledger *ledger, const struct pv_trace_event *event,
                   struct pv_deeds *deeds, struct pv_deed *deed)
{
    deed->bytes = pv_trace_event_bytes(event);
    deed->flags = event->flags | (event->op == PV_OP_CALLOC ? (uint32_t)PV_FLAG_CLEAR : 0) |
                  (event->align ? (uint32_t)PV_FLAG_ALIGNED : 0);
    deed->alignment = event->align > UINT32_MAX ? UINT32_MAX : (uint32_t)event->align;
    int status = tag_of(ledger, event, &deed->tag);
    return status ? status : tell_tags(ledger, deeds);
}

static int alloc(struct pv_ledger *ledger, const struct pv_trace_event *event,
                 struct pv_deeds *deeds, struct pv_deed *deed)
{
    deed->kind = PV_DEED_ALLOC;
    int status = request(ledger, event, deeds, deed);
    status = status ? status : take_slot(ledger, &deed->slot);
    if (!status && event->id.kind != PV_ID_NULL) {
        status = pv_ids_put(&ledger->ids, &event->id, deed->slot);
    }
    return status;
}

static int take_alloc(struct pv_ledger *ledger, const struct pv_trace_event *event,
                      struct pv_deeds *deeds, struct pv_deed *deed)
{
    uint32_t slot;
    if (pv_ids_find(&ledger->ids, &event->id, &slot) == PV_ID_LIVE) {
        deed->mistake = PV_MISTAKE_LIVE_ALLOC;
    }
    return alloc(ledger, event, deeds, deed);
}

static int free_slot(struct pv_ledger *ledger, const struct pv_trace_event *event,
                     struct pv_deed *deed)
{
    deed->kind = PV_DEED_FREE;
    pv_ids_drop(&ledger->ids, &event->id);
    return give_slot(ledger, deed->slot);
}

static int take_free(struct pv_ledger *ledger, const struct pv_trace_event *event,
                     struct pv_deed *deed)
{
    if (event->id.kind == PV_ID_NULL) {
        return PV_OK;
    }
    enum pv_id_state state = pv_ids_find(&ledger->ids, &event->id, &deed->slot);
    if (state != PV_ID_LIVE) {
        deed->mistake = state == PV_ID_FREED ? PV_MISTAKE_DOUBLE_FREE : PV_MISTAKE_UNKNOWN_FREE;
        return PV_OK;
    }
    return free_slot(ledger, event, deed);
}

static int take_realloc(struct pv_ledger *ledger, const struct pv_trace_event *event,
                        struct pv_deeds *deeds, struct pv_deed *deed)
{
    if (event->id.kind == PV_ID_NULL) {
        return alloc(ledger, event, deeds, deed);
    }
    enum pv_id_state state = pv_ids_find(&ledger->ids, &event->id, &deed->slot);
    if (state != PV_ID_LIVE) {
        deed->mistake =
            state == PV_ID_FREED ? PV_MISTAKE_REALLOC_FREED : PV_MISTAKE_UNKNOWN_FREE;
        return event->size ? alloc(ledger, event, deeds, deed) : PV_OK;
    }
    if (!event->size) {
        return free_slot(ledger, event, deed);
    }
    deed->kind = PV_DEED_RESIZE;
    return request(ledger, event, deeds, deed);
}

int pv_ledger_add(struct pv_ledger *ledger, const struct pv_trace_event *event,
                  struct pv_deeds *deeds)
{
    struct pv_deed *deed = &deeds->rows[deeds->n];
    *deed = (struct pv_deed){
        .op = (uint8_t)event->op,
        .mistake = PV_NO_MISTAKE,
        .id = event->id.kind == PV_ID_NUMBER ? event->id.number : PV_UNKNOWN,
    };
    int status = PV_EINVAL;
    switch (event->op) {
    case PV_OP_MALLOC:
    case PV_OP_CALLOC:
    case PV_OP_ALIGNED:
        status = take_alloc(ledger, event, deeds, deed);
        break;
    case PV_OP_REALLOC:
        status = take_realloc(ledger, event, deeds, deed);
        break;
    case PV_OP_FREE:
        status = take_free(ledger, event, deed);
        break;
    case PV_OP_MARK:
        status = add_mark(deeds, event->name, deed);
        break;
    }
    deeds->n += !status;
    return status;
}
