/* SPDX-License-Identifier: MIT
 *
 * spool.h - the file through which a recorded program speaks to `pebbleviz record`.
 *
 *   0        4096                                       4096 + k * PV_SPOOL_CHUNK_BYTES
 *   +--------+----------+----------+----------+- - - - -+
 *   | header | record 0 | record 1 | record 2 |         |
 *   +--------+----------+----------+----------+- - - - -+
 *
 * Records are claimed by adding one to `n_claimed`, so their order in the file is the order of
 * the calls across all threads, without a lock. `kind` is stored last: a record whose kind is
 * PV_SPOOL_NONE was claimed, but its thread died before it was written. Definitions (FRAME,
 * STACK, MODULE) may stand behind the records that use them.
 *
 * The file lives on one machine for the time of one recording; it is no format to keep. The
 * recorded program can scribble on it: its reader trusts nothing in it.
 */
#ifndef PV_SPOOL_H
#define PV_SPOOL_H

#include <stdint.h>

#define PV_SPOOL_MAGIC UINT64_C(0x31304c4f4f505350) /* "PSPOOL01" */
#define PV_SPOOL_ENV   "PEBBLEVIZ_SPOOL"            /* the spool's path, for the library */

enum {
    PV_SPOOL_HEADER_BYTES = 4096,
    PV_SPOOL_RECORD_BYTES = 48,
    PV_SPOOL_CHUNK_RECORDS = 1 << 18,
    PV_SPOOL_CHUNK_BYTES = PV_SPOOL_CHUNK_RECORDS * PV_SPOOL_RECORD_BYTES,
    PV_SPOOL_N_CHUNKS = 1 << 13,  /* 96 GiB, 2 * 10^9 records */
    PV_SPOOL_STACK_FRAMES = 16,   /* frames of a call stack that are kept */
    PV_SPOOL_FRAMES_A_RECORD = 7, /* of a STACK record */
    PV_SPOOL_TEXT_A_RECORD = 28,  /* bytes of a MODULE record */
    PV_SPOOL_PATH = 1024,         /* of a module's path, the rest is cut off */
    PV_SPOOL_N_STACKS = 1 << 20,  /* ids of stacks are 1 to this */
    PV_SPOOL_N_FRAMES = 1 << 18,  /* ids of frames, 1 to this */
    PV_SPOOL_N_MODULES = 1 << 12  /* ids of modules, 1 to this */
};

enum pv_spool_kind {
    PV_SPOOL_NONE,
    PV_SPOOL_MALLOC,        /* addr, size; after the call */
    PV_SPOOL_CALLOC,        /* addr, size of one, extra = count; after the call */
    PV_SPOOL_ALIGNED,       /* addr, size, extra = alignment; after the call */
    PV_SPOOL_REALLOC_BEGIN, /* addr of the old block; before the call */
    PV_SPOOL_REALLOC_END,   /* addr of the new block or 0, size, extra = the old address */
    PV_SPOOL_FREE,          /* addr; before the call */
    PV_SPOOL_FRAME,
    PV_SPOOL_STACK,
    PV_SPOOL_MODULE
};

struct pv_spool_record {
    uint8_t kind;
    uint8_t n;       /* STACK: frames in this record */
    uint16_t part;   /* STACK, MODULE: which piece, from 0 */
    uint32_t thread; /* from 1 */
    uint64_t t;      /* ns since the start */
    union {
        struct {
            uint64_t addr, size, extra;
            uint32_t stack; /* 0: not known */
        } call;
        struct {
            uint64_t pc, start; /* less the module's load address; start 0: not known */
            uint32_t module, id;
        } frame;
        struct {
            uint32_t id;
            uint32_t frames[PV_SPOOL_FRAMES_A_RECORD]; /* innermost first */
        } stack;
        struct {
            uint32_t id;
            char text[PV_SPOOL_TEXT_A_RECORD]; /* NUL-padded; "" is the program itself */
        } module;
    };
};

_Static_assert(sizeof(struct pv_spool_record) == PV_SPOOL_RECORD_BYTES, "no padding");

struct pv_spool_header {
    uint64_t magic;
    int64_t pid;         /* of the process to record; any other keeps its hands off */
    uint64_t attached;   /* 1 when the library has found the spool */
    uint64_t no_stacks;  /* 1: nobody will ask for names, so no call stack is walked */
    uint64_t n_claimed;  /* records, written or not */
    uint64_t n_lost;     /* events for which there was no room */
    uint64_t stop_errno; /* why the spool could not grow */
};

_Static_assert(sizeof(struct pv_spool_header) <= PV_SPOOL_HEADER_BYTES, "fits");

#endif
