/* SPDX-License-Identifier: MIT
 *
 * canvas_png.c - a canvas in memory, drawn by cairo, the only file that knows it. Two pixels of
 * the file for each of the map's, so that its small text can be read.
 *
 * Cairo remembers its first failure and does nothing more; so only the end asks for it.
 */
#include <cairo.h>
#include <stdlib.h>

#include "core/status.h"
#include "viz/export/canvas.h"

enum { SCALE = 2 };

static void set_colour(cairo_t *cairo, const char *colour)
{
    unsigned long rgb = strtoul(colour + 1, NULL, 16);
    cairo_set_source_rgb(cairo, (double)(rgb >> 16) / 255, (double)(rgb >> 8 & 255) / 255,
                         (double)(rgb & 255) / 255);
}

static int begin(struct pv_canvas *canvas, int width, int height)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width * SCALE, height * SCALE);
    cairo_t *cairo = cairo_create(surface);
    cairo_surface_destroy(surface);
    canvas->surface = cairo;
    cairo_scale(cairo, SCALE, SCALE);
    set_colour(cairo, "#F4F4F4");
    cairo_paint(cairo);
    return cairo_status(cairo) ? PV_ENOMEM : PV_OK;
}

/* Boxes stand on whole pixels: without smoothing their sides are sharp. */
static void fill(struct pv_canvas *canvas, const char *colour)
{
    set_colour(canvas->surface, colour);
    cairo_set_antialias(canvas->surface, CAIRO_ANTIALIAS_NONE);
}

static void box(struct pv_canvas *canvas, int x, int y, int width, int height)
{
    cairo_rectangle(canvas->surface, x, y, width, height);
    cairo_fill(canvas->surface);
}

static void filled(struct pv_canvas *canvas)
{
    cairo_set_antialias(canvas->surface, CAIRO_ANTIALIAS_DEFAULT);
}

static void swatch(struct pv_canvas *canvas, int x, int y, const char *colour)
{
    set_colour(canvas->surface, colour);
    cairo_rectangle(canvas->surface, x, y, 12, 12);
    cairo_fill_preserve(canvas->surface);
    set_colour(canvas->surface, "#666666");
    cairo_set_line_width(canvas->surface, 1);
    cairo_stroke(canvas->surface);
}

static void text(struct pv_canvas *canvas, enum pv_canvas_style style, int x, int y,
                 const char *shown)
{
    static const struct {
        double size, before; /* `before`: the share of the text that lies before x */
        const char *colour, *family;
        cairo_font_weight_t weight;
    } looks[PV_CANVAS_STYLES] = {
        [PV_CANVAS_TITLE] = {13, 0, "#000000", "sans-serif", CAIRO_FONT_WEIGHT_BOLD},
        [PV_CANVAS_LINE] = {11, 0, "#000000", "sans-serif", CAIRO_FONT_WEIGHT_NORMAL},
        [PV_CANVAS_ADDRESS] = {8, 1, "#555555", "monospace", CAIRO_FONT_WEIGHT_NORMAL},
        [PV_CANVAS_USED] = {8, 0.5, "#000000", "sans-serif", CAIRO_FONT_WEIGHT_NORMAL},
        [PV_CANVAS_FREE] = {8, 0.5, "#777777", "sans-serif", CAIRO_FONT_WEIGHT_NORMAL},
        [PV_CANVAS_LEGEND] = {11, 0, "#000000", "sans-serif", CAIRO_FONT_WEIGHT_NORMAL},
    };
    cairo_t *cairo = canvas->surface;
    cairo_text_extents_t extents;
    cairo_select_font_face(cairo, looks[style].family, CAIRO_FONT_SLANT_NORMAL,
                           looks[style].weight);
    cairo_set_font_size(cairo, looks[style].size);
    cairo_text_extents(cairo, shown, &extents);
    set_colour(cairo, looks[style].colour);
    cairo_move_to(cairo, x - extents.x_advance * looks[style].before, y);
    cairo_show_text(cairo, shown);
}

static cairo_status_t put(void *ctx, const unsigned char *bytes, unsigned n)
{
    return fwrite(bytes, 1, n, ctx) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static int end(struct pv_canvas *canvas)
{
    cairo_status_t status = cairo_status(canvas->surface);
    if (!status) {
        status = cairo_surface_write_to_png_stream(cairo_get_target(canvas->surface), put,
                                                   canvas->out);
    }
    cairo_destroy(canvas->surface);
    return !status ? PV_OK : status == CAIRO_STATUS_WRITE_ERROR ? PV_EIO : PV_ENOMEM;
}

const struct pv_canvas_type pv_canvas_png = {
    .begin = begin,
    .fill = fill,
    .box = box,
    .filled = filled,
    .swatch = swatch,
    .text = text,
    .end = end,
};
