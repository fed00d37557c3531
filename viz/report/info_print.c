/* SPDX-License-Identifier: MIT
 *
 * info_print.c - what info.c counted, as text and as JSON.
 */
#include <inttypes.h>

#include "viz/report/info.h"
#include "viz/report/refused.h"
#include "viz/text/emit.h"
#include "viz/text/units.h"

enum { LABEL = 20, BAR = 40 };

enum { PLACE_TEXT = 64 };

/* "3:14", or "byte 512" of a format without lines. */
static const char *place_text(char *buf, const struct pv_info_place *place)
{
    if (place->line) {
        snprintf(buf, PLACE_TEXT, "%" PRIu64 ":%" PRIu64, place->line, place->column);
    } else {
        snprintf(buf, PLACE_TEXT, "byte %" PRIu64, place->byte);
    }
    return buf;
}

/* ---- text ---- */

/* "event 4 (5:1), 7 (8:1), ..." */
static void text_places(const struct pv_info_places *places, FILE *out)
{
    char text[PLACE_TEXT];
    for (size_t i = 0; i < places->n && i < PV_INFO_FIRST; i++) {
        const struct pv_info_place *place = &places->first[i];
        fprintf(out, "%s %" PRId64 " (%s)", i ? "," : "event", place->event,
                place_text(text, place));
    }
    fputs(places->n > PV_INFO_FIRST ? ", ...\n" : "\n", out);
}

static void text_head(const struct pv_info *info, FILE *out)
{
    const struct pv_trace_header *header = info->header;
    fprintf(out, "%s%s\n", info->path, info->damaged ? " (damaged: its good part)" : "");
    fprintf(out, "%-*s%s\n", LABEL, "program", *header->program ? header->program : "not said");
    fprintf(out, "%-*s%s%s%s\n", LABEL, "format", header->format,
            *header->packing ? ", packed with " : "", header->packing);
    char text[PV_UNIT_TEXT];
    fprintf(out, "%-*s%s:", LABEL, "events", pv_units_count(text, info->n_events));
    const char *comma = "";
    for (unsigned op = 0; op < PV_N_OPS; op++) {
        if (info->ops[op]) {
            fprintf(out, "%s %s %s", comma, pv_units_count(text, info->ops[op]),
                    pv_op_name(op));
            comma = ",";
        }
    }
    fprintf(out, "\n%-*s", LABEL, "blocks are named by");
    if (info->ids[PV_ID_TEXT] && info->ids[PV_ID_NUMBER]) {
        fputs("numbers and texts\n", out);
    } else {
        fputs(info->ids[PV_ID_TEXT] ? "texts\n" : "numbers\n", out);
    }
}

static void text_time(const struct pv_info *info, FILE *out)
{
    char text[PV_UNIT_TEXT];
    if (info->has_times) {
        fprintf(out, "%-*s%s", LABEL, "time", pv_units_count(text, info->t_first));
        fprintf(out, " to %s %s\n", pv_units_count(text, info->t_last),
                *info->header->clock ? info->header->clock : "(no unit given)");
        if (info->backward.n) {
            fprintf(out, "%-*sgoes back %s, at ", LABEL, "",
                    pv_units_of(text, info->backward.n, "time"));
            text_places(&info->backward, out);
        }
    } else {
        fprintf(out, "%-*snone recorded\n", LABEL, "time");
    }
    if (info->n_threads) {
        fprintf(out, "%-*s%s%s\n", LABEL, "threads", pv_units_count(text, info->n_threads),
                info->n_threads == PV_INFO_THREADS_MAX ? " or more" : "");
    } else {
        fprintf(out, "%-*snone recorded\n", LABEL, "threads");
    }
}

