/* SPDX-License-Identifier: MIT
 *
 * logs_test.c - logs as people really have them: prefixes, halves of calls, several processes,
 * functions of which little is shown. What each gives, and what is said to be left out.
 */
#include "tests/traces/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

enum { ACCOUNT_BYTES = 1024 };

static const struct {
    const char *format, *text, *events, *account;
} logs[] = {
    /* Halves of calls: threads take turns. */
    {"ltrace",
     "7 malloc(8192 <unfinished ...>\n6 free(0x2000 <unfinished ...>\n"
     "7 <... malloc resumed> )    = 0x1000\n6 <... free resumed> )   = <void>\n"
     "7 malloc(16)  = 0x3000\n7 free(0x3000) = <void>\n",
     "m1:8192@7 m2:16@7 f2@7", "left-frees:1"},
    /* A resize's old place is given to another thread before the resize is told. */
    {"ltrace",
     "7 malloc(8) = 0x1000\n7 realloc(0x1000, 99 <unfinished ...>\n6 malloc(8) = 0x1000\n"
     "7 <... realloc resumed> ) = 0x2000\n6 free(0x1000) = <void>\n7 free(0x2000) = <void>\n",
     "m1:8@7 r1:99@7 m2:8@6 f2@6 f1@7", ""},
    {"ltrace",
     "1 realloc(0x1000, 50 <unfinished ...>\n2 malloc(6) = 0x1000\n"
     "1 <... realloc resumed> ) = 0x2000\n2 free(0x1000)\n1 free(0x2000)\n",
     "m1:6@2 m2:50@1 f1@2 f2@1", "left-resizes:1"},
    {"ltrace", "7 malloc(8 <unfinished ...>\n7 calloc(2, 3) = 0x2000\n", "c1:2x3@7",
     "left-halves malloc:1"},
    {"ltrace", "<... malloc resumed> ) = 0x1000\nmalloc(1) = 0x3000\nfree(0x1000) = <void>\n",
     "m1:1", "left-halves malloc:1 left-frees:1"},
    /* In the colours of a terminal: of the whole line, or of what grep has found in it. */
    {"ltrace",
     "\033[32mmalloc(16) = 0x1000\033[0m\n\033[01;31m\033[Kmalloc\033[m\033[K(8) = 0x2000\n"
     "free(0x1000) = <void>\n",
     "m1:16 m2:8 f1", ""},
    /* What the program printed stands in front of the call and inside it. */
    {"ltrace",
     "a->malloc(16) = 0x1000\na->free(0x1000) = <void>\n"
     "Enter: a->free(0x1000free(): double free detected in tcache 2\n <no return ...>\n"
     "--- SIGABRT (Aborted) ---\n",
     "m1:16 f1 f1", "died-in-calls free:1"},
    /* A wrapper's own lines. */
    {"ltrace",
     "[T1] malloc(16) = 0x1000\n[T1] free(0x1000)\nmain.c:20: malloc(8) = 0x1000\n"
     "main.c:21: free(0x1000);\n",
     "m1:16 f1 m2:8 f2", ""},
    /* Quoted, or behind a collector's words: the lines that are no calls count too. */
    {"ltrace", "> malloc(16) = 0x1000\n> --- Called exec() ---\n> malloc(17) = 0x2000\n",
     "m1:16", "left-process:1"},
    {"ltrace",
     "web  | malloc(16) = 0x1000\nweb  | +++ exited (status 0) +++\nweb  | free(0x1000) = <void>\n",
     "m1:16", "left-process:1"},
    {"ltrace",
     "12: malloc(16) = 0x1000\n13: free(0x1008 <no return ...>\n14: --- SIGABRT (Aborted) ---\n",
     "m1:16 f2", "died-in-calls free:1"},
    {"ltrace",
     "> 734474 14:10:36.5 malloc(16) = 0x1000\n> 734475 14:10:36.6 malloc(17) = 0x2000\n",
     "m1:16@734474!0 m2:17@734475!100000", ""},
    {"valgrind",
     "> ==5== Command: ./a\n> --5-- malloc(16) = 0x10\n> ==5== Command: ./b\n"
     "> --5-- malloc(17) = 0x20\n",
     "m1:16", "left-process:1"},
    /* Where lines are missing, nothing after them is sure to be a mistake. */
    {"ltrace", "malloc(16) = 0x1000\nfree(0x1000) = <void>\n[snip]\nfree(0x1000) = <void>\n",
     "m1:16 f1", "left-hidden (lines that are missing):1 left-frees:1"},
    {"valgrind", "--5-- malloc(16) = 0x10\n--5-- free(0x10)\n[...]\n--5-- free(0x10)\n",
     "m1:16 f1", "left-hidden (lines that are missing):1 left-frees:1"},
    {"ftrace",
     "a-1 [001] ..... 5.1: kmalloc: call_site=a+0x44/0xb0 ptr=00000000ffff1000 bytes_req=100 "
     "bytes_alloc=512 gfp_flags=x\na-1 [001] ..... 5.2: kfree: call_site=b+0x44/0xb0 "
     "ptr=00000000ffff1000\nCPU:1 [LOST 123 EVENTS]\na-1 [001] ..... 5.3: kfree: "
     "call_site=b+0x44/0xb0 ptr=00000000ffff1000\n",
     "m1:100@1!5100000000'a+0x44/0xb0 f1@1!5200000000",
     "left-hidden (lines that are missing):1 left-frees:1"},
    /* No decimal numbers. */
    {"valgrind", "--1-- malloc(16) = 4A42040\n--1-- malloc(17) = 0x...\n--1-- free(4A42040)\n",
     "", "left-garbled malloc:2 left-garbled free:1"},
    /* Two runs in one log, each with its number. */
    {"ltrace",
     "10 malloc(1) = 0x1000\n10 +++ exited (status 0) +++\n20 malloc(2) = 0x1000\n"
     "20 free(0x1000) = <void>\n20 +++ exited (status 0) +++\n",
     "m1:1@10", "left-process:2"},
    {"ltrace", "10 malloc(1) = 0x1000\n10 +++ exited (status 0) +++\n10 malloc(2) = 0x1000\n",
     "m1:1@10", "left-process:1"},
    {"ltrace", "9 malloc(1) = 0x1000\n9 forkpty(1, 0) = 8\n8 free(0x1000) = <void>\n", "m1:1@9",
     "left-process:1"},
    {"ltrace", "9 malloc(1) = 0x1000\n9 clone(0x401136, 0x7ffd, 17, 0) = 8\n8 free(0x1000)\n",
     "m1:1@9", "left-process:1"},
    {"ltrace",
     "9 malloc(1) = 0x1000\n9 SYS_clone(0x1200011, 0, 0, 0x7f00) = 8\n8 free(0x1000)\n"
     "9 SYS_clone(0x3d0f00, 0, 0, 0x7f00) = 7\n7 free(0x1000)\n",
     "m1:1@9 f1@7", "left-process:1"},
    {"ltrace",
     "9 malloc(1) = 0x1000\n9 daemon(1, 1 <unfinished ...>\n8 <... daemon resumed> ) = 0\n"
     "9 +++ exited (status 0) +++\n8 free(0x1000) = <void>\n8 +++ exited (status 0) +++\n",
     "m1:1@9", "left-process:1"},
    {"ltrace",
     "9 malloc(1) = 0x1000\n8 free(0x1000) = <void>\n8 +++ exited (status 0) +++\n"
     "9 --- SIGCHLD (Child exited) ---\n9 --- SIGCHLD (Child exited) ---\n",
     "m1:1@9 f1@8", "guessed-threads:1"},
    /* The program's text before a half, and with a NUL. */
    {"ltrace",
     "malloc(8) = 0x1000\nPrompt>free(0x1000 <unfinished ...>\nSYS_munmap(0x7f00, 4096) = 0\n"
     "<... free resumed> ) = <void>\n",
     "m1:8 f1", ""},
    {"ltrace", "malloc(8) = 0x1000\nEnter n5free(0x1000) = <void>\n", "m1:8",
     "left-garbled free:1"},
    {"logalloc", "10 10 malloc(8)=0x60\n10 10 malloc(9)=0x60\n10 10 free(0x60)\n",
     "m1:8@10 f1@10 m2:9@10", "moved-calls:1"},
    /* A program that prints like ltrace ends nothing. */
    {"ltrace",
     "malloc(8) = 0x1000\n--- a/x\n+++ b/x\nfree(0x1000) = <void>\n+++ exited (status 0) +++\n",
     "m1:8 f1", ""},
    /* Only the thread with the signal died in its call. */
    {"ltrace",
     "7 malloc(8) = 0x1000\n7 free(0x1000) = <void>\n7 asprintf(0x7ffe, \"x\") = 1\n"
     "7 free(0x1000 <unfinished ...>\n8 --- SIGSEGV (Segmentation fault) ---\n"
     "8 +++ killed by SIGSEGV +++\n7 +++ killed by SIGSEGV +++\n",
     "m1:8@7 f1@7", "left-hidden asprintf:1 left-frees:1"},
    /* Quotes inside a text stand there as they are. */
    {"ltrace",
     "malloc(8) = 0x3000\nstrdup(\"say \"hi\"\") = 0x1000\ngetenv(\"HOME\") = 0x7ffe00001234\n"
     "free(0x1000) = <void>\nfree(0x3000) = <void>\nstrdup(\"{\"a\": 1, \"b\": [2]}\") = 0x50\n",
     "m1:8 m2:9 f2 f1 m3:19", ""},
    /* A placement neither gives nor takes memory. */
    {"ltrace",
     "malloc(24) = 0x1000\noperator delete(void*, void*)(0x1000, 0x1000, 0, 0) = 0\n"
     "operator new(unsigned long, Arena&)(24, 1) = 0x1008\nfree(0x1000) = <void>\n",
     "m1:24 f1",
     "left-calls operator delete(void*, void*):1 left-calls operator new(unsigned long, Arena&):1"},
    /* Two processes' halves of one line: which result is whose, nobody knows. */
    {"valgrind",
     "==5== Command: ./a\n==6== Command: ./b\n--5-- malloc(4) = 0x40\n"
     "--5-- malloc(8)--6-- malloc(2) = 0x10\n = 0x20\n--5-- free(0x10)\n--6-- free(0x20)\n"
     "--5-- free(0x40)\n",
     "m1:4 f1", "left-process:2 left-frees:1 left-halves malloc:1"},
    {"valgrind",
     "==5== Command: ./a\n--5-- malloc(4) = 0x40\n--6-- malloc(1)--5-- malloc(8) = 0x10\n--5-- malloc(9) = 0x90\n"
     "--5-- free(0x10)\n--6-- malloc(8)--5-- free(0x90)\n = 0x10\n",
     "m1:4 m2:9 f2", "left-process:2 left-halves malloc:1 left-frees:1"},
    /* A result that was lost, and one behind another process's line. */
    {"valgrind",
     "==5== Command: ./a\n--5-- malloc(8)\n--5-- malloc(9) = 0x20\n--5-- free(0x10)\n"
     "--5-- free(0x20)\n",
     "m1:9 f1", "left-frees:1 left-halves malloc:1"},
    {"valgrind",
     "==5== Command: ./a\n--5-- malloc(300)==5== Warning: set address range perms\n"
     "--6-- free(0x70)\n--5--  = 0x90\n--5-- free(0x90)\n",
     "m1:300 f1", "left-process:1"},
    /* One thread: what is given again was free. */
    {"csv", "op,addr,size\nmalloc,0x10,16\nmalloc,0x10,17\nfree,0x10,\n", "m1:16 f1 m2:17 f2",
     "put-frees:1"},
    {"csv", "process,op,addr,size\n1,malloc,0x10,8\n2,free,0x10,\n1,free,0x10,\n", "m1:8 f1",
     "left-process:1"},
    {"lttng",
     "[16:02:06.1] (+0.0) h lttng_ust_libc:malloc: { cpu_id = 3 }, { vpid = 12, procname = \"a\" "
     "}, { size = 48, ptr = 0x60 }\n"
     "[16:02:06.4] (+0.0) h lttng_ust_libc:free: { cpu_id = 3 }, { vtid = 13, vpid = 13 }, { ptr "
     "= 0x60 }\n",
     "m1:48!57726100000000", "left-process:1"},
    /* Calls inside one another are one. */
    {"ltrace",
     "a->_Znam(400, 4, 0, 0x10 <unfinished ...>\n"
     "libstdc++.so.6->_Znwm(400, 4, 0, 0x10 <unfinished ...>\n"
     "libstdc++.so.6->malloc(400) = 0x1000\n<... _Znwm resumed> ) = 0x1000\n"
     "<... _Znam resumed> ) = 0x1000\na->malloc(30) = 0x2000\n"
     "a->_ZdaPv(0x1000, 1, 0x1, 0 <unfinished ...>\nlibstdc++.so.6->free(0x1000) = <void>\n"
     "<... _ZdaPv resumed> ) = 0\n",
     "m1:400 m2:30 f1", ""},
    {"ltrace",
     "a->reallocarray(0x0, 2, 8 <unfinished ...>\nlibc->malloc(16) = 0x1000\n"
     "<... reallocarray resumed> ) = 0x1000\na->reallocarray(0x1000, 3, 8 <unfinished ...>\n"
     "libc->realloc(0x1000, 24) = 0x2000\n<... reallocarray resumed> ) = 0x2000\n",
     "m1:16 r1:24", ""},
    {"ltrace",
     "7 realloc(0, 9 <no return ...>\n6 +++ exited (status 0) +++\n"
     "7 <... realloc resumed> ) = 0x1000\n7 free(0x1000 <no return ...>\n"
     "7 <... free resumed> ) = <void>\n7 +++ exited (status 0) +++\n",
     "m1:9@7 f1@7", ""},
    /* The end of a call is missing: what comes later at its address is another block. */
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000 <unfinished ...>\nmalloc(2) = 0x1000\n"
     "free(0x1000) = <void>\n",
     "m1:1 f1 m2:2 f2", ""},
    {"ltrace",
     "7 free(0x1000 <unfinished ...>\n6 malloc(2) = 0x1000\n7 <... free resumed> ) = 0\n"
     "6 free(0x1000) = <void>\n",
     "m1:2@6 f1@6", "left-frees:1"},
    {"ltrace",
     "malloc(20) = 0x1000\nrealloc(0x1000, 0 <unfinished ...>\nfree@libc(0x1000) = <void>\n"
     "<... realloc resumed> ) = 0\n",
     "m1:20 f1", ""},
    /* The program dies in a free: of what was freed before, of what nobody gave, of a block. */
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nfree(0x1000 <no return ...>\n"
     "--- SIGABRT (Aborted) ---\n",
     "m1:1 f1 f1", "died-in-calls free:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\n"
     "free(0x1000free(): double free detected in tcache 2\n <no return ...>\n"
     "--- SIGABRT (Aborted) ---\n",
     "m1:1 f1 f1", "died-in-calls free:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1008 <no return ...>\n*** invalid pointer ***\n"
     "--- SIGABRT (Aborted) ---\n+++ killed by SIGABRT +++\n",
     "m1:1 f2", "died-in-calls free:1"},
    {"ltrace", "malloc(1) = 0x1000\nfree(0x1008 <no return ...>\n+++ exited (status 1) +++\n",
     "m1:1", "left-frees:1"},
    {"ltrace", "malloc(1) = 0x1000\nrealloc(0x1000, 9 <unfinished ...>\n--- SIGSEGV (x) ---\n",
     "m1:1", "died-in-calls realloc:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nfree(0x1000 <unfinished ...>\n"
     "free@libc.so.6(0x1000 <unfinished ...>\nfree(): double free detected in tcache 2\n"
     "--- SIGABRT (Aborted) ---\n+++ killed by SIGABRT +++\n",
     "m1:1 f1 f1", "died-in-calls free:1"},
    /* The same in a resize. */
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nrealloc(0x1000, 9 <no return ...>\n"
     "realloc(): invalid old size\n--- SIGABRT (Aborted) ---\n+++ killed by SIGABRT +++\n",
     "m1:1 f1 r1:0", "died-in-calls realloc:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nrealloc(0x1008, 99realloc(): invalid pointer\n <no return ...>\n"
     "--- SIGABRT (Aborted) ---\n",
     "m1:1 r2:0", "died-in-calls realloc:1"},
    {"ltrace",
     "7 malloc(1) = 0x1000\n7 free(0x1000) = <void>\n7 reallocarray(0x1000, 2, 8 <unfinished "
     "...>\n7 realloc@libc.so.6(0x1000, 16 <unfinished ...>\n--- SIGABRT (Aborted) ---\n"
     "7 --- SIGABRT (Aborted) ---\n",
     "m1:1@7 f1@7 r1:0@7", "died-in-calls realloc:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nrealloc(0x1008, 9 <no return ...>\n+++ exited (status 1) +++\n",
     "m1:1", "left-halves realloc:1"},
    {"valgrind",
     "==9== Command: ./a\n--9-- malloc(8) = 0x10\n--9-- free(0x10)\n--9-- realloc(0x10,9)"
     "Invalid free() / delete / delete[] / realloc()\n==9==\n--9--  = 0x0\n"
     "--9-- realloc(0x50,9)==9== Invalid free()\n--9--  = 0x0\n",
     "m1:8 f1 r1:0 r2:0", ""},
    {"valgrind",
     "--9-- malloc(8) = 0x10\n--9-- realloc(0x10,9)\n==9== Process terminating with default "
     "action of signal 6 (SIGABRT)\n",
     "m1:8", "died-in-calls realloc:1"},
    {"mtrace", "= Start\n@ a + 0x10 0x1\n@ a < 0x10\n", "m1:1'a", "left-halves realloc:1"},
    /* A resize of what was freed gives memory all the same; a pointer that was resized away. */
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nrealloc(0x1000, 9) = 0x2000\n"
     "free(0x2000) = <void>\n",
     "m1:1 f1 r1:0 m2:9 f2", ""},
    {"mtrace",
     "= Start\n@ a + 0x10 0x1\n@ b < 0x10\n@ b > 0x20 0x9\n@ a - 0x10\n@ a - 0x10\n"
     "@ a - 0x20\n",
     "m1:1'a r1:9'b f2 f2 f1", ""},
    /* The C library empties a thread's cache when it ends; a mistake is followed by more. */
    {"ltrace",
     "7 malloc(1) = 0x1000\n7 malloc(2) = 0x2000\n7 free@libc.so.6(0x1000) = <void>\n"
     "7 free@libc.so.6(0x1000) = <void>\n7 malloc(3) = 0x3000\n"
     "7 free@libc.so.6(0x1000 <unfinished ...>\n6 malloc(4) = 0x4000\n"
     "7 <... free resumed> ) = <void>\n7 free@libc.so.6(0) = <void>\n"
     "7 free@libc.so.6(0x3000) = <void>\n7 free@libc.so.6(0x1000) = <void>\n"
     "7 +++ exited (status 0) +++\n",
     "m1:1@7 m2:2@7 f1@7 f1@7 m3:3@7 m4:4@6 f-@7 f3@7", "left-cached:2"},
    /* Other functions under a wrong name. */
    {"ltrace",
     "malloc(8) = 0x1000\nreallocarray(0x1000, 2, 8 <unfinished ...>\n"
     "libc.so.6->calloc(94063745275632, 3200) = 0x2000\n<... reallocarray resumed> ) = 0x2000\n"
     "realloc(0x2000, 3) = 0x3\nmalloc(5) = 0x55d1\nfree(0x2000) = <void>\n",
     "m1:8 r1:16 f1", "left-garbled calloc:1 left-garbled realloc:1 left-garbled malloc:1"},
    {"ltrace",
     "malloc(8) = 0x1000\nposix_memalign(0x7f, 64, 100 <unfinished ...>\n"
     "posix_memalign@libc.so.6(0x7f, 64, 100) = 0\n<... posix_memalign resumed> ) = 0\n",
     "m1:8", "left-hidden posix_memalign:1"},
    /* Prefixes, with the thread and the time that they tell. */
    {"ltrace", "[0x403db8] malloc(576) = 0xd47010\n[0x403dc8] free(0xd47010) = <void>\n",
     "m1:576'0x403db8 f1", ""},
    {"ltrace", "14:10:36.130338 malloc(100) = 0x1000\n14:10:36.130700 free(0x1000) = <void>\n",
     "m1:100!0 f1!362", ""},
    {"ltrace", "23:59:59 malloc(100) = 0x1000\n00:00:01 free(0x1000) = <void>\n",
     "m1:100!0 f1!2000000", ""},
    {"ltrace",
     "[pid 4711] 14:10:36 malloc(100) = 0x1000\n[pid 4712] 14:10:37 free(0x1000) = <void>\n",
     "m1:100@4711!0 f1@4712!1000000", ""},
    {"ltrace",
     "734474 1782133300.642578 malloc(65536) = 0x1000 <0.000432>\n"
     "734474 1782133300.642600 free(0x1000) = <void> <0.000032>\n",
     "m1:65536@734474!0 f1@734474!22", ""},
    {"ltrace",
     "  0.000000 malloc(100) = 0x1000\n  0.000123 strlen(\"a\") = 1\n"
     "  0.000002 free(0x1000) = <void>\n",
     "m1:100!0 f1!125", ""},
    {"ltrace",
     "4711 strlen(\"hello\") = 5\n4711 malloc(100) = 0x1000\n4712 free(0x1000) = <void>\n",
     "m1:100@4711 f1@4712", ""},
    {"ltrace",
     "malloc@libc.so.6(24) = 0x1000\ncalloc@libc.so.6(3, 8) = 0x2000\n"
     "free@libc.so.6(0x1000) = <void>\n",
     "m1:24 c2:3x8 f1", ""},
    {"ltrace",
     "app->operator new(unsigned long)(24, 0x7ffd, 0, 0) = 0x1000\n"
     "app->operator new[](unsigned long, std::align_val_t)(100, 64, 0, 0) = 0x2000\n"
     "app->operator delete(void*, unsigned long)(0x1000, 24, 0, 0) = 0\n"
     "app->operator new(unsigned long, void*)(24, 0x2000) = 0x2000\n",
     "m1:24 a2:100/64 f1", "left-calls operator new(unsigned long, void*):1"},
    /* The program's own text. */
    {"ltrace",
     "puts(\"Enter name:\"Enter name:\n)  = 12\nmalloc(10) = 0x1000\n"
     "free(0x1000) = <void>\n",
     "m1:10 f1", ""},
    {"ltrace",
     "$ ltrace ./a\nName:malloc(10) = 0x1000\nmalloc(20Hello\n)   = 0x2000\n"
     "write(1, \"malloc(9) = 0x10\") = 3\nfree(0x1000Hello\n)  = <void>\n",
     "m1:10 m2:20 f1", ""},
    /* All functions. */
    {"ltrace",
     "reallocarray(0, 16, 1, 0) = 0x1000\nmalloc(10) = 0x2000\n"
     "reallocarray(0x1000, 32, 1, 0) = 0x3000\nfree(0x3000) = <void>\n",
     "m1:16 m2:10 r1:32 f1", ""},
    {"ltrace",
     "_Znwj(16, 0xbf9, 0, 0) = 0x1000\nmalloc(10) = 0x2000\n"
     "_ZdlPvj(0x1000, 16, 0, 0) = 1\n_ZdlPvRKSt9nothrow_t(0x2000, 1, 0, 0) = 1\n",
     "m1:16 m2:10 f1 f2", ""},
    {"ltrace",
     "_ZnajSt11align_val_tRKSt9nothrow_t(16, 32) = 0x1000\n"
     "_ZdaPvjSt11align_val_t(0x1000, 16, 32) = 1\n__libc_malloc(3) = 0x2000\n"
     "free_sized(0x2000, 3) = 1\npvalloc(4) = 0x4000\ncfree(0x4000) = 1\n"
     "free_aligned_sized(0, 8, 8) = 1\n",
     "a1:16/32 f1 m2:3 f2 m3:4 f3 f-", ""},
    {"ltrace",
     "malloc(16) = 0x1000\nstrdup(\"hello\") = 0x2000\nfree(0x2000) = <void>\n"
     "free(0x1000) = <void>\n",
     "m1:16 m2:6 f2 f1", ""},
    {"ltrace",
     "strdup(\"a\\n\\0011\"...) = 0x2000\nstrndup(\"hello\", 3) = 0x3000\n"
     "strndup(0x55, 3) = 0x4000\nstrdup(0x55) = 0x5000\nfree(0x5000) = <void>\n",
     "m1:5 m2:4 m3:4",
     "guessed-sizes strdup:1 guessed-sizes strndup:1 left-hidden strdup:1 left-frees:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nxmalloc(7) = 0x3000\ng_free(0x3000) = <void>\n"
     "xmalloc(8) = 0x3000\nfree(0x3000) = <void>\n",
     "m1:1", "left-calls xmalloc:2 left-calls g_free:1 left-frees:1"},
    /* Frees that the log does not show. */
    {"ltrace",
     "malloc(16)=0x1000\ngetline(0x7ffd10, 0x7ffd18, 0x7f00, 0)=300\n"
     "malloc(17)=0x1000\nmalloc(50)=0x3000\nfree(0x1000)\nfree(0x3000)\n",
     "m1:16 f1 m2:17 m3:50 f2 f3", "left-hidden getline:1 put-frees:1"},
    {"valgrind", "--7-- malloc(1) = 0x10\n--7-- malloc(2) = 0x10\n--7-- free(0x10)\n",
     "m1:1 f1 m2:2 f2", "put-frees:1"},
    {"mtrace", "= Start\n@ a + 0x10 0x1\n@ a + 0x10 0x2\n@ a - 0x10\n@ a - 0x99\n",
     "m1:1'a f1 m2:2'a f2", "put-frees:1 left-frees:1"},
    /* What asprintf gave may lie where a block was: no second free. */
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nasprintf(0x7ff, \"x\") = 1\n"
     "free(0x1000) = <void>\n",
     "m1:1 f1", "left-hidden asprintf:1 left-frees:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nfoo_new(3) = 0x1000\n"
     "free(0x1000) = <void>\n",
     "m1:1 f1", "left-frees:1"},
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nstrcpy(0x1000, \"a\") = 0x1000\n"
     "free(0x1000) = <void>\n",
     "m1:1 f1 f1", ""},
    {"ltrace",
     "malloc(1) = 0x1000\nfree(0x1000) = <void>\nstrlen(\"a\") = 1\n"
     "free(0x1000) = <void>\n",
     "m1:1 f1 f1", ""},
    /* Calls that failed, whatever their size. */
    {"ltrace",
     "malloc(40) = 0x1000\nmalloc(18446744073709551615) = 0\nmalloc(-1) = 0\n"
     "realloc(0x1000, 18446744073709551615) = 0\nfree(0x1000) = <void>\n",
     "m1:40 f1", "failed-calls malloc:2 failed-calls realloc:1"},
    {"mtrace", "= Start\n@ a + 0x1000 0x28\n@ a + (nil) 0xffffffffffffffff\n@ a - 0x1000\n",
     "m1:40'a f1", "failed-calls:1"},
    {"valgrind",
     "--9-- malloc(18446744073709551615)Argument 'size' of function malloc\n"
     "==9==    at 0x1: malloc\n--9--  = 0x0\n--9-- malloc(8) = 0x10\n",
     "m1:8", "failed-calls malloc:1"},
    {"valgrind",
     "--9-- malloc(8) = 0x10\n--9-- realloc(0x10,0)free(0x10)\n--9--  = 0\n"
     "--9-- malloc(9) = 0x10\n--9-- realloc(0x10,0)\n--9-- malloc(7) = 0x20\n",
     "m1:8 r1:0 m2:9 r2:0 m3:7", ""},
    {"valgrind", "--9-- malloc(8)free(0x30)\n--9--  = 0x10\n--9-- malloc(7)\n", "m1:8",
     "left-frees:1 left-halves malloc:1"},
    /* Valgrind's versions and options. */
    {"valgrind",
     "--9-- malloc(10) = 0x10\n--9-- _ZnwmSt11align_val_t(size 256, al 64) = 0x40\n"
     "--9-- _ZnamSt11align_val_t(512, 64) = 0x80\n"
     "--9-- _ZdlPvmSt11align_val_t(0x40)\n",
     "m1:10 a2:256/64 a3:512/64 f2", ""},
    {"valgrind", "--9-- posix_memalign(0x1FFEFFFE28, 64, 100) = 0x40\n--9-- malloc(1) = 0x10\n",
     "a1:100/64 m2:1", ""},
    {"valgrind",
     "--00:00:00:01.250 9-- malloc(10) = 0x10\nHi--00:00:01:00.000 9-- free(0x10)\n",
     "m1:10!1250 f1!60000", ""},
    {"valgrind",
     "--9-- memalign(al 64, size 9) = 0x40\n--9-- memalign(alignment 32, size 8) = 0x80\n",
     "a1:9/64 a2:8/32", ""},
    {"valgrind", "--9-- malloc(10) = 0x10\n--9-- xyz(10) = 0x20\n--9-- xyz(10) = 0x20\n",
     "m1:10", "left-calls xyz:2"},
    /* Indented, and quoted in a mail; without callers, "> " is a resize and no quotation. */
    {"mtrace", "  = Start\n\t@ a + 0x10 0x1\n    @ a - 0x10\n", "m1:1'a f1", ""},
    {"mtrace", "> = Start\n> @ a + 0x10 0x1\n>> @ a - 0x10\n", "m1:1'a f1", ""},
    {"mtrace", "= Start\n+ 0x10 0x1\n< 0x10\n> 0x20 0x2\n", "m1:1 r1:2", ""},
    /* A fork: each process writes its buffer, with what stood in it before. */
    {"mtrace",
     "= Start\n@ a + 0x10 0x1\n@ a - 0x10\n= End\n= Start\n@ a + 0x10 0x1\n@ b + 0x20 0x2\n"
     "@ a - 0x10\n= End\n",
     "m1:1'a f1", "left-process:3"},
    {"mtrace",
     "= Start\n@ a + 0x10 0x1\n@ a + 0x20 0x2\n@ a - 0x10\n@ a - 0x20\n 0x2\n@ a - 0x10\n"
     "@ a - 0x20\n",
     "m1:1'a m2:2'a f1 f2", "left-mixed:3"},
    {"mtrace", "= Start\n@ a + 0x10 0x1\n\n@ a - 0x10\n", "m1:1'a f1", ""},
    {"mtrace", "= Start\n+ 0x10 0x1\n- 0x10\n", "m1:1 f1", ""},
    /* One process of several; --100-- forks 101. */
    {"valgrind", "--100-- malloc(1) = 0x10\n--101-- free(0x10)\n--100-- free(0x10)\n",
     "m1:1 f1", "left-process:1"},
    {"valgrind",
     "==5== Command: ./a\n--5-- malloc(1) = 0x10\n==5== Command: ./b\n"
     "--5-- free(0x10)\n",
     "m1:1", "left-process:1"},
    {"ltrace",
     "9 malloc(1) = 0x10\n9 fork() = 8\n8 <... fork resumed> ) = 0\n8 free(0x10) = 1\n"
     "9 free(0x10) = <void>\n",
     "m1:1@9 f1@9", "left-process:1"},
    /* Two runs, one after the other. */
    {"ltrace",
     "malloc(5) = 0x10\n+++ exited (status 0) +++\nmalloc(7) = 0x10\nfree(0x10) = <void>\n"
     "+++ exited (status 0) +++\n",
     "m1:5", "left-process:2"},
    /* The child is seen before it is known to be one. */
    {"ltrace",
     "9 malloc(1) = 0x10\n9 fork( <unfinished ...>\n8 SYS_getpid() = 8\n"
     "9 <... fork resumed> ) = 8\n8 free(0x10) = 1\n9 free(0x10) = <void>\n",
     "m1:1@9 f1@9", "left-process:1"},
    {"ltrace",
     "9 malloc(1) = 0x10\n9 fork( <unfinished ...>\n8 SYS_getpid() = 8\n"
     "8 <... fork resumed> ) = 0\n8 free(0x10) = 1\n9 free(0x10) = <void>\n",
     "m1:1@9 f1@9", "left-process:1"},
    {"ltrace", "9 malloc(1) = 0x10\n9 --- Called exec() ---\n9 malloc(2) = 0x10\n", "m1:1@9",
     "left-process:1"},
};

