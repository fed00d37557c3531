/* SPDX-License-Identifier: MIT
 *
 * callers.c - from a call stack to a tag. See callers.h for the rules.
 *
 * Ids come from a file that the recorded program could have scribbled on: each is held against
 * its bound before it is used. Each stack and each frame is looked at a few times, whatever the
 * number of events.
 */
#include "traces/record/callers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/record/symbols.h"

/* A nameless function with so many different callers is an allocator's wrapper. */
enum { FAN_IN = 8, NAME_BYTES = 128, TAG_MAX = PV_NAME_BYTES - 1 };

struct module {
    char path[PV_SPOOL_PATH];
    char name[NAME_BYTES];
    struct pv_symbols *symbols; /* NULL: the file gives none */
    bool runtime;
};

struct frame {
    uint64_t pc, start;
    uint32_t module; /* 0: in none */
    bool wrapper;
    char *name; /* NULL: none */
};

struct stack {
    uint32_t frames[PV_SPOOL_STACK_FRAMES];
    unsigned n;
    char *tag;
};

struct pv_callers {
    struct module *modules[PV_SPOOL_N_MODULES + 1];
    struct frame *frames[PV_SPOOL_N_FRAMES + 1];
    struct stack *stacks[PV_SPOOL_N_STACKS + 1];
    char *executable;
};

int pv_callers_open(struct pv_callers **ret_callers, const char *executable)
{
    struct pv_callers *callers = pv_own_calloc(1, sizeof *callers);
    if (callers) {
        callers->executable = pv_own_text(executable, strlen(executable));
    }
    if (!callers || !callers->executable) {
        pv_callers_close(callers);
        return PV_ENOMEM;
    }
    *ret_callers = callers;
    return 0;
}

void pv_callers_close(struct pv_callers *callers)
{
    if (!callers) {
        return;
    }
    for (size_t i = 0; i <= PV_SPOOL_N_MODULES; i++) {
        if (callers->modules[i]) {
            pv_symbols_close(callers->modules[i]->symbols);
            pv_own_free(callers->modules[i]);
        }
    }
    for (size_t i = 0; i <= PV_SPOOL_N_FRAMES; i++) {
        if (callers->frames[i]) {
            pv_own_free(callers->frames[i]->name);
            pv_own_free(callers->frames[i]);
        }
    }
    for (size_t i = 0; i <= PV_SPOOL_N_STACKS; i++) {
        if (callers->stacks[i]) {
            pv_own_free(callers->stacks[i]->tag);
            pv_own_free(callers->stacks[i]);
        }
    }
    pv_own_free(callers->executable);
    pv_own_free(callers);
}

static int add_module(struct pv_callers *callers, const struct pv_spool_record *record)
{
    uint32_t id = record->module.id;
    size_t at = (size_t)record->part * PV_SPOOL_TEXT_A_RECORD;
    if (!id || id > PV_SPOOL_N_MODULES) {
        return 0;
    }
    if (!callers->modules[id]) {
        callers->modules[id] = pv_own_calloc(1, sizeof *callers->modules[id]);
        if (!callers->modules[id]) {
            return PV_ENOMEM;
        }
    }
    struct module *module = callers->modules[id];
    for (size_t i = 0; i < PV_SPOOL_TEXT_A_RECORD && at + i < sizeof module->path - 1; i++) {
        module->path[at + i] = record->module.text[i];
    }
    return 0;
}

static int add_frame(struct pv_callers *callers, const struct pv_spool_record *record)
{
    uint32_t id = record->frame.id;
    if (!id || id > PV_SPOOL_N_FRAMES || callers->frames[id]) {
        return 0;
    }
    struct frame *frame = pv_own_calloc(1, sizeof *frame);
    if (!frame) {
        return PV_ENOMEM;
    }
    frame->pc = record->frame.pc;
    frame->start = record->frame.start;
    frame->module = record->frame.module <= PV_SPOOL_N_MODULES ? record->frame.module : 0;
    callers->frames[id] = frame;
    return 0;
}

static int add_stack(struct pv_callers *callers, const struct pv_spool_record *record)
{
    uint32_t id = record->stack.id;
    size_t at = (size_t)record->part * PV_SPOOL_FRAMES_A_RECORD;
    if (!id || id > PV_SPOOL_N_STACKS || record->n > PV_SPOOL_FRAMES_A_RECORD) {
        return 0;
    }
    if (!callers->stacks[id]) {
        callers->stacks[id] = pv_own_calloc(1, sizeof *callers->stacks[id]);
        if (!callers->stacks[id]) {
            return PV_ENOMEM;
        }
    }
    struct stack *stack = callers->stacks[id];
    for (size_t i = 0; i < record->n && at + i < PV_SPOOL_STACK_FRAMES; i++) {
        uint32_t frame = record->stack.frames[i];
        stack->frames[at + i] = frame <= PV_SPOOL_N_FRAMES ? frame : 0;
        if (stack->n < at + i + 1) {
            stack->n = (unsigned)(at + i + 1);
        }
    }
    return 0;
}

