/* SPDX-License-Identifier: MIT
 *
 * heaptrack_stacks.c - see heaptrack_stacks.h. A stack is stored as in the file: its innermost
 * instruction, and the number of the caller's stack. That number is smaller than its own, so
 * there are no cycles. An instruction is a range of the table of frames.
 */
#include "traces/foreign/heaptrack_stacks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/names.h"
#include "traces/texts.h"

enum { MODULE_NAME_MAX = 255 };

struct numbers {
    uint32_t *at;
    size_t n, cap;
};

struct instruction {
    uint32_t first, n; /* range in the table of frames */
};

struct trace {
    uint32_t instruction, caller;
};

struct module {
    uint64_t base, first, end;
    uint32_t name;
};

struct pv_ht_stacks {
    struct pv_texts *texts;
    struct pv_names *names;
    struct numbers texts_of_file; /* number in the file -> text; a file may repeat a text */
    struct numbers frames;        /* text numbers */
    struct instruction *instructions;
    size_t n_instructions, cap_instructions;
    bool raw; /* no instructions: a trace holds the number of its frame's text + 1 */
    struct trace *traces;
    size_t n_traces, cap_traces;
    struct module *modules; /* sorted by `first` */
    size_t n_modules, cap_modules;
};

struct pv_ht_stacks *pv_ht_stacks_open(void)
{
    struct pv_ht_stacks *stacks = pv_own_calloc(1, sizeof *stacks);
    if (stacks) {
        stacks->texts = pv_texts_open();
        stacks->names = pv_names_open();
    }
    if (stacks && (!stacks->texts || !stacks->names)) {
        pv_ht_stacks_close(stacks);
        return NULL;
    }
    return stacks;
}

void pv_ht_stacks_close(struct pv_ht_stacks *stacks)
{
    if (stacks) {
        pv_texts_close(stacks->texts);
        pv_names_close(stacks->names);
        pv_own_free(stacks->texts_of_file.at);
        pv_own_free(stacks->frames.at);
        pv_own_free(stacks->instructions);
        pv_own_free(stacks->traces);
        pv_own_free(stacks->modules);
        pv_own_free(stacks);
    }
}

static int push(struct numbers *numbers, uint32_t number)
{
    if (numbers->n == UINT32_MAX) {
        return PV_ELIMIT;
    }
    uint32_t *at = pv_own_room(numbers->at, numbers->n, &numbers->cap, sizeof *at);
    if (!at) {
        return PV_ENOMEM;
    }
    numbers->at = at;
    at[numbers->n++] = number;
    return PV_OK;
}

static const char *text_of(const struct pv_ht_stacks *stacks, uint32_t number)
{
    size_t n;
    return pv_texts_get(stacks->texts, number, &n);
}

static int clean(struct pv_ht_stacks *stacks, struct pv_cursor text, uint32_t *ret_number)
{
    char out[PV_EVENT_NAME_MAX + 1];
    size_t n = pv_text_clean(out, sizeof out, text.at, (size_t)(text.end - text.at));
    const char *readable = out;
    if (pv_name_may_be_mangled(out)) {
        int status = pv_names_find(stacks->names, out, &readable);
        if (status) {
            return status;
        }
        n = strlen(readable);
    }
    return pv_texts_number(stacks->texts, readable, n, ret_number);
}

int pv_ht_text_add(struct pv_ht_stacks *stacks, struct pv_cursor text)
{
    uint32_t number;
    int status = clean(stacks, text, &number);
    return status ? status : push(&stacks->texts_of_file, number);
}

/* ---- instructions ---- */

/* Makes the text for an instruction whose function has no name. */
static int place_text(struct pv_ht_stacks *stacks, const char *path, const char *between,
                      uint64_t address, uint32_t *ret_number)
{
    char out[MODULE_NAME_MAX + 24];
    const char *slash = strrchr(path, '/');
    const char *name = slash && slash[1] ? slash + 1 : path;
    size_t n = pv_text_prefix(name, strlen(name), MODULE_NAME_MAX);
    int length =
        snprintf(out, sizeof out, "%.*s%s0x%" PRIx64, (int)n, name, n ? between : "", address);
    return pv_texts_number(stacks->texts, out, (size_t)length, ret_number);
}

int pv_ht_instruction_begin(struct pv_ht_stacks *stacks)
{
    if (stacks->n_instructions == UINT32_MAX) {
        return PV_ELIMIT;
    }
    struct instruction *grown = pv_own_room(stacks->instructions, stacks->n_instructions,
                                            &stacks->cap_instructions, sizeof *grown);
    if (!grown) {
        return PV_ENOMEM;
    }
    stacks->instructions = grown;
    grown[stacks->n_instructions++] = (struct instruction){.first = (uint32_t)stacks->frames.n};
    return PV_OK;
}

