/* SPDX-License-Identifier: MIT
 *
 * engines.c - see engines.h: a load of the trace through every engine, of one moment and without
 * a log, that is read batch by batch for the screen.
 */
#include "viz/cli/engines.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/status.h"

static void stop(void *ctx)
{
    struct pv_cli_engines *engines = ctx;
    if (engines->begun) {
        pv_load_close(&engines->load);
        engines->begun = false;
    }
}

/* What cannot be opened now would be complained of on the screen that somebody looks at. */
static bool can_be_read(const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_file = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (fd >= 0) {
        close(fd);
    }
    return is_file;
}

static int begin(void *ctx, int64_t event)
{
    struct pv_cli_engines *engines = ctx;
    struct pv_replay_options options = engines->options;
    struct pv_load_wish wish = {
        .is_silent = true, .n_moments = 1, .moments = {engines->moment}};
    options.n_engines = 0;
    for (const struct pv_engine_type *const *type = pv_engine_types();
         *type && options.n_engines < PV_ENGINES_MAX; type++) {
        options.engines[options.n_engines++] = *type;
    }
    if (event == PV_START) {
        snprintf(engines->moment, sizeof engines->moment, "start");
    } else {
        snprintf(engines->moment, sizeof engines->moment, "%lld", (long long)event);
    }
    if (!can_be_read(engines->path)) {
        return PV_ENOTSUP;
    }
    engines->begun = true;
    int code = pv_load_begin(&engines->load, engines->path, &options, &wish);
    if (code) {
        stop(engines);
        return code == PV_EXIT_RESOURCES ? PV_ENOMEM : PV_ENOTSUP;
    }
    pv_load_quiet(&engines->load);
    return PV_OK;
}

static bool more(void *ctx, uint64_t *ret_n)
{
    struct pv_cli_engines *engines = ctx;
    bool seen = engines->load.wanted.seen;
    bool goes_on = !seen && pv_load_more(&engines->load);
    *ret_n = engines->load.feed.n_events;
    return goes_on;
}

static size_t take(void *ctx, struct pv_engine_row *ret_rows)
{
    struct pv_cli_engines *engines = ctx;
    struct pv_load *load = &engines->load;
    size_t n = load->n < PV_ENGINE_ROWS ? load->n : PV_ENGINE_ROWS;
    pv_load_settle(load);
    for (size_t i = 0; i < n; i++) {
        const struct pv_snapshot *snapshot = load->taken[0][i];
        if (!snapshot || pv_load_trouble(load)) {
            stop(engines);
            return 0;
        }
        ret_rows[i] = (struct pv_engine_row){
            .name = pv_timeline_engine(load->timelines[i])->name,
            .held = snapshot->totals.heap_bytes,
            .live = snapshot->totals.requested_bytes,
            .free = snapshot->totals.free_bytes,
            .largest = snapshot->totals.largest_free_bytes,
            .n_free = snapshot->totals.n_free,
            .n_failed = pv_timeline_stats(load->timelines[i])->n_failed,
        };
    }
    stop(engines);
    return n;
}

struct pv_engines_source pv_cli_engines_source(struct pv_cli_engines *engines)
{
    return (struct pv_engines_source){
        .begin = begin, .more = more, .take = take, .stop = stop, .ctx = engines};
}
