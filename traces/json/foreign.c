/* SPDX-License-Identifier: MIT
 *
 * foreign.c - reads calls that other tools write as JSON:
 *
 *   [{"type": "alloc", "address": 4096, "size": 24, "tag": "x"}, {"type": "free", …}, …]
 *   {"segments": …, "device_traces": [[{"action": "alloc", "addr": 4096, "size": 512, …}, …], …]}
 *
 * The first is heap_history_viewer's, the second a memory snapshot of PyTorch. One reader
 * serves both: a list of objects, each a call or not, whose members have different names. Each
 * device of PyTorch counts as a process, because it has addresses of its own.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/calls.h"
#include "traces/format.h"
#include "traces/json/input.h"
#include "traces/lines.h"
#include "traces/texts.h"

enum stage { IN_EVENTS, BETWEEN_DEVICES, AT_END };

enum kind { ALLOC, FREE, MARK, NOTHING, UNKNOWN };

/* The names of the members. */
struct dialect {
    const char *what, *addr, *size, *name, *t;
    const char *const *kinds[UNKNOWN]; /* the words of `what`, each list ended by NULL */
};

struct foreign {
    const struct dialect *dialect;
    struct pv_json_input *input;
    struct pv_calls *calls;
    struct pv_texts *texts;
    struct pv_account *account;
    struct pv_account_process *device; /* NULL: the file has no devices */
    uint64_t n_devices;
    enum stage stage;
    int ended;
    char name[PV_EVENT_NAME_MAX + 1];
};

static const char *const viewer_allocs[] = {"alloc", NULL};
static const char *const viewer_frees[] = {"free", NULL};
static const char *const viewer_marks[] = {"event", NULL};
/* These only say what the viewer is to show, and how. */
static const char *const viewer_nothing[] = {"address", "filterrange", NULL};

static const struct dialect viewer = {
    .what = "type",
    .addr = "address",
    .size = "size",
    .name = "tag",
    .t = "time",
    .kinds = {viewer_allocs, viewer_frees, viewer_marks, viewer_nothing}};

static const char *const torch_allocs[] = {"alloc", NULL};
static const char *const torch_frees[] = {"free_completed", NULL};
static const char *const torch_marks[] = {NULL};
/* This free only begins; free_completed is an event of its own. */
static const char *const torch_nothing[] = {"free_requested", NULL};

static const struct dialect torch = {
    .what = "action",
    .addr = "addr",
    .size = "size",
    .name = "frames",
    .t = "time_us",
    .kinds = {torch_allocs, torch_frees, torch_marks, torch_nothing}};

/* ---- an event ---- */

struct members {
    bool has_what, has_name;
    bool has_addr, has_size, has_t;
    struct pv_json_span what, name;
    uint64_t addr, size, t;
};

/* The name of the innermost frame that has one. */
static bool find_frame(const struct pv_json_span *frames, struct pv_json_span *ret_name)
{
    struct pv_json_span rest = pv_json_span_inside(frames);
    struct pv_json_span frame, key, value;
    while (pv_json_span_next(&rest, &frame)) {
        if (pv_json_span_kind(&frame) != PV_JSON_OBJECT) {
            continue;
        }
        struct pv_json_span inside = pv_json_span_inside(&frame);
        while (pv_json_span_next(&inside, &key) && pv_json_span_next(&inside, &value)) {
            if (pv_json_span_is(&key, "name") && pv_json_span_kind(&value) == PV_JSON_TEXT) {
                *ret_name = value;
                return true;
            }
        }
    }
    return false;
}

static bool take_name(const struct pv_json_span *value, struct members *members)
{
    enum pv_json_kind kind = pv_json_span_kind(value);
    members->name = *value;
    return kind == PV_JSON_TEXT || (kind == PV_JSON_ARRAY && find_frame(value, &members->name));
}

/* An integer, or a text "0x…". */
static bool take_address(const struct pv_json_span *value, uint64_t *ret)
{
    return pv_json_span_integer(value, ret) ||
           (pv_json_span_kind(value) == PV_JSON_TEXT && pv_json_span_address(value, ret));
}

