/* SPDX-License-Identifier: MIT
 *
 * lines_test.c - logs of one call a line: those that go by a name, and the user's own patterns.
 */
#include "tests/traces/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"

#define KERNEL "  bash-12  [001] ..... "

static const struct {
    const char *format, *text, *events;
    uint64_t n_lines, n_calls, n_frees, n_processes, n_failed; /* left out */
} sound[] = {
    {"ftrace",
     "# tracer: nop\n#\n" KERNEL
     "5.000001: kmalloc: call_site=f+0x44/0xb0 ptr=00000000c3b1a9d8 "
     "bytes_req=384 bytes_alloc=512 gfp_flags=GFP_KERNEL\n" KERNEL
     "5.000002: kfree: call_site=g+0x1/0x2 ptr=00000000c3b1a9d8\n" KERNEL
     "5.000003: kfree: call_site=g+0x1/0x2 ptr=00000000deadbee1\n" KERNEL
     "5.000004: sched_switch: prev=x\n" KERNEL
     "5.000005: kmalloc: call_site=f ptr=(null) bytes_req=9 bytes_alloc=16 gfp_flags=x\n",
     "m1:384@12!5000001000'f+0x44/0xb0 f1@12!5000002000", 2, 1, 1, 0, 1},
    {"ftrace",
     " kworker/u8:2-77 [000] 9.5: kmem_cache_alloc: (f+0x1) call_site=ffff81 ptr=0xffff88 "
     "bytes_req=232 bytes_alloc=256 gfp_flags=x\n"
     " k-w 77 [000] 9.6: kmem:kmem_cache_free: call_site=ffff81 ptr=0xffff88 name=skb\n"
     " a b 7/78 [000] 9.7: kmem:kmalloc_node: call_site=ffff81 ptr=0xffff89 bytes_req=1 "
     "bytes_alloc=8 gfp_flags=x node=-1\n",
     "m1:232@77!9500000000'ffff81 f1@77!9600000000 m2:1@78!9700000000'ffff81", 0, 0, 0, 0, 0},
    /* Of newer kernels: the cache's name, behind the call site or behind the address. */
    {"ftrace",
     KERNEL
     "5.1: kmem_cache_alloc: call_site=f+0x4/0x9 ptr=00000000c3b1a9d8 name=dentry "
     "bytes_req=192 bytes_alloc=192 gfp_flags=GFP_KERNEL node=-1 accounted=true\n" KERNEL
     "5.2: kmem_cache_free: call_site=g+0x4/0x9 ptr=00000000c3b1a9d8 name=dentry\n" KERNEL
     "5.3: kmem_cache_alloc: call_site=f+0x4/0x9 name=dentry ptr=00000000c3b1a9d9 "
     "bytes_req=5 bytes_alloc=8 gfp_flags=GFP_KERNEL\n" KERNEL
     "5.4: kmem_cache_free: call_site=g+0x4/0x9 name=dentry ptr=00000000c3b1a9d9\n" KERNEL
     "5.5: kmalloc: call_site=f+0x4/0x9 ptr=00000000c3b1a9da bytes_req=7 bytes_alloc=8 "
     "gfp_flags=GFP_KERNEL node=-1 accounted=false\n" KERNEL
     "5.6: kfree: call_site=g+0x4/0x9 ptr=00000000c3b1a9da\n",
     "m1:192@12!5100000000'f+0x4/0x9 f1@12!5200000000 m2:5@12!5300000000'f+0x4/0x9 "
     "f2@12!5400000000 m3:7@12!5500000000'f+0x4/0x9 f3@12!5600000000",
     0, 0, 0, 0, 0},
    {"ftrace-pages",
     KERNEL "1.0: mm_page_alloc: page=00000000c3b1a9d8 pfn=0x11a order=1 migratetype=0\n" KERNEL
            "2.0: mm_page_free: page=00000000c3b1a9d8 pfn=0x11a order=1\n",
     "m1:8192@12!1000000000 f1@12!2000000000", 0, 0, 0, 0, 0},
    {"lttng",
     "[16:02:06.130478931] (+0.000000000) host lttng_ust_libc:malloc: { cpu_id = 3 }, { size = "
     "48, ptr = 0x55C95EBA42A0 }\n[16:02:06.2] (+0.1) host lttng_ust_libc:realloc: { cpu_id = "
     "3 }, { vtid = 12 }, { in_ptr = 0x55C95EBA42A0, size = 96, ptr = 0x55C95EBA5000 }\n"
     "[16:02:07.0] (+0.1) h lttng_ust_libc:calloc: { cpu_id = 3 }, { nmemb = 3, size = 8, ptr "
     "= 0x60 }\n[16:02:07.0] (+0.1) h lttng_ust_libc:memalign: { cpu_id = 3 }, { alignment = "
     "64, size = 8, ptr = 0x80 }\n[16:02:07.0] (+0.1) h lttng_ust_libc:posix_memalign: { "
     "cpu_id = 3 }, { out_ptr = 0xC0, alignment = 32, size = 8, result = 0 }\n"
     "[16:02:08.0] (+0.1) h lttng_ust_libc:free: { cpu_id = 3 }, { ptr = 0x55C95EBA5000 }\n"
     "[16:02:08.0] (+0.1) h lttng_ust_libc:free: { cpu_id = 3 }, { ptr = 0x0 }\n",
     "m1:48!57726130478931 r1:96@12!57726200000000 c2:3x8!57727000000000 "
     "a3:8/64!57727000000000 a4:8/32!57727000000000 f1!57728000000000 f-!57728000000000",
     0, 0, 0, 0, 0},
    {"jemalloc-utrace",
     " 12 ls       CALL  mmap(0,0x200000)\n 12 ls  USER  <jemalloc>:utrace: 12 malloc_init()\n"
     " 12 ls  USER  <jemalloc>:utrace: 12 0x800 = malloc(8)\n"
     " 13 sh  USER  <jemalloc>:utrace: 13 0x900 = malloc(3)\n"
     " 12 ls  USER  <jemalloc>:utrace: 12 0x900 = realloc(0x800, 80)\n"
     " 13 sh  USER  <jemalloc>:utrace: 13 free(0x900)\n"
     " 12 ls  USER  0xa00 = malloc(1)\n 12 ls  USER  <jemalloc>:utrace: 12 free(0x900)\n",
     "m1:8 r1:80 m2:1 f1", 1, 0, 0, 2, 0},
    {"mbed",
     "boot\n#m:0x20003;0x185b-512\n#c:0x20004;0x1-4;25\n#r:0x20005;0x185b-0x20003;1024\n"
     "12:00 > #f:0x0;0x19e1-0x20005",
     "m1:512'0x185b c2:4x25'0x1 r1:1024'0x185b f1", 1, 0, 0, 0, 0},
    {"esp-heap",
     "2 allocations trace (100 entry buffer)\n32 bytes (@ 0x3ff1) allocated CPU 0 ccount 0x2e "
     "caller 0x400d:0x401d\nfreed by 0x400e:0x401e\n     8 bytes (@ 0x3ff9, Internal) "
     "allocated CPU 1 ccount 0x2f caller 0x400d\n8 bytes 'leaked' in trace (1 allocations)\n"
     "total allocations 2 total frees 1\nfreed by 0x1\nGuru Meditation\n",
     "m1:32'0x400d:0x401d f1 m2:8'0x400d f2", 1, 0, 0, 0, 0},
    {"freertos",
     "traceMALLOC(0x20001000, 64)\r\nI traceMALLOC 0x2000 32\r\ntraceFREE(0x20001000, 64)\r\n"
     "traceMALLOC: 0x3000, 5\r\n",
     "m1:64 m2:32 f1 m3:5", 0, 0, 0, 0, 0},
    {"zephyr",
     "*** Booting Zephyr ***\n[00:00:01.0] <inf> main: Memory allocated at 0x2000a0, size 40\n"
     "<inf> main: Memory freed at 0x2000a0, size 40\n",
     "m1:40 f1", 1, 0, 0, 0, 0},
    {"csv",
     "op,addr,size,tag,tid\nmalloc,0x10,20,\"a, b\",7\nfree,0x10,,,7\n\ncalloc,0x20,8,c,8\n"
     "realloc,0x20,16,c,8\n",
     "m1:20@7'a, b f1@7 c2:1x8@8'c r2:16@8'c", 0, 0, 0, 0, 0},
    {"csv", "time,op,addr,size\n1,malloc,0x10,20\n0.5,malloc,0x20,8\n1:01,free,0x10,\n",
     "m1:20!1000000000 m2:8!500000000 f1!61000000000", 0, 0, 0, 0, 0},
    {"csv", "time,op,addr,size\n7,malloc,0x10,20\n9,free,0x10,\n", "m1:20!7 f1!9", 0, 0, 0, 0,
     0},
    {"csv", "op;addr;size;Timestamp_us\nmalloc;0x10;20;7\nfree;0x10;;12.25\n",
     "m1:20!7000 f1!12250", 0, 0, 0, 0, 0},
    {"csv", "op;addr;size;seconds\nmalloc;0x10;20;7\nfree;0x10;;12,25\n",
     "m1:20!7000000000 f1!12250000000", 0, 0, 0, 0, 0},
    {"zephyr",
     "\033[0mMemory allocated at 0x20, size 40\033[0m\n\033[1;31mMemory freed at 0x20, size 40\n",
     "m1:40 f1", 0, 0, 0, 0, 0},
    {"csv", "op,ptr,size,new_ptr\nmalloc,0x10,16,\nrealloc,0x10,32,0x20\nfree,0x20,,\n",
     "m1:16 r1:32 f1", 0, 0, 0, 0, 0},
    /* It may begin late: what was never allocated is left out. */
    {"csv", "op,addr,size\nfree,0x90,\nmalloc,0x10,16\n", "m1:16", 0, 0, 1, 0, 0},
    {"csv", "op,addr,size\nnew[],0x10,20\ndelete[],0x10,\nkmalloc,0x20,8\nkfree,0x20,\n",
     "m1:20 f1 m2:8 f2", 0, 0, 0, 0, 0},
    {"csv", "Size;Op;Pointer;x\n20;+;10;y\n;-;10;", "m1:20 f1", 0, 0, 0, 0, 0},
    {"csv", "id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,2\n",
     "m1:4'b1 m2:2'b3 f1 m3:4'b2 f3 f2", 0, 0, 0, 0, 0},
};

