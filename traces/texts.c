/* SPDX-License-Identifier: MIT
 *
 * texts.c - the strings lie one behind the other in chunks that never move; a hash table of
 * their numbers, with open addressing, is at most half full.
 */
#include "traces/texts.h"

#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "core/own.h"
#include "core/status.h"

enum { CHUNK_BYTES = 64 * 1024, SLOTS_FIRST = 64 };

struct entry {
    const char *bytes;
    uint32_t n;
    uint32_t hash;
};

struct chunk {
    struct chunk *next;
    char bytes[];
};

struct pv_texts {
    struct entry *entries;
    size_t n, cap;
    uint32_t *slots; /* number + 1; 0: free */
    size_t n_slots;
    struct chunk *chunks;
    size_t left; /* in the first chunk */
    char *end;   /* where the next string goes */
    uint64_t n_bytes;
    struct pv_hash_key key;
};

static uint32_t hash_of(const struct pv_texts *texts, const void *bytes, size_t n)
{
    return (uint32_t)pv_hash_bytes(&texts->key, bytes, n);
}

static int widen(struct pv_texts *texts)
{
    size_t n_slots = texts->n_slots ? 2 * texts->n_slots : SLOTS_FIRST;
    uint32_t *slots = pv_own_calloc(n_slots, sizeof *slots);
    if (!slots) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < texts->n; ++i) {
        size_t at = texts->entries[i].hash & (n_slots - 1);
        while (slots[at]) {
            at = (at + 1) & (n_slots - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    pv_own_free(texts->slots);
    texts->slots = slots;
    texts->n_slots = n_slots;
    return PV_OK;
}

struct pv_texts *pv_texts_open(void)
{
    struct pv_texts *texts = pv_own_calloc(1, sizeof *texts);
    if (texts && widen(texts) < 0) {
        pv_own_free(texts);
        return NULL;
    }
    if (texts) {
        texts->key = pv_hash_key();
    }
    return texts;
}

void pv_texts_close(struct pv_texts *texts)
{
    if (!texts) {
        return;
    }
    while (texts->chunks) {
        struct chunk *next = texts->chunks->next;
        pv_own_free(texts->chunks);
        texts->chunks = next;
    }
    pv_own_free(texts->entries);
    pv_own_free(texts->slots);
    pv_own_free(texts);
}

/* Room for n bytes and a NUL; it counts as free until `end` moves. */
static char *find_room(struct pv_texts *texts, size_t n)
{
    if (n >= texts->left) {
        size_t cap = n < CHUNK_BYTES ? CHUNK_BYTES : n + 1;
        struct chunk *chunk = pv_own_calloc(1, sizeof *chunk + cap);
        if (!chunk) {
            return NULL;
        }
        chunk->next = texts->chunks;
        texts->chunks = chunk;
        texts->left = cap;
        texts->end = chunk->bytes;
    }
    return texts->end;
}

static int add(struct pv_texts *texts, const void *bytes, size_t n, uint32_t hash, size_t at)
{
    if (texts->n == PV_TEXTS_MAX || n > PV_TEXTS_BYTES - texts->n_bytes) {
        return PV_ELIMIT;
    }
    struct entry *entries = pv_own_room(texts->entries, texts->n, &texts->cap, sizeof *entries);
    if (!entries) {
        return PV_ENOMEM;
    }
    texts->entries = entries;
    char *room = find_room(texts, n);
    if (!room) {
        return PV_ENOMEM;
    }
    if (n) {
        memcpy(room, bytes, n);
    }
    room[n] = '\0';
    texts->end += n + 1;
    texts->left -= n + 1;
    texts->n_bytes += n;
    entries[texts->n] = (struct entry){.bytes = room, .n = (uint32_t)n, .hash = hash};
    texts->slots[at] = (uint32_t)++texts->n;
    return PV_OK;
}

int pv_texts_number(struct pv_texts *texts, const void *bytes, size_t n, uint32_t *ret_number)
{
    if (2 * texts->n >= texts->n_slots && widen(texts) < 0) {
        return PV_ENOMEM;
    }
    uint32_t hash = hash_of(texts, bytes, n);
    size_t at = hash & (texts->n_slots - 1);
    for (; texts->slots[at]; at = (at + 1) & (texts->n_slots - 1)) {
        const struct entry *entry = &texts->entries[texts->slots[at] - 1];
        if (entry->hash == hash && entry->n == n && (!n || !memcmp(entry->bytes, bytes, n))) {
            *ret_number = texts->slots[at] - 1;
            return PV_OK;
        }
    }
    int status = add(texts, bytes, n, hash, at);
    if (status == PV_OK) {
        *ret_number = (uint32_t)texts->n - 1;
    }
    return status;
}

int pv_texts_add(struct pv_texts *texts, const void *bytes, size_t n)
{
    if (2 * texts->n >= texts->n_slots && widen(texts) < 0) {
        return PV_ENOMEM;
    }
    uint32_t hash = hash_of(texts, bytes, n);
    size_t at = hash & (texts->n_slots - 1);
    while (texts->slots[at]) { /* an older equal string stays in front, and is found first */
        at = (at + 1) & (texts->n_slots - 1);
    }
    return add(texts, bytes, n, hash, at);
}

uint32_t pv_texts_count(const struct pv_texts *texts)
{
    return (uint32_t)texts->n;
}

const char *pv_texts_get(const struct pv_texts *texts, uint32_t number, size_t *ret_n)
{
    *ret_n = texts->entries[number].n;
    return texts->entries[number].bytes;
}