enum { N_LOGS = sizeof logs / sizeof logs[0] };

static void spell_account(const struct pv_account *account, char *out)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < account->n_rows && n < ACCOUNT_BYTES; ++i) {
        const struct pv_account_row *row = &account->rows[i];
        n += (size_t)snprintf(out + n, ACCOUNT_BYTES - n, "%s%s%s%s:%" PRIu64, n ? " " : "",
                              pv_account_key(row->kind), *row->name ? " " : "", row->name,
                              row->n);
    }
}

static void logs_become_events(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    char account[ACCOUNT_BYTES];
    bool good = true;
    for (size_t i = 0; i < N_LOGS; ++i) {
        struct pv_reader *reader;
        int status = read_spelled(logs[i].text, strlen(logs[i].text), NULL, events, &reader);
        spell_account(pv_reader_account(reader), account);
        bool same = status == 1 && strcmp(events, logs[i].events) == 0 &&
                    strcmp(account, logs[i].account) == 0 &&
                    strcmp(pv_reader_header(reader)->format, logs[i].format) == 0;
        if (!same) {
            print_error("%s\n  is      %s | %s | %s\n  must be %s | %s\n", logs[i].text, events,
                        account, pv_reader_place(reader)->text, logs[i].events,
                        logs[i].account);
            good = false;
        }
        pv_reader_close(reader);
    }
    assert_true(good);
}

