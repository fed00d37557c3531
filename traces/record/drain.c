/* SPDX-License-Identifier: MIT
 *
 * drain.c - turns records of the spool into events: addresses become ids, call stacks tags.
 *
 *   ring -> batch (definitions and stacks are noted) -> calls -> events -> trace
 *
 * A batch is copied whole out of the ring before it is looked at: so its records are free for
 * reuse at once, and stacks that come later in the batch help to name earlier ones. Each
 * allocation gets the next number as its id, from 1. A realloc takes effect where it ended.
 *
 * The library cannot see everything. The free of a block from before the recording is left out
 * and counted; if an address is returned again, its block must have been freed, so that free is
 * put in before; blocks that a program still held at an exec are freed there.
 */
#include "traces/record/drain.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/record/blocks.h"
#include "traces/record/callers.h"
#include "traces/record/ticks.h"
#include "traces/writer.h"

enum {
    BATCH = 1 << 15,
    PATIENCE_MS = 2000,     /* for all missing records together, */
    PATIENCE_LATER_MS = 20, /* and after that for each of them */
};

struct pv_drain {
    struct pv_spool_header *header;
    const struct pv_spool_record *records;
    const struct pv_record_options *options;
    struct pv_record_result *result;
    struct pv_trace_header about;
    char *executable, *path;
    struct pv_spool_record *batch;
    struct pv_ticks ticks;
    struct pv_callers *callers;
    struct pv_writer *writer;
    struct pv_blocks blocks;    /* address -> id */
    struct pv_blocks pending;   /* thread -> id of the block that it resizes */
    struct pv_blocks old_addrs; /* thread -> old address of that block */
    uint64_t n_done;            /* records taken out */
    uint64_t hole;              /* 1 + the number of the missing record; 0: none is missing */
    uint64_t hole_since_ms;
    uint64_t waited_ms; /* time spent on records that never came */
    uint64_t n_torn;
    uint64_t n_calls, n_calls_taken; /* calls in the records, and calls turned into events */
    uint64_t last_id, last_t;
    unsigned n_images;
    bool is_leaving; /* EXEC was seen, and since then neither EXEC_FAILED nor a new image */
    char next[PV_SPOOL_PATH + 1]; /* the program that exec starts */
    int status;
};

/* ---- calls ---- */

/* Writes an event; its id is a number, the rest follows the record and the options. */
static int put(struct pv_drain *drain, const struct pv_spool_record *record,
               struct pv_trace_event *event, uint64_t id, uint64_t addr)
{
    const struct pv_record_options *options = drain->options;
    struct pv_spool_head head = pv_spool_unpack(record->head);
    uint64_t t = pv_ticks_ns(&drain->ticks, record->time);
    drain->last_t = t > drain->last_t ? t : drain->last_t;
    event->id = (struct pv_id){.kind = PV_ID_NUMBER, .number = id};
    event->name = "";
    event->has_t = !options->no_times;
    event->t = drain->last_t;
    event->has_thread = !options->no_threads;
    event->thread = head.part;
    event->has_addr = addr && !options->no_addresses;
    event->addr = addr;
    struct pv_caller caller = {.key = 0};
    if (event->op != PV_OP_FREE && !options->no_names) {
        int status = pv_callers_find(drain->callers, head.subject, &caller);
        if (status) {
            return status;
        }
        event->stack = caller.stack;
        event->n_stack = caller.n_stack;
        event->caller = caller.key;
        event->name = caller.tag;
        event->has_name = event->name[0] != 0;
    }
    drain->result->n_events++;
    return pv_writer_put(drain->writer, event);
}

static int put_free_of(struct pv_drain *drain, const struct pv_spool_record *record,
                       uint64_t id, uint64_t addr)
{
    struct pv_trace_event event = {.op = PV_OP_FREE, .count = 1};
    return put(drain, record, &event, id, addr);
}

static int put_new(struct pv_drain *drain, const struct pv_spool_record *record,
                   struct pv_trace_event *event)
{
    uint64_t addr = record->a;
    if (!addr) {
        return PV_OK;
    }
    struct pv_block_entry *old = pv_blocks_find(&drain->blocks, addr);
    int status = old && old->live ? put_free_of(drain, record, old->id, addr) : PV_OK;
    uint64_t id = ++drain->last_id;
    status = status ? status : pv_blocks_put(&drain->blocks, addr, id);
    return status ? status : put(drain, record, event, id, addr);
}

