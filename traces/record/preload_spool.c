/* SPDX-License-Identifier: MIT
 *
 * preload_spool.c - the recorded program's side of the spool: finds it and writes into it.
 *
 * The file is mapped once, whole, when the program begins. After that a record costs one atomic
 * compare-and-exchange, one read of the time stamp counter and 32 bytes. Only when `pebbleviz
 * record` is 262,144 records behind, a system call sleeps until it has caught up: as long as it
 * lives and makes progress, two seconds at most.
 *
 * One word says whether to record. It is on a page that the kernel clears in every child,
 * whatever call made it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "traces/record/preload.h"

#ifdef __x86_64__
#include <x86intrin.h>
#endif

enum { UNKNOWN, RECORDING, COUNTED }; /* of *mode; the kernel clears it in children */

enum { WAIT_MS = 10, WAITS_MAX = 200, PAGE_BYTES = 4096, NAMES_BYTES = 2 * PV_SPOOL_PATH };

static _Atomic int *mode; /* the word; NULL: not attached */
static _Atomic bool answered;
static struct pv_spool_header *header;
static struct pv_spool_record *records;
static bool has_ticks;
static _Atomic bool is_shut_in;
static _Atomic uint64_t last_time; /* the time of pv_preload_shut_in */
static uint64_t depth;
static char names_text[2][NAMES_BYTES];
static const char *names[2] = {names_text[0], names_text[1]};
PV_THREAD_LOCAL uint32_t thread_number;

extern char **environ;
extern void *__libc_stack_end __attribute__((weak)); /* set by ld.so: the address of argc */

static uint64_t now(void)
{
    if (atomic_load_explicit(&is_shut_in, memory_order_relaxed)) {
        return atomic_load_explicit(&last_time, memory_order_relaxed);
    }
#ifdef __x86_64__
    if (has_ticks) {
        return __rdtsc();
    }
#endif
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

void pv_preload_shut_in(void)
{
    atomic_store(&last_time, now());
    atomic_store(&is_shut_in, true);
}

/* ---- beginning ---- */

/* For kernels that cannot clear the word in a child; its first call then finds it cleared. */
static void forget_in_child(void)
{
    atomic_store(mode, UNKNOWN);
}

/* Tells `record` why, without a mapped header. */
static void tell_failure(int fd, uint64_t failed)
{
    syscall(SYS_pwrite64, fd, &failed, sizeof failed, offsetof(struct pv_spool_header, failed));
}

/* Uses raw system calls, because open and close of the C library are cancellation points. */
static bool map_spool(const char *path)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    void *whole = mmap(NULL, PV_SPOOL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (whole == MAP_FAILED) {
        tell_failure(fd, (uint64_t)errno);
    }
    syscall(SYS_close, fd);
    if (whole == MAP_FAILED) {
        return false;
    }
    header = whole;
    records = (struct pv_spool_record *)((char *)whole + PV_SPOOL_HEADER_BYTES);
    if (header->magic == PV_SPOOL_MAGIC && header->pid == getpid()) {
        return true;
    }
    munmap(whole, PV_SPOOL_BYTES);
    header = NULL;
    return false;
}

static char **environment(void)
{
    if (environ || !&__libc_stack_end || !__libc_stack_end) {
        return environ;
    }
    /* The C library is not initialised yet (.preinit_array): the environment follows the
     * arguments. */
    char **at = (char **)__libc_stack_end;
    return at + 1 + *(const long *)(const void *)at + 1;
}

/* Removes the variable from the environment without a call that allocates. */
static void take_out(char **entry)
{
    for (; *entry; entry++) {
        entry[0] = entry[1];
    }
}

/* Removes our variables, so that children run without the library: ours is the first entry of
 * LD_PRELOAD, the others stay. */
static void clean_environment(char **entry)
{
    static const char preload[] = "LD_PRELOAD=", spool[] = PV_SPOOL_ENV "=";
    while (*entry) {
        char *value = *entry + sizeof preload - 1;
        if (strncmp(*entry, spool, sizeof spool - 1) == 0) {
            take_out(entry);
        } else if (strncmp(*entry, preload, sizeof preload - 1) == 0) {
            size_t n = strcspn(value, ":");
            if (sizeof preload + n <= NAMES_BYTES) {
                memcpy(names_text[0], *entry, sizeof preload - 1 + n);
            }
            if (!value[n]) {
                take_out(entry);
                continue;
            }
            memmove(value, value + n + 1, strlen(value + n + 1) + 1);
            entry++;
        } else {
            entry++;
        }
    }
}

static const char *find_spool(char **entry)
{
    static const char name[] = PV_SPOOL_ENV "=";
    for (; *entry; entry++) {
        if (strncmp(*entry, name, sizeof name - 1) == 0) {
            return *entry;
        }
    }
    return NULL;
}

void pv_preload_count_child(void)
{
    if (mode) {
        __atomic_fetch_add(&header->n_forks, 1, __ATOMIC_RELAXED);
    }
}

/* The word still says RECORDING in another process only after vfork. */
void pv_preload_count_self(void)
{
    static _Atomic pid_t counted;
    pid_t pid = getpid();
    if (mode && atomic_load(mode) == RECORDING && pid != (pid_t)header->pid &&
        atomic_exchange(&counted, pid) != pid) {
        pv_preload_count_child();
    }
}

void pv_preload_failed(int error)
{
    header->failed = (uint64_t)error;
}

static void begin(void)
{
    if (!map_spool(names_text[1] + sizeof PV_SPOOL_ENV)) {
        return;
    }
    void *page =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || !pv_preload_stack_init()) {
        pv_preload_failed(errno);
        return;
    }
    mode = page;
    bool wiped = madvise(page, PAGE_BYTES, MADV_WIPEONFORK) == 0;
    pthread_atfork(NULL, pv_preload_count_child, wiped ? NULL : forget_in_child);
    has_ticks = header->ticks;
    depth = header->depth;
    __atomic_fetch_add(&header->n_images, 1, __ATOMIC_RELAXED);
    pv_preload_define(PV_SPOOL_IMAGE, 0, 0, 0, 0, now());
    atomic_store(mode, RECORDING);
}

