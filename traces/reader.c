/* SPDX-License-Identifier: MIT
 *
 * reader.c - finds the format by the first bytes of the file, and passes every call on to it.
 */
#include "traces/reader.h"

#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/format.h"
#include "traces/known.h"
#include "traces/lines.h"
#include "traces/names.h"

struct pv_reader {
    struct pv_stream *stream;
    const struct pv_format *format;
    void *state;
    struct pv_trace_header header;
    struct pv_account account;
    struct pv_names *names;       /* NULL: no name with a symbol has come */
    struct pv_place place, shown; /* the format's, and the same in the whole file */
    const char *known;            /* what else the file is, should the format refuse it */
    uint64_t skipped_bytes, skipped_lines; /* before the format's first byte */
    int status;                            /* once it is not 0 it stays so */
};

/* Lines that people often paste before the first line of a log. */
enum { PROBE_FIRST = 4, POSTED_LINES = 16, PROMPT_BYTES = 80 };

static int fail(struct pv_reader *reader, int status, const char *text)
{
    reader->place = (struct pv_place){0};
    snprintf(reader->place.text, sizeof reader->place.text, "%s", text);
    reader->status = status;
    return status;
}

static int fail_by_stream(struct pv_reader *reader, int status)
{
    return fail(reader, status, pv_stream_error(reader->stream));
}

/* None of the formats fits: say what the file is, if that is known. */
static int fail_unknown(struct pv_reader *reader, const unsigned char *head, size_t n)
{
    const char *known = pv_known_find(head, n);
    if (known) {
        return fail(reader, PV_EFORMAT, known);
    }
    size_t i = 0;
    while (i < n && memchr(" \t\r\n", head[i], 4)) {
        ++i;
    }
    if (i == n) {
        /* A file that is damaged from its first byte on looks empty; ask the stream why. */
        unsigned char byte;
        size_t more;
        int status = n ? PV_OK : pv_stream_read(reader->stream, &byte, 1, &more);
        if (status < 0) {
            return fail_by_stream(reader, status);
        }
        return fail(reader, PV_EFORMAT, n ? "the file holds only blanks" : "the file is empty");
    }
    char text[sizeof reader->place.text];
    if (head[i] > ' ' && head[i] < 0x7f) {
        snprintf(text, sizeof text,
                 "this is no trace: it begins with the character %c; `pebbleviz formats` lists "
                 "what is read, --pattern reads a log of your own",
                 head[i]);
    } else {
        snprintf(text, sizeof text, "this is no trace: it begins with the byte 0x%02X",
                 head[i]);
    }
    fail(reader, PV_EFORMAT, text);
    reader->place.line = reader->place.column = 1;
    for (size_t k = 0; k < i; ++k) {
        ++reader->place.column;
        if (head[k] == '\n') {
            ++reader->place.line;
            reader->place.column = 1;
        }
    }
    reader->place.byte = i;
    return PV_EFORMAT;
}

static const struct pv_format *probe_all(const unsigned char *head, size_t n)
{
    for (size_t i = 0; i < pv_n_formats; ++i) {
        if (pv_formats[i]->probe && pv_formats[i]->probe(head, n)) {
            return pv_formats[i];
        }
    }
    return NULL;
}

/* A blank line, a fence, the first line of script(1), or a shell's prompt and a command: "$ x",
 * "me@host:~/a$ x", "[me@host a]# x". */
