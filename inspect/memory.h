/* SPDX-License-Identifier: MIT
 *
 * memory.h - read bytes of some address space, all or nothing. Never trusts, never writes.
 *
 * To look at something new (a process, a core dump, a guest), write one read function. The walk
 * asks for aligned pieces of 4 KiB where headers stand close together, for single headers where
 * they do not, and copes with a refusal of either.
 */
#ifndef PV_MEMORY_H
#define PV_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* A memory is one function. Processes, cores and guests are further functions. */
struct pv_memory {
    /* n bytes at addr into buf: 0, or PV_EFAULT with buf undefined. No partial reads. */
    int (*read)(void *ctx, uint64_t addr, void *buf, size_t n);
    void *ctx;
};

/* Bytes in a buffer that stand at `base` in the target's address space. For a heap of this
 * process, a buffer that covers the heap's pages is its memory: base is where the target has
 * them. */
struct pv_bytes_memory {
    const unsigned char *bytes;
    uint64_t n;
    uint64_t base;
};

/* The memory refers to `bytes`, which must outlive it. */
struct pv_memory pv_bytes_memory(struct pv_bytes_memory *bytes);

/* This process, every address that the caller vouches for: a list of ranges, in any order. A
 * read may run from one range into another that follows it. */
struct pv_self_memory {
    const struct pv_self_range {
        uint64_t addr, n;
    } * ranges;
    size_t n_ranges;
};

/* The memory refers to `self`, which must outlive it. */
struct pv_memory pv_self_memory(struct pv_self_memory *self);

#endif
