/* SPDX-License-Identifier: MIT
 *
 * block.c - unpacks a block column by column and checks it; event.h then takes its events, one
 * by one as the caller asks for them.
 *
 * No number of the file is trusted. Before the first event the events of each shape are
 * counted, and each column must hold exactly the numbers that they take: so no event can read
 * beyond a column's end, and none has to check. Two errors can still be found in an event: a
 * guess for which the model has nothing, and a text or a stack that does not exist.
 *
 * Costs 75 KiB, the columns, and what the model costs.
 */
#include "traces/pvt/block.h"

#define ALWAYS static inline __attribute__((always_inline))
#define NEVER  static __attribute__((noinline))

enum { N_COUNTS = 4 };

/* ---- shapes ---- */

static bool shape_can_be(uint64_t bits)
{
    uint32_t s = (uint32_t)bits;
    uint32_t op = pv_shape_field(s, PV_OP_SHIFT, 3), id = pv_shape_field(s, PV_ID_SHIFT, 3);
    uint32_t addr = pv_shape_field(s, PV_ADDR_SHIFT, 3),
             old = pv_shape_field(s, PV_OLD_SHIFT, 2);
    bool is_new = op <= PV_OP_ALIGNED;
    bool sizeless = op == PV_OP_FREE || op == PV_OP_MARK;
    bool is_number = id != PV_SAY_ID_NULL && id != PV_SAY_ID_TEXT;
    return bits >> PV_SHAPE_BITS == 0 && op < PV_N_OPS && id < PV_N_SAY_ID &&
           pv_shape_field(s, PV_SIZE_SHIFT, 2) < PV_N_SAY_SIZE &&
           pv_shape_field(s, PV_NAME_SHIFT, 2) < PV_N_SAY_NAME &&
           pv_shape_field(s, PV_TIME_SHIFT, 2) < PV_N_SAY_TIME &&
           pv_shape_field(s, PV_THREAD_SHIFT, 2) < PV_N_SAY_THREAD && addr < PV_N_SAY_ADDR &&
           old < PV_N_SAY_OLD && pv_shape_field(s, PV_STACK_SHIFT, 2) < PV_N_SAY_STACK &&
           sizeless == (pv_shape_field(s, PV_SIZE_SHIFT, 2) == PV_SAY_SIZE_NONE) &&
           (!is_new || id != PV_SAY_ID_NULL) &&
           (op != PV_OP_MARK || (id == PV_SAY_ID_NULL &&
                                 pv_shape_field(s, PV_NAME_SHIFT, 2) != PV_SAY_NAME_NONE)) &&
           (addr != PV_SAY_ADDR_BLOCK || (is_number && !is_new)) &&
           (addr != PV_SAY_ADDR_FREED || (is_number && !sizeless)) &&
           (old != PV_SAY_OLD_BLOCK || is_number);
}

static uint32_t way_of(uint32_t bits)
{
    uint32_t op = pv_shape_field(bits, PV_OP_SHIFT, 3),
             id = pv_shape_field(bits, PV_ID_SHIFT, 3);
    uint32_t addr = pv_shape_field(bits, PV_ADDR_SHIFT, 3),
             name = pv_shape_field(bits, PV_NAME_SHIFT, 2);
    if (bits & (PV_OLD_MASK | PV_FLAGS_MASK | PV_STACK_MASK)) {
        return PV_WAY_OTHER;
    }
    if (op == PV_OP_MALLOC && id == PV_SAY_ID_NEXT) {
        return PV_WAY_NEW(name, pv_shape_field(bits, PV_SIZE_SHIFT, 2), addr);
    }
    bool is_gone = op == PV_OP_FREE && !name && id >= PV_SAY_ID_BACK && id <= PV_SAY_ID_FULL;
    return is_gone ? PV_WAY_GONE(id, addr) : PV_WAY_OTHER;
}

static void begin_shape(struct pv_pvt_shape *shape, uint32_t bits)
{
    enum pv_op op = (enum pv_op)pv_shape_field(bits, PV_OP_SHIFT, 3);
    uint32_t id = pv_shape_field(bits, PV_ID_SHIFT, 3);
    uint32_t addr = pv_shape_field(bits, PV_ADDR_SHIFT, 3);
    *shape = (struct pv_pvt_shape){
        .bits = bits,
        .way = way_of(bits),
        .event = {.op = op,
                  .id = {.kind = PV_ID_NUMBER},
                  .count = 1,
                  .name = "",
                  .has_name = bits & PV_NAME_MASK,
                  .has_t = bits & PV_TIME_MASK,
                  .has_thread = bits & PV_THREAD_MASK,
                  .has_addr = addr != PV_SAY_ADDR_NONE,
                  .has_old_addr = bits & PV_OLD_MASK},
    };
    if (id == PV_SAY_ID_NULL || id == PV_SAY_ID_TEXT) {
        shape->event.id.kind = id == PV_SAY_ID_NULL ? PV_ID_NULL : PV_ID_TEXT;
    }
}