/* A process forks more often than children are remembered: the newest are. */
static void many_forks(void **state)
{
    (void)state;
    enum { FORKS = PV_ACCOUNT_PROCESSES + 44, LINE = 32 };
    static char text[(FORKS + 4) * LINE];
    char events[SPELL_BYTES];
    char account[ACCOUNT_BYTES];
    struct pv_reader *reader;
    size_t n = (size_t)snprintf(text, LINE, "1 malloc(8) = 0x1000\n");
    for (int i = 1; i <= FORKS; ++i) {
        n += (size_t)snprintf(text + n, LINE, "1 fork() = %d\n", 1000 + i);
    }
    snprintf(text + n, 3 * LINE, "%d free(0x1000)\n%d free(0x1000)\n1 free(0x1000)\n",
             999 + FORKS, 1000 + FORKS);
    assert_int_equal(read_spelled(text, strlen(text), NULL, events, &reader), 1);
    spell_account(pv_reader_account(reader), account);
    assert_string_equal(events, "m1:8@1 f1@1");
    assert_string_equal(account, "left-process:2");
    pv_reader_close(reader);
}

enum { BUFFER_BLOCKS = 16, REPEATED = 2 };

/* 512 bytes of a log of mtrace that end with a line: allocations at 0x1000, 0x1010, … */
static size_t write_buffer(char *text)
{
    size_t n = (size_t)sprintf(text, "= Start\n");
    for (unsigned i = 0; i < BUFFER_BLOCKS; ++i) {
        n += (size_t)sprintf(text + n, "@ %s + 0x%x 0x10000\n", i ? "twelve_bytes" : "four",
                             0x1000 + 16 * i);
    }
    assert_int_equal(n, 512);
    return n;
}

