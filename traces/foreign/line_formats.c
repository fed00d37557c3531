/* SPDX-License-Identifier: MIT
 *
 * line_formats.c - the named formats of logs with one call a line, as tables of patterns. A new
 * one is a LINE_FORMAT here and a line in the table of traces/format.h.
 */
#include "traces/foreign/line_reader.h"

#define COMMON                                                                                 \
    .in_order = true, .begins_late = true, .own_bytes = PV_LINE_OWN_BYTES, .line = pv_line_read

/* NAME is the C identifier; TEXT is the name for people. */
#define LINE_FORMAT(NAME, TEXT, ABOUT, LIMITS, CLOCK, ...)                                     \
    static const struct pv_line_format lines_##NAME = {                                        \
        .grammar = {.name = TEXT, .clock = CLOCK, COMMON}, __VA_ARGS__};                       \
    static bool probe_##NAME(const unsigned char *head, size_t n)                              \
    {                                                                                          \
        return pv_line_probe(&lines_##NAME, head, n);                                          \
    }                                                                                          \
    static int open_##NAME(void **ret_state, struct pv_stream *stream,                         \
                           struct pv_trace_header *header, struct pv_place *place)             \
    {                                                                                          \
        return pv_line_open(&lines_##NAME, ret_state, stream, header, place);                  \
    }                                                                                          \
    const struct pv_format pv_format_##NAME = {.name = TEXT,                                   \
                                               .about = ABOUT,                                 \
                                               .limits = LIMITS,                               \
                                               .probe = probe_##NAME,                          \
                                               .open = open_##NAME,                            \
                                               .next = pv_grammar_next,                        \
                                               .close = pv_grammar_close};

/* clang-format off: a line a pattern */

/* Kernel tracing: a task, its number, [CPU], flags, seconds; perf script prints no dash. */
#define KERNEL_HEADS                                                                           \
    .heads = {"{*}-{thread} {*}[{#}] {*}{time}: ", "{*} {thread} [{#}] {time}: kmem:",         \
              "{*} {#}/{thread} [{#}] {time}: kmem:"}

LINE_FORMAT(
    ftrace, "ftrace", "Linux kmem events: ftrace, trace-cmd report, perf script",
    "pages are left out (ftrace-pages); addresses as printed, which may be hashed", "ns",
    KERNEL_HEADS,
    .tails = {
        "kmalloc: {*}call_site={name} ptr={addr} bytes_req={size} {*}",
        "kmalloc_node: {*}call_site={name} ptr={addr} bytes_req={size} {*}",
        "kmem_cache_alloc: {*}call_site={name} name={*} ptr={addr} bytes_req={size} {*}",
        "kmem_cache_alloc: {*}call_site={name} ptr={addr} {*}bytes_req={size} {*}",
        "kmem_cache_alloc_node: {*}call_site={name} ptr={addr} {*}bytes_req={size} {*}",
        "kfree: {*}ptr={free}{*}",
        "kmem_cache_free: {*}ptr={free}{*}",
        "{left}: {*}",
    })

LINE_FORMAT(ftrace_pages, "ftrace-pages", "Linux kmem events of pages alone",
            "the page frame stands for the address; a free that splits a block is not followed",
            "ns", KERNEL_HEADS,
            .tails = {
                "mm_page_alloc: {*}pfn={pfn} order={order} {*}",
                "mm_page_free: {*}pfn={pfn} {*}",
                "mm_page_free_batched: {*}pfn={pfn} {*}",
                "{left}: {*}",
            })

