/* SPDX-License-Identifier: MIT
 *
 * tags.c - each different tag once.
 *
 * Texts lie one after another in blocks that never move. Two open hash tables of numbers, at most
 * half full, find numbers by text and by short form. The numbers count appearances, so they do
 * not depend on the hash, whose key differs from run to run; nor do the short forms, of which
 * one that is taken already ends in its tag's number.
 */
#include "inspect/tags.h"

#include <stdint.h>
#include <string.h>

#include "core/hash.h"
#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "inspect/tag_cut.h"

enum {
    BLOCK_BYTES = 16 * 1024,
    FIRST_SLOTS = 64, /* a power of two */
};

struct block {
    struct block *next;
    char bytes[BLOCK_BYTES];
};

struct text {
    const char *text;
    uint32_t hash;
    uint32_t length;
};

/* Numbers of tags by one of their two texts. */
struct index {
    uint32_t *slots; /* number + 1; 0: empty */
    size_t n_slots;  /* a power of two */
};

struct pv_tags {
    struct text *tags;   /* whole */
    struct text *shorts; /* the same tags' short forms: mostly the same texts */
    size_t n_tags, cap_tags, cap_shorts;
    struct index by_text, by_short;
    struct block *blocks;
    size_t n_used; /* bytes of the first block */
    struct pv_hash_key key;
};

static uint32_t hash_of(const struct pv_tags *tags, const char *text, size_t n)
{
    return (uint32_t)pv_hash_bytes(&tags->key, text, n);
}

static size_t slot_of(const struct index *index, const struct text *texts, const char *text,
                      size_t n, uint32_t hash)
{
    size_t slot = hash & (index->n_slots - 1);
    while (index->slots[slot] != 0) {
        const struct text *known = &texts[index->slots[slot] - 1];
        if (known->hash == hash && known->length == n && memcmp(known->text, text, n) == 0) {
            break;
        }
        slot = (slot + 1) & (index->n_slots - 1);
    }
    return slot;
}

/* Makes room for one more. */
static int grow_index(struct index *index, const struct text *texts, size_t n_texts)
{
    if (2 * (n_texts + 1) <= index->n_slots) {
        return PV_OK;
    }
    size_t n_slots = index->n_slots ? index->n_slots * 2 : FIRST_SLOTS;
    uint32_t *slots = pv_own_calloc(n_slots, sizeof *slots);
    if (!slots) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < n_texts; i++) {
        size_t slot = texts[i].hash & (n_slots - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (n_slots - 1);
        }
        slots[slot] = (uint32_t)i + 1;
    }
    pv_own_free(index->slots);
    index->slots = slots;
    index->n_slots = n_slots;
    return PV_OK;
}

static char *keep_text(struct pv_tags *tags, const char *text, size_t n)
{
    if (!tags->blocks || BLOCK_BYTES - tags->n_used < n + 1) {
        struct block *block = pv_own_calloc(1, sizeof *block);
        if (!block) {
            return NULL;
        }
        block->next = tags->blocks;
        tags->blocks = block;
        tags->n_used = 0;
    }
    char *kept = tags->blocks->bytes + tags->n_used;
    memcpy(kept, text, n);
    kept[n] = '\0';
    tags->n_used += n + 1;
    return kept;
}

int pv_tags_open(struct pv_tags **ret_tags)
{
    struct pv_tags *tags = pv_own_calloc(1, sizeof *tags);
    if (!tags) {
        return PV_ENOMEM;
    }
    tags->key = pv_hash_key();
    uint32_t none;
    int status = pv_tags_add(tags, "", &none);
    if (status < 0) {
        pv_tags_close(tags);
        return status;
    }
    *ret_tags = tags;
    return PV_OK;
}

void pv_tags_close(struct pv_tags *tags)
{
    if (!tags) {
        return;
    }
    while (tags->blocks) {
        struct block *block = tags->blocks;
        tags->blocks = block->next;
        pv_own_free(block);
    }
    pv_own_free(tags->tags);
    pv_own_free(tags->shorts);
    pv_own_free(tags->by_text.slots);
    pv_own_free(tags->by_short.slots);
    pv_own_free(tags);
}

