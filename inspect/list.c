/* SPDX-License-Identifier: MIT
 *
 * list.c - one bucket's pebble list, followed to its end whatever its bytes are.
 *
 * Pebbles in address order cannot loop: only a link that leads back asks the set of addresses,
 * which is made at the first such link. Every step adds a row of an address not seen before, at
 * a multiple of 16 in the bucket's home, or ends the list; that and max_pebbles bound the walk.
 *
 * A link that leads to no pebble breaks the list. The pebble that stands right behind the last
 * one and names it as Previous is then where the list goes on; without one the rest of the home
 * is searched (scan.c). One finding tells which law is broken and what was lost.
 */
#include "inspect/walker.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/heap.h"
#include "core/status.h"
#include "inspect/seen.h"

#define HEX "0x%" PRIx64

/* One bucket's pebble list, in the middle of being followed. */
struct list {
    const struct pv_home *home;
    size_t bucket;
    struct pv_scan scan;
    size_t last;       /* row index of the pebble added last, or SIZE_MAX */
    uint64_t high;     /* the highest address of a pebble of this list */
    uint64_t high_end; /* where that pebble ends; where the home begins while there is none */
    struct pv_seen seen;
    bool remembers; /* seen holds all the list's pebbles */
};

enum link {
    LINK_SOUND,      /* leads to a pebble */
    LINK_NONE,       /* is zero */
    LINK_OUTSIDE,    /* leads out of the home, or to an address where no pebble can stand */
    LINK_BACK,       /* leads to a pebble that the list has passed */
    LINK_ASTRAY,     /* passes by the pebble that follows, which names this one as Previous */
    LINK_UNREADABLE, /* cannot be followed */
    LINK_NO_PEBBLE   /* leads to bytes that are no pebble header */
};

static int remember(const struct pv_walker *walker, struct list *list)
{
    const struct pv_bucket_row *bucket = &walker->snapshot->buckets[list->bucket];
    list->remembers = true;
    for (size_t i = 0; i < bucket->n_pebbles; i++) {
        int status =
            pv_seen_add(&list->seen, walker->snapshot->pebbles[bucket->first_pebble + i].addr);
        if (status < 0) {
            return status;
        }
    }
    return PV_OK;
}

/* Whether the list has passed addr. 0 no, 1 yes, PV_ENOMEM. */
static int has_passed(const struct pv_walker *walker, struct list *list, uint64_t addr)
{
    bool higher = list->last == SIZE_MAX || addr > list->high;
    int status = !higher && !list->remembers ? remember(walker, list) : PV_OK;
    return higher || status < 0 ? status : pv_seen_add(&list->seen, addr);
}

static uint64_t last_address(const struct pv_walker *walker, const struct list *list)
{
    return list->last == SIZE_MAX ? 0 : walker->snapshot->pebbles[list->last].addr;
}

/* Whether a pebble that names the last one as Previous stands right behind it: the one that the
 * list must lead to, whatever its link says. */
static bool find_neighbour(struct pv_walker *walker, const struct list *list,
                           struct pv_pebble_row *ret_row)
{
    uint64_t last = last_address(walker, list);
    return last == list->high && pv_header_fits(&walker->reader, list->home, list->high_end) &&
           pv_header_pebble(&walker->reader, list->home, list->high_end, ret_row) == 0 &&
           ret_row->magic == PV_PEBBLE_MAGIC && ret_row->prev == last &&
           pv_header_likely(&walker->reader, list->home, ret_row);
}

