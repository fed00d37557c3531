/* SPDX-License-Identifier: MIT
 *
 * convert.c - a spool becomes a trace: addresses become ids, call stacks become tags.
 *
 * Two passes over the records, in constant memory but for the live blocks and the distinct
 * stacks: first the definitions, which may stand behind their uses, then the calls. Every
 * allocation gets the next number as its id, from 1. A realloc stands where it ended.
 *
 * What the library could not see is mended, never guessed at: the free of a block from before
 * the recording is left out and counted; an address that is handed out again must have been
 * freed, so its free is put in before.
 */
#include "traces/record/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/record/blocks.h"
#include "traces/record/callers.h"
#include "traces/record/spool.h"
#include "traces/writer.h"

enum { BATCH = 4096, PROGRESS_EVERY = 16 * BATCH, ERRNO_END = 4096 };

struct conversion {
    const struct pv_convert *about;
    const struct pv_record_options *options;
    struct pv_record_result *result;
    struct pv_spool_record *batch;
    struct pv_callers *callers;
    struct pv_writer *writer;
    struct pv_blocks blocks;  /* address -> id */
    struct pv_blocks pending; /* thread -> id of the block that it is resizing */
    uint64_t n_records;
    uint64_t n_torn;
    uint64_t last_id;
};

static int read_at(int fd, uint64_t offset, void *ret, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (char *)ret + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return PV_EIO;
        }
        done += (size_t)got;
    }
    return 0;
}

/* Calls `take` for every record that was written. */
static int each_record(struct conversion *conversion,
                       int (*take)(struct conversion *, const struct pv_spool_record *),
                       bool progress)
{
    const struct pv_record_options *options = conversion->options;
    for (uint64_t at = 0; at < conversion->n_records; at += BATCH) {
        uint64_t left = conversion->n_records - at;
        size_t n = left < BATCH ? (size_t)left : BATCH;
        int status =
            read_at(conversion->about->fd, PV_SPOOL_HEADER_BYTES + at * PV_SPOOL_RECORD_BYTES,
                    conversion->batch, n * PV_SPOOL_RECORD_BYTES);
        for (size_t i = 0; !status && i < n; i++) {
            status = take(conversion, &conversion->batch[i]);
        }
        if (status) {
            return status;
        }
        if (progress && options->progress && at % PROGRESS_EVERY == 0) {
            options->progress(options->ctx, at, conversion->n_records);
        }
    }
    return 0;
}

static int take_definition(struct conversion *conversion, const struct pv_spool_record *record)
{
    if (record->kind == PV_SPOOL_NONE) {
        conversion->n_torn++;
    }
    return conversion->options->no_names ? 0 : pv_callers_add(conversion->callers, record);
}

/* ---- calls ---- */

/* Blocks are numbers, the rest as the record and the options have it. */
static int put(struct conversion *conversion, const struct pv_spool_record *record,
               enum pv_op op, uint64_t id, uint64_t addr)
{
    const struct pv_record_options *options = conversion->options;
    struct pv_trace_event event = {
        .op = op,
        .id = {.kind = PV_ID_NUMBER, .number = id},
        .count = 1,
        .name = "",
        .has_t = !options->no_times,
        .t = record->t,
        .has_thread = !options->no_threads,
        .thread = record->thread,
        .has_addr = addr && !options->no_addresses,
        .addr = addr,
    };
    if (op != PV_OP_FREE) {
        event.size = record->call.size;
    }
    if (op == PV_OP_CALLOC) {
        event.count = record->call.extra;
    } else if (op == PV_OP_ALIGNED) {
        event.align = record->call.extra;
    }
    if (op != PV_OP_FREE && op != PV_OP_REALLOC && !options->no_names) {
        event.name = pv_callers_tag(conversion->callers, record->call.stack);
        event.has_name = event.name[0] != 0;
    }
    conversion->result->n_events++;
    return pv_writer_put(conversion->writer, &event);
}

static int put_new(struct conversion *conversion, const struct pv_spool_record *record,
                   enum pv_op op)
{
    uint64_t addr = record->call.addr;
    if (!addr) {
        return 0;
    }
    struct pv_block_entry *old = pv_blocks_find(&conversion->blocks, addr);
    if (old && old->live) {
        int status = put(conversion, record, PV_OP_FREE, old->id, addr);
        if (status) {
            return status;
        }
    }
    uint64_t id = ++conversion->last_id;
    int status = pv_blocks_put(&conversion->blocks, addr, id);
    return status ? status : put(conversion, record, op, id, addr);
}

/* A second free of a block that is remembered is the program's mistake and stays in. */
static int put_free(struct conversion *conversion, const struct pv_spool_record *record)
{
    struct pv_block_entry *entry =
        record->call.addr ? pv_blocks_find(&conversion->blocks, record->call.addr) : NULL;
    if (!entry) {
        conversion->result->n_foreign++;
        return 0;
    }
    if (entry->live) {
        pv_blocks_take(&conversion->blocks, entry);
    }
    return put(conversion, record, PV_OP_FREE, entry->id, record->call.addr);
}

/* The old address may be another thread's block before the call has ended. */
static int begin_resize(struct conversion *conversion, const struct pv_spool_record *record)
{
    struct pv_block_entry *entry =
        record->call.addr ? pv_blocks_find(&conversion->blocks, record->call.addr) : NULL;
    uint64_t id = 0;
    if (entry && entry->live) {
        id = entry->id;
        pv_blocks_take(&conversion->blocks, entry);
    } else {
        conversion->result->n_foreign++;
    }
    return pv_blocks_put(&conversion->pending, (uint64_t)record->thread + 1, id);
}

