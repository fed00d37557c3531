/* SPDX-License-Identifier: MIT
 *
 * figures_text.c - the report for people: each number with a sentence on what it means and what
 * one can do about it. Fits in 100 columns; ASCII but for tags and paths. The figures of
 * engines are the rows of figure_rows.c.
 */
#include <string.h>

#include "viz/report/figure_rows.h"
#include "viz/report/info.h"
#include "viz/report/refused.h"
#include "viz/text/units.h"
#include "viz/text/wrap.h"

enum {
    WIDTH = 100,
    LABEL = 26,
    CELL = 11,
    DIFFERENCE = 11,
    SIDE_BY_SIDE = 3, /* with differences */
    ABREAST = 5,      /* without */
    SENTENCE = 4,     /* indentation */
    BAR = 60,
    SENTENCES = 600, /* bytes of the sentences on one figure */
};

static const char *cell(char *buf, const struct pv_figure *figure,
                        const struct pv_report_engine *engine)
{
    switch (figure->unit) {
    case PV_FIGURE_BYTES:
    case PV_FIGURE_PART:
        return pv_units_bytes(buf, figure->whole(engine));
    case PV_FIGURE_COUNT:
        return pv_units_count(buf, figure->whole(engine));
    case PV_FIGURE_SHARE:
        return pv_units_percent(buf, figure->real(engine));
    default:
        snprintf(buf, PV_UNIT_TEXT, "%.2f", figure->real(engine));
        return buf;
    }
}

/* Bytes and counts differ by a percentage of the first, shares by percentage points. */
static const char *difference(char *buf, const struct pv_figure *figure, double first,
                              double value)
{
    if (value == first) {
        snprintf(buf, PV_UNIT_TEXT, "same");
    } else if (figure->unit == PV_FIGURE_SHARE) {
        snprintf(buf, PV_UNIT_TEXT, "%+.1f pts", (value - first) * 100);
    } else if (first > 0) {
        snprintf(buf, PV_UNIT_TEXT, "%+.1f %%", (value / first - 1) * 100);
    } else {
        snprintf(buf, PV_UNIT_TEXT, "more");
    }
    /* Not "-0.0". */
    if (buf[0] == '-' && strspn(buf + 1, "0.") == strcspn(buf + 1, " ")) {
        buf[0] = '+';
    }
    return buf;
}

struct columns {
    size_t first, end; /* engines shown; engine 0 stands before them as reference */
};

static bool has_kind(const struct pv_report *report, enum pv_catalog_kind kind)
{
    bool found = false;
    for (size_t i = 0; i < report->n_engines; i++) {
        found |= report->engines[i].type->layout->kind == kind;
    }
    return found;
}

/* Up to SIDE_BY_SIDE engines have their differences to the first beside them; more stand side
 * by side without, so that it stays one table. */
static bool with_differences(const struct pv_report *report)
{
    return report->n_engines <= SIDE_BY_SIDE;
}

static void names(const struct pv_report *report, struct columns columns, FILE *out)
{
    if (report->n_engines == 1) {
        return;
    }
    fprintf(out, "%*s%*s", LABEL + 2, "", CELL, report->engines[0].type->name);
    for (size_t i = columns.first; i < columns.end; i++) {
        bool after = with_differences(report) && i > columns.first;
        fprintf(out, "%*s", after ? CELL + 2 + DIFFERENCE : CELL + 2,
                report->engines[i].type->name);
    }
    fputc('\n', out);
}

/* First the sentence that is true of all engines, then those that are true of some of the
 * engines here. */
static void explain(const struct pv_report *report, const struct pv_figure *figure, FILE *out)
{
    char text[SENTENCES];
    const char *of_pebbles =
        has_kind(report, PV_CATALOG_PEBBLES) && figure->of_pebbles ? figure->of_pebbles : "";
    const char *sentence = figure->sentence ? figure->sentence : "";
    snprintf(text, sizeof text, "%s%s%s", sentence, *sentence && *of_pebbles ? " " : "",
             of_pebbles);
    if (*text) {
        fprintf(out, "%*s", SENTENCE, "");
        pv_wrap(out, text, SENTENCE, SENTENCE, WIDTH);
    }
    if (figure->of_buddy && has_kind(report, PV_CATALOG_BUDDY)) {
        fprintf(out, "%*s", SENTENCE, "");
        pv_wrap(out, figure->of_buddy, SENTENCE, SENTENCE, WIDTH);
    }
}

