/* SPDX-License-Identifier: MIT
 *
 * kernel.c - a program without a C library that takes the heap as a kernel does: the files that
 * core/amalgamate writes, the examples of core/README.md, and what stands here. It leaves with
 * 0 when all its checks hold, otherwise with the number of the first that does not.
 */
#include <stdatomic.h>

#include "pebblebuddy.h"
#include "pebbleguard.h"
#include "pebbleheap.h"

enum { N_PAGES = 512, N_BLOCKS = 200 };

/* ---- what a kernel has ---- */

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);

/* volatile: the compiler must not make a call of memcpy out of memcpy. */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    volatile unsigned char *out = to;
    const unsigned char *in = from;
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i];
    }
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    volatile unsigned char *out = to;
    for (size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)byte;
    }
    return to;
}

#ifdef WITH_BUDDY
void *memmove(void *to, const void *from, size_t n);

void *memmove(void *to, const void *from, size_t n)
{
    volatile unsigned char *out = to;
    const unsigned char *in = from;
    if ((uintptr_t)to <= (uintptr_t)from) {
        return memcpy(to, from, n);
    }
    while (n--) {
        out[n] = in[n];
    }
    return to;
}

#ifdef __arm__
/* A linux libgcc for arm calls it on division by 0. */
int raise(int number);

int raise(int number)
{
    return number;
}
#endif
#endif

static _Alignas(PV_PAGE_BYTES) unsigned char pages[N_PAGES][PV_PAGE_BYTES];
static bool taken[N_PAGES];

/* The kernel's own, which the example calls: whole pages, contiguous, first place first. */
void *kernel_map(uint64_t n_pages, uint32_t flags);
void kernel_unmap(void *start, uint64_t n_pages);

void *kernel_map(uint64_t n_pages, uint32_t flags)
{
    (void)flags;
    for (size_t i = 0; n_pages <= N_PAGES && i <= N_PAGES - (size_t)n_pages; i++) {
        size_t n = 0;
        while (n < n_pages && !taken[i + n]) {
            n++;
        }
        if (n == n_pages) {
            memset(taken + i, true, n);
            return pages[i];
        }
    }
    return NULL;
}

void kernel_unmap(void *start, uint64_t n_pages)
{
    memset(taken + ((unsigned char *)start - pages[0]) / PV_PAGE_BYTES, false, (size_t)n_pages);
}

static unsigned n_taken(void)
{
    unsigned n = 0;
    for (size_t i = 0; i < N_PAGES; i++) {
        n += taken[i];
    }
    return n;
}

/* ---- the example's, and the checks ---- */

extern struct pv_heap kernel_heap, kernel_region_heap;
extern struct pv_buddy kernel_frames;
bool kernel_region_begin(void *start);
bool kernel_frames_begin(void *chunk, uint64_t bytes);
void *kernel_frames_get(uint64_t bytes);
extern atomic_flag kernel_heap_busy;
bool kernel_heap_begin(void);
void *kernel_malloc(size_t size);
void kernel_free(void *ptr);

static unsigned n_faults;
static enum pv_fault last_fault;

static void on_fault(void *ctx, const struct pv_event *event)
{
    (void)ctx;
    if (event->kind == PV_EVENT_FAULT) {
        n_faults++;
        last_fault = event->fault;
    }
}

/* It was free, that is: whoever took it gave it back. */
static bool is_unlocked(void)
{
    bool was_free = !atomic_flag_test_and_set(&kernel_heap_busy);
    atomic_flag_clear(&kernel_heap_busy);
    return was_free;
}

static bool holds(const unsigned char *at, size_t n, unsigned char mark)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] != mark) {
            return false;
        }
    }
    return true;
}

#define CHECK(number, condition)                                                               \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            return (number);                                                                   \
        }                                                                                      \
    } while (0)

static int check_blocks(void)
{
    static unsigned char *blocks[N_BLOCKS];
    for (size_t i = 0; i < N_BLOCKS; i++) {
        size_t size = 1 + (i * 37 & 2047);
        blocks[i] = kernel_malloc(size);
        CHECK(10, blocks[i]);
        memset(blocks[i], (int)i, size);
    }
    CHECK(11, kernel_heap.n_buckets > 1);
    for (size_t i = 0; i < N_BLOCKS; i += 2) {
        kernel_free(blocks[i]);
    }
    for (size_t i = 1; i < N_BLOCKS; i += 2) {
        size_t size = 1 + (i * 37 & 2047);
        CHECK(12, holds(blocks[i], size, (unsigned char)i));
        blocks[i] = pv_heap_realloc(&kernel_heap, blocks[i], size + 500);
        CHECK(13, blocks[i] && holds(blocks[i], size, (unsigned char)i));
    }
    for (size_t i = 1; i < N_BLOCKS; i += 2) {
        kernel_free(blocks[i]);
    }
    CHECK(14, kernel_heap.n_buckets == 1 && kernel_heap.n_free == 1);
    CHECK(15, n_taken() == kernel_heap.n_pages);
    return 0;
}

static int check_requests(void)
{
    for (uint32_t alignment = 1; alignment <= PV_ALIGN_MAX / 4; alignment *= 2) {
        const struct pv_request request = {.size = 100,
                                           .flags = PV_FLAG_ALIGNED | PV_FLAG_PHYSICAL |
                                                    PV_FLAG_CLEAR,
                                           .alignment = alignment,
                                           .name = "aligned"};
        unsigned char *at = pv_heap_alloc(&kernel_heap, &request);
        CHECK(20, at && ((uintptr_t)at & (alignment - 1)) == 0 && holds(at, 100, 0));
        kernel_free(at);
    }
    CHECK(21, !pv_heap_malloc(&kernel_heap, (uint64_t)N_PAGES * PV_PAGE_BYTES, "too much"));
    CHECK(22, !pv_heap_calloc(&kernel_heap, UINT64_MAX / 2, 3, "far too much"));
    CHECK(23, n_taken() == kernel_heap.n_pages);
    return 0;
}

