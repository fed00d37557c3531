/* SPDX-License-Identifier: MIT
 *
 * ltrace_calls.c - see ltrace_calls.h.
 *
 * A free that has begun, of what is not live, is doubtful: it is a mistake when the program dies
 * in it, and else perhaps of memory that the log did not show. It waits for its end, which
 * changes nothing, since what it frees is no block.
 */
#include "traces/foreign/ltrace_calls.h"

#include <string.h>

#include "core/status.h"

/* Results below are numbers: 0, an errno, a length. */
static const uint64_t ADDRESS_MIN = 4096;

static void count(struct pv_text_trace *trace, enum pv_account_kind kind,
                  const struct pv_ltrace_frame *frame)
{
    pv_account_add(trace->account, kind, frame->name, frame->n_name, 1);
}

/* A doubtful free has ended. */
static int settle(struct pv_text_trace *trace, struct pv_call *freed, bool dies)
{
    if (pv_calls_is_live(trace->calls, freed->addr)) { /* given to another thread since */
        pv_account_add(trace->account, PV_LEFT_FREES, NULL, 0, 1);
        return PV_OK;
    }
    freed->op = PV_OP_FREE;
    freed->is_sure = dies;
    return pv_grammar_put(trace, freed);
}

/* ---- what has ended ---- */

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

/* Memory that the log tells too little of. */
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

/* Calls that give memory only when they are asked to, or do not show where. */
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

/* posix_memalign answers whether it could, and not where. */
static int end_out(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                   const struct pv_printed_result *result)
{
    count(trace, result->value ? PV_LEFT_FAILED : PV_LEFT_HIDDEN, frame);
    if (!result->value) {
        pv_calls_gave_hidden(trace->calls);
    }
    return PV_OK;
}

/* Did the calls inside this one do all its work? */
static bool is_done_inside(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                           enum pv_op op, const struct pv_printed_result *result)
{
    if (!frame->n_inner) {
        return false;
    }
    if (op == PV_OP_MARK) {
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

static int end_call(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    const struct pv_ltrace_frame *frame, struct pv_call *call,
                    const struct pv_printed_result *result)
{
    bool guessed;
    enum pv_call_form form = frame->printed.form;
    enum pv_op op = pv_function_op(form);
    if (op == PV_OP_FREE) {
        call->addr = frame->freed;
        return frame->is_doubtful ? settle(trace, call, false) : PV_OK;
    }
    if (is_done_inside(trace, frame, op, result)) {
        return PV_OK;
    }
    pv_ltrace_count_inner(thread, 0);
    if (op == PV_OP_MARK) {
        return end_other(trace, frame, call, result);
    }
    if (form == PV_FORM_OUT_ALIGN && result->is_number && result->value < ADDRESS_MIN) {
        return end_out(trace, frame, result);
    }
    bool filled = pv_printed_fill(&frame->printed, call, &guessed);
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
    return put_gift(trace, thread, call);
}

/* ---- what begins ---- */

/* The program's text may stick to an address: 0x55d0free(): as much of it as is known. */
static uint64_t known_part(const struct pv_text_trace *trace, uint64_t addr)
{
    for (uint64_t part = addr; part; part >>= 4) {
        if (pv_calls_is_known(trace->calls, part)) {
            return part;
        }
    }
    return addr;
}

/* `whole`: it has ended, too. */
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
        return PV_OK; /* the call around it frees the same */
    }
    frame->freed = call->addr;
    frame->n_inner = 0;
    frame->is_doubtful = !whole && call->addr && !is_live;
    return frame->is_doubtful ? PV_OK : pv_grammar_put(trace, call);
}

static void set_name(struct pv_ltrace_frame *frame, struct pv_cursor name)
{
    size_t n = (size_t)(name.end - name.at);
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
    if (pv_function_op(printed->form) == PV_OP_FREE) {
        return begin_free(trace, thread, &frame, call, true);
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
    /* <no return ...> too may be followed by its return, when another thread has ended. */
    bool goes_on = pv_cursor_word(&rest, "<unfin") || pv_cursor_word(&rest, "<no return");
    struct pv_ltrace_frame *frame = pv_ltrace_push(thread, printed, &dropped);
    if (dropped) {
        pv_account_add(trace->account, PV_LEFT_HALVES, NULL, 0, 1);
    }
    set_name(frame, printed->name);
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
    if (!result) { /* it may be resumed, or the thread may die in it */
        return own->is_open_free ? begin_free(trace, thread, frame, call, false) : PV_OK;
    }
    struct pv_ltrace_frame ended = *frame;
    thread->n_frames--;
    return own->is_open_free ? begin_free(trace, thread, &ended, call, true)
                             : end_call(trace, thread, &ended, call, result);
}

/* ---- ends ---- */

/* The end of a call that has not begun in this log. */
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

/* A call that ends unseen, or at which the program dies. */
static int give_up(struct pv_text_trace *trace, const struct pv_ltrace_frame *frame,
                   struct pv_call *call, bool dies)
{
    bool frees = pv_function_op(frame->printed.form) == PV_OP_FREE;
    if (dies && frame->printed.form != PV_FORM_LOOKS) {
        count(trace, PV_DIED_IN_CALLS, frame);
    } else if (!frees) {
        count(trace, PV_LEFT_HALVES, frame);
    }
    if (!frees || !frame->is_doubtful) {
        return PV_OK;
    }
    struct pv_call freed = *call;
    freed.addr = frame->freed;
    return settle(trace, &freed, dies);
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
        status = give_up(trace, &thread->frames[--thread->n_frames], call, false);
    }
    if (status) {
        return status;
    }
    struct pv_ltrace_frame frame = thread->frames[--thread->n_frames];
    pv_ltrace_last_result(line, &result);
    return end_call(trace, thread, &frame, call, &result);
}

int pv_ltrace_leave(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                    struct pv_call *call, bool dies)
{
    int status = PV_OK;
    while (!status && thread->n_frames) {
        status = give_up(trace, &thread->frames[--thread->n_frames], call, dies);
    }
    return status;
}
