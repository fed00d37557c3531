/* SPDX-License-Identifier: MIT
 *
 * heaptrack_tables.c - the records of a heaptrack file that fill its tables, and functions that
 * take the parts of a record. heaptrack.c has the grammar.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/foreign/heaptrack.h"

enum { FILE_VERSION_SIZED = 3 };

/* ---- pieces ---- */

int pv_ht_blame(struct pv_ht_file *reader, const char *at, const char *text)
{
    return pv_lines_blame(&reader->lines, at, text);
}

/* Reports what the tables returned for the number taken last. */
int pv_ht_judge(struct pv_ht_file *reader, int status, const char *missing)
{
    switch (status) {
    case PV_EINVAL:
        return pv_ht_blame(reader, reader->piece, missing);
    case PV_EFORMAT:
        return pv_ht_blame(reader, reader->piece, "a call stack is called from an earlier one");
    case PV_ELIMIT:
        return pv_ht_blame(reader, NULL, "there is more of this than is understood");
    default:
        return status;
    }
}

int pv_ht_take_number(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *ret)
{
    pv_cursor_blanks(line);
    reader->piece = line->at;
    return pv_cursor_hex(line, ret)
               ? PV_OK
               : pv_ht_blame(reader, line->at, "a hexadecimal number is expected here");
}

static int take_numbers(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *numbers,
                        size_t n)
{
    int status = PV_OK;
    for (size_t i = 0; i < n && !status; ++i) {
        status = pv_ht_take_number(reader, line, &numbers[i]);
    }
    return status;
}

bool pv_ht_has_more(struct pv_cursor *line)
{
    pv_cursor_blanks(line);
    return !pv_cursor_done(line);
}

int pv_ht_take_size(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t *ret)
{
    int status = pv_ht_take_number(reader, line, ret);
    return !status && *ret > INT64_MAX
               ? pv_ht_blame(reader, reader->piece, "a size is beyond 2^63-1")
               : status;
}

/* A text: with its length before it, or else up to the next blank or to the end. */
static int take_text(struct pv_ht_file *reader, struct pv_cursor *line, bool to_end,
                     struct pv_cursor *ret)
{
    if (reader->file_version < FILE_VERSION_SIZED) {
        *ret = *line;
        line->at = to_end ? line->end : line->at;
        return to_end || pv_cursor_text(line, ret)
                   ? PV_OK
                   : pv_ht_blame(reader, line->at, "a text is expected here");
    }
    uint64_t n;
    int status = pv_ht_take_number(reader, line, &n);
    if (status) {
        return status;
    }
    bool parted = pv_cursor_byte(line, ' ');
    size_t left = (size_t)(line->end - line->at);
    if (n > left || (n && !parted) || (n < left && line->at[n] != ' ')) {
        return pv_ht_blame(reader, reader->piece, "the text is not as long as is said here");
    }
    *ret = (struct pv_cursor){.at = line->at, .end = line->at + n};
    line->at += n;
    return PV_OK;
}

int pv_ht_keep(struct pv_ht_file *reader, struct pv_cursor text, char **ret)
{
    char clean[PV_EVENT_NAME_MAX + 1];
    size_t n = pv_text_clean(clean, sizeof clean, text.at, (size_t)(text.end - text.at));
    if (*ret) {
        return pv_ht_blame(reader, NULL, "a second recording begins here");
    }
    *ret = pv_own_text(clean, n);
    return *ret ? PV_OK : PV_ENOMEM;
}

/* ---- both forms ---- */

int pv_ht_take_trace(struct pv_ht_file *reader, struct pv_cursor *line,
                     struct pv_trace_event *event)
{
    (void)event;
    uint64_t at;
    uint64_t caller;
    int status = pv_ht_take_number(reader, line, &at);
    const char *piece = reader->piece;
    status = status ? status : pv_ht_take_number(reader, line, &caller);
    if (status) {
        return status;
    }
    if (reader->form == PV_HT_ANY && at) { /* an interpreted file has an `i` record before */
        reader->form = PV_HT_RAW;
    }
    status = reader->form == PV_HT_RAW ? pv_ht_raw_trace_add(reader->stacks, at, caller)
                                       : pv_ht_trace_add(reader->stacks, at, caller);
    reader->piece = status == PV_EINVAL ? piece : reader->piece;
    status = pv_ht_judge(reader, status, "there is no instruction of this number");
    return status ? status : 1;
}

/* ---- interpreted ---- */

int pv_ht_take_string(struct pv_ht_file *reader, struct pv_cursor *line,
                      struct pv_trace_event *event)
{
    (void)event;
    struct pv_cursor text = {0};
    int status = take_text(reader, line, true, &text);
    status = status ? status : pv_ht_judge(reader, pv_ht_text_add(reader->stacks, text), "");
    return status ? status : 1;
}

