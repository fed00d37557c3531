/* SPDX-License-Identifier: MIT
 *
 * info.c - counts. What is live, and what is a mistake, the ledger knows; no rule about that is
 * written a second time here. See info.h; info_print.c prints.
 */
#include "viz/report/info.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"

int pv_info_begin(struct pv_info *info, const char *path, const struct pv_reader *reader)
{
    *info = (struct pv_info){
        .path = path, .header = pv_reader_header(reader), .account = pv_reader_account(reader)};
    return pv_live_init(&info->who);
}

static unsigned size_class(uint64_t bytes)
{
    return bytes ? 64 - (unsigned)__builtin_clzll(bytes) : 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int add_request(struct pv_info *info, uint32_t tag, uint64_t bytes)
{
    unsigned class = size_class(bytes);
    info->n_requests++;
    info->request_bytes = sum(info->request_bytes, bytes);
    info->sizes[class]++;
    info->size_bytes[class] = sum(info->size_bytes[class], bytes);
    return pv_tally_add(&info->allocated, tag, bytes);
}

static int add_thread(struct pv_info *info, uint64_t thread)
{
    if (info->n_threads && thread == info->thread) {
        return PV_OK;
    }
    info->thread = thread;
    size_t low = 0;
    size_t high = info->n_threads;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (info->threads[middle] < thread) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if ((low < info->n_threads && info->threads[low] == thread) ||
        info->n_threads == PV_INFO_THREADS_MAX) {
        return PV_OK;
    }
    uint64_t *threads =
        pv_own_room(info->threads, info->n_threads, &info->cap_threads, sizeof *info->threads);
    if (!threads) {
        return PV_ENOMEM;
    }
    info->threads = threads;
    memmove(threads + low + 1, threads + low, (info->n_threads - low) * sizeof *threads);
    threads[low] = thread;
    info->n_threads++;
    return PV_OK;
}

static void note(const struct pv_info *info, struct pv_info_places *places,
                 const struct pv_place *place)
{
    if (places->n < PV_INFO_FIRST) {
        places->first[places->n] = (struct pv_info_place){.event = (int64_t)info->n_events - 1,
                                                          .line = place->line,
                                                          .column = place->column,
                                                          .byte = place->byte};
    }
    places->n++;
}

static void add_time(struct pv_info *info, uint64_t t, const struct pv_place *place)
{
    if (!info->has_times || t < info->t_first) {
        info->t_first = t;
    }
    if (!info->has_times || t > info->t_last) {
        info->t_last = t;
    }
    if (info->has_times && t < info->t_before) {
        note(info, &info->backward, place);
    }
    info->has_times = true;
    info->t_before = t;
}

int pv_info_add(struct pv_info *info, const struct pv_trace_event *event,
                const struct pv_place *place)
{
    const struct pv_deed *deed = NULL;
    info->n_events++;
    info->ops[event->op]++;
    if (event->op != PV_OP_MARK) {
        info->ids[event->id.kind]++;
    }
    int status = pv_live_add(&info->who, event, &deed);
    if (!status && deed->mistake != PV_NO_MISTAKE) {
        note(info, &info->mistakes[deed->mistake], place);
    }
    if (!status && (deed->kind == PV_DEED_ALLOC || deed->kind == PV_DEED_RESIZE)) {
        /* A realloc's request belongs to the tag that allocated the block, as everywhere
         * else. */
        uint32_t tag = deed->kind == PV_DEED_RESIZE ? info->who.tags[deed->slot] : deed->tag;
        status = add_request(info, tag, deed->bytes);
    }
    if (!status && event->has_thread) {
        status = add_thread(info, event->thread);
    }
    if (event->has_t) {
        add_time(info, event->t, place);
    }
    return status;
}

int pv_info_end(struct pv_info *info)
{
    const struct pv_live *who = &info->who;
    pv_tally_rank(&info->allocated, who->ledger.tags);
    int status = PV_OK;
    for (size_t i = 0; i < who->n_slots && !status; i++) {
        if (who->bytes[i] != PV_UNKNOWN) {
            status = pv_tally_add(&info->live, who->tags[i], who->bytes[i]);
        }
    }
    if (!status) {
        pv_tally_rank(&info->live, who->ledger.tags);
    }
    return status;
}

void pv_info_free(struct pv_info *info)
{
    pv_tally_fini(&info->allocated);
    pv_tally_fini(&info->live);
    pv_live_fini(&info->who);
    pv_own_free(info->threads);
    *info = (struct pv_info){.path = NULL};
}
