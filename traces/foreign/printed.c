/* SPDX-License-Identifier: MIT
 *
 * printed.c - logs in which a call stands as a programmer would write it:
 *
 *   valgrind   --PID-- calloc(4,25) = 0x4A420F0          (--trace-malloc=yes)
 *   ltrace     [pid 7] app->realloc(0x55d0, 5000) = 0x55e0
 *   logalloc   PID TID realloc(#3,84)=#2                 (Mozilla; TID may be missing)
 *
 * What else stands in a log of valgrind or ltrace says nothing here. ltrace does not show where
 * posix_memalign put a block, so such calls are left out.
 */
#include <string.h>

#include "core/status.h"
#include "traces/grammar.h"

enum { N_ARGUMENTS = 3 };

struct printed {
    enum pv_call_form form;
    uint64_t arguments[N_ARGUMENTS];
    bool has_result;
    uint64_t result;
};

/* A number, an address, a slot (#3) or one of the words for nothing. */
static bool take_value(struct pv_cursor *cursor, uint64_t *ret)
{
    static const char *const nothing[] = {"nil", "(nil)", "NULL", "<void>"};
    pv_cursor_blanks(cursor);
    if (!pv_cursor_word(cursor, "al ")) {
        pv_cursor_word(cursor, "size ");
    }
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; ++i) {
        if (pv_cursor_word(cursor, nothing[i])) {
            *ret = 0;
            return true;
        }
    }
    return pv_cursor_byte(cursor, '#')
               ? pv_cursor_decimal(cursor, ret)
               : pv_cursor_address(cursor, ret) || pv_cursor_decimal(cursor, ret);
}

/* What is wrong, or NULL; then the cursor stands behind the call. */
static const char *take_printed(struct pv_cursor *cursor, struct printed *ret)
{
    static const unsigned wanted[] = {
        [PV_FORM_SIZE] = 1,       [PV_FORM_COUNT_SIZE] = 2, [PV_FORM_OLD_SIZE] = 2,
        [PV_FORM_ALIGN_SIZE] = 2, [PV_FORM_OUT_ALIGN] = 2,  [PV_FORM_OLD] = 1};
    *ret = (struct printed){.form = pv_call_form_take(cursor)};
    unsigned n = 0;
    pv_cursor_byte(cursor, '(');
    do {
        uint64_t value;
        if (!take_value(cursor, &value)) {
            return pv_cursor_word(cursor, " <unfinished") || pv_cursor_word(cursor, "<unfin")
                       ? "a call that another one interrupts is not understood"
                       : "an argument is expected here";
        }
        if (n < N_ARGUMENTS) {
            ret->arguments[n] = value;
        }
        ++n;
        pv_cursor_blanks(cursor);
    } while (pv_cursor_byte(cursor, ','));
    if (!pv_cursor_byte(cursor, ')')) {
        return pv_cursor_word(cursor, "<unfinished")
                   ? "a call that another one interrupts is not understood"
                   : "a comma or ) is expected here";
    }
    if (n < wanted[ret->form]) {
        return "the call has too few arguments";
    }
    /* valgrind: realloc(0x0,8)malloc(8) = 0x4A42040 */
    while (pv_call_form_take(cursor)) {
        while (!pv_cursor_done(cursor) && *cursor->at++ != ')') {
        }
    }
    pv_cursor_blanks(cursor);
    ret->has_result = pv_cursor_byte(cursor, '=');
    if (ret->has_result && !take_value(cursor, &ret->result)) {
        return "a result is expected here";
    }
    return ret->has_result || ret->form == PV_FORM_OLD ? NULL : "a result is expected here";
}

static void fill(struct pv_call *call, const struct printed *printed)
{
    const uint64_t *arguments = printed->arguments;
    pv_call_set_op(call, printed->form);
    call->addr = printed->result;
    switch (printed->form) {
    case PV_FORM_COUNT_SIZE:
        call->count = arguments[0];
        call->size = arguments[1];
        break;
    case PV_FORM_OLD_SIZE:
        call->old = arguments[0];
        call->size = arguments[1];
        break;
    case PV_FORM_ALIGN_SIZE:
    case PV_FORM_OUT_ALIGN:
        call->align = arguments[0];
        call->size = arguments[1];
        break;
    case PV_FORM_OLD:
        call->addr = arguments[0];
        break;
    default:
        call->size = arguments[0];
    }
}

static int take_call(struct pv_text_trace *trace, struct pv_cursor *line, struct pv_call *call)
{
    struct printed printed;
    const char *wrong = take_printed(line, &printed);
    if (wrong) {
        return pv_lines_blame(&trace->lines, line->at, wrong);
    }
    fill(call, &printed);
    return PV_OK;
}

/* Does a call for memory stand here? */
static bool is_call(struct pv_cursor line)
{
    return pv_call_form_take(&line) && pv_cursor_byte(&line, '(');
}

/* ---- valgrind ---- */

static bool take_valgrind(struct pv_cursor *line)
{
    uint64_t pid;
    bool is = pv_cursor_word(line, "--") && pv_cursor_decimal(line, &pid) &&
              pv_cursor_word(line, "--");
    pv_cursor_blanks(line);
    return is;
}

