/* SPDX-License-Identifier: MIT
 *
 * layout.c - a DOT graph laid out by libgvc, the only file that knows it. Graphviz is fast on
 * what it was made for and hopeless beyond, and it dies when memory is short: a worker does it.
 */
#include <graphviz/gvc.h>
#include <string.h>

#include "core/status.h"
#include "viz/export/documents.h"
#include "viz/export/worker.h"

struct graph {
    const char *dot, *format;
};

/* If a plugin cannot be loaded, Graphviz goes on without it and draws another picture. */
static bool lacks_plugin;

static int listen(char *text)
{
    lacks_plugin |= strstr(text, "Could not load") != NULL;
    return 0;
}

static bool lay_out(void *ctx, FILE *out)
{
    const struct graph *wanted = ctx;
    agseterrf(listen);
    GVC_t *context = gvContext();
    Agraph_t *graph = context ? agmemread(wanted->dot) : NULL;
    if (!graph || gvLayout(context, graph, "dot") != 0) {
        return false;
    }
    char *data = NULL;
    unsigned length = 0;
    return gvRenderData(context, graph, wanted->format, &data, &length) == 0 && length &&
           !lacks_plugin && fwrite(data, 1, length, out) == length;
}

int pv_export_layout(const char *dot, size_t n, const char *format, FILE *out, char *ret_text,
                     size_t text_cap)
{
    if (!n || dot[n - 1] != '\n' || strlen(dot) != n) {
        return PV_EINVAL;
    }
    struct graph graph = {.dot = dot, .format = format};
    struct pv_worker worker = {
        .name = "Graphviz", .task = "lay the graph out", .work = lay_out, .ctx = &graph};
    return pv_worker_run(&worker, out, ret_text, text_cap);
}