/* Finds out where a link leads, and the row if that is a pebble. PV_ENOMEM. */
static int follow(struct pv_walker *walker, struct list *list, uint64_t addr,
                  enum link *ret_link, struct pv_pebble_row *ret_row)
{
    struct pv_pebble_row neighbour;
    if (addr == 0) {
        bool astray = list->last != SIZE_MAX && find_neighbour(walker, list, &neighbour);
        *ret_link = astray ? LINK_ASTRAY : LINK_NONE;
        return PV_OK;
    }
    if (!pv_header_fits(&walker->reader, list->home, addr)) {
        *ret_link = LINK_OUTSIDE;
        return PV_OK;
    }
    if (pv_header_pebble(&walker->reader, list->home, addr, ret_row) < 0) {
        *ret_link = LINK_UNREADABLE;
        return PV_OK;
    }
    bool agreed = ret_row->prev == last_address(walker, list);
    if (ret_row->magic != PV_PEBBLE_MAGIC &&
        !(agreed && pv_header_likely(&walker->reader, list->home, ret_row))) {
        *ret_link = LINK_NO_PEBBLE;
        return PV_OK;
    }
    int status = has_passed(walker, list, addr);
    if (status < 0) {
        return status;
    }
    bool astray = status == 0 && !agreed && addr != list->high_end &&
                  find_neighbour(walker, list, &neighbour);
    *ret_link = status == 1 ? LINK_BACK : astray ? LINK_ASTRAY : LINK_SOUND;
    return PV_OK;
}

static int add_row(struct pv_walker *walker, struct list *list,
                   const struct pv_pebble_row *found)
{
    uint32_t tag;
    int status = pv_header_tag(&walker->reader, list->home, found->addr, &tag);
    if (status < 0) {
        return status;
    }
    struct pv_pebble_row *row = pv_snapshot_add_pebble(walker->snapshot);
    if (!row) {
        return PV_ENOMEM;
    }
    uint32_t bucket = row->bucket;
    *row = *found;
    row->bucket = bucket;
    row->tag = tag;
    list->last = walker->snapshot->n_pebbles - 1;
    walker->n_left--;
    if (row->addr >= list->high) {
        uint64_t end = pv_header_end(&walker->reader, list->home, row);
        uint64_t header = walker->walk->layout->pebble_bytes;
        header += (PV_LAYOUT_STEP - header % PV_LAYOUT_STEP) % PV_LAYOUT_STEP;
        list->high = row->addr;
        list->high_end = end != 0 ? end : row->addr + header;
    }
    /* follow() has added what leads back already; adding it again does no harm. */
    status = list->remembers ? pv_seen_add(&list->seen, row->addr) : PV_OK;
    return status < 0 ? status : PV_OK;
}

/* What the walk does about a break: the end of a finding's sentence. */
static void say_loss(char *text, size_t cap, const struct pv_break *gap, bool found)
{
    if (!found && gap->to == gap->from) {
        snprintf(text, cap, "the bucket ends there, nothing is lost");
    } else if (!found) {
        snprintf(text, cap, "no pebble follows and %" PRIu64 " bytes of the bucket are lost",
                 gap->to - gap->from);
    } else if (gap->to == gap->from) {
        snprintf(text, cap, "the walk goes on at " HEX ", nothing is lost", gap->to);
    } else {
        snprintf(text, cap, "the walk goes on at " HEX ", %" PRIu64 " bytes are lost", gap->to,
                 gap->to - gap->from);
    }
}

/* Reports why the list is broken. `beside`: the pebble that the link should lead to stands
 * where it must, so the link is wrong and not the bytes that it leads to. */
static int tell_break(struct pv_walker *walker, const struct list *list, enum link link,
                      uint64_t target, bool beside, const char *loss)
{
    bool first = list->last == SIZE_MAX;
    uint64_t from = first ? list->home->addr : walker->snapshot->pebbles[list->last].addr;
    const char *name = first ? "First of the bucket" : "Next of the pebble";
    enum pv_law law = first ? PV_LAW_B6 : PV_LAW_P5;
    uint64_t addr = from;
    const char *what = "";
    switch (link) {
    case LINK_NONE:
        return pv_snapshot_add_finding(walker->snapshot, law, list->bucket, list->last, from,
                                       "%s at " HEX " is zero, but a bucket has at least one "
                                       "pebble; %s.",
                                       name, from, loss);
    case LINK_OUTSIDE:
        what = "where no pebble of this bucket can stand";
        break;
    case LINK_BACK:
        what = "which the list has passed: it is a loop";
        break;
    case LINK_ASTRAY:
        what = target ? "past the pebble that must follow"
                      : "the end, though a pebble follows that names it";
        break;
    case LINK_UNREADABLE:
        law = PV_LAW_M1;
        addr = target;
        what = "which cannot be read";
        break;
    default:
        law = beside ? law : PV_LAW_P1;
        addr = beside ? from : target;
        what = beside ? "where no pebble begins: the link is damaged"
                      : "where no pebble begins: its header was overwritten";
        break;
    }
    return pv_snapshot_add_finding(walker->snapshot, law, list->bucket, list->last, addr,
                                   "%s at " HEX " leads to " HEX ", %s; %s.", name, from,
                                   target, what, loss);
}

