/* SPDX-License-Identifier: MIT
 *
 * callers.c - finds the tag for a call stack. See callers.h for the rules.
 *
 * Ids come from a file that the recorded program could have overwritten: each is checked
 * against its bound before it is used. Each stack and each frame is looked at only a few times,
 * whatever the number of events.
 */
#include "traces/record/callers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/record/blocks.h"
#include "traces/record/symbols.h"

/* A nameless function with at least FAN_IN callers is an allocator's wrapper. */
enum {
    FAN_IN = 8,
    NAME_BYTES = 128,
    FUNCTION_BYTES = PV_CALLER_SYMBOL,
    TAG_MAX = PV_NAME_BYTES - 1,
    TAG_FRAMES = 32
};

struct module {
    char path[PV_SPOOL_PATH];
    char name[NAME_BYTES];
    struct pv_symbols *symbols; /* NULL: the file has none that can be read */
    bool is_read, runtime;
};

struct frame {
    uint64_t pc, start;
    uint32_t module; /* 0: the frame is in no module */
    bool known, wrapper;
    char *name; /* NULL: none */
    char *text; /* for stacks: "module/function", or module and offset */
};

struct node {
    uint32_t caller, frame; /* frame 0: not known */
    uint32_t key, n_stack;
    uint32_t n_wrappers; /* number of wrappers known when the tag was chosen */
    bool noted;
    char *tag; /* NULL: not chosen */
    const char **stack;
};

struct stack {
    uint32_t frames[PV_CALLERS_DEPTH];
    unsigned n;
};

struct pv_callers {
    struct module *modules[PV_SPOOL_N_MODULES + 1];
    struct frame *frames; /* by id, as the nodes */
    size_t n_frames;
    struct node *nodes;
    size_t n_nodes;
    struct pv_blocks pairs;   /* (nameless function, one of its callers) */
    struct pv_blocks fan_ins; /* nameless function -> number of its callers */
    struct pv_hash_key secret;
    uint32_t n_wrappers, n_keys;
    unsigned depth;
    char *executable;
    struct pv_unread *unread;
};

int pv_callers_open(struct pv_callers **ret_callers, const char *executable, unsigned depth,
                    struct pv_unread *unread)
{
    struct pv_callers *callers = pv_own_calloc(1, sizeof *callers);
    if (callers) {
        callers->executable = pv_own_text(executable, strlen(executable));
        callers->secret = pv_hash_key();
        callers->unread = unread;
        callers->depth = depth < PV_CALLERS_DEPTH ? depth : PV_CALLERS_DEPTH;
    }
    if (!callers || !callers->executable) {
        pv_callers_close(callers);
        return PV_ENOMEM;
    }
    *ret_callers = callers;
    return PV_OK;
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
    for (size_t i = 0; i < callers->n_frames; i++) {
        pv_own_free(callers->frames[i].name);
        pv_own_free(callers->frames[i].text);
    }
    for (size_t i = 0; i < callers->n_nodes; i++) {
        pv_own_free(callers->nodes[i].tag);
        pv_own_free(callers->nodes[i].stack);
    }
    pv_blocks_fini(&callers->pairs);
    pv_blocks_fini(&callers->fan_ins);
    pv_own_free(callers->frames);
    pv_own_free(callers->nodes);
    pv_own_free(callers->executable);
    pv_own_free(callers);
}

/* The kernel's own module has a name but no file. */
static void note_unread(struct pv_callers *callers, const char *path, int error)
{
    char raw[PV_RECORD_TEXT + 64];
    struct pv_unread *unread = callers->unread;
    if (!strchr(path, '/')) {
        return;
    }
    if (unread->n++ == 0) {
        snprintf(raw, sizeof raw, "%.400s: %s", path, strerror(error));
        pv_text_clean(unread->first, sizeof unread->first, raw, strlen(raw));
    }
}

static int read_module(struct pv_callers *callers, struct module *module)
{
    const char *path = module->path[0] ? module->path : callers->executable;
    module->is_read = true;
    pv_caller_module(path, module->name, sizeof module->name);
    module->runtime = pv_caller_is_runtime(path);
    int status = pv_symbols_open(&module->symbols, path);
    if (status == PV_EIO || status == PV_ELIMIT) {
        note_unread(callers, path, errno);
    }
    return status == PV_ENOMEM ? status : PV_OK;
}

