/* SPDX-License-Identifier: MIT
 *
 * catalog.c - walks the document and appends rows, one function an object. What an object says is
 * built by the JSON library, one object at a time and without its lists of objects: a whole
 * document would take fifteen times its size. `struct reading` carries the document's place for
 * complaints. Totals are counted anew, never believed.
 */
#include "viz/export/catalog.h"

#include <stdarg.h>
#include <string.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "core/text.h"
#include "inspect/rules.h"
#include "replay/engine_buddy.h"
#include "traces/json/span.h"

enum { NAME_TEXT = 128, PATH_MAX_TEXT = 4096, OBJECT_TEXT = 1 << 16 };

const char *pv_catalog_flag_name(unsigned bit)
{
    static const char *const names[] = {
        "VIRTUAL", "PHYSICAL", "CLEAR",   "LOW1MEG",    "LOW16MEG",
        "LOW4GIG", NULL,       "ALIGNED", "PERSISTENT",
    };
    return bit < sizeof names / sizeof names[0] ? names[bit] : NULL;
}

struct reading {
    struct pv_catalog *catalog;
    struct pv_place *place;
    size_t bucket, pebble; /* the place in the document, for messages */
    bool in_pebble;
};

static int wrong(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int wrong(struct reading *reading, const char *format, ...)
{
    char what[NAME_TEXT];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    *reading->place = (struct pv_place){.line = 0};
    if (reading->in_pebble) {
        snprintf(reading->place->text, sizeof reading->place->text,
                 "buckets[%zu].pebbles[%zu]: %s", reading->bucket, reading->pebble, what);
    } else {
        snprintf(reading->place->text, sizeof reading->place->text, "buckets[%zu]: %s",
                 reading->bucket, what);
    }
    return PV_EFORMAT;
}

/* Builds these members of an object; to be freed with pv_json_free. */
static int members(struct reading *reading, const struct pv_json_span *span,
                   const char *const *wanted, struct pv_json **ret_object)
{
    if (pv_json_span_kind(span) != PV_JSON_OBJECT) {
        return wrong(reading, "it is no object");
    }
    int status = pv_json_build(ret_object, span, wanted, OBJECT_TEXT);
    return status == PV_ELIMIT ? wrong(reading, "it has 64 KiB of text or more") : status;
}

static int integer(struct reading *reading, const struct pv_json *object, const char *key,
                   uint64_t max, uint64_t *ret_value)
{
    const struct pv_json *value = pv_json_member(object, key);
    if (!value || pv_json_kind(value) != PV_JSON_INTEGER) {
        return wrong(reading, "'%s' is missing or no whole number", key);
    }
    *ret_value = pv_json_integer(value);
    return *ret_value <= max ? PV_OK : wrong(reading, "'%s' is too large", key);
}

/* PV_UNKNOWN where the file does not have it. */
static int integer_or_unknown(struct reading *reading, const struct pv_json *object,
                              const char *key, uint64_t *ret_value)
{
    const struct pv_json *value = pv_json_member(object, key);
    *ret_value = PV_UNKNOWN;
    if (!value || pv_json_kind(value) == PV_JSON_NULL || pv_json_kind(value) == PV_JSON_TEXT) {
        return PV_OK;
    }
    return integer(reading, object, key, UINT64_MAX - 1, ret_value);
}

static int address(struct reading *reading, const struct pv_json *object, uint64_t *ret_addr)
{
    const struct pv_json *value = pv_json_member(object, "address");
    if (!value || !pv_json_address(value, ret_addr)) {
        return wrong(reading, "'address' is missing or not \"0x...\"");
    }
    return PV_OK;
}

/* NULL unless it is a text. */
static const char *text_of(const struct pv_json *value)
{
    size_t n = 0;
    return pv_json_text(value, &n);
}

/* "VIRTUAL" or "bit14". */
static bool flag_bit(const char *text, uint32_t *ret_bits)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        char plain[8];
        snprintf(plain, sizeof plain, "bit%u", bit);
        const char *name = pv_catalog_flag_name(bit);
        if (strcmp(text, plain) == 0 || (name && strcmp(text, name) == 0)) {
            *ret_bits = UINT32_C(1) << bit;
            return true;
        }
    }
    return false;
}

