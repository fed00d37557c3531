/* SPDX-License-Identifier: MIT
 *
 * pairs.c - DEPTH THREADS PAIRS: each thread makes and frees a block PAIRS times, DEPTH calls
 * down.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int depth;
static long n_pairs;

__attribute__((noinline)) static void dive(int left)
{
    if (left > 0) {
        dive(left - 1);
        __asm__ volatile("");
        return;
    }
    for (long i = 0; i < n_pairs; i++) {
        void *volatile block = malloc(100);
        free(block);
    }
}

static void *run(void *unused)
{
    dive(depth);
    return unused;
}

int main(int argc, char **argv)
{
    enum { THREADS_MAX = 64 };
    pthread_t threads[THREADS_MAX];
    int n = argc == 4 ? atoi(argv[2]) : 0;
    if (n < 1 || n > THREADS_MAX) {
        return 2;
    }
    depth = atoi(argv[1]);
    n_pairs = atol(argv[3]);
    for (int i = 1; i < n; i++) {
        pthread_create(&threads[i], NULL, run, NULL);
    }
    run(NULL);
    for (int i = 1; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
