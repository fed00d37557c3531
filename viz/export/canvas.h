/* SPDX-License-Identifier: MIT
 *
 * canvas.h - what a map is drawn on: an SVG or a PNG. Boxes, swatches and lines of text, in the
 * map's pixels; nothing else is needed.
 */
#ifndef PV_EXPORT_CANVAS_H
#define PV_EXPORT_CANVAS_H

#include <stdint.h>
#include <stdio.h>

enum pv_canvas_style {
    PV_CANVAS_TITLE,
    PV_CANVAS_LINE,    /* below the title */
    PV_CANVAS_ADDRESS, /* ends at x */
    PV_CANVAS_USED,    /* in a block, x is its middle */
    PV_CANVAS_FREE,    /* in a hole, likewise */
    PV_CANVAS_LEGEND,
    PV_CANVAS_STYLES
};

struct pv_canvas {
    const struct pv_canvas_type *type;
    FILE *out;
    void *surface; /* the type's own */
};

struct pv_canvas_type {
    /* PV_OK, PV_ENOMEM. Once, and first. */
    int (*begin)(struct pv_canvas *canvas, int width, int height);
    /* Boxes of one colour, "#RRGGBB", between fill and filled. */
    void (*fill)(struct pv_canvas *canvas, const char *colour);
    void (*box)(struct pv_canvas *canvas, int x, int y, int width, int height);
    void (*filled)(struct pv_canvas *canvas);
    /* A square of the legend with a thin line around it. */
    void (*swatch)(struct pv_canvas *canvas, int x, int y, const char *colour);
    /* Clean UTF-8; y is the base line. */
    void (*text)(struct pv_canvas *canvas, enum pv_canvas_style style, int x, int y,
                 const char *text);
    /* Writes what is not yet written, and releases all. After a begin that failed too.
     * PV_OK, PV_ENOMEM, PV_EIO. */
    int (*end)(struct pv_canvas *canvas);
};

extern const struct pv_canvas_type pv_canvas_svg, pv_canvas_png;

#endif
