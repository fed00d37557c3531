/* SPDX-License-Identifier: MIT
 *
 * ltrace_calls.c - see ltrace_calls.h.
 *
 * A free of a block that is not live is doubtful when it begins: it is a mistake if the program
 * dies in it; else the log may not have shown the allocation. It waits for its end. Waiting
 * changes no other call, because it frees no live block.
 */
#include "traces/foreign/ltrace_calls.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"

/* posix_memalign returns an errno, which is less than this. */
static const uint64_t ERRNO_MAX = 4096;

/* No allocator returns an address below the first, or one that is no multiple of the second. */
static const uint64_t ADDRESS_MIN = 16, ADDRESS_MULTIPLE = 2;

/* No program has more memory: a larger request is the call of another function, shown under a
 * wrong name. */
static const uint64_t BYTES_MAX = UINT64_C(1) << 47;

/* A thread's cache holds 7 blocks of each of 64 sizes. */
enum { HELD_MAX = 7 * 64 };

static void count(struct pv_text_trace *trace, enum pv_account_kind kind,
                  const struct pv_ltrace_frame *frame)
{
    pv_account_add(trace->account, kind, frame->name, frame->n_name, 1);
}

/* Holds back a free of a block that is not live: when a thread ends, the C library frees by its
 * own function the blocks in the thread's cache, which the program has freed before. */
static int hold(struct pv_ltrace_thread *thread, const struct pv_call *freed)
{
    struct pv_call *held =
        pv_own_room(thread->held, thread->n_held, &thread->cap_held, sizeof *held);
    if (!held) {
        return PV_ENOMEM;
    }
    thread->held = held;
    held[thread->n_held++] = *freed;
    return PV_OK;
}

/* The thread goes on, so the frees that were held back are the program's. */
static int let_go(struct pv_text_trace *trace, struct pv_ltrace_thread *thread)
{
    int status = PV_OK;
    for (size_t i = 0; !status && i < thread->n_held; ++i) {
        bool is_live = pv_calls_is_live(trace->calls, thread->held[i].addr);
        if (is_live) { /* another thread has it now */
            pv_account_add(trace->account, PV_LEFT_FREES, NULL, 0, 1);
        } else {
            status = pv_grammar_put(trace, &thread->held[i]);
        }
    }
    thread->n_held = 0;
    return status;
}

/* Decides on a doubtful free that has ended. */
static int settle(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                  const struct pv_ltrace_frame *frame, struct pv_call *freed, bool dies)
{
    freed->op = PV_OP_FREE;
    freed->addr = frame->freed;
    freed->is_sure = dies;
    if (pv_calls_is_live(trace->calls, freed->addr)) { /* another thread has it now */
        pv_account_add(trace->account, PV_LEFT_FREES, NULL, 0, 1);
        return PV_OK;
    }
    bool is_library = !dies && frame->is_inside && !thread->n_frames && thread->tid &&
                      thread->n_held < HELD_MAX && pv_calls_is_known(trace->calls, freed->addr);
    return is_library ? hold(thread, freed) : pv_grammar_put(trace, freed);
}

/* ---- calls that have ended ---- */

static int put_gift(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    struct pv_call *call)
{
    struct pv_ltrace *own = trace->own;
    if (pv_calls_is_live(trace->calls, call->addr) &&
        pv_ltrace_is_resized(&own->threads, thread, call->addr)) {
        call->may_wait = true;
    }
    return pv_grammar_put(trace, call);
}

/* Counts a call of which the log shows too little; the block at the address that it returned,
 * if any, is no longer certain. */
static int put_unread(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                      struct pv_call *call, const struct pv_printed_result *result,
                      enum pv_account_kind kind)
{
    if (result->is_number && !result->value && kind != PV_LEFT_CALLS) {
        count(trace, PV_LEFT_FAILED, frame);
        return PV_OK;
    }
    count(trace, kind, frame);
    if (!result->is_number) {
        pv_calls_gave_hidden(trace->calls);
        return PV_OK;
    }
    call->addr = result->value;
    return pv_calls_gave_unread(trace->calls, call, kind != PV_LEFT_CALLS);
}

