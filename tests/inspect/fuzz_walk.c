/* SPDX-License-Identifier: MIT
 *
 * fuzz_walk.c - any bytes as a heap: the input is an image that stands at 0x100000000.
 *
 * With clang: clang -fsanitize=fuzzer,address,undefined with this file, inspect/, core/own.c
 * and core/text.c; with any compiler, fuzz_main.c replays the files of corpus/ as a test.
 *
 * What must hold on all inputs: the walk ends with a snapshot whose rows are bounded by the
 * input, whose every row was read from it, and whose findings are whole clean sentences; and
 * what is computed from the snapshot (rules as for other sources, search, difference) ends too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "inspect/diff.h"
#include "inspect/rules.h"
#include "inspect/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BASE UINT64_C(0x100000000)

/* Like assert, but there in every build. */
static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_rows(const struct pv_snapshot *snapshot, size_t n)
{
    must(snapshot->n_buckets <= n / 4 && snapshot->n_pebbles <= n / 16);
    size_t next = 0;
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        must(snapshot->buckets[i].addr - BASE <= n - snapshot->bucket_bytes);
        must(snapshot->buckets[i].first_pebble == next);
        next += snapshot->buckets[i].n_pebbles;
    }
    must(next == snapshot->n_pebbles);
    for (size_t i = 0; i < snapshot->n_pebbles; i++) {
        const struct pv_pebble_row *row = &snapshot->pebbles[i];
        must(row->addr - BASE <= n - snapshot->pebble_bytes);
        must(row->bucket < snapshot->n_buckets);
        must(row->tag < pv_tags_count(snapshot->tags));
    }
}

static void check_findings(const struct pv_snapshot *snapshot)
{
    must(snapshot->n_findings <= PV_FINDINGS_MAX);
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        const char *text = snapshot->findings[i].text;
        size_t length = strlen(text);
        char clean[2 * PV_FINDING_TEXT];
        must(length > 0 && text[length - 1] == '.');
        must(pv_text_clean(clean, sizeof clean, text, length) == length);
        must(memcmp(clean, text, length) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pv_bytes_memory bytes = {data, n, BASE};
    struct pv_walk walk = {
        .memory = pv_bytes_memory(&bytes), .layout = &pv_layout_fysos, .root = BASE};
    struct pv_tags *tags;
    struct pv_snapshot *snapshot = NULL;
    must(pv_tags_open(&tags) == 0);
    must(pv_walk(&walk, tags, &snapshot) == 0);
    check_rows(snapshot, n);
    check_findings(snapshot);
    for (size_t i = 0; i < snapshot->n_pebbles && i < 64; i++) {
        must(pv_snapshot_find(snapshot, snapshot->pebbles[i].addr) < snapshot->n_pebbles);
    }
    struct pv_diff *diff;
    must(pv_diff_open(&diff, snapshot, snapshot) == 0);
    must(diff->n_rows == 0 && diff->n_same == snapshot->totals.n_used);
    pv_diff_close(diff);
    static const enum pv_snapshot_source sources[] = {PV_SNAPSHOT_LOG, PV_SNAPSHOT_FILE};
    for (size_t i = 0; i < 2; i++) {
        snapshot->source = sources[i];
        must(pv_rules_apply(snapshot) == 0);
    }
    check_findings(snapshot);
    pv_snapshot_close(snapshot);
    pv_tags_close(tags);
    return 0;
}
