/* SPDX-License-Identifier: MIT
 *
 * info.c - counts. What is live, and what is a mistake, the replay knows; no rule about that is
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
    struct pv_timeline_options options = {.engine = pv_engine_types()[0], .keep_log = false};
    int status = pv_timeline_open(&info->timeline, &options);
    return status ? status : pv_tags_open(&info->tags);
}

static unsigned size_class(uint64_t bytes)
{
    return bytes ? 64 - (unsigned)__builtin_clzll(bytes) : 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int add_request(struct pv_info *info, const struct pv_trace_event *event)
{
    uint64_t bytes = pv_trace_event_bytes(event);
    unsigned class = size_class(bytes);
    info->n_requests++;
    info->request_bytes = sum(info->request_bytes, bytes);
    info->sizes[class]++;
    info->size_bytes[class] = sum(info->size_bytes[class], bytes);
    uint32_t tag = 0;
    int status = pv_tags_add(info->tags, event->name, &tag);
    return status ? status : pv_tally_add(&info->allocated, tag, bytes);
}

static int add_thread(struct pv_info *info, uint64_t thread)
{
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
        return 0;
    }
    uint64_t *threads =
        pv_own_room(info->threads, info->n_threads, &info->cap_threads, sizeof(*info->threads));
    if (!threads) {
        return PV_ENOMEM;
    }
    info->threads = threads;
    memmove(threads + low + 1, threads + low, (info->n_threads - low) * sizeof(*threads));
    threads[low] = thread;
    info->n_threads++;
    return 0;
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

static int replay(struct pv_info *info, const struct pv_trace_event *event,
                  const struct pv_place *place)
{
    int status = pv_timeline_apply(info->timeline, event);
    for (unsigned i = 0; !status && i < PV_N_MISTAKES; i++) {
        if (pv_timeline_mistake_count(info->timeline, i) > info->mistakes[i].n) {
            note(info, &info->mistakes[i], place);
        }
    }
    return status;
}

int pv_info_add(struct pv_info *info, const struct pv_trace_event *event,
                const struct pv_place *place)
{
    int status = 0;
    info->n_events++;
    info->ops[event->op]++;
    if (event->op != PV_OP_MARK) {
        info->ids[event->id.kind]++;
    }
    bool request = event->op != PV_OP_FREE && event->op != PV_OP_MARK &&
                   !(event->op == PV_OP_REALLOC && event->size == 0);
    if (request) {
        status = add_request(info, event);
    }
    if (!status && event->has_thread) {
        status = add_thread(info, event->thread);
    }
    if (event->has_t) {
        add_time(info, event->t, place);
    }
    return status ? status : replay(info, event, place);
}

int pv_info_end(struct pv_info *info)
{
    pv_tally_rank(&info->allocated, info->tags);
    int status = pv_timeline_walk(info->timeline, &info->end);
    if (!status) {
        status = pv_tally_snapshot(&info->live, info->end);
    }
    if (!status) {
        pv_tally_rank(&info->live, pv_timeline_tags(info->timeline));
    }
    return status;
}

void pv_info_free(struct pv_info *info)
{
    pv_tally_fini(&info->allocated);
    pv_tally_fini(&info->live);
    pv_snapshot_close(info->end);
    pv_timeline_close(info->timeline);
    pv_tags_close(info->tags);
    pv_own_free(info->threads);
    *info = (struct pv_info){.path = NULL};
}
