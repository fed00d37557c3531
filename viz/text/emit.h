/* SPDX-License-Identifier: MIT
 *
 * emit.h - a key with its value, the way every JSON document of the command line is written.
 */
#ifndef PV_EMIT_H
#define PV_EMIT_H

#include "traces/json/value.h"

void pv_emit_integer(struct pv_json_out *out, const char *key, uint64_t value);
void pv_emit_real(struct pv_json_out *out, const char *key, double value);
void pv_emit_text(struct pv_json_out *out, const char *key, const char *value);
void pv_emit_bool(struct pv_json_out *out, const char *key, bool value);
void pv_emit_address(struct pv_json_out *out, const char *key, uint64_t addr);

/* null before the first event. */
void pv_emit_event(struct pv_json_out *out, const char *key, int64_t event);

#endif
