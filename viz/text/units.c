/* SPDX-License-Identifier: MIT
 *
 * units.c - numbers as words. Integer arithmetic for sizes: the text of a number must not depend
 * on a machine's rounding. Three figures, the last one rounded half up, so that a table and a
 * screen that show one number show one text.
 */
#include "viz/text/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BITS_OF_STEP = 10, STEP = 1 << BITS_OF_STEP, FIGURES = 1000, BITS_EXACT = 50 };

/* bytes * times / 2^bits, half rounded up. What lies below 2^-50 of a unit is not looked at, so
 * that nothing overflows. */
static uint64_t scaled(uint64_t bytes, unsigned bits, unsigned times)
{
    uint64_t whole = bytes >> bits;
    uint64_t rest = bytes - (whole << bits);
    if (bits > BITS_EXACT) {
        rest >>= bits - BITS_EXACT;
        bits = BITS_EXACT;
    }
    return whole * times + ((rest * times + (UINT64_C(1) << (bits - 1))) >> bits);
}

const char *pv_units_bytes(char *buf, uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < STEP) {
        snprintf(buf, PV_UNIT_TEXT, "%" PRIu64 " B", bytes);
        return buf;
    }
    unsigned step = 1;
    while (scaled(bytes, BITS_OF_STEP * step, 1) >= STEP) {
        step++;
    }
    int places = 2;
    unsigned times = 100;
    uint64_t n = scaled(bytes, BITS_OF_STEP * step, times);
    while (places > 0 && n >= FIGURES) {
        places--;
        times /= 10;
        n = scaled(bytes, BITS_OF_STEP * step, times);
    }
    if (places == 0) {
        snprintf(buf, PV_UNIT_TEXT, "%" PRIu64 " %s", n, names[step]);
    } else {
        snprintf(buf, PV_UNIT_TEXT, "%" PRIu64 ".%0*" PRIu64 " %s", n / times, places,
                 n % times, names[step]);
    }
    return buf;
}

const char *pv_units_change(char *buf, uint64_t before, uint64_t after)
{
    if (before == after) {
        return pv_units_bytes(buf, 0);
    }
    char size[PV_UNIT_TEXT];
    pv_units_bytes(size, after > before ? after - before : before - after);
    snprintf(buf, PV_UNIT_TEXT, "%c%.*s", after > before ? '+' : '-', PV_UNIT_TEXT - 2, size);
    return buf;
}

const char *pv_units_count(char *buf, uint64_t n)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);
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

const char *pv_units_of(char *buf, uint64_t n, const char *noun)
{
    pv_units_count(buf, n);
    size_t length = strlen(buf);
    bool hisses = noun[strlen(noun) - 1] == 's';
    snprintf(buf + length, PV_UNIT_TEXT - length, " %s%s", noun,
             n == 1   ? ""
             : hisses ? "es"
                      : "s");
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
    if (!length || length >= sizeof digits) {
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
