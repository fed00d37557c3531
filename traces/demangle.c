/* SPDX-License-Identifier: MIT
 *
 * demangle.c - the one file that includes the C++ run-time's demangler. That C function returns
 * memory of malloc's and knows no limit, so an upper bound of its result is computed first.
 */
#include "traces/demangle.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PV_WITHOUT_DEMANGLER
/* As in <cxxabi.h>, which is for C++ alone. */
char *__cxa_demangle(const char *symbol, char *room, size_t *n_room, int *status);
#endif

enum {
    REFERENCES = PV_SYMBOL_MAX + 1,
    BYTE_MAX = 20,    /* "y" is "unsigned long long", "ad" an operator */
    STANDARD_MAX = 80 /* "Ss" is std::basic_string with three arguments */
};

/* Upper bounds for the lengths of S_, S0_, S1_, … or T_, T0_, …; 0: not seen yet. */
struct references {
    size_t n; /* one more than the highest number seen */
    uint32_t longest[REFERENCES];
};

/* "S_" is number 0, "S0_" 1, "SA_" 11. */
static bool take_reference(const char **at, size_t *ret_number)
{
    const char *digit = *at + 1;
    size_t number = 0;
    bool any = false;
    for (; (*digit >= '0' && *digit <= '9') || (*digit >= 'A' && *digit <= 'Z'); ++digit) {
        number = number * 36 + (size_t)(*digit <= '9' ? *digit - '0' : *digit - 'A' + 10);
        any = true;
        if (number >= REFERENCES) {
            return false;
        }
    }
    number += any;
    if (*digit != '_' || number >= REFERENCES) {
        return false;
    }
    *ret_number = number;
    *at = digit + 1;
    return true;
}

/* An upper bound for what a reference stands for: it was written before the first reference to
 * it, and before the first one to any higher number, so it is no longer than the text up to
 * there. */
static uint64_t longest_of(struct references *references, size_t number, uint64_t so_far)
{
    uint64_t longest = so_far;
    for (; references->n <= number; ++references->n) {
        references->longest[references->n] = 0;
    }
    for (size_t i = number; i < references->n; ++i) {
        uint32_t later = references->longest[i];
        longest = later && later < longest ? later : longest;
    }
    if (!references->longest[number]) {
        references->longest[number] = (uint32_t)longest;
    }
    return longest;
}

/* More bytes than the symbol stands for, or more than PV_DEMANGLED_MAX. `behind` bounds the
 * length of template arguments that are written behind the T_ that refers to them. */
static uint64_t reckon_with(const char *symbol, uint64_t behind, bool *ret_converts)
{
    struct references parts, arguments;
    uint64_t n = 0;
    bool has_arguments = false;
    parts.n = arguments.n = 0;
    *ret_converts = false;
    for (const char *at = symbol; *at && n <= PV_DEMANGLED_MAX;) {
        char kind = *at;
        size_t number;
        if ((kind == 'S' || kind == 'T') && take_reference(&at, &number)) {
            bool is_argument = kind == 'T';
            uint64_t most = is_argument && behind > n ? behind : n;
            n += longest_of(is_argument ? &arguments : &parts, number, most) + BYTE_MAX;
            has_arguments |= is_argument;
            continue;
        }
        if (kind == 'I') { /* arguments: T_ changes, and an S_ that holds a T_ */
            arguments.n = 0;
            parts.n = has_arguments ? 0 : parts.n;
        }
        *ret_converts |= kind == 'c' && at[1] == 'v';
        n += kind == 'S' ? STANDARD_MAX : BYTE_MAX;
        ++at;
    }
    return n;
}

static uint64_t reckon(const char *symbol)
{
    bool converts;
    uint64_t n = reckon_with(symbol, 0, &converts);
    /* operator T_<arguments>(): the arguments stand behind the T_ */
    return converts && n <= PV_DEMANGLED_MAX ? reckon_with(symbol, n, &converts) : n;
}

bool pv_demangle(const char *symbol, char *out, size_t cap, size_t *ret_n)
{
    if (strncmp(symbol, "_Z", 2) != 0 || strnlen(symbol, REFERENCES) == REFERENCES ||
        reckon(symbol) > PV_DEMANGLED_MAX) {
        return false;
    }
#ifdef PV_WITHOUT_DEMANGLER
    (void)out, (void)cap, (void)ret_n;
    return false;
#else
    char *text = __cxa_demangle(symbol, NULL, NULL, NULL);
    if (!text) {
        return false;
    }
    *ret_n = strlen(text);
    snprintf(out, cap, "%s", text);
    free(text);
    return true;
#endif
}
