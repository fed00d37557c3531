/* SPDX-License-Identifier: MIT
 *
 * event.h - turns a JSON object into an event of trace.json, version 1. Internal to traces/.
 */
#ifndef PV_JSON_EVENT_H
#define PV_JSON_EVENT_H

#include "traces/event.h"
#include "traces/json/span.h"

/* Room for the texts of one event that had to be cleaned. */
struct pv_event_texts {
    char name[PV_EVENT_NAME_MAX + 1];
    char id[3 * PV_EVENT_ID_MAX + 1]; /* cleaning makes at most three bytes of one */
    char frames[16 * 1024];           /* outer frames that do not fit are left off */
    size_t n_frames;                  /* bytes of it in use */
    const char *stack[PV_EVENT_STACK_MAX];
    const char *const *header_frames; /* clean; set by the reader of the header */
    size_t n_header_frames;
};

/* What is wrong with an object: the first byte of the value at fault (NULL: none), and a clean
 * sentence. */
struct pv_event_error {
    const char *at;
    char text[128];
};

/* Reads an event. Its texts lie in the value, whose text may change and must not be read again,
 * or in *texts; they live as long as both. PV_EFORMAT. */
int pv_json_event(const struct pv_json_span *value, struct pv_event_texts *texts,
                  struct pv_trace_event *ret_event, struct pv_event_error *ret_error);

#endif
