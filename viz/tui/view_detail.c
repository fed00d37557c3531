/* SPDX-License-Identifier: MIT
 *
 * view_detail.c - the selected pebble's every field, as the specification has them (Table
 * 20.3.3.1), then what the trace knows of it; of a buddy's block its place in the tree. O(1).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/heap.h"
#include "viz/tui/view.h"

enum { ROWS_MAX = 32, NAME_COLUMNS = 10, VALUE_BYTES = 128, TWO_COLUMNS = 72 };

struct row {
    const char *name;
    char value[VALUE_BYTES];
};

struct rows {
    struct row row[ROWS_MAX];
    size_t n;
};

static void say(struct rows *rows, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct rows *rows, const char *name, const char *format, ...)
{
    va_list arguments;

    if (rows->n == ROWS_MAX) {
        return;
    }
    struct row *row = &rows->row[rows->n++];
    row->name = name;
    va_start(arguments, format);
    vsnprintf(row->value, sizeof row->value, format, arguments);
    va_end(arguments);
}

static void flag_names(char *out, size_t cap, uint32_t sflags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {PV_FLAG_VIRTUAL, "VIRTUAL"},   {PV_FLAG_PHYSICAL, "PHYSICAL"},
        {PV_FLAG_CLEAR, "CLEAR"},       {PV_FLAG_LOW1MEG, "LOW1MEG"},
        {PV_FLAG_LOW16MEG, "LOW16MEG"}, {PV_FLAG_LOW4GIG, "LOW4GIG"},
        {PV_FLAG_ALIGNED, "ALIGNED"},   {PV_FLAG_PERSISTENT, "PERSISTENT"},
    };
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names && n < cap; i++) {
        if (sflags & names[i].flag) {
            n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? " " : "", names[i].name);
        }
    }
}

static void link(struct rows *rows, const char *name, uint64_t addr)
{
    if (addr) {
        say(rows, name, "0x%llx", (unsigned long long)addr);
    } else {
        say(rows, name, "none");
    }
}

/* What the payload has over the request: rounding to whole units, and what was too little to be
 * split off. */
static void requested_row(const struct pv_model *model, const struct pv_pebble_row *pebble,
                          struct rows *rows)
{
    uint64_t asked = pebble->requested;
    uint64_t over = pebble->size > asked ? pebble->size - asked : 0;
    bool buddy = model->snapshot->kind == PV_CATALOG_BUDDY;
    uint64_t units = asked > PV_UNIT_BYTES ? asked % PV_UNIT_BYTES : asked;
    uint64_t rounding = units || asked == 0 ? PV_UNIT_BYTES - units : 0;

    if (over > rounding && !buddy) {
        say(rows, "requested", "%llu; %llu are rounding, %llu left over",
            (unsigned long long)asked, (unsigned long long)rounding,
            (unsigned long long)(over - rounding));
    } else {
        say(rows, "requested", "%llu; %llu are rounding", (unsigned long long)asked,
            (unsigned long long)over);
    }
}

/* Its place in the tree: a buddy's block has no other fields. */
static void buddy_rows(const struct pv_snapshot *snapshot, const struct pv_pebble_row *pebble,
                       struct rows *rows)
{
    uint64_t offset = pebble->addr - snapshot->buckets[pebble->bucket].addr;
    uint64_t pages = pebble->size / snapshot->page_bytes;
    unsigned power = 0, level = 0;

    while (pages >> power > 1) {
        power++;
    }
    while (snapshot->buckets[pebble->bucket].n_pages >> (power + level) > 1) {
        level++;
    }
    say(rows, "pages", "2^%u of %lu bytes", power, (unsigned long)snapshot->page_bytes);
    say(rows, "level", "%u below the chunk", level);
    say(rows, "offset", "%llu", (unsigned long long)offset);
    if (level) {
        bool high = offset / pebble->size % 2;
        uint64_t buddy = high ? pebble->addr - pebble->size : pebble->addr + pebble->size;
        say(rows, "buddy", "0x%llx, the %s half", (unsigned long long)buddy,
            high ? "low" : "high");
    }
}

