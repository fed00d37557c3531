/* SPDX-License-Identifier: MIT
 *
 * line_reader.c - compiles the patterns when the log is opened, and matches each line against
 * them in order; the first one that matches decides what the line is.
 */
#include "traces/foreign/line_reader.h"

#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "traces/foreign/pattern.h"

/* This many bytes show whether addresses are decimal; of a pipe the reader waits for them. */
enum { HEAD_BYTES = 4096 };

struct line_own {
    size_t n_heads, n_tails;
    bool decimal;      /* addresses are decimal, guessed from the beginning of the log */
    uint64_t previous; /* the address that the call on the line before returned; 0: none */
    struct pv_pattern heads[PV_LINE_HEADS], tails[PV_LINE_TAILS];
};

_Static_assert(sizeof(struct line_own) <= PV_LINE_OWN_BYTES,
               "the grammar's memory is too small");

static struct pv_cursor cursor_of(const char *text)
{
    return (struct pv_cursor){.at = text, .end = text + strlen(text)};
}

/* ---- the patterns ---- */

static void read_table(struct line_own *own, const struct pv_line_format *format)
{
    size_t at;
    for (; own->n_heads < PV_LINE_HEADS && format->heads[own->n_heads]; ++own->n_heads) {
        pv_pattern_read(&own->heads[own->n_heads], cursor_of(format->heads[own->n_heads]),
                        false, &at);
    }
    for (; own->n_tails < PV_LINE_TAILS && format->tails[own->n_tails]; ++own->n_tails) {
        pv_pattern_read(&own->tails[own->n_tails], cursor_of(format->tails[own->n_tails]), true,
                        &at);
    }
}

/* Reads the user's patterns, one a line. */
static int read_wished(struct line_own *own, const char *text, struct pv_place *place)
{
    struct pv_cursor rest = cursor_of(text);
    bool says_something = false;
    for (unsigned number = 1; !pv_cursor_done(&rest); ++number) {
        const char *end = memchr(rest.at, '\n', (size_t)(rest.end - rest.at));
        struct pv_cursor line = {.at = rest.at, .end = end ? end : rest.end};
        rest.at = end ? end + 1 : rest.end;
        pv_cursor_blanks(&line);
        if (pv_cursor_done(&line)) {
            continue;
        }
        size_t at = 0;
        const char *wrong = own->n_tails == PV_LINE_TAILS
                                ? "there are more patterns than are understood"
                                : pv_pattern_read(&own->tails[own->n_tails], line, true, &at);
        if (wrong) {
            snprintf(place->text, sizeof place->text, "pattern %u, character %zu: %s", number,
                     at + 1, wrong);
            return PV_EINVAL;
        }
        says_something |= own->tails[own->n_tails].op != PV_OP_MARK ||
                          own->tails[own->n_tails].fields >> PV_FIELD_OP & 1;
        own->n_tails++;
    }
    if (!says_something) {
        snprintf(place->text, sizeof place->text,
                 "the format lines wants a pattern, such as M {addr} {size} {name}");
        return PV_EINVAL;
    }
    return PV_OK;
}

/* ---- a line ---- */

static const struct pv_pattern *find(const struct line_own *own, struct pv_cursor line,
                                     struct pv_pattern_values *values)
{
    values->has = 0;
    values->decimal = own->decimal;
    bool begins = own->n_heads == 0;
    for (size_t i = 0; i < own->n_heads && !begins; ++i) {
        values->has = 0;
        begins = pv_pattern_match(&own->heads[i], &line, false, values);
    }
    uint32_t has = values->has;
    for (size_t i = 0; i < own->n_tails && begins; ++i) {
        struct pv_cursor at = line;
        values->has = has;
        if (pv_pattern_match(&own->tails[i], &at, true, values)) {
            return &own->tails[i];
        }
    }
    return NULL;
}

/* Fails when the line does not match only because its address has letters, while addresses
 * before had none. */
static int blame_base(struct pv_text_trace *trace, struct pv_cursor line)
{
    struct line_own *own = trace->own;
    struct pv_pattern_values values;
    own->decimal = false;
    if (!find(own, line, &values)) {
        own->decimal = true;
        return PV_OK;
    }
    return pv_lines_blame(
        &trace->lines, line.at,
        "an address here is hexadecimal, and those before were read as decimal; "
        "{addr:x} reads all as hexadecimal");
}

static bool says_call(const struct pv_pattern *pattern)
{
    return pattern->op != PV_OP_MARK || pattern->fields >> PV_FIELD_OP & 1;
}

static uint64_t value_of(const struct pv_pattern_values *values, enum pv_pattern_field field,
                         enum pv_pattern_field otherwise)
{
    return pv_pattern_has(values, field)       ? values->numbers[field]
           : pv_pattern_has(values, otherwise) ? values->numbers[otherwise]
                                               : 0;
}

static void fill(struct pv_call *call, const struct pv_pattern_values *values)
{
    static const enum pv_pattern_field times[] = {PV_FIELD_TIME, PV_FIELD_NS, PV_FIELD_US,
                                                  PV_FIELD_MS};
    call->addr = value_of(values, PV_FIELD_ADDR, PV_FIELD_PFN);
    call->old = value_of(values, PV_FIELD_OLD, PV_FIELD_OLD);
    call->size = value_of(values, PV_FIELD_SIZE, PV_FIELD_ORDER);
    call->align = value_of(values, PV_FIELD_ALIGN, PV_FIELD_ALIGN);
    if (pv_pattern_has(values, PV_FIELD_COUNT)) {
        call->count = values->numbers[PV_FIELD_COUNT];
    }
    if (call->op == PV_OP_FREE && pv_pattern_has(values, PV_FIELD_FREE)) {
        call->addr = values->numbers[PV_FIELD_FREE];
    }
    call->has_thread = pv_pattern_has(values, PV_FIELD_THREAD);
    call->thread = values->numbers[PV_FIELD_THREAD];
    for (size_t i = 0; i < sizeof times / sizeof times[0]; ++i) {
        if (pv_pattern_has(values, times[i])) {
            call->has_t = true;
            call->t = values->numbers[times[i]];
        }
    }
}