static struct members take_members(const struct dialect *dialect,
                                   const struct pv_json_span *object)
{
    struct members members = {.has_what = false};
    struct pv_json_span rest = pv_json_span_inside(object);
    struct pv_json_span key, value;
    while (pv_json_span_next(&rest, &key) && pv_json_span_next(&rest, &value)) {
        if (pv_json_span_is(&key, dialect->what)) {
            members.what = value;
            members.has_what = pv_json_span_kind(&value) == PV_JSON_TEXT;
        } else if (pv_json_span_is(&key, dialect->addr)) {
            members.has_addr = take_address(&value, &members.addr);
        } else if (pv_json_span_is(&key, dialect->size)) {
            members.has_size = pv_json_span_integer(&value, &members.size);
        } else if (pv_json_span_is(&key, dialect->t)) {
            members.has_t = pv_json_span_integer(&value, &members.t);
        } else if (pv_json_span_is(&key, dialect->name)) {
            members.has_name = take_name(&value, &members);
        }
    }
    return members;
}

static enum kind kind_of(const struct dialect *dialect, const struct pv_json_span *what)
{
    for (int kind = 0; kind < UNKNOWN; ++kind) {
        for (const char *const *word = dialect->kinds[kind]; *word; ++word) {
            if (pv_json_span_is(what, *word)) {
                return (enum kind)kind;
            }
        }
    }
    return UNKNOWN;
}

static int keep_name(struct foreign *foreign, const struct members *members, const char **ret)
{
    uint32_t number;
    size_t n = members->has_name
                   ? pv_json_span_clean(&members->name, foreign->name, sizeof foreign->name)
                   : 0;
    *ret = NULL;
    if (!n) {
        return PV_OK;
    }
    int status = pv_texts_number(foreign->texts, foreign->name, n, &number);
    *ret = status ? NULL : pv_texts_get(foreign->texts, number, &n);
    return status == PV_ELIMIT ? pv_json_input_blame(foreign->input, members->name.at,
                                                     "there are more names than are understood")
                               : status;
}

static int put_call(struct foreign *foreign, enum kind kind, const struct members *members)
{
    struct pv_call call = {.op = kind == FREE ? PV_OP_FREE : PV_OP_MALLOC,
                           .addr = members->addr,
                           .size = members->size,
                           .count = 1,
                           .has_t = members->has_t,
                           .t = members->t};
    if (!members->has_addr || (kind == ALLOC && !members->has_size)) {
        return pv_json_input_blame(foreign->input, NULL,
                                   kind == FREE ? "a free wants an address, a whole number"
                                                : "an allocation wants an address and a size, "
                                                  "whole numbers");
    }
    if (kind == ALLOC && members->size > INT64_MAX) {
        return pv_json_input_blame(foreign->input, NULL, "a size is beyond 2^63-1");
    }
    if (foreign->device && !pv_account_takes(foreign->account, foreign->device)) {
        return PV_OK;
    }
    int status = kind == ALLOC ? keep_name(foreign, members, &call.name) : PV_OK;
    return status ? status : pv_calls_put(foreign->calls, &call);
}

/* 0: *ret_event is set. 1: the object gave no event, or only a call. */
static int take_event(struct foreign *foreign, const struct pv_json_span *object,
                      struct pv_trace_event *ret_event)
{
    if (pv_json_span_kind(object) != PV_JSON_OBJECT) {
        return pv_json_input_blame(foreign->input, NULL, "an event is an object");
    }
    struct members members = take_members(foreign->dialect, object);
    if (!members.has_what) {
        return pv_json_input_blame(foreign->input, NULL, "the event does not say what it is");
    }
    enum kind kind = kind_of(foreign->dialect, &members.what);
    if (kind == ALLOC || kind == FREE) {
        int status = put_call(foreign, kind, &members);
        return status ? status : 1;
    }
    if (kind == UNKNOWN) {
        size_t n = pv_json_span_clean(&members.what, foreign->name, sizeof foreign->name);
        pv_account_add(foreign->account, PV_LEFT_CALLS, foreign->name, n, 1);
    }
    const char *name = NULL;
    int status = kind == MARK ? keep_name(foreign, &members, &name) : PV_OK;
    if (status || !name) {
        return status ? status : 1;
    }
    *ret_event = (struct pv_trace_event){.op = PV_OP_MARK,
                                         .count = 1,
                                         .name = name,
                                         .has_name = true,
                                         .has_t = members.has_t,
                                         .t = members.t};
    return PV_OK;
}