static void header_rows(const struct pv_model *model, const struct pv_pebble_row *pebble,
                        struct rows *rows)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    const char *tag = pv_model_tag_text(model, pebble->tag);
    bool used = pv_pebble_row_used(pebble);
    char flags[VALUE_BYTES], size[PV_UNIT_TEXT];
    uint64_t payload = pebble->addr + snapshot->pebble_bytes, end = payload + pebble->size;

    bool buddy = snapshot->kind == PV_CATALOG_BUDDY;

    say(rows, "address", buddy ? "0x%llx" : "0x%llx (header)",
        (unsigned long long)pebble->addr);
    say(rows, buddy ? "block" : "payload", "0x%llx to 0x%llx", (unsigned long long)payload,
        (unsigned long long)end);
    say(rows, "state", "%s", used ? "used" : "free");
    say(rows, "name", "%s", *tag ? tag : "(no name)");
    if (pebble->size < 1024) {
        say(rows, "size", "%llu", (unsigned long long)pebble->size);
    } else {
        say(rows, "size", "%llu (%s)", (unsigned long long)pebble->size,
            pv_units_bytes(size, pebble->size));
    }
    if (used && pebble->requested != PV_UNKNOWN) {
        requested_row(model, pebble, rows);
    }
    if (used && pebble->born != PV_UNKNOWN) {
        say(rows, "born", "event %llu, %llu events ago", (unsigned long long)pebble->born,
            (unsigned long long)((uint64_t)model->cursor - pebble->born));
    }
    if (used && pebble->id != PV_UNKNOWN) {
        say(rows, "id", "%llu", (unsigned long long)pebble->id);
    }
    if (buddy) {
        buddy_rows(snapshot, pebble, rows);
        return;
    }
    flag_names(flags, sizeof flags, pebble->sflags);
    say(rows, "sent", "%s", *flags ? flags : "-");
    say(rows, "alignment", "%u", pebble->alignment);
    say(rows, "offset", "%llu in bucket %u",
        (unsigned long long)(pebble->addr - snapshot->buckets[pebble->bucket].addr),
        pebble->bucket);
    if (snapshot->source != PV_SNAPSHOT_FILE) {
        link(rows, "prev", pebble->prev);
        link(rows, "next", pebble->next);
        link(rows, "parent", pebble->parent);
        say(rows, "magic", "0x%08x%s", pebble->magic,
            pebble->magic == PV_PEBBLE_MAGIC ? " 'ROCK'" : " (damaged)");
    }
    say(rows, "local", "0x%x", pebble->lflags);
}

/* The block that may have overwritten the header. */
static void suspect_row(const struct pv_model *model, struct rows *rows, size_t suspect)
{
    const struct pv_snapshot *snapshot = model->snapshot;
    if (suspect < snapshot->n_pebbles) {
        const struct pv_pebble_row *row = &snapshot->pebbles[suspect];
        say(rows, "suspect", "0x%llx %s, in front", (unsigned long long)row->addr,
            pv_tags_text(snapshot->tags, row->tag));
    }
}

static void finding_rows(const struct pv_model *model, struct rows *rows)
{
    const struct pv_snapshot *snapshot = model->snapshot;

    for (size_t i = 0; i < snapshot->n_findings; i++) {
        if (snapshot->findings[i].pebble == model->selected) {
            say(rows, "finding", "%s", snapshot->findings[i].text);
            suspect_row(model, rows, snapshot->findings[i].suspect);
        }
    }
}

void pv_view_detail(const struct pv_model *model, struct pv_grid *grid)
{
    struct pv_area area = model->panes[PV_PANE_DETAIL];
    const struct pv_pebble_row *pebble = pv_model_pebble(model);
    struct rows rows = {.n = 0};

    if (area.columns == 0) {
        return;
    }
    pv_view_pane_title(model, grid, PV_PANE_DETAIL,
                       model->snapshot->kind == PV_CATALOG_BUDDY ? "Selected block"
                                                                 : "Selected pebble",
                       model->follow ? "follows the event" : "stays, Enter follows");
    if (!pebble) {
        pv_grid_text(grid, area.column + 1, area.line, area.columns - 1,
                     pv_theme_style(&model->theme, PV_ROLE_QUIET),
                     "This heap has no pebble at this moment.");
        return;
    }
    finding_rows(model, &rows);
    header_rows(model, pebble, &rows);

    /* Two columns of rows where one does not hold them all and there is width for two. */
    size_t lines = (size_t)area.lines;
    bool two = area.columns >= TWO_COLUMNS && rows.n > lines;
    size_t room = two ? 2 * lines : lines;
    size_t top = rows.n > room ? rows.n - room : 0;
    top = model->detail_top < top ? model->detail_top : top;
    int width = two ? area.columns / 2 : area.columns;
    for (size_t i = 0; i < room && top + i < rows.n; i++) {
        const struct row *row = &rows.row[top + i];
        int column = area.column + 1 + (i >= lines ? width : 0);
        int line = area.line + (int)(i % lines);
        struct pv_style style = pv_theme_style(&model->theme, PV_ROLE_TEXT);
        if (strcmp(row->name, "finding") == 0) {
            style = pv_theme_style(&model->theme, PV_ROLE_FAULT);
        } else if (strcmp(row->name, "name") == 0 && pv_pebble_row_used(pebble)) {
            style = pv_theme_tag(&model->theme, pv_model_tag_text(model, pebble->tag));
        }
        pv_grid_text(grid, column, line, NAME_COLUMNS,
                     pv_theme_style(&model->theme, PV_ROLE_QUIET), row->name);
        pv_grid_text(grid, column + NAME_COLUMNS, line, width - NAME_COLUMNS - 1, style,
                     row->value);
    }
}
