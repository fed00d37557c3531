/* SPDX-License-Identifier: MIT
 *
 * block_test.c - blocks of a native trace that were put together by hand: their checksums hold, and
 * what the reader believes of them is what can be.
 */
#include "tests/traces/support.h"

#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/pvt/output.h"
#include "traces/writer.h"

static const struct pv_trace_header header = {
    .program = "", .clock = "", .format = "", .packing = ""};

static int keep(void *ctx, const char *bytes, size_t n)
{
    struct pv_pvt_bytes *kept = ctx;
    assert_int_equal(pv_pvt_bytes_grow(kept, n), PV_OK);
    pv_put_bytes(kept, bytes, n);
    return PV_OK;
}

/* What stands in front of the first block of a trace. */
static void put_beginning(struct pv_pvt_bytes *trace)
{
    struct pv_writer *writer;
    struct pv_trace_event event = {.op = PV_OP_MALLOC, .count = 1, .name = "", .size = 8};
    event.id = (struct pv_id){.kind = PV_ID_NUMBER, .number = 1};
    scratch_make();
    assert_int_equal(pv_writer_open(&writer, scratch_path("x.pvt"), NULL, &header), PV_OK);
    assert_int_equal(pv_writer_put(writer, &event), PV_OK);
    assert_int_equal(pv_writer_finish(writer), PV_OK);
    pv_writer_close(writer);
    struct bytes bytes = bytes_of_file(scratch_path("x.pvt"));
    assert_int_equal(scratch_remove(), 1);
    const unsigned char *block = memmem(bytes.bytes, bytes.n, "PVTB", 4);
    assert_non_null(block);
    keep(trace, (const char *)bytes.bytes, (size_t)(block - bytes.bytes));
    free(bytes.bytes);
}

/* Reads a trace whose one block holds n allocations of the next id, with these bytes as the column
 * of sizes, or all of one size. Answers how many were given out. */
static uint64_t read_block(uint32_t n, const unsigned char *sizes, size_t n_sizes)
{
    struct pv_pvt_bytes trace = {0}, table = {0}, shapes = {0}, none = {0}, column = {0};
    struct pv_sink_out out = {.write = keep, .ctx = &trace};
    struct pv_pvt_output output = {.out = &out, .zstd = pv_zstd_open()};
    put_beginning(&trace);
    assert_int_equal(pv_pvt_bytes_grow(&table, 2 * PV_PVT_VARINT_BYTES), PV_OK);
    pv_put_varint(&table, 1);
    pv_put_varint(&table, PV_OP_MALLOC << PV_OP_SHIFT | PV_SAY_ID_NEXT << PV_ID_SHIFT |
                              (sizes ? PV_SAY_SIZE_FULL : PV_SAY_SIZE_SAME) << PV_SIZE_SHIFT);
    assert_int_equal(pv_pvt_bytes_grow(&shapes, n), PV_OK);
    memset(shapes.bytes, 0, n);
    shapes.n = n;
    assert_int_equal(pv_pvt_bytes_grow(&column, n_sizes), PV_OK);
    pv_put_bytes(&column, sizes, n_sizes);
    assert_int_equal(pv_pvt_output_begin(&output), PV_OK);
    assert_int_equal(pv_pvt_output_piece(&output, &table), PV_OK);
    for (int i = 0; i < PV_N_COLS; ++i) {
        const struct pv_pvt_bytes *piece = i == PV_COL_SHAPES ? &shapes
                                           : i == PV_COL_SIZE ? &column
                                                              : &none;
        assert_int_equal(pv_pvt_output_piece(&output, piece), PV_OK);
    }
    assert_int_equal(pv_pvt_output_end(&output, PV_PVT_BLOCK, n), PV_OK);

    struct pv_reader *reader;
    struct pv_trace_event event;
    uint64_t n_given = 0;
    int status = pv_reader_open_bytes(&reader, trace.bytes, trace.n, NULL);
    while (!status && !(status = pv_reader_next(reader, &event))) {
        ++n_given;
    }
    assert_int_equal(status, PV_EFORMAT); /* the trace has no end */
    pv_reader_close(reader);
    pv_zstd_close(output.zstd);
    struct pv_pvt_bytes *const all[] = {&trace, &table, &shapes, &column, &output.section};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        pv_own_free(all[i]->bytes);
    }
    return n_given;
}

static void a_block_has_a_bound(void **state)
{
    (void)state;
    assert_int_equal(read_block(PV_PVT_BLOCK_EVENTS, NULL, 0), PV_PVT_BLOCK_EVENTS);
    assert_int_equal(read_block(PV_PVT_BLOCK_EVENTS + 1, NULL, 0), 0);
    assert_int_equal(read_block(2 * PV_PVT_BLOCK_EVENTS, NULL, 0), 0);
}

static void a_column_ends_with_a_number(void **state)
{
    (void)state;
    static const unsigned char whole[] = {0x80, 0x01, 0x05};
    static const unsigned char inside[] = {0x05, 0x06, 0x80};
    static const unsigned char three[] = {0x05, 0x06, 0x07};
    assert_int_equal(read_block(2, whole, sizeof whole), 2);
    assert_int_equal(read_block(2, inside, sizeof inside), 0);
    assert_int_equal(read_block(2, three, sizeof three), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_has_a_bound),
        cmocka_unit_test(a_column_ends_with_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
