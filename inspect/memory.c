/* SPDX-License-Identifier: MIT
 *
 * memory.c - the two memories that need no system: bytes in a buffer, and ranges of this
 * process. Both only compare and copy.
 */
#include "inspect/memory.h"

#include <string.h>

#include "core/status.h"

static int read_bytes(void *ctx, uint64_t addr, void *buf, size_t n)
{
    const struct pv_bytes_memory *bytes = ctx;
    uint64_t offset = addr - bytes->base;
    if (addr < bytes->base || offset > bytes->n || n > bytes->n - offset) {
        return PV_EFAULT;
    }
    if (n > 0) {
        memcpy(buf, bytes->bytes + offset, n);
    }
    return PV_OK;
}

struct pv_memory pv_bytes_memory(struct pv_bytes_memory *bytes)
{
    return (struct pv_memory){.read = read_bytes, .ctx = bytes};
}

/* How many bytes from addr on lie in one range, at most n. */
static size_t readable_at(const struct pv_self_memory *self, uint64_t addr, size_t n)
{
    for (size_t i = 0; i < self->n_ranges; i++) {
        const struct pv_self_range *range = &self->ranges[i];
        uint64_t offset = addr - range->addr;
        if (addr >= range->addr && offset < range->n) {
            return n < range->n - offset ? n : (size_t)(range->n - offset);
        }
    }
    return 0;
}

static int read_self(void *ctx, uint64_t addr, void *buf, size_t n)
{
    const struct pv_self_memory *self = ctx;
    unsigned char *to = buf;
    while (n > 0) {
        size_t piece = readable_at(self, addr, n);
        if (piece == 0) {
            return PV_EFAULT;
        }
        memcpy(to, (const void *)(uintptr_t)addr, piece);
        addr += piece;
        to += piece;
        n -= piece;
    }
    return PV_OK;
}

struct pv_memory pv_self_memory(struct pv_self_memory *self)
{
    return (struct pv_memory){.read = read_self, .ctx = self};
}
