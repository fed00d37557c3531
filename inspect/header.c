/* SPDX-License-Identifier: MIT
 *
 * header.c - turns the bytes of a header into a row. Nothing is trusted: each number is stored
 * as it is, and code that computes with it checks it first.
 */
#include "inspect/header.h"

#include <string.h>

#include "core/heap.h"
#include "core/status.h"
#include "core/text.h"

static uint64_t pointer_of(const struct pv_walk *walk, uint64_t value)
{
    return value == 0 ? 0 : value + walk->bias;
}

int pv_header_bucket(struct pv_header_reader *reader, uint64_t addr,
                     struct pv_bucket_row *ret_row)
{
    const struct pv_layout *layout = reader->walk->layout;
    unsigned char scratch[PV_LAYOUT_BUCKET_MAX];
    const unsigned char *bytes =
        pv_cache_view(&reader->cache, addr, layout->bucket_bytes, scratch);
    if (!bytes) {
        return PV_EFAULT;
    }
    *ret_row = (struct pv_bucket_row){
        .addr = addr,
        .n_pages = pv_layout_get(layout, layout->bucket.size, bytes),
        .largest = pv_layout_get(layout, layout->bucket.largest, bytes),
        .lflags = pv_layout_get(layout, layout->bucket.lflags, bytes),
        .first = pointer_of(reader->walk, pv_layout_get(layout, layout->bucket.first, bytes)),
        .prev = pointer_of(reader->walk, pv_layout_get(layout, layout->bucket.prev, bytes)),
        .next = pointer_of(reader->walk, pv_layout_get(layout, layout->bucket.next, bytes)),
        .magic = layout->bucket.magic.width > 0
                     ? pv_layout_get(layout, layout->bucket.magic, bytes)
                     : PV_BUCKET_MAGIC,
    };
    return PV_OK;
}

/* Keeps the raw name of a header, which is asked for only when the pebble becomes a row. */
static void keep_name(struct pv_header_reader *reader, uint64_t addr,
                      const unsigned char *bytes)
{
    struct pv_field field = reader->walk->layout->pebble.name;
    size_t n = field.width < PV_HEADER_NAME_MAX ? field.width : PV_HEADER_NAME_MAX;
    memcpy(reader->name, bytes + field.offset, n);
    reader->named = addr;
}

int pv_header_pebble(struct pv_header_reader *reader, const struct pv_home *home, uint64_t addr,
                     struct pv_pebble_row *ret_row)
{
    const struct pv_layout *layout = reader->walk->layout;
    unsigned char scratch[PV_LAYOUT_PEBBLE_MAX];
    const unsigned char *bytes =
        pv_cache_view(&reader->cache, addr, layout->pebble_bytes, scratch);
    if (!bytes) {
        return PV_EFAULT;
    }
    keep_name(reader, addr, bytes);
    *ret_row = (struct pv_pebble_row){
        .addr = addr,
        .size = pv_layout_get(layout, layout->pebble.size, bytes),
        .requested = PV_UNKNOWN,
        .id = PV_UNKNOWN,
        .born = PV_UNKNOWN,
        .parent =
            layout->pebble.parent.width > 0
                ? pointer_of(reader->walk, pv_layout_get(layout, layout->pebble.parent, bytes))
                : home->addr,
        .prev = pointer_of(reader->walk, pv_layout_get(layout, layout->pebble.prev, bytes)),
        .next = pointer_of(reader->walk, pv_layout_get(layout, layout->pebble.next, bytes)),
        .sflags = (uint32_t)pv_layout_get(layout, layout->pebble.sflags, bytes),
        .alignment = layout->pebble.alignment.width > 0
                         ? (uint32_t)pv_layout_get(layout, layout->pebble.alignment, bytes)
                         : (uint32_t)PV_ALIGN_MIN,
        .lflags = (uint32_t)pv_layout_get(layout, layout->pebble.lflags, bytes),
        .magic = layout->pebble.magic.width > 0
                     ? (uint32_t)pv_layout_get(layout, layout->pebble.magic, bytes)
                     : PV_PEBBLE_MAGIC,
    };
    return PV_OK;
}

/* Mixes the first 16 bytes: names that differ only after them share a place in the memo. */
static size_t name_slot(const unsigned char *raw)
{
    uint64_t a, b;
    memcpy(&a, raw, sizeof a);
    memcpy(&b, raw + sizeof a, sizeof b);
    return (size_t)((a ^ b * 31) * UINT64_C(0x9E3779B97F4A7C15) >> 32) % PV_HEADER_NAMES;
}

int pv_header_tag(struct pv_header_reader *reader, const struct pv_home *home, uint64_t addr,
                  uint32_t *ret_tag)
{
    struct pv_pebble_row row;
    if (reader->named != addr && pv_header_pebble(reader, home, addr, &row) < 0) {
        reader->name[0] = '\0'; /* it could be read before: the memory has changed */
    }
    *ret_tag = 0;
    if (reader->name[0] == '\0') {
        return PV_OK;
    }
    size_t slot = name_slot(reader->name);
    if (reader->names[slot].filled &&
        memcmp(reader->names[slot].raw, reader->name, sizeof reader->name) == 0) {
        *ret_tag = reader->names[slot].tag;
        return PV_OK;
    }
    char text[4 * PV_HEADER_NAME_MAX];
    const char *name = (const char *)reader->name;
    pv_text_clean(text, sizeof text, name, strnlen(name, sizeof reader->name));
    int status = pv_tags_add_short(reader->tags, text, ret_tag);
    if (status == 0) {
        memcpy(reader->names[slot].raw, reader->name, sizeof reader->name);
        reader->names[slot].tag = *ret_tag;
        reader->names[slot].filled = true;
    }
    return status;
}

bool pv_header_fits(const struct pv_header_reader *reader, const struct pv_home *home,
                    uint64_t addr)
{
    return addr >= home->from && addr < home->to &&
           home->to - addr >= reader->walk->layout->pebble_bytes &&
           (addr - home->addr) % PV_LAYOUT_STEP == 0;
}

uint64_t pv_header_end(const struct pv_header_reader *reader, const struct pv_home *home,
                       const struct pv_pebble_row *row)
{
    uint64_t payload = row->addr + reader->walk->layout->pebble_bytes;
    bool lawful = row->size >= PV_UNIT_BYTES && row->size % PV_LAYOUT_STEP == 0 &&
                  payload <= home->to && row->size <= home->to - payload;
    return lawful ? payload + row->size : 0;
}

bool pv_header_likely(const struct pv_header_reader *reader, const struct pv_home *home,
                      const struct pv_pebble_row *row)
{
    return row->lflags <= PV_PEBBLE_USED && row->parent == home->addr &&
           pv_header_end(reader, home, row) != 0;
}

bool pv_header_confirmed(struct pv_header_reader *reader, const struct pv_home *home,
                         const struct pv_pebble_row *row)
{
    uint64_t end = pv_header_end(reader, home, row);
    if (row->next == 0) {
        return end == home->to;
    }
    struct pv_pebble_row next;
    return row->next == end && pv_header_fits(reader, home, end) &&
           pv_header_pebble(reader, home, end, &next) == 0 && next.magic == PV_PEBBLE_MAGIC &&
           next.prev == row->addr;
}
