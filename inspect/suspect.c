/* SPDX-License-Identifier: MIT
 *
 * suspect.c - who may have overwritten a damaged header: the pebble in front of it.
 */
#include "core/own.h"
#include "core/status.h"
#include "inspect/rules.h"

/* Whether a finding of this law is about the bytes of the header at its address. The others are
 * about a list as a whole, memory that is not there, or a merge that was left out. */
static bool is_of_header(enum pv_law law)
{
    return law != PV_LAW_B5 && law != PV_LAW_M1 && law != PV_LAW_P8;
}

/* The address of the bucket's header, if its first pebble stands at `addr`: an overrun into
 * that pebble has overwritten the bucket's header first. */
static uint64_t over_bucket(const struct pv_snapshot *snapshot, uint64_t addr, size_t bucket)
{
    bool first = bucket < snapshot->n_buckets &&
                 addr - snapshot->buckets[bucket].addr == snapshot->bucket_bytes;
    return first ? snapshot->buckets[bucket].addr : addr;
}

/* The pebble that ends at `addr`, or SIZE_MAX. */
static size_t ends_at(const struct pv_snapshot *snapshot, uint64_t addr)
{
    size_t found = addr ? pv_snapshot_find(snapshot, addr - 1) : SIZE_MAX;
    if (found == SIZE_MAX) {
        return SIZE_MAX;
    }
    const struct pv_pebble_row *row = &snapshot->pebbles[found];
    return addr - row->addr - snapshot->pebble_bytes == row->size ? found : SIZE_MAX;
}

/* The row in front of the pebble in its bucket's list, if both stand in address order; else
 * SIZE_MAX. */
static size_t listed_before(const struct pv_snapshot *snapshot, size_t pebble)
{
    const struct pv_pebble_row *row = &snapshot->pebbles[pebble];
    bool is_first = snapshot->buckets[row->bucket].first_pebble == pebble;
    return !is_first && row[-1].addr < row->addr ? pebble - 1 : SIZE_MAX;
}

/* The pebble in front of the header at `addr`; `pebble` is the header's row, if it has one.
 * Where the size of the pebble in front was overwritten, the list says which it is. */
static size_t in_front(const struct pv_snapshot *snapshot, uint64_t addr, size_t bucket,
                       size_t pebble, const bool *damaged)
{
    size_t found = ends_at(snapshot, over_bucket(snapshot, addr, bucket));
    if (found == SIZE_MAX && pebble < snapshot->n_pebbles) {
        size_t before = listed_before(snapshot, pebble);
        found = before != SIZE_MAX && damaged[before] ? before : SIZE_MAX;
    }
    return found;
}

static size_t suspect_of(const struct pv_snapshot *snapshot, const struct pv_finding *finding,
                         const bool *damaged)
{
    bool at_pebble = finding->pebble < snapshot->n_pebbles &&
                     snapshot->pebbles[finding->pebble].addr == finding->addr;
    size_t bucket = at_pebble ? snapshot->pebbles[finding->pebble].bucket : SIZE_MAX;
    size_t at = in_front(snapshot, finding->addr, bucket,
                         at_pebble ? finding->pebble : SIZE_MAX, damaged);
    size_t most = snapshot->n_pebbles; /* sick rows may name each other in a circle */
    while (at != SIZE_MAX && damaged[at] && most-- > 0) {
        const struct pv_pebble_row *row = &snapshot->pebbles[at];
        at = in_front(snapshot, row->addr, row->bucket, at, damaged);
    }
    bool guilty = at != SIZE_MAX && !damaged[at] && pv_pebble_row_used(&snapshot->pebbles[at]);
    return guilty ? at : SIZE_MAX;
}

int pv_rules_suspect(struct pv_snapshot *snapshot)
{
    if (snapshot->n_findings == 0 || snapshot->n_pebbles == 0) {
        return PV_OK;
    }
    bool *damaged = pv_own_calloc(snapshot->n_pebbles, sizeof *damaged);
    if (!damaged) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        const struct pv_finding *finding = &snapshot->findings[i];
        if (is_of_header(finding->law) && finding->pebble < snapshot->n_pebbles &&
            snapshot->pebbles[finding->pebble].addr == finding->addr) {
            damaged[finding->pebble] = true;
        }
    }
    for (size_t i = 0; i < snapshot->n_findings; i++) {
        struct pv_finding *finding = &snapshot->findings[i];
        finding->suspect =
            is_of_header(finding->law) ? suspect_of(snapshot, finding, damaged) : SIZE_MAX;
    }
    pv_own_free(damaged);
    return PV_OK;
}
