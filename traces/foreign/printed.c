/* SPDX-License-Identifier: MIT
 *
 * printed.c - see printed.h. Arguments that are neither numbers nor texts are skipped up to the
 * comma behind them: only those that the form needs must be readable.
 */
#include "traces/foreign/printed.h"

#include <string.h>

/* With a larger limit, strndup's size is not guessed: the caller knows that the text ends
 * before. */
static const uint64_t GUESS_MAX = UINT64_C(1) << 20;

/* 4A42040 is an address without its 0x, and 0x... one that somebody cut: neither is a decimal
 * number. But what the program printed may stick to one: "malloc(20Hello". */
static bool is_bare_hex(struct pv_cursor text)
{
    enum { LEAST = 5 };
    size_t n = 0, n_decimal = 0;
    size_t n_all = (size_t)(text.end - text.at);
    while (n < n_all && text.at[n] && strchr("0123456789abcdefABCDEF", text.at[n])) {
        n_decimal += n == n_decimal && text.at[n] <= '9';
        ++n;
    }
    if (n == 1 && n_all > 1 && text.at[0] == '0' && (text.at[1] | 0x20) == 'x') {
        return true;
    }
    return n >= LEAST && n > n_decimal && (n == n_all || memchr("), ;", text.at[n], 4));
}

bool pv_printed_take_value(struct pv_cursor *cursor, uint64_t *ret)
{
    static const char *const nothing[] = {"nil", "(nil)", "NULL", "<void>"};
    if (pv_cursor_address(cursor, ret)) {
        return true;
    }
    if (pv_cursor_byte(cursor, '#')) {
        return pv_cursor_decimal(cursor, ret);
    }
    struct pv_cursor negative = *cursor;
    if (pv_cursor_byte(&negative, '-') && pv_cursor_decimal(&negative, ret)) {
        *ret = 0 - *ret;
        *cursor = negative;
        return true;
    }
    if (is_bare_hex(*cursor)) {
        return false;
    }
    if (pv_cursor_decimal(cursor, ret)) {
        return true;
    }
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; ++i) {
        if (pv_cursor_word(cursor, nothing[i])) {
            *ret = 0;
            return true;
        }
    }
    return false;
}

/* Skips what follows a backslash: a letter, or up to three octal digits. */
static void pass_escape(struct pv_cursor *cursor)
{
    unsigned n = 0;
    while (n < 3 && cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '7') {
        ++cursor->at;
        ++n;
    }
    cursor->at += n == 0 && cursor->at < cursor->end;
}

/* Does the text end at this quote? ltrace does not escape quotes inside a text. */
static bool ends_text(struct pv_cursor at)
{
    ++at.at;
    return pv_cursor_done(&at) || memchr(",).<", *at.at, 4);
}

/* Takes "text", or "text"... when ltrace has cut it. When no quote looks like the end, the
 * first quote is the end. */
static bool take_text(struct pv_cursor *cursor, uint64_t *ret_n, bool *ret_whole)
{
    struct pv_cursor tried = *cursor;
    struct pv_cursor first = {.at = NULL};
    uint64_t n = 0;
    uint64_t first_n = 0;
    if (!pv_cursor_byte(&tried, '"')) {
        return false;
    }
    while (!pv_cursor_done(&tried) && !(*tried.at == '"' && ends_text(tried))) {
        if (*tried.at == '"' && !first.at) {
            first = tried;
            first_n = n;
        }
        bool escaped = *tried.at++ == '\\';
        if (escaped) {
            pass_escape(&tried);
        }
        ++n;
    }
    if (pv_cursor_done(&tried) && first.at) {
        tried = first;
        n = first_n;
    }
    if (!pv_cursor_byte(&tried, '"')) {
        return false;
    }
    *ret_whole = !pv_cursor_word(&tried, "...");
    *ret_n = n;
    *cursor = tried;
    return true;
}

static void take_argument(struct pv_cursor *cursor, struct pv_printed *printed)
{
    uint64_t value = 0, text_n = 0;
    bool whole = false;
    if (!pv_cursor_word(cursor, "al ") && !pv_cursor_word(cursor, "alignment ")) {
        pv_cursor_word(cursor, "size ");
    }
    bool is_number = pv_printed_take_value(cursor, &value);
    if (!is_number && take_text(cursor, &text_n, &whole)) {
        if (printed->n == 0) {
            printed->has_text = true;
            printed->text_is_whole = whole;
            printed->text_n = text_n;
        }
    } else if (!is_number) {
        while (!pv_cursor_done(cursor) && !memchr(",)<", *cursor->at, 3)) {
            ++cursor->at;
        }
    }
    if (printed->n < PV_PRINTED_ARGUMENTS) {
        printed->arguments[printed->n] = value;
        printed->is_number[printed->n] = is_number;
    }
    ++printed->n;
}

