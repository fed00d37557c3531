/* SPDX-License-Identifier: MIT
 *
 * grammar.c - the loop that all text formats share: a line, a call, its events.
 */
#include "traces/grammar.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"

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
    header->format = grammar->name;
    header->clock = grammar->clock;
    trace->calls = pv_calls_open(grammar->by_number ? PV_CALLS_BY_NUMBER : PV_CALLS_BY_ADDRESS);
    trace->texts = pv_texts_open();
    return trace->calls && trace->texts ? pv_lines_open(&trace->lines, stream, place)
                                        : PV_ENOMEM;
}

void pv_grammar_close(void *state)
{
    struct pv_text_trace *trace = state;
    if (trace) {
        pv_lines_close(&trace->lines);
        pv_calls_close(trace->calls);
        pv_texts_close(trace->texts);
        pv_own_free(trace);
    }
}

int pv_grammar_name(struct pv_text_trace *trace, struct pv_cursor text, struct pv_call *call)
{
    char clean[PV_EVENT_NAME_MAX + 1];
    size_t n = pv_text_clean(clean, sizeof clean, text.at, (size_t)(text.end - text.at));
    uint32_t number;
    if (!n) {
        return PV_OK;
    }
    int status = pv_texts_number(trace->texts, clean, n, &number);
    call->name = status ? NULL : pv_texts_get(trace->texts, number, &n);
    return status == PV_ELIMIT
               ? pv_lines_blame(&trace->lines, NULL, "there are more names than are understood")
               : status;
}

static int check_call(struct pv_text_trace *trace, const struct pv_call *call)
{
    bool sized = call->op != PV_OP_FREE;
    return sized && call->size > INT64_MAX
               ? pv_lines_blame(&trace->lines, NULL, "a size is beyond 2^63-1")
               : PV_OK;
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
            struct pv_call call = trace->blank;
            status = trace->grammar->line(trace, line, &call);
            status = status ? status : check_call(trace, &call);
            if (status > 0) {
                continue;
            }
            status = status ? status : pv_calls_put(trace->calls, &call);
        } else {
            trace->ended = status;
            status = status == PV_ENOMEM ? status : pv_calls_end(trace->calls);
        }
        if (status) {
            trace->ended = status;
            return status;
        }
    }
    return PV_OK;
}

bool pv_grammar_probe(const unsigned char *head, size_t n, bool (*look)(struct pv_cursor line),
                      bool (*skip)(struct pv_cursor line))
{
    const char *at = (const char *)head;
    const char *end = at + n;
    while (at < end) {
        struct pv_cursor line = {.at = at, .end = at};
        while (line.end < end && *line.end != '\n' && *line.end != '\r') {
            ++line.end;
        }
        if (line.end == end) {
            return false; /* the rest of the line may say something else */
        }
        at = line.end + 1;
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

enum pv_call_form pv_call_form(const char *name, size_t n)
{
    static const struct {
        const char *name;
        enum pv_call_form form;
    } forms[] = {
        {"malloc", PV_FORM_SIZE},
        {"valloc", PV_FORM_SIZE},
        {"pvalloc", PV_FORM_SIZE},
        {"_Znwm", PV_FORM_SIZE},
        {"_Znam", PV_FORM_SIZE},
        {"_ZnwmRKSt9nothrow_t", PV_FORM_SIZE},
        {"_ZnamRKSt9nothrow_t", PV_FORM_SIZE},
        {"calloc", PV_FORM_COUNT_SIZE},
        {"realloc", PV_FORM_OLD_SIZE},
        {"memalign", PV_FORM_ALIGN_SIZE},
        {"aligned_alloc", PV_FORM_ALIGN_SIZE},
        {"posix_memalign", PV_FORM_OUT_ALIGN},
        {"free", PV_FORM_OLD},
        {"cfree", PV_FORM_OLD},
        {"_ZdlPv", PV_FORM_OLD},
        {"_ZdaPv", PV_FORM_OLD},
        {"_ZdlPvm", PV_FORM_OLD},
        {"_ZdaPvm", PV_FORM_OLD},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; ++i) {
        if (strlen(forms[i].name) == n && memcmp(forms[i].name, name, n) == 0) {
            return forms[i].form;
        }
    }
    return PV_FORM_NONE;
}

enum pv_call_form pv_call_form_take(struct pv_cursor *cursor)
{
    const char *end = cursor->at;
    while (end < cursor->end && ((*end >= 'a' && *end <= 'z') || (*end >= 'A' && *end <= 'Z') ||
                                 (*end >= '0' && *end <= '9') || *end == '_')) {
        ++end;
    }
    enum pv_call_form form = pv_call_form(cursor->at, (size_t)(end - cursor->at));
    cursor->at = form ? end : cursor->at;
    return form;
}

void pv_call_set_op(struct pv_call *call, enum pv_call_form form)
{
    static const enum pv_op ops[] = {
        [PV_FORM_SIZE] = PV_OP_MALLOC,       [PV_FORM_COUNT_SIZE] = PV_OP_CALLOC,
        [PV_FORM_OLD_SIZE] = PV_OP_REALLOC,  [PV_FORM_ALIGN_SIZE] = PV_OP_ALIGNED,
        [PV_FORM_OUT_ALIGN] = PV_OP_ALIGNED, [PV_FORM_OLD] = PV_OP_FREE,
    };
    call->op = ops[form];
}
