/* SPDX-License-Identifier: MIT
 *
 * csv.c - reads a table whose first line names its columns:
 *
 *   op,addr,size                 one call a row
 *   id,lower,upper,size          one block a row, live from step lower up to step upper
 *
 * Columns are separated by commas, semicolons or tabs, in any order; unknown columns are
 * ignored. A block with its lifetime (minimalloc) becomes an allocation and a free: all rows
 * are kept and sorted by step, and within one step frees come first.
 */
#include <stdlib.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/foreign/pattern.h"
#include "traces/grammar.h"

/* The first HEAD_BYTES show whether addresses are decimal, and whether times are seconds; the
 * reader waits for that many bytes of a pipe. */
enum { COLUMNS = 32, BLOCKS_MAX = 1 << 26, HEAD_BYTES = 4096 };

/* The unit of a time in nanoseconds. */
enum { UNSAID = 0, NS = 1, US = 1000, MS = 1000 * 1000, SECONDS = 1000 * 1000 * 1000 };

enum role {
    R_NONE,
    R_OP,
    R_ADDR,
    R_OLD,
    R_NEW, /* of a realloc, where the address is the old one */
    R_SIZE,
    R_COUNT,
    R_ALIGN,
    R_NAME,
    R_THREAD,
    R_PROCESS,
    R_TIME,
    R_LOWER,
    R_UPPER,
    N_ROLES
};

/* Messages use the first name of a role. */
static const struct {
    const char *name;
    enum role role;
    uint32_t unit; /* unit of a time column */
} names[] = {
    {"op", R_OP, 0},
    {"operation", R_OP, 0},
    {"event", R_OP, 0},
    {"action", R_OP, 0},
    {"call", R_OP, 0},
    {"function", R_OP, 0},
    {"type", R_OP, 0},
    {"addr", R_ADDR, 0},
    {"address", R_ADDR, 0},
    {"ptr", R_ADDR, 0},
    {"pointer", R_ADDR, 0},
    {"id", R_ADDR, 0},
    {"buffer", R_ADDR, 0},
    {"old", R_OLD, 0},
    {"old_addr", R_OLD, 0},
    {"old_ptr", R_OLD, 0},
    {"new", R_NEW, 0},
    {"new_addr", R_NEW, 0},
    {"new_ptr", R_NEW, 0},
    {"size", R_SIZE, 0},
    {"bytes", R_SIZE, 0},
    {"count", R_COUNT, 0},
    {"nmemb", R_COUNT, 0},
    {"align", R_ALIGN, 0},
    {"alignment", R_ALIGN, 0},
    {"name", R_NAME, 0},
    {"tag", R_NAME, 0},
    {"caller", R_NAME, 0},
    {"thread", R_THREAD, 0},
    {"tid", R_THREAD, 0},
    {"process", R_PROCESS, 0},
    {"pid", R_PROCESS, 0},
    {"lower", R_LOWER, 0},
    {"begin", R_LOWER, 0},
    {"start", R_LOWER, 0},
    {"upper", R_UPPER, 0},
    {"end", R_UPPER, 0},
    {"time", R_TIME, UNSAID},
    {"t", R_TIME, UNSAID},
    {"timestamp", R_TIME, UNSAID},
    {"time_ns", R_TIME, NS},
    {"timestamp_ns", R_TIME, NS},
    {"ns", R_TIME, NS},
    {"time_us", R_TIME, US},
    {"timestamp_us", R_TIME, US},
    {"us", R_TIME, US},
    {"time_ms", R_TIME, MS},
    {"timestamp_ms", R_TIME, MS},
    {"ms", R_TIME, MS},
    {"time_s", R_TIME, SECONDS},
    {"timestamp_s", R_TIME, SECONDS},
    {"seconds", R_TIME, SECONDS},
};

struct step {
    uint64_t at, order; /* order: number of the row */
    struct pv_call call;
};

struct csv_own {
    bool has_head;
    enum pv_pattern_base base; /* of addresses without 0x, guessed from the log's beginning */
    uint32_t unit;             /* of times; UNSAID: numbers without a unit */
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

/* Takes the next column of a row; a quoted column may contain the separator. */
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

static enum role role_of(struct pv_cursor name, uint32_t *ret_unit)
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
            *ret_unit = names[i].role == R_TIME ? names[i].unit : *ret_unit;
            return names[i].role;
        }
    }
    return R_NONE;
}

