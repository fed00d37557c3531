/* SPDX-License-Identifier: MIT
 *
 * target.c - a file whose first bytes are a catalog's is read as one; all else is replayed up
 * to the moment, and the snapshot is taken in passing (load.h).
 */
#include "viz/cli/target.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/own.h"
#include "core/status.h"

static bool there(const char *path)
{
    return strcmp(path, "-") == 0 || access(path, F_OK) == 0;
}

/* Whether the text could name a moment, so that "user@host.json" is a missing file. */
static bool like_moment(const char *text)
{
    return strcmp(text, "start") == 0 || strcmp(text, "end") == 0 ||
           strcmp(text, "peak") == 0 || strncmp(text, "mark:", 5) == 0 ||
           (*text && strspn(text, "0123456789") == strlen(text));
}

int pv_target_split(const char *text, char **ret_path, const char **ret_moment)
{
    size_t n = strlen(text);
    char *path = pv_own_text(text, n);
    if (!path) {
        return PV_ENOMEM;
    }
    *ret_path = path;
    *ret_moment = NULL;
    if (there(path)) {
        return PV_OK;
    }
    char *guess = NULL;
    for (size_t i = n; i-- > 1;) {
        if (path[i] != '@') {
            continue;
        }
        path[i] = '\0';
        if (there(path)) {
            *ret_moment = path + i + 1;
            return PV_OK;
        }
        path[i] = '@';
        if (!guess && like_moment(path + i + 1)) {
            guess = path + i;
        }
    }
    if (guess) {
        *guess = '\0';
        *ret_moment = guess + 1;
    }
    return PV_OK;
}

static void entitle(struct pv_target *target, int64_t event)
{
    char path[PV_PATH_TEXT];
    pv_path_text(path, target->path);
    if (target->is_catalog) {
        snprintf(target->title, sizeof target->title, "%s", path);
    } else if (event == PV_START) {
        snprintf(target->title, sizeof target->title, "%s, before the first event", path);
    } else {
        snprintf(target->title, sizeof target->title, "%s, event %" PRId64, path, event);
    }
}

/* Why a catalog cannot be read, and the exit code. */
static int refused(const char *path, int status, const struct pv_place *place)
{
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    if (place->line) {
        pv_say("%s:%" PRIu64 ":%" PRIu64 ": %s", path, place->line, place->column, place->text);
    } else {
        pv_say("%s: %s", path, place->text);
    }
    return pv_exit_of(status);
}

int pv_target_look(const char *path, bool *ret_is_catalog)
{
    char text[PV_PATH_TEXT];
    struct pv_place place = {.line = 0};
    int status = pv_catalog_is(path, &place);
    *ret_is_catalog = status == 1;
    return status < 0 ? refused(pv_path_text(text, path), status, &place) : PV_EXIT_FINE;
}

static int open_catalog(struct pv_target *target)
{
    char path[PV_PATH_TEXT];
    pv_path_text(path, target->path);
    if (target->moment) {
        pv_say("%s: a catalog is one moment, '@%s' names none in it", path, target->moment);
        return PV_EXIT_USAGE;
    }
    struct pv_place place = {.line = 0};
    int status = pv_catalog_open(&target->catalog, target->path, &place);
    if (status) {
        return refused(path, status, &place);
    }
    target->snapshot = target->catalog.snapshot;
    target->source = (struct pv_source){
        .trace = *target->catalog.trace ? target->catalog.trace : NULL,
        .event = target->catalog.event,
        .engine = target->catalog.engine,
    };
    entitle(target, target->catalog.event);
    return PV_EXIT_FINE;
}

static void take(struct pv_target *target, struct pv_load *load, size_t moment, size_t engine)
{
    int64_t event = load->events[moment];
    target->taken = load->taken[moment][engine];
    load->taken[moment][engine] = NULL;
    target->snapshot = target->taken;
    target->code = load->code;
    target->source = (struct pv_source){
        .trace = load->path,
        .event = event,
        .engine = pv_timeline_engine(load->timelines[engine])->name,
    };
    entitle(target, event);
}

int pv_target_open(struct pv_target *target, const char *text, const char *other,
                   const char *at, const struct pv_replay_options *options)
{
    *target = (struct pv_target){.code = 0};
    char *other_path = NULL;
    const char *other_moment = NULL;
    if (pv_target_split(text, &target->path, &target->moment) ||
        (other && pv_target_split(other, &other_path, &other_moment))) {
        return pv_say_no_memory();
    }
    int code = pv_target_look(target->path, &target->is_catalog);
    if (!code && target->is_catalog) {
        code = open_catalog(target);
    } else if (!code) {
        struct pv_load_wish wish = {
            .n_moments = other ? 2 : 1,
            .moments = {target->moment ? target->moment : at, other_moment}};
        code = pv_load_open(&target->load, target->path, options, &wish);
        if (!code) {
            take(target, &target->load, 0, 0);
        }
    }
    pv_own_free(other_path);
    return code;
}

int pv_target_other(struct pv_target *target, struct pv_target *loaded, const char *text,
                    size_t engine)
{
    *target = (struct pv_target){.code = 0};
    if (pv_target_split(text, &target->path, &target->moment)) {
        return pv_say_no_memory();
    }
    take(target, &loaded->load, 1, engine);
    return 0;
}

void pv_target_close(struct pv_target *target)
{
    pv_snapshot_close(target->taken);
    pv_catalog_close(&target->catalog);
    pv_load_close(&target->load);
    pv_own_free(target->path);
    *target = (struct pv_target){.code = 0};
}