static void print_row(const struct pv_report *report, struct columns columns,
                      const struct pv_figure *figure, FILE *out)
{
    char text[PV_UNIT_TEXT];
    const struct pv_report_engine *engines = report->engines;
    double first = pv_figure_value(figure, &engines[0]);
    fprintf(out, "  %-*s%*s", LABEL, figure->label, CELL, cell(text, figure, &engines[0]));
    for (size_t i = columns.first; i < columns.end; i++) {
        fprintf(out, "%*s", CELL + 2, cell(text, figure, &engines[i]));
        if (with_differences(report)) {
            double value = pv_figure_value(figure, &engines[i]);
            fprintf(out, "%*s", DIFFERENCE, difference(text, figure, first, value));
        }
    }
    if (report->n_engines == 1 && figure->unit == PV_FIGURE_PART) {
        double heap = (double)engines[0].split.heap_bytes;
        fprintf(out, "%*s", CELL, pv_units_percent(text, heap > 0 ? first / heap : 0));
    }
    fputc('\n', out);
}

static bool is_printed(const struct pv_report *report, const struct pv_figure *figure)
{
    bool printed = !figure->unless_zero;
    for (size_t i = 0; i < report->n_engines; i++) {
        printed |= pv_figure_value(figure, &report->engines[i]) > 0;
    }
    return printed && figure->label;
}

/* The figures of the places `from` to `to`. */
static void table(const struct pv_report *report, enum pv_figure_place from,
                  enum pv_figure_place to, FILE *out)
{
    size_t first = 1;
    do {
        size_t most = with_differences(report) ? SIDE_BY_SIDE : ABREAST;
        struct columns columns = {.first = first, .end = first + most - 1};
        if (columns.end > report->n_engines) {
            columns.end = report->n_engines;
        }
        names(report, columns, out);
        for (size_t i = 0; i < pv_n_figures; i++) {
            const struct pv_figure *figure = &pv_figures[i];
            if (figure->place < from || figure->place > to || !is_printed(report, figure)) {
                continue;
            }
            print_row(report, columns, figure, out);
            if (columns.end >= report->n_engines) {
                explain(report, figure, out);
            }
        }
        first = columns.end;
    } while (first < report->n_engines);
}

static void head(const struct pv_report *report, FILE *out)
{
    const struct pv_report_subject *subject = report->subject;
    fprintf(out, "%s", subject->path);
    if (*subject->program) {
        fprintf(out, "\nprogram: %s", subject->program);
    }
    fprintf(out, "\nformat: %s%s%s%s\n", subject->format,
            *subject->packing ? ", packed with " : "", subject->packing,
            subject->damaged ? "; damaged, this is its good part" : "");
}

static void trace(const struct pv_report *report, FILE *out)
{
    const struct pv_stats *stats = report->engines[0].stats;
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    char c[PV_UNIT_TEXT];
    fprintf(out, "\nThe program\n");
    fprintf(out, "  %-*s%s", LABEL, "events", pv_units_count(a, stats->n_events));
    fprintf(out, " (allocations %s, frees %s, reallocations %s)\n",
            pv_units_count(a, stats->n_allocs), pv_units_count(b, stats->n_frees),
            pv_units_count(c, stats->n_reallocs));
    fprintf(out, "  %-*s%s in %s", LABEL, "most live at once",
            pv_units_bytes(a, stats->peak_live.live_bytes),
            pv_units_of(b, stats->peak_live.live_blocks, "block"));
    if (stats->peak_live.event >= 0) {
        fprintf(out, ", at event %s", pv_units_count(c, (uint64_t)stats->peak_live.event));
    }
    fprintf(out, "\n    The peak: the most bytes requested and not freed. No allocator can do "
                 "with less.\n");
    fprintf(out, "  %-*s%s in %s\n", LABEL, "live at the end",
            pv_units_bytes(a, stats->now.live_bytes),
            pv_units_of(b, stats->now.live_blocks, "block"));
    fprintf(out,
            "    Never freed while it was recorded: leaks, or what a program leaves to its "
            "end.\n");
    if (stats->failed_bytes >> PV_DOUBT_BITS) {
        fprintf(
            out,
            "  %-*s%s for %s in all\n"
            "    More than a process can have: the sizes may not be sizes, or the file not what "
            "it was\n    taken for ('pebbleviz info' shows the sizes, '--from' names a format).\n",
            LABEL, "requests not served", pv_units_count(a, stats->n_failed),
            pv_units_bytes(b, stats->failed_bytes));
    }
    if (stats->n_faults) {
        fprintf(out, "  %-*s%s\n", LABEL, "faults", pv_units_count(a, stats->n_faults));
        fprintf(
            out,
            "    Mistakes of the program, such as a double free. A free of what is not live "
            "changes nothing;\n    a second malloc of a live id and a realloc of a freed "
            "one make a block.\n    'pebbleviz info' lists them.\n");
    }
}

