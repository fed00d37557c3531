/* SPDX-License-Identifier: MIT
 *
 * cmd_check.c - `pebbleviz check`: traces and catalog files against the laws of laws.h. The
 * laws are checked by the walk and by inspect/rules.c; this file only decides when to check,
 * and what is printed.
 */
#include <inttypes.h>
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "inspect/rules.h"
#include "viz/cli/feed.h"
#include "viz/cli/target.h"
#include "viz/text/emit.h"
#include "viz/text/units.h"

enum { FINDINGS_SHOWN = 1000 };

/* Without --every: after this many pebbles the interval doubles. Deterministic: the same trace
 * is checked at the same events everywhere. */
static const uint64_t PEBBLES_BUDGET = 1000000;

/* A finding, and after which event it was first seen (PV_START - 1: a catalog file). */
struct found {
    int64_t event;
    struct pv_finding finding;
    char name[PV_FINDING_TEXT];
    uint64_t suspect; /* address of the pebble that may have overrun, 0: none */
    char suspect_name[PV_FINDING_TEXT];
};

struct check {
    char path[PV_PATH_TEXT];
    struct found *rows;
    size_t n, cap;
    uint64_t n_more; /* beyond FINDINGS_SHOWN */
    uint64_t n_checks, n_events, n_faults, n_pebbles;
    uint64_t every, budget;
    bool is_catalog, damaged;
};

static bool known(const struct check *check, const struct pv_finding *finding)
{
    for (size_t i = 0; i < check->n; i++) {
        const struct pv_finding *row = &check->rows[i].finding;
        if (row->law == finding->law && row->addr == finding->addr &&
            strcmp(row->text, finding->text) == 0) {
            return true;
        }
    }
    return false;
}

/* Each finding is told once, at the first event after which it is there. */
static int gather(struct check *check, const struct pv_snapshot *snapshot, int64_t event)
{
    check->n_checks++;
    check->n_pebbles += snapshot->n_pebbles;
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        const struct pv_finding *finding = &snapshot->findings[i];
        if (known(check, finding)) {
            continue;
        }
        if (check->n == FINDINGS_SHOWN) {
            check->n_more++;
            continue;
        }
        struct found *rows =
            pv_own_room(check->rows, check->n, &check->cap, sizeof *check->rows);
        if (!rows) {
            return PV_ENOMEM;
        }
        check->rows = rows;
        struct found *row = &rows[check->n++];
        *row = (struct found){.event = event, .finding = *finding};
        snprintf(row->name, sizeof row->name, "%s", pv_tags_text(snapshot->tags, finding->tag));
        if (finding->suspect < snapshot->n_pebbles) {
            const struct pv_pebble_row *suspect = &snapshot->pebbles[finding->suspect];
            row->suspect = suspect->addr;
            snprintf(row->suspect_name, sizeof row->suspect_name, "%s",
                     pv_tags_text(snapshot->tags, suspect->tag));
        }
    }
    check->n_more += snapshot->n_findings_more;
    return PV_OK;
}

static int look(struct check *check, struct pv_timeline *timeline)
{
    struct pv_snapshot *snapshot = NULL;
    int status = pv_timeline_walk(timeline, &snapshot);
    if (!status) {
        status = gather(check, snapshot, pv_timeline_last(timeline));
    }
    pv_snapshot_close(snapshot);
    return status;
}

static int replay(struct check *check, struct pv_feed *feed, struct pv_timeline *timeline,
                  bool fixed)
{
    struct pv_trace_event event;
    uint64_t until = check->every;
    bool looked = false;
    int status = 0;
    while (!status && pv_feed_next(feed, &event)) {
        status = pv_timeline_apply(timeline, &event);
        looked = --until == 0;
        if (!status && looked) {
            status = look(check, timeline);
            if (!fixed && check->n_pebbles > check->budget) {
                check->every *= 2;
                check->budget += PEBBLES_BUDGET;
            }
            until = check->every;
        }
    }
    pv_progress_end(&feed->progress);
    check->n_events = feed->n_events;
    check->n_faults = pv_timeline_stats(timeline)->n_faults;
    check->damaged = feed->code == PV_EXIT_DAMAGED;
    return status || looked || !feed->n_events ? status : look(check, timeline);
}

static int say_status(const struct check *check, int status)
{
    if (status == PV_ENOMEM) {
        return pv_say_no_memory();
    }
    pv_say("%s: %s", check->path,
           status == PV_EINVAL
               ? "the heap cannot begin: --bucket-size does not fit --heap-limit or --machine"
               : "more events than can be counted");
    return pv_exit_of(status);
}

