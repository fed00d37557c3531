/* SPDX-License-Identifier: MIT
 *
 * preload_exec.c - keeps recording when the recorded process executes another program.
 *
 * At the start our variables were removed from the environment, so that children run without
 * the library. When the process itself calls exec, they are put back, into a copy of the
 * environment that it passes. An exec after fork or vfork is passed on unchanged.
 *
 * Processes that are made without fork(3) are counted here.
 *
 * execl and its variants become execve with an array on the stack, as in the C library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "traces/record/preload.h"

#define HOOK __attribute__((visibility("default")))

HOOK int execve(const char *path, char *const argv[], char *const envp[]);
HOOK int execv(const char *path, char *const argv[]);
HOOK int execvp(const char *file, char *const argv[]);
HOOK int execvpe(const char *file, char *const argv[], char *const envp[]);
HOOK int fexecve(int fd, char *const argv[], char *const envp[]);
HOOK int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
HOOK int execl(const char *path, const char *arg, ...);
HOOK int execlp(const char *file, const char *arg, ...);
HOOK int execle(const char *path, const char *arg, ...);
HOOK int posix_spawn(pid_t *pid, const char *path,
                     const posix_spawn_file_actions_t *file_actions,
                     const posix_spawnattr_t *attrp, char *const argv[], char *const envp[]);
HOOK int posix_spawnp(pid_t *pid, const char *file,
                      const posix_spawn_file_actions_t *file_actions,
                      const posix_spawnattr_t *attrp, char *const argv[], char *const envp[]);
HOOK int system(const char *command);
HOOK FILE *popen(const char *command, const char *modes);

extern char **environ;

struct passed {
    char **envp; /* NULL: the environment as it was given */
    size_t bytes;
    char preload[3 * PV_SPOOL_PATH];
};

static void find(void *ret_function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(ret_function, &found, sizeof found);
}

/* This library first, then those that the program itself preloads. */
static bool join_preload(struct passed *passed, const char *ours, const char *theirs)
{
    size_t n = strlen(ours), more = theirs ? strlen(theirs) + 1 : 0;
    if (n + more >= sizeof passed->preload) {
        return false;
    }
    memcpy(passed->preload, ours, n + 1);
    if (more) {
        passed->preload[n] = ':';
        memcpy(passed->preload + n + 1, theirs, more);
    }
    return true;
}

/* Can the files still be opened? Not after a chroot or a change of user: ld.so would complain
 * on the program's stderr. */
static bool can_be_reached(const char *const *names)
{
    const char *library = strchr(names[0], '=') + 1, *spool = strchr(names[1], '=') + 1;
    int saved = errno;
    bool reached = access(library, R_OK) == 0 && access(spool, R_OK | W_OK) == 0;
    errno = saved;
    return reached;
}

/* Makes the environment with our variables, in memory of mmap, because this may be a signal
 * handler. */
static void prepare(struct passed *passed, const char *path, char *const envp[])
{
    static const char preload[] = "LD_PRELOAD=", spool[] = PV_SPOOL_ENV "=";
    const char *const *names = pv_preload_names();
    size_t n = 0, kept = 2;
    passed->envp = NULL;
    pv_preload_count_self();
    if (!names || !*names[0]) {
        return;
    }
    pv_preload_define_text(PV_SPOOL_EXEC, 0, path);
    pv_preload_failed(0);
    if (!can_be_reached(names)) {
        return;
    }
    while (envp && envp[n]) {
        n++;
    }
    passed->bytes = (n + 3) * sizeof envp[0];
    void *pages =
        mmap(NULL, passed->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        pv_preload_failed(errno);
        return;
    }
    passed->envp = pages;
    const char *theirs = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(envp[i], preload, sizeof preload - 1) == 0) {
            theirs = envp[i] + sizeof preload - 1;
        } else if (strncmp(envp[i], spool, sizeof spool - 1) != 0) {
            passed->envp[kept++] = envp[i];
        }
    }
    passed->envp[1] = (char *)(uintptr_t)names[1];
    passed->envp[0] = passed->preload;
    if (!join_preload(passed, names[0], theirs)) {
        munmap(pages, passed->bytes);
        passed->envp = NULL;
    }
}

