/* SPDX-License-Identifier: MIT
 *
 * export_json.c - the catalog as JSON, one pebble a line, streamed. catalog.c reads it back.
 */
#include <inttypes.h>

#include "core/heap.h"
#include "core/status.h"
#include "inspect/rules.h"
#include "traces/json.h"
#include "viz/catalog.h"
#include "viz/exports.h"

static void put(struct pv_json_out *out, const char *key, uint64_t value)
{
    pv_json_key(out, key);
    pv_json_put_integer(out, value);
}

static void put_text(struct pv_json_out *out, const char *key, const char *value)
{
    pv_json_key(out, key);
    pv_json_put_text(out, value);
}

static void put_address(struct pv_json_out *out, const char *key, uint64_t addr)
{
    pv_json_key(out, key);
    pv_json_put_address(out, addr);
}

static void put_source(struct pv_json_out *out, const struct pv_source *source)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "source");
    pv_json_begin(out, '{');
    if (source->trace) {
        put_text(out, "trace", source->trace);
    }
    pv_json_key(out, "event");
    if (source->event >= 0) {
        pv_json_put_integer(out, (uint64_t)source->event);
    } else {
        pv_json_put_null(out);
    }
    put_text(out, "engine", source->engine ? source->engine : "");
    pv_json_end(out, '}');
}

static void put_totals(struct pv_json_out *out, const struct pv_totals *totals)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "totals");
    pv_json_begin(out, '{');
    put(out, "buckets", totals->n_buckets);
    put(out, "used_pebbles", totals->n_used);
    put(out, "free_pebbles", totals->n_free);
    put(out, "requested_bytes", totals->requested_bytes);
    put(out, "used_bytes", totals->used_bytes);
    pv_json_newline(out, 2);
    put(out, "header_bytes", totals->header_bytes);
    put(out, "free_bytes", totals->free_bytes);
    put(out, "largest_free_bytes", totals->largest_free_bytes);
    put(out, "heap_bytes", totals->heap_bytes);
    pv_json_end(out, '}');
}

static void put_flags(struct pv_json_out *out, uint64_t flags)
{
    pv_json_key(out, "flags");
    pv_json_begin(out, '[');
    for (unsigned bit = 0; bit < 32; bit++) {
        char plain[8];
        if (flags >> bit & 1) {
            const char *name = pv_catalog_flag_name(bit);
            snprintf(plain, sizeof(plain), "bit%u", bit);
            pv_json_put_text(out, name ? name : plain);
        }
    }
    pv_json_end(out, ']');
}

static void put_pebble(struct pv_json_out *out, const struct pv_snapshot *snapshot,
                       const struct pv_bucket_row *bucket, const struct pv_pebble_row *row)
{
    pv_json_newline(out, 3);
    pv_json_begin(out, '{');
    put_address(out, "address", row->addr);
    put(out, "offset", row->addr - bucket->addr);
    put(out, "size", row->size);
    put_text(out, "state", pv_pebble_row_used(row) ? "used" : "free");
    if (pv_pebble_row_used(row) && row->requested != PV_UNKNOWN) {
        put(out, "requested", row->requested);
    }
    put(out, "alignment", row->alignment);
    put_flags(out, row->sflags);
    put_text(out, "name", pv_tags_text(snapshot->tags, row->tag));
    if (pv_pebble_row_used(row) && row->id != PV_UNKNOWN) {
        put(out, "id", row->id);
    }
    if (pv_pebble_row_used(row) && row->born != PV_UNKNOWN) {
        put(out, "born", row->born);
    }
    pv_json_end(out, '}');
}

static void put_bucket(struct pv_json_out *out, const struct pv_snapshot *snapshot,
                       const struct pv_bucket_row *bucket)
{
    pv_json_newline(out, 2);
    pv_json_begin(out, '{');
    put_address(out, "address", bucket->addr);
    put(out, "pages", bucket->n_pages);
    put_text(out, "fit", bucket->lflags & PV_BUCKET_BEST_FIT ? "best" : "first");
    put(out, "largest", bucket->largest);
    put_flags(out, bucket->lflags & ~(uint64_t)PV_BUCKET_BEST_FIT);
    pv_json_key(out, "pebbles");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < bucket->n_pebbles; i++) {
        put_pebble(out, snapshot, bucket, &snapshot->pebbles[bucket->first_pebble + i]);
    }
    pv_json_end(out, ']');
    pv_json_end(out, '}');
}

static void put_findings(struct pv_json_out *out, const struct pv_snapshot *snapshot)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "findings");
    pv_json_begin(out, '[');
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        const struct pv_finding *finding = &snapshot->findings[i];
        pv_json_newline(out, 2);
        pv_json_begin(out, '{');
        put_text(out, "rule", pv_rules[finding->law].id);
        put_address(out, "address", finding->addr);
        put_text(out, "name", pv_tags_text(snapshot->tags, finding->tag));
        put_text(out, "text", finding->text);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}

int pv_export_json(const struct pv_snapshot *snapshot, const struct pv_source *source,
                   FILE *file)
{
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    pv_json_begin(&out, '{');
    put_text(&out, "format", "pebbleviz-catalog");
    put(&out, "version", 1);
    put_source(&out, source);
    put_totals(&out, &snapshot->totals);
    pv_json_newline(&out, 1);
    pv_json_key(&out, "buckets");
    pv_json_begin(&out, '[');
    for (size_t i = 0; i < snapshot->n_buckets; i++) {
        put_bucket(&out, snapshot, &snapshot->buckets[i]);
    }
    pv_json_end(&out, ']');
    put_findings(&out, snapshot);
    pv_json_end(&out, '}');
    if (!out.status && fputc('\n', file) == EOF) {
        return PV_EIO;
    }
    return out.status;
}