int pv_line_read(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    struct line_own *own = trace->own;
    struct pv_account *account = trace->account;
    pv_cursor_blanks(&line);
    if (pv_cursor_done(&line)) {
        return 1;
    }
    struct pv_pattern_values values;
    const struct pv_pattern *pattern = find(own, line, &values);
    if (!pattern && own->decimal) {
        int status = blame_base(trace, line);
        if (status) {
            return status;
        }
    }
    if (!pattern) {
        if (!pv_grammar_take_gap(trace, line)) {
            pv_account_add(account, PV_LEFT_LINES, NULL, 0, 1);
        }
        return 1;
    }
    if (pattern->fields >> PV_FIELD_LEFT & 1) {
        pv_account_add(account, PV_LEFT_CALLS, values.left.at,
                       (size_t)(values.left.end - values.left.at), 1);
        return 1;
    }
    if (!says_call(pattern)) {
        return 1;
    }
    if (pv_pattern_has(&values, PV_FIELD_PROCESS) &&
        !pv_account_takes(account,
                          pv_account_process(account, values.numbers[PV_FIELD_PROCESS]))) {
        return 1;
    }
    call->op = pattern->fields >> PV_FIELD_OP & 1 ? values.op : pattern->op;
    fill(call, &values);
    if (pattern->fields >> PV_FIELD_PREVIOUS & 1) {
        call->addr = own->previous;
        if (!call->addr) {
            pv_account_add(account, PV_LEFT_FREES, NULL, 0, 1);
            return 1;
        }
    }
    own->previous = call->op == PV_OP_FREE ? 0 : call->addr;
    return call->op != PV_OP_FREE && pv_pattern_has(&values, PV_FIELD_NAME)
               ? pv_grammar_name(trace, values.name, call)
               : PV_OK;
}

/* ---- opening ---- */

/* Addresses without 0x are decimal when no address at the beginning of the log looks
 * hexadecimal. */
static void find_base(struct line_own *own, const unsigned char *head, size_t n)
{
    bool seen[PV_BASE_HEX + 1] = {false};
    struct pv_cursor rest = {.at = (const char *)head, .end = (const char *)head + n};
    struct pv_cursor line;
    while (pv_cursor_line(&rest, &line)) {
        struct pv_pattern_values values;
        pv_cursor_blanks(&line);
        if (find(own, line, &values)) {
            for (unsigned field = PV_FIELD_ADDR; field <= PV_FIELD_OLD; ++field) {
                seen[values.has >> field & 1 ? values.looks[field] : PV_BASE_BY_LOOKS] = true;
            }
        }
    }
    own->decimal = seen[PV_BASE_DECIMAL] && !seen[PV_BASE_HEX];
}

int pv_line_open(const struct pv_line_format *format, void **ret_state,
                 struct pv_stream *stream, struct pv_trace_header *header,
                 struct pv_place *place)
{
    int status = pv_grammar_open(&format->grammar, ret_state, stream, header, place);
    if (status) {
        return status;
    }
    struct pv_text_trace *trace = *ret_state;
    struct line_own *own = trace->own;
    read_table(own, format);
    if (own->n_tails) {
        return PV_OK;
    }
    const unsigned char *head;
    size_t n;
    status = read_wished(own, header->pattern ? header->pattern : "", place);
    if (!status && pv_stream_peek(stream, HEAD_BYTES, &head, &n) == PV_OK) {
        find_base(own, head, n);
    }
    return status;
}

/* Is the longest text of a pattern for calls in the head? This decides most probes without
 * looking at lines. */
static bool may_fit(const struct pv_pattern *pattern, const unsigned char *head, size_t n)
{
    const struct pv_pattern_part *longest = NULL;
    for (size_t i = 0; i < pattern->n_parts; ++i) {
        const struct pv_pattern_part *part = &pattern->parts[i];
        if (part->kind == PV_PART_TEXT && (!longest || part->n > longest->n)) {
            longest = part;
        }
    }
    return says_call(pattern) &&
           (!longest || memmem(head, n, pattern->text + longest->at, longest->n));
}

/* Compiles the patterns anew, as it is called only a few times for each file. */
bool pv_line_probe(const struct pv_line_format *format, const unsigned char *head, size_t n)
{
    struct line_own own = {.n_heads = 0};
    read_table(&own, format);
    struct pv_cursor rest = {.at = (const char *)head, .end = (const char *)head + n};
    struct pv_cursor line;
    bool is = false;
    bool may = false;
    for (size_t i = 0; i < own.n_tails && !may; ++i) {
        may = may_fit(&own.tails[i], head, n);
    }
    while (may && !is && pv_cursor_line(&rest, &line)) {
        pv_cursor_blanks(&line);
        struct pv_pattern_values values;
        const struct pv_pattern *pattern = find(&own, line, &values);
        is = pattern && says_call(pattern);
    }
    return is;
}
