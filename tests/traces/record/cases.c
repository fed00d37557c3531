/* SPDX-License-Identifier: MIT
 *
 * cases.c - programs that make a recorder's life hard, one a mode; table.py runs them all. Each
 * says in its row there how many blocks of CASE_BYTES it asks for. Built without sanitisers.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CASE_BYTES = 7777, FEW = 1000, MANY = 200000, NOBODY = 65534 };

static char **arguments;

static void pairs(int n)
{
    for (int i = 0; i < n; i++) {
        void *volatile block = malloc(CASE_BYTES);
        free(block);
    }
}

/* The call before main, after the C library's own beginning or before it. */
static void before_all(int argc, char **argv, char **envp)
{
    (void)envp;
    if (argc > 1 && strcmp(argv[1], "preinit") == 0) {
        pairs(FEW);
    }
}

__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **,
                                                                      char **) = before_all;

static void at_exit(void)
{
    pairs(FEW);
}

__attribute__((constructor)) static void construct(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "constructor") == 0) {
        pairs(FEW);
        atexit(at_exit);
    }
}

__attribute__((destructor)) static void destruct(void)
{
    if (arguments && strcmp(arguments[1], "constructor") == 0) {
        pairs(FEW);
    }
}

/* ---- ends ---- */

static int kill_inside(void)
{
    pairs(FEW);
    return raise(SIGKILL);
}

static int wait_for_ever(void)
{
    pairs(FEW);
    if (write(1, "ready\n", 6) != 6) {
        return 9;
    }
    for (;;) {
        pause();
    }
}

static int leave_at_once(void)
{
    pairs(FEW);
    _exit(4);
}

static int abort_now(void)
{
    pairs(FEW);
    abort();
}

static int fault(void)
{
    pairs(FEW);
    *(volatile int *)8 = 1;
    return 0;
}

static void *leave_from_thread(void *unused)
{
    (void)unused;
    pairs(FEW);
    exit(6);
}

static int thread_exits(void)
{
    pthread_t thread;
    pairs(FEW);
    pthread_create(&thread, NULL, leave_from_thread, NULL);
    pthread_exit(NULL);
}

/* ---- other programs ---- */

static int await(pid_t pid)
{
    int status;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 90;
}

static int vfork_exec(void)
{
    pairs(FEW);
    for (int i = 0; i < 3; i++) {
        pid_t pid = vfork(); /* NOLINT */
        if (pid == 0) {
            execl("/proc/self/exe", arguments[0], "few", (char *)NULL);
            _exit(91);
        }
        int code = await(pid);
        if (code) {
            return code;
        }
    }
    pairs(FEW);
    return 0;
}

static int spawn(void)
{
    extern char **environ;
    char *argv[] = {arguments[0], (char *)(uintptr_t) "few", NULL};
    pairs(FEW);
    for (int i = 0; i < 3; i++) {
        pid_t pid;
        if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) != 0 || await(pid)) {
            return 92;
        }
    }
    if (system("exit 3") != 3 << 8) { /* NOLINT */
        return 93;
    }
    FILE *pipe = popen("exit 0", "r"); /* NOLINT */
    if (!pipe || pclose(pipe) != 0) {
        return 94;
    }
    pairs(FEW);
    return 0;
}

static int exec_self(void)
{
    pairs(FEW);
    execl("/proc/self/exe", arguments[0], "few", (char *)NULL);
    return 95;
}

static void *work(void *unused)
{
    (void)unused;
    pairs(20 * FEW);
    return NULL;
}

static int forks(void)
{
    pthread_t threads[4];
    int bad = 0, status;
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pairs(200);
            _exit(0);
        }
        bad += pid < 0;
    }
    while (wait(&status) > 0) {
        bad += status != 0;
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    return bad ? 96 : 0;
}

/* Its calls come after its parent's end. */
static int become_daemon(void)
{
    pairs(FEW);
    if (fork()) {
        _exit(0);
    }
    setsid();
    pid_t parent = getpid();
    if (fork()) {
        _exit(0);
    }
    while (getppid() == parent) {
        sched_yield();
    }
    if (chdir("/") != 0) {
        return 97;
    }
    closefrom(0);
    usleep(20000);
    pairs(5 * FEW);
    return 0;
}

/* ---- limits ---- */

static int closes_from(void)
{
    pairs(FEW);
    closefrom(3);
    pairs(MANY);
    return 0;
}

static int closes_range(void)
{
    pairs(FEW);
    if (syscall(SYS_close_range, 3, ~0u, 0) != 0) {
        return 98;
    }
    pairs(MANY);
    return 0;
}

static int changes_root(void)
{
    pairs(FEW);
    if (chroot("/proc/self") != 0 || chdir("/") != 0) {
        return 77;
    }
    pairs(MANY);
    return 0;
}

static int changes_user(void)
{
    pairs(FEW);
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) {
        return 77;
    }
    pairs(MANY);
    return 0;
}

static int limit(int what, rlim_t to)
{
    struct rlimit limits = {to, to};
    pairs(FEW);
    if (setrlimit((__rlimit_resource_t)what, &limits) != 0) {
        return 99;
    }
    pairs(MANY);
    return 0;
}

static int limit_files(void)
{
    return limit(RLIMIT_NOFILE, 3);
}

static int limit_file_size(void)
{
    return limit(RLIMIT_FSIZE, 4096);
}