LINE_FORMAT(
    lttng, "lttng", "LTTng-UST libc wrapper, printed by babeltrace",
    "times are those of the day; a thread is known with the context vtid", "ns",
    .heads = {"[{time}] {*}lttng_ust_libc:", "[{*} {time}] {*}lttng_ust_libc:"},
    .tails = {
        "malloc: {*}vpid = {process}{*}vtid = {thread}{*}{{ size = {size}, ptr = {addr} }",
        "malloc: {*}vtid = {thread}{*}vpid = {process}{*}{{ size = {size}, ptr = {addr} }",
        "malloc: {*}vpid = {process}{*}{{ size = {size}, ptr = {addr} }",
        "malloc: {*}vtid = {thread}{*}{{ size = {size}, ptr = {addr} }",
        "malloc: {*}{{ size = {size}, ptr = {addr} }",
        "calloc: {*}vpid = {process}{*}vtid = {thread}{*}{{ nmemb = {count}, size = {size}, ptr = {addr} }",
        "calloc: {*}vtid = {thread}{*}vpid = {process}{*}{{ nmemb = {count}, size = {size}, ptr = {addr} }",
        "calloc: {*}vpid = {process}{*}{{ nmemb = {count}, size = {size}, ptr = {addr} }",
        "calloc: {*}vtid = {thread}{*}{{ nmemb = {count}, size = {size}, ptr = {addr} }",
        "calloc: {*}{{ nmemb = {count}, size = {size}, ptr = {addr} }",
        "realloc: {*}vpid = {process}{*}vtid = {thread}{*}{{ in_ptr = {old}, size = {size}, ptr = {addr} }",
        "realloc: {*}vtid = {thread}{*}vpid = {process}{*}{{ in_ptr = {old}, size = {size}, ptr = {addr} }",
        "realloc: {*}vpid = {process}{*}{{ in_ptr = {old}, size = {size}, ptr = {addr} }",
        "realloc: {*}vtid = {thread}{*}{{ in_ptr = {old}, size = {size}, ptr = {addr} }",
        "realloc: {*}{{ in_ptr = {old}, size = {size}, ptr = {addr} }",
        "memalign: {*}vpid = {process}{*}vtid = {thread}{*}{{ alignment = {align}, size = {size}, ptr = {addr} }",
        "memalign: {*}vtid = {thread}{*}vpid = {process}{*}{{ alignment = {align}, size = {size}, ptr = {addr} }",
        "memalign: {*}vpid = {process}{*}{{ alignment = {align}, size = {size}, ptr = {addr} }",
        "memalign: {*}vtid = {thread}{*}{{ alignment = {align}, size = {size}, ptr = {addr} }",
        "memalign: {*}{{ alignment = {align}, size = {size}, ptr = {addr} }",
        "posix_memalign: {*}vpid = {process}{*}vtid = {thread}{*}{{ out_ptr = {addr}, alignment = {align}, size = {size}, result = 0 {*}",
        "posix_memalign: {*}vtid = {thread}{*}vpid = {process}{*}{{ out_ptr = {addr}, alignment = {align}, size = {size}, result = 0 {*}",
        "posix_memalign: {*}vpid = {process}{*}{{ out_ptr = {addr}, alignment = {align}, size = {size}, result = 0 {*}",
        "posix_memalign: {*}vtid = {thread}{*}{{ out_ptr = {addr}, alignment = {align}, size = {size}, result = 0 {*}",
        "posix_memalign: {*}{{ out_ptr = {addr}, alignment = {align}, size = {size}, result = 0 {*}",
        "free: {*}vpid = {process}{*}vtid = {thread}{*}{{ ptr = {free} }",
        "free: {*}vtid = {thread}{*}vpid = {process}{*}{{ ptr = {free} }",
        "free: {*}vpid = {process}{*}{{ ptr = {free} }",
        "free: {*}vtid = {thread}{*}{{ ptr = {free} }",
        "free: {*}{{ ptr = {free} }",
        "{left}: {*}",
    })

LINE_FORMAT(jemalloc_utrace, "jemalloc-utrace", "FreeBSD jemalloc utrace, printed by kdump",
            "no threads, no times", "", .heads = {"{process} {*} USER "},
            .tails = {
                "<jemalloc>:utrace: {#} {addr} = malloc({size})",
                "<jemalloc>:utrace: {#} {addr} = realloc({old}, {size})",
                "<jemalloc>:utrace: {#} free({free})",
                "<jemalloc>:utrace: {#} malloc_init()",
                "{addr} = malloc({size})",
                "{addr} = realloc({old}, {size})",
                "free({free})",
                "malloc_init()",
            })

LINE_FORMAT(mbed, "mbed", "Mbed OS memory trace",
            "no threads, no times; the caller's address is the name", "",
            .tails = {
                "{*}#m:{addr};{name}-{size}",
                "{*}#c:{addr};{name}-{count};{size}",
                "{*}#r:{addr};{name}-{old};{size}",
                "{*}#f:{*};{*}-{free}",
            })

LINE_FORMAT(esp_heap, "esp-heap", "ESP-IDF heap_trace_dump",
            "when a block was freed is not told: it is freed before the next is allocated; no "
            "threads; no times",
            "",
            .tails = {
                "{*}{size} bytes (@ {addr}{*}) allocated CPU {#} ccount {#} caller {name}",
                "{*}{size} bytes (@ {addr}{*}) allocated CPU {#} ccount {#}",
                "{*}freed by {previous}{*}",
                "{*}allocations trace ({*}",
                "{*}bytes 'leaked' in trace ({*}",
                "{*}bytes alive in trace ({*}",
                "{*}total allocations {#} total frees {#}",
                "{*}====== Heap Trace{*}",
                "Mode: {*}",
                "records: {*}",
                "total allocations: {*}",
                "total frees: {*}",
                "================================================",
            })

LINE_FORMAT(freertos, "freertos", "FreeRTOS traceMALLOC and traceFREE, printed",
            "the macro's name, the address and the size, in this order; no threads, no times",
            "",
            .tails = {
                "{*}traceMALLOC({addr}, {size}){*}",
                "{*}traceFREE({free}, {#}){*}",
                "{*}traceMALLOC {addr} {size}",
                "{*}traceFREE {free} {#}",
                "{*}traceMALLOC: {addr} {size}",
                "{*}traceFREE: {free} {#}",
                "{*}traceMALLOC: {addr}, {size}",
                "{*}traceFREE: {free}, {#}",
            })

LINE_FORMAT(zephyr, "zephyr", "Zephyr heap listener prints",
            "the words of Zephyr's example; no threads, no times", "",
            .tails = {
                "{*}Memory allocated at {addr}, size {size}",
                "{*}Memory freed at {free}, size {#}",
            })

/* clang-format on */

/* ---- the user's own patterns ---- */

static const struct pv_line_format wished = {
    .grammar = {.name = "lines", .clock = "ns", COMMON}};

static int open_wished(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    return pv_line_open(&wished, ret_state, stream, header, place);
}

const struct pv_format pv_format_lines = {.name = "lines",
                                          .about = "your own log, with --pattern",
                                          .limits = "one call a line; times become nanoseconds",
                                          .has_pattern = true,
                                          .open = open_wished,
                                          .next = pv_grammar_next,
                                          .close = pv_grammar_close};
