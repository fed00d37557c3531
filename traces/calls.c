/* SPDX-License-Identifier: MIT
 *
 * calls.c - a hash table from address to block, with open addressing; calls that wait are kept
 * in the order in which they came. For ids that are numbers only one bit is kept: is it live?
 * The array of bits grows with the number of calls, so a single huge number cannot make it
 * long; such a number goes into the hash table. See calls.h for the rules.
 */
#include "traces/calls.h"

#include <string.h>

#include "core/hash.h"
#include "core/own.h"
#include "core/status.h"

enum { SLOTS_FIRST = 256, WORD_BITS = 64 };

/* The array may have this many bits at first, and this many more for each call. */
enum { BITS_FIRST = 4096, BITS_A_CALL = 64 };

struct place {
    uint64_t addr;
    uint64_t id;
    uint32_t waiting; /* number + 1 of the call that waits for it */
    bool used : 1, live : 1;
    bool moved : 1;    /* its block was resized and is live elsewhere, under this id */
    uint16_t n_hidden; /* calls->n_hidden at the last free of this address */
};

struct pv_calls {
    struct place *places;
    size_t n_places, n_slots;
    struct pv_hash_key key;
    enum pv_calls_by by;
    struct pv_calls_rules rules;
    uint16_t n_hidden; /* calls that gave memory and did not show where; stops at UINT16_MAX */
    uint64_t last_id;

    uint64_t *live; /* bit number % 64 of word number / 64: is that number live? */
    uint64_t n_bits, n_calls;

    struct pv_call *waiting; /* op PV_OP_MARK: this one waits no more */
    size_t n_waiting, cap_waiting, n_held;
    struct pv_call *due; /* calls whose wait has ended; put before any other */
    size_t at_due, n_due, cap_due;

    struct pv_trace_event *events;
    size_t at_event, n_events, cap_events;
    struct pv_trace_event blank; /* each begins as its copy: quicker than clearing */
};

struct pv_calls *pv_calls_open(enum pv_calls_by by)
{
    struct pv_calls *calls = pv_own_calloc(1, sizeof *calls);
    if (!calls) {
        return NULL;
    }
    calls->by = by;
    calls->key = pv_hash_key();
    calls->blank = (struct pv_trace_event){.name = "", .count = 1};
    calls->n_slots = SLOTS_FIRST;
    calls->places = pv_own_calloc(calls->n_slots, sizeof *calls->places);
    if (!calls->places) {
        pv_own_free(calls);
        return NULL;
    }
    return calls;
}

void pv_calls_close(struct pv_calls *calls)
{
    if (calls) {
        pv_own_free(calls->places);
        pv_own_free(calls->live);
        pv_own_free(calls->waiting);
        pv_own_free(calls->due);
        pv_own_free(calls->events);
        pv_own_free(calls);
    }
}

void pv_calls_set_rules(struct pv_calls *calls, const struct pv_calls_rules *rules)
{
    calls->rules = *rules;
}

void pv_calls_gave_hidden(struct pv_calls *calls)
{
    calls->n_hidden += calls->n_hidden < UINT16_MAX;
}

static void count(struct pv_calls *calls, enum pv_account_kind kind)
{
    if (calls->rules.account) {
        pv_account_add(calls->rules.account, kind, NULL, 0, 1);
    }
}

static struct place *slot_of(const struct pv_calls *calls, struct place *places, size_t n_slots,
                             uint64_t addr)
{
    size_t at = (size_t)pv_hash_number(&calls->key, addr) & (n_slots - 1);
    while (places[at].used && places[at].addr != addr) {
        at = (at + 1) & (n_slots - 1);
    }
    return &places[at];
}

bool pv_calls_is_live(const struct pv_calls *calls, uint64_t addr)
{
    if (addr < calls->n_bits) {
        return calls->live[addr / WORD_BITS] >> addr % WORD_BITS & 1;
    }
    return slot_of(calls, calls->places, calls->n_slots, addr)->live;
}

