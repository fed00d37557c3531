/* SPDX-License-Identifier: MIT
 *
 * worker.c - a foreign library's work in a child process, see worker.h.
 *
 * What the child writes comes through a pipe; whatever happens there, this process goes on.
 */
#include "viz/export/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/status.h"
#include "traces/signals.h"
#include "viz/text/granted.h"

enum {
    SECONDS_MAX = 60,
    COPY_BYTES = 1 << 16,
    LOOK_MS = 1000,
    STILL_MAX = 10,  /* looks in a row without any progress */
    EXIT_FAILED = 1, /* of the child */
    EXIT_NO_MEMORY = 2,
};

static const rlim_t MEMORY_MAX = (rlim_t)2 << 30; /* beyond what this process has */

/* AddressSanitizer's own memory counts as ours: no limit can be set there. */
#if defined(__SANITIZE_ADDRESS__)
enum { LIMIT_MEMORY = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { LIMIT_MEMORY = 0 };
#else
enum { LIMIT_MEMORY = 1 };
#endif
#else
enum { LIMIT_MEMORY = 1 };
#endif

/* Never raises a limit. */
static void limit(int resource, rlim_t most)
{
    struct rlimit now;
    if (getrlimit(resource, &now) == 0) {
        now.rlim_cur = now.rlim_cur < most ? now.rlim_cur : most;
        setrlimit(resource, &now);
    }
}

/* The processor time that the child may take: our limit, or a lower one that we were started
 * with. */
static rlim_t seconds_most(void)
{
    struct rlimit now;
    bool less = getrlimit(RLIMIT_CPU, &now) == 0 && now.rlim_cur < SECONDS_MAX;
    return less ? now.rlim_cur : SECONDS_MAX;
}

/* Writable memory of this process. A limit on address space would not do: a replayed heap
 * reserves a terabyte of it, untouched. 0 where /proc is not there to ask. */
static rlim_t memory_now(void)
{
    unsigned long long data = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%*u %*u %*u %*u %*u %llu", &data) != 1) {
            data = 0;
        }
        fclose(file);
    }
    return (rlim_t)data * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In the child; its result is the exit code. Nothing is freed: the process ends. */
static int work(const struct pv_worker *worker, int fd)
{
    limit(RLIMIT_CPU, SECONDS_MAX);
    limit(RLIMIT_CORE, 0);
    if (LIMIT_MEMORY) {
        limit(RLIMIT_DATA, memory_now() + MEMORY_MAX);
    }
    /* Libraries write to stderr, about fonts for instance. */
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0) {
        close(STDERR_FILENO);
    }
    /* If they get no memory, Graphviz and the libraries below it go on, and the picture is
     * another one. */
    pv_granted_or_exit(EXIT_NO_MEMORY);
    FILE *out = fdopen(fd, "wb");
    bool done = out && worker->work(worker->ctx, out);
    return done && fclose(out) == 0 ? 0 : EXIT_FAILED;
}

/* Waits for bytes. Where memory is short, the libraries below Graphviz can wait for a lock of
 * their own for ever, and no limit on the processor's time ends that: a child that has not run
 * at all for so long is ended. Looks are counted, not seconds: who stops us, stops both. */
static bool wait_for(int fd, pid_t child)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    clockid_t clock;
    struct timespec used = {0}, now;
    if (clock_getcpuclockid(child, &clock)) {
        return true;
    }
    for (int still = 0; still < STILL_MAX;) {
        if (poll(&entry, 1, LOOK_MS) != 0) {
            return true; /* bytes, the end, or a failure that the read will report */
        }
        if (clock_gettime(clock, &now)) {
            return true;
        }
        bool moved = now.tv_sec != used.tv_sec || now.tv_nsec != used.tv_nsec;
        still = moved ? 0 : still + 1;
        used = now;
    }
    kill(child, SIGKILL);
    return false;
}

/* *ret_n: the bytes that came. PV_ELIMIT: the child stood still. PV_EIO: `out` has an error, or
 * errno says why nothing came. */
static int copy(int fd, pid_t child, FILE *out, size_t *ret_n)
{
    char buf[COPY_BYTES];
    for (;;) {
        if (!wait_for(fd, child)) {
            return PV_ELIMIT;
        }
        ssize_t n = read(fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? PV_EIO : PV_OK;
        }
        *ret_n += (size_t)n;
        if (fwrite(buf, 1, (size_t)n, out) != (size_t)n) {
            return PV_EIO;
        }
    }
}

/* A limit on time ends a process with SIGXCPU, or with SIGKILL where it is the last one. */
static bool ran_out_of_time(int status, const struct rusage *usage)
{
    return WTERMSIG(status) == SIGXCPU ||
           (WTERMSIG(status) == SIGKILL &&
            (rlim_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) + 1 >= seconds_most());
}

static int judge(const struct pv_worker *worker, int status, const struct rusage *usage,
                 size_t n, char *text, size_t cap)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && n) {
        return PV_OK;
    }
    if (WIFSIGNALED(status) && ran_out_of_time(status, usage)) {
        snprintf(text, cap, "%s took longer than %d seconds", worker->name,
                 (int)seconds_most());
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        snprintf(text, cap, "%s was killed by somebody, or by the system for its memory",
                 worker->name);
    } else if (WIFSIGNALED(status)) {
        snprintf(text, cap, "%s died (signal %d), most likely for lack of memory", worker->name,
                 WTERMSIG(status));
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_MEMORY) {
        snprintf(text, cap, "%s ran out of memory", worker->name);
    } else {
        snprintf(text, cap, "%s could not %s", worker->name, worker->task);
    }
    return PV_ELIMIT;
}

/* Takes the work from the pipe, and waits for the child's end. */
static int receive(const struct pv_worker *worker, int fd, pid_t child, FILE *out, char *text,
                   size_t cap)
{
    size_t n = 0;
    int ended = 0;
    struct rusage usage = {0};
    int status = copy(fd, child, out, &n);
    int error = errno;
    close(fd);
    if (pv_signals_wait(child, &ended, &usage)) {
        snprintf(text, cap, "how %s ended is not known: %s", worker->name, strerror(errno));
        return PV_EIO;
    }
    if (status == PV_ELIMIT) {
        snprintf(text, cap, "%s stood still, most likely for lack of memory", worker->name);
        return status;
    }
    if (status) {
        if (!ferror(out)) {
            snprintf(text, cap, "nothing comes from %s: %s", worker->name, strerror(error));
        }
        return status;
    }
    return judge(worker, ended, &usage, n, text, cap);
}

int pv_worker_run(const struct pv_worker *worker, FILE *out, char *ret_text, size_t text_cap)
{
    int ends[2];
    if (pipe(ends)) {
        snprintf(ret_text, text_cap, "no pipe to %s: %s", worker->name, strerror(errno));
        return PV_EIO;
    }
    fflush(NULL);
    pid_t child = pv_signals_fork(PV_CHILD_WORKER);
    if (child < 0) {
        snprintf(ret_text, text_cap, "no process for %s: %s", worker->name, strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return PV_EIO;
    }
    if (child == 0) {
        close(ends[0]);
        _exit(work(worker, ends[1]));
    }
    close(ends[1]);
    return receive(worker, ends[0], child, out, ret_text, text_cap);
}
