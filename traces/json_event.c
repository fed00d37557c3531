/* SPDX-License-Identifier: MIT
 *
 * json_event.c - one pass over an object's members, each held to what INTERFACES says of it,
 * then a look at what the operation wants to be there. Allocates nothing.
 */
#include "traces/json_event.h"

#include <inttypes.h>
#include <string.h>

#include "core/status.h"
#include "core/text.h"

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
    N_KEYS /* also: a key that is not known */
};

enum { FRAME_ROOM = 64 }; /* for the shortest of texts */

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

static enum key find_key(const char *name)
{
    for (int key = 0; key < N_KEYS; ++key) {
        if (keys[key].name[0] == name[0] && strcmp(keys[key].name, name) == 0) {
            return (enum key)key;
        }
    }
    return N_KEYS;
}

const char *pv_json_clean(const char *text, size_t n, char *room, size_t cap, size_t *ret_n)
{
    size_t i = 0;
    while (i < n && text[i] >= ' ' && text[i] <= '~') {
        ++i;
    }
    if (i == n && n < cap) {
        *ret_n = n;
        return text;
    }
    *ret_n = pv_text_clean(room, cap, text, n);
    return room;
}

/* ---- one member: 0, or PV_EFORMAT when the value is not what it must be ---- */

static int take_integer(const struct pv_json *value, uint64_t max, uint64_t *ret_integer)
{
    return pv_json_is_integer(value, ret_integer) && *ret_integer <= max ? PV_OK : PV_EFORMAT;
}

static int take_id(const struct pv_json *value, struct pv_event_texts *texts,
                   struct pv_id *ret_id)
{
    size_t n;
    const char *text;
    if (pv_json_is_integer(value, &ret_id->number)) {
        ret_id->kind = PV_ID_NUMBER;
        return PV_OK;
    }
    switch (pv_json_kind(value)) {
    case PV_JSON_NULL:
        ret_id->kind = PV_ID_NULL;
        return PV_OK;
    case PV_JSON_TEXT:
        text = pv_json_text(value, &n);
        if (n > PV_EVENT_ID_MAX) {
            return PV_EFORMAT;
        }
        ret_id->kind = PV_ID_TEXT;
        ret_id->text = pv_json_clean(text, n, texts->id, sizeof texts->id, &n);
        ret_id->n = (uint32_t)n;
        return PV_OK;
    default:
        return PV_EFORMAT;
    }
}

static int take_op(const struct pv_json *value, enum pv_op *ret_op,
                   struct pv_event_error *ret_error)
{
    size_t n;
    const char *text = pv_json_text(value, &n);
    if (!text) {
        return PV_EFORMAT;
    }
    for (int op = 0; op < PV_N_OPS; ++op) {
        const char *name = pv_op_name((enum pv_op)op);
        if (strlen(name) == n && memcmp(name, text, n) == 0) {
            *ret_op = (enum pv_op)op;
            return PV_OK;
        }
    }
    char clean[40];
    pv_text_clean(clean, sizeof clean, text, n);
    snprintf(ret_error->text, sizeof ret_error->text, "there is no operation \"%s\"", clean);
    return PV_EFORMAT;
}

static int take_flags(const struct pv_json *value, uint32_t *ret_flags,
                      struct pv_event_error *ret_error)
{
    if (pv_json_kind(value) != PV_JSON_ARRAY) {
        return PV_EFORMAT;
    }
    *ret_flags = 0;
    for (size_t i = 0; i < pv_json_length(value); ++i) {
        size_t n;
        const char *text = pv_json_text(pv_json_element(value, i), &n);
        if (!text) {
            return PV_EFORMAT;
        }
        size_t k = 0;
        while (k < PV_N_FLAG_NAMES && (strlen(pv_flag_names[k].name) != n ||
                                       memcmp(pv_flag_names[k].name, text, n) != 0)) {
            ++k;
        }
        if (k == PV_N_FLAG_NAMES) {
            char clean[40];
            pv_text_clean(clean, sizeof clean, text, n);
            snprintf(ret_error->text, sizeof ret_error->text, "there is no flag \"%s\"", clean);
            return PV_EFORMAT;
        }
        *ret_flags |= pv_flag_names[k].flags;
    }
    return PV_OK;
}

static int take_name(const struct pv_json *value, struct pv_event_texts *texts,
                     struct pv_trace_event *event)
{
    size_t n;
    const char *text = pv_json_text(value, &n);
    if (!text) {
        return PV_EFORMAT;
    }
    event->name = pv_json_clean(text, n, texts->name, sizeof texts->name, &n);
    event->has_name = true;
    return PV_OK;
}