bool pv_calls_is_known(const struct pv_calls *calls, uint64_t addr)
{
    return slot_of(calls, calls->places, calls->n_slots, addr)->id != 0;
}

/* The row of an address; made with id 0 when there is none. NULL: no memory. */
static struct place *find(struct pv_calls *calls, uint64_t addr)
{
    struct place *place = slot_of(calls, calls->places, calls->n_slots, addr);
    if (place->used) {
        return place;
    }
    if (2 * calls->n_places >= calls->n_slots) {
        struct place *places = pv_own_calloc(2 * calls->n_slots, sizeof *places);
        if (!places) {
            return NULL;
        }
        for (size_t i = 0; i < calls->n_slots; ++i) {
            if (calls->places[i].used) {
                *slot_of(calls, places, 2 * calls->n_slots, calls->places[i].addr) =
                    calls->places[i];
            }
        }
        pv_own_free(calls->places);
        calls->places = places;
        calls->n_slots *= 2;
        place = slot_of(calls, places, calls->n_slots, addr);
    }
    *place = (struct place){.addr = addr, .used = true};
    calls->n_places++;
    return place;
}

static int emit(struct pv_calls *calls, const struct pv_call *call, enum pv_op op, uint64_t id)
{
    struct pv_trace_event *events =
        pv_own_room(calls->events, calls->n_events, &calls->cap_events, sizeof *events);
    if (!events) {
        return PV_ENOMEM;
    }
    calls->events = events;
    struct pv_trace_event *event = &events[calls->n_events++];
    *event = calls->blank;
    event->op = op;
    if (!call->is_null || op < PV_OP_REALLOC) {
        event->id.kind = PV_ID_NUMBER;
        event->id.number = id;
    }
    event->has_t = call->has_t;
    event->t = call->t;
    event->has_thread = call->has_thread;
    event->thread = call->thread;
    if (calls->by == PV_CALLS_BY_ADDRESS) {
        event->has_addr = call->addr != 0;
        event->addr = call->addr;
        event->has_old_addr = op == PV_OP_REALLOC && call->old != call->addr;
        event->old_addr = event->has_old_addr ? call->old : 0;
    }
    if (op == PV_OP_FREE) {
        return PV_OK;
    }
    event->size = call->size;
    event->count = op == PV_OP_CALLOC ? call->count : 1;
    event->align = op == PV_OP_ALIGNED ? call->align : 0;
    event->has_name = call->name != NULL;
    event->name = call->name ? call->name : "";
    event->stack = call->stack;
    event->n_stack = call->n_stack;
    return PV_OK;
}

/* ---- by number ---- */

/* Makes the array long enough for a number. Numbers that went into the hash table because the
 * array was too short get their bits. */
static int grow_bits(struct pv_calls *calls, uint64_t number)
{
    uint64_t n_bits = calls->n_bits ? calls->n_bits : BITS_FIRST;
    while (n_bits <= number) {
        n_bits *= 2;
    }
    size_t n_old = (size_t)(calls->n_bits / WORD_BITS);
    size_t n = (size_t)(n_bits / WORD_BITS);
    uint64_t *live = pv_own_resize(calls->live, n, sizeof *live);
    if (!live) {
        return PV_ENOMEM;
    }
    memset(live + n_old, 0, (n - n_old) * sizeof *live);
    for (size_t i = 0; i < calls->n_slots; ++i) {
        const struct place *place = &calls->places[i];
        if (place->live && place->addr >= calls->n_bits && place->addr < n_bits) {
            live[place->addr / WORD_BITS] |= UINT64_C(1) << place->addr % WORD_BITS;
        }
    }
    calls->live = live;
    calls->n_bits = n_bits;
    return PV_OK;
}

