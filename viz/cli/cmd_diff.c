/* SPDX-License-Identifier: MIT
 *
 * cmd_diff.c - `pebbleviz diff`: two moments, what came, went, moved and was resized, by tag.
 */
#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "inspect/diff.h"
#include "viz/cli/target.h"
#include "viz/text/emit.h"
#include "viz/text/units.h"

enum { TOP = 20 };

static const char *const change_names[PV_N_CHANGES] = {"came", "went", "moved", "resized"};

struct pair {
    struct pv_target a, b;
    struct pv_diff *diff;
    size_t top;
};

/* ---- text ---- */

static void text_totals(const struct pair *pair, FILE *out)
{
    static const struct {
        const char *label;
        size_t offset;
        bool bytes;
    } rows[] = {
        {"requested", offsetof(struct pv_totals, requested_bytes), true},
        {"blocks", offsetof(struct pv_totals, n_used), false},
        {"free", offsetof(struct pv_totals, free_bytes), true},
        {"holes", offsetof(struct pv_totals, n_free), false},
        {"largest hole", offsetof(struct pv_totals, largest_free_bytes), true},
        {"heap", offsetof(struct pv_totals, heap_bytes), true},
    };
    fprintf(out, "A  %s%s%s\nB  %s%s%s\n\n%-14s %12s %12s\n", pair->a.title,
            *pair->a.source.engine ? ", " : "", pair->a.source.engine, pair->b.title,
            *pair->b.source.engine ? ", " : "", pair->b.source.engine, "", "A", "B");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t a =
            *(const uint64_t *)((const char *)&pair->a.snapshot->totals + rows[i].offset);
        uint64_t b =
            *(const uint64_t *)((const char *)&pair->b.snapshot->totals + rows[i].offset);
        char a_text[PV_UNIT_TEXT];
        char b_text[PV_UNIT_TEXT];
        const char *(*unit)(char *, uint64_t) = rows[i].bytes ? pv_units_bytes : pv_units_count;
        fprintf(out, "%-14s %12s %12s\n", rows[i].label, unit(a_text, a), unit(b_text, b));
    }
}

static void text_diff(const struct pair *pair, FILE *out)
{
    const struct pv_diff *diff = pair->diff;
    char a[PV_UNIT_TEXT];
    char b[PV_UNIT_TEXT];
    text_totals(pair, out);
    if (!pv_diff_differs(diff)) {
        fputs("\nNo difference.\n", out);
        return;
    }
    fprintf(out, "\n%-8s %12s %12s\n", "", "blocks", "bytes");
    for (unsigned i = 0; i < PV_N_CHANGES; i++) {
        fprintf(out, "%-8s %12s %12s\n", change_names[i], pv_units_count(a, diff->blocks[i]),
                pv_units_bytes(b, diff->bytes[i]));
    }
    fprintf(out, "%-8s %12s\n", "the same", pv_units_count(a, diff->n_same));
    size_t n = diff->n_tags < pair->top ? diff->n_tags : pair->top;
    if (!n) {
        return;
    }
    fprintf(out, "\nBy tag, the largest difference first (%zu of %zu)\n", n, diff->n_tags);
    fprintf(out, "%12s %9s %9s %9s %9s  %s\n", "bytes", "came", "went", "moved", "resized",
            "tag");
    for (size_t i = 0; i < n; i++) {
        const struct pv_diff_tag *tag = &diff->tags[i];
        char bytes[PV_UNIT_TEXT];
        fprintf(out, "%12s", pv_units_change(bytes, tag->a_bytes, tag->b_bytes));
        for (unsigned j = 0; j < PV_N_CHANGES; j++) {
            fprintf(out, " %9s", pv_units_count(a, tag->blocks[j]));
        }
        fprintf(out, "  %s\n", *tag->text ? tag->text : "(no tag)");
    }
}

/* ---- JSON ---- */

