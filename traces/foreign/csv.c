/* SPDX-License-Identifier: MIT
 *
 * csv.c - a table whose first line names its columns:
 *
 *   op,addr,size                 one call a row
 *   id,lower,upper,size          one block a row, live from step lower up to step upper
 *
 * Columns are parted by commas, semicolons or tabs, and may stand in any order; those of other
 * names are passed over. Blocks with their lifetimes (minimalloc) become an allocation and a
 * free each: all rows are kept, sorted by step, and at one step frees come first.
 */
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/foreign/pattern.h"
#include "traces/grammar.h"

/* HEAD_BYTES show whether addresses are decimal; a pipe is waited for that long. */
enum { COLUMNS = 32, BLOCKS_MAX = 1 << 26, HEAD_BYTES = 4096 };

enum role {
    R_NONE,
    R_OP,
    R_ADDR,
    R_OLD,
    R_SIZE,
    R_COUNT,
    R_ALIGN,
    R_NAME,
    R_THREAD,
    R_TIME,
    R_LOWER,
    R_UPPER,
    N_ROLES
};

/* The first name of a role is the one in messages. */
static const struct {
    const char *name;
    enum role role;
} names[] = {
    {"op", R_OP},        {"operation", R_OP},    {"event", R_OP},     {"action", R_OP},
    {"call", R_OP},      {"function", R_OP},     {"type", R_OP},      {"addr", R_ADDR},
    {"address", R_ADDR}, {"ptr", R_ADDR},        {"pointer", R_ADDR}, {"id", R_ADDR},
    {"buffer", R_ADDR},  {"old", R_OLD},         {"old_addr", R_OLD}, {"old_ptr", R_OLD},
    {"size", R_SIZE},    {"bytes", R_SIZE},      {"count", R_COUNT},  {"nmemb", R_COUNT},
    {"align", R_ALIGN},  {"alignment", R_ALIGN}, {"name", R_NAME},    {"tag", R_NAME},
    {"caller", R_NAME},  {"thread", R_THREAD},   {"tid", R_THREAD},   {"time", R_TIME},
    {"t", R_TIME},       {"timestamp", R_TIME},  {"lower", R_LOWER},  {"begin", R_LOWER},
    {"start", R_LOWER},  {"upper", R_UPPER},     {"end", R_UPPER},
};

struct step {
    uint64_t at, order; /* order: of its row */
    struct pv_call call;
};

struct csv_own {
    bool has_head;
    enum pv_pattern_base base; /* of addresses without 0x, as the beginning of the log shows */
    char comma;
    enum role roles[COLUMNS];
    size_t n_columns;
    struct step *steps;
    size_t n_steps, cap_steps, at_step;
};

/* ---- the head ---- */

static struct pv_cursor trim(struct pv_cursor text)
{
    pv_cursor_blanks(&text);
    while (text.end > text.at && (text.end[-1] == ' ' || text.end[-1] == '\t')) {
        --text.end;
    }
    if (text.end - text.at >= 2 && *text.at == '"' && text.end[-1] == '"') {
        ++text.at;
        --text.end;
    }
    return text;
}

/* The next column of a row; one in quotes may hold the comma. */
static bool next_column(struct pv_cursor *row, char comma, struct pv_cursor *ret)
{
    if (!row->at) {
        return false;
    }
    bool quoted = false;
    const char *at = row->at;
    for (; at < row->end && (quoted || *at != comma); ++at) {
        quoted ^= *at == '"';
    }
    *ret = trim((struct pv_cursor){.at = row->at, .end = at});
    row->at = at < row->end ? at + 1 : NULL;
    return true;
}

