/* SPDX-License-Identifier: MIT
 *
 * reader.c - reads the native format section by section (input.c), and each block event by
 * event (block.c). FORMATS.md describes the bytes.
 *
 * Reading ends at the first damage: sections behind a gap may be sound, but they free and
 * resize blocks whose allocation is lost, and would show mistakes and leaks that the program
 * never had.
 *
 * Costs what a block costs, and the texts and stacks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/format.h"
#include "traces/pvt/event.h"
#include "traces/pvt/input.h"
#include "traces/sink.h"

struct pvt_reader {
    struct pv_pvt_block block;
    struct pv_pvt_input input;
    struct pv_pvt_tables tables;
    struct pv_pvt_piece piece; /* of texts or stacks */
    uint64_t n_before;         /* events of the blocks before this one */
    uint64_t n_missing;        /* events of an index for which there are no blocks */
    bool magic_is_damaged;
    bool has_index; /* an index follows all blocks read so far */
    char program[PV_EVENT_NAME_MAX + 1];
};

static const char cannot_be[] = "what it holds cannot be";

static uint64_t n_given(const struct pvt_reader *reader)
{
    return reader->n_before + reader->block.n - reader->block.n_left;
}

/* n_here: how many events of this section are lost. */
static int damaged(struct pvt_reader *reader, int status, const char *why, uint64_t n_here)
{
    return status == PV_EFORMAT
               ? pv_pvt_input_damaged(&reader->input, reader->input.section.offset, why,
                                      n_given(reader), n_here)
               : status;
}

static int section_damaged(struct pvt_reader *reader, int status, const char *why)
{
    const struct pv_pvt_section *section = &reader->input.section;
    return damaged(reader, status, why,
                   section->kind == PV_PVT_BLOCK ? section->n_items : reader->n_missing);
}

/* ---- sections ---- */

static int take_header(struct pvt_reader *reader, struct pv_trace_header *header)
{
    const char *why = "";
    int status = pv_pvt_input_header(&reader->input, reader->program, sizeof reader->program,
                                     &header->clock, &why);
    if (status < 0) {
        return section_damaged(reader, status, why);
    }
    header->program = reader->program;
    header->format = "pvt";
    return PV_OK;
}

static int take_definitions(struct pvt_reader *reader)
{
    const struct pv_pvt_section *section = &reader->input.section;
    struct pv_pvt_piece payload = pv_pvt_input_payload(section);
    int status = pv_piece_unpack(&reader->piece, &payload, reader->block.zstd);
    if (status < 0) {
        return status;
    }
    return section->kind == PV_PVT_TEXTS
               ? pv_pvt_tables_texts(&reader->tables, &reader->piece, section->n_items)
               : pv_pvt_tables_stacks(&reader->tables, &reader->piece, section->n_items);
}

static int take_section(struct pvt_reader *reader, const char **ret_why)
{
    *ret_why = cannot_be;
    const struct pv_pvt_section *section = &reader->input.section;
    struct pv_pvt_piece payload = pv_pvt_input_payload(section);
    uint64_t n_total = 0;
    reader->has_index = section->kind == PV_PVT_INDEX;
    switch (section->kind) {
    case PV_PVT_TEXTS:
    case PV_PVT_STACKS:
        return take_definitions(reader);
    case PV_PVT_BLOCK:
        reader->n_before += reader->block.n;
        return pv_pvt_block_begin(&reader->block, payload, section->n_items);
    case PV_PVT_INDEX:
        if (!pv_piece_take(&payload, &n_total) || n_total != n_given(reader)) {
            *ret_why = "the index tells of other events than stand before it";
            reader->n_missing = n_total > n_given(reader) ? n_total - n_given(reader) : 0;
            return PV_EFORMAT;
        }
        return PV_OK;
    default: /* a kind of a later version */
        return PV_OK;
    }
}

static int end_badly(struct pvt_reader *reader, const char *text)
{
    *reader->input.place = (struct pv_place){.byte = reader->input.offset};
    snprintf(reader->input.place->text, sizeof reader->input.place->text, "%s", text);
    return PV_EFORMAT;
}

static int end(struct pvt_reader *reader)
{
    if (!reader->has_index) {
        return end_badly(reader, "the trace ends here without its index: it is being written, "
                                 "or its writer was stopped; of what is here 0 events in 0 "
                                 "bytes are lost");
    }
    return reader->magic_is_damaged ? end_badly(reader, "the file begins with other bytes than "
                                                        "a native trace; 0 events in 8 bytes "
                                                        "are lost")
                                    : 1;
}

/* Reads sections up to the next block that holds events. */
static int find_block(struct pvt_reader *reader)
{
    while (!reader->block.n_left) {
        const char *why = "";
        int status = pv_pvt_input_next(&reader->input, &why);
        if (status) {
            return status > 0 ? end(reader) : section_damaged(reader, status, why);
        }
        status = take_section(reader, &why);
        if (status < 0) {
            return section_damaged(reader, status, why);
        }
    }
    *reader->input.place = (struct pv_place){.byte = reader->input.section.offset};
    return PV_OK;
}

/* ---- the format ---- */

static int open(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                struct pv_place *place)
{
    struct pvt_reader *reader = pv_own_calloc(1, sizeof *reader);
    *ret_state = reader;
    if (!reader) {
        return PV_ENOMEM;
    }
    reader->input.stream = stream;
    reader->input.place = place;
    reader->block.tables = &reader->tables;
    reader->block.zstd = pv_zstd_open();
    if (!reader->block.zstd) {
        return PV_ENOMEM;
    }
    bool sound;
    int status = pv_pvt_input_begin(&reader->input, &sound);
    reader->magic_is_damaged = !sound;
    return status ? status : take_header(reader, header);
}

static int next(void *state, struct pv_trace_event *ret_event);

/* The next event when it needs a new block or has no usual shape, or why there is none. */
static __attribute__((noinline)) int next_otherwise(struct pvt_reader *reader,
                                                    struct pv_trace_event *ret_event)
{
    if (!reader->block.n_left) {
        int status = find_block(reader);
        return status ? status : next(reader, ret_event);
    }
    if (!pv_pvt_event_take_odd(&reader->block, ret_event)) {
        return damaged(reader, PV_EFORMAT, cannot_be, reader->block.n_left);
    }
    reader->block.n_left--;
    return PV_OK;
}

static int next(void *state, struct pv_trace_event *ret_event)
{
    struct pvt_reader *reader = state;
    if (!reader->block.n_left || !pv_pvt_event_take(&reader->block, ret_event)) {
        return next_otherwise(reader, ret_event);
    }
    reader->block.n_left--;
    return PV_OK;
}

static void close(void *state)
{
    struct pvt_reader *reader = state;
    if (!reader) {
        return;
    }
    pv_zstd_close(reader->block.zstd);
    pv_pvt_block_fini(&reader->block);
    pv_pvt_tables_fini(&reader->tables);
    pv_piece_fini(&reader->piece);
    pv_pvt_input_fini(&reader->input);
    pv_own_free(reader);
}

const struct pv_format pv_format_pvt = {
    .name = "pvt",
    .about = "the native binary format",
    .limits = "",
    .is_binary = true,
    .sink = &pv_sink_pvt,
    .probe = pv_pvt_input_begins,
    .open = open,
    .next = next,
    .close = close,
};