/* Addresses without 0x: decimal when none at the beginning has a letter or a zero in front. */
static const struct {
    const char *from, *text;
    uint64_t addr; /* of the first event */
} bases[] = {
    {"csv", "op,addr,size\nmalloc,94025,4\nmalloc,94041,4\n", 94025},
    {"csv", "op,addr,size\nmalloc,18446612682070441984,4\n", UINT64_C(18446612682070441984)},
    {"csv", "op,addr,size\nmalloc,94025,4\nfree,94025,\nmalloc,9402a,4\n", 0x94025},
    {"csv", "op,addr,size\nmalloc,00094025,4\n", 0x94025},
    {"csv", "op,addr,size\nmalloc,0x94025,4\nmalloc,94041,4\n", 0x94025},
    {"csv", "op,addr,size,old\nrealloc,94025,4,9402a\n", 0x94025},
    {"lines:M {addr} {size}\nF {free}", "M 94025 4\nF 94025\n", 94025},
    {"lines:M {addr} {size}\nF {free}", "M 94025 4\nF 9402a\n", 0x94025},
    {"lines:M {addr:x} {size}", "M 94025 4\n", 0x94025},
    {"lines:M {addr:d} {size}\nF {free}", "M 94025 4\nF 9402a\n", 94025},
    {"lines:M 0x{addr} {size}", "M 0x94025 4\n", 0x94025},
};