static void text_live(const struct pv_info *info, FILE *out)
{
    const struct pv_live *who = &info->who;
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    char c[PV_UNIT_TEXT];
    fprintf(out, "%-*s%s in %s\n", LABEL, "requested in all",
            pv_units_bytes(a, info->request_bytes),
            pv_units_of(b, info->n_requests, "request"));
    uint64_t absurd = 0;
    for (unsigned i = PV_DOUBT_BITS + 1; i < PV_INFO_SIZES; i++) {
        absurd += info->sizes[i];
    }
    if (absurd) {
        fprintf(
            out,
            "%-*s%s of them for 128 TiB or more, which no process can have: the sizes may not "
            "be sizes\n",
            LABEL, "", pv_units_count(a, absurd));
    }
    fprintf(out, "%-*s%s in %s", LABEL, "most live at once", pv_units_bytes(a, who->peak_bytes),
            pv_units_of(b, who->peak_blocks, "block"));
    if (who->peak_event >= 0) {
        fprintf(out, ", after event %s", pv_units_count(c, (uint64_t)who->peak_event));
    }
    fprintf(out, "\n%-*s%s in %s\n", LABEL, "live at the end",
            pv_units_bytes(a, who->bytes_now), pv_units_of(b, who->blocks_now, "block"));
    if (who->n_failed) {
        fprintf(out,
                "%-*s%s for %s in all (too large for any heap, or a flag that cannot be "
                "served)\n",
                LABEL, "refused requests", pv_units_count(a, who->n_failed),
                pv_units_bytes(b, who->failed_bytes));
    }
}

static void text_sizes(const struct pv_info *info, FILE *out)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < PV_INFO_SIZES; i++) {
        most = info->sizes[i] > most ? info->sizes[i] : most;
    }
    if (!most) {
        return;
    }
    fprintf(out, "\nSizes of requests\n  %21s %12s %10s\n", "bytes", "requests", "in all");
    for (unsigned i = 0; i < PV_INFO_SIZES; i++) {
        if (!info->sizes[i]) {
            continue;
        }
        char range[48];
        char low[PV_UNIT_TEXT];
        char high[PV_UNIT_TEXT];
        char n[PV_UNIT_TEXT];
        char bytes[PV_UNIT_TEXT];
        uint64_t from = i ? UINT64_C(1) << (i - 1) : 0;
        uint64_t to = i < 64 ? (UINT64_C(1) << i) - 1 : UINT64_MAX;
        if (from == to || i > 40) {
            snprintf(range, sizeof range, "%s%s", i > 40 ? "from " : "",
                     pv_units_count(low, from));
        } else {
            snprintf(range, sizeof range, "%s - %s", pv_units_count(low, from),
                     pv_units_count(high, to));
        }
        fprintf(out, "  %21s %12s %10s  ", range, pv_units_count(n, info->sizes[i]),
                pv_units_bytes(bytes, info->size_bytes[i]));
        unsigned length = (unsigned)((double)info->sizes[i] / (double)most * BAR + 0.999);
        for (unsigned j = 0; j < length && j < BAR; j++) {
            fputc('#', out);
        }
        fputc('\n', out);
    }
}

static void text_tags(const char *title, const struct pv_tally *tally, size_t top, FILE *out)
{
    size_t n = tally->n < top ? tally->n : top;
    if (!n) {
        return;
    }
    fprintf(out, "\n%s (%zu of %zu tags)\n  %10s %12s %10s  tag\n", title, n, tally->n, "bytes",
            "blocks", "average");
    for (size_t i = 0; i < n; i++) {
        const struct pv_tally_row *row = &tally->rows[i];
        char a[PV_UNIT_TEXT];
        char b[PV_UNIT_TEXT];
        char c[PV_UNIT_TEXT];
        fprintf(out, "  %10s %12s %10s  %s\n", pv_units_bytes(a, row->bytes),
                pv_units_count(b, row->blocks), pv_units_bytes(c, row->bytes / row->blocks),
                *row->text ? row->text : "(no tag)");
    }
}

static void text_mistakes(const struct pv_info *info, FILE *out)
{
    char text[PV_UNIT_TEXT];
    uint64_t n_all = info->who.n_faults;
    if (!n_all) {
        fputs("\nFaults of the program: none\n", out);
        return;
    }
    fprintf(out, "\nFaults of the program: %s\n", pv_units_count(text, n_all));
    for (unsigned i = 0; i < PV_N_MISTAKES; i++) {
        const struct pv_info_places *places = &info->mistakes[i];
        if (places->n) {
            fprintf(out, "  %-18s %6s  at ", pv_mistake_name(i),
                    pv_units_count(text, places->n));
            text_places(places, out);
        }
    }
}

