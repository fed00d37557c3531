/* SPDX-License-Identifier: MIT
 *
 * spool.h - the shared ring through which a recorded program sends records to `pebbleviz
 * record`.
 *
 *   0        4096                              4096 + PV_SPOOL_RECORDS * 32
 *   +--------+----------+----------+- - - - - -+
 *   | header | record 0 | record 1 |           |    record i of all lies at i mod RECORDS
 *   +--------+----------+----------+- - - - - -+
 *
 * `record` makes the file, and the program maps it once. A record is claimed by an atomic
 * compare-and-exchange of `n_claimed`, so the order of records is the order of the calls across
 * all threads, without a lock. No record is claimed at or beyond `limit`, which `record` raises
 * as it takes records out. So address space, memory and disk are the same however long the
 * program runs, and a claim makes no system call unless the ring is full.
 *
 * `head` is stored last: a record whose lap is not the current one was claimed but not yet
 * written, or its thread died before it wrote. Definitions (MODULE, FRAME, NODE) come before
 * the records that use them. A call stack is a node: a frame, and the node of its caller.
 *
 * The file is used on one machine, for one recording. The recorded program can overwrite it:
 * its reader trusts nothing in it.
 */
#ifndef PV_SPOOL_H
#define PV_SPOOL_H

#include <stdint.h>

#define PV_SPOOL_MAGIC UINT64_C(0x32304c4f4f505350) /* "PSPOOL02" */
#define PV_SPOOL_ENV   "PEBBLEVIZ_SPOOL"            /* the spool's path, for the library */

enum {
    PV_SPOOL_HEADER_BYTES = 4096,
    PV_SPOOL_RECORD_BYTES = 32,
    PV_SPOOL_RECORDS = 1 << 18, /* 8 MiB */
    PV_SPOOL_BYTES = PV_SPOOL_HEADER_BYTES + PV_SPOOL_RECORDS * PV_SPOOL_RECORD_BYTES,
    PV_SPOOL_TEXT_A_RECORD = 24,  /* bytes of text in a MODULE or EXEC record */
    PV_SPOOL_PATH = 1024,         /* of a path; the rest is cut off */
    PV_SPOOL_N_MODULES = 1 << 12, /* ids of modules are 1 to this */
    /* The tables of frames and nodes have levels, each four times the one before. */
    PV_SPOOL_FRAMES_FIRST = 11, /* log2 of the number of slots in the first level */
    PV_SPOOL_FRAMES_LEVELS = 4,
    PV_SPOOL_N_FRAMES =
        (1 << PV_SPOOL_FRAMES_FIRST) * (((1 << 2 * PV_SPOOL_FRAMES_LEVELS) - 1) / 3),
    PV_SPOOL_NODES_FIRST = 12,
    PV_SPOOL_NODES_LEVELS = 5,
    PV_SPOOL_N_NODES =
        (1 << PV_SPOOL_NODES_FIRST) * (((1 << 2 * PV_SPOOL_NODES_LEVELS) - 1) / 3)
};

enum pv_spool_kind {
    PV_SPOOL_NONE,
    PV_SPOOL_MALLOC,        /* a = addr, b = size; after the call */
    PV_SPOOL_CALLOC,        /* a = addr, b = size of one | count << 32; after the call */
    PV_SPOOL_ALIGNED,       /* a = addr, b = size, shift: alignment; after the call */
    PV_SPOOL_REALLOC_BEGIN, /* a = addr of the old block; before the call */
    PV_SPOOL_REALLOC_END,   /* a = addr of the new block or 0, b = size; after the call */
    PV_SPOOL_FREE,          /* a = addr; before the call */
    PV_SPOOL_MODULE, /* subject: id; part: number of the piece of its path, from 0; text */
    /* subject: id; a = pc less the module's base, b = module << 32 | its distance from the
     * function's start, plus 1; 0: not known */
    PV_SPOOL_FRAME,
    PV_SPOOL_NODE,       /* subject: id; a = frame << 32 | caller's node or 0 */
    PV_SPOOL_IMAGE,      /* the library has begun; after an exec, all ids before are invalid */
    PV_SPOOL_EXEC,       /* part: number of the piece of a path; text: what exec will run */
    PV_SPOOL_EXEC_FAILED /* that exec failed */
};

