/* SPDX-License-Identifier: MIT
 *
 * preload_small.c - a signal handler's stack may be as small as 4 KiB, of which the kernel
 * itself takes up to 3.5. There the recording runs on a stack of this library; only the
 * program's own call stays on the small one.
 *
 * A hook of sigaltstack(2) notes which stack each thread has given to its handlers.
 */
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>

#include "traces/record/preload.h"

#define HOOK __attribute__((visibility("default")))

enum { SMALL_BYTES = 32 * 1024, OUR_BYTES = 8 * 1024, N_OURS = 16 };

HOOK int sigaltstack(const stack_t *ss, stack_t *oss);
HOOK int prctl(int option, ...);

PV_THREAD_LOCAL uintptr_t small_start;
PV_THREAD_LOCAL size_t small_bytes;

static _Alignas(64) unsigned char ours[N_OURS][OUR_BYTES];
static atomic_flag taken[N_OURS];

static void find(void *ret_function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(ret_function, &found, sizeof found);
}

int sigaltstack(const stack_t *ss, stack_t *oss)
{
    int (*real)(const stack_t *, stack_t *);
    find(&real, "sigaltstack");
    int status = real(ss, oss);
    if (status == 0 && ss) {
        bool is_small = !(ss->ss_flags & SS_DISABLE) && ss->ss_size < SMALL_BYTES;
        small_start = is_small ? (uintptr_t)ss->ss_sp : 0;
        small_bytes = is_small ? ss->ss_size : 0;
    }
    return status;
}

/* After some of these calls the kernel forbids the time stamp counter or system calls. */
int prctl(int option, ...)
{
    int (*real)(int, unsigned long, unsigned long, unsigned long, unsigned long);
    unsigned long words[4];
    va_list args;
    va_start(args, option);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        words[i] = va_arg(args, unsigned long);
    }
    va_end(args);
    find(&real, "prctl");
    if ((option == PR_SET_SECCOMP && words[0] == SECCOMP_MODE_STRICT) ||
        (option == PR_SET_TSC && words[0] == PR_TSC_SIGSEGV)) {
        pv_preload_shut_in();
    }
    return real(option, words[0], words[1], words[2], words[3]);
}

#ifdef __x86_64__

static void call_on(unsigned char *top, void (*act)(void *), void *ctx)
{
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %0, %%rsp\n\t"
                     "callq *%1\n\t"
                     "movq %%rbx, %%rsp"
                     : "+r"(top), "+r"(act), "+D"(ctx)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory",
                       "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

#else

static void call_on(unsigned char *top, void (*act)(void *), void *ctx)
{
    (void)top;
    act(ctx);
}

#endif

bool pv_preload_is_small(const void *frame)
{
    return (uintptr_t)frame - small_start < small_bytes;
}

void pv_preload_elsewhere(void (*act)(void *), void *ctx)
{
    for (size_t i = 0; i < N_OURS; i++) {
        if (!atomic_flag_test_and_set_explicit(&taken[i], memory_order_acquire)) {
            call_on(ours[i] + OUR_BYTES, act, ctx);
            atomic_flag_clear_explicit(&taken[i], memory_order_release);
            return;
        }
    }
    act(ctx);
}
