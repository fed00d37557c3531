/* SPDX-License-Identifier: MIT
 *
 * ids.c - the pages, and behind them a table with open addressing and linear probing; an entry
 * is 24 bytes. When the table is full the freed ids are forgotten if they are many, else it
 * doubles. Amortised O(1) an event.
 *
 * A number stands in a page or in the table, never live in both: what the table has stays
 * there. Whether a number gets a page depends on how many puts and live ids there were, so that
 * whoever makes up the numbers cannot make the pages cost more than the table would.
 */
#include "replay/ids.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"

enum {
    FIRST_CAP = 1024,
    FREED_KEPT = 65536,
    PAGES_FREE = 1024, /* pages that cost nothing, */
    PUTS_A_PAGE = 16,  /* and how many puts each other has to be paid with */
    FILLED_FREE = 4096,
    LIVE_A_PAGE = 8 /* live ids that pay a page's blocks */
};

/* ---- pages ---- */

static struct pv_id_page *page_of(const struct pv_ids *ids, const struct pv_id *id)
{
    uint64_t page = id->number / PV_IDS_PAGE;
    return id->kind == PV_ID_NUMBER && page < ids->n_pages ? &ids->pages[page] : NULL;
}

static enum pv_id_state state_in(const struct pv_id_page *page, uint64_t number,
                                 uint32_t *ret_block)
{
    unsigned at = number % PV_IDS_PAGE;
    if (page->blocks && page->blocks[at]) {
        *ret_block = page->blocks[at] - 1;
        return PV_ID_LIVE;
    }
    return page->known[at / 64] >> at % 64 & 1 ? PV_ID_FREED : PV_ID_UNKNOWN;
}

/* Extends the array of pages up to this one. */
static int reach(struct pv_ids *ids, uint64_t page)
{
    size_t n = 2 * ids->n_pages > page + 1 ? 2 * ids->n_pages : (size_t)page + 1;
    struct pv_id_page *pages = pv_own_resize(ids->pages, n, sizeof *pages);
    if (!pages) {
        return PV_ENOMEM;
    }
    memset(pages + ids->n_pages, 0, (n - ids->n_pages) * sizeof *pages);
    ids->pages = pages;
    ids->n_pages = n;
    return PV_OK;
}

/* Room for the blocks of one more page: what is spare, cleared, or new. */
static int fill(struct pv_ids *ids, struct pv_id_page *page)
{
    if (ids->n_spare) {
        page->blocks = ids->spare[--ids->n_spare];
        return PV_OK;
    }
    while (ids->cap_spare <= ids->n_filled) { /* so that giving back cannot fail */
        void *room =
            pv_own_room(ids->spare, ids->cap_spare, &ids->cap_spare, sizeof *ids->spare);
        if (!room) {
            return PV_ENOMEM;
        }
        ids->spare = room;
    }
    page->blocks = pv_own_calloc(PV_IDS_PAGE, sizeof *page->blocks);
    ids->n_filled += page->blocks != NULL;
    return page->blocks ? PV_OK : PV_ENOMEM;
}

/* The page that a number is to be put into. NULL with 0: the table takes it. */
static int find_page(struct pv_ids *ids, const struct pv_id *id, struct pv_id_page **ret_page)
{
    *ret_page = NULL;
    uint64_t page = id->number / PV_IDS_PAGE;
    if (id->kind != PV_ID_NUMBER || page >= PAGES_FREE + ids->n_puts / PUTS_A_PAGE) {
        return PV_OK;
    }
    if (page >= ids->n_pages && reach(ids, page)) {
        return PV_ENOMEM;
    }
    struct pv_id_page *found = &ids->pages[page];
    if (!found->blocks) {
        if (!ids->n_spare && ids->n_filled >= FILLED_FREE + ids->n_live / LIVE_A_PAGE) {
            return PV_OK;
        }
        if (fill(ids, found)) {
            return PV_ENOMEM;
        }
    }
    *ret_page = found;
    return PV_OK;
}

static void put_in(struct pv_ids *ids, struct pv_id_page *page, uint64_t number, uint32_t block)
{
    unsigned at = number % PV_IDS_PAGE;
    bool is_new = !page->blocks[at];
    page->blocks[at] = block + 1;
    page->known[at / 64] |= UINT64_C(1) << at % 64;
    page->n_live += is_new;
    ids->n_live += is_new;
}

