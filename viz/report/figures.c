/* SPDX-License-Identifier: MIT
 *
 * figures.c - gathers the figures and prints them as JSON. The text is figures_text.c.
 */
#include "viz/report/figure_rows.h"

#include "core/status.h"
#include "replay/engine_buddy.h"
#include "viz/report/refused.h"
#include "viz/text/emit.h"

const uint64_t pv_report_sizes[PV_N_REPORT_SIZES] = {64, 256, 1024, 4096, 16384, 65536};

/* The figures of one engine that need its snapshot. */
static void measure(struct pv_report_engine *engine, const struct pv_snapshot *snapshot)
{
    engine->totals = snapshot->totals;
    engine->split = pv_metric_split(snapshot);
    engine->external =
        pv_metric_external(snapshot->totals.largest_free_bytes, snapshot->totals.free_bytes);
    uint64_t block_bytes =
        snapshot->totals.used_bytes + snapshot->totals.n_used * snapshot->pebble_bytes;
    engine->internal = pv_metric_internal(block_bytes, snapshot->totals.requested_bytes);
    engine->fifty_percent = pv_metric_fifty_percent(snapshot);
    for (size_t i = 0; i < PV_N_REPORT_SIZES; i++) {
        engine->availability[i] = pv_metric_availability(snapshot, pv_report_sizes[i]);
    }
}

int pv_report_init(struct pv_report *report, const struct pv_report_subject *subject)
{
    *report = (struct pv_report){.subject = subject, .n_engines = subject->n_engines};
    for (size_t i = 0; i < subject->n_engines; i++) {
        const struct pv_report_run *run = &subject->runs[i];
        struct pv_report_engine *engine = &report->engines[i];
        engine->type = pv_timeline_engine(run->timeline);
        engine->stats = pv_timeline_stats(run->timeline);
        engine->seconds = run->seconds;
        measure(engine, run->snapshot);
    }
    int status = pv_tally_snapshot(&report->tags, subject->runs[0].snapshot);
    if (status == PV_OK) {
        pv_tally_rank(&report->tags, pv_timeline_tags(subject->runs[0].timeline));
    }
    return status;
}

void pv_report_fini(struct pv_report *report)
{
    pv_tally_fini(&report->tags);
}

/* ---- JSON ---- */

static void json_trace(struct pv_json_out *out, const struct pv_report *report)
{
    const struct pv_stats *stats = report->engines[0].stats;
    pv_json_newline(out, 1);
    pv_json_key(out, "trace");
    pv_json_begin(out, '{');
    pv_emit_text(out, "path", report->subject->path);
    pv_emit_text(out, "format", report->subject->format);
    pv_emit_integer(out, "events", stats->n_events);
    pv_emit_integer(out, "allocs", stats->n_allocs);
    pv_emit_integer(out, "frees", stats->n_frees);
    pv_emit_integer(out, "reallocs", stats->n_reallocs);
    pv_emit_integer(out, "faults", stats->n_faults);
    pv_json_newline(out, 2);
    pv_emit_event(out, "peak_event", stats->peak_live.event);
    pv_emit_integer(out, "peak_live_bytes", stats->peak_live.live_bytes);
    pv_emit_integer(out, "peak_live_blocks", stats->peak_live.live_blocks);
    pv_emit_integer(out, "end_live_bytes", stats->now.live_bytes);
    pv_emit_integer(out, "end_live_blocks", stats->now.live_blocks);
    pv_emit_text(out, "packing", report->subject->packing);
    pv_emit_text(out, "program", report->subject->program);
    pv_emit_text(out, "clock", report->subject->clock);
    pv_emit_integer(out, "marks", stats->n_marks);
    pv_emit_integer(out, "most_live_blocks", stats->peak_live_blocks);
    pv_emit_bool(out, "damaged", report->subject->damaged);
    pv_json_end(out, '}');
}

/* The figures of the places `from` to `to`, a line a place. */
static void json_figures(struct pv_json_out *out, const struct pv_report_engine *engine,
                         enum pv_figure_place from, enum pv_figure_place to)
{
    enum pv_figure_place place = from;
    for (size_t i = 0; i < pv_n_figures; i++) {
        const struct pv_figure *figure = &pv_figures[i];
        if (figure->place < from || figure->place > to) {
            continue;
        }
        if (figure->place != place) {
            pv_json_newline(out, 4);
            place = figure->place;
        }
        if (figure->whole) {
            pv_emit_integer(out, figure->key, figure->whole(engine));
        } else {
            pv_emit_real(out, figure->key, figure->real(engine));
        }
    }
}