int pv_callers_add(struct pv_callers *callers, const struct pv_spool_record *record)
{
    switch (record->kind) {
    case PV_SPOOL_MODULE:
        return add_module(callers, record);
    case PV_SPOOL_FRAME:
        return add_frame(callers, record);
    case PV_SPOOL_STACK:
        return add_stack(callers, record);
    default:
        return 0;
    }
}

static int read_module(struct pv_callers *callers, struct module *module)
{
    const char *path = module->path[0] ? module->path : callers->executable;
    pv_caller_module(path, module->name, sizeof module->name);
    module->runtime = pv_caller_is_runtime(path);
    int status = pv_symbols_open(&module->symbols, path);
    return status == PV_ENOMEM ? status : 0;
}

static const struct module *module_of(const struct pv_callers *callers,
                                      const struct frame *frame)
{
    return frame ? callers->modules[frame->module] : NULL;
}

static int name_frame(const struct pv_callers *callers, struct frame *frame)
{
    const struct module *module = module_of(callers, frame);
    if (!module || !module->symbols) {
        return 0;
    }
    const char *symbol =
        pv_symbols_find(module->symbols, frame->start ? frame->start : frame->pc);
    if (!symbol) {
        return 0;
    }
    char name[NAME_BYTES];
    pv_caller_function(symbol, name, sizeof name);
    frame->wrapper = pv_caller_is_wrapper(symbol) || pv_caller_is_wrapper(name);
    frame->name = pv_own_text(name, strlen(name));
    return frame->name ? 0 : PV_ENOMEM;
}

static const struct frame *frame_at(const struct pv_callers *callers, const struct stack *stack,
                                    unsigned i)
{
    return i < stack->n ? callers->frames[stack->frames[i]] : NULL;
}

static bool is_runtime(const struct pv_callers *callers, const struct frame *frame)
{
    const struct module *module = module_of(callers, frame);
    return !module || module->runtime;
}

/* The innermost frame outside the run-times. */
static unsigned first_own(const struct pv_callers *callers, const struct stack *stack)
{
    unsigned i = 0;
    while (i < stack->n && is_runtime(callers, frame_at(callers, stack, i))) {
        i++;
    }
    return i;
}

/* ---- nameless wrappers ---- */

struct pair {
    uint32_t module, caller_module;
    uint64_t start, caller;
};

static int by_pair(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pair));
}

static bool same_function(const struct pair *a, const struct pair *b)
{
    return a->module == b->module && a->start == b->start;
}

static size_t collect_pairs(const struct pv_callers *callers, struct pair *ret_pairs)
{
    size_t n = 0;
    for (size_t i = 1; i <= PV_SPOOL_N_STACKS; i++) {
        if (!callers->stacks[i]) {
            continue;
        }
        unsigned at = first_own(callers, callers->stacks[i]);
        const struct frame *frame = frame_at(callers, callers->stacks[i], at);
        const struct frame *caller = frame_at(callers, callers->stacks[i], at + 1);
        if (frame && caller && !frame->name && frame->start) {
            ret_pairs[n++] = (struct pair){.module = frame->module,
                                           .start = frame->start,
                                           .caller_module = caller->module,
                                           .caller = caller->start};
        }
    }
    return n;
}

static int by_function(const void *key, const void *row)
{
    const struct pair *a = key, *b = row;
    if (a->module != b->module) {
        return a->module < b->module ? -1 : 1;
    }
    return a->start != b->start ? (a->start < b->start ? -1 : 1) : 0;
}

/* Keeps of the sorted pairs one for each function with FAN_IN callers, by module and start. */
static size_t keep_wrappers(struct pair *pairs, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i, n_callers = 0;
        while (end < n && same_function(&pairs[i], &pairs[end])) {
            n_callers += end == i || by_pair(&pairs[end], &pairs[end - 1]) != 0;
            end++;
        }
        if (n_callers >= FAN_IN) {
            pairs[kept++] = pairs[i];
        }
        i = end;
    }
    if (kept) {
        qsort(pairs, kept, sizeof pairs[0], by_function);
    }
    return kept;
}

