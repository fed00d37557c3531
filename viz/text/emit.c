/* SPDX-License-Identifier: MIT
 *
 * emit.c - each is a key and a value for traces/json/value.h, so that a document's order of
 * keys reads like the document.
 */
#include "viz/text/emit.h"

void pv_emit_integer(struct pv_json_out *out, const char *key, uint64_t value)
{
    pv_json_key(out, key);
    pv_json_put_integer(out, value);
}

void pv_emit_real(struct pv_json_out *out, const char *key, double value)
{
    pv_json_key(out, key);
    pv_json_put_real(out, value);
}

void pv_emit_text(struct pv_json_out *out, const char *key, const char *value)
{
    pv_json_key(out, key);
    pv_json_put_text(out, value);
}

void pv_emit_bool(struct pv_json_out *out, const char *key, bool value)
{
    pv_json_key(out, key);
    pv_json_put_bool(out, value);
}

void pv_emit_address(struct pv_json_out *out, const char *key, uint64_t addr)
{
    pv_json_key(out, key);
    pv_json_put_address(out, addr);
}

void pv_emit_event(struct pv_json_out *out, const char *key, int64_t event)
{
    pv_json_key(out, key);
    if (event < 0) {
        pv_json_put_null(out);
    } else {
        pv_json_put_integer(out, (uint64_t)event);
    }
}