static void drop_from(struct pv_ids *ids, struct pv_id_page *page, uint64_t number)
{
    page->blocks[number % PV_IDS_PAGE] = 0;
    ids->n_live--;
    if (--page->n_live == 0) {
        ids->spare[ids->n_spare++] = page->blocks;
        page->blocks = NULL;
    }
}

/* ---- the table ---- */

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

/* The id's entry, or the unused one where it would be inserted. The table is never full. */
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

/* The id's entry, or NULL. */
static struct pv_id_entry *find_entry(const struct pv_ids *ids, const struct pv_id *id)
{
    struct pv_id_entry *entry = ids->cap ? probe(ids, id) : NULL;
    return entry && entry->state != PV_ID_UNKNOWN ? entry : NULL;
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
    if ((ids->n_wild + ids->n_freed + 1) * 4 <= ids->cap * 3) {
        return PV_OK;
    }
    bool forget = ids->n_freed > ids->n_wild && ids->n_freed > FREED_KEPT;
    size_t n_kept = ids->n_wild + (forget ? 0 : ids->n_freed);
    size_t cap = FIRST_CAP;
    while (cap < n_kept * 2 || cap < (forget ? 2 * (size_t)FREED_KEPT : 0)) {
        cap *= 2;
    }
    struct pv_id_entry *entries = pv_own_calloc(cap, sizeof *entries);
    if (!entries) {
        return PV_ENOMEM;
    }
    struct pv_id_entry *old = ids->entries;
    size_t old_cap = ids->cap;
    ids->entries = entries;
    ids->cap = cap;
    ids->key = pv_hash_key();
    ids->n_freed = forget ? 0 : ids->n_freed;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].state == PV_ID_LIVE || (old[i].state == PV_ID_FREED && !forget)) {
            reinsert(ids, &old[i]);
        } else {
            pv_own_free(old[i].text);
        }
    }
    pv_own_free(old);
    return PV_OK;
}

static int put_entry(struct pv_ids *ids, const struct pv_id *id, uint32_t block)
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
    ids->n_wild += entry->state != PV_ID_LIVE;
    ids->n_live += entry->state != PV_ID_LIVE;
    entry->number = key_of(ids, id);
    entry->block = block;
    entry->state = PV_ID_LIVE;
    return PV_OK;
}

/* ---- both ---- */

void pv_ids_fini(struct pv_ids *ids)
{
    for (size_t i = 0; i < ids->n_pages; i++) {
        pv_own_free(ids->pages[i].blocks);
    }
    while (ids->n_spare) {
        pv_own_free(ids->spare[--ids->n_spare]);
    }
    for (size_t i = 0; i < ids->cap; i++) {
        pv_own_free(ids->entries[i].text);
    }
    pv_own_free(ids->pages);
    pv_own_free(ids->spare);
    pv_own_free(ids->entries);
    *ids = (struct pv_ids){0};
}

enum pv_id_state pv_ids_find(const struct pv_ids *ids, const struct pv_id *id,
                             uint32_t *ret_block)
{
    const struct pv_id_page *page = page_of(ids, id);
    enum pv_id_state state = page ? state_in(page, id->number, ret_block) : PV_ID_UNKNOWN;
    if (state == PV_ID_LIVE || !ids->cap) {
        return state;
    }
    const struct pv_id_entry *entry = find_entry(ids, id);
    if (!entry) {
        return state;
    }
    *ret_block = entry->block;
    return (enum pv_id_state)entry->state;
}

int pv_ids_put(struct pv_ids *ids, const struct pv_id *id, uint32_t block)
{
    struct pv_id_page *page = NULL;
    ids->n_puts++;
    int status = ids->cap && find_entry(ids, id) ? PV_OK : find_page(ids, id, &page);
    if (!status && page) {
        put_in(ids, page, id->number, block);
        return PV_OK;
    }
    return status ? status : put_entry(ids, id, block);
}

void pv_ids_drop(struct pv_ids *ids, const struct pv_id *id)
{
    struct pv_id_page *page = page_of(ids, id);
    if (page && page->blocks && page->blocks[id->number % PV_IDS_PAGE]) {
        drop_from(ids, page, id->number);
        return;
    }
    find_entry(ids, id)->state = PV_ID_FREED;
    ids->n_live--;
    ids->n_wild--;
    ids->n_freed++;
}
