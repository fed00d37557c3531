/* SPDX-License-Identifier: MIT
 *
 * seen.c - a set of addresses: an open hash table, at most half full, that only grows.
 */
#include "inspect/seen.h"

#include "core/hash.h"
#include "core/own.h"
#include "core/status.h"

enum { FIRST_SLOTS = 64 }; /* a power of two */

/* The addresses may come from a heap that was crafted to make this slow; therefore the hash is
 * keyed. */
static size_t slot_of(const uint64_t *slots, size_t n_slots, uint64_t key)
{
    const struct pv_hash_key secret = pv_hash_key();
    size_t slot = (size_t)pv_hash_number(&secret, key) & (n_slots - 1);
    while (slots[slot] != 0 && slots[slot] != key) {
        slot = (slot + 1) & (n_slots - 1);
    }
    return slot;
}

static int grow(struct pv_seen *seen)
{
    size_t n_slots = seen->n_slots ? seen->n_slots * 2 : FIRST_SLOTS;
    uint64_t *slots = pv_own_calloc(n_slots, sizeof *slots);
    if (!slots) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < seen->n_slots; i++) {
        if (seen->slots[i] != 0) {
            slots[slot_of(slots, n_slots, seen->slots[i])] = seen->slots[i];
        }
    }
    pv_own_free(seen->slots);
    seen->slots = slots;
    seen->n_slots = n_slots;
    return PV_OK;
}

int pv_seen_add(struct pv_seen *seen, uint64_t addr)
{
    uint64_t key = addr + 1;
    if (key == 0) {
        return PV_OK;
    }
    if (2 * (seen->n + 1) > seen->n_slots) {
        int status = grow(seen);
        if (status < 0) {
            return status;
        }
    }
    size_t slot = slot_of(seen->slots, seen->n_slots, key);
    if (seen->slots[slot] == key) {
        return 1;
    }
    seen->slots[slot] = key;
    seen->n++;
    return PV_OK;
}

void pv_seen_fini(struct pv_seen *seen)
{
    pv_own_free(seen->slots);
    *seen = (struct pv_seen){0};
}