/* A frame that is a number means the text of that number in the header. */
static int take_frame(const struct pv_json *value, struct pv_event_texts *texts,
                      const char **ret_frame)
{
    uint64_t number;
    size_t n;
    const char *text = pv_json_text(value, &n);
    size_t cap = sizeof texts->frames - texts->n_frames;
    char *room = texts->frames + texts->n_frames;
    if (text) {
        *ret_frame = n <= PV_EVENT_NAME_MAX ? pv_json_clean(text, n, room, cap, &n) : room;
        if (n > PV_EVENT_NAME_MAX) {
            n = pv_text_clean(room, cap < PV_EVENT_NAME_MAX + 1 ? cap : PV_EVENT_NAME_MAX + 1,
                              text, n);
        }
        texts->n_frames += *ret_frame == room ? n + 1 : 0;
        return PV_OK;
    }
    if (!pv_json_is_integer(value, &number)) {
        return PV_EFORMAT;
    }
    if (number < texts->n_header_frames) {
        *ret_frame = texts->header_frames[number];
        return PV_OK;
    }
    *ret_frame = room;
    n = (size_t)snprintf(room, cap, "frame %" PRIu64, number);
    texts->n_frames += n + 1;
    return PV_OK;
}

static int take_stack(const struct pv_json *value, struct pv_event_texts *texts,
                      struct pv_trace_event *event)
{
    if (pv_json_kind(value) != PV_JSON_ARRAY) {
        return PV_EFORMAT;
    }
    texts->n_frames = 0;
    event->n_stack = 0;
    event->stack = texts->stack;
    for (size_t i = 0; i < pv_json_length(value); ++i) {
        const struct pv_json *frame = pv_json_element(value, i);
        if (event->n_stack < PV_EVENT_STACK_MAX &&
            sizeof texts->frames - texts->n_frames > FRAME_ROOM) {
            if (take_frame(frame, texts, &texts->stack[event->n_stack]) < 0) {
                return PV_EFORMAT;
            }
            event->n_stack++;
        } else if (pv_json_kind(frame) != PV_JSON_TEXT &&
                   pv_json_kind(frame) != PV_JSON_INTEGER) {
            return PV_EFORMAT;
        }
    }
    return PV_OK;
}

static int take_member(enum key key, const struct pv_json *value, struct pv_event_texts *texts,
                       struct pv_trace_event *event, struct pv_event_error *ret_error)
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
        return pv_json_address(value, &event->addr) ? PV_OK : PV_EFORMAT;
    case OLD_ADDR:
        event->has_old_addr = true;
        return pv_json_address(value, &event->old_addr) ? PV_OK : PV_EFORMAT;
    case STACK:
        return take_stack(value, texts, event);
    case N_KEYS:
        break;
    }
    return PV_OK;
}

/* ---- the whole ---- */

static int fail(struct pv_event_error *ret_error, const char *key, const char *format,
                const char *detail)
{
    ret_error->key = key;
    snprintf(ret_error->text, sizeof ret_error->text, format, detail);
    return PV_EFORMAT;
}

static int check_wanted(unsigned seen, const struct pv_trace_event *event,
                        struct pv_event_error *ret_error)
{
    if (!(seen & BIT(OP))) {
        return fail(ret_error, NULL, "an event wants the key \"%s\"", keys[OP].name);
    }
    for (int key = 0; key < N_KEYS; ++key) {
        if (wanted[event->op] & ~seen & BIT(key)) {
            ret_error->key = NULL;
            snprintf(ret_error->text, sizeof ret_error->text, "%s wants the key \"%s\"",
                     pv_op_name(event->op), keys[key].name);
            return PV_EFORMAT;
        }
    }
    if (event->id.kind == PV_ID_NULL && (wanted[event->op] & BIT(ID)) &&
        event->op != PV_OP_REALLOC && event->op != PV_OP_FREE) {
        return fail(ret_error, keys[ID].name, "the id of %s must not be null",
                    pv_op_name(event->op));
    }
    return PV_OK;
}

/* What an operation does not use is not passed on, so that equal calls give equal events. */
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

int pv_json_event(const struct pv_json *value, struct pv_event_texts *texts,
                  struct pv_trace_event *ret_event, struct pv_event_error *ret_error)
{
    if (pv_json_kind(value) != PV_JSON_OBJECT) {
        return fail(ret_error, NULL, "an event must be %s", "an object");
    }
    struct pv_trace_event event = {.name = ""};
    struct pv_json_members members = {0};
    unsigned seen = 0;
    ret_error->text[0] = '\0';
    while (pv_json_next_member(value, &members)) {
        enum key key = find_key(members.key);
        if (key == N_KEYS) {
            continue;
        }
        seen |= BIT(key);
        if (take_member(key, members.value, texts, &event, ret_error) < 0) {
            ret_error->key = keys[key].name;
            if (!ret_error->text[0]) {
                snprintf(ret_error->text, sizeof ret_error->text, "\"%s\" %s", keys[key].name,
                         keys[key].must);
            }
            return PV_EFORMAT;
        }
    }
    int status = check_wanted(seen, &event, ret_error);
    if (status == PV_OK) {
        tidy(&event);
        *ret_event = event;
    }
    return status;
}
