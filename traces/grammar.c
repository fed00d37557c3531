/* SPDX-License-Identifier: MIT
 *
 * grammar.c - the loop that all text formats share: it reads a line, turns it into a call, and
 * gives out the call's events.
 */
#include "traces/grammar.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"

/* A log may hold a NUL that its program printed; a file with more than one NUL in this many
 * bytes is no text. */
enum { TEXT_BYTES_A_NUL = 256 };

int pv_grammar_open(const struct pv_grammar *grammar, void **ret_state,
                    struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place)
{
    struct pv_text_trace *trace = pv_own_calloc(1, sizeof *trace);
    *ret_state = trace;
    if (!trace) {
        return PV_ENOMEM;
    }
    trace->grammar = grammar;
    trace->blank = (struct pv_call){.count = 1};
    trace->header = header;
    trace->account = header->account;
    header->format = grammar->name;
    header->clock = grammar->clock;
    trace->calls = pv_calls_open(grammar->by_number ? PV_CALLS_BY_NUMBER : PV_CALLS_BY_ADDRESS);
    trace->texts = pv_texts_open();
    trace->own = grammar->own_bytes ? pv_own_calloc(1, grammar->own_bytes) : NULL;
    if (!trace->calls || !trace->texts || (grammar->own_bytes && !trace->own)) {
        return PV_ENOMEM;
    }
    pv_grammar_rules(trace, grammar->in_order, grammar->begins_late);
    return pv_lines_open(&trace->lines, stream, place);
}

void pv_grammar_close(void *state)
{
    struct pv_text_trace *trace = state;
    if (trace) {
        if (trace->own && trace->grammar->close) {
            trace->grammar->close(trace->own);
        }
        pv_own_free(trace->own);
        pv_lines_close(&trace->lines);
        pv_calls_close(trace->calls);
        pv_texts_close(trace->texts);
        pv_own_free(trace);
    }
}

static bool may_be_seen(struct pv_cursor text)
{
    return text.end - text.at >= (ptrdiff_t)sizeof(uint64_t) &&
           text.end - text.at <= PV_GRAMMAR_SEEN_BYTES;
}

