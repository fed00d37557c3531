/* SPDX-License-Identifier: MIT
 *
 * layout.c - a DOT graph laid out by libgvc, the only file that knows it.
 *
 * Graphviz is fast on what it was made for and hopeless beyond, and it dies when memory is
 * short. So the layout is done by a child process with limits on time and memory, which sends
 * the picture through a pipe; whatever happens there, this process goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <graphviz/gvc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/status.h"
#include "traces/signals.h"
#include "viz/export/documents.h"

enum {
    SECONDS_MAX = 60,
    COPY_BYTES = 1 << 16,
    LOOK_MS = 1000,
    STILL_MAX = 10, /* looks in a row without any progress */
    CHILD_FAILED = 1,
    CHILD_CANNOT_WRITE = 2,
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

/* What Graphviz may take of the processor's time: ours, or what we have been given. */
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

static int quiet(char *text)
{
    (void)text;
    return 0;
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno != EINTR) {
            return CHILD_CANNOT_WRITE;
        }
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

/* In the child; its result is the exit code. Nothing is freed: the process ends. */
static int lay_out(const char *dot, const char *format, int fd)
{
    limit(RLIMIT_CPU, SECONDS_MAX);
    limit(RLIMIT_CORE, 0);
    if (LIMIT_MEMORY) {
        limit(RLIMIT_DATA, memory_now() + MEMORY_MAX);
    }
    /* Libraries below Graphviz speak on stderr, of fonts for instance. */
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0) {
        close(STDERR_FILENO);
    }
    agseterrf(quiet);
    GVC_t *context = gvContext();
    Agraph_t *graph = context ? agmemread(dot) : NULL;
    if (!graph || gvLayout(context, graph, "dot") != 0) {
        return CHILD_FAILED;
    }
    char *data = NULL;
    unsigned length = 0;
    if (gvRenderData(context, graph, format, &data, &length) != 0 || !length) {
        return CHILD_FAILED;
    }
    return write_all(fd, data, length);
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
            return true; /* bytes, the end, or a failure that the read will tell */
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

/* *ret_n: the bytes that came. PV_ELIMIT: the child stood still. PV_EIO: `out` has an error, or errno says why nothing came. */
static int copy(int fd, pid_t child, FILE *out, size_t *ret_n)
{
    char buf[COPY_BYTES];
    for (;;) {
        if (!wait_for(fd, child)) {
            return PV_ELIMIT;
        }
        ssize_t n = read(fd, buf, sizeof(buf));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? PV_EIO : 0;
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

static int judge(int status, const struct rusage *usage, size_t n, char *text, size_t cap)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && n) {
        return 0;
    }
    if (WIFSIGNALED(status) && ran_out_of_time(status, usage)) {
        snprintf(text, cap, "Graphviz took longer than %d seconds", (int)seconds_most());
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        snprintf(text, cap, "Graphviz was killed by somebody, or by the system for its memory");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, cap, "Graphviz died (signal %d), most likely for lack of memory",
                 WTERMSIG(status));
    } else {
        snprintf(text, cap, "Graphviz could not lay the graph out");
    }
    return PV_ELIMIT;
}

/* The picture is on its way through the pipe: takes it, and the child's end. */
static int receive(int fd, pid_t child, FILE *out, char *text, size_t cap)
{
    size_t n = 0;
    int status = 0;
    struct rusage usage = {0};
    int result = copy(fd, child, out, &n);
    int error = errno;
    close(fd);
    if (pv_signals_wait(child, &status, &usage)) {
        snprintf(text, cap, "how Graphviz ended is not known: %s", strerror(errno));
        return PV_EIO;
    }
    if (result == PV_ELIMIT) {
        snprintf(text, cap, "Graphviz stood still, most likely for lack of memory");
        return result;
    }
    if (result) {
        if (!ferror(out)) {
            snprintf(text, cap, "nothing comes from Graphviz: %s", strerror(error));
        }
        return result;
    }
    return judge(status, &usage, n, text, cap);
}

int pv_export_layout(const char *dot, size_t n, const char *format, FILE *out, char *ret_text,
                     size_t text_cap)
{
    int ends[2];
    if (!n || dot[n - 1] != '\n' || strlen(dot) != n) {
        return PV_EINVAL;
    }
    if (pipe(ends)) {
        snprintf(ret_text, text_cap, "no pipe to Graphviz: %s", strerror(errno));
        return PV_EIO;
    }
    fflush(NULL);
    pid_t child = pv_signals_fork(PV_CHILD_WORKER);
    if (child < 0) {
        snprintf(ret_text, text_cap, "no process for Graphviz: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return PV_EIO;
    }
    if (child == 0) {
        close(ends[0]);
        _exit(lay_out(dot, format, ends[1]));
    }
    close(ends[1]);
    return receive(ends[0], child, out, ret_text, text_cap);
}
