/* SPDX-License-Identifier: MIT
 *
 * figure_rows.c - every figure that the report gives of an engine. A new one is a row here, with
 * the function above that takes it out of the statistics.
 */
#include "viz/report/figure_rows.h"

#include "replay/metrics.h"

#ifdef PV_WITHOUT_NAMES
#define PEBBLE_BYTES "48"
#else
#define PEBBLE_BYTES "80"
#endif

#define WHOLE(name, value)                                                                     \
    static uint64_t name(const struct pv_report_engine *engine)                                \
    {                                                                                          \
        return value;                                                                          \
    }
#define REAL(name, value)                                                                      \
    static double name(const struct pv_report_engine *engine)                                  \
    {                                                                                          \
        return value;                                                                          \
    }

WHOLE(held_peak, engine->stats->peak_held.held_bytes)
WHOLE(held_end, engine->stats->now.held_bytes)
WHOLE(high_water, engine->stats->high_water_bytes)
WHOLE(failed, engine->stats->n_failed)
WHOLE(failed_bytes, engine->stats->failed_bytes)
WHOLE(least_free, engine->stats->least_free_bytes)
WHOLE(least_free_event, (uint64_t)engine->stats->least_free_event)
WHOLE(least_largest, engine->stats->least_largest_bytes)
WHOLE(least_largest_event, (uint64_t)engine->stats->least_largest_event)
REAL(utilisation, pv_metric_peak_utilisation(engine->stats))
REAL(peak_over_peak, pv_metric_peak_over_peak(engine->stats))
REAL(at_peak_live, pv_metric_at_peak_live(engine->stats))
REAL(at_peak_held, pv_metric_at_peak_held(engine->stats))
REAL(mean, pv_metric_mean(engine->stats))
REAL(policy, pv_metric_policy(engine->stats))
WHOLE(requested, engine->split.requested_bytes)
WHOLE(rounding, engine->split.rounding_bytes)
WHOLE(remainder_left, engine->split.remainder_bytes)
WHOLE(headers, engine->split.header_bytes)
WHOLE(free_bytes, engine->split.free_bytes)
WHOLE(heap, engine->split.heap_bytes)
WHOLE(buckets, engine->totals.n_buckets)
WHOLE(used, engine->totals.n_used)
WHOLE(holes, engine->totals.n_free)
WHOLE(largest_hole, engine->totals.largest_free_bytes)
REAL(external, engine->external)
REAL(internal, engine->internal)
REAL(fifty_percent, engine->fifty_percent)