static int set_live(struct pv_calls *calls, uint64_t number, bool live)
{
    if (number >= calls->n_bits && number / BITS_A_CALL <= calls->n_calls) {
        int status = grow_bits(calls, number);
        if (status) {
            return status;
        }
    }
    calls->n_calls++;
    if (number < calls->n_bits) {
        uint64_t bit = UINT64_C(1) << number % WORD_BITS;
        uint64_t *word = &calls->live[number / WORD_BITS];
        *word = live ? *word | bit : *word & ~bit;
        return PV_OK;
    }
    struct place *wild = find(calls, number);
    if (!wild) {
        return PV_ENOMEM;
    }
    wild->live = live;
    return PV_OK;
}

static int put_number(struct pv_calls *calls, const struct pv_call *call)
{
    if (call->is_null) {
        return emit(calls, call, call->op, 0);
    }
    enum pv_op op = call->op;
    if (op == PV_OP_REALLOC && call->size && !pv_calls_is_live(calls, call->addr)) {
        op = PV_OP_MALLOC;
    }
    bool live = op != PV_OP_FREE && !(op == PV_OP_REALLOC && !call->size);
    int status = set_live(calls, call->addr, live);
    return status ? status : emit(calls, call, op, call->addr);
}

/* ---- by address ---- */

/* The address is free now: the call that waited for it becomes due. */
static int wake(struct pv_calls *calls, struct place *place)
{
    place->live = false;
    if (!place->waiting) {
        return PV_OK;
    }
    struct pv_call *due = pv_own_room(calls->due, calls->n_due, &calls->cap_due, sizeof *due);
    if (!due) {
        return PV_ENOMEM;
    }
    calls->due = due;
    struct pv_call *waiting = &calls->waiting[place->waiting - 1];
    due[calls->n_due++] = *waiting;
    waiting->op = PV_OP_MARK;
    place->waiting = 0;
    if (--calls->n_held == 0) {
        calls->n_waiting = 0;
    }
    return PV_OK;
}

/* Puts in a free that is not in the file. */
static int free_lost(struct pv_calls *calls, struct place *place, const struct pv_call *call)
{
    struct pv_call lost = {.op = PV_OP_FREE,
                           .addr = place->addr,
                           .has_t = call->has_t,
                           .t = call->t,
                           .has_thread = call->has_thread,
                           .thread = call->thread};
    count(calls, PV_PUT_FREES);
    int status = emit(calls, &lost, PV_OP_FREE, place->id);
    return status ? status : wake(calls, place);
}

/* Closes the gaps that calls which no longer wait have left; the order stays. */
static void close_gaps(struct pv_calls *calls)
{
    size_t n = 0;
    for (size_t i = 0; i < calls->n_waiting; ++i) {
        const struct pv_call *call = &calls->waiting[i];
        if (call->op != PV_OP_MARK) {
            slot_of(calls, calls->places, calls->n_slots, call->addr)->waiting =
                (uint32_t)n + 1;
            calls->waiting[n++] = *call;
        }
    }
    calls->n_waiting = n;
}

static int wait_for(struct pv_calls *calls, struct place *place, const struct pv_call *call)
{
    if (calls->n_waiting == calls->cap_waiting && calls->n_held <= calls->n_waiting / 2) {
        close_gaps(calls);
    }
    struct pv_call *waiting =
        pv_own_room(calls->waiting, calls->n_waiting, &calls->cap_waiting, sizeof *waiting);
    if (!waiting) {
        return PV_ENOMEM;
    }
    calls->waiting = waiting;
    waiting[calls->n_waiting++] = *call;
    if (!calls->rules.in_order) {
        count(calls, PV_MOVED_CALLS);
    }
    calls->n_held++;
    place->waiting = (uint32_t)calls->n_waiting;
    return PV_OK;
}