static const struct module *module_of(const struct pv_callers *callers,
                                      const struct frame *frame)
{
    return frame ? callers->modules[frame->module] : NULL;
}

static char *clean_copy(const char *raw)
{
    char clean[(NAME_BYTES + FUNCTION_BYTES + 2) * 3];
    size_t n = pv_text_clean(clean, sizeof clean, raw, strlen(raw));
    return pv_own_text(clean, n);
}

/* Makes the text of a frame in a stack: its function, or its offset in the module. */
static int say_frame(const struct module *module, struct frame *frame)
{
    char raw[NAME_BYTES + FUNCTION_BYTES + 2];
    if (!module) {
        snprintf(raw, sizeof raw, "0x%" PRIx64, frame->pc);
    } else if (frame->name) {
        snprintf(raw, sizeof raw, "%s/%s", module->name, frame->name);
    } else {
        snprintf(raw, sizeof raw, "%s+0x%" PRIx64, module->name, frame->pc);
    }
    frame->text = clean_copy(raw);
    return frame->text ? PV_OK : PV_ENOMEM;
}

static int name_frame(struct pv_callers *callers, struct frame *frame)
{
    struct module *module = callers->modules[frame->module];
    int status = module && !module->is_read ? read_module(callers, module) : PV_OK;
    const char *symbol =
        !status && module && module->symbols
            ? pv_symbols_find(module->symbols, frame->start ? frame->start : frame->pc)
            : NULL;
    if (symbol) {
        char name[FUNCTION_BYTES];
        pv_caller_function(symbol, name, sizeof name);
        frame->wrapper = pv_caller_is_wrapper(symbol) || pv_caller_is_wrapper(name);
        frame->name = pv_own_text(name, strlen(name));
        status = frame->name ? PV_OK : PV_ENOMEM;
    }
    return status ? status : say_frame(module, frame);
}

/* Grows the array up to an id; new rows are zero. NULL: no memory, and nothing has changed. */
static void *rows_for(void *rows, size_t *n_rows, uint32_t id, size_t size, size_t n_max)
{
    size_t n = *n_rows ? *n_rows : 1024;
    while (n <= id) {
        n = n < n_max / 2 ? n * 2 : n_max;
    }
    if (n == *n_rows) {
        return rows;
    }
    char *wider = pv_own_resize(rows, n, size);
    if (wider) {
        memset(wider + *n_rows * size, 0, (n - *n_rows) * size);
        *n_rows = n;
    }
    return wider;
}

static int add_module(struct pv_callers *callers, const struct pv_spool_record *record,
                      struct pv_spool_head head)
{
    uint32_t id = head.subject;
    size_t at = (size_t)head.part * PV_SPOOL_TEXT_A_RECORD;
    if (!id || id > PV_SPOOL_N_MODULES) {
        return PV_OK;
    }
    if (!callers->modules[id]) {
        callers->modules[id] = pv_own_calloc(1, sizeof *callers->modules[id]);
        if (!callers->modules[id]) {
            return PV_ENOMEM;
        }
    }
    struct module *module = callers->modules[id];
    if (at < sizeof module->path - 1) {
        size_t room = sizeof module->path - 1 - at;
        memcpy(module->path + at, &record->a,
               room < PV_SPOOL_TEXT_A_RECORD ? room : PV_SPOOL_TEXT_A_RECORD);
    }
    return PV_OK;
}

static int add_frame(struct pv_callers *callers, const struct pv_spool_record *record,
                     struct pv_spool_head head)
{
    uint32_t id = head.subject, into = (uint32_t)record->b;
    if (!id || id > PV_SPOOL_N_FRAMES) {
        return PV_OK;
    }
    struct frame *rows =
        rows_for(callers->frames, &callers->n_frames, id, sizeof *rows, PV_SPOOL_N_FRAMES + 1);
    if (!rows) {
        return PV_ENOMEM;
    }
    callers->frames = rows;
    struct frame *frame = &rows[id];
    if (!frame->known) {
        frame->known = true;
        frame->pc = record->a;
        frame->start = into && into - 1 <= record->a ? record->a - (into - 1) : 0;
        frame->module = record->b >> 32 <= PV_SPOOL_N_MODULES ? (uint32_t)(record->b >> 32) : 0;
        return name_frame(callers, frame);
    }
    return PV_OK;
}