static enum role role_of(struct pv_cursor name)
{
    char word[16];
    size_t n = (size_t)(name.end - name.at);
    if (n >= sizeof word) {
        return R_NONE;
    }
    for (size_t i = 0; i < n; ++i) {
        char byte = name.at[i];
        word[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    word[n] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        if (strcmp(names[i].name, word) == 0) {
            return names[i].role;
        }
    }
    return R_NONE;
}

/* Is this line the names of columns that make calls, or lifetimes? */
static bool read_head(struct csv_own *own, struct pv_cursor line)
{
    static const char commas[] = {',', ';', '\t'};
    if (pv_cursor_word(&line, "\xef\xbb\xbf")) {
        /* a mark of UTF-8 */
    }
    for (size_t i = 0; i < sizeof commas; ++i) {
        uint32_t seen = 0;
        struct pv_cursor row = line;
        struct pv_cursor column;
        own->comma = commas[i];
        own->n_columns = 0;
        bool twice = false;
        while (own->n_columns < COLUMNS && next_column(&row, own->comma, &column)) {
            enum role role = role_of(column);
            twice |= role && seen >> role & 1;
            seen |= UINT32_C(1) << role;
            own->roles[own->n_columns++] = role;
        }
        bool calls = seen >> R_OP & seen >> R_ADDR & seen >> R_SIZE & 1;
        bool lives = seen >> R_LOWER & seen >> R_UPPER & seen >> R_SIZE & 1;
        if (!twice && !row.at && (calls != lives)) {
            return true;
        }
    }
    return false;
}

static bool is_lifetimes(const struct csv_own *own)
{
    for (size_t i = 0; i < own->n_columns; ++i) {
        if (own->roles[i] == R_LOWER) {
            return true;
        }
    }
    return false;
}

/* ---- a row ---- */

struct row {
    uint64_t numbers[N_ROLES];
    uint32_t has;
    enum pv_op op;
    struct pv_cursor name;
};

static bool take_value(const struct csv_own *own, struct row *row, enum role role,
                       bool lifetimes, struct pv_cursor text)
{
    bool is;
    switch (role) {
    case R_OP:
        is = pv_pattern_op(&text, &row->op);
        break;
    case R_ADDR:
        if (lifetimes) { /* any text: blocks are told apart by their rows */
            row->name = text;
            return true;
        }
        is = pv_pattern_address(&text, own->base, &row->numbers[role]);
        break;
    case R_OLD:
        is = pv_pattern_address(&text, own->base, &row->numbers[role]);
        break;
    case R_NAME:
        row->name = text;
        return true;
    default:
        is = pv_pattern_number(&text, &row->numbers[role]);
    }
    row->has |= UINT32_C(1) << role;
    return is && pv_cursor_done(&text);
}

/* Why a column cannot be read. */
static const char *why_not(const struct csv_own *own, enum role role, struct pv_cursor text)
{
    bool is_address = role == R_ADDR || role == R_OLD;
    return role == R_OP ? "an operation is malloc, calloc, realloc, aligned or free"
           : is_address && own->base == PV_BASE_DECIMAL && pv_pattern_looks(text) == PV_BASE_HEX
               ? "this address is hexadecimal, and those before were read as decimal: write all "
                 "with 0x"
               : "a number is expected in this column";
}

static int read_row(struct pv_text_trace *trace, struct pv_cursor line, struct row *ret)
{
    struct csv_own *own = trace->own;
    bool lifetimes = is_lifetimes(own);
    struct pv_cursor rest = line;
    struct pv_cursor column = line;
    size_t i = 0;
    *ret = (struct row){.has = 0};
    for (; i < own->n_columns && next_column(&rest, own->comma, &column); ++i) {
        bool empty = column.at == column.end;
        if (own->roles[i] && !empty &&
            !take_value(own, ret, own->roles[i], lifetimes, column)) {
            return pv_lines_blame(&trace->lines, column.at,
                                  why_not(own, own->roles[i], column));
        }
    }
    if (i < own->n_columns || rest.at) {
        return pv_lines_blame(&trace->lines, line.at,
                              "the row has another number of columns than the first line");
    }
    return PV_OK;
}

static int add_step(struct csv_own *own, uint64_t at, const struct pv_call *call)
{
    if (own->n_steps == BLOCKS_MAX) {
        return PV_ELIMIT;
    }
    struct step *steps = pv_own_room(own->steps, own->n_steps, &own->cap_steps, sizeof *steps);
    if (!steps) {
        return PV_ENOMEM;
    }
    own->steps = steps;
    steps[own->n_steps] = (struct step){.at = at, .order = own->n_steps, .call = *call};
    own->n_steps++;
    return PV_OK;
}

static int add_lifetime(struct pv_text_trace *trace, const struct row *row,
                        struct pv_call *call)
{
    struct csv_own *own = trace->own;
    static const uint32_t needs =
        UINT32_C(1) << R_LOWER | UINT32_C(1) << R_UPPER | UINT32_C(1) << R_SIZE;
    if ((row->has & needs) != needs || row->numbers[R_LOWER] >= row->numbers[R_UPPER]) {
        return pv_lines_blame(&trace->lines, NULL, "a block lives from lower to a later upper");
    }
    call->op = row->numbers[R_ALIGN] ? PV_OP_ALIGNED : PV_OP_MALLOC;
    call->addr = own->n_steps / 2 + 1; /* of this block alone */
    call->size = row->numbers[R_SIZE];
    call->align = row->numbers[R_ALIGN];
    if (call->size > INT64_MAX) {
        return pv_lines_blame(&trace->lines, NULL, "a size is beyond 2^63-1");
    }
    int status = pv_grammar_name(trace, row->name, call);
    status = status ? status : add_step(own, row->numbers[R_LOWER], call);
    struct pv_call freed = {.op = PV_OP_FREE, .addr = call->addr, .count = 1};
    status = status ? status : add_step(own, row->numbers[R_UPPER], &freed);
    return status == PV_ELIMIT ? pv_lines_blame(&trace->lines, NULL,
                                                "there are more blocks than are understood")
           : status            ? status
                               : 1;
}

static int read_csv(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    struct csv_own *own = trace->own;
    struct pv_cursor blank = line;
    pv_cursor_blanks(&blank);
    if (pv_cursor_done(&blank)) {
        return 1;
    }
    if (!own->has_head) {
        own->has_head = read_head(own, line);
        return own->has_head
                   ? 1
                   : pv_lines_blame(&trace->lines, line.at,
                                    "the first line names the columns: op, addr and size, or "
                                    "id, lower, upper and size");
    }
    struct row row;
    int status = read_row(trace, line, &row);
    if (status) {
        return status;
    }
    if (is_lifetimes(own)) {
        return add_lifetime(trace, &row, call);
    }
    if (!(row.has >> R_OP & 1) || !(row.has >> R_ADDR & 1)) {
        return pv_lines_blame(&trace->lines, line.at,
                              "a row wants an operation and an address");
    }
    call->op = row.op;
    call->addr = row.numbers[R_ADDR];
    call->old = row.numbers[R_OLD];
    call->size = row.numbers[R_SIZE];
    call->align = row.numbers[R_ALIGN];
    call->count = row.has >> R_COUNT & 1 ? row.numbers[R_COUNT] : 1;
    call->has_thread = row.has >> R_THREAD & 1;
    call->thread = row.numbers[R_THREAD];
    call->has_t = row.has >> R_TIME & 1;
    call->t = row.numbers[R_TIME];
    if (row.op == PV_OP_REALLOC && !call->old && !(row.has >> R_OLD & 1)) {
        call->old = call->addr; /* no column for it: resized where it is */
    }
    return row.op == PV_OP_FREE ? PV_OK : pv_grammar_name(trace, row.name, call);
}

/* ---- lifetimes, sorted ---- */

static int by_step(const void *left, const void *right)
{
    const struct step *a = left;
    const struct step *b = right;
    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    bool a_frees = a->call.op == PV_OP_FREE;
    bool b_frees = b->call.op == PV_OP_FREE;
    if (a_frees != b_frees) {
        return a_frees ? -1 : 1;
    }
    return a->order < b->order ? -1 : 1;
}

static int end_csv(struct pv_text_trace *trace)
{
    struct csv_own *own = trace->own;
    if (own->n_steps) {
        qsort(own->steps, own->n_steps, sizeof *own->steps, by_step);
    }
    for (size_t i = 0; i < own->n_steps; ++i) {
        int status = pv_grammar_put(trace, &own->steps[i].call);
        if (status < 0) {
            return status;
        }
    }
    return PV_OK;
}

static void close_csv(void *state)
{
    struct csv_own *own = state;
    pv_own_free(own->steps);
}

static bool looks_csv(struct pv_cursor line)
{
    struct csv_own own = {.n_columns = 0};
    return read_head(&own, line);
}

static bool probe_csv(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_csv, NULL);
}

