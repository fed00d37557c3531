/* SPDX-License-Identifier: MIT
 *
 * signals.c - one handler for every signal that ends a process. It uses only async-signal-safe
 * calls: unlink, rmdir, write, fcntl, the terminal's calls, kill, sigaction, raise.
 *
 * The handler restores the default action and raises the signal again, so that a waiting parent
 * sees what ended the process. Signals of the process's own mistakes (SIGSEGV and the like) run
 * on an alternate stack, since the usual one may have overflowed.
 */
#include "traces/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/status.h"

enum { NOTES_MAX = 16, STACK_BYTES = 64 * 1024 };

static struct {
    bool begun;
    struct sigaction found[NSIG];
    bool changed[NSIG];
    sigset_t mask; /* at the start of the process */
    const char *volatile notes[NOTES_MAX];
    const struct pv_signals_terminal *volatile terminal;
    volatile pid_t program; /* 0: none */
} state;

static _Alignas(16) unsigned char fault_stack[STACK_BYTES];

/* Signals of a mistake or a limit; they concern this process and are not passed to a child. */
static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGXCPU};
static const int asked[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGTERM,   SIGUSR1, SIGUSR2,
                            SIGALRM, SIGVTALRM, SIGPROF, SIGSTKFLT, SIGIO,   SIGPWR};

static bool is_own(int number)
{
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (own[i] == number) {
            return true;
        }
    }
    return false;
}

/* Nothing here waits, since output may be stopped (Ctrl-S) or nobody may read it. The handler
 * blocks all signals, so that a background process may set the terminal's modes too. */
void pv_signals_give_back(const struct pv_signals_terminal *terminal)
{
    int fd = terminal->fd, flags = fcntl(fd, F_GETFL);
    tcflow(fd, TCOON);
    tcflush(fd, TCOFLUSH);
    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    for (size_t done = 0; done < terminal->n;) {
        ssize_t n = write(fd, terminal->bytes + done, terminal->n - done);
        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags);
    }
    tcsetattr(fd, TCSANOW, &terminal->modes);
}

/* Removes what was noted, the newest first: a folder is noted before the files in it. */
static void clean_up(void)
{
    const struct pv_signals_terminal *terminal = state.terminal;
    if (terminal) {
        state.terminal = NULL; /* done once, even if another signal comes meanwhile */
        pv_signals_give_back(terminal);
    }
    for (size_t i = NOTES_MAX; i-- > 0;) {
        const char *path = state.notes[i];
        if (path && unlink(path) != 0) {
            rmdir(path);
        }
    }
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    int error = errno;
    pid_t program = state.program;
    (void)context;
    if (program > 0 && !is_own(number)) {
        /* A signal from the terminal goes to the whole process group, so the program has it
         * already. */
        if (info->si_code <= 0) {
            kill(program, number);
        }
        errno = error;
        return;
    }
    clean_up();
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    sigaction(number, &usual, NULL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    _exit(128 + number);
}

static void set(int number, const struct sigaction *action)
{
    sigaction(number, action, &state.found[number]);
    state.changed[number] = true;
}

static void catch_signal(int number, const struct sigaction *action)
{
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        set(number, action);
    }
}

void pv_signals_begin(void)
{
    if (state.begun) {
        return;
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_sp = fault_stack, .ss_size = sizeof fault_stack}, old;
    state.begun = true;
    sigprocmask(SIG_BLOCK, NULL, &state.mask);
    if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE)) {
        sigaltstack(&stack, NULL);
    }
    set(SIGPIPE, &ignore);
    set(SIGXFSZ, &ignore);
    set(SIGCHLD, &usual);
    sigfillset(&ours.sa_mask);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        catch_signal(own[i], &ours);
    }
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        catch_signal(asked[i], &ours);
    }
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
        catch_signal(number, &ours);
    }
}

int pv_signals_note(const char *path)
{
    int note = NOTES_MAX;
    while (note > 0 && !state.notes[note - 1]) {
        note--; /* behind all others, so that the array has the order of the notes */
    }
    if (note == NOTES_MAX) {
        return -1;
    }
    state.notes[note] = path;
    return note;
}

void pv_signals_drop(int note)
{
    if (note >= 0) {
        state.notes[note] = NULL;
    }
}

void pv_signals_hold(sigset_t *ret_before)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, ret_before);
}

void pv_signals_release(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}

void pv_signals_terminal(const struct pv_signals_terminal *terminal)
{
    state.terminal = terminal;
}

/* Runs in the child, with all signals blocked. */
static void become_child(enum pv_child kind, pid_t parent)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < NOTES_MAX; i++) {
        state.notes[i] = NULL;
    }
    state.terminal = NULL;
    state.program = 0;
    for (int number = 1; number < NSIG; number++) {
        if (state.changed[number]) {
            sigaction(number, kind == PV_CHILD_PROGRAM ? &state.found[number] : &usual, NULL);
        }
    }
    if (kind == PV_CHILD_WORKER) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(128 + SIGKILL);
        }
    }
}

pid_t pv_signals_fork(enum pv_child kind)
{
    sigset_t before;
    pid_t parent = getpid();
    pv_signals_hold(&before);
    pid_t child = fork();
    int error = errno;
    if (child == 0) {
        become_child(kind, parent);
    } else if (child > 0 && kind == PV_CHILD_PROGRAM) {
        state.program = child;
    }
    pv_signals_release(child == 0 && state.begun ? &state.mask : &before);
    errno = error;
    return child;
}

int pv_signals_wait(pid_t child, int *ret_status, struct rusage *ret_usage)
{
    siginfo_t info;
    int failed;
    /* WNOWAIT keeps the child a zombie, so that its number cannot become another process's
     * before the handler stops passing signals to it. */
    do {
        failed = waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    } while (failed && errno == EINTR);
    int error = errno;
    state.program = 0;
    if (!failed) {
        do {
            failed = wait4(child, ret_status, 0, ret_usage) != child;
        } while (failed && errno == EINTR);
        error = errno;
    }
    errno = error;
    return failed ? PV_EIO : PV_OK;
}