/* Allocations that stood in the buffer at the fork, `more`, and the frees of all but `more`. */
static size_t write_process(char *text, const char *more)
{
    size_t n = 0;
    for (unsigned i = 0; i < REPEATED; ++i) {
        n += (size_t)sprintf(text + n, "@ at_the_fork + 0x%x 0x20\n", 0x2000 + 32 * i);
    }
    n += (size_t)sprintf(text + n, "%s", more);
    for (unsigned i = 0; i < BUFFER_BLOCKS + REPEATED; ++i) {
        n += (size_t)sprintf(text + n, "@ f - 0x%x\n",
                             i < BUFFER_BLOCKS ? 0x1000 + 16 * i
                                               : 0x2000 + 32 * (i - BUFFER_BLOCKS));
    }
    return n;
}

static void expect_mtrace(const char *text, size_t n, unsigned n_events, const char *account)
{
    struct pv_reader *reader;
    struct pv_trace_event event;
    char is[ACCOUNT_BYTES];
    unsigned count = 0;
    assert_int_equal(pv_reader_open_bytes(&reader, text, n, NULL), PV_OK);
    while (pv_reader_next(reader, &event) == PV_OK) {
        ++count;
    }
    spell_account(pv_reader_account(reader), is);
    assert_int_equal(count, n_events);
    assert_string_equal(is, account);
    pv_reader_close(reader);
}