static void json_side(struct pv_json_out *out, const char *key, const struct pv_target *side)
{
    const struct pv_totals *totals = &side->snapshot->totals;
    char path[PV_PATH_TEXT];
    pv_json_newline(out, 1);
    pv_json_key(out, key);
    pv_json_begin(out, '{');
    pv_emit_text(out, "path", pv_path_text(path, side->path));
    pv_emit_event(out, "event", side->source.event);
    pv_emit_text(out, "engine", side->source.engine);
    pv_emit_integer(out, "used_pebbles", totals->n_used);
    pv_emit_integer(out, "free_pebbles", totals->n_free);
    pv_emit_integer(out, "requested_bytes", totals->requested_bytes);
    pv_emit_integer(out, "free_bytes", totals->free_bytes);
    pv_emit_integer(out, "largest_free_bytes", totals->largest_free_bytes);
    pv_emit_integer(out, "heap_bytes", totals->heap_bytes);
    pv_json_end(out, '}');
}

static void json_counts(struct pv_json_out *out, const uint64_t blocks[PV_N_CHANGES],
                        const uint64_t bytes[PV_N_CHANGES])
{
    for (unsigned i = 0; i < PV_N_CHANGES; i++) {
        pv_json_key(out, change_names[i]);
        pv_json_begin(out, '{');
        pv_emit_integer(out, "blocks", blocks[i]);
        pv_emit_integer(out, "bytes", bytes[i]);
        pv_json_end(out, '}');
    }
}

static void json_place(struct pv_json_out *out, const char *key,
                       const struct pv_snapshot *snapshot, size_t index)
{
    if (index == SIZE_MAX) {
        return;
    }
    const struct pv_pebble_row *row = &snapshot->pebbles[index];
    pv_json_key(out, key);
    pv_json_begin(out, '{');
    pv_json_key(out, "address");
    pv_json_put_address(out, row->addr);
    pv_emit_integer(out, "size", row->size);
    if (row->requested != PV_UNKNOWN) {
        pv_emit_integer(out, "requested", row->requested);
    }
    if (row->id != PV_UNKNOWN) {
        pv_emit_integer(out, "id", row->id);
    }
    if (row->born != PV_UNKNOWN) {
        pv_emit_integer(out, "born", row->born);
    }
    pv_json_end(out, '}');
}

static void json_row(struct pv_json_out *out, const struct pair *pair,
                     const struct pv_diff_row *row)
{
    const struct pv_snapshot *side = row->b == SIZE_MAX ? pair->a.snapshot : pair->b.snapshot;
    size_t index = row->b == SIZE_MAX ? row->a : row->b;
    pv_json_newline(out, 2);
    pv_json_begin(out, '{');
    pv_emit_text(out, "change", change_names[row->change]);
    pv_emit_text(out, "name", pv_tags_text(side->tags, side->pebbles[index].tag));
    json_place(out, "a", pair->a.snapshot, row->a);
    json_place(out, "b", pair->b.snapshot, row->b);
    pv_json_end(out, '}');
}

