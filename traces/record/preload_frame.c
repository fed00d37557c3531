/* SPDX-License-Identifier: MIT
 *
 * preload_frame.c - interprets the few .eh_frame instructions that locate a frame's caller.
 *
 * libgcc finds the description of a function (since glibc 2.35 without a lock), but its own
 * walk restores seventeen registers a frame where two are enough, and costs ten times as much.
 * This code follows only the CFA, the frame pointer and the return address. Anything unusual
 * returns PV_UNWIND_OTHER, and libgcc does the walk.
 *
 * Source: DWARF 4, section 6.4.2; Linux Standard Base 5, Exception Frames. The tables are the
 * program's own, and are trusted as they are when it throws an exception.
 */
#include "traces/record/preload_frame.h"

#include <stddef.h>
#include <string.h>
#include <unwind.h>

/* Exported by libgcc_s since GCC 3.0, but declared in no header. */
struct dwarf_eh_bases {
    void *text, *data, *function;
};
const void *_Unwind_Find_FDE(const void *pc, struct dwarf_eh_bases *ret_bases);

uintptr_t pv_unwind_start(uintptr_t pc)
{
    struct dwarf_eh_bases bases;
    return _Unwind_Find_FDE((const void *)pc, &bases) ? (uintptr_t)bases.function : 0;
}

#ifdef __x86_64__

enum { REG_BP = 6, REG_SP = 7, REG_PC = 16, REG_NONE = 255, STATES_MAX = 4, WORD = 8 };

/* DW_CFA_*: first those with an operand in their low bits, then the others. */
enum {
    CFA_ADVANCE = 0x40,
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0,
    CFA_SET_LOC,
    CFA_ADVANCE1,
    CFA_ADVANCE2,
    CFA_ADVANCE4,
    CFA_OFFSET_EXTENDED,
    CFA_RESTORE_EXTENDED,
    CFA_UNDEFINED,
    CFA_SAME_VALUE,
    CFA_REGISTER,
    CFA_REMEMBER,
    CFA_RECALL,
    CFA_DEF,
    CFA_DEF_REGISTER,
    CFA_DEF_OFFSET,
    CFA_DEF_EXPRESSION,
    CFA_EXPRESSION,
    CFA_OFFSET_SF,
    CFA_DEF_SF,
    CFA_DEF_OFFSET_SF,
    CFA_VAL_OFFSET,
    CFA_VAL_OFFSET_SF,
    CFA_VAL_EXPRESSION,
    CFA_GNU_ARGS_SIZE = 0x2e
};

enum { OP_BREG_BP = 0x76, OP_DEREF = 0x06 };

/* Small, because the stack of a signal handler may be. */
struct state {
    int32_t cfa_offset;
    int16_t bp_offset;
    uint8_t cfa_register;
    bool is_at_bp : 1; /* CFA = *(bp + cfa_offset) */
    bool saves_bp : 1, other : 1, no_caller : 1;
};

struct reader {
    const unsigned char *at, *end;
};

struct program {
    uint64_t code_align;
    int64_t data_align;
    uintptr_t location, wanted;
    struct state state, initial, saved[STATES_MAX];
    unsigned n_saved;
};

static uint64_t number(struct reader *reader, size_t n)
{
    uint64_t value = 0;
    if ((size_t)(reader->end - reader->at) < n) {
        reader->at = reader->end;
        return 0;
    }
    memcpy(&value, reader->at, n);
    reader->at += n;
    return value;
}

static uint64_t uleb(struct reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; reader->at < reader->end; shift += 7) {
        unsigned char byte = *reader->at++;
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (!(byte & 0x80)) {
            break;
        }
    }
    return value;
}

static int64_t sleb(struct reader *reader)
{
    uint64_t value = 0;
    unsigned shift = 0;
    unsigned char byte = 0;
    while (reader->at < reader->end) {
        byte = *reader->at++;
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        shift += 7;
        if (!(byte & 0x80)) {
            break;
        }
    }
    return (int64_t)((byte & 0x40) && shift < 64 ? value | UINT64_MAX << shift : value);
}

static void set_saved(struct state *state, uint64_t reg, int64_t offset)
{
    if (reg == REG_BP) {
        state->saves_bp = true;
        state->bp_offset = (int16_t)offset;
        state->other = state->other || state->bp_offset != offset;
    } else if (reg == REG_PC) {
        state->no_caller = false;
        state->other = state->other || offset != -WORD;
    }
}

static void set_unchanged(struct state *state, uint64_t reg)
{
    if (reg == REG_BP) {
        state->saves_bp = false;
    }
}

