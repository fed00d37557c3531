/* SPDX-License-Identifier: MIT
 *
 * mtrace.c - reads logs of glibc's mtrace(3):
 *
 *   = Start
 *   @ ./app:(main+0x1d)[0x11d4] + 0x5588cb7304a0 0x64      allocated
 *   @ ./app:[0x1243] - 0x5588cb730510                      freed
 *   @ ./app:[0x11fc] < 0x5588cb7304a0                      resized: from here
 *   @ ./app:[0x11fc] > 0x5588cb730580 0x1388               to here
 *   @ ./app:[0x11fc] ! 0x5588cb730580 0x1388               a resize that failed
 *   = End
 *
 * The caller becomes the name.
 *
 * After a fork both processes write to the same file, each when its buffer is full, and no line
 * says which process wrote it. What the first process wrote is complete. Where the second one
 * begins, its buffer repeats what was not yet written at the fork: either from the beginning of
 * the log ("= Start" comes once more and begins another part), or from the middle of a line,
 * and nothing behind that is certain.
 *
 * glibc writes the buffer when it holds 512 bytes. In one log of forty it ended exactly between
 * two lines; then the second process begins with a line that stood at a multiple of 512 before.
 * When such a line is repeated, the calls behind it are held back. If one of them frees what is
 * already free, they are the second process's; if none of the next 256 does, the line was only
 * the same call again.
 */
#include <string.h>

#include "core/status.h"
#include "traces/grammar.h"

enum {
    BUFFER_BYTES = 512, /* glibc's TRACE_BUFFER_SIZE */
    N_BORDERS = 1024,   /* slots for lines that begin where a buffer did */
    N_HELD = 256,
    N_SEEN = 4 * N_HELD /* slots for the addresses of held calls, at most two each */
};

/* The state of an address after the held calls. */
struct seen {
    uint64_t addr; /* 0: a free slot */
    bool is_live;
};

struct mtrace {
    struct pv_account_process *process; /* of the calls; a new part when the log begins again */
    bool has_callers;                   /* lines have begun with @ */
    bool ends_at_border;                /* the first byte of a buffer was a line's end */
    bool op_at_border; /* the first byte of a buffer was the operation behind a caller */
    bool is_mixed;
    uint64_t borders[N_BORDERS];
    uint64_t held_for; /* hash of the line that began the holding; 0: nothing is held */
    size_t n_held;
    struct pv_call held[N_HELD];
    struct seen seen[N_SEEN];
};

/* ---- the second process, when the first buffer ended between two lines ---- */

/* Hash of a line, never 0. Uses only its last bytes, because it is computed for every line. */
static uint64_t hash_line(struct pv_cursor line)
{
    static const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t last[2] = {0};
    if (line.end - line.at < (ptrdiff_t)sizeof last) {
        return 1;
    }
    memcpy(last, line.end - sizeof last, sizeof last);
    uint64_t hash = (last[0] ^ (last[1] * odd)) * odd;
    return (hash ^ hash >> 32) | 1;
}

static uint64_t *border_of(struct mtrace *own, uint64_t hash)
{
    return &own->borders[hash / 2 % N_BORDERS];
}

static struct seen *find_seen(struct mtrace *own, uint64_t addr)
{
    size_t at = (size_t)(addr / 16 % N_SEEN);
    while (own->seen[at].addr && own->seen[at].addr != addr) {
        at = (at + 1) % N_SEEN;
    }
    return &own->seen[at];
}

/* Is this address already free, as far as the log shows? */
static bool is_dead(struct pv_text_trace *trace, uint64_t addr)
{
    const struct seen *seen = find_seen(trace->own, addr);
    return addr && (seen->addr ? !seen->is_live
                               : pv_calls_is_known(trace->calls, addr) &&
                                     !pv_calls_is_live(trace->calls, addr));
}

static void see(struct mtrace *own, uint64_t addr, bool is_live)
{
    if (addr) {
        *find_seen(own, addr) = (struct seen){.addr = addr, .is_live = is_live};
    }
}