/* The user's own patterns. */
static const struct {
    const char *from, *text, *events;
    uint64_t n_lines;
} wished[] = {
    {"lines:M {addr} {size} {name}\nF {free}",
     "hello\nM 0x10 20 parse tree \n\tM   30 0x28 b\nF 0x10\nF 0x10 x\nM -1 5 c\n",
     "m1:20'parse tree m2:40'b f1", 3},
    {"lines:{time} {thread}: {op} {addr} {size} {old} {align} {count}\n# {*}",
     "# said\n1:02.5 7: realloc 10 8 0 4 2\n2 7: memalign 20 8 0 16 1\n3 8: c 30 8 0 1 2\n"
     "4 8: FREE 20 0 0 0 0\n5 8: grow 20 0 0 0 0",
     "m1:8@7!62500000000 a2:8/16@7!2000000000 c3:2x8@8!3000000000 f2@8!4000000000", 1},
    {"lines:{ms} {{{process}} {addr}<{old},{size}\n{us} {addr}-\n{ns} {left}!{*}",
     "5 {1} 10<0,7\n6 {1} 20<10,9\n7 {2} 10<0,7\n8 20-\n9 odd call!x\n",
     "m1:7!5000000 r1:9!6000000 f1!8000", 0},
    /* widths of printf */
    {"lines:[{time}] {addr}:{size};{name}\n[{time}] -{free}",
     "[   1.5] 10:    8;x\n[  20.25] -    10\n[1] 10:                              8;x\n",
     "m1:8!1500000000'x f1!20250000000", 1},
    {"lines:{*}<{addr}>{size}!{*}", "<<x<1><2>3!q\n<<<<<<<<\n<1>2!\n", "m1:3 m2:2", 1},
};