static int flags(struct reading *reading, const struct pv_json *object, uint32_t *ret_flags)
{
    const struct pv_json *list = pv_json_member(object, "flags");
    *ret_flags = 0;
    if (!list) {
        return PV_OK;
    }
    if (pv_json_kind(list) != PV_JSON_ARRAY) {
        return wrong(reading, "'flags' is no array");
    }
    size_t n = pv_json_length(list);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = 0;
        const char *text = text_of(pv_json_element(list, i));
        if (!text || !flag_bit(text, &bits)) {
            return wrong(reading, "'flags' holds an unknown flag");
        }
        *ret_flags |= bits;
    }
    return PV_OK;
}

static int tag(struct reading *reading, const struct pv_json *object, uint32_t *ret_tag)
{
    const struct pv_json *value = pv_json_member(object, "name");
    *ret_tag = 0;
    if (!value) {
        return PV_OK;
    }
    size_t n = 0;
    const char *text = pv_json_text(value, &n);
    if (!text) {
        return wrong(reading, "'name' is no text");
    }
    char clean[PV_TAG_MAX + 1];
    pv_text_clean(clean, sizeof clean, text, n);
    return pv_tags_add(reading->catalog->tags, clean, ret_tag);
}

static int add_pebble(struct reading *reading, const struct pv_json *object)
{
    bool buddy = reading->catalog->snapshot->kind == PV_CATALOG_BUDDY;
    struct pv_pebble_row row = {.magic = buddy ? 0 : PV_PEBBLE_MAGIC};
    uint64_t alignment = buddy ? 0 : PV_ALIGN_MIN;
    int status = address(reading, object, &row.addr);
    if (!status) {
        status = integer(reading, object, "size", (uint64_t)INT64_MAX, &row.size);
    }
    if (!status) {
        status = integer_or_unknown(reading, object, "requested", &row.requested);
    }
    if (!status) {
        status = integer_or_unknown(reading, object, "id", &row.id);
    }
    if (!status) {
        status = integer_or_unknown(reading, object, "born", &row.born);
    }
    if (!status && pv_json_member(object, "alignment")) {
        status = integer(reading, object, "alignment", UINT32_MAX, &alignment);
    }
    if (!status) {
        status = flags(reading, object, &row.sflags);
    }
    if (!status) {
        status = tag(reading, object, &row.tag);
    }
    if (status) {
        return status;
    }
    const char *state = text_of(pv_json_member(object, "state"));
    bool used = state && strcmp(state, "used") == 0;
    if (!used && !(state && strcmp(state, "free") == 0)) {
        return wrong(reading, "'state' is neither \"used\" nor \"free\"");
    }
    if (used && row.requested != PV_UNKNOWN && row.requested > row.size) {
        return wrong(reading, "'requested' is more than 'size'");
    }
    row.lflags = used ? PV_PEBBLE_USED : 0;
    row.alignment = (uint32_t)alignment;
    row.bucket = (uint32_t)reading->bucket;
    struct pv_pebble_row *to = pv_snapshot_add_pebble(reading->catalog->snapshot);
    if (!to) {
        return PV_ENOMEM;
    }
    row.parent = reading->catalog->snapshot->buckets[reading->bucket].addr;
    *to = row;
    return PV_OK;
}

static int read_pebble(struct reading *reading, const struct pv_json_span *span)
{
    static const char *const wanted[] = {"address", "size",      "requested", "id",   "born",
                                         "state",   "alignment", "flags",     "name", NULL};
    struct pv_json *object = NULL;
    int status = members(reading, span, wanted, &object);
    status = status ? status : add_pebble(reading, object);
    pv_json_free(object);
    return status;
}