/* Calls that allocate only when an argument is NULL, or that do not return the address. */
static int end_other(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                     struct pv_call *call, const struct pv_printed_result *result)
{
    const struct pv_printed *printed = &frame->printed;
    switch (printed->form) {
    case PV_FORM_IF_NULL_1:
    case PV_FORM_IF_NULL_2: {
        unsigned which = printed->form == PV_FORM_IF_NULL_2;
        bool has_room =
            printed->n > which && printed->is_number[which] && printed->arguments[which] != 0;
        return has_room ? PV_OK : put_unread(trace, frame, call, result, PV_LEFT_HIDDEN);
    }
    case PV_FORM_HIDDEN:
        count(trace, PV_LEFT_HIDDEN, frame);
        pv_calls_gave_hidden(trace->calls);
        return PV_OK;
    default:
        return put_unread(trace, frame, call, result, PV_LEFT_CALLS);
    }
}

/* posix_memalign returns only whether it succeeded, not the address. */
static int end_out(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                   const struct pv_printed_result *result)
{
    count(trace, result->value ? PV_LEFT_FAILED : PV_LEFT_HIDDEN, frame);
    if (!result->value) {
        pv_calls_gave_hidden(trace->calls);
    }
    return PV_OK;
}

/* Did calls for memory inside this one do all its work? */
static bool is_done_inside(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                           enum pv_op op, const struct pv_printed_result *result)
{
    if (!frame->n_inner) {
        return false;
    }
    if (op == PV_OP_MARK || frame->printed.form == PV_FORM_OUT_ALIGN) {
        return true;
    }
    if (!result->is_number) {
        return false;
    }
    if (op == PV_OP_REALLOC && !result->value && frame->printed.is_number[0]) {
        return !pv_calls_is_live(trace->calls, frame->printed.arguments[0]);
    }
    return pv_calls_is_live(trace->calls, result->value);
}

/* Is the result impossible for this call? */
static bool is_wild(const struct pv_call *call, enum pv_call_form form,
                    const struct pv_printed_result *result)
{
    uint64_t bytes;
    if (!result->is_number || !result->value) {
        return false;
    }
    if (result->value < ADDRESS_MIN || result->value % ADDRESS_MULTIPLE) {
        return form != PV_FORM_OUT_ALIGN;
    }
    return __builtin_mul_overflow(call->size, call->count, &bytes) || bytes > BYTES_MAX;
}

static int end_call(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_ltrace_frame *frame, struct pv_call *call,
                    const struct pv_printed_result *result)
{
    bool guessed = false;
    enum pv_call_form form = frame->printed.form;
    enum pv_op op = pv_function_op(form);
    if (op == PV_OP_FREE) {
        return frame->is_doubtful ? settle(trace, thread, frame, call, false) : PV_OK;
    }
    if (is_done_inside(trace, frame, op, result)) {
        return PV_OK;
    }
    bool filled = op != PV_OP_MARK && pv_printed_fill(&frame->printed, call, &guessed);
    if (filled && is_wild(call, form, result)) {
        count(trace, PV_LEFT_GARBLED, frame);
        return PV_OK;
    }
    pv_ltrace_count_inner(thread, 0);
    if (op == PV_OP_MARK) {
        return end_other(trace, frame, call, result);
    }
    if (form == PV_FORM_OUT_ALIGN && result->is_number && result->value < ERRNO_MAX) {
        return end_out(trace, frame, result);
    }
    if (!filled || !result->is_number) {
        bool copies = form == PV_FORM_TEXT || form == PV_FORM_TEXT_SIZE;
        return put_unread(trace, frame, call, result,
                          copies ? PV_LEFT_HIDDEN : PV_LEFT_GARBLED);
    }
    call->addr = result->value;
    if (!call->addr && !(op == PV_OP_REALLOC && !call->size)) {
        count(trace, PV_LEFT_FAILED, frame);
        return PV_OK;
    }
    if (guessed) {
        count(trace, PV_GUESSED_SIZES, frame);
    }
    if (frame->is_unseen && call->addr) { /* by now the old address may be another block's */
        pv_account_add(trace->account, PV_LEFT_RESIZES, NULL, 0, 1);
        call->old = 0;
    }
    return put_gift(trace, thread, call);
}