enum pv_printed_end pv_printed_take(struct pv_cursor *cursor, struct pv_printed *ret)
{
    struct pv_cursor name;
    enum pv_call_form form = pv_function_take(cursor, &name);
    if (!form) {
        return PV_PRINTED_NONE;
    }
    *ret = (struct pv_printed){.form = form, .name = name};
    pv_cursor_byte(cursor, '(');
    for (;;) {
        pv_cursor_blanks(cursor);
        if (pv_cursor_byte(cursor, ')')) {
            return PV_PRINTED_WHOLE;
        }
        if (pv_cursor_done(cursor) ||
            (*cursor->at == '<' && cursor->end - cursor->at > 1 && cursor->at[1] != 'v')) {
            return PV_PRINTED_OPEN;
        }
        const char *before = cursor->at;
        take_argument(cursor, ret);
        pv_cursor_blanks(cursor);
        bool goes_on = pv_cursor_byte(cursor, ',');
        if (!goes_on &&
            (pv_cursor_done(cursor) || *cursor->at != ')' || cursor->at == before)) {
            bool ends = !pv_cursor_done(cursor) && *cursor->at == ')';
            if (!ends) {
                return PV_PRINTED_OPEN;
            }
        }
    }
}

bool pv_printed_take_result(struct pv_cursor *cursor, struct pv_printed_result *ret)
{
    struct pv_cursor tried = *cursor;
    pv_cursor_blanks(&tried);
    if (!pv_cursor_byte(&tried, '=') || (!pv_cursor_done(&tried) && *tried.at == '=')) {
        return false;
    }
    pv_cursor_blanks(&tried);
    ret->value = 0;
    ret->is_number = pv_printed_take_value(&tried, &ret->value);
    *cursor = tried;
    return true;
}

/* Are the first n arguments numbers? */
static bool are_numbers(const struct pv_printed *printed, unsigned n)
{
    for (unsigned i = 0; i < n; ++i) {
        if (i >= printed->n || !printed->is_number[i]) {
            return false;
        }
    }
    return true;
}

static bool fill_copy(const struct pv_printed *printed, struct pv_call *call, bool *ret_guessed)
{
    uint64_t most = UINT64_MAX;
    if (printed->form == PV_FORM_TEXT_SIZE) {
        if (printed->n < 2 || !printed->is_number[1]) {
            return false;
        }
        most = printed->arguments[1];
    }
    if (!printed->has_text) {
        *ret_guessed = true;
        call->size = most + 1;
        return most < GUESS_MAX;
    }
    call->size = (printed->text_n < most ? printed->text_n : most) + 1;
    *ret_guessed = !printed->text_is_whole && printed->text_n < most;
    return true;
}

bool pv_printed_fill(const struct pv_printed *printed, struct pv_call *call, bool *ret_guessed)
{
    const uint64_t *arguments = printed->arguments;
    enum pv_call_form form = printed->form;
    call->op = pv_function_op(form);
    *ret_guessed = false;
    if (form == PV_FORM_TEXT || form == PV_FORM_TEXT_SIZE) {
        return fill_copy(printed, call, ret_guessed);
    }
    if (call->op == PV_OP_MARK || !are_numbers(printed, pv_function_n_arguments(form))) {
        return false;
    }
    switch (form) {
    case PV_FORM_COUNT_SIZE:
        call->count = arguments[0];
        call->size = arguments[1];
        break;
    case PV_FORM_OLD_SIZE:
        call->old = arguments[0];
        call->size = arguments[1];
        break;
    case PV_FORM_OLD_COUNT_SIZE:
        call->old = arguments[0];
        if (__builtin_mul_overflow(arguments[1], arguments[2], &call->size)) {
            call->size = UINT64_MAX;
        }
        break;
    case PV_FORM_ALIGN_SIZE:
        call->align = arguments[0];
        call->size = arguments[1];
        break;
    case PV_FORM_SIZE_ALIGN:
        call->size = arguments[0];
        call->align = arguments[1];
        break;
    case PV_FORM_OUT_ALIGN: { /* two arguments: (align, size) alone */
        bool out = printed->n > 2;
        call->align = arguments[out];
        call->size = arguments[1 + out];
        return !out || printed->is_number[2];
    }
    case PV_FORM_OLD:
        call->addr = arguments[0];
        break;
    default:
        call->size = arguments[0];
    }
    return true;
}
