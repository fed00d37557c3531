/* SPDX-License-Identifier: MIT
 *
 * tags.c - each different tag once.
 *
 * Texts lie one after another in blocks that never move; `texts` finds them by number; an open
 * hash table of numbers, at most half full, finds numbers by text. The numbers
 * count appearances, so they do not depend on the hash, whose key differs from run to run.
 */
#include "inspect/tags.h"

#include <stdint.h>
#include <string.h>

#include "core/hash.h"
#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "core/text.h"

enum {
    TEXT_BYTES = PV_NAME_BYTES - 1,
    BLOCK_BYTES = 16 * 1024,
    FIRST_SLOTS = 64, /* a power of two */
};

struct block {
    struct block *next;
    char bytes[BLOCK_BYTES];
};

struct tag {
    const char *text;
    uint32_t hash;
    uint32_t length;
};

struct pv_tags {
    struct tag *tags;
    size_t n_tags, cap_tags;
    uint32_t *slots; /* number + 1; 0: empty */
    size_t n_slots;  /* a power of two */
    struct block *blocks;
    size_t n_used; /* bytes of the first block */
    struct pv_hash_key key;
};

static uint32_t hash_of(const struct pv_tags *tags, const char *text, size_t n)
{
    return (uint32_t)pv_hash_bytes(&tags->key, text, n);
}

static size_t slot_of(const struct pv_tags *tags, const char *text, size_t n, uint32_t hash)
{
    size_t slot = hash & (tags->n_slots - 1);
    while (tags->slots[slot] != 0) {
        const struct tag *tag = &tags->tags[tags->slots[slot] - 1];
        if (tag->hash == hash && tag->length == n && memcmp(tag->text, text, n) == 0) {
            break;
        }
        slot = (slot + 1) & (tags->n_slots - 1);
    }
    return slot;
}

static int grow_slots(struct pv_tags *tags)
{
    size_t n_slots = tags->n_slots ? tags->n_slots * 2 : FIRST_SLOTS;
    uint32_t *slots = pv_own_calloc(n_slots, sizeof(*slots));
    if (!slots) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < tags->n_tags; i++) {
        size_t slot = tags->tags[i].hash & (n_slots - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (n_slots - 1);
        }
        slots[slot] = (uint32_t)i + 1;
    }
    pv_own_free(tags->slots);
    tags->slots = slots;
    tags->n_slots = n_slots;
    return PV_OK;
}

static char *keep_text(struct pv_tags *tags, const char *text, size_t n)
{
    if (!tags->blocks || BLOCK_BYTES - tags->n_used < n + 1) {
        struct block *block = pv_own_calloc(1, sizeof(*block));
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
    struct pv_tags *tags = pv_own_calloc(1, sizeof(*tags));
    if (!tags) {
        return PV_ENOMEM;
    }
    tags->key = pv_hash_key();
    uint32_t none;
    int rc = pv_tags_add(tags, "", &none);
    if (rc < 0) {
        pv_tags_close(tags);
        return rc;
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
    pv_own_free(tags->slots);
    pv_own_free(tags);
}

int pv_tags_add(struct pv_tags *tags, const char *text, uint32_t *ret_tag)
{
    size_t n = pv_text_prefix(text, strnlen(text, TEXT_BYTES + 1), TEXT_BYTES);
    uint32_t hash = hash_of(tags, text, n);
    if (2 * (tags->n_tags + 1) > tags->n_slots) {
        int rc = grow_slots(tags);
        if (rc < 0) {
            return rc;
        }
    }
    size_t slot = slot_of(tags, text, n, hash);
    if (tags->slots[slot] != 0) {
        *ret_tag = tags->slots[slot] - 1;
        return PV_OK;
    }
    if (tags->n_tags >= UINT32_MAX) {
        return PV_ELIMIT;
    }
    struct tag *grown =
        pv_own_room(tags->tags, tags->n_tags, &tags->cap_tags, sizeof(*tags->tags));
    if (!grown) {
        return PV_ENOMEM;
    }
    tags->tags = grown;
    const char *kept = keep_text(tags, text, n);
    if (!kept) {
        return PV_ENOMEM;
    }
    tags->tags[tags->n_tags] = (struct tag){kept, hash, (uint32_t)n};
    *ret_tag = (uint32_t)tags->n_tags++;
    tags->slots[slot] = *ret_tag + 1;
    return PV_OK;
}

const char *pv_tags_text(const struct pv_tags *tags, uint32_t tag)
{
    return tag < tags->n_tags ? tags->tags[tag].text : "";
}

uint32_t pv_tags_count(const struct pv_tags *tags)
{
    return (uint32_t)tags->n_tags;
}