/* The cache slot of a name that is short enough to be cached. */
static size_t seen_slot(struct pv_cursor text)
{
    uint64_t word, hash = (uint64_t)(text.end - text.at);
    for (const char *at = text.at; at < text.end; at += sizeof word) {
        const char *from = text.end - at < (ptrdiff_t)sizeof word ? text.end - sizeof word : at;
        memcpy(&word, from, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return (size_t)(hash % PV_GRAMMAR_SEEN);
}

int pv_grammar_name(struct pv_text_trace *trace, struct pv_cursor text, struct pv_call *call)
{
    bool may = may_be_seen(text);
    struct pv_grammar_seen *seen = &trace->seen[may ? seen_slot(text) : 0];
    if (may && seen->n == text.end - text.at && memcmp(seen->bytes, text.at, seen->n) == 0) {
        call->name = seen->name;
        return PV_OK;
    }
    char clean[PV_EVENT_NAME_MAX + 1];
    size_t n = pv_text_clean(clean, sizeof clean, text.at, (size_t)(text.end - text.at));
    uint32_t number;
    if (!n) {
        return PV_OK;
    }
    int status = pv_texts_number(trace->texts, clean, n, &number);
    call->name = status ? NULL : pv_texts_get(trace->texts, number, &n);
    if (may && !status) {
        seen->name = call->name;
        seen->n = (uint16_t)(text.end - text.at);
        memcpy(seen->bytes, text.at, seen->n);
    }
    return status == PV_ELIMIT
               ? pv_lines_blame(&trace->lines, NULL, "there are more names than are understood")
               : status;
}

static int check_call(struct pv_text_trace *trace, const struct pv_call *call)
{
    bool sized = call->op != PV_OP_FREE && (call->addr || trace->grammar->by_number);
    return sized && call->size > INT64_MAX
               ? pv_lines_blame(&trace->lines, NULL, "a size is beyond 2^63-1")
               : PV_OK;
}

void pv_grammar_rules(struct pv_text_trace *trace, bool in_order, bool begins_late)
{
    struct pv_calls_rules rules = {
        .in_order = in_order, .begins_late = begins_late, .account = trace->account};
    pv_calls_set_rules(trace->calls, &rules);
}

int pv_grammar_put(struct pv_text_trace *trace, const struct pv_call *call)
{
    int status = check_call(trace, call);
    return status ? status : pv_calls_put(trace->calls, call);
}

int pv_grammar_next(void *state, struct pv_trace_event *ret_event)
{
    struct pv_text_trace *trace = state;
    while (!pv_calls_next(trace->calls, ret_event)) {
        if (trace->ended) {
            return trace->ended;
        }
        struct pv_cursor line;
        int status = pv_lines_next(&trace->lines, &line);
        if (status == 0) {
            pv_lines_uncolour(&trace->lines, &line);
            struct pv_call call = trace->blank;
            status = trace->grammar->line(trace, line, &call);
            status = status ? status : pv_grammar_put(trace, &call);
            if (status > 0) {
                continue;
            }
        } else {
            trace->ended = status;
            bool ends = status != PV_ENOMEM && trace->grammar->end;
            int ended = ends ? trace->grammar->end(trace) : PV_OK;
            status = status == PV_ENOMEM ? status : ended;
            status = status < 0 ? status : pv_calls_end(trace->calls);
        }
        if (status) {
            trace->ended = status;
            return status;
        }
    }
    return PV_OK;
}

static bool says_gap(struct pv_cursor line)
{
    enum { LONGEST_MARK = 12 };
    static const char *const marks[] = {"...",    "\u2026", "[...]",       "[\u2026]",
                                        "(...)",  "<...>",  "[snip]",      "<snip>",
                                        "(snip)", "snip",   "---8<---",    "--8<--",
                                        "8<",     "[cut]",  "[truncated]", "[removed]"};
    pv_cursor_blanks(&line);
    while (line.end > line.at && (line.end[-1] == ' ' || line.end[-1] == '\t')) {
        --line.end;
    }
    size_t n = (size_t)(line.end - line.at);
    if (n > LONGEST_MARK && memchr(line.at, ')', n)) {
        return false; /* a call: the path of nearly all lines */
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; ++i) {
        if (n == strlen(marks[i]) && memcmp(line.at, marks[i], n) == 0) {
            return true;
        }
    }
    if (!n || !line.at) {
        return false;
    }
    const char *lost = memmem(line.at, n, "[LOST ", 6);
    const char *discarded = memmem(line.at, n, "discarded ", 10);
    return (lost && memmem(lost, (size_t)(line.end - lost), " EVENTS]", 8)) ||
           (discarded && memmem(discarded, (size_t)(line.end - discarded), " events", 7));
}

bool pv_grammar_take_gap(struct pv_text_trace *trace, struct pv_cursor line)
{
    static const char name[] = "(lines that are missing)";
    bool gap = says_gap(line);
    if (gap) {
        pv_account_add(trace->account, PV_LEFT_HIDDEN, name, sizeof name - 1, 1);
        pv_calls_gave_hidden(trace->calls);
    }
    return gap;
}

bool pv_grammar_probe_any(const unsigned char *head, size_t n,
                          bool (*look)(struct pv_cursor line))
{
    struct pv_cursor rest = {.at = (const char *)head, .end = (const char *)head + n};
    struct pv_cursor line;
    size_t n_nul = 0;
    for (const unsigned char *at = head; (at = memchr(at, 0, n - (size_t)(at - head))); ++at) {
        n_nul++;
    }
    if (n_nul > 1 + n / TEXT_BYTES_A_NUL) {
        return false;
    }
    while (pv_cursor_line(&rest, &line)) { /* not the last line, if it is cut off */
        pv_cursor_blanks(&line);
        if (look(line)) {
            return true;
        }
    }
    return false;
}

bool pv_grammar_probe(const unsigned char *head, size_t n, bool (*look)(struct pv_cursor line),
                      bool (*skip)(struct pv_cursor line))
{
    struct pv_cursor rest = {.at = (const char *)head, .end = (const char *)head + n};
    struct pv_cursor line;
    while (pv_cursor_line(&rest, &line)) {
        pv_cursor_blanks(&line);
        if (pv_cursor_done(&line)) {
            continue;
        }
        if (look(line)) {
            return true;
        }
        if (!skip || !skip(line)) {
            return false;
        }
    }
    return false;
}