static bool is_posted(struct pv_cursor line)
{
    pv_cursor_blanks(&line);
    if (pv_cursor_done(&line) || pv_cursor_word(&line, "```") ||
        pv_cursor_word(&line, "Script started on ")) {
        return true;
    }
    static const char of_prompts[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789@:~/._-[]() ";
    const char *end = line.at;
    while (end < line.end && end - line.at < PROMPT_BYTES && strchr(of_prompts, *end) && *end) {
        ++end;
    }
    return line.end - end > 2 && memchr("$#%>", *end, 4) && end[1] == ' ' && end[2] != ' ';
}

/* Takes the next whole line of the head. */
static bool next_line(const unsigned char *head, size_t n, size_t *at, struct pv_cursor *ret)
{
    const unsigned char *from = head + *at;
    size_t length = 0;
    while (length < n - *at && from[length] != '\n' && from[length] != '\r') {
        ++length;
    }
    if (length == n - *at) {
        return false;
    }
    *ret = (struct pv_cursor){.at = (const char *)from, .end = (const char *)from + length};
    *at += length + 1;
    if (from[length] == '\r' && *at < n && head[*at] == '\n') {
        ++*at;
    }
    return true;
}

/* Which format has the head behind a UTF-8 mark and pasted lines? The reader skips these. */
static bool find_behind(struct pv_reader *reader, const unsigned char *head, size_t n)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    size_t at = n >= sizeof mark && memcmp(head, mark, sizeof mark) == 0 ? sizeof mark : 0;
    struct pv_cursor line = {.at = NULL};
    uint64_t n_lines = 0, n_said = 0;
    while (!(reader->format = probe_all(head + at, n - at)) && n_lines < POSTED_LINES &&
           next_line(head, n, &at, &line) && is_posted(line)) {
        ++n_lines;
        n_said += line.end > line.at;
    }
    reader->known = reader->format ? pv_known_find(head, n) : NULL;
    reader->skipped_bytes = reader->format ? at : 0;
    reader->skipped_lines = n_lines;
    if (reader->format && n_said) {
        pv_account_add(&reader->account, PV_LEFT_LINES, NULL, 0, n_said);
    }
    return reader->format;
}

/* Probes count a line of text only when its end is there; at the end of the file none is
 * needed. A head that no probe knows is tried again without the colours of a terminal. */
static int probe_copy(struct pv_reader *reader, const unsigned char *head, size_t n)
{
    unsigned char *copy = pv_own_calloc(n + 1, 1);
    if (!copy) {
        return fail(reader, PV_ENOMEM, "out of memory");
    }
    memcpy(copy, head, n);
    copy[n] = '\n';
    bool found = n < PV_STREAM_HEAD && find_behind(reader, copy, n + 1);
    if (!found && memchr(head, '\033', n)) {
        size_t n_plain = pv_text_uncolour((char *)copy, (const char *)head, n);
        copy[n_plain] = '\n';
        reader->format = probe_all(copy, n_plain + 1);
        reader->skipped_lines = 0;
        found = reader->format;
    }
    pv_own_free(copy);
    if (found && reader->skipped_bytes > n) {
        reader->skipped_bytes = n;
    }
    return found ? PV_OK : fail_unknown(reader, head, n);
}

/* Looks first at what is there already, so that it does not wait for a recording that has just
 * begun; then at all that a probe may see. */
static int find_format(struct pv_reader *reader)
{
    const unsigned char *head;
    size_t n = 0, n_before = SIZE_MAX;
    static const size_t wanted[] = {PROBE_FIRST, 4096, PV_STREAM_HEAD};
    for (size_t round = 0; round < sizeof wanted / sizeof wanted[0]; ++round) {
        int status = pv_stream_peek(reader->stream, wanted[round], &head, &n);
        if (status < 0) {
            return fail_by_stream(reader, status);
        }
        if (n == n_before) {
            break; /* the stream has no more */
        }
        n_before = n;
        if (find_behind(reader, head, n)) {
            return PV_OK;
        }
    }
    return n ? probe_copy(reader, head, n) : fail_unknown(reader, head, n);
}

static int choose_format(struct pv_reader *reader, const char *from)
{
    if (!from) {
        int status = find_format(reader);
        pv_stream_skip(reader->stream, status ? 0 : reader->skipped_bytes);
        return status;
    }
    size_t n = strcspn(from, ":");
    reader->format = pv_format_find(from, n);
    if (reader->format && (!from[n] || reader->format->has_pattern)) {
        reader->header.pattern = from[n] ? from + n + 1 : NULL;
        return PV_OK;
    }
    reader->format = NULL;
    return fail(reader, PV_EINVAL, "there is no trace format of this name");
}

/* The format counts from where it began; add what was skipped. */
static void show_place(struct pv_reader *reader)
{
    if (reader->skipped_bytes) {
        bool is_text = reader->place.line;
        reader->shown = reader->place;
        reader->shown.line += is_text ? reader->skipped_lines : 0;
        reader->shown.byte += is_text ? reader->skipped_bytes : 0;
    }
}

static struct pv_reader *make_reader(void)
{
    struct pv_reader *reader = pv_own_calloc(1, sizeof *reader);
    if (reader) {
        reader->header =
            (struct pv_trace_header){.program = "", .clock = "", .format = "", .packing = ""};
        reader->header.account = &reader->account;
    }
    return reader;
}

