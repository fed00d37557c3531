/* SPDX-License-Identifier: MIT
 *
 * valgrind.c - reads Valgrind's --trace-malloc=yes:
 *
 *   ==7== Command: ./app -x                                  a program begins
 *   --7-- calloc(4,25) = 0x4A420F0
 *   Hello--7-- realloc(0x0,8)malloc(8) = 0x4A42040           one allocation
 *   --7-- realloc(0x4A42040,0)free(0x4A42040)                a free, whatever it returns
 *   --7-- malloc(99)Argument 'size' of ... is fishy          its result is on a later line:
 *   --7--  = 0x0
 *   --00:00:00:01.250 7-- free(0x4A420F0)                    --time-stamp=yes
 *
 * Valgrind runs one thread at a time, so calls are in order. A free of an unknown address is a
 * mistake of the program when the log holds the program's beginning; else (after a fork, or in
 * a cut log) it is left out.
 */
#include <string.h>

#include "core/status.h"
#include "traces/foreign/printed.h"

/* Calls whose result has not come yet; more than one when threads alternate. */
enum { PENDING_MAX = 16, NAME_MAX_BYTES = 48 };

struct pending {
    struct pv_call call;
    bool is_passed; /* the result is not needed */
    size_t n_name;
    char name[NAME_MAX_BYTES];
};

struct valgrind {
    struct pv_account_process *process; /* the process of the line before */
    bool is_late;                       /* the rule begins_late at present */
    bool is_torn;                       /* a result was lost, and may have been any address */
    bool is_behind;                     /* this part follows another process's half of a call */
    size_t n_pending;
    struct pending pending[PENDING_MAX];
};

struct origin {
    uint64_t pid, t;
    bool has_t;
};

static bool take_time(struct pv_cursor *line, uint64_t *ret_ms)
{
    static const uint64_t factors[] = {24 * 60 * 60 * 1000, 60 * 60 * 1000, 60 * 1000, 1000, 1};
    static const char separators[] = ":::. ";
    struct pv_cursor tried = *line;
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; ++i) {
        uint64_t value, part;
        if (!pv_cursor_decimal(&tried, &value) || !pv_cursor_byte(&tried, separators[i]) ||
            __builtin_mul_overflow(value, factors[i], &part) ||
            __builtin_add_overflow(all, part, &all)) {
            return false;
        }
    }
    *ret_ms = all;
    *line = tried;
    return true;
}

/* Takes --7-- or ==7==, with the time. */
static bool take_origin(struct pv_cursor *line, const char *mark, struct origin *ret)
{
    struct pv_cursor tried = *line;
    if (!pv_cursor_word(&tried, mark)) {
        return false;
    }
    ret->has_t = take_time(&tried, &ret->t);
    if (!pv_cursor_decimal(&tried, &ret->pid) || !pv_cursor_word(&tried, mark)) {
        return false;
    }
    *line = tried;
    return true;
}

/* The same, behind text that the program printed. */
static bool find_origin(struct pv_cursor *line, struct origin *ret, const char **ret_begin)
{
    struct pv_cursor tried = *line;
    while (tried.end - tried.at > 4) {
        const char *at = memchr(tried.at, '-', (size_t)(tried.end - tried.at));
        if (!at) {
            return false;
        }
        tried.at = *ret_begin = at;
        if (take_origin(&tried, "--", ret)) {
            *line = tried;
            return true;
        }
        ++tried.at;
    }
    return false;
}

/* Counts a call whose result is not in the log, or may belong to another call. */
static void lose(struct pv_text_trace *trace, const char *name, size_t n_name)
{
    struct valgrind *own = trace->own;
    pv_account_add(trace->account, PV_LEFT_HALVES, name, n_name, 1);
    pv_calls_gave_hidden(trace->calls);
    own->is_torn = true;
}

static int keep_pending(struct pv_text_trace *trace, const struct pv_printed *printed,
                        const struct pv_call *call, bool is_passed)
{
    struct valgrind *own = trace->own;
    if (own->n_pending == PENDING_MAX) {
        const struct pending *oldest = &own->pending[0];
        if (!oldest->is_passed) {
            lose(trace, oldest->name, oldest->n_name);
        }
        memmove(own->pending, own->pending + 1, (PENDING_MAX - 1) * sizeof own->pending[0]);
        own->n_pending--;
    }
    struct pending *pending = &own->pending[own->n_pending++];
    pending->call = *call;
    pending->is_passed = is_passed;
    size_t n = (size_t)(printed->name.end - printed->name.at);
    pending->n_name = n < NAME_MAX_BYTES ? n : NAME_MAX_BYTES;
    memcpy(pending->name, printed->name.at, pending->n_name);
    return PV_OK;
}

static int finish(struct pv_text_trace *trace, struct pv_call *call, const char *name,
                  size_t n_name, const struct pv_printed_result *result)
{
    if (!result->is_number) {
        pv_account_add(trace->account, PV_LEFT_GARBLED, name, n_name, 1);
        return PV_OK;
    }
    call->addr = result->value;
    bool of_dead =
        call->op == PV_OP_REALLOC && call->old && !pv_calls_is_live(trace->calls, call->old);
    if (!call->addr && !of_dead && !(call->op == PV_OP_REALLOC && !call->size)) {
        pv_account_add(trace->account, PV_LEFT_FAILED, name, n_name, 1);
        return PV_OK;
    }
    return pv_grammar_put(trace, call);
}