static void json_at(struct pv_json_out *out, const struct pv_report *report,
                    const struct pv_report_engine *engine)
{
    pv_json_newline(out, 3);
    pv_json_key(out, "at");
    pv_json_begin(out, '{');
    pv_emit_event(out, "event", report->subject->event);
    json_figures(out, engine, PV_FIGURE_BYTES_AT, PV_FIGURE_HOLES_AT);
    pv_json_newline(out, 4);
    pv_json_key(out, "availability");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < PV_N_REPORT_SIZES; i++) {
        pv_json_begin(out, '{');
        pv_emit_integer(out, "size", pv_report_sizes[i]);
        pv_emit_real(out, "share", engine->availability[i]);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
    pv_json_end(out, '}');
}

static void json_engine(struct pv_json_out *out, const struct pv_report *report,
                        const struct pv_report_engine *engine)
{
    pv_json_newline(out, 2);
    pv_json_begin(out, '{');
    pv_emit_text(out, "engine", engine->type->name);
    json_figures(out, engine, PV_FIGURE_OVER_TIME, PV_FIGURE_OVER_TIME);
    pv_refused_json(out, report->subject->runs[engine - report->engines].timeline);
    json_at(out, report, engine);
    pv_json_newline(out, 3);
    pv_json_key(out, "fragmentation");
    pv_json_begin(out, '{');
    json_figures(out, engine, PV_FIGURE_FRAGMENTATION, PV_FIGURE_FRAGMENTATION);
    pv_json_end(out, '}');
    if (report->with_seconds) {
        pv_json_newline(out, 3);
        pv_emit_real(out, "seconds", engine->seconds);
    }
    pv_json_end(out, '}');
}

static void json_tags(struct pv_json_out *out, const struct pv_report *report)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "tags");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < report->tags.n && i < report->top; i++) {
        const struct pv_tally_row *row = &report->tags.rows[i];
        pv_json_newline(out, 2);
        pv_json_begin(out, '{');
        pv_emit_text(out, "name", row->text);
        pv_emit_integer(out, "blocks", row->blocks);
        pv_emit_integer(out, "bytes", row->bytes);
        pv_emit_integer(out, "average_bytes", row->bytes / row->blocks);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}

/* The ranges of memory, [address, bytes] each. */
static void json_machine(struct pv_json_out *out, const struct pv_machine *machine)
{
    pv_json_key(out, "machine");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < machine->n_ranges; i++) {
        pv_json_begin(out, '[');
        pv_json_put_address(out, machine->ranges[i].page * PV_PAGE_BYTES);
        pv_json_put_integer(out, machine->ranges[i].n_pages * PV_PAGE_BYTES);
        pv_json_end(out, ']');
    }
    pv_json_end(out, ']');
}

static void json_options(struct pv_json_out *out, const struct pv_report *report)
{
    const struct pv_engine_options *heap = report->subject->heap;
    pv_json_newline(out, 1);
    pv_json_key(out, "options");
    pv_json_begin(out, '{');
    pv_emit_integer(out, "bucket_size",
                    heap->first_bucket_bytes ? heap->first_bucket_bytes : 65536);
    pv_emit_text(out, "growth", heap->growth == PV_GROWTH_IN_PLACE ? "in-place" : "new-bucket");
    pv_json_key(out, "heap_limit");
    if (heap->limit_bytes) {
        pv_json_put_integer(out, heap->limit_bytes);
    } else {
        pv_json_put_null(out);
    }
    bool buddy = false;
    for (size_t i = 0; i < report->n_engines; i++) {
        buddy |= report->engines[i].type->layout->kind == PV_CATALOG_BUDDY;
    }
    if (buddy) {
        pv_emit_integer(out, "page", heap->page_bytes ? heap->page_bytes : PV_BUDDY_PAGE_BYTES);
        pv_emit_text(out, "end", heap->high ? "high" : "low");
    }
    if (heap->machine) {
        json_machine(out, heap->machine);
    }
    pv_json_end(out, '}');
}

void pv_report_json(const struct pv_report *report, FILE *file)
{
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    pv_json_begin(&out, '{');
    pv_emit_text(&out, "format", "pebbleviz-report");
    pv_emit_integer(&out, "version", 1);
    json_trace(&out, report);
    pv_json_newline(&out, 1);
    pv_json_key(&out, "engines");
    pv_json_begin(&out, '[');
    for (size_t i = 0; i < report->n_engines; i++) {
        json_engine(&out, report, &report->engines[i]);
    }
    pv_json_end(&out, ']');
    json_options(&out, report);
    if (report->with_tags) {
        json_tags(&out, report);
    }
    pv_json_end(&out, '}');
    fputc('\n', file);
}
