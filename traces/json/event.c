/* SPDX-License-Identifier: MIT
 *
 * event.c - checks each member of the object against trace.schema.json (no member may stand
 * there twice), then whether the members that the operation needs are there. Allocates nothing.
 */
#include "traces/json/event.h"

#include <inttypes.h>
#include <string.h>

#include "core/status.h"

enum key {
    OP,
    ID,
    SIZE,
    COUNT,
    ALIGN,
    FLAGS,
    NAME,
    T,
    THREAD,
    ADDR,
    OLD_ADDR,
    STACK,
    N_KEYS /* also stands for an unknown key */
};

enum { FRAME_ROOM = 64 }; /* the least room for a frame's text */

#define WHOLE_NUMBER "must be a whole number from 0 to 2^64-1"
#define ADDRESS      "must be an address such as \"0x7f10\""

static const struct {
    const char *name;
    const char *must;
} keys[N_KEYS] = {
    [OP] = {"op", "must be a text"},
    [ID] = {"id", "must be a whole number from 0 to 2^64-1, or a text of at most 1024 bytes"},
    [SIZE] = {"size", "must be a whole number from 0 to 2^63-1"},
    [COUNT] = {"count", WHOLE_NUMBER},
    [ALIGN] = {"align", WHOLE_NUMBER},
    [FLAGS] = {"flags", "must be a list of flag names"},
    [NAME] = {"name", "must be a text"},
    [T] = {"t", WHOLE_NUMBER},
    [THREAD] = {"thread", WHOLE_NUMBER},
    [ADDR] = {"addr", ADDRESS},
    [OLD_ADDR] = {"old_addr", ADDRESS},
    [STACK] = {"stack", "must be a list of texts or frame numbers"},
};

#define BIT(key) (1u << (key))

static const unsigned wanted[PV_N_OPS] = {
    [PV_OP_MALLOC] = BIT(ID) | BIT(SIZE),
    [PV_OP_CALLOC] = BIT(ID) | BIT(COUNT) | BIT(SIZE),
    [PV_OP_ALIGNED] = BIT(ID) | BIT(SIZE) | BIT(ALIGN),
    [PV_OP_REALLOC] = BIT(ID) | BIT(SIZE),
    [PV_OP_FREE] = BIT(ID),
    [PV_OP_MARK] = BIT(NAME),
};

/* Looks first for `likely` and the keys behind it: keys mostly come in the same order. */
static enum key find_key(const struct pv_json_span *text, unsigned likely)
{
    for (unsigned i = 0; i < N_KEYS; ++i) {
        unsigned key = likely + i < N_KEYS ? likely + i : likely + i - N_KEYS;
        if (pv_json_span_is(text, keys[key].name)) {
            return (enum key)key;
        }
    }
    return N_KEYS;
}

/* ---- one member: 0, or PV_EFORMAT when the value is not what it must be ---- */

static bool is_text(const struct pv_json_span *value)
{
    return *value->at == '"';
}

static int take_integer(const struct pv_json_span *value, uint64_t max, uint64_t *ret_integer)
{
    return pv_json_span_integer(value, ret_integer) && *ret_integer <= max ? PV_OK : PV_EFORMAT;
}

static bool is_too_long(const struct pv_json_span *id)
{
    char bytes[PV_EVENT_ID_MAX + 8]; /* room for more, to notice a longer one */
    return id->end - id->at - 2 > PV_EVENT_ID_MAX &&
           pv_json_span_bytes(id, bytes, sizeof bytes) > PV_EVENT_ID_MAX;
}

static int take_id(const struct pv_json_span *value, struct pv_event_texts *texts,
                   struct pv_id *ret_id)
{
    size_t n;
    if (pv_json_span_integer(value, &ret_id->number)) {
        ret_id->kind = PV_ID_NUMBER;
        return PV_OK;
    }
    switch (pv_json_span_kind(value)) {
    case PV_JSON_NULL:
        ret_id->kind = PV_ID_NULL;
        return PV_OK;
    case PV_JSON_TEXT:
        if (is_too_long(value)) {
            return PV_EFORMAT;
        }
        ret_id->kind = PV_ID_TEXT;
        ret_id->text = pv_json_span_borrow(value, texts->id, sizeof texts->id, &n);
        ret_id->n = (uint32_t)n;
        return PV_OK;
    default:
        return PV_EFORMAT;
    }
}

