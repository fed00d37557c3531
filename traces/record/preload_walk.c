/* SPDX-License-Identifier: MIT
 *
 * preload_walk.c - who asks: the present call stack as a node.
 *
 * Each thread's last stack is kept, with the address of every return address on it:
 *
 *   levels   0 outermost        ...            n - 1: who called the hook
 *            { slot, pc }  { slot, pc }        slot: where pc lies on the stack
 *
 * A walk goes outward from the hook, frame by frame, until it meets a level that it has seen:
 * the same slot with the same return address and the same frame pointer. From there outward the
 * rules are the same, so the slots are; if they hold what they held, and so do the words from
 * which frame pointers are restored, the rest of the stack is the same, frame for frame, and
 * has a node already. Mostly that is so at once, and nothing is unwound: one comparison a frame.
 *
 * Of very deep stacks the innermost levels are kept; what is further out is taken to be as it
 * was. A stack with a signal's frame in it is walked whole and not kept. One with a frame that
 * pv_unwind_of cannot describe is walked by libgcc, as is every stack on other processors.
 *
 * The levels are kept in a fixed number of places, shared by threads whose numbers fall together:
 * a thread that finds its place in use, by another or by itself below a signal handler, walks
 * without it.
 */
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#include "traces/record/preload.h"
#include "traces/record/preload_frame.h"

enum {
    LEVELS_MAX = 320,
    NEW_MAX = 192, /* frames of one walk before it meets a level; further out: left off */
    FEW_MAX = 16,  /* of a walk that has no place: it may stand on a handler's small stack */
    N_PLACES = 64,
    REFUSED_MAX = 64,
    LIBGCC_MAX = 64 /* frames of a walk by libgcc */
};

struct level {
    uintptr_t slot, pc, bp; /* pc: the return address; bp: the frame pointer at it */
    uintptr_t bp_slot;      /* where the next outer level's bp lies; 0: it is the same */
    uint32_t node;
};

struct fresh {
    uintptr_t slot, pc, bp, bp_slot;
    uint32_t frame;
};

struct place {
    _Atomic uint32_t user; /* a thread's number; 0: free */
    unsigned n_refused;    /* times that its user was refused it from further out */
    unsigned n_entered;
    uintptr_t user_sp; /* of its user's hook */
    uint32_t owner;    /* whose levels these are */
    unsigned n;
    struct level levels[LEVELS_MAX];
    struct fresh fresh[NEW_MAX];
};

static struct place places[N_PLACES];

struct walk {
    struct place *place; /* NULL: none to be had */
    struct fresh *fresh;
    unsigned n_fresh, n_fresh_max;
    unsigned met; /* levels that still hold, from the outermost */
    bool has_signal, other;
};

static uintptr_t word_at(uintptr_t addr)
{
    uintptr_t word;
    memcpy(&word, (const void *)addr, sizeof word);
    return word;
}

/* Whether all that is further out than a level is as it was. */
static bool still_holds(const struct level *levels, unsigned at)
{
    for (unsigned i = at; i > 0; i--) {
        const struct level *inner = &levels[i], *outer = &levels[i - 1];
        if (word_at(outer->slot) != outer->pc ||
            (inner->bp_slot && word_at(inner->bp_slot) != outer->bp)) {
            return false;
        }
    }
    return true;
}

/* Levels above the first `*at` lie further in than the slot and are of no use to this walk. */
static bool meets(const struct place *place, unsigned *at, const struct fresh *frame)
{
    while (*at && place->levels[*at - 1].slot < frame->slot) {
        --*at;
    }
    if (!*at) {
        return false;
    }
    const struct level *level = &place->levels[*at - 1];
    return level->slot == frame->slot && level->pc == frame->pc && level->bp == frame->bp &&
           still_holds(place->levels, *at - 1);
}

#ifdef __x86_64__

/* The frame that was interrupted by a signal; `slot` holds the address of the signal's end. */
static void leave_signal(uintptr_t slot, struct fresh *frame, uintptr_t *sp)
{
    const ucontext_t *context = (const ucontext_t *)(slot + sizeof slot);
    frame->slot = 0;
    frame->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP] + 1;
    frame->bp = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
    *sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

#else

static void leave_signal(uintptr_t slot, struct fresh *frame, uintptr_t *sp)
{
    (void)slot;
    (void)sp;
    frame->pc = 0;
}

#endif

/* From a frame to its caller. `sp` is the stack pointer at `frame->pc`. False: there is none. */
static bool step_out(struct fresh *frame, uintptr_t *sp, struct pv_unwind rule)
{
    uintptr_t cfa = *sp + (uintptr_t)(intptr_t)rule.offset;
    if (rule.kind == PV_UNWIND_BP || rule.kind == PV_UNWIND_BP_AT) {
        cfa = frame->bp + (uintptr_t)(intptr_t)rule.offset;
        if (rule.kind == PV_UNWIND_BP_AT) {
            cfa = word_at(cfa);
        }
    }
    if (cfa <= *sp || cfa % sizeof cfa) {
        return false;
    }
    if (rule.saves_bp) {
        frame->bp = word_at(cfa + (uintptr_t)(intptr_t)rule.bp_offset);
    }
    *sp = cfa;
    frame->slot = cfa - sizeof cfa;
    frame->pc = word_at(frame->slot);
    return frame->pc != 0;
}

