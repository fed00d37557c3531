/* SPDX-License-Identifier: MIT
 *
 * stream.h - reads the bytes of a file, of standard input or of memory, unpacked. Internal to
 * traces/.
 *
 * The packing is recognised by content. Costs a buffer of 64 KiB, one of PV_STREAM_HEAD bytes,
 * and what the unpacker needs.
 */
#ifndef PV_STREAM_H
#define PV_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pv_stream;

/* open and read, repeated when a signal interrupts them, but not without end. */
int pv_stream_open_fd(const char *path, int flags);
ssize_t pv_stream_read_fd(int fd, void *out, size_t cap);

/* The status for an errno of such a call: PV_ENOFILE where the name is wrong, PV_ENOMEM, else
 * PV_EIO. */
int pv_stream_refusal(int error);

/* Opens a file, or standard input for "-". On failure (PV_EIO, PV_ENOFILE, PV_ENOMEM)
 * *ret_stream is set, whenever there was memory for it, for pv_stream_error. May block until
 * the first bytes are there. */
int pv_stream_open(struct pv_stream **ret_stream, const char *path);

/* The bytes stay the caller's and must outlive the stream. */
int pv_stream_open_bytes(struct pv_stream **ret_stream, const void *bytes, size_t n);

void pv_stream_close(struct pv_stream *stream); /* takes NULL */

/* Reads 1 to cap bytes as soon as there are any, or 0 bytes at the end. A damaged packing first
 * gives all bytes before the damage, and then PV_EFORMAT on each call. PV_EIO, PV_ENOMEM. */
int pv_stream_read(struct pv_stream *stream, void *out, size_t cap, size_t *ret_n);

/* How many bytes a peek can see: logs may hold other text for tens of kilobytes before their
 * first call. */
enum { PV_STREAM_HEAD = 128 * 1024 };

/* Looks at the first unpacked bytes without taking them: at least `wanted` of them (up to
 * PV_STREAM_HEAD, counting what was skipped), or fewer when the stream ends or is damaged
 * before, which is no failure here. Only before the first pv_stream_read. Borrowed. */
int pv_stream_peek(struct pv_stream *stream, size_t wanted, const unsigned char **ret_bytes,
                   size_t *ret_n);

/* Skips n of the bytes that a peek gave. */
void pv_stream_skip(struct pv_stream *stream, size_t n);

/* "", "gzip", "zstd", "xz" or "zip" */
const char *pv_stream_packing(const struct pv_stream *stream);

/* One sentence on the failure; "" before there was one. */
const char *pv_stream_error(const struct pv_stream *stream);

/* Bytes of the packed file read so far and its size, 0 when that is not known. */
uint64_t pv_stream_bytes_read(const struct pv_stream *stream, uint64_t *ret_total);

#endif
