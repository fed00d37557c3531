/* SPDX-License-Identifier: MIT
 *
 * guard.h - optional guards, a layer above a heap: finds what programs do to memory that is not
 * theirs. The heap below knows nothing of it, and a kernel that does not want it leaves it out.
 *
 * A guarded block asks the heap for some bytes more than its caller asked for:
 *
 *   pebble header     | payload                                                        |
 *   +-----------------+-------------------------+-------------+------------------------+
 *   | ... sealed ...  | the caller's bytes      | canary >= 1 | trailer, 24 bytes      |
 *   +-----------------+-------------------------+-------------+------------------------+
 *                     ^ ptr                     ^ + requested  requested, state, seals
 *
 * The trailer is sealed with a checksum keyed by the block's address and a secret of the guard,
 * and seals what of the header stays the same while the block is used and the heap does not
 * judge itself: sent flags, alignment and name. So an overflow by one byte is found in the
 * canary, one that goes on in the trailer or in the header behind it, an underflow in the
 * block's own header, and a header that was forged has no seal. (A canary in front is not
 * possible: the header touches the payload.) A freed block is filled with a pattern and waits
 * in a queue; when it leaves that queue the pattern is verified, so that a write after free is
 * found, and only then the heap gets it back.
 *
 * What it cannot know: a read, beyond the end or after free, or of bytes never written. The
 * fills only make such a read conspicuous.
 *
 * Faults are told to the guard's listeners as PV_EVENT_FAULT; the fault is one of heap.h or one
 * of those below, ptr is the caller's pointer, pebble the block concerned (its name is the
 * tag), requested the bytes asked for. After a fault of the pointer nothing has changed. After
 * a fault of the contents (overflow, sizes that do not match) the block is freed all the same
 * if its header is whole; otherwise it is left alone for good, and the heap stays usable.
 *
 * Before a request is refused the queue is emptied, the oldest block first.
 *
 * Costs: 25 bytes a block at least, up to PV_GUARD_QUEUE_MAX blocks kept back, the fills of
 * every byte twice and one verification; without faults nothing is searched. Freestanding.
 * Every block of the heap must come from its guard and go back to it.
 */
#ifndef PV_GUARD_H
#define PV_GUARD_H

#include "core/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_GUARD_QUEUE_MAX = 256 };

/* Faults that only a guard can tell, numbered on from those of the heap. */
#define PV_GUARD_FAULT(n) ((enum pv_fault)((unsigned)PV_N_FAULTS + (n)))
/* Bytes behind the block were written: its canary or its trailer is damaged. */
#define PV_GUARD_OVERFLOW PV_GUARD_FAULT(0)
/* Its header was changed where only the heap may write. */
#define PV_GUARD_BAD_CHECKSUM PV_GUARD_FAULT(1)
/* It was written while it lay in the queue. Told when it leaves the queue or is checked. */
#define PV_GUARD_WRITE_AFTER_FREE PV_GUARD_FAULT(2)
/* A freed block was given to realloc. */
#define PV_GUARD_REALLOC_FREED PV_GUARD_FAULT(3)
/* A sized free with another size than the block was asked for. */
#define PV_GUARD_SIZE_MISMATCH PV_GUARD_FAULT(4)
/* An aligned free with another alignment. */
#define PV_GUARD_ALIGN_MISMATCH PV_GUARD_FAULT(5)
/* A header that looks sound stands in the middle of another block's payload. */
#define PV_GUARD_FORGED_HEADER PV_GUARD_FAULT(6)
/* More than PTRDIFF_MAX bytes were asked for: a negative or overflown size. */
#define PV_GUARD_HUGE_REQUEST PV_GUARD_FAULT(7)
/* Still in use at the end. */
#define PV_GUARD_LEAK     PV_GUARD_FAULT(8)
#define PV_GUARD_N_FAULTS ((unsigned)PV_N_FAULTS + 9)

struct pv_guard_config {
    bool fill_on_alloc; /* not for PV_FLAG_CLEAR, whose bytes are zero */
    bool fill_on_free;  /* what a write after free is found by */
    bool canary;
    bool checksum;       /* of the header */
    uint32_t queue_size; /* blocks kept back, at most PV_GUARD_QUEUE_MAX; 0: none */
    uint64_t secret;     /* what a forger does not know; random where it matters */
    struct pv_lock lock; /* the guard's own, held while the heap's is taken; not the heap's */
};

/* The caller's storage; the fields are the guard's own. */
struct pv_guard {
    struct pv_heap *heap;
    struct pv_guard_config config;
    struct pv_listener *listeners;
    uint64_t n_faults;
    struct pv_pebble *queue[PV_GUARD_QUEUE_MAX]; /* a ring */
    uint32_t queue_at, n_queued;
#ifndef PV_WITHOUT_SPINLOCK
    unsigned char spinlock;
#endif
};

/* Guards an empty heap. false: the queue is too long, or the heap ignores payloads. */
bool pv_guard_init(struct pv_guard *guard, struct pv_heap *heap,
                   const struct pv_guard_config *config);

/* Empties the queue, verifies every block, and tells each block that is still used as a leak.
 * The heap then belongs to the caller again, with the leaked blocks in it. Returns the number
 * of faults told since init. Takes a zeroed guard. */
uint64_t pv_guard_fini(struct pv_guard *guard);

/* Listeners may read the heap but call neither: both locks may be held. */
void pv_guard_listen(struct pv_guard *guard, struct pv_listener *listener);

/* As pv_heap_alloc and its kin. */
void *pv_guard_alloc(struct pv_guard *guard, const struct pv_request *request);
void *pv_guard_malloc(struct pv_guard *guard, uint64_t size, const char *name);
void *pv_guard_calloc(struct pv_guard *guard, uint64_t count, uint64_t size, const char *name);

/* As pv_heap_realloc, but the block moves whenever the pebble's size changes, unless there is
 * no room for both; so uses of the old pointer are found. After a fault: NULL, and the old
 * block is as it was. */
void *pv_guard_realloc(struct pv_guard *guard, void *ptr, uint64_t size);

/* Returns the fault, PV_FAULT_NONE when there was none. NULL does nothing. */
enum pv_fault pv_guard_free(struct pv_guard *guard, void *ptr);

/* As C23's free_sized and free_aligned_sized, with the size and alignment that the block was
 * requested with. Any other size is a fault, and so is an alignment that rounds to another
 * one. */
enum pv_fault pv_guard_free_sized(struct pv_guard *guard, void *ptr, uint64_t size);
enum pv_fault pv_guard_free_aligned_sized(struct pv_guard *guard, void *ptr, uint32_t alignment,
                                          uint64_t size);

/* The bytes that a used block was requested with; 0: ptr is no used block, or its trailer is
 * damaged. */
uint64_t pv_guard_requested(struct pv_guard *guard, const void *ptr);

/* Verifies every block, used or in the queue, and tells each fault; where a header is damaged
 * it goes on at the next one that is sound. Returns the faults found. O(bytes of the heap). */
uint64_t pv_guard_check(struct pv_guard *guard);

/* One word for any fault of heap.h or of this file: "write-after-free". */
const char *pv_guard_fault_name(enum pv_fault fault);

#ifdef __cplusplus
}
#endif

#endif