static void json_diff(const struct pair *pair, FILE *file)
{
    const struct pv_diff *diff = pair->diff;
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    pv_json_begin(&out, '{');
    pv_emit_text(&out, "format", "pebbleviz-diff");
    pv_emit_integer(&out, "version", 1);
    json_side(&out, "a", &pair->a);
    json_side(&out, "b", &pair->b);
    pv_json_newline(&out, 1);
    pv_emit_bool(&out, "differs", pv_diff_differs(diff));
    pv_emit_integer(&out, "same", diff->n_same);
    json_counts(&out, diff->blocks, diff->bytes);
    pv_json_newline(&out, 1);
    pv_json_key(&out, "tags");
    pv_json_begin(&out, '[');
    for (size_t i = 0; i < diff->n_tags && i < pair->top; i++) {
        const struct pv_diff_tag *tag = &diff->tags[i];
        pv_json_newline(&out, 2);
        pv_json_begin(&out, '{');
        pv_emit_text(&out, "name", tag->text);
        pv_emit_integer(&out, "a_blocks", tag->a_blocks);
        pv_emit_integer(&out, "a_bytes", tag->a_bytes);
        pv_emit_integer(&out, "b_blocks", tag->b_blocks);
        pv_emit_integer(&out, "b_bytes", tag->b_bytes);
        json_counts(&out, tag->blocks, tag->bytes);
        pv_json_end(&out, '}');
    }
    pv_json_end(&out, ']');
    pv_json_newline(&out, 1);
    pv_json_key(&out, "changes");
    pv_json_begin(&out, '[');
    for (size_t i = 0; i < diff->n_rows; i++) {
        json_row(&out, pair, &diff->rows[i]);
    }
    pv_json_end(&out, ']');
    pv_json_end(&out, '}');
    fputc('\n', file);
}

/* ---- the two sides ---- */

/* Whether both name one trace, which then is read once (and may be standard input). */
static int one_file(const char *a, const char *b, bool *ret_one)
{
    char *path_a = NULL;
    char *path_b = NULL;
    const char *moment = NULL;
    int status = pv_target_split(a, &path_a, &moment);
    if (!status) {
        status = pv_target_split(b, &path_b, &moment);
    }
    *ret_one = !status && strcmp(path_a, path_b) == 0;
    pv_own_free(path_a);
    pv_own_free(path_b);
    return status;
}

static int open_sides(struct pair *pair, const struct pv_args *args,
                      struct pv_replay_options *options)
{
    const char *a = args->operands[0];
    const char *b = args->operands[1];
    bool one = false;
    if (one_file(a, b, &one)) {
        return pv_say_no_memory();
    }
    size_t engine_b = options->n_engines - 1;
    struct pv_replay_options first = *options;
    first.n_engines = one ? options->n_engines : 1;
    int code = pv_target_open(&pair->a, a, one ? b : NULL, NULL, &first);
    if (code) {
        return code;
    }
    if (one && !pair->a.is_catalog) {
        return pv_target_other(&pair->b, &pair->a, b, engine_b);
    }
    if (one && strcmp(pair->a.path, "-") == 0) {
        return pv_say_usage("diff", "standard input can be read once only");
    }
    struct pv_replay_options second = *options;
    second.engines[0] = options->engines[engine_b];
    second.n_engines = 1;
    return pv_target_open(&pair->b, b, NULL, NULL, &second);
}

static int compare(struct pair *pair, bool json)
{
    if (pv_diff_open(&pair->diff, pair->a.snapshot, pair->b.snapshot)) {
        return pv_say_no_memory();
    }
    if (json) {
        json_diff(pair, stdout);
    } else {
        text_diff(pair, stdout);
    }
    bool differs = pv_diff_differs(pair->diff);
    pv_diff_close(pair->diff);
    if (pair->a.code || pair->b.code) {
        return PV_EXIT_DAMAGED;
    }
    return differs ? PV_EXIT_FOUND : PV_EXIT_FINE;
}

int pv_cmd_diff(const struct pv_args *args)
{
    struct pv_replay_options options;
    uint64_t top = TOP;
    int code = pv_args_replay(args, 2, &options);
    if (!code) {
        code = pv_args_count(args, PV_OPTION_TOP,
                             pv_args_has(args, PV_OPTION_JSON) ? SIZE_MAX : TOP, &top);
    }
    if (code) {
        return code;
    }
    struct pair pair = {.top = top < SIZE_MAX ? (size_t)top : SIZE_MAX};
    code = open_sides(&pair, args, &options);
    if (!code) {
        code = compare(&pair, pv_args_has(args, PV_OPTION_JSON));
    }
    pv_target_close(&pair.b);
    pv_target_close(&pair.a);
    return code;
}
