/* SPDX-License-Identifier: MIT
 *
 * android.c - Android's memory_replay text:
 *
 *   TID: malloc PTR SIZE | calloc PTR COUNT SIZE | memalign PTR ALIGN SIZE
 *      | realloc NEW OLD SIZE | free PTR | thread_done 0x0        [ BEGIN_NS END_NS ]
 */
#include "core/status.h"
#include "traces/grammar.h"

enum { N_NUMBERS = 2 };

static bool take_thread(struct pv_cursor *line, uint64_t *ret_thread)
{
    bool is = pv_cursor_decimal(line, ret_thread) && pv_cursor_byte(line, ':');
    pv_cursor_blanks(line);
    return is;
}

/* Knows only the functions of the format; a blank ends a name. */
static enum pv_call_form take_form(struct pv_cursor *line)
{
    struct pv_cursor tried = *line;
    struct pv_cursor name;
    if (!pv_cursor_text(&tried, &name)) {
        return PV_FORM_NONE;
    }
    enum pv_call_form form = pv_function_form(name.at, (size_t)(name.end - name.at));
    if (form != PV_FORM_SIZE && form != PV_FORM_COUNT_SIZE && form != PV_FORM_OLD_SIZE &&
        form != PV_FORM_ALIGN_SIZE && form != PV_FORM_OLD) {
        return PV_FORM_NONE;
    }
    *line = tried;
    return form;
}

static int take_numbers(struct pv_text_trace *trace, struct pv_cursor *line,
                        enum pv_call_form form, struct pv_call *call)
{
    uint64_t numbers[N_NUMBERS] = {0};
    unsigned n = form == PV_FORM_OLD ? 0 : form == PV_FORM_SIZE ? 1 : 2;
    for (unsigned i = 0; i < n; ++i) {
        pv_cursor_blanks(line);
        bool address = form == PV_FORM_OLD_SIZE && i == 0;
        if (!(address ? pv_cursor_address(line, &numbers[i])
                      : pv_cursor_decimal(line, &numbers[i]))) {
            return pv_lines_blame(&trace->lines, line->at,
                                  address ? "an address is expected here"
                                          : "a number is expected here");
        }
    }
    call->size = n ? numbers[n - 1] : 0;
    call->count = form == PV_FORM_COUNT_SIZE ? numbers[0] : 1;
    call->align = form == PV_FORM_ALIGN_SIZE ? numbers[0] : 0;
    call->old = form == PV_FORM_OLD_SIZE ? numbers[0] : 0;
    return PV_OK;
}

static int take_times(struct pv_text_trace *trace, struct pv_cursor *line, struct pv_call *call)
{
    uint64_t end;
    pv_cursor_blanks(line);
    if (pv_cursor_done(line)) {
        return PV_OK;
    }
    call->has_t = pv_cursor_decimal(line, &call->t);
    pv_cursor_blanks(line);
    if (!call->has_t || !pv_cursor_decimal(line, &end)) {
        return pv_lines_blame(&trace->lines, line->at, "two times are expected here, or none");
    }
    pv_cursor_blanks(line);
    return pv_cursor_done(line)
               ? PV_OK
               : pv_lines_blame(&trace->lines, line->at, "something follows the call");
}

static int read_android(struct pv_text_trace *trace, struct pv_cursor line,
                        struct pv_call *call)
{
    pv_cursor_blanks(&line);
    if (pv_cursor_done(&line)) {
        return 1;
    }
    if (!take_thread(&line, &call->thread)) {
        return pv_lines_blame(&trace->lines, line.at, "a thread and a colon are expected");
    }
    call->has_thread = true;
    if (pv_cursor_word(&line, "thread_done")) {
        return 1;
    }
    const char *name = line.at;
    enum pv_call_form form = take_form(&line);
    if (!form) {
        return pv_lines_blame(&trace->lines, name, "this call is not known");
    }
    pv_cursor_blanks(&line);
    if (!pv_cursor_address(&line, &call->addr)) {
        return pv_lines_blame(&trace->lines, line.at, "an address is expected here");
    }
    call->op = pv_function_op(form);
    int status = take_numbers(trace, &line, form, call);
    return status ? status : take_times(trace, &line, call);
}

static bool looks_android(struct pv_cursor line)
{
    uint64_t thread;
    return take_thread(&line, &thread) &&
           (take_form(&line) || pv_cursor_word(&line, "thread_done"));
}

static bool probe_android(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_android, NULL);
}

static const struct pv_grammar android = {
    .name = "android", .clock = "ns", .line = read_android};

static int open_android(void **ret_state, struct pv_stream *stream,
                        struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&android, ret_state, stream, header, place);
}

const struct pv_format pv_format_android = {.name = "android",
                                            .about = "Android memory_replay",
                                            .limits =
                                                "a time is that of the beginning of the call",
                                            .probe = probe_android,
                                            .open = open_android,
                                            .next = pv_grammar_next,
                                            .close = pv_grammar_close};