static int put_new(struct pv_calls *calls, const struct pv_call *call, enum pv_op op)
{
    struct place *place = find(calls, call->addr);
    if (!place) {
        return PV_ENOMEM;
    }
    if (place->live && calls->rules.in_order && !call->may_wait) {
        int status = free_lost(calls, place, call);
        if (status) {
            return status;
        }
    }
    if (place->live && place->waiting) { /* one waits already: its free is lost */
        int status = free_lost(calls, place, call);
        struct pv_call *due =
            status ? NULL : pv_own_room(calls->due, calls->n_due, &calls->cap_due, sizeof *due);
        if (!due) {
            return PV_ENOMEM;
        }
        calls->due = due;
        due[calls->n_due++] = *call;
        return PV_OK;
    }
    if (place->live) {
        return wait_for(calls, place, call);
    }
    place->live = true;
    place->moved = false;
    place->id = ++calls->last_id;
    return emit(calls, call, op, place->id);
}

/* The id for a free or resize of an address without a live block. If the block moved away by a
 * resize, its id is not used: the program freed a stale pointer, not the block. */
static uint64_t id_of_dead(struct pv_calls *calls, struct place *place)
{
    if (!place->id || place->moved) {
        place->id = ++calls->last_id;
        place->moved = false;
    }
    return place->id;
}

/* Is a free of an address that is not live left out? Else it is the program's mistake. */
static bool is_left_out(const struct pv_calls *calls, const struct place *place,
                        const struct pv_call *call)
{
    if (call->is_sure) {
        return false;
    }
    if (!place->id) {
        return call->if_known || calls->rules.begins_late;
    }
    return place->n_hidden != calls->n_hidden || calls->n_hidden == UINT16_MAX;
}

static int put_free(struct pv_calls *calls, const struct pv_call *call)
{
    if (call->is_null || !call->addr) {
        struct pv_call null = *call;
        null.is_null = true;
        return emit(calls, &null, PV_OP_FREE, 0);
    }
    struct place *place = find(calls, call->addr);
    if (!place) {
        return PV_ENOMEM;
    }
    if (!place->live && is_left_out(calls, place, call)) {
        count(calls, PV_LEFT_FREES);
        return PV_OK;
    }
    uint64_t id = place->live ? place->id : id_of_dead(calls, place);
    place->n_hidden = calls->n_hidden;
    int status = emit(calls, call, PV_OP_FREE, id);
    return status ? status : wake(calls, place);
}

/* A resize of an address that is not live, that returned NULL or in which the program died. */
static int put_refused(struct pv_calls *calls, const struct pv_call *call, struct place *old)
{
    struct pv_call refused = *call;
    refused.addr = call->old;
    refused.size = 0;
    return emit(calls, &refused, PV_OP_REALLOC, id_of_dead(calls, old));
}

/* A resize of NULL (old is NULL), or of an address that is not live. */
static int put_resize_of_dead(struct pv_calls *calls, const struct pv_call *call,
                              struct place *old)
{
    if (!old) {
        return call->addr ? put_new(calls, call, PV_OP_MALLOC) : PV_OK;
    }
    if (!call->addr && !call->size && !call->is_sure) { /* a free */
        struct pv_call freed = *call;
        freed.addr = call->old;
        return put_free(calls, &freed);
    }
    bool is_mistake =
        call->is_sure || (calls->rules.in_order && !is_left_out(calls, old, call));
    if (!call->addr) {
        if (!is_mistake) {
            count(calls, PV_LEFT_FAILED);
        }
        return is_mistake ? put_refused(calls, call, old) : PV_OK;
    }
    if (!is_mistake) {
        count(calls, PV_LEFT_RESIZES);
        return put_new(calls, call, PV_OP_MALLOC);
    }
    int status = put_refused(calls, call, old);
    return status ? status : put_new(calls, call, PV_OP_MALLOC);
}