static int add_node(struct pv_callers *callers, const struct pv_spool_record *record,
                    struct pv_spool_head head)
{
    uint32_t id = head.subject;
    if (!id || id > PV_SPOOL_N_NODES) {
        return PV_OK;
    }
    struct node *rows =
        rows_for(callers->nodes, &callers->n_nodes, id, sizeof *rows, PV_SPOOL_N_NODES + 1);
    if (!rows) {
        return PV_ENOMEM;
    }
    callers->nodes = rows;
    if (!rows[id].frame) {
        rows[id].caller = (uint32_t)record->a;
        rows[id].frame = (uint32_t)(record->a >> 32);
    }
    return PV_OK;
}

int pv_callers_add(struct pv_callers *callers, const struct pv_spool_record *record)
{
    struct pv_spool_head head = pv_spool_unpack(record->head);
    switch (head.kind) {
    case PV_SPOOL_MODULE:
        return add_module(callers, record, head);
    case PV_SPOOL_FRAME:
        return add_frame(callers, record, head);
    case PV_SPOOL_NODE:
        return add_node(callers, record, head);
    default:
        return PV_OK;
    }
}

static struct node *node_of(const struct pv_callers *callers, uint32_t id)
{
    return id && id < callers->n_nodes && callers->nodes[id].frame ? &callers->nodes[id] : NULL;
}

/* The frames of a node, innermost first; at most n_max, so that a loop of nodes ends. */
static void unfold(const struct pv_callers *callers, uint32_t id, unsigned n_max,
                   struct stack *ret_stack)
{
    ret_stack->n = 0;
    for (const struct node *node = node_of(callers, id); node && ret_stack->n < n_max;
         node = node_of(callers, node->caller)) {
        ret_stack->frames[ret_stack->n++] = node->frame;
    }
}

static const struct frame *frame_at(const struct pv_callers *callers, const struct stack *stack,
                                    unsigned i)
{
    uint32_t id = i < stack->n ? stack->frames[i] : 0;
    return id && id < callers->n_frames && callers->frames[id].known ? &callers->frames[id]
                                                                     : NULL;
}

static bool is_runtime(const struct pv_callers *callers, const struct frame *frame)
{
    const struct module *module = module_of(callers, frame);
    return !module || module->runtime;
}

/* The innermost frame that is not in a run-time library. */
static unsigned first_own(const struct pv_callers *callers, const struct stack *stack)
{
    unsigned i = 0;
    while (i < stack->n && is_runtime(callers, frame_at(callers, stack, i))) {
        i++;
    }
    return i;
}

/* ---- nameless wrappers ---- */

static uint64_t key_of(const struct pv_callers *callers, const uint64_t *words, size_t n)
{
    return pv_hash_bytes(&callers->secret, words, n * sizeof words[0]) | 1;
}

static uint64_t function_key(const struct pv_callers *callers, const struct frame *frame)
{
    uint64_t words[] = {frame->module, frame->start};
    return key_of(callers, words, 2);
}

static bool is_wrapper(const struct pv_callers *callers, const struct frame *frame)
{
    if (frame->name || !frame->start) {
        return frame->wrapper;
    }
    const struct pv_block_entry *entry =
        pv_blocks_find(&callers->fan_ins, function_key(callers, frame));
    return entry && entry->id >= FAN_IN;
}

/* Counts a caller of a nameless function, once. */
static int count_caller(struct pv_callers *callers, const struct frame *frame,
                        const struct frame *caller)
{
    uint64_t function = function_key(callers, frame);
    uint64_t words[] = {function, caller->module, caller->start};
    uint64_t pair = key_of(callers, words, 3);
    if (pv_blocks_find(&callers->pairs, pair)) {
        return PV_OK;
    }
    const struct pv_block_entry *entry = pv_blocks_find(&callers->fan_ins, function);
    uint64_t n = entry ? entry->id + 1 : 1;
    int status = pv_blocks_put(&callers->pairs, pair, 1);
    status = status ? status : pv_blocks_put(&callers->fan_ins, function, n);
    callers->n_wrappers += !status && n == FAN_IN;
    return status;
}