static const struct {
    const char *from, *message;
} wrong[] = {
    {"lines", "the format lines wants a pattern, such as M {addr} {size} {name}"},
    {"lines:# {*}", "the format lines wants a pattern, such as M {addr} {size} {name}"},
    {"lines:M {adr}", "pattern 1, character 3: there is no field of this name"},
    {"lines:M {addr", "pattern 1, character 3: a { wants a }; a brace itself is {{"},
    {"lines:M {addr} {size}\n\nF {free} {free}",
     "pattern 3, character 10: this field stands twice"},
    {"lines:M {size}", "pattern 1, character 3: an allocation wants an {addr}"},
    {"lines:M {addr} {count}x{old}", "pattern 1, character 18: an allocation wants a {size}"},
    {"lines:{op} {size}", "pattern 1, character 6: {op} wants an {addr}"},
    {"lines:{ms} {us} {addr}", "pattern 1, character 11: a line has one time"},
    {"lines:M {addr} {size:x}", "pattern 1, character 10: only an address may have :x or :d"},
    {"lines:M {addr:b} {size}", "pattern 1, character 3: there is no field of this name"},
    {"mbed:M {addr}", "there is no trace format of this name"},
};

static const struct {
    const char *text;
    uint64_t line, column;
    const char *message;
} wrong_tables[] = {
    {"a,b\n1,2\n", 1, 1,
     "the first line names the columns: op, addr and size, or id, lower, upper and size"},
    {"op,addr,size\nmalloc,x,1\n", 2, 8, "a number is expected in this column"},
    {"op,addr,size\ngrow,0x1,1\n", 2, 1,
     "an operation is malloc, calloc, realloc, aligned or free"},
    {"op,addr,size\nfree,0x1\n", 2, 1,
     "the row has another number of columns than the first line"},
    {"op,addr,size\nfree,0x1,2,3\n", 2, 1,
     "the row has another number of columns than the first line"},
    {"op,addr,size\n,0x1,2\n", 2, 1, "a row wants an operation and an address"},
    {"id,lower,upper,size\n1,4,4,1\n", 2, 1, "a block lives from lower to a later upper"},
};

