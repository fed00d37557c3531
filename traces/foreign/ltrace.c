/* SPDX-License-Identifier: MIT
 *
 * ltrace.c - reads ltrace's logs, whatever options were given:
 *
 *   malloc(100)                                     = 0x1000
 *   [pid 7] 14:10:36 app->malloc@libc.so.6(8192 <unfinished ...>     begins,
 *   6 free(0x2000 <unfinished ...>                    another thread comes between,
 *   7 <... malloc resumed> )                        = 0x1000          ends
 *   puts("Name:"Name:                               the program's own text,
 *   )                                               = 6               and the end of that call
 *   free(0x1000 <no return ...>                     the program dies in it
 *   --- SIGABRT (Aborted) ---                       for this reason
 *
 * ltrace shows the calls of the traced modules, not those inside libraries: so a free may be of
 * memory whose allocation is not in the log, and memory may be freed unseen. Both are counted.
 */
#include <string.h>

#include "core/status.h"
#include "traces/foreign/ltrace_calls.h"

/* Does this line belong to the process that is read, or may it? `allocates`: the line chooses
 * the process when none is chosen yet. */
static bool takes(struct pv_text_trace *trace, const struct pv_ltrace_thread *thread,
                  bool allocates)
{
    return allocates ? pv_account_takes(trace->account, thread->process)
                     : !pv_account_taken(trace->account) ||
                           (thread->process && thread->process->is_taken);
}

static int read_call(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                     struct pv_cursor line, struct pv_call *call)
{
    struct pv_printed printed;
    enum pv_printed_end end = pv_printed_take(&line, &printed);
    struct pv_ltrace *own = trace->own;
    if (end != PV_PRINTED_NONE && thread->is_over) {
        bool another = !thread->tid || pv_ltrace_is_over(&own->threads, thread->process);
        thread->is_over = false;
        if (another) {
            pv_ltrace_exec(&own->threads, trace->account, thread);
        }
    }
    if (!takes(trace, thread, printed.form != PV_FORM_LOOKS) &&
        (printed.form != PV_FORM_LOOKS || pv_account_taken(trace->account))) {
        return PV_OK;
    }
    if (end == PV_PRINTED_WHOLE && !printed.n && (pv_cursor_done(&line) || *line.at == ':')) {
        return PV_OK; /* a message of the C library, as "free(): double free detected" */
    }
    return end == PV_PRINTED_OPEN ? pv_ltrace_begin(trace, thread, &printed, line, call)
                                  : pv_ltrace_whole(trace, thread, &printed, line, call);
}

static bool is_name(struct pv_cursor name, const char *other)
{
    return (size_t)(name.end - name.at) == strlen(other) &&
           memcmp(name.at, other, strlen(other)) == 0;
}

