/* SPDX-License-Identifier: MIT
 *
 * stage.c - makes a private directory with the spool and a link to the library. ld.so splits
 * LD_PRELOAD at spaces and colons, which the library's own path may contain.
 */
#include "traces/record/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"
#include "traces/record/spool.h"
#include "traces/record/ticks.h"
#include "traces/signals.h"

extern char **environ;

/* An executable that still lies where it was built finds the library there; any other looks
 * where it was to be installed. A library beside a copy of it could be anybody's. */
static const char *usual_place(void)
{
    char own[PATH_MAX];
    size_t n_root = strlen(PV_BUILD_ROOT);
    ssize_t n = readlink("/proc/self/exe", own, sizeof own);
    bool is_built = n > 0 && (size_t)n > n_root && memcmp(own, PV_BUILD_ROOT, n_root) == 0 &&
                    own[n_root] == '/';
    return is_built ? PV_BUILD_LIBRARY : PV_LIBDIR "/" PV_LIBRARY;
}

bool pv_stage_find_library(const char *wanted, char *out, size_t cap)
{
    char whole[PATH_MAX];
    const char *given = wanted ? wanted : getenv(PV_LIBRARY_ENV);
    given = given && *given ? given : usual_place();
    bool is_there = realpath(given, whole) && access(whole, R_OK) == 0;
    snprintf(out, cap, "%s", is_there ? whole : given);
    return is_there;
}

static bool can_run(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

void pv_stage_find_executable(const char *program, char *out, size_t cap)
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
        if (length > 0 && (size_t)length < cap && can_run(out)) {
            return;
        }
        at += n + (at[n] == ':');
    }
    out[0] = 0;
}

/* Makes a private directory, and notes it and its files for removal. */
static bool make_directory(struct pv_stage *stage, const char *base)
{
    char name[PATH_MAX / 2];
    sigset_t before;
    snprintf(name, sizeof name, "%s/pebbleviz-XXXXXX", base);
    pv_signals_hold(&before);
    bool made = mkdtemp(name);
    int error = errno;
    if (made) {
        memcpy(stage->directory, name, sizeof name);
        snprintf(stage->spool, sizeof stage->spool, "%s/spool", name);
        snprintf(stage->library, sizeof stage->library, "%s/" PV_LIBRARY, name);
        stage->notes[0] = pv_signals_note(stage->directory);
        stage->notes[1] = pv_signals_note(stage->spool);
        stage->notes[2] = pv_signals_note(stage->library);
    }
    pv_signals_release(&before);
    errno = error;
    return made;
}

static void remove_directory(struct pv_stage *stage)
{
    if (!stage->directory[0]) {
        return;
    }
    unlink(stage->spool);
    unlink(stage->library);
    rmdir(stage->directory);
    for (size_t i = sizeof stage->notes / sizeof stage->notes[0]; i-- > 0;) {
        pv_signals_drop(stage->notes[i]);
    }
    stage->directory[0] = 0;
}

/* Allocates the whole file before the program begins, so that a full disk is an error now, not
 * a SIGBUS in the program later. */
static int map_spool(struct pv_stage *stage)
{
    int fd = open(stage->spool, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return PV_EIO;
    }
    int error = posix_fallocate(fd, 0, PV_SPOOL_BYTES);
    void *map = MAP_FAILED;
    if (!error) {
        map = mmap(NULL, PV_SPOOL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        error = map == MAP_FAILED ? errno : 0;
    }
    close(fd);
    stage->map = error ? NULL : map;
    errno = error;
    return error ? PV_EIO : PV_OK;
}

static int make_spool(struct pv_stage *stage, const char *base, const char *library)
{
    if (!make_directory(stage, base)) {
        return PV_EIO;
    }
    int status = map_spool(stage);
    if (!status && symlink(library, stage->library) != 0) {
        status = PV_EIO;
    }
    if (status) {
        int error = errno;
        remove_directory(stage);
        errno = error;
    }
    return status;
}

/* Without TMPDIR, in memory rather than on a disk: the program then never waits for one. */
static int make_spool_somewhere(struct pv_stage *stage, const char *library)
{
    const char *base = getenv("TMPDIR");
    if (base && base[0] == '/' && !strpbrk(base, ": \t") && strlen(base) <= PATH_MAX / 4) {
        return make_spool(stage, base, library);
    }
    return make_spool(stage, "/dev/shm", library) == PV_OK ? PV_OK
                                                           : make_spool(stage, "/tmp", library);
}

/* This library first, so that it can cut itself off at the first colon. */
static int make_environment(struct pv_stage *stage)
{
    static const char preload[] = "LD_PRELOAD=", spool[] = PV_SPOOL_ENV "=";
    const char *others = getenv("LD_PRELOAD");
    size_t n = 0, kept = 2, room = PATH_MAX * 2 + (others ? strlen(others) : 0);
    while (environ[n]) {
        n++;
    }
    stage->environment = pv_own_calloc(n + 3, sizeof stage->environment[0]);
    char *first = pv_own_calloc(room, 1), *second = pv_own_calloc(room, 1);
    if (!stage->environment || !first || !second) {
        pv_own_free(first);
        pv_own_free(second);
        return PV_ENOMEM;
    }
    snprintf(first, room, "%s%s%s%s", preload, stage->library, others && *others ? ":" : "",
             others ? others : "");
    snprintf(second, room, "%s%s", spool, stage->spool);
    stage->environment[0] = first;
    stage->environment[1] = second;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], preload, sizeof preload - 1) != 0 &&
            strncmp(environ[i], spool, sizeof spool - 1) != 0) {
            stage->environment[kept++] = environ[i];
        }
    }
    return PV_OK;
}

int pv_stage_make(struct pv_stage *stage, const char *library, uint64_t depth)
{
    int status = make_spool_somewhere(stage, library);
    if (status) {
        return status;
    }
    struct pv_spool_header *header = stage->map;
    header->magic = PV_SPOOL_MAGIC;
    header->tool_pid = getpid();
    header->depth = depth;
    header->ticks = pv_ticks_are_good();
    header->limit = PV_SPOOL_RECORDS;
    return make_environment(stage);
}

void pv_stage_clear(struct pv_stage *stage)
{
    if (stage->environment) {
        pv_own_free(stage->environment[0]);
        pv_own_free(stage->environment[1]);
        pv_own_free(stage->environment);
    }
    if (stage->map) {
        munmap(stage->map, PV_SPOOL_BYTES);
    }
    remove_directory(stage);
}