/* Called after the stream was opened, with the status of that. */
static int begin(struct pv_reader *reader, int status, const char *from)
{
    if (status < 0) {
        return fail(reader, status,
                    reader->stream ? pv_stream_error(reader->stream) : "out of memory");
    }
    reader->header.packing = pv_stream_packing(reader->stream);
    status = choose_format(reader, from);
    if (status < 0) {
        return status;
    }
    reader->status =
        reader->format->open(&reader->state, reader->stream, &reader->header, &reader->place);
    if (reader->status == PV_ENOMEM) {
        fail(reader, PV_ENOMEM, "out of memory");
    } else if (reader->status == PV_EFORMAT && reader->known) {
        fail(reader, PV_EFORMAT, reader->known);
    }
    show_place(reader);
    return reader->status;
}

/* Reads N or N.PART. */
static bool take_process(struct pv_account *account, const char *text)
{
    struct pv_cursor at = {.at = text, .end = text + strlen(text)};
    uint64_t part = 1;
    account->has_wish = pv_cursor_decimal(&at, &account->wished_pid) &&
                        (!pv_cursor_byte(&at, '.') || pv_cursor_decimal(&at, &part)) &&
                        pv_cursor_done(&at) && part && part <= UINT32_MAX;
    account->wished_part = account->has_wish ? (uint32_t)part : 1;
    return account->has_wish;
}

int pv_reader_open_wish(struct pv_reader **ret_reader, const char *path,
                        const struct pv_reader_wish *wish)
{
    struct pv_reader *reader = make_reader();
    *ret_reader = reader;
    if (!reader) {
        return PV_ENOMEM;
    }
    if (wish->process && !take_process(&reader->account, wish->process)) {
        return fail(reader, PV_EINVAL, "a process is its number, or NUMBER.PART");
    }
    return begin(reader, pv_stream_open(&reader->stream, path), wish->from);
}

int pv_reader_open(struct pv_reader **ret_reader, const char *path, const char *from)
{
    struct pv_reader_wish wish = {.from = from};
    return pv_reader_open_wish(ret_reader, path, &wish);
}

int pv_reader_open_bytes(struct pv_reader **ret_reader, const void *bytes, size_t n,
                         const char *from)
{
    struct pv_reader *reader = make_reader();
    *ret_reader = reader;
    return reader ? begin(reader, pv_stream_open_bytes(&reader->stream, bytes, n), from)
                  : PV_ENOMEM;
}

void pv_reader_close(struct pv_reader *reader)
{
    if (!reader) {
        return;
    }
    if (reader->format) {
        reader->format->close(reader->state);
    }
    pv_names_close(reader->names);
    pv_stream_close(reader->stream);
    pv_own_free(reader);
}

static int make_readable(struct pv_reader *reader, struct pv_trace_event *event)
{
    reader->names = reader->names ? reader->names : pv_names_open();
    return reader->names ? pv_names_find(reader->names, event->name, &event->name) : PV_ENOMEM;
}

int pv_reader_next(struct pv_reader *reader, struct pv_trace_event *ret_event)
{
    if (!reader->status) {
        reader->status = reader->format->next(reader->state, ret_event);
        /* the format has no processes, or the one asked for has no call */
        if (reader->status >= 0 && reader->account.has_wish &&
            !pv_account_taken(&reader->account)) {
            fail(reader, PV_EINVAL,
                 reader->account.n_processes
                     ? "no such process allocates here; `pebbleviz info` lists them"
                     : "this format does not tell processes apart");
        }
        show_place(reader);
        if (reader->status == PV_OK && pv_name_may_be_mangled(ret_event->name) &&
            make_readable(reader, ret_event) < 0) {
            fail(reader, PV_ENOMEM, "out of memory");
        }
    }
    return reader->status;
}

const struct pv_trace_header *pv_reader_header(const struct pv_reader *reader)
{
    return &reader->header;
}

const struct pv_account *pv_reader_account(const struct pv_reader *reader)
{
    return &reader->account;
}

const struct pv_place *pv_reader_place(const struct pv_reader *reader)
{
    return reader->skipped_bytes ? &reader->shown : &reader->place;
}

uint64_t pv_reader_bytes_read(const struct pv_reader *reader, uint64_t *ret_total)
{
    *ret_total = 0;
    return reader->stream ? pv_stream_bytes_read(reader->stream, ret_total) : 0;
}