static void restore(struct program *program, uint64_t reg)
{
    if (reg == REG_BP) {
        program->state.saves_bp = program->initial.saves_bp;
        program->state.bp_offset = program->initial.bp_offset;
    }
}

static void set_unusual(struct state *state, uint64_t reg)
{
    state->other = state->other || reg == REG_BP || reg == REG_PC;
}

static void set_offset(struct state *state, int64_t offset)
{
    state->cfa_offset = (int32_t)offset;
    state->other = state->other || state->cfa_offset != offset;
}

static void def_expression(struct state *state, struct reader *reader)
{
    uint64_t n = uleb(reader);
    const unsigned char *at = reader->at;
    n = n < (uint64_t)(reader->end - at) ? n : (uint64_t)(reader->end - at);
    struct reader inner = {at, at + n};
    reader->at += n;
    state->is_at_bp = false;
    state->cfa_register = REG_NONE;
    if (n >= 3 && *inner.at++ == OP_BREG_BP) {
        set_offset(state, sleb(&inner));
        state->is_at_bp = inner.end - inner.at == 1 && *inner.at == OP_DEREF;
    }
}

static void skip_block(struct reader *reader)
{
    uint64_t n = uleb(reader);
    uint64_t left = (uint64_t)(reader->end - reader->at);
    reader->at += n < left ? n : left;
}

static void def(struct state *state, uint64_t reg, int64_t offset)
{
    state->cfa_register = reg < REG_NONE ? (uint8_t)reg : REG_NONE;
    state->is_at_bp = false;
    set_offset(state, offset);
}

/* Executes an instruction without an operand in its low bits. */
static void step_extended(struct program *program, struct reader *reader, unsigned op)
{
    struct state *state = &program->state;
    uint64_t reg;
    switch (op) {
    case CFA_NOP:
        break;
    case CFA_ADVANCE1:
    case CFA_ADVANCE2:
    case CFA_ADVANCE4:
        program->location +=
            number(reader, (size_t)1 << (op - CFA_ADVANCE1)) * program->code_align;
        break;
    case CFA_OFFSET_EXTENDED:
        reg = uleb(reader);
        set_saved(state, reg, (int64_t)uleb(reader) * program->data_align);
        break;
    case CFA_OFFSET_SF:
        reg = uleb(reader);
        set_saved(state, reg, sleb(reader) * program->data_align);
        break;
    case CFA_RESTORE_EXTENDED:
        restore(program, uleb(reader));
        break;
    case CFA_UNDEFINED:
        reg = uleb(reader);
        state->no_caller = state->no_caller || reg == REG_PC;
        set_unchanged(state, reg);
        break;
    case CFA_SAME_VALUE:
        set_unchanged(state, uleb(reader));
        break;
    case CFA_REGISTER:
    case CFA_VAL_OFFSET:
    case CFA_VAL_OFFSET_SF:
        set_unusual(state, uleb(reader));
        uleb(reader);
        break;
    case CFA_EXPRESSION:
    case CFA_VAL_EXPRESSION:
        set_unusual(state, uleb(reader));
        skip_block(reader);
        break;
    case CFA_REMEMBER:
        state->other = state->other || program->n_saved == STATES_MAX;
        if (program->n_saved < STATES_MAX) {
            program->saved[program->n_saved++] = *state;
        }
        break;
    case CFA_RECALL:
        if (program->n_saved) {
            *state = program->saved[--program->n_saved];
        }
        break;
    case CFA_DEF:
        reg = uleb(reader);
        def(state, reg, (int64_t)uleb(reader));
        break;
    case CFA_DEF_SF:
        reg = uleb(reader);
        def(state, reg, sleb(reader) * program->data_align);
        break;
    case CFA_DEF_REGISTER:
        def(state, uleb(reader), state->cfa_offset);
        break;
    case CFA_DEF_OFFSET:
        set_offset(state, (int64_t)uleb(reader));
        break;
    case CFA_DEF_OFFSET_SF:
        set_offset(state, sleb(reader) * program->data_align);
        break;
    case CFA_DEF_EXPRESSION:
        def_expression(state, reader);
        break;
    case CFA_GNU_ARGS_SIZE:
        uleb(reader);
        break;
    default:
        state->other = true;
        reader->at = reader->end;
    }
}

/* Executes instructions up to the first that is for a later place in the code. */
static void run(struct program *program, struct reader reader)
{
    while (reader.at < reader.end && program->location <= program->wanted) {
        unsigned op = *reader.at++;
        unsigned low = op & 0x3f;
        switch (op & 0xc0) {
        case CFA_ADVANCE:
            program->location += low * program->code_align;
            break;
        case CFA_OFFSET:
            set_saved(&program->state, low, (int64_t)uleb(&reader) * program->data_align);
            break;
        case CFA_RESTORE:
            restore(program, low);
            break;
        default:
            step_extended(program, &reader, op);
        }
    }
}