static int end_resize(struct conversion *conversion, const struct pv_spool_record *record)
{
    struct pv_block_entry *entry =
        pv_blocks_find(&conversion->pending, (uint64_t)record->thread + 1);
    if (!entry || !entry->live) {
        return 0;
    }
    uint64_t id = entry->id, addr = record->call.addr;
    pv_blocks_take(&conversion->pending, entry);
    if (!id) {
        return put_new(conversion, record, PV_OP_MALLOC);
    }
    if (!addr && record->call.size) { /* refused: the block is as it was */
        return record->call.extra ? pv_blocks_put(&conversion->blocks, record->call.extra, id)
                                  : 0;
    }
    if (addr && !record->call.size) { /* an allocator that gives a block of nothing */
        int status = put(conversion, record, PV_OP_FREE, id, record->call.extra);
        return status ? status : put_new(conversion, record, PV_OP_MALLOC);
    }
    if (addr) {
        struct pv_block_entry *old = pv_blocks_find(&conversion->blocks, addr);
        int status = 0;
        if (old && old->live) {
            status = put(conversion, record, PV_OP_FREE, old->id, addr);
        }
        status = status ? status : pv_blocks_put(&conversion->blocks, addr, id);
        if (status) {
            return status;
        }
    }
    return put(conversion, record, PV_OP_REALLOC, id, addr);
}

static int take_call(struct conversion *conversion, const struct pv_spool_record *record)
{
    switch (record->kind) {
    case PV_SPOOL_MALLOC:
        return put_new(conversion, record, PV_OP_MALLOC);
    case PV_SPOOL_CALLOC:
        return put_new(conversion, record, PV_OP_CALLOC);
    case PV_SPOOL_ALIGNED:
        return put_new(conversion, record, PV_OP_ALIGNED);
    case PV_SPOOL_FREE:
        return put_free(conversion, record);
    case PV_SPOOL_REALLOC_BEGIN:
        return begin_resize(conversion, record);
    case PV_SPOOL_REALLOC_END:
        return end_resize(conversion, record);
    default:
        return 0;
    }
}

/* ---- the whole ---- */

/* Claims beyond the end of the file were refused. */
static int read_header(struct conversion *conversion, struct pv_spool_header *ret_header)
{
    struct stat about;
    int status = read_at(conversion->about->fd, 0, ret_header, sizeof *ret_header);
    if (status || fstat(conversion->about->fd, &about) != 0) {
        return PV_EIO;
    }
    if (ret_header->magic != PV_SPOOL_MAGIC || about.st_size < PV_SPOOL_HEADER_BYTES) {
        return PV_EFORMAT;
    }
    uint64_t room = ((uint64_t)about.st_size - PV_SPOOL_HEADER_BYTES) / PV_SPOOL_RECORD_BYTES;
    conversion->n_records = ret_header->n_claimed < room ? ret_header->n_claimed : room;
    return 0;
}

static int write_trace(struct conversion *conversion)
{
    struct pv_record_result *result = conversion->result;
    struct pv_trace_header header = {
        .program = conversion->about->program,
        .clock = conversion->options->no_times ? "" : "ns",
        .format = "",
        .packing = "",
        .is_private = true, /* it holds addresses and names */
    };
    int status = pv_writer_open(&conversion->writer, conversion->about->path, NULL, &header);
    status = status ? status : each_record(conversion, take_call, true);
    if (!status && !result->n_events) {
        return 1;
    }
    status = status ? status : pv_writer_finish(conversion->writer);
    if (status && conversion->writer) {
        snprintf(result->text, sizeof result->text, "%s", pv_writer_error(conversion->writer));
    }
    return status;
}

/* True when the spool ran out of room. */
static bool say_what_is_lost(const struct conversion *conversion,
                             const struct pv_spool_header *header)
{
    struct pv_record_result *result = conversion->result;
    result->n_lost = header->n_lost + conversion->n_torn;
    if (!header->stop_errno || header->stop_errno >= ERRNO_END) {
        return false;
    }
    snprintf(result->text, sizeof result->text,
             "recording stopped after %" PRIu64 " events, %" PRIu64 " were lost: %s",
             result->n_events, result->n_lost, strerror((int)header->stop_errno));
    snprintf(result->hint, sizeof result->hint,
             "set TMPDIR to a directory with more room for the spool");
    return true;
}

int pv_convert_spool(const struct pv_convert *convert, const struct pv_record_options *options,
                     struct pv_record_result *ret_result)
{
    struct conversion conversion = {.about = convert, .options = options, .result = ret_result};
    struct pv_spool_header header = {0};
    int status = read_header(&conversion, &header);
    if (status) {
        return status;
    }
    status = conversion.n_records ? 0 : 1;
    if (!status) {
        conversion.batch = pv_own_calloc(BATCH, sizeof conversion.batch[0]);
        status = conversion.batch ? pv_callers_open(&conversion.callers, convert->executable)
                                  : PV_ENOMEM;
    }
    status = status ? status : each_record(&conversion, take_definition, false);
    status = status ? status : pv_callers_resolve(conversion.callers);
    status = status ? status : write_trace(&conversion);
    if (status >= 0 && say_what_is_lost(&conversion, &header) && status == 1) {
        status = PV_EIO; /* there were calls, but no room for one */
    }
    pv_writer_close(conversion.writer);
    pv_callers_close(conversion.callers);
    pv_blocks_fini(&conversion.blocks);
    pv_blocks_fini(&conversion.pending);
    pv_own_free(conversion.batch);
    return status;
}
