/* SPDX-License-Identifier: MIT
 *
 * target.c - a program to be recorded, whose calls are known. Built without sanitisers. The
 * first argument says what it does; see record_test.c for what the trace of each must be.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/traces/record/target.h"

static void *volatile kept;

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0) {
        _exit(99);
    }
}

__attribute__((noinline)) void make_things(void)
{
    void *aligned = NULL;
    volatile size_t huge = SIZE_MAX / 2;
    void *first = malloc(MARK_BYTES);
    void *m = malloc(100);
    void *volatile c = calloc(7, 24);
    void *r = realloc(m, 5000);
    r = realloc(r, 50);
    void *n = realloc(NULL, 33);
    if (posix_memalign(&aligned, 256, 1000) != 0) {
        _exit(98);
    }
    void *a = aligned_alloc(64, 640);
    void *g = memalign(4096, 10);
    void *v = valloc(20);
    void *p = pvalloc(5000);
    n = reallocarray(n, 10, 40);
    void *empty = malloc(0);
    kept = calloc(huge, 4);
    kept = realloc(c, huge);
    kept = reallocarray(c, huge, 4);
    free(NULL);
    free(realloc(r, 0));
    free(empty);
    free(p);
    free(v);
    free(g);
    free(a);
    free(aligned);
    free(n);
    free(c);
    kept = malloc(LEFT_BYTES);
    free(first);
}

static void *churn(void *unused)
{
    (void)unused;
    for (int i = 0; i < CHURN; i++) {
        void *block = malloc(THREAD_BYTES);
        block = i % 3 ? block : realloc(block, THREAD_BYTES * 20);
        free(block);
    }
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        pthread_create(&threads[i], NULL, churn, NULL);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static int run_children(char *self)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < CHURN; i++) {
            kept = malloc(CHILD_BYTES);
        }
        char *argv[] = {self, "environment", NULL};
        execv(self, argv);
        _exit(97);
    }
    kept = malloc(PARENT_BYTES);
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 96;
}

/* Until somebody ends it. */
static void run_for_ever(void)
{
    kept = malloc(MARK_BYTES);
    say("waiting\n");
    for (;;) {
        pause();
    }
}

static int run_mode(const char *mode, char *self)
{
    if (strcmp(mode, "calls") == 0) {
        make_things();
        say("calls made\n");
        return 7;
    } else if (strcmp(mode, "threads") == 0) {
        run_threads();
    } else if (strcmp(mode, "children") == 0) {
        return run_children(self);
    } else if (strcmp(mode, "environment") == 0) {
        return getenv("LD_PRELOAD") || getenv("PEBBLEVIZ_SPOOL") || !getenv("PV_TEST_KEPT");
    } else if (strcmp(mode, "exec") == 0) {
        char *argv[] = {self, "second", NULL};
        kept = malloc(MARK_BYTES);
        execv("/nowhere/at/all", argv);
        execl(self, self, "second", (char *)NULL);
        return 97;
    } else if (strcmp(mode, "second") == 0) {
        kept = malloc(SECOND_BYTES);
        return getenv("LD_PRELOAD") ? 94 : 5;
    } else if (strcmp(mode, "wait") == 0) {
        run_for_ever();
    } else if (strcmp(mode, "abort") == 0) {
        kept = malloc(MARK_BYTES);
        abort();
    } else if (strcmp(mode, "kill") == 0) {
        churn(NULL);
        raise(SIGKILL);
    }
    return 0;
}

int main(int argc, char **argv)
{
    return argc == 2 ? run_mode(argv[1], argv[0]) : 95;
}
