/* SPDX-License-Identifier: MIT
 *
 * library.c WHAT - calls for memory of known numbers, for make.sh to record with other tools.
 *
 *   inside   by functions of the C library that give memory: one block of 77 bytes is live at
 *            the end, and malloc fails once
 *   threads  in four threads, 20 allocations and 20 resizes each; all is freed
 *   fork     two blocks that the child frees too, and a third; all is freed
 *   many     the same with 40 blocks, so that mtrace has written before the fork
 *   twice    two blocks, of which one is freed twice
 *   exec     one block, freed, and this program again with "fork"
 *   output   of the program, before, between and behind its calls: two blocks, one is freed
 *   late     frees and a resize of blocks from before mtrace() was called
 */
#include <dirent.h>
#include <malloc.h>
#include <mcheck.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 20, FEW = 2, MANY = 40 };

static void *volatile kept; /* so that no call is optimised away */

static void give_back(void *block)
{
    kept = block;
    free(block);
}

static void texts(void)
{
    char *copy = strdup("hello");
    char *formatted = NULL;
    if (asprintf(&formatted, "x%d", 5) < 0) {
        abort();
    }
    char *line = NULL;
    size_t cap = 0;
    FILE *file = fopen("/etc/passwd", "r");
    if (!file || getline(&line, &cap, file) < 0) {
        abort();
    }
    fclose(file);
    give_back(line);
    char *path = realpath("/tmp/../tmp", NULL);
    struct dirent **entries;
    int n = scandir("/etc/apt", &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        give_back(entries[i]);
    }
    give_back(entries);
    give_back(getcwd(NULL, 0));
    give_back(path);
    give_back(formatted);
    give_back(copy);
    give_back(strndup("abcdef", 3));
}

static void inside(void)
{
    texts();
    void *block = NULL;
    if (posix_memalign(&block, 64, 100)) {
        abort();
    }
    give_back(block);
    block = reallocarray(NULL, 4, 8);
    give_back(reallocarray(block, 400, 8));
    give_back(aligned_alloc(64, 128));
    give_back(memalign(32, 10));
    give_back(valloc(5));
    kept = realloc(malloc(20), 0);
    kept = malloc(kept ? (size_t)-2 : (size_t)-1);
    puts("done");
    kept = malloc(77);
}

static void *work(void *unused)
{
    char *held = NULL;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        char *block = malloc(100 + (size_t)i);
        block = realloc(block, 300 + (size_t)i);
        if (i % 2) {
            free(block);
        } else {
            free(held);
            held = block;
        }
    }
    free(held);
    return NULL;
}

static void threads(void)
{
    pthread_t all[THREADS];
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&all[i], NULL, work, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i], NULL);
    }
}

static void around_fork(int n)
{
    void *blocks[MANY];
    for (int i = 0; i < n; i++) {
        blocks[i] = malloc(1000 + (size_t)i);
    }
    pid_t child = fork();
    for (int i = 0; child == 0 && i < n; i++) {
        give_back(blocks[i]);
    }
    if (child == 0) {
        exit(0);
    }
    wait(NULL);
    void *last = malloc(4000);
    for (int i = 0; i < n; i++) {
        give_back(blocks[i]);
    }
    give_back(last);
}

static void twice(void)
{
    void *first = malloc(24);
    void *second = malloc(24);
    give_back(first);
    give_back(first);
    give_back(second);
}

static void output(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("Name:");
    void *first = malloc(10);
    puts("malloc(9) = 0x10");
    void *second = malloc(20);
    printf("%p", second);
    give_back(first);
    puts("");
    kept = second;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "inside";
    if (strcmp(what, "late") == 0) {
        void *early = malloc(500);
        void *resized = malloc(600);
        mtrace();
        give_back(early);
        kept = realloc(resized, 6000);
        give_back(malloc(7));
        return 0;
    }
    mtrace();
    if (strcmp(what, "inside") == 0) {
        inside();
    } else if (strcmp(what, "threads") == 0) {
        threads();
    } else if (strcmp(what, "fork") == 0) {
        around_fork(FEW);
    } else if (strcmp(what, "many") == 0) {
        around_fork(MANY);
    } else if (strcmp(what, "twice") == 0) {
        twice();
    } else if (strcmp(what, "output") == 0) {
        output();
    } else if (strcmp(what, "exec") == 0) {
        give_back(malloc(24));
        execl(argv[0], argv[0], "fork", (char *)NULL);
    }
    return 0;
}
