/* SPDX-License-Identifier: MIT
 *
 * reader.c - reads trace.json version 1, a document or JSON Lines.
 *
 * The outermost object is read member by member. When `events` comes, it is a document, and
 * reading goes on behind the list; when the object ends without it, it was the header of JSON
 * Lines. So the header's keys may be in any order, before or behind the events; those behind
 * are known, and checked, only after the last event was given out.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/format.h"
#include "traces/json/event.h"
#include "traces/json/input.h"
#include "traces/sink.h"

enum stage { IN_LIST, IN_LINES, AT_END };

enum member { FORMAT, VERSION, PROGRAM, CLOCK, EVENTS, FRAMES, N_MEMBERS };

enum { EVENTS_BEGIN = 1, MESSAGE_BYTES = 160 };

static const char *const member_names[N_MEMBERS] = {"format", "version", "program",
                                                    "clock",  "events",  "frames"};

/* Members that show an object of another tool to be a call. */
static const char *const call_names[] = {"op",  "event",   "action",  "type", "addr",
                                         "ptr", "address", "pointer", "size", "bytes"};

struct json_reader {
    struct pv_json_input *input;
    struct pv_trace_header *header;
    struct pv_place *place;
    enum stage stage;
    bool seen[N_MEMBERS];
    bool looks_call,
        looks_event; /* the object in the place of the header has a call's members */
    char program[PV_EVENT_NAME_MAX + 1];
    struct pv_event_texts texts;
    char **frames; /* of the header */
    size_t n_frames, cap_frames;
};

static bool probe(const unsigned char *head, size_t n)
{
    size_t i = 0;
    while (i < n && memchr(" \t\r\n", head[i], 4)) {
        ++i;
    }
    return i < n && head[i] == '{';
}

/* ---- the header ---- */

static int peek(struct json_reader *reader, char *ret_byte)
{
    int status = pv_json_input_peek(reader->input, ret_byte);
    return status > 0
               ? pv_json_input_blame_here(reader->input, "the file ends inside the header")
               : status;
}

static int take(struct json_reader *reader, char wanted, const char *text)
{
    char byte;
    int status = peek(reader, &byte);
    if (status < 0) {
        return status;
    }
    if (byte != wanted) {
        return pv_json_input_blame_here(reader->input, text);
    }
    pv_json_input_take(reader->input);
    return PV_OK;
}

static int take_format(struct json_reader *reader, const struct pv_json_span *value)
{
    static const char wanted[] = "pebbleviz-trace";
    if (pv_json_span_kind(value) != PV_JSON_TEXT) {
        return pv_json_input_blame(reader->input, NULL, "\"format\" must be a text");
    }
    if (pv_json_span_is(value, wanted)) {
        return PV_OK;
    }
    char clean[60];
    char message[MESSAGE_BYTES];
    pv_json_span_clean(value, clean, sizeof clean);
    snprintf(message, sizeof message, "the format is \"%s\", not \"%s\"", clean, wanted);
    return pv_json_input_blame(reader->input, NULL, message);
}

static int take_version(struct json_reader *reader, const struct pv_json_span *value)
{
    uint64_t version;
    if (!pv_json_span_integer(value, &version)) {
        return pv_json_input_blame(reader->input, NULL, "\"version\" must be a whole number");
    }
    if (version != 1) {
        return pv_json_input_blame(reader->input, NULL,
                                   "only version 1 of the trace format is known here");
    }
    return PV_OK;
}

static int take_program(struct json_reader *reader, const struct pv_json_span *value)
{
    if (pv_json_span_kind(value) != PV_JSON_TEXT) {
        return pv_json_input_blame(reader->input, NULL, "\"program\" must be a text");
    }
    pv_json_span_clean(value, reader->program, sizeof reader->program);
    reader->header->program = reader->program;
    return PV_OK;
}

static int take_clock(struct json_reader *reader, const struct pv_json_span *value)
{
    static const char *const clocks[] = {"ns", "us", "ms", "instructions"};
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; ++i) {
        if (pv_json_span_is(value, clocks[i])) {
            reader->header->clock = clocks[i];
            return PV_OK;
        }
    }
    return pv_json_input_blame(reader->input, NULL,
                               "\"clock\" must be ns, us, ms or instructions");
}

