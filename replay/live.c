/* SPDX-License-Identifier: MIT
 *
 * live.c - two arrays over the ledger's slots, and sums.
 */
#include "replay/live.h"

#include <string.h>

#include "core/own.h"
#include "core/status.h"
#include "inspect/snapshot.h"

/* A request without flags of at most this size is never refused while no more than this is
 * live. */
static const uint64_t large = UINT64_C(1) << 30;
/* The bytes that a target's address space can hold (space.h). */
static const uint64_t room_bytes = UINT64_C(1) << 40;

int pv_live_init(struct pv_live *live)
{
    *live = (struct pv_live){.event = -1, .peak_event = -1};
    return pv_ledger_init(&live->ledger);
}

void pv_live_fini(struct pv_live *live)
{
    pv_ledger_fini(&live->ledger);
    pv_deeds_fini(&live->deeds);
    pv_own_free(live->bytes);
    pv_own_free(live->tags);
    if (live->empty) {
        pv_engine_types()[0]->close(live->empty);
    }
    *live = (struct pv_live){.event = -1};
}

static void on_bucket(void *ctx, const struct pv_bucket_change *change)
{
    (void)ctx, (void)change;
}

/* Asks an empty heap. Returns what an engine would return. */
static int ask(struct pv_live *live, const struct pv_deed *deed, bool flags)
{
    const struct pv_engine_type *type = pv_engine_types()[0];
    if (!live->empty) {
        const struct pv_engine_options options = {.first_bucket_bytes = 0};
        const struct pv_engine_listener listener = {.bucket = on_bucket};
        int status = type->open(&live->empty, &options, &listener);
        if (status) {
            return status;
        }
    }
    struct pv_request request = {.size = deed->bytes,
                                 .flags = flags ? deed->flags : 0,
                                 .alignment = flags ? deed->alignment : 0};
    struct pv_place_of_block place;
    int status = type->alloc(live->empty, &request, &place);
    if (!status) {
        type->free(live->empty, place.addr);
    }
    return status;
}

/* 0, 1: refused, PV_ENOMEM. */
static int serve(struct pv_live *live, const struct pv_deed *deed, bool flags)
{
    const uint32_t usual = PV_FLAG_CLEAR | PV_FLAG_VIRTUAL | PV_FLAG_ALIGNED;
    bool odd = deed->bytes > large ||
               (flags && ((deed->flags & ~usual) || deed->alignment > PV_PAGE_BYTES));
    int status = odd ? ask(live, deed, flags) : PV_OK;
    return status ? status : deed->bytes > room_bytes - live->bytes_now;
}

static int reach(struct pv_live *live, uint32_t slot)
{
    size_t n = slot < 2 * live->n_slots ? 2 * live->n_slots : (size_t)slot + 1;
    uint64_t *bytes = pv_own_resize(live->bytes, n, sizeof *bytes);
    live->bytes = bytes ? bytes : live->bytes;
    uint32_t *tags = bytes ? pv_own_resize(live->tags, n, sizeof *tags) : NULL;
    live->tags = tags ? tags : live->tags;
    if (!tags) {
        return PV_ENOMEM;
    }
    memset(bytes + live->n_slots, 0xff, (n - live->n_slots) * sizeof *bytes);
    live->n_slots = n;
    return PV_OK;
}

static void refuse(struct pv_live *live, uint64_t bytes)
{
    live->n_failed++;
    if (__builtin_add_overflow(live->failed_bytes, bytes, &live->failed_bytes)) {
        live->failed_bytes = UINT64_MAX;
    }
}

static int add_block(struct pv_live *live, const struct pv_deed *deed)
{
    if (deed->slot >= live->n_slots && reach(live, deed->slot)) {
        return PV_ENOMEM;
    }
    live->bytes[deed->slot] = PV_UNKNOWN;
    int status = serve(live, deed, true);
    if (status > 0) {
        refuse(live, deed->bytes);
    }
    if (status) {
        return status < 0 ? status : PV_OK;
    }
    live->bytes[deed->slot] = deed->bytes;
    live->tags[deed->slot] = deed->tag;
    live->bytes_now += deed->bytes;
    live->blocks_now++;
    return PV_OK;
}

static int resize_block(struct pv_live *live, const struct pv_deed *deed)
{
    uint64_t before = live->bytes[deed->slot];
    if (before == PV_UNKNOWN) {
        return add_block(live, deed);
    }
    int status = serve(live, deed, false);
    if (status > 0) {
        refuse(live, deed->bytes);
    }
    if (status) {
        return status < 0 ? status : PV_OK;
    }
    live->bytes[deed->slot] = deed->bytes;
    live->bytes_now += deed->bytes - before;
    return PV_OK;
}

static void end_block(struct pv_live *live, uint32_t slot)
{
    if (live->bytes[slot] != PV_UNKNOWN) {
        live->bytes_now -= live->bytes[slot];
        live->blocks_now--;
        live->bytes[slot] = PV_UNKNOWN;
    }
}

static int apply(struct pv_live *live, const struct pv_deed *deed)
{
    switch (deed->kind) {
    case PV_DEED_ALLOC:
        return add_block(live, deed);
    case PV_DEED_RESIZE:
        return resize_block(live, deed);
    case PV_DEED_FREE:
        end_block(live, deed->slot);
        return PV_OK;
    default:
        return PV_OK;
    }
}

int pv_live_add(struct pv_live *live, const struct pv_trace_event *event,
                const struct pv_deed **ret_deed)
{
    if (live->event >= (int64_t)UINT32_MAX - 2) {
        return PV_ELIMIT;
    }
    pv_deeds_clear(&live->deeds);
    int status = pv_ledger_add(&live->ledger, event, &live->deeds);
    if (status) {
        return status;
    }
    const struct pv_deed *deed = &live->deeds.rows[0];
    live->event++;
    if (deed->mistake != PV_NO_MISTAKE) {
        live->n_faults++;
        live->n_by_kind[deed->mistake]++;
    }
    status = apply(live, deed);
    if (!status && live->bytes_now > live->peak_bytes) {
        live->peak_bytes = live->bytes_now;
        live->peak_blocks = live->blocks_now;
        live->peak_event = live->event;
    }
    *ret_deed = deed;
    return status;
}