static bool is_fork(struct pv_cursor name)
{
    static const char *const names[] = {"fork",    "vfork",    "__fork",   "__libc_fork",
                                        "forkpty", "SYS_fork", "SYS_vfork"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        if (is_name(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* clone and SYS_clone make a process, unless the flag for a thread is set. */
static bool is_clone_of_process(struct pv_cursor name, struct pv_cursor line)
{
    enum { CLONE_THREAD_FLAG = 0x10000, LIBRARY_FLAGS = 2 };
    bool library = is_name(name, "clone");
    uint64_t flags = 0;
    if (!library && !is_name(name, "SYS_clone")) {
        return false;
    }
    line.at = name.end;
    for (int i = 0; library && i < LIBRARY_FLAGS; ++i) {
        const char *comma = memchr(line.at, ',', (size_t)(line.end - line.at));
        line.at = comma ? comma + 1 : line.end;
    }
    if (!library) {
        pv_cursor_byte(&line, '(');
    }
    pv_cursor_blanks(&line);
    return pv_printed_take_value(&line, &flags) && !(flags & CLONE_THREAD_FLAG);
}

/* As strcpy(0x1000, "x") = 0x1000: is the result also one of the arguments? */
static bool answers_argument(struct pv_cursor line)
{
    const char *equals = memrchr(line.at, '=', (size_t)(line.end - line.at));
    if (!equals) {
        return false;
    }
    struct pv_cursor result = {.at = equals + 1, .end = line.end};
    struct pv_cursor number;
    pv_cursor_blanks(&result);
    return pv_cursor_text(&result, &number) &&
           memmem(line.at, (size_t)(equals - line.at), number.at,
                  (size_t)(number.end - number.at));
}

/* Any other function: it may have made a process or a thread, or returned an address whose
 * earlier block the log knows; that block is then no longer certain. */
static int read_other(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                      struct pv_cursor line, struct pv_call *call)
{
    struct pv_ltrace *own = trace->own;
    struct pv_cursor name = {.at = line.at, .end = line.at};
    struct pv_printed_result result;
    while (name.end < line.end && *name.end != '(' && *name.end != ' ' && *name.end != '@') {
        ++name.end;
    }
    if (line.end - name.at > 14 && memcmp(name.at, "pthread_create", 14) == 0) {
        own->threads.creator = thread->process;
    }
    char last = line.end[-1];
    bool may_end = last == '>' || (last >= '0' && last <= '9') || (last >= 'a' && last <= 'f');
    if (!may_end || !pv_ltrace_last_result(line, &result) || !result.value) {
        return PV_OK;
    }
    if (is_fork(name) || is_clone_of_process(name, line)) {
        pv_ltrace_expect_child(&own->threads, trace->account, result.value);
        return PV_OK;
    }
    bool is_taken = thread->process && thread->process->is_taken;
    if (!is_taken || !pv_calls_is_known(trace->calls, result.value) || answers_argument(line)) {
        return PV_OK;
    }
    call->addr = result.value;
    return pv_calls_gave_unread(trace->calls, call, false);
}

/* Lines that are no calls: exits, signals, exec. */
static bool is_remark(const struct pv_cursor *line)
{
    return line->end - line->at > 3 &&
           (memcmp(line->at, "+++", 3) == 0 || memcmp(line->at, "---", 3) == 0);
}

/* Signals that end a program because of its own mistake. */
static bool is_deadly(struct pv_cursor line)
{
    static const char *const names[] = {"SIGABRT", "SIGSEGV", "SIGBUS",
                                        "SIGILL",  "SIGFPE",  "SIGTRAP"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        if (pv_cursor_word(&line, names[i])) {
            return true;
        }
    }
    return false;
}

static int read_remark(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                       struct pv_cursor line, struct pv_call *call)
{
    struct pv_ltrace *own = trace->own;
    if (pv_cursor_word(&line, "--- Called exec()")) {
        pv_ltrace_exec(&own->threads, trace->account, thread);
        return PV_OK;
    }
    if (pv_cursor_word(&line, "--- SIGCHLD")) {
        if (pv_ltrace_doubt_thread(&own->threads, thread)) {
            pv_account_add(trace->account, PV_GUESSED_THREADS, NULL, 0, 1);
        }
        return PV_OK;
    }
    bool exited = pv_cursor_word(&line, "+++ exited ");
    bool killed = !exited && pv_cursor_word(&line, "+++ killed by ");
    bool ends = exited || killed;
    bool signalled = !ends && pv_cursor_word(&line, "--- ") && is_deadly(line);
    /* the line of the signal names the thread at fault; the signal kills all threads */
    bool dies = signalled || (killed && !own->is_signalled && is_deadly(line));
    own->is_signalled = signalled || (own->is_signalled && !exited);
    thread->is_over |= ends;
    return ends || dies ? pv_ltrace_leave(trace, thread, call, dies) : PV_OK;
}

/* Is this the rest of the call that is open? *ret_halves: its result comes on a later line. */
static bool ends_open(struct pv_cursor line, struct pv_printed_result *ret, bool *ret_halves)
{
    struct pv_cursor at = line;
    pv_cursor_blanks(&at);
    *ret_halves = pv_cursor_word(&at, "<no return") || pv_cursor_word(&at, "<unfinished");
    const char *close = memrchr(line.at, ')', (size_t)(line.end - line.at));
    return *ret_halves || (close && pv_ltrace_last_result(line, ret));
}

static int read_thread(struct pv_text_trace *trace, struct pv_ltrace_thread *thread,
                       struct pv_cursor line, struct pv_call *call)
{
    struct pv_cursor at = line;
    struct pv_cursor name;
    if (pv_ltrace_take_resumed(&at, &name)) {
        if (is_fork(name)) {
            struct pv_ltrace *own = trace->own;
            struct pv_printed_result result;
            if (pv_ltrace_last_result(line, &result) && result.value) {
                pv_ltrace_expect_child(&own->threads, trace->account, result.value);
            }
            return PV_OK;
        }
        return takes(trace, thread, false) ? pv_ltrace_resume(trace, thread, at, name, call)
                                           : PV_OK;
    }
    at = line;
    if (pv_function_take(&at, &name)) {
        return read_call(trace, thread, line, call);
    }
    if (is_remark(&line)) {
        return read_remark(trace, thread, line, call);
    }
    if (name.end < line.end && name.end > name.at && *name.end == '(') {
        return read_other(trace, thread, line, call);
    }
    at = line;
    if (pv_ltrace_find_call(&at) || pv_ltrace_find_open(&at)) {
        return read_call(trace, thread, at, call);
    }
    if (pv_ltrace_find_remark(&at)) {
        return read_remark(trace, thread, at, call);
    }
    if (takes(trace, thread, false) && pv_ltrace_find_glued(line, &name)) {
        pv_account_add(trace->account, PV_LEFT_GARBLED, name.at, (size_t)(name.end - name.at),
                       1);
        return PV_OK;
    }
    return read_other(trace, thread, line, call);
}

/* A call was broken off by the program's own output: is this line the rest of it? *ret_taken:
 * the line holds nothing else. */
static int read_open(struct pv_text_trace *trace, struct pv_cursor whole, struct pv_cursor line,
                     const struct pv_call *blank, bool *ret_taken)
{
    struct pv_call closing = *blank;
    struct pv_printed_result result;
    struct pv_cursor name;
    struct pv_cursor at = line;
    bool halves;
    bool is_call = pv_function_take(&at, &name);
    *ret_taken = !is_call && ends_open(whole, &result, &halves);
    if (*ret_taken) {
        return pv_ltrace_close_open(trace, &closing, halves ? NULL : &result);
    }
    return is_call || is_remark(&line) ? pv_ltrace_close_open(trace, &closing, NULL) : PV_OK;
}

/* Finds the thread of this line; sets thread, time and name of *call from what stands before
 * the call. */
static int take_thread(struct pv_text_trace *trace, struct pv_cursor line,
                       const struct pv_ltrace_origin *origin, struct pv_call *call,
                       struct pv_ltrace_thread **ret_thread)
{
    struct pv_ltrace *own = trace->own;
    struct pv_printed_result result;
    struct pv_cursor name;
    struct pv_cursor at = line;
    bool full;
    bool forked = pv_ltrace_take_resumed(&at, &name) &&
                  (is_fork(name) || is_name(name, "daemon")) &&
                  pv_ltrace_last_result(line, &result) && !result.value;
    *ret_thread = pv_ltrace_thread(&own->threads, trace->account,
                                   origin->has_thread ? origin->thread : 0, forked, &full);
    if (!*ret_thread) {
        pv_account_add(trace->account, PV_LEFT_LINES, NULL, 0, 1);
        return full ? 1 : PV_ENOMEM;
    }
    call->has_thread = origin->has_thread;
    call->thread = origin->thread;
    call->has_t = origin->time != PV_LTRACE_NO_TIME;
    call->t = call->has_t ? pv_ltrace_clock_at(&own->clock, origin) : 0;
    return origin->site.end > origin->site.at ? pv_grammar_name(trace, origin->site, call)
                                              : PV_OK;
}

static int read_ltrace(struct pv_text_trace *trace, struct pv_cursor line, struct pv_call *call)
{
    struct pv_ltrace *own = trace->own;
    struct pv_ltrace_origin origin;
    struct pv_ltrace_thread *thread;
    struct pv_cursor whole = line;
    pv_ltrace_take_origin(&line, &origin);
    if (pv_cursor_done(&line) || pv_grammar_take_gap(trace, line)) {
        return 1;
    }
    if (own->open) {
        bool taken;
        int status = read_open(trace, whole, line, call, &taken);
        if (status || taken) {
            return status ? status : 1;
        }
    }
    if (!origin.has_thread) {
        const char *bracket = memchr(line.at, '[', (size_t)(line.end - line.at));
        const char *pid =
            bracket ? memmem(bracket, (size_t)(line.end - bracket), "[pid ", 5) : NULL;
        if (pid) { /* it stands behind the program's own output */
            line.at = pid;
            pv_ltrace_take_origin(&line, &origin);
        }
        if (pv_cursor_done(&line)) {
            return 1;
        }
    }
    int status = take_thread(trace, line, &origin, call, &thread);
    status = status ? status : read_thread(trace, thread, line, call);
    return status ? status : 1;
}

static int end_ltrace(struct pv_text_trace *trace)
{
    struct pv_ltrace *own = trace->own;
    struct pv_call call = trace->blank;
    int status = own->open ? pv_ltrace_close_open(trace, &call, NULL) : PV_OK;
    for (size_t i = 0; !status && i < own->threads.n; ++i) {
        call = trace->blank;
        call.has_thread = own->threads.threads[i].tid != 0;
        call.thread = own->threads.threads[i].tid;
        status = pv_ltrace_leave(trace, &own->threads.threads[i], &call, false);
    }
    return status;
}

static void close_ltrace(void *state)
{
    struct pv_ltrace *own = state;
    pv_ltrace_threads_fini(&own->threads);
}

/* A call of a known function with its result, or the first half of one. */
static bool looks_ltrace(struct pv_cursor line)
{
    struct pv_ltrace_origin origin;
    struct pv_printed printed;
    struct pv_printed_result result;
    pv_ltrace_take_origin(&line, &origin);
    enum pv_printed_end end = pv_printed_take(&line, &printed);
    if (end == PV_PRINTED_WHOLE) {
        return pv_printed_take_result(&line, &result);
    }
    if (end == PV_PRINTED_NONE) {
        return pv_ltrace_find_call(&line);
    }
    return (pv_cursor_word(&line, "<unfin") || pv_cursor_word(&line, "<no return"));
}

static bool probe_ltrace(const unsigned char *head, size_t n)
{
    return pv_grammar_probe_any(head, n, looks_ltrace);
}

static const struct pv_grammar ltrace = {.name = "ltrace",
                                         .clock = "us",
                                         .in_order = true,
                                         .begins_late = true,
                                         .own_bytes = sizeof(struct pv_ltrace),
                                         .line = read_ltrace,
                                         .end = end_ltrace,
                                         .close = close_ltrace};

static int open_ltrace(void **ret_state, struct pv_stream *stream,
                       struct pv_trace_header *header, struct pv_place *place)
{
    return pv_grammar_open(&ltrace, ret_state, stream, header, place);
}

const struct pv_format pv_format_ltrace = {
    .name = "ltrace",
    .about = "ltrace",
    .limits = "calls whose address is not shown (posix_memalign, asprintf, getline) are left "
              "out; of several processes one is taken",
    .probe = probe_ltrace,
    .open = open_ltrace,
    .next = pv_grammar_next,
    .close = pv_grammar_close};
