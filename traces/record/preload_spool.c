/* SPDX-License-Identifier: MIT
 *
 * preload_spool.c - the recorded program's end of the spool: finding it, growing it, writing.
 *
 * The file grows by whole chunks that are allocated on disk before they are mapped, so that a
 * full disk is an answer and not a SIGBUS in the program. The chunk is opened by path each time
 * and closed again: the program never sees a descriptor of ours.
 *
 * Whether to record is one word on a page that the kernel clears in a child, whatever call made
 * it. Cost of a record: one atomic addition, one clock reading, 48 bytes written.
 */
#include "traces/record/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { UNKNOWN, OFF, RECORDING, FULL }; /* on the page that children see cleared: UNKNOWN */

static _Atomic int *mode; /* NULL: not attached */
static _Atomic bool answered;
static struct pv_spool_header *header;
static uint64_t start_ns;
static bool wants_stacks;
static char spool_path[PV_SPOOL_PATH];
static _Atomic(struct pv_spool_record *) chunks[PV_SPOOL_N_CHUNKS];
static struct pv_spool_record chunk_pending, chunk_refused; /* marks, never written to */
static _Atomic uint32_t n_threads;
PV_THREAD_LOCAL uint32_t thread_number;

extern char **environ;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void stop_in_child(void)
{
    if (mode) {
        atomic_store(mode, OFF);
    }
}

/* Raw system calls: the wrappers of open and close are places where a thread can be cancelled.
 */
static int open_spool(void)
{
    return (int)syscall(SYS_openat, AT_FDCWD, spool_path, O_RDWR | O_CLOEXEC);
}