/* ---- outside of the lists of events ---- */

static int take_byte(struct foreign *foreign, char wanted, const char *text)
{
    char byte;
    int status = pv_json_input_peek(foreign->input, &byte);
    if (status < 0) {
        return status;
    }
    if (status > 0 || byte != wanted) {
        return pv_json_input_blame_here(foreign->input, text);
    }
    pv_json_input_take(foreign->input);
    return PV_OK;
}

static int next_byte(struct foreign *foreign, char *ret_byte)
{
    int status = pv_json_input_peek(foreign->input, ret_byte);
    return status > 0 ? pv_json_input_blame_here(foreign->input, "the file is cut off here")
                      : status;
}

/* Begins a device's list, or finds the end of the lists; nothing behind that has calls. */
static int take_device(struct foreign *foreign)
{
    char byte;
    int status = next_byte(foreign, &byte);
    if (!status && byte == ',' && foreign->n_devices) {
        pv_json_input_take(foreign->input);
        status = next_byte(foreign, &byte);
    }
    if (!status && byte == ']') {
        foreign->stage = AT_END;
        return PV_OK;
    }
    status = status ? status : take_byte(foreign, '[', "a device's list is expected here");
    if (!status) {
        foreign->device = pv_account_process(foreign->account, foreign->n_devices++);
        foreign->stage = IN_EVENTS;
        pv_json_input_list(foreign->input);
    }
    return status;
}

/* Reads up to the lists of the devices. */
static int take_top(struct foreign *foreign)
{
    int status = take_byte(foreign, '{', "a snapshot begins with {");
    for (bool first = true; !status; first = false) {
        char byte;
        status = next_byte(foreign, &byte);
        if (!status && byte == '}') {
            foreign->stage = AT_END;
            return PV_OK;
        }
        if (!status && !first) {
            status = take_byte(foreign, ',', "a comma or } is expected here");
            status = status ? status : next_byte(foreign, &byte);
        }
        struct pv_json_span key;
        if (!status && byte != '"') {
            status = pv_json_input_blame_here(foreign->input, "a key is expected here");
        }
        status = status ? status : pv_json_input_value(foreign->input, &key);
        bool is_traces = !status && pv_json_span_is(&key, "device_traces");
        status = status ? status : take_byte(foreign, ':', "a colon is expected after a key");
        if (is_traces) {
            foreign->stage = BETWEEN_DEVICES;
            return status ? status
                          : take_byte(foreign, '[', "\"device_traces\" must be a list");
        }
        status = status ? status : pv_json_input_skip(foreign->input);
    }
    return status;
}

static int open_foreign(void **ret_state, struct pv_stream *stream,
                        struct pv_trace_header *header, struct pv_place *place,
                        const struct dialect *dialect)
{
    struct foreign *foreign = pv_own_calloc(1, sizeof *foreign);
    *ret_state = foreign;
    if (!foreign) {
        return PV_ENOMEM;
    }
    foreign->dialect = dialect;
    foreign->account = header->account;
    foreign->calls = pv_calls_open(PV_CALLS_BY_ADDRESS);
    foreign->texts = pv_texts_open();
    if (!foreign->calls || !foreign->texts) {
        return PV_ENOMEM;
    }
    struct pv_calls_rules rules = {
        .in_order = true, .begins_late = true, .account = header->account};
    pv_calls_set_rules(foreign->calls, &rules);
    return pv_json_input_open(&foreign->input, stream, place);
}

static int open_viewer(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    header->format = "heap-history";
    int status = open_foreign(ret_state, stream, header, place, &viewer);
    return status ? status : take_byte(*ret_state, '[', "a list of events begins with [");
}