enum {
    N_BASES = sizeof bases / sizeof bases[0],
    N_SOUND = sizeof sound / sizeof sound[0],
    N_WISHED = sizeof wished / sizeof wished[0],
    N_WRONG = sizeof wrong / sizeof wrong[0],
    N_WRONG_TABLES = sizeof wrong_tables / sizeof wrong_tables[0]
};

static void assert_left(const struct pv_reader *reader, enum pv_account_kind kind, uint64_t n)
{
    assert_int_equal(pv_account_count(pv_reader_account(reader), kind), n);
}

static void lines_become_events(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_SOUND; ++i) {
        struct pv_reader *reader;
        const char *text = sound[i].text;
        if (read_spelled(text, strlen(text), NULL, events, &reader) != 1) {
            fail_msg("%s: %s", text, pv_reader_place(reader)->text);
        }
        assert_string_equal(pv_reader_header(reader)->format, sound[i].format);
        assert_string_equal(events, sound[i].events);
        assert_left(reader, PV_LEFT_LINES, sound[i].n_lines);
        assert_left(reader, PV_LEFT_CALLS, sound[i].n_calls);
        assert_left(reader, PV_LEFT_FREES, sound[i].n_frees);
        assert_left(reader, PV_LEFT_PROCESS, sound[i].n_processes);
        assert_left(reader, PV_LEFT_FAILED, sound[i].n_failed);
        pv_reader_close(reader);
    }
}

static void patterns_of_the_user(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_WISHED; ++i) {
        struct pv_reader *reader;
        const char *text = wished[i].text;
        if (read_spelled(text, strlen(text), wished[i].from, events, &reader) != 1) {
            fail_msg("%s: %s", wished[i].from, pv_reader_place(reader)->text);
        }
        assert_string_equal(events, wished[i].events);
        assert_left(reader, PV_LEFT_LINES, wished[i].n_lines);
        pv_reader_close(reader);
    }
}

static void addresses_without_0x(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_BASES; ++i) {
        struct pv_reader *reader;
        struct pv_trace_event event;
        const char *text = bases[i].text;
        assert_int_equal(pv_reader_open_bytes(&reader, text, strlen(text), bases[i].from),
                         PV_OK);
        assert_int_equal(pv_reader_next(reader, &event), PV_OK);
        assert_true(event.addr == bases[i].addr);
        pv_reader_close(reader);
    }
}

/* More names than a reader remembers, of one length and with one beginning. */
static void names_of_one_length_stay_apart(void **state)
{
    (void)state;
    enum { ROWS = 2000, ROOM = 64 * ROWS };
    char *text = room(ROOM);
    char name[32];
    size_t n = (size_t)snprintf(text, ROOM, "op,addr,size,name\n");
    for (unsigned row = 0; row < ROWS; ++row) {
        n += (size_t)snprintf(text + n, ROOM - n, "malloc,0x%x,4,the same begin %05u\n",
                              0x1000 + 16 * row, row);
    }
    struct pv_reader *reader;
    struct pv_trace_event event;
    assert_int_equal(pv_reader_open_bytes(&reader, text, n, "csv"), PV_OK);
    for (unsigned row = 0; row < ROWS; ++row) {
        assert_int_equal(pv_reader_next(reader, &event), PV_OK);
        snprintf(name, sizeof name, "the same begin %05u", row);
        assert_string_equal(event.name, name);
    }
    pv_reader_close(reader);
    free(text);
}

