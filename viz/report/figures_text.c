/* SPDX-License-Identifier: MIT
 *
 * figures_text.c - the report for people: each number with a sentence on what it means and what
 * one can do about it. Fits in 100 columns; ASCII but for tags and paths. Each row is described
 * once, in a table, for any number of engines.
 */
#include <string.h>

#include "viz/report/figures.h"
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
};

#ifdef PV_WITHOUT_NAMES
#define PEBBLE_BYTES "48"
#else
#define PEBBLE_BYTES "80"
#endif

/* A row of a table: one figure of every engine. */
struct row {
    const char *label;
    enum { BYTES, PART /* bytes of the heap */, COUNT, SHARE, INDEX } unit;
    double (*figure)(const struct pv_report_engine *engine);
    const char *sentence;
    const char *of_buddy; /* said besides when a buddy is among the engines */
};

#define FIGURE(name, value)                                                                    \
    static double name(const struct pv_report_engine *engine)                                  \
    {                                                                                          \
        return (double)(value);                                                                \
    }

FIGURE(held_peak, engine->stats->peak_held.held_bytes)
FIGURE(held_end, engine->stats->now.held_bytes)
FIGURE(high_water, engine->stats->high_water_bytes)
FIGURE(failed, engine->stats->n_failed)
FIGURE(failed_bytes, engine->stats->failed_bytes)
FIGURE(utilisation, pv_metric_peak_utilisation(engine->stats))
FIGURE(peak_over_peak, pv_metric_peak_over_peak(engine->stats))
FIGURE(at_peak_live, pv_metric_at_peak_live(engine->stats))
FIGURE(at_peak_held, pv_metric_at_peak_held(engine->stats))
FIGURE(mean, pv_metric_mean(engine->stats))
FIGURE(policy, pv_metric_policy(engine->stats))
FIGURE(split_requested, engine->split.requested_bytes)
FIGURE(split_rounding, engine->split.rounding_bytes)
FIGURE(split_remainder, engine->split.remainder_bytes)
FIGURE(split_header, engine->split.header_bytes)
FIGURE(split_free, engine->split.free_bytes)
FIGURE(split_heap, engine->split.heap_bytes)
FIGURE(holes, engine->totals.n_free)
FIGURE(largest_hole, engine->totals.largest_free_bytes)
FIGURE(external, engine->external)
FIGURE(internal, engine->internal)
FIGURE(fifty_percent, engine->fifty_percent)
FIGURE(buckets, engine->totals.n_buckets)

static const struct row over_time[] = {
    {"heap at its largest", BYTES, held_peak,
     "What the allocator took from the system, at most. The program pays for this much.",
     "buddy: its chunk doubles, so this is a power of two pages whatever the program needs."},
    {"heap at the end", BYTES, held_end,
     "What it still holds. A heap that grew in place stays large; --growth new-bucket gives "
     "emptied buckets back.",
     "buddy: the chunk is never given back."},
    {"high-water mark", BYTES, high_water,
     "The end of the last block in use, at most, over all buckets: a heap of this size would "
     "do "
     "for this run.",
     "buddy: with --high, blocks lie at the chunk's end, and this is all of it."},
    {"requests refused", COUNT, failed,
     "Requests that found no room. Not 0 only under --heap-limit, or for a size that no heap "
     "serves: raise the limit, or see whether the other policy passes.",
     NULL},
    {"  they asked for", BYTES, failed_bytes,
     "All of them together. What found no room is not among the live bytes here.", NULL},
    {"peak utilisation", SHARE, utilisation,
     "Largest live bytes over largest heap: 100 % is a heap without any loss.", NULL},
    {"peak over peak", SHARE, peak_over_peak,
     "How much larger the heap becomes than the most that the program asked for: the one "
     "number "
     "to compare allocators by. Wilson et al. (1995) saw about 22 % with good policies, on "
     "real C "
     "and C++ programs, and up to 85 % with bad ones.",
     NULL},
    {"  when most is live", SHARE, at_peak_live,
     "The loss at the moment that matters most to a program short of memory.", NULL},
    {"  when the heap is largest", SHARE, at_peak_held,
     "Far above the line before: the heap is at its largest when little is live. Look at that "
     "moment for what keeps the holes apart.",
     NULL},
    {"  over all events", SHARE, mean,
     "The mean, weighted by live bytes. Far above the peak's: memory is held long after it is "
     "needed.",
     NULL},
    {"  the policy alone", SHARE, policy,
     "The same with headers and rounding set aside. Small: the policy is good, and only fewer "
     "and "
     "larger blocks help. Large: try the other policy, or keep short-lived blocks apart.",
     "buddy: rounding is most of its loss, and set aside here; look at the rounding below "
     "too."},
};

