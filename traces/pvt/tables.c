/* SPDX-License-Identifier: MIT
 *
 * tables.c - the texts of a section lie one behind the other in one chunk that never moves,
 * because events borrow them.
 */
#include "traces/pvt/tables.h"

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/event.h"
#include "traces/texts.h"

enum { FRAMES_MAX = 1 << 26, CLEAN_GROWTH = 3 /* bytes that cleaning makes of one, at most */ };

struct pv_pvt_chunk {
    struct pv_pvt_chunk *next;
    char bytes[];
};

static void *more_room(void *array, size_t n, size_t more, size_t *cap, size_t bytes)
{
    if (array && n + more <= *cap) {
        return array;
    }
    size_t wanted = n + more > 2 * *cap ? n + more : 2 * *cap + 1;
    void *moved = pv_own_resize(array, wanted, bytes);
    *cap = moved ? wanted : *cap;
    return moved;
}

static struct pv_pvt_chunk *add_chunk(struct pv_pvt_tables *tables, size_t n)
{
    struct pv_pvt_chunk *chunk = pv_own_calloc(1, sizeof *chunk + n);
    if (chunk) {
        chunk->next = tables->chunks;
        tables->chunks = chunk;
    }
    return chunk;
}

int pv_pvt_tables_texts(struct pv_pvt_tables *tables, struct pv_pvt_piece *piece,
                        uint32_t n_items)
{
    size_t n_piece = (size_t)(piece->end - piece->at);
    if (n_items > n_piece || n_items > PV_TEXTS_MAX - tables->n_texts) {
        return PV_EFORMAT;
    }
    struct pv_pvt_text *texts =
        more_room(tables->texts, tables->n_texts, n_items, &tables->cap_texts, sizeof *texts);
    tables->texts = texts ? texts : tables->texts;
    struct pv_pvt_chunk *chunk = add_chunk(tables, CLEAN_GROWTH * n_piece + n_items + 1);
    if (!texts || !chunk) {
        return PV_ENOMEM;
    }
    char *to = chunk->bytes;
    for (uint32_t i = 0; i < n_items; ++i) {
        uint64_t n;
        if (!pv_piece_take(piece, &n) || n > (size_t)(piece->end - piece->at)) {
            return PV_EFORMAT;
        }
        size_t cap = CLEAN_GROWTH * (size_t)n + 1;
        cap = cap > PV_EVENT_NAME_MAX + 1 ? PV_EVENT_NAME_MAX + 1 : cap;
        size_t n_clean = pv_text_clean(to, cap, (const char *)piece->at, (size_t)n);
        texts[tables->n_texts++] = (struct pv_pvt_text){.bytes = to, .n = (uint32_t)n_clean};
        to += n_clean + 1;
        piece->at += n;
    }
    return piece->at == piece->end ? PV_OK : PV_EFORMAT;
}

int pv_pvt_tables_stacks(struct pv_pvt_tables *tables, struct pv_pvt_piece *piece,
                         uint32_t n_items)
{
    size_t n_piece = (size_t)(piece->end - piece->at);
    if (n_items > n_piece || n_items > PV_TEXTS_MAX - tables->n_stacks ||
        n_piece > FRAMES_MAX - tables->n_frames) {
        return PV_EFORMAT;
    }
    struct pv_pvt_stack *stacks = more_room(tables->stacks, tables->n_stacks, n_items,
                                            &tables->cap_stacks, sizeof *stacks);
    tables->stacks = stacks ? stacks : tables->stacks;
    const char **frames = more_room(tables->frames, tables->n_frames, n_piece,
                                    &tables->cap_frames, sizeof *frames);
    tables->frames = frames ? frames : tables->frames;
    if (!stacks || !frames) {
        return PV_ENOMEM;
    }
    for (uint32_t i = 0; i < n_items; ++i) {
        uint64_t n, text;
        if (!pv_piece_take(piece, &n) || !n || n > PV_EVENT_STACK_MAX) {
            return PV_EFORMAT;
        }
        stacks[tables->n_stacks] =
            (struct pv_pvt_stack){.first = tables->n_frames, .n = (uint32_t)n};
        for (uint64_t k = 0; k < n; ++k) {
            if (!pv_piece_take(piece, &text) || text >= tables->n_texts) {
                return PV_EFORMAT;
            }
            frames[tables->n_frames++] = tables->texts[text].bytes;
        }
        tables->n_stacks++;
    }
    return piece->at == piece->end ? PV_OK : PV_EFORMAT;
}

void pv_pvt_tables_fini(struct pv_pvt_tables *tables)
{
    while (tables->chunks) {
        struct pv_pvt_chunk *next = tables->chunks->next;
        pv_own_free(tables->chunks);
        tables->chunks = next;
    }
    pv_own_free(tables->texts);
    pv_own_free(tables->stacks);
    pv_own_free(tables->frames);
}