static void free_frames(struct json_reader *reader)
{
    for (size_t i = 0; i < reader->n_frames; ++i) {
        pv_own_free(reader->frames[i]);
    }
    reader->n_frames = 0;
}

static int take_frame(struct json_reader *reader)
{
    struct pv_json_span value;
    size_t n;
    int status = pv_json_input_value(reader->input, &value);
    if (status < 0) {
        return status;
    }
    if (pv_json_span_kind(&value) != PV_JSON_TEXT) {
        return pv_json_input_blame(reader->input, NULL, "a frame must be a text");
    }
    char **frames =
        pv_own_room(reader->frames, reader->n_frames, &reader->cap_frames, sizeof *frames);
    if (!frames) {
        return PV_ENOMEM;
    }
    reader->frames = frames;
    const char *text =
        pv_json_span_borrow(&value, reader->texts.name, sizeof reader->texts.name, &n);
    frames[reader->n_frames] = pv_own_text(text, n);
    return frames[reader->n_frames++] ? PV_OK : PV_ENOMEM;
}

/* Reads them one by one, as the list may be long. */
static int take_frames(struct json_reader *reader)
{
    free_frames(reader); /* of equal keys the last one counts */
    int status = take(reader, '[', "\"frames\" must be a list");
    for (bool first = true; status == PV_OK; first = false) {
        char byte;
        status = peek(reader, &byte);
        if (status == PV_OK && byte == ']') {
            pv_json_input_take(reader->input);
            break;
        }
        if (status == PV_OK && !first) {
            status = take(reader, ',', "a comma or ] is expected here");
        }
        status = status ? status : take_frame(reader);
    }
    reader->texts.header_frames = (const char *const *)reader->frames;
    reader->texts.n_header_frames = reader->n_frames;
    return status;
}

static int begin_events(struct json_reader *reader)
{
    reader->header->format = "json";
    reader->stage = IN_LIST;
    int status = take(reader, '[', "\"events\" must be a list");
    return status < 0 ? status : EVENTS_BEGIN;
}

/* Takes the key and the colon. *ret_member is N_MEMBERS for an unknown key. */
static int take_key(struct json_reader *reader, enum member *ret_member)
{
    struct pv_json_span value;
    char byte;
    int status = peek(reader, &byte);
    if (status < 0) {
        return status;
    }
    if (byte != '"') {
        return pv_json_input_blame_here(reader->input,
                                        "a key in double quotes is expected here");
    }
    status = pv_json_input_value(reader->input, &value);
    if (status < 0) {
        return status;
    }
    int member = 0;
    while (member < N_MEMBERS && !pv_json_span_is(&value, member_names[member])) {
        ++member;
    }
    *ret_member = (enum member)member;
    for (size_t i = 0; member == N_MEMBERS && i < sizeof call_names / sizeof call_names[0];
         ++i) {
        reader->looks_call |= pv_json_span_is(&value, call_names[i]);
    }
    reader->looks_event |= pv_json_span_is(&value, "id");
    if (member == EVENTS && reader->seen[EVENTS]) {
        return pv_json_input_blame(reader->input, NULL, "there are events already");
    }
    return take(reader, ':', "a colon is expected after a key");
}

static int read_member(struct json_reader *reader)
{
    enum member member = N_MEMBERS;
    int status = take_key(reader, &member);
    if (status < 0) {
        return status;
    }
    if (member == N_MEMBERS) {
        return pv_json_input_skip(reader->input);
    }
    reader->seen[member] = true;
    if (member == EVENTS) {
        return begin_events(reader);
    }
    if (member == FRAMES) {
        return take_frames(reader);
    }
    struct pv_json_span value;
    status = pv_json_input_value(reader->input, &value);
    if (status < 0) {
        return status;
    }
    switch (member) {
    case FORMAT:
        return take_format(reader, &value);
    case VERSION:
        return take_version(reader, &value);
    case PROGRAM:
        return take_program(reader, &value);
    default:
        return take_clock(reader, &value);
    }
}