/* A second free of a remembered block is the program's mistake, and is written. */
static int take_free(struct pv_drain *drain, const struct pv_spool_record *record)
{
    struct pv_block_entry *entry = record->a ? pv_blocks_find(&drain->blocks, record->a) : NULL;
    if (!entry) {
        drain->result->n_foreign++;
        return PV_OK;
    }
    if (entry->live) {
        pv_blocks_take(&drain->blocks, entry);
    }
    return put_free_of(drain, record, entry->id, record->a);
}

/* Takes the block out of the table, because its old address may belong to another thread's
 * block before the call has ended. */
static int begin_resize(struct pv_drain *drain, const struct pv_spool_record *record)
{
    struct pv_block_entry *entry = record->a ? pv_blocks_find(&drain->blocks, record->a) : NULL;
    uint64_t id = 0, thread = (uint64_t)pv_spool_unpack(record->head).part + 1;
    if (entry && entry->live) {
        id = entry->id;
        pv_blocks_take(&drain->blocks, entry);
    } else {
        drain->result->n_foreign++;
    }
    int status = pv_blocks_put(&drain->old_addrs, thread, record->a);
    return status ? status : pv_blocks_put(&drain->pending, thread, id);
}

/* Gives a known block its new address. */
static int move(struct pv_drain *drain, const struct pv_spool_record *record, uint64_t id)
{
    struct pv_trace_event event = {.op = PV_OP_REALLOC, .count = 1, .size = record->b};
    uint64_t addr = record->a;
    if (addr) {
        struct pv_block_entry *old = pv_blocks_find(&drain->blocks, addr);
        int status = old && old->live ? put_free_of(drain, record, old->id, addr) : PV_OK;
        status = status ? status : pv_blocks_put(&drain->blocks, addr, id);
        if (status) {
            return status;
        }
    }
    return put(drain, record, &event, id, addr);
}

static int end_resize(struct pv_drain *drain, const struct pv_spool_record *record)
{
    uint64_t thread = (uint64_t)pv_spool_unpack(record->head).part + 1;
    struct pv_trace_event made = {.op = PV_OP_MALLOC, .count = 1, .size = record->b};
    struct pv_block_entry *entry = pv_blocks_find(&drain->pending, thread);
    if (!entry || !entry->live) {
        return PV_OK;
    }
    uint64_t id = entry->id, addr = record->a;
    const struct pv_block_entry *old = pv_blocks_find(&drain->old_addrs, thread);
    uint64_t old_addr = old ? old->id : 0;
    pv_blocks_take(&drain->pending, entry);
    if (!id) {
        return put_new(drain, record, &made);
    }
    if (!addr && record->b) { /* failed: the block is unchanged */
        return old_addr ? pv_blocks_put(&drain->blocks, old_addr, id) : PV_OK;
    }
    if (addr && !record->b) { /* this allocator returns a block of 0 bytes */
        int status = put_free_of(drain, record, id, old_addr);
        return status ? status : put_new(drain, record, &made);
    }
    return move(drain, record, id);
}

/* ---- images ---- */

static int by_id(const void *a, const void *b)
{
    const struct pv_block_entry *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Frees all blocks of the program that exec replaced. */
static int free_all(struct pv_drain *drain, const struct pv_spool_record *record)
{
    size_t n = 0;
    struct pv_block_entry *live = pv_own_calloc(drain->blocks.n_live + 1, sizeof *live);
    if (!live) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < drain->blocks.n_places; i++) {
        if (drain->blocks.entries[i].live) {
            live[n++] = drain->blocks.entries[i];
        }
    }
    qsort(live, n, sizeof live[0], by_id);
    int status = PV_OK;
    for (size_t i = 0; !status && i < n; i++) {
        status = put_free_of(drain, record, live[i].id, live[i].key);
    }
    pv_own_free(live);
    pv_blocks_fini(&drain->blocks);
    pv_blocks_fini(&drain->pending);
    pv_blocks_fini(&drain->old_addrs);
    return status;
}