static void text_replays(const struct pv_info *info, FILE *out)
{
    for (size_t i = 0; i < info->n_replays; i++) {
        const struct pv_info_replay *replay = &info->replays[i];
        pv_refused_text(replay->engine, replay->timeline, out);
        if (!pv_timeline_stats(replay->timeline)->n_failed) {
            fprintf(out, "\nRefused by %s: no request\n", replay->engine);
        }
    }
}

void pv_info_text(const struct pv_info *info, size_t top, FILE *out)
{
    text_head(info, out);
    text_time(info, out);
    text_live(info, out);
    text_sizes(info, out);
    text_tags("Who asked for the most, over the whole trace", &info->allocated, top, out);
    text_tags("Who holds what is live at the end", &info->live, top, out);
    text_mistakes(info, out);
    text_replays(info, out);
    pv_info_text_account(info->account, out);
}

/* ---- JSON ---- */

static void json_head(struct pv_json_out *out, const struct pv_info *info)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "trace");
    pv_json_begin(out, '{');
    pv_emit_text(out, "path", info->path);
    pv_emit_text(out, "program", info->header->program);
    pv_emit_text(out, "format", info->header->format);
    pv_emit_text(out, "packing", info->header->packing);
    pv_emit_text(out, "clock", info->header->clock);
    pv_emit_bool(out, "damaged", info->damaged);
    pv_json_end(out, '}');
    pv_json_newline(out, 1);
    pv_json_key(out, "events");
    pv_json_begin(out, '{');
    pv_emit_integer(out, "all", info->n_events);
    for (unsigned op = 0; op < PV_N_OPS; op++) {
        pv_emit_integer(out, pv_op_name(op), info->ops[op]);
    }
    pv_json_end(out, '}');
    pv_json_newline(out, 1);
    pv_json_key(out, "ids");
    pv_json_begin(out, '{');
    pv_emit_integer(out, "number", info->ids[PV_ID_NUMBER]);
    pv_emit_integer(out, "text", info->ids[PV_ID_TEXT]);
    pv_emit_integer(out, "null", info->ids[PV_ID_NULL]);
    pv_json_end(out, '}');
}

static void json_sizes(struct pv_json_out *out, const struct pv_info *info)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "requests");
    pv_json_begin(out, '{');
    pv_emit_integer(out, "count", info->n_requests);
    pv_emit_integer(out, "bytes", info->request_bytes);
    pv_json_key(out, "sizes");
    pv_json_begin(out, '[');
    for (unsigned i = 0; i < PV_INFO_SIZES; i++) {
        if (info->sizes[i]) {
            pv_json_newline(out, 2);
            pv_json_begin(out, '{');
            pv_emit_integer(out, "from", i ? UINT64_C(1) << (i - 1) : 0);
            pv_emit_integer(out, "to", i < 64 ? (UINT64_C(1) << i) - 1 : UINT64_MAX);
            pv_emit_integer(out, "requests", info->sizes[i]);
            pv_emit_integer(out, "bytes", info->size_bytes[i]);
            pv_json_end(out, '}');
        }
    }
    pv_json_end(out, ']');
    pv_json_end(out, '}');
}

static void json_tags(struct pv_json_out *out, const struct pv_tally *tally, size_t top)
{
    pv_emit_integer(out, "n_tags", tally->n);
    pv_json_key(out, "tags");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < tally->n && i < top; i++) {
        pv_json_newline(out, 2);
        pv_json_begin(out, '{');
        pv_emit_text(out, "name", tally->rows[i].text);
        pv_emit_integer(out, "blocks", tally->rows[i].blocks);
        pv_emit_integer(out, "bytes", tally->rows[i].bytes);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}

static void json_moment(struct pv_json_out *out, const char *key, int64_t event, uint64_t bytes,
                        uint64_t blocks)
{
    pv_json_newline(out, 1);
    pv_json_key(out, key);
    pv_json_begin(out, '{');
    pv_emit_event(out, "event", event);
    pv_emit_integer(out, "live_bytes", bytes);
    pv_emit_integer(out, "live_blocks", blocks);
}