/* Takes a result that does not directly follow its call. */
static int take_late_result(struct pv_text_trace *trace, const struct pv_printed_result *result)
{
    struct valgrind *own = trace->own;
    if (!own->n_pending) {
        return PV_OK;
    }
    struct pending *pending = &own->pending[--own->n_pending];
    return pending->is_passed
               ? PV_OK
               : finish(trace, &pending->call, pending->name, pending->n_name, result);
}

/* Is another call printed right behind this one? */
static bool call_follows(struct pv_cursor line, enum pv_op op)
{
    struct pv_cursor name;
    return pv_function_op(pv_function_take(&line, &name)) == op;
}

static bool waits_for_result(const struct valgrind *own)
{
    for (size_t i = 0; i < own->n_pending; ++i) {
        if (!own->pending[i].is_passed) {
            return true;
        }
    }
    return false;
}

/* Takes a call after its arguments. */
static int take_call(struct pv_text_trace *trace, struct pv_cursor *line,
                     const struct pv_printed *printed, struct pv_call *call)
{
    struct valgrind *own = trace->own;
    size_t n_name = (size_t)(printed->name.end - printed->name.at);
    struct pv_printed_result result;
    bool guessed;
    if (!pv_printed_fill(printed, call, &guessed)) {
        pv_account_add(trace->account,
                       printed->form == PV_FORM_LOOKS ? PV_LEFT_CALLS : PV_LEFT_GARBLED,
                       printed->name.at, n_name, 1);
        return PV_OK;
    }
    if (call->op == PV_OP_FREE) {
        bool waits = waits_for_result(own);
        call->if_known = waits || own->is_torn;
        if (waits && call->addr && !pv_calls_is_live(trace->calls, call->addr)) {
            pv_calls_gave_hidden(trace->calls); /* perhaps at this address */
        }
        return pv_grammar_put(trace, call);
    }
    if (pv_printed_take_result(line, &result)) {
        if (own->is_behind) { /* perhaps the other call's result */
            lose(trace, printed->name.at, n_name);
            return PV_OK;
        }
        return finish(trace, call, printed->name.at, n_name, &result);
    }
    if (call->op != PV_OP_REALLOC) {
        return keep_pending(trace, printed, call, false);
    }
    if (!call->old && call_follows(*line, PV_OP_MALLOC)) {
        return PV_OK;
    }
    if (call->size) {
        return keep_pending(trace, printed, call, false);
    }
    struct pv_printed inner;
    if (call_follows(*line, PV_OP_FREE)) {
        pv_printed_take(line, &inner);
    }
    int status = pv_grammar_put(trace, call);
    if (pv_printed_take_result(line, &result)) {
        return status;
    }
    return status ? status : keep_pending(trace, printed, call, true);
}

/* Counts name(…) = 0x…: it looks like an allocation by a function that is not known. */
static void count_unknown(struct pv_text_trace *trace, struct pv_cursor line)
{
    struct pv_cursor name = {.at = line.at, .end = line.at};
    struct pv_printed_result result;
    while (name.end < line.end && *name.end != '(' && *name.end != ' ') {
        ++name.end;
    }
    line.at = name.end;
    if (name.end == name.at || !pv_cursor_byte(&line, '(')) {
        return;
    }
    const char *close = memchr(line.at, ')', (size_t)(line.end - line.at));
    line.at = close ? close + 1 : line.end;
    if (pv_printed_take_result(&line, &result) && result.is_number) {
        pv_account_add(trace->account, PV_LEFT_CALLS, name.at, (size_t)(name.end - name.at), 1);
    }
}

static int read_calls(struct pv_text_trace *trace, struct pv_cursor line,
                      const struct pv_call *blank)
{
    struct pv_printed printed;
    struct pv_printed_result result;
    int status = PV_OK;
    while (!status && !pv_cursor_done(&line)) {
        struct pv_call call = *blank;
        if (pv_printed_take_result(&line, &result)) {
            status = take_late_result(trace, &result);
        } else if (pv_printed_take(&line, &printed) == PV_PRINTED_WHOLE) {
            status = take_call(trace, &line, &printed, &call);
        } else {
            break;
        }
        pv_cursor_blanks(&line);
    }
    return status;
}

/* Ends the calls whose result never came: if the program died, it was in the newest; the others
 * count as halves. */
static void drop_pending(struct pv_text_trace *trace, bool dies)
{
    struct valgrind *own = trace->own;
    while (own->n_pending) {
        const struct pending *pending = &own->pending[--own->n_pending];
        if (!pending->is_passed && dies) {
            pv_account_add(trace->account, PV_DIED_IN_CALLS, pending->name, pending->n_name, 1);
            dies = false;
        } else if (!pending->is_passed) {
            lose(trace, pending->name, pending->n_name);
        }
    }
}

