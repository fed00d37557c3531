/* SPDX-License-Identifier: MIT
 *
 * writer.h - events into a file: beside its name first, renamed when whole; or behind a native
 * trace that is there already.
 */
#ifndef PV_TRACE_WRITER_H
#define PV_TRACE_WRITER_H

#include "traces/event.h"
#include "traces/reader.h"

struct pv_writer;

/* `to` is "json" (a document), "jsonl", "pvt" or "rep"; NULL: by the name's ending, .jsonl,
 * .json, .pvt or .rep, before that of a packing, else json. The packing follows the ending .gz,
 * .zst or .xz. "-" is standard output. PV_EINVAL: unknown `to`; PV_EIO; PV_ENOMEM. On failure
 * *ret_writer is set, whenever there was memory for it, for pv_writer_error. */
int pv_writer_open(struct pv_writer **ret_writer, const char *path, const char *to,
                   const struct pv_trace_header *header);

/* Does the name's ending, before that of a packing, say how the trace is to be written? */
bool pv_writer_knows(const char *path);

/* What of a trace is kept when events are put behind it. */
struct pv_writer_kept {
    uint64_t n_events;
    uint64_t n_bytes;
    /* Behind them: a section that was not whole, as a writer that was stopped leaves it; it is
     * removed. */
    uint64_t n_cut_bytes;
};

/* Goes on behind the native trace in a file, whether it has its index or not. All its sections
 * are checked first; only the clock of the header is looked at, and must be the trace's. Until
 * pv_writer_finish readers find a trace without its index, and another writer is refused; a
 * writer that fails, or is closed before it has finished, takes back all that it wrote.
 *
 * PV_EFORMAT: this is no native trace, or it is damaged before its end; PV_EINVAL: it is packed
 * as a whole, is no regular file, or has another clock; PV_EIO; PV_ENOMEM. Then the file is as
 * it was. */
int pv_writer_append(struct pv_writer **ret_writer, const char *path,
                     const struct pv_trace_header *header, struct pv_writer_kept *ret_kept);

/* PV_EIO (no space, say), PV_ENOMEM; PV_EINVAL for an event that trace.json cannot say (a size
 * beyond 2^63-1, a malloc of the null id, a mark without a name, flags that have no name, as
 * PV_FLAG_ALIGNED without PV_FLAG_PHYSICAL), or that rep has no word for (a text id, a
 * number beyond 2^31-1, a realloc of null). PV_ELIMIT: more different texts than a format has
 * numbers for. The same answer again from then on. */
int pv_writer_put(struct pv_writer *writer, const struct pv_trace_event *event);

/* Writes out what is buffered already. PV_EIO: it cannot be written. */
int pv_writer_flush(struct pv_writer *writer);

/* As pv_save_unfinished; no more can be written. */
const char *pv_writer_unfinished(struct pv_writer *writer);

/* After a failure, or instead of a finish: gives what is written its final name, as it is. Of a
 * native trace readers read it, up to where it ends. PV_EIO. */
int pv_writer_keep(struct pv_writer *writer);

/* Ends the file, gives it its final name. Any failure of the writer is answered here again;
 * then the file under the final name, if there was one, is as it was before (or what was kept
 * of it). */
int pv_writer_finish(struct pv_writer *writer);

/* Without a finish before: the unfinished file is removed. Takes NULL. */
void pv_writer_close(struct pv_writer *writer);

/* One clean sentence on what failed. */
const char *pv_writer_error(const struct pv_writer *writer);

#endif