/* mtrace's buffer is written when it holds 512 bytes, which may be between two lines. */
static void a_buffer_that_ends_between_lines(void **state)
{
    (void)state;
    enum { N_CALLS = 2 * (BUFFER_BLOCKS + REPEATED), LOOPS = 2000 };
    char *text = room(LOOPS * 64);
    size_t n = write_buffer(text);
    n += write_process(text + n, "");
    expect_mtrace(text, n, N_CALLS, "");
    size_t n_second = write_process(text + n, "@ b + 0x3000 0x7\n");
    expect_mtrace(text, n + n_second, N_CALLS, "left-mixed:21");
    n_second += (size_t)sprintf(text + n + n_second, "@ b - 0x3000\n");
    expect_mtrace(text, n + n_second, N_CALLS, "left-mixed:22");
    /* or before a line's end, which both then write */
    static const char longer[] = "= Start\n@ fours +";
    enum { N_LONGER = sizeof longer - 1 };
    n = write_buffer(text);
    memmove(text + N_LONGER, text + N_LONGER - 1, n - (N_LONGER - 1));
    memcpy(text, longer, N_LONGER);
    size_t n_first = n + 1;
    n_first += write_process(text + n_first, "");
    text[n_first++] = '\n';
    n_first += write_process(text + n_first, "@ b + 0x3000 0x7\n");
    expect_mtrace(text, n_first, N_CALLS, "left-mixed:21");
    /* or before an operation */
    n = write_buffer(text);
    for (unsigned i = 0; i < BUFFER_BLOCKS - 1; ++i) {
        n += (size_t)sprintf(text + n, "@ twelve_bytes + 0x%x 0x10000\n", 0x4000 + 16 * i);
    }
    n += (size_t)sprintf(text + n, "@ %029d ", 0);
    assert_int_equal(n, 1024);
    n += (size_t)sprintf(text + n, "+ 0x2000 0x7\n@ f - 0x2000\n");
    n += (size_t)sprintf(text + n, "+ 0x2000 0x7\n@ b + 0x3000 0x7\n@ f - 0x2000\n");
    expect_mtrace(text, n, 2 * BUFFER_BLOCKS + 1, "left-mixed:3");
    /* the same calls again and again are one process's */
    n = write_buffer(text);
    for (unsigned i = 0; i < LOOPS; ++i) {
        n += (size_t)sprintf(text + n, "@ loop + 0x2000 0x20\n@ f - 0x2000\n");
        if (i == 3 || i == LOOPS - 1) {
            expect_mtrace(text, n, BUFFER_BLOCKS + 2 * (i + 1), "");
        }
    }
    /* and so is a second free later on */
    n += (size_t)sprintf(text + n, "@ f - 0x2000\n");
    expect_mtrace(text, n, BUFFER_BLOCKS + 2 * LOOPS + 1, "");
    free(text);
}