/* Called only when exec has failed. */
static int give_up(struct passed *passed)
{
    int saved = errno;
    if (pv_preload_names()) {
        pv_preload_define(PV_SPOOL_EXEC_FAILED, 0, 0, 0, 0, 0);
    }
    if (passed->envp) {
        munmap(passed->envp, passed->bytes);
    }
    errno = saved;
    return -1;
}

static char *const *envp_of(const struct passed *passed, char *const envp[])
{
    return passed->envp ? passed->envp : envp;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
    int (*real)(const char *, char *const[], char *const[]);
    struct passed passed;
    find(&real, "execve");
    prepare(&passed, path, envp);
    real(path, argv, envp_of(&passed, envp));
    return give_up(&passed);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
    int (*real)(const char *, char *const[], char *const[]);
    struct passed passed;
    find(&real, "execvpe");
    prepare(&passed, file, envp);
    real(file, argv, envp_of(&passed, envp));
    return give_up(&passed);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
    int (*real)(int, char *const[], char *const[]);
    struct passed passed;
    find(&real, "fexecve");
    prepare(&passed, argv[0] ? argv[0] : "", envp);
    real(fd, argv, envp_of(&passed, envp));
    return give_up(&passed);
}

int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    int (*real)(int, const char *, char *const[], char *const[], int);
    struct passed passed;
    find(&real, "execveat");
    prepare(&passed, path, envp);
    real(fd, path, argv, envp_of(&passed, envp), flags);
    return give_up(&passed);
}

int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

static size_t count(va_list args)
{
    size_t n = 1;
    while (va_arg(args, char *)) {
        n++;
    }
    return n;
}

/* The arguments as an array of n + 1; for execle, the environment follows them in `args`. */
static char *const *collect(char **argv, const char *arg, size_t n, va_list args, bool has_envp)
{
    argv[0] = (char *)(uintptr_t)arg;
    for (size_t i = 1; i <= n; i++) {
        argv[i] = va_arg(args, char *);
    }
    return has_envp ? va_arg(args, char *const *) : environ;
}

#define WITH_ARRAY(call, has_envp)                                                             \
    va_list args;                                                                              \
    va_start(args, arg);                                                                       \
    size_t n = count(args);                                                                    \
    va_end(args);                                                                              \
    char **argv = __builtin_alloca((n + 1) * sizeof *argv);                                    \
    va_start(args, arg);                                                                       \
    char *const *envp = collect(argv, arg, n, args, has_envp);                                 \
    va_end(args);                                                                              \
    return call

int execl(const char *path, const char *arg, ...)
{
    WITH_ARRAY(execve(path, argv, envp), false);
}

int execlp(const char *file, const char *arg, ...)
{
    WITH_ARRAY(execvpe(file, argv, envp), false);
}

int execle(const char *path, const char *arg, ...)
{
    WITH_ARRAY(execve(path, argv, envp), true);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *file_actions,
                const posix_spawnattr_t *attrp, char *const argv[], char *const envp[])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const[], char *const[]);
    find(&real, "posix_spawn");
    int error = real(pid, path, file_actions, attrp, argv, envp);
    if (!error) {
        pv_preload_count_child();
    }
    return error;
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *file_actions,
                 const posix_spawnattr_t *attrp, char *const argv[], char *const envp[])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const[], char *const[]);
    find(&real, "posix_spawnp");
    int error = real(pid, file, file_actions, attrp, argv, envp);
    if (!error) {
        pv_preload_count_child();
    }
    return error;
}

int system(const char *command)
{
    int (*real)(const char *);
    find(&real, "system");
    int status = real(command);
    if (command && status != -1) {
        pv_preload_count_child();
    }
    return status;
}

FILE *popen(const char *command, const char *modes)
{
    FILE *(*real)(const char *, const char *);
    find(&real, "popen");
    FILE *pipe = real(command, modes);
    if (pipe) {
        pv_preload_count_child();
    }
    return pipe;
}
