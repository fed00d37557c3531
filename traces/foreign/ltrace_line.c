/* SPDX-License-Identifier: MIT
 *
 * ltrace_line.c - see ltrace_line.h. Each function takes one piece at the cursor; a call behind
 * other text begins at a name and a "(" from which the rest of the line reads as a call.
 */
#include "traces/foreign/ltrace_line.h"

#include <string.h>

static const uint64_t SECOND_US = 1000000, DAY_US = UINT64_C(24) * 60 * 60 * 1000000;

/* Times since 1970 are larger than this; times since the line before (-r) are smaller. */
static const uint64_t RELATIVE_MAX_US = UINT64_C(100000000) * 1000000;

/* Takes the digits behind a point, as microseconds. */
static uint64_t take_fraction(struct pv_cursor *cursor)
{
    uint64_t us = 0, weight = SECOND_US / 10;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        us += weight * (uint64_t)(*cursor->at++ - '0');
        weight /= 10;
    }
    return us;
}

static bool take_time(struct pv_cursor *line, struct pv_ltrace_origin *ret)
{
    struct pv_cursor tried = *line;
    uint64_t first, minutes, seconds;
    if (!pv_cursor_decimal(&tried, &first)) {
        return false;
    }
    if (pv_cursor_byte(&tried, ':')) {
        if (first > 24 || !pv_cursor_decimal(&tried, &minutes) ||
            !pv_cursor_byte(&tried, ':') || !pv_cursor_decimal(&tried, &seconds) ||
            minutes > 59 || seconds > 60) {
            return false;
        }
        ret->time = PV_LTRACE_OF_DAY;
        ret->us = (first * 3600 + minutes * 60 + seconds) * SECOND_US;
        ret->us += pv_cursor_byte(&tried, '.') ? take_fraction(&tried) : 0;
    } else {
        if (first > UINT32_MAX * UINT64_C(16) || !pv_cursor_byte(&tried, '.')) {
            return false;
        }
        ret->time = PV_LTRACE_SECONDS;
        ret->us = first * SECOND_US + take_fraction(&tried);
    }
    if (!pv_cursor_byte(&tried, ' ')) {
        ret->time = PV_LTRACE_NO_TIME;
        return false;
    }
    *line = tried;
    pv_cursor_blanks(line);
    return true;
}

static void take_thread(struct pv_cursor *line, struct pv_ltrace_origin *ret)
{
    struct pv_cursor tried = *line;
    bool brackets = pv_cursor_word(&tried, "[pid ");
    if (!pv_cursor_decimal(&tried, &ret->thread) ||
        !pv_cursor_byte(&tried, brackets ? ']' : ' ')) {
        return;
    }
    ret->has_thread = true;
    *line = tried;
    pv_cursor_blanks(line);
}

void pv_ltrace_take_origin(struct pv_cursor *line, struct pv_ltrace_origin *ret)
{
    *ret = (struct pv_ltrace_origin){.has_thread = false};
    pv_cursor_blanks(line);
    pv_cursor_quotation(line);
    if (pv_cursor_done(line)) {
        return;
    }
    char first = *line->at;
    if (first == '[' || (first >= '0' && first <= '9')) {
        if (!take_time(line, ret)) {
            take_thread(line, ret);
            take_time(line, ret);
        }
        struct pv_cursor tried = *line;
        uint64_t site;
        ret->site.at = ret->site.end = tried.at;
        if (pv_cursor_byte(&tried, '[')) {
            ret->site.at = tried.at;
            if (pv_cursor_address(&tried, &site) && pv_cursor_byte(&tried, ']')) {
                ret->site.end = tried.at - 1;
                *line = tried;
                pv_cursor_blanks(line);
            } else {
                ret->site.at = ret->site.end;
            }
        }
    }
    for (const char *at = line->at; at + 1 < line->end && *at != '(' && *at != ' '; ++at) {
        if (at[0] == '-' && at[1] == '>') {
            line->at = at + 2;
            break;
        }
    }
}

uint64_t pv_ltrace_clock_at(struct pv_ltrace_clock *clock, const struct pv_ltrace_origin *at)
{
    if (!clock->has_first) {
        clock->has_first = true;
        clock->is_relative = at->time == PV_LTRACE_SECONDS && at->us < RELATIVE_MAX_US;
        clock->first = clock->last = at->us;
    } else if (clock->is_relative) {
        clock->sum += at->us;
    } else if (at->time == PV_LTRACE_OF_DAY && at->us + DAY_US / 2 < clock->last) {
        clock->sum += DAY_US; /* midnight */
    }
    clock->last = at->us;
    if (clock->is_relative) {
        return clock->sum;
    }
    uint64_t since = clock->sum + at->us;
    return since > clock->first ? since - clock->first : 0;
}

bool pv_ltrace_take_resumed(struct pv_cursor *line, struct pv_cursor *ret_name)
{
    static const char word[] = " resumed>";
    struct pv_cursor tried = *line;
    if (!pv_cursor_word(&tried, "<... ")) {
        return false;
    }
    const char *at = memmem(tried.at, (size_t)(tried.end - tried.at), word, sizeof word - 1);
    if (!at) {
        return false;
    }
    *ret_name = (struct pv_cursor){.at = tried.at, .end = at};
    line->at = at + sizeof word - 1;
    return true;
}

