/* SPDX-License-Identifier: MIT
 *
 * walk.c - a catalog read out of a memory.
 *
 * First the bucket list, then the pebbles of each. Knowing all buckets before any pebble gives
 * each its home: from its header to its end or, where buckets overlap, to where the next
 * begins. Homes are disjoint, so no pebble is met from two buckets, and a loop stays in one
 * home.
 *
 * Pebbles in address order cannot loop: only a link that leads back asks the set of addresses,
 * which is made at the first such link. Every step adds a row of an address not seen before, at
 * a multiple of 16, or ends the list; that and max_pebbles bound the walk.
 *
 * A link that leads to no pebble breaks the list. The walk then searches the rest of the home
 * (scan.c), tells in one finding which law is broken and what was lost, and goes on.
 */
#include "inspect/walk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/heap.h"
#include "core/own.h"
#include "core/status.h"
#include "inspect/header.h"
#include "inspect/rules.h"
#include "inspect/scan.h"
#include "inspect/seen.h"

#define HEX "0x%" PRIx64

/* A bucket as its header has it, and its home. */
struct head {
    struct pv_bucket_row row;
    struct pv_home home;
};

struct walker {
    const struct pv_walk *walk;
    struct pv_header_reader reader;
    struct pv_scan_budget budget;
    struct pv_snapshot *snapshot;
    struct head *heads;
    size_t n_heads, cap_heads;
    uint64_t n_left; /* rows that may still be added */
};

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

/* ---- buckets ---- */

/* The address behind a bucket's pages; 0 where the size is unlawful. */
static uint64_t end_of_pages(const struct walker *walker, const struct pv_bucket_row *row)
{
    uint64_t bytes, end;
    if (row->n_pages == 0 ||
        __builtin_mul_overflow(row->n_pages, walker->walk->layout->page_bytes, &bytes) ||
        __builtin_add_overflow(row->addr, bytes, &end)) {
        return 0;
    }
    return end;
}

static struct pv_home home_of(const struct walker *walker, const struct pv_bucket_row *row)
{
    uint64_t end = end_of_pages(walker, row);
    uint64_t header = walker->walk->layout->bucket_bytes;
    header += (PV_LAYOUT_STEP - header % PV_LAYOUT_STEP) % PV_LAYOUT_STEP;
    return (struct pv_home){
        .addr = row->addr,
        .from = row->addr <= UINT64_MAX - header ? row->addr + header : UINT64_MAX,
        .to = end != 0 ? end : UINT64_MAX,
    };
}

/* A bucket whose magic alone is damaged is still a bucket: its First leads to a pebble that
 * names it as Parent. */
static bool is_bucket(struct walker *walker, const struct pv_bucket_row *row)
{
    if (row->magic == PV_BUCKET_MAGIC) {
        return true;
    }
    struct pv_home home = home_of(walker, row);
    struct pv_pebble_row first;
    return row->lflags <= PV_BUCKET_BEST_FIT && end_of_pages(walker, row) != 0 &&
           pv_header_fits(&walker->reader, &home, row->first) &&
           pv_header_pebble(&walker->reader, &home, row->first, &first) == 0 &&
           first.magic == PV_PEBBLE_MAGIC && first.parent == row->addr;
}

/* Tells why the bucket list does not go on at addr. */
static int tell_bucket(struct walker *walker, enum pv_law law, uint64_t addr, const char *what)
{
    if (walker->n_heads == 0) {
        return pv_snapshot_add_finding(walker->snapshot, law, SIZE_MAX, SIZE_MAX, addr,
                                       "No heap begins at " HEX ", %s.", addr, what);
    }
    size_t last = walker->n_heads - 1;
    return pv_snapshot_add_finding(walker->snapshot, law, last, SIZE_MAX, addr,
                                   "The bucket list breaks: Next of the bucket at " HEX
                                   " leads to " HEX ", %s; buckets beyond are not known.",
                                   walker->heads[last].row.addr, addr, what);
}