static int refuse_name(const struct pv_json_span *text, const char *what,
                       struct pv_event_error *ret_error)
{
    char clean[40];
    pv_json_span_clean(text, clean, sizeof clean);
    snprintf(ret_error->text, sizeof ret_error->text, "there is no %s \"%s\"", what, clean);
    return PV_EFORMAT;
}

static int take_op(const struct pv_json_span *value, enum pv_op *ret_op,
                   struct pv_event_error *ret_error)
{
    for (int op = 0; op < PV_N_OPS; ++op) {
        if (pv_json_span_is(value, pv_op_name((enum pv_op)op))) {
            *ret_op = (enum pv_op)op;
            return PV_OK;
        }
    }
    return is_text(value) ? refuse_name(value, "operation", ret_error) : PV_EFORMAT;
}

static int take_flags(const struct pv_json_span *value, uint32_t *ret_flags,
                      struct pv_event_error *ret_error)
{
    struct pv_json_span rest = pv_json_span_inside(value);
    struct pv_json_span flag;
    if (*value->at != '[') {
        return PV_EFORMAT;
    }
    while (pv_json_span_next(&rest, &flag)) {
        size_t k = 0;
        while (k < PV_N_FLAG_NAMES && !pv_json_span_is(&flag, pv_flag_names[k].name)) {
            ++k;
        }
        if (k == PV_N_FLAG_NAMES) {
            return is_text(&flag) ? refuse_name(&flag, "flag", ret_error) : PV_EFORMAT;
        }
        *ret_flags |= pv_flag_names[k].flags;
    }
    return PV_OK;
}

static int take_name(const struct pv_json_span *value, struct pv_event_texts *texts,
                     struct pv_trace_event *event)
{
    size_t n;
    if (!is_text(value)) {
        return PV_EFORMAT;
    }
    event->name = pv_json_span_borrow(value, texts->name, sizeof texts->name, &n);
    event->has_name = true;
    return PV_OK;
}

/* A frame that is a number stands for the header's text of that number. */
static const char *take_frame(const struct pv_json_span *value, struct pv_event_texts *texts)
{
    uint64_t number = 0;
    size_t n;
    size_t cap = sizeof texts->frames - texts->n_frames;
    char *room = texts->frames + texts->n_frames;
    if (is_text(value)) {
        cap = cap < PV_EVENT_NAME_MAX + 1 ? cap : PV_EVENT_NAME_MAX + 1;
        const char *frame = pv_json_span_borrow(value, room, cap, &n);
        texts->n_frames += frame == room ? n + 1 : 0;
        return frame;
    }
    pv_json_span_integer(value, &number);
    if (number < texts->n_header_frames) {
        return texts->header_frames[number];
    }
    n = (size_t)snprintf(room, cap, "frame %" PRIu64, number);
    texts->n_frames += n + 1;
    return room;
}

static int take_stack(const struct pv_json_span *value, struct pv_event_texts *texts,
                      struct pv_trace_event *event)
{
    struct pv_json_span rest = pv_json_span_inside(value);
    struct pv_json_span frame;
    if (*value->at != '[') {
        return PV_EFORMAT;
    }
    texts->n_frames = 0;
    event->stack = texts->stack;
    while (pv_json_span_next(&rest, &frame)) {
        enum pv_json_kind kind = pv_json_span_kind(&frame);
        if (kind != PV_JSON_TEXT && kind != PV_JSON_INTEGER) {
            return PV_EFORMAT;
        }
        if (event->n_stack < PV_EVENT_STACK_MAX &&
            sizeof texts->frames - texts->n_frames > FRAME_ROOM) {
            texts->stack[event->n_stack++] = take_frame(&frame, texts);
        }
    }
    return PV_OK;
}