/* Makes room for one more tag in every array and table. */
static int grow(struct pv_tags *tags)
{
    if (tags->n_tags >= UINT32_MAX) {
        return PV_ELIMIT;
    }
    struct text *grown =
        pv_own_room(tags->tags, tags->n_tags, &tags->cap_tags, sizeof *tags->tags);
    if (!grown) {
        return PV_ENOMEM;
    }
    tags->tags = grown;
    grown = pv_own_room(tags->shorts, tags->n_tags, &tags->cap_shorts, sizeof *tags->shorts);
    if (!grown) {
        return PV_ENOMEM;
    }
    tags->shorts = grown;
    return grow_index(&tags->by_short, tags->shorts, tags->n_tags);
}

/* The short form of a new tag, which no tag has yet. */
static size_t cut(const struct pv_tags *tags, const char *text, size_t n,
                  char ret[PV_NAME_BYTES])
{
    char tried[PV_NAME_BYTES];
    size_t n_first = pv_tag_cut(text, n, ret);
    size_t n_tried = n_first;
    memcpy(tried, ret, n_first + 1);
    for (unsigned number = (unsigned)tags->n_tags;; number++) {
        size_t slot = slot_of(&tags->by_short, tags->shorts, tried, n_tried,
                              hash_of(tags, tried, n_tried));
        if (tags->by_short.slots[slot] == 0) {
            break;
        }
        memcpy(tried, ret, n_first + 1);
        n_tried = pv_tag_number(tried, n_first, number);
    }
    memcpy(ret, tried, n_tried + 1);
    return n_tried;
}

static int add_new(struct pv_tags *tags, const char *text, size_t n, uint32_t hash)
{
    int status = grow(tags);
    if (status < 0) {
        return status;
    }
    char name[PV_NAME_BYTES];
    size_t n_name = cut(tags, text, n, name);
    bool same = n_name == n && memcmp(name, text, n) == 0;
    const char *kept = keep_text(tags, text, n);
    const char *kept_name = same || !kept ? kept : keep_text(tags, name, n_name);
    if (!kept_name) {
        return PV_ENOMEM;
    }
    uint32_t name_hash = same ? hash : hash_of(tags, name, n_name);
    size_t number = tags->n_tags;
    tags->by_text.slots[slot_of(&tags->by_text, tags->tags, text, n, hash)] =
        (uint32_t)number + 1;
    tags->by_short.slots[slot_of(&tags->by_short, tags->shorts, name, n_name, name_hash)] =
        (uint32_t)number + 1;
    tags->tags[number] = (struct text){kept, hash, (uint32_t)n};
    tags->shorts[number] = (struct text){kept_name, name_hash, (uint32_t)n_name};
    tags->n_tags++;
    return PV_OK;
}

int pv_tags_add(struct pv_tags *tags, const char *text, uint32_t *ret_tag)
{
    size_t n = pv_text_prefix(text, strnlen(text, PV_TAG_MAX + 1), PV_TAG_MAX);
    uint32_t hash = hash_of(tags, text, n);
    int status = grow_index(&tags->by_text, tags->tags, tags->n_tags);
    if (status < 0) {
        return status;
    }
    size_t slot = slot_of(&tags->by_text, tags->tags, text, n, hash);
    if (tags->by_text.slots[slot] == 0) {
        uint32_t number = (uint32_t)tags->n_tags;
        status = add_new(tags, text, n, hash);
        if (status == PV_OK) {
            *ret_tag = number;
        }
        return status;
    }
    *ret_tag = tags->by_text.slots[slot] - 1;
    return PV_OK;
}

int pv_tags_add_short(struct pv_tags *tags, const char *text, uint32_t *ret_tag)
{
    char name[PV_NAME_BYTES];
    size_t n = pv_text_prefix(text, strnlen(text, sizeof name), sizeof name - 1);
    memcpy(name, text, n);
    name[n] = '\0';
    size_t slot = slot_of(&tags->by_short, tags->shorts, name, n, hash_of(tags, name, n));
    if (tags->by_short.slots[slot] == 0) {
        return pv_tags_add(tags, name, ret_tag);
    }
    *ret_tag = tags->by_short.slots[slot] - 1;
    return PV_OK;
}

const char *pv_tags_text(const struct pv_tags *tags, uint32_t tag)
{
    return tag < tags->n_tags ? tags->tags[tag].text : "";
}

const char *pv_tags_short(const struct pv_tags *tags, uint32_t tag)
{
    return tag < tags->n_tags ? tags->shorts[tag].text : "";
}

uint32_t pv_tags_count(const struct pv_tags *tags)
{
    return (uint32_t)tags->n_tags;
}