static int read_buckets(struct walker *walker, struct pv_seen *seen)
{
    uint64_t at = walker->walk->root;
    do {
        int rc = pv_seen_add(seen, at);
        if (rc < 0) {
            return rc;
        }
        if (rc == 1) {
            return tell_bucket(walker, PV_LAW_B5, at,
                               "which the list has passed: it is a loop");
        }
        if (walker->n_left == 0) {
            return tell_bucket(walker, PV_LAW_B5, at, "beyond the bound on rows");
        }
        struct head head;
        if (pv_header_bucket(&walker->reader, at, &head.row) < 0) {
            return tell_bucket(walker, PV_LAW_M1, at, "which cannot be read");
        }
        if (!is_bucket(walker, &head.row)) {
            char what[64];
            snprintf(what, sizeof(what), "where no bucket begins (magic " HEX ")",
                     head.row.magic);
            return tell_bucket(walker, PV_LAW_B1, at, what);
        }
        head.home = home_of(walker, &head.row);
        struct head *grown = pv_own_room(walker->heads, walker->n_heads, &walker->cap_heads,
                                         sizeof(*walker->heads));
        if (!grown) {
            return PV_ENOMEM;
        }
        walker->heads = grown;
        walker->heads[walker->n_heads++] = head;
        walker->n_left--;
        at = head.row.next;
    } while (at != 0);
    return PV_OK;
}

static int by_address(const void *a, const void *b)
{
    uint64_t left = (*(struct head *const *)a)->row.addr;
    uint64_t right = (*(struct head *const *)b)->row.addr;
    return left < right ? -1 : left > right;
}

/* Ends each home where the next bucket begins. */
static int part_homes(struct walker *walker)
{
    struct head **sorted = pv_own_calloc(walker->n_heads, sizeof(*sorted));
    if (!sorted) {
        return PV_ENOMEM;
    }
    for (size_t i = 0; i < walker->n_heads; i++) {
        sorted[i] = &walker->heads[i];
    }
    qsort(sorted, walker->n_heads, sizeof(*sorted), by_address);
    for (size_t i = 1; i < walker->n_heads; i++) {
        if (sorted[i - 1]->home.to > sorted[i]->row.addr) {
            sorted[i - 1]->home.to = sorted[i]->row.addr;
        }
    }
    pv_own_free(sorted);
    return PV_OK;
}

/* ---- pebbles ---- */

static int remember(const struct walker *walker, struct list *list)
{
    const struct pv_bucket_row *bucket = &walker->snapshot->buckets[list->bucket];
    list->remembers = true;
    for (size_t i = 0; i < bucket->n_pebbles; i++) {
        int rc =
            pv_seen_add(&list->seen, walker->snapshot->pebbles[bucket->first_pebble + i].addr);
        if (rc < 0) {
            return rc;
        }
    }
    return PV_OK;
}

/* Whether the list has passed addr. 0 no, 1 yes, PV_ENOMEM. */
static int has_passed(const struct walker *walker, struct list *list, uint64_t addr)
{
    if (list->last == SIZE_MAX || addr > list->high) {
        return 0;
    }
    if (!list->remembers) {
        int rc = remember(walker, list);
        if (rc < 0) {
            return rc;
        }
    }
    return pv_seen_add(&list->seen, addr);
}

static uint64_t last_address(const struct walker *walker, const struct list *list)
{
    return list->last == SIZE_MAX ? 0 : walker->snapshot->pebbles[list->last].addr;
}

/* Whether a pebble that names the last one as Previous stands right behind it: the one that the
 * list must lead to, whatever its link says. */
static bool find_neighbour(struct walker *walker, const struct list *list,
                           struct pv_pebble_row *ret_row)
{
    uint64_t last = last_address(walker, list);
    return last == list->high && pv_header_fits(&walker->reader, list->home, list->high_end) &&
           pv_header_pebble(&walker->reader, list->home, list->high_end, ret_row) == 0 &&
           ret_row->magic == PV_PEBBLE_MAGIC && ret_row->prev == last &&
           pv_header_likely(&walker->reader, list->home, ret_row);
}

/* What is at the end of a link, with its row when that is a pebble. PV_ENOMEM. */
static int follow(struct walker *walker, struct list *list, uint64_t addr, enum link *ret_link,
                  struct pv_pebble_row *ret_row)
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
    int rc = has_passed(walker, list, addr);
    if (rc < 0) {
        return rc;
    }
    bool astray = rc == 0 && !agreed && addr != list->high_end &&
                  find_neighbour(walker, list, &neighbour);
    *ret_link = rc == 1 ? LINK_BACK : astray ? LINK_ASTRAY : LINK_SOUND;
    return PV_OK;
}