static const struct row bytes_at[] = {
    {"# requested", PART, split_requested, "What the program asked for.", NULL},
    {"+ rounding", PART, split_rounding,
     "Payloads are multiples of 64 bytes. Large when blocks are small: join them, or pool "
     "them.",
     "buddy: blocks are a page (--page) times a power of two, so up to half of a block is "
     "rounding; sizes just above a power of two are the worst."},
    {"- remainders", PART, split_remainder,
     "Left inside a block because the rest was too small to stand alone.",
     "buddy: none, all of it counts as rounding."},
    {"h headers", PART, split_header,
     PEBBLE_BYTES " bytes a pebble and 48 a bucket. With many small blocks this is the main "
                  "loss, under any policy: fewer and larger blocks are the only cure.",
     "buddy: none. Its tree, a bit a node, lies beside the chunk."},
    {". free", PART, split_free,
     "Held and not used. Room for what comes, or fragmentation: the lines below tell which.",
     NULL},
    {"= heap", BYTES, split_heap, NULL, NULL},
};

static const struct row holes_at[] = {
    {"buckets", COUNT, buckets, NULL, NULL},
    {"holes", COUNT, holes, NULL,
     "buddy: free halves, as large as they can be. Two that touch but are no buddies stay "
     "two."},
    {"largest hole", BYTES, largest_hole, "The largest request that needs no growth.", NULL},
    {"external fragmentation", SHARE, external,
     "1 - largest hole / free. 0 % is one hole; near 100 % the free memory lies in many small "
     "ones, of no use to a large request. The blocks between them are what to look at, in "
     "'pebbleviz view'.",
     "buddy: high even for one long gap, which is cut into halves of different sizes."},
    {"internal fragmentation", SHARE, internal,
     "The share of used blocks that is header, rounding and remainder: the price of the "
     "format.",
     NULL},
    {"fifty-percent rule", INDEX, fifty_percent,
     "Holes over half the blocks. About 1 is Knuth's rule for a heap in balance; far above it, "
     "frees come scattered; far below, most requests fit exactly.",
     NULL},
};

static const char *cell(char *buf, const struct row *row, double value)
{
    switch (row->unit) {
    case BYTES:
    case PART:
        return pv_units_bytes(buf, (uint64_t)value);
    case COUNT:
        return pv_units_count(buf, (uint64_t)value);
    case SHARE:
        return pv_units_percent(buf, value);
    default:
        snprintf(buf, PV_UNIT_TEXT, "%.2f", value);
        return buf;
    }
}