/* ---- calls that begin ---- */

/* The program's output may be stuck to an address, as in 0x55d0free(): returns the longest
 * leading part that is a known address. */
static uint64_t known_part(const struct pv_text_trace *trace, uint64_t addr)
{
    for (uint64_t part = addr; part; part >>= 4) {
        if (pv_calls_is_known(trace->calls, part)) {
            return part;
        }
    }
    return addr;
}

/* `whole`: the line shows its end too. */
static int begin_free(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                      struct pv_ltrace_frame *frame, struct pv_call *call, bool whole)
{
    bool guessed;
    if (!pv_printed_fill(&frame->printed, call, &guessed)) {
        count(trace, PV_LEFT_GARBLED, frame);
        return PV_OK;
    }
    bool is_live = pv_calls_is_live(trace->calls, call->addr);
    frame->freed = 0;
    if (pv_ltrace_count_inner(thread, call->addr) && !is_live) {
        return PV_OK; /* an outer call frees the same address */
    }
    frame->freed = call->addr;
    frame->n_inner = 0;
    frame->is_doubtful = call->addr && !is_live;
    if (!frame->is_doubtful) {
        return pv_grammar_put(trace, call);
    }
    return whole ? settle(trace, thread, frame, call, false) : PV_OK;
}

static void set_name(struct pv_ltrace_frame *frame, struct pv_cursor name)
{
    size_t n = (size_t)(name.end - name.at);
    frame->is_inside = *name.end == '@';
    frame->n_name = n < PV_LTRACE_NAME ? n : PV_LTRACE_NAME;
    memcpy(frame->name, name.at, frame->n_name);
}

int pv_ltrace_whole(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_printed *printed, struct pv_cursor rest,
                    struct pv_call *call)
{
    struct pv_ltrace_frame frame = {.printed = *printed};
    struct pv_printed_result result = {0};
    set_name(&frame, printed->name);
    bool frees = pv_function_op(printed->form) == PV_OP_FREE;
    int status = frees && frame.is_inside ? PV_OK : let_go(trace, thread);
    if (status || frees) {
        return status ? status : begin_free(trace, thread, &frame, call, true);
    }
    if (!pv_printed_take_result(&rest, &result)) {
        count(trace, PV_LEFT_HALVES, &frame);
        return PV_OK;
    }
    return end_call(trace, thread, &frame, call, &result);
}

int pv_ltrace_begin(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_printed *printed, struct pv_cursor rest,
                    struct pv_call *call)
{
    struct pv_ltrace *own = trace->own;
    bool dropped;
    bool frees = pv_function_op(printed->form) == PV_OP_FREE;
    /* <no return ...> may be followed by a return as well, when another thread has ended */
    bool goes_on = pv_cursor_word(&rest, "<unfin") || pv_cursor_word(&rest, "<no return");
    struct pv_ltrace_frame *frame = pv_ltrace_push(thread, printed, &dropped);
    if (dropped) {
        pv_account_add(trace->account, PV_LEFT_HALVES, NULL, 0, 1);
    }
    set_name(frame, printed->name);
    frame->is_unseen = pv_function_op(printed->form) == PV_OP_REALLOC && printed->n &&
                       printed->is_number[0] && printed->arguments[0] &&
                       !pv_calls_is_known(trace->calls, printed->arguments[0]);
    int status = frees && frame->is_inside ? PV_OK : let_go(trace, thread);
    if (status) {
        return status;
    }
    if (!goes_on) {
        own->open = (size_t)(thread - own->threads.threads) + 1;
        own->is_open_free = frees;
        if (frees) {
            frame->printed.arguments[0] = known_part(trace, printed->arguments[0]);
        }
        return PV_OK;
    }
    return frees ? begin_free(trace, thread, frame, call, false) : PV_OK;
}