/* A log whose first hexadecimal address comes late: told with its place, never mixed. */
static void a_base_that_was_guessed_wrong_is_told(void **state)
{
    (void)state;
    enum { ROWS = 12000, ROOM = 32 * ROWS };
    static const struct {
        const char *from, *head, *last, *message;
    } late[] = {
        {"csv", "op,addr,size\n", "malloc,10a,4\n",
         "this address is hexadecimal, and those before were read as decimal: write all with "
         "0x"},
        {"lines:M {addr} {size}", "", "M 10a 4\n",
         "an address here is hexadecimal, and those before were read as decimal; {addr:x} reads "
         "all as hexadecimal"},
    };
    char *text = room(ROOM);
    for (size_t i = 0; i < sizeof late / sizeof late[0]; ++i) {
        size_t n = (size_t)snprintf(text, ROOM, "%s", late[i].head);
        for (size_t row = 0; row < ROWS; ++row) {
            n += (size_t)snprintf(text + n, ROOM - n, "%s",
                                  late[i].from[0] == 'c' ? "malloc," : "M ");
            n += (size_t)snprintf(text + n, ROOM - n, "%zu%s", 100000 + row,
                                  late[i].from[0] == 'c' ? ",4\n" : " 4\n");
        }
        n += (size_t)snprintf(text + n, ROOM - n, "%s", late[i].last);
        struct pv_reader *reader;
        struct pv_trace_event event;
        assert_int_equal(pv_reader_open_bytes(&reader, text, n, late[i].from), PV_OK);
        size_t n_events = 0;
        int status;
        while ((status = pv_reader_next(reader, &event)) == PV_OK) {
            ++n_events;
        }
        assert_int_equal(status, PV_EFORMAT);
        assert_int_equal(n_events, ROWS);
        assert_string_equal(pv_reader_place(reader)->text, late[i].message);
        pv_reader_close(reader);
    }
    free(text);
}

static void wrong_patterns_are_told(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_WRONG; ++i) {
        struct pv_reader *reader;
        assert_int_equal(read_spelled("x\n", 2, wrong[i].from, events, &reader), PV_EINVAL);
        assert_string_equal(pv_reader_place(reader)->text, wrong[i].message);
        pv_reader_close(reader);
    }
}

static void wrong_tables_are_told_with_their_place(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_WRONG_TABLES; ++i) {
        struct pv_reader *reader;
        const char *text = wrong_tables[i].text;
        assert_int_equal(read_spelled(text, strlen(text), "csv", events, &reader), PV_EFORMAT);
        const struct pv_place *place = pv_reader_place(reader);
        assert_string_equal(place->text, wrong_tables[i].message);
        assert_int_equal(place->line, wrong_tables[i].line);
        assert_int_equal(place->column, wrong_tables[i].column);
        pv_reader_close(reader);
    }
}

static void a_cut_at_every_byte(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_SOUND; ++i) {
        for (size_t cut = 0; cut <= strlen(sound[i].text); ++cut) {
            char *copy = room(cut ? cut : 1);
            memcpy(copy, sound[i].text, cut);
            struct pv_reader *reader;
            int status = read_spelled(copy, cut, sound[i].format, events, &reader);
            assert_true(status == 1 || status == PV_EFORMAT);
            assert_true(status == 1 || pv_reader_place(reader)->text[0]);
            assert_true(pv_reader_place(reader)->byte <= cut);
            pv_reader_close(reader);
            free(copy);
        }
    }
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    char events[SPELL_BYTES];
    for (size_t i = 0; i < N_SOUND; ++i) {
        bool failed = true;
        for (uint64_t nth = 1; failed; ++nth) {
            struct pv_reader *reader;
            own_fail_at(nth, 0);
            int status =
                read_spelled(sound[i].text, strlen(sound[i].text), NULL, events, &reader);
            failed = own_has_failed();
            own_fail_at(0, 0);
            assert_int_equal(status, failed ? PV_ENOMEM : 1);
            pv_reader_close(reader);
            assert_int_equal(own_n_live(), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_events),
        cmocka_unit_test(patterns_of_the_user),
        cmocka_unit_test(addresses_without_0x),
        cmocka_unit_test(names_of_one_length_stay_apart),
        cmocka_unit_test(a_base_that_was_guessed_wrong_is_told),
        cmocka_unit_test(wrong_patterns_are_told),
        cmocka_unit_test(wrong_tables_are_told_with_their_place),
        cmocka_unit_test(a_cut_at_every_byte),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