static int limit_memory(void)
{
    return limit(RLIMIT_AS, 100 << 20);
}

static int shut_in(unsigned action)
{
    struct sock_filter rows[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rows / sizeof rows[0], rows};
    pairs(FEW);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        return 77;
    }
    pairs(MANY);
    return 0;
}

static int seccomp_kills(void)
{
    return shut_in(SECCOMP_RET_KILL_PROCESS);
}

static int seccomp_denies(void)
{
    return shut_in(SECCOMP_RET_ERRNO | 1);
}

/* Nothing but read, write, _exit and sigreturn: seccomp's first mode. */
static int seccomp_strict(void)
{
    pairs(FEW);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
        return 77;
    }
    pairs(10 * FEW);
    syscall(SYS_exit, 0);
    return 0;
}

/* ---- threads and signals ---- */

static pthread_key_t key;

static void end_of_thread(void *block)
{
    free(block);
    pairs(10);
}

static void *with_key(void *unused)
{
    (void)unused;
    pthread_setspecific(key, malloc(CASE_BYTES));
    pairs(FEW);
    return NULL;
}

static int thread_keys(void)
{
    pthread_t threads[16];
    pthread_key_create(&key, end_of_thread);
    for (int i = 0; i < 16; i++) {
        pthread_create(&threads[i], NULL, with_key, NULL);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

static sigjmp_buf out;

static void on_alarm(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

static void on_small_stack(int number)
{
    (void)number;
    pairs(10);
}

static void *on_least_stack(void *unused)
{
    (void)unused;
    pairs(FEW);
    return NULL;
}

/* Below the handler's stack lies a page that nobody may touch. */
static int small_stacks(void)
{
    enum { PAGE = 4096 };
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, 16384) != 0 ||
        pthread_create(&thread, &attributes, on_least_stack, NULL) != 0) {
        return 70;
    }
    pthread_join(thread, NULL);
    char *pages = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE) != 0) {
        return 71;
    }
    stack_t stack = {.ss_sp = pages + PAGE, .ss_size = PAGE};
    struct sigaction action = {.sa_handler = on_small_stack, .sa_flags = SA_ONSTACK};
    if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0) {
        return 72;
    }
    for (int i = 0; i < 100; i++) {
        raise(SIGUSR1);
    }
    return 0;
}

/* A handler is left by a jump, 500 times. */
static int jumps(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_NODEFER};
    volatile int n = 0;
    sigaction(SIGALRM, &action, NULL);
    while (n < 500) {
        if (sigsetjmp(out, 1) == 0) {
            struct itimerval once = {{0, 0}, {0, 100}};
            setitimer(ITIMER_REAL, &once, NULL);
            for (;;) {
                sched_yield();
            }
        }
        n++;
        pairs(2);
    }
    return 0;
}

/* Three libraries, again and again. */
static int libraries(void)
{
    static const char *const names[] = {"libm.so.6", "libresolv.so.2", "libutil.so.1"};
    for (int i = 0; i < 300; i++) {
        void *library = dlopen(names[i % 3], RTLD_NOW);
        pairs(3);
        if (library) {
            dlclose(library);
        }
    }
    return 0;
}

/* ---- the tool dies ---- */

/* A program that others wait for: makes its calls, waits for a line, makes them again. */
static int in_two_parts(void)
{
    char line[16];
    pairs(FEW);
    if (write(1, "ready\n", 6) != 6 || read(0, line, sizeof line) <= 0) {
        return 73;
    }
    pairs(FEW);
    return 0;
}

static int in_two_long_parts(void)
{
    char line[16];
    pairs(MANY);
    if (write(1, "ready\n", 6) != 6 || read(0, line, sizeof line) <= 0) {
        return 73;
    }
    pairs(MANY);
    return 0;
}

/* Blocks that stay, of many kinds of stacks: a trace of some size. */
static int much(void)
{
    for (int i = 0; i < MANY; i++) {
        void *volatile block = malloc(CASE_BYTES);
        if (i % 3) {
            free(block);
        }
    }
    return 0;
}

static int few(void)
{
    pairs(FEW);
    return 0;
}

static int nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} modes[] = {
    {"kill-inside", kill_inside},
    {"wait", wait_for_ever},
    {"_exit", leave_at_once},
    {"abort", abort_now},
    {"segv", fault},
    {"thread-exit", thread_exits},
    {"vfork-exec", vfork_exec},
    {"spawn", spawn},
    {"exec-self", exec_self},
    {"forks", forks},
    {"daemon", become_daemon},
    {"closefrom", closes_from},
    {"close-range", closes_range},
    {"chroot", changes_root},
    {"setuid", changes_user},
    {"nofile", limit_files},
    {"fsize", limit_file_size},
    {"as", limit_memory},
    {"seccomp-kill", seccomp_kills},
    {"seccomp-errno", seccomp_denies},
    {"seccomp-strict", seccomp_strict},
    {"thread-keys", thread_keys},
    {"small-stacks", small_stacks},
    {"jumps", jumps},
    {"libraries", libraries},
    {"preinit", nothing},
    {"constructor", nothing},
    {"two-parts", in_two_parts},
    {"two-long-parts", in_two_long_parts},
    {"much", much},
    {"few", few},
};

int main(int argc, char **argv)
{
    arguments = argv;
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(argv[1], modes[i].name) == 0) {
            return modes[i].run();
        }
    }
    return 100;
}
