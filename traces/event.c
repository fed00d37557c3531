/* SPDX-License-Identifier: MIT
 *
 * event.c - the names of operations and flags, and how many bytes an event asks for.
 */
#include "traces/event.h"

#include <stddef.h>

#include "core/heap.h"

const struct pv_flag_name pv_flag_names[PV_N_FLAG_NAMES] = {
    {"HARDWARE32", PV_FLAG_HARDWARE32}, {"HARDWARE64", PV_FLAG_HARDWARE64},
    {"VIRTUAL", PV_FLAG_VIRTUAL},       {"PHYSICAL", PV_FLAG_PHYSICAL},
    {"CLEAR", PV_FLAG_CLEAR},           {"LOW1MEG", PV_FLAG_LOW1MEG},
    {"LOW16MEG", PV_FLAG_LOW16MEG},     {"LOW4GIG", PV_FLAG_LOW4GIG},
    {"PERSISTENT", PV_FLAG_PERSISTENT},
};

const char *pv_op_name(enum pv_op op)
{
    static const char *const names[PV_N_OPS] = {
        [PV_OP_MALLOC] = "malloc",   [PV_OP_CALLOC] = "calloc", [PV_OP_ALIGNED] = "aligned",
        [PV_OP_REALLOC] = "realloc", [PV_OP_FREE] = "free",     [PV_OP_MARK] = "mark",
    };
    return (unsigned)op < PV_N_OPS ? names[op] : NULL;
}

uint64_t pv_trace_event_bytes(const struct pv_trace_event *event)
{
    if (event->op != PV_OP_CALLOC) {
        return event->size;
    }
    if (event->size && event->count > UINT64_MAX / event->size) {
        return UINT64_MAX;
    }
    return event->count * event->size;
}

/* The bits that no flag name covers. */
static uint32_t nameless_flags(uint32_t flags)
{
    for (size_t i = 0; i < PV_N_FLAG_NAMES; ++i) {
        if ((flags & pv_flag_names[i].flags) == pv_flag_names[i].flags) {
            flags &= ~pv_flag_names[i].flags;
        }
    }
    return flags;
}

bool pv_trace_event_is_sayable(const struct pv_trace_event *event)
{
    bool wants_id = event->op <= PV_OP_ALIGNED;
    return pv_op_name(event->op) && event->size <= INT64_MAX && !nameless_flags(event->flags) &&
           !(wants_id && event->id.kind == PV_ID_NULL) &&
           !(event->op == PV_OP_MARK && !event->has_name);
}