/* The head, from the lowest bit. */
enum {
    PV_SPOOL_KIND_BITS = 5,
    PV_SPOOL_SHIFT_BITS = 6,   /* the alignment is 1 << shift */
    PV_SPOOL_LAP_BITS = 9,     /* 1 + i / RECORDS, its low bits */
    PV_SPOOL_PART_BITS = 20,   /* of a call: the thread, from 1; it wraps */
    PV_SPOOL_SUBJECT_BITS = 24 /* of a call: its node, 0 when not known */
};

struct pv_spool_record {
    uint64_t head, a, b;
    uint64_t time; /* of a call: ticks */
};

_Static_assert(sizeof(struct pv_spool_record) == PV_SPOOL_RECORD_BYTES, "no padding");

struct pv_spool_head {
    unsigned kind, shift, lap;
    uint32_t part, subject;
};

static inline uint64_t pv_spool_pack(struct pv_spool_head head)
{
    uint64_t packed = head.subject;
    packed = packed << PV_SPOOL_PART_BITS | head.part;
    packed = packed << PV_SPOOL_LAP_BITS | head.lap;
    packed = packed << PV_SPOOL_SHIFT_BITS | head.shift;
    return packed << PV_SPOOL_KIND_BITS | head.kind;
}

static inline uint32_t pv_spool_field(uint64_t *rest, unsigned n_bits)
{
    uint32_t field = (uint32_t)(*rest & ((UINT64_C(1) << n_bits) - 1));
    *rest >>= n_bits;
    return field;
}

static inline struct pv_spool_head pv_spool_unpack(uint64_t packed)
{
    struct pv_spool_head head;
    head.kind = pv_spool_field(&packed, PV_SPOOL_KIND_BITS);
    head.shift = pv_spool_field(&packed, PV_SPOOL_SHIFT_BITS);
    head.lap = pv_spool_field(&packed, PV_SPOOL_LAP_BITS);
    head.part = pv_spool_field(&packed, PV_SPOOL_PART_BITS);
    head.subject = pv_spool_field(&packed, PV_SPOOL_SUBJECT_BITS);
    return head;
}

static inline unsigned pv_spool_lap(uint64_t i)
{
    return (unsigned)(i / PV_SPOOL_RECORDS + 1) & ((1u << PV_SPOOL_LAP_BITS) - 1);
}

/* Words written by different processes are in different cache lines. */
#define PV_SPOOL_LINE _Alignas(64)

struct pv_spool_header {
    uint64_t magic;
    int64_t pid;      /* of the process to record */
    int64_t tool_pid; /* the process that takes records out; 0: none */
    uint64_t depth;   /* of call stacks: 0 the caller alone; PV_SPOOL_NO_STACKS none */
    uint64_t ticks; /* 1: times are of the processor's counter, 0: ns of the monotonic clock */
    PV_SPOOL_LINE uint64_t n_claimed;
    PV_SPOOL_LINE uint64_t limit; /* n_claimed never exceeds it */
    uint32_t turn;      /* changes with `limit`; a futex for threads that wait for room */
    uint64_t n_skipped; /* records before this one are no longer waited for */
    PV_SPOOL_LINE uint64_t n_waiting; /* threads that sleep on `turn` */
    uint64_t stalled;                 /* 1: waiting was in vain; reset when the limit moves */
    uint64_t n_lost;                  /* calls for which there was no room */
    uint64_t n_images;                /* how often the library has begun */
    uint64_t n_threads;
    PV_SPOOL_LINE uint64_t n_children; /* that made a call; they are only counted */
    uint64_t n_child_calls;
    uint64_t n_forks; /* and other ways of making a process, where seen */
    uint64_t failed;  /* errno: why the library could not begin, or 0 */
};

#define PV_SPOOL_NO_STACKS UINT64_MAX

_Static_assert(sizeof(struct pv_spool_header) <= PV_SPOOL_HEADER_BYTES, "fits");

#endif
