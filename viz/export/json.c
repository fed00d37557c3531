/* SPDX-License-Identifier: MIT
 *
 * json.c - the catalog as JSON, one pebble a line, streamed. catalog.c reads it back.
 */

#include "core/heap.h"
#include "core/status.h"
#include "inspect/rules.h"
#include "viz/export/catalog.h"
#include "viz/export/documents.h"
#include "viz/text/emit.h"

static void put_source(struct pv_json_out *out, const struct pv_source *source)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "source");
    pv_json_begin(out, '{');
    if (source->trace) {
        pv_emit_text(out, "trace", source->trace);
    }
    pv_emit_event(out, "event", source->event);
    pv_emit_text(out, "engine", source->engine ? source->engine : "");
    pv_json_end(out, '}');
}

static void put_totals(struct pv_json_out *out, const struct pv_totals *totals)
{
    pv_json_newline(out, 1);
    pv_json_key(out, "totals");
    pv_json_begin(out, '{');
    pv_emit_integer(out, "buckets", totals->n_buckets);
    pv_emit_integer(out, "used_pebbles", totals->n_used);
    pv_emit_integer(out, "free_pebbles", totals->n_free);
    pv_emit_integer(out, "requested_bytes", totals->requested_bytes);
    pv_emit_integer(out, "used_bytes", totals->used_bytes);
    pv_json_newline(out, 2);
    pv_emit_integer(out, "header_bytes", totals->header_bytes);
    pv_emit_integer(out, "free_bytes", totals->free_bytes);
    pv_emit_integer(out, "largest_free_bytes", totals->largest_free_bytes);
    pv_emit_integer(out, "heap_bytes", totals->heap_bytes);
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
            snprintf(plain, sizeof plain, "bit%u", bit);
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
    pv_emit_address(out, "address", row->addr);
    pv_emit_integer(out, "offset", row->addr - bucket->addr);
    pv_emit_integer(out, "size", row->size);
    pv_emit_text(out, "state", pv_pebble_row_used(row) ? "used" : "free");
    if (pv_pebble_row_used(row) && row->requested != PV_UNKNOWN) {
        pv_emit_integer(out, "requested", row->requested);
    }
    if (snapshot->kind == PV_CATALOG_PEBBLES) {
        pv_emit_integer(out, "alignment", row->alignment);
        put_flags(out, row->sflags);
    }
    pv_emit_text(out, "name", pv_tags_text(snapshot->tags, row->tag));
    if (pv_pebble_row_used(row) && row->id != PV_UNKNOWN) {
        pv_emit_integer(out, "id", row->id);
    }
    if (pv_pebble_row_used(row) && row->born != PV_UNKNOWN) {
        pv_emit_integer(out, "born", row->born);
    }
    pv_json_end(out, '}');
}

static void put_bucket(struct pv_json_out *out, const struct pv_snapshot *snapshot,
                       const struct pv_bucket_row *bucket)
{
    pv_json_newline(out, 2);
    pv_json_begin(out, '{');
    pv_emit_address(out, "address", bucket->addr);
    pv_emit_integer(out, "pages", bucket->n_pages);
    if (snapshot->kind == PV_CATALOG_PEBBLES) {
        pv_emit_text(out, "fit", bucket->lflags & PV_BUCKET_BEST_FIT ? "best" : "first");
    }
    pv_emit_integer(out, "largest", bucket->largest);
    if (snapshot->kind == PV_CATALOG_PEBBLES) {
        put_flags(out, bucket->lflags & ~(uint64_t)PV_BUCKET_BEST_FIT);
    }
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
        pv_emit_text(out, "rule", pv_rules[finding->law].id);
        pv_emit_address(out, "address", finding->addr);
        pv_emit_text(out, "name", pv_tags_text(snapshot->tags, finding->tag));
        pv_emit_text(out, "text", finding->text);
        pv_json_end(out, '}');
    }
    pv_json_end(out, ']');
}

int pv_export_json(const struct pv_snapshot *snapshot, const struct pv_source *source,
                   FILE *file)
{
    struct pv_json_out out = {.write = pv_json_to_file, .ctx = file};
    pv_json_begin(&out, '{');
    pv_emit_text(&out, "format", "pebbleviz-catalog");
    pv_emit_integer(&out, "version", 1);
    if (snapshot->kind == PV_CATALOG_BUDDY) {
        pv_emit_text(&out, "kind", "buddy");
        pv_emit_integer(&out, "page_bytes", snapshot->page_bytes);
    }
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
