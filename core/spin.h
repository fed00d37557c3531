/* SPDX-License-Identifier: MIT
 *
 * spin.h - 20.3.8: taking and giving back the lock of a heap or a guard: the functions that it
 * was given, or its own spinlock. Built with PV_WITHOUT_SPINLOCK there is no spinlock, so that
 * a machine without atomic exchange needs no library for it. Internal to core/.
 */
#ifndef PV_SPIN_H
#define PV_SPIN_H

#include "core/heap.h"

#ifdef PV_WITHOUT_SPINLOCK
#define PV_SPINLOCK_OF(owner) NULL
#else
#define PV_SPINLOCK_OF(owner) (&(owner)->spinlock)

/* Sets the byte; returns whether it was 0. In assembly on aarch64, where compilers would call a
 * library. */
static inline bool pv_spin_try(unsigned char *byte)
{
#ifdef __aarch64__
    unsigned was, failed;
    __asm__ volatile("1: ldaxrb %w0, [%2]\n"
                     "   stxrb %w1, %w3, [%2]\n"
                     "   cbnz %w1, 1b"
                     : "=&r"(was), "=&r"(failed)
                     : "r"(byte), "r"(1)
                     : "memory");
    return !was;
#else
    return !__atomic_test_and_set(byte, __ATOMIC_ACQUIRE);
#endif
}
#endif

static inline void pv_lock_enter(const struct pv_lock *lock, unsigned char *spinlock)
{
    if (lock->lock) {
        lock->lock(lock->ctx);
    }
#ifndef PV_WITHOUT_SPINLOCK
    else if (lock->spins) {
        while (!pv_spin_try(spinlock)) {
        }
    }
#else
    (void)spinlock;
#endif
}

static inline void pv_lock_leave(const struct pv_lock *lock, unsigned char *spinlock)
{
    if (lock->unlock) {
        lock->unlock(lock->ctx);
    }
#ifndef PV_WITHOUT_SPINLOCK
    else if (lock->spins) {
        __atomic_clear(spinlock, __ATOMIC_RELEASE);
    }
#else
    (void)spinlock;
#endif
}

#endif