static int put_resize(struct pv_calls *calls, const struct pv_call *call)
{
    struct place *old = call->old ? find(calls, call->old) : NULL;
    if (call->old && !old) {
        return PV_ENOMEM;
    }
    if (!old || !old->live) {
        return put_resize_of_dead(calls, call, old);
    }
    if (!call->addr && call->size) { /* failed: the block is unchanged */
        count(calls, PV_LEFT_FAILED);
        return PV_OK;
    }
    if (!call->addr || (call->addr == call->old && call->size)) {
        old->n_hidden = calls->n_hidden;
        int status = emit(calls, call, PV_OP_REALLOC, old->id);
        return status || call->addr ? status : wake(calls, old);
    }
    if (!call->size) { /* this allocator returns a block of 0 bytes */
        struct pv_call freed = *call;
        freed.addr = call->old;
        int status = put_free(calls, &freed);
        return status ? status : put_new(calls, call, PV_OP_MALLOC);
    }
    uint64_t id = old->id;
    struct place *place = find(calls, call->addr); /* may move the rows */
    if (!place) {
        return PV_ENOMEM;
    }
    if (place->live && !place->waiting && (!calls->rules.in_order || call->may_wait)) {
        return wait_for(calls, place, call);
    }
    int status = place->live ? free_lost(calls, place, call) : PV_OK;
    if (!status) {
        place->live = true;
        place->moved = false;
        place->id = id;
        status = emit(calls, call, PV_OP_REALLOC, id);
    }
    if (status) {
        return status;
    }
    old = find(calls, call->old);
    old->moved = true;
    old->n_hidden = calls->n_hidden;
    return wake(calls, old);
}

static int put_one(struct pv_calls *calls, const struct pv_call *call)
{
    switch (call->op) {
    case PV_OP_FREE:
        return put_free(calls, call);
    case PV_OP_REALLOC:
        return put_resize(calls, call);
    default:
        if (!call->addr) {
            count(calls, PV_LEFT_FAILED);
            return PV_OK;
        }
        return put_new(calls, call, call->op);
    }
}

static int put_due(struct pv_calls *calls)
{
    while (calls->at_due < calls->n_due) {
        struct pv_call call = calls->due[calls->at_due++];
        int status = put_one(calls, &call);
        if (status) {
            return status;
        }
    }
    calls->at_due = calls->n_due = 0;
    return PV_OK;
}

int pv_calls_gave_unread(struct pv_calls *calls, const struct pv_call *call, bool certainly)
{
    struct place *place = slot_of(calls, calls->places, calls->n_slots, call->addr);
    if (!place->used || (place->live && !certainly)) {
        return PV_OK;
    }
    int status = place->live ? free_lost(calls, place, call) : PV_OK;
    if (!status && calls->n_due) {
        status = put_due(calls);
    }
    place = slot_of(calls, calls->places, calls->n_slots, call->addr);
    if (!place->live) {
        place->id = 0;
    }
    return status;
}

int pv_calls_put(struct pv_calls *calls, const struct pv_call *call)
{
    if (calls->by == PV_CALLS_BY_NUMBER) {
        return put_number(calls, call);
    }
    int status = put_one(calls, call);
    return status || !calls->n_due ? status : put_due(calls);
}

int pv_calls_end(struct pv_calls *calls)
{
    for (size_t i = 0; calls->n_held; ++i) {
        i = i < calls->n_waiting ? i : 0; /* a call that was put may wait again */
        struct pv_call call = calls->waiting[i];
        if (call.op == PV_OP_MARK) {
            continue;
        }
        int status = free_lost(calls, find(calls, call.addr), &call);
        status = status ? status : put_due(calls);
        if (status) {
            return status;
        }
    }
    return PV_OK;
}

bool pv_calls_next(struct pv_calls *calls, struct pv_trace_event *ret_event)
{
    if (calls->at_event == calls->n_events) {
        calls->at_event = calls->n_events = 0;
        return false;
    }
    *ret_event = calls->events[calls->at_event++];
    return true;
}
