/* SPDX-License-Identifier: MIT
 *
 * fuzz_pvt.c - libFuzzer's mutator for the native format: changes bytes as libFuzzer does, and
 * then, seven times of eight, makes the checksums right again, so that what lies behind them is
 * reached. Linked into that target only (tests/traces/fuzz).
 */
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "traces/pvt/layout.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t cap);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t cap, unsigned seed);

/* Where they stand in a section's head. */
enum { LENGTH = 4, PAYLOAD_SUM = 12, HEAD_SUM = 16 };

static void put_u32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; ++i) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get_u32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint32_t sum(const uint8_t *bytes, size_t n)
{
    return (uint32_t)crc32(0, bytes, (uInt)n);
}

static void mend(uint8_t *bytes, size_t n)
{
    if (n < PV_PVT_MAGIC_BYTES) {
        return;
    }
    memcpy(bytes, pv_pvt_magic, PV_PVT_MAGIC_BYTES);
    size_t at = PV_PVT_MAGIC_BYTES;
    while (n - at >= PV_PVT_HEAD_BYTES) {
        uint8_t *head = bytes + at;
        size_t left = n - at - PV_PVT_HEAD_BYTES;
        uint32_t length = get_u32(head + LENGTH);
        if (length > left) {
            length = (uint32_t)left;
        }
        memcpy(head, "PVT", 3);
        put_u32(head + LENGTH, length);
        put_u32(head + PAYLOAD_SUM, sum(head + PV_PVT_HEAD_BYTES, length));
        put_u32(head + HEAD_SUM, sum(head, HEAD_SUM));
        at += PV_PVT_HEAD_BYTES + length;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t cap, unsigned seed)
{
    n = LLVMFuzzerMutate(bytes, n, cap);
    if (seed % 8) {
        mend(bytes, n);
    }
    return n;
}