static int take_member(enum key key, const struct pv_json_span *value,
                       struct pv_event_texts *texts, struct pv_trace_event *event,
                       struct pv_event_error *ret_error)
{
    switch (key) {
    case OP:
        return take_op(value, &event->op, ret_error);
    case ID:
        return take_id(value, texts, &event->id);
    case SIZE:
        return take_integer(value, INT64_MAX, &event->size);
    case COUNT:
        return take_integer(value, UINT64_MAX, &event->count);
    case ALIGN:
        return take_integer(value, UINT64_MAX, &event->align);
    case FLAGS:
        return take_flags(value, &event->flags, ret_error);
    case NAME:
        return take_name(value, texts, event);
    case T:
        event->has_t = true;
        return take_integer(value, UINT64_MAX, &event->t);
    case THREAD:
        event->has_thread = true;
        return take_integer(value, UINT64_MAX, &event->thread);
    case ADDR:
        event->has_addr = true;
        return pv_json_span_address(value, &event->addr) ? PV_OK : PV_EFORMAT;
    case OLD_ADDR:
        event->has_old_addr = true;
        return pv_json_span_address(value, &event->old_addr) ? PV_OK : PV_EFORMAT;
    case STACK:
        return take_stack(value, texts, event);
    case N_KEYS:
        break;
    }
    return PV_OK;
}

/* ---- the whole object ---- */

static int fail(struct pv_event_error *ret_error, const char *at, const char *who,
                const char *format, const char *what)
{
    int n = snprintf(ret_error->text, sizeof ret_error->text, "%s", who);
    snprintf(ret_error->text + n, sizeof ret_error->text - (size_t)n, format, what);
    ret_error->at = at;
    return PV_EFORMAT;
}

/* The members of an object that trace.json defines. */
struct members {
    unsigned seen;
    const char *id; /* the first byte of its value */
};

static int take_members(const struct pv_json_span *object, struct members *members,
                        struct pv_event_texts *texts, struct pv_trace_event *event,
                        struct pv_event_error *ret_error)
{
    struct pv_json_span rest = pv_json_span_inside(object);
    struct pv_json_span name, value;
    enum key key = OP;
    while (pv_json_span_next(&rest, &name) && pv_json_span_next(&rest, &value)) {
        key = find_key(&name, key);
        if (key == N_KEYS) {
            continue;
        }
        if (members->seen & BIT(key)) {
            return fail(ret_error, value.at, "an event has the key ", "\"%s\" twice",
                        keys[key].name);
        }
        members->seen |= BIT(key);
        members->id = key == ID ? value.at : members->id;
        ret_error->text[0] = '\0';
        if (take_member(key, &value, texts, event, ret_error) < 0) {
            ret_error->at = value.at;
            if (!ret_error->text[0]) {
                snprintf(ret_error->text, sizeof ret_error->text, "\"%s\" %s", keys[key].name,
                         keys[key].must);
            }
            return PV_EFORMAT;
        }
    }
    return PV_OK;
}

static int check_wanted(const struct members *members, const struct pv_trace_event *event,
                        struct pv_event_error *ret_error)
{
    static const char wants[] = " wants the key \"%s\"";
    if (!(members->seen & BIT(OP))) {
        return fail(ret_error, NULL, "an event", wants, keys[OP].name);
    }
    unsigned missing = wanted[event->op] & ~members->seen;
    for (int key = 0; missing; ++key) {
        if (missing & BIT(key)) {
            return fail(ret_error, NULL, pv_op_name(event->op), wants, keys[key].name);
        }
    }
    if (event->id.kind == PV_ID_NULL && (wanted[event->op] & BIT(ID)) &&
        event->op != PV_OP_REALLOC && event->op != PV_OP_FREE) {
        return fail(ret_error, members->id, "the id of ", "%s must not be null",
                    pv_op_name(event->op));
    }
    return PV_OK;
}

/* Clears the fields that the operation does not use, so that equal calls give equal events. */
static void tidy(struct pv_trace_event *event)
{
    event->count = event->op == PV_OP_CALLOC ? event->count : 1;
    event->align = event->op == PV_OP_ALIGNED ? event->align : 0;
    if (event->op == PV_OP_FREE || event->op == PV_OP_MARK) {
        event->size = 0;
    }
    if (event->op == PV_OP_MARK) {
        event->id = (struct pv_id){.kind = PV_ID_NULL};
    }
}

int pv_json_event(const struct pv_json_span *value, struct pv_event_texts *texts,
                  struct pv_trace_event *ret_event, struct pv_event_error *ret_error)
{
    if (*value->at != '{') {
        return fail(ret_error, NULL, "an event ", "must be %s", "an object");
    }
    struct members members = {0};
    struct pv_trace_event event = {.name = ""};
    int status = take_members(value, &members, texts, &event, ret_error);
    if (status == PV_OK) {
        status = check_wanted(&members, &event, ret_error);
    }
    if (status == PV_OK) {
        tidy(&event);
        *ret_event = event;
    }
    return status;
}