/* Outward from the hook's frame until a level is met, into `fresh`. */
static void walk_out(struct walk *walk, void *hook)
{
    struct fresh frame = {.slot = (uintptr_t)hook + sizeof(void *),
                          .bp = word_at((uintptr_t)hook)};
    unsigned at = walk->place ? walk->place->n : 0;
    uintptr_t sp = frame.slot + sizeof(void *);
    frame.pc = word_at(frame.slot);
    while (walk->n_fresh < walk->n_fresh_max) {
        uint64_t packed;
        if (at && !walk->has_signal && meets(walk->place, &at, &frame)) {
            walk->met = at;
            return;
        }
        struct fresh *next = &walk->fresh[walk->n_fresh++];
        *next = frame;
        next->bp_slot = 0;
        next->frame = pv_preload_frame(frame.pc - 1, &packed);
        struct pv_unwind rule = pv_unwind_unpack(packed);
        if (rule.kind == PV_UNWIND_OTHER) {
            walk->other = true;
            return;
        }
        if (rule.kind == PV_UNWIND_END) {
            return;
        }
        if (rule.kind == PV_UNWIND_SIGNAL) {
            next->frame = pv_preload_frame(frame.pc, &packed); /* nobody has called it */
            walk->has_signal = true;
            leave_signal(frame.slot, &frame, &sp);
        } else if (!step_out(&frame, &sp, rule)) {
            return;
        } else if (rule.saves_bp) {
            next->bp_slot = sp + (uintptr_t)(intptr_t)rule.bp_offset;
        }
    }
}

/* Forgets the outermost levels when there is no room for the new ones. */
static void make_room(struct place *place, unsigned n)
{
    if (place->n + n > LEVELS_MAX) {
        unsigned gone = place->n + n - LEVELS_MAX;
        place->n -= gone;
        memmove(place->levels, place->levels + gone, place->n * sizeof place->levels[0]);
    }
}

static uint32_t keep(struct walk *walk)
{
    const struct fresh *fresh = walk->fresh;
    struct place *place = walk->place;
    bool kept = place && !walk->has_signal;
    uint32_t node = 0;
    if (place) {
        place->n = kept ? walk->met : 0;
        node = place->n ? place->levels[place->n - 1].node : 0;
        make_room(place, walk->n_fresh);
    }
    for (unsigned i = walk->n_fresh; i-- > 0;) {
        node = pv_preload_node(node, fresh[i].frame);
        if (kept) {
            place->levels[place->n++] = (struct level){.slot = fresh[i].slot,
                                                       .pc = fresh[i].pc,
                                                       .bp = fresh[i].bp,
                                                       .bp_slot = fresh[i].bp_slot,
                                                       .node = node};
        }
    }
    return node;
}

/* ---- by libgcc ---- */

struct libgcc_walk {
    uintptr_t pcs[LIBGCC_MAX];
    unsigned n;
};

/* A return address points behind its call, perhaps into the next function: less one. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *ctx)
{
    struct libgcc_walk *walk = ctx;
    int before = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &before);
    if (!pc || walk->n == LIBGCC_MAX) {
        return _URC_END_OF_STACK;
    }
    walk->pcs[walk->n++] = before ? pc : pc - 1;
    return _URC_NO_REASON;
}

static __attribute__((noinline)) uint32_t walk_by_libgcc(void)
{
    struct libgcc_walk walk = {.n = 0};
    _Unwind_Backtrace(step, &walk);
    uint32_t node = 0;
    while (walk.n > 0) {
        uint64_t rule;
        node = pv_preload_node(node, pv_preload_frame(walk.pcs[--walk.n], &rule));
    }
    return node;
}

/* ---- the place of a thread ---- */

/* A hook that was left by longjmp from a signal handler leaves its place in use. Who stands
 * further out than it did, again and again, takes the place over: that one is gone, or, if a
 * handler on another stack has deceived us, sees by n_entered that it must walk once more. */
static bool takes_over(struct place *place, uintptr_t sp)
{
    place->n_refused = sp > place->user_sp ? place->n_refused + 1 : 0;
    return place->n_refused > REFUSED_MAX;
}

static struct place *enter(uintptr_t sp)
{
    uint32_t thread = pv_preload_thread();
    struct place *place = &places[thread % N_PLACES];
    uint32_t user = 0;
    if (!atomic_compare_exchange_strong_explicit(&place->user, &user, thread,
                                                 memory_order_acquire, memory_order_relaxed) &&
        (user != thread || !takes_over(place, sp))) {
        return NULL;
    }
    place->user_sp = sp;
    place->n_refused = 0;
    place->n_entered++;
    if (place->owner != thread) {
        place->owner = thread;
        place->n = 0;
    }
    return place;
}

static __attribute__((noinline)) uint32_t walk_few(void *hook)
{
    struct fresh few[FEW_MAX];
    struct walk walk = {.fresh = few, .n_fresh_max = FEW_MAX};
    walk_out(&walk, hook);
    return walk.other ? walk_by_libgcc() : keep(&walk);
}

static uint32_t walk_whole(void *hook)
{
    struct place *place = enter((uintptr_t)hook);
    if (!place) {
        return walk_few(hook);
    }
    struct walk walk = {.place = place, .fresh = place->fresh, .n_fresh_max = NEW_MAX};
    unsigned n_entered = place->n_entered;
    uint32_t node;
    walk_out(&walk, hook);
    if (place->n_entered != n_entered) {
        return walk_few(hook);
    }
    if (walk.other) {
        place->n = 0;
        node = walk_by_libgcc();
    } else {
        node = keep(&walk);
    }
    atomic_store_explicit(&place->user, 0, memory_order_release);
    return node;
}

static uint32_t walk_caller(void *hook)
{
    uint64_t rule;
    uintptr_t pc = word_at((uintptr_t)hook + sizeof(void *)) - 1;
    return pv_preload_node(0, pv_preload_frame(pc, &rule));
}

uint32_t pv_preload_walk(void *hook)
{
    return pv_preload_depth() ? walk_whole(hook) : walk_caller(hook);
}
