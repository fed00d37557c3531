/* SPDX-License-Identifier: MIT
 *
 * contend.h - allocators that run the same calls, each run in a child of its own so that all
 * begin with untouched pages. Payloads are touched by nobody.
 */
#ifndef PV_BENCH_CONTEND_H
#define PV_BENCH_CONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/heap.h"
#include "traces/event.h"

/* A call with its block's number in an array of pointers. calloc counts as malloc. A free has
 * the size that was asked for last: the buddy is told. Aligned sizes are multiples of the
 * alignment. */
struct call {
    enum pv_op op;
    uint32_t block, align;
    uint64_t size;
};

struct calls {
    struct call *rows;
    size_t n, cap, n_blocks;
};

/* A contender: this heap, the naive list, the buddy with and without its index, or a library's
 * four functions. */
struct contender {
    const char *name;
    enum { THIS_HEAP, NAIVE_LIST, LIBRARY, BUDDY, BUDDY_SEARCH } sort;
    enum pv_fit fit;
    bool large_pages; /* this heap's pages are of 2 MiB where the system has them */
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*realloc)(void *, size_t);
    void *(*aligned)(size_t, size_t);
};

struct figures {
    double ns;             /* a call */
    double visited;        /* tree nodes, a call */
    uint64_t most_visited; /* by one call */
};

/* false: the library is not there. */
bool contender_library(struct contender *contender, const char *name, const char *file,
                       const char *prefix);

/* One run over the calls from number `from` on (those before are made, but not timed). Ends the
 * program when it cannot. With `watch`, what single calls visit is counted too. */
struct figures contend(const struct contender *contender, const struct calls *calls,
                       size_t from, bool watch);

double median(double *values, size_t n);
double now_ns(void);
_Noreturn void die(const char *what);

#endif