/* Where each event stands in the file: texts, as in error messages. */
static void json_places(struct pv_json_out *out, const struct pv_info_places *places)
{
    char text[PLACE_TEXT];
    size_t n = places->n < PV_INFO_FIRST ? (size_t)places->n : PV_INFO_FIRST;
    pv_json_key(out, "first_events");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < n; i++) {
        pv_json_put_integer(out, (uint64_t)places->first[i].event);
    }
    pv_json_end(out, ']');
    pv_json_key(out, "first_places");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < n; i++) {
        pv_json_put_text(out, place_text(text, &places->first[i]));
    }
    pv_json_end(out, ']');
}

static void json_time(struct pv_json_out *out, const struct pv_info *info)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "time");
    if (info->has_times) {
        pv_json_begin(out, '{');
        pv_emit_integer(out, "first", info->t_first);
        pv_emit_integer(out, "last", info->t_last);
        pv_emit_integer(out, "backward", info->backward.n);
        json_places(out, &info->backward);
        pv_json_end(out, '}');
    } else {
        pv_json_put_null(out);
    }
    pv_emit_integer(out, "threads", info->n_threads);
}

static void json_mistakes(struct pv_json_out *out, const struct pv_info *info)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "faults");
    pv_json_begin(out, '{');
    pv_emit_integer(out, "all", info->who.n_faults);
    pv_json_key(out, "kinds");
    pv_json_begin(out, '[');
    for (unsigned i = 0; i < PV_N_MISTAKES; i++) {
        if (info->mistakes[i].n) {
            pv_json_newline(out, 2);
            pv_json_begin(out, '{');
            pv_emit_text(out, "kind", pv_mistake_name(i));
            pv_emit_integer(out, "count", info->mistakes[i].n);
            json_places(out, &info->mistakes[i]);
            pv_json_end(out, '}');
        }
    }
    pv_json_end(out, ']');
    pv_json_end(out, '}');
}

/* Only where a heap was asked for: the count of all refusals, and the first of them. */
static void json_replays(struct pv_json_out *out, const struct pv_info *info)
{
    if (!info->n_replays) {
        return;
    }
    pv_json_newline(out, 1);
    pv_json_key(out, "replays");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < info->n_replays; i++) {
        const struct pv_info_replay *replay = &info->replays[i];
        const struct pv_stats *stats = pv_timeline_stats(replay->timeline);
        pv_json_newline(out, 2);
        pv_json_begin(out, '{');
        pv_emit_text(out, "engine", replay->engine);
        pv_emit_integer(out, "failed", stats->n_failed);
        pv_emit_integer(out, "failed_bytes", stats->failed_bytes);
        pv_refused_json(out, replay->timeline);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}

void pv_info_json(const struct pv_info *info, size_t top, FILE *file)
{
    const struct pv_live *who = &info->who;
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    pv_json_begin(&out, '{');
    pv_emit_text(&out, "format", "pebbleviz-info");
    pv_emit_integer(&out, "version", 1);
    json_head(&out, info);
    json_time(&out, info);
    json_sizes(&out, info);
    pv_json_newline(&out, 1);
    pv_json_key(&out, "allocated");
    pv_json_begin(&out, '{');
    json_tags(&out, &info->allocated, top);
    pv_json_end(&out, '}');
    json_moment(&out, "peak", who->peak_event, who->peak_bytes, who->peak_blocks);
    pv_json_end(&out, '}');
    json_moment(&out, "end", who->event, who->bytes_now, who->blocks_now);
    json_tags(&out, &info->live, top);
    pv_json_end(&out, '}');
    pv_emit_integer(&out, "refused", who->n_failed);
    pv_emit_integer(&out, "refused_bytes", who->failed_bytes);
    json_mistakes(&out, info);
    pv_info_json_account(&out, info->account);
    json_replays(&out, info);
    pv_json_end(&out, '}');
    fputc('\n', file);
}
