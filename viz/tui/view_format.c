/* SPDX-License-Identifier: MIT
 *
 * view_format.c - bytes and counts as people read them.
 */
#include <stdio.h>
#include <string.h>

#include "viz/tui/view.h"

const char *pv_format_bytes(char *out, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(out, PV_FORMAT_BYTES, "%u B", (unsigned)bytes);
        return out;
    }
    while (value >= 1023.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    snprintf(out, PV_FORMAT_BYTES, "%.*f %s",
             value < 9.995   ? 2
             : value < 99.95 ? 1
                             : 0,
             value, units[unit]);
    return out;
}

const char *pv_format_change(char *out, uint64_t before, uint64_t after)
{
    char bytes[PV_FORMAT_BYTES];

    pv_format_bytes(bytes, after > before ? after - before : before - after);
    snprintf(out, PV_FORMAT_BYTES, "%s%.20s",
             after > before   ? "+"
             : after < before ? "-"
                              : "",
             bytes);
    return out;
}

const char *pv_format_count(char *out, uint64_t count)
{
    char digits[PV_FORMAT_BYTES];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *to = out;

    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}