int pv_ltrace_close_open(struct pv_text_trace *trace, struct pv_call *call,
                         const struct pv_printed_result *result)
{
    struct pv_ltrace *own = trace->own;
    struct pv_ltrace_thread *thread = &own->threads.threads[own->open - 1];
    own->open = 0;
    call->has_thread = thread->tid != 0;
    call->thread = thread->tid;
    if (!thread->n_frames) {
        return PV_OK;
    }
    struct pv_ltrace_frame *frame = &thread->frames[thread->n_frames - 1];
    if (!result) { /* the call may be resumed, or the thread may die in it */
        return own->is_open_free ? begin_free(trace, thread, frame, call, false) : PV_OK;
    }
    struct pv_ltrace_frame ended = *frame;
    thread->n_frames--;
    return own->is_open_free ? begin_free(trace, thread, &ended, call, true)
                             : end_call(trace, thread, &ended, call, result);
}

/* ---- ends ---- */

/* The end of a call whose beginning is not in the log. */
static int resume_unseen(struct pv_text_trace *trace, struct pv_cursor line,
                         struct pv_cursor name, struct pv_call *call)
{
    struct pv_printed_result result;
    size_t n = (size_t)(name.end - name.at);
    enum pv_call_form form = pv_function_form(name.at, n);
    if (!form || form == PV_FORM_OLD) {
        return PV_OK;
    }
    pv_account_add(trace->account, PV_LEFT_HALVES, name.at, n, 1);
    if (pv_ltrace_last_result(line, &result) && result.value) {
        call->addr = result.value;
        return pv_calls_gave_unread(trace->calls, call, pv_function_op(form) != PV_OP_MARK);
    }
    pv_calls_gave_hidden(trace->calls);
    return PV_OK;
}

/* Ends a call whose end is not in the log, or in which the program died. */
static int give_up(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                   const struct pv_ltrace_frame *frame, const struct pv_call *call, bool dies)
{
    struct pv_call freed = *call;
    if (frame->is_doubtful) {
        return settle(trace, thread, frame, &freed, dies);
    }
    if (!dies && pv_function_op(frame->printed.form) != PV_OP_FREE) {
        count(trace, PV_LEFT_HALVES, frame);
    }
    return PV_OK;
}

int pv_ltrace_resume(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                     struct pv_cursor line, struct pv_cursor name, struct pv_call *call)
{
    struct pv_printed_result result = {0};
    size_t number;
    if (!pv_ltrace_find_frame(thread, name, &number)) {
        return resume_unseen(trace, line, name, call);
    }
    int status = PV_OK;
    while (!status && thread->n_frames > number + 1) {
        thread->n_frames--;
        status = give_up(trace, thread, &thread->frames[thread->n_frames], call, false);
    }
    if (status) {
        return status;
    }
    struct pv_ltrace_frame frame = thread->frames[--thread->n_frames];
    pv_ltrace_last_result(line, &result);
    return end_call(trace, thread, &frame, call, &result);
}

/* A resize of a block that is not live, in which the program died. */
static int settle_resize(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                         const struct pv_call *call)
{
    const struct pv_printed *printed = &frame->printed;
    if (pv_function_op(printed->form) != PV_OP_REALLOC || !printed->n ||
        !printed->is_number[0] || !printed->arguments[0] ||
        pv_calls_is_live(trace->calls, printed->arguments[0])) {
        return PV_OK;
    }
    struct pv_call resized = *call;
    resized.op = PV_OP_REALLOC;
    resized.old = printed->arguments[0];
    resized.is_sure = true;
    return pv_grammar_put(trace, &resized);
}

int pv_ltrace_leave(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    struct pv_call *call, bool dies)
{
    int status = dies ? let_go(trace, thread) : PV_OK;
    if (thread->n_held) {
        pv_account_add(trace->account, PV_LEFT_CACHED, NULL, 0, thread->n_held);
        thread->n_held = 0;
    }
    if (dies && thread->n_frames) { /* in the innermost call, and so in the calls around it */
        const struct pv_ltrace_frame *innermost = &thread->frames[thread->n_frames - 1];
        count(trace, PV_DIED_IN_CALLS, innermost);
        status = status ? status : settle_resize(trace, innermost, call);
    }
    while (!status && thread->n_frames) {
        thread->n_frames--;
        status = give_up(trace, thread, &thread->frames[thread->n_frames], call, dies);
    }
    return status;
}
