/* SPDX-License-Identifier: MIT
 *
 * tail.c - reads the whole file once, since texts and stacks may be anywhere in it. Stops at
 * the first damaged section; what it read before is kept.
 */
#include "traces/pvt/tail.h"

#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/event.h"
#include "traces/pvt/input.h"
#include "traces/pvt/piece.h"

struct walk {
    struct pv_pvt_tail *tail;
    struct pv_pvt_input input;
    struct pv_pvt_piece piece;
    struct pv_zstd *zstd;
};

int pv_pvt_tail_add(struct pv_pvt_tail *tail, uint64_t offset, uint32_t n_events)
{
    struct pv_pvt_block_at *blocks =
        pv_own_room(tail->blocks, tail->n_blocks, &tail->cap_blocks, sizeof *blocks);
    if (!blocks) {
        return PV_ENOMEM;
    }
    tail->blocks = blocks;
    blocks[tail->n_blocks++] = (struct pv_pvt_block_at){.offset = offset, .n_events = n_events};
    tail->n_events += n_events;
    return PV_OK;
}

static int take_texts(struct walk *walk, uint32_t n_items)
{
    struct pv_pvt_piece *piece = &walk->piece;
    for (uint32_t i = 0; i < n_items; ++i) {
        uint64_t n;
        if (!pv_piece_take(piece, &n) || n > (size_t)(piece->end - piece->at)) {
            return PV_EFORMAT;
        }
        int status = pv_texts_add(walk->tail->texts, piece->at, (size_t)n);
        if (status < 0) {
            return status;
        }
        piece->at += n;
    }
    return piece->at == piece->end ? PV_OK : PV_EFORMAT;
}

static int take_stacks(struct walk *walk, uint32_t n_items)
{
    struct pv_pvt_piece *piece = &walk->piece;
    uint32_t frames[PV_EVENT_STACK_MAX];
    for (uint32_t i = 0; i < n_items; ++i) {
        uint64_t n, text;
        if (!pv_piece_take(piece, &n) || !n || n > PV_EVENT_STACK_MAX) {
            return PV_EFORMAT;
        }
        for (uint64_t k = 0; k < n; ++k) {
            if (!pv_piece_take(piece, &text) || text >= pv_texts_count(walk->tail->texts)) {
                return PV_EFORMAT;
            }
            frames[k] = (uint32_t)text;
        }
        int status = pv_texts_add(walk->tail->stacks, frames, (size_t)n * sizeof frames[0]);
        if (status < 0) {
            return status;
        }
    }
    return piece->at == piece->end ? PV_OK : PV_EFORMAT;
}

static int check_index(const struct pv_pvt_tail *tail, struct pv_pvt_piece payload)
{
    uint64_t n_events, n_blocks, distance, n, before = 0;
    if (!pv_piece_take(&payload, &n_events) || !pv_piece_take(&payload, &n_blocks) ||
        n_events != tail->n_events || n_blocks != tail->n_blocks) {
        return PV_EFORMAT;
    }
    for (size_t i = 0; i < tail->n_blocks; ++i) {
        if (!pv_piece_take(&payload, &distance) || !pv_piece_take(&payload, &n) ||
            tail->blocks[i].offset - before != distance || tail->blocks[i].n_events != n) {
            return PV_EFORMAT;
        }
        before = tail->blocks[i].offset;
    }
    return PV_OK;
}

static int take_section(struct walk *walk)
{
    const struct pv_pvt_section *section = &walk->input.section;
    struct pv_pvt_piece payload = pv_pvt_input_payload(section);
    int status = PV_OK;
    switch (section->kind) {
    case PV_PVT_TEXTS:
    case PV_PVT_STACKS:
        status = pv_piece_unpack(&walk->piece, &payload, walk->zstd);
        if (status < 0) {
            return status;
        }
        return section->kind == PV_PVT_TEXTS ? take_texts(walk, section->n_items)
                                             : take_stacks(walk, section->n_items);
    case PV_PVT_BLOCK:
        return pv_pvt_tail_add(walk->tail, section->offset, section->n_items);
    case PV_PVT_INDEX:
        return check_index(walk->tail, payload);
    default:
        return PV_OK;
    }
}

/* Is the last section incomplete, or is there damage in the middle? */
static int end_of_good(struct walk *walk, int status, const char *why)
{
    struct pv_pvt_tail *tail = walk->tail;
    if (status != PV_EFORMAT) {
        return status;
    }
    uint64_t end = walk->input.section.offset;
    status = pv_pvt_input_damaged(&walk->input, end, why, tail->n_events, 0);
    if (status != PV_EFORMAT || walk->input.more_is_sound) {
        return status;
    }
    tail->end = end;
    tail->n_cut = walk->input.offset - end;
    return PV_OK;
}

static int read_all(struct walk *walk)
{
    const char *why = "";
    char program[PV_EVENT_NAME_MAX + 1];
    bool sound;
    int status = pv_pvt_input_begin(&walk->input, &sound);
    status = status ? status
                    : pv_pvt_input_header(&walk->input, program, sizeof program,
                                          &walk->tail->clock, &why);
    if (status == PV_EFORMAT || (!status && !sound)) {
        why = sound ? why : "the file begins with other bytes";
        return pv_pvt_input_damaged(&walk->input, 0, why, 0, 0);
    }
    while (!status) {
        status = pv_pvt_input_next(&walk->input, &why);
        if (status > 0) {
            walk->tail->end = walk->input.offset;
            return PV_OK;
        }
        if (status < 0) {
            return end_of_good(walk, status, why);
        }
        status = take_section(walk);
    }
    return status == PV_EFORMAT
               ? pv_pvt_input_damaged(&walk->input, walk->input.section.offset,
                                      "what it holds cannot be", walk->tail->n_events, 0)
               : status;
}

int pv_pvt_tail_read(struct pv_pvt_tail *tail, struct pv_stream *stream, struct pv_place *place)
{
    struct walk walk = {.tail = tail, .input = {.stream = stream, .place = place}};
    tail->texts = pv_texts_open();
    tail->stacks = pv_texts_open();
    walk.zstd = pv_zstd_open();
    int status = tail->texts && tail->stacks && walk.zstd ? read_all(&walk) : PV_ENOMEM;
    pv_zstd_close(walk.zstd);
    pv_piece_fini(&walk.piece);
    pv_pvt_input_fini(&walk.input);
    return status;
}

void pv_pvt_tail_fini(struct pv_pvt_tail *tail)
{
    pv_texts_close(tail->texts);
    pv_texts_close(tail->stacks);
    pv_own_free(tail->blocks);
}
