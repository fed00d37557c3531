/* SPDX-License-Identifier: MIT
 *
 * palette.c - two tables: colours by rank, and the five characters that markup takes for its own.
 */
#include "viz/export/palette.h"

const struct pv_colour pv_palette[PV_COLOURS] = {
    {"#56B4E9", "#2B6C94"}, {"#F7C65B", "#8F6300"}, {"#7FCEB9", "#00634A"},
    {"#E5BCD3", "#8A3F68"}, {"#F7F1A0", "#837A00"}, {"#E8965A", "#853B00"},
    {"#6FA3CC", "#004A75"},
};

const struct pv_colour pv_palette_other = {"#DDDDDD", "#666666"};

void pv_markup_put(FILE *out, char c)
{
    switch (c) {
    case '&':
        fputs("&amp;", out);
        break;
    case '<':
        fputs("&lt;", out);
        break;
    case '>':
        fputs("&gt;", out);
        break;
    case '"':
        fputs("&quot;", out);
        break;
    default:
        fputc(c, out);
    }
}