/* The line was the same call again, or the log has ended: puts the held calls. */
static int let_go(struct pv_text_trace *trace)
{
    struct mtrace *own = trace->own;
    int status = PV_OK;
    for (size_t i = 0; i < own->n_held && !status; ++i) {
        status = pv_grammar_put(trace, &own->held[i]);
    }
    if (own->held_for) {
        *border_of(own, own->held_for) = 0; /* do not hold for this line again */
        own->held_for = 0;
    }
    own->n_held = 0;
    return status;
}

/* Begins to hold calls when a line is repeated that stood at the beginning of a buffer. */
static void watch(struct pv_text_trace *trace, struct pv_cursor line)
{
    struct mtrace *own = trace->own;
    uint64_t hash = hash_line(line);
    uint64_t *border = border_of(own, hash);
    if (!own->held_for && *border == hash) {
        own->held_for = hash;
        memset(own->seen, 0, sizeof own->seen);
    } else if (trace->lines.offset && trace->lines.offset % BUFFER_BYTES == 0) {
        *border = hash;
    }
}

/* 1: the call is held, or the second process's. 0: nothing is held. */
static int hold(struct pv_text_trace *trace, const struct pv_call *call)
{
    struct mtrace *own = trace->own;
    if (!own->held_for) {
        return 0;
    }
    uint64_t freed = call->op == PV_OP_FREE      ? call->addr
                     : call->op == PV_OP_REALLOC ? call->old
                                                 : 0;
    if (is_dead(trace, freed)) {
        own->is_mixed = true;
        own->process->n_calls -= own->n_held + 1;
        pv_account_add(trace->account, PV_LEFT_MIXED, NULL, 0, own->n_held + 1);
        own->n_held = 0;
        own->held_for = 0;
        return 1;
    }
    see(own, freed, false);
    see(own, call->op == PV_OP_FREE ? 0 : call->addr, true);
    own->held[own->n_held++] = *call;
    int status = own->n_held == N_HELD ? let_go(trace) : PV_OK;
    return status ? status : 1;
}

/* ---- a line ---- */

static bool is_op(char byte)
{
    return byte == '+' || byte == '-' || byte == '<' || byte == '>' || byte == '!';
}

/* The caller may contain blanks: the operation is the last one between two blanks. */
static bool find_op(struct pv_cursor line, struct pv_cursor *ret_caller,
                    struct pv_cursor *ret_op)
{
    *ret_caller = (struct pv_cursor){.at = line.at, .end = line.at};
    *ret_op = line;
    if (!pv_cursor_word(&line, "@ ")) {
        return true;
    }
    for (const char *at = line.end - 2; at > line.at; --at) {
        if (at[-1] == ' ' && at[1] == ' ' && is_op(at[0])) {
            *ret_caller = (struct pv_cursor){.at = line.at, .end = at - 1};
            ret_op->at = at;
            return true;
        }
    }
    return false;
}

static int read_op(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    char op = *line.at++;
    uint64_t addr;
    bool sized = op != '-' && op != '<';
    pv_cursor_blanks(&line);
    /* mtrace prints address 0 as (nil) */
    if (pv_cursor_word(&line, "(nil)")) {
        addr = 0;
    } else if (!pv_cursor_address(&line, &addr)) {
        return pv_lines_blame(&trace->lines, line.at, "an address is expected here");
    }
    pv_cursor_blanks(&line);
    if (sized && pv_cursor_word(&line, "(nil)")) {
        call->size = 0; /* %#lx prints 0 as (nil) */
    } else if (sized && !pv_cursor_address(&line, &call->size) &&
               !pv_cursor_decimal(&line, &call->size)) {
        return pv_lines_blame(&trace->lines, line.at, "a size is expected here");
    }
    pv_cursor_blanks(&line);
    if (!pv_cursor_done(&line)) {
        return pv_lines_blame(&trace->lines, line.at, "something follows the call");
    }
    call->addr = addr;
    call->old = trace->old;
    trace->old = op == '<' ? addr : 0;
    call->op = op == '+' ? PV_OP_MALLOC : op == '-' ? PV_OP_FREE : PV_OP_REALLOC;
    return op == '<' || op == '!' ? 1 : PV_OK;
}

