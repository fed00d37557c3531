/* SPDX-License-Identifier: MIT
 *
 * record.c - runs a program under the preload library, and turns its records into a trace while
 * it runs.
 *
 * The child waits before its exec until the trace can be written: a program that cannot be
 * recorded does not run. Then its spool is emptied every few milliseconds, so that little is
 * left at the end.
 */
#include "traces/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/record/drain.h"
#include "traces/record/family.h"
#include "traces/record/spool.h"
#include "traces/record/stage.h"
#include "traces/record/symbols.h"
#include "traces/signals.h"

enum {
    PAUSE_MIN_US = 500, /* pause between two looks at the spool */
    PAUSE_MAX_US = 8000,
    LEFT_MAX_MS = 300, /* how long the end waits for children that still run */
    LEFT_MS = 10,
    LOOKS = 3,
    BUSY_RECORDS = PV_SPOOL_RECORDS / 16 /* so many at once: look again without a pause */
};

struct recording {
    struct pv_stage stage;
    struct pv_drain *drain;
    char executable[PATH_MAX];
    char path[PV_RECORD_PATH];
    pid_t pid;
    int go;     /* a byte written to it starts the child; closing it ends the child */
    int report; /* the child writes errno to it when exec failed */
    int ended;  /* the child's status as waitpid gives it; 0: not known */
};

static int fail(struct pv_record_result *result, int status, const char *what, const char *why,
                const char *hint)
{
    char raw[PV_RECORD_PATH + 2 * PV_RECORD_TEXT];
    snprintf(raw, sizeof raw, "%s%s%s", what, why ? ": " : "", why ? why : "");
    pv_text_clean(result->text, sizeof result->text, raw, strlen(raw));
    snprintf(result->hint, sizeof result->hint, "%s", hint ? hint : "");
    return status;
}

/* ---- the child ---- */

/* Runs between fork and exec, so it allocates nothing. The parent reads errno from the pipe
 * when exec failed, and end of file when it did not. */