/* What to say of calls that have no header before them. */
static int blame_header(struct json_reader *reader, int missing)
{
    const char *advice =
        missing != FORMAT || !reader->looks_call ? ""
        : reader->looks_event
            ? "; put {\"format\":\"pebbleviz-trace\",\"version\":1} before its events"
            : "; one call a line is read with --pattern, such as --pattern "
              "'{*}\"op\":\"{op}\"{*}\"addr\":{addr},\"size\":{size}{*}'";
    pv_json_input_blame_here(reader->input, "");
    *reader->place = (struct pv_place){.line = 1, .column = 1};
    snprintf(reader->place->text, sizeof reader->place->text,
             "this is no pebbleviz trace: its header has no \"%s\"%s", member_names[missing],
             advice);
    return PV_EFORMAT;
}

static int end_header(struct json_reader *reader)
{
    for (int member = FORMAT; member <= VERSION; ++member) {
        if (!reader->seen[member]) {
            return blame_header(reader, member);
        }
    }
    if (!reader->seen[EVENTS]) {
        reader->header->format = "jsonl";
        reader->stage = IN_LINES;
        return PV_OK;
    }
    reader->stage = AT_END;
    char byte;
    int status = pv_json_input_peek(reader->input, &byte);
    if (status == 0) {
        return pv_json_input_blame_here(reader->input,
                                        "something follows the end of the document");
    }
    return status < 0 ? status : PV_OK;
}

/* Reads members up to the beginning of the events or the end of the object. */
static int read_members(struct json_reader *reader, bool first)
{
    for (;; first = false) {
        char byte;
        int status = peek(reader, &byte);
        if (status < 0) {
            return status;
        }
        if (byte == '}') {
            pv_json_input_take(reader->input);
            return end_header(reader);
        }
        if (!first) {
            status = take(reader, ',', "a comma or } is expected here");
        }
        if (status == PV_OK) {
            status = read_member(reader);
        }
        if (status != PV_OK) {
            return status == EVENTS_BEGIN ? PV_OK : status;
        }
    }
}

static int open(void **ret_state, struct pv_stream *stream, struct pv_trace_header *header,
                struct pv_place *place)
{
    struct json_reader *reader = pv_own_calloc(1, sizeof *reader);
    *ret_state = reader;
    if (!reader) {
        return PV_ENOMEM;
    }
    reader->header = header;
    reader->place = place;
    int status = pv_json_input_open(&reader->input, stream, place);
    if (status < 0) {
        return status;
    }
    char byte;
    status = pv_json_input_peek(reader->input, &byte);
    if (status > 0) {
        return pv_json_input_blame_here(reader->input, "the file is empty");
    }
    if (status == PV_OK) {
        status = take(reader, '{', "a trace begins with {");
    }
    return status < 0 ? status : read_members(reader, true);
}

/* ---- the events ---- */

static int next(void *state, struct pv_trace_event *ret_event)
{
    struct json_reader *reader = state;
    if (reader->stage == AT_END) {
        return 1;
    }
    struct pv_json_span value;
    bool lines = reader->stage == IN_LINES;
    int status =
        pv_json_input_element(reader->input, lines ? PV_JSON_LINES : PV_JSON_LIST, &value);
    if (status == 0) {
        struct pv_event_error error;
        status = pv_json_event(&value, &reader->texts, ret_event, &error);
        return status < 0 ? pv_json_input_blame(reader->input, error.at, error.text) : status;
    }
    if (status > 0 && !lines) {
        status = read_members(reader, false);
        return status < 0 ? status : 1;
    }
    return status;
}

static void close(void *state)
{
    struct json_reader *reader = state;
    if (reader) {
        pv_json_input_close(reader->input);
        free_frames(reader);
        pv_own_free(reader->frames);
        pv_own_free(reader);
    }
}

const struct pv_format pv_format_json = {
    .name = "json",
    .about = "trace.json, a document (or JSON Lines)",
    .limits = "",
    .sink = &pv_sink_json,
    .probe = probe,
    .open = open,
    .next = next,
    .close = close,
};

/* The same reader: the text itself shows which of the two it is. */
const struct pv_format pv_format_jsonl = {
    .name = "jsonl",
    .about = "trace.json, one event a line",
    .limits = "",
    .sink = &pv_sink_jsonl,
    .open = open,
    .next = next,
    .close = close,
};