static int add_bucket(struct reading *reading, const struct pv_json *object)
{
    struct pv_snapshot *snapshot = reading->catalog->snapshot;
    struct pv_bucket_row bucket = {.addr = 0};
    uint32_t lflags = 0;
    int status = address(reading, object, &bucket.addr);
    if (!status) {
        status = integer(reading, object, "pages", (uint64_t)INT64_MAX / snapshot->page_bytes,
                         &bucket.n_pages);
    }
    if (!status) {
        status = integer(reading, object, "largest", (uint64_t)INT64_MAX, &bucket.largest);
    }
    if (!status) {
        status = flags(reading, object, &lflags);
    }
    if (status) {
        return status;
    }
    const char *fit = text_of(pv_json_member(object, "fit"));
    bool best = fit && strcmp(fit, "best") == 0;
    bool buddy = snapshot->kind == PV_CATALOG_BUDDY;
    if (!buddy && !best && !(fit && strcmp(fit, "first") == 0)) {
        return wrong(reading, "'fit' is neither \"first\" nor \"best\"");
    }
    struct pv_bucket_row *row = pv_snapshot_add_bucket(snapshot);
    if (!row) {
        return PV_ENOMEM;
    }
    row->addr = bucket.addr;
    row->n_pages = bucket.n_pages;
    row->largest = bucket.largest;
    row->lflags = lflags | (best ? PV_BUCKET_BEST_FIT : 0);
    row->magic = buddy ? 0 : PV_BUCKET_MAGIC;
    return PV_OK;
}

static int read_bucket(struct reading *reading, const struct pv_json_span *span)
{
    static const char *const wanted[] = {"address", "pages", "largest", "flags", "fit", NULL};
    struct pv_json *object = NULL;
    struct pv_json_span pebbles, pebble;
    int status = members(reading, span, wanted, &object);
    status = status ? status : add_bucket(reading, object);
    pv_json_free(object);
    if (status) {
        return status;
    }
    if (!pv_json_span_member(span, "pebbles", &pebbles) ||
        pv_json_span_kind(&pebbles) != PV_JSON_ARRAY) {
        return wrong(reading, "'pebbles' is missing or no array");
    }
    reading->in_pebble = true;
    reading->pebble = 0;
    for (struct pv_json_span rest = pv_json_span_inside(&pebbles);
         !status && pv_json_span_next(&rest, &pebble); reading->pebble++) {
        status = read_pebble(reading, &pebble);
    }
    reading->in_pebble = false;
    return status;
}

static int refuse(struct pv_place *place, int status, const char *text)
{
    *place = (struct pv_place){.line = 0};
    snprintf(place->text, sizeof place->text, "%s", text);
    return status;
}

static char *source_text(const struct pv_json *source, const char *key)
{
    size_t n = 0;
    const char *text = source ? pv_json_text(pv_json_member(source, key), &n) : NULL;
    char clean[PATH_MAX_TEXT];
    n = text ? pv_text_clean(clean, sizeof clean, text, n) : 0;
    return pv_own_text(clean, n);
}

static int read_source(struct reading *reading, const struct pv_json_span *root)
{
    static const char *const wanted[] = {"trace", "engine", "event", NULL};
    struct pv_catalog *catalog = reading->catalog;
    struct pv_json_span span;
    struct pv_json *source = NULL;
    bool there = pv_json_span_member(root, "source", &span) &&
                 pv_json_span_kind(&span) == PV_JSON_OBJECT;
    int status = there ? pv_json_build(&source, &span, wanted, OBJECT_TEXT) : PV_OK;
    if (status) {
        return status == PV_ELIMIT
                   ? refuse(reading->place, PV_EFORMAT, "'source' has 64 KiB of text or more")
                   : status;
    }
    catalog->trace = source_text(source, "trace");
    catalog->engine = source_text(source, "engine");
    const struct pv_json *event = there ? pv_json_member(source, "event") : NULL;
    catalog->event = -1;
    if (event && pv_json_kind(event) == PV_JSON_INTEGER &&
        pv_json_integer(event) <= (uint64_t)INT64_MAX) {
        catalog->event = (int64_t)pv_json_integer(event);
    }
    pv_json_free(source);
    return catalog->trace && catalog->engine ? PV_OK : PV_ENOMEM;
}