/* Finds where a broken list goes on. *ret_row is set when it does (0); 1: it does not. */
static int mend(struct pv_walker *walker, struct list *list, enum link link, uint64_t target,
                struct pv_pebble_row *ret_row)
{
    struct pv_break gap = {.from = list->high_end, .to = list->home->to};
    bool found = find_neighbour(walker, list, ret_row) ||
                 pv_scan_next(&list->scan, &walker->reader, &walker->budget, list->home,
                              gap.from, ret_row) == 0;
    if (found) {
        gap.to = ret_row->addr;
    }
    if (gap.to < gap.from) { /* the home is smaller than a bucket header */
        gap.to = gap.from;
    }
    char loss[96];
    say_loss(loss, sizeof loss, &gap, found);
    bool beside =
        found && (gap.from == gap.to || (list->last == SIZE_MAX && ret_row->prev == 0));
    int status = tell_break(walker, list, link, target, beside, loss);
    if (status == 0) {
        status = pv_snapshot_add_break(walker->snapshot, gap.from, gap.to);
    }
    return status < 0 ? status : found ? 0 : 1;
}

static int tell_bound(struct pv_walker *walker, const struct list *list, uint64_t at)
{
    int status =
        pv_snapshot_add_finding(walker->snapshot, PV_LAW_P5, list->bucket, list->last, at,
                                "The pebble list of the bucket at " HEX " goes on at " HEX
                                ", beyond the bound on rows.",
                                list->home->addr, at);
    return status < 0 ? status
                      : pv_snapshot_add_break(walker->snapshot, list->high_end,
                                              list->home->to > list->high_end ? list->home->to
                                                                              : list->high_end);
}

static int follow_all(struct pv_walker *walker, struct list *list, uint64_t first)
{
    uint64_t at = first;
    for (;;) {
        enum link link;
        struct pv_pebble_row row;
        int status = follow(walker, list, at, &link, &row);
        if (status < 0) {
            return status;
        }
        if (link == LINK_NONE && list->last != SIZE_MAX) {
            return PV_OK;
        }
        if (walker->n_left == 0) {
            return tell_bound(walker, list, at);
        }
        if (link != LINK_SOUND) {
            status = mend(walker, list, link, at, &row);
            if (status != 0) {
                return status < 0 ? status : PV_OK;
            }
        }
        status = add_row(walker, list, &row);
        if (status < 0) {
            return status;
        }
        at = row.next;
    }
}

/* First may point to any pebble of the list (20.3.2.6). The head of the list is where Previous
 * leads to, as long as each pebble's Next confirms it; addresses descend, so this ends. */
static uint64_t find_head(struct pv_walker *walker, const struct pv_home *home, uint64_t first)
{
    struct pv_header_reader *reader = &walker->reader;
    struct pv_pebble_row row, before;
    uint64_t at = first;
    if (!pv_header_fits(reader, home, at) || pv_header_pebble(reader, home, at, &row) < 0 ||
        row.magic != PV_PEBBLE_MAGIC) {
        return first;
    }
    while (row.prev != 0 && row.prev < at && pv_header_fits(reader, home, row.prev) &&
           pv_header_pebble(reader, home, row.prev, &before) == 0 &&
           before.magic == PV_PEBBLE_MAGIC && before.next == at) {
        at = row.prev;
        row = before;
    }
    return at;
}

int pv_list_follow(struct pv_walker *walker, const struct pv_home *home, size_t bucket,
                   uint64_t first)
{
    struct list list = {
        .home = home,
        .bucket = bucket,
        .last = SIZE_MAX,
        .high_end = home->from,
    };
    int status = follow_all(walker, &list, find_head(walker, home, first));
    pv_seen_fini(&list.seen);
    return status;
}