static bool map_header(void)
{
    int fd = open_spool();
    if (fd < 0) {
        return false;
    }
    void *page = mmap(NULL, PV_SPOOL_HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (page == MAP_FAILED) {
        return false;
    }
    header = page;
    if (header->magic == PV_SPOOL_MAGIC && header->pid == getpid() && !header->attached) {
        return true;
    }
    munmap(page, PV_SPOOL_HEADER_BYTES);
    return false;
}

/* The variable's value, taken out of the environment without a call that allocates. */
static void take_out(char **entry)
{
    for (; *entry; entry++) {
        entry[0] = entry[1];
    }
}

/* Children run without us: ours is the first entry of LD_PRELOAD, others stay. */
static void clean_environment(void)
{
    static const char preload[] = "LD_PRELOAD=", spool[] = PV_SPOOL_ENV "=";
    for (char **entry = environ; *entry;) {
        char *value = *entry + sizeof preload - 1;
        if (strncmp(*entry, spool, sizeof spool - 1) == 0) {
            take_out(entry);
        } else if (strncmp(*entry, preload, sizeof preload - 1) == 0) {
            char *rest = strchr(value, ':');
            if (!rest) {
                take_out(entry);
                continue;
            }
            memmove(value, rest + 1, strlen(rest + 1) + 1);
            entry++;
        } else {
            entry++;
        }
    }
}

static const char *spool_in_environment(void)
{
    static const char name[] = PV_SPOOL_ENV "=";
    for (char **entry = environ; *entry; entry++) {
        if (strncmp(*entry, name, sizeof name - 1) == 0) {
            return *entry + sizeof name - 1;
        }
    }
    return NULL;
}

static void begin(void)
{
    if (!map_header() || !pv_preload_stack_init()) {
        return;
    }
    void *page = mmap(NULL, PV_SPOOL_HEADER_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return;
    }
    mode = page;
    if (madvise(page, PV_SPOOL_HEADER_BYTES, MADV_WIPEONFORK) != 0) {
        pthread_atfork(NULL, NULL, stop_in_child);
    }
    wants_stacks = !header->no_stacks;
    start_ns = now_ns();
    header->attached = 1;
    atomic_store(mode, RECORDING);
}

void pv_preload_attach(void)
{
    /* Before the C library has begun there is no environment to ask. */
    if (atomic_load_explicit(&answered, memory_order_acquire) || !environ) {
        return;
    }
    int saved = errno;
    const char *path = spool_in_environment();
    atomic_store_explicit(&answered, true, memory_order_release);
    if (path && strlen(path) < sizeof spool_path) {
        memcpy(spool_path, path, strlen(path) + 1);
        begin();
        clean_environment();
    }
    errno = saved;
}

bool pv_preload_recording(void)
{
    return mode && atomic_load_explicit(mode, memory_order_relaxed) >= RECORDING;
}

bool pv_preload_wants_stacks(void)
{
    return wants_stacks;
}

/* File systems that cannot allocate ahead are written to, which does the same. */
static int allocate(int fd, off_t offset)
{
    static const char zeros[PV_SPOOL_HEADER_BYTES];
    struct rlimit limit;
    /* Beyond the program's limit the kernel would not only refuse, but send it SIGXFSZ. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
        limit.rlim_cur < (rlim_t)(offset + PV_SPOOL_CHUNK_BYTES)) {
        return EFBIG;
    }
    if (syscall(SYS_fallocate, fd, 0, offset, (off_t)PV_SPOOL_CHUNK_BYTES) == 0) {
        return 0;
    }
    if (errno != EOPNOTSUPP && errno != ENOSYS) {
        return errno;
    }
    for (off_t at = 0; at < PV_SPOOL_CHUNK_BYTES;) {
        long n = syscall(SYS_pwrite64, fd, zeros, sizeof zeros, offset + at);
        if (n <= 0) {
            return n == 0 ? ENOSPC : errno;
        }
        at += n;
    }
    return 0;
}

static struct pv_spool_record *grow(uint64_t chunk)
{
    off_t offset = PV_SPOOL_HEADER_BYTES + (off_t)chunk * PV_SPOOL_CHUNK_BYTES;
    int fd = open_spool();
    int failed = fd < 0 ? errno : allocate(fd, offset);
    void *at = MAP_FAILED;
    if (!failed) {
        at = mmap(NULL, PV_SPOOL_CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
        failed = at == MAP_FAILED ? errno : 0;
    }
    if (fd >= 0) {
        syscall(SYS_close, fd);
    }
    if (failed) {
        header->stop_errno = (uint64_t)failed;
        atomic_store(mode, FULL);
        return &chunk_refused;
    }
    return at;
}

/* The first to come grows the file, others wait for it: it holds nothing that they have. */
static struct pv_spool_record *chunk_at(uint64_t chunk)
{
    struct pv_spool_record *at = atomic_load_explicit(&chunks[chunk], memory_order_acquire);
    if (!at && atomic_compare_exchange_strong(&chunks[chunk], &at, &chunk_pending)) {
        at = grow(chunk);
        atomic_store_explicit(&chunks[chunk], at, memory_order_release);
    }
    while (at == &chunk_pending) {
        sched_yield();
        at = atomic_load_explicit(&chunks[chunk], memory_order_acquire);
    }
    return at;
}

struct pv_spool_record *pv_preload_claim(void)
{
    if (atomic_load_explicit(mode, memory_order_relaxed) == RECORDING) {
        uint64_t at = __atomic_fetch_add(&header->n_claimed, 1, __ATOMIC_RELAXED);
        uint64_t chunk = at / PV_SPOOL_CHUNK_RECORDS;
        struct pv_spool_record *records =
            chunk < PV_SPOOL_N_CHUNKS ? chunk_at(chunk) : &chunk_refused;
        if (records != &chunk_refused) {
            return &records[at % PV_SPOOL_CHUNK_RECORDS];
        }
    }
    __atomic_fetch_add(&header->n_lost, 1, __ATOMIC_RELAXED);
    return NULL;
}

void pv_preload_commit(struct pv_spool_record *record, enum pv_spool_kind kind)
{
    if (!thread_number) {
        thread_number = atomic_fetch_add(&n_threads, 1) + 1;
    }
    record->thread = thread_number;
    record->t = now_ns() - start_ns;
    __atomic_store_n(&record->kind, (uint8_t)kind, __ATOMIC_RELEASE);
}