/* A program begins with ==7== Memcheck, … and ==7== Command: …. */
static void read_remark(struct pv_text_trace *trace, struct pv_cursor line, uint64_t pid)
{
    pv_cursor_blanks(&line);
    if (pv_cursor_word(&line, "Process terminating ")) {
        const struct pv_account_process *taken = pv_account_taken(trace->account);
        if (taken && taken->pid == pid) {
            drop_pending(trace, true);
        }
        return;
    }
    bool command = pv_cursor_word(&line, "Command: ");
    if (!command && !pv_cursor_word(&line, "Memcheck")) {
        return;
    }
    struct pv_account_process *process = pv_account_process(trace->account, pid);
    if (process && process->n_calls) {
        process = pv_account_new_part(trace->account, pid);
    }
    if (process) {
        process->is_whole = true;
        if (command) {
            pv_account_set_program(process, line.at, (size_t)(line.end - line.at));
        }
    }
    struct valgrind *own = trace->own;
    own->process = NULL;
}

/* Does this line belong to the process that is read? */
static bool takes(struct pv_text_trace *trace, uint64_t pid)
{
    struct valgrind *own = trace->own;
    if (!own->process || own->process->pid != pid) {
        own->process = pv_account_process(trace->account, pid);
    }
    if (!pv_account_takes(trace->account, own->process)) {
        return false;
    }
    if (own->is_late == own->process->is_whole) {
        own->is_late = !own->process->is_whole;
        pv_grammar_rules(trace, true, own->is_late);
    }
    trace->header->program = own->process->program;
    return true;
}

/* Reads what follows one origin, up to the next. */
static int read_part(struct pv_text_trace *trace, struct pv_cursor part,
                     const struct origin *origin, struct pv_call *call)
{
    pv_cursor_blanks(&part);
    call->has_t = origin->has_t;
    call->t = origin->t;
    struct pv_cursor name = part;
    struct pv_cursor ignored;
    enum pv_call_form form = pv_function_take(&name, &ignored);
    const struct pv_account_process *taken = pv_account_taken(trace->account);
    if (form ? !takes(trace, origin->pid) : !taken || taken->pid != origin->pid) {
        return PV_OK;
    }
    if (!form && !pv_cursor_done(&part) && *part.at != '=') {
        count_unknown(trace, part);
    }
    return read_calls(trace, part, call);
}

/* Does this part end in a call whose result comes later? */
static bool ends_in_half(struct pv_cursor part)
{
    struct pv_printed printed;
    pv_cursor_blanks(&part);
    return pv_printed_take(&part, &printed) == PV_PRINTED_WHOLE && pv_cursor_done(&part) &&
           pv_function_op(printed.form) != PV_OP_FREE;
}

/* When two processes write to one file, a line may hold parts of both. */
static int read_valgrind(struct pv_text_trace *trace, struct pv_cursor line,
                         struct pv_call *call)
{
    struct valgrind *own = trace->own;
    struct origin origin, next;
    pv_cursor_quotation(&line);
    if (take_origin(&line, "==", &origin)) {
        read_remark(trace, line, origin.pid);
        return 1;
    }
    const char *begin;
    int status = PV_OK;
    own->is_behind = false;
    if (pv_grammar_take_gap(trace, line)) {
        return 1;
    }
    for (bool more = find_origin(&line, &origin, &begin); more && !status; origin = next) {
        struct pv_cursor part = line;
        more = find_origin(&line, &next, &begin);
        part.end = more ? begin : line.end;
        struct pv_call blank = *call;
        status = read_part(trace, part, &origin, &blank);
        own->is_behind |= more && ends_in_half(part);
    }
    return status ? status : 1;
}

static int end_valgrind(struct pv_text_trace *trace)
{
    drop_pending(trace, false);
    return PV_OK;
}

static bool looks_valgrind(struct pv_cursor line)
{
    struct origin origin;
    struct pv_printed printed;
    const char *begin;
    if (!find_origin(&line, &origin, &begin)) {
        return false;
    }
    pv_cursor_blanks(&line);
    return pv_printed_take(&line, &printed) == PV_PRINTED_WHOLE;
}

static bool probe_valgrind(const unsigned char *head, size_t n)
{
    return pv_grammar_probe_any(head, n, looks_valgrind);
}

static const struct pv_grammar valgrind = {.name = "valgrind",
                                           .clock = "ms",
                                           .in_order = true,
                                           .own_bytes = sizeof(struct valgrind),
                                           .line = read_valgrind,
                                           .end = end_valgrind};

static int open_valgrind(void **ret_state, struct pv_stream *stream,
                         struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&valgrind, ret_state, stream, header, place);
}

const struct pv_format pv_format_valgrind = {
    .name = "valgrind",
    .about = "Valgrind, --trace-malloc=yes",
    .limits = "no threads; times with --time-stamp=yes; of several processes one is taken",
    .probe = probe_valgrind,
    .open = open_valgrind,
    .next = pv_grammar_next,
    .close = pv_grammar_close};
