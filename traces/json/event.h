/* SPDX-License-Identifier: MIT
 *
 * event.h - a JSON object becomes an event of trace.json, version 1. Internal to traces/.
 */
#ifndef PV_JSON_EVENT_H
#define PV_JSON_EVENT_H

#include "traces/event.h"
#include "traces/json/span.h"

/* Room for the texts of one event that had to be cleaned. */
struct pv_event_texts {
    char name[PV_EVENT_NAME_MAX + 1];
    char id[3 * PV_EVENT_ID_MAX + 1]; /* a byte becomes three at most */
    char frames[16 * 1024];           /* what does not fit is left off, the innermost kept */
    size_t n_frames;                  /* bytes of it in use */
    const char *stack[PV_EVENT_STACK_MAX];
    const char *const *header_frames; /* clean; set by whoever read the header */
    size_t n_header_frames;
};

/* What is wrong with an object: the member's value it lies in (NULL: none) and a clean
 * sentence. */
struct pv_event_error {
    const char *at;
    char text[128];
};

/* The event's texts are in the value, which is not to be looked at again, or in *texts and die
 * with either. PV_EFORMAT. */
int pv_json_event(const struct pv_json_span *value, struct pv_event_texts *texts,
                  struct pv_trace_event *ret_event, struct pv_event_error *ret_error);

#endif