static int read_valgrind(struct pv_text_trace *trace, struct pv_cursor line,
                         struct pv_call *call)
{
    return take_valgrind(&line) && is_call(line) ? take_call(trace, &line, call) : 1;
}

static bool looks_valgrind(struct pv_cursor line)
{
    return take_valgrind(&line) && is_call(line);
}

static bool skips_valgrind(struct pv_cursor line)
{
    return pv_cursor_word(&line, "==") || pv_cursor_word(&line, "--");
}

static bool probe_valgrind(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_valgrind, skips_valgrind);
}

static const struct pv_grammar valgrind = {
    .name = "valgrind", .clock = "", .line = read_valgrind};

static int open_valgrind(void **ret_state, struct pv_stream *stream,
                         struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&valgrind, ret_state, stream, header, place);
}

const struct pv_format pv_format_valgrind = {.name = "valgrind",
                                             .about = "Valgrind, --trace-malloc=yes",
                                             .limits = "one process; no threads, no times",
                                             .probe = probe_valgrind,
                                             .open = open_valgrind,
                                             .next = pv_grammar_next,
                                             .close = pv_grammar_close};

/* ---- ltrace ---- */

/* [pid 7] app->malloc(: true when the thread is told. */
static bool pass_origin(struct pv_cursor *line, uint64_t *ret_thread)
{
    struct pv_cursor tried = *line;
    bool told = pv_cursor_word(&tried, "[pid ") && pv_cursor_decimal(&tried, ret_thread) &&
                pv_cursor_byte(&tried, ']');
    if (told) {
        *line = tried;
    }
    pv_cursor_blanks(line);
    for (const char *at = line->at; at + 1 < line->end && *at != '('; ++at) {
        if (at[0] == '-' && at[1] == '>') {
            line->at = at + 2;
            break;
        }
    }
    return told;
}

static int read_ltrace(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    call->has_thread = pass_origin(&line, &call->thread);
    if (pv_cursor_word(&line, "<... ") && pv_call_form_take(&line)) {
        return pv_lines_blame(&trace->lines, line.at,
                              "a call that another one interrupts is not understood");
    }
    if (!is_call(line)) {
        return 1;
    }
    struct pv_cursor name = line;
    int status = take_call(trace, &line, call);
    return status ? status : pv_call_form_take(&name) == PV_FORM_OUT_ALIGN;
}

static bool looks_ltrace(struct pv_cursor line)
{
    uint64_t thread;
    struct printed printed;
    pass_origin(&line, &thread);
    return is_call(line) && !take_printed(&line, &printed) && printed.has_result;
}

static bool skips_ltrace(struct pv_cursor line)
{
    size_t n = (size_t)(line.end - line.at);
    return *line.at != '{' && (memchr(line.at, '(', n) || pv_cursor_word(&line, "+++"));
}

static bool probe_ltrace(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_ltrace, skips_ltrace);
}

static const struct pv_grammar ltrace = {.name = "ltrace", .clock = "", .line = read_ltrace};

static int open_ltrace(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&ltrace, ret_state, stream, header, place);
}

const struct pv_format pv_format_ltrace = {
    .name = "ltrace",
    .about = "ltrace",
    .limits = "posix_memalign is left out (its address is not shown); calls that another one "
              "interrupts are refused",
    .probe = probe_ltrace,
    .open = open_ltrace,
    .next = pv_grammar_next,
    .close = pv_grammar_close};

/* ---- logalloc ---- */

static bool take_logalloc(struct pv_cursor *line, struct pv_call *call)
{
    uint64_t pid;
    if (!pv_cursor_decimal(line, &pid) || !pv_cursor_byte(line, ' ')) {
        return false;
    }
    call->has_thread = pv_cursor_decimal(line, &call->thread);
    return !call->has_thread || pv_cursor_byte(line, ' ');
}

static int read_logalloc(struct pv_text_trace *trace, struct pv_cursor line,
                         struct pv_call *call)
{
    if (pv_cursor_done(&line)) {
        return 1;
    }
    if (!take_logalloc(&line, call)) {
        return pv_lines_blame(&trace->lines, line.at, "a process and a thread are expected");
    }
    if (pv_cursor_word(&line, "jemalloc_stats")) {
        return 1;
    }
    if (!is_call(line)) {
        return pv_lines_blame(&trace->lines, line.at, "this call is not known");
    }
    int status = take_call(trace, &line, call);
    return status || pv_cursor_done(&line)
               ? status
               : pv_lines_blame(&trace->lines, line.at, "something follows the call");
}

static bool looks_logalloc(struct pv_cursor line)
{
    struct pv_call call = {0};
    return take_logalloc(&line, &call) && (is_call(line) || pv_cursor_word(&line, "jemalloc_"));
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
                                             .limits = "one process",
                                             .probe = probe_logalloc,
                                             .open = open_logalloc,
                                             .next = pv_grammar_next,
                                             .close = pv_grammar_close};