static int mark(struct pv_drain *drain, const char *what)
{
    char name[sizeof drain->next * 3 + 8], clean[sizeof drain->next * 3];
    pv_text_clean(clean, sizeof clean, what, strlen(what));
    snprintf(name, sizeof name, "exec %s", clean);
    struct pv_trace_event event = {.op = PV_OP_MARK,
                                   .count = 1,
                                   .name = name,
                                   .has_name = true,
                                   .has_t = !drain->options->no_times,
                                   .t = drain->last_t};
    drain->result->n_events++;
    return pv_writer_put(drain->writer, &event);
}

static int open_callers(struct pv_drain *drain)
{
    char link[64], path[PV_RECORD_PATH];
    snprintf(link, sizeof link, "/proc/%" PRId64 "/exe", drain->header->pid);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    const char *fallback = drain->n_images ? drain->next : drain->executable;
    return pv_callers_open(&drain->callers, n > 0 ? path : fallback, drain->options->depth,
                           &drain->result->unread);
}

/* Begins a new image, whose definitions begin anew: the first pass over a batch stops before
 * each image. */
static int take_image(struct pv_drain *drain, const struct pv_spool_record *record)
{
    int status = PV_OK;
    if (drain->n_images) {
        status = free_all(drain, record);
        status = status ? status : mark(drain, drain->next);
        drain->result->n_execs++;
    }
    pv_callers_close(drain->callers);
    drain->callers = NULL;
    status = status ? status : open_callers(drain);
    drain->n_images++;
    drain->is_leaving = false;
    return status;
}

static void take_exec(struct pv_drain *drain, const struct pv_spool_record *record)
{
    size_t at = (size_t)pv_spool_unpack(record->head).part * PV_SPOOL_TEXT_A_RECORD;
    if (!at) {
        memset(drain->next, 0, sizeof drain->next);
        drain->is_leaving = true;
    }
    if (at < PV_SPOOL_PATH) {
        size_t room = PV_SPOOL_PATH - at;
        memcpy(drain->next + at, &record->a,
               room < PV_SPOOL_TEXT_A_RECORD ? room : PV_SPOOL_TEXT_A_RECORD);
    }
}

static int take_record(struct pv_drain *drain, const struct pv_spool_record *record)
{
    struct pv_spool_head head = pv_spool_unpack(record->head);
    struct pv_trace_event event = {.op = PV_OP_MALLOC, .count = 1, .size = record->b};
    switch (head.kind) {
    case PV_SPOOL_CALLOC:
        event.op = PV_OP_CALLOC;
        event.size = (uint32_t)record->b;
        event.count = record->b >> 32;
        return put_new(drain, record, &event);
    case PV_SPOOL_ALIGNED:
        event.op = PV_OP_ALIGNED;
        event.align = UINT64_C(1) << head.shift;
        return put_new(drain, record, &event);
    case PV_SPOOL_MALLOC:
        return put_new(drain, record, &event);
    case PV_SPOOL_FREE:
        return take_free(drain, record);
    case PV_SPOOL_REALLOC_BEGIN:
        return begin_resize(drain, record);
    case PV_SPOOL_REALLOC_END:
        return end_resize(drain, record);
    case PV_SPOOL_EXEC:
        take_exec(drain, record);
        return PV_OK;
    case PV_SPOOL_EXEC_FAILED:
        drain->is_leaving = false;
        return PV_OK;
    default:
        return PV_OK;
    }
}

/* ---- batches ---- */

static bool is_call(unsigned kind)
{
    return kind >= PV_SPOOL_MALLOC && kind <= PV_SPOOL_FREE;
}

static bool begins_call(uint64_t packed)
{
    unsigned kind = pv_spool_unpack(packed).kind;
    return is_call(kind) && kind != PV_SPOOL_REALLOC_END;
}

static int note(struct pv_drain *drain, const struct pv_spool_record *record)
{
    struct pv_spool_head head = pv_spool_unpack(record->head);
    if (drain->options->no_names) {
        return PV_OK;
    }
    return is_call(head.kind) ? pv_callers_note(drain->callers, head.subject)
                              : pv_callers_add(drain->callers, record);
}