static int find_wrappers(struct pv_callers *callers)
{
    size_t n_stacks = 0;
    for (size_t i = 1; i <= PV_SPOOL_N_STACKS; i++) {
        n_stacks += callers->stacks[i] != NULL;
    }
    struct pair *pairs = pv_own_calloc(n_stacks, sizeof *pairs);
    if (!pairs) {
        return PV_ENOMEM;
    }
    size_t n = collect_pairs(callers, pairs);
    if (n) {
        qsort(pairs, n, sizeof pairs[0], by_pair);
        n = keep_wrappers(pairs, n);
    }
    for (size_t i = 1; n && i <= PV_SPOOL_N_FRAMES; i++) {
        struct frame *frame = callers->frames[i];
        if (frame && !frame->name) {
            struct pair key = {.module = frame->module, .start = frame->start};
            frame->wrapper = bsearch(&key, pairs, n, sizeof pairs[0], by_function) != NULL;
        }
    }
    pv_own_free(pairs);
    return 0;
}

/* ---- the choice ---- */

/* Behind the last wrapper that comes before any other named function. */
static unsigned skip_wrappers(const struct pv_callers *callers, const struct stack *stack)
{
    unsigned begin = first_own(callers, stack), at = begin;
    for (unsigned i = begin; i < stack->n; i++) {
        const struct frame *frame = frame_at(callers, stack, i);
        if (frame && frame->wrapper) {
            at = i + 1;
        } else if (frame && frame->name && !is_runtime(callers, frame)) {
            break;
        }
    }
    while (at < stack->n && is_runtime(callers, frame_at(callers, stack, at))) {
        at++;
    }
    return at < stack->n ? at : begin;
}

/* The C library calls main from a function of its own. */
static bool is_main(const struct pv_callers *callers, const struct stack *stack, unsigned i)
{
    const struct frame *caller = frame_at(callers, stack, i + 1);
    const struct frame *starter = frame_at(callers, stack, i + 2);
    return caller && starter && starter->name && is_runtime(callers, caller) &&
           strcmp(starter->name, "__libc_start_main") == 0;
}

/* "module/function", or the function alone when both do not fit into a pebble. */
static void join(char *out, size_t cap, const char *module, const char *function)
{
    if (strlen(module) + 1 + strlen(function) <= TAG_MAX) {
        snprintf(out, cap, "%s/%s", module, function);
    } else {
        snprintf(out, cap, "%s", function);
    }
}

static void choose(const struct pv_callers *callers, const struct stack *stack, char *out,
                   size_t cap)
{
    unsigned at = skip_wrappers(callers, stack);
    const struct frame *frame = frame_at(callers, stack, at);
    const struct frame *inner = at ? frame_at(callers, stack, at - 1) : NULL;
    out[0] = 0;
    if (!frame) { /* nothing but run-time: what the innermost of it is called */
        frame = frame_at(callers, stack, 0);
        if (frame && module_of(callers, frame)) {
            join(out, cap, module_of(callers, frame)->name, frame->name ? frame->name : "?");
        }
        return;
    }
    const char *module = module_of(callers, frame)->name;
    for (unsigned i = at; i < stack->n; i++) {
        const struct frame *outer = frame_at(callers, stack, i);
        if (!outer || outer->module != frame->module) {
            break;
        }
        if (outer->name && !outer->wrapper) {
            join(out, cap, module, outer->name);
            return;
        }
    }
    char place[NAME_BYTES];
    if (is_main(callers, stack, at)) {
        snprintf(place, sizeof place, "%.60s/main", module);
    } else {
        snprintf(place, sizeof place, "%.60s+0x%" PRIx64, module, frame->start);
    }
    if (inner && inner->name && is_runtime(callers, inner)) {
        join(out, cap, place, inner->name); /* which of the C library's functions it called */
    } else {
        snprintf(out, cap, "%s", place);
    }
}

int pv_callers_resolve(struct pv_callers *callers)
{
    int status = 0;
    for (size_t i = 1; !status && i <= PV_SPOOL_N_MODULES; i++) {
        if (callers->modules[i]) {
            status = read_module(callers, callers->modules[i]);
        }
    }
    for (size_t i = 1; !status && i <= PV_SPOOL_N_FRAMES; i++) {
        if (callers->frames[i]) {
            status = name_frame(callers, callers->frames[i]);
        }
    }
    if (!status) {
        status = find_wrappers(callers);
    }
    for (size_t i = 1; !status && i <= PV_SPOOL_N_STACKS; i++) {
        char raw[NAME_BYTES + NAME_BYTES + 2], tag[sizeof raw * 3];
        if (callers->stacks[i]) {
            choose(callers, callers->stacks[i], raw, sizeof raw);
            size_t n = pv_text_clean(tag, sizeof tag, raw, strlen(raw));
            callers->stacks[i]->tag = pv_own_text(tag, n);
            status = callers->stacks[i]->tag ? 0 : PV_ENOMEM;
        }
    }
    return status;
}

const char *pv_callers_tag(const struct pv_callers *callers, uint32_t stack)
{
    return stack && stack <= PV_SPOOL_N_STACKS && callers->stacks[stack]
               ? callers->stacks[stack]->tag
               : "";
}