static void attach(void)
{
    int saved = errno;
    char **entry = environment();
    if (!entry) {
        return;
    }
    atomic_store_explicit(&answered, true, memory_order_release);
    const char *spool = find_spool(entry);
    if (spool && strlen(spool) < NAMES_BYTES) {
        memcpy(names_text[1], spool, strlen(spool) + 1);
        clean_environment(entry);
        begin();
    }
    errno = saved;
}

/* Counts a call in a child of the recorded process. */
static void count(void)
{
    int was = UNKNOWN;
    if (atomic_compare_exchange_strong(mode, &was, COUNTED)) {
        __atomic_fetch_add(&header->n_children, 1, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&header->n_child_calls, 1, __ATOMIC_RELAXED);
}

bool pv_preload_recording(void)
{
    if (!atomic_load_explicit(&answered, memory_order_acquire)) {
        attach();
    }
    if (!mode) {
        return false;
    }
    if (atomic_load_explicit(mode, memory_order_relaxed) == RECORDING) {
        return true;
    }
    count();
    return false;
}

uint64_t pv_preload_depth(void)
{
    return depth;
}

const char *const *pv_preload_names(void)
{
    return mode && atomic_load(mode) == RECORDING && getpid() == (pid_t)header->pid ? names
                                                                                    : NULL;
}

uint32_t pv_preload_thread(void)
{
    while (!thread_number) {
        uint64_t n = __atomic_add_fetch(&header->n_threads, 1, __ATOMIC_RELAXED);
        thread_number = (uint32_t)n & ((1u << PV_SPOOL_PART_BITS) - 1);
    }
    return thread_number;
}

/* ---- writing ---- */

/* Waits until the ring has room, or until it is clear that it will have none. */
static __attribute__((noinline)) bool wait_for_room(uint64_t limit)
{
    int saved = errno;
    bool has_room = false;
    if (atomic_load_explicit(&is_shut_in, memory_order_relaxed)) {
        return false;
    }
    __atomic_fetch_add(&header->n_waiting, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < WAITS_MAX && !has_room; i++) {
        uint32_t turn = __atomic_load_n(&header->turn, __ATOMIC_SEQ_CST);
        has_room = __atomic_load_n(&header->limit, __ATOMIC_SEQ_CST) != limit;
        if (has_room || __atomic_load_n(&header->stalled, __ATOMIC_RELAXED)) {
            break;
        }
        struct timespec time = {.tv_nsec = WAIT_MS * 1000000L};
        syscall(SYS_futex, &header->turn, FUTEX_WAIT, turn, &time, NULL, 0);
        if (syscall(SYS_kill, (pid_t)header->tool_pid, 0) != 0 && errno == ESRCH) {
            break;
        }
    }
    has_room = has_room || __atomic_load_n(&header->limit, __ATOMIC_SEQ_CST) != limit;
    if (!has_room) {
        __atomic_store_n(&header->stalled, 1, __ATOMIC_RELAXED);
    }
    __atomic_fetch_sub(&header->n_waiting, 1, __ATOMIC_RELAXED);
    errno = saved;
    return has_room;
}

static bool claim(uint64_t *ret_i)
{
    uint64_t i = __atomic_load_n(&header->n_claimed, __ATOMIC_RELAXED);
    for (;;) {
        uint64_t limit = __atomic_load_n(&header->limit, __ATOMIC_ACQUIRE);
        if (i < limit) {
            if (__atomic_compare_exchange_n(&header->n_claimed, &i, i + 1, true,
                                            __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
                *ret_i = i;
                return true;
            }
            continue;
        }
        if (__atomic_load_n(&header->stalled, __ATOMIC_RELAXED) || !wait_for_room(limit)) {
            return false;
        }
        i = __atomic_load_n(&header->n_claimed, __ATOMIC_RELAXED);
    }
}

/* A thread that slept between claim and write, for so long that its record is not waited for
 * any more, must not overwrite a later record. */
static bool put(struct pv_spool_head head, const struct pv_spool_record *what)
{
    uint64_t i;
    if (!claim(&i)) {
        return false;
    }
    struct pv_spool_record *record = &records[i % PV_SPOOL_RECORDS];
    if (i < __atomic_load_n(&header->n_skipped, __ATOMIC_RELAXED)) {
        return false;
    }
    record->a = what->a;
    record->b = what->b;
    record->time = what->time;
    head.lap = pv_spool_lap(i);
    __atomic_store_n(&record->head, pv_spool_pack(head), __ATOMIC_RELEASE);
    return true;
}

void pv_preload_tell(enum pv_spool_kind kind, unsigned shift, uint32_t node, uint64_t a,
                     uint64_t b)
{
    struct pv_spool_head head = {
        .kind = kind, .shift = shift, .part = pv_preload_thread(), .subject = node};
    struct pv_spool_record what = {.a = a, .b = b, .time = now()};
    if (!put(head, &what)) {
        __atomic_fetch_add(&header->n_lost, 1, __ATOMIC_RELAXED);
    }
}

bool pv_preload_define(enum pv_spool_kind kind, uint32_t subject, uint32_t part, uint64_t a,
                       uint64_t b, uint64_t time)
{
    struct pv_spool_head head = {.kind = kind, .part = part, .subject = subject};
    struct pv_spool_record what = {.a = a, .b = b, .time = time};
    return put(head, &what);
}

bool pv_preload_define_text(enum pv_spool_kind kind, uint32_t subject, const char *text)
{
    size_t n = strnlen(text, PV_SPOOL_PATH - 1);
    uint32_t part = 0;
    for (size_t at = 0; at == 0 || at < n; at += PV_SPOOL_TEXT_A_RECORD) {
        uint64_t words[PV_SPOOL_TEXT_A_RECORD / sizeof(uint64_t)] = {0};
        size_t left = n - at;
        memcpy(words, text + at, left < PV_SPOOL_TEXT_A_RECORD ? left : PV_SPOOL_TEXT_A_RECORD);
        if (!pv_preload_define(kind, subject, part++, words[0], words[1], words[2])) {
            return false;
        }
    }
    return true;
}
