/* SPDX-License-Identifier: MIT
 *
 * cases_own.c - 100 pairs of calls to the malloc of cases_alloc.c; with "handler" 100,000, and a
 * signal's handler that makes some thousand a second, wherever the program is just then; with
 * "jumps" the handler leaves by a jump instead. How many blocks there were, and how many had been
 * begun, is said on standard error.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { CASE_BYTES = 7777 };

static volatile long n_begun, n_made;
static sigjmp_buf out;

static void pairs(int n)
{
    for (int i = 0; i < n; i++) {
        __atomic_fetch_add(&n_begun, 1, __ATOMIC_RELAXED);
        void *volatile block = malloc(CASE_BYTES);
        __atomic_fetch_add(&n_made, 1, __ATOMIC_RELAXED);
        free(block);
    }
}

static void on_alarm(int number)
{
    (void)number;
    pairs(1);
}

static void jump(int number)
{
    (void)number;
    siglongjmp(out, 1);
}

/* Some frames more: most of the time is then spent where calls are told of. */
__attribute__((noinline)) static void deep(int depth)
{
    if (depth) {
        deep(depth - 1);
        __asm__ volatile("" ::: "memory");
    } else {
        pairs(1);
    }
}

/* The alarms come at no fixed distance from where the program is. */
static void until(int n, void (*act)(int))
{
    struct sigaction action = {.sa_handler = act, .sa_flags = SA_NODEFER};
    struct itimerval timer = {{0, 150}, {0, 150}}, none = {{0, 0}, {0, 0}};
    volatile int i = 0;
    sigaction(SIGALRM, &action, NULL);
    (void)sigsetjmp(out, 1);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (; i < n; i++) {
        deep(i % 24);
    }
    setitimer(ITIMER_REAL, &none, NULL);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        pairs(100);
        return 0;
    }
    until(100000, strcmp(argv[1], "handler") == 0 ? on_alarm : jump);
    fprintf(stderr, "made %ld of %ld\n", n_made, n_begun);
    return 0;
}