int pv_callers_note(struct pv_callers *callers, uint32_t id)
{
    struct node *node = node_of(callers, id);
    if (!node || node->noted) {
        return PV_OK;
    }
    struct stack stack;
    node->noted = true;
    unfold(callers, id, TAG_FRAMES, &stack);
    unsigned at = first_own(callers, &stack);
    const struct frame *frame = frame_at(callers, &stack, at);
    const struct frame *caller = frame_at(callers, &stack, at + 1);
    bool counts = frame && caller && !frame->name && frame->start;
    return counts ? count_caller(callers, frame, caller) : PV_OK;
}

/* ---- the choice ---- */

/* The frame behind the last wrapper that comes before any other named function. */
static unsigned skip_wrappers(const struct pv_callers *callers, const struct stack *stack)
{
    unsigned begin = first_own(callers, stack), at = begin;
    for (unsigned i = begin; i < stack->n; i++) {
        const struct frame *frame = frame_at(callers, stack, i);
        if (frame && is_wrapper(callers, frame)) {
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

/* Is this main? The C library calls it from a function of its own. */
static bool is_main(const struct pv_callers *callers, const struct stack *stack, unsigned i)
{
    const struct frame *caller = frame_at(callers, stack, i + 1);
    const struct frame *starter = frame_at(callers, stack, i + 2);
    return caller && starter && starter->name && is_runtime(callers, caller) &&
           strcmp(starter->name, "__libc_start_main") == 0;
}

/* "module/function", or the function alone when both are too long for a pebble's name. */
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
    if (!frame) { /* only run-time functions: take the innermost one */
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
        if (outer->name && !is_wrapper(callers, outer)) {
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
        join(out, cap, place, inner->name); /* the function of the C library that it called */
    } else {
        snprintf(out, cap, "%s", place);
    }
}

/* Makes the texts of a node's stack. */
static int make_stack(struct pv_callers *callers, uint32_t id, struct node *node)
{
    struct stack stack;
    unfold(callers, id, callers->depth, &stack);
    if (!stack.n) {
        return PV_OK;
    }
    node->stack = pv_own_calloc(stack.n, sizeof node->stack[0]);
    if (!node->stack) {
        return PV_ENOMEM;
    }
    for (unsigned i = 0; i < stack.n; i++) {
        const struct frame *frame = frame_at(callers, &stack, i);
        node->stack[i] = frame ? frame->text : "?";
    }
    node->n_stack = stack.n;
    return PV_OK;
}

/* Chooses the tag, again when more wrappers are known; a different tag gets a new key. */
static int make_tag(struct pv_callers *callers, uint32_t id, struct node *node)
{
    struct stack stack;
    char raw[NAME_BYTES + FUNCTION_BYTES + 2];
    unfold(callers, id, TAG_FRAMES, &stack);
    choose(callers, &stack, raw, sizeof raw);
    char *tag = clean_copy(raw);
    if (!tag) {
        return PV_ENOMEM;
    }
    if (!node->tag || strcmp(node->tag, tag) != 0) {
        node->key = ++callers->n_keys;
    }
    pv_own_free(node->tag);
    node->tag = tag;
    node->n_wrappers = callers->n_wrappers;
    return PV_OK;
}

int pv_callers_find(struct pv_callers *callers, uint32_t id, struct pv_caller *ret_caller)
{
    struct node *node = node_of(callers, id);
    *ret_caller = (struct pv_caller){.tag = ""};
    if (!node) {
        return PV_OK;
    }
    int status = PV_OK;
    if (!node->tag) {
        status = make_stack(callers, id, node);
    }
    if (!status && (!node->tag || node->n_wrappers != callers->n_wrappers)) {
        status = make_tag(callers, id, node);
    }
    if (!status) {
        *ret_caller = (struct pv_caller){
            .tag = node->tag, .stack = node->stack, .n_stack = node->n_stack, .key = node->key};
    }
    return status;
}