static int check_faults(void)
{
    unsigned char *at = kernel_malloc(100);
    kernel_free(at);
    CHECK(30, n_faults == 0);
    kernel_free(at);
    CHECK(31, n_faults == 1 && last_fault == PV_FAULT_DOUBLE_FREE);
    kernel_free(&n_faults);
    CHECK(32, n_faults == 2 && last_fault == PV_FAULT_FOREIGN_POINTER);
    return 0;
}

static int check_guards(void)
{
    static struct pv_guard guard;
    const struct pv_guard_config config = {.fill_on_alloc = true,
                                           .fill_on_free = true,
                                           .canary = true,
                                           .checksum = true,
                                           .queue_size = 4};
    struct pv_listener listener = {.event = on_fault};
    CHECK(40, pv_guard_init(&guard, &kernel_heap, &config));
    pv_guard_listen(&guard, &listener);
    unsigned char *at = pv_guard_malloc(&guard, 100, "guarded");
    CHECK(41, at && pv_guard_check(&guard) == 0);
    at[100] = 0;
    CHECK(42, pv_guard_check(&guard) == 1 && last_fault == PV_GUARD_OVERFLOW);
    CHECK(43, pv_guard_free(&guard, at) == PV_GUARD_OVERFLOW);
    CHECK(44, pv_guard_free(&guard, at) == PV_FAULT_DOUBLE_FREE);
    at[50] = 1;
    CHECK(45, pv_guard_fini(&guard) == 4 && last_fault == PV_GUARD_WRITE_AFTER_FREE);
    CHECK(46, kernel_heap.n_free == 1);
    return 0;
}

/* The example's heap on a region of 64 pages that was set aside. */
static int check_region(void)
{
    CHECK(50, !kernel_region_begin(pages[0] + 8));
    CHECK(51, kernel_region_begin(pages[0]));
    unsigned char *at = pv_heap_malloc(&kernel_region_heap, 40 * PV_PAGE_BYTES, "region");
    CHECK(52, at && at > pages[0] && at < pages[64]);
    CHECK(53, !pv_heap_malloc(&kernel_region_heap, 40 * PV_PAGE_BYTES, "no more"));
    CHECK(54, pv_heap_free(&kernel_region_heap, at) == PV_FAULT_NONE);
    pv_heap_fini(&kernel_region_heap);
    return 0;
}

#ifdef WITH_BUDDY
static int check_frames(void)
{
    CHECK(60, !kernel_frames_begin(NULL, sizeof pages));
    CHECK(61, kernel_frames_begin(pages, sizeof pages));
    uint64_t free_bytes = kernel_frames.free_bytes;
    unsigned char *at = kernel_frames_get(3 * PV_PAGE_BYTES);
    CHECK(62, at && ((uintptr_t)at & (PV_PAGE_BYTES - 1)) == 0);
    CHECK(63, kernel_frames.free_bytes == free_bytes - 4 * PV_PAGE_BYTES);
    CHECK(64, pv_buddy_free(&kernel_frames, at, 3 * PV_PAGE_BYTES) == PV_BUDDY_FAULT_NONE);
    CHECK(65, kernel_frames.free_bytes == free_bytes);
    return 0;
}
#else
static int check_frames(void)
{
    return 0;
}
#endif

int kernel_main(void);

int kernel_main(void)
{
    CHECK(1, kernel_heap_begin());
    struct pv_listener listener = {.event = on_fault};
    pv_heap_listen(&kernel_heap, &listener);
    int failed = check_blocks();
    failed = failed ? failed : check_requests();
    failed = failed ? failed : check_faults();
    failed = failed ? failed : check_guards();
    CHECK(2, is_unlocked());
    pv_heap_fini(&kernel_heap);
    CHECK(3, failed || n_taken() == 0);
    failed = failed ? failed : check_region();
    failed = failed ? failed : check_frames();
    return failed;
}

/* ---- how it begins and ends: the one system call, exit ---- */

#if defined(__x86_64__)
__asm__(".globl _start\n"
        "_start:\n"
        "    andq $-16, %rsp\n"
        "    call kernel_main\n"
        "    movl %eax, %edi\n"
        "    movl $60, %eax\n"
        "    syscall\n");
#elif defined(__i386__)
__asm__(".globl _start\n"
        "_start:\n"
        "    andl $-16, %esp\n"
        "    call kernel_main\n"
        "    movl %eax, %ebx\n"
        "    movl $1, %eax\n"
        "    int $0x80\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        "_start:\n"
        "    bl kernel_main\n"
        "    mov x8, #93\n"
        "    svc #0\n");
#elif defined(__riscv)
__asm__(".globl _start\n"
        "_start:\n"
        "    .option push\n"
        "    .option norelax\n"
        "    la gp, __global_pointer$\n"
        "    .option pop\n"
        "    call kernel_main\n"
        "    li a7, 93\n"
        "    ecall\n");
#elif defined(__arm__)
__asm__(".globl _start\n"
        ".arm\n"
        "_start:\n"
        "    bl kernel_main\n"
        "    mov r7, #1\n"
        "    svc #0\n");
#elif defined(__powerpc__)
__asm__(".globl _start\n"
        "_start:\n"
        "    bl kernel_main\n"
        "    li 0, 1\n"
        "    sc\n");
#endif