const struct pv_figure pv_figures[] = {
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "heap_peak_bytes",
        .label = "heap at its largest",
        .unit = PV_FIGURE_BYTES,
        .whole = held_peak,
        .sentence = "What the allocator took from the system, at most. The program pays for "
                    "this much.",
        .of_buddy = "buddy: its chunk doubles, so this is a power of two pages whatever the "
                    "program needs.",
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "heap_end_bytes",
        .label = "heap at the end",
        .unit = PV_FIGURE_BYTES,
        .whole = held_end,
        .sentence = "What it still holds.",
        .of_pebbles =
            "A heap that grew in place stays large; --growth new-bucket gives emptied "
            "buckets back.",
        .of_buddy = "buddy: the chunk is never given back.",
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "high_water_bytes",
        .label = "high-water mark",
        .unit = PV_FIGURE_BYTES,
        .whole = high_water,
        .sentence = "The end of the last block in use, at most, over all buckets.",
        .of_buddy = "buddy: with --high, blocks lie at the chunk's end, and this is all of it.",
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "least_free_bytes",
        .label = "least that was ever free",
        .unit = PV_FIGURE_BYTES,
        .whole = least_free,
        .sentence = "After any event; the heap may have grown since.",
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "least_free_event",
        .label = "  first after event",
        .unit = PV_FIGURE_COUNT,
        .whole = least_free_event,
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "least_largest_bytes",
        .label = "smallest largest hole",
        .unit = PV_FIGURE_BYTES,
        .whole = least_largest,
        .sentence = "The tightest moment: no request for more than this could be served then "
                    "without growth.",
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "least_largest_event",
        .label = "  first after event",
        .unit = PV_FIGURE_COUNT,
        .whole = least_largest_event,
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "failed",
        .label = "requests refused",
        .unit = PV_FIGURE_COUNT,
        .whole = failed,
        .sentence = "Requests that found no room. Not 0 only under --heap-limit, or for a size "
                    "that no heap serves: raise the limit, or see whether another policy "
                    "passes.",
    },
    {
        .place = PV_FIGURE_OVER_TIME,
        .key = "failed_bytes",
        .label = "  they asked for",
        .unit = PV_FIGURE_BYTES,
        .whole = failed_bytes,
        .sentence =
            "All of them together. What found no room is not among the live bytes here.",
        .unless_zero = true,
    },
    {
        .place = PV_FIGURE_FRAGMENTATION,
        .key = "peak_utilisation",
        .label = "peak utilisation",
        .unit = PV_FIGURE_SHARE,
        .real = utilisation,
        .sentence = "Largest live bytes over largest heap: 100 % is a heap without any loss.",
    },
    {
        .place = PV_FIGURE_FRAGMENTATION,
        .key = "peak_over_peak",
        .label = "peak over peak",
        .unit = PV_FIGURE_SHARE,
        .real = peak_over_peak,
        .sentence =
            "How much larger the heap becomes than the most that the program asked for: "
            "the one number to compare allocators by. Wilson et al. (1995) saw about "
            "22 % with good policies, on real C and C++ programs, and up to 85 % with "
            "bad ones.",
    },
    {
        .place = PV_FIGURE_FRAGMENTATION,
        .key = "at_peak_live",
        .label = "  when most is live",
        .unit = PV_FIGURE_SHARE,
        .real = at_peak_live,
        .sentence = "The loss at the moment that matters most to a program short of memory.",
    },
    {
        .place = PV_FIGURE_FRAGMENTATION,
        .key = "at_peak_heap",
        .label = "  when the heap is largest",
        .unit = PV_FIGURE_SHARE,
        .real = at_peak_held,
        .sentence =
            "Far above the line before: the heap is at its largest when little is live. "
            "Look at that moment for what keeps the holes apart.",
    },
    {
        .place = PV_FIGURE_FRAGMENTATION,
        .key = "mean",
        .label = "  over all events",
        .unit = PV_FIGURE_SHARE,
        .real = mean,
        .sentence =
            "The mean, weighted by live bytes. Far above the peak's: memory is held long "
            "after it is needed.",
    },
    {
        .place = PV_FIGURE_FRAGMENTATION,
        .key = "policy",
        .label = "  the policy alone",
        .unit = PV_FIGURE_SHARE,
        .real = policy,
        .sentence = "The same with headers and rounding set aside.",
        .of_pebbles =
            "Small: the policy is good, and only fewer and larger blocks help. Large: "
            "try another policy, or keep short-lived blocks apart.",
        .of_buddy = "buddy: rounding is most of its loss, and set aside here; look at the "
                    "rounding below too.",
    },
    {
        .place = PV_FIGURE_BYTES_AT,
        .key = "requested_bytes",
        .label = "# requested",
        .unit = PV_FIGURE_PART,
        .whole = requested,
        .sentence = "What the program asked for.",
    },
    {
        .place = PV_FIGURE_BYTES_AT,
        .key = "rounding_bytes",
        .label = "+ rounding",
        .unit = PV_FIGURE_PART,
        .whole = rounding,
        .of_pebbles = "Payloads are multiples of 64 bytes. Large when blocks are small: join "
                      "them, or pool them.",
        .of_buddy =
            "buddy: blocks are a page (--page) times a power of two, so up to half of a "
            "block is rounding; sizes just above a power of two are the worst.",
    },
    {
        .place = PV_FIGURE_BYTES_AT,
        .key = "remainder_bytes",
        .label = "- remainders",
        .unit = PV_FIGURE_PART,
        .whole = remainder_left,
        .of_pebbles = "Left inside a block because the rest was too small to stand alone.",
        .of_buddy = "buddy: none, all of it counts as rounding.",
    },
    {
        .place = PV_FIGURE_BYTES_AT,
        .key = "header_bytes",
        .label = "h headers",
        .unit = PV_FIGURE_PART,
        .whole = headers,
        .of_pebbles =
            PEBBLE_BYTES " bytes a pebble and 48 a bucket. With many small blocks this "
                         "is the main loss, under any policy: fewer and larger blocks "
                         "are the only cure.",
        .of_buddy = "buddy: none. Its tree, a bit a node, lies beside the chunk.",
    },
    {
        .place = PV_FIGURE_BYTES_AT,
        .key = "free_bytes",
        .label = ". free",
        .unit = PV_FIGURE_PART,
        .whole = free_bytes,
        .sentence = "Held and not used. Room for what comes, or fragmentation: the lines below "
                    "tell which.",
    },
    {
        .place = PV_FIGURE_BYTES_AT,
        .key = "heap_bytes",
        .label = "= heap",
        .unit = PV_FIGURE_BYTES,
        .whole = heap,
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "buckets",
        .label = "buckets",
        .unit = PV_FIGURE_COUNT,
        .whole = buckets,
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "used_blocks",
        .unit = PV_FIGURE_COUNT,
        .whole = used,
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "free_blocks",
        .label = "holes",
        .unit = PV_FIGURE_COUNT,
        .whole = holes,
        .of_buddy = "buddy: free halves, as large as they can be. Two that touch but are no "
                    "buddies stay two.",
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "largest_free_bytes",
        .label = "largest hole",
        .unit = PV_FIGURE_BYTES,
        .whole = largest_hole,
        .sentence = "The largest request that needs no growth.",
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "external_fragmentation",
        .label = "external fragmentation",
        .unit = PV_FIGURE_SHARE,
        .real = external,
        .sentence = "1 - largest hole / free. 0 % is one hole; near 100 % the free memory lies "
                    "in many small ones, of no use to a large request. The blocks between them "
                    "are what to look at, in 'pebbleviz view'.",
        .of_buddy = "buddy: high even for one long gap, which is cut into halves of different "
                    "sizes.",
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "internal_fragmentation",
        .label = "internal fragmentation",
        .unit = PV_FIGURE_SHARE,
        .real = internal,
        .sentence =
            "The share of used blocks that is header, rounding and remainder: the price "
            "of the format.",
    },
    {
        .place = PV_FIGURE_HOLES_AT,
        .key = "fifty_percent_rule",
        .label = "fifty-percent rule",
        .unit = PV_FIGURE_INDEX,
        .real = fifty_percent,
        .sentence =
            "Holes over half the blocks. About 1 is Knuth's rule for a heap in balance; "
            "far above it, frees come scattered; far below, most requests fit exactly.",
    },
};

const size_t pv_n_figures = sizeof pv_figures / sizeof *pv_figures;

double pv_figure_value(const struct pv_figure *figure, const struct pv_report_engine *engine)
{
    return figure->whole ? (double)figure->whole(engine) : figure->real(engine);
}
