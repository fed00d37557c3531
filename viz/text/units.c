/* SPDX-License-Identifier: MIT
 *
 * units.c - see units.h. Integer arithmetic for sizes: the text of a number must not depend on
 * a machine's rounding.
 */
#include "viz/text/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BITS_OF_STEP = 10, TENTHS_BELOW = 100 };

const char *pv_units_bytes(char *buf, uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned step = 0;
    while (step < 6 && bytes >> (BITS_OF_STEP * (step + 1))) {
        step++;
    }
    uint64_t whole = bytes >> (BITS_OF_STEP * step);
    if (step == 0 || whole >= TENTHS_BELOW) {
        snprintf(buf, PV_UNIT_TEXT, "%" PRIu64 " %s", whole, names[step]);
        return buf;
    }
    uint64_t rest = bytes - (whole << (BITS_OF_STEP * step));
    uint64_t tenth = (rest >> (BITS_OF_STEP * (step - 1))) * 10 >> BITS_OF_STEP;
    snprintf(buf, PV_UNIT_TEXT, "%" PRIu64 ".%" PRIu64 " %s", whole, tenth, names[step]);
    return buf;
}

const char *pv_units_count(char *buf, uint64_t n)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
    char *to = buf;
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return buf;
}

const char *pv_units_percent(char *buf, double share)
{
    snprintf(buf, PV_UNIT_TEXT, "%.1f %%", share * 100);
    return buf;
}

bool pv_units_parse_count(const char *text, uint64_t *ret_n)
{
    uint64_t n = 0;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, UINT64_C(10), &n) ||
            __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n)) {
            return false;
        }
    }
    *ret_n = n;
    return true;
}

bool pv_units_parse(const char *text, uint64_t *ret_bytes)
{
    static const char letters[] = "KMG";
    char digits[24];
    size_t length = strlen(text);
    if (!length || length >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, length + 1);
    const char *letter = strchr(letters, digits[length - 1]);
    uint64_t times = 1;
    if (letter) {
        times = UINT64_C(1) << (BITS_OF_STEP * (unsigned)(letter - letters + 1));
        digits[length - 1] = '\0';
    }
    uint64_t n = 0;
    return pv_units_parse_count(digits, &n) && !__builtin_mul_overflow(n, times, ret_bytes);
}