static int push_frame(struct pv_ht_stacks *stacks, uint32_t text)
{
    int status = push(&stacks->frames, text);
    stacks->instructions[stacks->n_instructions - 1].n += status == PV_OK;
    return status;
}

int pv_ht_frame_add(struct pv_ht_stacks *stacks, uint64_t function)
{
    if (function > stacks->texts_of_file.n) {
        return PV_EINVAL;
    }
    uint32_t text = function ? stacks->texts_of_file.at[function - 1] : 0;
    return function && *text_of(stacks, text) ? push_frame(stacks, text) : PV_OK;
}

int pv_ht_instruction_end(struct pv_ht_stacks *stacks, uint64_t address, uint64_t module)
{
    if (module > stacks->texts_of_file.n) {
        return PV_EINVAL;
    }
    if (stacks->instructions[stacks->n_instructions - 1].n) {
        return PV_OK;
    }
    const char *path = module ? text_of(stacks, stacks->texts_of_file.at[module - 1]) : "";
    uint32_t text;
    int status = place_text(stacks, path, "@", address, &text);
    return status ? status : push_frame(stacks, text);
}

/* ---- modules ---- */

/* The number of modules that begin at or before the address. */
static size_t count_before(const struct pv_ht_stacks *stacks, uint64_t address)
{
    size_t low = 0, high = stacks->n_modules;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (stacks->modules[mid].first <= address) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

int pv_ht_module_add(struct pv_ht_stacks *stacks, struct pv_cursor path, uint64_t base,
                     uint64_t first, uint64_t end)
{
    struct module module = {.base = base, .first = first, .end = end};
    if (stacks->n_modules == PV_HT_MODULES_MAX) {
        return PV_ELIMIT;
    }
    int status = clean(stacks, path, &module.name);
    if (status) {
        return status;
    }
    struct module *modules =
        pv_own_room(stacks->modules, stacks->n_modules, &stacks->cap_modules, sizeof *modules);
    if (!modules) {
        return PV_ENOMEM;
    }
    stacks->modules = modules;
    size_t at = count_before(stacks, first);
    memmove(modules + at + 1, modules + at, (stacks->n_modules - at) * sizeof *modules);
    modules[at] = module;
    stacks->n_modules++;
    return PV_OK;
}

void pv_ht_modules_clear(struct pv_ht_stacks *stacks)
{
    stacks->n_modules = 0;
}

/* ---- call stacks ---- */

static int push_trace(struct pv_ht_stacks *stacks, uint64_t instruction, uint64_t caller)
{
    if (caller > stacks->n_traces) {
        return PV_EFORMAT;
    }
    if (stacks->n_traces == UINT32_MAX) {
        return PV_ELIMIT;
    }
    struct trace *traces =
        pv_own_room(stacks->traces, stacks->n_traces, &stacks->cap_traces, sizeof *traces);
    if (!traces) {
        return PV_ENOMEM;
    }
    stacks->traces = traces;
    traces[stacks->n_traces++] =
        (struct trace){.instruction = (uint32_t)instruction, .caller = (uint32_t)caller};
    return PV_OK;
}

int pv_ht_trace_add(struct pv_ht_stacks *stacks, uint64_t instruction, uint64_t caller)
{
    return instruction > stacks->n_instructions ? PV_EINVAL
                                                : push_trace(stacks, instruction, caller);
}

int pv_ht_raw_trace_add(struct pv_ht_stacks *stacks, uint64_t address, uint64_t caller)
{
    size_t n = count_before(stacks, address);
    const struct module *module = n ? &stacks->modules[n - 1] : NULL;
    bool inside = module && address < module->end;
    uint32_t text;
    int status = inside ? place_text(stacks, text_of(stacks, module->name), "+",
                                     address - module->base, &text)
                        : place_text(stacks, "", "", address, &text);
    stacks->raw = true;
    return status ? status : push_trace(stacks, (uint64_t)text + 1, caller);
}

bool pv_ht_stacks_know(const struct pv_ht_stacks *stacks, uint64_t trace)
{
    return trace <= stacks->n_traces;
}

uint32_t pv_ht_stack_get(const struct pv_ht_stacks *stacks, uint32_t trace,
                         const char *frames[PV_EVENT_STACK_MAX])
{
    uint32_t n = 0;
    /* frames may be missing: a step without one counts too, so that the walk is bounded */
    for (uint32_t step = 0; trace && step < PV_EVENT_STACK_MAX; ++step) {
        const struct trace *at = &stacks->traces[trace - 1];
        trace = at->caller;
        if (stacks->raw && at->instruction) {
            frames[n++] = text_of(stacks, at->instruction - 1);
            continue;
        }
        struct instruction run = {0};
        if (at->instruction) {
            run = stacks->instructions[at->instruction - 1];
        }
        for (uint32_t i = 0; i < run.n && n < PV_EVENT_STACK_MAX; ++i) {
            frames[n++] = text_of(stacks, stacks->frames.at[run.first + i]);
        }
    }
    return n;
}