/* Takes records of one image. */
static int take_run(struct pv_drain *drain, const struct pv_spool_record *records, size_t n)
{
    int status = PV_OK;
    if (n && !drain->callers) {
        status = open_callers(drain); /* the spool does not begin with an image */
    }
    for (size_t i = 0; !status && i < n; i++) {
        status = note(drain, &records[i]);
    }
    for (size_t i = 0; !status && i < n; i++) {
        status = take_record(drain, &records[i]);
        drain->n_calls_taken += !status && begins_call(records[i].head);
    }
    return status;
}

static int take_batch(struct pv_drain *drain, size_t n)
{
    int status = PV_OK;
    for (size_t at = 0; !status && at < n;) {
        size_t end = at;
        while (end < n && pv_spool_unpack(drain->batch[end].head).kind != PV_SPOOL_IMAGE) {
            end++;
        }
        status = take_run(drain, drain->batch + at, end - at);
        if (!status && end < n) {
            status = take_image(drain, &drain->batch[end++]);
        }
        at = end;
    }
    return status;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Is record i not waited for any more? */
static bool gives_up(struct pv_drain *drain, uint64_t i, bool last)
{
    uint64_t ms = now_ms();
    if (drain->hole != i + 1) {
        drain->hole = i + 1;
        drain->hole_since_ms = ms;
    }
    uint64_t patience =
        drain->waited_ms < PATIENCE_MS ? PATIENCE_MS - drain->waited_ms : PATIENCE_LATER_MS;
    if (!last && ms - drain->hole_since_ms < patience) {
        return false;
    }
    drain->waited_ms += ms - drain->hole_since_ms;
    __atomic_store_n(&drain->header->n_skipped, i + 1, __ATOMIC_RELAXED);
    drain->n_torn++;
    return true;
}

/* One past the last record claimed so far. */
static uint64_t end_of(const struct pv_drain *drain, bool last)
{
    uint64_t n_claimed = __atomic_load_n(&drain->header->n_claimed, __ATOMIC_ACQUIRE);
    if (n_claimed >= drain->n_done && n_claimed - drain->n_done <= PV_SPOOL_RECORDS) {
        return n_claimed;
    }
    return drain->n_done + (last ? PV_SPOOL_RECORDS : 0); /* the program has overwritten it */
}

/* Copies the records that are there before `end`, up to one that must be waited for. */
static size_t copy(struct pv_drain *drain, uint64_t end, bool last)
{
    size_t n = 0;
    while (drain->n_done < end && n < BATCH) {
        uint64_t i = drain->n_done;
        const struct pv_spool_record *from = &drain->records[i % PV_SPOOL_RECORDS];
        struct pv_spool_record *to = &drain->batch[n];
        to->head = __atomic_load_n(&from->head, __ATOMIC_ACQUIRE);
        if (pv_spool_unpack(to->head).lap == pv_spool_lap(i)) {
            to->a = from->a;
            to->b = from->b;
            to->time = from->time;
            n++;
        } else if (!gives_up(drain, i, last)) {
            break;
        }
        drain->n_done++;
    }
    return n;
}

static void make_room(struct pv_drain *drain)
{
    struct pv_spool_header *header = drain->header;
    __atomic_store_n(&header->limit, drain->n_done + PV_SPOOL_RECORDS, __ATOMIC_SEQ_CST);
    __atomic_store_n(&header->stalled, 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&header->turn, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&header->n_waiting, __ATOMIC_SEQ_CST)) {
        syscall(SYS_futex, &header->turn, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    }
}

void pv_drain_take(struct pv_drain *drain, bool last, uint64_t *ret_n)
{
    uint64_t end = end_of(drain, last);
    *ret_n = 0;
    pv_ticks_look(&drain->ticks);
    for (;;) {
        uint64_t before = drain->n_done;
        size_t n = copy(drain, end, last);
        uint64_t n_out = drain->n_done - before;
        if (!n_out) {
            return;
        }
        make_room(drain);
        *ret_n += n_out;
        for (size_t i = 0; i < n; i++) {
            drain->n_calls += begins_call(drain->batch[i].head);
        }
        drain->status = drain->status ? drain->status : take_batch(drain, n);
    }
}

/* ---- the whole ---- */

int pv_drain_open(struct pv_drain **ret_drain, const struct pv_drain_about *about,
                  const struct pv_record_options *options, struct pv_record_result *ret_result)
{
    struct pv_drain *drain = pv_own_calloc(1, sizeof *drain);
    *ret_drain = drain;
    if (!drain) {
        return PV_ENOMEM;
    }
    drain->header = about->spool;
    drain->records =
        (const struct pv_spool_record *)((const char *)about->spool + PV_SPOOL_HEADER_BYTES);
    drain->options = options;
    drain->result = ret_result;
    drain->about = (struct pv_trace_header){
        .clock = options->no_times ? "" : "ns",
        .format = "",
        .packing = "",
        .is_private = true, /* it contains addresses and names */
    };
    drain->about.program = pv_own_text(about->program, strlen(about->program));
    drain->executable = pv_own_text(about->executable, strlen(about->executable));
    drain->batch = pv_own_calloc(BATCH, sizeof drain->batch[0]);
    pv_ticks_begin(&drain->ticks, drain->header->ticks);
    return drain->about.program && drain->executable && drain->batch ? PV_OK : PV_ENOMEM;
}

void pv_drain_close(struct pv_drain *drain)
{
    if (!drain) {
        return;
    }
    pv_writer_close(drain->writer);
    pv_callers_close(drain->callers);
    pv_blocks_fini(&drain->blocks);
    pv_blocks_fini(&drain->pending);
    pv_blocks_fini(&drain->old_addrs);
    pv_own_free((char *)(uintptr_t)drain->about.program);
    pv_own_free(drain->executable);
    pv_own_free(drain->path);
    pv_own_free(drain->batch);
    pv_own_free(drain);
}

static int say_failure(struct pv_drain *drain, int status)
{
    if (drain->writer && *pv_writer_error(drain->writer)) {
        snprintf(drain->result->text, sizeof drain->result->text, "%s",
                 pv_writer_error(drain->writer));
    } else if (status == PV_ENOMEM) {
        snprintf(drain->result->text, sizeof drain->result->text, "out of memory");
    }
    return status;
}

int pv_drain_begin(struct pv_drain *drain, const char *path)
{
    drain->path = pv_own_text(path, strlen(path));
    int status =
        drain->path ? pv_writer_open(&drain->writer, path, NULL, &drain->about) : PV_ENOMEM;
    status = status ? status : pv_writer_flush(drain->writer);
    return status ? say_failure(drain, status) : PV_OK;
}

static void say_what_is_lost(struct pv_drain *drain)
{
    struct pv_record_result *result = drain->result;
    const struct pv_spool_header *header = drain->header;
    result->n_lost = header->n_lost + drain->n_torn + drain->n_calls - drain->n_calls_taken;
    result->n_children =
        header->n_forks > header->n_children ? header->n_forks : header->n_children;
    result->n_child_calls = header->n_child_calls;
    result->attached = drain->n_images != 0;
    if (drain->is_leaving) {
        result->next_error = (int)header->failed;
        pv_text_clean(result->next, sizeof result->next, drain->next, strlen(drain->next));
    }
}

/* After a failure: counts the events that reached the file; the others are lost. */
static void count_kept(struct pv_drain *drain)
{
    struct pv_record_result *result = drain->result;
    struct pv_reader *reader = NULL;
    struct pv_trace_event event;
    uint64_t n = 0;
    const char *path = pv_writer_unfinished(drain->writer);
    if (path && pv_reader_open(&reader, path, NULL) == PV_OK) {
        while (pv_reader_next(reader, &event) == 0) {
            n++;
        }
    }
    pv_reader_close(reader);
    result->n_lost += result->n_events > n ? result->n_events - n : 0;
    result->n_events = n;
}

int pv_drain_finish(struct pv_drain *drain)
{
    struct pv_record_result *result = drain->result;
    say_what_is_lost(drain);
    int status = drain->status;
    if (!status && !result->n_events) {
        return 1;
    }
    status = status ? status : pv_writer_finish(drain->writer);
    if (!status) {
        return PV_OK;
    }
    say_failure(drain, status);
    count_kept(drain);
    result->kept = result->n_events && pv_writer_keep(drain->writer) == PV_OK;
    return status;
}