static int open_torch(void **ret_state, struct pv_stream *stream,
                      struct pv_trace_header *header, struct pv_place *place)
{
    header->format = "pytorch";
    header->clock = "us";
    int status = open_foreign(ret_state, stream, header, place, &torch);
    return status ? status : take_top(*ret_state);
}

/* As take_event; at the end of the file, or on a failure, foreign->ended is set. */
static int take_next(struct foreign *foreign, struct pv_trace_event *ret_event)
{
    struct pv_json_span object;
    if (foreign->stage == BETWEEN_DEVICES) {
        int status = take_device(foreign);
        return status ? status : 1;
    }
    int status = foreign->stage == AT_END
                     ? 1
                     : pv_json_input_element(foreign->input, PV_JSON_LIST, &object);
    if (!status) {
        return take_event(foreign, &object, ret_event);
    }
    if (status > 0 && foreign->stage == IN_EVENTS && foreign->device) {
        foreign->stage = BETWEEN_DEVICES;
        return 1;
    }
    char byte;
    if (status > 0 && foreign->stage == IN_EVENTS) {
        status = pv_json_input_peek(foreign->input, &byte);
        status = status ? status
                        : pv_json_input_blame_here(foreign->input,
                                                   "something follows the end of the list");
    }
    foreign->ended = status;
    return status;
}

static int next_foreign(void *state, struct pv_trace_event *ret_event)
{
    struct foreign *foreign = state;
    while (!pv_calls_next(foreign->calls, ret_event)) {
        if (foreign->ended) {
            return foreign->ended;
        }
        int status = take_next(foreign, ret_event);
        if (status <= 0 && !foreign->ended) {
            foreign->ended = status;
            if (!status) {
                return PV_OK;
            }
        }
        if (foreign->ended && foreign->ended != PV_ENOMEM &&
            pv_calls_end(foreign->calls) == PV_ENOMEM) {
            foreign->ended = PV_ENOMEM;
        }
    }
    return PV_OK;
}

static void close_foreign(void *state)
{
    struct foreign *foreign = state;
    if (foreign) {
        pv_json_input_close(foreign->input);
        pv_calls_close(foreign->calls);
        pv_texts_close(foreign->texts);
        pv_own_free(foreign);
    }
}

/* ---- recognised by their first bytes ---- */

/* Takes blanks and the bracket behind them. */
static bool take_bracket(struct pv_cursor *head, char bracket)
{
    while (head->at < head->end && memchr(" \t\r\n", *head->at, 4)) {
        ++head->at;
    }
    return pv_cursor_byte(head, bracket);
}

static struct pv_cursor cursor_of(const unsigned char *head, size_t n)
{
    return (struct pv_cursor){.at = (const char *)head, .end = (const char *)head + n};
}

/* Does a list of objects begin here, and does one of the first objects have a type? */
static bool probe_viewer(const unsigned char *head, size_t n)
{
    struct pv_cursor cursor = cursor_of(head, n);
    return take_bracket(&cursor, '[') && take_bracket(&cursor, '{') &&
           memmem(head, n, "\"type\"", 6) &&
           (memmem(head, n, "\"alloc\"", 7) || memmem(head, n, "\"free\"", 6));
}

/* Asked before the reader of trace.json, which accepts all that begins with {. */
static bool probe_torch(const unsigned char *head, size_t n)
{
    struct pv_cursor cursor = cursor_of(head, n);
    return take_bracket(&cursor, '{') && take_bracket(&cursor, '"') &&
           (pv_cursor_word(&cursor, "segments\"") ||
            pv_cursor_word(&cursor, "device_traces\""));
}

const struct pv_format pv_format_heap_history = {
    .name = "heap-history",
    .about = "heap_history_viewer, its JSON",
    .limits = "no threads; frees of a range of addresses are counted and left out",
    .probe = probe_viewer,
    .open = open_viewer,
    .next = next_foreign,
    .close = close_foreign,
};

const struct pv_format pv_format_pytorch = {
    .name = "pytorch",
    .about = "a PyTorch memory snapshot, written as JSON",
    .limits = "of several devices one is taken; a block is freed when its free is completed; "
              "segments are left out",
    .probe = probe_torch,
    .open = open_torch,
    .next = next_foreign,
    .close = close_foreign,
};