static bool has_finding(const struct pv_snapshot *snapshot, enum pv_law law, uint64_t addr)
{
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        if (snapshot->findings[i].law == law && snapshot->findings[i].addr == addr) {
            return true;
        }
    }
    return false;
}

static int keep_finding(struct pv_snapshot *snapshot, const struct pv_json *finding)
{
    const char *rule = text_of(pv_json_member(finding, "rule"));
    size_t text_n = 0;
    const char *text = pv_json_text(pv_json_member(finding, "text"), &text_n);
    uint64_t addr = 0;
    int status = PV_OK;
    pv_json_address(pv_json_member(finding, "address"), &addr);
    for (unsigned law = 0; rule && text && law < PV_N_LAWS && !status; law++) {
        if (strcmp(pv_rules[law].id, rule) == 0 && !has_finding(snapshot, law, addr)) {
            char clean[PV_FINDING_TEXT];
            pv_text_clean(clean, sizeof clean, text, text_n);
            status =
                pv_snapshot_add_finding(snapshot, law, SIZE_MAX, SIZE_MAX, addr, "%s", clean);
        }
    }
    return status;
}

/* Findings of the file's writer about fields that the file does not hold. */
static int keep_findings(struct reading *reading, const struct pv_json_span *root)
{
    static const char *const wanted[] = {"rule", "text", "address", NULL};
    struct pv_json_span list, finding;
    if (!pv_json_span_member(root, "findings", &list) ||
        pv_json_span_kind(&list) != PV_JSON_ARRAY) {
        return PV_OK;
    }
    int status = PV_OK;
    for (struct pv_json_span rest = pv_json_span_inside(&list);
         !status && pv_json_span_next(&rest, &finding);) {
        struct pv_json *object = NULL;
        if (pv_json_span_kind(&finding) != PV_JSON_OBJECT) {
            continue;
        }
        status = pv_json_build(&object, &finding, wanted, OBJECT_TEXT);
        status = status == PV_ELIMIT ? refuse(reading->place, PV_EFORMAT,
                                              "a finding has 64 KiB of text or more")
                 : status            ? status
                                     : keep_finding(reading->catalog->snapshot, object);
        pv_json_free(object);
    }
    return status;
}

/* A buddy's chunk has pages of its own, and no headers. */
static int read_kind(struct reading *reading, const struct pv_json *root)
{
    struct pv_snapshot *snapshot = reading->catalog->snapshot;
    const char *kind = text_of(pv_json_member(root, "kind"));
    if (!kind || strcmp(kind, "buddy") != 0) {
        return PV_OK;
    }
    uint64_t page_bytes = 0;
    int status = integer(reading, root, "page_bytes", PV_BUDDY_PAGE_MOST, &page_bytes);
    if (!status && !page_bytes) {
        status = wrong(reading, "'page_bytes' is 0");
    }
    snapshot->kind = PV_CATALOG_BUDDY;
    snapshot->bucket_bytes = pv_layout_buddy.bucket_bytes;
    snapshot->pebble_bytes = pv_layout_buddy.pebble_bytes;
    snapshot->page_bytes = (uint32_t)page_bytes;
    return status;
}

/* Each build reads files of the other: the sum of the headers tells how long one is. */
static uint16_t header_bytes(const struct pv_snapshot *snapshot,
                             const struct pv_json_span *root)
{
    enum { NAMELESS = 48, NAMED = NAMELESS + PV_NAME_BYTES };
    struct pv_json_span totals, sum;
    uint64_t said = 0;
    uint64_t without_names = snapshot->n_buckets * (uint64_t)snapshot->bucket_bytes +
                             snapshot->n_pebbles * (uint64_t)NAMELESS;
    bool nameless = snapshot->n_pebbles > 0 && pv_json_span_member(root, "totals", &totals) &&
                    pv_json_span_member(&totals, "header_bytes", &sum) &&
                    pv_json_span_kind(&sum) == PV_JSON_INTEGER &&
                    pv_json_span_integer(&sum, &said) && said == without_names;
    return nameless ? NAMELESS : NAMED;
}

