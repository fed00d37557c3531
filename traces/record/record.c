/* SPDX-License-Identifier: MIT
 *
 * record.c - runs a program under the preload library and has its spool turned into a trace.
 *
 * A directory of our own under TMPDIR holds the spool and a link to the library: LD_PRELOAD is
 * cut at spaces and colons, and the library's path may have some. It is gone when we return.
 */
#include "traces/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "traces/record/convert.h"
#include "traces/record/spool.h"
#include "traces/signals.h"

#define LIBRARY     "libpebbleviz-preload.so"
#define LIBRARY_ENV "PEBBLEVIZ_PRELOAD"

extern char **environ;

/* Where the library is, seen from the folder of the executable: in a build, beside it, and in
 * an installation that was moved as a whole. PV_LIBDIR is where this build would install it. */
static const char *const places[] = {"/../traces/record/" LIBRARY, "/" LIBRARY,
                                     "/../" PV_LIBDIR_BELOW "/" LIBRARY};

struct recording {
    char directory[PATH_MAX / 2]; /* "" until it is made */
    char spool[PATH_MAX];
    char library[PATH_MAX];
    char executable[PATH_MAX];
    char **environment; /* the array and its first two entries are ours */
    int fd;             /* of the spool */
    pid_t pid;
    int notes[3];
};

static int fail(struct pv_record_result *result, int status, const char *what, const char *why,
                const char *hint)
{
    char raw[PV_RECORD_TEXT];
    snprintf(raw, sizeof raw, "%s%s%s", what, why ? ": " : "", why ? why : "");
    pv_text_clean(result->text, sizeof result->text, raw, strlen(raw));
    snprintf(result->hint, sizeof result->hint, "%s", hint ? hint : "");
    return status;
}

/* ---- before ---- */

static bool find_library(const char *wanted, char *out, size_t cap)
{
    char own[PATH_MAX];
    const char *given = wanted ? wanted : getenv(LIBRARY_ENV);
    if (given && *given) {
        char *whole = realpath(given, NULL);
        bool fits = whole && strlen(whole) < cap;
        if (fits) {
            memcpy(out, whole, strlen(whole) + 1);
        }
        free(whole);
        return fits;
    }
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    char *slash = n > 0 ? memrchr(own, '/', (size_t)n) : NULL;
    for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
        *slash = 0;
        int length = snprintf(out, cap, "%s%s", own, places[i]);
        if (length > 0 && (size_t)length < cap && access(out, R_OK) == 0) {
            return true;
        }
    }
    snprintf(out, cap, "%s", PV_LIBDIR "/" LIBRARY);
    return access(out, R_OK) == 0;
}

/* The file that execvp would take, for its symbols; "" when there is none. */
static void find_executable(const char *program, char *out, size_t cap)
{
    const char *path = getenv("PATH");
    out[0] = 0;
    if (strchr(program, '/')) {
        snprintf(out, cap, "%s", program);
        return;
    }
    for (const char *at = path && *path ? path : "/bin:/usr/bin"; *at;) {
        size_t n = strcspn(at, ":");
        int length = snprintf(out, cap, "%.*s%s%s", (int)n, at, n ? "/" : "", program);
        if (length > 0 && (size_t)length < cap && access(out, X_OK) == 0) {
            return;
        }
        at += n + (at[n] == ':');
    }
    out[0] = 0;
}

