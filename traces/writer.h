/* SPDX-License-Identifier: MIT
 *
 * writer.h - writes events into a file: under another name at first, renamed when it is
 * complete; or behind an existing native trace.
 */
#ifndef PV_TRACE_WRITER_H
#define PV_TRACE_WRITER_H

#include "traces/event.h"
#include "traces/reader.h"

struct pv_writer;

/* `to` is "json" (a document), "jsonl", "pvt" or "rep". NULL: the ending of the name, without
 * that of a packing, decides (.jsonl, .json, .pvt or .rep), else json. The packing is decided
 * by the ending .gz, .zst or .xz. "-" is standard output. PV_EINVAL: unknown `to`; PV_EIO;
 * PV_ENOMEM. On failure *ret_writer is set, whenever there was memory for it, for
 * pv_writer_error. */
int pv_writer_open(struct pv_writer **ret_writer, const char *path, const char *to,
                   const struct pv_trace_header *header);

/* Does the name's ending, without that of a packing, say how the trace is to be written? */
bool pv_writer_knows(const char *path);

/* How much of a trace is kept when events are appended to it. */
struct pv_writer_kept {
    uint64_t n_events;
    uint64_t n_bytes;
    /* Bytes that are removed behind them: a section that is not complete, because its writer
     * was stopped. */
    uint64_t n_cut_bytes;
};

/* Appends to the native trace in a file, whether it has its index or not. All its sections are
 * checked first; of the header only the clock is compared, and must be the trace's. Until
 * pv_writer_finish readers find a trace without its index, and another writer is refused; a
 * writer that fails, or is closed before it has finished, removes all that it wrote.
 * PV_EFORMAT: this is no native trace, or it is damaged before its end; PV_EINVAL: it is packed
 * as a whole, is no regular file, or has another clock; PV_EIO; PV_ENOMEM. On failure the file
 * is as it was. */
int pv_writer_append(struct pv_writer **ret_writer, const char *path,
                     const struct pv_trace_header *header, struct pv_writer_kept *ret_kept);

/* Writes an event. PV_EIO (no space, say), PV_ENOMEM; PV_EINVAL for an event that trace.json
 * cannot hold (a size beyond 2^63-1, a malloc of the null id, a mark without a name, flags that
 * have no name, as PV_FLAG_ALIGNED without PV_FLAG_PHYSICAL), or that rep cannot hold (a text
 * id, a number beyond 2^31-1, a realloc of null). PV_ELIMIT: more different texts than the
 * format has numbers for. After a failure each call returns it again. */
int pv_writer_put(struct pv_writer *writer, const struct pv_trace_event *event);

/* Writes out what is buffered already. PV_EIO: it cannot be written. */
int pv_writer_flush(struct pv_writer *writer);

/* As pv_save_unfinished; nothing can be written after it. */
const char *pv_writer_unfinished(struct pv_writer *writer);

/* After a failure, or instead of a finish: gives the written file its final name, complete or
 * not. Readers can read an incomplete native trace up to where it ends. PV_EIO. */
int pv_writer_keep(struct pv_writer *writer);

/* Ends the file and gives it its final name. An earlier failure of the writer is returned
 * again; then the file of the final name, if there was one, is as it was before (an extended
 * one: as far as it was kept). */
int pv_writer_finish(struct pv_writer *writer);

/* Without a finish before, removes the unfinished file. Takes NULL. */
void pv_writer_close(struct pv_writer *writer);

/* One clean sentence on what failed. */
const char *pv_writer_error(const struct pv_writer *writer);

#endif
