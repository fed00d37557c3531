/* SPDX-License-Identifier: MIT
 *
 * library.c WHAT - calls for memory of known numbers, for make.sh to record with other tools:
 * s: inside the C library; t: in four threads; f: around a fork; d: a double free; e: an exec.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *work(void *a)
{
    char *k = NULL;
    for (int i = 0; i < 50; i++) {
        char *p = malloc(100 + i);
        p = realloc(p, 300 + i);
        if (i % 2)
            free(p);
        else {
            free(k);
            k = p;
        }
    }
    free(k);
    return 0;
}
int main(int c, char **v)
{
    char m = c > 1 ? v[1][0] : 's';
    if (m == 's') {
        char *a = strdup("hello");
        char *b;
        asprintf(&b, "x%d", 5);
        char *l = NULL;
        size_t n = 0;
        FILE *f = fopen("/etc/passwd", "r");
        getline(&l, &n, f);
        fclose(f);
        free(l);
        char *r = realpath("/tmp/../tmp", NULL);
        struct dirent **d;
        int k = scandir("/etc/apt", &d, NULL, alphasort);
        for (int i = 0; i < k; i++)
            free(d[i]);
        free(d);
        char *g = getcwd(NULL, 0);
        free(g);
        free(r);
        free(b);
        free(a);
        void *q;
        posix_memalign(&q, 64, 100);
        free(q);
        q = reallocarray(NULL, 4, 8);
        q = reallocarray(q, 400, 8);
        free(q);
        q = aligned_alloc(64, 128);
        free(q);
        q = memalign(32, 10);
        free(q);
        q = valloc(5);
        free(q);
        char *sn = strndup("abcdef", 3);
        free(sn);
        q = realloc(malloc(20), 0);
        q = malloc(-1);
        puts("done");
        malloc(77);
    }
    if (m == 't') {
        pthread_t t[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&t[i], 0, work, 0);
        for (int i = 0; i < 4; i++)
            pthread_join(t[i], 0);
    }
    if (m == 'f') {
        void *p = malloc(1000), *q = malloc(2000);
        if (!fork()) {
            free(p);
            free(q);
            _exit(0);
        }
        wait(0);
        void *x = malloc(4000);
        free(p);
        free(q);
        free(x);
    }
    if (m == 'd') {
        void *p = malloc(24);
        void *q = malloc(24);
        free(p);
        free(p);
        free(q);
    }
    if (m == 'e') {
        void *p = malloc(24);
        free(p);
        execl("/proc/self/exe", "t4", "f", NULL);
    }
    return 0;
}