/* Characters for each part, rounded on the running sum, so that they add up to the bar. */
static void bar(const struct pv_report_engine *engine, FILE *out)
{
    const struct pv_split *split = &engine->split;
    const uint64_t parts[] = {split->requested_bytes, split->rounding_bytes,
                              split->remainder_bytes, split->header_bytes, split->free_bytes};
    static const char glyphs[] = "#+-h.";
    uint64_t sum = 0;
    unsigned drawn = 0;
    fputc('|', out);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        sum += parts[i];
        double share = split->heap_bytes ? (double)sum / (double)split->heap_bytes : 0;
        for (unsigned until = (unsigned)(share * BAR + 0.5); drawn < until && drawn < BAR;
             drawn++) {
            fputc(glyphs[i], out);
        }
    }
    fprintf(out, "%*s|\n", (int)(BAR - drawn), "");
}

static void availability(const struct pv_report *report, FILE *out)
{
    char text[PV_UNIT_TEXT];
    fprintf(out, "  %-*s", LABEL, "availability in pieces of");
    for (size_t i = 0; i < PV_N_REPORT_SIZES; i++) {
        fprintf(out, "%*s", CELL, pv_units_bytes(text, pv_report_sizes[i]));
    }
    fputc('\n', out);
    for (size_t i = 0; i < report->n_engines; i++) {
        fprintf(out, "    %-*s", LABEL - 2, report->engines[i].type->name);
        for (size_t j = 0; j < PV_N_REPORT_SIZES; j++) {
            fprintf(out, "%*s", CELL,
                    pv_units_percent(text, report->engines[i].availability[j]));
        }
        fputc('\n', out);
    }
    fprintf(out, "%*s", SENTENCE, "");
    pv_wrap(
        out,
        "How much of the free memory can be had in pieces of that size. Where it falls below "
        "half, requests of that size make the heap grow although there is free memory.",
        SENTENCE, SENTENCE, WIDTH);
}

static void moment(const struct pv_report *report, FILE *out)
{
    char count[PV_UNIT_TEXT];
    if (report->subject->event < 0) {
        fprintf(out, "\nBefore the first event: where the heap's bytes are\n");
    } else {
        fprintf(out, "\nAfter event %s%s: where the heap's bytes are\n",
                pv_units_count(count, (uint64_t)report->subject->event),
                !report->subject->moment || strcmp(report->subject->moment, "peak") == 0
                    ? ", the peak"
                    : "");
    }
    for (size_t i = 0; i < report->n_engines; i++) {
        fprintf(out, "  %-*s", LABEL, report->engines[i].type->name);
        bar(&report->engines[i], out);
    }
    table(report, PV_FIGURE_BYTES_AT, PV_FIGURE_BYTES_AT, out);
    fprintf(out, "\nThe holes at that moment\n");
    table(report, PV_FIGURE_HOLES_AT, PV_FIGURE_HOLES_AT, out);
    availability(report, out);
}

static void tags(const struct pv_report *report, FILE *out)
{
    size_t n = report->tags.n < report->top ? report->tags.n : report->top;
    if (!n) {
        return;
    }
    fprintf(out, "\nWho holds the most at that moment (%zu of %zu tags)\n", n, report->tags.n);
    fprintf(out, "  %10s %10s %10s %10s  %s\n", "bytes", "share", "blocks", "average", "tag");
    uint64_t all = report->engines[0].split.requested_bytes;
    for (size_t i = 0; i < n; i++) {
        const struct pv_tally_row *row = &report->tags.rows[i];
        char a[PV_UNIT_TEXT];
        char b[PV_UNIT_TEXT];
        char c[PV_UNIT_TEXT];
        char d[PV_UNIT_TEXT];
        fprintf(out, "  %10s %10s %10s %10s  %s\n", pv_units_bytes(a, row->bytes),
                pv_units_percent(b, all ? (double)row->bytes / (double)all : 0),
                pv_units_count(c, row->blocks), pv_units_bytes(d, row->bytes / row->blocks),
                *row->text ? row->text : "(no tag)");
    }
}

void pv_report_text(const struct pv_report *report, FILE *out)
{
    head(report, out);
    trace(report, out);
    fprintf(out, "\nThe heap over the whole trace\n");
    table(report, PV_FIGURE_OVER_TIME, PV_FIGURE_FRAGMENTATION, out);
    for (size_t i = 0; i < report->n_engines; i++) {
        pv_refused_text(report->engines[i].type->name, report->subject->runs[i].timeline, out);
    }
    moment(report, out);
    tags(report, out);
    if (report->with_seconds) {
        fprintf(out, "\nReplayed in");
        for (size_t i = 0; i < report->n_engines; i++) {
            fprintf(out, "%s %.3f s (%s)", i ? "," : "", report->engines[i].seconds,
                    report->engines[i].type->name);
        }
        fputc('\n', out);
    }
}