static int check_trace(struct check *check, const char *path,
                       const struct pv_replay_options *options, bool fixed)
{
    struct pv_timeline_options how = {.engine = options->engines[0], .heap = options->heap};
    struct pv_timeline *timeline = NULL;
    struct pv_feed feed;
    int code = pv_feed_open(&feed, path, &options->reading);
    if (!code) {
        int status = pv_timeline_open(&timeline, &how);
        if (!status) {
            status = replay(check, &feed, timeline, fixed);
        }
        code = status ? say_status(check, status) : feed.code;
        if (code == PV_EXIT_DAMAGED && feed.n_events) {
            code = 0;
        }
    }
    pv_timeline_close(timeline);
    pv_feed_close(&feed);
    return code;
}

static int check_catalog(struct check *check, const char *path)
{
    struct pv_target target;
    int code = pv_target_open(&target, path, NULL, NULL, NULL);
    if (!code) {
        check->is_catalog = true;
        if (gather(check, target.snapshot, PV_START - 1)) {
            code = pv_say_no_memory();
        }
    }
    pv_target_close(&target);
    return code;
}

/* ---- text and JSON ---- */

static void put_name(FILE *out, const char *name)
{
    if (*name) {
        fprintf(out, " (%s)", name);
    }
}

static void text_check(const struct check *check, FILE *out)
{
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    for (size_t i = 0; i < check->n; i++) {
        const struct found *row = &check->rows[i];
        fprintf(out, "%s", check->path);
        if (!check->is_catalog) {
            fprintf(out, "@%" PRId64, row->event);
        }
        fprintf(out, ": %s 0x%" PRIx64, pv_rules[row->finding.law].id, row->finding.addr);
        put_name(out, row->name);
        fprintf(out, ": %s", row->finding.text);
        if (row->suspect) {
            fprintf(out, " In front of it stands the used pebble at 0x%" PRIx64, row->suspect);
            put_name(out, row->suspect_name);
            fputs(", which may have overrun.", out);
        }
        fputc('\n', out);
    }
    if (check->n_more) {
        fprintf(out, "%s: and %s more\n", check->path, pv_units_count(a, check->n_more));
    }
    fprintf(out, "%s: %s", check->path,
            check->n ? pv_units_of(a, check->n + check->n_more, "finding") : "no findings");
    if (check->is_catalog) {
        fprintf(out, " in %s\n", pv_units_of(a, check->n_pebbles, "pebble"));
        return;
    }
    fprintf(out, " in %s", pv_units_of(a, check->n_events, "event"));
    fprintf(out, ", checked %s", pv_units_of(a, check->n_checks, "time"));
    if (check->every > 1) {
        fprintf(out, " (at last after one event in %s)", pv_units_count(a, check->every));
    }
    if (check->n_faults) {
        fprintf(out, "; the program made %s, see 'pebbleviz info'",
                pv_units_of(b, check->n_faults, "mistake"));
    }
    fputc('\n', out);
}

static void json_found(struct pv_json_out *out, const struct check *check,
                       const struct found *row)
{
    pv_json_newline(out, 3);
    pv_json_begin(out, '{');
    pv_emit_text(out, "rule", pv_rules[row->finding.law].id);
    if (!check->is_catalog) {
        pv_emit_event(out, "event", row->event);
    }
    pv_json_key(out, "address");
    pv_json_put_address(out, row->finding.addr);
    pv_emit_text(out, "name", row->name);
    pv_emit_text(out, "text", row->finding.text);
    if (row->suspect) {
        pv_json_key(out, "suspect");
        pv_json_begin(out, '{');
        pv_emit_address(out, "address", row->suspect);
        pv_emit_text(out, "name", row->suspect_name);
        pv_json_end(out, '}');
    }
    pv_json_end(out, '}');
}

static void json_check(struct pv_json_out *out, const struct check *check)
{
    pv_json_newline(out, 2);
    pv_json_begin(out, '{');
    pv_emit_text(out, "path", check->path);
    pv_emit_text(out, "kind", check->is_catalog ? "catalog" : "trace");
    if (!check->is_catalog) {
        pv_emit_integer(out, "events", check->n_events);
        pv_emit_integer(out, "faults", check->n_faults);
        pv_emit_integer(out, "every", check->every);
        pv_emit_bool(out, "damaged", check->damaged);
    }
    pv_emit_integer(out, "checks", check->n_checks);
    pv_emit_integer(out, "pebbles", check->n_pebbles);
    pv_emit_integer(out, "more_findings", check->n_more);
    pv_json_key(out, "findings");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < check->n; i++) {
        json_found(out, check, &check->rows[i]);
    }
    pv_json_end(out, ']');
    pv_json_end(out, '}');
}