/* Another "= Start" begins a new part. */
static int begin_again(struct pv_text_trace *trace, struct pv_cursor line)
{
    struct mtrace *own = trace->own;
    if (pv_cursor_word(&line, "= Start") && own->process) {
        int status = let_go(trace);
        own->process = pv_account_new_part(trace->account, 1);
        own->is_mixed = false;
        return status ? status : 1;
    }
    return 1;
}

/* Blanks and marks of a quotation in front of a line, as in a mail: "> @ ./a:…", "> = Start". */
static void skip_margin(struct pv_cursor *line)
{
    struct pv_cursor tried = *line;
    while (pv_cursor_byte(&tried, '>') || pv_cursor_byte(&tried, ' ') ||
           pv_cursor_byte(&tried, '\t')) {
    }
    if (!pv_cursor_done(&tried) && (*tried.at == '@' || *tried.at == '=')) {
        *line = tried;
    }
    pv_cursor_blanks(line);
}

static int read_mtrace(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    struct mtrace *own = trace->own;
    struct pv_cursor caller, op;
    skip_margin(&line);
    own->ends_at_border |= trace->lines.offset % BUFFER_BYTES == 1;
    if (pv_cursor_done(&line)) { /* the line end that closes a line of the first process */
        own->is_mixed |= own->has_callers && own->ends_at_border;
        return 1;
    }
    if (*line.at == '=') {
        return begin_again(trace, line);
    }
    bool has_op = find_op(line, &caller, &op) && is_op(*op.at);
    bool is_rest = own->has_callers && *line.at != '@' && (!has_op || own->op_at_border);
    if (own->is_mixed || is_rest) {
        own->is_mixed = true;
        pv_account_add(trace->account, PV_LEFT_MIXED, NULL, 0, 1);
        return 1;
    }
    if (!has_op) {
        return pv_lines_blame(&trace->lines, NULL, "an operation is +, -, <, > or !");
    }
    own->has_callers |= *line.at == '@';
    uint64_t op_offset = trace->lines.offset + (uint64_t)(op.at - line.at);
    own->op_at_border |= *line.at == '@' && op_offset % BUFFER_BYTES == 0;
    watch(trace, line);
    int status = read_op(trace, op, call);
    if (status) {
        return status;
    }
    if (!own->process) {
        own->process = pv_account_process(trace->account, 1);
    }
    if (!pv_account_takes(trace->account, own->process)) {
        return 1;
    }
    status = call->op == PV_OP_FREE ? PV_OK : pv_grammar_name(trace, caller, call);
    return status ? status : hold(trace, call);
}

/* The log ends between the two lines of a resize. */
static int end_mtrace(struct pv_text_trace *trace)
{
    if (trace->old) {
        pv_account_add(trace->account, PV_LEFT_HALVES, "realloc", strlen("realloc"), 1);
    }
    return let_go(trace);
}

/* The first line, or a call if that line is missing. */
static bool looks_mtrace(struct pv_cursor line)
{
    struct pv_cursor caller, op;
    uint64_t addr;
    skip_margin(&line);
    if (pv_cursor_word(&line, "= Start")) {
        return true;
    }
    bool has_op = find_op(line, &caller, &op) && is_op(*op.at);
    op.at += has_op;
    return has_op && pv_cursor_byte(&op, ' ') && pv_cursor_address(&op, &addr);
}

static bool probe_mtrace(const unsigned char *head, size_t n)
{
    return pv_grammar_probe(head, n, looks_mtrace, NULL);
}

static const struct pv_grammar mtrace = {.name = "mtrace",
                                         .clock = "",
                                         .in_order = true,
                                         .begins_late = true,
                                         .own_bytes = sizeof(struct mtrace),
                                         .line = read_mtrace,
                                         .end = end_mtrace};

static int open_mtrace(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&mtrace, ret_state, stream, header, place);
}

const struct pv_format pv_format_mtrace = {
    .name = "mtrace",
    .about = "glibc mtrace(3)",
    .limits =
        "an aligned or zeroed allocation stands as a malloc; of processes that write into one "
        "file the first is taken",
    .probe = probe_mtrace,
    .open = open_mtrace,
    .next = pv_grammar_next,
    .close = pv_grammar_close};
