/* SPDX-License-Identifier: MIT
 *
 * wl_input.c - reads the whole file, then its list of threads; each thread's operations end
 * where the next thread's begin. They are decoded one at a time within that bound.
 */
#include "traces/foreign/wl_input.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/own.h"
#include "core/status.h"

enum { READ_FIRST = 64 * 1024 };

int pv_wl_input_damage(struct pv_wl_input *input, size_t at, const char *text, ...)
{
    if (!input->status) {
        va_list values;
        va_start(values, text);
        input->damage = (struct pv_place){.byte = at};
        vsnprintf(input->damage.text, sizeof input->damage.text, text, values);
        va_end(values);
        input->status = PV_EFORMAT;
    }
    return PV_EFORMAT;
}

static const unsigned char n_numbers[PV_WL_N_OPS] = {
    [PV_WL_MALLOC] = 2,  [PV_WL_CALLOC] = 2,         [PV_WL_REALLOC] = 3,  [PV_WL_FREE] = 1,
    [PV_WL_GIVE] = 1,    [PV_WL_WAIT] = 1,           [PV_WL_SLOTS] = 1,    [PV_WL_SYNCS] = 1,
    [PV_WL_THREADS] = 1, [PV_WL_THREAD] = 1,         [PV_WL_MEMALIGN] = 3, [PV_WL_VALLOC] = 2,
    [PV_WL_PVALLOC] = 2, [PV_WL_POSIX_MEMALIGN] = 3,
};

unsigned pv_wl_numbers(enum pv_wl_op op)
{
    return n_numbers[op];
}

/* Damage in the packing cuts the file off there, but is reported with its own reason. */
static int read_whole(struct pv_wl_input *input, struct pv_stream *stream)
{
    size_t some = 1;
    while (some) {
        if (input->n == input->cap) {
            size_t cap = input->cap ? 2 * input->cap : READ_FIRST;
            cap = cap < PV_WL_BYTES_MAX ? cap : PV_WL_BYTES_MAX + 1;
            unsigned char *bytes = pv_own_resize(input->bytes, cap, 1);
            if (!bytes) {
                return PV_ENOMEM;
            }
            input->bytes = bytes;
            input->cap = cap;
        }
        int status =
            pv_stream_read(stream, input->bytes + input->n, input->cap - input->n, &some);
        if (status < 0) {
            pv_wl_input_damage(input, input->n, "%s", pv_stream_error(stream));
            input->status = status;
            return status == PV_ENOMEM ? status : PV_OK;
        }
        input->n += some;
        if (input->n > PV_WL_BYTES_MAX) {
            return pv_wl_input_damage(input, PV_WL_BYTES_MAX,
                                      "a workload of more than 1 GiB is not read");
        }
    }
    return PV_OK;
}

/* false: the number goes beyond `end`, or (*ret_beyond) beyond 64 bits. */
static bool take_number(const unsigned char *bytes, size_t *at, size_t end, uint64_t *ret,
                        bool *ret_beyond)
{
    uint64_t number = 0;
    unsigned char byte = 0x80;
    while (byte & 0x80) {
        *ret_beyond = number >> 57;
        if (*at == end || *ret_beyond) {
            return false;
        }
        byte = bytes[(*at)++];
        number = number << 7 | (byte & 0x7f);
    }
    *ret = number;
    return true;
}

/* Decodes an operation before `end`, of a thread, or (0) of the list of threads. PV_EFORMAT,
 * with the damage set. */
static int take_step(struct pv_wl_input *input, size_t *at, size_t end, uint32_t thread,
                     struct pv_wl_step *ret)
{
    bool beyond = false;
    bool whole = *at < end;
    *ret = (struct pv_wl_step){.begin = *at};
    if (whole) {
        unsigned char op = input->bytes[(*at)++];
        bool belongs = op <= PV_WL_DONE || (op >= PV_WL_SLOTS && op <= PV_WL_THREAD) == !thread;
        if (op >= PV_WL_N_OPS || !belongs) {
            return pv_wl_input_damage(input, ret->begin, "there is no operation %u %s", op,
                                      thread ? "in a thread" : "in the list of threads");
        }
        ret->op = op;
    }
    for (unsigned i = 0; whole && i < n_numbers[ret->op]; ++i) {
        whole = take_number(input->bytes, at, end, &ret->number[i], &beyond);
    }
    if (whole) {
        return PV_OK;
    }
    if (beyond) {
        return pv_wl_input_damage(input, ret->begin, "a number is beyond 2^64-1");
    }
    if (!thread) {
        return pv_wl_input_damage(input, ret->begin,
                                  "the file is cut off in the list of threads");
    }
    return end == input->n
               ? pv_wl_input_damage(input, ret->begin, "the file is cut off in thread %" PRIu32,
                                    thread)
               : pv_wl_input_damage(input, ret->begin,
                                    "thread %" PRIu32 " runs into another one", thread);
}