/* The size of an address in an encoding of DW_EH_PE_*; 0: one that does not occur. */
static size_t encoded_bytes(unsigned encoding)
{
    switch (encoding & 0x07) {
    case 0x00:
    case 0x04:
        return 8;
    case 0x02:
        return 2;
    case 0x03:
        return 4;
    default:
        return 0;
    }
}

struct about {
    unsigned encoding; /* of addresses in the FDE */
    bool is_signal, has_augmentation;
};

/* Reads a common entry (CIE): how its functions are described, and their initial state. */
static bool read_common(struct program *program, struct reader reader, struct about *ret_about)
{
    *ret_about = (struct about){0};
    number(&reader, 4);
    unsigned version = (unsigned)number(&reader, 1);
    const char *augmentation = (const char *)reader.at;
    size_t n = strnlen(augmentation, (size_t)(reader.end - reader.at));
    reader.at += n < (size_t)(reader.end - reader.at) ? n + 1 : n;
    program->code_align = uleb(&reader);
    program->data_align = sleb(&reader);
    uint64_t return_register = version == 1 ? number(&reader, 1) : uleb(&reader);
    if ((version != 1 && version != 3) || return_register != REG_PC ||
        (n && augmentation[0] != 'z')) {
        return false;
    }
    struct reader extra = reader;
    if (n) {
        ret_about->has_augmentation = true;
        uint64_t bytes = uleb(&reader);
        extra = reader;
        uint64_t left = (uint64_t)(reader.end - reader.at);
        reader.at += bytes < left ? bytes : left;
    }
    for (size_t i = 1; i < n; i++) {
        if (augmentation[i] == 'R') {
            ret_about->encoding = (unsigned)number(&extra, 1);
        } else if (augmentation[i] == 'L') {
            number(&extra, 1);
        } else if (augmentation[i] == 'P') {
            unsigned encoding = (unsigned)number(&extra, 1);
            number(&extra, encoded_bytes(encoding));
        } else if (augmentation[i] == 'S') {
            ret_about->is_signal = true;
        } else {
            return false;
        }
    }
    run(program, reader);
    program->initial = program->state;
    return true;
}

static struct pv_unwind of_state(const struct state *state)
{
    struct pv_unwind rule = {.kind = PV_UNWIND_OTHER};
    if (state->no_caller) {
        rule.kind = PV_UNWIND_END;
    } else if (!state->other) {
        rule.offset = state->cfa_offset;
        rule.saves_bp = state->saves_bp;
        rule.bp_offset = state->saves_bp ? state->bp_offset : 0;
        if (state->is_at_bp) {
            rule.kind = PV_UNWIND_BP_AT;
        } else if (state->cfa_register == REG_SP) {
            rule.kind = PV_UNWIND_SP;
        } else if (state->cfa_register == REG_BP) {
            rule.kind = PV_UNWIND_BP;
        }
    }
    return rule;
}

/* The reader of one entry, which begins with its length; the 64-bit form does not occur. */
static struct reader entry_at(const unsigned char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    at += sizeof bytes;
    return (struct reader){at, bytes == UINT32_MAX ? at : at + bytes};
}

struct pv_unwind pv_unwind_of(uintptr_t pc)
{
    struct dwarf_eh_bases bases;
    const unsigned char *fde = _Unwind_Find_FDE((const void *)pc, &bases);
    if (!fde) {
        return (struct pv_unwind){.kind = PV_UNWIND_END};
    }
    struct pv_unwind other = {.kind = PV_UNWIND_OTHER};
    struct reader reader = entry_at(fde);
    const unsigned char *base = reader.at;
    uint32_t back = (uint32_t)number(&reader, 4);
    struct program program = {.wanted = UINTPTR_MAX};
    struct about about;
    if (!back || !read_common(&program, entry_at(base - back), &about)) {
        return other;
    }
    if (about.is_signal) {
        return (struct pv_unwind){.kind = PV_UNWIND_SIGNAL};
    }
    size_t n = encoded_bytes(about.encoding);
    number(&reader, n);
    number(&reader, n);
    if (about.has_augmentation) {
        skip_block(&reader);
    }
    if (!n || reader.at > reader.end) {
        return other;
    }
    program.location = (uintptr_t)bases.function;
    program.wanted = pc;
    run(&program, reader);
    return of_state(&program.state);
}

#else

struct pv_unwind pv_unwind_of(uintptr_t pc)
{
    (void)pc;
    return (struct pv_unwind){.kind = PV_UNWIND_OTHER};
}

#endif