/* Whether it is a catalog, and of which kind. */
static int read_head(struct reading *reading, const struct pv_json_span *root)
{
    static const char *const wanted[] = {"format", "version", "kind", "page_bytes", NULL};
    struct pv_json *head = NULL;
    int status = pv_json_span_kind(root) == PV_JSON_OBJECT
                     ? pv_json_build(&head, root, wanted, OBJECT_TEXT)
                     : PV_ELIMIT;
    const char *format = status ? NULL : text_of(pv_json_member(head, "format"));
    const struct pv_json *version = status ? NULL : pv_json_member(head, "version");
    if (status == PV_ELIMIT ||
        (!status && !(format && strcmp(format, "pebbleviz-catalog") == 0))) {
        status = refuse(reading->place, PV_EFORMAT, "it is no pebbleviz catalog");
    } else if (!status && !(version && pv_json_kind(version) == PV_JSON_INTEGER &&
                            pv_json_integer(version) == 1)) {
        status =
            refuse(reading->place, PV_EFORMAT, "it is a catalog of a version other than 1");
    }
    status = status ? status : read_kind(reading, head);
    pv_json_free(head);
    return status;
}

static int read_root(struct pv_catalog *catalog, const struct pv_json_span *root,
                     struct pv_place *place)
{
    struct reading reading = {.catalog = catalog, .place = place};
    struct pv_json_span buckets, bucket;
    int status = read_head(&reading, root);
    if (!status && (!pv_json_span_member(root, "buckets", &buckets) ||
                    pv_json_span_kind(&buckets) != PV_JSON_ARRAY)) {
        status = refuse(place, PV_EFORMAT, "'buckets' is missing or no array");
    }
    status = status ? status : read_source(&reading, root);
    if (status) {
        return status;
    }
    for (struct pv_json_span rest = pv_json_span_inside(&buckets);
         !status && pv_json_span_next(&rest, &bucket); reading.bucket++) {
        status = read_bucket(&reading, &bucket);
    }
    if (!status) {
        if (catalog->snapshot->kind == PV_CATALOG_PEBBLES) {
            catalog->snapshot->pebble_bytes = header_bytes(catalog->snapshot, root);
        }
        pv_snapshot_count(catalog->snapshot);
        status = pv_rules_apply(catalog->snapshot);
    }
    status = status ? status : keep_findings(&reading, root);
    bool has_headers = catalog->snapshot->kind == PV_CATALOG_PEBBLES;
    return status || !has_headers ? status : pv_rules_suspect(catalog->snapshot);
}

int pv_catalog_open_bytes(struct pv_catalog *catalog, const char *bytes, size_t n,
                          struct pv_place *ret_place)
{
    *catalog = (struct pv_catalog){.event = -1};
    struct pv_json_span root;
    *ret_place = (struct pv_place){.line = 0};
    int status = pv_json_check(&root, bytes, n, ret_place);
    if (!status) {
        status = pv_tags_open(&catalog->tags);
    }
    if (!status) {
        status = pv_snapshot_open(&catalog->snapshot, PV_SNAPSHOT_FILE, &pv_layout_fysos,
                                  catalog->tags);
    }
    if (!status) {
        status = read_root(catalog, &root, ret_place);
    }
    return status;
}

void pv_catalog_close(struct pv_catalog *catalog)
{
    pv_snapshot_close(catalog->snapshot);
    pv_tags_close(catalog->tags);
    pv_own_free(catalog->trace);
    pv_own_free(catalog->engine);
    *catalog = (struct pv_catalog){.event = -1};
}
