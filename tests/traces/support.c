/* SPDX-License-Identifier: MIT
 *
 * support.c - what the tests of traces/ share.
 */
#include "support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_add(struct bytes *bytes, const void *more, size_t n)
{
    if (bytes->n + n >= bytes->cap) {
        bytes->cap = 2 * (bytes->n + n) + 1;
        bytes->bytes = realloc(bytes->bytes, bytes->cap);
    }
    assert_non_null(bytes->bytes);
    if (n) {
        memcpy(bytes->bytes + bytes->n, more, n);
    }
    bytes->n += n;
}

char *room(size_t n)
{
    char *room = calloc(n, 1);
    assert_non_null(room);
    return room;
}

struct bytes bytes_packed(const struct pv_packing *packing, const void *plain, size_t n)
{
    struct bytes packed = {0};
    if (!packing) {
        bytes_add(&packed, plain, n);
        return packed;
    }
    void *packer = packing->pack_open();
    assert_non_null(packer);
    struct pv_pack_io io = {.in = plain, .n_in = n};
    bool done = false;
    while (!done) {
        unsigned char out[512];
        io.out = out;
        io.n_out = sizeof out;
        assert_int_equal(packing->pack(packer, &io, io.n_in == 0, &done), 0);
        bytes_add(&packed, out, sizeof out - io.n_out);
    }
    packing->pack_close(packer);
    return packed;
}

struct bytes bytes_of_file(const char *path)
{
    struct bytes all = {0};
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char some[4096];
    size_t n;
    bytes_add(&all, NULL, 0);
    while ((n = fread(some, 1, sizeof some, file)) > 0) {
        bytes_add(&all, some, n);
    }
    assert_false(ferror(file));
    fclose(file);
    return all;
}

void assert_same_event(const struct pv_trace_event *a, const struct pv_trace_event *b)
{
    assert_int_equal(a->op, b->op);
    assert_int_equal(a->id.kind, b->id.kind);
    if (a->id.kind == PV_ID_NUMBER) {
        assert_true(a->id.number == b->id.number);
    } else if (a->id.kind == PV_ID_TEXT) {
        assert_int_equal(a->id.n, b->id.n);
        assert_string_equal(a->id.text, b->id.text);
    }
    assert_true(a->size == b->size);
    assert_true(a->count == b->count);
    assert_true(a->align == b->align);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->has_name, b->has_name);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->has_t, b->has_t);
    assert_true(!a->has_t || a->t == b->t);
    assert_int_equal(a->has_thread, b->has_thread);
    assert_true(!a->has_thread || a->thread == b->thread);
    assert_int_equal(a->has_addr, b->has_addr);
    assert_true(!a->has_addr || a->addr == b->addr);
    assert_int_equal(a->has_old_addr, b->has_old_addr);
    assert_true(!a->has_old_addr || a->old_addr == b->old_addr);
    assert_int_equal(a->n_stack, b->n_stack);
    for (uint32_t i = 0; i < a->n_stack; ++i) {
        assert_string_equal(a->stack[i], b->stack[i]);
    }
}

static void spell(char *out, const struct pv_trace_event *event)
{
    size_t n = strlen(out);
    char id[24] = "-";
    if (event->id.kind == PV_ID_NUMBER) {
        snprintf(id, sizeof id, "%" PRIu64, event->id.number);
    }
    n += (size_t)snprintf(out + n, SPELL_BYTES - n, "%s%c%s", n ? " " : "",
                          pv_op_name(event->op)[0], id);
    if (event->op == PV_OP_CALLOC) {
        n += (size_t)snprintf(out + n, SPELL_BYTES - n, ":%" PRIu64 "x%" PRIu64, event->count,
                              event->size);
    } else if (event->op != PV_OP_FREE) {
        n += (size_t)snprintf(out + n, SPELL_BYTES - n, ":%" PRIu64, event->size);
    }
    if (event->align) {
        n += (size_t)snprintf(out + n, SPELL_BYTES - n, "/%" PRIu64, event->align);
    }
    if (event->has_thread) {
        n += (size_t)snprintf(out + n, SPELL_BYTES - n, "@%" PRIu64, event->thread);
    }
    if (event->has_t) {
        n += (size_t)snprintf(out + n, SPELL_BYTES - n, "!%" PRIu64, event->t);
    }
    if (event->has_name) {
        snprintf(out + n, SPELL_BYTES - n, "'%s", event->name);
    }
}

int read_spelled(const char *bytes, size_t n, const char *from, char *out,
                 struct pv_reader **ret_reader)
{
    struct pv_trace_event event;
    out[0] = '\0';
    int status = pv_reader_open_bytes(ret_reader, bytes, n, from);
    while (status == 0) {
        status = pv_reader_next(*ret_reader, &event);
        if (status == 0 && strlen(out) < SPELL_BYTES - 200) {
            spell(out, &event);
        }
    }
    return status;
}
