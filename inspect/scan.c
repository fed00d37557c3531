/* SPDX-License-Identifier: MIT
 *
 * scan.c - searches a bucket for pebble headers at steps of 16 bytes.
 *
 * A magic alone proves little: payloads may hold old headers. So a candidate must look sound
 * (flags, size, parent), and one that its neighbour confirms is preferred to any before it that
 * is not confirmed. When one search has come to the bucket's end without a confirmed one, later
 * searches take what they find first, for there is none beyond: the sum of all searches in a
 * bucket stays linear in its bytes.
 */
#include "inspect/scan.h"

#include "core/heap.h"

enum { WINDOW = 4096, PAGE = 4096 };

/* Reads as much as can be read at addr, at most a window, into buf: the bytes read, a multiple
 * of the step, or 0. The pieces tried get smaller, so that the last bytes of an image that ends
 * within a page are found. */
static size_t read_window(struct pv_header_reader *reader, uint64_t addr, uint64_t limit,
                          unsigned char *buf)
{
    uint64_t room = (limit - addr) & ~(uint64_t)(PV_LAYOUT_STEP - 1);
    const struct pv_memory *memory = &reader->walk->memory;
    for (size_t n = WINDOW; n >= PV_LAYOUT_STEP; n /= 2) {
        if (n <= room && memory->read(memory->ctx, addr, buf, n) == 0) {
            return n;
        }
    }
    return 0;
}

/* The first place at or above addr, a multiple of the step from the bucket,
 * in the next page. */
static uint64_t next_page(const struct pv_home *home, uint64_t addr)
{
    uint64_t next = addr - addr % PAGE + PAGE;
    uint64_t rest = (next - home->addr) % PV_LAYOUT_STEP;
    return rest == 0 ? next : next + PV_LAYOUT_STEP - rest;
}

/* Whether a header that looks sound begins at addr. */
static bool looks_sound(struct pv_header_reader *reader, const struct pv_home *home,
                        uint64_t addr, struct pv_pebble_row *ret_row)
{
    return pv_header_fits(reader, home, addr) &&
           pv_header_pebble(reader, home, addr, ret_row) == 0 &&
           ret_row->magic == PV_PEBBLE_MAGIC && pv_header_likely(reader, home, ret_row);
}

struct search {
    struct pv_scan *scan;
    struct pv_header_reader *reader;
    const struct pv_home *home;
    bool found_weak;
    struct pv_pebble_row weak;
};

/* Looks at each step of a window; true when the search is over with *ret_row. */
static bool search_window(struct search *search, uint64_t addr, const unsigned char *bytes,
                          size_t n, struct pv_pebble_row *ret_row)
{
    const struct pv_layout *layout = search->reader->walk->layout;
    struct pv_field magic = layout->pebble.magic;
    for (size_t i = 0; i < n; i += PV_LAYOUT_STEP) {
        bool readable = magic.width > 0 && magic.offset + magic.width <= PV_LAYOUT_STEP;
        if (readable && pv_layout_get(layout, magic, bytes + i) != PV_PEBBLE_MAGIC) {
            continue;
        }
        struct pv_pebble_row row;
        if (!looks_sound(search->reader, search->home, addr + i, &row)) {
            continue;
        }
        if (search->scan->none_confirmed ||
            pv_header_confirmed(search->reader, search->home, &row)) {
            *ret_row = row;
            return true;
        }
        if (!search->found_weak) {
            search->found_weak = true;
            search->weak = row;
        }
    }
    return false;
}

int pv_scan_next(struct pv_scan *scan, struct pv_header_reader *reader,
                 struct pv_scan_budget *budget, const struct pv_home *home, uint64_t from,
                 struct pv_pebble_row *ret_row)
{
    struct search search = {.scan = scan, .reader = reader, .home = home};
    uint64_t at = from;
    while (at >= home->from && pv_header_fits(reader, home, at)) {
        unsigned char window[WINDOW];
        size_t n = read_window(reader, at, home->to, window);
        if (n == 0) {
            if (budget->refusals == 0) {
                break;
            }
            budget->refusals--;
            at = next_page(home, at);
            continue;
        }
        if (budget->bytes < n) {
            break;
        }
        budget->bytes -= n;
        if (search_window(&search, at, window, n, ret_row)) {
            return 0;
        }
        at += n;
    }
    scan->none_confirmed = true;
    if (search.found_weak) {
        *ret_row = search.weak;
        return 0;
    }
    return 1;
}