static int add_row(struct walker *walker, struct list *list, const struct pv_pebble_row *found)
{
    uint32_t tag;
    int rc = pv_header_tag(&walker->reader, list->home, found->addr, &tag);
    if (rc < 0) {
        return rc;
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
    rc = list->remembers ? pv_seen_add(&list->seen, row->addr) : PV_OK;
    return rc < 0 ? rc : PV_OK;
}

/* What the walk does about a break, for the end of a finding's sentence. */
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

/* Tells why the list is broken. `beside`: the pebble that the link should lead to stands where
 * it must, so that the link is what is wrong and not the bytes it leads to. */
static int tell_break(struct walker *walker, const struct list *list, enum link link,
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
static int mend(struct walker *walker, struct list *list, enum link link, uint64_t target,
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
    say_loss(loss, sizeof(loss), &gap, found);
    bool beside =
        found && (gap.from == gap.to || (list->last == SIZE_MAX && ret_row->prev == 0));
    int rc = tell_break(walker, list, link, target, beside, loss);
    if (rc == 0) {
        rc = pv_snapshot_add_break(walker->snapshot, gap.from, gap.to);
    }
    return rc < 0 ? rc : found ? 0 : 1;
}

static int tell_bound(struct walker *walker, const struct list *list, uint64_t at)
{
    int rc = pv_snapshot_add_finding(walker->snapshot, PV_LAW_P5, list->bucket, list->last, at,
                                     "The pebble list of the bucket at " HEX " goes on at " HEX
                                     ", beyond the bound on rows.",
                                     list->home->addr, at);
    return rc < 0 ? rc
                  : pv_snapshot_add_break(walker->snapshot, list->high_end,
                                          list->home->to > list->high_end ? list->home->to
                                                                          : list->high_end);
}

static int follow_list(struct walker *walker, struct list *list, uint64_t first)
{
    uint64_t at = first;
    for (;;) {
        enum link link;
        struct pv_pebble_row row;
        int rc = follow(walker, list, at, &link, &row);
        if (rc < 0) {
            return rc;
        }
        if (link == LINK_NONE && list->last != SIZE_MAX) {
            return PV_OK;
        }
        if (walker->n_left == 0) {
            return tell_bound(walker, list, at);
        }
        if (link != LINK_SOUND) {
            rc = mend(walker, list, link, at, &row);
            if (rc != 0) {
                return rc < 0 ? rc : PV_OK;
            }
        }
        rc = add_row(walker, list, &row);
        if (rc < 0) {
            return rc;
        }
        at = row.next;
    }
}

static int read_pebbles(struct walker *walker)
{
    for (size_t i = 0; i < walker->n_heads; i++) {
        const struct head *head = &walker->heads[i];
        struct pv_bucket_row *row = pv_snapshot_add_bucket(walker->snapshot);
        if (!row) {
            return PV_ENOMEM;
        }
        size_t first_pebble = row->first_pebble;
        *row = head->row;
        row->first_pebble = first_pebble;
        struct list list = {
            .home = &head->home,
            .bucket = i,
            .last = SIZE_MAX,
            .high_end = head->home.from,
        };
        int rc = follow_list(walker, &list, head->row.first);
        pv_seen_fini(&list.seen);
        if (rc < 0) {
            return rc;
        }
    }
    return PV_OK;
}

static int walk_all(struct walker *walker)
{
    struct pv_seen seen = {0};
    int rc = read_buckets(walker, &seen);
    pv_seen_fini(&seen);
    if (rc == 0) {
        rc = part_homes(walker);
    }
    if (rc == 0) {
        rc = read_pebbles(walker);
    }
    if (rc == 0) {
        rc = pv_rules_apply(walker->snapshot);
    }
    return rc;
}

int pv_walk(const struct pv_walk *walk, struct pv_tags *tags, struct pv_snapshot **ret_snapshot)
{
    assert(walk->layout->bucket_bytes <= PV_LAYOUT_BUCKET_MAX &&
           walk->layout->pebble_bytes <= PV_LAYOUT_PEBBLE_MAX);
    struct walker *walker = pv_own_calloc(1, sizeof(*walker));
    if (!walker) {
        return PV_ENOMEM;
    }
    walker->walk = walk;
    walker->reader.walk = walk;
    walker->reader.cache.memory = walk->memory;
    walker->reader.tags = tags;
    walker->budget = (struct pv_scan_budget){PV_WALK_SCAN_BYTES, PV_WALK_SCAN_REFUSALS};
    walker->n_left = walk->max_pebbles ? walk->max_pebbles : PV_WALK_ROWS_MAX;
    struct pv_snapshot *snapshot = NULL;
    int rc = pv_snapshot_open(&snapshot, PV_SNAPSHOT_MEMORY, walk->layout, tags);
    if (rc == 0) {
        walker->snapshot = snapshot;
        rc = walk_all(walker);
    }
    if (rc == 0) {
        pv_snapshot_count(snapshot);
        *ret_snapshot = snapshot;
    } else {
        pv_snapshot_close(snapshot);
    }
    pv_own_free(walker->heads);
    pv_own_free(walker);
    return rc;
}
