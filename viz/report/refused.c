/* SPDX-License-Identifier: MIT
 *
 * refused.c - see refused.h. The rows are the timeline's; their count is that of its statistics.
 */
#include "viz/report/refused.h"

#include "viz/text/units.h"

enum { SHOWN = 10 };

void pv_refused_text(const char *engine, const struct pv_timeline *timeline, FILE *out)
{
    size_t n;
    const struct pv_refused_row *rows = pv_timeline_refused(timeline, &n);
    size_t shown = n < SHOWN ? n : SHOWN;
    if (!n) {
        return;
    }
    char count[PV_UNIT_TEXT];
    fprintf(out, "\nRefused by %s (the first %zu of %s)\n", engine, shown,
            pv_units_count(count, pv_timeline_stats(timeline)->n_failed));
    fprintf(out, "  %10s %10s %10s %12s  %-13s  %s\n", "event", "bytes", "free", "largest hole",
            "why", "tag");
    for (size_t i = 0; i < shown; i++) {
        char a[PV_UNIT_TEXT];
        char b[PV_UNIT_TEXT];
        char c[PV_UNIT_TEXT];
        char d[PV_UNIT_TEXT];
        const char *tag = pv_tags_text(pv_timeline_tags(timeline), rows[i].tag);
        fprintf(out, "  %10s %10s %10s %12s  %-13s  %s\n",
                pv_units_count(a, (uint64_t)rows[i].event), pv_units_bytes(b, rows[i].bytes),
                pv_units_bytes(c, rows[i].refusal.free_bytes),
                pv_units_bytes(d, rows[i].refusal.largest), pv_why_name(rows[i].refusal.why),
                *tag ? tag : "(no tag)");
    }
}

void pv_refused_json(struct pv_json_out *out, const struct pv_timeline *timeline)
{
    size_t n;
    const struct pv_refused_row *rows = pv_timeline_refused(timeline, &n);
    pv_json_newline(out, 3);
    pv_json_key(out, "refused");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < n; i++) {
        pv_json_newline(out, 4);
        pv_json_begin(out, '{');
        pv_emit_event(out, "event", rows[i].event);
        pv_emit_text(out, "tag", pv_tags_text(pv_timeline_tags(timeline), rows[i].tag));
        pv_emit_integer(out, "size", rows[i].bytes);
        pv_emit_integer(out, "free_bytes", rows[i].refusal.free_bytes);
        pv_emit_integer(out, "largest_free_bytes", rows[i].refusal.largest);
        pv_emit_text(out, "why", pv_why_name(rows[i].refusal.why));
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}