static int make_spool(struct recording *recording, const char *library, bool no_stacks)
{
    struct pv_spool_header header = {.magic = PV_SPOOL_MAGIC, .no_stacks = no_stacks};
    const char *base = getenv("TMPDIR");
    if (!base || base[0] != '/' || strpbrk(base, ": \t") || strlen(base) > PATH_MAX / 4) {
        base = "/tmp";
    }
    char name[PATH_MAX / 2];
    snprintf(name, sizeof name, "%s/pebbleviz-XXXXXX", base);
    sigset_t before;
    pv_signals_hold(&before);
    bool made = mkdtemp(name);
    int error = errno;
    if (made) {
        memcpy(recording->directory, name, sizeof name);
        snprintf(recording->spool, sizeof recording->spool, "%s/spool", name);
        snprintf(recording->library, sizeof recording->library, "%s/" LIBRARY, name);
        recording->notes[0] = pv_signals_note(recording->directory);
        recording->notes[1] = pv_signals_note(recording->spool);
        recording->notes[2] = pv_signals_note(recording->library);
    }
    pv_signals_release(&before);
    if (!made) {
        errno = error;
        return PV_EIO;
    }
    recording->fd = open(recording->spool, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (recording->fd < 0 || symlink(library, recording->library) != 0 ||
        ftruncate(recording->fd, PV_SPOOL_HEADER_BYTES) != 0 ||
        pwrite(recording->fd, &header, sizeof header, 0) != (ssize_t)sizeof header) {
        return PV_EIO;
    }
    return 0;
}

/* Ours first, so that the library can cut it off at the first colon. */
static int make_environment(struct recording *recording)
{
    static const char preload[] = "LD_PRELOAD=", spool[] = PV_SPOOL_ENV "=";
    const char *others = getenv("LD_PRELOAD");
    size_t n = 0, kept = 2, room = PATH_MAX * 2 + (others ? strlen(others) : 0);
    while (environ[n]) {
        n++;
    }
    recording->environment = pv_own_calloc(n + 3, sizeof recording->environment[0]);
    char *first = pv_own_calloc(room, 1), *second = pv_own_calloc(room, 1);
    if (!recording->environment || !first || !second) {
        pv_own_free(first);
        pv_own_free(second);
        return PV_ENOMEM;
    }
    snprintf(first, room, "%s%s%s%s", preload, recording->library, others && *others ? ":" : "",
             others ? others : "");
    snprintf(second, room, "%s%s", spool, recording->spool);
    recording->environment[0] = first;
    recording->environment[1] = second;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], preload, sizeof preload - 1) != 0 &&
            strncmp(environ[i], spool, sizeof spool - 1) != 0) {
            recording->environment[kept++] = environ[i];
        }
    }
    return 0;
}

/* ---- the program ---- */

/* In the child, between fork and exec: nothing that allocates. The parent reads errno from the
 * pipe when exec failed, and its end when it did not. */
static void become(const struct recording *recording, char *const argv[], int report)
{
    int64_t pid = getpid();
    if (pwrite(recording->fd, &pid, sizeof pid, offsetof(struct pv_spool_header, pid)) ==
        (ssize_t)sizeof pid) {
        execvpe(argv[0], argv, recording->environment);
    }
    int failed = errno;
    if (write(report, &failed, sizeof failed) < 0) {
        _exit(126);
    }
    _exit(127);
}

static int start(struct recording *recording, char *const argv[], int *ret_errno)
{
    int ends[2];
    *ret_errno = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return PV_EIO;
    }
    recording->pid = pv_signals_fork(PV_CHILD_PROGRAM);
    if (recording->pid == 0) {
        become(recording, argv, ends[1]);
    }
    close(ends[1]);
    ssize_t n = -1;
    if (recording->pid > 0) {
        do {
            n = read(ends[0], ret_errno, sizeof *ret_errno);
        } while (n < 0 && errno == EINTR);
    }
    close(ends[0]);
    return recording->pid < 0 ? PV_EIO : 0;
}