static bool wants_whole_lines(const char *format)
{
    return strcmp(format, "mtrace") == 0 || strcmp(format, "csv") == 0 ||
           strcmp(format, "logalloc") == 0;
}

/* Cut anywhere, a log is read to its end: what is broken off is left out, and counted. */
static void a_cut_is_no_failure(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_LOGS; ++i) {
        for (size_t cut = 0; cut <= strlen(logs[i].text); ++cut) {
            char *copy = room(cut ? cut : 1);
            memcpy(copy, logs[i].text, cut);
            struct pv_reader *reader;
            int status = read_spelled(copy, cut, logs[i].format, events, &reader);
            assert_true(status == 1 || wants_whole_lines(logs[i].format));
            pv_reader_close(reader);
            free(copy);
        }
    }
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_LOGS; ++i) {
        bool failed = true;
        for (uint64_t nth = 1; failed; ++nth) {
            struct pv_reader *reader;
            own_fail_at(nth, 0);
            int status =
                read_spelled(logs[i].text, strlen(logs[i].text), NULL, events, &reader);
            failed = own_has_failed();
            own_fail_at(0, 0);
            assert_int_equal(status, failed ? PV_ENOMEM : 1);
            pv_reader_close(reader);
            assert_int_equal(own_n_live(), 0);
        }
    }
}