static int add_thread(struct pv_wl_input *input, const struct pv_wl_step *step)
{
    if (input->n_threads == PV_WL_THREADS_MAX) {
        return pv_wl_input_damage(input, step->begin, "there are more than %d threads",
                                  PV_WL_THREADS_MAX);
    }
    struct pv_wl_thread *threads =
        pv_own_room(input->threads, input->n_threads, &input->cap_threads, sizeof *threads);
    if (!threads) {
        return PV_ENOMEM;
    }
    input->threads = threads;
    size_t begin = step->number[0] < input->n ? (size_t)step->number[0] : input->n;
    threads[input->n_threads] = (struct pv_wl_thread){
        .at = begin, .begin = begin, .number = (uint32_t)input->n_threads + 1};
    input->n_threads++;
    return PV_OK;
}

static int by_begin(const void *a, const void *b)
{
    const struct pv_wl_thread *one = a;
    const struct pv_wl_thread *other = b;
    return (one->begin > other->begin) - (one->begin < other->begin);
}

static int by_number(const void *a, const void *b)
{
    const struct pv_wl_thread *one = a;
    const struct pv_wl_thread *other = b;
    return (one->number > other->number) - (one->number < other->number);
}

/* Bounds each thread by the next one. If two threads could read the same byte, a small file
 * could hold any number of events. */
static int part_threads(struct pv_wl_input *input, size_t list_end)
{
    if (!input->n_threads) {
        return PV_OK;
    }
    qsort(input->threads, input->n_threads, sizeof *input->threads, by_begin);
    for (size_t i = 0; i < input->n_threads; ++i) {
        struct pv_wl_thread *thread = &input->threads[i];
        thread->end = i + 1 < input->n_threads ? thread[1].begin : input->n;
        if (thread->begin < list_end) {
            return pv_wl_input_damage(input, thread->begin,
                                      "thread %" PRIu32 " begins in the list of threads",
                                      thread->number);
        }
        if (thread->begin == thread->end && thread->begin < input->n) {
            return pv_wl_input_damage(input, thread->begin, "two threads begin here");
        }
    }
    qsort(input->threads, input->n_threads, sizeof *input->threads, by_number);
    return PV_OK;
}

static int read_list(struct pv_wl_input *input)
{
    struct pv_wl_step step = {.op = PV_WL_NOTHING};
    size_t at = 0;
    while (step.op != PV_WL_DONE) {
        int status = take_step(input, &at, input->n, 0, &step);
        if (status == PV_OK && step.op == PV_WL_THREAD) {
            status = add_thread(input, &step);
        } else if (status == PV_OK && step.op == PV_WL_SLOTS) {
            input->n_slots = step.number[0];
        } else if (status == PV_OK && step.op == PV_WL_SYNCS) {
            input->n_syncs = step.number[0];
            status = input->n_syncs < input->n
                         ? PV_OK
                         : pv_wl_input_damage(input, step.begin,
                                              "%" PRIu64 " syncs do not fit into this file",
                                              input->n_syncs);
        }
        if (status) {
            return status;
        }
    }
    return part_threads(input, at);
}

int pv_wl_input_step(struct pv_wl_input *input, struct pv_wl_thread *thread,
                     struct pv_wl_step *ret)
{
    return take_step(input, &thread->at, thread->end, thread->number, ret);
}

int pv_wl_input_open(struct pv_wl_input *input, struct pv_stream *stream)
{
    int status = read_whole(input, stream);
    return status ? status : read_list(input);
}

void pv_wl_input_close(struct pv_wl_input *input)
{
    pv_own_free(input->bytes);
    pv_own_free(input->threads);
}

bool pv_wl_input_probe(const unsigned char *head, size_t n)
{
    static const unsigned char ops[] = {PV_WL_SLOTS, PV_WL_SYNCS, PV_WL_THREADS};
    size_t at = 0;
    uint64_t number;
    bool beyond;
    for (size_t i = 0; i < sizeof ops; ++i) {
        if (at == n || head[at++] != ops[i] || !take_number(head, &at, n, &number, &beyond)) {
            return false;
        }
    }
    return at < n && (head[at] == PV_WL_THREAD || head[at] == PV_WL_DONE);
}