/* Adds the numbers that n_events of a shape take from each column. */
static void count_numbers(uint32_t bits, uint64_t n_events, uint64_t *n_numbers)
{
    uint32_t op = pv_shape_field(bits, PV_OP_SHIFT, 3),
             id = pv_shape_field(bits, PV_ID_SHIFT, 3);
    bool timed = bits & PV_TIME_MASK;
    unsigned n_misc = (op == PV_OP_CALLOC || op == PV_OP_ALIGNED) + !!(bits & PV_FLAGS_MASK);
    n_numbers[PV_COL_SHAPES] += n_events;
    n_numbers[PV_COL_BACK] += n_events * (id == PV_SAY_ID_BACK);
    n_numbers[PV_COL_ID] += n_events * (id > PV_SAY_ID_BACK);
    n_numbers[PV_COL_SIZE] +=
        n_events * (pv_shape_field(bits, PV_SIZE_SHIFT, 2) == PV_SAY_SIZE_FULL);
    n_numbers[PV_COL_MISC] += n_events * n_misc;
    n_numbers[PV_COL_NAME] +=
        n_events * (pv_shape_field(bits, PV_NAME_SHIFT, 2) == PV_SAY_NAME_FULL);
    n_numbers[PV_COL_TIME_LOW] += n_events * timed;
    n_numbers[PV_COL_TIME_HIGH] += n_events * timed;
    n_numbers[PV_COL_THREAD] +=
        n_events * (pv_shape_field(bits, PV_THREAD_SHIFT, 2) == PV_SAY_THREAD_FULL);
    n_numbers[PV_COL_ADDR] +=
        n_events * (pv_shape_field(bits, PV_ADDR_SHIFT, 3) >= PV_SAY_ADDR_DELTA16);
    n_numbers[PV_COL_OLD_ADDR] +=
        n_events * (pv_shape_field(bits, PV_OLD_SHIFT, 2) == PV_SAY_OLD_FULL);
    n_numbers[PV_COL_STACK] +=
        n_events * (pv_shape_field(bits, PV_STACK_SHIFT, 2) == PV_SAY_STACK_FULL);
}

/* ---- columns ---- */

/* Counts the bytes that end a number, eight at a time. */
static uint64_t n_ends(const unsigned char *bytes, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t sum = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + i, 8);
        sum += (~eight >> 7 & ones) * ones >> 56;
    }
    for (; i < n; ++i) {
        sum += bytes[i] < 0x80;
    }
    return sum;
}

/* Does the column hold exactly this many numbers? */
static bool column_holds(const struct pv_pvt_piece *column, enum pv_pvt_column number,
                         uint64_t n_numbers)
{
    size_t n = (size_t)(column->end - column->at);
    if (number == PV_COL_SHAPES || number == PV_COL_TIME_LOW) {
        return n == n_numbers;
    }
    return n_ends(column->at, n) == n_numbers && (!n || column->end[-1] < 0x80);
}

static int read_table(struct pv_pvt_block *block, uint32_t *ret_n_shapes)
{
    uint64_t n_shapes, shape;
    if (!block->shapes) {
        block->shapes = pv_own_calloc(PV_PVT_SHAPES, sizeof *block->shapes);
        if (!block->shapes) {
            return PV_ENOMEM;
        }
    }
    if (!pv_piece_take(&block->table, &n_shapes) || n_shapes > PV_PVT_SHAPES) {
        return PV_EFORMAT;
    }
    for (uint64_t i = 0; i < n_shapes; ++i) {
        if (!pv_piece_take(&block->table, &shape) || !shape_can_be(shape)) {
            return PV_EFORMAT;
        }
        begin_shape(&block->shapes[i], (uint32_t)shape);
    }
    *ret_n_shapes = (uint32_t)n_shapes;
    return block->table.at == block->table.end ? PV_OK : PV_EFORMAT;
}

static int check_columns(struct pv_pvt_block *block, uint32_t n_shapes, uint32_t n_events)
{
    /* Several counters per shape, as one shape often comes twice in a row. */
    uint32_t n_of[N_COUNTS][PV_PVT_SHAPES] = {{0}};
    const struct pv_pvt_piece *shapes = &block->columns[PV_COL_SHAPES];
    if ((size_t)(shapes->end - shapes->at) != n_events) {
        return PV_EFORMAT;
    }
    for (uint32_t i = 0; i < n_events; ++i) {
        n_of[i % N_COUNTS][shapes->at[i]]++;
    }
    uint64_t n_numbers[PV_N_COLS] = {0};
    for (uint32_t i = 0; i < PV_PVT_SHAPES; ++i) {
        uint64_t n = (uint64_t)n_of[0][i] + n_of[1][i] + n_of[2][i] + n_of[3][i];
        if (n && i >= n_shapes) {
            return PV_EFORMAT;
        }
        if (n) {
            count_numbers(block->shapes[i].bits, n, n_numbers);
        }
    }
    for (unsigned i = 0; i < PV_N_COLS; ++i) {
        if (!column_holds(&block->columns[i], i, n_numbers[i])) {
            return PV_EFORMAT;
        }
        block->at[i] = block->columns[i].at;
    }
    return PV_OK;
}

int pv_pvt_block_begin(struct pv_pvt_block *block, struct pv_pvt_piece payload,
                       uint32_t n_items)
{
    block->n = block->n_left = 0;
    if (n_items > PV_PVT_BLOCK_EVENTS) {
        return PV_EFORMAT;
    }
    int status = pv_piece_unpack(&block->table, &payload, block->zstd);
    for (int i = 0; status == PV_OK && i < PV_N_COLS; ++i) {
        status = pv_piece_unpack(&block->columns[i], &payload, block->zstd);
    }
    if (status == PV_OK && payload.at != payload.end) {
        status = PV_EFORMAT;
    }
    uint32_t n_shapes = 0;
    status = status ? status : read_table(block, &n_shapes);
    status = status ? status : check_columns(block, n_shapes, n_items);
    status = status ? status : pv_pvt_model_begin(&block->model, n_items);
    if (status == PV_OK) {
        block->n = block->n_left = n_items;
    }
    return status;
}

void pv_pvt_block_fini(struct pv_pvt_block *block)
{
    pv_piece_fini(&block->table);
    for (int i = 0; i < PV_N_COLS; ++i) {
        pv_piece_fini(&block->columns[i]);
    }
    pv_own_free(block->shapes);
    pv_pvt_model_fini(&block->model);
}
