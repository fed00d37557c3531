/* SPDX-License-Identifier: MIT
 *
 * ids.c - open addressing with linear probing; an entry is 24 bytes. When the table is full the
 * freed ids are forgotten if they are many, else it doubles. Amortised O(1) an event.
 */
#include "replay/ids.h"

#include <stdbool.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"

enum { FIRST_CAP = 1024, FREED_KEPT = 65536 };

/* A text's entry keeps the hash of the text, which has the key in it already. */
static uint64_t key_of(const struct pv_ids *ids, const struct pv_id *id)
{
    return id->kind == PV_ID_TEXT ? pv_hash_bytes(&ids->key, id->text, id->n) : id->number;
}

static size_t place_of(const struct pv_ids *ids, uint64_t key, bool is_text)
{
    uint64_t hash = is_text ? key : pv_hash_number(&ids->key, key);
    return (size_t)hash & (ids->cap - 1);
}

static bool is_entry_of(const struct pv_id_entry *entry, uint64_t key, const struct pv_id *id)
{
    if (entry->number != key || (entry->text != NULL) != (id->kind == PV_ID_TEXT)) {
        return false;
    }
    return !entry->text || (strncmp(entry->text, id->text, id->n) == 0 && !entry->text[id->n]);
}

/* The id's entry, or the unused one where it would stand. The table is never full. */
static struct pv_id_entry *probe(const struct pv_ids *ids, const struct pv_id *id)
{
    uint64_t key = key_of(ids, id);
    size_t at = place_of(ids, key, id->kind == PV_ID_TEXT);
    while (ids->entries[at].state != PV_ID_UNKNOWN &&
           !is_entry_of(&ids->entries[at], key, id)) {
        at = (at + 1) & (ids->cap - 1);
    }
    return &ids->entries[at];
}

static void reinsert(struct pv_ids *ids, const struct pv_id_entry *entry)
{
    size_t at = place_of(ids, entry->number, entry->text != NULL);
    while (ids->entries[at].state != PV_ID_UNKNOWN) {
        at = (at + 1) & (ids->cap - 1);
    }
    ids->entries[at] = *entry;
}

/* Room for one more: at most three quarters full. */
static int make_room(struct pv_ids *ids)
{
    if ((ids->n_live + ids->n_freed + 1) * 4 <= ids->cap * 3) {
        return PV_OK;
    }
    bool forget = ids->n_freed > ids->n_live && ids->n_freed > FREED_KEPT;
    size_t n_kept = ids->n_live + (forget ? 0 : ids->n_freed);
    size_t cap = FIRST_CAP;
    while (cap < n_kept * 2 || cap < (forget ? 2 * (size_t)FREED_KEPT : 0)) {
        cap *= 2;
    }
    struct pv_id_entry *entries = pv_own_calloc(cap, sizeof(*entries));
    if (!entries) {
        return PV_ENOMEM;
    }
    struct pv_ids old = *ids;
    *ids = (struct pv_ids){
        .entries = entries, .cap = cap, .n_live = old.n_live, .key = pv_hash_key()};
    ids->n_freed = forget ? 0 : old.n_freed;
    for (size_t i = 0; i < old.cap; i++) {
        struct pv_id_entry *entry = &old.entries[i];
        if (entry->state == PV_ID_LIVE || (entry->state == PV_ID_FREED && !forget)) {
            reinsert(ids, entry);
        } else {
            pv_own_free(entry->text);
        }
    }
    pv_own_free(old.entries);
    return PV_OK;
}

void pv_ids_fini(struct pv_ids *ids)
{
    for (size_t i = 0; i < ids->cap; i++) {
        pv_own_free(ids->entries[i].text);
    }
    pv_own_free(ids->entries);
    *ids = (struct pv_ids){0};
}

struct pv_id_entry *pv_ids_find(const struct pv_ids *ids, const struct pv_id *id)
{
    if (!ids->cap) {
        return NULL;
    }
    struct pv_id_entry *entry = probe(ids, id);
    return entry->state == PV_ID_UNKNOWN ? NULL : entry;
}

int pv_ids_put(struct pv_ids *ids, const struct pv_id *id, uint32_t block)
{
    int status = make_room(ids);
    if (status) {
        return status;
    }
    struct pv_id_entry *entry = probe(ids, id);
    if (entry->state == PV_ID_UNKNOWN && id->kind == PV_ID_TEXT) {
        entry->text = pv_own_text(id->text, id->n);
        if (!entry->text) {
            return PV_ENOMEM;
        }
    }
    ids->n_freed -= entry->state == PV_ID_FREED;
    ids->n_live += entry->state != PV_ID_LIVE;
    entry->number = key_of(ids, id);
    entry->block = block;
    entry->state = PV_ID_LIVE;
    return PV_OK;
}

void pv_ids_drop(struct pv_ids *ids, struct pv_id_entry *entry)
{
    entry->state = PV_ID_FREED;
    ids->n_live--;
    ids->n_freed++;
}
