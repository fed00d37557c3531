/* SPDX-License-Identifier: MIT
 *
 * logalloc.c - Mozilla's logalloc:
 *
 *   18545 18546 malloc(32)=0x10      process, thread, call
 *   5 realloc(#2,84)=#3              without the thread; slots in place of addresses
 */
#include <string.h>

#include "core/status.h"
#include "traces/foreign/printed.h"

static bool take_origin(struct pv_cursor *line, struct pv_call *call, uint64_t *ret_pid)
{
    if (!pv_cursor_decimal(line, ret_pid) || !pv_cursor_byte(line, ' ')) {
        return false;
    }
    call->has_thread = pv_cursor_decimal(line, &call->thread);
    return !call->has_thread || pv_cursor_byte(line, ' ');
}

static bool is_call(struct pv_cursor line)
{
    struct pv_printed printed;
    return pv_printed_take(&line, &printed) && pv_function_op(printed.form) != PV_OP_MARK;
}

static int take_call(struct pv_text_trace *trace, struct pv_cursor *line, struct pv_call *call)
{
    struct pv_printed printed;
    struct pv_printed_result result = {0};
    bool guessed;
    enum pv_printed_end end = pv_printed_take(line, &printed);
    if (end == PV_PRINTED_OPEN || !pv_printed_fill(&printed, call, &guessed)) {
        return pv_lines_blame(&trace->lines, line->at, "the call's arguments cannot be read");
    }
    bool answered = pv_printed_take_result(line, &result);
    if ((answered && !result.is_number) || (!answered && call->op != PV_OP_FREE)) {
        return pv_lines_blame(&trace->lines, line->at, "a result is expected here");
    }
    call->addr = call->op == PV_OP_FREE ? call->addr : result.value;
    pv_cursor_blanks(line);
    return pv_cursor_done(line)
               ? PV_OK
               : pv_lines_blame(&trace->lines, line->at, "something follows the call");
}

static int read_logalloc(struct pv_text_trace *trace, struct pv_cursor line,
                         struct pv_call *call)
{
    uint64_t pid;
    if (pv_cursor_done(&line)) {
        return 1;
    }
    if (!take_origin(&line, call, &pid)) {
        return pv_lines_blame(&trace->lines, line.at, "a process and a thread are expected");
    }
    if (pv_cursor_word(&line, "jemalloc_stats")) {
        return 1;
    }
    if (!is_call(line)) {
        return pv_lines_blame(&trace->lines, line.at, "this call is not known");
    }
    int status = take_call(trace, &line, call);
    if (status) {
        return status;
    }
    return pv_account_takes(trace->account, pv_account_process(trace->account, pid)) ? PV_OK
                                                                                     : 1;
}

/* Lines of ltrace may begin alike, but have blanks before the result. */
static bool looks_logalloc(struct pv_cursor line)
{
    struct pv_call call = {0};
    struct pv_printed printed;
    uint64_t pid;
    if (!take_origin(&line, &call, &pid)) {
        return false;
    }
    if (pv_cursor_word(&line, "jemalloc_")) {
        return true;
    }
    return pv_printed_take(&line, &printed) == PV_PRINTED_WHOLE &&
           (pv_cursor_done(&line) || *line.at == '=');
}

static bool probe_logalloc(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_logalloc, NULL);
}

static const struct pv_grammar logalloc = {
    .name = "logalloc", .clock = "", .line = read_logalloc};

static int open_logalloc(void **ret_state, struct pv_stream *stream,
                         struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&logalloc, ret_state, stream, header, place);
}

const struct pv_format pv_format_logalloc = {.name = "logalloc",
                                             .about = "Mozilla logalloc",
                                             .limits = "of several processes one is taken",
                                             .probe = probe_logalloc,
                                             .open = open_logalloc,
                                             .next = pv_grammar_next,
                                             .close = pv_grammar_close};