/* Are the names of columns on this line those of calls, or of lifetimes? */
static bool read_head(struct csv_own *own, struct pv_cursor line)
{
    static const char commas[] = {',', ';', '\t'};
    if (pv_cursor_word(&line, "\xef\xbb\xbf")) {
        /* a byte order mark of UTF-8 */
    }
    for (size_t i = 0; i < sizeof commas; ++i) {
        uint32_t seen = 0;
        struct pv_cursor row = line;
        struct pv_cursor column;
        own->comma = commas[i];
        own->n_columns = 0;
        own->unit = UNSAID;
        bool twice = false;
        while (own->n_columns < COLUMNS && next_column(&row, own->comma, &column)) {
            enum role role = role_of(column, &own->unit);
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

static bool has_column(const struct csv_own *own, enum role role)
{
    for (size_t i = 0; i < own->n_columns; ++i) {
        if (own->roles[i] == role) {
            return true;
        }
    }
    return false;
}

static bool is_lifetimes(const struct csv_own *own)
{
    return has_column(own, R_LOWER);
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
        if (lifetimes) { /* any text is an id: each row is a block of its own */
            row->name = text;
            return true;
        }
        is = pv_pattern_address(&text, own->base, &row->numbers[role]);
        break;
    case R_OLD:
    case R_NEW:
        is = pv_pattern_address(&text, own->base, &row->numbers[role]);
        break;
    case R_NAME:
        row->name = text;
        return true;
    case R_TIME:
        is = own->unit == UNSAID    ? pv_pattern_number(&text, &row->numbers[role])
             : own->unit == SECONDS ? pv_pattern_time(&text, &row->numbers[role])
                                    : pv_pattern_scaled(&text, own->unit, &row->numbers[role]);
        break;
    default:
        is = pv_pattern_number(&text, &row->numbers[role]);
    }
    row->has |= UINT32_C(1) << role;
    return is && pv_cursor_done(&text);
}

/* The message for a column that cannot be read. */
static const char *why_not(const struct csv_own *own, enum role role, struct pv_cursor text)
{
    bool is_address = role == R_ADDR || role == R_OLD || role == R_NEW;
    if (role == R_TIME && own->unit == UNSAID) {
        return "a whole number is expected, for those before were: call the column seconds, ms, "
               "us or ns";
    }
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
    call->addr = own->n_steps / 2 + 1; /* used by this block alone */
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
        uint32_t unit = own->unit;
        own->has_head = read_head(own, line);
        own->unit = unit;
        /* rows of several threads may come before the free that made room for them */
        pv_grammar_rules(trace, !has_column(own, R_THREAD), true);
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
    if (row.has >> R_PROCESS & 1 &&
        !pv_account_takes(trace->account,
                          pv_account_process(trace->account, row.numbers[R_PROCESS]))) {
        return 1;
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
    if (row.op == PV_OP_REALLOC && row.has >> R_NEW & 1) {
        call->old = call->addr;
        call->addr = row.numbers[R_NEW];
    } else if (row.op == PV_OP_REALLOC && !call->old && !(row.has >> R_OLD & 1)) {
        call->old = call->addr; /* no column for it: the block stays where it is */
    }
    call->if_known = row.op == PV_OP_REALLOC; /* it may be allocated before the table begins */
    return row.op == PV_OP_FREE ? PV_OK : pv_grammar_name(trace, row.name, call);
}

/* ---- lifetimes, sorted by step ---- */

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

static bool has_fraction(struct pv_cursor column)
{
    uint64_t whole, ns;
    struct pv_cursor number = column;
    return !(pv_pattern_number(&number, &whole) && pv_cursor_done(&number)) &&
           pv_pattern_time(&column, &ns) && pv_cursor_done(&column);
}

/* Guesses from the beginning of the table: addresses without 0x are decimal when none looks
 * hexadecimal; times are seconds when one has a fraction or colons. */
static void look_ahead(struct csv_own *table, const unsigned char *head, size_t n)
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
            bool is_address =
                own.roles[i] == R_ADDR || own.roles[i] == R_OLD || own.roles[i] == R_NEW;
            seen[is_address ? pv_pattern_looks(column) : PV_BASE_BY_LOOKS] = true;
            if (own.roles[i] == R_TIME && own.unit == UNSAID && has_fraction(column)) {
                own.unit = SECONDS;
            }
        }
    }
    table->base = seen[PV_BASE_DECIMAL] && !seen[PV_BASE_HEX] ? PV_BASE_DECIMAL : PV_BASE_HEX;
    table->unit = own.unit;
}

static int open_csv(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                    struct pv_place *place)
{
    int status = pv_grammar_open(&csv, ret_state, stream, header, place);
    const unsigned char *head;
    size_t n;
    if (!status && pv_stream_peek(stream, HEAD_BYTES, &head, &n) == PV_OK) {
        struct pv_text_trace *trace = *ret_state;
        struct csv_own *own = trace->own;
        look_ahead(own, head, n);
        header->clock = own->unit == UNSAID ? "" : "ns";
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
