/* SPDX-License-Identifier: MIT
 *
 * mtrace.c - glibc's mtrace(3):
 *
 *   = Start
 *   @ ./app:(main+0x1d)[0x11d4] + 0x5588cb7304a0 0x64      allocated
 *   @ ./app:[0x1243] - 0x5588cb730510                      freed
 *   @ ./app:[0x11fc] < 0x5588cb7304a0                      resized: from here
 *   @ ./app:[0x11fc] > 0x5588cb730580 0x1388               to here
 *   @ ./app:[0x11fc] ! 0x5588cb730580 0x1388               a resize that failed
 *   = End
 *
 * The caller becomes the name.
 *
 * After a fork both processes write into the file, each what stands in its buffer, and no line
 * says whose it is. What the first has written is whole. Where the second begins, its buffer
 * repeats what was not yet written at the fork: from the beginning of the log ("= Start" stands
 * there once more: another part), or from the middle of a line: from there on nothing is sure.
 */
#include <string.h>

#include "core/status.h"
#include "traces/grammar.h"

struct mtrace {
    struct pv_account_process *process; /* of the calls; changes where the log begins again */
    bool has_callers;                   /* lines have begun with @ */
    bool is_mixed;
};

static bool is_op(char byte)
{
    return byte == '+' || byte == '-' || byte == '<' || byte == '>' || byte == '!';
}

/* The caller may hold blanks: the operation is the last that stands between two of them. */
static bool find_op(struct pv_cursor line, struct pv_cursor *ret_caller,
                    struct pv_cursor *ret_op)
{
    *ret_caller = (struct pv_cursor){.at = line.at, .end = line.at};
    *ret_op = line;
    if (!pv_cursor_word(&line, "@ ")) {
        return true;
    }
    for (const char *at = line.end - 2; at > line.at; --at) {
        if (at[-1] == ' ' && at[1] == ' ' && is_op(at[0])) {
            *ret_caller = (struct pv_cursor){.at = line.at, .end = at - 1};
            ret_op->at = at;
            return true;
        }
    }
    return false;
}

static int read_op(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    char op = *line.at++;
    uint64_t addr;
    bool sized = op != '-' && op != '<';
    pv_cursor_blanks(&line);
    /* a block of no address stands as (nil) */
    if (pv_cursor_word(&line, "(nil)")) {
        addr = 0;
    } else if (!pv_cursor_address(&line, &addr)) {
        return pv_lines_blame(&trace->lines, line.at, "an address is expected here");
    }
    pv_cursor_blanks(&line);
    if (sized && pv_cursor_word(&line, "(nil)")) {
        call->size = 0; /* %#lx of nothing */
    } else if (sized && !pv_cursor_address(&line, &call->size) &&
               !pv_cursor_decimal(&line, &call->size)) {
        return pv_lines_blame(&trace->lines, line.at, "a size is expected here");
    }
    pv_cursor_blanks(&line);
    if (!pv_cursor_done(&line)) {
        return pv_lines_blame(&trace->lines, line.at, "something follows the call");
    }
    call->addr = addr;
    call->old = trace->old;
    trace->old = op == '<' ? addr : 0;
    call->op = op == '+' ? PV_OP_MALLOC : op == '-' ? PV_OP_FREE : PV_OP_REALLOC;
    return op == '<' || op == '!' ? 1 : PV_OK;
}

/* = Start, once more: a part of its own. */
static int begin_again(struct pv_text_trace *trace, struct pv_cursor line)
{
    struct mtrace *own = trace->own;
    if (pv_cursor_word(&line, "= Start") && own->process) {
        own->process = pv_account_new_part(trace->account, 1);
        own->is_mixed = false;
    }
    return 1;
}

static int read_mtrace(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    struct mtrace *own = trace->own;
    struct pv_cursor caller, op;
    if (pv_cursor_done(&line)) {
        return 1;
    }
    if (*line.at == '=') {
        return begin_again(trace, line);
    }
    bool has_op = find_op(line, &caller, &op) && is_op(*op.at);
    if (own->is_mixed || (!has_op && own->has_callers && *line.at != '@')) {
        own->is_mixed = true;
        pv_account_add(trace->account, PV_LEFT_MIXED, NULL, 0, 1);
        return 1;
    }
    if (!has_op) {
        return pv_lines_blame(&trace->lines, NULL, "an operation is +, -, <, > or !");
    }
    own->has_callers |= *line.at == '@';
    int status = read_op(trace, op, call);
    if (status) {
        return status;
    }
    if (!own->process) {
        own->process = pv_account_process(trace->account, 1);
    }
    if (!pv_account_takes(trace->account, own->process)) {
        return 1;
    }
    return call->op == PV_OP_FREE ? PV_OK : pv_grammar_name(trace, caller, call);
}

/* A resize of which the log holds only from where. */
static int end_mtrace(struct pv_text_trace *trace)
{
    if (trace->old) {
        pv_account_add(trace->account, PV_LEFT_HALVES, "realloc", strlen("realloc"), 1);
    }
    return PV_OK;
}

/* The first line, or a call where it is missing. */
static bool looks_mtrace(struct pv_cursor line)
{
    struct pv_cursor caller, op;
    uint64_t addr;
    if (pv_cursor_word(&line, "= Start")) {
        return true;
    }
    bool has_op = find_op(line, &caller, &op) && is_op(*op.at);
    op.at += has_op;
    return has_op && pv_cursor_byte(&op, ' ') && pv_cursor_address(&op, &addr);
}

static bool probe_mtrace(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_mtrace, NULL);
}

static const struct pv_grammar mtrace = {.name = "mtrace",
                                         .clock = "",
                                         .in_order = true,
                                         .begins_late = true,
                                         .own_bytes = sizeof(struct mtrace),
                                         .line = read_mtrace,
                                         .end = end_mtrace};

static int open_mtrace(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&mtrace, ret_state, stream, header, place);
}

const struct pv_format pv_format_mtrace = {
    .name = "mtrace",
    .about = "glibc mtrace(3)",
    .limits =
        "an aligned or zeroed allocation stands as a malloc; of processes that write into one "
        "file the first is taken",
    .probe = probe_mtrace,
    .open = open_mtrace,
    .next = pv_grammar_next,
    .close = pv_grammar_close};
