/* SPDX-License-Identifier: MIT
 *
 * canvas_svg.c - a canvas that is written as it is drawn. Boxes of one colour become one path,
 * some ten bytes a box.
 */
#include "core/status.h"
#include "viz/export/canvas.h"
#include "viz/export/palette.h"

static int begin(struct pv_canvas *canvas, int width, int height)
{
    fprintf(canvas->out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"Helvetica,sans-serif\">\n"
            "<style>.a{font:8px monospace;text-anchor:end;fill:#555}"
            ".u,.f{font-size:8px;text-anchor:middle}.f{fill:#777}.l{font-size:11px}</style>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#F4F4F4\"/>\n",
            width, height, width, height, width, height);
    return PV_OK;
}

static void fill(struct pv_canvas *canvas, const char *colour)
{
    fprintf(canvas->out, "<path fill=\"%s\" d=\"", colour);
}

static void box(struct pv_canvas *canvas, int x, int y, int width, int height)
{
    fprintf(canvas->out, "M%d %dh%dv%dh-%dz", x, y, width, height, width);
}

static void filled(struct pv_canvas *canvas)
{
    fputs("\"/>\n", canvas->out);
}

static void swatch(struct pv_canvas *canvas, int x, int y, const char *colour)
{
    fprintf(canvas->out,
            "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\" "
            "stroke=\"#666666\"/>",
            x, y, colour);
}

static void text(struct pv_canvas *canvas, enum pv_canvas_style style, int x, int y,
                 const char *shown)
{
    static const char *const looks[PV_CANVAS_STYLES] = {
        [PV_CANVAS_TITLE] = "font-size=\"13\" font-weight=\"bold\"",
        [PV_CANVAS_LINE] = "font-size=\"11\"",
        [PV_CANVAS_ADDRESS] = "class=\"a\"",
        [PV_CANVAS_USED] = "class=\"u\"",
        [PV_CANVAS_FREE] = "class=\"f\"",
        [PV_CANVAS_LEGEND] = "class=\"l\"",
    };
    fprintf(canvas->out, "<text x=\"%d\" y=\"%d\" %s>", x, y, looks[style]);
    for (; *shown; shown++) {
        pv_markup_put(canvas->out, *shown);
    }
    fputs("</text>\n", canvas->out);
}

static int end(struct pv_canvas *canvas)
{
    fputs("</svg>\n", canvas->out);
    return ferror(canvas->out) ? PV_EIO : PV_OK;
}

const struct pv_canvas_type pv_canvas_svg = {
    .begin = begin,
    .fill = fill,
    .box = box,
    .filled = filled,
    .swatch = swatch,
    .text = text,
    .end = end,
};