static void become(const struct recording *recording, char *const argv[], int go, int report)
{
    char byte;
    ssize_t n;
    do {
        n = read(go, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n != 1) {
        _exit(0);
    }
    execvpe(argv[0], argv, recording->stage.environment);
    int failed = errno;
    if (write(report, &failed, sizeof failed) < 0) {
        _exit(126);
    }
    _exit(127);
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

static int fork_child(struct recording *recording, char *const argv[])
{
    int ends[4] = {-1, -1, -1, -1}; /* go, report */
    if (pipe2(ends, O_CLOEXEC) != 0 || pipe2(ends + 2, O_CLOEXEC) != 0) {
        close_all(ends, 4);
        return PV_EIO;
    }
    recording->pid = pv_signals_fork(PV_CHILD_PROGRAM);
    if (recording->pid == 0) {
        close(ends[1]); /* or `go` would never read end of file */
        become(recording, argv, ends[0], ends[3]);
    }
    int error = errno;
    close(ends[0]);
    close(ends[3]);
    recording->go = ends[1];
    recording->report = ends[2];
    errno = error;
    return recording->pid < 0 ? PV_EIO : PV_OK;
}

/* Starts the child. PV_EINVAL: exec failed; PV_EIO: the child still waits. *ret_errno: why. */
static int let_begin(struct recording *recording, int *ret_errno)
{
    ssize_t n;
    *ret_errno = 0;
    do {
        n = write(recording->go, "", 1);
    } while (n < 0 && errno == EINTR);
    if (n != 1) {
        *ret_errno = errno;
        return PV_EIO;
    }
    do {
        n = read(recording->report, ret_errno, sizeof *ret_errno);
    } while (n < 0 && errno == EINTR);
    return *ret_errno ? PV_EINVAL : PV_OK;
}

/* Ends the child that waits to begin. */
static void let_go(struct recording *recording)
{
    int status;
    close(recording->go);
    recording->go = -1;
    (void)pv_signals_wait(recording->pid, &status, NULL);
}

static bool has_ended(const struct recording *recording)
{
    siginfo_t info = {.si_pid = 0};
    int failed = waitid(P_PID, (id_t)recording->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return failed ? errno != EINTR : info.si_pid != 0;
}

/* Empties the spool until the program has ended. */
static void follow(struct recording *recording)
{
    long pause_us = PAUSE_MIN_US;
    while (!has_ended(recording)) {
        uint64_t n;
        pv_drain_take(recording->drain, false, &n);
        if (n) {
            pause_us = PAUSE_MIN_US;
        } else if (pause_us < PAUSE_MAX_US) {
            pause_us *= 2;
        }
        if (n < BUSY_RECORDS) {
            struct timespec time = {.tv_nsec = pause_us * 1000};
            nanosleep(&time, NULL);
        }
    }
}

/* ---- the whole ---- */

/* The command line with blanks between words, for the trace's header. */
static char *command_line(char *const argv[])
{
    size_t n = 1;
    for (size_t i = 0; argv[i]; i++) {
        n += strlen(argv[i]) + 1;
    }
    char *raw = pv_own_calloc(n, 1), *clean = pv_own_calloc(n, 3);
    if (raw && clean) {
        size_t at = 0;
        for (size_t i = 0; argv[i]; i++) {
            at += (size_t)snprintf(raw + at, n - at, "%s%s", i ? " " : "", argv[i]);
        }
        pv_text_clean(clean, n * 3, raw, at);
    } else {
        pv_own_free(clean);
        clean = NULL;
    }
    pv_own_free(raw);
    return clean;
}

static int make_stage(struct recording *recording, const struct pv_record_options *options,
                      struct pv_record_result *result)
{
    char library[PATH_MAX];
    if (!pv_stage_find_library(options->library, library, sizeof library)) {
        char what[PATH_MAX + 32];
        int error = errno;
        snprintf(what, sizeof what, "no preload library %s", library);
        return fail(result, PV_ENOTSUP, what, strerror(error),
                    "set " PV_LIBRARY_ENV " to where it is");
    }
    uint64_t depth = options->no_names ? PV_SPOOL_NO_STACKS : options->depth;
    int status = pv_stage_make(&recording->stage, library, depth);
    if (status == PV_ENOMEM) {
        return fail(result, status, "out of memory", NULL, NULL);
    }
    if (status) {
        bool is_memory = errno == ENOMEM;
        return fail(result, status, "cannot make a spool", strerror(errno),
                    is_memory ? NULL : "set TMPDIR to a directory that can be written");
    }
    return PV_OK;
}

static void choose_path(struct recording *recording, const struct pv_record_options *options,
                        const char *program, struct pv_record_result *result)
{
    char *path = recording->path;
    if (options->path) {
        snprintf(path, sizeof recording->path, "%s", options->path);
    } else {
        const char *slash = strrchr(program, '/');
        snprintf(path, sizeof recording->path, "%.200s.%ld.pvt", slash ? slash + 1 : program,
                 (long)recording->pid);
    }
    pv_text_clean(result->path, sizeof result->path, path, strlen(path));
}

static int open_drain(struct recording *recording, const struct pv_record_options *options,
                      char *const argv[], struct pv_record_result *result)
{
    char *program = command_line(argv);
    pv_stage_find_executable(argv[0], recording->executable, sizeof recording->executable);
    struct pv_drain_about about = {
        .spool = recording->stage.map, .program = program, .executable = recording->executable};
    int status =
        program ? pv_drain_open(&recording->drain, &about, options, result) : PV_ENOMEM;
    pv_own_free(program);
    if (status) {
        return fail(result, status, "out of memory", NULL, NULL);
    }
    status = pv_drain_begin(recording->drain, recording->path);
    if (status) {
        char why[PV_RECORD_TEXT];
        snprintf(why, sizeof why, "%s", result->text);
        return fail(result, status, result->path, *why ? why : "cannot be written",
                    "name another file with -o");
    }
    return PV_OK;
}

/* Says why the library was not loaded into the program, or could not begin there. */
static int explain_absence(const struct recording *recording, struct pv_record_result *result)
{
    static const char what[] = "the program could not be recorded";
    const struct pv_spool_header *header = recording->stage.map;
    struct rlimit addresses;
    if (header->failed) {
        return fail(result, PV_ELIMIT, what, strerror((int)header->failed),
                    "the library that sees its calls had no room in its address space");
    }
    switch (pv_reach(recording->executable)) {
    case PV_REACH_STATIC:
        return fail(result, 1, what, "it is a static one", NULL);
    case PV_REACH_SETUID:
        return fail(result, 1, what, "it runs with rights of its own (setuid or the like)",
                    NULL);
    case PV_REACH_MACHINE:
        return fail(result, 1, what, "it is for another kind of machine than this tool", NULL);
    case PV_REACH_YES:
        if (WIFSIGNALED(recording->ended)) {
            char why[PV_RECORD_TEXT / 2];
            int number = WTERMSIG(recording->ended);
            snprintf(why, sizeof why, "signal %d (%s) ended it before its first call", number,
                     strsignal(number));
            return fail(result, 1, what, why, NULL);
        }
        if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY) {
            return fail(result, PV_ELIMIT, what,
                        "the library that sees its calls was not loaded",
                        "most likely its limit on address space is too low");
        }
        return fail(result, 1, what, "the library that sees its calls was not loaded", NULL);
    default:
        return fail(result, 1, what, NULL, "static and setuid programs cannot be reached");
    }
}

static int explain(const struct recording *recording, int status,
                   struct pv_record_result *result)
{
    if (status == 1) {
        return result->attached
                   ? fail(result, 1, "the program asked for no memory", NULL,
                          "a program with an allocator of its own makes no calls to see")
                   : explain_absence(recording, result);
    }
    if (status) {
        char what[PV_RECORD_TEXT];
        snprintf(what, sizeof what, "%s", *result->text ? result->text : "unknown failure");
        return fail(result, status, "the trace is not whole", what,
                    result->kept ? "" : "nothing of it could be kept");
    }
    return PV_OK;
}

/* Waits a moment for children that still run after the program has ended, so that the calls of
 * those that are nearly done are counted. */
static uint64_t wait_for_family(const struct recording *recording)
{
    const struct pv_spool_header *header = recording->stage.map;
    uint64_t n = 0;
    if (!header->n_forks && !header->n_children) {
        return 0;
    }
    unsigned n_looks = 0; /* in a row without one: a look may miss a process being made */
    for (int ms = 0; ms <= LEFT_MAX_MS; ms += LEFT_MS) {
        n = pv_family_count(recording->stage.spool);
        n_looks = n ? 0 : n_looks + 1;
        if (n_looks == LOOKS) {
            break;
        }
        struct timespec time = {.tv_nsec = LEFT_MS * 1000000L};
        nanosleep(&time, NULL);
    }
    return n;
}

/* The program has ended. A signal that asks this process to end is discarded: the trace is
 * nearly done, and is finished. */
static int finish(struct recording *recording, struct pv_record_result *result)
{
    uint64_t n;
    int ended;
    sigset_t asked, before;
    sigemptyset(&asked);
    sigaddset(&asked, SIGTERM);
    sigaddset(&asked, SIGHUP);
    sigaddset(&asked, SIGINT);
    sigprocmask(SIG_BLOCK, &asked, &before);
    int failed = pv_signals_wait(recording->pid, &ended, NULL);
    int error = errno;
    pv_drain_take(recording->drain, true, &n);
    result->n_running = wait_for_family(recording);
    recording->ended = failed ? 0 : ended;
    int status = explain(recording, pv_drain_finish(recording->drain), result);
    struct timespec none = {.tv_sec = 0};
    while (sigtimedwait(&asked, NULL, &none) > 0) {
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        result->kept |= status == PV_OK;
        return fail(result, failed, "how the program ended is not known", strerror(error),
                    NULL);
    }
    result->ended = true;
    result->exit_code = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
    return status;
}

static int run(struct recording *recording, const struct pv_record_options *options,
               char *const argv[], struct pv_record_result *result)
{
    int failed;
    int status = make_stage(recording, options, result);
    if (status) {
        return status;
    }
    status = fork_child(recording, argv);
    if (status) {
        return fail(result, status, "cannot start a process", strerror(errno), NULL);
    }
    result->pid = recording->pid;
    ((struct pv_spool_header *)recording->stage.map)->pid = recording->pid;
    choose_path(recording, options, argv[0], result);
    status = open_drain(recording, options, argv, result);
    if (status) {
        let_go(recording);
        return status;
    }
    status = let_begin(recording, &failed);
    if (status) {
        char what[PV_RECORD_TEXT / 2];
        let_go(recording);
        snprintf(what, sizeof what, "%s cannot be started", argv[0]);
        return fail(result, status, what, strerror(failed), NULL);
    }
    follow(recording);
    return finish(recording, result);
}

int pv_record_run(const struct pv_record_options *options, char *const argv[],
                  struct pv_record_result *ret_result)
{
    *ret_result = (struct pv_record_result){0};
    if (!argv[0] || !argv[0][0]) {
        return fail(ret_result, PV_EINVAL, "no program to record", NULL, NULL);
    }
    if (options->path && (strcmp(options->path, "-") == 0 || !options->path[0] ||
                          strlen(options->path) >= PV_RECORD_PATH)) {
        return fail(ret_result, PV_EINVAL, "a recording needs a file to write to", NULL,
                    "standard output is the program's");
    }
    struct recording recording = {.go = -1, .report = -1};
    int status = run(&recording, options, argv, ret_result);
    int ends[] = {recording.go, recording.report};
    close_all(ends, 2);
    pv_drain_close(recording.drain);
    pv_stage_clear(&recording.stage);
    return status;
}