/* Drops the <0.000123> of -T and the blanks around it. */
static void drop_duration(struct pv_cursor *line)
{
    const char *end = line->end;
    if (end - line->at > 3 && end[-1] == '>') {
        const char *at = end - 2;
        while (at > line->at && ((*at >= '0' && *at <= '9') || *at == '.')) {
            --at;
        }
        if (*at == '<' && at < end - 2) {
            end = at;
        }
    }
    while (end > line->at && end[-1] == ' ') {
        --end;
    }
    line->end = end;
}

bool pv_ltrace_last_result(struct pv_cursor line, struct pv_printed_result *ret)
{
    enum { RESULT_BYTES = 24 }; /* "= 0x" and 16 digits */
    drop_duration(&line);
    const char *at = line.end;
    const char *from = line.end - line.at > RESULT_BYTES ? line.end - RESULT_BYTES : line.at;
    while (at > from && at[-1] != '=' && at[-1] != '"') {
        --at;
    }
    if (at == from || at[-1] != '=' || at - 1 == line.at || !memchr(" )", at[-2], 2)) {
        return false;
    }
    line.at = at - 1;
    return pv_printed_take_result(&line, ret) && ret->is_number && pv_cursor_done(&line);
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

/* Takes a name that ends at this "(". No other may be stuck to its front unless `glued`. */
static bool name_ends(struct pv_cursor *line, const char *from, const char *open, bool glued)
{
    static const char *const names[] = {
        "reallocarray", "posix_memalign", "aligned_alloc", "memalign", "pvalloc", "valloc",
        "realloc",      "calloc",         "malloc",        "strndup",  "strdup",  "free"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        size_t n = strlen(names[i]);
        if ((size_t)(open - from) >= n && memcmp(open - n, names[i], n) == 0 &&
            (glued || (size_t)(open - from) == n || !is_name_byte(open[-(ptrdiff_t)n - 1]))) {
            line->at = open - n;
            return true;
        }
    }
    for (const char *at = from; at + 4 < open; ++at) {
        if (memcmp(at, "_Zn", 3) == 0 || memcmp(at, "_Zd", 3) == 0) {
            line->at = at;
            return true;
        }
    }
    return false;
}

/* Finds the call with which a line ends, with its result or as a first half; moves the line to
 * its name. */
static bool find_call(struct pv_cursor *line, bool glued)
{
    const char *from = line->at;
    const char *open = from;
    while ((open = memchr(open, '(', (size_t)(line->end - open)))) {
        struct pv_cursor call = *line;
        struct pv_printed printed;
        struct pv_printed_result result;
        if (name_ends(&call, from, open, glued)) {
            const char *begin = call.at;
            enum pv_printed_end end = pv_printed_take(&call, &printed);
            bool half = end == PV_PRINTED_OPEN && (pv_cursor_word(&call, "<unfinished ...>") ||
                                                   pv_cursor_word(&call, "<no return ...>"));
            bool whole = end == PV_PRINTED_WHOLE && pv_printed_take_result(&call, &result) &&
                         result.is_number;
            /* A wrapper's own log ends behind a free, which returns nothing. */
            whole |= end == PV_PRINTED_WHOLE && printed.form == PV_FORM_OLD && printed.n == 1 &&
                     printed.is_number[0] && !pv_printed_take_result(&call, &result);
            if (whole) {
                pv_cursor_byte(&call, ';');
                drop_duration(&call);
            }
            if ((half || whole) && pv_cursor_done(&call)) {
                line->at = begin;
                return true;
            }
        }
        from = ++open;
    }
    return false;
}

bool pv_ltrace_find_open(struct pv_cursor *line)
{
    const char *arrow = line->at;
    while ((arrow = memmem(arrow, (size_t)(line->end - arrow), "->", 2))) {
        struct pv_cursor call = {.at = arrow + 2, .end = line->end};
        struct pv_printed printed;
        if (pv_printed_take(&call, &printed) == PV_PRINTED_OPEN && printed.n) {
            line->at = arrow + 2;
            return true;
        }
        arrow += 2;
    }
    return false;
}

bool pv_ltrace_find_remark(struct pv_cursor *line)
{
    static const char *const begins[] = {"--- Called exec() ---", "--- SIG", "+++ exited (",
                                         "+++ killed by SIG"};
    size_t n = (size_t)(line->end - line->at);
    bool ends = n > 8 && (memcmp(line->end - 4, " ---", 4) == 0 ||
                          memcmp(line->end - 4, " +++", 4) == 0);
    for (size_t i = 0; ends && i < sizeof begins / sizeof begins[0]; ++i) {
        const char *at = memmem(line->at, n, begins[i], strlen(begins[i]));
        if (at) {
            line->at = at;
            return true;
        }
    }
    return false;
}

bool pv_ltrace_find_call(struct pv_cursor *line)
{
    return find_call(line, false);
}

bool pv_ltrace_find_glued(struct pv_cursor line, struct pv_cursor *ret_name)
{
    if (!find_call(&line, true)) {
        return false;
    }
    const char *open = memchr(line.at, '(', (size_t)(line.end - line.at));
    *ret_name = (struct pv_cursor){.at = line.at, .end = open ? open : line.end};
    return true;
}