static const struct pv_grammar csv = {.name = "csv",
                                      .clock = "",
                                      .own_bytes = sizeof(struct csv_own),
                                      .line = read_csv,
                                      .end = end_csv,
                                      .close = close_csv};

/* Addresses without 0x are decimal when none at the beginning of the table looks hexadecimal. */
static enum pv_pattern_base find_base(const unsigned char *head, size_t n)
{
    bool seen[PV_BASE_HEX + 1] = {false};
    struct csv_own own = {.has_head = false};
    struct pv_cursor rest = {.at = (const char *)head, .end = (const char *)head + n};
    struct pv_cursor line, column;
    while (pv_cursor_line(&rest, &line)) {
        if (!own.has_head) {
            own.has_head = read_head(&own, line);
            continue;
        }
        for (size_t i = 0; i < own.n_columns && next_column(&line, own.comma, &column); ++i) {
            bool is_address = own.roles[i] == R_ADDR || own.roles[i] == R_OLD;
            seen[is_address ? pv_pattern_looks(column) : PV_BASE_BY_LOOKS] = true;
        }
    }
    return seen[PV_BASE_DECIMAL] && !seen[PV_BASE_HEX] ? PV_BASE_DECIMAL : PV_BASE_HEX;
}

static int open_csv(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place)
{
    int status = pv_grammar_open(&csv, ret_state, stream, header, place);
    const unsigned char *head;
    size_t n;
    if (!status && pv_stream_peek(stream, HEAD_BYTES, &head, &n) == PV_OK) {
        struct pv_text_trace *trace = *ret_state;
        ((struct csv_own *)trace->own)->base = find_base(head, n);
    }
    return status;
}

const struct pv_format pv_format_csv = {
    .name = "csv",
    .about = "a table with a line of column names; minimalloc's lifetimes",
    .limits = "columns of other names are passed over; lifetimes have an order and no times",
    .probe = probe_csv,
    .open = open_csv,
    .next = pv_grammar_next,
    .close = pv_grammar_close};
