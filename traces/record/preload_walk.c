/* SPDX-License-Identifier: MIT
 *
 * preload_walk.c - finds the node of the current call stack.
 *
 * The last stack of each thread is kept, with the position of each return address:
 *
 *   levels   0 outermost        ...            n - 1: who called the hook
 *            { slot, pc }  { slot, pc }        slot: where pc lies on the stack
 *
 * A walk goes outward from the hook, frame by frame, until it meets a known level: the same
 * slot with the same return address and the same frame pointer. The unwind rules further out
 * are then the same, and so are the slots; if these still hold the same values, and so do the
 * words from which frame pointers are restored, the rest of the stack is unchanged and has a
 * node already. Mostly the first frame matches, and nothing is unwound: one comparison a frame.
 *
 * For very deep stacks only the innermost levels are kept; frames further out are assumed to be
 * unchanged. A stack with a signal frame is walked whole and not kept. A stack with a frame
 * that pv_unwind_of cannot describe is walked by libgcc, as are all stacks on other processors.
 *
 * The levels are kept in a fixed number of places, chosen by thread number modulo N_PLACES. A
 * thread that finds its place in use, by another thread or by itself below a signal handler,
 * walks without one.
 */
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#include "traces/record/preload.h"
#include "traces/record/preload_frame.h"

enum {
    LEVELS_MAX = 320,
    NEW_MAX = 192, /* frames of one walk before it meets a level; outer ones are left off */
    FEW_MAX = 16,  /* the same without a place: the stack may be a handler's small one */
    N_PLACES = 64,
    REFUSED_MAX = 64,
    LIBGCC_MAX = 64 /* frames of a walk by libgcc */
};

struct level {
    uintptr_t slot, pc, bp; /* pc: return address, at slot; bp: frame pointer at pc */
    uintptr_t bp_slot;      /* where the next outer level's bp is saved; 0: it is unchanged */
    uint32_t node;
};

struct fresh {
    uintptr_t slot, pc, bp, bp_slot;
    uint32_t frame;
};

struct place {
    _Atomic uint32_t user; /* number of the thread that uses it; 0: free */
    unsigned n_refused;    /* times in a row that its user came from further out */
    unsigned n_entered;
    uintptr_t user_sp; /* stack position of the user's hook */
    uint32_t owner;    /* the thread whose levels these are */
    unsigned n;
    struct level levels[LEVELS_MAX];
    struct fresh fresh[NEW_MAX];
};

static struct place places[N_PLACES];

struct walk {
    struct place *place; /* NULL: none could be had */
    struct fresh *fresh;
    unsigned n_fresh, n_fresh_max;
    unsigned met; /* levels that still hold, counted from the outermost */
    bool has_signal, other;
};

static uintptr_t word_at(uintptr_t addr)
{
    uintptr_t word;
    memcpy(&word, (const void *)addr, sizeof word);
    return word;
}

/* Is the stack further out than a level unchanged? */
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

/* Does a frame meet one of the first `*at` levels? Lowers *at past levels further in than the
 * frame. */
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

/* Continues with the frame that the signal interrupted. The kernel's signal frame follows
 * `slot`. */
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

/* Steps from a frame to its caller. `sp` is the stack pointer at `frame->pc`. False: there is
 * none. */
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

/* Walks outward from the hook's frame until a level is met; collects the frames in `fresh`. */
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
            next->frame = pv_preload_frame(frame.pc, &packed); /* not called by any frame */
            walk->has_signal = true;
            leave_signal(frame.slot, &frame, &sp);
        } else if (!step_out(&frame, &sp, rule)) {
            return;
        } else if (rule.saves_bp) {
            next->bp_slot = sp + (uintptr_t)(intptr_t)rule.bp_offset;
        }
    }
}

/* Drops the outermost levels when there is no room for the new ones. */
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

/* A return address is behind the call, perhaps in the next function: take it less one. */
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

/* A hook that a signal handler left by longjmp leaves its place in use. When its thread comes
 * from further out, many times in a row, it takes the place over: the old hook is gone. If a
 * handler on another stack made this a mistake, the old hook sees by n_entered that it must
 * walk again. */
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
