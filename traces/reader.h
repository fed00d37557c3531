/* SPDX-License-Identifier: MIT
 *
 * reader.h - reads events from a file, one by one, in constant memory.
 *
 * The content decides how the bytes are read (gzip, zstd or plain; a document or JSON Lines),
 * never the file's name. A failure has a line, a column, a byte offset and a sentence. The
 * events before a failure have been given out already.
 */
#ifndef PV_TRACE_READER_H
#define PV_TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "traces/account.h"
#include "traces/event.h"

struct pv_reader;

/* Describes one of the formats, for people. */
struct pv_format_about {
    const char *name;   /* the name that `from` and `to` take */
    const char *about;  /* whose format it is */
    const char *limits; /* what of it is not read or not known; "" */
    bool reads, writes;
    bool is_text; /* holds characters, not bytes of any value */
};

/* The number-th of all formats, from 0; false: there are no more. */
bool pv_format_list(size_t number, struct pv_format_about *ret_about);

/* The trace's header. Texts are clean and live as long as the reader. */
struct pv_trace_header {
    const char *program; /* "" when the file does not say */
    const char *clock;   /* "ns", "us", "ms", "instructions"; "" when the file does not say */
    const char *format;  /* "json", "jsonl", "pvt", …: the format that was found */
    const char *packing; /* "", "gzip", "zstd", "xz" or "zip" */
    const char *pattern; /* the text behind the colon of `from`, or NULL; valid while opening */
    struct pv_account *account; /* what is left out and guessed; NULL: nothing is counted */
    bool is_private;            /* to a writer: only the owner may read a new file (save.h) */
};

/* Where and why reading failed. `text` is one clean sentence without a full stop. line and
 * column count from 1 and are 0 where they mean nothing; byte is the offset in the unpacked
 * stream. */
struct pv_place {
    uint64_t line, column, byte;
    char text[200];
};

/* Opens a file, or standard input for "-", and reads the header. `from` is a format's name (for
 * "lines" followed by a colon and patterns, one a line, see traces/FORMATS.md), or NULL to
 * recognise the format by content. PV_EINVAL: an unknown name, or a wrong pattern. On failure
 * *ret_reader is still set, whenever there was memory for it, so that pv_reader_place can say
 * why; it gives no events then. PV_EIO, PV_ENOFILE: the file cannot be opened or read.
 * PV_EFORMAT: not a trace. PV_ENOMEM. */
int pv_reader_open(struct pv_reader **ret_reader, const char *path, const char *from);

/* Options for reading. */
struct pv_reader_wish {
    const char *from;    /* as above */
    const char *process; /* "N" or "N.PART": which process of the log; NULL: the first */
};

/* As pv_reader_open, with options; also PV_EINVAL when `process` is malformed. */
int pv_reader_open_wish(struct pv_reader **ret_reader, const char *path,
                        const struct pv_reader_wish *wish);

/* The same from bytes in memory, which stay the caller's and must outlive the reader. */
int pv_reader_open_bytes(struct pv_reader **ret_reader, const void *bytes, size_t n,
                         const char *from);

void pv_reader_close(struct pv_reader *reader);

/* 0: *ret_event is the next event. 1: there are no more. Negative: a failure, see
 * pv_reader_place; every later call returns it again. */
int pv_reader_next(struct pv_reader *reader, struct pv_trace_event *ret_event);

const struct pv_trace_header *pv_reader_header(const struct pv_reader *reader);

/* What has been left out so far, and the processes of the log. Never NULL. */
const struct pv_account *pv_reader_account(const struct pv_reader *reader);

/* The place of the failure, or of the event given last. Never NULL. */
const struct pv_place *pv_reader_place(const struct pv_reader *reader);

/* For progress: bytes of the file read so far and its size, 0 when that is not known. */
uint64_t pv_reader_bytes_read(const struct pv_reader *reader, uint64_t *ret_total);

#endif