static int take_frame(struct pv_ht_file *reader, struct pv_cursor *line)
{
    uint64_t function, place[2];
    int status = pv_ht_take_number(reader, line, &function);
    status = status ? status
                    : pv_ht_judge(reader, pv_ht_frame_add(reader->stacks, function),
                                  "there is no text of this number");
    /* file and line are not used */
    return status || !pv_ht_has_more(line) ? status : take_numbers(reader, line, place, 2);
}

int pv_ht_take_instruction(struct pv_ht_file *reader, struct pv_cursor *line,
                           struct pv_trace_event *event)
{
    (void)event;
    uint64_t address, module;
    int status = pv_ht_take_number(reader, line, &address);
    status = status ? status : pv_ht_take_number(reader, line, &module);
    const char *piece = reader->piece;
    status = status ? status : pv_ht_judge(reader, pv_ht_instruction_begin(reader->stacks), "");
    while (!status && pv_ht_has_more(line)) {
        status = take_frame(reader, line);
    }
    if (status) {
        return status;
    }
    reader->piece = piece;
    status = pv_ht_judge(reader, pv_ht_instruction_end(reader->stacks, address, module),
                         "there is no text of this number");
    return status ? status : 1;
}

/* Takes the number of a call stack. */
int pv_ht_take_stack(struct pv_ht_file *reader, struct pv_cursor *line, uint32_t *ret)
{
    uint64_t trace;
    int status = pv_ht_take_number(reader, line, &trace);
    if (!status && !pv_ht_stacks_know(reader->stacks, trace)) {
        return pv_ht_blame(reader, reader->piece, "there is no call stack of this number");
    }
    *ret = status ? 0 : (uint32_t)trace;
    return status;
}

int pv_ht_take_kind(struct pv_ht_file *reader, struct pv_cursor *line,
                    struct pv_trace_event *event)
{
    (void)event;
    uint64_t size;
    uint32_t trace = 0;
    int status = pv_ht_take_size(reader, line, &size);
    status = status ? status : pv_ht_take_stack(reader, line, &trace);
    status =
        status ? status : pv_ht_judge(reader, pv_ht_kind_add(reader->blocks, size, trace), "");
    return status ? status : 1;
}

/* ---- raw ---- */

int pv_ht_take_path(struct pv_ht_file *reader, struct pv_cursor *line,
                    struct pv_trace_event *event)
{
    (void)event;
    struct pv_cursor text = {0};
    int status = take_text(reader, line, true, &text);
    status = status ? status : pv_ht_keep(reader, text, &reader->path);
    return status ? status : 1;
}

static bool is_text(struct pv_cursor text, const char *wanted)
{
    return pv_cursor_word(&text, wanted) && pv_cursor_done(&text);
}

/* The range of a module, from its first byte to its last: no other module lies between its
 * parts. */
static int take_extent(struct pv_ht_file *reader, struct pv_cursor *line, uint64_t base,
                       uint64_t *ret_first, uint64_t *ret_end)
{
    *ret_first = UINT64_MAX;
    *ret_end = 0;
    while (pv_ht_has_more(line)) {
        uint64_t part[2];
        uint64_t first;
        uint64_t end;
        int status = take_numbers(reader, line, part, 2);
        if (status) {
            return status;
        }
        if (__builtin_add_overflow(base, part[0], &first) ||
            __builtin_add_overflow(first, part[1], &end)) {
            return pv_ht_blame(reader, reader->piece, "a module ends beyond 2^64");
        }
        *ret_first = first < *ret_first ? first : *ret_first;
        *ret_end = end > *ret_end ? end : *ret_end;
    }
    return PV_OK;
}

int pv_ht_take_module(struct pv_ht_file *reader, struct pv_cursor *line,
                      struct pv_trace_event *event)
{
    (void)event;
    struct pv_cursor path = {0};
    uint64_t base, first, end;
    int status = take_text(reader, line, false, &path);
    if (!status && is_text(path, "-")) {
        pv_ht_modules_clear(reader->stacks);
        return 1;
    }
    status = status ? status : pv_ht_take_number(reader, line, &base);
    status = status ? status : take_extent(reader, line, base, &first, &end);
    if (status || first >= end) {
        return status ? status : 1;
    }
    if (is_text(path, "x") && reader->path) {
        path =
            (struct pv_cursor){.at = reader->path, .end = reader->path + strlen(reader->path)};
    }
    status = pv_ht_judge(reader, pv_ht_module_add(reader->stacks, path, base, first, end), "");
    return status ? status : 1;
}