static void text_rules(FILE *out)
{
    for (unsigned i = 0; i < PV_N_LAWS; i++) {
        fprintf(out, "%-4s %-22s %s\n", pv_rules[i].id, pv_rules[i].section, pv_rules[i].title);
    }
}

static void json_rules(FILE *file)
{
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    pv_json_begin(&out, '{');
    pv_emit_text(&out, "format", "pebbleviz-rules");
    pv_emit_integer(&out, "version", 1);
    pv_json_key(&out, "rules");
    pv_json_begin(&out, '[');
    for (unsigned i = 0; i < PV_N_LAWS; i++) {
        pv_json_newline(&out, 1);
        pv_json_begin(&out, '{');
        pv_emit_text(&out, "rule", pv_rules[i].id);
        pv_emit_text(&out, "section", pv_rules[i].section);
        pv_emit_text(&out, "title", pv_rules[i].title);
        pv_json_end(&out, '}');
    }
    pv_json_end(&out, ']');
    pv_json_end(&out, '}');
    fputc('\n', file);
}

/* ---- the command ---- */

/* The worse of two exit codes, of several targets: a resource, then damage, then nothing to
 * work on, then a finding. */
static int worse(int a, int b)
{
    static const int weight[] = {
        [PV_EXIT_FINE] = 0,    [PV_EXIT_FOUND] = 1,     [PV_EXIT_NOTHING] = 2,
        [PV_EXIT_DAMAGED] = 3, [PV_EXIT_RESOURCES] = 4, [PV_EXIT_USAGE] = 5};
    return weight[b] > weight[a] ? b : a;
}

static int check_one(const char *text, const struct pv_replay_options *options, uint64_t every,
                     bool fixed, struct pv_json_out *json)
{
    struct check check = {.every = every, .budget = PEBBLES_BUDGET};
    pv_path_text(check.path, text);
    bool is_catalog = false;
    int code = pv_target_look(text, &is_catalog);
    if (!code) {
        code = is_catalog ? check_catalog(&check, text)
                          : check_trace(&check, text, options, fixed);
    }
    if (!code) {
        if (json) {
            json_check(json, &check);
        } else {
            text_check(&check, stdout);
        }
        code = check.damaged ? PV_EXIT_DAMAGED : check.n ? PV_EXIT_FOUND : PV_EXIT_FINE;
    }
    pv_own_free(check.rows);
    return code;
}

static int check_all(const struct pv_args *args, const struct pv_replay_options *options,
                     uint64_t every)
{
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = stdout};
    bool json = pv_args_has(args, PV_OPTION_JSON);
    if (json) {
        pv_json_begin(&out, '{');
        pv_emit_text(&out, "format", "pebbleviz-check");
        pv_emit_integer(&out, "version", 1);
        pv_json_newline(&out, 1);
        pv_json_key(&out, "targets");
        pv_json_begin(&out, '[');
    }
    int code = PV_EXIT_FINE;
    for (size_t i = 0; i < args->n_operands; i++) {
        code = worse(code, check_one(args->operands[i], options, every,
                                     pv_args_has(args, PV_OPTION_EVERY), json ? &out : NULL));
    }
    if (json) {
        pv_json_end(&out, ']');
        pv_json_end(&out, '}');
        fputc('\n', stdout);
    }
    return code;
}

int pv_cmd_check(const struct pv_args *args)
{
    struct pv_replay_options options;
    uint64_t every = 1;
    int code = pv_args_replay(args, 1, &options);
    if (!code) {
        code = pv_args_count(args, PV_OPTION_EVERY, 1, &every);
    }
    if (code) {
        return code;
    }
    if (pv_args_has(args, PV_OPTION_RULES)) {
        if (pv_args_has(args, PV_OPTION_JSON)) {
            json_rules(stdout);
        } else {
            text_rules(stdout);
        }
        return PV_EXIT_FINE;
    }
    if (every == 0) {
        return pv_say_usage("check", "--every wants a number from 1 on");
    }
    unsigned n_standard = 0;
    for (size_t i = 0; i < args->n_operands; i++) {
        n_standard += strcmp(args->operands[i], "-") == 0;
    }
    if (!args->n_operands) {
        return pv_say_usage("check", "check wants a trace or a catalog file");
    }
    if (n_standard > 1) {
        return pv_say_usage("check", "standard input can be read once only");
    }
    return check_all(args, &options, every);
}
