/* SPDX-License-Identifier: MIT
 *
 * pebble_target.c - a program under libpebble-malloc.so: one fault by name, or threads and forks
 * that hold what they have written against what they read.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 40, N_THREADS = 8, N_FORKS = 12, N_SLOTS = 150, N_STEPS = 20000, ALIGN = 256 };

struct slot {
    unsigned char *block;
    size_t n;
};

/* Not static, so that the library can say its name. */
void *make_block(size_t size);
__attribute__((noinline)) void *make_block(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("");
    return block;
}

static void fill(struct slot *slot, size_t n, int byte)
{
    memset(slot->block, byte, n);
    slot->n = n;
}

static void check(const struct slot *slot, int byte)
{
    for (size_t i = 0; i < slot->n; i += i + 1 < slot->n && i + 61 >= slot->n ? 1 : 61) {
        if (slot->block[i] != (unsigned char)byte) {
            _exit(3);
        }
    }
}

static void churn(unsigned x)
{
    struct slot slots[N_SLOTS] = {{0}};
    for (int step = 0; step < N_STEPS; step++) {
        x = x * 1103515245 + 12345;
        int k = (int)(x >> 16) % N_SLOTS;
        size_t n = (x >> 8) % ((x & 1023) == 5 ? 600000 : 3000) + 1;
        struct slot *slot = &slots[k];
        check(slot, k + 1);
        if (slot->block && x & 64) {
            slot->block = realloc(slot->block, n);
            slot->n = slot->n < n ? slot->n : n;
            check(slot, k + 1);
        } else {
            free(slot->block);
            slot->block = x & 128 ? memalign(ALIGN, n) : malloc(n);
        }
        if (!slot->block || (x & 192) == 128 ? (uintptr_t)slot->block % 16 != 0 : 0) {
            _exit(4);
        }
        fill(slot, n, k + 1);
    }
    for (int k = 0; k < N_SLOTS; k++) {
        check(&slots[k], k + 1);
        free(slots[k].block);
    }
}

static void *run(void *seed)
{
    churn((unsigned)(uintptr_t)seed);
    return NULL;
}

static int stress(void)
{
    pthread_t threads[N_THREADS];
    for (uintptr_t i = 0; i < N_THREADS; i++) {
        pthread_create(&threads[i], NULL, run, (void *)(i + 1));
    }
    for (unsigned i = 0; i < N_FORKS; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            churn(100 + i);
            _exit(0);
        }
        if (waitpid(pid, &status, 0) != pid || status) {
            return 5;
        }
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

static int family(void)
{
    void *aligned = NULL;
    volatile size_t huge = SIZE_MAX / 2;
    unsigned char *zeros = calloc(50, 20);
    for (int i = 0; i < 1000; i++) {
        if (zeros[i]) {
            return 6;
        }
    }
    free(zeros);
    if (posix_memalign(&aligned, 4096, 10) != 0 || (uintptr_t)aligned % 4096 ||
        malloc_usable_size(aligned) < 10 || posix_memalign(&aligned, 3, 10) == 0) {
        return 7;
    }
    free(aligned);
    aligned = aligned_alloc((size_t)8 << 20, 100);
    if ((uintptr_t)aligned % ((size_t)8 << 20) || (uintptr_t)valloc(1) % 4096 ||
        malloc_usable_size(pvalloc(1)) < 4096) {
        return 8;
    }
    free(aligned);
    return malloc(huge) || calloc(huge, 4) || reallocarray(NULL, huge, 4) ? 9 : 0;
}

int fault(const char *name);
int fault(const char *name)
{
    static char global[128];
    char local[64];
    unsigned char *volatile block = make_block(BYTES);
    void *volatile other = NULL;
    if (strcmp(name, "double-free") == 0) {
        free(block);
    } else if (strcmp(name, "overflow") == 0) {
        block[BYTES] = 1;
    } else if (strcmp(name, "overflow-far") == 0) {
        memset(block, 1, BYTES + 24);
    } else if (strcmp(name, "interior-pointer") == 0) {
        block += 8;
    } else if (strcmp(name, "foreign-pointer") == 0) {
        block = (unsigned char *)global + 16;
    } else if (strcmp(name, "stack") == 0) {
        block = (unsigned char *)local;
    } else if (strcmp(name, "write-after-free") == 0) {
        free(block);
        block[3] = 1;
        return 0;
    } else if (strcmp(name, "bad-header") == 0) {
        memset(block - 8, 1, 8);
    } else if (strcmp(name, "realloc-freed") == 0) {
        free(block);
        other = realloc(block, 2000);
        return other != NULL;
    }
    free(block);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    if (strcmp(argv[1], "stress") == 0) {
        return stress();
    }
    return strcmp(argv[1], "family") == 0 ? family() : fault(argv[1]);
}
