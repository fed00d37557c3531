/* SPDX-License-Identifier: MIT
 *
 * hash.c - SipHash-1-3 over bytes, and the key. Hosted, like own.c: the key is the 16 random
 * bytes that Linux gives each process that it starts (AT_RANDOM), so that there is neither a
 * system call nor a variable of ours.
 */
#include "core/hash.h"

#include <string.h>
#include <sys/auxv.h>

struct pv_hash_key pv_hash_key(void)
{
    struct pv_hash_key key = {0};
    const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
    if (random) {
        memcpy(&key, random, sizeof key);
    }
    return key;
}

uint64_t pv_hash_bytes(const struct pv_hash_key *key, const void *bytes, size_t n)
{
    struct pv_hash_state state = pv_hash_begin(key);
    const unsigned char *at = bytes;
    size_t left = n;
    for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word = 0;
        for (unsigned i = 0; i < sizeof word; ++i) {
            word |= (uint64_t)at[i] << 8 * i;
        }
        pv_hash_word(&state, word);
    }
    uint64_t last = (uint64_t)n << 56;
    for (size_t i = 0; i < left; ++i) {
        last |= (uint64_t)at[i] << 8 * i;
    }
    pv_hash_word(&state, last);
    return pv_hash_end(&state);
}
