/* SPDX-License-Identifier: MIT
 *
 * preload_frame.h - the rule in .eh_frame that locates the caller of a frame, for a place in
 * the code; packed into one word.
 *
 * The CFA is the value of the stack pointer before the return address was pushed. On x86-64 the
 * return address is in the word below it.
 */
#ifndef PV_PRELOAD_FRAME_H
#define PV_PRELOAD_FRAME_H

#include <stdbool.h>
#include <stdint.h>

enum pv_unwind_kind {
    PV_UNWIND_UNKNOWN, /* not looked up */
    PV_UNWIND_SP,      /* CFA = stack pointer + offset */
    PV_UNWIND_BP,      /* CFA = frame pointer + offset */
    PV_UNWIND_BP_AT,   /* CFA = the word at frame pointer + offset */
    PV_UNWIND_SIGNAL,  /* the kernel's frame of a signal handler */
    PV_UNWIND_END,     /* there is no caller, or the place has no description */
    PV_UNWIND_OTHER    /* a rule that this walk does not know */
};

struct pv_unwind {
    enum pv_unwind_kind kind;
    int32_t offset;
    bool
        saves_bp; /* the caller's frame pointer lies at CFA + bp_offset; else it is unchanged */
    int16_t bp_offset;
};

static inline uint64_t pv_unwind_pack(struct pv_unwind rule)
{
    return (uint64_t)(uint32_t)rule.offset << 32 | (uint64_t)(uint16_t)rule.bp_offset << 8 |
           (uint64_t)rule.saves_bp << 7 | (uint64_t)rule.kind;
}

static inline struct pv_unwind pv_unwind_unpack(uint64_t packed)
{
    return (struct pv_unwind){.kind = (enum pv_unwind_kind)(packed & 0x7f),
                              .saves_bp = packed >> 7 & 1,
                              .bp_offset = (int16_t)(packed >> 8),
                              .offset = (int32_t)(packed >> 32)};
}

/* The rule for a place in the code (for a return address pass it less one). Never
 * PV_UNWIND_UNKNOWN. Always PV_UNWIND_OTHER on other processors than x86-64. */
struct pv_unwind pv_unwind_of(uintptr_t pc);

/* Where the function around a place begins; 0: unknown. */
uintptr_t pv_unwind_start(uintptr_t pc);

#endif