/* Bytes and counts differ by a percentage of the first, shares by percentage points. */
static const char *difference(char *buf, const struct row *row, double first, double value)
{
    if (value == first) {
        snprintf(buf, PV_UNIT_TEXT, "same");
    } else if (row->unit == SHARE) {
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

static bool has_buddy(const struct pv_report *report)
{
    bool found = false;
    for (size_t i = 0; i < report->n_engines; i++) {
        found |= report->engines[i].type->layout->kind == PV_CATALOG_BUDDY;
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

static void print_row(const struct pv_report *report, struct columns columns,
                      const struct row *row, bool explain, FILE *out)
{
    char value_text[PV_UNIT_TEXT];
    char difference_text[PV_UNIT_TEXT];
    double first = row->figure(&report->engines[0]);
    fprintf(out, "  %-*s%*s", LABEL, row->label, CELL, cell(value_text, row, first));
    for (size_t i = columns.first; i < columns.end; i++) {
        double value = row->figure(&report->engines[i]);
        fprintf(out, "%*s", CELL + 2, cell(value_text, row, value));
        if (with_differences(report)) {
            fprintf(out, "%*s", DIFFERENCE, difference(difference_text, row, first, value));
        }
    }
    if (report->n_engines == 1 && row->unit == PART) {
        double heap = split_heap(&report->engines[0]);
        fprintf(out, "%*s", CELL, pv_units_percent(value_text, heap > 0 ? first / heap : 0));
    }
    fputc('\n', out);
    if (explain && row->sentence) {
        fprintf(out, "%*s", SENTENCE, "");
        pv_wrap(out, row->sentence, SENTENCE, SENTENCE, WIDTH);
    }
    if (explain && row->of_buddy && has_buddy(report)) {
        fprintf(out, "%*s", SENTENCE, "");
        pv_wrap(out, row->of_buddy, SENTENCE, SENTENCE, WIDTH);
    }
}

/* Most heaps refuse nothing, and then there is nothing to say of it. */
static bool is_idle(const struct pv_report *report, const struct row *row)
{
    bool some = row->figure != failed_bytes;
    for (size_t i = 0; i < report->n_engines; i++) {
        some |= report->engines[i].stats->n_failed > 0;
    }
    return !some;
}

static void table(const struct pv_report *report, const struct row *rows, size_t n, FILE *out)
{
    size_t first = 1;
    do {
        size_t most = with_differences(report) ? SIDE_BY_SIDE : ABREAST;
        struct columns columns = {.first = first, .end = first + most - 1};
        if (columns.end > report->n_engines) {
            columns.end = report->n_engines;
        }
        names(report, columns, out);
        for (size_t i = 0; i < n; i++) {
            if (!is_idle(report, &rows[i])) {
                print_row(report, columns, &rows[i], columns.end >= report->n_engines, out);
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
    fprintf(out, "  %-*s%s in %s blocks", LABEL, "most live at once",
            pv_units_bytes(a, stats->peak_live.live_bytes),
            pv_units_count(b, stats->peak_live.live_blocks));
    if (stats->peak_live.event >= 0) {
        fprintf(out, ", at event %s", pv_units_count(c, (uint64_t)stats->peak_live.event));
    }
    fprintf(out, "\n    The peak: the most bytes requested and not freed. No allocator can do "
                 "with less.\n");
    fprintf(out, "  %-*s%s in %s blocks\n", LABEL, "live at the end",
            pv_units_bytes(a, stats->now.live_bytes),
            pv_units_count(b, stats->now.live_blocks));
    fprintf(out,
            "    Never freed while it was recorded: leaks, or what a program leaves to its "
            "end.\n");
    if (stats->n_faults) {
        fprintf(out, "  %-*s%s\n", LABEL, "faults", pv_units_count(a, stats->n_faults));
        fprintf(out,
                "    Mistakes of the program, such as a double free; the replay leaves them "
                "out.\n    'pebbleviz info' lists them.\n");
    }
}

/* Characters by largest remainder of the running sum, so that they add up to the bar. */
static void bar(const struct pv_report_engine *engine, FILE *out)
{
    const struct pv_split *split = &engine->split;
    const uint64_t parts[] = {split->requested_bytes, split->rounding_bytes,
                              split->remainder_bytes, split->header_bytes, split->free_bytes};
    static const char glyphs[] = "#+-h.";
    uint64_t sum = 0;
    unsigned drawn = 0;
    fputc('|', out);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
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
    table(report, bytes_at, sizeof(bytes_at) / sizeof(bytes_at[0]), out);
    fprintf(out, "\nThe holes at that moment\n");
    table(report, holes_at, sizeof(holes_at) / sizeof(holes_at[0]), out);
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
    table(report, over_time, sizeof(over_time) / sizeof(over_time[0]), out);
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
