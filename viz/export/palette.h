/* SPDX-License-Identifier: MIT
 *
 * palette.h - the colours of tags in pictures, and text made fit for markup.
 */
#ifndef PV_EXPORT_PALETTE_H
#define PV_EXPORT_PALETTE_H

#include <stdio.h>

struct pv_colour {
    const char *fill, *line;
};

enum { PV_COLOURS = 7 };

/* Okabe and Ito's palette, safe for the colour-blind; the fills are tints of different
 * lightness under black text, so that a grey print tells them apart too. */
extern const struct pv_colour pv_palette[PV_COLOURS];

/* Of tags that have none of their own. */
extern const struct pv_colour pv_palette_other;

/* A character, or what stands for it in XML and in HTML-like labels. */
void pv_markup_put(FILE *out, char c);

#endif
