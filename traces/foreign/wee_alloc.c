/* SPDX-License-Identifier: MIT
 *
 * wee_alloc.c - wee_alloc's traces: `Alloc(N),` and `Free(k),`, k being the k-th Alloc from 0.
 */
#include "core/status.h"
#include "traces/grammar.h"

static int read_wee(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    pv_cursor_blanks(&line);
    if (pv_cursor_done(&line)) {
        return 1;
    }
    bool alloc = pv_cursor_word(&line, "Alloc(");
    if (!alloc && !pv_cursor_word(&line, "Free(")) {
        return pv_lines_blame(&trace->lines, line.at, "an operation is Alloc or Free");
    }
    uint64_t number;
    if (!pv_cursor_decimal(&line, &number)) {
        return pv_lines_blame(&trace->lines, line.at, "a number is expected here");
    }
    bool closed = pv_cursor_byte(&line, ')');
    pv_cursor_byte(&line, ',');
    pv_cursor_blanks(&line);
    if (!closed || !pv_cursor_done(&line)) {
        return pv_lines_blame(&trace->lines, line.at, "a ) and a comma end an operation");
    }
    call->op = alloc ? PV_OP_MALLOC : PV_OP_FREE;
    call->addr = alloc ? trace->counts[0]++ : number;
    call->size = alloc ? number : 0;
    return PV_OK;
}

static bool looks_wee(struct pv_cursor line)
{
    return pv_cursor_word(&line, "Alloc(") || pv_cursor_word(&line, "Free(");
}

static bool probe_wee(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_wee, NULL);
}

static const struct pv_grammar wee = {
    .name = "wee_alloc", .clock = "", .by_number = true, .line = read_wee};

static int open_wee(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place)
{
    return pv_grammar_open(&wee, ret_state, stream, header, place);
}

const struct pv_format pv_format_wee_alloc = {.name = "wee_alloc",
                                              .about = "wee_alloc",
                                              .limits = "sizes only",
                                              .probe = probe_wee,
                                              .open = open_wee,
                                              .next = pv_grammar_next,
                                              .close = pv_grammar_close};