static int wait_for_end(const struct recording *recording, int *ret_exit_code)
{
    int status;
    int failed = pv_signals_wait(recording->pid, &status, NULL);
    if (!failed) {
        *ret_exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return failed;
}

/* ---- after ---- */

/* The command line, words apart, for the trace's header. */
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

static bool was_attached(const struct recording *recording)
{
    struct pv_spool_header header;
    return pread(recording->fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
           header.attached;
}

static int convert(const struct recording *recording, const struct pv_record_options *options,
                   char *const argv[], const char *path, struct pv_record_result *result)
{
    char *program = command_line(argv);
    if (!program) {
        return fail(result, PV_ENOMEM, "out of memory", NULL, NULL);
    }
    struct pv_convert about = {.fd = recording->fd,
                               .program = program,
                               .executable = recording->executable,
                               .path = path};
    int status = pv_convert_spool(&about, options, result);
    pv_own_free(program);
    if (status == 1) {
        return was_attached(recording)
                   ? fail(result, 1, "the program asked for no memory", NULL,
                          "a program with an allocator of its own makes no calls to see")
                   : fail(result, 1, "the program could not be recorded", NULL,
                          "static and setuid programs, and scripts that only start another "
                          "program, cannot be reached: name the program itself");
    }
    if (status == PV_ENOMEM) {
        return fail(result, status, "out of memory", NULL, NULL);
    }
    if (status && !result->text[0]) {
        return fail(result, PV_EIO, "the spool is damaged", NULL, NULL);
    }
    return status;
}

static void clean_up(struct recording *recording)
{
    if (recording->environment) {
        pv_own_free(recording->environment[0]);
        pv_own_free(recording->environment[1]);
        pv_own_free(recording->environment);
    }
    if (recording->fd >= 0) {
        close(recording->fd);
    }
    if (recording->directory[0]) {
        unlink(recording->spool);
        unlink(recording->library);
        rmdir(recording->directory);
        for (size_t i = sizeof recording->notes / sizeof recording->notes[0]; i-- > 0;) {
            pv_signals_drop(recording->notes[i]);
        }
    }
}

/* Known before the program has run in vain. */
static bool can_be_written(const char *path)
{
    char folder[PV_RECORD_PATH];
    const char *slash = path ? strrchr(path, '/') : NULL;
    size_t n = slash ? (size_t)(slash - path) + 1 : 1;
    snprintf(folder, sizeof folder, "%.*s", (int)n, slash ? path : ".");
    return access(folder, W_OK) == 0;
}

static void default_path(char *out, size_t cap, const char *program, long pid)
{
    const char *slash = strrchr(program, '/');
    snprintf(out, cap, "%.200s.%ld.pvt", slash ? slash + 1 : program, pid);
}

static int run(struct recording *recording, const struct pv_record_options *options,
               char *const argv[], struct pv_record_result *result)
{
    char library[PATH_MAX], path[PV_RECORD_PATH];
    int failed;
    if (!find_library(options->library, library, sizeof library)) {
        return fail(result, PV_ENOTSUP, "the preload library " LIBRARY " is not found", NULL,
                    "set " LIBRARY_ENV " to where it is");
    }
    if (!can_be_written(options->path)) {
        return fail(result, PV_EIO, options->path ? options->path : "the working directory",
                    strerror(errno), "name another file with -o");
    }
    find_executable(argv[0], recording->executable, sizeof recording->executable);
    int status = make_spool(recording, library, options->no_names);
    if (status) {
        return fail(result, status, "cannot make a spool", strerror(errno),
                    "set TMPDIR to a directory that can be written");
    }
    status = make_environment(recording);
    if (status) {
        return fail(result, status, "out of memory", NULL, NULL);
    }
    status = start(recording, argv, &failed);
    if (status) {
        return fail(result, status, "cannot start a process", strerror(errno), NULL);
    }
    result->pid = recording->pid;
    status = wait_for_end(recording, &result->exit_code);
    if (status) {
        return fail(result, status, "how the program ended is not known", strerror(errno),
                    NULL);
    }
    if (failed) {
        char what[PV_RECORD_TEXT / 2];
        snprintf(what, sizeof what, "%s cannot be started", argv[0]);
        return fail(result, PV_EINVAL, what, strerror(failed), NULL);
    }
    result->ended = true;
    if (options->path) {
        snprintf(path, sizeof path, "%s", options->path);
    } else {
        default_path(path, sizeof path, argv[0], result->pid);
    }
    pv_text_clean(result->path, sizeof result->path, path, strlen(path));
    return convert(recording, options, argv, path, result);
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
    struct recording recording = {.fd = -1};
    int status = run(&recording, options, argv, ret_result);
    clean_up(&recording);
    return status;
}
