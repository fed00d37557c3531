/* SPDX-License-Identifier: MIT
 *
 * hash.h - a hash whose values nobody can know beforehand. Freestanding but for where the key
 * comes from (hash.c).
 *
 * Tables keyed by what a file says (ids, addresses, names) must not be slow for a file that was
 * made to slow them down: a hash without a secret lets whoever writes the file put all keys into
 * one place. This is SipHash-1-3 (Aumasson, Bernstein 2012) with a key that differs from process
 * to process. So no output may depend on the order in which such a table holds its entries.
 */
#ifndef PV_HASH_H
#define PV_HASH_H

#include <stddef.h>
#include <stdint.h>

struct pv_hash_key {
    uint64_t a, b;
};

/* This process's key; the same at every call. A table asks once and keeps it. */
struct pv_hash_key pv_hash_key(void);

uint64_t pv_hash_bytes(const struct pv_hash_key *key, const void *bytes, size_t n);

struct pv_hash_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t pv_hash_turn(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void pv_hash_round(struct pv_hash_state *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = pv_hash_turn(s->v1, 13) ^ s->v0;
    s->v3 = pv_hash_turn(s->v3, 16) ^ s->v2;
    s->v0 = pv_hash_turn(s->v0, 32) + s->v3;
    s->v2 += s->v1;
    s->v1 = pv_hash_turn(s->v1, 17) ^ s->v2;
    s->v3 = pv_hash_turn(s->v3, 21) ^ s->v0;
    s->v2 = pv_hash_turn(s->v2, 32);
}

static inline struct pv_hash_state pv_hash_begin(const struct pv_hash_key *key)
{
    return (struct pv_hash_state){
        .v0 = key->a ^ UINT64_C(0x736f6d6570736575),
        .v1 = key->b ^ UINT64_C(0x646f72616e646f6d),
        .v2 = key->a ^ UINT64_C(0x6c7967656e657261),
        .v3 = key->b ^ UINT64_C(0x7465646279746573),
    };
}

static inline void pv_hash_word(struct pv_hash_state *s, uint64_t word)
{
    s->v3 ^= word;
    pv_hash_round(s);
    s->v0 ^= word;
}

static inline uint64_t pv_hash_end(struct pv_hash_state *s)
{
    s->v2 ^= 0xff;
    pv_hash_round(s);
    pv_hash_round(s);
    pv_hash_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* A number is its eight bytes, the lowest first. Inline, for it stands in the path of every
 * event that is replayed. */
static inline uint64_t pv_hash_number(const struct pv_hash_key *key, uint64_t number)
{
    struct pv_hash_state state = pv_hash_begin(key);
    pv_hash_word(&state, number);
    pv_hash_word(&state, UINT64_C(8) << 56); /* the length, as for any bytes */
    return pv_hash_end(&state);
}

#endif