/* What a file gives: requests and frees as Valgrind counts them, in which a resize is both. */
struct counts {
    unsigned allocs, frees, live, faults, threads;
};

static struct counts count_file(const char *path, struct pv_reader **ret_reader)
{
    enum { IDS = 4096, THREADS = 64 };
    static bool live[IDS];
    uint64_t threads[THREADS];
    struct counts counts = {0};
    struct pv_trace_event event;
    memset(live, 0, sizeof live);
    assert_int_equal(pv_reader_open(ret_reader, path, NULL), PV_OK);
    while (pv_reader_next(*ret_reader, &event) == 0) {
        unsigned t = 0;
        while (event.has_thread && t < counts.threads && threads[t] != event.thread) {
            ++t;
        }
        if (event.has_thread && t == counts.threads && t < THREADS) {
            threads[counts.threads++] = event.thread;
        }
        if (event.id.kind == PV_ID_NULL) {
            continue;
        }
        assert_true(event.id.number < IDS);
        bool *is = &live[event.id.number];
        bool frees = event.op == PV_OP_FREE || (event.op == PV_OP_REALLOC && !event.size);
        counts.faults += frees || event.op == PV_OP_REALLOC ? !*is : *is;
        counts.allocs += !frees;
        counts.frees += event.op == PV_OP_REALLOC || (frees && *is);
        *is = !frees;
    }
    for (size_t i = 0; i < IDS; ++i) {
        counts.live += live[i];
    }
    return counts;
}

/* Made of library.c and operators.cc, with each tool; the numbers are those of the programs, and
 * for Valgrind's those of its own summary. */
static void files_of_real_tools(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct counts counts;
        const char *account;
    } files[] = {
#include "tests/traces/foreign/logs_files.inc"
    };
    const char *folder = getenv("PV_FOREIGN");
    if (!folder) {
        skip();
    }
    char account[ACCOUNT_BYTES];
    bool good = true;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        char path[1000];
        struct pv_reader *reader;
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        struct counts is = count_file(path, &reader);
        spell_account(pv_reader_account(reader), account);
        if (memcmp(&is, &files[i].counts, sizeof is) != 0 ||
            strcmp(account, files[i].account) != 0) {
            print_error("    {\"%s\", {%u, %u, %u, %u, %u}, \"%s\"},\n", files[i].name,
                        is.allocs, is.frees, is.live, is.faults, is.threads, account);
            good = false;
        }
        pv_reader_close(reader);
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_become_events),
        cmocka_unit_test(many_forks),
        cmocka_unit_test(a_buffer_that_ends_between_lines),
        cmocka_unit_test(a_cut_is_no_failure),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
        cmocka_unit_test(files_of_real_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
