/* SPDX-License-Identifier: MIT
 *
 * documents.h - a snapshot as a document: the catalog as JSON, a graph as DOT, SVG or
 * PNG, a map as SVG or PNG.
 * Byte-identical from run to run; nothing but the snapshot and the source is written.
 */
#ifndef PV_EXPORTS_H
#define PV_EXPORTS_H

#include <stdbool.h>
#include <stdio.h>

#include "inspect/snapshot.h"

/* Where a snapshot comes from, for the document's `source`. Texts clean. */
struct pv_source {
    const char *trace; /* path as given; NULL: none */
    int64_t event;
    const char *engine;
};

/* PV_EIO when a write fails. */
int pv_export_json(const struct pv_snapshot *snapshot, const struct pv_source *source,
                   FILE *file);

/* The catalog as a graph: buckets as clusters, pebbles in list order, prev, next and parent as
 * edges, free and used told apart, long runs collapsed with a count above PV_DOT_PEBBLES unless
 * `full`. */
enum { PV_DOT_PEBBLES = 500 };
int pv_export_dot(const struct pv_snapshot *snapshot, const struct pv_source *source, bool full,
                  FILE *out);

/* The heap as a map: its addresses line by line, a colour a tag, holes white, headers
 * dark, with a legend; the largest holes and blocks are labelled. The size of the file depends
 * on the picture's, not on the heap's. PV_ENOMEM; for the PNG, which cairo draws in a child
 * process: what pv_export_layout may end with. */
enum pv_map_form { PV_MAP_SVG, PV_MAP_PNG };
int pv_export_map(const struct pv_snapshot *snapshot, const struct pv_source *source,
                  enum pv_map_form form, FILE *out, char *ret_text, size_t text_cap);

/* Lays a DOT graph out with Graphviz in a child process with limits on time and memory.
 * `format` is "svg" or "png". PV_ELIMIT: the child hit a limit or died, *ret_text says so.
 * PV_EIO: no pipe or no process, *ret_text says so; or `out` cannot be written, then it is
 * unchanged. `dot` has n bytes and a NUL. */
int pv_export_layout(const char *dot, size_t n, const char *format, FILE *out, char *ret_text,
                     size_t text_cap);

#endif
