/* SPDX-License-Identifier: MIT
 *
 * event.h - one call of a recorded program, as every format's reader gives it and every engine
 * takes it.
 */
#ifndef PV_TRACE_EVENT_H
#define PV_TRACE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum pv_op { PV_OP_MALLOC, PV_OP_CALLOC, PV_OP_ALIGNED, PV_OP_REALLOC, PV_OP_FREE, PV_OP_MARK };

enum { PV_N_OPS = PV_OP_MARK + 1 };

/* What names a block: a number, a text, or nothing (null). The number 1 and the text "1" are
 * two different blocks. */
struct pv_id {
    enum { PV_ID_NULL, PV_ID_NUMBER, PV_ID_TEXT } kind;
    uint64_t number;
    const char *text; /* PV_ID_TEXT: clean, n bytes and a NUL */
    uint32_t n;
};

enum {
    PV_EVENT_NAME_MAX = 4095, /* bytes of a name; longer ones are cut between characters */
    PV_EVENT_ID_MAX = 1024,   /* bytes of a text id as in the file; longer ones are refused */
    PV_EVENT_STACK_MAX = 256, /* frames; the outer ones are left off */
};

/* Texts are borrowed from the reader and live until its next call. All are clean (text.h). */
struct pv_trace_event {
    enum pv_op op;
    struct pv_id id;
    uint64_t size;    /* bytes requested, 0 to 2^63-1; calloc: of one element */
    uint64_t count;   /* for calloc; else 1 */
    uint64_t align;   /* for aligned; else 0 */
    uint32_t flags;   /* enum pv_flag of core/heap.h, as sent */
    const char *name; /* tag, "" when there is none; the mark's name for a mark */
    bool has_t, has_thread, has_addr, has_old_addr, has_name;
    uint64_t t; /* in units of the header's clock */
    uint64_t thread;
    uint64_t addr, old_addr;
    const char *const *stack; /* n_stack frames, innermost first */
    uint32_t n_stack;
    /* For a writer: not 0 when the caller promises that events with the same number have the
     * same name and the same stack. Readers leave it 0. */
    uint32_t caller;
    /* From a reader: not 0 when it promises that its events with the same number have the same
     * name. The numbers are dense. */
    uint32_t named;
};

/* "malloc", "calloc", …; never NULL for a valid op. */
const char *pv_op_name(enum pv_op op);

/* Bytes requested in all: size, or count * size for calloc. UINT64_MAX when that overflows. */
uint64_t pv_trace_event_bytes(const struct pv_trace_event *event);

/* Can trace.json hold this event? It cannot hold a size beyond 2^63-1, an allocation with the
 * null id, a mark without a name, or flags that have no name (PV_FLAG_ALIGNED without
 * PV_FLAG_PHYSICAL). */
bool pv_trace_event_is_sayable(const struct pv_trace_event *event);

/* The names of the flags of enum pv_flag in traces. Names for several bits come first, so that
 * a writer that goes through the table in order finds the fewest names. */
struct pv_flag_name {
    const char *name;
    uint32_t flags;
};

enum { PV_N_FLAG_NAMES = 9 };

extern const struct pv_flag_name pv_flag_names[PV_N_FLAG_NAMES];

#endif
